//! A column as it grows cell by cell: whole numbers, words or truths while that keeps every value
//! exactly, anything else from the first value that does not fit.

use crate::Fraction;
use crate::facts::{FactFault, FactValue};
use crate::population::Column;
use crate::vocabulary::{FactDef, FactKind};
use duijie_vocab::Fen;
use std::collections::HashMap;

/// The cells read so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    count: usize,
    form: Form,
}

#[derive(Clone, Debug, Default)]
enum Form {
    /// Nothing is known yet of any subject.
    #[default]
    Empty,
    /// `values` times ten to the power of `−places`.
    Whole {
        values: Vec<i64>,
        known: Vec<bool>,
        places: u32,
    },
    Words {
        codes: Vec<u32>,
        words: Vec<String>,
        index: HashMap<String, u32>,
    },
    Truths(Vec<Option<bool>>),
    Any(Vec<Option<FactValue>>),
}

/// Decimals that a column of whole numbers keeps at most.
const MAX_PLACES: u32 = 12;

impl Cells {
    /// Adds what a person typed; an empty cell is not known, nor is one that is refused.
    pub(crate) fn read(&mut self, def: &FactDef, written: &str) -> Result<(), FactFault> {
        if written.is_empty() {
            self.push(def, None);
            return Ok(());
        }
        if let Some(plain) = plain_number(def, written) {
            self.push_whole(def, plain, 0);
            return Ok(());
        }
        match def.read(written) {
            Ok(value) => {
                self.push(def, Some(value));
                Ok(())
            }
            Err(fault) => {
                self.push(def, None);
                Err(fault)
            }
        }
    }

    /// Adds a value of the fact's own kind, or that it is not known.
    pub(crate) fn push(&mut self, def: &FactDef, value: Option<FactValue>) {
        match value {
            None => self.push_missing(),
            Some(FactValue::Money(fen)) => self.push_whole(def, fen.0, 0),
            Some(FactValue::Count(count)) => self.push_whole(def, count, 0),
            Some(FactValue::Date(date)) if date.first_day() == date.last_day() => self.push_whole(def, i64::from(date.days_since_epoch()), 0),
            Some(FactValue::Number(number)) => match scaled(number) {
                Some((value, places)) => self.push_whole(def, value, places),
                None => self.push_any(def, FactValue::Number(number)),
            },
            Some(FactValue::Bool(value)) => self.push_truth(def, value),
            Some(FactValue::Text(word)) => self.push_word(def, word),
            Some(value) => self.push_any(def, value),
        }
    }

    /// The column of everything that was added.
    pub(crate) fn column(self, def: &FactDef) -> Column {
        match self.form {
            Form::Empty => match def.kind {
                FactKind::Bool => Column::Truths { values: vec![None; self.count] },
                FactKind::Code | FactKind::Text => Column::Words { codes: vec![u32::MAX; self.count], words: Vec::new() },
                FactKind::Set => Column::Any { values: vec![None; self.count] },
                _ => Column::Whole { values: vec![0; self.count], known: vec![false; self.count], unit: Fraction::ONE },
            },
            Form::Whole { values, known, places } => Column::Whole { values, known, unit: unit(places) },
            Form::Words { codes, words, .. } => Column::Words { codes, words },
            Form::Truths(values) => Column::Truths { values },
            Form::Any(values) => Column::Any { values },
        }
    }

    fn push_missing(&mut self) {
        self.count += 1;
        match &mut self.form {
            Form::Empty => {}
            Form::Whole { values, known, .. } => {
                values.push(0);
                known.push(false);
            }
            Form::Words { codes, .. } => codes.push(u32::MAX),
            Form::Truths(values) => values.push(None),
            Form::Any(values) => values.push(None),
        }
    }

    fn push_whole(&mut self, def: &FactDef, value: i64, places_of_value: u32) {
        if let Form::Empty = self.form {
            self.form = Form::Whole { values: vec![0; self.count], known: vec![false; self.count], places: 0 };
        }
        let Form::Whole { values, known, places } = &mut self.form else {
            return self.push_any(def, exact_value(def, value, unit(places_of_value)));
        };
        let common = (*places).max(places_of_value);
        let Some(value) = raised(value, common - places_of_value).filter(|_| refine(values, common - *places)) else {
            return self.push_any(def, exact_value(def, value, unit(places_of_value)));
        };
        *places = common;
        values.push(value);
        known.push(true);
        self.count += 1;
    }

    fn push_word(&mut self, def: &FactDef, word: String) {
        if let Form::Empty = self.form {
            self.form = Form::Words { codes: vec![u32::MAX; self.count], words: Vec::new(), index: HashMap::new() };
        }
        let Form::Words { codes, words, index } = &mut self.form else { return self.push_any(def, FactValue::Text(word)) };
        let code = match index.get(&word) {
            Some(&code) => code,
            None => {
                let code = u32::try_from(words.len()).expect("BUG: more words than subjects can have");
                words.push(word.clone());
                index.insert(word, code);
                code
            }
        };
        codes.push(code);
        self.count += 1;
    }

