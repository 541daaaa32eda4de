//! How much ranking owes to the collections that its constants were chosen on. The same collection is
//! asked with other constants; the best of them are chosen by one part of the queries and judged by the
//! rest, and beside them stand the constants in force and those of textbooks.

use crate::eval::ndcg_10;
use crate::fusion::{WORDS_OF_A_TOPIC, shares_of_best, with_feedback};
use crate::terms::RARITY;
use crate::trial::{Prepared, best_of, fuse};
use crate::{Bm25, Collection, EmbedFault, FieldText, Partners, QueryTerm, QueryTerms, TermLimits, Trial, Trust, Weights, likeness};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The constants of scoring and of fusion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constants {
    pub k1: f32,
    pub b: f32,
    /// The power of idf in what a term is worth.
    pub rarity: f32,
    /// The share of words in the text score.
    pub words: f32,
    /// A query of so many words is half told by its topic.
    pub topic_words: f32,
}

/// How good the ranking is by some constants: the mean nDCG@10 of all queries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub constants: Constants,
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
}

/// What became of choosing constants on a part of the queries; figures are means of nDCG@10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refit {
    pub queries: usize,
    /// By the constants in force.
    pub in_force: f64,
    /// By constants of textbooks, which no collection here has seen.
    pub textbook: f64,
    /// By constants chosen, five times, by four fifths of the queries, on the last fifth.
    pub held_out: f64,
    /// How far `held_out` less `in_force` may be off by chance (standard error of the mean).
    pub error: f64,
    /// The constants that are best with hindsight, chosen by all queries.
    pub best: Tried,
    /// Every constants that were tried, in a fixed order.
    pub tried: Vec<Tried>,
}

const FOLDS: usize = 5;
const K1: [f32; 3] = [1.2, 2.0, 2.5];
const B: [f32; 3] = [0.4, 0.75, 0.9];
const RARITIES: [f32; 3] = [1.0, RARITY, 1.5];
const WORDS: [f32; 6] = [0.0, 0.15, 0.3, 0.5, 0.75, 1.0];
const TOPIC_WORDS: [f32; 6] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0];

impl Default for Constants {
    /// The constants in force.
    fn default() -> Constants {
        let Bm25 { k1, b } = Bm25::default();
        Constants { k1, b, rarity: RARITY, words: Weights::default().words, topic_words: WORDS_OF_A_TOPIC }
    }
}

impl Constants {
    /// What one takes without a collection: BM25 as Lucene has it, plain idf, halves, topics aside.
    fn textbook() -> Constants {
        Constants { k1: 1.2, b: 0.75, rarity: 1.0, words: 0.5, topic_words: 0.0 }
    }

    /// Those in force and of textbooks first, then all scoring with the fusion in force and all fusion
    /// with the scoring in force.
    fn all() -> Vec<Constants> {
        let now = Constants::default();
        let scoring = K1.iter().flat_map(|&k1| B.iter().flat_map(move |&b| RARITIES.iter().map(move |&rarity| Constants { k1, b, rarity, ..now })));
        let fusion = WORDS.iter().flat_map(|&words| TOPIC_WORDS.iter().map(move |&topic_words| Constants { words, topic_words, ..now }));
        let mut all = vec![now, Constants::textbook()];
        for constants in scoring.chain(fusion) {
            if !all.contains(&constants) {
                all.push(constants);
            }
        }
        all
    }
}

impl Trial<'_> {
    /// Tries other constants over all queries that have an answer. Dense vectors take no part.
    pub fn refit(&self, collection: &Collection) -> Result<Refit, EmbedFault> {
        let prepared = Trial { embed: None, ..*self }.prepare(&collection.documents)?;
        let all = Constants::all();
        let mut judged: Vec<Vec<f64>> = Vec::new();
        for query in &collection.queries {
            let Some(answers) = collection.answers.get(&query.id) else { continue };
            let question = Question::of(self, &prepared, &query.text);
            judged.push(all.par_iter().map(|constants| question.ndcg(&prepared, *constants, answers)).collect());
        }
        Ok(Refit::of(&all, &judged))
    }
}

impl Refit {
    /// `judged` holds a row for every query, with a figure for each of `all`; those in force are the
    /// first of them, those of textbooks the second.
    fn of(all: &[Constants], judged: &[Vec<f64>]) -> Refit {
        let rows: Vec<&Vec<f64>> = judged.iter().collect();
        let means = means(&rows, all.len());
        let gains: Vec<f64> = (0..FOLDS).flat_map(|fold| gains_of(&rows, fold, all.len())).collect();
        let count = gains.len().max(1) as f64;
        let gain = gains.iter().sum::<f64>() / count;
        let variance = gains.iter().map(|one| (one - gain).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let tried: Vec<Tried> = all.iter().zip(&means).map(|(&constants, &ndcg_10)| Tried { constants, ndcg_10 }).collect();
        Refit {
            queries: judged.len(),
            in_force: means[0],
            textbook: means[1],
            held_out: means[0] + gain,
            error: (variance / count).sqrt(),
            best: tried[best(&means)],
            tried,
        }
    }
}

/// What the queries of a fold gain over the constants in force by those that are best for all others.
fn gains_of(rows: &[&Vec<f64>], fold: usize, width: usize) -> Vec<f64> {
    let of_fold = |held: bool| rows.iter().enumerate().filter(move |(at, _)| (at % FOLDS == fold) == held).map(|(_, row)| *row).collect::<Vec<_>>();
    let chosen = best(&means(&of_fold(false), width));
    of_fold(true).into_iter().map(|row| row[chosen] - row[0]).collect()
}

fn means(rows: &[&Vec<f64>], width: usize) -> Vec<f64> {
    let count = rows.len().max(1) as f64;
    (0..width).map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / count).collect()
}

