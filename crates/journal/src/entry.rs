//! An entry, its canonical bytes and the chain.

use crate::{Actor, CanonicalFault, Event, Payload, canonical_bytes};
use duijie_vocab::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// One accepted change. Its canonical bytes are the RFC 8785 form of exactly these members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub actor: Actor,
    pub at: Timestamp,
    pub event: Event,
    /// What the entry commits to of its confidential part; see [`Payload::digest`].
    pub payload_digest: Option<Digest>,
    /// The digest of the entry before; [`Digest::ZERO`] for the first.
    pub prev: Digest,
    /// Gapless, from 1.
    pub seq: i64,
}

/// An entry as it is stored: the bytes that were hashed, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub entry: Entry,
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub digest: Digest,
    /// Absent if the entry has none or if it was erased.
    pub payload: Option<Payload>,
}

#[derive(Debug, thiserror::Error)]
pub enum EntryFault {
    #[error("the bytes are not an entry")]
    Unreadable(#[from] serde_json::Error),
    #[error("the bytes are not in canonical form")]
    NotCanonical,
    #[error("entry {found} stands where entry {expected} belongs")]
    Gap { expected: i64, found: i64 },
    #[error("the entry does not follow the one before: it names {named}, that one is {prev}")]
    Chain { named: Digest, prev: Digest },
    #[error("the payload is not the one that the entry commits to")]
    Payload,
}

impl Sealed {
    /// The entry after (`after`, `prev`) that says `event` happened, with its confidential part.
    pub fn seal((after, prev): (i64, Digest), at: Timestamp, actor: &Actor, event: Event, payload: Option<Payload>) -> Result<Sealed, CanonicalFault> {
        let payload_digest = payload.as_ref().map(Payload::digest);
        let entry = Entry { actor: actor.clone(), at, event, payload_digest, prev, seq: after + 1 };
        let bytes = canonical_bytes(&entry)?;
        let digest = Digest::of(&[&bytes]);
        Ok(Sealed { entry, bytes, digest, payload })
    }

    /// Reads stored bytes; whether they belong there is for [`verify`].
    pub fn read(bytes: Vec<u8>, payload: Option<Payload>) -> Result<Sealed, EntryFault> {
        let entry = serde_json::from_slice(&bytes)?;
        let digest = Digest::of(&[&bytes]);
        Ok(Sealed { entry, bytes, digest, payload })
    }

    /// Whether the entry had a confidential part that is gone.
    pub fn is_erased(&self) -> bool {
        self.entry.payload_digest.is_some() && self.payload.is_none()
    }
}

/// Checks that `sealed` is the canonical entry that follows (`after`, `prev`) and that its
/// payload, if it is there, is the one it commits to.
pub fn verify((after, prev): (i64, Digest), sealed: &Sealed) -> Result<(), EntryFault> {
    let entry = &sealed.entry;
    if entry.seq != after + 1 {
        return Err(EntryFault::Gap { expected: after + 1, found: entry.seq });
    }
    if entry.prev != prev {
        return Err(EntryFault::Chain { named: entry.prev, prev });
    }
    if canonical_bytes(entry).map_err(|_| EntryFault::NotCanonical)? != sealed.bytes {
        return Err(EntryFault::NotCanonical);
    }
    match (&sealed.payload, entry.payload_digest) {
        (Some(payload), Some(committed)) if payload.digest() == committed => Ok(()),
        (None, _) => Ok(()),
        _ => Err(EntryFault::Payload),
    }
}
