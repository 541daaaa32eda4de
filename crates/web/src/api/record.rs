//! Records over the API: lists with cursors, one record with its version as ETag, and writes that
//! name the version they are based on.

use super::{JSON, subject};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::program::Sent;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use duijie_app::{Once, SaveOutcome, Saved};
use duijie_record::Schema;
use duijie_vocab::{Diagnostic, Digest, Place, text};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

const LISTED: usize = 50;

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(kind): Path<String>) -> Result<Response, Fault> {
    let schema = crate::kind::known(&kind).ok_or_else(Fault::not_found)?;
    let limit = super::at_most_hundred(&visit, "limit", LISTED)?;
    let region = crate::pages::search::region_of(&visit.query)?;
    let after = visit.query.filled("after").map(str::to_string);
    json(&portal.ask(move |app| app.list(&visit.viewer, &schema.kind, region, after.as_deref(), limit)).await?, JSON)
}

pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let record = portal.ask(move |app| app.record(&visit.viewer, &id)).await?;
    let mut response = json(&record, JSON)?;
    response.headers_mut().insert(header::ETAG, tag(record.version)?);
    Ok(response)
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let schema = crate::kind::known(&kind).ok_or_else(Fault::not_found)?;
    let sent = sent.0?;
    let once = once(&visit, &headers, &sent)?;
    let fields = fields(schema, &sent)?;
    let outcome = portal.ask(move |app| app.save_once(&visit.viewer, once.as_ref(), &schema.kind, None, None, &fields)).await?;
    let saved = saved(outcome)?;
    let mut response = answer(&saved, StatusCode::CREATED)?;
    let place = HeaderValue::try_from(format!("/api/{}/{}", schema.kind, saved.id)).map_err(Fault::internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let schema = crate::kind::known(&kind).ok_or_else(Fault::not_found)?;
    let version = base(&headers)?;
    let sent = sent.0?;
    let once = once(&visit, &headers, &sent)?;
    let fields = fields(schema, &sent)?;
    let outcome = portal
        .ask(move |app| {
            let outcome = app.save_once(&visit.viewer, once.as_ref(), &schema.kind, Some(&id), Some(version), &fields);
            let current = match &outcome {
                Err(duijie_app::AppError::Conflict(_)) => Some(app.record(&visit.viewer, &id)?.version),
                _ => None,
            };
            Ok((outcome, current))
        })
        .await?;
    match outcome {
        (Err(duijie_app::AppError::Conflict(message)), Some(current)) if current != version => Err(Fault::base_outdated(message)),
        (outcome, _) => answer(&saved(outcome.map_err(Fault::from)?)?, StatusCode::OK),
    }
}

fn answer(saved: &Saved, status: StatusCode) -> Result<Response, Fault> {
    let mut response = json(saved, JSON)?;
    *response.status_mut() = status;
    response.headers_mut().insert(header::ETAG, tag(saved.version)?);
    Ok(response)
}

fn saved(outcome: SaveOutcome) -> Result<Saved, Fault> {
    match outcome {
        SaveOutcome::Saved(saved) => Ok(saved),
        SaveOutcome::Refused(refused) => Err(duijie_app::AppError::Invalid(refused.diagnostics).into()),
    }
}

pub(super) fn tag(version: i64) -> Result<HeaderValue, Fault> {
    HeaderValue::try_from(format!("\"{version}\"")).map_err(Fault::internal)
}

/// The version in `If-Match` (RFC 9110, 13.1.1).
pub(super) fn base(headers: &HeaderMap) -> Result<i64, Fault> {
    let line = headers.get(header::IF_MATCH).ok_or_else(Fault::base_wanted)?.to_str().unwrap_or_default();
    let version = line.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|version| version.parse().ok());
    version.ok_or_else(|| {
        Fault::bad_parameter(
            text!("If-Match 应为记录的 ETag，如 \"3\"。", "If-Match should be the record's ETag, such as \"3\"."),
            text!("请先读取记录。", "Read the record first."),
        )
    })
}

