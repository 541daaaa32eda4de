//! The table of moves: from where, by which act, to where, who may, what is needed and who is told.
//! Checking, permissions, what pages offer, the documentation and the tests all read this one table;
//! what is not in it cannot happen.

use crate::CaseState::{self, *};
use crate::IntroductionState::{self, Accepted, Helped, NoHelpAvailable, NotForMe, Sent, Unreachable};
use crate::{Hat, Hat::*, Requirement, Requirement::*, Verb};
use duijie_vocab::{Lang, Text, text};
use std::fmt::Write as _;

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub verb: Verb,
    pub from: &'static [CaseState],
    pub to: To,
    pub who: &'static [Hat],
    pub needs: &'static [Requirement],
    pub tells: &'static [Told],
    pub introduction: IntroductionMove,
}

/// Where a move leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Same,
    State(CaseState),
}

/// What the move does to the introduction that the act names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntroductionMove {
    /// The act names none.
    None,
    /// There must be none of this responder yet; one is sent.
    New,
    Moves(&'static [IntroductionState], IntroductionState),
    /// It has to be in one of these states and stays there.
    Stays(&'static [IntroductionState]),
}

/// Who hears of a move, besides the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    Seeker,
    /// The officer who has the case, or the whole desk while nobody has.
    Handler,
    /// The responder whom the act names.
    Responder,
    /// Every responder with an open introduction.
    Responders,
}

const BEFORE_OUTCOME: &[CaseState] = &[Submitted, Triage, Matching, Introduced, InProgress, Agreed, Contracted, Delivered];
const WITH_RESPONDERS: &[CaseState] = &[Introduced, InProgress, Agreed, Contracted, Delivered];
const WORKING_TOGETHER: &[CaseState] = &[InProgress, Agreed, Contracted, Delivered];
const EVERYWHERE: &[CaseState] = &CaseState::ALL;
const ENDED: &[CaseState] = &[Closed, Unsolved];

const fn row(verb: Verb, from: &'static [CaseState], to: To, who: &'static [Hat], needs: &'static [Requirement], tells: &'static [Told]) -> Move {
    Move { verb, from, to, who, needs, tells, introduction: IntroductionMove::None }
}

const fn answer(
    verb: Verb,
    from: &'static [CaseState],
    to: To,
    who: &'static [Hat],
    needs: &'static [Requirement],
    tells: &'static [Told],
    introduction: IntroductionMove,
) -> Move {
    Move { verb, from, to, who, needs, tells, introduction }
}

use IntroductionMove::{Moves, New, Stays};
use To::{Same, State};

