//! The store: SQL text, migrations, transactions, the journal's table and the state that entries
//! leave, on SQLite (embedded) or PostgreSQL from one SQL text. One writer with group commit, a
//! pool of snapshot readers, followers that read entries after their cursor, a check that
//! recomputes everything, backup and restore. Nothing else in the product speaks SQL.

mod account;
mod backup;
mod check;
mod dump;
mod entries;
mod fault;
mod follower;
mod kept;
mod ledger;
mod ledger_page;
mod list;
mod login_attempt;
mod matter;
mod migration;
mod moved;
mod open;
mod pool;
mod rebuild;
mod session;
mod setting;
mod sql;
mod state;
mod store;
mod tx;
mod view;
mod waiting;
mod writer;

pub use backup::BackupError;
pub use check::CheckReport;
pub use entries::EntryView;
pub use fault::{FaultKind, StoreFault};
pub use follower::{FollowError, Follower, Subscription, follow};
pub use ledger::{LedgerEntry, LedgerSum};
pub use list::{Cursor, Filter, Order, Page, RecordRow};
pub use login_attempt::LoginAttempt;
pub use matter::{MatterCount, MatterCursor, MatterFilter, MatterOrder, MatterPage, MatterRow};
pub use open::{GroupCommit, Location, OpenError, Options};
pub use session::Session;
pub use state::Link;
pub use store::Store;
pub use tx::{Put, Tx, TxError};
pub use view::{FoundKey, Head, View};
pub use writer::WriteError;
