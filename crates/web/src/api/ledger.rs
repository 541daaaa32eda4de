//! The books over the API: balances, statements, funding a pool, the comparison with the bank's file,
//! what became of a transfer, and tables about money as files.

use super::JSON;
use super::payouts::invalid;
use crate::fault::Fault;
use crate::pages::money_file::money_file;
use crate::portal::Portal;
use crate::program::{self, Sent};
use crate::render::json;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use duijie_app::{AccountId, TransferId};
use duijie_vocab::{Date, Diagnostic, Fen, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many lines of a statement one answer holds.
const LINES: usize = 1_000;

/// Money for a pool. The id makes asking twice harmless.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Funding {
    pool: String,
    amount: Fen,
    id: String,
}

/// A balance at a moment.
#[derive(Serialize)]
pub(crate) struct BalanceAt {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
    /// Credits − debits.
    pub(crate) balance_fen: Fen,
}

/// What came of a bank's file: the row of each line that the books know, and every difference.
#[derive(Serialize)]
pub(crate) struct Reconciled {
    pub(crate) matched: BTreeMap<u32, String>,
    pub(crate) differences: Vec<Text>,
    /// Rows that cannot be read.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(super) async fn accounts(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.account_balances(&visit.viewer, None)).await?, JSON)
}

pub(super) async fn sums(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.account_groups(&visit.viewer)).await?, JSON)
}

pub(super) async fn trial(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.trial_balance(&visit.viewer)).await?, JSON)
}

pub(super) async fn audit(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    json(&portal.ask(move |app| app.audit_ledger(&visit.viewer)).await?, JSON)
}

pub(super) async fn statement(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let account = asked_account(&visit)?;
    let day = |name: &str| visit.query.filled(name).map(Date::parse).transpose().map_err(|why| invalid(text!("日期有误：{why}", "no date: {why}")));
    let (from, until) = (day("from")?, day("until")?);
    let after = visit.query.filled("after").map(str::to_string);
    json(&portal.ask(move |app| app.statement_page(&visit.viewer, &account, (from, until), after.as_deref(), LINES)).await?, JSON)
}

pub(super) async fn balance(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
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

pub(super) async fn fund(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Extension(sent): Extension<Sent>) -> Result<Response, Fault> {
    let Funding { pool, amount, id } = sent.read()?;
    let no_account = |why: &dyn std::fmt::Display| invalid(text!("账户 `{pool}` 有误：{why}", "`{pool}` is not an account: {why}"));
    let account = AccountId::parse(&pool).map_err(|why| no_account(&why))?;
    let bank = AccountId::bank(account.region(), "treasury").map_err(|why| no_account(&why))?;
    let entry = portal.ask(move |app| {
        app.fund_pool(&visit.viewer, &account, &bank, amount, &id)?;
        let id = TransferId::parse(&format!("fund/{id}")).map_err(|_| duijie_app::AppError::NotFound)?;
        app.transfer_outcome(&visit.viewer, &id)
    });
    json(&entry.await?, JSON)
}

pub(super) async fn reconcile(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, request: Request) -> Result<Response, Fault> {
    let account = asked_account(&visit)?;
    let (name, bytes) = program::file(&portal, &visit, request, portal.options.upload_limit_bytes).await?;
    let (found, diagnostics) = portal.ask(move |app| app.reconcile(&visit.viewer, &account, &name, &bytes)).await?;
    let differences = found.differences.iter().map(duijie_app::Difference::reason).collect();
    json(&Reconciled { matched: found.matched, differences, diagnostics }, JSON)
}

/// What became of a transfer, for whoever lost the answer.
pub(super) async fn transfer(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let id = visit.query.filled("id").and_then(|id| TransferId::parse(id).ok()).ok_or_else(Fault::not_found)?;
    json(&portal.ask(move |app| app.transfer_outcome(&visit.viewer, &id)).await?, JSON)
}

pub(super) async fn export(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(file): Path<String>) -> Result<Response, Fault> {
    money_file(&portal, &visit, &file).await?.ok_or_else(Fault::not_found)
}
