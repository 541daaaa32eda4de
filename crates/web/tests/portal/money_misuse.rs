//! Bad input about money over the API: each is refused in a sentence, and neither the books nor the
//! journal are another.

use crate::browser::{Page, Portal};
use crate::money::{Fair, POOL, delivery, good, order_asked, text};
use crate::program::{Program, value};
use axum::http::{Method, StatusCode};
use duijie_app::{Scope, Viewer};
use duijie_vocab::Digest;
use serde_json::{Value, json};

/// The books and the number of entries.
fn state(portal: &Portal) -> (String, i64) {
    let trial = portal.app.trial_balance(&Viewer::operator()).expect("a trial balance");
    assert!(trial.is_even());
    (format!("{:?}", trial.rows), portal.app.figures().expect("figures").entries)
}

/// That the page refuses with `status` in a sentence in both languages' form.
fn refused(page: &Page, status: u16, what: &str) {
    assert_eq!((page.status.as_u16(), page.header("content-type")), (status, "application/problem+json"), "{what}: {}", page.text);
    let problem = value(page);
    assert!(problem["detail"].as_str().is_some_and(|words| words.chars().count() > 3), "{what}: {}", page.text);
}

/// Amounts as they may come, and what is answered to each.
const AMOUNTS: [(&str, u16); 13] = [
    ("NaN", 400),
    ("Infinity", 400),
    ("-Infinity", 400),
    ("1e400", 400),
    ("0x10", 400),
    ("0.001", 422),
    ("1.5", 422),
    ("1e3", 422),
    ("\"100\"", 422),
    ("null", 422),
    ("9223372036854775808", 422),
    ("9223372036854775807", 0),
    ("-1", 0),
];

#[tokio::test]
async fn no_amount_that_is_none_moves_anything() {
    let mut fair = Fair::open().await;
    let (filing, voucher) = (fair.filing().await, fair.voucher("V1").await);
    let free = fair.voucher("V2").await;
    let digest = Digest::of(&[b"contract"]);
    let order = good(&fair.member.send(Method::POST, "/api/orders", &[], &order_asked(&voucher, &filing, "HT1", json!(8_000_000), &digest)).await);
    let order = format!("/api/orders/{}", text(&order["id"]));
    let before = state(&fair.portal);
    // The mark stands where an amount does.
    let mark = json!("MARK");
    let fund = json!({ "pool": POOL, "amount": mark, "id": "g2" });
    let bodies = [
        ("/api/ledger/fund".to_string(), fund),
        ("/api/vouchers".to_string(), fair.application("V3", mark.clone())),
        ("/api/orders".to_string(), order_asked(&free, &filing, "HT2", mark.clone(), &digest)),
        (order, delivery("FP1", mark)),
    ];
    for (path, body) in bodies {
        for (amount, status) in AMOUNTS {
            let body = body.to_string().replace("\"MARK\"", amount);
            for program in [&mut fair.officer, &mut fair.admin] {
                let page = program.send_bytes(&path, "application/json", body.as_bytes()).await;
                // What has the form of an amount is refused by a rule: as no good input, or by the books.
                let by_rule = matches!(page.status.as_u16(), 409 | 422);
                refused(&page, if status == 0 && by_rule { page.status.as_u16() } else { status }, &format!("{path} {body}"));
            }
        }
    }
    assert_eq!(state(&fair.portal), before);
}

