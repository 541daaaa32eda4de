//! The measures of a data directory, kept as settings in the journal, and the compiled book that all
//! decisions use.

use crate::{App, AppError, MeasureLine, MeasureView, PolicyFiles};
use duijie_policy::{Delivery, Measure, Window, render};
use duijie_vocab::{Date, Diagnostic, Lang, Text, text};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// The setting that lists the files, and the one in front of each file's text.
pub(crate) const LIST: &str = "policy.files";
pub(crate) const FILE: &str = "policy/";

impl App {
    /// The measures and the vocabulary in use, compiled.
    pub fn policies(&self) -> Arc<PolicyFiles> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the stored files and compiles them.
    pub(crate) fn load_policies(&self) -> Result<(), AppError> {
        let files = self.stored_files()?;
        self.use_policies(PolicyFiles::compile(files));
        Ok(())
    }

    /// Compiles the stored files again if another process wrote others.
    pub(crate) fn refresh_policies(&self) -> Result<(), AppError> {
        let files = self.stored_files()?;
        if files != self.policies().files {
            self.use_policies(PolicyFiles::compile(files));
        }
        Ok(())
    }

    fn stored_files(&self) -> Result<BTreeMap<String, String>, AppError> {
        self.store().read(|view| {
            let mut files = BTreeMap::new();
            for name in listed(view.setting(LIST)?) {
                if let Some(text) = view.setting(&format!("{FILE}{name}"))? {
                    files.insert(name, text);
                }
            }
            Ok::<_, AppError>(files)
        })
    }

    pub(crate) fn use_policies(&self, policies: PolicyFiles) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }

    pub(crate) fn policy_faults(&self) -> Vec<Diagnostic> {
        self.policies().faults.iter().filter(|fault| fault.is_error()).cloned().collect()
    }

    /// Every measure, by id.
    pub fn measures(&self) -> Result<Vec<MeasureLine>, AppError> {
        let counted = |line: MeasureLine| MeasureLine { counts: self.counts_of(&line.id), ..line };
        Ok(self.policies().lines().into_iter().map(counted).collect())
    }

    /// One measure as an official would print it.
    pub fn measure(&self, id: &str) -> Result<MeasureView, AppError> {
        let mut found = self.policies().measure(id)?;
        found.line.counts = self.counts_of(id);
        Ok(found)
    }
}

impl PolicyFiles {
    /// Every measure, by id, without counts.
    pub fn lines(&self) -> Vec<MeasureLine> {
        self.book.ids().filter_map(|id| self.book.measure(id)).map(line).collect()
    }

    /// One measure as an official would print it.
    pub fn measure(&self, id: &str) -> Result<MeasureView, AppError> {
        Ok(self.measure_view(self.book.measure(id).ok_or(AppError::NotFound)?))
    }

    /// The version of a measure that is in force on a day.
    pub fn measure_on(&self, id: &str, day: Date) -> Option<MeasureView> {
        self.book.measure_on(id, day).map(|measure| self.measure_view(measure))
    }

    /// The id that somebody probably meant, if the one given is none.
    pub fn nearest_id(&self, id: &str) -> Option<&str> {
        self.book.nearest_id(id)
    }

    fn measure_view(&self, measure: &Measure) -> MeasureView {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| render(&self.book, measure, lang));
        let conditions = measure.source.when.iter().map(|condition| (condition.label.clone(), condition_text(condition))).collect();
        MeasureView {
            line: line(measure),
            basis: measure.source.basis.iter().map(basis).collect(),
            conditions,
            benefit: benefit(measure),
            window: measure.source.window.map_or(String::new(), window),
            exclusive: measure.source.exclusive.clone(),
            certainty: measure.source.certainty.map_or(String::new(), |certainty| format!("{certainty:?}")),
            interpretation: measure.source.interpretation.clone().unwrap_or_default(),
            source: self.files.get(measure.file()).cloned().unwrap_or_default(),
            printed: crate::Printed { zh: document(zh), en: document(en) },
        }
    }
}

fn listed(setting: Option<String>) -> Vec<String> {
    setting.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default()
}

fn document(document: duijie_policy::Document) -> serde_json::Value {
    serde_json::to_value(document).unwrap_or_default()
}

fn line(measure: &Measure) -> MeasureLine {
    let (from, until) = measure.source.in_force;
    let shown = |date: Option<duijie_vocab::Date>| date.map_or(String::new(), |date| date.to_string());
    MeasureLine {
        id: measure.id().to_string(),
        name: measure.source.name.clone(),
        region_name: measure.source.region.path(),
        delivery: delivery(measure.source.delivery),
        in_force: format!("{} – {}", shown(from), shown(until)),
        conditions: measure.source.when.len(),
        counts: Vec::new(),
    }
}

pub(crate) fn delivery(delivery: Delivery) -> Text {
    match delivery {
        Delivery::Automatic => text!("免申即享", "automatic"),
        Delivery::Confirm => text!("快申快享", "short application"),
        Delivery::Apply => text!("申报评审", "application with review"),
    }
}

pub(crate) fn basis(basis: &duijie_policy::Basis) -> Text {
    let serde_json::Value::Object(parts) = serde_json::to_value(basis).unwrap_or_default() else { return Text::default() };
    let part = |key: &str| parts.get(key).and_then(serde_json::Value::as_str).unwrap_or("").to_string();
    let joined = ["issuer", "document", "number", "year", "clause"].iter().map(|key| part(key)).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    Text::new(joined.join("，"), joined.join(", "))
}

/// The window as a measure file writes it: `03-01..04-30`, or two dates.
fn window(window: Window) -> String {
    match window {
        Window::Yearly { from, until, .. } => format!("{:02}-{:02}..{:02}-{:02}", from.0, from.1, until.0, until.1),
        Window::Dates { from, until } => format!("{from}..{until}"),
    }
}

fn condition_text(condition: &duijie_policy::Condition) -> String {
    use duijie_policy::Test;
    let several = |conditions: &[duijie_policy::Condition], word: &str| conditions.iter().map(condition_text).collect::<Vec<_>>().join(word);
    match &condition.test {
        Test::Rule(rule) => rule.text.clone(),
        Test::Attest(who) => who.clone(),
        Test::AnyOf(conditions) => several(conditions, " 或 "),
        Test::AllOf(conditions) => several(conditions, " 且 "),
        Test::NoneOf(conditions) => format!("非（{}）", several(conditions, " 或 ")),
    }
}

fn benefit(measure: &Measure) -> Text {
    let Some(benefit) = &measure.source.benefit else { return Text::default() };
    let rule = |rule: &Option<duijie_policy::Rule>| rule.as_ref().map(|rule| rule.text.clone());
    let amount = rule(&benefit.amount).or_else(|| rule(&benefit.rate)).unwrap_or_default();
    let cap = rule(&benefit.cap).map_or((String::new(), String::new()), |cap| (format!("，最高 {cap}"), format!(", at most {cap}")));
    Text::new(format!("{amount}{}", cap.0), format!("{amount}{}", cap.1))
}
