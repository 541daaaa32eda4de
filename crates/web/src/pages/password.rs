//! A forgotten password: asking for a link by e-mail, and setting a new one by it.

use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_vocab::Text;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

#[derive(Serialize)]
pub(crate) struct ForgottenPage {
    pub(crate) sent: bool,
}

#[derive(Serialize)]
pub(crate) struct NewPasswordPage {
    pub(crate) token: String,
    pub(crate) refused: Option<Text>,
}

pub(crate) async fn ask(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    portal.pages.show(&portal, &visit, "password.html", ForgottenPage { sent: false })
}

pub(crate) async fn send(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let key = format!("reset|{}", visit.from());
    if let Some(wait) = portal.throttle.wait(&key, Instant::now()) {
        return Err(Fault::too_many_attempts(wait.as_secs().max(1)));
    }
    portal.throttle.failed(&key, Instant::now());
    let login = posted.fields.get("login").unwrap_or_default().to_string();
    let url = portal.options.public_url.clone();
    // Nobody waits for the letter: how long that takes, and whether it goes out, would tell who has an account.
    let asked = Arc::clone(&portal);
    tokio::spawn(async move { asked.ask(move |app| app.ask_reset(&login, &url)).await.unwrap_or_default() });
    portal.pages.show(&portal, &visit, "password.html", ForgottenPage { sent: true })
}

pub(crate) async fn form(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(token): Path<String>) -> Result<Response, Fault> {
    let known = token.clone();
    if !portal.ask(move |app| app.is_reset(&known)).await? {
        return Err(Fault::not_found());
    }
    portal.pages.show(&portal, &visit, "password_new.html", NewPasswordPage { token, refused: None })
}

pub(crate) async fn set(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(token): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (key, password) = (token.clone(), posted.fields.whole("new_password").to_string());
    match portal.ask(move |app| app.reset_password(&key, &password)).await {
        Ok(()) => Ok(see_other("/login")),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let mut response = portal.pages.show(&portal, &visit, "password_new.html", NewPasswordPage { token, refused: Some(fault.message) })?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}
