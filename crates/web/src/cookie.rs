//! The portal's cookies: their names, how they are read and how they are set (RFC 6265).

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session of somebody who is logged in.
    Session,
    /// A random value that form tokens are bound to before there is a session.
    Visitor,
    /// The language that was chosen.
    Lang,
}

impl Cookie {
    /// The name; over TLS the `__Host-` prefix keeps sibling hosts from setting it.
    pub(crate) fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Cookie::Session, true) => "__Host-duijie_session",
            (Cookie::Session, false) => "duijie_session",
            (Cookie::Visitor, true) => "__Host-duijie_visitor",
            (Cookie::Visitor, false) => "duijie_visitor",
            (Cookie::Lang, _) => "duijie_lang",
        }
    }

    /// The value that the browser sent.
    pub(crate) fn read(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let name = self.name(https);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The header that sets it to `value`, which holds only letters, digits and hyphens.
    pub(crate) fn set(self, value: &str, https: bool) -> HeaderValue {
        let age = if self == Cookie::Lang { "; Max-Age=31536000" } else { "" };
        self.header(value, age, https)
    }

    /// The header that removes it.
    pub(crate) fn clear(self, https: bool) -> HeaderValue {
        self.header("", "; Max-Age=0", https)
    }

    fn header(self, value: &str, age: &str, https: bool) -> HeaderValue {
        let secure = if https { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", self.name(https));
        HeaderValue::try_from(line).expect("BUG: a cookie value of ours has a character that headers cannot hold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("xduijie_lang=zh; duijie_lang=en"));
        assert_eq!(Cookie::Lang.read(&headers, false), Some("en"));
        assert_eq!(Cookie::Session.read(&headers, false), None);
    }

    #[test]
    fn a_session_over_tls_is_bound_to_the_host() {
        let set = Cookie::Session.set("ab12", true);
        assert_eq!(set, "__Host-duijie_session=ab12; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
