//! The signs of abuse of an order, beside those orders that can matter: they are found by holder within its
//! scheme and by invoice in whatever scheme, however many there are.

use crate::AppError;
use crate::order::Ordered;
use crate::promise::{Stored, concerning, for_all, list_of};
use duijie_payout::{Finding, Order, OrderSeen, Past, Watch, findings};
use duijie_store::View;
use duijie_vocab::{Digest, RecordId};

/// Everything suspicious about `order` as its voucher's scheme wants it watched. `agency_persons` are those
/// whom the agency's filing names beside its record.
pub(crate) fn suspicions(view: &mut View<'_>, order: &Order, agency_persons: &[String], watch: &Watch) -> Result<Vec<Finding>, AppError> {
    let mut persons = |id: &RecordId| Ok::<_, AppError>(view.get(id)?.map(|row| crate::agency::persons_of(&row.record)).unwrap_or_default());
    let holder_persons = persons(&order.holder)?;
    let mut known = persons(&order.agency)?;
    known.extend_from_slice(agency_persons);
    findings(&seen(order), &mut OfScheme { view, scheme: &order.scheme }, &holder_persons, &known, watch)
}

/// By what orders with this invoice of an agency are found; an invoice's number is whatever was typed.
pub(crate) fn invoice_key(agency: &RecordId, invoice: &str) -> String {
    Digest::of(&[agency.as_str().as_bytes(), invoice.as_bytes()]).to_string()
}

struct OfScheme<'a, 'v> {
    view: &'a mut View<'v>,
    scheme: &'a str,
}

impl Past for OfScheme<'_, '_> {
    type Error = AppError;

    fn of_holder(&mut self, holder: &RecordId) -> Result<Vec<OrderSeen>, AppError> {
        let mut filter = concerning("holder", holder.as_str());
        filter.parties.push((Some("scheme".to_string()), self.scheme.to_string()));
        let mut found = Vec::new();
        for_all(self.view, &filter, |stored: Stored<Ordered>| found.push(seen(&stored.value.order)))?;
        Ok(found)
    }

    fn with_invoice(&mut self, agency: &RecordId, invoice: &str) -> Result<Vec<OrderSeen>, AppError> {
        let key = invoice_key(agency, invoice);
        let found = list_of::<Ordered>(self.view, "invoice", &[&key])?.remove(&key).unwrap_or_default();
        Ok(found.iter().map(|stored| seen(&stored.value.order)).collect())
    }
}

