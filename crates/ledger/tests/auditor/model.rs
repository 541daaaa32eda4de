//! An auditor that was written without looking at the ledger: a naive model of plain numbers that
//! predicts the answer to every request, and the dice that make the requests.

use duijie_ledger::{Act, Code, Outcome, Status, Transfer, TransferId};
use duijie_vocab::{Fen, Timestamp};
use std::collections::HashMap;

/// SplitMix64: a seed gives the same run everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Asked {
    /// Notes what was asked and answered.
    pub(crate) fn note(&mut self, chain: Vec<Transfer>, outcomes: &[Outcome]) {
        let reservations = outcomes.iter().filter_map(|outcome| outcome.entry().ok()).filter(|entry| entry.status == Status::Pending);
        self.reserved.extend(reservations.map(|entry| entry.transfer.id.clone()));
        self.chains.push(chain);
        forget_old(&mut self.chains);
        forget_old(&mut self.reserved);
    }
}

/// Only the last few are asked about again.
fn forget_old<T>(all: &mut Vec<T>) {
    if all.len() > 1_000 {
        all.drain(..900);
    }
}

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

pub(crate) const ACCOUNTS: [&str; 9] = [
    "bank:320412:treasury",
    "bank:310110:treasury",
    "pool:320412:vouchers",
    "pool:320412:rewards",
    "voucher:320412:V1",
    "agency:320412:A1",
    "payee:320412:P1",
    "clearing:320412:310110",
    "clearing:310110:320412",
];

/// What the auditor knows of a request that was accepted.
#[derive(Clone, PartialEq)]
pub(crate) struct Known {
    request: String,
    pending: Option<(usize, usize, i64, Option<i64>)>,
    ended: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Auditor {
    /// Posted and reserved, debit and credit, for each account.
    pub(crate) books: [[i64; 4]; ACCOUNTS.len()],
    pub(crate) known: HashMap<String, Known>,
}

/// The prediction, as one word.
pub(crate) type Word = &'static str;

impl Auditor {
    fn answer(&mut self, transfer: &Transfer, now: i64) -> Word {
        let id = transfer.id.to_string();
        let request = serde_json::to_string(transfer).unwrap();
        if let Some(known) = self.known.get(&id) {
            return if known.request == request { "exists" } else { "ledger.differs" };
        }
        let word = self.try_it(transfer, now);
        if word == "posted" {
            let pending = match &transfer.act {
                Act::Pending { debit, credit, amount, expires } => {
                    Some((place(debit.as_str()), place(credit.as_str()), amount.0, expires.map(Timestamp::micros)))
                }
                _ => None,
            };
            self.known.insert(id, Known { request, pending, ended: false });
        }
        word
    }

    fn try_it(&mut self, transfer: &Transfer, now: i64) -> Word {
        match &transfer.act {
            Act::Posted { debit, credit, amount } => self.shift(place(debit.as_str()), place(credit.as_str()), amount.0, [0, 1]),
            Act::Pending { expires: Some(expires), amount, debit, credit }
                if (1..=1 << 53).contains(&amount.0) && debit != credit && expires.micros() <= now =>
            {
                "ledger.expires_in_past"
            }
            Act::Pending { debit, credit, amount, .. } => self.shift(place(debit.as_str()), place(credit.as_str()), amount.0, [2, 3]),
            Act::Post { pending, .. } | Act::Void { pending } | Act::Expire { pending } => self.end(transfer, pending.as_str(), now),
        }
    }

    fn end(&mut self, transfer: &Transfer, pending: &str, now: i64) -> Word {
        let Some(known) = self.known.get(pending) else { return "ledger.no_such_pending" };
        let Some((debit, credit, reserved, expires)) = known.pending else { return "ledger.not_pending" };
        if known.ended {
            return "ledger.concluded";
        }
        let late = expires.is_some_and(|expires| expires <= now);
        let posted = match &transfer.act {
            Act::Expire { .. } if !late => return "ledger.not_expired",
            Act::Post { .. } if late => return "ledger.expired",
            Act::Post { amount: Some(amount), .. } if amount.0 > reserved => return "ledger.more_than_reserved",
            Act::Post { amount: Some(amount), .. } if amount.0 <= 0 => return "ledger.not_positive",
            Act::Post { amount, .. } => amount.map_or(reserved, |amount| amount.0),
            _ => 0,
        };
        self.books[debit][2] -= reserved;
        self.books[credit][3] -= reserved;
        self.books[debit][0] += posted;
        self.books[credit][1] += posted;
        self.known.get_mut(pending).unwrap().ended = true;
        "posted"
    }

    fn shift(&mut self, debit: usize, credit: usize, amount: i64, [on_debit, on_credit]: [usize; 2]) -> Word {
        if amount <= 0 {
            return "ledger.not_positive";
        }
        if amount > 1 << 53 {
            return "ledger.too_large";
        }
        if debit == credit {
            return "ledger.same_account";
        }
        let mut books = self.books;
        books[debit][on_debit] += amount;
        books[credit][on_credit] += amount;
        if [debit, credit].into_iter().any(|at| !within_rule(ACCOUNTS[at], books[at])) {
            return "ledger.shortfall";
        }
        self.books = books;
        "posted"
    }
}

fn place(account: &str) -> usize {
    ACCOUNTS.iter().position(|known| *known == account).unwrap()
}

fn within_rule(account: &str, [debits, credits, debits_reserved, credits_reserved]: [i64; 4]) -> bool {
    match account.split(':').next().unwrap() {
        "bank" => debits >= credits + credits_reserved,
        "clearing" => true,
        _ => credits >= debits + debits_reserved,
    }
}

pub(crate) fn word(outcome: &Outcome) -> Word {
    match outcome {
        Outcome::Posted(_) => "posted",
        Outcome::Exists(_) => "exists",
        Outcome::Refused(refusal) => refusal.code(),
    }
}

/// What the run remembers, to ask about it again.
#[derive(Default)]
pub(crate) struct Asked {
    /// Stands in every id, so that runs on the same ledger do not meet.
    pub(crate) run: u64,
    pub(crate) chains: Vec<Vec<Transfer>>,
    pub(crate) reserved: Vec<TransferId>,
}

/// One of the last few.
fn recent<'a, T>(dice: &mut Dice, all: &'a [T]) -> Option<&'a T> {
    let back = dice.roll(all.len().clamp(1, 40) as u64) as usize;
    all.len().checked_sub(1 + back).map(|at| &all[at])
}

