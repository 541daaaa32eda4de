//! Use cases, one file per verb. This room alone introduces features to one another, decides who
//! may do what, and opens transactions. Pages, the API and the command line all come through here.

mod accounts;
mod app;
mod columns;
mod decisions;
mod duplicates;
mod edit;
mod error;
mod export;
mod facts;
mod follow;
mod health;
mod import;
mod import_json;
mod import_rows;
mod json_schema;
mod matches;
mod policies;
mod policy_files;
mod quality;
mod record;
mod search;
mod shown;
mod viewer;
mod views;

pub use accounts::{AccountLine, NewAccount};
pub use app::{App, AppOpenError, AppOptions};
pub use decisions::DecisionSummary;
pub use edit::{FormRefused, SaveOutcome, Saved};
pub use error::AppError;
pub use export::{ExportFormat, template};
pub use health::Checkup;
pub use import::{ImportOptions, ImportSource};
pub use matches::MatchSummary;
pub use policy_files::{ExampleLine, PolicyFiles};
pub use quality::evaluate;
pub use viewer::{Action, Refused, Role, Target, Viewer};
pub use views::*;
