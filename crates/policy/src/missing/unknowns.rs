//! What is unknown below a verdict: tests that are open, and the facts they rest on with every value
//! that the tests can tell apart.

use crate::cases::cells;
use crate::evaluate::Evaluation;
use crate::plan::{NodeId, Op};
use crate::value::{Value, WordSet};
use crate::{FactKind, Fraction, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// Words of a list that are tried one by one, at most.
const MAX_WORDS: usize = 40;

/// Something unknown that the verdict rests on: a fact, or a test over several facts.
pub(super) struct Unknown {
    pub(super) node: NodeId,
    /// Every value it may turn out to have, as far as the verdict can tell them apart.
    pub(super) cases: Vec<Value>,
    /// The facts it rests on, in order.
    pub(super) leaves: Vec<NodeId>,
}

/// The unknown tests below a node, each with the facts it rests on; and what they make unknown.
pub(super) fn unknowns(evaluation: &Evaluation<'_>, root: NodeId) -> (Vec<(NodeId, Vec<NodeId>)>, Vec<Unknown>) {
    let mut tests = Vec::new();
    collect_tests(evaluation, root, &mut tests, &mut BTreeSet::new());
    let tests: Vec<(NodeId, Vec<NodeId>)> = tests.into_iter().map(|test| (test, unsettled_leaves(evaluation, test))).collect();
    let mut thresholds: BTreeMap<NodeId, BTreeSet<Fraction>> = BTreeMap::new();
    let mut found: BTreeMap<NodeId, Unknown> = BTreeMap::new();
    for (test, leaves) in &tests {
        if let [leaf] = leaves[..] {
            if let Some(at) = threshold(evaluation, *test, leaf) {
                thresholds.entry(leaf).or_default().insert(at);
                continue;
            }
            if let Some(cases) = word_cases(evaluation, leaf) {
                found.insert(leaf, Unknown { node: leaf, cases, leaves: leaves.clone() });
                continue;
            }
        }
        found.insert(*test, Unknown { node: *test, cases: vec![Value::Truth(Truth::Yes), Value::Truth(Truth::No)], leaves: leaves.clone() });
    }
    for (leaf, at) in thresholds {
        if let Value::Number(range) = evaluation.value(leaf) {
            let cases = cells(&range, &at).into_iter().map(Value::Number).collect();
            found.insert(leaf, Unknown { node: leaf, cases, leaves: vec![leaf] });
        }
    }
    (tests, found.into_values().collect())
}

/// Undecided comparisons, word tests and yes-or-no facts that the truth of `id` is made of.
fn collect_tests(evaluation: &Evaluation<'_>, id: NodeId, tests: &mut Vec<NodeId>, seen: &mut BTreeSet<NodeId>) {
    if !seen.insert(id) || evaluation.truth(id) != Truth::Unknown {
        return;
    }
    match evaluation.plan.op(id) {
        Op::And(all) | Op::Or(all) => all.iter().for_each(|&part| collect_tests(evaluation, part, tests, seen)),
        Op::Not(inner) => collect_tests(evaluation, *inner, tests, seen),
        _ => tests.push(id),
    }
}

/// The missing facts below a node that its value rests on, in order.
pub(super) fn unsettled_leaves(evaluation: &Evaluation<'_>, id: NodeId) -> Vec<NodeId> {
    let mut leaves = Vec::new();
    let mut open = vec![id];
    let mut seen = Vec::new();
    while let Some(id) = open.pop() {
        if seen.contains(&id) || evaluation.seen(id, Value::is_settled) {
            continue;
        }
        seen.push(id);
        match evaluation.plan.op(id) {
            Op::Fact { .. } | Op::RegionFact { .. } => leaves.push(id),
            // The value that is given for a region settles it; what it would be computed from need not be asked.
            Op::FirstKnown(first, _) => leaves.push(*first),
            op => open.extend(op.inputs()),
        }
    }
    leaves.sort_unstable();
    leaves.dedup();
    leaves
}

/// Where a comparison turns, when it reads one missing number in a straight line.
pub(crate) fn threshold(evaluation: &Evaluation<'_>, test: NodeId, leaf: NodeId) -> Option<Fraction> {
    let Op::Compare { left, right, .. } = evaluation.plan.op(test) else { return None };
    for (side, other) in [(*left, *right), (*right, *left)] {
        if let (true, Value::Number(bound)) = (side == leaf, evaluation.value(other))
            && let Some(at) = bound.point()
        {
            return Some(at);
        }
    }
    crossing(evaluation, *left, *right, leaf)
}

/// Where two numbers are equal, when their difference is a straight line in one missing number.
pub(crate) fn crossing(evaluation: &Evaluation<'_>, left: NodeId, right: NodeId, leaf: NodeId) -> Option<Fraction> {
    zero_of(evaluation, leaf, |evaluation| match (evaluation.value(left), evaluation.value(right)) {
        (Value::Number(left), Value::Number(right)) => left.point()?.minus(right.point()?),
        _ => None,
    })
}

/// Where a number passes a fixed one, likewise.
pub(crate) fn passing(evaluation: &Evaluation<'_>, number: NodeId, at: Fraction, leaf: NodeId) -> Option<Fraction> {
    zero_of(evaluation, leaf, |evaluation| match evaluation.value(number) {
        Value::Number(number) => number.point()?.minus(at),
        _ => None,
    })
}

fn zero_of(evaluation: &Evaluation<'_>, leaf: NodeId, of: impl Fn(&Evaluation<'_>) -> Option<Fraction>) -> Option<Fraction> {
    let difference = |at: i64| evaluation.assuming(&[(leaf, Value::exact(Fraction::whole(at)))], |evaluation| of(evaluation));
    // Far-apart points, so that a kink of a table or of a minimum is seen as not straight.
    let (zero, one, far) = (difference(0)?, difference(1)?, difference(1_000_000_007)?);
    let slope = one.minus(zero)?;
    (zero.plus(slope.times(Fraction::whole(1_000_000_007))?)? == far && !slope.is_zero()).then(|| zero.negated().over(slope)).flatten()
}

/// The words a code may be, or yes and no; nothing for numbers and sets.
fn word_cases(evaluation: &Evaluation<'_>, leaf: NodeId) -> Option<Vec<Value>> {
    let def = evaluation.leaf(leaf)?.def;
    match (def.kind, evaluation.value(leaf)) {
        (FactKind::Bool, _) => Some(vec![Value::Truth(Truth::Yes), Value::Truth(Truth::No)]),
        (FactKind::Code, Value::Word(Some(words))) if words.len() <= MAX_WORDS => {
            Some(words.into_iter().map(|word| Value::Word(Some(WordSet::from([word])))).collect())
        }
        _ => None,
    }
}
