//! How fast money moves: `cargo bench -p duijie-store --bench transfers -- [FOLDER or postgres:// URL]`.
//!
//! Durable transfers by 64 clients between ten thousand accounts, in runs of a hundred, and all out of one pool, beside
//! one commit per transfer; conservation is checked at the end of each run. How much is gained by writing
//! together hangs on how long the disk takes to store something for good, which is told first.

use duijie_journal::Actor;
use duijie_ledger::{Account, AccountId, Act, Code, Outcome, Transfer, TransferId, trial_balance};
use duijie_store::{Location, Options, Store};
use duijie_vocab::{Clock, Digest, Entropy, Fen, Timestamp};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

// As the product itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 64;
const SECONDS: u64 = 5;
const ACCOUNTS: u64 = 10_000;
/// How many transfers a run has.
const RUN: u64 = 100;
const POOL: &str = "pool:320400:bench";

fn main() {
    let place = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = match place {
        Some(url) if url.starts_with("postgres") => Location::Postgres(url),
        Some(path) => Location::Sqlite(Path::new(&path).join("transfers.db")),
        None => Location::Sqlite(folder.path().join("transfers.db")),
    };
    if let Location::Sqlite(path) = &location {
        println!("disk: {} µs for 4 KiB to be synced", sync(path.parent().expect("a folder")).as_micros());
    }
    let store = open(&location);
    fund(&store);
    let alone = rate(&store, 1, "alone", spread, 1);
    let runs = rate(&store, CLIENTS, "runs", spread, RUN);
    let spread = rate(&store, CLIENTS, "spread", spread, 1);
    let hot = rate(&store, CLIENTS, "one_pool", from_pool, 1);
    println!("spread is {:.1} times one commit per transfer, one_pool {:.1} times, runs {:.1} times", spread / alone, hot / alone, runs / alone);
    prove(&store);
}

/// How long the disk takes to store a page of a file for good, at the median: what one commit waits for at least.
fn sync(folder: &Path) -> Duration {
    let mut file = tempfile::tempfile_in(folder).expect("a file beside the database");
    let once = |_| {
        file.rewind().and_then(|()| file.write_all(&[7; 4096])).expect("a page is written");
        let begun = Instant::now();
        file.sync_data().expect("the page is synced");
        begun.elapsed()
    };
    let mut times: Vec<Duration> = (0..201).map(once).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn account(number: u64) -> String {
    format!("agency:320400:A{number}")
}

fn transfer(id: &str, from: &str, to: &str, fen: i64) -> Transfer {
    let account = |id: &str| AccountId::parse(id).expect("an account");
    let act = Act::Posted { debit: account(from), credit: account(to), amount: Fen(fen) };
    Transfer::new(TransferId::parse(id).expect("an id"), Code::parse("bench").expect("a code"), act)
}

/// Gives the pool and every account something to move.
fn fund(store: &Store) {
    let all: Vec<Transfer> = (0..ACCOUNTS).map(|number| transfer(&format!("fund-{number}"), "bank:320400:bench", &account(number), 1_000_000)).collect();
    for batch in all.chunks(2_000) {
        post(store, batch.to_vec());
    }
    post(store, vec![transfer("fund-pool", "bank:320400:bench", POOL, 1 << 52)]);
}

fn post(store: &Store, batch: Vec<Transfer>) {
    let outcomes = store.post_transfers(&Actor::system(), &batch).expect("the ledger answers");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))), "a transfer was refused");
}

/// One use case that moves money many times, as a batch run of payouts or the redemption of a batch of claims does.
fn run(store: &Store, transfers: Vec<Transfer>) {
    let posted =
        store.write(&Actor::system(), move |tx| transfers.iter().try_for_each(|transfer| tx.post_all_transfers(std::slice::from_ref(transfer)).map(drop)));
    posted.expect("no transfer of the run is refused");
}

fn spread(client: u64, number: u64, id: &str) -> Transfer {
    let from = (client.wrapping_mul(7919) + number.wrapping_mul(104_729)) % ACCOUNTS;
    transfer(id, &account(from), &account((from + 1 + number % 97) % ACCOUNTS), 1)
}

fn from_pool(client: u64, number: u64, id: &str) -> Transfer {
    transfer(id, POOL, &account((client * 131 + number) % ACCOUNTS), 1)
}

/// Durable transfers per second by so many clients, each waiting for its answer to so many together.
fn rate(store: &Store, clients: usize, name: &str, make: fn(u64, u64, &str) -> Transfer, together: u64) -> f64 {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(SECONDS);
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let write = |client: usize| {
            move || {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let first = times.len() as u64 * together;
                    let made = (first..first + together).map(|number| make(client as u64, number, &format!("{name}-{client}-{number}"))).collect();
                    let begun = Instant::now();
                    if together == 1 {
                        post(store, made)
                    } else {
                        run(store, made)
                    }
                    times.push(begun.elapsed());
                }
                times
            }
        };
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(write(client))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a client does not panic")).collect()
    });
    let rate = times.len() as f64 * together as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    println!("{name}: {rate:.0} transfers/s, p50 {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    rate
}

/// Stops unless debits equal credits and every account is lawful.
fn prove(store: &Store) {
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let after = accounts.last().map_or(String::new(), |last| last.id.to_string());
        let page = store.read(|view| view.ledger_accounts("", &after, 1000)).expect("the store reads");
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    let trial = trial_balance(&accounts);
    assert!(trial.is_even() && accounts.iter().all(Account::is_lawful), "money was made or lost");
    println!("conserved: {} accounts, {} Fen on each side", accounts.len(), trial.debits);
}

struct Source(AtomicU64);

impl Clock for Source {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_600_000_000_000_000 + self.0.fetch_add(1, Ordering::Relaxed) as i64).expect("an instant")
    }
}

impl Entropy for Source {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    }
}

fn open(location: &Location) -> Store {
    let source = || Arc::new(Source(AtomicU64::new(0)));
    Store::open(location.clone(), Options::new(source(), source())).expect("the store opens")
}
