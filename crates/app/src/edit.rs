//! Forms: showing a record's fields to fill in, and taking what a person typed.

use crate::import_rows::keys_and_refs;
use crate::record::{readable, target_of, type_word};
use crate::shown::typed;
use crate::{Action, App, AppError, FormField, FormGroup, Once, Target, Viewer};
use duijie_journal::RecordKey;
use duijie_record::{Body, Draft, DraftField, Field, FieldType, Mark, Raw, Schema, Source, Units, Value, Visibility, check_draft};
use duijie_vocab::{Diagnostic, MoneyUnit, Place, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub id: RecordId,
    pub version: i64,
    pub changed: bool,
}

/// A form that was not accepted: the same form with what was typed and what was wrong.
#[derive(Clone, Debug)]
pub struct FormRefused {
    pub groups: Vec<FormGroup>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub enum SaveOutcome {
    Saved(Saved),
    Refused(FormRefused),
}

impl App {
    /// An empty form, or the one of an existing record.
    pub fn form(&self, viewer: &Viewer, kind: &str, id: Option<&RecordId>) -> Result<Vec<FormGroup>, AppError> {
        let schema = self.schema(kind).ok_or(AppError::NotFound)?;
        let Some(id) = id else {
            viewer.may(Action::Edit, &Target { region: None, organization: viewer.organization.clone() })?;
            return Ok(groups(schema, Visibility::Office, |_| String::new(), &[]));
        };
        self.store().read(|view| {
            let record = readable(viewer, view, id)?;
            if record.kind != kind {
                return Err(AppError::NotFound);
            }
            let target = target_of(view, schema, &record)?;
            viewer.may(Action::Edit, &target)?;
            let value = |field: &Field| record.body.get(&field.key).map_or(String::new(), |value| typed(field, value));
            Ok(groups(schema, viewer.clearance_for(&target), value, &[]))
        })
    }

    /// Takes a form. `version` is the one it was filled from; another one since is a
    /// [`AppError::Conflict`]. What a person sets by hand is marked, and imports leave it alone.
    pub fn save(&self, viewer: &Viewer, kind: &str, id: Option<&RecordId>, version: Option<i64>, fields: &[(String, String)]) -> Result<SaveOutcome, AppError> {
        self.save_once(viewer, None, kind, id, version, fields)
    }

