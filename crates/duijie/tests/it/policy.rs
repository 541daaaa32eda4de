//! Measures on files, from the command line: no data directory is made or needed.

use crate::product::Product;
use serde_json::Value;
use std::path::PathBuf;

const FACTS: &str = "facts:
  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0, source: [税务]}
  rd: {name: {zh: 研发费用, en: R&D}, kind: money, unit: 万元, period: year, min: 0, source: [税务]}
";
const MEASURE: &str = "id: m
name: {zh: 研发补助, en: R&D subsidy}
basis: [{document: 若干措施, clause: 第三条}]
in_force: 2021-01-01..
period: year
when:
  - {label: {zh: 强度, en: share}, clause: 第三条, rule: 研发费用 ÷ 营业收入 ≥ 5%}
benefit: {amount: 研发费用 × 10%}
examples:
  - {name: 正好, period: 2021, facts: {营业收入: {2021: 1000}, 研发费用: {2021: 50}}, expect: eligible, amount: 5万元}
  - {name: 不够, period: 2021, facts: {营业收入: {2021: 1000}, 研发费用: {2021: 49.99}}, expect: not_eligible}
  - {name: 未知, period: 2021, facts: {营业收入: {2021: 1000}}, expect: unknown}
";
const FIRMS: &str = "id,region,营业收入@2021,研发费用@2021\n甲,320400,1000,50\n乙,320400,1000,40\n丙,320400,1000,\n丁,320400,0,1\n";

struct Desk {
    product: Product,
    measures: PathBuf,
    facts: PathBuf,
}

impl Desk {
    fn new(measure: &str) -> Desk {
        let product = Product::new();
        let measures = product.path("measures");
        std::fs::create_dir(&measures).expect("a folder");
        std::fs::write(measures.join("facts.yaml"), FACTS).expect("the vocabulary");
        std::fs::write(measures.join("m.yaml"), measure).expect("a measure");
        let facts = product.file("firms.csv", FIRMS);
        Desk { product, measures, facts }
    }

    /// `duijie policy ARGUMENTS`, where `@m` and `@f` are the measures and the subjects.
    fn run(&self, arguments: &[&str]) -> crate::product::Ran {
        let filled = arguments.iter().flat_map(|word| match *word {
            "@m" => vec!["--measures".to_string(), self.measures.display().to_string()],
            "@f" => vec!["--facts".to_string(), self.facts.display().to_string(), "--on".into(), "2021-12-31".into()],
            "@dir" => vec![self.measures.display().to_string()],
            word => vec![word.to_string()],
        });
        let arguments: Vec<String> = std::iter::once("policy".to_string()).chain(filled).collect();
        let ran = self.product.run(&arguments);
        assert!(!self.product.data().exists(), "{arguments:?} made a data directory");
        ran
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).expect("JSON")
    }
}