    fn push_truth(&mut self, def: &FactDef, value: bool) {
        if let Form::Empty = self.form {
            self.form = Form::Truths(vec![None; self.count]);
        }
        let Form::Truths(values) = &mut self.form else { return self.push_any(def, FactValue::Bool(value)) };
        values.push(Some(value));
        self.count += 1;
    }

    fn push_any(&mut self, def: &FactDef, value: FactValue) {
        if !matches!(self.form, Form::Any(_)) {
            let column = std::mem::take(self).column(def);
            self.count = column.len();
            self.form = Form::Any((0..column.len()).map(|at| column.value(def, at)).collect());
        }
        if let Form::Any(values) = &mut self.form {
            values.push(Some(value));
        }
        self.count += 1;
    }
}

/// A plain number of a fact of money or things in Fen or things, where it fits: the cell that nearly
/// every table is full of.
fn plain_number(def: &FactDef, written: &str) -> Option<i64> {
    if !matches!(def.kind, FactKind::Money | FactKind::Count) {
        return None;
    }
    let factor = def.factor.to_i64()?;
    let (negative, digits) = written.strip_prefix('-').map_or((false, written), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() + part.len() > 15 || !all_digits(whole) || !all_digits(part) || (part.is_empty() && digits.len() > whole.len()) {
        return None;
    }
    let read = whole.bytes().chain(part.bytes()).fold(0i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    let divisor = 10i64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let product = read.checked_mul(factor)?;
    (product % divisor == 0).then_some(if negative { -(product / divisor) } else { product / divisor })
}

/// A number as a whole number of its least power of ten, where it has one.
fn scaled(number: Fraction) -> Option<(i64, u32)> {
    (0..=MAX_PLACES).find_map(|places| {
        let scaled = number.times(Fraction::whole(10i64.pow(places)))?;
        scaled.to_i64().map(|value| (value, places))
    })
}

fn unit(places: u32) -> Fraction {
    Fraction::new(1, 10i128.pow(places)).expect("BUG: a power of ten is not zero")
}

fn raised(value: i64, places: u32) -> Option<i64> {
    value.checked_mul(10i64.checked_pow(places)?)
}

/// Gives every value more decimals; false, with the values untouched, when one would not fit.
fn refine(values: &mut [i64], places: u32) -> bool {
    if places == 0 {
        return true;
    }
    if !values.iter().all(|&value| raised(value, places).is_some()) {
        return false;
    }
    let factor = 10i64.pow(places);
    values.iter_mut().for_each(|value| *value *= factor);
    true
}

fn exact_value(def: &FactDef, value: i64, unit: Fraction) -> FactValue {
    let exact = Fraction::whole(value).times(unit).expect("BUG: a whole number over a power of ten fits");
    match def.kind {
        FactKind::Money if unit == Fraction::ONE => FactValue::Money(Fen(value)),
        FactKind::Count if unit == Fraction::ONE => FactValue::Count(value),
        FactKind::Date => Column::Whole { values: vec![value], known: vec![true], unit }.value(def, 0).unwrap_or(FactValue::Number(exact)),
        _ => FactValue::Number(exact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vocabulary;
    use proptest::prelude::*;

    fn ratio() -> impl Strategy<Value = Option<FactValue>> {
        let number = (any::<i32>(), prop_oneof![Just(1i128), Just(10), Just(1000), Just(3)])
            .prop_map(|(above, below)| FactValue::Number(Fraction::new(i128::from(above), below).unwrap()));
        let bounds = (0i64..9).prop_map(|low| FactValue::Between { low: Some(Fraction::whole(low)), high: None });
        proptest::option::of(prop_oneof![9 => number, 1 => bounds])
    }

    proptest! {
        #[test]
        fn a_column_keeps_every_value(values in proptest::collection::vec(ratio(), 0..40)) {
            let (vocabulary, _) = Vocabulary::parse("facts.yaml", "facts: {r: {kind: ratio}}");
            let def = vocabulary.fact("r").unwrap();
            let mut cells = Cells::default();
            values.iter().for_each(|value| cells.push(def, value.clone()));
            let column = cells.column(def);
            prop_assert_eq!((0..column.len()).map(|at| column.value(def, at)).collect::<Vec<_>>(), values);
        }

        #[test]
        fn a_plain_number_is_read_as_any_other(whole in -99_999_999i64..99_999_999, part in 0u32..100, unit in prop_oneof![Just("元"), Just("万元")]) {
            let (vocabulary, _) = Vocabulary::parse("facts.yaml", &format!("facts: {{m: {{kind: money, unit: {unit}}}}}"));
            let def = vocabulary.fact("m").unwrap();
            let written = format!("{whole}.{part:02}");
            let Ok(FactValue::Money(fen)) = def.read(&written) else { return Err(TestCaseError::fail(written)) };
            prop_assert_eq!(plain_number(def, &written), Some(fen.0));
        }
    }
}
