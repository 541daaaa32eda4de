//! What a change of a measure would do: two versions over the whole population, who gains, who loses,
//! and what it costs, with bounds from what is not known.

use crate::batch::Batch;
use crate::book::Book;
use crate::population::Population;
use crate::{RegionFacts, Truth};
use duijie_vocab::{Date, Fen};
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
    let mut changes = Vec::new();
    for subject in 0..population.len() {
        let ((truth_before, paid_before), (truth_after, paid_after)) = (before.at(subject), after.at(subject));
        if truth_before != Truth::No || truth_after != Truth::No {
            changes.push(Change { subject, before: truth_before, after: truth_after, paid_before, paid_after });
        }
    }
    Simulation { changes, subjects: population.len() }
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

/// One book's verdicts on the measure.
struct Side<'s> {
    batch: Batch<'s>,
    place: Option<usize>,
    verdicts: Vec<Truth>,
}

impl<'s> Side<'s> {
    fn of(book: &'s Book, measure: &str, population: &'s Population, regions: &'s RegionFacts, on: Date) -> Side<'s> {
        let batch = Batch::prepare_one(book, measure, population, regions, on);
        let place = batch.measures().position(|(found, _)| found.id() == measure);
        let verdicts = place.map(|place| batch.verdicts(place)).unwrap_or_default();
        Side { batch, place, verdicts }
    }

    fn at(&self, subject: usize) -> (Truth, Paid) {
        let Some(place) = self.place else { return (Truth::No, Paid { least: 0, most: Some(0) }) };
        let truth = self.verdicts[subject];
        let amount = || self.batch.amount(place, subject).unwrap_or((Fen::ZERO, Some(Fen::ZERO)));
        let paid = match truth {
            Truth::No | Truth::Error => Paid { least: 0, most: Some(0) },
            Truth::Yes => {
                let (low, high) = amount();
                Paid { least: i128::from(low.0), most: high.map(|high| i128::from(high.0)) }
            }
            Truth::Unknown => Paid { least: 0, most: amount().1.map(|high| i128::from(high.0)) },
        };
        (truth, paid)
    }
}
