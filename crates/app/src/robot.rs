//! Robots of chat groups: messages in the forms that WeCom, DingTalk and Feishu accept, signed as
//! the last two ask for it. Only addresses of these three, or of hosts that the operator named, are
//! called: nobody makes the server call into the house.

use crate::outbound::{NamedBy, Outbound, OutboundFault, Sending};
use data_encoding::BASE64;
use duijie_vocab::{Diagnostic, Place, Text, Timestamp, text};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io;

/// A robot that somebody's notices go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Robot {
    pub kind: RobotKind,
    /// The address that the chat program shows for the robot; it carries the key.
    pub address: String,
    /// The secret for signing 加签; empty for none.
    #[serde(default)]
    pub secret: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RobotKind {
    Wecom,
    Dingtalk,
    Feishu,
}

/// WeCom takes at most 2,048 bytes of text, the others more.
const MAX_TEXT: usize = 2_000;
const MAX_ADDRESS: usize = 500;

impl RobotKind {
    pub const ALL: [RobotKind; 3] = [RobotKind::Wecom, RobotKind::Dingtalk, RobotKind::Feishu];

    pub fn as_str(self) -> &'static str {
        match self {
            RobotKind::Wecom => "wecom",
            RobotKind::Dingtalk => "dingtalk",
            RobotKind::Feishu => "feishu",
        }
    }

    pub fn name(self) -> Text {
        match self {
            RobotKind::Wecom => text!("企业微信群机器人", "WeCom robot"),
            RobotKind::Dingtalk => text!("钉钉群机器人", "DingTalk robot"),
            RobotKind::Feishu => text!("飞书群机器人", "Feishu robot"),
        }
    }

    fn hosts(self) -> &'static [&'static str] {
        match self {
            RobotKind::Wecom => &["qyapi.weixin.qq.com"],
            RobotKind::Dingtalk => &["oapi.dingtalk.com", "api.dingtalk.com"],
            RobotKind::Feishu => &["open.feishu.cn", "open.larksuite.com"],
        }
    }
}

impl Robot {
    /// What keeps the robot from being called by way of `outbound`.
    pub fn faults(&self, outbound: &Outbound) -> Vec<Diagnostic> {
        if self.may_be_called(outbound) {
            return Vec::new();
        }
        let name = self.kind.name();
        let message = Text::new(format!("这不是{}的地址", name.zh), format!("this is no address of a {}", name.en));
        let first = self.kind.hosts()[0];
        let help =
            text!("从群设置中复制完整地址，以 https://{first}/ 开头", "copy the whole address from the group's settings; it begins with https://{first}/");
        vec![Diagnostic::error("robot.address", message).at(Place::field("robot_address")).help(help)]
    }

    fn may_be_called(&self, outbound: &Outbound) -> bool {
        // What a browser and a server could read as two different addresses is none.
        let plain = self.address.len() <= MAX_ADDRESS && self.address.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '\\' | '#' | '"'));
        plain && outbound.check(self.named_by(), &self.address).is_ok()
    }

    fn named_by(&self) -> NamedBy {
        NamedBy::PersonAmong(self.kind.hosts())
    }

    /// Hands `words` to the robot. A fault of kind `InvalidInput` is final: trying again will not help.
    pub fn tell(&self, outbound: &Outbound, words: &str, now: Timestamp) -> io::Result<()> {
        if !self.may_be_called(outbound) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the robot's address is none that may be called"));
        }
        let (address, body) = request(self, words, now);
        let (headers, body) = ([("content-type", "application/json")], body.to_string());
        let sending = Sending { named_by: self.named_by(), url: &address, headers: &headers, body: Some(body.as_bytes()) };
        let reply = outbound.send(&sending).map_err(|fault| self.without_key(&fault))?;
        accepted(reply.status, &reply.body)
    }

    /// A fault that does not tell the address, which is a key.
    fn without_key(&self, fault: &OutboundFault) -> io::Error {
        match fault {
            OutboundFault::Address(_) => io::Error::new(io::ErrorKind::InvalidInput, "the robot's address is none that may be called"),
            other => io::Error::other(other.to_string().replace(&self.address, self.kind.as_str())),
        }
    }
}

