//! Which measures to take, what to ask next, and what a change would do.

use duijie_policy::{
    Because, Book, Decision, FactSource, FactValue, Facts, Outcome, Period, Population, RegionFacts, SharedCap, Vocabulary, best_combination, next_questions,
    simulate,
};
use duijie_vocab::{Date, Fen, Lang, RegionCode};
use proptest::prelude::*;
use std::collections::BTreeMap;

const FACTS: &str = "facts:\n  revenue: {zh: 营业收入, kind: money, unit: 万元, period: year, min: 0}\n  staff: {zh: 职工总数, kind: count, period: year, min: 0}\n  score: {zh: 得分, kind: number}\n";

fn book(measures: &str) -> Book {
    let (vocabulary, _) = Vocabulary::parse("facts.yaml", FACTS);
    let (book, faults) = Book::compile(vocabulary, vec![("m.yaml".to_string(), measures.to_string())]);
    assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:#?}");
    book
}

fn day() -> Date {
    Date::parse("2021-12-31").unwrap()
}

fn decisions(book: &Book, facts: &Facts) -> Vec<Decision> {
    book.decide_all(facts, &RegionFacts::new(), day())
}

fn eligible(id: &str, amount: i64, groups: &[&str], pool: Option<&str>) -> Decision {
    let text = format!(
        "id: {id}\nname: {id}\nperiod: year\nwhen: [营业收入 >= 0]\nbenefit: {{amount: {amount}元}}\nexclusive: [{}]\n{}",
        groups.join(", "),
        pool.map(|pool| format!("budget: {{pool: {pool}}}\n")).unwrap_or_default()
    );
    let decision = decisions(&book(&text), &Facts::new(RegionCode::NATION)).remove(0);
    assert_eq!(decision.outcome, Outcome::Eligible);
    decision
}

#[test]
fn the_combination_that_pays_most_is_chosen_and_the_rest_explained() {
    // B alone pays more than A or C, but A and C together pay more than B.
    let all = [eligible("a", 60, &["g"], None), eligible("b", 100, &["g", "h"], None), eligible("c", 70, &["h"], None), eligible("d", 5, &[], None)];
    let best = best_combination(&all, &BTreeMap::new());
    let chosen: Vec<&str> = best.chosen.iter().map(|chosen| chosen.measure.as_str()).collect();
    assert_eq!((chosen, best.total, best.proven), (vec!["c", "a", "d"], Fen(13_500), true));
    assert_eq!(best.left_out[0].sentence(Lang::Zh), "b不另享受：与“c”（70元）同属 h，就高不重复");
    let pooled = [eligible("a", 60, &[], Some("p")), eligible("b", 50, &[], Some("p")), eligible("c", 50, &[], Some("p"))];
    let best = best_combination(&pooled, &BTreeMap::from([("p".to_string(), Fen(10_000))]));
    assert_eq!(best.total, Fen(10_000));
    assert_eq!(best.left_out[0].because, Because::Pool { pool: "p".into() });
}

