//! Comparing rank codes, 64 subjects at a time: with the widest vectors the processor has, found out
//! when the program runs, or in plain words of eight bytes. All ways give the same bits.
#![allow(unsafe_code)]

use crate::bits::{BLOCK, Bits, WORDS, Words};

/// 64 codes, placed so that a vector load never crosses a line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u8; 64]);

/// A test of a block: the row of codes of the least and of the greatest number, and the count compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) low: u32,
    pub(crate) high: u32,
    /// Below 128, in each of its four bytes.
    bound: u32,
}

impl Lane {
    pub(crate) fn new(low: u32, high: u32, bound: u8) -> Lane {
        Lane { low, high, bound: u32::from(bound) * 0x0101_0101 }
    }

    fn bound(self) -> u8 {
        (self.bound & 0x7f) as u8
    }
}

/// How codes are compared on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Lanes {
    /// The fastest way this processor knows.
    pub(crate) fn detect() -> Lanes {
        Lanes::all_known().next().unwrap_or(Lanes::Plain)
    }

    /// Every way this processor knows, the fastest first.
    pub(crate) fn all_known() -> impl Iterator<Item = Lanes> {
        #[cfg(target_arch = "x86_64")]
        let vectors = {
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt");
            let half = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt");
            [wide.then_some(Lanes::Avx512), half.then_some(Lanes::Avx2)]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Option<Lanes>; 0] = [];
        vectors.into_iter().flatten().chain([Lanes::Plain])
    }

    /// Sets `yes` and `open` to where all tests hold, and to where they may; both start from all subjects.
    pub(crate) fn all(self, rows: &[Line], at_least: &[Lane], below: &[Lane], bits: &mut Bits) {
        let last = at_least.iter().chain(below).map(|lane| lane.low.max(lane.high) as usize).max();
        assert!(last.is_none_or(|last| (last + 1) * WORDS <= rows.len()), "BUG: a test reads a row that was not coded");
        match self {
            // SAFETY: this way is only chosen when `all_known` found the features; rows are within bounds as asserted.
            #[cfg(target_arch = "x86_64")]
            Lanes::Avx512 => unsafe { wide::all(rows, at_least, below, &mut bits.yes, &mut bits.open) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Lanes::Avx2 => unsafe { half::all(rows, at_least, below, &mut bits.yes, &mut bits.open) },
            Lanes::Plain => plain::all(rows, at_least, below, &mut bits.yes, &mut bits.open),
        }
    }

    /// Runs plain loops compiled for the widest vectors; what they call must be inlined.
    #[inline]
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        match self {
            // SAFETY: this way is only chosen when `all_known` found the features.
            #[cfg(target_arch = "x86_64")]
            Lanes::Avx512 => unsafe { wide::run(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Lanes::Avx2 => unsafe { half::run(work) },
            Lanes::Plain => work(),
        }
    }

    /// The ones of a block.
    pub(crate) fn ones(self, words: &Words) -> u64 {
        self.run(|| plain::ones(words))
    }

    /// Counts for each value the cuts that are not above it.
    pub(crate) fn passed(self, values: &[i64], cuts: &[i64], codes: &mut [u8]) {
        self.run(|| plain::passed(values, cuts, codes));
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Lane, Line, WORDS, Words};
    use std::arch::x86_64::{
        __m512i, __mmask64, _mm512_load_si512, _mm512_mask_cmpge_epi8_mask, _mm512_mask_cmpge_epu8_mask, _mm512_mask_cmplt_epi8_mask,
        _mm512_mask_cmplt_epu8_mask, _mm512_set1_epi32,
    };

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn all(rows: &[Line], at_least: &[Lane], below: &[Lane], yes: &mut Words, open: &mut Words) {
        // Bounds and rows of a known number of tests stay in registers.
        match (at_least.len(), below.len()) {
            (1, 0) => fixed::<1, 0>(rows, at_least, below, yes, open),
            (2, 0) => fixed::<2, 0>(rows, at_least, below, yes, open),
            (3, 0) => fixed::<3, 0>(rows, at_least, below, yes, open),
            (4, 0) => fixed::<4, 0>(rows, at_least, below, yes, open),
            (5, 0) => fixed::<5, 0>(rows, at_least, below, yes, open),
            (6, 0) => fixed::<6, 0>(rows, at_least, below, yes, open),
            (0, 1) => fixed::<0, 1>(rows, at_least, below, yes, open),
            (1, 1) => fixed::<1, 1>(rows, at_least, below, yes, open),
            (2, 1) => fixed::<2, 1>(rows, at_least, below, yes, open),
            (3, 1) => fixed::<3, 1>(rows, at_least, below, yes, open),
            (4, 1) => fixed::<4, 1>(rows, at_least, below, yes, open),
            (5, 1) => fixed::<5, 1>(rows, at_least, below, yes, open),
            (0, 2) => fixed::<0, 2>(rows, at_least, below, yes, open),
            (1, 2) => fixed::<1, 2>(rows, at_least, below, yes, open),
            (2, 2) => fixed::<2, 2>(rows, at_least, below, yes, open),
            (3, 2) => fixed::<3, 2>(rows, at_least, below, yes, open),
            (4, 2) => fixed::<4, 2>(rows, at_least, below, yes, open),
            (0, 3) => fixed::<0, 3>(rows, at_least, below, yes, open),
            (1, 3) => fixed::<1, 3>(rows, at_least, below, yes, open),
            (2, 3) => fixed::<2, 3>(rows, at_least, below, yes, open),
            (3, 3) => fixed::<3, 3>(rows, at_least, below, yes, open),
            _ => any(rows, at_least, below, yes, open),
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn fixed<const AT_LEAST: usize, const BELOW: usize>(rows: &[Line], at_least: &[Lane], below: &[Lane], yes: &mut Words, open: &mut Words) {
        let (Some(at_least), Some(below)) = (at_least.first_chunk::<AT_LEAST>(), below.first_chunk::<BELOW>()) else { return };
        if at_least.iter().chain(below).any(|lane| lane.low != lane.high) {
            return any(rows, at_least, below, yes, open);
        }
        let start = |lane: &Lane| -> *const Line {
            // SAFETY: the caller has checked the rows.
            unsafe { rows.as_ptr().add(lane.low as usize * WORDS) }
        };
        let load = |start: *const Line, word: usize| -> __m512i {
            // SAFETY: a row has `WORDS` lines, each 64 bytes at a multiple of 64.
            unsafe { _mm512_load_si512(start.add(word).cast()) }
        };
        let over = at_least.each_ref().map(|lane| (start(lane), _mm512_set1_epi32(lane.bound.cast_signed())));
        let under = below.each_ref().map(|lane| (start(lane), _mm512_set1_epi32(lane.bound.cast_signed())));
        for word in 0..WORDS {
            let (mut sure, mut may): (__mmask64, __mmask64) = (!0, !0);
            for (start, bound) in over {
                let codes = load(start, word);
                sure = _mm512_mask_cmpge_epi8_mask(sure, codes, bound);
                may = _mm512_mask_cmpge_epu8_mask(may, codes, bound);
            }
            for (start, bound) in under {
                let codes = load(start, word);
                sure = _mm512_mask_cmplt_epu8_mask(sure, codes, bound);
                may = _mm512_mask_cmplt_epi8_mask(may, codes, bound);
            }
            (yes[word], open[word]) = (sure, may);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn any(rows: &[Line], at_least: &[Lane], below: &[Lane], yes: &mut Words, open: &mut Words) {
        let load = |row: u32, word: usize| -> __m512i {
            // SAFETY: the caller has checked the rows; `Line` is 64 bytes at a multiple of 64.
            unsafe { _mm512_load_si512(rows.as_ptr().add(row as usize * WORDS + word).cast()) }
        };
        for word in 0..WORDS {
            let (mut sure, mut may): (__mmask64, __mmask64) = (!0, !0);
            for lane in at_least {
                let bound = _mm512_set1_epi32(lane.bound.cast_signed());
                sure = _mm512_mask_cmpge_epi8_mask(sure, load(lane.low, word), bound);
                may = _mm512_mask_cmpge_epu8_mask(may, load(lane.high, word), bound);
            }
            for lane in below {
                let bound = _mm512_set1_epi32(lane.bound.cast_signed());
                sure = _mm512_mask_cmplt_epu8_mask(sure, load(lane.high, word), bound);
                may = _mm512_mask_cmplt_epi8_mask(may, load(lane.low, word), bound);
            }
            (yes[word], open[word]) = (sure, may);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,bmi2,popcnt")]
    pub(super) fn run<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
}

#[cfg(target_arch = "x86_64")]
mod half {
    use super::{Lane, Line, WORDS, Words};
    use std::arch::x86_64::{__m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_load_si256, _mm256_max_epu8, _mm256_movemask_epi8, _mm256_set1_epi32};

    #[target_feature(enable = "avx2")]
    pub(super) fn all(rows: &[Line], at_least: &[Lane], below: &[Lane], yes: &mut Words, open: &mut Words) {
        let load = |row: u32, word: usize, part: usize| -> __m256i {
            // SAFETY: the caller has checked the rows; `Line` is 64 bytes at a multiple of 64, `part` is 0 or 1.
            unsafe { _mm256_load_si256(rows.as_ptr().add(row as usize * WORDS + word).cast::<__m256i>().add(part)) }
        };
        let mask = |bytes: __m256i| _mm256_movemask_epi8(bytes).cast_unsigned();
        for word in 0..WORDS {
            let mut found = [[u32::MAX; 2]; 2];
            for (part, [yes, open]) in found.iter_mut().enumerate() {
                for lane in at_least {
                    let bound = _mm256_set1_epi32(lane.bound.cast_signed());
                    let (low, high) = (load(lane.low, word, part), load(lane.high, word, part));
                    *yes &= !mask(_mm256_cmpgt_epi8(bound, low));
                    *open &= mask(_mm256_cmpeq_epi8(_mm256_max_epu8(high, bound), high));
                }
                for lane in below {
                    let bound = _mm256_set1_epi32(lane.bound.cast_signed());
                    let (low, high) = (load(lane.low, word, part), load(lane.high, word, part));
                    *yes &= !mask(_mm256_cmpeq_epi8(_mm256_max_epu8(high, bound), high));
                    *open &= mask(_mm256_cmpgt_epi8(bound, low));
                }
            }
            let [[yes_low, open_low], [yes_high, open_high]] = found;
            yes[word] = u64::from(yes_low) | u64::from(yes_high) << 32;
            open[word] = u64::from(open_low) | u64::from(open_high) << 32;
        }
    }

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn run<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
}

mod plain {
    use super::{Lane, Line, WORDS, Words};

    const HIGH: u64 = 0x8080_8080_8080_8080;

    pub(super) fn all(rows: &[Line], at_least: &[Lane], below: &[Lane], yes: &mut Words, open: &mut Words) {
        for word in 0..WORDS {
            let line = |row: u32| &rows[row as usize * WORDS + word];
            let (mut sure, mut may) = (u64::MAX, u64::MAX);
            for lane in at_least {
                sure &= known_at_least(line(lane.low), lane.bound());
                may &= at_least_or_unknown(line(lane.high), lane.bound());
            }
            for lane in below {
                sure &= !at_least_or_unknown(line(lane.high), lane.bound());
                may &= !known_at_least(line(lane.low), lane.bound());
            }
            (yes[word], open[word]) = (sure, may);
        }
    }

    /// A bit for each code that is known and at least `bound`. With the high bit set no byte borrows from
    /// its neighbour; it stays set where the rest is at least the bound.
    fn known_at_least(line: &Line, bound: u8) -> u64 {
        let bounds = u64::from(bound) * 0x0101_0101_0101_0101;
        gathered(line, |eight| (eight | HIGH).wrapping_sub(bounds) & !eight)
    }

    fn at_least_or_unknown(line: &Line, bound: u8) -> u64 {
        let bounds = u64::from(bound) * 0x0101_0101_0101_0101;
        gathered(line, |eight| (eight | HIGH).wrapping_sub(bounds) | eight)
    }

    /// The high bit of each byte after `map`, eight bytes at a time, in order.
    fn gathered(line: &Line, map: impl Fn(u64) -> u64) -> u64 {
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let (eights, _) = line.0.as_chunks::<8>();
        eights.iter().enumerate().fold(0, |bits, (at, eight)| {
            let high = (map(u64::from_le_bytes(*eight)) & HIGH) >> 7;
            bits | (high.wrapping_mul(GATHER) >> 56) << (at * 8)
        })
    }

    #[inline(always)]
    pub(super) fn ones(words: &Words) -> u64 {
        words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    #[inline(always)]
    pub(super) fn passed(values: &[i64], cuts: &[i64], codes: &mut [u8]) {
        codes.fill(0);
        for &cut in cuts {
            values.iter().zip(codes.iter_mut()).for_each(|(&value, code)| *code += u8::from(value >= cut));
        }
    }
}

/// Rows of codes for a block, all zero.
pub(crate) fn rows(count: usize) -> Vec<Line> {
    vec![Line([0; 64]); count * WORDS]
}

/// The codes of a row.
pub(crate) fn row_mut(rows: &mut [Line], row: usize) -> &mut [u8] {
    let lines = &mut rows[row * WORDS..(row + 1) * WORDS];
    // SAFETY: `Line` is 64 plain bytes without padding, so its lines are one run of bytes.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), BLOCK) }
}

const _: () = assert!(BLOCK == WORDS * 64 && size_of::<Line>() == 64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::{ERROR, MAX_CUTS, MISSING};
    use proptest::prelude::*;

    fn code() -> impl Strategy<Value = (u8, u8)> {
        prop_oneof![
            6 => (0..=MAX_CUTS as u8).prop_map(|code| (code, code)),
            2 => Just((MISSING, MISSING)),
            1 => Just((ERROR, ERROR)),
            2 => (0..=MAX_CUTS as u8, 0..=MAX_CUTS as u8).prop_map(|(a, b)| (a.min(b), a.max(b))),
        ]
    }

    fn lanes() -> impl Strategy<Value = Vec<(u8, u8)>> {
        proptest::collection::vec((0u8..3, 1..=MAX_CUTS as u8), 0..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn every_way_of_comparing_gives_what_the_words_say(codes in proptest::collection::vec(code(), 200), at_least in lanes(), below in lanes()) {
            let mut coded = rows(6);
            for row in 0..3 {
                for at in 0..BLOCK {
                    let (low, high) = codes[(at * 7 + row * 31) % codes.len()];
                    row_mut(&mut coded, row)[at] = low;
                    row_mut(&mut coded, row + 3)[at] = high;
                }
            }
            let lane = |&(row, bound): &(u8, u8)| Lane::new(u32::from(row), u32::from(row) + 3, bound);
            let (over, under): (Vec<Lane>, Vec<Lane>) = (at_least.iter().map(lane).collect(), below.iter().map(lane).collect());
            for way in Lanes::all_known() {
                let mut bits = Bits::default();
                way.all(&coded, &over, &under, &mut bits);
                let mut counted = 0;
                for at in 0..BLOCK {
                    let code = |row: u8| codes[(at * 7 + usize::from(row) * 31) % codes.len()];
                    let unknown = |row: u8| code(row).0 >= MISSING;
                    let yes = at_least.iter().all(|&(row, bound)| !unknown(row) && code(row).0 >= bound) && below.iter().all(|&(row, bound)| !unknown(row) && code(row).1 < bound);
                    let open = at_least.iter().all(|&(row, bound)| unknown(row) || code(row).1 >= bound) && below.iter().all(|&(row, bound)| unknown(row) || code(row).0 < bound);
                    let bit = |words: &Words| words[at / 64] >> (at % 64) & 1 == 1;
                    prop_assert_eq!((bit(&bits.yes), bit(&bits.open)), (yes, open), "{:?} at {}", way, at);
                    counted += u64::from(yes);
                }
                prop_assert_eq!(way.ones(&bits.yes), counted);
            }
        }

        #[test]
        fn every_way_counts_the_same_cuts(values in proptest::collection::vec(-50i64..50, 0..100), cuts in proptest::collection::vec(-50i64..50, 0..9)) {
            for way in Lanes::all_known() {
                let mut codes = vec![7; values.len()];
                way.passed(&values, &cuts, &mut codes);
                let expected: Vec<u8> = values.iter().map(|value| cuts.iter().filter(|cut| value >= cut).count() as u8).collect();
                prop_assert_eq!(&codes, &expected, "{:?}", way);
            }
        }
    }
}
