//! What is known of one subject and of the regions: values by fact and period, each with its source.

use crate::period::Period;
use crate::syntax::{ExprKind, Function};
use crate::unit::{Dimension, Unit};
use crate::vocabulary::{FactDef, FactKind, Vocabulary, read_number};
use crate::{Fraction, parse_rule};
use duijie_vocab::{Date, Fen, RegionCode, RegionLevel, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One value of a fact. Numbers are in the base of the fact's dimension: money in Fen (cents),
/// calendar time in months, exact time in days, shares as fractions (3 % is 0.03).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    Money(Fen),
    Number(Fraction),
    Count(i64),
    /// A date; one known only to the month or year is a bound.
    Date(Date),
    Text(String),
    Set(Vec<String>),
    Bool(bool),
    /// A number from `low` to `high`, ends included; an absent end is unlimited.
    Between {
        low: Option<Fraction>,
        high: Option<Fraction>,
    },
    /// One of these words.
    OneOf(Vec<String>),
}

/// How a value came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// From a register or a reviewed report.
    #[default]
    Curated,
    /// Stated by the subject itself.
    Declared,
    /// Concluded from other facts.
    Derived,
    /// Taken for the sake of argument.
    Assumed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FactSource {
    /// The system or report, such as 税务年报2021.
    pub name: String,
    pub kind: SourceKind,
}

impl FactSource {
    pub fn curated(name: impl Into<String>) -> FactSource {
        FactSource { name: name.into(), kind: SourceKind::Curated }
    }

    pub fn declared(name: impl Into<String>) -> FactSource {
        FactSource { name: name.into(), kind: SourceKind::Declared }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFact {
    pub value: FactValue,
    pub source: FactSource,
}

/// Everything known of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    region: RegionCode,
    values: HashMap<Arc<str>, BTreeMap<Period, KnownFact>>,
    attested: BTreeMap<String, bool>,
}

impl Facts {
    /// No facts yet about a subject in `region`.
    pub fn new(region: RegionCode) -> Facts {
        Facts { region, values: HashMap::new(), attested: BTreeMap::new() }
    }

    pub fn region(&self) -> RegionCode {
        self.region
    }

    pub fn set_region(&mut self, region: RegionCode) {
        self.region = region;
    }

    /// Records a value under the fact's English key, in place of an earlier one.
    pub fn set(&mut self, key: &str, period: Period, value: FactValue, source: FactSource) -> &mut Facts {
        self.values.entry(Arc::from(key)).or_default().insert(period, KnownFact { value, source });
        self
    }

    pub fn remove(&mut self, key: &str, period: Period) -> Option<KnownFact> {
        self.values.get_mut(key)?.remove(&period)
    }

    pub fn get(&self, key: &str, period: Period) -> Option<&KnownFact> {
        self.values.get(key)?.get(&period)
    }

    /// Records a person's answer to an attestation, under the label of its condition.
    pub fn attest(&mut self, label: &str, holds: bool) -> &mut Facts {
        self.attested.insert(label.to_string(), holds);
        self
    }

    pub fn attested(&self, label: &str) -> Option<bool> {
        self.attested.get(label).copied()
    }

    /// Every answered attestation with its label.
    pub fn attestations(&self) -> impl Iterator<Item = (&str, bool)> {
        self.attested.iter().map(|(label, holds)| (label.as_str(), *holds))
    }

    /// Every value with its key and period, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Period, &KnownFact)> {
        let mut keys: Vec<_> = self.values.iter().collect();
        keys.sort_by(|a, b| a.0.cmp(b.0));
        keys.into_iter().flat_map(|(key, periods)| periods.iter().map(move |(period, known)| (&**key, *period, known)))
    }
}

/// Facts of regions, shared by all subjects in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionFacts {
    values: HashMap<Arc<str>, HashMap<(RegionCode, Period), KnownFact>>,
}

impl RegionFacts {
    pub fn new() -> RegionFacts {
        RegionFacts::default()
    }

