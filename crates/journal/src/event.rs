//! Everything that can happen. Names are in the past tense; a variant that was written once is
//! never changed or removed, new ones are added.

use duijie_ledger::Transfer;
use duijie_record::Record;
use duijie_vocab::{Digest, RecordId, RegionCode, Timestamp};
use serde::{Deserialize, Serialize};

/// What happened; in JSON an object whose `kind` names the variant. Only what everybody may know
/// stands here, the rest goes into the entry's payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A record was accepted in a new version; withdrawing and merging are states of a record.
    RecordPut(RecordPut),
    /// The payload of an earlier entry was erased.
    PayloadErased(PayloadErased),
    ImportBegun(ImportBegun),
    ImportFinished(ImportFinished),
    /// An account was made or changed.
    AccountPut(AccountPut),
    SettingPut(SettingPut),
    /// A case, an entitlement, a voucher or another matter went one step on.
    MatterMoved(MatterMoved),
    /// Money moved or was reserved.
    TransfersPosted(TransfersPosted),
}

/// A record with the fields that everybody may know; [`crate::join`] adds the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPut {
    /// The natural keys under which the record is found; in the payload if a field they are made
    /// of is confidential.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<RecordKey>,
    pub record: Record,
    /// What the public fields point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<RecordRef>,
    /// The field that the record is called by.
    pub title: String,
}

/// A natural key of a record, such as a credit code or a folded name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    pub key: String,
    pub kind: String,
    /// Whether a record with this key is the same record; a weak key is only what references call it.
    pub strong: bool,
}

/// A reference by natural key from a field of a record to another record, there or not yet there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordRef {
    pub field: String,
    pub to_key: String,
    pub to_kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadErased {
    pub reason: String,
    /// The entry whose payload is gone.
    pub seq: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportBegun {
    /// The digest of the file's bytes.
    pub digest: Digest,
    pub file: String,
    /// The kind of record that the rows are read as.
    pub rows_kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFinished {
    pub added: i64,
    pub changed: i64,
    /// The entry with which the import began.
    pub import: i64,
    pub refused: i64,
    pub unchanged: i64,
}

/// The part of an account that is no secret; name and password hash are in the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPut {
    pub disabled: bool,
    pub login: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<RecordId>,
    pub region: RegionCode,
    pub roles: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingPut {
    pub key: String,
    pub value: String,
}

/// The part of a matter's new version that is no secret; [`crate::Matter::join`] adds the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatterMoved {
    pub act: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    pub id: RecordId,
    /// The kind of matter.
    pub of: String,
    pub region: RegionCode,
    pub state: String,
    pub version: i64,
}

/// The transfers that were accepted together, in their order. The instant at which they were
/// accepted is the entry's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransfersPosted {
    pub transfers: Vec<Transfer>,
}

impl Event {
    /// The variant's name as it stands in the entry.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::RecordPut(_) => "record_put",
            Event::PayloadErased(_) => "payload_erased",
            Event::ImportBegun(_) => "import_begun",
            Event::ImportFinished(_) => "import_finished",
            Event::AccountPut(_) => "account_put",
            Event::SettingPut(_) => "setting_put",
            Event::MatterMoved(_) => "matter_moved",
            Event::TransfersPosted(_) => "transfers_posted",
        }
    }

    /// What the event is about, as one word to look entries up by: a record's or matter's id, `account:LOGIN`,
    /// `setting:KEY`, `entry:SEQ`, `import` or `ledger`.
    pub fn subject(&self) -> String {
        match self {
            Event::RecordPut(put) => put.record.id.to_string(),
            Event::PayloadErased(erased) => format!("entry:{}", erased.seq),
            Event::ImportBegun(_) | Event::ImportFinished(_) => "import".to_string(),
            Event::AccountPut(account) => format!("account:{}", account.login),
            Event::SettingPut(setting) => format!("setting:{}", setting.key),
            Event::MatterMoved(moved) => moved.id.to_string(),
            Event::TransfersPosted(_) => "ledger".to_string(),
        }
    }
}
