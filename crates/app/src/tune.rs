//! Learning the weights of matching from matches that somebody judged, and from what became of
//! introductions.

use crate::casework::{CASE, case_of};
use crate::follow::index_error;
use crate::matches::{CANDIDATES, kinds_for};
use crate::weights::FILE;
use crate::{Action, App, AppError, Target, Viewer};
use duijie_docking::{Case, CaseState, IntroductionState, Outcome};
use duijie_matching::{Candidate, Judged, Profile, Ranking, TextScore, Tuning, rank, tune};
use duijie_record::{Record, schema};
use duijie_search::CandidateQuery;
use duijie_store::{MatterFilter, MatterOrder};
use duijie_vocab::{Diagnostic, RecordId, text};
use std::collections::{BTreeMap, HashMap};

const PAGE: usize = 1_000;

/// How good each record was for a need.
type Grades = HashMap<RecordId, u32>;

impl App {
    /// Learns from the outcomes of cases and from lines of `need <tab> record <tab> grade`, where 0 is
    /// no match and 3 a perfect one. Nothing is written: whoever asked decides about the weights.
    pub fn tune_matching(&self, viewer: &Viewer, judgements: &str) -> Result<Tuning, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let mut judged = Vec::new();
        for (need, grades) in read(judgements)? {
            let asking = self.store().read(|view| view.get(&need))?;
            if let Some(asking) = asking {
                judged.push(self.judged(viewer, &asking.record, &grades)?);
            }
        }
        for case in self.ended_cases()? {
            let grades = outcomes(&case);
            let need = crate::case_match::need_record(&case.need, case.region, self.now());
            judged.push(self.judged(viewer, &need, &grades)?);
        }
        let wrong = |fault| AppError::Invalid(vec![Diagnostic::error("tune", text!("无法学习：{fault}", "nothing can be learnt: {fault}"))]);
        tune(&judged, &self.matching_weights()?).map_err(wrong)
    }

    /// Puts learnt weights in force; weights that are no better are refused.
    pub fn put_learnt_weights(&self, viewer: &Viewer, tuning: &Tuning) -> Result<(), AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        if !tuning.better {
            let fault = Diagnostic::error("tune.no_gain", text!("没有更好的权重，保持不变", "no better weights were found; keep those in force"));
            return Err(AppError::Invalid(vec![fault]));
        }
        let weights = serde_json::to_string_pretty(&tuning.weights).map_err(|fault| AppError::Internal(fault.into()))?;
        let (path, draft) = (self.dir().join(FILE), self.dir().join(FILE).with_extension("new"));
        std::fs::write(&draft, weights)
            .and_then(|()| std::fs::rename(&draft, &path))
            .map_err(|fault| AppError::Unavailable(text!("权重没有写入（{fault}）", "the weights were not written ({fault})")))
    }

    /// The cases whose introductions can tell a better responder from a worse one.
    fn ended_cases(&self) -> Result<Vec<Case>, AppError> {
        let states = [CaseState::Closed, CaseState::Unsolved, CaseState::InProgress, CaseState::Agreed, CaseState::Contracted, CaseState::Delivered];
        let filter = MatterFilter { states: states.iter().map(|state| state.as_str().to_string()).collect(), ..MatterFilter::default() };
        let (mut cases, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().read(|view| view.matters(CASE, &filter, MatterOrder::Updated, after.as_ref(), PAGE))?;
            // An erased case teaches nothing.
            cases.extend(page.rows.into_iter().filter_map(|row| case_of(row.body).ok()).filter(|case| case.introductions.len() > 1));
            after = page.next;
            if after.is_none() {
                return Ok(cases);
            }
        }
    }

    /// The judged records of a need, scored as matching scores them.
    fn judged(&self, viewer: &Viewer, need: &Record, grades: &Grades) -> Result<Judged, AppError> {
        let ids: Vec<RecordId> = grades.keys().cloned().collect();
        let (Some(own), true) = (schema(&need.kind), ids.len() > 1) else { return Ok(Judged::default()) };
        let profile = Profile::from_record(need, own);
        let kinds = kinds_for(own).into_iter().map(str::to_string).collect();
        let query = CandidateQuery { kinds, viewer: viewer.clearance(), limit: CANDIDATES, ..CandidateQuery::default() };
        let (terms, found) = self.index.candidates_by_kind(&profile, &query).map_err(index_error)?;
        let scores: HashMap<&RecordId, (TextScore, Option<f32>)> = found.values().flatten().map(|hit| (&hit.id, (hit.text, hit.dense))).collect();
        let rows = self.store().read(|view| view.get_many(&ids))?;
        // Without standings: they hold the very outcomes that are learnt from.
        let candidate = |record: &Record| {
            let (text, dense) = scores.get(&record.id).copied().unwrap_or_default();
            Some(Candidate { profile: Profile::from_record(record, schema(&record.kind)?), text, dense })
        };
        let candidates: Vec<Candidate> = rows.iter().filter_map(|row| candidate(&row.record)).collect();
        let (weights, analyzer) = (self.matching_weights()?, self.index.analyzer());
        let topics = self.topics.get(&analyzer);
        let ranking = Ranking {
            analyzer: &analyzer,
            weights: &weights,
            topics: topics.as_deref(),
            terms: &terms,
            today: self.now().china_date(),
            limit: candidates.len(),
            per_holder: 0,
        };
        let matches = rank(&profile, candidates, &ranking);
        Ok(Judged::of(&matches, |found| found.id.as_ref().and_then(|id| grades.get(id)).copied().unwrap_or(0)))
    }
}

/// What became of each introduction of a case as a grade of the record it came through. Who never
/// answered may just have been away, and says nothing about the match.
fn outcomes(case: &Case) -> Grades {
    let grade = |state| match state {
        IntroductionState::Helped if case.outcome == Some(Outcome::Solved) => Some(3),
        IntroductionState::Helped => Some(2),
        IntroductionState::Accepted => Some(1),
        IntroductionState::NotForMe | IntroductionState::NoHelpAvailable => Some(0),
        IntroductionState::Sent | IntroductionState::Unreachable => None,
    };
    let through = |introduction: &duijie_docking::Introduction| {
        let id = introduction.responder.through.clone().or_else(|| RecordId::parse(&introduction.responder.id))?;
        Some((id, grade(introduction.state)?))
    };
    case.introductions.iter().filter_map(through).collect()
}

type Judgements = BTreeMap<RecordId, Grades>;

/// All faults are told at once, each with its line.
fn read(judgements: &str) -> Result<Judgements, AppError> {
    let mut read = Judgements::new();
    let mut faults = Vec::new();
    for (at, line) in judgements.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut cells = line.split('\t').map(str::trim);
        let mut id = || cells.next().and_then(RecordId::parse);
        let (need, record) = (id(), id());
        let grade = cells.next().and_then(|grade| grade.parse::<u32>().ok()).filter(|grade| *grade <= 10);
        let number = at + 1;
        match (need, record, grade) {
            (Some(need), Some(record), Some(grade)) => {
                read.entry(need).or_default().insert(record, grade);
            }
            _ => faults.push(Diagnostic::error("tune.line", text!("第 {number} 行有误", "line {number} cannot be read")).help(text!(
                "每行：需求编号、资源编号、0 到 10 的评分，以制表符分隔",
                "a line is: id of the need, id of the record, a grade from 0 to 10, with tabs between"
            ))),
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(AppError::Invalid(faults)) }
}
