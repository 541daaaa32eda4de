//! Service orders that vouchers pay a part of: placing, delivering, claiming, redeeming in batches
//! and paying, with the signs of abuse before each.

use crate::order_file::{OrderDocument, OrderFile, documents, gather};
use crate::order_watch::{invoice_key, suspicions};
use crate::promise::{Promise, Stored, by, concerning, find, for_each, in_office, keep, list, load, page, post, refused};
use crate::scheme::scheme_of;
use crate::voucher::rules_of;
use crate::{Action, App, AppError, Target, Viewer};
use duijie_payout::{Both, Contract, Evidence, Filing, Finding, Order, OrderState, Scheme, Settle, Step, Voucher, place_order};
use duijie_store::{MatterFilter, Tx};
use duijie_vocab::{Date, Diagnostic, Fen, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

/// An order with the names on it and what was noticed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ordered {
    pub(crate) order: Order,
    pub(crate) holder_name: String,
    pub(crate) agency_name: String,
    pub(crate) findings: Vec<Finding>,
    /// The files that were sent of the documents that the order names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<OrderFile>,
}

impl Promise for Ordered {
    const KIND: &'static str = "order";

    fn id(&self) -> &RecordId {
        &self.order.id
    }

    fn state(&self) -> &str {
        self.order.state.as_str()
    }

    fn region(&self) -> RegionCode {
        // The officers of whoever pays work on it.
        if self.order.settle == Settle::Direct { self.order.agency_region } else { self.order.home }
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        let order = &self.order;
        let mut parties = vec![
            ("holder", order.holder.to_string()),
            ("agency", order.agency.to_string()),
            ("voucher", order.voucher.to_string()),
            ("scheme", order.scheme.clone()),
            ("home", order.home.to_string()),
        ];
        parties.extend(order.evidence.as_ref().map(|evidence| ("invoice", invoice_key(&order.agency, &evidence.invoice))));
        if let OrderState::Redeemed { batch } | OrderState::Paid { batch, .. } = &order.state {
            parties.push(("batch", batch.clone()));
        }
        parties
    }
}

/// An order as a page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct OrderView {
    pub id: RecordId,
    pub version: i64,
    pub voucher: RecordId,
    /// The id of the voucher's scheme.
    pub scheme: String,
    pub holder_name: String,
    pub agency: RecordId,
    pub agency_name: String,
    pub home_name: String,
    pub agency_region_name: String,
    pub service: Text,
    pub contract: String,
    pub amount: Text,
    pub amount_fen: Fen,
    pub share: Text,
    pub share_fen: Fen,
    pub because: Text,
    pub state: String,
    pub state_name: Text,
    pub batch: Option<String>,
    pub findings: Vec<Finding>,
    /// Contract, invoice and report.
    pub documents: Vec<OrderDocument>,
    pub acts: Vec<&'static str>,
    pub updated: String,
}

/// A step of an order by one of its parties.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum OrderAct {
    Deliver { evidence: Evidence },
    Claim,
    Cancel { reason: String },
    Decline { reason: String },
}

/// What a batch of redemptions did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RedeemReport {
    pub batch: String,
    pub redeemed: usize,
    pub amount: Text,
    pub contracts: Text,
    /// Orders that were left out, and why.
    pub held: Vec<(RecordId, Text)>,
}

/// The figures of a scheme: what R9 of the sources asks for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SchemeFigures {
    pub scheme: String,
    pub agencies: usize,
    pub orders: usize,
    pub contracts: Fen,
    pub contracts_shown: Text,
    pub batches: Vec<(String, usize, Text)>,
    pub redeemed: Fen,
    pub redeemed_shown: Text,
}

const PAGE: usize = 100;