/// The address to post to and what: the text message of the robot's kind.
fn request(robot: &Robot, words: &str, now: Timestamp) -> (String, Value) {
    let words = bounded(words);
    match robot.kind {
        RobotKind::Wecom => (robot.address.clone(), json!({ "msgtype": "text", "text": { "content": words } })),
        RobotKind::Dingtalk => {
            let body = json!({ "msgtype": "text", "text": { "content": words } });
            if robot.secret.is_empty() {
                return (robot.address.clone(), body);
            }
            let millis = now.micros() / 1_000;
            let sign = signature(&robot.secret, format!("{millis}\n{}", robot.secret).as_bytes());
            let joint = if robot.address.contains('?') { '&' } else { '?' };
            (format!("{}{joint}timestamp={millis}&sign={}", robot.address, utf8_percent_encode(&sign, NON_ALPHANUMERIC)), body)
        }
        RobotKind::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": words } });
            if !robot.secret.is_empty() {
                let seconds = now.micros() / 1_000_000;
                // Feishu signs nothing with a key made of the time and the secret.
                body["sign"] = signature(&format!("{seconds}\n{}", robot.secret), b"").into();
                body["timestamp"] = seconds.to_string().into();
            }
            (robot.address.clone(), body)
        }
    }
}

/// HMAC-SHA-256 in base 64.
fn signature(key: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("BUG: HMAC takes keys of any length");
    mac.update(message);
    BASE64.encode(&mac.finalize().into_bytes())
}

/// All three answer 200 with a number that is 0 if the message was taken.
fn accepted(status: u16, said: &str) -> io::Result<()> {
    let answer: Value = serde_json::from_str(said).unwrap_or(Value::Null);
    let number = ["errcode", "code", "StatusCode"].iter().find_map(|key| answer[*key].as_i64());
    if status == 200 && number == Some(0) {
        return Ok(());
    }
    let why = ["errmsg", "msg", "StatusMessage"].iter().find_map(|key| answer[*key].as_str()).unwrap_or("no answer of a robot");
    Err(io::Error::other(format!("{status} {}: {why}", number.map(|number| number.to_string()).unwrap_or_default())))
}

/// The text as far as every robot takes it.
fn bounded(words: &str) -> String {
    if words.len() <= MAX_TEXT {
        return words.to_string();
    }
    let end = (0..=MAX_TEXT).rev().find(|end| words.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &words[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::OutboundOptions;

    fn robot(kind: RobotKind, address: &str, secret: &str) -> Robot {
        Robot { kind, address: address.into(), secret: secret.into() }
    }

    /// The expected signatures were made with Python's `hmac` and `base64` as the makers' pages tell.
    #[test]
    fn dingtalk_and_feishu_messages_are_signed_as_their_makers_ask() {
        let now = Timestamp::from_micros(1_767_225_600_000_000).unwrap();
        let (address, body) = request(&robot(RobotKind::Dingtalk, "https://oapi.dingtalk.com/robot/send?access_token=k", "SEC1"), "你好", now);
        assert_eq!(
            address,
            "https://oapi.dingtalk.com/robot/send?access_token=k&timestamp=1767225600000&sign=HPFHugH1A%2BacGr13GtVWd8qv0xuQH5%2Bzzmm7%2FcG8mLk%3D"
        );
        assert_eq!(body, json!({ "msgtype": "text", "text": { "content": "你好" } }));
        let (_, body) = request(&robot(RobotKind::Feishu, "https://open.feishu.cn/open-apis/bot/v2/hook/k", "SEC1"), "你好", now);
        assert_eq!(
            body,
            json!({ "timestamp": "1767225600", "sign": "JoTyvUui5FmpZkSZo0YG6x0t8mHb8OlP8z2cj74t6ig=", "msg_type": "text", "content": { "text": "你好" } })
        );
    }

    #[test]
    fn only_hosts_of_the_three_and_named_ones_are_called() {
        let outbound = Outbound::new(OutboundOptions { hosts: vec!["10.0.0.7:8080".into()], ..OutboundOptions::default() });
        let may = |kind, address: &str| robot(kind, address, "").faults(&outbound).is_empty();
        assert!(may(RobotKind::Wecom, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"));
        assert!(may(RobotKind::Feishu, "http://10.0.0.7:8080/hook"));
        for wrong in [
            "http://qyapi.weixin.qq.com/x",
            "https://qyapi.weixin.qq.com.evil.example/x",
            "https://qyapi.weixin.qq.com@evil.example/x",
            "https://evil.example\\@qyapi.weixin.qq.com/x",
            "http://127.0.0.1:8080/x",
            "https://oapi.dingtalk.com/x",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!may(RobotKind::Wecom, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_robot_that_says_no_or_nothing_is_a_fault() {
        assert!(accepted(200, r#"{"errcode":0,"errmsg":"ok"}"#).is_ok() && accepted(200, r#"{"StatusCode":0,"code":0}"#).is_ok());
        assert!(accepted(200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#).unwrap_err().to_string().contains("93000: invalid webhook url"));
        assert!(accepted(502, "<html>").is_err() && accepted(200, "").is_err());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert!(bounded(&"一".repeat(5_000)).len() <= 2_048);
        assert_eq!(bounded("短"), "短");
    }
}
