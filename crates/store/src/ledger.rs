//! The ledger's tables: the book that the engine posts to inside a write, and what readers ask.
//! What a batch changes waits with the other writes of the group, so that an account that every
//! use case of the group touches is written once.

use crate::StoreFault;
use crate::ledger_page::{self, AccountRow};
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
pub(crate) const TRANSFER: &str = "number, debit, credit, amount, reserved, happened, status, ended_by, body";

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
    accounts: HashMap<AccountId, Option<AccountRow>>,
    entries: HashMap<TransferId, Option<Entry>>,
}

/// How many accounts are remembered from one transaction to the next, and how many transfers in one that replays
/// a whole journal.
const REMEMBERED: usize = 20_000;

impl WaitingLedger {
    pub(crate) fn is_empty(&self) -> bool {
        self.transfers.is_empty()
    }

    /// What is still known after a commit, as long as nobody else writes: accounts, but only so many.
    pub(crate) fn committed(self) -> WaitingLedger {
        let mut accounts = self.known.accounts;
        if accounts.len() > REMEMBERED {
            accounts = HashMap::new();
        }
        WaitingLedger { known: Known { accounts, entries: HashMap::new() }, ..WaitingLedger::default() }
    }
}

impl Book for Tables<'_> {
    type Error = StoreFault;

    fn account(&mut self, id: &AccountId) -> Result<Option<Account>, StoreFault> {
        if let Some((account, _)) = self.conn.waiting().ledger.accounts.get(id) {
            return Ok(Some(account.clone()));
        }
        if !self.conn.waiting().ledger.known.accounts.contains_key(id) {
            learn_accounts(self.conn, vec![id.clone()])?;
        }
        Ok(self.conn.waiting().ledger.known.accounts[id].as_ref().map(|row| row.account.clone()))
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
    let new = named.into_iter().filter(|id| !waiting.known.accounts.contains_key(*id)).cloned().collect();
    learn_accounts(conn, new)
}

/// Looks up accounts that are not known yet.
fn learn_accounts(conn: &mut Conn, new: Vec<AccountId>) -> Result<(), StoreFault> {
    let args: Vec<Arg<'_>> = new.iter().map(|id| Arg::Text(id.as_str())).collect();
    let sql = |rows: &str| format!("SELECT {ACCOUNT}, newest, page FROM ledger_account WHERE id IN ({rows})");
    let found = conn.query_rows(&args, 1, sql, |row| AccountRow::read(read_account(row)?, row.int(5)?, &row.blob(6)?))?;
    let known = &mut conn.waiting().ledger.known.accounts;
    known.extend(new.into_iter().map(|id| (id, None)));
    known.extend(found.into_iter().map(|row| (row.account.id.clone(), Some(row))));
    Ok(())
}

/// Writes what waits into the tables and returns what is known from then on.
pub(crate) fn settle(conn: &mut Conn, waiting: WaitingLedger) -> Result<WaitingLedger, StoreFault> {
    let WaitingLedger { mut known, accounts, transfers, concluded, .. } = waiting;
    let (mut there, mut opened) = (Vec::new(), Vec::new());
    let mut rows: HashMap<AccountId, AccountRow> = HashMap::with_capacity(accounts.len());
    for id in accounts.keys() {
        // INVARIANT: an account is looked up before it changes.
        let row = known.accounts.get_mut(id).and_then(Option::take);
        if row.is_some() { &mut there } else { &mut opened }.push(id);
        rows.insert(id.clone(), row.unwrap_or_else(|| AccountRow::empty(id.clone())));
    }
    let full = ledger_page::list(&mut rows, &transfers);
    for (id, (account, _)) in &accounts {
        rows.get_mut(id).expect("BUG: an account without a row").account = account.clone();
    }
    let with_entries = |ids: Vec<&AccountId>| ids.into_iter().map(|id| (&rows[id], accounts[id].1)).collect::<Vec<_>>();
    insert_accounts(conn, &with_entries(opened))?;
    update_accounts(conn, &with_entries(there))?;
    ledger_page::insert(conn, &full)?;
    insert_transfers(conn, &transfers)?;
    conclude(conn, &concluded)?;
    known.accounts.extend(rows.into_iter().map(|(id, row)| (id, Some(row))));
    for (id, status) in concluded {
        if let Some(Some(entry)) = known.entries.get_mut(&id) {
            entry.status = status;
        }
    }
    known.entries.extend(transfers.into_iter().map(|written| (written.entry.transfer.id.clone(), Some(written.entry))));
    if known.entries.len() > REMEMBERED {
        known = Known::default();
    }
    Ok(WaitingLedger { known, ..WaitingLedger::default() })
}

