//! Money from outside: an entitlement from the batch run to the bank and back, and vouchers with
//! bad input that moves nothing.

use crate::product::{Product, demo};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const REWARD: &str = "320400.2021.tax-growth";
const POOL: &str = "pool:320400:320400.innovation.2021";

/// A product that knows the tax-growth reward, two gazelles and one firm of which a fact is missing.
fn product() -> Product {
    let product = Product::new();
    let organizations = product.file(
        "organizations.csv",
        "机构名称,机构类型,行政区划\n甲企业,企业,江苏省常州市武进区\n乙企业,企业,江苏省常州市武进区\n丙企业,企业,江苏省常州市武进区\n",
    );
    let titles = product.file("titles.csv", "机构名称,称号,认定日期,有效期至\n甲企业,瞪羚企业,2021-01-01,2021-12-31\n乙企业,瞪羚企业,2021-01-01,2021-12-31\n丙企业,瞪羚企业,2021-01-01,2021-12-31\n");
    let facts = product.file(
        "facts.csv",
        "企业名称,时期,纳税总额（万元）,地方贡献（万元）\n甲企业,2019,900,\n甲企业,2020,1000,400\n甲企业,2021,1500,\n乙企业,2019,900,\n乙企业,2020,1000,100\n乙企业,2021,1300,\n丙企业,2020,1000,400\n丙企业,2021,1500,\n",
    );
    let indicators = product.file("indicators.csv", "指标名称,行政区划,数值,单位,时期,政策指标键\n全市税收增幅,江苏省常州市,8,%,2021,增幅(纳税总额)\n");
    let policy = [demo().join("policy/facts.yaml"), demo().join("policy/320400-tax-growth.yaml")];
    for path in [&organizations, &titles, &facts, &indicators].into_iter().chain(&policy) {
        let ran = product.run(&["import".as_ref(), "--no-index".as_ref(), path.as_os_str()]);
        assert_eq!(ran.code, 0, "{}: {}{}", path.display(), ran.out, ran.err);
    }
    for login in ["first", "second"] {
        officer(&product, login);
    }
    product
}

fn officer(product: &Product, login: &str) {
    let mut command = product.command();
    command.args(["account", "add", login, "--role", "officer", "--region", "常州市", "--name", login]).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "a long password {login}").unwrap();
    assert!(child.wait().unwrap().success());
}

