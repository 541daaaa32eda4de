//! Figures of the home page, the state of the installation, checking, rebuilding and backup.

use crate::app::FILES;
use crate::document_file::DocumentFiles;
use crate::record::reference;
use crate::{Action, App, AppError, AppOptions, Figures, Health, KindFigure, LetterFailure, RecordRef, Target, Viewer};
use duijie_record::{Visibility, schemas};
use duijie_store::{BackupError, Filter, Options, Order, Store};
use duijie_vocab::{Date, Diagnostic, Place, Timestamp, text};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// So long before a year begins its holidays should be known.
const LOOK_AHEAD_DAYS: i32 = 20;
/// How far the clock may stand back before it is told: machines that agree are never minutes apart.
const SET_BACK_MICROS: i64 = 5 * 60_000_000;

impl App {
    /// The figures that everybody may know: counts of what everybody may see, as of the last entry.
    pub fn figures(&self) -> Result<Figures, AppError> {
        let (head, at) = self.store().read(|view| {
            let head = view.head()?.seq;
            Ok::<_, AppError>((head, view.entry(head)?.map(|entry| entry.entry.at)))
        })?;
        let filter = Filter { visibility: Visibility::Office, ..Filter::default() };
        let counts = self.counted.get(head, "", || Ok(self.store().read(|view| view.count_by_kind(&filter))?))?;
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
        let decided = self.with_decided(|decided| decided.cursor);
        let mut followers = vec![("search".to_string(), cursor, head - cursor), ("decisions".to_string(), decided, head - decided)];
        followers.extend(self.meanings.cursor().map(|cursor| ("vectors".to_string(), cursor, head - cursor)));
        let mut problems = Vec::new();
        if self.index.records() == 0 && head > 0 {
            problems.push(
                Diagnostic::warning("health.index_empty", text!("检索索引是空的", "the search index is empty"))
                    .help(text!("运行 duijie rebuild search", "run duijie rebuild search")),
            );
        }
        for (seq, begun) in self.store().read(crate::import::open_imports)? {
            let file = begun.file;
            let message = text!("{file} 的导入（第 {seq} 条日志）还没有结束，或中途中断", "the import of {file} (entry {seq}) is still running, or broke off");
            problems.push(
                Diagnostic::warning("health.import_open", message).help(text!("如已中断，请重新导入同一文件", "if it broke off, import the same file again")),
            );
        }
        problems.extend(self.policy_faults());
        problems.extend(self.meanings.problem());
        let meaning = self.meaning_state()?;
        problems.extend(self.letter_failures()?.iter().map(unsent));
        problems.extend(self.hook_problems()?);
        let today = self.now().china_date();
        let soon = Date::from_days_since_epoch(today.days_since_epoch() + LOOK_AHEAD_DAYS);
        problems.extend(soon.and_then(|soon| crate::casework::calendar().warning(soon)));
        problems.extend(self.clock_set_back(head)?);
        if self.next_clocks()?.iter().any(|clock| clock.overdue) {
            problems.push(
                Diagnostic::warning("health.clocks", text!("对接时限没有按时处理", "the clocks of cases stand still"))
                    .help(text!("duijie serve 会自动处理；也可运行 duijie clock run", "duijie serve runs them; or run duijie clock run")),
            );
        }
        Ok(Health { version: env!("CARGO_PKG_VERSION").to_string(), database: self.store().location().show(), entries: head, followers, meaning, problems })
    }

    /// Says so if the computer's clock stands before the last entry: until it has caught up, nothing is due.
    fn clock_set_back(&self, head: i64) -> Result<Option<Diagnostic>, AppError> {
        let Some(last) = self.store().read(|view| view.entry(head))? else { return Ok(None) };
        let (now, then) = (self.now(), last.entry.at);
        if then.micros() - now.micros() < SET_BACK_MICROS {
            return Ok(None);
        }
        let (now, then) = (now.china_minute(), then.china_minute());
        let message = text!(
            "电脑时间（{now}）早于最后一条日志（{then}），到期提醒要等时间追上才会继续",
            "the computer's clock ({now}) stands before the last entry ({then}); nothing falls due until it has caught up"
        );
        Ok(Some(Diagnostic::warning("health.clock_back", message).help(text!("请校准服务器时间", "set the server's clock right"))))
    }

