//! One record: its fields, who points to it, its history, and what it can give or get.

use super::decisions::DecisionsPage;
use super::matches::{MatchesPage, matched};
use super::named;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{Action, AppError, RecordView, Target};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct RecordPage {
    pub(crate) record: RecordView,
    pub(crate) matches: Option<MatchesPage>,
    pub(crate) decisions: Option<DecisionsPage>,
    /// Whether logging in would show what the organization could get.
    pub(crate) decisions_behind_login: bool,
    pub(crate) login_helps: bool,
}

/// Matches of each kind that the record's own page shows; the rest is one click away.
const PER_KIND: usize = 3;

pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (schema, id) = named(&kind, &id)?;
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let record = app.record(&viewer, &id)?;
        let active = record.state == "active";
        let matches = if active && matched(&schema.kind, schema.resource) { present(app.matches(&viewer, &id, PER_KIND))? } else { None };
        let decided = active && schema.kind == "organization";
        let target = Target { region: Some(record.region), organization: Some(id.to_string()) };
        let may_decide = viewer.may(Action::Decide, &target);
        let decisions = if decided && may_decide.is_ok() { present(app.decisions(&viewer, &id, None))? } else { None };
        Ok(RecordPage {
            record,
            matches: matches.map(MatchesPage::of),
            decisions: decisions.map(DecisionsPage::of),
            decisions_behind_login: decided && may_decide.is_err_and(|refused| refused.login_helps),
            login_helps: viewer.login.is_none(),
        })
    });
    portal.pages.show(&portal, &visit, "record.html", page.await?)
}

/// The answer, or nothing where there is nothing to say about this record or this viewer.
fn present<T>(answer: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(AppError::NotFound | AppError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
