//! Decisions of one subject with all their reasons, as structure: what every condition comes to, how far
//! it is from holding, the facts it rests on, and the facts that are missing. It borrows from the
//! compiled measures and from values that measures share; words are made only when they are wanted.

use crate::book::{Book, Compiled, Measure};
use crate::cases;
use crate::decide::{Shown, Standing, Wording, money_bounds};
use crate::decision::{Amount, ConditionResult, Decision, Missing, Outcome};
use crate::evaluate::Evaluation;
use crate::lower::Atom;
use crate::measure::{Condition, Test};
use crate::missing::{self, MissingFact, Tests};
use crate::period::Period;
use crate::plan::{NodeId, Op, Plan};
use crate::syntax::Binary;
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts, Truth};
use duijie_vocab::Date;
use rayon::prelude::*;

/// What a condition comes to. The conditions of a group follow it.
#[derive(Clone)]
pub struct Judged<'a> {
    pub condition: &'a Condition,
    pub verdict: Truth,
    /// How far its one failing comparison is from holding, in the base of the dimension.
    pub short_by: Option<Fraction>,
    pub(crate) compiled: &'a Compiled,
    /// The facts it reads.
    pub(crate) leaves: &'a [NodeId],
}

/// A decision with its reasons, without words.
pub struct Explanation<'a> {
    pub measure: &'a Measure,
    pub outcome: Outcome,
    /// Whether the conditions hold, whatever the dates and the budget say.
    pub verdict: Truth,
    pub amount: Option<Amount>,
    /// Every condition, a group before those in it.
    pub conditions: Vec<Judged<'a>>,
    /// A smallest set of missing facts that would decide.
    pub missing: Vec<MissingFact<'a>>,
    /// The missing facts that the amount rests on, where the conditions hold.
    pub amount_missing: Vec<MissingFact<'a>>,
    pub(crate) rate: Option<Value>,
    pub(crate) standing: Standing<'a>,
}

/// What measures of one period are decided on, shared between them.
pub(crate) struct Grounds<'a> {
    pub(crate) book: &'a Book,
    pub(crate) evaluation: Evaluation<'a>,
    pub(crate) shown: Shown,
    tests: Tests<'a>,
}

/// Every measure of a book for one subject.
pub struct Explained<'a> {
    parts: Vec<Part<'a>>,
}

/// Measures that one thread explained: each with the place of its grounds.
#[derive(Default)]
struct Part<'a> {
    grounds: Vec<Grounds<'a>>,
    explanations: Vec<(usize, Explanation<'a>)>,
}

/// The fewest measures that are worth a thread.
const MEASURES_TOGETHER: usize = 128;

impl Book {
    /// Decides every measure whose region contains the subject, each for its own period, with all reasons
    /// and without words.
    pub fn explain_all<'a>(&'a self, facts: &'a Facts, regions: &'a RegionFacts, on: Date) -> Explained<'a> {
        let on = on.first_day();
        let reached: Vec<&[usize]> = self.all_versions().filter(|versions| self.newest_of(versions).source.region.contains(facts.region())).collect();
        let together = reached.len().div_ceil(rayon::current_num_threads()).max(MEASURES_TOGETHER);
        let explain = |versions: &[&'a [usize]]| {
            let mut part = Part::default();
            versions.iter().for_each(|versions| part.explain(self, versions, facts, regions, on));
            part
        };
        Explained { parts: reached.par_chunks(together).map(explain).collect() }
    }
}

impl<'a> Part<'a> {
    fn explain(&mut self, book: &'a Book, versions: &[usize], facts: &'a Facts, regions: &'a RegionFacts, on: Date) {
        let newest = book.newest_of(versions);
        let period = newest.default_period(on);
        let version = book.place_among(versions, period, on).map(|place| book.at(place));
        let grounds = self.grounds.iter().position(|grounds| grounds.evaluation.period == period).unwrap_or_else(|| {
            self.grounds.push(Grounds::new(book, facts, regions, period, on));
            self.grounds.len() - 1
        });
        let explanation = self.grounds[grounds].explain(version.unwrap_or(newest), version.is_some());
        self.explanations.push((grounds, explanation));
    }

    fn decisions(&self) -> impl Iterator<Item = Decision> {
        self.explanations.iter().map(|(grounds, explanation)| self.grounds[*grounds].decision(explanation))
    }

    fn of(&self, measure: &str) -> Option<(&Grounds<'a>, &Explanation<'a>)> {
        let (grounds, explanation) = self.explanations.iter().find(|(_, explanation)| explanation.measure.id() == measure)?;
        Some((&self.grounds[*grounds], explanation))
    }
}

impl<'a> Explained<'a> {
    /// The explanations in the order of the ids of their measures.
    pub fn iter(&self) -> impl Iterator<Item = &Explanation<'a>> {
        self.parts.iter().flat_map(|part| part.explanations.iter().map(|(_, explanation)| explanation))
    }

    /// The decision of one measure in words; nothing for one that is not among them.
    pub fn decision(&self, measure: &str) -> Option<Decision> {
        self.parts.iter().find_map(|part| part.of(measure)).map(|(grounds, explanation)| grounds.decision(explanation))
    }

    /// One condition of a measure in words, by its place among those at the top.
    pub fn condition(&self, measure: &str, place: usize) -> Option<ConditionResult> {
        let (grounds, explanation) = self.parts.iter().find_map(|part| part.of(measure))?;
        let mut rest = explanation.conditions.as_slice();
        for _ in 0..place {
            rest = &rest[rest.first()?.size()..];
        }
        (!rest.is_empty()).then(|| grounds.wording(explanation).condition(&mut rest.iter()))
    }

    /// The missing facts of a measure in words.
    pub fn missing(&self, measure: &str) -> Vec<Missing> {
        let found = self.parts.iter().find_map(|part| part.of(measure));
        found.map(|(_, explanation)| explanation.missing.iter().map(MissingFact::shown).collect()).unwrap_or_default()
    }

    /// All decisions in words.
    pub fn into_decisions(self) -> Vec<Decision> {
        self.parts.into_par_iter().flat_map_iter(|part| part.decisions().collect::<Vec<_>>()).collect()
    }
}

