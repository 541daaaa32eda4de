//! Who gets what, cell by cell: every route and method, every role, one's own and other people's
//! things. The expectations stand in `rights.txt`; a route without a line there fails.

use crate::browser::{Browser, Page, Portal};
use axum::body::Body;
use axum::http::Method;
use duijie_app::{Scope, Viewer};
use std::collections::BTreeSet;

const VISITORS: [&str; 8] = ["public", "member", "stranger", "adviser", "officer", "elsewhere", "leader", "admin"];

pub(crate) struct Line {
    pub(crate) method: Method,
    pub(crate) route: String,
    pub(crate) path: String,
    /// What is posted, if anything is.
    pub(crate) body: String,
    /// Statuses by visitor; empty where another test looks at the route.
    pub(crate) statuses: Vec<u16>,
}

pub(crate) fn lines() -> Vec<Line> {
    include_str!("rights.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

fn line(text: &str) -> Line {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (head, statuses) = words.split_at(words.len() - VISITORS.len());
    let [method, route, place] = head else { panic!("`{text}` is not METHOD ROUTE PLACE and {} statuses", VISITORS.len()) };
    let (path, body) = place.split_once('|').unwrap_or((place, ""));
    Line {
        method: method.parse().expect("a method"),
        route: (*route).into(),
        path: path.into(),
        body: body.into(),
        statuses: statuses.iter().filter(|status| **status != "-").map(|status| status.parse().expect("a status")).collect(),
    }
}

#[test]
fn no_route_is_without_a_line_and_no_line_without_a_route() {
    let described: BTreeSet<(String, String)> = lines().iter().map(|line| (line.route.clone(), line.method.to_string())).collect();
    let routes: BTreeSet<(String, String)> =
        duijie_web::table().into_iter().flat_map(|(route, methods)| methods.into_iter().map(move |method| (route.to_string(), method.to_string()))).collect();
    let missing: Vec<_> = routes.difference(&described).collect();
    let stale: Vec<_> = described.difference(&routes).collect();
    assert!(missing.is_empty() && stale.is_empty(), "rights.txt lacks {missing:?} and has no route for {stale:?}");
}

/// The walk opens pages in a browser and holds them against accessibility rules: all of them.
#[test]
fn no_page_is_left_out_of_the_walk() {
    const NO_PAGES: [&str; 11] = [
        "/feed",
        "/figures/{file}",
        "/export/{file}",
        "/payouts/files/{file}",
        "/orders/{id}/documents/{digest}",
        "/template/{file}",
        "/import/{token}/annotated",
        "/assets/{digest}/{name}",
        "/logout",
        "/login/with/{provider}",
        "/login/with/{provider}/back",
    ];
    let pages: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../walk/pages.json")).expect("JSON");
    let walked: BTreeSet<&str> = pages.iter().filter_map(|page| page["route"].as_str()).collect();
    let table = duijie_web::table();
    let wanted = table.iter().filter(|(route, methods)| methods.contains(&"GET") && !route.starts_with("/api/") && !NO_PAGES.contains(route));
    let missing: Vec<&str> = wanted.map(|(route, _)| *route).filter(|route| !walked.contains(route) && !route.contains('.')).collect();
    assert!(missing.is_empty(), "walk/pages.json lacks {missing:?}");
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_nothing_else() {
    let portal = Portal::open();
    let need = portal.first("need").await;
    let need = need.rsplit('/').next().expect("an id").to_string();
    let organization = portal.app.organization_named("常州星宇航空材料有限公司").expect("a look-up").expect("the owner").to_string();
    let case = case_of(&portal);
    let mut wrong = Vec::new();
    for (column, name) in VISITORS.into_iter().enumerate() {
        let key = key(&portal, name);
        let (mut browser, mut client) = (if name == "public" { portal.browser() } else { portal.visiting(name) }, portal.browser());
        for line in lines().iter().filter(|line| !line.statuses.is_empty()) {
            let fill = |text: &str| {
                text.replace("{need}", &need)
                    .replace("{organization}", &organization)
                    .replace("{case}", &case)
                    .replace("{case_id}", case.trim_start_matches("/case/"))
            };
            let page = if line.route.starts_with("/api/") {
                program(&mut client, &line.method, &fill(&line.path), &fill(&line.body), key.as_deref()).await
            } else {
                person(&mut browser, &line.method, &fill(&line.path), &fill(&line.body)).await
            };
            if page.status.as_u16() != line.statuses[column] {
                wrong.push(format!("{name}: {} {}|{} answered {}, not {}", line.method, line.path, line.body, page.status.as_u16(), line.statuses[column]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// The path of a case that the member has handed in.
fn case_of(portal: &Portal) -> String {
    let owner = portal.app.organization_named("常州星宇航空材料有限公司").expect("a look-up").expect("the owner");
    let member = Viewer {
        login: Some("member".into()),
        name: String::new(),
        role: duijie_app::Role::Member,
        region: duijie_vocab::RegionCode::NATION,
        organization: Some(owner.to_string()),
    };
    let form = duijie_app::CaseForm { title: "叶片热障涂层".into(), problem: "热障涂层开裂".into(), ..Default::default() };
    format!("/case/{}", portal.app.open_case(&member, &form, true).expect("a case"))
}

pub(crate) fn key(portal: &Portal, login: &str) -> Option<String> {
    let made = portal.app.make_key(&Viewer::operator(), login, "test", &Scope::ALL, None, 1);
    (login != "public").then(|| made.expect("a key").secret)
}

pub(crate) async fn person(browser: &mut Browser, method: &Method, path: &str, form: &str) -> Page {
    if method == Method::GET {
        return browser.get(path).await;
    }
    let token = browser.token().await;
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    browser.send(method.clone(), path, &headers, Body::from(format!("{form}&_token={token}"))).await
}

pub(crate) async fn program(browser: &mut Browser, method: &Method, path: &str, body: &str, key: Option<&str>) -> Page {
    let line = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(line.as_deref().map(|line| ("authorization", line)));
    let tag = if method == Method::PATCH { browser.get(path).await.header("etag").to_string() } else { String::new() };
    if !tag.is_empty() {
        headers.push(("if-match", &tag));
    }
    browser.send(method.clone(), path, &headers, Body::from(body.to_string())).await
}
