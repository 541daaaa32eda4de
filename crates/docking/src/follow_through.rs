//! What comes after an introduction was accepted: meetings, agreement, technology contract,
//! delivery, outcome and the survey of both sides.

use duijie_vocab::{Date, Diagnostic, Fen, Place, Text, text};
use serde::{Deserialize, Serialize};

/// A meeting of the two sides, with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub on: Date,
    pub place: String,
    pub present: Vec<String>,
    pub result: MeetingResult,
    pub minutes: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingResult {
    /// The two sides want to go on.
    GoOn,
    /// Another meeting is needed first.
    MeetAgain,
    /// There is nothing in it.
    NoFit,
}

/// What the two sides want to do together, before there is a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub responder: String,
    pub on: Date,
    pub subject: String,
}

/// The five types of technology contract 技术合同 (Civil Code, book three, chapter 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractType {
    Development,
    Transfer,
    Licence,
    Consulting,
    Service,
}

/// A technology contract between the seeker and a responder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub kind: ContractType,
    pub name: String,
    /// The 16 digits under which the contract is registered 认定登记, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    pub responder: String,
    /// The names of the parties as they stand in the contract, the buyer first.
    pub parties: Vec<String>,
    pub signed: Date,
    pub until: Date,
    pub amount: Fen,
    pub milestones: Vec<Milestone>,
    pub payments: Vec<Payment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub name: String,
    pub due: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub amount: Fen,
    pub due: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub on: Date,
    pub what: String,
}

/// What became of the need, as the one who closes the case judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Solved,
    Partly,
    NotSolved,
}

/// One side's answer to the survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Satisfaction {
    /// 1 to 5.
    pub stars: u8,
    /// Whether the need was solved, as this side sees it.
    pub outcome: Outcome,
    pub comment: String,
}

impl ContractType {
    pub const ALL: [ContractType; 5] =
        [ContractType::Development, ContractType::Transfer, ContractType::Licence, ContractType::Consulting, ContractType::Service];

    pub fn name(self) -> Text {
        match self {
            ContractType::Development => text!("技术开发", "development"),
            ContractType::Transfer => text!("技术转让", "transfer"),
            ContractType::Licence => text!("技术许可", "licence"),
            ContractType::Consulting => text!("技术咨询", "consulting"),
            ContractType::Service => text!("技术服务", "service"),
        }
    }
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Solved, Outcome::Partly, Outcome::NotSolved];

    pub fn name(self) -> Text {
        match self {
            Outcome::Solved => text!("已解决", "solved"),
            Outcome::Partly => text!("部分解决", "partly solved"),
            Outcome::NotSolved => text!("未解决", "not solved"),
        }
    }
}

impl MeetingResult {
    pub const ALL: [MeetingResult; 3] = [MeetingResult::GoOn, MeetingResult::MeetAgain, MeetingResult::NoFit];

    pub fn name(self) -> Text {
        match self {
            MeetingResult::GoOn => text!("继续推进", "go on"),
            MeetingResult::MeetAgain => text!("需再次洽谈", "meet again"),
            MeetingResult::NoFit => text!("不合适", "no fit"),
        }
    }
}

impl Meeting {
    /// What keeps the record of the meeting from being accepted.
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        if self.minutes.trim().is_empty() {
            faults.push(missing("minutes", text!("请写明洽谈情况", "say what was talked about")));
        }
        faults.extend(whole_day("on", self.on));
        faults
    }
}

impl Agreement {
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        if self.subject.trim().is_empty() {
            faults.push(missing("subject", text!("请写明合作意向", "say what the two sides want to do")));
        }
        faults.extend(whole_day("on", self.on));
        faults
    }
}

impl Delivery {
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        if self.what.trim().is_empty() {
            faults.push(missing("what", text!("请写明交付了什么", "say what was delivered")));
        }
        faults.extend(whole_day("on", self.on));
        faults
    }
}

impl Satisfaction {
    pub fn faults(&self) -> Vec<Diagnostic> {
        if (1..=5).contains(&self.stars) {
            return Vec::new();
        }
        vec![Diagnostic::error("survey.stars", text!("满意度为 1 至 5 分", "satisfaction is 1 to 5 stars")).at(Place::field("stars"))]
    }
}

impl Contract {
    /// What keeps the contract from being accepted. Payments have to add up to the amount, and all
    /// days lie between signing and end.
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() {
            faults.push(missing("name", text!("请填写合同名称", "name the contract")));
        }
        if self.parties.iter().filter(|party| !party.trim().is_empty()).count() < 2 {
            faults.push(missing("parties", text!("请填写合同双方", "name both parties")));
        }
        if self.amount < Fen::ZERO {
            faults.push(Diagnostic::error("contract.amount", text!("金额不能为负", "the amount is negative")).at(Place::field("amount")));
        }
        if self.registration.as_ref().is_some_and(|number| number.len() != 16 || !number.bytes().all(|byte| byte.is_ascii_digit())) {
            faults.push(
                Diagnostic::error("contract.registration", text!("合同登记编号为 16 位数字", "a registration number has 16 digits"))
                    .at(Place::field("registration")),
            );
        }
        faults.extend(whole_day("signed", self.signed));
        faults.extend(whole_day("until", self.until));
        if self.until < self.signed {
            faults.push(Diagnostic::error("contract.until", text!("有效期早于签订日期", "the contract ends before it was signed")).at(Place::field("until")));
        }
        faults.extend(self.payment_faults());
        faults.extend(self.milestones.iter().flat_map(|milestone| whole_day("milestones", milestone.due)));
        faults
    }

    fn payment_faults(&self) -> Vec<Diagnostic> {
        let mut faults: Vec<Diagnostic> = self.payments.iter().flat_map(|payment| whole_day("payments", payment.due)).collect();
        if self.payments.iter().any(|payment| payment.amount.0 <= 0) {
            faults.push(Diagnostic::error("contract.payment", text!("每笔付款须大于零", "each payment is more than nothing")).at(Place::field("payments")));
        }
        let sum = self.payments.iter().try_fold(0i64, |sum, payment| sum.checked_add(payment.amount.0));
        if !self.payments.is_empty() && sum != Some(self.amount.0) {
            let fault = Diagnostic::error("contract.payments", text!("各笔付款之和与合同金额不符", "the payments do not add up to the amount"));
            faults.push(fault.at(Place::field("payments")).help(text!("核对每笔金额", "check each payment")));
        }
        faults
    }

    /// Whether every milestone was accepted.
    pub fn is_accepted(&self) -> bool {
        self.milestones.iter().all(|milestone| milestone.accepted.is_some())
    }

    /// What was paid so far.
    pub fn paid(&self) -> Fen {
        Fen(self.payments.iter().filter(|payment| payment.paid.is_some()).map(|payment| payment.amount.0).sum())
    }
}

fn missing(field: &str, message: Text) -> Diagnostic {
    Diagnostic::error(&format!("{field}.missing"), message).at(Place::field(field))
}

fn whole_day(field: &str, date: Date) -> Option<Diagnostic> {
    let vague = || Diagnostic::error("date.vague", text!("请填写到日", "give the date to the day")).at(Place::field(field));
    date.day().is_none().then(vague)
}
