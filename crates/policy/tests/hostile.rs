//! Nothing that is typed or uploaded makes the language panic, hang or answer without a place.

use duijie_policy::{Book, Style, Vocabulary, format_measure, parse_measure, parse_rule, test_examples};
use proptest::prelude::*;

const PIECES: [&str; 64] = [
    "研发费用",
    "营业收入",
    "增幅",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "，",
    "：",
    ":",
    "?",
    "≥",
    ">",
    "<=",
    "==",
    "≠",
    "且",
    "或",
    "非",
    "!",
    "+",
    "-",
    "×",
    "÷",
    "*",
    "/",
    "..",
    "..=",
    "..<",
    "…",
    "%",
    "3",
    "0",
    "5000万元",
    "1.5亿元",
    "10亿美元",
    "10 年",
    "2021-06-30",
    "2021-02-30",
    "99999999999999999999999999999",
    "\"",
    "'",
    "`",
    "“",
    "”",
    "上年",
    "本年-2",
    "近3年",
    "全市.",
    "分档",
    "介于",
    "和",
    "含任一",
    "属于",
    "其他",
    "if",
    "\n",
    "\t",
    "é",
    "𠀀",
    "\u{200b}",
];

const FACTS: &str = "rd: {zh: 研发费用, kind: money, period: year}\nrev: {zh: 营业收入, kind: money, period: year, min: 0}\n";

fn rule() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![6 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_string()), 1 => any::<char>().prop_map(String::from)], 0..30)
        .prop_map(|pieces| pieces.join(" ").replace(" .", "."))
}

proptest! {
    #[test]
    fn any_rule_is_read_or_refused_at_a_place(rule in rule()) {
        if let Err(fault) = parse_rule(&rule) {
            prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= rule.len() && rule.is_char_boundary(fault.span.start) && rule.is_char_boundary(fault.span.end), "{rule}: {fault:?}");
            prop_assert!(fault.help.is_some());
        }
    }

    #[test]
    fn any_rule_in_a_file_is_compiled_and_decided_or_refused(rule in rule(), style in prop_oneof![Just(Style::Zh), Just(Style::Cel)]) {
        let (vocabulary, _) = Vocabulary::parse("facts.yaml", FACTS);
        let text = format!("id: t\nname: t\nperiod: year\nwhen:\n  - rule: {0}\nbenefit:\n  amount: {0}\nexamples:\n  - {{facts: {{研发费用: {{2021: 1, 2020: 0}}, 营业收入: '0..'}}, expect: unknown}}\n", serde_json::to_string(&rule).unwrap());
        if let Ok(formatted) = format_measure("t.yaml", &text, style, &vocabulary) {
            prop_assert!(parse_measure("t.yaml", &formatted).0.is_some());
        }
        let (book, faults) = Book::compile(vocabulary, vec![("t.yaml".to_string(), text)]);
        prop_assert!(book.ids().count() == 1 || faults.iter().any(|fault| fault.is_error() && fault.place.line.is_some() && fault.help.is_some()), "{rule}: {faults:?}");
        test_examples(&book);
    }

    #[test]
    fn any_text_as_a_file_is_read_or_refused(text in "(\\PC|\n| |:|-|\\{|\\}|\\[|\\]|id|when|rule|examples|facts|kind|name){0,120}") {
        let (vocabulary, _) = Vocabulary::parse("facts.yaml", &text);
        let (_, faults) = Book::compile(vocabulary, vec![("m.yaml".to_string(), text.clone())]);
        prop_assert!(faults.iter().all(|fault| fault.place.file.is_some()), "{faults:?}");
    }
}

#[test]
fn long_chains_and_doubling_of_derived_facts_and_measures_are_bounded() {
    let chain = |count: usize, rule: fn(usize) -> String| {
        let facts: String = (1..count).map(|n| format!("f{n}: {{kind: number, rule: {}}}\n", rule(n - 1))).collect();
        Vocabulary::parse("facts.yaml", &format!("f0: {{kind: number}}\n{facts}")).0
    };
    let measure = |id: &str, rule: &str| format!("id: {id}\nname: n\nwhen: ['{rule}']\n");
    let (book, faults) =
        Book::compile(chain(3_000, |n| format!("f{n} + 1")), vec![("m.yaml".into(), measure("m", "f2999 > 1")), ("n.yaml".into(), measure("n", "f9 > 1"))]);
    assert_eq!(book.ids().collect::<Vec<_>>(), ["n"]);
    assert!(faults.iter().any(|fault| fault.code == "policy.rule.too_deep" && fault.place.file.as_deref() == Some("m.yaml")));
    let (book, faults) = Book::compile(chain(60, |n| format!("f{n} + f{n}")), vec![("m.yaml".into(), measure("m", "f59 > 1"))]);
    assert!(faults.is_empty() && book.ids().count() == 1, "{faults:?}");
    let mut facts = duijie_policy::Facts::new(duijie_vocab::RegionCode::NATION);
    facts.set("f0", duijie_policy::Period::Instant, duijie_policy::FactValue::Count(1), duijie_policy::FactSource::default());
    assert_eq!(
        book.outcomes(&facts, &duijie_policy::RegionFacts::new(), duijie_vocab::Date::parse("2021-01-01").unwrap()),
        [("m", duijie_policy::Outcome::Eligible)]
    );
    let measures = (0..1_000)
        .map(|n| (format!("{n}.yaml"), measure(&format!("m{n}"), &if n == 0 { "f0 > 1".to_string() } else { format!("eligible(\"m{}\") && f0 > {n}", n - 1) })))
        .collect();
    let (book, faults) = Book::compile(chain(1, |_| String::new()), measures);
    assert!(book.ids().count() > 50 && book.ids().count() < 1_000 && faults.len() == 1_000 - book.ids().count());
    assert_eq!(book.outcomes(&facts, &duijie_policy::RegionFacts::new(), duijie_vocab::Date::parse("2021-01-01").unwrap()).len(), book.ids().count());
}

/// What fuzzing began with and what it once broke, in every run.
#[test]
fn the_corpus_of_the_fuzzer_is_read_or_refused() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let texts = |target: &str| -> Vec<String> {
        std::fs::read_dir(corpus.join(target)).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    };
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", &std::fs::read_to_string(corpus.join("../facts.yaml")).unwrap());
    assert_eq!(faults, []);
    let rules = texts("rule");
    for rule in &rules {
        if let Ok(expr) = parse_rule(rule) {
            for style in [Style::Zh, Style::Cel] {
                let printed = duijie_policy::print_rule(&expr, style, &vocabulary);
                assert_eq!(parse_rule(&printed).map(|read| duijie_policy::print_rule(&read, style, &vocabulary)).as_ref(), Ok(&printed));
            }
        }
    }
    let files = texts("policy");
    for text in &files {
        let (book, faults) = Book::compile(vocabulary.clone(), vec![("m.yaml".to_string(), text.clone())]);
        assert!(faults.iter().all(|fault| fault.place.file.is_some() && (!fault.is_error() || fault.help.is_some())), "{faults:?}");
        test_examples(&book);
        duijie_policy::lint(&book);
    }
    assert!(rules.len() > 10 && files.len() > 5);
}