    /// Recomputes the chain of the journal and the state it leaves, and compares.
    pub fn check(&self) -> Result<Checkup, AppError> {
        let mut report = self.store().check()?;
        report.faults.extend(self.document_faults()?);
        report.faults.extend(self.order_file_faults()?);
        let sound = report.is_sound();
        Ok(Checkup {
            sound,
            entries: report.entries,
            records: report.records,
            erased: report.erased,
            head: report.head.map(|head| head.to_string()),
            faults: report.faults,
        })
    }

    /// Makes the current records, keys and links anew from the journal; returns how many entries there were.
    pub fn rebuild_state(&self) -> Result<i64, AppError> {
        let entries = self.store().rebuild_state().map_err(|fault| AppError::Internal(fault.into()))?;
        self.load_policies()?;
        Ok(entries)
    }

    /// Writes a consistent copy of the store to a new file while others go on, and the documents of
    /// cases to a folder beside it. Documents come after the store: whatever it names is there.
    pub fn backup(&self, to: &Path) -> Result<(), AppError> {
        self.store().backup(to).map_err(|fault| backup_error(to, &fault))?;
        self.documents().copy_to(&files_beside(to)).map_err(|fault| AppError::Internal(fault.into()))
    }

    /// Writes the whole journal to a new file, one JSON object a line.
    pub fn dump(&self, to: &Path) -> Result<(), AppError> {
        self.store().dump(to).map_err(|fault| backup_error(to, &fault))
    }

    /// As [`App::dump`], to `out`.
    pub fn dump_to(&self, out: &mut dyn Write) -> Result<(), AppError> {
        let path = self.dir().join(format!("export-{}.jsonl", duijie_vocab::Digest(self.random())));
        self.dump(&path)?;
        let copied = std::fs::File::open(&path).and_then(|mut file| std::io::copy(&mut file, out));
        let removed = std::fs::remove_file(&path);
        copied.and(removed).map_err(|fault| AppError::Internal(fault.into()))
    }

    /// Fills an empty data directory from a backup or a dump.
    pub fn restore(from: &Path, options: AppOptions) -> Result<(), AppError> {
        std::fs::create_dir_all(&options.data).map_err(|fault| AppError::Internal(fault.into()))?;
        let location = App::location(&options.data, options.database.as_deref());
        let store = Store::restore(from, location, Options::new(options.clock, options.entropy));
        store.map(drop).map_err(|fault| backup_error(from, &fault))?;
        let files = DocumentFiles(files_beside(from));
        files.copy_to(&options.data.join(FILES)).map_err(|fault| AppError::Internal(fault.into()))
    }
}

/// Where a backup keeps the documents: `backup.db` has `backup.db.files` beside it.
fn files_beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_os_string();
    name.push(".files");
    PathBuf::from(name)
}

fn unsent(failure: &LetterFailure) -> Diagnostic {
    let LetterFailure { to, why, times, again } = failure;
    let message = match again.map(Timestamp::china_minute) {
        Some(again) => text!("给 {to} 的通知 {times} 次没有发出：{why}；{again} 再试", "a letter to {to} failed {times} times: {why}; tried again at {again}"),
        None => text!("给 {to} 的通知没有发出，不再重试：{why}", "a letter to {to} was given up: {why}"),
    };
    Diagnostic::warning("health.letters", message).help(text!("检查邮件服务或机器人设置", "look at the mail service or the robot"))
}

/// What checking the store found.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    pub sound: bool,
    pub entries: i64,
    pub records: i64,
    /// Entries whose confidential part was erased.
    pub erased: i64,
    /// The digest of the last entry, which stands for the whole journal.
    pub head: Option<String>,
    pub faults: Vec<Diagnostic>,
}

fn backup_error(path: &Path, fault: &BackupError) -> AppError {
    let message = text!("未能完成：{fault}", "not done: {fault}");
    AppError::Invalid(vec![Diagnostic::error("backup", message).at(Place::file(path.display().to_string()))])
}
