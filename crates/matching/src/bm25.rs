//! BM25 over terms: the formula, and a small index in memory for collections that are not worth a
//! directory on disk.

use crate::{Analyzer, DocumentFrequencies, FieldText, QueryTerm, Tokens};
use std::collections::HashMap;

/// Robertson and Zaragoza's parameters: `k1` saturates repetition, `b` discounts length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bm25 {
    pub k1: f32,
    pub b: f32,
}

impl Default for Bm25 {
    /// Longer texts and heavier fields than those of the usual 1.2 and 0.75: repetition and
    /// length both tell more here. Chosen on the development collections.
    fn default() -> Bm25 {
        Bm25 { k1: 2.5, b: 0.9 }
    }
}

impl Bm25 {
    /// What a term that is worth `worth` adds that stands `frequency` times in a text of `length` terms,
    /// where texts have `average` terms.
    pub fn score(self, worth: f32, frequency: f32, length: f32, average: f32) -> f32 {
        let norm = self.k1 * (1.0 - self.b + self.b * length / average.max(1.0));
        worth * frequency * (self.k1 + 1.0) / (frequency + norm)
    }
}

/// Documents by term, in memory. Terms of heavier fields count as often as their weight says.
#[derive(Default)]
pub struct Bm25Index {
    postings: HashMap<String, Vec<(u32, f32)>>,
    lengths: Vec<f32>,
}

impl Bm25Index {
    /// Adds the next document; documents are numbered from 0.
    pub fn add(&mut self, analyzer: &Analyzer, texts: &[FieldText]) {
        let document = self.lengths.len() as u32;
        let mut counts: HashMap<String, f32> = HashMap::new();
        let mut tokens = Tokens::default();
        let mut length = 0.0;
        for field in texts {
            analyzer.analyze(&field.text, &mut tokens);
            let weight = f32::from(field.weight.max(1));
            for token in tokens.iter().filter(|token| !token.single) {
                length += weight;
                match counts.get_mut(token.term) {
                    Some(count) => *count += weight,
                    None => {
                        counts.insert(token.term.to_string(), weight);
                    }
                }
            }
        }
        for (term, count) in counts {
            self.postings.entry(term).or_default().push((document, count));
        }
        self.lengths.push(length);
    }

    /// The score of every document for a query.
    pub fn scores(&self, terms: &[QueryTerm], bm25: Bm25) -> Vec<f32> {
        let average = self.lengths.iter().sum::<f32>() / self.lengths.len().max(1) as f32;
        let mut scores = vec![0.0; self.lengths.len()];
        for term in terms {
            for &(document, count) in self.postings.get(&term.term).into_iter().flatten() {
                let length = self.lengths[document as usize];
                scores[document as usize] += bm25.score(term.worth(), count, length, average);
            }
        }
        scores
    }

    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

impl DocumentFrequencies for Bm25Index {
    fn documents(&self) -> u64 {
        self.lengths.len() as u64
    }

    fn frequency(&self, term: &str) -> u64 {
        self.postings.get(term).map_or(0, |documents| documents.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::idf;

    #[test]
    fn the_formula_saturates_and_discounts_length() {
        let bm25 = Bm25::default();
        let (once, twice, often) = (bm25.score(2.0, 1.0, 10.0, 10.0), bm25.score(2.0, 2.0, 10.0, 10.0), bm25.score(2.0, 1e6, 10.0, 10.0));
        assert!(once < twice && twice < 2.0 * once && often < 2.0 * (bm25.k1 + 1.0) + 1e-3);
        assert!(bm25.score(2.0, 1.0, 100.0, 10.0) < once);
        assert_eq!(idf(10, 10), (1.0f32 + 0.5 / 10.5).ln());
    }
}