#[test]
fn measures_that_share_a_limit_pay_no_more_than_it_together() {
    let measure = |id: &str, amount: i64| {
        format!("- {{id: {id}, name: {id}, period: year, when: [营业收入 >= 0], benefit: {{amount: {amount}元}}, shared_cap: {{group: g, cap: 150元}}}}\n")
    };
    let book = book(&[measure("a", 100), measure("b", 80), measure("c", 30)].concat());
    let best = best_combination(&decisions(&book, &Facts::new(RegionCode::NATION)), &BTreeMap::new());
    let paid: Vec<(&str, Fen)> = best.chosen.iter().map(|chosen| (chosen.measure.as_str(), chosen.amount)).collect();
    assert_eq!((paid, best.total, best.proven), (vec![("a", Fen(10_000)), ("b", Fen(5_000))], Fen(15_000), true));
    assert_eq!(best.chosen[0].sentence(Lang::Zh), None);
    assert_eq!(best.chosen[1].sentence(Lang::Zh).unwrap(), "b由80元减为50元：g 各项合计每年最高150元");
    assert_eq!(best.left_out[0].because, Because::SharedCap { group: "g".into(), cap: Fen(15_000) });
    let (_, faults) = Book::compile(
        Vocabulary::parse("facts.yaml", FACTS).0,
        vec![("m.yaml".into(), "id: m\nname: m\nwhen: [真]\nshared_cap: {group: g, cap: 三百}\n".into())],
    );
    assert_eq!((faults[0].code.as_str(), faults[0].place.line), ("policy.measure.money", Some(4)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_other_combination_pays_more(items in proptest::collection::vec((0i64..50, proptest::collection::vec(0usize..3, 0..3), any::<bool>()), 1..8)) {
        let template = eligible("t", 1, &[], None);
        let all: Vec<Decision> = items.iter().enumerate().map(|(at, (amount, groups, shares))| {
            let mut decision = template.clone();
            decision.measure = format!("m{at}");
            decision.amount = Some(duijie_policy::Amount { low: Fen(*amount), high: Some(Fen(*amount)), exact: true });
            decision.exclusive = groups.iter().map(|group| format!("g{group}")).collect();
            decision.shared_cap = shares.then(|| SharedCap { group: "c".into(), cap: Fen(60) });
            decision
        }).collect();
        // Together those that share the limit pay no more than it.
        let paid = |mask: u32| {
            let sum = |wanted: bool| (0..all.len()).filter(|at| mask >> at & 1 == 1 && items[*at].2 == wanted).map(|at| items[at].0).sum::<i64>();
            sum(false) + sum(true).min(60)
        };
        let fits = |mask: u32| (0..all.len()).all(|a| (0..a).all(|b| mask >> a & 1 == 0 || mask >> b & 1 == 0 || !all[a].exclusive.iter().any(|group| all[b].exclusive.contains(group))));
        let best = (0u32..1 << all.len()).filter(|&mask| fits(mask)).map(paid).max().unwrap();
        prop_assert_eq!(best_combination(&all, &BTreeMap::new()).total, Fen(best));
    }
}

#[test]
fn the_question_that_settles_most_comes_first() {
    let measures = "- {id: a, name: a, period: year, when: [职工总数 > 10]}\n- {id: b, name: b, period: year, when: [职工总数 > 20, 得分 > 60]}\n- {id: c, name: c, period: year, when: [职工总数 > 30]}\n- {id: d, name: d, period: year, when: [得分 > 90]}\n";
    let questions = next_questions(&decisions(&book(measures), &Facts::new(RegionCode::NATION)));
    let shown: Vec<(&str, usize, usize)> = questions.iter().map(|question| (question.key.as_str(), question.settles.len(), question.helps.len())).collect();
    assert_eq!(shown, [("staff", 2, 1), ("score", 1, 1)]);
}

#[test]
fn a_changed_threshold_shows_who_gains_and_what_it_costs() {
    let version =
        |threshold: &str| book(&format!("id: m\nname: m\nperiod: year\nwhen: [营业收入 >= {threshold}]\nbenefit: {{amount: 职工总数 × 100元, cap: 1万元}}\n"));
    let rows: Vec<Facts> = (0..100)
        .map(|n| {
            let mut facts = Facts::new(RegionCode::parse(if n < 50 { "320402" } else { "320404" }).unwrap());
            if n % 10 != 0 {
                facts.set("revenue", Period::Year(2021), FactValue::Money(Fen(n * 1_000_000)), FactSource::default());
            }
            facts.set("staff", Period::Year(2021), FactValue::Count(10), FactSource::default());
            facts
        })
        .collect();
    let population = Population::from_facts(&rows);
    let (before, after) = (version("50万元"), version("40万元"));
    let simulation = simulate(&before, &after, "m", &population, &RegionFacts::new(), day());
    let totals = simulation.totals();
    assert_eq!((totals.subjects, totals.eligible_before, totals.eligible_after, totals.gain, totals.lose, totals.open), (100, 45, 54, 9, 0, 10));
    assert_eq!((totals.cost_before.least, totals.cost_after.least, totals.cost_after.most), (45 * 100_000, 54 * 100_000, Some(64 * 100_000)));
    assert_eq!(totals.cost_difference(), (Some((54 - 55) * 100_000), Some((64 - 45) * 100_000)));
    let by_region = simulation.by(|subject| rows[subject].region());
    assert_eq!(by_region[&RegionCode::parse("320402").unwrap()].gain, 9);
}
