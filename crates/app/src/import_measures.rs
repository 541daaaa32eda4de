//! Measure files and their vocabulary into the data directory, together: they are compiled once, so that a
//! thousand files cost what one does, and refer to one another in whatever order they come.

use crate::declared::MISTAKEN;
use crate::policies::{FILE, LIST};
use crate::{Action, App, AppError, ImportOptions, ImportReport, PolicyFiles, Target, Viewer};
use duijie_vocab::{Diagnostic, Place, Severity, Text, has_errors, text};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// The largest measure file.
const MAX_BYTES: u64 = 10 << 20;

/// A file's name with what became of it.
pub type MeasuresImported = (String, Result<ImportReport, AppError>);

/// Whether a file holds measures or their vocabulary, by its name.
pub fn holds_measures(file: &str) -> bool {
    let lower = file.to_lowercase();
    [".yaml", ".yml"].iter().any(|ending| lower.ends_with(ending))
}

/// A file that was handed in.
struct Given {
    /// As it was handed in.
    file: String,
    /// The name under which it is kept.
    name: String,
    state: State,
}

enum State {
    Unchanged,
    /// Its text, and the remarks about it.
    Fresh(String, Vec<Diagnostic>),
    Refused(AppError),
}

impl App {
    /// Takes measure files and the vocabulary (`facts.yaml`) in, and tells of each what became of it, in their
    /// order. A file with errors changes nothing and keeps no other out.
    pub fn import_measures<S: Read>(
        &self,
        viewer: &Viewer,
        files: impl IntoIterator<Item = (String, S)>,
        options: &ImportOptions,
    ) -> Result<Vec<MeasuresImported>, AppError> {
        viewer.may(Action::Import, &Target { region: options.region, organization: None })?;
        viewer.may(Action::Administer, &Target::default())?;
        let current = self.policies();
        let mut given = read_all(files, &current.files);
        let compiled = sound(&current.files, &mut given);
        if !options.dry_run {
            self.keep_measures(viewer, &given, &current.files, compiled)?;
        }
        let head = self.store().read(|view| view.head())?.seq;
        let existed = |name: &str| current.files.contains_key(name);
        Ok(given.into_iter().map(|given| given.told(&existed, !options.dry_run, head)).collect())
    }

    fn keep_measures(&self, viewer: &Viewer, given: &[Given], before: &BTreeMap<String, String>, compiled: PolicyFiles) -> Result<(), AppError> {
        let fresh = given.iter().filter_map(|given| match &given.state {
            State::Fresh(text, _) => Some((format!("{FILE}{}", given.name), text.clone())),
            _ => None,
        });
        let fresh: Vec<(String, String)> = fresh.collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let list = serde_json::to_string(&compiled.files.keys().collect::<Vec<_>>()).map_err(|fault| AppError::Internal(fault.into()))?;
        let longer = compiled.files.len() > before.len();
        self.write(&self.actor(viewer)?, move |tx| {
            for (key, text) in &fresh {
                tx.put_setting(key, text)?;
            }
            if longer {
                tx.put_setting(LIST, &list)?;
            }
            Ok(())
        })?;
        self.use_policies(compiled);
        Ok(())
    }
}

/// Reads the files one by one. Of two with one name the second is refused.
fn read_all<S: Read>(files: impl IntoIterator<Item = (String, S)>, kept: &BTreeMap<String, String>) -> Vec<Given> {
    let mut seen = BTreeSet::new();
    let read = |(file, source): (String, S)| {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(&file).to_string();
        let state = match text_of(&name, source) {
            _ if !seen.insert(name.clone()) => State::Refused(invalid(
                &name,
                "policy.file.twice",
                text!("有两个文件都叫 {name}", "two files are called {name}"),
                text!("给其中一个换个名字", "give one of them another name"),
            )),
            Err(fault) => State::Refused(fault),
            Ok(text) if kept.get(&name) == Some(&text) => State::Unchanged,
            Ok(text) => State::Fresh(text, Vec::new()),
        };
        Given { file, name, state }
    };
    files.into_iter().map(read).collect()
}

fn text_of(name: &str, source: impl Read) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|fault| AppError::Internal(fault.into()))?;
    if read as u64 > MAX_BYTES {
        let help = text!("请拆分为多个文件", "split it into several files");
        return Err(invalid(name, "policy.too_large", text!("文件超过 10 MB", "the file is larger than 10 MB"), help));
    }
    let help = text!("另存为 UTF-8 编码", "save it in UTF-8");
    String::from_utf8(bytes).map_err(|_| invalid(name, "policy.encoding", text!("文件不是 UTF-8 编码", "the file is not UTF-8"), help))
}

fn invalid(name: &str, code: &str, message: Text, help: Text) -> AppError {
    AppError::Invalid(vec![Diagnostic::error(code, message).at(Place::file(name)).help(help)])
}

/// The kept files with those of `given` that have no errors, compiled. What refers to a refused file is found
/// when the rest is compiled again.
fn sound(kept: &BTreeMap<String, String>, given: &mut [Given]) -> PolicyFiles {
    let mut files = kept.clone();
    for given in given.iter() {
        if let State::Fresh(text, _) = &given.state {
            files.insert(given.name.clone(), text.clone());
        }
    }
    loop {
        let compiled = PolicyFiles::compile(files.clone());
        let mut faults: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
        for fault in &compiled.faults {
            faults.entry(fault.place.file.as_deref().unwrap_or("")).or_default().push(strict(fault));
        }
        let mut any_refused = false;
        for given in given.iter_mut() {
            let State::Fresh(_, remarks) = &mut given.state else { continue };
            *remarks = faults.remove(given.name.as_str()).unwrap_or_default();
            if has_errors(remarks) {
                given.state = State::Refused(AppError::Invalid(std::mem::take(remarks)));
                any_refused = true;
                match kept.get(&given.name) {
                    Some(before) => drop(files.insert(given.name.clone(), before.clone())),
                    None => drop(files.remove(&given.name)),
                }
            }
        }
        if !any_refused {
            return compiled;
        }
    }
}

/// What is kept under one name must not be decided under another.
fn strict(fault: &Diagnostic) -> Diagnostic {
    match fault.code == MISTAKEN {
        true => Diagnostic { severity: Severity::Error, ..fault.clone() },
        false => fault.clone(),
    }
}

impl Given {
    fn told(self, existed: &dyn Fn(&str) -> bool, written: bool, head: i64) -> MeasuresImported {
        let mut report = ImportReport { file: self.file.clone(), written, head, ..ImportReport::default() };
        match self.state {
            State::Refused(fault) => return (self.file, Err(fault)),
            State::Unchanged => report.unchanged = 1,
            State::Fresh(_, mut remarks) => {
                *(if existed(&self.name) { &mut report.changed } else { &mut report.added }) = 1;
                report.diagnostics_total = remarks.len();
                remarks.truncate(ImportReport::MAX_DIAGNOSTICS);
                report.diagnostics = remarks;
            }
        }
        (self.file, Ok(report))
    }
}
