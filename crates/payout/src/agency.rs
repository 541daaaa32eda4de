//! Agencies 科技服务机构: filing in the eight classes, and a rating by weighted indicators every two
//! years, of which the ten best of each class are published with their figures.

use crate::scheme::ServiceClass;
use crate::step::{By, Party, Refused, Step, needed};
use duijie_vocab::{RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An agency's filing 备案 with a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    pub id: RecordId,
    pub agency: RecordId,
    pub name: String,
    pub region: RegionCode,
    pub classes: Vec<ServiceClass>,
    /// Persons who own or lead the agency, as far as known; for checks only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<String>,
    #[serde(flatten)]
    pub state: FilingState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FilingState {
    Filed,
    /// In the catalogue; its services may be paid with vouchers.
    Listed {
        by: By,
    },
    Refused {
        reason: String,
    },
    Struck {
        reason: String,
    },
}

impl FilingState {
    /// The state's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            FilingState::Filed => "filed",
            FilingState::Listed { .. } => "listed",
            FilingState::Refused { .. } => "refused",
            FilingState::Struck { .. } => "struck",
        }
    }

    /// The name for people of the state with this word.
    pub fn name(word: &str) -> Option<Text> {
        Some(match word {
            "filed" => text!("待审核", "filed"),
            "listed" => text!("已备案", "listed"),
            "refused" => text!("未通过", "refused"),
            "struck" => text!("已移出", "struck off"),
            _ => return None,
        })
    }
}

impl Filing {
    /// An agency files for some of the classes.
    pub fn file(agency: RecordId, name: String, region: RegionCode, mut classes: Vec<ServiceClass>, persons: Vec<String>) -> Result<Step<Filing>, Refused> {
        classes.sort_unstable();
        classes.dedup();
        if classes.is_empty() {
            return Err(Refused::Rule("agency.classes", text!("须至少选择一类业态", "name at least one class of service")));
        }
        let id = RecordId::derive("agf", &format!("{agency}|{region}"));
        let words = text!("{name} 申请备案", "{name} files");
        let filing = Filing { id, agency, name, region, classes, persons, state: FilingState::Filed };
        Ok(Step::new(filing, "file", words.clone()).tell(Party::Office(region), words))
    }

    pub fn list(mut self, by: &By) -> Result<Step<Filing>, Refused> {
        if self.state != FilingState::Filed {
            return Err(self.not_from_here("list"));
        }
        self.state = FilingState::Listed { by: by.clone() };
        let agency = Party::Organization(self.agency.clone());
        Ok(Step::new(self, "list", text!("已备案入驻", "listed")).tell(agency, text!("备案已通过", "your filing is accepted")))
    }

    pub fn refuse(mut self, reason: &str) -> Result<Step<Filing>, Refused> {
        if self.state != FilingState::Filed {
            return Err(self.not_from_here("refuse"));
        }
        let reason = needed(reason)?;
        self.state = FilingState::Refused { reason: reason.clone() };
        let agency = Party::Organization(self.agency.clone());
        let words = text!("备案未通过：{reason}", "the filing is refused: {reason}");
        Ok(Step::new(self, "refuse", words.clone()).tell(agency, words))
    }

    pub fn strike(mut self, reason: &str) -> Result<Step<Filing>, Refused> {
        if !matches!(self.state, FilingState::Listed { .. }) {
            return Err(self.not_from_here("strike"));
        }
        let reason = needed(reason)?;
        self.state = FilingState::Struck { reason: reason.clone() };
        let agency = Party::Organization(self.agency.clone());
        let words = text!("移出目录：{reason}", "struck off: {reason}");
        Ok(Step::new(self, "strike", words.clone()).tell(agency, words))
    }

    /// Whether vouchers may pay this agency for services of `class` now.
    pub fn offers(&self, class: ServiceClass) -> Result<(), Refused> {
        if matches!(self.state, FilingState::Listed { .. }) && self.classes.contains(&class) {
            return Ok(());
        }
        let (name, class) = (&self.name, class.name());
        let (zh, en) = (class.zh, class.en);
        Err(Refused::Rule("agency.not_listed", Text::new(format!("{name} 未在“{zh}”备案"), format!("{name} is not listed for {en}"))))
    }

    fn not_from_here(&self, act: &'static str) -> Refused {
        Refused::NotFromHere { state: self.state.as_str(), act }
    }
}

/// One figure of the rating, scored from 0 to 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    pub key: String,
    pub name: Text,
    /// Of 10,000; the weights of a class add up to that.
    pub weight: u32,
}

/// How agencies of one class are rated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingRule {
    pub class: ServiceClass,
    pub indicators: Vec<Indicator>,
}

