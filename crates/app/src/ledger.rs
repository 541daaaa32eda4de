//! The books: funding a pool, balances, statements, what became of a transfer, and the comparison
//! with the bank's file.

use crate::account_names::owner;
use crate::promise::post;
use crate::sessions::{DAY, HOUR};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::{
    Account, AccountId, AccountKind, Act, BankRow, Code, Disagreement, Entry, Reconciliation, Replay, Statement, Transfer, TransferId, TrialBalance,
    read_bank_rows, reconcile, statement, trial_balance,
};
use duijie_sheet::{Limits, read};
use duijie_store::View;
use duijie_vocab::{Date, Diagnostic, Fen, RegionCode, Timestamp, text};
use serde::Serialize;

/// How many rows are read at a time.
const PAGE: usize = 1_000;
/// The most lines of one statement.
const MAX_LINES: usize = 1_000_000;

/// One account for lists.
#[derive(Clone, Debug, Serialize)]
pub struct AccountBalance {
    pub account: String,
    pub kind: duijie_vocab::Text,
    pub region_name: String,
    pub name: String,
    pub balance: Fen,
    /// What may still be taken out; nothing where the account has no such limit.
    pub available: Option<Fen>,
    pub reserved: Fen,
}

impl App {
    /// Puts `amount` from the treasury's bank account into a pool. `id` makes asking twice harmless.
    pub fn fund_pool(&self, viewer: &Viewer, pool: &AccountId, bank: &AccountId, amount: Fen, id: &str) -> Result<(), AppError> {
        viewer.may(Action::Pay, &Target { region: Some(pool.region()), organization: None })?;
        if pool.kind() != AccountKind::Pool || bank.kind() != AccountKind::Bank || pool.region() != bank.region() {
            let message =
                text!("`{pool}` 须为资金池，`{bank}` 须为同一地区的银行账户", "`{pool}` has to be a pool and `{bank}` a bank account of the same region");
            return Err(AppError::Invalid(vec![Diagnostic::error("ledger.accounts", message)]));
        }
        let id = TransferId::parse(&format!("fund/{id}")).map_err(|fault| invalid("ledger.id", &fault))?;
        let code = Code::parse("pool.fund").map_err(|fault| invalid("ledger.code", &fault))?;
        let transfer = Transfer::new(id, code, Act::Posted { debit: bank.clone(), credit: pool.clone(), amount });
        self.write(&self.actor(viewer)?, move |tx| {
            let outcomes = tx.post_all_transfers(std::slice::from_ref(&transfer))?;
            debug_assert_eq!(outcomes.len(), 1);
            Ok(())
        })
    }

