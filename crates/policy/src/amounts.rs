//! What measures pay the subjects that are eligible: gathered for the few of a block that are, in whole
//! numbers where the rule has a formula, else one after another.

use crate::bits::BLOCK;
use crate::book::Measure;
use crate::decide::money_bounds;
use crate::formula::{Formula, Picked, UNLIMITED, Work};
use crate::period::Period;
use crate::plan::NodeId;
use crate::quick::{Number, Quick};
use crate::subjects::Subjects;
use crate::value::Value;
use duijie_vocab::Fen;
use std::sync::Arc;

/// The amount of a measure over a population.
pub(crate) enum Pay<'b> {
    Nothing,
    /// As much for everybody, in Fen.
    Fixed(i64),
    Whole(Whole<'b>),
    Slow(Slow<'b>),
}

/// An amount in whole Fen.
pub(crate) struct Whole<'b> {
    formula: Formula<'b>,
    /// The ends where its one fact is not known.
    unknown: Option<(i64, i64)>,
}

/// An amount by interval arithmetic and the reference.
pub(crate) struct Slow<'b> {
    node: NodeId,
    period: Period,
    quick: Quick<'b>,
    reads: Vec<(Arc<str>, Period)>,
}

/// Storage of one thread: the places of those who are paid, and the arithmetic's.
pub(crate) struct Paying {
    pub(crate) places: Box<[u16; BLOCK + 2]>,
    pub(crate) count: usize,
    known: Vec<u16>,
    rest: Vec<u16>,
    work: Work,
}

impl Default for Paying {
    /// For one subject, the first from wherever is asked.
    fn default() -> Paying {
        Paying { places: Box::new([0; BLOCK + 2]), count: 1, known: Vec::new(), rest: Vec::new(), work: Work::default() }
    }
}

impl<'b> Pay<'b> {
    pub(crate) fn new(subjects: &Subjects<'b>, measure: &Measure, period: Period) -> Pay<'b> {
        let Some(node) = measure.amount else { return Pay::Nothing };
        let Subjects { book, population, on, .. } = *subjects;
        // A formula in whole Fen is what is paid; a rounding to parts of a Fen is left to the fractions.
        let formula = Formula::new(book, population, node, period, on).filter(|formula| formula.denominator == 1);
        if let Some(fen) = formula.as_ref().and_then(Formula::constant) {
            return Pay::Fixed(fen.max(0));
        }
        match formula {
            Some(formula) => Pay::Whole(Whole { unknown: formula.unknown_ends(), formula }),
            None => Pay::Slow(Slow { node, period, quick: Quick::new(book, population, node, period, on), reads: subjects.reads(&[node], period) }),
        }
    }

    /// What each subject at `paying.places` from `start` on is paid, at least and at most.
    pub(crate) fn each(&self, subjects: &Subjects<'b>, start: usize, paying: &mut Paying) -> Vec<Option<(i64, Option<i64>)>> {
        let places = &paying.places[..paying.count];
        match self {
            Pay::Nothing => vec![None; places.len()],
            Pay::Fixed(fen) => vec![Some((*fen, Some(*fen))); places.len()],
            Pay::Whole(whole) => {
                let values = whole.formula.evaluate(start, Picked::Some(places), &mut paying.work);
                let ends = values.low.iter().zip(values.high);
                ends.map(|(&low, &high)| Some((low.max(0), (high != UNLIMITED).then_some(high.max(0))))).collect()
            }
            Pay::Slow(slow) => {
                let one = |&at: &u16| slow.one(subjects, start + usize::from(at)).map(|(low, high)| (low.0, high.map(|high| high.0)));
                places.iter().map(one).collect()
            }
        }
    }

    /// What the subjects at `paying.places` from `start` on are paid together, at least and at most.
    #[inline(always)]
    pub(crate) fn sum(&self, subjects: &Subjects<'b>, start: usize, paying: &mut Paying) -> (i128, Option<i128>) {
        match self {
            Pay::Nothing => (0, Some(0)),
            Pay::Fixed(fen) => {
                let sum = i128::from(*fen) * paying.count as i128;
                (sum, Some(sum))
            }
            Pay::Whole(whole) => whole.sum(start, paying),
            Pay::Slow(_) => self.each(subjects, start, paying).into_iter().flatten().fold((0, Some(0)), |(low, high), (least, most)| {
                (low + i128::from(least), high.zip(most).map(|(sum, most): (i128, i64)| sum + i128::from(most)))
            }),
        }
    }
}

impl Whole<'_> {
    /// In plain numbers over those of whom all is known, within bounds over the rest.
    #[inline(always)]
    fn sum(&self, start: usize, paying: &mut Paying) -> (i128, Option<i128>) {
        let Paying { places, count, known, rest, work } = paying;
        self.formula.part(start, &places[..*count], known, rest);
        // A block's worth of moderate amounts fits 64 bits.
        let moderate = self.formula.most < 1 << 48;
        let total = |ends: &[i64]| match moderate {
            true => i128::from(ends.iter().map(|&fen| fen.max(0)).sum::<i64>()),
            false => ends.iter().map(|&fen| i128::from(fen.max(0))).sum(),
        };
        let exact = if known.is_empty() { 0 } else { total(self.formula.evaluate_known(start, Picked::Some(known), work).low) };
        let (low, high) = match self.unknown {
            _ if rest.is_empty() => (0, Some(0)),
            Some((low, high)) => {
                let count = rest.len() as i128;
                (i128::from(low.max(0)) * count, (high != UNLIMITED).then(|| i128::from(high.max(0)) * count))
            }
            None => {
                let values = self.formula.evaluate(start, Picked::Some(rest), work);
                (total(values.low), values.high.iter().all(|&fen| fen != UNLIMITED).then(|| total(values.high)))
            }
        };
        (exact + low, high.map(|high| exact + high))
    }
}

impl Slow<'_> {
    fn one(&self, subjects: &Subjects<'_>, subject: usize) -> Option<(Fen, Option<Fen>)> {
        match self.quick.value(self.node, subject) {
            Number::Within(range) => return Some(money_bounds(&range)),
            Number::Undefined | Number::Fault => return None,
            Number::Other => {}
        }
        let facts = subjects.population.only(&subjects.book.vocabulary, subject, &self.reads);
        match subjects.value(self.node, self.period, &facts) {
            Value::Number(range) => Some(money_bounds(&range)),
            _ => None,
        }
    }
}
