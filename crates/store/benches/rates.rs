//! How fast the store is: `cargo bench -p duijie-store -- [RECORDS] [FOLDER or postgres:// URL]`.
//!
//! Durable single writes by 64 clients against one commit per write on the same disk, bulk puts of
//! records like organizations, opening, reading, checking.

use duijie_journal::{Actor, RecordKey, RecordRef};
use duijie_record::{Body, Record, RecordState, Source, Value, Visibility};
use duijie_store::{Filter, Location, Options, Order, Put, Store, TxError};
use duijie_vocab::{Clock, Digest, Entropy, RecordId, RegionCode, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

// As the product itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 64;
const SINGLE_SECONDS: u64 = 5;
/// How long everybody writes before anything is measured, so that caches are full and memory is the
/// program's own.
const WARM_SECONDS: u64 = 3;
const CHUNK: usize = 5000;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let records: usize = args.next().map_or(20_000, |text| text.parse().expect("a number of records"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = match args.next() {
        Some(url) if url.starts_with("postgres") => Location::Postgres(url),
        Some(path) => Location::Sqlite(std::path::Path::new(&path).join("rates.db")),
        None => Location::Sqlite(folder.path().join("rates.db")),
    };
    let store = open(&location);
    singles(&store);
    bulk(&store, records);
    drop(store);
    let (store, took) = timed(|| open(&location));
    println!("open: {took:?}");
    reads(&store);
    if records <= 100_000 {
        let (report, took) = timed(|| store.check().expect("the store reads"));
        println!("check of {} entries: {took:?}, {} faults", report.entries, report.faults.len());
    }
}

fn singles(store: &Store) {
    for (what, write) in [("settings", change_setting as fn(&Store, &str)), ("new-settings", add_setting), ("records", put_one)] {
        let warmed = times(store, CLIENTS, &format!("{what}-warm"), write, WARM_SECONDS).len();
        println!("{what}: {warmed} writes before measuring");
        let alone = rate(store, 1, &format!("{what}-alone"), write);
        let together = rate(store, CLIENTS, &format!("{what}-together"), write);
        println!("{what}: {CLIENTS} clients together write {:.1} times what one client alone does", together / alone);
        let apart = apart(store.location(), &format!("{what}-apart"), write);
        println!("{what}: together against a commit per write each: {:.1} times", together / apart);
    }
}

/// Durable single writes per second by as many clients, each with a connection of its own and a
/// commit per write, as a service without a common writer does it.
fn apart(location: &Location, name: &str, write_one: fn(&Store, &str)) -> f64 {
    let stores: Vec<Store> = (0..CLIENTS).map(|_| open(location)).collect();
    let until = Instant::now() + Duration::from_secs(SINGLE_SECONDS);
    let begun = Instant::now();
    let counts: Vec<usize> = thread::scope(|scope| {
        let write = |client: usize, store: &Store| {
            let store = store.clone();
            move || {
                let mut count = 0;
                while Instant::now() < until {
                    write_one(&store, &format!("{name}-{client}-{count}"));
                    count += 1;
                }
                count
            }
        };
        let threads: Vec<_> = stores.iter().enumerate().map(|(client, store)| scope.spawn(write(client, store))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a client does not panic")).collect()
    });
    let rate = counts.iter().sum::<usize>() as f64 / begun.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} writes/s");
    rate
}

/// An entry with one row of state: each client changes a setting of its own, as an installation, which
/// has some hundreds of them, does.
fn change_setting(store: &Store, name: &str) {
    let (key, number) = name.rsplit_once('-').expect("a name ends with a number");
    put_setting(store, key.to_string(), number.to_string());
}

/// An entry with a new row of state in a table that grows to hundreds of thousands of rows: each write
/// touches a page of its own, and most split one.
fn add_setting(store: &Store, name: &str) {
    put_setting(store, name.to_string(), "value".to_string());
}

fn put_setting(store: &Store, key: String, value: String) {
    let put = store.write(&Actor::system(), move |tx| tx.put_setting(&key, &value));
    put.expect("a setting is put");
}

/// An entry with a record, its keys and links.
fn put_one(store: &Store, name: &str) {
    put(store, vec![organization(name)]);
}

/// Durable single writes per second by so many clients.
fn rate(store: &Store, clients: usize, name: &str, write_one: fn(&Store, &str)) -> f64 {
    let begun = Instant::now();
    let mut times = times(store, clients, name, write_one, SINGLE_SECONDS);
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    println!("{name}: {rate:.0} writes/s, p50 {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    rate
}

/// How long each write took of so many clients who write for `seconds`.
fn times(store: &Store, clients: usize, name: &str, write_one: fn(&Store, &str), seconds: u64) -> Vec<Duration> {
    let until = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        let write = |client: usize| {
            move || {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let number = times.len();
                    let begun = Instant::now();
                    write_one(store, &format!("{name}-{client}-{number}"));
                    times.push(begun.elapsed());
                }
                times
            }
        };
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(write(client))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a client does not panic")).collect()
    })
}

