//! Login providers: who else may say who somebody is (OpenID Connect). Whoever runs the installation
//! names them in a file; the secrets stand in files of their own.

use crate::accounts::invalid;
use crate::id_token::KeySet;
use crate::outbound::{NamedBy, Outbound, Sending};
use crate::{AppError, Role};
use duijie_vocab::{RegionCode, Text, Timestamp, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A provider as the file names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginProvider {
    /// A short word of letters, digits and hyphens; it stands in addresses.
    pub id: String,
    pub name: Text,
    /// The issuer's address, under which it publishes its configuration.
    pub issuer: String,
    pub client_id: String,
    /// The file with the client's secret; a public client has none.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// The region of accounts that are made for newcomers. Without it nobody gets an account by
    /// logging in; people connect the accounts they have.
    #[serde(default)]
    pub new_accounts_in: Option<RegionCode>,
    /// Which claim gives a newcomer a role. Without it everybody is a member.
    #[serde(default)]
    pub roles: Option<RoleClaim>,
    #[serde(skip)]
    secret: Option<Secret>,
}

/// Roles taken from outside: a claim, and which of its values mean which role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleClaim {
    pub claim: String,
    pub values: BTreeMap<String, Role>,
}

/// A provider as the login page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderName {
    pub id: String,
    pub name: Text,
}

#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

/// What a provider publishes of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Published {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether its answers name it (RFC 9207).
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// What was learnt from a provider, and when.
#[derive(Clone, Debug)]
pub(crate) struct Learnt {
    pub(crate) published: Arc<Published>,
    pub(crate) keys: Arc<KeySet>,
    at: Timestamp,
}

/// The providers of this installation.
#[derive(Debug, Default)]
pub struct LoginProviders {
    all: Vec<LoginProvider>,
    learnt: Mutex<HashMap<String, Learnt>>,
}

/// How long what was learnt is believed.
const BELIEVED_MICROS: i64 = 3_600_000_000;
/// An unknown key is asked for again at most this often.
const ASKED_AGAIN_MICROS: i64 = 60_000_000;

fn usual_scopes() -> Vec<String> {
    vec!["profile".into(), "email".into()]
}

impl LoginProviders {
    /// Reads the file at `path`: a list of providers. Secrets are looked for beside it.
    pub fn read(path: &Path) -> Result<LoginProviders, AppError> {
        let text = std::fs::read_to_string(path).map_err(|fault| unreadable(path, &fault))?;
        let mut providers: Vec<LoginProvider> = serde_saphyr::from_str(&text).map_err(|fault| unreadable(path, &fault))?;
        for provider in &mut providers {
            if let Some(file) = &provider.client_secret_file {
                let file = path.parent().unwrap_or(Path::new("")).join(file);
                let secret = std::fs::read_to_string(&file).map_err(|fault| unreadable(&file, &fault))?;
                provider.secret = Some(Secret(secret.trim_end_matches(['\r', '\n']).to_string()));
            }
        }
        LoginProviders::of(providers)
    }

    /// These providers, if they can be used side by side.
    pub fn of(providers: Vec<LoginProvider>) -> Result<LoginProviders, AppError> {
        for (at, provider) in providers.iter().enumerate() {
            let id = &provider.id;
            let word = (1..=30).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !word || providers[..at].iter().any(|other| other.id == *id) {
                return Err(invalid("login_provider.id", text!("登录服务的 id `{id}` 无效或重复", "`{id}` is no id of a login provider, or stands twice")));
            }
            let issuer = &provider.issuer;
            if !is_safe(issuer) || issuer.contains(['?', '#']) || provider.client_id.is_empty() {
                let message = text!("登录服务 {id} 的 issuer 须为 https 地址，client_id 不能为空", "{id} needs an https issuer and a client_id");
                return Err(invalid("login_provider.issuer", message));
            }
        }
        Ok(LoginProviders { all: providers, learnt: Mutex::default() })
    }

    pub(crate) fn get(&self, id: &str) -> Option<&LoginProvider> {
        self.all.iter().find(|provider| provider.id == id)
    }

    pub(crate) fn by_issuer(&self, issuer: &str) -> Option<&LoginProvider> {
        self.all.iter().find(|provider| provider.issuer == issuer)
    }

    /// Their names, in the order of the file.
    pub fn names(&self) -> Vec<ProviderName> {
        self.all.iter().map(|provider| ProviderName { id: provider.id.clone(), name: provider.name.clone() }).collect()
    }

