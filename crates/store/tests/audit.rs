//! Sixteen clients at once ask random things of one store – retries, changed retries, requests out
//! of order, chains, reservations that expire – and the ledger's auditor predicts every answer in the
//! order in which the store took them. After every commit that a reader sees, the books are even and
//! every account keeps its rule. `DUIJIE_AUDIT_REQUESTS` asks for a longer run.

#[path = "../../ledger/tests/auditor/model.rs"]
mod model;

use duijie_journal::Actor;
use duijie_ledger::{Account, AccountId, Outcome, Transfer, trial_balance};
use duijie_store::{Location, Options, Store, TxError};
use duijie_vocab::{Clock, Digest, Entropy, Timestamp};
use model::{ACCOUNTS, Asked, Auditor, Dice, EVERY_ANSWER, Word, next_chain, predict, word};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

const CLIENTS: u64 = 16;
const REQUESTS: u64 = 8_000;
/// After so many requests the answers are compared, and the next run begins with ids of its own.
const RUN: u64 = 200_000;
/// Chains that a client asks for at once: several per commit, as a portal does.
const TOGETHER: u64 = 8;

#[test]
fn the_auditor_agrees_with_every_answer_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    audit(Location::Sqlite(folder.path().join("duijie.db")));
}

#[test]
fn the_auditor_agrees_with_every_answer_on_postgres() {
    let Some(server) = std::env::var_os("DUIJIE_TEST_POSTGRES") else {
        return println!("skipped: DUIJIE_TEST_POSTGRES names no server");
    };
    let server = server.into_string().expect("the URL is text");
    let schema = format!("audit_{}", std::process::id());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
    let mark = if server.contains('?') { '&' } else { '?' };
    audit(Location::Postgres(format!("{server}{mark}options=-csearch_path%3D{schema}")));
    client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE")).unwrap();
}

/// What a client asked and heard: when the writer came to it, and each chain with its answers.
struct Heard {
    at: i64,
    chains: Vec<(Vec<Transfer>, Vec<Word>)>,
}

fn audit(location: Location) {
    let wanted = std::env::var_os("DUIJIE_AUDIT_REQUESTS").map_or(REQUESTS, |text| text.to_string_lossy().parse().expect("a number"));
    let clock = Arc::new(Ticks(AtomicI64::new(1)));
    let store = Store::open(location, Options::new(clock.clone(), Arc::new(Salt(AtomicU64::new(0))))).unwrap();
    let mut auditor = Auditor::default();
    let mut seen: HashMap<Word, u64> = HashMap::new();
    let stop = AtomicBool::new(false);
    let snapshots = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&store, &stop));
        let mut asked = 0;
        for run in 0.. {
            let answers = ask(&store, &clock, run, RUN.min(wanted - asked));
            asked += answers.iter().flat_map(|heard| &heard.chains).map(|(chain, _)| chain.len() as u64).sum::<u64>();
            compare(&mut auditor, answers, run, &mut seen);
            check_books(&store, &auditor);
            if asked >= wanted {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        watching.join().unwrap()
    });
    for word in EVERY_ANSWER {
        assert!(seen.contains_key(word), "no client came to `{word}`: {seen:?}");
    }
    let report = store.check().unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
    println!("{} answers by {CLIENTS} clients as predicted, {snapshots} snapshots even: {seen:?}", seen.values().sum::<u64>());
}

/// Lets all clients ask `requests` or a few more, and returns what they heard.
fn ask(store: &Store, clock: &Ticks, run: u64, requests: u64) -> Vec<Heard> {
    let (asked, next_id) = (Mutex::new(Asked { run, ..Asked::default() }), AtomicU64::new(0));
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        let client = |client: u64| {
            let (asked, next_id, count) = (&asked, &next_id, &count);
            move || {
                let mut dice = Dice(run * CLIENTS + client);
                let mut heard = Vec::new();
                while count.load(Ordering::Relaxed) < requests {
                    let chains: Vec<Vec<Transfer>> = {
                        let asked = asked.lock().unwrap();
                        let mut next = || next_chain(&mut dice, &asked, next_id.fetch_add(4, Ordering::Relaxed), clock.0.load(Ordering::Relaxed));
                        (0..TOGETHER).map(|_| next()).collect()
                    };
                    count.fetch_add(chains.iter().map(|chain| chain.len() as u64).sum(), Ordering::Relaxed);
                    heard.push(post(store, asked, chains));
                }
                heard
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(client(number))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn post(store: &Store, asked: &Mutex<Asked>, chains: Vec<Vec<Transfer>>) -> Heard {
    let batch = chains.concat();
    let foreseen = batch.clone();
    let written = store.write_foreseen(&Actor::system(), foreseen, move |tx| -> Result<_, TxError> {
        // One tick of the clock before the one under which the ledger answers.
        let at = tx.now().micros() + 1;
        Ok((at, tx.post_transfers(&batch)?))
    });
    let (at, outcomes) = written.unwrap();
    let mut rest: &[Outcome] = &outcomes;
    let mut heard = Heard { at, chains: Vec::with_capacity(chains.len()) };
    let mut asked = asked.lock().unwrap();
    for chain in chains {
        let (own, later) = rest.split_at(chain.len());
        asked.note(chain.clone(), own);
        heard.chains.push((chain, own.iter().map(word).collect()));
        rest = later;
    }
    heard
}

fn compare(auditor: &mut Auditor, mut answers: Vec<Heard>, run: u64, seen: &mut HashMap<Word, u64>) {
    // Ids of the runs before do not come again; the balances stay.
    auditor.known.clear();
    answers.sort_by_key(|heard| heard.at);
    for heard in answers {
        for (chain, words) in heard.chains {
            assert_eq!(words, predict(auditor, &chain, heard.at), "run {run}, at {}: {chain:?}", heard.at);
            words.iter().for_each(|word| *seen.entry(word).or_default() += 1);
        }
    }
}

/// The stored totals are the auditor's.
fn check_books(store: &Store, auditor: &Auditor) {
    for (at, name) in ACCOUNTS.iter().enumerate() {
        let id = AccountId::parse(name).unwrap();
        let account = store.read(|view| view.ledger_account(&id)).unwrap();
        let kept = account.map_or([0; 4], |a| [a.debits_posted.0, a.credits_posted.0, a.debits_pending.0, a.credits_pending.0]);
        assert_eq!(kept, auditor.books[at], "{name}");
    }
}

/// Looks at the books as often as it can until it is told to stop; how often.
fn watch(store: &Store, stop: &AtomicBool) -> u64 {
    let mut snapshots = 0;
    while !stop.load(Ordering::Relaxed) {
        let accounts = store.read(|view| view.ledger_accounts("", "", 1_000)).unwrap();
        assert!(trial_balance(&accounts).is_even() && accounts.iter().all(Account::is_lawful), "snapshot {snapshots} is not even: {accounts:?}");
        snapshots += 1;
        thread::sleep(std::time::Duration::from_millis(2));
    }
    snapshots
}

/// A clock that moves on by one whenever it is asked.
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

struct Salt(AtomicU64);

impl Entropy for Salt {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    }
}
