//! Records: every use case is there as a whole or not at all.

use crate::harness::{Plan, acknowledge, as_child, open, run_and_kill};
use duijie_journal::{Actor, RecordKey};
use duijie_record::{Body, Record, RecordState, Schema, Source, Value, Visibility};
use duijie_store::{Put, Store, TxError};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

/// How many times the child is killed; more with `DUIJIE_KILL_ROUNDS`.
const ROUNDS: u64 = 200;

/// The whole chain is checked after every so many rounds, and after the last.
const CHECK_EVERY: u64 = 50;

const THREADS: u64 = 4;

/// How many records a use case puts at once, so that half of one could be seen.
const TOGETHER: u64 = 3;

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    if let Some(store) = as_child() {
        return write_until_killed(&store);
    }
    let plan = Plan::new(ROUNDS);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("duijie.db").into_os_string().into_string().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..plan.rounds {
        let seed = plan.seed;
        let wait = Duration::from_micros(1_000 + plan.random(round) % 120_000);
        let latest = run_and_kill("records::a_kill_at_any_moment_loses_nothing_that_was_acknowledged", &place, wait, round % 4 == 0);
        let store = open(&place);
        let lost = missing(&store, &latest);
        assert!(lost.is_empty(), "seed {seed}, round {round}: lost {lost:?}");
        acknowledged.extend(latest);
        if round % CHECK_EVERY == CHECK_EVERY - 1 || round + 1 == plan.rounds {
            let lost = missing(&store, &acknowledged);
            assert!(lost.is_empty(), "seed {seed}, up to round {round}: lost {lost:?}");
            look_at_everything(&store, seed, round);
        }
    }
    println!("{} kills, {} writes acknowledged, 0 lost", plan.rounds, acknowledged.len());
    assert!(acknowledged.len() as u64 > plan.rounds / 4, "the child hardly ever came to write");
}

/// Writes from several threads and names each use case after it was answered.
fn write_until_killed(store: &Store) {
    let begin = store.read(|view| view.head()).unwrap().seq;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("{begin}-{thread}-{number}");
                    put_together(store, &name);
                    acknowledge(&name);
                }
            });
        }
    });
}

fn put_together(store: &Store, name: &str) {
    let records: Vec<Record> = (0..TOGETHER).map(|part| record(name, part)).collect();
    let actor = Actor::system();
    let written = store.write(&actor, move |tx| -> Result<i64, TxError> {
        let keys: Vec<[RecordKey; 1]> =
            records.iter().map(|record| [RecordKey { key: record.text("name").into(), kind: "thing".into(), strong: true }]).collect();
        let schema = schema();
        let puts: Vec<Put<'_>> = records.iter().zip(&keys).map(|(record, keys)| Put { record, schema: &schema, keys, refs: &[] }).collect();
        tx.put_records(&puts)
    });
    written.unwrap();
}

fn missing(store: &Store, acknowledged: &BTreeSet<String>) -> Vec<String> {
    let there = |name: &&String| {
        let ids: Vec<RecordId> = (0..TOGETHER).map(|part| record(name, part).id).collect();
        store.read(|view| view.get_many(&ids)).unwrap().len() as u64 == TOGETHER
    };
    acknowledged.iter().filter(|name| !there(name)).cloned().collect()
}

/// Chain and state are sound, and every use case is there as a whole or not at all.
fn look_at_everything(store: &Store, seed: u64, round: u64) {
    let report = store.check().unwrap();
    assert!(report.is_sound(), "seed {seed}, round {round}: {:?}", report.faults);
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    store
        .read(|view| {
            view.for_each_record::<()>("thing", |row| {
                let (name, _) = row.title.rsplit_once('.').expect("the child's titles have a dot");
                *parts.entry(name.to_string()).or_default() += 1;
                std::ops::ControlFlow::Continue(())
            })
            .map(drop)
        })
        .unwrap();
    let half: Vec<_> = parts.iter().filter(|(_, parts)| **parts != TOGETHER).collect();
    assert!(half.is_empty(), "seed {seed}, round {round}: half-written {half:?}");
    assert_eq!(report.entries as u64, parts.len() as u64 * TOGETHER);
}

fn record(name: &str, part: u64) -> Record {
    let title = format!("{name}.{part}");
    Record {
        id: RecordId::derive("thing", &title),
        kind: "thing".into(),
        version: 1,
        region: RegionCode::NATION,
        visibility: Visibility::Public,
        state: RecordState::Active,
        updated: Timestamp::from_micros(1).unwrap(),
        source: Source::default(),
        marks: BTreeMap::new(),
        body: Body::from([("name".to_string(), Value::text(title))]),
    }
}

fn schema() -> Schema {
    Schema::parse(
        "{kind: thing, prefix: thing, name: {zh: 物, en: thing}, plural: {zh: 物, en: things}, about: {zh: 物, en: a thing}, title: name, region: name,
          keys: [[name]], groups: [{name: {zh: 全, en: all}, fields: [{key: name, name: {zh: 名, en: name}, type: text}]}]}",
    )
    .unwrap()
}
