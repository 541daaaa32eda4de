//! Where the data is and how the store is opened.

use crate::StoreFault;
use duijie_vocab::{Clock, Entropy};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The database file; it is made if it is not there, its folder is not.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

/// What the store needs from the world, and its limits.
#[derive(Clone)]
pub struct Options {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub group: GroupCommit,
    /// The most connections that read at the same time.
    pub readers: usize,
    /// The most bytes that a SQLite file may grow to; beyond, it is full.
    pub max_bytes: Option<u64>,
}

/// How many waiting use cases share a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupCommit {
    /// The longest that a use case waits for others to share its commit.
    pub max_wait: Duration,
    /// The most use cases in one commit.
    pub max_batch: usize,
}

impl Default for GroupCommit {
    fn default() -> GroupCommit {
        GroupCommit { max_wait: Duration::from_millis(5), max_batch: 256 }
    }
}

impl Options {
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Options {
        Options { clock, entropy, group: GroupCommit::default(), readers: 8, max_bytes: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("`{place}` was written by a newer version of the product: its format is {found}, this program knows up to {known}; use the newer program")]
    Newer { place: String, found: i64, known: i64 },
    #[error("`{place}` is a database, but not one of this product")]
    Foreign { place: String },
    #[error("`{place}` is not a database")]
    NotADatabase { place: String },
    #[error("`{place}` cannot be written; check that the folder exists and who may write there")]
    NotWritable {
        place: String,
        #[source]
        fault: StoreFault,
    },
    #[error("`{place}` cannot be reached")]
    Unreachable {
        place: String,
        #[source]
        fault: StoreFault,
    },
    #[error("`{place}` cannot be opened")]
    Engine {
        place: String,
        #[source]
        fault: StoreFault,
    },
    #[error("the writer cannot be started")]
    Writer(#[source] std::io::Error),
}

impl Location {
    /// How the place is called in messages: the path, or the URL without its password.
    pub fn show(&self) -> String {
        match self {
            Location::Sqlite(path) => path.display().to_string(),
            Location::Postgres(url) => without_password(url),
        }
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "postgres".to_string() };
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or("")),
        None => url.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(Location::Postgres("postgres://me:p@ss@db:5432/x".into()).show(), "postgres://me@db:5432/x");
        assert_eq!(Location::Postgres("postgres://db/x".into()).show(), "postgres://db/x");
        assert_eq!(Location::Postgres("host=db password=secret".into()).show(), "postgres");
    }
}
