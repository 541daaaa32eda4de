//! What an expression is known to be: a number within bounds, words, a truth, no value, or a fault.

use crate::range::Range;
use crate::{Fraction, Truth};
use duijie_vocab::{Text, text};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) type WordSet = BTreeSet<Arc<str>>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A number or a date (days since 1970-01-01) in a range; nothing known is the whole line.
    Number(Range),
    /// One of these words; any word when nothing is known.
    Word(Option<WordSet>),
    /// A set that holds at least `must` and at most `may` (anything when absent).
    Words {
        must: WordSet,
        may: Option<WordSet>,
    },
    Truth(Truth),
    /// No value exists: a division by zero, growth from nothing.
    Undefined(Undefined),
    Fault(Fault),
}

/// Why a value does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Undefined {
    DivisionByZero,
    GrowthFromNothing,
    NoPeriod,
    NotInForce,
}

/// Why a value cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    /// The fact holds a value of another kind than the vocabulary says.
    WrongKind(String),
    /// The fact's value is outside the bounds of the vocabulary.
    OutOfBounds(String),
    /// No line of a table is for this value.
    NoBand,
}

impl Value {
    pub(crate) fn exact(value: Fraction) -> Value {
        Value::Number(Range::exact(value))
    }

    /// The truth of a condition: what does not exist is unknown.
    pub(crate) fn truth(&self) -> Truth {
        match self {
            Value::Truth(truth) => *truth,
            Value::Fault(_) => Truth::Error,
            _ => Truth::Unknown,
        }
    }

    /// Whether nothing more can be learnt about it.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Value::Number(range) => range.point().is_some(),
            Value::Word(words) => words.as_ref().is_some_and(|words| words.len() == 1),
            Value::Words { must, may } => may.as_ref() == Some(must),
            Value::Truth(truth) => *truth != Truth::Unknown,
            Value::Undefined(_) | Value::Fault(_) => true,
        }
    }

    /// What is true of both: the union of what they may be.
    pub(crate) fn or(self, other: Value) -> Value {
        match (self, other) {
            (Value::Fault(fault), _) | (_, Value::Fault(fault)) => Value::Fault(fault),
            (Value::Undefined(why), _) | (_, Value::Undefined(why)) => Value::Undefined(why),
            (Value::Number(a), Value::Number(b)) => Value::Number(a.hull(&b)),
            (Value::Word(a), Value::Word(b)) => Value::Word(a.zip(b).map(|(a, b)| a.union(&b).cloned().collect())),
            (Value::Words { must: a, may: x }, Value::Words { must: b, may: y }) => {
                Value::Words { must: a.intersection(&b).cloned().collect(), may: x.zip(y).map(|(x, y)| x.union(&y).cloned().collect()) }
            }
            (Value::Truth(a), Value::Truth(b)) => Value::Truth(match (a, b) {
                (Truth::Error, _) | (_, Truth::Error) => Truth::Error,
                _ if a == b => a,
                _ => Truth::Unknown,
            }),
            // Kinds are checked before; two kinds never meet.
            (_, _) => Value::Fault(Fault::WrongKind(String::new())),
        }
    }
}

impl Undefined {
    pub(crate) fn described(self) -> Text {
        match self {
            Undefined::DivisionByZero => text!("除数为零，没有值", "no value: division by zero"),
            Undefined::GrowthFromNothing => text!("基期不为正，没有增幅", "no growth: the base is not positive"),
            Undefined::NoPeriod => text!("期间超出范围", "the period is out of range"),
            Undefined::NotInForce => text!("该日没有适用的参数", "no parameter is in force on the day"),
        }
    }
}

impl Fault {
    pub(crate) fn described(&self) -> Text {
        match self {
            Fault::TooLarge => text!("数值过大，无法精确计算", "the number is too large to compute exactly"),
            Fault::WrongKind(fact) => text!("`{fact}` 的值类型不符", "the value of `{fact}` is of the wrong kind"),
            Fault::OutOfBounds(fact) => text!("`{fact}` 的值超出允许范围", "the value of `{fact}` is out of its bounds"),
            Fault::NoBand => text!("分档表中没有这个值", "the table has no band for this value"),
        }
    }
}
