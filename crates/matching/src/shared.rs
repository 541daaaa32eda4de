//! The terms that a need and a resource share, with their places on both sides.

use crate::{Analyzer, FieldText, Profile, QueryTerm, QueryTerms, Tokens};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

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

/// The shared terms, the most informative first. A term that lies within another shared term
/// everywhere is left out; without a common word the common bigrams are told.
pub fn shared_terms(analyzer: &Analyzer, terms: &QueryTerms, need: &Profile, resource: &Profile) -> Vec<SharedTerm> {
    let there = places(analyzer, &resource.texts);
    let words = in_both(&terms.words, &there);
    let shared = if words.is_empty() { in_both(&terms.bigrams, &there) } else { words };
    let shared = without_parts(shared);
    if shared.is_empty() {
        return Vec::new();
    }
    let here = places(analyzer, &need.texts);
    let found = |places: &Places, term: &str| places.get(term).map(|all| all.iter().take(MAX_PLACES).cloned().collect()).unwrap_or_default();
    let told = shared.into_iter().take(MAX_TERMS);
    told.map(|term| SharedTerm { term: term.to_string(), in_need: found(&here, term), in_resource: found(&there, term) }).collect()
}

type Places = HashMap<String, Vec<Occurrence>>;

fn places(analyzer: &Analyzer, texts: &[FieldText]) -> Places {
    let mut places = Places::new();
    let mut tokens = Tokens::default();
    for field in texts {
        analyzer.analyze(&field.text, &mut tokens);
        for token in tokens.iter().filter(|token| !token.single) {
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

fn in_both<'t>(terms: &'t [QueryTerm], there: &Places) -> Vec<&'t str> {
    terms.iter().map(|term| term.term.as_str()).filter(|term| there.contains_key(*term)).collect()
}

fn without_parts(terms: Vec<&str>) -> Vec<&str> {
    let within_another = |term: &str| terms.iter().any(|other| other.len() > term.len() && other.contains(term));
    terms.iter().copied().filter(|term| !within_another(term)).collect()
}
