//! Acting as somebody with an account, for whoever holds the data directory.

use crate::{App, AppError, Role, Viewer};

impl App {
    /// The viewer that `login` is when logged in. Only for callers that hold the data directory:
    /// no password is asked.
    pub fn act_as(&self, login: &str) -> Result<Viewer, AppError> {
        let account = self.store().read(|view| Ok::<_, AppError>(view.account(login)?))?;
        let account = account.filter(|account| !account.disabled).ok_or(AppError::NotFound)?;
        let role = account.roles.iter().filter_map(|word| Role::parse(word)).next_back().unwrap_or(Role::Public);
        Ok(Viewer { login: Some(account.login), name: account.name, role, region: account.region, organization: account.organization.map(|id| id.to_string()) })
    }
}
