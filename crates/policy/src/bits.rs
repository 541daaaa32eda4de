//! Truths of a block of subjects as bitmaps.

use crate::Truth;

/// Subjects in a block: their codes and bitmaps stay in the cache.
pub(crate) const BLOCK: usize = 4096;
pub(crate) const WORDS: usize = BLOCK / 64;

/// One bit for each subject of a block.
pub(crate) type Words = [u64; WORDS];

/// What a condition is for each subject of a block.
///
/// INVARIANT: `yes` lies within `open`; `error` lies within `open` and outside `yes`. What is open and
/// neither yes nor error is unknown, what is not open is no.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    pub(crate) yes: Words,
    /// Not refused.
    pub(crate) open: Words,
    /// Only looked at when `has_errors`.
    pub(crate) error: Words,
    pub(crate) has_errors: bool,
}

impl Default for Bits {
    fn default() -> Bits {
        Bits { yes: [0; WORDS], open: [0; WORDS], error: [0; WORDS], has_errors: false }
    }
}

impl Bits {
    pub(crate) fn truth(&self, at: usize) -> Truth {
        let bit = |words: &Words| words[at / 64] >> (at % 64) & 1 == 1;
        match (bit(&self.yes), bit(&self.open)) {
            (true, _) => Truth::Yes,
            (_, false) => Truth::No,
            _ if self.has_errors && bit(&self.error) => Truth::Error,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn set(&mut self, at: usize, truth: Truth) {
        if truth == Truth::Error && !self.has_errors {
            self.error = [0; WORDS];
            self.has_errors = true;
        }
        let put = |words: &mut Words, on: bool| {
            let mask = 1 << (at % 64);
            words[at / 64] = if on { words[at / 64] | mask } else { words[at / 64] & !mask };
        };
        put(&mut self.yes, truth == Truth::Yes);
        put(&mut self.open, truth != Truth::No);
        put(&mut self.error, truth == Truth::Error);
    }

    /// Narrows to where another condition (or its opposite) holds too. Errors are those of any part
    /// until [`Bits::settle_errors`].
    pub(crate) fn and(&mut self, other: &Bits, opposite: bool) {
        if opposite {
            self.yes.iter_mut().zip(&other.open).for_each(|(all, open)| *all &= !open);
            self.open.iter_mut().zip(&other.yes).for_each(|(all, yes)| *all &= !yes);
        } else {
            self.yes.iter_mut().zip(&other.yes).for_each(|(all, yes)| *all &= yes);
            self.open.iter_mut().zip(&other.open).for_each(|(all, open)| *all &= open);
        }
        if other.has_errors {
            self.add_errors(|at| other.error[at]);
        }
    }

    /// Adds errors of a part, by word.
    pub(crate) fn add_errors(&mut self, error: impl Fn(usize) -> u64) {
        if !self.has_errors {
            self.error = [0; WORDS];
            self.has_errors = true;
        }
        self.error.iter_mut().enumerate().for_each(|(at, all)| *all |= error(at));
    }

    /// An error only shows where nothing else decides.
    pub(crate) fn settle_errors(&mut self) {
        if self.has_errors {
            self.error.iter_mut().zip(self.open.iter().zip(&self.yes)).for_each(|(error, (open, yes))| *error &= open & !yes);
        }
    }

    /// Leaves out the places after the last subject of a short block.
    pub(crate) fn keep_first(&mut self, count: usize) {
        if count == BLOCK {
            return;
        }
        for at in 0..WORDS {
            let mask = match count.saturating_sub(at * 64) {
                0 => 0,
                rest if rest >= 64 => u64::MAX,
                rest => (1 << rest) - 1,
            };
            self.yes[at] &= mask;
            self.open[at] &= mask;
            self.error[at] &= mask;
        }
    }
}

/// The places of all ones, in order, at the head of storage for two more than a block; gives how many.
/// Two are taken from every word without asking whether they are there, since few words have more and
/// guessing wrong costs more than taking.
#[inline(always)]
pub(crate) fn ones(words: &Words, places: &mut [u16; BLOCK + 2]) -> usize {
    let mut count = 0;
    for (at, &word) in words.iter().enumerate() {
        let first = (at * 64) as u16;
        let mut rest = word;
        for place in 0..2 {
            places[count + place] = first + rest.trailing_zeros() as u16;
            rest &= rest.wrapping_sub(1);
        }
        let mut next = count + 2;
        while rest != 0 {
            places[next] = first + rest.trailing_zeros() as u16;
            next += 1;
            rest &= rest - 1;
        }
        count += word.count_ones() as usize;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_one_is_found_in_order(masks in proptest::collection::vec((any::<u64>(), any::<u64>(), 0u8..4), WORDS)) {
            let mut words = [0; WORDS];
            for (word, (a, b, kind)) in words.iter_mut().zip(masks) {
                *word = match kind { 0 => 0, 1 => a & b & (a >> 7), 2 => u64::MAX, _ => a };
            }
            let expected: Vec<u16> = (0..BLOCK).filter(|at| words[at / 64] >> (at % 64) & 1 == 1).map(|at| at as u16).collect();
            let mut places = [9; BLOCK + 2];
            let count = ones(&words, &mut places);
            prop_assert_eq!(&places[..count], expected);
        }
    }
}
