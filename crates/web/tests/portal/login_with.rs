//! Logging in by somebody else's word.

use crate::browser::{Browser, PASSWORD, Page, Portal};
use crate::provider::{Provider, SECRET};
use axum::http::StatusCode;
use duijie_app::{LoginProviders, Role, Viewer};
use duijie_web::Options;
use serde_json::{Value, json};

/// A portal that knows `provider` as `city`, with `more` lines in the file.
fn portal(provider: &Provider, more: &str) -> Portal {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), SECRET).expect("written");
    let yaml = format!(
        "- id: city\n  name: {{ zh: 城市通, en: City Pass }}\n  issuer: {}\n  client_id: duijie\n  client_secret_file: secret\n{more}",
        provider.issuer
    );
    std::fs::write(folder.path().join("login.yaml"), yaml).expect("written");
    let providers = LoginProviders::read(&folder.path().join("login.yaml")).expect("a good file");
    Portal::made(Options { public_url: "http://portal.example".into(), ..Options::default() }, |app| app.with_login_providers(providers))
}

/// Goes to the provider and comes back as `subject`.
async fn there_and_back(browser: &mut Browser, provider: &Provider, subject: &str, more: Value) -> Page {
    let left = browser.get("/login/with/city?next=%2Fneed").await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    let query = provider.agrees(left.header("location"), subject, more);
    browser.get(&format!("/login/with/city/back?{query}")).await
}

async fn connect(browser: &mut Browser, provider: &Provider, subject: &str) -> Page {
    let page = browser.submit("/account", "/account", &[("form", "connect"), ("provider", "city")]).await;
    let text = page.unescaped();
    let (_, rest) = text.split_once(&format!("href=\"{}", provider.issuer)).expect("a link to the provider");
    let address = format!("{}{}", provider.issuer, rest.split('"').next().expect("its end"));
    let query = provider.agrees(&address, subject, Value::Null);
    browser.get(&format!("/login/with/city/back?{query}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_connected_an_account_logs_in_without_its_password() {
    let provider = Provider::start();
    let portal = portal(&provider, "");
    let login = portal.browser().get("/login?next=%2Fneed").await;
    assert!(login.text.contains("城市通"), "{}", login.text);

    let stranger = there_and_back(&mut portal.browser(), &provider, "li", Value::Null).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert!(stranger.text.contains("还没有与账号连接"), "{}", stranger.text);

    let mut officer = portal.logged_in("officer").await;
    assert_eq!(connect(&mut officer, &provider, "li").await.header("location"), "/account?done=connect");
    let mut again = portal.browser();
    let back = there_and_back(&mut again, &provider, "li", Value::Null).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, "/need"));
    assert!(again.get("/account").await.text.contains("<code>officer</code>"));
    let other = there_and_back(&mut portal.browser(), &provider, "wang", Value::Null).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "another subject is another person");

    let mut leader = portal.logged_in("leader").await;
    assert_eq!(connect(&mut leader, &provider, "li").await.status, StatusCode::CONFLICT, "one person is one account");
    let page = officer.get("/account").await.text;
    let id = page.split("value=\"disconnect\"").nth(1).and_then(|rest| rest.split("name=\"id\" value=\"").nth(1)).and_then(|rest| rest.split('"').next());
    let gone = officer.submit("/account", "/account", &[("form", "disconnect"), ("id", id.expect("an id"))]).await;
    assert_eq!(gone.header("location"), "/account?done=disconnect");
    assert_eq!(there_and_back(&mut portal.browser(), &provider, "li", Value::Null).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_good_once_in_its_own_browser_and_for_what_was_asked() {
    let provider = Provider::start();
    let portal = portal(&provider, "  new_accounts_in: \"320400\"\n");
    let mut browser = portal.browser();
    let left = browser.get("/login/with/city").await;
    let query = provider.agrees(left.header("location"), "li", Value::Null);
    let path = format!("/login/with/city/back?{query}");
    assert_eq!(portal.browser().get(&path).await.status, StatusCode::FORBIDDEN, "another browser");
    assert_eq!(browser.get(&path.replace("code=good", "code=bad")).await.status, StatusCode::FORBIDDEN, "another code");
    assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "a state that was used");
    for wrong in [json!({ "nonce": "other" }), json!({ "aud": "other" }), json!({ "iss": "http://elsewhere.example" }), json!({ "exp": 1 })] {
        let page = there_and_back(&mut browser, &provider, "li", wrong.clone()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let left = browser.get("/login/with/city").await;
    let query = provider.agrees(left.header("location"), "li", Value::Null);
    let mixed = browser.get(&format!("/login/with/city/back?{query}&iss=http%3A%2F%2Felsewhere.example")).await;
    assert_eq!(mixed.status, StatusCode::FORBIDDEN, "an answer of another issuer");
    let refused = browser.get(&format!("/login/with/city/back?{query}&error=access_denied")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let log = portal.logged_in("admin").await.get("/logins").await.text;
    assert!(log.contains("@city") && log.contains("登录服务未确认"), "{log}");
    assert_eq!(there_and_back(&mut browser, &provider, "li", Value::Null).await.status, StatusCode::SEE_OTHER, "and then it works");
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_get_accounts_and_roles_only_where_that_is_set() {
    let provider = Provider::start();
    let plain = portal(&provider, "  new_accounts_in: \"320400\"\n");
    let more = json!({ "name": "李华", "groups": ["clerks"] });
    assert_eq!(there_and_back(&mut plain.browser(), &provider, "li", more.clone()).await.status, StatusCode::SEE_OTHER);
    let made = |portal: &Portal| portal.app.accounts(&Viewer::operator()).expect("accounts").into_iter().find(|account| account.login.starts_with("city-"));
    assert_eq!(made(&plain).map(|account| (account.role, account.name)), Some(("member".into(), "李华".into())), "a role is not taken from outside");
    assert!(plain.app.login(&made(&plain).expect("made").login, "", "").is_err(), "there is no password to guess");

    let mapped = portal(&provider, "  new_accounts_in: \"320400\"\n  roles: { claim: groups, values: { clerks: officer, heads: leader } }\n");
    for (groups, role) in [(json!(["clerks", "others"]), Role::Officer), (json!("heads"), Role::Leader), (json!(["others"]), Role::Member)] {
        let page = there_and_back(&mut mapped.browser(), &provider, "li", json!({ "groups": groups })).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        assert_eq!(made(&mapped).expect("made").role, role.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_whatever_the_provider_says() {
    let provider = Provider::start();
    let portal = portal(&provider, "");
    let mut officer = portal.logged_in("officer").await;
    connect(&mut officer, &provider, "li").await;
    let viewer = portal.app.viewer(officer.session()).expect("a viewer");
    let offer = portal.app.offer_second_factor(&viewer).expect("an offer");
    portal.app.confirm_second_factor(&viewer, &offer.secret, &crate::identity::code(&offer.secret)).expect("in force");
    let page = there_and_back(&mut portal.browser(), &provider, "li", Value::Null).await;
    assert!(page.status == StatusCode::OK && page.text.contains("name=\"ticket\""), "{}", page.text);
    assert!(portal.app.login("officer", PASSWORD, "").is_ok());
}
