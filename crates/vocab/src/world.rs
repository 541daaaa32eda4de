//! The two things no pure function may reach for by itself: what time it is, and randomness.
//! The binary makes the real ones; tests make their own.

use crate::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable bytes, for salts, session ids and keys.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}
