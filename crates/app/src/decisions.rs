//! What policies say: of one organization with every reason, of all of them in counts.

use crate::declared::Declared;
use crate::facts::{Known, known, of_regions};
use crate::policies::{basis, delivery};
use crate::policy_batch::explanation;
use crate::record::{readable, reference, target_of};
use crate::{
    Action, App, AppError, AskNext, ChosenView, CombinationView, ConditionView, DecisionView, DecisionsView, Explanation, LeftOutView, PolicyFiles, RecordRef,
    Viewer,
};
use duijie_policy::{Book, ConditionKind, ConditionResult, Decision, Delivery, Measure, Outcome, Period, RegionFacts, Truth, best_combination, next_questions};
use duijie_record::{Record, RecordState, schema};
use duijie_vocab::{Date, Fen, Lang, RecordId, RegionCode, Text, text};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What deciding every measure for every organization found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DecisionSummary {
    pub organizations: usize,
    pub measures: usize,
    pub counts: Vec<(String, Text, usize)>,
    /// One example of each outcome that occurred, with its reasons.
    pub examples: Vec<(RecordRef, DecisionView)>,
}

fn named_counts(counts: &BTreeMap<String, usize>) -> Vec<(String, Text, usize)> {
    let named = |outcome: &Outcome| counts.get(outcome.name()).map(|count| (outcome.name().to_string(), outcome.described(), *count));
    Outcome::ALL.iter().filter_map(named).collect()
}

impl App {
    /// What every measure of the organization's regions says about it. `period` such as `2021`;
    /// without one the latest year with facts.
    pub fn decisions(&self, viewer: &Viewer, organization: &RecordId, period: Option<&str>) -> Result<DecisionsView, AppError> {
        let gathered = self.gathered(viewer, organization, period)?;
        let (policies, record, year) = (&gathered.policies, &gathered.record, gathered.year);
        let mut decisions = gathered.decide();
        let worth = |decision: &Decision| decision.amount.map_or(0, |amount| amount.low.0.max(amount.high.map_or(0, |high| high.0)));
        decisions.sort_by_key(|decision| (rank(decision.outcome), std::cmp::Reverse(worth(decision)), effort(&policies.book, decision)));
        let mut counts = BTreeMap::new();
        for decision in &decisions {
            *counts.entry(decision.outcome.name().to_string()).or_insert(0) += 1;
        }
        let combination = combination(&policies.book, &decisions);
        Ok(DecisionsView {
            organization: reference(record),
            period: year.to_string(),
            on: self.now().china_date().to_string(),
            counts: named_counts(&counts),
            ask_next: ask_next(&policies.declared, &decisions),
            decisions: views(&policies.book, &decisions, &combination),
            combination,
        })
    }

    /// What deciding about an organization takes, if the viewer may.
    pub(crate) fn gathered(&self, viewer: &Viewer, organization: &RecordId, period: Option<&str>) -> Result<Gathered, AppError> {
        let policies = self.policies();
        let (record, known, regions) = self.store().read(|view| {
            let record = readable(viewer, view, organization)?;
            let schema = schema(&record.kind).filter(|schema| schema.kind == "organization").ok_or(AppError::NotFound)?;
            let target = target_of(view, schema, &record)?;
            viewer.may(Action::Decide, &target)?;
            let known = known(view, &policies.declared, &record)?;
            let regions = of_regions(view, policies.book.vocabulary())?;
            Ok::<_, AppError>((record, known, regions))
        })?;
        let year = match period {
            Some(text) => Period::parse(text).ok().and_then(Period::year).ok_or(AppError::NotFound)?,
            None => known.latest_year.unwrap_or_else(|| self.now().china_date().year() - 1),
        };
        Ok(Gathered { policies, record, known, regions, year })
    }

    /// Everything that one measure's decision about an organization rests on.
    pub fn explain(&self, viewer: &Viewer, organization: &RecordId, measure: &str, period: Option<&str>) -> Result<Explanation, AppError> {
        let gathered = self.gathered(viewer, organization, period)?;
        let found = gathered.decide().into_iter().find(|decision| decision.measure == measure).ok_or(AppError::NotFound)?;
        Ok(explanation(&gathered.policies.book, gathered.record.text("name").to_string(), &found))
    }

