//! What an office says about its region: a notice and whom to ask, with who set what before.

use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Configuration, SettingLine};
use duijie_vocab::{Diagnostic, RegionCode};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct SettingsPage {
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) configuration: Configuration,
    pub(crate) history: Vec<SettingLine>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) saved: bool,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = region_in(&visit.query).map_err(Fault::from)?.unwrap_or(visit.viewer.region);
    let page = current(&portal, &visit, region).await?;
    portal.pages.show(&portal, &visit, "settings.html", SettingsPage { saved: visit.query.get("saved").is_some(), ..page })
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let region = region_in(&posted.fields).map_err(Fault::from)?.unwrap_or(visit.viewer.region);
    let field = |name: &str| posted.fields.get(name).unwrap_or_default().to_string();
    let configuration = Configuration { notice: field("notice"), contact: field("contact") };
    let (viewer, next) = (visit.viewer.clone(), configuration.clone());
    match portal.ask(move |app| app.configure(&viewer, region, &next)).await {
        Ok(()) => Ok(see_other(&Pairs::default().with("region", &region.to_string()).with("saved", "1").behind("/settings"))),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let page = SettingsPage { configuration, faults: fault.diagnostics, ..current(&portal, &visit, region).await? };
            let mut response = portal.pages.show(&portal, &visit, "settings.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

async fn current(portal: &Arc<Portal>, visit: &Visit, region: RegionCode) -> Result<SettingsPage, Fault> {
    let viewer = visit.viewer.clone();
    portal
        .ask(move |app| {
            let history = app.configuration_history(&viewer, region)?;
            let configuration = app.configuration(region)?;
            let (region, name) = (region.to_string(), region.name().to_string());
            Ok(SettingsPage { region, name, configuration, history, faults: Vec::new(), saved: false })
        })
        .await
}
