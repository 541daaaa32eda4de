//! The text that somebody typed, taken apart into units that must be found.

use duijie_matching::{Analyzer, Tokens, is_han};
use std::collections::HashSet;

/// Only so much of a typed text is asked, in characters and in units.
const MAX_CHARS: usize = 2_000;
const MAX_UNITS: usize = 24;

/// One thing to be found: a word, a code, or a quoted phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Terms that must all stand in one text.
    pub(crate) all: Vec<String>,
    /// Terms that make a better answer.
    pub(crate) better: Vec<String>,
    /// A single Chinese character, found inside of any word.
    pub(crate) single: Option<char>,
    /// A word that says little: it need not be found if there are others.
    pub(crate) optional: bool,
    /// A word of Latin letters, which may be mistyped.
    pub(crate) latin: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) units: Vec<Unit>,
    /// Whether only the beginning of the text is asked.
    pub(crate) shortened: bool,
    /// Whether there is no text at all.
    pub(crate) blank: bool,
    /// Whether something is quoted.
    pub(crate) quoted: bool,
}

impl Asked {
    pub(crate) fn read(analyzer: &Analyzer, text: &str) -> Asked {
        let mut rest = text.chars();
        let kept: String = rest.by_ref().take(MAX_CHARS).collect();
        let mut asked = Asked { shortened: rest.next().is_some(), blank: kept.trim().is_empty() && text.trim().is_empty(), ..Asked::default() };
        for (part, quoted) in quotes(&kept) {
            if quoted {
                asked.quoted = true;
                asked.units.extend(unit(analyzer, &part));
            } else {
                let chars: Vec<char> = part.chars().collect();
                let words = analyzer.words(&part).into_iter().map(|at| chars[at].iter().collect::<String>());
                asked.units.extend(words.filter_map(|word| unit(analyzer, &word)));
            }
        }
        let mut seen = HashSet::new();
        asked.units.retain(|unit| seen.insert((unit.all.clone(), unit.single)));
        asked.shortened |= asked.units.len() > MAX_UNITS;
        asked.units.truncate(MAX_UNITS);
        if asked.units.iter().all(|unit| unit.optional) {
            asked.units.iter_mut().for_each(|unit| unit.optional = false);
        }
        asked
    }

    /// How many of the units that are not optional must be found: all of up to three, then three quarters.
    pub(crate) fn wanted(&self) -> usize {
        let needed = self.units.iter().filter(|unit| !unit.optional).count();
        if needed <= 3 { needed } else { (needed * 3).div_ceil(4) }
    }

    /// Everything that is worth marking in an answer.
    pub(crate) fn terms(&self) -> HashSet<String> {
        let single = |unit: &Unit| unit.single.map(|c| c.to_string());
        self.units.iter().flat_map(|unit| unit.all.iter().chain(&unit.better).cloned().chain(single(unit))).collect()
    }
}

/// The text in pieces, those between quotation marks told apart.
fn quotes(text: &str) -> Vec<(String, bool)> {
    let mut parts = vec![(String::new(), false)];
    for c in text.chars() {
        match c {
            '"' | '“' | '”' | '「' | '」' | '＂' => {
                let inside = parts.last().is_some_and(|(_, quoted)| *quoted);
                parts.push((String::new(), !inside));
            }
            c => parts.last_mut().expect("BUG: there is always a part").0.push(c),
        }
    }
    // A mark that is never closed is only a character.
    if let Some((_, quoted)) = parts.last_mut() {
        *quoted = false;
    }
    parts.retain(|(part, _)| !part.trim().is_empty());
    parts
}

fn unit(analyzer: &Analyzer, word: &str) -> Option<Unit> {
    let tokens: Tokens = analyzer.tokens(word);
    let mut unit = Unit { all: Vec::new(), better: Vec::new(), single: None, optional: duijie_matching::is_stop_word(word), latin: false };
    for token in tokens.iter() {
        if token.bigram {
            unit.all.push(token.term.to_string());
        } else if token.word {
            unit.better.push(token.term.to_string());
        }
    }
    if unit.all.is_empty() {
        // One Chinese character alone.
        unit.single = tokens.iter().find(|token| token.single).and_then(|token| token.term.chars().next());
        unit.single?;
    }
    unit.latin = unit.all.len() == 1 && unit.all[0].chars().all(|c| c.is_ascii_alphabetic());
    debug_assert!(!unit.all.iter().any(|term| term.chars().count() == 1 && term.chars().all(is_han)));
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<Vec<String>> {
        Asked::read(&Analyzer::shared(), text).units.into_iter().map(|unit| unit.all).collect()
    }

    #[test]
    fn words_are_units_and_quotations_are_one() {
        assert_eq!(units("压铸 IGBT"), [vec!["压铸"], vec!["igbt"]]);
        assert_eq!(units("“高温合金涂层”"), [["高温", "温合", "合金", "金涂", "涂层"]]);
        assert_eq!(units("\"压铸"), [["压铸"]]);
        assert_eq!(units("压铸 压铸").len(), 1);
    }

    #[test]
    fn what_says_little_is_optional_unless_it_is_all() {
        let asked = Asked::read(&Analyzer::shared(), "压铸技术");
        assert_eq!(asked.units.iter().map(|unit| unit.optional).collect::<Vec<_>>(), [false, true]);
        assert_eq!(asked.wanted(), 1);
        assert_eq!(Asked::read(&Analyzer::shared(), "技术").wanted(), 1);
    }

    #[test]
    fn nothing_to_ask_is_told_from_nothing_typed() {
        let nothing = Asked::read(&Analyzer::shared(), "  ");
        assert!(nothing.blank && nothing.units.is_empty());
        let marks = Asked::read(&Analyzer::shared(), "!?😀");
        assert!(!marks.blank && marks.units.is_empty());
        assert!(Asked::read(&Analyzer::shared(), &"高温合金".repeat(1000)).shortened);
    }
}
