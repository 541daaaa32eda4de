//! All subjects against all measures, block by block: the codes of a block stay in the cache while every
//! measure looks at them, and a condition is a comparison of bytes for 64 subjects at once. What does not
//! fit this form is asked of the reference evaluator, so the two agree by construction there and by test
//! everywhere else.

use crate::amounts::{Pay, Paying};
use crate::asked::Answers;
use crate::bits::{BLOCK, Bits, Words, ones};
use crate::book::{Book, Measure};
use crate::coder::{Coder, Coding};
use crate::cuts::{Code, ERROR};
use crate::lanes::{Lane, Lanes, Line, row_mut, rows};
use crate::period::Period;
use crate::population::Population;
use crate::sieve::{Sieve, Test};
use crate::subjects::Subjects;
use crate::{RegionFacts, Truth, cases};
use duijie_vocab::{Date, Fen};
use rayon::prelude::*;

/// What came of one measure over the population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub yes: u64,
    pub no: u64,
    pub unknown: u64,
    pub error: u64,
    /// The sum of the amounts of those who are eligible, at least and at most (where every one has a bound).
    pub amount_low: i128,
    pub amount_high: Option<i128>,
}

/// The measures of a book over a population on a day.
pub struct Batch<'b> {
    subjects: Subjects<'b>,
    sieve: Sieve,
    coders: Vec<Coder<'b>>,
    answers: Answers<'b>,
    pays: Vec<Pay<'b>>,
    /// By gate: where its bits are kept when several gates refer to it.
    kept_gates: Vec<Option<usize>>,
    lanes: Lanes,
    /// The codes of every block, once they were asked to be kept.
    codes: Vec<Codes>,
}

/// A block of subjects as codes and bitmaps.
#[derive(Default)]
struct Codes {
    /// A row for each operand, then one more for each that has ranges.
    lines: Vec<Line>,
    /// The row of an operand's greatest numbers.
    high_rows: Vec<u32>,
    /// Where an operand's number cannot be computed.
    errors: Vec<Option<Box<Words>>>,
    bitmaps: Vec<Words>,
}

/// Storage that one thread uses again and again.
pub(crate) struct Scratch {
    codes: Codes,
    coding: Coding,
    kept: Vec<Bits>,
    stack: Vec<Bits>,
    lanes: [Vec<Lane>; 2],
    paying: Paying,
}

impl<'b> Batch<'b> {
    /// Every measure of the book (the version in force for the period that a day decides, else the newest),
    /// with the population coded once for all that is asked later.
    pub fn prepare(book: &'b Book, population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::once(book, population, regions, on).keeping_codes()
    }

    /// Every measure of the book, to be asked once: codes are made block by block and not kept.
    pub fn once(book: &'b Book, population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::over(Sieve::new(book, book.ids(), on), Subjects { book, population, regions, on })
    }

    /// These measures, to be asked once.
    pub fn of(book: &'b Book, measures: &[&str], population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::over(Sieve::new(book, measures.iter().copied(), on), Subjects { book, population, regions, on })
    }

    /// These measures, each about a period, to be asked once.
    pub fn about(book: &'b Book, measures: &[(&str, Period)], population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::over(Sieve::about(book, measures, on), Subjects { book, population, regions, on })
    }

    /// One measure, to be asked once.
    pub fn prepare_one(book: &'b Book, measure: &str, population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::over(Sieve::new(book, std::iter::once(measure), on), Subjects { book, population, regions, on })
    }

