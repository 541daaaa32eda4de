//! Figures of the process, folded from cases: how quickly needs are answered and what becomes of them.

use crate::{Case, CaseState, Outcome};
use duijie_vocab::{Fen, Timestamp};
use serde::Serialize;

/// Counts over cases that were handed in.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    tally: Tally,
    /// Hours from handing in to the first answer of a responder.
    answer_hours: Vec<u32>,
}

/// The figures as they are shown; shares are in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub submitted: u64,
    pub introduced: u64,
    pub answered: u64,
    /// Answered within nine days of the first introduction.
    pub answered_in_9_days: u64,
    pub abandoned: u64,
    pub contracted: u64,
    pub closed: u64,
    pub solved: u64,
    pub partly: u64,
    pub not_solved: u64,
    pub returned: u64,
    pub withdrawn: u64,
    pub open: u64,
    pub contract_amount: Fen,
    pub answered_in_9_days_permille: u64,
    pub abandoned_permille: u64,
    pub solved_permille: u64,
    /// Half of the answers came within this time, nine of ten within the other.
    pub median_answer_hours: u32,
    pub p90_answer_hours: u32,
}

/// A figure that counts cases: which ones, the tally and the list behind the figure ask here alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Submitted,
    Open,
    Introduced,
    Answered,
    /// Answered within nine days of the first introduction.
    AnsweredInNineDays,
    Abandoned,
    Contracted,
    /// Solved, or partly.
    Solved,
    NotSolved,
}

const HOUR_MICROS: i64 = 3_600_000_000;
const NINE_DAYS_MICROS: i64 = 9 * 24 * HOUR_MICROS;

impl Figure {
    pub const ALL: [Figure; 9] = [
        Figure::Submitted,
        Figure::Open,
        Figure::Introduced,
        Figure::Answered,
        Figure::AnsweredInNineDays,
        Figure::Abandoned,
        Figure::Contracted,
        Figure::Solved,
        Figure::NotSolved,
    ];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Figure::Submitted => "submitted",
            Figure::Open => "open",
            Figure::Introduced => "introduced",
            Figure::Answered => "answered",
            Figure::AnsweredInNineDays => "answered_in_9_days",
            Figure::Abandoned => "abandoned",
            Figure::Contracted => "contracted",
            Figure::Solved => "solved",
            Figure::NotSolved => "not_solved",
        }
    }

    pub fn parse(word: &str) -> Option<Figure> {
        Figure::ALL.into_iter().find(|figure| figure.as_str() == word)
    }

    /// Whether the figure counts the case; none counts a case that was never handed in.
    pub fn counts(self, case: &Case) -> bool {
        if case.first_submitted.is_none() {
            return false;
        }
        let answer = case.first_introduced.zip(case.first_answered);
        match self {
            Figure::Submitted => true,
            Figure::Open => case.state.is_open(),
            Figure::Introduced => case.first_introduced.is_some(),
            Figure::Answered => answer.is_some(),
            Figure::AnsweredInNineDays => answer.is_some_and(|(introduced, answered)| answered.micros() - introduced.micros() <= NINE_DAYS_MICROS),
            Figure::Abandoned => case.abandoned,
            Figure::Contracted => case.contract.is_some(),
            Figure::Solved => matches!(case.outcome, Some(Outcome::Solved | Outcome::Partly)),
            Figure::NotSolved => case.outcome == Some(Outcome::NotSolved),
        }
    }
}

impl Figures {
    /// Counts one case, if it was ever handed in.
    pub fn add(&mut self, case: &Case) {
        let Some(submitted) = case.first_submitted else { return };
        let tally = &mut self.tally;
        let one = |figure: Figure| u64::from(figure.counts(case));
        tally.submitted += one(Figure::Submitted);
        tally.introduced += one(Figure::Introduced);
        tally.abandoned += one(Figure::Abandoned);
        tally.closed += u64::from(case.state == CaseState::Closed);
        tally.returned += u64::from(case.state == CaseState::Returned);
        tally.withdrawn += u64::from(case.state == CaseState::Withdrawn);
        tally.open += one(Figure::Open);
        tally.solved += u64::from(case.outcome == Some(Outcome::Solved));
        tally.partly += u64::from(case.outcome == Some(Outcome::Partly));
        tally.not_solved += one(Figure::NotSolved);
        tally.contracted += one(Figure::Contracted);
        if let Some(contract) = &case.contract {
            tally.contract_amount = Fen(tally.contract_amount.0.saturating_add(contract.amount.0));
        }
        tally.answered += one(Figure::Answered);
        tally.answered_in_9_days += one(Figure::AnsweredInNineDays);
        if let (Some(_), Some(answered)) = (case.first_introduced, case.first_answered) {
            self.answer_hours.push(hours(submitted, answered));
        }
    }

    /// The figures of everything counted so far.
    pub fn tally(mut self) -> Tally {
        self.answer_hours.sort_unstable();
        let quantile = |percent: usize| {
            self.answer_hours.get((self.answer_hours.len() * percent / 100).min(self.answer_hours.len().saturating_sub(1))).copied().unwrap_or(0)
        };
        let permille = |part: u64, whole: u64| (part * 1000).checked_div(whole).unwrap_or(0);
        let counted = self.tally;
        Tally {
            answered_in_9_days_permille: permille(counted.answered_in_9_days, counted.introduced),
            abandoned_permille: permille(counted.abandoned, counted.introduced),
            solved_permille: permille(counted.solved + counted.partly, counted.submitted),
            median_answer_hours: quantile(50),
            p90_answer_hours: quantile(90),
            ..counted
        }
    }
}

fn hours(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from(to.micros().saturating_sub(from.micros()) / HOUR_MICROS).unwrap_or(0)
}
