//! The shapes of money in the API.

use super::shapes::{boolean, integer, many, object, one, optional, string, tuple};
use serde_json::{Value, json};

type Properties = Vec<(&'static str, Value)>;

pub(super) fn add(add: &mut dyn FnMut(&str, Value)) {
    promised(add);
    runs(add);
    published(add);
    vouchers(add);
    agencies(add);
    books(add);
    add("File", json!({ "type": "string", "contentMediaType": "application/octet-stream", "description": "The bytes of a file." }));
    add("Nothing", json!({ "type": "object", "additionalProperties": false, "example": {} }));
}

fn strings(names: &[&'static str]) -> Properties {
    names.iter().map(|name| (*name, string())).collect()
}

fn integers(names: &[&'static str]) -> Properties {
    names.iter().map(|name| (*name, integer())).collect()
}

fn texts(names: &[&'static str]) -> Properties {
    names.iter().map(|name| (*name, one("Text"))).collect()
}

fn all(parts: &[Properties]) -> Value {
    object(&parts.concat())
}

/// Ids that were left out, each with the reason.
fn left_out() -> Value {
    many(tuple(&[string(), one("Text")]))
}

fn act(example: Value) -> Value {
    json!({ "type": "object", "required": ["act"], "properties": { "act": string(), "reason": string() }, "example": example })
}

fn promised(add: &mut dyn FnMut(&str, Value)) {
    let own = [("check", boolean()), ("risk_reasons", many(one("Text"))), ("acts", many(string()))].to_vec();
    let maybe = ["reason", "list", "open_until", "file", "payee"].map(|name| (name, optional(string()))).to_vec();
    let words = strings(&["id", "firm", "firm_name", "measure", "period", "region", "state", "risk", "updated"]);
    add("EntitlementView", all(&[words, integers(&["version", "amount_fen"]), texts(&["measure_name", "amount", "state_name"]), maybe, own]));
    add("PayoutPage", object(&[("rows", many(one("EntitlementView"))), ("next", optional(string()))]));
    add("PayoutAct", act(json!({ "act": "approve" })));
    add("Replayed", json!({ "type": "object", "required": ["same", "amount", "reason", "rule_version", "on", "as_of_entry"] }));
    let line = all(&[strings(&["standing"]), texts(&["name", "amount"]), integers(&["payouts", "amount_fen"])]);
    add("PayoutSummary", object(&[("organization", string()), ("lines", many(line))]));
    let missed = all(&[strings(&["measure", "outcome"]), texts(&["name", "reason"]), vec![("amount", optional(one("Text")))]]);
    add("MissedYear", object(&[("name", string()), ("year", string()), ("missed", many(missed))]));
    let mut sampling = object(&integers(&["low", "medium", "large_from"]));
    sampling["description"] =
        json!("Of 10,000 payouts of low and of medium risk, so many are checked by people; from `large_from` Fen on the risk is at least medium.");
    add("Sampling", sampling);
    let all_terms = [integers(&["two_above", "objection_days"]), vec![("sampling", one("Sampling"))]].concat();
    add("Terms", object(&all_terms));
    let mut change = object(&all_terms);
    change["required"] = json!([]);
    change["example"] = json!({ "two_above": 10_000_000, "objection_days": 7 });
    add("TermsChange", change);
    let words = strings(&["at", "by", "low", "medium"]);
    add("TermsVersions", many(all(&[words, texts(&["two_above", "large_from"]), integers(&["seq", "objection_days"])])));
}

fn runs(add: &mut dyn FnMut(&str, Value)) {
    let mut asked = object(&[("measure", string()), ("period", string())]);
    asked["example"] = json!({ "measure": "320400.2021.tax-growth", "period": "2021" });
    add("PayoutRun", asked);
    add("RunDone", object(&[("run", string()), ("made", integer()), ("pays", one("Text")), ("changed", many(string()))]));
    let row = all(&[strings(&["firm", "name", "verdict"]), integers(&["asked", "pays"]), texts(&["reason"])]);
    let outcome = all(&[strings(&["verdict"]), texts(&["name", "asked", "pays"]), integers(&["firms", "asked_fen", "pays_fen"])]);
    let lists = vec![
        ("outcomes", many(outcome)),
        ("excluded", many(tuple(&[string(), integer()]))),
        ("missing", many(tuple(&[one("Text"), integer()]))),
        ("rows", many(row)),
    ];
    let words = strings(&["measure", "period", "region", "pool"]);
    add("RunPreview", all(&[words, texts(&["name", "left", "asked", "pays", "order_rule"]), integers(&["not_listed"]), lists]));
    let counts = integers(&["left_fen", "yes", "no", "unknown", "error", "asked_fen"]);
    let measure = all(&[strings(&["measure", "period", "pool"]), texts(&["name"]), counts, vec![("covered", boolean())]]);
    add("PayoutOverview", object(&[("year", integer()), ("firms", integer()), ("measures", many(measure))]));
    add("ManySteps", object(&[("done", integer()), ("amount", integer()), ("refused", left_out())]));
    add("ListMade", object(&[("list", string()), ("steps", one("ManySteps"))]));
    add("PaymentFile", object(&[("file", string()), ("payments", integer()), ("total", one("Text")), ("refused", left_out())]));
    add("Payments", many(all(&[strings(&["id", "name", "bank", "account", "purpose"]), integers(&["amount"])])));
    let told = vec![("diagnostics", many(one("Diagnostic"))), ("open", many(string()))];
    add("ReturnReport", all(&[integers(&["paid", "paid_amount", "returned"]), told]));
}

fn published(add: &mut dyn FnMut(&str, Value)) {
    let words = strings(&["list", "measure", "period", "region_name"]);
    let line = all(&[words, texts(&["measure_name", "total"]), integers(&["rows", "total_fen"]), vec![("open_until", optional(string()))]]);
    add("PublishedLine", line);
    add("PublishedPage", object(&[("rows", many(one("PublishedLine"))), ("next", optional(string()))]));
    let row = all(&[strings(&["id", "firm_name"]), integers(&["version", "amount_fen"]), texts(&["amount", "state_name"])]);
    add("PublishedList", object(&[("line", one("PublishedLine")), ("rows", many(row)), ("next", optional(string()))]));
}

fn vouchers(add: &mut dyn FnMut(&str, Value)) {
    let words = strings(&["id", "number", "scheme", "holder", "holder_name", "region_name", "use_by", "redeem_by", "state", "updated"]);
    let own = vec![("paid", optional(one("Text"))), ("acts", many(string()))];
    add("VoucherView", all(&[words, integers(&["version", "value_fen"]), texts(&["service", "value", "state_name"]), own]));
    add("VoucherPage", object(&[("rows", many(one("VoucherView"))), ("next", optional(string()))]));
    add("Finding", object(&[("code", string()), ("words", one("Text")), ("forbids", boolean())]));
    add("OrderDocument", object(&[("part", string()), ("part_name", one("Text")), ("digest", string()), ("name", optional(string()))]));
    let words =
        strings(&["id", "voucher", "scheme", "holder_name", "agency", "agency_name", "home_name", "agency_region_name", "contract", "state", "updated"]);
    let own = vec![("batch", optional(string())), ("findings", many(one("Finding"))), ("documents", many(one("OrderDocument"))), ("acts", many(string()))];
    add("OrderView", all(&[words, integers(&["version", "amount_fen", "share_fen"]), texts(&["service", "amount", "share", "because", "state_name"]), own]));
    add("OrderPage", object(&[("rows", many(one("OrderView"))), ("next", optional(string()))]));
    add("VoucherAct", act(json!({ "act": "review" })));
    add("OrderAct", act(json!({ "act": "cancel", "reason": "…" })));
    add("VoucherApplication", all(&[strings(&["scheme", "number", "holder", "holder_class", "service"]), integers(&["value"])]));
    let contract = object(&[("number", string()), ("amount", integer()), ("signed", string()), ("document", string())]);
    add("OrderAsked", object(&[("voucher", string()), ("filing", string()), ("contract", contract)]));
    add("OrderFile", object(&[("digest", string()), ("name", string()), ("bytes", integer())]));
    let mut redemption = object(&[("batch", string()), ("orders", many(string())), ("despite", string())]);
    redemption["required"] = json!(["batch"]);
    redemption["example"] = json!({ "batch": "2021-1" });
    add("Redemption", redemption);
    add("RedeemReport", all(&[strings(&["batch"]), texts(&["amount", "contracts"]), integers(&["redeemed"]), vec![("held", left_out())]]));
    add("BatchPayment", object(&[("batch", string()), ("bank_serial", string())]));
    add("BatchPaid", object(&[("batch", string()), ("paid", integer())]));
}

fn agencies(add: &mut dyn FnMut(&str, Value)) {
    let own = vec![("classes", many(one("Text"))), ("best_in", many(one("Text"))), ("reason", optional(string())), ("acts", many(string()))];
    add("AgencyView", all(&[strings(&["id", "agency", "name", "region", "region_name", "state"]), texts(&["state_name"]), own]));
    add("AgencyViews", many(one("AgencyView")));
    let mut asked = object(&[("agency", string()), ("region", string()), ("classes", many(string()))]);
    asked["required"] = json!(["region", "classes"]);
    asked["example"] = json!({ "region": "320412", "classes": ["research", "testing"] });
    add("FilingAsked", asked);
    add("FilingAct", act(json!({ "act": "list" })));
    let scores = json!({ "type": "object", "additionalProperties": integer() });
    let rated = all(&[strings(&["agency", "name", "class"]), integers(&["total", "rank"]), vec![("best", boolean()), ("scores", scores)]]);
    let indicators = many(tuple(&[string(), one("Text"), integer()]));
    let own = vec![("indicators", indicators), ("rated", many(rated))];
    add("RatingViews", many(all(&[strings(&["region", "region_name", "years"]), texts(&["class"]), own])));
    add(
        "RatingFile",
        json!({ "type": "object", "required": ["region", "year", "rules", "scores"],
            "properties": { "region": string(), "year": integer(), "rules": many(json!({ "type": "object" })), "scores": { "type": "object" } } }),
    );
    add("Scheme", json!({ "type": "object", "required": ["id", "name", "region", "pool", "holders", "services"] }));
    add("Schemes", many(one("Scheme")));
    let mut text = object(&[("yaml", string()), ("base", string())]);
    text["required"] = json!(["yaml"]);
    add("SchemeText", text);
    let words = strings(&["id", "version", "region", "region_name", "from", "until", "use_by", "redeem_by"]);
    let service = object(&[("class", one("Text")), ("share", string()), ("cap", one("Text"))]);
    let lists = vec![
        ("open", boolean()),
        ("joint", boolean()),
        ("two_level", boolean()),
        ("holders", many(tuple(&[one("Text"), one("Text")]))),
        ("services", many(service)),
        ("recognises", many(string())),
        ("steps", many(one("Text"))),
    ];
    add("SchemeView", all(&[words, texts(&["name", "settle"]), lists]));
    add("SchemeChange", object(&[("what", one("Text")), ("before", optional(one("Text"))), ("after", optional(one("Text")))]));
    add("SchemePreview", object(&[("scheme", one("SchemeView")), ("fresh", boolean()), ("changes", many(one("SchemeChange")))]));
    let version = object(&[("seq", integer()), ("at", string()), ("by", string()), ("changes", many(one("SchemeChange")))]);
    add("SchemeVersions", many(version));
    let batches = many(tuple(&[string(), integer(), one("Text")]));
    let words = texts(&["contracts_shown", "redeemed_shown"]);
    add("SchemeFigures", all(&[strings(&["scheme"]), words, integers(&["agencies", "orders", "contracts", "redeemed"]), vec![("batches", batches)]]));
    let words = strings(&["run", "a", "b", "payer", "payee"]);
    add("PairView", all(&[words, integers(&["a_owes_fen", "b_owes_fen", "net_fen", "orders"]), texts(&["a_owes", "b_owes", "net", "statement"])]));
    add("PairViews", many(one("PairView")));
    add("Clearing", object(&[("open", one("PairViews")), ("settled", one("PairViews"))]));
    let told = vec![("differences", many(one("Text"))), ("diagnostics", many(one("Diagnostic")))];
    add("SettlementCheck", all(&[integers(&["agreed"]), told]));
    add("SettlementRun", object(&[("run", string())]));
}

fn books(add: &mut dyn FnMut(&str, Value)) {
    let amounts = [("kind", one("Text")), ("balance", integer()), ("available", optional(integer())), ("reserved", integer())].to_vec();
    add("AccountBalances", many(all(&[strings(&["account", "region_name", "name"]), amounts])));
    let sums = vec![("kind_name", one("Text")), ("accounts", integer()), ("balance", integer()), ("reserved", integer())];
    add("AccountGroups", many(all(&[strings(&["kind", "region", "region_name"]), sums])));
    let line = object(&[
        ("at", string()),
        ("transfer", string()),
        ("code", string()),
        ("links", json!({ "type": "object" })),
        ("counter", string()),
        ("debit", integer()),
        ("credit", integer()),
        ("balance", integer()),
    ]);
    let words = || json!({ "type": "object", "additionalProperties": one("Text") });
    let statement = [
        ("account", string()),
        ("names", words()),
        ("codes", words()),
        ("opening", integer()),
        ("lines", many(line)),
        ("closing", integer()),
        ("next", optional(string())),
    ];
    add("StatementPage", object(&statement));
    add("BalanceAt", object(&[("account", string()), ("at", string()), ("balance_fen", integer())]));
    add("LedgerEntry", json!({ "type": "object", "required": ["transfer", "moved", "at", "status"] }));
    add("TrialBalance", json!({ "type": "object", "required": ["rows", "debits", "credits"] }));
    add("Disagreements", many(json!({ "type": "object", "required": ["about", "what"] })));
    let mut funding = object(&[("pool", string()), ("amount", integer()), ("id", string())]);
    funding["example"] = json!({ "pool": "pool:320412:vouchers", "amount": 500_000_000, "id": "grant-1" });
    add("Funding", funding);
    let matched = json!({ "type": "object", "additionalProperties": string() });
    add("Reconciliation", object(&[("matched", matched), ("differences", many(one("Text"))), ("diagnostics", many(one("Diagnostic")))]));
}
