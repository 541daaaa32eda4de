//! The journal: what an entry is, everything that can happen, the canonical bytes that are hashed
//! and the chain that ties each entry to the one before. This room knows no table, no clock and
//! no randomness; who appends brings the time and the salt.

mod account;
mod actor;
mod canonical;
mod entry;
mod event;
mod matter;
mod payload;
mod split;

pub use account::{Account, AccountFault, SecondFactor};
pub use actor::{Actor, ActorFault};
pub use canonical::{CanonicalFault, canonical_bytes, canonical_text};
pub use entry::{Entry, EntryFault, Sealed, verify};
pub use event::{AccountPut, Event, ImportBegun, ImportFinished, MatterMoved, PayloadErased, RecordKey, RecordPut, RecordRef, SettingPut, TransfersPosted};
pub use matter::{Matter, MatterFault, Party};
pub use payload::{Payload, Salt};
pub use split::{JoinFault, Joined, Split, join, split};
