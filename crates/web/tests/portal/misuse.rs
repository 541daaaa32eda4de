//! What goes wrong in browsers and networks: slow clients, garbled and huge input, logins that end
//! while somebody writes, and the same form twice. Nothing here needs scripts.

use crate::browser::{Browser, Page, Portal};
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use duijie_web::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a client that sends `bytes` and then nothing more gets to read until the connection ends.
/// Time stands still and is moved on whenever nothing else can happen, so nobody waits.
async fn stalled(bytes: &[u8]) -> String {
    let portal = Portal::open();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(duijie_web::serve(portal.app.clone(), listener, Options::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an end");
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_loses_its_connection() {
    let answer = stalled(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_end_is_told_so() {
    let head =
        "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlogin=li";
    let answer = stalled(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("接收超时"), "{answer}");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_writes_once_and_keeps_what_was_typed() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let token = officer.get("/need/new").await.token();
    let fields = [("_token", token.as_str()), ("title", "电解液回收"), ("main_problem", "回收率低"), ("region", "常州市")];
    let first = officer.post("/need/new", &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    let entries = portal.app.figures().expect("figures").entries;
    let second = officer.post("/need/new", &fields).await;
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing is written twice");
    let led = second.status == StatusCode::SEE_OTHER && second.header("location") == first.header("location");
    assert!(led || (second.status == StatusCode::CONFLICT && second.text.contains("电解液回收")), "{} {}", second.status, second.text);
}

/// Paths that forms are sent to, with something in the place of each parameter.
async fn forms(portal: &Portal) -> Vec<String> {
    let need = portal.first("need").await;
    let id = need.rsplit('/').next().expect("an id");
    let filled = |route: &str| {
        let path = route.replace("{kind}", "need").replace("{id}", id).replace("{login}", "member");
        path.replace("{token}", &"ab".repeat(32)).replace("{provider}", "none")
    };
    let table = duijie_web::table().into_iter();
    let forms = table.filter(|(route, methods)| methods.contains(&"POST") && !route.starts_with("/api/") && *route != "/mcp");
    forms.map(|(route, _)| filled(route)).collect()
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn send(browser: &mut Browser, path: &str, media: (&str, &str), body: impl Into<Body>) -> Page {
    browser.send(Method::POST, path, &[media, ("sec-fetch-site", "same-origin")], body.into()).await
}

/// That a page of ours says what is wrong, with a heading and a way on.
fn is_told(page: &Page, status: StatusCode, words: &str, place: &str) {
    assert_eq!(page.status, status, "{place}: {}", page.text);
    assert!(page.header("content-type").starts_with("text/html"), "{place}");
    assert!(page.text.contains("<h1>") && page.text.contains(words) && page.text.contains("<html lang=\"zh-CN\""), "{place}: {}", page.text);
}

#[tokio::test]
async fn every_form_tells_garbled_huge_and_foreign_input_apart() {
    let portal = Portal::open();
    let mut admin = portal.visiting("admin");
    let (token, huge) = (admin.token().await, Bytes::from(vec![b'a'; 10 * 1024 * 1024]));
    let entries = portal.app.figures().expect("figures").entries;
    let garbled = [format!("_token={token}&title=").as_bytes(), b"\xff"].concat();
    let part =
        format!("--x\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\n{token}\r\n--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n");
    let parts = [part.as_bytes(), b"\xff\r\n--x--\r\n"].concat();
    let forms = forms(&portal).await;
    assert!(forms.len() > 30, "{forms:?}");
    for path in forms {
        is_told(&send(&mut admin, &path, FORM, garbled.clone()).await, StatusCode::BAD_REQUEST, "不是有效的 UTF-8", &path);
        let media = ("content-type", "multipart/form-data; boundary=x");
        is_told(&send(&mut admin, &path, media, parts.clone()).await, StatusCode::BAD_REQUEST, "不是有效的 UTF-8", &path);
        is_told(&send(&mut admin, &path, media, &b"--x\r\nnonsense"[..]).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "不支持这种内容", &path);
        is_told(&send(&mut admin, &path, FORM, huge.clone()).await, StatusCode::PAYLOAD_TOO_LARGE, "内容太大", &path);
        is_told(&send(&mut admin, &path, ("content-type", "text/plain"), "title=x").await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "不支持这种内容", &path);
        let stale = send(&mut admin, &path, FORM, "title=%E6%89%93%E4%BA%86%E5%AD%97&new_password=geheim").await;
        is_told(&stale, StatusCode::FORBIDDEN, "value=\"打了字\"", &path);
        assert!(!stale.text.contains("geheim") && stale.text.contains("type=\"password\" name=\"new_password\""), "{path}: a password is typed again");
    }
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing was written");
}

#[tokio::test]
async fn garbled_addresses_and_cookies_are_told_and_wrong_methods_too() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    for path in ["/search?q=%ff", "/%ff", "/need/%ff", "/case/%e6%b6", "/region/%ff", "/measures/%ff/fit", "/answer/%ff", "/export/%ff.csv", "/?%ff=1"] {
        let page = browser.get(path).await;
        assert!(matches!(page.status.as_u16(), 400 | 403 | 404), "{path}: {}", page.status);
        is_told(&page, page.status, "<a class=\"button quiet\" href=\"/\">", path);
    }
    for path in ["/api/search?q=%ff", "/api/need/%ff", "/api/%ff"] {
        let page = browser.get(path).await;
        assert!(page.status.is_client_error() && page.header("content-type") == "application/problem+json", "{path}: {} {}", page.status, page.text);
    }
    let page = browser.send(Method::GET, "/", &[("cookie", "duijie_session=\u{e9}; lang=%ff; =;;"), ("accept-language", "\u{e9}")], Body::empty()).await;
    assert_eq!(page.status, StatusCode::OK);
    for (route, methods) in duijie_web::table().into_iter().filter(|(route, _)| !route.starts_with("/api/") && !route.contains('{')) {
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let page = browser.send(method, route, &[], Body::empty()).await;
            let problem = route == "/mcp";
            assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{route}");
            assert!(methods.iter().all(|method| page.header("allow").contains(method)), "{route} allows {}", page.header("allow"));
            if !problem {
                is_told(&page, page.status, "不支持这种操作", route);
            }
        }
    }
}

#[tokio::test]
async fn a_login_that_ends_while_somebody_writes_loses_nothing_they_typed() {
    let portal = Portal::open();
    let need = portal.first("need").await.rsplit('/').next().expect("an id").to_string();
    // These ask nobody to be logged in.
    const OPEN: [&str; 10] = ["/login", "/password", "/submit", "/follow", "/answer", "/measures", "/published", "/agencies", "/import", "/case/judge"];
    let line = |line: &crate::rights::Line| {
        let form = line.method == Method::POST && !line.statuses.is_empty() && !line.route.starts_with("/api/");
        // A code is good once and soon over: it is not given back.
        form && !line.body.contains("code=") && OPEN.iter().all(|open| !line.route.starts_with(open))
    };
    let lines: Vec<_> = crate::rights::lines().into_iter().filter(line).collect();
    assert!(lines.len() > 30, "{}", lines.len());
    for crate::rights::Line { path, body, .. } in lines {
        let fill = |text: &str| {
            let text = text.replace("{need}", &need).replace("{organization}", "org-0000000000000000");
            text.replace("{case}", "/case/case-0000000000000000").replace("{case_id}", "case-0000000000000000")
        };
        let (path, body) = (fill(&path), fill(&body));
        let mut officer = portal.visiting("officer");
        let token = officer.token().await;
        portal.app.logout(officer.session().expect("a session")).expect("the session ends on the server alone");
        let form = format!("{body}&_token={token}&title={}", crate::browser::encode("打了很久的字"));
        let page = send(&mut officer, &path, FORM, form).await;
        is_told(&page, StatusCode::FORBIDDEN, "打了很久的字", &path);
        assert!(page.text.contains("href=\"/login\" target=\"_blank\""), "{path} leads to the login and stays: {}", page.text);
    }
}

#[tokio::test]
async fn a_form_goes_on_after_logging_in_again_in_another_tab() {
    let portal = Portal::open();
    let mut officer = portal.visiting("officer");
    let token = officer.token().await;
    portal.app.logout(officer.session().expect("a session")).expect("the session ends");
    let fields = [("region", "320400"), ("notice", "周五停机"), ("contact", "0519-1")];
    let ended = officer.post("/settings", &[&fields[..], &[("_token", &token)]].concat()).await;
    assert!(ended.status == StatusCode::FORBIDDEN && ended.text.contains("您的登录已过期"), "{}", ended.text);
    // The other tab changes the cookie that both of them send.
    officer.submit("/login", "/login", &[("login", "officer"), ("password", crate::browser::PASSWORD)]).await;
    let again = officer.post("/settings", &[&fields[..], &[("_token", &ended.token())]].concat()).await;
    assert!(again.status == StatusCode::FORBIDDEN && again.text.contains("value=\"周五停机\""), "{}", again.text);
    let saved = officer.post("/settings", &[&fields[..], &[("_token", &again.token())]].concat()).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert!(portal.browser().get("/region/320400").await.text.contains("周五停机"));
}

#[tokio::test]
async fn a_second_click_and_going_back_do_nothing_twice() {
    let portal = Portal::open();
    let mut member = portal.visiting("member");
    let token = member.get("/case/new").await.token();
    let fields = [("_token", token.as_str()), ("title", "叶片热障涂层"), ("problem", "热障涂层在循环后剥落"), ("do", "submit")];
    let mut other = member.clone();
    let (first, second) = tokio::join!(member.post("/case/new", &fields), other.post("/case/new", &fields));
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "{}", first.text);
    assert_eq!(first.header("location"), second.header("location"), "both clicks led to one case");
    let entries = portal.app.figures().expect("figures").entries;
    let back = member.post("/case/new", &fields).await;
    assert_eq!(back.header("location"), first.header("location"), "sent again after going back");
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing is written twice");
    let anew = member.get("/case/new").await.token();
    let again = member.post("/case/new", &[("_token", anew.as_str()), fields[1], fields[2], fields[3]]).await;
    assert_eq!(again.header("location"), first.header("location"), "a browser that goes back asks for the form anew");
    let meant = member.post("/case/new", &[("_token", anew.as_str()), ("title", "叶片热障涂层（二期）"), fields[2], fields[3]]).await;
    assert_ne!(meant.header("location"), first.header("location"), "other words are another need");
}
