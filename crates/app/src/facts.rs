//! What is known of an organization and of its regions, as the policy engine takes it: gathered
//! from the records that say so, each value with its source.

use crate::AppError;
use crate::declared::Declared;
use duijie_policy::{FactSource, FactValue, Facts, Fraction, KnownFact, Period, RegionFacts, Vocabulary};
use duijie_record::{Field, FieldType, Record, RecordState, Schema, Value, schema};
use duijie_store::View;
use duijie_vocab::{Date, Decimal, Fen, MoneyUnit, RecordId, RegionCode};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// The most records that are read as facts of one organization.
const MAX_LINKED: usize = 2_000;

/// Everything on record about one organization.
pub(crate) struct Known {
    pub(crate) facts: Facts,
    /// Titles with the days from and until which they are held.
    titles: Vec<(String, Option<Date>, Option<Date>)>,
    /// The latest year that has yearly facts.
    pub(crate) latest_year: Option<i16>,
    /// The records that facts and titles come from, besides the organization's own.
    pub(crate) records: Vec<RecordId>,
}

impl Known {
    /// The facts with the titles that are held on `day`. The register of titles is complete: a
    /// title that is not in it is not held.
    pub(crate) fn on(&self, day: Date) -> Facts {
        let held = |(title, from, until): &(String, Option<Date>, Option<Date>)| {
            let begun = from.is_none_or(|from| from.first_day() <= day);
            (begun && until.is_none_or(|until| until.last_day() >= day)).then(|| title.clone())
        };
        let mut titles: Vec<String> = self.titles.iter().filter_map(held).collect();
        titles.sort();
        titles.dedup();
        let mut facts = self.facts.clone();
        facts.set("titles", Period::Instant, FactValue::Set(titles), FactSource::curated("称号资质"));
        facts
    }
}

/// Gathers what the records say about `organization`.
pub(crate) fn known(view: &mut View<'_>, declared: &Declared, organization: &Record) -> Result<Known, AppError> {
    let ids: Vec<RecordId> =
        view.links_to(&organization.id, MAX_LINKED)?.into_iter().filter(|link| link.field == "organization").map(|link| link.from).collect();
    let records = view.get_many(&ids)?.into_iter().map(|row| row.record);
    Ok(gathered(declared, &Fields::of(declared, None), organization, records))
}

/// The same for many organizations at once, in their order; of the facts only those under `keys`, if they are named.
pub(crate) fn known_of_many(view: &mut View<'_>, declared: &Declared, organizations: &[Record], keys: Option<&HashSet<&str>>) -> Result<Vec<Known>, AppError> {
    let fields = Fields::of(declared, keys);
    let ids: Vec<RecordId> = organizations.iter().map(|organization| organization.id.clone()).collect();
    let mut links = view.links_to_any(&ids, "organization")?;
    let prefixes: Vec<&str> = ["facts", "title"].into_iter().filter_map(schema).map(|schema| schema.prefix.as_str()).collect();
    links.retain(|link| prefixes.contains(&link.from.prefix()));
    let from: Vec<RecordId> = links.iter().map(|link| link.from.clone()).collect();
    let mut records: HashMap<RecordId, Record> = view.get_many(&from)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
    let mut by_organization: HashMap<RecordId, Vec<Record>> = HashMap::new();
    for link in links {
        if let (Some(to), Some(record)) = (link.to, records.remove(&link.from)) {
            by_organization.entry(to).or_default().push(record);
        }
    }
    let belonging = |organization: &Record, by: &mut HashMap<RecordId, Vec<Record>>| by.remove(&organization.id).unwrap_or_default().into_iter();
    Ok(organizations.iter().map(|organization| gathered(declared, &fields, organization, belonging(organization, &mut by_organization))).collect())
}

/// The fields of records that are read as facts.
struct Fields {
    of_organization: Vec<&'static Field>,
    of_period: Vec<&'static Field>,
}

impl Fields {
    fn of(declared: &Declared, keys: Option<&HashSet<&str>>) -> Fields {
        let of = |kind: &str| {
            let all = declared.schema(kind).into_iter().flat_map(Schema::fields);
            all.filter(|field| keys.is_none_or(|keys| keys.contains(field.key.as_str()))).collect()
        };
        Fields { of_organization: of("organization"), of_period: of("facts") }
    }
}

