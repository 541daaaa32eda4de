//! The life of a case through the pages, by five people, and what is refused on its way.

use crate::browser::{Browser, PASSWORD, Page, Portal};
use axum::http::StatusCode;
use duijie_app::{NewAccount, Role, Viewer};
use duijie_vocab::RegionCode;

/// A portal with a firm, an institute that can help, and people of both.
fn staffed() -> Portal {
    let portal = Portal::open();
    let changzhou = RegionCode::parse("320400").unwrap();
    let organization = |name: &str| portal.app.organization_named(name).unwrap();
    let (firm, institute) = (organization("常州星宇航空材料有限公司"), organization("江南先进制造研究院"));
    assert!(firm.is_some() && institute.is_some());
    let people = [("firm", Role::Member, changzhou, firm), ("expert", Role::Member, changzhou, institute), ("adviser", Role::Adviser, changzhou, None)];
    let elsewhere = [("stranger", Role::Member, changzhou, None), ("wuxi", Role::Officer, RegionCode::parse("320200").unwrap(), None)];
    for (login, role, region, organization) in people.into_iter().chain(elsewhere) {
        let account = NewAccount { login: login.into(), name: login.into(), password: PASSWORD.into(), role, region, organization };
        portal.app.put_account(&Viewer::operator(), &account).unwrap();
    }
    portal
}

const NEED: [(&str, &str); 8] = [
    ("title", "高温合金叶片热障涂层等离子喷涂工艺"),
    ("problem", "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构"),
    ("expected_result", "循环氧化寿命 ≥ 600 小时"),
    ("confidential", "粉末配方甲乙丙"),
    ("budget", "80"),
    ("contact_name", "李工"),
    ("phone", "0519-12345678"),
    ("anonymous", "1"),
];

