//! The packed form in which small embedding models are handed around: magic `E5S1`, a header, the
//! vocabulary with its scores, a normalisation map, a directory of tensors, and the tensors, whose
//! weights are blocks of 32 four-bit numbers with one half-precision scale (the form `Q4_0`).

use super::pieces::Pieces;
use std::collections::HashMap;
use std::ops::Range;

/// Why a file is not taken as a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelFault {
    #[error("it is no packed embedding model")]
    NotAModel,
    #[error("it ends too early")]
    Truncated,
    #[error("its {what} is {value}, which cannot be")]
    Header { what: &'static str, value: i64 },
    #[error("its vocabulary is damaged")]
    Vocabulary,
    #[error("it lacks the tensor `{0}`")]
    Missing(String),
    #[error("the tensor `{0}` has the wrong size or form")]
    Tensor(String),
    #[error("the tensor `{0}` holds what is no number")]
    NotANumber(String),
}

/// Sizes of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Numbers per token, and of a vector.
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// Numbers per token inside the feed-forward part.
    pub(crate) inner: usize,
    pub(crate) vocabulary: usize,
    /// Tokens that a text may have at once.
    pub(crate) positions: usize,
    pub(crate) epsilon: f32,
}

/// A file whose header, vocabulary and directory have been read.
pub(crate) struct ModelFile<'a> {
    pub(crate) shape: Shape,
    pub(crate) pieces: Pieces,
    bytes: &'a [u8],
    tensors: HashMap<String, Tensor>,
}

struct Tensor {
    packed: bool,
    count: usize,
    at: Range<usize>,
}

/// Weights of a block, and its bytes: a scale of two, then two weights a byte.
const BLOCK: usize = 32;
pub(crate) const BLOCK_BYTES: usize = 18;

impl<'a> ModelFile<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<ModelFile<'a>, ModelFault> {
        let mut cursor = Cursor { bytes, at: 0 };
        if cursor.take(4).map_err(|_| ModelFault::NotAModel)? != b"E5S1" {
            return Err(ModelFault::NotAModel);
        }
        cursor.u32()?;
        let shape = shape(&mut cursor)?;
        let pieces = pieces(&mut cursor, shape.vocabulary)?;
        let tensors = directory(&mut cursor, bytes.len())?;
        Ok(ModelFile { shape, pieces, bytes, tensors })
    }

    /// A tensor of plain numbers.
    pub(crate) fn numbers(&self, name: &str, count: usize) -> Result<Vec<f32>, ModelFault> {
        let tensor = self.tensor(name, count, false)?;
        let bytes = &self.bytes[tensor.at.clone()];
        let numbers: Vec<f32> = bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        checked(name, numbers)
    }

    /// A tensor of packed weights, unpacked.
    pub(crate) fn weights(&self, name: &str, count: usize) -> Result<Vec<f32>, ModelFault> {
        let mut weights = vec![0.0; count];
        unpack(self.packed(name, count)?, &mut weights);
        checked(name, weights)
    }

    /// A tensor of packed weights, as it is.
    pub(crate) fn packed(&self, name: &str, count: usize) -> Result<&'a [u8], ModelFault> {
        Ok(&self.bytes[self.tensor(name, count, true)?.at.clone()])
    }

    fn tensor(&self, name: &str, count: usize, packed: bool) -> Result<&Tensor, ModelFault> {
        let tensor = self.tensors.get(name).ok_or_else(|| ModelFault::Missing(name.to_string()))?;
        let size = if packed { count / BLOCK * BLOCK_BYTES } else { count * 4 };
        let fits = tensor.packed == packed && tensor.count == count && tensor.at.len() == size;
        if fits { Ok(tensor) } else { Err(ModelFault::Tensor(name.to_string())) }
    }
}

fn checked(name: &str, numbers: Vec<f32>) -> Result<Vec<f32>, ModelFault> {
    if numbers.iter().all(|number| number.is_finite()) { Ok(numbers) } else { Err(ModelFault::NotANumber(name.to_string())) }
}

/// Unpacks whole blocks into `weights`, 32 of them a block.
pub(crate) fn unpack(blocks: &[u8], weights: &mut [f32]) {
    for (block, weights) in blocks.chunks_exact(BLOCK_BYTES).zip(weights.chunks_exact_mut(BLOCK)) {
        let scale = half(u16::from_le_bytes([block[0], block[1]]));
        let (low, high) = weights.split_at_mut(BLOCK / 2);
        for ((byte, low), high) in block[2..].iter().zip(low).zip(high) {
            *low = (f32::from(byte & 15) - 8.0) * scale;
            *high = (f32::from(byte >> 4) - 8.0) * scale;
        }
    }
}

/// The number that 16 bits in the half-precision form of IEEE 754 mean.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 => return f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

