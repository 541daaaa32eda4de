//! JSON Schemas of measure files and of the vocabulary, for editors: completion of keys, the words a
//! key may take, and a short help for each.

use serde_json::{Value, json};

/// The schema (draft 2020-12) of a measure file: one measure or a list of versions.
pub fn measure_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "measure 政策措施",
        "oneOf": [{ "$ref": "#/$defs/measure" }, { "type": "array", "items": { "$ref": "#/$defs/measure" } }],
        "$defs": {
            "text": text(),
            "rule": rule(),
            "condition": condition(),
            "basis": object(&[("document", string("文件名称 name of the document")), ("issuer", string("发文机关 issuer")), ("number", string("文号 number")), ("year", scalar("年份 year")), ("clause", string("条款 clause")), ("url", string("网址 address"))], &[]),
            "measure": measure(),
        },
    })
}

/// The schema of a `facts.yaml`.
pub fn facts_schema() -> Value {
    let fact = object(
        &[
            ("key", string("英文键 English key, in a list of facts")),
            ("name", json!({ "$ref": "#/$defs/text" })),
            ("zh", string("中文名 Chinese name")),
            ("en", string("英文名 English name")),
            ("aliases", strings("其他名称 more names")),
            ("kind", words("类型 kind", &["money", "ratio", "count", "number", "length", "date", "code", "text", "set", "bool"])),
            ("unit", string("单位 unit")),
            ("period", words("期间 period", &["year", "quarter", "month", "instant"])),
            ("scope", words("归属 whose fact it is", &["subject", "region"])),
            ("source", strings("数据来源 systems that know it")),
            ("confidentiality", words("公开范围 who may see it", &["public", "registered", "parties", "office"])),
            ("question", json!({ "$ref": "#/$defs/text" })),
            ("min", scalar("下限 lower bound")),
            ("max", scalar("上限 upper bound")),
            ("values", strings("可取的值 words it may take")),
            ("rule", json!({ "$ref": "#/$defs/rule" })),
            ("note", string("备注 note")),
        ],
        &[],
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "facts 指标表",
        "type": "object",
        "properties": { "facts": { "oneOf": [{ "type": "object", "additionalProperties": { "$ref": "#/$defs/fact" } }, { "type": "array", "items": { "$ref": "#/$defs/fact" } }] } },
        "$defs": { "text": text(), "rule": rule(), "fact": fact },
    })
}

fn text() -> Value {
    json!({ "oneOf": [{ "type": ["string", "number"] }, { "type": "object", "properties": { "zh": { "type": "string" }, "en": { "type": "string" } }, "additionalProperties": false }] })
}

fn rule() -> Value {
    json!({ "type": ["string", "number", "boolean"], "description": "表达式 an expression" })
}

fn string(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn scalar(description: &str) -> Value {
    json!({ "type": ["string", "number"], "description": description })
}

fn strings(description: &str) -> Value {
    json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }], "description": description })
}

fn words(description: &str, words: &[&str]) -> Value {
    json!({ "enum": words, "description": description })
}

