//! A record as a document of the index.

use crate::fields::Fields;
use crate::key::Key;
use crate::names::{name_keys, title_order};
use crate::tokenizer::weighted;
use crate::vectors::RecordPlace;
use duijie_record::{Field, FieldType, Record, RecordState, Schema, Value, Visibility, schemas};
use duijie_vocab::{Date, RegionCode};
use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;

/// So much of a field is indexed, and so much of a record is kept to cut snippets from, in characters.
const MAX_INDEXED: usize = 100_000;
const MAX_SHOWN: usize = 4_000;
/// No list shows more of a value, and no facet is longer.
const MAX_LISTED: usize = 120;

/// The filter, and its value, that records with a place of their own pass.
pub const PLACED: &str = "placed";
pub const PLACED_YES: &str = "yes";

/// What a result page needs, kept with the document.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    /// Listed fields: key, who may read it, value.
    pub(crate) listed: Vec<(String, Visibility, String)>,
    /// Searched fields but the title: key, who may read it, text.
    pub(crate) texts: Vec<(String, Visibility, String)>,
}

/// Validity, region, kind, state and visibility of a record, packed: what decides whether a viewer may
/// see it and whether common filters let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate(pub(crate) u64);

impl Gate {
    fn of(record: &Record) -> Gate {
        let last_day = u64::from(valid_until(record).map_or(0, day_number));
        Gate(last_day << VALIDITY | Gate::at(&RecordPlace::of(record)).0)
    }

    pub(crate) fn at(place: &RecordPlace) -> Gate {
        let region: u64 = place.region.to_string().parse().unwrap_or(0);
        Gate(region << 16 | u64::from(kind_number(&place.kind)) << 8 | u64::from(!place.active) << 2 | place.visibility as u64)
    }

    pub(crate) fn readable(self, viewer: Visibility) -> bool {
        self.0 & 0b11 <= viewer as u64
    }

    pub(crate) fn active(self) -> bool {
        self.0 & 0b100 == 0
    }

    pub(crate) fn kind(self) -> u8 {
        (self.0 >> 8) as u8
    }

    pub(crate) fn region(self) -> u32 {
        (self.0 >> 16) as u32 & REGION_MASK
    }

    /// Whether the record is still valid on the day with this number.
    pub(crate) fn valid_on(self, day: u32) -> bool {
        let last = (self.0 >> VALIDITY) as u32;
        last == 0 || last >= day
    }

    pub(crate) fn region_code(self) -> RegionCode {
        RegionCode::parse(&format!("{:06}", self.region())).unwrap_or(RegionCode::NATION)
    }
}

/// Where the last day of validity stands in a gate, above the six digits of a region.
const VALIDITY: u32 = 40;
const REGION_MASK: u32 = 0xf_ffff;
/// Fields that say until when a record is valid, whatever its kind.
const VALIDITY_FIELDS: [&str; 2] = ["valid_until", "until"];

/// The last day on which a record is valid, where everybody may read it.
fn valid_until(record: &Record) -> Option<Date> {
    let schema = schemas().get(&record.kind)?;
    let public = |key: &&str| schema.field(key).is_some_and(|field| field.visibility == Visibility::Public);
    let field = VALIDITY_FIELDS.into_iter().filter(public).find(|key| record.body.contains_key(*key))?;
    Date::parse(record.text(field)).ok().map(Date::last_day)
}

/// A day as a number from 1, which fits into a gate.
pub(crate) fn day_number(day: Date) -> u32 {
    u32::try_from(day.days_since_epoch() + 1).unwrap_or(0).clamp(1, 0xff_ffff)
}

/// A kind's number among the built-in schemas; 255 for a kind without one.
pub(crate) fn kind_number(kind: &str) -> u8 {
    schemas().iter().position(|schema| schema.kind == kind).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// One term of the facet field. Filters and counts of a viewer use only levels that he may read.
pub(crate) fn facet_term(level: Visibility, field: &str, value: &str) -> String {
    let value: String = value.chars().take(MAX_LISTED).collect();
    format!("{}{field}\u{1f}{value}", level as u8)
}

/// The term in `flags` of records that only viewers of `level` and above may read.
pub(crate) fn level_flag(level: Visibility) -> &'static str {
    level.as_str()
}

pub(crate) const INACTIVE: &str = "inactive";

