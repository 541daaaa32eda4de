//! Topical vectors learnt from the records themselves: truncated singular value decomposition over
//! tf-idf (Deerwester et al., latent semantic indexing), by randomised subspace iteration (Halko,
//! Martinsson and Tropp 2011). The start is a fixed sequence, so the same texts give the same
//! vectors on every machine.

use crate::{Analyzer, FieldText, Tokens};
use std::collections::HashMap;

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicOptions {
    /// The number of topics, the length of a vector.
    pub rank: usize,
    /// A word must stand in so many texts to be learnt.
    pub least_documents: u32,
    /// A word that stands in more than this share of the texts is not learnt.
    pub common_share: f32,
    /// At most so many words are learnt, the most frequent.
    pub vocabulary: usize,
}

/// What the words of a collection have to do with one another.
pub struct Topics {
    pub(crate) rank: usize,
    pub(crate) words: HashMap<String, (u32, f32)>,
    /// One row of `rank` numbers per word.
    pub(crate) vectors: Vec<f32>,
}

/// Rounds of the subspace iteration; more change the leading topics no further.
const ROUNDS: usize = 6;

impl Default for TopicOptions {
    fn default() -> TopicOptions {
        TopicOptions { rank: 96, least_documents: 2, common_share: 0.1, vocabulary: 60_000 }
    }
}

/// One text: its words with their weights, of length 1.
type Row = Vec<(u32, f32)>;

impl Topics {
    /// Learns from `texts`, each the fields of one record. Fewer topics come out than asked for
    /// where the texts are too few for them.
    pub fn learn<'t>(analyzer: &Analyzer, texts: impl Iterator<Item = &'t [FieldText]>, options: TopicOptions) -> Topics {
        let counted: Vec<HashMap<String, f32>> = texts.map(|fields| count(analyzer, fields)).collect();
        let words = vocabulary(&counted, options);
        let rows: Vec<Row> = counted.iter().map(|counts| row(counts, &words)).filter(|row| !row.is_empty()).collect();
        drop(counted);
        let rank = options.rank.min(rows.len()).min(words.len());
        let mut basis = start(words.len(), rank);
        for _ in 0..ROUNDS {
            let mut projected = project(&rows, &basis, rank);
            orthonormalise(&mut projected, rank);
            basis = project_back(&rows, &projected, words.len(), rank);
        }
        // One side in each round keeps the numbers sound; the other needs it only at the end.
        orthonormalise(&mut basis, rank);
        Topics { rank, words, vectors: basis }
    }

    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The vector of a text, of length 1; all zeros where no word of it is known.
    pub fn vector(&self, analyzer: &Analyzer, fields: &[FieldText]) -> Vec<f32> {
        let mut vector = vec![0.0f32; self.rank];
        for (word, weight) in row(&count(analyzer, fields), &self.words) {
            let topics = &self.vectors[word as usize * self.rank..][..self.rank];
            vector.iter_mut().zip(topics).for_each(|(sum, topic)| *sum += weight * topic);
        }
        normalise(&mut vector);
        vector
    }
}

/// The cosine of two vectors of [`Topics::vector`], from −1 to 1.
pub fn likeness(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn count(analyzer: &Analyzer, fields: &[FieldText]) -> HashMap<String, f32> {
    let mut counts: HashMap<String, f32> = HashMap::new();
    let mut tokens = Tokens::default();
    for field in fields {
        analyzer.analyze(&field.text, &mut tokens);
        for token in tokens.iter().filter(|token| token.word && !crate::topic::is_stop(token.term)) {
            match counts.get_mut(token.term) {
                Some(count) => *count += f32::from(field.weight.max(1)),
                None => {
                    counts.insert(token.term.to_string(), f32::from(field.weight.max(1)));
                }
            }
        }
    }
    counts
}

fn vocabulary(counted: &[HashMap<String, f32>], options: TopicOptions) -> HashMap<String, (u32, f32)> {
    let mut documents: HashMap<&str, u32> = HashMap::new();
    for counts in counted {
        for word in counts.keys() {
            *documents.entry(word).or_default() += 1;
        }
    }
    let most = (counted.len() as f32 * options.common_share).max(options.least_documents as f32) as u32;
    let mut kept: Vec<(&str, u32)> = documents.into_iter().filter(|&(_, count)| count >= options.least_documents && count <= most).collect();
    kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    kept.truncate(options.vocabulary);
    // By name, so that the numbering depends on nothing but the words.
    kept.sort_unstable();
    let idf = |count: u32| (counted.len() as f32 / count as f32).ln() + 1.0;
    kept.into_iter().enumerate().map(|(at, (word, count))| (word.to_string(), (at as u32, idf(count)))).collect()
}

fn row(counts: &HashMap<String, f32>, words: &HashMap<String, (u32, f32)>) -> Row {
    let known = counts.iter().filter_map(|(word, count)| words.get(word).map(|&(at, idf)| (at, (1.0 + count.ln()) * idf)));
    let mut row: Row = known.collect();
    // Sums of floats depend on their order.
    row.sort_unstable_by_key(|&(at, _)| at);
    let length = row.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    row.iter_mut().for_each(|(_, weight)| *weight /= length.max(f32::MIN_POSITIVE));
    row
}

/// A fixed matrix of numbers between −1 and 1, by the SplitMix64 sequence.
fn start(words: usize, rank: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..words * rank).map(|_| next()).collect()
}

