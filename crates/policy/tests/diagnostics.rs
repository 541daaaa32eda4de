//! Every fault and remark that the language can tell is told in its place with a next step, and once:
//! what follows from a fault is no fault of its own.

use duijie_policy::{Book, Vocabulary, example_faults, lint, missing_examples, read_fact_table, unnoticed_changes};
use duijie_vocab::{Date, Diagnostic};
use std::collections::BTreeSet;
use std::path::Path;

const FACTS: &str = "facts:
  revenue: {zh: 营业收入, kind: money, unit: 万元, period: year, min: 0}
  rd: {zh: 研发费用, kind: money, unit: 万元, period: year, min: 0}
  share: {zh: 研发强度, kind: ratio, period: year, rule: 研发费用 ÷ 营业收入}
  capital: {zh: 注册资本, kind: money, unit: 万元}
  power: {zh: 电费, kind: money, period: month}
  titles: {zh: 称号, kind: set, values: [瞪羚企业, 独角兽企业]}
  grade: {zh: 等级, kind: code, values: [甲, 乙]}
  industry: {zh: 行业, kind: code}
  founded: {zh: 成立日期, kind: date}
  clean: {zh: 无处罚, kind: bool}
  average: {zh: 平均增幅, kind: ratio, period: year, scope: region}
";

/// Everything that reading, checking and testing these files tells.
fn told(facts: &str, measures: &[&str]) -> Vec<Diagnostic> {
    let (vocabulary, mut faults) = Vocabulary::parse("facts.yaml", facts);
    let files = measures.iter().enumerate().map(|(at, text)| (format!("{at}.yaml"), (*text).to_string())).collect();
    let (book, more) = Book::compile(vocabulary, files);
    faults.extend(more);
    faults.extend(example_faults(&book));
    faults.extend(lint(&book));
    faults.extend(missing_examples(&book));
    faults.extend(book.measures().flat_map(|measure| unnoticed_changes(&book, measure)));
    faults
}

/// A measure with one rule, on line 5.
fn with_rule(rule: &str) -> String {
    format!("id: m\nname: n\nperiod: year\nwhen:\n  - {{label: x, rule: {}}}\n", serde_json::to_string(rule).unwrap())
}

/// A measure with more lines, from line 5 on.
fn with(lines: &str) -> String {
    format!("id: m\nname: n\nperiod: year\nwhen: [营业收入 ≥ 1万元]\n{lines}\n")
}

fn assert_told(faults: &[Diagnostic], code: &str, file: &str, line: u32, given: &str) {
    let found = faults.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("{given}: no `{code}` among {faults:#?}"));
    assert_eq!((found.place.file.as_deref(), found.place.line), (Some(file), Some(line)), "{given}: {found:?}");
    assert!(found.place.column.is_some() && found.help.is_some(), "{given}: {found:?}");
    assert!(!found.message.zh.is_empty() && !found.message.en.is_empty(), "{given}");
}

