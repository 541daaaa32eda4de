//! Keeping the search index up to the journal. The index carries its own cursor; whatever it
//! missed, it reads again.

use crate::{App, AppError, AppOpenError};
use duijie_search::{Change, Index, IndexError, OpenError, Options};
use duijie_store::Store;
use duijie_vocab::text;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many changed records are read at a time, and how many go into one commit of the index.
const BATCH: usize = 2_000;
const COMMIT: usize = 50_000;
/// How many entries a follower beside an import lets come together.
const STEP: i64 = 20_000;
/// How long a follower sleeps when nothing wakes it; another process may have written.
const NAP: Duration = Duration::from_millis(500);

/// Opens the index of a data directory. One written under other rules, or for another journal, is
/// derived data and is begun again.
pub(crate) fn open_index(dir: &Path, store: &Store) -> Result<Index, AppOpenError> {
    let failed = |fault: OpenError| AppOpenError::Index(dir.to_path_buf(), fault.into());
    let index = match Index::open(dir, Options::default()) {
        Err(OpenError::NeedsRebuild { .. }) => Index::create(dir, Options::default()).map_err(failed)?,
        other => other.map_err(failed)?,
    };
    let head = store.read(|view| view.head()).map_err(|fault| AppOpenError::Start(fault.into()))?.seq;
    if index.cursor() > head {
        return Index::create(dir, Options::default()).map_err(failed);
    }
    Ok(index)
}

impl App {
    /// Brings the index up to the head of the journal and returns where it stands. `progress`
    /// hears how many records went in. While another process writes the index, this one waits for
    /// it to follow.
    pub fn follow(&self, progress: &mut dyn FnMut(usize)) -> Result<i64, AppError> {
        let taken = match self.follow_until_head(progress) {
            Err(IndexOr::Index(IndexError::Locked)) => {
                self.index.refresh().map_err(index_error)?;
                return Ok(self.index.cursor());
            }
            Err(IndexOr::Index(fault)) => return Err(not_followed(&fault)),
            Err(IndexOr::App(fault)) => return Err(fault),
            Ok(cursor) => cursor,
        };
        Ok(taken)
    }

    fn follow_until_head(&self, progress: &mut dyn FnMut(usize)) -> Result<i64, IndexOr> {
        self.index.renew().map_err(IndexOr::Index)?;
        self.begin_with_words()?;
        let mut cursor = self.index.cursor();
        let mut uncommitted = 0;
        let mut taken = 0;
        loop {
            let rows = self.store().read(|view| view.records_changed(cursor, BATCH)).map_err(|fault| IndexOr::App(fault.into()))?;
            let Some(last) = rows.last() else { break };
            let reached = last.entry;
            uncommitted += rows.len();
            taken += rows.len();
            self.index.apply(rows.into_iter().map(|row| Change::Put(Arc::new(row.record)))).map_err(IndexOr::Index)?;
            cursor = reached;
            progress(taken);
            if uncommitted >= COMMIT {
                self.index.commit(cursor).map_err(IndexOr::Index)?;
                uncommitted = 0;
            }
        }
        // Entries that put no record move the cursor too.
        let head = self.store().read(|view| view.head()).map_err(|fault| IndexOr::App(fault.into()))?.seq;
        if uncommitted > 0 || (taken == 0 && head > self.index.cursor() && cursor == self.index.cursor()) {
            let reached = if uncommitted > 0 { cursor } else { head };
            self.index.commit(reached).map_err(IndexOr::Index)?;
        }
        if taken > 0 {
            self.index.rest().map_err(IndexOr::Index)?;
        }
        Ok(self.index.cursor())
    }

    /// An index that has eaten nothing yet is begun with the words of the records that wait for it.
    fn begin_with_words(&self) -> Result<(), IndexOr> {
        if self.index.cursor() > 0 || self.index.records() > 0 {
            return Ok(());
        }
        let words = self.learn_words().map_err(IndexOr::App)?;
        if words.is_empty() {
            return Ok(());
        }
        // Nobody else may be writing the index that is put aside.
        self.index.apply([]).map_err(IndexOr::Index)?;
        self.index.rebuild(&words).and_then(duijie_search::Rebuild::finish).map_err(IndexOr::Index)
    }

    /// Follows until `stop` is set; for a thread of its own beside a server.
    pub fn follow_until(&self, stop: &AtomicBool, report: &dyn Fn(&AppError)) {
        let news = self.store().subscribe();
        while !stop.load(Ordering::Relaxed) {
            if let Err(fault) = self.follow(&mut |_| {}) {
                report(&fault);
                std::thread::sleep(NAP);
            }
            if news.wait(self.index.cursor(), NAP).is_err() {
                std::thread::sleep(NAP);
            }
        }
    }

    /// Follows in large steps until `stop` is set, for a thread beside a long import: a second core
    /// indexes what the first has written. What is left, and any fault, is for [`App::follow`] after it.
    pub fn follow_beside(&self, stop: &AtomicBool) {
        let news = self.store().subscribe();
        while !stop.load(Ordering::Relaxed) {
            let enough = self.index.cursor().saturating_add(STEP);
            let written = news.wait(enough, NAP);
            if written.is_ok_and(|head| head > enough) && self.follow(&mut |_| {}).is_err() {
                return;
            }
        }
    }

    /// Builds the index anew beside the one in use, and learns the words and topics of the records.
    pub fn rebuild_search(&self, progress: &mut dyn FnMut(usize)) -> Result<i64, AppError> {
        let words = self.learn_words()?;
        let rebuild = self.index.rebuild(&words).map_err(index_error)?;
        let mut cursor = 0;
        let mut taken = 0;
        loop {
            let rows = self.store().read(|view| view.records_changed(cursor, BATCH))?;
            let Some(last) = rows.last() else { break };
            cursor = last.entry;
            taken += rows.len();
            rebuild.apply(rows.into_iter().map(|row| Change::Put(Arc::new(row.record)))).map_err(index_error)?;
            progress(taken);
        }
        rebuild.commit(cursor).map_err(index_error)?;
        rebuild.finish().map_err(index_error)?;
        self.learn_topics()?;
        Ok(cursor)
    }
}

/// The records are safe; only what is derived from them is behind.
fn not_followed(fault: &IndexError) -> AppError {
    AppError::Unavailable(text!(
        "记录已保存，但检索索引没有跟上（{fault}）；请检查磁盘空间，之后的导入或 duijie rebuild search 会补上",
        "the records are saved, but the search index did not follow ({fault}); look at the disk, the next import or `duijie rebuild search` catches up"
    ))
}

enum IndexOr {
    Index(IndexError),
    App(AppError),
}

pub(crate) fn index_error(fault: IndexError) -> AppError {
    AppError::Internal(fault.into())
}
