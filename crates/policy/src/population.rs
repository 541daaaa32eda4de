//! Facts of many subjects as columns.

use crate::facts::{FactSource, FactValue, Facts};
use crate::period::Period;
use crate::vocabulary::{FactDef, FactKind};
use crate::{Fraction, Vocabulary};
use duijie_vocab::{Date, Fen, RegionCode};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The values of one fact in one period for all subjects; what is not known is absent.
#[derive(Clone, Debug)]
pub enum Column {
    /// Whole numbers of `unit` of the fact's base: Fen, people, days; ten-thousandths for a ratio.
    Whole { values: Vec<i64>, known: Vec<bool>, unit: Fraction },
    /// Indices into `words`; `u32::MAX` is not known.
    Words { codes: Vec<u32>, words: Vec<String> },
    /// Yes and no.
    Truths { values: Vec<Option<bool>> },
    /// Sets, bounds and everything else.
    Any { values: Vec<Option<FactValue>> },
}

/// Subjects by position, with their regions and their facts as columns.
#[derive(Clone, Debug, Default)]
pub struct Population {
    pub(crate) regions: Vec<RegionCode>,
    columns: BTreeMap<(Arc<str>, Period), Column>,
    attested: HashMap<usize, Vec<(String, bool)>>,
}

impl Population {
    /// Subjects in these regions, with nothing known of them.
    pub fn new(regions: Vec<RegionCode>) -> Population {
        Population { regions, ..Population::default() }
    }

    /// The columns of rows of facts.
    pub fn from_facts(rows: &[Facts]) -> Population {
        let mut population = Population::new(rows.iter().map(Facts::region).collect());
        let mut columns: BTreeMap<(Arc<str>, Period), Vec<Option<FactValue>>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            for (key, period, known) in row.iter() {
                columns.entry((Arc::from(key), period)).or_insert_with(|| vec![None; rows.len()])[at] = Some(known.value.clone());
            }
            let attested: Vec<(String, bool)> = row.attestations().map(|(label, holds)| (label.to_string(), holds)).collect();
            if !attested.is_empty() {
                population.attested.insert(at, attested);
            }
        }
        population.columns = columns.into_iter().map(|(key, values)| (key, compact(values))).collect();
        population
    }

    pub fn len(&self) -> usize {
        self.regions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }

    /// Sets the column of a fact in a period; refused (given back) when its length is not the population's.
    pub fn set(&mut self, key: &str, period: Period, column: Column) -> Result<(), Column> {
        if column.len() != self.len() {
            return Err(column);
        }
        self.columns.insert((Arc::from(key), period), column);
        Ok(())
    }

    pub fn column(&self, key: &str, period: Period) -> Option<&Column> {
        self.columns.get(&(Arc::from(key), period))
    }

    /// The facts of one subject, of the keys wanted (all when none are named).
    pub fn facts(&self, vocabulary: &Vocabulary, at: usize, wanted: &[(Arc<str>, Period)]) -> Facts {
        let mut facts = Facts::new(self.regions[at]);
        let mut take = |key: &Arc<str>, period: Period, column: &Column| {
            if let Some(value) = vocabulary.fact(key).and_then(|def| column.value(def, at)) {
                facts.set(key, period, value, FactSource::default());
            }
        };
        if wanted.is_empty() {
            self.columns.iter().for_each(|((key, period), column)| take(key, *period, column));
        }
        for wanted in wanted {
            if let Some(column) = self.columns.get(wanted) {
                take(&wanted.0, wanted.1, column);
            }
        }
        for (label, holds) in self.attested.get(&at).into_iter().flatten() {
            facts.attest(label, *holds);
        }
        facts
    }
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Column::Whole { values, .. } => values.len(),
            Column::Words { codes, .. } => codes.len(),
            Column::Truths { values } => values.len(),
            Column::Any { values } => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of one subject as the fact's own kind.
    pub fn value(&self, def: &FactDef, at: usize) -> Option<FactValue> {
        match self {
            Column::Whole { values, known, unit } => {
                if !known[at] {
                    return None;
                }
                let value = values[at];
                let exact = Fraction::whole(value).times(*unit)?;
                Some(match def.kind {
                    FactKind::Money => FactValue::Money(Fen(exact.to_i64()?)),
                    FactKind::Count => FactValue::Count(exact.to_i64()?),
                    FactKind::Date => i32::try_from(value).ok().and_then(Date::from_days_since_epoch).map_or(FactValue::Number(exact), FactValue::Date),
                    _ => FactValue::Number(exact),
                })
            }
            Column::Words { codes, words } => words.get(codes[at] as usize).map(|word| FactValue::Text(word.clone())),
            Column::Truths { values } => values[at].map(FactValue::Bool),
            Column::Any { values } => values[at].clone(),
        }
    }

    /// The exact number of one subject where the column is of whole numbers.
    pub(crate) fn whole(&self, at: usize) -> Whole {
        match self {
            Column::Whole { values, known, unit } => {
                if known[at] {
                    Whole::Known(values[at], *unit)
                } else {
                    Whole::Missing
                }
            }
            _ => Whole::Other,
        }
    }
}

pub(crate) enum Whole {
    Known(i64, Fraction),
    Missing,
    /// Not a column of whole numbers.
    Other,
}

/// A column in its smallest form that keeps every value.
fn compact(values: Vec<Option<FactValue>>) -> Column {
    let whole = |value: &Option<FactValue>| match value {
        None => Some(None),
        Some(FactValue::Money(fen)) => Some(Some(fen.0)),
        Some(FactValue::Count(count)) => Some(Some(*count)),
        _ => None,
    };
    if let Some(numbers) = values.iter().map(whole).collect::<Option<Vec<_>>>() {
        return Column::Whole {
            known: numbers.iter().map(Option::is_some).collect(),
            values: numbers.into_iter().map(Option::unwrap_or_default).collect(),
            unit: Fraction::ONE,
        };
    }
    let truth = |value: &Option<FactValue>| match value {
        None => Some(None),
        Some(FactValue::Bool(value)) => Some(Some(*value)),
        _ => None,
    };
    if let Some(truths) = values.iter().map(truth).collect::<Option<Vec<_>>>() {
        return Column::Truths { values: truths };
    }
    if values.iter().all(|value| matches!(value, None | Some(FactValue::Text(_)))) {
        let mut words: Vec<String> = Vec::new();
        let mut index: HashMap<String, u32> = HashMap::new();
        let codes = values
            .into_iter()
            .map(|value| match value {
                Some(FactValue::Text(word)) => *index.entry(word.clone()).or_insert_with(|| {
                    words.push(word);
                    u32::try_from(words.len() - 1).expect("BUG: more words than subjects can have")
                }),
                _ => u32::MAX,
            })
            .collect();
        return Column::Words { codes, words };
    }
    Column::Any { values }
}
