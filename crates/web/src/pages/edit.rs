//! Writing a new record and changing one: a form made from the schema, which comes back with what
//! was typed whenever it is not accepted.

use super::{named, needs_login, see_other};
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::posted::{Posted, TOKEN};
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{App, AppError, FormField, FormGroup, SaveOutcome, Viewer};
use duijie_record::Schema;
use duijie_vocab::{Diagnostic, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct EditPage {
    kind: String,
    kind_name: Text,
    id: Option<String>,
    /// What the record is called now; empty for a new one.
    title: String,
    version: Option<i64>,
    groups: Vec<InputGroup>,
    /// Faults that belong to no field of the form.
    faults: Vec<Diagnostic>,
    /// Faults beside fields.
    field_faults: usize,
    /// Somebody else changed the record in the meantime.
    conflict: bool,
    /// The session ended while the form was open.
    logged_out: bool,
}

#[derive(Serialize)]
pub(crate) struct InputGroup {
    name: Text,
    inputs: Vec<Input>,
    /// Groups without a required or filled field start folded.
    open: bool,
}

/// A field and how it is asked for.
#[derive(Serialize)]
pub(crate) struct Input {
    #[serde(flatten)]
    field: FormField,
    /// `line`, `text`, `select`, `combo`, `checks` or `flag`.
    widget: &'static str,
    /// The options of `checks` that are ticked.
    ticked: Vec<String>,
    /// What `checks` holds beside its options.
    beside: String,
    open: bool,
    /// What the field holds now, where somebody else changed it.
    now: Option<String>,
}

/// The version that the form was filled from.
const VERSION: &str = "_version";
/// What separates several values in one field.
const SEPARATORS: [char; 7] = ['；', ';', '、', '，', ',', '|', '\n'];

pub(crate) async fn blank(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(kind): Path<String>) -> Result<Response, Fault> {
    let schema = kind::known(&kind).ok_or_else(Fault::not_found)?;
    let viewer = visit.viewer.clone();
    let (groups, own) = portal.ask(move |app| Ok((app.form(&viewer, &schema.kind, None)?, own_organization(app, &viewer)?))).await?;
    // A link may fill in what it knows, and a member writes for nobody but the own organization.
    let owner = schema.owner.as_ref().and_then(|field| Some((field.clone(), own?)));
    let known: Vec<(String, String)> =
        visit.query.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("f.")?.to_string(), value.clone()))).chain(owner).collect();
    portal.pages.show(&portal, &visit, "edit.html", EditPage::of(schema, None, groups).with_typed(&known))
}

/// What the organization is called that the viewer acts for.
fn own_organization(app: &App, viewer: &Viewer) -> Result<Option<String>, AppError> {
    let id = viewer.organization.as_deref().and_then(RecordId::parse);
    id.map(|id| app.record(viewer, &id).map(|record| record.title)).transpose()
}

pub(crate) async fn filled(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (schema, id) = named(&kind, &id)?;
    let page = current(&portal, &visit, schema, id).await?;
    portal.pages.show(&portal, &visit, "edit.html", page)
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(kind): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let schema = kind::known(&kind).ok_or_else(Fault::not_found)?;
    save(&portal, &visit, schema, None, &posted).await
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (schema, id) = named(&kind, &id)?;
    save(&portal, &visit, schema, Some(id), &posted).await
}

