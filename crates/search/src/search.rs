//! A search: the query as clauses, one pass over what it finds, and a page of hits.

use crate::collect::{Best, Found, Rank, Tally};
use crate::document::{Gate, Shown, code_key};
use crate::fields::{GATE, UPDATED};
use crate::filter::{Clause, Filter, all_of, term_query};
use crate::generation::Generation;
use crate::highlight::{marked, opening, snippet};
use crate::names::typed_key;
use crate::near_search::{Near, near};
use crate::units::{Asked, Unit};
use crate::{Facet, Hit, Index, IndexError, Listed, Page, Query, Results, Sort};
use duijie_record::Visibility;
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, Query as Clauses, TermSetQuery};
use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

const MAX_LIMIT: usize = 1_000;
const MAX_OFFSET: usize = 10_000;
/// A facet shows at most so many values.
const MAX_VALUES: usize = 200;
/// A single character is looked for in at most so many bigrams.
const MAX_EXPANSION: usize = 4_096;
/// What an exact code and an exact name add, more than any text scores.
const CODE_BOOST: f32 = 1_000.0;
const NAME_BOOST: f32 = 100.0;
/// Bigrams of a word count this much beside the word itself.
const BIGRAM_SHARE: f32 = 0.5;

impl Index {
    /// The page of results that `query` asks for. Whatever the text holds, the answer is a result.
    pub fn search(&self, query: &Query) -> Result<Results, IndexError> {
        self.search_timed(query, &|| Duration::ZERO)
    }

    /// As [`Index::search`], with the time taken by a clock that only grows.
    pub fn search_timed(&self, query: &Query, elapsed: &dyn Fn() -> Duration) -> Result<Results, IndexError> {
        let begun = elapsed();
        let generation = self.generation();
        let searcher = generation.searcher();
        let asked = Asked::read(&generation.analyzer, &query.text);
        let limit = query.limit.min(MAX_LIMIT);
        let (offset, after) = match &query.page {
            Page::Offset(offset) => ((*offset).min(MAX_OFFSET), None),
            Page::After(mark) => (0, Rank::parse(mark)),
        };
        let sort = if asked.blank && query.sort == Sort::Relevance { Sort::Newest } else { query.sort };
        let state = searcher.generation().generation_id();
        let remembered = generation.counted.recall(query, state);
        let best = Best {
            sort,
            // One more than the page tells whether there is a next one.
            limit: offset + limit + 1,
            after,
            count_facets: !query.facets.is_empty() && remembered.is_none(),
            viewer: query.viewer,
        };
        let near = if sort == Sort::Relevance { near(&generation, &searcher, query, &asked)? } else { Near::default() };
        let clauses = clauses(&generation, &searcher, query, &asked, &near)?;
        let tally = searcher.search(&*clauses, &best)?;
        let more = tally.best.len() > offset + limit;
        let page: Vec<Found> = tally.best.iter().copied().skip(offset).take(limit).collect();
        let terms = asked.terms();
        let mut hits = page.iter().map(|found| hit(&generation, &searcher, *found, &terms, query.viewer)).collect::<Result<Vec<_>, _>>()?;
        hits.iter_mut().for_each(|hit| hit.by_meaning = near.alone(&hit.id, hit.score));
        let facets = remembered.unwrap_or_else(|| query.facets.iter().map(|field| facet(field, &tally)).collect());
        generation.counted.keep(query, state, tally.total, &facets);
        Ok(Results {
            total: tally.total,
            hits,
            facets,
            next: page.last().filter(|_| more).map(|last| last.rank.mark()),
            shortened: asked.shortened,
            took: elapsed().saturating_sub(begun),
        })
    }

    /// The record with this id, as a list shows it, if `viewer` may see it.
    pub fn hit(&self, id: &RecordId, viewer: Visibility) -> Result<Option<Hit>, IndexError> {
        let query = Query { viewer, limit: 1, inactive: true, ..Query::text(id.as_str()) };
        let found = self.search(&query)?.hits;
        Ok(found.into_iter().find(|hit| hit.id == *id))
    }
}

/// The whole query: text, filters, and what the viewer may not see.
fn clauses(generation: &Generation, searcher: &Searcher, query: &Query, asked: &Asked, near: &Near) -> Result<Box<dyn Clauses>, IndexError> {
    let filter =
        Filter { kinds: &query.kinds, region: query.region, filters: &query.filters, viewer: query.viewer, inactive: query.inactive, valid_on: query.valid_on };
    let mut clauses = filter.required(&generation.fields);
    clauses.extend(filter.forbidden(&generation.fields));
    if !asked.blank {
        clauses.push((Occur::Must, text_query(generation, searcher, query, asked, near)?));
    }
    Ok(all_of(clauses))
}

