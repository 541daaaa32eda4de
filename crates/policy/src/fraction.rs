//! Exact fractions of 128-bit integers. Every operation either gives the exact result or nothing
//! when it does not fit; no operation rounds except the ones that say so.

use duijie_vocab::Decimal;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A rational number in lowest terms with a positive denominator.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

/// How an amount is brought to a whole number of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// 四舍五入: to the nearest step, a half away from zero.
    #[default]
    HalfUp,
    /// To the nearest step, a half to the even one.
    HalfEven,
    /// 舍去: towards zero.
    Down,
    /// 进位: away from zero.
    Up,
}

impl Fraction {
    pub const ZERO: Fraction = Fraction { numerator: 0, denominator: 1 };
    pub const ONE: Fraction = Fraction { numerator: 1, denominator: 1 };

    /// `numerator / denominator` in lowest terms; nothing for a zero denominator.
    pub fn new(numerator: i128, denominator: i128) -> Option<Fraction> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        if denominator == 1 {
            return Some(Fraction { numerator, denominator });
        }
        let shared = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(shared).ok()?;
        let sign = denominator.signum();
        Some(Fraction { numerator: sign * (numerator / divisor), denominator: sign * (denominator / divisor) })
    }

    pub fn whole(value: i64) -> Fraction {
        Fraction { numerator: i128::from(value), denominator: 1 }
    }

    /// A decimal number as it was typed; nothing when its scale does not fit.
    pub fn from_decimal(decimal: Decimal) -> Option<Fraction> {
        Fraction::new(decimal.digits(), 10i128.checked_pow(decimal.scale())?)
    }

    pub fn numerator(self) -> i128 {
        self.numerator
    }

    pub fn denominator(self) -> i128 {
        self.denominator
    }

    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    pub fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// The number as a whole 64-bit number, if it is one.
    pub fn to_i64(self) -> Option<i64> {
        (self.denominator == 1).then(|| i64::try_from(self.numerator).ok()).flatten()
    }

    pub fn plus(self, other: Fraction) -> Option<Fraction> {
        if self.denominator == other.denominator {
            return Fraction::new(self.numerator.checked_add(other.numerator)?, self.denominator);
        }
        let shared = i128::try_from(gcd(self.denominator.unsigned_abs(), other.denominator.unsigned_abs())).ok()?;
        let left = self.numerator.checked_mul(other.denominator / shared)?;
        let right = other.numerator.checked_mul(self.denominator / shared)?;
        Fraction::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator / shared)?)
    }

    pub fn minus(self, other: Fraction) -> Option<Fraction> {
        self.plus(other.negated())
    }

    pub fn times(self, other: Fraction) -> Option<Fraction> {
        if self.denominator == 1 && other.denominator == 1 {
            return Fraction::new(self.numerator.checked_mul(other.numerator)?, 1);
        }
        // Cancelling crosswise first keeps intermediate products as small as the result allows.
        let left = i128::try_from(gcd(self.numerator.unsigned_abs(), other.denominator.unsigned_abs())).ok()?;
        let right = i128::try_from(gcd(other.numerator.unsigned_abs(), self.denominator.unsigned_abs())).ok()?;
        let numerator = (self.numerator / left).checked_mul(other.numerator / right)?;
        let denominator = (self.denominator / right).checked_mul(other.denominator / left)?;
        Fraction::new(numerator, denominator)
    }

    /// Nothing when `other` is zero or the result does not fit.
    pub fn over(self, other: Fraction) -> Option<Fraction> {
        self.times(Fraction::new(other.denominator, other.numerator)?)
    }

    #[must_use]
    pub fn negated(self) -> Fraction {
        Fraction { numerator: -self.numerator, denominator: self.denominator }
    }

    #[must_use]
    pub fn abs(self) -> Fraction {
        if self.is_negative() { self.negated() } else { self }
    }

    pub fn power(self, exponent: u32) -> Option<Fraction> {
        let mut result = Fraction::ONE;
        for _ in 0..exponent {
            result = result.times(self)?;
        }
        Some(result)
    }

    /// The largest whole number that is not above this one.
    pub fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The smallest whole number that is not below this one.
    pub fn ceil(self) -> i128 {
        -self.negated().floor()
    }

    /// The whole number this one is rounded to.
    pub fn rounded(self, mode: RoundingMode) -> i128 {
        let toward_zero = self.numerator / self.denominator;
        let rest = (self.numerator % self.denominator).unsigned_abs();
        if rest == 0 {
            return toward_zero;
        }
        let away = toward_zero + self.numerator.signum();
        // `rest < denominator <= i128::MAX`, so the complement cannot wrap.
        let complement = self.denominator.unsigned_abs() - rest;
        match (mode, rest.cmp(&complement)) {
            (RoundingMode::Down, _) => toward_zero,
            (RoundingMode::Up, _) => away,
            (_, Ordering::Greater) => away,
            (_, Ordering::Less) => toward_zero,
            (RoundingMode::HalfUp, Ordering::Equal) => away,
            (RoundingMode::HalfEven, Ordering::Equal) => {
                if toward_zero % 2 == 0 {
                    toward_zero
                } else {
                    away
                }
            }
        }
    }

    /// The number with at most `places` decimals, rounded half up: what a page shows.
    pub fn decimal(self, places: u32) -> String {
        let scaled = 10i128.checked_pow(places).and_then(|power| self.times(Fraction { numerator: power, denominator: 1 }));
        match scaled {
            Some(scaled) => Decimal::new(scaled.rounded(RoundingMode::HalfUp), places).to_string(),
            None => self.rounded(RoundingMode::HalfUp).to_string(),
        }
    }

    /// The exact decimal form, if the number has one of at most `places` decimals.
    pub fn exact_decimal(self, places: u32) -> Option<String> {
        let power = Fraction { numerator: 10i128.checked_pow(places)?, denominator: 1 };
        let scaled = self.times(power)?;
        (scaled.denominator == 1).then(|| Decimal::new(scaled.numerator, places).to_string())
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // Most values are small; 64-bit division is several times faster than 128-bit.
        if let (Ok(mut x), Ok(mut y)) = (u64::try_from(a), u64::try_from(b)) {
            while y != 0 {
                (x, y) = (y, x % y);
            }
            return u128::from(x).max(1);
        }
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl Ord for Fraction {
    /// Compares by continued fractions, so that no product can overflow.
    fn cmp(&self, other: &Fraction) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        if let (Some(left), Some(right)) = (self.numerator.checked_mul(other.denominator), other.numerator.checked_mul(self.denominator)) {
            return left.cmp(&right);
        }
        let (mut a, mut b, mut c, mut d) = (self.numerator, self.denominator, other.numerator, other.denominator);
        let mut reversed = false;
        loop {
            let (left, right) = (a.div_euclid(b), c.div_euclid(d));
            let (left_rest, right_rest) = (a.rem_euclid(b), c.rem_euclid(d));
            let order = match left.cmp(&right) {
                Ordering::Equal => match (left_rest == 0, right_rest == 0) {
                    (true, true) => Ordering::Equal,
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                    (false, false) => {
                        (a, b, c, d) = (b, left_rest, d, right_rest);
                        reversed = !reversed;
                        continue;
                    }
                },
                unequal => unequal,
            };
            return if reversed { order.reverse() } else { order };
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `12.5` where that is exact, else `1/3`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact_decimal(18) {
            Some(decimal) => f.write_str(&decimal),
            None => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

impl fmt::Debug for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Fraction {
    type Err = FractionFault;

    /// Reads what `Display` writes: `12.5` or `1/3`.
    fn from_str(text: &str) -> Result<Fraction, FractionFault> {
        let fault = || FractionFault(text.to_string());
        if let Some((numerator, denominator)) = text.split_once('/') {
            let numerator = numerator.trim().parse().map_err(|_| fault())?;
            let denominator = denominator.trim().parse().map_err(|_| fault())?;
            return Fraction::new(numerator, denominator).ok_or_else(fault);
        }
        Decimal::parse(text).ok().and_then(Fraction::from_decimal).ok_or_else(fault)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number like 12.5 or 1/3 that can be kept exactly")]
pub struct FractionFault(String);

impl Serialize for Fraction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fraction, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f(text: &str) -> Fraction {
        text.parse().unwrap()
    }

    #[test]
    fn arithmetic_is_exact_or_refused() {
        assert_eq!(f("1/3").plus(f("1/6")), Some(f("1/2")));
        assert_eq!(f("0.1").plus(f("0.2")), Some(f("0.3")));
        assert_eq!(f("1.2").power(3), Some(f("1.728")));
        assert_eq!(f("7").over(Fraction::ZERO), None);
        let huge = Fraction::new(i128::MAX, 1).unwrap();
        assert_eq!(huge.plus(Fraction::ONE), None);
        assert_eq!(huge.times(f("1/2")).unwrap().times(f("2")), Some(huge));
    }

    #[test]
    fn comparison_never_overflows() {
        let huge = Fraction::new(i128::MAX, i128::MAX - 1).unwrap();
        let less_huge = Fraction::new(i128::MAX - 1, i128::MAX - 2).unwrap();
        assert!(huge < less_huge);
        assert!(huge.negated() > less_huge.negated());
        assert!(f("-1/3") < f("-0.333"));
    }

    #[test]
    fn rounding_follows_its_mode_on_both_sides_of_zero() {
        for (number, half_up, half_even, down, up) in
            [("2.5", 3, 2, 2, 3), ("-2.5", -3, -2, -2, -3), ("2.4", 2, 2, 2, 3), ("-2.6", -3, -3, -2, -3), ("3", 3, 3, 3, 3)]
        {
            let all = [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up].map(|mode| f(number).rounded(mode));
            assert_eq!(all, [half_up, half_even, down, up], "{number}");
        }
    }
}
