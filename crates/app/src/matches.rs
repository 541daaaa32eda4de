//! For a need the resources that help, for a resource the needs it could help, each with reasons.

use crate::follow::index_error;
use crate::record::{readable, reference};
use crate::{App, AppError, MatchGroup, MatchView, Matches, PartView, RecordRef, Viewer};
use duijie_matching::{Analyzer, Candidate, Match, PartName, Profile, QueryTerms, Ranking, Topics, Weights, rank};
use duijie_record::{Record, Schema, schema, schemas};
use duijie_search::{CandidateHit, CandidateQuery};
use duijie_vocab::{Date, RecordId, Text};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// How many candidates of each kind are ranked.
const CANDIDATES: usize = 60;
/// How many matches of one holder stand among the first ten.
const PER_HOLDER: usize = 3;
/// How many matches of each kind are made when all needs are matched.
const PER_KIND: usize = 10;
/// So many needs are matched before the progress is told.
const CHUNK: usize = 64;
/// A score below this is no match worth showing.
const WORTH_SHOWING: f32 = 0.30;

/// What matching all needs found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct MatchSummary {
    pub needs: usize,
    pub matched: usize,
    /// All matches worth showing.
    pub matches: usize,
    /// The best match of each need, best first, at most as many as were asked for.
    pub examples: Vec<(RecordRef, MatchView)>,
}

impl App {
    /// The matches of a need among every kind of resource, or of a resource among the needs; at
    /// most `per_kind` of each kind, best first.
    pub fn matches(&self, viewer: &Viewer, id: &RecordId, per_kind: usize) -> Result<Matches, AppError> {
        let record = self.store().read(|view| readable(viewer, view, id))?;
        self.matches_of(viewer, &record, true, per_kind)
    }

    /// As [`App::matches`], of a record that need not be stored.
    pub(crate) fn matches_of_record(&self, viewer: &Viewer, record: &Record, per_kind: usize) -> Result<Matches, AppError> {
        self.matches_of(viewer, record, false, per_kind)
    }

    fn matches_of(&self, viewer: &Viewer, record: &Record, stored: bool, per_kind: usize) -> Result<Matches, AppError> {
        let (meaning, without_meaning) = match self.meanings.of_record(record, stored, self.now()) {
            Ok(meaning) => (meaning, None),
            Err(why) => (None, Some(why)),
        };
        let own = schema(&record.kind).ok_or(AppError::NotFound)?;
        let kinds = kinds_for(own);
        let need = Profile::from_record(record, own);
        let query = CandidateQuery {
            kinds: kinds.iter().map(ToString::to_string).collect(),
            viewer: viewer.clearance(),
            limit: CANDIDATES,
            meaning,
            ..CandidateQuery::default()
        };
        let (terms, mut found) = self.index.candidates_by_kind(&need, &query).map_err(index_error)?;
        let ids: Vec<RecordId> = found.values().flatten().map(|hit| hit.id.clone()).collect();
        let rows = self.store().read(|view| view.get_many(&ids))?;
        let records: HashMap<RecordId, Record> = rows.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
        let ranker = Ranker {
            analyzer: Analyzer::shared(),
            weights: self.matching_weights()?,
            topics: self.topics.get(),
            terms,
            today: self.now().china_date(),
            limit: per_kind,
        };
        let mut groups = Vec::new();
        for kind in kinds {
            let matches = ranker.rank(&need, found.remove(kind).unwrap_or_default(), &records);
            if !matches.is_empty() {
                let kind_name = schema(kind).map(|schema| schema.name.clone()).unwrap_or_default();
                groups.push(MatchGroup { kind: kind.to_string(), kind_name, matches });
            }
        }
        Ok(Matches { of: reference(record), groups, as_of: self.index.cursor(), without_meaning })
    }

    /// Matches every active need the viewer may see against every kind of resource, on all cores.
    /// `progress` hears how many needs are done. Topics are learnt first if they never were.
    pub fn match_all(&self, viewer: &Viewer, examples: usize, progress: &mut dyn FnMut(usize)) -> Result<MatchSummary, AppError> {
        let mut ids = Vec::new();
        let flow = self.store().read(|view| {
            view.for_each_record("need", |row| {
                if row.record.state == duijie_record::RecordState::Active {
                    ids.push(row.record.id);
                }
                std::ops::ControlFlow::<()>::Continue(())
            })
        })?;
        debug_assert!(flow.is_continue());
        if self.topics.get().is_none() {
            self.learn_topics()?;
        }
        let mut summary = MatchSummary { needs: ids.len(), ..MatchSummary::default() };
        let mut done = 0;
        for chunk in ids.chunks(CHUNK) {
            let found: Vec<Option<Matches>> = chunk.par_iter().map(|id| self.matches_if_there(viewer, id)).collect::<Result<_, _>>()?;
            found.into_iter().flatten().for_each(|matches| summary.take_in(matches, examples));
            done += chunk.len();
            progress(done);
        }
        Ok(summary)
    }

