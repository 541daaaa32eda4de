//! The portal as an assistant meets it over the Model Context Protocol: the official client, over
//! HTTP on a socket, and what clients send that are none.

use crate::browser::{Browser, Page, Portal};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use duijie_app::{Scope, Viewer};
use duijie_web::Options;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, UnixSocketHttpClient};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tower::ServiceExt;

type Client = RunningService<RoleClient, ()>;

const ADDRESS: &str = "http://duijie.example.cn/mcp";

/// Answers on a socket as the portal would behind a proxy.
struct Door(tempfile::TempDir);

impl Door {
    fn of(router: Router) -> Door {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join("door")).expect("a socket");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let router = router.clone();
                let service = service_fn(move |request: hyper::Request<Incoming>| router.clone().oneshot(request.map(Body::new)));
                tokio::spawn(async move { http1::Builder::new().serve_connection(TokioIo::new(stream), service).await });
            }
        });
        Door(folder)
    }

    async fn client(&self, key: Option<&str>, lifecycle: ClientLifecycleMode) -> Client {
        let path = self.0.path().join("door");
        let mut config = StreamableHttpClientTransportConfig::with_uri(ADDRESS);
        config.auth_header = key.map(str::to_string);
        let client = UnixSocketHttpClient::new(path.to_str().expect("a path in UTF-8"), ADDRESS);
        ().serve_with_lifecycle(StreamableHttpClientTransport::with_client(client, config), lifecycle).await.expect("they understand one another")
    }
}

async fn ask(client: &Client, tool: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().expect("an object").clone();
    client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.expect("an answer")
}

fn said(answer: &CallToolResult) -> &Value {
    answer.structured_content.as_ref().expect("an answer with structure")
}

fn key(portal: &Portal, login: &str) -> String {
    portal.app.make_key(&Viewer::operator(), login, "test", &[Scope::Read], None, 1).expect("a key").secret
}

#[tokio::test]
async fn the_official_client_searches_matches_and_asks_in_old_and_new_revisions() {
    let portal = Portal::open();
    let door = Door::of(portal.router());
    let secret = key(&portal, "officer");
    let need = portal.first("need").await.rsplit('/').next().expect("an id").to_string();
    let organization = portal.app.organization_named("江南先进制造研究院").expect("a look-up").expect("an organization");
    let newest = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    for lifecycle in [ClientLifecycleMode::Initialize, newest] {
        let client = door.client(Some(&secret), lifecycle).await;
        let server = client.peer_info().and_then(|server| server.server_info.clone()).expect("a name");
        assert_eq!((server.name.as_str(), server.title.as_deref()), ("duijie", Some("Duijie 对接")));
        let tools = client.list_all_tools().await.expect("tools");
        assert_eq!(tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(), ["search", "record", "match", "policy"]);
        assert!(tools.iter().all(|tool| tool.annotations.as_ref().is_some_and(|hints| hints.read_only_hint == Some(true))));
        let found = ask(&client, "search", json!({ "query": "涂层", "kind": "need", "limit": 1 })).await;
        assert_eq!((said(&found)["hits"][0]["kind"].as_str(), said(&found)["hits"].as_array().map(Vec::len)), (Some("need"), Some(1)));
        let record = ask(&client, "record", json!({ "id": need })).await;
        assert_eq!(record.is_error, Some(false), "{record:?}");
        let matched = ask(&client, "match", json!({ "id": need })).await;
        assert!(matched.is_error == Some(false) && said(&matched).is_object(), "{matched:?}");
        let decided = ask(&client, "policy", json!({ "organization": organization, "period": "2021" })).await;
        assert_eq!(decided.is_error, Some(false), "{decided:?}");
        let fault = client.call_tool(CallToolRequestParams::new("nonsense")).await.expect_err("there is no such tool");
        assert!(fault.to_string().contains("there is no such tool"), "{fault}");
        client.cancel().await.expect("it ends");
    }
}

#[tokio::test]
async fn an_assistant_has_the_rights_of_its_key_and_is_told_what_it_did_wrong() {
    let portal = Portal::open();
    let door = Door::of(portal.router());
    let organization = portal.app.organization_named("江南先进制造研究院").expect("a look-up").expect("an organization");
    let nobody = door.client(None, ClientLifecycleMode::Initialize).await;
    let policy = json!({ "organization": organization });
    let refused = ask(&nobody, "policy", policy.clone()).await;
    assert_eq!((refused.is_error, said(&refused)["code"].as_str()), (Some(true), Some("forbidden")), "what is not public stays so");
    let officer = door.client(Some(&key(&portal, "officer")), ClientLifecycleMode::Initialize).await;
    assert_eq!(ask(&officer, "policy", policy).await.is_error, Some(false));
    for (tool, arguments, code) in [
        ("search", json!({}), "bad_parameter"),
        ("search", json!({ "query": "x", "colour": "red" }), "bad_parameter"),
        ("search", json!({ "query": "x", "limit": "many" }), "bad_parameter"),
        ("search", json!({ "query": "x", "kind": "moon" }), "not_found"),
        ("search", json!({ "query": "x", "region": "Atlantis" }), "not_found"),
        ("record", json!({ "id": "'; drop table" }), "not_found"),
        ("policy", json!({ "organization": organization, "period": "soon" }), "bad_parameter"),
    ] {
        let told = ask(&officer, tool, arguments.clone()).await;
        assert_eq!((told.is_error, said(&told)["code"].as_str()), (Some(true), Some(code)), "{tool} {arguments}: {told:?}");
        assert!(said(&told)["advice"].as_str().is_some_and(|advice| !advice.is_empty()));
    }
}

