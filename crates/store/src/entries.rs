//! Reading the journal's table.

use crate::sql::{Arg, Conn, Row};
use crate::{Head, StoreFault, account, matter, setting, state};
use duijie_journal::{Entry, Event, Payload, Sealed};
use duijie_vocab::{Digest, RecordId};
use std::collections::HashMap;

/// An entry as a reader gets it, with its confidential part if that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    pub entry: Entry,
    pub digest: Digest,
    pub payload: Option<Payload>,
}

/// A row of the table as it stands, sound or not.
pub(crate) struct StoredEntry {
    pub(crate) seq: i64,
    pub(crate) subject: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Vec<u8>,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) payload: Option<Vec<u8>>,
}

const COLUMNS: &str = "seq, subject, bytes, digest, salt, payload";

impl StoredEntry {
    fn read(row: &Row<'_>) -> Result<StoredEntry, StoreFault> {
        Ok(StoredEntry {
            seq: row.int(0)?,
            subject: row.text(1)?,
            bytes: row.blob(2)?,
            digest: row.blob(3)?,
            salt: row.blob_or_null(4)?,
            payload: row.blob_or_null(5)?,
        })
    }

    /// The payload, if salt and bytes are both there and well formed.
    pub(crate) fn payload(&self) -> Option<Payload> {
        let salt = self.salt.as_deref()?.try_into().ok()?;
        Some(Payload { salt, bytes: self.payload.clone()? })
    }

    pub(crate) fn sealed(self) -> Result<Sealed, StoreFault> {
        let (seq, payload) = (self.seq, self.payload());
        Sealed::read(self.bytes, payload).map_err(|why| StoreFault::unreadable(format_args!("entry {seq}"), why))
    }
}

impl From<Sealed> for EntryView {
    fn from(sealed: Sealed) -> EntryView {
        EntryView { entry: sealed.entry, digest: sealed.digest, payload: sealed.payload }
    }
}

/// The last entry's number and digest.
pub(crate) fn head(conn: &mut Conn) -> Result<Head, StoreFault> {
    let last = conn.first("SELECT seq, digest FROM entry ORDER BY seq DESC LIMIT 1", &[], |row| Ok(Head { seq: row.int(0)?, digest: row.digest(1)? }))?;
    Ok(last.unwrap_or(Head { seq: 0, digest: Digest::ZERO }))
}

/// At most `limit` entries after `seq`, in order.
pub(crate) fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<StoredEntry>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE seq > $1 ORDER BY seq LIMIT $2");
    conn.query(&sql, &[Arg::Int(seq), Arg::Int(limit)], StoredEntry::read)
}

pub(crate) fn one(conn: &mut Conn, seq: i64) -> Result<Option<StoredEntry>, StoreFault> {
    conn.first(&format!("SELECT {COLUMNS} FROM entry WHERE seq = $1"), &[Arg::Int(seq)], StoredEntry::read)
}

/// At most `limit` entries about `subject` before `before`, newest first.
pub(crate) fn about(conn: &mut Conn, subject: &str, before: i64, limit: i64) -> Result<Vec<StoredEntry>, StoreFault> {
    if !UNLINKED.contains(&subject) && !subject.starts_with(ERASURE) {
        let Some(first) = first_before(conn, subject, before)? else { return Ok(Vec::new()) };
        // A link leads back, whatever else is wrong with it, so that this ends.
        let sql = format!(
            "WITH RECURSIVE chain (at, back, found) AS (
                SELECT seq, previous, CAST(CASE WHEN seq < $2 THEN 1 ELSE 0 END AS BIGINT) FROM entry WHERE seq = $1
                UNION ALL
                SELECT seq, previous, found + CASE WHEN seq < $2 THEN 1 ELSE 0 END FROM chain JOIN entry ON seq = back WHERE found < $3 AND back < at
            ) SELECT {COLUMNS} FROM chain JOIN entry ON seq = at WHERE at < $2 ORDER BY at DESC"
        );
        return conn.query(&sql, &[Arg::Int(first), Arg::Int(before), Arg::Int(limit)], StoredEntry::read);
    }
    if subject == IMPORT {
        let sql = format!("SELECT {COLUMNS} FROM entry WHERE subject = '{IMPORT}' AND seq < $1 ORDER BY seq DESC LIMIT $2");
        return conn.query(&sql, &[Arg::Int(before), Arg::Int(limit)], StoredEntry::read);
    }
    // Nobody asks for what is linked by nothing, so that reading the whole journal will do.
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE subject = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3");
    conn.query(&sql, &[Arg::Text(subject), Arg::Int(before), Arg::Int(limit)], StoredEntry::read)
}

