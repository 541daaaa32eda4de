//! The JSON API: the same use cases with the same rights as the pages, in one table from which the
//! routes and the OpenAPI document are made.

mod case_shapes;
mod cases;
mod ledger;
mod money_routes;
mod money_shapes;
mod openapi;
mod page;
mod payouts;
mod record;
mod shapes;
mod vouchers;
mod webhook;

use crate::fault::Fault;
use crate::pages::decisions::period;
use crate::pages::measures::answers;
use crate::pages::search::{TEXT_CHARACTERS, read_request};
use crate::pages::simulation::asked;
use crate::portal::Portal;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use duijie_vocab::{RecordId, text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One path of the API and what its description says.
pub(crate) struct ApiRoute {
    pub(crate) path: &'static str,
    pub(crate) method: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// The shape of what is sent, if anything is.
    pub(crate) body: Option<&'static str>,
    /// The status of a good answer.
    pub(crate) status: u16,
    /// The shape of the answer, a name in [`shapes::all`].
    pub(crate) shape: &'static str,
    /// Refusals that can be answered besides the ones of every route.
    pub(crate) refusals: &'static [u16],
    pub(crate) answers: MethodRouter<Arc<Portal>>,
}

/// A parameter in a path, a query or a header.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// `path`, `query` or `header`, as the description says it.
    pub(crate) place: &'static str,
    pub(crate) many: bool,
    pub(crate) required: bool,
    /// The JSON Schema of a value.
    pub(crate) shape: &'static str,
    pub(crate) about: &'static str,
}

const fn in_path(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: "path", many: false, required: true, shape: r#"{"type":"string"}"#, about }
}

const fn in_query(name: &'static str, shape: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: "query", many: false, required: false, shape, about }
}

const fn in_header(name: &'static str, required: bool, shape: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: "header", many: false, required, shape, about }
}

