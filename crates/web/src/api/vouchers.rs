//! Vouchers over the API: schemes, applying and reviewing, orders with their documents, agencies and
//! their ratings, and what regions owe one another. Amounts are whole Fen.

use super::JSON;
use super::payouts::Rows;
use crate::fault::Fault;
use crate::pages::documents::{handed_out, named};
use crate::portal::Portal;
use crate::program::{self, Sent};
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use duijie_app::{
    Action, Application, Contract, DOCUMENT_LIMIT_BYTES, FilingAct, OrderAct, OrderView, PairView, RatingFile, ServiceClass, Target, VoucherAct, VoucherView,
};
use duijie_vocab::{RecordId, RegionCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A voucher that is applied for under a scheme.
#[derive(Deserialize)]
struct VoucherAsked {
    scheme: String,
    #[serde(flatten)]
    application: Application,
}

/// A service that is ordered with a voucher from an agency that has filed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderAsked {
    voucher: RecordId,
    filing: RecordId,
    contract: Contract,
}

/// Claimed orders that are redeemed together; all of the caller's region if none are named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redemption {
    batch: String,
    #[serde(default)]
    orders: Option<Vec<RecordId>>,
    #[serde(default)]
    despite: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchPayment {
    batch: String,
    bank_serial: String,
}

/// How many orders of a batch the bank paid.
#[derive(Serialize)]
pub(crate) struct BatchPaid {
    pub(crate) batch: String,
    pub(crate) paid: usize,
}

/// What an agency files for; its own organization if none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilingAsked {
    #[serde(default)]
    agency: Option<RecordId>,
    region: RegionCode,
    classes: Vec<ServiceClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemeText {
    yaml: String,
    /// The `version` that the text was made from; without it the last change wins.
    #[serde(default)]
    base: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettlementRun {
    run: String,
}

/// What regions owe one another now, and what was settled.
#[derive(Serialize)]
pub(crate) struct Clearing {
    pub(crate) open: Vec<PairView>,
    pub(crate) settled: Vec<PairView>,
}

fn id_of(text: &str) -> Result<RecordId, Fault> {
    RecordId::parse(text).ok_or_else(Fault::not_found)
}

fn page_of(visit: &Visit) -> (Option<String>, Option<String>) {
    (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string))
}

