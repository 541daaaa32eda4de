//! All measures beside one another for a year: how many firms each reaches, what they would be paid
//! and whether its pool covers it. Firms are read window by window and decided as columns, so that a
//! million firms by a thousand measures need the memory of one window.

use crate::facts::{known_of_many, of_regions};
use crate::payout_reading::{enterprises, left_in, pool_of, records_of, year_named};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::AccountId;
use duijie_policy::{Batch, Facts, Population, Tally};
use duijie_vocab::{Date, Fen, RecordId, Text};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many firms are columns at a time, and how many are read with the same queries.
const WINDOW: usize = 8_192;
const CHUNK: usize = 512;

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
        let (ids, regions) = self.store().read(|view| Ok::<_, AppError>((enterprises(view, viewer.region)?, of_regions(view, book.vocabulary())?)))?;
        let nobody = Population::new(Vec::new());
        let empty = Batch::once(book, &nobody, &regions, last);
        let mut tallies: Vec<Tally> = empty.tally();
        let mut done = 0;
        for window in ids.chunks(WINDOW) {
            let population = Population::from_facts(&self.facts_of(window, last)?);
            let some = Batch::once(book, &population, &regions, last).tally();
            tallies.iter_mut().zip(&some).for_each(|(all, some)| all.merge(some));
            done += window.len();
            progress(done);
        }
        let mut measures = Vec::with_capacity(tallies.len());
        // Many measures share a pool.
        let mut pools: BTreeMap<AccountId, Fen> = BTreeMap::new();
        for ((measure, period), tally) in empty.measures().zip(&tallies) {
            let pool = pool_of(book, measure.id())?;
            let left = match pools.get(&pool) {
                Some(left) => *left,
                None => self.store().read(|view| left_in(view, &pool))?,
            };
            pools.insert(pool.clone(), left);
            measures.push(MeasureOverview {
                measure: measure.id().to_string(),
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
        Ok(PayoutOverview { year, firms: ids.len(), measures })
    }

    /// What is known of these firms, titles as held on `last`.
    fn facts_of(&self, firms: &[RecordId], last: Date) -> Result<Vec<Facts>, AppError> {
        let read = |chunk: &[RecordId]| {
            let known = self.store().read(|view| {
                let records = records_of(view, chunk)?;
                known_of_many(view, &records)
            })?;
            Ok::<_, AppError>(known.into_iter().map(|known| known.on(last)).collect::<Vec<_>>())
        };
        let chunks = firms.par_chunks(CHUNK).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(chunks.into_iter().flatten().collect())
    }
}
