//! A model beside the words: what is embedded is found by what it means, and whatever the model does wrong,
//! search and matching go on and say so.

use crate::browser::Portal;
use axum::http::StatusCode;
use duijie_app::{App, SearchRequest, Viewer};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with the next question.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Refuses,
    Sleeps,
    Short,
    NotANumber,
    TooFew,
}

/// A server of embeddings that knows two subjects in two languages.
struct Server {
    address: String,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<Mutex<String>>,
}

const SUBJECTS: [&[&str]; 2] = [&["涂层", "coating"], &["极片", "电池", "battery"]];

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (mood, asked) = (Arc::new(Mutex::new(Mood::Well)), Arc::new(Mutex::new(String::new())));
        let (moods, heard) = (Arc::clone(&mood), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (moods, heard) = (Arc::clone(&moods), Arc::clone(&heard));
                std::thread::spawn(move || answer(stream.expect("a client"), &moods, &heard));
            }
        });
        Server { address, mood, asked }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("a mood") = mood;
    }
}

fn answer(mut stream: TcpStream, moods: &Mutex<Mood>, heard: &Mutex<String>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a reader"));
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        heard.lock().expect("what was asked").push_str(&line);
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let request: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    heard.lock().expect("what was asked").push_str(&request.to_string());
    let texts: Vec<&str> = request["input"].as_array().into_iter().flatten().filter_map(|text| text.as_str()).collect();
    let mood = *moods.lock().expect("a mood");
    let vector = |text: &&str| {
        let says = |subject: &[&str]| -> f32 { if subject.iter().any(|word| text.contains(word)) { 1.0 } else { 0.05 } };
        match mood {
            Mood::Short => "[1.0]".to_string(),
            Mood::NotANumber => "[NaN, 1.0, 1.0]".to_string(),
            _ => {
                let (coating, battery) = (says(SUBJECTS[0]), says(SUBJECTS[1]));
                format!("[{coating}, {battery}, {}]", if coating + battery < 1.0 { 1.0 } else { 0.05 })
            }
        }
    };
    let mut items: Vec<String> = texts.iter().map(vector).map(|vector| format!("{{\"embedding\":{vector}}}")).collect();
    if mood == Mood::TooFew {
        items.pop();
    }
    if mood == Mood::Sleeps {
        std::thread::sleep(Duration::from_secs(2));
    }
    let (status, body) = if mood == Mood::Refuses { (503, "overloaded".to_string()) } else { (200, format!("{{\"data\":[{}]}}", items.join(","))) };
    // Whoever does not wait is gone by now.
    drop(write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()));
}

fn setting(portal: &Portal, text: &str) -> App {
    std::fs::write(portal.app.dir().join("embedding.yaml"), text).expect("the setting is written");
    portal.again()
}

fn embed(app: &App) -> Option<i64> {
    app.follow_meaning(&AtomicBool::new(false), &mut |_| {}).expect("all is embedded")
}

fn search(app: &App, text: &str) -> duijie_app::SearchPage {
    app.search(&Viewer::public(), &SearchRequest { text: text.into(), ..SearchRequest::default() }).expect("a page")
}

#[test]
fn without_a_setting_nothing_is_different() {
    let portal = Portal::open();
    assert_eq!(embed(&portal.app), None);
    assert!(!portal.app.load_meaning());
    let page = search(&portal.app, "coating");
    assert_eq!((page.total, page.without_meaning), (0, None));
    assert_eq!(portal.app.health(&Viewer::operator()).expect("health").meaning, None);
}

#[test]
fn a_question_in_another_language_is_answered_and_the_share_embedded_is_told() {
    let (portal, server) = (Portal::open(), Server::start());
    let app = setting(&portal, &format!("server: {}\nkey_file: key\n", server.address));
    std::fs::write(app.dir().join("key"), "geheim\n").expect("a key");
    assert_eq!(search(&app, "coating").without_meaning.expect("it is told").zh, "语义模型正在载入");
    embed(&app);
    assert!(server.asked.lock().expect("what was asked").contains("Bearer geheim"));
    let page = search(&app, "coating");
    assert!(page.without_meaning.is_none() && page.total >= 2 && page.hits.iter().all(|hit| hit.by_meaning), "{page:?}");
    assert!(page.hits.iter().all(|hit| hit.title.iter().any(|piece| piece.text.contains("涂层"))), "{page:?}");
    let health = app.health(&Viewer::operator()).expect("health");
    let meaning = health.meaning.expect("the share embedded");
    assert!(meaning.embedded == meaning.records && meaning.records >= 5, "{meaning:?}");
    assert!(health.problems.is_empty(), "{:?}", health.problems);
    assert!(health.followers.iter().any(|(name, _, behind)| name == "vectors" && *behind == 0));
    assert!(!format!("{meaning:?}").contains("geheim"));
    // Nothing new, nothing asked.
    server.asked.lock().expect("what was asked").clear();
    embed(&app);
    assert_eq!(*server.asked.lock().expect("what was asked"), "");
    assert_eq!(app.rebuild_meaning(&mut |_| {}).expect("all again"), meaning.embedded);
}

