//! Proposes who gets which case: every open case gets responders if there are any, the best ones
//! that loads, absences and conflicts of interest leave, with the work spread and the highest load
//! lowered where that costs little. Optimal over all cases together under that load, so no single
//! change or exchange makes it better.

use crate::flow::{Network, solve};
use duijie_vocab::{RecordId, Text, text};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// An open case that looks for responders.
#[derive(Clone, Debug)]
pub struct CaseSlot {
    pub id: RecordId,
    pub organization: String,
    /// How many responders it should get.
    pub wants: u32,
    /// How long it has been waiting; who waits longer is served first when there are not enough responders.
    pub waiting_days: u32,
}

/// Somebody who can take cases.
#[derive(Clone, Debug)]
pub struct ResponderSlot {
    pub id: String,
    pub organization: Option<String>,
    /// Introductions that are open already.
    pub load: u32,
    /// The most that may be open.
    pub limit: u32,
    pub absent: bool,
    /// Organizations to which a relation was declared.
    pub related: Vec<String>,
}

/// A candidate: case and responder by their places, and how good the match is in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub case: usize,
    pub responder: usize,
    pub score: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Problem {
    pub cases: Vec<CaseSlot>,
    pub responders: Vec<ResponderSlot>,
    pub pairs: Vec<Pair>,
    /// Pairs (case, responder) that a person decided on.
    pub fixed: Vec<(usize, usize)>,
    /// Pairs in which the responder said no before, or that a person ruled out.
    pub refused: HashSet<(usize, usize)>,
    pub weights: Weights,
}

#[derive(Clone, Copy, Debug)]
pub struct Weights {
    /// What one more case costs a responder who has none, in thousandths of a score; the next costs
    /// three times as much, then five times.
    pub spread: u32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { spread: 9 }
    }
}

