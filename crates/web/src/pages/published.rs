//! What everybody may read about money: published lists, the catalogue of agencies and their ratings.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{AgencyView, PublishedList, RatingView};
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
}

pub(crate) async fn lists(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let lists = portal.ask(|app| app.published_lists()).await?;
    portal.pages.show(&portal, &visit, "published.html", PublishedPage { lists })
}

pub(crate) async fn agencies(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (agencies, ratings) = portal.ask(|app| Ok((app.agencies()?, app.ratings()?))).await?;
    portal.pages.show(&portal, &visit, "agencies.html", AgenciesPage { agencies, ratings })
}
