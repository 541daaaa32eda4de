//! What the words of the region's records have to do with one another: learnt from the records when
//! the index is built anew, kept beside the index, read when somebody first matches.

use crate::{App, AppError};
use duijie_matching::{Analyzer, FieldText, Profile, TopicOptions, Topics};
use duijie_record::schema;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Topics are learnt from so many records, evenly over all: more teach nothing new.
const SAMPLE: usize = 50_000;
/// How many records are read at a time.
const BATCH: usize = 2_000;
const FILE: &str = "topics";

/// The topics of a data directory.
pub(crate) struct LearntTopics {
    path: PathBuf,
    /// Nothing until the file was looked for.
    kept: Mutex<Option<Option<Arc<Topics>>>>,
}

impl LearntTopics {
    pub(crate) fn beside(index: &std::path::Path) -> LearntTopics {
        LearntTopics { path: index.join(FILE), kept: Mutex::default() }
    }

    /// The topics, if any were learnt. A file that is damaged or of other rules counts as none: it is
    /// derived, and matching does without.
    pub(crate) fn get(&self) -> Option<Arc<Topics>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| {
            let bytes = std::fs::read(&self.path).ok()?;
            Topics::from_bytes(&bytes, Analyzer::shared().fingerprint()).ok().map(Arc::new)
        })
        .clone()
    }

    fn put(&self, topics: Topics) -> std::io::Result<()> {
        let draft = self.path.with_extension("new");
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&topics.to_bytes(Analyzer::shared().fingerprint()))?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Some(Arc::new(topics)));
        Ok(())
    }
}

impl App {
    /// Learns the topics of all records anew; the same records give the same topics.
    pub(crate) fn learn_topics(&self) -> Result<(), AppError> {
        let every = (usize::try_from(self.index.records()).unwrap_or(0) / SAMPLE).max(1);
        let mut texts: Vec<Vec<FieldText>> = Vec::new();
        let (mut cursor, mut seen) = (0, 0);
        while texts.len() < SAMPLE {
            let rows = self.store().read(|view| view.records_changed(cursor, BATCH))?;
            let Some(last) = rows.last() else { break };
            cursor = last.entry;
            for row in &rows {
                seen += 1;
                if seen % every == 0
                    && let Some(schema) = schema(&row.record.kind)
                {
                    texts.push(Profile::from_record(&row.record, schema).texts);
                }
            }
        }
        let topics = Topics::learn(&Analyzer::shared(), texts.iter().map(Vec::as_slice), TopicOptions::default());
        self.topics.put(topics).map_err(|fault| AppError::Internal(fault.into()))
    }
}
