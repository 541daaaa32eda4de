//! The voucher wallet, the orders that vouchers pay a part of, and what regions owe one another.

use super::payouts::{Acting, incomplete, money};
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Action, AgencyView, Application, Contract, Evidence, OrderAct, OrderView, PairView, SchemeFigures, ServiceClass, VoucherAct, VoucherView};
use duijie_vocab::{Date, Digest, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

/// A scheme: its id, its name, and the classes of holders in it.
pub(crate) type SchemeOption = (String, Text, Vec<(String, Text)>);

#[derive(Serialize)]
pub(crate) struct VouchersPage {
    pub(crate) rows: Vec<Acting<VoucherView>>,
    pub(crate) next: Option<String>,
    /// Listed agencies to order from.
    pub(crate) agencies: Vec<AgencyView>,
    pub(crate) schemes: Vec<SchemeOption>,
    pub(crate) classes: Vec<(String, Text)>,
    pub(crate) organization: Option<String>,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct OrdersPage {
    pub(crate) rows: Vec<Acting<OrderView>>,
    pub(crate) next: Option<String>,
    pub(crate) office: bool,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct ClearingPage {
    /// What is owed now.
    pub(crate) open: Vec<PairView>,
    pub(crate) settled: Vec<PairView>,
    pub(crate) figures: Vec<SchemeFigures>,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let (rows, next, agencies, schemes) = portal
        .ask(move |app| {
            let (rows, next) = app.vouchers(&viewer, state.as_deref(), after.as_deref())?;
            Ok((rows, next, app.agencies()?, app.schemes()?))
        })
        .await?;
    let holders = |scheme: &duijie_app::Scheme| scheme.holders.iter().map(|holder| (holder.class.clone(), holder.name.clone())).collect();
    let page = VouchersPage {
        rows: rows.into_iter().map(voucher).collect(),
        next: next.map(|after| Pairs::default().with("after", &after).behind("/vouchers")),
        agencies,
        schemes: schemes.iter().map(|scheme| (scheme.id.clone(), scheme.name.clone(), holders(scheme))).collect(),
        classes: ServiceClass::ALL.iter().map(|class| (class.as_str().to_string(), class.name())).collect(),
        organization: visit.viewer.organization.clone(),
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(&portal, &visit, "vouchers.html", page)
}

pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let viewer = visit.viewer.clone();
    match fields.get("act").unwrap_or_default() {
        "apply" => {
            let scheme = fields.filled("scheme").ok_or_else(incomplete)?.to_string();
            let asked = application(&visit, fields)?;
            portal.ask(move |app| app.apply_voucher(&viewer, &scheme, asked)).await?;
        }
        "order" => {
            let (voucher, filing) = (id(fields, "id")?, id(fields, "agency")?);
            let contract = contract(fields)?;
            portal.ask(move |app| app.place_order(&viewer, &voucher, &filing, contract)).await?;
            return Ok(see_other("/orders?done=1"));
        }
        word => {
            let reason = fields.get("reason").unwrap_or_default().to_string();
            let act = match word {
                "review" => VoucherAct::Review,
                "refuse" => VoucherAct::Refuse { reason },
                "void" => VoucherAct::Void { reason },
                _ => return Err(incomplete()),
            };
            let voucher = id(fields, "id")?;
            portal.ask(move |app| app.voucher_step(&viewer, &voucher, &act)).await?;
        }
    }
    Ok(see_other("/vouchers?done=1"))
}

pub(crate) async fn orders(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let (rows, next) = portal.ask(move |app| app.orders(&viewer, state.as_deref(), after.as_deref())).await?;
    let page = OrdersPage {
        rows: rows.into_iter().map(order).collect(),
        next: next.map(|after| Pairs::default().with("after", &after).behind("/orders")),
        office: visit.may(Action::Pay),
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(&portal, &visit, "orders.html", page)
}

pub(crate) async fn order_act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let (order, viewer) = (id(fields, "id")?, visit.viewer.clone());
    let reason = fields.get("reason").unwrap_or_default().to_string();
    let act = match fields.get("act").unwrap_or_default() {
        "redeem" => {
            let batch = fields.filled("batch").ok_or_else(incomplete)?.to_string();
            let despite = Some(reason).filter(|reason| !reason.trim().is_empty());
            portal
                .ask(move |app| {
                    let report = app.redeem_batch(&viewer, &batch, &[order], despite.as_deref())?;
                    match report.held.into_iter().next() {
                        Some((_, why)) => Err(duijie_app::AppError::Conflict(why)),
                        None => Ok(()),
                    }
                })
                .await?;
            return Ok(see_other("/orders?done=1"));
        }
        "deliver" => OrderAct::Deliver { evidence: evidence(fields)? },
        "claim" => OrderAct::Claim,
        "cancel" => OrderAct::Cancel { reason },
        "decline" => OrderAct::Decline { reason },
        _ => return Err(incomplete()),
    };
    portal.ask(move |app| app.order_step(&viewer, &order, &act)).await?;
    Ok(see_other("/orders?done=1"))
}

pub(crate) async fn clearing(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let page = portal
        .ask(move |app| {
            let open = app.clearing(&viewer)?;
            let settled = app.settlements(&viewer)?;
            let figures = app.schemes()?.iter().map(|scheme| app.scheme_figures(&scheme.id)).collect::<Result<Vec<_>, _>>()?;
            Ok(ClearingPage { open, settled, figures: figures.into_iter().filter(|figures| figures.orders > 0).collect() })
        })
        .await?;
    portal.pages.show(&portal, &visit, "clearing.html", page)
}

pub(crate) fn voucher(view: VoucherView) -> Acting<VoucherView> {
    let acts = view.acts.clone();
    Acting::of(view, &acts)
}

pub(crate) fn order(view: OrderView) -> Acting<OrderView> {
    let acts = view.acts.clone();
    Acting::of(view, &acts)
}

fn id(fields: &Pairs, name: &str) -> Result<RecordId, Fault> {
    fields.get(name).and_then(RecordId::parse).ok_or_else(incomplete)
}

fn application(visit: &Visit, fields: &Pairs) -> Result<Application, Fault> {
    let holder = visit.viewer.organization.as_deref().and_then(RecordId::parse);
    Ok(Application {
        number: fields.filled("number").ok_or_else(incomplete)?.to_string(),
        holder: holder.map_or_else(|| id(fields, "holder"), Ok)?,
        partners: Vec::new(),
        holder_class: fields.filled("holder_class").ok_or_else(incomplete)?.to_string(),
        service: fields.get("class").and_then(ServiceClass::parse).ok_or_else(incomplete)?,
        value: money(fields, "value")?,
    })
}

fn contract(fields: &Pairs) -> Result<Contract, Fault> {
    Ok(Contract {
        number: fields.filled("contract").ok_or_else(incomplete)?.to_string(),
        amount: money(fields, "amount")?,
        signed: day(fields, "signed")?,
        document: digest(fields, "document")?,
    })
}

fn evidence(fields: &Pairs) -> Result<Evidence, Fault> {
    Ok(Evidence {
        invoice: fields.filled("invoice").ok_or_else(incomplete)?.to_string(),
        invoice_amount: money(fields, "amount")?,
        invoice_document: digest(fields, "document")?,
        report_document: digest(fields, "report")?,
        on: day(fields, "on")?,
    })
}

fn day(fields: &Pairs, name: &str) -> Result<Date, Fault> {
    fields.get(name).and_then(|text| Date::parse(text).ok()).filter(|date| date.day().is_some()).ok_or_else(incomplete)
}

fn digest(fields: &Pairs, name: &str) -> Result<Digest, Fault> {
    fields.get(name).and_then(|text| Digest::parse(text.trim()).ok()).ok_or_else(incomplete)
}
