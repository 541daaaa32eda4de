//! Deciding one measure for one subject, with the reasons.

use crate::book::{Book, Compiled, Measure};
use crate::decision::{Amount, ConditionKind, ConditionResult, Decision, Distance, FactUsed, Outcome, Trace};
use crate::evaluate::Evaluation;
use crate::lower::{Atom, Type};
use crate::measure::{Condition, Test, Window};
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::print::{Style, print_rule};
use crate::shown::{kind_of_fact, shown_distance, shown_value};
use crate::sieve::reads_twice;
use crate::syntax::{Binary, RegionWord};
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts, Truth, cases, missing};
use duijie_vocab::{Date, Fen, Text, text};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

impl Book {
    /// Decides a measure for a subject on a day. `period` is what is decided about; without it the
    /// period that may be claimed on the day. Nothing for an id that is not in the book.
    pub fn decide(&self, measure: &str, facts: &Facts, regions: &RegionFacts, on: Date, period: Option<Period>) -> Option<Decision> {
        let newest = self.measure(measure)?;
        let on = on.first_day();
        let period = period.unwrap_or_else(|| newest.default_period(on));
        let version = self.version_for(measure, period, on);
        let decided = version.unwrap_or(newest);
        let evaluation = self.evaluation(facts, regions, period, on);
        Some(Deciding { book: self, measure: decided, evaluation: &evaluation, shown: &Shown::default() }.decision(version.is_some()))
    }

    /// Whether the conditions of a measure hold for the period that a day decides, and what it pays, by the
    /// reference evaluator and without reasons. Nothing for an id that is not in the book.
    pub fn verdict(&self, measure: &str, facts: &Facts, regions: &RegionFacts, on: Date) -> Option<(Truth, Option<Amount>)> {
        let newest = self.measure(measure)?;
        let on = on.first_day();
        let period = newest.default_period(on);
        let version = self.version_for(measure, period, on);
        let evaluation = self.evaluation(facts, regions, period, on);
        let deciding = Deciding { book: self, measure: version.unwrap_or(newest), evaluation: &evaluation, shown: &Shown::default() };
        let standing = Standing::of(&evaluation, deciding.measure, version.is_some());
        Some((standing.verdict, deciding.amount()))
    }

    /// The ids of the measures that read a fact, by its key: those to decide again when it changes.
    pub fn measures_reading(&self, key: &str) -> Vec<&str> {
        self.ids().filter(|id| self.versions(id).iter().any(|measure| self.facts_read(measure).iter().any(|fact| &*fact.key == key))).collect()
    }

    /// Decides every measure whose region contains the subject, each for its own period.
    pub fn decide_all(&self, facts: &Facts, regions: &RegionFacts, on: Date) -> Vec<Decision> {
        let on = on.first_day();
        let reached: Vec<&str> = self.ids().filter(|id| self.measure(id).is_some_and(|measure| measure.source.region.contains(facts.region()))).collect();
        // Measures that are decided together share what they compute and what they show.
        let together = |ids: &[&str]| {
            let mut evaluations: BTreeMap<Period, Evaluation<'_>> = BTreeMap::new();
            let shown = Shown::default();
            let decide = |id: &&str| {
                let newest = self.measure(id)?;
                let period = newest.default_period(on);
                let version = self.version_for(id, period, on);
                let evaluation = evaluations.entry(period).or_insert_with(|| self.evaluation(facts, regions, period, on));
                Some(Deciding { book: self, measure: version.unwrap_or(newest), evaluation, shown: &shown }.decision(version.is_some()))
            };
            ids.iter().filter_map(decide).collect::<Vec<Decision>>()
        };
        reached.par_chunks(MEASURES_TOGETHER).flat_map_iter(together).collect()
    }
}

/// Measures that one thread decides at a time.
const MEASURES_TOGETHER: usize = 128;

/// Values and facts in words, once they were shown: many conditions show the same.
#[derive(Default)]
struct Shown {
    values: RefCell<HashMap<(Period, NodeId), (Type, Text)>>,
    facts: RefCell<HashMap<(Period, NodeId), FactUsed>>,
}

impl Measure {
    /// The period decided on a day when nobody says which.
    pub fn default_period(&self, on: Date) -> Period {
        let claimed_after = matches!(self.source.window, Some(Window::Yearly { same_year: false, .. }));
        self.source.period.default_period(on, claimed_after)
    }

