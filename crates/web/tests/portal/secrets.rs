//! Anonymous and confidential parts through every channel: pages, lists, counts, suggestions, exports,
//! feeds, saved searches, webhooks, assistants and the interface for programs say nothing of them to strangers.

use crate::browser::{Browser, Portal};
use crate::rights::{key, lines, person, program};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use duijie_app::{CaseForm, ExportFormat, ImportOptions, Role, SearchRequest, Viewer, VisitForm};
use duijie_vocab::{Lang, RecordId, RegionCode};
use serde_json::{Value, json};

/// Marks that stand in confidential parts alone.
const MARKS: [&str; 4] = ["鱻鱻", "77665544", "qzx-secret", "QZXSECRET"];
const NEEDS: &str = "需求名称,需求单位,主要问题,关键词,行政区划,保密内容,联系人,联系电话,电子邮箱,备注\n\
    壳体密封工艺,常州星宇航空材料有限公司,壳体密封面渗漏,密封；壳体,常州市,密方鱻鱻QZXSECRET,鱻鱻工,0519-77665544,qzx-secret@firm.example.cn,鱻鱻内部备注\n";
/// Those who have nothing to do with the need and its organization.
const STRANGERS: [&str; 3] = ["public", "stranger", "elsewhere"];
/// Strings of the same form, one that is there and one that is nowhere.
const ASKED: [(&str, &str); 3] = [("鱻鱻", "龘龘"), ("77665544", "77665533"), ("QZXSECRET", "QZXSECREX")];

fn member(portal: &Portal) -> Viewer {
    let owner = portal.app.organization_named("常州星宇航空材料有限公司").unwrap().map(|id| id.to_string());
    Viewer { login: Some("member".into()), name: "鱻鱻经理".into(), role: Role::Member, region: RegionCode::parse("320400").unwrap(), organization: owner }
}

/// A need with confidential fields, an anonymous case that is all secret, and a visit; the id of the case and its path.
pub(crate) fn kept(portal: &Portal) -> (String, String) {
    let options = ImportOptions { kind: Some("need".into()), ..ImportOptions::default() };
    let report = portal.app.import(&Viewer::operator(), "需求.csv", NEEDS.as_bytes().to_vec(), &options).unwrap();
    assert_eq!((report.refused, report.diagnostics.len()), (0, 0), "{:?}", report.diagnostics);
    portal.app.follow(&mut |_| {}).unwrap();
    let form = CaseForm {
        title: "鱻鱻壳体密封".into(),
        problem: "鱻鱻壳体密封面渗漏，已试过更换密封胶与调整预紧力，没有明显改善，需要新的密封结构".into(),
        confidential: "QZXSECRET".into(),
        contact_name: "鱻鱻工".into(),
        phone: "0519-77665544".into(),
        email: "qzx-secret@firm.example.cn".into(),
        anonymous: true,
        ..CaseForm::default()
    };
    let case = portal.app.open_case(&member(portal), &form, true).unwrap();
    let adviser = Viewer { login: Some("adviser".into()), role: Role::Adviser, organization: None, ..member(portal) };
    let visit =
        VisitForm {
            organization: "常州星宇航空材料有限公司".into(), on: "2026-11-20".into(), problems: "鱻鱻密封面渗漏".into(), ..VisitForm::default()
        };
    portal.app.record_visit(&adviser, &visit).unwrap();
    (case.to_string(), format!("/case/{case}"))
}

async fn need_of(portal: &Portal) -> String {
    let page = portal.browser().get("/api/search?q=%E5%A3%B3%E4%BD%93%E5%AF%86%E5%B0%81&kind=need").await;
    let found: Value = serde_json::from_str(&page.text).unwrap();
    found["hits"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_string()
}

fn told(text: &str) -> Option<&'static str> {
    MARKS.into_iter().find(|mark| text.contains(mark))
}

pub(crate) fn visitor(portal: &Portal, name: &str) -> Browser {
    if name == "public" { portal.browser() } else { portal.visiting(name) }
}

