//! Deciding one measure for one subject, and the decision in words.

use crate::book::{Book, Measure};
use crate::decision::{Amount, ConditionKind, ConditionResult, Decision, Distance, FactUsed, Outcome, Trace};
use crate::evaluate::Evaluation;
use crate::explain::{Explanation, Grounds, Judged, amount, failing};
use crate::lower::{Atom, Type};
use crate::measure::{Condition, Test, Window};
use crate::missing::MissingFact;
use crate::period::Period;
use crate::plan::NodeId;
use crate::print::{Style, print_rule};
use crate::shown::{kind_of_fact, shown_distance, shown_value};
use crate::sieve::reads_twice;
use crate::syntax::RegionWord;
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts, Truth, cases};
use duijie_vocab::{Date, Fen, Text, text};
use std::cell::RefCell;
use std::collections::HashMap;

impl Book {
    /// Decides a measure for a subject on a day. `period` is what is decided about; without it the
    /// period that may be claimed on the day. Nothing for an id that is not in the book.
    pub fn decide(&self, measure: &str, facts: &Facts, regions: &RegionFacts, on: Date, period: Option<Period>) -> Option<Decision> {
        let newest = self.measure(measure)?;
        let on = on.first_day();
        let period = period.unwrap_or_else(|| newest.default_period(on));
        let version = self.version_for(measure, period, on);
        let decided = version.unwrap_or(newest);
        let grounds = Grounds::new(self, facts, regions, period, on);
        Some(grounds.decision(&grounds.explain(decided, version.is_some())))
    }

    /// Whether the conditions of a measure hold for the period that a day decides, and what it pays, by the
    /// reference evaluator and without reasons. Nothing for an id that is not in the book.
    pub fn verdict(&self, measure: &str, facts: &Facts, regions: &RegionFacts, on: Date) -> Option<(Truth, Option<Amount>)> {
        let newest = self.measure(measure)?;
        let on = on.first_day();
        let period = newest.default_period(on);
        let version = self.version_for(measure, period, on);
        let evaluation = self.evaluation(facts, regions, period, on);
        let measure = version.unwrap_or(newest);
        Some((Standing::of(&evaluation, measure, version.is_some()).verdict, amount(&evaluation, measure)))
    }

    /// What a day alone says of a measure, whoever asks: [`Outcome::NotInForce`] or [`Outcome::WindowClosed`] for the
    /// period that the day decides; nothing where it can be claimed.
    pub fn closed_on(&self, measure: &str, on: Date) -> Option<Outcome> {
        let newest = self.measure(measure)?;
        let on = on.first_day();
        let period = newest.default_period(on);
        let Some(version) = self.version_for(measure, period, on) else { return Some(Outcome::NotInForce) };
        let window = version.window_for(period, on);
        window.is_some_and(|(from, until)| on < from || on > until).then_some(Outcome::WindowClosed)
    }

    /// The ids of the measures that read a fact, by its key: those to decide again when it changes.
    pub fn measures_reading(&self, key: &str) -> Vec<&str> {
        self.ids().filter(|id| self.versions(id).iter().any(|measure| self.facts_read(measure).iter().any(|fact| &*fact.key == key))).collect()
    }

    /// Decides every measure whose region contains the subject, each for its own period.
    pub fn decide_all(&self, facts: &Facts, regions: &RegionFacts, on: Date) -> Vec<Decision> {
        self.explain_all(facts, regions, on).into_decisions()
    }
}

/// Values and facts in words, once they were shown: many conditions show the same.
#[derive(Default)]
pub(crate) struct Shown {
    values: RefCell<HashMap<NodeId, (Type, Text)>>,
    facts: RefCell<HashMap<NodeId, FactUsed>>,
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
    pub(crate) verdict: Truth,
    /// Attestations that nobody has answered.
    pub(crate) open: Vec<(NodeId, &'m str)>,
    window: Option<(Date, Date)>,
    pub(crate) outcome: Outcome,
}

impl<'m> Standing<'m> {
    pub(crate) fn of(evaluation: &Evaluation<'_>, measure: &'m Measure, in_force: bool) -> Standing<'m> {
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

/// An explanation and what it rests on, to be put in words.
pub(crate) struct Wording<'w, 'a> {
    pub(crate) grounds: &'w Grounds<'a>,
    pub(crate) explanation: &'w Explanation<'a>,
}

impl<'a> Wording<'_, 'a> {
    pub(crate) fn decision(&self) -> Decision {
        let Explanation { measure, outcome, verdict, amount, ref standing, .. } = *self.explanation;
        let (source, evaluation) = (&measure.source, self.evaluation());
        let mut judged = self.explanation.conditions.iter();
        let mut conditions: Vec<ConditionResult> = source.when.iter().map(|_| self.condition(&mut judged)).collect();
        if !standing.reached {
            conditions.insert(0, self.out_of_region());
        }
        let percent = Type::Quantity { dimension: crate::Dimension::None, percent: true };
        Decision {
            measure: source.id.clone(),
            version: measure.version,
            name: source.name.clone(),
            period: evaluation.period,
            on: evaluation.on,
            outcome,
            verdict,
            amount,
            rate: self.explanation.rate.as_ref().map(|rate| shown_value(rate, &percent)),
            conditions,
            missing: self.explanation.missing.iter().map(MissingFact::shown).collect(),
            amount_missing: self.explanation.amount_missing.iter().map(MissingFact::shown).collect(),
            amount_remark: measure.amount.filter(|_| verdict == Truth::Yes).and_then(|amount| match evaluation.value(amount) {
                Value::Undefined(why) => Some(why.described()),
                _ => None,
            }),
            attestations: self.labels(&standing.open),
            basis: source.basis.clone(),
            exclusive: source.exclusive.clone(),
            shared_cap: source.shared_cap.clone(),
            pool: source.budget.as_ref().map(|budget| budget.pool.clone()),
            certainty: source.certainty,
            interpretation: source.interpretation.clone(),
            window: standing.window,
        }
    }

