//! The catalogue of policy measures, and one measure as an official would print it.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{MeasureLine, MeasureView};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct CataloguePage {
    pub(crate) measures: Vec<MeasureLine>,
}

#[derive(Serialize)]
pub(crate) struct MeasurePage {
    pub(crate) measure: MeasureView,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let measures = portal.ask(|app| app.measures()).await?;
    portal.pages.show(&portal, &visit, "measures.html", CataloguePage { measures })
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let measure = portal.ask(move |app| app.measure(&id)).await?;
    portal.pages.show(&portal, &visit, "measure.html", MeasurePage { measure })
}
