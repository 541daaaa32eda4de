//! Facts of many subjects as columns.

use crate::facts::{FactSource, FactValue, Facts};
use crate::period::Period;
use crate::vocabulary::{FactDef, FactKind};
use crate::{Fraction, Vocabulary};
use duijie_vocab::{Date, Fen, RegionCode};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

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
    columns: BTreeMap<(Arc<str>, Period), Stored>,
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
        self.columns.insert((Arc::from(key), period), Stored::new(column, Stated::OwnKind));
        Ok(())
    }

    pub fn column(&self, key: &str, period: Period) -> Option<&Column> {
        self.stored(key, period).map(|stored| &stored.column)
    }

    pub(crate) fn stored(&self, key: &str, period: Period) -> Option<&Stored> {
        self.columns.get(&(Arc::from(key), period))
    }

    /// Whether anybody has answered an attestation.
    pub(crate) fn has_attestations(&self) -> bool {
        !self.attested.is_empty()
    }

    /// The facts of one subject, of the keys wanted (all when none are named).
    pub fn facts(&self, vocabulary: &Vocabulary, at: usize, wanted: &[(Arc<str>, Period)]) -> Facts {
        if wanted.is_empty() {
            let all: Vec<(Arc<str>, Period)> = self.columns.keys().cloned().collect();
            return self.only(vocabulary, at, &all);
        }
        self.only(vocabulary, at, wanted)
    }

    /// The facts of one subject, of these keys alone, with its attestations.
    pub(crate) fn only(&self, vocabulary: &Vocabulary, at: usize, wanted: &[(Arc<str>, Period)]) -> Facts {
        let mut facts = Facts::new(self.regions[at]);
        for wanted in wanted {
            let value = self.columns.get(wanted).and_then(|stored| stored.value(vocabulary.fact(&wanted.0)?, at));
            if let Some(value) = value {
                facts.set(&wanted.0, wanted.1, value, FactSource::default());
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
}

/// A column with what is worth knowing of it before it is read.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    column: Column,
    stated: Stated,
    /// The least and the greatest known number.
    extremes: (i64, i64),
    any_known: bool,
    complete: bool,
    /// The different values of a column of any kind, where they are few.
    different: OnceLock<Option<(Vec<u32>, Vec<FactValue>)>>,
}

/// As which kind of value the numbers were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stated {
    /// That of their fact.
    OwnKind,
    Money,
    Count,
}

/// A column of whole numbers of a unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wholes<'p> {
    pub(crate) values: &'p [i64],
    pub(crate) known: &'p [bool],
    pub(crate) unit: Fraction,
    pub(crate) extremes: (i64, i64),
    pub(crate) any_known: bool,
    pub(crate) complete: bool,
}

/// A column as places in a list of its different values; the place after the last is not known.
pub(crate) struct Dictionary<'p> {
    codes: Places<'p>,
    pub(crate) values: Vec<FactValue>,
}

