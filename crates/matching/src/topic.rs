//! What a text is not about: the boilerplate of needs, names of places, and the endings of
//! organization names carry no topic, however often they are shared.

use crate::Analyzer;
use duijie_vocab::regions;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

const STOP_WORDS: &str = include_str!("../data/stop.txt");

static STOP: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| STOP_WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect());

static PLACES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    const ENDINGS: [&str; 10] = ["特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州", "省", "市", "区", "县"];
    let mut places = HashSet::new();
    for region in regions() {
        places.insert(region.name);
        let short = ENDINGS.iter().find_map(|ending| region.name.strip_suffix(ending));
        places.extend(short.filter(|short| short.chars().count() >= 2));
    }
    // Divisions whose short names are also common words of technology.
    for word in ["高新", "新区", "郊区", "城区", "矿区", "开平", "和平", "新兴", "建设", "海港", "平安", "安定", "互助", "资源", "高密"]
    {
        places.remove(word);
    }
    places
});

/// Whether `word` is boilerplate or a function word, which a search need not find.
pub fn is_stop_word(word: &str) -> bool {
    let folded: String = word.chars().map(crate::fold_char).collect();
    STOP.contains(folded.as_str())
}

/// Whether `term` (folded) carries no topic.
pub(crate) fn is_stop(term: &str) -> bool {
    STOP.contains(term) || PLACES.contains(term) || is_mere_amount(term)
}

/// Sums of money, and numbers too short to be a code, tell nothing of a topic.
fn is_mere_amount(term: &str) -> bool {
    let Some(number) = term.strip_suffix('元').or(Some(term)).filter(|number| number.starts_with(|c: char| c.is_ascii_digit())) else { return false };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain && (term.ends_with('元') || number.len() <= 4 && !matches!(number, "304" | "316" | "5083" | "6061" | "7075" | "2024"))
}

/// The stretches of `text`, in characters, that carry no topic.
pub(crate) fn silent_spans(analyzer: &Analyzer, text: &str) -> Vec<Range<usize>> {
    let chars: Vec<char> = text.chars().map(crate::fold_char).collect();
    let silent = |at: &Range<usize>| is_stop(&chars[at.clone()].iter().collect::<String>());
    analyzer.words(text).into_iter().filter(silent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_silent_and_grades_of_steel_are_not() {
        for term in ["200000元", "9", "100", "2021"] {
            assert!(is_stop(term), "{term}");
        }
        for term in ["304", "304l", "500kv", "99.99999%", "元素"] {
            assert!(!is_stop(term), "{term}");
        }
    }

    #[test]
    fn boilerplate_places_and_endings_are_silent() {
        let text = "常州市某某科技有限公司研发高温合金";
        let silent: Vec<String> = silent_spans(&Analyzer::shared(), text).into_iter().map(|at| text.chars().skip(at.start).take(at.len()).collect()).collect();
        assert!(silent.contains(&"常州市".to_string()) && silent.contains(&"研发".to_string()), "{silent:?}");
        assert!(silent.iter().all(|word| !word.contains('金')), "{silent:?}");
    }
}
