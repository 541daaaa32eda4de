//! The handle that the rest of the product holds.

use crate::follower::Bell;
use crate::migration::{migrate, open_error};
use crate::pool::Pool;
use crate::sql::Conn;
use crate::writer::{Job, Writer};
use crate::{Location, OpenError, Options, StoreFault, Subscription, Tx, TxError, View, WriteError};
use duijie_journal::Actor;
use duijie_ledger::{Outcome, Transfer};
use std::sync::Arc;

/// An open store; cheap to clone, shared between threads. The last clone ends the writer.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    max_bytes: Option<u64>,
    pool: Pool,
    writer: Writer,
    bell: Arc<Bell>,
}

impl Store {
    /// Opens the store at `location`, making or migrating its tables where needed.
    pub fn open(location: Location, options: Options) -> Result<Store, OpenError> {
        let place = location.show();
        let mut conn = connect(&location, options.max_bytes).map_err(|fault| open_error(&place, fault))?;
        migrate(&mut conn, &place, options.clock.now())?;
        let head = View::over(&mut conn).head().map_err(|fault| open_error(&place, fault))?;
        let bell = Arc::new(Bell::new(head.seq));
        let Options { readers, max_bytes, .. } = options;
        let writer = Writer::start(conn, location.clone(), options, Arc::clone(&bell)).map_err(OpenError::Writer)?;
        let pool = Pool::new(location.clone(), readers);
        Ok(Store { inner: Arc::new(Inner { location, max_bytes, pool, writer, bell }) })
    }

    /// Runs `act` in a transaction on the writer and returns its answer after the commit. Use
    /// cases that wait at the same time share a commit; one that fails or panics undoes only its
    /// own changes. `act` may run more than once if the engine asks for a retry.
    pub fn write<T, E, F>(&self, actor: &Actor, act: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.write_foreseen(actor, Vec::new(), act)
    }

    /// As [`Store::write`] for a use case that is going to post `transfers`, so that what they name is
    /// looked up at once for all who share the commit. What was not foreseen is looked up when it is
    /// asked for.
    pub fn write_foreseen<T, E, F>(&self, actor: &Actor, transfers: Vec<Transfer>, act: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (job, answer) = Job::waiting(actor.clone(), transfers, act);
        self.inner.writer.queue(job)?;
        answer.recv().unwrap_or(Err(WriteError::Closed))
    }

    /// Posts transfers, each with an answer of its own in order; see [`Tx::post_transfers`].
    pub fn post_transfers(&self, actor: &Actor, batch: &[Transfer]) -> Result<Vec<Outcome>, WriteError<TxError>> {
        let own = batch.to_vec();
        self.write_foreseen(actor, batch.to_vec(), move |tx| tx.post_transfers(&own))
    }

    /// Runs `read` over one consistent snapshot.
    pub fn read<T, E: From<StoreFault>>(&self, read: impl FnOnce(&mut View<'_>) -> Result<T, E>) -> Result<T, E> {
        self.inner.pool.read(|conn| read(&mut View::over(conn)))
    }

    /// How many queries readers have asked since the store was opened.
    pub fn queries(&self) -> u64 {
        self.inner.pool.queries()
    }

    /// Something to wait on for new entries.
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(self.clone(), Arc::clone(&self.inner.bell))
    }

    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Wakes subscribers after entries were written past the writer.
    pub(crate) fn rang(&self, head: i64) {
        self.inner.bell.ring(head);
    }

    /// Another connection that may write, for work past the writer.
    pub(crate) fn connect(&self) -> Result<Conn, StoreFault> {
        connect(&self.inner.location, self.inner.max_bytes)
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }
}

/// A new connection that may write.
pub(crate) fn connect(location: &Location, max_bytes: Option<u64>) -> Result<Conn, StoreFault> {
    match location {
        Location::Sqlite(path) => Conn::sqlite(path, max_bytes),
        Location::Postgres(url) => Conn::postgres(url),
    }
}
