//! An entitlement over the API from the preview to the bank: run, confirmation, approval, publication with
//! an objection, payment file and answer; and what its firm sees of it on pages.

use crate::browser::{Page, Portal};
use crate::money::{good, text};
use crate::program::Program;
use axum::http::{Method, StatusCode};
use duijie_app::{ImportOptions, Scope, Viewer};
use serde_json::{Value, json};

const FACTS: &str = "facts:
  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0}
  rd_expense: {name: {zh: 研发费用, en: R&D expense}, kind: money, unit: 万元, period: year, min: 0}
";
const MEASURE: &str = "id: cz.rd
name: {zh: 研发补助, en: R&D subsidy}
region: \"320400\"
period: year
delivery: automatic
when:
  - {label: {zh: 收入, en: revenue}, rule: 营业收入 ≥ 100万元}
benefit: {amount: 研发费用 × 10%}
budget: {pool: cz, order: first_come}
";
const REPORTS: &str = "企业名称,时期,行政区划,营业收入(万元),研发费用(万元)\n常州星宇航空材料有限公司,2021,常州市,5000,60\n常州二号有限公司,2021,常州市,,45\n常州三号有限公司,2021,常州市,50,60\n";

fn portal() -> Portal {
    let portal = Portal::open();
    let more = "机构名称,机构类型,行政区划\n常州二号有限公司,企业,常州市\n常州三号有限公司,企业,常州市\n";
    for (file, text, kind) in [("more.csv", more, "organization"), ("facts.csv", REPORTS, "facts"), ("facts.yaml", FACTS, ""), ("rd.yaml", MEASURE, "")] {
        let options = ImportOptions { kind: Some(kind.to_string()).filter(|kind| !kind.is_empty()), ..ImportOptions::default() };
        let report = portal.app.import(&Viewer::operator(), file, text.as_bytes().to_vec(), &options).expect("the sample is read");
        assert_eq!(report.refused, 0, "{file}: {:?}", report.diagnostics);
    }
    portal
}

async fn step(program: &mut Program, id: &str, act: Value) -> Page {
    let seen = program.send(Method::GET, &format!("/api/payouts/{id}"), &[], &Value::Null).await;
    let tag = seen.header("etag").to_string();
    program.send(Method::POST, &format!("/api/payouts/{id}"), &[("if-match", tag.as_str())], &act).await
}

/// Approves what is confirmed, after the check for which it may have been drawn.
async fn approve(officer: &mut Program, admin: &mut Program, id: &str) {
    let seen = good(&officer.send(Method::GET, &format!("/api/payouts/{id}"), &[], &Value::Null).await);
    if seen["check"] == true && seen["state"] == "confirmed" {
        let reviewed = step(officer, id, json!({ "act": "review", "reason": "抽查" })).await;
        if reviewed.status == StatusCode::OK {
            good(&step(admin, id, json!({ "act": "clear", "opinion": "属实" })).await);
        }
    }
    let done = good(&officer.send(Method::POST, "/api/payouts/approve", &[], &json!({ "measure": "cz.rd", "period": "2021" })).await);
    assert_eq!((&done["done"], &done["refused"]), (&json!(1), &json!([])), "{done}");
}