#[test]
fn faults_and_remarks_of_a_rule() {
    let long = "1 + ".repeat(9_000);
    let deep = "(".repeat(200);
    for (code, rule) in [
        ("policy.rule.arguments", "abs(营业收入, 研发费用) ≥ 1万元"),
        ("policy.rule.band_empty", "分档(营业收入, {..=1万元: 1%, 1万元..=1万元: 2%, 1万元..: 3%}) ≥ 3%"),
        ("policy.rule.band_ends", "分档(营业收入, {..=5000万元: 5%}) ≥ 3%"),
        ("policy.rule.band_gap", "分档(营业收入, {..=4000万元: 5%, 5000万元..: 4%}) ≥ 3%"),
        ("policy.rule.band_hidden", "分档(营业收入, {≥ 1万元: 1%, ≥ 2万元: 2%, 其他: 0%}) ≥ 1%"),
        ("policy.rule.band_overlap", "分档(营业收入, {..=5000万元: 5%, 4000万元..: 4%}) ≥ 3%"),
        ("policy.rule.band_owner", "分档(营业收入, {..5000万元: 5%, 5000万元..: 4%}) ≥ 4.5%"),
        ("policy.rule.bare_percent", "研发强度 ≥ 3"),
        ("policy.rule.branches", "较大值(营业收入, 5%) ≥ 1万元"),
        ("policy.rule.cagr", "复合增长率(营业收入, 99) ≥ 20%"),
        ("policy.rule.character", "营业收入 & 研发费用"),
        ("policy.rule.contains", "行业 含 甲"),
        ("policy.rule.date", "成立日期 ≥ 2021-02-30"),
        ("policy.rule.dimension", "营业收入 ≥ 2000"),
        ("policy.rule.growth", "增幅(注册资本) ≥ 1%"),
        ("policy.rule.in", "营业收入 属于 \"高\""),
        ("policy.rule.lookup", "查表(营业收入, {甲: 1%, 其他: 2%}) ≥ 1%"),
        ("policy.rule.measure", "符合(\"别处\")"),
        ("policy.rule.not_condition", "营业收入"),
        ("policy.rule.not_date", "满(营业收入) ≥ 1 年"),
        ("policy.rule.not_number", "行业 ÷ 2 > 1"),
        ("policy.rule.number", "营业收入 ≥ 99999999999999999999999999999999999999999亿元"),
        ("policy.rule.number", "营业收入 ≥ 99999999999亿元"),
        ("policy.rule.period", "电费 ≥ 1万元"),
        ("policy.rule.progressive", "累进(营业收入, {..=1万元: 5万元, 1万元..: 6万元}) ≥ 1万元"),
        ("policy.rule.quote", "行业 = \"甲"),
        ("policy.rule.region", "火星.平均增幅 > 1%"),
        ("policy.rule.region_fact", "平均增幅 > 1%"),
        ("policy.rule.rounding", "四舍五入(营业收入) ≥ 1万元"),
        ("policy.rule.series", "营业收入(近3年) ≥ 1万元"),
        ("policy.rule.syntax", "营业收入 ≥ 1万元 1"),
        ("policy.rule.table", "分档(营业收入, {}) ≥ 3%"),
        ("policy.rule.too_deep", &deep),
        ("policy.rule.too_long", &long),
        ("policy.rule.unit", "营业收入 ≥ 5万无"),
        ("policy.rule.unknown_name", "营业收人 ≥ 1万元"),
        ("policy.rule.word", "等级 = 丙"),
        ("policy.rule.words", "称号 含任一 {1, 2}"),
        ("policy.rule.zero", "营业收入 ÷ 0 ≥ 1万元"),
        ("policy.lint.always", "营业收入 ≥ 0元"),
        ("policy.lint.never", "营业收入 < 0元"),
    ] {
        let shown: String = rule.chars().take(50).collect();
        let line = if code == "policy.lint.never" { 1 } else { 5 };
        assert_told(&told(FACTS, &[&with_rule(rule)]), code, "0.yaml", line, &shown);
    }
}

