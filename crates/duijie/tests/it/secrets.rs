//! What a running portal writes down holds no secret, whatever it meets on the way: passwords, keys,
//! links, codes, cookies, the passwords of its own configuration; when things go well, and when those
//! that it talks to fail and say back what they were told.

use crate::product::Product;
use data_encoding::{BASE32_NOPAD, BASE64};
use hmac::{Hmac, KeyInit, Mac};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MAIL_PASSWORD: &str = "Mail-pw-4417";
const CLIENT_SECRET: &str = "Client-secret-8832";
const PASSWORD: &str = "Right-horse-5561";
const WRONG_PASSWORD: &str = "Wrong-horse-7723";
const NEW_PASSWORD: &str = "New-horse-9910";
const ROBOT_KEY: &str = "Robot-key-3308";
const ROBOT_SECRET: &str = "SECrobot-1290";
const HOOK_PATH: &str = "Hook-path-6645";
const BAD_KEY: &str = "Bad-key-2259";
const PROVIDERS_CODE: &str = "Provider-code-7781";
const ORGANIZATION: &str = "91320412MA1XQ7B63";

/// What the servers around the portal heard, and whether the mail server turns it away.
#[derive(Default)]
struct Town {
    heard: Mutex<String>,
    turns_away: AtomicBool,
}

