//! What a reader can ask. Every answer of one view is of the same moment.

use crate::list::{self, COLUMNS, Query, read_row};
use crate::sql::{Arg, Conn, Row};
use crate::state::key_column;
use crate::{
    Cursor, EntryView, Filter, LedgerEntry, LedgerSum, Link, LoginAttempt, MatterCount, MatterCursor, MatterFilter, MatterOrder, MatterPage, MatterRow, Order,
    Page, RecordRow, Session, StoreFault, account, entries, follower, kept, ledger, login_attempt, matter, session, setting, waiting,
};
use duijie_journal::{Account, Event, Matter, Party, RecordKey};
use duijie_ledger::{AccountId, TransferId};
use duijie_vocab::{Digest, Fen, RecordId, RegionCode, Timestamp};
use std::ops::ControlFlow;

/// A snapshot of the store, or a transaction's own sight of it.
pub struct View<'a> {
    conn: &'a mut Conn,
}

/// The last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// 0 for an empty journal.
    pub seq: i64,
    pub digest: Digest,
}

/// How many records are read at a time where all of them are.
const CHUNK: i64 = 1000;

impl<'a> View<'a> {
    pub(crate) fn over(conn: &'a mut Conn) -> View<'a> {
        View { conn }
    }

    /// The connection, with every entry and record in its tables.
    fn settled(&mut self) -> Result<&mut Conn, StoreFault> {
        waiting::settle(self.conn)?;
        Ok(self.conn)
    }

    /// The connection, with the rows of these records in its tables.
    fn seeing(&mut self, ids: &[RecordId]) -> Result<&mut Conn, StoreFault> {
        if self.conn.waiting().has_any(ids.iter()) {
            waiting::settle(self.conn)?;
        }
        Ok(self.conn)
    }

    /// The connection, with every setting in its table.
    fn seeing_settings(&mut self) -> Result<&mut Conn, StoreFault> {
        if !self.conn.waiting().settings.is_empty() {
            waiting::settle(self.conn)?;
        }
        Ok(self.conn)
    }

    pub fn head(&mut self) -> Result<Head, StoreFault> {
        entries::head(self.settled()?)
    }

    pub fn get(&mut self, id: &RecordId) -> Result<Option<RecordRow>, StoreFault> {
        self.seeing(std::slice::from_ref(id))?.first(&format!("SELECT {COLUMNS} FROM record WHERE id = $1"), &[Arg::Text(id.as_str())], read_row)
    }

    /// The records that are there, in no order.
    pub fn get_many(&mut self, ids: &[RecordId]) -> Result<Vec<RecordRow>, StoreFault> {
        let args: Vec<Arg<'_>> = ids.iter().map(|id| Arg::Text(id.as_str())).collect();
        let sql = |rows: &str| format!("SELECT {COLUMNS} FROM record WHERE id IN ({rows})");
        self.seeing(ids)?.query_rows(&args, 1, sql, read_row)
    }

    /// A page of the records of `kind`; `after` is the `next` of the page before.
    pub fn list(&mut self, kind: &str, filter: &Filter, order: Order, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreFault> {
        list::page(self.settled()?, kind, filter, order, after, limit)
    }

    /// How many records of `kind` the filter lets through.
    pub fn count(&mut self, kind: &str, filter: &Filter) -> Result<i64, StoreFault> {
        let mut query = Query::new("SELECT COUNT(*) FROM record WHERE kind = ".to_string());
        query.text(kind);
        query.filter(filter);
        Ok(query.run(self.settled()?, |row| row.int(0))?.into_iter().next().unwrap_or(0))
    }

    /// How many records of each kind the filter lets through.
    pub fn count_by_kind(&mut self, filter: &Filter) -> Result<Vec<(String, i64)>, StoreFault> {
        let mut query = Query::new("SELECT kind, COUNT(*) FROM record WHERE 1 = 1".to_string());
        query.filter(filter);
        query.push(" GROUP BY kind ORDER BY kind");
        query.run(self.settled()?, |row| Ok((row.text(0)?, row.int(1)?)))
    }

    /// How many records of `kind` the filter lets through in each region.
    pub fn count_by_region(&mut self, kind: &str, filter: &Filter) -> Result<Vec<(RegionCode, i64)>, StoreFault> {
        let mut query = Query::new("SELECT region, COUNT(*) FROM record WHERE kind = ".to_string());
        query.text(kind);
        query.filter(filter);
        query.push(" GROUP BY region ORDER BY region");
        query.run(self.settled()?, |row| {
            let region = RegionCode::parse(&row.text(0)?).map_err(|why| StoreFault::unreadable("a record's region", why))?;
            Ok((region, row.int(1)?))
        })
    }

    /// Shows every record of `kind`, the longest unchanged first, in bounded memory, until `each` breaks.
    pub fn for_each_record<B>(&mut self, kind: &str, mut each: impl FnMut(RecordRow) -> ControlFlow<B>) -> Result<ControlFlow<B>, StoreFault> {
        // The order of entries is nearly that of the table's pages. An expression instead of the
        // bare column keeps the engine from sorting all records of the kind for each chunk.
        let sql = format!("SELECT {COLUMNS} FROM record WHERE kind || '' = $1 AND entry > $2 ORDER BY entry LIMIT $3");
        let mut after = -1;
        let conn = self.settled()?;
        loop {
            let rows = conn.query(&sql, &[Arg::Text(kind), Arg::Int(after), Arg::Int(CHUNK)], read_row)?;
            let Some(last) = rows.last() else { return Ok(ControlFlow::Continue(())) };
            after = last.entry;
            for row in rows {
                if let ControlFlow::Break(value) = each(row) {
                    return Ok(ControlFlow::Break(value));
                }
            }
        }
    }

    /// The records whose row was changed by an entry after `seq`, each once as it is now, in the
    /// order of their last entries. An index follower goes on after the last row's `entry`.
    pub fn records_changed(&mut self, seq: i64, limit: usize) -> Result<Vec<RecordRow>, StoreFault> {
        let sql = format!("SELECT {COLUMNS} FROM record WHERE entry > $1 ORDER BY entry LIMIT $2");
        self.settled()?.query(&sql, &[Arg::Int(seq), Arg::Int(limit as i64)], read_row)
    }

    /// At most `limit` entries after `seq`.
    pub fn entries(&mut self, seq: i64, limit: usize) -> Result<Vec<EntryView>, StoreFault> {
        decoded(entries::after(self.settled()?, seq, limit as i64)?)
    }

    pub fn entry(&mut self, seq: i64) -> Result<Option<EntryView>, StoreFault> {
        Ok(decoded(entries::one(self.settled()?, seq)?.into_iter().collect())?.pop())
    }

    /// The last `limit` entries about a record, newest first.
    pub fn history(&mut self, id: &RecordId, limit: usize) -> Result<Vec<EntryView>, StoreFault> {
        self.entries_about(id.as_str(), i64::MAX, limit)
    }

    /// At most `limit` entries with this `Event::subject` before entry `before`, newest first. Looking for
    /// `ledger` or `entry:SEQ` reads the whole journal.
    pub fn entries_about(&mut self, subject: &str, before: i64, limit: usize) -> Result<Vec<EntryView>, StoreFault> {
        decoded(entries::about(self.settled()?, subject, before, limit as i64)?)
    }

    /// The records that answer to a key, strong or weak; for a merged one the record it was merged into.
    pub fn find_by_key(&mut self, kind: &str, key: &str) -> Result<Vec<RecordId>, StoreFault> {
        let sql = "SELECT DISTINCT id FROM record_key WHERE kind = $1 AND key = $2 ORDER BY id";
        self.settled()?.query(sql, &[Arg::Text(kind), Arg::Text(&key_column(key))], |row| record_id(&row.text(0)?))
    }

    /// For each of `keys` to which records answer: the key's place in `keys`, whether it is strong
    /// for that record, and the record.
    pub fn find_by_keys(&mut self, kind: &str, keys: &[&str]) -> Result<Vec<FoundKey>, StoreFault> {
        let columns: Vec<_> = keys.iter().map(|key| key_column(key)).collect();
        let mut places: std::collections::HashMap<&str, Vec<usize>> = std::collections::HashMap::new();
        for (place, key) in columns.iter().enumerate() {
            places.entry(key).or_default().push(place);
        }
        let args: Vec<Arg<'_>> = columns.iter().map(|key| Arg::Text(key)).collect();
        let mut found = Vec::new();
        let sql = |rows: &str| format!("SELECT DISTINCT key, strong, id FROM record_key WHERE kind = $1 AND key IN ({rows})");
        let read = |row: &Row<'_>| Ok((row.text(0)?, row.int(1)? != 0, record_id(&row.text(2)?)?));
        for (key, strong, id) in self.settled()?.query_rows_after(&[Arg::Text(kind)], &args, 1, sql, read)? {
            let at = places.get(key.as_str()).into_iter().flatten();
            found.extend(at.map(|&place| FoundKey { place, strong, id: id.clone() }));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The keys that a record answers to, those that came to it by a merge included.
    pub fn keys_of(&mut self, id: &RecordId) -> Result<Vec<RecordKey>, StoreFault> {
        let sql = "SELECT DISTINCT key, kind, strong FROM record_key WHERE id = $1 ORDER BY key";
        self.settled()?.query(sql, &[Arg::Text(id.as_str())], |row| Ok(RecordKey { key: row.text(0)?, kind: row.text(1)?, strong: row.int(2)? != 0 }))
    }

    /// What a record points to.
    pub fn links_from(&mut self, id: &RecordId) -> Result<Vec<Link>, StoreFault> {
        let sql = "SELECT from_id, field, to_kind, to_key, to_id FROM record_link WHERE from_id = $1 ORDER BY field, to_kind, to_key";
        self.settled()?.query(sql, &[Arg::Text(id.as_str())], read_link)
    }

    /// At most `limit` links that point to a record, by who points.
    pub fn links_to(&mut self, id: &RecordId, limit: usize) -> Result<Vec<Link>, StoreFault> {
        let sql = "SELECT from_id, field, to_kind, to_key, to_id FROM record_link WHERE to_id = $1 ORDER BY from_id, field, to_kind, to_key LIMIT $2";
        self.settled()?.query(sql, &[Arg::Text(id.as_str()), Arg::Int(limit as i64)], read_link)
    }

    /// At most `limit` records that most others point to, among those that `filter` lets through on
    /// both sides: each with how many point to it, the most first.
    pub fn most_linked(&mut self, filter: &Filter, limit: usize) -> Result<Vec<(RecordId, i64)>, StoreFault> {
        let mut query = Query::new("SELECT to_id, COUNT(*) FROM record_link WHERE to_id IN (SELECT id FROM record WHERE 1 = 1".to_string());
        query.filter(filter);
        query.push(") AND from_id IN (SELECT id FROM record WHERE 1 = 1");
        query.filter(filter);
        query.push(") GROUP BY to_id ORDER BY COUNT(*) DESC, to_id LIMIT ");
        query.int(limit as i64);
        query.run(self.settled()?, |row| Ok((record_id(&row.text(0)?)?, row.int(1)?)))
    }

    /// Who points to any of `to`, by which field, among the records that `filter` lets through: at
    /// most `limit` rows of the record pointed to, the one that points, and the field.
    pub fn linked_to_any(&mut self, to: &[RecordId], filter: &Filter, limit: usize) -> Result<Vec<(RecordId, RecordId, String)>, StoreFault> {
        if to.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::new("SELECT to_id, from_id, field FROM record_link WHERE 1 = 1".to_string());
        query.any_of("to_id", to.iter().map(RecordId::as_str));
        query.push(" AND from_id IN (SELECT id FROM record WHERE 1 = 1");
        query.filter(filter);
        query.push(") ORDER BY to_id, from_id, field LIMIT ");
        query.int(limit as i64);
        query.run(self.settled()?, |row| Ok((record_id(&row.text(0)?)?, record_id(&row.text(1)?)?, row.text(2)?)))
    }

    /// The links of the field `field` that point to any of these records, by who points.
    pub fn links_to_any(&mut self, ids: &[RecordId], field: &str) -> Result<Vec<Link>, StoreFault> {
        let args: Vec<Arg<'_>> = ids.iter().map(|id| Arg::Text(id.as_str())).collect();
        let sql = |rows: &str| format!("SELECT from_id, field, to_kind, to_key, to_id FROM record_link WHERE field = $1 AND to_id IN ({rows})");
        let mut links = self.settled()?.query_rows_after(&[Arg::Text(field)], &args, 1, sql, read_link)?;
        links.sort_by(|a, b| (&a.from, &a.to_key).cmp(&(&b.from, &b.to_key)));
        Ok(links)
    }

    /// An account of the ledger, if a transfer ever touched it.
    pub fn ledger_account(&mut self, id: &AccountId) -> Result<Option<duijie_ledger::Account>, StoreFault> {
        ledger::account(self.settled()?, id)
    }

    /// At most `limit` accounts of the ledger whose id begins with `prefix`, such as
    /// `pool:320400:`, and comes after `after`.
    pub fn ledger_accounts(&mut self, prefix: &str, after: &str, limit: usize) -> Result<Vec<duijie_ledger::Account>, StoreFault> {
        ledger::accounts(self.settled()?, prefix, after, limit)
    }

    /// What became of a transfer.
    pub fn ledger_transfer(&mut self, id: &TransferId) -> Result<Option<LedgerEntry>, StoreFault> {
        ledger::transfer(self.settled()?, id)
    }

    /// At most `limit` transfers after number `after`, of one account or of all, as they were accepted.
    pub fn ledger_transfers(&mut self, account: Option<&AccountId>, after: i64, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
        ledger::transfers(self.settled()?, account, after, limit)
    }

    /// At most `limit` transfers that belong to `target`; `name` is one of `duijie_ledger::Links`.
    pub fn ledger_linked(&mut self, name: &str, target: &str, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
        ledger::linked(self.settled()?, name, target, limit)
    }

    /// At most `limit` reservations whose time had come at `now`, the longest expired first.
    pub fn ledger_expired(&mut self, now: Timestamp, limit: usize) -> Result<Vec<LedgerEntry>, StoreFault> {
        ledger::expired(self.settled()?, now, limit)
    }

    /// Credits − debits posted to an account up to and including the instant `at`, in Fen.
    pub fn ledger_balance_at(&mut self, account: &AccountId, at: Timestamp) -> Result<Fen, StoreFault> {
        ledger::balance_at(self.settled()?, account, at)
    }

    /// The sums of all accounts of the ledger by kind and region.
    pub fn ledger_sums(&mut self) -> Result<Vec<LedgerSum>, StoreFault> {
        ledger::sums(self.settled()?)
    }

    /// At most `limit` transfers that posted to an account over the instants `from` (included) to
    /// `until` (not included), after number `after`, as they were accepted.
    pub fn ledger_postings(
        &mut self,
        account: &AccountId,
        span: (Option<Timestamp>, Option<Timestamp>),
        after: i64,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, StoreFault> {
        ledger::postings(self.settled()?, account, span, after, limit)
    }

    /// Credits − debits that transfers before number `number` posted to an account before `until`.
    pub fn ledger_balance_before(&mut self, account: &AccountId, number: i64, until: Option<Timestamp>) -> Result<Fen, StoreFault> {
        ledger::balance_before(self.settled()?, account, number, until)
    }

    /// A matter as its last move left it.
    pub fn matter(&mut self, id: &RecordId) -> Result<Option<MatterRow>, StoreFault> {
        matter::get(self.conn, id)
    }

    /// Whom and what a matter concerns, by role.
    pub fn matter_parties(&mut self, id: &RecordId) -> Result<Vec<Party>, StoreFault> {
        matter::parties(self.conn, id)
    }

    /// The matters of `kind` that concern any of `whos` in a role, each with whom, in no order.
    pub fn matters_of(&mut self, kind: &str, role: &str, whos: &[&str]) -> Result<Vec<(String, MatterRow)>, StoreFault> {
        matter::of_parties(self.conn, (kind, role), whos)
    }

    /// At most `limit` matters of `kind` that concern `who` in a role, in any of `states` (empty for
    /// all), by id from the one after `after`.
    pub fn matters_concerning(
        &mut self,
        kind: &str,
        (role, who): (&str, &str),
        states: &[&str],
        after: &str,
        limit: usize,
    ) -> Result<Vec<MatterRow>, StoreFault> {
        matter::concerning(self.conn, (kind, role, who), states, after, limit)
    }

    /// A page of the matters of `kind`; `after` is the `next` of the page before in the same order.
    pub fn matters(
        &mut self,
        kind: &str,
        filter: &MatterFilter,
        order: MatterOrder,
        after: Option<&MatterCursor>,
        limit: usize,
    ) -> Result<MatterPage, StoreFault> {
        matter::page(self.conn, kind, filter, order, after, limit)
    }

    /// How many matters of `kind` the filter lets through, by state and region.
    pub fn count_matters(&mut self, kind: &str, filter: &MatterFilter) -> Result<Vec<MatterCount>, StoreFault> {
        matter::count(self.conn, kind, filter)
    }

    /// At most `limit` matters of any kind whose clock fires at `until` or before, the longest due first.
    pub fn matters_due(&mut self, until: Timestamp, limit: usize) -> Result<Vec<MatterRow>, StoreFault> {
        matter::due(self.conn, until, limit)
    }

    /// The matters whose row was changed by an entry after `seq`, each once as it is now, in the
    /// order of their last entries.
    pub fn matters_changed(&mut self, seq: i64, limit: usize) -> Result<Vec<MatterRow>, StoreFault> {
        matter::changed(self.conn, seq, limit)
    }

    /// The versions of a matter before entry `before`, newest first, each as its move left it,
    /// with the entry that says who did it and when.
    pub fn matter_history(&mut self, id: &RecordId, before: i64, limit: usize) -> Result<Vec<(EntryView, Matter)>, StoreFault> {
        let mut versions = Vec::new();
        for view in self.entries_about(id.as_str(), before, limit)? {
            let Event::MatterMoved(moved) = &view.entry.event else { continue };
            let hidden = view.payload.as_ref().map(|payload| payload.bytes.as_slice());
            let matter = Matter::join(moved.clone(), hidden).map_err(|why| StoreFault::unreadable(format_args!("entry {}", view.entry.seq), why))?;
            versions.push((view, matter));
        }
        Ok(versions)
    }

    pub fn setting(&mut self, key: &str) -> Result<Option<String>, StoreFault> {
        setting::get(self.seeing_settings()?, key)
    }

    /// The settings whose key begins with `prefix`: key and value, by key.
    pub fn settings(&mut self, prefix: &str) -> Result<Vec<(String, String)>, StoreFault> {
        setting::list(self.seeing_settings()?, prefix)
    }

    /// What is kept in `space` under `key`, if it has not expired at `now`.
    pub fn kept(&mut self, space: &str, key: &str, now: Timestamp) -> Result<Option<String>, StoreFault> {
        kept::get(self.conn, (space, key), now)
    }

    /// At most `limit` attempts to log in before `before`, newest first; of one login if it is given.
    pub fn login_attempts(&mut self, login: Option<&str>, before: Timestamp, limit: usize) -> Result<Vec<LoginAttempt>, StoreFault> {
        login_attempt::list(self.conn, login, before, limit as i64)
    }

    pub fn account(&mut self, login: &str) -> Result<Option<Account>, StoreFault> {
        account::get(self.conn, login)
    }

    /// At most `limit` accounts whose login comes after `after`.
    pub fn accounts(&mut self, after: &str, limit: usize) -> Result<Vec<Account>, StoreFault> {
        account::list(self.conn, after, limit as i64)
    }

    /// The session with this token digest, ended or not.
    pub fn session(&mut self, token: Digest) -> Result<Option<Session>, StoreFault> {
        session::get(self.conn, token)
    }

    /// How far a follower got whose data is in this database; 0 if it never began.
    pub fn cursor(&mut self, follower: &str) -> Result<i64, StoreFault> {
        follower::cursor(self.conn, follower)
    }
}

/// A record that answers to one of several keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundKey {
    /// The key's place in the list that was asked for.
    pub place: usize,
    pub strong: bool,
    pub id: RecordId,
}

fn decoded(stored: Vec<entries::StoredEntry>) -> Result<Vec<EntryView>, StoreFault> {
    stored.into_iter().map(|stored| stored.sealed().map(EntryView::from)).collect()
}

fn read_link(row: &crate::sql::Row<'_>) -> Result<Link, StoreFault> {
    Ok(Link {
        from: record_id(&row.text(0)?)?,
        field: row.text(1)?,
        to_kind: row.text(2)?,
        to_key: row.text(3)?,
        to: row.text_or_null(4)?.map(|id| record_id(&id)).transpose()?,
    })
}

fn record_id(text: &str) -> Result<RecordId, StoreFault> {
    RecordId::parse(text).ok_or_else(|| StoreFault::unreadable("a record", format_args!("`{text}` is no record id")))
}