    fn evaluation(&self) -> &Evaluation<'a> {
        &self.grounds.evaluation
    }

    fn labels(&self, open: &[(NodeId, &str)]) -> Vec<Text> {
        fn find(conditions: &[Condition], label: &str) -> Option<Text> {
            conditions.iter().find_map(|condition| match &condition.test {
                Test::Attest(_) => (condition.label.zh == label).then(|| condition.label.clone()),
                test => find(test.parts(), label),
            })
        }
        open.iter().filter_map(|(_, label)| find(&self.explanation.measure.source.when, label)).collect()
    }

    fn out_of_region(&self) -> ConditionResult {
        let (wanted, own) = (self.explanation.measure.source.region.path(), self.evaluation().facts.region().path());
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

    /// The next condition with those in it; as many are taken as the measure has.
    pub(crate) fn condition<'j>(&self, judged: &mut impl Iterator<Item = &'j Judged<'a>>) -> ConditionResult
    where
        'a: 'j,
    {
        let Judged { condition, verdict, short_by, compiled, leaves } = judged.next().expect("BUG: a condition was not judged");
        let (kind, rule) = match &condition.test {
            Test::Rule(rule) => (ConditionKind::Rule, rule.text.clone()),
            Test::Attest(who) => (ConditionKind::Attestation, who.clone()),
            Test::AnyOf(_) => (ConditionKind::AnyOf, String::new()),
            Test::AllOf(_) => (ConditionKind::AllOf, String::new()),
            Test::NoneOf(_) => (ConditionKind::NoneOf, String::new()),
        };
        ConditionResult {
            label: condition.label.clone(),
            clause: condition.clause.clone(),
            kind,
            verdict: *verdict,
            rule,
            trace: compiled.atoms.iter().map(|atom| self.trace(atom)).collect(),
            distance: short_by
                .and_then(|by| failing(self.evaluation(), &compiled.atoms).map(|atom| Distance { by, shown: shown_distance(by, &atom.left_kind) })),
            facts: leaves.iter().filter_map(|&id| self.fact_used(id)).collect(),
            children: condition.test.parts().iter().map(|_| self.condition(judged)).collect(),
        }
    }

    fn trace(&self, atom: &Atom) -> Trace {
        let (left, right) = (self.evaluation().value(atom.left), self.evaluation().value(atom.right));
        let printed = |expr| Text::new(print_rule(expr, Style::Zh, self.grounds.book.vocabulary()), english(expr, self.grounds.book));
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
            verdict: self.evaluation().truth(atom.node),
            remark,
        }
    }

    /// The value of a node in words, as it was shown before.
    fn value_shown(&self, node: NodeId, value: &Value, kind: &Type) -> Text {
        if let Some((_, text)) = self.grounds.shown.values.borrow().get(&node).filter(|(as_kind, _)| as_kind == kind) {
            return text.clone();
        }
        let text = shown_value(value, kind);
        self.grounds.shown.values.borrow_mut().insert(node, (kind.clone(), text.clone()));
        text
    }

    fn fact_used(&self, id: NodeId) -> Option<FactUsed> {
        if let Some(used) = self.grounds.shown.facts.borrow().get(&id) {
            return Some(used.clone());
        }
        let leaf = self.evaluation().leaf(id)?;
        let is_growth = leaf.name.starts_with("growth(");
        let kind = kind_of_fact(leaf.def, is_growth);
        let used = FactUsed {
            key: leaf.name.to_string(),
            name: leaf_name(leaf.def.text(), leaf.region.map(|(level, _)| level), is_growth),
            period: leaf.period,
            value: leaf.known.map(|known| shown_value(&crate::evaluate::known_value(leaf.def, Some(known), is_growth), &kind)),
            source: leaf.known.map(|known| known.source.clone()),
        };
        self.grounds.shown.facts.borrow_mut().insert(id, used.clone());
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
