//! The books as they are looked through: sums, lists and statements page by page say what the whole
//! says; and schemes, which an office changes with everybody's eyes on what that does.

mod world;

use duijie_app::{AccountId, AccountKind, App, AppError, AppOptions, ImportOptions, Role, Viewer, every_page};
use duijie_vocab::{Date, Fen, RegionCode};
use std::sync::Arc;
use world::{Counting, Noon};

const SCHEME: &str = include_str!("../../../demo/voucher/320412-2021.yaml");
const FIRMS: usize = 25;

struct Town {
    app: App,
    operator: Viewer,
    _folder: tempfile::TempDir,
}

/// A county with a voucher scheme, firms with a voucher each, and a second county with a pool.
fn town() -> Town {
    let folder = tempfile::tempdir().unwrap();
    let options =
        AppOptions { data: folder.path().into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
    let town = Town { app: App::open(options).unwrap(), operator: Viewer::operator(), _folder: folder };
    let firms: String = (0..FIRMS).map(|n| format!("企业{n:02},企业,320412\n")).collect();
    let options = ImportOptions { kind: Some("organization".into()), ..ImportOptions::default() };
    town.app.import(&town.operator, "firms.csv", format!("机构名称,机构类型,行政区划\n{firms}").into_bytes(), &options).unwrap();
    town.app.put_scheme(&town.operator, "scheme.yaml", &SCHEME.replace("two_level: true", "two_level: false")).unwrap();
    town.fund("pool:320412:320412.voucher.2021", 100_000_000);
    town.fund("pool:320402:other", 5_000);
    let rows: String = (0..FIRMS).map(|n| format!("V{n:02},企业{n:02},sme,研究开发,1000\n")).collect();
    let table = format!("券号,企业,企业类型,业态,面额（元）\n{rows}");
    assert_eq!(town.app.apply_from_table(&town.operator, "320412-2021", "v.csv", table.as_bytes()).unwrap().done, FIRMS);
    assert_eq!(town.app.review_vouchers(&town.operator, "320412-2021").unwrap().done, FIRMS);
    town
}

impl Town {
    fn fund(&self, pool: &str, fen: i64) {
        let pool = AccountId::parse(pool).unwrap();
        let bank = AccountId::bank(pool.region(), "treasury").unwrap();
        self.app.fund_pool(&self.operator, &pool, &bank, Fen(fen), pool.name()).unwrap();
    }

    fn officer(&self, region: &str) -> Viewer {
        Viewer { role: Role::Officer, region: RegionCode::parse(region).unwrap(), login: Some("officer".into()), ..Viewer::operator() }
    }
}

#[test]
fn sums_and_pages_say_what_all_accounts_say() {
    let Town { app, operator, .. } = &town();
    let all = app.account_balances(operator, None).unwrap();
    let groups = app.account_groups(operator).unwrap();
    assert_eq!(groups.iter().map(|group| group.accounts).sum::<i64>(), all.len() as i64);
    assert!(all.len() > FIRMS + 3);
    for group in &groups {
        let own = |account: &&duijie_app::AccountBalance| account.account.starts_with(&format!("{}:{}:", group.kind.as_str(), group.region));
        assert_eq!(group.balance.0, all.iter().filter(own).map(|account| account.balance.0).sum::<i64>(), "{group:?}");
        let listed = every_page(|after| app.accounts_of(operator, group.kind, group.region, after.as_deref(), 7)).unwrap();
        let names = |accounts: &[duijie_app::AccountBalance]| accounts.iter().map(|account| account.account.clone()).collect::<Vec<_>>();
        assert_eq!(names(&listed), all.iter().filter(own).map(|account| account.account.clone()).collect::<Vec<_>>());
    }
    let trial = app.trial_balance(operator).unwrap();
    assert_eq!(app.trial_sums(operator).unwrap(), (trial.debits, trial.credits));
}

#[test]
fn an_office_sees_its_own_part_of_the_books() {
    let town = town();
    let officer = town.officer("320402");
    let groups = town.app.account_groups(&officer).unwrap();
    assert!(groups.iter().all(|group| group.region == officer.region) && groups.len() == 2, "{groups:?}");
    let other = RegionCode::parse("320412").unwrap();
    assert!(matches!(town.app.accounts_of(&officer, AccountKind::Pool, other, None, 7), Err(AppError::Refused(_))));
    assert!(town.app.find_accounts(&officer, "V03").unwrap().is_empty());
    assert!(matches!(town.app.trial_sums(&officer), Err(AppError::Refused(_))));
}

#[test]
fn an_account_is_found_by_what_people_call_it() {
    let Town { app, operator, .. } = &town();
    let found = |text: &str| app.find_accounts(operator, text).unwrap().into_iter().map(|account| account.account).collect::<Vec<_>>();
    assert_eq!(found("pool:320402:other"), ["pool:320402:other"]);
    assert_eq!(found("320412.voucher"), ["pool:320412:320412.voucher.2021"]);
    assert_eq!(found(" treasury "), ["bank:320402:treasury", "bank:320412:treasury"]);
    let voucher = found("V03");
    assert!(voucher.len() == 1 && voucher[0].starts_with("voucher:320412:vou-"), "{voucher:?}");
    assert!(found("").is_empty() && found("没有这家企业").is_empty());
}

#[test]
fn the_pages_of_a_statement_are_the_statement() {
    let Town { app, operator, .. } = &town();
    let pool = AccountId::parse("pool:320412:320412.voucher.2021").unwrap();
    let day = |text: &str| Date::parse(text).ok();
    for days in [(None, None), (day("2026-03-05"), None), (None, day("2026-03-04")), (day("2026-03-06"), None)] {
        let whole = app.statement(operator, &pool, days.0, days.1).unwrap();
        let mut pages = Vec::new();
        let lines = every_page(|after| {
            let page = app.statement_page(operator, &pool, days, after.as_deref(), 4)?;
            pages.push((page.statement.opening, page.statement.closing));
            for line in &page.statement.lines {
                assert_ne!(page.words.codes[&line.code].zh, line.code, "every code has its words");
                assert!(page.words.names.contains_key(line.counter.as_str()));
            }
            Ok((page.statement.lines, page.next))
        });
        assert_eq!(lines.unwrap(), whole.lines);
        assert_eq!((pages[0].0, pages[pages.len() - 1].1), (whole.opening, whole.closing), "{days:?}");
        assert!(pages.windows(2).all(|pair| pair[0].1 == pair[1].0), "a page begins where the one before ended");
    }
    let page = app.statement_page(operator, &pool, (None, None), None, 50).unwrap();
    assert_eq!(page.words.names[pool.as_str()].zh, "资金池 江苏省常州市武进区 320412.voucher.2021");
    let names: Vec<&str> = page.statement.lines.iter().map(|line| page.words.names[line.counter.as_str()].en.as_str()).collect();
    assert_eq!(names[0], "bank 江苏省常州市武进区 treasury");
    assert!(names[1..].iter().all(|name| name.starts_with("voucher ") && !name.contains("vou-")), "{names:?}");
    let unknown = AccountId::parse("pool:320412:none").unwrap();
    assert!(matches!(app.statement_page(operator, &unknown, (None, None), None, 4), Err(AppError::NotFound)));
}

#[test]
fn a_scheme_is_changed_by_its_own_office_and_every_version_stays() {
    let town = town();
    let Town { app, operator, .. } = &town;
    let own = town.officer("320412");
    let draft = app.scheme_draft(&own, "320412-2021").unwrap();
    let more = draft.yaml.replace("\"60万元\"", "\"80万元\"");
    let preview = app.preview_scheme(&own, "x.yaml", &more).unwrap();
    assert!(!preview.fresh && preview.changes.len() == 1 && preview.changes[0].after.as_ref().unwrap().zh == "80万元", "{preview:?}");
    assert_eq!(app.scheme_view("320412-2021").unwrap().holders[0].1.zh, "60万元", "a preview keeps nothing");
    app.change_scheme(&own, "x.yaml", &more, Some(&draft.base)).unwrap();
    assert!(matches!(app.change_scheme(&own, "x.yaml", &draft.yaml, Some(&draft.base)), Err(AppError::Conflict(_))), "another version is there by now");
    let history = app.scheme_history(&own, "320412-2021").unwrap();
    assert_eq!((history.len(), history[0].changes.len(), history[1].changes.len()), (2, 1, 0));
    app.put_scheme(operator, "x.yaml", &more).unwrap();
    assert_eq!(app.scheme_history(&own, "320412-2021").unwrap().len(), 2, "the same text is no version");
    for (from, to) in [("pool: \"320412.voucher.2021\"", "pool: other"), ("region: \"320412\"", "region: \"320402\"")] {
        let moved = more.replace(from, to);
        assert_ne!(moved, more);
        assert!(matches!(app.put_scheme(operator, "x.yaml", &moved), Err(AppError::Invalid(_))), "{to}");
        assert!(matches!(app.preview_scheme(operator, "x.yaml", &moved), Err(AppError::Invalid(_))), "{to}");
    }
    let neighbour = town.officer("320402");
    let taken = more.replace("region: \"320412\"", "region: \"320402\"");
    assert!(matches!(app.put_scheme(&neighbour, "x.yaml", &taken), Err(AppError::Refused(_))), "an office cannot take the place of another's scheme");
    assert!(matches!(app.scheme_history(&neighbour, "320412-2021"), Err(AppError::Refused(_))));
    let example = app.scheme_draft(&neighbour, "new").unwrap();
    assert!(example.base.is_empty());
    app.change_scheme(&neighbour, "x.yaml", &example.yaml, Some("")).unwrap();
    assert!(app.scheme_view("320402-2026").unwrap().open);
}