    /// The days between which a period may be claimed.
    pub fn window_for(&self, period: Period, on: Date) -> Option<(Date, Date)> {
        match self.source.window? {
            Window::Dates { from, until } => Some((from, until)),
            Window::Yearly { from, until, same_year } => {
                let year = period.year().map_or(on.year(), |year| if same_year { year } else { year + 1 });
                let crosses = from > until;
                // A window over the new year, asked in its second half, began the year before.
                let begins = if crosses && period == Period::Instant && (on.month().unwrap_or(1), on.day().unwrap_or(1)) <= until { year - 1 } else { year };
                let day = |year: i16, (month, day): (u8, u8)| {
                    Date::new(year, Some(month), Some(day)).or_else(|| Date::new(year, Some(month), None).map(Date::last_day))
                };
                Some((day(begins, from)?, day(if crosses { begins + 1 } else { begins }, until)?))
            }
        }
    }
}

/// Where a measure stands for a subject, before any explanation.
pub(crate) struct Standing<'m> {
    /// Whether the subject is in the measure's region.
    reached: bool,
    verdict: Truth,
    /// Attestations that nobody has answered.
    open: Vec<(NodeId, &'m str)>,
    window: Option<(Date, Date)>,
    pub(crate) outcome: Outcome,
}

impl<'m> Standing<'m> {
    fn of(evaluation: &Evaluation<'_>, measure: &'m Measure, in_force: bool) -> Standing<'m> {
        let reached = measure.source.region.contains(evaluation.facts.region());
        let verdict = match reached {
            true if *measure.reads_twice.get_or_init(|| reads_twice(evaluation.plan, measure.verdict)) => cases::decided(evaluation, measure.verdict),
            true => evaluation.truth(measure.verdict),
            false => Truth::No,
        };
        Standing { reached, ..Standing::with(evaluation, measure, in_force, verdict) }
    }

    /// Where a measure stands whose verdict is known already.
    pub(crate) fn with(evaluation: &Evaluation<'_>, measure: &'m Measure, in_force: bool, verdict: Truth) -> Standing<'m> {
        let open: Vec<(NodeId, &str)> =
            measure.attestations.iter().filter(|(id, _)| evaluation.truth(*id) == Truth::Unknown).map(|(id, label)| (*id, label.as_str())).collect();
        let window = measure.window_for(evaluation.period, evaluation.on);
        let closed = window.is_some_and(|(from, until)| evaluation.on < from || evaluation.on > until);
        let outcome = match verdict {
            _ if !in_force => Outcome::NotInForce,
            Truth::No => Outcome::NotEligible,
            Truth::Error => Outcome::Error,
            _ if closed => Outcome::WindowClosed,
            Truth::Yes if measure.amount.is_some_and(|amount| matches!(evaluation.value(amount), Value::Fault(_))) => Outcome::Error,
            Truth::Yes => Outcome::Eligible,
            Truth::Unknown if !open.is_empty() && holds_once_attested(evaluation, measure, &open) => Outcome::NeedsReview,
            Truth::Unknown => Outcome::Unknown,
        };
        Standing { reached: true, verdict, open, window, outcome }
    }
}

/// Whether the conditions hold when the open attestations are all given one way.
fn holds_once_attested(evaluation: &Evaluation<'_>, measure: &Measure, open: &[(NodeId, &str)]) -> bool {
    [Truth::Yes, Truth::No].into_iter().any(|answer| {
        let assumed: Vec<(NodeId, Value)> = open.iter().map(|(id, _)| (*id, Value::Truth(answer))).collect();
        evaluation.assuming(&assumed, |evaluation| cases::decided(evaluation, measure.verdict)) == Truth::Yes
    })
}

struct Deciding<'a> {
    book: &'a Book,
    measure: &'a Measure,
    evaluation: &'a Evaluation<'a>,
    shown: &'a Shown,
}

