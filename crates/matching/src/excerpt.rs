//! A stretch of text around shared terms, with the terms marked.

use crate::{FieldText, Occurrence};

/// A piece of an excerpt; marked where a term stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub marked: bool,
}

/// So many characters are shown, and so many of them before the first term.
const LENGTH: usize = 60;
const BEFORE: usize = 12;

/// The stretch of the field with most of `places` in it that holds as many of them as one can show.
/// Nothing if none of the places is in `texts`.
pub fn excerpt(texts: &[FieldText], places: &[Occurrence]) -> Vec<Piece> {
    let in_field = |field: &FieldText| {
        let mut spans: Vec<(usize, usize)> =
            places.iter().filter(|place| place.field == field.field).map(|place| (place.from as usize, place.to as usize)).collect();
        spans.sort_unstable();
        spans
    };
    let best = texts.iter().map(|field| (field, in_field(field))).max_by_key(|(field, spans)| (shown_at_most(spans).1, field.weight));
    let Some((field, spans)) = best.filter(|(_, spans)| !spans.is_empty()) else { return Vec::new() };
    let chars: Vec<char> = field.text.chars().collect();
    let start = spans[shown_at_most(&spans).0].0.saturating_sub(BEFORE).min(chars.len());
    let end = (start + LENGTH).min(chars.len());
    let mut pieces = Vec::new();
    let mut push = |from: usize, to: usize, marked: bool| {
        let text: String = chars.get(from..to).unwrap_or_default().iter().map(|c| if c.is_control() { ' ' } else { *c }).collect();
        if !text.is_empty() {
            pieces.push(Piece { text, marked });
        }
    };
    let mut at = start;
    for (from, to) in spans {
        if from < at || to > end {
            continue;
        }
        push(at, from, false);
        push(from, to, true);
        at = to;
    }
    push(at, end, false);
    if start > 0 {
        pieces.insert(0, Piece { text: "…".into(), marked: false });
    }
    if end < chars.len() {
        pieces.push(Piece { text: "…".into(), marked: false });
    }
    pieces
}

/// The span with which most spans can be shown, and how many those are.
fn shown_at_most(spans: &[(usize, usize)]) -> (usize, usize) {
    let shown = |first: usize| spans[first..].iter().take_while(|(_, to)| to - spans[first].0.min(*to) <= LENGTH - BEFORE).count();
    (0..spans.len()).map(|first| (first, shown(first))).max_by_key(|&(first, shown)| (shown, std::cmp::Reverse(first))).unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(key: &str, text: &str) -> FieldText {
        FieldText { field: key.into(), weight: 1, text: text.into() }
    }

    fn place(field: &str, from: u32, to: u32) -> Occurrence {
        Occurrence { field: field.into(), from, to }
    }

    #[test]
    fn the_field_with_most_terms_is_shown_and_the_terms_are_marked() {
        let texts = [field("a", "热障涂层"), field("b", "面向高温合金叶片的热障涂层制备")];
        let pieces = excerpt(&texts, &[place("a", 0, 4), place("b", 2, 6), place("b", 9, 13)]);
        let marked: Vec<&str> = pieces.iter().filter(|piece| piece.marked).map(|piece| piece.text.as_str()).collect();
        assert_eq!(marked, ["高温合金", "热障涂层"]);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), texts[1].text);
    }

    #[test]
    fn a_long_text_is_cut_on_both_sides() {
        let long = format!("{}热障涂层{}", "前".repeat(100), "后".repeat(100));
        let pieces = excerpt(&[field("a", &long)], &[place("a", 100, 104)]);
        assert_eq!((pieces[0].text.as_str(), pieces[2].text.as_str(), pieces[2].marked), ("…", "热障涂层", true));
        assert_eq!(pieces.last().map(|piece| piece.text.as_str()), Some("…"));
        assert!(excerpt(&[field("a", "x")], &[place("b", 0, 1)]).is_empty());
    }

    proptest! {
        #[test]
        fn no_places_whatever_break_it(text in ".{0,200}", places in prop::collection::vec((0u32..300, 0u32..300), 0..8)) {
            let places: Vec<Occurrence> = places.into_iter().map(|(from, to)| place("a", from.min(to), from.max(to))).collect();
            let whole: String = excerpt(&[field("a", &text)], &places).iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(whole.chars().count() <= LENGTH + 2);
        }
    }
}
