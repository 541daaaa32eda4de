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

const HOUR_MICROS: i64 = 3_600_000_000;
const NINE_DAYS_MICROS: i64 = 9 * 24 * HOUR_MICROS;

impl Figures {
    /// Counts one case, if it was ever handed in.
    pub fn add(&mut self, case: &Case) {
        let Some(submitted) = case.first_submitted else { return };
        let tally = &mut self.tally;
        tally.submitted += 1;
        tally.introduced += u64::from(case.first_introduced.is_some());
        tally.abandoned += u64::from(case.abandoned);
        tally.closed += u64::from(case.state == CaseState::Closed);
        tally.returned += u64::from(case.state == CaseState::Returned);
        tally.withdrawn += u64::from(case.state == CaseState::Withdrawn);
        tally.open += u64::from(case.state.is_open());
        match case.outcome {
            Some(Outcome::Solved) => tally.solved += 1,
            Some(Outcome::Partly) => tally.partly += 1,
            Some(Outcome::NotSolved) => tally.not_solved += 1,
            None => {}
        }
        if let Some(contract) = &case.contract {
            tally.contracted += 1;
            tally.contract_amount = Fen(tally.contract_amount.0.saturating_add(contract.amount.0));
        }
        if let (Some(introduced), Some(answered)) = (case.first_introduced, case.first_answered) {
            tally.answered += 1;
            tally.answered_in_9_days += u64::from(answered.micros() - introduced.micros() <= NINE_DAYS_MICROS);
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
