//! Which days are worked in China. Holidays move with the moon and are decided year by year, so
//! they are data; a year that is not in the data counts with its weekends only, and says so.

use crate::Span;
use duijie_vocab::{Date, Diagnostic, Timestamp, text};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Public holidays and worked weekend days of some years.
#[derive(Clone, Debug)]
pub struct Calendar {
    years: BTreeSet<i16>,
    /// Days since 1970-01-01.
    free: BTreeSet<i32>,
    worked: BTreeSet<i32>,
}

#[derive(Debug, thiserror::Error)]
pub enum CalendarFault {
    #[error("the holidays are no YAML of the expected form: {0}")]
    Form(String),
    #[error("`{0}` is not a day or a range of days `2021-02-11/2021-02-17`")]
    Day(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    free: Vec<String>,
    worked: Vec<String>,
}

/// When on its day a clock rings: 09:00 in China, as UTC microseconds after the day's start there.
const RINGS_AT_HOUR: i64 = 9;
const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
const CHINA_OFFSET_HOURS: i64 = 8;

impl Calendar {
    /// Reads years of holidays from YAML like the built-in one.
    pub fn parse(yaml: &str) -> Result<Calendar, CalendarFault> {
        let years: BTreeMap<i16, Year> = serde_saphyr::from_str(yaml).map_err(|fault| CalendarFault::Form(fault.to_string()))?;
        let mut calendar = Calendar { years: years.keys().copied().collect(), free: BTreeSet::new(), worked: BTreeSet::new() };
        for year in years.values() {
            for range in &year.free {
                let (from, to) = days(range)?;
                calendar.free.extend(from..=to);
            }
            for range in &year.worked {
                let (from, to) = days(range)?;
                calendar.worked.extend(from..=to);
            }
        }
        Ok(calendar)
    }

    /// The years that come with the product, 2019 to 2026.
    pub fn built_in() -> Calendar {
        Calendar::parse(include_str!("../data/holidays.yaml")).unwrap_or_else(|fault| panic!("BUG: the built-in holidays are wrong: {fault}"))
    }

    /// Whether people work on `day`.
    pub fn is_working(&self, day: Date) -> bool {
        self.works(day.days_since_epoch())
    }

    fn works(&self, day: i32) -> bool {
        // 1970-01-01 was a Thursday.
        let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
        self.worked.contains(&day) || !(weekend || self.free.contains(&day))
    }

    /// A warning if the holidays of the year of `day` are not known.
    pub fn warning(&self, day: Date) -> Option<Diagnostic> {
        let year = day.year();
        let known = self.years.contains(&year);
        let message = || text!("没有 {year} 年的节假日安排，只按周末计算", "the public holidays of {year} are not known; only weekends count as free");
        let help = || text!("补充该年的节假日数据", "add the year to the holidays");
        (!known).then(|| Diagnostic::warning("calendar.year", message()).help(help()))
    }

    /// When a clock rings that started at `from`: at 09:00 in China on the day that lies `span`
    /// later, moved to the next working day if nobody works then.
    pub fn after(&self, from: Timestamp, span: Span) -> Timestamp {
        let start = from.china_date().days_since_epoch();
        let end = if span.working { self.working_days_after(start, span.days) } else { start + i32::from(span.days) };
        rings_on(self.next_worked(end))
    }

    /// When a clock rings `span` before `day`, on a working day.
    pub fn before(&self, day: Date, span: Span) -> Timestamp {
        rings_on(self.next_worked(day.days_since_epoch() - i32::from(span.days)))
    }

    fn working_days_after(&self, start: i32, days: u16) -> i32 {
        let mut day = start;
        for _ in 0..days {
            day = self.next_worked(day + 1);
        }
        day
    }

