//! Every stage of the ranking over a collection of queries with known answers.

use crate::eval::{Line, Outcome, mean};
use crate::fusion::{FEEDBACK, shares_of_best, text_share, with_feedback};
use crate::{
    Analyzer, Bm25, Bm25Index, Centre, Collection, Embed, EmbedFault, FieldText, Measures, Partners, QueryTerms, Report, Role, Stage, TermLimits, TextScore,
    TopicOptions, Topics, Trust, likeness,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many texts are embedded at a time.
const BATCH: usize = 64;
/// The middle of queries is learnt from so many names.
const SAMPLE: usize = 256;

/// How a collection is asked.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    pub analyzer: &'a Analyzer,
    /// The share of words in the text score; bigrams have the rest.
    pub words_share: f32,
    /// Who makes dense vectors, if anybody.
    pub embed: Option<&'a dyn Embed>,
    /// A time that only grows; it is used for the figures alone.
    pub elapsed: &'a dyn Fn() -> Duration,
}

/// Everything known about the documents before the first query.
pub(crate) struct Prepared {
    pub(crate) index: Bm25Index,
    pub(crate) topics: Topics,
    pub(crate) topical: Vec<Vec<f32>>,
    dense: Option<Dense>,
}

/// Passages as seen from their middle, and the middles that passages and queries are seen from.
struct Dense {
    passages: Vec<Vec<f32>>,
    middle: Centre,
    queries: Centre,
}

/// The scores of all documents for one query, by stage, with the time each took.
type Scores = Vec<(Stage, Vec<f32>, Duration)>;

impl Trial<'_> {
    /// Runs every stage over all queries that have an answer.
    pub fn run(&self, collection: &Collection) -> Result<Report, EmbedFault> {
        let prepared = self.prepare(&collection.documents)?;
        let mut runs: BTreeMap<Stage, Vec<(Outcome, Duration)>> = BTreeMap::new();
        for query in &collection.queries {
            let Some(answers) = collection.answers.get(&query.id) else { continue };
            for (stage, scores, time) in self.ask(&prepared, &query.text)? {
                runs.entry(stage).or_default().push((Outcome::of(&scores, answers), time));
            }
        }
        let queries = runs.values().next().map_or(0, Vec::len);
        let stages: BTreeMap<Stage, Measures> = runs.into_iter().map(|(stage, runs)| (stage, mean(&runs))).collect();
        Ok(Report { documents: collection.documents.len(), queries, stages })
    }

    pub(crate) fn prepare(&self, documents: &[Line]) -> Result<Prepared, EmbedFault> {
        let texts: Vec<[FieldText; 2]> = documents.iter().map(Line::fields).collect();
        let mut index = Bm25Index::default();
        for fields in &texts {
            index.add(self.analyzer, fields);
        }
        let topics = Topics::learn(self.analyzer, texts.iter().map(|fields| fields.as_slice()), TopicOptions::default());
        let topical = texts.iter().map(|fields| topics.vector(self.analyzer, fields)).collect();
        let dense = self.embed.map(|embed| Dense::of(embed, documents)).transpose()?;
        Ok(Prepared { index, topics, topical, dense })
    }

    fn ask(&self, prepared: &Prepared, text: &str) -> Result<Scores, EmbedFault> {
        let Prepared { index, topics, topical: vectors, dense } = prepared;
        let mut clock = Clock::start(self.elapsed);
        let terms = QueryTerms::of_text(self.analyzer, text, index, TermLimits::default());
        let analysis = clock.lap();
        let words = index.scores(&terms.words, Bm25::default());
        let words_time = clock.lap();
        let bigrams = index.scores(&terms.bigrams, Bm25::default());
        let bigrams_time = clock.lap();
        let text_scores = fuse(&words, &bigrams, self.words_share);
        let text_time = clock.lap();
        let asked = topics.vector(self.analyzer, &[FieldText::plain(text)]);
        let topical: Vec<f32> = vectors.iter().map(|vector| likeness(&asked, vector)).collect();
        let topical_time = clock.lap();
        let dense = dense.as_ref().map(|dense| self.dense(dense, text)).transpose()?;
        let dense_time = clock.lap();
        let fused = self.fused(&terms, &text_scores, dense.as_deref());
        let fused_time = clock.lap();
        let best = best_of(&text_scores).into_iter().map(|at| (text_scores[at], vectors[at].as_slice()));
        let asked = with_feedback(&asked, best);
        let near: Vec<f32> = vectors.iter().map(|vector| likeness(&asked, vector)).collect();
        let ranked = self.ranked(&terms, &text_scores, &near, dense.as_deref());
        let ranked_time = clock.lap();
        let up_to_fused = analysis + words_time + bigrams_time + text_time + dense_time + fused_time;
        let mut scores = vec![
            (Stage::Words, words, analysis + words_time),
            (Stage::Bigrams, bigrams, analysis + bigrams_time),
            (Stage::Topical, topical, topical_time),
            (Stage::Fused, fused, up_to_fused),
            (Stage::Ranked, ranked, up_to_fused + ranked_time),
        ];
        scores.extend(dense.map(|dense| (Stage::Dense, dense, dense_time)));
        Ok(scores)
    }

    fn dense(&self, dense: &Dense, text: &str) -> Result<Vec<f32>, EmbedFault> {
        let Some(embed) = self.embed else { return Ok(Vec::new()) };
        let role = Role::of_asked(text);
        let asked = embed.embed(&[text], role)?;
        let middle = if role == Role::Passage { &dense.middle } else { &dense.queries };
        let asked = middle.seen(asked.first().map(Vec::as_slice).unwrap_or_default());
        let near: Vec<f32> = dense.passages.iter().map(|passage| likeness(&asked, passage)).collect();
        Ok(shares_of_best(&near))
    }

    /// Words, bigrams and dense vectors, without topics.
    fn fused(&self, terms: &QueryTerms, text: &[f32], dense: Option<&[f32]>) -> Vec<f32> {
        let trust = Trust::of(terms, Partners { topical: false, dense: dense.is_some() });
        let dense = |at: usize| dense.map_or(0.0, |dense| dense[at]);
        text.iter().enumerate().map(|(at, &text)| trust.sum(text, 0.0, dense(at))).collect()
    }

    fn ranked(&self, terms: &QueryTerms, text: &[f32], near: &[f32], dense: Option<&[f32]>) -> Vec<f32> {
        let trust = Trust::of(terms, Partners { topical: true, dense: dense.is_some() });
        let near = shares_of_best(near);
        let dense = |at: usize| dense.map_or(0.0, |dense| dense[at]);
        text.iter().zip(&near).enumerate().map(|(at, (&text, &near))| trust.sum(text, near, dense(at))).collect()
    }
}

