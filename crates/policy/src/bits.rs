//! Truths of a block of subjects as bitmaps.

use crate::Truth;

/// Subjects in a block: their codes and bitmaps stay in the cache.
pub(crate) const BLOCK: usize = 8192;
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

/// Calls `each` with the place of every one.
#[inline(always)]
pub(crate) fn for_each_one(words: &Words, mut each: impl FnMut(usize)) {
    for (at, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            each(at * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}
