//! The JSON Schema of a kind's records, for the API.

use crate::App;
use duijie_record::{Field, FieldType, Schema};
use serde_json::{Map, Value, json};

impl App {
    /// The schema of one kind in JSON Schema 2020-12, as its records are exported.
    pub fn json_schema(&self, kind: &str) -> Option<Value> {
        self.schema(kind).map(of_kind)
    }
}

fn of_kind(schema: &Schema) -> Value {
    let properties: Map<String, Value> = schema.fields().map(|field| (field.key.clone(), of_field(field))).collect();
    let required: Vec<&str> = schema.fields().filter(|field| field.required).map(|field| field.key.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:duijie:{}", schema.kind),
        "title": schema.name.en,
        "description": schema.about.en,
        "type": "object",
        "required": ["id", "kind", "version", "region", "visibility", "state", "updated", "body"],
        "properties": {
            "id": {"type": "string", "pattern": format!("^{}-[0-9a-hjkmnp-tv-z]{{16}}$", schema.prefix)},
            "kind": {"const": schema.kind},
            "version": {"type": "integer", "minimum": 1},
            "region": {"type": "string", "pattern": "^[0-9]{6}$"},
            "visibility": {"enum": ["public", "registered", "parties", "office"]},
            "state": {"type": "object"},
            "updated": {"type": "string", "format": "date-time"},
            "body": {"type": "object", "properties": properties, "required": required, "additionalProperties": false}
        }
    })
}

fn of_field(field: &Field) -> Value {
    let mut value = match field.ty {
        FieldType::Integer => json!({"type": "integer"}),
        FieldType::Money => json!({"type": "integer", "description": "Fen, 1/100 CNY"}),
        FieldType::Bool => json!({"type": "boolean"}),
        FieldType::List | FieldType::Choices => json!({"type": "array", "items": {"type": "string"}}),
        FieldType::Decimal | FieldType::Ratio => json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}),
        FieldType::Date => json!({"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"}),
        FieldType::Region => json!({"type": "string", "pattern": "^[0-9]{6}$"}),
        FieldType::Point => json!({
            "type": "string",
            "pattern": "^-?[0-9]{1,3}\\.[0-9]{1,6},-?[0-9]{1,2}\\.[0-9]{1,6}$",
            "description": "Longitude and latitude in degrees, WGS 84",
        }),
        FieldType::Choice if !field.open => json!({"type": "string", "enum": field.options.iter().map(|choice| &choice.zh).collect::<Vec<_>>()}),
        _ => json!({"type": "string"}),
    };
    if let Value::Object(members) = &mut value {
        members.insert("title".into(), json!(field.name.en));
        members.insert("x-title-zh".into(), json!(field.name.zh));
        if let (Some(max), "string") = (field.max, members.get("type").and_then(Value::as_str).unwrap_or("")) {
            members.insert("maxLength".into(), json!(max));
        }
    }
    value
}