/// The next chain: mostly one new request, sometimes several, a retry, or a part of an old chain
/// under the end of a new one.
pub(crate) fn next_chain(dice: &mut Dice, asked: &Asked, next_id: u64, now: i64) -> Vec<Transfer> {
    let old = recent(dice, &asked.chains).cloned();
    let mut chain = match (dice.roll(12), old) {
        (0, Some(old)) => return old,
        (1, Some(mut old)) => vec![request(dice, asked, next_id, now), old.swap_remove(0)],
        (2, _) => (0..2 + dice.roll(3)).map(|k| request(dice, asked, next_id + k, now)).collect(),
        _ => vec![request(dice, asked, next_id, now)],
    };
    Transfer::chain(&mut chain);
    chain
}

/// One random request. Ids repeat, so that changed retries and requests that come before what they
/// are about happen, too.
fn request(dice: &mut Dice, asked: &Asked, next_id: u64, now: i64) -> Transfer {
    let id = |n: u64| TransferId::parse(&format!("{}-{n}", asked.run)).unwrap();
    let some_id = |dice: &mut Dice| id(next_id.saturating_sub(dice.roll(60)) + dice.roll(3));
    let reserved = |dice: &mut Dice| match (dice.roll(5), recent(dice, &asked.reserved)) {
        (1.., Some(reserved)) => reserved.clone(),
        _ => some_id(dice),
    };
    let amount = match dice.roll(40) {
        0 => Fen(0),
        1 => Fen(-5),
        2 => Fen(i64::MAX),
        _ => Fen(1 + dice.roll(1_000) as i64),
    };
    let debit = ACCOUNTS[dice.roll(ACCOUNTS.len() as u64) as usize].to_string().try_into().unwrap();
    let credit = ACCOUNTS[dice.roll(ACCOUNTS.len() as u64) as usize].to_string().try_into().unwrap();
    let act = match dice.roll(10) {
        0..=1 => Act::Posted { debit: "bank:320412:treasury".to_string().try_into().unwrap(), credit, amount },
        2..=3 => Act::Posted { debit, credit, amount },
        4..=6 => {
            let expires = (dice.roll(2) == 0).then(|| Timestamp::from_micros(now + dice.roll(60) as i64 - 5).unwrap());
            Act::Pending { debit, credit, amount, expires }
        }
        7 => Act::Post { pending: reserved(dice), amount: (dice.roll(2) == 0).then_some(amount) },
        8 => Act::Void { pending: reserved(dice) },
        _ => Act::Expire { pending: reserved(dice) },
    };
    let own = if dice.roll(20) == 0 { some_id(dice) } else { id(next_id) };
    Transfer::new(own, Code::parse("test").unwrap(), act)
}

/// The auditor's answers to a chain: all or nothing.
pub(crate) fn predict(auditor: &mut Auditor, chain: &[Transfer], now: i64) -> Vec<Word> {
    let before = (chain.len() > 1).then(|| auditor.clone_lightly(chain));
    let mut words = Vec::new();
    for transfer in chain {
        words.push(auditor.answer(transfer, now));
        if !matches!(*words.last().unwrap(), "posted" | "exists") {
            break;
        }
    }
    let all = words.len() == chain.len() && words.iter().all(|word| matches!(*word, "posted" | "exists"));
    let mixed = words.contains(&"exists") && words.contains(&"posted");
    if all && !mixed {
        return words;
    }
    let culprit = if all { words.iter().position(|word| *word == "exists").unwrap() } else { words.len() - 1 };
    let own = if all { "ledger.chain_differs" } else { words[culprit] };
    if let Some(before) = before {
        auditor.restore(before);
    }
    (0..chain.len()).map(|at| if at == culprit { own } else { "ledger.chain" }).collect()
}

/// The parts of the auditor that a chain may change.
struct Before {
    books: [[i64; 4]; ACCOUNTS.len()],
    known: Vec<(String, Option<Known>)>,
}

impl Auditor {
    fn clone_lightly(&self, chain: &[Transfer]) -> Before {
        let ids = chain.iter().flat_map(|transfer| [Some(&transfer.id), transfer.pending()]).flatten();
        Before { books: self.books, known: ids.map(|id| (id.to_string(), self.known.get(id.as_str()).cloned())).collect() }
    }

    fn restore(&mut self, before: Before) {
        self.books = before.books;
        for (id, known) in before.known {
            match known {
                Some(known) => self.known.insert(id, known),
                None => self.known.remove(&id),
            };
        }
    }
}

/// Every answer that a long enough run comes to.
pub(crate) const EVERY_ANSWER: [Word; 16] = [
    "posted",
    "exists",
    "ledger.not_positive",
    "ledger.too_large",
    "ledger.same_account",
    "ledger.shortfall",
    "ledger.differs",
    "ledger.no_such_pending",
    "ledger.not_pending",
    "ledger.concluded",
    "ledger.expired",
    "ledger.not_expired",
    "ledger.more_than_reserved",
    "ledger.expires_in_past",
    "ledger.chain",
    "ledger.chain_differs",
];
