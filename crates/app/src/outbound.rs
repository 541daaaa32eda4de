//! Requests that the product sends to others: login providers, receivers of webhooks, robots of chat
//! groups. One client for all of them: it follows no redirects, waits a bounded time, reads a bounded
//! answer, and goes to addresses that people typed only where these are on the public Internet.

use crate::tls_roots::TlsRoots;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// Who named the address that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// Whoever runs the installation; any address is taken.
    Operator,
    /// Somebody with an account; only `https` to public addresses is taken, so that nobody looks
    /// into the network behind the portal through it.
    Person,
    /// Somebody with an account, for a service that is at one of these hosts; as with
    /// [`NamedBy::Person`], or at a host that whoever runs the installation named.
    PersonAmong(&'static [&'static str]),
}

/// What an installation allows beyond the public Internet.
#[derive(Clone, Debug, Default)]
pub struct OutboundOptions {
    /// Whether addresses that people type may lie in private networks and do without TLS, as in an
    /// installation that has no way out of its own network.
    pub private: bool,
    /// Hosts (with a port if it is not the usual one) that may be written to wherever they are, with
    /// or without TLS, for services that are elsewhere than usual.
    pub hosts: Vec<String>,
    pub roots: TlsRoots,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    pub named_by: NamedBy,
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    /// What is posted; without it the request is a `GET`.
    pub body: Option<&'a [u8]>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The answer as text, at most a mebibyte.
    pub body: String,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum OutboundFault {
    #[error("`{0}` is not an address that may be written to")]
    Address(String),
    #[error("there was no answer in time")]
    Slow,
    #[error("the answer is too long, or no text")]
    Unusable,
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
}

/// The longest answer that is read.
const ANSWER_BYTES: u64 = 1024 * 1024;
const TIME: Duration = Duration::from_secs(10);

/// The client. It holds connections for a while, so there is one per process.
#[derive(Clone)]
pub struct Outbound {
    operators: Agent,
    persons: Agent,
    options: OutboundOptions,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Outbound").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Outbound {
    pub fn new(options: OutboundOptions) -> Outbound {
        let tls = options.roots.http_config();
        let config =
            || Agent::config_builder().tls_config(tls.clone()).timeout_global(Some(TIME)).http_status_as_error(false).max_redirects(0).proxy(None).build();
        let operators = Agent::new_with_config(config());
        let public = Agent::with_parts(config(), DefaultConnector::default(), PublicOnly(DefaultResolver::default()));
        Outbound { persons: if options.private { operators.clone() } else { public }, operators, options }
    }

    /// Whom it trusts.
    pub fn roots(&self) -> &TlsRoots {
        &self.options.roots
    }

    /// Sends and waits for the answer, whatever its status.
    pub fn send(&self, sending: &Sending<'_>) -> Result<Reply, OutboundFault> {
        let agent = if self.guarded(sending.named_by, sending.url)? { &self.persons } else { &self.operators };
        let builder = Request::builder().method(if sending.body.is_some() { "POST" } else { "GET" }).uri(sending.url);
        let builder = sending.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        let address = |_| OutboundFault::Address(sending.url.to_string());
        let mut answer = match sending.body {
            Some(body) => agent.run(builder.body(body).map_err(address)?),
            None => agent.run(builder.body(()).map_err(address)?),
        }
        .map_err(fault)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_string().map_err(unread)?;
        Ok(Reply { status, body })
    }

    /// Whether an address may be written to, as far as its text tells.
    pub fn check(&self, named_by: NamedBy, url: &str) -> Result<(), OutboundFault> {
        self.guarded(named_by, url).map(drop)
    }

