//! The portal as a program meets it: keys, versions, names for requests, cursors.

use crate::browser::{Browser, Page, Portal};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use duijie_app::{Scope, Viewer};
use duijie_vocab::RegionCode;
use duijie_web::Options;
use serde_json::{Value, json};

pub(crate) struct Program {
    browser: Browser,
    key: String,
}

impl Program {
    pub(crate) fn of(portal: &Portal, login: &str, scopes: &[Scope]) -> Program {
        let key = portal.app.make_key(&Viewer::operator(), login, "test", scopes, None, 1).expect("a key").secret;
        Program { browser: portal.browser(), key }
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Page {
        let bearer = format!("Bearer {}", self.key);
        let own = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.browser.send(method, path, &[&own, headers].concat(), Body::from(body.to_string())).await
    }

    /// Sends bytes that are no JSON, or not yet.
    pub(crate) async fn send_bytes(&mut self, path: &str, media: &str, bytes: &[u8]) -> Page {
        let bearer = format!("Bearer {}", self.key);
        self.browser.send(Method::POST, path, &[("authorization", bearer.as_str()), ("content-type", media)], Body::from(bytes.to_vec())).await
    }
}

pub(crate) fn value(page: &Page) -> Value {
    serde_json::from_str(&page.text).unwrap_or_else(|fault| panic!("{fault}: {}", page.text))
}

#[tokio::test]
async fn a_change_names_its_base_and_a_second_one_is_told() {
    let portal = Portal::open();
    let mut program = Program::of(&portal, "officer", &Scope::ALL);
    let need = json!({ "title": "接口登记的需求", "main_problem": "良率低", "region": "320400", "budget": 80 });
    let made = program.send(Method::POST, "/api/need", &[], &need).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let place = made.header("location").to_string();
    assert_eq!(made.header("etag"), "\"1\"");
    let title = json!({ "title": "改过的标题" });
    assert_eq!(program.send(Method::PATCH, &place, &[], &title).await.status, StatusCode::PRECONDITION_REQUIRED);
    let changed = program.send(Method::PATCH, &place, &[("if-match", "\"1\"")], &title).await;
    assert_eq!((changed.status, changed.header("etag")), (StatusCode::OK, "\"2\""), "{}", changed.text);
    let late = program.send(Method::PATCH, &place, &[("if-match", "\"1\"")], &json!({ "title": "后到" })).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(late.header("content-type"), "application/problem+json");
    assert_eq!(value(&program.send(Method::GET, &place, &[], &Value::Null).await)["title"], "改过的标题");
}

#[tokio::test]
async fn a_request_with_a_name_is_done_once() {
    let portal = Portal::open();
    let mut program = Program::of(&portal, "officer", &Scope::ALL);
    let need = json!({ "title": "只登记一次", "main_problem": "x", "region": "320400" });
    let name = [("idempotency-key", "4f1c-1")];
    let first = program.send(Method::POST, "/api/need", &name, &need).await;
    let entries = portal.app.figures().expect("figures").entries;
    let again = program.send(Method::POST, "/api/need", &name, &need).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing was written again");
    let other = program.send(Method::POST, "/api/need", &name, &json!({ "title": "另一个", "main_problem": "x", "region": "320400" })).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
    let unnamed = program.send(Method::POST, "/api/need", &[], &need).await;
    assert_eq!(unnamed.status, StatusCode::CONFLICT, "the record is there already: {}", unnamed.text);
}

#[tokio::test]
async fn a_case_with_a_name_is_opened_once() {
    let portal = Portal::open();
    let mut program = Program::of(&portal, "member", &Scope::ALL);
    let need = json!({ "need": { "title": "叶片热障涂层", "problem": "热障涂层开裂" }, "submit": true });
    let name = [("idempotency-key", "case-1")];
    let first = program.send(Method::POST, "/api/cases", &name, &need).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let entries = portal.app.figures().expect("figures").entries;
    let again = program.send(Method::POST, "/api/cases", &name, &need).await;
    assert_eq!((again.status, again.header("location"), &again.text), (first.status, first.header("location"), &first.text));
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing was written again");
    let other = json!({ "need": { "title": "另一件", "problem": "另一个问题" } });
    assert_eq!(program.send(Method::POST, "/api/cases", &name, &other).await.status, StatusCode::CONFLICT);
    let long = "x".repeat(201);
    assert_eq!(program.send(Method::POST, "/api/cases", &[("idempotency-key", long.as_str())], &need).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_by_field() {
    let portal = Portal::open();
    let mut program = Program::of(&portal, "officer", &Scope::ALL);
    for (body, status) in [
        (json!({ "title": "t", "colour": "red" }), 422),
        (json!({ "title": { "zh": "t" } }), 422),
        (json!({ "title": "t", "budget": "很多" }), 422),
        (json!(["title"]), 422),
    ] {
        let page = program.send(Method::POST, "/api/need", &[], &body).await;
        assert_eq!(page.status.as_u16(), status, "{body}: {}", page.text);
        assert!(value(&page)["diagnostics"].as_array().is_some_and(|faults| !faults.is_empty()), "{}", page.text);
    }
    let headers = [("content-type", "text/plain")];
    let bearer = format!("Bearer {}", program.key);
    let wrong = program.browser.send(Method::POST, "/api/need", &[("authorization", &bearer), headers[0]], Body::from("{}")).await;
    assert_eq!(wrong.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let bearer = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for body in [&b"{"[..], b"\xff", b""] {
        let wrong = program.browser.send(Method::POST, "/api/need", &bearer, Body::from(body)).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
    }
    let large = program.browser.send(Method::POST, "/api/need", &bearer, Body::from(vec![b' '; 10 * 1024 * 1024])).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_key_reaches_as_far_as_its_scopes_and_no_longer_than_it_is_good() {
    let portal = Portal::open();
    let mut reader = Program::of(&portal, "officer", &[Scope::Read]);
    let need = json!({ "title": "t", "main_problem": "x", "region": "320400" });
    let refused = reader.send(Method::POST, "/api/need", &[], &need).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(value(&refused)["code"], "scope_missing");
    assert_eq!(reader.send(Method::GET, "/api/need", &[], &Value::Null).await.status, StatusCode::OK);
    let id = reader.key.split('_').nth(1).expect("an id").to_string();
    portal.app.revoke_key(&Viewer::operator(), &id).expect("the key is revoked");
    let gone = reader.send(Method::GET, "/api/need", &[], &Value::Null).await;
    assert_eq!((gone.status, gone.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    let mut unknown = Program { browser: portal.browser(), key: format!("dj_{}_{}", "0".repeat(12), "0".repeat(64)) };
    assert_eq!(unknown.send(Method::GET, "/api/need", &[], &Value::Null).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_list_is_walked_from_end_to_end() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = value(&browser.get(&format!("/api/organization?limit=1{after}")).await);
        seen.extend(page["records"].as_array().expect("records").iter().map(|record| record["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", crate::browser::encode(next));
    }
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0], seen[1]);
    assert_eq!(browser.get("/api/organization?after=nonsense").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let portal = Portal::with(Options { requests_a_minute: (3, 3), ..Options::default() });
    let mut browser = portal.browser();
    for _ in 0..3 {
        assert_eq!(browser.get("/api/schemas/need").await.status, StatusCode::OK);
    }
    let last = browser.get("/api/schemas/need").await;
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "people are not counted");
}

#[tokio::test]
async fn a_named_request_for_a_webhook_makes_one_and_tells_its_secret_again() {
    let portal = Portal::open();
    let mut program = Program::of(&portal, "officer", &Scope::ALL);
    let wish = json!({ "url": "https://hooks.example.cn/in", "events": ["record.changed"] });
    let name = [("idempotency-key", "hook-1")];
    let first = program.send(Method::POST, "/api/webhooks", &name, &wish).await;
    let again = program.send(Method::POST, "/api/webhooks", &name, &wish).await;
    assert_eq!((first.status, again.status, &first.text), (StatusCode::CREATED, StatusCode::CREATED, &again.text));
    let other = json!({ "url": "https://hooks.example.cn/out", "events": ["record.changed"] });
    assert_eq!(program.send(Method::POST, "/api/webhooks", &name, &other).await.status, StatusCode::CONFLICT);
    assert_eq!(value(&program.send(Method::GET, "/api/webhooks", &[], &Value::Null).await).as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_key_stays_within_its_region() {
    let portal = Portal::open();
    let district = RegionCode::parse("320412").expect("a region");
    let key = portal.app.make_key(&Viewer::operator(), "officer", "test", &Scope::ALL, Some(district), 1).expect("a key").secret;
    let mut program = Program { browser: portal.browser(), key };
    let need = |title: &str, region: &str| json!({ "title": title, "main_problem": "x", "region": region });
    let city = program.send(Method::POST, "/api/need", &[], &need("全市的需求", "320400")).await;
    assert_eq!((city.status, value(&city)["code"].as_str()), (StatusCode::FORBIDDEN, Some("forbidden")), "the officer may, the key may not: {}", city.text);
    let own = program.send(Method::POST, "/api/need", &[], &need("武进区的需求", "320412")).await;
    assert_eq!(own.status, StatusCode::CREATED, "{}", own.text);
    let place = portal.first("need").await.replacen("/need/", "/api/need/", 1);
    let tag = program.send(Method::GET, &place, &[], &Value::Null).await.header("etag").to_string();
    let change = program.send(Method::PATCH, &place, &[("if-match", &tag)], &json!({ "background": "x" })).await;
    assert_eq!(change.status, StatusCode::FORBIDDEN, "{}", change.text);
}

/// The paths of every list of the API that goes on, from its own description.
async fn lists(portal: &Portal) -> Vec<String> {
    let described = value(&portal.browser().get("/api/openapi.json").await);
    let paths = described["paths"].as_object().expect("paths");
    let resumes = |operations: &Value| operations["get"]["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "after"));
    paths.iter().filter(|(_, operations)| resumes(operations)).map(|(path, _)| path.replace("{kind}", "need")).collect()
}

#[tokio::test]
async fn a_place_that_no_list_gave_is_refused_by_all_of_them_alike() {
    const GARBLED: [&str; 6] =
        ["x", "need-0123456789abcdef.x", "need-0123456789abcdef.1.2", "need-0123456789abcdef.99999999999999999999", "1x", "%F0%9F%94%91"];
    let portal = Portal::open();
    let mut program = Program::of(&portal, "admin", &Scope::ALL);
    let lists = lists(&portal).await;
    assert!(lists.len() >= 7, "{lists:?}");
    for path in &lists {
        for garbled in GARBLED {
            let page = program.send(Method::GET, &format!("{path}?list=x&account=bank:320400:treasury&after={garbled}"), &[], &Value::Null).await;
            assert_eq!(
                (page.status, page.header("content-type")),
                (StatusCode::UNPROCESSABLE_ENTITY, "application/problem+json"),
                "{path} {garbled}: {}",
                page.text
            );
            let problem = value(&page);
            assert_eq!(problem["diagnostics"][0]["code"], "list.after", "{path} {garbled}");
            assert_eq!(problem["diagnostics"][0]["place"]["field"], "after", "{path} {garbled}");
        }
    }
}
