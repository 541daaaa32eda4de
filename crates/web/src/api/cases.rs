//! Cases over the API: the desk of the caller, one case as disclosed, opening one, and acts on it.
//! An act names the version that it is based on, so that sending it twice does it once.

use super::JSON;
use super::record::{base, read_once, tag};
use crate::fault::Fault;
use crate::pages::cases::desk_query;
use crate::portal::Portal;
use crate::program::Sent;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use duijie_app::{ActForm, CaseForm, CaseView, DeskQuery, case_state};
use duijie_vocab::{RecordId, text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A case to open: the fields of the form, and whether it is handed in at once.
#[derive(Deserialize)]
struct Opened {
    need: CaseForm,
    #[serde(default)]
    submit: bool,
}

/// An act: its verb and the fields of its form, as a case's `actions` list them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acted {
    verb: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let state = visit.query.filled("state").map(|word| {
        case_state(word)
            .ok_or_else(|| Fault::bad_parameter(text!("没有状态 {word}。", "There is no state {word}."), text!("如 matching。", "Such as matching.")))
    });
    let query = DeskQuery { state: state.transpose()?, region: crate::pages::search::region_of(&visit.query)?, ..desk_query(&visit) };
    json(&portal.ask(move |app| app.case_desk(&visit.viewer, &query)).await?, JSON)
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let as_of = visit.query.filled("as_of").map(|seq| seq.parse::<i64>().map_err(|_| Fault::not_found())).transpose()?;
    let case = match as_of {
        Some(seq) => portal.ask(move |app| app.case_as_of(&visit.viewer, &id, seq)).await?,
        None => portal.ask(move |app| app.look_at_case(&visit.viewer, &id)).await?,
    };
    tagged(&case, StatusCode::OK)
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let (once, Opened { need, submit }) = read_once(&visit, &headers, sent)?;
    let case = portal
        .ask(move |app| {
            let id = app.open_case_once(&visit.viewer, once.as_ref(), &need, submit)?;
            app.case(&visit.viewer, &id)
        })
        .await?;
    let mut response = tagged(&case, StatusCode::CREATED)?;
    let place = HeaderValue::try_from(format!("/api/cases/{}", case.id)).map_err(Fault::internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let version = u32::try_from(base(&headers)?).map_err(|_| Fault::not_found())?;
    let Acted { verb, fields } = sent.read()?;
    let form = ActForm { verb, fields: fields.into_iter().collect() };
    let case = portal
        .ask(move |app| {
            app.act_on_case(&visit.viewer, &id, Some(version), &form)?;
            app.case(&visit.viewer, &id)
        })
        .await?;
    tagged(&case, StatusCode::OK)
}

fn tagged(case: &CaseView, status: StatusCode) -> Result<Response, Fault> {
    let mut response = json(case, JSON)?;
    *response.status_mut() = status;
    response.headers_mut().insert(header::ETAG, tag(i64::from(case.version))?);
    Ok(response)
}
