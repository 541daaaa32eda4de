//! Everything that somebody can do to a case, with what they have to say for it.

use crate::{
    Agreement, Clock, Contact, Contract, Delivery, Grounds, Hold, HoldKind, Mark, Meeting, NeedText, Origin, Outcome, Responder, Satisfaction, Seeker,
};
use duijie_vocab::{Date, Digest, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

/// One act. It carries what the person says; what follows from it is decided by the table of moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Act {
    Open {
        id: RecordId,
        region: RegionCode,
        seeker: Seeker,
        need: NeedText,
        contact: Contact,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
    },
    Write {
        need: NeedText,
        contact: Contact,
    },
    /// Hands the need in; `holds` are the findings of [`crate::holds`] and `quality` the score of 100 that was shown.
    Submit {
        quality: u8,
        holds: Vec<Hold>,
    },
    Claim,
    Assign {
        officer: String,
    },
    LiftHold {
        hold: HoldKind,
        why: String,
    },
    Return {
        why: String,
    },
    Merge {
        into: RecordId,
        why: String,
    },
    /// Keeps one part of the need here; the others went on as the cases in `into`.
    Split {
        need: NeedText,
        into: Vec<RecordId>,
    },
    Admit,
    Introduce {
        responder: Responder,
        reasons: Vec<Text>,
        /// The whole score of the match that led to it; nothing if somebody chose by hand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grounds: Option<Grounds>,
    },
    Accept {
        responder: String,
    },
    Decline {
        responder: String,
        why: String,
    },
    Help {
        responder: String,
        why: String,
    },
    NoHelp {
        responder: String,
        why: String,
    },
    Unreachable {
        responder: String,
        why: String,
    },
    /// Reopens a closed introduction.
    Resend {
        responder: String,
        why: String,
    },
    /// A signed promise of confidentiality; `document` is the digest of what was signed.
    Promise {
        responder: String,
        document: Digest,
    },
    /// Agrees that the other side of an introduction learns one's name and contact.
    Consent {
        responder: String,
        side: Side,
    },
    Rematch {
        why: String,
    },
    Escalate {
        to: RegionCode,
        why: String,
    },
    /// The answer of the level above, with which the case comes back.
    Advise {
        why: String,
    },
    Meet {
        meeting: Meeting,
    },
    Agree {
        agreement: Agreement,
    },
    Contract {
        contract: Contract,
    },
    /// The milestone with this number (from 0) was accepted on `on`.
    AcceptMilestone {
        milestone: usize,
        on: Date,
    },
    /// The payment with this number (from 0) was made on `on`.
    Pay {
        payment: usize,
        on: Date,
    },
    Deliver {
        delivery: Delivery,
    },
    Close {
        outcome: Outcome,
        why: String,
    },
    GiveUp {
        why: String,
    },
    Reopen {
        why: String,
    },
    Withdraw {
        why: String,
    },
    Survey {
        side: Side,
        satisfaction: Satisfaction,
    },
    Attach {
        name: String,
        document: Digest,
    },
    Note {
        why: String,
    },
    /// The rules changed, and with them when the clocks of the case ring.
    Retime,
    /// A clock came due.
    Ring {
        mark: Mark,
    },
}

/// One of the two sides of an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Seeker,
    Responder,
}

/// The name of an act, without what is said with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Open,
    Write,
    Submit,
    Claim,
    Assign,
    LiftHold,
    Return,
    Merge,
    Split,
    Admit,
    Introduce,
    Accept,
    Decline,
    Help,
    NoHelp,
    Unreachable,
    Resend,
    Promise,
    Consent,
    Rematch,
    Escalate,
    Advise,
    Meet,
    Agree,
    Contract,
    AcceptMilestone,
    Pay,
    Deliver,
    Close,
    GiveUp,
    Reopen,
    Withdraw,
    Survey,
    Attach,
    Note,
    Remind,
    Abandon,
    Retime,
}

impl Act {
    /// The verb under which the table of moves knows the act.
    pub fn verb(&self) -> Verb {
        match self {
            Act::Open { .. } => Verb::Open,
            Act::Write { .. } => Verb::Write,
            Act::Submit { .. } => Verb::Submit,
            Act::Claim => Verb::Claim,
            Act::Assign { .. } => Verb::Assign,
            Act::LiftHold { .. } => Verb::LiftHold,
            Act::Return { .. } => Verb::Return,
            Act::Merge { .. } => Verb::Merge,
            Act::Split { .. } => Verb::Split,
            Act::Admit => Verb::Admit,
            Act::Introduce { .. } => Verb::Introduce,
            Act::Accept { .. } => Verb::Accept,
            Act::Decline { .. } => Verb::Decline,
            Act::Help { .. } => Verb::Help,
            Act::NoHelp { .. } => Verb::NoHelp,
            Act::Unreachable { .. } => Verb::Unreachable,
            Act::Resend { .. } => Verb::Resend,
            Act::Promise { .. } => Verb::Promise,
            Act::Consent { .. } => Verb::Consent,
            Act::Rematch { .. } => Verb::Rematch,
            Act::Escalate { .. } => Verb::Escalate,
            Act::Advise { .. } => Verb::Advise,
            Act::Meet { .. } => Verb::Meet,
            Act::Agree { .. } => Verb::Agree,
            Act::Contract { .. } => Verb::Contract,
            Act::AcceptMilestone { .. } => Verb::AcceptMilestone,
            Act::Pay { .. } => Verb::Pay,
            Act::Deliver { .. } => Verb::Deliver,
            Act::Close { .. } => Verb::Close,
            Act::GiveUp { .. } => Verb::GiveUp,
            Act::Reopen { .. } => Verb::Reopen,
            Act::Withdraw { .. } => Verb::Withdraw,
            Act::Survey { .. } => Verb::Survey,
            Act::Attach { .. } => Verb::Attach,
            Act::Note { .. } => Verb::Note,
            Act::Retime => Verb::Retime,
            Act::Ring { mark } if mark.clock == Clock::Abandon => Verb::Abandon,
            Act::Ring { .. } => Verb::Remind,
        }
    }

