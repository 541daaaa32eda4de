//! Vectors of one model crowd into a narrow cone: any two texts look alike. Seen from the middle of
//! the crowd they differ, and the sign of each number says something. Queries and passages crowd in
//! different places, so each has a middle of its own.

/// The middle of a crowd of vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centre {
    mean: Vec<f32>,
}

impl Centre {
    /// The mean of `vectors`; nowhere if there are none.
    pub fn of<'v>(vectors: impl Iterator<Item = &'v [f32]>) -> Centre {
        let (mut mean, mut count) = (Vec::new(), 0usize);
        for vector in vectors {
            mean.resize(vector.len(), 0.0f32);
            mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
            count += 1;
        }
        mean.iter_mut().for_each(|sum| *sum /= count.max(1) as f32);
        Centre { mean }
    }

    /// The middle at a place that was kept.
    pub fn at(mean: Vec<f32>) -> Centre {
        Centre { mean }
    }

    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// `vector` as seen from here, of length 1; zeros for the middle itself.
    pub fn seen(&self, vector: &[f32]) -> Vec<f32> {
        let mean = self.mean.iter().copied().chain(std::iter::repeat(0.0));
        let mut seen: Vec<f32> = vector.iter().zip(mean).map(|(value, mean)| value - mean).collect();
        let length = crate::likeness(&seen, &seen).sqrt();
        if length > 0.0 {
            seen.iter_mut().for_each(|value| *value /= length);
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_look_different_from_their_middle() {
        let crowd = [vec![1.0f32, 0.1], vec![1.0, -0.1]];
        let centre = Centre::of(crowd.iter().map(Vec::as_slice));
        assert_eq!(centre.mean(), [1.0, 0.0]);
        assert!((crate::likeness(&centre.seen(&crowd[0]), &centre.seen(&crowd[1])) + 1.0).abs() < 1e-5);
        assert_eq!(Centre::default().seen(&[3.0, 4.0]), [0.6, 0.8]);
        assert_eq!(centre.seen(&[1.0, 0.0]), [0.0, 0.0]);
    }
}
