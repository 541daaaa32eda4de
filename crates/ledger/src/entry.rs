//! What the ledger keeps of a transfer: the request, what it moved, when, and what became of it.

use crate::account::Total;
use crate::{AccountId, Act, Transfer, TransferId};
use duijie_vocab::{Fen, Timestamp};
use serde::{Deserialize, Serialize};

/// A transfer that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub transfer: Transfer,
    pub moved: Moved,
    pub at: Timestamp,
    pub status: Status,
}

/// The accounts and the amount, also where the request names only a pending transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub debit: AccountId,
    pub credit: AccountId,
    /// What was posted, reserved or released.
    pub amount: Fen,
    /// What the pending transfer had reserved; equal to the amount elsewhere.
    pub reserved: Fen,
}

/// What became of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// Done; nothing follows.
    Final,
    /// Reserved; may still be posted, voided or expired.
    Pending,
    Settled {
        by: TransferId,
    },
    Voided {
        by: TransferId,
    },
    Expired {
        by: TransferId,
    },
}

impl Status {
    /// The status' word in a table.
    pub fn as_str(&self) -> &'static str {
        match self {
            Status::Final => "final",
            Status::Pending => "pending",
            Status::Settled { .. } => "settled",
            Status::Voided { .. } => "voided",
            Status::Expired { .. } => "expired",
        }
    }

    /// The transfer that ended a pending one.
    pub fn by(&self) -> Option<&TransferId> {
        match self {
            Status::Final | Status::Pending => None,
            Status::Settled { by } | Status::Voided { by } | Status::Expired { by } => Some(by),
        }
    }

    /// The status with this word, ended by `by` where it was ended.
    pub fn from_parts(word: &str, by: Option<TransferId>) -> Option<Status> {
        match (word, by) {
            ("final", None) => Some(Status::Final),
            ("pending", None) => Some(Status::Pending),
            ("settled", Some(by)) => Some(Status::Settled { by }),
            ("voided", Some(by)) => Some(Status::Voided { by }),
            ("expired", Some(by)) => Some(Status::Expired { by }),
            _ => None,
        }
    }
}

impl Entry {
    /// The instant from which a reservation can only be expired.
    pub fn expires(&self) -> Option<Timestamp> {
        match &self.transfer.act {
            Act::Pending { expires, .. } => *expires,
            _ => None,
        }
    }

    /// Whether the entry moved posted money.
    pub fn posts(&self) -> bool {
        matches!(self.transfer.act, Act::Posted { .. } | Act::Post { .. })
    }

    /// What the entry adds to the totals of its debit side (first) and its credit side.
    pub(crate) fn effects(&self) -> impl Iterator<Item = ([Total; 2], Fen)> {
        let posted = [Total::DebitsPosted, Total::CreditsPosted];
        let pending = [Total::DebitsPending, Total::CreditsPending];
        let Moved { amount, reserved, .. } = self.moved;
        let released = Fen(-reserved.0);
        let effects = match self.transfer.act {
            Act::Posted { .. } => [Some((posted, amount)), None],
            Act::Pending { .. } => [Some((pending, amount)), None],
            Act::Post { .. } => [Some((pending, released)), Some((posted, amount))],
            Act::Void { .. } | Act::Expire { .. } => [Some((pending, released)), None],
        };
        effects.into_iter().flatten()
    }
}
