//! A child that is killed, and the store that both open.

use duijie_store::{Location, Options, Store};
use duijie_vocab::{Clock, Digest, Entropy, Timestamp};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

/// The place that a child writes to; its absence tells the parent.
const CHILD: &str = "DUIJIE_KILL_CHILD";

/// The rounds of a test and the seed that repeats it.
pub(crate) struct Plan {
    pub(crate) rounds: u64,
    pub(crate) seed: u64,
}

impl Plan {
    /// `rounds`, or as many as `DUIJIE_KILL_ROUNDS` says.
    pub(crate) fn new(rounds: u64) -> Plan {
        let number = |name: &str| std::env::var_os(name).map(|text| text.to_string_lossy().parse().expect("a number"));
        let seed = number("DUIJIE_KILL_SEED").unwrap_or_else(|| u64::from(std::process::id()));
        println!("seed {seed}: again with DUIJIE_KILL_SEED={seed}");
        Plan { rounds: number("DUIJIE_KILL_ROUNDS").unwrap_or(rounds), seed }
    }

    /// A random number that follows from the seed.
    pub(crate) fn random(&self, round: u64) -> u64 {
        random(self.seed, round)
    }
}

pub(crate) fn random(seed: u64, round: u64) -> u64 {
    let digest = Digest::of(&[&seed.to_be_bytes(), &round.to_be_bytes()]);
    u64::from_be_bytes(digest.0[..8].try_into().unwrap())
}

/// The place that this process is to write to, if it is the child.
pub(crate) fn child_place() -> Option<String> {
    Some(std::env::var_os(CHILD)?.into_string().expect("the place is text"))
}

/// The store that this process is to write to, if it is the child.
pub(crate) fn as_child() -> Option<Store> {
    let store = open(&child_place()?);
    println!("open");
    Some(store)
}

/// Says that `name` was acknowledged.
pub(crate) fn acknowledge(name: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {name}").and_then(|()| out.flush()).expect("the parent reads");
}

/// Lets the test `name` run as a child for `wait` after it opened the store at `place`, or after its
/// start if `early`, kills it, and returns what it acknowledged.
pub(crate) fn run_and_kill(name: &str, place: &str, wait: Duration, early: bool) -> BTreeSet<String> {
    let mut child = Child::start(name, place);
    if !early {
        child.wait_until_open();
    }
    thread::sleep(wait);
    child.kill()
}

/// A test that runs as a child and says what was acknowledged.
pub(crate) struct Child {
    process: std::process::Child,
    lines: Receiver<String>,
    acknowledged: BTreeSet<String>,
}

impl Child {
    /// The test `name`, with the store at `place`.
    pub(crate) fn start(name: &str, place: &str) -> Child {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let (told, lines) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            // The last line may be cut; it counts only if its end arrived.
            while out.read_line(&mut line).is_ok_and(|length| length > 0) && line.ends_with('\n') {
                told.send(std::mem::take(&mut line)).ok();
            }
        });
        Child { process, lines, acknowledged: BTreeSet::new() }
    }

    pub(crate) fn wait_until_open(&mut self) {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("the child opens the store");
            self.hear(&line);
            if line.contains("open") {
                return;
            }
        }
    }

    /// What was acknowledged up to now.
    pub(crate) fn acknowledged(&mut self) -> BTreeSet<String> {
        while let Ok(line) = self.lines.try_recv() {
            self.hear(&line);
        }
        self.acknowledged.clone()
    }

    /// Kills the child and returns everything that it acknowledged.
    pub(crate) fn kill(mut self) -> BTreeSet<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while let Ok(line) = self.lines.recv() {
            self.hear(&line);
        }
        self.acknowledged
    }

    fn hear(&mut self, line: &str) {
        if let Some((_, name)) = line.split_once("ack ") {
            self.acknowledged.insert(name.trim_end().to_string());
        }
    }
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

/// The store at a path or a PostgreSQL URL.
pub(crate) fn open(place: &str) -> Store {
    let location = if place.starts_with("postgres") { Location::Postgres(place.to_string()) } else { Location::Sqlite(place.into()) };
    let counter = || Arc::new(Counter(AtomicU64::new(0)));
    Store::open(location, Options::new(counter(), counter())).unwrap()
}
