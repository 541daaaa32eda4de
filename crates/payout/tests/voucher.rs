//! Vouchers of three regions in random lives beside a ledger: what was issued is outstanding,
//! redeemed or given back, the books of two regions mirror one another, and a settlement leaves
//! every pair even.

use duijie_ledger::{AccountId, AccountKind, Act as Move, Book, Code, MemoryBook, PostFault, Transfer, TransferId, disagreements, post_all, statement};
use duijie_payout::*;
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode, Timestamp, text};
use proptest::prelude::*;
use std::collections::BTreeMap;

const REGIONS: [&str; 3] = ["320412", "310110", "330212"];

fn region(at: usize) -> RegionCode {
    RegionCode::parse(REGIONS[at]).unwrap()
}

fn by(person: &str, day: &str) -> By {
    By { person: person.into(), at: Timestamp::parse(&format!("{day}T04:00:00Z")).unwrap() }
}

fn scheme(at: usize, settle: Settle) -> Scheme {
    let date = |text: &str| Date::parse(text).unwrap();
    Scheme {
        id: format!("{}-2021", REGIONS[at]),
        name: text!("创新券", "vouchers"),
        region: region(at),
        pool: "vouchers".into(),
        bank: "treasury".into(),
        from: date("2021-01-01"),
        until: date("2021-10-31"),
        use_by: date("2021-11-30"),
        redeem_by: date("2021-12-31"),
        holders: vec![HolderClass { class: "sme".into(), name: text!("中小企业", "small firm"), yearly_cap: Fen(100_000) }],
        services: vec![ServiceRule { class: ServiceClass::Research, rate: 5_000, cap: Fen(8_000 + at as i64 * 500) }],
        joint: false,
        settle,
        // The third region does not recognise the second.
        recognises: (0..3).filter(|other| *other != at && (at, *other) != (2, 1)).map(region).collect(),
        two_level: at != 1,
        watch: Watch { small_below: Fen(1_000), small_days: 30, agency_share: 8_000 },
    }
    .check()
    .unwrap()
}

fn filing(at: usize) -> Filing {
    let agency = RecordId::derive("org", &format!("agency{at}"));
    let filed = Filing::file(agency, format!("机构{at}"), region(at), vec![ServiceClass::Research], Vec::new()).unwrap().after;
    filed.list(&by("officer", "2021-01-02")).unwrap().after
}

fn apply(at: usize, number: &str, value: i64, settle: Settle) -> Result<Step<Voucher>, Refused> {
    let asked = Application {
        number: number.into(),
        holder: RecordId::derive("org", "holder"),
        partners: Vec::new(),
        holder_class: "sme".into(),
        service: ServiceClass::Research,
        value: Fen(value),
    };
    Voucher::apply(&scheme(at, settle), asked, Fen::ZERO, &by("firm", "2021-02-01"))
}

fn contract(number: &str, amount: i64) -> Contract {
    Contract { number: number.into(), amount: Fen(amount), signed: Date::parse("2021-03-01").unwrap(), document: Digest::ZERO }
}

fn evidence(amount: i64) -> Evidence {
    Evidence {
        invoice: "F1".into(),
        invoice_amount: Fen(amount),
        invoice_document: Digest::ZERO,
        report_document: Digest::ZERO,
        on: Date::parse("2021-04-01").unwrap(),
    }
}

fn bank(at: usize) -> AccountId {
    AccountId::bank(region(at), "treasury").unwrap()
}

/// A book in which each region has `amount` at its bank for its vouchers.
fn funded(amount: i64) -> MemoryBook {
    let mut book = MemoryBook::new();
    for (at, code) in REGIONS.iter().enumerate() {
        let pool = AccountId::new(AccountKind::Pool, region(at), "vouchers").unwrap();
        let act = Move::Posted { debit: bank(at), credit: pool, amount: Fen(amount) };
        let fund = Transfer::new(TransferId::parse(&format!("fund-{code}")).unwrap(), Code::parse("fund").unwrap(), act);
        post_all(&mut book, &[fund], by("x", "2021-01-01").at).unwrap();
    }
    book
}

