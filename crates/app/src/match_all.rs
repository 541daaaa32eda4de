//! All needs against all resources, and afterwards only those that something changed for: a need whose
//! candidates, their scores and whose responders' records are what they were keeps its matches.

use crate::casework::CASE;
use crate::matched::{Brief, Kept, Matched, file_in};
use crate::matches::{Ranker, kinds_for};
use crate::record::{readable, reference, title};
use crate::{App, AppError, MatchView, RecordRef, Role, Viewer};
use duijie_record::{Record, RecordState, schema};
use duijie_search::Statistics;
use duijie_vocab::{Digest, RecordId, text};
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many matches of each kind are made when all needs are matched.
const PER_KIND: usize = 10;
/// So many needs are matched before the progress is told.
const CHUNK: usize = 64;
/// How many changed rows are read at a time.
const BATCH: usize = 2_000;
/// The most records that are looked at because of one responder's case.
const OF_RESPONDER: usize = 10_000;

/// What matching all needs found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct MatchSummary {
    pub needs: usize,
    /// Needs that were ranked again; the others kept their matches.
    pub ranked: usize,
    pub matched: usize,
    /// All matches worth showing.
    pub matches: usize,
    /// The entry that the matches are as of.
    pub as_of: i64,
    /// The digest of all matches: two runs that found the same have the same.
    pub digest: String,
    /// The best match of each need, best first, at most as many as were asked for.
    pub examples: Vec<(RecordRef, MatchView)>,
}

/// A need with the matches that were kept, for lists.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KeptMatches {
    pub need: RecordRef,
    pub region_name: String,
    pub best: Option<MatchView>,
    /// How many more matches were worth showing.
    pub others: usize,
}

/// What changed since the matches were made.
struct Changed {
    records: HashSet<RecordId>,
    everything: bool,
}

impl App {
    /// Matches every active need against every kind of resource, on all cores. Needs that nothing
    /// changed for keep their matches, unless `anew`; on another day, or under other weights or topics,
    /// everything is matched. `progress` hears how many needs are done.
    pub fn match_all(&self, viewer: &Viewer, anew: bool, examples: usize, progress: &mut dyn FnMut(usize)) -> Result<MatchSummary, AppError> {
        if self.topics.get(&self.index.analyzer()).is_none() {
            self.learn_topics()?;
        }
        let path = file_in(self.dir());
        let as_of = self.index.cursor();
        let epoch = self.match_epoch(viewer)?;
        let mut kept = Matched::load(&path);
        if kept.head.epoch != epoch || kept.head.cursor > as_of {
            kept = Matched::default();
            kept.head.statistics = Arc::new(self.index.statistics().map_err(crate::follow::index_error)?);
        }
        let changed = Changed { everything: anew || kept.head.cursor == 0, ..self.changed_since(kept.head.cursor)? };
        let needs = self.active_needs()?;
        let still = Arc::clone(&kept.head.statistics);
        let mut now = Matched::default();
        let mut ranked = 0;
        let mut done = 0;
        for chunk in needs.chunks(CHUNK) {
            let again = |id: &RecordId| self.matched_again(viewer, id, kept.needs.get(id), &changed, &still);
            let found: Vec<Option<(Kept, bool)>> = chunk.par_iter().map(again).collect::<Result<_, AppError>>()?;
            for (id, found) in chunk.iter().zip(found) {
                if let Some((matches, fresh)) = found {
                    ranked += usize::from(fresh);
                    now.needs.insert(id.clone(), matches);
                }
            }
            done += chunk.len();
            progress(done);
        }
        now.head = crate::matched::Head { cursor: as_of, epoch, statistics: still };
        now.save(&path)?;
        self.summary(&now, ranked, examples)
    }

