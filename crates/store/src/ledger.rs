//! The ledger's tables: the book that the engine posts to inside a write, and what readers ask.
//! What a batch changes waits with the other writes of the group, so that an account that every
//! use case of the group touches is written once.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row};
use duijie_journal::canonical_text;
use duijie_ledger::{Account, AccountId, AccountKind, Act, Book, Changes, Entry, MAX_BATCH, Moved, Rule, Status, Transfer, TransferId};
use duijie_vocab::{Fen, RegionCode, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// The accounts of one kind in one region, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSum {
    pub kind: AccountKind,
    pub region: RegionCode,
    pub accounts: i64,
    pub debits_posted: Fen,
    pub credits_posted: Fen,
    pub debits_pending: Fen,
    pub credits_pending: Fen,
}

/// The book in an open write; its transfers belong to journal entry `seq`.
pub(crate) struct Tables<'a> {
    conn: &'a mut Conn,
    seq: i64,
}

const ACCOUNT: &str = "id, debits_posted, credits_posted, debits_pending, credits_pending";
const TRANSFER: &str = "number, debit, credit, amount, reserved, happened, status, ended_by, body";

/// What batches changed and the tables do not hold yet.
#[derive(Default)]
pub(crate) struct WaitingLedger {
    known: Known,
    /// Accounts with the journal entry that last changed them.
    accounts: BTreeMap<AccountId, (Account, i64)>,
    /// Transfers with their numbers, in the order of acceptance.
    transfers: Vec<LedgerEntry>,
    places: HashMap<TransferId, usize>,
    /// Reservations in the tables that are no longer open.
    concluded: BTreeMap<TransferId, Status>,
}

/// What the open transaction looked up in the tables, there or not, and what it wrote since.
#[derive(Default)]
struct Known {
    accounts: HashMap<AccountId, Option<Account>>,
    entries: HashMap<TransferId, Option<Entry>>,
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
        match self.conn.waiting().ledger.known.accounts.get(id) {
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
        let mut found = match waiting.known.entries.get(id) {
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
        look_up(conn, batch)?;
        Ok(Tables { conn, seq })
    }
}

/// Looks up what these transfers name, as far as it is not known yet: once for all that a group is
/// going to post, so that it costs the group two queries and not two for each use case.
pub(crate) fn look_up<'a>(conn: &mut Conn, transfers: impl IntoIterator<Item = &'a Transfer> + Clone) -> Result<(), StoreFault> {
    look_up_entries(conn, transfers.clone())?;
    look_up_accounts(conn, transfers)
}

fn look_up_entries<'a>(conn: &mut Conn, transfers: impl IntoIterator<Item = &'a Transfer>) -> Result<(), StoreFault> {
    let waiting = &conn.waiting().ledger;
    let named = transfers.into_iter().flat_map(|transfer| [Some(&transfer.id), transfer.pending()]).flatten();
    let new: BTreeSet<&TransferId> = named.filter(|id| !waiting.places.contains_key(*id) && !waiting.known.entries.contains_key(*id)).collect();
    let args: Vec<Arg<'_>> = new.iter().map(|id| Arg::Text(id.as_str())).collect();
    let sql = |rows: &str| format!("SELECT {TRANSFER} FROM ledger_transfer WHERE id IN ({rows})");
    let found = conn.query_rows(&args, 1, sql, read_transfer)?;
    let known = &mut conn.waiting().ledger.known.entries;
    known.extend(new.into_iter().map(|id| (id.clone(), None)));
    known.extend(found.into_iter().map(|found| (found.entry.transfer.id.clone(), Some(found.entry))));
    Ok(())
}

