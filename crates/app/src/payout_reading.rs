//! Deciding everybody a measure may reach, window by window: of each firm only what the preview needs
//! is read and kept, so that a city of a million firms fits into memory. As columns it is decided whom a
//! measure refuses, who are most; reasons are found for the others alone. Firms that are paid are decided
//! once more when their entitlements are made.

use crate::facts::{RegionFact, collected, known_of_many, list_of_regions};
use crate::firms::Wanted;
use crate::payout::Promised;
use crate::promise::{Promise, Stored, list_of};
use crate::{Action, App, AppError, PolicyFiles, Target, Viewer};
use duijie_ledger::{AccountId, AccountKind};
use duijie_payout::{AnyEntitlement, Candidate, Decided, PoolOrder, Sampling, Signs};
use duijie_policy::{Batch, Because, Book, Decision, Facts, Measure, Outcome, Period, Population, RegionFacts, SourceKind, Truth, best_combination};
use duijie_record::{Record, RecordState};
use duijie_store::View;
use duijie_vocab::{Date, Fen, Lang, RecordId, RegionCode, Text, Timestamp, text};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many firms that are not paid are kept of each kind, to be shown; the others are counted.
const SHOWN: usize = 1_000;

/// Everything that a run reads before it writes.
pub(crate) struct Reading {
    /// The rules under which everybody is decided, also if others come in meanwhile.
    pub(crate) policies: Arc<PolicyFiles>,
    pub(crate) measure: String,
    /// Firms that are paid or would be but for another measure, and the first of the others.
    pub(crate) candidates: Vec<Candidate>,
    /// How many are not among the candidates, by what was decided.
    pub(crate) beyond: BTreeMap<Beyond, usize>,
    /// How many firms each missing fact leaves undecided, by its Chinese and English name.
    pub(crate) missing: BTreeMap<(String, String), usize>,
    pub(crate) left: Fen,
    pub(crate) head: i64,
    pub(crate) seed: String,
    /// Whom the region has people check.
    pub(crate) sampling: Sampling,
    pub(crate) regions: Vec<RegionFact>,
    pub(crate) pool: AccountId,
    pub(crate) order: PoolOrder,
    pub(crate) name: Text,
    pub(crate) region: RegionCode,
    pub(crate) period: Period,
    pub(crate) year: i16,
    pub(crate) last: Date,
    pub(crate) arrived: Timestamp,
}

/// What firms were decided that are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beyond {
    NotEligible,
    Unknown,
}

/// A firm as it was decided, with everything the decision rests on.
pub(crate) struct Found {
    pub(crate) candidate: Candidate,
    pub(crate) decision: Decision,
    pub(crate) facts: Facts,
    pub(crate) region: RegionCode,
    pub(crate) signs: Signs,
}

/// What is the same for every firm of a run.
pub(crate) struct Asking<'a> {
    pub(crate) book: &'a Book,
    pub(crate) id: &'a str,
    /// The other measures of its groups.
    pub(crate) rivals: Vec<&'a str>,
    pub(crate) year: i16,
    pub(crate) last: Date,
    pub(crate) period: Period,
    pub(crate) regions: &'a RegionFacts,
    pub(crate) arrived: Timestamp,
    /// The entitlement whose appeal is heard: the firm is decided as if it had none.
    pub(crate) appealed: Option<&'a RecordId>,
}

impl Reading {
    /// What there is to ask for each firm, with `regions` made of [`Reading::regions`].
    pub(crate) fn asking<'a>(&'a self, regions: &'a RegionFacts) -> Asking<'a> {
        Asking {
            book: &self.policies.book,
            id: &self.measure,
            rivals: rivals(&self.policies.book, &self.measure),
            year: self.year,
            last: self.last,
            period: self.period,
            regions,
            arrived: self.arrived,
            appealed: None,
        }
    }

