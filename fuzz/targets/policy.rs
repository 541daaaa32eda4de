//! A measure file as somebody uploads it: compiled or refused with a place and a next step, formatted
//! without loss, its examples decided, linted, printed.

#![no_main]

use duijie_policy::{Book, Style, Vocabulary, boundary_cases, format_measure, lint, parse_measure, render, test_examples};
use duijie_vocab::Lang;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::parse("facts.yaml", include_str!("../facts.yaml")).0);

fuzz_target!(|text: &str| {
    // The text as a vocabulary of its own, too.
    let (own, faults) = Vocabulary::parse("facts.yaml", text);
    assert!(faults.iter().all(|fault| fault.place.file.is_some()));
    drop(own);
    for style in [Style::Zh, Style::Cel] {
        if let Ok(formatted) = format_measure("m.yaml", text, style, &VOCABULARY) {
            assert_eq!(parse_measure("m.yaml", &formatted).0.is_some(), parse_measure("m.yaml", text).0.is_some());
        }
    }
    let (book, faults) = Book::compile(VOCABULARY.clone(), vec![("m.yaml".to_string(), text.to_string())]);
    assert!(faults.iter().all(|fault| fault.place.file.is_some()), "{faults:?}");
    assert!(faults.iter().all(|fault| !fault.is_error() || fault.help.is_some()), "{faults:?}");
    test_examples(&book);
    lint(&book);
    for measure in book.measures() {
        boundary_cases(&book, measure);
        for lang in Lang::ALL {
            render(&book, measure, lang);
        }
    }
});