const STRING: &str = r#"{"type":"string"}"#;
const PERIOD: &str = r#"{"type":"string","pattern":"^[0-9]{4}(H[12]|Q[1-4]|-(0[1-9]|1[0-2]))?$"}"#;
const HUNDRED: &str = r#"{"type":"integer","minimum":1,"maximum":100}"#;
const REGION: Parameter = in_query("region", STRING, "Code or name of a region; what lies in it is found.");
const ONCE: Parameter = in_header(
    "Idempotency-Key",
    false,
    r#"{"type":"string","pattern":"^[!-~]{1,200}$"}"#,
    "A name for the request. Sent again within a day it is answered again and done once.",
);
const BASE: Parameter =
    in_header("If-Match", true, r#"{"type":"string","pattern":"^\"[0-9]{1,18}\"$"}"#, "The ETag of the version that the change is based on.");
const AFTER: Parameter = in_query("after", STRING, "The `next` of the part before, as it was; a part begins after it. Anything else is refused with 422.");
const CASE: Parameter = in_path("id", "The id of a case, such as `case-3v9k2m7p0xq4tz8a`.");
const FIGURE: &str = r#"{"enum":["submitted","open","introduced","answered","answered_in_9_days","abandoned","contracted","solved","not_solved"]}"#;
const YES: &str = r#"{"enum":["1"]}"#;
const PAYOUT: Parameter = in_path("id", "The id of an entitlement, such as `ent-3v9k2m7p0xq4tz8a`.");
const VOUCHER: Parameter = in_path("id", "The id of a voucher, such as `vou-3v9k2m7p0xq4tz8a`.");
const ORDER: Parameter = in_path("id", "The id of an order, such as `ord-3v9k2m7p0xq4tz8a`.");
const ACCOUNT: Parameter = in_query("account", STRING, "An account, such as `pool:320412:vouchers`.");
const KIND: Parameter = in_path("kind", "A kind of record, such as `need`.");
const ID: Parameter = in_path("id", "The id of a record, such as `need-3v9k2m7p0xq4tz8a`.");

#[cfg(test)]
pub(crate) use page::ApiPage;
pub(crate) use page::show as page;
const MEASURE: Parameter = in_path("id", "The id of a measure, such as `320400.2021.tax-growth`.");

pub(crate) fn table() -> Vec<ApiRoute> {
    let mut table = money_routes::table();
    table.extend(of_records());
    table
}

fn of_records() -> Vec<ApiRoute> {
    vec![
        ApiRoute {
            path: "/api/search",
            method: "GET",
            name: "search",
            about: "Full-text search over all kinds, with facets. Narrow by a facet with `f.FIELD=VALUE`.",
            parameters: const {
                &[
                    in_query("q", STRING, "What to look for; nothing finds everything."),
                    Parameter { name: "kind", place: "query", many: true, required: false, shape: STRING, about: "Kinds to look among." },
                    REGION,
                    in_query("valid", r#"{"enum":["1"]}"#, "Only what is valid today; records that say nothing of it are."),
                    in_query("sort", r#"{"enum":["relevance","newest","title"]}"#, "`relevance`, `newest` or `title`."),
                    in_query("page", r#"{"type":"integer","minimum":1,"maximum":500}"#, "From 1; pages reach the first 10,000 results."),
                    in_query("per_page", HUNDRED, "From 1 to 100."),
                ]
            },
            body: None,
            status: 200,
            shape: "SearchPage",
            refusals: &[400, 404],
            answers: get(search),
        },
        ApiRoute {
            path: "/api/suggest",
            method: "GET",
            name: "suggest",
            about: "At most ten records whose titles begin with what is typed so far.",
            parameters: const { &[in_query("q", STRING, "What is typed so far.")] },
            body: None,
            status: 200,
            shape: "RecordRefs",
            refusals: &[400],
            answers: get(suggest),
        },
        ApiRoute {
            path: "/api/figures",
            method: "GET",
            name: "figures",
            about: "How many records of each kind there are and how the measures were decided, as of a journal entry.",
            parameters: &[],
            body: None,
            status: 200,
            shape: "Figures",
            refusals: &[],
            answers: get(figures),
        },
        ApiRoute {
            path: "/api/health",
            method: "GET",
            name: "health",
            about: "The state of the installation, for administrators.",
            parameters: &[],
            body: None,
            status: 200,
            shape: "Health",
            refusals: &[403],
            answers: get(health),
        },
        ApiRoute {
            path: "/api/measures",
            method: "GET",
            name: "measures",
            about: "All policy measures.",
            parameters: &[],
            body: None,
            status: 200,
            shape: "MeasureLines",
            refusals: &[],
            answers: get(measures),
        },
        ApiRoute {
            path: "/api/measures/{id}",
            method: "GET",
            name: "measure",
            about: "One measure as an official would print it, with its source, certainty and reading.",
            parameters: const { &[MEASURE] },
            body: None,
            status: 200,
            shape: "MeasureView",
            refusals: &[404],
            answers: get(measure),
        },
        ApiRoute {
            path: "/api/measures/{id}/fit",
            method: "GET",
            name: "fit",
            about: "The facts that a measure needs, and its decision on those given as `f.FACT@PERIOD=VALUE`. Nothing is kept.",
            parameters: const {
                &[
                    MEASURE,
                    in_query("period", STRING, "The period decided for, such as `2021`."),
                    in_query("region", STRING, "Code or name of the region of the subject."),
                ]
            },
            body: None,
            status: 200,
            shape: "FitView",
            refusals: &[400, 404, 422],
            answers: get(fit),
        },
        ApiRoute {
            path: "/api/measures/{id}/figures",
            method: "GET",
            name: "measure_figures",
            about: "The figures of a measure that a simulation can change, numbered from 0.",
            parameters: const { &[MEASURE] },
            body: None,
            status: 200,
            shape: "FigureViews",
            refusals: &[404],
            answers: get(measure_figures),
        },
        ApiRoute {
            path: "/api/measures/{id}/simulation",
            method: "GET",
            name: "simulation",
            about: "What a measure with other figures (`n3=4%` for the fourth) would do to the enterprises of the caller's region. Writes nothing.",
            parameters: const { &[MEASURE, in_query("period", STRING, "The year decided for, such as `2021`.")] },
            body: None,
            status: 200,
            shape: "SimulationView",
            refusals: &[400, 403, 404, 422],
            answers: get(simulation),
        },
        ApiRoute {
            path: "/api/cases",
            method: "GET",
            name: "cases",
            about: "The caller's desk: the cases of the region for those who work it, the own ones for others. Last moved first.",
            parameters: const {
                &[
                    in_query("state", STRING, "Such as `matching` or `contracted`."),
                    REGION,
                    in_query("held", YES, "Only cases on hold."),
                    in_query("late", YES, "Only cases that somebody had to be reminded of."),
                    in_query("mine", YES, "Only cases that the caller has."),
                    in_query("figure", FIGURE, "Only cases that this figure of the process counts."),
                    in_query("field", STRING, "Only cases of this technology field."),
                    in_query("adviser", STRING, "Only cases that the adviser with this login wrote up."),
                    AFTER,
                ]
            },
            body: None,
            status: 200,
            shape: "CaseDesk",
            refusals: &[400, 403, 422],
            answers: get(cases::list),
        },
        ApiRoute {
            path: "/api/cases",
            method: "POST",
            name: "open_case",
            about: "Opens a case, and hands it in with `submit`.",
            parameters: const { &[ONCE] },
            body: Some("CaseOpening"),
            status: 201,
            shape: "Case",
            refusals: &[400, 403, 404, 408, 409, 413, 415, 422],
            answers: post(cases::create),
        },
        ApiRoute {
            path: "/api/cases/{id}",
            method: "GET",
            name: "case",
            about: "One case as far as it is disclosed to the caller, with the acts the caller may take; its version is the ETag.",
            parameters: const { &[CASE, in_query("as_of", r#"{"type":"integer"}"#, "A journal entry: the case as it was after it.")] },
            body: None,
            status: 200,
            shape: "Case",
            refusals: &[404],
            answers: get(cases::show),
        },
        ApiRoute {
            path: "/api/cases/{id}",
            method: "POST",
            name: "act_on_case",
            about: "Takes one act with the fields that `actions` lists. Sent again with the same version it is refused and nothing is done twice.",
            parameters: const { &[CASE, BASE] },
            body: Some("CaseAct"),
            status: 200,
            shape: "Case",
            refusals: &[400, 403, 404, 408, 409, 413, 415, 422, 428],
            answers: post(cases::act),
        },
        ApiRoute {
            path: "/api/webhooks",
            method: "GET",
            name: "webhooks",
            about: "The caller's webhooks, with the entry up to which each was told, and why messages do not arrive.",
            parameters: &[],
            body: None,
            status: 200,
            shape: "Webhooks",
            refusals: &[403],
            answers: get(webhook::list),
        },
        ApiRoute {
            path: "/api/webhooks",
            method: "POST",
            name: "webhook_make",
            about: "Asks to be told of events from now on. The secret of the signatures is in this answer alone.",
            parameters: const { &[ONCE] },
            body: Some("WebhookWish"),
            status: 201,
            shape: "NewWebhook",
            refusals: &[400, 403, 408, 409, 413, 415, 422],
            answers: post(webhook::create),
        },
        ApiRoute {
            path: "/api/webhooks/{id}",
            method: "DELETE",
            name: "webhook_remove",
            about: "Ends a webhook.",
            parameters: const { &[in_path("id", "The id of a webhook.")] },
            body: None,
            status: 200,
            shape: "WebhookRemoved",
            refusals: &[404],
            answers: delete(webhook::remove),
        },
        ApiRoute {
            path: "/api/schemas/{kind}",
            method: "GET",
            name: "schema",
            about: "The JSON Schema of one kind's records.",
            parameters: const { &[KIND] },
            body: None,
            status: 200,
            shape: "JsonSchema",
            refusals: &[404],
            answers: get(schema),
        },
        ApiRoute {
            path: "/api/openapi.json",
            method: "GET",
            name: "openapi",
            about: "This description.",
            parameters: &[],
            body: None,
            status: 200,
            shape: "OpenApi",
            refusals: &[],
            answers: get(description),
        },
        ApiRoute {
            path: "/api/{kind}",
            method: "GET",
            name: "list",
            about: "All records of a kind, last changed first; walk from end to end with `after`.",
            parameters: const { &[KIND, REGION, AFTER, in_query("limit", HUNDRED, "Records in a part, from 1 to 100; 50 without it.")] },
            body: None,
            status: 200,
            shape: "ListPage",
            refusals: &[400, 404, 422],
            answers: get(record::list),
        },
        ApiRoute {
            path: "/api/{kind}",
            method: "POST",
            name: "create",
            about: "Makes a record. Values are written as people write them in forms, such as `\"budget\": \"80\"`.",
            parameters: const { &[KIND, ONCE] },
            body: Some("Fields"),
            status: 201,
            shape: "Saved",
            refusals: &[400, 403, 404, 408, 409, 413, 415, 422],
            answers: post(record::create),
        },
        ApiRoute {
            path: "/api/{kind}/{id}",
            method: "PATCH",
            name: "change",
            about: "Changes the fields that are given; `null` empties one.",
            parameters: const { &[KIND, ID, BASE, ONCE] },
            body: Some("Fields"),
            status: 200,
            shape: "Saved",
            refusals: &[400, 403, 404, 408, 409, 412, 413, 415, 422, 428],
            answers: patch(record::change),
        },
        ApiRoute {
            path: "/api/{kind}/{id}",
            method: "GET",
            name: "record",
            about: "One record with the fields that the caller may read, who points to it, and its history.",
            parameters: const { &[KIND, ID] },
            body: None,
            status: 200,
            shape: "RecordView",
            refusals: &[404],
            answers: get(record::show),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/matches",
            method: "GET",
            name: "matches",
            about: "What could help with a need, or which needs a resource could help with, each with its reasons.",
            parameters: const { &[KIND, ID, in_query("per_kind", HUNDRED, "Matches of each kind, from 1 to 100.")] },
            body: None,
            status: 200,
            shape: "Matches",
            refusals: &[400, 403, 404],
            answers: get(matches),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/alike",
            method: "GET",
            name: "needs_alike",
            about: "Open needs like a need: repeats first, then those that several could have solved together; the kind is `need`.",
            parameters: const { &[KIND, ID, in_query("limit", HUNDRED, "At most so many, from 1 to 100.")] },
            body: None,
            status: 200,
            shape: "NeedsAlike",
            refusals: &[400, 403, 404],
            answers: get(needs_alike),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/experts",
            method: "GET",
            name: "experts",
            about: "Experts for a need, ranked by what they say of themselves, hold, published and solved, with the evidence; the kind is `need`.",
            parameters: const { &[KIND, ID, in_query("limit", HUNDRED, "At most so many, from 1 to 100.")] },
            body: None,
            status: 200,
            shape: "Experts",
            refusals: &[400, 403, 404],
            answers: get(experts),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/decisions",
            method: "GET",
            name: "decisions",
            about: "What each measure says about an organization; the kind is `organization`.",
            parameters: const { &[KIND, ID, in_query("period", PERIOD, "The period decided for, such as `2021`.")] },
            body: None,
            status: 200,
            shape: "DecisionsView",
            refusals: &[400, 403, 404],
            answers: get(decisions),
        },
    ]
}

const JSON: &str = "application/json";
const MATCHES_PER_KIND: usize = 20;

async fn search(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let request = read_request(&visit.query, None)?;
    json(&portal.ask(move |app| app.search(&visit.viewer, &request)).await?, JSON)
}

async fn suggest(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let prefix: String = visit.query.get("q").unwrap_or_default().chars().take(TEXT_CHARACTERS).collect();
    json(&portal.ask(move |app| app.suggest(&visit.viewer, &prefix)).await?, JSON)
}

async fn figures(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.figures()).await?, JSON)
}

async fn health(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.health(&visit.viewer)).await?, JSON)
}

async fn measures(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.measures()).await?, JSON)
}

async fn measure(State(portal): State<Arc<Portal>>, Path(id): Path<String>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.measure(&id)).await?, JSON)
}

