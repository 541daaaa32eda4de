//! What a batch would change, before any of it is written: accounts and entries read once, changed
//! here, and taken back when a chain fails.

use crate::{Account, AccountId, Book, Entry, Refusal, Status, TransferId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a batch changes. The writer needs no other knowledge of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Accounts with their new totals; those in `opened` are not in the book yet.
    pub accounts: Vec<Account>,
    pub opened: BTreeSet<AccountId>,
    /// New entries in the order in which they were accepted.
    pub entries: Vec<Entry>,
    /// Entries of earlier batches that were pending and are no longer.
    pub concluded: Vec<(TransferId, Status)>,
}

pub(crate) struct Stage<'b, B: Book> {
    book: &'b mut B,
    accounts: BTreeMap<AccountId, Account>,
    opened: BTreeSet<AccountId>,
    touched: BTreeSet<AccountId>,
    /// Entries read from the book; `None` where it has none under that id.
    read: BTreeMap<TransferId, Option<Entry>>,
    added: Vec<Entry>,
    added_at: BTreeMap<TransferId, usize>,
    concluded: BTreeMap<TransferId, Status>,
    undo: Vec<Undo>,
}

/// What to restore when a chain fails, in reverse order.
enum Undo {
    Account(Box<Account>),
    Added(TransferId),
    Concluded(TransferId),
    ConcludedAdded(usize),
}

impl<'b, B: Book> Stage<'b, B> {
    pub(crate) fn new(book: &'b mut B) -> Stage<'b, B> {
        Stage {
            book,
            accounts: BTreeMap::new(),
            opened: BTreeSet::new(),
            touched: BTreeSet::new(),
            read: BTreeMap::new(),
            added: Vec::new(),
            added_at: BTreeMap::new(),
            concluded: BTreeMap::new(),
            undo: Vec::new(),
        }
    }

    /// The entry under this id as it would stand now.
    pub(crate) fn entry(&mut self, id: &TransferId) -> Result<Option<Entry>, B::Error> {
        if let Some(&at) = self.added_at.get(id) {
            return Ok(Some(self.added[at].clone()));
        }
        if !self.read.contains_key(id) {
            let found = self.book.entry(id)?;
            self.read.insert(id.clone(), found);
        }
        let mut entry = self.read.get(id).cloned().flatten();
        if let (Some(entry), Some(status)) = (&mut entry, self.concluded.get(id)) {
            entry.status = status.clone();
        }
        Ok(entry)
    }

    /// Puts the entry and what it does to its two accounts, or says which law forbids it.
    pub(crate) fn put(&mut self, entry: Entry) -> Result<Result<(), Refusal>, B::Error> {
        let mut debit = self.account(&entry.moved.debit)?;
        let mut credit = self.account(&entry.moved.credit)?;
        let before = (debit.available(), credit.available());
        for ([on_debit, on_credit], amount) in entry.effects() {
            if !debit.add(on_debit, amount) {
                return Ok(Err(Refusal::Overflow(debit.id)));
            }
            if !credit.add(on_credit, amount) {
                return Ok(Err(Refusal::Overflow(credit.id)));
            }
        }
        for (account, available) in [(&debit, before.0), (&credit, before.1)] {
            if !account.is_lawful() {
                let refusal = Refusal::Shortfall { account: account.id.clone(), available: available.unwrap_or_default(), wanted: entry.moved.amount };
                return Ok(Err(refusal));
            }
        }
        self.set_account(debit);
        self.set_account(credit);
        self.undo.push(Undo::Added(entry.transfer.id.clone()));
        self.added_at.insert(entry.transfer.id.clone(), self.added.len());
        self.added.push(entry);
        Ok(Ok(()))
    }

    /// Marks a pending entry as no longer pending.
    pub(crate) fn conclude(&mut self, id: &TransferId, status: Status) {
        if let Some(&at) = self.added_at.get(id) {
            self.undo.push(Undo::ConcludedAdded(at));
            self.added[at].status = status;
        } else {
            self.undo.push(Undo::Concluded(id.clone()));
            self.concluded.insert(id.clone(), status);
        }
    }

    /// A chain begins: what follows can be taken back to here.
    pub(crate) fn begin(&mut self) {
        self.undo.clear();
    }

    /// Takes back everything since the chain began.
    pub(crate) fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Account(account) => {
                    self.accounts.insert(account.id.clone(), *account);
                }
                Undo::Added(id) => {
                    self.added.pop();
                    self.added_at.remove(&id);
                }
                Undo::Concluded(id) => {
                    self.concluded.remove(&id);
                }
                Undo::ConcludedAdded(at) => self.added[at].status = Status::Pending,
            }
        }
    }

    /// Writes what changed, if anything did.
    pub(crate) fn write(self) -> Result<(), B::Error> {
        if self.added.is_empty() {
            return Ok(());
        }
        // An account that only a failed chain touched is as it was and need not be written.
        let used: BTreeSet<&AccountId> = self.added.iter().flat_map(|entry| [&entry.moved.debit, &entry.moved.credit]).collect();
        let touched = self.touched.iter().filter(|id| used.contains(id));
        let accounts = touched.map(|id| self.accounts[id].clone()).collect();
        let opened = self.opened.iter().filter(|id| used.contains(id)).cloned().collect();
        let concluded = self.concluded.into_iter().collect();
        let changes = Changes { accounts, opened, entries: self.added, concluded };
        self.book.write(&changes)
    }

    fn account(&mut self, id: &AccountId) -> Result<Account, B::Error> {
        if let Some(account) = self.accounts.get(id) {
            return Ok(account.clone());
        }
        let found = self.book.account(id)?;
        if found.is_none() {
            self.opened.insert(id.clone());
        }
        let account = found.unwrap_or_else(|| Account::empty(id.clone()));
        self.accounts.insert(id.clone(), account.clone());
        Ok(account)
    }

    fn set_account(&mut self, account: Account) {
        self.touched.insert(account.id.clone());
        if let Some(before) = self.accounts.insert(account.id.clone(), account) {
            self.undo.push(Undo::Account(Box::new(before)));
        }
    }
}
