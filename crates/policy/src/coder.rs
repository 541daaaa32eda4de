//! The rank codes of one operand for a block of subjects: from integers where a formula allows, from a
//! quotient of two, else by asking the reference evaluator one subject after another.

use crate::bits::BLOCK;
use crate::cuts::{Code, Cuts, MISSING, count};
use crate::evaluate::Evaluation;
use crate::formula::{Formula, Picked, UNLIMITED, Values, Work};
use crate::lanes::Lanes;
use crate::plan::Op;
use crate::population::Wholes;
use crate::quick::{Number as Asked, Quick};
use crate::range::Range;
use crate::sieve::{Number, Operand};
use crate::subjects::Subjects;
use crate::value::Value;
use crate::{Fraction, Period};
use std::sync::Arc;

/// How an operand is coded.
pub(crate) enum Coder<'p> {
    /// A column itself; what is missing has one code.
    Column {
        column: Wholes<'p>,
        cuts: Vec<i64>,
        missing: Code,
    },
    Formula {
        formula: Formula<'p>,
        cuts: Vec<i64>,
    },
    Quotient(Box<Quotient<'p>>),
    Asked {
        quick: Option<Quick<'p>>,
        reads: Vec<(Arc<str>, Period)>,
    },
}

/// `above ÷ below`, or (for growth) `(above − below) ÷ below`.
pub(crate) struct Quotient<'p> {
    above: Formula<'p>,
    below: Formula<'p>,
    growth: bool,
    /// What the numerators are multiplied with to stand over one denominator.
    above_times: i64,
    below_times: i64,
    /// The cuts as the nearest floating numbers.
    near: Tree<f64>,
}

/// More cuts than this are found by halving rather than one after another.
const FEW_CUTS: usize = 12;
/// Products of numerators stay below this.
const LIMIT: i128 = 1 << 61;

impl<'p> Coder<'p> {
    pub(crate) fn new(subjects: &Subjects<'p>, operand: &Operand) -> Coder<'p> {
        let Subjects { book, population, on, .. } = *subjects;
        let formula = match operand.number {
            Number::Node(node) => Formula::new(book, population, node, operand.period, on),
            Number::Difference(left, right) => Formula::difference(book, population, (left, right), operand.period, on),
        };
        if let Some((formula, cuts)) = formula.and_then(|formula| operand.cuts.whole(formula.denominator).map(|cuts| (formula, cuts))) {
            return match formula.column() {
                Some((column, low, high)) => {
                    let passed = |end: i64| count(cuts.partition_point(|&cut| cut <= end));
                    let missing = operand.cuts.code(passed(low), passed(high));
                    Coder::Column { column, cuts, missing }
                }
                None => Coder::Formula { formula, cuts },
            };
        }
        if let Some(quotient) = Quotient::new(subjects, operand) {
            return Coder::Quotient(Box::new(quotient));
        }
        let (nodes, quick) = match operand.number {
            Number::Node(node) => (vec![node], Some(Quick::new(book, population, node, operand.period, on))),
            Number::Difference(left, right) => (vec![left, right], None),
        };
        Coder::Asked { quick, reads: subjects.reads(&nodes, operand.period) }
    }

    /// Codes `low.len()` subjects from `start` on; `high` where ranges need a second code. Tells whether
    /// any did, and whether any number could not be computed.
    pub(crate) fn code(&self, subjects: &Subjects<'p>, operand: &Operand, start: usize, low: &mut [u8], high: &mut [u8], coding: &mut Coding) -> Coded {
        match self {
            Coder::Column { column, cuts, missing } => code_column(column, cuts, *missing, start, low, high, coding.lanes),
            Coder::Formula { formula, cuts } => code_formula(formula, cuts, &operand.cuts, start, low, high, coding),
            Coder::Quotient(quotient) => quotient.code(self, subjects, operand, start, low, high, coding),
            Coder::Asked { .. } => {
                let mut coded = Coded::default();
                for at in 0..low.len() {
                    coded.put(self.ask(subjects, operand, start + at), at, low, high);
                }
                coded
            }
        }
    }

    /// The code of one subject by interval arithmetic and the reference.
    fn ask(&self, subjects: &Subjects<'p>, operand: &Operand, subject: usize) -> Code {
        let (quick, reads) = match self {
            Coder::Asked { quick, reads } => (quick.as_ref(), Some(reads)),
            _ => (None, None),
        };
        if let (Number::Node(node), Some(quick)) = (operand.number, quick) {
            match quick.value(node, subject) {
                Asked::Within(range) => return operand.cuts.of(&range),
                Asked::Undefined => return Code::MISSING,
                Asked::Fault => return Code::ERROR,
                Asked::Other => {}
            }
        }
        let owned;
        let reads = match reads {
            Some(reads) => reads,
            None => {
                owned = subjects.reads(&operand.nodes(), operand.period);
                &owned
            }
        };
        let facts = subjects.population.only(&subjects.book.vocabulary, subject, reads);
        operand.code(&subjects.book.evaluation(&facts, subjects.regions, operand.period, subjects.on))
    }
}

impl Operand {
    fn nodes(&self) -> Vec<crate::plan::NodeId> {
        match self.number {
            Number::Node(node) => vec![node],
            Number::Difference(left, right) => vec![left, right],
        }
    }

