//! The clocks of a case: when each one rings next, and ringing. A clock that rang leaves a mark in
//! the case, so that it never rings twice; a clock that was set back rings no earlier and no more.

use crate::{Act, Calendar, Case, CaseState, IntroductionState, Refusal, Rules, Step, Who};
use duijie_vocab::{Text, Timestamp, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Nobody claimed the case.
    Triage,
    /// The only introduction of a case has no answer yet.
    Pending,
    Reminder,
    LastChance,
    Abandon,
    Satisfaction,
    /// A payment will be due.
    Payment,
}

/// One ringing: which clock, of what, in which round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    pub clock: Clock,
    /// The responder or the number of the payment; empty for a clock of the whole case.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Handing in again or sending again starts a new round.
    pub round: u32,
}

/// A clock that will ring.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub at: Timestamp,
    pub mark: Mark,
}

impl Clock {
    pub const ALL: [Clock; 7] = [Clock::Triage, Clock::Pending, Clock::Reminder, Clock::LastChance, Clock::Abandon, Clock::Satisfaction, Clock::Payment];

    pub fn name(self) -> Text {
        match self {
            Clock::Triage => text!("待认领", "to be claimed"),
            Clock::Pending => text!("唯一推介待答复", "lone introduction pending"),
            Clock::Reminder => text!("提醒答复", "reminder"),
            Clock::LastChance => text!("最后提醒", "last chance"),
            Clock::Abandon => text!("逾期终止", "abandonment"),
            Clock::Satisfaction => text!("满意度回访", "satisfaction survey"),
            Clock::Payment => text!("付款到期", "payment due"),
        }
    }
}

impl Case {
    /// The clock that rings next, if one is running.
    pub fn due(&self, rules: &Rules, calendar: &Calendar) -> Option<Due> {
        self.clocks(rules, calendar).into_iter().min()
    }

    /// Rings every clock that is due at `now`, in order. Of the reminders of one introduction only
    /// the last that is due rings, so that a product that was switched off does not send three at once.
    /// Calling it again with the same or an earlier `now` does nothing.
    pub fn ring(&self, now: Timestamp, rules: &Rules, calendar: &Calendar) -> Result<Vec<Step>, Refusal> {
        let mut due: Vec<Due> = self.clocks(rules, calendar).into_iter().filter(|due| due.at <= now).collect();
        due.sort();
        let mut steps: Vec<Step> = Vec::new();
        for (at, next) in due.iter().enumerate() {
            let case = steps.last().map_or(self, |step| &step.after);
            let superseded = due[at + 1..].iter().any(|later| later.mark.supersedes(&next.mark));
            if superseded || !case.clocks(rules, calendar).contains(next) {
                continue;
            }
            steps.push(case.act(Act::Ring { mark: next.mark.clone() }, &Who::product(), now, rules)?);
        }
        Ok(steps)
    }

    /// Whether a clock of what the case now waits for has rung: nobody did in time what was theirs.
    pub fn is_late(&self) -> bool {
        let rang = |clock, of: &str, round| self.rung.contains(&Mark { clock, of: of.to_string(), round });
        let waits = |introduction: &&crate::Introduction| introduction.state == IntroductionState::Sent && self.has_responders();
        let unanswered = |introduction: &crate::Introduction| {
            let of = introduction.responder.id.as_str();
            [Clock::Pending, Clock::Reminder, Clock::LastChance].into_iter().any(|clock| rang(clock, of, introduction.round))
        };
        let unclaimed = self.state == CaseState::Submitted && rang(Clock::Triage, "", self.submissions);
        unclaimed || self.introductions.iter().filter(waits).any(unanswered)
    }

    /// Every clock that is running and has not rung.
    pub fn clocks(&self, rules: &Rules, calendar: &Calendar) -> Vec<Due> {
        let mut running = Vec::new();
        let spans = &rules.clocks;
        let mut start = |clock, of: &str, round, at| running.push(Due { at, mark: Mark { clock, of: of.to_string(), round } });
        if self.state == CaseState::Submitted {
            start(Clock::Triage, "", self.submissions, calendar.after(self.since, spans.triage));
        }
        if self.state == CaseState::Introduced {
            start(Clock::Abandon, "", self.introduced_times, calendar.after(self.since, spans.abandon));
        }
        let waiting = self.introductions.iter().filter(|introduction| introduction.state == IntroductionState::Sent);
        for introduction in waiting.filter(|_| self.has_responders()) {
            let of = introduction.responder.id.as_str();
            let lone = self.introductions.len() == 1 && self.state == CaseState::Introduced;
            if lone {
                start(Clock::Pending, of, introduction.round, calendar.after(introduction.sent, spans.pending));
            }
            start(Clock::Reminder, of, introduction.round, calendar.after(introduction.sent, spans.reminder));
            start(Clock::LastChance, of, introduction.round, calendar.after(introduction.sent, spans.last_chance));
        }
        if let Some(closed) = self.first_closed.filter(|_| self.state == CaseState::Closed) {
            start(Clock::Satisfaction, "", 1, calendar.after(closed, spans.satisfaction));
        }
        let paying = matches!(self.state, CaseState::Contracted | CaseState::Delivered);
        for contract in self.contract.iter().filter(|_| paying) {
            let unpaid = contract.payments.iter().enumerate().filter(|(_, payment)| payment.paid.is_none());
            for (number, payment) in unpaid {
                start(Clock::Payment, &number.to_string(), 1, calendar.before(payment.due, spans.payment_notice));
            }
        }
        running.retain(|due| !self.rung.iter().any(|rung| rung == &due.mark || rung.supersedes(&due.mark)));
        running
    }
}

impl Mark {
    /// Whether somebody who heard this one need not hear `other` any more.
    fn supersedes(&self, other: &Mark) -> bool {
        let strength = |clock| match clock {
            Clock::Pending => 1,
            Clock::Reminder => 2,
            Clock::LastChance => 3,
            _ => 0,
        };
        let of_one_introduction = self.of == other.of && self.round == other.round;
        of_one_introduction && strength(other.clock) > 0 && strength(self.clock) > strength(other.clock)
    }
}
