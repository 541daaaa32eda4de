//! What a text is not about: the boilerplate of needs, names of places, and the endings of
//! organization names carry no topic, however often they are shared.

use crate::Analyzer;
use duijie_vocab::regions;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

const STOP_WORDS: &str = include_str!("../data/stop.txt");
/// What the names of organizations end with.
const ENDINGS: &str = include_str!("../data/organization_endings.txt");

static STOP: LazyLock<HashSet<&'static str>> = LazyLock::new(|| words(STOP_WORDS).chain(words(ENDINGS)).collect());

fn words(data: &'static str) -> impl Iterator<Item = &'static str> {
    data.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

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

/// Whether `word` (folded) is a division of the country.
pub(crate) fn is_place(word: &str) -> bool {
    PLACES.contains(word)
}

/// Whether `text` (folded) ends as the name of an organization does. Endings of one character end
/// names of things, too: 厂 ends 污水处理厂.
pub(crate) fn ends_an_organization(text: &str) -> bool {
    words(ENDINGS).any(|ending| ending.chars().count() > 1 && text.ends_with(ending))
}

/// Whether `text` (folded) begins with a division of the country, and goes on.
pub(crate) fn begins_with_place(text: &str) -> bool {
    text.char_indices().skip(2).any(|(end, _)| is_place(&text[..end]))
}

/// Sums of money, and numbers too short to be a code, tell nothing of a topic.
fn is_mere_amount(term: &str) -> bool {
    let Some(number) = term.strip_suffix('元').or(Some(term)).filter(|number| number.starts_with(|c: char| c.is_ascii_digit())) else { return false };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain && (term.ends_with('元') || number.len() <= 4 && !matches!(number, "304" | "316" | "5083" | "6061" | "7075" | "2024"))
}

/// A name of an organization is not longer, in characters.
const LONGEST_NAME: usize = 24;
/// Words that stand before a name and never in one.
const BEFORE_NAMES: [&str; 18] = ["与", "和", "由", "及", "的", "在", "为", "向", "是", "等", "企业", "公司", "单位", "联合", "合作", "委托", "依托", "寻找"];

/// The stretches of `text`, in characters, that carry no topic: boilerplate, places, and names of
/// organizations that begin with a place, whole.
pub(crate) fn silent_spans(analyzer: &Analyzer, text: &str) -> Vec<Range<usize>> {
    let chars: Vec<char> = text.chars().map(crate::fold_char).collect();
    let spans = analyzer.words(text);
    let words: Vec<String> = spans.iter().map(|at| chars[at.clone()].iter().collect()).collect();
    let names = (0..words.len()).filter(|&last| ends_an_organization(&words[last])).filter_map(|last| Some(name_start(&words, &spans, last)?..spans[last].end));
    let stops = (0..words.len()).filter(|&at| is_stop(&words[at])).map(|at| spans[at].clone());
    stops.chain(names).collect()
}

/// Where the name that ends with the word `last` begins: at the place that it names first.
fn name_start(words: &[String], spans: &[Range<usize>], last: usize) -> Option<usize> {
    let mut start = begins_with_place(&words[last]).then_some(spans[last].start);
    for at in (0..last).rev() {
        let apart = spans[at].end != spans[at + 1].start || spans[last].end - spans[at].start > LONGEST_NAME;
        if apart || BEFORE_NAMES.contains(&words[at].as_str()) {
            break;
        }
        match (is_place(&words[at]), start) {
            (true, _) => start = Some(spans[at].start),
            (false, Some(_)) => break,
            (false, None) => {}
        }
    }
    start
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

    #[test]
    fn a_name_is_silent_from_its_place_to_its_end() {
        let silent = |text: &str| -> Vec<String> {
            let chars: Vec<char> = text.chars().collect();
            silent_spans(&Analyzer::shared(), text).into_iter().map(|at| chars[at].iter().collect()).collect()
        };
        for (text, name) in [
            ("现与江苏常州恒立液压股份有限公司合作", "江苏常州恒立液压股份有限公司"),
            ("依托常州光伏产业研究院", "常州光伏产业研究院"),
            ("常州大学", "常州大学"),
        ] {
            assert!(silent(text).contains(&name.to_string()), "{text}: {:?}", silent(text));
        }
        for text in ["江苏锂电池企业与大学联合", "锂电池隔膜研究院", "常州，锂电池研究院"] {
            assert!(silent(text).iter().all(|word| !word.contains("锂")), "{text}: {:?}", silent(text));
        }
    }
}