    /// Releases reservations whose time has come; how many there were.
    pub fn expire_reservations(&self, viewer: &Viewer) -> Result<usize, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let now = self.now();
        if self.store().read(|view| Ok::<_, AppError>(view.ledger_expired(now, 1)?))?.is_empty() {
            return Ok(0);
        }
        self.write(&self.actor(viewer)?, |tx| {
            let now = tx.now();
            let expired = tx.view().ledger_expired(now, PAGE)?;
            let transfers = expired.iter().map(|found| expiry(&found.entry)).collect::<Result<Vec<_>, _>>()?;
            post(tx, &transfers)?;
            Ok(transfers.len())
        })
    }

    /// The accounts of a kind, or of all, in the viewer's region and below.
    pub fn account_balances(&self, viewer: &Viewer, kind: Option<AccountKind>) -> Result<Vec<AccountBalance>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        let accounts = self.ledger_accounts(kind)?;
        let own = accounts.into_iter().filter(|account| viewer.region.contains(account.id.region()));
        let own: Vec<Account> = own.collect();
        self.store().read(|view| own.iter().map(|account| shown(view, account)).collect())
    }

    /// The trial balance over all accounts; it is only even over all of them.
    pub fn trial_balance(&self, viewer: &Viewer) -> Result<TrialBalance, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        Ok(trial_balance(&self.ledger_accounts(None)?))
    }

    /// What was posted to an account from one day to another, both included.
    pub fn statement(&self, viewer: &Viewer, account: &AccountId, from: Option<Date>, until: Option<Date>) -> Result<Statement, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(account.region()), organization: None })?;
        let entries = self.ledger_entries(Some(account))?;
        if entries.is_empty() {
            return Err(AppError::NotFound);
        }
        let (from, until) = span((from, until));
        Ok(statement(account, &entries, from, until))
    }

    /// Credits − debits posted to an account up to and including `at`, or up to now; with that moment.
    pub fn balance_at(&self, viewer: &Viewer, account: &AccountId, at: Option<Timestamp>) -> Result<(Timestamp, Fen), AppError> {
        viewer.may(Action::Pay, &Target { region: Some(account.region()), organization: None })?;
        let at = at.unwrap_or_else(|| self.now());
        let known = self.store().read(|view| Ok::<_, AppError>(view.ledger_account(account)?.map(|_| view.ledger_balance_at(account, at)).transpose()?))?;
        Ok((at, known.ok_or(AppError::NotFound)?))
    }

    /// What became of a transfer: every interface that moves money can be asked this.
    pub fn transfer_outcome(&self, viewer: &Viewer, id: &TransferId) -> Result<Entry, AppError> {
        let found = self.store().read(|view| Ok::<_, AppError>(view.ledger_transfer(id)?))?.ok_or(AppError::NotFound)?;
        viewer.may(Action::Pay, &Target { region: Some(found.entry.moved.debit.region()), organization: None })?;
        Ok(found.entry)
    }

    /// Compares a bank account with the bank's own file.
    pub fn reconcile(&self, viewer: &Viewer, account: &AccountId, file: &str, bytes: &[u8]) -> Result<(Reconciliation, Vec<Diagnostic>), AppError> {
        if account.kind() != AccountKind::Bank {
            return Err(AppError::Invalid(vec![Diagnostic::error("ledger.bank", text!("`{account}` 不是银行账户", "`{account}` is no bank account"))]));
        }
        let rows = rows_of(file, bytes)?;
        let (lines, diagnostics) = read_bank_rows(&rows);
        if lines.is_empty() && !diagnostics.is_empty() {
            return Err(AppError::Invalid(diagnostics));
        }
        let statement = self.statement(viewer, account, None, None)?;
        let first = lines.iter().map(|line| line.date).min();
        let last = lines.iter().map(|line| line.date).max();
        let covered = |at: Timestamp| first.is_some_and(|first| at.china_date() >= first) && last.is_some_and(|last| at.china_date() <= last);
        let within: Vec<_> = statement.lines.into_iter().filter(|line| covered(line.at)).collect();
        Ok((reconcile(&within, &lines), diagnostics))
    }

    /// Works every balance out again from the transfers and says what differs.
    pub fn audit_ledger(&self, viewer: &Viewer) -> Result<Vec<Disagreement>, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let accounts = self.ledger_accounts(None)?;
        let mut replay = Replay::new();
        let mut after = -1;
        loop {
            let page = self.store().read(|view| Ok::<_, AppError>(view.ledger_transfers(None, after, PAGE)?))?;
            let Some(last) = page.last() else { break };
            after = last.number;
            page.iter().for_each(|found| replay.feed(&found.entry));
        }
        let open: Vec<Disagreement> = replay.open_faults().collect();
        let (mut expected, mut faults) = replay.finish();
        faults.extend(open);
        for account in accounts {
            if expected.remove(&account.id).as_ref() != Some(&account) {
                faults.push(Disagreement {
                    about: account.id.to_string(), what: text!("余额与划转记录不符", "the balance is not what the transfers leave")
                });
            }
        }
        faults.extend(expected.into_keys().map(|id| Disagreement { about: id.to_string(), what: text!("账户缺失", "the account is missing") }));
        Ok(faults)
    }

    pub(crate) fn ledger_accounts(&self, kind: Option<AccountKind>) -> Result<Vec<Account>, AppError> {
        let prefix = kind.map_or_else(String::new, |kind| format!("{}:", kind.as_str()));
        let mut accounts: Vec<Account> = Vec::new();
        loop {
            let after = accounts.last().map_or_else(String::new, |account| account.id.to_string());
            let page = self.store().read(|view| Ok::<_, AppError>(view.ledger_accounts(&prefix, &after, PAGE)?))?;
            let full = page.len() == PAGE;
            accounts.extend(page);
            if !full {
                return Ok(accounts);
            }
        }
    }

    pub(crate) fn ledger_entries(&self, account: Option<&AccountId>) -> Result<Vec<Entry>, AppError> {
        let mut entries = Vec::new();
        let mut after = -1;
        loop {
            let page = self.store().read(|view| Ok::<_, AppError>(view.ledger_transfers(account, after, PAGE)?))?;
            let Some(last) = page.last() else { return Ok(entries) };
            after = last.number;
            entries.extend(page.into_iter().map(|found| found.entry));
            if entries.len() > MAX_LINES {
                return Err(AppError::Unavailable(text!("流水过长，请缩小日期范围", "the statement is too long; narrow the dates")));
            }
        }
    }
}

