//! Following the journal with the decisions: which organizations an entry touches, which measures
//! changed, and deciding those pairs again and no others.

use crate::decided::{Decided, Held, Step, Verdict, disk, file_in};
use crate::decisions::{is_enterprise, last_day};
use crate::facts::{Known, known, of_regions};
use crate::{App, AppError, PolicyFiles};
use duijie_policy::{Decision, Facts, Measure, RegionFacts};
use duijie_record::Record;
use duijie_vocab::{Digest, RecordId};
use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many changed records are read at a time.
const BATCH: usize = 2_000;
/// How long the follower sleeps when nothing wakes it; another process may have written.
const NAP: Duration = Duration::from_secs(2);

/// Where the decisions stand, and how much was decided to come there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionsFollowed {
    pub cursor: i64,
    /// Pairs of a measure and an organization that were decided.
    pub decided: usize,
    /// Organizations that were looked at.
    pub looked_at: usize,
}

impl App {
    /// Reads what is kept of the decisions.
    pub(crate) fn with_decided<T>(&self, read: impl FnOnce(&Decided) -> T) -> T {
        let path = file_in(self.dir());
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if decided.is_stale(&path) {
            *decided = Decided::load(&path);
        }
        read(&decided)
    }

    /// Brings the decisions up to the head of the journal. While another process does, this one leaves
    /// it to that. `progress` hears how many organizations were looked at.
    pub fn follow_decisions(&self, progress: &mut dyn FnMut(usize)) -> Result<DecisionsFollowed, AppError> {
        let path = file_in(self.dir());
        let guard = std::fs::File::create(path.with_extension("lock")).map_err(disk)?;
        if guard.try_lock().is_err() {
            return Ok(self.with_decided(|decided| DecisionsFollowed { cursor: decided.cursor, ..DecisionsFollowed::default() }));
        }
        self.refresh_policies()?;
        let policies = self.policies();
        let head = self.store().read(|view| view.head())?.seq;
        let plan = self.with_decided(|decided| Plan::of(decided, &policies, head));
        if !plan.begun {
            *self.held() = Decided::default();
        }
        let (step, followed) = self.decided_again(&policies, plan, progress)?;
        let measures = step.measures;
        let mut decided = self.held();
        if decided.cursor != head || decided.measures != measures || !step.changes.put.is_empty() || !step.changes.dropped.is_empty() {
            decided.append(&path, step.changes, head, measures)?;
        }
        Ok(DecisionsFollowed { cursor: head, ..followed })
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Throws the decisions away and makes them anew.
    pub fn rebuild_decisions(&self, progress: &mut dyn FnMut(usize)) -> Result<DecisionsFollowed, AppError> {
        match std::fs::remove_file(file_in(self.dir())) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => Err(disk(fault)),
            _ => self.follow_decisions(progress),
        }
    }

    /// Follows until `stop` is set; for a thread of its own beside a server.
    pub fn follow_decisions_until(&self, stop: &AtomicBool, report: &dyn Fn(&AppError)) {
        let news = self.store().subscribe();
        let mut cursor = -1;
        while !stop.load(Ordering::Relaxed) {
            match self.follow_decisions(&mut |_| {}) {
                Ok(followed) => cursor = followed.cursor,
                Err(fault) => {
                    report(&fault);
                    std::thread::sleep(NAP);
                }
            }
            if news.wait(cursor, NAP).is_err() {
                std::thread::sleep(NAP);
            }
        }
    }

    fn decided_again(&self, policies: &PolicyFiles, plan: Plan, progress: &mut dyn FnMut(usize)) -> Result<(Work, DecisionsFollowed), AppError> {
        let touched = if plan.begun { self.touched(&plan)? } else { Touched { everybody: true, ..Touched::default() } };
        let everybody = touched.everybody || touched.regions || !plan.changed.is_empty();
        let mut ids: BTreeSet<RecordId> = touched.organizations.iter().cloned().collect();
        if everybody {
            ids.extend(self.enterprise_ids()?);
            ids.extend(self.held().organizations.keys().cloned());
        }
        let mut work = Work { measures: plan.measures.clone(), changes: Step::default() };
        let mut followed = DecisionsFollowed::default();
        if ids.is_empty() {
            return Ok((work, followed));
        }
        let fallback = self.now().china_date().year() - 1;
        let regions = self.store().read(|view| of_regions(view, policies.book.vocabulary()))?;
        let region_digest = self.region_digest()?;
        for id in ids {
            let before = self.held().organizations.get(&id).cloned();
            let found = self.store().read(|view| {
                let Some(row) = view.get(&id)?.filter(|row| is_enterprise(&row.record)) else { return Ok::<_, AppError>(None) };
                let known = known(view, &policies.declared, &row.record)?;
                Ok(Some((row.record, known)))
            })?;
            followed.looked_at += 1;
            progress(followed.looked_at);
            let Some((record, known)) = found else {
                work.changes.dropped.extend(before.map(|_| id));
                continue;
            };
            let subject = Subject { policies, plan: &plan, regions: &regions, region_digest, record: &record, year: known.latest_year.unwrap_or(fallback) };
            let held = subject.held(&known, before.as_ref(), &mut followed.decided);
            if before.as_ref() != Some(&held) {
                work.changes.put.push((id, held));
            }
        }
        Ok((work, followed))
    }

