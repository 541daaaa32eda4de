//! Letters over SMTP to the mail server of the house.

use crate::mail::{Mail, Post};
use crate::tls_roots::TlsRoots;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::client::{Tls, TlsParameters, TlsParametersBuilder};
use lettre::{SmtpTransport, Transport};
use std::io;
use std::time::Duration;
use ureq::http::Uri;

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
    /// without it nothing is encrypted) for letters from `sender`; `roots` vouch for it. Nothing is
    /// asked yet.
    pub fn at(address: &str, sender: &str, roots: &TlsRoots) -> Result<Smtp, SmtpFault> {
        let from = sender.parse().map_err(|_| SmtpFault::Sender(sender.to_string()))?;
        let wrong = |fault: lettre::transport::smtp::Error| SmtpFault::Address(fault.to_string());
        let builder = SmtpTransport::from_url(address).map_err(wrong)?;
        let builder = match tls(address, roots).map_err(wrong)? {
            Some(tls) => builder.tls(tls),
            None => builder,
        };
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

/// The encryption that `address` asks for, under more roots than the usual ones; nothing if there are
/// none, or if it asks for no encryption.
fn tls(address: &str, roots: &TlsRoots) -> Result<Option<Tls>, lettre::transport::smtp::Error> {
    let roots = roots.mail();
    let Some(uri) = address.parse::<Uri>().ok().filter(|_| !roots.is_empty()) else { return Ok(None) };
    let asked = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("tls="));
    let way: fn(TlsParameters) -> Tls = match (uri.scheme_str(), asked) {
        (Some("smtps"), _) => Tls::Wrapper,
        (_, Some("required")) => Tls::Required,
        (_, Some("opportunistic")) => Tls::Opportunistic,
        _ => return Ok(None),
    };
    let parameters = TlsParameters::builder(uri.host().unwrap_or_default().to_string());
    roots.into_iter().fold(parameters, TlsParametersBuilder::add_root_certificate).build().map(|parameters| Some(way(parameters)))
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
            assert!(matches!(Smtp::at(wrong, "a@example.cn", &TlsRoots::default()), Err(SmtpFault::Address(_))), "{wrong}");
        }
        assert!(matches!(Smtp::at("smtp://127.0.0.1:25", "对接平台", &TlsRoots::default()), Err(SmtpFault::Sender(_))));
    }
}
