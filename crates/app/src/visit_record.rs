//! Visits 走访 of advisers: what was found becomes one or several needs, and what was promised stands
//! on the adviser's desk until it is kept.

use crate::case_open::{asker, open, opener};
use crate::choice::Topic;
use crate::notices::put_notice;
use crate::once::once;
use crate::resume::resumed;
use crate::{App, AppError, Once, Role, Viewer};
use duijie_docking::{Contact, Hat, Promised, Seeker, Visit, Who};
use duijie_journal::{Actor, Matter, Party};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder, MatterRow, Tx, View};
use duijie_vocab::{Date, Diagnostic, Digest, Place, RecordId, Timestamp, text};
use serde::Serialize;

/// What the form of a visit says, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VisitForm {
    /// Id, credit code or exact name.
    pub organization: String,
    pub on: String,
    pub contact_name: String,
    pub phone: String,
    pub email: String,
    /// One problem, or a numbered list.
    pub problems: String,
    /// One a line: what, and by which day.
    pub promises: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitView {
    pub id: String,
    pub version: i64,
    pub on: String,
    pub adviser: String,
    pub organization: String,
    pub organization_id: String,
    pub contact: Contact,
    pub problems: String,
    pub promises: Vec<PromiseView>,
    /// The cases that came of it: id and title.
    pub cases: Vec<(String, String)>,
    /// Whether the viewer may mark promises as kept.
    pub may_keep: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PromiseView {
    pub what: String,
    pub by: String,
    pub kept: Option<String>,
    pub late: bool,
}

/// The visits that the viewer sees and the promises that wait, soonest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VisitDesk {
    pub visits: Vec<VisitView>,
    /// Visit, organization and promise.
    pub open: Vec<(String, String, PromiseView)>,
    pub next: Option<String>,
}

pub(crate) const VISIT: &str = "visit";
const ADVISER: &str = "adviser";
const OF: &str = "organization";
const ROWS: usize = 50;
const BATCH: usize = 200;
/// The most needs that one visit makes.
const MOST_NEEDS: usize = 9;
const MOST_CHARS: usize = 5_000;

impl App {
    /// Records a visit and opens a draft for each need in it, for the adviser to complete.
    pub fn record_visit(&self, viewer: &Viewer, form: &VisitForm) -> Result<RecordId, AppError> {
        may_visit(viewer)?;
        let who = opener(viewer)?;
        let promises = read_promises(&form.promises)?;
        let on = day(&form.on, "on")?;
        if on > self.now().china_date() {
            let why = text!("走访日期在将来", "the day of the visit lies ahead");
            return Err(AppError::Invalid(vec![Diagnostic::error("visit.on", why).at(Place::field("on"))]));
        }
        let asked = self.store().read(|view| asker(view, viewer, &form.organization))?;
        let id = RecordId::derive(VISIT, &Digest(self.random()).to_string());
        let ids: Vec<RecordId> = (0..MOST_NEEDS).map(|_| self.fresh_case_id()).collect();
        let visit = Visit {
            id: id.clone(),
            on,
            adviser: who.actor.clone(),
            region: asked.region,
            organization: Seeker { organization: asked.id, name: asked.name, anonymous: false },
            contact: Contact { name: form.contact_name.trim().into(), phone: form.phone.trim().into(), email: form.email.trim().into() },
            problems: form.problems.trim().chars().take(MOST_CHARS).collect(),
            promises,
            cases: Vec::new(),
        };
        let faults = visit.faults();
        if !faults.is_empty() {
            return Err(AppError::Invalid(faults));
        }
        // The same words again, by a double click or after going back, are the same visit.
        let words = Digest::of(&[&serde_json::to_vec(form).map_err(|fault| AppError::Internal(fault.into()))?]);
        let (request, viewing) = (Once { key: format!("visit-form:{words}"), request: words }, viewer.clone());
        self.write(&self.actor(viewer)?, move |tx| once(tx, &viewing, Some(&request), |tx| take_down(tx, visit.clone(), &ids, &who)))
    }

    /// Marks a promise of a visit, by its number from 0, as kept on a day.
    pub fn keep_promise(&self, viewer: &Viewer, id: &RecordId, version: i64, number: usize, on: &str) -> Result<(), AppError> {
        let (id, viewing, on) = (id.clone(), viewer.clone(), day(on, "on")?);
        self.write(&self.actor(viewer)?, move |tx| {
            let (row, mut visit) = load(&mut tx.view(), &viewing, &id)?;
            if row.version != version {
                return Err(AppError::Conflict(text!("这次走访的记录已有变动，请刷新后再办理", "the record of this visit has changed; look again")));
            }
            let promise = visit.promises.get_mut(number).filter(|promise| promise.kept.is_none()).ok_or(AppError::NotFound)?;
            promise.kept = Some(on);
            put(tx, &visit, row.version + 1, "keep")
        })
    }