fn issued(book: &mut MemoryBook, at: usize, number: &str, value: i64, settle: Settle) -> Voucher {
    let mut voucher = apply(at, number, value, settle).unwrap().after;
    for person in ["county", "city"] {
        if voucher.state != VoucherState::Issued {
            let step = voucher.review(&scheme(at, settle), &by(person, "2021-02-02")).unwrap();
            post_all(book, &step.transfers, by("x", "2021-02-02").at).unwrap();
            voucher = step.after;
        }
    }
    voucher
}

#[test]
fn an_order_across_regions_is_cleared_paid_and_settled() {
    let mut book = funded(1_000_000);
    let mut banks = BTreeMap::new();
    (0..3).for_each(|at| drop(banks.insert(region(at), bank(at))));
    for (n, (home, host, amount)) in [(0, 1, 10_000), (1, 0, 4_000), (0, 1, 100_000)].into_iter().enumerate() {
        let voucher = issued(&mut book, home, &format!("V{n}"), 9_000, Settle::Direct);
        let day = "2021-05-01";
        let (home_scheme, host_scheme) = (scheme(home, Settle::Direct), scheme(host, Settle::Direct));
        let placed = place_order(voucher, &home_scheme, Some(&host_scheme), &filing(host), contract("C", amount), &by("firm", day)).unwrap();
        post_all(&mut book, &placed.transfers, by("x", day).at).unwrap();
        let (voucher, order) = placed.after;
        let (voucher, order) = order.deliver(voucher, evidence(amount), &by("agency", day)).unwrap().after;
        let (voucher, order) = order.claim(voucher, &by("agency", day)).unwrap().after;
        let redeemed = order.redeem(voucher, &home_scheme, "2021-1").unwrap();
        assert_eq!(redeemed.transfers.len(), 3, "reservation, clearing, rest");
        post_all(&mut book, &redeemed.transfers, by("x", day).at).unwrap();
        let (_, order) = redeemed.after;
        let refused = order.clone().pay(&bank(home), "B").unwrap_err();
        assert_eq!(refused.code(), "order.bank");
        let paid = order.pay(&bank(host), "B").unwrap();
        post_all(&mut book, &paid.transfers, by("x", day).at).unwrap();
    }
    let clearing = |book: &MemoryBook| {
        let accounts: Vec<AccountId> = book.accounts().map(|account| account.id.clone()).filter(|id| id.kind() == AccountKind::Clearing).collect();
        accounts.iter().map(|id| statement(id, book.entries(), None, None)).collect::<Vec<_>>()
    };
    let run = settle("2021", &clearing(&book), &banks).unwrap();
    assert_eq!(run.pairs.len(), 1);
    let pair = &run.pairs[0];
    assert_eq!((pair.a.to_string(), pair.b.to_string()), ("310110".into(), "320412".into()));
    assert_eq!((pair.a_owes, pair.b_owes, pair.a_pays), (Fen(2_000), Fen(5_000 + 8_000), Fen(-11_000)));
    assert!(pair.statement().zh.contains("武进区 付 杨浦区 CNY 110.00"), "{}", pair.statement().zh);
    assert!(pair.differences(pair).is_empty());
    let mut other = pair.clone();
    other.lines.pop();
    assert_eq!(pair.differences(&other).len(), 1);
    post_all(&mut book, &run.transfers, by("x", "2022-01-05").at).unwrap();
    let again = settle("2022", &clearing(&book), &banks).unwrap();
    assert!(again.pairs.is_empty() && again.transfers.is_empty(), "nothing is settled twice");
    assert_eq!(disagreements(book.accounts(), book.entries()), []);
    banks.remove(&region(1));
    assert!(settle("x", &clearing(&funded(1)), &banks).unwrap().pairs.is_empty());
}

