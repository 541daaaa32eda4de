//! A write transaction as a use case sees it: it appends entries and changes the state with them.

use crate::ledger::Tables;
use crate::moved::Moved;
use crate::sql::{Arg, Conn, Row};
use crate::state::{self, RowPut};
use crate::{Head, LoginAttempt, Options, Session, StoreFault, View, entries, follower, kept, login_attempt, matter, session, waiting};
use duijie_journal::{
    Account, Actor, CanonicalFault, Event, Matter, Payload, PayloadErased, RecordKey, RecordRef, Sealed, SettingPut, Split, TransfersPosted, split,
};
use duijie_ledger::{Outcome, PostFault, Refusal, Transfer};
use duijie_record::{Record, RecordState, Schema};
use duijie_vocab::{Digest, RecordId, Timestamp};
use std::collections::HashMap;

/// One open write. Entries get their number when they are appended; other use cases that share
/// the commit come before or after this one as a whole.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    actor: &'a Actor,
    options: &'a Options,
    head: Head,
}

/// A record to put, with the keys it answers to and what its fields point to.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    pub record: &'a Record,
    pub schema: &'a Schema,
    pub keys: &'a [RecordKey],
    pub refs: &'a [RecordRef],
}

impl<'a> Put<'a> {
    fn row(&self, entry: i64) -> RowPut<'a> {
        let Put { record, schema, keys, refs } = *self;
        RowPut { entry, record, title: &schema.title, keys, refs, fresh: record.version == 1 }
    }
}

/// How many records of one put wait for others to be written with; more are written at once.
const FEW: usize = 16;

