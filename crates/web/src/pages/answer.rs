//! The page behind a private link: a responder reads the need as far as disclosed, and answers.

use super::case::{act_form, retype, shows_page, version};
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{ActForm, AnswerView};
use duijie_vocab::{Diagnostic, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct AnswerPage {
    pub(crate) answer: AnswerView,
    pub(crate) refused: Option<Text>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) typed_verb: String,
    pub(crate) done: bool,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(token): Path<String>) -> Result<Response, Fault> {
    let answer = portal.ask(move |app| app.answer_page(&token)).await?;
    let done = done(&visit);
    portal.pages.show(&portal, &visit, "answer.html", AnswerPage { answer, refused: None, faults: vec![], typed_verb: String::new(), done })
}

/// Whether the page comes after something that was done.
pub(crate) fn done(visit: &Visit) -> bool {
    visit.query.get("done").is_some()
}

pub(crate) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(token): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let form = act_form(&posted);
    let version = version(&posted);
    let (link, sent) = (token.clone(), form.clone());
    match portal.ask(move |app| app.answer_by_link(&link, version, &sent)).await {
        Ok(()) => Ok(see_other(&format!("/answer/{token}?done=1"))),
        Err(fault) if shows_page(&visit, &fault) => again(&portal, &visit, token, &form, fault).await,
        Err(fault) => Err(fault),
    }
}

async fn again(portal: &Portal, visit: &Visit, token: String, form: &ActForm, fault: Fault) -> Result<Response, Fault> {
    let status = fault.status;
    let mut answer = portal.ask(move |app| app.answer_page(&token)).await?;
    answer.actions.iter_mut().filter(|action| action.verb.as_str() == form.verb).for_each(|action| retype(action, form));
    let page = AnswerPage { answer, refused: Some(fault.message), faults: fault.diagnostics, typed_verb: form.verb.clone(), done: false };
    let mut response = portal.pages.show(portal, visit, "answer.html", page)?;
    *response.status_mut() = status;
    Ok(response)
}
