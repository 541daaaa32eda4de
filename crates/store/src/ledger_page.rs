//! The pages 账页 of the ledger: which transfers touched an account, sixteen to a page. The open page stands in
//! the account's own row, which each of its transfers changes anyway; only a full page becomes a row. An index
//! over both sides of a transfer cost each of them two pages of the database somewhere in that index.

use crate::StoreFault;
use crate::ledger::{self, LedgerEntry, TRANSFER, read_transfer};
use crate::sql::{Arg, Conn, Row};
use duijie_ledger::{Account, AccountId};
use duijie_vocab::Fen;
use std::collections::HashMap;

/// How many transfers stand on a page.
const PAGE: usize = 16;

/// The bytes of a number on a page, and of a page.
const NUMBER: usize = 8;
const BYTES: usize = PAGE * NUMBER;

/// How many numbers are read at a time where everything is looked through.
const CHUNK: usize = 1024;

/// An account as its row holds it.
#[derive(Clone, Debug)]
pub(crate) struct AccountRow {
    pub(crate) account: Account,
    /// The latest instant at which a transfer touched the account, in microseconds since 1970.
    pub(crate) newest: i64,
    /// The open page: the numbers of the account's transfers after its last full page.
    open: Vec<i64>,
}

/// A page that is full.
pub(crate) struct FullPage {
    account: AccountId,
    newest: i64,
    /// What was posted up to the last transfer on the page, credits − debits.
    balance: Fen,
    numbers: Vec<i64>,
}

impl AccountRow {
    /// The row of an account that no transfer has touched.
    pub(crate) fn empty(id: AccountId) -> AccountRow {
        AccountRow { account: Account::empty(id), newest: 0, open: Vec::new() }
    }

    /// The account with what its columns `newest` and `page` say.
    pub(crate) fn read(account: Account, newest: i64, page: &[u8]) -> Result<AccountRow, StoreFault> {
        Ok(AccountRow { account, newest, open: read_numbers(page)? })
    }

    /// The open page as its column holds it.
    pub(crate) fn page(&self) -> [u8; BYTES] {
        written(&self.open)
    }
}

/// Lists `transfers` on the pages of the accounts in `rows`, which are as they were before the first of them,
/// and returns the pages that became full.
pub(crate) fn list(rows: &mut HashMap<AccountId, AccountRow>, transfers: &[LedgerEntry]) -> Vec<FullPage> {
    let mut full = Vec::new();
    for LedgerEntry { number, entry } in transfers {
        for id in [&entry.moved.debit, &entry.moved.credit] {
            let row = rows.entry(id.clone()).or_insert_with(|| AccountRow::empty(id.clone()));
            if entry.posts() {
                let total = if *id == entry.moved.debit { &mut row.account.debits_posted } else { &mut row.account.credits_posted };
                // INVARIANT: the transfers were accepted, so that their sum fits.
                total.0 += entry.moved.amount.0;
            }
            row.newest = row.newest.max(entry.at.micros());
            row.open.push(*number);
            if row.open.len() == PAGE {
                full.push(FullPage { account: id.clone(), newest: row.newest, balance: row.account.balance(), numbers: std::mem::take(&mut row.open) });
            }
        }
    }
    full
}

pub(crate) fn insert(conn: &mut Conn, pages: &[FullPage]) -> Result<(), StoreFault> {
    let numbers: Vec<[u8; BYTES]> = pages.iter().map(|page| written(&page.numbers)).collect();
    let mut args = Vec::with_capacity(pages.len() * 5);
    for (FullPage { account, newest, balance, numbers: listed }, bytes) in pages.iter().zip(&numbers) {
        let last = listed.last().copied().expect("BUG: a full page without a transfer");
        args.extend([Arg::Text(account.as_str()), Arg::Int(last), Arg::Int(*newest), Arg::Int(balance.0), Arg::Blob(bytes)]);
    }
    conn.execute_rows(&args, 5, |rows| format!("INSERT INTO ledger_page (account, last, newest, balance, numbers) {rows}")).map(drop)
}

fn written(numbers: &[i64]) -> [u8; BYTES] {
    let mut page = [0; BYTES];
    for (place, number) in page.chunks_exact_mut(NUMBER).zip(numbers) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    page
}

fn read_numbers(page: &[u8]) -> Result<Vec<i64>, StoreFault> {
    let (numbers, []) = page.as_chunks::<NUMBER>() else {
        return Err(StoreFault::unreadable("a page of an account", format_args!("it has {} bytes", page.len())));
    };
    // No transfer has the number 0.
    Ok(numbers.iter().map(|number| i64::from_be_bytes(*number)).take_while(|number| *number != 0).collect())
}