#[test]
fn faults_and_remarks_of_a_measure() {
    let example = |rest: &str| format!("examples:\n  - {{{rest}}}");
    let nested = with(&format!("note: {}{}", "[".repeat(40), "]".repeat(40)));
    let large = with(&format!("note: {}", "长".repeat(1 << 20)));
    let good = "facts: {营业收入: {2021: 5万元}}, expect: eligible";
    for (code, line, text) in [
        ("policy.yaml.alias", 3, "id: m\nname: &a x\nnote: *a\nwhen: [真]\n".to_string()),
        ("policy.yaml.choice", 3, "id: m\nname: n\nperiod: fortnight\nwhen: [真]\n".to_string()),
        ("policy.yaml.duplicate_key", 2, "id: m\nid: k\nname: n\nwhen: [真]\n".to_string()),
        ("policy.yaml.limit", 5, nested),
        ("policy.yaml.list", 3, "id: m\nname: n\nwhen: 真\n".to_string()),
        ("policy.yaml.mapping", 1, "some words\n".to_string()),
        ("policy.yaml.missing_key", 1, "name: n\nwhen: [真]\n".to_string()),
        ("policy.yaml.syntax", 1, "a: [1, 2\n".to_string()),
        ("policy.yaml.too_large", 1, large),
        ("policy.yaml.unknown_key", 3, "id: m\nname: n\nwhne: [真]\nwhen: [真]\n".to_string()),
        ("policy.measure.benefit_kind", 5, with("benefit: {kind: rewrad, amount: 1万元}")),
        ("policy.measure.condition", 4, "id: m\nname: n\nwhen:\n  - {label: x}\n".to_string()),
        ("policy.measure.date", 5, with("in_force: 2021-02-30..")),
        ("policy.measure.in_force", 5, with("in_force: 2021")),
        ("policy.measure.in_force", 5, with("in_force: 2021-12-31..2021-01-01")),
        ("policy.measure.money", 5, with("budget: {pool: p, amount: 多}")),
        ("policy.measure.parameter", 5, with("parameters: {比例: [{from: 2021-01-01}]}")),
        ("policy.measure.region", 5, with("region: \"999999\"")),
        ("policy.measure.rounding", 5, with("benefit: {amount: 1万元, rounding: {to: 三}}")),
        ("policy.measure.when", 3, "id: m\nname: n\nwhen: []\n".to_string()),
        ("policy.measure.window", 5, with("window: 02-30..03-31")),
        ("policy.rule.missing", 4, "id: m\nname: n\nwhen:\n  - {label: x, rule: [真]}\n".to_string()),
        ("policy.rule.not_money", 5, with("benefit: {amount: 5%}")),
        ("policy.rule.not_rate", 5, with("benefit: {rate: 5万元, base: 营业收入}")),
        ("policy.example.expect", 6, with(&example("facts: {营业收入: 5万元}"))),
        ("policy.example.facts", 6, with(&example("facts: 5万元, expect: eligible"))),
        ("policy.example.period", 6, with(&example("facts: {营业收入: {冬: 5万元}}, expect: eligible"))),
        ("policy.example.value", 6, with(&example("facts: {营业收入: 五万}, expect: eligible"))),
        ("policy.examples.lacking", 1, with(&example(good))),
        ("policy.examples.boundary", 4, with(&(example(good) + "\n  - {facts: {营业收入: {2021: 0元}}, expect: not_eligible}"))),
        ("policy.examples.unnoticed", 4, with(&example(good))),
        ("policy.lint.alone", 1, with("exclusive: [g]")),
        ("policy.lint.no_basis", 1, with("")),
        ("policy.lint.no_dates", 1, with("")),
        ("policy.lint.no_source", 1, with("")),
    ] {
        let shown: String = text.chars().take(80).collect();
        assert_told(&told(FACTS, &[&text]), code, "0.yaml", line, &shown);
    }
    let twice = [with(""), with("")];
    assert_told(&told(FACTS, &[&twice[0], &twice[1]]), "policy.measure.duplicate", "1.yaml", 1, "two measures with one id");
    let versions =
        |from: &str| format!("- {{id: v, name: a, in_force: 2019-01-01..2019-12-31, when: [真]}}\n- {{id: v, name: b, in_force: {from}.., when: [真]}}\n");
    assert_told(&told(FACTS, &[&versions("2021-01-01")]), "policy.measure.gap", "0.yaml", 2, "a gap");
    assert_told(&told(FACTS, &[&versions("2019-06-01")]), "policy.measure.overlap", "0.yaml", 2, "an overlap");
}

#[test]
fn faults_of_a_vocabulary() {
    for (code, line, facts) in [
        ("policy.vocabulary.form", 1, "facts: 5\n"),
        ("policy.fact.bound", 2, "facts:\n  a: {kind: money, min: 少}\n"),
        ("policy.fact.cycle", 2, "facts:\n  a: {kind: number, rule: b + 1}\n  b: {kind: number, rule: a + 1}\n"),
        ("policy.fact.duplicate", 3, "facts:\n  a: {zh: 甲, kind: number}\n  b: {zh: 甲, kind: number}\n"),
        ("policy.fact.kind", 3, "facts:\n  a: {kind: number}\n  b: {kind: money, rule: a + 1}\n"),
        ("policy.fact.unit", 2, "facts:\n  a: {kind: money, unit: 人}\n"),
    ] {
        assert_told(&told(facts, &[]), code, "facts.yaml", line, facts);
    }
    let broken = format!("{FACTS}  b: {{zh: 甲, kind: number, rule: 营业收人 + 1}}\n");
    assert_told(&told(&broken, &[&with_rule("甲 > 1")]), "policy.fact.broken", "0.yaml", 5, "a measure on a broken fact");
}

