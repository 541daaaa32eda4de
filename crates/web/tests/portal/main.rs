//! The portal as a browser meets it: real pages over a real data directory.

mod alike;
mod assigning;
mod assistant;
mod browser;
mod casework;
mod clockwork;
mod direct;
mod documents;
mod drilled;
mod faults;
mod grounds;
mod identity;
mod login_with;
mod long_lists;
mod meaning;
mod misuse;
mod money;
mod money_misuse;
mod payouts;
mod places;
mod policy;
mod post;
mod program;
mod provider;
mod rights;
mod secrets;
mod supply;
mod told;
mod visits;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use browser::{PASSWORD, Portal, UPLOAD_LIMIT};
use duijie_web::Options;

#[tokio::test]
async fn the_public_pages_answer_in_both_languages_and_say_who_may_embed_them() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let (need, offer, organization) = (portal.first("need").await, portal.first("offer").await, portal.first("organization").await);
    let matches = format!("{need}/matches");
    for path in [
        "/",
        "/search",
        "/search?q=涂层",
        "/need",
        "/need?sort=newest&f.fields=x",
        "/measures",
        "/figures",
        "/map",
        "/map?region=320000&kind=need",
        "/region/320400",
        "/api",
        "/login",
        &need,
        &offer,
        &organization,
        &matches,
    ] {
        for (language, tag) in [("zh-CN", "lang=\"zh-CN\""), ("en-GB", "lang=\"en\"")] {
            browser.language = language;
            let page = browser.get(&path.replace("涂层", "%E6%B6%82%E5%B1%82")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert!(page.text.contains(tag), "{path}");
            assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
            assert!(!page.header("content-security-policy").contains("unsafe"), "{path}");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.header("cache-control"), "private, no-cache");
            assert!(page.text.len() < 100_000, "{path} has {} bytes", page.text.len());
        }
    }
}

#[tokio::test]
async fn a_need_shows_who_could_help_and_why() {
    let portal = Portal::open();
    let page = portal.browser().get("/search?q=%E6%B6%82%E5%B1%82&kind=need").await.text;
    assert!(page.contains("<mark>"), "hits are highlighted");
    let need =
        page.split("href=\"").filter_map(|piece| piece.split('"').next()).find(|path| path.starts_with("/need/need-")).expect("the need is found").to_string();
    let page = portal.browser().get(&need).await.text;
    assert!(page.contains("梯度陶瓷热障涂层等离子喷涂技术") && page.contains("class=\"reasons\""), "{page}");
}

#[tokio::test]
async fn the_home_page_counts_what_is_there() {
    let portal = Portal::open();
    let page = portal.browser().get("/").await.text;
    assert!(page.contains("<span class=\"name\">技术需求</span><b>2</b>"), "{page}");
}

