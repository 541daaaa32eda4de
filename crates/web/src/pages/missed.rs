//! What an organization was not paid for a year, and why.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::MissedYear;
use duijie_vocab::RecordId;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct MissedPage {
    pub(crate) organization: String,
    pub(crate) missed: MissedYear,
}

/// Of the viewer's own organization, or of one that an officer names; of last year, if none is named.
pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let own = visit.viewer.organization.as_deref();
    let organization = visit.query.filled("organization").or(own).and_then(RecordId::parse).ok_or_else(Fault::not_found)?;
    let (viewer, id, year) = (visit.viewer.clone(), organization.clone(), visit.query.filled("period").map(str::to_string));
    let missed = portal.ask(move |app| app.payout_missed(&viewer, &id, year.as_deref())).await?;
    portal.pages.show(&portal, &visit, "missed.html", MissedPage { organization: organization.to_string(), missed })
}
