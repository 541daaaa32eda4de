//! Calendar dates as people write them, to the day, the month or the year.

use crate::fold_width;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A date of the Gregorian calendar with what is known of it: `2021-03-05`, `2021-03` or `2021`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: Option<u8>,
    day: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateFault {
    #[error("`{0}` is not a date")]
    NotADate(String),
    #[error("the day `{0}` does not exist")]
    DoesNotExist(String),
    #[error("`{0}` can be read as more than one date")]
    Ambiguous(String),
}

/// Years that a record of this service can be about.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2200;
/// Serial numbers of 1954 to 2119, the only ones taken for a date without a date format.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=80_000;

impl Date {
    /// The date, if it exists.
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Option<Date> {
        let exists = match (month, day) {
            (None, None) => true,
            (Some(month), None) => (1..=12).contains(&month),
            (Some(month), Some(day)) => jiff::civil::Date::new(year, month as i8, i8::try_from(day).ok()?).is_ok(),
            (None, Some(_)) => false,
        };
        (YEARS.contains(&year) && exists).then_some(Date { year, month, day })
    }

    /// A day of the calendar, also of a year that nobody would type.
    pub(crate) fn of_calendar(day: jiff::civil::Date) -> Date {
        Date { year: day.year(), month: Some(day.month() as u8), day: Some(day.day() as u8) }
    }

    /// Reads `2021-03-05`, `2021/3/5`, `2021.3.5`, `2021年3月5日`, `20210305`, `2021年3月`, `2021-03`,
    /// `2021.3`, `2021年`, `2021`, and a time of day after a full date, which is dropped. Day-first
    /// and two-digit years are refused as ambiguous.
    pub fn parse(text: &str) -> Result<Date, DateFault> {
        let shown = || text.trim().to_string();
        let folded = fold_width(text);
        let (day_part, time_part) = split_time(&folded);
        let normalized = day_part.replace(['年', '月', '/', '.'], "-").replace(['日', '号'], "");
        let parts: Vec<&str> = normalized.trim_end_matches('-').split('-').map(str::trim).collect();
        if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit())) {
            return Err(DateFault::NotADate(shown()));
        }
        let number = |part: &str| part.parse::<i32>().map_err(|_| DateFault::NotADate(shown()));
        let numbers = parts.iter().map(|part| number(part)).collect::<Result<Vec<_>, _>>()?;
        let (year, month, day) = match (parts.as_slice(), numbers.as_slice()) {
            ([one], [n]) if one.len() == 8 => (n / 10_000, Some(n / 100 % 100), Some(n % 100)),
            ([one], [n]) if one.len() == 6 && (1900..2100).contains(&(n / 100)) => (n / 100, Some(n % 100), None),
            ([one], [n]) if one.len() == 4 => (*n, None, None),
            ([y, _], [year, month]) if y.len() == 4 => (*year, Some(*month), None),
            ([y, _, _], [year, month, day]) if y.len() == 4 => (*year, Some(*month), Some(*day)),
            ([_, _, y], _) if y.len() == 4 => return Err(DateFault::Ambiguous(shown())),
            ([y, _, _], _) if y.len() == 2 => return Err(DateFault::Ambiguous(shown())),
            _ => return Err(DateFault::NotADate(shown())),
        };
        if time_part && day.is_none() {
            return Err(DateFault::NotADate(shown()));
        }
        let part = |n: Option<i32>| n.map(|n| u8::try_from(n).unwrap_or(u8::MAX));
        i16::try_from(year).ok().and_then(|year| Date::new(year, part(month), part(day))).ok_or_else(|| DateFault::DoesNotExist(shown()))
    }

    /// The day of a spreadsheet serial number in the 1900 date system, such as 44260 for
    /// 2021-03-05 (ECMA-376 part 1, 18.17.4.1). Only serials of 1954 to 2119 are taken.
    pub fn from_serial(serial: i64) -> Option<Date> {
        if !SERIALS.contains(&serial) {
            return None;
        }
        let epoch = jiff::civil::Date::constant(1899, 12, 30);
        let day = epoch.checked_add(jiff::Span::new().days(serial)).ok()?;
        Date::new(day.year(), Some(day.month() as u8), Some(day.day() as u8))
    }

    pub fn year(self) -> i16 {
        self.year
    }

    pub fn month(self) -> Option<u8> {
        self.month
    }

    pub fn day(self) -> Option<u8> {
        self.day
    }

    /// The earliest day this date can mean.
    pub fn first_day(self) -> Date {
        Date { year: self.year, month: self.month.or(Some(1)), day: self.day.or(Some(1)) }
    }

    /// The latest day this date can mean.
    pub fn last_day(self) -> Date {
        let month = self.month.unwrap_or(12);
        let day = self.day.unwrap_or_else(|| {
            let first = jiff::civil::Date::new(self.year, month as i8, 1).expect("BUG: a Date holds a month that does not exist");
            first.days_in_month() as u8
        });
        Date { year: self.year, month: Some(month), day: Some(day) }
    }

    /// Days since 1970-01-01 of the first day this date can mean.
    pub fn days_since_epoch(self) -> i32 {
        let first = self.first_day();
        let day = jiff::civil::Date::new(first.year, first.month.unwrap_or(1) as i8, first.day.unwrap_or(1) as i8).expect("BUG: a Date that does not exist");
        let span = day - jiff::civil::Date::constant(1970, 1, 1);
        span.get_days()
    }

    /// The day that lies `days` after 1970-01-01.
    pub fn from_days_since_epoch(days: i32) -> Option<Date> {
        let span = jiff::Span::new().try_days(days).ok()?;
        let day = jiff::civil::Date::constant(1970, 1, 1).checked_add(span).ok()?;
        Date::new(day.year(), Some(day.month() as u8), Some(day.day() as u8))
    }

    /// `2021年3月5日`, `2021年3月` or `2021年`.
    pub fn chinese(self) -> String {
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{}年{month}月{day}日", self.year),
            (Some(month), None) => format!("{}年{month}月", self.year),
            _ => format!("{}年", self.year),
        }
    }
}

