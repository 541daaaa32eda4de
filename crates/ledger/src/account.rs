//! An account: what its id says about it, the rule that its balance obeys, and its four totals.

use duijie_vocab::{Fen, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an account is for. The kind alone decides which rule the balance obeys, so that an account
/// needs no opening of its own and two places can never disagree about its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Money at the bank of a region's treasury. Debits come in, credits go out.
    Bank,
    /// A budget pool 资金池 out of which measures and vouchers are paid.
    Pool,
    /// What one voucher 创新券 is still worth.
    Voucher,
    /// What an agency 服务机构 has earned with vouchers and not been paid yet.
    Agency,
    /// A payout under way: approved for somebody and not yet confirmed by the bank.
    Payee,
    /// What one region owes another; the account of the other region's view is its mirror.
    Clearing,
}

/// Which way a balance may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Credits − debits, less what is reserved to be debited, is never below zero.
    CreditSide,
    /// Debits − credits, less what is reserved to be credited, is never below zero.
    DebitSide,
    /// Either side.
    Free,
}

const KINDS: [(AccountKind, &str, Rule); 6] = [
    (AccountKind::Bank, "bank", Rule::DebitSide),
    (AccountKind::Pool, "pool", Rule::CreditSide),
    (AccountKind::Voucher, "voucher", Rule::CreditSide),
    (AccountKind::Agency, "agency", Rule::CreditSide),
    (AccountKind::Payee, "payee", Rule::CreditSide),
    (AccountKind::Clearing, "clearing", Rule::Free),
];

impl AccountKind {
    /// Every kind, in the order of a trial balance.
    pub fn all() -> impl Iterator<Item = AccountKind> {
        KINDS.iter().map(|(kind, _, _)| *kind)
    }

    /// The word at the front of the ids of such accounts.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The rule that the balance of such accounts obeys.
    pub fn rule(self) -> Rule {
        self.row().2
    }

    /// The kind whose word is `text`.
    pub fn parse(text: &str) -> Option<AccountKind> {
        KINDS.iter().find(|(_, word, _)| *word == text).map(|(kind, _, _)| *kind)
    }

    /// The kind's name for people.
    pub fn name(self) -> Text {
        match self {
            AccountKind::Bank => text!("银行存款", "bank"),
            AccountKind::Pool => text!("资金池", "budget pool"),
            AccountKind::Voucher => text!("创新券", "voucher"),
            AccountKind::Agency => text!("机构应付", "owed to agency"),
            AccountKind::Payee => text!("兑付在途", "payout under way"),
            AccountKind::Clearing => text!("区域清算", "clearing between regions"),
        }
    }

    fn row(self) -> &'static (AccountKind, &'static str, Rule) {
        KINDS.iter().find(|(kind, _, _)| *kind == self).expect("BUG: a kind of account without a row in the table")
    }
}

/// The id of an account, `kind:region:name`, such as `pool:320412:vouchers-2021`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    #[error("`{0}` is not an account: write kind:region:name, such as pool:320412:vouchers-2021")]
    Account(String),
    #[error("`{0}` is not an id: 1 to 120 letters, digits and . _ - / : only")]
    Id(String),
}

/// The most characters of the name in an account's id.
const MAX_NAME: usize = 80;

impl AccountId {
    /// The account of this kind and region that is called `name`.
    pub fn new(kind: AccountKind, region: RegionCode, name: &str) -> Result<AccountId, IdFault> {
        let id = format!("{}:{region}:{name}", kind.as_str());
        let well_formed = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_id_byte);
        if well_formed { Ok(AccountId(id)) } else { Err(IdFault::Account(shortened(&id))) }
    }

    /// Reads `pool:320412:vouchers-2021`; the region has to exist.
    pub fn parse(text: &str) -> Result<AccountId, IdFault> {
        let fault = || IdFault::Account(shortened(text));
        let (kind, rest) = text.split_once(':').ok_or_else(fault)?;
        let (region, name) = rest.split_once(':').ok_or_else(fault)?;
        let kind = AccountKind::parse(kind).ok_or_else(fault)?;
        let code = RegionCode::parse(region).map_err(|_| fault())?;
        // One account has one id, so that another spelling of the region is not another account.
        let id = AccountId::new(kind, code, name)?;
        if id.0 == text { Ok(id) } else { Err(fault()) }
    }

    /// The bank account of a region's treasury that is called `name`.
    pub fn bank(region: RegionCode, name: &str) -> Result<AccountId, IdFault> {
        AccountId::new(AccountKind::Bank, region, name)
    }

    /// What `debtor` owes `creditor`, in the debtor's books; the mirror has the two swapped.
    pub fn clearing(debtor: RegionCode, creditor: RegionCode) -> AccountId {
        AccountId(format!("{}:{debtor}:{creditor}", AccountKind::Clearing.as_str()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> AccountKind {
        let word = self.0.split(':').next().unwrap_or_default();
        AccountKind::parse(word).expect("BUG: an account id without a kind")
    }

    pub fn region(&self) -> RegionCode {
        let code = self.0.split(':').nth(1).unwrap_or_default();
        RegionCode::parse(code).expect("BUG: an account id without a region")
    }

    /// The part after kind and region: a pool's, a voucher's or an owner's name.
    pub fn name(&self) -> &str {
        self.0.splitn(3, ':').nth(2).unwrap_or_default()
    }
}

pub(crate) fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':')
}