    /// The code of what the reference evaluator makes of it.
    pub(crate) fn code(&self, evaluation: &Evaluation<'_>) -> Code {
        let of = |value: Value| match value {
            Value::Number(range) => Ok(range),
            Value::Fault(_) | Value::Truth(_) | Value::Word(_) | Value::Words { .. } => Err(Code::ERROR),
            Value::Undefined(_) => Err(Code::MISSING),
        };
        match self.number {
            Number::Node(node) => match of(evaluation.value(node)) {
                Ok(range) => self.cuts.of(&range),
                Err(code) => code,
            },
            Number::Difference(left, right) => match (of(evaluation.value(left)), of(evaluation.value(right))) {
                (Ok(left), Ok(right)) => self.cuts.of_order(&left, &right),
                (Err(Code::ERROR), _) | (_, Err(Code::ERROR)) => Code::ERROR,
                _ => Code::MISSING,
            },
        }
    }
}

/// What coding needs besides the columns, used again and again.
pub(crate) struct Coding {
    pub(crate) lanes: Lanes,
    works: [Work; 2],
    places: Box<[u16; BLOCK]>,
}

impl Coding {
    pub(crate) fn new(lanes: Lanes) -> Coding {
        Coding { lanes, works: [Work::default(), Work::default()], places: Box::new([0; BLOCK]) }
    }
}

/// What a row of codes holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Coded {
    /// Some number is only known to lie in a range, so the second row counts.
    pub(crate) has_ranges: bool,
    pub(crate) has_errors: bool,
}

impl Coded {
    fn put(&mut self, code: Code, at: usize, low: &mut [u8], high: &mut [u8]) {
        (low[at], high[at]) = (code.low, code.high);
        self.has_ranges |= code.low != code.high;
        self.has_errors |= code == Code::ERROR;
    }
}

fn code_column(column: &Wholes<'_>, cuts: &[i64], missing: Code, start: usize, low: &mut [u8], high: &mut [u8], lanes: Lanes) -> Coded {
    let (values, known) = (&column.values[start..start + low.len()], &column.known[start..start + low.len()]);
    passed(values, cuts, low, lanes);
    if column.complete {
        return Coded::default();
    }
    if missing.low != missing.high {
        high.copy_from_slice(low);
        high.iter_mut().zip(known).for_each(|(code, &known)| *code = if known { *code } else { missing.high });
    }
    low.iter_mut().zip(known).for_each(|(code, &known)| *code = if known { *code } else { missing.low });
    Coded { has_ranges: missing.low != missing.high, has_errors: false }
}

