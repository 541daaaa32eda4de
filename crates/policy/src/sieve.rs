//! The measures of a book as tests on rank codes: every number that conditions compare with a fixed
//! bound is an operand with its sorted cuts, every condition a test of its code, every measure a
//! conjunction of tests. `or` is the opposite of the conjunction of opposites. It knows no subject.

use crate::book::Book;
use crate::cuts::{Cut, Cuts};
use crate::dossier::Readers;
use crate::period::Period;
use crate::plan::{NodeId, Op, Plan};
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts};
use duijie_vocab::{Date, RegionCode};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

mod building;

use building::{Building, Chosen, Order};

/// A number that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Number {
    Node(NodeId),
    /// The first less the second: two numbers compared with one another.
    Difference(NodeId, NodeId),
}

/// A number in a period, with up to [`MAX_CUTS`] of its cuts.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) number: Number,
    pub(crate) period: Period,
    pub(crate) cuts: Cuts,
}

/// Whether the code of an operand counts at least `bound` cuts, or below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) operand: u32,
    pub(crate) bound: u8,
    pub(crate) below: bool,
}

/// A condition that is not a comparison of a number with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Asked {
    Node(NodeId, Period),
    /// Whether the subject is in a region.
    Within(RegionCode),
}

/// A conjunction: tests, asked conditions and other gates, some of them turned into their opposite.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gate {
    /// Tests for at least a bound, then tests for below one.
    pub(crate) at_least: Vec<Test>,
    pub(crate) below: Vec<Test>,
    pub(crate) asked: Vec<(u32, bool)>,
    pub(crate) gates: Vec<(u32, bool)>,
}

/// A measure as a gate.
#[derive(Clone, Debug)]
pub(crate) struct Sifted {
    /// Its place in the book, and whether it is in force for the period.
    pub(crate) place: usize,
    pub(crate) in_force: bool,
    /// The region of its newest version: subjects elsewhere are not told of it.
    pub(crate) reach: RegionCode,
    pub(crate) period: Period,
    pub(crate) gate: u32,
    /// Whether reasoning by cases may decide what plain logic leaves unknown.
    pub(crate) may_split: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    pub(crate) on: Date,
    pub(crate) operands: Vec<Operand>,
    pub(crate) asked: Vec<Asked>,
    /// A gate only refers to gates before it.
    pub(crate) gates: Vec<Gate>,
    /// How many gates refer to each.
    pub(crate) shared: Vec<u32>,
    pub(crate) measures: Vec<Sifted>,
    /// What reads each fact, once somebody has changed one.
    pub(crate) readers: OnceLock<HashMap<(Arc<str>, Period), Readers>>,
}