    /// A page of the needs of the viewer's region with the matches that were kept, for the office, and the
    /// entry they are as of.
    pub fn kept_matches(&self, viewer: &Viewer, skip: usize, limit: usize) -> Result<(Vec<KeptMatches>, i64), AppError> {
        if !matches!(viewer.role, Role::Officer | Role::Leader | Role::Admin) {
            let reason = text!("只有经办人和领导可以查看", "only officers and leaders may see this");
            return Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }));
        }
        let kept = Matched::load(&file_in(self.dir()));
        let mut needs: Vec<(&RecordId, &Kept)> = kept.needs.iter().filter(|(_, kept)| kept.best.is_some()).collect();
        let score = |kept: &Kept| kept.best.as_ref().map_or(0.0, |best| best.score);
        needs.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)).then_with(|| a.0.cmp(b.0)));
        let mut shown = Vec::new();
        self.store().read(|view| {
            for (id, matches) in needs {
                let Some(need) = seen(readable(viewer, view, id))?.filter(|need| viewer.region.contains(need.region)) else { continue };
                let best = match &matches.best {
                    Some(best) => seen(readable(viewer, view, &best.record.id))?.map(|_| best.clone()),
                    None => None,
                };
                shown.push(KeptMatches { need: reference(&need), region_name: need.region.path(), best, others: matches.matches.len().saturating_sub(1) });
                if shown.len() >= skip + limit {
                    break;
                }
            }
            Ok::<_, AppError>(())
        })?;
        Ok((shown.split_off(skip.min(shown.len())), kept.head.cursor))
    }

    /// What all matches hang on beside the records.
    fn match_epoch(&self, viewer: &Viewer) -> Result<String, AppError> {
        let weights = serde_json::to_string(&self.matching_weights()?).map_err(|fault| AppError::Internal(fault.into()))?;
        let analyzer = self.index.analyzer();
        let fingerprint = analyzer.fingerprint();
        let topics = self.topics.get(&analyzer).map(|topics| Digest::of(&[&topics.to_bytes(fingerprint)]).to_string());
        let clearance = viewer.clearance().as_str();
        Ok(format!("{} {clearance} {fingerprint:016x} {} {}", self.now().china_date(), Digest::of(&[weights.as_bytes()]), topics.unwrap_or_default()))
    }

    fn active_needs(&self) -> Result<Vec<RecordId>, AppError> {
        let mut ids = Vec::new();
        let flow = self.store().read(|view| {
            view.for_each_record("need", |row| {
                if row.record.state == RecordState::Active {
                    ids.push(row.record.id);
                }
                ControlFlow::<()>::Continue(())
            })
        })?;
        debug_assert!(flow.is_continue());
        Ok(ids)
    }

    /// The records that changed after an entry, and those whose responders' cases moved.
    fn changed_since(&self, seq: i64) -> Result<Changed, AppError> {
        let mut records = HashSet::new();
        self.store().read(|view| {
            let mut cursor = seq;
            loop {
                let rows = view.records_changed(cursor, BATCH)?;
                let Some(last) = rows.last() else { break };
                cursor = last.entry;
                records.extend(rows.into_iter().map(|row| row.record.id));
            }
            let mut cursor = seq;
            loop {
                let rows = view.matters_changed(cursor, BATCH)?;
                let Some(last) = rows.last() else { break };
                cursor = last.entry;
                for row in rows.into_iter().filter(|row| row.kind == CASE) {
                    let Ok(case) = crate::casework::case_of(row.body) else { continue };
                    for responder in case.introductions.iter().filter_map(|introduction| RecordId::parse(&introduction.responder.id)) {
                        records.extend(view.links_to(&responder, OF_RESPONDER)?.into_iter().map(|link| link.from));
                        records.insert(responder);
                    }
                }
            }
            Ok::<_, AppError>(Changed { records, everything: false })
        })
    }

    /// The matches of a need and whether they had to be made again; nothing if it is gone or not for
    /// this viewer.
    fn matched_again(
        &self,
        viewer: &Viewer,
        id: &RecordId,
        kept: Option<&Kept>,
        changed: &Changed,
        still: &Arc<Statistics>,
    ) -> Result<Option<(Kept, bool)>, AppError> {
        let Some(need) = seen(self.store().read(|view| readable(viewer, view, id)))? else { return Ok(None) };
        let Some(own) = schema(&need.kind) else { return Ok(None) };
        let kinds = kinds_for(own);
        let found = self.found(viewer, &need, true, &kinds, Some(self.now().china_date()), Some(Arc::clone(still)))?;
        let mut scores = String::new();
        for hit in found.hits.values().flatten() {
            scores.push_str(&format!("{} {} {} {:?}\n", hit.id, hit.text.words.to_bits(), hit.text.bigrams.to_bits(), hit.dense.map(f32::to_bits)));
        }
        let candidates = Digest::of(&[scores.as_bytes()]);
        let touched = changed.everything || changed.records.contains(id) || found.hits.values().flatten().any(|hit| changed.records.contains(&hit.id));
        if let Some(kept) = kept.filter(|kept| !touched && kept.candidates == candidates) {
            return Ok(Some((kept.clone(), false)));
        }
        let ranker = self.ranker_of(viewer, found, self.matching_weights()?)?;
        Ok(Some((Kept { candidates, ..matched(&ranker, &kinds) }, true)))
    }

    fn summary(&self, matched: &Matched, ranked: usize, examples: usize) -> Result<MatchSummary, AppError> {
        let counts = matched.needs.values().map(|kept| kept.matches.len());
        let mut best: Vec<(&RecordId, &MatchView)> = matched.needs.iter().filter_map(|(id, kept)| Some((id, kept.best.as_ref()?))).collect();
        best.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then_with(|| a.0.cmp(b.0)));
        best.truncate(examples);
        let ids: Vec<RecordId> = best.iter().map(|(id, _)| (*id).clone()).collect();
        let titles: std::collections::HashMap<RecordId, String> =
            self.store().read(|view| view.get_many(&ids))?.into_iter().map(|row| (row.record.id.clone(), title(&row.record))).collect();
        let named = |id: &RecordId| RecordRef { id: id.clone(), kind: "need".to_string(), title: titles.get(id).cloned().unwrap_or_default() };
        Ok(MatchSummary {
            needs: matched.needs.len(),
            ranked,
            matched: counts.clone().filter(|count| *count > 0).count(),
            matches: counts.sum(),
            as_of: matched.head.cursor,
            digest: matched.digest()?.to_string(),
            examples: best.into_iter().map(|(id, best)| (named(id), best.clone())).collect(),
        })
    }
}

/// What a need is matched with, from ranked candidates.
fn matched(ranker: &Ranker, kinds: &[&str]) -> Kept {
    let mut found: Vec<MatchView> = kinds.iter().flat_map(|kind| ranker.ranked(kind, PER_KIND)).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.record.id.cmp(&b.record.id)));
    let brief = |found: &MatchView| Brief { id: found.record.id.clone(), kind: found.record.kind.clone(), score: found.score };
    let matches = found.iter().map(brief).collect();
    Kept { candidates: Digest::of(&[]), matches, best: found.into_iter().next() }
}

/// The record, or nothing where the viewer may not know of it.
fn seen(read: Result<Record, AppError>) -> Result<Option<Record>, AppError> {
    match read {
        Err(AppError::NotFound) => Ok(None),
        other => other.map(Some),
    }
}
