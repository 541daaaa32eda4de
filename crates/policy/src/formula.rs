//! Arithmetic on columns in plain 64-bit integers. Every node keeps one denominator for all subjects,
//! and the greatest size its numerators can have is known beforehand from the columns; a rule that
//! could leave 64 bits, or that is not made of these operations, has no formula and is left to the
//! interval arithmetic of the reference, with which a formula agrees exactly.

use crate::bits::BLOCK;
use crate::book::Book;
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::population::{Population, Wholes};
use crate::sieve::fixed;
use crate::{Fraction, RoundingMode};
use duijie_vocab::Date;
use std::collections::HashMap;

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

/// A node's register while compiling.
#[derive(Clone, Copy)]
struct Register {
    at: usize,
    denominator: i64,
    most: i128,
    /// Whether no value is below zero.
    positive: bool,
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

#[inline(always)]
fn map(from: &[i64], into: &mut [i64], map: impl Fn(i64) -> i64) {
    into.iter_mut().zip(from).for_each(|(into, &value)| *into = map(value));
}

#[inline(always)]
fn join(a: &[i64], b: &[i64], into: &mut [i64], join: impl Fn(i64, i64) -> i64) {
    into.iter_mut().zip(a.iter().zip(b)).for_each(|(into, (&a, &b))| *into = join(a, b));
}

impl Step {
    /// Everything is known: one number for each subject.
    #[inline(always)]
    fn exact(&self, formula: &Formula<'_>, start: usize, picked: Picked<'_>, before: &[Vec<i64>], into: &mut [i64]) {
        match *self {
            Step::Input(input) => formula.inputs[input].load_known(start, picked, into),
            Step::Constant(value) => into.fill(value),
            Step::Negate(a) => map(&before[a], into, |a| -a),
            Step::Abs(a) => map(&before[a], into, i64::abs),
            Step::Scale(a, by) => map(&before[a], into, |a| a * by),
            Step::Add(a, b) => join(&before[a], &before[b], into, |a, b| a + b),
            Step::Min(a, b) => join(&before[a], &before[b], into, i64::min),
            Step::Max(a, b) => join(&before[a], &before[b], into, i64::max),
            Step::Cap(a, most) => map(&before[a], into, |a| a.min(most)),
            Step::Raise(a, least) => map(&before[a], into, |a| a.max(least)),
            Step::Product(a, b) => join(&before[a], &before[b], into, |a, b| a * b),
            Step::Round { of, times, by, mode: RoundingMode::HalfUp, step } => {
                map(&before[of], into, |value| rounded(value * times, by, RoundingMode::HalfUp) * step);
            }
            Step::Round { of, times, by, mode, step } => map(&before[of], into, |value| rounded(value * times, by, mode) * step),
        }
    }

