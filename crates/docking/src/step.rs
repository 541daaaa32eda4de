//! What an act leaves behind: the case after it, the line for journal and timeline, and who has to
//! hear of it.

use crate::{Act, Case, CaseState, Hat, Notice};
use duijie_vocab::{Text, Timestamp};
use serde::{Deserialize, Serialize};

/// An act that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub after: Case,
    pub did: Did,
    pub notices: Vec<Notice>,
}

/// One line of the timeline: who did what when, and from which state to which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// The version of the case after it.
    pub version: u32,
    pub at: Timestamp,
    /// The actor, as the journal names it.
    pub by: String,
    pub hat: Hat,
    /// For whom a seeker or responder acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CaseState>,
    pub to: CaseState,
    pub act: Act,
}

/// Why steps are no timeline of a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldFault {
    #[error("the timeline does not begin with opening a case")]
    Opening,
    #[error("step {found} stands where step {expected} belongs")]
    Version { expected: u32, found: u32 },
    #[error("step {version} starts from a state that the case is not in")]
    State { version: u32 },
}

impl Did {
    /// The line in words: `经办人：审核通过（审核中 → 匹配中）`.
    pub fn sentence(&self) -> Text {
        let (who, act, to) = (self.hat.name(), self.act.verb().name(), self.to.name());
        let (zh, en) = (format!("{}：{}", who.zh, act.zh), format!("{}: {}", who.en, act.en));
        match self.from.filter(|from| *from != self.to).map(CaseState::name) {
            Some(from) => Text::new(format!("{zh}（{} → {}）", from.zh, to.zh), format!("{en} ({} → {})", from.en, to.en)),
            None => Text::new(zh, en),
        }
    }
}
