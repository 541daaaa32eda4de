//! The state that entries leave: record rows, keys, links, accounts, settings, matters and
//! the ledger. The writer, the
//! check and the rebuild all apply entries through this file, so that they cannot disagree.
//!
//! INVARIANT: a key row's `id` is its owner, or the record at the end of the chain of merges that
//! begins at the owner. INVARIANT: a link's `to_id` is the one record that answers to its key, and
//! null if none or several do.

use crate::ledger::Tables;
use crate::moved::{self, Moved};
use crate::sql::{Arg, Conn, Row};
use crate::{StoreFault, account, entries, matter, setting, waiting};
use duijie_journal::{Account, Event, Joined, Matter, MatterMoved, RecordKey, RecordRef, Sealed, canonical_bytes, canonical_text, join};
use duijie_ledger::PostFault;
use duijie_record::{Record, RecordState};
use duijie_vocab::{Digest, RecordId};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A reference of one record to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub from: RecordId,
    pub field: String,
    pub to_kind: String,
    pub to_key: String,
    /// The one record that answers to the key, if there is exactly one.
    pub to: Option<RecordId>,
}

/// A record row to write.
pub(crate) struct RowPut<'a> {
    pub(crate) entry: i64,
    pub(crate) record: &'a Record,
    /// The field that the record is called by.
    pub(crate) title: &'a str,
    pub(crate) keys: &'a [RecordKey],
    pub(crate) refs: &'a [RecordRef],
    /// Whether the record was not there before, so that nothing old has to be looked for.
    pub(crate) fresh: bool,
}

/// Writes record rows with their keys and links. The rows may hold a record more than once.
pub(crate) fn put_rows(conn: &mut Conn, puts: &[RowPut<'_>]) -> Result<(), StoreFault> {
    let mut rest = puts;
    while let Some(first) = rest.first() {
        if let RecordState::Merged(into) = &first.record.state {
            merge_row(conn, first, into)?;
            rest = &rest[1..];
            continue;
        }
        let mut seen = HashSet::new();
        let plain = |put: &&RowPut<'_>| !matches!(put.record.state, RecordState::Merged(_));
        let run = rest.iter().take_while(|put| plain(put) && seen.insert(&put.record.id)).count();
        let (now, later) = rest.split_at(run);
        put_run(conn, now, None)?;
        rest = later;
    }
    Ok(())
}

/// Collects entries and applies them in bulk; used where a journal is replayed.
pub(crate) struct Replay {
    waiting: Vec<(i64, Joined)>,
}

/// How many puts are applied together in a replay.
const REPLAY_BATCH: usize = 500;

impl Replay {
    pub(crate) fn new() -> Replay {
        Replay { waiting: Vec::new() }
    }

    /// Applies `sealed` to the state in `conn`; `entry` finds an earlier entry of the same journal.
    pub(crate) fn apply(&mut self, conn: &mut Conn, sealed: &Sealed, entry: impl FnMut(i64) -> Result<Option<Sealed>, StoreFault>) -> Result<(), StoreFault> {
        if let Event::RecordPut(put) = &sealed.entry.event {
            self.waiting.push((sealed.entry.seq, joined(put.clone(), sealed)?));
            if self.waiting.len() < REPLAY_BATCH { Ok(()) } else { self.finish(conn) }
        } else {
            self.finish(conn)?;
            apply(conn, sealed, entry)
        }
    }

    /// Applies what still waits.
    pub(crate) fn finish(&mut self, conn: &mut Conn) -> Result<(), StoreFault> {
        let rows: Vec<RowPut<'_>> = self.waiting.iter().map(|(entry, joined)| row_put(*entry, joined, joined.record.version == 1)).collect();
        put_rows(conn, &rows)?;
        self.waiting.clear();
        waiting::settle(conn)
    }
}

/// Applies any entry to the state in `conn`.
pub(crate) fn apply(conn: &mut Conn, sealed: &Sealed, mut entry: impl FnMut(i64) -> Result<Option<Sealed>, StoreFault>) -> Result<(), StoreFault> {
    let seq = sealed.entry.seq;
    match &sealed.entry.event {
        Event::RecordPut(put) => {
            let joined = joined(put.clone(), sealed)?;
            put_rows(conn, &[row_put(seq, &joined, joined.record.version == 1)])
        }
        Event::AccountPut(public) => account::put(conn, seq, &joined_account(public, sealed)?),
        Event::SettingPut(put) => setting::put(conn, &[(put.key.clone(), (seq, put.value.clone()))].into()),
        Event::MatterMoved(moved) => put_matter(conn, seq, sealed, moved, moved.version == 1),
        Event::TransfersPosted(posted) => {
            let done = duijie_ledger::post_all(&mut Tables::for_batch(conn, seq, &posted.transfers)?, &posted.transfers, sealed.entry.at);
            done.map(drop).map_err(|fault| replay_fault(seq, fault))
        }
        Event::PayloadErased(erased) => match entry(erased.seq)? {
            Some(target) => forget(conn, seq, &target),
            None => Err(StoreFault::unreadable(format_args!("entry {seq}"), format_args!("it erases entry {}, which is not there", erased.seq))),
        },
        Event::ImportBegun(_) | Event::ImportFinished(_) => Ok(()),
    }
}

/// Why transfers that were accepted once are not accepted again.
fn replay_fault(seq: i64, fault: PostFault<StoreFault>) -> StoreFault {
    match fault {
        PostFault::Book(fault) => fault,
        fault => StoreFault::unreadable(format_args!("entry {seq}"), fault),
    }
}

/// Takes out of the state what came from the payload of `target`, which is gone since entry `seq`.
fn forget(conn: &mut Conn, seq: i64, target: &Sealed) -> Result<(), StoreFault> {
    let last = target.entry.seq;
    match &target.entry.event {
        Event::RecordPut(put) if entry_of(conn, &put.record.id)? == Some(last) => {
            let joined = joined(put.clone(), target)?;
            put_rows(conn, &[row_put(seq, &joined, false)])
        }
        Event::MatterMoved(moved) if matter::version(conn, &moved.id)?.is_some_and(|(_, entry)| entry == last) => put_matter(conn, seq, target, moved, false),
        Event::AccountPut(public) if account::entry_of(conn, &public.login)? == Some(last) => account::put(conn, seq, &joined_account(public, target)?),
        _ => Ok(()),
    }
}

fn row_put(entry: i64, joined: &Joined, fresh: bool) -> RowPut<'_> {
    RowPut { entry, record: &joined.record, title: &joined.title, keys: &joined.keys, refs: &joined.refs, fresh }
}