    fn note(&mut self, candidate: Candidate) {
        let beyond = match &candidate.outcome {
            Decided::NotEligible { .. } => Beyond::NotEligible,
            Decided::Unknown { facts } => {
                for fact in facts {
                    *self.missing.entry((fact.zh.clone(), fact.en.clone())).or_default() += 1;
                }
                Beyond::Unknown
            }
            _ => return self.candidates.push(candidate),
        };
        let count = self.beyond.entry(beyond).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.candidates.push(candidate);
        }
    }

    /// How many firms that are refused are shown further.
    fn room(&self) -> usize {
        SHOWN.saturating_sub(self.beyond.get(&Beyond::NotEligible).copied().unwrap_or(0))
    }

    /// Leaves in `beyond` only those that are not among the candidates.
    fn finish(&mut self) {
        self.beyond.values_mut().for_each(|count| *count = count.saturating_sub(SHOWN));
        self.beyond.retain(|_, count| *count > 0);
    }
}

impl App {
    /// What is the same for everybody who is decided by a measure for `year`; nobody is decided yet.
    pub(crate) fn begin_reading(&self, viewer: &Viewer, id: &str, year: &str) -> Result<Reading, AppError> {
        let policies = self.policies();
        let measure = policies.book.measure(id).ok_or(AppError::NotFound)?;
        let region = measure.source.region;
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let (year, last) = year_named(year)?;
        let pool = pool_of(&policies.book, id)?;
        let order = measure.source.budget.as_ref().map_or(PoolOrder::FirstCome, |budget| match budget.order {
            duijie_policy::PoolOrder::FirstCome => PoolOrder::FirstCome,
            duijie_policy::PoolOrder::HighestFirst => PoolOrder::Ranked,
            duijie_policy::PoolOrder::ProRata => PoolOrder::ProRata,
        });
        let (name, period) = (measure.source.name.clone(), measure.source.period.containing(last));
        let (regions, head, left) =
            self.store().read(|view| Ok::<_, AppError>((list_of_regions(view, policies.book.vocabulary())?, view.head()?, left_in(view, &pool)?)))?;
        Ok(Reading {
            measure: id.to_string(),
            policies,
            candidates: Vec::new(),
            beyond: BTreeMap::new(),
            missing: BTreeMap::new(),
            left,
            head: head.seq,
            seed: head.digest.to_string(),
            sampling: self.payout_terms(region)?.sampling,
            regions,
            pool,
            order,
            name,
            region,
            period,
            year,
            last,
            arrived: self.now(),
        })
    }