/// Every move there is. Opening a case is not one: it has no state before.
pub const MOVES: &[Move] = &[
    row(Verb::Write, &[Draft, Returned], Same, &[Seeker, Adviser, Officer], &[], &[]),
    row(Verb::Write, &[Triage], Same, &[Officer], &[], &[Told::Seeker]),
    row(Verb::Submit, &[Draft, Returned], State(Submitted), &[Seeker, Adviser, Officer], &[NeedTold], &[Told::Handler, Told::Seeker]),
    row(Verb::Claim, &[Submitted], State(Triage), &[Officer], &[], &[]),
    row(Verb::Claim, BEFORE_OUTCOME_BUT_SUBMITTED, Same, &[Officer], &[Unclaimed], &[]),
    row(Verb::Assign, BEFORE_OUTCOME, Same, &[Officer], &[SomebodyNamed], &[Told::Handler]),
    row(Verb::LiftHold, &[Triage], Same, &[Officer], &[Why, HeldSo], &[]),
    row(Verb::Return, &[Triage], State(Returned), &[Officer], &[Why], &[Told::Seeker]),
    row(Verb::Merge, &[Triage], State(Withdrawn), &[Officer], &[Why, AnotherCase], &[Told::Seeker]),
    row(Verb::Split, &[Triage], Same, &[Officer], &[OtherParts], &[Told::Seeker]),
    row(Verb::Admit, &[Triage], State(Matching), &[Officer], &[NoHold, NeedTold], &[Told::Seeker]),
    answer(Verb::Introduce, &[Matching], State(Introduced), &[Officer], &[Room, NoConflict], &[Told::Responder, Told::Seeker], New),
    answer(Verb::Introduce, &[Introduced, InProgress], Same, &[Officer], &[Room, NoConflict], &[Told::Responder, Told::Seeker], New),
    answer(Verb::Accept, &[Introduced], State(InProgress), &[Responder], &[], &[Told::Seeker, Told::Handler], Moves(&[Sent], Accepted)),
    answer(Verb::Accept, WORKING_TOGETHER, Same, &[Responder], &[], &[Told::Seeker, Told::Handler], Moves(&[Sent], Accepted)),
    answer(Verb::Decline, WITH_RESPONDERS, Same, &[Responder], &[Why], &[Told::Handler], Moves(&[Sent], NotForMe)),
    answer(Verb::Help, WORKING_TOGETHER, Same, &[Responder, Officer], &[], &[Told::Seeker, Told::Handler], Moves(&[Accepted], Helped)),
    answer(Verb::NoHelp, WORKING_TOGETHER, Same, &[Responder, Officer], &[Why], &[Told::Seeker, Told::Handler], Moves(&[Accepted], NoHelpAvailable)),
    answer(Verb::Unreachable, WORKING_TOGETHER, Same, &[Responder, Officer], &[Why], &[Told::Handler], Moves(&[Accepted], Unreachable)),
    answer(Verb::Resend, &[Matching], State(Introduced), &[Officer], &[Why, Room], &[Told::Responder], Moves(CLOSED_INTRODUCTIONS, Sent)),
    answer(Verb::Resend, &[Introduced, InProgress], Same, &[Officer], &[Why, Room], &[Told::Responder], Moves(CLOSED_INTRODUCTIONS, Sent)),
    answer(Verb::Promise, WITH_RESPONDERS, Same, &[Responder], &[NotPromised], &[Told::Seeker], Stays(&[Sent, Accepted, Helped])),
    answer(Verb::Consent, WITH_RESPONDERS, Same, &[Seeker, Responder], &[OwnSide, NotConsented], &[Told::Seeker, Told::Responder], Stays(&[Accepted, Helped])),
    row(Verb::Rematch, &[Introduced, InProgress], State(Matching), &[Officer], &[Why, NobodyAtIt], &[Told::Seeker]),
    row(Verb::Escalate, &[Triage, Matching, Introduced, InProgress], State(Escalated), &[Officer], &[Why, LevelAbove], &[Told::Handler, Told::Seeker]),
    row(Verb::Advise, &[Escalated], State(Matching), &[Officer], &[Why], &[Told::Handler, Told::Seeker]),
    row(Verb::Meet, WORKING_TOGETHER, Same, &[Seeker, Adviser, Officer], &[WellFormed], &[Told::Handler]),
    row(Verb::Agree, &[InProgress], State(Agreed), &[Seeker, Adviser, Officer], &[WellFormed, Partner], &[Told::Seeker, Told::Handler, Told::Responders]),
    row(Verb::Contract, &[Agreed], State(Contracted), &[Seeker, Adviser, Officer], &[WellFormed, Partner], &[Told::Seeker, Told::Handler, Told::Responders]),
    row(Verb::AcceptMilestone, &[Contracted], Same, &[Seeker, Adviser, Officer], &[OpenMilestone], &[Told::Handler, Told::Responders]),
    row(Verb::Pay, &[Contracted, Delivered], Same, &[Seeker, Adviser, Officer], &[OpenPayment], &[Told::Handler, Told::Responders]),
    row(Verb::Deliver, &[Contracted], State(Delivered), &[Seeker, Adviser, Officer], &[WellFormed, AllAccepted], &[Told::Seeker, Told::Handler]),
    row(
        Verb::Close,
        &[InProgress, Agreed, Delivered],
        State(Closed),
        &[Seeker, Officer],
        &[Why, SomebodyHelped],
        &[Told::Seeker, Told::Handler, Told::Responders],
    ),
    row(Verb::GiveUp, &[Matching, Introduced, InProgress, Agreed, Contracted], State(Unsolved), &[Officer], &[Why], &[Told::Seeker, Told::Responders]),
    row(Verb::Reopen, &[Unsolved], State(Matching), &[Officer], &[Why], &[Told::Seeker, Told::Handler]),
    row(
        Verb::Withdraw,
        &[Draft, Submitted, Triage, Returned, Matching, Introduced, InProgress, Escalated],
        State(Withdrawn),
        &[Seeker],
        &[Why],
        &[Told::Handler, Told::Responders],
    ),
    row(Verb::Survey, ENDED, Same, &[Seeker, Responder], &[OwnSide, WellFormed, NotSurveyed], &[Told::Handler]),
    row(Verb::Attach, EVERYWHERE, Same, &[Seeker, Adviser, Officer], &[SomethingNamed], &[]),
    row(Verb::Note, EVERYWHERE, Same, &[Adviser, Officer], &[Why], &[]),
    row(Verb::Remind, EVERYWHERE, Same, &[Product], &[NotRung], &[]),
    row(Verb::Abandon, &[Introduced], State(Unsolved), &[Product], &[NotRung], &[Told::Seeker, Told::Handler, Told::Responders]),
    row(Verb::Retime, EVERYWHERE, Same, &[Product], &[], &[]),
];

