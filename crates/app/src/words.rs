//! What the region's records call things: words that the general dictionary does not know are learnt
//! when an index is begun, and belong to that index, so that records and questions are always cut alike.

use crate::{App, AppError};
use duijie_matching::{Lexicon, Profile};
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_store::Filter;

/// Words and topics are learnt from so many records, evenly over all: more teach nothing new.
const SAMPLE: usize = 50_000;
/// Fewer records teach no words.
const FEW: usize = 500;
/// How many records are read at a time.
const BATCH: usize = 2_000;

impl App {
    /// The words of the records as they are now; the same records give the same words.
    pub(crate) fn learn_words(&self) -> Result<Vec<String>, AppError> {
        if self.public_records()? < FEW {
            return Ok(Vec::new());
        }
        let mut lexicon = Lexicon::default();
        self.sample_records(&mut |profile| lexicon.read(&profile.texts, profile.holder.as_deref()))?;
        Ok(lexicon.words())
    }

    /// Tells `each` of at most [`SAMPLE`] records, evenly over all that everybody may read, as far as
    /// everybody may read them.
    pub(crate) fn sample_records(&self, each: &mut dyn FnMut(Profile)) -> Result<(), AppError> {
        let every = self.public_records()?.div_ceil(SAMPLE).max(1);
        let (mut cursor, mut seen) = (0, 0);
        loop {
            let rows = self.store().read(|view| view.records_changed(cursor, BATCH))?;
            let Some(last) = rows.last() else { return Ok(()) };
            cursor = last.entry;
            for row in &rows {
                let Some(schema) = schema(&row.record.kind).filter(|_| is_for_everybody(&row.record)) else { continue };
                seen += 1;
                if seen % every == 0 {
                    each(Profile::from_record(&row.record, schema));
                }
            }
        }
    }

    fn public_records(&self) -> Result<usize, AppError> {
        let counts = self.store().read(|view| view.count_by_kind(&Filter::default()))?;
        Ok(counts.iter().map(|(_, count)| usize::try_from(*count).unwrap_or(0)).sum())
    }
}

fn is_for_everybody(record: &Record) -> bool {
    record.visibility == Visibility::Public && record.state == RecordState::Active
}