    /// The reason that the person gave, if the act takes one.
    pub fn why(&self) -> Option<&str> {
        match self {
            Act::LiftHold { why, .. }
            | Act::Return { why }
            | Act::Merge { why, .. }
            | Act::Decline { why, .. }
            | Act::Help { why, .. }
            | Act::NoHelp { why, .. }
            | Act::Unreachable { why, .. }
            | Act::Resend { why, .. }
            | Act::Rematch { why }
            | Act::Escalate { why, .. }
            | Act::Advise { why }
            | Act::Close { why, .. }
            | Act::GiveUp { why }
            | Act::Reopen { why }
            | Act::Withdraw { why }
            | Act::Note { why } => Some(why),
            _ => None,
        }
    }

    /// The responder whose introduction the act is about.
    pub fn responder(&self) -> Option<&str> {
        match self {
            Act::Introduce { responder, .. } => Some(&responder.id),
            Act::Accept { responder }
            | Act::Decline { responder, .. }
            | Act::Help { responder, .. }
            | Act::NoHelp { responder, .. }
            | Act::Unreachable { responder, .. }
            | Act::Resend { responder, .. }
            | Act::Promise { responder, .. }
            | Act::Consent { responder, .. } => Some(responder),
            _ => None,
        }
    }
}

/// Verb, word and what people call the act.
macro_rules! verbs {
    ($($verb:ident $word:literal $zh:literal $en:literal;)*) => {
        impl Verb {
            pub const ALL: &'static [Verb] = &[$(Verb::$verb),*];

            /// The word in the journal and the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Verb::$verb => $word),* }
            }

            /// What people call the act.
            pub fn name(self) -> Text {
                match self { $(Verb::$verb => text!($zh, $en)),* }
            }
        }
    };
}

verbs! {
    Open "open" "新建" "open";
    Write "write" "修改内容" "write";
    Submit "submit" "提交" "submit";
    Claim "claim" "认领" "claim";
    Assign "assign" "指派" "assign";
    LiftHold "lift_hold" "解除暂缓" "lift a hold";
    Return "return" "退回" "return";
    Merge "merge" "合并" "merge";
    Split "split" "拆分" "split";
    Admit "admit" "审核通过" "admit";
    Introduce "introduce" "推介" "introduce";
    Accept "accept" "接受推介" "accept";
    Decline "decline" "不适合" "decline";
    Help "help" "已提供帮助" "help given";
    NoHelp "no_help" "无法帮助" "no help available";
    Unreachable "unreachable" "联系不上" "unreachable";
    Resend "resend" "重新推介" "send again";
    Promise "promise" "签署保密承诺" "promise confidentiality";
    Consent "consent" "同意交换联系方式" "consent to exchange contacts";
    Rematch "rematch" "重新匹配" "match again";
    Escalate "escalate" "上报上级" "escalate";
    Advise "advise" "上级答复" "answer from above";
    Meet "meet" "记录洽谈" "record a meeting";
    Agree "agree" "达成意向" "agree";
    Contract "contract" "签订技术合同" "sign a contract";
    AcceptMilestone "accept_milestone" "验收节点" "accept a milestone";
    Pay "pay" "付款" "pay";
    Deliver "deliver" "交付" "deliver";
    Close "close" "办结" "close";
    GiveUp "give_up" "判为未解决" "give up";
    Reopen "reopen" "重新打开" "reopen";
    Withdraw "withdraw" "撤回" "withdraw";
    Survey "survey" "满意度评价" "answer the survey";
    Attach "attach" "添加文件" "attach a document";
    Note "note" "备注" "note";
    Remind "remind" "到期提醒" "remind";
    Abandon "abandon" "逾期无人响应" "abandon";
    Retime "retime" "时限规则调整" "reckon clocks anew";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_verb_is_the_one_it_is_serialized_as() {
        for verb in Verb::ALL {
            assert_eq!(serde_json::to_value(verb).unwrap(), verb.as_str());
        }
    }
}
