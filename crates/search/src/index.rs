//! The index as its users see it: open, apply, commit, rebuild.

use crate::generation::Generation;
use duijie_matching::Analyzer;
use duijie_record::Record;
use duijie_vocab::RecordId;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tantivy::TantivyError;

/// A full-text index under one directory. One process writes; any number may read.
pub struct Index {
    root: PathBuf,
    options: Options,
    current: RwLock<Arc<Generation>>,
}

/// What the writer may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes that the writer may buffer, over all its threads.
    pub writer_memory: usize,
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { writer_memory: 60 << 20, threads: 2 }
    }
}

/// What happened to a record.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is now so, whatever it was before.
    Put(Arc<Record>),
    Remove(RecordId),
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the search index must be built again: {why}; run `duijie rebuild search`")]
    NeedsRebuild { why: String },
    #[error("the search index cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("the search index cannot be opened")]
    Index(#[from] TantivyError),
}

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("another process is writing the search index")]
    Locked,
    #[error("the search index failed")]
    Index(#[source] TantivyError),
    #[error("the search index cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("the search index must be built again: {0}")]
    Broken(String),
}

impl From<TantivyError> for IndexError {
    fn from(fault: TantivyError) -> IndexError {
        match fault {
            TantivyError::LockFailure(..) => IndexError::Locked,
            other => IndexError::Index(other),
        }
    }
}

impl From<OpenError> for IndexError {
    fn from(fault: OpenError) -> IndexError {
        match fault {
            OpenError::NeedsRebuild { why } => IndexError::Broken(why),
            OpenError::Io(fault) => IndexError::Io(fault),
            OpenError::Index(fault) => fault.into(),
        }
    }
}

impl Index {
    /// Opens the index in `directory`, or makes an empty one. An index written under other rules
    /// is refused with [`OpenError::NeedsRebuild`]; [`Index::create`] then starts it again.
    pub fn open(directory: &Path, options: Options) -> Result<Index, OpenError> {
        let current = Generation::current(directory, &options)?;
        Ok(Index::with(directory, options, current))
    }

    /// Starts an empty index in `directory` in place of whatever index was there.
    pub fn create(directory: &Path, options: Options) -> Result<Index, OpenError> {
        let current = Generation::create(directory, &options)?;
        Ok(Index::with(directory, options, current))
    }

    fn with(directory: &Path, options: Options, current: Generation) -> Index {
        Index { root: directory.to_path_buf(), options, current: RwLock::new(Arc::new(current)) }
    }

    /// The journal entry up to which the index has eaten, 0 for none.
    pub fn cursor(&self) -> i64 {
        self.generation().cursor()
    }

    /// Takes changes in, in their order. Applying a change again makes no difference. They are
    /// seen, and safe from a crash, after the next [`Index::commit`]. After an error all that was not
    /// committed is forgotten: go on from [`Index::cursor`].
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), IndexError> {
        self.generation().apply(changes)
    }

    /// Seals what was applied together with `cursor`: after a crash the index has either both or neither.
    pub fn commit(&self, cursor: i64) -> Result<(), IndexError> {
        self.generation().commit(cursor)
    }

    /// Waits for background merges and releases the writer's memory and lock. The next
    /// [`Index::apply`] takes them again.
    pub fn rest(&self) -> Result<(), IndexError> {
        self.generation().rest()
    }

    /// Sees what another process has committed.
    pub fn refresh(&self) -> Result<(), IndexError> {
        self.renew()?;
        self.generation().refresh()
    }

    /// Goes over to the index that another process has built and put in this one's place, if one has.
    pub fn renew(&self) -> Result<(), IndexError> {
        if self.generation().is_current(&self.root)? {
            return Ok(());
        }
        // Under the lock, or else this could be a rebuild that is just being finished here.
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !current.is_current(&self.root)? {
            *current = Arc::new(Generation::current(&self.root, &self.options)?);
        }
        Ok(())
    }

    /// Cuts texts as the index cuts them: with the words that it was built with.
    pub fn analyzer(&self) -> Arc<Analyzer> {
        Arc::clone(&self.generation().analyzer)
    }

    /// How many records the index holds, whoever may see them.
    pub fn records(&self) -> u64 {
        self.generation().searcher().num_docs()
    }

    /// Begins to build the index anew beside this one, which goes on answering. The new one also
    /// knows `words`, as long as it is the index.
    pub fn rebuild(&self, words: &[String]) -> Result<Rebuild<'_>, IndexError> {
        let generation = Generation::beside(&self.root, &self.options, words)?;
        Ok(Rebuild { index: self, generation })
    }

    pub(crate) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An index in the making beside the one that answers. Dropped before [`Rebuild::finish`], it
/// leaves the old one as it was.
pub struct Rebuild<'a> {
    index: &'a Index,
    generation: Generation,
}

impl Rebuild<'_> {
    /// As [`Index::apply`], into the new index.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), IndexError> {
        self.generation.apply(changes)
    }

    /// As [`Index::commit`], of the new index.
    pub fn commit(&self, cursor: i64) -> Result<(), IndexError> {
        self.generation.commit(cursor)
    }

    /// The entry up to which the new index has eaten.
    pub fn cursor(&self) -> i64 {
        self.generation.cursor()
    }

    /// Puts the new index in the old one's place; searches that are running end on the old one.
    /// Whoever writes next may be another process.
    pub fn finish(self) -> Result<(), IndexError> {
        self.generation.rest()?;
        let mut current = self.index.current.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.make_current(&self.index.root)?;
        let old = std::mem::replace(&mut *current, Arc::new(self.generation));
        drop(current);
        old.rest()?;
        fs::remove_dir_all(old.directory(&self.index.root))?;
        Ok(())
    }
}
