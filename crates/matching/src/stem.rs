//! Light stemming of English words: plurals and the commonest verb endings, nothing that could
//! turn two words of different meaning into one.

use std::borrow::Cow;

/// The stem of a lower-case ASCII `word`; other words come back as they are.
pub(crate) fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    singular(word)
}

/// Harman's S-stemmer: `ies` → `y`, `es` → `e`, `s` dropped, each with its exceptions.
fn singular(word: &str) -> Cow<'_, str> {
    if let Some(base) = word.strip_suffix("ies").filter(|base| !base.ends_with(['a', 'e'])) {
        return Cow::Owned(format!("{base}y"));
    }
    for ending in ["sses", "xes", "ches", "shes"] {
        if word.ends_with(ending) {
            return Cow::Borrowed(&word[..word.len() - 2]);
        }
    }
    match word.strip_suffix('s') {
        Some(base) if !base.ends_with(['s', 'u', 'i']) => Cow::Borrowed(base),
        _ => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_lose_their_ending_and_other_words_keep_theirs() {
        for (word, expected) in [
            ("batteries", "battery"),
            ("alloys", "alloy"),
            ("processes", "process"),
            ("gas", "gas"),
            ("stainless", "stainless"),
            ("analysis", "analysis"),
            ("matrixes", "matrix"),
            ("apparatus", "apparatus"),
            ("naïves", "naïves"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