    /// The organizations that entries since the cursor touch.
    fn touched(&self, plan: &Plan) -> Result<Touched, AppError> {
        let mut touched = Touched::default();
        let mut cursor = plan.cursor;
        loop {
            let rows = self.store().read(|view| view.records_changed(cursor, BATCH))?;
            let Some(last) = rows.last() else { return Ok(touched) };
            cursor = last.entry;
            for row in rows {
                let record = row.record;
                match record.kind.as_str() {
                    "organization" => drop(touched.organizations.insert(record.id)),
                    "indicator" => touched.regions = true,
                    "facts" | "title" => {
                        // Whom it belonged to before is touched as much as whom it belongs to now.
                        touched.organizations.extend(self.held().by_record.get(&record.id).cloned());
                        let links = self.store().read(|view| view.links_from(&record.id))?;
                        touched.organizations.extend(links.into_iter().filter(|link| link.field == "organization").filter_map(|link| link.to));
                    }
                    _ => {}
                }
            }
        }
    }

    fn enterprise_ids(&self) -> Result<Vec<RecordId>, AppError> {
        self.enterprises(&crate::Viewer::operator(), usize::MAX)
    }

    /// A digest of every figure of the regions.
    fn region_digest(&self) -> Result<Digest, AppError> {
        let mut versions: Vec<String> = Vec::new();
        let flow = self.store().read(|view| {
            view.for_each_record("indicator", |row| {
                versions.push(format!("{} {}", row.record.id, row.record.version));
                ControlFlow::<()>::Continue(())
            })
        })?;
        debug_assert!(flow.is_continue());
        versions.sort();
        Ok(Digest::of(&[versions.join("\n").as_bytes()]))
    }
}

#[derive(Default)]
struct Touched {
    organizations: HashSet<RecordId>,
    regions: bool,
    everybody: bool,
}

struct Work {
    measures: Vec<(String, String)>,
    changes: Step,
}

/// What is held, and which measures are other ones now.
struct Plan {
    begun: bool,
    cursor: i64,
    /// Every measure with its digest, in the places that verdicts name.
    measures: Vec<(String, String)>,
    /// Places of measures that are new, changed or gone.
    changed: HashSet<u16>,
}

impl Plan {
    fn of(decided: &Decided, policies: &PolicyFiles, head: i64) -> Plan {
        let now = policies.digests();
        // A file that is ahead of the journal belongs to another one.
        if decided.cursor == 0 || decided.cursor > head {
            return Plan { begun: false, cursor: 0, measures: now, changed: HashSet::new() };
        }
        let mut measures = decided.measures.clone();
        let mut changed = HashSet::new();
        for (at, (id, digest)) in measures.iter_mut().enumerate() {
            let current = now.iter().find(|(known, _)| known == id).map_or("", |(_, digest)| digest);
            if digest != current {
                *digest = current.to_string();
                changed.extend(u16::try_from(at));
            }
        }
        for (id, digest) in now {
            if !measures.iter().any(|(known, _)| *known == id) {
                changed.extend(u16::try_from(measures.len()));
                measures.push((id, digest));
            }
        }
        Plan { begun: true, cursor: decided.cursor, measures, changed }
    }
}

/// One organization with what its measures are decided by.
struct Subject<'s> {
    policies: &'s PolicyFiles,
    plan: &'s Plan,
    regions: &'s RegionFacts,
    region_digest: Digest,
    record: &'s Record,
    year: i16,
}

impl Subject<'_> {
    /// What is to be held of it; pairs whose reading is as before are not decided again.
    fn held(&self, known: &Known, before: Option<&Held>, decided: &mut usize) -> Held {
        let facts = known.on(last_day(self.year));
        let mut verdicts = Vec::new();
        for (at, (id, _)) in self.plan.measures.iter().enumerate() {
            let Some(measure) = self.policies.book.measure(id).filter(|measure| measure.source.region.contains(self.record.region)) else { continue };
            let Ok(place) = u16::try_from(at) else { continue };
            let read = self.read(measure, &facts);
            let kept = before.and_then(|held| held.verdicts.iter().find(|verdict| verdict.measure == place && verdict.read == read));
            if let Some(kept) = kept.filter(|_| !self.plan.changed.contains(&place)) {
                verdicts.push(*kept);
                continue;
            }
            if let Some(decision) = self.decide(measure, &facts) {
                *decided += 1;
                verdicts.push(Verdict { measure: place, outcome: decision.outcome, fen: decision.amount.map_or(0, |amount| amount.low.0), read });
            }
        }
        Held { year: self.year, records: known.records.clone(), verdicts }
    }

    fn decide(&self, measure: &Measure, facts: &Facts) -> Option<Decision> {
        let (period, on) = crate::decisions::period_and_day(measure, self.year);
        self.policies.book.decide(measure.id(), facts, self.regions, on, Some(period))
    }

    /// A digest of everything that a measure reads of the organization and its regions.
    fn read(&self, measure: &Measure, facts: &Facts) -> u64 {
        let (period, on) = crate::decisions::period_and_day(measure, self.year);
        let mut text = format!("{period} {on} {}\n", self.record.region);
        for input in self.policies.book.inputs(measure, period, on) {
            let value = facts.get(&input.fact.key, input.period).map(|known| &known.value);
            text.push_str(&format!("{} {} {}\n", input.fact.key, input.period, serde_json::to_string(&value).unwrap_or_default()));
        }
        let regions: &[u8] = if self.policies.book.reads_regions(measure) { &self.region_digest.0 } else { &[] };
        let digest = Digest::of(&[text.as_bytes(), regions]).0;
        u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
    }
}