fn seen(order: &Order) -> OrderSeen {
    OrderSeen {
        id: order.id.clone(),
        holder: order.holder.clone(),
        agency: order.agency.clone(),
        service: order.service,
        amount: order.contract.amount,
        signed: order.contract.signed,
        invoice: order.evidence.as_ref().map(|evidence| evidence.invoice.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::{keep, list, load};
    use crate::{App, AppError, AppOptions};
    use duijie_payout::{Contract, Did, Evidence, OrderState, ServiceClass, Settle};
    use duijie_store::{MatterFilter, Tx};
    use duijie_vocab::{Clock, Date, Entropy, Fen, RegionCode, Text, Timestamp};
    use proptest::prelude::*;
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
    use std::collections::BTreeMap;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// A clock that is never twice at the same moment.
    #[derive(Default)]
    struct Ticking(AtomicI64);

    impl Clock for Ticking {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
        }
    }

    impl Entropy for Ticking {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    const ORGANIZATIONS: usize = 4;

    /// Holder, agency, scheme, class, amount, day, invoice.
    type Drawn = (usize, usize, usize, usize, i64, i32, Option<usize>);

    fn drawn() -> impl Strategy<Value = Drawn> {
        (0..ORGANIZATIONS, 0..ORGANIZATIONS, 0..2usize, 0..2usize, 1..8i64, 0..30i32, prop::option::of(0..4usize))
    }

    fn ordered(world: usize, number: usize, drawn: &Drawn) -> Ordered {
        let (holder, agency, scheme, class, thousands, day, invoice) = *drawn;
        let organization = |number: usize| RecordId::derive("org", &format!("{world}.{number}"));
        let region = RegionCode::parse("320412").unwrap();
        let on = Date::from_days_since_epoch(18_600 + day).unwrap();
        let evidence = invoice.map(|number| Evidence {
            invoice: format!("F{number}"),
            invoice_amount: Fen(1),
            invoice_document: Digest::ZERO,
            report_document: Digest::ZERO,
            on,
        });
        let order = Order {
            id: RecordId::derive("ord", &format!("{world}.{number}")),
            voucher: RecordId::derive("vou", &format!("{world}.{number}")),
            scheme: format!("{world}.{scheme}"),
            home: region,
            holder: organization(holder),
            agency: organization(agency),
            agency_region: region,
            service: ServiceClass::ALL[class],
            settle: Settle::Direct,
            contract: Contract { number: number.to_string(), amount: Fen(thousands * 1_000), signed: on, document: Digest::ZERO },
            share: Fen(1),
            because: Text::default(),
            evidence,
            state: OrderState::Placed,
        };
        Ordered { order, holder_name: String::new(), agency_name: String::new(), findings: Vec::new(), files: Vec::new() }
    }

    fn put(tx: &mut Tx<'_>, ordered: &Ordered, version: i64) -> Result<(), AppError> {
        let did = Did { act: "order".into(), words: Text::default(), details: BTreeMap::new() };
        keep(tx, ordered, version, "", &did, &[]).map(drop)
    }

    /// Every order, read whole.
    struct All {
        of_scheme: Vec<OrderSeen>,
        of_any: Vec<OrderSeen>,
    }

    impl Past for All {
        type Error = Infallible;

        fn of_holder(&mut self, holder: &RecordId) -> Result<Vec<OrderSeen>, Infallible> {
            self.of_scheme.as_slice().of_holder(holder)
        }

        fn with_invoice(&mut self, agency: &RecordId, invoice: &str) -> Result<Vec<OrderSeen>, Infallible> {
            self.of_any.as_slice().with_invoice(agency, invoice)
        }
    }

    /// What is found beside all orders.
    fn beside_all(view: &mut View<'_>, order: &Order, watch: &Watch) -> Result<Vec<Finding>, AppError> {
        let all = list::<Ordered>(view, &MatterFilter::default())?;
        let of_scheme = all.iter().filter(|stored| stored.value.order.scheme == order.scheme).map(|stored| seen(&stored.value.order)).collect();
        let of_any = all.iter().map(|stored| seen(&stored.value.order)).collect();
        let Ok(found) = findings(&seen(order), &mut All { of_scheme, of_any }, &[], &[], watch);
        Ok(found)
    }

    #[test]
    fn what_is_found_is_what_all_orders_would_show() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Ticking::default());
        let options = AppOptions { data: folder.path().into(), database: None, clock: clock.clone(), entropy: clock, group: Default::default() };
        let app = App::open(options).unwrap();
        let watch = Watch { small_below: Fen(5_000), small_days: 20, agency_share: 6_000 };
        let worlds = AtomicI64::new(0);
        let seen_codes = std::cell::RefCell::new(BTreeMap::<String, usize>::new());
        let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let orders = (prop::collection::vec(drawn(), 0..30), prop::collection::vec(any::<prop::sample::Index>(), 0..8), prop::collection::vec(drawn(), 1..5));
        let ran = runner.run(&orders, |(past, moved, new)| {
            let world = usize::try_from(worlds.fetch_add(1, Ordering::Relaxed)).unwrap();
            let (found, expected) = app
                .write(&duijie_journal::Actor::system(), move |tx| {
                    for (number, drawn) in past.iter().enumerate() {
                        put(tx, &ordered(world, number, drawn), 0)?;
                    }
                    for at in moved.iter().filter(|_| !past.is_empty()).map(|index| index.index(past.len())) {
                        let stored = load::<Ordered>(&mut tx.view(), &ordered(world, at, &past[at]).order.id)?;
                        put(tx, &stored.value, stored.version)?;
                    }
                    // New orders, and one that is there already.
                    let again = past.first().map(|drawn| ordered(world, 0, drawn));
                    let asked = new.iter().enumerate().map(|(at, drawn)| ordered(world, 1_000 + at, drawn)).chain(again);
                    let (mut found, mut expected) = (Vec::new(), Vec::new());
                    for Ordered { order, .. } in asked {
                        found.push(suspicions(&mut tx.view(), &order, &[], &watch)?);
                        expected.push(beside_all(&mut tx.view(), &order, &watch)?);
                    }
                    Ok((found, expected))
                })
                .unwrap();
            for finding in found.iter().flatten() {
                *seen_codes.borrow_mut().entry(finding.code.clone()).or_default() += 1;
            }
            prop_assert_eq!(found, expected);
            Ok(())
        });
        ran.unwrap_or_else(|why| panic!("{why}"));
        for code in ["abuse.self", "abuse.invoice", "abuse.circle", "abuse.split", "abuse.one_agency"] {
            assert!(seen_codes.borrow().get(code).is_some_and(|times| *times > 0), "no world had {code}");
        }
    }
}