#[test]
fn faults_of_a_table_of_facts() {
    let (vocabulary, _) = Vocabulary::parse("facts.yaml", FACTS);
    let many: String = (0..2_000).map(|row| format!("{row},多\n")).collect();
    let latin = "id,营业收入@2021\n".bytes().chain(*b"\xe9t\xe9,5\n").collect();
    let text = |table: &str| table.as_bytes().to_vec();
    for (code, table) in [
        ("policy.facts.empty", text("")),
        ("policy.facts.more", text(&format!("id,营业收入@2021\n{many}"))),
        ("policy.facts.not_given", text("id,研发强度@2021\n")),
        ("policy.facts.period", text("id,注册资本@2021\n")),
        ("policy.facts.region", text("id,region\n甲,999999\n")),
        ("policy.facts.row", latin),
        ("policy.facts.twice", text("id,营业收入@2021,revenue@2021\n")),
        ("policy.facts.unknown_fact", text("id,营业收人@2021\n")),
        ("policy.facts.value", text("id,营业收入@2021\n甲,多\n")),
    ] {
        let read = read_fact_table(&vocabulary, "t.csv", table.as_slice(), Date::parse("2021-12-31").unwrap());
        let found = read.faults.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("no `{code}` among {:#?}", read.faults));
        assert_eq!(found.place.file.as_deref(), Some("t.csv"), "{found:?}");
    }
}

/// Place and code of every error, in order.
fn errors(facts: &str, measures: &[&str]) -> Vec<String> {
    let errors = told(facts, measures).into_iter().filter(Diagnostic::is_error);
    errors.map(|fault| format!("{}:{} {}", fault.place.file.unwrap_or_default(), fault.place.line.unwrap_or(0), fault.code)).collect()
}

#[test]
fn what_follows_from_a_fault_is_not_told_as_another() {
    // An unknown fact in a parameter: the rules that read the parameter are silent.
    let parameter = with("parameters: {比例: 营业收人 ÷ 研发费用}\nbenefit: {amount: 研发费用 × 比例, cap: 营业收入 × 比例}");
    assert_eq!(errors(FACTS, &[&parameter]), ["0.yaml:5 policy.rule.unknown_name"]);
    // One that is read in two periods, or compared twice, is told once.
    for rule in ["增幅(营业收人) ≥ 3%", "复合增长率(营业收人, 3) ≥ 3%", "营业收人 介于 1万元 和 3万元", "规莫 = 大", "营业收人 属于 {大, 小}"]
    {
        assert_eq!(errors(FACTS, &[&with_rule(rule)]), ["0.yaml:5 policy.rule.unknown_name"], "{rule}");
    }
    // Two misspelt facts are two faults.
    assert_eq!(errors(FACTS, &[&with_rule("营业收人 ≥ 研发费甲")]).len(), 2);
    // A derived fact: what is wrong stands in the vocabulary, the measure says on what it rests; so do derived facts on it.
    let facts = format!("{FACTS}  a: {{zh: 甲, kind: number, rule: 乙 + 1}}\n  b: {{zh: 乙, kind: number, rule: 丙丙丙 + 1}}\n");
    assert_eq!(
        errors(&facts, &[&with_rule("甲 > 1 且 甲 < 5")]),
        ["facts.yaml:14 policy.rule.unknown_name", "0.yaml:5 policy.fact.broken", "0.yaml:5 policy.fact.broken"]
    );
    // A measure that refers to a faulty one says so, whether that could be read or not.
    for faulty in [with_rule("营业收人 ≥ 1万元"), with_rule("营业收入 ≥ ")] {
        let other = with_rule("符合(\"m\") 且 营业收入 ≥ 3万元").replacen("id: m", "id: other", 1);
        let found = told(FACTS, &[&faulty, &other]);
        let second = found.iter().filter(|fault| fault.is_error()).nth(1).expect("two faults");
        assert_eq!((second.code.as_str(), second.place.file.as_deref()), ("policy.rule.measure", Some("1.yaml")));
        assert!(second.message.en.contains("`m` that this refers to is faulty"), "{second:?}");
    }
}

/// Codes that no small file brings about: a plan of two million nodes, and a guard of the formatter.
const UNTESTED: [&str; 2] = ["policy.rule.too_large", "policy.format"];

#[test]
fn every_code_is_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (told, tested) = (codes(&root.join("src")), codes(&root.join("tests")));
    let missing: Vec<&String> = told.iter().filter(|code| !tested.contains(*code) && !UNTESTED.contains(&code.as_str())).collect();
    assert!(told.len() > 90 && missing.is_empty(), "{missing:?} of {}", told.len());
}

/// Every code of a diagnostic that the sources of a folder name.
fn codes(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(codes(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        found.extend(
            text.split('"')
                .filter(|part| part.starts_with("policy.") && part.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b'.' | b'_')) && !part.ends_with('_'))
                .map(str::to_string),
        );
    }
    found
}
