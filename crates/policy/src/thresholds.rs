//! How many more if 5 % became 4 %: what a measure would do with other bounds in one of its conditions,
//! for all of them at once. The codes of the number that is compared are counted; every bound is then a
//! sum over codes.

use crate::batch::Batch;
use crate::bits::{BLOCK, ones};
use crate::book::Book;
use crate::cuts::{Code, ERROR, MAX_CUTS, MISSING};
use crate::population::Population;
use crate::sieve::Sieve;
use crate::subjects::Subjects;
use crate::{Fraction, RegionFacts, Truth};
use duijie_vocab::Date;
use rayon::prelude::*;

/// A measure with another bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThresholdStep {
    /// The bound, in the base of its dimension: Fen, months, days, share.
    pub at: Fraction,
    /// Subjects that would certainly be eligible.
    pub eligible: u64,
    /// Subjects that might be, for all that is known.
    pub open: u64,
    /// What those eligible would be paid, at least and at most (where every one has a bound).
    pub amount_low: i128,
    pub amount_high: Option<i128>,
    /// What all who may be eligible would be paid at most; nothing without a bound.
    pub amount_most: Option<i128>,
}

/// The bounds tried when nobody says which: from half the present one to one and a half times it.
const STEPS: i64 = 20;

impl Population {
    /// The subjects of a measure if its `condition` (by place among its conditions, from 0) had one of the
    /// `thresholds` as its bound; from half to one and a half times the present one when none are given.
    /// Nothing when the condition is not a comparison of a number with a fixed bound. Nothing is reasoned
    /// by cases here: what several comparisons of one unknown value decide together counts as open.
    pub fn threshold_histogram(
        &self,
        book: &Book,
        measure: &str,
        condition: usize,
        thresholds: &[Fraction],
        regions: &RegionFacts,
        on: Date,
    ) -> Option<Vec<ThresholdStep>> {
        let on = on.first_day();
        let subjects = Subjects { book, population: self, regions, on };
        let mut wanted = if thresholds.is_empty() { around(Sieve::bound(book, measure, condition, on)?) } else { thresholds.to_vec() };
        wanted.sort_unstable();
        wanted.dedup();
        let mut steps = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(MAX_CUTS) {
            let (sieve, below) = Sieve::with_thresholds(book, measure, condition, some, on)?;
            steps.extend(counted(&Batch::over(sieve, subjects), below).steps(some, below));
        }
        Some(steps)
    }
}

fn around(bound: Fraction) -> Vec<Fraction> {
    (0..=STEPS).filter_map(|step| bound.times(Fraction::new(i128::from(STEPS / 2 + step), i128::from(STEPS))?)).collect()
}

/// Subjects by code: those who pass everything else, those who may, and what they are paid.
#[derive(Clone)]
struct Counts {
    eligible: [u64; MAX_CUTS + 1],
    may: [u64; MAX_CUTS + 1],
    paid_low: [i128; MAX_CUTS + 1],
    paid_high: [Option<i128>; MAX_CUTS + 1],
    /// What those who may pass could be paid at most.
    paid_most: [Option<i128>; MAX_CUTS + 1],
}

impl Default for Counts {
    fn default() -> Counts {
        const PLACES: usize = MAX_CUTS + 1;
        Counts { eligible: [0; PLACES], may: [0; PLACES], paid_low: [0; PLACES], paid_high: [Some(0); PLACES], paid_most: [Some(0); PLACES] }
    }
}

/// Counts a batch of one measure without the condition, whose number is the last operand.
fn counted(batch: &Batch<'_>, below: bool) -> Counts {
    let counts = (0..batch.blocks()).into_par_iter().fold(
        || (Counts::default(), batch.scratch()),
        |(mut counts, mut scratch), block| {
            let (bits, codes) = batch.block_codes(0, block, &mut scratch);
            let mut places = [0; BLOCK + 2];
            let found = ones(&bits.open, &mut places);
            let paid = batch.block_amounts(0, block, &places[..found], &mut scratch);
            for (&place, paid) in places[..found].iter().zip(paid) {
                let code = codes[usize::from(place)];
                let truth = bits.truth(usize::from(place));
                if code.low != ERROR && truth != Truth::Error {
                    counts.add(code, below, truth == Truth::Yes, paid.unwrap_or((0, Some(0))));
                }
            }
            (counts, scratch)
        },
    );
    counts.map(|(counts, _)| counts).reduce(Counts::default, Counts::and)
}

/// The code by which a number certainly passes: its least for bounds from below, its greatest for bounds from above.
fn certain(code: Code, below: bool) -> Option<usize> {
    let end = if below { code.high } else { code.low };
    (end < MISSING).then_some(usize::from(end))
}

/// The code by which a number may pass.
fn reach(code: Code, below: bool) -> usize {
    match (code.low >= MISSING, below) {
        (true, false) => MAX_CUTS,
        (true, true) => 0,
        (false, false) => usize::from(code.high),
        (false, true) => usize::from(code.low),
    }
}

/// The sum of two amounts; nothing when one has no bound.
fn sum(a: Option<i128>, b: Option<i128>) -> Option<i128> {
    a.zip(b).map(|(a, b)| a + b)
}

impl Counts {
    /// One subject who may pass everything else, or does.
    fn add(&mut self, code: Code, below: bool, passes: bool, (low, high): (i64, Option<i64>)) {
        let high = high.map(i128::from);
        let may = reach(code, below);
        self.may[may] += 1;
        self.paid_most[may] = sum(self.paid_most[may], high);
        if let Some(at) = certain(code, below).filter(|_| passes) {
            self.eligible[at] += 1;
            self.paid_low[at] += i128::from(low);
            self.paid_high[at] = sum(self.paid_high[at], high);
        }
    }

    fn and(mut self, other: Counts) -> Counts {
        for at in 0..=MAX_CUTS {
            self.eligible[at] += other.eligible[at];
            self.may[at] += other.may[at];
            self.paid_low[at] += other.paid_low[at];
            self.paid_high[at] = sum(self.paid_high[at], other.paid_high[at]);
            self.paid_most[at] = sum(self.paid_most[at], other.paid_most[at]);
        }
        self
    }

    /// One step for each threshold: a number passes the nth when its code counts at least n (or less, for
    /// bounds from above).
    fn steps(&self, thresholds: &[Fraction], below: bool) -> Vec<ThresholdStep> {
        let step = |(place, &at): (usize, &Fraction)| {
            let codes = if below { 0..place + 1 } else { place + 1..MAX_CUTS + 1 };
            let eligible: u64 = self.eligible[codes.clone()].iter().sum();
            let may: u64 = self.may[codes.clone()].iter().sum();
            ThresholdStep {
                at,
                eligible,
                open: may - eligible,
                amount_low: self.paid_low[codes.clone()].iter().sum(),
                amount_high: self.paid_high[codes.clone()].iter().copied().sum(),
                amount_most: self.paid_most[codes].iter().copied().sum(),
            }
        };
        thresholds.iter().enumerate().map(step).collect()
    }
}
