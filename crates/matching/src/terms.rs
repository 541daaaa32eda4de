//! The informative terms of a long text: a need of two thousand characters is asked with the few
//! dozen terms that tell it from others, which is quicker and finds more.

use crate::kin::kin_of;
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
    /// The word of the query that this one answers for, if the query does not say it itself.
    pub kin_of: Option<String>,
}

/// The words of one text are not independent of each other: what several common ones tell together
/// is less than the sum of what each tells, so the rare ones deserve more than their idf. Any power
/// from 1.1 to 1.5 helps long needs and questions alike.
pub(crate) const RARITY: f32 = 1.25;

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
    /// For a word the query does not say: for which it answers, and how much it counts.
    kin: Option<(String, f32)>,
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
        for (term, seen) in seen {
            let frequency = frequencies.frequency(term);
            let common = documents >= COMMON_FLOOR && frequency as f64 > documents as f64 * COMMON_SHARE;
            if common {
                continue;
            }
            // Saying a thing three times stresses it, but not threefold.
            let said = 1.0 + seen.weight.max(1.0).ln();
            let stress = seen.kin.as_ref().map_or(said, |(_, share)| *share);
            let kin_of = seen.kin.as_ref().map(|(word, _)| word.clone());
            let query_term = QueryTerm { term: term.clone(), stress, idf: idf(documents, frequency), kin_of };
            if frequency == 0 {
                // That nobody has another name for a thing means nothing.
                unheard.extend((seen.word && seen.kin.is_none()).then_some(query_term));
                continue;
            }
            if seen.word {
                terms.words.push(query_term.clone());
            }
            if seen.bigram {
                terms.bigrams.push(query_term);
            }
        }
        terms.known = terms.words.iter().filter(|term| term.kin_of.is_none()).count();
        terms.heard = heard(&mut terms.words, &mut unheard);
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

/// The share of `known` in the worth of all. Both are ordered first: sums of floats depend on it.
fn heard(known: &mut Vec<QueryTerm>, unheard: &mut Vec<QueryTerm>) -> f32 {
    let sum = |terms: &mut Vec<QueryTerm>| {
        keep_best(terms, usize::MAX);
        terms.iter().map(QueryTerm::worth).sum::<f32>()
    };
    let (known, unheard) = (sum(known), sum(unheard));
    if known > 0.0 { known / (known + unheard) } else { 0.0 }
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
    add_kin(&mut seen);
    seen
}

/// Other names of what is said, and its parts: each once, for the nearest of the words it answers for.
fn add_kin(seen: &mut HashMap<String, Seen>) {
    let mut found: HashMap<&'static str, (String, f32)> = HashMap::new();
    let mut said: Vec<&String> = seen.iter().filter(|(_, seen)| seen.word).map(|(word, _)| word).collect();
    said.sort_unstable();
    for word in said {
        for kin in kin_of(word).iter().filter(|kin| !seen.contains_key(kin.word)) {
            let nearer = found.get(kin.word).is_none_or(|(_, share)| *share < kin.share);
            if nearer {
                found.insert(kin.word, (word.clone(), kin.share));
            }
        }
    }
    for (word, kin) in found {
        // A word of two characters is its own bigram, and is asked as both.
        let bigram = word.chars().count() == 2 || word.is_ascii();
        seen.insert(word.to_string(), Seen { weight: 0.0, word: true, bigram, kin: Some(kin) });
    }
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
    fn other_names_of_a_thing_are_asked_with_it_and_count_less() {
        let terms = QueryTerms::of_text(&Analyzer::shared(), "锂电回收", &Counts(&[]), TermLimits::default());
        let term = |word: &str| terms.words.iter().find(|term| term.term == word).unwrap();
        let (said, same, part) = (term("锂电"), term("锂离子电池"), term("动力电池"));
        assert!(said.worth() > same.worth() && same.worth() > part.worth());
        assert_eq!((said.kin_of.as_deref(), part.kin_of.as_deref()), (None, Some("锂电")));
        assert_eq!(terms.known, terms.words.iter().filter(|term| term.kin_of.is_none()).count());
    }

    #[test]
    fn a_text_of_nothing_but_boilerplate_is_still_asked() {
        let terms = QueryTerms::of_text(&Analyzer::shared(), "技术研发", &Counts(&[]), TermLimits::default());
        assert!(!terms.is_empty());
        assert!(QueryTerms::of_text(&Analyzer::shared(), "，。", &Counts(&[]), TermLimits::default()).is_empty());
    }
}
