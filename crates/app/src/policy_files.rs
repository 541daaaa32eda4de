//! Measure files outside a data directory: checking them and running their examples.

use duijie_policy::{Book, Vocabulary, test_examples};
use duijie_vocab::{Diagnostic, Text};

/// Files as an author has them on disk.
pub struct PolicyFiles {
    book: Book,
    pub faults: Vec<Diagnostic>,
}

/// What became of one example.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ExampleLine {
    pub measure: String,
    pub name: String,
    pub passed: bool,
    pub message: Text,
}

const VOCABULARY: &str = "facts.yaml";

impl PolicyFiles {
    /// Compiles `files` (name and text); the one called `facts.yaml` is the vocabulary.
    pub fn read(files: Vec<(String, String)>) -> PolicyFiles {
        let (facts, measures): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| name == VOCABULARY);
        let (vocabulary, mut faults) = facts.first().map_or_else(|| (Vocabulary::default(), Vec::new()), |(name, text)| Vocabulary::parse(name, text));
        let (book, more) = Book::compile(vocabulary, measures);
        faults.extend(more);
        PolicyFiles { book, faults }
    }

    /// How many measures can be decided.
    pub fn measures(&self) -> usize {
        self.book.ids().count()
    }

    /// Runs every example of every measure.
    pub fn examples(&self) -> Vec<ExampleLine> {
        test_examples(&self.book)
            .into_iter()
            .map(|outcome| ExampleLine { measure: outcome.measure, name: outcome.name, passed: outcome.passed, message: outcome.message.unwrap_or_default() })
            .collect()
    }
}
