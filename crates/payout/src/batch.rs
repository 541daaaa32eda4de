//! A batch run: from what the policy engine decided for a measure and a period to who is paid how
//! much out of which pool, and why everybody else is not.

use crate::share::{Ask, Order, share};
use duijie_vocab::{Fen, RecordId, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One firm as the policy engine decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub firm: RecordId,
    pub name: String,
    pub outcome: Decided,
    /// When the firm asked, or was first found to be entitled.
    pub arrived: Timestamp,
    pub score: i64,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decided", rename_all = "snake_case")]
pub enum Decided {
    Eligible {
        amount: Fen,
    },
    NotEligible {
        reason: Text,
    },
    /// A person has to confirm something first.
    NeedsReview {
        reason: Text,
    },
    /// Facts are missing without which nothing can be decided.
    Unknown {
        facts: Vec<Text>,
    },
    /// Another measure of the same group pays more.
    Excluded {
        group: String,
        by: Text,
        by_amount: Fen,
    },
    /// Already paid, or on its way, for this measure and period.
    Already {
        id: String,
    },
}

/// A firm's row in the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub firm: RecordId,
    pub name: String,
    /// What the measure promises; zero where it promises nothing yet.
    pub asked: Fen,
    /// What the pool pays.
    pub pays: Fen,
    pub verdict: Verdict,
    pub reason: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pays,
    /// Pays less than was promised, because the pool is shared.
    PaysPart,
    PoolDry,
    Excluded,
    Unknown,
    NeedsReview,
    NotEligible,
    Already,
}

/// What a run would do. Nothing has moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub rows: Vec<Row>,
    pub pool: Fen,
    pub asked: Fen,
    pub pays: Fen,
    pub order: Order,
    pub counts: BTreeMap<Verdict, usize>,
}

/// The preview for `candidates` out of a pool that still holds `pool`, who is paid first.
pub fn preview(candidates: Vec<Candidate>, pool: Fen, order: Order) -> Preview {
    let asks: Vec<Ask> = candidates.iter().filter_map(ask).collect();
    let mut given = share(&asks, pool, order).into_iter();
    let mut rows: Vec<Row> = candidates.into_iter().map(|candidate| row(candidate, &mut given)).collect();
    rows.sort_by(|a, b| (a.verdict, b.pays, &a.name, &a.firm).cmp(&(b.verdict, a.pays, &b.name, &b.firm)));
    let mut counts = BTreeMap::new();
    for row in &rows {
        *counts.entry(row.verdict).or_default() += 1;
    }
    let sum = |of: fn(&Row) -> Fen| Fen(rows.iter().fold(0i64, |sum, row| sum.saturating_add(of(row).0)));
    Preview { pool, asked: sum(|row| row.asked), pays: sum(|row| row.pays), order, counts, rows }
}

fn ask(candidate: &Candidate) -> Option<Ask> {
    match candidate.outcome {
        Decided::Eligible { amount } => Some(Ask { id: candidate.firm.to_string(), amount, arrived: candidate.arrived, score: candidate.score }),
        _ => None,
    }
}

fn row(candidate: Candidate, given: &mut impl Iterator<Item = Fen>) -> Row {
    let (verdict, asked, pays, reason) = match candidate.outcome {
        Decided::Eligible { amount } => {
            let pays = given.next().unwrap_or_default();
            let (verdict, reason) = paid(amount, pays);
            (verdict, amount, pays, reason)
        }
        Decided::NotEligible { reason } => (Verdict::NotEligible, Fen::ZERO, Fen::ZERO, reason),
        Decided::NeedsReview { reason } => (Verdict::NeedsReview, Fen::ZERO, Fen::ZERO, reason),
        Decided::Unknown { facts } => (Verdict::Unknown, Fen::ZERO, Fen::ZERO, wants(&facts)),
        Decided::Excluded { group, by, by_amount } => {
            let shown = by_amount.chinese();
            let reason = Text::new(
                format!("与“{}”（{shown}）同属 {group}，就高不重复", by.zh),
                format!("not paid beside {} ({by_amount}): both belong to {group}, the higher is paid", by.en),
            );
            (Verdict::Excluded, Fen::ZERO, Fen::ZERO, reason)
        }
        Decided::Already { id } => (Verdict::Already, Fen::ZERO, Fen::ZERO, text!("本期已有兑付 {id}", "there is already {id} for this period")),
    };
    Row { firm: candidate.firm, name: candidate.name, asked, pays, verdict, reason }
}

fn paid(asked: Fen, pays: Fen) -> (Verdict, Text) {
    let (asked_zh, pays_zh) = (asked.chinese(), pays.chinese());
    if pays.0 <= 0 {
        (Verdict::PoolDry, text!("资金池余额不足以支付 {asked_zh}", "the pool does not cover {asked}"))
    } else if pays < asked {
        (Verdict::PaysPart, text!("资金池按比例支付 {pays_zh}，应付 {asked_zh}", "the pool pays {pays} of {asked}"))
    } else {
        (Verdict::Pays, text!("支付 {pays_zh}", "pays {pays}"))
    }
}

fn wants(facts: &[Text]) -> Text {
    let join = |of: fn(&Text) -> &str, with: &str| facts.iter().map(of).collect::<Vec<_>>().join(with);
    Text::new(format!("缺少：{}", join(|fact| &fact.zh, "、")), format!("missing: {}", join(|fact| &fact.en, ", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_row_with_a_reason() {
        let candidate = |n: u8, outcome| Candidate {
            firm: RecordId::derive("org", &n.to_string()),
            name: format!("企业{n}"),
            outcome,
            arrived: Timestamp::from_micros(i64::from(n)).unwrap(),
            score: 0,
        };
        let candidates = vec![
            candidate(1, Decided::Unknown { facts: vec![text!("纳税总额 2019年", "tax 2019")] }),
            candidate(2, Decided::Eligible { amount: Fen(70) }),
            candidate(3, Decided::Eligible { amount: Fen(60) }),
            candidate(4, Decided::Excluded { group: "g".into(), by: text!("甲", "A"), by_amount: Fen(9) }),
        ];
        let found = preview(candidates, Fen(100), Order::FirstCome);
        let shown: Vec<_> = found.rows.iter().map(|row| (row.name.as_str(), row.verdict, row.pays.0)).collect();
        assert_eq!(shown, [("企业2", Verdict::Pays, 70), ("企业3", Verdict::PoolDry, 0), ("企业4", Verdict::Excluded, 0), ("企业1", Verdict::Unknown, 0)]);
        assert!(found.rows.iter().all(|row| !row.reason.zh.is_empty() && !row.reason.en.is_empty()));
        assert_eq!((found.asked, found.pays), (Fen(130), Fen(70)));
        assert_eq!(found.rows[3].reason.zh, "缺少：纳税总额 2019年");
    }
}