fn bulk(store: &Store, records: usize) {
    let begun = Instant::now();
    let mut made = Duration::ZERO;
    for from in (0..records).step_by(CHUNK) {
        let (chunk, took) = timed(|| (from..(from + CHUNK).min(records)).map(|number| organization(&format!("bulk-{number}"))).collect());
        made += took;
        put(store, chunk);
    }
    let took = begun.elapsed() - made;
    println!("bulk: {records} records in {took:?}, {:.0}/s", records as f64 / took.as_secs_f64());
    let again: Vec<Record> = (0..CHUNK.min(records)).map(|number| Record { version: 2, ..organization(&format!("bulk-{number}")) }).collect();
    let count = again.len();
    let ((), took) = timed(|| put(store, again));
    println!("changed again: {count} records in {took:?}");
}

fn reads(store: &Store) {
    let (page, took) = timed(|| store.read(|view| view.list("organization", &Filter::default(), Order::Updated, None, 50)).expect("the store reads"));
    println!("first page of {}: {took:?}", page.rows.len());
    let (counts, took) = timed(|| store.read(|view| view.count_by_kind(&Filter::default())).expect("the store reads"));
    println!("counts by kind {counts:?}: {took:?}");
    let (seen, took) = timed(|| {
        let mut seen = 0;
        let all = store.read(|view| {
            view.for_each_record::<()>("organization", |_| {
                seen += 1;
                std::ops::ControlFlow::Continue(())
            })
        });
        all.map(|_| seen).expect("the store reads")
    });
    println!("all {seen} records: {took:?}");
}

fn put(store: &Store, records: Vec<Record>) {
    let written = store.write(&Actor::system(), move |tx| -> Result<i64, TxError> {
        let keys: Vec<Vec<RecordKey>> = records.iter().map(keys).collect();
        let refs: Vec<[RecordRef; 1]> = records.iter().map(parent).collect();
        let schema = duijie_record::schema("organization").expect("there are organizations");
        let puts: Vec<Put<'_>> = records.iter().zip(keys.iter().zip(&refs)).map(|(record, (keys, refs))| Put { record, schema, keys, refs }).collect();
        tx.put_records(&puts)
    });
    written.expect("the write is accepted");
}

fn keys(record: &Record) -> Vec<RecordKey> {
    let key = |field: &str, strong| RecordKey { key: record.text(field).to_string(), kind: "organization".into(), strong };
    vec![key("credit_code", true), key("name", false)]
}

/// Each points to one of a thousand others, some of which are never there.
fn parent(record: &Record) -> [RecordRef; 1] {
    let number = usize::from(record.id.as_str().as_bytes()[6]) * 31 % 1000;
    [RecordRef { field: "parent".into(), to_kind: "organization".into(), to_key: format!("9132bulk-{number}") }]
}

fn organization(name: &str) -> Record {
    let text = |key: &str, value: String| (key.to_string(), Value::text(value));
    Record {
        id: RecordId::derive("org", name),
        kind: "organization".into(),
        version: 1,
        region: RegionCode::parse("320402").expect("天宁区"),
        visibility: Visibility::Public,
        state: RecordState::Active,
        updated: Timestamp::from_micros(1_600_000_000_000_000 + name.len() as i64).expect("an instant"),
        source: Source { file: "organizations.xlsx".into(), sheet: "Sheet1".into(), row: Some(7) },
        marks: BTreeMap::new(),
        body: Body::from([
            text("name", format!("常州市某某精密机械制造有限公司 {name}")),
            text("credit_code", format!("9132{name}")),
            text("type", "企业".into()),
            text("region", "320402".into()),
            text("address", format!("江苏省常州市天宁区某某路 {name} 号")),
            text("industry", "C3525".into()),
            text("founded", "2009-03".into()),
            text("contact", "张先生".into()),
            text("phone", "0519-88888888".into()),
            text("website", format!("https://example.org/{name}")),
            text("about", "主要从事精密机械零部件的研发、生产与销售，产品用于汽车、工程机械与轨道交通等行业。".into()),
            ("capital".to_string(), Value::Int(1_000_000_000)),
            ("staff".to_string(), Value::Int(120)),
            ("products".to_string(), Value::List(vec!["轴承".into(), "齿轮".into(), "减速机".into()])),
        ]),
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let value = run();
    (value, begun.elapsed())
}

struct Counter(AtomicU64);

impl Clock for Counter {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_600_000_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed) as i64).expect("an instant")
    }
}

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    }
}

fn open(location: &Location) -> Store {
    let counter = || Arc::new(Counter(AtomicU64::new(0)));
    Store::open(location.clone(), Options::new(counter(), counter())).expect("the store opens")
}
