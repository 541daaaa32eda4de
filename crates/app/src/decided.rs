//! What every measure says of every enterprise, kept up to the journal. A changed fact or measure
//! decides again only what reads it. The file beside the store is a log of lines: what was decided,
//! then the entry it is as of; what stands behind the last such entry was cut off by a crash and is
//! thrown away. All of it is derived: `duijie rebuild decisions` makes it anew.

use crate::AppError;
use duijie_policy::Outcome;
use duijie_vocab::RecordId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Lines of a file beyond which it is written anew, for each organization in it.
const LINES_PER_ORGANIZATION: usize = 4;
const LEAST_LINES: usize = 10_000;

/// Outcomes by measure and by organization, as of a journal entry.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// The entry up to which everything is in; 0 before anything is.
    pub(crate) cursor: i64,
    /// Each measure with the digest of the text it was decided by. Verdicts name them by place.
    pub(crate) measures: Vec<(String, String)>,
    pub(crate) organizations: HashMap<RecordId, Held>,
    /// The organization that each record's facts went to.
    pub(crate) by_record: HashMap<RecordId, RecordId>,
    counts: BTreeMap<String, BTreeMap<String, usize>>,
    /// Bytes of the file that this was read from, and lines in them.
    length: u64,
    lines: usize,
}

/// What is held of one organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// The year decided about.
    pub(crate) year: i16,
    /// The records its facts come from.
    pub(crate) records: Vec<RecordId>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// One measure's decision, and a digest of what it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) measure: u16,
    pub(crate) outcome: Outcome,
    pub(crate) fen: i64,
    pub(crate) read: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Put(RecordId, Held),
    Drop(RecordId),
    /// Everything before this line is as of an entry, by these measures.
    At(i64, Vec<(String, String)>),
}

/// What one step of following changed.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) put: Vec<(RecordId, Held)>,
    pub(crate) dropped: Vec<RecordId>,
}

impl Decided {
    /// Reads the file; one that is not there, or not readable as this, is begun again.
    pub(crate) fn load(path: &Path) -> Decided {
        let mut decided = Decided::default();
        let Ok(file) = File::open(path) else { return decided };
        let (mut pending, mut read, mut lines) = (Step::default(), 0u64, 0usize);
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(count) if count > 0 && bytes.ends_with(b"\n") => {}
                _ => break,
            }
            read += bytes.len() as u64;
            lines += 1;
            match serde_json::from_slice::<Line>(&bytes) {
                Ok(Line::Put(id, held)) => pending.put.push((id, held)),
                Ok(Line::Drop(id)) => pending.dropped.push(id),
                Ok(Line::At(cursor, measures)) => {
                    decided.take(std::mem::take(&mut pending), cursor, measures);
                    (decided.length, decided.lines) = (read, lines);
                }
                Err(_) => break,
            }
        }
        decided.count();
        decided
    }

    /// Whether the file has grown or shrunk since it was read.
    pub(crate) fn is_stale(&self, path: &Path) -> bool {
        std::fs::metadata(path).map_or(0, |file| file.len()) != self.length
    }

    /// Adds a step to the file and then to this. A step that only moves the cursor need not outlive a
    /// crash: the entries are read again.
    pub(crate) fn append(&mut self, path: &Path, step: Step, cursor: i64, measures: Vec<(String, String)>) -> Result<(), AppError> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(disk)?;
        // What a crash left behind the last whole step goes.
        file.set_len(self.length).map_err(disk)?;
        file.seek(SeekFrom::End(0)).map_err(disk)?;
        let written = write_lines(&file, step.put.iter().map(|(id, held)| (id, held)), &step.dropped, cursor, &measures)?;
        if !step.put.is_empty() || !step.dropped.is_empty() {
            file.sync_data().map_err(disk)?;
        }
        self.length += written.0;
        self.lines += written.1;
        self.take(step, cursor, measures);
        self.count();
        if self.lines > LEAST_LINES + LINES_PER_ORGANIZATION * self.organizations.len() {
            self.write_anew(path)?;
        }
        Ok(())
    }

    fn write_anew(&mut self, path: &Path) -> Result<(), AppError> {
        let aside = path.with_extension("new");
        let file = File::create(&aside).map_err(disk)?;
        let (length, lines) = write_lines(&file, self.organizations.iter(), &[], self.cursor, &self.measures)?;
        file.sync_data().and_then(|()| std::fs::rename(&aside, path)).map_err(disk)?;
        (self.length, self.lines) = (length, lines);
        Ok(())
    }

    fn take(&mut self, step: Step, cursor: i64, measures: Vec<(String, String)>) {
        let dropped = step.dropped.into_iter().map(|id| (id, None));
        for (id, held) in step.put.into_iter().map(|(id, held)| (id, Some(held))).chain(dropped) {
            for record in self.organizations.remove(&id).into_iter().flat_map(|before| before.records) {
                self.by_record.remove(&record);
            }
            if let Some(held) = held {
                self.by_record.extend(held.records.iter().map(|record| (record.clone(), id.clone())));
                self.organizations.insert(id, held);
            }
        }
        self.cursor = cursor;
        self.measures = measures;
    }

    fn count(&mut self) {
        let mut by_place: Vec<[usize; Outcome::ALL.len()]> = vec![[0; Outcome::ALL.len()]; self.measures.len()];
        for verdict in self.organizations.values().flat_map(|held| &held.verdicts) {
            if let Some(counts) = by_place.get_mut(usize::from(verdict.measure)) {
                counts[verdict.outcome as usize] += 1;
            }
        }
        let named = |counts: [usize; Outcome::ALL.len()]| -> BTreeMap<String, usize> {
            Outcome::ALL.iter().map(|outcome| (outcome.name().to_string(), counts[*outcome as usize])).filter(|(_, count)| *count > 0).collect()
        };
        self.counts = self.measures.iter().zip(by_place).map(|((id, _), counts)| (id.clone(), named(counts))).collect();
    }

    /// How many organizations a measure was decided for each way, by the outcome's name.
    pub(crate) fn of_measure(&self, id: &str) -> BTreeMap<String, usize> {
        self.counts.get(id).cloned().unwrap_or_default()
    }

    /// The same over all measures.
    pub(crate) fn of_all(&self) -> BTreeMap<String, usize> {
        let mut all = BTreeMap::new();
        for (outcome, count) in self.counts.values().flatten() {
            *all.entry(outcome.clone()).or_insert(0) += count;
        }
        all
    }
}

