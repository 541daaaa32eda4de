//! Candidates for matching: the records whose text has most in common with a need, scored for words
//! and for bigrams apart. Term by term over plain arrays, which for the dozens of terms of a need
//! is several times quicker than a union of posting lists.

use crate::document::{Gate, day_number, facet_term, kind_number};
use crate::fields::{GATE, KEY, KEY_REST};
use crate::filter::{Filter, all_of};
use crate::generation::Generation;
use crate::key::Key;
use crate::scores::{Scores, average_length, merged, segment_scores};
use crate::search::shown;
use crate::{Index, IndexError, Meaning, Statistics};
use duijie_matching::{DocumentFrequencies, Profile, QueryTerms, TermLimits, TextScore};
use duijie_record::{Visibility, schemas};
use duijie_vocab::{Date, RecordId, RegionCode};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use tantivy::query::EnableScoring;
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocAddress, DocSet, Searcher, SegmentReader, TERMINATED, Term};

/// Which records may be candidates.
#[derive(Clone, Debug)]
pub struct CandidateQuery {
    /// Kinds to look among; none means all.
    pub kinds: Vec<String>,
    pub region: Option<RegionCode>,
    /// As [`crate::Query::filters`].
    pub filters: Vec<(String, String)>,
    pub viewer: Visibility,
    /// As [`crate::Query::valid_on`].
    pub valid_on: Option<Date>,
    /// At most so many candidates, the best by text.
    pub limit: usize,
    /// So many words and bigrams of the need are asked.
    pub terms: TermLimits,
    /// What the need means, where somebody knows: half as many candidates again come by it.
    pub meaning: Option<Meaning>,
    /// How common terms are, where that is held still; otherwise as it is now.
    pub statistics: Option<Arc<Statistics>>,
}

/// What was found, and by which terms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    pub terms: QueryTerms,
    pub hits: Vec<CandidateHit>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CandidateHit {
    pub id: RecordId,
    pub kind: String,
    pub text: TextScore,
    /// The likeness of its vector to what the need means, where both are known.
    pub dense: Option<f32>,
}

impl Default for CandidateQuery {
    fn default() -> CandidateQuery {
        CandidateQuery {
            kinds: Vec::new(),
            region: None,
            filters: Vec::new(),
            viewer: Visibility::Public,
            valid_on: None,
            limit: 200,
            terms: TermLimits::default(),
            meaning: None,
            statistics: None,
        }
    }
}

/// Document frequencies of the public text, without the record that asks: what stands nowhere but
/// in the need itself finds nothing.
struct Frequencies<'a> {
    generation: &'a Generation,
    searcher: &'a Searcher,
    own: u64,
    still: Option<&'a Statistics>,
}

impl<'a> Frequencies<'a> {
    fn of_others(generation: &'a Generation, searcher: &'a Searcher, need: &Profile, still: Option<&'a Statistics>) -> Result<Frequencies<'a>, IndexError> {
        let own = match &need.id {
            Some(id) => searcher.doc_freq(&Term::from_field_text(generation.fields.id, id.as_str()))?.min(1),
            None => 0,
        };
        Ok(Frequencies { generation, searcher, own, still })
    }
}

impl DocumentFrequencies for Frequencies<'_> {
    fn documents(&self) -> u64 {
        self.still.map_or_else(|| documents(self.searcher), |still| still.documents)
    }

    fn frequency(&self, term: &str) -> u64 {
        // A term that cannot be read is asked as if nobody had it; reading it fails again below, and is told there.
        let now = || self.searcher.doc_freq(&Term::from_field_text(self.generation.fields.text[0], term)).unwrap_or(0);
        self.still.map_or_else(now, |still| still.frequency(term, now)).saturating_sub(self.own)
    }
}

impl Index {
    /// The records that `need` (or a resource: it works in both directions) has most text in
    /// common with, best first. The record itself is left out. Only public text is compared.
    pub fn candidates(&self, need: &Profile, query: &CandidateQuery) -> Result<Candidates, IndexError> {
        let generation = self.generation();
        let searcher = generation.searcher();
        let frequencies = Frequencies::of_others(&generation, &searcher, need, query.statistics.as_deref())?;
        let terms = QueryTerms::of(&generation.analyzer, &need.texts, &frequencies, query.terms);
        let pass = Pass::of(&generation, &searcher, &terms, query)?;
        let mut hits = pass.hits(need, 1, &|_| Some(0))?.pop().unwrap_or_default();
        pass.add_near(need, &mut [&mut hits], &|_| Some(0))?;
        Ok(Candidates { terms, hits })
    }