fn done(product: &Product, arguments: &[&str]) -> String {
    let ran = product.run(arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
    ran.out
}

fn refused(product: &Product, arguments: &[&str], says: &str) {
    let before = done(product, &["ledger", "trial"]);
    let ran = product.run(arguments);
    assert_ne!(ran.code, 0, "{arguments:?}: {}", ran.out);
    assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
    assert_eq!(done(product, &["ledger", "trial"]), before, "nothing moved");
}

fn states(product: &Product) -> Vec<(String, String, i64)> {
    let rows = product.json(&["payout", "list", "--format", "json"]);
    let mut rows: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (text(&row["firm_name"]), text(&row["state"]), row["amount_fen"].as_i64().unwrap())).collect();
    rows.sort();
    rows
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

#[test]
fn the_tax_growth_reward_is_paid_by_its_rule_and_can_be_decided_again() {
    let product = product();
    done(&product, &["ledger", "fund", POOL, "500万元", "--id", "1"]);
    done(&product, &["ledger", "fund", POOL, "500万元", "--id", "1"]);
    done(&product, &["payout", "terms", "320400", "--two-above", "100万元", "--objection-days", "0"]);
    done(&product, &["payout", "terms", "320400", "--check-low", "0", "--large-from", "20万元"]);
    let set = product.run(&["payout", "terms", "320400"]).out;
    assert!(set.lines().next().is_some_and(|last| last.ends_with("CNY 1,000,000.00  0  0%  20%  CNY 200,000.00")), "{set}");
    refused(&product, &["payout", "terms", "320400", "--check-low", "2001"], "low risk not above medium");
    let preview = product.json(&["payout", "preview", REWARD, "--period", "2021", "--format", "json"]);
    let verdicts: Vec<(String, String, i64)> =
        preview["rows"].as_array().unwrap().iter().map(|row| (text(&row["name"]), text(&row["verdict"]), row["pays"].as_i64().unwrap())).collect();
    // Growth is 50 % and 30 %, twice the city's is 16 %: 400 × 34 % and 100 × 14 %, in 万元.
    let shown = product.run(&["payout", "preview", REWARD, "--period", "2021"]).out;
    let sums = shown.find("outcome").expect("the sums by outcome");
    assert!(sums < shown.find("甲企业").expect("the firms"), "the sums come first: {shown}");
    assert!(shown.contains("missing") && shown.contains("CNY 1,500,000.00"), "{shown}");
    let expected = [("甲企业", "pays", 136_000_000), ("乙企业", "pays", 14_000_000), ("丙企业", "unknown", 0)];
    assert_eq!(verdicts, expected.map(|(name, verdict, fen)| (name.to_string(), verdict.to_string(), fen)));
    done(&product, &["payout", "run", REWARD, "--period", "2021"]);
    assert!(done(&product, &["payout", "run", REWARD, "--period", "2021"]).contains("  0  "), "again makes nothing");
    let rows = product.json(&["payout", "list", "--format", "json"]);
    for row in rows.as_array().unwrap() {
        let (id, name) = (text(&row["id"]), text(&row["firm_name"]));
        refused(&product, &["payout", "confirm", &id, "--name", &name, "--bank", "示例银行", "--account", "12ab"], "bank account");
        done(&product, &["payout", "confirm", &id, "--name", &name, "--bank", "示例银行", "--account", "6222000011112222"]);
        if row["check"].as_bool().unwrap() {
            done(&product, &["payout", "--as", "first", "step", &id, "review", "抽查"]);
            done(&product, &["payout", "--as", "second", "step", &id, "clear", "属实"]);
        }
    }
    done(&product, &["payout", "--as", "first", "approve", "--all"]);
    let waiting: Vec<String> = states(&product).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(waiting, ["approved", "endorsed"], "above the limit a second person is needed");
    let ran = product.run(&["payout", "--as", "first", "approve", "--all"]);
    assert!(ran.err.contains("another person"), "{}", ran.err);
    done(&product, &["payout", "--as", "second", "approve", "--all"]);
    done(&product, &["payout", "--as", "first", "publish", REWARD, "--period", "2021"]);
    let lists = product.json(&["payout", "lists", "--format", "json"]);
    assert_eq!((lists[0]["rows"].as_i64(), lists[0]["total_fen"].as_i64()), (Some(2), Some(150_000_000)));
    let list = text(&lists[0]["list"]);
    assert!(done(&product, &["payout", "lists", "--list", &list]).contains("甲企业"));
    let sheet = product.path("published.xlsx").display().to_string();
    assert_eq!(done(&product, &["payout", "lists", "--list", &list, "--output", &sheet]).trim(), "2");
    pay_and_return(&product);
    let id = text(&product.json(&["payout", "list", "--state", "paid", "--format", "json"])[0]["id"]);
    let replayed = product.json(&["payout", "replay", &id, "--format", "json"]);
    assert_eq!((replayed["same"].as_bool(), replayed["amount"].as_i64()), (Some(true), Some(136_000_000)));
    refused(&product, &["payout", "recall", &id, "136.0000001万元", "多付"], "");
    refused(&product, &["payout", "recall", &id, "137万元", "多付"], "cannot be asked back");
    done(&product, &["payout", "recall", &id, "36万元", "多付"]);
    done(&product, &["payout", "recover", &id, "B9"]);
    let summary = product.json(&["payout", "summary", "甲企业", "--format", "json"]);
    let sums: Vec<(String, i64)> =
        summary["lines"].as_array().unwrap().iter().map(|line| (text(&line["standing"]), line["amount_fen"].as_i64().unwrap())).collect();
    assert_eq!(sums.iter().find(|(standing, _)| standing == "ended"), Some(&("ended".to_string(), 136_000_000)), "recovered: {sums:?}");
    assert_eq!(product.json(&["payout", "missed", "乙企业", "--period", "2021", "--format", "json"])["missed"].as_array().map(Vec::len), Some(0));
    assert!(done(&product, &["payout", "missed", "丙企业", "--period", "2021"]).contains(REWARD));
    let sheet = product.path("list.xlsx").display().to_string();
    assert_eq!(done(&product, &["payout", "list", "--output", &sheet]).trim(), "2");
    assert!(std::fs::read(&sheet).unwrap().starts_with(b"PK"));
    let sheet = product.path("statement.csv").display().to_string();
    done(&product, &["ledger", "statement", "bank:320400:treasury", "--output", &sheet]);
    assert_eq!(std::fs::read_to_string(&sheet).unwrap().lines().count(), 4, "header, funding, payment, what came back");
    assert_eq!(done(&product, &["ledger", "audit"]).trim(), "0");
    assert_eq!(product.run(&["check"]).code, 0);
}

/// Orders what is published, reads the bank's answer with one payment returned, and compares.
fn pay_and_return(product: &Product) {
    let sheet = product.path("payments.csv");
    let file = done(product, &["payout", "pay", "--output", &sheet.display().to_string()]);
    let file = file.split_whitespace().next().unwrap().to_string();
    let payments = std::fs::read_to_string(&sheet).unwrap();
    let rows: Vec<Vec<&str>> = payments.lines().skip(1).map(|line| line.split(',').map(|cell| cell.trim_matches('"')).collect()).collect();
    assert_eq!(rows.len(), 2, "{payments}");
    let answer = |rows: &str| product.file("answer.csv", format!("付款编号,结果,金额（元）,银行流水号,原因\n{rows}"));
    let wrong = answer("ent-0000000000000000,成功,1,S1,\n");
    refused(product, &["payout", "return", &file, &wrong.display().to_string()], "has no");
    let wrong = product.file("answer.csv", "姓名,电话\n张三,1\n");
    refused(product, &["payout", "return", &file, &wrong.display().to_string()], "no return file");
    let (paid, returned): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row[1] == "甲企业");
    assert_eq!((paid.len(), returned.len()), (1, 1), "{payments}");
    let told = format!("{},成功,{},S1,\n{},失败,{},,账号不符\n", paid[0][0], paid[0][4], returned[0][0], returned[0][4]);
    done(product, &["payout", "return", &file, &answer(&told).display().to_string()]);
    let states: Vec<_> = states(product).into_iter().map(|(name, state, _)| (name, state)).collect();
    assert_eq!(states, [("乙企业".to_string(), "pushed".to_string()), ("甲企业".to_string(), "paid".to_string())]);
    let today = text(&product.json(&["ledger", "statement", "bank:320400:treasury", "--format", "json"])["lines"][0]["at"]);
    bank_file_matches(product, &today[..10], paid[0][0]);
}