/// The file beside the store.
pub(crate) fn file_in(dir: &Path) -> PathBuf {
    dir.join("decided.jsonl")
}

fn write_lines<'h>(
    file: &File,
    put: impl Iterator<Item = (&'h RecordId, &'h Held)>,
    dropped: &[RecordId],
    cursor: i64,
    measures: &[(String, String)],
) -> Result<(u64, usize), AppError> {
    let mut out = BufWriter::new(file);
    let (mut length, mut lines) = (0u64, 0usize);
    let mut write = |line: &Line| -> Result<(), AppError> {
        let mut bytes = serde_json::to_vec(line).map_err(|fault| AppError::Internal(fault.into()))?;
        bytes.push(b'\n');
        out.write_all(&bytes).map_err(disk)?;
        length += bytes.len() as u64;
        lines += 1;
        Ok(())
    };
    for (id, held) in put {
        write(&Line::Put(id.clone(), held.clone()))?;
    }
    for id in dropped {
        write(&Line::Drop(id.clone()))?;
    }
    write(&Line::At(cursor, measures.to_vec()))?;
    out.flush().map_err(disk)?;
    Ok((length, lines))
}

pub(crate) fn disk(fault: std::io::Error) -> AppError {
    AppError::Unavailable(duijie_vocab::text!(
        "判断结果没有跟上（{fault}）；请检查磁盘空间，之后会自动补上",
        "the decisions did not follow ({fault}); look at the disk, they catch up by themselves"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(fen: i64) -> Held {
        Held { year: 2021, records: vec![], verdicts: vec![Verdict { measure: 0, outcome: Outcome::Eligible, fen, read: 7 }] }
    }

    #[test]
    fn what_a_crash_cut_off_is_not_there_and_the_rest_is() {
        let folder = std::env::temp_dir().join(format!("duijie-decided-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = file_in(&folder);
        let measures = vec![("m".to_string(), "d".to_string())];
        let (a, b) = (RecordId::derive("organization", "a"), RecordId::derive("organization", "b"));
        let mut decided = Decided::default();
        decided.append(&path, Step { put: vec![(a.clone(), held(1)), (b.clone(), held(2))], dropped: vec![] }, 5, measures.clone()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        decided.append(&path, Step { put: vec![(a.clone(), held(3))], dropped: vec![b.clone()] }, 9, measures.clone()).unwrap();
        let both = std::fs::read(&path).unwrap();
        for cut in whole.len()..both.len() {
            std::fs::write(&path, &both[..cut]).unwrap();
            let read = Decided::load(&path);
            assert_eq!((read.cursor, read.organizations.len(), read.length), (5, 2, whole.len() as u64), "cut at {cut}");
        }
        // The next step goes where the last whole one ended.
        let mut read = Decided::load(&path);
        read.append(&path, Step { put: vec![(b, held(4))], dropped: vec![a] }, 11, measures).unwrap();
        let again = Decided::load(&path);
        assert_eq!((again.cursor, again.organizations.len()), (11, 1));
        assert_eq!(again.of_measure("m"), BTreeMap::from([("eligible".to_string(), 1)]));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
