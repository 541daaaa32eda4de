//! The ledger's tables: the book that the engine posts to inside a write, and what readers ask.
//! What a batch changes waits with the other writes of the group, so that an account that every
//! use case of the group touches is written once.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row, in_rows};
use duijie_journal::canonical_text;
use duijie_ledger::{Account, AccountId, Act, Book, Changes, Entry, MAX_BATCH, Moved, Rule, Status, Transfer, TransferId};
use duijie_vocab::{Fen, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

/// An accepted transfer with its place in the order of acceptance, from which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The journal's entry times [`MAX_BATCH`], plus the place in that entry.
    pub number: i64,
    pub entry: Entry,
}

impl LedgerEntry {
    /// The journal's entry with which the transfer was accepted.
    pub fn seq(&self) -> i64 {
        self.number / MAX_BATCH as i64
    }
}

/// The book in an open write; its transfers belong to journal entry `seq`.
pub(crate) struct Tables<'a> {
    conn: &'a mut Conn,
    seq: i64,
    /// What was looked up in the tables, there or not.
    accounts: HashMap<AccountId, Option<Account>>,
    entries: HashMap<TransferId, Option<Entry>>,
}

const ACCOUNT: &str = "id, debits_posted, credits_posted, debits_pending, credits_pending";
const TRANSFER: &str = "number, debit, credit, amount, reserved, happened, status, ended_by, body";

/// What batches changed and the tables do not hold yet.
#[derive(Default)]
pub(crate) struct WaitingLedger {
    /// Accounts with the journal entry that last changed them.
    accounts: BTreeMap<AccountId, (Account, i64)>,
    /// Transfers with their numbers, in the order of acceptance.
    transfers: Vec<LedgerEntry>,
    places: HashMap<TransferId, usize>,
    /// Reservations in the tables that are no longer open.
    concluded: BTreeMap<TransferId, Status>,
}

impl WaitingLedger {
    pub(crate) fn is_empty(&self) -> bool {
        self.transfers.is_empty()
    }
}

impl Book for Tables<'_> {
    type Error = StoreFault;

    fn account(&mut self, id: &AccountId) -> Result<Option<Account>, StoreFault> {
        if let Some((account, _)) = self.conn.waiting().ledger.accounts.get(id) {
            return Ok(Some(account.clone()));
        }
        match self.accounts.get(id) {
            Some(found) => Ok(found.clone()),
            None => account(self.conn, id),
        }
    }

    fn entry(&mut self, id: &TransferId) -> Result<Option<Entry>, StoreFault> {
        let waiting = &self.conn.waiting().ledger;
        if let Some(&place) = waiting.places.get(id) {
            return Ok(Some(waiting.transfers[place].entry.clone()));
        }
        let concluded = waiting.concluded.get(id).cloned();
        let mut found = match self.entries.get(id) {
            Some(found) => found.clone(),
            None => transfer(self.conn, id)?.map(|found| found.entry),
        };
        if let (Some(entry), Some(status)) = (&mut found, concluded) {
            entry.status = status;
        }
        Ok(found)
    }

    fn write(&mut self, changes: &Changes) -> Result<(), StoreFault> {
        let seq = self.seq;
        let waiting = &mut self.conn.waiting().ledger;
        waiting.accounts.extend(changes.accounts.iter().map(|account| (account.id.clone(), (account.clone(), seq))));
        for (at, entry) in changes.entries.iter().enumerate() {
            waiting.places.insert(entry.transfer.id.clone(), waiting.transfers.len());
            waiting.transfers.push(LedgerEntry { number: seq * MAX_BATCH as i64 + at as i64, entry: entry.clone() });
        }
        for (id, status) in &changes.concluded {
            match waiting.places.get(id) {
                Some(&place) => waiting.transfers[place].entry.status = status.clone(),
                None => drop(waiting.concluded.insert(id.clone(), status.clone())),
            }
        }
        Ok(())
    }
}

