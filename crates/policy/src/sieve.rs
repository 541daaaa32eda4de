//! The measures of a book as tests on rank codes: every number that conditions compare with a fixed
//! bound is an operand with its sorted cuts, every condition a test of its code, every measure a
//! conjunction of tests. `or` is the opposite of the conjunction of opposites. It knows no subject.

use crate::book::{Book, Measure};
use crate::cuts::{Cut, Cuts, MAX_CUTS, count};
use crate::dossier::Readers;
use crate::period::Period;
use crate::plan::{Comparison, NodeId, Op, Plan};
use crate::value::Value;
use crate::{Facts, Fraction, RegionFacts};
use duijie_vocab::{Date, RegionCode};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// A number that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Number {
    Node(NodeId),
    /// The first less the second: two numbers compared with one another.
    Difference(NodeId, NodeId),
}

/// A number in a period, with up to [`MAX_CUTS`] of its cuts.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) number: Number,
    pub(crate) period: Period,
    pub(crate) cuts: Cuts,
}

/// Whether the code of an operand counts at least `bound` cuts, or below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) operand: u32,
    pub(crate) bound: u8,
    pub(crate) below: bool,
}

/// A condition that is not a comparison of a number with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Asked {
    Node(NodeId, Period),
    /// Whether the subject is in a region.
    Within(RegionCode),
}

/// A conjunction: tests, asked conditions and other gates, some of them turned into their opposite.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gate {
    /// Tests for at least a bound, then tests for below one.
    pub(crate) at_least: Vec<Test>,
    pub(crate) below: Vec<Test>,
    pub(crate) asked: Vec<(u32, bool)>,
    pub(crate) gates: Vec<(u32, bool)>,
}

/// A measure as a gate.
#[derive(Clone, Debug)]
pub(crate) struct Sifted {
    /// Its place in the book, and whether it is in force for the period.
    pub(crate) place: usize,
    pub(crate) in_force: bool,
    /// The region of its newest version: subjects elsewhere are not told of it.
    pub(crate) reach: RegionCode,
    pub(crate) period: Period,
    pub(crate) gate: u32,
    /// Whether reasoning by cases may decide what plain logic leaves unknown.
    pub(crate) may_split: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    pub(crate) on: Date,
    pub(crate) operands: Vec<Operand>,
    pub(crate) asked: Vec<Asked>,
    /// A gate only refers to gates before it.
    pub(crate) gates: Vec<Gate>,
    /// How many gates refer to each.
    pub(crate) shared: Vec<u32>,
    pub(crate) measures: Vec<Sifted>,
    /// What reads each fact, once somebody has changed one.
    pub(crate) readers: OnceLock<HashMap<(Arc<str>, Period), Readers>>,
}

impl Sieve {
    /// The measures with these ids, each in the version in force for the period that a day decides, else the newest.
    pub(crate) fn new<'i>(book: &Book, ids: impl Iterator<Item = &'i str>, on: Date) -> Sieve {
        let chosen: Vec<Chosen> = ids.filter_map(|id| Chosen::of(book, id, on)).collect();
        let mut building = Building::new(book, on);
        building.collect_cuts(&chosen);
        chosen.iter().for_each(|chosen| building.measure(chosen, &[book.at(chosen.place).verdict]));
        building.sieve.count_references();
        building.sieve
    }

    /// The fixed bound of a condition of a measure, if it is a comparison of a number with one.
    pub(crate) fn bound(book: &Book, id: &str, condition: usize, on: Date) -> Option<Fraction> {
        let chosen = Chosen::of(book, id, on)?;
        let node = book.at(chosen.place).conditions.get(condition)?.node;
        Building::new(book, on).compared(node, chosen.period).map(|compared| compared.at)
    }

    /// A measure without one of its conditions, whose number is the last operand with the thresholds
    /// (sorted, at most [`MAX_CUTS`]) as its cuts; and whether numbers pass below them. Nothing when the
    /// condition is not an order of a number and a fixed bound.
    pub(crate) fn with_thresholds(book: &Book, id: &str, condition: usize, thresholds: &[Fraction], on: Date) -> Option<(Sieve, bool)> {
        let chosen = Chosen::of(book, id, on)?;
        let measure = book.at(chosen.place);
        let mut building = Building::new(book, on);
        let compared = building.compared(measure.conditions.get(condition)?.node, chosen.period)?;
        let (below, strict) = match compared.comparison {
            Order::Equal => return None,
            Order::AtLeast => (false, false),
            Order::Above => (false, true),
            Order::Below => (true, false),
            Order::AtMost => (true, true),
        };
        building.collect_cuts(std::slice::from_ref(&chosen));
        let rest: Vec<NodeId> = measure.conditions.iter().enumerate().filter(|(at, _)| *at != condition).map(|(_, compiled)| compiled.node).collect();
        building.measure(&chosen, &rest);
        let cuts = Cuts(thresholds.iter().map(|&at| Cut { at, strict }).collect());
        let mut sieve = building.sieve;
        sieve.measures.iter_mut().for_each(|sifted| sifted.may_split = false);
        sieve.operands.push(Operand { number: compared.number, period: chosen.period, cuts });
        sieve.count_references();
        Some((sieve, below))
    }

    /// How many gates stand on one another at most.
    pub(crate) fn depth(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.gates.len());
        for gate in &self.gates {
            depths.push(1 + gate.gates.iter().map(|(inner, _)| depths[*inner as usize]).max().unwrap_or(0));
        }
        depths.into_iter().max().unwrap_or(0)
    }

    fn count_references(&mut self) {
        self.shared = vec![0; self.gates.len()];
        for (gate, _) in self.gates.iter().flat_map(|gate| &gate.gates) {
            self.shared[*gate as usize] += 1;
        }
    }
}

