//! Symbols of the International Patent Classification: section, class, subclass, main group, subgroup.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A symbol as deep as it was written, such as `H01M10/0525` or `H01M`; no spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ipc(String);

/// How deep two symbols have a place in common, the deepest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IpcLevel {
    Section,
    Class,
    Subclass,
    MainGroup,
    Group,
}

/// What is known of a class or subclass: the class of GB/T 4754 that works in it most, and its name.
struct Entry {
    industry: Option<&'static str>,
    name: &'static str,
}

static TABLE: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let lines = include_str!("../data/ipc.txt").lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &'static str| {
        let (symbol, rest) = line.split_once(' ')?;
        let (industry, name) = rest.split_once(' ')?;
        Some((symbol, Entry { industry: Some(industry).filter(|code| *code != "-"), name }))
    };
    lines.filter_map(entry).collect()
});

/// The names of classes, one by one, for the dictionary.
pub(crate) fn class_names() -> impl Iterator<Item = &'static str> {
    let mut entries: Vec<&'static str> = TABLE.values().map(|entry| entry.name).collect();
    entries.sort_unstable();
    entries.into_iter().flat_map(|name| name.split(['；', '、', '，', '与', '和']))
}

/// Lengths of section, class and subclass.
const SUBCLASS: usize = 4;

impl Ipc {
    /// Reads `H01M 10/0525`, `h01m10/0525`, `H01M`, `H01`; whatever stands behind, as a version in
    /// brackets, is left out. A class that the classification does not have is no symbol.
    pub(crate) fn parse(text: &str) -> Option<Ipc> {
        let folded: String = text.chars().map(crate::fold_char).filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let bytes = folded.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let known = folded.get(..3).is_some_and(|class| TABLE.contains_key(class));
        if !known || !digit(1) || !digit(2) {
            return None;
        }
        if !bytes.get(3).is_some_and(u8::is_ascii_uppercase) {
            return (bytes.len() == 3).then_some(Ipc(folded));
        }
        let main = bytes[SUBCLASS..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let slash = SUBCLASS + main;
        let sub = bytes.get(slash + 1..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
        let grouped = (1..=4).contains(&main) && bytes.get(slash) == Some(&b'/') && sub >= 2;
        let end = if grouped { slash + 1 + sub } else { SUBCLASS };
        Some(Ipc(folded[..end].to_string()))
    }

    /// The symbols that a text names in full, as `H01M 10/0525` within a sentence.
    pub(crate) fn in_text(text: &str) -> Vec<Ipc> {
        let mut found = Vec::new();
        for (slash, _) in text.match_indices('/') {
            let from = text[..slash].char_indices().rev().take(10).last().map_or(slash, |(at, _)| at);
            let starts = text[from..slash].char_indices().map(|(at, _)| from + at);
            let alone = |at: &usize| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric());
            found.extend(starts.filter(alone).find_map(|at| Ipc::parse(&text[at..]).filter(|symbol| symbol.0.contains('/'))));
        }
        found.sort();
        found.dedup();
        found
    }

    /// The deepest place that both are in: how deep, and its symbol.
    pub(crate) fn common(&self, other: &Ipc) -> Option<(IpcLevel, &str)> {
        let same = |len: usize| self.0.get(..len).is_some_and(|head| other.0.get(..len) == Some(head));
        let main = self.0.split_once('/').map(|(main, _)| main);
        let other_main = other.0.split_once('/').map(|(main, _)| main);
        if self == other && main.is_some() {
            Some((IpcLevel::Group, &self.0))
        } else if let Some(main) = main.filter(|_| main == other_main) {
            Some((IpcLevel::MainGroup, main))
        } else {
            let levels = [(SUBCLASS, IpcLevel::Subclass), (3, IpcLevel::Class), (1, IpcLevel::Section)];
            levels.into_iter().find(|(len, _)| same(*len)).map(|(len, level)| (level, &self.0[..len]))
        }
    }

    /// The class of GB/T 4754 that works in this class most, by the narrowest entry known.
    pub(crate) fn industry(&self) -> Option<&'static str> {
        self.entry()?.industry
    }

    /// Class or subclass, for people.
    pub(crate) fn subclass(&self) -> &str {
        &self.0[..self.0.len().min(SUBCLASS)]
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn entry(&self) -> Option<&'static Entry> {
        [SUBCLASS, 3].into_iter().find_map(|len| TABLE.get(self.0.get(..len)?))
    }
}

/// What a class or subclass is about, in Chinese; nothing for sections and what is not listed.
pub(crate) fn ipc_name(symbol: &str) -> Option<&'static str> {
    symbol.get(..SUBCLASS).and_then(|subclass| TABLE.get(subclass)).or_else(|| TABLE.get(symbol.get(..3)?)).map(|entry| entry.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use duijie_vocab::industry;

    fn ipc(text: &str) -> Ipc {
        Ipc::parse(text).unwrap()
    }

    #[test]
    fn symbols_are_read_as_people_write_them() {
        for text in ["H01M 10/0525", "h01m10/0525", "Ｈ０１Ｍ 10/0525", "H01M10/0525(2010.01)I"] {
            assert_eq!(ipc(text).as_str(), "H01M10/0525", "{text}");
        }
        assert_eq!((ipc("H01").as_str(), ipc("H01M").as_str(), ipc("H01M 锂电").as_str()), ("H01", "H01M", "H01M"));
        for text in ["", "H", "H0", "X01M", "C45E4", "H99", "🔋", "H电池"] {
            assert_eq!(Ipc::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_symbols_are_found_in_a_sentence_and_grades_of_steel_are_not() {
        let found = Ipc::in_text("已有专利（H01M 10/0525；c23c4/11），材料 C45/42CrMo，功率 1/2，A/B");
        assert_eq!(found, [ipc("C23C4/11"), ipc("H01M10/0525")]);
        assert!(Ipc::in_text("").is_empty());
    }

    #[test]
    fn what_is_common_is_told_with_its_level() {
        let battery = ipc("H01M 10/0525");
        for (other, level, symbol) in [
            ("H01M 10/0525", IpcLevel::Group, "H01M10/0525"),
            ("H01M 10/42", IpcLevel::MainGroup, "H01M10"),
            ("H01M 4/36", IpcLevel::Subclass, "H01M"),
            ("H01L 21/60", IpcLevel::Class, "H01"),
            ("H04L 9/08", IpcLevel::Section, "H"),
        ] {
            assert_eq!(battery.common(&ipc(other)), Some((level, symbol)), "{other}");
        }
        assert_eq!(battery.common(&ipc("C23C 4/11")), None);
    }

    #[test]
    fn every_line_of_the_table_names_a_class_and_an_industry_that_exist() {
        assert!(TABLE.len() > 150);
        for (symbol, entry) in TABLE.iter() {
            assert!(TABLE.contains_key(&symbol[..3]), "{symbol} has no class");
            assert!(entry.industry.is_none_or(|code| industry(code).is_some()), "{symbol}");
        }
        assert_eq!((ipc("H01M 4/36").industry(), ipc("H01P 1/20").industry()), (Some("C384"), Some("C38")));
        assert_eq!((ipc_name("H01M10"), ipc_name("H01P"), ipc_name("H")), (Some("电池"), Some("电气元件"), None));
    }
}
