//! BM25 of all documents of a segment for the terms of a need, words and bigrams side by side: term by term
//! into a plain array, which for dozens of terms is several times quicker than a union of posting lists.

use crate::IndexError;
use crate::generation::Generation;
use duijie_matching::{Bm25, QueryTerms};
use std::collections::BTreeMap;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, SegmentReader, TERMINATED, Term};

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

/// Scores of documents of a segment, words and bigrams side by side.
pub(crate) enum Scores {
    /// Of all documents, in their order.
    All(Vec<[f32; 2]>),
    /// Of the few that were asked for, in the order of their numbers.
    Few(Vec<(u32, [f32; 2])>),
}

impl Scores {
    pub(crate) fn of(&self, document: u32) -> [f32; 2] {
        match self {
            Scores::All(scores) => scores[document as usize],
            Scores::Few(scores) => scores.binary_search_by_key(&document, |&(document, _)| document).map_or([0.0; 2], |at| scores[at].1),
        }
    }

    /// Every document with its scores.
    pub(crate) fn for_each(&self, mut act: impl FnMut(u32, [f32; 2])) {
        match self {
            Scores::All(scores) => (0..).zip(scores).for_each(|(document, &scores)| act(document, scores)),
            Scores::Few(scores) => scores.iter().for_each(|&(document, scores)| act(document, scores)),
        }
    }
}

/// The scores of the documents of a segment: of `few`, which are in order, or of all.
pub(crate) fn segment_scores(
    generation: &Generation,
    segment: &SegmentReader,
    asked: &BTreeMap<&str, Weight>,
    average: f32,
    few: Option<Vec<u32>>,
) -> Result<Scores, IndexError> {
    let field = generation.fields.text[0];
    let mut scores = match few {
        Some(few) if few.is_empty() => return Ok(Scores::Few(Vec::new())),
        Some(few) => Scores::Few(few.into_iter().map(|document| (document, [0.0; 2])).collect()),
        None => Scores::All(vec![[0.0; 2]; segment.max_doc() as usize]),
    };
    let index = segment.inverted_index(field)?;
    let lengths = segment.get_fieldnorms_reader(field)?;
    let values = TermValues::of(average);
    for (term, weight) in asked {
        let term = Term::from_field_text(field, term);
        match &mut scores {
            Scores::All(scores) => {
                let Some(mut postings) = index.read_block_postings(&term, IndexRecordOption::WithFreqs).map_err(IndexError::Io)? else { continue };
                add_postings(&mut postings, weight, &lengths, &values, scores);
            }
            Scores::Few(scores) => {
                let Some(mut postings) = index.read_postings(&term, IndexRecordOption::WithFreqs).map_err(IndexError::Io)? else { continue };
                add_few(&mut postings, weight, &lengths, &values, scores);
            }
        }
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

/// As [`add_postings`], skipping what nobody asked for.
fn add_few(postings: &mut SegmentPostings, weight: &Weight, lengths: &FieldNormReader, values: &TermValues, scores: &mut [(u32, [f32; 2])]) {
    for (document, score) in scores {
        let at = if postings.doc() < *document { postings.seek(*document) } else { postings.doc() };
        if at == TERMINATED {
            return;
        }
        if at == *document {
            let value = values.value(postings.term_freq(), lengths.fieldnorm_id(at));
            score[0] += weight.words * value;
            score[1] += weight.bigrams * value;
        }
    }
}
