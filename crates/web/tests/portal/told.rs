//! Being told: webhooks that arrive signed, once they can, and saved searches with something new.

use crate::browser::PASSWORD;
use crate::clockwork::{Counting, Hands};
use data_encoding::BASE64;
use duijie_app::{App, AppOptions, HookEvent, ImportOptions, NewAccount, Outbound, OutboundOptions, Role, SearchRequest, Viewer, signature};
use duijie_vocab::{Clock, RegionCode, Timestamp};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A program that takes messages, and answers as it is told.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    messages: Arc<Mutex<Vec<Message>>>,
}

#[derive(Clone, Debug)]
struct Message {
    head: Vec<(String, String)>,
    body: String,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        self.head.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    fn ids(&self) -> Vec<String> {
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        body["events"].as_array().expect("events").iter().map(|event| event["id"].as_str().expect("an id").to_string()).collect()
    }
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/in", listener.local_addr().expect("an address"));
        let (status, messages) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Vec::new())));
        let (answer, taken) = (Arc::clone(&status), Arc::clone(&messages));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut head = Vec::new();
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    head.extend(line.trim().split_once(": ").map(|(name, value)| (name.to_string(), value.to_string())));
                    line.clear();
                }
                let mut message = Message { head, body: String::new() };
                let mut body = vec![0; message.header("content-length").parse().expect("a length")];
                reader.read_exact(&mut body).expect("the body");
                message.body = String::from_utf8(body).expect("text");
                taken.lock().expect("no test panicked here").push(message);
                let status = answer.load(Ordering::Relaxed);
                write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("written");
            }
        });
        Receiver { url, status, messages }
    }

    fn taken(&self) -> Vec<Message> {
        self.messages.lock().expect("no test panicked here").clone()
    }
}

struct Place {
    app: App,
    hands: Arc<Hands>,
    _data: tempfile::TempDir,
}

impl Place {
    fn found() -> Place {
        let data = tempfile::tempdir().expect("a folder");
        let noon = Timestamp::parse("2026-11-20T04:00:00Z").expect("an instant");
        let hands = Arc::new(Hands(AtomicI64::new(noon.micros())));
        let clock: Arc<dyn Clock> = hands.clone();
        let options = AppOptions { data: data.path().into(), database: None, clock, entropy: Arc::new(Counting(AtomicU64::new(1))), group: Default::default() };
        let app =
            App::open(options).expect("a new data directory").with_outbound(Outbound::new(OutboundOptions { private: true, ..OutboundOptions::default() }));
        for (login, region) in [("officer", "320400"), ("elsewhere", "320100")] {
            let region = RegionCode::parse(region).expect("a region");
            let account = NewAccount { login: login.into(), name: login.into(), password: PASSWORD.into(), role: Role::Officer, region, organization: None };
            app.put_account(&Viewer::operator(), &account).expect("an account");
        }
        Place { app, hands, _data: data }
    }

    fn viewer(&self, login: &str) -> Viewer {
        let duijie_app::LoginStep::In(token) = self.app.login(login, PASSWORD, "").expect("the password is right") else { panic!("a code is wanted") };
        self.app.viewer(Some(&token)).expect("a viewer")
    }

    fn import(&self, title: &str, city: &str) {
        let csv = format!("成果名称,成果简介,行政区划\n{title},简介,{city}\n");
        let options = ImportOptions { kind: Some("offer".into()), ..ImportOptions::default() };
        let report = self.app.import(&Viewer::operator(), "offer.csv", csv.into_bytes(), &options).expect("imported");
        assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
        self.app.follow(&mut |_| {}).expect("the index follows");
    }

