//! One field of many records at once. Each record is changed on its own, so that one that cannot be
//! does not keep the others from it.

use crate::{Action, App, AppError, RecordRef, SaveOutcome, Target, Viewer};
use duijie_vocab::{RecordId, Text, text};
use serde::Serialize;

/// What came of one record.
#[derive(Clone, Debug, Serialize)]
pub struct ManyLine {
    pub record: RecordRef,
    /// `changed`, `same` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub why: Text,
}

impl App {
    /// The most records that are changed at once.
    pub const MANY: usize = 200;

    /// Sets `field` to `value` in each of the records, by whoever may resolve duplicates and change them.
    pub fn change_many(&self, viewer: &Viewer, kind: &str, ids: &[RecordId], field: &str, value: &str) -> Result<Vec<ManyLine>, AppError> {
        viewer.may(Action::Merge, &Target::default())?;
        let known = self.schema(kind).ok_or(AppError::NotFound)?.field(field).is_some();
        if !known {
            return Err(crate::accounts::invalid("many.field", text!("请选择要修改的字段", "choose the field to change")));
        }
        if ids.is_empty() || ids.len() > App::MANY {
            let most = App::MANY;
            return Err(crate::accounts::invalid("many.records", text!("请选择 1 至 {most} 条记录", "choose from 1 to {most} records")));
        }
        let mut lines = Vec::with_capacity(ids.len());
        for id in ids {
            lines.push(self.change_one(viewer, kind, id, field, value)?);
        }
        Ok(lines)
    }

    fn change_one(&self, viewer: &Viewer, kind: &str, id: &RecordId, field: &str, value: &str) -> Result<ManyLine, AppError> {
        let seen = self.record(viewer, id)?;
        let record = RecordRef { id: seen.id.clone(), kind: seen.kind.clone(), title: seen.title.clone() };
        let fields = [(field.to_string(), value.to_string())];
        let (outcome, why) = match self.save(viewer, kind, Some(id), Some(seen.version), &fields) {
            Ok(SaveOutcome::Saved(saved)) => (if saved.changed { "changed" } else { "same" }, Text::default()),
            Ok(SaveOutcome::Refused(refused)) => ("refused", refused.diagnostics.first().map(|fault| fault.message.clone()).unwrap_or_default()),
            Err(error @ (AppError::Refused(_) | AppError::Conflict(_) | AppError::NotFound)) => ("refused", error.message()),
            Err(error) => return Err(error),
        };
        Ok(ManyLine { record, outcome: outcome.to_string(), why })
    }
}
