//! What ranking needs to know of a record, whatever its kind: its text by field, its classes,
//! place, maturity, money, age and how well it is filled in.

use crate::Standing;
use crate::ipc::Ipc;
use duijie_record::{Field, FieldType, Record, Schema, Value, Visibility};
use duijie_vocab::{Date, Fen, RecordId, RegionCode, Timestamp, industry};
use serde::{Deserialize, Serialize};

/// The text of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldText {
    /// The field's key.
    pub field: String,
    /// Its weight in search, from 1 to 10.
    pub weight: u8,
    pub text: String,
}

/// How far a technology is, by the five steps that the forms use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maturity {
    InDevelopment,
    SampleExists,
    PassedLabTrial,
    PassedPilot,
    ReadyForProduction,
}

/// What a resource costs, as far as its record says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRange {
    pub from: Option<Fen>,
    pub to: Option<Fen>,
}

/// A record as ranking sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub id: Option<RecordId>,
    pub kind: String,
    pub title: String,
    pub texts: Vec<FieldText>,
    /// 技术领域, uses and processes, as written.
    pub fields: Vec<String>,
    /// Codes of GB/T 4754 classes.
    pub industries: Vec<String>,
    /// Symbols of the patent classification, as the record gives them or its text names them.
    #[serde(default)]
    pub ipc: Vec<String>,
    /// The nation where no region is known.
    pub region: RegionCode,
    /// What a need wants, or what a resource has reached.
    pub maturity: Option<Maturity>,
    pub budget: Option<Fen>,
    pub price: PriceRange,
    /// Whom the record belongs to, as written.
    pub holder: Option<String>,
    pub valid_until: Option<Date>,
    /// A term of the record that says it cannot be had, such as 失效 or 停用.
    pub unavailable: Option<String>,
    pub updated: Option<Timestamp>,
    /// The share of its kind's describing fields that are filled, 0 to 1.
    pub completeness: f32,
    /// How earlier cases went with whoever answers for the record; nothing where that is not known
    /// or not to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// Keys of the fields that name what a record is about, over all kinds.
const TOPIC_FIELDS: [&str; 4] = ["fields", "uses", "processes", "disciplines"];
/// Field and value that say a resource cannot be had.
const UNAVAILABLE: [(&str, &str); 5] = [("legal_status", "失效"), ("condition", "停用"), ("condition", "维修"), ("status", "已撤回"), ("status", "已解决")];

impl FieldText {
    /// Text that stands in no particular field.
    pub fn plain(text: &str) -> FieldText {
        FieldText { field: "text".to_string(), weight: 1, text: text.to_string() }
    }
}

impl Maturity {
    pub const ALL: [Maturity; 5] =
        [Maturity::InDevelopment, Maturity::SampleExists, Maturity::PassedLabTrial, Maturity::PassedPilot, Maturity::ReadyForProduction];

    /// The term that records keep.
    pub fn term(self) -> &'static str {
        match self {
            Maturity::InDevelopment => "正在研发",
            Maturity::SampleExists => "已有样品",
            Maturity::PassedLabTrial => "通过小试",
            Maturity::PassedPilot => "通过中试",
            Maturity::ReadyForProduction => "可以量产",
        }
    }

    pub fn english(self) -> &'static str {
        match self {
            Maturity::InDevelopment => "in development",
            Maturity::SampleExists => "sample exists",
            Maturity::PassedLabTrial => "passed lab trial",
            Maturity::PassedPilot => "passed pilot",
            Maturity::ReadyForProduction => "ready for production",
        }
    }

    /// The step that a stored term names.
    pub fn of_term(term: &str) -> Option<Maturity> {
        Maturity::ALL.into_iter().find(|maturity| maturity.term() == term)
    }

    /// The step that a technology readiness level (GB/T 22900, 1 to 9) amounts to.
    pub fn of_trl(level: i64) -> Option<Maturity> {
        match level {
            1..=3 => Some(Maturity::InDevelopment),
            4 => Some(Maturity::SampleExists),
            5 => Some(Maturity::PassedLabTrial),
            6 | 7 => Some(Maturity::PassedPilot),
            8 | 9 => Some(Maturity::ReadyForProduction),
            _ => None,
        }
    }
}

impl Profile {
    /// The profile that everybody may see: fields above public are left out.
    pub fn from_record(record: &Record, schema: &Schema) -> Profile {
        Profile::for_viewer(record, schema, Visibility::Public)
    }

