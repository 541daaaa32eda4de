//! Which missing facts would decide, and what they would have to be.
//!
//! A set of missing facts settles a measure when, whatever values they turn out to have, the
//! measure is decided, with everything else still unknown. The smallest such set is looked for
//! exhaustively while it is small, then by leaving out one fact after another.

use crate::Truth;
use crate::book::Measure;
use crate::decide::leaf_name;
use crate::decision::Missing;
use crate::evaluate::Evaluation;
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::syntax::RegionWord;
use crate::value::Value;
use crate::vocabulary::FactDef;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

mod needed;
mod search;
mod unknowns;

pub(crate) use needed::Needed;
pub(crate) use unknowns::{crossing, passing, threshold};

use search::Search;
use unknowns::unsettled_leaves;

/// A fact that is not known and would help to decide; words are made from it when they are wanted.
#[derive(Clone)]
pub struct MissingFact<'a> {
    pub fact: &'a FactDef,
    pub period: Period,
    /// The level of the region whose fact it is, and not one of the subject.
    pub region: Option<RegionWord>,
    pub(crate) leaf: NodeId,
    /// The key, or `growth(key)`.
    name: Arc<str>,
    pub(crate) needed: Option<Arc<Needed>>,
}

/// What a test misses, once some measure has asked: measures share tests.
#[derive(Default)]
pub(crate) struct Tests<'a>(RefCell<HashMap<NodeId, Arc<[MissingFact<'a>]>>>);

/// A smallest set of missing facts that would settle the measure, open attestations taken as given.
pub(crate) fn deciding<'a>(evaluation: &Evaluation<'a>, tests: &Tests<'a>, measure: &Measure, open: &[(NodeId, &str)]) -> Vec<MissingFact<'a>> {
    let all = if open.is_empty() { all_needed(evaluation, tests, measure) } else { None };
    all.unwrap_or_else(|| searched(evaluation, measure, open))
}

/// The missing facts that the value of a node rests on.
pub(crate) fn below<'a>(evaluation: &Evaluation<'a>, node: NodeId) -> Vec<MissingFact<'a>> {
    unsettled_leaves(evaluation, node).into_iter().filter_map(|leaf| MissingFact::new(evaluation, leaf, None)).collect()
}

fn searched<'a>(evaluation: &Evaluation<'a>, measure: &Measure, open: &[(NodeId, &str)]) -> Vec<MissingFact<'a>> {
    let attested: Vec<(NodeId, Value)> = open.iter().map(|(id, _)| (*id, Value::Truth(Truth::Yes))).collect();
    evaluation.assuming(&attested, |evaluation| {
        let search = Search::new(evaluation, measure.verdict);
        search.smallest().into_iter().filter_map(|leaf| MissingFact::new(evaluation, leaf, search.needed(leaf))).collect()
    })
}

/// The answer without a search where every unknown test must hold and each rests on facts of its own:
/// whatever is left out may still fail, so all of their facts are needed.
fn all_needed<'a>(evaluation: &Evaluation<'a>, tests: &Tests<'a>, measure: &Measure) -> Option<Vec<MissingFact<'a>>> {
    let mut unknown = Vec::new();
    unknown_conjuncts(evaluation, measure.verdict, &mut unknown)?;
    let mut found = Vec::new();
    for test in unknown {
        found.extend(tests.of(evaluation, test).iter().cloned());
    }
    found.sort_unstable_by_key(|missing| missing.leaf);
    let shared = found.windows(2).any(|pair| pair[0].leaf == pair[1].leaf);
    (!shared).then_some(found)
}

/// The unknown tests of a conjunction; nothing when it holds anything else that is unknown.
fn unknown_conjuncts(evaluation: &Evaluation<'_>, id: NodeId, tests: &mut Vec<NodeId>) -> Option<()> {
    match (evaluation.truth(id), evaluation.plan.op(id)) {
        (Truth::Yes, _) => Some(()),
        (Truth::No | Truth::Error, _) => None,
        (Truth::Unknown, Op::And(parts)) => parts.iter().try_for_each(|&part| unknown_conjuncts(evaluation, part, tests)),
        (Truth::Unknown, Op::Compare { .. } | Op::Fact { .. } | Op::SameWord(..) | Op::Among { .. } | Op::Begins { .. }) => {
            tests.push(id);
            Some(())
        }
        (Truth::Unknown, _) => None,
    }
}

