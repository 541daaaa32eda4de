//! Record ids and digests.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The id of a record: its kind's prefix, a hyphen, and 16 characters of Crockford base 32
/// (80 bits of a digest of its first natural key), such as `org-3v9k2m7p0xq4tz8a`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(String);

const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl RecordId {
    /// The id that a record of the kind with `prefix` gets from its natural `key`.
    pub fn derive(prefix: &str, key: &str) -> RecordId {
        let digest = Sha256::new().chain_update(prefix).chain_update([0]).chain_update(key).finalize();
        let mut bits = 0u128;
        for byte in &digest[..10] {
            bits = bits << 8 | u128::from(*byte);
        }
        let mut id = String::with_capacity(prefix.len() + 17);
        id.push_str(prefix);
        id.push('-');
        for place in (0..16).rev() {
            id.push(char::from(BASE32[(bits >> (5 * place) & 31) as usize]));
        }
        RecordId(id)
    }

    /// The id written as `text`, if it has the form of one.
    pub fn parse(text: &str) -> Option<RecordId> {
        let (prefix, rest) = text.split_once('-')?;
        let well_formed = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_lowercase()) && rest.len() == 16 && rest.bytes().all(|b| BASE32.contains(&b));
        well_formed.then(|| RecordId(text.to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the hyphen, which names the kind.
    pub fn prefix(&self) -> &str {
        self.0.split_once('-').map_or(self.0.as_str(), |(prefix, _)| prefix)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 digest; shown and serialized as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestFault;

impl Digest {
    pub const ZERO: Digest = Digest([0; 32]);

    /// The digest of the concatenation of `parts`.
    pub fn of(parts: &[&[u8]]) -> Digest {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Digest(hasher.finalize().into())
    }

    pub fn parse(hex: &str) -> Result<Digest, DigestFault> {
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(DigestFault);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).map_err(|_| DigestFault)?;
        }
        Ok(Digest(bytes))
    }

    /// Its hexadecimal digits in lower case. Every entry of the journal names two or three digests.
    fn hex(self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        std::array::from_fn(|at| {
            let byte = self.0[at / 2];
            DIGITS[usize::from(if at % 2 == 0 { byte >> 4 } else { byte & 15 })]
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).expect("BUG: the digits are ASCII"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.hex()).expect("BUG: the digits are ASCII"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_derived_from_its_key_and_parses_back() {
        let id = RecordId::derive("org", "91320400000000000A");
        assert_eq!(id, RecordId::derive("org", "91320400000000000A"));
        assert_ne!(id, RecordId::derive("org", "91320400000000000B"));
        assert_eq!(RecordId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(id.prefix(), "org");
        assert_eq!(RecordId::parse("org-../../etc/passwd"), None);
    }

    #[test]
    fn a_digest_round_trips_through_hex() {
        let digest = Digest::of(&[b"a", b"bc"]);
        assert_eq!(digest, Digest::of(&[b"abc"]));
        assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
        assert_eq!(Digest::parse("é"), Err(DigestFault));
    }
}