#[tokio::test]
async fn no_page_and_no_answer_shows_a_stranger_what_is_confidential() {
    let portal = Portal::open();
    let (case_id, case) = kept(&portal);
    let need = need_of(&portal).await;
    let organization = portal.app.organization_named("常州星宇航空材料有限公司").unwrap().unwrap().to_string();
    let fill = |text: &str| text.replace("{need}", &need).replace("{organization}", &organization).replace("{case}", &case).replace("{case_id}", &case_id);
    let mut asked = 0;
    for name in STRANGERS {
        let key = key(&portal, name);
        let (mut browser, mut client) = (visitor(&portal, name), portal.browser());
        for line in lines().iter().filter(|line| line.method == Method::GET) {
            let page = if line.route.starts_with("/api/") {
                program(&mut client, &line.method, &fill(&line.path), "", key.as_deref()).await
            } else {
                person(&mut browser, &line.method, &fill(&line.path), "").await
            };
            assert_eq!(told(&page.text), None, "{name}: {} tells\n{}", line.path, page.text);
            asked += 1;
        }
    }
    assert!(asked > 250, "{asked} answers");
    let own = portal.visiting("member").get(&case).await;
    assert!(told(&own.text).is_some(), "the owner sees it, so there was something to hide");
}

/// A page without what was asked for and without the token of its forms.
pub(crate) fn without(text: &str, asked: &str) -> String {
    let once = crate::browser::encode(asked);
    let twice = crate::browser::encode(&once);
    let mut out = String::new();
    for (nth, piece) in text.replace(&twice, "?").replace(&once, "?").replace(asked, "?").split("name=\"_token\" value=\"").enumerate() {
        out.push_str(if nth == 0 { piece } else { piece.split_once('"').map_or(piece, |(_, rest)| rest) });
    }
    out
}

#[tokio::test]
async fn to_ask_for_a_secret_is_to_ask_for_nothing() {
    let portal = Portal::open();
    kept(&portal);
    const CHANNELS: [&str; 9] = [
        "/search?q=",
        "/need?q=",
        "/need?sort=newest&q=",
        "/organization?q=",
        "/feed?q=",
        "/network?region=320400&q=",
        "/api/search?q=",
        "/api/search?kind=need&q=",
        "/api/suggest?q=",
    ];
    for name in STRANGERS {
        let mut browser = visitor(&portal, name);
        for channel in CHANNELS {
            for (secret, nothing) in ASKED {
                let secrets = browser.get(&format!("{channel}{}", crate::browser::encode(secret))).await;
                let nothings = browser.get(&format!("{channel}{}", crate::browser::encode(nothing))).await;
                assert_eq!(secrets.status, nothings.status, "{name}: {channel}{secret}");
                assert_eq!(without(&secrets.text, secret), without(&nothings.text, nothing), "{name}: {channel}{secret}");
            }
        }
    }
    let found = portal.browser().get("/search?q=%E5%A3%B3%E4%BD%93%E5%AF%86%E5%B0%81").await;
    assert!(found.text.contains("壳体密封工艺</") || found.text.contains("<mark>"), "what is public of it is found");
}

#[tokio::test]
async fn an_anonymous_case_changes_no_public_count() {
    const COUNTED: [&str; 6] = ["/", "/figures", "/map", "/region/320400", "/need", "/api/figures"];
    let portal = Portal::open();
    let mut browser = portal.browser();
    let mut before = Vec::new();
    for path in COUNTED {
        before.push(browser.get(path).await.text);
    }
    let form = CaseForm { title: "鱻鱻壳体密封".into(), problem: "鱻鱻壳体密封面渗漏".into(), anonymous: true, ..CaseForm::default() };
    portal.app.open_case(&member(&portal), &form, true).unwrap();
    portal.app.follow(&mut |_| {}).unwrap();
    for (path, before) in COUNTED.into_iter().zip(before) {
        let (before, after) = (counts(&before), counts(&browser.get(path).await.text));
        assert_eq!(before, after, "{path}");
    }
}

/// A page or answer without how far the journal is, which everybody may know.
fn counts(text: &str) -> String {
    let mut text = without(text, "?");
    for before in ["日志第 ", "\"entries\":", "\"as_of\":"] {
        text = text.split(before).map(|piece| piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',')).collect();
    }
    text
}

/// What an assistant with this key is told.
async fn assistant(portal: &Portal, key: Option<&str>, tool: &str, arguments: &Value) -> String {
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments } });
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("host", "127.0.0.1"), ("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    headers.extend(bearer.as_deref().map(|line| ("authorization", line)));
    let page = portal.browser().send(Method::POST, "/mcp", &headers, Body::from(call.to_string())).await;
    assert_eq!(page.status, StatusCode::OK, "{tool} {arguments}: {}", page.text);
    page.text
}

