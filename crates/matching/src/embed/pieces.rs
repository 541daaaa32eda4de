//! Text → word pieces, by the likeliest way to cut it (the unigram model of SentencePiece; Kudo
//! 2018), as the model was taught.

use std::collections::HashMap;

/// Stands for a space, and before the first word.
const SPACE: char = '\u{2581}';
/// A character that no piece covers is this much less likely than the least likely piece.
const UNKNOWN_PENALTY: f32 = 10.0;
/// A longer text is read from its beginning only, in characters.
const MAX_CHARS: usize = 8_000;

/// The pieces a model knows.
pub(crate) struct Pieces {
    known: HashMap<Box<str>, (u32, f32)>,
    /// Which character is read as which others.
    folds: HashMap<char, Vec<char>>,
    begin: u32,
    end: u32,
    unknown: u32,
    unknown_score: f32,
    longest: usize,
}

/// The best way to cut a text up to some character.
#[derive(Clone, Copy)]
struct Way {
    score: f32,
    piece: u32,
    from: usize,
}

impl Pieces {
    pub(crate) fn new(pieces: &[(&str, f32)], begin: u32, end: u32, unknown: u32, folds: HashMap<char, Vec<char>>) -> Pieces {
        let least = pieces.iter().map(|(_, score)| *score).fold(f32::INFINITY, f32::min);
        let longest = pieces.iter().map(|(piece, _)| piece.len()).max().unwrap_or(0);
        let numbered = pieces.iter().enumerate().filter(|(id, (piece, _))| *id != unknown as usize && !piece.is_empty());
        let known = numbered.map(|(id, (piece, score))| ((*piece).into(), (id as u32, *score))).collect();
        Pieces { known, folds, begin, end, unknown, unknown_score: least - UNKNOWN_PENALTY, longest }
    }

    /// The ids of the pieces of `text`, cut into windows of at most `size`, marks at begin and end included.
    pub(crate) fn windows(&self, text: &str, size: usize) -> Vec<Vec<u32>> {
        let content = self.content(text);
        let window = |part: &[u32]| std::iter::once(self.begin).chain(part.iter().copied()).chain(std::iter::once(self.end)).collect();
        if content.is_empty() { vec![window(&[])] } else { content.chunks(size - 2).map(window).collect() }
    }

    fn content(&self, text: &str) -> Vec<u32> {
        let (text, starts) = self.normal(text);
        let count = starts.len() - 1;
        let nothing = Way { score: f32::NEG_INFINITY, piece: self.unknown, from: 0 };
        let mut best = vec![nothing; count + 1];
        best[0].score = 0.0;
        for from in 0..count {
            let so_far = best[from].score;
            let better = |way: &mut Way, score: f32, piece: u32| {
                if score > way.score {
                    *way = Way { score, piece, from };
                }
            };
            for to in from + 1..=count {
                if starts[to] - starts[from] > self.longest {
                    break;
                }
                if let Some(&(piece, score)) = self.known.get(&text[starts[from]..starts[to]]) {
                    better(&mut best[to], so_far + score, piece);
                }
            }
            better(&mut best[from + 1], so_far + self.unknown_score, self.unknown);
        }
        let mut pieces = Vec::new();
        let mut at = count;
        while at > 0 {
            pieces.push(best[at].piece);
            at = best[at].from;
        }
        pieces.reverse();
        pieces
    }

    /// The text as the model reads it, and where its characters begin, with its end at last.
    fn normal(&self, text: &str) -> (String, Vec<usize>) {
        let mut read: Vec<char> = Vec::with_capacity(text.len() / 2);
        for c in text.chars().take(MAX_CHARS) {
            let one = [c];
            let to = self.folds.get(&c).map_or(one.as_slice(), Vec::as_slice);
            for &c in to {
                if c != ' ' || read.last() != Some(&' ') {
                    read.push(c);
                }
            }
        }
        if read.first() != Some(&' ') {
            read.insert(0, ' ');
        }
        let mut normal = String::with_capacity(read.len() * 3);
        let mut starts = Vec::with_capacity(read.len() + 1);
        for c in read {
            starts.push(normal.len());
            normal.push(if c == ' ' { SPACE } else { c });
        }
        starts.push(normal.len());
        (normal, starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces() -> Pieces {
        let known = [("<s>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), ("电", -4.0), ("池", -4.0), ("电池", -5.0), ("▁电", -9.0)];
        Pieces::new(&known, 0, 1, 2, HashMap::from([('電', vec!['电']), ('\u{3000}', vec![' ']), ('\n', vec![' '])]))
    }

    #[test]
    fn the_likeliest_cut_wins() {
        assert_eq!(pieces().content("电池"), [3, 6]);
        assert_eq!(pieces().content("電池 \n　电"), [3, 6, 3, 4]);
        assert_eq!(pieces().content("铝"), [3, 2]);
    }

    #[test]
    fn a_long_text_comes_in_windows() {
        let windows = pieces().windows("电池电池电池", 4);
        assert_eq!(windows, [vec![0, 3, 6, 1], vec![0, 6, 6, 1]]);
        assert_eq!(pieces().windows("", 8), [vec![0, 3, 1]]);
    }

    proptest! {
        #[test]
        fn every_text_is_cut(text in "\\PC{0,80}") {
            for window in pieces().windows(&text, 16) {
                prop_assert!(window.len() <= 16 && window.first() == Some(&0) && window.last() == Some(&1));
            }
        }
    }
}
