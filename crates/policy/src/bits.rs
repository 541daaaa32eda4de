//! Truths of a block of subjects as bitmaps, and the comparisons of rank codes that make them, eight
//! subjects at once in plain words or as many as the compiler's vectors hold.

use crate::Truth;

/// Subjects in a block: its codes and bitmaps stay in the cache.
pub(crate) const BLOCK: usize = 8192;
pub(crate) const WORDS: usize = BLOCK / 64;

/// A comparison of an operand's codes, or its opposite.
#[derive(Clone, Copy)]
pub(crate) struct Coded {
    pub(crate) operand: usize,
    pub(crate) test: ByteTest,
    pub(crate) negated: bool,
}

/// A comparison of rank codes; `point` is the code of the bound itself.
#[derive(Clone, Copy)]
pub(crate) enum ByteTest {
    AtLeast(u8),
    Above(u8),
    Equal(u8),
}

/// No code: the number may lie anywhere.
pub(crate) const UNKNOWN: u8 = 0x80;

/// Yes, no and error for a block; neither is unknown.
#[derive(Clone)]
pub(crate) struct Bits {
    pub(crate) yes: Vec<u64>,
    pub(crate) no: Vec<u64>,
    pub(crate) error: Vec<u64>,
}

impl Bits {
    pub(crate) fn truth(&self, at: usize) -> Truth {
        let bit = |words: &[u64]| words[at / 64] >> (at % 64) & 1 == 1;
        match (bit(&self.yes), bit(&self.no), bit(&self.error)) {
            (true, ..) => Truth::Yes,
            (_, true, _) => Truth::No,
            (_, _, true) => Truth::Error,
            _ => Truth::Unknown,
        }
    }

    pub(crate) fn set(&mut self, at: usize, truth: Truth) {
        let put = |words: &mut [u64], on: bool| {
            let mask = 1 << (at % 64);
            words[at / 64] = if on { words[at / 64] | mask } else { words[at / 64] & !mask };
        };
        put(&mut self.yes, truth == Truth::Yes);
        put(&mut self.no, truth == Truth::No);
        put(&mut self.error, truth == Truth::Error);
    }

    pub(crate) fn new() -> Bits {
        Bits { yes: vec![0; WORDS], no: vec![0; WORDS], error: vec![0; WORDS] }
    }

    /// Codes that are exact or [`UNKNOWN`].
    pub(crate) fn code(&mut self, codes: &[u8], test: ByteTest) {
        let words = codes.len().div_ceil(64);
        for (word, codes) in codes.chunks(64).enumerate() {
            let known = !at_least_unknown(codes);
            let yes = match test {
                ByteTest::AtLeast(point) => at_least(codes, point),
                ByteTest::Above(point) => at_least(codes, point + 1),
                ByteTest::Equal(point) => at_least(codes, point) & !at_least(codes, point + 1),
            };
            let valid = if codes.len() == 64 { known } else { known & ((1u64 << codes.len()) - 1) };
            self.yes[word] = yes & valid;
            self.no[word] = !yes & valid;
        }
        self.yes[words..].fill(0);
        self.no[words..].fill(0);
    }

    /// Codes of the least and the greatest number.
    pub(crate) fn code_between(&mut self, low: &[u8], high: &[u8], test: ByteTest) {
        let words = low.len().div_ceil(64);
        for (word, (low, high)) in low.chunks(64).zip(high.chunks(64)).enumerate() {
            let (yes, no) = match test {
                ByteTest::AtLeast(point) => (at_least(low, point), !at_least(high, point)),
                ByteTest::Above(point) => (at_least(low, point + 1), !at_least(high, point + 1)),
                ByteTest::Equal(point) => {
                    let (low_reaches, low_passes) = (at_least(low, point), at_least(low, point + 1));
                    let (high_reaches, high_passes) = (at_least(high, point), at_least(high, point + 1));
                    (low_reaches & !high_passes, low_passes | !high_reaches)
                }
            };
            let valid = if low.len() == 64 { u64::MAX } else { (1u64 << low.len()) - 1 };
            self.yes[word] = yes & valid;
            self.no[word] = no & valid;
        }
        self.yes[words..].fill(0);
        self.no[words..].fill(0);
    }

    pub(crate) fn mark_errors(&mut self, error: &[u64]) {
        for (at, &word) in error.iter().enumerate() {
            self.error[at] = word;
            self.yes[at] &= !word;
            self.no[at] &= !word;
        }
        self.error[error.len()..].fill(0);
    }

