//! An entitlement in whatever state it was stored, and the table of the steps between states.

use crate::claim::Claim;
use crate::entitlement::{Approval, Entitlement, Terms};
use crate::state::*;
use crate::step::{By, Refused, Step};
use duijie_vocab::{Fen, Text, text};
use serde::{Deserialize, Serialize};

macro_rules! states {
    ($($state:ident $word:literal $zh:literal $en:literal),* $(,)?) => {
        /// An entitlement in any of its states.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "state", rename_all = "snake_case")]
        pub enum AnyEntitlement {
            $($state(Entitlement<$state>),)*
        }

        $(impl From<Entitlement<$state>> for AnyEntitlement {
            fn from(value: Entitlement<$state>) -> AnyEntitlement {
                AnyEntitlement::$state(value)
            }
        })*

        impl AnyEntitlement {
            /// The words of all states.
            pub const STATES: &[&str] = &[$($word),*];

            /// The state's word.
            pub fn state(&self) -> &'static str {
                match self { $(AnyEntitlement::$state(_) => $word,)* }
            }

            /// What it is about.
            pub fn claim(&self) -> &Claim {
                match self { $(AnyEntitlement::$state(value) => &value.claim,)* }
            }

            /// The state's name for people.
            pub fn state_name(word: &str) -> Option<Text> {
                match word { $($word => Some(text!($zh, $en)),)* _ => None }
            }
        }
    };
}

states! {
    Matched "matched" "已匹配" "matched",
    Pushed "pushed" "已推送" "pushed",
    Confirmed "confirmed" "已确认" "confirmed",
    UnderReview "under_review" "核查中" "under review",
    Endorsed "endorsed" "初审通过" "endorsed",
    Approved "approved" "已审批" "approved",
    Published "published" "公示中" "published",
    Ordered "ordered" "付款中" "payment ordered",
    Paid "paid" "已兑付" "paid",
    Archived "archived" "已归档" "archived",
    Recalled "recalled" "追回中" "recalled",
    Recovered "recovered" "已追回" "recovered",
    Rejected "rejected" "已驳回" "rejected",
    Appealed "appealed" "申诉中" "appealed",
    Replaced "replaced" "已改判" "replaced",
    Withdrawn "withdrawn" "已放弃" "withdrawn",
}

/// A step that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    Push,
    Confirm { payee: Payee },
    Review { reason: String },
    Clear { opinion: String },
    Approve,
    Publish { list: String },
    Object { reason: String },
    Order { file: String },
    Settle { bank_serial: String },
    Bounce { reason: String },
    Archive,
    Recall { amount: Fen, reason: String },
    Recover { bank_serial: String },
    Reject { reason: String },
    Appeal { reason: String },
    Dismiss { reason: String },
    Uphold { reason: String },
    Withdraw { reason: String },
}

impl Act {
    /// The act called `word` that needs nothing but a reason; `None` for any other word.
    pub fn with_reason(word: &str, reason: String) -> Option<Act> {
        Some(match word {
            "review" => Act::Review { reason },
            "clear" => Act::Clear { opinion: reason },
            "object" => Act::Object { reason },
            "reject" => Act::Reject { reason },
            "appeal" => Act::Appeal { reason },
            "dismiss" => Act::Dismiss { reason },
            "uphold" => Act::Uphold { reason },
            "withdraw" => Act::Withdraw { reason },
            _ => return None,
        })
    }

    /// The words of all acts.
    pub const ALL: &[&str] = &[
        "push", "confirm", "review", "clear", "approve", "publish", "object", "order", "settle", "bounce", "archive", "recall", "recover", "reject", "appeal",
        "dismiss", "uphold", "withdraw",
    ];

