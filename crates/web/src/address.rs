//! Where a request comes from: the peer of its connection or, behind proxies that the installation
//! trusts, the address that they saw.

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The visitor's address, or nothing where there is no connection.
pub(crate) fn of(parts: &Parts, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(behind(peer, &parts.headers, trusted))
}

/// Walks `X-Forwarded-For` from its end: each proxy adds whom it saw, and only what a trusted one
/// added is believed. What the visitor wrote there itself stands further left and is never reached.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let mut seen = lines.iter().flat_map(|line| line.split(',')).rev().map(|hop| hop.trim().parse::<IpAddr>());
    let mut address = peer.to_canonical();
    while trusted.iter().any(|net| net.contains(&address)) {
        let Some(Ok(before)) = seen.next() else { break };
        address = before.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn address(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_nobody_is_believed() {
        assert_eq!(address("203.0.113.7", &["198.51.100.1"], &[]), "203.0.113.7");
        assert_eq!(address("203.0.113.7", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn what_trusted_proxies_saw_counts_and_what_the_visitor_claims_does_not() {
        let trusted = ["10.0.0.0/8", "127.0.0.1/32"];
        assert_eq!(address("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.9"], &trusted), "198.51.100.1");
        assert_eq!(address("127.0.0.1", &["1.2.3.4", "198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(address("::ffff:127.0.0.1", &["198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(address("127.0.0.1", &["nonsense"], &trusted), "127.0.0.1");
        assert_eq!(address("127.0.0.1", &[], &trusted), "127.0.0.1");
    }
}
