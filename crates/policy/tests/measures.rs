//! The measures of real laws that come with the crate: all are sound, and all their examples pass.

use duijie_policy::{Book, FactSource, FactValue, Facts, Outcome, Period, RegionFacts, Vocabulary, missing_examples, test_examples, unnoticed_changes};
use duijie_vocab::{Diagnostic, Lang, RegionCode};
use std::path::Path;

fn measures() -> (Book, Vec<Diagnostic>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("measures");
    let mut files: Vec<(String, String)> = Vec::new();
    let mut vocabulary = Vocabulary::default();
    let mut faults = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        if name == "facts.yaml" {
            (vocabulary, faults) = Vocabulary::parse(&name, &text);
        } else {
            files.push((name, text));
        }
    }
    let (book, mut found) = Book::compile(vocabulary, files);
    faults.append(&mut found);
    (book, faults)
}

#[test]
fn every_measure_is_sound_and_every_example_passes() {
    let (book, faults) = measures();
    assert!(faults.is_empty(), "{}", faults.iter().map(|fault| fault.line(Lang::Zh)).collect::<Vec<_>>().join("\n"));
    assert_eq!(book.ids().count(), 17);
    let outcomes = test_examples(&book);
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed)
        .map(|outcome| format!("{} {}: {}", outcome.place.show(), outcome.name, outcome.message.as_ref().unwrap().zh))
        .collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), outcomes.len(), failed.join("\n"));
    assert!(outcomes.len() >= 150, "{}", outcomes.len());
    assert_eq!(missing_examples(&book), vec![]);
    assert_eq!(duijie_policy::example_faults(&book), vec![]);
    let unnoticed: Vec<String> = book.measures().flat_map(|measure| unnoticed_changes(&book, measure)).map(|fault| fault.line(Lang::En)).collect();
    assert_eq!(unnoticed, Vec::<String>::new(), "every condition and every threshold has an example that notices a change of it");
}

#[test]
fn every_measure_names_its_source_and_certainty_and_prints_in_both_languages() {
    let (book, _) = measures();
    for measure in book.measures() {
        assert!(measure.source.certainty.is_some() && !measure.source.basis.is_empty(), "{}", measure.id());
        for lang in Lang::ALL {
            assert!(duijie_policy::render(&book, measure, lang).sections.len() >= 3);
        }
    }
}

#[test]
fn only_the_score_is_asked_when_only_the_score_is_missing() {
    let (book, _) = measures();
    let outcomes = test_examples(&book);
    let decision = outcomes.iter().find(|outcome| outcome.name == "只缺得分").unwrap().decision.clone().unwrap();
    assert_eq!(decision.outcome, Outcome::Unknown);
    let keys: Vec<&str> = decision.missing.iter().map(|missing| missing.key.as_str()).collect();
    assert_eq!(keys, ["innovation_score"]);
    assert_eq!(decision.missing[0].needed.as_ref().unwrap().zh, "> 70");
    assert!(decision.reason(Lang::Zh).contains("创新能力评价得分（需> 70）"), "{}", decision.reason(Lang::Zh));
}

#[test]
fn all_measures_of_a_region_are_decided_at_once() {
    let (book, _) = measures();
    let mut facts = Facts::new(RegionCode::parse("320402").unwrap());
    facts.set("revenue", Period::Year(2022), FactValue::Money(duijie_vocab::Fen(1)), FactSource::curated("税务"));
    let decisions = book.decide_all(&facts, &RegionFacts::new(), duijie_vocab::Date::parse("2023-06-01").unwrap());
    assert!(decisions.iter().all(|decision| decision.measure != "310000.2021.voucher"), "another province's measures are left out");
    assert_eq!(decisions.len(), 16);
    let outcomes: Vec<(&str, Outcome)> = decisions.iter().map(|decision| (decision.measure.as_str(), decision.outcome)).collect();
    assert_eq!(book.outcomes(&facts, &RegionFacts::new(), duijie_vocab::Date::parse("2023-06-01").unwrap()), outcomes);
    assert_eq!(book.measures_reading("innovation_score"), ["000000.2016.hnte"]);
}