    /// Whether the address may lead to the public Internet alone; a fault if it may not be written to.
    fn guarded(&self, named_by: NamedBy, url: &str) -> Result<bool, OutboundFault> {
        let refused = || OutboundFault::Address(url.chars().take(200).collect());
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let authority = uri.authority().ok_or_else(refused)?;
        let (among, open) = match named_by {
            NamedBy::Operator => (true, true),
            NamedBy::Person => (true, self.options.private),
            NamedBy::PersonAmong(hosts) => {
                let named = self.options.hosts.iter().any(|host| authority == host.as_str());
                (named || hosts.iter().any(|host| authority == *host), named)
            }
        };
        let scheme = uri.scheme_str() == Some("https") || (open && uri.scheme_str() == Some("http"));
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<IpAddr>().is_ok_and(|address| !is_public(address));
        // Names and passwords in an address would end up in logs.
        if !among || !scheme || host.is_empty() || authority.as_str().contains('@') || (address && !open) {
            return Err(refused());
        }
        Ok(!open)
    }
}

/// Finds only addresses on the public Internet, whatever a name says today.
#[derive(Debug)]
struct PublicOnly(DefaultResolver);

impl Resolver for PublicOnly {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        let mut public = self.empty();
        found.iter().filter(|address| is_public(address.ip())).for_each(|address| public.push(*address));
        if public.is_empty() { Err(Error::HostNotFound) } else { Ok(public) }
    }
}

/// Whether an address is neither of a private network nor of a special purpose (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (18..20).contains(&b));
    !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast() || address.is_documentation() || shared || special)
}

/// Of the sixth version only the part that is given out (2000::/3), without tunnels and examples.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000 && first != 0x2002 && !(first == 0x2001 && (second == 0 || second == 0xdb8))
}

/// Why the body of an answer cannot be read.
fn unread(error: Error) -> OutboundFault {
    match error {
        Error::BodyExceedsLimit(_) => OutboundFault::Unusable,
        Error::Io(fault) if fault.kind() == std::io::ErrorKind::InvalidData => OutboundFault::Unusable,
        other => fault(other),
    }
}

fn fault(error: Error) -> OutboundFault {
    match error {
        Error::Timeout(_) => OutboundFault::Slow,
        Error::Io(fault) if fault.kind() == std::io::ErrorKind::TimedOut => OutboundFault::Slow,
        Error::BadUri(text) => OutboundFault::Address(text),
        other => OutboundFault::Unreachable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(private: bool, hosts: &[&str]) -> Outbound {
        Outbound::new(OutboundOptions { private, hosts: hosts.iter().map(ToString::to_string).collect(), ..OutboundOptions::default() })
    }

    #[test]
    fn what_people_type_leads_to_the_public_internet_alone() {
        let (closed, open) = (outbound(false, &[]), outbound(true, &[]));
        for url in ["https://hooks.example.cn/a?b=c", "https://203.0.114.1/x", "https://[2400:3200::1]/"] {
            assert!(closed.check(NamedBy::Person, url).is_ok(), "{url}");
        }
        let inside = [
            "http://hooks.example.cn/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
        ];
        for url in inside {
            assert!(closed.check(NamedBy::Person, url).is_err(), "{url}");
            assert!(open.check(NamedBy::Person, url).is_ok(), "{url}");
        }
        for url in ["", "/x", "file:///etc/passwd", "https://", "https://li:secret@example.cn/", "gopher://example.cn"] {
            assert!(open.check(NamedBy::Person, url).is_err(), "{url}");
            assert!(open.check(NamedBy::Operator, url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_not_followed() {
        let sending = Sending { named_by: NamedBy::Person, url: "https://localhost:1/", headers: &[], body: None };
        let fault = outbound(false, &[]).send(&sending).expect_err("nobody goes there");
        assert!(fault.to_string().contains("host not found"), "{fault}");
    }

    #[test]
    fn a_service_is_at_its_hosts_or_where_the_operator_says() {
        const HOSTS: NamedBy = NamedBy::PersonAmong(&["robots.example.cn"]);
        let outbound = outbound(true, &["10.0.0.7:8080", "localhost"]);
        assert!(outbound.guarded(HOSTS, "https://robots.example.cn/x?key=k").is_ok_and(|guarded| guarded), "by name and by resolved address");
        for url in ["http://10.0.0.7:8080/x", "https://10.0.0.7:8080/x", "https://localhost/x"] {
            assert!(outbound.guarded(HOSTS, url).is_ok_and(|guarded| !guarded), "{url}");
        }
        for url in [
            "http://robots.example.cn/x",
            "https://robots.example.cn:8443/x",
            "https://robots.example.cn.evil.example/x",
            "https://robots.example.cn@evil.example/x",
            "https://li@robots.example.cn/x",
            "https://10.0.0.7/x",
            "https://localhost:1/x",
            "https://hooks.example.cn/x",
        ] {
            assert!(outbound.check(HOSTS, url).is_err(), "{url}");
        }
    }
}