enum Places<'p> {
    Words(&'p [u32]),
    Truths(&'p [Option<bool>]),
    Found(&'p [u32]),
}

/// Different values of a column that are told apart at most.
const MAX_DIFFERENT: usize = 4096;

impl Stored {
    fn new(column: Column, stated: Stated) -> Stored {
        let (mut least, mut greatest, mut count) = (i64::MAX, i64::MIN, 0);
        if let Column::Whole { values, known, .. } = &column {
            for (&value, &known) in values.iter().zip(known) {
                least = least.min(if known { value } else { i64::MAX });
                greatest = greatest.max(if known { value } else { i64::MIN });
                count += usize::from(known);
            }
        }
        let extremes = if count > 0 { (least, greatest) } else { (0, 0) };
        let complete = count == column.len();
        Stored { column, stated, extremes, any_known: count > 0, complete, different: OnceLock::new() }
    }

    /// The value of one subject as it was given.
    pub(crate) fn value(&self, def: &FactDef, at: usize) -> Option<FactValue> {
        match (&self.column, self.stated) {
            (Column::Whole { values, known, .. }, Stated::Money) => known[at].then(|| FactValue::Money(Fen(values[at]))),
            (Column::Whole { values, known, .. }, Stated::Count) => known[at].then(|| FactValue::Count(values[at])),
            (column, _) => column.value(def, at),
        }
    }

    /// The column as numbers of a fact of some kind; nothing when some value is not simply such a number.
    pub(crate) fn wholes(&self, kind: FactKind) -> Option<Wholes<'_>> {
        let Column::Whole { values, known, unit } = &self.column else { return None };
        let fits = match self.stated {
            Stated::Money => kind == FactKind::Money,
            Stated::Count => matches!(kind, FactKind::Count | FactKind::Number | FactKind::Length | FactKind::Ratio),
            Stated::OwnKind => true,
        };
        let each_end = |fits: &dyn Fn(i64) -> bool| fits(self.extremes.0) && fits(self.extremes.1);
        let readable = match kind {
            FactKind::Money | FactKind::Count => {
                unit.denominator() == 1 && each_end(&|end| Fraction::whole(end).times(*unit).is_some_and(|exact| exact.to_i64().is_some()))
            }
            FactKind::Date => *unit == Fraction::ONE && each_end(&|end| i32::try_from(end).ok().and_then(Date::from_days_since_epoch).is_some()),
            _ => each_end(&|end| Fraction::whole(end).times(*unit).is_some()),
        };
        (fits && readable).then_some(Wholes { values, known, unit: *unit, extremes: self.extremes, any_known: self.any_known, complete: self.complete })
    }

    /// The column as a list of different values, where there are few.
    pub(crate) fn dictionary(&self) -> Option<Dictionary<'_>> {
        match &self.column {
            Column::Words { codes, words } => {
                Some(Dictionary { codes: Places::Words(codes), values: words.iter().map(|word| FactValue::Text(word.clone())).collect() })
            }
            Column::Truths { values } => Some(Dictionary { codes: Places::Truths(values), values: vec![FactValue::Bool(false), FactValue::Bool(true)] }),
            Column::Any { values } => {
                let (codes, values) = self.different.get_or_init(|| different(values)).as_ref()?;
                Some(Dictionary { codes: Places::Found(codes), values: values.clone() })
            }
            Column::Whole { .. } => None,
        }
    }
}

impl Dictionary<'_> {
    /// The places of some subjects' values.
    pub(crate) fn read(&self, start: usize, into: &mut [u32]) {
        let missing = u32::try_from(self.values.len()).expect("BUG: more different values than subjects can have");
        let end = start + into.len();
        match self.codes {
            Places::Words(codes) | Places::Found(codes) => into.iter_mut().zip(&codes[start..end]).for_each(|(into, &code)| *into = code.min(missing)),
            Places::Truths(values) => into.iter_mut().zip(&values[start..end]).for_each(|(into, value)| *into = value.map_or(missing, u32::from)),
        }
    }
}

fn different(values: &[Option<FactValue>]) -> Option<(Vec<u32>, Vec<FactValue>)> {
    let mut places: HashMap<&FactValue, u32> = HashMap::new();
    let mut found = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        let Some(value) = value else {
            codes.push(u32::MAX);
            continue;
        };
        let next = u32::try_from(found.len()).ok()?;
        let place = *places.entry(value).or_insert(next);
        if place == next {
            found.push(value.clone());
        }
        if found.len() > MAX_DIFFERENT {
            return None;
        }
        codes.push(place);
    }
    Some((codes, found))
}

/// A column in its smallest form that keeps every value.
fn compact(values: Vec<Option<FactValue>>) -> Stored {
    let money = |value: &Option<FactValue>| match value {
        None => Some(None),
        Some(FactValue::Money(fen)) => Some(Some(fen.0)),
        _ => None,
    };
    let count = |value: &Option<FactValue>| match value {
        None => Some(None),
        Some(FactValue::Count(count)) => Some(Some(*count)),
        _ => None,
    };
    for (stated, whole) in [(Stated::Money, &money as &dyn Fn(&Option<FactValue>) -> Option<Option<i64>>), (Stated::Count, &count)] {
        if let Some(numbers) = values.iter().map(whole).collect::<Option<Vec<_>>>() {
            let known = numbers.iter().map(Option::is_some).collect();
            return Stored::new(Column::Whole { known, values: numbers.into_iter().map(Option::unwrap_or_default).collect(), unit: Fraction::ONE }, stated);
        }
    }
    let truth = |value: &Option<FactValue>| match value {
        None => Some(None),
        Some(FactValue::Bool(value)) => Some(Some(*value)),
        _ => None,
    };
    if let Some(truths) = values.iter().map(truth).collect::<Option<Vec<_>>>() {
        return Stored::new(Column::Truths { values: truths }, Stated::OwnKind);
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
        return Stored::new(Column::Words { codes, words }, Stated::OwnKind);
    }
    Stored::new(Column::Any { values }, Stated::OwnKind)
}