async fn fit(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (given, period, region) = answers(&visit.query)?;
    json(&portal.ask(move |app| app.fit(&id, period.as_deref(), region.as_deref(), &given)).await?, JSON)
}

async fn measure_figures(State(portal): State<Arc<Portal>>, Path(id): Path<String>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.measure_figures(&id, &BTreeMap::new())).await?, JSON)
}

async fn simulation(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (asked, year) = asked(&visit.query)?;
    json(&portal.ask(move |app| app.simulate_figures(&visit.viewer, &id, &asked, year.as_deref())).await?, JSON)
}

async fn schema(State(portal): State<Arc<Portal>>, Path(kind): Path<String>) -> Result<Response, Fault> {
    json(&portal.app.json_schema(&kind).ok_or_else(Fault::not_found)?, "application/schema+json")
}

async fn description(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&openapi::document(&table(), &portal.options.public_url), JSON)
}

async fn matches(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let per_kind = at_most_hundred(&visit, "per_kind", MATCHES_PER_KIND)?;
    json(&portal.ask(move |app| app.matches(&visit.viewer, &id, per_kind)).await?, JSON)
}

async fn needs_alike(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let limit = at_most_hundred(&visit, "limit", MATCHES_PER_KIND)?;
    json(&portal.ask(move |app| app.needs_alike(&visit.viewer, &id, limit)).await?, JSON)
}

