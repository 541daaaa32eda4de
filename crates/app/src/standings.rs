//! How cases went with each responder: kept in memory, brought up to the journal's matters whenever
//! somebody asks, so that no page reads all cases.

use crate::casework::{CASE, case_of};
use crate::{App, AppError, Viewer};
use duijie_docking::{Case, CaseState, IntroductionState, Outcome, Side};
use duijie_matching::{Analyzer, Ended, Profile, QueryTerms, Standing};
use duijie_record::{Record, Value, Visibility, schema};
use duijie_store::{MatterFilter, MatterOrder, View};
use duijie_vocab::{RecordId, name_key};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

/// How many open introductions a responder may have where its record says nothing.
pub(crate) const LOAD_LIMIT: u32 = 8;
const PAGE: usize = 1_000;

/// What every case says of its responders, and the entry up to which that was read.
#[derive(Default)]
pub(crate) struct Standings {
    cursor: Option<i64>,
    /// Of the analyzer that gave the words.
    fingerprint: u64,
    by_case: BTreeMap<RecordId, Vec<Share>>,
    told: Arc<Told>,
}

/// What one case says of one responder.
#[derive(Default)]
struct Share {
    responder: String,
    name: String,
    open: bool,
    ended: Option<(Ended, Option<u8>)>,
    /// The words of the need, if this responder solved it.
    solved: Option<Arc<BTreeSet<String>>>,
}

/// The sums over all cases, by responder, and the responders' names.
#[derive(Default)]
pub(crate) struct Told {
    by_responder: HashMap<String, Standing>,
    by_name: HashMap<String, Vec<String>>,
    solved: BTreeMap<String, Vec<Arc<BTreeSet<String>>>>,
}

impl App {
    /// The standings as of now.
    pub(crate) fn standings(&self) -> Result<Arc<Told>, AppError> {
        let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let analyzer = self.index.analyzer();
        if self.store().read(|view| standings.catch_up(view, &analyzer))? {
            standings.told = Arc::new(Told::of(standings.by_case.values().flatten()));
        }
        Ok(Arc::clone(&standings.told))
    }

    /// The profile of a record with the standing of whoever answers for it, as far as the viewer may
    /// know: how cases went is for people with an account.
    pub(crate) fn profile_of(&self, view: &mut View<'_>, viewer: &Viewer, record: &Record, told: &Told) -> Result<Option<Profile>, AppError> {
        let Some(schema) = schema(&record.kind) else { return Ok(None) };
        let mut profile = Profile::from_record(record, schema);
        if viewer.clearance() >= Visibility::Registered && schema.resource {
            profile.standing = Some(told.standing_of(view, record, profile.holder.as_deref())?);
        }
        Ok(Some(profile))
    }
}

impl Standings {
    /// Reads the cases that moved since; whether any did.
    fn catch_up(&mut self, view: &mut View<'_>, analyzer: &Analyzer) -> Result<bool, AppError> {
        if self.fingerprint != analyzer.fingerprint() {
            *self = Standings { fingerprint: analyzer.fingerprint(), told: Arc::clone(&self.told), ..Standings::default() };
        }
        let Some(mut cursor) = self.cursor else {
            self.cursor = Some(view.head()?.seq);
            self.read_all(view, analyzer)?;
            return Ok(true);
        };
        let mut moved = false;
        loop {
            let rows = view.matters_changed(cursor, PAGE)?;
            let Some(last) = rows.last() else { break };
            cursor = last.entry;
            for row in rows.into_iter().filter(|row| row.kind == CASE) {
                self.take_in(row.id, row.body, analyzer);
                moved = true;
            }
        }
        self.cursor = Some(cursor);
        Ok(moved)
    }

