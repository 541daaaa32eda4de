//! Splits a record into what everybody may know and what goes into the erasable payload, and puts
//! the two together again.

use crate::{CanonicalFault, Event, RecordKey, RecordPut, RecordRef, canonical_bytes};
use duijie_record::{Body, Mark, Record, Schema, Source, Visibility};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The two parts of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Always [`Event::RecordPut`].
    pub event: Event,
    /// Canonical JSON of the confidential part; absent if everything is public.
    pub hidden: Option<Vec<u8>>,
}

/// A put as it was before it was split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    pub record: Record,
    pub keys: Vec<RecordKey>,
    pub refs: Vec<RecordRef>,
    /// The field that the record is called by.
    pub title: String,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hidden {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    body: Body,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<RecordKey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    marks: BTreeMap<String, Mark>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refs: Vec<RecordRef>,
    #[serde(skip_serializing_if = "Source::is_empty")]
    source: Source,
}

#[derive(Debug, thiserror::Error)]
#[error("the confidential part of the record does not read")]
pub struct JoinFault(#[from] serde_json::Error);

/// Splits `record` by its schema: fields about persons, fields that not everybody may see, fields
/// the schema does not know, and every field of a record that is not public are confidential.
pub fn split(record: &Record, schema: &Schema, keys: &[RecordKey], refs: &[RecordRef]) -> Result<Split, CanonicalFault> {
    let closed = record.visibility != Visibility::Public;
    let confidential = |field: &str| closed || is_confidential(schema, field);
    let mut hidden = Hidden::default();
    let mut body = Body::new();
    for (field, value) in &record.body {
        let part = if confidential(field) { &mut hidden.body } else { &mut body };
        part.insert(field.clone(), value.clone());
    }
    let mut marks = BTreeMap::new();
    for (field, mark) in &record.marks {
        let part = if confidential(field) { &mut hidden.marks } else { &mut marks };
        part.insert(field.clone(), mark.clone());
    }
    let (hidden_refs, open_refs): (Vec<_>, Vec<_>) = refs.iter().cloned().partition(|to| confidential(&to.field));
    hidden.refs = hidden_refs;
    // A key does not say which fields it was made of, so one confidential field hides them all.
    let keys_closed = closed || key_fields(schema).any(|field| is_confidential(schema, field));
    let open_keys = if keys_closed {
        hidden.keys = keys.to_vec();
        Vec::new()
    } else {
        keys.to_vec()
    };
    let source = if closed {
        hidden.source = record.source.clone();
        Source::default()
    } else {
        record.source.clone()
    };
    let public = Record {
        id: record.id.clone(),
        kind: record.kind.clone(),
        version: record.version,
        region: record.region,
        visibility: record.visibility,
        state: record.state.clone(),
        updated: record.updated,
        source,
        marks,
        body,
    };
    let event = Event::RecordPut(RecordPut { keys: open_keys, record: public, refs: open_refs, title: schema.title.clone() });
    let hidden = if hidden == Hidden::default() { None } else { Some(canonical_bytes(&hidden)?) };
    Ok(Split { event, hidden })
}

/// Puts the parts together again; without the payload the confidential fields are absent.
pub fn join(put: RecordPut, payload: Option<&[u8]>) -> Result<Joined, JoinFault> {
    let RecordPut { mut keys, mut record, mut refs, title } = put;
    if let Some(bytes) = payload {
        let hidden: Hidden = serde_json::from_slice(bytes)?;
        record.body.extend(hidden.body);
        record.marks.extend(hidden.marks);
        if !hidden.source.is_empty() {
            record.source = hidden.source;
        }
        keys.extend(hidden.keys);
        refs.extend(hidden.refs);
    }
    Ok(Joined { record, keys, refs, title })
}

/// The fields that keys are made of: those of the natural keys, and what the record is called by.
fn key_fields(schema: &Schema) -> impl Iterator<Item = &str> {
    let short_name = schema.field("short_name").map(|field| field.key.as_str());
    schema.keys.iter().flatten().map(String::as_str).chain([schema.title.as_str()]).chain(short_name)
}

fn is_confidential(schema: &Schema, field: &str) -> bool {
    schema.field(field).is_none_or(|field| field.personal || field.visibility != Visibility::Public)
}