/// Texts × topics.
fn project(rows: &[Row], basis: &[f32], rank: usize) -> Vec<f32> {
    let mut projected = vec![0.0; rows.len() * rank];
    for (row, sums) in rows.iter().zip(projected.chunks_exact_mut(rank.max(1))) {
        for &(word, weight) in row {
            let topics = &basis[word as usize * rank..][..rank];
            sums.iter_mut().zip(topics).for_each(|(sum, topic)| *sum += weight * topic);
        }
    }
    projected
}

/// Words × topics.
fn project_back(rows: &[Row], projected: &[f32], words: usize, rank: usize) -> Vec<f32> {
    let mut basis = vec![0.0; words * rank];
    for (row, topics) in rows.iter().zip(projected.chunks_exact(rank.max(1))) {
        for &(word, weight) in row {
            let sums = &mut basis[word as usize * rank..][..rank];
            sums.iter_mut().zip(topics).for_each(|(sum, topic)| *sum += weight * topic);
        }
    }
    basis
}

/// Gram–Schmidt over the columns, twice for the sake of rounding. A column that depends on the
/// ones before it becomes zero.
fn orthonormalise(matrix: &mut [f32], rank: usize) {
    if rank == 0 {
        return;
    }
    let height = matrix.len() / rank;
    let mut columns: Vec<Vec<f32>> = (0..rank).map(|column| (0..height).map(|at| matrix[at * rank + column]).collect()).collect();
    for column in 0..rank {
        let (before, rest) = columns.split_at_mut(column);
        let current = &mut rest[0];
        let whole = norm(current);
        for _ in 0..2 {
            for other in before.iter() {
                let share = likeness(other, current);
                current.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
            }
        }
        let left = norm(current);
        let scale = if left > whole * 1e-5 && left > 0.0 { 1.0 / left } else { 0.0 };
        current.iter_mut().for_each(|value| *value *= scale);
    }
    for (column, values) in columns.iter().enumerate() {
        for (at, value) in values.iter().enumerate() {
            matrix[at * rank + column] = *value;
        }
    }
}

fn norm(vector: &[f32]) -> f32 {
    likeness(vector, vector).sqrt()
}

fn normalise(vector: &mut [f32]) {
    let length = norm(vector);
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<Vec<FieldText>> {
        let said = [
            "锂离子电池的正极材料与电解液",
            "电池隔膜与电解液",
            "正极材料与电池能量密度",
            "动力电池隔膜",
            "水稻育种与杂交优势",
            "小麦育种",
            "杂交水稻产量",
            "小麦产量与施肥",
        ];
        said.iter().map(|text| vec![FieldText::plain(text)]).collect()
    }

    #[test]
    fn texts_of_one_topic_are_alike_without_a_word_in_common() {
        let analyzer = Analyzer::shared();
        let all = texts();
        let options = TopicOptions { rank: 2, common_share: 1.0, ..TopicOptions::default() };
        let topics = Topics::learn(&analyzer, all.iter().map(Vec::as_slice), options);
        let vector = |text: &str| topics.vector(&analyzer, &[FieldText::plain(text)]);
        let (battery, same, other) = (vector("正极材料"), vector("隔膜"), vector("小麦"));
        let (near, far) = (likeness(&battery, &same), likeness(&battery, &other));
        assert!(near > 0.6 && near > far + 0.3, "{near} {far}");
        assert!(vector("没有学过").iter().all(|value| *value == 0.0));
    }

    #[test]
    fn learning_twice_gives_the_same() {
        let analyzer = Analyzer::shared();
        let all = texts();
        let learn = || Topics::learn(&analyzer, all.iter().map(Vec::as_slice), TopicOptions::default());
        assert_eq!(learn().vector(&analyzer, &all[0]), learn().vector(&analyzer, &all[0]));
        let none = Topics::learn(&analyzer, std::iter::empty(), TopicOptions::default());
        assert_eq!((none.rank(), none.vector(&analyzer, &all[0])), (0, Vec::new()));
    }
}
