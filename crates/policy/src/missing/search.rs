//! The search for a smallest set of facts that settles a verdict. What every test comes to in every case
//! of every unknown fact is written into a table once; the sets are then tried on the table alone.

use super::needed::Needed;
use super::unknowns::{Unknown, unknowns};
use crate::Truth;
use crate::cases;
use crate::evaluate::Evaluation;
use crate::plan::{NodeId, Op};
use crate::sieve::reads_twice;
use crate::value::Value;
use std::collections::BTreeSet;

/// Cases tried for one set of facts, and sets tried, at most.
const MAX_CASES: usize = 512;
const MAX_SETS: usize = 200;

pub(super) struct Search<'s, 'a> {
    evaluation: &'s Evaluation<'a>,
    verdict: NodeId,
    unknowns: Vec<Unknown>,
    /// Absent where what a test comes to does not follow from one unknown at a time.
    table: Option<Table>,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(evaluation: &'s Evaluation<'a>, verdict: NodeId) -> Search<'s, 'a> {
        let (tests, unknowns) = unknowns(evaluation, verdict);
        let table = are_apart(evaluation, &tests).then(|| Table::new(evaluation, verdict, &tests, &unknowns));
        Search { evaluation, verdict, unknowns, table }
    }

    /// The same without a table.
    #[cfg(test)]
    pub(super) fn by_evaluation(evaluation: &'s Evaluation<'a>, verdict: NodeId) -> Search<'s, 'a> {
        Search { table: None, ..Search::new(evaluation, verdict) }
    }

    pub(super) fn smallest(&self) -> Vec<NodeId> {
        let all: Vec<NodeId> = self.unknowns.iter().flat_map(|unknown| unknown.leaves.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut tried = 0;
        for size in 1..all.len() {
            let mut found = None;
            for_each_subset(&all, size, &mut |subset| {
                tried += 1;
                if self.settles(subset) {
                    found = Some(subset.to_vec());
                }
                found.is_none() && tried < MAX_SETS
            });
            if let Some(found) = found {
                return found;
            }
            if tried >= MAX_SETS {
                return self.without_idle(all);
            }
        }
        all
    }

    /// Leaves out every fact that the rest settles without.
    fn without_idle(&self, mut all: Vec<NodeId>) -> Vec<NodeId> {
        let mut at = 0;
        while at < all.len() {
            let mut fewer = all.clone();
            fewer.remove(at);
            if self.settles(&fewer) {
                all = fewer;
            } else {
                at += 1;
            }
        }
        all
    }

    /// Whether the verdict is decided whatever values these facts have.
    fn settles(&self, leaves: &[NodeId]) -> bool {
        let is_known = |unknown: &Unknown| unknown.leaves.iter().all(|leaf| leaves.contains(leaf));
        let known: Vec<usize> = (0..self.unknowns.len()).filter(|&at| is_known(&self.unknowns[at])).collect();
        if known.is_empty() || known.iter().map(|&at| self.unknowns[at].cases.len()).product::<usize>() > MAX_CASES {
            return false;
        }
        match &self.table {
            Some(table) => table.settled(&known, &mut table.open()),
            None => self.every_case(&known, &mut Vec::new()),
        }
    }

    fn every_case(&self, rest: &[usize], chosen: &mut Vec<(NodeId, Value)>) -> bool {
        let truth = self.evaluation.assuming(chosen, |evaluation| evaluation.truth(self.verdict));
        let Some((&first, rest)) = rest.split_first() else { return truth.is_decided() };
        let first = &self.unknowns[first];
        // A verdict that is decided already stays so in every further case.
        truth.is_decided()
            || first.cases.iter().all(|case| {
                chosen.push((first.node, case.clone()));
                let holds = self.every_case(rest, chosen);
                chosen.pop();
                holds
            })
    }

    /// The values of a fact that leave the measure able to hold.
    pub(super) fn needed(&self, leaf: NodeId) -> Option<Needed> {
        let at = self.unknowns.iter().position(|unknown| unknown.node == leaf)?;
        let cases = &self.unknowns[at].cases;
        let fitting: Vec<&Value> = cases.iter().enumerate().filter(|(case, value)| self.may_hold(at, *case, value)).map(|(_, value)| value).collect();
        if fitting.is_empty() || fitting.len() == cases.len() {
            return None;
        }
        Needed::of(&fitting, &self.evaluation.value(leaf))
    }

    fn may_hold(&self, unknown: usize, case: usize, value: &Value) -> bool {
        if let Some(table) = &self.table {
            let truth = table.verdict_in(unknown, case);
            if truth != Truth::Unknown || !reads_twice(self.evaluation.plan, self.verdict) {
                return truth != Truth::No;
            }
        }
        let assumed = [(self.unknowns[unknown].node, value.clone())];
        self.evaluation.assuming(&assumed, |evaluation| cases::decided(evaluation, self.verdict)) != Truth::No
    }
}

/// Whether every test follows from one unknown at a time: it rests on two facts at most (with both known
/// it is an unknown of its own) and on no other test.
fn are_apart(evaluation: &Evaluation<'_>, tests: &[(NodeId, Vec<NodeId>)]) -> bool {
    let reads = |(test, leaves): &(NodeId, Vec<NodeId>), (other, below): &(NodeId, Vec<NodeId>)| {
        other < test && below[..] != [*other] && below.iter().all(|leaf| leaves.contains(leaf)) && evaluation.plan.below(&[*test]).contains(other)
    };
    tests.iter().all(|test| test.1.len() <= 2 && !tests.iter().any(|other| reads(test, other)))
}

/// A verdict made of tests.
enum Gate {
    Settled(Truth),
    Test(usize),
    All(Vec<Gate>),
    Any(Vec<Gate>),
    Not(Box<Gate>),
}

impl Gate {
    fn new(evaluation: &Evaluation<'_>, id: NodeId, tests: &[(NodeId, Vec<NodeId>)]) -> Gate {
        let truth = evaluation.truth(id);
        if truth != Truth::Unknown {
            return Gate::Settled(truth);
        }
        let parts = |ids: &[NodeId]| ids.iter().map(|&part| Gate::new(evaluation, part, tests)).collect();
        match evaluation.plan.op(id) {
            Op::And(all) => Gate::All(parts(all)),
            Op::Or(all) => Gate::Any(parts(all)),
            Op::Not(inner) => Gate::Not(Box::new(Gate::new(evaluation, *inner, tests))),
            _ => Gate::Test(tests.iter().position(|(test, _)| *test == id).expect("BUG: an unknown test was not collected")),
        }
    }

