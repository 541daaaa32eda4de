//! The confidential part of an entry. It stands beside the entry, which only commits to it, so
//! that it can be erased later without breaking the chain.

use duijie_vocab::Digest;

/// Sixteen unpredictable bytes that keep a digest of few possible payloads from being guessed.
pub type Salt = [u8; 16];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub salt: Salt,
    /// Canonical JSON of what the event's kind keeps confidential.
    pub bytes: Vec<u8>,
}

impl Payload {
    /// What the entry commits to: SHA-256(salt ‖ bytes).
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.salt, &self.bytes])
    }
}
