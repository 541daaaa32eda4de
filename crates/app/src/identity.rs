//! Who somebody is elsewhere: an account is connected with a login provider's own name for a person,
//! which is the issuer and the subject together. What the journal keeps of the name is a digest.

use crate::accounts::{invalid, role_of};
use crate::id_token::Claims;
use crate::login_provider::LoginProvider;
use crate::sessions::own_login;
use crate::{App, AppError, Refused, Role, Viewer};
use duijie_journal::{Account, Actor};
use duijie_store::Tx;
use duijie_vocab::{Digest, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A connection as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentityLine {
    pub id: String,
    pub provider: Text,
    pub since: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) login: String,
    issuer: String,
    /// Whether the account was made for it, and has no password of its own.
    made: bool,
    since: Timestamp,
    gone: bool,
}

const PREFIX: &str = "identity:";

/// What stands for a person of an issuer.
pub(crate) fn identity_id(issuer: &str, subject: &str) -> String {
    Digest::of(&[b"identity:", issuer.as_bytes(), &[0], subject.as_bytes()]).to_string()
}

impl App {
    /// Where the viewer may log in from, beside the password.
    pub fn identities(&self, viewer: &Viewer) -> Result<Vec<IdentityLine>, AppError> {
        let login = own_login(viewer)?;
        let settings = self.store().read(|view| view.settings(PREFIX))?;
        let mut lines = Vec::new();
        for (key, value) in settings {
            let identity = parsed(&value)?;
            if identity.login == login && !identity.gone {
                let provider = self
                    .login_providers()
                    .by_issuer(&identity.issuer)
                    .map_or_else(|| Text::new(&identity.issuer, &identity.issuer), |known| known.name.clone());
                lines.push(IdentityLine { id: key[PREFIX.len()..].to_string(), provider, since: identity.since.china_date().to_string() });
            }
        }
        Ok(lines)
    }

    /// Ends a connection of the viewer's.
    pub fn disconnect(&self, viewer: &Viewer, id: &str) -> Result<(), AppError> {
        let login = own_login(viewer)?;
        let identity = self.identity(id)?.filter(|identity| identity.login == login).ok_or(AppError::NotFound)?;
        if identity.made {
            let message = text!("这个账号只能由此登录，不能断开", "this account has no other way in; it stays connected");
            return Err(invalid("identity.made", message));
        }
        let (key, value) = (format!("{PREFIX}{id}"), written(&Identity { gone: true, ..identity })?);
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(&key, &value).map(drop)?))
    }

    /// The connection with this id that is in force.
    pub(crate) fn identity(&self, id: &str) -> Result<Option<Identity>, AppError> {
        let value = self.store().read(|view| view.setting(&format!("{PREFIX}{id}")))?;
        Ok(value.map(|value| parsed(&value)).transpose()?.filter(|identity| !identity.gone))
    }

    /// Connects the viewer's account with a person of `provider`.
    pub(crate) fn connect(&self, viewer: &Viewer, provider: &LoginProvider, id: &str) -> Result<(), AppError> {
        let login = own_login(viewer)?;
        let identity = Identity { login, issuer: provider.issuer.clone(), made: false, since: self.now(), gone: false };
        let (key, value) = (format!("{PREFIX}{id}"), written(&identity)?);
        self.write(&self.actor(viewer)?, move |tx| {
            let taken = tx.view().setting(&key)?.map(|value| parsed(&value)).transpose()?.filter(|other| !other.gone);
            match taken {
                Some(other) if other.login == identity.login => Ok(()),
                Some(_) => Err(AppError::Conflict(text!("该身份已与另一个账号连接", "somebody else's account is connected with this already"))),
                None => Ok(tx.put_setting(&key, &value).map(drop)?),
            }
        })
    }

    /// The account of a person of `provider`; for a newcomer one is made where the provider may.
    pub(crate) fn account_of(&self, provider: &LoginProvider, id: &str, claims: &Claims) -> Result<Account, AppError> {
        match self.identity(id)? {
            Some(identity) => {
                let account = self.store().read(|view| view.account(&identity.login))?.filter(|account| !account.disabled).ok_or_else(unconnected)?;
                if identity.made { self.with_role_of(account, provider, claims) } else { Ok(account) }
            }
            None => {
                let region = provider.new_accounts_in.ok_or_else(unconnected)?;
                self.newcomer(provider, id, claims, region)
            }
        }
    }

    fn newcomer(&self, provider: &LoginProvider, id: &str, claims: &Claims, region: RegionCode) -> Result<Account, AppError> {
        let login = format!("{}-{}", provider.id, &id[..12]);
        let word = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let name: String = word("name").chars().filter(|c| !c.is_control()).take(60).collect();
        // No password fits an empty hash.
        let account = Account {
            login: login.clone(),
            name: if name.trim().is_empty() { login.clone() } else { name },
            hash: String::new(),
            roles: vec![role_from(provider, claims).as_str().to_string()],
            region,
            organization: None,
            disabled: false,
            email: String::new(),
            second: None,
        };
        let identity = Identity { login, issuer: provider.issuer.clone(), made: true, since: self.now(), gone: false };
        let (key, value, put) = (format!("{PREFIX}{id}"), written(&identity)?, account.clone());
        self.write(&Actor::system(), move |tx| put_newcomer(tx, &put, (&key, &value)))?;
        Ok(account)
    }

    /// The role follows the provider where it is asked for roles and the account is its own.
    fn with_role_of(&self, mut account: Account, provider: &LoginProvider, claims: &Claims) -> Result<Account, AppError> {
        let role = role_from(provider, claims);
        if provider.roles.is_none() || role_of(&account) == role {
            return Ok(account);
        }
        account.roles = vec![role.as_str().to_string()];
        let put = account.clone();
        self.write(&Actor::system(), move |tx| crate::sessions::put_and_end_sessions(tx, &put))?;
        Ok(account)
    }
}

fn put_newcomer(tx: &mut Tx<'_>, account: &Account, (key, value): (&str, &str)) -> Result<(), AppError> {
    if tx.view().account(&account.login)?.is_some() {
        return Err(AppError::Conflict(text!("已有同名账号，请联系管理员", "there is such an account already; ask an administrator")));
    }
    tx.put_account(account)?;
    tx.put_setting(key, value)?;
    Ok(())
}

/// The highest role that the claims mean; a member if they mean none.
fn role_from(provider: &LoginProvider, claims: &Claims) -> Role {
    let Some(rule) = &provider.roles else { return Role::Member };
    let values: Vec<&str> = match claims.get(&rule.claim) {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let rank = |role: &Role| Role::ALL.iter().position(|known| known == role);
    values.into_iter().filter_map(|value| rule.values.get(value).copied()).max_by_key(rank).unwrap_or(Role::Member)
}

fn unconnected() -> AppError {
    let reason = text!(
        "这个身份还没有与账号连接：请先用密码登录，在“我的账号”中连接，或请经办人开通账号",
        "no account is connected with this: log in with the password and connect it under “My account”, or ask the office for an account"
    );
    Refused { reason, login_helps: true }.into()
}

fn parsed(value: &str) -> Result<Identity, AppError> {
    serde_json::from_str(value).map_err(|fault| AppError::Internal(fault.into()))
}

fn written(identity: &Identity) -> Result<String, AppError> {
    serde_json::to_string(identity).map_err(|fault| AppError::Internal(fault.into()))
}
