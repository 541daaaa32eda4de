//! From the cells of one row, or the fields of one form, to a checked record body.

use crate::check::Raw;
use crate::{Body, FieldType, Record, RecordState, Schema, Source, Units, Value, Visibility, read_field};
use duijie_vocab::{Diagnostic, Place, RecordId, RegionCode, Text, Timestamp, name_key, text};

/// What was given for one record, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub fields: Vec<DraftField>,
    /// Where the whole of it stands.
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct DraftField {
    pub key: String,
    pub raw: Raw,
    pub units: Units,
    pub place: Place,
}

/// A body whose every field was accepted, and the region that it names.
#[derive(Clone, Debug)]
pub struct Checked {
    pub body: Body,
    pub region: Option<RegionCode>,
}

/// Checks every field of `draft`. Refused if any field was; all refusals come at once.
pub fn check_draft(schema: &Schema, draft: &Draft) -> Result<Checked, Vec<Diagnostic>> {
    let mut body = Body::new();
    let mut faults = Vec::new();
    for given in &draft.fields {
        let Some(field) = schema.field(&given.key) else { continue };
        match read_field(field, &given.raw, &given.units) {
            Ok(Some(value)) => {
                body.insert(given.key.clone(), value);
            }
            Ok(None) => {}
            Err(fault) => {
                let place = Place { field: Some(given.key.clone()), ..given.place.clone() };
                faults.push(fault.at(place));
            }
        }
    }
    for field in schema.fields().filter(|field| field.required && !body.contains_key(&field.key)) {
        if faults.iter().any(|fault| fault.place.field.as_deref() == Some(&field.key)) {
            continue;
        }
        let place = Place { field: Some(field.key.clone()), ..draft.place.clone() };
        let missing = Text::new(format!("缺少必填的“{}”", field.name.zh), format!("the required field “{}” is missing", field.name.en));
        faults.push(Diagnostic::error("field.missing", missing).at(place).help(text!("请补填后重新导入", "fill it in and import again")));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let region = body.get(&schema.region).and_then(Value::as_text).and_then(|code| RegionCode::parse(code).ok());
    Ok(Checked { body, region })
}

/// A name under which a record can be found. Strong keys say which record it is; weak ones are
/// what references call it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub text: String,
    pub strong: bool,
}

/// What a reference field points to: some record of kind `to_kind` with the key `to_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub field: String,
    pub to_kind: String,
    pub to_key: String,
}

impl Schema {
    /// The keys of a record with this body: strong ones in the schema's order, then the names that
    /// references use. A record without any natural key gets one from what it says; `occurrence`
    /// counts from 1 among rows of one file that say the same.
    pub fn keys_of(&self, body: &Body, region: RegionCode, occurrence: usize) -> Vec<Key> {
        let strong = |text| Key { text, strong: true };
        let mut keys: Vec<Key> = self.keys.iter().filter_map(|fields| self.key_of(fields, body, region)).map(strong).collect();
        if keys.is_empty() {
            keys.push(strong(self.key_of_content(body, occurrence)));
        }
        let names = [(self.title.as_str(), self.title.as_str()), ("short_name", self.title.as_str())];
        for (field, called) in names {
            if let Some(name) = body.get(field).and_then(Value::as_text) {
                let text = format!("{called}={}", self.key_part(field, name));
                if !keys.iter().any(|key| key.text == text) {
                    keys.push(Key { text, strong: false });
                }
            }
        }
        keys
    }

    /// Whether a record with this body has a natural key, so that it can be told from others.
    pub fn has_key(&self, body: &Body, region: RegionCode) -> bool {
        self.keys.iter().any(|fields| self.key_of(fields, body, region).is_some())
    }

    /// The key over `fields`, if all of them are filled; a missing region is the record's.
    fn key_of(&self, fields: &[String], body: &Body, region: RegionCode) -> Option<String> {
        let mut parts = Vec::with_capacity(fields.len());
        for key in fields {
            let value = match body.get(key) {
                _ if *key == self.region => region.to_string(),
                Some(Value::Text(text)) => self.key_part(key, text),
                Some(Value::Int(number)) => number.to_string(),
                Some(Value::Bool(truth)) => truth.to_string(),
                Some(Value::List(items)) => name_key(&items.concat()),
                None => return None,
            };
            if value.is_empty() {
                return None;
            }
            parts.push(format!("{key}={value}"));
        }
        Some(parts.join("&"))
    }

    fn key_of_content(&self, body: &Body, occurrence: usize) -> String {
        let said: Body = match self.apart.as_slice() {
            [] => body.clone(),
            fields => fields.iter().filter_map(|key| body.get_key_value(key)).map(|(key, value)| (key.clone(), value.clone())).collect(),
        };
        let bytes = crate::canonical_json(&said).expect("BUG: a body always serializes");
        let digest = duijie_vocab::Digest::of(&[bytes.as_bytes()]);
        if occurrence > 1 { format!("content={digest}#{occurrence}") } else { format!("content={digest}") }
    }

    fn key_part(&self, key: &str, text: &str) -> String {
        let ty = self.field(key).map(|field| field.ty);
        match ty {
            Some(FieldType::Text | FieldType::LongText | FieldType::Reference) => {
                let folded = name_key(text);
                // Long descriptions take part by their digest, so that keys stay short.
                if folded.len() > 200 { duijie_vocab::Digest::of(&[folded.as_bytes()]).to_string() } else { folded }
            }
            _ => text.to_string(),
        }
    }

