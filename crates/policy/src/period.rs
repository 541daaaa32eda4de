//! The periods that facts and decisions are about: a year, a quarter, a month, or none (an instant).

use duijie_vocab::{Date, Text, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long the periods of a fact or a measure are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    Year,
    Quarter,
    Month,
    /// No period: the value that holds on the day of the decision.
    Instant,
}

/// One period: `2021`, `2021Q3`, `2021-07`, or `now` for the day of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    Year(i16),
    Quarter(i16, u8),
    Month(i16, u8),
    Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a period like 2021, 2021Q3, 2021-07 or now")]
pub struct PeriodFault(String);

impl Cycle {
    /// `year 年`, `quarter 季`, `month 月`, `instant 时点` (also `once`).
    pub fn parse(word: &str) -> Option<Cycle> {
        match word.trim() {
            "year" | "年" | "年度" => Some(Cycle::Year),
            "quarter" | "季" | "季度" => Some(Cycle::Quarter),
            "month" | "月" | "月度" => Some(Cycle::Month),
            "instant" | "once" | "时点" | "一次" => Some(Cycle::Instant),
            _ => None,
        }
    }

    pub(crate) fn per_year(self) -> i32 {
        match self {
            Cycle::Year | Cycle::Instant => 1,
            Cycle::Quarter => 4,
            Cycle::Month => 12,
        }
    }

    /// The period of this length that `day` lies in.
    pub fn containing(self, day: Date) -> Period {
        let month = day.month().unwrap_or(1);
        match self {
            Cycle::Year => Period::Year(day.year()),
            Cycle::Quarter => Period::Quarter(day.year(), (month - 1) / 3 + 1),
            Cycle::Month => Period::Month(day.year(), month),
            Cycle::Instant => Period::Instant,
        }
    }
}

impl Period {
    pub fn cycle(self) -> Cycle {
        match self {
            Period::Year(_) => Cycle::Year,
            Period::Quarter(..) => Cycle::Quarter,
            Period::Month(..) => Cycle::Month,
            Period::Instant => Cycle::Instant,
        }
    }

    /// Reads `2021`, `2021年`, `2021Q3`, `2021年3季度`, `2021-07`, `2021年7月`, `now`.
    pub fn parse(text: &str) -> Result<Period, PeriodFault> {
        let fault = || PeriodFault(text.trim().to_string());
        let folded = duijie_vocab::fold_width(text).to_uppercase();
        if matches!(folded.as_str(), "NOW" | "时点") {
            return Ok(Period::Instant);
        }
        let quarter_marks = folded.replace("年第", "Q").replace("年", if folded.contains('季') { "Q" } else { "年" }).replace("季度", "").replace('季', "");
        if let Some((year, quarter)) = quarter_marks.split_once('Q') {
            let year: i16 = year.trim_end_matches('-').parse().map_err(|_| fault())?;
            let quarter: u8 = quarter.parse().map_err(|_| fault())?;
            return ((1..=4).contains(&quarter) && Date::new(year, None, None).is_some()).then_some(Period::Quarter(year, quarter)).ok_or_else(fault);
        }
        let date = Date::parse(&folded).map_err(|_| fault())?;
        match (date.month(), date.day()) {
            (None, _) => Ok(Period::Year(date.year())),
            (Some(month), None) => Ok(Period::Month(date.year(), month)),
            (Some(_), Some(_)) => Err(fault()),
        }
    }

    /// The period `by` periods of the same length later (earlier when negative); nothing outside the calendar.
    pub fn shifted(self, by: i32) -> Option<Period> {
        let per_year = self.cycle().per_year();
        let (year, index) = match self {
            Period::Year(year) => (year, 0),
            Period::Quarter(year, quarter) => (year, i32::from(quarter) - 1),
            Period::Month(year, month) => (year, i32::from(month) - 1),
            Period::Instant => return Some(Period::Instant),
        };
        let serial = (i32::from(year) * per_year).checked_add(index)?.checked_add(by)?;
        let year = i16::try_from(serial.div_euclid(per_year)).ok().filter(|&year| Date::new(year, None, None).is_some())?;
        let index = u8::try_from(serial.rem_euclid(per_year) + 1).ok()?;
        Some(match self {
            Period::Quarter(..) => Period::Quarter(year, index),
            Period::Month(..) => Period::Month(year, index),
            _ => Period::Year(year),
        })
    }

    /// The calendar year the period lies in; nothing for an instant.
    pub fn year(self) -> Option<i16> {
        match self {
            Period::Year(year) | Period::Quarter(year, _) | Period::Month(year, _) => Some(year),
            Period::Instant => None,
        }
    }

    /// First and last day; nothing for an instant.
    pub fn days(self) -> Option<(Date, Date)> {
        let (year, from, to) = match self {
            Period::Year(year) => (year, 1, 12),
            Period::Quarter(year, quarter) => (year, quarter * 3 - 2, quarter * 3),
            Period::Month(year, month) => (year, month, month),
            Period::Instant => return None,
        };
        Some((Date::new(year, Some(from), None)?.first_day(), Date::new(year, Some(to), None)?.last_day()))
    }

    /// The period as a person reads it: `2021年`, `Q3 2021`.
    pub fn described(self) -> Text {
        match self {
            Period::Year(year) => text!("{year}年", "{year}"),
            Period::Quarter(year, quarter) => text!("{year}年{quarter}季度", "Q{quarter} {year}"),
            Period::Month(year, month) => text!("{year}年{month}月", "{year}-{month:02}"),
            Period::Instant => text!("当前", "now"),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Year(year) => write!(f, "{year}"),
            Period::Quarter(year, quarter) => write!(f, "{year}Q{quarter}"),
            Period::Month(year, month) => write!(f, "{year}-{month:02}"),
            Period::Instant => f.write_str("now"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
        Period::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_shown_and_shifted() {
        for (text, shown, before) in [
            ("2021", "2021", "2020"),
            ("2021年", "2021", "2020"),
            ("2021Q1", "2021Q1", "2020Q4"),
            ("2021年3季度", "2021Q3", "2021Q2"),
            ("2021-01", "2021-01", "2020-12"),
            ("2021年7月", "2021-07", "2021-06"),
            ("now", "now", "now"),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.to_string(), shown, "{text}");
            assert_eq!(period.shifted(-1).unwrap().to_string(), before, "{text}");
            assert_eq!(Period::parse(&period.to_string()), Ok(period));
        }
        for text in ["2021Q5", "2021-13", "2021-03-05", "近3年", ""] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
        assert_eq!(Period::Year(2200).shifted(1), None);
    }
}
