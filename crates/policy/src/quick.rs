//! Arithmetic on columns without building a subject's facts. It uses the same interval operations as
//! the reference evaluator; whatever it does not know it leaves to that.

use crate::Fraction;
use crate::book::Book;
use crate::evaluate::number_or_why;
use crate::period::Period;
use crate::plan::{Constant, NodeId, Op, Plan};
use crate::population::{Population, Wholes};
use crate::range::{NoNumber, Range};
use crate::value::Value;
use duijie_vocab::Date;

pub(crate) enum Number {
    Within(Range),
    /// No value exists.
    Undefined,
    /// It cannot be computed.
    Fault,
    /// To be asked of the reference evaluator.
    Other,
}

impl Number {
    pub(crate) fn of(value: Value) -> Number {
        match value {
            Value::Number(range) => Number::Within(range),
            Value::Fault(_) => Number::Fault,
            _ => Number::Undefined,
        }
    }
}

struct Leaf<'q> {
    /// The period is outside the calendar.
    undefined: bool,
    column: Numbers<'q>,
    bounds: Range,
}

enum Numbers<'q> {
    /// Nobody has the fact.
    Absent,
    Whole(Wholes<'q>),
    /// Not a column of whole numbers.
    Other,
}

/// The columns that a node reads.
pub(crate) struct Quick<'q> {
    plan: &'q Plan,
    /// A node reads few facts, so they are looked through in order.
    leaves: Vec<(NodeId, Leaf<'q>)>,
}

impl<'q> Quick<'q> {
    pub(crate) fn new(book: &'q Book, population: &'q Population, node: NodeId, period: Period, on: Date) -> Quick<'q> {
        let leaf = |id: NodeId| match book.plan.op(id) {
            Op::Fact { fact, at } => {
                let def = book.vocabulary.at(*fact as usize);
                let period = at.resolve(period, on);
                let column = match period.and_then(|period| population.stored(&def.key, period)) {
                    None => Numbers::Absent,
                    Some(stored) => stored.wholes(def.kind).map_or(Numbers::Other, Numbers::Whole),
                };
                Some((id, Leaf { undefined: period.is_none(), column, bounds: Range::closed(def.min, def.max) }))
            }
            _ => None,
        };
        Quick { plan: &book.plan, leaves: book.plan.below(&[node]).into_iter().filter_map(leaf).collect() }
    }

    pub(crate) fn value(&self, node: NodeId, subject: usize) -> Number {
        match self.plan.op(node) {
            Op::Constant(Constant::Number(value)) => Number::Within(Range::exact(*value)),
            Op::Fact { .. } => self.fact(node, subject),
            Op::Negate(a) => self.map(*a, subject, |a| Ok(a.negated())),
            Op::Abs(a) => self.map(*a, subject, |a| Ok(a.abs())),
            Op::Divide(a, b) => self.join(*a, *b, subject, Range::over),
            Op::Add(a, b) => self.join(*a, *b, subject, Range::plus),
            Op::Multiply(a, b) => self.join(*a, *b, subject, Range::times),
            Op::Growth { now, before } => self.join(*now, *before, subject, Range::growth_from),
            Op::Round { value, step, mode } => self.join(*value, *step, subject, |value, step| value.rounded_to(step, *mode)),
            Op::Min(parts) => self.fold(parts, subject, |a, b| Ok(a.min(b))),
            Op::Max(parts) => self.fold(parts, subject, |a, b| Ok(a.max(b))),
            Op::Sum(parts) => self.fold(parts, subject, Range::plus),
            _ => Number::Other,
        }
    }

    fn leaf(&self, node: NodeId) -> Option<&Leaf<'q>> {
        self.leaves.iter().find(|(id, _)| *id == node).map(|(_, leaf)| leaf)
    }

    /// A value within the bounds of the vocabulary; a column of another kind may hold anything.
    fn fact(&self, node: NodeId, subject: usize) -> Number {
        let Some(leaf) = self.leaf(node) else { return Number::Other };
        if leaf.undefined {
            return Number::Undefined;
        }
        match &leaf.column {
            Numbers::Other => Number::Other,
            Numbers::Whole(column) if column.known[subject] => match Fraction::whole(column.values[subject]).times(column.unit) {
                Some(value) if leaf.bounds.contains(value) => Number::Within(Range::exact(value)),
                Some(_) => Number::Fault,
                None => Number::Other,
            },
            Numbers::Whole(_) | Numbers::Absent => Number::Within(leaf.bounds),
        }
    }

    fn map(&self, a: NodeId, subject: usize, map: impl Fn(&Range) -> Result<Range, NoNumber>) -> Number {
        match self.value(a, subject) {
            Number::Within(range) => Number::of(number_or_why(map(&range))),
            other => other,
        }
    }

    fn join(&self, a: NodeId, b: NodeId, subject: usize, join: impl Fn(&Range, &Range) -> Result<Range, NoNumber>) -> Number {
        joined(self.value(a, subject), self.value(b, subject), join)
    }

    fn fold(&self, parts: &[NodeId], subject: usize, fold: impl Fn(&Range, &Range) -> Result<Range, NoNumber>) -> Number {
        let mut values = parts.iter().map(|&part| self.value(part, subject));
        let Some(first) = values.next() else { return Number::Other };
        values.fold(first, |so_far, next| joined(so_far, next, &fold))
    }
}

/// What the reference is needed for stays so; a fault goes before a value that does not exist.
fn joined(a: Number, b: Number, join: impl Fn(&Range, &Range) -> Result<Range, NoNumber>) -> Number {
    match (a, b) {
        (Number::Within(a), Number::Within(b)) => Number::of(number_or_why(join(&a, &b))),
        (Number::Other, _) | (_, Number::Other) => Number::Other,
        (Number::Fault, _) | (_, Number::Fault) => Number::Fault,
        _ => Number::Undefined,
    }
}
