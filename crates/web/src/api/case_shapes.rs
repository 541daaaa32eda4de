//! The shapes of casework in the API.

use super::shapes::{boolean, integer, many, object, one, optional, string, tuple};
use serde_json::{Value, json};

pub(super) fn add(add: &mut dyn FnMut(&str, Value)) {
    let words = || tuple(&[one("Text"), string()]);
    add(
        "CaseRow",
        object(&[
            ("id", string()),
            ("version", integer()),
            ("title", string()),
            ("state", string()),
            ("state_name", one("Text")),
            ("organization", optional(string())),
            ("region_name", string()),
            ("handler", optional(string())),
            ("turn", one("Text")),
            ("your_turn", boolean()),
            ("since", string()),
            ("due", optional(words())),
            ("late", boolean()),
            ("holds", many(one("Text"))),
            ("introductions", tuple(&[integer(), integer()])),
            ("quality", integer()),
        ]),
    );
    add("CaseCount", object(&[("state", string()), ("name", one("Text")), ("count", integer())]));
    add(
        "CaseDesk",
        object(&[
            ("counts", many(one("CaseCount"))),
            ("rows", many(one("CaseRow"))),
            ("next", optional(string())),
            ("may_open", boolean()),
            ("works", boolean()),
        ]),
    );
    add("Case", object(&case(&words)));
    let need = json!({ "type": "object", "required": ["title"], "description": "The fields of the form; money in 10,000 CNY as text." });
    let opening = json!({
        "type": "object", "required": ["need"], "properties": { "need": need, "submit": boolean() },
        "example": { "need": { "title": "叶片热障涂层", "problem": "热障涂层开裂" }, "submit": true }
    });
    add("CaseOpening", opening);
    let fields = json!({ "type": "object", "additionalProperties": string() });
    let act = json!({
        "type": "object", "required": ["verb"], "properties": { "verb": string(), "fields": fields }, "additionalProperties": false,
        "example": { "verb": "return", "fields": { "why": "请补充指标" } }
    });
    add("CaseAct", act);
}

fn case(words: &dyn Fn() -> Value) -> Vec<(&'static str, Value)> {
    let thing = |what: &str| json!({ "type": "object", "description": what });
    let things = |what: &str| many(thing(what));
    let day = || optional(tuple(&[string(), string()]));
    vec![
        ("id", string()),
        ("version", integer()),
        ("state", string()),
        ("state_name", one("Text")),
        ("since", string()),
        ("steps", things("The way that a case goes, and how far this one is.")),
        ("need", thing("The need as far as it is disclosed to the caller.")),
        ("region_name", string()),
        ("grade", string()),
        ("grade_reason", one("Text")),
        ("grade_next", optional(one("Text"))),
        ("handler", optional(string())),
        ("adviser", optional(string())),
        ("turn_of", optional(one("Text"))),
        ("turn", one("Text")),
        ("turn_why", optional(string())),
        ("your_turn", boolean()),
        ("due", optional(words())),
        ("quality", integer()),
        ("holds", things("Why it is held, and why a hold was lifted.")),
        ("introductions", things("One for each responder, with its status.")),
        ("meetings", things("What was talked about, and the result.")),
        ("agreement", day()),
        ("contract", optional(thing("The technology contract with its milestones and payments."))),
        ("delivery", day()),
        ("outcome", optional(one("Text"))),
        ("surveys", things("What both sides say of it.")),
        ("documents", things("Names and digests of documents.")),
        ("related", many(words())),
        ("timeline", things("What happened, each with its journal entry.")),
        ("actions", things("The acts that the caller may take, with the fields of each.")),
        ("may_write", boolean()),
        ("may_introduce", boolean()),
        ("may_attach", boolean()),
        ("as_of", optional(integer())),
    ]
}
