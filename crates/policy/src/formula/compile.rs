//! From a rule to a formula, as long as nothing can leave 64 bits.

use super::{Formula, Input, LIMIT, Step, UNLIMITED};
use crate::book::Book;
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::population::Population;
use crate::sieve::fixed;
use crate::{Fraction, RoundingMode};
use duijie_vocab::Date;
use std::collections::HashMap;

/// A node's register while compiling.
#[derive(Clone, Copy)]
pub(super) struct Register {
    at: usize,
    denominator: i64,
    most: i128,
    /// Whether no value is below zero.
    positive: bool,
}

pub(super) struct Compiling<'b, 'p> {
    book: &'b Book,
    population: &'p Population,
    period: Period,
    on: Date,
    inputs: Vec<Input<'p>>,
    steps: Vec<Step>,
    known: HashMap<NodeId, Register>,
}

impl<'b, 'p> Compiling<'b, 'p> {
    pub(super) fn new(book: &'b Book, population: &'p Population, period: Period, on: Date) -> Compiling<'b, 'p> {
        Compiling { book, population, period, on, inputs: Vec::new(), steps: Vec::new(), known: HashMap::new() }
    }

    pub(super) fn finish(self, last: Register) -> Formula<'p> {
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

    pub(super) fn node(&mut self, node: NodeId) -> Option<Register> {
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

    pub(super) fn negated(&mut self, a: Register) -> Register {
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

    pub(super) fn sum(&mut self, a: Register, b: Register) -> Option<Register> {
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