    /// Records a value of a region under a canonical name: a fact's key, or `growth(key)`.
    pub fn set(&mut self, region: RegionCode, name: &str, period: Period, value: FactValue, source: FactSource) -> &mut RegionFacts {
        self.values.entry(Arc::from(name)).or_default().insert((region, period), KnownFact { value, source });
        self
    }

    pub fn get(&self, region: RegionCode, name: &str, period: Period) -> Option<&KnownFact> {
        self.values.get(name)?.get(&(region, period))
    }

    /// The canonical name of what a person wrote: `增幅(纳税总额)` is `growth(tax_total)`. Nothing for an unknown fact.
    pub fn canonical(vocabulary: &Vocabulary, written: &str) -> Option<String> {
        let expr = parse_rule(written).ok()?;
        canonical_name(vocabulary, &expr)
    }

    /// The value for the region of `level` that `subject` lies in. Municipalities without a city level
    /// answer for their districts.
    pub(crate) fn for_subject(&self, subject: RegionCode, level: Option<RegionLevel>, name: &str, period: Period) -> Option<(RegionCode, &KnownFact)> {
        let values = self.values.get(name)?;
        let Some(level) = level else { return values.get(&(subject, period)).map(|known| (subject, known)) };
        let mut at = Some(subject);
        while let Some(region) = at {
            // Levels are ordered from the nation down.
            if region.level() <= level {
                if let Some(known) = values.get(&(region, period)) {
                    return Some((region, known));
                }
                // 北京 is a province whose districts hang under a grouping that has no figures of its own.
                let municipality =
                    level == RegionLevel::City && region.level() == RegionLevel::City && matches!(region.to_string().get(..2), Some("11" | "12" | "31" | "50"));
                if !municipality {
                    return None;
                }
            }
            at = region.parent();
        }
        None
    }
}

pub(crate) fn canonical_name(vocabulary: &Vocabulary, expr: &crate::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => vocabulary.fact(name).map(|fact| fact.key.to_string()),
        ExprKind::Region { inner, .. } => canonical_name(vocabulary, inner),
        ExprKind::Apply { function: Function::Growth, arguments } => Some(format!("growth({})", canonical_name(vocabulary, arguments.first()?)?)),
        _ => None,
    }
}

/// Why a typed value is none of its fact's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactFault {
    pub message: Text,
    pub help: Text,
}

impl FactDef {
    /// Reads a value as people type it: `800万元`, `8%`, `在业`, `a、b` for a set, `是`, and bounds
    /// `50..99`, `>=2000万元`, `<=100`. A bare number takes the fact's unit.
    pub fn read(&self, written: &str) -> Result<FactValue, FactFault> {
        let written = written.trim();
        match self.kind {
            FactKind::Text => Ok(FactValue::Text(written.to_string())),
            FactKind::Code => self.read_code(written),
            FactKind::Set => {
                let words: Vec<String> = written
                    .trim_matches(['{', '}', '[', ']'])
                    .split(['、', ',', '，', ';', '；'])
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(str::to_string)
                    .collect();
                words.iter().try_for_each(|word| self.check_word(word))?;
                Ok(FactValue::Set(words))
            }
            FactKind::Bool => match written {
                "是" | "有" | "真" | "true" | "yes" | "1" | "True" | "Yes" => Ok(FactValue::Bool(true)),
                "否" | "无" | "假" | "false" | "no" | "0" | "False" | "No" => Ok(FactValue::Bool(false)),
                _ => Err(self.fault(written, text!("写 `是` 或 `否`", "write `yes` or `no`"))),
            },
            FactKind::Date => {
                self.read_bounds(written, |part| Date::parse(part).ok().map(|date| Fraction::whole(i64::from(date.days_since_epoch())))).or_else(|_| {
                    Date::parse(written)
                        .map(FactValue::Date)
                        .map_err(|_| self.fault(written, text!("写日期，如 2021-03-05", "write a date such as 2021-03-05")))
                })
            }
            _ => self.read_quantity(written),
        }
    }

