//! The books as they are looked through: sums by kind and region, the accounts of one of them, finding
//! an account, and a statement page by page. However many accounts there are, a page reads its own.

use crate::account_names::{account_name, code_name};
use crate::ledger::{AccountBalance, shown, span};
use crate::resume::resumed;
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::{Account, AccountId, AccountKind, Rule, Statement, statement_from};
use duijie_store::View;
use duijie_vocab::{Date, Fen, RecordId, RegionCode, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The accounts of one kind in one region as sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountGroup {
    pub kind: AccountKind,
    pub kind_name: Text,
    pub region: RegionCode,
    pub region_name: String,
    pub accounts: i64,
    pub balance: Fen,
    /// What is reserved on the side that the kind's rule guards.
    pub reserved: Fen,
}

/// A part of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementPage {
    #[serde(flatten)]
    pub statement: Statement,
    #[serde(flatten)]
    pub words: StatementWords,
    /// Where the statement goes on.
    pub next: Option<String>,
}

/// What stands in a statement, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementWords {
    /// What people call the account and those on the other side, by id.
    pub names: BTreeMap<String, Text>,
    /// What the codes of the transfers mean.
    pub codes: BTreeMap<String, Text>,
}

/// The most accounts that a search answers with.
const FOUND: usize = 50;
/// How many organizations a name may mean.
const NAMED: usize = 10;

impl App {
    /// The books of the viewer's region as sums by kind and region.
    pub fn account_groups(&self, viewer: &Viewer) -> Result<Vec<AccountGroup>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        self.store().read(|view| groups(view, viewer))
    }

    /// The sums of the balances that stand on the debit and on the credit side, over all accounts: equal
    /// in an honest ledger. [`App::trial_balance`] lists them.
    pub fn trial_sums(&self, viewer: &Viewer) -> Result<(i128, i128), AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        // Where the rule of a kind keeps its balances on one side, their sum stands there too.
        let one_sided = |kind: AccountKind| kind.rule() != Rule::Free;
        let sums = self.store().read(|view| Ok::<_, AppError>(view.ledger_sums()?))?;
        let mut balances: Vec<Fen> = sums.iter().filter(|sum| one_sided(sum.kind)).map(|sum| Fen(sum.credits_posted.0 - sum.debits_posted.0)).collect();
        for kind in AccountKind::all().filter(|kind| !one_sided(*kind)) {
            balances.extend(self.ledger_accounts(Some(kind))?.iter().map(Account::balance));
        }
        let side = |sign: i128| balances.iter().map(|balance| (i128::from(balance.0) * sign).max(0)).sum();
        Ok((side(-1), side(1)))
    }

    /// At most `limit` accounts of one kind in one region, by id after `after`, and where the list goes on.
    pub fn accounts_of(
        &self,
        viewer: &Viewer,
        kind: AccountKind,
        region: RegionCode,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<AccountBalance>, Option<String>), AppError> {
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let prefix = format!("{}:{region}:", kind.as_str());
        self.store().read(|view| {
            let mut found = view.ledger_accounts(&prefix, after.unwrap_or_default(), limit.saturating_add(1))?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|last| last.id.to_string());
            Ok((found.iter().map(|account| shown(view, account)).collect::<Result<_, _>>()?, next))
        })
    }

    /// The accounts of the viewer's region that `text` may mean: an id or how a name in one begins, the
    /// name of an organization or how it begins, the number of a voucher. Fifty at most.
    pub fn find_accounts(&self, viewer: &Viewer, text: &str) -> Result<Vec<AccountBalance>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let mut owners: Vec<RecordId> = self.suggest(viewer, text)?.into_iter().filter(|one| one.kind == "organization").map(|one| one.id).collect();
        owners.extend(self.organization_named(text)?);
        owners.truncate(NAMED);
        self.store().read(|view| {
            owners.extend(crate::scheme::schemes(view)?.iter().map(|scheme| duijie_payout::Voucher::id_of(&scheme.id, text)));
            let mut found: Vec<Account> = Vec::new();
            if let Ok(id) = AccountId::parse(text) {
                found.extend(view.ledger_account(&id)?.filter(|account| viewer.region.contains(account.id.region())));
            }
            for group in groups(view, viewer)? {
                found.extend(in_group(view, &group, text, &owners)?);
            }
            found.sort_by(|a, b| a.id.cmp(&b.id));
            found.dedup_by(|a, b| a.id == b.id);
            found.iter().take(FOUND).map(|account| shown(view, account)).collect()
        })
    }

    /// What was posted to an account from one day to another, both included: at most `limit` lines after
    /// `after`, with the balances before and behind them.
    pub fn statement_page(
        &self,
        viewer: &Viewer,
        account: &AccountId,
        days: (Option<Date>, Option<Date>),
        after: Option<&str>,
        limit: usize,
    ) -> Result<StatementPage, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(account.region()), organization: None })?;
        let (from, until) = span(days);
        let after = resumed(after, |place| place.parse().ok())?.unwrap_or(-1);
        self.store().read(|view| {
            view.ledger_account(account)?.ok_or(AppError::NotFound)?;
            let mut found = view.ledger_postings(account, (from, until), after, limit.saturating_add(1))?;
            let more = found.len() > limit;
            found.truncate(limit);
            let first = found.first().map_or(i64::MAX, |first| first.number);
            let opening = view.ledger_balance_before(account, first, until)?;
            let statement = statement_from(account, opening, found.iter().map(|found| &found.entry));
            let words = words(view, &statement)?;
            Ok(StatementPage { statement, words, next: found.last().filter(|_| more).map(|last| last.number.to_string()) })
        })
    }
}

pub(crate) fn words(view: &mut View<'_>, statement: &Statement) -> Result<StatementWords, AppError> {
    let accounts: BTreeSet<&AccountId> = std::iter::once(&statement.account).chain(statement.lines.iter().map(|line| &line.counter)).collect();
    let names = accounts.into_iter().map(|account| Ok((account.to_string(), account_name(view, account)?))).collect::<Result<_, AppError>>()?;
    let codes = statement.lines.iter().map(|line| (line.code.clone(), code_name(&line.code))).collect();
    Ok(StatementWords { names, codes })
}

fn groups(view: &mut View<'_>, viewer: &Viewer) -> Result<Vec<AccountGroup>, AppError> {
    let sums = view.ledger_sums()?;
    let own = sums.into_iter().filter(|sum| viewer.region.contains(sum.region));
    Ok(own
        .map(|sum| AccountGroup {
            kind: sum.kind,
            kind_name: sum.kind.name(),
            region: sum.region,
            region_name: sum.region.path(),
            accounts: sum.accounts,
            balance: Fen(sum.credits_posted.0 - sum.debits_posted.0),
            reserved: sum.debits_pending.max(sum.credits_pending),
        })
        .collect())
}

/// The accounts of a group whose name is one of `owners` or begins with `text`.
fn in_group(view: &mut View<'_>, group: &AccountGroup, text: &str, owners: &[RecordId]) -> Result<Vec<Account>, AppError> {
    let mut found = Vec::new();
    if let Ok(begins) = AccountId::new(group.kind, group.region, text) {
        found.extend(view.ledger_accounts(begins.as_str(), "", FOUND)?);
    }
    for owner in owners {
        if let Ok(id) = AccountId::new(group.kind, group.region, owner.as_str()) {
            found.extend(view.ledger_account(&id)?);
        }
    }
    Ok(found)
}
