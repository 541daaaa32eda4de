//! BM25 of all documents of a segment for the terms of a need, words and bigrams side by side: term by term
//! into a plain array, which for dozens of terms is several times quicker than a union of posting lists.

use crate::IndexError;
use crate::generation::Generation;
use duijie_matching::{Bm25, QueryTerms};
use std::collections::BTreeMap;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, SegmentReader, TERMINATED, Term};

/// A term's weight among words and among bigrams: most Chinese words are both, and are read once.
pub(crate) struct Weight {
    words: f32,
    bigrams: f32,
}

pub(crate) fn merged(terms: &QueryTerms) -> BTreeMap<&str, Weight> {
    let mut asked: BTreeMap<&str, Weight> = BTreeMap::new();
    for term in &terms.words {
        asked.entry(&term.term).or_insert(Weight { words: 0.0, bigrams: 0.0 }).words += term.worth();
    }
    for term in &terms.bigrams {
        asked.entry(&term.term).or_insert(Weight { words: 0.0, bigrams: 0.0 }).bigrams += term.worth();
    }
    asked
}

pub(crate) fn average_length(generation: &Generation, searcher: &Searcher) -> Result<f32, IndexError> {
    let (mut tokens, mut documents) = (0u64, 0u64);
    for segment in searcher.segment_readers() {
        tokens += segment.inverted_index(generation.fields.text[0])?.total_num_tokens();
        documents += u64::from(segment.max_doc());
    }
    Ok(tokens as f32 / documents.max(1) as f32)
}

/// The scores of all documents of a segment: words and bigrams side by side.
pub(crate) fn segment_scores(
    generation: &Generation,
    segment: &SegmentReader,
    asked: &BTreeMap<&str, Weight>,
    average: f32,
) -> Result<Vec<[f32; 2]>, IndexError> {
    let field = generation.fields.text[0];
    let index = segment.inverted_index(field)?;
    let lengths = segment.get_fieldnorms_reader(field)?;
    let mut scores = vec![[0.0f32; 2]; segment.max_doc() as usize];
    let values = TermValues::of(average);
    for (term, weight) in asked {
        let term = Term::from_field_text(field, term);
        let Some(mut postings) = index.read_block_postings(&term, IndexRecordOption::WithFreqs).map_err(IndexError::Io)? else { continue };
        add_postings(&mut postings, weight, &lengths, &values, &mut scores);
    }
    Ok(scores)
}

/// What a term adds, by how often it stands in a text and by the text's coded length: most stand there once or
/// twice, and a table is quicker than a division.
struct TermValues {
    bm25: Bm25,
    norms: Vec<f32>,
    table: Vec<[f32; 256]>,
}

impl TermValues {
    const COUNTS: u32 = 8;

    fn of(average: f32) -> TermValues {
        let bm25 = Bm25::default();
        let norm = |code: u8| bm25.k1 * (1.0 - bm25.b + bm25.b * FieldNormReader::id_to_fieldnorm(code) as f32 / average.max(1.0));
        let norms: Vec<f32> = (0..=u8::MAX).map(norm).collect();
        let mut values = TermValues { bm25, norms, table: Vec::new() };
        let row = |count: u32| std::array::from_fn(|code| values.computed(count, code));
        values.table = (0..TermValues::COUNTS).map(row).collect();
        values
    }

    fn computed(&self, count: u32, code: usize) -> f32 {
        count as f32 * (self.bm25.k1 + 1.0) / (count as f32 + self.norms[code])
    }

    #[inline]
    fn value(&self, count: u32, code: u8) -> f32 {
        match self.table.get(count as usize) {
            Some(row) => row[usize::from(code)],
            None => self.computed(count, usize::from(code)),
        }
    }
}

fn add_postings(postings: &mut BlockSegmentPostings, weight: &Weight, lengths: &FieldNormReader, values: &TermValues, scores: &mut [[f32; 2]]) {
    loop {
        let (documents, counts) = (postings.docs(), postings.freqs());
        if documents.is_empty() {
            return;
        }
        for (&document, &count) in documents.iter().zip(counts) {
            if document == TERMINATED {
                return;
            }
            let value = values.value(count, lengths.fieldnorm_id(document));
            let score = &mut scores[document as usize];
            score[0] += weight.words * value;
            score[1] += weight.bigrams * value;
        }
        postings.advance();
    }
}