    fn next_worked(&self, day: i32) -> i32 {
        // No stretch of free days is longer than a year in any data that makes sense.
        (day..day + 366).find(|day| self.works(*day)).unwrap_or(day)
    }
}

fn rings_on(day: i32) -> Timestamp {
    let micros = i64::from(day) * DAY_MICROS + (RINGS_AT_HOUR - CHINA_OFFSET_HOURS) * HOUR_MICROS;
    Timestamp::from_micros(micros).expect("BUG: a day of a Timestamp lies outside the range of Timestamps")
}

fn days(range: &str) -> Result<(i32, i32), CalendarFault> {
    let fault = || CalendarFault::Day(range.to_string());
    let day = |text: &str| Date::parse(text).ok().filter(|date| date.day().is_some()).map(Date::days_since_epoch).ok_or_else(fault);
    let (from, to) = range.split_once('/').unwrap_or((range, range));
    let (from, to) = (day(from)?, day(to)?);
    if (from..from + 31).contains(&to) { Ok((from, to)) } else { Err(fault()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn worked_days_are_weekend_days_and_never_free() {
        let calendar = Calendar::built_in();
        for day in &calendar.worked {
            assert!(matches!((day + 3).rem_euclid(7), 5 | 6), "{}", Date::from_days_since_epoch(*day).unwrap());
            assert!(!calendar.free.contains(day));
        }
    }

    /// The law fixes 11 public holidays a year (13 from 2025); the rest is moved weekend days. Two
    /// more were free in 2020, and a holiday on a weekend is not always moved.
    #[test]
    fn each_year_has_a_plausible_number_of_working_days() {
        let calendar = Calendar::built_in();
        for year in 2019..=2026 {
            let (from, to) = (date(&format!("{year}-01-01")).days_since_epoch(), date(&format!("{year}-12-31")).days_since_epoch());
            let worked = (from..=to).filter(|day| calendar.works(*day)).count();
            let holidays = if year >= 2025 { 13 } else { 11 };
            let weekdays = (from..=to).filter(|day| !matches!((day + 3).rem_euclid(7), 5 | 6)).count();
            assert!((weekdays - holidays - 2..=weekdays - holidays + 3).contains(&worked), "{year}: {worked} of {weekdays}");
        }
    }

    /// The days of 国务院办公厅关于2026年部分节假日安排的通知, one by one.
    #[test]
    fn the_days_of_2026_are_those_of_the_notice() {
        let calendar = Calendar::built_in();
        let free = [(1, 1..=3), (2, 15..=23), (4, 4..=6), (5, 1..=5), (6, 19..=21), (9, 25..=27), (10, 1..=7)];
        let worked = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)];
        let day = |month: u8, day: u8| date(&format!("2026-{month:02}-{day:02}"));
        for (month, days) in free {
            assert!(days.clone().all(|number| !calendar.is_working(day(month, number))), "{month}: {days:?}");
        }
        assert!(worked.iter().all(|(month, number)| calendar.is_working(day(*month, *number))));
        let (from, to) = (day(1, 1).days_since_epoch(), day(12, 31).days_since_epoch());
        let exchanged = (from..=to).filter(|day| calendar.worked.contains(day)).count();
        let weekdays_free = (from..=to).filter(|day| !matches!((day + 3).rem_euclid(7), 5 | 6) && !calendar.works(*day)).count();
        assert_eq!((exchanged, weekdays_free), (worked.len(), 19), "no other day is moved");
    }

    #[test]
    fn working_days_skip_holidays_and_count_exchanged_weekends() {
        let calendar = Calendar::built_in();
        let two = Span { days: 2, working: true };
        // Wednesday before the Spring Festival of 2021; Sunday 7 February was worked.
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(calendar.after(at("2021-02-05T04:00:00Z"), two).china_minute(), "2021-02-08 09:00");
        assert_eq!(calendar.after(at("2021-02-10T04:00:00Z"), two).china_minute(), "2021-02-19 09:00");
        // 45 calendar days that end in the National Day week ring on the first working day after it.
        let span = Span { days: 45, working: false };
        assert_eq!(calendar.after(at("2021-08-20T04:00:00Z"), span).china_minute(), "2021-10-08 09:00");
    }

    #[test]
    fn an_unknown_year_counts_weekends_and_says_so() {
        let calendar = Calendar::built_in();
        assert!(calendar.is_working(date("2030-10-01")));
        assert!(!calendar.is_working(date("2030-10-05")));
        assert!(calendar.warning(date("2030-10-01")).is_some());
        assert!(calendar.warning(date("2026-10-01")).is_none());
    }

    #[test]
    fn wrong_holidays_are_refused() {
        for wrong in ["2021: {free: [2021-02], worked: []}", "2021: {free: [2021-02-09/2021-02-01], worked: []}", "2021: []"] {
            assert!(Calendar::parse(wrong).is_err(), "{wrong}");
        }
    }
}
