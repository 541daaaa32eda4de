//! Identification codes with check digits.

use crate::fold_width;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeFault {
    #[error("`{0}` does not have the length or the characters of such a code")]
    Form(String),
    #[error("`{given}` ends in a wrong check digit, `{expected}` was expected")]
    CheckDigit { given: String, expected: char },
}

/// A unified social credit code 统一社会信用代码 (GB 32100): 18 characters, the last a check digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// The 31 characters of GB 32100: digits and capitals without I, O, S, V, Z.
const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

impl CreditCode {
    pub fn parse(text: &str) -> Result<CreditCode, CodeFault> {
        let code = fold_width(text).to_ascii_uppercase();
        if code.len() != 18 || !code.is_ascii() {
            return Err(CodeFault::Form(text.to_string()));
        }
        let expected = CreditCode::check_digit(&code[..17]).ok_or_else(|| CodeFault::Form(text.to_string()))?;
        if !code.ends_with(expected) {
            return Err(CodeFault::CheckDigit { given: code, expected });
        }
        Ok(CreditCode(code))
    }

    /// The check digit of the first 17 characters (GB 32100, weights 3^i mod 31), or nothing if a
    /// character is not in the code's alphabet.
    pub fn check_digit(first17: &str) -> Option<char> {
        let mut weight = 1;
        let mut sum = 0;
        for byte in first17.bytes() {
            let value = CREDIT_ALPHABET.iter().position(|&c| c == byte)?;
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        Some(char::from(CREDIT_ALPHABET[(31 - sum % 31) % 31]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CreditCode {
    type Error = CodeFault;
    fn try_from(text: String) -> Result<CreditCode, CodeFault> {
        CreditCode::parse(&text)
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> String {
        code.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Chinese patent application number (ZC 0006-2003): year, kind, serial number and check digit,
/// kept as `ZL202110123456.7`; before October 2003 two digits of year, as `ZL85100001.2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PatentNumber(String);

impl PatentNumber {
    /// Reads `ZL202110123456.7`, `CN202110123456.7`, `2021101234567`; with or without the dot.
    pub fn parse(text: &str) -> Result<PatentNumber, CodeFault> {
        let form = || CodeFault::Form(text.to_string());
        let folded = fold_width(text).to_ascii_uppercase();
        let bare = folded.strip_prefix("ZL").or_else(|| folded.strip_prefix("CN")).unwrap_or(&folded).trim();
        let mut compact: String = bare.chars().filter(|c| *c != '.').collect();
        if !compact.is_ascii() || !matches!(compact.len(), 9 | 13) {
            return Err(form());
        }
        let given = compact.pop().filter(|c| c.is_ascii_digit() || *c == 'X').ok_or_else(form)?;
        let expected = PatentNumber::check_digit(&compact).ok_or_else(form)?;
        let kind = compact.as_bytes()[compact.len() - 8 + usize::from(compact.len() == 8) * 2];
        let year_fits = compact.len() == 8 || ("1985".."2100").contains(&&compact[..4]);
        if !matches!(kind, b'1' | b'2' | b'3' | b'8' | b'9') || !year_fits {
            return Err(form());
        }
        if given != expected {
            return Err(CodeFault::CheckDigit { given: text.trim().to_string(), expected });
        }
        Ok(PatentNumber(format!("ZL{compact}.{given}")))
    }

    /// The check digit of an 8- or 12-digit number: weights 2…9, 2…5, sum modulo 11, 10 written X.
    pub fn check_digit(digits: &str) -> Option<char> {
        let mut sum = 0;
        for (at, c) in digits.chars().enumerate() {
            sum += c.to_digit(10)? * (at as u32 % 8 + 2);
        }
        Some(char::from_digit(sum % 11, 10).unwrap_or('X'))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PatentNumber {
    type Error = CodeFault;
    fn try_from(text: String) -> Result<PatentNumber, CodeFault> {
        PatentNumber::parse(&text)
    }
}

impl From<PatentNumber> for String {
    fn from(number: PatentNumber) -> String {
        number.0
    }
}

impl fmt::Display for PatentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_code_is_read_and_its_check_digit_checked() {
        // 91350100M000100Y43 is the example of GB 32100-2015 with its published check digit.
        assert_eq!(CreditCode::parse("91350100M000100Y43").unwrap().as_str(), "91350100M000100Y43");
        assert_eq!(CreditCode::parse(" ９１350100m000100y43 ").unwrap().as_str(), "91350100M000100Y43");
        assert_eq!(CreditCode::parse("91350100M000100Y44"), Err(CodeFault::CheckDigit { given: "91350100M000100Y44".into(), expected: '3' }));
        assert!(matches!(CreditCode::parse("91350100I000100Y43"), Err(CodeFault::Form(_))));
        // Six Chinese characters have 18 bytes, too.
        for text in ["代码待补代码待补", "常州丰疆智能", ""] {
            assert!(matches!(CreditCode::parse(text), Err(CodeFault::Form(_))), "{text}");
        }
    }

    #[test]
    fn a_patent_number_is_read_in_its_usual_forms() {
        let check = PatentNumber::check_digit("202110123456").unwrap();
        let full = format!("ZL202110123456.{check}");
        for text in [full.clone(), format!("202110123456{check}"), format!("zl 202110123456.{check}"), format!("CN202110123456.{check}")] {
            assert_eq!(PatentNumber::parse(&text).unwrap().as_str(), full, "{text}");
        }
        let old = PatentNumber::check_digit("85100001").unwrap();
        assert_eq!(PatentNumber::parse(&format!("85100001.{old}")).unwrap().as_str(), format!("ZL85100001.{old}"));
        let wrong = if check == '0' { '1' } else { '0' };
        assert!(matches!(PatentNumber::parse(&format!("202110123456.{wrong}")), Err(CodeFault::CheckDigit { .. })));
        assert!(matches!(PatentNumber::parse("CN113456789A"), Err(CodeFault::Form(_))));
    }
}
