//! Nearest neighbours among many vectors without a graph to build: one bit per number is compared
//! with all of them, and the best are looked at again in eight bits. Vectors must be seen from their
//! middle ([`crate::Centre`]), or their signs say nothing.

use pulp::{Arch, Simd, WithSimd};
use std::collections::BinaryHeap;

/// Vectors of one length, as signs and as bytes: an eighth and a whole byte for each number.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    size: usize,
    /// In tiles of [`TILE`] vectors: the first word of 64 signs of each, then the second of each, and so
    /// on, so that one instruction compares several vectors. Vectors that the last tile lacks are zero.
    signs: Vec<u64>,
    bytes: Vec<i8>,
    /// What one step of a vector's bytes is worth.
    steps: Vec<f32>,
}

/// How many vectors lie together.
const TILE: usize = 64;

/// So many of the vectors nearest by their signs are compared in eight bits.
pub const RESCORED: usize = 400;

impl Codes {
    /// None yet, each of `size` numbers.
    pub fn new(size: usize) -> Codes {
        Codes { size, ..Codes::default() }
    }

    /// How many numbers each vector has.
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a vector, whose number is [`Codes::len`] before. What it has too many or too few numbers
    /// of is cut off or taken as zero.
    pub fn push(&mut self, vector: &[f32]) {
        let numbers = || vector.iter().copied().chain(std::iter::repeat(0.0)).take(self.size);
        let signs = signs(&numbers().collect::<Vec<f32>>());
        let (tile, slot) = (self.len() / TILE * TILE * signs.len(), self.len() % TILE);
        if slot == 0 {
            self.signs.resize(tile + TILE * signs.len(), 0);
        }
        for (word, signs) in signs.into_iter().enumerate() {
            self.signs[tile + word * TILE + slot] = signs;
        }
        let most = numbers().fold(0.0f32, |most, value| most.max(value.abs()));
        let step = if most > 0.0 { most / 127.0 } else { 1.0 };
        self.bytes.extend(numbers().map(|value| (value / step).round() as i8));
        self.steps.push(step);
    }

    /// The numbers of the `limit` vectors most like `asked`, with their likeness, best first. `lets_pass`
    /// says which may be found.
    pub fn nearest(&self, asked: &[f32], limit: usize, lets_pass: impl Fn(usize) -> bool) -> Vec<(usize, f32)> {
        self.nearest_by_group(asked, limit, 1, |at| lets_pass(at).then_some(0)).pop().unwrap_or_default()
    }

    /// As [`Codes::nearest`], for each of `groups` groups at the price of one. `group` says to which a vector
    /// belongs, if to any.
    pub fn nearest_by_group(&self, asked: &[f32], limit: usize, groups: usize, group: impl Fn(usize) -> Option<usize>) -> Vec<Vec<(usize, f32)>> {
        if asked.len() != self.size || self.is_empty() {
            return vec![Vec::new(); groups];
        }
        let mut closest: Vec<Closest> = (0..groups).map(|_| Closest::new(RESCORED.max(limit))).collect();
        self.scan(&signs(asked), |at, distance| {
            let group = group(at).filter(|&group| group < groups)?;
            let moved = closest[group].take_in(distance, at as u32);
            moved.then(|| closest.iter().map(|closest| closest.worst).max().unwrap_or(0))
        });
        closest.into_iter().map(|closest| self.rescored(closest, asked, limit)).collect()
    }

    fn rescored(&self, closest: Closest, asked: &[f32], limit: usize) -> Vec<(usize, f32)> {
        let mut found: Vec<(usize, f32)> = closest.heap.into_iter().map(|(_, at)| (at as usize, self.likeness(at as usize, asked))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(limit);
        found
    }

    /// The likeness of a vector that was added to `asked`, in eight bits.
    pub fn likeness(&self, at: usize, asked: &[f32]) -> f32 {
        let bytes = &self.bytes[at * self.size..][..self.size];
        bytes.iter().zip(asked).map(|(&byte, asked)| f32::from(byte) * asked).sum::<f32>() * self.steps[at]
    }

    /// A vector that was added, as its bytes tell it.
    pub fn vector(&self, at: usize) -> Vec<f32> {
        self.bytes[at * self.size..][..self.size].iter().map(|&byte| f32::from(byte) * self.steps[at]).collect()
    }

    /// Shows `see` every vector with the number of signs in which it differs from `asked`, those left out that
    /// differ in as many as `see` has last said or more. Block by block, so that a block's numbers stay
    /// near the processor: once enough are found, hardly any run of vectors holds one worth showing.
    fn scan(&self, asked: &[u64], mut see: impl FnMut(usize, u16) -> Option<u16>) {
        const BLOCK: usize = 2_048;
        const RUN: usize = 32;
        let arch = Arch::new();
        let (mut worst, mut distances) = (u16::MAX, [0u16; BLOCK]);
        for (block, signs) in self.signs.chunks((BLOCK * asked.len()).max(1)).enumerate() {
            let distances = &mut distances[..BLOCK.min(self.len() - block * BLOCK)];
            arch.dispatch(Differ { tiles: signs, asked, distances });
            for (run, distances) in distances.chunks(RUN).enumerate() {
                if distances.iter().fold(u16::MAX, |least, &distance| least.min(distance)) >= worst {
                    continue;
                }
                for (at, &distance) in distances.iter().enumerate() {
                    if distance < worst
                        && let Some(bound) = see(block * BLOCK + run * RUN + at, distance)
                    {
                        worst = bound;
                    }
                }
            }
        }
    }
}

/// The vectors that differ in the fewest signs.
struct Closest {
    wanted: usize,
    heap: BinaryHeap<(u16, u32)>,
    /// What differs in so many signs or more is not among them.
    worst: u16,
}

impl Closest {
    fn new(wanted: usize) -> Closest {
        Closest { wanted, heap: BinaryHeap::with_capacity(wanted + 1), worst: u16::MAX }
    }