    /// As [`App::save`]; a request that came before under the same name gets the same answer again.
    pub fn save_once(
        &self,
        viewer: &Viewer,
        once: Option<&Once>,
        kind: &str,
        id: Option<&RecordId>,
        version: Option<i64>,
        fields: &[(String, String)],
    ) -> Result<SaveOutcome, AppError> {
        let schema = self.schema(kind).ok_or(AppError::NotFound)?;
        if id.is_none() {
            viewer.may(Action::Edit, &Target { region: None, organization: viewer.organization.clone() })?;
        }
        let typed_in = |field: &Field| fields.iter().filter(|(key, _)| *key == field.key).map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("；");
        let draft = Draft {
            fields: schema
                .fields()
                .filter(|field| fields.iter().any(|(key, _)| *key == field.key))
                .map(|field| DraftField { key: field.key.clone(), raw: Raw::text(typed_in(field)), units: form_units(field), place: Place::field(&field.key) })
                .collect(),
            place: Place::default(),
        };
        let checked = match check_draft(schema, &draft) {
            Ok(checked) => checked,
            // Fields that the form did not show are not missing.
            Err(faults) => {
                let shown = |fault: &Diagnostic| id.is_none() || fault.place.field.as_deref().is_some_and(|key| fields.iter().any(|(given, _)| given == key));
                let diagnostics: Vec<Diagnostic> = faults.into_iter().filter(shown).collect();
                if !diagnostics.is_empty() {
                    return Ok(SaveOutcome::Refused(FormRefused { groups: groups(schema, Visibility::Office, typed_in, &diagnostics), diagnostics }));
                }
                let kept = Draft {
                    fields: draft.fields.iter().filter(|field| !matches!(&field.raw, Raw::Text(text) if text.trim().is_empty())).cloned().collect(),
                    ..draft.clone()
                };
                body_without_required(schema, &kept)
            }
        };
        let edit = Edit {
            schema,
            viewer: viewer.clone(),
            id: id.cloned(),
            version,
            body: checked.body,
            region: checked.region,
            shown: draft.fields.iter().map(|field| field.key.clone()).collect(),
        };
        let once = once.cloned();
        let saved = self.write(&self.actor(viewer)?, move |tx| crate::once::once(tx, &edit.viewer, once.as_ref(), |tx| edit.apply(tx)))?;
        Ok(SaveOutcome::Saved(saved))
    }
}

/// The fields of a partial form, checked one by one.
fn body_without_required(schema: &Schema, draft: &Draft) -> duijie_record::Checked {
    let mut body = Body::new();
    for given in &draft.fields {
        if let Some(field) = schema.field(&given.key)
            && let Ok(Some(value)) = duijie_record::read_field(field, &given.raw, &given.units)
        {
            body.insert(given.key.clone(), value);
        }
    }
    let region = body.get(&schema.region).and_then(Value::as_text).and_then(|code| RegionCode::parse(code).ok());
    duijie_record::Checked { body, region }
}

#[derive(Clone)]
struct Edit {
    schema: &'static Schema,
    viewer: Viewer,
    id: Option<RecordId>,
    version: Option<i64>,
    body: Body,
    region: Option<RegionCode>,
    /// The fields that the form showed; those left empty are taken away.
    shown: Vec<String>,
}

impl Edit {
    fn apply(&self, tx: &mut duijie_store::Tx<'_>) -> Result<Saved, AppError> {
        match &self.id {
            None => self.add(tx),
            Some(id) => self.change(tx, id),
        }
    }

    fn add(&self, tx: &mut duijie_store::Tx<'_>) -> Result<Saved, AppError> {
        let now = tx.now();
        let own_region = (self.viewer.region != RegionCode::NATION).then_some(self.viewer.region);
        let checked = duijie_record::Checked { body: self.body.clone(), region: self.region };
        let mut record = self.schema.new_record(checked, own_region.unwrap_or(RegionCode::NATION), Source::default(), now, 1);
        let (keys, refs) = keys_and_refs(self.schema, &record, 1);
        let mut owner = None;
        if let Some(field) = &self.schema.owner
            && let Some(to) = refs.iter().find(|to| to.field == *field)
        {
            owner = one(tx.view().find_by_key(&to.to_kind, &to.to_key)?);
        }
        if self.schema.kind == "organization" {
            owner = Some(record.id.clone());
        }
        if self.region.is_none()
            && let Some(owner) = &owner
            && let Some(row) = tx.view().get(owner)?
        {
            record.region = row.record.region;
        }
        let target = Target { region: Some(record.region), organization: owner.map(|id| id.to_string()) };
        self.viewer.may(Action::Edit, &target)?;
        let strong: Vec<&str> = keys.iter().filter(|key| key.strong).map(|key| key.key.as_str()).collect();
        if let Some(found) = tx.view().find_by_keys(&self.schema.kind, &strong)?.into_iter().find(|found| found.strong) {
            let id = found.id;
            return Err(AppError::Conflict(text!("已有相同的记录 {id}，请修改那一条", "the same record is there already as {id}; change that one")));
        }
        record.marks = self.body.keys().map(|key| (key.clone(), self.mark(now))).collect();
        tx.put_record(&record, self.schema, &keys, &refs)?;
        Ok(Saved { id: record.id, version: record.version, changed: true })
    }

