//! Who has to hear of a step, and in which words.

use crate::{Act, Case, Clock, Did, Move, Told, Verb};
use duijie_vocab::{RegionCode, Text, text};
use serde::{Deserialize, Serialize};

/// One message to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub to: Recipient,
    pub about: Verb,
    pub text: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "to", content = "id", rename_all = "snake_case")]
pub enum Recipient {
    /// The organization whose need it is, by its id.
    Seeker(String),
    /// A person with an account, by actor.
    Person(String),
    /// Everybody at the desk of a region.
    Desk(RegionCode),
    /// A responder, by id.
    Responder(String),
}

/// The notices that follow from a step by its row, none to the one who made it.
pub(crate) fn notices(row: &Move, after: &Case, did: &Did) -> Vec<Notice> {
    let told = told(row, did);
    let mut recipients: Vec<Recipient> = told.into_iter().flat_map(|told| recipients(told, after, did)).collect();
    recipients.sort();
    recipients.dedup();
    recipients.retain(|recipient| !is_actor(recipient, did));
    let words = |to| Notice { text: words(&to, after, did), to, about: did.act.verb() };
    recipients.into_iter().map(words).collect()
}

/// Clocks share a row; whom they tell depends on the clock.
fn told(row: &Move, did: &Did) -> Vec<Told> {
    let Act::Ring { mark } = &did.act else { return row.tells.to_vec() };
    match mark.clock {
        Clock::Triage | Clock::Pending => vec![Told::Handler],
        Clock::Reminder => vec![Told::Responder],
        Clock::LastChance => vec![Told::Responder, Told::Handler],
        Clock::Satisfaction => vec![Told::Seeker, Told::Responders],
        Clock::Payment => vec![Told::Seeker, Told::Handler],
        Clock::Abandon => row.tells.to_vec(),
    }
}

fn recipients(told: Told, case: &Case, did: &Did) -> Vec<Recipient> {
    let responder = |id: &str| Recipient::Responder(id.to_string());
    match told {
        Told::Seeker => {
            let adviser = case.adviser.iter().cloned().map(Recipient::Person);
            std::iter::once(Recipient::Seeker(case.seeker.organization.clone())).chain(adviser).collect()
        }
        Told::Handler => vec![case.handler.clone().map_or(Recipient::Desk(case.desk), Recipient::Person)],
        Told::Responder => match &did.act {
            Act::Ring { mark } => vec![responder(&mark.of)],
            act => act.responder().map(responder).into_iter().collect(),
        },
        Told::Responders => {
            let concerned =
                case.introductions.iter().filter(|introduction| introduction.state.is_open() || introduction.state == crate::IntroductionState::Helped);
            concerned.map(|introduction| responder(&introduction.responder.id)).collect()
        }
    }
}

fn is_actor(recipient: &Recipient, did: &Did) -> bool {
    match recipient {
        Recipient::Person(actor) => *actor == did.by,
        Recipient::Seeker(organization) => did.hat == crate::Hat::Seeker && did.party.as_ref() == Some(organization),
        Recipient::Responder(id) => did.hat == crate::Hat::Responder && did.party.as_ref() == Some(id),
        Recipient::Desk(_) => false,
    }
}

/// The message: what happened to which case, and the next step of the one who reads it.
fn words(to: &Recipient, case: &Case, did: &Did) -> Text {
    let title = &case.need.title;
    let what = match &did.act {
        Act::Ring { mark } => ring_words(mark.clock),
        act => match (act.verb(), to) {
            (Verb::Introduce | Verb::Resend, Recipient::Responder(_)) => {
                text!("有企业希望得到您的帮助，请答复", "an organization hopes for your help; please answer")
            }
            (Verb::Introduce, _) => text!("已推介给一位响应方", "was introduced to a responder"),
            (Verb::Accept, _) => text!("有响应方愿意帮助", "a responder is willing to help"),
            (Verb::Submit, Recipient::Desk(_) | Recipient::Person(_)) => text!("已提交，请认领审核", "was handed in; please claim it"),
            (Verb::Return, _) => text!("已退回，修改后可再次提交", "was returned; change it and hand it in again"),
            (Verb::Escalate, Recipient::Desk(_)) => text!("下级上报，请研究答复", "was escalated to you; please answer"),
            (Verb::Assign, Recipient::Person(_)) => text!("已指派给您", "was assigned to you"),
            (verb, _) => {
                let name = verb.name();
                Text::new(format!("{}：{}", name.zh, case.state.name().zh), format!("{}: now {}", name.en, case.state.name().en))
            }
        },
    };
    let why = did.act.why().filter(|why| !why.trim().is_empty());
    let (zh, en) = why.map_or((String::new(), String::new()), |why| (format!("（{why}）"), format!(" ({why})")));
    Text::new(format!("《{title}》{}{zh}", what.zh), format!("“{title}” {}{en}", what.en))
}

fn ring_words(clock: Clock) -> Text {
    match clock {
        Clock::Triage => text!("提交后尚无人认领", "is waiting to be claimed"),
        Clock::Pending => text!("唯一的推介还没有答复，可考虑增加推介", "has one introduction and no answer; consider another"),
        Clock::Reminder => text!("仍在等您的答复", "is still waiting for your answer"),
        Clock::LastChance => text!("最后提醒：请尽快答复，否则将转给其他响应方", "last chance: answer soon, or others will be asked"),
        Clock::Abandon => text!("到期无人响应，已终止；可与经办人商量重新匹配", "nobody answered in time; ask the officer to match it again"),
        Clock::Satisfaction => text!("已办结，请评价", "was closed; please say whether you are satisfied"),
        Clock::Payment => text!("有一笔付款即将到期", "a payment will be due soon"),
    }
}
