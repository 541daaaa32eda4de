//! Graded disclosure: how much of a need somebody sees, why, and what would open the next grade.

use crate::{Case, CaseState, Contact, Did, Introduction, IntroductionState, Verb};
use duijie_vocab::{Date, Fen, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

/// How much of a need is seen; each grade includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Title and field.
    Public,
    /// Problem, key technology, target, budget, region.
    Registered,
    /// The confidential part, after a signed promise.
    Confidential,
    /// The organization's name and whom to call, after both sides consented.
    Contact,
    /// Everything, for those whose work or need it is.
    Whole,
}

/// Who looks at a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader<'r> {
    Stranger,
    /// Has an account and nothing to do with the case.
    Registered,
    /// The case was introduced to them; by responder id.
    Responder(&'r str),
    /// The organization whose need it is, or who wrote it up for them.
    Owner,
    /// The desk that has the case.
    Desk,
}

/// The decision, with what led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    pub grade: Grade,
    pub reason: Text,
    /// What the reader, or the other side, could do to open the next grade.
    pub next: Option<Text>,
}

/// A need as a reader of some grade sees it; what is not disclosed is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NeedSeen {
    pub title: String,
    pub fields: Vec<String>,
    pub problem: Option<String>,
    pub key_technology: Option<String>,
    pub expected_result: Option<String>,
    pub budget: Option<Fen>,
    pub until: Option<Date>,
    pub region: Option<RegionCode>,
    pub confidential: Option<String>,
    pub organization: Option<String>,
    pub contact: Option<Contact>,
}

/// How much `reader` sees, or nothing at all: a need that is not public yet, or no more, does not
/// exist for those who have nothing to do with it.
pub fn disclosure(case: &Case, reader: Reader<'_>) -> Option<Disclosure> {
    let decide = |grade, reason, next| Some(Disclosure { grade, reason, next });
    match reader {
        Reader::Owner => decide(Grade::Whole, text!("本单位的需求", "it is your own need"), None),
        Reader::Desk => decide(Grade::Whole, text!("由您所在部门办理", "your desk has the case"), None),
        Reader::Responder(id) => responder(case.introduction(id)?),
        Reader::Registered if is_public(case) => decide(
            Grade::Registered,
            text!("已登录", "you are logged in"),
            Some(text!("接到推介并签署保密承诺后可看保密内容", "the confidential part opens once you are introduced and promise confidentiality")),
        ),
        Reader::Stranger if is_public(case) => {
            decide(Grade::Public, text!("公开摘要", "the public summary"), Some(text!("登录后可看详细内容", "log in to read more")))
        }
        Reader::Registered | Reader::Stranger => None,
    }
}

fn is_public(case: &Case) -> bool {
    matches!(case.state, CaseState::Matching | CaseState::Introduced | CaseState::InProgress)
}

fn responder(introduction: &Introduction) -> Option<Disclosure> {
    let decide = |grade, reason, next| Some(Disclosure { grade, reason, next });
    if matches!(introduction.state, IntroductionState::NotForMe | IntroductionState::NoHelpAvailable | IntroductionState::Unreachable) {
        return decide(Grade::Registered, text!("推介已结束", "the introduction has ended"), None);
    }
    if introduction.promise.is_none() {
        let next = text!("签署保密承诺后可看保密内容", "promise confidentiality to read the confidential part");
        return decide(Grade::Registered, text!("已推介给您", "it was introduced to you"), Some(next));
    }
    match (introduction.seeker_consents, introduction.responder_consents) {
        (true, true) => decide(Grade::Contact, text!("双方均已同意交换联系方式", "both sides consented to exchange contacts"), None),
        (false, true) => {
            decide(Grade::Confidential, text!("您已签署保密承诺", "you promised confidentiality"), Some(text!("等待需求方同意", "the seeker has to consent")))
        }
        (_, false) => {
            let next = text!("接受推介并同意交换联系方式", "accept and consent to exchange contacts");
            decide(Grade::Confidential, text!("您已签署保密承诺", "you promised confidentiality"), Some(next))
        }
    }
}

/// The need as somebody with `grade` sees it.
pub fn seen(case: &Case, grade: Grade) -> NeedSeen {
    let need = &case.need;
    let from = |least: Grade| grade >= least;
    let name_open = from(Grade::Contact) || (from(Grade::Registered) && !case.seeker.anonymous);
    NeedSeen {
        title: need.title.clone(),
        fields: need.fields.clone(),
        problem: from(Grade::Registered).then(|| need.problem.clone()),
        key_technology: from(Grade::Registered).then(|| need.key_technology.clone()),
        expected_result: from(Grade::Registered).then(|| need.expected_result.clone()),
        budget: need.budget.filter(|_| from(Grade::Registered)),
        until: need.until.filter(|_| from(Grade::Registered)),
        // A county with one firm of a trade names the firm.
        region: from(Grade::Registered).then_some(case.region).filter(|_| !case.seeker.anonymous || from(Grade::Contact)),
        confidential: from(Grade::Confidential).then(|| need.confidential.clone()).filter(|text| !text.is_empty()),
        organization: name_open.then(|| case.seeker.name.clone()),
        contact: from(Grade::Contact).then(|| case.contact.clone()),
    }
}

/// The steps of a timeline that opened something to somebody, for the owner to see.
pub fn unlockings(timeline: &[Did]) -> impl Iterator<Item = &Did> {
    timeline.iter().filter(|did| matches!(did.act.verb(), Verb::Introduce | Verb::Promise | Verb::Consent | Verb::Resend))
}
