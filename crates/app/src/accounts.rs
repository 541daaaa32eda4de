//! Accounts, logging in and out. Passwords are kept as argon2id hashes, session tokens as digests.

use crate::{App, AppError, Refused, Role, Viewer};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use duijie_journal::Account;
use duijie_store::Session;
use duijie_vocab::{Diagnostic, Digest, RecordId, RegionCode, Timestamp, text};
use std::sync::LazyLock;

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
}

const ACCOUNTS_READ: usize = 200;
const SESSION_HOURS: i64 = 12;
const MIN_PASSWORD: usize = 8;
const MAX_PASSWORD: usize = 200;

impl App {
    /// Makes an account, or changes the one with this login and ends its sessions.
    pub fn put_account(&self, viewer: &Viewer, new: &NewAccount) -> Result<(), AppError> {
        viewer.may(crate::Action::Administer, &crate::Target::default())?;
        let well_formed = (2..=60).contains(&new.login.len()) && new.login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if !well_formed {
            return Err(invalid("account.login", text!("登录名只能用 2 至 60 个字母、数字和 . - _", "a login has 2 to 60 letters, digits and . - _")));
        }
        if new.role == Role::Public {
            return Err(invalid("account.role", text!("请选择角色", "choose a role")));
        }
        if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&new.password.chars().count()) {
            return Err(invalid(
                "account.password",
                text!("密码需要 {MIN_PASSWORD} 至 {MAX_PASSWORD} 个字符", "a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters"),
            ));
        }
        let account = Account {
            login: new.login.clone(),
            name: new.name.clone(),
            hash: self.hash(&new.password)?,
            roles: vec![new.role.as_str().to_string()],
            region: new.region,
            organization: new.organization.clone(),
            disabled: false,
            email: String::new(),
            second: None,
        };
        self.write(&self.actor(viewer)?, move |tx| {
            tx.put_account(&account)?;
            tx.remove_sessions_of(&account.login)?;
            Ok(())
        })
    }

    /// All accounts, for the administrator.
    pub fn accounts(&self, viewer: &Viewer) -> Result<Vec<AccountLine>, AppError> {
        viewer.may(crate::Action::Administer, &crate::Target::default())?;
        let mut lines = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.store().read(|view| view.accounts(&after, ACCOUNTS_READ).map_err(AppError::from))?;
            let Some(last) = page.last() else { return Ok(lines) };
            after.clone_from(&last.login);
            lines.extend(page.into_iter().map(|account| AccountLine {
                role: account.roles.last().cloned().unwrap_or_default(),
                region_name: account.region.path(),
                login: account.login,
                name: account.name,
                organization: account.organization,
                disabled: account.disabled,
            }));
        }
    }

    /// The one active organization with this name, if there is just one.
    pub fn organization_named(&self, name: &str) -> Result<Option<RecordId>, AppError> {
        let key = format!("name={}", duijie_vocab::name_key(name));
        let mut found = self.store().read(|view| view.find_by_key("organization", &key).map_err(AppError::from))?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    fn hash(&self, password: &str) -> Result<String, AppError> {
        let salt = &self.random()[..16];
        let hash =
            Argon2::default().hash_password_with_salt(password.as_bytes(), salt).map_err(|fault| AppError::Internal(anyhow::anyhow!(fault.to_string())))?;
        Ok(hash.to_string())
    }

    /// The token of a new session (64 hexadecimal digits). Whether the login or the password was
    /// wrong is not told, and both take the same time.
    pub fn login(&self, login: &str, password: &str) -> Result<String, AppError> {
        let account = self.store().read(|view| view.account(login).map_err(AppError::from))?;
        let hash = account.as_ref().map_or(NOBODY.as_str(), |account| account.hash.as_str());
        let fits = password.chars().count() <= MAX_PASSWORD
            && PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        if !fits || account.is_none_or(|account| account.disabled) {
            return Err(AppError::Refused(Refused { reason: text!("登录名或密码不对", "login or password is wrong"), login_helps: true }));
        }
        let token = Digest(self.random());
        let now = self.now();
        let session =
            Session { token: token_digest(&token.to_string()), login: login.to_string(), created: now, seen: now, expires: after_hours(now, SESSION_HOURS) };
        self.write(&self.actor(&Viewer::public())?, move |tx| {
            tx.remove_expired_sessions()?;
            tx.put_session(&session)?;
            Ok(())
        })?;
        Ok(token.to_string())
    }

    /// Who the token belongs to; the public if it is unknown or its session has ended.
    pub fn viewer(&self, token: Option<&str>) -> Result<Viewer, AppError> {
        let Some(token) = token.filter(|token| token.len() == 64) else { return Ok(Viewer::public()) };
        let now = self.now();
        self.store().read(|view| {
            let Some(session) = view.session(token_digest(token))?.filter(|session| session.expires > now) else { return Ok(Viewer::public()) };
            let Some(account) = view.account(&session.login)?.filter(|account| !account.disabled) else { return Ok(Viewer::public()) };
            let role = account.roles.iter().filter_map(|word| Role::parse(word)).next_back().unwrap_or(Role::Public);
            let name = if account.name.is_empty() { account.login.clone() } else { account.name };
            Ok(Viewer { login: Some(account.login), name, role, region: account.region, organization: account.organization.map(|id| id.to_string()) })
        })
    }

    pub fn logout(&self, token: &str) -> Result<(), AppError> {
        let digest = token_digest(token);
        self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.remove_session(digest).map(drop)?))
    }
}

/// The hash of no password that anybody knows, so that an unknown login takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let salt = [0x5a; 16];
    Argon2::default().hash_password_with_salt(&salt, &salt).map_or_else(|_| String::new(), |hash| hash.to_string())
});

fn token_digest(token: &str) -> Digest {
    Digest::of(&[b"session:", token.as_bytes()])
}

fn after_hours(at: Timestamp, hours: i64) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_add(hours * 3_600_000_000)).unwrap_or(at)
}

fn invalid(code: &str, message: duijie_vocab::Text) -> AppError {
    AppError::Invalid(vec![Diagnostic::error(code, message)])
}