/// Found by its text, by an exact code, by its exact name, or as what is near in meaning.
fn text_query(generation: &Generation, searcher: &Searcher, query: &Query, asked: &Asked, near: &Near) -> Result<Box<dyn Clauses>, IndexError> {
    let fields = &generation.fields;
    let mut ways: Vec<Clause> = Vec::new();
    let exact = |field: Field, term: &str, score: f32| -> Clause { (Occur::Should, Box::new(ConstScoreQuery::new(term_query(field, term), score))) };
    let typed = query.text.trim();
    if typed.len() <= 200 {
        if let Some(code) = code_key(typed) {
            ways.push(exact(fields.code, &code, CODE_BOOST));
        }
        if let Some(id) = RecordId::parse(typed) {
            ways.push(exact(fields.id, id.as_str(), CODE_BOOST));
        }
        let name = typed_key(typed);
        if !name.is_empty() {
            ways.push(exact(fields.names, &name, NAME_BOOST));
        }
    }
    ways.extend(near.scores.iter().map(|(id, score)| exact(fields.id, id.as_str(), *score)));
    ways.extend(units_query(generation, searcher, query.viewer, asked)?.map(|units| (Occur::Should, units)));
    Ok(if ways.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(ways)) })
}

/// Enough of the units found, in whatever texts the viewer may read.
pub(crate) fn units_query(generation: &Generation, searcher: &Searcher, viewer: Visibility, asked: &Asked) -> Result<Option<Box<dyn Clauses>>, IndexError> {
    let (mut needed, mut optional): (Vec<Clause>, Vec<Clause>) = (Vec::new(), Vec::new());
    for unit in &asked.units {
        let found = unit_query(generation, searcher, viewer, unit)?;
        if unit.optional { optional.push((Occur::Should, found)) } else { needed.push((Occur::Should, found)) }
    }
    if needed.is_empty() {
        return Ok(None);
    }
    let wanted = asked.wanted();
    if wanted == needed.len() {
        let all = needed.into_iter().map(|(_, unit)| (Occur::Must, unit)).chain(optional);
        return Ok(Some(Box::new(BooleanQuery::new(all.collect()))));
    }
    let enough: Box<dyn Clauses> = Box::new(BooleanQuery::with_minimum_required_clauses(needed, wanted));
    let all = std::iter::once((Occur::Must, enough)).chain(optional);
    Ok(Some(Box::new(BooleanQuery::new(all.collect()))))
}

fn unit_query(generation: &Generation, searcher: &Searcher, viewer: Visibility, unit: &Unit) -> Result<Box<dyn Clauses>, IndexError> {
    let mut ways: Vec<Clause> = Vec::new();
    for &field in generation.fields.readable_text(viewer) {
        if let Some(single) = unit.single {
            ways.push((Occur::Should, single_query(searcher, field, single)?));
            continue;
        }
        let known = unit.all.iter().map(|term| searcher.doc_freq(&Term::from_field_text(field, term))).collect::<tantivy::Result<Vec<_>>>()?;
        if known.iter().all(|&documents| documents > 0) {
            ways.push((Occur::Should, together(field, unit)));
        } else if unit.latin {
            ways.push((Occur::Should, mistyped(searcher, field, &unit.all[0])?));
        }
    }
    Ok(match ways.len() {
        0 => Box::new(EmptyQuery),
        1 => ways.remove(0).1,
        _ => Box::new(BooleanQuery::new(ways)),
    })
}

/// All terms of the unit in one field; its words on top.
fn together(field: Field, unit: &Unit) -> Box<dyn Clauses> {
    if let ([only], []) = (unit.all.as_slice(), unit.better.as_slice()) {
        return term_query(field, only);
    }
    let share = |term: &String| -> Clause { (Occur::Must, Box::new(BoostQuery::new(term_query(field, term), BIGRAM_SHARE))) };
    let better = |term: &String| -> Clause { (Occur::Should, term_query(field, term)) };
    Box::new(BooleanQuery::new(unit.all.iter().map(share).chain(unit.better.iter().map(better)).collect()))
}

/// A character inside of words: every bigram that begins with it, and itself at the end of a run.
fn single_query(searcher: &Searcher, field: Field, single: char) -> Result<Box<dyn Clauses>, IndexError> {
    let prefix = single.to_string();
    let mut terms: HashSet<String> = HashSet::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut stream = index.terms().range().ge(prefix.as_bytes()).into_stream()?;
        while stream.advance() && terms.len() < MAX_EXPANSION {
            let Ok(term) = std::str::from_utf8(stream.key()) else { break };
            if !term.starts_with(&prefix) {
                break;
            }
            if term.chars().count() <= 2 {
                terms.insert(term.to_string());
            }
        }
    }
    let terms = terms.iter().map(|term| Term::from_field_text(field, term));
    Ok(Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), 1.0)))
}

