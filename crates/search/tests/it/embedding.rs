//! A server of embeddings that does what it should, and every way in which it may not.

use duijie_matching::{Embed, EmbedFault, LocalModel, Role, likeness};
use duijie_search::{EmbeddingServer, ServerOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

/// A server that gives `answers` one after another, each after `delay`, then is gone.
fn fake(answers: Vec<(u16, String)>, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut request = vec![0; length];
            reader.read_exact(&mut request).unwrap();
            assert!(String::from_utf8(request).unwrap().contains("\"input\""));
            std::thread::sleep(delay);
            // The client may have left.
            if write!(stream, "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
                .is_err()
            {
                return;
            }
        }
    });
    address
}

fn answer(vectors: &[&str]) -> (u16, String) {
    let items: Vec<String> = vectors.iter().enumerate().map(|(at, vector)| format!("{{\"index\":{at},\"embedding\":{vector}}}")).collect();
    (200, format!("{{\"data\":[{}]}}", items.join(",")))
}

fn ask(address: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFault> {
    let options = ServerOptions { timeout: Duration::from_millis(500), ..ServerOptions::default() };
    EmbeddingServer::with(address, options).unwrap().embed(texts, Role::Query)
}

fn once(status: u16, body: &str) -> Result<Vec<Vec<f32>>, EmbedFault> {
    ask(&fake(vec![(status, body.to_string())], Duration::ZERO), &["一"])
}

#[test]
fn vectors_come_scaled_and_in_their_order() {
    let swapped = "{\"data\":[{\"index\":1,\"embedding\":[0,2]},{\"index\":0,\"embedding\":[3,4]}],\"model\":\"m\"}";
    let address = fake(vec![(200, swapped.to_string())], Duration::ZERO);
    assert_eq!(ask(&address, &["一", "二"]).unwrap(), [vec![0.6, 0.8], vec![0.0, 1.0]]);
}

#[test]
fn whatever_a_server_does_wrong_is_told() {
    assert!(matches!(once(503, "overloaded"), Err(EmbedFault::Refused(said)) if said.contains("503") && said.contains("overloaded")));
    assert!(matches!(once(302, ""), Err(EmbedFault::Refused(_))));
    for body in [
        "",
        "not json",
        "{}",
        "{\"data\":[]}",
        "{\"data\":[{\"embedding\":[NaN]}]}",
        "{\"data\":[{\"embedding\":[null]}]}",
        "{\"data\":[{\"embedding\":[1e99]}]}",
        "{\"data\":[{\"embedding\":[0,0]}]}",
        "{\"data\":[{\"index\":7,\"embedding\":[1]}]}",
    ] {
        let answered = once(200, body);
        assert!(matches!(answered, Err(EmbedFault::Unusable(_))), "{body}: {answered:?}");
    }
}

#[test]
fn a_server_that_is_down_or_slow_is_not_waited_for() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(ask(&format!("http://{closed}"), &["一"]), Err(EmbedFault::Unreachable(_))));
    let slow = fake(vec![answer(&["[1]"])], Duration::from_secs(3));
    assert_eq!(ask(&slow, &["一"]), Err(EmbedFault::Slow));
}

#[test]
fn a_server_cannot_change_the_size_of_its_vectors() {
    let address = fake(vec![answer(&["[1,0]"]), answer(&["[1,0,0]"])], Duration::ZERO);
    let server = EmbeddingServer::at(&address).unwrap();
    assert_eq!(server.embed(&["一"], Role::Passage).unwrap().len(), 1);
    assert!(matches!(server.embed(&["二"], Role::Passage), Err(EmbedFault::Unusable(_))));
    assert!(server.embed(&[], Role::Query).unwrap().is_empty());
}

#[test]
fn an_address_is_a_host_and_nothing_else() {
    for wrong in ["", "localhost:8000", "https://", "http://", "http://a/b", "http://user@a", "ftp://a"] {
        assert!(EmbeddingServer::at(wrong).is_err(), "{wrong}");
    }
    for right in ["http://127.0.0.1:8000/v1/embeddings", "https://models.example", "https://models.example:8443/v1/embeddings/"] {
        assert!(EmbeddingServer::at(right).is_ok(), "{right}");
    }
}

/// Against a real server and the same model in this process, where both are given.
#[test]
fn a_server_and_the_model_in_this_process_agree() {
    let (Some(file), Some(address)) = (std::env::var_os("DUIJIE_TEST_MODEL"), std::env::var_os("DUIJIE_TEST_EMBEDDING_SERVER")) else {
        println!("skipped: DUIJIE_TEST_MODEL and DUIJIE_TEST_EMBEDDING_SERVER are not both set");
        return;
    };
    let model = LocalModel::read(&std::fs::read(file).unwrap()).unwrap();
    let server = EmbeddingServer::at(&address.to_string_lossy()).unwrap();
    let texts = ["高温合金叶片的热障涂层", "thermal barrier coatings for turbine blades", "纯度99.99999%的铝，500 kV", "😀 ١٢٣ \u{202e}abc", "一"];
    for role in [Role::Query, Role::Passage] {
        let (here, there) = (model.embed(&texts, role).unwrap(), server.embed(&texts, role).unwrap());
        for ((here, there), text) in here.iter().zip(&there).zip(texts) {
            assert!(likeness(here, there) >= 0.999, "{text}: {}", likeness(here, there));
        }
    }
}
