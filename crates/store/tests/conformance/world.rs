//! A clock, randomness, a kind of record and an empty store for each test.

use duijie_journal::{Actor, RecordKey, RecordRef};
use duijie_record::{Body, Record, RecordState, Schema, Source, Value, Visibility};
use duijie_store::{Location, Options, Store, Tx, TxError};
use duijie_vocab::{Clock, Digest, Entropy, RecordId, RegionCode, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::parse(
        "
kind: firm
prefix: firm
name: { zh: 企业, en: firm }
plural: { zh: 企业, en: firms }
about: { zh: 测试, en: a firm of the tests }
title: name
region: region
keys: [[code]]
groups:
  - name: { zh: 全部, en: all }
    fields:
      - { key: name, name: { zh: 名称, en: name }, type: text }
      - { key: code, name: { zh: 代码, en: code }, type: text }
      - { key: region, name: { zh: 地区, en: region }, type: region }
      - { key: owner, name: { zh: 上级, en: owner }, type: reference, to: firm }
      - { key: staff, name: { zh: 人数, en: staff }, type: integer }
      - { key: phone, name: { zh: 电话, en: phone }, type: phone, personal: true }
      - { key: note, name: { zh: 备注, en: note }, type: text, visibility: office }
",
    )
    .expect("the schema of the tests is sound")
});

/// Each look at it is a microsecond later.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_600_000_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

/// Bytes that differ each time and are the same in each run.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

pub(crate) fn options() -> Options {
    Options::new(Arc::new(Ticking(AtomicI64::new(0))), Arc::new(Counting(AtomicU64::new(0))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A folder, and on PostgreSQL a schema, that belong to one test.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) folder: tempfile::TempDir,
    url: Option<String>,
    schema: String,
}

static SCHEMAS: AtomicU64 = AtomicU64::new(0);

impl World {
    /// `None` if there is no server to test on; that is printed.
    pub(crate) fn new(engine: Engine) -> Option<World> {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => match std::env::var_os("DUIJIE_TEST_POSTGRES") {
                Some(url) => Some(url.into_string().expect("the URL is text")),
                None => {
                    println!("skipped: DUIJIE_TEST_POSTGRES names no server");
                    return None;
                }
            },
        };
        let schema = format!("t{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
        let world = World { engine, folder, url, schema };
        world.make_schema(&world.schema);
        Some(world)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("duijie.db")
    }

    /// The first, second, … place for a store of this test.
    pub(crate) fn place(&self, number: usize) -> Location {
        match &self.url {
            None => Location::Sqlite(if number == 0 { self.path() } else { self.folder.path().join(format!("{number}.db")) }),
            Some(url) => {
                let schema = if number == 0 { self.schema.clone() } else { format!("{}_{number}", self.schema) };
                self.make_schema(&schema);
                let joint = if url.contains('?') { '&' } else { '?' };
                Location::Postgres(format!("{url}{joint}options=-csearch_path%3D{schema}"))
            }
        }
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(self.place(0), options()).unwrap()
    }

    /// Runs SQL behind the store's back.
    pub(crate) fn tamper(&self, sql: &str) {
        self.try_tamper(sql).unwrap();
    }

    /// As [`World::tamper`], for a change that the database itself may refuse.
    pub(crate) fn try_tamper(&self, sql: &str) -> Result<(), String> {
        match &self.url {
            None => rusqlite::Connection::open(self.path()).unwrap().execute_batch(sql).map_err(|why| why.to_string()),
            Some(_) => {
                let Location::Postgres(url) = self.place(0) else { unreachable!("a server has a URL") };
                postgres::Client::connect(&url, postgres::NoTls).unwrap().batch_execute(sql).map_err(|why| why.to_string())
            }
        }
    }

    fn make_schema(&self, schema: &str) {
        if let Some(url) = &self.url {
            let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
            client.batch_execute(&format!("SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(url) = &self.url
            && let Ok(mut client) = postgres::Client::connect(url, postgres::NoTls)
        {
            for number in ["", "_1", "_2"] {
                drop(client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {}{number} CASCADE", self.schema)));
            }
        }
    }
}

pub(crate) fn actor() -> Actor {
    Actor::parse("user:tester").unwrap()
}

/// A firm in its first version.
pub(crate) fn firm(code: &str) -> Record {
    let body = Body::from([
        ("code".to_string(), Value::text(code)),
        ("name".to_string(), Value::text(format!("企业 {code}"))),
        ("phone".to_string(), Value::text(format!("0519-{code}"))),
        ("staff".to_string(), Value::Int(code.len() as i64)),
    ]);
    Record {
        id: RecordId::derive("firm", code),
        kind: "firm".to_string(),
        version: 1,
        region: RegionCode::parse("320402").unwrap(),
        visibility: Visibility::Public,
        state: RecordState::Active,
        updated: Timestamp::from_micros(1_600_000_000_000_000).unwrap(),
        source: Source { file: "企业.xlsx".to_string(), ..Source::default() },
        marks: BTreeMap::new(),
        body,
    }
}

/// The same record in its next version, changed.
pub(crate) fn next(record: &Record, change: impl FnOnce(&mut Record)) -> Record {
    let mut record = record.clone();
    record.version += 1;
    change(&mut record);
    record
}

pub(crate) fn keys(record: &Record) -> Vec<RecordKey> {
    let key = |field: &str, strong| {
        let key = record.text(field).to_string();
        (!key.is_empty()).then(|| RecordKey { key, kind: record.kind.clone(), strong })
    };
    key("code", true).into_iter().chain(key("name", false)).collect()
}

pub(crate) fn refs(record: &Record) -> Vec<RecordRef> {
    let to = record.text("owner").to_string();
    (!to.is_empty()).then(|| RecordRef { field: "owner".to_string(), to_kind: "firm".to_string(), to_key: to }).into_iter().collect()
}

/// Puts a record with the keys and references that follow from it.
pub(crate) fn put(tx: &mut Tx<'_>, record: &Record) -> Result<i64, TxError> {
    tx.put_record(record, &SCHEMA, &keys(record), &refs(record))
}

/// Puts records in one write.
pub(crate) fn put_all(store: &Store, records: &[Record]) -> i64 {
    let records = records.to_vec();
    store.write(&actor(), move |tx| -> Result<i64, TxError> { records.iter().map(|record| put(tx, record)).last().unwrap_or(Ok(0)) }).unwrap()
}

/// Panics with every fault that the check finds.
pub(crate) fn assert_sound(store: &Store) {
    let report = store.check().unwrap();
    let faults: Vec<String> = report.faults.iter().map(|fault| fault.line(duijie_vocab::Lang::En)).collect();
    assert!(report.is_sound(), "{}", faults.join("\n"));
}
