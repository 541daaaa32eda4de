//! The informative terms of a long text: a need of two thousand characters is asked with the few
//! dozen terms that tell it from others, which is quicker and finds more.

use crate::topic::{is_stop, silent_spans};
use crate::{Analyzer, FieldText, TextScore};
use std::collections::HashMap;

/// Who knows how many documents hold a term: an index, or a collection in memory.
pub trait DocumentFrequencies {
    /// How many documents there are.
    fn documents(&self) -> u64;
    /// How many of them hold `term`.
    fn frequency(&self, term: &str) -> u64;
}

/// A term of a query with its weight: how much it counts in the query times its idf belongs to the scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTerm {
    pub term: String,
    /// How much the query itself stresses the term, from 1 upwards.
    pub stress: f32,
    /// Robertson's idf, `ln(1 + (N − n + ½) / (n + ½))`.
    pub idf: f32,
}

/// The words of one text are not independent of each other: what several common ones tell together
/// is less than the sum of what each tells, so the rare ones deserve more than their idf. Any power
/// from 1.1 to 1.5 helps long needs and questions alike.
const RARITY: f32 = 1.25;

impl QueryTerm {
    /// How much finding the term once counts.
    pub fn worth(&self) -> f32 {
        self.idf.powf(RARITY) * self.stress
    }
}

/// A text reduced to its informative terms, the best first, words and bigrams apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryTerms {
    pub words: Vec<QueryTerm>,
    pub bigrams: Vec<QueryTerm>,
    /// What a text of average length would score that held every informative term once, those
    /// included that stand nowhere: the measure of how much of the query any answer holds.
    pub ceiling: TextScore,
    /// How many different words of the text stand in some document, boilerplate and common ones
    /// aside, before any limit.
    pub known: usize,
    /// The share of what is said, by worth, that stands in any document at all, from 0 to 1. A text
    /// in a language that the documents are not written in is hardly heard.
    pub heard: f32,
}

/// How many terms of a text are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermLimits {
    pub words: usize,
    pub bigrams: usize,
}

impl Default for TermLimits {
    /// Where development collections are best answered: beyond two dozen words the next ones
    /// blur the order, while bigrams, being less sure of themselves, are better in numbers.
    fn default() -> TermLimits {
        TermLimits { words: 24, bigrams: 64 }
    }
}

/// Terms that are found in more than this share of a collection do not tell documents apart.
const COMMON_SHARE: f64 = 0.25;
/// Below this many documents a share means nothing.
const COMMON_FLOOR: u64 = 200;

#[derive(Default)]
struct Seen {
    weight: f32,
    word: bool,
    bigram: bool,
}

impl QueryTerms {
    /// The words and bigrams of `texts` with the highest idf times stress, at most `limits` of them.
    /// Terms no document holds are left out; so are boilerplate, places and organization endings,
    /// unless nothing else is left.
    pub fn of(analyzer: &Analyzer, texts: &[FieldText], frequencies: &dyn DocumentFrequencies, limits: TermLimits) -> QueryTerms {
        let seen = collect(analyzer, texts, true);
        let terms = QueryTerms::choose(&seen, frequencies, limits);
        if terms.words.is_empty() && terms.bigrams.is_empty() {
            return QueryTerms::choose(&collect(analyzer, texts, false), frequencies, limits);
        }
        terms
    }

    /// As [`QueryTerms::of`], for a single text.
    pub fn of_text(analyzer: &Analyzer, text: &str, frequencies: &dyn DocumentFrequencies, limits: TermLimits) -> QueryTerms {
        QueryTerms::of(analyzer, &[FieldText::plain(text)], frequencies, limits)
    }

    fn choose(seen: &HashMap<String, Seen>, frequencies: &dyn DocumentFrequencies, limits: TermLimits) -> QueryTerms {
        let documents = frequencies.documents();
        let mut terms = QueryTerms::default();
        let mut unheard = Vec::new();
        let mut heard = 0.0;
        for (term, seen) in seen {
            let frequency = frequencies.frequency(term);
            let common = documents >= COMMON_FLOOR && frequency as f64 > documents as f64 * COMMON_SHARE;
            if common {
                continue;
            }
            // Saying a thing three times stresses it, but not threefold.
            let query_term = QueryTerm { term: term.clone(), stress: 1.0 + seen.weight.max(1.0).ln(), idf: idf(documents, frequency) };
            if frequency == 0 {
                unheard.extend(seen.word.then_some(query_term));
                continue;
            }
            if seen.word {
                heard += query_term.worth();
                terms.words.push(query_term.clone());
            }
            if seen.bigram {
                terms.bigrams.push(query_term);
            }
        }
        terms.known = terms.words.len();
        let missing: f32 = unheard.iter().map(QueryTerm::worth).sum();
        terms.heard = if heard > 0.0 { heard / (heard + missing) } else { 0.0 };
        keep_best(&mut terms.words, limits.words);
        keep_best(&mut terms.bigrams, limits.bigrams);
        unheard.extend(terms.words.iter().cloned());
        keep_best(&mut unheard, limits.words);
        terms.ceiling = ceiling(&terms, &unheard);
        terms
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.bigrams.is_empty()
    }
}

