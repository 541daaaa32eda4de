//! What each step of a formula does to the numbers of many subjects: to one number each where everything
//! is known, else to the least and the greatest.

use super::{Formula, Picked, Step, UNLIMITED};
use crate::RoundingMode;

#[inline(always)]
fn map(from: &[i64], into: &mut [i64], map: impl Fn(i64) -> i64) {
    into.iter_mut().zip(from).for_each(|(into, &value)| *into = map(value));
}

#[inline(always)]
fn join(a: &[i64], b: &[i64], into: &mut [i64], join: impl Fn(i64, i64) -> i64) {
    into.iter_mut().zip(a.iter().zip(b)).for_each(|(into, (&a, &b))| *into = join(a, b));
}

impl Step {
    /// Everything is known: one number for each subject.
    #[inline(always)]
    pub(super) fn exact(&self, formula: &Formula<'_>, start: usize, picked: Picked<'_>, before: &[Vec<i64>], into: &mut [i64]) {
        match *self {
            Step::Input(input) => formula.inputs[input].load_known(start, picked, into),
            Step::Constant(value) => into.fill(value),
            Step::Negate(a) => map(&before[a], into, |a| -a),
            Step::Abs(a) => map(&before[a], into, i64::abs),
            Step::Scale(a, by) => map(&before[a], into, |a| a * by),
            Step::Add(a, b) => join(&before[a], &before[b], into, |a, b| a + b),
            Step::Min(a, b) => join(&before[a], &before[b], into, i64::min),
            Step::Max(a, b) => join(&before[a], &before[b], into, i64::max),
            Step::Cap(a, most) => map(&before[a], into, |a| a.min(most)),
            Step::Raise(a, least) => map(&before[a], into, |a| a.max(least)),
            Step::Product(a, b) => join(&before[a], &before[b], into, |a, b| a * b),
            Step::Round { of, times, by, mode: RoundingMode::HalfUp, step } => {
                map(&before[of], into, |value| rounded(value * times, by, RoundingMode::HalfUp) * step);
            }
            Step::Round { of, times, by, mode, step } => map(&before[of], into, |value| rounded(value * times, by, mode) * step),
        }
    }

    /// Something is missing: the least and the greatest number for each subject.
    #[inline(always)]
    pub(super) fn within(
        &self,
        formula: &Formula<'_>,
        start: usize,
        picked: Picked<'_>,
        (lows, highs): (&[Vec<i64>], &[Vec<i64>]),
        (low, high): (&mut [i64], &mut [i64]),
    ) {
        match *self {
            Step::Input(input) => {
                let input = &formula.inputs[input];
                input.load(start, picked, input.low, low);
                input.load(start, picked, input.high, high);
            }
            Step::Constant(value) => {
                low.fill(value);
                high.fill(value);
            }
            Step::Negate(a) => {
                map(&highs[a], low, |high| -high);
                map(&lows[a], high, |low| -low);
            }
            Step::Abs(a) => {
                join(&lows[a], &highs[a], low, |low, high| if low >= 0 { low } else { (-high).max(0) });
                join(&lows[a], &highs[a], high, |low, high| (-low).max(high));
            }
            Step::Scale(a, by) => {
                let (least, greatest) = if by < 0 { (highs, lows) } else { (lows, highs) };
                map(&least[a], low, |value| scaled(value, by));
                map(&greatest[a], high, |value| scaled(value, by));
            }
            Step::Add(a, b) => {
                join(&lows[a], &lows[b], low, |a, b| if a == -UNLIMITED || b == -UNLIMITED { -UNLIMITED } else { a + b });
                join(&highs[a], &highs[b], high, |a, b| if a == UNLIMITED || b == UNLIMITED { UNLIMITED } else { a + b });
            }
            Step::Min(a, b) => {
                join(&lows[a], &lows[b], low, i64::min);
                join(&highs[a], &highs[b], high, i64::min);
            }
            Step::Max(a, b) => {
                join(&lows[a], &lows[b], low, i64::max);
                join(&highs[a], &highs[b], high, i64::max);
            }
            Step::Cap(a, most) => {
                map(&lows[a], low, |low| low.min(most));
                map(&highs[a], high, |high| high.min(most));
            }
            Step::Raise(a, least) => {
                map(&lows[a], low, |low| low.max(least));
                map(&highs[a], high, |high| high.max(least));
            }
            Step::Product(a, b) => {
                join(&lows[a], &lows[b], low, |a, b| a * b);
                join(&highs[a], &highs[b], high, |a, b| match (a, b) {
                    (0, _) | (_, 0) => 0,
                    (UNLIMITED, _) | (_, UNLIMITED) => UNLIMITED,
                    (a, b) => a * b,
                });
            }
            Step::Round { of, times, by, mode, step } => {
                let round = |value: i64| if value.abs() == UNLIMITED { value } else { rounded(value * times, by, mode) * step };
                map(&lows[of], low, round);
                map(&highs[of], high, round);
            }
        }
    }
}

#[inline(always)]
fn scaled(value: i64, by: i64) -> i64 {
    if value.abs() == UNLIMITED { value * by.signum() } else { value * by }
}

/// As [`Fraction::rounded`], for a positive divisor.
#[inline(always)]
fn rounded(value: i64, by: i64, mode: RoundingMode) -> i64 {
    let (toward_zero, rest) = (value / by, (value % by).abs());
    let away = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => rest != 0,
        RoundingMode::HalfUp => rest >= by - rest,
        RoundingMode::HalfEven => rest > by - rest || (rest == by - rest && toward_zero % 2 != 0),
    };
    if away { toward_zero + value.signum() } else { toward_zero }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fraction;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounding_is_that_of_fractions(value in -1000i64..1000, by in 1i64..40) {
            for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Down, RoundingMode::Up] {
                let exact = Fraction::new(i128::from(value), i128::from(by)).unwrap().rounded(mode);
                prop_assert_eq!(i128::from(rounded(value, by, mode)), exact, "{:?}", mode);
            }
        }
    }
}
