//! The states of a case and of an introduction, and the words for them.

use duijie_vocab::{Text, text};
use serde::{Deserialize, Serialize};

/// Where a case 对接单 stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    Draft,
    Submitted,
    Triage,
    Returned,
    Matching,
    Introduced,
    InProgress,
    Agreed,
    Contracted,
    Delivered,
    Closed,
    Escalated,
    Unsolved,
    Withdrawn,
}

/// Where an introduction 推介 of a case to one responder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntroductionState {
    Sent,
    Accepted,
    NotForMe,
    Helped,
    NoHelpAvailable,
    Unreachable,
}

impl CaseState {
    /// Every state, in the order of a case that goes well, then the side tracks.
    pub const ALL: [CaseState; 14] = [
        CaseState::Draft,
        CaseState::Submitted,
        CaseState::Triage,
        CaseState::Returned,
        CaseState::Matching,
        CaseState::Introduced,
        CaseState::InProgress,
        CaseState::Agreed,
        CaseState::Contracted,
        CaseState::Delivered,
        CaseState::Closed,
        CaseState::Escalated,
        CaseState::Unsolved,
        CaseState::Withdrawn,
    ];

    /// The word in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseState::Draft => "draft",
            CaseState::Submitted => "submitted",
            CaseState::Triage => "triage",
            CaseState::Returned => "returned",
            CaseState::Matching => "matching",
            CaseState::Introduced => "introduced",
            CaseState::InProgress => "in_progress",
            CaseState::Agreed => "agreed",
            CaseState::Contracted => "contracted",
            CaseState::Delivered => "delivered",
            CaseState::Closed => "closed",
            CaseState::Escalated => "escalated",
            CaseState::Unsolved => "unsolved",
            CaseState::Withdrawn => "withdrawn",
        }
    }

    /// The state that [`CaseState::as_str`] calls so.
    pub fn parse(word: &str) -> Option<CaseState> {
        CaseState::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What people call it.
    pub fn name(self) -> Text {
        match self {
            CaseState::Draft => text!("草稿", "draft"),
            CaseState::Submitted => text!("已提交", "submitted"),
            CaseState::Triage => text!("审核中", "in triage"),
            CaseState::Returned => text!("已退回", "returned"),
            CaseState::Matching => text!("匹配中", "matching"),
            CaseState::Introduced => text!("已推介", "introduced"),
            CaseState::InProgress => text!("对接中", "in progress"),
            CaseState::Agreed => text!("已达成意向", "agreed"),
            CaseState::Contracted => text!("已签合同", "contracted"),
            CaseState::Delivered => text!("已交付", "delivered"),
            CaseState::Closed => text!("已办结", "closed"),
            CaseState::Escalated => text!("已上报", "escalated"),
            CaseState::Unsolved => text!("未解决", "unsolved"),
            CaseState::Withdrawn => text!("已撤回", "withdrawn"),
        }
    }

    /// Whether somebody still has to do something so that the case goes on.
    pub fn is_open(self) -> bool {
        !matches!(self, CaseState::Closed | CaseState::Unsolved | CaseState::Withdrawn)
    }
}

impl IntroductionState {
    pub const ALL: [IntroductionState; 6] = [
        IntroductionState::Sent,
        IntroductionState::Accepted,
        IntroductionState::NotForMe,
        IntroductionState::Helped,
        IntroductionState::NoHelpAvailable,
        IntroductionState::Unreachable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            IntroductionState::Sent => "sent",
            IntroductionState::Accepted => "accepted",
            IntroductionState::NotForMe => "not_for_me",
            IntroductionState::Helped => "helped",
            IntroductionState::NoHelpAvailable => "no_help_available",
            IntroductionState::Unreachable => "unreachable",
        }
    }

    pub fn name(self) -> Text {
        match self {
            IntroductionState::Sent => text!("待答复", "sent"),
            IntroductionState::Accepted => text!("已接受", "accepted"),
            IntroductionState::NotForMe => text!("不适合", "not for me"),
            IntroductionState::Helped => text!("已帮助", "helped"),
            IntroductionState::NoHelpAvailable => text!("无法帮助", "no help available"),
            IntroductionState::Unreachable => text!("联系不上", "unreachable"),
        }
    }

    /// Whether the responder still has something to do.
    pub fn is_open(self) -> bool {
        matches!(self, IntroductionState::Sent | IntroductionState::Accepted)
    }
}
