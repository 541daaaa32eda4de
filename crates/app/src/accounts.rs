//! Accounts: making, changing and listing them. Passwords are kept as argon2id hashes.

use crate::{App, AppError, Refused, Role, Viewer};
use duijie_journal::Account;
use duijie_vocab::{Diagnostic, RecordId, RegionCode, text};

/// Someone who may log in from now on.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub password: String,
    pub role: Role,
    pub region: RegionCode,
    pub organization: Option<RecordId>,
}

/// An account as the administrator sees it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AccountLine {
    pub login: String,
    pub name: String,
    pub role: String,
    pub region_name: String,
    pub organization: Option<RecordId>,
    pub disabled: bool,
    pub region: RegionCode,
    /// Whether logging in takes a second factor.
    pub second: bool,
    pub email: String,
}

/// What to change of an account; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    pub name: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
    pub role: Option<Role>,
    pub region: Option<RegionCode>,
    pub organization: Option<Option<RecordId>>,
    pub disabled: Option<bool>,
    /// Take the second factor away, as for somebody who lost the telephone.
    pub drop_second: bool,
}

const ACCOUNTS_READ: usize = 200;
const MIN_PASSWORD: usize = 8;
pub(crate) const MAX_PASSWORD: usize = 200;

impl App {
    /// Makes an account, or changes the one with this login and ends its sessions.
    pub fn put_account(&self, viewer: &Viewer, new: &NewAccount) -> Result<(), AppError> {
        may_manage(viewer, new.role, new.region)?;
        let stored = self.store().read(|view| view.account(&new.login).map_err(AppError::from))?;
        if let Some(stored) = &stored {
            may_manage(viewer, role_of(stored), stored.region)?;
        }
        let well_formed = (2..=60).contains(&new.login.len()) && new.login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if !well_formed {
            return Err(invalid("account.login", text!("登录名只能用 2 至 60 个字母、数字和 . - _", "a login has 2 to 60 letters, digits and . - _")));
        }
        if new.role == Role::Public {
            return Err(invalid("account.role", text!("请选择角色", "choose a role")));
        }
        check_password(&new.password)?;
        let account = Account {
            login: new.login.clone(),
            name: new.name.clone(),
            hash: self.hash(&new.password)?,
            roles: vec![new.role.as_str().to_string()],
            region: new.region,
            organization: new.organization.clone(),
            disabled: false,
            email: stored.as_ref().map(|stored| stored.email.clone()).unwrap_or_default(),
            second: stored.and_then(|stored| stored.second),
        };
        self.write(&self.actor(viewer)?, move |tx| {
            tx.put_account(&account)?;
            tx.remove_sessions_of(&account.login)?;
            Ok(())
        })
    }

    /// Changes the account with this login; what is not given stays. A new password, a new role or
    /// an end of the account ends its sessions.
    pub fn change_account(&self, viewer: &Viewer, login: &str, change: &AccountChange) -> Result<(), AppError> {
        let mut account = self.store().read(|view| view.account(login).map_err(AppError::from))?.ok_or(AppError::NotFound)?;
        may_manage(viewer, role_of(&account), account.region)?;
        let before = account.clone();
        if let Some(role) = change.role {
            account.roles = vec![role.as_str().to_string()];
        }
        account.region = change.region.unwrap_or(account.region);
        may_manage(viewer, role_of(&account), account.region)?;
        if let Some(organization) = &change.organization {
            account.organization.clone_from(organization);
        }
        if let Some(name) = &change.name {
            account.name.clone_from(name);
        }
        if let Some(email) = &change.email {
            account.email = checked_email(email)?;
        }
        if let Some(password) = &change.password {
            check_password(password)?;
            account.hash = self.hash(password)?;
        }
        account.disabled = change.disabled.unwrap_or(account.disabled);
        if change.drop_second {
            account.second = None;
        }
        if account == before {
            return Ok(());
        }
        let ends = account.hash != before.hash || account.roles != before.roles || account.region != before.region || account.disabled;
        self.write(&self.actor(viewer)?, move |tx| {
            tx.put_account(&account)?;
            if ends {
                tx.remove_sessions_of(&account.login)?;
            }
            Ok(())
        })
    }

    /// The accounts that the viewer looks after: all of them, or for an officer those of the region.
    pub fn accounts(&self, viewer: &Viewer) -> Result<Vec<AccountLine>, AppError> {
        may_manage(viewer, Role::Member, viewer.region)?;
        let mut lines = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.store().read(|view| view.accounts(&after, ACCOUNTS_READ).map_err(AppError::from))?;
            let Some(last) = page.last() else { return Ok(lines) };
            after.clone_from(&last.login);
            let looked_after = page.into_iter().filter(|account| viewer.role == Role::Admin || viewer.region.contains(account.region));
            lines.extend(looked_after.map(line));
        }
    }

    /// The viewer's own account.
    pub fn own_line(&self, viewer: &Viewer) -> Result<AccountLine, AppError> {
        self.own_account(viewer).map(line)
    }

    /// The one active organization with this name, if there is just one.
    pub fn organization_named(&self, name: &str) -> Result<Option<RecordId>, AppError> {
        let key = format!("name={}", duijie_vocab::name_key(name));
        let mut found = self.store().read(|view| view.find_by_key("organization", &key).map_err(AppError::from))?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }
}

fn line(account: Account) -> AccountLine {
    AccountLine {
        role: account.roles.last().cloned().unwrap_or_default(),
        region_name: account.region.path(),
        login: account.login,
        name: account.name,
        organization: account.organization,
        disabled: account.disabled,
        region: account.region,
        second: account.second.is_some(),
        email: account.email,
    }
}

/// An administrator looks after everybody, an officer after members and advisers of the region.
fn may_manage(viewer: &Viewer, role: Role, region: RegionCode) -> Result<(), AppError> {
    let own = viewer.role == Role::Officer && matches!(role, Role::Member | Role::Adviser) && viewer.region.contains(region);
    if own {
        return Ok(());
    }
    if viewer.role == Role::Officer {
        let reason = text!("只能管理本地区的企业用户和科技联络员", "officers look after the members and advisers of their region");
        return Err(Refused { reason, login_helps: false }.into());
    }
    Ok(viewer.may(crate::Action::Administer, &crate::Target::default())?)
}

/// The role that an account acts in.
pub(crate) fn role_of(account: &Account) -> Role {
    account.roles.iter().filter_map(|word| Role::parse(word)).next_back().unwrap_or(Role::Public)
}

pub(crate) fn check_password(password: &str) -> Result<(), AppError> {
    if (MIN_PASSWORD..=MAX_PASSWORD).contains(&password.chars().count()) {
        return Ok(());
    }
    let message = text!("密码需要 {MIN_PASSWORD} 至 {MAX_PASSWORD} 个字符", "a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters");
    Err(invalid("account.password", message))
}

/// The address as it is kept, or nothing for none. Whether it exists only a letter can tell.
pub(crate) fn checked_email(email: &str) -> Result<String, AppError> {
    let email = email.trim();
    let plausible = email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@'));
    let clean = email.len() <= 200 && !email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    if email.is_empty() || (plausible && clean) {
        return Ok(email.to_string());
    }
    Err(invalid("account.email", text!("这不是一个电子邮箱地址", "this is no e-mail address")))
}

pub(crate) fn invalid(code: &str, message: duijie_vocab::Text) -> AppError {
    AppError::Invalid(vec![Diagnostic::error(code, message)])
}