    /// Something is missing: the least and the greatest number for each subject.
    #[inline(always)]
    fn within(
        &self,
        formula: &Formula<'_>,
        start: usize,
        picked: Picked<'_>,
        (lows, highs): (&[Vec<i64>], &[Vec<i64>]),
        (low, high): (&mut [i64], &mut [i64]),
    ) {
        match *self {
            Step::Input(input) => {
                let input = &formula.inputs[input];
                input.load(start, picked, input.low, low);
                input.load(start, picked, input.high, high);
            }
            Step::Constant(value) => {
                low.fill(value);
                high.fill(value);
            }
            Step::Negate(a) => {
                map(&highs[a], low, |high| -high);
                map(&lows[a], high, |low| -low);
            }
            Step::Abs(a) => {
                join(&lows[a], &highs[a], low, |low, high| if low >= 0 { low } else { (-high).max(0) });
                join(&lows[a], &highs[a], high, |low, high| (-low).max(high));
            }
            Step::Scale(a, by) => {
                let (least, greatest) = if by < 0 { (highs, lows) } else { (lows, highs) };
                map(&least[a], low, |value| scaled(value, by));
                map(&greatest[a], high, |value| scaled(value, by));
            }
            Step::Add(a, b) => {
                join(&lows[a], &lows[b], low, |a, b| if a == -UNLIMITED || b == -UNLIMITED { -UNLIMITED } else { a + b });
                join(&highs[a], &highs[b], high, |a, b| if a == UNLIMITED || b == UNLIMITED { UNLIMITED } else { a + b });
            }
            Step::Min(a, b) => {
                join(&lows[a], &lows[b], low, i64::min);
                join(&highs[a], &highs[b], high, i64::min);
            }
            Step::Max(a, b) => {
                join(&lows[a], &lows[b], low, i64::max);
                join(&highs[a], &highs[b], high, i64::max);
            }
            Step::Cap(a, most) => {
                map(&lows[a], low, |low| low.min(most));
                map(&highs[a], high, |high| high.min(most));
            }
            Step::Raise(a, least) => {
                map(&lows[a], low, |low| low.max(least));
                map(&highs[a], high, |high| high.max(least));
            }
            Step::Product(a, b) => {
                join(&lows[a], &lows[b], low, |a, b| a * b);
                join(&highs[a], &highs[b], high, |a, b| match (a, b) {
                    (0, _) | (_, 0) => 0,
                    (UNLIMITED, _) | (_, UNLIMITED) => UNLIMITED,
                    (a, b) => a * b,
                });
            }
            Step::Round { of, times, by, mode, step } => {
                let round = |value: i64| if value.abs() == UNLIMITED { value } else { rounded(value * times, by, mode) * step };
                map(&lows[of], low, round);
                map(&highs[of], high, round);
            }
        }
    }
}

#[inline(always)]
fn scaled(value: i64, by: i64) -> i64 {
    if value.abs() == UNLIMITED { value * by.signum() } else { value * by }
}

/// As [`Fraction::rounded`], for a positive divisor.
#[inline(always)]
fn rounded(value: i64, by: i64, mode: RoundingMode) -> i64 {
    let (toward_zero, rest) = (value / by, (value % by).abs());
    let away = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => rest != 0,
        RoundingMode::HalfUp => rest >= by - rest,
        RoundingMode::HalfEven => rest > by - rest || (rest == by - rest && toward_zero % 2 != 0),
    };
    if away { toward_zero + value.signum() } else { toward_zero }
}

struct Compiling<'b, 'p> {
    book: &'b Book,
    population: &'p Population,
    period: Period,
    on: Date,
    inputs: Vec<Input<'p>>,
    steps: Vec<Step>,
    known: HashMap<NodeId, Register>,
}

impl<'b, 'p> Compiling<'b, 'p> {
    fn new(book: &'b Book, population: &'p Population, period: Period, on: Date) -> Compiling<'b, 'p> {
        Compiling { book, population, period, on, inputs: Vec::new(), steps: Vec::new(), known: HashMap::new() }
    }

