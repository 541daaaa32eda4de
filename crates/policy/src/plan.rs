//! Resolved expressions as a graph in which equal parts are one node, over all measures of a book.

use crate::hashing::QuickMap;
use crate::period::{Cycle, Period};
use crate::syntax::RegionWord;
use crate::{Fraction, RoundingMode};
use duijie_vocab::Date;
use std::collections::BinaryHeap;
use std::collections::hash_map::Entry;
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
    /// Calendar months from a date to another.
    Age {
        date: NodeId,
        until: NodeId,
    },
    AddMonths {
        date: NodeId,
        months: NodeId,
    },
    Today,
    /// The first or last day of a period; that of the cycle `Instant` is the one that is decided.
    PeriodDay {
        at: At,
        last: bool,
    },
    YearOf(NodeId),
    Known(NodeId),
    SameWord(NodeId, NodeId),
    /// Whether the word begins with one of some fixed words.
    Begins {
        word: NodeId,
        words: NodeId,
    },
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
        let mut inputs = Vec::new();
        self.each_input(|input| inputs.push(input));
        inputs
    }

    /// Calls `see` with every node it reads, in order.
    pub(crate) fn each_input(&self, mut see: impl FnMut(NodeId)) {
        match self {
            Op::Constant(_) | Op::Fact { .. } | Op::RegionFact { .. } | Op::Today | Op::PeriodDay { .. } | Op::Attested(_) => {}
            Op::Negate(a) | Op::Abs(a) | Op::Floor(a) | Op::Not(a) | Op::YearOf(a) | Op::Known(a) => see(*a),
            Op::FirstKnown(a, b) | Op::Add(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) | Op::SameWord(a, b) => [*a, *b].into_iter().for_each(see),
            Op::Growth { now, before } => [*now, *before].into_iter().for_each(see),
            Op::Min(all) | Op::Max(all) | Op::Sum(all) | Op::CountYes(all) | Op::And(all) | Op::Or(all) => all.iter().copied().for_each(see),
            Op::Round { value, step, .. } => [*value, *step].into_iter().for_each(see),
            Op::Compare { left, right, .. } => [*left, *right].into_iter().for_each(see),
            Op::If { condition, then, otherwise } => [*condition, *then, *otherwise].into_iter().for_each(see),
            Op::Tiers { subject, tiers } | Op::Progressive { subject, tiers, .. } => {
                std::iter::once(*subject).chain(tiers.iter().filter_map(|tier| tier.value)).for_each(see);
            }
            Op::AddMonths { date, months } => [*date, *months].into_iter().for_each(see),
            Op::Age { date, until } => [*date, *until].into_iter().for_each(see),
            Op::Among { word, words } | Op::Begins { word, words } => [*word, *words].into_iter().for_each(see),
            Op::ContainsAny { set, words } | Op::ContainsAll { set, words } => [*set, *words].into_iter().for_each(see),
            Op::Parameter(lines) => lines.iter().flat_map(|line| line.when.into_iter().chain([line.value])).for_each(see),
        }
    }
}

impl Op {
    /// As [`Op::each_input`], to put other nodes in their places.
    fn each_input_mut(&mut self, mut see: impl FnMut(&mut NodeId)) {
        match self {
            Op::Constant(_) | Op::Fact { .. } | Op::RegionFact { .. } | Op::Today | Op::PeriodDay { .. } | Op::Attested(_) => {}
            Op::Negate(a) | Op::Abs(a) | Op::Floor(a) | Op::Not(a) | Op::YearOf(a) | Op::Known(a) => see(a),
            Op::FirstKnown(a, b) | Op::Add(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) | Op::SameWord(a, b) => [a, b].into_iter().for_each(see),
            Op::Growth { now, before } => [now, before].into_iter().for_each(see),
            Op::Min(all) | Op::Max(all) | Op::Sum(all) | Op::CountYes(all) | Op::And(all) | Op::Or(all) => all.iter_mut().for_each(see),
            Op::Round { value, step, .. } => [value, step].into_iter().for_each(see),
            Op::Compare { left, right, .. } => [left, right].into_iter().for_each(see),
            Op::If { condition, then, otherwise } => [condition, then, otherwise].into_iter().for_each(see),
            Op::Tiers { subject, tiers } | Op::Progressive { subject, tiers, .. } => {
                std::iter::once(subject).chain(tiers.iter_mut().filter_map(|tier| tier.value.as_mut())).for_each(see);
            }
            Op::AddMonths { date, months } => [date, months].into_iter().for_each(see),
            Op::Age { date, until } => [date, until].into_iter().for_each(see),
            Op::Among { word, words } | Op::Begins { word, words } => [word, words].into_iter().for_each(see),
            Op::ContainsAny { set, words } | Op::ContainsAll { set, words } => [set, words].into_iter().for_each(see),
            Op::Parameter(lines) => lines.iter_mut().flat_map(|line| line.when.iter_mut().chain([&mut line.value])).for_each(see),
        }
    }
}

/// The graph. A node only reads nodes with smaller numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    ops: Vec<Op>,
    depths: Vec<usize>,
    known: QuickMap<Op, NodeId>,
    /// Whether it is to be taken into another one.
    is_part: bool,
}

/// The largest graph of one book, and of a part that is compiled beside others.
const MAX_NODES: usize = 2_000_000;
const MAX_PART: usize = 50_000;

impl Plan {
    /// A plan that will be taken into another one.
    pub(crate) fn part() -> Plan {
        Plan { is_part: true, ..Plan::default() }
    }

    /// Whether no further rule is to be written out.
    pub(crate) fn is_full(&self) -> bool {
        self.len() > if self.is_part { MAX_PART } else { MAX_NODES }
    }

    pub(crate) fn has_room_for(&self, part: &Plan) -> bool {
        self.len() + part.len() <= MAX_NODES
    }

    /// Takes every operation of a part in, and returns the node of each.
    pub(crate) fn take_in(&mut self, part: Plan) -> Vec<NodeId> {
        drop(part.known);
        let mut places = Vec::with_capacity(part.ops.len());
        for mut op in part.ops {
            op.each_input_mut(|input| *input = places[*input as usize]);
            places.push(self.node(op));
        }
        places
    }

    /// The node for an operation; the same operation gives the same node.
    pub(crate) fn node(&mut self, op: Op) -> NodeId {
        let vacant = match self.known.entry(op) {
            Entry::Occupied(known) => return *known.get(),
            Entry::Vacant(vacant) => vacant,
        };
        let id = NodeId::try_from(self.ops.len()).expect("BUG: more nodes than the size limits allow");
        let mut deepest = 0;
        vacant.key().each_input(|input| deepest = deepest.max(self.depths[input as usize]));
        self.depths.push(1 + deepest);
        self.ops.push(vacant.key().clone());
        *vacant.insert(id)
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
        // A node only reads smaller ones, so the greatest that is left has been reached from everywhere.
        let mut open: BinaryHeap<NodeId> = roots.iter().copied().collect();
        let mut found = Vec::new();
        while let Some(id) = open.pop() {
            if found.last() != Some(&id) {
                found.push(id);
                self.op(id).each_input(|input| open.push(input));
            }
        }
        found.reverse();
        found
    }
}
