//! The functions between the matrices, written without branches so that the compiler does several
//! numbers at a time.

/// `e^x`, to seven digits: `x = n·ln 2 + f`, the power of two by its exponent bits, `e^f` by Taylor's
/// series.
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding it moves the whole part of a number into its lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let f = x - n * LN2_HIGH - n * LN2_LOW;
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0))))));
    series * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// The error function, to within 1.5·10⁻⁷ (Abramowitz and Stegun 7.1.26).
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let sum = t * (0.254_829_6 + t * (-0.284_496_73 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    (1.0 - sum * exp(-size * size)).copysign(x)
}

/// The Gaussian error linear unit of every number (Hendrycks and Gimpel 2016).
pub(crate) fn gelu(values: &mut [f32]) {
    for value in values {
        *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// Shares that add up to 1, by the exponentials of `values` times `scale`.
pub(crate) fn softmax(values: &mut [f32], scale: f32) {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|value| *value = exp((*value - most) * scale));
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
}

/// A row with mean 0 and variance 1, then weighed and moved (Ba, Kiros and Hinton 2016).
pub(crate) fn normalise(row: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    let count = row.len() as f32;
    let mean = row.iter().sum::<f32>() / count;
    let variance = row.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((value, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
        *value = (*value - mean) * scale * weight + bias;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_their_definitions() {
        for step in -800..=800 {
            let x = step as f32 / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "{x}");
        }
        for (x, value) in [(0.0, 0.0), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (-2.0, -0.995_322_3), (5.0, 1.0)] {
            assert!((erf(x) - value).abs() < 3e-7, "{x}");
        }
        let mut shares = [1.0, 2.0, 3.0];
        softmax(&mut shares, 1.0);
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6 && (shares[2] / shares[1] - std::f32::consts::E).abs() < 1e-5);
        let mut row = [1.0, 3.0];
        normalise(&mut row, &[2.0, 2.0], &[1.0, 1.0], 0.0);
        assert_eq!(row, [-1.0, 3.0]);
    }
}
