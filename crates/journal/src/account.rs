//! An account: who may log in, as what and for which region.

use crate::{AccountPut, CanonicalFault, canonical_bytes};
use duijie_vocab::{RecordId, RegionCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub login: String,
    /// The person's name.
    pub name: String,
    /// The password hash in PHC string format; empty for an account that cannot log in.
    pub hash: String,
    pub roles: Vec<String>,
    /// The region that the roles hold for.
    pub region: RegionCode,
    /// The organization that the person acts for.
    pub organization: Option<RecordId>,
    pub disabled: bool,
    /// Where the person is written to; empty if nobody said.
    pub email: String,
    /// What a login needs besides the password.
    pub second: Option<SecondFactor>,
}

/// A second factor by time-based codes (RFC 6238).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The shared secret in base 32 (RFC 4648).
    pub secret: String,
    /// Digests of the recovery codes that were not used yet.
    pub recovery: Vec<String>,
}

/// What an account keeps out of the public part of its entry.
#[derive(Default, Serialize, Deserialize)]
struct Secret {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    email: String,
    hash: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second: Option<SecondFactor>,
}

#[derive(Debug, thiserror::Error)]
#[error("the confidential part of the account does not read")]
pub struct AccountFault(#[from] serde_json::Error);

impl Account {
    /// The public part, and the bytes of the confidential one.
    pub fn split(&self) -> Result<(AccountPut, Vec<u8>), CanonicalFault> {
        let public = AccountPut {
            disabled: self.disabled,
            login: self.login.clone(),
            organization: self.organization.clone(),
            region: self.region,
            roles: self.roles.clone(),
        };
        let secret = Secret { email: self.email.clone(), hash: self.hash.clone(), name: self.name.clone(), second: self.second.clone() };
        Ok((public, canonical_bytes(&secret)?))
    }

    /// The account again; without its payload it has no name and nobody can log in with it.
    pub fn join(public: AccountPut, payload: Option<&[u8]>) -> Result<Account, AccountFault> {
        let secret: Secret = payload.map(serde_json::from_slice).transpose()?.unwrap_or_default();
        let AccountPut { disabled, login, organization, region, roles } = public;
        Ok(Account { login, name: secret.name, hash: secret.hash, roles, region, organization, disabled, email: secret.email, second: secret.second })
    }
}
