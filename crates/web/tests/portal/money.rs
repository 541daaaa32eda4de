//! A voucher from the agency's filing to the bank, over the API and on pages: every step by whoever may
//! take it, the contract, the invoice and the report as files that both sides and their officers see.

use crate::browser::{Browser, Page, Portal};
use crate::program::{Program, value};
use axum::http::{Method, StatusCode};
use duijie_app::{Scope, Viewer};
use duijie_vocab::Digest;
use serde_json::{Value, json};

const SCHEME: &str = include_str!("../../../../demo/voucher/320412-2021.yaml");
pub(crate) const POOL: &str = "pool:320400:320400.voucher.2021";
const PDF: &[u8] = b"%PDF-1.7 a contract";
const INVOICE: &[u8] = b"%PDF-1.7 an invoice";
const REPORT: &[u8] = b"%PDF-1.7 a report";

/// The programs of both sides and their offices, in a city that has a scheme and a pool of 20 万元.
pub(crate) struct Fair {
    pub(crate) portal: Portal,
    pub(crate) holder: String,
    pub(crate) member: Program,
    pub(crate) agency: Program,
    pub(crate) officer: Program,
    pub(crate) admin: Program,
}

impl Fair {
    pub(crate) async fn open() -> Fair {
        let portal = Portal::open();
        let holder = portal.app.organization_named("常州星宇航空材料有限公司").expect("a look-up").expect("the holder").to_string();
        let program = |login: &str| Program::of(&portal, login, &Scope::ALL);
        let (member, agency, officer, admin) = (program("member"), program("stranger"), program("officer"), program("admin"));
        let mut fair = Fair { portal, holder, member, agency, officer, admin };
        let yaml = SCHEME.replace("320412", "320400");
        good(&fair.admin.send(Method::POST, "/api/schemes", &[], &json!({ "yaml": yaml })).await);
        let funding = json!({ "pool": POOL, "amount": 20_000_000, "id": "g1" });
        let first = good(&fair.officer.send(Method::POST, "/api/ledger/fund", &[], &funding).await);
        assert_eq!(good(&fair.officer.send(Method::POST, "/api/ledger/fund", &[], &funding).await), first, "asking twice funds once");
        fair
    }

    /// The agency's filing, accepted.
    pub(crate) async fn filing(&mut self) -> String {
        let filed = good(&self.agency.send(Method::POST, "/api/filings", &[], &json!({ "region": "320400", "classes": ["research", "testing"] })).await);
        let id = text(&filed["id"]);
        good(&self.officer.send(Method::POST, &format!("/api/filings/{id}"), &[], &json!({ "act": "list" })).await);
        id
    }

    /// A voucher of 4 万元 after both reviews.
    pub(crate) async fn voucher(&mut self, number: &str) -> String {
        let asked = self.application(number, json!(4_000_000));
        let id = text(&good(&self.member.send(Method::POST, "/api/vouchers", &[], &asked).await)["id"]);
        let path = format!("/api/vouchers/{id}");
        good(&self.officer.send(Method::POST, &path, &[], &json!({ "act": "review" })).await);
        let issued = good(&self.admin.send(Method::POST, &path, &[], &json!({ "act": "review" })).await);
        assert_eq!(issued["state"], "issued");
        id
    }

    pub(crate) fn application(&self, number: &str, value: Value) -> Value {
        json!({ "scheme": "320400-2021", "number": number, "holder": self.holder, "holder_class": "sme", "service": "research", "value": value })
    }
}

/// What the page says, which went well.
pub(crate) fn good(page: &Page) -> Value {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    value(page)
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text in {value}")).to_string()
}

pub(crate) fn order_asked(voucher: &str, filing: &str, number: &str, amount: Value, document: &Digest) -> Value {
    let contract = json!({ "number": number, "amount": amount, "signed": "2026-11-01", "document": document.to_string() });
    json!({ "voucher": voucher, "filing": filing, "contract": contract })
}

