//! SQLite: write-ahead log, full durability, strict tables.

use super::{Arg, Row};
use crate::{FaultKind, StoreFault};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

pub(crate) struct Sqlite {
    connection: Connection,
    /// Statement as written → with SQLite's `?1` parameters.
    translated: HashMap<String, String>,
}

/// SQLite 3.7.0 to 3.51.2 can corrupt a database whose log is reset while another connection commits.
const OLDEST_SOUND_VERSION: i32 = 3_051_003;

/// How long a statement waits for another process before it reports that the database is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

impl Sqlite {
    pub(crate) fn open(path: &Path, max_bytes: Option<u64>) -> Result<Sqlite, StoreFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = Sqlite::over(Connection::open_with_flags(path, flags)?)?;
        // The log is kept short after a bulk import; erased payloads are overwritten, not only unlinked.
        sqlite.connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -65536;
             PRAGMA wal_autocheckpoint = 16000;
             PRAGMA journal_size_limit = 67108864;",
        )?;
        if let Some(max_bytes) = max_bytes {
            let page_bytes: u32 = sqlite.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            sqlite.connection.execute_batch(&format!("PRAGMA max_page_count = {}", max_bytes.div_ceil(page_bytes.into())))?;
        }
        Ok(sqlite)
    }

    pub(crate) fn open_reader(path: &Path) -> Result<Sqlite, StoreFault> {
        // Not opened read-only: the last reader of a log has to be able to make its index file.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = Sqlite::over(Connection::open_with_flags(path, flags)?)?;
        sqlite.connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
        Ok(sqlite)
    }

    pub(crate) fn scratch() -> Result<Sqlite, StoreFault> {
        // An empty name is a temporary database that SQLite keeps in memory as long as it fits its
        // cache, moves to a file when it grows, and deletes.
        let sqlite = Sqlite::over(Connection::open("")?)?;
        sqlite.connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")?;
        Ok(sqlite)
    }

    fn over(connection: Connection) -> Result<Sqlite, StoreFault> {
        let version = rusqlite::version_number();
        if version < OLDEST_SOUND_VERSION {
            return Err(StoreFault::new(FaultKind::Other, format_args!("SQLite {} is older than 3.51.3 and can corrupt data", rusqlite::version())));
        }
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Sqlite { connection, translated: HashMap::new() })
    }

    pub(crate) fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64, StoreFault> {
        let sql = translated(&mut self.translated, sql);
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(args))? as u64)
    }

    /// Runs a statement for each `width` of `args` and returns how many rows it changed.
    pub(crate) fn execute_each(&mut self, sql: &str, args: &[Arg<'_>], width: usize) -> Result<u64, StoreFault> {
        let sql = translated(&mut self.translated, sql);
        let mut statement = self.connection.prepare_cached(sql)?;
        args.chunks_exact(width).try_fold(0, |changed, row| Ok(changed + statement.execute(rusqlite::params_from_iter(row))? as u64))
    }

    pub(crate) fn query<T>(&mut self, sql: &str, args: &[Arg<'_>], mut read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>) -> Result<Vec<T>, StoreFault> {
        let sql = translated(&mut self.translated, sql);
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(args))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(&Row::Sqlite(row))?);
        }
        Ok(out)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreFault> {
        Ok(self.connection.execute_batch(sql)?)
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Every statement that was run, with SQLite's parameters.
    #[cfg(test)]
    pub(crate) fn statements(&self) -> Vec<String> {
        self.translated.values().cloned().collect()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Arg::Text(text) | Arg::MaybeText(Some(text)) => ValueRef::Text(text.as_bytes()),
            Arg::Int(number) | Arg::MaybeInt(Some(number)) => ValueRef::Integer(*number),
            Arg::Blob(bytes) | Arg::MaybeBlob(Some(bytes)) => ValueRef::Blob(bytes),
            Arg::MaybeText(None) | Arg::MaybeInt(None) | Arg::MaybeBlob(None) => ValueRef::Null,
        }))
    }
}

/// `$1` as `?1`: SQLite numbers `$1` by first use, not by its digits. Our SQL has no other `$`.
fn translated<'a>(known: &'a mut HashMap<String, String>, sql: &str) -> &'a str {
    if !known.contains_key(sql) {
        known.insert(sql.to_string(), sql.replace('$', "?"));
    }
    &known[sql]
}
