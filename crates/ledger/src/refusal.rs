//! Why a transfer was not accepted.

use crate::{AccountId, TransferId};
use duijie_vocab::{Diagnostic, Fen, Text, Timestamp, text};

/// Why nothing moved. A program branches on the variant, a person reads [`Refusal::reason`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the amount {0} is not above zero")]
    NotPositive(Fen),
    #[error("the amount {0} is more than one transfer can move")]
    TooLarge(Fen),
    #[error("`{0}` cannot be debited and credited by one transfer")]
    SameAccount(AccountId),
    #[error("`{account}` has {available} left, {wanted} was asked")]
    Shortfall { account: AccountId, available: Fen, wanted: Fen },
    #[error("the totals of `{0}` would be larger than can be kept")]
    Overflow(AccountId),
    #[error("`{0}` is the id of another transfer")]
    Differs(TransferId),
    #[error("there is no transfer `{0}`")]
    NoSuchPending(TransferId),
    #[error("`{0}` reserved nothing")]
    NotPending(TransferId),
    #[error("`{pending}` was already {status} by `{by}`")]
    Concluded { pending: TransferId, status: &'static str, by: TransferId },
    #[error("`{pending}` was reserved until {expires} only")]
    Expired { pending: TransferId, expires: Timestamp },
    #[error("`{0}` has not expired yet")]
    NotExpired(TransferId),
    #[error("`{pending}` reserved {reserved}, {wanted} was asked")]
    MoreThanReserved { pending: TransferId, reserved: Fen, wanted: Fen },
    #[error("a reservation until {0} has expired before it began")]
    ExpiresInPast(Timestamp),
    #[error("the chain was refused because of `{0}`")]
    Chain(TransferId),
    #[error("`{0}` was posted before, the other transfers of its chain were not")]
    ChainDiffers(TransferId),
}

/// Why a batch came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum PostFault<E> {
    #[error("{0} transfers at once are more than {max}", max = crate::MAX_BATCH)]
    TooMany(usize),
    #[error("the last transfer `{0}` is linked to one that is missing")]
    OpenChain(TransferId),
    /// Only [`crate::post_all`]: one transfer was refused, so none was posted.
    #[error(transparent)]
    Refused(Refusal),
    /// The book could not be read or written.
    #[error("the book does not answer")]
    Book(#[source] E),
}

impl Refusal {
    /// A stable name that programs may branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotPositive(_) => "ledger.not_positive",
            Refusal::TooLarge(_) => "ledger.too_large",
            Refusal::SameAccount(_) => "ledger.same_account",
            Refusal::Shortfall { .. } => "ledger.shortfall",
            Refusal::Overflow(_) => "ledger.overflow",
            Refusal::Differs(_) => "ledger.differs",
            Refusal::NoSuchPending(_) => "ledger.no_such_pending",
            Refusal::NotPending(_) => "ledger.not_pending",
            Refusal::Concluded { .. } => "ledger.concluded",
            Refusal::Expired { .. } => "ledger.expired",
            Refusal::NotExpired(_) => "ledger.not_expired",
            Refusal::MoreThanReserved { .. } => "ledger.more_than_reserved",
            Refusal::ExpiresInPast(_) => "ledger.expires_in_past",
            Refusal::Chain(_) => "ledger.chain",
            Refusal::ChainDiffers(_) => "ledger.chain_differs",
        }
    }

    /// The sentence a person reads.
    pub fn reason(&self) -> Text {
        let en = self.to_string();
        let zh = match self {
            Refusal::NotPositive(amount) => format!("金额 {} 不大于零", amount.chinese()),
            Refusal::TooLarge(amount) => format!("金额 {} 超过单笔上限", amount.chinese()),
            Refusal::SameAccount(account) => format!("`{account}` 不能在同一笔中既借又贷"),
            Refusal::Shortfall { account, available, wanted } => {
                format!("`{account}` 余额仅 {}，不足 {}", available.chinese(), wanted.chinese())
            }
            Refusal::Overflow(account) => format!("`{account}` 的累计金额将超出可记录的范围"),
            Refusal::Differs(id) => format!("编号 `{id}` 已用于另一笔内容不同的划转"),
            Refusal::NoSuchPending(id) => format!("没有编号为 `{id}` 的划转"),
            Refusal::NotPending(id) => format!("`{id}` 不是一笔预留"),
            Refusal::Concluded { pending, status, by } => format!("`{pending}` 已由 `{by}` {}", concluded_zh(status)),
            Refusal::Expired { pending, expires } => format!("`{pending}` 的预留已于 {} 到期", expires.china_minute()),
            Refusal::NotExpired(id) => format!("`{id}` 的预留尚未到期"),
            Refusal::MoreThanReserved { pending, reserved, wanted } => {
                format!("`{pending}` 仅预留 {}，不足 {}", reserved.chinese(), wanted.chinese())
            }
            Refusal::ExpiresInPast(at) => format!("预留的到期时间 {} 已过", at.china_minute()),
            Refusal::Chain(id) => format!("因 `{id}` 被拒，同组划转全部未执行"),
            Refusal::ChainDiffers(id) => format!("`{id}` 以前已入账，而同组的其他划转没有"),
        };
        Text::new(zh, en)
    }

    /// The refusal for a list of faults, with the next step where there is one.
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code(), self.reason());
        match self {
            Refusal::Shortfall { .. } => diagnostic.help(text!("先为该账户拨款，或减少金额", "fund the account first, or ask for less")),
            Refusal::Differs(_) | Refusal::ChainDiffers(_) => {
                diagnostic.help(text!("重试须内容一致；新的划转请用新编号", "a retry has to be equal in every part; a new transfer needs a new id"))
            }
            _ => diagnostic,
        }
    }
}

fn concluded_zh(status: &str) -> &'static str {
    match status {
        "settled" => "入账",
        "voided" => "撤销",
        _ => "到期释放",
    }
}
