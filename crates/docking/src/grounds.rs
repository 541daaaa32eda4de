//! Why a responder was chosen: the score of the match with its parts as it was shown, in whole
//! millionths, so that the journal keeps the very numbers that the page showed.

use duijie_vocab::Text;
use serde::{Deserialize, Serialize};

/// The score of a match and everything that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// The sum of the parts.
    pub score: u32,
    pub parts: Vec<Ground>,
    /// What spoke against it or was not known, the weightiest first.
    pub against: Vec<Text>,
    pub shared_terms: Vec<String>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Its word in the API, such as `region`.
    pub part: String,
    pub name: Text,
    /// What it adds to the score.
    pub adds: u32,
    pub known: bool,
    pub reason: Text,
}

impl Grounds {
    /// The score of 100, rounded as people see it.
    pub fn percent(&self) -> u32 {
        (self.score + 5_000) / 10_000
    }
}
