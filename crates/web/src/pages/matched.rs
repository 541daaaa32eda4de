//! All needs with what was found for them, as the last run of all needs left it.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::KeptMatches;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct MatchedPage {
    pub(crate) needs: Vec<KeptMatches>,
    pub(crate) as_of: i64,
    pub(crate) page: usize,
    /// Whether there may be more behind this page.
    pub(crate) more: bool,
}

const PER_PAGE: usize = 30;
const PAGES: usize = 1_000;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let page = visit.query.filled("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, PAGES);
    let viewer = visit.viewer.clone();
    let (needs, as_of) = portal.ask(move |app| app.kept_matches(&viewer, (page - 1) * PER_PAGE, PER_PAGE)).await?;
    let more = needs.len() == PER_PAGE;
    portal.pages.show(&portal, &visit, "matched.html", MatchedPage { needs, as_of, page, more })
}