    fn truth(&self, tests: &[Truth]) -> Truth {
        match self {
            Gate::Settled(truth) => *truth,
            Gate::Test(at) => tests[*at],
            Gate::All(parts) => parts.iter().fold(Truth::Yes, |so_far, part| so_far.and(part.truth(tests))),
            Gate::Any(parts) => parts.iter().fold(Truth::No, |so_far, part| so_far.or(part.truth(tests))),
            Gate::Not(inner) => inner.truth(tests).negated(),
        }
    }
}

/// What tests come to when unknowns are known to be in one of their cases each.
struct Table {
    verdict: Gate,
    tests: usize,
    /// By unknown and case: the tests that it decides.
    decided: Vec<Vec<Vec<(usize, Truth)>>>,
    /// Tests of two facts that are unknowns by themselves, too.
    joint: Vec<Joint>,
}

/// A test of two unknowns with what it comes to by the case of the first and of the second.
struct Joint {
    test: usize,
    pair: [usize; 2],
    truths: Vec<Vec<Truth>>,
}

/// What is supposed so far: the tests, and the case of each unknown.
struct Supposed {
    tests: Vec<Truth>,
    cases: Vec<Option<usize>>,
}

impl Table {
    fn new(evaluation: &Evaluation<'_>, verdict: NodeId, tests: &[(NodeId, Vec<NodeId>)], unknowns: &[Unknown]) -> Table {
        // Unknowns are in the order of their nodes, so that a test that is known itself comes after its facts.
        let reading = |unknown: &Unknown| -> Vec<usize> {
            let reads = |(test, leaves): &(NodeId, Vec<NodeId>)| *test == unknown.node || leaves.contains(&unknown.node);
            (0..tests.len()).filter(|&at| reads(&tests[at])).collect()
        };
        let in_case = |unknown: &Unknown, readers: &[usize], case: &Value| -> Vec<(usize, Truth)> {
            evaluation.assuming(&[(unknown.node, case.clone())], |evaluation| {
                let told = readers.iter().map(|&test| (test, evaluation.truth(tests[test].0)));
                told.filter(|(_, truth)| *truth != Truth::Unknown).collect()
            })
        };
        let rows = |unknown: &Unknown| {
            let readers = reading(unknown);
            unknown.cases.iter().map(|case| in_case(unknown, &readers, case)).collect()
        };
        let joint = tests.iter().enumerate().filter_map(|(at, test)| Joint::new(evaluation, at, test, unknowns));
        Table { verdict: Gate::new(evaluation, verdict, tests), tests: tests.len(), decided: unknowns.iter().map(rows).collect(), joint: joint.collect() }
    }

