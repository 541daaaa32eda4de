//! All measures beside one another for a year: how many firms each reaches, what they would be paid
//! and whether its pool covers it. Firms are read window by window and decided as columns.

use crate::facts::of_regions;
use crate::firms::Wanted;
use crate::payout_reading::{decided_on, left_in, pool_of, year_named};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::AccountId;
use duijie_policy::{Batch, Book, Period, Population, Tally};
use duijie_vocab::{Date, Fen, Text};
use serde::Serialize;
use std::collections::BTreeMap;

/// What every measure would pay. Amounts are before groups that exclude one another: those the
/// preview of one measure applies firm by firm.
#[derive(Clone, Debug, Serialize)]
pub struct PayoutOverview {
    pub year: i16,
    pub firms: usize,
    pub measures: Vec<MeasureOverview>,
}

/// One measure over all firms.
#[derive(Clone, Debug, Serialize)]
pub struct MeasureOverview {
    pub measure: String,
    pub name: Text,
    pub period: String,
    pub pool: AccountId,
    /// What the pool holds beside what is reserved and promised already.
    pub left_fen: Fen,
    pub yes: u64,
    pub no: u64,
    pub unknown: u64,
    pub error: u64,
    /// What those who have it are promised together; the least where some amounts are not exact.
    pub asked_fen: i128,
    /// Whether the pool covers that.
    pub covered: bool,
}

impl App {
    /// Decides every measure for every firm of the viewer's region for `year`. `progress` hears how
    /// many firms are decided.
    pub fn payout_overview(&self, viewer: &Viewer, year: &str, progress: &mut dyn FnMut(usize)) -> Result<PayoutOverview, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        let (year, last) = year_named(year)?;
        let policies = self.policies();
        let book = &policies.book;
        let regions = self.store().read(|view| of_regions(view, book.vocabulary()))?;
        let wanted = Wanted::by_measures(&policies, last, book.ids());
        let groups = by_day(book, last);
        let mut tallies: Vec<Vec<Tally>> = groups.iter().map(|(_, ids)| vec![Tally { amount_high: Some(0), ..Tally::default() }; ids.len()]).collect();
        let mut done = 0;
        self.each_window_of_firms(viewer.region, |firms| {
            let population = Population::from_facts(&self.facts_of_firms(&firms, &wanted)?);
            for ((day, measures), tallies) in groups.iter().zip(&mut tallies) {
                let some = Batch::about(book, measures, &population, &regions, *day).tally();
                tallies.iter_mut().zip(&some).for_each(|(all, some)| all.merge(some));
            }
            done += firms.len();
            progress(done);
            Ok(())
        })?;
        let decided = groups.iter().zip(&tallies).flat_map(|((_, ids), tallies)| ids.iter().zip(tallies));
        let mut measures = Vec::new();
        // Many measures share a pool.
        let mut pools: BTreeMap<AccountId, Fen> = BTreeMap::new();
        for ((id, period), tally) in decided {
            let measure = book.measure(id).ok_or(AppError::NotFound)?;
            let pool = pool_of(book, id)?;
            let left = match pools.get(&pool) {
                Some(left) => *left,
                None => self.store().read(|view| left_in(view, &pool))?,
            };
            pools.insert(pool.clone(), left);
            measures.push(MeasureOverview {
                measure: id.to_string(),
                name: measure.source.name.clone(),
                period: period.to_string(),
                left_fen: left,
                yes: tally.yes,
                no: tally.no,
                unknown: tally.unknown,
                error: tally.error,
                asked_fen: tally.amount_low,
                covered: tally.amount_low <= i128::from(left.0),
                pool,
            });
        }
        Ok(PayoutOverview { year, firms: done, measures })
    }
}

/// A day with the measures that are decided on it, each about its period.
type OnDay<'b> = (Date, Vec<(&'b str, Period)>);

/// The measures by the day on which a run for the year that ends on `last` decides them: the first of
/// their window.
fn by_day(book: &Book, last: Date) -> Vec<OnDay<'_>> {
    let mut days: BTreeMap<Date, Vec<(&str, Period)>> = BTreeMap::new();
    for id in book.ids() {
        let Some((period, day)) = decided_on(book, id, last) else { continue };
        days.entry(day).or_default().push((id, period));
    }
    days.into_iter().collect()
}
