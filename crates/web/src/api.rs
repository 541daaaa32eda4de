//! The JSON API: the same use cases with the same rights as the pages, in one table from which the
//! routes and the OpenAPI document are made.

mod openapi;
mod shapes;

use crate::fault::Fault;
use crate::pages::decisions::period;
use crate::pages::search::{TEXT_CHARACTERS, read_request};
use crate::portal::Portal;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use duijie_vocab::{RecordId, text};
use std::sync::Arc;

/// One path of the API and what its description says.
pub(crate) struct ApiRoute {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// The shape of the answer, a name in [`shapes::all`].
    pub(crate) shape: &'static str,
    /// Refusals that can be answered besides the ones of every route.
    pub(crate) refusals: &'static [u16],
    pub(crate) answers: MethodRouter<Arc<Portal>>,
}

/// A parameter in a path or a query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) in_path: bool,
    pub(crate) many: bool,
    /// The JSON type of a value.
    pub(crate) ty: &'static str,
    pub(crate) about: &'static str,
}

const fn in_path(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, in_path: true, many: false, ty: "string", about }
}

const fn in_query(name: &'static str, ty: &'static str, about: &'static str) -> Parameter {
    Parameter { name, in_path: false, many: false, ty, about }
}

const KIND: Parameter = in_path("kind", "A kind of record, such as `need`.");
const ID: Parameter = in_path("id", "The id of a record, such as `need-3v9k2m7p0xq4tz8a`.");

pub(crate) fn table() -> Vec<ApiRoute> {
    vec![
        ApiRoute {
            path: "/api/search",
            name: "search",
            about: "Full-text search over all kinds, with facets. Narrow by a facet with `f.FIELD=VALUE`.",
            parameters: const {
                &[
                    in_query("q", "string", "What to look for; nothing finds everything."),
                    Parameter { name: "kind", in_path: false, many: true, ty: "string", about: "Kinds to look among." },
                    in_query("region", "string", "Code or name of a region; what lies in it is found."),
                    in_query("sort", "string", "`relevance`, `newest` or `title`."),
                    in_query("page", "integer", "From 1; pages reach the first 10,000 results."),
                    in_query("per_page", "integer", "From 1 to 100."),
                ]
            },
            shape: "SearchPage",
            refusals: &[400, 404],
            answers: get(search),
        },
        ApiRoute {
            path: "/api/suggest",
            name: "suggest",
            about: "At most ten records whose titles begin with what is typed so far.",
            parameters: const { &[in_query("q", "string", "What is typed so far.")] },
            shape: "RecordRefs",
            refusals: &[400],
            answers: get(suggest),
        },
        ApiRoute {
            path: "/api/figures",
            name: "figures",
            about: "How many records of each kind there are and how the measures were decided, as of a journal entry.",
            parameters: &[],
            shape: "Figures",
            refusals: &[],
            answers: get(figures),
        },
        ApiRoute {
            path: "/api/health",
            name: "health",
            about: "The state of the installation, for administrators.",
            parameters: &[],
            shape: "Health",
            refusals: &[403],
            answers: get(health),
        },
        ApiRoute {
            path: "/api/measures",
            name: "measures",
            about: "All policy measures.",
            parameters: &[],
            shape: "MeasureLines",
            refusals: &[],
            answers: get(measures),
        },
        ApiRoute {
            path: "/api/schemas/{kind}",
            name: "schema",
            about: "The JSON Schema of one kind's records.",
            parameters: const { &[KIND] },
            shape: "JsonSchema",
            refusals: &[404],
            answers: get(schema),
        },
        ApiRoute {
            path: "/api/openapi.json",
            name: "openapi",
            about: "This description.",
            parameters: &[],
            shape: "OpenApi",
            refusals: &[],
            answers: get(description),
        },
        ApiRoute {
            path: "/api/{kind}/{id}",
            name: "record",
            about: "One record with the fields that the caller may read, who points to it, and its history.",
            parameters: const { &[KIND, ID] },
            shape: "RecordView",
            refusals: &[404],
            answers: get(record),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/matches",
            name: "matches",
            about: "What could help with a need, or which needs a resource could help with, each with its reasons.",
            parameters: const { &[KIND, ID, in_query("per_kind", "integer", "Matches of each kind, from 1 to 100.")] },
            shape: "Matches",
            refusals: &[400, 403, 404],
            answers: get(matches),
        },
        ApiRoute {
            path: "/api/{kind}/{id}/decisions",
            name: "decisions",
            about: "What each measure says about an organization; the kind is `organization`.",
            parameters: const { &[KIND, ID, in_query("period", "string", "The period decided for, such as `2021`.")] },
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

async fn schema(State(portal): State<Arc<Portal>>, Path(kind): Path<String>) -> Result<Response, Fault> {
    json(&portal.app.json_schema(&kind).ok_or_else(Fault::not_found)?, "application/schema+json")
}

async fn description(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&openapi::document(&table(), &portal.options.public_url), JSON)
}

async fn record(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    json(&portal.ask(move |app| app.record(&visit.viewer, &id)).await?, JSON)
}

async fn matches(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    let per_kind = match visit.query.filled("per_kind") {
        None => MATCHES_PER_KIND,
        Some(given) => given.parse().ok().filter(|number| (1..=100).contains(number)).ok_or_else(|| {
            Fault::bad_parameter(
                text!("per_kind 应为 1 到 100 的整数。", "per_kind should be a whole number from 1 to 100."),
                text!("不写则为 20。", "Without it, 20 are given."),
            )
        })?,
    };
    json(&portal.ask(move |app| app.matches(&visit.viewer, &id, per_kind)).await?, JSON)
}

async fn decisions(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path((kind, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let id = subject(&kind, &id)?;
    if kind != "organization" {
        return Err(Fault::not_found());
    }
    let period = period(visit.query.filled("period"))?;
    json(&portal.ask(move |app| app.decisions(&visit.viewer, &id, period.as_deref())).await?, JSON)
}

/// The id in a path, if it is one of the kind in the path.
fn subject(kind: &str, id: &str) -> Result<RecordId, Fault> {
    let schema = crate::kind::known(kind).ok_or_else(Fault::not_found)?;
    RecordId::parse(id).filter(|id| id.prefix() == schema.prefix).ok_or_else(Fault::not_found)
}
