//! Arithmetic on columns in plain 64-bit integers. Every node keeps one denominator for all subjects,
//! and the greatest size its numerators can have is known beforehand from the columns; a rule that
//! could leave 64 bits, or that is not made of these operations, has no formula and is left to the
//! interval arithmetic of the reference, with which a formula agrees exactly.

use crate::RoundingMode;
use crate::bits::BLOCK;
use crate::book::Book;
use crate::period::Period;
use crate::plan::NodeId;
use crate::population::{Population, Wholes};
use duijie_vocab::Date;

mod arithmetic;
mod compile;

use compile::Compiling;

/// The end of a number without bound; every finite numerator is smaller by far.
pub(crate) const UNLIMITED: i64 = i64::MAX;
/// Numerators stay below this, so that sums and doubles of them fit.
const LIMIT: i128 = 1 << 61;

/// A compiled rule over the columns of a population.
#[derive(Debug)]
pub(crate) struct Formula<'p> {
    inputs: Vec<Input<'p>>,
    steps: Vec<Step>,
    /// What the last step's numerators are over.
    pub(crate) denominator: i64,
    /// No finite numerator of the last step is larger.
    pub(crate) most: i128,
}

#[derive(Clone, Copy, Debug)]
struct Input<'p> {
    /// The numbers of those who have one; nobody has when absent.
    column: Option<Wholes<'p>>,
    scale: i64,
    /// What is known of those who have none.
    low: i64,
    high: i64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Input(usize),
    Constant(i64),
    Negate(usize),
    Abs(usize),
    Scale(usize, i64),
    Add(usize, usize),
    Min(usize, usize),
    Max(usize, usize),
    /// At most, and at least, a number that is the same for everybody.
    Cap(usize, i64),
    Raise(usize, i64),
    /// Of two numbers that are never negative.
    Product(usize, usize),
    /// `× times ÷ by` rounded to a whole number, then `× step`.
    Round {
        of: usize,
        times: i64,
        by: i64,
        mode: RoundingMode,
        step: i64,
    },
}

/// For whom a formula is evaluated: subjects from a place on.
#[derive(Clone, Copy)]
pub(crate) enum Picked<'a> {
    Next(usize),
    /// These, counted from the place.
    Some(&'a [u16]),
}

/// Storage of evaluations, used again and again.
#[derive(Default)]
pub(crate) struct Work {
    lows: Vec<Vec<i64>>,
    highs: Vec<Vec<i64>>,
}

/// The numerators of the least and the greatest value for each subject; the same where all are exact.
pub(crate) struct Values<'w> {
    pub(crate) low: &'w [i64],
    pub(crate) high: &'w [i64],
}