    /// The act's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Act::Push => "push",
            Act::Confirm { .. } => "confirm",
            Act::Review { .. } => "review",
            Act::Clear { .. } => "clear",
            Act::Approve => "approve",
            Act::Publish { .. } => "publish",
            Act::Object { .. } => "object",
            Act::Order { .. } => "order",
            Act::Settle { .. } => "settle",
            Act::Bounce { .. } => "bounce",
            Act::Archive => "archive",
            Act::Recall { .. } => "recall",
            Act::Recover { .. } => "recover",
            Act::Reject { .. } => "reject",
            Act::Appeal { .. } => "appeal",
            Act::Dismiss { .. } => "dismiss",
            Act::Uphold { .. } => "uphold",
            Act::Withdraw { .. } => "withdraw",
        }
    }
}

/// From, act, to: every step there is. Approving leads to `endorsed` above the limit.
pub const STEPS: &[(&str, &str, &str)] = &[
    ("matched", "push", "pushed"),
    ("matched", "reject", "rejected"),
    ("matched", "withdraw", "withdrawn"),
    ("pushed", "confirm", "confirmed"),
    ("pushed", "reject", "rejected"),
    ("pushed", "withdraw", "withdrawn"),
    ("confirmed", "review", "under_review"),
    ("confirmed", "approve", "approved"),
    ("confirmed", "approve", "endorsed"),
    ("confirmed", "reject", "rejected"),
    ("confirmed", "withdraw", "withdrawn"),
    ("under_review", "clear", "confirmed"),
    ("under_review", "reject", "rejected"),
    ("under_review", "withdraw", "withdrawn"),
    ("endorsed", "approve", "approved"),
    ("endorsed", "review", "under_review"),
    ("endorsed", "reject", "rejected"),
    ("endorsed", "withdraw", "withdrawn"),
    ("approved", "publish", "published"),
    ("approved", "reject", "rejected"),
    ("approved", "withdraw", "withdrawn"),
    ("published", "object", "under_review"),
    ("published", "order", "ordered"),
    ("published", "withdraw", "withdrawn"),
    ("ordered", "settle", "paid"),
    ("ordered", "bounce", "pushed"),
    ("paid", "archive", "archived"),
    ("paid", "recall", "recalled"),
    ("archived", "recall", "recalled"),
    ("recalled", "recover", "recovered"),
    ("rejected", "appeal", "appealed"),
    ("appealed", "dismiss", "rejected"),
    ("appealed", "uphold", "replaced"),
];

/// The acts that are possible in a state, in the order of the table.
pub fn possible(state: &str) -> Vec<&'static str> {
    let mut acts: Vec<&'static str> = STEPS.iter().filter(|(from, _, _)| *from == state).map(|(_, act, _)| *act).collect();
    acts.dedup();
    acts
}

