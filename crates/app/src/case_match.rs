//! Who could help with a case: ranked matches as responders, and the proposed assignment of many
//! open cases at once.

use crate::availability::availability;
use crate::casework::{CASE, case_of, read_case, seen_by, who_is};
use crate::matches::MILLION;
use crate::{App, AppError, MatchGroup, MatchView, PartView, Viewer};
use duijie_docking::{
    Act, Case, CaseSlot, CaseState, Grade, Ground, Grounds, Hat, IntroductionState, NeedText, Pair, Problem, Responder, ResponderSlot, assign,
};
use duijie_record::{Body, Record, RecordState, Source, Value, Visibility};
use duijie_store::{MatterFilter, MatterOrder, View};
use duijie_vocab::{Date, Diagnostic, RecordId, RegionCode, Text, Timestamp, text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A ranked match with the responder that it would be introduced to.
#[derive(Clone, Debug, Serialize)]
pub struct CandidateView {
    pub found: MatchView,
    pub kind_name: Text,
    pub responder: Responder,
    /// What keeps it from being introduced, such as that it was already.
    pub against: Option<Text>,
}

/// One proposal of the assignment, with its reasons.
#[derive(Clone, Debug, Serialize)]
pub struct ProposalView {
    pub case: String,
    pub case_title: String,
    pub version: u32,
    pub responder: Responder,
    pub percent: u32,
    pub reasons: Vec<Text>,
}

/// The proposed assignment of the cases in matching.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AssignmentView {
    pub proposals: Vec<ProposalView>,
    /// Cases that nobody can take, with why.
    pub left: Vec<(String, String, Text)>,
    pub max_load: u32,
}

/// What became of a round of introductions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoundReport {
    pub introduced: usize,
    /// Cases that were not introduced, and why.
    pub kept_back: Vec<(String, Text)>,
}

const CANDIDATES_PER_KIND: usize = 6;
/// Open cases that one proposal looks at.
const CASES: usize = 500;

/// The need as a record, for ranking; it is never stored.
pub(crate) fn need_record(need: &NeedText, region: RegionCode, now: Timestamp) -> Record {
    let mut body = Body::new();
    let mut set = |field: &str, text: &str| {
        if !text.trim().is_empty() {
            body.insert(field.to_string(), Value::text(text));
        }
    };
    set("title", &need.title);
    set("main_problem", &need.problem);
    set("key_technology", &need.key_technology);
    set("expected_result", &need.expected_result);
    for (field, words) in [("fields", &need.fields), ("keywords", &need.keywords)] {
        if !words.is_empty() {
            body.insert(field.to_string(), Value::List(words.clone()));
        }
    }
    if let Some(budget) = need.budget {
        body.insert("budget".to_string(), Value::Int(budget.0));
    }
    Record {
        id: RecordId::derive("need", &need.joined()),
        kind: "need".to_string(),
        version: 1,
        region,
        visibility: Visibility::Public,
        state: RecordState::Active,
        updated: now,
        source: Source::default(),
        marks: BTreeMap::new(),
        body,
    }
}

impl App {
    /// The best matches of a case as responders, for the officer who introduces.
    pub fn case_candidates(&self, viewer: &Viewer, id: &RecordId) -> Result<Vec<CandidateView>, AppError> {
        let case = self.store().read(|view| {
            let case = read_case(view, id)?;
            seen_by(viewer, &case).and_then(|seen| if seen.grade == Grade::Whole { Ok(case) } else { Err(AppError::NotFound) })
        })?;
        self.candidates_of(viewer, &case)
    }

    fn candidates_of(&self, viewer: &Viewer, case: &Case) -> Result<Vec<CandidateView>, AppError> {
        let record = need_record(&case.need, case.region, self.now());
        let groups = self.matches_of_record(viewer, &record, CANDIDATES_PER_KIND)?.groups;
        let mut candidates = Vec::new();
        let today = self.now().china_date();
        self.store().read(|view| {
            for MatchGroup { kind_name, matches, .. } in groups {
                for found in matches {
                    let responder = responder(view, &found)?;
                    let against = match against(case, &responder) {
                        None => availability(view, &responder)?.against(&case.seeker, today),
                        known => known,
                    };
                    candidates.push(CandidateView { found, kind_name: kind_name.clone(), responder, against });
                }
            }
            Ok::<_, AppError>(())
        })?;
        candidates.sort_by(|a, b| b.found.score.total_cmp(&a.found.score));
        let mut seen = BTreeSet::new();
        candidates.retain(|candidate| seen.insert(candidate.responder.id.clone()));
        Ok(candidates)
    }

