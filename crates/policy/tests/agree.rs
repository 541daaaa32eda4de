//! Laws of the two evaluators: over generated measures and facts, the one for many subjects at once
//! equals the reference, and what the reference decides with facts missing stays true whatever the
//! missing facts turn out to be.

use duijie_policy::{Batch, Book, Dossier, FactSource, FactValue, Facts, Fraction, Outcome, Period, Population, RegionFacts, Truth, Vocabulary, simulate};
use duijie_vocab::{Date, Fen, RegionCode};
use proptest::prelude::*;

const FACTS: &str = "
facts:
  a: {kind: money, unit: 元, period: year, min: 0}
  b: {kind: money, unit: 元, period: year}
  n: {kind: count, period: year, min: 0, max: 9}
  r: {kind: ratio, period: year}
  s: {kind: number}
  c: {kind: code, values: [x, y, z]}
  t: {kind: set, values: [p, q]}
  f: {kind: bool, period: year}
  d: {kind: date}
  w: {kind: code}
  share: {kind: ratio, period: year, rule: a ÷ b}
";

const YEARS: [i16; 2] = [2020, 2021];

fn condition() -> impl Strategy<Value = String> {
    let op = prop_oneof![Just(">="), Just(">"), Just("<"), Just("<="), Just("=="), Just("!=")];
    let atom = (op, -2i64..6, 0usize..22).prop_map(|(op, k, kind)| match kind {
        0 => format!("a {op} {k}元"),
        1 => format!("b {op} {k}元"),
        2 => format!("n {op} {k}"),
        3 => format!("r {op} {k}%"),
        4 => format!("share {op} {k}0%"),
        5 => format!("growth(a) {op} {k}0%"),
        6 => format!("sum(a(recent_2_years)) {op} {k}元"),
        7 => format!("a {op} b"),
        8 => format!("tiers(a, {{..1元: 0, 1元..3元: 2, 3元..: 5}}) {op} {k}"),
        9 => "c in {x, y}".to_string(),
        10 => "c == z".to_string(),
        11 => "t contains_any {p, q}".to_string(),
        12 => "f".to_string(),
        13 => format!("max(a, b) - min(a, 2元) {op} {k}元"),
        14 => format!("age(d) {op} {} 年", k.abs()),
        15 => format!("(f ? a : b) {op} {k}元"),
        16 => format!("d {op} period_end() - {} 年", k.abs()),
        17 => format!("age(d, year_end(last_year)) {op} {} 年", k.abs()),
        18 => format!("d {op} year_start(this_year-{})", k.abs()),
        19 => "w begins_with {C3, D}".to_string(),
        20 => "c begins_with x".to_string(),
        _ => format!("-s {op} {k}"),
    });
    atom.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn number() -> impl Strategy<Value = Option<FactValue>> {
    prop_oneof![
        3 => Just(None),
        6 => (-1i64..5).prop_map(|n| Some(FactValue::Money(Fen(n * 100)))),
        1 => (-1i64..3, 0i64..3).prop_map(|(low, more)| Some(FactValue::Between { low: Some(Fraction::whole(low * 100)), high: Some(Fraction::whole((low + more) * 100)) })),
        1 => (0i64..4).prop_map(|low| Some(FactValue::Between { low: Some(Fraction::whole(low * 100)), high: None })),
        1 => Just(Some(FactValue::Money(Fen(i64::MAX)))),
    ]
}

fn other(kind: &'static str) -> BoxedStrategy<Option<FactValue>> {
    let value = match kind {
        "n" => (-1i64..8).prop_map(FactValue::Count).boxed(),
        "r" => (-2i128..8).prop_map(|n| FactValue::Number(Fraction::new(n, 100).unwrap())).boxed(),
        "s" => (-3i64..6).prop_map(|n| FactValue::Number(Fraction::whole(n))).boxed(),
        "c" => prop_oneof![Just("x"), Just("y"), Just("z")].prop_map(|word| FactValue::Text(word.into())).boxed(),
        "w" => prop_oneof![Just("C38"), Just("C4"), Just("D4411")].prop_map(|word| FactValue::Text(word.into())).boxed(),
        "t" => proptest::collection::vec(prop_oneof![Just("p".to_string()), Just("q".to_string())], 0..2).prop_map(FactValue::Set).boxed(),
        "f" => any::<bool>().prop_map(FactValue::Bool).boxed(),
        _ => (2015i16..2022, 1u8..13).prop_map(|(year, month)| FactValue::Date(Date::new(year, Some(month), Some(1)).unwrap())).boxed(),
    };
    proptest::option::weighted(0.6, value).boxed()
}

fn row() -> impl Strategy<Value = Facts> {
    let yearly = (proptest::collection::vec(number(), 4), proptest::collection::vec((other("n"), other("r"), other("f")), 2));
    (yearly, other("s"), other("c"), other("t"), other("d"), other("w")).prop_map(|((money, rest), s, c, t, d, w)| {
        let mut facts = Facts::new(RegionCode::NATION);
        let mut put = |key: &str, period: Period, value: Option<FactValue>| {
            if let Some(value) = value {
                facts.set(key, period, value, FactSource::default());
            }
        };
        for (at, year) in YEARS.into_iter().enumerate() {
            put("a", Period::Year(year), money[at].clone());
            put("b", Period::Year(year), money[at + 2].clone());
            put("n", Period::Year(year), rest[at].0.clone());
            put("r", Period::Year(year), rest[at].1.clone());
            put("f", Period::Year(year), rest[at].2.clone());
        }
        for (key, value) in [("s", s), ("c", c), ("t", t), ("d", d), ("w", w)] {
            put(key, Period::Instant, value);
        }
        facts
    })
}

/// Rows; half of the time without bounds, so that columns of whole numbers are tried as well as mixed ones.
fn rows() -> impl Strategy<Value = Vec<Facts>> {
    (proptest::collection::vec(row(), 1..150), any::<bool>()).prop_map(|(mut rows, exact)| {
        for row in rows.iter_mut().filter(|_| exact) {
            let bounds: Vec<(String, Period)> =
                row.iter().filter(|(_, _, known)| matches!(known.value, FactValue::Between { .. })).map(|(key, period, _)| (key.to_string(), period)).collect();
            bounds.into_iter().for_each(|(key, period)| assert!(row.remove(&key, period).is_some()));
        }
        rows
    })
}

fn book(measures: &[Vec<String>]) -> Book {
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", FACTS);
    assert!(faults.is_empty(), "{faults:?}");
    let file = |(at, rules): (usize, &Vec<String>)| {
        let rules: String = rules.iter().map(|rule| format!("  - rule: {}\n", serde_json::to_string(rule).unwrap())).collect();
        (
            format!("{at}.yaml"),
            format!("id: m{at:02}\nname: m\nperiod: year\nwhen:\n{rules}benefit: {{amount: a × 33.3%, cap: 2元, rounding: {{to: 0.01元, mode: half_even}}}}\n"),
        )
    };
    let (book, faults) = Book::compile(vocabulary, measures.iter().enumerate().map(file).collect());
    assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:?}");
    book
}