fn insert_accounts(conn: &mut Conn, rows: &[(&AccountRow, i64)]) -> Result<(), StoreFault> {
    let pages: Vec<_> = rows.iter().map(|(row, _)| row.page()).collect();
    let mut args = Vec::with_capacity(rows.len() * (CHANGING.len() + 2));
    for ((row, entry), page) in rows.iter().zip(&pages) {
        let side = match row.account.rule() {
            Rule::CreditSide => "credit",
            Rule::DebitSide => "debit",
            Rule::Free => "free",
        };
        args.extend([Arg::Text(row.account.id.as_str()), Arg::Text(side)]);
        args.extend(changing(row, *entry, page));
    }
    let sql = |rows: &str| format!("INSERT INTO ledger_account (id, side, {}) {rows}", CHANGING.join(", "));
    conn.execute_rows(&args, CHANGING.len() + 2, sql).map(drop)
}

fn update_accounts(conn: &mut Conn, rows: &[(&AccountRow, i64)]) -> Result<(), StoreFault> {
    let pages: Vec<_> = rows.iter().map(|(row, _)| row.page()).collect();
    let mut args = Vec::with_capacity(rows.len() * (CHANGING.len() + 1));
    for ((row, entry), page) in rows.iter().zip(&pages) {
        args.push(Arg::Text(row.account.id.as_str()));
        args.extend(changing(row, *entry, page));
    }
    let written = conn.update_rows("ledger_account", "id", &CHANGING, &args)?;
    if written == rows.len() as u64 { Ok(()) } else { Err(StoreFault::unreadable("an account", "it was there before and is not now")) }
}

/// The columns of an account that its transfers change.
const CHANGING: [&str; 7] = ["debits_posted", "credits_posted", "debits_pending", "credits_pending", "entry", "newest", "page"];

fn changing<'a>(row: &AccountRow, entry: i64, page: &'a [u8]) -> [Arg<'a>; 7] {
    let Account { debits_posted, credits_posted, debits_pending, credits_pending, .. } = row.account;
    let [a, b, c, d] = [debits_posted, credits_posted, debits_pending, credits_pending].map(|total| Arg::Int(total.0));
    [a, b, c, d, Arg::Int(entry), Arg::Int(row.newest), Arg::Blob(page)]
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
    match account {
        None => {
            let sql = format!("SELECT {TRANSFER} FROM ledger_transfer WHERE number > $1 ORDER BY number LIMIT $2");
            conn.query(&sql, &[Arg::Int(after), Arg::Int(limit as i64)], read_transfer)
        }
        Some(account) => ledger_page::transfers(conn, account, after, limit, ("1 = 1", &[])),
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
    ledger_page::balance_before(conn, account, i64::MAX, at.micros() + 1)
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
    let (from, until) = (from.map_or(i64::MIN, Timestamp::micros), until.map_or(i64::MAX, Timestamp::micros));
    ledger_page::transfers(conn, account, after, limit, ("posts = 1 AND happened >= $1 AND happened < $2", &[Arg::Int(from), Arg::Int(until)]))
}

/// Credits − debits that transfers before number `number` posted to `account` before the instant `until`.
pub(crate) fn balance_before(conn: &mut Conn, account: &AccountId, number: i64, until: Option<Timestamp>) -> Result<Fen, StoreFault> {
    ledger_page::balance_before(conn, account, number, until.map_or(i64::MAX, Timestamp::micros))
}

fn read_account(row: &Row<'_>) -> Result<Account, StoreFault> {
    let id = row.text(0)?;
    let id = AccountId::parse(&id).map_err(|why| StoreFault::unreadable("an account", why))?;
    Ok(Account { id, debits_posted: Fen(row.int(1)?), credits_posted: Fen(row.int(2)?), debits_pending: Fen(row.int(3)?), credits_pending: Fen(row.int(4)?) })
}

pub(crate) fn read_transfer(row: &Row<'_>) -> Result<LedgerEntry, StoreFault> {
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
