//! Everything that somebody may get wrong is told with its file, line, column and a next step, and
//! the other measures go on.

use duijie_policy::{Book, FactSource, FactValue, Facts, Outcome, Period, RegionFacts, Vocabulary};
use duijie_vocab::{Date, Diagnostic, Fen, RegionCode};

const FACTS: &str = "facts:
  revenue: {zh: 营业收入, kind: money, unit: 万元, period: year, min: 0}
  rd: {zh: 研发费用, kind: money, unit: 万元, period: year, min: 0}
  staff: {zh: 职工总数, kind: count, unit: 人, period: year, min: 0}
";
const GOOD: &str = "id: good\nname: 好\nperiod: year\nwhen: [{label: 收入, rule: 营业收入 ≥ 1万元}]\n";

/// A measure whose only rule is `rule`, on line 5.
fn measure(rule: &str) -> String {
    format!("id: bad\nname: 坏\nperiod: year\nwhen:\n  - {{label: 条件, rule: {}}}\n", serde_json::to_string(rule).unwrap())
}

fn compile(facts: &str, files: &[(&str, &str)]) -> (Book, Vec<Diagnostic>) {
    let (vocabulary, mut faults) = Vocabulary::parse("facts.yaml", facts);
    let mut all = vec![("good.yaml".to_string(), GOOD.to_string())];
    all.extend(files.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string())));
    let (book, more) = Book::compile(vocabulary, all);
    faults.extend(more);
    (book, faults)
}

/// Whether the good measure is still decided.
fn goes_on(book: &Book) -> bool {
    let mut facts = Facts::new(RegionCode::NATION);
    facts.set("revenue", Period::Year(2021), FactValue::Money(Fen(1_000_000)), FactSource::default());
    let decided = book.decide("good", &facts, &RegionFacts::new(), Date::parse("2021-12-31").unwrap(), Some(Period::Year(2021)));
    decided.is_some_and(|decision| decision.outcome == Outcome::Eligible)
}

/// The fault with `code`, which has to say where it is and what to do.
fn told<'f>(faults: &'f [Diagnostic], code: &str, file: &str, line: u32) -> &'f Diagnostic {
    let found = faults.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("no `{code}` among {faults:#?}"));
    assert_eq!((found.place.file.as_deref(), found.place.line), (Some(file), Some(line)), "{found:?}");
    assert!(found.place.column.is_some() && found.help.is_some(), "{found:?}");
    found
}

#[test]
fn faults_in_a_rule_are_told_at_their_words() {
    let deep = format!("{}营业收入{} ≥ 1万元", "(".repeat(10_000), ")".repeat(10_000));
    for (rule, code, words) in [
        ("营业收人 ≥ 1万元", "policy.rule.unknown_name", "营业收人"),
        ("营业收入 ≥ 5%", "policy.rule.dimension", "营业收入 ≥ 5%"),
        ("营业收入 ≥ 2000", "policy.rule.dimension", ""),
        ("营业收入 + 职工总数 ≥ 1万元", "policy.rule.dimension", ""),
        ("分档(营业收入, {..5000万元: 5%, 4000万元..: 4%}) ≥ 3%", "policy.rule.band_overlap", ""),
        ("分档(营业收入, {..4000万元: 5%, 5000万元..: 4%}) ≥ 3%", "policy.rule.band_gap", ""),
        ("营业收入 ≥ 9999999999999999999999999999999999999999亿元", "policy.rule.number", ""),
        ("2021-02-30 ≤ 2021-03-01", "policy.rule.date", ""),
        (deep.as_str(), "policy.rule.too_deep", ""),
    ] {
        let text = measure(rule);
        let (book, faults) = compile(FACTS, &[("bad.yaml", &text)]);
        let shown: String = rule.chars().take(40).collect();
        let fault = told(&faults, code, "bad.yaml", 5);
        assert!(words.is_empty() || fault.place.excerpt.as_deref() == Some(words), "{shown}: {fault:?}");
        assert!(book.measure("bad").is_none() && goes_on(&book), "{shown}");
    }
}

#[test]
fn a_rule_of_ten_megabytes_is_refused_and_a_file_of_them_too() {
    let long = "营业收入 ≥ 1万元 且 ".repeat(2_000) + "真";
    let (book, faults) = compile(FACTS, &[("bad.yaml", &measure(&long))]);
    told(&faults, "policy.rule.too_long", "bad.yaml", 5);
    assert!(goes_on(&book));
    let huge = measure(&"1 + ".repeat(10 << 18));
    let (book, faults) = compile(FACTS, &[("bad.yaml", &huge)]);
    told(&faults, "policy.yaml.too_large", "bad.yaml", 1);
    assert!(goes_on(&book));
}

