//! All subjects against all measures. Each number that conditions compare with fixed bounds is
//! rank-coded once: a byte says between which bounds it lies, two bytes when it is only known within
//! bounds. A condition is then a comparison of bytes, eight at a time, giving bitmaps of yes and no
//! for a block of subjects; equal conditions of different measures are computed once. What does not
//! fit this form is asked of the reference evaluator, so the two agree by construction there and by
//! test everywhere else.

use crate::bits::{BLOCK, Bits, ByteTest, Coded, UNKNOWN, for_each_one, narrow, pack};
use crate::book::{Book, Measure};
use crate::evaluate::Evaluation;
use crate::period::Period;
use crate::plan::{Comparison, NodeId, Op, Plan};
use crate::population::Population;
use crate::quick::{Number, Quick};
use crate::ranks::{MAX_BOUNDS, Ranks, anywhere, point};
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts, Truth, cases};
use duijie_vocab::{Date, Fen};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What came of one measure over the population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub yes: u64,
    pub no: u64,
    pub unknown: u64,
    pub error: u64,
    /// The sum of the amounts of those who are eligible, at least and at most (where every one has a bound).
    pub amount_low: i128,
    pub amount_high: Option<i128>,
}

/// A population coded for the measures of a book on a day.
pub struct Batch<'b> {
    book: &'b Book,
    population: &'b Population,
    regions: &'b RegionFacts,
    on: Date,
    measures: Vec<Planned<'b>>,
    steps: Vec<Step>,
    operands: Vec<Operand>,
    direct: Vec<Direct>,
    has_errors: bool,
}

/// A measure with the step that is its verdict.
struct Planned<'b> {
    measure: &'b Measure,
    period: Period,
    verdict: usize,
    /// Whether reasoning by cases may decide what plain logic leaves unknown.
    may_split: bool,
    reads: Vec<(Arc<str>, Period)>,
    amount: Option<Quick<'b>>,
}

enum Step {
    Coded(Coded),
    Direct(usize),
    /// Comparisons that are made in one pass over bytes, and other steps, all of which must hold.
    All {
        coded: Vec<Coded>,
        others: Vec<usize>,
    },
    Or(Vec<usize>),
    Not(usize),
}

/// The rank codes of one operand. Where every subject's number is either exact or may be anything,
/// one byte tells both: the code, or [`UNKNOWN`].
struct Operand {
    low: Vec<u8>,
    high: Option<Vec<u8>>,
    error: Option<Vec<u64>>,
}

/// A test that is asked of the reference evaluator, over the whole population.
struct Direct {
    yes: Vec<u64>,
    no: Vec<u64>,
    error: Vec<u64>,
}

type Key = (NodeId, Period);

impl<'b> Batch<'b> {
    /// Codes the population for every measure of the book (the version in force for the period that a
    /// day decides, else the newest).
    pub fn prepare(book: &'b Book, population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        let ids: Vec<&str> = book.ids().collect();
        Batch::prepare_some(book, &ids, population, regions, on)
    }

    /// Codes the population for one measure.
    pub fn prepare_one(book: &'b Book, measure: &str, population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        Batch::prepare_some(book, &[measure], population, regions, on)
    }

