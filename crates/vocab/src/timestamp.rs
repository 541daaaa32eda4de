//! Instants: UTC microseconds inside, Asia/Shanghai (UTC+8 without summer time) on pages.

use crate::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z; serialized as `2021-03-05T06:07:08.000009Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant like 2021-03-05T06:07:08.000009Z between the years 1 and 9999")]
pub struct TimestampFault(String);

const SHANGHAI_OFFSET_HOURS: i8 = 8;

impl Timestamp {
    pub fn from_micros(micros: i64) -> Result<Timestamp, TimestampFault> {
        match jiff::Timestamp::from_microsecond(micros) {
            Ok(instant) if (1..=9998).contains(&instant.to_zoned(jiff::tz::TimeZone::UTC).year()) => Ok(Timestamp(micros)),
            _ => Err(TimestampFault(format!("{micros} µs"))),
        }
    }

    pub fn micros(self) -> i64 {
        self.0
    }

    pub fn parse(text: &str) -> Result<Timestamp, TimestampFault> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimestampFault(text.to_string()))?;
        Timestamp::from_micros(instant.as_microsecond())
    }

    /// The calendar day in China at this instant.
    pub fn china_date(self) -> Date {
        let day = self.civil(SHANGHAI_OFFSET_HOURS).date();
        Date::new(day.year(), Some(day.month() as u8), Some(day.day() as u8)).expect("BUG: jiff gave a date that does not exist")
    }

    /// `2021-03-05 14:07`, in China.
    pub fn china_minute(self) -> String {
        self.civil(SHANGHAI_OFFSET_HOURS).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn civil(self, offset_hours: i8) -> jiff::civil::DateTime {
        let instant = jiff::Timestamp::from_microsecond(self.0).expect("BUG: a Timestamp outside jiff's range");
        jiff::tz::Offset::constant(offset_hours).to_datetime(instant)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil(0).strftime("%Y-%m-%dT%H:%M:%S.%6fZ"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_six_digits_and_read_back() {
        let at = Timestamp::from_micros(1_614_924_428_000_009).unwrap();
        assert_eq!(at.to_string(), "2021-03-05T06:07:08.000009Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
    }

    #[test]
    fn the_day_in_china_begins_at_sixteen_hours_utc() {
        let before = Timestamp::parse("2021-03-05T15:59:59Z").unwrap();
        let after = Timestamp::parse("2021-03-05T16:00:00Z").unwrap();
        assert_eq!(before.china_date().to_string(), "2021-03-05");
        assert_eq!(after.china_date().to_string(), "2021-03-06");
        assert_eq!(after.china_minute(), "2021-03-06 00:00");
    }
}
