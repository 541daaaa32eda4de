//! Changing one field of many records of a list at once, and what came of each.

use super::search::read_request;
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Action, App, AppError, Hit, ManyLine, Target};
use duijie_record::Schema;
use duijie_vocab::{Diagnostic, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct BulkPage {
    pub(crate) kind: String,
    pub(crate) kind_name: Text,
    /// The fields that can be set: key and name.
    pub(crate) fields: Vec<(String, Text)>,
    /// The list that is changed, and the address that shows it again.
    pub(crate) hits: Vec<Hit>,
    pub(crate) total: usize,
    pub(crate) here: String,
    /// The list without changing anything.
    pub(crate) list: String,
    pub(crate) field: String,
    pub(crate) value: String,
    /// What came of each record, after the change.
    pub(crate) lines: Vec<ManyLine>,
    pub(crate) faults: Vec<Diagnostic>,
}

const SHOWN: usize = 100;

pub(crate) async fn choose(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(kind): Path<String>) -> Result<Response, Fault> {
    let schema = kind::known(&kind).ok_or_else(Fault::not_found)?;
    let page = listed(&portal, &visit, schema).await?;
    portal.pages.show(&portal, &visit, "bulk.html", page)
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(kind): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let schema = kind::known(&kind).ok_or_else(Fault::not_found)?;
    let ids: Vec<RecordId> = posted.fields.all("id").filter_map(RecordId::parse).filter(|id| id.prefix() == schema.prefix).collect();
    let given = |name: &str| posted.fields.get(name).unwrap_or_default().to_string();
    let (field, value) = (given("field"), given("value"));
    let (viewer, key, wanted) = (visit.viewer.clone(), field.clone(), value.clone());
    let (lines, faults) = match portal.ask(move |app| app.change_many(&viewer, &schema.kind, &ids, &key, &wanted)).await {
        Ok(lines) => (lines, Vec::new()),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => (Vec::new(), fault.diagnostics),
        Err(fault) => return Err(fault),
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = BulkPage { field, value, lines, faults, ..listed(&portal, &visit, schema).await? };
    let mut response = portal.pages.show(&portal, &visit, "bulk.html", page)?;
    *response.status_mut() = status;
    Ok(response)
}

async fn listed(portal: &Arc<Portal>, visit: &Visit, schema: &'static Schema) -> Result<BulkPage, Fault> {
    let mut request = read_request(&visit.query, Some(schema))?;
    // Nobody can change what lies outside the own region, so it is not offered.
    request.region = request.region.or(Some(visit.viewer.region));
    (request.page, request.per_page) = (1, SHOWN);
    let viewer = visit.viewer.clone();
    let found = portal
        .ask(move |app: &App| {
            viewer.may(Action::Merge, &Target::default()).map_err(AppError::from)?;
            app.search(&viewer, &request)
        })
        .await?;
    Ok(BulkPage {
        kind: schema.kind.clone(),
        kind_name: schema.plural.clone(),
        fields: schema.fields().filter(|field| field.key != schema.title).map(|field| (field.key.clone(), field.name.clone())).collect(),
        hits: found.hits,
        total: found.total,
        here: visit.here(),
        list: visit.query.behind(&format!("/{}", schema.kind)),
        field: String::new(),
        value: String::new(),
        lines: Vec::new(),
        faults: Vec::new(),
    })
}
