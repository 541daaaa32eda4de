//! Intervals of exact fractions: what is known of a number. An end may be open, closed or absent.

use crate::{Fraction, RoundingMode, Truth};
use std::cmp::Ordering;

/// One end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bound {
    pub(crate) at: Fraction,
    /// Whether the end itself is left out.
    pub(crate) open: bool,
}

/// The numbers from `low` to `high`; an absent end is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) low: Option<Bound>,
    pub(crate) high: Option<Bound>,
}

/// Why an operation on numbers gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoNumber {
    /// The divisor is zero.
    ByZero,
    /// There is no growth from a base that is not positive.
    FromNothing,
    /// The exact result does not fit.
    TooLarge,
}

impl Range {
    pub(crate) const ALL: Range = Range { low: None, high: None };

    pub(crate) fn exact(at: Fraction) -> Range {
        Range::closed(Some(at), Some(at))
    }

    pub(crate) fn closed(low: Option<Fraction>, high: Option<Fraction>) -> Range {
        let end = |at| Bound { at, open: false };
        Range { low: low.map(end), high: high.map(end) }
    }

    /// The one number it is, if it is one.
    pub(crate) fn point(&self) -> Option<Fraction> {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low == high && !low.open => Some(low.at),
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some(low), Some(high)) => low.at > high.at || (low.at == high.at && (low.open || high.open)),
            _ => false,
        }
    }

    pub(crate) fn contains(&self, at: Fraction) -> bool {
        let above = self.low.is_none_or(|low| at > low.at || (at == low.at && !low.open));
        let below = self.high.is_none_or(|high| at < high.at || (at == high.at && !high.open));
        above && below
    }

    /// The numbers in both.
    pub(crate) fn and(&self, other: &Range) -> Range {
        Range { low: tighter_low(self.low, other.low), high: tighter_high(self.high, other.high) }
    }

    /// The smallest interval around both.
    pub(crate) fn hull(&self, other: &Range) -> Range {
        let low = match (self.low, other.low) {
            (Some(a), Some(b)) => Some(if (a.at, a.open) <= (b.at, b.open) { a } else { b }),
            _ => None,
        };
        let high = match (self.high, other.high) {
            (Some(a), Some(b)) => Some(if (a.at, !a.open) >= (b.at, !b.open) { a } else { b }),
            _ => None,
        };
        Range { low, high }
    }

    pub(crate) fn negated(&self) -> Range {
        let flip = |bound: Bound| Bound { at: bound.at.negated(), open: bound.open };
        Range { low: self.high.map(flip), high: self.low.map(flip) }
    }

    pub(crate) fn plus(&self, other: &Range) -> Result<Range, NoNumber> {
        if let (Some(a), Some(b)) = (self.point(), other.point()) {
            return a.plus(b).map(Range::exact).ok_or(NoNumber::TooLarge);
        }
        let add = |a: Option<Bound>, b: Option<Bound>| {
            let (a, b) = (a?, b?);
            Some(Bound { at: a.at.plus(b.at)?, open: a.open || b.open })
        };
        Ok(Range { low: add(self.low, other.low), high: add(self.high, other.high) })
    }

    pub(crate) fn minus(&self, other: &Range) -> Result<Range, NoNumber> {
        self.plus(&other.negated())
    }

    pub(crate) fn times(&self, other: &Range) -> Result<Range, NoNumber> {
        if let (Some(a), Some(b)) = (self.point(), other.point()) {
            return a.times(b).map(Range::exact).ok_or(NoNumber::TooLarge);
        }
        if let Some(factor) = other.point().filter(|factor| !factor.is_zero()) {
            return Ok(self.scaled(factor));
        }
        let corners = self.ends().into_iter().flat_map(|left| other.ends().into_iter().map(move |right| left.times(right)));
        let (mut least, mut most) = (End::Above, End::Below);
        for corner in corners {
            if matches!(corner, End::TooLarge) {
                return Ok(Range::ALL);
            }
            least = least.lesser(corner);
            most = most.greater(corner);
        }
        let bound = |end| match end {
            End::At(bound) => Some(bound),
            _ => None,
        };
        Ok(Range { low: bound(least), high: bound(most) })
    }

    /// Every number times a factor that is not zero; an end that does not fit is left unlimited.
    fn scaled(&self, factor: Fraction) -> Range {
        let end = |bound: Option<Bound>| bound.and_then(|bound| bound.at.times(factor).map(|at| Bound { at, open: bound.open }));
        if factor.is_negative() { Range { low: end(self.high), high: end(self.low) } } else { Range { low: end(self.low), high: end(self.high) } }
    }

    pub(crate) fn over(&self, other: &Range) -> Result<Range, NoNumber> {
        match (self.point(), other.point()) {
            (_, Some(divisor)) if divisor.is_zero() => return Err(NoNumber::ByZero),
            (Some(a), Some(b)) => return a.over(b).map(Range::exact).ok_or(NoNumber::TooLarge),
            _ => {}
        }
        if other.contains(Fraction::ZERO) {
            return Ok(Range::ALL);
        }
        // An unlimited end becomes an open zero, an open zero an unlimited end; a reciprocal that does
        // not fit is left unlimited, which is wider and so still true.
        let inverse = |bound: Option<Bound>| match bound {
            None => Some(Bound { at: Fraction::ZERO, open: true }),
            Some(bound) => Fraction::ONE.over(bound.at).map(|at| Bound { at, open: bound.open }),
        };
        let reciprocal = Range { low: inverse(other.high), high: inverse(other.low) };
        self.times(&reciprocal)
    }

    /// (self − before) ÷ before, for a base that is positive.
    pub(crate) fn growth_from(&self, before: &Range) -> Result<Range, NoNumber> {
        if before.high.is_some_and(|high| high.at <= Fraction::ZERO) {
            return Err(NoNumber::FromNothing);
        }
        if let (Some(now), Some(before)) = (self.point(), before.point()) {
            return now.minus(before).and_then(|more| more.over(before)).map(Range::exact).ok_or(NoNumber::TooLarge);
        }
        let positive = before.low.is_some_and(|low| low.at > Fraction::ZERO || (low.at.is_zero() && low.open));
        if !positive {
            // The base may turn out not to be positive, and then there is no growth at all.
            return Ok(Range::ALL);
        }
        // now ÷ before − 1 reads each side once, so its interval is as tight as can be.
        self.over(before)?.minus(&Range::exact(Fraction::ONE))
    }

    pub(crate) fn abs(&self) -> Range {
        if self.low.is_some_and(|low| !low.at.is_negative()) {
            return *self;
        }
        if self.high.is_some_and(|high| high.at.is_negative() || high.at.is_zero()) {
            return self.negated();
        }
        let far = self.hull(&self.negated());
        Range { low: Some(Bound { at: Fraction::ZERO, open: false }), high: far.high }
    }

    pub(crate) fn min(&self, other: &Range) -> Range {
        let high = match (self.high, other.high) {
            (Some(a), Some(b)) => Some(if (a.at, !a.open) <= (b.at, !b.open) { a } else { b }),
            (one, None) | (None, one) => one,
        };
        Range { low: self.hull(other).low, high }
    }

    pub(crate) fn max(&self, other: &Range) -> Range {
        self.negated().min(&other.negated()).negated()
    }

    /// Each end rounded to a multiple of `step`; rounding keeps order, so this is exact.
    pub(crate) fn rounded(&self, step: Fraction, mode: RoundingMode) -> Result<Range, NoNumber> {
        self.stepped(step, |number| number.rounded(mode))
    }

    /// Rounded to a multiple of a step that is itself only known to lie in a range.
    pub(crate) fn rounded_to(&self, step: &Range, mode: RoundingMode) -> Result<Range, NoNumber> {
        step.point().map_or(Ok(Range::ALL), |step| self.rounded(step, mode))
    }

    pub(crate) fn floored(&self) -> Result<Range, NoNumber> {
        self.stepped(Fraction::ONE, Fraction::floor)
    }

    fn stepped(&self, step: Fraction, round: impl Fn(Fraction) -> i128) -> Result<Range, NoNumber> {
        let one = |at: Fraction| {
            let steps = at.over(step).ok_or(if step.is_zero() { NoNumber::ByZero } else { NoNumber::TooLarge })?;
            Fraction::new(round(steps), 1).and_then(|whole| whole.times(step)).ok_or(NoNumber::TooLarge)
        };
        let end = |bound: Option<Bound>| bound.map(|bound| one(bound.at).map(|at| Bound { at, open: false })).transpose();
        Ok(Range { low: end(self.low)?, high: end(self.high)? })
    }

    /// Whether every number here is less than every number there (yes), none is (no), or it depends.
    pub(crate) fn less(&self, other: &Range) -> Truth {
        let always = matches!((self.high, other.low), (Some(high), Some(low)) if high.at < low.at || (high.at == low.at && (high.open || low.open)));
        let never = matches!((self.low, other.high), (Some(low), Some(high)) if low.at >= high.at);
        match (always, never) {
            (true, _) => Truth::Yes,
            (_, true) => Truth::No,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn less_or_equal(&self, other: &Range) -> Truth {
        other.less(self).negated()
    }

    pub(crate) fn equal(&self, other: &Range) -> Truth {
        if let (Some(a), Some(b)) = (self.point(), other.point()) {
            return Truth::of(a == b);
        }
        if self.and(other).is_empty() { Truth::No } else { Truth::Unknown }
    }

    fn ends(&self) -> [End; 2] {
        [self.low.map_or(End::Below, End::At), self.high.map_or(End::Above, End::At)]
    }
}

/// An end of an interval on the line with both infinities.
#[derive(Clone, Copy)]
enum End {
    Below,
    At(Bound),
    Above,
    TooLarge,
}

impl End {
    fn sign(self) -> i8 {
        match self {
            End::Below => -1,
            End::Above | End::TooLarge => 1,
            End::At(bound) if bound.at.is_zero() => 0,
            End::At(bound) => {
                if bound.at.is_negative() {
                    -1
                } else {
                    1
                }
            }
        }
    }

    /// The end further down; a closed end reaches further than an open one at the same place.
    fn lesser(self, other: End) -> End {
        match (self, other) {
            (End::Below, _) | (_, End::Below) => End::Below,
            (End::At(a), End::At(b)) => End::At(if (a.at, a.open) <= (b.at, b.open) { a } else { b }),
            (End::At(a), _) | (_, End::At(a)) => End::At(a),
            _ => End::Above,
        }
    }

    fn greater(self, other: End) -> End {
        match (self, other) {
            (End::Above, _) | (_, End::Above) => End::Above,
            (End::At(a), End::At(b)) => End::At(if (a.at, !a.open) >= (b.at, !b.open) { a } else { b }),
            (End::At(a), _) | (_, End::At(a)) => End::At(a),
            _ => End::Below,
        }
    }

    fn times(self, other: End) -> End {
        if let (End::At(a), End::At(b)) = (self, other) {
            // A closed zero makes the corner zero itself, whatever the other end is.
            let zero_reached = (a.at.is_zero() && !a.open) || (b.at.is_zero() && !b.open);
            return a.at.times(b.at).map_or(End::TooLarge, |at| End::At(Bound { at, open: (a.open || b.open) && !zero_reached }));
        }
        match self.sign() * other.sign() {
            0 => {
                let closed = [self, other].into_iter().any(|end| matches!(end, End::At(bound) if !bound.open));
                End::At(Bound { at: Fraction::ZERO, open: !closed })
            }
            1 => End::Above,
            _ => End::Below,
        }
    }
}

fn tighter_low(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    match (a, b) {
        (Some(a), Some(b)) => Some(match a.at.cmp(&b.at) {
            Ordering::Less => b,
            Ordering::Greater => a,
            Ordering::Equal => Bound { at: a.at, open: a.open || b.open },
        }),
        (one, None) | (None, one) => one,
    }
}

fn tighter_high(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    match (a, b) {
        (Some(a), Some(b)) => Some(match a.at.cmp(&b.at) {
            Ordering::Less => a,
            Ordering::Greater => b,
            Ordering::Equal => Bound { at: a.at, open: a.open || b.open },
        }),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound() -> impl Strategy<Value = Option<(i64, bool)>> {
        proptest::option::weighted(0.8, (-6i64..6, any::<bool>()))
    }

    fn range() -> impl Strategy<Value = Range> {
        let end = |bound: Option<(i64, bool)>| bound.map(|(at, open)| Bound { at: Fraction::whole(at), open });
        (bound(), bound()).prop_map(move |(low, high)| Range { low: end(low), high: end(high) }).prop_filter("empty", |range| !range.is_empty())
    }

    /// Numbers of a range, halves included so that open ends have neighbours.
    fn members(range: &Range) -> Vec<Fraction> {
        (-40..=40).filter_map(|n| Fraction::new(n, 4)).filter(|at| range.contains(*at)).collect()
    }

    proptest! {
        #[test]
        fn results_contain_what_their_members_give(a in range(), b in range()) {
            for x in members(&a) {
                for y in members(&b) {
                    prop_assert!(a.plus(&b).unwrap().contains(x.plus(y).unwrap()));
                    prop_assert!(a.minus(&b).unwrap().contains(x.minus(y).unwrap()));
                    prop_assert!(a.times(&b).unwrap().contains(x.times(y).unwrap()), "{a:?} × {b:?} lacks {x} × {y}");
                    prop_assert!(a.min(&b).contains(x.min(y)));
                    prop_assert!(a.max(&b).contains(x.max(y)));
                    prop_assert!(a.abs().contains(x.abs()));
                    prop_assert!(a.hull(&b).contains(x) && a.hull(&b).contains(y));
                    if let (Ok(quotient), Some(exact)) = (a.over(&b), x.over(y)) {
                        prop_assert!(quotient.contains(exact), "{a:?} ÷ {b:?} = {quotient:?} lacks {x} ÷ {y}");
                    }
                    let agrees = |told: Truth, holds: bool| !told.is_decided() || told == Truth::of(holds);
                    prop_assert!(agrees(a.less(&b), x < y), "{a:?} < {b:?} but {x}, {y}");
                    prop_assert!(agrees(a.less_or_equal(&b), x <= y));
                    prop_assert!(agrees(a.equal(&b), x == y));
                }
            }
        }
    }
}
