//! Which missing facts would decide, and what they would have to be.
//!
//! A set of missing facts settles a measure when, whatever values they turn out to have, the
//! measure is decided, with everything else still unknown. The smallest such set is looked for
//! exhaustively while it is small, then by leaving out one fact after another.

use crate::book::Measure;
use crate::cases::{self, cells};
use crate::decide::leaf_name;
use crate::decision::Missing;
use crate::evaluate::Evaluation;
use crate::plan::{NodeId, Op};
use crate::range::Range;
use crate::shown::{kind_of_fact, shown_number};
use crate::value::{Value, WordSet};
use crate::{FactKind, Fraction, Truth};
use duijie_vocab::{Text, text};
use std::collections::{BTreeMap, BTreeSet};

/// Cases tried for one set of facts, and sets tried, at most.
const MAX_CASES: usize = 512;
const MAX_SETS: usize = 200;
/// Words of a list that are tried one by one, at most.
const MAX_WORDS: usize = 40;

/// Something unknown that the verdict rests on: a fact, or a test over several facts.
struct Unknown {
    node: NodeId,
    /// Every value it may turn out to have, as far as the verdict can tell them apart.
    cases: Vec<Value>,
    leaves: BTreeSet<NodeId>,
}

/// A smallest set of missing facts that would settle the measure, open attestations taken as given.
pub(crate) fn deciding(evaluation: &Evaluation<'_>, measure: &Measure, open: &[(NodeId, &str)]) -> Vec<Missing> {
    match all_needed(evaluation, measure) {
        Some(found) if open.is_empty() => found,
        _ => searched(evaluation, measure, open),
    }
}

fn searched(evaluation: &Evaluation<'_>, measure: &Measure, open: &[(NodeId, &str)]) -> Vec<Missing> {
    let attested: Vec<(NodeId, Value)> = open.iter().map(|(id, _)| (*id, Value::Truth(Truth::Yes))).collect();
    evaluation.assuming(&attested, |evaluation| {
        let search = Search { evaluation, verdict: measure.verdict, unknowns: unknowns(evaluation, measure.verdict) };
        let chosen = search.smallest();
        chosen.iter().filter_map(|&leaf| missing_fact(evaluation, leaf).map(|missing| Missing { needed: search.needed(leaf), ..missing })).collect()
    })
}

/// The answer without a search where every unknown test must hold and each rests on facts of its own:
/// whatever is left out may still fail, so all of their facts are needed.
fn all_needed(evaluation: &Evaluation<'_>, measure: &Measure) -> Option<Vec<Missing>> {
    let mut tests = Vec::new();
    unknown_conjuncts(evaluation, measure.verdict, &mut tests)?;
    let mut readers: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for &test in &tests {
        for leaf in unsettled_leaves(evaluation, test) {
            if readers.insert(leaf, test).is_some() {
                return None;
            }
        }
    }
    let missing = |(&leaf, &test): (&NodeId, &NodeId)| {
        let search = Search { evaluation, verdict: test, unknowns: unknowns(evaluation, test) };
        missing_fact(evaluation, leaf).map(|missing| Missing { needed: search.needed(leaf), ..missing })
    };
    Some(readers.iter().filter_map(missing).collect())
}

/// The unknown tests of a conjunction; nothing when it holds anything else that is unknown.
fn unknown_conjuncts(evaluation: &Evaluation<'_>, id: NodeId, tests: &mut Vec<NodeId>) -> Option<()> {
    match (evaluation.truth(id), evaluation.plan.op(id)) {
        (Truth::Yes, _) => Some(()),
        (Truth::No | Truth::Error, _) => None,
        (Truth::Unknown, Op::And(parts)) => parts.iter().try_for_each(|&part| unknown_conjuncts(evaluation, part, tests)),
        (Truth::Unknown, Op::Compare { .. } | Op::Fact { .. } | Op::SameWord(..) | Op::Among { .. }) => {
            tests.push(id);
            Some(())
        }
        (Truth::Unknown, _) => None,
    }
}

fn missing_fact(evaluation: &Evaluation<'_>, id: NodeId) -> Option<Missing> {
    let leaf = evaluation.leaf(id)?;
    let is_growth = leaf.name.starts_with("growth(");
    Some(Missing {
        key: leaf.name.to_string(),
        name: leaf_name(leaf.def.text(), leaf.region.map(|(level, _)| level), is_growth),
        period: leaf.period,
        of_region: leaf.region.is_some(),
        question: leaf.def.question.clone(),
        needed: None,
    })
}