    /// As [`Index::candidates`], but up to `query.limit` candidates of every kind in `query.kinds`, by
    /// kind, for the price of one: the scores are computed once.
    pub fn candidates_by_kind(&self, need: &Profile, query: &CandidateQuery) -> Result<(QueryTerms, BTreeMap<String, Vec<CandidateHit>>), IndexError> {
        let generation = self.generation();
        let searcher = generation.searcher();
        let frequencies = Frequencies::of_others(&generation, &searcher, need, query.statistics.as_deref())?;
        let terms = QueryTerms::of(&generation.analyzer, &need.texts, &frequencies, query.terms);
        let pass = Pass::of(&generation, &searcher, &terms, query)?;
        let numbers: Vec<u8> = query.kinds.iter().map(|kind| kind_number(kind)).collect();
        let group = |kind: u8| numbers.iter().position(|&number| number == kind);
        let mut hits = pass.hits(need, numbers.len(), &group)?;
        pass.add_near(need, &mut hits.iter_mut().collect::<Vec<_>>(), &group)?;
        let by_kind = query.kinds.iter().cloned().zip(hits).collect();
        Ok((terms, by_kind))
    }

    /// How long and how many the texts are now, to be held still for as long as one likes.
    pub fn statistics(&self) -> Result<Statistics, IndexError> {
        let generation = self.generation();
        let searcher = generation.searcher();
        Ok(Statistics::of(documents(&searcher), average_length(&generation, &searcher)?))
    }

    /// How many records hold `term` in their public text; the term as the analyzer gives it.
    pub fn doc_freq(&self, term: &str) -> Result<u64, IndexError> {
        let generation = self.generation();
        Ok(generation.searcher().doc_freq(&Term::from_field_text(generation.fields.text[0], term))?)
    }
}

/// The scores of all documents for one need, and which of them may be candidates.
pub(crate) struct Pass<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) searcher: &'a Searcher,
    pub(crate) query: &'a CandidateQuery,
    segments: Vec<(Scores, Allowed)>,
}

