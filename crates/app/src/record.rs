//! Showing one record: its fields as the viewer may see them, what it is related to, and its history.

use crate::shown::shown;
use crate::{Action, App, AppError, FieldView, GroupView, HistoryLine, RecordRef, RecordView, Relation, Target, Viewer};
use duijie_journal::Event;
use duijie_record::{FieldType, Record, RecordState, Schema, Value, Visibility, schema, schemas};
use duijie_store::{EntryView, View};
use duijie_vocab::{RecordId, Text, text};
use std::collections::BTreeMap;

/// How many related records a page names, and how many are looked at.
const RELATED: usize = 50;
const RELATED_READ: usize = 500;
const HISTORY: usize = 50;

impl App {
    /// A record with everything that `viewer` may see of it.
    pub fn record(&self, viewer: &Viewer, id: &RecordId) -> Result<RecordView, AppError> {
        self.store().read(|view| {
            let record = readable(viewer, view, id)?;
            let schema = self.schema(&record.kind).ok_or(AppError::NotFound)?;
            let target = target_of(view, schema, &record)?;
            let clearance = viewer.clearance_for(&target);
            let links: BTreeMap<String, RecordId> = view.links_from(id)?.into_iter().filter_map(|link| link.to.map(|to| (link.field, to))).collect();
            let mut linked = BTreeMap::new();
            for (field, to) in links {
                if let Ok(other) = readable(viewer, view, &to) {
                    linked.insert(field, reference(&other));
                }
            }
            Ok(RecordView {
                id: record.id.clone(),
                kind: record.kind.clone(),
                kind_name: schema.name.clone(),
                title: title(&record),
                region: record.region,
                region_path: record.region.path(),
                state: record.state.as_str().to_string(),
                version: record.version,
                updated: record.updated,
                updated_on: record.updated.china_date().to_string(),
                source: source(&record),
                groups: groups(schema, &record, clearance, &linked),
                relations: relations(viewer, view, id)?,
                history: history(view.history(id, HISTORY)?),
                may_edit: viewer.may(Action::Edit, &target).is_ok() && record.state == RecordState::Active,
                withheld: record.body.keys().any(|key| schema.field(key).is_some_and(|field| field.visibility > clearance)),
            })
        })
    }
}

/// The record, if there is one that the viewer may know of. As much is read where there is none: how long
/// the answer takes must not tell the two apart.
pub(crate) fn readable(viewer: &Viewer, view: &mut View<'_>, id: &RecordId) -> Result<Record, AppError> {
    let schema = duijie_record::schemas().of_id(id).ok_or(AppError::NotFound)?;
    let row = view.get(id)?;
    let organization = owner_of(view, schema, id)?;
    let record = row.ok_or(AppError::NotFound)?.record;
    let target = Target { region: Some(record.region), organization };
    if record.visibility > viewer.clearance_for(&target) {
        return Err(AppError::NotFound);
    }
    Ok(record)
}

/// The region and the organization that a record belongs to.
pub(crate) fn target_of(view: &mut View<'_>, schema: &Schema, record: &Record) -> Result<Target, AppError> {
    Ok(Target { region: Some(record.region), organization: owner_of(view, schema, &record.id)? })
}

/// The organization that a record of `schema` belongs to, or would if there were one.
fn owner_of(view: &mut View<'_>, schema: &Schema, id: &RecordId) -> Result<Option<String>, AppError> {
    Ok(match &schema.owner {
        _ if schema.kind == "organization" => Some(id.to_string()),
        Some(owner) => view.links_from(id)?.into_iter().find(|link| link.field == *owner).and_then(|link| link.to).map(|to| to.to_string()),
        None => None,
    })
}

pub(crate) fn reference(record: &Record) -> RecordRef {
    RecordRef { id: record.id.clone(), kind: record.kind.clone(), title: title(record) }
}

pub(crate) fn title(record: &Record) -> String {
    schema(&record.kind).map_or("", |schema| schema.title_of(&record.body)).to_string()
}

fn source(record: &Record) -> String {
    let source = &record.source;
    let row = source.row.map(|row| format!("!{row}")).unwrap_or_default();
    match (source.file.as_str(), source.sheet.as_str()) {
        ("", _) => String::new(),
        (file, "") => format!("{file}{}", row.replace('!', ":")),
        (file, sheet) => format!("{file} {sheet}{row}"),
    }
}

