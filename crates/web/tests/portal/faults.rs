//! What people send by mistake or on purpose: empty and hostile text, files that are too large or blow
//! up, links whose time is over, and a clock that was set back. Each is told in a sentence.

use crate::browser::{Browser, Page, Portal};
use crate::clockwork::Town;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use duijie_app::{ActForm, AppError, DOCUMENT_LIMIT_BYTES, Viewer};
use duijie_web::Options;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{0}\u{7}\u{202e}'; DROP TABLE matter; -- {{ 7*7 }} ${jndi:x} =cmd|x";

async fn opened(browser: &mut Browser, title: &str, problem: &str, what: &str) -> Page {
    browser.submit("/case/new", "/case/new", &[("title", title), ("problem", problem), ("do", what)]).await
}

fn place(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.header("location").split('?').next().unwrap().to_string()
}

#[tokio::test]
async fn a_need_that_says_nothing_is_told_what_is_missing() {
    let portal = Portal::open();
    let mut member = portal.logged_in("member").await;
    for empty in ["", " \t\r\n", "\u{3000}\u{3000}", "\u{0}\u{202e}"] {
        let page = opened(&mut member, empty, empty, "submit").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{empty:?}");
        assert!(page.text.contains("请填写需求名称"), "{}", page.text);
    }
    let page = opened(&mut member, &"长".repeat(201), "问题", "submit").await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("有 201 字，最多 200 字"), "{}", page.text);
    let page = opened(&mut member, "标题", &"长".repeat(5_001), "submit").await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("有 5001 字，最多 5000 字"), "{}", page.text);
}

#[tokio::test]
async fn hostile_text_is_text_wherever_it_is_shown() {
    let portal = Portal::open();
    let (mut member, mut officer) = (portal.logged_in("member").await, portal.logged_in("officer").await);
    let path = place(&opened(&mut member, HOSTILE, HOSTILE, "submit").await);
    let print = format!("{path}/print");
    let write = format!("{path}/introduce");
    for page in ["/cases", "/cases/board", "/cases/assignment", "/inbox", "/workspace", &path, &print, &write] {
        for browser in [&mut member, &mut officer] {
            let shown = browser.get(page).await;
            assert!(!shown.status.is_server_error(), "{page}: {}", shown.text);
            assert!(!shown.text.contains("<img src=x") && !shown.text.contains("DROP TABLE matter; -- 49"), "{page}: {}", shown.text);
            assert!(!shown.text.contains(['\u{0}', '\u{7}', '\u{202e}']), "{page}");
        }
    }
    let own = member.get(&path).await.text;
    assert!(own.contains("&lt;img src=x") && own.contains("{{ 7*7 }}"), "what was written is shown as it was written: {own}");
    let document = officer.get(&format!("{path}/case.docx")).await;
    assert_eq!(document.status, StatusCode::OK);
    assert!(portal.app.check().expect("a check").sound);
}

/// Sends a file as the form on the page of a case would.
async fn attach(browser: &mut Browser, case: &str, name: &str, bytes: &[u8]) -> Page {
    let page = browser.get(case).await;
    let version = page.text.split("name=\"_version\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_string();
    let mut body = Vec::new();
    for (field, value) in [("_token", page.token()), ("_version", version)] {
        body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").bytes());
    body.extend_from_slice(bytes);
    body.extend(b"\r\n--limit--\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=limit"), ("sec-fetch-site", "same-origin")];
    browser.send(Method::POST, &format!("{case}/documents"), &headers, Body::from(body)).await
}

/// A Word document whose parts inflate to `parts` times 60 MB of nothing.
fn docx(parts: usize) -> Vec<u8> {
    let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let nothing = vec![0; 1024 * 1024];
    for part in 0..parts {
        let name = if part == 0 { "word/document.xml".to_string() } else { format!("word/media/{part}") };
        packed.start_file(name, SimpleFileOptions::default()).expect("a part");
        for _ in 0..60 {
            packed.write_all(&nothing).expect("nothing");
        }
    }
    packed.finish().expect("a file").into_inner()
}

#[tokio::test]
async fn a_file_that_is_too_large_or_blows_up_is_told_and_not_kept() {
    let portal = Portal::with(Options { requests_a_minute: (10_000, 10_000), ..Options::default() });
    let mut member = portal.logged_in("member").await;
    let case = place(&opened(&mut member, "壳体密封工艺", "密封面渗漏", "draft").await);
    let mut whole = vec![b' '; DOCUMENT_LIMIT_BYTES];
    whole[..9].copy_from_slice(b"%PDF-1.7\n");
    assert_eq!(attach(&mut member, &case, "合同.pdf", &whole).await.status, StatusCode::SEE_OTHER, "20 MB are taken");
    whole.push(b' ');
    let page = attach(&mut member, &case, "更大.pdf", &whole).await;
    assert!(page.status.is_client_error() && page.text.contains("20 MB"), "{}: {}", page.status, page.text);
    let bomb = docx(4);
    assert!(bomb.len() < 1024 * 1024, "{} bytes", bomb.len());
    for (name, bytes, words) in [("方案.docx", &bomb[..], "压缩炸弹"), ("工具.exe", b"MZ", "不支持这种文件"), ("坏.docx", b"PK\x03\x04 broken", "已损坏")]
    {
        let page = attach(&mut member, &case, name, bytes).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains(words), "{name}: {}", page.text);
    }
    let shown = member.get(&case).await.text;
    assert!(shown.contains("合同.pdf") && !shown.contains("更大.pdf") && !shown.contains("方案.docx"));
}

#[test]
fn a_link_whose_time_is_over_says_so() {
    let town = Town::found();
    let id = town.introduced();
    let responder = town.app.case(&town.officer, &id).unwrap().introductions[0].responder.clone();
    let link = town.app.make_answer_link(&town.officer, &id, &responder).unwrap();
    assert!(town.app.answer_page(&link).is_ok());
    town.days(46);
    let why = |fault: AppError| fault.message().zh;
    assert!(why(town.app.answer_page(&link).unwrap_err()).contains("链接已失效"));
    let form = ActForm { verb: "accept".into(), fields: vec![("responder".into(), responder)] };
    assert!(why(town.app.answer_by_link(&link, None, &form).unwrap_err()).contains("链接已失效"));
}

#[test]
fn a_clock_that_was_set_back_is_told_and_turns_nothing_back() {
    let town = Town::found();
    let id = town.submitted();
    let problem = || town.app.health(&Viewer::operator()).unwrap().problems.into_iter().find(|problem| problem.code == "health.clock_back");
    assert!(problem().is_none());
    let before = town.app.case(&town.officer, &id).unwrap();
    town.days(-3);
    let told = problem().expect("the health page tells of it");
    assert!(told.message.zh.contains("早于最后一条日志") && told.help.is_some(), "{told:?}");
    town.act(&town.officer, &id, "claim");
    let after = town.app.case(&town.officer, &id).unwrap();
    assert!(after.timeline.last().unwrap().at >= before.timeline.last().unwrap().at, "steps never go back in time");
    assert_eq!(town.app.run_clocks().unwrap().rang, 0);
    town.days(3);
    assert!(problem().is_none());
    assert!(town.app.check().unwrap().sound);
}