    pub(crate) fn over(sieve: Sieve, subjects: Subjects<'b>) -> Batch<'b> {
        let coders = sieve.operands.iter().map(|operand| Coder::new(&subjects, operand)).collect();
        let answers = Answers::new(&subjects, &sieve.asked);
        let pays = sieve.measures.iter().map(|sifted| Pay::new(&subjects, subjects.book.at(sifted.place), sifted.period)).collect();
        let mut kept = 0;
        let keep = |&count: &u32| {
            (count > 1).then(|| {
                kept += 1;
                kept - 1
            })
        };
        let kept_gates = sieve.shared.iter().map(keep).collect();
        Batch { subjects, sieve, coders, answers, pays, kept_gates, lanes: Lanes::detect(), codes: Vec::new() }
    }

    /// Codes the whole population now: one byte for each subject and number that is compared.
    #[must_use]
    pub fn keeping_codes(mut self) -> Batch<'b> {
        let state = || Coding::new(self.lanes);
        let coded = (0..self.blocks()).into_par_iter().map_init(state, |coding, block| {
            let mut codes = Codes::default();
            self.code(block, &mut codes, coding);
            codes
        });
        self.codes = coded.collect();
        self
    }

    /// The measures, in the order of the tallies.
    pub fn measures(&self) -> impl Iterator<Item = (&Measure, Period)> {
        self.sieve.measures.iter().map(|sifted| (self.subjects.book.at(sifted.place), sifted.period))
    }

    /// Counts and sums for every measure.
    pub fn tally(&self) -> Vec<Tally> {
        let empty = || vec![Tally { amount_high: Some(0), ..Tally::default() }; self.sieve.measures.len()];
        (0..self.blocks())
            .into_par_iter()
            .fold(
                || (empty(), self.scratch()),
                |(mut tallies, mut scratch), block| {
                    self.with_block(block, &mut scratch, |codes, scratch| {
                        for (measure, tally) in tallies.iter_mut().enumerate() {
                            self.verdict(measure, block, codes, scratch);
                            self.add(tally, measure, block, scratch);
                        }
                    });
                    (tallies, scratch)
                },
            )
            .map(|(tallies, _)| tallies)
            .reduce(empty, |mut left, right| {
                left.iter_mut().zip(right).for_each(|(left, right)| left.merge(&right));
                left
            })
    }

    /// The verdict of one measure (by its place in [`Batch::measures`]) for every subject.
    pub fn verdicts(&self, measure: usize) -> Vec<Truth> {
        let blocks: Vec<Vec<Truth>> = (0..self.blocks())
            .into_par_iter()
            .map_init(
                || self.scratch(),
                |scratch, block| {
                    let mut verdicts = Vec::new();
                    self.with_block(block, scratch, |codes, scratch| {
                        self.verdict(measure, block, codes, scratch);
                        verdicts = (0..self.count(block)).map(|at| scratch.stack[0].truth(at)).collect();
                    });
                    verdicts
                },
            )
            .collect();
        blocks.concat()
    }

    /// The verdict of a measure for a block of subjects.
    pub(crate) fn block_bits(&self, measure: usize, block: usize, scratch: &mut Scratch) -> Bits {
        self.with_block(block, scratch, |codes, scratch| self.verdict(measure, block, codes, scratch));
        scratch.stack[0].clone()
    }

    /// The verdict of a measure for a block of subjects, with the codes of the last operand.
    pub(crate) fn block_codes(&self, measure: usize, block: usize, scratch: &mut Scratch) -> (Bits, Vec<Code>) {
        let mut last = Vec::new();
        self.with_block(block, scratch, |codes, scratch| {
            self.verdict(measure, block, codes, scratch);
            let row = |row: u32| codes.lines[row as usize * (BLOCK / 64)..][..BLOCK / 64].iter().flat_map(|line| line.0);
            let operand = self.sieve.operands.len() - 1;
            last = row(operand as u32).zip(row(codes.high_rows[operand])).map(|(low, high)| Code { low, high }).collect();
        });
        (scratch.stack[0].clone(), last)
    }

    /// What a measure pays some subjects of a block, at least and at most; nothing where there is no amount.
    pub(crate) fn block_amounts(&self, measure: usize, block: usize, places: &[u16], scratch: &mut Scratch) -> Vec<Option<(i64, Option<i64>)>> {
        scratch.paying.places[..places.len()].copy_from_slice(places);
        scratch.paying.count = places.len();
        self.pays[measure].each(&self.subjects, block * BLOCK, &mut scratch.paying)
    }

