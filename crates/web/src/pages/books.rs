//! The books of the viewer's region: balances, the statement of an account, the trial balance, and the
//! comparison with the bank's own file.

use super::payouts::{incomplete, money};
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{AccountBalance, AccountId, Action, App, AppError, Statement, Viewer};
use duijie_vocab::{Date, Diagnostic, Fen, Text};
use serde::Serialize;
use std::sync::Arc;

/// The last lines of a statement that a page shows; a workbook has them all.
const LINES: usize = 500;

#[derive(Serialize)]
pub(crate) struct BooksPage {
    pub(crate) accounts: Vec<AccountShown>,
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) statement: Option<StatementShown>,
    pub(crate) trial: Option<TrialShown>,
    pub(crate) reconciled: Option<Reconciled>,
}

#[derive(Serialize)]
pub(crate) struct AccountShown {
    pub(crate) account: String,
    pub(crate) kind: Text,
    pub(crate) region_name: String,
    pub(crate) name: String,
    pub(crate) balance: String,
    pub(crate) reserved: String,
}

#[derive(Serialize)]
pub(crate) struct StatementShown {
    pub(crate) opening: String,
    pub(crate) closing: String,
    pub(crate) lines: Vec<LineShown>,
    /// Earlier lines that are not shown.
    pub(crate) more: usize,
}

#[derive(Serialize)]
pub(crate) struct LineShown {
    pub(crate) at: String,
    pub(crate) transfer: String,
    pub(crate) counter: String,
    pub(crate) debit: String,
    pub(crate) credit: String,
    pub(crate) balance: String,
}

#[derive(Serialize)]
pub(crate) struct TrialShown {
    pub(crate) debits: String,
    pub(crate) credits: String,
    pub(crate) even: bool,
}

/// What came of a bank's file.
#[derive(Serialize)]
pub(crate) struct Reconciled {
    pub(crate) matched: usize,
    pub(crate) differences: Vec<Text>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let page = read(&portal, &visit, visit.query.clone(), None).await?;
    portal.pages.show(&portal, &visit, "books.html", page)
}

/// Funds a pool, or compares a bank account with the file that was sent.
pub(crate) async fn reconcile(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let account = account(&posted.fields)?.ok_or_else(incomplete)?;
    if posted.fields.get("act") == Some("fund") {
        let (viewer, amount) = (visit.viewer.clone(), money(&posted.fields, "amount")?);
        let id = posted.fields.filled("id").ok_or_else(incomplete)?.to_string();
        let bank = AccountId::bank(account.region(), "treasury").map_err(|_| Fault::not_found())?;
        let shown = account.to_string();
        portal.ask(move |app| app.fund_pool(&viewer, &account, &bank, amount, &id)).await?;
        return Ok(see_other(&Pairs::default().with("account", &shown).behind("/books")));
    }
    let (viewer, sent) = (visit.viewer.clone(), Arc::clone(&posted));
    let (found, diagnostics) = portal
        .ask(move |app| {
            let upload = sent.file().ok_or(AppError::NotFound)?;
            app.reconcile(&viewer, &account, &upload.name, &upload.bytes)
        })
        .await?;
    let differences = found.differences.iter().map(duijie_app::Difference::reason).collect();
    let reconciled = Reconciled { matched: found.matched.len(), differences, diagnostics };
    let page = read(&portal, &visit, posted.fields.clone(), Some(reconciled)).await?;
    portal.pages.show(&portal, &visit, "books.html", page)
}

async fn read(portal: &Portal, visit: &Visit, fields: Pairs, reconciled: Option<Reconciled>) -> Result<BooksPage, Fault> {
    let viewer = visit.viewer.clone();
    let (asked, days) = (account(&fields)?, (day(&fields, "from")?, day(&fields, "until")?));
    let shown = asked.as_ref().map(ToString::to_string).unwrap_or_default();
    let (accounts, statement, trial) = portal.ask(move |app| gather(app, &viewer, asked.as_ref(), days)).await?;
    let written = |name: &str| fields.get(name).unwrap_or_default().to_string();
    Ok(BooksPage { accounts, account: shown, from: written("from"), until: written("until"), statement, trial, reconciled })
}

type Gathered = (Vec<AccountShown>, Option<StatementShown>, Option<TrialShown>);

fn gather(app: &App, viewer: &Viewer, account: Option<&AccountId>, (from, until): (Option<Date>, Option<Date>)) -> Result<Gathered, AppError> {
    let accounts = app.account_balances(viewer, None)?.into_iter().map(AccountShown::of).collect();
    let statement = account.map(|account| app.statement(viewer, account, from, until)).transpose()?;
    let trial = viewer.may(Action::Administer, &duijie_app::Target::default()).is_ok().then(|| app.trial_balance(viewer)).transpose()?;
    let shown = |sum: i128| Fen(i64::try_from(sum).unwrap_or(i64::MAX)).chinese();
    let trial = trial.map(|trial| TrialShown { even: trial.is_even(), debits: shown(trial.debits), credits: shown(trial.credits) });
    Ok((accounts, statement.as_ref().map(StatementShown::of), trial))
}

impl AccountShown {
    pub(crate) fn of(row: AccountBalance) -> AccountShown {
        let AccountBalance { account, kind, region_name, name, balance, reserved, .. } = row;
        AccountShown { account, kind, region_name, name, balance: balance.chinese(), reserved: reserved.chinese() }
    }
}

impl StatementShown {
    fn of(statement: &Statement) -> StatementShown {
        let more = statement.lines.len().saturating_sub(LINES);
        let side = |amount: Fen| if amount == Fen::ZERO { String::new() } else { amount.chinese() };
        let lines = statement.lines.iter().skip(more).map(|line| LineShown {
            at: line.at.china_minute(),
            transfer: line.transfer.clone(),
            counter: line.counter.to_string(),
            debit: side(line.debit),
            credit: side(line.credit),
            balance: line.balance.chinese(),
        });
        StatementShown { opening: statement.opening.chinese(), closing: statement.closing.chinese(), lines: lines.collect(), more }
    }
}

/// The account that is asked about; one that is none is not found.
fn account(fields: &Pairs) -> Result<Option<AccountId>, Fault> {
    fields.filled("account").map(|text| AccountId::parse(text).map_err(|_| Fault::not_found())).transpose()
}

fn day(fields: &Pairs, name: &str) -> Result<Option<Date>, Fault> {
    fields.filled(name).map(|text| Date::parse(text).map_err(|_| incomplete())).transpose()
}