impl<'a> Grounds<'a> {
    pub(crate) fn new(book: &'a Book, facts: &'a Facts, regions: &'a RegionFacts, period: Period, on: Date) -> Grounds<'a> {
        Grounds { book, evaluation: book.evaluation(facts, regions, period, on), shown: Shown::default(), tests: Tests::default() }
    }

    pub(crate) fn explain(&self, measure: &'a Measure, in_force: bool) -> Explanation<'a> {
        let evaluation = &self.evaluation;
        let standing = Standing::of(evaluation, measure, in_force);
        let verdict = standing.verdict;
        let mut conditions = Vec::with_capacity(measure.conditions.len() + 2);
        self.judge(&measure.source.when, &measure.conditions, &mut conditions);
        Explanation {
            measure,
            outcome: standing.outcome,
            verdict,
            amount: if verdict == Truth::No { None } else { amount(evaluation, measure) },
            conditions,
            missing: if verdict == Truth::Unknown { missing::deciding(evaluation, &self.tests, measure, &standing.open) } else { Vec::new() },
            amount_missing: match (verdict, standing.outcome, measure.amount) {
                (Truth::Yes, _, Some(amount)) | (_, Outcome::NeedsReview, Some(amount)) => missing::below(evaluation, amount),
                _ => Vec::new(),
            },
            rate: measure.rate.map(|rate| evaluation.value(rate)),
            standing,
        }
    }

    fn judge(&self, conditions: &'a [Condition], compiled: &'a [Compiled], judged: &mut Vec<Judged<'a>>) {
        for (condition, compiled) in conditions.iter().zip(compiled) {
            let verdict = compiled.verdict(&self.evaluation);
            let short_by = if verdict == Truth::No { short_by(&self.evaluation, &compiled.atoms) } else { None };
            let leaves = if matches!(condition.test, Test::Rule(_)) { compiled.leaves(self.evaluation.plan) } else { &[] };
            judged.push(Judged { condition, verdict, short_by, compiled, leaves });
            self.judge(condition.test.parts(), &compiled.children, judged);
        }
    }

    pub(crate) fn decision(&self, explanation: &Explanation<'a>) -> Decision {
        self.wording(explanation).decision()
    }

    fn wording<'w>(&'w self, explanation: &'w Explanation<'a>) -> Wording<'w, 'a> {
        Wording { grounds: self, explanation }
    }
}

impl Judged<'_> {
    /// How many entries it and the conditions in it take.
    fn size(&self) -> usize {
        fn of(condition: &Condition) -> usize {
            1 + condition.test.parts().iter().map(of).sum::<usize>()
        }
        of(self.condition)
    }
}

impl Compiled {
    /// What the condition comes to, by cases where plain logic leaves it unknown.
    fn verdict(&self, evaluation: &Evaluation<'_>) -> Truth {
        match evaluation.truth(self.node) {
            Truth::Unknown if *self.reads_twice.get_or_init(|| crate::sieve::reads_twice(evaluation.plan, self.node)) => cases::decided(evaluation, self.node),
            truth => truth,
        }
    }

    fn leaves(&self, plan: &Plan) -> &[NodeId] {
        let is_leaf = |id: &NodeId| matches!(plan.op(*id), Op::Fact { .. } | Op::RegionFact { .. });
        self.leaves.get_or_init(|| plan.below(&[self.node]).into_iter().filter(is_leaf).collect())
    }
}

pub(crate) fn amount(evaluation: &Evaluation<'_>, measure: &Measure) -> Option<Amount> {
    let Value::Number(range) = evaluation.value(measure.amount?) else { return None };
    let (low, high) = money_bounds(&range);
    Some(Amount { low, high, exact: high == Some(low) })
}

/// How far the one failing numeric comparison of a condition is from holding.
fn short_by(evaluation: &Evaluation<'_>, atoms: &[Atom]) -> Option<Fraction> {
    let atom = failing(evaluation, atoms)?;
    let (Value::Number(left), Value::Number(right)) = (evaluation.value(atom.left), evaluation.value(atom.right)) else { return None };
    match atom.op {
        Binary::GreaterEqual | Binary::Greater => right.low?.at.minus(left.high?.at),
        Binary::LessEqual | Binary::Less => left.low?.at.minus(right.high?.at),
        Binary::Equal => left.point()?.minus(right.point()?).map(Fraction::abs),
        _ => None,
    }
}

/// The one comparison that fails; nothing when there are none or several.
pub(crate) fn failing<'m>(evaluation: &Evaluation<'_>, atoms: &'m [Atom]) -> Option<&'m Atom> {
    let mut failing = atoms.iter().filter(|atom| evaluation.truth(atom.node) == Truth::No);
    let atom = failing.next()?;
    failing.next().is_none().then_some(atom)
}
