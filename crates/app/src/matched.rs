//! The matches of all needs, kept beside the index: what was found for each, from which candidates,
//! and as of which entry. All of it is derived; a file that cannot be read is made again.

use crate::{AppError, MatchView};
use duijie_search::Statistics;
use duijie_vocab::{Digest, RecordId, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What one need was matched with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// A digest of the candidates with their scores: others make other matches.
    pub(crate) candidates: Digest,
    /// Everything worth showing, best first.
    pub(crate) matches: Vec<Brief>,
    /// The best of them, whole.
    pub(crate) best: Option<MatchView>,
}

/// A match in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Brief {
    pub(crate) id: RecordId,
    pub(crate) kind: String,
    pub(crate) score: f64,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    pub(crate) head: Head,
    pub(crate) needs: BTreeMap<RecordId, Kept>,
}

/// Under what the needs were matched.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The entry up to which everything is in; 0 before anything is.
    pub(crate) cursor: i64,
    /// Day, weights and topics: under others everything is matched anew.
    pub(crate) epoch: String,
    pub(crate) statistics: Arc<Statistics>,
}

/// The file in the index's folder.
pub(crate) fn file_in(dir: &Path) -> PathBuf {
    dir.join("matched.jsonl")
}

impl Matched {
    /// Reads the file; one that is not there or not whole counts as none.
    pub(crate) fn load(path: &Path) -> Matched {
        Matched::read(path).unwrap_or_default()
    }

    fn read(path: &Path) -> Option<Matched> {
        let mut lines = BufReader::new(File::open(path).ok()?).lines();
        let (count, head): (usize, Head) = serde_json::from_str(&lines.next()?.ok()?).ok()?;
        let mut needs = BTreeMap::new();
        for line in lines {
            let (id, kept): (RecordId, Kept) = serde_json::from_str(&line.ok()?).ok()?;
            needs.insert(id, kept);
        }
        (needs.len() == count).then_some(Matched { head, needs })
    }

    /// Writes the file beside the old one and puts it in its place.
    pub(crate) fn save(&self, path: &Path) -> Result<(), AppError> {
        let draft = path.with_extension("new");
        let mut out = BufWriter::new(File::create(&draft).map_err(disk)?);
        let line = |value: serde_json::Result<String>| value.map_err(|fault| AppError::Internal(fault.into()));
        writeln!(out, "{}", line(serde_json::to_string(&(self.needs.len(), &self.head)))?).map_err(disk)?;
        for need in &self.needs {
            writeln!(out, "{}", line(serde_json::to_string(&need))?).map_err(disk)?;
        }
        let file = out.into_inner().map_err(|fault| disk(fault.into_error()))?;
        file.sync_data().and_then(|()| std::fs::rename(&draft, path)).map_err(disk)
    }

    /// One digest of all matches, to compare two runs by.
    pub(crate) fn digest(&self) -> Result<Digest, AppError> {
        let lines: Vec<String> = self
            .needs
            .iter()
            .map(|(id, kept)| serde_json::to_string(&(id, &kept.matches, &kept.best)))
            .collect::<Result<_, _>>()
            .map_err(|fault| AppError::Internal(fault.into()))?;
        Ok(Digest::of(&[lines.join("\n").as_bytes()]))
    }
}

fn disk(fault: std::io::Error) -> AppError {
    AppError::Unavailable(text!(
        "匹配结果没有保存（{fault}）；请检查磁盘空间后重新运行",
        "the matches were not kept ({fault}); look at the disk and run it again"
    ))
}
