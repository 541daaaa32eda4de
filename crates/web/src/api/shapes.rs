//! The shapes of the API's answers as JSON Schema. A test holds each against a real value of its
//! view type, so that a field that is added, renamed or dropped shows here.

use duijie_app::HookEvent;
use serde_json::{Map, Value, json};

/// Every shape by its name.
pub(crate) fn all() -> Map<String, Value> {
    let mut shapes = Map::new();
    let mut add = |name: &str, shape: Value| {
        shapes.insert(name.to_string(), shape);
    };
    add("Text", object(&[("zh", string()), ("en", string())]));
    add("RecordRef", object(&[("id", string()), ("kind", string()), ("title", string())]));
    add("RecordRefs", many(one("RecordRef")));
    add("Segment", object(&[("text", string()), ("hit", boolean())]));
    add(
        "Hit",
        object(&[
            ("id", string()),
            ("kind", string()),
            ("kind_name", one("Text")),
            ("title", many(one("Segment"))),
            ("snippet", many(one("Segment"))),
            ("region", string()),
            ("region_name", string()),
            ("listed", many(tuple(&[one("Text"), one("Text")]))),
            ("updated", string()),
            ("updated_on", string()),
            ("by_meaning", boolean()),
        ]),
    );
    add("FacetValue", object(&[("value", string()), ("name", one("Text")), ("count", integer()), ("chosen", boolean())]));
    add("Facet", object(&[("field", string()), ("name", one("Text")), ("values", many(one("FacetValue")))]));
    add(
        "SearchPage",
        object(&[
            ("total", integer()),
            ("page", integer()),
            ("pages", integer()),
            ("hits", many(one("Hit"))),
            ("facets", many(one("Facet"))),
            ("as_of", integer()),
            ("without_meaning", optional(one("Text"))),
        ]),
    );
    add(
        "FieldView",
        object(&[
            ("key", string()),
            ("name", one("Text")),
            ("ty", string()),
            ("shown", one("Text")),
            ("items", many(one("Text"))),
            ("link", optional(one("RecordRef"))),
            ("curated_by", optional(string())),
        ]),
    );
    add("GroupView", object(&[("name", one("Text")), ("fields", many(one("FieldView")))]));
    add("Relation", object(&[("kind", string()), ("name", one("Text")), ("records", many(one("RecordRef"))), ("total", integer())]));
    add("HistoryLine", object(&[("seq", integer()), ("at", string()), ("actor", string()), ("what", one("Text"))]));
    add(
        "RecordView",
        object(&[
            ("id", string()),
            ("kind", string()),
            ("kind_name", one("Text")),
            ("title", string()),
            ("region", string()),
            ("region_path", string()),
            ("state", string()),
            ("version", integer()),
            ("updated", string()),
            ("updated_on", string()),
            ("source", string()),
            ("groups", many(one("GroupView"))),
            ("relations", many(one("Relation"))),
            ("history", many(one("HistoryLine"))),
            ("may_edit", boolean()),
            ("withheld", boolean()),
        ]),
    );
    add(
        "PartView",
        object(&[("part", string()), ("name", one("Text")), ("adds", number()), ("percent", integer()), ("known", boolean()), ("reason", one("Text"))]),
    );
    add(
        "MatchView",
        object(&[
            ("record", one("RecordRef")),
            ("owner", string()),
            ("region_name", string()),
            ("percent", integer()),
            ("score", number()),
            ("parts", many(one("PartView"))),
            ("for_reasons", many(one("Text"))),
            ("against_reasons", many(one("Text"))),
            ("shared_terms", many(string())),
            ("in_asked", many(one("Segment"))),
            ("in_found", many(one("Segment"))),
        ]),
    );
    add("MatchGroup", object(&[("kind", string()), ("kind_name", one("Text")), ("matches", many(one("MatchView")))]));
    add("Matches", object(&[("of", one("RecordRef")), ("groups", many(one("MatchGroup"))), ("as_of", integer()), ("without_meaning", optional(one("Text")))]));
    add("AlikeNeed", object(&[("relation", string()), ("advice", one("Text")), ("same_text", integer()), ("found", one("MatchView"))]));
    add("NeedsAlike", object(&[("of", one("RecordRef")), ("needs", many(one("AlikeNeed"))), ("as_of", integer())]));
    add(
        "EvidenceView",
        object(&[
            ("kind", string()),
            ("kind_name", one("Text")),
            ("record", optional(one("RecordRef"))),
            ("adds", number()),
            ("percent", integer()),
            ("reason", one("Text")),
        ]),
    );
    add(
        "ExpertView",
        object(&[
            ("record", one("RecordRef")),
            ("organization", string()),
            ("region_name", string()),
            ("percent", integer()),
            ("score", number()),
            ("evidence", many(one("EvidenceView"))),
        ]),
    );
    add("Experts", object(&[("of", one("RecordRef")), ("experts", many(one("ExpertView"))), ("as_of", integer())]));
    add("Count", tuple(&[string(), one("Text"), integer()]));
    add(
        "ConditionView",
        object(&[
            ("label", one("Text")),
            ("verdict", string()),
            ("depth", integer()),
            ("sentence", one("Text")),
            ("expression", string()),
            ("clause", string()),
        ]),
    );
    add(
        "DecisionView",
        object(&[
            ("measure", string()),
            ("name", one("Text")),
            ("outcome", string()),
            ("outcome_name", one("Text")),
            ("amount", one("Text")),
            ("reason", one("Text")),
            ("delivery", one("Text")),
            ("basis", many(one("Text"))),
            ("conditions", many(one("ConditionView"))),
            ("missing", many(one("Text"))),
            ("amount_missing", many(one("Text"))),
            ("amount_fen", integer()),
            ("effort", one("Text")),
            ("beside", one("Text")),
        ]),
    );
    policy(&mut add);
    add(
        "DecisionsView",
        object(&[
            ("organization", one("RecordRef")),
            ("period", string()),
            ("on", string()),
            ("counts", many(one("Count"))),
            ("decisions", many(one("DecisionView"))),
            ("ask_next", many(one("AskNext"))),
            ("combination", one("CombinationView")),
        ]),
    );
    add(
        "MeasureLine",
        object(&[
            ("id", string()),
            ("name", one("Text")),
            ("region_name", string()),
            ("delivery", one("Text")),
            ("in_force", string()),
            ("conditions", integer()),
            ("counts", many(one("Count"))),
        ]),
    );
    add("MeasureLines", many(one("MeasureLine")));
    add("KindFigure", object(&[("kind", string()), ("name", one("Text")), ("count", integer())]));
    add("Figures", object(&[("kinds", many(one("KindFigure"))), ("decisions", many(one("Count"))), ("entries", integer()), ("as_of", string())]));
    add("Diagnostic", json!({ "type": "object", "required": ["severity", "code", "message"] }));
    add(
        "Health",
        object(&[
            ("version", string()),
            ("database", string()),
            ("entries", integer()),
            ("followers", many(tuple(&[string(), integer(), integer()]))),
            ("meaning", optional(object(&[("model", string()), ("embedded", integer()), ("records", integer())]))),
            ("problems", many(one("Diagnostic"))),
        ]),
    );
    add(
        "Problem",
        json!({
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance", "code", "advice"],
            "properties": {
                "type": string(), "title": string(), "status": integer(), "detail": string(), "instance": string(),
                "code": string(), "advice": string(), "diagnostics": many(one("Diagnostic")),
            },
        }),
    );
    add("ListLine", object(&[("id", string()), ("kind", string()), ("title", string()), ("region", string()), ("version", integer()), ("updated", string())]));
    add("ListPage", object(&[("records", many(one("ListLine"))), ("next", optional(string()))]));
    add("Saved", object(&[("id", string()), ("version", integer()), ("changed", boolean())]));
    add("FieldValue", json!({ "type": ["string", "number", "boolean", "array", "null"], "items": string() }));
    add("Fields", json!({ "type": "object", "additionalProperties": one("FieldValue"), "example": { "title": "高温合金叶片涂层", "budget": "80" } }));
    webhooks(&mut add);
    super::money_shapes::add(&mut add);
    super::case_shapes::add(&mut add);
    add("JsonSchema", json!({ "type": "object" }));
    add("OpenApi", json!({ "type": "object", "required": ["openapi", "info", "paths"] }));
    shapes
}