impl Dense {
    /// What documents are called stands for what people ask: the middle of queries is learnt from it.
    fn of(embed: &dyn Embed, documents: &[Line]) -> Result<Dense, EmbedFault> {
        let texts: Vec<String> = documents.iter().map(Line::whole).collect();
        let passages = in_batches(embed, texts.iter().map(String::as_str).collect(), Role::Passage)?;
        let every = documents.len().div_ceil(SAMPLE).max(1);
        let names = in_batches(embed, documents.iter().step_by(every).map(Line::name).collect(), Role::Query)?;
        let middle = Centre::of(passages.iter().map(Vec::as_slice));
        let passages = passages.iter().map(|passage| middle.seen(passage)).collect();
        Ok(Dense { passages, middle, queries: Centre::of(names.iter().map(Vec::as_slice)) })
    }
}

fn in_batches(embed: &dyn Embed, texts: Vec<&str>, role: Role) -> Result<Vec<Vec<f32>>, EmbedFault> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        vectors.extend(embed.embed(batch, role)?);
    }
    Ok(vectors)
}

/// The weighted sum of both scores, each as a share of its best.
pub(crate) fn fuse(words: &[f32], bigrams: &[f32], words_share: f32) -> Vec<f32> {
    let top = |scores: &[f32]| scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let full = TextScore { words: top(words), bigrams: top(bigrams) };
    words.iter().zip(bigrams).map(|(&words, &bigrams)| text_share(TextScore { words, bigrams }, full, words_share)).collect()
}

/// The documents with the best scores above zero, at most [`FEEDBACK`] of them.
pub(crate) fn best_of(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&at| scores[at] > 0.0).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    order.truncate(FEEDBACK);
    order
}

struct Clock<'a> {
    elapsed: &'a dyn Fn() -> Duration,
    last: Duration,
}

impl<'a> Clock<'a> {
    fn start(elapsed: &'a dyn Fn() -> Duration) -> Clock<'a> {
        Clock { elapsed, last: elapsed() }
    }

    fn lap(&mut self) -> Duration {
        let now = (self.elapsed)();
        let lap = now.saturating_sub(self.last);
        self.last = now;
        lap
    }
}
