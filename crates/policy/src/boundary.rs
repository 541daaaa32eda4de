//! Generated tests around a measure's thresholds: wherever a condition or the amount turns - a comparison, the
//! end of a band, a cap, an age - the fact is set just below, at, and just above it, and each fact is taken away
//! once. Officials sign the table.

use crate::book::{Book, Measure};
use crate::decision::{Amount, Outcome};
use crate::evaluate::Evaluation;
use crate::examples::{ExampleCase, example_case};
use crate::facts::{FactSource, FactValue, SourceKind};
use crate::plan::{NodeId, Op};
use crate::shown::{kind_of_fact, shown_number};
use crate::value::Value;
use crate::vocabulary::{FactDef, FactKind};
use crate::{Facts, Fraction, Period, missing};
use duijie_vocab::{Fen, Lang, Text, text};
use serde::{Deserialize, Serialize};

/// Where a generated case lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Below,
    At,
    Above,
    Missing,
}

/// One generated case and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundaryCase {
    pub measure: String,
    pub version: u32,
    pub fact: String,
    pub name: Text,
    pub period: Period,
    pub side: Side,
    /// The value it was given, in words.
    pub value: Text,
    pub outcome: Outcome,
    pub amount: Option<Amount>,
}

impl BoundaryCase {
    /// `2022年职工总数 500 人（界限）：符合`.
    pub fn sentence(&self, lang: Lang) -> String {
        let side = match (self.side, lang) {
            (Side::Below, Lang::Zh) => "略低于界限",
            (Side::At, Lang::Zh) => "正在界限",
            (Side::Above, Lang::Zh) => "略高于界限",
            (Side::Missing, Lang::Zh) => "缺此项",
            (Side::Below, Lang::En) => "just below",
            (Side::At, Lang::En) => "at the threshold",
            (Side::Above, Lang::En) => "just above",
            (Side::Missing, Lang::En) => "missing",
        };
        let (name, value, outcome) = (self.name.get(lang), self.value.get(lang), self.outcome.described());
        let period = if self.period == Period::Instant { String::new() } else { self.period.described().get(lang).to_string() };
        match lang {
            Lang::Zh => format!("{period}{name} {value}（{side}）：{}", outcome.zh),
            Lang::En => format!("{name} {period} {value} ({side}): {}", outcome.en),
        }
    }
}

/// The boundary cases of a measure, around its first example that is eligible (or needs review).
/// Empty when it has none.
pub fn boundary_cases(book: &Book, measure: &Measure) -> Vec<BoundaryCase> {
    let Some(base) = base_case(book, measure) else { return Vec::new() };
    let evaluation = book.evaluation(&base.facts, &base.region_facts, base.period, base.on);
    let generator = Generator { book, measure, base: &base };
    let roots: Vec<NodeId> = std::iter::once(measure.verdict).chain(measure.amount).chain(measure.rate).collect();
    let below = book.plan.below(&roots);
    let leaves: Vec<NodeId> = below.iter().copied().filter(|&id| matches!(book.plan.op(id), Op::Fact { .. })).collect();
    let mut cases = Vec::new();
    for leaf in leaves {
        let Some(found) = evaluation.leaf(leaf).filter(|found| found.known.is_some()) else { continue };
        let mut around: Vec<BoundaryCase> = Vec::new();
        for at in turns(&evaluation, &below, leaf) {
            around.extend(generator.around(found.def, found.period, at));
        }
        // Next to one threshold may be another: each value stands once, as what it is most.
        around.sort_by_key(|case| case.side != Side::At);
        let mut seen = std::collections::BTreeSet::new();
        around.retain(|case| seen.insert(case.value.zh.clone()));
        cases.extend(around);
        let mut facts = base.facts.clone();
        facts.remove(&found.def.key, found.period);
        cases.extend(generator.case(found.def, found.period, Side::Missing, text!("—", "—"), &facts));
    }
    cases
}

/// The first example that is decided in favour.
pub(crate) fn base_case(book: &Book, measure: &Measure) -> Option<ExampleCase> {
    let favourable = measure.source.examples.iter().filter(|example| matches!(example.expect.as_str(), "eligible" | "needs_review"));
    favourable.filter_map(|example| example_case(book, measure, example).ok()).find(|case| {
        let decision = book.decide(measure.id(), &case.facts, &case.region_facts, case.on, Some(case.period));
        decision.is_some_and(|decision| matches!(decision.outcome, Outcome::Eligible | Outcome::NeedsReview) && decision.version == measure.version)
    })
}

