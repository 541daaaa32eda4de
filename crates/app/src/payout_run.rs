//! The batch run: one measure, one period, every enterprise of its region; a preview first, then
//! the entitlements. What it takes to decide each of them again is kept with it.

use crate::facts::{RegionFact, collected, known, list_of_regions};
use crate::payout::{Grounds, Promised, measure_period};
use crate::promise::{Promise, concerning, find, keep, list, load, refused, take};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::{AccountId, AccountKind};
use duijie_payout::{
    AnyEntitlement, By, Candidate, Claim, Decided, DecidedUnder, Did, Entitlement, Matched, PoolOrder, Preview, Row, Sampling, Signs, Verdict, assess, preview,
};
use duijie_policy::{Because, Book, Decision, Facts, Outcome, Period, RegionFacts, SourceKind, Vocabulary, best_combination};
use duijie_record::RecordState;
use duijie_store::{MatterFilter, Tx};
use duijie_vocab::{Date, Diagnostic, Digest, Fen, Lang, RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What a run would do, for the officer to look at.
#[derive(Clone, Debug, Serialize)]
pub struct RunPreview {
    pub measure: String,
    pub name: Text,
    pub period: String,
    pub region: RegionCode,
    pub pool: AccountId,
    /// What the pool holds beside what is reserved and promised already.
    pub left: String,
    pub asked: String,
    pub pays: String,
    pub order_rule: Text,
    pub counts: Vec<(Verdict, Text, usize)>,
    pub rows: Vec<Row>,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct RunDone {
    pub run: RecordId,
    pub made: usize,
    pub pays: String,
}

/// What deciding again found.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// Whether the decision is the same in every part.
    pub same: bool,
    pub amount: Option<Fen>,
    pub reason: Text,
    pub rule_version: u32,
    pub on: String,
    pub as_of_entry: i64,
}

/// A measure that paid a firm nothing in a year, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Missed {
    pub measure: String,
    pub name: Text,
    pub outcome: String,
    pub amount: Option<String>,
    pub reason: Text,
}

/// A run as it is kept: with the rules and the facts of regions that it decided under.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Run {
    id: RecordId,
    measure: String,
    period: String,
    region: RegionCode,
    /// With which the sample for checks was drawn.
    seed: String,
    as_of_entry: i64,
    pool: AccountId,
    order: PoolOrder,
    left: Fen,
    pays: Fen,
    counts: BTreeMap<Verdict, usize>,
    rules: BTreeMap<String, String>,
    regions: Vec<RegionFact>,
}

impl Promise for Run {
    const KIND: &'static str = "payout_run";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        "done"
    }

    fn region(&self) -> RegionCode {
        self.region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        vec![("measure", measure_period(&self.measure, &self.period)), ("pool", self.pool.to_string())]
    }
}

/// A firm as it was decided, with what is kept of it if it is paid.
struct Found {
    candidate: Candidate,
    decision: Option<Decision>,
    facts: Vec<(String, Period, duijie_policy::KnownFact)>,
    region: RegionCode,
    signs: Signs,
}

/// Everything that a run reads before it writes.
struct Reading {
    found: Vec<Found>,
    left: Fen,
    head: i64,
    seed: String,
    regions: Vec<RegionFact>,
    pool: AccountId,
    order: PoolOrder,
    name: Text,
    region: RegionCode,
    period: Period,
    year: i16,
}

/// How many entitlements are made in one transaction.
const TOGETHER: usize = 100;