impl<'p> Formula<'p> {
    /// The formula of a node in a period; nothing when it has none.
    pub(crate) fn new(book: &Book, population: &'p Population, node: NodeId, period: Period, on: Date) -> Option<Formula<'p>> {
        let mut compiling = Compiling::new(book, population, period, on);
        let last = compiling.node(node)?;
        Some(compiling.finish(last))
    }

    /// The formula of the first node less the second.
    pub(crate) fn difference(book: &Book, population: &'p Population, (left, right): (NodeId, NodeId), period: Period, on: Date) -> Option<Formula<'p>> {
        let mut compiling = Compiling::new(book, population, period, on);
        let (left, right) = (compiling.node(left)?, compiling.node(right)?);
        let right = compiling.negated(right);
        let last = compiling.sum(left, right)?;
        Some(compiling.finish(last))
    }

    /// The one value it has for everybody.
    pub(crate) fn constant(&self) -> Option<i64> {
        match self.steps.last() {
            Some(Step::Constant(value)) => Some(*value),
            _ => None,
        }
    }

    /// The one column it is, with what is known of those whose number is missing.
    pub(crate) fn column(&self) -> Option<(Wholes<'p>, i64, i64)> {
        match (self.steps.as_slice(), self.inputs.as_slice()) {
            ([Step::Input(_)], [Input { column: Some(column), scale: 1, low, high }]) => Some((*column, *low, *high)),
            _ => None,
        }
    }

    /// Its value where no fact is known, if that is the same for everybody: it reads one fact at most.
    pub(crate) fn unknown_ends(&self) -> Option<(i64, i64)> {
        let [input] = self.inputs.as_slice() else { return None };
        let blank = Formula { inputs: vec![Input { column: None, ..*input }], steps: self.steps.clone(), ..*self };
        let mut work = Work::default();
        let values = blank.evaluate(0, Picked::Next(1), &mut work);
        Some((values.low[0], values.high[0]))
    }

    /// Parts places into those of whom every fact is known, and the rest.
    #[inline(always)]
    pub(crate) fn part(&self, start: usize, places: &[u16], known: &mut Vec<u16>, rest: &mut Vec<u16>) {
        known.resize(places.len(), 0);
        rest.resize(places.len(), 0);
        let (mut knowns, mut others) = (0, 0);
        let mut put = |place: u16, all: bool| {
            known[knowns] = place;
            rest[others] = place;
            knowns += usize::from(all);
            others += usize::from(!all);
        };
        // Most rules read one fact.
        if let [Input { column: Some(column), .. }] = self.inputs.as_slice() {
            let known = &column.known[start..];
            places.iter().for_each(|&place| put(place, known[usize::from(place)]));
        } else {
            let knows = |input: &Input<'_>, at: usize| input.column.is_some_and(|column| column.known[at]);
            places.iter().for_each(|&place| put(place, self.inputs.iter().fold(true, |all, input| all & knows(input, start + usize::from(place)))));
        }
        known.truncate(knowns);
        rest.truncate(others);
    }

    /// Evaluates for the subjects picked from `start` on, at most a block of them.
    #[inline(always)]
    pub(crate) fn evaluate<'w>(&self, start: usize, picked: Picked<'_>, work: &'w mut Work) -> Values<'w> {
        if self.inputs.iter().all(|input| input.knows_all(start, picked)) {
            return self.evaluate_known(start, picked, work);
        }
        let count = picked.count();
        work.reach(self.steps.len());
        for (at, step) in self.steps.iter().enumerate() {
            let (low_before, lows) = work.lows.split_at_mut(at);
            let (high_before, highs) = work.highs.split_at_mut(at);
            step.within(self, start, picked, (low_before, high_before), (&mut lows[0][..count], &mut highs[0][..count]));
        }
        let last = self.steps.len() - 1;
        Values { low: &work.lows[last][..count], high: &work.highs[last][..count] }
    }

    /// The same for subjects of whom every fact is known.
    #[inline(always)]
    pub(crate) fn evaluate_known<'w>(&self, start: usize, picked: Picked<'_>, work: &'w mut Work) -> Values<'w> {
        let count = picked.count();
        work.reach(self.steps.len());
        for (at, step) in self.steps.iter().enumerate() {
            let (before, rest) = work.lows.split_at_mut(at);
            step.exact(self, start, picked, before, &mut rest[0][..count]);
        }
        let low = &work.lows[self.steps.len() - 1][..count];
        Values { low, high: low }
    }
}

impl Picked<'_> {
    fn count(self) -> usize {
        match self {
            Picked::Next(count) => count,
            Picked::Some(places) => places.len(),
        }
    }
}

impl Work {
    /// Storage for as many steps, each a block long.
    fn reach(&mut self, steps: usize) {
        for registers in [&mut self.lows, &mut self.highs] {
            if registers.len() < steps {
                registers.resize_with(steps, || vec![0; BLOCK]);
            }
        }
    }
}

impl Input<'_> {
    fn knows_all(&self, start: usize, picked: Picked<'_>) -> bool {
        match (self.column, picked) {
            (None, _) => false,
            (Some(column), _) if column.complete => true,
            (Some(column), Picked::Next(count)) => column.known[start..start + count].iter().all(|&known| known),
            (Some(column), Picked::Some(places)) => {
                let known = &column.known[start..];
                places.iter().all(|&place| known[usize::from(place)])
            }
        }
    }

    /// The numbers of those who have one, all of whom do.
    #[inline(always)]
    fn load_known(&self, start: usize, picked: Picked<'_>, into: &mut [i64]) {
        let Some(column) = self.column else { return into.fill(0) };
        let (values, scale) = (&column.values[start..], self.scale);
        match picked {
            Picked::Next(_) => into.iter_mut().zip(values).for_each(|(into, &value)| *into = value * scale),
            Picked::Some(places) => into.iter_mut().zip(places).for_each(|(into, &place)| *into = values[usize::from(place)] * scale),
        }
    }

    #[inline(always)]
    fn load(&self, start: usize, picked: Picked<'_>, missing: i64, into: &mut [i64]) {
        let Some(column) = self.column else { return into.fill(missing) };
        let (values, known) = (&column.values[start..], &column.known[start..]);
        let one = |value: i64, known: bool| if known { value * self.scale } else { missing };
        match picked {
            Picked::Next(_) => into.iter_mut().zip(values.iter().zip(known)).for_each(|(into, (&value, &known))| *into = one(value, known)),
            Picked::Some(places) => {
                into.iter_mut().zip(places).for_each(|(into, &place)| *into = one(values[usize::from(place)], known[usize::from(place)]));
            }
        }
    }
}