#[tokio::test]
async fn orders_that_break_a_rule_are_refused_and_reserve_nothing() {
    let mut fair = Fair::open().await;
    let (filing, first, second) = (fair.filing().await, fair.voucher("V1").await, fair.voucher("V2").await);
    let digest = Digest::of(&[b"contract"]);
    let place = |voucher: &str, number: &str| order_asked(voucher, &filing, number, json!(8_000_000), &digest);
    let one = text(&good(&fair.member.send(Method::POST, "/api/orders", &[], &place(&first, "HT1")).await)["id"]);
    let two = text(&good(&fair.member.send(Method::POST, "/api/orders", &[], &place(&second, "HT2")).await)["id"]);
    good(&fair.agency.send(Method::POST, &format!("/api/orders/{one}"), &[], &delivery("FP1", json!(8_000_000))).await);
    let third = fair.voucher("V3").await;
    // An agency of a city that has no scheme: nobody could settle with it.
    let far =
        good(&fair.admin.send(Method::POST, "/api/filings", &[], &json!({ "agency": agency_of(&fair), "region": "330100", "classes": ["research"] })).await);
    let far = text(&far["id"]);
    good(&fair.admin.send(Method::POST, &format!("/api/filings/{far}"), &[], &json!({ "act": "list" })).await);
    let before = state(&fair.portal);
    let twice = fair.agency.send(Method::POST, &format!("/api/orders/{two}"), &[], &delivery("FP1", json!(8_000_000))).await;
    refused(&twice, 422, "an invoice number used twice");
    assert!(twice.text.contains("abuse.invoice") && twice.text.contains("FP1"), "{}", twice.text);
    let unknown = order_asked(&third, &far, "HT3", json!(8_000_000), &digest);
    let unknown = fair.member.send(Method::POST, "/api/orders", &[], &unknown).await;
    refused(&unknown, 422, "an agency in a region without a scheme");
    assert!(unknown.text.contains("创新券") && unknown.text.contains("杭州"), "{}", unknown.text);
    for region in ["999999", "32", "常州的某处"] {
        let body = json!({ "agency": agency_of(&fair), "region": region, "classes": ["research"] });
        refused(&fair.admin.send(Method::POST, "/api/filings", &[], &body).await, 422, region);
        let fund = json!({ "pool": format!("pool:{region}:x"), "amount": 1, "id": "g3" });
        refused(&fair.admin.send(Method::POST, "/api/ledger/fund", &[], &fund).await, 422, region);
    }
    let again = fair.member.send(Method::POST, "/api/orders", &[], &place(&first, "HT9")).await;
    refused(&again, 409, "a voucher that is reserved already");
    assert!(again.text.contains("下单"), "{}", again.text);
    refused(&fair.agency.send(Method::POST, &format!("/api/orders/{two}"), &[], &json!({ "act": "claim" })).await, 409, "a claim before the delivery");
    refused(&fair.member.send(Method::POST, &format!("/api/orders/{two}"), &[], &json!({ "act": "cancel", "reason": "" })).await, 422, "no reason");
    refused(&fair.officer.send(Method::POST, &format!("/api/vouchers/{third}"), &[], &json!({ "act": "void", "reason": " " })).await, 422, "no reason");
    refused(&fair.admin.send(Method::POST, "/api/clearing", &[], &json!({ "run": "2026" })).await, 409, "nothing to settle");
    refused(&fair.officer.send(Method::POST, "/api/orders/pay", &[], &json!({ "batch": "none", "bank_serial": "1" })).await, 409, "no such batch");
    assert_eq!(state(&fair.portal), before);
    // The day after the last on which it may be used.
    let late = fair.portal.over(fair.portal.again_at("2036-06-30T16:00:00Z"));
    let mut member = Program::of(&late, "member", &Scope::ALL);
    let before = state(&late);
    let page = member.send(Method::POST, "/api/orders", &[], &place(&third, "HT4")).await;
    refused(&page, 422, "an order after the use-by date");
    assert!(page.text.contains("2036-06-30"), "{}", page.text);
    assert_eq!(state(&late), before);
}

fn agency_of(fair: &Fair) -> String {
    fair.portal.app.organization_named("江南先进制造研究院").expect("a look-up").expect("the agency").to_string()
}

#[tokio::test]
async fn files_of_the_bank_that_are_none_change_nothing() {
    let mut fair = Fair::open().await;
    let before = state(&fair.portal);
    let bank = "/api/ledger/reconciliation?account=bank:320400:treasury&name=bank.csv";
    let matched = good(&fair.officer.send_bytes(bank, "text/csv", "交易日期,收入,支出,流水号,附言\n2026-11-21,200000,,1,fund/g1\n".as_bytes()).await);
    assert_eq!((matched["matched"].as_object().map(|rows| rows.len()), &matched["differences"]), (Some(1), &json!([])), "{matched}");
    for (path, bytes) in [
        (bank, &b"PK\x03\x04 broken"[..]),
        (&bank.replace("treasury", "none"), b"\xe4\xba\xa4"),
        (&bank.replace("bank:320400:treasury", POOL), "交易日期,金额\n".as_bytes()),
        (&bank.replace("bank:320400:treasury", "nonsense"), b"a"),
    ] {
        let page = fair.officer.send_bytes(path, "text/csv", bytes).await;
        let status = page.status.as_u16();
        assert!(matches!(status, 404 | 422), "{path}: {status} {}", page.text);
        refused(&page, status, path);
    }
    refused(&fair.officer.send_bytes(bank, "text/csv", "姓名,电话\n张三,1\n".as_bytes()).await, 422, "a file of something else");
    let answer = fair.officer.send_bytes("/api/payouts/files/none?name=answer.csv", "text/csv", "付款编号,结果\n".as_bytes()).await;
    refused(&answer, 409, "the answer to a payment file that is none");
    let program = fair.officer.send(Method::POST, "/api/payouts/run", &[], &json!({ "measure": "none", "period": "2021" })).await;
    refused(&program, 404, "a measure that is none");
    let nothing = fair.officer.send(Method::POST, "/api/payouts/pay", &[], &json!({})).await;
    refused(&nothing, 409, "nothing to pay");
    let list = fair.officer.send(Method::POST, "/api/payouts/publish", &[], &json!({ "measure": "none", "period": "2021" })).await;
    refused(&list, 409, "nothing to publish");
    for body in [json!({ "measure": 1 }), json!([]), Value::Null] {
        refused(&fair.officer.send(Method::POST, "/api/payouts/publish", &[], &body).await, 422, "a body of another shape");
    }
    assert_eq!(fair.officer.send_bytes("/api/payouts/publish", "text/csv", b"a").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(state(&fair.portal), before);
}
