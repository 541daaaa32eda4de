//! The state of the installation, for administrators.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::Health;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct HealthPage {
    pub(crate) health: Health,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let health = portal.ask(move |app| app.health(&viewer)).await?;
    portal.pages.show(&portal, &visit, "health.html", HealthPage { health })
}