impl<'a> Pass<'a> {
    fn of(generation: &'a Generation, searcher: &'a Searcher, terms: &QueryTerms, query: &'a CandidateQuery) -> Result<Pass<'a>, IndexError> {
        let average = match &query.statistics {
            Some(still) => still.average,
            None => average_length(generation, searcher)?,
        };
        let asked = merged(terms);
        let score = |segment: &SegmentReader| {
            let scores = segment_scores(generation, segment, &asked, average, few_of(generation, segment, &query.kinds)?)?;
            Ok((scores, Allowed::of(generation, searcher, segment, query)?))
        };
        let segments = searcher.segment_readers().iter().map(score).collect::<Result<_, IndexError>>()?;
        Ok(Pass { generation, searcher, query, segments })
    }

    /// The best documents by text in each of `groups`, without the record that asks. `group` says where a document
    /// of a kind belongs, if anywhere.
    fn hits(&self, need: &Profile, groups: usize, group: &dyn Fn(u8) -> Option<usize>) -> Result<Vec<Vec<CandidateHit>>, IndexError> {
        let mut best: Vec<BestOf> = (0..groups).map(|_| BestOf::new(self.query.limit)).collect();
        for ((ordinal, segment), (scores, allowed)) in (0..).zip(self.searcher.segment_readers()).zip(&self.segments) {
            take_in(&mut best, ordinal, scores, &|document| {
                let gate = allowed.gate(document);
                let group = group(gate.kind()).filter(|_| allowed.lets_through(gate, document))?;
                (!segment.is_deleted(document)).then_some(group)
            });
        }
        best.into_iter().map(|best| self.told(need, best)).collect()
    }

    fn told(&self, need: &Profile, best: BestOf) -> Result<Vec<CandidateHit>, IndexError> {
        let mut hits = Vec::with_capacity(self.query.limit.min(1_000));
        for (address, text) in best.into_sorted() {
            let Some((id, kind)) = identity(self.generation, self.searcher, address)? else { continue };
            if need.id.as_ref() != Some(&id) && hits.len() < self.query.limit {
                hits.push(CandidateHit { id, kind, text, dense: None });
            }
        }
        Ok(hits)
    }

    /// The document as a hit without its likeness, if it may be a candidate.
    pub(crate) fn hit_at(&self, address: DocAddress) -> Result<Option<CandidateHit>, IndexError> {
        let (scores, allowed) = &self.segments[address.segment_ord as usize];
        if !allowed.lets_pass(address.doc_id) {
            return Ok(None);
        }
        let [words, bigrams] = scores.of(address.doc_id);
        let found = identity(self.generation, self.searcher, address)?;
        Ok(found.map(|(id, kind)| CandidateHit { id, kind, text: TextScore { words, bigrams }, dense: None }))
    }

    /// Whether a document passes; as [`Pass::hit_at`], for one that need not be told.
    pub(crate) fn lets_pass(&self, address: DocAddress) -> bool {
        self.segments[address.segment_ord as usize].1.lets_pass(address.doc_id)
    }
}

/// Id and kind of a document: from its columns, or from what is shown of it.
fn identity(generation: &Generation, searcher: &Searcher, address: DocAddress) -> Result<Option<(RecordId, String)>, IndexError> {
    let columns = searcher.segment_reader(address.segment_ord).fast_fields();
    let number = |name: &str| columns.column_first_or_default::<u64>(name).map(|column| column.get_val(address.doc_id));
    let gate = Gate(number(GATE)?);
    let key = Key { first: number(KEY)?, rest: number(KEY_REST)? };
    if let (Some(id), Some(schema)) = (key.id(gate), schemas().iter().nth(usize::from(gate.kind()))) {
        return Ok(Some((id, schema.kind.clone())));
    }
    let shown = shown(generation, searcher, address)?;
    Ok(RecordId::parse(&shown.id).map(|id| (id, shown.kind)))
}

fn documents(searcher: &Searcher) -> u64 {
    searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum()
}

/// Which documents of a segment may be candidates.
struct Allowed {
    gate: std::sync::Arc<dyn tantivy::columnar::ColumnValues<u64>>,
    kinds: Vec<u8>,
    regions: Option<std::ops::Range<u32>>,
    viewer: Visibility,
    /// The number of the day on which records must be valid.
    day: Option<u32>,
    filtered: Option<BitSet>,
}

impl Allowed {
    fn of(generation: &Generation, searcher: &Searcher, segment: &SegmentReader, query: &CandidateQuery) -> Result<Allowed, IndexError> {
        let regions = region_range(query.region);
        let filtered = if query.filters.is_empty() { None } else { Some(filtered(generation, searcher, segment, query)?) };
        Ok(Allowed {
            gate: segment.fast_fields().column_first_or_default::<u64>(GATE)?,
            kinds: query.kinds.iter().map(|kind| kind_number(kind)).collect(),
            regions,
            viewer: query.viewer,
            day: query.valid_on.map(|day| day_number(day.first_day())),
            filtered,
        })
    }

    fn gate(&self, document: u32) -> Gate {
        Gate(self.gate.get_val(document))
    }

    fn lets_pass(&self, document: u32) -> bool {
        self.lets_through(self.gate(document), document)
    }