    /// The matches of a need, unless it is gone or not for this viewer.
    fn matches_if_there(&self, viewer: &Viewer, id: &RecordId) -> Result<Option<Matches>, AppError> {
        match self.matches(viewer, id, PER_KIND) {
            Err(AppError::NotFound) => Ok(None),
            found => found.map(Some),
        }
    }
}

impl MatchSummary {
    fn take_in(&mut self, matches: Matches, examples: usize) {
        let count: usize = matches.groups.iter().map(|group| group.matches.len()).sum();
        self.matches += count;
        self.matched += usize::from(count > 0);
        let best = matches.groups.into_iter().flat_map(|group| group.matches).max_by(|a, b| a.score.total_cmp(&b.score));
        if let Some(best) = best {
            self.examples.push((matches.of, best));
            self.examples.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then_with(|| a.0.id.cmp(&b.0.id)));
            self.examples.truncate(examples);
        }
    }
}

/// The kinds that may help a record of this kind, or be helped by it.
pub(crate) fn kinds_for(own: &Schema) -> Vec<&'static str> {
    match own.kind.as_str() {
        "need" => schemas().iter().filter(|schema| schema.resource).map(|schema| schema.kind.as_str()).collect(),
        _ if own.resource => vec!["need"],
        _ => Vec::new(),
    }
}

/// What ranking needs beside the candidates.
struct Ranker {
    analyzer: Arc<Analyzer>,
    weights: Weights,
    topics: Option<Arc<Topics>>,
    terms: QueryTerms,
    today: Date,
    limit: usize,
}

impl Ranker {
    /// The candidates that are worth showing, best first, with their reasons.
    fn rank(&self, need: &Profile, hits: Vec<CandidateHit>, records: &HashMap<RecordId, Record>) -> Vec<MatchView> {
        let candidate = |hit: CandidateHit| {
            let record = records.get(&hit.id)?;
            Some(Candidate { profile: Profile::from_record(record, schema(&record.kind)?), text: hit.text, dense: hit.dense })
        };
        let candidates: Vec<Candidate> = hits.into_iter().filter_map(candidate).collect();
        let ranking = Ranking {
            analyzer: &self.analyzer,
            weights: &self.weights,
            topics: self.topics.as_deref(),
            terms: &self.terms,
            today: self.today,
            limit: self.limit,
            per_holder: PER_HOLDER,
        };
        let worth = |found: &Match| found.score >= WORTH_SHOWING && (!found.shared_terms.is_empty() || means_the_same(found));
        rank(need, candidates, &ranking).into_iter().filter(worth).filter_map(|found| view(found, records)).collect()
    }
}

/// Whether a match without a word in common is one in meaning.
fn means_the_same(found: &Match) -> bool {
    found.reasons_for.iter().any(|reason| reason.part == PartName::Meaning)
}

fn view(found: Match, records: &HashMap<RecordId, Record>) -> Option<MatchView> {
    let record = records.get(found.id.as_ref()?)?;
    let parts = found.parts.iter().map(|part| PartView { name: part.name.name(), adds: f64::from(part.contribution()), percent: percent(part.contribution()) });
    let texts = |reasons: &[duijie_matching::Reason]| reasons.iter().map(|reason| reason.text.clone()).collect::<Vec<Text>>();
    Some(MatchView {
        record: reference(record),
        owner: found.holder.clone().unwrap_or_default(),
        region_name: record.region.path(),
        percent: percent(found.score),
        score: f64::from(found.score),
        parts: parts.collect(),
        for_reasons: texts(&found.reasons_for),
        against_reasons: texts(&found.reasons_against),
        shared_terms: found.shared_terms.iter().map(|term| term.term.clone()).collect(),
    })
}

fn percent(share: f32) -> u32 {
    // A score lies between 0 and 1, so the cast cannot cut anything off.
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}
