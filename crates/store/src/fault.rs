//! What can go wrong below the store's own rules: the engine, the disk, the connection.

use std::fmt;
use std::sync::Arc;

/// What a program may branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Another writer was in the way; the same again may succeed.
    Busy,
    /// No space is left.
    Full,
    /// The disk or the file system reported an error.
    Io,
    /// The database or its folder may not be written.
    ReadOnly,
    /// The file is not a database, or is damaged.
    Damaged,
    /// The connection to the server is gone.
    Lost,
    /// Anything else that the engine refused, or stored data that does not read.
    Other,
}

/// A fault of the engine, told in its own words.
#[derive(Clone, Debug)]
pub struct StoreFault {
    pub kind: FaultKind,
    message: Arc<str>,
}

impl StoreFault {
    pub(crate) fn new(kind: FaultKind, message: impl fmt::Display) -> StoreFault {
        StoreFault { kind, message: message.to_string().into() }
    }

    /// Stored data that does not read; `what` names it.
    pub(crate) fn unreadable(what: impl fmt::Display, why: impl fmt::Display) -> StoreFault {
        StoreFault::new(FaultKind::Other, format_args!("{what} does not read: {why}"))
    }

    /// Whether everything in the same transaction is lost with it.
    pub(crate) fn spoils_the_group(&self) -> bool {
        self.kind != FaultKind::Other
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FaultKind::Busy => "another writer holds the database",
            FaultKind::Full => "the disk is full",
            FaultKind::Io => "the disk reported an error",
            FaultKind::ReadOnly => "the database cannot be written",
            FaultKind::Damaged => "the file is not a database or is damaged",
            FaultKind::Lost => "the connection to the database is lost",
            FaultKind::Other => "the database refused",
        };
        write!(f, "{what}: {}", self.message)
    }
}

impl std::error::Error for StoreFault {}

impl From<rusqlite::Error> for StoreFault {
    fn from(fault: rusqlite::Error) -> StoreFault {
        use rusqlite::ErrorCode as Code;
        let kind = match fault.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => FaultKind::Busy,
            Some(Code::DiskFull) => FaultKind::Full,
            Some(Code::SystemIoFailure) => FaultKind::Io,
            Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => FaultKind::ReadOnly,
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => FaultKind::Damaged,
            _ => FaultKind::Other,
        };
        StoreFault::new(kind, fault)
    }
}

impl From<postgres::Error> for StoreFault {
    fn from(fault: postgres::Error) -> StoreFault {
        use postgres::error::SqlState as State;
        let kind = match fault.code() {
            Some(code) if *code == State::T_R_SERIALIZATION_FAILURE || *code == State::T_R_DEADLOCK_DETECTED => FaultKind::Busy,
            Some(code) if *code == State::DISK_FULL => FaultKind::Full,
            Some(code) if *code == State::IO_ERROR => FaultKind::Io,
            Some(code) if *code == State::READ_ONLY_SQL_TRANSACTION || *code == State::INSUFFICIENT_PRIVILEGE => FaultKind::ReadOnly,
            Some(code) if *code == State::DATA_CORRUPTED || *code == State::INDEX_CORRUPTED => FaultKind::Damaged,
            // Class 57P: the server ends the session (shutdown, crash of another session).
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("08") => FaultKind::Lost,
            None if fault.is_closed() || std::error::Error::source(&fault).is_some_and(|source| source.is::<std::io::Error>()) => FaultKind::Lost,
            _ => FaultKind::Other,
        };
        match fault.as_db_error() {
            Some(said) => StoreFault::new(kind, format_args!("{} ({})", said.message(), said.code().code())),
            None => StoreFault::new(kind, fault),
        }
    }
}
