//! Records to index.

use duijie_record::{Body, Record, RecordState, Source, Value, Visibility, schema};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use std::collections::BTreeMap;

fn record(kind: &str, key: &str, region: &str, body: &[(&str, &str)]) -> Record {
    let schema = schema(kind).unwrap();
    Record {
        id: RecordId::derive(&schema.prefix, key),
        kind: kind.to_string(),
        version: 1,
        region: RegionCode::parse(region).unwrap(),
        visibility: Visibility::Public,
        state: RecordState::Active,
        updated: Timestamp::parse("2021-03-05T06:07:08Z").unwrap(),
        source: Source::default(),
        marks: BTreeMap::new(),
        body: body.iter().map(|(key, value)| ((*key).to_string(), Value::text(*value))).collect::<Body>(),
    }
}

pub(crate) fn organization(name: &str, region: &str) -> Record {
    record("organization", name, region, &[("name", name)])
}

pub(crate) fn offer(title: &str, description: &str, region: &str) -> Record {
    record("offer", title, region, &[("title", title), ("description", description)])
}

pub(crate) fn need(title: &str, problem: &str, region: &str) -> Record {
    record("need", title, region, &[("title", title), ("main_problem", problem)])
}

/// The record with more fields.
pub(crate) fn with(mut record: Record, fields: &[(&str, &str)]) -> Record {
    record.body.extend(fields.iter().map(|(key, value)| ((*key).to_string(), Value::text(*value))));
    record
}
