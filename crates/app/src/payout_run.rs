//! The batch run: one measure, one period, every enterprise of its region; a preview first, then
//! the entitlements. What it takes to decide each of them again is kept with it.

use crate::facts::{RegionFact, collected};
use crate::payout::{Grounds, Promised, measure_period};
use crate::payout_reading::{Asking, Beyond, Found, Reading, alive, year_named};
use crate::promise::{Promise, concerning, find, keep, list, load, refused, take};
use crate::{App, AppError, Viewer};
use duijie_ledger::AccountId;
use duijie_payout::{
    AnyEntitlement, By, Candidate, Claim, Decided, DecidedUnder, Did, Entitlement, Matched, PoolOrder, Preview, Row, Signs, Verdict, assess, preview,
};
use duijie_policy::{Book, Decision, Facts, Period, Vocabulary};
use duijie_store::Tx;
use duijie_vocab::{Diagnostic, Digest, Fen, Lang, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// What a run would do, for the officer to look at.
#[derive(Clone, Debug, Serialize)]
pub struct RunPreview {
    pub measure: String,
    pub name: Text,
    pub period: String,
    pub region: RegionCode,
    pub pool: AccountId,
    /// What the pool holds beside what is reserved and promised already.
    pub left: Text,
    pub asked: Text,
    pub pays: Text,
    pub order_rule: Text,
    /// What becomes of the firms, in the order of the rows; all of them are counted.
    pub outcomes: Vec<OutcomeSum>,
    /// Groups that exclude firms because another measure of them pays more, and how many firms each.
    pub excluded: Vec<(String, usize)>,
    /// Facts that are missing, and for how many firms each.
    pub missing: Vec<(Text, usize)>,
    /// Firms that are not paid and have no row; they are counted.
    pub not_listed: usize,
    pub rows: Vec<Row>,
}

/// How many firms fare alike, and what of it is asked and paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeSum {
    pub verdict: Verdict,
    pub name: Text,
    pub firms: usize,
    pub asked_fen: Fen,
    pub pays_fen: Fen,
    pub asked: Text,
    pub pays: Text,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct RunDone {
    pub run: RecordId,
    pub made: usize,
    pub pays: Text,
    /// Firms whose facts changed while the run went on; the next run decides about them.
    pub changed: Vec<RecordId>,
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

/// What an organization was not paid for a year.
#[derive(Clone, Debug, Serialize)]
pub struct MissedYear {
    pub name: String,
    pub year: String,
    pub missed: Vec<Missed>,
}

/// A measure that paid a firm nothing in a year, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Missed {
    pub measure: String,
    pub name: Text,
    pub outcome: String,
    pub amount: Option<Text>,
    pub reason: Text,
}

/// A run as it is kept: with the rules and the facts of regions that it decided under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
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

/// How many entitlements are made in one transaction.
const TOGETHER: usize = 100;

impl App {
    /// Who would be paid how much by `measure` for `year`, and why everybody else would not.
    /// `progress` hears how many firms are decided.
    pub fn payout_preview(&self, viewer: &Viewer, measure: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<RunPreview, AppError> {
        let mut reading = self.read_for_run(viewer, measure, year, progress)?;
        let candidates = std::mem::take(&mut reading.candidates);
        let excluded = by_group(&candidates);
        let found = with_beyond(preview(candidates, reading.left, reading.order), &reading);
        let mut missing: Vec<(Text, usize)> = reading.missing.into_iter().map(|((zh, en), count)| (Text::new(zh, en), count)).collect();
        missing.sort_by_key(|(_, count)| Reverse(*count));
        Ok(RunPreview {
            measure: measure.to_string(),
            name: reading.name,
            period: reading.period.to_string(),
            region: reading.region,
            pool: reading.pool,
            left: reading.left.text(),
            asked: found.asked.text(),
            pays: found.pays.text(),
            order_rule: reading.order.rule(),
            outcomes: found.counts.iter().map(|(verdict, count)| outcome_sum(&found.rows, *verdict, *count)).collect(),
            excluded,
            missing,
            not_listed: reading.beyond.values().sum(),
            rows: found.rows,
        })
    }

    /// Makes the entitlements of a run and tells the firms. Running again makes only what is missing.
    pub fn payout_run(&self, viewer: &Viewer, measure: &str, year: &str, progress: &mut dyn FnMut(usize)) -> Result<RunDone, AppError> {
        let mut reading = self.read_for_run(viewer, measure, year, progress)?;
        let candidates = std::mem::take(&mut reading.candidates);
        let shares = with_beyond(preview(candidates, reading.left, reading.order), &reading);
        let run = self.keep_run(viewer, &reading, &shares)?;
        let paid: Vec<Row> = shares.rows.into_iter().filter(|row| row.pays.0 > 0).collect();
        let regions = collected(reading.regions.clone());
        let asking = reading.asking(&regions);
        let mut done = RunDone { run: run.id.clone(), made: 0, pays: shares.pays.text(), changed: Vec::new() };
        for some in paid.chunks(TOGETHER) {
            let chosen = self.promises(&asking, &run, &reading, some, &mut done.changed)?;
            let viewer_in = viewer.clone();
            done.made += self.write(&self.actor(viewer)?, move |tx| make(tx, &viewer_in, &chosen))?;
        }
        Ok(done)
    }

    /// The entitlements for `rows`, decided once more. Who is no longer entitled to what the pool was
    /// shared by goes to `changed` and is found by the next run.
    fn promises(&self, asking: &Asking<'_>, run: &Run, reading: &Reading, rows: &[Row], changed: &mut Vec<RecordId>) -> Result<Vec<Promised>, AppError> {
        let firms: Vec<RecordId> = rows.iter().map(|row| row.firm.clone()).collect();
        let mut found: HashMap<RecordId, Found> = self.judge(asking, &firms)?.into_iter().map(|found| (found.candidate.firm.clone(), found)).collect();
        let mut promises = Vec::with_capacity(rows.len());
        for row in rows {
            let asked = Decided::Eligible { amount: row.asked };
            match found.remove(&row.firm).filter(|found| found.candidate.outcome == asked) {
                Some(found) => promises.push(promised(run, reading, &found, row.pays, None)?),
                None => changed.push(row.firm.clone()),
            }
        }
        Ok(promises)
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

    /// What an organization was not paid for `year`, or for last year, and why: rights that nobody took
    /// up come first.
    pub fn payout_missed(&self, viewer: &Viewer, organization: &RecordId, year: Option<&str>) -> Result<MissedYear, AppError> {
        let last = || (self.now().china_date().year() - 1).to_string();
        let year = year.map_or_else(last, str::to_string);
        let year = year_named(&year)?.0.to_string();
        let year = year.as_str();
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
            let amount = Some(decision.amount).filter(|amount| !amount.zh.is_empty());
            missed.push(Missed { measure: decision.measure, name: decision.name, outcome, amount, reason });
        }
        // Stable: within an outcome they stay as the decisions are ordered.
        missed.sort_by_key(|missed| missed.outcome != "eligible");
        Ok(MissedYear { name: decisions.organization.title, year: year.to_string(), missed })
    }

    /// Keeps what it takes to decide again everybody who is paid by this run.
    pub(crate) fn keep_run(&self, viewer: &Viewer, reading: &Reading, shares: &Preview) -> Result<Run, AppError> {
        let (measure, period) = (&reading.measure, reading.period.to_string());
        let run = Run {
            id: RecordId::derive("run", &format!("{measure}|{period}|{}", reading.head)),
            measure: measure.clone(),
            period,
            region: reading.region,
            seed: reading.seed.clone(),
            as_of_entry: reading.head,
            pool: reading.pool.clone(),
            order: reading.order,
            left: reading.left,
            pays: shares.pays,
            counts: shares.counts.clone(),
            rules: reading.policies.texts().clone(),
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

/// How many firms each group excludes, by the group's name.
fn by_group(candidates: &[Candidate]) -> Vec<(String, usize)> {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for candidate in candidates {
        if let Decided::Excluded { group, .. } = &candidate.outcome {
            *groups.entry(group).or_default() += 1;
        }
    }
    groups.into_iter().map(|(group, firms)| (group.to_string(), firms)).collect()
}

/// `firms` fare as `verdict` says; those among them who are asked or paid anything all have a row.
fn outcome_sum(rows: &[Row], verdict: Verdict, firms: usize) -> OutcomeSum {
    let alike = || rows.iter().filter(|row| row.verdict == verdict);
    let sum = |of: fn(&Row) -> Fen| Fen(alike().fold(0i64, |sum, row| sum.saturating_add(of(row).0)));
    let (asked, pays) = (sum(|row| row.asked), sum(|row| row.pays));
    OutcomeSum { verdict, name: verdict_name(verdict), firms, asked_fen: asked, pays_fen: pays, asked: asked.text(), pays: pays.text() }
}

/// The counts of a preview with those who have no row.
fn with_beyond(mut found: Preview, reading: &Reading) -> Preview {
    for (beyond, count) in &reading.beyond {
        let verdict = match beyond {
            Beyond::NotEligible => Verdict::NotEligible,
            Beyond::Unknown => Verdict::Unknown,
        };
        *found.counts.entry(verdict).or_default() += count;
    }
    found
}

/// The entitlement of a firm that was found; `appealed` is the one whose appeal was upheld.
pub(crate) fn promised(run: &Run, reading: &Reading, found: &Found, amount: Fen, appealed: Option<&Claim>) -> Result<Promised, AppError> {
    let decision = &found.decision;
    let firm = found.candidate.firm.clone();
    let id = appealed.map_or_else(|| Claim::id_of(&run.measure, &run.period, &firm, 0), Claim::next_id);
    let risk = assess(&Signs { amount, ..found.signs.clone() }, &reading.sampling, &run.seed, id.as_str());
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
        replaces: appealed.map(|claim| claim.id.clone()),
        round: 0,
    };
    let matched = Entitlement::<Matched>::matched(claim, &By { person: "system".into(), at: found.candidate.arrived }).map_err(refused)?;
    let grounds = Grounds {
        run: run.id.clone(),
        measure_name: reading.name.clone(),
        firm_name: found.candidate.name.clone(),
        firm_region: found.region,
        facts: found.facts.iter().map(|(key, period, known)| (key.to_string(), period, known.clone())).collect(),
    };
    debug_assert_eq!(Some(reading.year), reading.period.year());
    Ok(Promised { entitlement: matched.after.into(), grounds })
}

/// Makes those of `chunk` that are not there yet, each matched and pushed; how many there were.
pub(crate) fn make(tx: &mut Tx<'_>, viewer: &Viewer, chunk: &[Promised]) -> Result<usize, AppError> {
    let mut made = 0;
    for promised in chunk {
        if find::<Promised>(&mut tx.view(), promised.id())?.is_some() {
            continue;
        }
        let title = format!("{} · {}", promised.grounds.firm_name, promised.grounds.measure_name.zh);
        let Text { zh, en } = promised.entitlement.claim().amount.text();
        let did = Did { act: "match".into(), words: text!("系统匹配 {zh}", "matched {en}"), details: BTreeMap::new() };
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
