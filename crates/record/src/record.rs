//! A record: an envelope that is the same for every kind, and a body that its schema describes.

use crate::{Value, Visibility, canonical_json};
use duijie_vocab::{Digest, RecordId, RegionCode, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Field key → value. A field without a value is absent.
pub type Body = BTreeMap<String, Value>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    /// The key of the kind's schema, such as `need`.
    pub kind: String,
    /// Counts the accepted changes of this record, from 1.
    pub version: i64,
    pub region: RegionCode,
    pub visibility: Visibility,
    pub state: RecordState,
    pub updated: Timestamp,
    /// Where the record first came from.
    #[serde(default, skip_serializing_if = "Source::is_empty")]
    pub source: Source,
    /// What is known about single fields beside their value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, Mark>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "into")]
pub enum RecordState {
    Active,
    /// No longer offered or wanted; kept for history.
    Withdrawn,
    /// A duplicate whose content went into another record.
    Merged(RecordId),
}

/// File, sheet and row that a record was read from, or the text that facts were taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sheet: String,
    /// Row in the sheet or line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
}

impl Source {
    pub fn is_empty(&self) -> bool {
        *self == Source::default()
    }
}

/// Why a field has the value it has: somebody set it by hand. An import does not overwrite it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who curated the value.
    pub by: String,
    pub at: Timestamp,
}

impl RecordState {
    /// The word in the database: `active`, `withdrawn`, `merged`.
    pub fn as_str(&self) -> &'static str {
        match self {
            RecordState::Active => "active",
            RecordState::Withdrawn => "withdrawn",
            RecordState::Merged(_) => "merged",
        }
    }
}

impl Record {
    /// The text of a field, or an empty string.
    pub fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_text).unwrap_or("")
    }

    /// The digest of everything but version and time: two records with the same digest say the same.
    pub fn content_digest(&self) -> Digest {
        let content = (&self.kind, &self.region, &self.visibility, &self.state, &self.body);
        let bytes = canonical_json(&content).expect("BUG: a record always serializes");
        Digest::of(&[bytes.as_bytes()])
    }
}
