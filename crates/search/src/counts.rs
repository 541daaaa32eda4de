//! Facet counts that took a while, remembered until the index changes: the first page of a region
//! is asked for again and again, and counting a million records is not free.

use crate::{Facet, Query};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts over fewer records are quicker made than kept.
const WORTH_KEEPING: usize = 5_000;
const MAX_KEPT: usize = 256;
/// A longer text is not asked for twice.
const MAX_TEXT: usize = 200;

#[derive(Default)]
pub(crate) struct FacetCache {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The state of the index that all counts are of.
    generation: u64,
    by_question: HashMap<String, Vec<Facet>>,
}

impl FacetCache {
    /// The counts that `query` had in this state of the index.
    pub(crate) fn recall(&self, query: &Query, generation: u64) -> Option<Vec<Facet>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation != generation || query.facets.is_empty() {
            return None;
        }
        kept.by_question.get(&question(query)?).cloned()
    }

    pub(crate) fn keep(&self, query: &Query, generation: u64, total: usize, facets: &[Facet]) {
        let Some(question) = question(query).filter(|_| total >= WORTH_KEEPING && !facets.is_empty()) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation != generation || kept.by_question.len() >= MAX_KEPT {
            *kept = Kept { generation, by_question: HashMap::new() };
        }
        kept.by_question.insert(question, facets.to_vec());
    }
}

/// All of a query that decides its counts: who asks is part of it. What is found by meaning changes while
/// records are embedded, with the index as it was.
fn question(query: &Query) -> Option<String> {
    (query.text.len() <= MAX_TEXT && query.meaning.is_none())
        .then(|| format!("{:?}", (&query.text, &query.kinds, query.region, &query.filters, query.viewer, query.inactive, query.valid_on, &query.facets)))
}