/// Opens the case's page and sends one of its forms.
async fn act(browser: &mut Browser, path: &str, verb: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
    let version = page.text.split("name=\"_version\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_string();
    let token = page.token();
    browser.post(&format!("{path}/act"), &[fields, &[("_token", &token), ("_version", &version), ("verb", verb)]].concat()).await
}

async fn done(browser: &mut Browser, path: &str, verb: &str, fields: &[(&str, &str)]) {
    let page = act(browser, path, verb, fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{verb}: {}", page.text);
}

/// Submits the need as the firm and returns the path of its case.
async fn submitted(firm: &mut Browser) -> String {
    let page = firm.submit("/case/new", "/case/new", &[&NEED[..], &[("do", "submit")]].concat()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.header("location").split('?').next().unwrap().to_string()
}

/// The responder whom the page of candidates offers first.
fn first_responder(page: &str) -> String {
    page.split("name=\"responder\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a candidate").to_string()
}

async fn introduced(officer: &mut Browser, path: &str) -> String {
    done(officer, path, "claim", &[]).await;
    done(officer, path, "admit", &[]).await;
    let form = format!("{path}/introduce");
    let candidates = officer.get(&form).await.text;
    let responder = first_responder(&candidates);
    let page = officer.submit(&form, &form, &[("responder", &responder)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    responder
}

#[tokio::test]
async fn a_need_goes_from_the_form_to_closed_with_a_contract_by_five_people() {
    let portal = staffed();
    let (mut firm, mut officer, mut expert, mut leader) =
        (portal.logged_in("firm").await, portal.logged_in("officer").await, portal.logged_in("expert").await, portal.logged_in("leader").await);
    let mut adviser = portal.logged_in("adviser").await;
    let path = submitted(&mut firm).await;
    assert!(officer.get("/inbox").await.text.contains("请认领审核"), "the desk hears of it");
    let responder = introduced(&mut officer, &path).await;
    let invited = expert.get(&path).await.text;
    assert!(!invited.contains("星宇") && !invited.contains("粉末配方") && !invited.contains("李工"), "the firm stays hidden: {invited}");
    done(&mut expert, &path, "promise", &[("responder", &responder), ("promised", "yes")]).await;
    assert!(expert.get(&path).await.text.contains("粉末配方"), "the promise opens the confidential part");
    done(&mut expert, &path, "accept", &[("responder", &responder)]).await;
    done(&mut expert, &path, "consent", &[("responder", &responder)]).await;
    assert!(!expert.get(&path).await.text.contains("李工"));
    done(&mut firm, &path, "consent", &[("responder", &responder)]).await;
    assert!(expert.get(&path).await.text.contains("李工"), "both consented");
    let meeting = [("on", "2026-11-25"), ("place", "常州"), ("result", "go_on"), ("minutes", "看了样件，愿意合作")];
    done(&mut adviser, &path, "meet", &meeting).await;
    done(&mut firm, &path, "agree", &[("responder", &responder), ("on", "2026-11-26"), ("subject", "联合开发")]).await;
    let contract = [
        ("responder", responder.as_str()),
        ("kind", "development"),
        ("name", "涂层开发"),
        ("signed", "2026-12-01"),
        ("until", "2027-12-01"),
        ("amount", "80"),
        ("milestones", "样件 2027-03-31"),
        ("payments", "30 2027-01-15\n50 2027-12-01"),
    ];
    let wrong = [&contract[..7], &[("payments", "30 2027-01-15")]].concat();
    let refused = act(&mut officer, &path, "contract", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("各笔付款之和与合同金额不符") && refused.text.contains("30 2027-01-15"), "what was typed stays");
    done(&mut officer, &path, "contract", &contract).await;
    done(&mut firm, &path, "accept_milestone", &[("milestone", "0"), ("on", "2027-03-30")]).await;
    done(&mut firm, &path, "deliver", &[("on", "2027-06-01"), ("what", "工艺文件与样件")]).await;
    done(&mut expert, &path, "help", &[("responder", &responder), ("why", "")]).await;
    done(&mut firm, &path, "close", &[("outcome", "solved"), ("why", "寿命达到 650 小时")]).await;
    done(&mut firm, &path, "survey", &[("stars", "5"), ("outcome", "solved"), ("comment", "很好")]).await;
    let page = leader.get(&path).await.text;
    assert!(page.contains("已办结") && page.contains("CNY 800,000.00") || page.contains("80万元"), "{page}");
    assert!(leader.get("/cases/figures").await.text.contains("常州市"));
    let file = officer.get(&format!("{path}/print")).await.text;
    assert!(file.contains("案卷") && file.contains("样件") && file.contains("寿命达到 650 小时"));
}

#[tokio::test]
async fn strangers_learn_nothing_of_a_case() {
    let portal = staffed();
    let path = submitted(&mut portal.logged_in("firm").await).await;
    let absent = "/case/case-0000000000000000";
    let visitors = [
        ("/login", portal.browser()),
        ("/", portal.logged_in("stranger").await),
        ("/", portal.logged_in("wuxi").await),
        ("/", portal.logged_in("expert").await),
    ];
    for (form, mut visitor) in visitors {
        for suffix in ["", "/print", "/introduce", "/write", "?as_of=1"] {
            let (there, nowhere) = (visitor.get(&format!("{path}{suffix}")).await, visitor.get(&format!("{absent}{suffix}")).await);
            assert_eq!((there.status, nowhere.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{suffix}");
            assert!(!there.text.contains("涂层"), "{suffix}");
        }
        for verb in ["act", "link", "introduce", "write"] {
            let page = visitor.submit(form, &format!("{path}/{verb}"), &[("verb", "claim"), ("responder", "x"), ("title", "甲")]).await;
            assert!(page.status.is_client_error() && !page.text.contains("涂层"), "{verb}: {}", page.status);
        }
    }
}

#[tokio::test]
async fn two_officers_at_once_get_a_clear_answer_and_nothing_is_overwritten() {
    let portal = staffed();
    let path = submitted(&mut portal.logged_in("firm").await).await;
    let (mut one, mut other) = (portal.logged_in("officer").await, portal.logged_in("admin").await);
    let token = other.get(&path).await.token();
    done(&mut one, &path, "claim", &[]).await;
    let late = other.post(&format!("{path}/act"), &[("_token", token.as_str()), ("_version", "2"), ("verb", "claim")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("有人先办理了"), "{}", late.text);
    assert!(other.get(&path).await.text.contains("经办 officer"), "the first claim holds");
}

#[tokio::test]
async fn a_case_goes_only_to_officers_of_its_region_and_into_cases_that_may_be_seen() {
    let portal = staffed();
    let (mut firm, mut officer) = (portal.logged_in("firm").await, portal.logged_in("officer").await);
    let path = submitted(&mut firm).await;
    for login in ["wuxi", "firm", "nobody", ""] {
        let page = act(&mut officer, &path, "assign", &[("officer", login)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{login}");
    }
    done(&mut officer, &path, "assign", &[("officer", "officer")]).await;
    let page = act(&mut officer, &path, "merge", &[("into", "case-0000000000000000"), ("why", "重复")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
}

#[tokio::test]
async fn a_responder_without_account_answers_by_a_private_link() {
    let portal = staffed();
    let (mut firm, mut officer) = (portal.logged_in("firm").await, portal.logged_in("officer").await);
    let path = submitted(&mut firm).await;
    let responder = introduced(&mut officer, &path).await;
    let link = |page: &str| {
        let shown = page.split("<code class=\"link\">").nth(1).and_then(|rest| rest.split("</code>").next())?.replace("&#x2f;", "/");
        shown.split("/answer/").nth(1).map(str::to_string)
    };
    let made = officer.submit(&path, &format!("{path}/link"), &[("responder", &responder)]).await;
    let first = link(&made.text).expect("the link is shown");
    let made = officer.submit(&path, &format!("{path}/link"), &[("responder", &responder)]).await;
    let token = link(&made.text).expect("the link is shown");
    let mut nobody = portal.browser();
    let ended = nobody.get(&format!("/answer/{first}")).await;
    assert!(ended.status == StatusCode::UNPROCESSABLE_ENTITY && ended.text.contains("链接已失效"), "{}", ended.text);
    let answer = format!("/answer/{token}");
    let page = nobody.get(&answer).await;
    assert!(page.status == StatusCode::OK && page.text.contains("热障涂层") && !page.text.contains("星宇"));
    let bare = nobody.submit(&answer, &answer, &[("verb", "decline"), ("responder", &responder), ("why", "")]).await;
    assert!(bare.status == StatusCode::UNPROCESSABLE_ENTITY && bare.text.contains("请说明理由"), "{}", bare.text);
    let accepted = nobody.submit(&answer, &answer, &[("verb", "accept"), ("responder", &responder)]).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.text);
    assert!(firm.get(&path).await.text.contains("已接受"), "the firm sees the answer");
}

#[tokio::test]
async fn holds_are_shown_and_have_to_be_lifted_with_a_reason() {
    let portal = staffed();
    let (mut firm, mut officer) = (portal.logged_in("firm").await, portal.logged_in("officer").await);
    let short = firm.submit("/case/new", "/case/new", &[("title", "焊接"), ("problem", "焊接不牢"), ("do", "submit")]).await;
    let path = short.header("location").split('?').next().unwrap().to_string();
    done(&mut officer, &path, "claim", &[]).await;
    assert!(officer.get("/cases?held=1").await.text.contains("没有可用的联系人"));
    assert_eq!(act(&mut officer, &path, "admit", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for hold in ["too_short", "no_contact"] {
        done(&mut officer, &path, "lift_hold", &[("hold", hold), ("why", "已电话核实")]).await;
    }
    done(&mut officer, &path, "admit", &[]).await;
}

#[tokio::test]
async fn the_form_judges_the_text_and_keeps_what_was_typed() {
    let portal = staffed();
    let mut firm = portal.logged_in("firm").await;
    let checked = firm.submit("/case/new", "/case/new", &[("title", "高温合金涂层"), ("problem", "不好用"), ("do", "check")]).await;
    assert!(checked.status == StatusCode::OK && checked.text.contains("预期目标写成可测量的指标") && checked.text.contains("不好用"), "{}", checked.text);
    let wrong = firm.submit("/case/new", "/case/new", &[("title", ""), ("problem", "<script>x</script>"), ("budget", "很多"), ("do", "submit")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("`很多` 不是金额") && wrong.text.contains("&lt;script&gt;"), "{}", wrong.text);
}
