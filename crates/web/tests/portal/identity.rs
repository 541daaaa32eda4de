//! Passwords, second factors, resets, locks and the log of logins.

use crate::browser::{PASSWORD, Portal};
use axum::http::StatusCode;
use duijie_app::{AccountChange, LoginStep, Viewer};

/// The code that an authenticator shows at the portal's noon, by the standard's own arithmetic.
pub(crate) fn code(secret: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let key = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&key).expect("any length");
    let noon = duijie_vocab::Timestamp::parse("2026-11-21T04:00:00Z").expect("an instant");
    mac.update(&(noon.micros() / 30_000_000).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(inside, _)| inside).unwrap_or_else(|| panic!("no {before} in {text}"))
}

#[tokio::test]
async fn a_second_factor_is_put_in_force_asked_for_and_recovered() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let offer = officer.get("/account/second").await;
    let secret = between(&offer.text, "name=\"secret\" value=\"", "\"").to_string();
    assert!(offer.text.contains("class=\"qr\""));
    let token = offer.token();
    let wrong = officer.post("/account/second", &[("_token", &token), ("secret", &secret), ("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = officer.post("/account/second", &[("_token", &token), ("secret", &secret), ("code", &code(&secret))]).await;
    assert_eq!(done.status, StatusCode::OK);
    let recovery = between(&done.text, "<ul class=\"codes\"><li><code>", "</code>").to_string();

    let mut again = portal.browser();
    let asked = again.submit("/login", "/login", &[("login", "officer"), ("password", PASSWORD), ("next", "/need")]).await;
    assert_eq!(asked.status, StatusCode::OK);
    let ticket = between(&asked.text, "name=\"ticket\" value=\"", "\"").to_string();
    assert_eq!(again.get("/account").await.status, StatusCode::FORBIDDEN, "the password alone opens nothing");
    let token = asked.token();
    let wrong = again.post("/login/code", &[("_token", &token), ("ticket", &ticket), ("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let right = again.post("/login/code", &[("_token", &token), ("ticket", &ticket), ("code", &code(&secret)), ("next", "/need")]).await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, "/need"));

    let LoginStep::Code(second) = portal.app.login("officer", PASSWORD, "").expect("the password is right") else { panic!("no code is asked for") };
    assert!(portal.app.login_with_code(&second, &code(&secret), "").is_err(), "a code that was used is good for nothing");
    assert!(portal.app.login_with_code(&second, &recovery, "").is_ok());
    let LoginStep::Code(third) = portal.app.login("officer", PASSWORD, "").expect("the password is right") else { panic!("no code is asked for") };
    assert!(portal.app.login_with_code(&third, &recovery, "").is_err(), "a recovery code is good once");
}

/// The letters in the outbox, once there are any: nobody waits for one to be sent.
async fn letters(portal: &Portal) -> Vec<std::path::PathBuf> {
    for _ in 0..1_000 {
        let files = std::fs::read_dir(portal.app.dir().join("outbox")).into_iter().flatten().map(|file| file.expect("a file").path());
        let letters: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml")).collect();
        if !letters.is_empty() {
            return letters;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no letter was sent");
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_link_that_is_good_once() {
    let portal = Portal::open();
    let change = AccountChange { email: Some("officer@example.cn".into()), ..AccountChange::default() };
    portal.app.change_account(&Viewer::operator(), "officer", &change).expect("an address is kept");
    let mut browser = portal.browser();
    let answer = browser.submit("/password", "/password", &[("login", "officer")]).await.text;
    let stranger = browser.submit("/password", "/password", &[("login", "nobody")]).await.text;
    let told = |page: &str| between(page, "role=\"status\">", "<").to_string();
    assert_eq!(told(&answer), told(&stranger), "nobody learns who has an account");
    let letters = letters(&portal).await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    let message = std::fs::read_to_string(letter).expect("a letter");
    assert!(message.starts_with("To: officer@example.cn\r\n"), "{message}");
    let body: String = message.split("\r\n\r\n").nth(1).expect("a body").split_whitespace().collect();
    let body = String::from_utf8(data_encoding::BASE64.decode(body.as_bytes()).expect("base 64")).expect("text");
    let path = format!("/password/{}", between(&body, "/password/", "\n"));
    let mut session = portal.logged_in("officer").await;
    let short = browser.submit(&path, &path, &[("new_password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = browser.submit(&path, &path, &[("new_password", "a new password")]).await;
    assert_eq!(set.header("location"), "/login");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "the link is used up");
    assert_eq!(session.get("/account").await.status, StatusCode::FORBIDDEN, "old sessions end");
    assert!(portal.app.login("officer", PASSWORD, "").is_err());
    assert!(portal.app.login("officer", "a new password", "").is_ok());
}

#[tokio::test]
async fn guessing_locks_an_account_and_everything_is_noted() {
    let portal = Portal::open();
    for _ in 0..10 {
        assert!(portal.app.login("leader", "guess", "198.51.100.9").is_err());
    }
    let locked = portal.app.login("leader", PASSWORD, "198.51.100.9").expect_err("the account is locked");
    assert!(locked.message().en.contains("locked"), "{locked}");
    let mut admin = portal.logged_in("admin").await;
    let page = admin.get("/logins").await.text;
    assert!(page.contains("198.51.100.9") && page.contains("账号已锁定") && page.contains("密码错误") && page.contains("登录成功"), "{page}");
}

#[tokio::test]
async fn a_key_is_shown_once_and_a_password_changed_by_whoever_knows_the_old_one() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let made = officer.submit("/account", "/account", &[("form", "key"), ("name", "大屏"), ("scope", "read"), ("days", "30")]).await;
    let secret = between(&made.text, "<code class=\"secret\">", "<").to_string();
    assert!(portal.app.key_viewer(&secret).is_ok());
    assert!(!officer.get("/account").await.text.contains(&secret));
    let unnamed = officer.submit("/account", "/account", &[("form", "key"), ("name", ""), ("scope", "read"), ("days", "30")]).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let elsewhere = officer.submit("/account", "/account", &[("form", "key"), ("name", "x"), ("scope", "read"), ("days", "30"), ("region", "320100")]).await;
    assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY, "a key reaches no further than its account");
    let wrong = officer.submit("/account", "/account", &[("form", "password"), ("old_password", "no"), ("new_password", "long enough")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = officer.submit("/account", "/account", &[("form", "password"), ("old_password", PASSWORD), ("new_password", "long enough")]).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    assert!(portal.app.login("officer", "long enough", "").is_ok());
}
