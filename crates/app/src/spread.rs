//! How many records of some kinds there are in the regions below one: for maps, region pages and
//! figures. Counts only what everybody who looks may read.

use crate::{App, AppError, Viewer};
use duijie_record::schema;
use duijie_store::Filter;
use duijie_vocab::{RegionCode, RegionLevel, Text};
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts by kind in the parts of a region.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    pub region: RegionCode,
    pub kinds: Vec<(String, Text)>,
    /// The parts with records, the fullest first.
    pub parts: Vec<SpreadPart>,
    /// All records in the region by kind, those of no smaller part included.
    pub totals: Vec<usize>,
    /// The journal entry up to which it is counted.
    pub as_of: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct SpreadPart {
    pub region: RegionCode,
    pub name: String,
    /// Counts in the order of the kinds.
    pub counts: Vec<usize>,
    pub total: usize,
}

impl App {
    /// The spread of `kinds` over the cities of the nation, the cities of a province or the
    /// counties of a city; a county is its own one part.
    pub fn spread(&self, viewer: &Viewer, kinds: &[&str], region: RegionCode) -> Result<Spread, AppError> {
        let head = self.store().read(|view| view.head())?.seq;
        self.spreads.get(head, &format!("{:?} {kinds:?} {region}", viewer.clearance()), || self.count_spread(viewer, kinds, region))
    }

    fn count_spread(&self, viewer: &Viewer, kinds: &[&str], region: RegionCode) -> Result<Spread, AppError> {
        let known: Vec<_> = kinds.iter().filter_map(|kind| schema(kind)).collect();
        let filter = Filter {
            visibility: viewer.clearance(),
            regions: Some(region).into_iter().filter(|region| *region != RegionCode::NATION).collect(),
            ..Filter::default()
        };
        let (counted, as_of) = self.store().read(|view| {
            let counted = known.iter().map(|schema| view.count_by_region(&schema.kind, &filter)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, AppError>((counted, view.head()?.seq))
        })?;
        let mut parts: BTreeMap<RegionCode, Vec<usize>> = BTreeMap::new();
        let mut totals = vec![0; known.len()];
        for (place, counts) in counted.iter().enumerate() {
            for (at, count) in counts {
                let count = usize::try_from(*count).unwrap_or(0);
                totals[place] += count;
                if let Some(part) = part_of(*at, region) {
                    parts.entry(part).or_insert_with(|| vec![0; known.len()])[place] += count;
                }
            }
        }
        let part = |(region, counts): (RegionCode, Vec<usize>)| SpreadPart { region, name: region.name().to_string(), total: counts.iter().sum(), counts };
        let mut parts: Vec<SpreadPart> = parts.into_iter().map(part).collect();
        parts.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.region.cmp(&b.region)));
        let kinds = known.iter().map(|schema| (schema.kind.clone(), schema.plural.clone())).collect();
        Ok(Spread { region, kinds, parts, totals, as_of })
    }
}

/// The part of `within` that `region` lies in, if it lies in one.
fn part_of(region: RegionCode, within: RegionCode) -> Option<RegionCode> {
    let wanted = match within.level() {
        RegionLevel::Nation | RegionLevel::Province => RegionLevel::City,
        RegionLevel::City => RegionLevel::County,
        RegionLevel::County => return within.contains(region).then_some(within),
    };
    let mut at = Some(region);
    while let Some(here) = at.filter(|here| *here != within && within.contains(*here)) {
        // A municipality has no cities below it, so its own level stands for them.
        if here.level() == wanted || (here.level() == RegionLevel::Province && within.level() == RegionLevel::Nation) {
            return Some(here);
        }
        at = here.parent();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_counts_for_the_part_that_it_lies_in() {
        let code = |code: &str| RegionCode::parse(code).unwrap();
        let part = |region: &str, within: &str| part_of(code(region), code(within)).map(|part| part.to_string());
        assert_eq!(part("320402", "000000").as_deref(), Some("320400"));
        assert_eq!(part("320402", "320000").as_deref(), Some("320400"));
        assert_eq!(part("320402", "320400").as_deref(), Some("320402"));
        assert_eq!(part("320000", "000000").as_deref(), Some("320000"));
        assert_eq!(part("320402", "320402").as_deref(), Some("320402"));
        assert_eq!(part("320411", "320402"), None);
        assert_eq!(part("320400", "320400"), None);
        assert_eq!(part("330100", "320000"), None);
    }
}
