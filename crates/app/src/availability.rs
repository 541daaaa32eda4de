//! What the records of those who answer needs say: how many at once, until when not at all, and
//! whom they stay away from. Introductions and the proposed assignment go by it.

use crate::casework::{CASE, RESPONDER, case_of};
use crate::{App, AppError, Role, Viewer};
use duijie_docking::{Responder, Seeker};
use duijie_record::{Record, Value};
use duijie_store::{MatterFilter, MatterOrder, View};
use duijie_vocab::{Date, RecordId, Text, name_key, text};
use serde::Serialize;

/// What is known of a responder for assigning cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Availability {
    /// Introductions that wait for it.
    pub(crate) load: u32,
    /// Introductions that may be open at once.
    pub(crate) limit: u32,
    pub(crate) absent_until: Option<Date>,
    /// Organizations that it stays away from, by id or by name.
    pub(crate) conflicts: Vec<String>,
}

/// A responder for whom the viewer answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResponderView {
    pub id: String,
    pub kind: String,
    pub name: String,
    /// What the record says it is good at.
    pub competences: Vec<String>,
    pub load: u32,
    pub limit: u32,
    /// Until when it is absent, if it is.
    pub absent_until: Option<String>,
    pub conflicts: Vec<String>,
}

/// Open introductions that a responder may have where its record says nothing.
const LOAD_LIMIT: u32 = 8;
const OPEN_READ: usize = 1_000;
const MOST_LINKED: usize = 500;

impl Availability {
    /// Why it should not get a case of `seeker` now, if there is a reason.
    pub(crate) fn against(&self, seeker: &Seeker, today: Date) -> Option<Text> {
        let (load, limit) = (self.load, self.limit);
        if self.is_related(seeker) {
            Some(text!("已申报与需求方有利益关系", "declared a relation to the organization"))
        } else if let Some(until) = self.absent_until.filter(|until| *until >= today) {
            Some(text!("暂停服务至 {until}", "is absent until {until}"))
        } else if load >= limit {
            Some(text!("在办 {load} 件，已达上限 {limit} 件", "has {load} of at most {limit}"))
        } else {
            None
        }
    }

    pub(crate) fn is_related(&self, seeker: &Seeker) -> bool {
        let own = name_key(&seeker.name);
        self.conflicts.iter().any(|named| *named == seeker.organization || name_key(named) == own)
    }
}

/// What the record of a responder says, with its load.
pub(crate) fn availability(view: &mut View<'_>, responder: &Responder) -> Result<Availability, AppError> {
    let record = RecordId::parse(&responder.id).map(|id| view.get(&id)).transpose()?.flatten();
    let load = load_of(view, &responder.id)?;
    Ok(read(record.as_ref().map(|row| &row.record), load))
}

fn read(record: Option<&Record>, load: u32) -> Availability {
    let value = |field: &str| record.and_then(|record| record.body.get(field));
    let limit = match value("load_limit") {
        Some(Value::Int(limit)) => u32::try_from(*limit).unwrap_or(0),
        _ => LOAD_LIMIT,
    };
    let absent_until = record.and_then(|record| Date::parse(record.text("absent_until")).ok());
    Availability { load, limit, absent_until, conflicts: list(value("conflicts")) }
}

fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(words)) => words.clone(),
        _ => Vec::new(),
    }
}

/// Introductions of any open case that wait for the responder.
fn load_of(view: &mut View<'_>, responder: &str) -> Result<u32, AppError> {
    let filter = MatterFilter { parties: vec![(Some(RESPONDER.to_string()), responder.to_string())], ..MatterFilter::default() };
    let mut load = 0;
    for row in view.matters(CASE, &filter, MatterOrder::Updated, None, OPEN_READ)?.rows {
        let case = case_of(row.body)?;
        let open = case.introduction(responder).is_some_and(|introduction| introduction.state.is_open()) && case.state.is_open();
        load += u32::from(open);
    }
    Ok(load)
}

impl App {
    /// The responders for whom the viewer answers: the own organization and its experts. What they
    /// can do and when they cannot is changed in their records.
    pub fn own_responders(&self, viewer: &Viewer) -> Result<Vec<ResponderView>, AppError> {
        let own = viewer.organization.as_ref().filter(|_| viewer.role == Role::Member).and_then(|id| RecordId::parse(id));
        let own = own.ok_or_else(|| {
            let reason = text!("本页供专家和服务机构使用", "this page is for experts and those who help");
            AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() })
        })?;
        let today = self.now().china_date();
        self.store().read(|view| {
            let expert = duijie_record::schema("expert").map(|schema| schema.prefix.as_str());
            let mut ids: Vec<RecordId> = view.links_to(&own, MOST_LINKED)?.into_iter().map(|link| link.from).collect();
            ids.retain(|id| Some(id.prefix()) == expert);
            ids.sort();
            ids.dedup();
            ids.insert(0, own.clone());
            let rows = view.get_many(&ids)?;
            rows.iter().map(|row| load_of(view, row.record.id.as_str()).map(|load| shown(&row.record, load, today))).collect()
        })
    }
}

fn shown(record: &Record, load: u32, today: Date) -> ResponderView {
    let Availability { load, limit, absent_until, conflicts } = read(Some(record), load);
    let solved = Some(record.text("competences").to_string()).filter(|text| !text.is_empty());
    ResponderView {
        id: record.id.to_string(),
        kind: record.kind.clone(),
        name: crate::record::title(record),
        competences: list(record.body.get("fields")).into_iter().chain(solved).collect(),
        load,
        limit,
        absent_until: absent_until.filter(|until| *until >= today).map(|until| until.to_string()),
        conflicts,
    }
}
