//! The ledger beside the auditor of `model`, which predicts every answer over long random runs with
//! retries, changed retries, requests out of order, reservations that expire, and chains. In release
//! builds ten million requests are run.

mod model;

use duijie_ledger::{Act, Book, Code, MemoryBook, Outcome, Refusal, Transfer, TransferId, disagreements, post, trial_balance};
use duijie_vocab::Timestamp;
use model::{ACCOUNTS, Asked, Auditor, Dice, EVERY_ANSWER, Word, next_chain, predict, word};
use std::collections::HashMap;

const WORLDS: u64 = if cfg!(debug_assertions) { 8 } else { 50 };
const REQUESTS_PER_WORLD: usize = if cfg!(debug_assertions) { 4_000 } else { 200_000 };

fn run_world(seed: u64) -> HashMap<Word, usize> {
    let mut dice = Dice(seed);
    let mut book = MemoryBook::new();
    let mut auditor = Auditor::default();
    let mut asked = Asked::default();
    let mut seen = HashMap::new();
    for n in 0..REQUESTS_PER_WORLD {
        let now = n as i64;
        let chain = next_chain(&mut dice, &asked, n as u64 * 4, now);
        let expected = predict(&mut auditor, &chain, now);
        let outcomes = post(&mut book, &chain, Timestamp::from_micros(now).unwrap()).unwrap();
        let words: Vec<Word> = outcomes.iter().map(word).collect();
        assert_eq!(words, expected, "seed {seed}, request {n}: {chain:?}");
        words.iter().for_each(|word| *seen.entry(*word).or_default() += 1);
        asked.note(chain, &outcomes);
        if n % 1_000 == 0 {
            assert!(trial_balance(book.accounts()).is_even(), "seed {seed}, request {n}");
        }
    }
    for (at, name) in ACCOUNTS.iter().enumerate() {
        let account = book.account(&(*name).to_string().try_into().unwrap()).unwrap();
        let kept = account.map_or([0; 4], |a| [a.debits_posted.0, a.credits_posted.0, a.debits_pending.0, a.credits_pending.0]);
        assert_eq!(kept, auditor.books[at], "seed {seed}, {name}");
    }
    assert_eq!(disagreements(book.accounts(), book.entries()), []);
    seen
}

#[test]
fn the_auditor_agrees_with_every_answer() {
    let mut seen: HashMap<Word, usize> = HashMap::new();
    for seed in 0..WORLDS {
        for (word, count) in run_world(seed) {
            *seen.entry(word).or_default() += count;
        }
    }
    for word in EVERY_ANSWER {
        assert!(seen.get(word).is_some_and(|count| *count > 0), "no run came to `{word}`: {seen:?}");
    }
    println!("{} requests: {seen:?}", WORLDS as usize * REQUESTS_PER_WORLD);
}

#[test]
fn totals_do_not_overflow() {
    let mut book = MemoryBook::new();
    let now = Timestamp::from_micros(0).unwrap();
    let account = |text: &str| text.to_string().try_into().unwrap();
    let most = |n: i64| {
        let act = Act::Posted { debit: account("bank:320412:treasury"), credit: account("pool:320412:vouchers"), amount: duijie_ledger::MAX_AMOUNT };
        Transfer::new(TransferId::parse(&format!("t{n}")).unwrap(), Code::parse("test").unwrap(), act)
    };
    let outcomes: Vec<Outcome> = (0..1_024).flat_map(|n| post(&mut book, &[most(n)], now).unwrap()).collect();
    let refused: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.entry().is_err()).collect();
    assert!(matches!(refused[..], [Outcome::Refused(Refusal::Overflow(_))]), "2^63 does not fit, 2^63 - 2^53 does: {refused:?}");
    assert_eq!(disagreements(book.accounts(), book.entries()), []);
}
