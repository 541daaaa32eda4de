//! Dense vectors of records beside the index: a log on disk, and codes in memory that are compared with
//! a question's vector. They follow the journal on their own and may be behind; the index decides
//! who may see what is found.

use crate::document::Gate;
use crate::vectors_file::{Entry, Header, Told, VectorLog};
use duijie_matching::{Centre, Codes};
use duijie_record::{Record, RecordState, Visibility};
use duijie_vocab::{RecordId, RegionCode};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The vectors that one model gave to records.
#[derive(Debug)]
pub struct Vectors {
    path: PathBuf,
    model: String,
    writing: Mutex<Writing>,
    kept: RwLock<Kept>,
}

/// The log and the right to write it, which one process has from its first step until it ends.
#[derive(Debug)]
struct Writing {
    log: Option<VectorLog>,
    lock: Option<File>,
}

/// What the embedding of a record came to.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub place: RecordPlace,
    /// A digest of the text that was embedded: the same text need not be embedded again.
    pub digest: u64,
    /// Nothing where only the place changed, or where the text has no vector.
    pub vector: Option<Vec<f32>>,
    /// The vector of the record's name as somebody would ask for it, of a few records only.
    pub asked: Option<Vec<f32>>,
}

/// Where a record stands: what decides roughly whether it may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    pub id: RecordId,
    pub kind: String,
    pub region: RegionCode,
    pub visibility: Visibility,
    pub active: bool,
}

/// What is asked about, and the vectors to compare it with.
#[derive(Clone, Debug)]
pub struct Meaning {
    pub vectors: Arc<Vectors>,
    pub of: MeaningOf,
}

/// Whose meaning is asked about.
#[derive(Clone, Debug)]
pub enum MeaningOf {
    /// A question's vector, as the model gave it.
    Question(Arc<[f32]>),
    /// The vector of a text as long as those of records, as the model gave it.
    Passage(Arc<[f32]>),
    /// A record that is itself among the vectors.
    Record(RecordId),
}

/// The middle is learnt again whenever there are twice as many vectors; of fewer than these it says
/// nothing.
const LEAST_FOR_CENTRE: usize = 16;
/// So many names at least are embedded as questions, and half as many again for each doubling.
const SAMPLES: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) cursor: i64,
    slots: HashMap<RecordId, u32>,
    records: Vec<Known>,
    codes: Codes,
    /// The record that each code belongs to, and where it stands; read one after another.
    owners: Vec<u32>,
    gates: Vec<Gate>,
    passages: Centre,
    queries: Centre,
    /// How many vectors the middle was learnt from.
    centred: usize,
    /// Records that have a vector now.
    embedded: usize,
}

#[derive(Debug)]
struct Known {
    id: RecordId,
    digest: u64,
    /// Its place among the codes.
    code: Option<u32>,
}

/// Of a code that is no longer any record's.
const GONE: Gate = Gate(u64::MAX);

impl RecordPlace {
    pub fn of(record: &Record) -> RecordPlace {
        RecordPlace {
            id: record.id.clone(),
            kind: record.kind.clone(),
            region: record.region,
            visibility: record.visibility,
            active: record.state == RecordState::Active,
        }
    }
}

impl Vectors {
    /// The vectors in the file at `path` that `model` made. A file of another model, or one that is none,
    /// is begun again; what stands behind its last whole step was cut off by a crash and is left out.
    pub fn open(path: &Path, model: &str) -> io::Result<Vectors> {
        let (log, kept) = match read(path, model)? {
            Some((log, kept)) => (Some(log), kept),
            None => (None, Kept::default()),
        };
        Ok(Vectors { path: path.to_path_buf(), model: model.to_string(), writing: Mutex::new(Writing { log, lock: None }), kept: RwLock::new(kept) })
    }

    /// Which model made them.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The journal entry up to which records are embedded.
    pub fn cursor(&self) -> i64 {
        self.kept().cursor
    }

    /// How long the vectors are; 0 before there is any.
    pub fn size(&self) -> usize {
        self.kept().codes.size()
    }

