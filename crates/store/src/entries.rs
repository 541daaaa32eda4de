//! Reading the journal's table.

use crate::sql::{Arg, Conn, Row};
use crate::{Head, StoreFault};
use duijie_journal::{Entry, Payload, Sealed};
use duijie_vocab::Digest;

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
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE subject = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3");
    conn.query(&sql, &[Arg::Text(subject), Arg::Int(before), Arg::Int(limit)], StoredEntry::read)
}

/// Adds sealed entries to the table.
pub(crate) fn insert(conn: &mut Conn, entries: &[Sealed]) -> Result<(), StoreFault> {
    let subjects: Vec<String> = entries.iter().map(|sealed| sealed.entry.event.subject()).collect();
    let mut args = Vec::with_capacity(entries.len() * 6);
    for (sealed, subject) in entries.iter().zip(&subjects) {
        args.extend([
            Arg::Int(sealed.entry.seq),
            Arg::Text(subject),
            Arg::Blob(&sealed.bytes),
            Arg::Blob(&sealed.digest.0),
            Arg::MaybeBlob(sealed.payload.as_ref().map(|payload| payload.salt.as_slice())),
            Arg::MaybeBlob(sealed.payload.as_ref().map(|payload| payload.bytes.as_slice())),
        ]);
    }
    let statement = |rows: &str| format!("INSERT INTO entry ({COLUMNS}) {rows}");
    conn.execute_rows(&args, 6, statement).map(drop)
}

/// Takes the confidential part of an entry away.
pub(crate) fn erase_payload(conn: &mut Conn, seq: i64) -> Result<(), StoreFault> {
    conn.note_erasure();
    conn.execute("UPDATE entry SET salt = NULL, payload = NULL WHERE seq = $1", &[Arg::Int(seq)]).map(drop)
}