struct Chosen {
    place: usize,
    in_force: bool,
    reach: RegionCode,
    period: Period,
}

impl Chosen {
    fn of(book: &Book, id: &str, on: Date) -> Option<Chosen> {
        let newest = book.newest_place(id)?;
        let period = book.at(newest).default_period(on);
        let in_force = book.place_for(id, period, on);
        Some(Chosen { place: in_force.unwrap_or(newest), in_force: in_force.is_some(), reach: book.at(newest).source.region, period })
    }
}

/// A comparison with a fixed bound, as the cuts it needs.
struct Compared {
    number: Number,
    at: Fraction,
    comparison: Order,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
}

struct Building<'b> {
    book: &'b Book,
    on: Date,
    /// The operands of a number, each with a group of its cuts.
    groups: HashMap<(Number, Period), Vec<u32>>,
    fixed: HashMap<(NodeId, Period), Option<Fraction>>,
    cut_places: HashMap<(Number, Period, Cut), (u32, u8)>,
    known_gates: HashMap<(NodeId, Period), (u32, bool)>,
    known_asked: HashMap<Asked, u32>,
    sieve: Sieve,
}

impl<'b> Building<'b> {
    fn new(book: &'b Book, on: Date) -> Building<'b> {
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
    fn collect_cuts(&mut self, chosen: &[Chosen]) {
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
    fn compared(&mut self, node: NodeId, period: Period) -> Option<Compared> {
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
    fn measure(&mut self, chosen: &Chosen, conditions: &[NodeId]) {
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

/// The number that a node has for every subject in a period; nothing when it reads facts or has none.
pub(crate) fn fixed(book: &Book, node: NodeId, period: Period, on: Date) -> Option<Fraction> {
    let plan = &book.plan;
    if let Op::Constant(crate::plan::Constant::Number(value)) = plan.op(node) {
        return Some(*value);
    }
    if matches!(plan.op(node), Op::Fact { .. })
        || plan.below(&[node]).into_iter().any(|id| matches!(plan.op(id), Op::Fact { .. } | Op::RegionFact { .. } | Op::Attested(_)))
    {
        return None;
    }
    let (nobody, regions) = (Facts::new(RegionCode::NATION), RegionFacts::new());
    match book.evaluation(&nobody, &regions, period, on).value(node) {
        Value::Number(range) => range.point(),
        _ => None,
    }
}

/// Whether two comparisons below a node read the same value.
pub(crate) fn reads_twice(plan: &Plan, node: NodeId) -> bool {
    let mut seen = HashSet::new();
    let mut leaf_truths = HashSet::new();
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
    match plan.op(node) {
        Op::Constant(_) => true,
        op => !op.inputs().is_empty() && plan.below(&[node]).into_iter().all(|id| matches!(plan.op(id), Op::Constant(_)) || !plan.op(id).inputs().is_empty()),
    }
}