/// `said` are the best words of the query whether anybody has them or not. Bigrams that nobody has
/// are mostly seams between words, so their ceiling rises by as much as that of the words.
fn ceiling(found: &QueryTerms, said: &[QueryTerm]) -> TextScore {
    let sum = |terms: &[QueryTerm]| terms.iter().map(QueryTerm::worth).sum::<f32>();
    let (words, found_words) = (sum(said), sum(&found.words));
    let rise = if found_words > 0.0 { words / found_words } else { 1.0 };
    TextScore { words, bigrams: sum(&found.bigrams) * rise }
}

/// Robertson's inverse document frequency, never negative.
pub(crate) fn idf(documents: u64, frequency: u64) -> f32 {
    let (all, with) = (documents.max(frequency) as f32, frequency as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// Each term of the texts with the summed weight of the fields it stands in.
fn collect(analyzer: &Analyzer, texts: &[FieldText], topics_only: bool) -> HashMap<String, Seen> {
    let mut seen: HashMap<String, Seen> = HashMap::new();
    let heaviest = texts.iter().map(|field| field.weight).max().unwrap_or(1).max(1);
    for field in texts {
        let silent = if topics_only { silent_spans(analyzer, &field.text) } else { Vec::new() };
        let weight = f32::from(field.weight.max(1)) / f32::from(heaviest) * texts.len().min(2) as f32;
        for token in analyzer.tokens(&field.text).iter().filter(|token| !token.single) {
            let muted = topics_only && (is_stop(token.term) || silent.iter().any(|span| span.start <= token.at.start && token.at.end <= span.end));
            if muted {
                continue;
            }
            let entry = seen.entry(token.term.to_string()).or_default();
            entry.weight += weight;
            entry.word |= token.word;
            entry.bigram |= token.bigram;
        }
    }
    seen
}

fn keep_best(terms: &mut Vec<QueryTerm>, limit: usize) {
    // The term itself decides ties, so that the same need always asks the same.
    terms.sort_by(|a, b| b.worth().total_cmp(&a.worth()).then_with(|| a.term.cmp(&b.term)));
    terms.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counts(&'static [(&'static str, u64)]);

    impl DocumentFrequencies for Counts {
        fn documents(&self) -> u64 {
            1000
        }
        fn frequency(&self, term: &str) -> u64 {
            self.0.iter().find(|(known, _)| *known == term).map_or(10, |(_, count)| *count)
        }
    }

    #[test]
    fn rare_topics_come_first_and_boilerplate_not_at_all() {
        let terms = QueryTerms::of_text(
            &Analyzer::shared(),
            "常州企业研发高温合金涂层技术",
            &Counts(&[("涂层", 2), ("合金", 40), ("高温", 400)]),
            TermLimits { words: 3, bigrams: 3 },
        );
        let words: Vec<&str> = terms.words.iter().map(|t| t.term.as_str()).collect();
        assert_eq!(words[0], "涂层");
        assert!(!words.iter().any(|word| ["常州", "企业", "研发", "技术", "高温"].contains(word)), "{words:?}");
        assert!(terms.bigrams.len() <= 3);
    }

    #[test]
    fn what_nobody_has_is_not_asked_but_counts_towards_the_whole() {
        let of = |text| QueryTerms::of_text(&Analyzer::shared(), text, &Counts(&[("黑蒜", 0), ("黑", 0), ("蒜", 0)]), TermLimits::default());
        let (with, without) = (of("黑蒜涂层"), of("涂层"));
        assert!(with.words.iter().all(|term| term.term != "黑蒜"));
        assert!(with.ceiling.words > without.ceiling.words && without.ceiling.words > 0.0);
    }

    #[test]
    fn a_text_of_nothing_but_boilerplate_is_still_asked() {
        let terms = QueryTerms::of_text(&Analyzer::shared(), "技术研发", &Counts(&[]), TermLimits::default());
        assert!(!terms.is_empty());
        assert!(QueryTerms::of_text(&Analyzer::shared(), "，。", &Counts(&[]), TermLimits::default()).is_empty());
    }
}