    fn prepare_some(book: &'b Book, ids: &[&str], population: &'b Population, regions: &'b RegionFacts, on: Date) -> Batch<'b> {
        let mut builder =
            Builder { book, population, regions, on, steps: Vec::new(), known: HashMap::new(), coded: HashMap::new(), wanted: Vec::new(), direct: Vec::new() };
        let chosen: Vec<(&Measure, Period)> = ids
            .iter()
            .filter_map(|id| {
                let newest = book.measure(id)?;
                let period = newest.default_period(on);
                Some((book.version_for(id, period, on).unwrap_or(newest), period))
            })
            .collect();
        // Codes depend on all bounds of an operand, so every bound is known before the first step.
        chosen.iter().for_each(|(measure, period)| builder.collect((measure.verdict, *period)));
        builder.wanted.iter_mut().for_each(|wanted| wanted.bounds.sort_unstable());
        let measures = chosen
            .into_iter()
            .map(|(measure, period)| {
                let verdict = builder.resolve((measure.verdict, period));
                let roots: Vec<NodeId> = std::iter::once(measure.verdict).chain(measure.amount).collect();
                Planned {
                    measure,
                    period,
                    verdict,
                    may_split: may_split(&book.plan, measure.verdict),
                    reads: builder.reads(&roots, period),
                    amount: measure.amount.map(|amount| Quick::new(book, population, amount, period, on)),
                }
            })
            .collect();
        let operands: Vec<Operand> = builder.wanted.par_iter().map(|wanted| builder.code(wanted)).collect();
        let direct: Vec<Direct> = builder.direct.par_iter().map(|&key| builder.ask(key)).collect();
        let has_errors = operands.iter().any(|operand| operand.error.is_some()) || direct.iter().any(|direct| direct.error.iter().any(|&word| word != 0));
        Batch { book, population, regions, on, measures, steps: builder.steps, operands, direct, has_errors }
    }

    /// The measures, in the order of the tallies.
    pub fn measures(&self) -> impl Iterator<Item = (&Measure, Period)> {
        self.measures.iter().map(|planned| (planned.measure, planned.period))
    }

    /// Counts and sums for every measure.
    pub fn tally(&self) -> Vec<Tally> {
        let blocks = self.population.len().div_ceil(BLOCK);
        let empty = || vec![Tally { amount_high: Some(0), ..Tally::default() }; self.measures.len()];
        let state = || (empty(), Vec::new());
        (0..blocks)
            .into_par_iter()
            .fold(state, |(mut tallies, mut scratch), block| {
                self.each_verdict(block, &mut scratch, &mut |at, bits| self.add(&mut tallies[at], at, block, bits));
                (tallies, scratch)
            })
            .map(|(tallies, _)| tallies)
            .reduce(empty, |mut left, right| {
                left.iter_mut().zip(right).for_each(|(left, right)| left.merge(&right));
                left
            })
    }

    /// The verdict of one measure (by its place in [`Batch::measures`]) for every subject.
    pub fn verdicts(&self, measure: usize) -> Vec<Truth> {
        let mut verdicts = Vec::with_capacity(self.population.len());
        let mut scratch = Vec::new();
        for block in 0..self.population.len().div_ceil(BLOCK) {
            self.each_verdict(block, &mut scratch, &mut |at, bits| {
                if at == measure {
                    let count = BLOCK.min(self.population.len() - block * BLOCK);
                    verdicts.extend((0..count).map(|at| bits.truth(at)));
                }
            });
        }
        verdicts
    }

    /// What a measure pays a subject: at least and at most; nothing without an amount.
    pub fn amount(&self, measure: usize, subject: usize) -> Option<(Fen, Option<Fen>)> {
        let planned = &self.measures[measure];
        let amount = planned.measure.amount?;
        match planned.amount.as_ref().map(|quick| quick.value(amount, subject)) {
            Some(Number::Within(range)) => return Some(crate::decide::money_bounds(&range)),
            Some(Number::Undefined | Number::Fault) => return None,
            Some(Number::Other) | None => {}
        }
        let facts = self.population.facts(self.book.vocabulary(), subject, &planned.reads);
        let evaluation = self.book.evaluation(&facts, self.regions, planned.period, self.on);
        let Value::Number(range) = evaluation.value(amount) else { return None };
        Some(crate::decide::money_bounds(&range))
    }

    fn add(&self, tally: &mut Tally, at: usize, block: usize, bits: &Bits) {
        let count = BLOCK.min(self.population.len() - block * BLOCK) as u64;
        let ones = |words: &[u64]| words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        let (yes, no, error) = (ones(&bits.yes), ones(&bits.no), ones(&bits.error));
        tally.yes += yes;
        tally.no += no;
        tally.error += error;
        tally.unknown += count - yes - no - error;
        if self.measures[at].measure.amount.is_none() || yes == 0 {
            return;
        }
        for_each_one(&bits.yes, |subject| {
            if let Some((low, high)) = self.amount(at, block * BLOCK + subject) {
                tally.amount_low += i128::from(low.0);
                tally.amount_high = tally.amount_high.zip(high).map(|(sum, high)| sum + i128::from(high.0));
            }
        });
    }

    /// Computes a block and gives each measure's verdict bitmaps.
    fn each_verdict(&self, block: usize, scratch: &mut Vec<Bits>, each: &mut dyn FnMut(usize, &Bits)) {
        let start = block * BLOCK;
        let count = BLOCK.min(self.population.len() - start);
        scratch.resize_with(self.steps.len(), Bits::new);
        for (at, step) in self.steps.iter().enumerate() {
            let (before, rest) = scratch.split_at_mut(at);
            self.compute(step, before, &mut rest[0], start, count);
        }
        for (at, planned) in self.measures.iter().enumerate() {
            let region = planned.measure.source.region;
            if !planned.may_split && region == duijie_vocab::RegionCode::NATION {
                each(at, &scratch[planned.verdict]);
                continue;
            }
            let mut bits = scratch[planned.verdict].clone();
            self.split_unknowns(planned, &mut bits, start, count);
            self.keep_to_region(planned, &mut bits, start, count);
            each(at, &bits);
        }
    }

    fn compute(&self, step: &Step, before: &[Bits], bits: &mut Bits, start: usize, count: usize) {
        match step {
            Step::Coded(coded) => self.compare(coded, bits, start, count),
            Step::Direct(direct) => {
                let direct = &self.direct[*direct];
                let words = start / 64..(start + count).div_ceil(64);
                for (into, from) in [(&mut bits.yes, &direct.yes), (&mut bits.no, &direct.no), (&mut bits.error, &direct.error)] {
                    into[..words.len()].copy_from_slice(&from[words.clone()]);
                    into[words.len()..].fill(0);
                }
            }
            Step::All { coded, others } => self.all(coded, others, before, bits, start, count),
            Step::Or(parts) => bits.any(parts.iter().map(|&part| &before[part]), self.has_errors, count),
            Step::Not(inner) => {
                let inner = &before[*inner];
                bits.yes.copy_from_slice(&inner.no);
                bits.no.copy_from_slice(&inner.yes);
                bits.error.copy_from_slice(&inner.error);
            }
        }
    }

    /// One comparison as bitmaps.
    fn compare(&self, coded: &Coded, bits: &mut Bits, start: usize, count: usize) {
        let operand = &self.operands[coded.operand];
        let low = &operand.low[start..start + count];
        match &operand.high {
            None => bits.code(low, coded.test),
            Some(high) => bits.code_between(low, &high[start..start + count], coded.test),
        }
        if coded.negated {
            std::mem::swap(&mut bits.yes, &mut bits.no);
        }
        if let Some(error) = &operand.error {
            bits.mark_errors(&error[start / 64..(start + count).div_ceil(64)]);
        }
    }

    /// All of several tests: those on single bytes in one pass each over bytes, which the compiler turns
    /// into vector instructions, the rest as bitmaps.
    fn all(&self, coded: &[Coded], others: &[usize], before: &[Bits], bits: &mut Bits, start: usize, count: usize) {
        let (mut yes, mut no) = ([0xffu8; BLOCK], [0u8; BLOCK]);
        let is_plain = |coded: &&Coded| self.operands[coded.operand].high.is_none() && self.operands[coded.operand].error.is_none();
        for coded in coded.iter().filter(is_plain) {
            narrow(&mut yes[..count], &mut no[..count], &self.operands[coded.operand].low[start..start + count], *coded);
        }
        yes[count..].fill(0);
        pack(&yes, &mut bits.yes);
        pack(&no, &mut bits.no);
        bits.error.fill(0);
        let mut spare = Bits::empty();
        for coded in coded.iter().filter(|coded| !is_plain(coded)) {
            spare.clear();
            self.compare(coded, &mut spare, start, count);
            bits.and(&spare, self.has_errors);
        }
        for &other in others {
            bits.and(&before[other], self.has_errors);
        }
        if self.has_errors {
            bits.error.iter_mut().zip(&bits.no).for_each(|(error, no)| *error &= !no);
        }
    }

    /// Asks the reference evaluator about subjects that plain logic left unknown, where cases may decide.
    fn split_unknowns(&self, planned: &Planned<'_>, bits: &mut Bits, start: usize, count: usize) {
        if !planned.may_split {
            return;
        }
        for at in 0..count {
            if bits.truth(at) == Truth::Unknown {
                let facts = self.population.facts(self.book.vocabulary(), start + at, &planned.reads);
                let evaluation = self.book.evaluation(&facts, self.regions, planned.period, self.on);
                bits.set(at, cases::decided(&evaluation, planned.measure.verdict));
            }
        }
    }

    /// Subjects of other regions are refused.
    fn keep_to_region(&self, planned: &Planned<'_>, bits: &mut Bits, start: usize, count: usize) {
        let region = planned.measure.source.region;
        if region == duijie_vocab::RegionCode::NATION {
            return;
        }
        for at in 0..count {
            if !region.contains(self.population.regions[start + at]) {
                bits.set(at, Truth::No);
            }
        }
    }
}

impl Operand {
    /// Adds a subject; the second byte comes into being with the first number known only within bounds.
    fn push(&mut self, low: u8, high: u8, anywhere: (u8, u8), count: usize) {
        let single = if low == high {
            Some(low)
        } else if (low, high) == anywhere {
            Some(UNKNOWN)
        } else {
            None
        };
        match (&mut self.high, single) {
            (None, Some(code)) => self.low.push(code),
            (Some(highs), _) => {
                self.low.push(low);
                highs.push(high);
            }
            (None, None) => {
                let mut highs = Vec::with_capacity(count);
                for code in &mut self.low {
                    highs.push(if *code == UNKNOWN { anywhere.1 } else { *code });
                    *code = if *code == UNKNOWN { anywhere.0 } else { *code };
                }
                self.low.push(low);
                highs.push(high);
                self.high = Some(highs);
            }
        }
    }
}

impl Tally {
    fn merge(&mut self, other: &Tally) {
        self.yes += other.yes;
        self.no += other.no;
        self.unknown += other.unknown;
        self.error += other.error;
        self.amount_low += other.amount_low;
        self.amount_high = self.amount_high.zip(other.amount_high).map(|(a, b)| a + b);
    }
}

/// Whether two comparisons below a node read the same value, so that cases may decide more than logic.
fn may_split(plan: &Plan, node: NodeId) -> bool {
    let mut seen = BTreeSet::new();
    let mut leaf_truths = BTreeSet::new();
    plan.below(&[node]).into_iter().any(|id| match plan.op(id) {
        Op::Compare { left, right, .. } => [*left, *right].into_iter().filter(|&side| !is_constant(plan, side)).any(|side| !seen.insert(side)),
        op @ (Op::And(_) | Op::Or(_) | Op::Not(_) | Op::If { .. }) => op
            .inputs()
            .into_iter()
            .filter(|&input| matches!(plan.op(input), Op::Fact { .. } | Op::SameWord(..) | Op::Among { .. } | Op::ContainsAny { .. } | Op::ContainsAll { .. }))
            .any(|input| !leaf_truths.insert(input)),
        _ => false,
    })
}

/// Whether a node reads nothing but constants.
fn is_constant(plan: &Plan, node: NodeId) -> bool {
    plan.below(&[node]).into_iter().all(|id| matches!(plan.op(id), Op::Constant(_)) || !plan.op(id).inputs().is_empty())
}

struct Wanted {
    key: Key,
    bounds: Vec<Fraction>,
}

struct Builder<'b> {
    book: &'b Book,
    population: &'b Population,
    regions: &'b RegionFacts,
    on: Date,
    steps: Vec<Step>,
    known: HashMap<Key, usize>,
    /// Operands by what they compute, in groups of bounds that fit a byte.
    coded: HashMap<Key, Vec<usize>>,
    wanted: Vec<Wanted>,
    direct: Vec<Key>,
}

