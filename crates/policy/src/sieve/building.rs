//! From the plan of a book to tests: cuts are collected over all measures first, since codes depend on all
//! of them, then every measure becomes a conjunction.

use super::{Asked, Gate, Number, Operand, Sieve, Sifted, Test, fixed, is_constant, reads_twice};
use crate::Fraction;
use crate::book::{Book, Measure};
use crate::cuts::{Cut, Cuts, MAX_CUTS, count};
use crate::period::Period;
use crate::plan::{Comparison, NodeId, Op, Plan};
use duijie_vocab::{Date, RegionCode};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

pub(super) struct Chosen {
    pub(super) place: usize,
    in_force: bool,
    reach: RegionCode,
    pub(super) period: Period,
}

impl Chosen {
    pub(super) fn of(book: &Book, id: &str, on: Date) -> Option<Chosen> {
        let newest = book.newest_place(id)?;
        Chosen::about(book, id, book.at(newest).default_period(on), on)
    }

    pub(super) fn about(book: &Book, id: &str, period: Period, on: Date) -> Option<Chosen> {
        let newest = book.newest_place(id)?;
        let in_force = book.place_for(id, period, on);
        Some(Chosen { place: in_force.unwrap_or(newest), in_force: in_force.is_some(), reach: book.at(newest).source.region, period })
    }
}

/// A comparison with a fixed bound, as the cuts it needs.
pub(super) struct Compared {
    pub(super) number: Number,
    pub(super) at: Fraction,
    pub(super) comparison: Order,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
}

pub(super) struct Building<'b> {
    book: &'b Book,
    on: Date,
    /// The operands of a number, each with a group of its cuts.
    groups: HashMap<(Number, Period), Vec<u32>>,
    fixed: HashMap<(NodeId, Period), Option<Fraction>>,
    cut_places: HashMap<(Number, Period, Cut), (u32, u8)>,
    known_gates: HashMap<(NodeId, Period), (u32, bool)>,
    known_asked: HashMap<Asked, u32>,
    pub(super) sieve: Sieve,
}

impl<'b> Building<'b> {
    pub(super) fn new(book: &'b Book, on: Date) -> Building<'b> {
        Building {
            book,
            on,
            groups: HashMap::new(),
            fixed: HashMap::new(),
            cut_places: HashMap::new(),
            known_gates: HashMap::new(),
            known_asked: HashMap::new(),
            sieve: Sieve { on, operands: Vec::new(), asked: Vec::new(), gates: Vec::new(), shared: Vec::new(), measures: Vec::new(), readers: OnceLock::new() },
        }
    }

    fn plan(&self) -> &'b Plan {
        &self.book.plan
    }

    /// Codes depend on all cuts of a number, so every cut is known before the first test.
    pub(super) fn collect_cuts(&mut self, chosen: &[Chosen]) {
        let mut wanted: BTreeMap<(Period, Number), Vec<Cut>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for chosen in chosen {
            self.wanted_cuts(self.book.at(chosen.place).verdict, chosen.period, &mut seen, &mut wanted);
        }
        for ((period, number), mut cuts) in wanted {
            cuts.sort_unstable();
            cuts.dedup();
            for group in groups_of(&cuts) {
                let operand = u32::try_from(self.sieve.operands.len()).expect("BUG: more operands than nodes");
                for (place, cut) in group.iter().enumerate() {
                    // Equality tests both sides of a bound, which stand in one group; a bound is looked up where it first stands.
                    self.cut_places.entry((number, period, *cut)).or_insert((operand, count(place + 1)));
                }
                self.groups.entry((number, period)).or_default().push(operand);
                self.sieve.operands.push(Operand { number, period, cuts: Cuts(group) });
            }
        }
    }

