//! One's own saved searches.

use super::search::read_request;
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{AppError, SavedSearch};
use duijie_vocab::Diagnostic;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct SearchesPage {
    pub(crate) searches: Vec<SavedSearch>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) saved: bool,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let saved = visit.query.get("saved").is_some();
    let page = SearchesPage { saved, ..current(&portal, &visit).await? };
    portal.pages.show(&portal, &visit, "searches.html", page)
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (viewer, fields) = (visit.viewer.clone(), posted.fields.clone());
    let word = |name: &str| fields.get(name).unwrap_or_default().to_string();
    let (form, id, name, query, tells) = (word("form"), word("id"), word("name"), word("query"), fields.get("tells").is_some());
    let asked = Pairs::parse(query.as_bytes()).map_err(|_| Fault::bad_encoding())?.without("page");
    let request = read_request(&asked, None)?;
    let outcome = portal.ask(move |app| match form.as_str() {
        "save" => app.save_search(&viewer, &name, &asked.encode(), &request, tells).map(drop),
        "tell" => app.tell_search(&viewer, &id, tells),
        "drop" => app.drop_search(&viewer, &id),
        _ => Err(AppError::NotFound),
    });
    match outcome.await {
        Ok(()) => Ok(see_other("/searches?saved")),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let page = SearchesPage { faults: fault.diagnostics, ..current(&portal, &visit).await? };
            let mut response = portal.pages.show(&portal, &visit, "searches.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

async fn current(portal: &Arc<Portal>, visit: &Visit) -> Result<SearchesPage, Fault> {
    let viewer = visit.viewer.clone();
    let searches = portal.ask(move |app| app.saved_searches(&viewer)).await?;
    Ok(SearchesPage { searches, faults: Vec::new(), saved: false })
}
