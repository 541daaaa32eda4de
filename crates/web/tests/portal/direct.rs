//! A need without an account: a code confirms the address, a private link follows the case, and
//! what has expired or was used says so.

use crate::browser::Portal;
use crate::clockwork::{PORTAL, Town};
use axum::http::StatusCode;
use duijie_app::{ActForm, AppError, CaseForm, CaseState};
use duijie_vocab::CreditCode;

const FIRST: &str = "91320412MA1XQ7B63";

fn credit_code() -> String {
    format!("{FIRST}{}", CreditCode::check_digit(FIRST).expect("a digit"))
}

fn form() -> CaseForm {
    CaseForm {
        organization: credit_code(),
        title: "叶片热障涂层等离子喷涂工艺".into(),
        problem: "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构".into(),
        contact_name: "李工".into(),
        email: "li@firm.example.cn".into(),
        ..CaseForm::default()
    }
}

impl Town {
    fn letter_to(&self, to: &str) -> String {
        let letters = self.post.letters.lock().unwrap();
        letters.values().filter(|letter| letter.to == to).map(|letter| letter.body.clone()).next_back().expect("a letter")
    }

    fn code(&self) -> String {
        let letters = self.post.letters.lock().unwrap();
        let letter = letters.values().find(|letter| letter.subject.contains("验证码")).expect("a letter with a code");
        letter.subject.split(' ').next().unwrap().to_string()
    }
}

fn why(fault: AppError) -> String {
    fault.message().zh
}

#[test]
fn a_need_is_handed_in_by_a_confirmed_contact_and_followed_on_a_link() {
    let town = Town::found();
    let ticket = town.app.ask_directly(&form(), "常州新材料有限公司").unwrap();
    assert!(why(town.app.ask_directly(&form(), "常州新材料有限公司").unwrap_err()).contains("一分钟后"));
    let code = town.code();
    assert!(why(town.app.confirm_directly(&ticket, "x", PORTAL).unwrap_err()).contains("验证码不对"));
    let direct = town.app.confirm_directly(&ticket, &code, PORTAL).unwrap();
    assert!(why(town.app.confirm_directly(&ticket, &code, PORTAL).unwrap_err()).contains("已用过"), "a ticket is good once");
    assert!(
        town.letter_to("li@firm.example.cn").contains(&direct.token)
            || town.post.letters.lock().unwrap().values().any(|letter| letter.body.contains(&direct.token))
    );
    let seen = town.app.followed_case(&direct.token).unwrap();
    assert_eq!((seen.state, seen.need.organization.as_deref()), (CaseState::Submitted, Some("常州新材料有限公司")));
    assert_eq!(town.app.case(&town.officer, &direct.case).unwrap().region_name, "江苏省常州市武进区", "the code says where the firm is");
    town.act(&town.officer, &direct.case, "claim");
    let stale = ActForm { verb: "withdraw".into(), fields: vec![("why".into(), "不需要了".into())] };
    assert!(matches!(town.app.act_on_followed(&direct.token, Some(seen.version), &stale), Err(AppError::Conflict(_))));
    town.app.act_on_followed(&direct.token, None, &stale).unwrap();
    assert_eq!(town.app.followed_case(&direct.token).unwrap().state, CaseState::Withdrawn);
    town.days(181);
    assert!(why(town.app.followed_case(&direct.token).unwrap_err()).contains("链接已失效"));
}

#[test]
fn the_contact_hears_of_the_case_by_letter_without_an_address_of_the_portal() {
    let town = Town::found();
    let ticket = town.app.ask_directly(&form(), "常州新材料有限公司").unwrap();
    let direct = town.app.confirm_directly(&ticket, &town.code(), PORTAL).unwrap();
    town.act(&town.officer, &direct.case, "claim");
    let back = ActForm { verb: "return".into(), fields: vec![("why".into(), "请补充指标".into())] };
    town.app.act_on_case(&town.officer, &direct.case, None, &back).unwrap();
    town.days(1);
    town.letters();
    let letters = town.post.letters.lock().unwrap();
    let letter = letters.values().find(|letter| letter.to == "li@firm.example.cn" && letter.body.contains("已退回")).expect("a letter to the contact");
    assert!(!letter.body.contains("/case/"), "{}", letter.body);
}

#[test]
fn a_code_that_is_guessed_or_late_opens_nothing() {
    let town = Town::found();
    let ticket = town.app.ask_directly(&form(), "常州新材料有限公司").unwrap();
    let code = town.code();
    for _ in 0..5 {
        assert!(town.app.confirm_directly(&ticket, "000000", PORTAL).is_err());
    }
    assert!(why(town.app.confirm_directly(&ticket, &code, PORTAL).unwrap_err()).contains("输错太多次"));
    town.days(1);
    let ticket = town.app.ask_directly(&form(), "常州新材料有限公司").unwrap();
    town.days(1);
    assert!(town.app.confirm_directly(&ticket, &code, PORTAL).is_err(), "half an hour has passed");
    assert!(town.app.case_desk(&town.officer, &Default::default()).unwrap().rows.is_empty());
}

#[tokio::test]
async fn the_form_says_what_is_missing_and_a_dead_link_says_so() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let page = browser.get("/submit").await;
    assert_eq!(page.status, StatusCode::OK);
    let page = browser.submit("/submit", "/submit", &[("organization", "123"), ("title", "涂层"), ("email", "nobody")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("不是统一社会信用代码")
            && page.text.contains("请填写单位名称")
            && page.text.contains("请填写电子邮箱")
            && page.text.contains("value=\"涂层\"")
    );
    let page = browser.get(&format!("/follow/{}", "0".repeat(64))).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("链接已失效"), "{}", page.text);
}