impl Deciding<'_> {
    fn decision(&self, in_force: bool) -> Decision {
        let source = &self.measure.source;
        let evaluation = self.evaluation;
        let Standing { reached, verdict, open, window, outcome } = Standing::of(evaluation, self.measure, in_force);
        let mut conditions: Vec<ConditionResult> =
            source.when.iter().zip(&self.measure.conditions).map(|(condition, compiled)| self.condition(condition, compiled)).collect();
        if !reached {
            conditions.insert(0, self.out_of_region());
        }
        let amount = (verdict != Truth::No).then(|| self.amount()).flatten();
        let missing = if verdict == Truth::Unknown { missing::deciding(evaluation, self.measure, &open) } else { Vec::new() };
        Decision {
            measure: source.id.clone(),
            version: self.measure.version,
            name: source.name.clone(),
            period: evaluation.period,
            on: evaluation.on,
            outcome,
            verdict,
            amount,
            rate: self.measure.rate.map(|rate| shown_value(&evaluation.value(rate), &Type::Quantity { dimension: crate::Dimension::None, percent: true })),
            conditions,
            missing,
            attestations: self.labels(&open),
            basis: source.basis.clone(),
            exclusive: source.exclusive.clone(),
            pool: source.budget.as_ref().map(|budget| budget.pool.clone()),
            certainty: source.certainty,
            interpretation: source.interpretation.clone(),
            window,
        }
    }

    fn labels(&self, open: &[(NodeId, &str)]) -> Vec<Text> {
        fn find(conditions: &[Condition], label: &str) -> Option<Text> {
            conditions.iter().find_map(|condition| match &condition.test {
                Test::Attest(_) => (condition.label.zh == label).then(|| condition.label.clone()),
                Test::AnyOf(inner) | Test::AllOf(inner) | Test::NoneOf(inner) => find(inner, label),
                Test::Rule(_) => None,
            })
        }
        open.iter().filter_map(|(_, label)| find(&self.measure.source.when, label)).collect()
    }

    fn out_of_region(&self) -> ConditionResult {
        let (wanted, own) = (self.measure.source.region.path(), self.evaluation.facts.region().path());
        ConditionResult {
            label: text!("注册在{wanted}（现为{own}）", "registered in {wanted} (is in {own})"),
            clause: None,
            kind: ConditionKind::Attestation,
            verdict: Truth::No,
            rule: wanted,
            trace: Vec::new(),
            distance: None,
            facts: Vec::new(),
            children: Vec::new(),
        }
    }

    fn amount(&self) -> Option<Amount> {
        let Value::Number(range) = self.evaluation.value(self.measure.amount?) else { return None };
        let (low, high) = money_bounds(&range);
        Some(Amount { low, high, exact: high == Some(low) })
    }

    fn condition(&self, condition: &Condition, compiled: &Compiled) -> ConditionResult {
        let verdict = cases::decided(self.evaluation, compiled.node);
        let children =
            |inner: &[Condition]| inner.iter().zip(&compiled.children).map(|(condition, compiled)| self.condition(condition, compiled)).collect::<Vec<_>>();
        let (kind, rule, inner) = match &condition.test {
            Test::Rule(rule) => (ConditionKind::Rule, rule.text.clone(), Vec::new()),
            Test::Attest(who) => (ConditionKind::Attestation, who.clone(), Vec::new()),
            Test::AnyOf(inner) => (ConditionKind::AnyOf, String::new(), children(inner)),
            Test::AllOf(inner) => (ConditionKind::AllOf, String::new(), children(inner)),
            Test::NoneOf(inner) => (ConditionKind::NoneOf, String::new(), children(inner)),
        };
        ConditionResult {
            label: condition.label.clone(),
            clause: condition.clause.clone(),
            kind,
            verdict,
            rule,
            trace: compiled.atoms.iter().map(|atom| self.trace(atom)).collect(),
            distance: if verdict == Truth::No { self.distance(&compiled.atoms) } else { None },
            facts: if kind == ConditionKind::Rule { self.facts_used(compiled) } else { Vec::new() },
            children: inner,
        }
    }

    fn trace(&self, atom: &Atom) -> Trace {
        let (left, right) = (self.evaluation.value(atom.left), self.evaluation.value(atom.right));
        let printed = |expr| Text::new(print_rule(expr, Style::Zh, self.book.vocabulary()), english(expr, self.book));
        let (left_words, right_words) = atom.words.get_or_init(|| (printed(&atom.left_expr), printed(&atom.right_expr))).clone();
        let (_, cel, zh) = atom.op.spelling();
        let right_value = self.value_shown(atom.right, &right, &atom.right_kind);
        let remark = [&left, &right].into_iter().find_map(|value| match value {
            Value::Undefined(why) => Some(why.described()),
            Value::Fault(fault) => Some(fault.described()),
            _ => None,
        });
        Trace {
            left: left_words,
            left_value: self.value_shown(atom.left, &left, &atom.left_kind),
            operator: Text::new(zh, cel),
            right: if atom.right_expr.number().is_some() { right_value.clone() } else { right_words },
            right_value,
            verdict: self.evaluation.truth(atom.node),
            remark,
        }
    }

    /// How far the one failing numeric comparison of a condition is from holding.
    fn distance(&self, atoms: &[Atom]) -> Option<Distance> {
        let mut failing = atoms.iter().filter(|atom| self.evaluation.truth(atom.node) == Truth::No);
        let atom = failing.next()?;
        if failing.next().is_some() {
            return None;
        }
        let (Value::Number(left), Value::Number(right)) = (self.evaluation.value(atom.left), self.evaluation.value(atom.right)) else { return None };
        let by = match atom.op {
            Binary::GreaterEqual | Binary::Greater => right.low?.at.minus(left.high?.at)?,
            Binary::LessEqual | Binary::Less => left.low?.at.minus(right.high?.at)?,
            Binary::Equal => left.point()?.minus(right.point()?)?.abs(),
            _ => return None,
        };
        Some(Distance { by, shown: shown_distance(by, &atom.left_kind) })
    }

    /// The value of a node in words, as it was shown before.
    fn value_shown(&self, node: NodeId, value: &Value, kind: &Type) -> Text {
        let key = (self.evaluation.period, node);
        if let Some((_, text)) = self.shown.values.borrow().get(&key).filter(|(as_kind, _)| as_kind == kind) {
            return text.clone();
        }
        let text = shown_value(value, kind);
        self.shown.values.borrow_mut().insert(key, (kind.clone(), text.clone()));
        text
    }

    fn facts_used(&self, compiled: &Compiled) -> Vec<FactUsed> {
        let is_leaf = |id: &NodeId| matches!(self.book.plan.op(*id), Op::Fact { .. } | Op::RegionFact { .. });
        let leaves = compiled.leaves.get_or_init(|| self.book.plan.below(&[compiled.node]).into_iter().filter(is_leaf).collect());
        leaves.iter().filter_map(|&id| self.fact_used(id)).collect()
    }

    fn fact_used(&self, id: NodeId) -> Option<FactUsed> {
        let key = (self.evaluation.period, id);
        if let Some(used) = self.shown.facts.borrow().get(&key) {
            return Some(used.clone());
        }
        let leaf = self.evaluation.leaf(id)?;
        let is_growth = leaf.name.starts_with("growth(");
        let kind = kind_of_fact(leaf.def, is_growth);
        let used = FactUsed {
            key: leaf.name.to_string(),
            name: leaf_name(leaf.def.text(), leaf.region.map(|(level, _)| level), is_growth),
            period: leaf.period,
            value: leaf.known.map(|known| shown_value(&crate::evaluate::known_value(leaf.def, Some(known), is_growth), &kind)),
            source: leaf.known.map(|known| known.source.clone()),
        };
        self.shown.facts.borrow_mut().insert(key, used.clone());
        Some(used)
    }
}

