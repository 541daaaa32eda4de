//! The Model Context Protocol over streamable HTTP, so that assistants search, match and ask about
//! policies under the rights of the key they carry. `rmcp` speaks the protocol in all its revisions;
//! every request stands for itself, so there are no sessions to keep. The size of a message, how often
//! one may come and who somebody is are decided by the frame around all routes, as for the API.

mod question;

use crate::fault::Fault;
use crate::options::Options;
use crate::portal::Portal;
use crate::posted::FORM_LIMIT_BYTES;
use crate::program::Sent;
use crate::visit::Visit;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use axum::response::Response;
use duijie_vocab::text;
use question::Question;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

/// More is not read of an answer that only says what was wrong with a request.
const REFUSAL_BYTES: usize = 4096;

pub(crate) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let message = serde_json::to_vec(&sent.0?).map_err(Fault::internal)?;
    let mut request = Request::post("/mcp").body(Body::from(message)).map_err(Fault::internal)?;
    *request.headers_mut() = headers;
    let config = transport(&portal.options);
    let assistant = move || Ok(Assistant { portal: Arc::clone(&portal), visit: visit.clone() });
    let service = StreamableHttpService::new(assistant, Arc::new(NeverSessionManager::default()), config);
    in_our_words(service.handle(request).await.map(Body::new)).await
}

/// One message and one answer, for programs and for pages of our own. A browser that was led here
/// under a foreign name (DNS rebinding) shows it by `Origin` or `Host`.
fn transport(options: &Options) -> StreamableHttpServerConfig {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(FORM_LIMIT_BYTES)
        .enforce_origin_validation();
    let own = options.public_url.parse::<Uri>().ok();
    let Some((scheme, host, port)) = own.as_ref().and_then(|own| Some((own.scheme_str()?, own.host()?, own.port_u16()))) else {
        return config.disable_allowed_hosts();
    };
    let port = port.unwrap_or(if scheme == "https" { 443 } else { 80 });
    let config = config.with_allowed_origins([format!("{scheme}://{host}:{port}")]);
    // A named proxy decides itself for which hosts it speaks, and what it calls us is its own affair.
    let everywhere = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_unspecified());
    if everywhere || !options.trusted_proxies.is_empty() {
        return config.disable_allowed_hosts();
    }
    config.with_allowed_hosts([host, "localhost", "127.0.0.1", "::1"])
}

/// What the transport refuses in bare words becomes a fault like any other; messages of the protocol
/// go through as they are.
async fn in_our_words(answer: Response) -> Result<Response, Fault> {
    let status = answer.status();
    if status.is_success() || answer.headers().get(header::CONTENT_TYPE).is_some_and(|media| media == "application/json") {
        return Ok(answer);
    }
    let bytes = to_bytes(answer.into_body(), REFUSAL_BYTES).await.unwrap_or_default();
    let why = String::from_utf8_lossy(&bytes);
    if status.is_server_error() {
        return Err(Fault::internal(why));
    }
    let (message, refused) = (text!("协议层拒绝：{why}", "The protocol refuses it: {why}"), status == StatusCode::FORBIDDEN);
    let advice = match status {
        StatusCode::FORBIDDEN => {
            text!("Host 与 Origin 须是门户地址（--public-url）。", "Host and Origin have to be those of the portal's address (--public-url).")
        }
        _ => text!(
            "请发送一条 JSON-RPC 2.0 消息，Accept 为 application/json, text/event-stream。",
            "Send one JSON-RPC 2.0 message with Accept: application/json, text/event-stream."
        ),
    };
    let fault = if refused { Fault { message, advice, ..Fault::foreign() } } else { Fault::bad_parameter(message, advice) };
    // To the transport, JSON that is no message of the protocol is a medium that it does not know.
    Err(if status == StatusCode::UNSUPPORTED_MEDIA_TYPE { fault } else { Fault { status, ..fault } })
}

/// The portal as one assistant meets it, with the rights of its visit.
struct Assistant {
    portal: Arc<Portal>,
    visit: Visit,
}

impl ServerHandler for Assistant {
    fn get_info(&self) -> ServerConfig {
        let instructions = text!(
            "一个地区的需求、成果、专家、仪器、服务与政策。先搜索，再查看记录、它的匹配，或某机构能享受什么。每个答复都附理由。",
            "Needs, offers, experts, instruments, services and policies of a region. Search first, then look at a record, its matches or what an organization could get. Every answer carries its reasons."
        );
        let product = Implementation::new("duijie", env!("CARGO_PKG_VERSION")).with_title("Duijie 对接");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(product).with_instructions(instructions.get(self.visit.lang))
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(Question::ALL.map(|question| question.tool(self.visit.lang)).to_vec()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        Question::named(name).map(|question| question.tool(self.visit.lang))
    }

    async fn call_tool(&self, called: CallToolRequestParams, _: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let Some(question) = Question::named(&called.name) else { return Err(ErrorData::invalid_params("there is no such tool", None)) };
        let given = called.arguments.unwrap_or_default();
        // A refusal is an answer for the assistant; only what broke inside is the server's own fault.
        let result = match question.ask(&self.portal, &self.visit, given).await {
            Ok(value) => CallToolResult::structured(value),
            Err(fault) if fault.status == StatusCode::INTERNAL_SERVER_ERROR => {
                return Err(ErrorData::internal_error(fault.message.get(self.visit.lang).to_string(), None));
            }
            Err(fault) => CallToolResult::structured_error(told(&self.visit, &fault)),
        };
        Ok(result.into())
    }
}

fn told(visit: &Visit, fault: &Fault) -> serde_json::Value {
    json!({ "code": fault.code, "message": fault.message.get(visit.lang), "advice": fault.advice.get(visit.lang) })
}
