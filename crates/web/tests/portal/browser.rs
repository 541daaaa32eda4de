//! A browser of few words in front of a portal with a little data: it keeps cookies, follows
//! nothing, and takes form tokens from the pages it sees.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use duijie_app::{App, AppOptions, ImportOptions, LoginStep, NewAccount, Role, Viewer};
use duijie_vocab::{Clock, Entropy, RegionCode, Timestamp};
use duijie_web::Options;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const UPLOAD_LIMIT: usize = 20_000;

/// A portal over a data directory of its own.
pub(crate) struct Portal {
    pub(crate) app: Arc<App>,
    router: Router,
    _data: tempfile::TempDir,
}

#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub(crate) language: &'static str,
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Bytes that travelled.
    pub(crate) length: usize,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-21T04:00:00Z").expect("an instant")
    }
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Bytes that differ from call to call; nothing in a test has to be unpredictable.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            piece.copy_from_slice(&number[..piece.len()]);
        }
    }
}

const ORGANIZATIONS: &str = "机构名称,机构类型,行政区划\n常州星宇航空材料有限公司,企业,常州市\n江南先进制造研究院,科研院所,常州市\n";
const NEEDS: &str = "需求名称,需求单位,主要问题,关键词,行政区划,拟投入资金(万元)\n\
    高温合金叶片表面防护涂层工艺,常州星宇航空材料有限公司,现有热障涂层在循环后剥落,热障涂层；等离子喷涂,常州市,80\n\
    电池极片在线检测,常州星宇航空材料有限公司,极片缺陷漏检,机器视觉；极片,常州市,30\n";
const OFFERS: &str =
    "成果名称,持有单位,成果简介,关键词,行政区划\n梯度陶瓷热障涂层等离子喷涂技术,江南先进制造研究院,双层梯度热障涂层,热障涂层；等离子喷涂,常州市\n";