fn joined(put: duijie_journal::RecordPut, sealed: &Sealed) -> Result<Joined, StoreFault> {
    let hidden = sealed.payload.as_ref().map(|payload| payload.bytes.as_slice());
    join(put, hidden).map_err(|why| StoreFault::unreadable(format_args!("the payload of entry {}", sealed.entry.seq), why))
}

fn joined_account(public: &duijie_journal::AccountPut, sealed: &Sealed) -> Result<Account, StoreFault> {
    let hidden = sealed.payload.as_ref().map(|payload| payload.bytes.as_slice());
    Account::join(public.clone(), hidden).map_err(|why| StoreFault::unreadable(format_args!("the payload of entry {}", sealed.entry.seq), why))
}

/// Writes the row that `moved`, with what is left of its payload, leaves since entry `seq`.
fn put_matter(conn: &mut Conn, seq: i64, sealed: &Sealed, moved: &MatterMoved, fresh: bool) -> Result<(), StoreFault> {
    moved::put(conn, &[Moved::new(seq, sealed.entry.at, joined_matter(moved, sealed)?, fresh)?])
}

fn joined_matter(moved: &MatterMoved, sealed: &Sealed) -> Result<Matter, StoreFault> {
    let hidden = sealed.payload.as_ref().map(|payload| payload.bytes.as_slice());
    Matter::join(moved.clone(), hidden).map_err(|why| StoreFault::unreadable(format_args!("the payload of entry {}", sealed.entry.seq), why))
}

/// The last entry that changed the record's row.
pub(crate) fn entry_of(conn: &mut Conn, id: &RecordId) -> Result<Option<i64>, StoreFault> {
    conn.first("SELECT entry FROM record WHERE id = $1", &[Arg::Text(id.as_str())], |row| row.int(0))
}

/// Reads the sealed entry `seq` from the journal's table.
pub(crate) fn journal_entry(conn: &mut Conn, seq: i64) -> Result<Option<Sealed>, StoreFault> {
    entries::one(conn, seq)?.map(entries::StoredEntry::sealed).transpose()
}