/// The unknown tests below a node, and the facts they rest on.
fn unknowns(evaluation: &Evaluation<'_>, root: NodeId) -> Vec<Unknown> {
    let mut tests = Vec::new();
    collect_tests(evaluation, root, &mut tests, &mut BTreeSet::new());
    let mut thresholds: BTreeMap<NodeId, BTreeSet<Fraction>> = BTreeMap::new();
    let mut found: BTreeMap<NodeId, Unknown> = BTreeMap::new();
    for test in tests {
        let leaves = unsettled_leaves(evaluation, test);
        let single = leaves.first().copied().filter(|_| leaves.len() == 1);
        if let Some(leaf) = single {
            if let Some(at) = threshold(evaluation, test, leaf) {
                thresholds.entry(leaf).or_default().insert(at);
                continue;
            }
            if let Some(cases) = word_cases(evaluation, leaf) {
                found.insert(leaf, Unknown { node: leaf, cases, leaves });
                continue;
            }
        }
        found.insert(test, Unknown { node: test, cases: vec![Value::Truth(Truth::Yes), Value::Truth(Truth::No)], leaves });
    }
    for (leaf, at) in thresholds {
        if let Value::Number(range) = evaluation.value(leaf) {
            let cases = cells(&range, &at).into_iter().map(Value::Number).collect();
            found.insert(leaf, Unknown { node: leaf, cases, leaves: BTreeSet::from([leaf]) });
        }
    }
    found.into_values().collect()
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

fn unsettled_leaves(evaluation: &Evaluation<'_>, id: NodeId) -> BTreeSet<NodeId> {
    let mut leaves = BTreeSet::new();
    let mut open = vec![id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) || evaluation.value(id).is_settled() {
            continue;
        }
        match evaluation.plan.op(id) {
            Op::Fact { .. } | Op::RegionFact { .. } => {
                leaves.insert(id);
            }
            // The value that is given for a region settles it; what it would be computed from need not be asked.
            Op::FirstKnown(first, _) => {
                leaves.insert(*first);
            }
            op => open.extend(op.inputs()),
        }
    }
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
    let difference = |at: i64| {
        evaluation.assuming(&[(leaf, Value::exact(Fraction::whole(at)))], |evaluation| match (evaluation.value(*left), evaluation.value(*right)) {
            (Value::Number(left), Value::Number(right)) => left.point()?.minus(right.point()?),
            _ => None,
        })
    };
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

struct Search<'s, 'a> {
    evaluation: &'s Evaluation<'a>,
    verdict: NodeId,
    unknowns: Vec<Unknown>,
}

impl Search<'_, '_> {
    fn smallest(&self) -> Vec<NodeId> {
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
        let known: Vec<&Unknown> = self.unknowns.iter().filter(|unknown| unknown.leaves.iter().all(|leaf| leaves.contains(leaf))).collect();
        if known.is_empty() || known.iter().map(|unknown| unknown.cases.len()).product::<usize>() > MAX_CASES {
            return false;
        }
        self.every_case(&known, &mut Vec::new())
    }

    fn every_case(&self, rest: &[&Unknown], chosen: &mut Vec<(NodeId, Value)>) -> bool {
        let truth = self.evaluation.assuming(chosen, |evaluation| evaluation.truth(self.verdict));
        let Some((first, rest)) = rest.split_first() else { return truth.is_decided() };
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
    fn needed(&self, leaf: NodeId) -> Option<Text> {
        let unknown = self.unknowns.iter().find(|unknown| unknown.node == leaf)?;
        let possible = |case: &&Value| self.evaluation.assuming(&[(leaf, (*case).clone())], |evaluation| cases::decided(evaluation, self.verdict)) != Truth::No;
        let fitting: Vec<&Value> = unknown.cases.iter().filter(possible).collect();
        if fitting.is_empty() || fitting.len() == unknown.cases.len() {
            return None;
        }
        let leaf = self.evaluation.leaf(leaf)?;
        let kind = kind_of_fact(leaf.def, leaf.name.starts_with("growth("));
        let parts: Vec<Text> = match fitting[0] {
            Value::Number(_) => {
                let Value::Number(known) = self.evaluation.value(unknown.node) else { return None };
                joined_ranges(&fitting).iter().map(|range| shown_needed(range, &known, &kind)).collect()
            }
            Value::Truth(Truth::Yes) => vec![text!("为是", "yes")],
            Value::Truth(_) => vec![text!("为否", "no")],
            Value::Word(_) if fitting.len() <= 6 => fitting.iter().map(|value| crate::shown::shown_value(value, &kind)).collect(),
            _ => return None,
        };
        let list = |pick: fn(&Text) -> &str, or: &str| parts.iter().map(pick).collect::<Vec<_>>().join(or);
        Some(Text::new(list(|text| &text.zh, " 或 "), list(|text| &text.en, " or ")))
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

/// Neighbouring cells as one range.
fn joined_ranges(cells: &[&Value]) -> Vec<Range> {
    let mut joined: Vec<Range> = Vec::new();
    for cell in cells {
        let Value::Number(range) = cell else { continue };
        let touches = joined.last().is_some_and(|last| matches!((last.high, range.low), (Some(high), Some(low)) if high.at == low.at && high.open != low.open));
        match joined.last_mut().filter(|_| touches) {
            Some(last) => last.high = range.high,
            None => joined.push(*range),
        }
    }
    joined
}

/// A range in words; ends that are known anyway are left out.
fn shown_needed(range: &Range, known: &Range, kind: &crate::lower::Type) -> Text {
    if let Some(point) = range.point() {
        let point = shown_number(point, kind);
        return Text::new(format!("= {}", point.zh), format!("= {}", point.en));
    }
    let side = |bound: Option<crate::range::Bound>, closed: &str, open: &str| {
        bound.map(|bound| (if bound.open { open.to_string() } else { closed.to_string() }, shown_number(bound.at, kind)))
    };
    let low = side(range.low.filter(|_| range.low != known.low), "≥", ">");
    let high = side(range.high.filter(|_| range.high != known.high), "≤", "<");
    let parts: Vec<(String, Text)> = low.into_iter().chain(high).collect();
    let zh: Vec<String> = parts.iter().map(|(sign, number)| format!("{sign} {}", number.zh)).collect();
    let en: Vec<String> = parts.iter().map(|(sign, number)| format!("{sign} {}", number.en)).collect();
    Text::new(zh.join(" 且 "), en.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Book, FactSource, FactValue, Facts, Period, RegionFacts, Vocabulary};
    use duijie_vocab::{Date, Fen, RegionCode};

    const FACTS: &str = "
facts:
  a: {kind: money, unit: 元, period: year, min: 0}
  b: {kind: money, unit: 元, period: year, min: 0}
  n: {kind: count, period: year, min: 0, max: 9}
  c: {kind: code, period: year, values: [x, y, z]}
  f: {kind: bool, period: year}
";

    #[test]
    fn where_every_test_must_hold_no_search_finds_fewer_facts() {
        let (vocabulary, _) = Vocabulary::parse("facts.yaml", FACTS);
        let rules = ["a >= 5元", "n between 2 and 7", "c in {x, y}", "f", "b < 9元"];
        let when: String = rules.iter().map(|rule| format!("  - rule: \"{rule}\"\n")).collect();
        let files = vec![("m.yaml".to_string(), format!("id: m\nname: m\nperiod: year\nwhen:\n{when}"))];
        let (book, faults) = Book::compile(vocabulary, files);
        assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:?}");
        let (measure, regions) = (book.measure("m").unwrap(), RegionFacts::new());
        let values = [
            ("a", FactValue::Money(Fen(700))),
            ("n", FactValue::Count(3)),
            ("c", FactValue::Text("x".into())),
            ("f", FactValue::Bool(true)),
            ("b", FactValue::Money(Fen(0))),
        ];
        let mut compared = 0;
        for known in 0..1u32 << values.len() {
            let mut facts = Facts::new(RegionCode::NATION);
            for (_, (key, value)) in values.iter().enumerate().filter(|(at, _)| known >> at & 1 == 1) {
                facts.set(key, Period::Year(2021), value.clone(), FactSource::default());
            }
            let evaluation = book.evaluation(&facts, &regions, Period::Year(2021), Date::new(2021, Some(12), Some(31)).unwrap());
            let Some(found) = all_needed(&evaluation, measure) else { continue };
            assert_eq!(found, searched(&evaluation, measure, &[]), "{known:05b}");
            compared += 1;
        }
        assert!(compared >= 16, "only {compared} cases were compared");
    }
}