    pub fn visit(&self, viewer: &Viewer, id: &RecordId) -> Result<VisitView, AppError> {
        let today = self.now().china_date();
        self.store().read(|view| {
            let (row, visit) = load(view, viewer, id)?;
            shown(view, &row, visit, today)
        })
    }

    /// The visits of the viewer: an adviser's own, an officer's region's.
    pub fn visit_desk(&self, viewer: &Viewer, after: Option<&str>) -> Result<VisitDesk, AppError> {
        may_visit(viewer)?;
        let today = self.now().china_date();
        let own = viewer.login.as_ref().filter(|_| viewer.role == Role::Adviser).map(|login| (Some(ADVISER.to_string()), format!("user:{login}")));
        let filter = MatterFilter { regions: vec![viewer.region], parties: own.into_iter().collect(), ..MatterFilter::default() };
        let after = resumed(after, MatterCursor::parse)?;
        self.store().read(|view| {
            let page = view.matters(VISIT, &filter, MatterOrder::Updated, after.as_ref(), ROWS)?;
            let mut desk = VisitDesk { next: page.next.map(|next| next.to_string()), ..VisitDesk::default() };
            for row in page.rows {
                let visit = visit_of(&row)?;
                desk.visits.push(shown(view, &row, visit, today)?);
            }
            // What is promised soonest may stand in an old visit.
            for row in view.matters(VISIT, &filter, MatterOrder::Due, None, ROWS)?.rows {
                let visit = visit_of(&row)?;
                let open = visit.promises.iter().filter(|promise| promise.kept.is_none());
                desk.open.extend(open.map(|promise| (row.id.to_string(), visit.organization.name.clone(), promised(promise, today))));
            }
            desk.open.sort_by(|a, b| a.2.by.cmp(&b.2.by));
            Ok(desk)
        })
    }

    /// Reminds advisers of promises whose day has come; how many.
    pub fn ring_visits(&self) -> Result<usize, AppError> {
        let filter = MatterFilter { due_until: Some(self.now()), ..MatterFilter::default() };
        let page = self.store().read(|view| view.matters(VISIT, &filter, MatterOrder::Due, None, BATCH))?;
        for row in &page.rows {
            let id = row.id.clone();
            self.write(&Actor::system(), move |tx| remind(tx, &id))?;
        }
        Ok(page.rows.len())
    }
}

/// Puts a visit down with a draft for each of its needs.
fn take_down(tx: &mut Tx<'_>, mut visit: Visit, ids: &[RecordId], who: &Who) -> Result<RecordId, AppError> {
    if !visit.problems.is_empty() {
        for opening in visit.needs(|number| ids[number.min(ids.len() - 1)].clone()).into_iter().take(ids.len()) {
            visit.cases.push(opening.id.clone());
            open(tx, opening, who, false)?;
        }
    }
    put(tx, &visit, 1, "record")?;
    Ok(visit.id)
}

fn remind(tx: &mut Tx<'_>, id: &RecordId) -> Result<(), AppError> {
    let now = tx.now();
    let Some(row) = tx.view().matter(id)?.filter(|row| row.due.is_some_and(|due| due <= now)) else { return Ok(()) };
    let visit = visit_of(&row)?;
    let today = now.china_date();
    let due: Vec<&Promised> = visit.promises.iter().filter(|promise| promise.kept.is_none() && promise.by <= today).collect();
    if let Some(first) = due.first() {
        let (name, what, by) = (&visit.organization.name, &first.what, first.by);
        let said = text!("走访 {name} 时的承诺到期（{by}）：{what}", "a promise made at {name} is due ({by}): {what}");
        put_notice(tx, (id, row.version + 1, 0), (name, visit.region), &visit.adviser, (Topic::Work, &said))?;
    }
    put(tx, &visit, row.version + 1, "remind")
}