    /// Decides a measure for every firm of its region for `year`. `progress` hears how many are decided.
    pub(crate) fn read_for_run(&self, viewer: &Viewer, id: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<Reading, AppError> {
        let mut reading = self.begin_reading(viewer, id, year)?;
        let policies = Arc::clone(&reading.policies);
        let facts_of_regions = collected(reading.regions.clone());
        let measures = std::iter::once(id).chain(rivals(&policies.book, id));
        let wanted = Wanted::by_measures(&policies, reading.last, measures);
        let mut done = 0;
        self.each_window_of_firms(reading.region, |firms| {
            let (judged, refused) = self.judge_window(&reading.asking(&facts_of_regions), &firms, &wanted, reading.room())?;
            judged.into_iter().for_each(|candidate| reading.note(candidate));
            *reading.beyond.entry(Beyond::NotEligible).or_default() += refused;
            done += firms.len();
            progress(done);
            Ok(())
        })?;
        reading.finish();
        Ok(reading)
    }

    /// What becomes of these firms, and how many more are refused than the `room` there is for their reasons.
    fn judge_window(&self, asking: &Asking<'_>, firms: &[Record], wanted: &Wanted<'_>, mut room: usize) -> Result<(Vec<Candidate>, usize), AppError> {
        let facts = self.facts_of_firms(firms, wanted)?;
        let before = self.promised_to_firms::<Promised>(firms)?;
        let population = Population::from_facts(&facts);
        let (_, day) = decided_on(asking.book, asking.id, asking.last).ok_or(AppError::NotFound)?;
        let verdicts = Batch::about(asking.book, &[(asking.id, asking.period)], &population, asking.regions, day).verdicts(0);
        // What a firm was promised before may matter more than the conditions.
        let refused = |at: usize| verdicts[at] == Truth::No && before[at].is_empty();
        let mut is_told = |at: usize| {
            let fits = !refused(at) || room > 0;
            room = room.saturating_sub(usize::from(refused(at)));
            fits
        };
        let told: Vec<usize> = (0..firms.len()).filter(|&at| is_told(at)).collect();
        let candidate = |&at: &usize| decided(asking, &firms[at], facts[at].clone(), &before[at]).map(|found| found.candidate);
        Ok((told.par_iter().filter_map(candidate).collect(), firms.len() - told.len()))
    }

    /// Decides for these firms, each with what the decision rests on. Firms that are gone are left out.
    pub(crate) fn judge(&self, asking: &Asking<'_>, firms: &[RecordId]) -> Result<Vec<Found>, AppError> {
        let (records, known, mut before) = self.store().read(|view| {
            let records = records_of(view, firms)?;
            let known = known_of_many(view, &self.policies().declared, &records, None)?;
            let whos: Vec<&str> = firms.iter().map(RecordId::as_str).collect();
            Ok::<_, AppError>((records, known, list_of::<Promised>(view, "firm", &whos)?))
        })?;
        let found = records.iter().zip(known).filter_map(|(record, known)| {
            let mut before = before.remove(record.id.as_str()).unwrap_or_default();
            before.retain(|stored| Some(&stored.value.entitlement.claim().id) != asking.appealed);
            decided(asking, record, known.on(asking.last), &before)
        });
        Ok(found.collect())
    }
}

/// The records under these ids that are still there, in the order of the ids.
fn records_of(view: &mut View<'_>, ids: &[RecordId]) -> Result<Vec<Record>, AppError> {
    let mut by_id: HashMap<RecordId, Record> = view.get_many(ids)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).filter(|record| record.state == RecordState::Active).collect())
}

/// The year that somebody wrote, and its last day.
pub(crate) fn year_named(written: &str) -> Result<(i16, Date), AppError> {
    let year = Period::parse(written).ok().and_then(Period::year).ok_or(AppError::NotFound)?;
    Ok((year, Date::new(year, None, None).ok_or(AppError::NotFound)?.last_day()))
}

/// The pool out of which a measure is paid: that of its budget, or one of its own.
pub(crate) fn pool_of(book: &Book, id: &str) -> Result<AccountId, AppError> {
    let measure = book.measure(id).ok_or(AppError::NotFound)?;
    let name = measure.source.budget.as_ref().map_or(id, |budget| budget.pool.as_str());
    AccountId::new(AccountKind::Pool, measure.source.region, name).map_err(|fault| crate::ledger::invalid("payout.pool", &fault))
}

/// What a pool holds beside what is reserved and promised already.
pub(crate) fn left_in(view: &mut View<'_>, pool: &AccountId) -> Result<Fen, AppError> {
    let available = view.ledger_account(pool)?.and_then(|account| account.available()).unwrap_or_default();
    Ok(Fen(available.0.saturating_sub(unreserved(view, pool)?)))
}

/// Amounts that were promised out of a pool and not reserved yet. Of each promise the amount alone is
/// read, and a page of them is in memory at a time.
fn unreserved(view: &mut View<'_>, pool: &AccountId) -> Result<i64, AppError> {
    const STATES: [&str; 5] = ["matched", "pushed", "confirmed", "under_review", "endorsed"];
    const PAGE: usize = 1_000;
    let (mut sum, mut after) = (0i64, String::new());
    loop {
        let rows = view.matters_concerning(Promised::KIND, ("pool", pool.as_str()), &STATES, &after, PAGE)?;
        for row in &rows {
            let amount = row.body["entitlement"]["claim"]["amount"].as_i64();
            sum = sum.saturating_add(amount.ok_or_else(|| AppError::Internal(anyhow::anyhow!("entitlement `{}` has no amount", row.id)))?);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => after = last.id.to_string(),
            _ => return Ok(sum),
        }
    }
}

