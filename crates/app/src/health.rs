//! Figures of the home page, the state of the installation, checking, rebuilding and backup.

use crate::record::reference;
use crate::{Action, App, AppError, Figures, Health, KindFigure, RecordRef, Target, Viewer};
use duijie_record::{Visibility, schemas};
use duijie_store::{CheckReport, Filter, Order, Store};
use duijie_vocab::{Diagnostic, Place, text};
use std::path::Path;

impl App {
    /// The figures that everybody may know: counts of what everybody may see, as of the last entry.
    pub fn figures(&self) -> Result<Figures, AppError> {
        let (counts, head, at) = self.store().read(|view| {
            let counts = view.count_by_kind(&Filter { visibility: Visibility::Office, ..Filter::default() })?;
            let head = view.head()?.seq;
            let at = view.entry(head)?.map(|entry| entry.entry.at);
            Ok::<_, AppError>((counts, head, at))
        })?;
        let count = |kind: &str| counts.iter().find(|(key, _)| key == kind).map_or(0, |(_, count)| usize::try_from(*count).unwrap_or(0));
        let kinds = schemas().iter().map(|schema| KindFigure { kind: schema.kind.clone(), name: schema.name.clone(), count: count(&schema.kind) });
        Ok(Figures { kinds: kinds.collect(), decisions: self.decision_counts(), entries: head, as_of: at.map_or(String::new(), |at| at.china_minute()) })
    }

    /// The records that changed last, newest first.
    pub fn newest(&self, viewer: &Viewer, kind: &str, limit: usize) -> Result<Vec<RecordRef>, AppError> {
        let filter = Filter { visibility: viewer.clearance(), ..Filter::default() };
        let page = self.store().read(|view| view.list(kind, &filter, Order::Updated, None, limit))?;
        Ok(page.rows.iter().map(|row| reference(&row.record)).collect())
    }

    pub fn health(&self, viewer: &Viewer) -> Result<Health, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let head = self.store().read(|view| view.head())?.seq;
        let cursor = self.index.cursor();
        let mut problems = Vec::new();
        if self.index.records() == 0 && head > 0 {
            problems.push(
                Diagnostic::warning("health.index_empty", text!("检索索引是空的", "the search index is empty"))
                    .help(text!("运行 duijie rebuild search", "run duijie rebuild search")),
            );
        }
        problems.extend(self.policy_faults());
        Ok(Health {
            version: env!("CARGO_PKG_VERSION").to_string(),
            database: self.store().location().show(),
            entries: head,
            followers: vec![("search".to_string(), cursor, head - cursor)],
            problems,
        })
    }

    /// Recomputes the chain of the journal and the state it leaves, and compares.
    pub fn check(&self) -> Result<CheckReport, AppError> {
        Ok(self.store().check()?)
    }

    /// Writes a consistent copy of the store to a new file while others go on.
    pub fn backup(&self, to: &Path) -> Result<(), AppError> {
        backup_of(self.store(), to)
    }
}

fn backup_of(store: &Store, to: &Path) -> Result<(), AppError> {
    store.backup(to).map_err(|fault| {
        let message = text!("无法备份：{fault}", "the backup was not made: {fault}");
        AppError::Invalid(vec![Diagnostic::error("backup", message).at(Place::file(to.display().to_string()))])
    })
}