fn object(properties: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = properties.iter().map(|(key, schema)| (key.to_string(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": { "$ref": format!("#/$defs/{of}") } })
}

fn condition() -> Value {
    let mut schema = object(
        &[
            ("label", json!({ "$ref": "#/$defs/text" })),
            ("clause", string("条款 clause")),
            ("rule", json!({ "$ref": "#/$defs/rule" })),
            ("attest", string("由谁核验 who confirms it")),
            ("any_of", list("condition")),
            ("all_of", list("condition")),
            ("none_of", list("condition")),
            ("note", string("备注 note")),
        ],
        &[],
    );
    schema["oneOf"] = Value::Array(["rule", "attest", "any_of", "all_of", "none_of"].map(|key| json!({ "required": [key] })).to_vec());
    json!({ "oneOf": [{ "type": "string" }, schema] })
}

fn measure() -> Value {
    let text = || json!({ "$ref": "#/$defs/text" });
    let rule = || json!({ "$ref": "#/$defs/rule" });
    let row = object(
        &[
            ("value", rule()),
            ("when", rule()),
            ("from", string("起 first day")),
            ("to", string("止 last day")),
            ("until", string("止 last day")),
            ("clause", string("条款 clause")),
            ("note", string("备注 note")),
        ],
        &["value"],
    );
    let benefit = object(
        &[
            ("kind", words("方式 kind of benefit", &crate::BenefitKind::words())),
            ("amount", rule()),
            ("rate", rule()),
            ("base", rule()),
            ("cap", rule()),
            ("floor", rule()),
            ("rounding", object(&[("to", string("取整到 step")), ("mode", words("方式 mode", &["half_up", "half_even", "down", "up"]))], &[])),
            ("note", text()),
        ],
        &[],
    );
    let example = object(
        &[
            ("name", text()),
            ("facts", json!({ "type": ["object", "null"] })),
            ("region_facts", json!({ "type": ["object", "null"] })),
            ("region", scalar("区划代码 code of the region")),
            ("period", scalar("期间 period")),
            ("on", string("日期 day of the decision")),
            ("attested", json!({ "type": "object" })),
            (
                "together",
                json!({ "type": "object", "description": "几项措施合并后各付多少 what each measure pays when all are decided", "additionalProperties": { "type": "string" } }),
            ),
            ("expect", json!({ "enum": crate::Outcome::ALL.map(crate::Outcome::name) })),
            ("amount", scalar("金额 amount")),
            ("note", string("备注 note")),
        ],
        &["expect"],
    );
    object(
        &[
            ("id", string("编号 unique id")),
            ("name", text()),
            ("basis", json!({ "type": "array", "items": { "oneOf": [{ "type": "string" }, { "$ref": "#/$defs/basis" }] } })),
            ("region", scalar("区划代码 code of the region")),
            ("subject", string("对象 for whom")),
            ("in_force", string("有效期 2021-01-01..2023-12-31")),
            ("period", words("期间 period", &["year", "quarter", "month", "once"])),
            ("window", json!({ "oneOf": [{ "type": "string" }, { "type": "object" }], "description": "申报时间 03-01..04-30" })),
            ("delivery", words("办理方式 delivery", &["automatic", "confirm", "apply"])),
            ("when", list("condition")),
            ("parameters", json!({ "type": "object", "additionalProperties": { "oneOf": [rule(), { "type": "array", "items": row }] } })),
            ("benefit", benefit),
            ("resumes", json!({ "enum": [true, false, "是", "否"], "description": "此前是否确曾中断 whether it lapsed before this version" })),
            ("validity", scalar("结果有效期 how long the result holds")),
            ("exclusive", strings("互斥组 groups")),
            ("shared_cap", object(&[("group", string("组名 group")), ("cap", string("金额，如 300万元 an amount"))], &["group", "cap"])),
            (
                "budget",
                json!({ "oneOf": [{ "type": "string" }, object(&[("pool", string("资金池 pool")), ("order", words("次序 order", &["first_come", "highest_first", "pro_rata"])), ("amount", scalar("总额 amount")), ("note", string("备注 note"))], &["pool"])] }),
            ),
            ("certainty", words("可靠程度 certainty", &["A", "B", "C"])),
            ("interpretation", text()),
            ("source", strings("出处 where it was found")),
            ("note", text()),
            ("version", scalar("版本 version, for readers only")),
            ("examples", json!({ "type": "array", "items": example })),
        ],
        &["id", "name", "when"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(schema: &Value) -> Vec<&str> {
        let mut keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_schemas_name_exactly_the_keys_that_are_read() {
        let sorted = |keys: &[&'static str]| {
            let mut keys = keys.to_vec();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys(&measure_schema()["$defs"]["measure"]), sorted(&crate::measure::MEASURE_KEYS));
        let schema = facts_schema();
        let mut facts = keys(&schema["$defs"]["fact"]);
        // `type` is read as another word for `kind` and not offered.
        facts.push("type");
        facts.sort_unstable();
        assert_eq!(facts, sorted(&crate::vocabulary::FACT_KEYS));
    }
}