const BEFORE_OUTCOME_BUT_SUBMITTED: &[CaseState] = &[Triage, Matching, Introduced, InProgress, Agreed, Contracted, Delivered, Escalated];
const CLOSED_INTRODUCTIONS: &[IntroductionState] = &[NotForMe, Helped, NoHelpAvailable, Unreachable];

/// The rows of a verb.
pub fn moves_of(verb: Verb) -> impl Iterator<Item = &'static Move> {
    MOVES.iter().filter(move |row| row.verb == verb)
}

impl Move {
    /// The state after the move when it starts from `from`.
    pub fn leads_to(&self, from: CaseState) -> CaseState {
        match self.to {
            To::Same => from,
            To::State(state) => state,
        }
    }
}

/// The table as Markdown, for the reference.
pub fn table_markdown(lang: Lang) -> String {
    let head = text!("| 办理 | 从 | 到 | 推介 | 谁可以 | 条件 |", "| act | from | to | introduction | who may | needs |");
    let mut out = format!("{}\n|---|---|---|---|---|---|\n", head.get(lang));
    let comma = text!("、", ", ");
    let list = |words: Vec<Text>| words.iter().map(|word| word.get(lang).to_string()).collect::<Vec<_>>().join(comma.get(lang));
    for row in MOVES {
        let from = if row.from.len() == EVERYWHERE.len() {
            text!("任意状态", "anywhere").get(lang).to_string()
        } else {
            list(row.from.iter().map(|state| state.name()).collect())
        };
        let to = match row.to {
            To::Same => text!("不变", "same").get(lang).to_string(),
            To::State(state) => state.name().get(lang).to_string(),
        };
        let introduction = match row.introduction {
            IntroductionMove::None => String::new(),
            IntroductionMove::New => format!("→ {}", Sent.name().get(lang)),
            IntroductionMove::Moves(from, to) => format!("{} → {}", list(from.iter().map(|state| state.name()).collect()), to.name().get(lang)),
            IntroductionMove::Stays(states) => list(states.iter().map(|state| state.name()).collect()),
        };
        let who = list(row.who.iter().map(|hat| hat.name()).collect());
        let needs = list(row.needs.iter().map(|need| need.name()).collect());
        writeln!(out, "| {} | {from} | {to} | {introduction} | {who} | {needs} |", row.verb.name().get(lang)).expect("BUG: writing to a string failed");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Two rows that both fit would make the outcome depend on their order.
    #[test]
    fn at_most_one_row_fits_a_verb_and_a_state() {
        for verb in Verb::ALL {
            for state in CaseState::ALL {
                let fitting = moves_of(*verb).filter(|row| row.from.contains(&state)).count();
                assert!(fitting <= 1, "{verb:?} from {state:?} has {fitting} rows");
            }
        }
    }

    #[test]
    fn every_state_can_be_reached_and_every_open_one_can_be_left() {
        let mut reached = BTreeSet::from([CaseState::Draft]);
        loop {
            let next: BTreeSet<_> =
                MOVES.iter().flat_map(|row| row.from.iter().filter(|from| reached.contains(from)).map(|from| row.leads_to(*from))).collect();
            let before = reached.len();
            reached.extend(next);
            if reached.len() == before {
                break;
            }
        }
        assert_eq!(reached.len(), CaseState::ALL.len());
        for state in CaseState::ALL.into_iter().filter(|state| state.is_open()) {
            assert!(MOVES.iter().any(|row| row.from.contains(&state) && row.leads_to(state) != state), "{state:?} is a dead end");
        }
    }

    #[test]
    fn every_verb_but_opening_is_in_the_table() {
        let missing: Vec<_> = Verb::ALL.iter().filter(|verb| moves_of(**verb).next().is_none()).collect();
        assert_eq!(missing, [&Verb::Open]);
    }

    #[test]
    fn closed_introductions_can_all_be_sent_again() {
        let closed: BTreeSet<_> = IntroductionState::ALL.into_iter().filter(|state| !state.is_open()).collect();
        assert_eq!(closed, CLOSED_INTRODUCTIONS.iter().copied().collect());
    }

    #[test]
    fn the_reference_has_a_line_for_every_row_in_both_languages() {
        for lang in Lang::ALL {
            assert_eq!(table_markdown(lang).lines().count(), MOVES.len() + 2);
        }
    }
}
