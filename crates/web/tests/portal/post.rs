//! Notices leave the house: letters to a mail server, messages to robots of chat groups, as often as
//! each person chose, and what is not taken is tried again and shown.

use crate::clockwork::{PORTAL, Town};
use data_encoding::BASE64;
use duijie_app::{NoticeChoice, Often, Outbound, OutboundOptions, Robot, RobotKind, Smtp, TlsRoots, Viewer};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

const MINUTE: i64 = 60_000_000;

impl Town {
    fn minutes(&self, minutes: i64) {
        self.hands.0.fetch_add(minutes * MINUTE, Ordering::Relaxed);
    }

    fn choose(&self, viewer: &Viewer, choice: &NoticeChoice) {
        self.app.set_notice_choice(viewer, choice).unwrap();
    }
}

/// What a server heard, request by request.
type Heard = Arc<Mutex<Vec<String>>>;

/// Serves every connection with `talk` on a thread of its own, until the process ends.
fn listening(talk: fn(TcpStream, &Heard)) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| talk(stream, &kept)));
    (port, heard)
}

/// SMTP as far as one letter needs it; nobody called `nobody` lives here.
fn mail_server(stream: TcpStream, heard: &Heard) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let mut say = |words: &str| stream.write_all(format!("{words}\r\n").as_bytes()).unwrap();
    say("220 ready");
    let (mut line, mut letter, mut reading) = (String::new(), String::new(), false);
    while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
        let said = std::mem::take(&mut line);
        match said.trim_end() {
            "." if reading => {
                reading = false;
                heard.lock().unwrap().push(std::mem::take(&mut letter));
                say("250 taken");
            }
            _ if reading => letter.push_str(&said),
            word if word.starts_with("RCPT") && word.contains("nobody@") => say("550 no such mailbox"),
            word if word.starts_with("DATA") => {
                reading = true;
                say("354 go on");
            }
            word if word.starts_with("QUIT") => {
                say("221 bye");
                return;
            }
            _ => say("250 ok"),
        }
    }
}

/// A robot that takes what it is told, unless the path says that it is gone.
fn robot(mut stream: TcpStream, heard: &Heard) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    let answer = if head.contains("/gone") { r#"{"errcode":93000,"errmsg":"invalid webhook url"}"# } else { r#"{"errcode":0,"code":0}"# };
    heard.lock().unwrap().push(format!("{head}\n{}", String::from_utf8(body).unwrap()));
    stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}", answer.len()).as_bytes()).unwrap();
}

