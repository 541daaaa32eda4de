//! Decimal numbers as people type them, kept exactly.

use crate::fold_width;
use std::fmt;

/// A decimal number `digits × 10^-scale`, normalized so that the scale is as small as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    #[error("`{0}` is not a number")]
    NotANumber(String),
    #[error("`{0}` has more digits than can be kept exactly")]
    TooLong(String),
    #[error("`{0}` is a range, a single number is wanted")]
    Range(String),
}

const MAX_DIGITS: usize = 30;

impl Decimal {
    pub fn new(digits: i128, scale: u32) -> Decimal {
        let (mut digits, mut scale) = (digits, scale);
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        Decimal { digits, scale }
    }

    /// Reads `1,234.5`, `１２．５`, `-3`, `12 000`; refuses exponents other than those a spreadsheet
    /// writes (`1.5E+10`), ranges and words.
    pub fn parse(text: &str) -> Result<Decimal, NumberFault> {
        if let Some(plain) = plain(text) {
            return Ok(plain);
        }
        let wrong = || NumberFault::NotANumber(text.trim().to_string());
        let folded = fold_width(text);
        let (negative, unsigned) = match folded.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, folded.strip_prefix('+').unwrap_or(&folded)),
        };
        if unsigned.contains(['-', '~', '～', '–', '—', '至']) && unsigned.starts_with(|c: char| c.is_ascii_digit()) && !unsigned.contains(['E', 'e']) {
            return Err(NumberFault::Range(text.trim().to_string()));
        }
        let (mantissa, exponent) = match unsigned.split_once(['E', 'e']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| wrong())?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = without_group_marks(whole).ok_or_else(wrong)?;
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !all_digits(&whole) || !all_digits(fraction) {
            return Err(wrong());
        }
        let too_long = || NumberFault::TooLong(text.trim().to_string());
        let significant = format!("{whole}{fraction}");
        if significant.trim_start_matches('0').len() > MAX_DIGITS || exponent.unsigned_abs() as usize > MAX_DIGITS {
            return Err(too_long());
        }
        let magnitude: i128 = significant.parse().map_err(|_| too_long())?;
        let scale = fraction.len() as i32 - exponent;
        let (digits, scale) =
            if scale < 0 { (magnitude.checked_mul(10i128.pow(scale.unsigned_abs())).ok_or_else(too_long)?, 0) } else { (magnitude, scale as u32) };
        if scale as usize > 2 * MAX_DIGITS {
            return Err(too_long());
        }
        Ok(Decimal::new(if negative { -digits } else { digits }, scale))
    }

    pub fn digits(self) -> i128 {
        self.digits
    }

    pub fn scale(self) -> u32 {
        self.scale
    }

    pub fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// The number as a whole number, if it is one that fits.
    pub fn to_i64(self) -> Option<i64> {
        (self.scale == 0).then(|| i64::try_from(self.digits).ok()).flatten()
    }

    /// `self × 10^places` as a whole number, if it is one that fits.
    pub fn shifted(self, places: u32) -> Option<i64> {
        let missing = places.checked_sub(self.scale)?;
        let factor = 10i128.checked_pow(missing)?;
        self.digits.checked_mul(factor).and_then(|n| i64::try_from(n).ok())
    }

    /// `self × 10^-places`.
    #[must_use]
    pub fn divided_by_power(self, places: u32) -> Decimal {
        Decimal::new(self.digits, self.scale + places)
    }
}

/// ASCII digits with at most one point, as most numbers are; nothing for any other text.
fn plain(text: &str) -> Option<Decimal> {
    let (mut digits, mut scale) = (0i128, None);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + i128::from(byte - b'0');
                scale = scale.map(|scale: u32| scale + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return None,
        }
        if digits >= 10i128.pow(MAX_DIGITS as u32) || scale.is_some_and(|scale| scale as usize > MAX_DIGITS) {
            return None;
        }
    }
    let any_digit = text.len() > usize::from(scale.is_some());
    any_digit.then(|| Decimal::new(digits, scale.unwrap_or(0)))
}

/// `1,234,567` or `12 000` without its group marks; nothing if commas stand in odd places.
fn without_group_marks(whole: &str) -> Option<String> {
    if whole.contains([',', ' ', '\'']) {
        let groups: Vec<&str> = whole.split([',', ' ', '\'']).collect();
        let well_grouped = !groups[0].is_empty() && groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3);
        if !well_grouped {
            return None;
        }
        return Some(groups.concat());
    }
    Some(whole.to_string())
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let magnitude = self.digits.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{magnitude}");
        }
        let padded = format!("{magnitude:0>width$}", width = self.scale as usize + 1);
        let (whole, fraction) = padded.split_at(padded.len() - self.scale as usize);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_refused() {
        for (text, shown) in
            [("1,234.50", "1234.5"), ("１２．５", "12.5"), ("-0.001", "-0.001"), ("12 000", "12000"), ("1.5E+10", "15000000000"), (".5", "0.5"), ("0", "0")]
        {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "约5", "1,23", "五", "1.2.3", "NaN", "inf", "0x10", "1e999999999", "--5"] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
        assert_eq!(Decimal::parse("5-8"), Err(NumberFault::Range("5-8".into())));
    }

    #[test]
    fn shifting_never_rounds() {
        assert_eq!(Decimal::parse("1.25").unwrap().shifted(2), Some(125));
        assert_eq!(Decimal::parse("1.255").unwrap().shifted(2), None);
        assert_eq!(Decimal::parse("99999999999999999999").unwrap().shifted(2), None);
    }
}
