//! Minimum-cost flow from cases over their candidates to responders' slots, by successive shortest
//! paths with potentials. Each further slot of a responder costs more than the one before, so that
//! work is spread; leaving a case without a responder costs most.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is to be solved. Cases and responders are numbered from 0.
pub(crate) struct Network {
    /// Per case its candidates: responder and gain.
    pub(crate) edges: Vec<Vec<(usize, i64)>>,
    /// How many responders each case wants.
    pub(crate) wants: Vec<u32>,
    /// The cost of each want of a case that stays open.
    pub(crate) leave: Vec<i64>,
    /// Slots that a responder has before this, and the most there may be.
    pub(crate) load: Vec<u32>,
    pub(crate) limit: Vec<u32>,
    /// The cost of a slot is `spread × (2 × load + 1)`: sums of squares are smallest when loads are even.
    pub(crate) spread: i64,
}

/// The candidates (by their place in `edges`) that each case gets, of least total cost. Then the
/// highest load is lowered, one by one, as long as no more cases stay open and the gains together are
/// above what `worth` says of those at first: of all plans under that load it is the one of least cost.
pub(crate) fn solve(network: &Network, worth: impl Fn(i64) -> i64) -> Vec<Vec<usize>> {
    let mut search = Search::new(network);
    for case in 0..network.edges.len() {
        search.enter(case);
        for _ in 0..network.wants[case] {
            search.augment(case);
        }
    }
    let (held, gain) = search.held_and_gain();
    let mut best = search.used.clone();
    while search.lower_top() {
        let (held_now, gain_now) = search.held_and_gain();
        if held_now < held || gain_now <= worth(gain) {
            break;
        }
        best.clone_from(&search.used);
    }
    let chosen = |used: Vec<bool>| used.into_iter().enumerate().filter_map(|(edge, used)| used.then_some(edge)).collect();
    best.into_iter().map(chosen).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Case(usize),
    Responder(usize),
}

/// The flow so far, and potentials under which no arc of the residual network has negative cost.
struct Search<'n> {
    network: &'n Network,
    used: Vec<Vec<bool>>,
    /// Per responder the (case, edge) pairs that it holds.
    held: Vec<Vec<(usize, usize)>>,
    load: Vec<u32>,
    limit: Vec<u32>,
    case_potential: Vec<i64>,
    responder_potential: Vec<i64>,
    cases: Labels,
    responders: Labels,
    heap: BinaryHeap<Reverse<(i64, Node)>>,
}

/// Distances and ways of one search; a round number saves clearing them.
struct Labels {
    round: u32,
    seen: Vec<u32>,
    distance: Vec<i64>,
    /// The (node, edge) on the other side through which it was reached.
    from: Vec<(usize, usize)>,
    touched: Vec<usize>,
}

impl Labels {
    fn new(size: usize) -> Labels {
        Labels { round: 0, seen: vec![0; size], distance: vec![0; size], from: vec![(0, 0); size], touched: Vec::new() }
    }

    fn start(&mut self) {
        self.round += 1;
        self.touched.clear();
    }

    /// Takes the distance if it is the first or a shorter one.
    fn relax(&mut self, node: usize, distance: i64, from: (usize, usize)) -> bool {
        let first = self.seen[node] != self.round;
        if !first && self.distance[node] <= distance {
            return false;
        }
        if first {
            self.seen[node] = self.round;
            self.touched.push(node);
        }
        self.distance[node] = distance;
        self.from[node] = from;
        true
    }
}

