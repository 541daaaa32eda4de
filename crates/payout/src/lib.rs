//! Promises of money: entitlements, vouchers, orders, agencies, and settlement between regions.