pub(crate) fn document(fields: &Fields, record: &Record) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    let schema = schemas().get(&record.kind);
    let title = title(record, schema);
    document.add_text(fields.id, record.id.as_str());
    add_place(&mut document, fields, record);
    document.add_u64(fields.gate, Gate::of(record).0);
    document.add_i64(fields.updated, record.updated.micros());
    if let Some(day) = valid_until(record) {
        document.add_u64(fields.last_day, u64::from(day_number(day)));
    }
    let key = Key::of(&record.id, &record.kind);
    document.add_u64(fields.key, key.first);
    document.add_u64(fields.key_rest, key.rest);
    let [first, second] = title_order(title);
    document.add_u64(fields.order[0], first);
    document.add_u64(fields.order[1], second);
    for key in name_keys(title) {
        document.add_text(fields.names, key);
    }
    if record.visibility != Visibility::Public {
        document.add_text(fields.flags, level_flag(record.visibility));
    }
    if record.state != RecordState::Active {
        document.add_text(fields.flags, INACTIVE);
    }
    document.add_text(fields.facets, facet_term(Visibility::Public, "kind", &record.kind));
    let mut shown = Shown { id: record.id.as_str().to_string(), kind: record.kind.clone(), title: title.to_string(), listed: Vec::new(), texts: Vec::new() };
    for field in schema.into_iter().flat_map(Schema::fields) {
        if let Some(value) = record.body.get(&field.key) {
            add_field(&mut document, fields, &mut shown, schema, field, value);
        }
    }
    // A record always serializes: strings and small enums only.
    document.add_bytes(fields.shown, &serde_json::to_vec(&shown).expect("BUG: what is shown of a record does not serialize"));
    document
}

/// The title, if everybody who may read the record may read it.
fn title<'r>(record: &'r Record, schema: Option<&Schema>) -> &'r str {
    match schema.and_then(|schema| schema.field(&schema.title)) {
        Some(field) if field.visibility == Visibility::Public => record.text(&field.key),
        _ => "",
    }
}

fn add_place(document: &mut TantivyDocument, fields: &Fields, record: &Record) {
    let mut at = Some(record.region);
    while let Some(region) = at.filter(|&region| region != RegionCode::NATION) {
        document.add_text(fields.region, region.to_string());
        at = region.parent();
    }
    if record.region != RegionCode::NATION {
        document.add_text(fields.facets, facet_term(Visibility::Public, "region", &record.region.to_string()));
    }
}

fn add_field(document: &mut TantivyDocument, fields: &Fields, shown: &mut Shown, schema: Option<&Schema>, field: &Field, value: &Value) {
    let is_title = schema.is_some_and(|schema| schema.title == field.key) && field.visibility == Visibility::Public;
    if field.search > 0 {
        let text = plain(value);
        let indexed: &str = text.char_indices().nth(MAX_INDEXED).map_or(text.as_str(), |(end, _)| &text[..end]);
        document.add_text(fields.text[field.visibility as usize], weighted(indexed, repeats(field.search)));
        let kept: usize = shown.texts.iter().map(|(_, _, text)| text.len() / 3).sum();
        if !is_title && kept < MAX_SHOWN {
            shown.texts.push((field.key.clone(), field.visibility, text.chars().take(MAX_SHOWN - kept).collect()));
        }
    }
    if field.facet && field.ty != FieldType::Region {
        for item in facet_values(value) {
            document.add_text(fields.facets, facet_term(field.visibility, &field.key, &item));
        }
    }
    if field.ty == FieldType::Point {
        document.add_text(fields.facets, facet_term(field.visibility, PLACED, PLACED_YES));
    }
    if is_code(field) {
        for code in value.items().iter().filter_map(|item| code_key(item)) {
            document.add_text(fields.code, code);
        }
    }
    if field.listed && !is_title {
        shown.listed.push((field.key.clone(), field.visibility, plain(value).chars().take(MAX_LISTED).collect()));
    }
}

/// How often a term of a field with this search weight counts.
fn repeats(search: u8) -> u32 {
    match search {
        7.. => 3,
        4..=6 => 2,
        _ => 1,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.join("；"),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
    }
}

fn facet_values(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.clone(),
        other => vec![plain(other)],
    }
}

/// Fields that identify a record. Only public ones: an exact look-up must not confirm a guess.
fn is_code(field: &Field) -> bool {
    const KEYS: [&str; 5] = ["number", "document_number", "stock_code", "inhouse_number", "patents"];
    field.visibility == Visibility::Public && (matches!(field.ty, FieldType::CreditCode | FieldType::PatentNumber) || KEYS.contains(&field.key.as_str()))
}

/// A code as it is compared: letters and digits in upper case, without the `ZL` of patents.
pub(crate) fn code_key(text: &str) -> Option<String> {
    let folded = duijie_vocab::fold_width(text).to_uppercase();
    let bare: String = folded.chars().filter(|c| c.is_alphanumeric()).take(80).collect();
    let bare = bare.strip_prefix("ZL").unwrap_or(&bare);
    (bare.chars().count() >= 4).then(|| bare.to_string())
}