    fn wanted_cuts(&mut self, node: NodeId, period: Period, seen: &mut HashSet<(NodeId, Period)>, wanted: &mut BTreeMap<(Period, Number), Vec<Cut>>) {
        if !seen.insert((node, period)) {
            return;
        }
        match self.plan().op(node) {
            Op::And(parts) | Op::Or(parts) => parts.iter().for_each(|&part| self.wanted_cuts(part, period, seen, wanted)),
            Op::Not(inner) => self.wanted_cuts(*inner, period, seen, wanted),
            Op::Compare { .. } => {
                if let Some(Compared { number, at, comparison }) = self.compared(node, period) {
                    let cuts = wanted.entry((period, number)).or_default();
                    if comparison != Order::Above && comparison != Order::AtMost {
                        cuts.push(Cut { at, strict: false });
                    }
                    if matches!(comparison, Order::Above | Order::AtMost | Order::Equal) {
                        cuts.push(Cut { at, strict: true });
                    }
                }
            }
            _ => {}
        }
    }

    /// A comparison as an order of a number and a fixed bound.
    pub(super) fn compared(&mut self, node: NodeId, period: Period) -> Option<Compared> {
        let Op::Compare { comparison, left, right } = *self.plan().op(node) else { return None };
        let (number, at, flipped) = match (self.fixed(left, period), self.fixed(right, period)) {
            (None, Some(at)) => (Number::Node(left), at, false),
            (Some(at), None) => (Number::Node(right), at, true),
            (None, None) => (Number::Difference(left, right), Fraction::ZERO, false),
            (Some(_), Some(_)) => return None,
        };
        let comparison = match (comparison, flipped) {
            (Comparison::Equal, _) => Order::Equal,
            (Comparison::Less, false) => Order::Below,
            (Comparison::LessOrEqual, false) => Order::AtMost,
            (Comparison::Less, true) => Order::Above,
            (Comparison::LessOrEqual, true) => Order::AtLeast,
        };
        Some(Compared { number, at, comparison })
    }

    /// The number a node has for every subject, if it reads nothing about them.
    fn fixed(&mut self, node: NodeId, period: Period) -> Option<Fraction> {
        if let Some(&known) = self.fixed.get(&(node, period)) {
            return known;
        }
        let found = fixed(self.book, node, period, self.on);
        self.fixed.insert((node, period), found);
        found
    }

    /// A measure whose conditions all hold when these nodes do.
    pub(super) fn measure(&mut self, chosen: &Chosen, conditions: &[NodeId]) {
        let measure = self.book.at(chosen.place);
        let mut gate = Gate::default();
        let region = measure.source.region;
        if region != RegionCode::NATION {
            gate.asked.push((self.asked(Asked::Within(region)), false));
        }
        conditions.iter().for_each(|&node| self.conjoin(node, chosen.period, false, &mut gate));
        let may_split = self.may_split(measure, &gate);
        let gate = self.add(gate);
        self.sieve.measures.push(Sifted { place: chosen.place, in_force: chosen.in_force, reach: chosen.reach, period: chosen.period, gate, may_split });
    }

    /// Adds a node, or its opposite, to a conjunction.
    fn conjoin(&mut self, node: NodeId, period: Period, opposite: bool, gate: &mut Gate) {
        match self.plan().op(node) {
            Op::And(parts) if !opposite => parts.iter().for_each(|&part| self.conjoin(part, period, false, gate)),
            Op::Or(parts) if opposite => parts.iter().for_each(|&part| self.conjoin(part, period, true, gate)),
            Op::Not(inner) => self.conjoin(*inner, period, !opposite, gate),
            Op::And(_) | Op::Or(_) => self.refer(node, period, opposite, gate),
            Op::Compare { .. } => self.compare(node, period, opposite, gate),
            _ => gate.asked.push((self.asked(Asked::Node(node, period)), opposite)),
        }
    }

    fn compare(&mut self, node: NodeId, period: Period, opposite: bool, gate: &mut Gate) {
        let Some(Compared { number, at, comparison }) = self.compared(node, period) else {
            gate.asked.push((self.asked(Asked::Node(node, period)), opposite));
            return;
        };
        let (below, strict) = match comparison {
            Order::Equal if opposite => return self.refer(node, period, true, gate),
            Order::Equal => {
                for (strict, below) in [(false, false), (true, true)] {
                    self.test(number, period, Cut { at, strict }, below, gate);
                }
                return;
            }
            Order::AtLeast => (false, false),
            Order::Above => (false, true),
            Order::Below => (true, false),
            Order::AtMost => (true, true),
        };
        self.test(number, period, Cut { at, strict }, below != opposite, gate);
    }