    /// What a measure pays a subject: at least and at most; nothing without an amount.
    pub fn amount(&self, measure: usize, subject: usize) -> Option<(Fen, Option<Fen>)> {
        let mut scratch = Paying::default();
        let (low, high) = self.pays[measure].each(&self.subjects, subject, &mut scratch).pop().flatten()?;
        Some((Fen(low), high.map(Fen)))
    }

    pub(crate) fn blocks(&self) -> usize {
        self.subjects.population.len().div_ceil(BLOCK)
    }

    /// How many subjects a block has.
    pub(crate) fn count(&self, block: usize) -> usize {
        BLOCK.min(self.subjects.population.len() - block * BLOCK)
    }

    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            codes: Codes::default(),
            coding: Coding::new(self.lanes),
            kept: vec![Bits::default(); self.kept_gates.iter().flatten().count()],
            stack: vec![Bits::default(); 2 + self.sieve.depth()],
            lanes: [Vec::new(), Vec::new()],
            paying: Paying::default(),
        }
    }

    /// Gives the codes of a block, kept or made now, with the gates that several measures share.
    fn with_block(&self, block: usize, scratch: &mut Scratch, work: impl FnOnce(&Codes, &mut Scratch)) {
        let mut own = std::mem::take(&mut scratch.codes);
        let codes = match self.codes.get(block) {
            Some(codes) => codes,
            None => {
                self.code(block, &mut own, &mut scratch.coding);
                &own
            }
        };
        for (gate, place) in self.kept_gates.iter().enumerate() {
            if let Some(place) = place {
                self.gate(gate, codes, scratch, 0);
                scratch.kept[*place].clone_from(&scratch.stack[0]);
            }
        }
        work(codes, scratch);
        scratch.codes = own;
    }

    fn code(&self, block: usize, codes: &mut Codes, coding: &mut Coding) {
        let (start, count, operands) = (block * BLOCK, self.count(block), self.sieve.operands.len());
        if codes.lines.len() < (operands + 1) * (BLOCK / 64) {
            codes.lines = rows(operands + 1);
        }
        codes.high_rows.clear();
        codes.errors.clear();
        let mut spare = operands;
        for (at, (operand, coder)) in self.sieve.operands.iter().zip(&self.coders).enumerate() {
            // The row after the last one in use takes the greatest numbers; it is kept only if they matter.
            if codes.lines.len() < (spare + 1) * (BLOCK / 64) {
                codes.lines.extend(rows(1));
            }
            let (lows, highs) = codes.lines.split_at_mut(spare * (BLOCK / 64));
            let (low, high) = (&mut row_mut(lows, at)[..count], &mut row_mut(highs, 0)[..count]);
            let coded = coder.code(&self.subjects, operand, start, low, high, coding);
            codes.high_rows.push(if coded.has_ranges { spare } else { at } as u32);
            codes.errors.push(coded.has_errors.then(|| errors(low)));
            spare += usize::from(coded.has_ranges);
        }
        codes.bitmaps.resize(self.answers.bitmaps, [0; BLOCK / 64]);
        self.answers.fill(&self.subjects, start, count, &mut codes.bitmaps);
    }

    /// The verdict of a measure for a block, at the bottom of the stack.
    fn verdict(&self, measure: usize, block: usize, codes: &Codes, scratch: &mut Scratch) {
        let sifted = &self.sieve.measures[measure];
        self.gate(sifted.gate as usize, codes, scratch, 0);
        scratch.stack[0].keep_first(self.count(block));
        if sifted.may_split {
            self.split_unknowns(measure, block, &mut scratch.stack[0]);
        }
    }

    /// Computes a gate at a height of the stack.
    fn gate(&self, gate: usize, codes: &Codes, scratch: &mut Scratch, height: usize) {
        let gate = &self.sieve.gates[gate];
        let [at_least, below] = &mut scratch.lanes;
        let lane = |test: &Test| Lane::new(test.operand, codes.high_rows[test.operand as usize], test.bound);
        at_least.clear();
        at_least.extend(gate.at_least.iter().map(lane));
        below.clear();
        below.extend(gate.below.iter().map(lane));
        let bits = &mut scratch.stack[height];
        self.lanes.all(&codes.lines, at_least, below, bits);
        bits.has_errors = false;
        for test in gate.at_least.iter().chain(&gate.below) {
            if let Some(error) = &codes.errors[test.operand as usize] {
                bits.add_errors(|at| error[at]);
            }
        }
        for &(condition, opposite) in &gate.asked {
            let (below, above) = scratch.stack.split_at_mut(height + 1);
            self.answers.read(condition as usize, &codes.bitmaps, &mut above[0]);
            below[height].and(&above[0], opposite);
        }
        for &(inner, opposite) in &gate.gates {
            match self.kept_gates[inner as usize] {
                Some(place) => scratch.stack[height].and(&scratch.kept[place], opposite),
                None => {
                    self.gate(inner as usize, codes, scratch, height + 1);
                    let (below, above) = scratch.stack.split_at_mut(height + 1);
                    below[height].and(&above[0], opposite);
                }
            }
        }
        scratch.stack[height].settle_errors();
    }

    /// Reasons by cases where several comparisons read one unknown value.
    fn split_unknowns(&self, measure: usize, block: usize, bits: &mut Bits) {
        let sifted = &self.sieve.measures[measure];
        let verdict = self.subjects.book.at(sifted.place).verdict;
        let reads = self.subjects.reads(&[verdict], sifted.period);
        for at in 0..self.count(block) {
            if bits.truth(at) == Truth::Unknown {
                let facts = self.subjects.population.only(&self.subjects.book.vocabulary, block * BLOCK + at, &reads);
                let evaluation = self.subjects.book.evaluation(&facts, self.subjects.regions, sifted.period, self.subjects.on);
                bits.set(at, cases::decided(&evaluation, verdict));
            }
        }
    }

    /// Adds the verdict at the bottom of the stack to a tally.
    fn add(&self, tally: &mut Tally, measure: usize, block: usize, scratch: &mut Scratch) {
        let Scratch { stack, paying, .. } = scratch;
        let bits = &stack[0];
        let (yes, open) = (self.lanes.ones(&bits.yes), self.lanes.ones(&bits.open));
        let error = if bits.has_errors { self.lanes.ones(&bits.error) } else { 0 };
        tally.yes += yes;
        tally.no += self.count(block) as u64 - open;
        tally.error += error;
        tally.unknown += open - yes - error;
        if yes == 0 {
            return;
        }
        let (low, high) = match &self.pays[measure] {
            Pay::Nothing => return,
            Pay::Fixed(fen) => (i128::from(*fen) * i128::from(yes), Some(i128::from(*fen) * i128::from(yes))),
            pay => self.lanes.run(|| {
                paying.count = ones(&bits.yes, &mut paying.places);
                pay.sum(&self.subjects, block * BLOCK, paying)
            }),
        };
        tally.amount_low += low;
        tally.amount_high = tally.amount_high.zip(high).map(|(sum, high)| sum + high);
    }
}

impl Tally {
    /// Adds what was counted of other subjects.
    pub fn merge(&mut self, other: &Tally) {
        self.yes += other.yes;
        self.no += other.no;
        self.unknown += other.unknown;
        self.error += other.error;
        self.amount_low += other.amount_low;
        self.amount_high = self.amount_high.zip(other.amount_high).map(|(a, b)| a + b);
    }
}

/// Where codes say that a number cannot be computed.
fn errors(codes: &[u8]) -> Box<Words> {
    let mut words = Box::new([0; BLOCK / 64]);
    codes.iter().enumerate().filter(|(_, code)| **code == ERROR).for_each(|(at, _)| words[at / 64] |= 1 << (at % 64));
    words
}