    fn lets_through(&self, gate: Gate, document: u32) -> bool {
        gate.readable(self.viewer)
            && gate.active()
            && self.day.is_none_or(|day| gate.valid_on(day))
            && (self.kinds.is_empty() || self.kinds.contains(&gate.kind()))
            && self.regions.as_ref().is_none_or(|regions| regions.contains(&gate.region()))
            && self.filtered.as_ref().is_none_or(|filtered| filtered.contains(document))
    }
}

/// One document in so many: if fewer are of the kinds asked for, they are looked up in each posting list,
/// which then costs less than reading the lists.
const FEW: u32 = 128;

/// The documents of `kinds` in a segment, in order, if they are few.
fn few_of(generation: &Generation, segment: &SegmentReader, kinds: &[String]) -> Result<Option<Vec<u32>>, IndexError> {
    if kinds.is_empty() {
        return Ok(None);
    }
    let index = segment.inverted_index(generation.fields.facets)?;
    let terms = || kinds.iter().map(|kind| Term::from_field_text(generation.fields.facets, &facet_term(Visibility::Public, "kind", kind)));
    let mut count = 0;
    for term in terms() {
        count += index.doc_freq(&term).map_err(IndexError::Io)?;
    }
    if count > segment.max_doc() / FEW {
        return Ok(None);
    }
    let mut few = Vec::with_capacity(count as usize);
    for term in terms() {
        let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic).map_err(IndexError::Io)? else { continue };
        while postings.doc() != TERMINATED {
            few.push(postings.doc());
            postings.advance();
        }
    }
    few.sort_unstable();
    Ok(Some(few))
}

/// The numbers of the divisions in a region; nothing for the whole nation.
pub(crate) fn region_range(region: Option<RegionCode>) -> Option<std::ops::Range<u32>> {
    let (from, to) = region.filter(|&region| region != RegionCode::NATION)?.code_range();
    Some(from.parse().unwrap_or(0)..to.parse().unwrap_or(u32::MAX))
}

fn filtered(generation: &Generation, searcher: &Searcher, segment: &SegmentReader, query: &CandidateQuery) -> Result<BitSet, IndexError> {
    let filter = Filter { kinds: &[], region: None, filters: &query.filters, viewer: query.viewer, inactive: false, valid_on: None };
    let weight = all_of(filter.required(&generation.fields)).weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut passed = BitSet::with_max_value(segment.max_doc());
    let mut scorer = weight.scorer(segment, 1.0)?;
    while scorer.doc() != TERMINATED {
        passed.insert(scorer.doc());
        scorer.advance();
    }
    Ok(passed)
}

/// The best documents by the even sum of both scores. The sum decides only who is a candidate;
/// ranking weighs both anew.
struct BestOf {
    limit: usize,
    heap: BinaryHeap<Reverse<(Ordered, DocOrder)>>,
}

type DocOrder = Reverse<(u32, u32)>;

#[derive(Clone, Copy, PartialEq)]
struct Ordered {
    sum: f32,
    text: TextScore,
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> std::cmp::Ordering {
        self.sum.total_cmp(&other.sum)
    }
}

/// Takes the documents of a segment into the group that each belongs to, if to any.
fn take_in(best: &mut [BestOf], segment_ord: u32, scores: &Scores, group: &dyn Fn(u32) -> Option<usize>) {
    let lowest = |best: &[BestOf]| best.iter().map(BestOf::floor).fold(f32::INFINITY, f32::min);
    let mut floor = lowest(best);
    scores.for_each(|document, [words, bigrams]| {
        let sum = words + bigrams;
        if sum <= floor {
            return;
        }
        let Some(group) = group(document) else { return };
        best[group].push(sum, TextScore { words, bigrams }, segment_ord, document);
        floor = lowest(best);
    });
}

impl BestOf {
    /// One more than `limit` is kept, as the need itself may be among them.
    fn new(limit: usize) -> BestOf {
        BestOf { limit: limit.saturating_add(1), heap: BinaryHeap::new() }
    }

    /// What scores so little is not among the best.
    fn floor(&self) -> f32 {
        if self.heap.len() < self.limit { 0.0 } else { self.heap.peek().map_or(0.0, |Reverse((last, _))| last.sum) }
    }

    fn push(&mut self, sum: f32, text: TextScore, segment_ord: u32, document: u32) {
        if sum > self.floor() {
            self.heap.push(Reverse((Ordered { sum, text }, Reverse((segment_ord, document)))));
        }
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    fn into_sorted(self) -> Vec<(DocAddress, TextScore)> {
        let mut all: Vec<_> = self.heap.into_iter().map(|Reverse(entry)| entry).collect();
        all.sort_by(|a, b| b.cmp(a));
        all.into_iter().map(|(ordered, Reverse((segment, document)))| (DocAddress::new(segment, document), ordered.text)).collect()
    }
}