async fn experts(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let limit = at_most_hundred(&visit, "limit", MATCHES_PER_KIND)?;
    json(&portal.ask(move |app| app.experts(&visit.viewer, &id, limit)).await?, JSON)
}

async fn decisions(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    if kind != "organization" {
        return Err(Fault::not_found());
    }
    let period = period(visit.query.filled("period"))?;
    json(&portal.ask(move |app| app.decisions(&visit.viewer, &id, period.as_deref())).await?, JSON)
}

/// The whole number from 1 to 100 that the query gives as `name`, or `usual` if it gives none.
fn at_most_hundred(visit: &Visit, name: &str, usual: usize) -> Result<usize, Fault> {
    let Some(given) = visit.query.filled(name) else { return Ok(usual) };
    given.parse().ok().filter(|number| (1..=100).contains(number)).ok_or_else(|| {
        Fault::bad_parameter(
            text!("{name} 应为 1 到 100 的整数。", "{name} should be a whole number from 1 to 100."),
            text!("不写则为 {usual}。", "Without it, {usual} are given."),
        )
    })
}

/// The id in a path, if it is one of the kind in the path.
fn subject(kind: &str, id: &str) -> Result<RecordId, Fault> {
    let schema = crate::kind::known(kind).ok_or_else(Fault::not_found)?;
    RecordId::parse(id).filter(|id| id.prefix() == schema.prefix).ok_or_else(Fault::not_found)
}