/// The scores of one agency, each in hundredths from 0 to 10,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    pub agency: RecordId,
    pub name: String,
    pub scores: BTreeMap<String, u32>,
}

/// One agency's place in its class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    pub agency: RecordId,
    pub name: String,
    pub class: ServiceClass,
    /// The weighted score in hundredths.
    pub total: u32,
    pub rank: u32,
    /// Whether it is one of the ten best 绩优十强.
    pub best: bool,
    pub scores: BTreeMap<String, u32>,
}

/// The rating of a class: who was rated, best first, and who was not and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub class: ServiceClass,
    pub rated: Vec<Rated>,
    pub unrated: Vec<(RecordId, Text)>,
}

const WHOLE: u32 = 10_000;
const BEST: u32 = 10;

/// The years between two ratings.
pub const RATING_YEARS: i16 = 2;

/// Rates the agencies of a class. Fractions of a hundredth are dropped; equal totals share a rank and
/// stand by id; whoever shares the tenth rank is among the best.
pub fn rate(rule: &RatingRule, sheets: &[Scores]) -> Result<Rating, Refused> {
    let weights: u64 = rule.indicators.iter().map(|indicator| u64::from(indicator.weight)).sum();
    if weights != u64::from(WHOLE) {
        return Err(Refused::Rule("rating.weights", text!("权重合计须为 10000，现为 {weights}", "the weights have to add up to 10,000 and are {weights}")));
    }
    let mut rated = Vec::new();
    let mut unrated = Vec::new();
    for sheet in sheets {
        match total(rule, sheet) {
            Ok(total) => rated.push((total, sheet)),
            Err(why) => unrated.push((sheet.agency.clone(), why)),
        }
    }
    rated.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.agency.cmp(&b.1.agency)));
    let totals: Vec<u32> = rated.iter().map(|(total, _)| *total).collect();
    let rank = |total: u32| 1 + totals.iter().filter(|other| **other > total).count() as u32;
    let rated = rated.iter().map(|(total, sheet)| Rated {
        agency: sheet.agency.clone(),
        name: sheet.name.clone(),
        class: rule.class,
        total: *total,
        rank: rank(*total),
        best: rank(*total) <= BEST,
        scores: sheet.scores.clone(),
    });
    Ok(Rating { class: rule.class, rated: rated.collect(), unrated })
}

fn total(rule: &RatingRule, sheet: &Scores) -> Result<u32, Text> {
    let mut sum = 0u64;
    for indicator in &rule.indicators {
        let name = &indicator.name;
        let (zh, en) = (&name.zh, &name.en);
        let score = sheet.scores.get(&indicator.key).ok_or_else(|| Text::new(format!("缺少“{zh}”"), format!("{en} is missing")))?;
        if *score > WHOLE {
            return Err(Text::new(format!("“{zh}”超过 100 分"), format!("{en} is above 100")));
        }
        sum += u64::from(*score) * u64::from(indicator.weight);
    }
    Ok((sum / u64::from(WHOLE)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_best_are_those_of_the_first_ten_ranks() {
        let indicator = |key: &str, weight| Indicator { key: key.into(), name: text!("{key}", "{key}"), weight };
        let rule = RatingRule { class: ServiceClass::Testing, indicators: vec![indicator("income", 6_000), indicator("clients", 4_000)] };
        let sheet = |n: u32, income: u32, clients: Option<u32>| Scores {
            agency: RecordId::derive("org", &n.to_string()),
            name: format!("机构{n}"),
            scores: [("income".to_string(), Some(income)), ("clients".to_string(), clients)].into_iter().filter_map(|(k, v)| v.map(|v| (k, v))).collect(),
        };
        let mut sheets: Vec<Scores> = (0..9).map(|n| sheet(n, 9_000 - n * 100, Some(8_000))).collect();
        sheets.extend([sheet(20, 5_000, Some(5_000)), sheet(21, 5_000, Some(5_000)), sheet(22, 4_999, Some(5_000))]);
        sheets.extend([sheet(30, 9_999, None), sheet(31, 10_001, Some(1))]);
        let rating = rate(&rule, &sheets).unwrap();
        assert_eq!(rating.rated[0].total, 8_600);
        assert_eq!(rating.rated.iter().filter(|rated| rated.best).count(), 11, "two share the tenth rank");
        assert_eq!(rating.rated.last().map(|rated| (rated.rank, rated.best)), Some((12, false)));
        assert_eq!(rating.unrated.len(), 2);
        let uneven = RatingRule { indicators: vec![indicator("income", 9_999)], ..rule };
        assert_eq!(rate(&uneven, &sheets).unwrap_err().code(), "rating.weights");
    }
}
