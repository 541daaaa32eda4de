//! A transfer: what is asked of the ledger, once and for all, under an id of its own.

use crate::account::{is_id_byte, shortened};
use crate::{AccountId, IdFault};
use duijie_vocab::{Fen, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a transfer's id, code or link.
const MAX_ID: usize = 120;

macro_rules! id_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id written as `text`, if it has the form of one.
            pub fn parse(text: &str) -> Result<$name, IdFault> {
                let well_formed = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_id_byte);
                if well_formed { Ok($name(text.to_string())) } else { Err(IdFault::Id(shortened(text))) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdFault;

            fn try_from(text: String) -> Result<$name, IdFault> {
                $name::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_text!(
    /// The id of a transfer. Who asks chooses it, so that asking twice moves money once.
    TransferId
);
id_text!(
    /// Why money moves, such as `voucher.redeem`.
    Code
);

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Moves the amount at once.
    Posted { debit: AccountId, credit: AccountId, amount: Fen },
    /// Reserves the amount until it is posted, voided or expires.
    Pending {
        debit: AccountId,
        credit: AccountId,
        amount: Fen,
        /// From this instant on the reservation can only be expired.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
    },
    /// Moves what was reserved, or less; the rest is released.
    Post {
        pending: TransferId,
        /// All of it where no amount is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Fen>,
    },
    /// Releases what was reserved.
    Void { pending: TransferId },
    /// Releases what was reserved, once its time has come.
    Expire { pending: TransferId },
}

/// What a transfer belongs to. Each is the id of that thing as text; the ledger does not read them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The entitlement that is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voucher: Option<String>,
}

impl Links {
    fn is_empty(&self) -> bool {
        *self == Links::default()
    }

    /// The links that are there, with their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("case", &self.case), ("measure", &self.measure), ("order", &self.order), ("payout", &self.payout), ("voucher", &self.voucher)];
        all.into_iter().filter_map(|(name, link)| link.as_deref().map(|link| (name, link)))
    }
}

/// One request to the ledger. Two requests with the same id have to be equal in every part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    pub code: Code,
    #[serde(flatten)]
    pub act: Act,
    #[serde(default, skip_serializing_if = "Links::is_empty")]
    pub links: Links,
    /// Whether the next transfer of the batch stands or falls with this one. A chain ends with the
    /// first transfer that is not linked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linked: bool,
}

impl Transfer {
    /// A transfer without links that stands alone.
    pub fn new(id: TransferId, code: Code, act: Act) -> Transfer {
        Transfer { id, code, act, links: Links::default(), linked: false }
    }

    #[must_use]
    pub fn with(mut self, links: Links) -> Transfer {
        self.links = links;
        self
    }

    /// The pending transfer that this one is about.
    pub fn pending(&self) -> Option<&TransferId> {
        match &self.act {
            Act::Post { pending, .. } | Act::Void { pending } | Act::Expire { pending } => Some(pending),
            Act::Posted { .. } | Act::Pending { .. } => None,
        }
    }

    /// Links `transfers` to one chain, so that all are posted or none.
    pub fn chain(transfers: &mut [Transfer]) {
        let last = transfers.len().saturating_sub(1);
        for (at, transfer) in transfers.iter_mut().enumerate() {
            transfer.linked = at < last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, read: bool) {
        assert_eq!(serde_json::from_str::<Transfer>(json).is_ok(), read, "{json}");
    }

    #[test]
    fn a_transfer_is_read_back_as_it_was_written() {
        let account = |text| AccountId::parse(text).unwrap();
        let expires = Some(Timestamp::parse("2021-12-31T16:00:00Z").unwrap());
        let act = Act::Pending { debit: account("voucher:320412:V1"), credit: account("agency:320412:A1"), amount: Fen(5), expires };
        let links = Links { order: Some("O1".into()), ..Links::default() };
        let transfer = Transfer::new(TransferId::parse("O1/reserve").unwrap(), Code::parse("voucher.reserve").unwrap(), act).with(links);
        let json = serde_json::to_string(&transfer).unwrap();
        assert_eq!(
            json,
            r#"{"id":"O1/reserve","code":"voucher.reserve","act":"pending","debit":"voucher:320412:V1","credit":"agency:320412:A1","amount":5,"expires":"2021-12-31T16:00:00.000000Z","links":{"order":"O1"}}"#
        );
        assert_eq!(serde_json::from_str::<Transfer>(&json).unwrap(), transfer);
    }

    #[test]
    fn what_is_no_whole_amount_is_not_read() {
        let with = |amount: &str| format!(r#"{{"id":"a","code":"c","act":"posted","debit":"bank:320412:a","credit":"pool:320412:b","amount":{amount}}}"#);
        check(&with("100"), true);
        for amount in ["0.001", "1.5", "NaN", "1e3", "\"100\"", "9223372036854775808", "null", "Infinity"] {
            check(&with(amount), false);
        }
        check(r#"{"id":"a b","code":"c","act":"void","pending":"p"}"#, false);
        check(r#"{"id":"a","code":"c","act":"give","pending":"p"}"#, false);
    }
}