/// What the organization itself and the records that belong to it say.
fn gathered(declared: &Declared, fields: &Fields, organization: &Record, belonging: impl Iterator<Item = Record>) -> Known {
    let mut facts = Facts::new(organization.region);
    take(&mut facts, declared, organization, &fields.of_organization, Period::Instant, "机构登记");
    let mut titles = Vec::new();
    let mut latest_year = None;
    let mut records = Vec::new();
    for record in belonging.filter(|record| record.state == RecordState::Active) {
        match record.kind.as_str() {
            "facts" => {
                records.push(record.id.clone());
                if let Ok(period) = Period::parse(record.text("period")) {
                    latest_year = latest_year.max(period.year());
                    take(&mut facts, declared, &record, &fields.of_period, period, &source_name(&record));
                }
            }
            "title" => {
                records.push(record.id.clone());
                let date = |key: &str| Date::parse(record.text(key)).ok();
                titles.push((record.text("title").to_string(), date("valid_from"), date("valid_until")));
            }
            _ => {}
        }
    }
    records.sort();
    Known { facts, titles, latest_year, records }
}

fn source_name(record: &Record) -> String {
    let file = record.source.file.rsplit('/').next().unwrap_or("");
    if file.is_empty() { "填报".to_string() } else { file.to_string() }
}

fn take(facts: &mut Facts, declared: &Declared, record: &Record, fields: &[&'static Field], period: Period, source: &str) {
    for field in fields {
        let value = record.body.get(&field.key);
        let value = value.and_then(|value| declared.measured(&field.key, value).or_else(|| fact_value(field.ty, value)));
        if let Some(value) = value {
            let source = match record.marks.get(&field.key) {
                Some(mark) => FactSource::declared(&mark.by),
                None => FactSource::curated(source),
            };
            facts.set(&field.key, period, value, source);
        }
    }
}

fn fact_value(ty: FieldType, value: &Value) -> Option<FactValue> {
    match (ty, value) {
        (FieldType::Money, Value::Int(fen)) => Some(FactValue::Money(Fen(*fen))),
        (FieldType::Integer, Value::Int(count)) => Some(FactValue::Count(*count)),
        (FieldType::Decimal | FieldType::Ratio, Value::Text(text)) => Decimal::parse(text).ok().and_then(Fraction::from_decimal).map(FactValue::Number),
        (FieldType::Date, Value::Text(text)) => Date::parse(text).ok().map(FactValue::Date),
        (FieldType::Bool, Value::Bool(truth)) => Some(FactValue::Bool(*truth)),
        (FieldType::Choice | FieldType::Industry | FieldType::Region | FieldType::Text, Value::Text(text)) => Some(FactValue::Text(text.clone())),
        (FieldType::List | FieldType::Choices, Value::List(items)) => Some(FactValue::Set(items.clone())),
        _ => None,
    }
}

/// A fact of a region: where, under which name, for which period.
pub(crate) type RegionFact = (RegionCode, String, Period, KnownFact);

/// The facts of all regions: indicators that carry the key under which rules refer to them.
pub(crate) fn of_regions(view: &mut View<'_>, vocabulary: &Vocabulary) -> Result<RegionFacts, AppError> {
    Ok(collected(list_of_regions(view, vocabulary)?))
}

/// The facts as the policy engine takes them.
pub(crate) fn collected(list: Vec<RegionFact>) -> RegionFacts {
    let mut facts = RegionFacts::new();
    for (region, name, period, known) in list {
        facts.set(region, &name, period, known.value, known.source);
    }
    facts
}

/// The facts of all regions one by one, as they are kept with what was decided under them.
pub(crate) fn list_of_regions(view: &mut View<'_>, vocabulary: &Vocabulary) -> Result<Vec<RegionFact>, AppError> {
    let mut facts = Vec::new();
    let flow = view.for_each_record("indicator", |row| {
        let record = &row.record;
        let key = record.text("fact");
        if record.state == RecordState::Active
            && !key.is_empty()
            && let Some(name) = RegionFacts::canonical(vocabulary, key)
            && let Ok(period) = Period::parse(record.text("period"))
            && let Some(value) = indicator_value(record.text("value"), record.text("unit"))
        {
            facts.push((record.region, name, period, KnownFact { value, source: FactSource::curated(source_name(record)) }));
        }
        ControlFlow::<()>::Continue(())
    })?;
    debug_assert!(flow.is_continue());
    Ok(facts)
}

/// `8` and `%` as 0.08, `120` and `亿元` as money, anything else as the number itself.
fn indicator_value(value: &str, unit: &str) -> Option<FactValue> {
    let number = Decimal::parse(value).ok()?;
    if matches!(unit, "%" | "％") {
        return Fraction::from_decimal(number.divided_by_power(2)).map(FactValue::Number);
    }
    match MoneyUnit::parse(unit) {
        Some(unit) => Fen::from_decimal(number, unit).ok().map(FactValue::Money),
        None => Fraction::from_decimal(number).map(FactValue::Number),
    }
}