impl Portal {
    pub(crate) fn open() -> Portal {
        Portal::with(Options { upload_limit_bytes: UPLOAD_LIMIT, requests_a_minute: (10_000, 10_000), ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Portal {
        Portal::made(options, |app| app)
    }

    /// A portal over the product as `change` makes it.
    pub(crate) fn made(options: Options, change: impl FnOnce(App) -> App) -> Portal {
        let data = tempfile::tempdir().expect("a temporary folder");
        let app = Arc::new(change(fill(data.path())));
        Portal { router: duijie_web::router(app.clone(), options), app, _data: data }
    }

    /// The same data, opened once more.
    pub(crate) fn again(&self) -> App {
        App::open(options(self.app.dir())).expect("the data directory opens again")
    }

    /// A portal over what was opened by [`Portal::again`].
    pub(crate) fn over(&self, app: App) -> Portal {
        let app = Arc::new(app);
        let options = Options { requests_a_minute: (10_000, 10_000), ..Options::default() };
        Portal { router: duijie_web::router(app.clone(), options), app, _data: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Everything behind the portal's connections.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The same data, opened on another day.
    pub(crate) fn again_at(&self, moment: &str) -> App {
        let clock = Arc::new(At(Timestamp::parse(moment).expect("an instant")));
        App::open(AppOptions { clock, ..options(self.app.dir()) }).expect("the data directory opens again")
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), language: "zh-CN" }
    }

    pub(crate) async fn logged_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.submit("/login", "/login", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        browser
    }

    /// Somebody who is logged in, without the pages between.
    pub(crate) fn visiting(&self, login: &str) -> Browser {
        let LoginStep::In(session) = self.app.login(login, PASSWORD, "").expect("the password is right") else { panic!("{login} needs a code") };
        Browser { cookies: BTreeMap::from([("duijie_session".to_string(), session)]), ..self.browser() }
    }

    /// The path of the first record that a list shows.
    pub(crate) async fn first(&self, kind: &str) -> String {
        let list = self.browser().get(&format!("/{kind}")).await.text;
        let start = list.find(&format!("href=\"/{kind}/{}-", prefix(kind))).expect("a record in the list") + 6;
        list[start..].split('"').next().expect("the end of the path").to_string()
    }
}

fn prefix(kind: &str) -> &str {
    &duijie_record::schema(kind).expect("a kind").prefix
}

fn options(data: &Path) -> AppOptions {
    AppOptions { data: data.into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting(AtomicU64::new(1))), group: Default::default() }
}

fn fill(data: &Path) -> App {
    let app = App::open(options(data)).expect("a new data directory opens");
    let operator = Viewer::operator();
    for (kind, csv) in [("organization", ORGANIZATIONS), ("need", NEEDS), ("offer", OFFERS)] {
        let options = ImportOptions { kind: Some(kind.into()), ..ImportOptions::default() };
        let report = app.import(&operator, &format!("{kind}.csv"), csv.as_bytes().to_vec(), &options).expect("the sample is read");
        assert_eq!(report.refused, 0, "{kind}: {:?}", report.diagnostics);
    }
    let changzhou = RegionCode::parse("320400").expect("a region");
    let nanjing = RegionCode::parse("320100").expect("a region");
    let organization = |name: &str| app.organization_named(name).expect("a name");
    let people = [
        ("admin", Role::Admin, RegionCode::NATION, None),
        ("officer", Role::Officer, changzhou, None),
        ("elsewhere", Role::Officer, nanjing, None),
        ("leader", Role::Leader, changzhou, None),
        ("adviser", Role::Adviser, changzhou, None),
        ("member", Role::Member, changzhou, organization("常州星宇航空材料有限公司")),
        ("stranger", Role::Member, changzhou, organization("江南先进制造研究院")),
    ];
    for (login, role, region, organization) in people {
        let account = NewAccount { login: login.into(), name: format!("{login} <i>"), password: PASSWORD.into(), role, region, organization };
        app.put_account(&operator, &account).expect("an account is made");
    }
    app.follow(&mut |_| {}).expect("the index follows");
    app
}

impl Browser {
    /// The session's value, if somebody is logged in.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get("duijie_session").map(String::as_str)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(header::ACCEPT_LANGUAGE, self.language).header(header::COOKIE, cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body).expect("a request")).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole body");
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().expect("text").split_once('=').expect("a name");
            let value = rest.split(';').next().unwrap_or_default();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.into(), value.into()),
            };
        }
        Page { status: parts.status, headers: parts.headers, length: bytes.len(), text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Opens the page at `form` and sends what it would send to `action`, with the token it carries.
    pub(crate) async fn submit(&mut self, form: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.get(form).await.token();
        self.post(action, &[fields, &[("_token", token.as_str())]].concat()).await
    }

    /// A token that forms of this visitor carry.
    pub(crate) async fn token(&mut self) -> String {
        let page = self.get("/password").await;
        page.token()
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, &headers, Body::from(body)).await
    }

    /// Sends a form with files, each with its field, its name and its bytes.
    pub(crate) async fn post_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Page {
        let mut body = Vec::new();
        for (field, value) in fields {
            body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
        }
        for (field, name, bytes) in files {
            body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n").bytes());
            body.extend_from_slice(bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--limit--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=limit"), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, &headers, Body::from(body)).await
    }

    /// Sends a file as the form on `/import` would.
    pub(crate) async fn upload(&mut self, token: &str, name: &str, bytes: &[u8], kind: &str) -> Page {
        let mut body = Vec::new();
        for (field, value) in [("_token", token), ("kind", kind), ("region", "")] {
            body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").bytes());
        }
        body.extend(format!("--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n").bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n--limit--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=limit"), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, "/import", &headers, Body::from(body)).await
    }
}

impl Page {
    /// The form token that the page carries.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"_token\" value=\"").unwrap_or_else(|| panic!("no form in {}", self.text));
        rest.split('"').next().unwrap_or_default().to_string()
    }

    /// The page with addresses as a browser reads them.
    pub(crate) fn unescaped(&self) -> String {
        self.text.replace("&#x2f;", "/").replace("&amp;", "&")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub(crate) fn encode(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