pub(super) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (state, after) = page_of(&visit);
    let found: Rows<VoucherView> = portal.ask(move |app| app.vouchers(&visit.viewer, state.as_deref(), after.as_deref()).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(super) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    json(&portal.ask(move |app| app.voucher(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn apply(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let VoucherAsked { scheme, application } = sent.read()?;
    json(&portal.ask(move |app| app.apply_voucher(&visit.viewer, &scheme, application)).await?, JSON)
}

pub(super) async fn step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let act: VoucherAct = sent.read()?;
    json(&portal.ask(move |app| app.voucher_step(&visit.viewer, &id, &act)).await?, JSON)
}

pub(super) async fn orders(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (state, after) = page_of(&visit);
    let found: Rows<OrderView> = portal.ask(move |app| app.orders(&visit.viewer, state.as_deref(), after.as_deref()).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(super) async fn order(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    json(&portal.ask(move |app| app.order(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn place(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let OrderAsked { voucher, filing, contract } = sent.read()?;
    json(&portal.ask(move |app| app.place_order(&visit.viewer, &voucher, &filing, contract)).await?, JSON)
}

pub(super) async fn order_step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let act: OrderAct = sent.read()?;
    json(&portal.ask(move |app| app.order_step(&visit.viewer, &id, &act)).await?, JSON)
}

/// A file for an order that is still to come.
pub(super) async fn document(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, request: Request) -> Result<Response, Fault> {
    let limit = portal.options.upload_limit_bytes.min(DOCUMENT_LIMIT_BYTES);
    let (name, bytes) = program::file(&portal, &visit, request, limit).await?;
    json(&portal.ask(move |app| app.keep_order_file(&visit.viewer, &name, &bytes)).await?, JSON)
}

/// The file of a document that an order names already.
pub(super) async fn attach(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let limit = portal.options.upload_limit_bytes.min(DOCUMENT_LIMIT_BYTES);
    let (name, bytes) = program::file(&portal, &visit, request, limit).await?;
    let order = portal.ask(move |app| {
        app.attach_order_file(&visit.viewer, &id, &name, &bytes)?;
        app.order(&visit.viewer, &id)
    });
    json(&order.await?, JSON)
}

pub(super) async fn file(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let file = portal.ask(move |app| app.order_file(&visit.viewer, &id, &digest)).await?;
    Ok(handed_out(file.bytes, file.kind, &named("attachment", &file.name)))
}

pub(super) async fn redeem(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let Redemption { batch, orders, despite } = sent.read()?;
    let report = portal.ask(move |app| {
        let orders = orders.map_or_else(|| app.claimed_orders(&visit.viewer), Ok)?;
        app.redeem_batch(&visit.viewer, &batch, &orders, despite.as_deref())
    });
    json(&report.await?, JSON)
}

pub(super) async fn pay(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let BatchPayment { batch, bank_serial } = sent.read()?;
    let paid = portal.ask(move |app| Ok(BatchPaid { paid: app.pay_batch(&visit.viewer, &batch, &bank_serial)?, batch }));
    json(&paid.await?, JSON)
}

pub(super) async fn agencies(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.agencies(&visit.viewer)).await?, JSON)
}

pub(super) async fn filings(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.filings(&visit.viewer)).await?, JSON)
}

pub(super) async fn filing(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    json(&portal.ask(move |app| app.filing(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn file_agency(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let FilingAsked { agency, region, classes } = sent.read()?;
    let own = visit.viewer.organization.as_deref().and_then(RecordId::parse);
    let agency = agency.or(own).ok_or_else(Fault::not_found)?;
    json(&portal.ask(move |app| app.file_agency(&visit.viewer, &agency, region, classes)).await?, JSON)
}

pub(super) async fn filing_step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let act: FilingAct = sent.read()?;
    json(&portal.ask(move |app| app.filing_step(&visit.viewer, &id, &act)).await?, JSON)
}

pub(super) async fn ratings(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.ratings()).await?, JSON)
}

pub(super) async fn rate(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let rating: RatingFile = sent.read()?;
    json(&portal.ask(move |app| app.rate_agencies(&visit.viewer, &rating)).await?, JSON)
}

pub(super) async fn schemes(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.schemes()).await?, JSON)
}

pub(super) async fn put_scheme(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let SchemeText { yaml, base } = sent.read()?;
    json(&portal.ask(move |app| app.change_scheme(&visit.viewer, "scheme.yaml", &yaml, base.as_deref())).await?, JSON)
}

pub(super) async fn scheme(State(portal): State<Arc<Portal>>, Path(id): Path<String>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.scheme_view(&id)).await?, JSON)
}

pub(super) async fn scheme_history(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.scheme_history(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn preview_scheme(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let SchemeText { yaml, .. } = sent.read()?;
    json(&portal.ask(move |app| app.preview_scheme(&visit.viewer, "scheme.yaml", &yaml)).await?, JSON)
}

pub(super) async fn figures(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let figures = portal.ask(move |app| {
        visit.viewer.may(Action::Pay, &Target { region: Some(visit.viewer.region), organization: None })?;
        app.scheme_figures(&id)
    });
    json(&figures.await?, JSON)
}

pub(super) async fn clearing(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let found = portal.ask(move |app| Ok(Clearing { open: app.clearing(&visit.viewer)?, settled: app.settlements(&visit.viewer)? }));
    json(&found.await?, JSON)
}

/// Ours beside the statement that the other side sent.
pub(super) async fn check_settlement(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, request: Request) -> Result<Response, Fault> {
    let run = visit.query.filled("run").map(str::to_string);
    let (name, bytes) = program::file(&portal, &visit, request, portal.options.upload_limit_bytes).await?;
    json(&portal.ask(move |app| app.check_settlement(&visit.viewer, run.as_deref(), &name, &bytes)).await?, JSON)
}

pub(super) async fn settle(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let SettlementRun { run } = sent.read()?;
    json(&portal.ask(move |app| app.settle_regions(&visit.viewer, &run)).await?, JSON)
}
