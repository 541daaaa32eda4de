//! One file per command.

pub(crate) mod account;
pub(crate) mod case;
pub(crate) mod clock;
pub(crate) mod duplicates;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod ledger;
pub(crate) mod matching;
pub(crate) mod payout;
pub(crate) mod policy;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod upkeep;
pub(crate) mod voucher;
pub(crate) mod webhook;
