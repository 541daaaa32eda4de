//! How common terms are, held still: what is matched bit by bit then comes out as if all of it had
//! been matched at once, however many records came in between.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// Figures of an index at some moment. A term's frequency is taken when it is first asked for, and
/// then kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Statistics {
    pub(crate) documents: u64,
    /// The mean length of a document's public text, in tokens.
    pub(crate) average: f32,
    frequencies: RwLock<BTreeMap<String, u64>>,
}

impl Statistics {
    pub(crate) fn of(documents: u64, average: f32) -> Statistics {
        Statistics { documents, average, frequencies: RwLock::default() }
    }

    /// How many documents hold `term`; `now` is asked once.
    pub(crate) fn frequency(&self, term: &str, now: impl FnOnce() -> u64) -> u64 {
        if let Some(known) = self.frequencies.read().unwrap_or_else(PoisonError::into_inner).get(term) {
            return *known;
        }
        let mut frequencies = self.frequencies.write().unwrap_or_else(PoisonError::into_inner);
        *frequencies.entry(term.to_string()).or_insert_with(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_stays_what_it_was_when_first_asked_and_survives_a_file() {
        let statistics = Statistics::of(10, 3.5);
        assert_eq!((statistics.frequency("涂层", || 3), statistics.frequency("涂层", || 9)), (3, 3));
        let read: Statistics = serde_json::from_str(&serde_json::to_string(&statistics).unwrap()).unwrap();
        assert_eq!((read.documents, read.average, read.frequency("涂层", || 1)), (10, 3.5, 3));
    }
}