/// The other measures that stand in a group with any version of a measure.
fn rivals<'b>(book: &'b Book, id: &str) -> Vec<&'b str> {
    let own: Vec<&String> = book.versions(id).into_iter().flat_map(|measure| &measure.source.exclusive).collect();
    let shares = |other: &&str| book.measure(other).is_some_and(|other| other.source.exclusive.iter().any(|group| own.contains(&group)));
    book.ids().filter(|other| *other != id).filter(shares).collect()
}

/// The period that a run for the year that ends on `last` decides about, and the day: the first of the window.
pub(crate) fn decided_on(book: &Book, id: &str, last: Date) -> Option<(Period, Date)> {
    let measure = book.measure(id)?;
    let period = measure.source.period.containing(last);
    Some((period, measure.window_for(period, last).map_or(last, |(from, _)| from)))
}

fn decided(asking: &Asking<'_>, record: &Record, facts: Facts, before: &[Stored<Promised>]) -> Option<Found> {
    let book = asking.book;
    let decide = |id: &str| {
        let (period, day) = decided_on(book, id, asking.last)?;
        book.decide(id, &facts, asking.regions, day, Some(period))
    };
    let decision = decide(asking.id)?;
    let period = asking.period.to_string();
    let already = before.iter().map(|stored| &stored.value.entitlement).find(|entitlement| {
        let claim = entitlement.claim();
        claim.measure == asking.id && claim.period == period
    });
    let rivals: Vec<Decision> = if decision.outcome == Outcome::Eligible && already.is_none() && !decision.exclusive.is_empty() {
        let shares_group = |other: &Measure| other.source.exclusive.iter().any(|group| decision.exclusive.contains(group));
        let is_rival = |id: &&str| book.measure(id).is_some_and(|other| shares_group(other) && other.source.region.contains(record.region));
        asking.rivals.iter().copied().filter(is_rival).filter_map(decide).collect()
    } else {
        Vec::new()
    };
    let outcome = match already {
        Some(entitlement) => Decided::Already { id: entitlement.claim().id.to_string() },
        None => {
            let found = paid_elsewhere(before, &decision, book, asking.year).unwrap_or_else(|| outcome(&decision, &rivals));
            within_shared_cap(found, before, &decision, book, asking.year)
        }
    };
    let candidate = Candidate {
        firm: record.id.clone(),
        name: crate::record::title(record),
        score: decision.amount.map_or(0, |amount| amount.low.0),
        arrived: asking.arrived,
        outcome,
    };
    let ended = |states: &[&str]| before.iter().filter(|stored| states.contains(&stored.value.entitlement.state())).count();
    let signs = Signs {
        amount: decision.amount.map_or(Fen::ZERO, |amount| amount.low),
        self_declared: facts_declared(&decision),
        first_time: ended(&["paid", "archived"]) == 0,
        earlier_faults: u32::try_from(ended(&["rejected", "recalled", "recovered"])).unwrap_or(u32::MAX),
    };
    Some(Found { candidate, decision, facts, region: record.region, signs })
}

/// Facts of the decision that only the firm itself stated.
fn facts_declared(decision: &Decision) -> u32 {
    let used = decision.conditions.iter().flat_map(|condition| &condition.facts);
    used.filter(|fact| fact.source.as_ref().is_some_and(|source| source.kind == SourceKind::Declared)).count() as u32
}