    fn test(&mut self, number: Number, period: Period, cut: Cut, below: bool, gate: &mut Gate) {
        let &(operand, bound) = self.cut_places.get(&(number, period, cut)).expect("BUG: a cut was not collected");
        let test = Test { operand, bound, below };
        let tests = if below { &mut gate.below } else { &mut gate.at_least };
        if !tests.contains(&test) {
            tests.push(test);
        }
    }

    /// Refers to the gate of a node: an `and` is its own, an `or` the opposite of its parts' opposites.
    fn refer(&mut self, node: NodeId, period: Period, opposite: bool, gate: &mut Gate) {
        let (inner, turned) = match self.known_gates.get(&(node, period)) {
            Some(&known) => known,
            None => {
                let mut inner = Gate::default();
                let turned = matches!(self.plan().op(node), Op::Or(_));
                self.conjoin(node, period, turned, &mut inner);
                let known = (self.add(inner), turned);
                self.known_gates.insert((node, period), known);
                known
            }
        };
        gate.gates.push((inner, turned != opposite));
    }

    fn add(&mut self, gate: Gate) -> u32 {
        self.sieve.gates.push(gate);
        u32::try_from(self.sieve.gates.len() - 1).expect("BUG: more gates than nodes")
    }

    fn asked(&mut self, asked: Asked) -> u32 {
        let next = u32::try_from(self.sieve.asked.len()).expect("BUG: more conditions than nodes");
        let place = *self.known_asked.entry(asked).or_insert(next);
        if place == next {
            self.sieve.asked.push(asked);
        }
        place
    }

    /// Whether two comparisons of a measure read one value in a way that cases may decide more than plain
    /// logic. They do not when all of them stand in one conjunction, some value passes them all, and
    /// nothing else reads the value: then some case stays as open as the whole.
    fn may_split(&self, measure: &Measure, gate: &Gate) -> bool {
        let plan = self.plan();
        if !reads_twice(plan, measure.verdict) {
            return false;
        }
        let below = plan.below(&[measure.verdict]);
        let is_compare = |id: NodeId| matches!(plan.op(id), Op::Compare { .. });
        let simple = below.iter().all(|&id| match plan.op(id) {
            Op::And(_) | Op::Compare { .. } => true,
            Op::Or(_) | Op::Not(_) | Op::If { .. } | Op::CountYes(_) => false,
            op => op.inputs().iter().all(|&input| !is_compare(input)),
        });
        let compared: Vec<NodeId> = below.iter().filter(|&&id| is_compare(id)).flat_map(|&id| plan.op(id).inputs()).collect();
        let alone = below
            .iter()
            .filter(|&&id| !is_compare(id))
            .all(|&id| plan.op(id).inputs().iter().all(|input| !compared.contains(input) || is_constant(plan, *input)));
        let satisfiable = gate.at_least.iter().all(|least| gate.below.iter().all(|most| least.operand != most.operand || least.bound < most.bound));
        let one_group = gate.at_least.iter().chain(&gate.below).all(|test| {
            let operand = &self.sieve.operands[test.operand as usize];
            matches!(operand.number, Number::Node(_)) && self.groups[&(operand.number, operand.period)].len() == 1
        });
        !(simple && alone && satisfiable && one_group && gate.gates.is_empty())
    }
}

/// Cuts in groups that a byte can count; both sides of a bound stay together.
fn groups_of(cuts: &[Cut]) -> Vec<Vec<Cut>> {
    let mut groups: Vec<Vec<Cut>> = Vec::new();
    for pair in cuts.chunk_by(|a, b| a.at == b.at) {
        match groups.last_mut().filter(|group| group.len() + pair.len() <= MAX_CUTS) {
            Some(group) => group.extend_from_slice(pair),
            None => groups.push(pair.to_vec()),
        }
    }
    groups
}