    /// What the reference fields of `body` point to.
    pub fn references_of(&self, body: &Body) -> Vec<Reference> {
        let mut found = Vec::new();
        for field in self.fields().filter(|field| field.ty == FieldType::Reference) {
            let (Some(to), Some(text)) = (&field.to, body.get(&field.key).and_then(Value::as_text)) else { continue };
            let Some(target) = crate::schema(to) else { continue };
            let to_key = match duijie_vocab::CreditCode::parse(text) {
                Ok(code) if target.field("credit_code").is_some() => format!("credit_code={code}"),
                _ => format!("{}={}", target.title, name_key(text)),
            };
            found.push(Reference { field: field.key.clone(), to_kind: to.clone(), to_key });
        }
        found
    }

    /// A new record of this kind. Its id follows from its first key.
    pub fn new_record(&self, checked: Checked, fallback: RegionCode, source: Source, at: Timestamp, occurrence: usize) -> Record {
        let region = checked.region.unwrap_or(fallback);
        let keys = self.keys_of(&checked.body, region, occurrence);
        let first = keys.first().map_or("", |key| key.text.as_str());
        Record {
            id: RecordId::derive(&self.prefix, first),
            kind: self.kind.clone(),
            version: 1,
            region,
            visibility: self.visibility,
            state: RecordState::Active,
            updated: at,
            source,
            marks: Default::default(),
            body: checked.body,
        }
    }

    /// What a record is called.
    pub fn title_of<'a>(&self, body: &'a Body) -> &'a str {
        body.get(&self.title).and_then(Value::as_text).unwrap_or("")
    }

    /// `body` with only the fields that a reader of level `viewer` may see.
    pub fn visible_body(&self, body: &Body, viewer: Visibility) -> Body {
        let may_see = |key: &str| self.field(key).is_some_and(|field| field.visibility <= viewer);
        body.iter().filter(|(key, _)| may_see(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    fn draft(fields: &[(&str, &str)]) -> Draft {
        let field = |(key, text): &(&str, &str)| DraftField {
            key: (*key).into(),
            raw: Raw::text(*text),
            units: Units::default(),
            place: Place { cell: Some(format!("{key}!")), ..Place::default() },
        };
        Draft { fields: fields.iter().map(field).collect(), place: Place { row: Some(7), ..Place::default() } }
    }

    #[test]
    fn a_good_draft_becomes_a_record_with_a_stable_id() {
        let organization = schema("organization").unwrap();
        let checked = check_draft(organization, &draft(&[("name", "常州 示例有限公司"), ("region", "天宁区"), ("phone", "0519-85680000")])).unwrap();
        let at = Timestamp::from_micros(0).unwrap();
        let record = organization.new_record(checked.clone(), RegionCode::NATION, Source::default(), at, 1);
        assert_eq!(record.region.to_string(), "320402");
        assert_eq!(record.id, organization.new_record(checked, RegionCode::NATION, Source::default(), at, 1).id);
        let keys: Vec<_> = organization.keys_of(&record.body, record.region, 1).into_iter().map(|key| (key.text, key.strong)).collect();
        assert_eq!(keys, [("name=常州示例有限公司&region=320402".to_string(), true), ("name=常州示例有限公司".to_string(), false)]);
        assert!(!organization.visible_body(&record.body, Visibility::Public).contains_key("phone"));
        assert!(organization.visible_body(&record.body, Visibility::Parties).contains_key("phone"));
    }

    #[test]
    fn rows_without_a_key_are_told_apart_by_what_they_say_and_by_their_turn() {
        let need = schema("need").unwrap();
        let body = check_draft(need, &draft(&[("title", "防爆电池"), ("main_problem", "锂电池防爆")])).unwrap().body;
        assert!(!need.has_key(&body, RegionCode::NATION));
        let first = &need.keys_of(&body, RegionCode::NATION, 1)[0];
        let second = &need.keys_of(&body, RegionCode::NATION, 2)[0];
        assert!(first.strong && second.strong && first != second);
        let with_owner = check_draft(need, &draft(&[("title", "防爆电池"), ("organization", "某公司")])).unwrap().body;
        assert_eq!(need.keys_of(&with_owner, RegionCode::NATION, 2)[0].text, "title=防爆电池&organization=某公司");
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let need = schema("need").unwrap();
        let faults = check_draft(need, &draft(&[("until", "2021-02-30"), ("budget", "面议")])).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.code.as_str(), fault.place.field.as_deref().unwrap())).collect();
        assert_eq!(told, [("date.none", "until"), ("money.form", "budget"), ("field.missing", "title")]);
        assert_eq!(faults[2].message.en, "the required field “Title” is missing");
        assert_eq!(faults[2].message.zh, "缺少必填的“需求名称”");
    }

    #[test]
    fn references_name_their_target_by_name_or_code() {
        let need = schema("need").unwrap();
        let body = Body::from([("organization".to_string(), Value::text("常州（示例）公司"))]);
        assert_eq!(need.references_of(&body)[0].to_key, "name=常州示例公司");
        let body = Body::from([("organization".to_string(), Value::text("91350100M000100Y43"))]);
        assert_eq!(need.references_of(&body)[0].to_key, "credit_code=91350100M000100Y43");
    }
}
