//! The ledger inside the store: one entry per batch, laws kept by the engine and by the database,
//! and what becomes of clients that want the same money at the same time.

use crate::world::{World, actor, assert_sound};
use duijie_ledger::{Account, AccountId, Act, Code, Links, Outcome, Refusal, Transfer, TransferId, trial_balance};
use duijie_store::{LedgerEntry, Store, TxError, WriteError};
use duijie_vocab::{Fen, Timestamp};
use std::thread;

crate::laws!(
    a_transfer_moves_money_once_and_is_found_by_what_it_belongs_to,
    a_refused_batch_leaves_nothing,
    a_reservation_is_posted_voided_or_expires,
    of_many_who_redeem_one_voucher_exactly_one_succeeds,
    random_transfers_of_many_clients_conserve_every_fen,
    every_transfer_of_an_account_stands_on_its_pages_in_order,
    the_database_refuses_what_the_engine_should_have_refused,
);

const BANK: &str = "bank:320400:treasury";
const POOL: &str = "pool:320400:vouchers";

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn transfer(id: &str, act: Act) -> Transfer {
    Transfer::new(TransferId::parse(id).unwrap(), Code::parse("test").unwrap(), act)
}

fn moved(id: &str, debit: &str, credit: &str, fen: i64) -> Transfer {
    transfer(id, Act::Posted { debit: account(debit), credit: account(credit), amount: Fen(fen) })
}

/// Money for a pool, tied to a measure, and so many payments out of it that its first page is full.
pub(crate) fn batch() -> Vec<Transfer> {
    let grant = moved("grant", BANK, POOL, 500).with(Links { measure: Some("M1".into()), ..Links::default() });
    let payments = (0..20).map(|number| moved(&format!("pay-{number}"), POOL, "agency:320400:A", 1));
    std::iter::once(grant).chain(payments).collect()
}

fn post(store: &Store, batch: &[Transfer]) -> Vec<Outcome> {
    let batch = batch.to_vec();
    store.write(&actor(), move |tx| tx.post_transfers(&batch)).unwrap()
}

fn stored(store: &Store, id: &str) -> Account {
    store.read(|view| view.ledger_account(&account(id))).unwrap().unwrap()
}

/// Every account of the store.
fn accounts(store: &Store) -> Vec<Account> {
    store.read(|view| view.ledger_accounts("", "", 10_000)).unwrap()
}

fn a_transfer_moves_money_once_and_is_found_by_what_it_belongs_to(world: &World) {
    let store = world.open();
    let links = Links { voucher: Some("V1".into()), ..Links::default() };
    let grant = moved("grant", BANK, POOL, 500).with(links);
    assert!(matches!(post(&store, std::slice::from_ref(&grant))[..], [Outcome::Posted(_)]));
    assert!(matches!(post(&store, std::slice::from_ref(&grant))[..], [Outcome::Exists(_)]));
    let other = Transfer { act: Act::Posted { debit: account(BANK), credit: account(POOL), amount: Fen(501) }, ..grant.clone() };
    assert!(matches!(post(&store, &[other])[..], [Outcome::Refused(Refusal::Differs(_))]));
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 1, "only what was accepted is an entry");
    assert_eq!(stored(&store, POOL).balance(), Fen(500));
    let found = store.read(|view| view.ledger_linked("voucher", "V1", 10)).unwrap();
    assert_eq!(found.iter().map(|found| (found.seq(), &found.entry.transfer)).collect::<Vec<_>>(), [(1, &grant)]);
    post(&store, &[moved("back", POOL, BANK, 120)]);
    let balances: Vec<i64> = found.iter().map(|first| store.read(|view| view.ledger_balance_at(&account(POOL), first.entry.at)).unwrap().0).collect();
    assert_eq!(balances, [500], "as it was when the first was accepted");
    let lines = store.read(|view| view.ledger_transfers(Some(&account(POOL)), found[0].number, 10)).unwrap();
    assert_eq!(lines.iter().map(|line| line.entry.transfer.id.as_str()).collect::<Vec<_>>(), ["back"]);
    assert_eq!(accounts(&store).iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), [BANK, POOL]);
    assert_sound(&store);
    assert_eq!(store.rebuild_state().unwrap(), 2);
    assert_eq!(stored(&store, POOL).balance(), Fen(380));
    assert_sound(&store);
}

