//! An introduction 推介: one case sent to one responder, with a status of its own.

use crate::{Grounds, IntroductionState};
use duijie_vocab::{Digest, RecordId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// Who may be able to help: an expert, a team, an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responder {
    /// The id of the record that answers; unique within a case.
    pub id: String,
    pub name: String,
    /// The organization the responder belongs to, for conflicts of interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The offer, instrument or service through which the responder was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<RecordId>,
}

/// One introduction within its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    pub responder: Responder,
    pub state: IntroductionState,
    /// The reasons of the match as they were shown when it was sent.
    pub reasons: Vec<Text>,
    /// The whole score of the match, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Grounds>,
    /// When it was sent, or sent again.
    pub sent: Timestamp,
    /// 1, and one more for each time it was sent again: clocks of an earlier round count no more.
    pub round: u32,
    /// The first answer in this round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// What the responder said last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The digest of the confidentiality promise that the responder signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Digest>,
    #[serde(default)]
    pub seeker_consents: bool,
    #[serde(default)]
    pub responder_consents: bool,
}

impl Introduction {
    /// An introduction as it is when it has just been sent.
    pub fn sent(responder: Responder, reasons: Vec<Text>, at: Timestamp) -> Introduction {
        Introduction {
            responder,
            state: IntroductionState::Sent,
            reasons,
            grounds: None,
            sent: at,
            round: 1,
            answered: None,
            said: String::new(),
            promise: None,
            seeker_consents: false,
            responder_consents: false,
        }
    }
}