impl<'a> Tables<'a> {
    /// The book for `batch`, with everything that the batch names looked up at once.
    pub(crate) fn for_batch(conn: &'a mut Conn, seq: i64, batch: &[Transfer]) -> Result<Tables<'a>, StoreFault> {
        let mut tables = Tables { conn, seq, accounts: HashMap::new(), entries: HashMap::new() };
        tables.look_up_entries(batch)?;
        tables.look_up_accounts(batch)?;
        Ok(tables)
    }

    fn look_up_entries(&mut self, batch: &[Transfer]) -> Result<(), StoreFault> {
        let named = batch.iter().flat_map(|transfer| [Some(&transfer.id), transfer.pending()]).flatten();
        let waiting = &self.conn.waiting().ledger.places;
        self.entries = named.filter(|id| !waiting.contains_key(id)).map(|id| (id.clone(), None)).collect();
        let ids: Vec<TransferId> = self.entries.keys().cloned().collect();
        let args: Vec<Arg<'_>> = ids.iter().map(|id| Arg::Text(id.as_str())).collect();
        let sql = |tuples: &str| format!("SELECT {TRANSFER} FROM ledger_transfer WHERE id IN (VALUES {tuples})");
        in_rows(&args, 1, sql, |sql, args| {
            let found = self.conn.query(sql, args, read_transfer)?;
            self.entries.extend(found.into_iter().map(|found| (found.entry.transfer.id.clone(), Some(found.entry))));
            Ok(())
        })
    }

    fn look_up_accounts(&mut self, batch: &[Transfer]) -> Result<(), StoreFault> {
        let named = batch.iter().flat_map(|transfer| match &transfer.act {
            Act::Posted { debit, credit, .. } | Act::Pending { debit, credit, .. } => vec![debit, credit],
            Act::Post { .. } | Act::Void { .. } | Act::Expire { .. } => Vec::new(),
        });
        let reserved = self.entries.values().flatten().flat_map(|entry| [&entry.moved.debit, &entry.moved.credit]);
        let waiting = &self.conn.waiting().ledger.accounts;
        self.accounts = named.chain(reserved).filter(|id| !waiting.contains_key(id)).map(|id| (id.clone(), None)).collect();
        let ids: Vec<AccountId> = self.accounts.keys().cloned().collect();
        let args: Vec<Arg<'_>> = ids.iter().map(|id| Arg::Text(id.as_str())).collect();
        let sql = |tuples: &str| format!("SELECT {ACCOUNT} FROM ledger_account WHERE id IN (VALUES {tuples})");
        in_rows(&args, 1, sql, |sql, args| {
            let found = self.conn.query(sql, args, read_account)?;
            self.accounts.extend(found.into_iter().map(|account| (account.id.clone(), Some(account))));
            Ok(())
        })
    }
}

/// Writes what waits into the tables.
pub(crate) fn settle(conn: &mut Conn, waiting: WaitingLedger) -> Result<(), StoreFault> {
    put_accounts(conn, waiting.accounts.values())?;
    insert_transfers(conn, &waiting.transfers)?;
    waiting.concluded.iter().try_for_each(|(id, status)| conclude(conn, id, status))
}

fn put_accounts<'a>(conn: &mut Conn, accounts: impl Iterator<Item = &'a (Account, i64)>) -> Result<(), StoreFault> {
    let mut args = Vec::new();
    for (account, seq) in accounts {
        let side = match account.rule() {
            Rule::CreditSide => "credit",
            Rule::DebitSide => "debit",
            Rule::Free => "free",
        };
        let totals = [account.debits_posted, account.credits_posted, account.debits_pending, account.credits_pending];
        args.extend([Arg::Text(account.id.as_str()), Arg::Text(side)]);
        args.extend(totals.map(|total| Arg::Int(total.0)));
        args.push(Arg::Int(*seq));
    }
    let sql = |tuples: &str| {
        format!(
            "INSERT INTO ledger_account (id, side, debits_posted, credits_posted, debits_pending, credits_pending, entry) VALUES {tuples}
             ON CONFLICT (id) DO UPDATE SET debits_posted = excluded.debits_posted, credits_posted = excluded.credits_posted,
             debits_pending = excluded.debits_pending, credits_pending = excluded.credits_pending, entry = excluded.entry"
        )
    };
    in_rows(&args, 7, sql, |sql, args| conn.execute(sql, args).map(drop))
}