    /// How many records have a vector.
    pub fn embedded(&self) -> usize {
        self.kept().embedded
    }

    /// Whether the record's vector was made from a text of this digest.
    pub fn knows(&self, id: &RecordId, digest: u64) -> bool {
        let kept = self.kept();
        kept.slots.get(id).is_some_and(|&slot| kept.records[slot as usize].digest == digest)
    }

    /// Whether the record has a vector.
    pub fn has(&self, id: &RecordId) -> bool {
        self.kept().code_of(id).is_some()
    }

    /// Whether the next record's name should be embedded as a question too.
    pub fn wants_sample(&self, ahead: usize) -> bool {
        let number = self.kept().embedded + ahead;
        number < SAMPLES || number.is_multiple_of(number.next_power_of_two() / SAMPLES)
    }

    /// Keeps `step` and that everything up to the entry `cursor` is in: both or, after a crash, neither.
    /// Vectors of another size than those before are refused.
    pub fn keep(&self, step: Vec<Embedded>, cursor: i64) -> io::Result<()> {
        let size = self.kept().codes.size();
        let given = step.iter().flat_map(|one| one.vector.iter().chain(&one.asked)).map(Vec::len);
        let sizes: Vec<usize> = given.chain((size > 0).then_some(size)).collect();
        if sizes.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "vectors of different sizes cannot be compared"));
        }
        let entries: Vec<Entry> = step.into_iter().flat_map(Embedded::entries).collect();
        let mut writing = self.writer()?;
        let log = writing.log(&self.path, &self.model)?;
        log.append(&entries, cursor)?;
        let grown = {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.take(entries, cursor);
            kept.embedded >= LEAST_FOR_CENTRE.max(2 * kept.centred) || log.is_wasteful(kept.records.len())
        };
        if grown {
            *log = log.write_anew(&self.path, &self.model)?;
            self.read_again(&mut writing)?;
        }
        Ok(())
    }

    /// That nothing up to the entry `cursor` needs embedding. Not worth a step of the log: after a crash it
    /// is found out again.
    pub fn reach(&self, cursor: i64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.cursor = kept.cursor.max(cursor);
    }

    /// Forgets everything: all records are to be embedded again.
    pub fn clear(&self) -> io::Result<()> {
        let mut writing = self.writer()?;
        writing.log = Some(VectorLog::create(&self.path, &Header::empty(&self.model))?);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Kept::default();
        Ok(())
    }

    /// Who writes for the first time takes the lock, and reads what another has written before.
    fn writer(&self) -> io::Result<MutexGuard<'_, Writing>> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if writing.lock.is_none() {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let lock = File::options().create(true).truncate(false).write(true).open(self.path.with_extension("lock"))?;
            lock.try_lock().map_err(io::Error::from)?;
            let same = match &writing.log {
                Some(log) => log.is_whole()?,
                None => !self.path.exists(),
            };
            if !same {
                self.read_again(&mut writing)?;
            }
            writing.lock = Some(lock);
        }
        Ok(writing)
    }

    fn read_again(&self, writing: &mut Writing) -> io::Result<()> {
        let Some((log, kept)) = read(&self.path, &self.model)? else { return Ok(()) };
        writing.log = Some(log);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }

    pub(crate) fn kept(&self) -> std::sync::RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    fn log(&mut self, path: &Path, model: &str) -> io::Result<&mut VectorLog> {
        if self.log.is_none() {
            self.log = Some(VectorLog::create(path, &Header::empty(model))?);
        }
        Ok(self.log.as_mut().expect("BUG: the log was just made"))
    }
}

fn read(path: &Path, model: &str) -> io::Result<Option<(VectorLog, Kept)>> {
    let mut kept = Kept::default();
    let log = VectorLog::read(path, model, &mut |told| match told {
        Told::Header(header) => kept.begin(header),
        Told::Step(entries, cursor) => kept.take(entries, cursor),
    })?;
    Ok(log.map(|log| (log, kept)))
}

