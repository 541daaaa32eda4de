//! A login provider of few words on loopback: it publishes its configuration and a key, and gives a
//! token for the code `good` to whoever knows the secret and the verifier of the challenge it was
//! shown. It signs what the test tells it to say.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(crate) const SECRET: &str = "s3cret/+";

pub(crate) struct Provider {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

struct State {
    issuer: String,
    key: EcdsaKeyPair,
    claims: Value,
    challenge: String,
}

impl Provider {
    /// Answers until the test ends.
    pub(crate) fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).expect("a key");
        let state = Arc::new(Mutex::new(State { issuer: issuer.clone(), key, claims: Value::Null, challenge: String::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &shared)));
        Provider { issuer, state }
    }

    /// Looks at the page that the portal sends a browser to, and is ready to say `subject` with
    /// `more` claims. Returns the query that the browser brings back.
    pub(crate) fn agrees(&self, address: &str, subject: &str, more: Value) -> String {
        let (page, query) = address.split_once('?').expect("a query");
        assert_eq!(page, format!("{}/authorize", self.issuer));
        let asked: HashMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        assert_eq!((asked["response_type"], asked["code_challenge_method"], asked["client_id"]), ("code", "S256", "duijie"));
        assert!(asked["scope"].starts_with("openid%20"), "{query}");
        assert!(!query.contains("s3cret"), "no secret in an address");
        let plain = |name: &str| asked[name].replace("%5F", "_").replace("%2D", "-");
        let mut claims = json!({ "iss": self.issuer, "aud": "duijie", "sub": subject, "nonce": plain("nonce"), "exp": 4_000_000_000_i64 });
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let mut state = self.state.lock().expect("no test panicked here");
        (state.claims, state.challenge) = (claims, plain("code_challenge"));
        format!("code=good&state={}", plain("state"))
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        let lower = line.trim().to_ascii_lowercase();
        length = lower.strip_prefix("content-length: ").map_or(length, |text| text.parse().expect("a number"));
        head.push(line.trim().to_string());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    let state = state.lock().expect("no test panicked here");
    let (status, text) = respond(&state, &head, &String::from_utf8_lossy(&body));
    let text = text.to_string();
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
        .expect("written");
}

fn respond(state: &State, head: &[String], body: &str) -> (u16, Value) {
    let issuer = &state.issuer;
    match head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default() {
        "/.well-known/openid-configuration" => (
            200,
            json!({ "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/keys") }),
        ),
        "/keys" => {
            let point = state.key.public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|half| BASE64URL_NOPAD.encode(half));
            (200, json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": y }] }))
        }
        "/token" => token(state, head, body),
        _ => (404, Value::Null),
    }
}

fn token(state: &State, head: &[String], body: &str) -> (u16, Value) {
    let fields: HashMap<&str, &str> = body.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let verifier = fields["code_verifier"].replace("%5F", "_").replace("%2D", "-");
    let client = format!("Basic {}", BASE64.encode(b"duijie:s3cret%2F%2B"));
    let known = head.iter().any(|line| line.split_once(": ").is_some_and(|(name, value)| name.eq_ignore_ascii_case("authorization") && value == client));
    if !known {
        return (401, json!({ "error": "invalid_client" }));
    }
    if fields["code"] != "good" || BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes())) != state.challenge {
        return (400, json!({ "error": "invalid_grant" }));
    }
    let [head, body] = [json!({ "alg": "ES256", "kid": "1" }), state.claims.clone()].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
    let signed = format!("{head}.{body}");
    let signature = state.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
    (200, json!({ "access_token": "x", "token_type": "Bearer", "id_token": format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())) }))
}