fn items(field: &duijie_record::Field, value: &Value) -> Vec<Text> {
    let Value::List(items) = value else { return Vec::new() };
    items.iter().map(|item| Text::new(item, field.choice_name(item, duijie_vocab::Lang::En))).collect()
}

fn groups(schema: &Schema, record: &Record, clearance: Visibility, linked: &BTreeMap<String, RecordRef>) -> Vec<GroupView> {
    let field_view = |field: &duijie_record::Field| {
        let value = record.body.get(&field.key).filter(|_| field.visibility <= clearance)?;
        Some(FieldView {
            key: field.key.clone(),
            name: field.name.clone(),
            ty: type_word(field.ty),
            shown: shown(field, value),
            items: items(field, value),
            link: linked.get(&field.key).cloned(),
            curated_by: record.marks.get(&field.key).map(|mark| mark.by.clone()),
        })
    };
    let group_view = |group: &duijie_record::Group| GroupView { name: group.name.clone(), fields: group.fields.iter().filter_map(field_view).collect() };
    schema.groups.iter().map(group_view).filter(|group| !group.fields.is_empty()).collect()
}

pub(crate) fn type_word(ty: FieldType) -> String {
    serde_json::to_value(ty).ok().and_then(|word| word.as_str().map(str::to_string)).unwrap_or_default()
}

fn relations(viewer: &Viewer, view: &mut View<'_>, id: &RecordId) -> Result<Vec<Relation>, AppError> {
    let mut by_field: BTreeMap<(String, String), Vec<RecordRef>> = BTreeMap::new();
    let links = view.links_to(id, RELATED_READ)?;
    let ids: Vec<RecordId> = links.iter().map(|link| link.from.clone()).collect();
    let records: BTreeMap<RecordId, Record> = view.get_many(&ids)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
    for link in links {
        let Some(record) = records.get(&link.from).filter(|record| record.state == RecordState::Active) else { continue };
        let Some(schema) = schema(&record.kind) else { continue };
        let target = target_of(view, schema, record)?;
        if record.visibility <= viewer.clearance_for(&target) {
            by_field.entry((record.kind.clone(), link.field)).or_default().push(reference(record));
        }
    }
    let order = |kind: &str| schemas().iter().position(|schema| schema.kind == kind).unwrap_or(usize::MAX);
    let mut relations: Vec<Relation> = by_field
        .into_iter()
        .map(|((kind, field), mut records)| {
            let schema = schema(&kind);
            let name = schema.map(|schema| schema.name.clone()).unwrap_or_default();
            let role = schema.and_then(|schema| schema.field(&field)).map(|field| field.name.clone()).unwrap_or_default();
            let name = if role.zh.is_empty() { name } else { Text::new(format!("{}（{}）", name.zh, role.zh), format!("{} ({})", name.en, role.en)) };
            records.sort_by(|a, b| a.title.cmp(&b.title));
            let total = records.len();
            records.truncate(RELATED);
            Relation { kind, name, records, total }
        })
        .collect();
    relations.sort_by_key(|relation| order(&relation.kind));
    Ok(relations)
}

fn history(entries: Vec<EntryView>) -> Vec<HistoryLine> {
    let line = |entry: EntryView| {
        let what = match &entry.entry.event {
            Event::RecordPut(put) => match (&put.record.state, put.record.version) {
                (RecordState::Merged(into), _) => text!("合并到 {into}", "merged into {into}"),
                (RecordState::Withdrawn, _) => text!("撤回", "withdrawn"),
                (RecordState::Active, 1) => text!("登记", "recorded"),
                (RecordState::Active, version) => text!("修改为第 {version} 版", "changed to version {version}"),
            },
            Event::PayloadErased(erased) => text!("删除了第 {} 条日志中的个人信息", "personal data of entry {} erased", erased.seq),
            other => Text::new(other.kind(), other.kind()),
        };
        HistoryLine { seq: entry.entry.seq, at: entry.entry.at.china_minute(), actor: entry.entry.actor.as_str().to_string(), what }
    };
    entries.into_iter().map(line).collect()
}
