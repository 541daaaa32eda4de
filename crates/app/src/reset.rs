//! A forgotten password: a link by e-mail that is good once, for an hour.

use crate::accounts::{check_password, checked_email};
use crate::mail::Mail;
use crate::sessions::{HOUR, later, own_login, put_and_end_sessions, token_digest};
use crate::{App, AppError, Viewer};
use duijie_vocab::{Digest, Timestamp};

const SPACE: &str = "reset";
/// How often one account is written to.
const ASKED: &str = "reset-asked";

impl App {
    /// Sends whoever has this login a link to set a new password. Whether there is such an account,
    /// or an address to write to, is not told. `portal` is the address of the portal.
    pub fn ask_reset(&self, login: &str, portal: &str) -> Result<(), AppError> {
        let now = self.now();
        let account = self.store().read(|view| {
            let asked = view.kept(ASKED, login, now)?.is_some();
            Ok::<_, AppError>(view.account(login)?.filter(|account| !asked && !account.disabled && !account.email.is_empty()))
        })?;
        let Some(account) = account else { return Ok(()) };
        let token = Digest(self.random()).to_string();
        let (key, kept_login) = (token_digest(&token).to_string(), account.login.clone());
        self.write(&self.actor(&Viewer::public())?, move |tx| {
            tx.keep(SPACE, &key, &kept_login, later(now, HOUR))?;
            Ok(tx.keep(ASKED, &kept_login, "", later(now, HOUR / 12))?)
        })?;
        let link = format!("{}/password/{token}", portal.trim_end_matches('/'));
        let mail = Mail {
            to: account.email,
            subject: "重设密码 / Reset your password".into(),
            body: format!(
                "{login}，您好：\n\n请在一小时内打开以下链接设置新密码。如果不是您本人申请，请忽略本邮件。\n\n{link}\n\n\
                 Hello {login},\n\nopen the link above within an hour to set a new password. If it was not you who asked, ignore this letter.\n"
            ),
        };
        self.post().send(&Digest(self.random()).to_string()[..32], &mail).map_err(|fault| AppError::Internal(fault.into()))
    }

    /// Whether a reset link is still good.
    pub fn is_reset(&self, token: &str) -> Result<bool, AppError> {
        let key = token_digest(token).to_string();
        let now = self.now();
        Ok(self.store().read(|view| view.kept(SPACE, &key, now))?.is_some())
    }

    /// Sets a new password by a link, which is used up; all sessions of the account end.
    pub fn reset_password(&self, token: &str, password: &str) -> Result<(), AppError> {
        check_password(password)?;
        let key = token_digest(token).to_string();
        let (hash, now) = (self.hash(password)?, self.now());
        self.write(&self.actor(&Viewer::public())?, move |tx| {
            let login = kept(tx, &key, now)?.ok_or(AppError::NotFound)?;
            tx.forget(SPACE, &key)?;
            let mut account = tx.view().account(&login)?.filter(|account| !account.disabled).ok_or(AppError::NotFound)?;
            account.hash.clone_from(&hash);
            put_and_end_sessions(tx, &account)
        })
    }

    /// Sets where the viewer is written to; empty for nowhere.
    pub fn set_email(&self, viewer: &Viewer, email: &str) -> Result<(), AppError> {
        let (login, email) = (own_login(viewer)?, checked_email(email)?);
        self.write(&self.actor(viewer)?, move |tx| {
            let mut account = tx.view().account(&login)?.ok_or(AppError::NotFound)?;
            account.email.clone_from(&email);
            Ok(tx.put_account(&account).map(drop)?)
        })
    }
}

fn kept(tx: &mut duijie_store::Tx<'_>, key: &str, now: Timestamp) -> Result<Option<String>, AppError> {
    Ok(tx.view().kept(SPACE, key, now)?)
}
