//! Followers: what is derived from the journal and kept elsewhere or in tables of its own. A
//! follower keeps its cursor with its data, so that the two cannot disagree.

use crate::sql::{Arg, Conn};
use crate::{EntryView, Store, StoreFault};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that is derived from entries and can be thrown away and rebuilt.
pub trait Follower {
    /// The name in messages and in `rebuild NAME`.
    fn name(&self) -> &str;
    /// The last entry that is in the derived data; 0 before the first.
    fn cursor(&self) -> Result<i64, Box<dyn std::error::Error + Send + Sync>>;
    /// Takes the next entries in and moves the cursor to the last of them, both or neither.
    fn apply(&mut self, entries: &[EntryView]) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
    /// Empties the derived data and sets the cursor to 0.
    fn rebuild(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("the journal cannot be read")]
    Store(#[from] StoreFault),
    #[error("`{name}` failed after entry {cursor}")]
    Follower {
        name: String,
        cursor: i64,
        #[source]
        fault: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("`{name}` has taken in entry {cursor}, but the journal ends at {head}; it belongs to another journal, rebuild it")]
    Ahead { name: String, cursor: i64, head: i64 },
}

/// Brings `follower` up to the head, `batch` entries at a time, and returns where it stands.
pub fn follow(store: &Store, follower: &mut dyn Follower, batch: usize) -> Result<i64, FollowError> {
    let wrap = |follower: &dyn Follower, cursor, fault| FollowError::Follower { name: follower.name().to_string(), cursor, fault };
    let mut cursor = follower.cursor().map_err(|fault| wrap(follower, 0, fault))?;
    let head = store.read(|view| view.head())?.seq;
    if cursor > head {
        return Err(FollowError::Ahead { name: follower.name().to_string(), cursor, head });
    }
    loop {
        let entries = store.read(|view| view.entries(cursor, batch.max(1)))?;
        let Some(last) = entries.last() else { return Ok(cursor) };
        let next = last.entry.seq;
        follower.apply(&entries).map_err(|fault| wrap(follower, cursor, fault))?;
        cursor = next;
    }
}

/// Wakes who waits for new entries.
pub(crate) struct Bell {
    head: Mutex<i64>,
    rung: Condvar,
}

impl Bell {
    pub(crate) fn new(head: i64) -> Bell {
        Bell { head: Mutex::new(head), rung: Condvar::new() }
    }

    pub(crate) fn ring(&self, head: i64) {
        let mut known = self.lock();
        if head > *known {
            *known = head;
            self.rung.notify_all();
        }
    }

    /// Waits until the head is beyond `after`, at most `timeout`.
    fn wait(&self, after: i64, timeout: Duration) -> i64 {
        let waited = self.rung.wait_timeout_while(self.lock(), timeout, |head| *head <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, i64> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for new entries. Entries of this process wake it at once; those of another process that
/// writes to the same database are seen when the timeout is over.
pub struct Subscription {
    store: Store,
    bell: Arc<Bell>,
}

impl Subscription {
    pub(crate) fn new(store: Store, bell: Arc<Bell>) -> Subscription {
        Subscription { store, bell }
    }

    /// Returns the head as soon as it is beyond `after`, or whatever it is after `timeout`.
    pub fn wait(&self, after: i64, timeout: Duration) -> Result<i64, StoreFault> {
        let head = self.bell.wait(after, timeout);
        if head > after {
            return Ok(head);
        }
        let head = self.store.read(|view| view.head())?.seq;
        self.bell.ring(head);
        Ok(head)
    }
}

pub(crate) fn cursor(conn: &mut Conn, name: &str) -> Result<i64, StoreFault> {
    Ok(conn.first("SELECT cursor FROM follower WHERE name = $1", &[Arg::Text(name)], |row| row.int(0))?.unwrap_or(0))
}

pub(crate) fn set_cursor(conn: &mut Conn, name: &str, cursor: i64) -> Result<(), StoreFault> {
    conn.execute(
        "INSERT INTO follower (name, cursor) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor",
        &[Arg::Text(name), Arg::Int(cursor)],
    )
    .map(drop)
}
