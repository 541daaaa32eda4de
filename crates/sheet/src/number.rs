//! A number of a spreadsheet cell as exact digits.

use duijie_vocab::{Decimal, NumberFault};

/// Significant digits that a spreadsheet keeps and shows (ECMA-376 leaves numbers to IEEE 754
/// doubles, of which 15 decimal digits are always exact).
const EXACT_DIGITS: usize = 15;

/// The digits of a numeric cell. Spreadsheets keep doubles, so an 18-digit id typed as a number
/// has lost its last digits before this room sees it; `is_lossy` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    digits: String,
    lossy: bool,
    percent: bool,
}

impl Number {
    /// The number of a double. The noise that doubles leave behind the fifteenth digit of a
    /// fraction (`1234.5600000000001`) is rounded away, as every spreadsheet does when showing it;
    /// a whole number of more than fifteen digits keeps what is there and is marked lossy.
    pub fn from_float(value: f64) -> Number {
        if !value.is_finite() {
            return Number { digits: value.to_string(), lossy: true, percent: false };
        }
        if value == 0.0 {
            return Number { digits: "0".into(), lossy: false, percent: false };
        }
        let shortest = format!("{value:e}");
        let significant = significant_digits(&shortest);
        if significant <= EXACT_DIGITS {
            // A double that is a multiple of a power of ten can be an id that lost its tail
            // (`110101199001010000`), so length counts, not only the digits that differ from 0.
            let lossy = value.abs() >= 1e15 && value.fract() == 0.0;
            return Number { digits: plain(&shortest), lossy, percent: false };
        }
        if value.abs() >= 1e15 {
            return Number { digits: plain(&shortest), lossy: true, percent: false };
        }
        Number { digits: plain(&format!("{value:.precision$e}", precision = EXACT_DIGITS - 1)), lossy: false, percent: false }
    }

    /// Plain digits with an optional sign and point, such as `-12.5`.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether the file kept fewer digits than may have been typed: more than 15 significant ones.
    pub fn is_lossy(&self) -> bool {
        self.lossy
    }

    /// The same number, shown as percent.
    #[must_use]
    pub(crate) fn shown_as_percent(self) -> Number {
        Number { percent: true, ..self }
    }

    /// Whether the person who filled in the cell sees percent: 25% where the digits are `0.25`.
    pub fn is_percent(&self) -> bool {
        self.percent
    }

    /// The exact decimal number.
    pub fn decimal(&self) -> Result<Decimal, NumberFault> {
        Decimal::parse(&self.digits)
    }
}

fn significant_digits(scientific: &str) -> usize {
    let mantissa = scientific.split('e').next().unwrap_or_default();
    mantissa.bytes().filter(u8::is_ascii_digit).count()
}

/// `-1.25e3` as `-1250`. Numbers that would need more than 40 zeros stay in scientific form, which
/// [`Decimal::parse`] judges.
fn plain(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    if exponent.abs() > 40 {
        let point = if fraction.is_empty() { "" } else { "." };
        return format!("{sign}{whole}{point}{fraction}E{exponent:+}");
    }
    let digits = format!("{whole}{fraction}");
    let point_at = whole.len() as i32 + exponent;
    if point_at <= 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(point_at.unsigned_abs() as usize));
    }
    let point_at = point_at as usize;
    if point_at >= digits.len() {
        return format!("{sign}{digits}{}", "0".repeat(point_at - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..point_at], &digits[point_at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_show_the_digits_that_were_typed() {
        for (value, shown) in [
            (12.0, "12"),
            (-0.5, "-0.5"),
            (0.1 + 0.2, "0.3"),
            (1234.5600000000001, "1234.56"),
            (1e14, "100000000000000"),
            (0.000001, "0.000001"),
            (-0.0, "0"),
            (1.5e300, "1.5E+300"),
        ] {
            let number = Number::from_float(value);
            assert_eq!(number.digits(), shown);
            assert!(!number.is_lossy() || value > 1e15);
        }
    }

    #[test]
    fn a_long_id_kept_as_a_number_is_told_apart() {
        assert!(Number::from_float(110101199001011234.0).is_lossy());
        assert!(Number::from_float(110101199001010000.0).is_lossy());
        assert!(!Number::from_float(999_999_999_999_999.0).is_lossy());
        assert!(!Number::from_float(13912345678.0).is_lossy());
    }

    proptest! {
        #[test]
        fn fifteen_digits_always_come_back(digits in 0i64..=999_999_999_999_999, scale in 0u32..10) {
            let typed = Decimal::new(i128::from(digits), scale);
            let kept: f64 = typed.to_string().parse().unwrap();
            let number = Number::from_float(kept);
            prop_assert_eq!(number.decimal().unwrap(), typed);
            prop_assert!(!number.is_lossy());
        }

        #[test]
        fn any_double_is_shown_without_a_panic(value in any::<f64>()) {
            prop_assert!(!Number::from_float(value).digits().is_empty());
        }
    }
}