/// The bank shows the funding and the payment, under the day of either calendar.
fn bank_file_matches(product: &Product, day: &str, payment: &str) {
    let bank = product.file(
        "bank.csv",
        format!("交易日期,收入,支出,流水号,附言\n2000-01-01,1,,0,开户\n{day},5000000,,1,fund/1\n{day},,1360000,2,{payment}\n2100-01-01,,1,3,手续费\n"),
    );
    let ran = product.run(&["ledger", "reconcile", "bank:320400:treasury", &bank.display().to_string()]);
    assert_eq!(ran.out.trim(), "2", "{}", ran.err);
    assert!(ran.err.contains("开户") && ran.err.contains("手续费"), "{}", ran.err);
}

#[test]
fn an_upheld_appeal_makes_a_new_entitlement_and_nothing_leads_back() {
    let product = product();
    done(&product, &["ledger", "fund", POOL, "500万元", "--id", "1"]);
    let all = product.json(&["payout", "preview", "--period", "2021", "--format", "json"]);
    let line = &all["measures"][0];
    assert_eq!((all["firms"].as_i64(), line["yes"].as_i64(), line["unknown"].as_i64()), (Some(3), Some(2), Some(1)));
    assert_eq!((line["asked_fen"].as_i64(), line["covered"].as_bool()), (Some(150_000_000), Some(true)));
    done(&product, &["payout", "run", REWARD, "--period", "2021"]);
    let rows = product.json(&["payout", "list", "--format", "json"]);
    let first = rows.as_array().unwrap().iter().find(|row| row["firm_name"] == "甲企业").map(|row| text(&row["id"])).unwrap();
    done(&product, &["payout", "--as", "first", "step", &first, "reject", "材料不符"]);
    done(&product, &["payout", "step", &first, "appeal", "材料无误"]);
    refused(&product, &["payout", "--as", "first", "step", &first, "uphold", ""], "left out");
    done(&product, &["payout", "--as", "first", "step", &first, "uphold", "核实无误"]);
    let told = |rows: Vec<(String, String, i64)>| rows.into_iter().map(|(name, state, _)| format!("{name} {state}")).collect::<Vec<_>>();
    assert_eq!(told(states(&product)), ["乙企业 pushed", "甲企业 pushed", "甲企业 replaced"]);
    let again = product.run(&["payout", "--as", "first", "step", &first, "uphold", "再次"]);
    assert_ne!(again.code, 0, "what was replaced leads nowhere: {}", again.out);
    assert!(done(&product, &["payout", "run", REWARD, "--period", "2021"]).contains("  0  "), "the run knows the new one");
    let new = product.json(&["payout", "list", "--format", "json"]);
    let new = new.as_array().unwrap().iter().find(|row| row["firm_name"] == "甲企业" && row["state"] == "pushed").map(|row| text(&row["id"])).unwrap();
    let replayed = product.json(&["payout", "replay", &new, "--format", "json"]);
    assert_eq!((replayed["same"].as_bool(), replayed["amount"].as_i64()), (Some(true), Some(136_000_000)));
    assert!(done(&product, &["ledger", "balance", POOL]).trim().ends_with("CNY 5,000,000.00"), "nothing is reserved before it is approved");
    assert!(done(&product, &["ledger", "balance", POOL, "--at", "2000-01-01T00:00:00Z"]).trim().ends_with("CNY 0.00"));
    assert_eq!(product.run(&["check"]).code, 0);
}

