//! Sixty-four clients at once through the product's use cases: one voucher pays one order, one order is
//! redeemed once, and a pool that covers one voucher issues one.

mod world;

use duijie_app::{AccountId, AccountKind, App, AppError, AppOptions, Contract, Evidence, ImportOptions, OrderAct, Viewer, VoucherAct};
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode};
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use world::{Counting, Noon};

const CLIENTS: usize = 64;
const SCHEME: &str = include_str!("../../../demo/voucher/320412-2021.yaml");
const POOL: &str = "pool:320412:320412.voucher.2021";

#[test]
fn exactly_one_of_sixty_four_spends_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    spend(folder.path(), None);
}

#[test]
fn exactly_one_of_sixty_four_spends_on_postgres() {
    let Some(server) = std::env::var_os("DUIJIE_TEST_POSTGRES") else {
        return println!("skipped: DUIJIE_TEST_POSTGRES names no server");
    };
    let server = server.into_string().expect("the URL is text");
    let schema = format!("spend_{}", std::process::id());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
    let mark = if server.contains('?') { '&' } else { '?' };
    let folder = tempfile::tempdir().unwrap();
    spend(folder.path(), Some(format!("{server}{mark}options=-csearch_path%3D{schema}")));
    client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE")).unwrap();
}

fn spend(folder: &Path, database: Option<String>) {
    let options = AppOptions { data: folder.into(), database, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
    let app = App::open(options).unwrap();
    let operator = Viewer::operator();
    prepare(&app, &operator);
    one_voucher_is_issued_out_of_a_pool_that_covers_one(&app, &operator);
    let order = one_order_is_placed_with_one_voucher(&app, &operator);
    one_redemption_moves_money(&app, &operator, &order);
    assert!(app.trial_balance(&operator).unwrap().is_even());
    assert_eq!(app.audit_ledger(&operator).unwrap(), []);
    assert!(app.store().check().unwrap().is_sound());
}

/// Sixty-four firms that each applied for a voucher and were reviewed once, and an agency.
fn prepare(app: &App, operator: &Viewer) {
    let firms: String = (0..CLIENTS).map(|n| format!("企业{n:02},企业,320412\n")).collect();
    let csv = format!("机构名称,机构类型,行政区划\n服务机构甲,科技服务机构,320412\n{firms}");
    let options = ImportOptions { kind: Some("organization".into()), ..ImportOptions::default() };
    assert_eq!(app.import(operator, "firms.csv", csv.into_bytes(), &options).unwrap().refused, 0);
    app.put_scheme(operator, "scheme.yaml", SCHEME).unwrap();
    app.agencies_from_table(operator, "agencies.csv", "服务机构,业态,服务地区\n服务机构甲,研究开发,320412\n".as_bytes(), true).unwrap();
    let rows: String = (0..CLIENTS).map(|n| format!("V{n:02},企业{n:02},sme,研究开发,1000\n")).collect();
    let table = format!("券号,企业,企业类型,业态,面额（元）\n{rows}");
    assert_eq!(app.apply_from_table(operator, "320412-2021", "vouchers.csv", table.as_bytes()).unwrap().done, CLIENTS);
    for voucher in app.vouchers(operator, Some("applied"), None).unwrap().0 {
        app.voucher_step(operator, &voucher.id, &VoucherAct::Review).unwrap();
    }
}

fn one_voucher_is_issued_out_of_a_pool_that_covers_one(app: &App, operator: &Viewer) {
    let pool = AccountId::parse(POOL).unwrap();
    let bank = AccountId::bank(RegionCode::parse("320412").unwrap(), "treasury").unwrap();
    app.fund_pool(operator, &pool, &bank, Fen(150_000), "once").unwrap();
    let vouchers: Vec<RecordId> = app.vouchers(operator, Some("county_reviewed"), None).unwrap().0.into_iter().map(|voucher| voucher.id).collect();
    assert_eq!(vouchers.len(), CLIENTS);
    // The second review comes from another person.
    let city = Viewer { login: Some("city".into()), ..operator.clone() };
    let issued = at_once(|client| app.voucher_step(&city, &vouchers[client], &VoucherAct::Review).map(drop));
    assert_eq!(issued, 1, "the pool covers one voucher of 1,000 元 and a half");
    let left = app.account_balances(operator, Some(AccountKind::Pool)).unwrap();
    assert_eq!(
        left.iter().map(|account| (account.account.as_str(), account.balance, account.available)).collect::<Vec<_>>(),
        [(POOL, Fen(50_000), Some(Fen(50_000)))]
    );
}

fn one_order_is_placed_with_one_voucher(app: &App, operator: &Viewer) -> RecordId {
    let voucher = app.vouchers(operator, Some("issued"), None).unwrap().0.remove(0).id;
    let filing = app.agencies(operator).unwrap().remove(0).id;
    let contract = |client: usize| Contract {
        number: format!("HT{client:02}"),
        amount: Fen(400_000),
        signed: Date::parse("2026-03-01").unwrap(),
        document: Digest::of(&[&client.to_be_bytes()]),
    };
    assert_eq!(at_once(|client| app.place_order(operator, &voucher, &filing, contract(client)).map(drop)), 1);
    let mut orders = app.orders(operator, None, None).unwrap().0;
    assert_eq!(orders.len(), 1);
    orders.remove(0).id
}

fn one_redemption_moves_money(app: &App, operator: &Viewer, order: &RecordId) {
    let evidence = Evidence {
        invoice: "FP1".into(),
        invoice_amount: Fen(400_000),
        invoice_document: Digest::of(&[b"invoice"]),
        report_document: Digest::of(&[b"report"]),
        on: Date::parse("2026-03-02").unwrap(),
    };
    assert_eq!(at_once(|_| app.order_step(operator, order, &OrderAct::Deliver { evidence: evidence.clone() }).map(drop)), 1);
    assert_eq!(at_once(|_| app.order_step(operator, order, &OrderAct::Claim).map(drop)), 1);
    let ids = [order.clone()];
    let redeemed = at_once(|client| {
        let report = app.redeem_batch(operator, &format!("batch-{client}"), &ids, Some("seen"))?;
        if report.redeemed == 1 { Ok(()) } else { Err(AppError::NotFound) }
    });
    assert_eq!(redeemed, 1);
    let earned: Vec<Fen> = app.account_balances(operator, Some(AccountKind::Agency)).unwrap().into_iter().map(|account| account.balance).collect();
    assert_eq!(earned, [Fen(100_000)]);
}

/// Lets every client act at the same moment; how many succeeded.
fn at_once(act: impl Fn(usize) -> Result<(), AppError> + Sync) -> usize {
    let start = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        let client = |number: usize| {
            let (act, start) = (&act, &start);
            move || {
                start.wait();
                act(number).is_ok()
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(client(number))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    })
}
