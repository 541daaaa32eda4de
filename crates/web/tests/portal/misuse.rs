//! What goes wrong in browsers and networks: slow clients, and the same form twice.

use crate::browser::Portal;
use axum::http::StatusCode;
use duijie_web::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a client that sends `bytes` and then nothing more gets to read until the connection ends.
/// Time stands still and is moved on whenever nothing else can happen, so nobody waits.
async fn stalled(bytes: &[u8]) -> String {
    let portal = Portal::open();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(duijie_web::serve(portal.app.clone(), listener, Options::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an end");
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_loses_its_connection() {
    let answer = stalled(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_end_is_told_so() {
    let head =
        "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlogin=li";
    let answer = stalled(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("接收超时"), "{answer}");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_writes_once_and_keeps_what_was_typed() {
    let portal = Portal::open();
    let mut officer = portal.logged_in("officer").await;
    let token = officer.get("/need/new").await.token();
    let fields = [("_token", token.as_str()), ("title", "电解液回收"), ("main_problem", "回收率低"), ("region", "常州市")];
    let first = officer.post("/need/new", &fields).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    let entries = portal.app.figures().expect("figures").entries;
    let second = officer.post("/need/new", &fields).await;
    assert_eq!(portal.app.figures().expect("figures").entries, entries, "nothing is written twice");
    let led = second.status == StatusCode::SEE_OTHER && second.header("location") == first.header("location");
    assert!(led || (second.status == StatusCode::CONFLICT && second.text.contains("电解液回收")), "{} {}", second.status, second.text);
}
