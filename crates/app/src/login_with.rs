//! Logging in by a login provider: the authorization code flow with PKCE (OpenID Connect Core 1.0,
//! section 3.1; RFC 7636). What belongs to one attempt is kept here for some minutes under the digest
//! of its `state`, and is good once, in the browser that began it.

use crate::id_token::{Claims, Expected, TokenFault, verify};
use crate::identity::identity_id;
use crate::login_provider::{Learnt, LoginProvider, unavailable};
use crate::outbound::{NamedBy, Sending};
use crate::sessions::{later, own_login, token_digest};
use crate::{App, AppError, LoginStep, Refused, Viewer};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use duijie_vocab::text;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Somebody on the way to a provider.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'a> {
    pub provider: &'a str,
    /// The address of the portal, to come back to.
    pub portal: &'a str,
    /// What tells the browser apart from others.
    pub holder: &'a str,
    /// The path to go on to afterwards.
    pub next: &'a str,
}

/// What a provider sent the browser back with.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub state: String,
    pub code: String,
    pub issuer: Option<String>,
    /// Why there is no code; such as `access_denied`.
    pub error: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The account was found; how far its login came, and the path to go on to.
    Login(LoginStep, String),
    /// The account that was logged in is connected now.
    Connected,
}

/// What is kept of an attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Attempt {
    provider: String,
    holder: String,
    nonce: String,
    verifier: String,
    next: String,
    /// The account that is to be connected.
    connects: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

const ATTEMPTS: &str = "login-with";
const ATTEMPT_MICROS: i64 = 10 * 60_000_000;

impl App {
    /// The provider's address to send a browser to for logging in.
    pub fn login_with(&self, departure: &Departure<'_>) -> Result<String, AppError> {
        self.depart(departure, None)
    }

    /// The provider's address to send the viewer to for connecting the account.
    pub fn connect_with(&self, viewer: &Viewer, departure: &Departure<'_>) -> Result<String, AppError> {
        self.depart(departure, Some(own_login(viewer)?))
    }

