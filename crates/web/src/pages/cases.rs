//! Desks: lists of cases, the board by state, the proposed assignment, the figures, the inbox.

use super::case::toggled;
use super::{Link, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{AssignmentView, CaseRow, DeskQuery, DeskView, NoticeView, ProcessView, RoundReport};
use duijie_vocab::{RecordId, RegionCode, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct DeskPage {
    pub(crate) desk: DeskView,
    pub(crate) states: Vec<Link>,
    pub(crate) filters: Vec<Link>,
    pub(crate) next_href: Option<String>,
    pub(crate) may_see_figures: bool,
    /// Whether the viewer records visits.
    pub(crate) visits: bool,
    /// Whether the viewer may answer for an organization and its experts.
    pub(crate) responds: bool,
    /// The acts that the viewer may do to many cases at once.
    pub(crate) bulk: Vec<(String, Text)>,
}

#[derive(Serialize)]
pub(crate) struct BoardPage {
    pub(crate) columns: Vec<Column>,
}

/// The cases in one state.
#[derive(Serialize)]
pub(crate) struct Column {
    pub(crate) state: String,
    pub(crate) name: Text,
    pub(crate) count: i64,
    pub(crate) rows: Vec<CaseRow>,
    /// Where the rest of the cases stand, if there are more.
    pub(crate) rest: Option<String>,
    /// The act with which a card goes on to the next column, if one click is enough.
    pub(crate) act: Option<(String, Text)>,
}

#[derive(Serialize)]
pub(crate) struct AssignmentPage {
    pub(crate) plan: AssignmentView,
    pub(crate) report: Option<RoundReport>,
}

#[derive(Serialize)]
pub(crate) struct ProcessPage {
    pub(crate) process: ProcessView,
    pub(crate) up: Option<(String, String)>,
}

#[derive(Serialize)]
pub(crate) struct InboxPage {
    pub(crate) notices: Vec<NoticeView>,
    pub(crate) unread: i64,
    pub(crate) next: Option<String>,
}

pub(crate) async fn desk(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let query = desk_query(&visit);
    let viewer = visit.viewer.clone();
    let desk = portal.ask(move |app| app.case_desk(&viewer, &query)).await?;
    portal.pages.show(&portal, &visit, "cases.html", DeskPage::of(&visit, desk))
}

pub(crate) async fn board(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let columns = portal
        .ask(move |app| {
            let mut columns = Vec::new();
            for state in BOARD {
                let state = duijie_app::case_state(state);
                let desk = app.case_desk(&viewer, &DeskQuery { state, ..DeskQuery::default() })?;
                columns.push((state, desk));
            }
            Ok(columns)
        })
        .await?;
    let columns = columns.into_iter().filter_map(|(state, desk)| Column::of(&state?, desk)).collect();
    portal.pages.show(&portal, &visit, "board.html", BoardPage { columns })
}

/// The states that a board shows side by side.
const BOARD: [&str; 8] = ["submitted", "triage", "matching", "introduced", "in_progress", "agreed", "contracted", "delivered"];

pub(crate) async fn assignment(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let plan = portal.ask(move |app| app.propose_assignment(&viewer)).await?;
    portal.pages.show(&portal, &visit, "assignment.html", AssignmentPage { plan, report: None })
}

pub(crate) async fn assign(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let chosen: Vec<(RecordId, u32, String)> = posted.fields.all("pair").filter_map(pair).collect();
    let viewer = visit.viewer.clone();
    let (report, plan) = portal
        .ask(move |app| {
            let report = app.introduce_round(&viewer, &chosen)?;
            Ok((report, app.propose_assignment(&viewer)?))
        })
        .await?;
    portal.pages.show(&portal, &visit, "assignment.html", AssignmentPage { plan, report: Some(report) })
}

/// `case-… 7 org-…`: case, version and responder.
fn pair(text: &str) -> Option<(RecordId, u32, String)> {
    let mut parts = text.splitn(3, ' ');
    Some((RecordId::parse(parts.next()?)?, parts.next()?.parse().ok()?, parts.next()?.to_string()))
}

pub(crate) async fn process(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let asked = visit.query.filled("region").map(|region| RegionCode::find(region).ok()).unwrap_or(Some(visit.viewer.region));
    let region = asked
        .ok_or_else(|| Fault::bad_parameter(text!("没有这个地区。", "There is no such region."), text!("请从列表中选择。", "Choose one from the list.")))?;
    let viewer = visit.viewer.clone();
    let process = portal.ask(move |app| app.process_figures(&viewer, region)).await?;
    let up = region.parent().filter(|up| visit.viewer.region.contains(*up)).map(|up| (up.to_string(), up.name().to_string()));
    portal.pages.show(&portal, &visit, "process.html", ProcessPage { process, up })
}

pub(crate) async fn inbox(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let after = visit.query.filled("after").map(str::to_string);
    let (notices, next, unread) = portal
        .ask(move |app| {
            let (notices, next) = app.inbox_page(&viewer, after.as_deref())?;
            Ok((notices, next, app.unread(&viewer)?))
        })
        .await?;
    let next = next.map(|after| Pairs::default().with("after", &after).behind("/inbox"));
    portal.pages.show(&portal, &visit, "inbox.html", InboxPage { notices, unread, next })
}

pub(crate) async fn read_inbox(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    portal.ask(move |app| app.read_inbox(&viewer)).await?;
    Ok(see_other("/inbox"))
}

/// What is asked of the desk; a state or region that there is not is left out.
pub(crate) fn desk_query(visit: &Visit) -> DeskQuery {
    let on = |name: &str| visit.query.get(name) == Some("1");
    DeskQuery {
        state: visit.query.filled("state").and_then(duijie_app::case_state),
        region: visit.query.filled("region").and_then(|region| RegionCode::find(region).ok()),
        held: on("held"),
        late: on("late"),
        turn: on("turn"),
        mine: on("mine"),
        figure: visit.query.filled("figure").and_then(duijie_app::process_figure),
        field: visit.query.get("field").map(str::to_string),
        adviser: visit.query.filled("adviser").map(str::to_string),
        after: visit.query.filled("after").map(str::to_string),
    }
}

impl DeskPage {
    pub(crate) fn of(visit: &Visit, desk: DeskView) -> DeskPage {
        let chosen = |name: &str, value: &str| visit.query.get(name) == Some(value);
        let states = desk.counts.iter().map(|count| {
            let word = count.state.as_str();
            let number = usize::try_from(count.count).ok();
            Link { name: count.name.clone(), href: toggled(&visit.query, "state", word), count: number, chosen: chosen("state", word) }
        });
        let filter = |name: &str, text: Text| Link { name: text, href: toggled(&visit.query, name, "1"), count: None, chosen: chosen(name, "1") };
        let turn = filter("turn", text!("该我办", "My turn"));
        let filters = vec![turn, filter("mine", text!("我经办的", "Mine")), filter("held", text!("暂缓", "On hold")), filter("late", text!("逾期", "Late"))];
        let next_href = desk.next.as_ref().map(|after| visit.query.without("after").with("after", after).behind("/cases"));
        let works_region = desk.works || matches!(visit.viewer.role, duijie_app::Role::Leader | duijie_app::Role::Adviser);
        let bulk = duijie_app::BULK_VERBS.iter().filter(|_| desk.works).map(|verb| (verb.as_str().to_string(), verb.name())).collect();
        let may_see_figures = desk.works || visit.viewer.role == duijie_app::Role::Leader;
        DeskPage {
            states: states.collect(),
            filters: if works_region { filters } else { Vec::new() },
            next_href,
            may_see_figures,
            visits: desk.works || visit.viewer.role == duijie_app::Role::Adviser,
            bulk,
            responds: visit.viewer.organization.is_some(),
            desk,
        }
    }
}

impl Column {
    fn of(state: &duijie_app::CaseState, desk: DeskView) -> Option<Column> {
        let act = match state.as_str() {
            "submitted" => Some(("claim", text!("认领", "Claim"))),
            "triage" => Some(("admit", text!("通过", "Admit"))),
            _ => None,
        };
        let act = act.filter(|_| desk.works).map(|(verb, name)| (verb.to_string(), name));
        let count = desk.counts.iter().find(|count| count.state == *state).map_or(0, |count| count.count);
        let rest = desk.next.as_ref().map(|after| Pairs::default().with("state", state.as_str()).with("after", after).behind("/cases"));
        Some(Column { rest, state: state.as_str().to_string(), name: state.name(), count, rows: desk.rows, act })
    }
}