    /// Takes a vector in if it is close enough; whether the bound has moved.
    fn take_in(&mut self, distance: u16, at: u32) -> bool {
        if distance >= self.worst {
            return false;
        }
        self.heap.push((distance, at));
        if self.heap.len() <= self.wanted {
            return false;
        }
        self.heap.pop();
        self.worst = self.heap.peek().map_or(u16::MAX, |(distance, _)| *distance);
        true
    }
}

/// In how many signs each vector of some tiles differs from what is asked.
struct Differ<'a> {
    tiles: &'a [u64],
    asked: &'a [u64],
    distances: &'a mut [u16],
}

// A closure would not be sure to be compiled into the caller, and then not for its instructions.
impl WithSimd for Differ<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Differ { tiles, asked, distances } = self;
        for (tile, distances) in tiles.chunks_exact(TILE * asked.len().max(1)).zip(distances.chunks_mut(TILE)) {
            let mut sums = [0u64; TILE];
            for (words, asked) in tile.as_chunks::<TILE>().0.iter().zip(asked) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    *sum += u64::from((word ^ asked).count_ones());
                }
            }
            for (distance, sum) in distances.iter_mut().zip(sums) {
                *distance = sum as u16;
            }
        }
    }
}

fn signs(vector: &[f32]) -> Vec<u64> {
    let word = |part: &[f32]| part.iter().enumerate().fold(0u64, |word, (bit, value)| word | u64::from(*value > 0.0) << bit);
    vector.chunks(64).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Centre, likeness};

    /// Numbers between −1 and 1 from a fixed sequence.
    fn noise(state: &mut u64) -> f32 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Texts of some fields: the field's vector, a common offset as models have it, and noise.
    fn crowd(count: usize, size: usize, state: &mut u64) -> Vec<Vec<f32>> {
        let fields: Vec<Vec<f32>> = (0..50).map(|_| (0..size).map(|_| noise(state)).collect()).collect();
        let vector = |at: usize, state: &mut u64| fields[at % 50].iter().map(|value| 4.0 + value + 0.7 * noise(state)).collect();
        (0..count).map(|at| vector(at, state)).collect()
    }

    #[test]
    fn nearly_all_true_neighbours_are_found() {
        let mut state = 7;
        let all = crowd(3_000, 96, &mut state);
        let centre = Centre::of(all.iter().map(Vec::as_slice));
        let seen: Vec<Vec<f32>> = all.iter().map(|vector| centre.seen(vector)).collect();
        let mut codes = Codes::new(96);
        seen.iter().for_each(|vector| codes.push(vector));
        let mut found = 0;
        for asked in seen.iter().step_by(75) {
            let mut order: Vec<usize> = (0..seen.len()).collect();
            order.sort_by(|&a, &b| likeness(asked, &seen[b]).total_cmp(&likeness(asked, &seen[a])));
            let near = codes.nearest(asked, 10, |_| true);
            assert!(near.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            found += near.iter().filter(|(at, _)| order[..10].contains(at)).count();
        }
        assert!(found >= 388, "{found} of 400");
    }

    #[test]
    fn signs_are_counted_as_one_by_one() {
        for (count, size) in [(1, 1), (63, 64), (64, 65), (65, 384), (2_049, 96), (4_200, 20)] {
            let mut state = 3;
            let all: Vec<Vec<f32>> = (0..count).map(|_| (0..size).map(|_| noise(&mut state)).collect()).collect();
            let mut codes = Codes::new(size);
            all.iter().for_each(|vector| codes.push(vector));
            let asked: Vec<f32> = (0..size).map(|_| noise(&mut state)).collect();
            let mut seen = Vec::new();
            codes.scan(&signs(&asked), |at, distance| {
                seen.push((at, usize::from(distance)));
                None
            });
            let differ = |vector: &[f32]| vector.iter().zip(&asked).filter(|(a, b)| (**a > 0.0) != (**b > 0.0)).count();
            let expected: Vec<(usize, usize)> = all.iter().map(|vector| differ(vector)).enumerate().collect();
            assert_eq!(seen, expected, "{count} of {size}");
        }
    }

    #[test]
    fn only_what_may_pass_is_found_and_nothing_breaks() {
        let mut codes = Codes::new(3);
        assert!(codes.nearest(&[1.0, 0.0, 0.0], 5, |_| true).is_empty());
        for vector in [[1.0, 0.0, 0.0].as_slice(), &[0.9, 0.1, 0.0], &[], &[f32::NAN, 1.0, 0.0]] {
            codes.push(vector);
        }
        let near = codes.nearest(&[1.0, 0.0, 0.0], 2, |at| at != 0);
        assert_eq!(near[0].0, 1);
        assert!(codes.nearest(&[1.0], 2, |_| true).is_empty());
        assert_eq!(codes.len(), 4);
    }
}
