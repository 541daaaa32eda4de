//! What the words of the region's records have to do with one another: learnt from the records when
//! the index is built anew, kept beside the index, read when somebody first matches.

use crate::{App, AppError};
use duijie_matching::{Analyzer, FieldText, TopicOptions, Topics};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const FILE: &str = "topics";

/// The topics of a data directory.
pub(crate) struct LearntTopics {
    path: PathBuf,
    kept: Mutex<Option<Kept>>,
}

/// What the file held when it was looked for, and for which analyzer.
struct Kept {
    fingerprint: u64,
    topics: Option<Arc<Topics>>,
}

impl LearntTopics {
    pub(crate) fn beside(index: &std::path::Path) -> LearntTopics {
        LearntTopics { path: index.join(FILE), kept: Mutex::default() }
    }

    /// The topics, if any were learnt with an analyzer that cuts as `analyzer` does. A file that is
    /// damaged or of other rules counts as none: it is derived, and matching does without.
    pub(crate) fn get(&self, analyzer: &Analyzer) -> Option<Arc<Topics>> {
        let fingerprint = analyzer.fingerprint();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.fingerprint != fingerprint) {
            let bytes = std::fs::read(&self.path).ok();
            let topics = bytes.and_then(|bytes| Topics::from_bytes(&bytes, fingerprint).ok()).map(Arc::new);
            *kept = Some(Kept { fingerprint, topics });
        }
        kept.as_ref().and_then(|kept| kept.topics.clone())
    }

    fn put(&self, topics: Topics, analyzer: &Analyzer) -> std::io::Result<()> {
        let fingerprint = analyzer.fingerprint();
        let draft = self.path.with_extension("new");
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&topics.to_bytes(fingerprint))?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { fingerprint, topics: Some(Arc::new(topics)) });
        Ok(())
    }
}

impl App {
    /// Learns the topics of all records anew; the same records give the same topics.
    pub(crate) fn learn_topics(&self) -> Result<(), AppError> {
        let analyzer = self.index.analyzer();
        let mut texts: Vec<Vec<FieldText>> = Vec::new();
        self.sample_records(&mut |profile| texts.push(profile.texts))?;
        let topics = Topics::learn(&analyzer, texts.iter().map(Vec::as_slice), TopicOptions::default());
        self.topics.put(topics, &analyzer).map_err(|fault| AppError::Internal(fault.into()))
    }
}
