//! Webhooks over the API: a program says where it wants to be told.

use super::JSON;
use super::record::read_once;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::program::Sent;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use duijie_app::{AppError, HookEvent};
use duijie_vocab::{Diagnostic, Place, RegionCode, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a program asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    url: String,
    events: Vec<HookEvent>,
    #[serde(default)]
    region: Option<String>,
}

/// What is left of a webhook that was removed.
#[derive(Serialize)]
pub(crate) struct Removed {
    pub(crate) id: String,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.hooks(&visit.viewer)).await?, JSON)
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let (once, wish): (_, Wish) = read_once(&visit, &headers, sent)?;
    let region = wish.region.as_deref().map(RegionCode::find).transpose().map_err(|_| {
        let message = text!("没有这个行政区划，或有多个同名", "there is no such region, or there are several");
        Fault::from(AppError::Invalid(vec![Diagnostic::error("webhook.region", message).at(Place::field("region"))]))
    })?;
    let made = portal.ask(move |app| app.make_hook_once(&visit.viewer, once.as_ref(), &wish.url, &wish.events, region)).await?;
    let mut response = json(&made, JSON)?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

pub(crate) async fn remove(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let key = id.clone();
    portal.ask(move |app| app.remove_hook(&visit.viewer, &key)).await?;
    json(&Removed { id }, JSON)
}
