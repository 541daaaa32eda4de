//! Rank codes: how many of the bounds that conditions compare a number with it has passed, in one byte.
//! With it a comparison with any of those bounds is a comparison of bytes, and exact.

use crate::Fraction;
use crate::range::Range;

/// A bound with its side: passed by numbers that are at least `at`, or above it when `strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cut {
    pub(crate) at: Fraction,
    pub(crate) strict: bool,
}

/// Cuts of one operand that one byte can count.
pub(crate) const MAX_CUTS: usize = 127;
/// The byte of a number of which nothing is known: less than every count when read as a signed byte,
/// more than every count as an unsigned one.
pub(crate) const MISSING: u8 = 0x80;
/// The byte of a number that cannot be computed; compares as [`MISSING`] does.
pub(crate) const ERROR: u8 = 0x81;

/// How many cuts the least and the greatest number of a range have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) low: u8,
    pub(crate) high: u8,
}

/// Sorted cuts without doubles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts(pub(crate) Vec<Cut>);

impl Code {
    pub(crate) const MISSING: Code = Code { low: MISSING, high: MISSING };
    pub(crate) const ERROR: Code = Code { low: ERROR, high: ERROR };

    pub(crate) fn exact(count: u8) -> Code {
        Code { low: count, high: count }
    }
}

impl Cuts {
    /// The code of what is known of a number.
    pub(crate) fn of(&self, range: &Range) -> Code {
        let low = range.low.map_or(0, |low| count(self.0.partition_point(|cut| cut.at < low.at || (cut.at == low.at && (!cut.strict || low.open)))));
        let high =
            range.high.map_or(self.most(), |high| count(self.0.partition_point(|cut| cut.at < high.at || (cut.at == high.at && !cut.strict && !high.open))));
        self.code(low, high)
    }

    /// The code of counts for both ends.
    pub(crate) fn code(&self, low: u8, high: u8) -> Code {
        if low == 0 && high == self.most() && high > 0 { Code::MISSING } else { Code { low, high } }
    }

    pub(crate) fn most(&self) -> u8 {
        count(self.0.len())
    }

    /// The code of `above ÷ below` for a positive `below`; nothing when the products do not fit.
    pub(crate) fn of_quotient(&self, above: i128, below: i128) -> Option<u8> {
        let mut fits = true;
        let passed = self.0.partition_point(|cut| match (cut.at.numerator().checked_mul(below), above.checked_mul(cut.at.denominator())) {
            (Some(bound), Some(value)) => {
                if cut.strict {
                    value > bound
                } else {
                    value >= bound
                }
            }
            _ => {
                fits = false;
                false
            }
        });
        fits.then(|| count(passed))
    }

    /// The cuts for numerators over `denominator`: a numerator has passed a cut when it is at least this.
    /// Nothing when the products do not fit.
    pub(crate) fn whole(&self, denominator: i64) -> Option<Vec<i64>> {
        let one = |cut: &Cut| {
            let scaled = cut.at.numerator().checked_mul(i128::from(denominator))?;
            let (floor, rest) = (scaled.div_euclid(cut.at.denominator()), scaled.rem_euclid(cut.at.denominator()));
            let least = if cut.strict || rest != 0 { floor + 1 } else { floor };
            // Beyond all finite numerators only an unlimited end lies.
            Some(i64::try_from(least).unwrap_or(if least > 0 { i64::MAX } else { 1 - i64::MAX }).max(1 - i64::MAX))
        };
        self.0.iter().map(one).collect()
    }
}

pub(crate) fn count(passed: usize) -> u8 {
    u8::try_from(passed).ok().filter(|&passed| usize::from(passed) <= MAX_CUTS).expect("BUG: more cuts in a group than a byte can count")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::range::Bound;
    use proptest::prelude::*;

    fn cuts() -> impl Strategy<Value = Cuts> {
        proptest::collection::btree_set((-4i128..5, 1i128..4, any::<bool>()), 1..8).prop_map(|all| {
            let mut cuts: Vec<Cut> = all.into_iter().map(|(above, below, strict)| Cut { at: Fraction::new(above, below).unwrap(), strict }).collect();
            cuts.sort();
            cuts.dedup();
            Cuts(cuts)
        })
    }

    fn end() -> impl Strategy<Value = Option<Bound>> {
        proptest::option::of((-9i128..10, any::<bool>()).prop_map(|(at, open)| Bound { at: Fraction::new(at, 2).unwrap(), open }))
    }

    proptest! {
        #[test]
        fn a_code_compares_as_the_range_does(cuts in cuts(), low in end(), high in end()) {
            let range = Range { low, high };
            prop_assume!(!range.is_empty());
            let code = cuts.of(&range);
            for (place, cut) in cuts.0.iter().enumerate() {
                let bound = Range::exact(cut.at);
                let passes = if cut.strict { bound.less(&range) } else { bound.less_or_equal(&range) };
                let needed = count(place + 1);
                let yes = code.low.cast_signed() >= needed.cast_signed();
                let may = code.high >= needed;
                prop_assert_eq!((yes, !may), (passes == crate::Truth::Yes, passes == crate::Truth::No), "{:?} {:?} {:?}", cut, range, code);
            }
        }

        #[test]
        fn whole_cuts_and_quotients_agree_with_ranges(cuts in cuts(), above in -30i64..30, below in 1i64..7) {
            let exact = Fraction::new(i128::from(above), i128::from(below)).unwrap();
            let code = cuts.of(&Range::exact(exact));
            let passed = |cuts: &Cuts| cuts.0.iter().filter(|cut| if cut.strict { exact > cut.at } else { exact >= cut.at }).count();
            prop_assert_eq!(cuts.of_quotient(i128::from(above), i128::from(below)), Some(count(passed(&cuts))));
            prop_assert!(code.low == count(passed(&cuts)) || code == Code::MISSING);
            let whole = cuts.whole(below).unwrap();
            prop_assert_eq!(whole.iter().filter(|&&cut| above >= cut).count(), passed(&cuts));
        }
    }
}