    fn change(&self, tx: &mut duijie_store::Tx<'_>, id: &RecordId) -> Result<Saved, AppError> {
        let now = tx.now();
        let mut view = tx.view();
        let stored = readable(&self.viewer, &mut view, id)?;
        let target = target_of(&mut view, self.schema, &stored)?;
        self.viewer.may(Action::Edit, &target)?;
        if stored.kind != self.schema.kind {
            return Err(AppError::NotFound);
        }
        if self.version.is_some_and(|version| version != stored.version) {
            let version = stored.version;
            return Err(AppError::Conflict(text!(
                "已被他人修改（现为第 {version} 版），请核对后重新提交",
                "somebody else changed it (now version {version}); look at it and send again"
            )));
        }
        let clearance = self.viewer.clearance_for(&target);
        let mut next = stored.clone();
        for key in &self.shown {
            let Some(field) = self.schema.field(key).filter(|field| field.visibility <= clearance) else { continue };
            let given = self.body.get(key);
            if given == stored.body.get(key) {
                continue;
            }
            match given {
                Some(value) => drop(next.body.insert(key.clone(), value.clone())),
                None if field.required => continue,
                None => drop(next.body.remove(key)),
            }
            next.marks.insert(key.clone(), self.mark(now));
        }
        if let Some(region) = next.body.get(&self.schema.region).and_then(Value::as_text).and_then(|code| RegionCode::parse(code).ok()) {
            next.region = region;
        }
        if next == stored {
            return Ok(Saved { id: id.clone(), version: stored.version, changed: false });
        }
        // Moving a record is an act in both regions.
        self.viewer.may(Action::Edit, &Target { region: Some(next.region), ..target })?;
        next.version = stored.version + 1;
        next.updated = now;
        let (mut keys, refs) = keys_and_refs(self.schema, &next, 1);
        add_former_keys(&mut keys, tx.view().keys_of(id)?);
        tx.put_record(&next, self.schema, &keys, &refs)?;
        Ok(Saved { id: next.id, version: next.version, changed: true })
    }

    fn mark(&self, at: duijie_vocab::Timestamp) -> Mark {
        Mark { by: self.viewer.login.clone().unwrap_or_default(), at }
    }
}

fn one(ids: Vec<RecordId>) -> Option<RecordId> {
    match <[RecordId; 1]>::try_from(ids) {
        Ok([id]) => Some(id),
        Err(_) => None,
    }
}

/// Keeps the keys that a record had before, so that files that still call it so find it.
pub(crate) fn add_former_keys(keys: &mut Vec<RecordKey>, former: Vec<RecordKey>) {
    for key in former {
        if !keys.iter().any(|known| known.key == key.key) {
            keys.push(key);
        }
    }
}

/// The units in which a form's bare numbers are written.
pub(crate) fn form_units(field: &Field) -> Units {
    Units { money: field.unit.as_deref().and_then(MoneyUnit::parse), percent: false }
}

/// One field of a form, empty.
pub(crate) fn blank_field(schema: &Schema, key: &str) -> Option<FormField> {
    schema.field(key).map(|field| form_field(field, String::new(), &[]))
}

fn form_field(field: &Field, value: String, faults: &[Diagnostic]) -> FormField {
    FormField {
        key: field.key.clone(),
        name: field.name.clone(),
        ty: type_word(field.ty),
        help: field.help.clone().unwrap_or_default(),
        example: field.example.clone().unwrap_or_default(),
        required: field.required,
        options: field.options.iter().map(|choice| (choice.zh.clone(), Text::new(&choice.zh, &choice.en))).collect(),
        unit: match field.ty {
            FieldType::Money | FieldType::Integer | FieldType::Decimal => field.unit.clone().unwrap_or_default(),
            _ => String::new(),
        },
        value,
        fault: faults.iter().find(|fault| fault.place.field.as_deref() == Some(&field.key)).cloned(),
    }
}

fn groups(schema: &Schema, clearance: Visibility, value: impl Fn(&Field) -> String, faults: &[Diagnostic]) -> Vec<FormGroup> {
    let form_field = |field: &Field| form_field(field, value(field), faults);
    let group = |group: &duijie_record::Group| FormGroup {
        name: group.name.clone(),
        fields: group.fields.iter().filter(|field| field.visibility <= clearance).map(form_field).collect(),
    };
    schema.groups.iter().map(group).filter(|group| !group.fields.is_empty()).collect()
}
