//! Conditions that are not comparisons of numbers, as bitmaps. A test of one fact with few different
//! values is asked of the reference once for each value; one of regions alone once for each region; the
//! rest once for each subject.

use crate::bits::{BLOCK, Bits, WORDS, Words};
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::population::Dictionary;
use crate::sieve::Asked;
use crate::subjects::Subjects;
use crate::{FactSource, Facts, Truth};
use duijie_vocab::RegionCode;
use std::collections::HashMap;
use std::sync::Arc;

/// Values of a fact that get a bitmap each, at most; conditions are then unions of bitmaps.
const MAX_BITMAPS: usize = 48;

/// The conditions of a sieve over a population.
#[derive(Default)]
pub(crate) struct Answers<'b> {
    sources: Vec<Source<'b>>,
    /// By condition: the bitmaps that are its yes, its open and its error.
    conditions: Vec<[Vec<u32>; 3]>,
    /// How many bitmaps a block has.
    pub(crate) bitmaps: usize,
}

/// Where bitmaps come from, and the first of them.
enum Source<'b> {
    /// One for each value, the last for those without.
    Values { dictionary: Dictionary<'b>, first: usize },
    /// Yes, open and error by value.
    Table { dictionary: Dictionary<'b>, truths: Vec<Truth>, first: usize },
    /// Yes, open and error by region.
    Regions { truths: HashMap<RegionCode, Truth>, first: usize },
    /// Yes, open and error by asking for each subject.
    Each { node: NodeId, period: Period, reads: Vec<(Arc<str>, Period)>, first: usize },
}

impl<'b> Answers<'b> {
    pub(crate) fn new(subjects: &Subjects<'b>, asked: &[Asked]) -> Answers<'b> {
        let mut answers = Answers::default();
        let mut shared: HashMap<(Arc<str>, Period), usize> = HashMap::new();
        for asked in asked {
            let condition = answers.condition(subjects, *asked, &mut shared);
            answers.conditions.push(condition);
        }
        answers
    }

    fn condition(&mut self, subjects: &Subjects<'b>, asked: Asked, shared: &mut HashMap<(Arc<str>, Period), usize>) -> [Vec<u32>; 3] {
        let (node, period) = match asked {
            Asked::Within(region) => {
                let truths = distinct_regions(subjects).map(|own| (own, Truth::of(region.contains(own)))).collect();
                return self.three(|first| Source::Regions { truths, first });
            }
            Asked::Node(node, period) => (node, period),
        };
        let reads = subjects.reads(&[node], period);
        let below = subjects.book.plan.below(&[node]);
        let reads_region = below.iter().any(|&id| matches!(subjects.book.plan.op(id), Op::RegionFact { .. }));
        let attested = subjects.population.has_attestations() && below.iter().any(|&id| matches!(subjects.book.plan.op(id), Op::Attested(_)));
        if attested || (reads_region && !reads.is_empty()) {
            return self.three(|first| Source::Each { node, period, reads, first });
        }
        let [(key, read_period)] = reads.as_slice() else {
            if reads.is_empty() {
                let truths = distinct_regions(subjects).map(|own| (own, subjects.value(node, period, &Facts::new(own)).truth())).collect();
                return self.three(|first| Source::Regions { truths, first });
            }
            return self.three(|first| Source::Each { node, period, reads, first });
        };
        let Some(stored) = subjects.population.stored(key, *read_period) else {
            let truth = subjects.value(node, period, &Facts::new(RegionCode::NATION)).truth();
            let truths = distinct_regions(subjects).map(|own| (own, truth)).collect();
            return self.three(|first| Source::Regions { truths, first });
        };
        let Some(dictionary) = stored.dictionary() else { return self.three(|first| Source::Each { node, period, reads, first }) };
        let mut truths = Vec::with_capacity(dictionary.values.len() + 1);
        for value in dictionary.values.iter().map(Some).chain([None]) {
            let mut facts = Facts::new(RegionCode::NATION);
            if let Some(value) = value {
                facts.set(key, *read_period, value.clone(), FactSource::default());
            }
            truths.push(subjects.value(node, period, &facts).truth());
        }
        if truths.len() > MAX_BITMAPS {
            return self.three(|first| Source::Table { dictionary, truths, first });
        }
        let first = *shared.entry(reads[0].clone()).or_insert_with(|| {
            let first = self.bitmaps;
            self.bitmaps += truths.len();
            self.sources.push(Source::Values { dictionary, first });
            first
        });
        let places = |wanted: fn(Truth) -> bool| (0..truths.len()).filter(|&at| wanted(truths[at])).map(|at| bitmap(first + at)).collect();
        [places(|truth| truth == Truth::Yes), places(|truth| truth != Truth::No), places(|truth| truth == Truth::Error)]
    }

    fn three(&mut self, source: impl FnOnce(usize) -> Source<'b>) -> [Vec<u32>; 3] {
        let first = self.bitmaps;
        self.bitmaps += 3;
        self.sources.push(source(first));
        [vec![bitmap(first)], vec![bitmap(first + 1)], vec![bitmap(first + 2)]]
    }

    /// Fills the bitmaps of a block of subjects.
    pub(crate) fn fill(&self, subjects: &Subjects<'b>, start: usize, count: usize, bitmaps: &mut [Words]) {
        let mut codes = [0u32; BLOCK];
        for source in &self.sources {
            match source {
                Source::Values { dictionary, first } => {
                    dictionary.read(start, &mut codes[..count]);
                    let rows = &mut bitmaps[*first..=first + dictionary.values.len()];
                    rows.iter_mut().for_each(|row| row.fill(0));
                    for (at, &code) in codes[..count].iter().enumerate() {
                        rows[code as usize][at / 64] |= 1 << (at % 64);
                    }
                }
                Source::Table { dictionary, truths, first } => {
                    dictionary.read(start, &mut codes[..count]);
                    put(&mut bitmaps[*first..first + 3], count, |at| truths[codes[at] as usize]);
                }
                Source::Regions { truths, first } => {
                    let regions = &subjects.population.regions[start..start + count];
                    put(&mut bitmaps[*first..first + 3], count, |at| truths[&regions[at]]);
                }
                Source::Each { node, period, reads, first } => put(&mut bitmaps[*first..first + 3], count, |at| {
                    let facts = subjects.population.only(&subjects.book.vocabulary, start + at, reads);
                    subjects.value(*node, *period, &facts).truth()
                }),
            }
        }
    }

    /// One condition from the bitmaps of a block.
    pub(crate) fn read(&self, condition: usize, bitmaps: &[Words], bits: &mut Bits) {
        let [yes, open, error] = &self.conditions[condition];
        union(yes, bitmaps, &mut bits.yes);
        union(open, bitmaps, &mut bits.open);
        bits.has_errors = error.iter().any(|&at| bitmaps[at as usize] != [0; WORDS]);
        if bits.has_errors {
            union(error, bitmaps, &mut bits.error);
        }
    }
}

fn bitmap(place: usize) -> u32 {
    u32::try_from(place).expect("BUG: more bitmaps than conditions can want")
}

fn union(places: &[u32], bitmaps: &[Words], into: &mut Words) {
    match places.split_first() {
        None => into.fill(0),
        Some((first, rest)) => {
            *into = bitmaps[*first as usize];
            for place in rest {
                into.iter_mut().zip(&bitmaps[*place as usize]).for_each(|(all, one)| *all |= one);
            }
        }
    }
}

fn put(rows: &mut [Words], count: usize, truth: impl Fn(usize) -> Truth) {
    rows.iter_mut().for_each(|row| row.fill(0));
    for at in 0..count {
        let truth = truth(at);
        let bit = |on: bool| u64::from(on) << (at % 64);
        rows[0][at / 64] |= bit(truth == Truth::Yes);
        rows[1][at / 64] |= bit(truth != Truth::No);
        rows[2][at / 64] |= bit(truth == Truth::Error);
    }
}

/// The regions that subjects are in.
fn distinct_regions(subjects: &Subjects<'_>) -> impl Iterator<Item = RegionCode> {
    let mut seen: Vec<RegionCode> = subjects.population.regions.chunk_by(|a, b| a == b).map(|run| run[0]).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.into_iter()
}
