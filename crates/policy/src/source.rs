//! A text that was given to us, and places in it.

use duijie_vocab::Place;
use std::ops::Range;

/// A file's name and text with the start of each line, so that byte offsets become lines and columns.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    line_starts: Vec<usize>,
}

/// Characters of a faulty passage that a diagnostic quotes at most.
const MAX_EXCERPT: usize = 60;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Source {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { name: name.to_string(), text: text.to_string(), line_starts }
    }

    /// The place of a byte range: file, line, column (counted in characters from 1) and the words meant.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let start = floor_char(&self.text, range.start);
        let end = floor_char(&self.text, range.end.max(start));
        let line = self.line_starts.partition_point(|&at| at <= start).max(1) - 1;
        let column = self.text[self.line_starts[line]..start].chars().count() + 1;
        let words = self.text[start..end].lines().next().unwrap_or("").trim_end();
        let excerpt: String = words.chars().take(MAX_EXCERPT).collect();
        Place {
            line: u32::try_from(line + 1).ok(),
            column: u32::try_from(column).ok(),
            excerpt: (!excerpt.is_empty()).then_some(excerpt),
            ..Place::file(&self.name)
        }
    }
}

/// The nearest character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_not_bytes() {
        let source = Source::new("a.yaml", "甲: 1\n乙丙: 研发费\n");
        let at = source.text.find("研发费").unwrap();
        let place = source.place(at..at + "研发费".len());
        assert_eq!((place.line, place.column, place.excerpt.as_deref()), (Some(2), Some(5), Some("研发费")));
        assert_eq!(source.place(10_000..10_001).line, Some(3));
    }
}