/// The subject of imports, whose entries have an index of their own.
const IMPORT: &str = "import";
/// Subjects whose entries do not name the one before; nor do those of erasures, whose subjects begin as
/// [`ERASURE`].
const UNLINKED: [&str; 2] = [IMPORT, "ledger"];
const ERASURE: &str = "entry:";

/// An entry about `subject` from which all those before `before` are reached: the one just before it, if
/// `before` is an entry about the same, else the last of all.
fn first_before(conn: &mut Conn, subject: &str, before: i64) -> Result<Option<i64>, StoreFault> {
    let sql = "SELECT previous FROM entry WHERE seq = $1 AND subject = $2";
    let earlier = conn.first(sql, &[Arg::Int(before), Arg::Text(subject)], |row| row.int_or_null(0))?.flatten();
    if earlier.is_some() {
        return Ok(earlier);
    }
    let last = if let Some(key) = subject.strip_prefix("setting:") {
        setting::entry_of(conn, key)?
    } else if let Some(login) = subject.strip_prefix("account:") {
        account::entry_of(conn, login)?
    } else if let Some(id) = RecordId::parse(subject) {
        match state::entry_of(conn, &id)? {
            Some(entry) => Some(entry),
            None => matter::version(conn, &id)?.map(|(_, entry)| entry),
        }
    } else {
        None
    };
    let Some(last) = last else { return Ok(None) };
    conn.first("SELECT seq, subject FROM entry WHERE seq = $1", &[Arg::Int(last)], its_own)
}

/// The entry that a row of state names. Where the confidential part of a subject's last entry was erased,
/// the row names the erasure, which is about that entry.
fn its_own(row: &Row<'_>) -> Result<i64, StoreFault> {
    let (seq, subject) = (row.int(0)?, row.text(1)?);
    Ok(subject.strip_prefix(ERASURE).and_then(|erased| erased.parse().ok()).unwrap_or(seq))
}

/// Whether entries with such an event name the one before about the same subject.
fn is_linked(event: &Event) -> bool {
    matches!(event, Event::RecordPut(_) | Event::MatterMoved(_) | Event::SettingPut(_) | Event::AccountPut(_))
}