/// Why an entry was not appended.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    #[error("`{id}` was changed in the meantime: it is in version {stored}, the change was made to version {based_on}")]
    Conflict { id: RecordId, stored: i64, based_on: i64 },
    #[error("`{id}` was merged into `{into}`; change that record")]
    Merged { id: RecordId, into: RecordId },
    #[error("`{id}` cannot be merged into `{into}`: {why}")]
    BadMerge { id: RecordId, into: RecordId, why: &'static str },
    #[error("there is no entry {0}")]
    NoSuchEntry(i64),
    #[error("entry {0} has no confidential part, or it was already erased")]
    NothingToErase(i64),
    /// Money could not move; nothing of the batch did.
    #[error(transparent)]
    Refused(Refusal),
    #[error("{0}")]
    BadBatch(String),
    #[error(transparent)]
    Canonical(#[from] CanonicalFault),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: &'a mut Conn, actor: &'a Actor, options: &'a Options, head: Head) -> Tx<'a> {
        Tx { conn, actor, options, head }
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// What the store's clock says now.
    pub fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// Everything a reader can ask, including what this transaction has changed so far.
    pub fn view(&mut self) -> View<'_> {
        View::over(self.conn)
    }

    /// Appends one entry with its confidential part, changes the state that it leaves, and returns
    /// its number. A record is checked as in [`Tx::put_record`].
    pub fn append(&mut self, event: Event, payload: Option<Vec<u8>>) -> Result<i64, TxError> {
        if let Event::RecordPut(put) = &event {
            let joined = duijie_journal::join(put.clone(), payload.as_deref()).map_err(|why| StoreFault::unreadable("the payload", why))?;
            self.check(&[&joined.record])?;
        }
        let sealed = self.seal(event, payload)?;
        let seq = sealed.entry.seq;
        match &sealed.entry.event {
            Event::SettingPut(put) => {
                self.conn.waiting().settings.insert(put.key.clone(), (seq, put.value.clone()));
                self.conn.waiting().entry(sealed);
            }
            Event::ImportBegun(_) | Event::ImportFinished(_) => self.conn.waiting().entry(sealed),
            event => {
                // An entry stands in its table before the state that it leaves.
                let erased = if let Event::PayloadErased(erased) = event { Some(erased.seq) } else { None };
                self.conn.waiting().entry(sealed.clone());
                waiting::settle(self.conn)?;
                let target = erased.map(|seq| state::journal_entry(self.conn, seq)).transpose()?.flatten();
                state::apply(self.conn, &sealed, |_| Ok(target.clone()))?;
            }
        }
        Ok(seq)
    }

    /// Appends a record in its next version and returns the entry's number. `record.version` has
    /// to be one more than what is stored, and 1 for a record that is not there yet.
    pub fn put_record(&mut self, record: &Record, schema: &Schema, keys: &[RecordKey], refs: &[RecordRef]) -> Result<i64, TxError> {
        self.put_records(&[Put { record, schema, keys, refs }])
    }

    /// Appends many records, an entry each, and returns the last entry's number; all or none.
    pub fn put_records(&mut self, puts: &[Put<'_>]) -> Result<i64, TxError> {
        let records: Vec<&Record> = puts.iter().map(|put| put.record).collect();
        self.check(&records)?;
        let head = self.head;
        let mut sealed = Vec::with_capacity(puts.len());
        for put in puts {
            let Split { event, hidden } = split(put.record, put.schema, put.keys, put.refs)?;
            sealed.push(self.seal(event, hidden)?);
        }
        let few = puts.len() <= FEW && records.iter().all(|record| !matches!(record.state, RecordState::Merged(_)));
        let written = if few { Ok(self.keep_puts(puts, sealed)) } else { self.write_puts(puts, &sealed) };
        if written.is_err() {
            self.head = head;
        }
        written
    }

    /// Lets a few records wait for others to be written with.
    fn keep_puts(&mut self, puts: &[Put<'_>], sealed: Vec<Sealed>) -> i64 {
        for (put, sealed) in puts.iter().zip(sealed) {
            self.conn.waiting().record(sealed.entry.seq, put);
            self.conn.waiting().entry(sealed);
        }
        self.head.seq
    }

    fn write_puts(&mut self, puts: &[Put<'_>], sealed: &[Sealed]) -> Result<i64, TxError> {
        waiting::settle(self.conn)?;
        entries::insert(self.conn, sealed)?;
        let rows: Vec<RowPut<'_>> = puts.iter().zip(sealed).map(|(put, sealed)| put.row(sealed.entry.seq)).collect();
        state::put_rows(self.conn, &rows)?;
        Ok(self.head.seq)
    }

    /// Erases the confidential part of entry `seq` from the journal and from the state, and returns
    /// the number of the entry that says so.
    pub fn erase_payload(&mut self, seq: i64, reason: &str) -> Result<i64, TxError> {
        waiting::settle(self.conn)?;
        let stored = entries::one(self.conn, seq)?.ok_or(TxError::NoSuchEntry(seq))?;
        if stored.payload().is_none() {
            return Err(TxError::NothingToErase(seq));
        }
        entries::erase_payload(self.conn, seq)?;
        self.append(Event::PayloadErased(PayloadErased { reason: reason.to_string(), seq }), None)
    }

    /// Makes or changes an account.
    pub fn put_account(&mut self, account: &Account) -> Result<i64, TxError> {
        let (public, secret) = account.split()?;
        self.append(Event::AccountPut(public), Some(secret))
    }

    /// Appends the next version of a matter and returns the entry's number. `matter.version` has to
    /// be one more than what is stored, and 1 for a matter that is not there yet.
    pub fn put_matter(&mut self, matter: &Matter) -> Result<i64, TxError> {
        let stored = matter::version(self.conn, &matter.id)?.map_or(0, |(version, _)| version);
        if matter.version != stored + 1 {
            return Err(TxError::Conflict { id: matter.id.clone(), stored, based_on: matter.version - 1 });
        }
        let (public, hidden) = matter.split()?;
        let sealed = self.seal(Event::MatterMoved(public), Some(hidden))?;
        let seq = sealed.entry.seq;
        let moved = Moved::new(seq, sealed.entry.at, matter.clone(), matter.version == 1)?;
        self.conn.waiting().entry(sealed);
        self.conn.waiting().matters.keep(moved);
        Ok(seq)
    }

    /// Posts transfers, each with an answer of its own in order; those that were accepted now are
    /// one entry. The same transfer twice is accepted once.
    pub fn post_transfers(&mut self, batch: &[Transfer]) -> Result<Vec<Outcome>, TxError> {
        let at = self.now();
        let outcomes = duijie_ledger::post(&mut self.tables(batch)?, batch, at);
        self.posted(at, batch, outcomes)
    }

    /// Posts all transfers or, if one is refused, none.
    pub fn post_all_transfers(&mut self, batch: &[Transfer]) -> Result<Vec<Outcome>, TxError> {
        let at = self.now();
        let outcomes = duijie_ledger::post_all(&mut self.tables(batch)?, batch, at);
        self.posted(at, batch, outcomes)
    }

    fn tables(&mut self, batch: &[Transfer]) -> Result<Tables<'_>, StoreFault> {
        Tables::for_batch(self.conn, self.head.seq + 1, batch)
    }

    /// Appends the entry for those of `batch` that were accepted now.
    fn posted(&mut self, at: Timestamp, batch: &[Transfer], outcomes: Result<Vec<Outcome>, PostFault<StoreFault>>) -> Result<Vec<Outcome>, TxError> {
        let outcomes = outcomes.map_err(|fault| match fault {
            PostFault::Refused(refusal) => TxError::Refused(refusal),
            PostFault::Book(fault) => TxError::Store(fault),
            fault => TxError::BadBatch(fault.to_string()),
        })?;
        let posted = batch.iter().zip(&outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Posted(_)));
        let transfers: Vec<Transfer> = posted.map(|(transfer, _)| transfer.clone()).collect();
        if !transfers.is_empty() {
            let sealed = self.seal_at(at, Event::TransfersPosted(TransfersPosted { transfers }), None)?;
            self.conn.waiting().entry(sealed);
        }
        Ok(outcomes)
    }

    pub fn put_setting(&mut self, key: &str, value: &str) -> Result<i64, TxError> {
        self.append(Event::SettingPut(SettingPut { key: key.to_string(), value: value.to_string() }), None)
    }

    /// Adds a session, or moves when it was last seen and when it ends.
    pub fn put_session(&mut self, session: &Session) -> Result<(), TxError> {
        Ok(session::put(self.conn, session)?)
    }

    /// Ends a session; whether there was one.
    pub fn remove_session(&mut self, token: Digest) -> Result<bool, TxError> {
        Ok(session::remove(self.conn, token)?)
    }

    /// Ends every session of `login`, such as after a new password; how many there were.
    pub fn remove_sessions_of(&mut self, login: &str) -> Result<u64, TxError> {
        Ok(session::remove_of(self.conn, login)?)
    }

    /// Removes the sessions that ended before now; how many there were.
    pub fn remove_expired_sessions(&mut self) -> Result<u64, TxError> {
        let now = self.now();
        Ok(session::remove_expired(self.conn, now)?)
    }

    /// Keeps `value` in `space` under `key` until `expires`.
    pub fn keep(&mut self, space: &str, key: &str, value: &str, expires: Timestamp) -> Result<(), TxError> {
        Ok(kept::put(self.conn, (space, key), value, expires)?)
    }

    /// Forgets what is kept; whether there was anything.
    pub fn forget(&mut self, space: &str, key: &str) -> Result<bool, TxError> {
        Ok(kept::remove(self.conn, (space, key))?)
    }

    /// Forgets everything that expired before now; how much there was.
    pub fn forget_expired(&mut self) -> Result<u64, TxError> {
        let now = self.now();
        Ok(kept::remove_expired(self.conn, now)?)
    }

    /// Notes an attempt to log in.
    pub fn add_login_attempt(&mut self, attempt: &LoginAttempt) -> Result<(), TxError> {
        Ok(login_attempt::add(self.conn, attempt)?)
    }

    /// Forgets the attempts before `before`; how many there were.
    pub fn remove_login_attempts(&mut self, before: Timestamp) -> Result<u64, TxError> {
        Ok(login_attempt::remove_before(self.conn, before)?)
    }

    /// Notes how far a follower got whose data is in this database.
    pub fn set_cursor(&mut self, follower: &str, cursor: i64) -> Result<(), TxError> {
        Ok(follower::set_cursor(self.conn, follower, cursor)?)
    }

    fn seal(&mut self, event: Event, payload: Option<Vec<u8>>) -> Result<Sealed, TxError> {
        self.seal_at(self.now(), event, payload)
    }

    fn seal_at(&mut self, at: Timestamp, event: Event, payload: Option<Vec<u8>>) -> Result<Sealed, TxError> {
        let payload = payload.map(|bytes| {
            let mut salt = [0; 16];
            self.options.entropy.fill(&mut salt);
            Payload { salt, bytes }
        });
        let sealed = Sealed::seal((self.head.seq, self.head.digest), at, self.actor, event, payload)?;
        self.head = Head { seq: sealed.entry.seq, digest: sealed.digest };
        Ok(sealed)
    }

    /// Checks that each record follows the stored version of itself and that merges make sense.
    fn check(&mut self, records: &[&Record]) -> Result<(), TxError> {
        let mut known = self.versions(records)?;
        for record in records {
            let id = &record.id;
            let stored = known.get(id).map_or(0, |known| known.version);
            if record.version != stored + 1 {
                return Err(TxError::Conflict { id: id.clone(), stored, based_on: record.version - 1 });
            }
            if known.get(id).is_some_and(|known| known.merged) {
                let into = state::end_of_merges(self.conn, id)?;
                return Err(TxError::Merged { id: id.clone(), into });
            }
            if let RecordState::Merged(into) = &record.state {
                let why = merge_fault(record, into, &known);
                if let Some(why) = why {
                    return Err(TxError::BadMerge { id: id.clone(), into: into.clone(), why });
                }
            }
            let merged = matches!(record.state, RecordState::Merged(_));
            known.insert(id.clone(), Known { version: record.version, merged, kind: record.kind.clone() });
        }
        Ok(())
    }

    /// What is stored of the records, and of those they are merged into.
    fn versions(&mut self, records: &[&Record]) -> Result<HashMap<RecordId, Known>, StoreFault> {
        let merged_into = records.iter().filter_map(|record| match &record.state {
            RecordState::Merged(into) => Some(into),
            _ => None,
        });
        if self.conn.waiting().has_any(records.iter().map(|record| &record.id).chain(merged_into)) {
            waiting::settle(self.conn)?;
        }
        let mut ids: Vec<Arg<'_>> = records.iter().map(|record| Arg::Text(record.id.as_str())).collect();
        ids.extend(records.iter().filter_map(|record| match &record.state {
            RecordState::Merged(into) => Some(Arg::Text(into.as_str())),
            _ => None,
        }));
        let mut known = HashMap::new();
        let sql = |rows: &str| format!("SELECT id, version, state, kind FROM record WHERE id IN ({rows})");
        let read = |row: &Row<'_>| Ok((row.text(0)?, Known { version: row.int(1)?, merged: row.text(2)? == "merged", kind: row.text(3)? }));
        for (id, found) in self.conn.query_rows(&ids, 1, sql, read)? {
            let id = RecordId::parse(&id).ok_or_else(|| StoreFault::unreadable("a record", format_args!("`{id}` is no record id")))?;
            known.insert(id, found);
        }
        Ok(known)
    }
}

struct Known {
    version: i64,
    merged: bool,
    kind: String,
}

fn merge_fault(record: &Record, into: &RecordId, known: &HashMap<RecordId, Known>) -> Option<&'static str> {
    match known.get(into) {
        _ if *into == record.id => Some("they are the same"),
        None => Some("there is no such record"),
        Some(kept) if kept.merged => Some("that one was merged itself"),
        Some(kept) if kept.kind != record.kind => Some("it is of another kind"),
        Some(_) => None,
    }
}