/// The text of a letter as a mail program shows it.
fn shown(letter: &str) -> String {
    let (head, body) = letter.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains("Content-Transfer-Encoding: base64"), "{head}");
    String::from_utf8(BASE64.decode(body.replace("\r\n", "").as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_letter_reaches_the_mail_server_and_a_mailbox_that_is_not_there_is_shown() {
    let (port, heard) = listening(mail_server);
    let smtp = Smtp::at(&format!("smtp://127.0.0.1:{port}"), "对接平台 <duijie@example.cn>", &TlsRoots::default()).unwrap();
    let town = Town::found().with(|app| app.with_post(Arc::new(smtp)));
    town.submitted();
    town.minutes(1);
    assert_eq!(town.letters(), 1);
    let letter = heard.lock().unwrap().pop().unwrap();
    assert!(letter.contains("To: officer@example.cn") && letter.contains("<duijie@example.cn>") && letter.contains("Message-ID: <letter-"), "{letter}");
    assert!(shown(&letter).contains("请认领审核") && shown(&letter).contains("https://duijie.example.cn/case/case-"), "{}", shown(&letter));
    town.app.set_email(&town.officer, "nobody@example.cn").unwrap();
    town.submitted();
    town.minutes(1);
    let report = town.app.send_letters(PORTAL).unwrap();
    assert_eq!((report.letters, report.failed), (0, 1));
    let failures = town.app.letter_failures().unwrap();
    assert!(failures[0].again.is_none() && failures[0].why.contains("no such mailbox"), "{failures:?}");
    town.days(1);
    assert_eq!(town.app.send_letters(PORTAL).unwrap().failed, 0, "what is final is not tried again");
}

#[test]
fn robots_of_three_kinds_are_told_in_their_own_forms() {
    let (port, heard) = listening(robot);
    let town =
        Town::found().with(|app| app.with_outbound(Outbound::new(OutboundOptions { hosts: vec![format!("127.0.0.1:{port}")], ..OutboundOptions::default() })));
    for (kind, signed) in [(RobotKind::Wecom, false), (RobotKind::Dingtalk, true), (RobotKind::Feishu, true)] {
        let robot = Robot { kind, address: format!("http://127.0.0.1:{port}/hook?key=k"), secret: if signed { "SEC1".into() } else { String::new() } };
        town.choose(&town.officer, &NoticeChoice { email: false, robot: Some(robot), ..NoticeChoice::default() });
        town.submitted();
        town.minutes(1);
        assert_eq!(town.letters(), 1, "{kind:?}");
        let said = heard.lock().unwrap().pop().unwrap();
        assert!(said.contains("POST /hook?key=k") && said.contains("请认领审核") && said.contains("/case/case-"), "{said}");
        assert_eq!(said.contains("sign"), signed, "{said}");
    }
    assert_eq!(town.post.letters.lock().unwrap().len(), 0, "who chose a robot alone gets no letter");
    let gone = Robot { kind: RobotKind::Wecom, address: format!("http://127.0.0.1:{port}/gone"), secret: String::new() };
    town.choose(&town.officer, &NoticeChoice { robot: Some(gone), ..NoticeChoice::default() });
    assert!(town.app.try_robot(&town.officer).is_err());
    town.submitted();
    town.minutes(1);
    let report = town.app.send_letters(PORTAL).unwrap();
    assert_eq!((report.letters, report.failed), (1, 1), "the robot that is gone keeps no letter back");
    let elsewhere = Robot { kind: RobotKind::Wecom, address: "http://127.0.0.1:1/hook".into(), secret: String::new() };
    assert!(town.app.set_notice_choice(&town.officer, &NoticeChoice { robot: Some(elsewhere), ..NoticeChoice::default() }).is_err());
}

#[test]
fn one_is_told_as_often_as_one_chose() {
    let town = Town::found();
    town.choose(&town.officer, &NoticeChoice { often: Often::Daily, ..NoticeChoice::default() });
    town.submitted();
    town.minutes(60);
    town.submitted();
    assert_eq!(town.letters(), 0);
    town.days(1);
    assert_eq!(town.letters(), 1, "two notices of a day are one letter");
    assert!(town.post.letters.lock().unwrap().values().next().unwrap().subject.starts_with("2 条对接通知"));
    town.choose(&town.officer, &NoticeChoice { often: Often::Never, ..NoticeChoice::default() });
    town.submitted();
    town.days(8);
    assert_eq!(town.letters(), 0);
    assert_eq!(town.app.unread(&town.officer).unwrap(), 3, "the inbox has all of them");
    town.choose(&town.officer, &NoticeChoice::default());
    town.submitted();
    town.app.read_inbox(&town.officer).unwrap();
    town.minutes(1);
    assert_eq!(town.letters(), 0, "what was read needs no letter");
}

#[test]
fn an_outbox_survives_a_restart_and_sends_nothing_twice() {
    let mut town = Town::found();
    town.post.closed.store(true, Ordering::Relaxed);
    town.submitted();
    town.minutes(1);
    assert_eq!(town.letters(), 0);
    town = town.restarted();
    assert_eq!(town.app.letter_failures().unwrap().len(), 1);
    town.post.closed.store(false, Ordering::Relaxed);
    town.minutes(2);
    assert_eq!(town.letters(), 1);
    town = town.restarted();
    town.days(3);
    assert_eq!(town.letters(), 0);
    assert!(town.app.check().unwrap().sound);
}

/// A mail server that others wrote, if this machine has it.
struct Aiosmtpd(Child);

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("it ends");
    }
}

const AIOSMTPD: &str = "
import sys
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Debugging
controller = Controller(Debugging(sys.stdout), hostname='127.0.0.1', port=int(sys.argv[1]))
controller.start()
print('ready', flush=True)
sys.stdin.read()
";

#[test]
fn a_mail_server_of_others_takes_our_letters() {
    let there = Command::new("python3").args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        println!("skipped: there is no aiosmtpd for python3");
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let started = Command::new("python3").args(["-uc", AIOSMTPD, &port.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut server = Aiosmtpd(started.unwrap());
    let mut said = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(said.next().as_deref(), Some("ready"));
    let smtp = Smtp::at(&format!("smtp://127.0.0.1:{port}"), "duijie@example.cn", &TlsRoots::default()).unwrap();
    let town = Town::found().with(|app| app.with_post(Arc::new(smtp)));
    town.submitted();
    town.minutes(1);
    assert_eq!(town.letters(), 1);
    assert!(said.by_ref().take(12).any(|line| line == "To: officer@example.cn"));
}
