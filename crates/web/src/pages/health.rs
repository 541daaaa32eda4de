//! The state of the installation, for administrators.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Health, NextClock};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct HealthPage {
    pub(crate) health: Health,
    /// The clocks of cases that ring next.
    pub(crate) clocks: Vec<NextClock>,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (health, clocks) = portal.ask(move |app| Ok((app.health(&viewer)?, app.next_clocks()?))).await?;
    portal.pages.show(&portal, &visit, "health.html", HealthPage { health, clocks })
}