#[tokio::test]
async fn assistants_of_strangers_learn_nothing_confidential() {
    let portal = Portal::open();
    let (case, _) = kept(&portal);
    let need = need_of(&portal).await;
    let organization = portal.app.organization_named("常州星宇航空材料有限公司").unwrap().unwrap().to_string();
    for name in STRANGERS {
        let key = key(&portal, name);
        for (tool, argument, thing) in [("record", "id", &need), ("match", "id", &need), ("record", "id", &organization), ("match", "id", &organization)] {
            let said = assistant(&portal, key.as_deref(), tool, &json!({ argument: thing })).await;
            assert!(said.contains("structuredContent"), "{name}: {tool} {thing}: {said}");
            assert_eq!(told(&said), None, "{name}: {tool} {thing} tells\n{said}");
        }
        let nowhere = RecordId::derive("case", "nothing of this name").to_string();
        for tool in ["record", "match", "policy"] {
            let argument = if tool == "policy" { "organization" } else { "id" };
            let theirs = assistant(&portal, key.as_deref(), tool, &json!({ argument: case })).await;
            let nothing = assistant(&portal, key.as_deref(), tool, &json!({ argument: nowhere })).await;
            assert_eq!(theirs.replace(&case, "?"), nothing.replace(&nowhere, "?"), "{name}: {tool}");
        }
        let policy = assistant(&portal, key.as_deref(), "policy", &json!({ "organization": organization })).await;
        assert!(policy.contains("\"isError\":true"), "{name}: {policy}");
        for (secret, nothing) in ASKED {
            let secrets = assistant(&portal, key.as_deref(), "search", &json!({ "query": secret })).await;
            let nothings = assistant(&portal, key.as_deref(), "search", &json!({ "query": nothing })).await;
            assert_eq!(secrets, nothings, "{name}: {secret}");
            assert!(secrets.contains("\"total\":0"), "{name}: {secret}: {secrets}");
        }
    }
}

/// Every text of a workbook, out of its parts.
fn texts_of_workbook(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook");
    let mut text = String::new();
    for at in 0..archive.len() {
        std::io::Read::read_to_string(&mut archive.by_index(at).expect("a part"), &mut text).expect("text");
    }
    text
}

#[test]
fn no_export_in_any_form_shows_another_firm_what_is_confidential() {
    let portal = Portal::open();
    kept(&portal);
    let stranger = portal.app.organization_named("江南先进制造研究院").unwrap().map(|id| id.to_string());
    let stranger = Viewer { login: Some("stranger".into()), organization: stranger, ..member(&portal) };
    let all = [ExportFormat::Xlsx, ExportFormat::Csv, ExportFormat::Json, ExportFormat::Jsonl];
    for schema in duijie_record::schemas().iter() {
        for format in all {
            let request = SearchRequest { region: Some(RegionCode::parse("320400").unwrap()), ..SearchRequest::default() };
            let mut out = Vec::new();
            portal.app.export(&stranger, &request, &schema.kind, format, Lang::Zh, &mut out).unwrap();
            let text = if format == ExportFormat::Xlsx { texts_of_workbook(&out) } else { String::from_utf8(out).unwrap() };
            assert_eq!(told(&text), None, "{} as {format:?} tells\n{text}", schema.kind);
            assert_eq!(text.contains("壳体密封工艺"), schema.kind == "need", "what is public of it is there");
        }
    }
    for (secret, nothing) in ASKED {
        let count = |text: &str| {
            let request = SearchRequest { text: text.into(), region: Some(RegionCode::parse("320400").unwrap()), ..SearchRequest::default() };
            portal.app.export(&stranger, &request, "need", ExportFormat::Csv, Lang::Zh, &mut Vec::new()).unwrap()
        };
        assert_eq!((count(secret), count(nothing)), (0, 0), "{secret}");
    }
}

#[test]
fn a_saved_search_for_a_secret_never_finds_anything_new() {
    let portal = Portal::open();
    let stranger = portal.app.organization_named("江南先进制造研究院").unwrap().map(|id| id.to_string());
    let stranger = Viewer { login: Some("stranger".into()), organization: stranger, ..member(&portal) };
    for (secret, _) in ASKED {
        let request = SearchRequest { text: secret.into(), ..SearchRequest::default() };
        portal.app.save_search(&stranger, secret, &format!("q={}", crate::browser::encode(secret)), &request, true).unwrap();
    }
    let request = SearchRequest { text: "壳体密封".into(), ..SearchRequest::default() };
    portal.app.save_search(&stranger, "壳体", "q=x", &request, true).unwrap();
    kept(&portal.over(portal.again_at("2026-11-21T06:00:00Z")));
    // A search is looked at anew after an hour.
    let later = portal.again_at("2026-11-22T04:00:00Z");
    assert_eq!(later.tell_searches().unwrap(), 1, "what is public of the need is new to one of them");
    let told: Vec<String> = later.inbox(&stranger).unwrap().into_iter().map(|notice| notice.text.zh).collect();
    assert_eq!(told.len(), 1, "{told:?}");
}