async fn save(portal: &Arc<Portal>, visit: &Visit, schema: &'static Schema, id: Option<RecordId>, posted: &Posted) -> Result<Response, Fault> {
    let typed = typed(&posted.fields);
    let version: Option<i64> = posted.fields.filled(VERSION).and_then(|version| version.parse().ok());
    let (viewer, fields, subject) = (visit.viewer.clone(), typed.clone(), id.clone());
    let outcome = portal.ask(move |app| app.save(&viewer, &schema.kind, subject.as_ref(), version, &fields)).await;
    let (page, status) = match outcome {
        Ok(SaveOutcome::Saved(saved)) => return Ok(see_other(&format!("/{}/{}", schema.kind, saved.id))),
        Ok(SaveOutcome::Refused(refused)) => {
            let title = id.as_ref().map(|_| title_of(schema, &typed)).unwrap_or_default();
            let page = EditPage { version, title, ..EditPage::of(schema, id, refused.groups) }.with_faults(refused.diagnostics);
            (page, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(fault) if fault.status == StatusCode::CONFLICT && id.is_some() => {
            let subject = id.ok_or_else(Fault::not_found)?;
            let page = current(portal, visit, schema, subject).await?.conflicting();
            (page.with_typed(&typed), StatusCode::CONFLICT)
        }
        // There is such a record already, perhaps since this very form was sent before.
        Err(fault) if fault.status == StatusCode::CONFLICT => {
            let page = EditPage::of(schema, None, unfilled(schema)).with_faults(vec![Diagnostic::error("record.exists", fault.message)]);
            (page.with_typed(&typed), StatusCode::CONFLICT)
        }
        // What was typed must outlive a session that ended meanwhile.
        Err(fault) if needs_login(visit, &fault) => {
            let page = EditPage { version, logged_out: true, ..EditPage::of(schema, id, unfilled(schema)) };
            (page.with_typed(&typed), StatusCode::FORBIDDEN)
        }
        Err(fault) => return Err(fault),
    };
    let mut response = portal.pages.show(portal, visit, "edit.html", page)?;
    *response.status_mut() = status;
    Ok(response)
}

async fn current(portal: &Portal, visit: &Visit, schema: &'static Schema, id: RecordId) -> Result<EditPage, Fault> {
    let (viewer, subject) = (visit.viewer.clone(), id.clone());
    let (record, groups) = portal.ask(move |app| Ok((app.record(&viewer, &subject)?, app.form(&viewer, &schema.kind, Some(&subject))?))).await?;
    Ok(EditPage { version: Some(record.version), title: record.title, ..EditPage::of(schema, Some(id), groups) })
}

/// What was typed, field by field; several values of one field become one text.
fn typed(posted: &Pairs) -> Vec<(String, String)> {
    let mut typed: Vec<(String, String)> = Vec::new();
    for (name, value) in posted.0.iter().filter(|(name, _)| name != TOKEN && name != VERSION) {
        match typed.iter_mut().find(|(known, _)| known == name) {
            Some((_, whole)) if whole.is_empty() => *whole = value.clone(),
            Some(_) if value.trim().is_empty() => {}
            Some((_, whole)) => {
                whole.push('；');
                whole.push_str(value);
            }
            None => typed.push((name.clone(), value.clone())),
        }
    }
    typed
}

fn title_of(schema: &Schema, typed: &[(String, String)]) -> String {
    typed.iter().find(|(name, _)| *name == schema.title).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The schema's form with nothing in it, for showing what was typed to somebody who may not read the record now.
fn unfilled(schema: &Schema) -> Vec<FormGroup> {
    let word = |field: &duijie_record::Field| serde_json::to_value(field.ty).ok().and_then(|ty| ty.as_str().map(str::to_string)).unwrap_or_default();
    let field = |field: &duijie_record::Field| FormField {
        key: field.key.clone(),
        name: field.name.clone(),
        ty: word(field),
        help: field.help.clone().unwrap_or_default(),
        example: field.example.clone().unwrap_or_default(),
        required: field.required,
        options: field.options.iter().map(|choice| (choice.zh.clone(), Text::new(&choice.zh, &choice.en))).collect(),
        unit: field.unit.clone().unwrap_or_default(),
        value: String::new(),
        fault: None,
    };
    schema.groups.iter().map(|group| FormGroup { name: group.name.clone(), fields: group.fields.iter().map(field).collect() }).collect()
}

impl EditPage {
    pub(crate) fn of(schema: &Schema, id: Option<RecordId>, groups: Vec<FormGroup>) -> EditPage {
        let groups: Vec<InputGroup> = groups.into_iter().map(|group| InputGroup::of(schema, group)).collect();
        let field_faults = groups.iter().flat_map(|group| &group.inputs).filter(|input| input.field.fault.is_some()).count();
        EditPage {
            kind: schema.kind.clone(),
            kind_name: schema.name.clone(),
            id: id.map(|id| id.to_string()),
            title: String::new(),
            version: None,
            groups,
            faults: Vec::new(),
            field_faults,
            conflict: false,
            logged_out: false,
        }
    }

    /// The same page for somebody whom another person overtook.
    pub(crate) fn conflicting(self) -> EditPage {
        EditPage { conflict: true, ..self }
    }

    /// The same page with the faults that no field shows.
    pub(crate) fn with_faults(mut self, diagnostics: Vec<Diagnostic>) -> EditPage {
        let shown: Vec<&Diagnostic> = self.groups.iter().flat_map(|group| &group.inputs).filter_map(|input| input.field.fault.as_ref()).collect();
        self.faults = diagnostics.into_iter().filter(|fault| !shown.contains(&fault)).collect();
        self
    }

    /// The same page with what was typed in place of what is stored; what differs is shown beside it.
    pub(crate) fn with_typed(mut self, typed: &[(String, String)]) -> EditPage {
        for group in &mut self.groups {
            for input in &mut group.inputs {
                if let Some((_, value)) = typed.iter().find(|(name, _)| *name == input.field.key) {
                    let stored = std::mem::replace(&mut input.field.value, value.clone());
                    input.now = (self.conflict && stored.trim() != value.trim()).then_some(stored);
                    input.tick();
                }
            }
            group.open |= !typed.is_empty();
        }
        self
    }
}

impl InputGroup {
    fn of(schema: &Schema, group: FormGroup) -> InputGroup {
        let inputs: Vec<Input> = group.fields.into_iter().map(|field| Input::of(schema, field)).collect();
        let open = inputs.iter().any(|input| input.field.required || !input.field.value.is_empty() || input.field.fault.is_some());
        InputGroup { name: group.name, inputs, open }
    }
}

impl Input {
    fn of(schema: &Schema, field: FormField) -> Input {
        let open = schema.field(&field.key).is_some_and(|known| known.open);
        let widget = match (field.ty.as_str(), open) {
            ("long_text", _) => "text",
            ("choice", false) => "select",
            ("choice", true) => "combo",
            ("choices", _) => "checks",
            ("bool", _) => "flag",
            _ => "line",
        };
        let mut input = Input { field, widget, ticked: Vec::new(), beside: String::new(), open, now: None };
        input.tick();
        input
    }

    /// Divides the value of `checks` into options and the rest.
    fn tick(&mut self) {
        if self.widget != "checks" {
            return;
        }
        let values = self.field.value.split(SEPARATORS).map(str::trim).filter(|value| !value.is_empty());
        let is_option = |value: &&str| self.field.options.iter().any(|(option, _)| option == value);
        let (ticked, beside): (Vec<&str>, Vec<&str>) = values.partition(is_option);
        self.ticked = ticked.into_iter().map(str::to_string).collect();
        self.beside = beside.join("；");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need() -> &'static Schema {
        duijie_record::schema("need").unwrap()
    }

    #[test]
    fn several_values_of_a_field_become_one_text() {
        let posted = Pairs::parse("_token=x&_version=3&solving=合作开发&solving=技术转让&solving=&title=涂层".as_bytes()).unwrap();
        assert_eq!(typed(&posted), [("solving".to_string(), "合作开发；技术转让".to_string()), ("title".to_string(), "涂层".to_string())]);
    }

    #[test]
    fn what_was_typed_stays_and_what_is_stored_stands_beside_it() {
        let page = EditPage::of(need(), None, unfilled(need())).conflicting();
        let page = page.with_typed(&[("title".into(), "新标题".into()), ("solving".into(), "合作开发、入股".into())]);
        let input = |key: &str| page.groups.iter().flat_map(|group| &group.inputs).find(|input| input.field.key == key).unwrap();
        assert_eq!(input("title").field.value, "新标题");
        assert_eq!(input("title").now.as_deref(), Some(""));
        assert_eq!((input("solving").ticked.as_slice(), input("solving").beside.as_str()), (["合作开发".to_string()].as_slice(), "入股"));
        assert_eq!(input("budget").now, None);
    }

    #[test]
    fn every_field_type_has_a_way_to_be_asked_for() {
        for schema in duijie_record::schemas().iter() {
            let page = EditPage::of(schema, None, unfilled(schema));
            assert_eq!(page.groups.iter().map(|group| group.inputs.len()).sum::<usize>(), schema.fields().count());
        }
    }
}
