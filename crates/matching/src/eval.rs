//! How good the stages are on a collection of queries with known answers, in the form that BEIR
//! uses: a corpus and queries as JSON lines, judgements as `query <tab> document <tab> grade`.

use crate::{FieldText, Lexicon};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    #[serde(alias = "_id")]
    pub(crate) id: String,
    #[serde(default)]
    title: String,
    pub(crate) text: String,
}

/// Documents, queries and what answers them.
#[derive(Default)]
pub struct Collection {
    pub(crate) documents: Vec<Line>,
    pub(crate) queries: Vec<Line>,
    /// Query id → (document, grade).
    pub(crate) answers: HashMap<String, HashMap<usize, u32>>,
}

#[derive(Debug, thiserror::Error)]
pub enum CollectionFault {
    #[error("line {line} of the {part} cannot be read: {fault}")]
    Line { part: &'static str, line: usize, fault: String },
    #[error("the collection has no {0}")]
    Empty(&'static str),
}

/// How a stage did, averaged over the queries that have an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// With gain 2^grade − 1.
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
    #[serde(rename = "mrr@10")]
    pub mrr_10: f64,
    #[serde(rename = "recall@100")]
    pub recall_100: f64,
    pub ms_p50: f64,
    pub ms_p99: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Words,
    Bigrams,
    Topical,
    Dense,
    Fused,
    Ranked,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub documents: usize,
    /// Queries that have at least one answer in the corpus.
    pub queries: usize,
    pub stages: BTreeMap<Stage, Measures>,
}

const TITLE_WEIGHT: u8 = 2;
const NAME_CHARS: usize = 60;

impl Line {
    pub(crate) fn fields(&self) -> [FieldText; 2] {
        [FieldText { field: "title".to_string(), weight: TITLE_WEIGHT, text: self.title.clone() }, FieldText::plain(&self.text)]
    }

    /// The title; without one the beginning of the text.
    pub(crate) fn name(&self) -> &str {
        let text = if self.title.trim().is_empty() { &self.text } else { &self.title };
        text.char_indices().nth(NAME_CHARS).map_or(text, |(end, _)| &text[..end])
    }

    /// Title and text as one.
    pub(crate) fn whole(&self) -> String {
        format!("{}\n{}", self.title, self.text).trim().to_string()
    }
}

impl Collection {
    /// Reads the three texts of a collection.
    pub fn parse(corpus: &str, queries: &str, judgements: &str) -> Result<Collection, CollectionFault> {
        let documents = lines("corpus", corpus)?;
        let queries = lines("queries", queries)?;
        let places: HashMap<&str, usize> = documents.iter().enumerate().map(|(at, doc)| (doc.id.as_str(), at)).collect();
        let mut answers: HashMap<String, HashMap<usize, u32>> = HashMap::new();
        for (at, line) in judgements.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let mut cells = line.split('\t').map(str::trim);
            let (Some(query), Some(document), Some(grade)) = (cells.next(), cells.next(), cells.next()) else {
                return Err(CollectionFault::Line { part: "judgements", line: at + 1, fault: "three cells are wanted".to_string() });
            };
            let Ok(grade) = grade.parse::<u32>() else {
                if at == 0 {
                    // BEIR's own files begin with a line of column names.
                    continue;
                }
                return Err(CollectionFault::Line { part: "judgements", line: at + 1, fault: format!("`{grade}` is no grade") });
            };
            if let Some(&place) = places.get(document)
                && grade > 0
            {
                answers.entry(query.to_string()).or_default().insert(place, grade.min(30));
            }
        }
        if documents.is_empty() || queries.is_empty() || answers.is_empty() {
            let part = if documents.is_empty() { "documents" } else { "answered queries" };
            return Err(CollectionFault::Empty(part));
        }
        Ok(Collection { documents, queries, answers })
    }

    /// The words that its documents have and no dictionary, as an index learns them from its records.
    pub fn words(&self) -> Vec<String> {
        let mut lexicon = Lexicon::default();
        for document in &self.documents {
            lexicon.read(&document.fields(), None);
        }
        lexicon.words()
    }
}