/// The numbers of at least `wanted` transfers of `account` after number `after`, in their order; fewer only where
/// there are no more.
fn numbers(conn: &mut Conn, account: &AccountId, after: i64, wanted: usize) -> Result<Vec<i64>, StoreFault> {
    // Of the first page all but the last may come before.
    let pages = wanted.div_ceil(PAGE) + 1;
    let sql = "SELECT numbers FROM ledger_page WHERE account = $1 AND last > $2 ORDER BY last LIMIT $3";
    let mut found = conn.query(sql, &[Arg::Text(account.as_str()), Arg::Int(after), Arg::Int(pages as i64)], |row| read_numbers(&row.blob(0)?))?;
    if found.len() < pages {
        found.extend(conn.first("SELECT page FROM ledger_account WHERE id = $1", &[Arg::Text(account.as_str())], |row| read_numbers(&row.blob(0)?))?);
    }
    Ok(found.into_iter().flatten().filter(|number| *number > after).collect())
}

/// At most `limit` transfers of `account` after number `after`, in their order, out of those that `filter`, a
/// condition over the columns of `ledger_transfer` and `fixed`, lets through.
pub(crate) fn transfers(
    conn: &mut Conn,
    account: &AccountId,
    mut after: i64,
    limit: usize,
    (filter, fixed): (&str, &[Arg<'_>]),
) -> Result<Vec<LedgerEntry>, StoreFault> {
    let sql = |rows: &str| format!("SELECT {TRANSFER} FROM ledger_transfer WHERE number IN ({rows}) AND {filter}");
    let mut found: Vec<LedgerEntry> = Vec::new();
    let mut wanted = limit.min(CHUNK);
    while found.len() < limit {
        let mut listed = numbers(conn, account, after, wanted)?;
        listed.truncate(wanted);
        let Some(&last) = listed.last() else { break };
        let args: Vec<Arg<'_>> = listed.into_iter().map(Arg::Int).collect();
        let mut read = conn.query_rows_after(fixed, &args, 1, sql, read_transfer)?;
        read.sort_by_key(|transfer| transfer.number);
        found.append(&mut read);
        after = last;
        // Where a filter leaves little, a list of one must not read one after the other.
        wanted = (wanted * 2).min(CHUNK);
    }
    found.truncate(limit);
    Ok(found)
}

/// Credits − debits that transfers before number `number` posted to `account` before the instant `until`, given in
/// microseconds since 1970. What whole pages before both add up to is known.
pub(crate) fn balance_before(conn: &mut Conn, account: &AccountId, number: i64, until: i64) -> Result<Fen, StoreFault> {
    let account_arg = Arg::Text(account.as_str());
    let sql = "SELECT last, balance FROM ledger_page WHERE account = $1 AND last < $2 AND newest < $3 ORDER BY last DESC LIMIT 1";
    let known = conn.first(sql, &[account_arg, Arg::Int(number), Arg::Int(until)], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let (mut after, mut balance) = known.unwrap_or((-1, 0));
    let sql = |rows: &str| {
        format!(
            "SELECT CAST(SUM(CASE WHEN credit = $1 THEN amount ELSE -amount END) AS BIGINT) FROM ledger_transfer
             WHERE number IN ({rows}) AND posts = 1 AND happened < $2"
        )
    };
    let sum = |row: &Row<'_>| row.int_or_null(0);
    loop {
        let mut listed = numbers(conn, account, after, CHUNK)?;
        listed.retain(|listed| *listed < number);
        let Some(&last) = listed.last() else { return Ok(Fen(balance)) };
        let args: Vec<Arg<'_>> = listed.into_iter().map(Arg::Int).collect();
        let sums = conn.query_rows_after(&[account_arg, Arg::Int(until)], &args, 1, sql, sum)?;
        balance += sums.into_iter().flatten().sum::<i64>();
        after = last;
    }
}

/// Lists all transfers of a database on the pages of their accounts: a step of migration.
pub(crate) fn fill(conn: &mut Conn) -> Result<(), StoreFault> {
    let mut rows = HashMap::new();
    let mut after = -1;
    loop {
        let transfers = ledger::transfers(conn, None, after, CHUNK)?;
        let Some(last) = transfers.last() else { break };
        after = last.number;
        let full = list(&mut rows, &transfers);
        insert(conn, &full)?;
    }
    let pages: Vec<_> = rows.values().map(|row| (row.account.id.as_str(), row.newest, row.page())).collect();
    let args: Vec<Arg<'_>> = pages.iter().flat_map(|(id, newest, page)| [Arg::Text(id), Arg::Int(*newest), Arg::Blob(page)]).collect();
    conn.update_rows("ledger_account", "id", &["newest", "page"], &args).map(drop)
}