    /// What is known of `provider`, asked for if that is too long ago, or if `again` and not just now.
    pub(crate) fn learn(&self, outbound: &Outbound, provider: &LoginProvider, now: Timestamp, again: bool) -> Result<Learnt, AppError> {
        let known = self.learnt.lock().unwrap_or_else(PoisonError::into_inner).get(&provider.id).cloned();
        let believed = if again { ASKED_AGAIN_MICROS } else { BELIEVED_MICROS };
        if let Some(known) = known.filter(|known| now.micros() - known.at.micros() < believed) {
            return Ok(known);
        }
        let address = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let published: Published = fetch(outbound, &address)?;
        let addresses = [&published.authorization_endpoint, &published.token_endpoint, &published.jwks_uri];
        let downgraded = provider.issuer.starts_with("https:") && addresses.iter().any(|address| !address.starts_with("https:"));
        if published.issuer != provider.issuer || downgraded {
            return Err(unavailable(&provider.name));
        }
        let keys = Arc::new(fetch(outbound, &published.jwks_uri)?);
        let learnt = Learnt { published: Arc::new(published), keys, at: now };
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).insert(provider.id.clone(), learnt.clone());
        Ok(learnt)
    }
}

impl LoginProvider {
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_ref().map(|secret| secret.0.as_str())
    }
}

/// Over TLS, or on this machine, where a test or a proxy may stand.
fn is_safe(issuer: &str) -> bool {
    issuer.starts_with("https://") || ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|own| issuer.strip_prefix(own).is_some_and(ends_host))
}

fn ends_host(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([':', '/'])
}

fn fetch<T: DeserializeOwned>(outbound: &Outbound, url: &str) -> Result<T, AppError> {
    let sending = Sending { named_by: NamedBy::Operator, url, headers: &[("accept", "application/json")], body: None };
    let unusable = |why: &str| {
        let message = text!("登录服务暂时无法使用（{why}）", "the login provider cannot be used at the moment ({why})");
        AppError::Unavailable(message)
    };
    let reply = outbound.send(&sending).map_err(|fault| unusable(&fault.to_string()))?;
    if reply.status != 200 {
        return Err(unusable(&reply.status.to_string()));
    }
    serde_json::from_str(&reply.body).map_err(|fault| unusable(&fault.to_string()))
}

pub(crate) fn unavailable(name: &Text) -> AppError {
    let (zh, en) = (&name.zh, &name.en);
    AppError::Unavailable(Text::new(format!("“{zh}”暂时无法使用"), format!("{en} cannot be used at the moment")))
}

fn unreadable(path: &Path, fault: &dyn fmt::Display) -> AppError {
    let path = path.display();
    invalid("login_provider.file", text!("无法读取 {path}：{fault}", "{path} cannot be read: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<LoginProviders, AppError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
        std::fs::write(folder.path().join("login.yaml"), yaml).unwrap();
        LoginProviders::read(&folder.path().join("login.yaml"))
    }

    const GOOD: &str = "- id: city\n  name: { zh: 政务, en: City }\n  issuer: https://id.example.cn\n  client_id: duijie\n  client_secret_file: secret\n  \
                        new_accounts_in: \"320400\"\n  roles: { claim: groups, values: { clerks: officer } }\n";

    #[test]
    fn a_file_names_providers_and_keeps_secrets_elsewhere() {
        let providers = read(GOOD).unwrap();
        let city = providers.get("city").unwrap();
        assert_eq!(city.secret(), Some("s3cret"));
        assert_eq!(city.roles.as_ref().unwrap().values["clerks"], Role::Officer);
        assert!(!format!("{providers:?}").contains("s3cret"), "a secret is in no log");
    }

    #[test]
    fn what_cannot_be_used_is_refused_at_the_start() {
        for (from, to) in [
            ("id: city", "id: City!"),
            ("https://id.example.cn", "http://id.example.cn"),
            ("https://id.example.cn", "http://localhost.example.cn"),
            ("client_id: duijie", "client_id: ''"),
            ("client_secret_file: secret", "client_secret_file: none"),
        ] {
            let yaml = GOOD.replace(from, to);
            assert!(read(&yaml).is_err(), "{yaml}");
        }
        assert!(read(&format!("{GOOD}{GOOD}")).is_err(), "an id stands once");
        assert!(read(&GOOD.replace("roles:", "rolls:")).is_err(), "a misspelt word is told");
    }
}
