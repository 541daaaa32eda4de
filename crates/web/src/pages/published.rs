//! What everybody may read about money: published lists, the catalogue of agencies and their ratings;
//! and filing with a region as an agency.

use super::payouts::incomplete;
use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Action, AgencyView, FilingAct, PublishedList, RatingView, ServiceClass};
use duijie_vocab::{RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct PublishedPage {
    pub(crate) lists: Vec<PublishedList>,
}

#[derive(Serialize)]
pub(crate) struct AgenciesPage {
    pub(crate) agencies: Vec<AgencyView>,
    pub(crate) ratings: Vec<RatingView>,
    /// Filings that wait for the office, or those of the viewer's organization.
    pub(crate) filings: Vec<AgencyView>,
    pub(crate) office: bool,
    /// Whether the viewer's organization may file, and for which classes.
    pub(crate) files: bool,
    pub(crate) classes: Vec<(String, Text)>,
    pub(crate) done: bool,
}

pub(crate) async fn lists(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let lists = portal.ask(|app| app.published_lists()).await?;
    portal.pages.show(&portal, &visit, "published.html", PublishedPage { lists })
}

pub(crate) async fn agencies(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (agencies, ratings, filings) = portal.ask(move |app| Ok((app.agencies()?, app.ratings()?, app.filings(&viewer)?))).await?;
    let page = AgenciesPage {
        agencies,
        ratings,
        filings,
        office: visit.may(Action::Pay),
        files: visit.viewer.organization.is_some(),
        classes: ServiceClass::ALL.iter().map(|class| (class.as_str().to_string(), class.name())).collect(),
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(&portal, &visit, "agencies.html", page)
}

/// An organization files; the office accepts, refuses or strikes off.
pub(crate) async fn file_agency(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (fields, viewer) = (&posted.fields, visit.viewer.clone());
    let reason = fields.get("reason").unwrap_or_default().to_string();
    let act = match fields.get("act").unwrap_or_default() {
        "file" => {
            let own = viewer.organization.as_deref().and_then(RecordId::parse).ok_or_else(incomplete)?;
            let region = region_in(fields)?.ok_or_else(incomplete)?;
            let classes = fields.all("class").map(|word| ServiceClass::parse(word).ok_or_else(incomplete)).collect::<Result<Vec<_>, _>>()?;
            portal.ask(move |app| app.file_agency(&viewer, &own, region, classes)).await?;
            return Ok(see_other("/agencies?done=1"));
        }
        "list" => FilingAct::List,
        "refuse" => FilingAct::Refuse { reason },
        "strike" => FilingAct::Strike { reason },
        _ => return Err(incomplete()),
    };
    let id = fields.get("id").and_then(RecordId::parse).ok_or_else(incomplete)?;
    portal.ask(move |app| app.filing_step(&viewer, &id, &act)).await?;
    Ok(see_other("/agencies?done=1"))
}
