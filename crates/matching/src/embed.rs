//! Dense vectors of meaning: who makes them, and what can go wrong. A model that runs in this
//! process and a server elsewhere look the same from here.

mod centre;
mod file;
mod kernel;
mod local;
mod pieces;

pub use centre::Centre;
pub use file::ModelFault;
pub use local::LocalModel;

use std::fmt::Debug;

/// What a text is to the search: some models tell a question from what may answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Query,
    Passage,
}

/// A question is as long as a passage from so many characters on.
const PASSAGE_CHARS: usize = 64;

impl Role {
    /// What a text is that somebody asks with: one as long as a passage is compared with passages as one of
    /// them, since models learn questions from short ones.
    pub fn of_asked(text: &str) -> Role {
        if text.chars().nth(PASSAGE_CHARS - 1).is_some() { Role::Passage } else { Role::Query }
    }
}

/// Turns texts into vectors of length 1.
pub trait Embed: Debug + Send + Sync {
    /// Which model it is: vectors of different names cannot be compared.
    fn name(&self) -> String;

    /// One vector for each text, in their order, all of one size.
    fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<f32>>, EmbedFault>;
}

/// Why there are no vectors. Search goes on without them and says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedFault {
    #[error("the embedding server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the embedding server did not answer in time")]
    Slow,
    #[error("the embedding server refused: {0}")]
    Refused(String),
    #[error("the embedding server's answer cannot be used: {0}")]
    Unusable(String),
}

/// `vectors` scaled to length 1, or why they are no answer to `asked` texts.
pub fn checked(mut vectors: Vec<Vec<f32>>, asked: usize) -> Result<Vec<Vec<f32>>, EmbedFault> {
    let unusable = |why: String| Err(EmbedFault::Unusable(why));
    if vectors.len() != asked {
        return unusable(format!("{} vectors for {asked} texts", vectors.len()));
    }
    let size = vectors.first().map_or(0, Vec::len);
    if asked > 0 && size == 0 {
        return unusable("its vectors are empty".to_string());
    }
    for vector in &mut vectors {
        if vector.len() != size {
            return unusable(format!("vectors of {size} and of {} numbers", vector.len()));
        }
        let length = crate::likeness(vector, vector).sqrt();
        if !length.is_finite() || length <= 0.0 {
            return unusable("a vector is not made of numbers, or of zeros only".to_string());
        }
        vector.iter_mut().for_each(|value| *value /= length);
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_long_as_a_passage_is_asked_as_one() {
        assert_eq!([63, 64].map(|chars| Role::of_asked(&"电".repeat(chars))), [Role::Query, Role::Passage]);
        assert_eq!(Role::of_asked(""), Role::Query);
    }

    #[test]
    fn answers_are_checked_and_scaled() {
        assert_eq!(checked(vec![vec![3.0, 4.0]], 1).unwrap(), [vec![0.6, 0.8]]);
        for (vectors, asked) in [
            (vec![vec![1.0]], 2),
            (vec![vec![1.0], vec![1.0, 2.0]], 2),
            (vec![vec![f32::NAN, 1.0]], 1),
            (vec![vec![f32::INFINITY, 1.0]], 1),
            (vec![vec![0.0, 0.0]], 1),
            (vec![vec![]], 1),
        ] {
            assert!(matches!(checked(vectors, asked), Err(EmbedFault::Unusable(_))));
        }
        assert_eq!(checked(Vec::new(), 0).unwrap(), Vec::<Vec<f32>>::new());
    }
}
