//! One way to speak SQL to both engines: statements with `$1` parameters over three value types.
//! A connection remembers the last fault, so that the writer learns of one that a closure
//! swallowed.

mod postgres;
mod rows;
mod sqlite;

use crate::StoreFault;
use crate::waiting::Waiting;
use std::path::Path;

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg<'a> {
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Int(i64),
    MaybeInt(Option<i64>),
    Blob(&'a [u8]),
    MaybeBlob(Option<&'a [u8]>),
}

/// A connection to either engine.
pub(crate) struct Conn {
    link: Link,
    fault: Option<StoreFault>,
    /// Whether something was erased that should not stay in the engine's own log either.
    erased: bool,
    /// What the open transaction has written and not yet sent.
    waiting: Waiting,
    /// SQLite's mark of what others wrote, as it was when this connection last committed.
    others: Option<i64>,
    /// Queries since this was asked before.
    queries: u64,
}

enum Link {
    Sqlite(sqlite::Sqlite),
    Postgres(Box<postgres::Postgres>),
}

/// A row of an answer; columns count from 0.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// The key of the advisory lock under which PostgreSQL lets one transaction at a time append.
const APPEND_LOCK: i64 = 0x6475_696a_6965;

impl Conn {
    fn over(link: Link) -> Conn {
        Conn { link, fault: None, erased: false, waiting: Waiting::default(), others: None, queries: 0 }
    }

    /// A connection that may write. The file is created if it is not there.
    pub(crate) fn sqlite(path: &Path, max_bytes: Option<u64>) -> Result<Conn, StoreFault> {
        Ok(Conn::over(Link::Sqlite(sqlite::Sqlite::open(path, max_bytes)?)))
    }

    /// A connection that only reads.
    pub(crate) fn sqlite_reader(path: &Path) -> Result<Conn, StoreFault> {
        Ok(Conn::over(Link::Sqlite(sqlite::Sqlite::open_reader(path)?)))
    }

    /// A private database without durability that vanishes with the connection.
    pub(crate) fn scratch() -> Result<Conn, StoreFault> {
        Ok(Conn::over(Link::Sqlite(sqlite::Sqlite::scratch()?)))
    }

    pub(crate) fn postgres(url: &str) -> Result<Conn, StoreFault> {
        Ok(Conn::over(Link::Postgres(Box::new(postgres::Postgres::connect(url)?))))
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.link {
            Link::Sqlite(_) => Engine::Sqlite,
            Link::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64, StoreFault> {
        let done = match &mut self.link {
            Link::Sqlite(link) => link.execute(sql, args),
            Link::Postgres(link) => link.execute(sql, args),
        };
        self.note(done)
    }

    /// Runs a query and reads every row of the answer.
    pub(crate) fn query<T>(&mut self, sql: &str, args: &[Arg<'_>], read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>) -> Result<Vec<T>, StoreFault> {
        self.queries += 1;
        let rows = match &mut self.link {
            Link::Sqlite(link) => link.query(sql, args, read),
            Link::Postgres(link) => link.query(sql, args, read),
        };
        self.note(rows)
    }

    /// The first row of the answer, if there is one.
    pub(crate) fn first<T>(&mut self, sql: &str, args: &[Arg<'_>], read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>) -> Result<Option<T>, StoreFault> {
        Ok(self.query(sql, args, read)?.into_iter().next())
    }

    /// Runs statements without parameters or answers.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreFault> {
        let done = match &mut self.link {
            Link::Sqlite(link) => link.batch(sql),
            Link::Postgres(link) => link.batch(sql),
        };
        self.note(done)
    }

    /// Begins a transaction in which nobody else appends.
    pub(crate) fn begin_write(&mut self) -> Result<(), StoreFault> {
        match self.engine() {
            Engine::Sqlite => self.batch("BEGIN IMMEDIATE"),
            // Statements are prepared once and the tables grow under them: a plan that reads a whole
            // table because it was small when the plan was made would stay.
            Engine::Postgres => {
                self.batch(&format!("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL enable_seqscan = off; SELECT pg_advisory_xact_lock({APPEND_LOCK})"))
            }
        }
    }

    /// Whether the tables are, at the beginning of a write, as this connection left them with its last
    /// commit. Of PostgreSQL nobody can say.
    pub(crate) fn is_as_left(&mut self) -> Result<bool, StoreFault> {
        let Link::Sqlite(link) = &mut self.link else { return Ok(false) };
        let now = link.query("PRAGMA data_version", &[], |row| row.int(0))?.into_iter().next();
        Ok(std::mem::replace(&mut self.others, now) == now)
    }

    /// Takes back the open transaction, if there still is one, and what it knew.
    pub(crate) fn rollback(&mut self) -> Result<(), StoreFault> {
        self.waiting.clear();
        if self.in_transaction() { self.batch("ROLLBACK") } else { Ok(()) }
    }

    /// Begins a transaction that reads one consistent snapshot.
    pub(crate) fn begin_read(&mut self) -> Result<(), StoreFault> {
        match self.engine() {
            Engine::Sqlite => self.batch("BEGIN DEFERRED"),
            Engine::Postgres => self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// Whether a transaction is still open; SQLite ends one by itself on some faults.
    pub(crate) fn in_transaction(&self) -> bool {
        match &self.link {
            Link::Sqlite(link) => link.in_transaction(),
            Link::Postgres(link) => !link.is_closed(),
        }
    }

    /// How many queries were run since this was asked before.
    pub(crate) fn take_queries(&mut self) -> u64 {
        std::mem::take(&mut self.queries)
    }

    /// The last fault since this was asked before.
    pub(crate) fn take_fault(&mut self) -> Option<StoreFault> {
        self.fault.take()
    }

    pub(crate) fn waiting(&mut self) -> &mut Waiting {
        &mut self.waiting
    }

    /// Notes that the open transaction erases something.
    pub(crate) fn note_erasure(&mut self) {
        self.erased = true;
    }

    /// After the commit of an erasure, empties SQLite's log, in which what was erased still
    /// stands. While somebody reads an older snapshot, the log is emptied later.
    pub(crate) fn forget_erased(&mut self) {
        if std::mem::take(&mut self.erased)
            && let Link::Sqlite(link) = &self.link
        {
            // The erasure itself is committed; a log that cannot be emptied now is no fault of it.
            drop(link.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        }
    }

    /// The SQLite connection itself, for what only SQLite has.
    pub(crate) fn as_sqlite(&mut self) -> Option<&rusqlite::Connection> {
        match &self.link {
            Link::Sqlite(link) => Some(link.connection()),
            Link::Postgres(_) => None,
        }
    }

    /// What SQLite would do for each statement that was run: (statement, step).
    #[cfg(test)]
    pub(crate) fn plans(&mut self) -> Vec<(String, String)> {
        let Link::Sqlite(link) = &self.link else { return Vec::new() };
        let mut plans = Vec::new();
        for sql in link.statements() {
            let mut explain = link.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let nulls = vec![rusqlite::types::Null; explain.parameter_count()];
            let steps = explain.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3)).unwrap();
            plans.extend(steps.map(|step| (sql.clone(), step.unwrap())));
        }
        plans
    }

    fn note<T>(&mut self, result: Result<T, StoreFault>) -> Result<T, StoreFault> {
        if let Err(fault) = &result {
            self.fault = Some(fault.clone());
        }
        result
    }
}

impl Row<'_> {
    pub(crate) fn text(&self, column: usize) -> Result<String, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub(crate) fn blob(&self, column: usize) -> Result<Vec<u8>, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub(crate) fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub(crate) fn blob_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreFault> {
        match self {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A digest stored as 32 bytes.
    pub(crate) fn digest(&self, column: usize) -> Result<duijie_vocab::Digest, StoreFault> {
        let bytes = self.blob(column)?;
        let length = bytes.len();
        bytes.try_into().map(duijie_vocab::Digest).map_err(|_| StoreFault::unreadable("a digest", format_args!("it has {length} bytes")))
    }
}

/// Table definitions for an engine: `BIGINT` and `BLOB` by their names there, text compared by
/// bytes, `{rows}` and `{clustered}` the table options.
pub(crate) fn ddl(engine: Engine, text: &str) -> String {
    let (bigint, blob, column, rows, clustered) = match engine {
        Engine::Sqlite => ("INTEGER", "BLOB", "TEXT", "STRICT", "STRICT, WITHOUT ROWID"),
        Engine::Postgres => ("BIGINT", "BYTEA", "TEXT COLLATE \"C\"", "", ""),
    };
    text.replace("BIGINT", bigint).replace("BLOB", blob).replace("TEXT", column).replace("{rows}", rows).replace("{clustered}", clustered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_definitions_speak_each_engines_types() {
        let text = "CREATE TABLE t (a TEXT, b BIGINT, c BLOB) {clustered};";
        assert_eq!(ddl(Engine::Sqlite, text), "CREATE TABLE t (a TEXT, b INTEGER, c BLOB) STRICT, WITHOUT ROWID;");
        assert_eq!(ddl(Engine::Postgres, text), "CREATE TABLE t (a TEXT COLLATE \"C\", b BIGINT, c BYTEA) ;");
    }
}