#[test]
fn an_author_checks_formats_and_tests_without_a_data_directory() {
    let desk = Desk::new(MEASURE);
    let checked = desk.run(&["check", "@dir"]);
    assert_eq!((checked.code, checked.out.trim()), (0, "1 measure can be used"), "{}", checked.err);
    assert_eq!(desk.run(&["fmt", "@dir", "--check"]).code, 0);
    let other = desk.run(&["fmt", "@dir", "--style", "cel", "--check"]);
    assert_eq!((other.code, other.out.trim().ends_with("m.yaml")), (1, true), "{}", other.out);
    assert_eq!(desk.run(&["fmt", "@dir", "--style", "cel"]).code, 0);
    assert!(std::fs::read_to_string(desk.measures.join("m.yaml")).expect("the file").contains("rule: rd / revenue >= 5%"));
    let report = desk.json(&["test", "@dir"]);
    assert_eq!(report["examples"].as_array().map(Vec::len), Some(3));
    let at = report["boundary"].as_array().expect("cases").iter().find(|case| case["side"] == "at" && case["fact"] == "rd").expect("the threshold of R&D");
    assert_eq!((&at["value"]["zh"], &at["outcome"], &at["amount"]["zh"]), (&"50万元".into(), &"eligible".into(), &"5万元".into()));
    assert!(desk.run(&["test", "@dir"]).out.contains("checked by ____"));
    let book = desk.product.path("test.xlsx");
    assert_eq!(desk.run(&["test", "@dir", "--format", "xlsx", "-o", book.to_str().expect("a path")]).code, 0);
    assert!(std::fs::read(&book).expect("a workbook").starts_with(b"PK"));
    assert_eq!(desk.run(&["test", "@dir", "--format", "xlsx"]).code, 2, "a workbook needs a file");
    assert!(desk.run(&["show", "m", "@m", "--style", "zh"]).out.contains("研发费用 ÷ 营业收入 ≥ 5%"));
    assert!(desk.run(&["schema", "facts"]).out.contains("json-schema.org"));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_code() {
    let desk = Desk::new(&MEASURE.replace("营业收入 ≥ 5%", "营业收人 ≥ 5%"));
    let ran = desk.run(&["check", "@dir"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("m.yaml:7:") && ran.err.contains("did you mean `营业收入`?"), "{}", ran.err);
    let differs = Desk::new(&MEASURE.replace("amount: 5万元", "amount: 6万元"));
    let ran = differs.run(&["test", "@dir"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("正好") && ran.out.contains("the amount should be 6万元"), "{}", ran.out);
    assert_eq!(desk.run(&["batch", "@m"]).code, 1, "subjects are missing");
    assert_eq!(desk.run(&["nonsense"]).code, 2);
}

#[test]
fn subjects_of_a_file_are_counted_decided_explained_and_simulated() {
    let desk = Desk::new(MEASURE);
    let batch = desk.json(&["batch", "@m", "@f"]);
    let line = &batch["measures"][0];
    let count = |key: &str| line[key].as_i64().expect("a number");
    assert_eq!((count("yes"), count("no"), count("unknown"), count("error"), count("amount_fen")), (1, 1, 2, 0, 5_000_000), "{line}");
    assert_eq!(line["amount"]["zh"], "5万元");
    let decided = desk.run(&["decide", "乙", "@m", "@f"]);
    assert!(decided.code == 0 && decided.out.contains("1 percentage points short"), "{}", decided.out);
    let explained = desk.json(&["explain", "甲", "m", "@m", "@f"]);
    assert_eq!(explained["facts"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.run(&["explain", "戊", "m", "@m", "@f"]).code, 1);
    let change = desk.product.file("change.yaml", MEASURE.replace("≥ 5%", "≥ 4%"));
    let change = change.to_str().expect("a path");
    let simulated = desk.json(&["simulate", "--change", change, "@m", "@f"]);
    let totals = &simulated[0]["totals"];
    assert_eq!((&totals["gain"], &totals["lose"], &totals["eligible_after"]), (&1.into(), &0.into(), &2.into()), "{totals}");
    assert!(desk.run(&["simulate", "--change", change, "@m", "@f"]).out.contains("乙"));
    let listed = desk.json(&["simulate", "--measure", "m", "@m", "@f"]);
    assert_eq!((&listed[0]["written"], &listed[0]["at"]), (&"5%".into(), &0.into()), "{listed}");
    let tried = desk.json(&["simulate", "--measure", "m", "--figure", "1=4%", "@m", "@f"]);
    assert_eq!(tried[0]["totals"], *totals);
    let steps = tried[0]["steps"].as_array().expect("steps");
    let asked = steps.iter().find(|step| step["mark"] == "asked").expect("the figure asked about");
    assert_eq!((&asked["value"], &asked["eligible"], steps.len()), (&"4%".into(), &2.into(), 9));
    assert!(desk.run(&["simulate", "--measure", "m", "--figure", "1=4%", "@m", "@f"]).out.contains("3.5%"));
    assert_eq!(desk.run(&["simulate", "--measure", "m", "--figure", "9=4%", "@m", "@f"]).code, 1);
    assert_eq!(desk.run(&["simulate", "@m", "@f"]).code, 2, "nothing was asked");
    // Without a day the latest period of the columns decides.
    let facts = desk.facts.to_str().expect("a path");
    let undated = desk.json(&["batch", "@m", "--facts", facts]);
    assert_eq!((&undated["on"], &undated["measures"]), (&"2021-12-31".into(), &batch["measures"]));
    let timing = desk.json(&["bench", "@m", "@f"]);
    assert!(timing["pairs_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
}