/// Enough of a text from outside to recognize it in a message.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

impl TryFrom<String> for AccountId {
    type Error = IdFault;

    fn try_from(text: String) -> Result<AccountId, IdFault> {
        AccountId::parse(&text)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> String {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account with its totals since it began; totals only grow, except those of pending
/// transfers, which shrink when one is posted, voided or expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub debits_posted: Fen,
    pub credits_posted: Fen,
    pub debits_pending: Fen,
    pub credits_pending: Fen,
}

/// One of the four totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    DebitsPosted,
    CreditsPosted,
    DebitsPending,
    CreditsPending,
}

impl Account {
    /// The account as it is before its first transfer.
    pub fn empty(id: AccountId) -> Account {
        Account { id, debits_posted: Fen::ZERO, credits_posted: Fen::ZERO, debits_pending: Fen::ZERO, credits_pending: Fen::ZERO }
    }

    pub fn rule(&self) -> Rule {
        self.id.kind().rule()
    }

    /// Credits − debits of what is posted; negative where debits are more.
    pub fn balance(&self) -> Fen {
        // INVARIANT: totals are never negative, so their difference always fits.
        Fen(self.credits_posted.0 - self.debits_posted.0)
    }

    /// What may still be taken out on the account's own side; `None` where the rule is free.
    pub fn available(&self) -> Option<Fen> {
        let (posted, reserved) = match self.rule() {
            Rule::CreditSide => (self.credits_posted.0 - self.debits_posted.0, self.debits_pending.0),
            Rule::DebitSide => (self.debits_posted.0 - self.credits_posted.0, self.credits_pending.0),
            Rule::Free => return None,
        };
        Some(Fen(posted.saturating_sub(reserved)))
    }

    /// Whether the totals are possible at all and obey the account's rule.
    pub fn is_lawful(&self) -> bool {
        let totals = [self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending];
        totals.iter().all(|total| total.0 >= 0) && self.available().is_none_or(|left| left.0 >= 0)
    }

    /// Adds `amount` (or takes it away, if negative) to a total; `false` if it does not fit.
    #[must_use]
    pub(crate) fn add(&mut self, total: Total, amount: Fen) -> bool {
        let place = match total {
            Total::DebitsPosted => &mut self.debits_posted,
            Total::CreditsPosted => &mut self.credits_posted,
            Total::DebitsPending => &mut self.debits_pending,
            Total::CreditsPending => &mut self.credits_pending,
        };
        match place.0.checked_add(amount.0).filter(|sum| *sum >= 0) {
            Some(sum) => place.0 = sum,
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_kind_region_and_name() {
        let id = AccountId::parse("pool:320412:vouchers-2021").unwrap();
        assert_eq!((id.kind(), id.region().to_string(), id.name()), (AccountKind::Pool, "320412".to_string(), "vouchers-2021"));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"pool:320412:vouchers-2021\"");
        for text in ["", "pool", "pool:320412", "pool:320412:", "purse:320412:a", "pool:999999:a", "pool:100000:a", "pool:320412:a b", "pool:320412:资金"] {
            assert!(AccountId::parse(text).is_err(), "{text}");
        }
        assert!(AccountId::new(AccountKind::Pool, id.region(), &"a".repeat(81)).is_err());
        let mirror = AccountId::clearing(id.region(), RegionCode::parse("310110").unwrap());
        assert_eq!(AccountId::parse(mirror.as_str()).as_ref(), Ok(&mirror));
    }

    #[test]
    fn what_is_reserved_is_no_longer_available() {
        let mut pool = Account::empty(AccountId::parse("pool:320412:a").unwrap());
        assert!(pool.add(Total::CreditsPosted, Fen(100)) && pool.add(Total::DebitsPending, Fen(30)));
        assert_eq!((pool.balance(), pool.available()), (Fen(100), Some(Fen(70))));
        assert!(!pool.add(Total::DebitsPending, Fen(-31)), "a total never goes below zero");
        assert!(!pool.add(Total::CreditsPosted, Fen(i64::MAX)), "nor over what fits");
        assert!(pool.is_lawful());
    }
}