impl Kept {
    fn begin(&mut self, header: Header) {
        self.codes = Codes::new(header.size);
        self.passages = Centre::at(header.passages);
        self.queries = Centre::at(header.queries);
        self.centred = header.centred;
    }

    fn take(&mut self, entries: Vec<Entry>, cursor: i64) {
        for entry in entries {
            match entry {
                Entry::Record { place, digest, vector } => self.put(place, digest, vector.as_deref()),
                Entry::Sample(_) => {}
            }
        }
        self.cursor = cursor;
    }

    fn put(&mut self, place: RecordPlace, digest: u64, vector: Option<&[f32]>) {
        let gate = Gate::at(&place);
        let slot = *self.slots.entry(place.id.clone()).or_insert_with(|| {
            self.records.push(Known { id: place.id, digest: 0, code: None });
            (self.records.len() - 1) as u32
        });
        let before = self.records[slot as usize].code;
        // The same text keeps its vector when only the place changed.
        let same = self.records[slot as usize].digest == digest;
        let code = vector.map(|vector| self.push(vector, slot)).or(before.filter(|_| same));
        if let Some(gone) = before.filter(|_| code != before) {
            self.gates[gone as usize] = GONE;
        }
        if let Some(code) = code {
            self.gates[code as usize] = gate;
        }
        self.embedded += usize::from(code.is_some());
        self.embedded -= usize::from(before.is_some());
        let known = &mut self.records[slot as usize];
        (known.digest, known.code) = (digest, code);
    }

    /// The place of a new code.
    fn push(&mut self, vector: &[f32], slot: u32) -> u32 {
        if self.codes.size() == 0 {
            self.codes = Codes::new(vector.len());
        }
        self.codes.push(&self.passages.seen(vector));
        self.owners.push(slot);
        self.gates.push(GONE);
        (self.codes.len() - 1) as u32
    }

    /// The vector to compare with; nothing where there is none of this size.
    pub(crate) fn asked(&self, of: &MeaningOf) -> Vec<f32> {
        match of {
            MeaningOf::Question(vector) if vector.len() == self.codes.size() => self.queries.seen(vector),
            MeaningOf::Passage(vector) if vector.len() == self.codes.size() => self.passages.seen(vector),
            MeaningOf::Question(_) | MeaningOf::Passage(_) => Vec::new(),
            MeaningOf::Record(id) => self.code_of(id).map(|code| self.codes.vector(code)).unwrap_or_default(),
        }
    }

    fn code_of(&self, id: &RecordId) -> Option<usize> {
        self.records[*self.slots.get(id)? as usize].code.map(|code| code as usize)
    }

    /// For each of `groups` the `limit` records nearest to what [`Kept::asked`] gave, nearest first. `group`
    /// says to which a record belongs by where it stands, if to any; then `lets_pass` is asked.
    pub(crate) fn nearest(
        &self,
        asked: &[f32],
        limit: usize,
        groups: usize,
        group: impl Fn(Gate) -> Option<usize>,
        lets_pass: impl Fn(&RecordId) -> bool,
    ) -> Vec<Vec<(&RecordId, f32)>> {
        let id = |code: usize| &self.records[self.owners[code] as usize].id;
        let group_of = |code: usize| {
            let gate = self.gates[code];
            if gate == GONE { None } else { group(gate).filter(|_| lets_pass(id(code))) }
        };
        let found = self.codes.nearest_by_group(asked, limit, groups, group_of);
        found.into_iter().map(|near| near.into_iter().map(|(code, near)| (id(code), near)).collect()).collect()
    }

    /// How near a record is, if it has a vector.
    pub(crate) fn likeness(&self, id: &RecordId, asked: &[f32]) -> Option<f32> {
        let code = self.code_of(id)?;
        (asked.len() == self.codes.size() && !asked.is_empty()).then(|| self.codes.likeness(code, asked))
    }
}

impl Embedded {
    fn entries(self) -> impl Iterator<Item = Entry> {
        let record = Entry::Record { place: self.place, digest: self.digest, vector: self.vector };
        std::iter::once(record).chain(self.asked.map(Entry::Sample))
    }
}