fn lines(part: &'static str, text: &str) -> Result<Vec<Line>, CollectionFault> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    filled.map(|(at, line)| serde_json::from_str(line).map_err(|fault| CollectionFault::Line { part, line: at + 1, fault: fault.to_string() })).collect()
}

pub(crate) struct Outcome {
    ndcg: f64,
    mrr: f64,
    recall: f64,
}

impl Outcome {
    pub(crate) fn of(scores: &[f32], answers: &HashMap<usize, u32>) -> Outcome {
        let mut order: Vec<usize> = (0..scores.len()).filter(|&doc| scores[doc] > 0.0).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let gain = |grade: u32| 2f64.powi(grade as i32) - 1.0;
        let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
        let grade_at = |doc: &usize| answers.get(doc).copied().unwrap_or(0);
        let dcg: f64 = order.iter().take(10).enumerate().map(|(rank, doc)| gain(grade_at(doc)) * discount(rank)).sum();
        let mut grades: Vec<u32> = answers.values().copied().collect();
        grades.sort_unstable_by(|a, b| b.cmp(a));
        let ideal: f64 = grades.iter().take(10).enumerate().map(|(rank, &grade)| gain(grade) * discount(rank)).sum();
        let first = order.iter().take(10).position(|doc| grade_at(doc) > 0);
        let found = order.iter().take(100).filter(|doc| grade_at(doc) > 0).count();
        Outcome { ndcg: dcg / ideal, mrr: first.map_or(0.0, |rank| 1.0 / (rank + 1) as f64), recall: found as f64 / answers.len() as f64 }
    }
}

/// nDCG@10 of documents by their scores, those of zero left out.
pub(crate) fn ndcg_10(scores: &[f32], answers: &HashMap<usize, u32>) -> f64 {
    Outcome::of(scores, answers).ndcg
}

pub(crate) fn mean(runs: &[(Outcome, Duration)]) -> Measures {
    let count = runs.len().max(1) as f64;
    let over = |figure: fn(&Outcome) -> f64| runs.iter().map(|(outcome, _)| figure(outcome)).sum::<f64>() / count;
    let mut times: Vec<Duration> = runs.iter().map(|(_, time)| *time).collect();
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share).round() as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    Measures { ndcg_10: over(|o| o.ndcg), mrr_10: over(|o| o.mrr), recall_100: over(|o| o.recall), ms_p50: at(0.5), ms_p99: at(0.99) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Analyzer, Trial};

    #[test]
    fn figures_follow_their_definitions() {
        let answers = HashMap::from([(0, 2), (2, 1)]);
        let outcome = Outcome::of(&[0.5, 0.9, 0.1, 0.0], &answers);
        // Ranked 1, 0, 2: gains 0, 3, 1 at discounts 1, 1/log2(3), 1/2; ideal 3, 1.
        let expected = (3.0 / 3f64.log2() + 0.5) / (3.0 + 1.0 / 3f64.log2());
        assert!((outcome.ndcg - expected).abs() < 1e-12);
        assert_eq!((outcome.mrr, outcome.recall), (0.5, 1.0));
    }

    #[test]
    fn a_collection_is_read_or_refused_with_its_line() {
        let corpus = "{\"id\":\"a\",\"title\":\"高温合金\",\"text\":\"涂层\"}\n{\"_id\":\"b\",\"text\":\"水稻育种\"}\n";
        let collection = Collection::parse(corpus, "{\"id\":\"q\",\"text\":\"合金涂层\"}", "query-id\tcorpus-id\tscore\nq\ta\t1\n").unwrap();
        let analyzer = Analyzer::shared();
        let trial = Trial { analyzer: &analyzer, words_share: 0.5, embed: None, elapsed: &|| Duration::ZERO };
        let report = trial.run(&collection).unwrap();
        assert_eq!((report.documents, report.queries), (2, 1));
        assert_eq!(report.stages[&Stage::Fused].ndcg_10, 1.0);
        assert!(matches!(Collection::parse("{", "", ""), Err(CollectionFault::Line { part: "corpus", line: 1, .. })));
        assert!(matches!(Collection::parse(corpus, "", ""), Err(CollectionFault::Empty(_))));
        assert!(matches!(Collection::parse(corpus, "", "q\ta\t1\nq\ta\tx"), Err(CollectionFault::Line { part: "judgements", line: 2, .. })));
    }
}
