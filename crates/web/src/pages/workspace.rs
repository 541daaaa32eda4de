//! The desk of somebody who is logged in: for a firm its profile, yearly figures, what it could get,
//! its needs with who could help, and its people; for an adviser the firms, visits and promises; for
//! the office what waits to be done; for everybody the cases in which it is their turn.

use super::{Link, decisions::rank};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Action, App, AppError, CaseRow, DeskQuery, Hit, RecordRef, RecordView, Role, SearchRequest, Sort, Target, Viewer, VisitDesk};
use duijie_vocab::{RecordId, Text, text};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct WorkspacePage {
    /// The cases in which it is the viewer's turn.
    pub(crate) turns: Vec<CaseRow>,
    pub(crate) adviser: Option<Rounds>,
    pub(crate) firm: Option<Firm>,
    pub(crate) office: Option<Office>,
}

/// What an adviser has going.
#[derive(Serialize)]
pub(crate) struct Rounds {
    /// The firms that the adviser visited or wrote needs up for, with how many of these cases; those with most first.
    pub(crate) firms: Vec<(String, usize)>,
    pub(crate) visits: VisitDesk,
}

/// What a firm sees of itself.
#[derive(Serialize)]
pub(crate) struct Firm {
    pub(crate) organization: RecordRef,
    pub(crate) region: String,
    /// Fields of the profile that are filled in, and all of them.
    pub(crate) filled: usize,
    pub(crate) fields: usize,
    /// What it could get: outcome, its name, how many measures.
    pub(crate) counts: Vec<(String, Text, usize)>,
    pub(crate) eligible: Vec<(String, Text, Text)>,
    pub(crate) needs: Vec<(RecordRef, Vec<(RecordRef, u32)>)>,
    /// Yearly figures by period, the latest first.
    pub(crate) years: Vec<(RecordRef, String)>,
    pub(crate) people: Vec<RecordRef>,
    /// The form for the next year, filled with what does not change.
    pub(crate) next_year: String,
}

/// What the office sees of its region.
#[derive(Serialize)]
pub(crate) struct Office {
    pub(crate) region: String,
    pub(crate) needs: Vec<Hit>,
    pub(crate) changed: Vec<Hit>,
    pub(crate) duplicates: Vec<Link>,
}

const NEEDS: usize = 8;
const YEARS: usize = 12;
const HELPERS: usize = 2;
const ELIGIBLE: usize = 5;
const NEWEST: usize = 8;
const TURNS: usize = 8;
const FIRMS: usize = 12;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| gather(app, &viewer)).await?;
    portal.pages.show(&portal, &visit, "workspace.html", page)
}

fn gather(app: &App, viewer: &Viewer) -> Result<WorkspacePage, AppError> {
    // Whoever is not logged in is told so by the first use case.
    app.own_line(viewer)?;
    let firm = viewer.organization.as_deref().and_then(RecordId::parse).map(|id| firm(app, viewer, &id)).transpose()?;
    let office = viewer.may(Action::Merge, &Target::default()).is_ok().then(|| office(app, viewer)).transpose()?;
    // An adviser's turn comes in the own cases alone, a leader's never.
    let asked = DeskQuery { turn: true, mine: viewer.role == Role::Adviser, ..DeskQuery::default() };
    let turns = if viewer.role == Role::Leader { Vec::new() } else { app.case_desk(viewer, &asked)?.rows.into_iter().take(TURNS).collect() };
    let adviser = (viewer.role == Role::Adviser).then(|| rounds(app, viewer)).transpose()?;
    Ok(WorkspacePage { turns, adviser, firm, office })
}

fn rounds(app: &App, viewer: &Viewer) -> Result<Rounds, AppError> {
    let mut visits = app.visit_desk(viewer, None)?;
    let own = app.case_desk(viewer, &DeskQuery { mine: true, ..DeskQuery::default() })?;
    let mut firms: BTreeMap<String, usize> = visits.visits.iter().map(|visit| (visit.organization.clone(), 0)).collect();
    for firm in own.rows.into_iter().filter_map(|row| row.organization) {
        *firms.entry(firm).or_default() += 1;
    }
    visits.visits.truncate(NEWEST);
    let mut firms: Vec<(String, usize)> = firms.into_iter().collect();
    firms.sort_by_key(|(_, cases)| std::cmp::Reverse(*cases));
    firms.truncate(FIRMS);
    Ok(Rounds { firms, visits })
}

fn firm(app: &App, viewer: &Viewer, id: &RecordId) -> Result<Firm, AppError> {
    let record = app.record(viewer, id)?;
    let decisions = app.decisions(viewer, id, None)?;
    let mut counts = decisions.counts;
    counts.sort_by_key(|(outcome, _, _)| rank(outcome));
    let eligible = decisions.decisions.into_iter().filter(|decision| decision.outcome == "eligible").take(ELIGIBLE);
    let mut needs = Vec::new();
    for need in related(&record, "need").into_iter().take(NEEDS) {
        let matches = app.matches(viewer, &need.id, HELPERS)?;
        let helpers = matches.groups.into_iter().flat_map(|group| group.matches).map(|found| (found.record, found.percent));
        let mut helpers: Vec<(RecordRef, u32)> = helpers.collect();
        helpers.sort_by_key(|(_, percent)| std::cmp::Reverse(*percent));
        helpers.truncate(HELPERS);
        needs.push((need, helpers));
    }
    let fields = duijie_record::schema("organization").map_or(0, |schema| schema.fields().count());
    let mut years = Vec::new();
    for year in related(&record, "facts").into_iter().take(YEARS) {
        let view = app.record(viewer, &year.id)?;
        let period = view.groups.iter().flat_map(|group| &group.fields).find(|field| field.key == "period").map(|field| field.shown.zh.clone());
        years.push((year, period.unwrap_or_default()));
    }
    years.sort_by(|a, b| b.1.cmp(&a.1));
    Ok(Firm {
        organization: RecordRef { id: record.id.clone(), kind: record.kind.clone(), title: record.title.clone() },
        region: record.region_path.clone(),
        filled: record.groups.iter().map(|group| group.fields.len()).sum(),
        fields,
        counts,
        eligible: eligible.map(|decision| (decision.measure, decision.name, decision.amount)).collect(),
        needs,
        next_year: crate::query::Pairs::default().with("f.organization", &record.title).behind("/facts/new"),
        years,
        people: related(&record, "expert"),
    })
}

fn related(record: &RecordView, kind: &str) -> Vec<RecordRef> {
    let mut found: Vec<RecordRef> = record.relations.iter().filter(|relation| relation.kind == kind).flat_map(|relation| relation.records.clone()).collect();
    found.dedup_by(|a, b| a.id == b.id);
    found
}

fn office(app: &App, viewer: &Viewer) -> Result<Office, AppError> {
    let newest = |kinds: &[&str]| {
        let request = SearchRequest {
            kinds: kinds.iter().map(|kind| (*kind).to_string()).collect(),
            region: Some(viewer.region),
            sort: Sort::Newest,
            page: 1,
            per_page: NEWEST,
            ..SearchRequest::default()
        };
        app.search(viewer, &request).map(|page| page.hits)
    };
    let link = |kind: &str, name: Text| Link { name, href: format!("/duplicates?kind={kind}"), count: None, chosen: false };
    Ok(Office {
        region: viewer.region.name().to_string(),
        needs: newest(&["need"])?,
        changed: newest(&["organization", "expert", "offer", "instrument", "service"])?,
        duplicates: vec![link("organization", text!("机构", "Organizations")), link("expert", text!("专家", "Experts")), link("need", text!("需求", "Needs"))],
    })
}
