//! Connections that read. They are made when first needed and kept; when all are in use, the next
//! reader waits for one.

use crate::sql::Conn;
use crate::{Location, StoreFault};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) struct Pool {
    location: Location,
    max: usize,
    state: Mutex<State>,
    returned: Condvar,
    queries: AtomicU64,
}

#[derive(Default)]
struct State {
    idle: Vec<Conn>,
    made: usize,
}

impl Pool {
    pub(crate) fn new(location: Location, max: usize) -> Pool {
        Pool { location, max: max.max(1), state: Mutex::default(), returned: Condvar::new(), queries: AtomicU64::new(0) }
    }

    /// Runs `read` on a connection inside one snapshot.
    pub(crate) fn read<T, E: From<StoreFault>>(&self, read: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut lent = Lent { conn: Some(self.take()?), pool: self };
        let conn = lent.conn.as_mut().expect("BUG: the connection is there until it is dropped");
        conn.begin_read()?;
        let answer = read(conn);
        self.queries.fetch_add(conn.take_queries(), Ordering::Relaxed);
        // A connection that cannot end its transaction is not given to the next reader.
        if conn.batch("ROLLBACK").is_err() {
            lent.conn = None;
        }
        answer
    }

    /// How many queries were asked on these connections.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    fn take(&self) -> Result<Conn, StoreFault> {
        let mut state = self.lock();
        loop {
            if let Some(conn) = state.idle.pop() {
                return Ok(conn);
            }
            if state.made < self.max {
                state.made += 1;
                break;
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let made = match &self.location {
            Location::Sqlite(path) => Conn::sqlite_reader(path),
            Location::Postgres(url) => Conn::postgres(url),
        };
        if made.is_err() {
            self.lost();
        }
        made
    }

    fn give_back(&self, conn: Conn) {
        self.lock().idle.push(conn);
        self.returned.notify_one();
    }

    fn lost(&self) {
        self.lock().made -= 1;
        self.returned.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is a list and a count, each changed in one step: sound after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A PostgreSQL connection brings a runtime of its own, which may not be dropped where the
        // last handle of the store may be: inside another runtime.
        let idle = std::mem::take(&mut self.lock().idle);
        if !idle.is_empty() {
            drop(std::thread::spawn(move || drop(idle)).join());
        }
    }
}

/// A connection on loan; it comes back, or is counted as lost, even if the reader panics.
struct Lent<'a> {
    conn: Option<Conn>,
    pool: &'a Pool,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        match self.conn.take() {
            Some(conn) if !std::thread::panicking() => self.pool.give_back(conn),
            _ => self.pool.lost(),
        }
    }
}
