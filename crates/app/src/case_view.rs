//! A case as somebody sees it: one page with everything that this person may know, whose turn it
//! is, and what the person can do.

use crate::case_act::{ActionView, actions};
use crate::casework::{calendar, rules};
use crate::casework::{case_of, read_case, seen_by, timeline, who_is};
use crate::{App, AppError, CaseForm, Viewer};
use duijie_docking::{Case, CaseState, Did, Disclosure, Grade, Grounds, Hat, Introduction, NeedSeen, Verb, Who, seen};
use duijie_store::View;
use duijie_vocab::{Lang, RecordId, Text, Timestamp, text};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseView {
    pub id: String,
    pub version: u32,
    pub state: CaseState,
    pub state_name: Text,
    pub since: String,
    /// The way that a case goes, with how far this one is.
    pub steps: Vec<StepMark>,
    pub need: NeedSeen,
    pub region_name: String,
    pub grade: Grade,
    pub grade_reason: Text,
    pub grade_next: Option<Text>,
    pub handler: Option<String>,
    pub adviser: Option<String>,
    /// Whose turn it is; nobody's when it is over.
    pub turn_of: Option<Text>,
    pub turn: Text,
    /// What was said when the case was last moved, for whoever has to answer it.
    pub turn_why: Option<String>,
    pub your_turn: bool,
    /// The clock that rings next, and when.
    pub due: Option<(Text, String)>,
    pub quality: u8,
    pub holds: Vec<HoldView>,
    pub introductions: Vec<IntroductionView>,
    pub meetings: Vec<MeetingView>,
    pub agreement: Option<(String, String)>,
    pub contract: Option<ContractView>,
    pub delivery: Option<(String, String)>,
    pub outcome: Option<Text>,
    pub surveys: Vec<SurveyView>,
    pub documents: Vec<DocumentLine>,
    /// Cases that this one was split into or was merged into, and the case or visit that it comes from.
    pub related: Vec<(Text, String)>,
    pub timeline: Vec<TimelineLine>,
    pub actions: Vec<ActionView>,
    pub may_write: bool,
    pub may_introduce: bool,
    pub may_attach: bool,
    /// The entry as of which it is shown, if not as it is now.
    pub as_of: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepMark {
    pub name: Text,
    /// `done`, `now` or `ahead`.
    pub mark: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldView {
    pub reason: Text,
    pub lifted: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntroductionView {
    pub responder: String,
    pub name: String,
    pub through: Option<String>,
    pub state: String,
    pub state_name: Text,
    pub sent: String,
    pub answered: Option<String>,
    pub said: String,
    pub reasons: Vec<Text>,
    /// The score of the match as it was when it was introduced.
    pub grounds: Option<Grounds>,
    pub promised: bool,
    pub seeker_consents: bool,
    pub responder_consents: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingView {
    pub on: String,
    pub place: String,
    pub present: String,
    pub result: Text,
    pub minutes: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContractView {
    pub kind: Text,
    pub name: String,
    pub registration: Option<String>,
    pub parties: Vec<String>,
    pub signed: String,
    pub until: String,
    pub amount: Text,
    pub paid: Text,
    /// Name, due day and day of acceptance.
    pub milestones: Vec<(String, String, Option<String>)>,
    /// Amount, due day and day of payment.
    pub payments: Vec<(Text, String, Option<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SurveyView {
    pub side: Text,
    pub stars: u8,
    pub outcome: Text,
    pub comment: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineLine {
    pub seq: i64,
    pub at: String,
    pub who: String,
    pub what: Text,
    pub why: String,
    /// Whether it opened something to somebody.
    pub unlocks: bool,
}

/// A document of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentLine {
    pub name: String,
    pub digest: String,
    pub at: String,
}

const WAY: [CaseState; 9] = [
    CaseState::Submitted,
    CaseState::Triage,
    CaseState::Matching,
    CaseState::Introduced,
    CaseState::InProgress,
    CaseState::Agreed,
    CaseState::Contracted,
    CaseState::Delivered,
    CaseState::Closed,
];

impl App {
    /// The case as the viewer may see it now.
    pub fn case(&self, viewer: &Viewer, id: &RecordId) -> Result<CaseView, AppError> {
        self.store().read(|view| {
            let case = read_case(view, id)?;
            // Before anything more is read: how long the answer takes must not tell that there is a case.
            seen_by(viewer, &case)?;
            let steps = timeline(view, id)?;
            show(view, viewer, &case, steps)
        })
    }

    /// The case as it was after the entry `seq`, for those who see the whole of it.
    pub fn case_as_of(&self, viewer: &Viewer, id: &RecordId, seq: i64) -> Result<CaseView, AppError> {
        self.store().read(|view| {
            let now = read_case(view, id)?;
            if seen_by(viewer, &now)?.grade != Grade::Whole {
                return Err(AppError::NotFound);
            }
            let (_, matter) = view.matter_history(id, seq.saturating_add(1), 1)?.pop().ok_or(AppError::NotFound)?;
            let case = case_of(matter.body)?;
            let steps = timeline(view, id)?.into_iter().filter(|(entry, _)| *entry <= seq).collect();
            let shown = show(view, viewer, &case, steps)?;
            Ok(CaseView { as_of: Some(seq), actions: Vec::new(), may_write: false, may_introduce: false, may_attach: false, ..shown })
        })
    }

    /// The form with what a case holds, for those who may write it, and the version it shows.
    pub fn case_form(&self, viewer: &Viewer, id: &RecordId) -> Result<(CaseForm, u32), AppError> {
        let case = self.store().read(|view| read_case(view, id))?;
        seen_by(viewer, &case)?;
        let may = who_is(viewer, &case).is_some_and(|who| case.choices(&who).contains(&Verb::Write));
        if !may {
            let reason = text!("现在不能修改内容", "the text cannot be changed now");
            return Err(AppError::Refused(crate::Refused { reason, login_helps: false }));
        }
        Ok((CaseForm::of(&case), case.version))
    }
}

fn show(view: &mut View<'_>, viewer: &Viewer, case: &Case, steps: Vec<(i64, Did)>) -> Result<CaseView, AppError> {
    let disclosed = seen_by(viewer, case)?;
    show_to(view, case, steps, disclosed, who_is(viewer, case).as_ref())
}

/// The case as `who` sees it, to whom `disclosed` is disclosed.
pub(crate) fn show_to(view: &mut View<'_>, case: &Case, steps: Vec<(i64, Did)>, disclosed: Disclosure, who: Option<&Who>) -> Result<CaseView, AppError> {
    let rules = rules(view, case.region)?;
    let whole = disclosed.grade == Grade::Whole;
    let own = who.filter(|who| who.hat == Hat::Responder).and_then(|who| who.party.clone());
    let visible = |introduction: &&Introduction| whole || own.as_ref() == Some(&introduction.responder.id);
    let mut names = Names { view, known: BTreeMap::new() };
    let steps_shown = steps.into_iter().filter(|(_, did)| whole || did.act.responder().is_some() && did.act.responder() == own.as_deref());
    let steps_shown: Vec<(i64, Did)> = steps_shown.collect();
    let turn_why = last_word(&steps_shown);
    let timeline = steps_shown.iter().map(|(seq, did)| line(&mut names, case, whole, *seq, did)).collect::<Result<Vec<_>, AppError>>()?;
    let turn = case.turn();
    let choices = who.map(|who| case.choices(who)).unwrap_or_default();
    let partner = own.as_ref().is_none_or(|own| case.agreement.as_ref().is_none_or(|agreement| agreement.responder == *own));
    Ok(CaseView {
        id: case.id.to_string(),
        version: case.version,
        state: case.state,
        state_name: case.state.name(),
        since: case.since.china_minute(),
        steps: step_marks(case),
        need: seen(case, disclosed.grade),
        region_name: if whole { case.region.path() } else { seen(case, disclosed.grade).region.map(|region| region.path()).unwrap_or_default() },
        grade: disclosed.grade,
        grade_reason: disclosed.reason,
        grade_next: disclosed.next,
        handler: case.handler.as_ref().map(|actor| names.of(actor)).transpose()?,
        adviser: case.adviser.as_ref().filter(|_| whole).map(|actor| names.of(actor)).transpose()?,
        turn_of: turn.who.map(Hat::name),
        turn: turn.what,
        turn_why,
        your_turn: is_turn_of(case, who),
        due: case.due(&rules, calendar()).filter(|_| whole).map(|due| (due.mark.clock.name(), due.at.china_minute())),
        quality: case.quality,
        holds: case.holds.iter().filter(|_| whole).map(|hold| HoldView { reason: hold.reason.clone(), lifted: hold.lifted.clone() }).collect(),
        introductions: case.introductions.iter().filter(visible).map(introduction).collect(),
        meetings: case.meetings.iter().filter(|_| whole).map(meeting).collect(),
        agreement: case.agreement.as_ref().filter(|_| partner).map(|agreement| (agreement.on.to_string(), agreement.subject.clone())),
        contract: case.contract.as_ref().filter(|_| partner).map(contract),
        delivery: case.delivery.as_ref().filter(|_| partner).map(|delivery| (delivery.on.to_string(), delivery.what.clone())),
        outcome: case.outcome.map(duijie_docking::Outcome::name),
        surveys: case.surveys.iter().filter(|_| whole).map(survey).collect(),
        documents: case.documents.iter().filter(|_| whole).map(document).collect(),
        related: if whole { related(case) } else { Vec::new() },
        timeline,
        actions: who.map(|who| actions(case, who)).unwrap_or_default(),
        may_write: choices.contains(&Verb::Write),
        may_introduce: choices.contains(&Verb::Introduce) || choices.contains(&Verb::Resend),
        may_attach: choices.contains(&Verb::Attach),
        as_of: None,
    })
}

/// The reason given with the move that led to the present state.
fn last_word(steps: &[(i64, Did)]) -> Option<String> {
    let moved = steps.iter().rev().find(|(_, did)| did.from != Some(did.to))?;
    moved.1.act.why().filter(|why| !why.is_empty()).map(str::to_string)
}

/// What people are called, each looked up once.
struct Names<'v, 'a> {
    view: &'v mut View<'a>,
    known: BTreeMap<String, String>,
}

impl Names<'_, '_> {
    fn of(&mut self, actor: &str) -> Result<String, AppError> {
        if let Some(name) = self.known.get(actor) {
            return Ok(name.clone());
        }
        let name = match actor.strip_prefix("user:") {
            Some(login) => self.view.account(login)?.map(|account| account.name).filter(|name| !name.is_empty()).unwrap_or_else(|| login.to_string()),
            None => String::new(),
        };
        self.known.insert(actor.to_string(), name.clone());
        Ok(name)
    }
}

fn line(names: &mut Names<'_, '_>, case: &Case, whole: bool, seq: i64, did: &Did) -> Result<TimelineLine, AppError> {
    let responder = did.act.responder().and_then(|id| case.introduction(id)).map(|introduction| introduction.responder.name.clone()).filter(|_| whole);
    let sentence = did.sentence();
    let with = |sentence: String, lang: Lang| match (&responder, lang) {
        (Some(name), Lang::Zh) => format!("{sentence}：{name}"),
        (Some(name), Lang::En) => format!("{sentence}: {name}"),
        (None, _) => sentence,
    };
    Ok(TimelineLine {
        seq,
        at: did.at.china_minute(),
        // Who acted for the other side is nobody's business but the desk's and the owner's.
        who: if whole { names.of(&did.by)? } else { String::new() },
        what: Text::new(with(sentence.zh, Lang::Zh), with(sentence.en, Lang::En)),
        why: did.act.why().unwrap_or_default().to_string(),
        unlocks: matches!(did.act.verb(), Verb::Introduce | Verb::Promise | Verb::Consent | Verb::Resend),
    })
}

fn step_marks(case: &Case) -> Vec<StepMark> {
    // A case on a side track stands where it left the way.
    let at = match case.state {
        CaseState::Draft | CaseState::Returned => None,
        CaseState::Escalated => Some(CaseState::Matching),
        CaseState::Unsolved | CaseState::Withdrawn if case.first_introduced.is_some() => Some(CaseState::Introduced),
        CaseState::Unsolved | CaseState::Withdrawn => Some(CaseState::Submitted),
        state => Some(state),
    };
    let reached = at.and_then(|at| WAY.iter().position(|state| *state == at));
    let mark = |place: usize| match reached {
        Some(reached) if place < reached || (place == reached && !case.state.is_open()) => "done",
        Some(reached) if place == reached => "now",
        _ => "ahead",
    };
    WAY.iter().enumerate().map(|(place, state)| StepMark { name: state.name(), mark: mark(place) }).collect()
}

fn introduction(introduction: &Introduction) -> IntroductionView {
    let minute = |at: Timestamp| at.china_minute();
    IntroductionView {
        responder: introduction.responder.id.clone(),
        name: introduction.responder.name.clone(),
        through: introduction.responder.through.as_ref().map(RecordId::to_string),
        state: introduction.state.as_str().to_string(),
        state_name: introduction.state.name(),
        sent: minute(introduction.sent),
        answered: introduction.answered.map(minute),
        said: introduction.said.clone(),
        reasons: introduction.reasons.clone(),
        grounds: introduction.grounds.clone(),
        promised: introduction.promise.is_some(),
        seeker_consents: introduction.seeker_consents,
        responder_consents: introduction.responder_consents,
    }
}

fn meeting(meeting: &duijie_docking::Meeting) -> MeetingView {
    MeetingView {
        on: meeting.on.to_string(),
        place: meeting.place.clone(),
        present: meeting.present.join("、"),
        result: meeting.result.name(),
        minutes: meeting.minutes.clone(),
    }
}

fn document(document: &duijie_docking::Document) -> DocumentLine {
    DocumentLine { name: document.name.clone(), digest: document.digest.to_string(), at: document.at.china_minute() }
}

fn contract(contract: &duijie_docking::Contract) -> ContractView {
    let day = |date: &Option<duijie_vocab::Date>| date.map(|date| date.to_string());
    ContractView {
        kind: contract.kind.name(),
        name: contract.name.clone(),
        registration: contract.registration.clone(),
        parties: contract.parties.clone(),
        signed: contract.signed.to_string(),
        until: contract.until.to_string(),
        amount: contract.amount.text(),
        paid: contract.paid().text(),
        milestones: contract.milestones.iter().map(|milestone| (milestone.name.clone(), milestone.due.to_string(), day(&milestone.accepted))).collect(),
        payments: contract.payments.iter().map(|payment| (payment.amount.text(), payment.due.to_string(), day(&payment.paid))).collect(),
    }
}

fn survey(survey: &duijie_docking::Survey) -> SurveyView {
    let side = match survey.side {
        duijie_docking::Side::Seeker => Hat::Seeker.name(),
        duijie_docking::Side::Responder => Hat::Responder.name(),
    };
    let said = &survey.satisfaction;
    SurveyView { side, stars: said.stars, outcome: said.outcome.name(), comment: said.comment.clone() }
}

fn related(case: &Case) -> Vec<(Text, String)> {
    let mut related: Vec<(Text, String)> = case.split_into.iter().map(|id| (text!("拆分出", "split off"), id.to_string())).collect();
    related.extend(case.merged_into.iter().map(|id| (text!("并入", "merged into"), id.to_string())));
    if let Some(duijie_docking::Origin::Split(id)) = &case.origin {
        related.push((text!("拆分自", "split from"), id.to_string()));
    }
    if let Some(duijie_docking::Origin::Visit(id)) = &case.origin {
        related.push((text!("来自走访", "from a visit"), id.to_string()));
    }
    related
}

/// Whether `who` is asked to act, for lists. What an adviser wrote up is finished by the adviser.
pub(crate) fn is_turn_of(case: &Case, who: Option<&Who>) -> bool {
    let on_the_desk = |who: &Who| who.hat != Hat::Officer || who.region.contains(case.desk);
    let wrote =
        |who: &Who| who.hat == Hat::Adviser && case.adviser.as_ref() == Some(&who.actor) && matches!(case.state, CaseState::Draft | CaseState::Returned);
    case.turn().who.is_some_and(|hat| who.is_some_and(|who| (who.hat == hat && on_the_desk(who)) || wrote(who)))
}