fn expiry(reserved: &Entry) -> Result<Transfer, AppError> {
    let pending = reserved.transfer.id.clone();
    let id = TransferId::parse(&format!("{pending}/expire")).map_err(|fault| invalid("ledger.id", &fault))?;
    let code = Code::parse("reservation.expire").map_err(|fault| invalid("ledger.code", &fault))?;
    Ok(Transfer::new(id, code, Act::Expire { pending }).with(reserved.transfer.links.clone()))
}

pub(crate) fn shown(view: &mut View<'_>, account: &Account) -> Result<AccountBalance, AppError> {
    Ok(AccountBalance {
        account: account.id.to_string(),
        kind: account.id.kind().name(),
        region_name: account.id.region().path(),
        name: owner(view, &account.id)?.unwrap_or_else(|| account.id.name().to_string()),
        balance: account.balance(),
        available: account.available(),
        reserved: account.debits_pending.max(account.credits_pending),
    })
}

/// The instants of some days in China: from the beginning of the first to the end of the last.
pub(crate) fn span((from, until): (Option<Date>, Option<Date>)) -> (Option<Timestamp>, Option<Timestamp>) {
    (from.map(|day| china_midnight(day, 0)), until.map(|day| china_midnight(day.last_day(), 1)))
}

/// Midnight in China at the beginning of the day that lies `later` days after `day`.
fn china_midnight(day: Date, later: i64) -> Timestamp {
    const CHINA: i64 = 8 * HOUR;
    let micros = (i64::from(day.days_since_epoch()) + later) * DAY - CHINA;
    Timestamp::from_micros(micros).expect("BUG: a Date lies within the years of a Timestamp")
}

/// The rows of a bank's file, whatever its encoding, as cells of text.
pub(crate) fn rows_of(file: &str, bytes: &[u8]) -> Result<Vec<BankRow>, AppError> {
    let unreadable = |fault: duijie_sheet::ReadFault| AppError::Invalid(vec![fault.diagnostic(file, None)]);
    let mut workbook = read(file, bytes.to_vec(), &Limits::default()).map_err(unreadable)?;
    let mut rows = Vec::new();
    for row in workbook.rows(0).map_err(unreadable)? {
        let row = row.map_err(unreadable)?;
        rows.push(BankRow { line: row.number, cells: (0..row.width()).map(|column| row.text(column)).collect() });
    }
    Ok(rows)
}

pub(crate) fn invalid(code: &str, fault: &dyn std::fmt::Display) -> AppError {
    AppError::Invalid(vec![Diagnostic::error(code, text!("编号有误：{fault}", "{fault}"))])
}

/// The bank account of a region's treasury that entitlements and vouchers use.
pub(crate) fn treasury(region: RegionCode) -> AccountId {
    AccountId::bank(region, "treasury").expect("BUG: the treasury's account has a well-formed name")
}
