//! What the installation decides about its portal.

use crate::tiles::TileLayer;
use duijie_vocab::Text;
use ipnet::IpNet;

/// How the portal is reached and what it accepts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Scheme, host and port under which people reach the portal, such as `https://duijie.example.cn`.
    pub public_url: String,
    /// Whether people reach it over TLS; cookies are then `Secure` and bound to the host.
    pub https: bool,
    /// The largest workbook that is taken, in bytes.
    pub upload_limit_bytes: usize,
    /// Requests that are answered at once; the ones beyond are told to come back.
    pub visits: usize,
    /// Requests that a program may send in a minute without a key, by address, and with one.
    pub requests_a_minute: (u32, u32),
    /// Proxies whose `X-Forwarded-For` is believed; without any, whoever connects is the visitor.
    pub trusted_proxies: Vec<IpNet>,
    /// Layers of an outside service of map tiles, the lowest first; none without one.
    pub tiles: Vec<TileLayer>,
    /// Whom the tiles are from, as the service wants it said on the map.
    pub tiles_credit: String,
    /// Login, password and role of each demo account, shown on the login page; empty in production.
    pub demo_logins: Vec<(String, String, Text)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            public_url: String::new(),
            https: false,
            upload_limit_bytes: 50 * 1024 * 1024,
            visits: 256,
            requests_a_minute: (300, 1200),
            trusted_proxies: Vec::new(),
            tiles: Vec::new(),
            tiles_credit: String::new(),
            demo_logins: Vec::new(),
        }
    }
}
