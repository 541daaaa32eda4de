//! A book in memory, for simulation and for tests of those who post.

use crate::{Account, AccountId, Book, Changes, Entry, TransferId};
use std::collections::HashMap;
use std::convert::Infallible;

/// Accounts and entries in maps; nothing is kept when it is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryBook {
    accounts: HashMap<AccountId, Account>,
    entries: Vec<Entry>,
    places: HashMap<TransferId, usize>,
}

impl MemoryBook {
    pub fn new() -> MemoryBook {
        MemoryBook::default()
    }

    /// The accounts in no particular order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The entries in the order in which they were accepted.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Book for MemoryBook {
    type Error = Infallible;

    fn account(&mut self, id: &AccountId) -> Result<Option<Account>, Infallible> {
        Ok(self.accounts.get(id).cloned())
    }

    fn entry(&mut self, id: &TransferId) -> Result<Option<Entry>, Infallible> {
        Ok(self.places.get(id).map(|&at| self.entries[at].clone()))
    }

    fn write(&mut self, changes: &Changes) -> Result<(), Infallible> {
        for account in &changes.accounts {
            self.accounts.insert(account.id.clone(), account.clone());
        }
        for (id, status) in &changes.concluded {
            if let Some(&at) = self.places.get(id) {
                self.entries[at].status = status.clone();
            }
        }
        for entry in &changes.entries {
            self.places.insert(entry.transfer.id.clone(), self.entries.len());
            self.entries.push(entry.clone());
        }
        Ok(())
    }
}
