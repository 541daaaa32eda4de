//! A rule as somebody types it: read or refused at a place, and what is read prints and reads back.

#![no_main]

use duijie_policy::{Style, Vocabulary, parse_rule, print_rule};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::parse("facts.yaml", include_str!("../facts.yaml")).0);

fuzz_target!(|rule: &str| {
    match parse_rule(rule) {
        Err(fault) => assert!(rule.get(fault.span.clone()).is_some(), "{fault:?}"),
        Ok(expr) => {
            for style in [Style::Zh, Style::Cel] {
                let printed = print_rule(&expr, style, &VOCABULARY);
                let read = parse_rule(&printed).unwrap_or_else(|fault| panic!("{printed}: {fault:?}"));
                assert_eq!(print_rule(&read, style, &VOCABULARY), printed);
            }
        }
    }
});
