//! Deciding subjects from a file: all measures for all of them in counts, or one subject with every
//! reason.

use crate::decisions::{combination, view, views};
use crate::policy_subjects::Subjects;
use crate::{AppError, DecideOn, DecisionView, PolicyFiles};
use duijie_policy::{Batch, Decision, FactTables, FactUsed, Measure, Outcome, Period, Population, RegionFacts, Tally, paid_together};
use duijie_vocab::{Date, Diagnostic, Fen, Lang, Text, text};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;

/// Every measure over every subject.
#[derive(Clone, Debug, Serialize)]
pub struct BatchReport {
    pub subjects: usize,
    /// The day, or the last one of the period that was decided about.
    pub on: String,
    pub measures: Vec<TallyLine>,
    /// The sum over all measures, each for itself, in Fen.
    pub alone_fen: i128,
    /// The sum where of measures that exclude one another only the best is paid, and shared limits hold.
    pub together_fen: i128,
    /// Whether any measures exclude one another or share a limit.
    pub has_tied: bool,
}

/// How many subjects one measure was decided for which way, and what it pays those who have it.
#[derive(Clone, Debug, Serialize)]
pub struct TallyLine {
    pub measure: String,
    pub name: Text,
    pub period: String,
    /// The day on which the measure was decided.
    pub on: String,
    pub yes: u64,
    pub no: u64,
    pub unknown: u64,
    pub error: u64,
    /// How many of the yes and unknown cannot claim it on that day.
    pub window_closed: u64,
    /// How many of the yes and unknown have no version in force.
    pub not_in_force: u64,
    /// The sum of the amounts of those decided yes, in Fen; the least where some are not exact.
    pub amount_fen: i128,
    /// The greatest sum; nothing where an amount has no bound.
    pub amount_high_fen: Option<i128>,
    /// The sum for people.
    pub amount: Text,
    /// What is left of the sum when every subject is paid its best combination: of measures that exclude one another
    /// the best (就高不重复), within shared limits; amounts that are not exact count with the least they can be.
    pub together_fen: i128,
    pub together: Text,
}

/// One decision with everything it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub subject: String,
    pub period: String,
    pub on: String,
    pub version: u32,
    pub decision: DecisionView,
    /// Fact, period, value and source, each once.
    pub facts: Vec<FactLine>,
    pub certainty: String,
    pub interpretation: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct FactLine {
    pub fact: String,
    pub name: Text,
    pub period: String,
    /// Empty while it is not known.
    pub value: Text,
    pub source: String,
    pub source_kind: Text,
}

impl PolicyFiles {
    /// Counts and sums for every measure.
    pub fn batch(&self, subjects: &Subjects, on: DecideOn) -> BatchReport {
        let mut counted = Counted::default();
        counted.add(self, &subjects.population, &subjects.regions, on);
        counted.report(self, subjects.ids.len(), on)
    }

    /// The same for a csv table that is read in parts, so that memory does not grow with its rows; and what
    /// was wrong with it. Without `on` it is decided about the latest period that a column names, else the one of `today`.
    pub fn batch_table(&self, name: &str, from: impl Read, on: Option<DecideOn>, today: Date) -> (BatchReport, Vec<Diagnostic>) {
        let mut tables = FactTables::open(self.book.vocabulary(), name, from, on.map(DecideOn::about), today);
        let (on, regions) = (on.unwrap_or(DecideOn::PeriodOf(tables.on())), RegionFacts::new());
        let (mut counted, mut faults, mut subjects) = (Counted::default(), Vec::new(), 0);
        while let Some(table) = tables.next_table(SUBJECTS_TOGETHER) {
            counted.add(self, &table.population, &regions, on);
            subjects += table.ids.len();
            faults.extend(table.faults);
        }
        faults.extend(self.closed_on(on));
        (counted.report(self, subjects, on), faults)
    }