#[test]
fn bad_input_about_money_is_refused_in_a_sentence_and_moves_nothing() {
    let product = product();
    done(&product, &["ledger", "fund", POOL, "5万元", "--id", "1"]);
    for (amount, says) in [("-1元", "above zero"), ("0.001元", "fraction"), ("NaN", "not"), ("99999999999亿元", "more money"), ("9000万亿元", "")] {
        refused(&product, &["ledger", "fund", POOL, &format!("--id=x{}", amount.len()), "--", amount], says);
    }
    refused(&product, &["ledger", "fund", POOL, "6万元", "--id", "1"], "another transfer");
    refused(&product, &["ledger", "fund", "pool:999999:x", "6万元", "--id", "2"], "not an account");
    let scheme = demo().join("voucher/320412-2021.yaml");
    let text = std::fs::read_to_string(scheme).unwrap();
    let put = |name: &str, text: &str| product.file(name, text);
    let unknown = put("unknown.yaml", &text.replace("\"310110\"", "\"310999\""));
    refused(&product, &["voucher", "scheme", &unknown.display().to_string()], "310999");
    let good = put("good.yaml", &text);
    done(&product, &["voucher", "scheme", &good.display().to_string()]);
    let late = put("late.yaml", &text.replace("until: 2035-12-31", "until: 2021-12-31").replace("id: \"320412-2021\"", "id: \"old\""));
    done(&product, &["voucher", "scheme", &late.display().to_string()]);
    let table = |cells: &str| product.file("vouchers.csv", format!("券号,企业,企业类型,业态,面额（元）\n{cells}\n"));
    let apply = |scheme: &str, path: &Path, says: &str| refused(&product, &["voucher", "apply", scheme, &path.display().to_string()], says);
    apply("old", &table("V1,甲企业,sme,研究开发,100"), "applied for from");
    apply("320412-2021", &table("V1,甲企业,sme,研究开发,0.001"), "no amount");
    apply("320412-2021", &table("V1,甲企业,sme,研究开发,-5"), "above zero");
    apply("320412-2021", &table("V1,甲企业,sme,算命,5"), "eight classes");
    apply("320412-2021", &table("V1,甲企业,giant,研究开发,5"), "may not hold");
    apply("320412-2021", &table("V1,甲企业,sme,研究开发,700000"), "cap of the year");
    apply("nowhere", &table("V1,甲企业,sme,研究开发,5"), "nothing here");
}
