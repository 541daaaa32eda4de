//! What a change of a measure would do: two versions over the whole population, who gains, who loses,
//! and what it costs, with bounds from what is not known.

use crate::batch::{Batch, Scratch};
use crate::bits::{BLOCK, Bits, ones};
use crate::book::Book;
use crate::population::Population;
use crate::{RegionFacts, Truth};
use duijie_vocab::Date;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// One subject before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub subject: usize,
    pub before: Truth,
    pub after: Truth,
    pub paid_before: Paid,
    pub paid_after: Paid,
}

/// What a subject is paid, at least and at most. Nothing is owed while it is not decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    pub least: i128,
    /// Absent when there is no bound.
    pub most: Option<i128>,
}

/// Totals over some subjects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub subjects: u64,
    pub eligible_before: u64,
    pub eligible_after: u64,
    /// Subjects that certainly gain or lose.
    pub gain: u64,
    pub lose: u64,
    /// Subjects of whom it is not known on one side.
    pub open: u64,
    pub cost_before: Paid,
    pub cost_after: Paid,
}

/// A measure in two books over one population.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Every subject that either version pays, may pay, or cannot decide.
    pub changes: Vec<Change>,
    pub subjects: usize,
}

/// Compares a measure in two books; one that a book lacks pays nobody there.
pub fn simulate(before: &Book, after: &Book, measure: &str, population: &Population, regions: &RegionFacts, on: Date) -> Simulation {
    let (before, after) = (Side::of(before, measure, population, regions, on), Side::of(after, measure, population, regions, on));
    let blocks = population.len().div_ceil(BLOCK);
    let changes: Vec<Vec<Change>> =
        (0..blocks).into_par_iter().map_init(|| (before.scratch(), after.scratch()), |scratch, block| changes(&before, &after, block, scratch)).collect();
    Simulation { changes: changes.concat(), subjects: population.len() }
}

/// The changes of a block of subjects.
fn changes(before: &Side<'_>, after: &Side<'_>, block: usize, (first, second): &mut (Option<Scratch>, Option<Scratch>)) -> Vec<Change> {
    let (bits_before, bits_after) = (before.bits(block, first), after.bits(block, second));
    let mut touched = bits_before.open;
    touched.iter_mut().zip(&bits_after.open).for_each(|(touched, open)| *touched |= open);
    let mut all = [0; BLOCK + 2];
    let count = ones(&touched, &mut all);
    let places = &all[..count];
    let paid = |side: &Side<'_>, bits: &Bits, scratch: &mut Option<Scratch>| side.paid(block, bits, places, scratch);
    let (paid_before, paid_after) = (paid(before, &bits_before, first), paid(after, &bits_after, second));
    let one = |(at, (paid_before, paid_after)): (&u16, (Paid, Paid))| {
        let at = usize::from(*at);
        Change { subject: block * BLOCK + at, before: bits_before.truth(at), after: bits_after.truth(at), paid_before, paid_after }
    };
    places.iter().zip(paid_before.into_iter().zip(paid_after)).map(one).collect()
}

impl Simulation {
    pub fn totals(&self) -> Totals {
        let mut totals = self.changes.iter().fold(Totals::empty(), Totals::with);
        totals.subjects = self.subjects as u64;
        totals
    }

    /// Totals by a class of the subjects that either version touches: region, size, industry.
    pub fn by<K: Ord>(&self, class: impl Fn(usize) -> K) -> BTreeMap<K, Totals> {
        let mut classes: BTreeMap<K, Totals> = BTreeMap::new();
        for change in &self.changes {
            let totals = classes.entry(class(change.subject)).or_insert_with(Totals::empty);
            *totals = totals.with(change);
            totals.subjects += 1;
        }
        classes
    }
}

impl Totals {
    fn empty() -> Totals {
        let nothing = Paid { least: 0, most: Some(0) };
        Totals { cost_before: nothing, cost_after: nothing, ..Totals::default() }
    }

    fn with(self, change: &Change) -> Totals {
        let decided = change.before.is_decided() && change.after.is_decided();
        let yes = |truth: Truth| u64::from(truth == Truth::Yes);
        let moved = |from: Truth, to: Truth| u64::from(decided && change.before == from && change.after == to);
        Totals {
            subjects: self.subjects,
            eligible_before: self.eligible_before + yes(change.before),
            eligible_after: self.eligible_after + yes(change.after),
            gain: self.gain + moved(Truth::No, Truth::Yes),
            lose: self.lose + moved(Truth::Yes, Truth::No),
            open: self.open + u64::from(!decided),
            cost_before: self.cost_before.plus(change.paid_before),
            cost_after: self.cost_after.plus(change.paid_after),
        }
    }

    /// What the change costs more, at least and at most.
    pub fn cost_difference(&self) -> (Option<i128>, Option<i128>) {
        let least = self.cost_before.most.map(|before| self.cost_after.least - before);
        let most = self.cost_after.most.map(|after| after - self.cost_before.least);
        (least, most)
    }
}

impl Paid {
    fn plus(self, other: Paid) -> Paid {
        Paid { least: self.least + other.least, most: self.most.zip(other.most).map(|(a, b)| a + b) }
    }
}

/// One book's view of the measure.
struct Side<'s> {
    batch: Option<Batch<'s>>,
}

impl<'s> Side<'s> {
    fn of(book: &'s Book, measure: &str, population: &'s Population, regions: &'s RegionFacts, on: Date) -> Side<'s> {
        Side { batch: book.measure(measure).map(|_| Batch::prepare_one(book, measure, population, regions, on)) }
    }

    fn scratch(&self) -> Option<Scratch> {
        self.batch.as_ref().map(Batch::scratch)
    }

    /// The verdicts of a block; all no without the measure.
    fn bits(&self, block: usize, scratch: &mut Option<Scratch>) -> Bits {
        match (&self.batch, scratch) {
            (Some(batch), Some(scratch)) => batch.block_bits(0, block, scratch),
            _ => Bits::default(),
        }
    }

    /// What subjects of a block are paid: nothing on a no or an error, up to the amount while it is not known.
    fn paid(&self, block: usize, bits: &Bits, places: &[u16], scratch: &mut Option<Scratch>) -> Vec<Paid> {
        let nothing = Paid { least: 0, most: Some(0) };
        let (Some(batch), Some(scratch)) = (&self.batch, scratch) else { return vec![nothing; places.len()] };
        let amounts = batch.block_amounts(0, block, places, scratch);
        let one = |(at, amount): (&u16, Option<(i64, Option<i64>)>)| {
            let (low, high) = amount.unwrap_or((0, Some(0)));
            let most = high.map(i128::from);
            match bits.truth(usize::from(*at)) {
                Truth::No | Truth::Error => nothing,
                Truth::Yes => Paid { least: i128::from(low), most },
                Truth::Unknown => Paid { least: 0, most },
            }
        };
        places.iter().zip(amounts).map(one).collect()
    }
}