fn a_refused_batch_leaves_nothing(world: &World) {
    let store = world.open();
    post(&store, &[moved("grant", BANK, POOL, 100)]);
    let batch = [moved("a", POOL, "agency:320400:A", 60), moved("b", POOL, "agency:320400:B", 60)];
    let all = batch.clone();
    let refused = store.write(&actor(), move |tx| tx.post_all_transfers(&all)).unwrap_err();
    assert!(matches!(refused, WriteError::Refused(TxError::Refused(Refusal::Shortfall { .. }))), "{refused}");
    assert_eq!((stored(&store, POOL).balance(), accounts(&store).len()), (Fen(100), 2));
    let each = post(&store, &batch);
    assert!(matches!(each[..], [Outcome::Posted(_), Outcome::Refused(Refusal::Shortfall { .. })]));
    assert_eq!((stored(&store, POOL).balance(), accounts(&store).len()), (Fen(40), 3));
    // A use case that gives up takes its transfers back.
    let given_up = store.write(&actor(), |tx| {
        tx.post_transfers(&[moved("c", POOL, "agency:320400:A", 40)]).map_err(|why| why.to_string())?;
        Err::<(), _>("no".to_string())
    });
    assert!(matches!(given_up, Err(WriteError::Refused(_))));
    assert_eq!(stored(&store, POOL).balance(), Fen(40));
    // Nor does the writer remember them; and what another one wrote in between counts.
    assert!(matches!(post(&store, &[moved("d", POOL, "agency:320400:A", 30)])[..], [Outcome::Posted(_)]));
    assert!(matches!(post(&world.open(), &[moved("e", POOL, "agency:320400:A", 10)])[..], [Outcome::Posted(_)]));
    assert!(matches!(post(&store, &[moved("f", POOL, "agency:320400:A", 10)])[..], [Outcome::Refused(Refusal::Shortfall { .. })]));
    assert_sound(&store);
}

fn a_reservation_is_posted_voided_or_expires(world: &World) {
    let store = world.open();
    post(&store, &[moved("grant", BANK, POOL, 100)]);
    let soon = Timestamp::from_micros(1_600_000_001_000_000).unwrap();
    let reserve =
        |id: &str, fen: i64, expires| transfer(id, Act::Pending { debit: account(POOL), credit: account("agency:320400:A"), amount: Fen(fen), expires });
    post(&store, &[reserve("r1", 30, None), reserve("r2", 30, None), reserve("r3", 30, Some(soon))]);
    assert_eq!(stored(&store, POOL).available(), Some(Fen(10)));
    let pending = |id: &str| TransferId::parse(id).unwrap();
    post(&store, &[transfer("p1", Act::Post { pending: pending("r1"), amount: Some(Fen(20)) }), transfer("v2", Act::Void { pending: pending("r2") })]);
    assert_eq!((stored(&store, POOL).balance(), stored(&store, POOL).available()), (Fen(80), Some(Fen(50))));
    let due = store.read(|view| view.ledger_expired(soon, 10)).unwrap();
    assert_eq!(due.iter().map(|due| due.entry.transfer.id.as_str()).collect::<Vec<_>>(), ["r3"]);
    assert!(store.read(|view| view.ledger_expired(Timestamp::from_micros(soon.micros() - 1).unwrap(), 10)).unwrap().is_empty());
    assert!(matches!(post(&store, &[transfer("x3", Act::Expire { pending: pending("r3") })])[..], [Outcome::Refused(Refusal::NotExpired(_))]));
    assert!(matches!(post(&store, &[transfer("p1b", Act::Post { pending: pending("r1"), amount: None })])[..], [Outcome::Refused(Refusal::Concluded { .. })]));
    assert_eq!(store.read(|view| view.ledger_transfer(&pending("r2"))).unwrap().unwrap().entry.status.as_str(), "voided");
    assert_sound(&store);
}

