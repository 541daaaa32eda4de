//! Runs the clocks of cases. Which clock rings next stands with each case in the store, so nothing
//! is lost while the product is off, and a clock that rang is marked in the same transaction.

use crate::casework::{CASE, calendar, put_step, read_case, rule_book, rules};
use crate::{App, AppError};
use duijie_docking::Verb;
use duijie_journal::Actor;
use duijie_store::{MatterFilter, MatterOrder};
use duijie_vocab::{RecordId, Text};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockReport {
    pub cases: usize,
    pub rang: usize,
    pub abandoned: usize,
}

/// A clock that will ring, for the health page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextClock {
    pub case: RecordId,
    pub clock: Text,
    pub at: String,
    /// Whether it should have rung already: the clocks stand still.
    pub overdue: bool,
}

/// Cases read in one go.
const BATCH: usize = 200;
const NEXT: usize = 10;
/// How often the clocks are looked at.
const TICK: Duration = Duration::from_secs(15);
/// How long stopping may take.
const NAP: Duration = Duration::from_millis(200);

impl App {
    /// Rings every clock that is due. A second run at the same time does nothing; a case that cannot
    /// be rung keeps no other waiting, and is told of at the end.
    pub fn run_clocks(&self) -> Result<ClockReport, AppError> {
        let mut report = ClockReport::default();
        let mut fault = None;
        loop {
            let filter = MatterFilter { due_until: Some(self.now()), ..MatterFilter::default() };
            let page = self.store().read(|view| view.matters(CASE, &filter, MatterOrder::Due, None, BATCH))?;
            let before = report.rang;
            for row in &page.rows {
                match self.ring(&row.id) {
                    Ok((rang, abandoned)) => {
                        report.cases += usize::from(rang > 0);
                        report.rang += rang;
                        report.abandoned += abandoned;
                    }
                    Err(why) => fault = fault.or(Some(why)),
                }
            }
            if page.next.is_none() || report.rang == before {
                return fault.map_or(Ok(report), Err);
            }
        }
    }

    /// Rings what is due of one case; how many clocks rang, and how many abandoned it.
    fn ring(&self, id: &RecordId) -> Result<(usize, usize), AppError> {
        let id = id.clone();
        self.write(&Actor::system(), move |tx| {
            let case = read_case(&mut tx.view(), &id)?;
            let rules = rules(&mut tx.view(), case.region)?;
            let steps = case.ring(tx.now(), &rules, calendar())?;
            for step in &steps {
                put_step(tx, step)?;
            }
            Ok((steps.len(), steps.iter().filter(|step| step.did.act.verb() == Verb::Abandon).count()))
        })
    }

    /// Runs the clocks and sends letters about what happened until `stop` is set; for a thread of its
    /// own beside a server. `portal` is the address of the portal.
    pub fn run_clocks_until(&self, stop: &AtomicBool, portal: &str, report: &dyn Fn(&AppError)) {
        while !stop.load(Ordering::Relaxed) {
            for fault in [
                self.run_clocks().err(),
                self.ring_visits().err(),
                self.run_money_clocks().err(),
                self.tell_searches().err(),
                self.tell_new_supply().err(),
                self.send_letters(portal).err(),
            ]
            .into_iter()
            .flatten()
            {
                report(&fault);
            }
            let mut waited = Duration::ZERO;
            while waited < TICK && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(NAP);
                waited += NAP;
            }
        }
    }

    /// The clocks that ring next, soonest first.
    pub fn next_clocks(&self) -> Result<Vec<NextClock>, AppError> {
        let now = self.now();
        let page = self.store().read(|view| view.matters(CASE, &MatterFilter::default(), MatterOrder::Due, None, NEXT))?;
        let book = self.store().read(rule_book)?;
        let mut clocks = Vec::new();
        for row in page.rows {
            let case = crate::casework::case_of(row.body)?;
            if let Some(due) = case.due(book.for_region(case.region), calendar()) {
                clocks.push(NextClock {
                    case: case.id.clone(),
                    clock: due.mark.clock.name(),
                    at: due.at.china_minute(),
                    overdue: due.at.micros() + OVERDUE_MICROS < now.micros(),
                });
            }
        }
        Ok(clocks)
    }
}

/// A clock that should have rung this long ago shows that nobody looks at the clocks.
const OVERDUE_MICROS: i64 = 10 * 60 * 1_000_000;
