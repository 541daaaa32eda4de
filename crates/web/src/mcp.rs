//! The Model Context Protocol over streamable HTTP (revision 2025-06-18), so that assistants search,
//! match and ask about policies under the rights of the key they carry. Every answer is complete
//! and stateless: one JSON-RPC message in, one out.

use crate::fault::Fault;
use crate::pages::decisions::period;
use crate::portal::Portal;
use crate::program::Sent;
use crate::render;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use duijie_app::SearchRequest;
use duijie_vocab::{Lang, RecordId, RegionCode};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

const REVISION: &str = "2025-06-18";
/// Errors of JSON-RPC 2.0.
const INVALID_REQUEST: i64 = -32600;
const NO_SUCH_METHOD: i64 = -32601;
const INVALID_PARAMETERS: i64 = -32602;

pub(crate) async fn answer(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let message = sent.0?;
    let id = message.get("id").cloned().unwrap_or(Value::Null);
    let Some(method) = message.get("method").and_then(Value::as_str).filter(|_| message["jsonrpc"] == "2.0") else {
        return reply(&error(&id, INVALID_REQUEST, "not a JSON-RPC 2.0 request"));
    };
    if message.get("id").is_none() {
        // A notification wants no answer.
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let parameters = message.get("params").cloned().unwrap_or_else(|| json!({}));
    match method {
        "initialize" => reply(&result(&id, &greeting())),
        "ping" => reply(&result(&id, &json!({}))),
        "tools/list" => reply(&result(&id, &json!({ "tools": tools() }))),
        "tools/call" => reply(&call(&portal, &visit, &id, &parameters).await?),
        _ => reply(&error(&id, NO_SUCH_METHOD, "there is no such method")),
    }
}

fn greeting() -> Value {
    json!({
        "protocolVersion": REVISION,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "duijie", "title": "Duijie 对接", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "Needs, offers, experts, instruments, services and policies of a region. Search first, then look at a record, its matches or what an organization could get. Every answer carries its reasons.",
    })
}

fn tools() -> Value {
    let kinds: Vec<&str> = duijie_record::schemas().iter().map(|schema| schema.kind.as_str()).collect();
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!([
        tool(
            "search",
            "Full-text search over all kinds of records.",
            &json!({
                "query": text("What to look for, in Chinese or English."),
                "kind": { "type": "string", "enum": kinds, "description": "Only this kind of record." },
                "region": text("Code or name of a region; what lies in it is found."),
                "limit": { "type": "integer", "minimum": 1, "maximum": 50, "description": "10 without it." },
            }),
            &["query"]
        ),
        tool("record", "One record with its fields, who points to it, and its history.", &json!({ "id": text("The record's id.") }), &["id"]),
        tool(
            "match",
            "What could help with a need, or which needs a resource could help with, each with reasons for and against.",
            &json!({
                "id": text("The id of a need or of a resource."),
                "limit": { "type": "integer", "minimum": 1, "maximum": 20, "description": "Matches of each kind; 5 without it." },
            }),
            &["id"]
        ),
        tool(
            "policy",
            "What every policy measure says about an organization: eligible or not, why, and which facts are missing.",
            &json!({
                "organization": text("The organization's id."),
                "period": text("The period decided for, such as 2021."),
            }),
            &["organization"]
        ),
    ])
}

fn tool(name: &str, about: &str, properties: &Value, required: &[&str]) -> Value {
    json!({
        "name": name,
        "description": about,
        "inputSchema": { "type": "object", "properties": properties, "required": required, "additionalProperties": false },
        "annotations": { "readOnlyHint": true, "openWorldHint": false },
    })
}

async fn call(portal: &Portal, visit: &Visit, id: &Value, parameters: &Value) -> Result<Value, Fault> {
    let given = parameters.get("arguments").cloned().unwrap_or_else(|| json!({}));
    let name = parameters["name"].as_str().unwrap_or_default();
    let asked = match name {
        "search" => search(portal, visit, &given).await,
        "record" => about(portal, visit, &given, "id", |app, viewer, id, _| app.record(viewer, id)).await,
        "match" => {
            let limit = given["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(5).clamp(1, 20);
            about(portal, visit, &given, "id", move |app, viewer, id, _| app.matches(viewer, id, limit)).await
        }
        "policy" => about(portal, visit, &given, "organization", |app, viewer, id, period| app.decisions(viewer, id, period)).await,
        _ => return Ok(error(id, INVALID_PARAMETERS, "there is no such tool")),
    };
    // A refusal is an answer for the assistant; only what broke inside is the server's own fault.
    match asked {
        Ok(value) => Ok(result(id, &content(&value, false))),
        Err(fault) if fault.status.is_server_error() => Err(fault),
        Err(fault) => Ok(result(id, &content(&told(visit.lang, &fault), true))),
    }
}

fn told(lang: Lang, fault: &Fault) -> Value {
    json!({ "code": fault.code, "message": fault.message.get(lang), "advice": fault.advice.get(lang) })
}

/// The answer as text, as every client reads it, and as structure.
fn content(value: &Value, is_error: bool) -> Value {
    let structured = if value.is_object() { value.clone() } else { json!({ "items": value }) };
    json!({ "content": [{ "type": "text", "text": value.to_string() }], "structuredContent": structured, "isError": is_error })
}

async fn search(portal: &Portal, visit: &Visit, given: &Value) -> Result<Value, Fault> {
    let kind = given["kind"].as_str().map(str::to_string);
    if kind.as_deref().is_some_and(|kind| crate::kind::known(kind).is_none()) {
        return Err(Fault::not_found());
    }
    let request = SearchRequest {
        text: given["query"].as_str().unwrap_or_default().chars().take(crate::pages::search::TEXT_CHARACTERS).collect(),
        kinds: kind.into_iter().collect(),
        region: given["region"].as_str().map(RegionCode::find).transpose().map_err(|_| Fault::not_found())?,
        page: 1,
        per_page: given["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10).clamp(1, 50),
        ..SearchRequest::default()
    };
    let viewer = visit.viewer.clone();
    let found = portal.ask(move |app| app.search(&viewer, &request)).await?;
    let line = |hit: &duijie_app::Hit| {
        let text = |segments: &[duijie_app::Segment]| segments.iter().map(|segment| segment.text.as_str()).collect::<String>();
        json!({ "id": hit.id, "kind": hit.kind, "title": text(&hit.title), "snippet": text(&hit.snippet), "region": hit.region_name, "updated": hit.updated_on })
    };
    Ok(json!({ "total": found.total, "as_of": found.as_of, "hits": found.hits.iter().map(line).collect::<Vec<_>>() }))
}

/// A question about the record whose id stands under `name`, perhaps for a period.
async fn about<T: Serialize + Send + 'static>(
    portal: &Portal,
    visit: &Visit,
    given: &Value,
    name: &str,
    ask: impl FnOnce(&duijie_app::App, &duijie_app::Viewer, &RecordId, Option<&str>) -> Result<T, duijie_app::AppError> + Send + 'static,
) -> Result<Value, Fault> {
    let id = given[name].as_str().and_then(RecordId::parse).ok_or_else(Fault::not_found)?;
    let period = period(given["period"].as_str())?;
    let viewer = visit.viewer.clone();
    let answer = portal.ask(move |app| ask(app, &viewer, &id, period.as_deref())).await?;
    serde_json::to_value(answer).map_err(Fault::internal)
}

fn result(id: &Value, value: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": value })
}

fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

fn reply(message: &Value) -> Result<Response, Fault> {
    render::json(message, "application/json")
}