/// Sends one message by hand; `headers` come after those that a client sends.
async fn post(browser: &mut Browser, headers: &[(&str, &str)], body: impl Into<Body>) -> Page {
    let usual = [("host", "duijie.example.cn"), ("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    let own = usual.into_iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
    browser.send(Method::POST, "/mcp", &own.chain(headers.iter().copied()).collect::<Vec<_>>(), body.into()).await
}

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

fn public() -> Options {
    Options { public_url: "https://duijie.example.cn".into(), requests_a_minute: (10_000, 10_000), ..Options::default() }
}

#[tokio::test]
async fn pages_of_other_sites_and_foreign_names_of_the_host_are_refused() {
    let portal = Portal::with(public());
    let mut browser = portal.browser();
    for (headers, status) in [
        (&[][..], 200),
        (&[("origin", "https://duijie.example.cn")], 200),
        (&[("host", "127.0.0.1:8080")], 200),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "http://duijie.example.cn")], 403),
        (&[("origin", "https://duijie.example.cn:8443")], 403),
        (&[("origin", "null")], 403),
        (&[("host", "evil.example")], 403),
        (&[("host", "evil.example"), ("origin", "https://evil.example")], 403),
    ] {
        let page = post(&mut browser, headers, LIST).await;
        assert_eq!(page.status.as_u16(), status, "{headers:?}: {}", page.text);
        let problem = status == 403;
        assert_eq!(page.header("content-type"), if problem { "application/problem+json" } else { "application/json" }, "{headers:?}");
        assert_eq!(page.text.contains("foreign_request"), problem);
    }
    let behind = Portal::with(Options { trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")], ..public() });
    assert_eq!(post(&mut behind.browser(), &[("host", "inside:8080")], LIST).await.status, StatusCode::OK, "a named proxy answers for the host");
}

#[tokio::test]
async fn what_is_no_message_is_told_as_a_problem() {
    let portal = Portal::with(public());
    let mut browser = portal.browser();
    for (body, status) in [
        (&b"{"[..], 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"{}", 400),
        (br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400),
        (br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, 400),
        (&vec![b' '; 10 * 1024 * 1024], 413),
    ] {
        let page = post(&mut browser, &[], body.to_vec()).await;
        assert_eq!(page.status.as_u16(), status, "{}: {}", String::from_utf8_lossy(&body[..body.len().min(50)]), page.text);
        assert_eq!(page.header("content-type"), "application/problem+json", "{}", page.text);
    }
    for (headers, status) in [
        (&[("accept", "application/json")][..], 406),
        (&[("content-type", "text/plain")], 415),
        (&[("mcp-protocol-version", "1999-01-01")], 400),
        (&[("authorization", "Bearer dj_000000000000_00")], 401),
    ] {
        let page = post(&mut browser, headers, LIST).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (status, "application/problem+json"), "{headers:?}: {}", page.text);
    }
    let lax = post(&mut browser, &[("accept", "*/*")], LIST).await;
    assert!(lax.text.contains("Accept") && lax.text.contains("协议层拒绝"), "{}", lax.text);
    let unknown = post(&mut browser, &[], r#"{"jsonrpc":"2.0","id":7,"method":"nonsense"}"#).await;
    assert!(unknown.text.contains("-32601") && unknown.text.contains("\"id\":7"), "{}", unknown.text);
    let told = post(&mut browser, &[], r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::ACCEPTED, ""));
    let read = browser.get("/mcp").await;
    assert_eq!((read.status, read.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "there is no stream to open");
}

#[tokio::test]
async fn an_assistant_comes_no_oftener_than_other_programs() {
    let portal = Portal::with(Options { requests_a_minute: (2, 2), ..public() });
    let mut browser = portal.browser();
    for _ in 0..2 {
        assert_eq!(post(&mut browser, &[], LIST).await.status, StatusCode::OK);
    }
    let late = post(&mut browser, &[], LIST).await;
    assert_eq!((late.status, late.header("content-type")), (StatusCode::TOO_MANY_REQUESTS, "application/problem+json"));
    assert!(!late.header("retry-after").is_empty());
}

#[tokio::test]
async fn tools_are_described_in_the_language_that_is_asked_for() {
    let portal = Portal::with(public());
    let mut browser = portal.browser();
    assert!(post(&mut browser, &[], LIST).await.text.contains("全文搜索各类记录"));
    browser.language = "en";
    assert!(post(&mut browser, &[], LIST).await.text.contains("Full-text search over all kinds of records"));
}
