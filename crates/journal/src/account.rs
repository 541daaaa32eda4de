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
}

/// What an account keeps out of the public part of its entry.
#[derive(Default, Serialize, Deserialize)]
struct Secret {
    hash: String,
    name: String,
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
        let secret = Secret { hash: self.hash.clone(), name: self.name.clone() };
        Ok((public, canonical_bytes(&secret)?))
    }

    /// The account again; without its payload it has no name and nobody can log in with it.
    pub fn join(public: AccountPut, payload: Option<&[u8]>) -> Result<Account, AccountFault> {
        let secret: Secret = payload.map(serde_json::from_slice).transpose()?.unwrap_or_default();
        let AccountPut { disabled, login, organization, region, roles } = public;
        Ok(Account { login, name: secret.name, hash: secret.hash, roles, region, organization, disabled })
    }
}