#[test]
fn what_a_rule_forbids_is_refused_in_a_sentence() {
    let mut book = funded(1_000_000);
    let voucher = issued(&mut book, 0, "V", 9_000, Settle::Direct);
    let home = scheme(0, Settle::Direct);
    let place = |host: usize, contract: Contract, day: &str| {
        let host_scheme = scheme(host, Settle::Direct);
        place_order(voucher.clone(), &home, Some(&host_scheme), &filing(host), contract, &by("firm", day))
            .map(|step| step.after.1.share)
            .map_err(|why| why.code())
    };
    assert_eq!(place(1, contract("C", 10_000), "2021-05-01"), Ok(Fen(5_000)));
    assert_eq!(place(1, contract("C", 10_000), "2021-12-01"), Err("order.late"));
    assert_eq!(place(1, contract("C", 10_000), "2021-02-20"), Err("order.signed"));
    assert_eq!(place(1, contract("C", 0), "2021-05-01"), Err("order.amount"));
    assert_eq!(place(1, contract("C", -5), "2021-05-01"), Err("order.amount"));
    assert_eq!(place(1, contract("C", i64::MAX), "2021-05-01"), Err("order.amount"));
    assert_eq!(place(1, contract("C", 1), "2021-05-01"), Err("order.nothing"));
    let unlisted = Filing { state: FilingState::Filed, ..filing(1) };
    let refused = place_order(voucher.clone(), &home, Some(&scheme(1, Settle::Direct)), &unlisted, contract("C", 10), &by("firm", "2021-05-01")).unwrap_err();
    assert_eq!(refused.code(), "agency.not_listed");
    let nowhere = place_order(voucher.clone(), &home, None, &filing(1), contract("C", 10_000), &by("firm", "2021-05-01")).unwrap_err();
    assert_eq!(nowhere.code(), "order.region");
    assert!(!nowhere.reason().zh.is_empty() && !nowhere.reason().en.is_empty());
    let second = issued(&mut book, 1, "W", 9_000, Settle::Direct);
    let to_third =
        place_order(second, &scheme(1, Settle::Direct), Some(&scheme(2, Settle::Direct)), &filing(2), contract("C", 10_000), &by("firm", "2021-05-01"));
    assert_eq!(to_third.unwrap_err().code(), "order.not_recognised");
    assert_eq!(apply(0, "V2", 100_001, Settle::Direct).unwrap_err().code(), "voucher.cap");
    assert_eq!(apply(0, "V2", 0, Settle::Direct).unwrap_err().code(), "voucher.value");
    let reviewed = apply(0, "V3", 5, Settle::Direct).unwrap().after.review(&home, &by("county", "2021-02-02")).unwrap().after;
    assert_eq!(reviewed.review(&home, &by("county", "2021-02-03")).unwrap_err().code(), "voucher.four_eyes");
    assert_eq!(voucher.clone().expire(&home, Date::parse("2021-11-30").unwrap()).unwrap_err().code(), "voucher.not_expired");
}

#[test]
fn one_voucher_pays_one_order() {
    let mut book = funded(1_000_000);
    let voucher = issued(&mut book, 0, "V", 9_000, Settle::Direct);
    let home = scheme(0, Settle::Direct);
    let place = |number: &str| place_order(voucher.clone(), &home, None, &filing(0), contract(number, 18_000), &by("firm", "2021-05-01")).unwrap();
    let (first, second) = (place("C1"), place("C2"));
    post_all(&mut book, &first.transfers, by("x", "2021-05-01").at).unwrap();
    let refused = post_all(&mut book, &second.transfers, by("x", "2021-05-01").at);
    assert!(matches!(refused, Err(PostFault::Refused(_))), "both saw the voucher unused, the ledger lets one through");
}