/// The place of the best, of equals the first.
fn best(means: &[f64]) -> usize {
    (0..means.len()).fold(0, |best, at| if means[at] > means[best] { at } else { best })
}

/// A query, with all of it that no constant changes.
struct Question {
    terms: QueryTerms,
    topic: Vec<f32>,
}

impl Question {
    fn of(trial: &Trial<'_>, prepared: &Prepared, text: &str) -> Question {
        let terms = QueryTerms::of_text(trial.analyzer, text, &prepared.index, TermLimits::default());
        Question { terms, topic: prepared.topics.vector(trial.analyzer, &[FieldText::plain(text)]) }
    }

    fn ndcg(&self, prepared: &Prepared, constants: Constants, answers: &HashMap<usize, u32>) -> f64 {
        let bm25 = Bm25 { k1: constants.k1, b: constants.b };
        let scores = |terms: &[QueryTerm]| prepared.index.scores(&with_rarity(terms, constants.rarity), bm25);
        let text = fuse(&scores(&self.terms.words), &scores(&self.terms.bigrams), constants.words);
        let trust = Trust::with(constants.topic_words, &self.terms, Partners { topical: true, dense: false });
        let best = best_of(&text).into_iter().map(|at| (text[at], prepared.topical[at].as_slice()));
        let asked = with_feedback(&self.topic, best);
        let near = shares_of_best(&prepared.topical.iter().map(|vector| likeness(&asked, vector)).collect::<Vec<f32>>());
        let ranked: Vec<f32> = text.iter().zip(&near).map(|(&text, &near)| trust.sum(text, near, 0.0)).collect();
        ndcg_10(&ranked, answers)
    }
}

/// The terms with their worth by another power of idf. Which terms are asked stays as it is.
fn with_rarity(terms: &[QueryTerm], rarity: f32) -> Vec<QueryTerm> {
    terms.iter().map(|term| QueryTerm { stress: term.stress * term.idf.powf(rarity - RARITY), ..term.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Analyzer;
    use std::time::Duration;

    #[test]
    fn constants_are_chosen_by_other_queries_than_they_are_judged_by() {
        let all = &Constants::all()[..3];
        // What is best in hindsight, the third, is so by one query alone, which is never both.
        let lucky: Vec<Vec<f64>> = (0..10).map(|query| vec![0.5, 0.4, if query == 0 { 6.0 } else { 0.1 }]).collect();
        let refit = Refit::of(all, &lucky);
        assert_eq!((refit.in_force, refit.best.constants), (0.5, all[2]));
        assert!(refit.held_out < refit.in_force && refit.best.ndcg_10 > refit.in_force, "{refit:?}");
        let always: Vec<Vec<f64>> = (0..10).map(|_| vec![0.5, 0.4, 0.6]).collect();
        let refit = Refit::of(all, &always);
        assert!((refit.held_out - 0.6).abs() < 1e-9 && refit.error < 1e-9, "{refit:?}");
    }

    #[test]
    fn the_constants_in_force_give_what_a_trial_gives() {
        let corpus = ["高温合金热障涂层", "水稻育种与栽培", "锂电池隔膜", "锂离子电池电解液", "铝合金压铸工艺"];
        let corpus: String = corpus.iter().enumerate().map(|(at, text)| format!("{{\"id\":\"{at}\",\"text\":\"{text}\"}}\n")).collect();
        let collection =
            Collection::parse(&corpus, "{\"id\":\"q\",\"text\":\"合金涂层\"}\n{\"id\":\"r\",\"text\":\"电池\"}", "q\t0\t1\nr\t3\t2\nr\t2\t1").unwrap();
        let analyzer = Analyzer::shared();
        let trial = Trial { analyzer: &analyzer, words_share: Weights::default().words, embed: None, elapsed: &|| Duration::ZERO };
        let (report, refit) = (trial.run(&collection).unwrap(), trial.refit(&collection).unwrap());
        assert!((report.stages[&crate::Stage::Ranked].ndcg_10 - refit.in_force).abs() < 1e-9);
        assert_eq!((refit.queries, refit.tried[0].constants, refit.tried.len()), (2, Constants::default(), Constants::all().len()));
    }
}
