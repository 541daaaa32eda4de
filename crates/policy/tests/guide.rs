//! Every block of the language guide is sound and its examples pass.

use duijie_policy::{Book, Vocabulary, missing_examples, test_examples};
use duijie_vocab::Lang;

const GUIDE: &str = include_str!("../../../docs/policy/guide.md");

fn blocks(kind: &str) -> Vec<(String, String)> {
    let fence = format!("```yaml {kind}\n");
    GUIDE
        .match_indices(&fence)
        .map(|(at, _)| {
            let body = &GUIDE[at + fence.len()..];
            let line = GUIDE[..at].lines().count();
            (format!("guide.md@{line}"), body[..body.find("\n```").expect("a block ends")].to_string())
        })
        .collect()
}

#[test]
fn the_guide_is_true() {
    let facts = blocks("facts").remove(0);
    let (vocabulary, faults) = Vocabulary::parse(&facts.0, &facts.1);
    assert!(faults.is_empty(), "{faults:#?}");
    let (book, faults) = Book::compile(vocabulary, blocks("measure"));
    assert!(faults.is_empty(), "{}", faults.iter().map(|fault| fault.line(Lang::En)).collect::<Vec<_>>().join("\n"));
    assert_eq!(book.ids().count(), 8);
    let outcomes = test_examples(&book);
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed)
        .map(|outcome| format!("{} {}: {}", outcome.place.show(), outcome.name, outcome.message.as_ref().unwrap().en))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(outcomes.len() > 25);
    assert!(missing_examples(&book).is_empty(), "{:?}", missing_examples(&book));
}