impl App {
    /// Orders a service with an issued voucher.
    pub fn place_order(&self, viewer: &Viewer, voucher: &RecordId, filing: &RecordId, contract: Contract) -> Result<OrderView, AppError> {
        let seen = self.store().read(|view| load::<Voucher>(view, voucher))?;
        viewer.may(Action::Hold, &crate::voucher::target(&seen.value))?;
        let (viewer_in, voucher, filing) = (viewer.clone(), voucher.clone(), filing.clone());
        let id = self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Voucher>(&mut tx.view(), &voucher)?;
            let agency = load::<Filing>(&mut tx.view(), &filing)?.value;
            let home = rules_of(&mut tx.view(), &stored.value)?;
            let host = scheme_of(&mut tx.view(), agency.region)?;
            // An agency files with its place; its scheme may be that of the region above. Where there is
            // none nobody could settle, so that the place stays and the order is refused.
            let agency = Filing { region: host.as_ref().map_or(agency.region, |host| host.region), ..agency };
            let host = host.filter(|host| host.region != home.region);
            let by = by(tx, &viewer_in);
            let (version, title) = (stored.version, stored.title.clone());
            let step = place_order(stored.value, &home, host.as_ref(), &agency, contract.clone(), &by).map_err(refused)?;
            let order = &step.after.1;
            if find::<Ordered>(&mut tx.view(), &order.id)?.is_some() {
                return Err(AppError::Conflict(text!("同一合同已下过单，请用新的合同编号", "there was an order for this contract; use another number")));
            }
            let found = suspicions(&mut tx.view(), order, &agency.persons, &home.watch)?;
            forbid(&found)?;
            let mut files = Vec::new();
            gather(tx, &viewer_in, order, &mut files)?;
            let ordered = Ordered { order: order.clone(), holder_name: title.clone(), agency_name: agency.name.clone(), findings: found, files };
            keep_both(tx, &step, ordered, (0, version), &title)
        })?;
        self.order(viewer, &id)
    }

    pub fn order(&self, viewer: &Viewer, id: &RecordId) -> Result<OrderView, AppError> {
        let stored = self.store().read(|view| load::<Ordered>(view, id))?;
        let parties = [holder(&stored.value.order), agency(&stored.value.order)];
        if !parties.iter().any(|target| viewer.may(Action::Hold, target).is_ok()) {
            return Err(AppError::NotFound);
        }
        Ok(shown(viewer, &stored))
    }

    /// Orders that the viewer may see: holders and agencies theirs, officers those of their region.
    pub fn orders(&self, viewer: &Viewer, state: Option<&str>, after: Option<&str>) -> Result<(Vec<OrderView>, Option<String>), AppError> {
        let mut filter = if viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None }).is_ok() {
            MatterFilter { regions: vec![viewer.region], ..MatterFilter::default() }
        } else {
            viewer.may(Action::Hold, &Target { region: None, organization: viewer.organization.clone() })?;
            MatterFilter { parties: vec![(None, viewer.organization.clone().unwrap_or_default())], ..MatterFilter::default() }
        };
        filter.states.extend(state.map(str::to_string));
        self.store().read(|view| {
            let (rows, next) = page::<Ordered>(view, &filter, after, PAGE)?;
            Ok((rows.iter().map(|row| shown(viewer, row)).collect(), next))
        })
    }

    /// Takes one step of an order.
    pub fn order_step(&self, viewer: &Viewer, id: &RecordId, act: &OrderAct) -> Result<OrderView, AppError> {
        let stored = self.store().read(|view| load::<Ordered>(view, id))?;
        may_take(viewer, &stored.value.order, act)?;
        let (viewer_in, order, act) = (viewer.clone(), id.clone(), act.clone());
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Ordered>(&mut tx.view(), &order)?;
            let voucher = load::<Voucher>(&mut tx.view(), &stored.value.order.voucher)?;
            let (versions, title) = ((stored.version, voucher.version), voucher.title.clone());
            let home = rules_of(&mut tx.view(), &voucher.value)?;
            let by = by(tx, &viewer_in);
            let Ordered { order, holder_name, agency_name, mut findings, mut files } = stored.value;
            let step = match &act {
                OrderAct::Deliver { evidence } => order.deliver(voucher.value, evidence.clone(), &by),
                OrderAct::Claim => order.claim(voucher.value, &by),
                OrderAct::Cancel { reason } => order.cancel(voucher.value, reason),
                OrderAct::Decline { reason } => order.decline(voucher.value, reason),
            };
            let step = step.map_err(refused)?;
            if matches!(act, OrderAct::Deliver { .. }) {
                findings = suspicions(&mut tx.view(), &step.after.1, &[], &home.watch)?;
                forbid(&findings)?;
                gather(tx, &viewer_in, &step.after.1, &mut files)?;
            }
            let ordered = Ordered { order: step.after.1.clone(), holder_name, agency_name, findings, files };
            keep_both(tx, &step, ordered, versions, &title).map(drop)
        })?;
        self.order(viewer, id)
    }

    /// Redeems claimed orders as one batch. An order with signs of abuse is held, unless `despite`
    /// says why it is redeemed all the same.
    pub fn redeem_batch(&self, viewer: &Viewer, batch: &str, ids: &[RecordId], despite: Option<&str>) -> Result<RedeemReport, AppError> {
        in_office(viewer)?;
        if batch.trim().is_empty() {
            return Err(AppError::Invalid(vec![Diagnostic::error("order.batch", text!("请填写批次", "name the batch"))]));
        }
        let mut report = RedeemReport { batch: batch.to_string(), ..RedeemReport::default() };
        let (mut amount, mut contracts) = (0i64, 0i64);
        for id in ids {
            match self.redeem_one(viewer, batch, id, despite) {
                Ok(order) => {
                    report.redeemed += 1;
                    amount = amount.saturating_add(order.share.0);
                    contracts = contracts.saturating_add(order.contract.amount.0);
                }
                Err(why @ (AppError::Refused(_) | AppError::Invalid(_) | AppError::Conflict(_) | AppError::NotFound)) => {
                    report.held.push((id.clone(), why.message()))
                }
                Err(other) => return Err(other),
            }
        }
        report.amount = Fen(amount).text();
        report.contracts = Fen(contracts).text();
        Ok(report)
    }

    /// The claimed orders of the viewer's region, which a batch may redeem.
    pub fn claimed_orders(&self, viewer: &Viewer) -> Result<Vec<RecordId>, AppError> {
        in_office(viewer)?;
        let filter = MatterFilter { states: vec!["claimed".to_string()], regions: vec![viewer.region], ..MatterFilter::default() };
        let mut ids = Vec::new();
        self.store().read(|view| for_each::<Ordered>(view, &filter, |stored| ids.push(stored.value.order.id)))?;
        Ok(ids)
    }

    /// Records that the bank paid the orders of a batch.
    pub fn pay_batch(&self, viewer: &Viewer, batch: &str, bank_serial: &str) -> Result<usize, AppError> {
        in_office(viewer)?;
        let filter = MatterFilter { states: vec!["redeemed".to_string()], ..concerning("batch", batch) };
        let stored = self.store().read(|view| list::<Ordered>(view, &filter))?;
        if stored.is_empty() {
            return Err(AppError::Conflict(text!("批次 {batch} 没有待付款的订单", "no order of batch {batch} waits to be paid")));
        }
        if bank_serial.trim().is_empty() {
            return Err(AppError::Invalid(vec![Diagnostic::error("order.serial", text!("请填写银行流水号", "give the bank's serial number"))]));
        }
        let mut paid = 0;
        for one in stored {
            let target = Target { region: Some(one.value.region()), organization: None };
            viewer.may(Action::Pay, &target)?;
            let (id, serial) = (one.value.order.id.clone(), bank_serial.to_string());
            self.write(&self.actor(viewer)?, move |tx| {
                let stored = load::<Ordered>(&mut tx.view(), &id)?;
                let bank = crate::ledger::treasury(stored.value.region());
                let Ordered { order, holder_name, agency_name, findings, files } = stored.value;
                let step = order.pay(&bank, &serial).map_err(refused)?;
                let step = step.map(|order| Ordered { order, holder_name, agency_name, findings, files });
                crate::promise::take(tx, &step, stored.version, &stored.title).map(drop)
            })?;
            paid += 1;
        }
        Ok(paid)
    }

    /// The figures of a scheme: agencies that were ordered from or listed for it, orders, amounts,
    /// batches. Cancelled, declined and expired orders do not count.
    pub fn scheme_figures(&self, scheme: &str) -> Result<SchemeFigures, AppError> {
        let orders = self.store().read(|view| {
            crate::scheme::scheme(view, scheme)?;
            list::<Ordered>(view, &concerning("scheme", scheme))
        })?;
        let counts =
            |stored: &&Stored<Ordered>| !matches!(stored.value.order.state, OrderState::Cancelled { .. } | OrderState::Declined { .. } | OrderState::Expired);
        let orders: Vec<&Order> = orders.iter().filter(counts).map(|stored| &stored.value.order).collect();
        let agencies: std::collections::BTreeSet<&RecordId> = orders.iter().map(|order| &order.agency).collect();
        let mut batches = std::collections::BTreeMap::<&str, (usize, i64)>::new();
        for order in &orders {
            if let OrderState::Redeemed { batch } | OrderState::Paid { batch, .. } = &order.state {
                let sums = batches.entry(batch).or_default();
                *sums = (sums.0 + 1, sums.1.saturating_add(order.share.0));
            }
        }
        let contracts = Fen(orders.iter().fold(0, |sum: i64, order| sum.saturating_add(order.contract.amount.0)));
        let redeemed = Fen(batches.values().fold(0, |sum: i64, (_, amount)| sum.saturating_add(*amount)));
        Ok(SchemeFigures {
            scheme: scheme.to_string(),
            agencies: agencies.len(),
            orders: orders.len(),
            contracts,
            contracts_shown: contracts.text(),
            batches: batches.into_iter().map(|(name, (count, amount))| (name.to_string(), count, Fen(amount).text())).collect(),
            redeemed,
            redeemed_shown: redeemed.text(),
        })
    }

    fn redeem_one(&self, viewer: &Viewer, batch: &str, id: &RecordId, despite: Option<&str>) -> Result<Order, AppError> {
        let seen = self.store().read(|view| load::<Ordered>(view, id))?;
        viewer.may(Action::Pay, &Target { region: Some(seen.value.region()), organization: None })?;
        if let (Some(finding), None) = (seen.value.findings.first(), despite) {
            return Err(AppError::Conflict(finding.words.clone()));
        }
        let (id, batch, despite) = (id.clone(), batch.to_string(), despite.map(str::to_string));
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Ordered>(&mut tx.view(), &id)?;
            let voucher = load::<Voucher>(&mut tx.view(), &stored.value.order.voucher)?;
            let (versions, title) = ((stored.version, voucher.version), voucher.title.clone());
            let home = rules_of(&mut tx.view(), &voucher.value)?;
            let Ordered { order, holder_name, agency_name, findings, files } = stored.value;
            let mut step = order.redeem(voucher.value, &home, &batch).map_err(refused)?;
            if let Some(why) = &despite {
                step.did.details.insert("despite".to_string(), why.clone());
            }
            let order = step.after.1.clone();
            let ordered = Ordered { order: order.clone(), holder_name, agency_name, findings, files };
            keep_both(tx, &step, ordered, versions, &title)?;
            Ok(order)
        })
    }
}

