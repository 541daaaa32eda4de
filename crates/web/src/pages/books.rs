//! The books of the viewer's region: sums by kind and region, the accounts of one of them or those that
//! a search finds, the statement of an account page by page, the trial balance, and the comparison with
//! the bank's own file.

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
use duijie_app::{AccountBalance, AccountGroup, AccountId, AccountKind, Action, App, AppError, StatementPage, StatementWords, Viewer};
use duijie_vocab::{Date, Diagnostic, Fen, RegionCode, Text};
use serde::Serialize;
use std::sync::Arc;

/// How many lines of a statement, and how many accounts of a list, a page shows.
const LINES: usize = 50;

#[derive(Serialize)]
pub(crate) struct BooksPage {
    /// The sums of each kind, while no account and no list is looked at.
    pub(crate) kinds: Vec<KindShown>,
    pub(crate) list: Option<ListShown>,
    /// What is searched for.
    pub(crate) q: String,
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) statement: Option<StatementShown>,
    pub(crate) trial: Option<TrialShown>,
    pub(crate) reconciled: Option<Reconciled>,
}

/// The accounts of a kind as sums, region by region.
#[derive(Serialize)]
pub(crate) struct KindShown {
    pub(crate) name: Text,
    pub(crate) accounts: i64,
    pub(crate) balance: Text,
    pub(crate) reserved: Text,
    pub(crate) regions: Vec<GroupShown>,
}

#[derive(Serialize)]
pub(crate) struct GroupShown {
    pub(crate) region_name: String,
    pub(crate) href: String,
    pub(crate) accounts: i64,
    pub(crate) balance: Text,
    pub(crate) reserved: Text,
}

/// Some accounts: those of a kind in a region, or those that a search found.
#[derive(Serialize)]
pub(crate) struct ListShown {
    pub(crate) kind: Option<Text>,
    pub(crate) region_name: String,
    pub(crate) accounts: Vec<AccountShown>,
    pub(crate) next: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct AccountShown {
    pub(crate) account: String,
    pub(crate) kind: Text,
    pub(crate) region_name: String,
    pub(crate) name: String,
    pub(crate) balance: Text,
    pub(crate) reserved: Text,
}

#[derive(Serialize)]
pub(crate) struct StatementShown {
    /// What people call the account.
    pub(crate) name: Text,
    pub(crate) opening: Text,
    pub(crate) closing: Text,
    pub(crate) lines: Vec<LineShown>,
    /// Where the statement goes on.
    pub(crate) next: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct LineShown {
    pub(crate) at: String,
    pub(crate) transfer: String,
    /// What moved.
    pub(crate) what: Text,
    pub(crate) counter: String,
    pub(crate) counter_name: Text,
    pub(crate) debit: Option<Text>,
    pub(crate) credit: Option<Text>,
    pub(crate) balance: Text,
}

#[derive(Serialize)]
pub(crate) struct TrialShown {
    pub(crate) debits: Text,
    pub(crate) credits: Text,
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
    let asked = Asked::of(&fields)?;
    let page = portal.ask(move |app| asked.page(app, &viewer)).await?;
    let written = |name: &str| fields.get(name).unwrap_or_default().to_string();
    Ok(BooksPage { q: written("q"), from: written("from"), until: written("until"), reconciled, ..page })
}

/// Which part of the books is looked at.
struct Asked {
    account: Option<AccountId>,
    days: (Option<Date>, Option<Date>),
    group: Option<(AccountKind, RegionCode)>,
    text: Option<String>,
    after: Option<String>,
    fields: Pairs,
}

impl Asked {
    fn of(fields: &Pairs) -> Result<Asked, Fault> {
        let kind = fields.filled("kind").map(|word| AccountKind::parse(word).ok_or_else(Fault::not_found)).transpose()?;
        let region = fields.filled("region").map(|code| RegionCode::parse(code).map_err(|_| Fault::not_found())).transpose()?;
        Ok(Asked {
            account: account(fields)?,
            days: (day(fields, "from")?, day(fields, "until")?),
            group: kind.zip(region),
            text: fields.filled("q").map(str::to_string),
            after: fields.filled("after").map(str::to_string),
            fields: fields.clone(),
        })
    }

