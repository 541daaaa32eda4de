//! The enterprises of a region, window by window and each read once, so that a city of a million firms
//! needs the memory of a few windows.

use crate::decisions::is_enterprise;
use crate::facts::known_of_many;
use crate::promise::{Promise, Stored, list_of};
use crate::{App, AppError, PolicyFiles};
use duijie_policy::Facts;
use duijie_record::Record;
use duijie_vocab::{Date, RegionCode};
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::PoisonError;
use std::sync::mpsc::sync_channel;

/// How many firms are looked at together, and how many are read with the same queries.
const WINDOW: usize = 8_192;
const CHUNK: usize = 512;

/// What is wanted of each firm.
pub(crate) struct Wanted<'w> {
    pub(crate) policies: &'w PolicyFiles,
    /// Titles as held on this day.
    pub(crate) on: Date,
    /// The keys of the facts; nothing for all of them.
    pub(crate) keys: Option<HashSet<&'w str>>,
}

impl<'w> Wanted<'w> {
    /// What some measures read, in any of their versions.
    pub(crate) fn by_measures(policies: &'w PolicyFiles, on: Date, ids: impl IntoIterator<Item = &'w str>) -> Wanted<'w> {
        let book = &policies.book;
        let versions = ids.into_iter().flat_map(|id| book.versions(id));
        let keys = versions.flat_map(|measure| book.facts_read(measure)).map(|fact| &*fact.key).collect();
        Wanted { policies, on, keys: Some(keys) }
    }
}

impl App {
    /// Shows the active enterprises of a region and below, the longest unchanged first. The next window is read
    /// while `each` works on one.
    pub(crate) fn each_window_of_firms(&self, region: RegionCode, each: impl FnMut(Vec<Record>) -> Result<(), AppError>) -> Result<(), AppError> {
        // One at a time: were every connection held by somebody who reads firms and waits, nobody could read their facts.
        let _turn = self.roll.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Vec<Record>>(1);
            let read = scope.spawn(move || {
                let mut window = Vec::with_capacity(WINDOW);
                let flow = self.store().read(|view| {
                    view.for_each_record("organization", |row| {
                        if is_enterprise(&row.record) && region.contains(row.record.region) {
                            window.push(row.record);
                        }
                        let whole = window.len() == WINDOW;
                        // Whoever listens no longer has failed and says so itself.
                        if whole && send.send(std::mem::replace(&mut window, Vec::with_capacity(WINDOW))).is_err() {
                            return ControlFlow::Break(());
                        }
                        ControlFlow::Continue(())
                    })
                })?;
                if flow.is_continue() && !window.is_empty() {
                    send.send(window).ok();
                }
                Ok::<_, AppError>(())
            });
            let shown = receive.into_iter().try_for_each(each);
            let read = read.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            shown.and(read)
        })
    }

    /// What is known of these firms, in their order.
    pub(crate) fn facts_of_firms(&self, firms: &[Record], wanted: &Wanted<'_>) -> Result<Vec<Facts>, AppError> {
        let read = |firms: &[Record]| {
            let known = self.store().read(|view| known_of_many(view, &wanted.policies.declared, firms, wanted.keys.as_ref()))?;
            Ok::<_, AppError>(known.into_iter().map(|known| known.on(wanted.on)).collect::<Vec<_>>())
        };
        in_chunks(firms, read)
    }

    /// The promises of a kind that were made to each of these firms, in their order.
    pub(crate) fn promised_to_firms<T: Promise + Sync>(&self, firms: &[Record]) -> Result<Vec<Vec<Stored<T>>>, AppError> {
        let read = |firms: &[Record]| {
            let whos: Vec<&str> = firms.iter().map(|firm| firm.id.as_str()).collect();
            let mut found = self.store().read(|view| list_of::<T>(view, "firm", &whos))?;
            Ok::<_, AppError>(whos.iter().map(|who| found.remove(*who).unwrap_or_default()).collect())
        };
        in_chunks(firms, read)
    }
}

fn in_chunks<T: Send>(firms: &[Record], read: impl Fn(&[Record]) -> Result<Vec<T>, AppError> + Sync + Send) -> Result<Vec<T>, AppError> {
    let chunks: Vec<Vec<T>> = firms.par_chunks(CHUNK).map(read).collect::<Result<_, _>>()?;
    Ok(chunks.into_iter().flatten().collect())
}