#[test]
fn matches_have_a_part_for_what_is_meant_and_it_adds_up() {
    let (portal, server) = (Portal::open(), Server::start());
    let app = setting(&portal, &format!("server: {}\n", server.address));
    embed(&app);
    let found = search(&app, "高温合金叶片表面防护涂层工艺");
    let need = found.hits.iter().find(|hit| hit.kind == "need").expect("the need");
    let matches = app.matches(&Viewer::public(), &need.id, 10).expect("matches");
    let best = &matches.groups.iter().find(|group| group.kind == "offer").expect("offers").matches[0];
    let meaning = best.parts.iter().find(|part| part.name.zh == "语义").expect("a part for meaning");
    assert!(meaning.adds > 0.0);
    assert!((best.parts.iter().map(|part| part.adds).sum::<f64>() - best.score).abs() < 1e-5);
    assert!(best.for_reasons.iter().any(|reason| reason.zh == "意思相近"), "{:?}", best.for_reasons);
}

#[tokio::test]
async fn whatever_the_server_does_search_goes_on_and_says_so() {
    for mood in [Mood::Refuses, Mood::Sleeps, Mood::Short, Mood::NotANumber, Mood::TooFew] {
        let (portal, server) = (Portal::open(), Server::start());
        let app = setting(&portal, &format!("server: {}\n", server.address));
        embed(&app);
        server.is(mood);
        let page = search(&app, "涂层");
        assert!(page.total >= 2 && page.hits.iter().all(|hit| !hit.by_meaning));
        let why = page.without_meaning.expect("it is told").zh;
        assert!(why.contains("语义模型暂不可用"), "{why}");
        // A server that failed is left alone for a while.
        server.asked.lock().expect("what was asked").clear();
        assert!(search(&app, "高温").without_meaning.is_some());
        assert_eq!(*server.asked.lock().expect("what was asked"), "");
        let mut browser = portal.over(app).browser();
        let shown = browser.get("/search?q=%E6%B6%82%E5%B1%82").await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.text.contains("仅按文字检索") && shown.text.contains("语义模型暂不可用"), "{}", shown.text);
    }
}

#[test]
fn a_server_that_is_down_or_mad_stops_embedding_only_and_is_told() {
    let (portal, server) = (Portal::open(), Server::start());
    let app = setting(&portal, &format!("server: {}\n", server.address));
    for mood in [Mood::Refuses, Mood::NotANumber] {
        server.is(mood);
        assert!(app.follow_meaning(&AtomicBool::new(false), &mut |_| {}).is_err());
        let problems = app.health(&Viewer::operator()).expect("health").problems;
        assert!(problems.iter().any(|problem| problem.code == "health.meaning"), "{problems:?}");
        assert!(search(&app, "涂层").total >= 2);
    }
    server.is(Mood::Well);
    embed(&app);
    assert!(app.health(&Viewer::operator()).expect("health").problems.is_empty());
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let app = setting(&portal, &format!("server: http://{closed}\n"));
    assert!(app.follow_meaning(&AtomicBool::new(false), &mut |_| {}).is_err());
    assert!(search(&app, "涂层").total >= 2);
    let stop = AtomicBool::new(false);
    let told = Mutex::new(0);
    app.follow_meaning_until(&stop, &|_| {
        *told.lock().expect("a count") += 1;
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(*told.lock().expect("a count"), 1);
}

#[test]
fn a_setting_or_a_model_that_cannot_be_used_is_told_and_words_go_on() {
    let portal = Portal::open();
    std::fs::write(portal.app.dir().join("broken.bin"), [7; 4_000]).expect("a file");
    std::fs::write(portal.app.dir().join("empty.bin"), []).expect("a file");
    for text in [
        "model: broken.bin",
        "model: empty.bin",
        "model: none.bin",
        "server: nonsense",
        "{",
        "modell: x",
        "",
        "model: a\nserver: http://b",
        "server: http://localhost:1\nkey_file: none",
    ] {
        let app = setting(&portal, text);
        assert!(!app.load_meaning(), "{text}");
        let page = search(&app, "涂层");
        assert!(page.total >= 2 && page.without_meaning.is_some(), "{text}");
        let problems = app.health(&Viewer::operator()).expect("health").problems;
        assert!(problems.iter().any(|problem| problem.code == "health.meaning"), "{text}: {problems:?}");
        assert!(app.rebuild_meaning(&mut |_| {}).is_err(), "{text}");
    }
}