#[test]
fn a_bomb_and_a_tower_of_yaml_are_refused() {
    let bomb = "id: bad\nname: &a [x, x]\nwhen: [*a, *a]\n";
    let (book, faults) = compile(FACTS, &[("bad.yaml", bomb)]);
    told(&faults, "policy.yaml.alias", "bad.yaml", 3);
    assert!(goes_on(&book));
    let tower = format!("id: bad\nname: n\nwhen: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let (book, faults) = compile(FACTS, &[("bad.yaml", &tower)]);
    assert!(
        faults.iter().any(|fault| fault.is_error() && fault.place.file.as_deref() == Some("bad.yaml") && fault.place.line == Some(3) && fault.help.is_some())
    );
    assert!(goes_on(&book));
}

#[test]
fn derived_facts_in_a_circle_are_told_in_the_vocabulary() {
    let facts = format!("{FACTS}  a: {{zh: 甲, kind: number, rule: 乙 + 1}}\n  b: {{zh: 乙, kind: number, rule: 甲 + 1}}\n");
    let (book, faults) = compile(&facts, &[("bad.yaml", &measure("甲 > 1"))]);
    told(&faults, "policy.fact.cycle", "facts.yaml", 5);
    assert!(book.measure("bad").is_none() && goes_on(&book));
}

#[test]
fn two_measures_with_one_id_and_versions_that_leave_a_gap_are_told() {
    let (book, faults) = compile(FACTS, &[("twice.yaml", GOOD)]);
    told(&faults, "policy.measure.duplicate", "twice.yaml", 1);
    assert!(goes_on(&book));
    let versions = "- {id: v, name: 一, in_force: 2019-01-01..2019-12-31, when: [真]}\n- {id: v, name: 二, in_force: 2021-01-01.., when: [真]}\n";
    let (book, faults) = compile(FACTS, &[("v.yaml", versions)]);
    let gap = told(&faults, "policy.measure.gap", "v.yaml", 2);
    assert!(gap.is_error() && gap.message.en.contains("2020-01-01") && book.versions("v").len() == 2 && goes_on(&book));
    let meant = versions.replace("2021-01-01..,", "2021-01-01.., resumes: true,");
    let (book, faults) = compile(FACTS, &[("v.yaml", &meant)]);
    assert!(!faults.iter().any(Diagnostic::is_error) && book.versions("v").len() == 2, "{faults:?}");
    let overlap = versions.replace("2021-01-01", "2019-06-01");
    let (book, faults) = compile(FACTS, &[("v.yaml", &overlap)]);
    told(&faults, "policy.measure.overlap", "v.yaml", 2);
    assert!(goes_on(&book) && book.versions("v").len() == 1);
}

#[test]
fn dates_that_do_not_exist_are_told_wherever_they_stand() {
    for (key, code) in
        [("in_force: 2021-02-30..", "policy.measure.date"), ("window: 02-30..03-31", "policy.measure.window"), ("period: fortnight", "policy.yaml.choice")]
    {
        let text = format!("id: bad\nname: 坏\n{key}\nwhen: [营业收入 ≥ 1万元]\n");
        let (book, faults) = compile(FACTS, &[("bad.yaml", &text)]);
        told(&faults, code, "bad.yaml", 3);
        assert!(goes_on(&book));
    }
}

#[test]
fn division_by_zero_is_unknown_and_money_that_does_not_fit_is_an_error() {
    let decide = |rule: &str, amount: &str, revenue: i64| {
        let text = format!("id: bad\nname: 坏\nperiod: year\nwhen: ['{rule}']\nbenefit: {{amount: '{amount}'}}\n");
        let (book, faults) = compile(FACTS, &[("bad.yaml", &text)]);
        assert!(!faults.iter().any(Diagnostic::is_error), "{faults:?}");
        let mut facts = Facts::new(RegionCode::NATION);
        facts.set("revenue", Period::Year(2021), FactValue::Money(Fen(revenue)), FactSource::default());
        facts.set("rd", Period::Year(2021), FactValue::Money(Fen(i64::MAX)), FactSource::default());
        book.decide("bad", &facts, &RegionFacts::new(), Date::parse("2021-12-31").unwrap(), Some(Period::Year(2021))).unwrap()
    };
    assert_eq!(decide("研发费用 ÷ 营业收入 ≥ 3%", "1万元", 0).outcome, Outcome::Unknown);
    assert_eq!(decide("研发费用 ÷ 营业收入 ≥ 3%", "1万元", 100).outcome, Outcome::Eligible);
    let overflow = decide("营业收入 ≥ 0元", "研发费用 × 99999999999999999999", 1);
    assert!(overflow.outcome == Outcome::Error || overflow.amount.is_some_and(|amount| !amount.exact), "{overflow:?}");
}
