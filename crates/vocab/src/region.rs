//! The tree of administrative divisions, GB/T 2260: nation, province, city, county.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A six-digit GB/T 2260 code that exists, or `000000` for the whole nation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    Nation,
    Province,
    City,
    County,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    /// The division's own name, such as `天宁区`.
    pub name: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionFault {
    #[error("`{0}` is not a GB/T 2260 code or the name of a division")]
    Unknown(String),
    #[error("`{0}` is the name of several divisions: {1}")]
    Ambiguous(String, String),
}

struct Tree {
    all: Vec<Region>,
    by_code: HashMap<u32, usize>,
    by_name: HashMap<&'static str, Vec<usize>>,
}

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let nation = Region { code: RegionCode::NATION, name: "全国" };
    let listed = include_str!("../data/regions.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(code, name)| Region { code: RegionCode(code.parse().expect("BUG: regions.txt holds a code that is no number")), name });
    let all: Vec<Region> = std::iter::once(nation).chain(listed).collect();
    let by_code = all.iter().enumerate().map(|(at, region)| (region.code.0, at)).collect();
    let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
    for (at, region) in all.iter().enumerate() {
        by_name.entry(region.name).or_default().push(at);
    }
    Tree { all, by_code, by_name }
});

/// Every division, the nation first, then by code.
pub fn regions() -> &'static [Region] {
    &TREE.all
}

impl RegionCode {
    pub const NATION: RegionCode = RegionCode(0);

    /// The division with this code.
    pub fn parse(code: &str) -> Result<RegionCode, RegionFault> {
        let unknown = || RegionFault::Unknown(code.to_string());
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(unknown());
        }
        let number: u32 = code.parse().map_err(|_| unknown())?;
        // The nation is also written 100000 in some systems.
        let number = if number == 100_000 { 0 } else { number };
        TREE.by_code.contains_key(&number).then_some(RegionCode(number)).ok_or_else(unknown)
    }

    /// The division that `text` means: a code, a name (`天宁区`), a short name (`天宁`, `常州`) or
    /// a path from the top (`江苏省常州市天宁区`, `江苏常州`). A name that several divisions bear
    /// is refused; a path says which is meant.
    pub fn find(text: &str) -> Result<RegionCode, RegionFault> {
        let given: String = crate::fold_width(text).chars().filter(|c| !c.is_whitespace()).collect();
        if given.bytes().all(|b| b.is_ascii_digit()) && !given.is_empty() {
            return RegionCode::parse(&given);
        }
        if matches!(given.as_str(), "中国" | "国家") {
            return Ok(RegionCode::NATION);
        }
        let candidates = named(&given);
        match candidates.as_slice() {
            [] => {}
            [one] => return Ok(*one),
            // 北京 is 北京市; of 吉林 (province and city) the wider division is meant only by its full name.
            several => {
                return Err(RegionFault::Ambiguous(text.to_string(), several.iter().map(|c| c.path()).collect::<Vec<_>>().join("、")));
            }
        }
        match by_path(&given, RegionCode::NATION).as_slice() {
            [one] => Ok(*one),
            [] => Err(RegionFault::Unknown(text.to_string())),
            several => Err(RegionFault::Ambiguous(text.to_string(), several.iter().map(|c| c.path()).collect::<Vec<_>>().join("、"))),
        }
    }

    pub fn level(self) -> RegionLevel {
        if self.0 == 0 {
            RegionLevel::Nation
        } else if self.0.is_multiple_of(10_000) {
            RegionLevel::Province
        } else if self.0.is_multiple_of(100) {
            RegionLevel::City
        } else {
            RegionLevel::County
        }
    }

    /// The next level up; counties without a city of their own (省直辖) hang under the province.
    pub fn parent(self) -> Option<RegionCode> {
        let city = self.0 / 100 * 100;
        let province = self.0 / 10_000 * 10_000;
        match self.level() {
            RegionLevel::Nation => None,
            RegionLevel::Province => Some(RegionCode::NATION),
            RegionLevel::City => Some(RegionCode(province)),
            RegionLevel::County => Some(RegionCode(if TREE.by_code.contains_key(&city) { city } else { province })),
        }
    }

    /// Whether `other` is this division or lies in it.
    pub fn contains(self, other: RegionCode) -> bool {
        match self.level() {
            RegionLevel::Nation => true,
            RegionLevel::Province => other.0 / 10_000 == self.0 / 10_000,
            RegionLevel::City => other.0 / 100 == self.0 / 100,
            RegionLevel::County => other == self,
        }
    }

    /// The smallest division that contains both.
    pub fn common(self, other: RegionCode) -> RegionCode {
        let mut up = self;
        while !up.contains(other) {
            up = up.parent().unwrap_or(RegionCode::NATION);
        }
        up
    }

    /// The divisions directly below.
    pub fn children(self) -> impl Iterator<Item = Region> {
        TREE.all.iter().copied().filter(move |region| region.code.parent() == Some(self))
    }

    /// The division's own name, such as `天宁区`.
    pub fn name(self) -> &'static str {
        TREE.by_code.get(&self.0).map_or("", |&at| TREE.all[at].name)
    }

    /// The names from the province down: `江苏省常州市天宁区`.
    pub fn path(self) -> String {
        let mut names = vec![self.name()];
        let mut at = self;
        while let Some(up) = at.parent() {
            if up != RegionCode::NATION && !is_grouping(up.name()) {
                names.push(up.name());
            }
            at = up;
        }
        names.reverse();
        names.concat()
    }

    /// The half-open range of codes `[from, to)` that this division covers, for SQL and indexes.
    pub fn code_range(self) -> (String, String) {
        let (from, to) = match self.level() {
            // Codes are compared as text, so the bound has six digits, too; no division bears it.
            RegionLevel::Nation => (0, 999_999),
            RegionLevel::Province => (self.0, self.0 + 10_000),
            RegionLevel::City => (self.0, self.0 + 100),
            RegionLevel::County => (self.0, self.0 + 1),
        };
        (format!("{from:06}"), format!("{to:06}"))
    }
}

