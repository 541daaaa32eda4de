//! Words that stand for one another: the same thing under another name, or a part of what a word
//! takes in. Data, not code: `data/kin.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A word that may answer for another, and how much it counts beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kin {
    pub(crate) word: &'static str,
    pub(crate) share: f32,
}

/// Another name is nearly as good as the word, a part of it half, and the whole less than a part:
/// who asks for a traction battery is not served by any lithium battery.
const SAME: f32 = 0.8;
const NARROWER: f32 = 0.5;
const BROADER: f32 = 0.3;

const RELATIONS: &str = include_str!("../data/kin.txt");

static KIN: LazyLock<HashMap<&'static str, Vec<Kin>>> = LazyLock::new(|| {
    let mut kin: HashMap<&'static str, Vec<Kin>> = HashMap::new();
    let mut add = |of: &'static str, word: &'static str, share: f32| {
        let all = kin.entry(of).or_default();
        if of != word && all.iter().all(|known| known.word != word) {
            all.push(Kin { word, share });
        }
    };
    for (head, same, others) in relations() {
        if same {
            let names: Vec<&str> = std::iter::once(head).chain(others).collect();
            names.iter().for_each(|of| names.iter().for_each(|word| add(of, word, SAME)));
        } else {
            for part in others {
                add(head, part, NARROWER);
                add(part, head, BROADER);
            }
        }
    }
    kin
});

/// Head, whether the others mean the same, the others.
fn relations() -> impl Iterator<Item = (&'static str, bool, Vec<&'static str>)> {
    let lines = RELATIONS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let (head, sign) = (words.next()?, words.next()?);
        Some((head, sign == "=", words.collect()))
    })
}

/// The words that may answer for `word` (folded).
pub(crate) fn kin_of(word: &str) -> &'static [Kin] {
    KIN.get(word).map_or(&[], Vec::as_slice)
}

/// Every word that has kin, for the dictionary.
pub(crate) fn words_with_kin() -> impl Iterator<Item = &'static str> {
    relations().flat_map(|(head, _, others)| std::iter::once(head).chain(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_count_more_than_parts_and_parts_more_than_wholes() {
        let share = |of: &str, word: &str| kin_of(of).iter().find(|kin| kin.word == word).map(|kin| kin.share);
        assert_eq!((share("锂电", "锂离子电池"), share("锂离子电池", "锂电池")), (Some(SAME), Some(SAME)));
        assert_eq!((share("锂电", "动力电池"), share("动力电池", "锂电"), share("锂电", "锂电")), (Some(NARROWER), Some(BROADER), None));
        assert!(kin_of("水稻").is_empty());
    }

    #[test]
    fn every_line_of_the_data_is_a_relation_of_folded_words() {
        for line in RELATIONS.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(words.len() >= 3 && matches!(words[1], "=" | ">"), "{line}");
            assert!(line.chars().all(|c| crate::fold_char(c) == c), "{line}");
        }
    }
}