const CLIENTS: usize = 64;

fn of_many_who_redeem_one_voucher_exactly_one_succeeds(world: &World) {
    let store = world.open();
    post(&store, &[moved("grant", BANK, "voucher:320400:V1", 100), moved("pool", BANK, POOL, 1000)]);
    let outcomes: Vec<(bool, bool)> = thread::scope(|scope| {
        let redeem = |client: usize| {
            let store = &store;
            move || {
                let voucher = moved(&format!("redeem-{client}"), "voucher:320400:V1", "agency:320400:A", 100);
                let pool = moved(&format!("drain-{client}"), POOL, "agency:320400:B", 300);
                let posted = |transfer: Transfer| matches!(post(store, &[transfer])[..], [Outcome::Posted(_)]);
                (posted(voucher), posted(pool))
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(redeem(client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|(voucher, _)| *voucher).count(), 1);
    assert_eq!(outcomes.iter().filter(|(_, pool)| *pool).count(), 3);
    assert_eq!((stored(&store, "voucher:320400:V1").balance(), stored(&store, POOL).balance()), (Fen(0), Fen(100)));
    assert_sound(&store);
}

fn random_transfers_of_many_clients_conserve_every_fen(world: &World) {
    let store = world.open();
    let other = world.open();
    post(&store, &[moved("grant", BANK, POOL, 100_000)]);
    thread::scope(|scope| {
        for client in 0..16_u64 {
            let store = if client % 4 == 0 { other.clone() } else { store.clone() };
            scope.spawn(move || {
                // A small generator of its own for each client, so that a failure is repeated.
                let mut state = client * 2 + 1;
                let mut random = |below: u64| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) % below
                };
                for round in 0..20 {
                    let name = |number: u64| if number == 0 { POOL.to_string() } else { format!("agency:320400:A{number}") };
                    let (from, to) = (random(6), random(6));
                    // Every fourth one is a repetition of an earlier id, sometimes with another amount.
                    let id = format!("t-{client}-{}", if round % 4 == 3 { round - 1 } else { round });
                    let transfers = [moved(&id, &name(from), &name(to), random(30_000) as i64)];
                    let before = post(&store, &transfers);
                    if let [Outcome::Posted(entry)] = &before[..] {
                        assert!(matches!(&post(&store, &transfers)[..], [Outcome::Exists(again)] if again.transfer == entry.transfer));
                    }
                }
            });
        }
    });
    let accounts = accounts(&store);
    assert!(trial_balance(&accounts).is_even());
    assert!(accounts.iter().all(Account::is_lawful));
    assert_eq!(accounts.iter().map(|account| account.balance().0).sum::<i64>(), 0);
    assert_sound(&store);
}

fn every_transfer_of_an_account_stands_on_its_pages_in_order(world: &World) {
    let store = world.open();
    let agency = account("agency:320400:A");
    post(&store, &[moved("grant", BANK, POOL, 100_000)]);
    // Batches of many sizes, so that pages begin and end anywhere in them; some only reserve.
    for (round, size) in [1, 5, 15, 16, 17, 40, 3, 1, 1, 30].into_iter().enumerate() {
        let name = |number: usize| format!("t-{round}-{number}");
        let act = |number: usize| match number % 5 {
            0 => Act::Pending { debit: account(POOL), credit: agency.clone(), amount: Fen(7), expires: None },
            1 => Act::Post { pending: TransferId::parse(&name(number - 1)).unwrap(), amount: Some(Fen(5)) },
            2 => Act::Posted { debit: agency.clone(), credit: account(POOL), amount: Fen(1) },
            _ => Act::Posted {
                debit: account(POOL),
                credit: account(if number.is_multiple_of(2) { "agency:320400:B" } else { "agency:320400:A" }),
                amount: Fen(11),
            },
        };
        let batch: Vec<Transfer> = (0..size).map(|number| transfer(&name(number), act(number))).collect();
        assert!(post(&store, &batch).iter().all(|outcome| matches!(outcome, Outcome::Posted(_))));
    }
    let all = store.read(|view| view.ledger_transfers(None, -1, 1000)).unwrap();
    assert_eq!(all.len(), 130);
    let posted = |account: &AccountId, entry: &duijie_ledger::Entry| match entry.posts() {
        true if entry.moved.credit == *account => entry.moved.amount.0,
        true if entry.moved.debit == *account => -entry.moved.amount.0,
        _ => 0,
    };
    for account in [account(POOL), agency.clone(), account("agency:320400:B"), account("agency:320400:none")] {
        let own: Vec<_> = all.iter().filter(|one| one.entry.moved.debit == account || one.entry.moved.credit == account).cloned().collect();
        for limit in [1, 2, 15, 16, 17, 100, 1000] {
            let mut listed = Vec::new();
            while let page =
                store.read(|view| view.ledger_transfers(Some(&account), listed.last().map_or(-1, |last: &LedgerEntry| last.number), limit)).unwrap()
                && !page.is_empty()
            {
                assert!(page.len() <= limit);
                listed.extend(page);
            }
            assert_eq!(listed, own, "{account} by {limit}");
        }
        let posting: Vec<_> = own.iter().filter(|one| one.entry.posts()).cloned().collect();
        for place in [0, 1, 20, 21, 63, 64, 100, posting.len()].into_iter().filter(|place| *place < posting.len()) {
            let (number, at) = (posting[place].number, posting[place].entry.at);
            let earlier = |until| own.iter().filter(|one| one.number < number && one.entry.at < until).map(|one| posted(&account, &one.entry)).sum::<i64>();
            assert_eq!(
                store.read(|view| view.ledger_balance_before(&account, number, None)).unwrap().0,
                earlier(Timestamp::from_micros(4_000_000_000_000_000).unwrap())
            );
            assert_eq!(store.read(|view| view.ledger_balance_before(&account, number, Some(at))).unwrap().0, earlier(at));
            let until_now = own.iter().filter(|one| one.entry.at <= at).map(|one| posted(&account, &one.entry)).sum::<i64>();
            assert_eq!(store.read(|view| view.ledger_balance_at(&account, at)).unwrap().0, until_now);
            let rest: Vec<_> = posting.iter().filter(|one| one.number > number && one.entry.at >= at).take(25).cloned().collect();
            assert_eq!(store.read(|view| view.ledger_postings(&account, (Some(at), None), number, 25)).unwrap(), rest);
            let first: Vec<_> = posting.iter().filter(|one| one.entry.at < at).take(3).cloned().collect();
            assert_eq!(store.read(|view| view.ledger_postings(&account, (None, Some(at)), -1, 3)).unwrap(), first);
        }
    }
    assert_sound(&store);
    store.rebuild_state().unwrap();
    assert_sound(&store);
}

fn the_database_refuses_what_the_engine_should_have_refused(world: &World) {
    let store = world.open();
    post(&store, &[moved("grant", BANK, POOL, 100)]);
    for change in [
        "UPDATE ledger_account SET debits_posted = 101 WHERE side = 'credit'",
        "UPDATE ledger_account SET debits_pending = 101 WHERE side = 'credit'",
        "UPDATE ledger_account SET credits_posted = 101 WHERE side = 'debit'",
        "UPDATE ledger_account SET debits_posted = -1",
        "UPDATE ledger_transfer SET amount = -1",
        "UPDATE ledger_transfer SET ended_by = 'x'",
    ] {
        assert!(world.try_tamper(change).is_err(), "accepted: {change}");
    }
    world.tamper("UPDATE ledger_account SET credits_posted = 200, debits_posted = 100 WHERE side = 'credit'");
    assert!(!store.check().unwrap().is_sound());
}