/// Names that only group counties and are no place of their own.
fn is_grouping(name: &str) -> bool {
    matches!(name, "市辖区" | "县") || name.contains("直辖县级行政区划")
}

/// The divisions whose full or short name is `name`; full names win over short ones.
fn named(name: &str) -> Vec<RegionCode> {
    if is_grouping(name) {
        return Vec::new();
    }
    if let Some(found) = TREE.by_name.get(name) {
        return found.iter().map(|&at| TREE.all[at].code).collect();
    }
    if name.chars().count() < 2 {
        return Vec::new();
    }
    TREE.all.iter().filter(|region| short_name(region.name) == Some(name)).map(|region| region.code).collect()
}

fn short_name(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 9] = ["维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市", "区", "县"];
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).filter(|short| short.chars().count() >= 2)
}

/// The divisions under `within` that the concatenated names in `path` lead to. Levels may be skipped.
fn by_path(path: &str, within: RegionCode) -> Vec<RegionCode> {
    let mut found = Vec::new();
    for region in TREE.all.iter().filter(|region| region.code != within && within.contains(region.code)) {
        let names = [Some(region.name), short_name(region.name)];
        for rest in names.into_iter().flatten().filter_map(|name| path.strip_prefix(name)) {
            if rest.is_empty() {
                if within != RegionCode::NATION {
                    found.push(region.code);
                }
            } else if region.code.level() != RegionLevel::County {
                found.extend(by_path(rest, region.code));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl Serialize for RegionCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<RegionCode, D::Error> {
        let text = String::deserialize(deserializer)?;
        RegionCode::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn level_and_parent_follow_from_the_code() {
        let tianning = code("320402");
        assert_eq!(tianning.level(), RegionLevel::County);
        assert_eq!(tianning.parent(), Some(code("320400")));
        assert_eq!(code("320400").parent(), Some(code("320000")));
        assert_eq!(code("320000").parent(), Some(RegionCode::NATION));
        assert_eq!(code("429004").parent(), Some(code("429000")));
        assert!(code("320400").contains(tianning) && !tianning.contains(code("320400")));
        assert_eq!(tianning.common(code("320214")), code("320000"));
        assert_eq!(tianning.path(), "江苏省常州市天宁区");
        assert_eq!(code("110108").path(), "北京市海淀区");
    }

    #[test]
    fn divisions_are_found_as_people_write_them() {
        for (text, expected) in [
            ("320402", "320402"),
            ("３２０４０２", "320402"),
            ("天宁区", "320402"),
            ("常州", "320400"),
            ("江苏省常州市", "320400"),
            ("江苏常州天宁", "320402"),
            ("江苏省江阴市", "320281"),
            ("江苏省无锡市江阴市", "320281"),
            ("北京市海淀区", "110108"),
            ("广东省东莞市", "441900"),
            ("全国", "000000"),
        ] {
            assert_eq!(RegionCode::find(text), Ok(code(expected)), "{text}");
        }
        assert!(matches!(RegionCode::find("鼓楼区"), Err(RegionFault::Ambiguous(..))));
        assert!(matches!(RegionCode::find("火星"), Err(RegionFault::Unknown(_))));
        assert!(matches!(RegionCode::find(""), Err(RegionFault::Unknown(_))));
        assert!(RegionCode::parse("320499").is_err());
    }

    #[test]
    fn every_division_has_a_parent_that_contains_it() {
        for region in &regions()[1..] {
            assert!(region.code.parent().unwrap().contains(region.code), "{}", region.code);
        }
        assert!(regions().len() > 3300);
        let (from, to) = RegionCode::NATION.code_range();
        assert!(regions().iter().map(|region| region.code.to_string()).all(|code| from <= code && code < to), "as text, too");
    }
}
