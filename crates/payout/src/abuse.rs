//! Signs that a voucher is used for something else than a service. Each finding says what was seen;
//! some forbid the order, others ask a person to look.

use crate::scheme::{ServiceClass, Watch};
use duijie_vocab::{Date, Fen, RecordId, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// What the checks know of an order, old or new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSeen {
    pub id: RecordId,
    pub holder: RecordId,
    pub agency: RecordId,
    pub service: ServiceClass,
    pub amount: Fen,
    pub signed: Date,
    /// Number of the invoice; invoices of one agency are numbered once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: String,
    pub words: Text,
    /// Whether the order cannot go on; otherwise a person has to look.
    pub forbids: bool,
}

/// The orders of a scheme, as the checks ask for them: never for all, so that a scheme with a hundred
/// thousand orders costs an order no more than what its two sides did.
pub trait Past {
    type Error;

    /// The orders of a holder, in any order.
    fn of_holder(&mut self, holder: &RecordId) -> Result<Vec<OrderSeen>, Self::Error>;

    /// The orders with this invoice of an agency, of whatever scheme, last moved first.
    fn with_invoice(&mut self, agency: &RecordId, invoice: &str) -> Result<Vec<OrderSeen>, Self::Error>;
}

/// All orders of a scheme at hand, last moved first.
impl Past for &[OrderSeen] {
    type Error = Infallible;

    fn of_holder(&mut self, holder: &RecordId) -> Result<Vec<OrderSeen>, Infallible> {
        Ok(self.iter().filter(|order| order.holder == *holder).cloned().collect())
    }

    fn with_invoice(&mut self, agency: &RecordId, invoice: &str) -> Result<Vec<OrderSeen>, Infallible> {
        Ok(self.iter().filter(|order| order.agency == *agency && order.invoice.as_deref() == Some(invoice)).cloned().collect())
    }
}

/// Everything suspicious about `order` beside `past` ones of its scheme; of itself among them nothing
/// is read. `holder_persons` and `agency_persons` are those who own or lead the two.
pub fn findings<P: Past>(
    order: &OrderSeen,
    past: &mut P,
    holder_persons: &[String],
    agency_persons: &[String],
    watch: &Watch,
) -> Result<Vec<Finding>, P::Error> {
    let mut own = past.of_holder(&order.holder)?;
    own.retain(|other| other.id != order.id);
    let found = [
        same_side(order, holder_persons, agency_persons),
        same_invoice(order, past)?,
        circle(order, past)?,
        split(order, &own, watch),
        one_agency(order, &own, watch),
    ];
    Ok(found.into_iter().flatten().collect())
}

fn finding(code: &str, forbids: bool, words: Text) -> Option<Finding> {
    Some(Finding { code: code.to_string(), words, forbids })
}

fn same_side(order: &OrderSeen, holder: &[String], agency: &[String]) -> Option<Finding> {
    if order.holder == order.agency {
        return finding("abuse.self", true, text!("持券企业与服务机构是同一单位", "holder and agency are the same"));
    }
    let both = holder.iter().find(|person| agency.contains(person))?;
    finding("abuse.same_persons", true, text!("{both} 同时是双方的负责人或股东", "{both} owns or leads both sides"))
}

fn same_invoice<P: Past>(order: &OrderSeen, past: &mut P) -> Result<Option<Finding>, P::Error> {
    let Some(invoice) = &order.invoice else { return Ok(None) };
    let twice = past.with_invoice(&order.agency, invoice)?.into_iter().find(|other| other.id != order.id);
    Ok(twice.and_then(|OrderSeen { id: other, .. }| {
        finding("abuse.invoice", true, text!("发票 `{invoice}` 已用于订单 {other}", "invoice `{invoice}` was used for order {other}"))
    }))
}

/// Follows who buys from whom: a way from the agency back to the holder makes a circle.
fn circle<P: Past>(order: &OrderSeen, past: &mut P) -> Result<Option<Finding>, P::Error> {
    let mut from: BTreeMap<RecordId, RecordId> = BTreeMap::new();
    let mut open = vec![order.agency.clone()];
    while let Some(at) = open.pop() {
        let bought = past.of_holder(&at)?.into_iter().filter(|other| other.id != order.id).map(|other| other.agency);
        for next in bought.collect::<BTreeSet<RecordId>>() {
            if next == order.holder {
                let way = way_back(&from, &at);
                return Ok(finding(
                    "abuse.circle",
                    false,
                    text!("订单成环：{way} 又向持券企业购买服务", "the orders run in a circle: {way} buys from the holder"),
                ));
            }
            if !from.contains_key(&next) && next != order.agency {
                from.insert(next.clone(), at.clone());
                open.push(next);
            }
        }
    }
    Ok(None)
}