    fn pass(&self, seconds: i64) {
        self.hands.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

#[test]
fn a_webhook_is_told_what_its_account_may_know_signed_and_until_it_arrives() {
    let (place, receiver) = (Place::found(), Receiver::start());
    place.import("从前的成果", "常州市");
    let officer = place.viewer("officer");
    let made = place.app.make_hook(&officer, &receiver.url, &[HookEvent::Record], None).expect("a webhook");
    place.import("热障涂层", "常州市");
    place.import("南京的成果", "南京市");
    receiver.status.store(500, Ordering::Relaxed);
    let report = place.app.send_hooks("https://duijie.example.cn/").expect("a run");
    assert_eq!((report.messages, report.failures), (0, 1));
    let shown = place.app.hooks(&officer).expect("hooks");
    assert_eq!(shown[0].failure.as_ref().map(|failure| (failure.times, failure.why.as_str())), Some((1, "it answered 500")));
    place.app.send_hooks("https://duijie.example.cn").expect("a run");
    assert_eq!(receiver.taken().len(), 1, "it is not tried again at once");

    receiver.status.store(204, Ordering::Relaxed);
    place.pass(16);
    let report = place.app.send_hooks("https://duijie.example.cn").expect("a run");
    assert_eq!((report.messages, report.events, report.failures), (1, 1, 0));
    assert_eq!(place.app.hooks(&officer).expect("hooks")[0].failure, None);
    let taken = receiver.taken();
    let [first, second] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "the same message has the same name");
    assert_eq!(second.ids().len(), 1, "what was before, and elsewhere, is not told: {second:?}");
    assert!(second.body.contains("\"url\":\"https://duijie.example.cn/offer/") && !second.body.contains("热障"), "{}", second.body);

    let key = BASE64.decode(made.secret.strip_prefix("whsec_").expect("a mark").as_bytes()).expect("base 64");
    let seconds = second.header("webhook-timestamp").parse().expect("seconds");
    assert_eq!(second.header("webhook-signature"), signature(&key, second.header("webhook-id"), seconds, &second.body));
    assert_ne!(second.header("webhook-signature"), signature(&key, second.header("webhook-id"), seconds + 1, &second.body));

    assert!(place.app.remove_hook(&place.viewer("elsewhere"), &made.id).is_err(), "it is the officer's");
    place.app.remove_hook(&officer, &made.id).expect("removed");
    place.import("后来的成果", "常州市");
    place.app.send_hooks("https://duijie.example.cn").expect("a run");
    assert_eq!(receiver.taken().len(), 2);
}

#[test]
fn an_export_of_the_journal_holds_no_secret_of_a_webhook() {
    let place = Place::found();
    let made = place.app.make_hook(&place.viewer("officer"), "https://hooks.example.cn/", &HookEvent::ALL, None).expect("a webhook");
    let mut dump = Vec::new();
    place.app.dump_to(&mut dump).expect("a dump");
    let dump = String::from_utf8(dump).expect("text");
    assert!(dump.contains("hooks.example.cn") && !dump.contains(&made.secret["whsec_".len()..]));
}

#[test]
fn a_saved_search_tells_its_owner_of_what_is_new_once() {
    let place = Place::found();
    place.import("旧的涂层技术", "常州市");
    let officer = place.viewer("officer");
    let request = SearchRequest { text: "涂层".into(), ..SearchRequest::default() };
    let id = place.app.save_search(&officer, "涂层成果", "q=%E6%B6%82%E5%B1%82", &request, true).expect("saved");
    place.pass(3_600);
    assert_eq!(place.app.tell_searches().expect("a run"), 0, "nothing is new");
    place.import("新的涂层技术", "常州市");
    assert_eq!(place.app.tell_searches().expect("a run"), 0, "it was looked at just now");
    place.pass(3_600);
    assert_eq!(place.app.tell_searches().expect("a run"), 1);
    place.pass(3_600);
    assert_eq!(place.app.tell_searches().expect("a run"), 0, "once is enough");
    let inbox = place.app.inbox(&officer).expect("an inbox");
    assert_eq!(inbox.iter().map(|notice| notice.text.zh.as_str()).collect::<Vec<_>>(), ["“涂层成果”有 1 条新结果"]);
    assert!(place.app.inbox(&place.viewer("elsewhere")).expect("an inbox").is_empty());

    assert!(place.app.drop_search(&place.viewer("elsewhere"), &id).is_err(), "it is the officer's");
    place.app.tell_search(&officer, &id, false).expect("changed");
    place.import("更新的涂层技术", "常州市");
    place.pass(3_600);
    assert_eq!(place.app.tell_searches().expect("a run"), 0, "nobody asked to be told");
    place.app.drop_search(&officer, &id).expect("dropped");
    assert!(place.app.saved_searches(&officer).expect("searches").is_empty());
}
