//! Desks: the cases that somebody has to do with, what is late, the board by state, and the
//! figures of the process for a region.

use crate::case_view::is_turn_of;
use crate::casework::{ADVISER, CASE, OWNER, RESPONDER, calendar, case_of, rule_book, seen_by, who_is};
use crate::merged::merged;
use crate::resume::resumed;
use crate::{App, AppError, Role, Viewer};
use duijie_docking::{Case, CaseState, Figure, Figures, Grade, RuleBook, Tally, seen};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder};
use duijie_vocab::{RegionCode, Text, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// What of a desk is wanted.
#[derive(Clone, Debug, Default)]
pub struct DeskQuery {
    /// Only cases in this state.
    pub state: Option<CaseState>,
    /// Only cases of this region and what lies in it.
    pub region: Option<RegionCode>,
    /// Only cases on hold.
    pub held: bool,
    /// Only cases that somebody had to be reminded of.
    pub late: bool,
    /// Only cases that the viewer has.
    pub mine: bool,
    /// Only cases in which it is the viewer's turn.
    pub turn: bool,
    /// Only cases that this figure of the process counts.
    pub figure: Option<Figure>,
    /// Only cases of this technology field.
    pub field: Option<String>,
    /// Only cases that the adviser with this login wrote up.
    pub adviser: Option<String>,
    pub after: Option<String>,
}

impl DeskQuery {
    /// Whether it asks for more than the store can tell by itself.
    fn is_narrow(&self) -> bool {
        self.held || self.late || self.turn || self.figure.is_some() || self.field.is_some()
    }

    fn wants(&self, viewer: &Viewer, case: &Case) -> bool {
        (!self.held || case.open_holds().next().is_some())
            && (!self.late || case.is_late())
            && (!self.turn || is_turn_of(case, who_is(viewer, case).as_ref()))
            && self.figure.is_none_or(|figure| figure.counts(case))
            && self.field.as_ref().is_none_or(|field| field_of(case) == *field)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskView {
    pub counts: Vec<StateCount>,
    pub rows: Vec<CaseRow>,
    pub next: Option<String>,
    /// Whether the viewer may open a case.
    pub may_open: bool,
    /// Whether the viewer works the cases of a region.
    pub works: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateCount {
    pub state: CaseState,
    pub name: Text,
    pub count: i64,
}

/// One case in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseRow {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub state: CaseState,
    pub state_name: Text,
    pub organization: Option<String>,
    pub region_name: String,
    pub handler: Option<String>,
    pub turn: Text,
    pub your_turn: bool,
    pub since: String,
    pub due: Option<(Text, String)>,
    pub late: bool,
    pub holds: Vec<Text>,
    /// Open and all introductions.
    pub introductions: (usize, usize),
    pub quality: u8,
}

/// The figures of a region, with those of the regions directly below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessView {
    pub region: RegionCode,
    pub region_name: String,
    pub whole: Tally,
    pub below: Vec<(RegionCode, String, Tally)>,
    /// By the first technology field of the need; empty for none.
    pub fields: Vec<(String, Tally)>,
    /// By the adviser who wrote it up: login, name and figures.
    pub advisers: Vec<(String, String, Tally)>,
}

const ROWS: usize = 50;
const FIGURE_PAGE: usize = 1_000;

impl App {
    /// The desk of the viewer: the cases of the region for those who work it, the own ones for others.
    pub fn case_desk(&self, viewer: &Viewer, query: &DeskQuery) -> Result<DeskView, AppError> {
        let filters = filters(viewer, query)?;
        let book = self.store().read(rule_book)?;
        let mut counts: BTreeMap<CaseState, i64> = BTreeMap::new();
        let mut rows: Vec<CaseRow> = Vec::new();
        for filter in &filters {
            let all = MatterFilter { states: Vec::new(), ..filter.clone() };
            for count in self.store().read(|view| view.count_matters(CASE, &all))? {
                if let Some(state) = CaseState::parse(&count.state) {
                    *counts.entry(state).or_default() += count.count;
                }
            }
        }
        let mut next = resumed(query.after.as_deref(), MatterCursor::parse)?;
        loop {
            let page = self.store().read(|view| merged(view, CASE, &filters, next.as_ref(), ROWS))?;
            for row in page.rows {
                let case = case_of(row.body)?;
                if query.wants(viewer, &case) {
                    rows.extend(line(viewer, &case, &book));
                }
            }
            next = page.next;
            if next.is_none() || rows.len() >= ROWS || !query.is_narrow() {
                break;
            }
        }
        rows.sort_by(|a, b| (b.your_turn, &b.since).cmp(&(a.your_turn, &a.since)).then_with(|| a.id.cmp(&b.id)));
        let in_order = CaseState::ALL.into_iter().filter_map(|state| counts.get(&state).map(|count| StateCount { state, name: state.name(), count: *count }));
        Ok(DeskView {
            counts: in_order.collect(),
            rows,
            next: next.map(|cursor| cursor.to_string()),
            may_open: matches!(viewer.role, Role::Member | Role::Adviser | Role::Officer | Role::Admin),
            works: matches!(viewer.role, Role::Officer | Role::Admin),
        })
    }

    /// The figures of the process in `region`, for those whose region contains it.
    pub fn process_figures(&self, viewer: &Viewer, region: RegionCode) -> Result<ProcessView, AppError> {
        let may = matches!(viewer.role, Role::Officer | Role::Leader | Role::Admin) && viewer.region.contains(region);
        if !may {
            let reason = text!("只有本地区的经办人和领导可以查看", "officers and leaders of the region may see this");
            return Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }));
        }
        let mut whole = Figures::default();
        let mut below: BTreeMap<RegionCode, Figures> = BTreeMap::new();
        let mut fields: BTreeMap<String, Figures> = BTreeMap::new();
        let mut advisers: BTreeMap<String, Figures> = BTreeMap::new();
        let filter = MatterFilter { regions: vec![region], ..MatterFilter::default() };
        let mut after: Option<MatterCursor> = None;
        loop {
            let page = self.store().read(|view| view.matters(CASE, &filter, MatterOrder::Updated, after.as_ref(), FIGURE_PAGE))?;
            for row in page.rows {
                let case = case_of(row.body)?;
                whole.add(&case);
                fields.entry(field_of(&case)).or_default().add(&case);
                if let Some(adviser) = &case.adviser {
                    advisers.entry(adviser.trim_start_matches("user:").to_string()).or_default().add(&case);
                }
                if let Some(child) = region.children().find(|child| child.code.contains(case.region)) {
                    below.entry(child.code).or_default().add(&case);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let below = below.into_iter().map(|(code, figures)| (code, code.name().to_string(), figures.tally())).collect();
        let fields = fields.into_iter().map(|(field, figures)| (field, figures.tally())).collect();
        let advisers = advisers.into_iter().map(|(login, figures)| {
            let name = self.store().read(|view| view.account(&login))?.map(|account| account.name).filter(|name| !name.is_empty());
            Ok((login.clone(), name.unwrap_or(login), figures.tally()))
        });
        let advisers = advisers.collect::<Result<Vec<_>, AppError>>()?;
        Ok(ProcessView { region, region_name: region.path(), whole: whole.tally(), below, fields, advisers })
    }
}

/// The technology field that a case counts for.
fn field_of(case: &Case) -> String {
    case.need.fields.first().cloned().unwrap_or_default()
}

/// The case as a line of a list, if the viewer may know of it.
fn line(viewer: &Viewer, case: &Case, book: &RuleBook) -> Option<CaseRow> {
    let disclosed = seen_by(viewer, case).ok()?;
    let shown = seen(case, disclosed.grade);
    let whole = disclosed.grade == Grade::Whole;
    let due = case.due(book.for_region(case.region), calendar()).filter(|_| whole);
    let who = who_is(viewer, case);
    let turn = case.turn();
    let open = case.introductions.iter().filter(|introduction| introduction.state.is_open()).count();
    let handler = case.handler.as_ref().map(|actor| actor.trim_start_matches("user:").to_string());
    Some(CaseRow {
        id: case.id.to_string(),
        version: case.version,
        title: shown.title,
        state: case.state,
        state_name: case.state.name(),
        organization: if whole { Some(case.seeker.name.clone()) } else { shown.organization },
        region_name: if whole { case.region.name().to_string() } else { String::new() },
        handler: handler.filter(|_| whole),
        turn: turn.what,
        your_turn: is_turn_of(case, who.as_ref()),
        since: case.since.china_minute(),
        late: case.is_late(),
        due: due.map(|due| (due.mark.clock.name(), due.at.china_minute())),
        holds: case.open_holds().filter(|_| whole).map(|hold| hold.reason.clone()).collect(),
        introductions: if whole { (open, case.introductions.len()) } else { (0, 0) },
        quality: case.quality,
    })
}

/// What belongs on the viewer's desk; several filters are several reasons to be on it.
fn filters(viewer: &Viewer, query: &DeskQuery) -> Result<Vec<MatterFilter>, AppError> {
    let Some(login) = &viewer.login else {
        return Err(AppError::Refused(crate::Refused { reason: text!("请先登录", "log in first"), login_helps: true }));
    };
    // In a case that is over it is nobody's turn.
    let wanted = |state: &&CaseState| query.state.map_or(query.turn && state.is_open(), |wanted| wanted == **state);
    let states = CaseState::ALL.iter().filter(wanted).map(|state| state.as_str().to_string()).collect();
    let base = MatterFilter { states, ..MatterFilter::default() };
    let of = |role: &str, who: &str| MatterFilter { parties: vec![(Some(role.to_string()), who.to_string())], ..base.clone() };
    let region = query.region.filter(|region| viewer.region.contains(*region)).unwrap_or(viewer.region);
    let in_region = || {
        let mut filter = MatterFilter { regions: vec![region], ..base.clone() };
        if query.mine {
            filter.parties.push((Some(crate::casework::HANDLER.to_string()), format!("user:{login}")));
        }
        filter.parties.extend(query.adviser.iter().map(|login| (Some(ADVISER.to_string()), format!("user:{login}"))));
        filter
    };
    let filters = match (viewer.role, &viewer.organization) {
        (Role::Officer | Role::Leader | Role::Admin, _) => vec![in_region()],
        (Role::Adviser, _) if query.mine => vec![of(ADVISER, &format!("user:{login}"))],
        (Role::Adviser, _) => vec![in_region()],
        (Role::Member, Some(organization)) => vec![of(OWNER, organization), of(RESPONDER, organization)],
        _ => Vec::new(),
    };
    Ok(filters)
}

/// The figure that a word of an address names.
pub fn process_figure(word: &str) -> Option<Figure> {
    Figure::parse(word)
}

/// The state that a word of an address names.
pub fn case_state(word: &str) -> Option<CaseState> {
    CaseState::parse(word)
}
