//! Accounts and roles: for administrators all of them, for officers the members and advisers of
//! their region.

use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{AccountChange, AccountLine, App, AppError, NewAccount, Role, Viewer};
use duijie_vocab::{Diagnostic, RecordId, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct AccountsPage {
    pub(crate) accounts: Vec<(AccountLine, Text)>,
    pub(crate) form: AccountForm,
}

#[derive(Serialize)]
pub(crate) struct AccountEditPage {
    pub(crate) login: String,
    pub(crate) second: bool,
    pub(crate) form: AccountForm,
}

/// What the form holds, and what is wrong with it.
#[derive(Serialize)]
pub(crate) struct AccountForm {
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) region: String,
    pub(crate) organization: String,
    pub(crate) disabled: bool,
    pub(crate) roles: Vec<(&'static str, Text)>,
    pub(crate) faults: Vec<Diagnostic>,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let form = AccountForm { region: visit.viewer.region.path(), ..AccountForm::of(&visit.viewer, &Pairs::default()) };
    listed(&portal, &visit, form, StatusCode::OK).await
}

pub(crate) async fn create(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (viewer, fields) = (visit.viewer.clone(), posted.fields.clone());
    let outcome = portal.ask(move |app| {
        let login = fields.get("login").unwrap_or_default().to_string();
        // An account that is there is changed on its own page, so that nobody's is taken over by mistake.
        if app.accounts(&viewer)?.iter().any(|account| account.login == login) {
            return Err(AppError::Invalid(vec![Diagnostic::error("account.login", text!("登录名已被使用", "this login is taken"))]));
        }
        let account = NewAccount {
            login: login.clone(),
            name: fields.get("name").unwrap_or_default().to_string(),
            password: fields.whole("new_password").to_string(),
            role: role(&fields)?,
            region: region_in(&fields)?.unwrap_or(viewer.region),
            organization: organization(app, &fields)?,
        };
        app.put_account(&viewer, &account)?;
        let email = fields.get("email").unwrap_or_default().to_string();
        app.change_account(&viewer, &login, &AccountChange { email: Some(email), ..AccountChange::default() })
    });
    match outcome.await {
        Ok(()) => Ok(see_other("/accounts")),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let form = AccountForm { faults: fault.diagnostics, ..AccountForm::of(&visit.viewer, &posted.fields) };
            listed(&portal, &visit, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(fault) => Err(fault),
    }
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(login): Path<String>) -> Result<Response, Fault> {
    let account = one(&portal, &visit, &login).await?;
    portal.pages.show(&portal, &visit, "account_edit.html", AccountEditPage::of(&visit.viewer, account))
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(login): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (viewer, fields, subject) = (visit.viewer.clone(), posted.fields.clone(), login.clone());
    let outcome = portal.ask(move |app| {
        let change = AccountChange {
            name: fields.get("name").map(str::to_string),
            email: fields.get("email").map(str::to_string),
            password: Some(fields.whole("new_password").to_string()).filter(|password| !password.is_empty()),
            role: Some(role(&fields)?),
            region: region_in(&fields)?,
            organization: Some(organization(app, &fields)?),
            disabled: Some(fields.get("disabled").is_some()),
            drop_second: fields.get("drop_second").is_some(),
        };
        app.change_account(&viewer, &subject, &change)
    });
    match outcome.await {
        Ok(()) => Ok(see_other("/accounts")),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let second = one(&portal, &visit, &login).await?.second;
            let form = AccountForm { faults: fault.diagnostics, ..AccountForm::of(&visit.viewer, &posted.fields) };
            let mut response = portal.pages.show(&portal, &visit, "account_edit.html", AccountEditPage { login, second, form })?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

async fn listed(portal: &Arc<Portal>, visit: &Visit, form: AccountForm, status: StatusCode) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let accounts = portal.ask(move |app| app.accounts(&viewer)).await?;
    let accounts = accounts.into_iter().map(|account| {
        let role = Role::parse(&account.role).map_or_else(Text::default, Role::name);
        (account, role)
    });
    let mut response = portal.pages.show(portal, visit, "accounts.html", AccountsPage { accounts: accounts.collect(), form })?;
    *response.status_mut() = status;
    Ok(response)
}

async fn one(portal: &Arc<Portal>, visit: &Visit, login: &str) -> Result<AccountLine, Fault> {
    let viewer = visit.viewer.clone();
    let accounts = portal.ask(move |app| app.accounts(&viewer)).await?;
    accounts.into_iter().find(|account| account.login == login).ok_or_else(Fault::not_found)
}

fn role(fields: &Pairs) -> Result<Role, AppError> {
    let role = fields.get("role").and_then(Role::parse).filter(|role| *role != Role::Public);
    role.ok_or_else(|| AppError::Invalid(vec![Diagnostic::error("account.role", text!("请选择角色", "choose a role"))]))
}

/// The organization by its id or its exact name.
fn organization(app: &App, fields: &Pairs) -> Result<Option<RecordId>, AppError> {
    let Some(given) = fields.filled("organization") else { return Ok(None) };
    let found = match RecordId::parse(given) {
        Some(id) => Some(id),
        None => app.organization_named(given)?,
    };
    let message = text!("没有找到名为“{given}”的机构，或有多个同名；请填机构编号", "no organization, or several, are called “{given}”; give its id");
    found.map(Some).ok_or_else(|| AppError::Invalid(vec![Diagnostic::error("account.organization", message)]))
}

impl AccountForm {
    pub(crate) fn of(viewer: &Viewer, fields: &Pairs) -> AccountForm {
        let field = |name: &str| fields.get(name).unwrap_or_default().to_string();
        let choices: &[Role] =
            if viewer.role == Role::Admin { &[Role::Member, Role::Adviser, Role::Officer, Role::Leader, Role::Admin] } else { &[Role::Member, Role::Adviser] };
        AccountForm {
            login: field("login"),
            name: field("name"),
            email: field("email"),
            role: field("role"),
            region: field("region"),
            organization: field("organization"),
            disabled: fields.get("disabled").is_some(),
            roles: choices.iter().map(|role| (role.as_str(), role.name())).collect(),
            faults: Vec::new(),
        }
    }
}

impl AccountEditPage {
    pub(crate) fn of(viewer: &Viewer, account: AccountLine) -> AccountEditPage {
        let form = AccountForm {
            name: account.name,
            email: account.email,
            role: account.role,
            region: account.region.to_string(),
            organization: account.organization.map(|id| id.to_string()).unwrap_or_default(),
            disabled: account.disabled,
            ..AccountForm::of(viewer, &Pairs::default())
        };
        AccountEditPage { login: account.login, second: account.second, form }
    }
}