/// Pays what a limit that several measures share leaves beside what the firm has of them in this year.
fn within_shared_cap(found: Decided, before: &[Stored<Promised>], decision: &Decision, book: &Book, year: i16) -> Decided {
    let (Decided::Eligible { amount }, Some(shared)) = (&found, &decision.shared_cap) else { return found };
    let of_group = |measure: &str| {
        let cap = book.measure(measure).and_then(|other| other.source.shared_cap.as_ref());
        cap.is_some_and(|cap| cap.group == shared.group)
    };
    let used = before.iter().map(|stored| &stored.value.entitlement).filter(|entitlement| {
        let claim = entitlement.claim();
        of_group(&claim.measure) && Period::parse(&claim.period).ok().and_then(Period::year) == Some(year) && alive(entitlement)
    });
    let left = Fen(used.fold(shared.cap.0, |left, entitlement| left.saturating_sub(entitlement.claim().amount.0)));
    if left > Fen::ZERO {
        return Decided::Eligible { amount: (*amount).min(left) };
    }
    let (group, zh, en) = (&shared.group, shared.cap.chinese(), shared.cap);
    Decided::NotEligible {
        reason: text!("{group} 各项合计每年最高{zh}，已经用完", "all of {group} together pay at most {en} a year, which is used up")
    }
}

/// Another measure of the same group that already pays the firm in this year.
fn paid_elsewhere(before: &[Stored<Promised>], decision: &Decision, book: &Book, year: i16) -> Option<Decided> {
    before.iter().map(|stored| &stored.value).find_map(|value| {
        let claim = value.entitlement.claim();
        let other = book.measure(&claim.measure)?;
        let group = other.source.exclusive.iter().find(|group| decision.exclusive.contains(group))?;
        let same_year = Period::parse(&claim.period).ok().and_then(Period::year) == Some(year);
        let blocks = claim.measure != decision.measure && same_year && alive(&value.entitlement);
        blocks.then(|| Decided::Excluded { group: group.clone(), by: value.grounds.measure_name.clone(), by_amount: claim.amount })
    })
}

fn outcome(decision: &Decision, rivals: &[Decision]) -> Decided {
    let reason = || Text::new(decision.reason(Lang::Zh), decision.reason(Lang::En));
    match decision.outcome {
        Outcome::Eligible => {}
        Outcome::NeedsReview => return Decided::NeedsReview { reason: reason() },
        Outcome::Unknown => return Decided::Unknown { facts: decision.missing.iter().map(missing_fact).collect() },
        _ => return Decided::NotEligible { reason: reason() },
    }
    let Some(amount) = decision.amount.filter(|amount| amount.exact) else {
        if !decision.amount_missing.is_empty() {
            return Decided::Unknown { facts: decision.amount_missing.iter().map(missing_fact).collect() };
        }
        let why = decision.amount_remark.clone().unwrap_or_else(|| text!("没有写明金额", "no amount is laid down"));
        let reason = Text::new(format!("金额无法由数据确定：{}", why.zh), format!("the amount does not follow from the data: {}", why.en));
        return Decided::NeedsReview { reason };
    };
    let mut all = vec![decision.clone()];
    all.extend_from_slice(rivals);
    let best = best_combination(&all, &BTreeMap::new());
    let left_out = best.left_out.into_iter().find(|left| left.measure == decision.measure);
    match left_out.map(|left| left.because) {
        Some(Because::Excluded { by, by_amount, group }) => Decided::Excluded { group, by, by_amount },
        _ => Decided::Eligible { amount: amount.low },
    }
}

/// The fact and the period for which it is missing.
fn missing_fact(missing: &duijie_policy::Missing) -> Text {
    if missing.period == Period::Instant {
        return missing.name.clone();
    }
    let period = missing.period.described();
    Text::new(format!("{}{}", period.zh, missing.name.zh), format!("{} of {}", missing.name.en, period.en))
}

/// Whether the entitlement still pays or has paid.
pub(crate) fn alive(entitlement: &AnyEntitlement) -> bool {
    !matches!(entitlement.state(), "rejected" | "withdrawn" | "replaced" | "recovered")
}