fn code_formula(formula: &Formula<'_>, cuts: &[i64], all: &Cuts, start: usize, low: &mut [u8], high: &mut [u8], coding: &mut Coding) -> Coded {
    let values = formula.evaluate(start, Picked::Next(low.len()), &mut coding.works[0]);
    passed(values.low, cuts, low, coding.lanes);
    if std::ptr::eq(values.low, values.high) {
        return Coded::default();
    }
    passed(values.high, cuts, high, coding.lanes);
    let mut coded = Coded::default();
    for at in 0..low.len() {
        coded.put(all.code(low[at], high[at]), at, low, high);
    }
    coded
}

/// Counts for each value the cuts that are not above it.
fn passed(values: &[i64], cuts: &[i64], codes: &mut [u8], lanes: Lanes) {
    if cuts.len() <= FEW_CUTS {
        return lanes.passed(values, cuts, codes);
    }
    let tree = Tree::new(cuts, UNLIMITED);
    values.iter().zip(codes).for_each(|(value, code)| *code = tree.passed(value));
}

/// Sorted cuts filled up with what hardly anything passes, so that halving takes the same steps for every value.
struct Tree<T> {
    cuts: [T; 128],
    count: usize,
    top: u32,
}

impl<T: Copy + PartialOrd> Tree<T> {
    fn new(cuts: &[T], filling: T) -> Tree<T> {
        let mut filled = [filling; 128];
        filled[..cuts.len()].copy_from_slice(cuts);
        Tree { cuts: filled, count: cuts.len(), top: (cuts.len() + 1).next_power_of_two().trailing_zeros() }
    }

    /// How many cuts are not above a value, without a branch that depends on it.
    #[inline]
    fn passed(&self, value: &T) -> u8 {
        let mut at = 0;
        for level in (0..self.top).rev() {
            at += usize::from(self.cuts[(at + (1 << level) - 1) & 127] <= *value) << level;
        }
        // What passes everything passes the filling too.
        at.min(self.count) as u8
    }
}