impl Town {
    /// Serves every connection with `talk`, until the process ends; its port.
    fn open(self: &Arc<Town>, talk: fn(TcpStream, &Town)) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let (port, town) = (listener.local_addr().expect("an address").port(), Arc::clone(self));
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| talk(stream, &town)));
        port
    }

    fn hear(&self, words: &str) {
        self.heard.lock().expect("nobody panicked here").push_str(words);
    }

    /// What stands between two marks in what was heard last, once it is there.
    fn waits_for(&self, before: &str, after: &str) -> String {
        let begun = Instant::now();
        loop {
            let heard = self.heard.lock().expect("nobody panicked here").clone();
            if let Some(found) = heard.rsplit_once(before).and_then(|(_, rest)| rest.split_once(after)) {
                return found.0.to_string();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "`{before}` was not heard in\n{heard}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// SMTP with a login; letters are kept as people read them.
fn mail_server(mut stream: TcpStream, town: &Town) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut say = |words: &str| stream.write_all(format!("{words}\r\n").as_bytes()).expect("written");
    say("220 ready");
    let (mut line, mut letter, mut reading) = (String::new(), String::new(), false);
    while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
        let said = std::mem::take(&mut line);
        match said.trim_end() {
            "." if reading => {
                reading = false;
                let body: String = letter.split("\r\n\r\n").nth(1).unwrap_or_default().split_whitespace().collect();
                let plain = BASE64.decode(body.as_bytes()).map_or(letter.clone(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
                town.hear(&format!("\n[letter]\n{plain}\n"));
                letter.clear();
                say("250 taken");
            }
            _ if reading => letter.push_str(&said),
            word if word.starts_with("EHLO") => say("250-mail\r\n250 AUTH PLAIN LOGIN"),
            word if word.starts_with("AUTH") && town.turns_away.load(Ordering::Relaxed) => say("535 5.7.8 authentication failed"),
            word if word.starts_with("AUTH") => say("235 welcome"),
            word if word.starts_with("DATA") => {
                reading = true;
                say("354 go on");
            }
            word if word.starts_with("QUIT") => return,
            _ => say("250 ok"),
        }
    }
}

/// A login provider, a robot and a receiver of webhooks that all fail, and repeat what they were told.
fn web_server(mut stream: TcpStream, town: &Town) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        length = line.to_ascii_lowercase().strip_prefix("content-length:").map_or(length, |text| text.trim().parse().expect("a number"));
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    let (path, body) = (head.split(' ').nth(1).unwrap_or_default().to_string(), String::from_utf8_lossy(&body).into_owned());
    let issuer = head.lines().find_map(|line| line.strip_prefix("host: ").or(line.strip_prefix("Host: "))).map(|host| format!("http://{host}"));
    let issuer = issuer.unwrap_or_default();
    let (status, answer) = match path.as_str() {
        "/.well-known/openid-configuration" => (
            200,
            format!(r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token","jwks_uri":"{issuer}/keys"}}"#),
        ),
        "/keys" => (200, r#"{"keys":[]}"#.to_string()),
        _ => (500, format!("{head}{body}")),
    };
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len())
        .expect("written");
    town.hear(&format!("\n[request]{path}[end]\n"));
}

/// Somebody with a browser. Every answer is looked at for what it gives away to other sites.
struct Visitor<'p> {
    portal: &'p Portal,
    cookies: BTreeMap<String, String>,
    locations: Vec<String>,
}

impl Visitor<'_> {
    fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.portal.address).expect("the portal listens");
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("referrer-policy: same-origin"), "{method} {path} tells other sites where somebody comes from: {head}");
        for line in head.lines() {
            if let Some(location) = line.strip_prefix("location: ") {
                self.locations.push(location.to_string());
            }
            if let Some((name, rest)) = line.strip_prefix("set-cookie: ").and_then(|cookie| cookie.split_once('=')) {
                assert!(rest.contains("HttpOnly") || name.contains("lang"), "{line}");
                self.cookies.insert(name.to_string(), rest.split(';').next().unwrap_or_default().to_string());
            }
        }
        answer
    }

    fn get(&mut self, path: &str) -> String {
        self.send("GET", path, "", "")
    }

    /// Opens the page at `form` and sends what it would send to `action`.
    fn submit(&mut self, form: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let token = between(&self.get(form), "name=\"_token\" value=\"", "\"");
        let pairs = fields.iter().copied().chain([("_token", token.as_str())]);
        let body = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        self.send("POST", action, "Content-Type: application/x-www-form-urlencoded\r\n", &body)
    }

    fn program(&mut self, key: &str, method: &str, path: &str, body: &str) -> String {
        self.send(method, path, &format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"), body)
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() || byte == b'-' { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn between(text: &str, before: &str, after: &str) -> String {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("no {before} in {text}")).0.to_string()
}

/// The code that an authenticator shows now (RFC 6238).
#[expect(clippy::disallowed_methods, reason = "the portal beside the test has the real clock")]
fn totp(secret: &str) -> String {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let step = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 30;
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&key).expect("any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes(digest[offset..offset + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// A portal whose every word is kept.
struct Portal {
    child: Child,
    address: String,
    log: std::path::PathBuf,
}

impl Portal {
    fn start(product: &Product, mail: u16, web: u16) -> Portal {
        product.file("secret", CLIENT_SECRET);
        let yaml =
            format!("- id: city\n  name: {{ zh: 城市, en: City }}\n  issuer: http://127.0.0.1:{web}\n  client_id: duijie\n  client_secret_file: secret\n");
        let (providers, log) = (product.file("login.yaml", yaml), product.file("log", ""));
        let output = File::create(&log).expect("a log");
        let mut command = product.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--private-receivers", "--robot-host", &format!("127.0.0.1:{web}"), "--login-providers"]);
        command.arg(providers).args(["--mail-from", "Duijie <duijie@example.cn>", "--smtp", &format!("smtp://mailer:{MAIL_PASSWORD}@127.0.0.1:{mail}")]);
        // Whatever could be asked to say more is asked to.
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        let child = command.stdout(output.try_clone().expect("a second handle")).stderr(output).spawn().expect("the portal starts");
        let mut portal = Portal { child, address: String::new(), log };
        let begun = Instant::now();
        while portal.address.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it says where it serves: {}", portal.said());
            std::thread::sleep(Duration::from_millis(50));
            let said = portal.said();
            portal.address = said.lines().find_map(|line| line.trim().strip_prefix("serving at http://")).unwrap_or_default().to_string();
        }
        portal
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log")
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            self.child.wait().expect("the portal ended");
        }
    }
}

fn add_account(product: &Product, role: &str) {
    let mut command = product.command();
    command.args(["account", "add", role, "--role", role, "--region", "320400"]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("the product runs");
    writeln!(child.stdin.take().expect("its input"), "{PASSWORD}").expect("a password");
    assert!(child.wait().expect("it ends").success());
}

/// Logs in with the wrong and the right password; the session and everything made with it.
fn with_an_account(officer: &mut Visitor<'_>, town: &Town, web: u16) -> Vec<String> {
    officer.submit("/login", "/login", &[("login", "officer"), ("password", WRONG_PASSWORD)]);
    officer.submit("/login", "/login?next=%2Faccount", &[("login", "officer"), ("password", PASSWORD)]);
    let session = officer.cookies["duijie_session"].clone();
    officer.submit("/account", "/account", &[("form", "email"), ("email", "officer@example.cn")]);

    let made = officer.submit("/account", "/account", &[("form", "key"), ("name", "board"), ("scope", "read"), ("scope", "write"), ("days", "30")]);
    let key = between(&made, "<code class=\"secret\">", "<");
    officer.program(BAD_KEY, "GET", "/api/need", "");

    let robot = format!("http://127.0.0.1:{web}/robot?key={ROBOT_KEY}");
    let fields = [("form", "notices"), ("often", "at_once"), ("robot", "wecom"), ("robot_address", &robot), ("robot_secret", ROBOT_SECRET)];
    officer.submit("/account", "/account", &fields);
    officer.submit("/account", "/account", &[("form", "robot")]);
    town.waits_for("[request]/robot?", "[end]");

    let receiver = format!("http://127.0.0.1:{web}/in/{HOOK_PATH}");
    let hook = officer.submit("/webhooks", "/webhooks", &[("form", "make"), ("url", &receiver), ("event", "record.changed")]);
    let signing = format!("whsec_{}", between(&hook, "whsec_", "<"));
    let with_password = format!("http://li:{HOOK_PATH}@127.0.0.1:{web}/");
    officer.submit("/webhooks", "/webhooks", &[("form", "make"), ("url", &with_password), ("event", "record.changed")]);
    let need = r#"{"title":"壳体密封","main_problem":"渗漏","region":"320400"}"#;
    assert!(officer.program(&key, "POST", "/api/need", need).contains("201 Created"));
    town.waits_for("[request]/in/", "[end]");

    let offer = officer.get("/account/second");
    let secret = between(&offer, "name=\"secret\" value=\"", "\"");
    officer.submit("/account/second", "/account/second", &[("secret", &secret), ("code", "000000")]);
    let confirmed = officer.submit("/account/second", "/account/second", &[("secret", &secret), ("code", &totp(&secret))]);
    let recovery = between(&confirmed, "<ul class=\"codes\"><li><code>", "<");
    vec![session, key, signing, secret, recovery]
}

/// A forgotten password, a second factor, a login provider.
fn without_the_password(stranger: &mut Visitor<'_>, town: &Town) -> Vec<String> {
    stranger.submit("/password", "/password", &[("login", "officer")]);
    let link = town.waits_for("/password/", "\n").trim().to_string();
    let path = format!("/password/{link}");
    stranger.get(&format!("{path}%ff"));
    stranger.submit(&path, &path, &[("new_password", "short")]);
    stranger.submit(&path, &path, &[("new_password", NEW_PASSWORD)]);
    let asked = stranger.submit("/login", "/login", &[("login", "officer"), ("password", NEW_PASSWORD)]);
    let ticket = between(&asked, "name=\"ticket\" value=\"", "\"");
    stranger.submit("/login", "/login/code", &[("ticket", &ticket), ("code", "000000")]);

    let left = stranger.get("/login/with/city");
    let state = between(&left, "state=", "&").split_whitespace().next().unwrap_or_default().to_string();
    stranger.get(&format!("/login/with/city/back?code={PROVIDERS_CODE}&state={state}"));
    town.waits_for("[request]/token", "[end]");
    vec![link, ticket]
}

/// A need without an account, followed on a private link.
fn on_a_private_link(stranger: &mut Visitor<'_>, town: &Town) -> Vec<String> {
    let code = format!("{ORGANIZATION}{}", duijie_vocab::CreditCode::check_digit(ORGANIZATION).expect("a digit"));
    let need = [
        ("organization", code.as_str()),
        ("name", "常州新材料有限公司"),
        ("title", "叶片热障涂层等离子喷涂工艺"),
        ("problem", "现有热障涂层在循环氧化后开裂剥落，已试过调整等离子喷涂功率，没有明显改善，需要新的涂层结构"),
        ("contact_name", "李工"),
        ("email", "li@firm.example.cn"),
    ];
    let asked = stranger.submit("/submit", "/submit", &need);
    let ticket = between(&asked, "name=\"ticket\" value=\"", "\"");
    let code = town.waits_for("验证码：", "\n");
    let handed_in = stranger.submit("/submit", "/submit", &[("ticket", &ticket), ("code", code.trim()), ("email", "li@firm.example.cn")]);
    let link = between(&handed_in, "location: /follow/", "?");
    stranger.get(&format!("/follow/{link}"));
    stranger.get(&format!("/follow/{link}%ff"));
    stranger.submit(&format!("/follow/{link}"), &format!("/follow/{link}"), &[("verb", "nonsense")]);
    stranger.get(&format!("/answer/{link}"));
    vec![ticket, link]
}

/// A letter that the mail server turns away, to somebody who may have an account.
fn with_a_broken_mail_server(leader: &mut Visitor<'_>, town: &Town) {
    leader.submit("/login", "/login", &[("login", "leader"), ("password", PASSWORD)]);
    leader.submit("/account", "/account", &[("form", "email"), ("email", "leader@example.cn")]);
    town.turns_away.store(true, Ordering::Relaxed);
    let known = leader.submit("/password", "/password", &[("login", "leader")]);
    let unknown = leader.submit("/password", "/password", &[("login", "nobody")]);
    assert!(known.starts_with("HTTP/1.1 200") && unknown.starts_with("HTTP/1.1 200"), "whether there is an account is not told: {known}");
    let begun = Instant::now();
    while !leader.portal.said().contains("535") {
        assert!(begun.elapsed() < Duration::from_secs(30), "what failed is written down: {}", leader.portal.said());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_a_portal_writes_down_holds_no_secret() {
    let product = Product::new();
    add_account(&product, "officer");
    add_account(&product, "leader");
    let town = Arc::new(Town::default());
    let (mail, web) = (town.open(mail_server), town.open(web_server));
    let portal = Portal::start(&product, mail, web);
    let [mut officer, mut stranger, mut leader] = [(); 3].map(|()| Visitor { portal: &portal, cookies: BTreeMap::new(), locations: Vec::new() });
    let configured = [MAIL_PASSWORD, CLIENT_SECRET, PASSWORD, WRONG_PASSWORD, NEW_PASSWORD, ROBOT_KEY, ROBOT_SECRET, HOOK_PATH, BAD_KEY, PROVIDERS_CODE];
    let mut secrets: Vec<String> = configured.map(str::to_string).to_vec();
    secrets.extend(with_an_account(&mut officer, &town, web));
    secrets.extend(without_the_password(&mut stranger, &town));
    // Private links lead where they say; nothing else that is secret stands in an address.
    let places = [&officer, &stranger].map(|visitor| visitor.locations.clone()).concat();
    secrets.extend(on_a_private_link(&mut stranger, &town));
    with_a_broken_mail_server(&mut leader, &town);
    for secret in &secrets {
        assert!(secret.len() >= 8, "`{secret}` is too short to be looked for");
        let said = portal.said();
        for form in [secret.clone(), encoded(secret), BASE64.encode(secret.as_bytes())] {
            assert!(!said.contains(&form), "`{secret}` is written down:\n{said}");
            assert!(!places.iter().any(|place| place.contains(&form)), "`{secret}` stands in an address: {places:?}");
        }
    }
    // What SMTP says for a login.
    assert!(!portal.said().contains(&BASE64.encode(format!("\0mailer\0{MAIL_PASSWORD}").as_bytes())));
}
