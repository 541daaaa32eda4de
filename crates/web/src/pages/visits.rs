//! Visits of advisers: the list with the promises that wait, the form of a new one, and one visit.

use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{VisitDesk, VisitForm, VisitView};
use duijie_vocab::{Diagnostic, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct VisitsPage {
    pub(crate) desk: VisitDesk,
    pub(crate) form: VisitForm,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) next_href: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct VisitPage {
    pub(crate) record: VisitView,
    pub(crate) refused: Option<Text>,
    pub(crate) done: bool,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let organization = visit.query.filled("organization").unwrap_or_default().to_string();
    let form = VisitForm { organization, ..VisitForm::default() };
    let page = current(&portal, &visit, form, Vec::new()).await?;
    portal.pages.show(&portal, &visit, "visits.html", page)
}

pub(crate) async fn record(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let text = |name: &str| posted.fields.get(name).unwrap_or_default().to_string();
    let form = VisitForm {
        organization: text("organization"),
        on: text("on"),
        contact_name: text("contact_name"),
        phone: text("phone"),
        email: text("email"),
        problems: text("problems"),
        promises: text("promises"),
    };
    let (viewer, typed) = (visit.viewer.clone(), form.clone());
    match portal.ask(move |app| app.record_visit(&viewer, &typed)).await {
        Ok(id) => Ok(see_other(&format!("/visit/{id}?done=1"))),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let page = current(&portal, &visit, form, fault.diagnostics).await?;
            let mut response = portal.pages.show(&portal, &visit, "visits.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

async fn current(portal: &Arc<Portal>, visit: &Visit, form: VisitForm, faults: Vec<Diagnostic>) -> Result<VisitsPage, Fault> {
    let (viewer, after) = (visit.viewer.clone(), visit.query.filled("after").map(str::to_string));
    let desk = portal.ask(move |app| app.visit_desk(&viewer, after.as_deref())).await?;
    let next_href = desk.next.as_ref().map(|after| visit.query.without("after").with("after", after).behind("/visits"));
    Ok(VisitsPage { desk, form, faults, next_href })
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (viewer, id) = (visit.viewer.clone(), visit_id(&id)?);
    let record = portal.ask(move |app| app.visit(&viewer, &id)).await?;
    let done = visit.query.get("done").is_some();
    portal.pages.show(&portal, &visit, "visit.html", VisitPage { record, refused: None, done })
}

/// Marks a promise as kept.
pub(crate) async fn keep(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = visit_id(&id)?;
    let number = |name: &str| posted.fields.filled(name).and_then(|text| text.parse::<u32>().ok());
    let (promise, version) = (number("promise").unwrap_or(u32::MAX), number("_version").unwrap_or_default());
    let on = posted.fields.get("on").unwrap_or_default().to_string();
    let (viewer, subject) = (visit.viewer.clone(), id.clone());
    match portal.ask(move |app| app.keep_promise(&viewer, &subject, i64::from(version), promise as usize, &on)).await {
        Ok(()) => Ok(see_other(&format!("/visit/{id}?done=1"))),
        Err(fault) if matches!(fault.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY) => {
            let viewer = visit.viewer.clone();
            let record = portal.ask(move |app| app.visit(&viewer, &id)).await?;
            let status = fault.status;
            let mut response = portal.pages.show(&portal, &visit, "visit.html", VisitPage { record, refused: Some(fault.message), done: false })?;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

fn visit_id(text: &str) -> Result<RecordId, Fault> {
    RecordId::parse(text).filter(|id| id.prefix() == "visit").ok_or_else(Fault::not_found)
}
