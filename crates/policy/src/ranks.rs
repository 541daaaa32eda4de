//! Rank codes: where a number lies among the bounds that conditions compare it with. With k bounds
//! there are 2k + 1 codes: below the first, on it, between it and the second, on the second, and so on.

use crate::Fraction;
use crate::range::{Bound, Range};

/// Bounds that one code can tell apart: codes stay below 128, so that bytes compare without borrowing.
pub(crate) const MAX_BOUNDS: usize = 63;

/// Sorted bounds without doubles.
pub(crate) struct Ranks<'b>(pub(crate) &'b [Fraction]);

/// The code of every value when nothing at all is known of it, at its low and its high end.
pub(crate) fn anywhere(bounds: usize) -> (u8, u8) {
    (0, code(2 * bounds))
}

/// The code of a bound itself, by its place.
pub(crate) fn point(place: usize) -> u8 {
    code(2 * place + 1)
}

impl Ranks<'_> {
    /// The codes of the least and the greatest number of a range.
    pub(crate) fn of(&self, range: &Range) -> (u8, u8) {
        if let Some(at) = range.point() {
            let exact = self.exact(at);
            return (exact, exact);
        }
        let low = range.low.map_or(0, |low| self.end(low, true));
        let high = range.high.map_or(code(2 * self.0.len()), |high| self.end(high, false));
        (low, high)
    }

    pub(crate) fn exact(&self, at: Fraction) -> u8 {
        match self.0.binary_search(&at) {
            Ok(place) => point(place),
            Err(place) => code(2 * place),
        }
    }

    /// The code of `above ÷ below` for a positive `below`; nothing when the products do not fit.
    pub(crate) fn quotient(&self, above: i128, below: i128) -> Option<u8> {
        let mut fits = true;
        let found = self.0.binary_search_by(|bound| match (bound.numerator().checked_mul(below), above.checked_mul(bound.denominator())) {
            (Some(bound), Some(value)) => bound.cmp(&value),
            _ => {
                fits = false;
                std::cmp::Ordering::Equal
            }
        });
        fits.then(|| found.map_or_else(|place| code(2 * place), point))
    }

    fn end(&self, bound: Bound, is_low: bool) -> u8 {
        match self.0.binary_search(&bound.at) {
            Ok(place) if !bound.open => point(place),
            // An open end at a bound lies in the stretch beside it.
            Ok(place) if is_low => code(2 * place + 2),
            Ok(place) | Err(place) => code(2 * place),
        }
    }
}

fn code(code: usize) -> u8 {
    u8::try_from(code).expect("BUG: more bounds in a group than a byte can tell apart")
}
