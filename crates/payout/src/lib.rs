//! Promises of money: entitlements, vouchers, orders, agencies, and settlement between regions.
//! Everything is a value; a step returns the next value together with the transfers that belong to
//! it. This room knows no policy language, no table and no clock.

mod abuse;
mod agency;
mod batch;
mod claim;
mod course;
mod entitlement;
mod name;
mod order;
mod payment;
mod risk;
mod scheme;
mod settlement;
mod share;
mod state;
mod step;
mod voucher;

pub use abuse::{Finding, OrderSeen, Past, findings};
pub use agency::{Filing, FilingState, Indicator, RATING_YEARS, Rated, Rating, RatingRule, Scores, rate};
pub use batch::{Candidate, Decided, Preview, Row, Verdict, preview};
pub use claim::{Claim, DecidedUnder};
pub use course::{Act, AnyEntitlement, STEPS, possible};
pub use entitlement::{Approval, Entitlement, Terms, check_accounts};
pub use name::act_name;
pub use order::{Both, Contract, Evidence, ORDER_STEPS, Order, OrderState, place_order};
pub use payment::{PAYMENT_HEADER, Payment, RETURN_HEADER, Returned, read_return};
pub use risk::{Grade, Risk, Sampling, Signs, assess};
pub use scheme::{HolderClass, Scheme, ServiceClass, ServiceRule, Settle, Watch};
pub use settlement::{ClearingLine, Pair, SETTLED, Settlement, settle};
pub use share::{Ask, Order as PoolOrder, share};
pub use state::{
    Appealed, Approved, Archived, Checked, Confirmed, Endorsed, Matched, Named, Ordered, Paid, Payee, Published, Pushed, Recalled, Recovered, Rejected,
    Replaced, UnderReview, Withdrawn,
};
pub use step::{By, Did, Notice, Party, Refused, Step};
pub use voucher::{Application, VOUCHER_STEPS, Voucher, VoucherState};