    /// What every measure of its regions says of one subject, with what is not paid beside another.
    pub fn decide(&self, subjects: &Subjects, at: usize, on: DecideOn, period: Option<&str>) -> Result<Vec<DecisionView>, AppError> {
        let facts = subjects.facts(self.book.vocabulary(), at);
        let reached = self.book.ids().filter_map(|id| self.book.measure(id)).filter(|measure| measure.source.region.contains(facts.region()));
        let asked = asked_period(on, period)?;
        let decisions: Vec<Decision> =
            reached.filter_map(|measure| self.book.decide(measure.id(), &facts, &subjects.regions, on.day(measure), asked)).collect();
        Ok(views(&self.book, &decisions, &combination(&self.book, &decisions)))
    }

    /// Everything one measure's decision about one subject rests on.
    pub fn explain(&self, subjects: &Subjects, at: usize, measure: &str, on: DecideOn, period: Option<&str>) -> Result<Explanation, AppError> {
        let facts = subjects.facts(self.book.vocabulary(), at);
        let day = on.day(self.book.measure(measure).ok_or(AppError::NotFound)?);
        let decision = self.book.decide(measure, &facts, &subjects.regions, day, asked_period(on, period)?).ok_or(AppError::NotFound)?;
        Ok(explanation(&self.book, subjects.ids[at].clone(), &decision))
    }
}

/// Subjects of a table that are held at a time: enough that preparing the measures for them does not weigh.
const SUBJECTS_TOGETHER: usize = 1 << 18;

/// The lines of a report, counted over parts of the subjects.
#[derive(Default)]
struct Counted {
    lines: BTreeMap<String, (Period, Date, Tally)>,
    /// What the measures that exclude one another or share a limit pay together.
    together: BTreeMap<String, i128>,
}

impl Counted {
    fn add(&mut self, files: &PolicyFiles, population: &Population, regions: &RegionFacts, on: DecideOn) {
        let days = files.by_day(on);
        for (&day, ids) in &days {
            let batch = Batch::of(&files.book, ids, population, regions, day);
            for ((measure, period), tally) in batch.measures().zip(batch.tally()) {
                match self.lines.get_mut(measure.id()) {
                    Some((_, _, so_far)) => so_far.merge(&tally),
                    None => drop(self.lines.insert(measure.id().to_string(), (period, day, tally))),
                }
            }
        }
        for (id, paid) in together(files, &files.book.tied(), population, regions, &|measure| on.day(measure)) {
            *self.together.entry(id).or_default() += paid;
        }
    }

    fn report(self, files: &PolicyFiles, subjects: usize, on: DecideOn) -> BatchReport {
        let tied = files.book.tied();
        let line = |(id, (period, day, tally)): (&str, &(Period, Date, Tally))| {
            let closed = files.book.closed_on(id, *day);
            let unclaimable = |outcome: Outcome| if closed == Some(outcome) { tally.yes + tally.unknown } else { 0 };
            let together = if tied.contains(&id) { self.together.get(id).copied().unwrap_or(0) } else { tally.amount_low };
            TallyLine {
                measure: id.to_string(),
                name: files.book.measure(id).map(|measure| measure.source.name.clone()).unwrap_or_default(),
                period: period.to_string(),
                on: day.to_string(),
                yes: tally.yes,
                no: tally.no,
                unknown: tally.unknown,
                error: tally.error,
                window_closed: unclaimable(Outcome::WindowClosed),
                not_in_force: unclaimable(Outcome::NotInForce),
                amount_fen: tally.amount_low,
                amount_high_fen: tally.amount_high,
                amount: bounds(tally.amount_low, tally.amount_high),
                together_fen: together,
                together: if tied.contains(&id) { bounds(together, Some(together)) } else { bounds(tally.amount_low, tally.amount_high) },
            }
        };
        let measures: Vec<TallyLine> = files.book.ids().filter_map(|id| self.lines.get(id).map(|found| (id, found))).map(line).collect();
        let (alone_fen, together_fen) = (measures.iter().map(|line| line.amount_fen).sum(), measures.iter().map(|line| line.together_fen).sum());
        BatchReport { subjects, on: on.about().to_string(), measures, alone_fen, together_fen, has_tied: !tied.is_empty() }
    }
}

