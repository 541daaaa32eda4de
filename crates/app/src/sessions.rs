//! Logging in and out. Session tokens are kept as digests; every attempt is noted; who fails too
//! often has to wait.

use crate::accounts::{MAX_PASSWORD, check_password, invalid, role_of};
use crate::{Action, App, AppError, Refused, Role, Target, Viewer};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use duijie_journal::Account;
use duijie_store::{LoginAttempt, Session, Tx};
use duijie_vocab::{Digest, Timestamp, text};
use serde::Serialize;
use std::sync::LazyLock;

/// How far a login came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginStep {
    /// The token of a new session (64 hexadecimal digits).
    In(String),
    /// The password was right; a code is wanted together with this ticket.
    Code(String),
}

/// An attempt to log in, as people read it.
#[derive(Clone, Debug, Serialize)]
pub struct LoginLine {
    pub at: String,
    pub login: String,
    pub address: String,
    /// `in`, `password`, `code`, `locked`, `disabled`, `provider` or `reset`.
    pub outcome: String,
}

const SESSION_HOURS: i64 = 12;
/// In microseconds.
pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;
const MINUTE: i64 = 60_000_000;
/// Failures within [`LOCKED_MINUTES`] after which an account waits that long.
const FAILURES: usize = 10;
const LOCKED_MINUTES: i64 = 15;
/// How long attempts are kept: the law asks for six months.
const NOTED_DAYS: i64 = 200;
/// Between the password and the code.
const TICKET_MINUTES: i64 = 5;
const TICKETS: &str = "login";

impl App {
    /// Checks a password. Whether the login or the password was wrong is not told, and both take
    /// the same time. `address` is where the attempt comes from.
    pub fn login(&self, login: &str, password: &str, address: &str) -> Result<LoginStep, AppError> {
        let account = self.store().read(|view| view.account(login).map_err(AppError::from))?;
        self.refuse_if_locked(login, address)?;
        let hash = account.as_ref().map_or(NOBODY.as_str(), |account| account.hash.as_str());
        let fits = password_fits(password, hash);
        let Some(account) = account.filter(|_| fits) else { return self.failed(login, address, "password") };
        if account.disabled {
            return self.failed(login, address, "disabled");
        }
        self.after_first_factor(account, address)
    }