    fn read_code(&self, written: &str) -> Result<FactValue, FactFault> {
        if let Some((first, rest)) = written.split_once('|') {
            let words: Vec<String> = std::iter::once(first).chain(rest.split('|')).map(|word| word.trim().to_string()).collect();
            words.iter().try_for_each(|word| self.check_word(word))?;
            return Ok(FactValue::OneOf(words));
        }
        self.check_word(written)?;
        Ok(FactValue::Text(written.to_string()))
    }

    fn check_word(&self, word: &str) -> Result<(), FactFault> {
        if self.values.is_empty() || self.values.iter().any(|known| known == word) {
            return Ok(());
        }
        let all = self.values.join(" ");
        Err(match crate::suggest::closest(word, self.values.iter().map(String::as_str)) {
            Some(near) => self.fault(word, text!("是否指 `{near}`？", "did you mean `{near}`?")),
            None => self.fault(word, text!("可用：{all}", "one of: {all}")),
        })
    }

    fn read_quantity(&self, written: &str) -> Result<FactValue, FactFault> {
        let number = |part: &str| read_number(part, &self.dimension, self.factor).filter(|_| self.unit_fits(part));
        if let Some(value) = number(written) {
            return self.exact(value).ok_or_else(|| self.fault(written, self.unit_help()));
        }
        self.read_bounds(written, number)
    }

    /// A date or number with a unit that is not this fact's is refused by `read_number`; a percent only fits a share.
    fn unit_fits(&self, part: &str) -> bool {
        let unit: String = part.chars().filter(|c| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ' '))).collect();
        Unit::named(unit.trim()).is_none_or(|unit| !unit.percent || matches!(self.kind, FactKind::Ratio | FactKind::Number))
    }

    fn exact(&self, value: Fraction) -> Option<FactValue> {
        match self.kind {
            FactKind::Money => value.to_i64().map(|fen| FactValue::Money(Fen(fen))),
            FactKind::Count => value.to_i64().map(FactValue::Count),
            _ => Some(FactValue::Number(value)),
        }
    }

    fn read_bounds(&self, written: &str, read: impl Fn(&str) -> Option<Fraction>) -> Result<FactValue, FactFault> {
        let fault = || self.fault(written, self.unit_help());
        let low = ["≥", ">=", "不少于", "不低于"].iter().find_map(|mark| written.strip_prefix(mark));
        let high = ["≤", "<=", "不超过", "不多于"].iter().find_map(|mark| written.strip_prefix(mark));
        let part = |part: &str| read(part.trim()).ok_or_else(fault);
        let (low, high) = match (low, high, written.split_once("..")) {
            (Some(low), _, _) => (Some(part(low)?), None),
            (_, Some(high), _) => (None, Some(part(high)?)),
            (_, _, Some((low, high))) => {
                let end = |text: &str| if text.trim().is_empty() { Ok(None) } else { part(text).map(Some) };
                (end(low)?, end(high)?)
            }
            _ => return Err(fault()),
        };
        if matches!((low, high), (Some(low), Some(high)) if low > high) {
            return Err(fault());
        }
        Ok(FactValue::Between { low, high })
    }

    fn unit_help(&self) -> Text {
        match (&self.unit, &self.dimension) {
            (Some(unit), _) => text!("写一个以 {unit} 为单位的数，或范围如 50..99", "write a number in {unit}, or a range such as 50..99"),
            (None, Dimension::Money(_)) => text!("写金额，如 800万元", "write an amount such as 800万元"),
            _ => text!("写一个数，或范围如 50..99", "write a number, or a range such as 50..99"),
        }
    }

    fn fault(&self, written: &str, help: Text) -> FactFault {
        let (zh, en) = (&self.zh, &self.en);
        FactFault { message: text!("`{written}` 不是“{zh}”的值", "`{written}` is no value of `{en}`"), help }
    }
}
