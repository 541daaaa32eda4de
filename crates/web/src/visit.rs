//! One request as the portal sees it: in which language, from whom, and with which form token.

use crate::address;
use crate::cookie::Cookie;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::query::Pairs;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use duijie_app::{Action, Target, Viewer};
use duijie_vocab::Lang;
use std::net::IpAddr;

#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) lang: Lang,
    pub(crate) viewer: Viewer,
    pub(crate) path: String,
    pub(crate) query: Pairs,
    pub(crate) address: Option<IpAddr>,
    /// The session's value, if the browser sent one; it may have expired.
    pub(crate) session: Option<String>,
    /// What form tokens are bound to: the session, or the visitor's cookie.
    pub(crate) holder: String,
    /// Cookies that the answer sets.
    pub(crate) set_cookies: Vec<HeaderValue>,
}

impl Visit {
    /// The visit before anybody has been recognised.
    pub(crate) fn of_stranger(portal: &Portal, parts: &Parts) -> Visit {
        let https = portal.options.https;
        let query = Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        let chosen = query.get("lang").and_then(Lang::from_tag);
        let session = Cookie::Session.read(&parts.headers, https).filter(|value| is_token(value)).map(str::to_string);
        let visitor = Cookie::Visitor.read(&parts.headers, https).filter(|value| is_token(value)).map(str::to_string);
        let mut set_cookies: Vec<HeaderValue> = chosen.map(|lang| Cookie::Lang.set(lang.tag(), https)).into_iter().collect();
        let holder = session.clone().or(visitor).unwrap_or_else(|| {
            let fresh = portal.seal.fresh();
            set_cookies.push(Cookie::Visitor.set(&fresh, https));
            fresh
        });
        Visit {
            lang: chosen.unwrap_or_else(|| preferred(&parts.headers, https)),
            viewer: Viewer::public(),
            path: parts.uri.path().to_string(),
            query: query.without("lang"),
            address: address::of(parts, &portal.options.trusted_proxies),
            session,
            holder,
            set_cookies,
        }
    }

    /// The same visit with the viewer that the session belongs to.
    pub(crate) async fn recognise(&mut self, portal: &Portal) -> Result<(), Fault> {
        let Some(token) = self.session.clone() else { return Ok(()) };
        self.viewer = portal.ask(move |app| app.viewer(Some(&token))).await?;
        Ok(())
    }

    /// Whether the viewer may do this somewhere at all; the use case decides about each thing.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.viewer.may(action, &Target::default()).is_ok()
    }

    /// Whether an answer goes to a program.
    pub(crate) fn wants_json(&self) -> bool {
        self.path == "/mcp" || self.path.starts_with("/api/")
    }

    /// Where the visitor comes from, for the log of logins; empty if nothing is known.
    pub(crate) fn from(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// Path and query of this page, for coming back to it.
    pub(crate) fn here(&self) -> String {
        self.query.behind(&self.path)
    }
}

fn is_token(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The language chosen earlier, or the first of ours that the browser asks for, or Chinese.
fn preferred(headers: &HeaderMap, https: bool) -> Lang {
    let cookie = Cookie::Lang.read(headers, https).and_then(Lang::from_tag);
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok()).and_then(accepted);
    cookie.or_else(accepted).unwrap_or_default()
}

/// The language of ours with the highest weight in an `Accept-Language` line (RFC 9110, 12.5.4).
fn accepted(line: &str) -> Option<Lang> {
    let weighed = line.split(',').filter_map(|item| {
        let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
        Some((Lang::from_tag(tag)?, weight)).filter(|(_, weight)| *weight > 0.0)
    });
    // The first of equal weights wins.
    weighed.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_of_ours_is_taken() {
        assert_eq!(accepted("fr, en;q=0.8, zh-CN;q=0.9"), Some(Lang::Zh));
        assert_eq!(accepted("en-GB,zh"), Some(Lang::En));
        assert_eq!(accepted("zh;q=0, en;q=0.1"), Some(Lang::En));
        assert_eq!(accepted("fr;q=x,,;;"), None);
    }
}
