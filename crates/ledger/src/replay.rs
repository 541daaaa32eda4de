//! Balances worked out again from the entries alone, and compared with those that were kept.

use crate::{Account, AccountId, Act, Entry, Status, TransferId};
use duijie_vocab::{Text, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// The state that entries leave, fed in the order in which they were accepted.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    accounts: BTreeMap<AccountId, Account>,
    /// Reservations that nothing has ended yet.
    open: BTreeMap<TransferId, Entry>,
    faults: Vec<Disagreement>,
}

/// Something that cannot be true of an honest ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The account or transfer that is meant.
    pub about: String,
    pub what: Text,
}

impl Replay {
    pub fn new() -> Replay {
        Replay::default()
    }

    /// Takes the next entry.
    pub fn feed(&mut self, entry: &Entry) {
        self.check_reservation(entry);
        let sides = [entry.moved.debit.clone(), entry.moved.credit.clone()];
        for (totals, amount) in entry.effects() {
            for (id, total) in sides.iter().zip(totals) {
                let account = self.accounts.entry(id.clone()).or_insert_with(|| Account::empty(id.clone()));
                if !account.add(total, amount) {
                    self.fault(entry.transfer.id.as_str(), text!("使 `{id}` 的累计金额越界", "takes a total of `{id}` out of range"));
                }
            }
        }
        for id in &sides {
            if self.accounts.get(id).is_some_and(|account| !account.is_lawful()) {
                self.fault(entry.transfer.id.as_str(), text!("使 `{id}` 违反余额规则", "breaks the rule of `{id}`"));
            }
        }
    }

    /// The accounts by id, and everything that was wrong on the way.
    pub fn finish(self) -> (BTreeMap<AccountId, Account>, Vec<Disagreement>) {
        (self.accounts, self.faults)
    }

    /// The accounts as they stand after the entries that were fed.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    fn check_reservation(&mut self, entry: &Entry) {
        let id = entry.transfer.id.clone();
        if let Act::Pending { .. } = entry.transfer.act {
            self.open.insert(id, entry.clone());
            return;
        }
        let Some(pending) = entry.transfer.pending() else { return };
        match self.open.remove(pending) {
            None => self.fault(id.as_str(), text!("所指的预留 `{pending}` 不存在或已了结", "ends `{pending}`, which was not open")),
            Some(reserved) => {
                let same = reserved.moved.debit == entry.moved.debit && reserved.moved.credit == entry.moved.credit;
                if !same || reserved.moved.amount != entry.moved.reserved || entry.moved.amount > entry.moved.reserved {
                    self.fault(id.as_str(), text!("与预留 `{pending}` 的账户或金额不符", "does not fit the accounts and the amount of `{pending}`"));
                }
                if reserved.status.by() != Some(&id) {
                    self.fault(pending.as_str(), text!("记录的结局不是 `{id}`", "is not recorded as ended by `{id}`"));
                }
            }
        }
    }

    /// Reservations that are still open although they are recorded as ended, or the reverse.
    pub fn open_faults(&self) -> impl Iterator<Item = Disagreement> + '_ {
        let wrong = self.open.values().filter(|entry| entry.status != Status::Pending);
        wrong.map(|entry| Disagreement {
            about: entry.transfer.id.to_string(),
            what: text!("记录为已了结，但没有了结它的划转", "is recorded as ended, but nothing ended it"),
        })
    }

    fn fault(&mut self, about: &str, what: Text) {
        self.faults.push(Disagreement { about: about.to_string(), what });
    }
}

/// Everything in which `kept` accounts differ from what `entries` leave, breaks of rules, and
/// whether the sums of debits and credits are equal. Empty for an honest ledger.
pub fn disagreements<'a>(kept: impl IntoIterator<Item = &'a Account>, entries: impl IntoIterator<Item = &'a Entry>) -> Vec<Disagreement> {
    let mut replay = Replay::new();
    entries.into_iter().for_each(|entry| replay.feed(entry));
    let open: Vec<_> = replay.open_faults().collect();
    let (mut expected, mut faults) = replay.finish();
    faults.extend(open);
    let mut sums = [0i128; 2];
    for account in kept {
        sums[0] += i128::from(account.debits_posted.0) - i128::from(account.credits_posted.0);
        sums[1] += i128::from(account.debits_pending.0) - i128::from(account.credits_pending.0);
        if expected.remove(&account.id).as_ref() != Some(account) {
            faults.push(Disagreement {
                about: account.id.to_string(), what: text!("余额与划转记录不符", "the balance is not what the transfers leave")
            });
        }
    }
    let missing = expected.into_keys().map(|id| Disagreement { about: id.to_string(), what: text!("账户缺失", "the account is missing") });
    faults.extend(missing);
    if sums != [0, 0] {
        faults.push(Disagreement { about: "sum".to_string(), what: text!("借贷合计不平", "debits and credits are not equal in sum") });
    }
    faults
}
