//! The words that every room shares: ids, money, dates and instants, regions, identification
//! codes, languages and diagnostics, and the traits through which time and randomness come in.
//! This room knows no record, no rule, no table and does no I/O.

mod code;
mod date;
mod diagnostic;
mod fold;
mod id;
mod industry;
mod money;
mod number;
mod point;
mod region;
mod text;
mod timestamp;
mod world;

pub use code::{CodeFault, CreditCode, PatentNumber};
pub use date::{Date, DateFault};
pub use diagnostic::{Diagnostic, Place, Severity, has_errors};
pub use fold::{fold_width, name_key};
pub use id::{Digest, DigestFault, RecordId};
pub use industry::{Industry, industries, industry};
pub use money::{Fen, MoneyFault, MoneyUnit};
pub use number::{Decimal, NumberFault};
pub use point::{Point, PointFault};
pub use region::{Region, RegionCode, RegionFault, RegionLevel, regions};
pub use text::{Lang, Text};
pub use timestamp::{Timestamp, TimestampFault};
pub use world::{Clock, Entropy};
