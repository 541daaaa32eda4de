//! An encoder that runs in this process: BERT's layers (Devlin et al. 2019) over the weights of a
//! packed file, the mean of its tokens as the vector of a text.

use super::file::{BLOCK_BYTES, ModelFault, ModelFile, Shape, unpack};
use super::kernel::{gelu, normalise, softmax};
use super::pieces::Pieces;
use crate::{Embed, EmbedFault, Role, checked};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

/// A model in memory. One of 384 numbers and twelve layers takes some 150 MB.
pub struct LocalModel {
    shape: Shape,
    pieces: Pieces,
    /// One row of packed weights per piece: unpacked they would be eight times as large.
    words: Vec<u8>,
    positions: Array2<f32>,
    /// The vector of the one kind of text there is.
    kind: Vec<f32>,
    first: Norm,
    layers: Vec<Layer>,
    fingerprint: u64,
}

struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Outputs × inputs, and what is added to each output.
struct Linear {
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    after_attention: Norm,
    widen: Linear,
    narrow: Linear,
    after_inner: Norm,
}

impl LocalModel {
    /// Reads a packed model file.
    pub fn read(bytes: &[u8]) -> Result<LocalModel, ModelFault> {
        let file = ModelFile::read(bytes)?;
        let Shape { hidden, layers, vocabulary, positions, .. } = file.shape;
        let words = file.packed("emb.word", vocabulary * hidden)?.to_vec();
        let places = file.numbers("emb.pos", positions * hidden)?;
        let kinds = file.numbers("emb.type", 2 * hidden).or_else(|_| file.numbers("emb.type", hidden))?;
        let layers = (0..layers).map(|number| Layer::read(&file, number)).collect::<Result<_, _>>()?;
        Ok(LocalModel {
            shape: file.shape,
            words,
            positions: Array2::from_shape_vec((positions, hidden), places).map_err(|_| ModelFault::Tensor("emb.pos".to_string()))?,
            kind: kinds[..hidden].to_vec(),
            first: Norm::read(&file, "emb.ln")?,
            layers,
            pieces: file.pieces,
            fingerprint: fingerprint(bytes),
        })
    }

    /// The length of its vectors.
    pub fn size(&self) -> usize {
        self.shape.hidden
    }

    /// The mean of a text's tokens over all its windows, each weighed by its length.
    fn vector(&self, text: &str) -> Vec<f32> {
        let mut sum = Array1::<f32>::zeros(self.shape.hidden);
        for window in self.pieces.windows(text, self.shape.positions) {
            let content = window.len().saturating_sub(2).max(1) as f32;
            if let Some(mean) = self.encode(&window).mean_axis(Axis(0)) {
                sum.scaled_add(content, &mean);
            }
        }
        sum.to_vec()
    }

    /// Tokens × numbers after the last layer.
    fn encode(&self, tokens: &[u32]) -> Array2<f32> {
        let mut x = self.look_up(tokens);
        for layer in &self.layers {
            let attended = layer.attend(x.view(), self.shape.heads);
            x += &layer.out.apply(attended.view());
            layer.after_attention.apply(&mut x, self.shape.epsilon);
            let mut inner = layer.widen.apply(x.view());
            if let Some(values) = inner.as_slice_mut() {
                gelu(values);
            }
            x += &layer.narrow.apply(inner.view());
            layer.after_inner.apply(&mut x, self.shape.epsilon);
        }
        x
    }

    fn look_up(&self, tokens: &[u32]) -> Array2<f32> {
        let row_bytes = self.shape.hidden / 32 * BLOCK_BYTES;
        let mut x = Array2::<f32>::zeros((tokens.len(), self.shape.hidden));
        for ((&token, place), mut row) in tokens.iter().zip(self.positions.outer_iter()).zip(x.outer_iter_mut()) {
            let packed = &self.words[token as usize * row_bytes..][..row_bytes];
            if let Some(row) = row.as_slice_mut() {
                unpack(packed, row);
                row.iter_mut().zip(&self.kind).for_each(|(value, kind)| *value += kind);
            }
            row += &place;
        }
        self.first.apply(&mut x, self.shape.epsilon);
        x
    }
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalModel").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl Embed for LocalModel {
    fn name(&self) -> String {
        format!("local-{:016x}-{}", self.fingerprint, self.shape.hidden)
    }

