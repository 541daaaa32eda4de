//! Uploaded workbooks between preview and import: each lies in an unnamed temporary file under a
//! name that nobody can guess, belongs to the session that sent it, and is gone after a while.

use duijie_app::{ImportOptions, ImportReport};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) struct Stash {
    kept: Mutex<HashMap<String, Arc<Kept>>>,
    /// The most bytes of all files together.
    room_bytes: usize,
}

/// One uploaded file and what is known of it.
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) options: ImportOptions,
    pub(crate) preview: ImportReport,
    /// The report of the import, once it was written.
    pub(crate) result: Mutex<Option<ImportReport>>,
    /// Held while the file is imported, so that a second click waits for the first.
    pub(crate) importing: tokio::sync::Mutex<()>,
    holder: String,
    file: Mutex<File>,
    size: usize,
    since: Instant,
}

/// How long a file is kept.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// Files that are kept at once for all sessions.
const FILES: usize = 16;
/// Files that are kept for one session.
const FILES_PER_HOLDER: usize = 3;

/// There is no room for another file now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for another file")]
pub(crate) struct Full;

impl Kept {
    /// Puts the bytes into a temporary file that has no name.
    pub(crate) fn new(holder: &str, name: String, bytes: &[u8], options: ImportOptions, preview: ImportReport, now: Instant) -> std::io::Result<Kept> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        let (result, importing) = (Mutex::new(None), tokio::sync::Mutex::new(()));
        Ok(Kept { name, options, preview, result, importing, holder: holder.to_string(), file: Mutex::new(file), size: bytes.len(), since: now })
    }

    /// The bytes as they were uploaded.
    pub(crate) fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut file = unpoisoned(&self.file);
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(self.size);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn written(&self) -> Option<ImportReport> {
        unpoisoned(&self.result).clone()
    }

    pub(crate) fn set_written(&self, report: ImportReport) {
        *unpoisoned(&self.result) = Some(report);
    }
}

impl Stash {
    pub(crate) fn new(largest_file_bytes: usize) -> Stash {
        Stash { kept: Mutex::new(HashMap::new()), room_bytes: largest_file_bytes.saturating_mul(8) }
    }

    /// Keeps a file under `token`. Its owner's oldest file makes room for it; other people's do not.
    pub(crate) fn put(&self, token: String, kept: Kept, now: Instant) -> Result<(), Full> {
        let mut files = unpoisoned(&self.kept);
        files.retain(|_, file| now.duration_since(file.since) < KEPT_FOR);
        while files.values().filter(|file| file.holder == kept.holder).count() >= FILES_PER_HOLDER {
            let oldest = files.iter().filter(|(_, file)| file.holder == kept.holder).min_by_key(|(_, file)| file.since).map(|(token, _)| token.clone());
            oldest.and_then(|token| files.remove(&token));
        }
        let used: usize = files.values().map(|file| file.size).sum();
        if files.len() >= FILES || used.saturating_add(kept.size) > self.room_bytes {
            return Err(Full);
        }
        files.insert(token, Arc::new(kept));
        Ok(())
    }

    /// The file under `token`, if it is `holder`'s and not too old.
    pub(crate) fn get(&self, token: &str, holder: &str, now: Instant) -> Option<Arc<Kept>> {
        let files = unpoisoned(&self.kept);
        files.get(token).filter(|file| file.holder == holder && now.duration_since(file.since) < KEPT_FOR).cloned()
    }

    pub(crate) fn remove(&self, token: &str, holder: &str) {
        let mut files = unpoisoned(&self.kept);
        if files.get(token).is_some_and(|file| file.holder == holder) {
            files.remove(token);
        }
    }
}

/// Every change under these locks is a single step, so a panic elsewhere leaves them whole.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(holder: &str, bytes: &[u8], now: Instant) -> Kept {
        Kept::new(holder, "a.xlsx".into(), bytes, ImportOptions::default(), crate::sample::import_report(), now).unwrap()
    }

    #[test]
    fn a_file_comes_back_to_its_owner_until_it_is_too_old() {
        let (stash, now) = (Stash::new(10), Instant::now());
        stash.put("t".into(), kept("li", b"abc", now), now).unwrap();
        let file = stash.get("t", "li", now).unwrap();
        assert_eq!(file.bytes().unwrap(), b"abc");
        assert_eq!(file.bytes().unwrap(), b"abc", "it can be read again");
        assert!(stash.get("t", "wang", now).is_none());
        assert!(stash.get("t", "li", now + KEPT_FOR).is_none());
    }

    #[test]
    fn one_person_keeps_three_files_and_all_together_fill_the_room() {
        let (stash, now) = (Stash::new(1), Instant::now());
        for token in ["a", "b", "c", "d"] {
            stash.put(token.into(), kept("li", b"x", now + Duration::from_millis(u64::from(token.as_bytes()[0]))), now).unwrap();
        }
        assert!(stash.get("a", "li", now + Duration::from_secs(1)).is_none(), "the oldest made room");
        assert!(stash.get("d", "li", now + Duration::from_secs(1)).is_some());
        assert_eq!(stash.put("e".into(), kept("wang", b"123456", now), now), Err(Full));
    }
}
