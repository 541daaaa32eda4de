//! The guided form of a need: help beside each field, a score and the gaps while one writes,
//! needs that are alike, and a proposal to split.

use super::case::{case_id, shows_page, version};
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{App, AppError, CaseForm, CaseJudgement, CaseState, Once, Role, Viewer, WAYS};
use duijie_vocab::{Diagnostic, Digest, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct WritePage {
    pub(crate) id: Option<String>,
    pub(crate) version: Option<u32>,
    pub(crate) form: CaseForm,
    pub(crate) ways: Vec<(String, Text)>,
    /// Whether the form asks for the organization.
    pub(crate) asks_organization: bool,
    pub(crate) judgement: Option<CaseJudgement>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) conflict: Option<Text>,
}

#[derive(Serialize)]
pub(crate) struct JudgementPage {
    pub(crate) judgement: CaseJudgement,
}

pub(crate) async fn blank(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    portal.ask(move |app| app.may_open_case(&viewer)).await?;
    let form = CaseForm { organization: visit.query.filled("organization").unwrap_or_default().to_string(), ..CaseForm::default() };
    portal.pages.show(&portal, &visit, "case_write.html", WritePage::of(&visit, None, None, form))
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    take(&portal, &visit, None, &posted).await
}

pub(crate) async fn filled(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let (viewer, subject) = (visit.viewer.clone(), id.clone());
    let (form, version) = portal.ask(move |app| app.case_form(&viewer, &subject)).await?;
    portal.pages.show(&portal, &visit, "case_write.html", WritePage::of(&visit, Some(id), Some(version), form))
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    take(&portal, &visit, Some(case_id(&id)?), &posted).await
}

/// Only the judgement, for the page while somebody types.
pub(crate) async fn judge(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (viewer, form) = (visit.viewer.clone(), read_form(&posted.fields));
    let judgement = portal.ask(move |app| app.judge_case(&viewer, &form)).await?;
    portal.pages.show(&portal, &visit, "case_judgement.html", JudgementPage { judgement })
}

async fn take(portal: &Portal, visit: &Visit, id: Option<RecordId>, posted: &Posted) -> Result<Response, Fault> {
    let form = read_form(&posted.fields);
    let version = version(posted);
    let wanted = posted.fields.filled("do").unwrap_or("draft").to_string();
    let (viewer, typed) = (visit.viewer.clone(), form.clone());
    if wanted == "check" {
        let judgement = portal.ask(move |app| app.judge_case(&viewer, &typed)).await?;
        let faults = judgement.faults.clone();
        let page = WritePage { judgement: Some(judgement), faults, ..WritePage::of(visit, id, version, form) };
        return portal.pages.show(portal, visit, "case_write.html", page);
    }
    let submit = wanted == "submit";
    let subject = id.clone();
    let taken = portal.ask(move |app| match subject {
        None => open(app, &viewer, &typed, submit),
        Some(id) => app.write_case(&viewer, &id, version, &typed, submit).map(|()| id),
    });
    match taken.await {
        Ok(id) => Ok(see_other(&format!("/case/{id}?done=1"))),
        Err(fault) if shows_page(visit, &fault) => {
            let status = fault.status;
            let conflict = Some(fault.message).filter(|_| status != StatusCode::UNPROCESSABLE_ENTITY);
            let page = WritePage { faults: fault.diagnostics, conflict, ..WritePage::of(visit, id, version, form) };
            let mut response = portal.pages.show(portal, visit, "case_write.html", page)?;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

/// Opens a case. The same words sent again, by a double click or after going back, are the same need:
/// they lead to the case that there is, and hand it in if that was still to be done.
fn open(app: &App, viewer: &Viewer, form: &CaseForm, submit: bool) -> Result<RecordId, AppError> {
    let words = Digest::of(&[&serde_json::to_vec(form).map_err(|fault| AppError::Internal(fault.into()))?]);
    let once = Once { key: format!("case-form:{words}"), request: words };
    let id = app.open_case_once(viewer, Some(&once), form, submit)?;
    match app.case(viewer, &id)?.state {
        CaseState::Draft if submit => app.submit_case(viewer, &id, None).map(|()| id),
        CaseState::Withdrawn => app.open_case(viewer, form, submit),
        _ => Ok(id),
    }
}

pub(crate) fn read_form(fields: &Pairs) -> CaseForm {
    let text = |name: &str| fields.get(name).unwrap_or_default().to_string();
    CaseForm {
        organization: text("organization"),
        title: text("title"),
        problem: text("problem"),
        key_technology: text("key_technology"),
        expected_result: text("expected_result"),
        confidential: text("confidential"),
        budget: text("budget"),
        until: text("until"),
        fields: text("fields"),
        keywords: text("keywords"),
        ways: fields.all("ways").map(str::to_string).collect(),
        anonymous: fields.get("anonymous").is_some(),
        contact_name: text("contact_name"),
        phone: text("phone"),
        email: text("email"),
    }
}

impl WritePage {
    pub(crate) fn of(visit: &Visit, id: Option<RecordId>, version: Option<u32>, form: CaseForm) -> WritePage {
        WritePage {
            asks_organization: id.is_none() && visit.viewer.role != Role::Member,
            id: id.map(|id| id.to_string()),
            version,
            form,
            ways: WAYS.iter().map(|(zh, en)| (zh.to_string(), Text::new(*zh, *en))).collect(),
            judgement: None,
            faults: Vec::new(),
            conflict: None,
        }
    }
}
