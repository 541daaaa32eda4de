//! One pass over all records found: how many, the best of them after a given place, and the counts
//! of their facets.

use crate::Sort;
use crate::fields::{FACETS, KEY, ORDER, UPDATED};
use duijie_record::Visibility;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// A place in the order of results: the smaller the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) first: u64,
    pub(crate) second: u64,
    pub(crate) key: u64,
}

/// A record found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) rank: Rank,
    pub(crate) score: f32,
    pub(crate) address: DocAddress,
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) total: usize,
    pub(crate) best: Vec<Found>,
    /// Count by facet term.
    pub(crate) facets: HashMap<String, usize>,
}

pub(crate) struct Best {
    pub(crate) sort: Sort,
    pub(crate) limit: usize,
    pub(crate) after: Option<Rank>,
    pub(crate) count_facets: bool,
    pub(crate) viewer: Visibility,
}

pub(crate) struct SegmentBest {
    segment: SegmentOrdinal,
    sort: Sort,
    limit: usize,
    after: Option<Rank>,
    total: usize,
    best: BinaryHeap<ByRank>,
    columns: Columns,
    facets: Option<(StrColumn, Vec<u32>)>,
    viewer: Visibility,
}

struct Columns {
    updated: Arc<dyn ColumnValues<i64>>,
    key: Arc<dyn ColumnValues<u64>>,
    order: [Arc<dyn ColumnValues<u64>>; 2],
}

/// The last in order is the greatest, and so on top of the heap.
struct ByRank(Found);

impl Ord for ByRank {
    fn cmp(&self, other: &ByRank) -> Ordering {
        self.0.rank.cmp(&other.0.rank)
    }
}

impl PartialOrd for ByRank {
    fn partial_cmp(&self, other: &ByRank) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByRank {
    fn eq(&self, other: &ByRank) -> bool {
        self.0.rank == other.0.rank
    }
}

impl Eq for ByRank {}

impl Rank {
    /// The rank as text, to go on after it later.
    pub(crate) fn mark(self) -> String {
        format!("{:016x}{:016x}{:016x}", self.first, self.second, self.key)
    }

    pub(crate) fn parse(mark: &str) -> Option<Rank> {
        let part = |at: usize| mark.get(at * 16..at * 16 + 16).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        (mark.len() == 48).then_some(())?;
        Some(Rank { first: part(0)?, second: part(1)?, key: part(2)? })
    }
}

impl Collector for Best {
    type Fruit = Tally;
    type Child = SegmentBest;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentBest> {
        let columns = reader.fast_fields();
        let number = |name: &str| columns.column_first_or_default::<u64>(name);
        let facets = if self.count_facets { columns.str(FACETS)? } else { None };
        Ok(SegmentBest {
            segment,
            sort: self.sort,
            limit: self.limit,
            after: self.after,
            total: 0,
            best: BinaryHeap::with_capacity(self.limit.min(1024) + 1),
            columns: Columns { updated: columns.column_first_or_default::<i64>(UPDATED)?, key: number(KEY)?, order: [number(ORDER[0])?, number(ORDER[1])?] },
            facets: facets.map(|column| {
                let terms = column.num_terms();
                (column, vec![0; terms])
            }),
            viewer: self.viewer,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Tally>>) -> tantivy::Result<Tally> {
        let mut tally = Tally::default();
        for segment in segments {
            let segment = segment?;
            tally.total += segment.total;
            tally.best.extend(segment.best);
            for (term, count) in segment.facets {
                *tally.facets.entry(term).or_default() += count;
            }
        }
        tally.best.sort_by_key(|found| found.rank);
        tally.best.truncate(self.limit);
        Ok(tally)
    }
}

impl SegmentCollector for SegmentBest {
    type Fruit = tantivy::Result<Tally>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if let Some((column, counts)) = &mut self.facets {
            for term in column.ords().values_for_doc(doc) {
                counts[term as usize] += 1;
            }
        }
        self.keep(doc, score);
    }

    fn harvest(self) -> tantivy::Result<Tally> {
        let mut facets = HashMap::new();
        if let Some((column, counts)) = &self.facets {
            // Walking the dictionary once is far quicker than looking its terms up one by one.
            let mut terms = column.dictionary().stream()?;
            while terms.advance() {
                let count = counts.get(terms.term_ord() as usize).copied().unwrap_or(0);
                let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
                // Facets of fields above the viewer's level are as if they were not there.
                let readable = term.bytes().next().is_some_and(|level| level.wrapping_sub(b'0') <= self.viewer as u8);
                if count > 0 && readable {
                    facets.insert(term.to_string(), count as usize);
                }
            }
        }
        let best = self.best.into_iter().map(|by_rank| by_rank.0).collect();
        Ok(Tally { total: self.total, best, facets })
    }
}

impl SegmentBest {
    fn keep(&mut self, doc: DocId, score: Score) {
        if self.limit == 0 {
            return;
        }
        let (first, second) = match self.sort {
            // A positive float orders like its bits.
            Sort::Relevance => (u64::from(u32::MAX - score.max(0.0).to_bits()), 0),
            Sort::Newest => (newest_first(self.columns.updated.get_val(doc)), 0),
            Sort::Title => (self.columns.order[0].get_val(doc), self.columns.order[1].get_val(doc)),
        };
        let full = self.best.len() >= self.limit;
        if full && self.best.peek().is_some_and(|last| (last.0.rank.first, last.0.rank.second) < (first, second)) {
            return;
        }
        let rank = Rank { first, second, key: self.columns.key.get_val(doc) };
        if self.after.is_some_and(|after| rank <= after) || full && self.best.peek().is_some_and(|last| last.0.rank <= rank) {
            return;
        }
        self.best.push(ByRank(Found { rank, score, address: DocAddress::new(self.segment, doc) }));
        if self.best.len() > self.limit {
            self.best.pop();
        }
    }
}

fn newest_first(micros: i64) -> u64 {
    u64::MAX - (micros as u64 ^ 1 << 63)
}
