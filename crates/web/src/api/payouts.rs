//! Entitlements over the API: what is promised, batch runs, published lists, payment files. A step names
//! the version that it is based on, so that sending it twice takes it once.

use super::JSON;
use super::record::{base, tag};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::program::{self, Sent};
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use duijie_app::{AppError, EntitlementView, ManySteps, PayoutAct, TermsChange};
use duijie_vocab::{Diagnostic, RecordId, RegionCode, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A page of a list and where it goes on.
#[derive(Serialize)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Rows<T> {
    pub(super) fn of((rows, next): (Vec<T>, Option<String>)) -> Rows<T> {
        Rows { rows, next }
    }
}

/// A measure and the year of a batch run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunAsked {
    measure: String,
    period: String,
}

/// A body that says nothing: `{}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A list that was published.
#[derive(Serialize)]
pub(crate) struct ListMade {
    pub(crate) list: String,
    pub(crate) steps: ManySteps,
}

pub(super) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let request = crate::pages::payouts::wanted(&visit.query);
    let found: Rows<EntitlementView> = portal.ask(move |app| app.entitlements(&visit.viewer, &request).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(super) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    tagged(&portal.ask(move |app| app.entitlement(&visit.viewer, &id)).await?)
}

pub(super) async fn step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let version = base(&headers)?;
    let act = read_act(sent)?;
    tagged(&portal.ask(move |app| app.payout_step(&visit.viewer, &id, act, Some(version))).await?)
}

/// The act that was sent. What a payment file does is not done one by one.
fn read_act(sent: Sent) -> Result<PayoutAct, Fault> {
    let act: PayoutAct = sent.read()?;
    let by_file = matches!(act, PayoutAct::Order { .. } | PayoutAct::Settle { .. } | PayoutAct::Bounce { .. } | PayoutAct::Publish { .. });
    if by_file { Err(invalid(text!("公示与付款只能成批办理", "lists and payment files are made in batches"))) } else { Ok(act) }
}

/// What was sent cannot be used.
pub(super) fn invalid(message: duijie_vocab::Text) -> Fault {
    Fault::from(AppError::Invalid(vec![Diagnostic::error("body", message)]))
}

fn tagged(view: &EntitlementView) -> Result<Response, Fault> {
    let mut response = json(view, JSON)?;
    response.headers_mut().insert(header::ETAG, tag(view.version)?);
    Ok(response)
}

pub(super) async fn replay(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    json(&portal.ask(move |app| app.payout_replay(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn missed(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let organization = visit.query.filled("organization").or(visit.viewer.organization.as_deref()).and_then(RecordId::parse).ok_or_else(Fault::not_found)?;
    let period = visit.query.filled("period").map(str::to_string);
    json(&portal.ask(move |app| app.payout_missed(&visit.viewer, &organization, period.as_deref())).await?, JSON)
}

pub(super) async fn summary(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let organization = visit.query.filled("organization").or(visit.viewer.organization.as_deref()).and_then(RecordId::parse).ok_or_else(Fault::not_found)?;
    json(&portal.ask(move |app| app.payout_summary(&visit.viewer, &organization)).await?, JSON)
}

pub(super) async fn published(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let after = visit.query.filled("after").map(str::to_string);
    json(&portal.ask(move |app| app.published_lists(after.as_deref()).map(Rows::of)).await?, JSON)
}

pub(super) async fn published_rows(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (list, after) = (needed(&visit, "list")?, visit.query.filled("after").map(str::to_string));
    json(&portal.ask(move |app| app.published_list(&list, after.as_deref())).await?, JSON)
}

pub(super) async fn overview(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let period = needed(&visit, "period")?;
    json(&portal.ask(move |app| app.payout_overview(&visit.viewer, &period, &mut |_| {})).await?, JSON)
}

pub(super) async fn preview(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (measure, period) = (needed(&visit, "measure")?, needed(&visit, "period")?);
    json(&portal.ask(move |app| app.payout_preview(&visit.viewer, &measure, &period, &mut |_| {})).await?, JSON)
}

/// What the query gives as `name`; without it there is nothing to find.
fn needed(visit: &Visit, name: &str) -> Result<String, Fault> {
    visit.query.filled(name).map(str::to_string).ok_or_else(Fault::not_found)
}

pub(super) async fn run(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let RunAsked { measure, period } = sent.read()?;
    json(&portal.ask(move |app| app.payout_run(&visit.viewer, &measure, &period, &mut |_| {})).await?, JSON)
}

pub(super) async fn approve(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let RunAsked { measure, period } = sent.read()?;
    json(&portal.ask(move |app| app.approve_payouts(&visit.viewer, Some((&measure, &period)))).await?, JSON)
}

pub(super) async fn publish(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let RunAsked { measure, period } = sent.read()?;
    let (list, steps) = portal.ask(move |app| app.publish_payouts(&visit.viewer, &measure, &period)).await?;
    json(&ListMade { list, steps }, JSON)
}

pub(super) async fn pay(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let Nothing {} = sent.read()?;
    json(&portal.ask(move |app| app.payment_file(&visit.viewer)).await?, JSON)
}

pub(super) async fn payments(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(file): Path<String>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.payments(&visit.viewer, &file)).await?, JSON)
}

pub(super) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    let (name, bytes) = program::file(&portal, &visit, request, portal.options.upload_limit_bytes).await?;
    json(&portal.ask(move |app| app.read_payment_return(&visit.viewer, &file, &name, &bytes)).await?, JSON)
}

pub(super) async fn terms(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = region(&visit)?;
    json(&portal.ask(move |app| app.payout_terms(region)).await?, JSON)
}

pub(super) async fn terms_history(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = region(&visit)?;
    json(&portal.ask(move |app| app.payout_terms_history(&visit.viewer, region)).await?, JSON)
}

pub(super) async fn put_terms(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let change: TermsChange = sent.read()?;
    let region = region(&visit)?;
    json(&portal.ask(move |app| app.change_payout_terms(&visit.viewer, region, change)).await?, JSON)
}

/// The region that the query names, or the caller's own.
fn region(visit: &Visit) -> Result<RegionCode, Fault> {
    Ok(crate::pages::search::region_of(&visit.query)?.unwrap_or(visit.viewer.region))
}
