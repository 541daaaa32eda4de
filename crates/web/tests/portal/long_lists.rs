//! Lists that are longer than a page: every row stands on exactly one page, whichever list it is, and
//! what narrows the list goes along.

use crate::browser::{Browser, Portal};
use crate::clockwork::Town;
use axum::http::StatusCode;
use duijie_app::{ActForm, CaseForm, DeskQuery, Role, Viewer, every_page};
use duijie_vocab::RecordId;
use std::collections::BTreeSet;

/// More than a page of a desk, in which cases of two reasons to be on it are mixed.
const CASES: usize = 57;

fn form(organization: &str, number: usize) -> CaseForm {
    CaseForm {
        organization: organization.into(),
        title: format!("叶片热障涂层等离子喷涂工艺{number}"),
        problem: "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构".into(),
        contact_name: "李工".into(),
        phone: "0519-12345678".into(),
        ..CaseForm::default()
    }
}

/// Opens a case of the firm's and brings the institute into it.
fn introduced(town: &Town, number: usize) -> RecordId {
    let id = town.app.open_case(&town.firm, &form("", number), true).unwrap();
    for verb in ["claim", "admit"] {
        town.app.act_on_case(&town.officer, &id, None, &ActForm { verb: verb.into(), fields: Default::default() }).unwrap();
    }
    let institute = town.app.organization_named("江南先进制造研究院").unwrap().unwrap().to_string();
    town.app.introduce_case(&town.officer, &id, None, &[institute]).unwrap();
    id
}

#[test]
fn every_case_stands_on_one_page_of_the_desk() {
    let town = Town::found();
    let rules = town.app.case_rules().unwrap();
    let rules = rules.replace("several_within_hours: 4", "several_within_hours: 0").replace("same_subject_within_days: 90", "same_subject_within_days: 0");
    town.app.put_case_rules(&Viewer::operator(), &rules).unwrap();
    let organization = town.app.organization_named("江南先进制造研究院").unwrap().map(|id| id.to_string());
    let institute = Viewer { login: Some("institute".into()), role: Role::Member, organization, ..town.firm.clone() };
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for number in 0..CASES {
        let id = if number % 20 == 3 { introduced(&town, number) } else { town.app.open_case(&institute, &form("", number), false).unwrap() };
        expected.insert(id.to_string());
    }
    for query in [DeskQuery::default(), DeskQuery { turn: true, ..DeskQuery::default() }] {
        let mut query = query;
        let mut longest = 0;
        let rows = every_page(|after| {
            query.after = after;
            let desk = town.app.case_desk(&institute, &query)?;
            longest = longest.max(desk.rows.len());
            Ok((desk.rows, desk.next))
        });
        let ids: Vec<String> = rows.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "a case stands on two pages");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected, "{query:?}");
        assert!(longest <= 50);
    }
}

#[test]
fn every_notice_is_reached_and_read() {
    let town = Town::found();
    let rules = town.app.case_rules().unwrap();
    let rules = rules.replace("several_within_hours: 4", "several_within_hours: 0").replace("same_subject_within_days: 90", "same_subject_within_days: 0");
    town.app.put_case_rules(&Viewer::operator(), &rules).unwrap();
    for number in 0..105 {
        town.app.open_case(&town.firm, &form("", number), true).unwrap();
    }
    let all = || every_page(|after| town.app.inbox_page(&town.officer, after.as_deref())).unwrap();
    let before = all();
    assert!(before.len() > 100 && before.iter().all(|notice| notice.unread), "{}", before.len());
    assert_eq!(town.app.unread(&town.officer).unwrap(), before.len() as i64);
    town.app.read_inbox(&town.officer).unwrap();
    assert_eq!(town.app.unread(&town.officer).unwrap(), 0, "also those behind the first page");
    let after = all();
    let ids = |notices: &[duijie_app::NoticeView]| notices.iter().map(|notice| notice.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&after), ids(&before));
    assert!(after.iter().all(|notice| !notice.unread));
}

/// More than two pages of vouchers and of orders.
const VOUCHERS: usize = 205;
const SCHEME: &str = include_str!("../../../../demo/voucher/320412-2021.yaml");

/// The rows of a list of pages, each by `mark` in front of its name, following the links to the next.
async fn walked(browser: &mut Browser, first: &str, mark: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), first.to_string());
    for _ in 0..20 {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        found.extend(page.text.split(mark).skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_string()));
        let next =
            page.text.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).find(|href| href.contains("after=") && !href.contains("lang="));
        match next {
            Some(next) => path = next.replace("&#x2f;", "/").replace("&amp;", "&"),
            None => return found,
        }
    }
    panic!("{first} has no end");
}

#[tokio::test]
async fn every_voucher_and_every_order_stands_on_one_page() {
    let portal = Portal::open();
    let (app, operator) = (&portal.app, Viewer::operator());
    let yaml = SCHEME.replace("320412", "320400").replace("two_level: true", "two_level: false");
    app.put_scheme(&operator, "scheme.yaml", &yaml).unwrap();
    let pool = duijie_app::AccountId::parse("pool:320400:320400.voucher.2021").unwrap();
    let bank = duijie_app::AccountId::bank(pool.region(), "treasury").unwrap();
    app.fund_pool(&operator, &pool, &bank, duijie_vocab::Fen(100_000_000), "1").unwrap();
    app.agencies_from_table(&operator, "a.csv", "服务机构,业态,服务地区\n江南先进制造研究院,研究开发,320400\n".as_bytes(), true).unwrap();
    let document = "a".repeat(64);
    let rows: String =
        (0..VOUCHERS).map(|n| format!("V{n:03},常州星宇航空材料有限公司,sme,研究开发,100,江南先进制造研究院,HT{n:03},200,2026-01-01,{document}\n")).collect();
    let table = format!("券号,企业,企业类型,业态,面额（元）,服务机构,合同编号,合同金额（元）,签订日期,合同文件\n{rows}");
    for report in [app.apply_from_table(&operator, "320400-2021", "v.csv", table.as_bytes()).unwrap(), app.review_vouchers(&operator, "320400-2021").unwrap()] {
        assert_eq!(report.done, VOUCHERS, "{:?}", report.diagnostics);
    }
    let mut member = portal.logged_in("member").await;
    let issued = walked(&mut member, "/vouchers?state=issued", "role=\"rowheader\">").await;
    assert_eq!((issued.len(), issued.iter().collect::<BTreeSet<_>>().len()), (VOUCHERS, VOUCHERS));
    assert!(walked(&mut member, "/vouchers?state=redeemed", "role=\"rowheader\">").await.is_empty());
    let placed = app.order_from_table(&operator, "320400-2021", "o.csv", table.as_bytes(), None).unwrap();
    assert_eq!(placed.done, VOUCHERS, "{:?}", placed.diagnostics);
    let mut agency = portal.logged_in("stranger").await;
    let orders = walked(&mut agency, "/orders?state=placed", "role=\"rowheader\">").await;
    assert_eq!((orders.len(), orders.iter().collect::<BTreeSet<_>>().len()), (VOUCHERS, VOUCHERS));
}
