//! The catalogue of policy measures, one measure as an official would print it, and whether it fits.

use super::decisions::period;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{Action, FitView, MeasureLine, MeasureView, Target};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct CataloguePage {
    pub(crate) measures: Vec<MeasureLine>,
}

#[derive(Serialize)]
pub(crate) struct MeasurePage {
    pub(crate) measure: MeasureView,
    pub(crate) may_simulate: bool,
}

#[derive(Serialize)]
pub(crate) struct FitPage {
    pub(crate) fit: FitView,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let measures = portal.ask(|app| app.measures()).await?;
    portal.pages.show(&portal, &visit, "measures.html", CataloguePage { measures })
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let measure = portal.ask(move |app| app.measure(&id)).await?;
    let may_simulate = may_simulate(&visit);
    portal.pages.show(&portal, &visit, "measure.html", MeasurePage { measure, may_simulate })
}

/// Whether the viewer may try changes on everybody in their region.
pub(crate) fn may_simulate(visit: &Visit) -> bool {
    let target = Target { region: Some(visit.viewer.region), organization: None };
    visit.viewer.may(Action::Decide, &target).is_ok()
}

pub(crate) async fn ask_fit(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    fit(&portal, &visit, id, &visit.query).await
}

/// What was typed comes with `POST`, so that it is neither in the address nor in anybody's log.
pub(crate) async fn answer_fit(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    fit(&portal, &visit, id, &posted.fields).await
}

async fn fit(portal: &Arc<Portal>, visit: &Visit, id: String, given: &Pairs) -> Result<Response, Fault> {
    let (answers, period, region) = answers(given)?;
    let fit = portal.ask(move |app| app.fit(&id, period.as_deref(), region.as_deref(), &answers)).await?;
    portal.pages.show(portal, visit, "fit.html", FitPage { fit })
}

/// The answers among the fields of a form, which begin with `f.`; the period and the region beside them.
#[expect(clippy::type_complexity, reason = "three parts of one form, taken apart where they are used")]
pub(crate) fn answers(given: &Pairs) -> Result<(Vec<(String, String)>, Option<String>, Option<String>), Fault> {
    let answers = given.0.iter().filter_map(|(name, value)| name.strip_prefix("f.").map(|field| (field.to_string(), value.clone()))).collect();
    Ok((answers, period(given.filled("period"))?, given.filled("region").map(str::to_string)))
}
