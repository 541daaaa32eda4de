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
mod matches;
mod policies;
mod record;
mod search;
mod shown;
mod viewer;
mod views;

pub use accounts::NewAccount;
pub use app::{App, AppOpenError, AppOptions};
pub use decisions::DecisionSummary;
pub use edit::{FormRefused, SaveOutcome, Saved};
pub use error::AppError;
pub use export::ExportFormat;
pub use import::{ImportOptions, ImportSource};
pub use matches::MatchSummary;
pub use viewer::{Action, Refused, Role, Target, Viewer};
pub use views::*;