pub(crate) fn delivery(invoice: &str, amount: Value) -> Value {
    let (invoice_document, report_document) = (Digest::of(&[INVOICE]).to_string(), Digest::of(&[REPORT]).to_string());
    let evidence =
        json!({ "invoice": invoice, "invoice_amount": amount, "invoice_document": invoice_document, "report_document": report_document, "on": "2026-11-10" });
    json!({ "act": "deliver", "evidence": evidence })
}

#[tokio::test]
async fn an_agency_files_and_is_accepted_refused_or_struck_off_with_a_reason() {
    let mut fair = Fair::open().await;
    let id = fair.filing().await;
    let path = format!("/api/filings/{id}");
    let again = fair.officer.send(Method::POST, &path, &[], &json!({ "act": "list" })).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("已备案") && again.text.contains("予以备案"), "{}", again.text);
    assert_eq!(fair.officer.send(Method::POST, &path, &[], &json!({ "act": "strike", "reason": " " })).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(fair.agency.send(Method::POST, &path, &[], &json!({ "act": "strike", "reason": "x" })).await.status, StatusCode::FORBIDDEN);
    assert_eq!(good(&fair.agency.send(Method::GET, &path, &[], &Value::Null).await)["state"], "listed");
    assert_eq!(fair.member.send(Method::GET, &path, &[], &Value::Null).await.status, StatusCode::NOT_FOUND);
    let catalogue = good(&fair.member.send(Method::GET, "/api/agencies", &[], &Value::Null).await);
    assert_eq!((catalogue.as_array().map(Vec::len), &catalogue[0]["acts"]), (Some(1), &json!([])));
    let rules = json!([{ "class": "research", "indicators": [{ "key": "income", "name": { "zh": "服务收入", "en": "income" }, "weight": 10_000 }] }]);
    let agency = text(&catalogue[0]["agency"]);
    let scores = json!({ agency: { "research": { "income": 8_650 } } });
    let rating = json!({ "region": "320400", "year": 2025, "rules": rules, "scores": scores });
    let rated = good(&fair.officer.send(Method::POST, "/api/ratings", &[], &rating).await);
    assert_eq!((&rated[0]["rated"][0]["rank"], &rated[0]["rated"][0]["total"]), (&json!(1), &json!(8_650)));
    assert_eq!(good(&fair.member.send(Method::GET, "/api/ratings", &[], &Value::Null).await), rated);
    let soon = json!({ "region": "320400", "year": 2026, "rules": rating["rules"], "scores": rating["scores"] });
    assert_eq!(fair.officer.send(Method::POST, "/api/ratings", &[], &soon).await.status, StatusCode::UNPROCESSABLE_ENTITY, "every two years");
    let struck = good(&fair.officer.send(Method::POST, &path, &[], &json!({ "act": "strike", "reason": "停业" })).await);
    assert_eq!((&struck["state"], &struck["reason"]), (&json!("struck"), &json!("停业")));
    assert_eq!(good(&fair.member.send(Method::GET, "/api/agencies", &[], &Value::Null).await), json!([]));
}

