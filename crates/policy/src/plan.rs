//! Resolved expressions as a graph in which equal parts are one node, over all measures of a book.

use crate::period::{Cycle, Period};
use crate::syntax::RegionWord;
use crate::{Fraction, RoundingMode};
use duijie_vocab::Date;
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) type NodeId = u32;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Constant {
    Number(Fraction),
    Word(Arc<str>),
    Words(Box<[Arc<str>]>),
    Truth(bool),
}

/// Which period of a fact is meant, seen from the period that is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    pub(crate) cycle: Cycle,
    /// A fixed period to count from instead of the period that is decided.
    pub(crate) anchor: Option<Period>,
    pub(crate) years: i32,
    /// Further steps of the fact's own cycle.
    pub(crate) steps: i32,
    /// The nth part of the year (from 1) instead of the part that is decided.
    pub(crate) part: Option<u8>,
}

impl At {
    /// The period meant when `decided` is decided on the day `on`; nothing outside the calendar.
    pub(crate) fn resolve(&self, decided: Period, on: Date) -> Option<Period> {
        if self.cycle == Cycle::Instant {
            return Some(Period::Instant);
        }
        let from = self.anchor.unwrap_or(decided);
        let day = from.days().map_or(on, |(_, last)| last);
        let base = match (self.part, self.cycle) {
            (Some(part), Cycle::Quarter) => Period::Quarter(day.year(), part),
            (Some(part), Cycle::Month) => Period::Month(day.year(), part),
            (_, cycle) => cycle.containing(day),
        };
        let per_year = match self.cycle {
            Cycle::Quarter => 4,
            Cycle::Month => 12,
            _ => 1,
        };
        base.shifted(self.years.checked_mul(per_year)?.checked_add(self.steps)?)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
}

/// One band of a table: up to `high` (none for the last), which belongs to it when `closed`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tier {
    pub(crate) high: Option<(Fraction, bool)>,
    /// What the band gives; nothing below the first or above the last band of a table with an end.
    pub(crate) value: Option<NodeId>,
}

/// One dated line of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ParameterLine {
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) when: Option<NodeId>,
    pub(crate) value: NodeId,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Constant(Constant),
    Fact {
        fact: u32,
        at: At,
    },
    /// A fact of the region at a level above the subject, under its canonical name.
    RegionFact {
        level: RegionWord,
        name: Arc<str>,
        fact: u32,
        at: At,
    },
    /// The first unless it is missing, else the second.
    FirstKnown(NodeId, NodeId),
    Negate(NodeId),
    Abs(NodeId),
    Add(NodeId, NodeId),
    Multiply(NodeId, NodeId),
    Divide(NodeId, NodeId),
    /// (now − before) ÷ before, for a positive `before`.
    Growth {
        now: NodeId,
        before: NodeId,
    },
    Min(Box<[NodeId]>),
    Max(Box<[NodeId]>),
    Sum(Box<[NodeId]>),
    CountYes(Box<[NodeId]>),
    Round {
        value: NodeId,
        step: NodeId,
        mode: RoundingMode,
    },
    Floor(NodeId),
    Compare {
        comparison: Comparison,
        left: NodeId,
        right: NodeId,
    },
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
    Not(NodeId),
    If {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    Tiers {
        subject: NodeId,
        tiers: Box<[Tier]>,
    },
    /// The sum over the bands of the part of the subject in each times its rate.
    Progressive {
        subject: NodeId,
        from: Fraction,
        tiers: Box<[Tier]>,
    },
    /// Calendar months from a date to the day of the decision.
    Age(NodeId),
    AddMonths {
        date: NodeId,
        months: NodeId,
    },
    Today,
    YearOf(NodeId),
    Known(NodeId),
    SameWord(NodeId, NodeId),
    /// Whether the word is among the words.
    Among {
        word: NodeId,
        words: NodeId,
    },
    ContainsAny {
        set: NodeId,
        words: NodeId,
    },
    ContainsAll {
        set: NodeId,
        words: NodeId,
    },
    Parameter(Box<[ParameterLine]>),
    /// Conditions that only a person can confirm, by name.
    Attested(Arc<str>),
}

impl Op {
    /// The nodes it reads.
    pub(crate) fn inputs(&self) -> Vec<NodeId> {
        match self {
            Op::Constant(_) | Op::Fact { .. } | Op::RegionFact { .. } | Op::Today | Op::Attested(_) => Vec::new(),
            Op::Negate(a) | Op::Abs(a) | Op::Floor(a) | Op::Not(a) | Op::Age(a) | Op::YearOf(a) | Op::Known(a) => vec![*a],
            Op::FirstKnown(a, b) | Op::Add(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) | Op::SameWord(a, b) => vec![*a, *b],
            Op::Growth { now, before } => vec![*now, *before],
            Op::Min(all) | Op::Max(all) | Op::Sum(all) | Op::CountYes(all) | Op::And(all) | Op::Or(all) => all.to_vec(),
            Op::Round { value, step, .. } => vec![*value, *step],
            Op::Compare { left, right, .. } => vec![*left, *right],
            Op::If { condition, then, otherwise } => vec![*condition, *then, *otherwise],
            Op::Tiers { subject, tiers } | Op::Progressive { subject, tiers, .. } => {
                std::iter::once(*subject).chain(tiers.iter().filter_map(|tier| tier.value)).collect()
            }
            Op::AddMonths { date, months } => vec![*date, *months],
            Op::Among { word, words } => vec![*word, *words],
            Op::ContainsAny { set, words } | Op::ContainsAll { set, words } => vec![*set, *words],
            Op::Parameter(lines) => lines.iter().flat_map(|line| line.when.into_iter().chain([line.value])).collect(),
        }
    }
}

/// The graph. A node only reads nodes with smaller numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    ops: Vec<Op>,
    depths: Vec<usize>,
    known: HashMap<Op, NodeId>,
}

impl Plan {
    /// The node for an operation; the same operation gives the same node.
    pub(crate) fn node(&mut self, op: Op) -> NodeId {
        if let Some(&id) = self.known.get(&op) {
            return id;
        }
        let id = NodeId::try_from(self.ops.len()).expect("BUG: more nodes than the size limits allow");
        self.depths.push(1 + op.inputs().into_iter().map(|input| self.depth(input)).max().unwrap_or(0));
        self.ops.push(op.clone());
        self.known.insert(op, id);
        id
    }

    pub(crate) fn number(&mut self, value: Fraction) -> NodeId {
        self.node(Op::Constant(Constant::Number(value)))
    }

    pub(crate) fn op(&self, id: NodeId) -> &Op {
        &self.ops[id as usize]
    }

    /// How many nodes lie on the longest way down from a node, itself included.
    pub(crate) fn depth(&self, id: NodeId) -> usize {
        self.depths[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Every node below `roots`, the roots included, in increasing order.
    pub(crate) fn below(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.op(id).inputs());
            }
        }
        seen.into_iter().collect()
    }
}
