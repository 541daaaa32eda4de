//! How near two places are, by the divisions that hold both and by their borders.

use duijie_vocab::{RegionCode, RegionLevel};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The nearest relation of two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearby {
    Elsewhere,
    NeighbouringProvince,
    SameProvince,
    NeighbouringCity,
    SameCity,
    SameCounty,
}

static BORDERS: LazyLock<HashSet<(RegionCode, RegionCode)>> = LazyLock::new(|| {
    let lines = include_str!("../data/neighbours.txt").lines().filter(|line| !line.starts_with('#'));
    let mut borders = HashSet::new();
    for line in lines {
        let codes: Vec<RegionCode> = line.split_whitespace().filter_map(|code| RegionCode::parse(code).ok()).collect();
        for other in codes.iter().skip(1) {
            borders.insert((codes[0], *other));
            borders.insert((*other, codes[0]));
        }
    }
    borders
});

impl Nearby {
    pub(crate) fn of(a: RegionCode, b: RegionCode) -> Nearby {
        match a.common(b).level() {
            RegionLevel::County => Nearby::SameCounty,
            RegionLevel::City => Nearby::SameCity,
            _ if border(a, b, RegionLevel::City) => Nearby::NeighbouringCity,
            RegionLevel::Province => Nearby::SameProvince,
            RegionLevel::Nation if border(a, b, RegionLevel::Province) => Nearby::NeighbouringProvince,
            RegionLevel::Nation => Nearby::Elsewhere,
        }
    }

    pub(crate) fn value(self) -> f32 {
        match self {
            Nearby::SameCounty => 1.0,
            Nearby::SameCity => 0.85,
            Nearby::NeighbouringCity => 0.65,
            Nearby::SameProvince => 0.5,
            Nearby::NeighbouringProvince => 0.35,
            Nearby::Elsewhere => 0.2,
        }
    }
}

/// Whether the divisions of `level` that hold `a` and `b` border on one another.
fn border(a: RegionCode, b: RegionCode, level: RegionLevel) -> bool {
    match (holding(a, level), holding(b, level)) {
        (Some(a), Some(b)) => BORDERS.contains(&(a, b)),
        _ => false,
    }
}

/// The division of `level` around `at`. Municipalities such as 上海 are their own cities.
fn holding(at: RegionCode, level: RegionLevel) -> Option<RegionCode> {
    let mut up = at;
    loop {
        if up.level() == level || level == RegionLevel::City && up.level() == RegionLevel::Province && is_municipality(up) {
            return Some(up);
        }
        // The districts of a municipality hang under a city that is no place of its own.
        up = up.parent()?;
        if level == RegionLevel::City
            && let Some(province) = up.parent().filter(|province| is_municipality(*province))
        {
            return Some(province);
        }
    }
}

fn is_municipality(code: RegionCode) -> bool {
    ["110000", "120000", "310000", "500000"].iter().any(|known| code.to_string() == *known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn places_are_near_by_level_and_by_border() {
        for (other, expected) in [
            ("320402", Nearby::SameCounty),
            ("320411", Nearby::SameCity),
            ("320281", Nearby::NeighbouringCity),
            ("341802", Nearby::NeighbouringCity),
            ("320700", Nearby::SameProvince),
            ("370102", Nearby::NeighbouringProvince),
            ("310104", Nearby::NeighbouringProvince),
            ("510107", Nearby::Elsewhere),
        ] {
            assert_eq!(Nearby::of(code("320402"), code(other)), expected, "{other}");
        }
        assert_eq!(Nearby::of(code("310115"), code("320583")), Nearby::NeighbouringCity);
        assert_eq!(Nearby::of(code("310115"), code("310104")), Nearby::SameCity);
    }

    proptest! {
        #[test]
        fn nearness_is_mutual(a in 0usize..3300, b in 0usize..3300) {
            let regions = duijie_vocab::regions();
            let (a, b) = (regions[a].code, regions[b].code);
            prop_assert_eq!(Nearby::of(a, b), Nearby::of(b, a));
        }
    }

    #[test]
    fn every_border_is_between_divisions_of_one_level() {
        let lines = include_str!("../data/neighbours.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            assert!(line.split_whitespace().all(|code| RegionCode::parse(code).is_ok()), "{line}");
        }
        assert!(BORDERS.len() > 150 && BORDERS.iter().all(|(a, b)| a != b));
    }
}