    /// Lets somebody in who has shown who it is, or asks for the second factor.
    pub(crate) fn after_first_factor(&self, account: Account, address: &str) -> Result<LoginStep, AppError> {
        if account.second.is_none() {
            return self.begin_session(account, address).map(LoginStep::In);
        }
        let ticket = Digest(self.random()).to_string();
        let (key, expires) = (token_digest(&ticket).to_string(), later(self.now(), TICKET_MINUTES * MINUTE));
        self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.keep(TICKETS, &key, &account.login, expires)?))?;
        Ok(LoginStep::Code(ticket))
    }

    /// The token of a new session for a ticket of [`App::login`] and a code, of the telephone or
    /// one of those for recovery, which is then used up.
    pub fn login_with_code(&self, ticket: &str, code: &str, address: &str) -> Result<String, AppError> {
        let key = token_digest(ticket).to_string();
        let now = self.now();
        let account = self.store().read(|view| {
            let login = view.kept(TICKETS, &key, now)?;
            Ok::<_, AppError>(login.map(|login| view.account(&login)).transpose()?.flatten())
        })?;
        let account = account.filter(|account| !account.disabled).ok_or_else(stale_ticket)?;
        self.refuse_if_locked(&account.login, address)?;
        let (login, space) = (account.login.clone(), address.to_string());
        let Some(second) = account.second.as_ref() else { return Err(stale_ticket()) };
        match crate::second_factor::accept(second, code, now) {
            None => {
                self.note(&login, &space, "code")?;
                Err(Refused { reason: text!("验证码不对", "the code is wrong"), login_helps: true }.into())
            }
            Some(accepted) => {
                let expires = later(now, 10 * MINUTE);
                let mut next = account.clone();
                next.second = Some(accepted.left);
                let (changed, step) = (next != account, accepted.step);
                self.write(&self.actor(&Viewer::public())?, move |tx| {
                    let used = format!("{}:{step}", next.login);
                    // A code that was seen over a shoulder is good for nothing.
                    if !tx.forget(TICKETS, &key)? || tx.view().kept(USED_CODES, &used, now)?.is_some() {
                        return Err(stale_ticket());
                    }
                    tx.keep(USED_CODES, &used, "", expires)?;
                    if changed {
                        tx.put_account(&next)?;
                    }
                    Ok(())
                })?;
                self.begin_session(account, address)
            }
        }
    }

    pub(crate) fn begin_session(&self, account: Account, address: &str) -> Result<String, AppError> {
        let token = Digest(self.random()).to_string();
        let now = self.now();
        let session = Session { token: token_digest(&token), login: account.login.clone(), created: now, seen: now, expires: later(now, SESSION_HOURS * HOUR) };
        let attempt = attempt(&account.login, now, address, "in");
        self.write(&self.actor(&Viewer::public())?, move |tx| {
            tx.remove_expired_sessions()?;
            tx.forget_expired()?;
            tx.remove_login_attempts(later(now, -NOTED_DAYS * DAY))?;
            tx.put_session(&session)?;
            Ok(tx.add_login_attempt(&attempt)?)
        })?;
        Ok(token)
    }

    /// Who the token belongs to; the public if it is unknown or its session has ended.
    pub fn viewer(&self, token: Option<&str>) -> Result<Viewer, AppError> {
        let Some(token) = token.filter(|token| token.len() == 64) else { return Ok(Viewer::public()) };
        let now = self.now();
        self.store().read(|view| {
            let Some(session) = view.session(token_digest(token))?.filter(|session| session.expires > now) else { return Ok(Viewer::public()) };
            Ok(view.account(&session.login)?.filter(|account| !account.disabled).map_or_else(Viewer::public, viewer_of))
        })
    }

    pub fn logout(&self, token: &str) -> Result<(), AppError> {
        let digest = token_digest(token);
        self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.remove_session(digest).map(drop)?))
    }

    /// Ends every session of the viewer's account.
    pub fn logout_everywhere(&self, viewer: &Viewer) -> Result<(), AppError> {
        let login = own_login(viewer)?;
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.remove_sessions_of(&login).map(drop)?))
    }

    /// The last attempts to log in, newest first: the viewer's own, or for an administrator all.
    pub fn logins(&self, viewer: &Viewer, all: bool, limit: usize) -> Result<Vec<LoginLine>, AppError> {
        let own = own_login(viewer)?;
        if all {
            viewer.may(Action::Administer, &Target::default())?;
        }
        let before = later(self.now(), HOUR);
        let attempts = self.store().read(|view| view.login_attempts((!all).then_some(own.as_str()), before, limit))?;
        Ok(attempts.into_iter().map(|a| LoginLine { at: a.at.china_minute(), login: a.login, address: a.address, outcome: a.outcome }).collect())
    }

    /// Sets a new password for whoever knows the old one; other sessions end.
    pub fn change_password(&self, viewer: &Viewer, old: &str, new: &str) -> Result<(), AppError> {
        let mut account = self.own_account(viewer)?;
        if !password_fits(old, &account.hash) {
            return Err(invalid("account.old_password", text!("原密码不对", "the old password is wrong")));
        }
        check_password(new)?;
        account.hash = self.hash(new)?;
        self.write(&self.actor(viewer)?, move |tx| put_and_end_sessions(tx, &account))
    }

    pub(crate) fn own_account(&self, viewer: &Viewer) -> Result<Account, AppError> {
        let login = own_login(viewer)?;
        self.store().read(|view| view.account(&login).map_err(AppError::from))?.ok_or(AppError::NotFound)
    }

    pub(crate) fn hash(&self, password: &str) -> Result<String, AppError> {
        let salt = &self.random()[..16];
        let hash =
            Argon2::default().hash_password_with_salt(password.as_bytes(), salt).map_err(|fault| AppError::Internal(anyhow::anyhow!(fault.to_string())))?;
        Ok(hash.to_string())
    }

    fn failed<T>(&self, login: &str, address: &str, outcome: &str) -> Result<T, AppError> {
        self.note(login, address, outcome)?;
        Err(Refused { reason: text!("登录名或密码不对", "login or password is wrong"), login_helps: true }.into())
    }

    pub(crate) fn note(&self, login: &str, address: &str, outcome: &str) -> Result<(), AppError> {
        let attempt = attempt(login, self.now(), address, outcome);
        self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.add_login_attempt(&attempt)?))
    }

    /// Strangers who guess lock the account, not the address from which it was used before.
    fn refuse_if_locked(&self, login: &str, address: &str) -> Result<(), AppError> {
        let now = self.now();
        let attempts = self.store().read(|view| view.login_attempts(Some(login), later(now, MINUTE), 200))?;
        let since = later(now, -LOCKED_MINUTES * MINUTE);
        let recent = attempts.iter().take_while(|attempt| attempt.at > since && attempt.outcome != "in");
        let failures = recent.filter(|attempt| matches!(attempt.outcome.as_str(), "password" | "code")).count();
        let known = attempts.iter().any(|attempt| attempt.outcome == "in" && attempt.address == address && !address.is_empty());
        if failures < FAILURES || (known && failures < FAILURES * 5) {
            return Ok(());
        }
        self.note(login, address, "locked")?;
        let reason =
            text!("密码错误次数过多，账号已锁定 {LOCKED_MINUTES} 分钟", "too many wrong passwords: the account is locked for {LOCKED_MINUTES} minutes");
        Err(Refused { reason, login_helps: false }.into())
    }
}