/// Journals a version of a visit; its clock is the morning of the next promise that lies ahead.
fn put(tx: &mut Tx<'_>, visit: &Visit, version: i64, act: &str) -> Result<(), AppError> {
    let now = tx.now();
    let open = visit.promises.iter().filter(|promise| promise.kept.is_none());
    let due = open.filter_map(|promise| morning(promise.by)).filter(|at| *at > now).min();
    let waits = visit.promises.iter().any(|promise| promise.kept.is_none());
    let party = |role: &str, who: &str| Party { role: role.into(), who: who.into() };
    let mut parties = vec![party(ADVISER, &visit.adviser), party(OF, &visit.organization.organization)];
    parties.extend(visit.cases.iter().map(|case| party("case", case.as_str())));
    let matter = Matter {
        kind: VISIT.into(),
        id: visit.id.clone(),
        version,
        act: act.into(),
        state: if waits { "promised" } else { "done" }.into(),
        region: visit.region,
        due,
        title: visit.organization.name.clone(),
        parties,
        body: serde_json::to_value(visit).map_err(|fault| AppError::Internal(fault.into()))?,
        did: serde_json::Value::Null,
    };
    Ok(tx.put_matter(&matter).map(drop)?)
}

/// Nine o'clock in China on that day.
fn morning(day: Date) -> Option<Timestamp> {
    Timestamp::parse(&format!("{day}T01:00:00Z")).ok()
}

fn load(view: &mut View<'_>, viewer: &Viewer, id: &RecordId) -> Result<(MatterRow, Visit), AppError> {
    may_visit(viewer)?;
    let row = view.matter(id)?.filter(|row| row.kind == VISIT && viewer.region.contains(row.region)).ok_or(AppError::NotFound)?;
    let visit = visit_of(&row)?;
    let own = viewer.role != Role::Adviser || viewer.login.as_ref().is_some_and(|login| visit.adviser == format!("user:{login}"));
    if own { Ok((row, visit)) } else { Err(AppError::NotFound) }
}

fn visit_of(row: &MatterRow) -> Result<Visit, AppError> {
    serde_json::from_value(row.body.clone()).map_err(|fault| AppError::Internal(fault.into()))
}

fn may_visit(viewer: &Viewer) -> Result<(), AppError> {
    if matches!(viewer.role, Role::Adviser | Role::Officer | Role::Admin) {
        return Ok(());
    }
    let hat = Hat::Adviser.name();
    let reason = duijie_vocab::Text::new(format!("走访由{}记录", hat.zh), "advisers and officers record visits");
    Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }))
}

fn shown(view: &mut View<'_>, row: &MatterRow, visit: Visit, today: Date) -> Result<VisitView, AppError> {
    let mut cases = Vec::new();
    for id in &visit.cases {
        cases.push((id.to_string(), view.matter(id)?.map(|row| row.title).unwrap_or_default()));
    }
    let login = visit.adviser.trim_start_matches("user:").to_string();
    let adviser = view.account(&login)?.map(|account| account.name).filter(|name| !name.is_empty()).unwrap_or(login);
    Ok(VisitView {
        id: visit.id.to_string(),
        version: row.version,
        on: visit.on.to_string(),
        adviser,
        organization: visit.organization.name,
        organization_id: visit.organization.organization,
        contact: visit.contact,
        problems: visit.problems,
        promises: visit.promises.iter().map(|promise| promised(promise, today)).collect(),
        cases,
        may_keep: visit.promises.iter().any(|promise| promise.kept.is_none()),
    })
}

fn promised(promise: &Promised, today: Date) -> PromiseView {
    PromiseView {
        what: promise.what.clone(),
        by: promise.by.to_string(),
        kept: promise.kept.map(|on| on.to_string()),
        late: promise.kept.is_none() && promise.by < today,
    }
}

fn day(typed: &str, field: &str) -> Result<Date, AppError> {
    let read = Date::parse(typed.trim()).ok().filter(|date| date.day().is_some());
    read.ok_or_else(|| {
        let message = text!("`{typed}` 不是日期", "`{typed}` is no day");
        AppError::Invalid(vec![Diagnostic::error("visit.day", message).at(Place::field(field)).help(text!("如 2026-06-30", "such as 2026-06-30"))])
    })
}

/// Lines of what was promised and, behind a blank, by which day.
fn read_promises(typed: &str) -> Result<Vec<Promised>, AppError> {
    let mut promises = Vec::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let read = line.rsplit_once(char::is_whitespace).and_then(|(what, by)| Some((what.trim(), Date::parse(by).ok().filter(|date| date.day().is_some())?)));
        let Some((what, by)) = read else {
            let message = text!("`{line}` 读不出承诺和日期", "`{line}` has no promise and day");
            let help = text!("每行一项：内容 日期，如 联系江南大学张教授 2026-12-31", "one a line: what and by when, such as call Professor Zhang 2026-12-31");
            return Err(AppError::Invalid(vec![Diagnostic::error("visit.promise", message).at(Place::field("promises")).help(help)]));
        };
        promises.push(Promised { what: what.to_string(), by, kept: None });
    }
    Ok(promises)
}
