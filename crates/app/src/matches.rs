//! For a need the resources that help, for a resource the needs it could help, each with reasons.

use crate::follow::index_error;
use crate::record::{readable, reference};
use crate::standings::Told;
use crate::{App, AppError, MatchGroup, MatchView, Matches, PartView, Segment, Viewer};
use duijie_matching::{Analyzer, Candidate, Match, Occurrence, PartName, Profile, QueryTerms, Ranking, Reason, Topics, Weights, excerpt, rank};
use duijie_record::{Record, Schema, schema, schemas};
use duijie_search::{CandidateHit, CandidateQuery, Statistics};
use duijie_store::View;
use duijie_vocab::{Date, RecordId, Text};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many candidates of each kind are ranked.
pub(crate) const CANDIDATES: usize = 60;
/// How many matches of one holder stand among the first ten.
const PER_HOLDER: usize = 3;
/// A score below this is no match worth showing.
const WORTH_SHOWING: f32 = 0.30;
/// Scores are shown and journalled in whole millionths, so that they add up exactly everywhere.
pub(crate) const MILLION: f64 = 1e6;

impl App {
    /// The matches of a need among every kind of resource, or of a resource among the needs that are
    /// open; at most `per_kind` of each kind, best first.
    pub fn matches(&self, viewer: &Viewer, id: &RecordId, per_kind: usize) -> Result<Matches, AppError> {
        let record = self.store().read(|view| readable(viewer, view, id))?;
        self.matches_of(viewer, &record, true, per_kind)
    }

    /// As [`App::matches`], of a record that need not be stored.
    pub(crate) fn matches_of_record(&self, viewer: &Viewer, record: &Record, per_kind: usize) -> Result<Matches, AppError> {
        self.matches_of(viewer, record, false, per_kind)
    }

    fn matches_of(&self, viewer: &Viewer, record: &Record, stored: bool, per_kind: usize) -> Result<Matches, AppError> {
        let own = schema(&record.kind).ok_or(AppError::NotFound)?;
        let kinds = kinds_for(own);
        let found = self.found(viewer, record, stored, &kinds, Some(self.now().china_date()), None)?;
        let without_meaning = found.without_meaning.clone();
        let ranker = self.ranker_of(viewer, found, self.matching_weights()?)?;
        let mut groups = Vec::new();
        for kind in kinds {
            let matches = ranker.ranked(kind, per_kind);
            if !matches.is_empty() {
                let kind_name = schema(kind).map(|schema| schema.name.clone()).unwrap_or_default();
                groups.push(MatchGroup { kind: kind.to_string(), kind_name, matches });
            }
        }
        Ok(Matches { of: reference(record), groups, as_of: self.index.cursor(), without_meaning })
    }

    /// The candidates of `record` among `kinds`, ready to be ranked; those whose time is over, too.
    pub(crate) fn ranker(&self, viewer: &Viewer, record: &Record, kinds: &[&str], weights: Weights) -> Result<Ranker, AppError> {
        let found = self.found(viewer, record, true, kinds, None, None)?;
        self.ranker_of(viewer, found, weights)
    }

    /// What the index finds for `record`, stored or not, among `kinds`, as far as it is valid on a day.
    pub(crate) fn found(
        &self,
        viewer: &Viewer,
        record: &Record,
        stored: bool,
        kinds: &[&str],
        valid_on: Option<Date>,
        statistics: Option<Arc<Statistics>>,
    ) -> Result<FoundHits, AppError> {
        let (meaning, without_meaning) = match self.meanings.of_record(record, stored, self.now()) {
            Ok(meaning) => (meaning, None),
            Err(why) => (None, Some(why)),
        };
        let own = schema(&record.kind).ok_or(AppError::NotFound)?;
        let asked = Profile::from_record(record, own);
        let kinds = kinds.iter().map(ToString::to_string).collect();
        let query = CandidateQuery { kinds, viewer: viewer.clearance(), limit: CANDIDATES, valid_on, meaning, statistics, ..CandidateQuery::default() };
        let (terms, hits) = self.index.candidates_by_kind(&asked, &query).map_err(index_error)?;
        Ok(FoundHits { asked, terms, hits, without_meaning })
    }

    pub(crate) fn ranker_of(&self, viewer: &Viewer, found: FoundHits, weights: Weights) -> Result<Ranker, AppError> {
        let told = self.standings()?;
        let (candidates, records) = self.store().read(|view| self.candidates(view, viewer, found.hits, &told))?;
        let (analyzer, today) = (self.index.analyzer(), self.now().china_date());
        let topics = self.topics.get(&analyzer);
        Ok(Ranker { analyzer, weights, topics, asked: found.asked, terms: found.terms, today, candidates, records })
    }

