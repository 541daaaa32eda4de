//! GB/T 4754 industry classes.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One class of GB/T 4754-2017, from section (`C`) to class (`C3812`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Industry {
    pub code: &'static str,
    pub name: &'static str,
}

static ALL: LazyLock<Vec<Industry>> = LazyLock::new(|| {
    include_str!("../data/industries.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(code, name)| Industry { code, name })
        .collect()
});

static BY_NAME_OR_CODE: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let mut index = HashMap::new();
    for (at, industry) in ALL.iter().enumerate() {
        index.insert(industry.code, at);
        // Section, division and class can share a name; the widest comes first and wins.
        index.entry(industry.name).or_insert(at);
    }
    index
});

/// All classes, in the order of the standard.
pub fn industries() -> &'static [Industry] {
    &ALL
}

/// The class with this code (`C3812`, or `3812` as people often write it) or name.
pub fn industry(code_or_name: &str) -> Option<Industry> {
    let given = code_or_name.trim();
    let found = BY_NAME_OR_CODE.get(given).copied().or_else(|| {
        let bare_number = (2..=4).contains(&given.len()) && given.bytes().all(|b| b.is_ascii_digit());
        bare_number.then(|| ALL.iter().position(|industry| industry.code[1..] == *given)).flatten()
    });
    found.map(|at| ALL[at])
}

impl Industry {
    /// The enclosing classes, widest first: `C`, `C38`, `C381` for `C3812`.
    pub fn ancestors(self) -> impl Iterator<Item = Industry> {
        [1usize, 3, 4].into_iter().filter(move |&len| len < self.code.len()).filter_map(move |len| industry(&self.code[..len]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_by_code_number_and_name_and_knows_what_encloses_it() {
        let motors = industry("C3812").unwrap();
        assert_eq!(industry("3812"), Some(motors));
        assert_eq!(industry(motors.name), Some(motors));
        let ancestors: Vec<_> = motors.ancestors().map(|i| i.code).collect();
        assert_eq!(ancestors, ["C", "C38", "C381"]);
        assert_eq!(industry("9999"), None);
    }
}
