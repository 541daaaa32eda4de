//! A visit by a program: the key it acts with, how often it may come, and the JSON that it sends.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::{FORM_LIMIT_BYTES, base_name, collect, within_form_time, within_upload_time};
use crate::visit::Visit;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use duijie_app::{AppError, Scope};
use duijie_vocab::{Diagnostic, text};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Instant;

/// What a program sent as its body, or why it cannot be read. Where nothing takes a body, nobody
/// asks what was wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Sent(pub(crate) Result<Value, Fault>);

impl Sent {
    /// The body as what it should be; what is wrong with it otherwise.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Fault> {
        serde_json::from_value(self.0?).map_err(|why| {
            let message = text!("请求体有误：{why}", "the body cannot be used: {why}");
            AppError::Invalid(vec![Diagnostic::error("body", message)]).into()
        })
    }
}

/// Finds out who a program acts as and whether it may come now.
pub(crate) async fn recognise(portal: &Portal, visit: &mut Visit, method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
    let writes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) && visit.path.starts_with("/api/");
    let line = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let (without_key, with_key) = portal.options.requests_a_minute;
    let Some(line) = line else {
        slow_down(portal, &format!("from {}", visit.from()), without_key)?;
        return if writes { Err(Fault::key_wanted(text!("写入需要接口密钥。", "Writing needs an API key."))) } else { Ok(()) };
    };
    let secret = line.strip_prefix("Bearer ").unwrap_or_default().trim().to_string();
    let id: String = secret.chars().take(16).collect();
    let acting = portal.ask(move |app| app.key_viewer(&secret)).await;
    let (viewer, scopes) = acting.map_err(|fault| if fault.status.is_server_error() { fault } else { Fault::key_wanted(fault.message) })?;
    slow_down(portal, &id, with_key)?;
    let wanted = if writes { Scope::Write } else { Scope::Read };
    if !scopes.contains(&wanted) {
        let word = wanted.as_str();
        return Err(Fault::scope_missing(text!("该密钥没有 {word} 权限。", "The key has no {word} scope.")));
    }
    visit.viewer = viewer;
    Ok(())
}

fn slow_down(portal: &Portal, name: &str, limit: u32) -> Result<(), Fault> {
    match portal.pace.wait(name, limit, Instant::now()) {
        None => Ok(()),
        Some(wait) => Err(Fault::too_fast(wait.as_secs().max(1))),
    }
}

/// Whether a program says that it sends JSON. Anything else stays in the request for a handler that
/// takes files; one that takes JSON refuses it.
pub(crate) fn sends_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim() == "application/json"
}

/// The file that a program sends as the body, at most `limit` bytes, and its name from the query.
pub(crate) async fn file(portal: &Portal, visit: &Visit, request: Request, limit: usize) -> Result<(String, Vec<u8>), Fault> {
    if sends_json(request.headers()) {
        return Err(Fault::unsupported_media());
    }
    let _place = portal.uploads.try_acquire().map_err(|_| Fault::busy())?;
    let bytes = within_upload_time(collect(request, limit, limit)).await?;
    Ok((base_name(visit.query.get("name").unwrap_or_default()), bytes))
}

/// The JSON in the body of `request`.
pub(crate) async fn read(request: Request) -> Sent {
    Sent(value(request).await)
}

async fn value(request: Request) -> Result<Value, Fault> {
    let bytes = within_form_time(collect(request, FORM_LIMIT_BYTES, FORM_LIMIT_BYTES)).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Fault::bad_encoding())?;
    serde_json::from_str(text).map_err(|fault| {
        let (line, column) = (fault.line(), fault.column());
        Fault::bad_parameter(
            text!("请求体不是 JSON（第 {line} 行第 {column} 列）。", "The body is not JSON (line {line}, column {column})."),
            text!("请发送 UTF-8 编码的 JSON。", "Send JSON in UTF-8."),
        )
    })
}
