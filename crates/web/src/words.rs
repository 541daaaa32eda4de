//! The portal's own words in each language, by key. Texts that come from `app` carry both
//! languages themselves and are not here.

use duijie_vocab::Lang;
use std::collections::BTreeMap;
use std::sync::LazyLock;

type Words = BTreeMap<String, String>;

static ZH: LazyLock<Words> = LazyLock::new(|| read(include_str!("../locales/zh-CN.json")));
static EN: LazyLock<Words> = LazyLock::new(|| read(include_str!("../locales/en.json")));

/// The words of `key` in `lang`, with `{name}` where an argument goes.
pub(crate) fn word(lang: Lang, key: &str) -> Option<&'static str> {
    words(lang).get(key).map(String::as_str)
}

/// `words` with each `{name}` replaced by the argument of that name.
pub(crate) fn fill(words: &str, arguments: &[(String, String)]) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(arguments.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}

fn read(json: &str) -> Words {
    serde_json::from_str(json).unwrap_or_else(|fault| panic!("BUG: a locale file cannot be read: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every key that a template asks for: what stands quoted behind a call of `t`.
    fn asked() -> BTreeSet<String> {
        let pieces = crate::render::SOURCES.iter().flat_map(|(_, source)| source.match_indices("t(\"").map(move |(place, _)| source.split_at(place)));
        let calls = pieces.filter(|(before, _)| !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        calls.filter_map(|(_, call)| call.split('"').nth(1)).map(str::to_string).collect()
    }

    fn holes(words: &str) -> BTreeSet<String> {
        words.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn every_key_is_used_and_there_in_both_languages() {
        let keys = |lang| words(lang).keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(Lang::Zh), keys(Lang::En), "a key is missing in one language");
        assert_eq!(keys(Lang::Zh), asked(), "a key is missing, or no template uses it");
    }

    #[test]
    fn both_languages_take_the_same_arguments() {
        for (key, words) in words(Lang::Zh) {
            let english = word(Lang::En, key).unwrap();
            assert_eq!(holes(words), holes(english), "`{key}`");
            assert!(!words.trim().is_empty() && !english.trim().is_empty(), "`{key}` is blank");
        }
    }

    #[test]
    fn arguments_are_filled_in_and_never_read_again() {
        let arguments = [("n".to_string(), "{m}".to_string()), ("m".to_string(), "x".to_string())];
        assert_eq!(fill("a {n} b {m}", &arguments), "a {m} b x");
    }
}