impl Builder<'_> {
    /// Finds every comparison with a fixed bound and gives its operand a place.
    fn collect(&mut self, (node, period): Key) {
        match self.book.plan.op(node) {
            Op::And(parts) | Op::Or(parts) => parts.clone().iter().for_each(|&part| self.collect((part, period))),
            Op::Not(inner) => self.collect((*inner, period)),
            Op::Compare { left, right, .. } => {
                if let Some((operand, bound)) = self.operand_and_bound(*left, *right, period) {
                    self.want((operand, period), bound);
                }
            }
            _ => {}
        }
    }

    fn want(&mut self, key: Key, bound: Fraction) {
        let groups = self.coded.entry(key).or_default();
        if groups.iter().any(|&group| self.wanted[group].bounds.contains(&bound)) {
            return;
        }
        match groups.last().filter(|&&group| self.wanted[group].bounds.len() < MAX_BOUNDS) {
            Some(&group) => self.wanted[group].bounds.push(bound),
            None => {
                groups.push(self.wanted.len());
                self.wanted.push(Wanted { key, bounds: vec![bound] });
            }
        }
    }

    fn operand_and_bound(&self, left: NodeId, right: NodeId, period: Period) -> Option<(NodeId, Fraction)> {
        let plan = &self.book.plan;
        match (is_constant(plan, left), is_constant(plan, right)) {
            (false, true) => self.constant(right, period).map(|bound| (left, bound)),
            (true, false) => self.constant(left, period).map(|bound| (right, bound)),
            _ => None,
        }
    }

    fn constant(&self, node: NodeId, period: Period) -> Option<Fraction> {
        let nobody = Facts::new(duijie_vocab::RegionCode::NATION);
        match self.evaluation(&nobody, period).value(node) {
            Value::Number(range) => range.point(),
            _ => None,
        }
    }

    fn evaluation<'a>(&'a self, facts: &'a Facts, period: Period) -> Evaluation<'a> {
        self.book.evaluation(facts, self.regions, period, self.on)
    }

    fn resolve(&mut self, key: Key) -> usize {
        if let Some(&step) = self.known.get(&key) {
            return step;
        }
        let (node, period) = key;
        let step = match self.book.plan.op(node).clone() {
            Op::And(_) => {
                let (mut coded, mut others) = (Vec::new(), Vec::new());
                self.conjuncts(key, &mut coded, &mut others);
                Step::All { coded, others }
            }
            Op::Or(parts) => Step::Or(parts.iter().map(|&part| self.resolve((part, period))).collect()),
            Op::Not(inner) => Step::Not(self.resolve((inner, period))),
            Op::Compare { .. } => self.coded(key).map_or_else(|| self.asked(key), Step::Coded),
            _ => self.asked(key),
        };
        self.steps.push(step);
        self.known.insert(key, self.steps.len() - 1);
        self.steps.len() - 1
    }

    fn asked(&mut self, key: Key) -> Step {
        self.direct.push(key);
        Step::Direct(self.direct.len() - 1)
    }

    /// The parts of an `and` within `and`s: comparisons on codes, and steps for everything else.
    fn conjuncts(&mut self, (node, period): Key, coded: &mut Vec<Coded>, others: &mut Vec<usize>) {
        if let Op::And(parts) = self.book.plan.op(node) {
            parts.iter().for_each(|&part| self.conjuncts((part, period), coded, others));
            return;
        }
        match self.coded((node, period)) {
            Some(test) => coded.push(test),
            None => others.push(self.resolve((node, period))),
        }
    }

    /// A comparison with a fixed bound on codes; `x < b` is the opposite of `x >= b`.
    fn coded(&self, (node, period): Key) -> Option<Coded> {
        let (comparison, left, right, opposite) = match self.book.plan.op(node) {
            Op::Compare { comparison, left, right } => (*comparison, *left, *right, false),
            Op::Not(inner) => match self.book.plan.op(*inner) {
                Op::Compare { comparison, left, right } => (*comparison, *left, *right, true),
                _ => return None,
            },
            _ => return None,
        };
        let (operand, bound) = self.operand_and_bound(left, right, period)?;
        let groups = &self.coded[&(operand, period)];
        let group = groups.iter().copied().find(|&group| self.wanted[group].bounds.contains(&bound)).expect("BUG: a bound was not collected");
        let place = self.wanted[group].bounds.binary_search(&bound).expect("BUG: a bound was not collected");
        let code = point(place);
        let (test, negated) = match (comparison, operand == right) {
            (Comparison::Equal, _) => (ByteTest::Equal(code), false),
            (Comparison::Less, true) => (ByteTest::Above(code), false),
            (Comparison::LessOrEqual, true) => (ByteTest::AtLeast(code), false),
            (Comparison::Less, false) => (ByteTest::AtLeast(code), true),
            (Comparison::LessOrEqual, false) => (ByteTest::Above(code), true),
        };
        Some(Coded { operand: group, test, negated: negated != opposite })
    }

    /// The facts, by key and period, that nodes read.
    fn reads(&self, roots: &[NodeId], period: Period) -> Vec<(Arc<str>, Period)> {
        let leaf = |id: NodeId| match self.book.plan.op(id) {
            Op::Fact { fact, at } => Some((self.book.vocabulary.at(*fact as usize).key.clone(), at.resolve(period, self.on)?)),
            _ => None,
        };
        let reads: BTreeSet<(Arc<str>, Period)> = self.book.plan.below(roots).into_iter().filter_map(leaf).collect();
        reads.into_iter().collect()
    }

    /// The reference evaluator's value of a node for one subject.
    fn reference(&self, (node, period): Key, subject: usize, reads: &[(Arc<str>, Period)]) -> Value {
        // Naming no facts would mean all of them.
        let facts = if reads.is_empty() { Facts::new(self.population.regions[subject]) } else { self.population.facts(&self.book.vocabulary, subject, reads) };
        self.evaluation(&facts, period).value(node)
    }

    fn code(&self, wanted: &Wanted) -> Operand {
        let (node, period) = wanted.key;
        let ranks = Ranks(&wanted.bounds);
        let quick = Quick::new(self.book, self.population, node, period, self.on);
        let reads = self.reads(&[node], period);
        let count = self.population.len();
        let (least, most) = anywhere(wanted.bounds.len());
        let mut operand = Operand { low: Vec::with_capacity(count), high: None, error: None };
        for subject in 0..count {
            if let Some(code) = quick.quotient(node, subject).and_then(|(above, below)| ranks.quotient(above, below)) {
                operand.push(code, code, (least, most), count);
                continue;
            }
            let number = match quick.value(node, subject) {
                Number::Other => Number::of(self.reference(wanted.key, subject, &reads)),
                quick => quick,
            };
            let (low, high) = match number {
                Number::Within(range) => ranks.of(&range),
                Number::Undefined | Number::Other => (least, most),
                Number::Fault => {
                    operand.error.get_or_insert_with(|| vec![0; count.div_ceil(64)])[subject / 64] |= 1 << (subject % 64);
                    (least, most)
                }
            };
            operand.push(low, high, (least, most), count);
        }
        operand
    }

    fn ask(&self, key: Key) -> Direct {
        let words = self.population.len().div_ceil(64);
        let mut direct = Direct { yes: vec![0; words], no: vec![0; words], error: vec![0; words] };
        let reads = self.reads(&[key.0], key.1);
        for subject in 0..self.population.len() {
            let bit = 1 << (subject % 64);
            match self.reference(key, subject, &reads).truth() {
                Truth::Yes => direct.yes[subject / 64] |= bit,
                Truth::No => direct.no[subject / 64] |= bit,
                Truth::Error => direct.error[subject / 64] |= bit,
                Truth::Unknown => {}
            }
        }
        direct
    }
}
