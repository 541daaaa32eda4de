//! Deciding subjects from a file: all measures for all of them in counts, or one subject with every
//! reason.

use crate::decisions::view;
use crate::policy_subjects::Subjects;
use crate::{AppError, DecisionView, PolicyFiles};
use duijie_policy::{Batch, FactTables, FactUsed, Period, RegionFacts, Tally};
use duijie_vocab::{Date, Diagnostic, Fen, Lang, Text, text};
use serde::Serialize;
use std::io::Read;

/// Every measure over every subject.
#[derive(Clone, Debug, Serialize)]
pub struct BatchReport {
    pub subjects: usize,
    pub on: String,
    pub measures: Vec<TallyLine>,
}

/// How many subjects one measure was decided for which way, and what it pays those who have it.
#[derive(Clone, Debug, Serialize)]
pub struct TallyLine {
    pub measure: String,
    pub name: Text,
    pub period: String,
    pub yes: u64,
    pub no: u64,
    pub unknown: u64,
    pub error: u64,
    /// The sum of the amounts of those decided yes, in Fen; the least where some are not exact.
    pub amount_fen: i128,
    /// The greatest sum; nothing where an amount has no bound.
    pub amount_high_fen: Option<i128>,
    /// The sum for people.
    pub amount: Text,
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
    /// Counts and sums for every measure, on the day `on`.
    pub fn batch(&self, subjects: &Subjects, on: Date) -> BatchReport {
        let mut counted = Counted::default();
        counted.add(&Batch::once(&self.book, &subjects.population, &subjects.regions, on));
        counted.report(subjects.ids.len(), on)
    }

    /// The same for a csv table that is read in parts, so that memory does not grow with its rows; and what
    /// was wrong with it. `on` and `today` as in [`FactTables::open`].
    pub fn batch_table(&self, name: &str, from: impl Read, on: Option<Date>, today: Date) -> (BatchReport, Vec<Diagnostic>) {
        let mut tables = FactTables::open(self.book.vocabulary(), name, from, on, today);
        let (on, regions) = (tables.on(), RegionFacts::new());
        let (mut counted, mut faults, mut subjects) = (Counted::default(), Vec::new(), 0);
        while let Some(table) = tables.next_table(SUBJECTS_TOGETHER) {
            counted.add(&Batch::once(&self.book, &table.population, &regions, on));
            subjects += table.ids.len();
            faults.extend(table.faults);
        }
        (counted.report(subjects, on), faults)
    }

    /// What every measure of its regions says of one subject.
    pub fn decide(&self, subjects: &Subjects, at: usize, on: Date, period: Option<&str>) -> Result<Vec<DecisionView>, AppError> {
        let period = period_named(period)?;
        let facts = subjects.facts(self.book.vocabulary(), at);
        let reached = self.book.ids().filter(|id| self.book.measure(id).is_some_and(|measure| measure.source.region.contains(facts.region())));
        Ok(reached.filter_map(|id| self.book.decide(id, &facts, &subjects.regions, on, period)).map(|decision| view(&self.book, &decision)).collect())
    }

    /// Everything one measure's decision about one subject rests on.
    pub fn explain(&self, subjects: &Subjects, at: usize, measure: &str, on: Date, period: Option<&str>) -> Result<Explanation, AppError> {
        let period = period_named(period)?;
        let facts = subjects.facts(self.book.vocabulary(), at);
        let decision = self.book.decide(measure, &facts, &subjects.regions, on, period).ok_or(AppError::NotFound)?;
        Ok(explanation(&self.book, subjects.ids[at].clone(), &decision))
    }
}

/// Subjects of a table that are held at a time: enough that preparing the measures for them does not weigh.
const SUBJECTS_TOGETHER: usize = 1 << 18;

/// The lines of a report, counted over parts of the subjects.
#[derive(Default)]
struct Counted {
    lines: Vec<(String, Text, Period, Tally)>,
}

impl Counted {
    fn add(&mut self, batch: &Batch<'_>) {
        let tallies = batch.tally();
        if self.lines.is_empty() {
            let measures = batch.measures().map(|(measure, period)| (measure.id().to_string(), measure.source.name.clone(), period));
            self.lines = measures.zip(tallies).map(|((id, name, period), tally)| (id, name, period, tally)).collect();
            return;
        }
        self.lines.iter_mut().zip(&tallies).for_each(|((.., so_far), tally)| so_far.merge(tally));
    }

    fn report(self, subjects: usize, on: Date) -> BatchReport {
        let line = |(measure, name, period, tally): (String, Text, Period, Tally)| TallyLine {
            measure,
            name,
            period: period.to_string(),
            yes: tally.yes,
            no: tally.no,
            unknown: tally.unknown,
            error: tally.error,
            amount_fen: tally.amount_low,
            amount_high_fen: tally.amount_high,
            amount: bounds(tally.amount_low, tally.amount_high),
        };
        BatchReport { subjects, on: on.to_string(), measures: self.lines.into_iter().map(line).collect() }
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