fn insert_transfers(conn: &mut Conn, transfers: &[LedgerEntry]) -> Result<(), StoreFault> {
    let bodies = transfers.iter().map(|waiting| canonical_text(&waiting.entry.transfer)).collect::<Result<Vec<_>, _>>();
    let bodies = bodies.map_err(|why| StoreFault::unreadable("a transfer", why))?;
    let mut args = Vec::with_capacity(transfers.len() * 12);
    for (LedgerEntry { number, entry }, body) in transfers.iter().zip(&bodies) {
        args.extend([
            Arg::Text(entry.transfer.id.as_str()),
            Arg::Int(*number),
            Arg::Text(entry.moved.debit.as_str()),
            Arg::Text(entry.moved.credit.as_str()),
            Arg::Int(entry.moved.amount.0),
            Arg::Int(entry.moved.reserved.0),
            Arg::Int(i64::from(entry.posts())),
            Arg::Int(entry.at.micros()),
            Arg::MaybeInt(entry.expires().map(Timestamp::micros)),
            Arg::Text(entry.status.as_str()),
            Arg::MaybeText(entry.status.by().map(TransferId::as_str)),
            Arg::Text(body),
        ]);
    }
    let sql = |tuples: &str| {
        format!("INSERT INTO ledger_transfer (id, number, debit, credit, amount, reserved, posts, happened, expires, status, ended_by, body) VALUES {tuples}")
    };
    in_rows(&args, 12, sql, |sql, args| conn.execute(sql, args).map(drop))?;
    let links: Vec<Arg<'_>> = transfers
        .iter()
        .map(|waiting| &waiting.entry.transfer)
        .flat_map(|transfer| transfer.links.named().flat_map(|(name, target)| [name, target, transfer.id.as_str()]))
        .map(Arg::Text)
        .collect();
    let sql = |tuples: &str| format!("INSERT INTO ledger_link (name, target, transfer) VALUES {tuples}");
    in_rows(&links, 3, sql, |sql, args| conn.execute(sql, args).map(drop))
}

fn conclude(conn: &mut Conn, id: &TransferId, status: &Status) -> Result<(), StoreFault> {
    let sql = "UPDATE ledger_transfer SET status = $2, ended_by = $3 WHERE id = $1 AND status = 'pending'";
    let args = [Arg::Text(id.as_str()), Arg::Text(status.as_str()), Arg::MaybeText(status.by().map(TransferId::as_str))];
    let written = conn.execute(sql, &args)?;
    if written == 1 { Ok(()) } else { Err(StoreFault::unreadable(format_args!("transfer `{id}`"), "it is no longer reserved")) }
}

pub(crate) fn account(conn: &mut Conn, id: &AccountId) -> Result<Option<Account>, StoreFault> {
    conn.first(&format!("SELECT {ACCOUNT} FROM ledger_account WHERE id = $1"), &[Arg::Text(id.as_str())], read_account)
}

/// At most `limit` accounts whose id begins with `prefix` and comes after `after`.
pub(crate) fn accounts(conn: &mut Conn, prefix: &str, after: &str, limit: usize) -> Result<Vec<Account>, StoreFault> {
    // Ids are ASCII, so nothing that begins with the prefix comes after this.
    let end = format!("{prefix}\u{7f}");
    let sql = format!("SELECT {ACCOUNT} FROM ledger_account WHERE id >= $1 AND id < $2 AND id > $3 ORDER BY id LIMIT $4");
    conn.query(&sql, &[Arg::Text(prefix), Arg::Text(&end), Arg::Text(after), Arg::Int(limit as i64)], read_account)
}

pub(crate) fn transfer(conn: &mut Conn, id: &TransferId) -> Result<Option<LedgerEntry>, StoreFault> {
    conn.first(&format!("SELECT {TRANSFER} FROM ledger_transfer WHERE id = $1"), &[Arg::Text(id.as_str())], read_transfer)
}

