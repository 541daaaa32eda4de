//! Looking back: the trial balance, an account's statement, and a balance at a moment.

use crate::{Account, AccountId, Entry, Links};
use duijie_vocab::{Fen, Timestamp};
use serde::Serialize;

/// Every account with its balance on the side where it stands. Debits and credits are equal in sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialBalance {
    pub rows: Vec<TrialRow>,
    /// Sums of the balances, in Fen; equal in an honest ledger.
    pub debits: i128,
    pub credits: i128,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialRow {
    pub account: AccountId,
    /// The balance where debits are more, else zero.
    pub debit: Fen,
    /// The balance where credits are more, else zero.
    pub credit: Fen,
    pub debits_pending: Fen,
    pub credits_pending: Fen,
}

impl TrialBalance {
    /// Whether debits equal credits.
    pub fn is_even(&self) -> bool {
        self.debits == self.credits
    }
}

/// The trial balance of `accounts`, ordered by kind and id.
pub fn trial_balance<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> TrialBalance {
    let mut rows: Vec<TrialRow> = accounts.into_iter().map(trial_row).collect();
    rows.sort_by(|a, b| (a.account.kind(), &a.account).cmp(&(b.account.kind(), &b.account)));
    let debits = rows.iter().map(|row| i128::from(row.debit.0)).sum();
    let credits = rows.iter().map(|row| i128::from(row.credit.0)).sum();
    TrialBalance { rows, debits, credits }
}

fn trial_row(account: &Account) -> TrialRow {
    let balance = account.balance();
    TrialRow {
        account: account.id.clone(),
        debit: Fen((-balance.0).max(0)),
        credit: balance.max(Fen::ZERO),
        debits_pending: account.debits_pending,
        credits_pending: account.credits_pending,
    }
}

/// What was posted to one account, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub account: AccountId,
    /// Credits − debits before the first line.
    pub opening: Fen,
    pub lines: Vec<Line>,
    pub closing: Fen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub at: Timestamp,
    pub transfer: String,
    pub code: String,
    pub links: Links,
    /// The account on the other side.
    pub counter: AccountId,
    pub debit: Fen,
    pub credit: Fen,
    /// Credits − debits after this line.
    pub balance: Fen,
}

/// The statement of `account` over the instants `from` (included) to `until` (not included), from
/// all its entries in the order in which they were accepted. Reservations are not lines.
pub fn statement<'a>(account: &AccountId, entries: impl IntoIterator<Item = &'a Entry>, from: Option<Timestamp>, until: Option<Timestamp>) -> Statement {
    let mut opening = Fen::ZERO;
    let mut balance = Fen::ZERO;
    let mut lines = Vec::new();
    for entry in entries.into_iter().filter(|entry| until.is_none_or(|until| entry.at < until)) {
        let Some(change) = change_of(account, entry) else { continue };
        balance.0 += change.0;
        if from.is_some_and(|from| entry.at < from) {
            opening = balance;
            continue;
        }
        lines.push(line(entry, change, balance));
    }
    Statement { account: account.clone(), opening, lines, closing: balance }
}

/// A part of a statement: the lines of `entries`, which are all that were posted to `account` from
/// the balance `opening` on.
pub fn statement_from<'a>(account: &AccountId, opening: Fen, entries: impl IntoIterator<Item = &'a Entry>) -> Statement {
    let mut balance = opening;
    let mut lines = Vec::new();
    for entry in entries {
        let Some(change) = change_of(account, entry) else { continue };
        balance.0 += change.0;
        lines.push(line(entry, change, balance));
    }
    Statement { account: account.clone(), opening, lines, closing: balance }
}

fn line(entry: &Entry, change: Fen, balance: Fen) -> Line {
    Line {
        at: entry.at,
        transfer: entry.transfer.id.to_string(),
        code: entry.transfer.code.to_string(),
        links: entry.transfer.links.clone(),
        counter: if change.0 < 0 { entry.moved.credit.clone() } else { entry.moved.debit.clone() },
        debit: Fen((-change.0).max(0)),
        credit: change.max(Fen::ZERO),
        balance,
    }
}

/// Credits − debits posted to `account` up to and including the instant `at`.
pub fn balance_at<'a>(account: &AccountId, entries: impl IntoIterator<Item = &'a Entry>, at: Timestamp) -> Fen {
    let changes = entries.into_iter().filter(|entry| entry.at <= at).filter_map(|entry| change_of(account, entry));
    Fen(changes.map(|change| change.0).sum())
}

/// What the entry posted to the account: credits positive, debits negative.
fn change_of(account: &AccountId, entry: &Entry) -> Option<Fen> {
    if !entry.posts() {
        return None;
    }
    let amount = entry.moved.amount.0;
    match (entry.moved.debit == *account, entry.moved.credit == *account) {
        (true, _) => Some(Fen(-amount)),
        (_, true) => Some(Fen(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Act, Code, MemoryBook, Transfer, TransferId, post_all};

    #[test]
    fn a_statement_begins_where_the_one_before_ended() {
        let account = |text: &str| AccountId::parse(text).unwrap();
        let (bank, pool, payee) = (account("bank:320412:t"), account("pool:320412:p"), account("payee:320412:e"));
        let day = |day: i64| Timestamp::from_micros(day * 86_400_000_000).unwrap();
        let id = |text: &str| TransferId::parse(text).unwrap();
        let acts = [
            Act::Posted { debit: bank.clone(), credit: pool.clone(), amount: Fen(1_000) },
            Act::Pending { debit: pool.clone(), credit: payee.clone(), amount: Fen(400), expires: None },
            Act::Post { pending: id("t1"), amount: Some(Fen(300)) },
        ];
        let mut book = MemoryBook::new();
        for (n, act) in acts.into_iter().enumerate() {
            post_all(&mut book, &[Transfer::new(id(&format!("t{n}")), Code::parse("test").unwrap(), act)], day(n as i64)).unwrap();
        }
        let entries = book.entries();
        let shown = |from, until| {
            let statement = statement(&pool, entries, from, until);
            (statement.opening.0, statement.lines.iter().map(|line| (line.debit.0, line.credit.0, line.balance.0)).collect::<Vec<_>>(), statement.closing.0)
        };
        assert_eq!(shown(None, Some(day(1))), (0, vec![(0, 1_000, 1_000)], 1_000));
        assert_eq!(shown(Some(day(1)), None), (1_000, vec![(300, 0, 700)], 700));
        assert_eq!([0, 1, 2].map(|n| balance_at(&pool, entries, day(n)).0), [1_000, 1_000, 700]);
        let trial = trial_balance(book.accounts());
        assert!(trial.is_even());
        assert_eq!(
            trial.rows.iter().map(|row| (row.account.name(), row.debit.0, row.credit.0)).collect::<Vec<_>>(),
            [("t", 1_000, 0), ("p", 0, 700), ("e", 0, 300)]
        );
    }
}
