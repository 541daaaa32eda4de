//! What is not there and what is not the visitor's answer alike: the same status, headers and body, and
//! as many queries behind them, so that not even the time it takes tells the two apart.

use crate::browser::{Browser, Page, Portal};
use crate::rights::{key, lines, person, program};
use crate::secrets::{kept, visitor, without};
use axum::http::Method;
use duijie_app::{ImportOptions, Viewer};
use duijie_vocab::RecordId;

const FACTS: &str = "企业名称,时期,营业收入(万元)\n常州星宇航空材料有限公司,2021,100\n";
/// Those who have nothing to do with the firm.
const STRANGERS: [&str; 3] = ["public", "stranger", "elsewhere"];

/// What a visitor may ask about one thing: its method, path and form, with `{}` where the id stands.
struct Asked {
    method: Method,
    path: String,
    body: String,
}

/// Everything that can be asked about a case, as the rights are laid down, and about a record of a kind that is not public.
fn asked() -> (Vec<Asked>, Vec<Asked>) {
    let about_case = |text: &str| text.replace("{case}", "/case/{}").replace("{case_id}", "{}");
    let cases =
        lines().into_iter().filter(|line| line.path.contains("{case")).map(|line| Asked { method: line.method, path: about_case(&line.path), body: line.body });
    let mut records = Vec::new();
    for (route, methods) in duijie_web::table().into_iter().filter(|(route, _)| route.starts_with("/{kind}/{id}") || route.starts_with("/api/{kind}/{id}")) {
        for method in methods {
            let body = if route.starts_with("/api/") { r#"{"revenue":1}"# } else { "revenue=1&version=1" };
            records.push(Asked { method: method.parse().expect("a method"), path: route.replace("{kind}", "facts").replace("{id}", "{}"), body: body.into() });
        }
    }
    (cases.collect(), records)
}

/// The answer about the thing under `id`, how many queries it took, and the answer without what names the thing.
async fn answer(portal: &Portal, browser: &mut Browser, key: Option<&str>, asked: &Asked, id: &RecordId) -> (u16, Vec<(String, String)>, String, u64) {
    let path = asked.path.replace("{}", id.as_str());
    let before = portal.app.store().queries();
    let page: Page = match asked.path.starts_with("/api/") {
        true => program(browser, &asked.method, &path, &asked.body, key).await,
        false => person(browser, &asked.method, &path, &asked.body).await,
    };
    let queries = portal.app.store().queries() - before;
    let headers = page.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_string()));
    (page.status.as_u16(), headers.filter(|(name, _)| name != "set-cookie").collect(), without(&page.text, id.as_str()), queries)
}

#[tokio::test]
async fn what_is_not_ones_own_answers_as_what_is_not_there() {
    let portal = Portal::open();
    let case = RecordId::parse(&kept(&portal).0).expect("an id");
    let options = ImportOptions { kind: Some("facts".into()), ..ImportOptions::default() };
    let report = portal.app.import(&Viewer::operator(), "facts.csv", FACTS.as_bytes().to_vec(), &options).expect("read");
    assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
    let rows = portal.app.list(&Viewer::operator(), "facts", None, None, 1).expect("a list").records;
    let facts = rows.first().expect("the firm's figures").id.clone();
    let (cases, records) = asked();
    assert!(cases.len() >= 14 && records.len() >= 10, "{} and {}", cases.len(), records.len());
    for name in STRANGERS {
        let key = key(&portal, name);
        for (questions, there) in [(&cases, &case), (&records, &facts)] {
            let nowhere = RecordId::derive(there.prefix(), "nothing of this name");
            for question in questions {
                let (mut browser, mut other) = (visitor(&portal, name), visitor(&portal, name));
                // A visitor's first page says who comes; both have been there.
                for visitor in [&mut browser, &mut other] {
                    assert!(!visitor.get("/login").await.status.is_server_error());
                }
                let theirs = answer(&portal, &mut browser, key.as_deref(), question, there).await;
                let nothing = answer(&portal, &mut other, key.as_deref(), question, &nowhere).await;
                assert_eq!(theirs, nothing, "{name}: {} {}", question.method, question.path);
                assert!(theirs.0 >= 400, "{name}: {} {} answered {}", question.method, question.path, theirs.0);
            }
        }
    }
    let own = portal.visiting("member").get(&format!("/facts/{facts}")).await;
    assert!(own.status.is_success(), "its owner sees it, so there was something to hide");
}