    fn read_all(&mut self, view: &mut View<'_>, analyzer: &Analyzer) -> Result<(), AppError> {
        let mut after = None;
        loop {
            let page = view.matters(CASE, &MatterFilter::default(), MatterOrder::Updated, after.as_ref(), PAGE)?;
            for row in page.rows {
                self.take_in(row.id, row.body, analyzer);
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// A case whose payload was erased says nothing any more.
    fn take_in(&mut self, id: RecordId, body: serde_json::Value, analyzer: &Analyzer) {
        let shares = case_of(body).map(|case| shares(&case, analyzer)).unwrap_or_default();
        self.by_case.insert(id, shares);
    }
}

fn shares(case: &Case, analyzer: &Analyzer) -> Vec<Share> {
    let stars = case.surveys.iter().find(|survey| survey.side == Side::Seeker).map(|survey| survey.satisfaction.stars);
    let words = if case.outcome.is_some() { Arc::new(words(case, analyzer)) } else { Arc::default() };
    let share = |introduction: &duijie_docking::Introduction| Share {
        responder: introduction.responder.id.clone(),
        name: introduction.responder.name.clone(),
        open: case.state.is_open() && introduction.state.is_open(),
        ended: ended(case, introduction.state).map(|ended| (ended, stars)),
        solved: matches!(ended(case, introduction.state), Some(Ended::Solved | Ended::Partly)).then(|| Arc::clone(&words)),
    };
    case.introductions.iter().map(share).collect()
}

/// The words of a need, as the analyzer gives them.
fn words(case: &Case, analyzer: &Analyzer) -> BTreeSet<String> {
    let tokens = analyzer.tokens(&case.need.joined());
    tokens.iter().filter(|token| token.word).map(|token| token.term.to_string()).collect()
}

/// What became of a case, for a responder that took part in it to the end.
fn ended(case: &Case, introduction: IntroductionState) -> Option<Ended> {
    match (case.state, introduction) {
        (CaseState::Closed | CaseState::Unsolved, IntroductionState::NoHelpAvailable) => Some(Ended::NotSolved),
        (CaseState::Unsolved, IntroductionState::Accepted | IntroductionState::Helped) => Some(Ended::NotSolved),
        (CaseState::Closed, IntroductionState::Accepted | IntroductionState::Helped) => Some(match case.outcome? {
            Outcome::Solved => Ended::Solved,
            Outcome::Partly => Ended::Partly,
            Outcome::NotSolved => Ended::NotSolved,
        }),
        _ => None,
    }
}

impl Told {
    fn of<'s>(shares: impl Iterator<Item = &'s Share>) -> Told {
        let mut told = Told::default();
        for share in shares {
            let standing = told.by_responder.entry(share.responder.clone()).or_insert_with(|| Standing::with_limit(LOAD_LIMIT));
            standing.open += u32::from(share.open);
            if let Some((ended, stars)) = share.ended {
                standing.add_closed(ended, stars);
            }
            if let Some(words) = &share.solved {
                told.solved.entry(share.responder.clone()).or_default().push(Arc::clone(words));
            }
            let same_name = told.by_name.entry(name_key(&share.name)).or_default();
            if !same_name.contains(&share.responder) {
                same_name.push(share.responder.clone());
            }
        }
        told
    }

    /// Tells `each` of every need that somebody solved and that has words in common with `terms`.
    pub(crate) fn solved_by_experts(&self, terms: &QueryTerms, mut each: impl FnMut(&RecordId, &[&str]) -> Result<(), AppError>) -> Result<(), AppError> {
        for (responder, needs) in &self.solved {
            let Some(id) = RecordId::parse(responder) else { continue };
            for words in needs {
                let common: Vec<&str> = terms.words.iter().map(|term| term.term.as_str()).filter(|term| words.contains(*term)).collect();
                if !common.is_empty() {
                    each(&id, &common)?;
                }
            }
        }
        Ok(())
    }

    /// The standing of whoever answers for a record: an expert or an organization itself, of everything
    /// else its holder. Only holders of a responder's name are looked up.
    fn standing_of(&self, view: &mut View<'_>, record: &Record, holder: Option<&str>) -> Result<Standing, AppError> {
        let known = |responder: &str| self.by_responder.get(responder).cloned();
        let found = if matches!(record.kind.as_str(), "expert" | "organization") {
            known(record.id.as_str())
        } else {
            match holder.and_then(|holder| self.by_name.get(&name_key(holder))) {
                None => None,
                Some(responders) => {
                    let owner = schema(&record.kind).and_then(|schema| schema.owner.clone());
                    let linked = view.links_from(&record.id)?.into_iter().find(|link| Some(&link.field) == owner.as_ref()).and_then(|link| link.to);
                    linked.filter(|linked| responders.iter().any(|responder| responder == linked.as_str())).and_then(|linked| known(linked.as_str()))
                }
            }
        };
        let limit = record.body.get("load_limit").and_then(Value::as_int).and_then(|limit| u32::try_from(limit).ok());
        let standing = found.unwrap_or_else(|| Standing::with_limit(LOAD_LIMIT));
        Ok(Standing { limit: limit.unwrap_or(standing.limit), ..standing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(responder: &str, open: bool, ended: Option<(Ended, Option<u8>)>) -> Share {
        Share { responder: responder.into(), name: format!("{responder} 名"), open, ended, solved: None }
    }

    #[test]
    fn the_shares_of_all_cases_add_up_by_responder() {
        let shares = [
            share("org_a", false, Some((Ended::Solved, Some(5)))),
            share("org_a", false, Some((Ended::NotSolved, None))),
            share("org_a", true, None),
            share("org_b", true, None),
        ];
        let told = Told::of(shares.iter());
        let standing = &told.by_responder["org_a"];
        assert_eq!((standing.closed, standing.solved, standing.open, standing.worth, standing.mean_stars()), (2, 1, 1, 1.0, Some(5.0)));
        assert_eq!(told.by_name[&name_key("org_a 名")], ["org_a"]);
        assert_eq!(told.by_responder["org_b"].closed, 0);
    }
}
