//! Learning the weights of matching from matches that somebody judged.

use crate::follow::index_error;
use crate::matches::kinds_for;
use crate::{App, AppError, Viewer};
use duijie_matching::{Analyzer, Candidate, Judged, Profile, Ranking, TextScore, Tuning, rank, tune};
use duijie_record::{Record, schema};
use duijie_search::CandidateQuery;
use duijie_vocab::{Diagnostic, RecordId, text};
use std::collections::{BTreeMap, HashMap};

/// How many candidates of each kind stand beside the judged ones.
const CANDIDATES: usize = 60;

impl App {
    /// Learns from lines of `need <tab> record <tab> grade`, where 0 is no match and 3 a perfect one.
    /// Nothing is written: whoever asked decides about the weights.
    pub fn tune_matching(&self, viewer: &Viewer, judgements: &str) -> Result<Tuning, AppError> {
        let mut judged = Vec::new();
        for (need, grades) in read(judgements)? {
            judged.push(self.judged(viewer, &need, &grades)?);
        }
        let wrong = |fault| AppError::Invalid(vec![Diagnostic::error("tune", text!("无法学习：{fault}", "nothing can be learnt: {fault}"))]);
        tune(&judged, &self.matching_weights()?).map_err(wrong)
    }

    /// The judged records of a need, scored as matching scores them.
    fn judged(&self, viewer: &Viewer, need: &RecordId, grades: &HashMap<RecordId, u32>) -> Result<Judged, AppError> {
        let ids: Vec<RecordId> = grades.keys().cloned().chain([need.clone()]).collect();
        let rows = self.store().read(|view| view.get_many(&ids))?;
        let records: HashMap<RecordId, Record> = rows.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
        let (Some(asking), true) = (records.get(need), grades.len() > 1) else { return Ok(Judged::default()) };
        let Some(own) = schema(&asking.kind) else { return Ok(Judged::default()) };
        let profile = Profile::from_record(asking, own);
        let kinds = kinds_for(own).into_iter().map(str::to_string).collect();
        let query = CandidateQuery { kinds, viewer: viewer.clearance(), limit: CANDIDATES, ..CandidateQuery::default() };
        let (terms, found) = self.index.candidates_by_kind(&profile, &query).map_err(index_error)?;
        let scores: HashMap<&RecordId, TextScore> = found.values().flatten().map(|hit| (&hit.id, hit.text)).collect();
        let candidate = |record: &Record| {
            let text = scores.get(&record.id).copied().unwrap_or_default();
            Some(Candidate { profile: Profile::from_record(record, schema(&record.kind)?), text, dense: None })
        };
        let candidates: Vec<Candidate> = records.values().filter(|record| record.id != *need).filter_map(candidate).collect();
        let (weights, topics) = (self.matching_weights()?, self.topics.get());
        let ranking = Ranking {
            analyzer: &Analyzer::shared(),
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

type Judgements = BTreeMap<RecordId, HashMap<RecordId, u32>>;

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