/// The date in front of a time of day (`2021-03-05 08:00:00`, `2021-03-05T00:00`), and whether there was one.
fn split_time(text: &str) -> (&str, bool) {
    let at = text.find(['T', ' ']).filter(|&at| text[at + 1..].contains(':') && text[at + 1..].trim_start().starts_with(|c: char| c.is_ascii_digit()));
    at.map_or((text, false), |at| (&text[..at], true))
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        Date::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_people_type() {
        for (text, expected) in [
            ("2021-03-05", "2021-03-05"),
            ("2021.3.5", "2021-03-05"),
            ("2021/3/5", "2021-03-05"),
            ("２０２１年３月５日", "2021-03-05"),
            ("2021年3月5号", "2021-03-05"),
            ("20210305", "2021-03-05"),
            ("2021-03-05 08:30:00", "2021-03-05"),
            ("2021-03-05T00:00:00", "2021-03-05"),
            ("2021年3月", "2021-03"),
            ("2021.12", "2021-12"),
            ("202103", "2021-03"),
            ("2021年", "2021"),
            ("2021", "2021"),
        ] {
            assert_eq!(Date::parse(text).map(|d| d.to_string()), Ok(expected.to_string()), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_two_is_refused() {
        for text in ["2021-02-30", "2021-13", "2021-00-10", "20210230", "2021-4-31", "9999-01-01"] {
            assert!(matches!(Date::parse(text), Err(DateFault::DoesNotExist(_))), "{text}");
        }
        for text in ["3/5/2021", "21.3.5"] {
            assert!(matches!(Date::parse(text), Err(DateFault::Ambiguous(_))), "{text}");
        }
        for text in ["", "长期", "2021-03-05至2021-04-05", "明年", "2021Q1", "44260.5", "12", "2021--03"] {
            assert!(matches!(Date::parse(text), Err(DateFault::NotADate(_))), "{text}");
        }
    }

    #[test]
    fn serials_count_days_of_the_1900_system() {
        assert_eq!(Date::from_serial(44260).unwrap().to_string(), "2021-03-05");
        assert_eq!(Date::from_serial(25569).unwrap().to_string(), "1970-01-01");
        assert_eq!(Date::from_serial(2021), None);
    }

    #[test]
    fn a_vague_date_has_a_first_and_a_last_day() {
        let february = Date::parse("2020-02").unwrap();
        assert_eq!(february.first_day().to_string(), "2020-02-01");
        assert_eq!(february.last_day().to_string(), "2020-02-29");
        assert_eq!(Date::parse("2021").unwrap().last_day().to_string(), "2021-12-31");
        assert_eq!(Date::parse("1970-01-02").unwrap().days_since_epoch(), 1);
        assert_eq!(Date::from_days_since_epoch(-1).unwrap().to_string(), "1969-12-31");
        assert_eq!((Date::from_days_since_epoch(i32::MAX), Date::from_days_since_epoch(i32::MIN)), (None, None));
    }
}
