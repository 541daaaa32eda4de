//! Marked pieces of text: titles and snippets as lists of segments, never as markup.

use duijie_matching::Analyzer;
use serde::Serialize;
use std::collections::HashSet;
use std::ops::Range;

/// A piece of text, marked if it answers the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    pub text: String,
    pub marked: bool,
}

/// A snippet is about so many characters long.
const SNIPPET: usize = 120;
/// So much of it stands before the first hit.
const LEAD: usize = 20;

/// `text` in pieces, the occurrences of `terms` marked.
pub(crate) fn marked(analyzer: &Analyzer, text: &str, terms: &HashSet<String>) -> Vec<Segment> {
    let hits = occurrences(analyzer, text, terms);
    let chars: Vec<char> = text.chars().collect();
    cut(&chars, 0..chars.len(), &hits)
}

/// The best passage of `text` with the occurrences of `terms` marked, if there is any, and how
/// many occurrences it holds.
pub(crate) fn snippet(analyzer: &Analyzer, text: &str, terms: &HashSet<String>) -> Option<(usize, Vec<Segment>)> {
    let hits = occurrences(analyzer, text, terms);
    let chars: Vec<char> = text.chars().collect();
    let held = |from: usize| hits.iter().filter(|hit| hit.start >= from && hit.end <= from + SNIPPET).map(ExactSizeIterator::len).sum::<usize>();
    let best = hits.iter().map(|hit| (held(hit.start), hit.start)).max_by_key(|&(count, start)| (count, std::cmp::Reverse(start)))?;
    let from = best.1.saturating_sub(LEAD);
    let to = (from + SNIPPET).min(chars.len());
    let from = if to == chars.len() { to.saturating_sub(SNIPPET) } else { from };
    let mut segments = cut(&chars, from..to, &hits);
    if from > 0 {
        prepend(&mut segments, "…");
    }
    if to < chars.len() {
        append(&mut segments, "…");
    }
    Some((best.0, segments))
}

/// The beginning of `text`, for results that were found without a text.
pub(crate) fn opening(text: &str) -> Vec<Segment> {
    let mut chars = text.chars();
    let mut opening: String = chars.by_ref().take(SNIPPET).map(spaced).collect();
    if chars.next().is_some() {
        opening.push('…');
    }
    if opening.is_empty() { Vec::new() } else { vec![Segment { text: opening, marked: false }] }
}

/// The places of `terms`, in order, those that touch joined. Words are marked by their bigrams.
fn occurrences(analyzer: &Analyzer, text: &str, terms: &HashSet<String>) -> Vec<Range<usize>> {
    if terms.is_empty() {
        return Vec::new();
    }
    let tokens = analyzer.pairs(text);
    let mut places: Vec<Range<usize>> = tokens.iter().filter(|token| terms.contains(token.term)).map(|token| token.at).collect();
    places.sort_by_key(|place| (place.start, place.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

fn cut(chars: &[char], within: Range<usize>, hits: &[Range<usize>]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = within.start;
    let mut push = |range: Range<usize>, marked: bool| {
        if !range.is_empty() {
            segments.push(Segment { text: chars[range].iter().copied().map(spaced).collect(), marked });
        }
    };
    for hit in hits {
        let (start, end) = (hit.start.clamp(at, within.end), hit.end.clamp(at, within.end));
        push(at..start, false);
        push(start..end, true);
        at = end;
    }
    push(at..within.end, false);
    segments
}

/// Line breaks and other control characters read as spaces.
fn spaced(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

fn prepend(segments: &mut Vec<Segment>, text: &str) {
    match segments.first_mut() {
        Some(first) if !first.marked => first.text.insert_str(0, text),
        _ => segments.insert(0, Segment { text: text.to_string(), marked: false }),
    }
}

fn append(segments: &mut Vec<Segment>, text: &str) {
    match segments.last_mut() {
        Some(last) if !last.marked => last.text.push_str(text),
        _ => segments.push(Segment { text: text.to_string(), marked: false }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(words: &[&str]) -> HashSet<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    #[test]
    fn hits_are_marked_and_touching_hits_joined() {
        let analyzer = Analyzer::shared();
        let segments = marked(&analyzer, "高温合金涂层工艺", &terms(&["高温", "温合", "合金", "工艺"]));
        let shown: Vec<(&str, bool)> = segments.iter().map(|s| (s.text.as_str(), s.marked)).collect();
        assert_eq!(shown, [("高温合金", true), ("涂层", false), ("工艺", true)]);
    }

    #[test]
    fn a_snippet_is_cut_around_its_hits() {
        let analyzer = Analyzer::shared();
        let text = format!("{}激光焊接\n{}", "开头。".repeat(100), "结尾。".repeat(100));
        let (count, segments) = snippet(&analyzer, &text, &terms(&["激光", "光焊", "焊接"])).unwrap();
        assert_eq!(count, 4);
        let all: String = segments.iter().map(|s| s.text.as_str()).collect();
        assert!(all.starts_with('…') && all.ends_with('…') && all.chars().count() <= SNIPPET + 2 && !all.contains('\n'), "{all}");
        assert!(segments.iter().any(|s| s.marked && s.text == "激光焊接"));
        assert_eq!(snippet(&analyzer, &text, &terms(&["不在"])), None);
    }
}