fn shape(cursor: &mut Cursor<'_>) -> Result<Shape, ModelFault> {
    let mut size = |what: &'static str, range: Range<i64>, of: i64| {
        let value = i64::from(cursor.i32()?);
        let fits = range.contains(&value) && value % of == 0;
        if fits { Ok(value as usize) } else { Err(ModelFault::Header { what, value }) }
    };
    let hidden = size("vector size", 32..4_097, 32)?;
    let layers = size("number of layers", 1..65, 1)?;
    let heads = size("number of heads", 1..65, 1)?;
    let inner = size("inner size", 32..16_385, 32)?;
    let vocabulary = size("vocabulary", 4..2_000_000, 1)?;
    let positions = size("text length", 8..8_193, 1)?;
    size("number of text types", 1..17, 1)?;
    let epsilon = cursor.f32()?;
    let block = cursor.i32()?;
    if hidden % heads != 0 {
        return Err(ModelFault::Header { what: "number of heads", value: heads as i64 });
    }
    if block != BLOCK as i32 || !(0.0..=1.0).contains(&epsilon) {
        return Err(ModelFault::Header { what: "block size", value: i64::from(block) });
    }
    Ok(Shape { hidden, layers, heads, inner, vocabulary, positions, epsilon })
}

fn pieces(cursor: &mut Cursor<'_>, vocabulary: usize) -> Result<Pieces, ModelFault> {
    let count = usize::try_from(cursor.i32()?).ok().filter(|count| (1..=vocabulary).contains(count)).ok_or(ModelFault::Vocabulary)?;
    let mut special = [0u32; 4];
    for id in &mut special {
        *id = u32::try_from(cursor.i32()?).ok().filter(|&id| (id as usize) < count).ok_or(ModelFault::Vocabulary)?;
    }
    let length = usize::try_from(cursor.u64()?).map_err(|_| ModelFault::Truncated)?;
    let ends: Vec<u32> = (0..=count).map(|_| cursor.u32()).collect::<Result<_, _>>()?;
    let scores: Vec<f32> = (0..count).map(|_| cursor.f32()).collect::<Result<_, _>>()?;
    let text = cursor.take(length)?;
    let mut pieces = Vec::with_capacity(count);
    for (ends, &score) in ends.windows(2).zip(&scores) {
        let piece = text.get(ends[0] as usize..ends[1] as usize).and_then(|piece| std::str::from_utf8(piece).ok());
        pieces.push((piece.filter(|_| score.is_finite()).ok_or(ModelFault::Vocabulary)?, score));
    }
    let [begin, end, _, unknown] = special;
    let folds = folds(cursor)?;
    Ok(Pieces::new(&pieces, begin, end, unknown, folds))
}

/// Which character is read as which others.
fn folds(cursor: &mut Cursor<'_>) -> Result<HashMap<char, Vec<char>>, ModelFault> {
    let count = cursor.i32()?;
    cursor.u32()?;
    let mut folds = HashMap::new();
    for _ in 0..count {
        let from = cursor.u32()?;
        let length = cursor.take(1)?[0];
        let to = (0..length).map(|_| cursor.u32()).collect::<Result<Vec<u32>, _>>()?;
        if let Some(from) = char::from_u32(from) {
            folds.insert(from, to.into_iter().filter_map(char::from_u32).collect());
        }
    }
    Ok(folds)
}

fn directory(cursor: &mut Cursor<'_>, length: usize) -> Result<HashMap<String, Tensor>, ModelFault> {
    let mut tensors = HashMap::new();
    for _ in 0..cursor.i32()? {
        let name = usize::from(cursor.u16()?);
        let name = String::from_utf8_lossy(cursor.take(name)?).into_owned();
        let packed = cursor.take(1)?[0] == 1;
        let count = cursor.u32()? as usize;
        let place = |number: u64| usize::try_from(number).map_err(|_| ModelFault::Truncated);
        let (from, size) = (place(cursor.u64()?)?, place(cursor.u64()?)?);
        let to = from.checked_add(size).filter(|&to| to <= length).ok_or(ModelFault::Truncated)?;
        tensors.insert(name, Tensor { packed, count, at: from..to });
    }
    Ok(tensors)
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelFault> {
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end)).ok_or(ModelFault::Truncated)?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelFault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u16(&mut self) -> Result<u16, ModelFault> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, ModelFault> {
        self.array().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, ModelFault> {
        self.array().map(i32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ModelFault> {
        self.array().map(u64::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, ModelFault> {
        self.array().map(f32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_precision_numbers_are_read() {
        for (bits, number) in [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x0000, 0.0)] {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7c00).is_nan());
    }

    #[test]
    fn a_block_is_a_scale_and_thirty_two_weights() {
        let mut block = vec![0x00, 0x3c];
        block.extend((0..16).map(|at| at | (15 - at) << 4));
        let mut weights = [0.0; 32];
        unpack(&block, &mut weights);
        assert_eq!((weights[0], weights[15], weights[16], weights[31]), (-8.0, 7.0, 7.0, -8.0));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400), magic: bool) {
            let mut file = if magic { b"E5S1\x01\0\0\0".to_vec() } else { Vec::new() };
            file.extend(bytes);
            prop_assert!(ModelFile::read(&file).is_err());
        }
    }
}
