//! The desk of those who answer needs: their load, absence, competences and relations.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{DeskQuery, DeskView, ResponderView};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct RespondersPage {
    pub(crate) responders: Vec<ResponderView>,
    pub(crate) desk: DeskView,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (responders, desk) = portal.ask(move |app| Ok((app.own_responders(&viewer)?, app.case_desk(&viewer, &DeskQuery::default())?))).await?;
    portal.pages.show(&portal, &visit, "responders.html", RespondersPage { responders, desk })
}
