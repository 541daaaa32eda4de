//! Every act on every state, and long random lives beside a ledger: the table says what is possible,
//! nothing comes from rejected, appealed or under review to paid except through a new approval and
//! publication, and money is only where the state says.

use duijie_ledger::{AccountId, Act as Move, Book, Code, MemoryBook, Transfer, TransferId, disagreements, post_all};
use duijie_payout::{Act, AnyEntitlement, By, Claim, DecidedUnder, Entitlement, Grade, Matched, Payee, Refused, Risk, STEPS, Terms, possible};
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn by(person: &str, day: i64) -> By {
    By { person: person.into(), at: Timestamp::from_micros(day * 86_400_000_000).unwrap() }
}

fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

fn claim(amount: i64, check: bool) -> Claim {
    let firm = RecordId::derive("org", "firm");
    Claim {
        id: Claim::id_of("m", "2021", &firm, 0),
        measure: "m".into(),
        period: "2021".into(),
        firm,
        region: RegionCode::parse("320400").unwrap(),
        pool: account("pool:320400:innovation"),
        bank: account("bank:320400:treasury"),
        amount: Fen(amount),
        decision: DecidedUnder { rule_version: 1, on: Date::parse("2022-03-01").unwrap(), as_of_entry: 7, digest: Digest::ZERO },
        risk: Risk { grade: Grade::Low, check, reasons: Vec::new() },
        replaces: None,
        round: 0,
    }
}

fn acts() -> Vec<Act> {
    let reason = || "原因".to_string();
    let payee = Payee { name: "示例企业".into(), bank: "示例银行".into(), account: "6222 0000 1111 2222".into() };
    vec![
        Act::Push,
        Act::Confirm { payee },
        Act::Review { reason: reason() },
        Act::Clear { opinion: reason() },
        Act::Approve,
        Act::Publish { list: "2022-1".into() },
        Act::Object { reason: reason() },
        Act::Order { file: "F1".into() },
        Act::Settle { bank_serial: "B1".into() },
        Act::Bounce { reason: reason() },
        Act::Archive,
        Act::Recall { amount: Fen(40), reason: reason() },
        Act::Recover { bank_serial: "B2".into() },
        Act::Reject { reason: reason() },
        Act::Appeal { reason: reason() },
        Act::Dismiss { reason: reason() },
        Act::Uphold { reason: reason() },
        Act::Withdraw { reason: reason() },
    ]
}

/// A book with `amount` in the pool.
fn funded(amount: i64) -> MemoryBook {
    let act = Move::Posted { debit: account("bank:320400:treasury"), credit: account("pool:320400:innovation"), amount: Fen(amount) };
    let fund = Transfer::new(TransferId::parse("fund").unwrap(), Code::parse("fund").unwrap(), act);
    let mut book = MemoryBook::new();
    post_all(&mut book, &[fund], by("x", 0).at).unwrap();
    book
}

/// One value in each state, found by walking the table.
fn one_of_each() -> BTreeMap<&'static str, AnyEntitlement> {
    let terms = Terms { two_above: Fen(1_000), objection_days: 0, ..Terms::default() };
    let mut found = BTreeMap::new();
    for amount in [100, 5_000] {
        let start = Entitlement::<Matched>::matched(claim(amount, false), &by("system", 1)).unwrap().after;
        let mut open: Vec<AnyEntitlement> = vec![start.into()];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            for (n, act) in acts().into_iter().enumerate() {
                if let Ok(step) = at.clone().take(act, &by(&format!("person{n}{}", at.state()), 2), &terms)
                    && seen.insert(step.after.state())
                {
                    open.push(step.after);
                }
            }
            found.insert(at.state(), at);
        }
    }
    found
}

#[test]
fn exactly_the_steps_of_the_table_are_possible() {
    let states = one_of_each();
    assert_eq!(states.keys().copied().collect::<BTreeSet<_>>(), AnyEntitlement::STATES.iter().copied().collect(), "every state is reached");
    for (word, value) in &states {
        let back: AnyEntitlement = serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap();
        assert_eq!(back, *value);
        for act in acts() {
            // Objections are heard while a list is open, payments are ordered after.
            let days = if act.as_str() == "object" { 9 } else { 0 };
            let value = match (*word, value.claim()) {
                ("published", claim) => publish_again(claim.clone(), days),
                _ => value.clone(),
            };
            let name = act.as_str();
            let told = STEPS.iter().any(|(from, act, _)| from == word && *act == name);
            match value.take(act, &by("another", 2), &Terms::default()) {
                Ok(step) => assert!(STEPS.contains(&(word, name, step.after.state())), "{word} {name} {}", step.after.state()),
                Err(Refused::NotFromHere { .. }) => assert!(!told, "{word} {name} is in the table"),
                Err(other) => panic!("{word} {name}: {other}"),
            }
        }
        assert_eq!(possible(word).is_empty(), matches!(*word, "recovered" | "replaced" | "withdrawn"), "{word}");
    }
}

fn publish_again(mut claim: Claim, objection_days: u32) -> AnyEntitlement {
    claim.amount = Fen(100);
    let terms = Terms { two_above: Fen(1_000), objection_days, ..Terms::default() };
    let mut at: AnyEntitlement = Entitlement::<Matched>::matched(claim, &by("system", 1)).unwrap().after.into();
    for (n, word) in ["push", "confirm", "approve", "publish"].iter().enumerate() {
        let act = acts().into_iter().find(|act| act.as_str() == *word).unwrap();
        at = at.take(act, &by(&format!("p{n}"), 1), &terms).unwrap().after;
    }
    at
}

