//! `kill -9` at any moment: nothing that was acknowledged is lost, nothing is half-written.
//!
//! The test runs itself again as a child that writes from several threads and says on its standard
//! output what was acknowledged; the parent kills it, opens the database and looks.

use duijie_journal::{Actor, RecordKey};
use duijie_record::{Body, Record, RecordState, Schema, Source, Value, Visibility};
use duijie_store::{Location, Options, Put, Store, TxError};
use duijie_vocab::{Clock, Digest, Entropy, RecordId, RegionCode, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How many times the child is killed; more with `DUIJIE_KILL_ROUNDS`.
const ROUNDS: u64 = 200;

/// The whole chain is checked after every so many rounds, and after the last.
const CHECK_EVERY: u64 = 50;

const THREADS: u64 = 4;

/// How many records a use case puts at once, so that half of one could be seen.
const TOGETHER: u64 = 3;

const CHILD: &str = "DUIJIE_KILL_CHILD";

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    if let Some(task) = std::env::var_os(CHILD) {
        return write_until_killed(&PathBuf::from(task));
    }
    let rounds = std::env::var_os("DUIJIE_KILL_ROUNDS").map_or(ROUNDS, |text| text.to_string_lossy().parse().expect("a number of rounds"));
    let seed = std::env::var_os("DUIJIE_KILL_SEED").map_or(u64::from(std::process::id()), |text| text.to_string_lossy().parse().expect("a seed"));
    println!("seed {seed}: again with DUIJIE_KILL_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duijie.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds {
        let wait = Duration::from_micros(1_000 + random(seed, round) % 120_000);
        let latest = run_and_kill(&path, wait, round % 4 == 0);
        let store = open(&path);
        let lost = missing(&store, &latest);
        assert!(lost.is_empty(), "seed {seed}, round {round}: lost {lost:?}");
        acknowledged.extend(latest);
        if round % CHECK_EVERY == CHECK_EVERY - 1 || round + 1 == rounds {
            let lost = missing(&store, &acknowledged);
            assert!(lost.is_empty(), "seed {seed}, up to round {round}: lost {lost:?}");
            look_at_everything(&store, seed, round);
        }
    }
    println!("{rounds} kills, {} writes acknowledged, 0 lost", acknowledged.len());
    assert!(acknowledged.len() as u64 > rounds / 4, "the child hardly ever came to write");
}

/// Writes from several threads and names each use case after it was answered.
fn write_until_killed(path: &Path) {
    let store = open(path);
    let begin = store.read(|view| view.head()).unwrap().seq;
    println!("open");
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = store.clone();
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("{begin}-{thread}-{number}");
                    put_together(&store, &name);
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {name}").and_then(|()| out.flush()).expect("the parent reads");
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

/// Lets the child run for `wait` after it opened the store, or after its start if `early`, kills it,
/// and returns what it acknowledged.
fn run_and_kill(path: &Path, wait: Duration, early: bool) -> BTreeSet<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_kill_at_any_moment_loses_nothing_that_was_acknowledged", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (opened, open) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        let mut lines = Vec::new();
        let mut line = String::new();
        // The last line may be cut; it counts only if its end arrived.
        while out.read_line(&mut line).is_ok_and(|length| length > 0) && line.ends_with('\n') {
            if line.contains("open") {
                // An early kill does not wait for this.
                opened.send(()).ok();
            }
            lines.push(std::mem::take(&mut line));
        }
        lines
    });
    if !early {
        open.recv_timeout(Duration::from_secs(60)).expect("the child opens the store");
    }
    thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    let lines = reader.join().unwrap();
    lines.iter().filter_map(|line| line.split_once("ack ").map(|(_, name)| name)).map(|name| name.trim_end().to_string()).collect()
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

struct Counter(AtomicU64);

impl Clock for Counter {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_600_000_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed) as i64).unwrap()
    }
}

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    }
}

fn open(path: &Path) -> Store {
    let counter = || Arc::new(Counter(AtomicU64::new(0)));
    Store::open(Location::Sqlite(path.to_path_buf()), Options::new(counter(), counter())).unwrap()
}

fn random(seed: u64, round: u64) -> u64 {
    let digest = Digest::of(&[&seed.to_be_bytes(), &round.to_be_bytes()]);
    u64::from_be_bytes(digest.0[..8].try_into().unwrap())
}
