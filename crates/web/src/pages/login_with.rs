//! Logging in by a login provider: off to it, and back from it.

use super::login::{CodePage, LoginPage, let_in};
use super::{own_path, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Answer, Arrived, Departure, LoginStep};
use duijie_vocab::Text;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::SemaphorePermit;

/// The last page before a provider's, for whoever connects an account.
#[derive(Serialize)]
pub(crate) struct LeavePage {
    pub(crate) name: Text,
    pub(crate) href: String,
}

/// Attempts from one address in a minute; each is kept for a while.
const ATTEMPTS: u32 = 30;

/// Sends the browser to the provider.
pub(crate) async fn leave(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(provider): Path<String>) -> Result<Response, Fault> {
    let next = own_path(visit.query.get("next")).to_string();
    if visit.viewer.login.is_some() && is_known(&portal, &provider) {
        return Ok(see_other(&next));
    }
    let (_place, holder, url) = prepared(&portal, &visit)?;
    let href = portal.ask(move |app| app.login_with(&Departure { provider: &provider, portal: &url, holder: &holder, next: &next })).await?;
    Ok(see_other(&href))
}

/// The page from which the viewer goes on to connect the account with `provider`. It is a page with a
/// link, as a form must not lead to another site.
pub(crate) async fn connect(portal: &Arc<Portal>, visit: &Visit, provider: String) -> Result<Response, Fault> {
    let (_place, holder, url) = prepared(portal, visit)?;
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let href = app.connect_with(&viewer, &Departure { provider: &provider, portal: &url, holder: &holder, next: "/account" })?;
        let name = app.login_providers().names().into_iter().find(|known| known.id == provider).map_or_else(Text::default, |known| known.name);
        Ok(LeavePage { name, href })
    });
    portal.pages.show(portal, visit, "leave.html", page.await?)
}

/// Takes what the provider sent the browser back with.
pub(crate) async fn back(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(provider): Path<String>) -> Result<Response, Fault> {
    let (_place, holder, url) = prepared(&portal, &visit)?;
    let word = |name: &str| visit.query.get(name).map(str::to_string);
    let answer = Answer { state: word("state").unwrap_or_default(), code: word("code").unwrap_or_default(), issuer: word("iss"), error: word("error") };
    let (viewer, from) = (visit.viewer.clone(), visit.from());
    let arrived = portal.ask(move |app| {
        let departure = Departure { provider: &provider, portal: &url, holder: &holder, next: "/" };
        app.arrive(&viewer, &departure, &answer, &from)
    });
    match arrived.await {
        Ok(Arrived::Connected) => Ok(see_other("/account?done=connect")),
        Ok(Arrived::Login(LoginStep::In(token), next)) => Ok(let_in(&portal, &token, own_path(Some(&next)))),
        Ok(Arrived::Login(LoginStep::Code(ticket), next)) => portal.pages.show(&portal, &visit, "login_code.html", CodePage { next, ticket, refused: None }),
        Err(fault) if fault.status == StatusCode::FORBIDDEN && visit.viewer.login.is_none() => {
            let page = LoginPage { refused: Some(fault.message), ..LoginPage::blank(&portal, "/") };
            let mut response = portal.pages.show(&portal, &visit, "login.html", page)?;
            *response.status_mut() = StatusCode::FORBIDDEN;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

fn is_known(portal: &Portal, provider: &str) -> bool {
    portal.app.login_providers().names().iter().any(|known| known.id == provider)
}

/// A place among those who wait for providers, what tells this browser apart, and the address to come
/// back to, unless too much comes from there. Providers may be slow, and must not hold up everybody.
fn prepared<'p>(portal: &'p Portal, visit: &Visit) -> Result<(SemaphorePermit<'p>, String, String), Fault> {
    if let Some(wait) = portal.pace.wait(&format!("login with from {}", visit.from()), ATTEMPTS, Instant::now()) {
        return Err(Fault::too_many_attempts(wait.as_secs().max(1)));
    }
    let place = portal.providers.try_acquire().map_err(|_| Fault::busy())?;
    Ok((place, portal.seal.pseudonym(&visit.holder), portal.options.public_url.clone()))
}