impl<'p> Quotient<'p> {
    fn new(subjects: &Subjects<'p>, operand: &Operand) -> Option<Quotient<'p>> {
        let Subjects { book, population, on, .. } = *subjects;
        let Number::Node(node) = operand.number else { return None };
        let (above, below, growth) = match book.plan.op(node) {
            Op::Divide(a, b) => (*a, *b, false),
            Op::Growth { now, before } => (*now, *before, true),
            _ => return None,
        };
        let formula = |node| Formula::new(book, population, node, operand.period, on);
        let (above, below) = (formula(above)?, formula(below)?);
        let (above_times, below_times) = (below.denominator, above.denominator);
        let size = |formula: &Formula<'_>, times: i64| formula.most.checked_mul(i128::from(times)).filter(|most| *most < LIMIT);
        size(&above, above_times)?;
        size(&below, below_times)?;
        let near: Vec<f64> = operand.cuts.0.iter().map(|cut| cut.at.numerator() as f64 / cut.at.denominator() as f64).collect();
        Some(Quotient { above, below, growth, above_times, below_times, near: Tree::new(&near, f64::INFINITY) })
    }

    #[expect(clippy::too_many_arguments, reason = "two rows and what they are made of")]
    fn code(&self, coder: &Coder<'p>, subjects: &Subjects<'p>, operand: &Operand, start: usize, low: &mut [u8], high: &mut [u8], coding: &mut Coding) -> Coded {
        let [first, second] = &mut coding.works;
        let above = self.above.evaluate(start, Picked::Next(low.len()), first);
        let below = self.below.evaluate(start, Picked::Next(low.len()), second);
        let all = coding.lanes.run(|| self.code_known(&above, &below, low, &mut coding.places));
        high.copy_from_slice(low);
        let mut coded = Coded::default();
        for &at in &coding.places[..all] {
            let at = usize::from(at);
            let ends = ((above.low[at], above.high[at]), (below.low[at], below.high[at]));
            let code = self.one(ends, &operand.cuts).unwrap_or_else(|| coder.ask(subjects, operand, start + at));
            coded.put(code, at, low, high);
        }
        coded
    }

    /// Codes where both numbers are known and far from every cut, and where nothing can be said; gives how
    /// many others there are, with their places.
    #[inline(always)]
    fn code_known(&self, above: &Values<'_>, below: &Values<'_>, codes: &mut [u8], others: &mut [u16; BLOCK]) -> usize {
        let mut count = 0;
        for (at, code) in codes.iter_mut().enumerate() {
            let (above_low, above_high, below_low, below_high) = (above.low[at], above.high[at], below.low[at], below.high[at]);
            let exact = (above_low == above_high) & (below_low == below_high) & (below_low > 0);
            let nothing = (below_low <= 0)
                & ((below_low != below_high) & (self.growth | (below_high >= 0)) | (below_low == below_high) & (self.growth | (below_low == 0)));
            let (divisor, dividend) = ((below_low.wrapping_mul(self.below_times)) as f64, (above_low.wrapping_mul(self.above_times)) as f64);
            let quotient = (dividend - if self.growth { divisor } else { 0.0 }) / divisor;
            let place = self.near.passed(&quotient);
            // A difference of large numbers may be off by more than the quotient's own last digits.
            let error = (quotient.abs() + if self.growth { 1.0 } else { 0.0 }) * 1e-14;
            let close = |place: usize| (quotient - self.near.cuts[place & 127]).abs() <= error;
            let near = close(usize::from(place)) | close(usize::from(place).wrapping_sub(1) & 127);
            *code = if exact { place } else { MISSING };
            others[count] = at as u16;
            count += usize::from(!(nothing | (exact & !near)));
        }
        count
    }

    /// The code of one quotient; nothing where only interval arithmetic knows.
    #[inline]
    fn one(&self, ((above_low, above_high), (below_low, below_high)): ((i64, i64), (i64, i64)), cuts: &Cuts) -> Option<Code> {
        if below_low != below_high {
            // A divisor that may be zero leaves everything open; so does a base that may not be positive.
            return (below_low <= 0 && (self.growth || below_high >= 0)).then_some(Code::MISSING);
        }
        let below = below_low;
        // Nothing is divided by zero, nothing grows from nothing.
        if below == 0 || (self.growth && below < 0) {
            return Some(Code::MISSING);
        }
        let divisor = below * self.below_times;
        let end = |above: i64| {
            let above = above * self.above_times - if self.growth { divisor } else { 0 };
            let (above, below) = if divisor < 0 { (-above, -divisor) } else { (above, divisor) };
            self.passed(above, below, cuts)
        };
        if above_low == above_high {
            return end(above_low).map(Code::exact);
        }
        let low = if above_low == -UNLIMITED { None } else { Some(end(above_low)?) };
        let high = if above_high == UNLIMITED { None } else { Some(end(above_high)?) };
        let (low, high) = if divisor < 0 { (high, low) } else { (low, high) };
        Some(cuts.code(low.unwrap_or(0), high.unwrap_or(cuts.most())))
    }

    /// The cuts that a quotient has passed. The floating quotient finds them; where it comes as close to a
    /// cut as its error, the products decide.
    #[inline]
    fn passed(&self, above: i64, below: i64, cuts: &Cuts) -> Option<u8> {
        let quotient = above as f64 / below as f64;
        let place = self.near.passed(&quotient);
        let error = quotient.abs() * 1e-14;
        let close = |place: usize| (quotient - self.near.cuts[place & 127]).abs() <= error;
        if close(usize::from(place)) || (place > 0 && close(usize::from(place) - 1)) {
            return cuts.of_quotient(i128::from(above), i128::from(below));
        }
        Some(place)
    }
}

impl Cuts {
    /// The code of the order of two numbers, for cuts at zero of their difference.
    fn of_order(&self, left: &Range, right: &Range) -> Code {
        let passes = |cut: &crate::cuts::Cut| if cut.strict { right.less(left) } else { right.less_or_equal(left) };
        debug_assert!(self.0.iter().all(|cut| cut.at == Fraction::ZERO), "BUG: numbers are compared with one another at zero");
        let low = count(self.0.iter().filter(|cut| passes(cut) == crate::Truth::Yes).count());
        let high = count(self.0.iter().filter(|cut| passes(cut) != crate::Truth::No).count());
        self.code(low, high)
    }
}