fn day() -> Date {
    Date::parse("2021-12-31").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_batch_equals_the_reference(measures in proptest::collection::vec(proptest::collection::vec(condition(), 1..4), 1..6), rows in rows()) {
        let book = book(&measures);
        let regions = RegionFacts::new();
        let population = Population::from_facts(&rows);
        let batch = Batch::prepare(&book, &population, &regions, day());
        let tallies = batch.tally();
        prop_assert_eq!(&Batch::once(&book, &population, &regions, day()).tally(), &tallies);
        for (at, id) in book.ids().map(str::to_string).collect::<Vec<_>>().iter().enumerate() {
            let decisions: Vec<_> = rows.iter().map(|row| book.decide(id, row, &regions, day(), None).unwrap()).collect();
            let reference: Vec<Truth> = decisions.iter().map(|decision| decision.verdict).collect();
            let verdicts = batch.verdicts(at);
            for (subject, (batch, reference)) in verdicts.iter().zip(&reference).enumerate() {
                prop_assert_eq!(batch, reference, "{:?} for {:?}", &measures[at], &rows[subject]);
            }
            let count = |truth: Truth| reference.iter().filter(|&&found| found == truth).count() as u64;
            prop_assert_eq!((tallies[at].yes, tallies[at].no, tallies[at].unknown, tallies[at].error), (count(Truth::Yes), count(Truth::No), count(Truth::Unknown), count(Truth::Error)));
            let paid: i128 = decisions.iter().filter(|decision| decision.verdict == Truth::Yes).filter_map(|decision| decision.amount).map(|amount| i128::from(amount.low.0)).sum();
            prop_assert_eq!(tallies[at].amount_low, paid);
        }
    }

    /// A histogram gives for every bound what the measure with that bound gives.
    #[test]
    fn a_histogram_equals_the_measure_with_each_bound(
        rules in proptest::collection::vec(condition(), 0..3),
        operand in prop_oneof![Just("a"), Just("b"), Just("a(last_year)")],
        order in prop_oneof![Just(">="), Just(">"), Just("<"), Just("<=")],
        rows in rows(),
    ) {
        let regions = RegionFacts::new();
        let population = Population::from_facts(&rows);
        let with = |bound: i64| book(&[[vec![format!("{operand} {order} {bound}元")], rules.clone()].concat()]);
        let bounds = [-1i64, 0, 1, 2, 3];
        let thresholds: Vec<Fraction> = bounds.iter().map(|bound| Fraction::whole(bound * 100)).collect();
        let first = with(1);
        let steps = population.threshold_histogram(&first, "m00", 0, &thresholds, &regions, day()).unwrap();
        for (bound, step) in bounds.iter().zip(&steps) {
            let changed = with(*bound);
            let tally = Batch::prepare_one(&changed, "m00", &population, &regions, day()).tally()[0];
            // Alternatives may be decided by cases, of which a histogram does not know.
            if rules.iter().all(|rule| !rule.contains("||") && !rule.contains("!(")) {
                let simulated = simulate(&first, &changed, "m00", &population, &regions, day()).totals().cost_after;
                prop_assert_eq!(step.amount_low, simulated.least, "{} {} {}", operand, order, bound);
                // Comparisons that cannot hold together are open here and a no there.
                if step.open == tally.unknown {
                    prop_assert_eq!(step.amount_most, simulated.most, "{} {} {}", operand, order, bound);
                }
                let (most, other) = (step.amount_most.unwrap_or(i128::MAX), simulated.most.unwrap_or(i128::MAX));
                prop_assert!(most >= other, "{} {} {}", operand, order, bound);
                prop_assert_eq!((step.eligible, step.amount_low, step.amount_high), (tally.yes, tally.amount_low, tally.amount_high), "{} {} {}", operand, order, bound);
            }
            prop_assert!(step.eligible <= tally.yes && tally.yes <= step.eligible + step.open, "{} {} {}", operand, order, bound);
        }
        prop_assert_eq!(population.threshold_histogram(&first, "m00", 9, &thresholds, &regions, day()), None);
    }

    /// One subject's outcomes without reasons are those of its decisions, also after a fact changed.
    #[test]
    fn a_dossier_equals_the_decisions(measures in proptest::collection::vec(proptest::collection::vec(condition(), 1..4), 1..6), facts in row(), more in row()) {
        let book = book(&measures);
        let regions = RegionFacts::new();
        let decided = |facts: &Facts| -> Vec<(String, Outcome)> {
            book.decide_all(facts, &regions, day()).into_iter().map(|decision| (decision.measure, decision.outcome)).collect()
        };
        let told = |outcomes: Vec<(&str, Outcome)>| -> Vec<(String, Outcome)> { outcomes.into_iter().map(|(id, outcome)| (id.to_string(), outcome)).collect() };
        prop_assert_eq!(told(book.outcomes(&facts, &regions, day())), decided(&facts));
        let mut dossier = Dossier::open(&book, facts.clone(), &regions, day());
        let mut changed = facts;
        for (key, period, known) in more.iter().take(6) {
            let before = decided(&changed);
            changed.set(key, period, known.value.clone(), known.source.clone());
            let told_changes = told(dossier.set(key, period, Some(known.value.clone()), known.source.clone()));
            let after = decided(&changed);
            let expected: Vec<_> = after.iter().zip(&before).filter(|(after, before)| after != before).map(|(after, _)| after.clone()).collect();
            prop_assert_eq!(told_changes, expected, "{} {}", key, period);
            prop_assert_eq!(told(dossier.outcomes().collect()), after);
        }
    }

    /// Explanations that measures share values for, put in words, are the decisions of each measure alone.
    #[test]
    fn explanations_in_words_equal_the_decisions(measures in proptest::collection::vec(proptest::collection::vec(condition(), 1..4), 1..6), facts in row()) {
        let book = book(&measures);
        let regions = RegionFacts::new();
        let explained = book.explain_all(&facts, &regions, day());
        prop_assert_eq!(explained.iter().count(), measures.len());
        for (explanation, rules) in explained.iter().zip(&measures) {
            let id = explanation.measure.id();
            let alone = book.decide(id, &facts, &regions, day(), None).unwrap();
            prop_assert_eq!((explanation.outcome, explanation.verdict, explanation.amount), (alone.outcome, alone.verdict, alone.amount));
            let verdicts: Vec<Truth> = explanation.conditions.iter().map(|judged| judged.verdict).collect();
            prop_assert_eq!(verdicts, alone.conditions.iter().map(|condition| condition.verdict).collect::<Vec<_>>());
            prop_assert_eq!(explained.condition(id, rules.len() - 1), alone.conditions.last().cloned());
            prop_assert_eq!(explained.condition(id, rules.len()), None);
            prop_assert_eq!(explained.missing(id), alone.missing.clone());
            prop_assert_eq!(explained.decision(id), Some(alone));
        }
        let alone: Vec<_> = book.ids().map(|id| book.decide(id, &facts, &regions, day(), None).unwrap()).collect();
        prop_assert_eq!(explained.into_decisions(), alone);
    }

    /// What is decided early is not taken back: any value for a missing fact leaves a yes a yes and a no a no,
    /// except that the new value may be a fault or leave a quotient without a value.
    #[test]
    fn a_decision_stays_when_more_becomes_known(rules in proptest::collection::vec(condition(), 1..4), facts in row(), more in row()) {
        let book = book(&[rules]);
        let regions = RegionFacts::new();
        let mut completed = facts.clone();
        for (key, period, known) in more.iter() {
            if facts.get(key, period).is_none() {
                completed.set(key, period, known.value.clone(), known.source.clone());
            }
        }
        let before = book.decide("m00", &facts, &regions, day(), None).unwrap();
        let after = book.decide("m00", &completed, &regions, day(), None).unwrap();
        if before.verdict.is_decided() && after.verdict.is_decided() {
            prop_assert_eq!(before.verdict, after.verdict, "{:?} then {:?}", facts, completed);
        }
        if let (Some(early), Some(late)) = (before.amount, after.amount) {
            prop_assert!(late.low >= early.low && early.high.is_none_or(|high| late.high.is_some_and(|late| late <= high)), "{early:?} then {late:?}");
        }
    }
}

#[test]
fn blocks_of_every_length_count_every_subject_once() {
    let book = book(&[vec!["s >= 2".to_string()]]);
    let regions = RegionFacts::new();
    for count in [1, 63, 64, 65, 8191, 8192, 8193, 20_000] {
        let mut population = Population::new(vec![RegionCode::NATION; count]);
        let values = (0..count as i64).map(|n| n % 4).collect();
        population
            .set("s", Period::Instant, duijie_policy::Column::Whole { values, known: (0..count).map(|n| n % 3 != 0).collect(), unit: Fraction::ONE })
            .unwrap();
        let tally = Batch::prepare(&book, &population, &regions, day()).tally()[0];
        let yes = (0..count).filter(|n| n % 3 != 0 && n % 4 >= 2).count() as u64;
        let unknown = (0..count).filter(|n| n % 3 == 0).count() as u64;
        assert_eq!((tally.yes, tally.unknown, tally.no), (yes, unknown, count as u64 - yes - unknown), "{count}");
    }
}
