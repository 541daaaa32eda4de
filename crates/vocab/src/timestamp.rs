//! Instants: UTC microseconds inside, Asia/Shanghai (UTC+8 without summer time) on pages.

use crate::Date;
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;

/// Microseconds since 1970-01-01T00:00:00Z; serialized as `2021-03-05T06:07:08.000009Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant like 2021-03-05T06:07:08.000009Z in the years 1 to 9998")]
pub struct TimestampFault(String);

/// From the first microsecond of the year 1 to the last of the year 9998 in China, so that neighbouring
/// days have four digits, too.
const KNOWN: RangeInclusive<i64> = -62_135_596_800_000_000..=253_370_735_999_999_999;

const SHANGHAI_OFFSET_HOURS: i8 = 8;

impl Timestamp {
    pub fn from_micros(micros: i64) -> Result<Timestamp, TimestampFault> {
        if KNOWN.contains(&micros) { Ok(Timestamp(micros)) } else { Err(TimestampFault(format!("{micros} µs"))) }
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
        Date::of_calendar(self.civil(SHANGHAI_OFFSET_HOURS).date())
    }

    /// `2021-03-05 14:07`, in China.
    pub fn china_minute(self) -> String {
        self.civil(SHANGHAI_OFFSET_HOURS).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn civil(self, offset_hours: i8) -> jiff::civil::DateTime {
        jiff::tz::Offset::constant(offset_hours).to_datetime(self.instant())
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).expect("BUG: a Timestamp outside jiff's range")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        PRINTER.print_timestamp(&self.instant(), StdFmtWrite(f)).map_err(|_| fmt::Error)
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
        for (micros, written) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_370_735_999_999_999, "9998-12-31T15:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).unwrap().to_string(), written);
        }
        assert!(Timestamp::from_micros(*KNOWN.start() - 1).is_err() && Timestamp::from_micros(*KNOWN.end() + 1).is_err());
        assert_eq!(Timestamp::from_micros(*KNOWN.end()).unwrap().china_date().to_string(), "9998-12-31");
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