    fn candidates(&self, view: &mut View<'_>, viewer: &Viewer, found: BTreeMap<String, Vec<CandidateHit>>, told: &Told) -> Result<Found, AppError> {
        let ids: Vec<RecordId> = found.values().flatten().map(|hit| hit.id.clone()).collect();
        let records: HashMap<RecordId, Record> = view.get_many(&ids)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
        let mut candidates: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for (kind, hits) in found {
            let mut of_kind = Vec::with_capacity(hits.len());
            for hit in hits {
                let Some(record) = records.get(&hit.id) else { continue };
                of_kind.extend(self.profile_of(view, viewer, record, told)?.map(|profile| Candidate { profile, text: hit.text, dense: hit.dense }));
            }
            candidates.insert(kind, of_kind);
        }
        Ok((candidates, records))
    }
}

/// What the index found, before anything of it is read.
pub(crate) struct FoundHits {
    asked: Profile,
    terms: QueryTerms,
    pub(crate) hits: BTreeMap<String, Vec<CandidateHit>>,
    without_meaning: Option<Text>,
}

/// Candidates by kind, and their records.
type Found = (BTreeMap<String, Vec<Candidate>>, HashMap<RecordId, Record>);

/// The kinds that may help a record of this kind, or be helped by it.
pub(crate) fn kinds_for(own: &Schema) -> Vec<&'static str> {
    match own.kind.as_str() {
        "need" => schemas().iter().filter(|schema| schema.resource).map(|schema| schema.kind.as_str()).collect(),
        _ if own.resource => vec!["need"],
        _ => Vec::new(),
    }
}

/// Candidates with all that ranking needs beside them.
pub(crate) struct Ranker {
    analyzer: Arc<Analyzer>,
    weights: Weights,
    topics: Option<Arc<Topics>>,
    pub(crate) asked: Profile,
    pub(crate) terms: QueryTerms,
    today: Date,
    candidates: BTreeMap<String, Vec<Candidate>>,
    pub(crate) records: HashMap<RecordId, Record>,
}

impl Ranker {
    /// The candidates of `kind` that are worth showing, best first, with their reasons.
    pub(crate) fn ranked(&self, kind: &str, limit: usize) -> Vec<MatchView> {
        let found = self.rank(kind, limit);
        found.into_iter().filter_map(|found| self.view(found)).collect()
    }

    /// As [`Ranker::ranked`], as ranking gives them.
    pub(crate) fn rank(&self, kind: &str, limit: usize) -> Vec<Match> {
        let open = |candidate: &&Candidate| kind != "need" || candidate.profile.unavailable.is_none();
        let candidates = self.candidates.get(kind).into_iter().flatten().filter(open).cloned().collect();
        let ranking = Ranking {
            analyzer: &self.analyzer,
            weights: &self.weights,
            topics: self.topics.as_deref(),
            terms: &self.terms,
            today: self.today,
            limit,
            per_holder: PER_HOLDER,
        };
        let worth = |found: &Match| found.score >= WORTH_SHOWING && (!found.shared_terms.is_empty() || means_the_same(found));
        rank(&self.asked, candidates, &ranking).into_iter().filter(worth).collect()
    }

    pub(crate) fn view(&self, found: Match) -> Option<MatchView> {
        let record = self.records.get(found.id.as_ref()?)?;
        let profile = Profile::from_record(record, schema(&record.kind)?);
        let places = |side: fn(&duijie_matching::SharedTerm) -> &Vec<Occurrence>| found.shared_terms.iter().flat_map(side).cloned().collect::<Vec<_>>();
        let millionths: Vec<u32> = found.parts.iter().map(|part| (f64::from(part.contribution()) * MILLION).round() as u32).collect();
        let score = f64::from(millionths.iter().sum::<u32>()) / MILLION;
        let parts = found.parts.iter().zip(millionths).map(|(part, millionths)| PartView {
            part: part.name.as_str().to_string(),
            name: part.name.name(),
            adds: f64::from(millionths) / MILLION,
            percent: percent(f64::from(millionths) / MILLION),
            known: part.known,
            reason: part.reason.clone(),
        });
        Some(MatchView {
            record: reference(record),
            owner: found.holder.clone().unwrap_or_default(),
            region_name: record.region.path(),
            percent: percent(score),
            score,
            parts: parts.collect(),
            for_reasons: texts(&found.reasons_for),
            against_reasons: texts(&found.reasons_against),
            shared_terms: found.shared_terms.iter().map(|term| term.term.clone()).collect(),
            in_asked: segments(&self.asked, &places(|term| &term.in_need)),
            in_found: segments(&profile, &places(|term| &term.in_resource)),
        })
    }
}

/// Whether a match without a word in common is one in meaning.
fn means_the_same(found: &Match) -> bool {
    found.reasons_for.iter().any(|reason| reason.part == PartName::Meaning)
}

fn texts(reasons: &[Reason]) -> Vec<Text> {
    reasons.iter().map(|reason| reason.text.clone()).collect()
}

fn segments(profile: &Profile, places: &[Occurrence]) -> Vec<Segment> {
    excerpt(&profile.texts, places).into_iter().map(|piece| Segment { text: piece.text, hit: piece.marked }).collect()
}

pub(crate) fn percent(share: f64) -> u32 {
    // A score lies between 0 and 1, so the cast cannot cut anything off.
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}
