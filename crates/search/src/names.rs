//! What a name can be typed as, and its place in the alphabet: by characters, by pinyin and by the
//! initials of the pinyin, with and without the name of a place in front.

use duijie_matching::{fold_char, is_han};
use duijie_vocab::regions;
use pinyin::ToPinyin;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// Longer keys would tell no more names apart than people type.
const MAX_CHARS: usize = 16;
const MAX_INITIALS: usize = 8;

/// Place names that stand in front of names: cities and provinces in their short forms.
static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let top = regions().iter().filter(|region| region.code != duijie_vocab::RegionCode::NATION);
    let mut places: Vec<String> = top.map(|region| region.name.to_string()).filter(|name| name.ends_with(['省', '市', '区', '县'])).collect();
    let short: Vec<String> =
        places.iter().filter_map(|name| name.strip_suffix(['省', '市', '县'])).filter(|n| n.chars().count() >= 2).map(str::to_string).collect();
    places.extend(short);
    places.sort_by_key(|name| std::cmp::Reverse(name.len()));
    places.dedup();
    places
});

static PLACE_SET: LazyLock<std::collections::HashSet<&'static str>> = LazyLock::new(|| PLACES.iter().map(String::as_str).collect());

/// Every pinyin syllable with its number in alphabetical order.
static SYLLABLES: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let all: BTreeSet<&'static str> = ('\u{4e00}'..='\u{9fff}').filter_map(|c| c.to_pinyin()).map(|syllable| syllable.plain()).collect();
    all.into_iter().enumerate().map(|(at, syllable)| (syllable, at as u16)).collect()
});

/// The keys under which `name` is suggested.
pub(crate) fn name_keys(name: &str) -> Vec<String> {
    let bare: Vec<char> = typed(name);
    let mut keys = Vec::with_capacity(9);
    push_keys(&bare, &mut keys);
    let rest = without_place(&bare);
    if rest.len() < bare.len() {
        push_keys(rest, &mut keys);
        // 常州力佳 is also called 常力佳: of the place only its first character is said.
        let short: Vec<char> = bare[..1].iter().chain(rest).copied().collect();
        push_keys(&short, &mut keys);
    }
    keys.sort();
    keys.dedup();
    keys
}

/// What somebody typed, in the form of the keys.
pub(crate) fn typed_key(text: &str) -> String {
    typed(text).into_iter().take(MAX_CHARS).collect()
}

fn typed(text: &str) -> Vec<char> {
    text.chars().map(fold_char).filter(|c| c.is_alphanumeric()).take(4 * MAX_CHARS).collect()
}

fn push_keys(name: &[char], keys: &mut Vec<String>) {
    if name.is_empty() {
        return;
    }
    keys.push(name.iter().take(MAX_CHARS).collect());
    if !name.iter().any(|&c| is_han(c)) {
        return;
    }
    let mut spelled = String::new();
    let mut initials = String::new();
    for &c in name.iter().take(MAX_CHARS) {
        match c.to_pinyin() {
            Some(syllable) => {
                spelled.push_str(syllable.plain());
                initials.push_str(syllable.first_letter());
            }
            None => {
                spelled.push(c);
                initials.push(c);
            }
        }
    }
    keys.push(spelled.chars().take(MAX_CHARS).collect());
    keys.push(initials.chars().take(MAX_INITIALS).collect());
}

/// The name without the places in front of it, unless nothing would be left.
fn without_place(name: &[char]) -> &[char] {
    let mut rest = name;
    for _ in 0..3 {
        let longest = (2..=9.min(rest.len())).rev().find(|&len| PLACE_SET.contains(rest[..len].iter().collect::<String>().as_str()));
        match longest {
            Some(len) if rest.len() > len + 1 => rest = &rest[len..],
            _ => break,
        }
    }
    rest
}

/// Two numbers that order titles as a dictionary does, by their first fourteen characters:
/// digits, then Latin letters, then Chinese by pinyin, nine bits each.
pub(crate) fn title_order(title: &str) -> [u64; 2] {
    let mut places = title.chars().map(fold_char).filter(|c| c.is_alphanumeric()).map(place);
    [(); 2].map(|()| (0..7).fold(0u64, |number, _| number << 9 | u64::from(places.next().unwrap_or(0))))
}

fn place(c: char) -> u16 {
    match c {
        '0'..='9' => 1 + (c as u16 - '0' as u16),
        'a'..='z' => 11 + (c as u16 - 'a' as u16),
        _ => match c.to_pinyin().and_then(|syllable| SYLLABLES.get(syllable.plain())) {
            Some(&at) => (38 + at).min(510),
            None => 511,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_characters_pinyin_and_initials_with_or_without_its_place() {
        let keys = name_keys("常州力士达科技");
        for typed in ["常州力", "力士", "changzhouli", "czl", "lsd", "lishida", "常力士", "cls", "changli"] {
            let key = typed_key(typed);
            assert!(keys.iter().any(|k| k.starts_with(&key)), "{typed} in {keys:?}");
        }
        assert_eq!(name_keys("ABC（中国）"), ["abczg", "abczhongguo", "abc中国"]);
        assert_eq!(name_keys("（）"), Vec::<String>::new());
    }

    #[test]
    fn the_place_in_front_may_be_said_by_its_first_character() {
        let keys = name_keys("常州力佳电子有限公司");
        for typed in ["clj", "czlj", "lj", "常力佳"] {
            assert!(keys.iter().any(|key| key.starts_with(&typed_key(typed))), "{typed} in {keys:?}");
        }
    }

    #[test]
    fn titles_are_in_the_order_of_a_dictionary() {
        let titles = ["3D 打印", "ABB 机器人", "安全阀", "变压器", "变压器油", "常州市人民政府", "𠀀"];
        assert!(titles.windows(2).all(|pair| title_order(pair[0]) < title_order(pair[1])));
        assert!(SYLLABLES.len() + 38 < 511, "{} syllables", SYLLABLES.len());
    }
}
