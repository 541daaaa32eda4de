//! Money over the API: what is promised, vouchers, orders, what is published, and what became of a
//! transfer. A step names the version that it is based on, so that sending it twice takes it once.

use super::JSON;
use super::record::{base, tag};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::program::Sent;
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use duijie_app::{
    AccountId, AppError, Application, Contract, EntitlementRequest, EntitlementView, OrderAct, OrderView, PayoutAct, TransferId, VoucherAct, VoucherView,
};
use duijie_vocab::{Date, Diagnostic, Fen, RecordId, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A page of a list and where it goes on.
#[derive(Serialize)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Rows<T> {
    fn of((rows, next): (Vec<T>, Option<String>)) -> Rows<T> {
        Rows { rows, next }
    }
}

pub(crate) async fn payouts(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let asked = |name: &str| visit.query.filled(name).map(str::to_string);
    let request = EntitlementRequest {
        state: asked("state"),
        measure: asked("measure"),
        period: asked("period"),
        organization: asked("organization"),
        list: asked("list"),
        file: asked("file"),
        after: asked("after"),
    };
    let found: Rows<EntitlementView> = portal.ask(move |app| app.entitlements(&visit.viewer, &request).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(crate) async fn payout(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let found = portal.ask(move |app| app.entitlement(&visit.viewer, &id)).await?;
    tagged(&found)
}

pub(crate) async fn payout_step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let version = base(&headers)?;
    let act = read_act(sent)?;
    let moved = portal.ask(move |app| app.payout_step(&visit.viewer, &id, act, Some(version))).await?;
    tagged(&moved)
}

/// The act that was sent. What a payment file does is not done one by one.
fn read_act(sent: Sent) -> Result<PayoutAct, Fault> {
    let act: PayoutAct = sent.read()?;
    let by_file = matches!(act, PayoutAct::Order { .. } | PayoutAct::Settle { .. } | PayoutAct::Bounce { .. } | PayoutAct::Publish { .. });
    if by_file { Err(invalid(text!("公示与付款只能成批办理", "lists and payment files are made in batches"))) } else { Ok(act) }
}

/// What was sent, as what it has to be. Amounts are whole Fen.
fn invalid(message: duijie_vocab::Text) -> Fault {
    Fault::from(AppError::Invalid(vec![Diagnostic::error("body", message)]))
}

/// A measure and the year of a batch run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunAsked {
    measure: String,
    period: String,
}

/// Makes the entitlements of a measure for a year; again makes only what is missing.
pub(crate) async fn payout_run(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let RunAsked { measure, period } = sent.read()?;
    json(&portal.ask(move |app| app.payout_run(&visit.viewer, &measure, &period, &mut |_| {})).await?, JSON)
}

/// A voucher that is applied for under a scheme.
#[derive(Deserialize)]
struct VoucherAsked {
    scheme: String,
    #[serde(flatten)]
    application: Application,
}

pub(crate) async fn apply(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let VoucherAsked { scheme, application } = sent.read()?;
    json(&portal.ask(move |app| app.apply_voucher(&visit.viewer, &scheme, application)).await?, JSON)
}

pub(crate) async fn voucher_step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let act: VoucherAct = sent.read()?;
    json(&portal.ask(move |app| app.voucher_step(&visit.viewer, &id, &act)).await?, JSON)
}

/// A service that is ordered with a voucher from an agency that has filed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderAsked {
    voucher: RecordId,
    filing: RecordId,
    contract: Contract,
}

pub(crate) async fn order(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let OrderAsked { voucher, filing, contract } = sent.read()?;
    json(&portal.ask(move |app| app.place_order(&visit.viewer, &voucher, &filing, contract)).await?, JSON)
}

pub(crate) async fn order_step(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(sent): Extension<Sent>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let act: OrderAct = sent.read()?;
    json(&portal.ask(move |app| app.order_step(&visit.viewer, &id, &act)).await?, JSON)
}

pub(crate) async fn ledger_accounts(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.account_balances(&visit.viewer, None)).await?, JSON)
}

pub(crate) async fn ledger_statement(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let account = asked_account(&visit)?;
    let day = |name: &str| visit.query.filled(name).map(Date::parse).transpose().map_err(|why| invalid(text!("日期有误：{why}", "no date: {why}")));
    let (from, until) = (day("from")?, day("until")?);
    json(&portal.ask(move |app| app.statement(&visit.viewer, &account, from, until)).await?, JSON)
}

/// A balance at a moment.
#[derive(Serialize)]
pub(crate) struct BalanceAt {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
    /// Credits − debits.
    pub(crate) balance_fen: Fen,
}

pub(crate) async fn ledger_balance(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let account = asked_account(&visit)?;
    let at = visit.query.filled("at").map(Timestamp::parse).transpose().map_err(|why| invalid(text!("时刻有误：{why}", "no moment: {why}")))?;
    let found = portal.ask(move |app| {
        let (at, balance_fen) = app.balance_at(&visit.viewer, &account, at)?;
        Ok(BalanceAt { account, at, balance_fen })
    });
    json(&found.await?, JSON)
}

fn asked_account(visit: &Visit) -> Result<AccountId, Fault> {
    visit.query.filled("account").and_then(|text| AccountId::parse(text).ok()).ok_or_else(Fault::not_found)
}

fn tagged(view: &EntitlementView) -> Result<Response, Fault> {
    let mut response = json(view, JSON)?;
    response.headers_mut().insert(header::ETAG, tag(view.version)?);
    Ok(response)
}

pub(crate) async fn vouchers(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let found: Rows<VoucherView> = portal.ask(move |app| app.vouchers(&visit.viewer, state.as_deref(), after.as_deref()).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(crate) async fn orders(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let found: Rows<OrderView> = portal.ask(move |app| app.orders(&visit.viewer, state.as_deref(), after.as_deref()).map(Rows::of)).await?;
    json(&found, JSON)
}

pub(crate) async fn published(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.published_lists()).await?, JSON)
}

pub(crate) async fn agencies(State(portal): State<Arc<Portal>>) -> Result<Response, Fault> {
    json(&portal.ask(|app| app.agencies()).await?, JSON)
}

/// What became of a transfer, for whoever lost the answer.
pub(crate) async fn transfer(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let id = visit.query.filled("id").and_then(|id| TransferId::parse(id).ok()).ok_or_else(Fault::not_found)?;
    json(&portal.ask(move |app| app.transfer_outcome(&visit.viewer, &id)).await?, JSON)
}