    /// Bits without any storage yet.
    pub(crate) fn empty() -> Bits {
        Bits { yes: Vec::new(), no: Vec::new(), error: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        for words in [&mut self.yes, &mut self.no, &mut self.error] {
            words.clear();
            words.resize(WORDS, 0);
        }
    }

    /// Narrows to where the other holds too; an error is cleared where a no is found by the caller.
    pub(crate) fn and(&mut self, other: &Bits, errors: bool) {
        self.yes.iter_mut().zip(&other.yes).for_each(|(all, one)| *all &= one);
        self.no.iter_mut().zip(&other.no).for_each(|(any, one)| *any |= one);
        if errors {
            self.error.iter_mut().zip(&other.error).for_each(|(any, one)| *any |= one);
        }
    }

    pub(crate) fn any<'s>(&mut self, parts: impl Iterator<Item = &'s Bits>, errors: bool, count: usize) {
        fill_ones(&mut self.no, count);
        self.yes.fill(0);
        self.error.fill(0);
        for part in parts {
            self.yes.iter_mut().zip(&part.yes).for_each(|(any, one)| *any |= one);
            self.no.iter_mut().zip(&part.no).for_each(|(all, one)| *all &= one);
            if errors {
                self.error.iter_mut().zip(&part.error).for_each(|(any, one)| *any |= one);
            }
        }
        if errors {
            self.error.iter_mut().zip(&self.yes).for_each(|(error, yes)| *error &= !yes);
        }
    }
}

/// Ones for the subjects that exist.
fn fill_ones(words: &mut [u64], count: usize) {
    for (word, bits) in words.iter_mut().enumerate() {
        *bits = if (word + 1) * 64 <= count { u64::MAX } else { (1u64 << count.saturating_sub(word * 64).min(63)).wrapping_sub(1) };
    }
}

/// Leaves `yes` where the test holds too and adds to `no` where it fails; bytes are all ones or zero.
/// As a signed byte [`UNKNOWN`] is less than every code, as an unsigned one it is more.
pub(crate) fn narrow(yes: &mut [u8], no: &mut [u8], codes: &[u8], coded: Coded) {
    let mask = |holds: bool| 0u8.wrapping_sub(u8::from(holds));
    let bound = match coded.test {
        ByteTest::AtLeast(point) | ByteTest::Equal(point) => point,
        ByteTest::Above(point) => point + 1,
    };
    let known_at_least = |code: u8| code.cast_signed() >= bound.cast_signed();
    let known_below = |code: u8| code < bound;
    let rows = yes.iter_mut().zip(no).zip(codes);
    match (coded.test, coded.negated) {
        (ByteTest::Equal(_), negated) => rows.for_each(|((yes, no), &code)| {
            let (same, other) = (mask(code == bound), mask(code != bound && code < UNKNOWN));
            *yes &= if negated { other } else { same };
            *no |= if negated { same } else { other };
        }),
        (_, false) => rows.for_each(|((yes, no), &code)| {
            *yes &= mask(known_at_least(code));
            *no |= mask(known_below(code));
        }),
        (_, true) => rows.for_each(|((yes, no), &code)| {
            *yes &= mask(known_below(code));
            *no |= mask(known_at_least(code));
        }),
    }
}

/// A bit for each byte that is all ones.
pub(crate) fn pack(bytes: &[u8; BLOCK], words: &mut [u64]) {
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(64)) {
        *word = gathered(bytes, |eight| eight);
    }
}

/// A bit for each of up to 64 bytes that has its high bit.
fn at_least_unknown(bytes: &[u8]) -> u64 {
    gathered(bytes, |eight| eight)
}

/// A bit for each of up to 64 bytes that is at least `bound`, eight compared at once. Bytes and bound
/// are below 128; a byte of [`UNKNOWN`] counts as zero.
fn at_least(bytes: &[u8], bound: u8) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let bounds = u64::from(bound) * 0x0101_0101_0101_0101;
    // With the high bit set no byte borrows from its neighbour; it stays set where byte >= bound.
    gathered(bytes, |eight| (eight | HIGH).wrapping_sub(bounds))
}

/// The high bit of each byte after `map`, eight bytes at a time, in order.
fn gathered(bytes: &[u8], map: impl Fn(u64) -> u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let gather = |eight: u64| ((map(eight) & HIGH) >> 7).wrapping_mul(GATHER << 7) >> 56;
    let mut bits = 0;
    let (whole, rest) = bytes.as_chunks::<8>();
    for (at, eight) in whole.iter().enumerate() {
        bits |= gather(u64::from_le_bytes(*eight)) << (at * 8);
    }
    if !rest.is_empty() {
        let mut padded = [0u8; 8];
        padded[..rest.len()].copy_from_slice(rest);
        bits |= gather(u64::from_le_bytes(padded)) << (whole.len() * 8);
    }
    bits
}

pub(crate) fn for_each_one(words: &[u64], mut each: impl FnMut(usize)) {
    for (at, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            each(at * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}
