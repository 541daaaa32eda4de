//! Casework: a need followed to its outcome. A [`Case`] is the fold of its journalled steps; the
//! table of moves ([`MOVES`]) says which steps there are. This room knows no store, no clock and no
//! page: time, identity and rules come in as arguments.

mod act;
mod assign;
mod calendar;
mod case;
mod clock;
mod disclosure;
mod figures;
mod flow;
mod follow_through;
mod grounds;
mod hold;
mod introduction;
mod likeness;
mod need;
mod notice;
mod parts;
mod permit;
mod quality;
mod requirement;
mod rules;
mod state;
mod step;
mod table;
mod turn;
mod visit;
mod who;

pub use act::{Act, Side, Verb};
pub use assign::{Assigned, CaseSlot, Conflict, Pair, Plan, Problem, ResponderSlot, Unassigned, Weights, assign, conflict, greedy, improving_swap};
pub use calendar::{Calendar, CalendarFault};
pub use case::{Case, Document, Opening, Survey};
pub use clock::{Clock, Due, Mark};
pub use disclosure::{Disclosure, Grade, NeedSeen, Reader, disclosure, seen, unlockings};
pub use figures::{Figure, Figures, Tally};
pub use follow_through::{Agreement, Contract, ContractType, Delivery, Meeting, MeetingResult, Milestone, Outcome, Payment, Satisfaction};
pub use grounds::{Ground, Grounds};
pub use hold::{Earlier, Hold, HoldKind, holds};
pub use introduction::{Introduction, Responder};
pub use likeness::Pairs;
pub use need::{Contact, NeedText, Origin, Seeker};
pub use notice::{Notice, Recipient};
pub use parts::{Part, parts};
pub use permit::{Refusal, RefusalKind, states_for};
pub use quality::{Gap, GapKind, Quality, quality};
pub use requirement::{Requirement, WHY_MAX_CHARS};
pub use rules::{BUILT_IN_RULES, ClockRules, HoldRules, IntroductionRules, QualityRules, RuleBook, RuleFault, Rules, Span};
pub use state::{CaseState, IntroductionState};
pub use step::{Did, FoldFault, Step};
pub use table::{IntroductionMove, MOVES, Move, To, Told, moves_of, table_markdown};
pub use turn::Turn;
pub use visit::{Promised, Visit};
pub use who::{Hat, Who};
