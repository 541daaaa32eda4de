//! Logging in and out.

use super::{own_path, see_other};
use crate::cookie::Cookie;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use duijie_app::{LoginStep, ProviderName};
use duijie_vocab::Text;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

#[derive(Serialize)]
pub(crate) struct LoginPage {
    /// Where to go on after logging in.
    pub(crate) next: String,
    pub(crate) login: String,
    pub(crate) refused: Option<Text>,
    pub(crate) demo_logins: Vec<(String, String, Text)>,
    /// Who else may say who somebody is.
    pub(crate) providers: Vec<ProviderName>,
}

impl LoginPage {
    /// The form before anything was typed.
    pub(crate) fn blank(portal: &Portal, next: &str) -> LoginPage {
        let (demo_logins, providers) = (portal.options.demo_logins.clone(), portal.app.login_providers().names());
        LoginPage { next: next.to_string(), login: String::new(), refused: None, demo_logins, providers }
    }
}

#[derive(Serialize)]
pub(crate) struct CodePage {
    pub(crate) next: String,
    pub(crate) ticket: String,
    pub(crate) refused: Option<Text>,
}

pub(crate) async fn ask(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let next = own_path(visit.query.get("next")).to_string();
    if visit.viewer.login.is_some() {
        return Ok(see_other(&next));
    }
    portal.pages.show(&portal, &visit, "login.html", LoginPage::blank(&portal, &next))
}

pub(crate) async fn login(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let login = posted.fields.get("login").unwrap_or_default().to_string();
    // A password is taken as it is; the space around it may be part of it.
    let password = posted.fields.0.iter().find(|(name, _)| name == "password").map(|(_, value)| value.clone()).unwrap_or_default();
    let next = own_path(posted.fields.get("next")).to_string();
    let key = format!("{}|{}", visit.address.map(|address| address.to_string()).unwrap_or_default(), login.to_lowercase());
    if let Some(wait) = portal.throttle.wait(&key, Instant::now()) {
        return Err(Fault::too_many_attempts(wait.as_secs().max(1)));
    }
    let (given, secret, from) = (login.clone(), password, visit.from());
    match portal.ask(move |app| app.login(&given, &secret, &from)).await {
        Ok(LoginStep::In(token)) => {
            portal.throttle.succeeded(&key);
            Ok(let_in(&portal, &token, &next))
        }
        Ok(LoginStep::Code(ticket)) => portal.pages.show(&portal, &visit, "login_code.html", CodePage { next, ticket, refused: None }),
        Err(fault) if fault.status == StatusCode::FORBIDDEN => {
            portal.throttle.failed(&key, Instant::now());
            let page = LoginPage { login, refused: Some(fault.message), ..LoginPage::blank(&portal, &next) };
            let mut response = portal.pages.show(&portal, &visit, "login.html", page)?;
            *response.status_mut() = StatusCode::FORBIDDEN;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

/// Takes the code of the second factor.
pub(crate) async fn code(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let next = own_path(posted.fields.get("next")).to_string();
    let ticket = posted.fields.get("ticket").unwrap_or_default().to_string();
    let code = posted.fields.get("code").unwrap_or_default().to_string();
    let (given, from) = (ticket.clone(), visit.from());
    match portal.ask(move |app| app.login_with_code(&given, &code, &from)).await {
        Ok(token) => Ok(let_in(&portal, &token, &next)),
        Err(fault) if fault.status == StatusCode::FORBIDDEN => {
            let page = CodePage { next, ticket, refused: Some(fault.message) };
            let mut response = portal.pages.show(&portal, &visit, "login_code.html", page)?;
            *response.status_mut() = StatusCode::FORBIDDEN;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

pub(crate) fn let_in(portal: &Portal, token: &str, next: &str) -> Response {
    let cookie = Cookie::Session.set(token, portal.options.https);
    ([(header::SET_COOKIE, cookie)], see_other(next)).into_response()
}

pub(crate) async fn logout(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    if let Some(token) = visit.session.clone() {
        portal.ask(move |app| app.logout(&token)).await?;
    }
    let cookie = Cookie::Session.clear(portal.options.https);
    Ok(([(header::SET_COOKIE, cookie)], see_other("/")).into_response())
}