#[tokio::test]
async fn an_entitlement_runs_from_the_preview_to_the_bank_over_the_api() {
    let portal = portal();
    let program = |portal: &Portal, login: &str| Program::of(portal, login, &Scope::ALL);
    let (mut member, mut stranger) = (program(&portal, "member"), program(&portal, "stranger"));
    let (mut officer, mut admin) = (program(&portal, "officer"), program(&portal, "admin"));
    let asked = json!({ "measure": "cz.rd", "period": "2021" });
    let path = "/api/payouts/terms?region=320400";
    let sampling = json!({ "low": 0, "medium": 300, "large_from": 10_000_000 });
    good(&admin.send(Method::POST, path, &[], &json!({ "sampling": sampling })).await);
    good(&admin.send(Method::POST, path, &[], &json!({ "two_above": 100_000_000 })).await);
    let all = json!({ "two_above": 100_000_000, "objection_days": 7, "sampling": sampling });
    assert_eq!(good(&admin.send(Method::GET, path, &[], &Value::Null).await), all, "what is not named stays");
    let wrong = json!({ "sampling": { "low": 400, "medium": 300, "large_from": 0 } });
    assert_eq!(admin.send(Method::POST, path, &[], &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    good(&officer.send(Method::POST, "/api/ledger/fund", &[], &json!({ "pool": "pool:320400:cz", "amount": 10_000_000, "id": "g1" })).await);
    let preview = good(&officer.send(Method::GET, "/api/payouts/preview?measure=cz.rd&period=2021", &[], &Value::Null).await);
    let sums: Vec<(String, i64, i64)> = preview["outcomes"]
        .as_array()
        .expect("outcomes")
        .iter()
        .map(|sum| (text(&sum["verdict"]), sum["firms"].as_i64().expect("firms"), sum["pays_fen"].as_i64().expect("Fen")))
        .collect();
    assert_eq!(sums, [("pays".to_string(), 1, 6_000_000), ("unknown".to_string(), 1, 0), ("not_eligible".to_string(), 1, 0)]);
    assert_eq!(preview["missing"][0][1], 1);
    assert_eq!(member.send(Method::GET, "/api/payouts/preview?measure=cz.rd&period=2021", &[], &Value::Null).await.status, StatusCode::FORBIDDEN);
    assert_eq!(good(&officer.send(Method::POST, "/api/payouts/run", &[], &asked).await)["made"], 1);
    assert_eq!(good(&officer.send(Method::POST, "/api/payouts/run", &[], &asked).await)["made"], 0, "again makes nothing");
    let id = text(&good(&member.send(Method::GET, "/api/payouts?state=pushed", &[], &Value::Null).await)["rows"][0]["id"]);
    let payee = |account: &str| json!({ "act": "confirm", "payee": { "name": "常州星宇航空材料有限公司", "bank": "示例银行", "account": account } });
    assert_eq!(step(&mut member, &id, payee("12ab")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let path = format!("/api/payouts/{id}");
    assert_eq!(stranger.send(Method::GET, &path, &[], &Value::Null).await.status, StatusCode::NOT_FOUND);
    let other = stranger.send(Method::POST, &path, &[("if-match", "\"2\"")], &payee("6222000011112222")).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "{}", other.text);
    good(&step(&mut member, &id, payee("6222000011112222")).await);
    approve(&mut officer, &mut admin, &id).await;
    let list = text(&good(&officer.send(Method::POST, "/api/payouts/publish", &[], &asked).await)["list"]);
    objected_on_the_public_list(&portal, &list, &mut stranger, &mut admin, &id).await;
    approve(&mut officer, &mut admin, &id).await;
    good(&officer.send(Method::POST, "/api/payouts/publish", &[], &asked).await);
    let early = officer.send(Method::POST, "/api/payouts/pay", &[], &json!({})).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "the days for objections are not over");
    let later = portal.over(portal.again_at("2026-11-29T04:00:00Z"));
    paid_by_the_bank(&later, &id).await;
}

/// Everybody reads the list, and who is logged in may object; the office looks into it.
async fn objected_on_the_public_list(portal: &Portal, list: &str, stranger: &mut Program, admin: &mut Program, id: &str) {
    let lists = good(&stranger.send(Method::GET, "/api/published", &[], &Value::Null).await);
    assert_eq!((&lists["rows"][0]["list"], &lists["rows"][0]["total_fen"]), (&json!(list), &json!(6_000_000)));
    let href = format!("/published?list={}", crate::browser::encode(list));
    let public = portal.browser().get(&href).await;
    assert!(public.text.contains("常州星宇航空材料有限公司") && !public.text.contains("value=\"object\""), "{}", public.text);
    let mut browser = portal.visiting("stranger");
    let page = browser.get(&href).await;
    assert!(page.text.contains("value=\"object\""), "{}", page.text);
    let token = page.token();
    let objection = [("_token", token.as_str()), ("id", id), ("act", "object"), ("reason", "数据不实"), ("next", &href)];
    let objected = browser.post("/payouts", &objection).await;
    assert_eq!((objected.status, objected.header("location")), (StatusCode::SEE_OTHER, format!("{href}&done=1").as_str()), "{}", objected.text);
    let rows = good(&stranger.send(Method::GET, &format!("/api/published/rows?list={}", crate::browser::encode(list)), &[], &Value::Null).await);
    assert_eq!(rows["rows"], json!([]), "what is looked into is on no list");
    good(&step(admin, id, json!({ "act": "clear", "opinion": "核实无误" })).await);
}

async fn paid_by_the_bank(portal: &Portal, id: &str) {
    let (mut member, mut officer) = (Program::of(portal, "member", &Scope::ALL), Program::of(portal, "officer", &Scope::ALL));
    let file = text(&good(&officer.send(Method::POST, "/api/payouts/pay", &[], &json!({})).await)["file"]);
    let path = format!("/api/payouts/files/{file}");
    let payments = good(&officer.send(Method::GET, &path, &[], &Value::Null).await);
    assert_eq!((&payments[0]["id"], &payments[0]["amount"], &payments[0]["account"]), (&json!(id), &json!(6_000_000), &json!("6222000011112222")));
    assert_eq!(member.send(Method::GET, &path, &[], &Value::Null).await.status, StatusCode::FORBIDDEN);
    let before = portal.app.trial_balance(&Viewer::operator()).expect("a trial balance");
    let wrong = officer.send_bytes(&format!("{path}?name=a.csv"), "text/csv", "姓名,电话\n张三,1\n".as_bytes()).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = format!("付款编号,结果,金额（元）,银行流水号,原因\n{id},成功,60000.01,S1,\n");
    let wrong = officer.send_bytes(&format!("{path}?name=a.csv"), "text/csv", other.as_bytes()).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("回盘金额"), "{}", wrong.text);
    assert_eq!(portal.app.trial_balance(&Viewer::operator()).expect("a trial balance"), before, "nothing moved");
    let answer = format!("付款编号,结果,金额（元）,银行流水号,原因\n{id},成功,60000,S1,\n");
    let report = good(&officer.send_bytes(&format!("{path}?name=a.csv"), "text/csv", answer.as_bytes()).await);
    assert_eq!((&report["paid"], &report["paid_amount"]), (&json!(1), &json!(6_000_000)));
    assert_eq!(officer.send_bytes(&format!("{path}?name=a.csv"), "text/csv", answer.as_bytes()).await.status, StatusCode::CONFLICT, "answered once");
    let replayed = good(&officer.send(Method::GET, &format!("/api/payouts/{id}/replay"), &[], &Value::Null).await);
    assert_eq!((&replayed["same"], &replayed["amount"]), (&json!(true), &json!(6_000_000)));
    let summary = good(&member.send(Method::GET, "/api/payouts/summary", &[], &Value::Null).await);
    let paid = summary["lines"].as_array().expect("lines").iter().find(|line| line["standing"] == "paid").expect("what was paid");
    assert_eq!((&paid["payouts"], &paid["amount_fen"]), (&json!(1), &json!(6_000_000)));
    let page = portal.visiting("member").get("/payouts").await;
    assert!(page.text.contains("6万元") && page.text.contains("/payouts/missed") && page.text.contains("/decisions"), "{}", page.text);
    let missed = portal.visiting("member").get("/payouts/missed?period=2021").await;
    assert!(missed.status == StatusCode::OK && missed.text.contains("没有错过"), "{}", missed.text);
    let recalled = step(&mut officer, id, json!({ "act": "recall", "amount": 6_000_001, "reason": "多付" })).await;
    assert_eq!(recalled.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", recalled.text);
    assert_eq!(good(&step(&mut officer, id, json!({ "act": "archive" })).await)["state"], "archived");
    part_of_it_is_taken_back(portal, id, &mut officer).await;
    assert!(portal.app.check().expect("a check").sound);
}

/// What was paid too much comes back to the pool with the bank's serial number, once.
async fn part_of_it_is_taken_back(portal: &Portal, id: &str, officer: &mut Program) {
    let pool = || {
        let pools = portal.app.account_balances(&Viewer::operator(), Some(duijie_app::AccountKind::Pool)).expect("pools");
        pools.iter().find(|pool| pool.account == "pool:320400:cz").expect("the pool").balance
    };
    let before = pool();
    let recalled = good(&step(officer, id, json!({ "act": "recall", "amount": 1_000_000, "reason": "多付" })).await);
    assert_eq!((text(&recalled["state"]).as_str(), pool()), ("recalled", before), "nothing is back before the bank says so");
    let nothing = step(officer, id, json!({ "act": "recover", "bank_serial": " " })).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nothing.text);
    good(&step(officer, id, json!({ "act": "recover", "bank_serial": "S2" })).await);
    assert_eq!(pool().0, before.0 + 1_000_000);
    assert_eq!(step(officer, id, json!({ "act": "recover", "bank_serial": "S2" })).await.status, StatusCode::CONFLICT, "once");
    assert_eq!(pool().0, before.0 + 1_000_000);
    assert!(portal.app.trial_balance(&Viewer::operator()).expect("a trial balance").is_even());
}