/// The least and the greatest amount of Fen in a range; nothing is ever paid below zero.
pub(crate) fn money_bounds(range: &crate::range::Range) -> (Fen, Option<Fen>) {
    let fen = |number: Fraction| i64::try_from(number.rounded(crate::RoundingMode::HalfUp)).ok().map(Fen);
    let low = range.low.and_then(|low| fen(low.at)).unwrap_or(Fen::ZERO).max(Fen::ZERO);
    (low, range.high.and_then(|high| fen(high.at)).map(|high| high.max(Fen::ZERO)))
}

/// The English reading of a rule: names of facts for people, operators of CEL.
fn english(expr: &crate::Expr, book: &Book) -> String {
    match &expr.kind {
        crate::ExprKind::Name(name) => book.vocabulary().fact(name).map_or_else(|| name.clone(), |fact| fact.en.clone()),
        _ => print_rule(expr, Style::Cel, book.vocabulary()),
    }
}

/// 全市平均…: the name of a fact with the region and the growth it is about.
pub(crate) fn leaf_name(name: Text, region: Option<RegionWord>, is_growth: bool) -> Text {
    let name = if is_growth { Text::new(format!("{}增幅", name.zh), format!("growth of {}", name.en)) } else { name };
    match region {
        Some(level) => Text::new(format!("{}{}", level.chinese(), name.zh), format!("{} {}", level.cel(), name.en)),
        None => name,
    }
}
