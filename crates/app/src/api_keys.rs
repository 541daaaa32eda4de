//! Keys for programs. A key acts as the account that made it, within its own scopes and region. It
//! is shown once; the journal keeps its digest, who made it, and that it was revoked.

use crate::accounts::invalid;
use crate::sessions::{DAY, later, own_login, viewer_of};
use crate::{Action, App, AppError, Refused, Role, Target, Viewer};
use duijie_vocab::{Digest, RegionCode, Timestamp, text};
use serde::{Deserialize, Serialize};

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read what the account may read.
    Read,
    /// Make and change records.
    Write,
}

/// A key as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyLine {
    pub id: String,
    pub name: String,
    pub login: String,
    pub scopes: Vec<Scope>,
    pub region_name: String,
    pub made: String,
    pub expires: String,
    pub revoked: bool,
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub id: String,
    /// What the program sends; it cannot be shown again.
    pub secret: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredKey {
    digest: Digest,
    expires: Timestamp,
    login: String,
    made: Timestamp,
    name: String,
    region: RegionCode,
    revoked: bool,
    scopes: Vec<Scope>,
}

const PREFIX: &str = "api_key:";
const MARK: &str = "dj_";
const ID_DIGITS: usize = 12;
const MAX_DAYS: i64 = 366;
const MAX_KEYS: usize = 20;

impl Scope {
    pub const ALL: [Scope; 2] = [Scope::Read, Scope::Write];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
        }
    }

    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl App {
    /// Makes a key that acts as `login` in `region` for `days` days. Everybody makes keys for
    /// themselves; an administrator for others.
    pub fn make_key(&self, viewer: &Viewer, login: &str, name: &str, scopes: &[Scope], region: Option<RegionCode>, days: i64) -> Result<NewKey, AppError> {
        self.may_keep_keys(viewer, login)?;
        let account = self.store().read(|view| view.account(login).map_err(AppError::from))?.ok_or(AppError::NotFound)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 60 {
            return Err(invalid("key.name", text!("请写明密钥的用途（不超过 60 字）", "say what the key is for, in at most 60 characters")));
        }
        if scopes.is_empty() || !(1..=MAX_DAYS).contains(&days) {
            return Err(invalid("key.scope", text!("请选择权限和 1 至 {MAX_DAYS} 天的有效期", "choose scopes, and from 1 to {MAX_DAYS} days")));
        }
        let region = region.unwrap_or(account.region);
        if !account.region.contains(region) {
            return Err(invalid("key.region", text!("密钥的地区须在账号的地区之内", "the key's region has to lie within the account's")));
        }
        if self.keys_of(login)?.iter().filter(|(_, key)| !key.revoked).count() >= MAX_KEYS {
            return Err(invalid("key.many", text!("每个账号最多 {MAX_KEYS} 个有效密钥", "an account has at most {MAX_KEYS} keys in use")));
        }
        let id = Digest(self.random()).to_string()[..ID_DIGITS].to_string();
        let secret = format!("{MARK}{id}_{}", Digest(self.random()));
        let now = self.now();
        let key = StoredKey {
            digest: secret_digest(&secret),
            expires: later(now, days * DAY),
            login: login.to_string(),
            made: now,
            name: name.to_string(),
            region,
            revoked: false,
            scopes: scopes.to_vec(),
        };
        self.put_key(viewer, &id, &key)?;
        Ok(NewKey { id, secret })
    }

    /// Makes a key useless from now on.
    pub fn revoke_key(&self, viewer: &Viewer, id: &str) -> Result<(), AppError> {
        let mut key = self.stored_key(id)?.ok_or(AppError::NotFound)?;
        self.may_keep_keys(viewer, &key.login)?;
        key.revoked = true;
        self.put_key(viewer, id, &key)
    }

    /// The keys of `login`, the newest first.
    pub fn keys(&self, viewer: &Viewer, login: &str) -> Result<Vec<KeyLine>, AppError> {
        self.may_keep_keys(viewer, login)?;
        let mut keys = self.keys_of(login)?;
        keys.sort_by_key(|(_, key)| std::cmp::Reverse(key.made));
        let line = |(id, key): (String, StoredKey)| KeyLine {
            id,
            name: key.name,
            login: key.login,
            scopes: key.scopes,
            region_name: key.region.path(),
            made: key.made.china_date().to_string(),
            expires: key.expires.china_date().to_string(),
            revoked: key.revoked,
        };
        Ok(keys.into_iter().map(line).collect())
    }

    /// Who a key acts as, and what it may be used for. Its region narrows the account's.
    pub fn key_viewer(&self, secret: &str) -> Result<(Viewer, Vec<Scope>), AppError> {
        let refused = || {
            AppError::from(Refused {
                reason: text!("接口密钥无效、已过期或已吊销", "the API key is unknown, expired or revoked"), login_helps: false
            })
        };
        let id = secret.strip_prefix(MARK).and_then(|rest| rest.split_once('_')).map(|(id, _)| id).filter(|id| id.len() == ID_DIGITS);
        let key = self.stored_key(id.ok_or_else(refused)?)?.ok_or_else(refused)?;
        // Digests of random secrets tell nothing by the time it takes to compare them.
        if key.revoked || key.expires <= self.now() || key.digest != secret_digest(secret) {
            return Err(refused());
        }
        let account = self.store().read(|view| view.account(&key.login).map_err(AppError::from))?;
        let account = account.filter(|account| !account.disabled && account.region.contains(key.region)).ok_or_else(refused)?;
        let viewer = Viewer { region: key.region, ..viewer_of(account) };
        // An administrator's key stays within its region, so it acts as an officer of it.
        let role = if viewer.role == Role::Admin && key.region != RegionCode::NATION { Role::Officer } else { viewer.role };
        Ok((Viewer { role, ..viewer }, key.scopes))
    }

    pub(crate) fn may_keep_keys(&self, viewer: &Viewer, login: &str) -> Result<(), AppError> {
        if own_login(viewer)? == login {
            return Ok(());
        }
        Ok(viewer.may(Action::Administer, &Target::default())?)
    }

    fn keys_of(&self, login: &str) -> Result<Vec<(String, StoredKey)>, AppError> {
        let settings = self.store().read(|view| view.settings(PREFIX).map_err(AppError::from))?;
        let read = |(id, value): (String, String)| {
            let key: StoredKey = serde_json::from_str(&value).map_err(|fault| AppError::Internal(fault.into()))?;
            Ok::<_, AppError>((id[PREFIX.len()..].to_string(), key))
        };
        let keys = settings.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(keys.into_iter().filter(|(_, key)| key.login == login).collect())
    }

    fn stored_key(&self, id: &str) -> Result<Option<StoredKey>, AppError> {
        let value = self.store().read(|view| view.setting(&format!("{PREFIX}{id}")).map_err(AppError::from))?;
        value.map(|value| serde_json::from_str(&value)).transpose().map_err(|fault| AppError::Internal(fault.into()))
    }

    fn put_key(&self, viewer: &Viewer, id: &str, key: &StoredKey) -> Result<(), AppError> {
        let value = serde_json::to_string(key).map_err(|fault| AppError::Internal(fault.into()))?;
        let name = format!("{PREFIX}{id}");
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(&name, &value).map(drop)?))
    }
}

fn secret_digest(secret: &str) -> Digest {
    Digest::of(&[b"api_key:", secret.as_bytes()])
}
