//! The second factor: time-based codes (RFC 6238 over RFC 4226: HMAC-SHA-1, six digits, 30 seconds,
//! which every authenticator knows), and recovery codes for a lost telephone.

use crate::accounts::invalid;
use crate::sessions::password_fits;
use crate::{App, AppError, Viewer};
use data_encoding::BASE32_NOPAD;
use duijie_journal::SecondFactor;
use duijie_vocab::{Digest, Timestamp, text};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A second factor that is offered and not yet in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// The same as an `otpauth:` address, for a QR code.
    pub uri: String,
}

const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one whose codes are taken, as clocks differ.
const SLACK: i64 = 1;
const RECOVERY_CODES: usize = 8;

impl App {
    /// A new secret for the viewer's authenticator.
    pub fn offer_second_factor(&self, viewer: &Viewer) -> Result<Enrolment, AppError> {
        let account = self.own_account(viewer)?;
        let secret = BASE32_NOPAD.encode(&self.random()[..20]);
        Ok(enrolment(&account.login, secret))
    }

    /// Puts the second factor in force once a code shows that the authenticator holds `secret`.
    /// Returns the recovery codes, which are shown this once.
    pub fn confirm_second_factor(&self, viewer: &Viewer, secret: &str, code: &str) -> Result<Vec<String>, AppError> {
        let mut account = self.own_account(viewer)?;
        let long_enough = BASE32_NOPAD.decode(secret.as_bytes()).is_ok_and(|bytes| bytes.len() >= 16);
        let factor = SecondFactor { secret: secret.to_string(), recovery: Vec::new() };
        if !long_enough || accept(&factor, code, self.now()).is_none() {
            return Err(invalid("account.code", text!("验证码不对，请核对手机时间后再试", "the code is wrong; check the telephone's clock and try again")));
        }
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(&self.random())).collect();
        account.second = Some(SecondFactor { recovery: codes.iter().map(|code| recovery_digest(code)).collect(), ..factor });
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_account(&account).map(drop)?))?;
        Ok(codes)
    }

    /// Takes the second factor away from whoever knows the password.
    pub fn drop_second_factor(&self, viewer: &Viewer, password: &str) -> Result<(), AppError> {
        let mut account = self.own_account(viewer)?;
        if !password_fits(password, &account.hash) {
            return Err(invalid("account.old_password", text!("密码不对", "the password is wrong")));
        }
        account.second = None;
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_account(&account).map(drop)?))
    }
}

/// The offer with this secret again, such as after a wrong code.
pub fn enrolment(login: &str, secret: String) -> Enrolment {
    let uri = format!("otpauth://totp/Duijie:{login}?secret={secret}&issuer=Duijie");
    Enrolment { secret, uri }
}

/// A code that was accepted.
pub(crate) struct Accepted {
    /// What stands for the code, so that it is taken once.
    pub(crate) step: String,
    /// The factor after it; a recovery code is used up.
    pub(crate) left: SecondFactor,
}

/// Whether `code` is one of the telephone's at `now`, or a recovery code.
pub(crate) fn accept(second: &SecondFactor, code: &str, now: Timestamp) -> Option<Accepted> {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let key = BASE32_NOPAD.decode(second.secret.as_bytes()).ok()?;
    let present = now.micros().div_euclid(STEP_SECONDS * 1_000_000);
    let steps = present - SLACK..=present + SLACK;
    if let Some(step) = steps.into_iter().find(|step| code_at(&key, step.cast_unsigned()) == code) {
        return Some(Accepted { step: step.to_string(), left: second.clone() });
    }
    let digest = recovery_digest(&code);
    let place = second.recovery.iter().position(|known| *known == digest)?;
    let mut left = second.clone();
    left.recovery.remove(place);
    Some(Accepted { step: digest, left })
}

/// The six digits of a step (RFC 4226, section 5.3).
fn code_at(key: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("BUG: HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let word = u32::from_be_bytes([digest[offset], digest[offset + 1], digest[offset + 2], digest[offset + 3]]) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// Ten letters and digits, 50 bits.
fn recovery_code(random: &[u8; 32]) -> String {
    BASE32_NOPAD.encode(random)[..10].to_ascii_lowercase()
}

fn recovery_digest(code: &str) -> String {
    Digest::of(&[b"recovery:", code.as_bytes()]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six digits of its eight.
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = b"12345678901234567890";
        for (seconds, code) in [(59_i64, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(code_at(key, (seconds / STEP_SECONDS).cast_unsigned()), code);
        }
    }

    #[test]
    fn a_code_is_taken_a_step_early_or_late_and_a_recovery_code_once() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        let second = SecondFactor { secret: BASE32_NOPAD.encode(b"12345678901234567890"), recovery: vec![recovery_digest("abcde23456")] };
        for seconds in [30, 59, 61, 89] {
            assert!(accept(&second, "287 082", at(seconds)).is_some(), "{seconds}");
        }
        assert!(accept(&second, "287082", at(121)).is_none());
        assert!(accept(&second, "", at(59)).is_none());
        let accepted = accept(&second, "ABCDE-23456", at(5000)).unwrap();
        assert!(accept(&accepted.left, "abcde23456", at(5000)).is_none());
    }
}