fn look_up_accounts<'a>(conn: &mut Conn, transfers: impl IntoIterator<Item = &'a Transfer>) -> Result<(), StoreFault> {
    let waiting = &conn.waiting().ledger;
    let reserved = |id: &TransferId| waiting.known.entries.get(id).and_then(Option::as_ref).map(|entry| (&entry.moved.debit, &entry.moved.credit));
    let sides = |transfer: &'a Transfer| match &transfer.act {
        Act::Posted { debit, credit, .. } | Act::Pending { debit, credit, .. } => Some((debit, credit)),
        Act::Post { pending, .. } | Act::Void { pending } | Act::Expire { pending } => reserved(pending),
    };
    let named: BTreeSet<&AccountId> = transfers.into_iter().filter_map(sides).flat_map(<[&AccountId; 2]>::from).collect();
    let new: Vec<AccountId> =
        named.into_iter().filter(|id| !waiting.accounts.contains_key(*id) && !waiting.known.accounts.contains_key(*id)).cloned().collect();
    let args: Vec<Arg<'_>> = new.iter().map(|id| Arg::Text(id.as_str())).collect();
    let sql = |rows: &str| format!("SELECT {ACCOUNT} FROM ledger_account WHERE id IN ({rows})");
    let found = conn.query_rows(&args, 1, sql, read_account)?;
    let known = &mut conn.waiting().ledger.known.accounts;
    known.extend(new.into_iter().map(|id| (id, None)));
    known.extend(found.into_iter().map(|account| (account.id.clone(), Some(account))));
    Ok(())
}

/// Writes what waits into the tables and returns what is known from then on.
pub(crate) fn settle(conn: &mut Conn, mut waiting: WaitingLedger) -> Result<WaitingLedger, StoreFault> {
    put_accounts(conn, waiting.accounts.values())?;
    insert_transfers(conn, &waiting.transfers)?;
    conclude(conn, &waiting.concluded)?;
    let Known { accounts, entries } = &mut waiting.known;
    accounts.extend(waiting.accounts.into_iter().map(|(id, (account, _))| (id, Some(account))));
    for (id, status) in waiting.concluded {
        if let Some(Some(entry)) = entries.get_mut(&id) {
            entry.status = status;
        }
    }
    entries.extend(waiting.transfers.into_iter().map(|written| (written.entry.transfer.id.clone(), Some(written.entry))));
    Ok(WaitingLedger { known: waiting.known, ..WaitingLedger::default() })
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
    let sql = |rows: &str| {
        format!(
            "INSERT INTO ledger_account (id, side, debits_posted, credits_posted, debits_pending, credits_pending, entry) {rows}
             ON CONFLICT (id) DO UPDATE SET debits_posted = excluded.debits_posted, credits_posted = excluded.credits_posted,
             debits_pending = excluded.debits_pending, credits_pending = excluded.credits_pending, entry = excluded.entry"
        )
    };
    conn.execute_rows(&args, 7, sql).map(drop)
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
    let sql = |rows: &str| {
        format!("INSERT INTO ledger_transfer (id, number, debit, credit, amount, reserved, posts, happened, expires, status, ended_by, body) {rows}")
    };
    conn.execute_rows(&args, 12, sql)?;
    let links: Vec<Arg<'_>> = transfers
        .iter()
        .map(|waiting| &waiting.entry.transfer)
        .flat_map(|transfer| transfer.links.named().flat_map(|(name, target)| [name, target, transfer.id.as_str()]))
        .map(Arg::Text)
        .collect();
    let sql = |rows: &str| format!("INSERT INTO ledger_link (name, target, transfer) {rows}");
    conn.execute_rows(&links, 3, sql).map(drop)
}