    /// The texts in parallel, each with the prefix that models of the E5 family were taught.
    fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<f32>>, EmbedFault> {
        let prefix = match role {
            Role::Query => "query: ",
            Role::Passage => "passage: ",
        };
        let vectors = texts.par_iter().map(|text| self.vector(&format!("{prefix}{text}"))).collect();
        checked(vectors, texts.len())
    }
}

impl Norm {
    fn read(file: &ModelFile<'_>, name: &str) -> Result<Norm, ModelFault> {
        let read = |part: &str| file.numbers(&format!("{name}.{part}"), file.shape.hidden);
        Ok(Norm { weight: read("w")?, bias: read("b")? })
    }

    fn apply(&self, x: &mut Array2<f32>, epsilon: f32) {
        for mut row in x.outer_iter_mut() {
            if let Some(row) = row.as_slice_mut() {
                normalise(row, &self.weight, &self.bias, epsilon);
            }
        }
    }
}

impl Linear {
    fn read(file: &ModelFile<'_>, name: &str, outputs: usize, inputs: usize) -> Result<Linear, ModelFault> {
        let weight = format!("{name}.w");
        let weights = file.weights(&weight, outputs * inputs)?;
        let weight = Array2::from_shape_vec((outputs, inputs), weights).map_err(|_| ModelFault::Tensor(weight))?;
        Ok(Linear { weight, bias: Array1::from(file.numbers(&format!("{name}.b"), outputs)?) })
    }

    fn apply(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut y = Array2::<f32>::zeros((x.nrows(), self.bias.len()));
        y += &self.bias;
        general_mat_mul(1.0, &x, &self.weight.t(), 1.0, &mut y);
        y
    }
}

impl Layer {
    fn read(file: &ModelFile<'_>, number: usize) -> Result<Layer, ModelFault> {
        let Shape { hidden, inner, .. } = file.shape;
        let linear = |name: &str, outputs: usize, inputs: usize| Linear::read(file, &format!("l{number}.{name}"), outputs, inputs);
        let norm = |name: &str| Norm::read(file, &format!("l{number}.{name}"));
        Ok(Layer {
            query: linear("q", hidden, hidden)?,
            key: linear("k", hidden, hidden)?,
            value: linear("v", hidden, hidden)?,
            out: linear("ao", hidden, hidden)?,
            after_attention: norm("aln")?,
            widen: linear("fi", inner, hidden)?,
            narrow: linear("fo", hidden, inner)?,
            after_inner: norm("oln")?,
        })
    }

    /// Scaled dot-product attention, head by head (Vaswani et al. 2017).
    fn attend(&self, x: ArrayView2<'_, f32>, heads: usize) -> Array2<f32> {
        let (query, key, value) = (self.query.apply(x), self.key.apply(x), self.value.apply(x));
        let (tokens, width) = (x.nrows(), x.ncols() / heads);
        let mut attended = Array2::<f32>::zeros(x.raw_dim());
        let mut weights = Array2::<f32>::zeros((tokens, tokens));
        for head in 0..heads {
            let of = s![.., head * width..(head + 1) * width];
            general_mat_mul(1.0, &query.slice(of), &key.slice(of).t(), 0.0, &mut weights);
            for mut row in weights.outer_iter_mut() {
                if let Some(row) = row.as_slice_mut() {
                    softmax(row, 1.0 / (width as f32).sqrt());
                }
            }
            let mut out: ArrayViewMut2<'_, f32> = attended.slice_mut(of);
            general_mat_mul(1.0, &weights, &value.slice(of), 0.0, &mut out);
        }
        attended
    }
}

/// Tells model files apart: FNV-1a over words of eight bytes.
fn fingerprint(bytes: &[u8]) -> u64 {
    let word = |eight: &[u8]| eight.iter().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |hash, eight| (hash ^ word(eight)).wrapping_mul(0x0100_0000_01b3))
}