    /// The profile from the fields that `viewer` may read.
    pub fn for_viewer(record: &Record, schema: &Schema, viewer: Visibility) -> Profile {
        let readable = |field: &&Field| field.visibility <= viewer;
        let value = |key: &str| schema.field(key).filter(readable).and_then(|field| record.body.get(&field.key));
        let text = |key: &str| value(key).and_then(Value::as_text);
        let money = |key: &str| value(key).and_then(Value::as_int).map(Fen);
        let maturity = text("maturity").or_else(|| text("maturity_wanted")).and_then(Maturity::of_term);
        Profile {
            id: Some(record.id.clone()),
            kind: record.kind.clone(),
            title: text(&schema.title).unwrap_or_default().to_string(),
            texts: texts(record, schema, viewer),
            fields: TOPIC_FIELDS.iter().filter_map(|key| value(key)).flat_map(Value::items).cloned().collect(),
            industries: industries(record, schema, viewer),
            ipc: symbols(record, schema, viewer),
            region: record.region,
            maturity: maturity.or_else(|| value("trl").and_then(Value::as_int).and_then(Maturity::of_trl)),
            budget: money("budget"),
            price: PriceRange { from: money("price_from"), to: money("price_to") },
            holder: text(schema.owner.as_deref().unwrap_or(&schema.title)).map(str::to_string),
            valid_until: text("valid_until").or_else(|| text("until")).and_then(|date| Date::parse(date).ok()),
            unavailable: UNAVAILABLE.iter().find(|(key, term)| text(key) == Some(term)).map(|(_, term)| (*term).to_string()),
            updated: Some(record.updated),
            completeness: completeness(record, schema, viewer),
            standing: None,
        }
    }

    /// A profile of nothing but text, for a need that somebody has just typed.
    pub fn of_text(text: &str) -> Profile {
        Profile {
            id: None,
            kind: "need".to_string(),
            title: text.chars().take(60).collect(),
            texts: vec![FieldText::plain(text)],
            fields: Vec::new(),
            industries: Vec::new(),
            ipc: Ipc::in_text(text).iter().map(|symbol| symbol.as_str().to_string()).collect(),
            region: RegionCode::NATION,
            maturity: None,
            budget: None,
            price: PriceRange::default(),
            holder: None,
            valid_until: None,
            unavailable: None,
            updated: None,
            completeness: 0.0,
            standing: None,
        }
    }
}

fn texts(record: &Record, schema: &Schema, viewer: Visibility) -> Vec<FieldText> {
    let searched = schema.fields().filter(|field| field.search > 0 && field.visibility <= viewer);
    // Whose a record is says nothing about what it is about.
    let about = searched.filter(|field| schema.owner.as_deref() != Some(field.key.as_str()));
    about
        .filter_map(|field| {
            let text = record.body.get(&field.key)?.items().join("；");
            (!text.is_empty()).then(|| FieldText { field: field.key.clone(), weight: field.search.min(10), text })
        })
        .collect()
}

fn industries(record: &Record, schema: &Schema, viewer: Visibility) -> Vec<String> {
    let named = schema.fields().filter(|field| field.visibility <= viewer && (field.ty == FieldType::Industry || field.key == "industries"));
    let given = named.filter_map(|field| record.body.get(&field.key)).flat_map(Value::items);
    given.filter_map(|text| industry(text)).map(|class| class.code.to_string()).collect()
}

/// The symbols of the field for them, and those that the text names in full.
fn symbols(record: &Record, schema: &Schema, viewer: Visibility) -> Vec<String> {
    let readable = |key: &str| schema.field(key).filter(|field| field.visibility <= viewer).and_then(|field| record.body.get(&field.key));
    let given = readable("ipc").into_iter().flat_map(Value::items).filter_map(|symbol| Ipc::parse(symbol));
    let told = ["main_problem", "key_technology", "description", "patents"].into_iter().filter_map(readable).flat_map(Value::items);
    let mut symbols: Vec<Ipc> = given.chain(told.flat_map(|text| Ipc::in_text(text))).collect();
    symbols.sort();
    symbols.dedup();
    symbols.iter().map(|symbol| symbol.as_str().to_string()).collect()
}

/// Fields that describe a record are those one searches, lists or narrows by.
fn completeness(record: &Record, schema: &Schema, viewer: Visibility) -> f32 {
    let describing = |field: &&Field| (field.search > 0 || field.facet || field.listed) && field.visibility <= viewer && field.key != "invented";
    let all = schema.fields().filter(describing).count();
    let filled = schema.fields().filter(describing).filter(|field| record.body.contains_key(&field.key)).count();
    if all == 0 { 0.0 } else { filled as f32 / all as f32 }
}