/// The values of a fact at which the measure or what it pays turns, in order.
fn turns(evaluation: &Evaluation<'_>, below: &[NodeId], leaf: NodeId) -> Vec<Fraction> {
    if !matches!(evaluation.value(leaf), Value::Number(_)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for &id in below {
        match evaluation.plan.op(id) {
            Op::Compare { left, right, .. } => {
                found.extend(missing::threshold(evaluation, id, leaf));
                found.extend(birthday(evaluation, *left, *right, leaf));
            }
            Op::Tiers { subject, tiers } | Op::Progressive { subject, tiers, .. } => {
                let ends = tiers.iter().filter_map(|tier| tier.high);
                found.extend(ends.filter_map(|(end, _)| missing::passing(evaluation, *subject, end, leaf)));
            }
            Op::Min(parts) | Op::Max(parts) => {
                let pairs = parts.iter().enumerate().flat_map(|(at, &one)| parts[at + 1..].iter().map(move |&other| (one, other)));
                found.extend(pairs.take(MAX_PAIRS).filter_map(|(one, other)| missing::crossing(evaluation, one, other, leaf)));
            }
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Pairs of alternatives of one minimum or maximum that are looked at.
const MAX_PAIRS: usize = 60;

/// The date from which an age that is compared with a fixed length is just that long.
fn birthday(evaluation: &Evaluation<'_>, left: NodeId, right: NodeId, leaf: NodeId) -> Option<Fraction> {
    let number = |id: NodeId| match evaluation.value(id) {
        Value::Number(range) => range.point(),
        _ => None,
    };
    [(left, right), (right, left)].into_iter().find_map(|(age, length)| match evaluation.plan.op(age) {
        Op::Age { date, until } if *date == leaf => {
            let until = crate::evaluate::from_days(number(*until)?)?;
            let months = number(length)?.to_i64()?;
            let day = crate::evaluate::plus_months(until, months.checked_neg()?)?;
            Some(Fraction::whole(i64::from(day.days_since_epoch())))
        }
        _ => None,
    })
}

struct Generator<'g> {
    book: &'g Book,
    measure: &'g Measure,
    base: &'g ExampleCase,
}

impl Generator<'_> {
    fn around(&self, def: &FactDef, period: Period, at: Fraction) -> Vec<BoundaryCase> {
        let step = smallest_step(def.kind);
        // A threshold between two possible values has no case of its own: 4.2 staff.
        let floor = Fraction::new(at.over(step).map_or(0, Fraction::floor), 1).and_then(|whole| whole.times(step));
        let Some(floor) = floor else { return Vec::new() };
        let exact = floor == at || matches!(def.kind, FactKind::Ratio | FactKind::Number | FactKind::Length);
        let points = if exact {
            [(Side::Below, at.minus(step)), (Side::At, Some(at)), (Side::Above, at.plus(step))]
        } else {
            [(Side::Below, Some(floor)), (Side::At, None), (Side::Above, floor.plus(step))]
        };
        points.into_iter().filter_map(|(side, value)| self.numbered(def, period, side, value?)).collect()
    }

    fn numbered(&self, def: &FactDef, period: Period, side: Side, value: Fraction) -> Option<BoundaryCase> {
        if def.min.is_some_and(|min| value < min) || def.max.is_some_and(|max| value > max) {
            return None;
        }
        let typed = match def.kind {
            FactKind::Money => FactValue::Money(Fen(value.to_i64()?)),
            FactKind::Count => FactValue::Count(value.to_i64()?),
            FactKind::Date => FactValue::Date(crate::evaluate::from_days(value)?),
            _ => FactValue::Number(value),
        };
        let mut facts = self.base.facts.clone();
        facts.set(&def.key, period, typed, FactSource { name: "边界测试".to_string(), kind: SourceKind::Assumed });
        self.case(def, period, side, shown_number(value, &kind_of_fact(def, false)), &facts)
    }

    fn case(&self, def: &FactDef, period: Period, side: Side, value: Text, facts: &Facts) -> Option<BoundaryCase> {
        let decision = self.book.decide(self.measure.id(), facts, &self.base.region_facts, self.base.on, Some(self.base.period))?;
        Some(BoundaryCase {
            measure: self.measure.id().to_string(),
            version: self.measure.version,
            fact: def.key.to_string(),
            name: def.text(),
            period,
            side,
            value,
            outcome: decision.outcome,
            amount: decision.amount,
        })
    }
}

/// The smallest difference a fact can have: a Fen, one, a day, a hundredth of a percent or of a point.
fn smallest_step(kind: FactKind) -> Fraction {
    match kind {
        FactKind::Ratio => Fraction::new(1, 10_000).unwrap_or(Fraction::ONE),
        FactKind::Number => Fraction::new(1, 100).unwrap_or(Fraction::ONE),
        _ => Fraction::ONE,
    }
}