    fn open_tests(&self) -> Vec<Truth> {
        vec![Truth::Unknown; self.tests]
    }

    fn open(&self) -> Supposed {
        Supposed { tests: self.open_tests(), cases: vec![None; self.decided.len()] }
    }

    /// The verdict when one unknown is in a case and nothing else is known.
    fn verdict_in(&self, unknown: usize, case: usize) -> Truth {
        let mut tests = self.open_tests();
        self.decided[unknown][case].iter().for_each(|&(test, truth)| tests[test] = truth);
        self.verdict.truth(&tests)
    }

    /// Whether the verdict is decided in every case of the unknowns in `rest`.
    fn settled(&self, rest: &[usize], supposed: &mut Supposed) -> bool {
        let truth = self.verdict.truth(&supposed.tests);
        let Some((&first, rest)) = rest.split_first() else { return truth.is_decided() };
        truth.is_decided()
            || (0..self.decided[first].len()).all(|case| {
                let before = self.suppose(first, case, supposed);
                let holds = self.settled(rest, supposed);
                supposed.cases[first] = None;
                before.into_iter().rev().for_each(|(test, truth)| supposed.tests[test] = truth);
                holds
            })
    }

    /// Supposes an unknown to be in a case, and returns the tests that this changed as they were.
    fn suppose(&self, unknown: usize, case: usize, supposed: &mut Supposed) -> Vec<(usize, Truth)> {
        supposed.cases[unknown] = Some(case);
        let alone = self.decided[unknown][case].iter().copied();
        let both = self.joint.iter().filter(|joint| joint.pair.contains(&unknown)).filter_map(|joint| Some((joint.test, joint.truth(&supposed.cases)?)));
        let told: Vec<(usize, Truth)> = alone.chain(both).collect();
        told.into_iter().map(|(test, truth)| (test, std::mem::replace(&mut supposed.tests[test], truth))).collect()
    }
}

impl Joint {
    fn new(evaluation: &Evaluation<'_>, at: usize, (test, leaves): &(NodeId, Vec<NodeId>), unknowns: &[Unknown]) -> Option<Joint> {
        let [first, second] = leaves[..] else { return None };
        let place = |leaf: NodeId| unknowns.iter().position(|unknown| unknown.node == leaf);
        let pair = [place(first)?, place(second)?];
        let [firsts, seconds] = pair.map(|place| &unknowns[place].cases);
        let truth = |a: &Value, b: &Value| evaluation.assuming(&[(first, a.clone()), (second, b.clone())], |evaluation| evaluation.truth(*test));
        Some(Joint { test: at, pair, truths: firsts.iter().map(|a| seconds.iter().map(|b| truth(a, b)).collect()).collect() })
    }

    /// What the test comes to, where both of its facts are supposed and that decides it.
    fn truth(&self, cases: &[Option<usize>]) -> Option<Truth> {
        let [first, second] = self.pair.map(|unknown| cases[unknown]);
        Some(self.truths[first?][second?]).filter(|truth| *truth != Truth::Unknown)
    }
}

/// Calls `each` with every subset of `size`, until it says stop.
fn for_each_subset(all: &[NodeId], size: usize, each: &mut dyn FnMut(&[NodeId]) -> bool) {
    fn extend(all: &[NodeId], size: usize, chosen: &mut Vec<NodeId>, each: &mut dyn FnMut(&[NodeId]) -> bool) -> bool {
        if chosen.len() == size {
            return each(chosen);
        }
        for (at, &next) in all.iter().enumerate() {
            chosen.push(next);
            let go_on = extend(&all[at + 1..], size, chosen, each);
            chosen.pop();
            if !go_on {
                return false;
            }
        }
        true
    }
    extend(all, size, &mut Vec::new(), each);
}
