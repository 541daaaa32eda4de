//! What a case is about: the need as its organization wrote it, who stands behind it, and whom to call.

use duijie_vocab::{Date, Fen, RecordId};
use serde::{Deserialize, Serialize};

/// The text of a need, field by field as the guided form asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NeedText {
    pub title: String,
    /// 主要问题
    pub problem: String,
    /// 技术关键
    pub key_technology: String,
    /// 预期目标
    pub expected_result: String,
    /// What only somebody who promised confidentiality may read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub confidential: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Fen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// 技术领域
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// 解决方式
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<String>,
}

/// The organization whose need it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeker {
    /// Its record id, or its credit code while it has no record.
    pub organization: String,
    pub name: String,
    /// Whether its name is kept from everybody to whom it did not consent.
    #[serde(default)]
    pub anonymous: bool,
}

/// Whom to call about the need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    pub name: String,
    pub phone: String,
    pub email: String,
}

/// Where a case came from, if not from the organization directly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", content = "id", rename_all = "snake_case")]
pub enum Origin {
    /// An adviser's visit 走访.
    Visit(RecordId),
    /// Another case, which was split.
    Split(RecordId),
    /// A need that was already on record.
    Need(RecordId),
    /// Handed in without an account, by a contact that confirmed its address.
    Direct,
}

impl NeedText {
    /// Everything that anybody who may read the need reads, as one text for measuring and comparing.
    pub fn joined(&self) -> String {
        [self.title.as_str(), &self.problem, &self.key_technology, &self.expected_result].join("\n")
    }
}

impl Contact {
    /// Whether somebody can be called or written to.
    pub fn is_usable(&self) -> bool {
        let phone_digits = self.phone.chars().filter(char::is_ascii_digit).count();
        let mail = self.email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        !self.name.trim().is_empty() && (phone_digits >= 7 || mail)
    }
}
