//! What of a log of vectors still holds, and the middle of all that it holds: what a log that is written anew
//! begins with.

use crate::vectors::RecordPlace;
use crate::vectors_file::{Entry, Header, Told, VectorLog};
use duijie_vocab::RecordId;
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// Which entries of a log still hold.
#[derive(Default)]
pub(crate) struct Latest {
    pub(crate) header: Header,
    /// Where the record is now, the digest of its text, and the number of the entry with its vector.
    records: HashMap<RecordId, (RecordPlace, u64, Option<usize>)>,
    /// The entry that a record without vector was last told in.
    told: HashMap<RecordId, usize>,
    pub(crate) cursor: i64,
}

impl Latest {
    pub(crate) fn of(path: &Path, model: &str) -> io::Result<Latest> {
        let mut latest = Latest { header: Header::empty(model), ..Latest::default() };
        let (mut at, mut passages, mut queries) = (0, Sum::default(), Sum::default());
        VectorLog::read(path, model, &mut |told| {
            let Told::Step(entries, cursor) = told else { return };
            for entry in entries {
                match entry {
                    Entry::Sample(vector) => queries.add(&vector),
                    Entry::Record { place, digest, vector } => {
                        vector.iter().for_each(|vector| passages.add(vector));
                        let before = latest.records.get(&place.id).filter(|(_, known, _)| *known == digest).and_then(|(_, _, at)| *at);
                        let vector = if vector.is_some() { Some(at) } else { before };
                        latest.told.insert(place.id.clone(), at);
                        latest.records.insert(place.id.clone(), (place, digest, vector));
                    }
                }
                at += 1;
            }
            latest.cursor = cursor;
        })?;
        latest.header = Header { size: passages.sum.len(), centred: passages.count, passages: passages.mean(), queries: queries.mean(), ..latest.header };
        Ok(latest)
    }

    /// The entry as it is to be kept, if it is.
    pub(crate) fn keeps(&self, entry: Entry, at: usize) -> Option<Entry> {
        let Entry::Record { place, vector, .. } = entry else { return Some(entry) };
        let (now, digest, with_vector) = self.records.get(&place.id)?;
        let keeps = with_vector.map_or(self.told.get(&place.id) == Some(&at), |number| number == at);
        keeps.then(|| Entry::Record { place: now.clone(), digest: *digest, vector })
    }
}

/// The middle of vectors that come one after another.
#[derive(Default)]
struct Sum {
    sum: Vec<f64>,
    count: usize,
}

impl Sum {
    fn add(&mut self, vector: &[f32]) {
        self.sum.resize(vector.len(), 0.0);
        self.sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(*value));
        self.count += 1;
    }

    /// Of fewer than these the middle would be the vectors themselves.
    fn mean(&self) -> Vec<f32> {
        const LEAST: usize = 16;
        if self.count < LEAST {
            return Vec::new();
        }
        self.sum.iter().map(|sum| (sum / self.count as f64) as f32).collect()
    }
}
