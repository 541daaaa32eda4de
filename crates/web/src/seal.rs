//! Unforgeable values made from one secret key: form tokens, and fresh names that nobody can
//! guess. The key comes from outside and is new at each start, so nothing here is random by itself.

use crate::hex::{hex, unhex};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) struct Seal {
    key: [u8; 32],
    fresh: AtomicU64,
}

impl Seal {
    pub(crate) fn new(key: [u8; 32]) -> Seal {
        Seal { key, fresh: AtomicU64::new(0) }
    }

    /// The token that forms carry for whoever holds the cookie value `holder`: 128 hexadecimal
    /// digits that differ each time, so that compressing a page tells nothing about the token in it.
    pub(crate) fn form_token(&self, holder: &str) -> String {
        let mask = self.fresh_bytes();
        let mut masked: [u8; 32] = self.mac("form", holder.as_bytes()).finalize().into_bytes().into();
        masked.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        hex(&mask) + &hex(&masked)
    }

    /// Whether `token` is a form token of `holder`, compared in constant time.
    pub(crate) fn is_form_token(&self, token: &str, holder: &str) -> bool {
        let Some(bytes) = unhex(token).filter(|bytes| bytes.len() == 64) else { return false };
        let (mask, masked) = bytes.split_at(32);
        let unmasked: Vec<u8> = mask.iter().zip(masked).map(|(mask, byte)| mask ^ byte).collect();
        self.mac("form", holder.as_bytes()).verify_slice(&unmasked).is_ok()
    }

    /// A value of 64 hexadecimal digits that was never given out before and cannot be guessed.
    pub(crate) fn fresh(&self) -> String {
        hex(&self.fresh_bytes())
    }

    /// A short name for a holder by which its things are told apart without keeping the cookie.
    pub(crate) fn pseudonym(&self, holder: &str) -> String {
        hex(&self.mac("holder", holder.as_bytes()).finalize().into_bytes())
    }

    fn fresh_bytes(&self) -> [u8; 32] {
        let number = self.fresh.fetch_add(1, Ordering::Relaxed);
        self.mac("fresh", &number.to_be_bytes()).finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("BUG: HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        // The zero byte keeps purposes and messages apart.
        mac.update(&[0]);
        mac.update(message);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_is_good_for_its_holder_and_key_alone() {
        let seal = Seal::new([7; 32]);
        let token = seal.form_token("a");
        assert!(seal.is_form_token(&token, "a"));
        assert_ne!(token, seal.form_token("a"), "it never looks the same twice");
        assert!(!seal.is_form_token(&token, "b"));
        assert!(!seal.is_form_token("", "a"));
        assert!(!seal.is_form_token(&seal.pseudonym("a"), "a"));
        assert!(!Seal::new([8; 32]).is_form_token(&token, "a"));
    }

    #[test]
    fn fresh_values_differ() {
        let seal = Seal::new([7; 32]);
        assert_ne!(seal.fresh(), seal.fresh());
    }
}
