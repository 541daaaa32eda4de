//! The terms that a need and a resource share, with their places on both sides.

use crate::{Analyzer, FieldText, Profile, QueryTerms, Tokens, fold_char};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// A term with where it stands in the need and in the resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedTerm {
    pub term: String,
    pub in_need: Vec<Occurrence>,
    pub in_resource: Vec<Occurrence>,
}

/// Characters `from` to `to` (exclusive) of a field's text; items of a list are joined with `；`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    pub field: String,
    pub from: u32,
    pub to: u32,
}

/// So many terms are shown, and so many places of each on either side.
const MAX_TERMS: usize = 12;
const MAX_PLACES: usize = 3;
/// A stretch that is no known word is told from this length on.
const SHORTEST_STRETCH: usize = 3;

/// The shared terms, the most informative first. A term that lies within another shared term is
/// left out, and so is one that is only ever a part of other words, as 感器 is of 传感器. Where no
/// word is shared, stretches of at least three characters are, so that coinages are told too.
pub fn shared_terms(analyzer: &Analyzer, terms: &QueryTerms, need: &Profile, resource: &Profile) -> Vec<SharedTerm> {
    let there = places(analyzer, &resource.texts);
    let candidates: Vec<&str> = terms.words.iter().map(|term| term.term.as_str()).filter(|term| there.contains_key(*term)).collect();
    let whole = whole_words(analyzer, &candidates, [&need.texts, &resource.texts]);
    let words: Vec<&str> = candidates.into_iter().filter(|term| whole.contains(*term)).collect();
    let told = without_parts(words);
    if told.is_empty() {
        return stretches(analyzer, terms, need, resource);
    }
    let here = places(analyzer, &need.texts);
    // Another name stands in the need as the word it answers for.
    let said = |term: &str| terms.words.iter().find(|known| known.term == term).and_then(|known| known.kin_of.clone()).unwrap_or_else(|| term.to_string());
    let found = |places: &Places, term: &str| places.get(term).map(|all| all.iter().take(MAX_PLACES).cloned().collect()).unwrap_or_default();
    let told = told.into_iter().take(MAX_TERMS);
    told.map(|term| SharedTerm { term: term.to_string(), in_need: found(&here, &said(term)), in_resource: found(&there, term) }).collect()
}

type Places = HashMap<String, Vec<Occurrence>>;

fn places(analyzer: &Analyzer, texts: &[FieldText]) -> Places {
    let mut places = Places::new();
    let mut tokens = Tokens::default();
    for field in texts {
        analyzer.analyze(&field.text, &mut tokens);
        for token in tokens.iter().filter(|token| token.word) {
            let place = Occurrence { field: field.field.clone(), from: token.at.start as u32, to: token.at.end as u32 };
            match places.get_mut(token.term) {
                Some(all) => all.push(place),
                None => {
                    places.insert(token.term.to_string(), vec![place]);
                }
            }
        }
    }
    places
}

/// Which of `terms` somewhere stand as words of their own. Codes and measures always do.
fn whole_words(analyzer: &Analyzer, terms: &[&str], sides: [&[FieldText]; 2]) -> HashSet<String> {
    let mut whole: HashSet<String> = terms.iter().filter(|term| !term.chars().all(crate::is_han)).map(|term| (*term).to_string()).collect();
    for field in sides.into_iter().flatten() {
        let chars = folded(&field.text);
        whole.extend(analyzer.words(&field.text).into_iter().map(|at| chars[at].iter().collect::<String>()));
    }
    whole
}

fn folded(text: &str) -> Vec<char> {
    text.chars().map(fold_char).collect()
}

fn without_parts(terms: Vec<&str>) -> Vec<&str> {
    let within_another = |term: &str| terms.iter().any(|other| other.len() > term.len() && other.contains(term));
    terms.iter().copied().filter(|term| !within_another(term)).collect()
}

/// Stretches of the need, made of asked bigrams that follow one another, that stand in the
/// resource as they are.
fn stretches(analyzer: &Analyzer, terms: &QueryTerms, need: &Profile, resource: &Profile) -> Vec<SharedTerm> {
    let asked: HashSet<&str> = terms.bigrams.iter().map(|term| term.term.as_str()).collect();
    let mut shared: Vec<SharedTerm> = Vec::new();
    for field in &need.texts {
        let chars = folded(&field.text);
        for stretch in runs(analyzer, &field.text, &asked) {
            let term: String = chars[stretch.clone()].iter().collect();
            let in_resource: Vec<Occurrence> = resource.texts.iter().filter_map(|field| find(field, &chars[stretch.clone()])).take(MAX_PLACES).collect();
            if in_resource.is_empty() || shared.len() == MAX_TERMS || shared.iter().any(|known| known.term == term) {
                continue;
            }
            let here = Occurrence { field: field.field.clone(), from: stretch.start as u32, to: stretch.end as u32 };
            shared.push(SharedTerm { term, in_need: vec![here], in_resource });
        }
    }
    shared
}

/// Where `asked` bigrams follow one another in `text`, for at least three characters.
fn runs(analyzer: &Analyzer, text: &str, asked: &HashSet<&str>) -> Vec<std::ops::Range<usize>> {
    let tokens = analyzer.tokens(text);
    let chinese = tokens.iter().filter(|token| token.bigram && !token.word && asked.contains(token.term));
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for token in chinese {
        match runs.last_mut() {
            Some(run) if token.at.start + 1 == run.end => run.end = token.at.end,
            _ => runs.push(token.at),
        }
    }
    runs.retain(|run| run.len() >= SHORTEST_STRETCH);
    runs
}

fn find(field: &FieldText, stretch: &[char]) -> Option<Occurrence> {
    let chars = folded(&field.text);
    let from = chars.windows(stretch.len()).position(|window| window == stretch)?;
    Some(Occurrence { field: field.field.clone(), from: from as u32, to: (from + stretch.len()) as u32 })
}
