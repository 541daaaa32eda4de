//! The day on which subjects from a file are decided.

use crate::policy_batch::period_named;
use crate::{AppError, PolicyFiles};
use duijie_policy::{Measure, Period};
use duijie_vocab::{Date, Diagnostic, Place, text};
use std::collections::BTreeMap;

/// When measures are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecideOn {
    /// On this day, whether they can be claimed on it or not.
    Day(Date),
    /// About the year, quarter or month that this day lies in: each measure on the first day of its window for that
    /// period, so that it can be claimed; without a window on this day.
    PeriodOf(Date),
}

impl DecideOn {
    /// The last day of a period that somebody wrote.
    pub fn period(written: &str) -> Result<DecideOn, AppError> {
        let period = period_named(Some(written))?.filter(|period| *period != Period::Instant).ok_or(AppError::NotFound)?;
        Ok(period.days().map_or(DecideOn::Day(crate::decisions::last_day(2000)), |(_, last)| DecideOn::PeriodOf(last)))
    }

    /// The day that columns without a period are about.
    pub fn about(self) -> Date {
        match self {
            DecideOn::Day(day) | DecideOn::PeriodOf(day) => day,
        }
    }

    /// The day on which a measure is decided.
    pub(crate) fn day(self, measure: &Measure) -> Date {
        match self {
            DecideOn::Day(day) => day,
            DecideOn::PeriodOf(last) => measure.window_for(measure.source.period.containing(last), last).map_or(last, |(from, _)| from),
        }
    }
}

impl PolicyFiles {
    /// The measures by the day on which each is decided.
    pub(crate) fn by_day(&self, on: DecideOn) -> BTreeMap<Date, Vec<&str>> {
        let mut days: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
        for (id, measure) in self.book.ids().filter_map(|id| Some((id, self.book.measure(id)?))) {
            days.entry(on.day(measure)).or_default().push(id);
        }
        days
    }

    /// A remark where the day that somebody chose decides nothing: how many measures are not in force or cannot be
    /// claimed on it.
    pub fn closed_on(&self, on: DecideOn) -> Option<Diagnostic> {
        let DecideOn::Day(day) = on else { return None };
        let closed: Vec<&str> = self.book.ids().filter(|id| self.book.closed_on(id, day).is_some()).collect();
        let (count, first) = (closed.len(), closed.first()?);
        let message = text!(
            "{count} 条措施在 {day} 无效或不在申报期，如 `{first}`",
            "{count} measures are not in force or cannot be claimed on {day}, such as `{first}`"
        );
        let help = text!(
            "要判断某一年度，写 --period 而不写 --on，各措施按其申报期判断",
            "to decide about a year give --period and not --on: each measure is then decided in its own window"
        );
        Some(Diagnostic::warning("policy.day.closed", message).at(Place::default()).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_decided_in_the_window_of_each_measure() {
        let measure = |id: &str, rest: &str| {
            (format!("{id}.yaml"), format!("id: {id}\nname: {id}\nperiod: year\n{rest}when:\n  - {{label: 人数, rule: 职工总数 > 5 人}}\n"))
        };
        let facts = "facts:\n  staff: {zh: 职工总数, kind: count, unit: 人, period: year}\n";
        let files = PolicyFiles::read(vec![("facts.yaml".into(), facts.into()), measure("a", ""), measure("b", "window: 03-01..04-30\n")]);
        let day = |text: &str| Date::parse(text).unwrap();
        let on = DecideOn::period("2024").unwrap();
        assert_eq!(files.by_day(on), BTreeMap::from([(day("2024-12-31"), vec!["a"]), (day("2025-03-01"), vec!["b"])]));
        assert_eq!(files.closed_on(on), None);
        assert!(files.closed_on(DecideOn::Day(day("2024-12-31"))).unwrap().message.en.contains("1 measures"));
        let subjects = files.subjects("f.csv", "id,职工总数@2024\n甲,6\n".as_bytes(), on.about());
        let counts: Vec<(u64, u64)> = files.batch(&subjects, on).measures.iter().map(|line| (line.yes, line.window_closed)).collect();
        assert_eq!(counts, [(1, 0), (1, 0)]);
        let fixed: Vec<(u64, u64, u64)> =
            files.batch(&subjects, DecideOn::Day(day("2025-06-01"))).measures.iter().map(|line| (line.yes, line.unknown, line.window_closed)).collect();
        assert_eq!(fixed, [(0, 1, 0), (1, 0, 1)], "2025 is not known; 2024 holds and cannot be claimed any more");
    }
}
