//! What belongs to an entitlement in each of its states. Each state is a type, so that a step can
//! only be written for the states from which it may be taken.

use crate::step::By;
use duijie_vocab::{Fen, Timestamp};
use serde::{Deserialize, Serialize};

/// Found by a batch run; nobody was told yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    pub by: By,
}

/// The firm was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub by: By,
}

/// The firm agreed and named its bank account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    pub payee: Named,
    /// The check that a sampled entitlement needs before it can be approved.
    pub checked: Option<Checked>,
}

/// A person looks at it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderReview {
    pub payee: Named,
    pub reason: String,
    pub by: By,
}

/// Approved by one of the two who are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsed {
    pub payee: Named,
    pub first: By,
}

/// Approved; the money is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub payee: Named,
    pub signed: Vec<By>,
}

/// On a published list 公示; whoever objects does so before `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub payee: Named,
    pub signed: Vec<By>,
    pub list: String,
    pub until: Timestamp,
}

/// In a payment file that the bank has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    pub payee: Named,
    pub signed: Vec<By>,
    pub list: String,
    pub file: String,
    pub by: By,
}

/// The bank paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    pub list: String,
    pub file: String,
    /// The bank's own number of the payment.
    pub bank_serial: String,
    pub by: By,
}

/// Paid and closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    pub list: String,
    pub file: String,
    pub bank_serial: String,
    pub by: By,
}

/// Paid, and asked back in whole or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    pub amount: Fen,
    pub reason: String,
    pub by: By,
}

/// What was asked back has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    pub amount: Fen,
    pub bank_serial: String,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub reason: String,
    /// Whether an appeal was heard already, after which there is no other.
    pub appeal_heard: bool,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appealed {
    /// Why it had been rejected.
    pub rejected_for: String,
    pub reason: String,
    pub by: By,
}

/// The appeal was right; another entitlement stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    pub reason: String,
    pub by: By,
}

/// The firm did not want it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub reason: String,
    pub by: By,
}

/// Who gets the money, as the firm named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    pub name: String,
    pub bank: String,
    pub account: String,
}

/// A payee and who named it: whoever did does not approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    #[serde(flatten)]
    pub payee: Payee,
    pub by: By,
}

/// A sampled entitlement was looked at and found right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub opinion: String,
    pub by: By,
}
