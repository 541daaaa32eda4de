//! A typed text finds what means the same, beside what says it. What is near in meaning comes into the query as
//! clauses of its own, scored to fit the scores of words; filters and rights hold for it as for all.

use crate::candidates::region_range;
use crate::document::{Gate, kind_number};
use crate::filter::{Filter, all_of};
use crate::generation::Generation;
use crate::search::units_query;
use crate::units::Asked;
use crate::{IndexError, Meaning, Query};
use duijie_matching::Trust;
use duijie_vocab::RecordId;
use std::collections::HashMap;
use tantivy::collector::TopDocs;
use tantivy::query::Occur;
use tantivy::{Searcher, Term};

/// At most so many records are found by meaning.
const MOST: usize = 100;
/// What is less like the question than this, or than this share of the nearest, only happens to be
/// there: some record is always the nearest.
const LEAST_LIKENESS: f32 = 0.3;
const LEAST_SHARE: f32 = 0.6;

/// Records near in meaning, with what that adds to the score of each.
#[derive(Default)]
pub(crate) struct Near {
    pub(crate) scores: HashMap<RecordId, f32>,
}

impl Near {
    /// Whether a record has its score from its meaning alone.
    pub(crate) fn alone(&self, id: &RecordId, score: f32) -> bool {
        self.scores.get(id).is_some_and(|&near| score <= near * 1.000_1)
    }
}

/// What `query` means, among the records that it may find. A quotation is meant as it stands.
pub(crate) fn near(generation: &Generation, searcher: &Searcher, query: &Query, asked: &Asked) -> Result<Near, IndexError> {
    let Some(Meaning { vectors, of }) = query.meaning.as_ref().filter(|_| !asked.blank && !asked.quoted) else { return Ok(Near::default()) };
    let found: Vec<(RecordId, f32)> = {
        let kept = vectors.kept();
        let kinds: Vec<u8> = query.kinds.iter().map(|kind| kind_number(kind)).collect();
        let regions = region_range(query.region);
        let group = |gate: Gate| {
            let passes = gate.readable(query.viewer)
                && (query.inactive || gate.active())
                && (kinds.is_empty() || kinds.contains(&gate.kind()))
                && regions.as_ref().is_none_or(|regions| regions.contains(&gate.region()));
            passes.then_some(0)
        };
        let near = kept.nearest(&kept.asked(of), MOST, 1, group, |_| true).pop().unwrap_or_default();
        near.into_iter().map(|(id, likeness)| (id.clone(), likeness)).collect()
    };
    let nearest = found.first().map_or(0.0, |(_, likeness)| *likeness);
    let kept = found.into_iter().filter(|(_, likeness)| *likeness >= LEAST_LIKENESS.max(LEAST_SHARE * nearest));
    let heard = heard(generation, searcher, query, asked)?;
    let share = Trust::dense_share(heard as f32 / asked.units.len().max(1) as f32, heard);
    let worth = best_score(generation, searcher, query, asked)? * share / (1.0 - share);
    Ok(Near { scores: kept.map(|(id, likeness)| (id, worth * likeness / nearest)).collect() })
}

/// How much of what is asked any record says, in words.
fn heard(generation: &Generation, searcher: &Searcher, query: &Query, asked: &Asked) -> Result<usize, IndexError> {
    let mut heard = 0usize;
    for unit in &asked.units {
        let mut known = unit.single.is_some();
        for &field in generation.fields.readable_text(query.viewer) {
            let all = unit.all.iter().map(|term| searcher.doc_freq(&Term::from_field_text(field, term))).collect::<tantivy::Result<Vec<_>>>()?;
            known |= !all.is_empty() && all.into_iter().all(|documents| documents > 0);
        }
        heard += usize::from(known);
    }
    Ok(heard)
}

/// The score of the best record by words alone, names and codes aside; 1 where there is none.
fn best_score(generation: &Generation, searcher: &Searcher, query: &Query, asked: &Asked) -> Result<f32, IndexError> {
    let filter =
        Filter { kinds: &query.kinds, region: query.region, filters: &query.filters, viewer: query.viewer, inactive: query.inactive, valid_on: query.valid_on };
    let mut clauses = filter.required(&generation.fields);
    clauses.extend(filter.forbidden(&generation.fields));
    let Some(units) = units_query(generation, searcher, query.viewer, asked)? else { return Ok(1.0) };
    clauses.push((Occur::Must, units));
    let best = searcher.search(&*all_of(clauses), &TopDocs::with_limit(1).order_by_score())?;
    Ok(best.first().map_or(1.0, |(score, _)| *score))
}
