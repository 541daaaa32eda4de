//! Letters over SMTP to the mail server of the house.

use crate::mail::{Mail, Post};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{SmtpTransport, Transport};
use std::io;
use std::time::Duration;

/// A mail server, and in whose name letters go.
pub struct Smtp {
    transport: SmtpTransport,
    from: Mailbox,
}

#[derive(Debug, thiserror::Error)]
pub enum SmtpFault {
    #[error("the mail server's address is not like smtp://user:password@host:587?tls=required or smtps://user:password@host:465: {0}")]
    Address(String),
    #[error("`{0}` is no sender like 对接平台 <duijie@example.cn>")]
    Sender(String),
}

/// How long the server may take to answer one command.
const PATIENCE: Duration = Duration::from_secs(20);

impl Smtp {
    /// The server at `address` (`smtps://`, or `smtp://` with `?tls=required` or `?tls=opportunistic`;
    /// without it nothing is encrypted) for letters from `sender`. Nothing is asked yet.
    pub fn at(address: &str, sender: &str) -> Result<Smtp, SmtpFault> {
        let from = sender.parse().map_err(|_| SmtpFault::Sender(sender.to_string()))?;
        let builder = SmtpTransport::from_url(address).map_err(|fault| SmtpFault::Address(fault.to_string()))?;
        Ok(Smtp { transport: builder.timeout(Some(PATIENCE)).build(), from })
    }

    fn message(&self, id: &str, mail: &Mail) -> io::Result<Message> {
        let final_fault = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let to: Mailbox = mail.to.parse().map_err(|_| final_fault(format!("`{}` is no address", mail.to)))?;
        let host = self.from.email.domain();
        let builder = Message::builder().from(self.from.clone()).to(to).subject(mail.subject.as_str()).message_id(Some(format!("<{id}@{host}>")));
        builder.header(ContentType::TEXT_PLAIN).body(mail.body.clone()).map_err(|fault| final_fault(fault.to_string()))
    }
}

impl Post for Smtp {
    fn send(&self, id: &str, mail: &Mail) -> io::Result<()> {
        let message = self.message(id, mail)?;
        self.transport.send(&message).map(drop).map_err(|fault| {
            let kind = if fault.is_permanent() { io::ErrorKind::InvalidInput } else { io::ErrorKind::Other };
            io::Error::new(kind, fault.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_names_no_server_is_refused() {
        for wrong in ["", "mail.example.cn", "http://mail.example.cn", "smtp://"] {
            assert!(matches!(Smtp::at(wrong, "a@example.cn"), Err(SmtpFault::Address(_))), "{wrong}");
        }
        assert!(matches!(Smtp::at("smtp://127.0.0.1:25", "对接平台"), Err(SmtpFault::Sender(_))));
    }
}