    fn depart(&self, departure: &Departure<'_>, connects: Option<String>) -> Result<String, AppError> {
        let provider = self.login_providers().get(departure.provider).ok_or(AppError::NotFound)?;
        let now = self.now();
        let learnt = self.login_providers().learn(self.outbound(), provider, now, false)?;
        let [state, nonce, verifier] = [(); 3].map(|()| BASE64URL_NOPAD.encode(&self.random()));
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
        let scope = ["openid"].into_iter().chain(provider.scopes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &provider.client_id),
            ("redirect_uri", &back(departure.portal, provider)),
            ("scope", &scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let attempt =
            Attempt { provider: provider.id.clone(), holder: departure.holder.to_string(), nonce, verifier, next: departure.next.to_string(), connects };
        let (key, value) = (state_key(&state), serde_json::to_string(&attempt).map_err(|fault| AppError::Internal(fault.into()))?);
        self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.keep(ATTEMPTS, &key, &value, later(now, ATTEMPT_MICROS))?))?;
        let address = &learnt.published.authorization_endpoint;
        Ok(format!("{address}{}{query}", if address.contains('?') { '&' } else { '?' }))
    }

    /// Finishes an attempt with what the browser came back with from `departure`'s provider; its path
    /// to go on to is that of the beginning. `viewer` is who is logged in, for connecting.
    pub fn arrive(&self, viewer: &Viewer, departure: &Departure<'_>, answer: &Answer, address: &str) -> Result<Arrived, AppError> {
        let provider = self.login_providers().get(departure.provider).ok_or(AppError::NotFound)?;
        let attempt = self.attempt(&answer.state, provider, departure.holder)?;
        let noted = format!("@{}", provider.id);
        if answer.error.is_some() || answer.code.is_empty() {
            self.note(&noted, address, "provider")?;
            return Err(Refused { reason: text!("没有在登录服务完成登录", "logging in was not completed at the provider"), login_helps: true }.into());
        }
        let claims = match self.exchanged(provider, departure.portal, &attempt, answer) {
            Err(AppError::Refused(refused)) => {
                self.note(&noted, address, "provider")?;
                return Err(refused.into());
            }
            other => other?,
        };
        let subject = claims.get("sub").and_then(serde_json::Value::as_str).unwrap_or_default();
        let id = identity_id(&provider.issuer, subject);
        match &attempt.connects {
            Some(login) if viewer.login.as_ref() == Some(login) => self.connect(viewer, provider, &id).map(|()| Arrived::Connected),
            Some(_) => Err(outdated()),
            None => {
                let account = self.account_of(provider, &id, &claims)?;
                Ok(Arrived::Login(self.after_first_factor(account, address)?, attempt.next))
            }
        }
    }

    /// The attempt that `state` stands for, which is used up.
    fn attempt(&self, state: &str, provider: &LoginProvider, holder: &str) -> Result<Attempt, AppError> {
        let (key, now) = (state_key(state), self.now());
        let value = self.store().read(|view| view.kept(ATTEMPTS, &key, now))?.ok_or_else(outdated)?;
        let attempt: Attempt = serde_json::from_str(&value).map_err(|fault| AppError::Internal(fault.into()))?;
        if attempt.provider != provider.id || attempt.holder != holder {
            return Err(outdated());
        }
        let first = self.write(&self.actor(&Viewer::public())?, move |tx| Ok(tx.forget(ATTEMPTS, &key)?))?;
        if first { Ok(attempt) } else { Err(outdated()) }
    }

    /// What the provider says of whom the code stands for.
    fn exchanged(&self, provider: &LoginProvider, portal: &str, attempt: &Attempt, answer: &Answer) -> Result<Claims, AppError> {
        let learnt = self.login_providers().learn(self.outbound(), provider, self.now(), false)?;
        let named = answer.issuer.as_ref().is_some_and(|issuer| *issuer == provider.issuer);
        if !named && (answer.issuer.is_some() || learnt.published.authorization_response_iss_parameter_supported) {
            return Err(untrusted(&TokenFault::Claim("iss")));
        }
        let token = self.tokens(provider, portal, attempt, answer, &learnt)?.id_token;
        let expected = Expected { issuer: &provider.issuer, client: &provider.client_id, nonce: &attempt.nonce, now: self.now() };
        match verify(&token, &learnt.keys, &expected) {
            // The provider may have taken new keys since.
            Err(TokenFault::UnknownKey) => {
                let learnt = self.login_providers().learn(self.outbound(), provider, self.now(), true)?;
                verify(&token, &learnt.keys, &expected).map_err(|fault| untrusted(&fault))
            }
            other => other.map_err(|fault| untrusted(&fault)),
        }
    }

    fn tokens(&self, provider: &LoginProvider, portal: &str, attempt: &Attempt, answer: &Answer, learnt: &Learnt) -> Result<Tokens, AppError> {
        let back = back(portal, provider);
        let mut fields = vec![("grant_type", "authorization_code"), ("code", &answer.code), ("redirect_uri", &back), ("code_verifier", &attempt.verifier)];
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        let basic;
        let methods = learnt.published.token_endpoint_auth_methods_supported.as_deref();
        // Without a list the provider takes the header (OpenID Connect Discovery 1.0, section 3).
        let by_header = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        match provider.secret() {
            Some(secret) if by_header => {
                basic = format!("Basic {}", BASE64.encode(format!("{}:{}", encoded(&provider.client_id), encoded(secret)).as_bytes()));
                headers.push(("authorization", &basic));
            }
            secret => {
                fields.push(("client_id", &provider.client_id));
                fields.extend(secret.map(|secret| ("client_secret", secret)));
            }
        }
        let body = form(&fields);
        let sending = Sending { named_by: NamedBy::Operator, url: &learnt.published.token_endpoint, headers: &headers, body: Some(body.as_bytes()) };
        let reply = self.outbound().send(&sending).map_err(|_| unavailable(&provider.name))?;
        match reply.status {
            200 => serde_json::from_str(&reply.body).map_err(|_| unavailable(&provider.name)),
            // The code was wrong, used, or too old.
            400 => Err(outdated()),
            _ => Err(unavailable(&provider.name)),
        }
    }
}

/// Where the provider sends browsers back to.
fn back(portal: &str, provider: &LoginProvider) -> String {
    format!("{}/login/with/{}/back", portal.trim_end_matches('/'), provider.id)
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn state_key(state: &str) -> String {
    token_digest(state).to_string()
}

fn outdated() -> AppError {
    Refused { reason: text!("登录已超时或已用过，请重新开始", "this took too long, or was used before; start again"), login_helps: true }.into()
}

fn untrusted(fault: &TokenFault) -> AppError {
    let reason = text!("无法核实登录服务的回答（{fault}）", "the provider's answer cannot be trusted: {fault}");
    Refused { reason, login_helps: true }.into()
}