/// Everything that a life may do next.
fn next_step(pick: usize, life: Life, host: usize, settle_way: Settle) -> Option<(Life, Vec<Transfer>)> {
    let (day, late) = ("2021-05-01", Date::parse("2022-01-01").unwrap());
    let home = scheme(life.home, settle_way);
    let both = |step: Step<Both>| (Life { voucher: step.after.0, order: Some(step.after.1), ..life.clone() }, step.transfers);
    let (voucher, order) = (life.voucher.clone(), life.order.clone());
    match (pick, order) {
        (0, _) => voucher.review(&home, &by("p0", day)).ok().map(|step| (Life { voucher: step.after, ..life.clone() }, step.transfers)),
        (1, _) => voucher.review(&home, &by("p1", day)).ok().map(|step| (Life { voucher: step.after, ..life.clone() }, step.transfers)),
        (2, _) => {
            let host_scheme = scheme(host, settle_way);
            let number = format!("C{}", life.orders);
            let step = place_order(voucher, &home, Some(&host_scheme), &filing(host), contract(&number, 9_999), &by("firm", day)).ok()?;
            let (mut life, transfers) = both(step);
            life.orders += 1;
            Some((life, transfers))
        }
        (3, Some(order)) => order.deliver(voucher, evidence(9_000), &by("agency", day)).ok().map(both),
        (4, Some(order)) => order.claim(voucher, &by("agency", day)).ok().map(both),
        (5, Some(order)) => order.redeem(voucher, &home, "b1").ok().map(both),
        (6, Some(order)) => order.decline(voucher, "原因").ok().map(both),
        (7, Some(order)) => order.cancel(voucher, "原因").ok().map(both),
        (8, Some(order)) => order.expire(voucher, &home, late).ok().map(both),
        (9, _) => voucher.expire(&home, late).ok().map(|step| (Life { voucher: step.after, ..life.clone() }, step.transfers)),
        (10, _) => voucher.void(&home, "原因").ok().map(|step| (Life { voucher: step.after, ..life.clone() }, step.transfers)),
        (11, Some(order)) => {
            let payer = if settle_way == Settle::Direct { order.agency_region } else { order.home };
            let at = REGIONS.iter().position(|code| *code == payer.to_string()).unwrap();
            let step = order.pay(&bank(at), "B").ok()?;
            Some((Life { order: Some(step.after), ..life.clone() }, step.transfers))
        }
        _ => None,
    }
}

#[derive(Clone)]
struct Life {
    home: usize,
    voucher: Voucher,
    order: Option<Order>,
    orders: u32,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn random_lives_keep_the_law(settle_way in prop_oneof![Just(Settle::Direct), Just(Settle::Refund)], picks in prop::collection::vec((0usize..6, 0usize..12, 0usize..3), 1..160)) {
        let mut book = funded(100_000);
        let at = by("x", "2021-05-01").at;
        let mut lives: Vec<Life> = (0..6).map(|n| Life { home: n % 3, voucher: apply(n % 3, &format!("V{n}"), 9_000, settle_way).unwrap().after, order: None, orders: 0 }).collect();
        for (who, pick, host) in picks {
            let before = lives[who].clone();
            let Some((after, transfers)) = next_step(pick, before.clone(), host, settle_way) else { continue };
            let (from, to) = (before.voucher.state.as_str(), after.voucher.state.as_str());
            prop_assert!(from == to || VOUCHER_STEPS.iter().any(|(a, _, b)| *a == from && *b == to), "{} to {}", from, to);
            post_all(&mut book, &transfers, at).unwrap();
            lives[who] = after;
        }
        let spent: i64 = lives.iter().map(|life| match &life.voucher.state { VoucherState::Redeemed { paid, .. } => paid.0, _ => 0 }).sum();
        let alive: i64 = lives.iter().filter(|life| matches!(life.voucher.state.as_str(), "issued" | "reserved" | "delivered" | "claimed")).map(|life| life.voucher.value.0).sum();
        let sum = |kind| book.accounts().filter(|account| account.id.kind() == kind).map(|account| account.balance().0).sum::<i64>();
        prop_assert_eq!(sum(AccountKind::Pool), 300_000 - spent - alive);
        prop_assert_eq!(sum(AccountKind::Voucher), alive);
        prop_assert_eq!(sum(AccountKind::Clearing), 0);
        let banks: BTreeMap<RegionCode, AccountId> = (0..3).map(|at| (region(at), bank(at))).collect();
        let accounts: Vec<AccountId> = book.accounts().map(|account| account.id.clone()).filter(|id| id.kind() == AccountKind::Clearing).collect();
        let statements: Vec<_> = accounts.iter().map(|id| statement(id, book.entries(), None, None)).collect();
        // An account that only reserved has no mirror yet and nothing to settle.
        let run = settle("r", &statements, &banks).unwrap();
        post_all(&mut book, &run.transfers, at).unwrap();
        for id in &accounts {
            prop_assert_eq!(book.account(id).unwrap().unwrap().balance(), Fen::ZERO);
        }
        prop_assert_eq!(disagreements(book.accounts(), book.entries()), []);
    }
}