impl AnyEntitlement {
    /// Takes the step, if it is one of this state.
    pub fn take(self, act: Act, by: &By, terms: &Terms) -> Result<Step<AnyEntitlement>, Refused> {
        use AnyEntitlement as At;
        match (self, act) {
            (At::Matched(e), Act::Push) => any(e.push(by)),
            (At::Matched(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::Matched(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::Pushed(e), Act::Confirm { payee }) => any(e.confirm(by, payee)),
            (At::Pushed(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::Pushed(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::Confirmed(e), Act::Review { reason }) => any(e.review(by, &reason)),
            (At::Confirmed(e), Act::Approve) => e.approve(by, terms).map(|step| step.map(AnyEntitlement::from)),
            (At::Confirmed(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::Confirmed(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::UnderReview(e), Act::Clear { opinion }) => any(e.clear(by, &opinion)),
            (At::UnderReview(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::UnderReview(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::Endorsed(e), Act::Approve) => any(e.approve(by)),
            (At::Endorsed(e), Act::Review { reason }) => any(e.review(by, &reason)),
            (At::Endorsed(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::Endorsed(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (from, act) => from.take_later(act, by, terms),
        }
    }

    /// The steps once the money is reserved.
    fn take_later(self, act: Act, by: &By, terms: &Terms) -> Result<Step<AnyEntitlement>, Refused> {
        use AnyEntitlement as At;
        match (self, act) {
            (At::Approved(e), Act::Publish { list }) => any(e.publish(by, &list, terms)),
            (At::Approved(e), Act::Reject { reason }) => any(e.reject(by, &reason)),
            (At::Approved(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::Published(e), Act::Object { reason }) => any(e.object(by, &reason)),
            (At::Published(e), Act::Order { file }) => any(e.order(by, &file)),
            (At::Published(e), Act::Withdraw { reason }) => any(e.withdraw(by, &reason)),
            (At::Ordered(e), Act::Settle { bank_serial }) => any(e.settle(by, &bank_serial)),
            (At::Ordered(e), Act::Bounce { reason }) => any(e.bounce(by, &reason)),
            (At::Paid(e), Act::Archive) => any(e.archive(by)),
            (At::Paid(e), Act::Recall { amount, reason }) => any(e.recall(by, amount, &reason)),
            (At::Archived(e), Act::Recall { amount, reason }) => any(e.recall(by, amount, &reason)),
            (At::Recalled(e), Act::Recover { bank_serial }) => any(e.recover(by, &bank_serial)),
            (At::Rejected(e), Act::Appeal { reason }) => any(e.appeal(by, &reason)),
            (At::Appealed(e), Act::Dismiss { reason }) => any(e.dismiss(by, &reason)),
            (At::Appealed(e), Act::Uphold { reason }) => any(e.uphold(by, &reason)),
            (from, act) => Err(Refused::NotFromHere { state: from.state(), act: act.as_str() }),
        }
    }

    /// Who gets the money, once the firm has said so.
    pub fn payee(&self) -> Option<&Payee> {
        match self {
            AnyEntitlement::Confirmed(e) => Some(&e.at.payee.payee),
            AnyEntitlement::UnderReview(e) => Some(&e.at.payee.payee),
            AnyEntitlement::Endorsed(e) => Some(&e.at.payee.payee),
            AnyEntitlement::Approved(e) => Some(&e.at.payee.payee),
            AnyEntitlement::Published(e) => Some(&e.at.payee.payee),
            AnyEntitlement::Ordered(e) => Some(&e.at.payee.payee),
            _ => None,
        }
    }

    /// The published list it stands on, and until when objections are heard.
    pub fn list(&self) -> Option<(&str, Option<duijie_vocab::Timestamp>)> {
        match self {
            AnyEntitlement::Published(e) => Some((&e.at.list, Some(e.at.until))),
            AnyEntitlement::Ordered(e) => Some((&e.at.list, None)),
            AnyEntitlement::Paid(e) => Some((&e.at.list, None)),
            AnyEntitlement::Archived(e) => Some((&e.at.list, None)),
            _ => None,
        }
    }

    /// The payment file that it is or was in.
    pub fn file(&self) -> Option<&str> {
        match self {
            AnyEntitlement::Ordered(e) => Some(&e.at.file),
            AnyEntitlement::Paid(e) => Some(&e.at.file),
            AnyEntitlement::Archived(e) => Some(&e.at.file),
            _ => None,
        }
    }

    /// Why it ended where it is, in the words of who ended it.
    pub fn reason(&self) -> Option<&str> {
        match self {
            AnyEntitlement::UnderReview(e) => Some(&e.at.reason),
            AnyEntitlement::Recalled(e) => Some(&e.at.reason),
            AnyEntitlement::Rejected(e) => Some(&e.at.reason),
            AnyEntitlement::Appealed(e) => Some(&e.at.reason),
            AnyEntitlement::Replaced(e) => Some(&e.at.reason),
            AnyEntitlement::Withdrawn(e) => Some(&e.at.reason),
            _ => None,
        }
    }
}

impl From<Approval> for AnyEntitlement {
    fn from(approval: Approval) -> AnyEntitlement {
        match approval {
            Approval::Endorsed(e) => e.into(),
            Approval::Approved(e) => e.into(),
        }
    }
}

fn any<S>(step: Result<Step<Entitlement<S>>, Refused>) -> Result<Step<AnyEntitlement>, Refused>
where
    AnyEntitlement: From<Entitlement<S>>,
{
    step.map(|step| step.map(AnyEntitlement::from))
}
