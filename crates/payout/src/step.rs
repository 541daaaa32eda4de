//! What one step of a promise leaves: the new value, what to write into the journal, which money
//! moves with it, and whom to tell.

use crate::name::{act_name, state_name};
use duijie_ledger::{Code, IdFault, Links, Transfer, TransferId};
use duijie_vocab::{RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A step that was taken. Value, transfers and notices belong into one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step that is not stored has not happened"]
pub struct Step<T> {
    pub after: T,
    pub did: Did,
    pub transfers: Vec<Transfer>,
    pub notices: Vec<Notice>,
}

/// What was done, for the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// The act's word, such as `approve`.
    pub act: String,
    pub words: Text,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

/// Somebody who has to hear of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Organization(RecordId),
    /// The officers of a region.
    Office(RegionCode),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub to: Party,
    pub words: Text,
}

/// Who takes a step, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The login of a person, or `system`.
    pub person: String,
    pub at: Timestamp,
}

/// Why a step was not taken. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("`{act}` is not possible while it is `{state}`")]
    NotFromHere { state: &'static str, act: &'static str },
    /// A rule forbids it; the text says which.
    #[error("{}", .1.en)]
    Rule(&'static str, Text),
    #[error(transparent)]
    Id(#[from] IdFault),
}

impl Refused {
    /// A stable name that programs may branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Refused::NotFromHere { .. } => "payout.not_from_here",
            Refused::Rule(code, _) => code,
            Refused::Id(_) => "payout.id",
        }
    }

    /// The sentence a person reads.
    pub fn reason(&self) -> Text {
        match self {
            Refused::NotFromHere { state, act } => {
                let (state, act) = (state_name(state), act_name(act));
                Text::new(format!("现在是“{}”，不能“{}”", state.zh, act.zh), format!("it is {} now, so “{}” is not possible", state.en, act.en))
            }
            Refused::Rule(_, text) => text.clone(),
            Refused::Id(fault) => text!("编号有误：{fault}", "{fault}"),
        }
    }
}

impl<T> Step<T> {
    pub(crate) fn new(after: T, act: &str, words: Text) -> Step<T> {
        Step { after, did: Did { act: act.to_string(), words, details: BTreeMap::new() }, transfers: Vec::new(), notices: Vec::new() }
    }

    pub(crate) fn detail(mut self, name: &str, value: impl ToString) -> Step<T> {
        self.did.details.insert(name.to_string(), value.to_string());
        self
    }

    pub(crate) fn moving(mut self, transfers: impl IntoIterator<Item = Transfer>) -> Step<T> {
        self.transfers.extend(transfers);
        Transfer::chain(&mut self.transfers);
        self
    }

    pub(crate) fn tell(mut self, to: Party, words: Text) -> Step<T> {
        self.notices.push(Notice { to, words });
        self
    }

    /// The same step with its value wrapped into another one.
    pub fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Step<U> {
        Step { after: wrap(self.after), did: self.did, transfers: self.transfers, notices: self.notices }
    }
}

/// A transfer of a step: `code` names why, the id is made of the subject and a word that is unique
/// for it, so that a step that is stored twice moves money once.
pub(crate) fn transfer(subject: &str, word: &str, code: &str, act: duijie_ledger::Act, links: Links) -> Result<Transfer, Refused> {
    let id = TransferId::parse(&format!("{subject}/{word}"))?;
    Ok(Transfer::new(id, Code::parse(code)?, act).with(links))
}

/// A reason or number that may not be left out.
pub(crate) fn needed(given: &str) -> Result<String, Refused> {
    let bare = given.trim();
    if bare.is_empty() || bare.chars().count() > 500 {
        return Err(Refused::Rule("payout.words", text!("须写明，且不超过 500 字", "this may not be left out and has at most 500 characters")));
    }
    Ok(bare.to_string())
}
