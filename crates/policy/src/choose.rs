//! The best combination of measures for one subject: of each exclusive group at most one is paid in a
//! period, and a pool pays no more than it holds. What pays most together is chosen; the rest is
//! explained.

use crate::decision::{Decision, Outcome};
use crate::period::Period;
use duijie_vocab::{Fen, Lang, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps of the search before it settles for the best found so far.
const MAX_STEPS: usize = 200_000;

/// A measure of the combination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub measure: String,
    pub name: Text,
    pub period: Period,
    pub amount: Fen,
}

/// A measure that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub measure: String,
    pub name: Text,
    pub period: Period,
    pub amount: Fen,
    pub because: Because,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Another measure of the group is paid.
    Excluded { by: Text, by_amount: Fen, group: String },
    /// The pool does not cover it beside what is chosen.
    Pool { pool: String },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combination {
    pub chosen: Vec<Chosen>,
    pub left_out: Vec<LeftOut>,
    pub total: Fen,
    /// Whether no other combination pays more; false when there were too many to try.
    pub proven: bool,
}

impl LeftOut {
    /// `B 不享受：同组（g）的 A 金额更高`.
    pub fn sentence(&self, lang: Lang) -> String {
        let name = self.name.get(lang);
        match (&self.because, lang) {
            (Because::Excluded { by, by_amount, group }, Lang::Zh) => {
                format!("{name}不另享受：与“{}”（{}）同属 {group}，就高不重复", by.zh, by_amount.chinese())
            }
            (Because::Excluded { by, by_amount, group }, Lang::En) => format!("{name} is not paid beside {} ({by_amount}): both belong to {group}", by.en),
            (Because::Pool { pool }, Lang::Zh) => format!("{name}不享受：资金池 {pool} 余额不足"),
            (Because::Pool { pool }, Lang::En) => format!("{name} is not paid: the pool {pool} does not cover it"),
        }
    }
}

/// The combination of the eligible decisions of one subject that pays most. `pools` says what is left
/// in each pool; a pool that is not named is taken to cover everything. Among combinations that pay
/// the same, the one whose larger amounts come first wins, then the one with the smaller ids.
pub fn best_combination(decisions: &[Decision], pools: &BTreeMap<String, Fen>) -> Combination {
    let mut items: Vec<Item<'_>> = decisions
        .iter()
        .filter(|decision| decision.outcome == Outcome::Eligible)
        .map(|decision| Item { decision, amount: decision.amount.map_or(Fen::ZERO, |amount| amount.low) })
        .collect();
    items.sort_by(|a, b| {
        b.amount.cmp(&a.amount).then_with(|| a.decision.measure.cmp(&b.decision.measure)).then_with(|| a.decision.period.cmp(&b.decision.period))
    });
    let mut search = Search { items: &items, rest: rests(&items), best: Vec::new(), best_total: i128::MIN, steps: 0 };
    search.extend(0, &mut Vec::new(), 0, &mut pools.clone());
    let (best, proven) = (search.best, search.steps < MAX_STEPS);
    let chosen: Vec<&Item<'_>> = best.iter().map(|&at| &items[at]).collect();
    let left_out = items.iter().enumerate().filter(|(at, _)| !best.contains(at)).map(|(_, item)| item.left_out(&chosen)).collect();
    Combination {
        total: Fen(i64::try_from(chosen.iter().map(|item| i128::from(item.amount.0)).sum::<i128>()).unwrap_or(i64::MAX)),
        chosen: chosen
            .iter()
            .map(|item| Chosen { measure: item.decision.measure.clone(), name: item.decision.name.clone(), period: item.decision.period, amount: item.amount })
            .collect(),
        left_out,
        proven,
    }
}

struct Item<'d> {
    decision: &'d Decision,
    amount: Fen,
}

impl Item<'_> {
    /// The group in which two measures exclude one another: shared, in periods that overlap.
    fn conflict(&self, other: &Item<'_>) -> Option<&str> {
        let group = self.decision.exclusive.iter().find(|group| other.decision.exclusive.contains(group))?;
        let overlap = match (self.decision.period.days(), other.decision.period.days()) {
            (Some((from, until)), Some((begin, end))) => from <= end && begin <= until,
            _ => true,
        };
        overlap.then_some(group.as_str())
    }

    fn left_out(&self, chosen: &[&Item<'_>]) -> LeftOut {
        let because = chosen.iter().find_map(|other| {
            self.conflict(other).map(|group| Because::Excluded { by: other.decision.name.clone(), by_amount: other.amount, group: group.to_string() })
        });
        LeftOut {
            measure: self.decision.measure.clone(),
            name: self.decision.name.clone(),
            period: self.decision.period,
            amount: self.amount,
            because: because.unwrap_or_else(|| Because::Pool { pool: self.decision.pool.clone().unwrap_or_default() }),
        }
    }
}

/// The most that the items from each place on could still add.
fn rests(items: &[Item<'_>]) -> Vec<i128> {
    let mut rests = vec![0; items.len() + 1];
    for at in (0..items.len()).rev() {
        rests[at] = rests[at + 1] + i128::from(items[at].amount.0.max(0));
    }
    rests
}

struct Search<'s> {
    items: &'s [Item<'s>],
    rest: Vec<i128>,
    best: Vec<usize>,
    best_total: i128,
    steps: usize,
}

impl Search<'_> {
    /// Tries to take each further item before trying to leave it; the first of equal totals is kept.
    fn extend(&mut self, at: usize, taken: &mut Vec<usize>, total: i128, pools: &mut BTreeMap<String, Fen>) {
        self.steps += 1;
        if self.steps >= MAX_STEPS || (total + self.rest[at] <= self.best_total && self.best_total != i128::MIN) && at < self.items.len() {
            return;
        }
        let Some(item) = self.items.get(at) else {
            if total > self.best_total || (total == self.best_total && taken.len() > self.best.len()) {
                self.best_total = total;
                self.best = taken.clone();
            }
            return;
        };
        let free = taken.iter().all(|&other| item.conflict(&self.items[other]).is_none());
        let pool = item.decision.pool.as_ref().filter(|pool| pools.contains_key(*pool)).cloned();
        let covered = pool.as_ref().is_none_or(|pool| pools[pool] >= item.amount);
        if free && covered {
            if let Some(left) = pool.as_ref().and_then(|pool| pools.get_mut(pool)) {
                left.0 -= item.amount.0;
            }
            taken.push(at);
            self.extend(at + 1, taken, total + i128::from(item.amount.0), pools);
            taken.pop();
            if let Some(left) = pool.as_ref().and_then(|pool| pools.get_mut(pool)) {
                left.0 += item.amount.0;
            }
        }
        self.extend(at + 1, taken, total, pools);
    }
}