const USED_CODES: &str = "code";

pub(crate) fn viewer_of(account: Account) -> Viewer {
    let role = role_of(&account);
    let name = if account.name.is_empty() { account.login.clone() } else { account.name };
    Viewer { login: Some(account.login), name, role, region: account.region, organization: account.organization.map(|id| id.to_string()) }
}

pub(crate) fn put_and_end_sessions(tx: &mut Tx<'_>, account: &Account) -> Result<(), AppError> {
    tx.put_account(account)?;
    tx.remove_sessions_of(&account.login)?;
    Ok(())
}

/// The login of somebody who is logged in.
pub(crate) fn own_login(viewer: &Viewer) -> Result<String, AppError> {
    let refused = || Refused { reason: text!("请先登录", "log in first"), login_helps: true };
    viewer.login.clone().filter(|_| viewer.role != Role::Public).ok_or_else(|| refused().into())
}

pub(crate) fn password_fits(password: &str, hash: &str) -> bool {
    password.chars().count() <= MAX_PASSWORD && PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The hash of no password that anybody knows, so that an unknown login takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let salt = [0x5a; 16];
    Argon2::default().hash_password_with_salt(&salt, &salt).map_or_else(|_| String::new(), |hash| hash.to_string())
});

fn stale_ticket() -> AppError {
    Refused { reason: text!("登录已超时，请重新输入密码", "that took too long; start again with the password"), login_helps: true }.into()
}

fn attempt(login: &str, at: Timestamp, address: &str, outcome: &str) -> LoginAttempt {
    let login = login.chars().take(60).collect();
    LoginAttempt { login, at, address: address.chars().take(60).collect(), outcome: outcome.to_string() }
}

pub(crate) fn token_digest(token: &str) -> Digest {
    Digest::of(&[b"session:", token.as_bytes()])
}

pub(crate) fn later(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}
