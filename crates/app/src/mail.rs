//! Letters that the product sends. How they travel is for whoever implements [`Post`]; without
//! anybody they are laid down in the data directory's `outbox`, from where a mail server may take them.

use data_encoding::BASE64;
use std::io::Write;
use std::path::PathBuf;

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: String,
}

/// Takes letters for delivery.
pub trait Post: Send + Sync {
    /// Returns once the letter is safe with whoever delivers it. `id` tells letters apart; the same
    /// one again is the same letter. A fault of kind `InvalidInput` is final: trying again will not help.
    fn send(&self, id: &str, mail: &Mail) -> std::io::Result<()>;
}

/// Lays letters down as files in a folder.
#[derive(Clone, Debug)]
pub struct Outbox(pub PathBuf);

impl Post for Outbox {
    fn send(&self, id: &str, mail: &Mail) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let path = self.0.join(format!("{id}.eml"));
        let aside = path.with_extension("tmp");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // A letter may hold a key to somebody's account.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&aside)?.write_all(mail.message().as_bytes())?;
        std::fs::rename(&aside, &path)
    }
}

impl Mail {
    /// The letter as an Internet message (RFC 5322) in base 64, without sender and date, which the
    /// mail server adds.
    pub fn message(&self) -> String {
        let to: String = self.to.chars().filter(|c| !c.is_control()).collect();
        let subject = BASE64.encode(self.subject.as_bytes());
        let encoded = BASE64.encode(self.body.as_bytes());
        let lines: Vec<&str> = encoded.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!(
            "To: {to}\r\nSubject: =?UTF-8?B?{subject}?=\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_one_message_and_its_address_one_line() {
        let mail = Mail { to: "a@b.cn\r\nBcc: c@d.cn".into(), subject: "重设密码".into(), body: "一".repeat(60) };
        let message = mail.message();
        assert!(message.starts_with("To: a@b.cnBcc: c@d.cn\r\nSubject: =?UTF-8?B?6YeN6K6+5a+G56CB?=\r\n"), "{message}");
        assert!(message.lines().all(|line| line.len() <= 78), "{message}");
    }
}
