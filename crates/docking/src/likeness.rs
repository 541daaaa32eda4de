//! How alike two texts are, by the pairs of characters they share. Works for Chinese without
//! cutting words and for Latin text after folding case and width.

use duijie_vocab::fold_width;
use std::collections::BTreeSet;

/// The pairs of neighbouring letters, digits and ideographs of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(BTreeSet<(char, char)>);

impl Pairs {
    pub fn of(text: &str) -> Pairs {
        let letters: Vec<char> = fold_width(text).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        Pairs(letters.windows(2).map(|pair| (pair[0], pair[1])).collect())
    }

    /// The share of all pairs that both texts have, in percent (Jaccard).
    pub fn likeness_percent(&self, other: &Pairs) -> u32 {
        let shared = self.0.intersection(&other.0).count();
        percent(shared, self.0.len() + other.0.len() - shared)
    }

    /// The share of this text's pairs that the other has, in percent.
    pub fn contained_percent(&self, other: &Pairs) -> u32 {
        percent(self.0.intersection(&other.0).count(), self.0.len())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn percent(part: usize, whole: usize) -> u32 {
    (part * 100).checked_div(whole).unwrap_or(0) as u32
}
