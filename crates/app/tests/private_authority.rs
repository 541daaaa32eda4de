//! Servers whose certificates an authority of the house signed: each client of the product refuses
//! them, until it is told of the authority.

use duijie_app::{Mail, NamedBy, Outbound, OutboundOptions, Post, Robot, RobotKind, Sending, Smtp, TlsRoots, embedding};
use duijie_matching::Role;
use duijie_vocab::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

type Encrypted = StreamOwned<ServerConnection, TcpStream>;

/// A house with an authority of its own and a certificate for `localhost`.
struct House {
    roots: TlsRoots,
    server: Arc<ServerConfig>,
}

impl House {
    fn found() -> House {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of the house");
        let key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&key).expect("an authority");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, authority.pem()).expect("written");
        let own = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["localhost".to_string()]).expect("a name").signed_by(&own, &Issuer::new(params, key)).expect("signed");
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(own.serialize_der()).into())
            .expect("a certificate and its key");
        House { roots: TlsRoots::read(&path).expect("one root"), server: Arc::new(server) }
    }

    /// The port of a server that talks with each of its clients as `talk` does.
    fn serve(&self, talk: fn(TcpStream, &Arc<ServerConfig>) -> std::io::Result<()>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let server = Arc::clone(&self.server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Clients that do not trust the certificate hang up in the middle; they say so themselves.
                talk(stream, &server).unwrap_or_default();
            }
        });
        port
    }

    fn outbound(&self, knows: bool, host: String) -> Outbound {
        Outbound::new(OutboundOptions { hosts: vec![host], roots: self.roots(knows), ..OutboundOptions::default() })
    }

    fn roots(&self, knows: bool) -> TlsRoots {
        if knows { self.roots.clone() } else { TlsRoots::default() }
    }
}

fn encrypted(stream: TcpStream, server: &Arc<ServerConfig>) -> std::io::Result<Encrypted> {
    let connection = ServerConnection::new(Arc::clone(server)).map_err(std::io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// Answers every request as a robot and an embedding server would.
fn web(stream: TcpStream, server: &Arc<ServerConfig>) -> std::io::Result<()> {
    let mut lines = BufReader::new(encrypted(stream, server)?);
    let (mut line, mut length) = (String::new(), 0);
    while lines.read_line(&mut line)? > 2 {
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().map_err(std::io::Error::other)?;
        }
        line.clear();
    }
    lines.read_exact(&mut vec![0; length])?;
    let answer = r#"{"errcode":0,"data":[{"index":0,"embedding":[0.6,0.8]}]}"#;
    let mut stream = lines.into_inner();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}", answer.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Takes letters over a connection that is encrypted from its beginning.
fn mail(stream: TcpStream, server: &Arc<ServerConfig>) -> std::io::Result<()> {
    let mut stream = BufReader::new(encrypted(stream, server)?);
    stream.get_mut().write_all(b"220 ready\r\n")?;
    letters(&mut stream)
}

/// Takes letters over a connection that is encrypted when the client asks for it.
fn mail_that_is_asked(stream: TcpStream, server: &Arc<ServerConfig>) -> std::io::Result<()> {
    let mut plain = BufReader::new(stream);
    plain.get_mut().write_all(b"220 ready\r\n")?;
    let mut line = String::new();
    while plain.read_line(&mut line)? > 0 {
        let said = std::mem::take(&mut line);
        if said.starts_with("STARTTLS") {
            plain.get_mut().write_all(b"220 go on\r\n")?;
            return letters(&mut BufReader::new(encrypted(plain.into_inner(), server)?));
        }
        plain.get_mut().write_all(b"250-localhost\r\n250 STARTTLS\r\n")?;
    }
    Ok(())
}

fn letters(stream: &mut BufReader<Encrypted>) -> std::io::Result<()> {
    let (mut line, mut reading) = (String::new(), false);
    while stream.read_line(&mut line)? > 0 {
        let said = std::mem::take(&mut line);
        let answer = match said.trim_end() {
            "." if reading => {
                reading = false;
                "250 taken"
            }
            _ if reading => continue,
            "DATA" => {
                reading = true;
                "354 go on"
            }
            _ => "250 ok",
        };
        stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

fn mistrusted(fault: impl std::fmt::Display) {
    let fault = fault.to_string().to_lowercase();
    assert!(fault.contains("unknownissuer") || fault.contains("unknown issuer") || fault.contains("certificate"), "{fault}");
}

#[test]
fn requests_and_robots_go_to_a_server_that_the_house_vouches_for() {
    let house = House::found();
    let port = house.serve(web);
    let (host, url) = (format!("localhost:{port}"), format!("https://localhost:{port}/hook"));
    let sending = Sending { named_by: NamedBy::Operator, url: &url, headers: &[], body: Some(b"{}") };
    let robot = Robot { kind: RobotKind::Wecom, address: url.clone(), secret: String::new() };
    let now = Timestamp::from_micros(0).expect("an instant");

    let strange = house.outbound(false, host.clone());
    mistrusted(strange.send(&sending).expect_err("who is that?"));
    let fault = robot.tell(&strange, "你好", now).expect_err("who is that?");
    assert_ne!(fault.kind(), ErrorKind::InvalidInput, "it may be vouched for tomorrow");
    mistrusted(fault);

    let known = house.outbound(true, host);
    assert_eq!(known.send(&sending).expect("an answer").status, 200);
    robot.tell(&known, "你好", now).expect("taken");
}

#[test]
fn letters_go_to_a_mail_server_that_the_house_vouches_for() {
    let house = House::found();
    let letter = Mail { to: "li@example.cn".into(), subject: "你好".into(), body: "信".into() };
    let (wrapped, asked) = (house.serve(mail), house.serve(mail_that_is_asked));
    for address in
        [format!("smtps://localhost:{wrapped}"), format!("smtp://localhost:{asked}?tls=required"), format!("smtp://localhost:{asked}?tls=opportunistic")]
    {
        let server = |knows| Smtp::at(&address, "duijie@example.cn", &house.roots(knows)).expect("an address");
        mistrusted(server(false).send("letter-1", &letter).expect_err("who is that?"));
        server(true).send("letter-1", &letter).unwrap_or_else(|fault| panic!("{address}: {fault}"));
    }
}

#[test]
fn vectors_come_from_a_server_that_the_house_vouches_for() {
    let house = House::found();
    let address = format!("https://localhost:{}", house.serve(web));
    let server = |knows| embedding(None, Some(&address), &house.roots(knows)).expect("an address").expect("a server");
    mistrusted(server(false).embed(&["涂层"], Role::Query).expect_err("who is that?"));
    assert_eq!(server(true).embed(&["涂层"], Role::Query).expect("vectors").len(), 1);
}