impl Sieve {
    /// The measures with these ids, each in the version in force for the period that a day decides, else the newest.
    pub(crate) fn new<'i>(book: &Book, ids: impl Iterator<Item = &'i str>, on: Date) -> Sieve {
        Sieve::over(book, &ids.filter_map(|id| Chosen::of(book, id, on)).collect::<Vec<_>>(), on)
    }

    /// The same, each about a period of its own.
    pub(crate) fn about(book: &Book, measures: &[(&str, Period)], on: Date) -> Sieve {
        Sieve::over(book, &measures.iter().filter_map(|(id, period)| Chosen::about(book, id, *period, on)).collect::<Vec<_>>(), on)
    }

    fn over(book: &Book, chosen: &[Chosen], on: Date) -> Sieve {
        let mut building = Building::new(book, on);
        building.collect_cuts(chosen);
        chosen.iter().for_each(|chosen| building.measure(chosen, &[book.at(chosen.place).verdict]));
        building.sieve.count_references();
        building.sieve
    }

    /// The fixed bound of a condition of a measure, if it is a comparison of a number with one.
    pub(crate) fn bound(book: &Book, id: &str, condition: usize, on: Date) -> Option<Fraction> {
        let chosen = Chosen::of(book, id, on)?;
        let node = book.at(chosen.place).conditions.get(condition)?.node;
        Building::new(book, on).compared(node, chosen.period).map(|compared| compared.at)
    }

    /// A measure without one of its conditions, whose number is the last operand with the thresholds
    /// (sorted, at most [`MAX_CUTS`]) as its cuts; and whether numbers pass below them. Nothing when the
    /// condition is not an order of a number and a fixed bound.
    pub(crate) fn with_thresholds(book: &Book, id: &str, condition: usize, thresholds: &[Fraction], on: Date) -> Option<(Sieve, bool)> {
        let chosen = Chosen::of(book, id, on)?;
        let measure = book.at(chosen.place);
        let mut building = Building::new(book, on);
        let compared = building.compared(measure.conditions.get(condition)?.node, chosen.period)?;
        let (below, strict) = match compared.comparison {
            Order::Equal => return None,
            Order::AtLeast => (false, false),
            Order::Above => (false, true),
            Order::Below => (true, false),
            Order::AtMost => (true, true),
        };
        building.collect_cuts(std::slice::from_ref(&chosen));
        let rest: Vec<NodeId> = measure.conditions.iter().enumerate().filter(|(at, _)| *at != condition).map(|(_, compiled)| compiled.node).collect();
        building.measure(&chosen, &rest);
        let cuts = Cuts(thresholds.iter().map(|&at| Cut { at, strict }).collect());
        let mut sieve = building.sieve;
        sieve.measures.iter_mut().for_each(|sifted| sifted.may_split = false);
        sieve.operands.push(Operand { number: compared.number, period: chosen.period, cuts });
        sieve.count_references();
        Some((sieve, below))
    }

    /// How many gates stand on one another at most.
    pub(crate) fn depth(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.gates.len());
        for gate in &self.gates {
            depths.push(1 + gate.gates.iter().map(|(inner, _)| depths[*inner as usize]).max().unwrap_or(0));
        }
        depths.into_iter().max().unwrap_or(0)
    }

    fn count_references(&mut self) {
        self.shared = vec![0; self.gates.len()];
        for (gate, _) in self.gates.iter().flat_map(|gate| &gate.gates) {
            self.shared[*gate as usize] += 1;
        }
    }
}

/// The number that a node has for every subject in a period; nothing when it reads facts or has none.
pub(crate) fn fixed(book: &Book, node: NodeId, period: Period, on: Date) -> Option<Fraction> {
    let plan = &book.plan;
    if let Op::Constant(crate::plan::Constant::Number(value)) = plan.op(node) {
        return Some(*value);
    }
    if matches!(plan.op(node), Op::Fact { .. })
        || plan.below(&[node]).into_iter().any(|id| matches!(plan.op(id), Op::Fact { .. } | Op::RegionFact { .. } | Op::Attested(_)))
    {
        return None;
    }
    let (nobody, regions) = (Facts::new(RegionCode::NATION), RegionFacts::new());
    match book.evaluation(&nobody, &regions, period, on).value(node) {
        Value::Number(range) => range.point(),
        _ => None,
    }
}

/// Whether two comparisons below a node read the same value.
pub(crate) fn reads_twice(plan: &Plan, node: NodeId) -> bool {
    let mut seen = HashSet::new();
    let mut leaf_truths = HashSet::new();
    plan.below(&[node]).into_iter().any(|id| match plan.op(id) {
        Op::Compare { left, right, .. } => [*left, *right].into_iter().filter(|&side| !is_constant(plan, side)).any(|side| !seen.insert(side)),
        op @ (Op::And(_) | Op::Or(_) | Op::Not(_) | Op::If { .. }) => op
            .inputs()
            .into_iter()
            .filter(|&input| {
                matches!(
                    plan.op(input),
                    Op::Fact { .. } | Op::SameWord(..) | Op::Among { .. } | Op::Begins { .. } | Op::ContainsAny { .. } | Op::ContainsAll { .. }
                )
            })
            .any(|input| !leaf_truths.insert(input)),
        _ => false,
    })
}

/// Whether a node reads nothing but constants.
fn is_constant(plan: &Plan, node: NodeId) -> bool {
    match plan.op(node) {
        Op::Constant(_) | Op::Today | Op::PeriodDay { .. } => true,
        op => {
            !op.inputs().is_empty()
                && plan
                    .below(&[node])
                    .into_iter()
                    .all(|id| matches!(plan.op(id), Op::Constant(_) | Op::Today | Op::PeriodDay { .. }) || !plan.op(id).inputs().is_empty())
        }
    }
}