/// The name that the program gave the request; what it asks for goes into the digest.
fn once(visit: &Visit, headers: &HeaderMap, sent: &Value) -> Result<Option<Once>, Fault> {
    let Some(line) = headers.get("idempotency-key") else { return Ok(None) };
    let key = line.to_str().unwrap_or_default();
    if !(1..=200).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::bad_parameter(
            text!("Idempotency-Key 应为 1 到 200 个可见的 ASCII 字符。", "An Idempotency-Key has from 1 to 200 visible ASCII characters."),
            text!("建议使用随机的 UUID。", "A random UUID does well."),
        ));
    }
    let base = headers.get(header::IF_MATCH).map(HeaderValue::as_bytes).unwrap_or_default();
    let body = sent.to_string();
    Ok(Some(Once { key: key.to_string(), request: Digest::of(&[visit.path.as_bytes(), b"\0", base, b"\0", body.as_bytes()]) }))
}

/// The body as what it should be, with the name of the request where it has one.
pub(super) fn read_once<T: DeserializeOwned>(visit: &Visit, headers: &HeaderMap, sent: Sent) -> Result<(Option<Once>, T), Fault> {
    let sent = sent.0?;
    Ok((once(visit, headers, &sent)?, Sent(Ok(sent)).read()?))
}

/// The fields of a record as forms take them.
fn fields(schema: &Schema, sent: &Value) -> Result<Vec<(String, String)>, Fault> {
    let no_object = || {
        let message = text!("请求体应为对象：字段名和值", "the body has to be an object of fields and values");
        Fault::from(duijie_app::AppError::Invalid(vec![Diagnostic::error("body", message)]))
    };
    let mut faults = Vec::new();
    let mut fields = Vec::new();
    for (key, value) in sent.as_object().ok_or_else(no_object)? {
        match (schema.field(key), typed(value)) {
            (Some(_), Some(typed)) => fields.push((key.clone(), typed)),
            (None, _) => faults.push(Diagnostic::error("field.unknown", text!("没有名为“{key}”的字段", "there is no field `{key}`")).at(Place::field(key))),
            (_, None) => faults.push(
                Diagnostic::error(
                    "field.value",
                    text!("字段“{key}”的值应为文字、数字、是否或文字列表", "the value of `{key}` has to be text, a number, true or false, or a list of texts"),
                )
                .at(Place::field(key)),
            ),
        }
    }
    if faults.is_empty() { Ok(fields) } else { Err(duijie_app::AppError::Invalid(faults).into()) }
}

/// A value as somebody would type it.
fn typed(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(truth) => Some(if *truth { "是" } else { "否" }.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_string)).collect::<Option<Vec<_>>>().map(|items| items.join("；")),
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_what_a_form_would_hold() {
        assert_eq!(typed(&json!(["合作开发", "技术转让"])).as_deref(), Some("合作开发；技术转让"));
        assert_eq!(typed(&json!(80.5)).as_deref(), Some("80.5"));
        assert_eq!(typed(&json!(true)).as_deref(), Some("是"));
        assert_eq!(typed(&json!(null)).as_deref(), Some(""));
        assert_eq!(typed(&json!({})), None);
        assert_eq!(typed(&json!([1])), None);
    }

    #[test]
    fn the_base_is_an_etag_or_a_fault() {
        let status = |line: Option<&'static str>| {
            let headers: HeaderMap = line.map(|line| (header::IF_MATCH, HeaderValue::from_static(line))).into_iter().collect();
            base(&headers).map_err(|fault| fault.status.as_u16())
        };
        assert_eq!(status(Some("\"3\"")), Ok(3));
        assert_eq!(status(None), Err(428));
        assert_eq!(status(Some("3")), Err(400));
        assert_eq!(status(Some("*")), Err(400));
    }
}