/// Why a responder cannot take a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    SameOrganization,
    Related,
    Refused,
    Absent,
    NoRoom,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assigned {
    pub case: usize,
    pub responder: usize,
    pub score: u32,
    /// Whether a person decided on it.
    pub fixed: bool,
    pub reasons: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unassigned {
    pub case: usize,
    /// How many of the wanted responders are missing.
    pub missing: u32,
    pub reason: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub assigned: Vec<Assigned>,
    pub unassigned: Vec<Unassigned>,
    pub total_score: u64,
    /// The most that any responder has then.
    pub max_load: u32,
}

/// What it costs to leave a case open, in thousandths of a score: more than any chain of exchanges can bring.
const LEAVE: i64 = 10_000_000;
const LEAVE_PER_DAY: i64 = 1_000;
const DAYS_THAT_COUNT: u32 = 3_650;
/// A lower highest load may cost one part in this many of the total score, but never so much that
/// taking the best pair first would be better.
const EVENNESS: i64 = 50;

impl Conflict {
    pub fn name(self) -> Text {
        match self {
            Conflict::SameOrganization => text!("与需求方同一机构", "belongs to the same organization"),
            Conflict::Related => text!("已申报利益关系", "declared a relation"),
            Conflict::Refused => text!("此前已谢绝", "said no before"),
            Conflict::Absent => text!("暂不接单", "is absent"),
            Conflict::NoRoom => text!("已达上限", "has reached the limit"),
        }
    }
}

/// What keeps the responder from the case, if anything does; the load is that before the plan.
pub fn conflict(problem: &Problem, case: usize, responder: usize) -> Option<Conflict> {
    let (asks, answers) = (&problem.cases[case], &problem.responders[responder]);
    if answers.id == asks.organization || answers.organization.as_ref() == Some(&asks.organization) {
        Some(Conflict::SameOrganization)
    } else if answers.related.contains(&asks.organization) {
        Some(Conflict::Related)
    } else if problem.refused.contains(&(case, responder)) {
        Some(Conflict::Refused)
    } else if answers.absent {
        Some(Conflict::Absent)
    } else if answers.load >= answers.limit {
        Some(Conflict::NoRoom)
    } else {
        None
    }
}

/// The best plan over all cases, with the fixed pairs in it.
pub fn assign(problem: &Problem) -> Plan {
    let (network, places) = network(problem);
    let simple: i64 = best_first(problem, &network, &places).iter().map(|pair| i64::from(pair.score)).sum();
    let chosen = solve(&network, |gain| simple.max(gain - gain / EVENNESS));
    let mut pairs: Vec<(Pair, bool)> = fixed_pairs(problem).map(|pair| (pair, true)).collect();
    for (case, edges) in chosen.iter().enumerate() {
        pairs.extend(edges.iter().map(|edge| (problem.pairs[places[case][*edge]], false)));
    }
    plan(problem, pairs)
}

/// The plan that takes the best pair that still fits, again and again; to compare with.
pub fn greedy(problem: &Problem) -> Plan {
    let (network, places) = network(problem);
    let free = best_first(problem, &network, &places).into_iter().map(|pair| (pair, false));
    plan(problem, fixed_pairs(problem).map(|pair| (pair, true)).chain(free).collect())
}

fn best_first(problem: &Problem, network: &Network, places: &[Vec<usize>]) -> Vec<Pair> {
    let mut order: Vec<usize> = places.iter().flatten().copied().collect();
    order.sort_unstable_by_key(|place| (std::cmp::Reverse(problem.pairs[*place].score), *place));
    let (mut wants, mut load) = (network.wants.clone(), network.load.clone());
    let mut taken = Vec::new();
    for pair in order.into_iter().map(|place| problem.pairs[place]) {
        if wants[pair.case] > 0 && load[pair.responder] < network.limit[pair.responder] {
            wants[pair.case] -= 1;
            load[pair.responder] += 1;
            taken.push(pair);
        }
    }
    taken
}

/// The fixed pairs, each once, with the score that the match has if there is one.
fn fixed_pairs(problem: &Problem) -> impl Iterator<Item = Pair> {
    let scores: HashMap<(usize, usize), u32> = problem.pairs.iter().map(|pair| ((pair.case, pair.responder), pair.score)).collect();
    let mut seen = HashSet::new();
    let once: Vec<(usize, usize)> = problem.fixed.iter().copied().filter(|pair| seen.insert(*pair)).collect();
    once.into_iter().map(move |(case, responder)| Pair { case, responder, score: scores.get(&(case, responder)).copied().unwrap_or(0) })
}

/// The network without the fixed pairs and the conflicts, and for each edge the place of its pair.
fn network(problem: &Problem) -> (Network, Vec<Vec<usize>>) {
    let mut wants: Vec<u32> = problem.cases.iter().map(|case| case.wants).collect();
    let mut load: Vec<u32> = problem.responders.iter().map(|responder| responder.load).collect();
    let mut taken: HashSet<(usize, usize)> = HashSet::new();
    for pair in fixed_pairs(problem) {
        wants[pair.case] = wants[pair.case].saturating_sub(1);
        load[pair.responder] += 1;
        taken.insert((pair.case, pair.responder));
    }
    let mut edges = vec![Vec::new(); problem.cases.len()];
    let mut places = vec![Vec::new(); problem.cases.len()];
    for (place, pair) in problem.pairs.iter().enumerate() {
        if conflict(problem, pair.case, pair.responder).is_none() && taken.insert((pair.case, pair.responder)) {
            edges[pair.case].push((pair.responder, i64::from(pair.score)));
            places[pair.case].push(place);
        }
    }
    let leave = problem.cases.iter().map(|case| LEAVE + LEAVE_PER_DAY * i64::from(case.waiting_days.min(DAYS_THAT_COUNT))).collect();
    let limit = problem.responders.iter().map(|responder| responder.limit).collect();
    (Network { edges, wants, leave, load, limit, spread: i64::from(problem.weights.spread) }, places)
}

fn plan(problem: &Problem, mut pairs: Vec<(Pair, bool)>) -> Plan {
    pairs.sort_by_key(|(pair, _)| (pair.case, std::cmp::Reverse(pair.score), pair.responder));
    let mut load: Vec<u32> = problem.responders.iter().map(|responder| responder.load).collect();
    let mut got = vec![0u32; problem.cases.len()];
    for (pair, _) in &pairs {
        load[pair.responder] += 1;
        got[pair.case] += 1;
    }
    let candidates = candidates(problem);
    let chosen: HashSet<(usize, usize)> = pairs.iter().map(|(pair, _)| (pair.case, pair.responder)).collect();
    let explained = |(pair, fixed): (Pair, bool)| Assigned {
        case: pair.case,
        responder: pair.responder,
        score: pair.score,
        fixed,
        reasons: reasons(problem, pair, fixed, &candidates[pair.case], &load, &chosen),
    };
    let total_score = pairs.iter().map(|(pair, _)| u64::from(pair.score)).sum();
    let short = |(case, got): (usize, &u32)| {
        let missing = problem.cases[case].wants.saturating_sub(*got);
        (missing > 0).then(|| Unassigned { case, missing, reason: shortage(problem, case, &candidates[case]) })
    };
    let unassigned = got.iter().enumerate().filter_map(short).collect();
    Plan { assigned: pairs.into_iter().map(explained).collect(), unassigned, total_score, max_load: load.into_iter().max().unwrap_or(0) }
}

/// Per case its candidates, best first.
fn candidates(problem: &Problem) -> Vec<Vec<Pair>> {
    let mut candidates = vec![Vec::new(); problem.cases.len()];
    for pair in &problem.pairs {
        candidates[pair.case].push(*pair);
    }
    for of_case in &mut candidates {
        of_case.sort_by_key(|pair: &Pair| (std::cmp::Reverse(pair.score), pair.responder));
    }
    candidates
}

fn reasons(problem: &Problem, pair: Pair, fixed: bool, candidates: &[Pair], load: &[u32], chosen: &HashSet<(usize, usize)>) -> Vec<Text> {
    let responder = &problem.responders[pair.responder];
    let mut reasons = Vec::new();
    if fixed {
        reasons.push(text!("由人工指定", "decided by hand"));
        if let Some(found) = conflict(problem, pair.case, pair.responder) {
            let name = found.name();
            reasons.push(Text::new(format!("注意：{}", name.zh), format!("mind: {}", name.en)));
        }
    }
    let (percent, of) = (pair.score / 10, candidates.len());
    if let Some(rank) = candidates.iter().position(|candidate| candidate.responder == pair.responder) {
        let rank = rank + 1;
        reasons.push(text!("匹配度 {percent}%，在 {of} 个候选中排第 {rank}", "a match of {percent} %, number {rank} of {of} candidates"));
    }
    let (then, limit) = (load[pair.responder], responder.limit);
    reasons.push(text!("分派后在办 {then} 件，上限 {limit} 件", "then has {then} of at most {limit}"));
    let better =
        candidates.iter().take_while(|candidate| candidate.responder != pair.responder).find(|candidate| !chosen.contains(&(pair.case, candidate.responder)));
    if let Some(better) = better.filter(|_| !fixed) {
        reasons.push(passed_over(problem, *better, load));
    }
    reasons
}

/// Why a better candidate was not taken.
fn passed_over(problem: &Problem, better: Pair, load: &[u32]) -> Text {
    let (percent, responder) = (better.score / 10, &problem.responders[better.responder]);
    let why = match conflict(problem, better.case, better.responder) {
        Some(found) => found.name(),
        None if load[better.responder] >= responder.limit => text!("名额用于更需要的对接单", "was needed more elsewhere"),
        None => text!("已承担较多", "has more work already"),
    };
    let id = &responder.id;
    Text::new(format!("匹配度更高的 {id}（{percent}%）{}", why.zh), format!("the better {id} ({percent} %) {}", why.en))
}

fn shortage(problem: &Problem, case: usize, candidates: &[Pair]) -> Text {
    if candidates.is_empty() {
        return text!("没有匹配的候选", "there is no candidate");
    }
    let conflicts: Vec<Conflict> = candidates.iter().filter_map(|pair| conflict(problem, case, pair.responder)).collect();
    if conflicts.len() < candidates.len() {
        let count = candidates.len();
        return text!("{count} 个候选的名额已分给等待更久或更匹配的对接单", "all {count} candidates are taken by cases that wait longer or match better");
    }
    let first = conflicts[0].name();
    Text::new(format!("候选均不可用，例如：{}", first.zh), format!("no candidate is available; for instance the best {}", first.en))
}

/// A single change that would make the plan better – another responder for one case, or two cases
/// exchanging theirs – if there is one; as (case, responder, gain in thousandths). A change that
/// raises the highest load is none.
pub fn improving_swap(problem: &Problem, plan: &Plan) -> Option<(usize, usize, i64)> {
    let (network, _) = network(problem);
    let score: HashMap<(usize, usize), i64> =
        network.edges.iter().enumerate().flat_map(|(case, edges)| edges.iter().map(move |(to, gain)| ((case, *to), *gain))).collect();
    let free: Vec<&Assigned> = plan.assigned.iter().filter(|pair| !pair.fixed).collect();
    let chosen: HashSet<(usize, usize)> = free.iter().map(|pair| (pair.case, pair.responder)).collect();
    let mut load = network.load.clone();
    let mut held = vec![Vec::new(); load.len()];
    for pair in &free {
        load[pair.responder] += 1;
        held[pair.responder].push(pair.case);
    }
    let slot = |load: u32| network.spread * (2 * i64::from(load) + 1);
    for pair in &free {
        let own = i64::from(pair.score);
        for (other, gain) in network.edges[pair.case].iter().filter(|(other, _)| !chosen.contains(&(pair.case, *other))) {
            let moved = gain - own + slot(load[pair.responder] - 1) - slot(load[*other]);
            if load[*other] < network.limit[*other].min(plan.max_load) && moved > 0 {
                return Some((pair.case, *other, moved));
            }
            for case in &held[*other] {
                let back = score.get(&(*case, pair.responder)).filter(|_| !chosen.contains(&(*case, pair.responder)));
                let exchanged = back.map(|back| gain - own + back - score[&(*case, *other)]);
                if let Some(gain) = exchanged.filter(|gain| *gain > 0) {
                    return Some((pair.case, *other, gain));
                }
            }
        }
    }
    None
}
