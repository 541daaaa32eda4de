//! What an entitlement is about: who, under which measure, how much, out of which pool, and the
//! decision that it rests on. None of it changes while the entitlement moves.

use crate::risk::Risk;
use duijie_ledger::{AccountId, Links};
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub id: RecordId,
    pub measure: String,
    /// The period that is paid for, such as `2021`.
    pub period: String,
    pub firm: RecordId,
    pub region: RegionCode,
    pub pool: AccountId,
    /// The treasury's account that pays.
    pub bank: AccountId,
    pub amount: Fen,
    pub decision: DecidedUnder,
    pub risk: Risk,
    /// The entitlement whose appeal was upheld, if this one replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<RecordId>,
    /// How often money was reserved and given back, so that each time has transfers of its own.
    #[serde(default)]
    pub round: u32,
}

/// What is needed to decide again: the rule's version, the day, and the last entry of the journal
/// whose facts were seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedUnder {
    pub rule_version: u32,
    pub on: Date,
    pub as_of_entry: i64,
    /// The digest of the decision with all its reasons.
    pub digest: Digest,
}

/// More appeals than anybody hears for one payout.
const MAX_TURNS: u32 = 1_000;

impl Claim {
    /// The id of the entitlement of a firm under a measure for a period. `turn` is 0 first, and one
    /// more for each appeal that was upheld. Who runs a batch twice makes the same ids.
    pub fn id_of(measure: &str, period: &str, firm: &RecordId, turn: u32) -> RecordId {
        RecordId::derive("ent", &format!("{measure}|{period}|{firm}|{turn}"))
    }

    /// The id of the entitlement that takes the place of this one after an upheld appeal.
    pub fn next_id(&self) -> RecordId {
        let id = |turn| Claim::id_of(&self.measure, &self.period, &self.firm, turn);
        let turn = (0..).find(|turn| id(*turn) == self.id || *turn == MAX_TURNS).unwrap_or(MAX_TURNS);
        id(turn + 1)
    }

    /// The account of the payout under way.
    pub(crate) fn payee(&self) -> Result<AccountId, duijie_ledger::IdFault> {
        AccountId::new(duijie_ledger::AccountKind::Payee, self.region, self.firm.as_str())
    }

    pub(crate) fn links(&self) -> Links {
        Links { measure: Some(self.measure.clone()), payout: Some(self.id.to_string()), ..Links::default() }
    }
}
