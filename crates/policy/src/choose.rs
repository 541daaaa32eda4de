//! The best combination of measures for one subject: of each exclusive group at most one is paid in a
//! period, measures that share a limit pay no more than it together in a year, and a pool pays no more
//! than it holds. What pays most together is chosen; the rest is explained.

use crate::decision::{Decision, Outcome};
use crate::measure::SharedCap;
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
    /// What is paid, after a limit that is shared.
    pub amount: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<Reduced>,
}

/// What a measure would pay alone, and the limit that leaves less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    pub from: Fen,
    pub group: String,
    pub cap: Fen,
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
    /// The limit shared with what is chosen is used up.
    SharedCap { group: String, cap: Fen },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combination {
    pub chosen: Vec<Chosen>,
    pub left_out: Vec<LeftOut>,
    pub total: Fen,
    /// Whether no other combination pays more; false when there were too many to try.
    pub proven: bool,
}

impl Chosen {
    /// `A 由 100万元 减为 50万元：与同组措施合计最高 150万元`; nothing when it is paid in full.
    pub fn sentence(&self, lang: Lang) -> Option<String> {
        let Reduced { from, group, cap } = self.reduced.as_ref()?;
        let (name, amount) = (self.name.get(lang), self.amount);
        Some(match lang {
            Lang::Zh => format!("{name}由{}减为{}：{group} 各项合计每年最高{}", from.chinese(), amount.chinese(), cap.chinese()),
            Lang::En => format!("{name} pays {amount} instead of {from}: all of {group} together pay at most {cap} a year"),
        })
    }
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
            (Because::SharedCap { group, cap }, Lang::Zh) => format!("{name}不享受：{group} 各项合计每年最高{}，已经用完", cap.chinese()),
            (Because::SharedCap { group, cap }, Lang::En) => format!("{name} is not paid: all of {group} together pay at most {cap} a year, which is used up"),
        }
    }
}

/// What one measure would pay a subject, and what it may not be paid beside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'d> {
    pub(crate) measure: &'d str,
    pub(crate) name: &'d Text,
    pub(crate) period: Period,
    pub(crate) amount: Fen,
    pub(crate) exclusive: &'d [String],
    pub(crate) shared_cap: Option<&'d SharedCap>,
    pub(crate) pool: Option<&'d str>,
}

/// The combination of the eligible decisions of one subject that pays most. `pools` says what is left
/// in each pool; a pool that is not named is taken to cover everything. Measures that share a limit are
/// paid from it in the order of their amounts, the last of them what is left. Among combinations that pay
/// the same, the one whose larger amounts come first wins, then the one with the smaller ids.
pub fn best_combination(decisions: &[Decision], pools: &BTreeMap<String, Fen>) -> Combination {
    let eligible = decisions.iter().filter(|decision| decision.outcome == Outcome::Eligible);
    let claims = eligible.map(|decision| Claim {
        measure: &decision.measure,
        name: &decision.name,
        period: decision.period,
        amount: decision.amount.map_or(Fen::ZERO, |amount| amount.low),
        exclusive: &decision.exclusive,
        shared_cap: decision.shared_cap.as_ref(),
        pool: decision.pool.as_deref(),
    });
    best_of(claims.collect(), pools)
}

/// As [`best_combination`], of what measures would pay.
pub(crate) fn best_of(mut items: Vec<Claim<'_>>, pools: &BTreeMap<String, Fen>) -> Combination {
    items.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.measure.cmp(b.measure)).then_with(|| a.period.cmp(&b.period)));
    let mut search = Search { items: &items, rest: rests(&items), best: Vec::new(), best_total: i128::MIN, steps: 0 };
    search.extend(0, &mut Vec::new(), 0, &mut Left { pools: pools.clone(), used: BTreeMap::new() });
    let (best, proven) = (search.best, search.steps < MAX_STEPS);
    let chosen: Vec<(&Claim<'_>, Fen)> = best.iter().map(|&(at, paid)| (&items[at], paid)).collect();
    let is_chosen = |at: usize| best.iter().any(|&(chosen, _)| chosen == at);
    let left_out = items.iter().enumerate().filter(|(at, _)| !is_chosen(*at)).map(|(_, item)| item.left_out(&chosen)).collect();
    Combination {
        total: Fen(i64::try_from(chosen.iter().map(|(_, paid)| i128::from(paid.0)).sum::<i128>()).unwrap_or(i64::MAX)),
        chosen: chosen.iter().map(|(item, paid)| item.chosen(*paid)).collect(),
        left_out,
        proven,
    }
}

/// What is left in pools, and what was paid of shared limits by group and year.
struct Left<'d> {
    pools: BTreeMap<String, Fen>,
    used: BTreeMap<(&'d str, Option<i16>), Fen>,
}

