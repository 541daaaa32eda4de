//! A clock that stands still and numbers that only count, so that a test goes the same way each time.

use duijie_vocab::{Clock, Digest, Entropy, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};

/// Noon of a day in China.
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-03-05T04:00:00Z").unwrap()
    }
}

#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let digest = Digest::of(&[&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        bytes.iter_mut().zip(digest.0.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}