/// Ends an order and its voucher that nobody claimed in time.
pub(crate) fn expire(tx: &mut Tx<'_>, voucher: Stored<Voucher>, order: &RecordId, rules: &Scheme, today: Date) -> Result<bool, AppError> {
    let stored = load::<Ordered>(&mut tx.view(), order)?;
    let (versions, title) = ((stored.version, voucher.version), voucher.title.clone());
    let Ordered { order, holder_name, agency_name, findings, files } = stored.value;
    let step = order.expire(voucher.value, rules, today).map_err(refused)?;
    let ordered = Ordered { order: step.after.1.clone(), holder_name, agency_name, findings, files };
    keep_both(tx, &step, ordered, versions, &title)?;
    Ok(true)
}

/// Keeps a step of an order and its voucher with its transfers; the order's id.
fn keep_both(tx: &mut Tx<'_>, step: &Step<Both>, ordered: Ordered, (order, voucher): (i64, i64), title: &str) -> Result<RecordId, AppError> {
    post(tx, &step.transfers)?;
    let order_title = format!("{} → {}", ordered.holder_name, ordered.agency_name);
    keep(tx, &ordered, order, &order_title, &step.did, &step.notices)?;
    keep(tx, &step.after.0, voucher, title, &step.did, &[])?;
    Ok(ordered.order.id)
}