/// At most `limit` transfers accepted after number `after`, of `account` or of all, in their order.
pub(crate) fn transfers(conn: &mut Conn, account: Option<&AccountId>, after: i64, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
    let limit = Arg::Int(limit as i64);
    match account {
        None => {
            let sql = format!("SELECT {TRANSFER} FROM ledger_transfer WHERE number > $1 ORDER BY number LIMIT $2");
            conn.query(&sql, &[Arg::Int(after), limit], read_transfer)
        }
        Some(account) => {
            let side = |column: &str| format!("SELECT {TRANSFER} FROM ledger_transfer WHERE {column} = $1 AND number > $2");
            let sql = format!("{} UNION ALL {} ORDER BY number LIMIT $3", side("debit"), side("credit"));
            conn.query(&sql, &[Arg::Text(account.as_str()), Arg::Int(after), limit], read_transfer)
        }
    }
}

/// The transfers that belong to `target`, such as (`voucher`, its number), in their order.
pub(crate) fn linked(conn: &mut Conn, name: &str, target: &str, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
    let sql = format!(
        "SELECT {TRANSFER} FROM ledger_transfer WHERE id IN (SELECT transfer FROM ledger_link WHERE name = $1 AND target = $2) ORDER BY number LIMIT $3"
    );
    conn.query(&sql, &[Arg::Text(name), Arg::Text(target), Arg::Int(limit as i64)], read_transfer)
}

/// At most `limit` reservations whose time had come at `now`, the longest expired first.
pub(crate) fn expired(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
    let sql =
        format!("SELECT {TRANSFER} FROM ledger_transfer WHERE status = 'pending' AND expires IS NOT NULL AND expires <= $1 ORDER BY expires, number LIMIT $2");
    conn.query(&sql, &[Arg::Int(now.micros()), Arg::Int(limit as i64)], read_transfer)
}

/// Credits − debits posted to `account` up to and including the instant `at`, in Fen.
pub(crate) fn balance_at(conn: &mut Conn, account: &AccountId, at: Timestamp) -> Result<Fen, StoreFault> {
    let side = |column: &str| format!("SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfer WHERE {column} = $1 AND posts = 1 AND happened <= $2");
    let mut sum = |column: &str| -> Result<i64, StoreFault> {
        let found = conn.first(&side(column), &[Arg::Text(account.as_str()), Arg::Int(at.micros())], |row| row.int_or_null(0))?;
        Ok(found.flatten().unwrap_or(0))
    };
    Ok(Fen(sum("credit")? - sum("debit")?))
}

fn read_account(row: &Row<'_>) -> Result<Account, StoreFault> {
    let id = row.text(0)?;
    let id = AccountId::parse(&id).map_err(|why| StoreFault::unreadable("an account", why))?;
    Ok(Account { id, debits_posted: Fen(row.int(1)?), credits_posted: Fen(row.int(2)?), debits_pending: Fen(row.int(3)?), credits_pending: Fen(row.int(4)?) })
}

fn read_transfer(row: &Row<'_>) -> Result<LedgerEntry, StoreFault> {
    let body = row.text(8)?;
    let unreadable = |why: &dyn Display| StoreFault::unreadable(format_args!("transfer {body}"), why);
    let transfer: Transfer = serde_json::from_str(&body).map_err(|why| unreadable(&why))?;
    let account = |column| AccountId::parse(&row.text(column)?).map_err(|why| unreadable(&why));
    let ended_by = row.text_or_null(7)?.map(|id| TransferId::parse(&id).map_err(|why| unreadable(&why))).transpose()?;
    let status = Status::from_parts(&row.text(6)?, ended_by).ok_or_else(|| unreadable(&"its status is none"))?;
    let moved = Moved { debit: account(1)?, credit: account(2)?, amount: Fen(row.int(3)?), reserved: Fen(row.int(4)?) };
    let at = Timestamp::from_micros(row.int(5)?).map_err(|why| unreadable(&why))?;
    Ok(LedgerEntry { number: row.int(0)?, entry: Entry { transfer, moved, at, status } })
}