/// The states that a walk over the table can come to, without passing `not_through`.
fn reachable(from: &str, not_through: &[&str]) -> BTreeSet<&'static str> {
    let mut found: BTreeSet<&'static str> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for (_, _, to) in STEPS.iter().filter(|(start, _, to)| *start == at && !not_through.contains(to)) {
            if found.insert(to) {
                open.push(to);
            }
        }
    }
    found
}

#[test]
fn there_is_no_path_from_rejected_appealed_or_under_review_to_paid() {
    for from in ["rejected", "appealed", "replaced", "withdrawn"] {
        assert!(!reachable(from, &[]).contains("paid"), "{from}");
    }
    for gate in ["confirmed", "approved", "published", "ordered"] {
        assert!(reachable("under_review", &[]).contains("paid"));
        assert!(!reachable("under_review", &[gate]).contains("paid"), "only through `{gate}`");
    }
}

#[test]
fn the_same_person_does_not_approve_twice_nor_what_they_confirmed() {
    let terms = Terms { two_above: Fen(99), objection_days: 7, ..Terms::default() };
    let start = Entitlement::<Matched>::matched(claim(100, false), &by("system", 1)).unwrap().after;
    let payee = Payee { name: "甲".into(), bank: "乙".into(), account: "12345678".into() };
    let confirmed = start.push(&by("a", 1)).unwrap().after.confirm(&by("firm", 1), payee).unwrap().after;
    assert_eq!(confirmed.clone().approve(&by("firm", 2), &terms).unwrap_err().code(), "payout.own");
    let endorsed = AnyEntitlement::from(confirmed.approve(&by("b", 2), &terms).unwrap().after);
    assert_eq!(endorsed.state(), "endorsed");
    assert_eq!(endorsed.clone().take(Act::Approve, &by("b", 3), &terms).unwrap_err().code(), "payout.four_eyes");
    let approved = endorsed.take(Act::Approve, &by("c", 3), &terms).unwrap();
    assert_eq!((approved.after.state(), approved.transfers.len()), ("approved", 1));
}

#[test]
fn what_was_drawn_for_a_check_is_not_approved_before() {
    let terms = Terms::default();
    let mut at: AnyEntitlement = Entitlement::<Matched>::matched(claim(100, true), &by("system", 1)).unwrap().after.into();
    for word in ["push", "confirm"] {
        let act = acts().into_iter().find(|act| act.as_str() == word).unwrap();
        at = at.take(act, &by("firm", 1), &terms).unwrap().after;
    }
    assert_eq!(at.clone().take(Act::Approve, &by("b", 2), &terms).unwrap_err().code(), "payout.unchecked");
    at = at.take(Act::Review { reason: "抽查".into() }, &by("b", 2), &terms).unwrap().after;
    at = at.take(Act::Clear { opinion: "属实".into() }, &by("c", 2), &terms).unwrap().after;
    assert_eq!(at.take(Act::Approve, &by("b", 3), &terms).unwrap().after.state(), "approved");
}

/// What the payee's account and the pool's reservations have to show in a state.
fn check_money(book: &mut MemoryBook, at: &AnyEntitlement, funded: i64) {
    let amount = at.claim().amount.0;
    let payee = format!("payee:320400:{}", at.claim().firm);
    let under_way = book.account(&account(&payee)).unwrap().map_or(0, |account| account.balance().0);
    let pool = book.account(&account("pool:320400:innovation")).unwrap().unwrap();
    let reserved = matches!(at.state(), "approved" | "published");
    let gone = matches!(at.state(), "ordered" | "paid" | "archived" | "recalled" | "recovered");
    assert_eq!(pool.debits_pending.0, if reserved { amount } else { 0 }, "{}", at.state());
    assert_eq!(under_way, if at.state() == "ordered" { amount } else { 0 }, "{}", at.state());
    let back = if at.state() == "recovered" { 40 } else { 0 };
    assert_eq!(pool.balance().0, funded - if gone { amount - back } else { 0 }, "{}", at.state());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn a_random_life_keeps_the_law(amount in 50i64..5_000, check: bool, picks in prop::collection::vec((0usize..18, 0u8..4, 0i64..4), 1..60)) {
        let terms = Terms { two_above: Fen(1_000), objection_days: 2, ..Terms::default() };
        let mut book = funded(10_000);
        let mut at: AnyEntitlement = Entitlement::<Matched>::matched(claim(amount, check), &by("system", 1)).unwrap().after.into();
        let mut gates: BTreeSet<&'static str> = BTreeSet::new();
        let mut day = 1;
        for (pick, person, days) in picks {
            day += days;
            let before = at.clone();
            // Half of the picks take an act that the table offers, so that lives get long.
            let offered = possible(at.state());
            let act = if pick % 2 == 0 && !offered.is_empty() {
                acts().into_iter().find(|act| act.as_str() == offered[pick % offered.len()]).unwrap()
            } else {
                acts().swap_remove(pick)
            };
            let Ok(step) = before.clone().take(act, &by(&format!("p{person}"), day), &terms) else { continue };
            post_all(&mut book, &step.transfers, by("x", day).at).unwrap();
            at = step.after;
            match at.state() {
                "under_review" | "rejected" | "appealed" | "pushed" => gates.clear(),
                "paid" => {
                    prop_assert!(before.state() == "ordered");
                    prop_assert!(gates.is_superset(&BTreeSet::from(["approved", "published"])), "{gates:?}");
                }
                state => { gates.insert(state); }
            }
            check_money(&mut book, &at, 10_000);
        }
        prop_assert_eq!(disagreements(book.accounts(), book.entries()), []);
    }
}