/// The last entry in the tables about each subject of `entries` that is linked, by the subject. What an
/// event says is new is not looked for.
fn last_about(conn: &mut Conn, entries: &[Sealed]) -> Result<HashMap<String, i64>, StoreFault> {
    let (mut records, mut matters, mut settings, mut accounts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for sealed in entries {
        match &sealed.entry.event {
            Event::RecordPut(put) if put.record.version > 1 => records.push(Arg::Text(put.record.id.as_str())),
            Event::MatterMoved(moved) if moved.version > 1 => matters.push(Arg::Text(moved.id.as_str())),
            Event::SettingPut(put) => settings.push(Arg::Text(&put.key)),
            Event::AccountPut(account) => accounts.push(Arg::Text(&account.login)),
            _ => {}
        }
    }
    let mut last = HashMap::new();
    for (table, key, prefix, wanted) in
        [("record", "id", "", records), ("matter", "id", "", matters), ("setting", "key", "setting:", settings), ("account", "login", "account:", accounts)]
    {
        let sql = |rows: &str| format!("SELECT seq, subject, {key} FROM {table} JOIN entry ON seq = entry WHERE {key} IN ({rows})");
        last.extend(conn.query_rows(&wanted, 1, sql, |row| Ok((format!("{prefix}{}", row.text(2)?), its_own(row)?)))?);
    }
    Ok(last)
}

/// Adds sealed entries to the table, before the state that they leave.
pub(crate) fn insert(conn: &mut Conn, entries: &[Sealed]) -> Result<(), StoreFault> {
    let last = last_about(conn, entries)?;
    let subjects = subjects(entries);
    let mut among = HashMap::new();
    let previous = entries.iter().zip(&subjects).map(|(sealed, subject)| {
        let before = is_linked(&sealed.entry.event).then(|| among.insert(subject.as_str(), sealed.entry.seq).or_else(|| last.get(subject).copied()));
        before.flatten()
    });
    let previous: Vec<Option<i64>> = previous.collect();
    put(conn, entries, &subjects, &previous)
}

/// Adds sealed entries to the table, to be linked when all are there.
pub(crate) fn insert_unlinked(conn: &mut Conn, entries: &[Sealed]) -> Result<(), StoreFault> {
    put(conn, entries, &subjects(entries), &vec![None; entries.len()])
}

fn subjects(entries: &[Sealed]) -> Vec<String> {
    entries.iter().map(|sealed| sealed.entry.event.subject()).collect()
}

fn put(conn: &mut Conn, entries: &[Sealed], subjects: &[String], previous: &[Option<i64>]) -> Result<(), StoreFault> {
    let mut args = Vec::with_capacity(entries.len() * 7);
    for ((sealed, subject), previous) in entries.iter().zip(subjects).zip(previous) {
        args.extend([
            Arg::Int(sealed.entry.seq),
            Arg::Text(subject),
            Arg::Blob(&sealed.bytes),
            Arg::Blob(&sealed.digest.0),
            Arg::MaybeBlob(sealed.payload.as_ref().map(|payload| payload.salt.as_slice())),
            Arg::MaybeBlob(sealed.payload.as_ref().map(|payload| payload.bytes.as_slice())),
            Arg::MaybeInt(*previous),
        ]);
    }
    let statement = |rows: &str| format!("INSERT INTO entry ({COLUMNS}, previous) {rows}");
    conn.execute_rows(&args, 7, statement).map(drop)
}

/// Each entry with the one before it about the same subject, where those are linked.
const LINKS: &str = "SELECT seq, previous, CASE WHEN subject IN ('import', 'ledger') THEN NULL
    ELSE LAG(seq) OVER (PARTITION BY subject ORDER BY seq) END AS earlier FROM entry";

/// Links all entries anew.
pub(crate) fn link(conn: &mut Conn) -> Result<(), StoreFault> {
    conn.batch(&format!(
        "UPDATE entry SET previous = linked.earlier FROM ({LINKS}) AS linked
         WHERE linked.seq = entry.seq AND linked.previous IS DISTINCT FROM linked.earlier"
    ))
}

/// At most `limit` entries that do not name the one before them about the same subject.
pub(crate) fn mislinked(conn: &mut Conn, limit: i64) -> Result<Vec<i64>, StoreFault> {
    let sql = format!("SELECT seq FROM ({LINKS}) AS linked WHERE previous IS DISTINCT FROM earlier ORDER BY seq LIMIT $1");
    conn.query(&sql, &[Arg::Int(limit)], |row| row.int(0))
}

/// Takes the confidential part of an entry away.
pub(crate) fn erase_payload(conn: &mut Conn, seq: i64) -> Result<(), StoreFault> {
    conn.note_erasure();
    conn.execute("UPDATE entry SET salt = NULL, payload = NULL WHERE seq = $1", &[Arg::Int(seq)]).map(drop)
}
