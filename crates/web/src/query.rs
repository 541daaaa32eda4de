//! `application/x-www-form-urlencoded` pairs, as in query strings and form bodies (URL Standard,
//! section 5), read strictly: bytes that are not UTF-8 are a fault and not a replacement character.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Names and values in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

/// The text holds bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not UTF-8")]
pub(crate) struct NotUtf8;

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Pairs {
    pub(crate) fn parse(encoded: &[u8]) -> Result<Pairs, NotUtf8> {
        let pieces = encoded.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
        let pairs = pieces.map(|piece| {
            let mut halves = piece.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            Ok((name, decode(halves.next().unwrap_or_default())?))
        });
        pairs.collect::<Result<_, _>>().map(Pairs)
    }

    /// The pairs in the form in which they stand behind a `?`.
    pub(crate) fn encode(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
    }

    /// The first value of `name`, without surrounding space.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// The first value of `name` exactly as it was sent, as passwords have to be; empty if there is none.
    pub(crate) fn whole(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of `name` if it is not blank.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same pairs without those named `name`.
    #[must_use]
    pub(crate) fn without(&self, name: &str) -> Pairs {
        Pairs(self.0.iter().filter(|(key, _)| key != name).cloned().collect())
    }

    /// The same pairs with one more at the end.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Pairs {
        self.0.push((name.to_string(), value.to_string()));
        self
    }

    /// `path` followed by the pairs, if there are any.
    pub(crate) fn behind(&self, path: &str) -> String {
        if self.0.is_empty() { path.to_string() } else { format!("{path}?{}", self.encode()) }
    }
}

/// `text` as it stands in a query or as one part of a path.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

fn decode(piece: &[u8]) -> Result<String, NotUtf8> {
    let spaced: Vec<u8> = piece.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plus_and_percent_are_read_and_broken_bytes_are_not() {
        let pairs = Pairs::parse("q=%E6%B6%82%E5%B1%82+x&kind=need&kind=&flag".as_bytes()).unwrap();
        assert_eq!(pairs.get("q"), Some("涂层 x"));
        assert_eq!(pairs.all("kind").collect::<Vec<_>>(), ["need"]);
        assert_eq!(pairs.get("flag"), Some(""));
        assert_eq!(Pairs::parse(b"q=%E6%B6"), Err(NotUtf8));
        assert_eq!(Pairs::parse(b"q=\xff"), Err(NotUtf8));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(pairs in proptest::collection::vec((".{1,8}", ".{0,12}"), 0..6)) {
            let pairs = Pairs(pairs);
            prop_assert_eq!(Pairs::parse(pairs.encode().as_bytes()), Ok(pairs));
        }
    }
}