/// Words that begin with the same letter and are one slip away. People rarely slip on the first
/// letter, and without it the whole dictionary would have to be walked.
fn mistyped(searcher: &Searcher, field: Field, word: &str) -> Result<Box<dyn Clauses>, IndexError> {
    const SHORTEST: usize = 4;
    let mut alike: HashSet<String> = HashSet::new();
    if word.len() >= SHORTEST {
        for segment in searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut terms = index.terms().range().ge(&word.as_bytes()[..1]).into_stream()?;
            while terms.advance() && terms.key().first() == word.as_bytes().first() {
                if one_slip(terms.key(), word.as_bytes()) {
                    alike.extend(std::str::from_utf8(terms.key()).map(str::to_string));
                }
            }
        }
    }
    let alike: Vec<Clause> = alike.iter().map(|term| (Occur::Should, term_query(field, term))).collect();
    Ok(if alike.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(alike)) })
}

/// Whether one letter inserted, left out, changed, or exchanged with the next makes `a` into `b`.
fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([], [_]) | ([_], []) => true,
        ([_, rest @ ..], other) if rest == other => true,
        (other, [_, rest @ ..]) if rest == other => true,
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b => true,
        ([a1, a2, rest_a @ ..], [b1, b2, rest_b @ ..]) => a1 == b2 && a2 == b1 && rest_a == rest_b,
        _ => false,
    }
}

fn hit(generation: &Generation, searcher: &Searcher, found: Found, terms: &HashSet<String>, viewer: Visibility) -> Result<Hit, IndexError> {
    let shown = shown(generation, searcher, found.address)?;
    let columns = searcher.segment_reader(found.address.segment_ord).fast_fields();
    let gate = Gate(columns.column_first_or_default::<u64>(GATE)?.get_val(found.address.doc_id));
    let updated = columns.column_first_or_default::<i64>(UPDATED)?.get_val(found.address.doc_id);
    let readable: Vec<&str> = shown.texts.iter().filter(|(_, level, _)| *level <= viewer).map(|(_, _, text)| text.as_str()).collect();
    let listed = shown.listed.into_iter().filter(|(_, level, _)| *level <= viewer).map(|(field, _, value)| Listed { field, value });
    let broken = |what: &str| IndexError::Broken(format!("a record in it has a wrong {what}"));
    Ok(Hit {
        id: RecordId::parse(&shown.id).ok_or_else(|| broken("id"))?,
        kind: shown.kind,
        title: marked(&generation.analyzer, &shown.title, terms),
        snippet: passage(generation, &readable, terms),
        score: found.score,
        by_meaning: false,
        region: gate.region_code(),
        updated: Timestamp::from_micros(updated).map_err(|_| broken("time"))?,
        listed: listed.collect(),
    })
}

/// The passage with the most hits; the beginning of the first text where no term was asked.
fn passage(generation: &Generation, texts: &[&str], terms: &HashSet<String>) -> Vec<crate::Segment> {
    if terms.is_empty() {
        return texts.first().map(|text| opening(text)).unwrap_or_default();
    }
    let best = texts.iter().filter_map(|text| snippet(&generation.analyzer, text, terms)).max_by_key(|(count, _)| *count);
    match best {
        Some((_, segments)) => segments,
        None => texts.first().map(|text| opening(text)).unwrap_or_default(),
    }
}

pub(crate) fn shown(generation: &Generation, searcher: &Searcher, address: DocAddress) -> Result<Shown, IndexError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let bytes = document.get_first(generation.fields.shown).and_then(|value| value.as_bytes()).unwrap_or_default();
    serde_json::from_slice(bytes).map_err(|fault| IndexError::Broken(fault.to_string()))
}

fn facet(field: &str, tally: &Tally) -> Facet {
    let counts: HashMap<String, usize> = if field == "region" { region_counts(tally) } else { value_counts(field, tally) };
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(MAX_VALUES);
    Facet { field: field.to_string(), counts }
}

fn value_counts(field: &str, tally: &Tally) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for (term, count) in &tally.facets {
        if let Some((name, value)) = term.get(1..).and_then(|term| term.split_once('\u{1f}'))
            && name == field
        {
            *counts.entry(value.to_string()).or_default() += count;
        }
    }
    counts
}

/// Each record counts for its own division and for all around it but the nation.
fn region_counts(tally: &Tally) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (code, count) in value_counts("region", tally) {
        let mut at = RegionCode::parse(&code).ok();
        while let Some(region) = at.filter(|&region| region != RegionCode::NATION) {
            *counts.entry(region.to_string()).or_default() += count;
            at = region.parent();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_told_from_none_and_two() {
        for (a, b) in [("laser", "lasr"), ("laser", "lasser"), ("laser", "lazer"), ("laser", "lsaer"), ("lasers", "laser")] {
            assert!(one_slip(a.as_bytes(), b.as_bytes()) && one_slip(b.as_bytes(), a.as_bytes()), "{a} {b}");
        }
        for (a, b) in [("laser", "laser"), ("laser", "loser2"), ("laser", "lsare"), ("laser", "")] {
            assert!(!one_slip(a.as_bytes(), b.as_bytes()), "{a} {b}");
        }
    }
}
