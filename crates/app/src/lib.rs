//! Use cases, one file per verb. This room alone introduces features to one another, decides who
//! may do what, and opens transactions. Pages, the API and the command line all come through here.

mod accounts;
mod act_as;
mod agency;
mod answer;
mod api_keys;
mod app;
mod case_act;
mod case_desk;
mod case_file;
mod case_form;
mod case_match;
mod case_open;
mod case_view;
mod casework;
mod clocks;
mod columns;
mod crowd;
mod decided;
mod decisions;
mod duplicates;
mod edit;
mod error;
mod export;
mod facts;
mod fit;
mod follow;
mod follow_decisions;
mod health;
mod import;
mod import_json;
mod import_rows;
mod json_schema;
mod ledger;
mod letters;
mod list;
mod mail;
mod matches;
mod notices;
mod once;
mod order;
mod payout;
mod payout_files;
mod payout_run;
mod policies;
mod policy_batch;
mod policy_files;
mod policy_subjects;
mod policy_test;
mod private_link;
mod promise;
mod quality;
mod record;
mod reset;
mod scheme;
mod search;
mod second_factor;
mod sessions;
mod settlement;
mod shown;
mod simulation;
mod simulation_workbook;
mod spread;
mod viewer;
mod views;
mod voucher;
mod voucher_table;

pub use accounts::{AccountChange, AccountLine, NewAccount};
pub use agency::{AgencyView, FilingAct, RatingFile, RatingView};
pub use api_keys::{KeyLine, NewKey, Scope};
pub use app::{App, AppOpenError, AppOptions};
pub use case_act::{ActForm, ActionField, ActionView, promise_text};
pub use case_desk::{CaseRow, DeskQuery, DeskView, ProcessView, StateCount, case_state};
pub use case_file::PlayedFile;
pub use case_form::{Alike, CaseForm, CaseJudgement, WAYS, way_name};
pub use case_match::{AssignmentView, CandidateView, ProposalView, RoundReport};
pub use case_view::{CaseView, ContractView, HoldView, IntroductionView, MeetingView, StepMark, SurveyView, TimelineLine};
pub use clocks::{ClockReport, NextClock};
pub use decisions::DecisionSummary;
pub use duijie_docking::{
    CaseState, Contact as CaseContact, Gap as CaseGap, GapKind as CaseGapKind, Grade as CaseGrade, NeedSeen, Part as CasePart, Responder as CaseResponder,
    Tally as ProcessTally, Verb as CaseVerb, table_markdown as case_table,
};
pub use edit::{FormRefused, SaveOutcome, Saved};
pub use error::AppError;
pub use export::{ExportFormat, template};
pub use fit::{FactAsk, FitView};
pub use follow_decisions::DecisionsFollowed;
pub use health::Checkup;
pub use import::{ImportOptions, ImportSource};
pub use ledger::AccountBalance;
pub use letters::{LetterFailure, LetterReport};
pub use list::{ListLine, ListPage};
pub use mail::{Mail, Outbox, Post};
pub use matches::MatchSummary;
pub use notices::NoticeView;
pub use once::Once;
pub use order::{OrderAct, OrderView, RedeemReport, SchemeFigures};
pub use payout::{EntitlementRequest, EntitlementView, ManySteps, PublishedList, PublishedRow};
pub use payout_files::{PaymentFile, ReturnReport};
pub use payout_run::{Missed, Replayed, RunDone, RunPreview};
pub use policy_batch::{BatchReport, Explanation, FactLine, TallyLine};
pub use policy_files::{PolicyFiles, policy_schema};
pub use policy_subjects::Subjects;
pub use policy_test::{BoundaryLine, ExampleLine, TestReport};
pub use private_link::AnswerView;
pub use quality::{embedding, evaluate};
pub use second_factor::{Enrolment, enrolment};
pub use sessions::{LoginLine, LoginStep};
pub use settlement::PairView;
pub use simulation::{ChangeView, ClassRow, ClassView, FigureView, MoneyBounds, PoolView, SimulationView, StepView, TotalsView};
pub use simulation_workbook::simulation_workbook;
pub use spread::{Spread, SpreadPart};
pub use viewer::{Action, Refused, Role, Target, Viewer};
pub use views::*;
pub use voucher::{VoucherAct, VoucherView};
pub use voucher_table::{TableReport, VOUCHER_COLUMNS};

// What interfaces need of the rooms behind the use cases.
pub use duijie_ledger::{AccountId, AccountKind, TransferId};
pub use duijie_payout::{
    Act as PayoutAct, AnyEntitlement, Application, Contract, Evidence, Finding, Grade, Payee, Rated, Row as PayRow, Scheme, ServiceClass, Terms,
    Verdict as PayVerdict,
};