impl<'n> Search<'n> {
    fn new(network: &'n Network) -> Search<'n> {
        let (cases, responders) = (network.edges.len(), network.load.len());
        let load = network.load.clone();
        let responder_potential = load.iter().map(|load| -slot_cost(network, *load)).collect();
        Search {
            network,
            used: network.edges.iter().map(|edges| vec![false; edges.len()]).collect(),
            held: vec![Vec::new(); responders],
            load,
            limit: network.limit.clone(),
            case_potential: vec![0; cases],
            responder_potential,
            cases: Labels::new(cases),
            responders: Labels::new(responders),
            heap: BinaryHeap::new(),
        }
    }

    /// How many candidates are used, and what they gain together.
    fn held_and_gain(&self) -> (usize, i64) {
        let gain = |(case, edge): &(usize, usize)| self.network.edges[*case][*edge].1;
        (self.held.iter().map(Vec::len).sum(), self.held.iter().flatten().map(gain).sum())
    }

    /// Takes one case from each responder with the highest load, lets nobody have as many again, and
    /// finds these cases their best place. Whether that can be done: not below what somebody had before.
    fn lower_top(&mut self) -> bool {
        let top = self.load.iter().copied().max().unwrap_or(0);
        if self.network.load.iter().any(|before| *before >= top) {
            return false;
        }
        for limit in &mut self.limit {
            *limit = (*limit).min(top - 1);
        }
        let mut released = Vec::new();
        for responder in 0..self.load.len() {
            if self.load[responder] < top {
                continue;
            }
            // A case without any other responder can get a fresh potential, so the search stays sound.
            let alone = |(case, _): &&(usize, usize)| self.used[*case].iter().filter(|used| **used).count() == 1;
            let Some(&(case, edge)) = self.held[responder].iter().find(alone) else { return false };
            self.used[case][edge] = false;
            self.held[responder].retain(|held| *held != (case, edge));
            self.load[responder] -= 1;
            released.push(case);
        }
        for case in released {
            self.enter(case);
            self.augment(case);
        }
        true
    }

    /// The least potential that leaves no arc of a new case negative.
    fn enter(&mut self, case: usize) {
        let tight = self.network.edges[case].iter().map(|(responder, gain)| gain + self.responder_potential[*responder]).max();
        self.case_potential[case] = tight.unwrap_or(i64::MIN).max(-self.network.leave[case]);
    }

    /// Sends one more want of `source` along a shortest path.
    fn augment(&mut self, source: usize) {
        self.cases.start();
        self.responders.start();
        self.heap.clear();
        self.cases.relax(source, 0, (usize::MAX, 0));
        self.heap.push(Reverse((0, Node::Case(source))));
        let mut best: Option<(i64, Node)> = None;
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if best.is_some_and(|(found, _)| found <= distance) {
                break;
            }
            match node {
                Node::Case(case) if self.cases.distance[case] == distance => self.leave_case(case, distance, &mut best),
                Node::Responder(responder) if self.responders.distance[responder] == distance => self.leave_responder(responder, distance, &mut best),
                _ => {}
            }
        }
        let (distance, end) = best.expect("BUG: a case can always be left open");
        self.lower_potentials(distance);
        self.turn_path(source, end);
    }

    fn leave_case(&mut self, case: usize, distance: i64, best: &mut Option<(i64, Node)>) {
        let potential = self.case_potential[case];
        offer(best, distance + self.network.leave[case] + potential, Node::Case(case));
        for (edge, (responder, gain)) in self.network.edges[case].iter().enumerate() {
            if self.used[case][edge] {
                continue;
            }
            let reached = distance - gain + potential - self.responder_potential[*responder];
            if best.is_some_and(|(found, _)| found <= reached) {
                continue;
            }
            if self.responders.relax(*responder, reached, (case, edge)) {
                self.heap.push(Reverse((reached, Node::Responder(*responder))));
            }
        }
    }

    fn leave_responder(&mut self, responder: usize, distance: i64, best: &mut Option<(i64, Node)>) {
        let potential = self.responder_potential[responder];
        if self.load[responder] < self.limit[responder] {
            offer(best, distance + slot_cost(self.network, self.load[responder]) + potential, Node::Responder(responder));
        }
        for &(case, edge) in &self.held[responder] {
            let gain = self.network.edges[case][edge].1;
            let reached = distance + gain + potential - self.case_potential[case];
            if best.is_some_and(|(found, _)| found <= reached) {
                continue;
            }
            if self.cases.relax(case, reached, (responder, edge)) {
                self.heap.push(Reverse((reached, Node::Case(case))));
            }
        }
    }

    /// Nodes nearer than the end of the path get potentials under which the path costs nothing.
    fn lower_potentials(&mut self, end: i64) {
        for &case in &self.cases.touched {
            self.case_potential[case] += (self.cases.distance[case] - end).min(0);
        }
        for &responder in &self.responders.touched {
            self.responder_potential[responder] += (self.responders.distance[responder] - end).min(0);
        }
    }

    /// Uses the arcs of the path and gives back those that it runs against.
    fn turn_path(&mut self, source: usize, end: Node) {
        let mut at = end;
        if let Node::Responder(responder) = end {
            self.load[responder] += 1;
        }
        loop {
            match at {
                Node::Responder(responder) => {
                    let (case, edge) = self.responders.from[responder];
                    self.used[case][edge] = true;
                    self.held[responder].push((case, edge));
                    at = Node::Case(case);
                }
                Node::Case(case) if case == source => return,
                Node::Case(case) => {
                    let (responder, edge) = self.cases.from[case];
                    self.used[case][edge] = false;
                    self.held[responder].retain(|held| *held != (case, edge));
                    at = Node::Responder(responder);
                }
            }
        }
    }
}

fn offer(best: &mut Option<(i64, Node)>, distance: i64, node: Node) {
    if best.is_none_or(|(found, _)| distance < found) {
        *best = Some((distance, node));
    }
}

fn slot_cost(network: &Network, load: u32) -> i64 {
    network.spread * (2 * i64::from(load) + 1)
}