fn way_back(from: &BTreeMap<RecordId, RecordId>, end: &RecordId) -> String {
    let mut way = vec![end.to_string()];
    let mut at = end;
    while let Some(before) = from.get(at) {
        way.push(before.to_string());
        at = before;
    }
    way.reverse();
    way.join(" → ")
}

/// Several small orders of the same kind that together are not small; `own` are the holder's others.
fn split(order: &OrderSeen, own: &[OrderSeen], watch: &Watch) -> Option<Finding> {
    if order.amount >= watch.small_below {
        return None;
    }
    let day = order.signed.days_since_epoch();
    let near = own.iter().filter(|other| {
        let same = other.agency == order.agency && other.service == order.service;
        same && other.amount < watch.small_below && other.signed.days_since_epoch().abs_diff(day) <= watch.small_days
    });
    let (count, sum) = near.fold((1, i128::from(order.amount.0)), |(count, sum), other| (count + 1, sum + i128::from(other.amount.0)));
    if count < 2 || sum < i128::from(watch.small_below.0) {
        return None;
    }
    let (days, total) = (watch.small_days, Fen(i64::try_from(sum).unwrap_or(i64::MAX)));
    let total_zh = total.chinese();
    finding(
        "abuse.split",
        false,
        text!(
            "{days} 天内 {count} 笔小额同类订单合计 {total_zh}，疑似拆单",
            "{count} small orders within {days} days make {total}: perhaps one that was split"
        ),
    )
}

/// From this many orders on, shares say something.
const ENOUGH_ORDERS: usize = 4;

fn one_agency(order: &OrderSeen, own: &[OrderSeen], watch: &Watch) -> Option<Finding> {
    let own: Vec<&OrderSeen> = own.iter().chain([order]).collect();
    if own.len() < ENOUGH_ORDERS {
        return None;
    }
    let sum = |of: &dyn Fn(&&&OrderSeen) -> bool| own.iter().filter(of).map(|other| i128::from(other.amount.0)).sum::<i128>();
    let (with, all) = (sum(&|other| other.agency == order.agency), sum(&|_| true));
    if all == 0 || with * 10_000 <= all * i128::from(watch.agency_share) {
        return None;
    }
    let percent = with * 100 / all;
    finding("abuse.one_agency", false, text!("该机构占持券企业订单金额的 {percent}%", "this agency has {percent}% of the holder's orders"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: u32, holder: &str, agency: &str, amount: i64, day: &str, invoice: Option<&str>) -> OrderSeen {
        OrderSeen {
            id: RecordId::derive("ord", &id.to_string()),
            holder: RecordId::derive("org", holder),
            agency: RecordId::derive("org", agency),
            service: ServiceClass::Research,
            amount: Fen(amount),
            signed: Date::parse(day).unwrap(),
            invoice: invoice.map(str::to_string),
        }
    }

    fn check(order: &OrderSeen, past: &[OrderSeen], persons: [&[&str]; 2], expected: &[&str]) {
        let watch = Watch { small_below: Fen(5_000), small_days: 30, agency_share: 8_000 };
        let [holder, agency] = persons.map(|names| names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>());
        let Ok(found) = findings(order, &mut &*past, &holder, &agency, &watch);
        assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_sign_is_found_and_honest_orders_are_not() {
        let nobody: [&[&str]; 2] = [&[], &[]];
        let order = seen(1, "a", "x", 9_000, "2021-06-01", Some("F1"));
        check(&order, &[], nobody, &[]);
        check(&order, std::slice::from_ref(&order), nobody, &[]);
        check(&order, &[], [&["张三"], &["李四", "张三"]], &["abuse.same_persons"]);
        check(&seen(1, "a", "a", 9_000, "2021-06-01", None), &[], nobody, &["abuse.self"]);
        check(&order, &[seen(2, "b", "x", 9_000, "2021-05-01", Some("F1"))], nobody, &["abuse.invoice"]);
        check(&order, &[seen(2, "b", "y", 9_000, "2021-05-01", Some("F1"))], nobody, &[]);
        check(&order, &[seen(2, "x", "y", 1, "2021-05-01", None), seen(3, "y", "a", 1, "2021-05-01", None)], nobody, &["abuse.circle"]);
        let small = |id, day: &str| seen(id, "a", "x", 2_000, day, None);
        check(&small(1, "2021-06-01"), &[small(2, "2021-06-20"), small(3, "2021-05-15")], nobody, &["abuse.split"]);
        check(&small(1, "2021-06-01"), &[small(2, "2021-06-20"), small(3, "2021-02-15")], nobody, &[]);
        let big = |id, agency: &str, amount| seen(id, "a", agency, amount, "2020-01-01", None);
        check(&order, &[big(2, "x", 9_000), big(3, "x", 9_000), big(4, "y", 6_000)], nobody, &["abuse.one_agency"]);
        check(&order, &[big(2, "x", 9_000), big(3, "x", 9_000), big(4, "y", 7_000)], nobody, &[]);
    }
}
