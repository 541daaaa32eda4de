//! Two regions settle: each checks the other's statement against its own books, line by line.

mod world;

use duijie_app::{AccountId, App, AppError, AppOptions, ExportFormat, ImportOptions, Viewer};
use duijie_vocab::{Fen, Lang};
use std::sync::Arc;
use world::{Counting, Noon};

const SCHEME: &str = include_str!("../../../demo/voucher/320412-2021.yaml");
const HOME: &str = "320412-2021";

/// A county whose firms ordered from an agency of a district elsewhere, with two redeemed orders.
fn redeemed(folder: &std::path::Path) -> App {
    let options = AppOptions { data: folder.into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
    let app = App::open(options).unwrap();
    let operator = Viewer::operator();
    let csv = "机构名称,机构类型,行政区划\n杨浦服务机构,科技服务机构,310110\n企业甲,企业,320412\n企业乙,企业,320412\n";
    let kind = ImportOptions { kind: Some("organization".into()), ..ImportOptions::default() };
    assert_eq!(app.import(&operator, "firms.csv", csv.as_bytes().to_vec(), &kind).unwrap().refused, 0);
    let home = SCHEME.replace("two_level: true", "two_level: false");
    let (from, to) = ("\"310110\", \"330402\", \"340100\", \"330212\"", "\"320412\"");
    let host = home.replace("\"320412-2021\"", "\"310110-2021\"").replace("region: \"320412\"", "region: \"310110\"").replace(from, to);
    app.put_scheme(&operator, "home.yaml", &home).unwrap();
    app.put_scheme(&operator, "host.yaml", &host).unwrap();
    let pool = AccountId::parse("pool:320412:320412.voucher.2021").unwrap();
    let bank = AccountId::bank(pool.region(), "treasury").unwrap();
    app.fund_pool(&operator, &pool, &bank, Fen(10_000_000), "1").unwrap();
    app.agencies_from_table(&operator, "a.csv", "服务机构,业态,服务地区\n杨浦服务机构,研究开发,310110\n".as_bytes(), true).unwrap();
    let digest = "a".repeat(64);
    let row = |n: usize, firm: &str, amount: u32| {
        format!("V{n},{firm},sme,研究开发,{amount},杨浦服务机构,HT{n},{},2026-01-01,{digest},FP{n},{},{digest},{digest},2026-02-01\n", 2 * amount, 2 * amount)
    };
    let header = "券号,企业,企业类型,业态,面额（元）,服务机构,合同编号,合同金额（元）,签订日期,合同文件,发票号,发票金额（元）,发票文件,报告文件,交付日期\n";
    let table = format!("{header}{}{}", row(1, "企业甲", 6_000), row(2, "企业乙", 5_000));
    let bytes = table.as_bytes();
    for report in [
        app.apply_from_table(&operator, HOME, "t.csv", bytes).unwrap(),
        app.review_vouchers(&operator, HOME).unwrap(),
        app.order_from_table(&operator, HOME, "t.csv", bytes, None).unwrap(),
        app.deliver_from_table(&operator, HOME, "t.csv", bytes, None).unwrap(),
    ] {
        assert_eq!((report.done, report.diagnostics.len()), (2, 0), "{:?}", report.diagnostics);
    }
    let claimed = app.claimed_orders(&operator).unwrap();
    assert_eq!(app.redeem_batch(&operator, "2026-1", &claimed, None).unwrap().redeemed, 2);
    app
}

/// The statement as the other side would send it.
fn sent(app: &App, run: Option<&str>) -> String {
    let mut bytes = Vec::new();
    assert_eq!(app.export_settlement(&Viewer::operator(), run, ExportFormat::Csv, Lang::Zh, &mut bytes).unwrap(), 2);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_statement_is_checked_by_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let app = redeemed(folder.path());
    let operator = Viewer::operator();
    let open = sent(&app, None);
    let pair = app.settle_regions(&operator, "2026").unwrap().remove(0);
    assert_eq!((pair.net_fen, pair.payee.contains("杨浦")), (Fen(1_100_000), true));
    let run = Some("2026");
    assert_eq!(sent(&app, run), open, "what was settled is what was owed");
    let check = |text: &str| app.check_settlement(&operator, run, "theirs.csv", text.as_bytes()).unwrap();
    assert_eq!((check(&open).agreed, check(&open).differences.len(), check(&open).diagnostics.len()), (2, 0, 0));
    let other_amount = check(&open.replacen("6000", "6001", 1));
    assert_eq!((other_amount.agreed, other_amount.differences.len()), (1, 3), "{:?}", other_amount.differences);
    let one_missing: String = open.lines().take(2).map(|line| format!("{line}\n")).collect();
    assert_eq!((check(&one_missing).agreed, check(&one_missing).differences.len()), (1, 2));
    assert!(app.check_settlement(&operator, None, "theirs.csv", open.as_bytes()).unwrap().agreed == 0, "nothing is owed any more");
    let wrong = app.check_settlement(&operator, run, "theirs.csv", "姓名,电话\n甲,1\n".as_bytes());
    assert!(matches!(wrong, Err(AppError::Invalid(_))));
    assert!(matches!(app.check_settlement(&operator, Some("none"), "theirs.csv", open.as_bytes()), Err(AppError::NotFound)));
    assert!(app.trial_balance(&operator).unwrap().is_even());
}