    fn finish(self, last: Register) -> Formula<'p> {
        let mut steps = self.steps;
        // What was compiled after the last register is not needed; nothing before it reads it.
        steps.truncate(last.at + 1);
        Formula { inputs: self.inputs, steps, denominator: last.denominator, most: last.most }
    }

    fn push(&mut self, step: Step, denominator: i64, most: i128, positive: bool) -> Option<Register> {
        if most >= LIMIT {
            return None;
        }
        self.steps.push(step);
        Some(Register { at: self.steps.len() - 1, denominator, most, positive })
    }

    fn node(&mut self, node: NodeId) -> Option<Register> {
        if let Some(&known) = self.known.get(&node) {
            return Some(known);
        }
        let register = match fixed(self.book, node, self.period, self.on) {
            Some(value) => self.constant(value)?,
            None => self.operation(node)?,
        };
        self.known.insert(node, register);
        Some(register)
    }

    fn operation(&mut self, node: NodeId) -> Option<Register> {
        let book = self.book;
        match book.plan.op(node) {
            Op::Fact { fact, at } => {
                let period = at.resolve(self.period, self.on)?;
                self.fact(*fact as usize, period)
            }
            Op::Negate(a) => {
                let a = self.node(*a)?;
                Some(self.negated(a))
            }
            Op::Abs(a) => {
                let a = self.node(*a)?;
                self.push(Step::Abs(a.at), a.denominator, a.most, true)
            }
            Op::Add(a, b) => {
                let (a, b) = (self.node(*a)?, self.node(*b)?);
                self.sum(a, b)
            }
            Op::Multiply(a, b) => self.product(*a, *b),
            Op::Divide(a, b) => {
                let divisor = fixed(book, *b, self.period, self.on).filter(|divisor| !divisor.is_zero())?;
                let a = self.node(*a)?;
                self.times(a, Fraction::ONE.over(divisor)?)
            }
            Op::Min(parts) => self.fold(parts, |compiling, a, b| compiling.extreme(a, b, true)),
            Op::Max(parts) => self.fold(parts, |compiling, a, b| compiling.extreme(a, b, false)),
            Op::Sum(parts) => self.fold(parts, Compiling::sum),
            Op::Round { value, step, mode } => {
                let step = fixed(book, *step, self.period, self.on)?;
                let value = self.node(*value)?;
                self.round(value, step, *mode)
            }
            _ => None,
        }
    }

    fn constant(&mut self, value: Fraction) -> Option<Register> {
        let (numerator, denominator) = (i64::try_from(value.numerator()).ok()?, i64::try_from(value.denominator()).ok()?);
        self.push(Step::Constant(numerator), denominator, i128::from(numerator).abs(), numerator >= 0)
    }

    /// A fact whose every number lies within the bounds of the vocabulary.
    fn fact(&mut self, fact: usize, period: Period) -> Option<Register> {
        let def = self.book.vocabulary.at(fact);
        if !def.is_number() {
            return None;
        }
        let column = match self.population.stored(&def.key, period) {
            Some(stored) => Some(stored.wholes(def.kind)?),
            None => None,
        };
        let unit = column.map_or(Fraction::ONE, |column| column.unit);
        let mut denominator = unit.denominator();
        for bound in [def.min, def.max].into_iter().flatten() {
            denominator = common(denominator, bound.denominator())?;
        }
        let over = |value: Fraction| i64::try_from(value.numerator().checked_mul(denominator / value.denominator())?).ok();
        let low = def.min.map_or(Some(-UNLIMITED), over)?;
        let high = def.max.map_or(Some(UNLIMITED), over)?;
        let scale = over(unit)?;
        let (least, greatest) = column.map_or((0, 0), |column| column.extremes);
        let (least, greatest) = (i128::from(least) * i128::from(scale), i128::from(greatest) * i128::from(scale));
        if column.is_some_and(|column| column.any_known) && (least < i128::from(low) || greatest > i128::from(high)) {
            return None;
        }
        let finite = |end: i64| if end.abs() == UNLIMITED { 0 } else { i128::from(end).abs() };
        let most = least.abs().max(greatest.abs()).max(finite(low)).max(finite(high));
        self.inputs.push(Input { column, scale, low, high });
        self.push(Step::Input(self.inputs.len() - 1), i64::try_from(denominator).ok()?, most, least >= 0 && low >= 0)
    }

    fn negated(&mut self, a: Register) -> Register {
        self.push(Step::Negate(a.at), a.denominator, a.most, false).expect("BUG: the opposite of a number is as large as it")
    }

    /// Brings a register to another denominator, a multiple of its own.
    fn over(&mut self, a: Register, denominator: i64) -> Option<Register> {
        let by = denominator / a.denominator;
        if let (Step::Constant(value), true) = (self.steps[a.at], a.most * i128::from(by) < LIMIT) {
            return self.push(Step::Constant(value * by), denominator, a.most * i128::from(by), a.positive);
        }
        if by == 1 { Some(a) } else { self.push(Step::Scale(a.at, by), denominator, a.most * i128::from(by), a.positive) }
    }

    fn alike(&mut self, a: Register, b: Register) -> Option<(Register, Register)> {
        let denominator = i64::try_from(common(i128::from(a.denominator), i128::from(b.denominator))?).ok()?;
        Some((self.over(a, denominator)?, self.over(b, denominator)?))
    }

    fn sum(&mut self, a: Register, b: Register) -> Option<Register> {
        let (a, b) = self.alike(a, b)?;
        self.push(Step::Add(a.at, b.at), a.denominator, a.most + b.most, a.positive && b.positive)
    }

    /// The lesser or the greater of two.
    fn extreme(&mut self, a: Register, b: Register, lesser: bool) -> Option<Register> {
        let (a, b) = self.alike(a, b)?;
        let positive = if lesser { a.positive && b.positive } else { a.positive || b.positive };
        let step = match (lesser, self.steps[a.at], self.steps[b.at]) {
            (true, _, Step::Constant(most)) => Step::Cap(a.at, most),
            (true, Step::Constant(most), _) => Step::Cap(b.at, most),
            (false, _, Step::Constant(least)) => Step::Raise(a.at, least),
            (false, Step::Constant(least), _) => Step::Raise(b.at, least),
            (true, ..) => Step::Min(a.at, b.at),
            (false, ..) => Step::Max(a.at, b.at),
        };
        self.push(step, a.denominator, a.most.max(b.most), positive)
    }

    fn product(&mut self, a: NodeId, b: NodeId) -> Option<Register> {
        let factor = |node: NodeId| fixed(self.book, node, self.period, self.on);
        match (factor(a), factor(b)) {
            (_, Some(factor)) => {
                let a = self.node(a)?;
                self.times(a, factor)
            }
            (Some(factor), None) => {
                let b = self.node(b)?;
                self.times(b, factor)
            }
            (None, None) => {
                let (a, b) = (self.node(a)?, self.node(b)?);
                let denominator = a.denominator.checked_mul(b.denominator)?;
                if a.positive && b.positive { self.push(Step::Product(a.at, b.at), denominator, a.most.checked_mul(b.most)?, true) } else { None }
            }
        }
    }

    /// Times a number that is not zero.
    fn times(&mut self, a: Register, factor: Fraction) -> Option<Register> {
        if factor.is_zero() {
            return None;
        }
        let numerator = i64::try_from(factor.numerator()).ok()?;
        let denominator = a.denominator.checked_mul(i64::try_from(factor.denominator()).ok()?)?;
        let shared = i64::try_from(gcd(numerator.unsigned_abs(), a.denominator.unsigned_abs())).ok()?;
        let (by, denominator) = (numerator / shared, denominator / shared);
        let most = a.most.checked_mul(i128::from(by).abs())?;
        self.push(Step::Scale(a.at, by), denominator, most, a.positive && by > 0)
    }

    fn round(&mut self, value: Register, step: Fraction, mode: RoundingMode) -> Option<Register> {
        let (numerator, denominator) = (i64::try_from(step.numerator()).ok()?, i64::try_from(step.denominator()).ok()?);
        if numerator <= 0 {
            return None;
        }
        let by = value.denominator.checked_mul(numerator)?;
        let shared = i64::try_from(gcd(denominator.unsigned_abs(), by.unsigned_abs())).ok()?;
        let (times, by) = (denominator / shared, by / shared);
        let scaled = value.most.checked_mul(i128::from(times))?;
        if scaled >= LIMIT || i128::from(by) >= LIMIT {
            return None;
        }
        let most = (scaled / i128::from(by) + 1).checked_mul(i128::from(numerator))?;
        self.push(Step::Round { of: value.at, times, by, mode, step: numerator }, denominator, most, value.positive)
    }

    fn fold(&mut self, parts: &[NodeId], join: impl Fn(&mut Self, Register, Register) -> Option<Register>) -> Option<Register> {
        let (first, rest) = parts.split_first()?;
        let mut all = self.node(*first)?;
        for part in rest {
            let next = self.node(*part)?;
            all = join(self, all, next)?;
        }
        Some(all)
    }
}

/// The least common multiple of two denominators.
fn common(a: i128, b: i128) -> Option<i128> {
    let shared = gcd(u64::try_from(a).ok()?, u64::try_from(b).ok()?);
    a.checked_mul(b / i128::from(shared))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounding_is_that_of_fractions(value in -1000i64..1000, by in 1i64..40) {
            for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up] {
                let exact = Fraction::new(i128::from(value), i128::from(by)).unwrap().rounded(mode);
                prop_assert_eq!(i128::from(rounded(value, by, mode)), exact, "{:?}", mode);
            }
        }
    }
}