/// What these measures pay a population together, each decided on its day; those that cannot be claimed then are left out.
pub(crate) fn together(
    files: &PolicyFiles,
    ids: &[&str],
    population: &Population,
    regions: &RegionFacts,
    day: &dyn Fn(&Measure) -> Date,
) -> BTreeMap<String, i128> {
    let mut days: BTreeMap<Date, Vec<&str>> = BTreeMap::new();
    for measure in ids.iter().filter_map(|id| files.book.measure(id)) {
        let on = day(measure);
        if files.book.closed_on(measure.id(), on).is_none() {
            days.entry(on).or_default().push(measure.id());
        }
    }
    let batches: Vec<Batch<'_>> = days.iter().map(|(&on, ids)| Batch::of(&files.book, ids, population, regions, on).keeping_codes()).collect();
    paid_together(&batches)
}

/// The period that decisions on one day are about, if somebody said; a day that was found for a period says it itself.
fn asked_period(on: DecideOn, written: Option<&str>) -> Result<Option<Period>, AppError> {
    match on {
        DecideOn::Day(_) => period_named(written),
        DecideOn::PeriodOf(_) => Ok(None),
    }
}

/// The period that somebody wrote, such as `2021` or `2021Q3`.
pub(crate) fn period_named(written: Option<&str>) -> Result<Option<Period>, AppError> {
    let read = |written: &str| {
        Period::parse(written).map_err(|fault| {
            let fault = Diagnostic::error("policy.period", text!("`{written}` 不是期间", "{fault}"));
            AppError::Invalid(vec![fault.help(text!("写作 2021、2021Q3 或 2021-07", "write 2021, 2021Q3 or 2021-07"))])
        })
    };
    written.map(read).transpose()
}

pub(crate) fn explanation(book: &duijie_policy::Book, subject: String, decision: &duijie_policy::Decision) -> Explanation {
    Explanation {
        subject,
        period: decision.period.to_string(),
        on: decision.on.to_string(),
        version: decision.version,
        decision: view(book, decision),
        facts: facts_used(&decision.conditions),
        certainty: decision.certainty.map_or(String::new(), |certainty| format!("{certainty:?}")),
        interpretation: decision.interpretation.clone().unwrap_or_default(),
    }
}

/// The facts of a tree of conditions, in the order in which they are read, each once.
fn facts_used(conditions: &[duijie_policy::ConditionResult]) -> Vec<FactLine> {
    fn collect<'c>(conditions: &'c [duijie_policy::ConditionResult], found: &mut Vec<&'c FactUsed>) {
        for condition in conditions {
            found.extend(condition.facts.iter());
            collect(&condition.children, found);
        }
    }
    let mut found = Vec::new();
    collect(conditions, &mut found);
    let mut lines: Vec<FactLine> = Vec::new();
    for fact in found {
        let period = if fact.period == Period::Instant { String::new() } else { fact.period.to_string() };
        if lines.iter().any(|line| line.fact == fact.key && line.period == period && line.name == fact.name) {
            continue;
        }
        lines.push(FactLine {
            fact: fact.key.clone(),
            name: fact.name.clone(),
            period,
            value: fact.value.clone().unwrap_or_default(),
            source: fact.source.as_ref().map_or(String::new(), |source| source.name.clone()),
            source_kind: fact.source.as_ref().map_or_else(Text::default, |source| source.kind.described()),
        });
    }
    lines
}

/// A sum between bounds as people write it; empty for nothing.
pub(crate) fn bounds(low: i128, high: Option<i128>) -> Text {
    let fen = |amount: i128| Fen(i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX }));
    if (low, high) == (0, Some(0)) {
        return Text::default();
    }
    let amount = duijie_policy::Amount { low: fen(low), high: high.map(fen), exact: high == Some(low) };
    Text::new(amount.shown(Lang::Zh), amount.shown(Lang::En))
}
