//! A need without an account: the form, the code that confirms the address, and the page behind the
//! private link on which it is followed.

use super::answer::done;
use super::case::{act_form, retype, shows_page, version};
use super::case_write::read_form;
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{CaseForm, CaseView};
use duijie_vocab::{Diagnostic, Text};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

#[derive(Default, Serialize)]
pub(crate) struct DirectPage {
    pub(crate) form: CaseForm,
    /// What the organization is called.
    pub(crate) name: String,
    pub(crate) faults: Vec<Diagnostic>,
    /// The ticket of a form whose code is asked for.
    pub(crate) ticket: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct FollowPage {
    pub(crate) case: CaseView,
    pub(crate) refused: Option<Text>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) typed_verb: String,
    pub(crate) done: bool,
    /// The link was just made and is shown.
    pub(crate) address: Option<String>,
}

pub(crate) async fn blank(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    portal.pages.show(&portal, &visit, "direct.html", DirectPage::default())
}

/// Sends the code, or takes it.
pub(crate) async fn send(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let key = format!("direct|{}", visit.from());
    if let Some(wait) = portal.throttle.wait(&key, Instant::now()) {
        return Err(Fault::too_many_attempts(wait.as_secs().max(1)));
    }
    portal.throttle.failed(&key, Instant::now());
    let form = read_form(&posted.fields);
    let name = posted.fields.get("name").unwrap_or_default().to_string();
    let page = DirectPage { form: form.clone(), name: name.clone(), ..DirectPage::default() };
    match posted.fields.filled("ticket").map(str::to_string) {
        Some(ticket) => confirm(&portal, &visit, DirectPage { ticket: Some(ticket.clone()), ..page }, ticket, &posted).await,
        None => match portal.ask(move |app| app.ask_directly(&form, &name)).await {
            Ok(ticket) => portal.pages.show(&portal, &visit, "direct.html", DirectPage { ticket: Some(ticket), ..page }),
            Err(fault) => refused(&portal, &visit, page, fault),
        },
    }
}

async fn confirm(portal: &Arc<Portal>, visit: &Visit, page: DirectPage, ticket: String, posted: &Posted) -> Result<Response, Fault> {
    let code = posted.fields.get("code").unwrap_or_default().to_string();
    let url = portal.options.public_url.clone();
    match portal.ask(move |app| app.confirm_directly(&ticket, &code, &url)).await {
        Ok(direct) => Ok(see_other(&format!("/follow/{}?new=1", direct.token))),
        Err(fault) => refused(portal, visit, page, fault),
    }
}

/// The page again with what was typed and what is wrong with it.
fn refused(portal: &Portal, visit: &Visit, page: DirectPage, fault: Fault) -> Result<Response, Fault> {
    if fault.status != StatusCode::UNPROCESSABLE_ENTITY {
        return Err(fault);
    }
    let mut response = portal.pages.show(portal, visit, "direct.html", DirectPage { faults: fault.diagnostics, ..page })?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

pub(crate) async fn follow(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(token): Path<String>) -> Result<Response, Fault> {
    let address = visit.query.get("new").map(|_| format!("{}/follow/{token}", portal.options.public_url.trim_end_matches('/')));
    let case = portal.ask(move |app| app.followed_case(&token)).await?;
    let page = FollowPage { done: done(&visit), address, ..FollowPage::of(case) };
    portal.pages.show(&portal, &visit, "follow.html", page)
}

pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(token): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (form, version) = (act_form(&posted), version(&posted));
    let (link, sent) = (token.clone(), form.clone());
    match portal.ask(move |app| app.act_on_followed(&link, version, &sent)).await {
        Ok(()) => Ok(see_other(&format!("/follow/{token}?done=1"))),
        Err(fault) if shows_page(&visit, &fault) => {
            let status = fault.status;
            let mut case = portal.ask(move |app| app.followed_case(&token)).await?;
            case.actions.iter_mut().filter(|action| action.verb.as_str() == form.verb).for_each(|action| retype(action, &form));
            let page = FollowPage { refused: Some(fault.message), faults: fault.diagnostics, typed_verb: form.verb, ..FollowPage::of(case) };
            let mut response = portal.pages.show(&portal, &visit, "follow.html", page)?;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

impl FollowPage {
    pub(crate) fn of(case: CaseView) -> FollowPage {
        FollowPage { case, refused: None, faults: Vec::new(), typed_verb: String::new(), done: false, address: None }
    }
}