impl Claim<'_> {
    /// The group in which two measures exclude one another: shared, in periods that overlap.
    fn conflict(&self, other: &Claim<'_>) -> Option<&str> {
        let group = self.exclusive.iter().find(|group| other.exclusive.contains(group))?;
        let overlap = match (self.period.days(), other.period.days()) {
            (Some((from, until)), Some((begin, end))) => from <= end && begin <= until,
            _ => true,
        };
        overlap.then_some(group.as_str())
    }

    /// The group and year of its shared limit, and the limit.
    fn cap(&self) -> Option<((&str, Option<i16>), Fen)> {
        let shared = self.shared_cap?;
        Some(((shared.group.as_str(), self.period.year()), shared.cap))
    }

    fn chosen(&self, paid: Fen) -> Chosen {
        let shared = self.shared_cap.filter(|_| paid < self.amount);
        Chosen {
            measure: self.measure.to_string(),
            name: self.name.clone(),
            period: self.period,
            amount: paid,
            reduced: shared.map(|shared| Reduced { from: self.amount, group: shared.group.clone(), cap: shared.cap }),
        }
    }

    /// Whether what is chosen leaves nothing of its shared limit.
    fn used_up(&self, chosen: &[(&Claim<'_>, Fen)]) -> Option<Because> {
        let (key, cap) = self.cap()?;
        let used: i128 = chosen.iter().filter(|(other, _)| other.cap().is_some_and(|(of, _)| of == key)).map(|(_, paid)| i128::from(paid.0)).sum();
        let shared = self.shared_cap?;
        (used >= i128::from(cap.0)).then(|| Because::SharedCap { group: shared.group.clone(), cap })
    }

    fn left_out(&self, chosen: &[(&Claim<'_>, Fen)]) -> LeftOut {
        let because = chosen.iter().find_map(|(other, _)| {
            self.conflict(other).map(|group| Because::Excluded { by: other.name.clone(), by_amount: other.amount, group: group.to_string() })
        });
        LeftOut {
            measure: self.measure.to_string(),
            name: self.name.clone(),
            period: self.period,
            amount: self.amount,
            because: because.or_else(|| self.used_up(chosen)).unwrap_or_else(|| Because::Pool { pool: self.pool.unwrap_or_default().to_string() }),
        }
    }
}

/// The most that the items from each place on could still add.
fn rests(items: &[Claim<'_>]) -> Vec<i128> {
    let mut rests = vec![0; items.len() + 1];
    for at in (0..items.len()).rev() {
        rests[at] = rests[at + 1] + i128::from(items[at].amount.0.max(0));
    }
    rests
}

struct Search<'s> {
    items: &'s [Claim<'s>],
    rest: Vec<i128>,
    /// Places of items, each with what it is paid.
    best: Vec<(usize, Fen)>,
    best_total: i128,
    steps: usize,
}

impl<'s> Search<'s> {
    /// Tries to take each further item before trying to leave it; the first of equal totals is kept.
    fn extend(&mut self, at: usize, taken: &mut Vec<(usize, Fen)>, total: i128, left: &mut Left<'s>) {
        self.steps += 1;
        if self.steps >= MAX_STEPS || (total + self.rest[at] <= self.best_total && self.best_total != i128::MIN) && at < self.items.len() {
            return;
        }
        let items = self.items;
        let Some(item) = items.get(at) else {
            if total > self.best_total || (total == self.best_total && taken.len() > self.best.len()) {
                self.best_total = total;
                self.best = taken.clone();
            }
            return;
        };
        let free = taken.iter().all(|&(other, _)| item.conflict(&items[other]).is_none());
        if let Some(paid) = left.of(item).filter(|_| free) {
            left.take(item, paid);
            taken.push((at, paid));
            self.extend(at + 1, taken, total + i128::from(paid.0), left);
            taken.pop();
            left.take(item, Fen(-paid.0));
        }
        self.extend(at + 1, taken, total, left);
    }
}

impl<'s> Left<'s> {
    /// What an item can be paid; nothing when its limit is used up or its pool does not cover it.
    fn of(&self, item: &Claim<'_>) -> Option<Fen> {
        let left = item.cap().map(|(key, cap)| Fen(cap.0 - self.used.get(&key).map_or(0, |used| used.0)));
        let paid = left.map_or(item.amount, |left| item.amount.min(left));
        let worth = paid > Fen::ZERO || item.amount <= Fen::ZERO;
        let covered = item.pool.and_then(|pool| self.pools.get(pool)).is_none_or(|&pool| pool >= paid);
        (worth && covered).then_some(paid)
    }

    fn take(&mut self, item: &'s Claim<'s>, paid: Fen) {
        if let Some(pool) = item.pool.and_then(|pool| self.pools.get_mut(pool)) {
            pool.0 -= paid.0;
        }
        if let Some((key, _)) = item.cap() {
            self.used.entry(key).or_default().0 += paid.0;
        }
    }
}
