//! Measure files and their vocabulary, compiled: those of the data directory, and those that an
//! author has on disk.

use crate::AppError;
use crate::declared::Declared;
use duijie_policy::{
    Book, Style, Vocabulary, example_faults, facts_schema, format_measure, lint, measure_schema, missing_examples, render_in, unnoticed_changes,
};
use duijie_vocab::{Date, Diagnostic, Lang, Place, Severity, text};
use std::collections::BTreeMap;

/// What decisions are made with.
#[derive(Default)]
pub struct PolicyFiles {
    pub(crate) book: Book,
    /// Where its facts are kept.
    pub(crate) declared: Declared,
    /// What is wrong with the files, if anything is.
    pub faults: Vec<Diagnostic>,
    /// File name → text.
    pub(crate) files: BTreeMap<String, String>,
}

/// The file that holds the vocabulary of facts.
const VOCABULARY: &str = "facts.yaml";

fn is_vocabulary(name: &str) -> bool {
    name.rsplit(['/', '\\']).next() == Some(VOCABULARY)
}

/// A file's name with its new text, or the faults that keep it from being formatted.
type Formatted = (String, Result<String, Vec<Diagnostic>>);

impl PolicyFiles {
    /// Compiles `files` (name and text); the one called `facts.yaml` is the vocabulary.
    pub fn read(files: Vec<(String, String)>) -> PolicyFiles {
        PolicyFiles::compile(files.into_iter().collect())
    }

    pub(crate) fn compile(files: BTreeMap<String, String>) -> PolicyFiles {
        let (vocabularies, measures): (Vec<_>, Vec<_>) =
            files.iter().map(|(name, text)| (name.clone(), text.clone())).partition(|(name, _)| is_vocabulary(name));
        let (vocabulary, mut faults) = vocabularies.first().map_or_else(|| (Vocabulary::default(), Vec::new()), |(name, text)| Vocabulary::parse(name, text));
        faults.extend(vocabularies.iter().skip(1).map(|(name, _)| {
            let first = &vocabularies[0].0;
            Diagnostic::error("policy.facts.two", text!("指标表有两份，已用 {first}", "there are two vocabularies, {first} is used"))
                .at(Place::file(name))
                .help(text!("合为一份 facts.yaml", "put them together in one facts.yaml"))
        }));
        let (declared, mistaken) = Declared::of(&vocabulary);
        // Rules can be tried on tables all the same; only a data directory refuses such a vocabulary.
        faults.extend(mistaken.into_iter().map(|fault| Diagnostic { severity: Severity::Warning, ..fault }));
        let (book, more) = Book::compile(vocabulary, measures);
        faults.extend(more);
        PolicyFiles { book, declared, faults, files }
    }

    /// The same files with one more, whose measures come in place of those with the same ids.
    pub(crate) fn changed(&self, name: &str, text: &str) -> (PolicyFiles, Vec<String>) {
        let name = format!("{name} (change)");
        let ids: Vec<String> =
            duijie_policy::parse_measure(&name, text).0.map(|source| source.versions.into_iter().map(|version| version.id).collect()).unwrap_or_default();
        let (vocabulary, _) =
            self.files.iter().find(|(name, _)| is_vocabulary(name)).map_or_else(Default::default, |(name, text)| Vocabulary::parse(name, text));
        // Of two measures with one id the first is taken.
        let others = self.files.iter().filter(|(name, _)| !is_vocabulary(name)).map(|(name, text)| (name.clone(), text.clone()));
        let measures = std::iter::once((name.clone(), text.to_string())).chain(others).collect();
        let (book, mut faults) = Book::compile(vocabulary, measures);
        faults.retain(|fault| fault.place.file.as_deref() == Some(&name));
        (PolicyFiles { book, faults, ..PolicyFiles::default() }, ids)
    }

    /// File name → text, of the vocabulary and all measures.
    pub(crate) fn texts(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// How many measures can be decided.
    pub fn count(&self) -> usize {
        self.book.ids().count()
    }

    /// What is wrong with the examples as they are written.
    pub fn example_faults(&self) -> Vec<Diagnostic> {
        example_faults(&self.book)
    }

    /// What is legal in the files but probably not meant.
    pub fn remarks(&self) -> Vec<Diagnostic> {
        let mut remarks = lint(&self.book);
        remarks.extend(missing_examples(&self.book));
        remarks.extend(self.book.measures().flat_map(|measure| unnoticed_changes(&self.book, measure)));
        remarks
    }

    /// Each measure file with its rules in one spelling: `zh` or `cel`.
    pub fn formatted(&self, style: &str) -> Result<Vec<Formatted>, AppError> {
        let style = style_named(style)?;
        let measures = self.files.iter().filter(|(name, _)| !is_vocabulary(name));
        Ok(measures.map(|(name, text)| (name.clone(), format_measure(name, text, style, self.book.vocabulary()))).collect())
    }

    /// A measure as an official would print it, in the version of a day or the latest, its rules in a spelling.
    pub fn printed(&self, id: &str, on: Option<Date>, style: &str, lang: Lang) -> Result<String, AppError> {
        let found = on.map_or_else(|| self.book.measure(id), |day| self.book.measure_on(id, day));
        let measure = found.ok_or(AppError::NotFound)?;
        let document = serde_json::to_value(render_in(&self.book, measure, lang, style_named(style)?)).map_err(|fault| AppError::Internal(fault.into()))?;
        Ok(crate::views::document_text(&document))
    }

    /// Each measure with a digest of all that its decisions rest on: its file, the vocabulary, and the
    /// files of the measures it refers to.
    pub(crate) fn digests(&self) -> Vec<(String, String)> {
        let text = |name: &str| self.files.get(name).map_or("", String::as_str);
        let vocabulary = self.files.iter().find(|(name, _)| is_vocabulary(name)).map_or("", |(_, text)| text);
        let digest = |id: &str| {
            let mut ids = vec![id.to_string()];
            let mut next = 0;
            while let Some(id) = ids.get(next).cloned() {
                ids.extend(self.book.refers_to(&id).into_iter().filter(|other| !ids.contains(other)).collect::<Vec<_>>());
                next += 1;
            }
            let files = ids.iter().filter_map(|id| self.book.measure(id)).map(|measure| text(measure.file()));
            let parts: Vec<&[u8]> = std::iter::once(vocabulary).chain(files).map(str::as_bytes).collect();
            duijie_vocab::Digest::of(&parts).to_string()
        };
        self.book.ids().map(|id| (id.to_string(), digest(id))).collect()
    }

    /// The same files compiled anew, as at every start.
    pub fn compiled_again(&self) -> PolicyFiles {
        PolicyFiles::compile(self.files.clone())
    }

    /// The text of a measure file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

fn style_named(word: &str) -> Result<Style, AppError> {
    Style::parse(word).ok_or_else(|| {
        let fault = Diagnostic::error("policy.style", text!("没有写法 `{word}`", "there is no style `{word}`"));
        AppError::Invalid(vec![fault.help(text!("用 zh 或 cel", "use zh or cel"))])
    })
}

/// The measures of real laws that come with the language: file name and text.
pub fn shipped_measures() -> &'static [(&'static str, &'static str)] {
    &duijie_policy::SHIPPED
}

/// The JSON Schema of a measure file, or of the vocabulary, for editors.
pub fn policy_schema(vocabulary: bool) -> serde_json::Value {
    if vocabulary { facts_schema() } else { measure_schema() }
}