    /// The ids of some enterprises of the viewer's region.
    pub fn enterprises(&self, viewer: &Viewer, limit: usize) -> Result<Vec<RecordId>, AppError> {
        let (mut ids, mut flow) = (Vec::new(), ControlFlow::Continue(()));
        self.store().read(|view| {
            flow = view.for_each_record("organization", |row| {
                if is_enterprise(&row.record) && viewer.region.contains(row.record.region) {
                    ids.push(row.record.id);
                }
                if ids.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok::<_, AppError>(())
        })?;
        Ok(ids)
    }

    /// Decides every measure for every enterprise, for one year or the latest of each. `progress` hears how many
    /// organizations are done.
    pub fn decide_all(&self, viewer: &Viewer, period: Option<&str>, progress: &mut dyn FnMut(usize)) -> Result<DecisionSummary, AppError> {
        viewer.may(Action::Decide, &crate::Target { region: Some(viewer.region), organization: None })?;
        let policies = self.policies();
        let year = period.map(|text| Period::parse(text).ok().and_then(Period::year).ok_or(AppError::NotFound)).transpose()?;
        let (ids, regions) = self.store().read(|view| {
            let mut ids = Vec::new();
            let flow = view.for_each_record("organization", |row| {
                if is_enterprise(&row.record) && viewer.region.contains(row.record.region) {
                    ids.push(row.record.id);
                }
                ControlFlow::<()>::Continue(())
            })?;
            debug_assert!(flow.is_continue());
            Ok::<_, AppError>((ids, of_regions(view, policies.book.vocabulary())?))
        })?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut summary = DecisionSummary { organizations: ids.len(), measures: policies.book.ids().count(), ..DecisionSummary::default() };
        let fallback = self.now().china_date().year() - 1;
        for (at, id) in ids.iter().enumerate() {
            let found = self.store().read(|view| {
                let Some(row) = view.get(id)? else { return Ok::<_, AppError>(None) };
                let known = known(view, &policies.declared, &row.record)?;
                Ok(Some((row.record, known)))
            })?;
            let Some((record, known)) = found else { continue };
            let year = year.or(known.latest_year).unwrap_or(fallback);
            for decision in decide(&policies.book, &known, &regions, record.region, year) {
                let outcome = decision.outcome.name().to_string();
                let count = counts.entry(outcome).or_default();
                *count += 1;
                if *count == 1 {
                    summary.examples.push((reference(&record), view(&policies.book, &decision)));
                }
            }
            progress(at + 1);
        }
        summary.counts = named_counts(&counts);
        let order = |outcome: &str| Outcome::named(outcome).map_or(usize::MAX, rank);
        summary.examples.sort_by_key(|(_, decision)| order(&decision.outcome));
        Ok(summary)
    }

    /// How many enterprises a measure was decided for each way, as of where the decisions stand.
    pub(crate) fn counts_of(&self, measure: &str) -> Vec<(String, Text, usize)> {
        self.with_decided(|decided| named_counts(&decided.of_measure(measure)))
    }

    pub(crate) fn decision_counts(&self) -> Vec<(String, Text, usize)> {
        self.with_decided(|decided| named_counts(&decided.of_all()))
    }
}

/// An organization with all that is known of it, and the year decided about.
pub(crate) struct Gathered {
    pub(crate) policies: Arc<PolicyFiles>,
    pub(crate) record: Record,
    pub(crate) known: Known,
    pub(crate) regions: RegionFacts,
    pub(crate) year: i16,
}

impl Gathered {
    /// What every measure of its regions says of it.
    pub(crate) fn decide(&self) -> Vec<Decision> {
        decide(&self.policies.book, &self.known, &self.regions, self.record.region, self.year)
    }
}

/// Whether measures are decided for an organization: it is in use and, as far as is known, a firm.
pub(crate) fn is_enterprise(record: &Record) -> bool {
    record.state == RecordState::Active && matches!(record.text("org_type"), "" | "企业")
}

/// What is best for the organization comes first.
fn rank(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Eligible => 0,
        Outcome::NeedsReview => 1,
        Outcome::Unknown => 2,
        Outcome::WindowClosed => 3,
        Outcome::BudgetExhausted => 4,
        Outcome::NotEligible => 5,
        Outcome::NotInForce => 6,
        Outcome::Error => 7,
    }
}

/// Every measure of the regions that contain the organization, each on the first day on which the
/// year can be claimed. Titles are those held at the end of the year that is decided: a unicorn of
/// 2021 is one for what 2021 pays, whenever it is claimed.
fn decide(book: &Book, known: &Known, regions: &RegionFacts, region: RegionCode, year: i16) -> Vec<Decision> {
    let last = last_day(year);
    let facts = known.on(last);
    let decide = |measure: &Measure| {
        let (period, day) = period_and_day(measure, year);
        book.decide(measure.id(), &facts, regions, day, Some(period))
    };
    book.ids().filter_map(|id| book.measure(id)).filter(|measure| measure.source.region.contains(region)).filter_map(decide).collect()
}

/// The period of a measure at the end of a year, and the first day on which it can be claimed.
pub(crate) fn period_and_day(measure: &Measure, year: i16) -> (Period, Date) {
    let last = last_day(year);
    let period = measure.source.period.containing(last);
    (period, measure.window_for(period, last).map_or(last, |(from, _)| from))
}

pub(crate) fn last_day(year: i16) -> Date {
    Date::new(year, None, None).map_or_else(|| Date::new(2000, Some(12), Some(31)).expect("BUG: 2000-12-31 exists"), Date::last_day)
}

/// The questions that undecided measures wait for, the most useful first.
fn ask_next(declared: &Declared, decisions: &[Decision]) -> Vec<AskNext> {
    let asks = next_questions(decisions).into_iter().take(ASKED);
    asks.map(|question| AskNext {
        field: crate::answer::answer_field(declared, &question.key, question.period),
        period: question.period.to_string(),
        period_name: if question.period == Period::Instant { Text::default() } else { question.period.described() },
        settles: question.settles.len(),
        helps: question.helps.len(),
        fact: question.key,
        name: question.name,
        question: question.question,
    })
    .collect()
}

/// How many questions are shown.
const ASKED: usize = 5;

/// How much is to be done for a measure: nothing, a word, an application; then what is still to be
/// told or confirmed.
fn effort(book: &Book, decision: &Decision) -> (usize, usize) {
    let delivery = book.measure(&decision.measure).map_or(Delivery::Apply, |measure| measure.source.delivery);
    let steps = match delivery {
        Delivery::Automatic => 0,
        Delivery::Confirm => 1,
        Delivery::Apply => 2,
    };
    (steps, decision.missing.len() + decision.attestations.len())
}

/// The measures that pay most together, and why the others are left out.
pub(crate) fn combination(book: &Book, decisions: &[Decision]) -> CombinationView {
    let best = best_combination(decisions, &pools(book, decisions));
    CombinationView {
        chosen: best
            .chosen
            .iter()
            .map(|chosen| ChosenView {
                measure: chosen.measure.clone(),
                name: chosen.name.clone(),
                amount: if chosen.amount == Fen::ZERO { Text::default() } else { chosen.amount.text() },
                why: chosen.reduced.as_ref().map_or_else(Text::default, |_| both(|lang| chosen.sentence(lang).unwrap_or_default())),
            })
            .collect(),
        left_out: best
            .left_out
            .iter()
            .map(|left| LeftOutView {
                measure: left.measure.clone(),
                name: left.name.clone(),
                amount: left.amount.text(),
                why: both(|lang| left.sentence(lang)),
            })
            .collect(),
        total: best.total.text(),
        total_fen: best.total.0,
        proven: best.proven,
    }
}

/// What the pools of the decisions hold for a period, where their measures say it.
fn pools(book: &Book, decisions: &[Decision]) -> BTreeMap<String, Fen> {
    let budgets = decisions.iter().filter_map(|decision| book.measure(&decision.measure)?.source.budget.as_ref());
    budgets.filter_map(|budget| Some((budget.pool.clone(), budget.amount?))).collect()
}

fn both(of: impl Fn(Lang) -> String) -> Text {
    Text::new(of(Lang::Zh), of(Lang::En))
}

/// Decisions about one subject, each with what it is not paid beside.
pub(crate) fn views(book: &Book, decisions: &[Decision], combination: &CombinationView) -> Vec<DecisionView> {
    let beside = |decision: &Decision| {
        let left_out = combination.left_out.iter().map(|left| (&left.measure, &left.why));
        let reduced = combination.chosen.iter().map(|chosen| (&chosen.measure, &chosen.why));
        left_out.chain(reduced).find(|(measure, _)| **measure == decision.measure).map(|(_, why)| why.clone()).unwrap_or_default()
    };
    decisions.iter().map(|decision| DecisionView { beside: beside(decision), ..view(book, decision) }).collect()
}

pub(crate) fn view(book: &Book, decision: &Decision) -> DecisionView {
    let measure = book.measure(&decision.measure);
    let missing = |missing: &duijie_policy::Missing| {
        both(|lang| {
            let period = if missing.period == Period::Instant { String::new() } else { missing.period.described().get(lang).to_string() };
            let needed = missing.needed.as_ref().map(|needed| needed.get(lang).to_string()).unwrap_or_default();
            [missing.name.get(lang).to_string(), period, needed].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        })
    };
    DecisionView {
        measure: decision.measure.clone(),
        name: decision.name.clone(),
        outcome: decision.outcome.name().to_string(),
        outcome_name: decision.outcome.described(),
        // “At least nothing” tells nobody anything.
        amount: decision
            .amount
            .filter(|amount| amount.exact || amount.high.is_some() || amount.low > Fen::ZERO)
            .map_or_else(Text::default, |amount| both(|lang| amount.shown(lang))),
        reason: both(|lang| decision.reason(lang)),
        delivery: measure.map(|measure| delivery(measure.source.delivery)).unwrap_or_default(),
        basis: decision.basis.iter().map(basis).collect(),
        conditions: decision.conditions.iter().flat_map(|condition| condition_views(condition, 0)).collect(),
        missing: decision.missing.iter().map(missing).collect(),
        amount_missing: decision.amount_missing.iter().map(missing).collect(),
        amount_fen: decision.amount.map_or(0, |amount| amount.low.0),
        effort: effort_words(book, decision),
        beside: Text::default(),
    }
}

/// What is to be done for a measure, in words.
fn effort_words(book: &Book, decision: &Decision) -> Text {
    let (steps, open) = effort(book, decision);
    let first = match steps {
        0 => text!("无需申请", "nothing to apply for"),
        1 => text!("确认即可", "to be confirmed by you"),
        _ => text!("需要申报", "to be applied for"),
    };
    match open {
        0 => first,
        _ => Text::new(format!("{}，另有 {open} 项待填或待核", first.zh), format!("{}, {open} more to tell or confirm", first.en)),
    }
}

/// A condition and, below it, those it is made of.
fn condition_views(condition: &ConditionResult, depth: usize) -> Vec<ConditionView> {
    let verdict = match (condition.kind, condition.verdict) {
        (ConditionKind::Attestation, Truth::Unknown) => "attest",
        (_, Truth::Yes) => "yes",
        (_, Truth::No) => "no",
        (_, Truth::Unknown) => "unknown",
        (_, Truth::Error) => "error",
    };
    let own = ConditionView {
        label: condition.label.clone(),
        verdict: verdict.to_string(),
        sentence: both(|lang| condition.sentence(lang)),
        expression: condition.rule.clone(),
        clause: condition.clause.clone().unwrap_or_default(),
        depth,
    };
    let below = condition.children.iter().flat_map(|child| condition_views(child, depth + 1));
    std::iter::once(own).chain(below).collect()
}