/// Who wants to be told of what.
fn webhooks(add: &mut dyn FnMut(&str, Value)) {
    let events = json!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": HookEvent::ALL.map(HookEvent::as_str) } });
    add("WebhookFailure", object(&[("why", string()), ("times", integer()), ("again", string())]));
    let strings = |names: &[&'static str]| names.iter().map(|name| (*name, string())).collect::<Vec<_>>();
    let mut view = strings(&["id", "login", "url", "region", "region_name", "made"]);
    view.extend([("events", events.clone()), ("told", integer()), ("failure", optional(one("WebhookFailure")))]);
    add("Webhook", object(&view));
    add("Webhooks", many(one("Webhook")));
    let mut wish = object(&[("url", string()), ("events", events), ("region", string())]);
    wish["required"] = json!(["url", "events"]);
    wish["example"] = json!({ "url": "https://hooks.example.cn/duijie", "events": ["record.changed"], "region": "320400" });
    add("WebhookWish", wish);
    add("NewWebhook", object(&[("id", string()), ("secret", string())]));
    add("WebhookRemoved", object(&[("id", string())]));
}

/// What measures ask, choose and would do.
fn policy(add: &mut dyn FnMut(&str, Value)) {
    let text = || one("Text");
    add(
        "FormField",
        object(&[
            ("key", string()),
            ("name", text()),
            ("ty", string()),
            ("help", text()),
            ("example", string()),
            ("required", boolean()),
            ("options", many(tuple(&[string(), text()]))),
            ("unit", string()),
            ("value", string()),
            ("fault", optional(one("Diagnostic"))),
        ]),
    );
    add(
        "AskNext",
        object(&[
            ("fact", string()),
            ("name", text()),
            ("period", string()),
            ("period_name", text()),
            ("question", text()),
            ("settles", integer()),
            ("helps", integer()),
            ("field", optional(one("FormField"))),
        ]),
    );
    let chosen = [("measure", string()), ("name", text()), ("amount", text()), ("why", text())];
    add(
        "CombinationView",
        object(&[("chosen", many(object(&chosen))), ("left_out", many(object(&chosen))), ("total", text()), ("total_fen", integer()), ("proven", boolean())]),
    );
    add(
        "MeasureView",
        object(&[
            ("line", one("MeasureLine")),
            ("basis", many(text())),
            ("conditions", many(tuple(&[text(), string()]))),
            ("benefit", text()),
            ("window", string()),
            ("exclusive", many(string())),
            ("certainty", string()),
            ("interpretation", text()),
            ("source", string()),
            ("printed", json!({ "type": "object", "required": ["zh", "en"] })),
        ]),
    );
    add(
        "FactAsk",
        object(&[
            ("field", string()),
            ("name", text()),
            ("question", text()),
            ("period", text()),
            ("unit", string()),
            ("widget", string()),
            ("options", many(string())),
            ("values", many(string())),
            ("fault", optional(one("Diagnostic"))),
        ]),
    );
    let fact = [("fact", string()), ("name", text()), ("period", string()), ("value", text()), ("source", string()), ("source_kind", text())];
    add(
        "Explanation",
        object(&[
            ("subject", string()),
            ("period", string()),
            ("on", string()),
            ("version", integer()),
            ("decision", one("DecisionView")),
            ("facts", many(object(&fact))),
            ("certainty", string()),
            ("interpretation", text()),
        ]),
    );
    add(
        "FitView",
        object(&[
            ("measure", string()),
            ("name", text()),
            ("period", string()),
            ("on", string()),
            ("region", string()),
            ("region_name", string()),
            ("asks", many(one("FactAsk"))),
            ("explanation", optional(one("Explanation"))),
            ("faults", many(one("Diagnostic"))),
        ]),
    );
    simulation(add);
}

fn simulation(add: &mut dyn FnMut(&str, Value)) {
    let text = || one("Text");
    let figure = [("at", integer()), ("label", text()), ("rule", string()), ("written", string()), ("asked", string())];
    add("FigureViews", many(object(&figure)));
    add("MoneyBounds", object(&[("least_fen", integer()), ("most_fen", optional(integer())), ("shown", text())]));
    let money = || one("MoneyBounds");
    add(
        "Totals",
        object(&[
            ("subjects", integer()),
            ("eligible_before", integer()),
            ("eligible_after", integer()),
            ("gain", integer()),
            ("lose", integer()),
            ("open", integer()),
            ("cost_before", money()),
            ("cost_after", money()),
            ("difference", money()),
        ]),
    );
    let pool = object(&[("pool", string()), ("amount_fen", integer()), ("amount", text()), ("before", string()), ("after", string())]);
    let together = object(&[("beside", many(text())), ("cost_before", money()), ("cost_after", money()), ("difference", money())]);
    let row = object(&[("name", text()), ("totals", one("Totals"))]);
    let change = object(&[
        ("id", string()),
        ("name", string()),
        ("region", text()),
        ("before", string()),
        ("after", string()),
        ("paid_before", money()),
        ("paid_after", money()),
        ("difference_fen", integer()),
    ]);
    let step = object(&[("value", string()), ("eligible", integer()), ("open", integer()), ("cost", money()), ("mark", string())]);
    add(
        "SimulationView",
        object(&[
            ("measure", string()),
            ("name", text()),
            ("period", string()),
            ("on", string()),
            ("totals", one("Totals")),
            ("pool", optional(pool)),
            ("classes", many(object(&[("key", string()), ("name", text()), ("rows", many(row))]))),
            ("changes", many(change)),
            ("steps", many(step)),
            ("together", optional(together)),
        ]),
    );
}

/// An object that has exactly these properties.
pub(super) fn object(properties: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let shapes: Map<String, Value> = properties.iter().map(|(name, shape)| (name.to_string(), shape.clone())).collect();
    json!({ "type": "object", "required": names, "properties": shapes, "additionalProperties": false })
}

pub(super) fn one(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn many(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

pub(super) fn tuple(items: &[Value]) -> Value {
    json!({ "type": "array", "prefixItems": items, "items": false, "minItems": items.len() })
}

pub(super) fn optional(shape: Value) -> Value {
    json!({ "anyOf": [shape, { "type": "null" }] })
}

pub(super) fn string() -> Value {
    json!({ "type": "string" })
}

pub(super) fn integer() -> Value {
    json!({ "type": "integer" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    /// Where `value` does not fit `shape`; the part of JSON Schema that the shapes use.
    fn misfit(shapes: &Map<String, Value>, shape: &Value, value: &Value, at: &str) -> Option<String> {
        if let Some(name) = shape["$ref"].as_str() {
            return misfit(shapes, &shapes[name.rsplit('/').next().unwrap()], value, at);
        }
        if let Some(choices) = shape["anyOf"].as_array() {
            let misfits: Vec<String> = choices.iter().filter_map(|choice| misfit(shapes, choice, value, at)).collect();
            return (misfits.len() == choices.len()).then(|| misfits.join(" or "));
        }
        let fits = match shape["type"].as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "array" => value.is_array(),
            _ => value.is_object(),
        };
        if !fits {
            return Some(format!("{at} is not of type {}: {value}", shape["type"]));
        }
        if let Some(items) = shape["prefixItems"].as_array() {
            let values = value.as_array().unwrap();
            let inside = items.iter().zip(values).find_map(|(shape, value)| misfit(shapes, shape, value, at));
            return inside.or_else(|| (items.len() != values.len()).then(|| format!("{at} has {} items", values.len())));
        }
        if let (Some(values), Some(items)) = (value.as_array(), shape.get("items")) {
            return values.iter().find_map(|value| misfit(shapes, items, value, at));
        }
        let (Some(fields), Some(properties)) = (value.as_object(), shape["properties"].as_object()) else { return None };
        let unknown = fields.keys().find(|name| !properties.contains_key(*name)).map(|name| format!("{at}.{name} is not described"));
        unknown.or_else(|| {
            properties.iter().find_map(|(name, shape)| match fields.get(name) {
                Some(value) => misfit(shapes, shape, value, &format!("{at}.{name}")),
                None => Some(format!("{at}.{name} is not there")),
            })
        })
    }

    fn check(shape: &str, value: impl Serialize) {
        let shapes = all();
        let misfit = misfit(&shapes, &shapes[shape], &serde_json::to_value(value).unwrap(), shape);
        assert_eq!(misfit, None);
    }

    #[test]
    fn answers_have_the_shapes_that_are_described() {
        check("SearchPage", crate::sample::search_page());
        check("Case", crate::sample::cases::case());
        check("CaseDesk", crate::sample::cases::desk());
        check("RecordView", crate::sample::record("need"));
        check("Matches", crate::sample::matches());
        check("NeedsAlike", crate::sample::needs_alike());
        check("Experts", crate::sample::experts());
        check("DecisionsView", crate::sample::decisions());
        check("MeasureLines", crate::sample::measures());
        check("MeasureView", crate::sample::measure());
        check("FitView", crate::sample::fit());
        check("FigureViews", crate::sample::measure_figures());
        check("SimulationView", crate::sample::simulation());
        check("Figures", crate::sample::figures());
        check("Health", crate::sample::health());
        check("Webhooks", vec![crate::sample::hook()]);
        check("NewWebhook", duijie_app::NewHook { id: "x".into(), secret: "whsec_x".into() });
        check("WebhookRemoved", crate::api::webhook::Removed { id: "x".into() });
    }

    #[test]
    fn answers_about_money_have_the_shapes_that_are_described() {
        use crate::api::{ledger, payouts, vouchers};
        use crate::sample::*;
        check("PayoutPage", payouts::Rows { rows: vec![entitlement(&["approve"])], next: None });
        check("ListMade", payouts::ListMade { list: "x".into(), steps: many_steps() });
        check("RunPreview", run_preview());
        check("PayoutOverview", payout_overview());
        check("PayoutSummary", payout_summary());
        check("MissedYear", missed_year());
        check("PaymentFile", payment_file());
        check("ReturnReport", duijie_app::ReturnReport { diagnostics: vec![fault()], open: vec!["x".into()], ..Default::default() });
        check("Terms", duijie_app::Terms::default());
        check("PublishedPage", payouts::Rows { rows: vec![published_list().line], next: None });
        check("PublishedList", published_list());
        check("VoucherPage", payouts::Rows { rows: vec![voucher(&["order"])], next: Some("x".into()) });
        check("OrderPage", payouts::Rows { rows: vec![order(&["claim"])], next: None });
        check("OrderFile", duijie_app::OrderFile { digest: duijie_vocab::Digest::of(&[]), name: "x.pdf".into(), bytes: 1 });
        check("RedeemReport", redeem_report());
        check("BatchPaid", vouchers::BatchPaid { batch: "x".into(), paid: 1 });
        check("SchemeFigures", scheme_figures());
        check("SchemeView", scheme(true));
        check("SchemePreview", scheme_preview(false));
        check("SchemeVersions", vec![scheme_version(vec![scheme_change()])]);
        check("TermsVersions", vec![terms_version()]);
        check("AccountGroups", vec![account_group()]);
        check("StatementPage", statement_page());
        check("Clearing", vouchers::Clearing { open: vec![pair()], settled: vec![] });
        check("SettlementCheck", settlement_check());
        check("AgencyViews", vec![agency()]);
        check("RatingViews", vec![rating()]);
        check("AccountBalances", vec![balance()]);
        check("Reconciliation", ledger::Reconciled { matched: [(2, "x".to_string())].into(), differences: vec![], diagnostics: vec![fault()] });
    }

    #[test]
    fn a_missing_or_an_unknown_field_is_noticed() {
        let shapes = all();
        let text = |value| misfit(&shapes, &shapes["Text"], &value, "Text");
        assert!(text(json!({ "zh": "a" })).is_some());
        assert!(text(json!({ "zh": "a", "en": "b", "fr": "c" })).is_some());
        assert!(text(json!({ "zh": "a", "en": 1 })).is_some());
        assert_eq!(text(json!({ "zh": "a", "en": "b" })), None);
    }
}
