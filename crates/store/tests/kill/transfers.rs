//! Transfers: each that was acknowledged is there once, none twice, and the ledger is even.

use crate::harness::{Plan, acknowledge, as_child, open, random, run_and_kill};
use duijie_journal::Actor;
use duijie_ledger::{Account, AccountId, Act, Code, Outcome, Transfer, TransferId, trial_balance};
use duijie_store::Store;
use duijie_vocab::Fen;
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

/// How many times the child is killed; more with `DUIJIE_KILL_ROUNDS`.
const ROUNDS: u64 = 100;

/// The whole chain is checked after every so many rounds, and after the last.
const CHECK_EVERY: u64 = 50;

const THREADS: u64 = 4;

const POOL: &str = "pool:320400:kill";

#[test]
fn a_kill_loses_no_transfer_and_makes_none_twice_on_sqlite() {
    if let Some(store) = as_child() {
        return move_until_killed(&store);
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("duijie.db").into_os_string().into_string().unwrap();
    check("transfers::a_kill_loses_no_transfer_and_makes_none_twice_on_sqlite", &place);
}

#[test]
fn a_kill_loses_no_transfer_and_makes_none_twice_on_postgres() {
    if let Some(store) = as_child() {
        return move_until_killed(&store);
    }
    let Some(server) = std::env::var_os("DUIJIE_TEST_POSTGRES") else {
        return println!("skipped: DUIJIE_TEST_POSTGRES names no server");
    };
    let server = server.into_string().expect("the URL is text");
    let schema = format!("kill_{}", std::process::id());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
    let mark = if server.contains('?') { '&' } else { '?' };
    check("transfers::a_kill_loses_no_transfer_and_makes_none_twice_on_postgres", &format!("{server}{mark}options=-csearch_path%3D{schema}"));
    client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE")).unwrap();
}

fn check(name: &str, place: &str) {
    let plan = Plan::new(ROUNDS);
    let mut acknowledged = BTreeSet::new();
    for round in 0..plan.rounds {
        let seed = plan.seed;
        let wait = Duration::from_micros(1_000 + plan.random(round) % 120_000);
        let latest = run_and_kill(name, place, wait, round % 4 == 0);
        let store = open(place);
        assert_there(&store, &latest, seed, round);
        acknowledged.extend(latest);
        if round % CHECK_EVERY == CHECK_EVERY - 1 || round + 1 == plan.rounds {
            assert_there(&store, &acknowledged, seed, round);
            look_at_everything(&store, seed, round);
        }
    }
    println!("{} kills, {} transfers acknowledged, each there once", plan.rounds, acknowledged.len());
    assert!(acknowledged.len() as u64 > plan.rounds / 4, "the child hardly ever came to write");
}

pub(crate) fn assert_there(store: &Store, acknowledged: &BTreeSet<String>, seed: u64, round: u64) {
    let lost: Vec<&String> =
        acknowledged.iter().filter(|id| store.read(|view| view.ledger_transfer(&TransferId::parse(id).unwrap())).unwrap().is_none()).collect();
    assert!(lost.is_empty(), "seed {seed}, round {round}: lost {lost:?}");
}

pub(crate) fn look_at_everything(store: &Store, seed: u64, round: u64) {
    let report = store.check().unwrap();
    assert!(report.is_sound(), "seed {seed}, round {round}: {:?}", report.faults);
    let accounts = store.read(|view| view.ledger_accounts("", "", 1_000)).unwrap();
    assert!(trial_balance(&accounts).is_even() && accounts.iter().all(Account::is_lawful), "seed {seed}, round {round}: the ledger is not even");
}

/// Moves money from several threads and names each transfer after it was answered. Each thread
/// grants, reserves, posts and voids by turns, and asks for some transfers twice.
pub(crate) fn move_until_killed(store: &Store) {
    let begin = store.read(|view| view.head()).unwrap().seq;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0.. {
                    let id = |what: &str| format!("{begin}-{thread}-{number}-{what}");
                    let agency = format!("agency:320400:A{}", random(thread, number) % 20);
                    post(store, &[moved(&id("grant"), "bank:320400:kill", POOL, 100)]);
                    post(store, &[reserved(&id("reserve"), POOL, &agency, 60)]);
                    let pending = TransferId::parse(&id("reserve")).unwrap();
                    let end = if number % 3 == 0 { Act::Void { pending } } else { Act::Post { pending, amount: Some(Fen(50)) } };
                    let end = transfer(&id("end"), end);
                    post(store, std::slice::from_ref(&end));
                    post(store, &[end, moved(&id("spend"), &agency, "bank:320400:kill", 10)]);
                }
            });
        }
    });
}

fn transfer(id: &str, act: Act) -> Transfer {
    Transfer::new(TransferId::parse(id).unwrap(), Code::parse("kill").unwrap(), act)
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn moved(id: &str, debit: &str, credit: &str, fen: i64) -> Transfer {
    transfer(id, Act::Posted { debit: account(debit), credit: account(credit), amount: Fen(fen) })
}

fn reserved(id: &str, debit: &str, credit: &str, fen: i64) -> Transfer {
    transfer(id, Act::Pending { debit: account(debit), credit: account(credit), amount: Fen(fen), expires: None })
}

fn post(store: &Store, batch: &[Transfer]) {
    let batch = batch.to_vec();
    let outcomes = store.write(&Actor::system(), move |tx| tx.post_transfers(&batch)).unwrap();
    for entry in outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Posted(entry) | Outcome::Exists(entry) => Some(entry),
        Outcome::Refused(_) => None,
    }) {
        acknowledge(entry.transfer.id.as_str());
    }
}