impl<'a> Tests<'a> {
    /// The facts that a test misses, each with what it must be for the test to hold.
    fn of(&self, evaluation: &Evaluation<'a>, test: NodeId) -> Arc<[MissingFact<'a>]> {
        if let Some(known) = self.0.borrow().get(&test) {
            return known.clone();
        }
        let search = Search::new(evaluation, test);
        let leaves = unsettled_leaves(evaluation, test);
        let found: Arc<[MissingFact<'a>]> = leaves.into_iter().filter_map(|leaf| MissingFact::new(evaluation, leaf, search.needed(leaf))).collect();
        self.0.borrow_mut().insert(test, found.clone());
        found
    }
}

impl<'a> MissingFact<'a> {
    fn new(evaluation: &Evaluation<'a>, leaf: NodeId, needed: Option<Needed>) -> Option<MissingFact<'a>> {
        let found = evaluation.leaf(leaf)?;
        let region = found.region.map(|(level, _)| level);
        Some(MissingFact { fact: found.def, period: found.period, region, leaf, name: found.name, needed: needed.map(Arc::new) })
    }

    /// The fact in words, with the question to ask.
    pub fn shown(&self) -> Missing {
        let is_growth = self.name.starts_with("growth(");
        Missing {
            key: self.name.to_string(),
            name: leaf_name(self.fact.text(), self.region, is_growth),
            period: self.period,
            of_region: self.region.is_some(),
            question: self.fact.question.clone(),
            needed: self.needed.as_ref().map(|needed| needed.shown(self.fact, is_growth)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Book, FactSource, FactValue, Facts, RegionFacts, Vocabulary};
    use duijie_vocab::{Date, Fen, RegionCode};
    use proptest::prelude::*;

    const FACTS: &str = "
facts:
  a: {kind: money, unit: 元, period: year, min: 0}
  b: {kind: money, unit: 元, period: year, min: 0}
  n: {kind: count, period: year, min: 0, max: 9}
  c: {kind: code, period: year, values: [x, y, z]}
  f: {kind: bool, period: year}
  share: {kind: ratio, period: year, rule: a ÷ b}
";

    const VALUES: [(&str, FactValue); 4] =
        [("a", FactValue::Money(Fen(700))), ("n", FactValue::Count(3)), ("f", FactValue::Bool(true)), ("b", FactValue::Money(Fen(0)))];

    fn book(rules: &[String]) -> Book {
        let (vocabulary, _) = Vocabulary::parse("facts.yaml", FACTS);
        let when: String = rules.iter().map(|rule| format!("  - rule: \"{rule}\"\n")).collect();
        let files = vec![("m.yaml".to_string(), format!("id: m\nname: m\nperiod: year\nwhen:\n{when}"))];
        let (book, faults) = Book::compile(vocabulary, files);
        assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:?}");
        book
    }

    fn facts(known: u32) -> Facts {
        let mut facts = Facts::new(RegionCode::NATION);
        let words = [("c", FactValue::Text("x".into()))];
        for (_, (key, value)) in VALUES.iter().chain(&words).enumerate().filter(|(at, _)| known >> at & 1 == 1) {
            facts.set(key, Period::Year(2021), value.clone(), FactSource::default());
        }
        facts
    }

    fn evaluation<'a>(book: &'a Book, facts: &'a Facts, regions: &'a RegionFacts) -> Evaluation<'a> {
        book.evaluation(facts, regions, Period::Year(2021), Date::new(2021, Some(12), Some(31)).unwrap())
    }

    fn shown(missing: Vec<MissingFact<'_>>) -> Vec<Missing> {
        missing.iter().map(MissingFact::shown).collect()
    }

    #[test]
    fn where_every_test_must_hold_no_search_finds_fewer_facts() {
        let book = book(&["a >= 5元", "n between 2 and 7", "c in {x, y}", "f", "b < 9元"].map(str::to_string));
        let (measure, regions) = (book.measure("m").unwrap(), RegionFacts::new());
        let mut compared = 0;
        for known in 0..32 {
            let facts = facts(known);
            let evaluation = evaluation(&book, &facts, &regions);
            let Some(found) = all_needed(&evaluation, &Tests::default(), measure) else { continue };
            assert_eq!(shown(found), shown(searched(&evaluation, measure, &[])), "{known:05b}");
            compared += 1;
        }
        assert!(compared >= 16, "only {compared} cases were compared");
    }

    fn rule() -> impl Strategy<Value = String> {
        let test = (0usize..9, 0i64..6).prop_map(|(kind, k)| match kind {
            0 => format!("a >= {k}元"),
            1 => format!("b < {k}元"),
            2 => format!("n > {k}"),
            3 => format!("share >= {k}0%"),
            4 => "c in {x, y}".to_string(),
            5 => "f".to_string(),
            6 => format!("a + b >= {k}元"),
            7 => format!("a < b + {k}元"),
            _ => format!("(f ? a : b) >= {k}元"),
        });
        test.prop_recursive(3, 8, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
                inner.prop_map(|a| format!("!({a})")),
            ]
        })
    }

    #[test]
    fn two_facts_whose_values_exclude_one_another_are_seen_together() {
        // b of at least 2 and a below 1: the comparison of both holds, and n does not matter.
        let rules = ["!(b < 2元)", "(a >= 1元 || (a < b || n > 0))"].map(str::to_string);
        let (book, facts, regions) = (book(&rules), facts(0), RegionFacts::new());
        let evaluation = evaluation(&book, &facts, &regions);
        let missing = searched(&evaluation, book.measure("m").unwrap(), &[]);
        assert_eq!(missing.iter().map(|missing| &*missing.fact.key).collect::<Vec<_>>(), ["a", "b"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        /// The table of tests by case says what evaluating every case says.
        #[test]
        fn the_search_by_table_equals_the_search_by_evaluation(rules in proptest::collection::vec(rule(), 1..4), known in 0u32..32) {
            let book = book(&rules);
            let (facts, regions) = (facts(known), RegionFacts::new());
            let evaluation = evaluation(&book, &facts, &regions);
            let verdict = book.measure("m").unwrap().verdict;
            let (quick, slow) = (Search::new(&evaluation, verdict), Search::by_evaluation(&evaluation, verdict));
            let chosen = quick.smallest();
            prop_assert_eq!(&chosen, &slow.smallest(), "{:?}", rules);
            for leaf in chosen {
                prop_assert_eq!(quick.needed(leaf), slow.needed(leaf), "{:?}", rules);
            }
        }
    }
}