/// Writes rows of different records; `holder` answers to their keys instead of themselves.
fn put_run(conn: &mut Conn, puts: &[RowPut<'_>], holder: Option<&RecordId>) -> Result<(), StoreFault> {
    write_records(conn, puts)?;
    let changed = write_keys(conn, puts, holder)?;
    resolve_links(conn, &changed)?;
    write_links(conn, puts)
}

/// The row of a record that was merged: its keys, and those merged into it before, now lead to
/// the record that was kept; what it pointed to itself no longer counts.
fn merge_row(conn: &mut Conn, put: &RowPut<'_>, into: &RecordId) -> Result<(), StoreFault> {
    let kept = end_of_merges(conn, into)?;
    put_run(conn, std::slice::from_ref(put), Some(&kept))?;
    let id = put.record.id.as_str();
    let led_here = conn.query("SELECT kind, key FROM record_key WHERE id = $1 AND id <> owner", &[Arg::Text(id)], |row| Ok((row.text(0)?, row.text(1)?)))?;
    if !led_here.is_empty() {
        conn.execute("UPDATE record_key SET id = $1 WHERE id = $2 AND id <> owner", &[Arg::Text(kept.as_str()), Arg::Text(id)])?;
        resolve_links(conn, &led_here.into_iter().collect())?;
    }
    Ok(())
}

/// The record at the end of the chain of merges that begins at `id`.
pub(crate) fn end_of_merges(conn: &mut Conn, id: &RecordId) -> Result<RecordId, StoreFault> {
    let mut at = id.clone();
    let mut seen = HashSet::new();
    while seen.insert(at.clone()) {
        let body = conn.first("SELECT body FROM record WHERE id = $1 AND state = 'merged'", &[Arg::Text(at.as_str())], |row| row.text(0))?;
        let Some(body) = body else { break };
        let record: Record = serde_json::from_str(&body).map_err(|why| StoreFault::unreadable(format_args!("record `{at}`"), why))?;
        match record.state {
            RecordState::Merged(into) => at = into,
            _ => break,
        }
    }
    Ok(at)
}

/// What a record's row holds beside what stands in the record itself.
struct Columns {
    region: String,
    title: String,
    digest: Digest,
    body: String,
}

impl Columns {
    fn of(put: &RowPut<'_>) -> Result<Columns, StoreFault> {
        let record = put.record;
        let unwritable = |why| StoreFault::unreadable(format_args!("record `{}`", record.id), why);
        Ok(Columns {
            region: record.region.to_string(),
            title: title_column(record.text(put.title)),
            digest: content_digest(record).map_err(unwritable)?,
            body: canonical_text(record).map_err(unwritable)?,
        })
    }
}

/// `Record::content_digest`, without building a tree first.
fn content_digest(record: &Record) -> Result<Digest, duijie_journal::CanonicalFault> {
    let content = (&record.kind, &record.region, &record.visibility, &record.state, &record.body);
    Ok(Digest::of(&[&canonical_bytes(&content)?]))
}

fn write_records(conn: &mut Conn, puts: &[RowPut<'_>]) -> Result<(), StoreFault> {
    // Most are fresh, and a plain insert costs SQLite no copy of each page that it touches.
    let (fresh, known): (Vec<&RowPut<'_>>, Vec<&RowPut<'_>>) = puts.iter().partition(|put| put.fresh);
    insert_records(conn, &fresh, "")?;
    insert_records(
        conn,
        &known,
        "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, region = excluded.region, visibility = excluded.visibility, state = excluded.state,
         version = excluded.version, updated = excluded.updated, title = excluded.title, digest = excluded.digest, body = excluded.body, entry = excluded.entry",
    )
}

fn insert_records(conn: &mut Conn, puts: &[&RowPut<'_>], on_conflict: &str) -> Result<(), StoreFault> {
    let columns = puts.iter().map(|put| Columns::of(put)).collect::<Result<Vec<_>, _>>()?;
    let mut args = Vec::with_capacity(puts.len() * 11);
    for (put, columns) in puts.iter().zip(&columns) {
        let record = put.record;
        args.extend([
            Arg::Text(record.id.as_str()),
            Arg::Text(&record.kind),
            Arg::Text(&columns.region),
            Arg::Text(record.visibility.as_str()),
            Arg::Text(record.state.as_str()),
            Arg::Int(record.version),
            Arg::Int(record.updated.micros()),
            Arg::Text(&columns.title),
            Arg::Blob(&columns.digest.0),
            Arg::Text(&columns.body),
            Arg::Int(put.entry),
        ]);
    }
    let statement =
        |rows: &str| format!("INSERT INTO record (id, kind, region, visibility, state, version, updated, title, digest, body, entry) {rows} {on_conflict}");
    conn.execute_rows(&args, 11, statement).map(drop)
}

/// A key as (kind, key).
type Name = (String, String);

/// Writes the keys of the records and returns those that others may look for and that changed.
fn write_keys(conn: &mut Conn, puts: &[RowPut<'_>], holder: Option<&RecordId>) -> Result<BTreeSet<Name>, StoreFault> {
    // (owner, kind, key) → (strong, holder)
    let mut wanted: BTreeMap<(String, String, String), (i64, String)> = BTreeMap::new();
    for put in puts {
        let owner = put.record.id.as_str();
        for key in put.keys {
            let row = wanted.entry((owner.to_string(), key.kind.clone(), key_column(&key.key).into_owned()));
            let value = row.or_insert_with(|| (0, holder.map_or(owner, RecordId::as_str).to_string()));
            value.0 |= i64::from(key.strong);
        }
    }
    let mut gone = Vec::new();
    let mut stored = HashSet::new();
    let sql = |rows: &str| format!("SELECT owner, kind, key, strong, id FROM record_key WHERE owner IN ({rows})");
    let read = |row: &Row<'_>| Ok(((row.text(0)?, row.text(1)?, row.text(2)?), (row.int(3)?, row.text(4)?)));
    for (row, value) in conn.query_rows(&known_ids(puts), 1, sql, read)? {
        if wanted.get(&row) == Some(&value) {
            stored.insert(row);
        } else {
            gone.push(row);
        }
    }
    wanted.retain(|row, _| !stored.contains(row));
    for (owner, kind, key) in &gone {
        conn.execute("DELETE FROM record_key WHERE owner = $1 AND kind = $2 AND key = $3", &[Arg::Text(owner), Arg::Text(kind), Arg::Text(key)])?;
    }
    let args: Vec<Arg<'_>> = wanted
        .iter()
        .flat_map(|((owner, kind, key), (strong, id))| [Arg::Text(owner), Arg::Text(kind), Arg::Text(key), Arg::Int(*strong), Arg::Text(id)])
        .collect();
    let sql = |rows: &str| format!("INSERT INTO record_key (owner, kind, key, strong, id) {rows}");
    conn.execute_rows(&args, 5, sql)?;
    Ok(gone.into_iter().chain(wanted.into_keys()).map(|(_, kind, key)| (kind, key)).collect())
}

/// Lets the links that name one of `keys` point to whoever answers to it now.
fn resolve_links(conn: &mut Conn, keys: &BTreeSet<Name>) -> Result<(), StoreFault> {
    let sql = |rows: &str| {
        format!(
            "UPDATE record_link SET to_id = (SELECT CASE WHEN COUNT(DISTINCT id) = 1 THEN MIN(id) END FROM record_key
             WHERE record_key.kind = record_link.to_kind AND record_key.key = record_link.to_key)
             WHERE to_kind = $1 AND to_key IN ({rows})"
        )
    };
    let keys = keys.iter().map(|(kind, key)| (kind.as_str(), key.as_str()));
    by_kind(keys).into_iter().try_for_each(|(kind, keys)| conn.execute_rows_after(&[kind], &keys, 1, sql).map(drop))
}

/// The keys by their kinds. SQLite uses no index for a list of pairs, but does for a kind and a
/// list of keys.
fn by_kind<'a>(names: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(Arg<'a>, Vec<Arg<'a>>)> {
    let mut kinds: BTreeMap<&'a str, Vec<Arg<'a>>> = BTreeMap::new();
    for (kind, key) in names {
        kinds.entry(kind).or_default().push(Arg::Text(key));
    }
    kinds.into_iter().map(|(kind, keys)| (Arg::Text(kind), keys)).collect()
}

/// Writes what the records point to. A merged record points to nothing.
fn write_links(conn: &mut Conn, puts: &[RowPut<'_>]) -> Result<(), StoreFault> {
    type Link = (String, String, String, String);
    let mut wanted: BTreeSet<Link> = BTreeSet::new();
    for put in puts.iter().filter(|put| !matches!(put.record.state, RecordState::Merged(_))) {
        let from = put.record.id.as_str();
        wanted.extend(put.refs.iter().map(|to| (from.to_string(), to.field.clone(), to.to_kind.clone(), key_column(&to.to_key).into_owned())));
    }
    let sql = |rows: &str| format!("SELECT from_id, field, to_kind, to_key FROM record_link WHERE from_id IN ({rows})");
    let mut gone = conn.query_rows(&known_ids(puts), 1, sql, |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?)))?;
    gone.retain(|link: &Link| !wanted.remove(link));
    for (from, field, kind, key) in &gone {
        let args = [Arg::Text(from), Arg::Text(field), Arg::Text(kind), Arg::Text(key)];
        conn.execute("DELETE FROM record_link WHERE from_id = $1 AND field = $2 AND to_kind = $3 AND to_key = $4", &args)?;
    }
    let found = answering(conn, &wanted.iter().map(|(_, _, kind, key)| (kind.as_str(), key.as_str())).collect())?;
    let args: Vec<Arg<'_>> = wanted
        .iter()
        .flat_map(|(from, field, kind, key)| {
            let to = found.get(&(kind.clone(), key.clone())).map(String::as_str);
            [Arg::Text(from), Arg::Text(field), Arg::Text(kind), Arg::Text(key), Arg::MaybeText(to)]
        })
        .collect();
    let sql = |rows: &str| format!("INSERT INTO record_link (from_id, field, to_kind, to_key, to_id) {rows}");
    conn.execute_rows(&args, 5, sql).map(drop)
}

/// For each of `keys` to which exactly one record answers, that record.
fn answering(conn: &mut Conn, keys: &BTreeSet<(&str, &str)>) -> Result<BTreeMap<Name, String>, StoreFault> {
    let mut found = BTreeMap::new();
    let sql =
        |rows: &str| format!("SELECT kind, key, MIN(id) FROM record_key WHERE kind = $1 AND key IN ({rows}) GROUP BY kind, key HAVING COUNT(DISTINCT id) = 1");
    for (kind, keys) in by_kind(keys.iter().copied()) {
        found.extend(conn.query_rows_after(&[kind], &keys, 1, sql, |row| Ok(((row.text(0)?, row.text(1)?), row.text(2)?)))?);
    }
    Ok(found)
}

/// The ids of the records that may have rows from before.
fn known_ids<'a>(puts: &[RowPut<'a>]) -> Vec<Arg<'a>> {
    puts.iter().filter(|put| !put.fresh).map(|put| Arg::Text(put.record.id.as_str())).collect()
}

