//! What a viewer may see and what he narrows his search by, as clauses of an index query.

use crate::document::{INACTIVE, day_number, facet_term, level_flag};
use crate::fields::Fields;
use duijie_record::Visibility;
use duijie_vocab::{Date, RegionCode};
use std::collections::BTreeMap;
use std::ops::Bound;
use tantivy::Term;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, RangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};

pub(crate) type Clause = (Occur, Box<dyn Query>);

/// What restricts a search beside its text.
pub(crate) struct Filter<'a> {
    pub(crate) kinds: &'a [String],
    pub(crate) region: Option<RegionCode>,
    pub(crate) filters: &'a [(String, String)],
    pub(crate) viewer: Visibility,
    pub(crate) inactive: bool,
    /// Only what is valid on this day.
    pub(crate) valid_on: Option<Date>,
}

impl Filter<'_> {
    /// Clauses that every result must fulfil. They add nothing to scores.
    pub(crate) fn required(&self, fields: &Fields) -> Vec<Clause> {
        let mut clauses = Vec::new();
        if !self.kinds.is_empty() {
            let terms = self.kinds.iter().map(|kind| facet_term(Visibility::Public, "kind", kind)).collect();
            clauses.push(any_of(fields.facets, terms));
        }
        if let Some(region) = self.region.filter(|&region| region != RegionCode::NATION) {
            clauses.push(any_of(fields.region, vec![region.to_string()]));
        }
        let mut by_field: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (field, value) in self.filters {
            let readable = Visibility::ALL.into_iter().filter(|level| *level <= self.viewer);
            by_field.entry(field).or_default().extend(readable.map(|level| facet_term(level, field, value)));
        }
        clauses.extend(by_field.into_values().map(|terms| any_of(fields.facets, terms)));
        clauses
    }

    /// Clauses that no result may fulfil. Few records are hidden, so leaving them out is cheaper
    /// than asking each whether it is public.
    pub(crate) fn forbidden(&self, fields: &Fields) -> Vec<Clause> {
        let levels = Visibility::ALL.into_iter().filter(|level| *level > self.viewer).map(level_flag);
        let state = (!self.inactive).then_some(INACTIVE);
        let hidden = levels.chain(state).map(|flag| (Occur::MustNot, term_query(fields.flags, flag)));
        hidden.chain(self.valid_on.map(|day| (Occur::MustNot, over_before(fields.last_day, day)))).collect()
    }
}

/// What was valid for the last time before `day`.
fn over_before(last_day: Field, day: Date) -> Box<dyn Query> {
    let end = Term::from_field_u64(last_day, u64::from(day_number(day.first_day())));
    Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(end)))
}

fn any_of(field: Field, mut terms: Vec<String>) -> Clause {
    let query: Box<dyn Query> = match terms.len() {
        1 => term_query(field, &terms.remove(0)),
        _ => Box::new(TermSetQuery::new(terms.iter().map(|term| Term::from_field_text(field, term)))),
    };
    (Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0)))
}

pub(crate) fn term_query(field: Field, term: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs))
}

/// All clauses together.
pub(crate) fn all_of(mut clauses: Vec<Clause>) -> Box<dyn Query> {
    if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
        clauses.push((Occur::Must, Box::new(tantivy::query::AllQuery)));
    }
    Box::new(BooleanQuery::new(clauses))
}