fn forbid(findings: &[Finding]) -> Result<(), AppError> {
    let forbidding: Vec<Diagnostic> =
        findings.iter().filter(|finding| finding.forbids).map(|finding| Diagnostic::error(&finding.code, finding.words.clone())).collect();
    if forbidding.is_empty() { Ok(()) } else { Err(AppError::Invalid(forbidding)) }
}

fn holder(order: &Order) -> Target {
    Target { region: Some(order.home), organization: Some(order.holder.to_string()) }
}

fn agency(order: &Order) -> Target {
    Target { region: Some(order.agency_region), organization: Some(order.agency.to_string()) }
}

fn may_take(viewer: &Viewer, order: &Order, act: &OrderAct) -> Result<(), AppError> {
    match act {
        OrderAct::Deliver { .. } | OrderAct::Claim => Ok(viewer.may(Action::Hold, &agency(order))?),
        OrderAct::Cancel { .. } => Ok(viewer.may(Action::Hold, &holder(order)).or_else(|_| viewer.may(Action::Hold, &agency(order)))?),
        OrderAct::Decline { .. } => Ok(viewer.may(Action::Pay, &agency(order))?),
    }
}

fn shown(viewer: &Viewer, stored: &Stored<Ordered>) -> OrderView {
    let Ordered { order, holder_name, agency_name, findings, files } = &stored.value;
    let (serves, pays) = (viewer.may(Action::Hold, &agency(order)).is_ok(), viewer.may(Action::Pay, &agency(order)).is_ok());
    let acts: &[&'static str] = match order.state {
        OrderState::Placed if serves => &["deliver", "cancel"],
        OrderState::Placed => &["cancel"],
        OrderState::Delivered if serves => &["claim", "cancel"],
        OrderState::Delivered => &["cancel"],
        OrderState::Claimed if pays => &["redeem", "decline"],
        _ => &[],
    };
    OrderView {
        id: order.id.clone(),
        version: stored.version,
        voucher: order.voucher.clone(),
        scheme: order.scheme.clone(),
        holder_name: holder_name.clone(),
        agency: order.agency.clone(),
        agency_name: agency_name.clone(),
        home_name: order.home.path(),
        agency_region_name: order.agency_region.path(),
        service: order.service.name(),
        contract: order.contract.number.clone(),
        amount: order.contract.amount.text(),
        amount_fen: order.contract.amount,
        share: order.share.text(),
        share_fen: order.share,
        because: order.because.clone(),
        state: order.state.as_str().to_string(),
        state_name: OrderState::name(order.state.as_str()).unwrap_or_default(),
        batch: match &order.state {
            OrderState::Redeemed { batch } | OrderState::Paid { batch, .. } => Some(batch.clone()),
            _ => None,
        },
        findings: if pays { findings.clone() } else { Vec::new() },
        documents: documents(order, files),
        acts: acts.to_vec(),
        updated: stored.updated.china_minute(),
    }
}