#[tokio::test]
async fn an_order_runs_from_its_contract_to_the_bank_over_the_api() {
    let mut fair = Fair::open().await;
    let (filing, voucher) = (fair.filing().await, fair.voucher("V1").await);
    let kept = good(&fair.member.send_bytes("/api/documents?name=%E5%90%88%E5%90%8C.pdf", "application/pdf", PDF).await);
    let contract = Digest::of(&[PDF]);
    assert_eq!((&kept["digest"], &kept["name"], &kept["bytes"]), (&json!(contract.to_string()), &json!("合同.pdf"), &json!(PDF.len())));
    let order = good(&fair.member.send(Method::POST, "/api/orders", &[], &order_asked(&voucher, &filing, "HT1", json!(8_000_000), &contract)).await);
    assert_eq!((&order["documents"][0]["name"], &order["share_fen"]), (&json!("合同.pdf"), &json!(4_000_000)));
    let path = format!("/api/orders/{}", text(&order["id"]));
    good(&fair.agency.send_bytes("/api/documents?name=fp.pdf", "application/pdf", INVOICE).await);
    let delivered = good(&fair.agency.send(Method::POST, &path, &[], &delivery("FP1", json!(8_000_000))).await);
    let names: Vec<&Value> = delivered["documents"].as_array().expect("documents").iter().map(|document| &document["name"]).collect();
    assert_eq!(names, [&json!("合同.pdf"), &json!("fp.pdf"), &Value::Null], "of the report the digest alone is known");
    files_are_for_both_sides_and_their_officers(&mut fair, &path).await;
    good(&fair.agency.send(Method::POST, &path, &[], &json!({ "act": "claim" })).await);
    let redeemed = good(&fair.officer.send(Method::POST, "/api/orders/redeem", &[], &json!({ "batch": "2026-1" })).await);
    assert_eq!((&redeemed["redeemed"], &redeemed["amount"]["zh"], &redeemed["held"]), (&json!(1), &json!("4万元"), &json!([])), "{redeemed}");
    let payment = json!({ "batch": "2026-1", "bank_serial": "S1" });
    assert_eq!(good(&fair.officer.send(Method::POST, "/api/orders/pay", &[], &payment).await)["paid"], 1);
    assert_eq!(fair.officer.send(Method::POST, "/api/orders/pay", &[], &payment).await.status, StatusCode::CONFLICT, "paid once");
    let figures = good(&fair.officer.send(Method::GET, "/api/schemes/320400-2021/figures", &[], &Value::Null).await);
    assert_eq!((&figures["orders"], &figures["contracts"], &figures["redeemed"]), (&json!(1), &json!(8_000_000), &json!(4_000_000)));
    for name in ["orders", "vouchers", "balances", "clearing", "agencies", "payouts"] {
        let sheet = fair.officer.send(Method::GET, &format!("/api/exports/{name}.xlsx"), &[], &Value::Null).await;
        assert!(sheet.status == StatusCode::OK && sheet.text.starts_with("PK"), "{name}: {}", sheet.status);
    }
    let csv = fair.officer.send(Method::GET, "/api/exports/orders.csv", &[], &Value::Null).await;
    assert!(csv.text.contains("HT1") && csv.text.contains("40000"), "{}", csv.text);
    assert!(fair.portal.app.trial_balance(&Viewer::operator()).expect("a trial balance").is_even());
    assert!(fair.portal.app.check().expect("a check").sound);
}