    /// Introduces the case to the responders chosen among its candidates, by id.
    pub fn introduce_case(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>, chosen: &[String]) -> Result<usize, AppError> {
        let mut candidates = self.case_candidates(viewer, id)?;
        candidates.retain(|candidate| chosen.contains(&candidate.responder.id));
        let kept_away: Vec<Diagnostic> = candidates.iter().filter_map(kept_away).collect();
        if !kept_away.is_empty() {
            // Somebody who moved the case meanwhile is the better explanation.
            self.current_version(id, version)?;
            return Err(AppError::Invalid(kept_away));
        }
        let chosen: Vec<(Responder, Vec<Text>, Grounds)> =
            candidates.into_iter().map(|candidate| (candidate.responder, candidate.found.for_reasons.clone(), grounds(candidate.found))).collect();
        if chosen.is_empty() {
            return Err(AppError::Invalid(vec![Diagnostic::error("introduce.nobody", text!("请至少选择一位响应方", "choose at least one responder"))]));
        }
        let count = chosen.len();
        self.move_case(viewer, id, version, move |case, who, tx| {
            let rules = crate::casework::rules(&mut tx.view(), case.region)?;
            let mut steps = Vec::new();
            let mut at = case.clone();
            for (responder, reasons, grounds) in chosen.iter().cloned() {
                let step = at.act(Act::Introduce { responder, reasons, grounds: Some(grounds) }, who, tx.now(), &rules)?;
                at = step.after.clone();
                steps.push(step);
            }
            let last = steps.pop().ok_or(AppError::NotFound)?;
            for step in &steps {
                crate::casework::put_step(tx, step)?;
            }
            Ok(last)
        })?;
        Ok(count)
    }

    /// Introduces the chosen pairs of a proposed assignment, each by itself: what others did to one
    /// case meanwhile keeps only that one back.
    pub fn introduce_round(&self, viewer: &Viewer, chosen: &[(RecordId, u32, String)]) -> Result<RoundReport, AppError> {
        let mut report = RoundReport::default();
        for (case, version, responder) in chosen {
            match self.introduce_case(viewer, case, Some(*version), std::slice::from_ref(responder)) {
                Ok(_) => report.introduced += 1,
                Err(fault @ (AppError::Internal(_) | AppError::Unavailable(_))) => return Err(fault),
                Err(fault) => report.kept_back.push((case.to_string(), fault.message())),
            }
        }
        Ok(report)
    }

    /// The assignment that the product proposes for the cases in matching that the officer may introduce.
    pub fn propose_assignment(&self, viewer: &Viewer) -> Result<AssignmentView, AppError> {
        if !matches!(viewer.role, crate::Role::Officer | crate::Role::Admin) {
            let reason = text!("只有经办人可以分派", "only officers assign");
            return Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }));
        }
        let today = self.now().china_date();
        let cases = self.open_for_matching(viewer)?;
        let mut problem = Problem::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut responders: Vec<Responder> = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            let waiting_days = u32::try_from((self.now().micros() - case.since.micros()) / 86_400_000_000).unwrap_or(0);
            problem.cases.push(CaseSlot { id: case.id.clone(), organization: case.seeker.organization.clone(), wants: 1, waiting_days });
            for candidate in self.candidates_of(viewer, case)? {
                let place = *places.entry(candidate.responder.id.clone()).or_insert_with(|| {
                    responders.push(candidate.responder.clone());
                    responders.len() - 1
                });
                if case.introduction(&candidate.responder.id).is_some() {
                    problem.refused.insert((at, place));
                }
                // The score lies between 0 and 1; thousandths fit.
                problem.pairs.push(Pair { case: at, responder: place, score: (candidate.found.score.clamp(0.0, 1.0) * 1000.0).round() as u32 });
            }
        }
        problem.responders =
            self.store().read(|view| responders.iter().map(|responder| slot(view, responder, &cases, today)).collect::<Result<_, AppError>>())?;
        let plan = assign(&problem);
        let proposal = |pair: &duijie_docking::Assigned| ProposalView {
            case: cases[pair.case].id.to_string(),
            case_title: cases[pair.case].need.title.clone(),
            version: cases[pair.case].version,
            responder: responders[pair.responder].clone(),
            percent: pair.score / 10,
            reasons: pair.reasons.clone(),
        };
        let left = plan.unassigned.iter().map(|open| (cases[open.case].id.to_string(), cases[open.case].need.title.clone(), open.reason.clone()));
        Ok(AssignmentView { proposals: plan.assigned.iter().map(proposal).collect(), left: left.collect(), max_load: plan.max_load })
    }

    fn open_for_matching(&self, viewer: &Viewer) -> Result<Vec<Case>, AppError> {
        let filter = MatterFilter { states: vec![CaseState::Matching.as_str().into()], regions: vec![viewer.region], ..MatterFilter::default() };
        let page = self.store().read(|view| view.matters(CASE, &filter, MatterOrder::Updated, None, CASES))?;
        let mut cases = Vec::new();
        for row in page.rows {
            let case = case_of(row.body)?;
            if who_is(viewer, &case).is_some_and(|who| who.hat == Hat::Officer) {
                cases.push(case);
            }
        }
        Ok(cases)
    }
}

