//! Double entry in whole Fen. A transfer debits one account and credits another; nothing else
//! changes a balance, and no transfer is ever changed. The engine is pure: it reads and writes
//! through a [`Book`] that the caller brings, so that the same laws hold in memory and inside a
//! database transaction. It knows no policy, no voucher and no clock.

mod account;
mod bank;
mod entry;
mod memory;
mod post;
mod refusal;
mod replay;
mod stage;
mod statement;
mod transfer;

pub use account::{Account, AccountId, AccountKind, IdFault, Rule};
pub use bank::{BankColumns, BankLine, BankRow, Difference, Reconciliation, read_bank_rows, reconcile};
pub use entry::{Entry, Moved, Status};
pub use memory::MemoryBook;
pub use post::{Book, Outcome, all_posted, post, post_all};
pub use refusal::{PostFault, Refusal};
pub use replay::{Disagreement, Replay, disagreements};
pub use stage::Changes;
pub use statement::{Line, Statement, TrialBalance, TrialRow, balance_at, statement, statement_from, trial_balance};
pub use transfer::{Act, Code, Links, Transfer, TransferId};

/// The largest amount of one transfer: the largest whole number that every JSON reader keeps
/// exactly, about 90 thousand 亿元.
pub const MAX_AMOUNT: duijie_vocab::Fen = duijie_vocab::Fen(1 << 53);

/// The most transfers that are posted together.
pub const MAX_BATCH: usize = 8_192;