impl App {
    /// Who would be paid how much by `measure` for `year`, and why everybody else would not.
    /// `progress` hears how many firms are decided.
    pub fn payout_preview(&self, viewer: &Viewer, measure: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<RunPreview, AppError> {
        let reading = self.read_for_run(viewer, measure, year, progress)?;
        let found = preview(reading.found.into_iter().map(|found| found.candidate).collect(), reading.left, reading.order);
        Ok(RunPreview {
            measure: measure.to_string(),
            name: reading.name,
            period: reading.period.to_string(),
            region: reading.region,
            pool: reading.pool,
            left: reading.left.chinese(),
            asked: found.asked.chinese(),
            pays: found.pays.chinese(),
            order_rule: reading.order.rule(),
            counts: found.counts.iter().map(|(verdict, count)| (*verdict, verdict_name(*verdict), *count)).collect(),
            rows: found.rows,
        })
    }

    /// Makes the entitlements of a run and tells the firms. Running again makes only what is missing.
    pub fn payout_run(&self, viewer: &Viewer, measure: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<RunDone, AppError> {
        let reading = self.read_for_run(viewer, measure, year, progress)?;
        let candidates = reading.found.iter().map(|found| found.candidate.clone()).collect();
        let shares = preview(candidates, reading.left, reading.order);
        let run = self.keep_run(viewer, measure, &reading, &shares)?;
        let pays: BTreeMap<&RecordId, Fen> = shares.rows.iter().filter(|row| row.pays.0 > 0).map(|row| (&row.firm, row.pays)).collect();
        let mut made = 0;
        let mut chosen: Vec<Promised> = Vec::with_capacity(pays.len());
        for found in &reading.found {
            if let (Some(amount), Some(decision)) = (pays.get(&found.candidate.firm), &found.decision) {
                chosen.push(promised(&run, &reading, found, decision, *amount)?);
            }
        }
        for chunk in chosen.chunks(TOGETHER) {
            let (chunk, viewer_in) = (chunk.to_vec(), viewer.clone());
            made += self.write(&self.actor(viewer)?, move |tx| make(tx, &viewer_in, &chunk))?;
        }
        Ok(RunDone { run: run.id, made, pays: shares.pays.chinese() })
    }

    /// Decides an entitlement again under the rule and the facts of its day.
    pub fn payout_replay(&self, viewer: &Viewer, id: &RecordId) -> Result<Replayed, AppError> {
        let (stored, run) = self.store().read(|view| {
            let stored = load::<Promised>(view, id)?;
            let run = load::<Run>(view, &stored.value.grounds.run)?;
            Ok::<_, AppError>((stored, run))
        })?;
        crate::payout::may_see(viewer, &stored.value)?;
        let (claim, grounds) = (stored.value.entitlement.claim(), &stored.value.grounds);
        let book = compile(&run.value.rules);
        let mut facts = Facts::new(grounds.firm_region);
        for (key, period, known) in &grounds.facts {
            facts.set(key, *period, known.value.clone(), known.source.clone());
        }
        let regions = collected(run.value.regions);
        let period = Period::parse(&claim.period).map_err(|fault| AppError::Internal(anyhow::anyhow!("{fault}")))?;
        let decision = book.decide(&claim.measure, &facts, &regions, claim.decision.on, Some(period)).ok_or(AppError::NotFound)?;
        Ok(Replayed {
            same: digest(&decision)? == claim.decision.digest,
            amount: decision.amount.filter(|amount| amount.exact).map(|amount| amount.low),
            reason: Text::new(decision.reason(Lang::Zh), decision.reason(Lang::En)),
            rule_version: decision.version,
            on: decision.on.to_string(),
            as_of_entry: claim.decision.as_of_entry,
        })
    }

    /// What an organization was not paid for `year`, and why: rights that nobody took up first.
    pub fn payout_missed(&self, viewer: &Viewer, organization: &RecordId, year: &str) -> Result<Vec<Missed>, AppError> {
        let decisions = self.decisions(viewer, organization, Some(year))?;
        let paid = self.store().read(|view| list::<Promised>(view, &concerning("firm", organization.as_str())))?;
        let stands = |measure: &str| {
            let of_year =
                paid.iter().filter(|stored| stored.value.entitlement.claim().measure == measure && stored.value.entitlement.claim().period.starts_with(year));
            of_year.map(|stored| stored.value.entitlement.clone()).next()
        };
        let mut missed = Vec::new();
        for decision in decisions.decisions {
            let (outcome, reason) = match stands(&decision.measure) {
                Some(entitlement) if alive(&entitlement) => continue,
                Some(ended) => {
                    let why = ended.reason().unwrap_or_default();
                    let state = AnyEntitlement::state_name(ended.state()).unwrap_or_default();
                    (ended.state().to_string(), Text::new(format!("{}：{why}", state.zh), format!("{}: {why}", state.en)))
                }
                None => (decision.outcome, decision.reason),
            };
            let amount = Some(decision.amount.zh).filter(|amount| !amount.is_empty());
            missed.push(Missed { measure: decision.measure, name: decision.name, outcome, amount, reason });
        }
        Ok(missed)
    }

    fn read_for_run(&self, viewer: &Viewer, id: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<Reading, AppError> {
        let policies = self.policies();
        let book = &policies.book;
        let measure = book.measure(id).ok_or(AppError::NotFound)?;
        let region = measure.source.region;
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let year = Period::parse(year).ok().and_then(Period::year).ok_or(AppError::NotFound)?;
        let last = Date::new(year, None, None).ok_or(AppError::NotFound)?.last_day();
        let period = measure.source.period.containing(last);
        let budget = measure.source.budget.as_ref();
        let pool_name = budget.map_or(id, |budget| budget.pool.as_str());
        let pool = AccountId::new(AccountKind::Pool, region, pool_name).map_err(|fault| crate::ledger::invalid("payout.pool", &fault))?;
        let order = budget.map_or(PoolOrder::FirstCome, |budget| match budget.order {
            duijie_policy::PoolOrder::FirstCome => PoolOrder::FirstCome,
            duijie_policy::PoolOrder::HighestFirst => PoolOrder::Ranked,
            duijie_policy::PoolOrder::ProRata => PoolOrder::ProRata,
        });
        let (ids, regions, head, left) = self.store().read(|view| {
            let regions = list_of_regions(view, book.vocabulary())?;
            let head = view.head()?;
            let available = view.ledger_account(&pool)?.and_then(|account| account.available()).unwrap_or_default();
            let promised: i64 = unreserved(view, &pool)?;
            let mut ids = Vec::new();
            let flow = view.for_each_record("organization", |row| {
                let firm = matches!(row.record.text("org_type"), "" | "企业");
                if row.record.state == RecordState::Active && firm && region.contains(row.record.region) {
                    ids.push(row.record.id);
                }
                ControlFlow::<()>::Continue(())
            })?;
            debug_assert!(flow.is_continue());
            Ok::<_, AppError>((ids, regions, head, Fen(available.0.saturating_sub(promised))))
        })?;
        let region_facts = collected(regions.clone());
        let asking = Asking { book, id, year, last, period, regions: &region_facts, arrived: self.now() };
        let mut found = Vec::new();
        for (at, firm) in ids.iter().enumerate() {
            found.extend(self.store().read(|view| decided(view, &asking, firm))?);
            progress(at + 1);
        }
        Ok(Reading {
            found,
            left,
            head: head.seq,
            seed: head.digest.to_string(),
            regions,
            pool,
            order,
            name: measure.source.name.clone(),
            region,
            period,
            year,
        })
    }

    fn keep_run(&self, viewer: &Viewer, measure: &str, reading: &Reading, shares: &Preview) -> Result<Run, AppError> {
        let period = reading.period.to_string();
        let run = Run {
            id: RecordId::derive("run", &format!("{measure}|{period}|{}", reading.head)),
            measure: measure.to_string(),
            period,
            region: reading.region,
            seed: reading.seed.clone(),
            as_of_entry: reading.head,
            pool: reading.pool.clone(),
            order: reading.order,
            left: reading.left,
            pays: shares.pays,
            counts: shares.counts.clone(),
            rules: self.policies().texts().clone(),
            regions: reading.regions.clone(),
        };
        let (kept, title) = (run.clone(), format!("{} {}", reading.name.zh, run.period));
        self.write(&self.actor(viewer)?, move |tx| {
            if find::<Run>(&mut tx.view(), &kept.id)?.is_none() {
                let did = Did { act: "run".into(), words: text!("批量匹配", "batch run"), details: BTreeMap::new() };
                keep(tx, &kept, 0, &title, &did, &[])?;
            }
            Ok(())
        })?;
        Ok(run)
    }
}

/// What the same for every firm of a run.
struct Asking<'a> {
    book: &'a Book,
    id: &'a str,
    year: i16,
    last: Date,
    period: Period,
    regions: &'a RegionFacts,
    arrived: Timestamp,
}

/// Amounts that were promised out of a pool and not reserved yet.
fn unreserved(view: &mut duijie_store::View<'_>, pool: &AccountId) -> Result<i64, AppError> {
    let states = ["matched", "pushed", "confirmed", "under_review", "endorsed"].map(str::to_string).to_vec();
    let filter = MatterFilter { states, ..concerning("pool", pool.as_str()) };
    let amounts = list::<Promised>(view, &filter)?.into_iter().map(|stored| stored.value.entitlement.claim().amount.0);
    Ok(amounts.fold(0, i64::saturating_add))
}

fn decided(view: &mut duijie_store::View<'_>, asking: &Asking<'_>, firm: &RecordId) -> Result<Option<Found>, AppError> {
    let Some(row) = view.get(firm)? else { return Ok(None) };
    let known = known(view, &row.record)?;
    let facts = known.on(asking.last);
    let book = asking.book;
    let decide = |id: &str| {
        let measure = book.measure(id)?;
        let period = measure.source.period.containing(asking.last);
        let day = measure.window_for(period, asking.last).map_or(asking.last, |(from, _)| from);
        book.decide(id, &facts, asking.regions, day, Some(period))
    };
    let Some(decision) = decide(asking.id) else { return Ok(None) };
    let before = list::<Promised>(view, &concerning("firm", firm.as_str()))?;
    let already = before.iter().map(|stored| &stored.value.entitlement).find(|entitlement| {
        let claim = entitlement.claim();
        claim.measure == asking.id && claim.period == asking.period.to_string()
    });
    let rivals: Vec<Decision> = if decision.outcome == Outcome::Eligible && already.is_none() {
        let shares_group =
            |id: &&str| *id != asking.id && book.measure(id).is_some_and(|other| other.source.exclusive.iter().any(|group| decision.exclusive.contains(group)));
        let reached = |id: &&str| book.measure(id).is_some_and(|other| other.source.region.contains(row.record.region));
        book.ids().filter(shares_group).filter(reached).filter_map(decide).collect()
    } else {
        Vec::new()
    };
    let outcome = match already {
        Some(entitlement) => Decided::Already { id: entitlement.claim().id.to_string() },
        None => {
            let found = paid_elsewhere(&before, &decision, book, asking.year).unwrap_or_else(|| outcome(&decision, &rivals));
            within_shared_cap(found, &before, &decision, book, asking.year)
        }
    };
    let candidate = Candidate {
        firm: firm.clone(),
        name: crate::record::title(&row.record),
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
    // What is not paid now is not kept: a run over a million firms holds one line for each of them.
    let pays = matches!(candidate.outcome, Decided::Eligible { .. });
    let kept = if pays { facts.iter().map(|(key, period, known)| (key.to_string(), period, known.clone())).collect() } else { Vec::new() };
    Ok(Some(Found { candidate, decision: pays.then_some(decision), facts: kept, region: row.record.region, signs }))
}

/// Facts of the decision that only the firm itself stated.
fn facts_declared(decision: &Decision) -> u32 {
    let used = decision.conditions.iter().flat_map(|condition| &condition.facts);
    used.filter(|fact| fact.source.as_ref().is_some_and(|source| source.kind == SourceKind::Declared)).count() as u32
}

/// Pays what a limit that several measures share leaves beside what the firm has of them in this year.
fn within_shared_cap(found: Decided, before: &[crate::promise::Stored<Promised>], decision: &Decision, book: &Book, year: i16) -> Decided {
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
fn paid_elsewhere(before: &[crate::promise::Stored<Promised>], decision: &Decision, book: &Book, year: i16) -> Option<Decided> {
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
        return Decided::NeedsReview { reason: text!("金额无法由数据确定", "the amount does not follow from the data") };
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
fn alive(entitlement: &AnyEntitlement) -> bool {
    !matches!(entitlement.state(), "rejected" | "withdrawn" | "replaced" | "recovered")
}

fn promised(run: &Run, reading: &Reading, found: &Found, decision: &Decision, amount: Fen) -> Result<Promised, AppError> {
    let firm = found.candidate.firm.clone();
    let id = Claim::id_of(&run.measure, &run.period, &firm, 0);
    let risk = assess(&Signs { amount, ..found.signs.clone() }, &Sampling::default(), &run.seed, id.as_str());
    let claim = Claim {
        id,
        measure: run.measure.clone(),
        period: run.period.clone(),
        firm,
        region: reading.region,
        pool: reading.pool.clone(),
        bank: crate::ledger::treasury(reading.region),
        amount,
        decision: DecidedUnder { rule_version: decision.version, on: decision.on, as_of_entry: reading.head, digest: digest(decision)? },
        risk,
        replaces: None,
        round: 0,
    };
    let matched = Entitlement::<Matched>::matched(claim, &By { person: "system".into(), at: found.candidate.arrived }).map_err(refused)?;
    let grounds = Grounds {
        run: run.id.clone(),
        measure_name: reading.name.clone(),
        firm_name: found.candidate.name.clone(),
        firm_region: found.region,
        facts: found.facts.clone(),
    };
    debug_assert_eq!(Some(reading.year), reading.period.year());
    Ok(Promised { entitlement: matched.after.into(), grounds })
}

/// Makes those of `chunk` that are not there yet, each matched and pushed; how many there were.
fn make(tx: &mut Tx<'_>, viewer: &Viewer, chunk: &[Promised]) -> Result<usize, AppError> {
    let mut made = 0;
    for promised in chunk {
        if find::<Promised>(&mut tx.view(), promised.id())?.is_some() {
            continue;
        }
        let title = format!("{} · {}", promised.grounds.firm_name, promised.grounds.measure_name.zh);
        let amount = promised.entitlement.claim().amount.chinese();
        let did = Did { act: "match".into(), words: text!("系统匹配 {amount}", "matched {amount}"), details: BTreeMap::new() };
        keep(tx, promised, 0, &title, &did, &[])?;
        let by = crate::promise::by(tx, viewer);
        let pushed = promised.entitlement.clone().take(duijie_payout::Act::Push, &by, &duijie_payout::Terms::default()).map_err(refused)?;
        let step = pushed.map(|entitlement| Promised { entitlement, grounds: promised.grounds.clone() });
        take(tx, &step, 1, &title)?;
        made += 1;
    }
    Ok(made)
}

fn digest(decision: &Decision) -> Result<Digest, AppError> {
    let text = serde_json::to_vec(decision).map_err(|fault| AppError::Internal(fault.into()))?;
    Ok(Digest::of(&[&text]))
}

fn compile(rules: &BTreeMap<String, String>) -> Book {
    let vocabulary = rules.get("facts.yaml").map(|text| Vocabulary::parse("facts.yaml", text).0).unwrap_or_default();
    let files = rules.iter().filter(|(name, _)| *name != "facts.yaml").map(|(name, text)| (name.clone(), text.clone())).collect();
    let (book, faults): (Book, Vec<Diagnostic>) = Book::compile(vocabulary, files);
    debug_assert!(!duijie_vocab::has_errors(&faults));
    book
}

fn verdict_name(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pays => text!("支付", "paid"),
        Verdict::PaysPart => text!("按比例支付", "paid in part"),
        Verdict::PoolDry => text!("资金不足", "pool is dry"),
        Verdict::Excluded => text!("互斥", "excluded"),
        Verdict::Unknown => text!("尚缺信息", "not known yet"),
        Verdict::NeedsReview => text!("待核验", "needs review"),
        Verdict::NotEligible => text!("不符合", "not eligible"),
        Verdict::Already => text!("本期已有", "already there"),
    }
}
