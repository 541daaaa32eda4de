//! Reasoning by cases where plain three-valued logic stops: `x >= 5 or x < 5` is yes whatever x is.
//! An unknown value that several comparisons read is split at their thresholds; if every case comes
//! out the same, that is the answer.

use crate::evaluate::Evaluation;
use crate::plan::{NodeId, Op};
use crate::range::{Bound, Range};
use crate::value::Value;
use crate::{Fraction, Truth};
use std::collections::{BTreeMap, BTreeSet};

/// Values that are split at once, and cases in all, at most.
const MAX_OPERANDS: usize = 3;
const MAX_CASES: usize = 256;

/// The truth of a node, by cases when it is unknown otherwise.
pub(crate) fn decided(evaluation: &Evaluation<'_>, node: NodeId) -> Truth {
    let truth = evaluation.truth(node);
    if truth != Truth::Unknown {
        return truth;
    }
    if is_single(evaluation, node) {
        return truth;
    }
    let operands = split_operands(evaluation, node);
    if operands.is_empty() {
        return truth;
    }
    let mut cases: Vec<Vec<(NodeId, Value)>> = vec![Vec::new()];
    for (operand, values) in operands.into_iter().take(MAX_OPERANDS) {
        if cases.len() * values.len() > MAX_CASES {
            break;
        }
        cases = cases.iter().flat_map(|case| values.iter().map(move |value| case.iter().cloned().chain([(operand, value.clone())]).collect())).collect();
    }
    let mut shared: Option<Truth> = None;
    for case in &cases {
        let truth = evaluation.assuming(case, |evaluation| evaluation.truth(node));
        if !truth.is_decided() || shared.is_some_and(|shared| shared != truth) {
            return Truth::Unknown;
        }
        shared = Some(truth);
    }
    shared.unwrap_or(truth)
}

/// Whether a node is one test of plain values, of which nothing is read twice.
fn is_single(evaluation: &Evaluation<'_>, node: NodeId) -> bool {
    let is_plain = |id: &NodeId| match evaluation.plan.op(*id) {
        Op::Fact { .. } | Op::RegionFact { .. } | Op::Constant(_) => true,
        Op::Divide(a, b) | Op::Growth { now: a, before: b } => {
            [a, b].into_iter().all(|&id| matches!(evaluation.plan.op(id), Op::Fact { .. } | Op::RegionFact { .. } | Op::Constant(_)))
        }
        _ => false,
    };
    match evaluation.plan.op(node) {
        Op::Fact { .. } => true,
        Op::Compare { left: a, right: b, .. } | Op::Among { word: a, words: b } | Op::Begins { word: a, words: b } | Op::SameWord(a, b) => {
            is_plain(a) && is_plain(b)
        }
        _ => false,
    }
}

/// The unknown values that more than one comparison or word test reads, each with its cases.
fn split_operands(evaluation: &Evaluation<'_>, node: NodeId) -> Vec<(NodeId, Vec<Value>)> {
    let mut thresholds: BTreeMap<NodeId, BTreeSet<Fraction>> = BTreeMap::new();
    let mut readers: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut truths: BTreeMap<NodeId, usize> = BTreeMap::new();
    for id in evaluation.plan.below(&[node]) {
        let op = evaluation.plan.op(id);
        if let Op::Compare { left, right, .. } = op {
            for (operand, other) in [(*left, *right), (*right, *left)] {
                let (Value::Number(range), Value::Number(bound)) = (evaluation.value(operand), evaluation.value(other)) else { continue };
                if let (None, Some(at)) = (range.point(), bound.point()) {
                    thresholds.entry(operand).or_default().insert(at);
                    *readers.entry(operand).or_default() += 1;
                }
            }
        }
        for input in op.inputs() {
            if matches!(op, Op::And(_) | Op::Or(_) | Op::Not(_) | Op::If { .. }) && is_leaf_truth(evaluation, input) {
                *truths.entry(input).or_default() += 1;
            }
        }
    }
    let numbers = thresholds
        .into_iter()
        .filter(|(operand, _)| readers.get(operand).is_some_and(|&count| count > 1) && always_exists(evaluation, *operand))
        .filter_map(|(operand, at)| {
            let Value::Number(range) = evaluation.value(operand) else { return None };
            Some((operand, cells(&range, &at).into_iter().map(Value::Number).collect()))
        });
    let truths = truths.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| (id, vec![Value::Truth(Truth::Yes), Value::Truth(Truth::No)]));
    numbers.chain(truths).collect()
}

/// A fact that is yes or no and not known, or a comparison of such that is read twice.
fn is_leaf_truth(evaluation: &Evaluation<'_>, id: NodeId) -> bool {
    matches!(
        evaluation.plan.op(id),
        Op::Fact { .. } | Op::SameWord(..) | Op::Among { .. } | Op::Begins { .. } | Op::ContainsAny { .. } | Op::ContainsAll { .. }
    ) && matches!(evaluation.value(id), Value::Truth(Truth::Unknown))
}

/// Whether the value exists for every value its facts may take: nothing below divides by what may be zero.
fn always_exists(evaluation: &Evaluation<'_>, id: NodeId) -> bool {
    evaluation.plan.below(&[id]).into_iter().all(|id| match evaluation.plan.op(id) {
        Op::Divide(_, divisor) => matches!(evaluation.value(*divisor), Value::Number(range) if !range.contains(Fraction::ZERO)),
        Op::Growth { before, .. } => {
            matches!(evaluation.value(*before), Value::Number(Range { low: Some(low), .. }) if low.at > Fraction::ZERO || (low.at.is_zero() && low.open))
        }
        Op::Parameter(_) | Op::Tiers { .. } => false,
        _ => true,
    })
}

/// The range cut at each threshold: the points themselves and the open stretches between them.
pub(crate) fn cells(range: &Range, thresholds: &BTreeSet<Fraction>) -> Vec<Range> {
    let mut cells = Vec::new();
    let mut low: Option<Bound> = range.low;
    for &at in thresholds.iter().filter(|at| range.contains(**at)) {
        let below = Range { low, high: Some(Bound { at, open: true }) };
        if !below.is_empty() {
            cells.push(below);
        }
        cells.push(Range::exact(at));
        low = Some(Bound { at, open: true });
    }
    let rest = Range { low, high: range.high };
    if !rest.is_empty() {
        cells.push(rest);
    }
    cells
}
