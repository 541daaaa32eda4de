//! The frame around every route: who visits and in which language, forms checked before any
//! handler runs, faults put into words, and the headers that every answer carries.

use crate::fault::{Fault, Resubmit};
use crate::portal::Portal;
use crate::posted::Posted;
use crate::program::Sent;
use crate::tiles::TileLayer;
use crate::visit::Visit;
use crate::{posted, program, render};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a visitor waits for a place inside. Who is turned away at once comes back at once, and then
/// turning away takes the processor from those who are inside.
const PATIENCE: Duration = Duration::from_millis(200);

pub(crate) async fn attend(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut visit = Visit::of_stranger(&portal, &parts);
    let request = Request::from_parts(parts, body);
    let response = match timeout(PATIENCE, portal.visits.acquire()).await {
        Ok(Ok(_place)) => answer(&portal, &mut visit, request, next).await.unwrap_or_else(IntoResponse::into_response),
        _ => Fault::busy().into_response(),
    };
    finish(&portal, &visit, response)
}

async fn answer(portal: &Arc<Portal>, visit: &mut Visit, mut request: Request, next: Next) -> Result<Response, Fault> {
    percent_decode_str(&visit.path).decode_utf8().map_err(|_| Fault::bad_encoding())?;
    if visit.path.starts_with("/assets/") {
        visit.set_cookies.clear();
        return Ok(next.run(request).await);
    }
    crate::query::Pairs::parse(request.uri().query().unwrap_or_default().as_bytes()).map_err(|_| Fault::bad_encoding())?;
    visit.recognise(portal).await?;
    if visit.wants_json() {
        let (method, headers) = (request.method().clone(), request.headers().clone());
        program::recognise(portal, visit, &method, &headers).await?;
        let written = request.method() == Method::POST || request.method() == Method::PATCH;
        if written && !program::sends_json(request.headers()) {
            request.extensions_mut().insert(Sent(Err(Fault::unsupported_media())));
        } else if written {
            let body = std::mem::replace(request.body_mut(), Body::empty());
            let mut sent = Request::new(body);
            *sent.headers_mut() = request.headers().clone();
            let sent = program::read(sent).await;
            request.extensions_mut().insert(sent);
        }
    } else if request.method() == Method::POST {
        let body = std::mem::replace(request.body_mut(), Body::empty());
        let mut form = Request::new(body);
        *form.headers_mut() = request.headers().clone();
        let posted = Arc::new(posted::read(portal, visit, form).await?);
        request.extensions_mut().insert(Arc::clone(&posted));
        request.extensions_mut().insert(visit.clone());
        let response = portal.once.answer(visit, &posted, Instant::now(), next.run(request)).await?;
        return Ok(with_what_was_typed(visit, &posted, response));
    }
    request.extensions_mut().insert(visit.clone());
    Ok(next.run(request).await)
}

/// What was typed outlives the login that it was typed under: a refusal to somebody who is logged in no
/// more gives it back. What one may not see answers as if it were not there, so that is such a refusal too.
fn with_what_was_typed(visit: &Visit, posted: &Posted, response: Response) -> Response {
    let fault = response.extensions().get::<Arc<Fault>>().filter(|fault| matches!(fault.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND));
    let (None, Some(fault), true) = (&visit.viewer.login, fault, posted.files.is_empty()) else { return response };
    let Some(resubmit) = Resubmit::of(&visit.here(), &posted.fields) else { return response };
    let fault = if visit.session.is_some() { Fault::login_ended() } else { Fault::clone(fault) };
    Fault { resubmit: Some(resubmit), login_helps: true, ..fault }.into_response()
}

fn finish(portal: &Portal, visit: &Visit, response: Response) -> Response {
    let mut response = match response.extensions().get::<Arc<Fault>>().cloned() {
        Some(fault) => in_words(portal, visit, &fault, response),
        None => response,
    };
    let headers = response.headers_mut();
    if !visit.wants_json() {
        for cookie in &visit.set_cookies {
            headers.append(header::SET_COOKIE, cookie.clone());
        }
    }
    secure(headers, portal);
    response
}

fn in_words(portal: &Portal, visit: &Visit, fault: &Fault, response: Response) -> Response {
    let (parts, _) = response.into_parts();
    let mut shown = if visit.wants_json() { render::problem(visit, fault) } else { portal.pages.fault(portal, visit, fault) };
    *shown.status_mut() = fault.status;
    // What the fault and the router said, such as `Retry-After` and `Allow`, stays.
    for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
        if let Some(value) = parts.headers.get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

/// Pages load nothing from elsewhere but the tiles that the installation names, as pictures or, for
/// the live map, by its script.
pub(crate) fn policy(tiles: &[TileLayer]) -> HeaderValue {
    let mut hosts = vec!["'self'".to_string()];
    hosts.extend(tiles.iter().flat_map(TileLayer::origins));
    hosts.dedup();
    let hosts = hosts.join(" ");
    let line = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; img-src {hosts}; font-src 'self'; \
         connect-src {hosts}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(line).expect("BUG: a layer of tiles has a host that headers cannot hold")
}

fn secure(headers: &mut HeaderMap, portal: &Portal) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, portal.policy.clone());
    if portal.options.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // Pages differ by person and language; what may be kept says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Cookie, Accept-Language"));
}