/// Index entries of PostgreSQL hold less than 2,700 bytes; SQLite gets the same so that both agree.
const MAX_KEY_BYTES: usize = 400;

/// The most characters of a title by which records are ordered.
const MAX_TITLE_CHARS: usize = 200;

/// A key as it stands in the tables: itself, or its digest if it is too long or cannot stand there.
pub(crate) fn key_column(key: &str) -> Cow<'_, str> {
    if key.len() <= MAX_KEY_BYTES && !key.contains('\0') { Cow::Borrowed(key) } else { Cow::Owned(format!("sha256:{}", Digest::of(&[key.as_bytes()]))) }
}

fn title_column(title: &str) -> String {
    title.chars().filter(|c| *c != '\0').take(MAX_TITLE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_no_index_holds_is_replaced_by_its_digest() {
        assert_eq!(key_column("91320400"), "91320400");
        assert_eq!(key_column(&"长".repeat(200)).len(), 71);
        assert_ne!(key_column(&"a".repeat(401)), key_column(&"a".repeat(402)));
        assert_eq!(title_column(&format!("a\0{}", "长".repeat(300))).chars().count(), 200);
    }

    /// A record of 250 that all point to one another.
    fn record(number: usize, version: i64, state: RecordState) -> Record {
        Record {
            id: RecordId::derive("firm", &number.to_string()),
            kind: "firm".into(),
            version,
            region: duijie_vocab::RegionCode::NATION,
            visibility: duijie_record::Visibility::Public,
            state,
            updated: duijie_vocab::Timestamp::from_micros(1).unwrap(),
            source: Default::default(),
            marks: BTreeMap::new(),
            body: BTreeMap::new(),
        }
    }

    fn put(conn: &mut Conn, records: &[Record]) {
        let keys: Vec<_> =
            records.iter().map(|record| [RecordKey { key: format!("{} {}", record.id, record.version), kind: "firm".into(), strong: true }]).collect();
        let refs: Vec<_> = records
            .iter()
            .map(|record| [RecordRef { field: "owner".into(), to_key: format!("{} {}", records[0].id, record.version), to_kind: "firm".into() }])
            .collect();
        let row = |(at, record): (usize, _)| RowPut { entry: at as i64, record, title: "name", keys: &keys[at], refs: &refs[at], fresh: record.version == 1 };
        let rows: Vec<RowPut<'_>> = records.iter().enumerate().map(row).collect();
        put_rows(conn, &rows).unwrap();
    }

    #[test]
    fn no_statement_of_a_put_reads_a_whole_table() {
        let mut conn = Conn::scratch().unwrap();
        crate::migration::create(&mut conn).unwrap();
        for version in 1..=2 {
            put(&mut conn, &(0..250).map(|number| record(number, version, RecordState::Active)).collect::<Vec<_>>());
        }
        let kept = record(1, 3, RecordState::Active).id;
        put(&mut conn, &[record(0, 3, RecordState::Merged(kept))]);
        let plans = conn.plans();
        assert!(plans.len() > 20);
        for (sql, step) in plans {
            assert!(!step.starts_with("SCAN record"), "{step}: {sql}");
        }
    }
}