/// What the responder's record says, for the assignment. Relations are told by the organizations that
/// ask in this problem.
fn slot(view: &mut View<'_>, responder: &Responder, cases: &[Case], today: Date) -> Result<ResponderSlot, AppError> {
    let said = availability(view, responder)?;
    let related = cases.iter().filter(|case| said.is_related(&case.seeker)).map(|case| case.seeker.organization.clone()).collect();
    Ok(ResponderSlot {
        id: responder.name.clone(),
        organization: responder.organization.clone().or_else(|| Some(responder.id.clone())),
        load: said.load,
        limit: said.limit,
        absent: said.absent_until.is_some_and(|until| until >= today),
        related,
    })
}

/// Who answers for a match: an expert or an organization itself, of everything else the owner.
fn responder(view: &mut View<'_>, found: &MatchView) -> Result<Responder, AppError> {
    let id = &found.record.id;
    let owner = duijie_record::schema(&found.record.kind).and_then(|schema| schema.owner.clone());
    let linked = view.links_from(id)?.into_iter().find(|link| Some(&link.field) == owner.as_ref()).and_then(|link| link.to);
    let organization = linked.as_ref().map(RecordId::to_string);
    let stands_alone = matches!(found.record.kind.as_str(), "expert" | "organization");
    Ok(match (stands_alone, organization) {
        (false, Some(owner)) => Responder { id: owner.clone(), name: found.owner.clone(), organization: Some(owner), through: Some(id.clone()) },
        (_, organization) => Responder { id: id.to_string(), name: found.record.title.clone(), organization, through: None },
    })
}

/// Why a candidate that was chosen all the same gets nothing.
fn kept_away(candidate: &CandidateView) -> Option<Diagnostic> {
    let (name, why) = (&candidate.responder.name, candidate.against.as_ref()?);
    let message = Text::new(format!("{name}：{}", why.zh), format!("{name}: {}", why.en));
    Some(Diagnostic::error("introduce.against", message).help(text!("请选择其他响应方", "choose somebody else")))
}

/// The score as it was shown, for the journal.
fn grounds(found: MatchView) -> Grounds {
    // Shown scores are whole millionths, so nothing is lost.
    let millionths = |share: f64| (share * MILLION).round() as u32;
    let ground = |part: PartView| Ground { part: part.part, name: part.name, adds: millionths(part.adds), known: part.known, reason: part.reason };
    Grounds {
        score: millionths(found.score),
        parts: found.parts.into_iter().map(ground).collect(),
        against: found.against_reasons,
        shared_terms: found.shared_terms,
    }
}

fn against(case: &Case, responder: &Responder) -> Option<Text> {
    if responder.id == case.seeker.organization || responder.organization.as_ref() == Some(&case.seeker.organization) {
        return Some(text!("与需求方是同一机构", "belongs to the organization whose need it is"));
    }
    let introduction = case.introduction(&responder.id)?;
    Some(match introduction.state {
        IntroductionState::Sent => text!("已推介，待答复", "was introduced and has not answered"),
        state => state.name(),
    })
}