fn conclude(conn: &mut Conn, concluded: &BTreeMap<TransferId, Status>) -> Result<(), StoreFault> {
    let row = |(id, status): (&'_ TransferId, &'_ Status)| (id.to_string(), status.as_str(), status.by().map(TransferId::to_string));
    let rows: Vec<_> = concluded.iter().map(row).collect();
    let args: Vec<Arg<'_>> = rows.iter().flat_map(|(id, status, by)| [Arg::Text(id), Arg::Text(status), Arg::MaybeText(by.as_deref())]).collect();
    let sql = |rows: &str| {
        format!(
            "WITH ended (id, status, ended_by) AS ({rows})
             UPDATE ledger_transfer SET status = ended.status, ended_by = ended.ended_by FROM ended
             WHERE ledger_transfer.id = ended.id AND ledger_transfer.status = 'pending'"
        )
    };
    let written = conn.execute_rows(&args, 3, sql)?;
    if written == concluded.len() as u64 { Ok(()) } else { Err(StoreFault::unreadable("a reservation", "it was ended in the meantime")) }
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

/// The sums of all accounts by kind and region.
pub(crate) fn sums(conn: &mut Conn) -> Result<Vec<LedgerSum>, StoreFault> {
    let mut found = Vec::new();
    for kind in AccountKind::all() {
        let prefix = format!("{}:", kind.as_str());
        let end = format!("{prefix}\u{7f}");
        let sum = |column: &str| format!("CAST(SUM({column}) AS BIGINT)");
        let totals = ["debits_posted", "credits_posted", "debits_pending", "credits_pending"].map(sum).join(", ");
        // A region has six digits, so all ids of a kind and region begin with as many characters.
        let group = format!("substr(id, {}, 6)", prefix.len() + 1);
        let sql = format!("SELECT {group}, COUNT(*), {totals} FROM ledger_account WHERE id >= $1 AND id < $2 GROUP BY {group} ORDER BY {group}");
        found.extend(conn.query(&sql, &[Arg::Text(&prefix), Arg::Text(&end)], |row| read_sum(kind, row))?);
    }
    Ok(found)
}

fn read_sum(kind: AccountKind, row: &Row<'_>) -> Result<LedgerSum, StoreFault> {
    let region = RegionCode::parse(&row.text(0)?).map_err(|why| StoreFault::unreadable("an account's region", why))?;
    let [debits_posted, credits_posted, debits_pending, credits_pending] = [row.int(2)?, row.int(3)?, row.int(4)?, row.int(5)?].map(Fen);
    Ok(LedgerSum { kind, region, accounts: row.int(1)?, debits_posted, credits_posted, debits_pending, credits_pending })
}

/// At most `limit` transfers that posted to `account` over the instants `from` (included) to `until`
/// (not included), after number `after`, as they were accepted.
pub(crate) fn postings(
    conn: &mut Conn,
    account: &AccountId,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    after: i64,
    limit: usize,
) -> Result<Vec<LedgerEntry>, StoreFault> {
    let side =
        |column: &str| format!("SELECT {TRANSFER} FROM ledger_transfer WHERE {column} = $1 AND number > $2 AND posts = 1 AND happened >= $3 AND happened < $4");
    let sql = format!("{} UNION ALL {} ORDER BY number LIMIT $5", side("debit"), side("credit"));
    let (from, until) = (from.map_or(i64::MIN, Timestamp::micros), until.map_or(i64::MAX, Timestamp::micros));
    conn.query(&sql, &[Arg::Text(account.as_str()), Arg::Int(after), Arg::Int(from), Arg::Int(until), Arg::Int(limit as i64)], read_transfer)
}

/// Credits − debits that transfers before number `number` posted to `account` before the instant `until`.
pub(crate) fn balance_before(conn: &mut Conn, account: &AccountId, number: i64, until: Option<Timestamp>) -> Result<Fen, StoreFault> {
    let side =
        |column: &str| format!("SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfer WHERE {column} = $1 AND posts = 1 AND number < $2 AND happened < $3");
    let args = [Arg::Text(account.as_str()), Arg::Int(number), Arg::Int(until.map_or(i64::MAX, Timestamp::micros))];
    let mut sum = |column: &str| Ok::<_, StoreFault>(conn.first(&side(column), &args, |row| row.int_or_null(0))?.flatten().unwrap_or(0));
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