    /// The page but for what was typed.
    fn page(&self, app: &App, viewer: &Viewer) -> Result<BooksPage, AppError> {
        let mut page = BooksPage {
            kinds: Vec::new(),
            list: None,
            q: String::new(),
            account: self.account.as_ref().map(ToString::to_string).unwrap_or_default(),
            from: String::new(),
            until: String::new(),
            statement: None,
            trial: None,
            reconciled: None,
        };
        if let Some(account) = &self.account {
            page.statement = Some(self.statement(app, viewer, account)?);
        } else if let Some(text) = &self.text {
            let found = app.find_accounts(viewer, text)?.into_iter().map(AccountShown::of).collect();
            page.list = Some(ListShown { kind: None, region_name: String::new(), accounts: found, next: None });
        } else if let Some((kind, region)) = self.group {
            let (found, next) = app.accounts_of(viewer, kind, region, self.after.as_deref(), LINES)?;
            let accounts = found.into_iter().map(AccountShown::of).collect();
            page.list = Some(ListShown { kind: Some(kind.name()), region_name: region.path(), accounts, next: self.further(next) });
        } else {
            page.kinds = kinds(app.account_groups(viewer)?);
            let trial = viewer.may(Action::Administer, &duijie_app::Target::default()).is_ok().then(|| app.trial_sums(viewer)).transpose()?;
            page.trial = trial.map(|(debits, credits)| TrialShown { even: debits == credits, debits: shown(debits), credits: shown(credits) });
        }
        Ok(page)
    }

    fn statement(&self, app: &App, viewer: &Viewer, account: &AccountId) -> Result<StatementShown, AppError> {
        let page = app.statement_page(viewer, account, self.days, self.after.as_deref(), LINES)?;
        Ok(StatementShown { next: self.further(page.next.clone()), ..StatementShown::of(&page) })
    }

    fn further(&self, next: Option<String>) -> Option<String> {
        next.map(|after| self.fields.without("after").with("after", &after).behind("/books"))
    }
}

fn kinds(groups: Vec<AccountGroup>) -> Vec<KindShown> {
    let mut kinds: Vec<(AccountKind, Vec<AccountGroup>)> = Vec::new();
    for group in groups {
        match kinds.last_mut().filter(|(kind, _)| *kind == group.kind) {
            Some((_, of_kind)) => of_kind.push(group),
            None => kinds.push((group.kind, vec![group])),
        }
    }
    kinds.into_iter().map(|(kind, groups)| KindShown::of(kind, groups)).collect()
}

fn shown(sum: i128) -> Text {
    Fen(i64::try_from(sum).unwrap_or(i64::MAX)).text()
}

impl KindShown {
    pub(crate) fn of(kind: AccountKind, groups: Vec<AccountGroup>) -> KindShown {
        let sum = |of: fn(&AccountGroup) -> Fen| shown(groups.iter().map(|group| i128::from(of(group).0)).sum());
        let (balance, reserved) = (sum(|group| group.balance), sum(|group| group.reserved));
        let accounts = groups.iter().map(|group| group.accounts).sum();
        let region = |group: AccountGroup| GroupShown {
            href: Pairs::default().with("kind", kind.as_str()).with("region", &group.region.to_string()).behind("/books"),
            region_name: group.region_name,
            accounts: group.accounts,
            balance: group.balance.text(),
            reserved: group.reserved.text(),
        };
        KindShown { name: kind.name(), accounts, balance, reserved, regions: groups.into_iter().map(region).collect() }
    }
}

impl AccountShown {
    pub(crate) fn of(row: AccountBalance) -> AccountShown {
        let AccountBalance { account, kind, region_name, name, balance, reserved, .. } = row;
        AccountShown { account, kind, region_name, name, balance: balance.text(), reserved: reserved.text() }
    }
}

impl StatementShown {
    fn of(StatementPage { statement, words: StatementWords { names, codes }, .. }: &StatementPage) -> StatementShown {
        let side = |amount: Fen| (amount != Fen::ZERO).then(|| amount.text());
        let lines = statement.lines.iter().map(|line| LineShown {
            at: line.at.china_minute(),
            transfer: line.transfer.clone(),
            what: codes[&line.code].clone(),
            counter: line.counter.to_string(),
            counter_name: names[line.counter.as_str()].clone(),
            debit: side(line.debit),
            credit: side(line.credit),
            balance: line.balance.text(),
        });
        let name = names[statement.account.as_str()].clone();
        StatementShown { name, opening: statement.opening.text(), closing: statement.closing.text(), lines: lines.collect(), next: None }
    }
}

/// The account that is asked about; one that is none is not found.
fn account(fields: &Pairs) -> Result<Option<AccountId>, Fault> {
    fields.filled("account").map(|text| AccountId::parse(text).map_err(|_| Fault::not_found())).transpose()
}

fn day(fields: &Pairs, name: &str) -> Result<Option<Date>, Fault> {
    fields.filled(name).map(|text| Date::parse(text).map_err(|_| incomplete())).transpose()
}