/// Who sees and who may send which file of the order at `path`.
async fn files_are_for_both_sides_and_their_officers(fair: &mut Fair, path: &str) {
    let contract = format!("{path}/documents/{}", Digest::of(&[PDF]));
    for reader in [&mut fair.member, &mut fair.agency, &mut fair.officer] {
        let file = reader.send(Method::GET, &contract, &[], &Value::Null).await;
        assert_eq!((file.status, file.text.as_bytes()), (StatusCode::OK, PDF));
        assert!(file.header("content-disposition").starts_with("attachment"));
    }
    for login in ["elsewhere", "adviser", "leader"] {
        let mut other = Program::of(&fair.portal, login, &Scope::ALL);
        assert_eq!(other.send(Method::GET, &contract, &[], &Value::Null).await.status, StatusCode::NOT_FOUND, "{login}");
        assert_eq!(other.send_bytes(&format!("{path}/documents?name=r.pdf"), "application/pdf", REPORT).await.status, StatusCode::NOT_FOUND, "{login}");
    }
    assert_eq!(fair.portal.browser().get(&contract).await.status, StatusCode::NOT_FOUND);
    let report = format!("{path}/documents/{}", Digest::of(&[REPORT]));
    assert_eq!(fair.officer.send(Method::GET, &report, &[], &Value::Null).await.status, StatusCode::NOT_FOUND, "nobody sent it yet");
    let send = format!("{path}/documents?name=report.pdf");
    let wrong = fair.agency.send_bytes(&send, "application/pdf", b"%PDF-1.7 another report").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (name, bytes, says) in [("x.exe", &b"MZ"[..], "不支持"), ("x.pdf", b"", "空文件")] {
        let refused = fair.agency.send_bytes(&format!("/api/documents?name={name}"), "application/octet-stream", bytes).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains(says), "{}", refused.text);
    }
    let large = [PDF, &vec![b' '; crate::browser::UPLOAD_LIMIT]].concat();
    assert_eq!(fair.agency.send_bytes("/api/documents?name=x.pdf", "application/pdf", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let sent = good(&fair.agency.send_bytes(&send, "application/pdf", REPORT).await);
    assert_eq!(sent["documents"][2]["name"], "report.pdf");
    assert_eq!(fair.officer.send(Method::GET, &report, &[], &Value::Null).await.text.as_bytes(), REPORT);
}

#[tokio::test]
async fn an_order_takes_its_files_on_pages() {
    let mut fair = Fair::open().await;
    let (filing, voucher) = (fair.filing().await, fair.voucher("V1").await);
    let (mut member, mut agency) = (fair.portal.logged_in("member").await, fair.portal.logged_in("stranger").await);
    let page = member.get("/vouchers").await;
    assert!(page.text.contains("enctype=\"multipart/form-data\"") && !page.text.contains("{64}"), "{}", page.text);
    let token = page.token();
    let fields = [
        ("_token", token.as_str()),
        ("act", "order"),
        ("id", &voucher),
        ("agency", &filing),
        ("contract", "HT1"),
        ("amount", "8万元"),
        ("signed", "2026-11-01"),
    ];
    let without = member.post_files("/vouchers", &fields, &[]).await;
    assert!(without.status == StatusCode::UNPROCESSABLE_ENTITY && without.text.contains("空文件"), "{}", without.text);
    let ordered = member.post_files("/vouchers", &fields, &[("document", "合同.pdf", PDF)]).await;
    assert_eq!((ordered.status, ordered.header("location")), (StatusCode::SEE_OTHER, "/orders?done=1"), "{}", ordered.text);
    let order = order_on(&mut agency).await;
    let token = agency.token().await;
    let fields = [("_token", token.as_str()), ("act", "deliver"), ("id", &order), ("invoice", "FP1"), ("amount", "8万元"), ("on", "2026-11-10")];
    let delivered = agency.post_files("/orders", &fields, &[("document", "发票.pdf", INVOICE), ("report", "报告.pdf", REPORT)]).await;
    assert_eq!(delivered.status, StatusCode::SEE_OTHER, "{}", delivered.text);
    let shown = member.get("/orders").await.unescaped();
    for (name, bytes) in [("合同.pdf", PDF), ("发票.pdf", INVOICE), ("报告.pdf", REPORT)] {
        let path = format!("/orders/{order}/documents/{}", Digest::of(&[bytes]));
        assert!(shown.contains(&path) && shown.contains(name), "{name}: {shown}");
        assert_eq!(member.get(&path).await.text.as_bytes(), bytes);
        assert_eq!(fair.portal.visiting("elsewhere").get(&path).await.status, StatusCode::NOT_FOUND);
    }
    let mut officer = fair.portal.visiting("officer");
    let token = officer.token().await;
    let claimed = agency.submit("/orders", "/orders", &[("act", "claim"), ("id", &order)]).await;
    assert_eq!(claimed.status, StatusCode::SEE_OTHER, "{}", claimed.text);
    let report = officer.post("/orders", &[("_token", &token), ("act", "redeem_all"), ("batch", "2026-1")]).await;
    assert!(report.status == StatusCode::OK && report.text.contains("4万元"), "{}", report.text);
    let paid = officer.post("/clearing", &[("_token", &token), ("act", "pay"), ("batch", "2026-1"), ("serial", "S1")]).await;
    assert_eq!(paid.status, StatusCode::SEE_OTHER, "{}", paid.text);
}

/// The one order on the page of an agency.
async fn order_on(agency: &mut Browser) -> String {
    let page = agency.get("/orders").await.text;
    page.split("value=\"ord-").nth(1).and_then(|rest| rest.split('"').next()).map(|rest| format!("ord-{rest}")).expect("an order on the page")
}