#[tokio::test]
async fn no_route_fails_whoever_comes() {
    let portal = Portal::open();
    let (need, _) = (portal.first("need").await, portal.first("organization").await);
    let id = need.rsplit('/').next().expect("an id");
    let mut visitors = vec![portal.browser()];
    for login in ["officer", "leader", "admin"] {
        visitors.push(portal.logged_in(login).await);
    }
    for (route, methods) in duijie_web::table() {
        let path = route
            .replace("{kind}", "need")
            .replace("{id}", id)
            .replace("{token}", &"ab".repeat(32))
            .replace("{file}", "need.csv")
            .replace("{digest}", "0")
            .replace("{name}", "x")
            .replace("{login}", "officer");
        for visitor in &mut visitors {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
                if route == "/logout" && method == Method::POST {
                    continue;
                }
                let known = methods.contains(&method.as_str()) || (method == Method::HEAD && methods.contains(&"GET"));
                let page = visitor.send(method.clone(), &path, &[], Body::empty()).await;
                assert!(!page.status.is_server_error(), "{method} {path}: {}", page.text);
                // A form without token is refused before anybody asks whether it has a handler.
                let program = route.starts_with("/api/") && method != Method::GET && method != Method::HEAD;
                if program {
                    // After many tries without a key the throttle answers first.
                    let kept_out = matches!(page.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
                    assert!(kept_out, "{method} {path}: a session is no key, and yet {}", page.status);
                } else if !known && method != Method::POST {
                    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                    assert!(page.header("allow").contains(methods[0]), "{method} {path} allows {}", page.header("allow"));
                }
                if method == Method::HEAD {
                    assert_eq!(page.text, "", "{path}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_form_without_its_token_or_from_another_site_does_nothing() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let token = officer.get("/import").await.token();
    for (route, methods) in duijie_web::table() {
        // Programs carry a key and no cookie, so there is nothing to forge.
        if !methods.contains(&"POST") || route.starts_with("/api/") || route == "/mcp" {
            continue;
        }
        let path = route.replace("{kind}", "need").replace("{id}", "need-0123456789abcdef").replace("{token}", "x").replace("{login}", "x");
        for forged in ["", "ab", &"ab".repeat(32)] {
            assert_eq!(officer.post(&path, &[("_token", forged)]).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let body = Body::from(format!("_token={token}"));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        assert_eq!(officer.send(Method::POST, &path, &headers, body).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(officer.get("/import").await.status.is_success(), "nobody was logged out");
    let stolen = portal.browser().post("/logout", &[("_token", &token)]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "a token is good for its own session alone");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    for path in [
        "/nonsense",
        "/need/need-0000000000000000",
        "/need/org-0000000000000000",
        "/need/x",
        "/measures/x",
        "/template/x.xlsx",
        "/export/need.exe",
        "/assets/0/portal.css",
        "/policy/pol-0000000000000000/matches",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("没有找到"), "{path}");
    }
    let problem = browser.get("/api/need/need-0000000000000000?lang=en").await;
    assert_eq!((problem.status, problem.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    assert!(problem.text.contains("\"status\":404") && problem.text.contains("Nothing here"), "{}", problem.text);
}

#[tokio::test]
async fn garbled_text_is_told_and_not_guessed() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    assert_eq!(browser.get("/search?q=%E6%B6").await.status, StatusCode::BAD_REQUEST);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let page = browser.send(Method::POST, "/login", &headers, Body::from(&b"login=\xff"[..])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("UTF-8"));
}

#[tokio::test]
async fn a_form_is_no_larger_and_no_other_than_expected() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    for megabytes in [2, 10] {
        let large = "x".repeat(megabytes * 1024 * 1024);
        let page = browser.post("/login", &[("login", &large)]).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(page.text.contains("1 MB"));
    }
    let page = browser.send(Method::POST, "/login", &[("content-type", "text/plain"), ("sec-fetch-site", "same-origin")], Body::from("login=a")).await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn somebody_without_the_right_is_told_to_log_in_before_a_file_is_taken() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let page = browser.upload("", "需求.csv", b"a", "need").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("/login?next="));
    let mut leader = portal.logged_in("leader").await;
    let page = leader.get("/import").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.text.contains("/login?next="), "logging in again would not help");
}

#[tokio::test]
async fn a_file_is_previewed_then_imported_once_and_given_back_explained() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let token = officer.get("/import").await.token();
    let csv = "需求名称,主要问题,行政区划,拟投入资金(万元)\n叶片返修激光熔覆,裂纹难控,常州市,50\n坏的一行,说明,常州市,负五十\n";
    let sent = officer.upload(&token, "..\\新需求.csv", csv.as_bytes(), "need").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let place = sent.header("location").to_string();
    let preview = officer.get(&place).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.text.contains("新需求.csv") && preview.text.contains("叶片返修激光熔覆") && preview.text.contains("负五十"), "{}", preview.text);
    assert!(!officer.get("/need").await.text.contains("叶片返修激光熔覆"), "a preview writes nothing");
    let before = portal.app.figures().expect("figures").entries;
    for _ in 0..2 {
        assert_eq!(officer.post(&place, &[("_token", &token)]).await.status, StatusCode::SEE_OTHER);
    }
    let after = portal.app.figures().expect("figures").entries;
    let done = officer.get(&place).await.text;
    assert!(after > before && done.contains("/annotated"), "{done}");
    assert_eq!(officer.post(&place, &[("_token", &token)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(portal.app.figures().expect("figures").entries, after, "a second click writes nothing");
    portal.app.follow(&mut |_| {}).expect("the index follows");
    assert!(officer.get("/need?sort=newest").await.text.contains("叶片返修激光熔覆"));
    let annotated = officer.get(&format!("{place}/annotated")).await;
    assert_eq!(annotated.status, StatusCode::OK);
    assert!(annotated.header("content-disposition").starts_with("attachment;"));
    let mut admin = portal.logged_in("admin").await;
    assert_eq!(admin.get(&place).await.status, StatusCode::NOT_FOUND, "a file is its own session's");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_or_is_too_large_is_told() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let token = officer.get("/import").await.token();
    let page = officer.upload(&token, "a.xlsx", b"PK\x03\x04 not a workbook", "need").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    assert!(page.text.contains("role=\"alert\""));
    let page = officer.upload(&token, "", b"", "need").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for size in [UPLOAD_LIMIT + 1, UPLOAD_LIMIT * 10] {
        let page = officer.upload(&token, "a.csv", &vec![b'a'; size], "need").await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{size}");
    }
}

#[tokio::test]
async fn a_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let page = officer.submit("/need/new", "/need/new", &[("title", ""), ("budget", "二百五 <b>"), ("region", "常州市")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    assert!(page.text.contains("二百五 &lt;b&gt;") && page.text.contains("aria-invalid"), "{}", page.text);
    let page = officer.submit("/need/new", "/need/new", &[("title", "激光焊接飞溅抑制"), ("main_problem", "飞溅"), ("region", "常州市")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let page = officer.get(page.header("location")).await;
    assert!(page.text.contains("激光焊接飞溅抑制"));
}

#[tokio::test]
async fn of_two_people_the_second_keeps_what_they_typed() {
    let portal = Portal::open();
    let need = portal.first("need").await;
    let edit = format!("{need}/edit");
    let mut officer = portal.logged_in("officer").await;
    let form = officer.get(&edit).await;
    let version = form.text.split("name=\"_version\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version").to_string();
    let fields = |background| [("title", "新的名称"), ("background", background), ("_version", version.as_str())];
    let first = officer.submit(&edit, &edit, &fields("先到的")).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    let second = officer.submit(&edit, &edit, &fields("后到的")).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.text);
    assert!(second.text.contains("后到的") && second.text.contains("先到的"), "{}", second.text);
}

#[tokio::test]
async fn a_form_that_outlived_its_session_keeps_what_was_typed() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let page = officer.post("/need/new", &[("_token", &"ab".repeat(32)), ("title", "打了很久的字")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("name=\"title\" value=\"打了很久的字\""), "{}", page.text);
    let token = officer.get("/need/new").await.token();
    officer.submit("/need/new", "/logout", &[]).await;
    let page = officer.post("/need/new", &[("_token", &token), ("title", "打了很久的字")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("打了很久的字"), "{}", page.text);
}

#[tokio::test]
async fn logging_in_leads_back_and_wrong_passwords_have_to_wait() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let wrong = browser.submit("/login", "/login", &[("login", "officer"), ("password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.text.contains("value=\"officer\"") && !wrong.text.contains("wrong"), "the login stays, the password does not");
    let right = browser.submit("/login", "/login", &[("login", "officer"), ("password", PASSWORD), ("next", "/need?q=a")]).await;
    assert_eq!(right.header("location"), "/need?q=a");
    let page = browser.get("/").await.text;
    assert!(page.contains("officer &lt;i&gt;"), "names are text");
    let mut other = portal.browser();
    for _ in 0..10 {
        assert_eq!(other.submit("/login", "/login", &[("login", "nobody"), ("password", "wrong")]).await.status, StatusCode::FORBIDDEN);
    }
    let page = other.submit("/login", "/login", &[("login", "nobody"), ("password", "wrong")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test]
async fn over_tls_cookies_are_secure_and_bound_to_the_host() {
    let portal = Portal::with(Options { https: true, ..Options::default() });
    let page = portal.browser().get("/").await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-") && cookie.ends_with("; Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(page.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn a_chosen_language_stays_chosen() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    assert!(browser.get("/?lang=en").await.text.contains("lang=\"en\""));
    assert!(browser.get("/need").await.text.contains("lang=\"en\""));
    assert!(browser.get("/?lang=zh-CN").await.text.contains("lang=\"zh-CN\""));
}

#[tokio::test]
async fn the_api_answers_as_it_is_described() {
    let portal = Portal::open();
    let need = portal.first("need").await;
    let mut browser = portal.browser();
    let description: serde_json::Value = serde_json::from_str(&browser.get("/api/openapi.json").await.text).expect("JSON");
    assert_eq!(description["openapi"], "3.1.0");
    let described: Vec<&String> = description["paths"].as_object().expect("paths").keys().collect();
    let routes: Vec<&str> = duijie_web::table().into_iter().map(|(path, _)| path).filter(|path| path.starts_with("/api/")).collect();
    assert!(routes.iter().all(|route| described.iter().any(|path| path == route)) && routes.len() == described.len());
    for path in [
        "/api/search?q=%E6%B6%82%E5%B1%82",
        "/api/figures",
        "/api/measures",
        "/api/schemas/need",
        "/api/suggest?q=%E9%AB%98",
        &format!("/api{need}"),
        &format!("/api{need}/matches?per_kind=2"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        serde_json::from_str::<serde_json::Value>(&answer.text).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    }
    assert_eq!(browser.get("/api/health").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/api/search?page=0").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn lists_leave_as_files_for_those_who_may() {
    let portal = Portal::open();
    assert_eq!(portal.browser().get("/export/need.csv").await.status, StatusCode::FORBIDDEN);
    let mut officer = portal.logged_in("officer").await;
    for (file, mime) in
        [("need.csv?region=320400", "text/csv"), ("need.xlsx?region=320400", "application/vnd.openxml"), ("need.json?region=320400", "application/json")]
    {
        let page = officer.get(&format!("/export/{file}")).await;
        assert_eq!(page.status, StatusCode::OK, "{file}: {}", page.text);
        assert!(page.header("content-type").starts_with(mime) && page.header("content-disposition").starts_with("attachment;"), "{file}");
        assert!(!page.text.is_empty());
    }
    assert!(portal.browser().get("/template/need.xlsx").await.text.starts_with("PK"));
}

#[tokio::test]
async fn assets_are_kept_for_good_and_found_on_every_page() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let mut pages = String::new();
    // The map and the figures load more where it was bundled.
    for path in ["/", "/map", "/figures"] {
        pages.push_str(&browser.get(path).await.text);
    }
    let paths: Vec<&str> = pages.split('"').filter(|piece| piece.starts_with("/assets/")).collect();
    assert!(paths.len() >= 9);
    for path in paths {
        let asset = browser.get(path).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header("cache-control").contains("immutable") && !asset.header("etag").is_empty());
        assert!(asset.header("set-cookie").is_empty());
    }
}

#[tokio::test]
async fn a_page_travels_packed_and_the_first_visit_is_light() {
    let portal = Portal::open();
    let mut browser = portal.browser();
    let page = browser.get("/").await.text;
    let mut paths: Vec<&str> = page.split('"').filter(|piece| piece.starts_with("/assets/")).collect();
    paths.push("/");
    paths.sort_unstable();
    paths.dedup();
    let mut travelled = 0;
    for path in paths {
        let packed = browser.send(Method::GET, path, &[("accept-encoding", "gzip")], Body::empty()).await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        let varies = packed.headers.get_all("vary").iter().any(|line| line.to_str().is_ok_and(|line| line.eq_ignore_ascii_case("accept-encoding")));
        assert!(varies, "{path}");
        travelled += packed.length;
    }
    assert!(travelled < 100_000, "the first page costs {travelled} bytes");
    let path = page.split('"').find(|piece| piece.starts_with("/assets/")).expect("an asset");
    let tag = browser.get(path).await.header("etag").to_string();
    let known = browser.send(Method::GET, path, &[("if-none-match", &tag)], Body::empty()).await;
    assert_eq!((known.status, known.length), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn when_there_is_no_room_one_is_told_when_to_come_back() {
    let portal = Portal::with(Options { visits: 1, ..Options::default() });
    let mut slow = portal.browser();
    let (mut sender, body) = http_body_util::channel::Channel::<axum::body::Bytes>::new(1);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let mut sending = std::pin::pin!(slow.send(Method::POST, "/login", &headers, Body::new(body)));
    assert!(asked_once(sending.as_mut()).await.is_none(), "the form is not there yet");
    let turned_away = portal.browser().get("/").await;
    assert_eq!(turned_away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(turned_away.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    assert!(turned_away.text.contains("同时访问的人太多"), "{}", turned_away.text);
    sender.send_data(axum::body::Bytes::from_static(b"login=a")).await.expect("the form goes on");
    drop(sender);
    assert_eq!(sending.await.status, StatusCode::FORBIDDEN);
    assert_eq!(portal.browser().get("/").await.status, StatusCode::OK, "and then there is room again");
}

/// What `future` has to say when it is asked once.
async fn asked_once<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_search_is_a_feed_of_what_everybody_may_read() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let list = officer.get("/need?q=%E6%B6%82%E5%B1%82").await.unescaped();
    let link = list.split("<link rel=\"alternate\"").nth(1).and_then(|rest| rest.split("href=\"").nth(1)).and_then(|rest| rest.split('"').next());
    let link = link.expect("the list names its feed").to_string();
    let feed = officer.get(&link).await;
    assert_eq!((feed.status, feed.header("content-type")), (StatusCode::OK, "application/atom+xml; charset=utf-8"));
    let public = portal.browser().get(&link).await;
    assert_eq!(public.text, feed.text, "whoever asks");
    assert!(feed.text.contains("<title>高温合金叶片表面防护涂层工艺</title>"), "{}", feed.text);
    assert_eq!(feed.text.matches("<entry>").count(), feed.text.matches("</entry>").count());
}

#[tokio::test]
async fn what_an_office_sets_is_shown_and_remembered() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    for notice in ["周五停机 <b>", ""] {
        let saved = officer.submit("/settings", "/settings", &[("region", "320400"), ("notice", notice), ("contact", "0519-1")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let page = portal.browser().get("/region/320400").await.text;
        assert_eq!(page.contains("周五停机 &lt;b&gt;"), !notice.is_empty());
        assert!(page.contains("0519-1"));
    }
    let history = officer.get("/settings").await.text;
    assert!(history.contains("周五停机 &lt;b&gt;") && history.contains("officer"), "{history}");
    let long = "长".repeat(501);
    let refused = officer.submit("/settings", "/settings", &[("region", "320400"), ("notice", &long)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains(&long), "what was typed is still there");
}

#[tokio::test]
async fn a_firm_finds_everything_of_its_own_on_its_desk() {
    let portal = Portal::open();
    let mut member = portal.logged_in("member").await;
    let desk = member.get("/workspace").await.unescaped();
    assert!(desk.contains("常州星宇航空材料有限公司") && desk.contains("高温合金叶片表面防护涂层工艺"), "{desk}");
    assert!(desk.contains("梯度陶瓷热障涂层等离子喷涂技术"), "its needs show who could help");
    let form = desk.split('"').find(|piece| piece.starts_with("/facts/new?")).expect("a form for another year").to_string();
    assert!(member.get(&form).await.text.contains("value=\"常州星宇航空材料有限公司\""), "the form knows whose figures they are");
    let ties = portal.browser().get(&format!("{}/graph", portal.first("organization").await)).await.text;
    assert!(ties.contains("class=\"graph\"") && ties.contains("<caption>"), "{ties}");
}

#[tokio::test]
async fn many_records_are_changed_at_once_and_each_says_what_came_of_it() {
    let portal = Portal::open();
    let need = portal.first("need").await;
    let id = need.rsplit('/').next().expect("an id");
    let mut officer = portal.logged_in("officer").await;
    assert!(officer.get("/need").await.unescaped().contains("href=\"/need/bulk\""));
    let done = officer.submit("/need/bulk", "/need/bulk", &[("field", "background"), ("value", "同一背景"), ("id", id)]).await;
    assert!(done.text.contains("已修改"), "{}", done.text);
    assert!(officer.get(&need).await.text.contains("同一背景"));
    let again = officer.submit("/need/bulk", "/need/bulk", &[("field", "background"), ("value", "同一背景"), ("id", id)]).await;
    assert!(again.text.contains("本来就是"));
    let wrong = officer.submit("/need/bulk", "/need/bulk", &[("field", "budget"), ("value", "很多"), ("id", id)]).await;
    assert!(wrong.text.contains("未修改"), "{}", wrong.text);
    let mut elsewhere = portal.logged_in("elsewhere").await;
    let refused = elsewhere.submit("/need/bulk", "/need/bulk", &[("field", "background"), ("value", "x"), ("id", id)]).await;
    assert_eq!(refused.status, StatusCode::OK);
    assert!(!officer.get(&need).await.text.contains("<span class=\"value\">x</span>"), "another region's officer changes nothing");
}
