//! The voucher wallet, the orders that vouchers pay a part of, and what regions owe one another.

use super::documents::{handed_out, named};
use super::payouts::{Acting, incomplete, money};
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{
    Action, AgencyView, App, AppError, Application, Contract, Evidence, OrderAct, OrderView, PairView, RedeemReport, SchemeFigures, ServiceClass,
    SettlementCheck, Viewer, VoucherAct, VoucherView,
};
use duijie_vocab::{Date, Diagnostic, Digest, RecordId, Text, text};
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
    /// What the redemption of a batch did.
    pub(crate) report: Option<RedeemReport>,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct ClearingPage {
    pub(crate) may_settle: bool,
    pub(crate) done: bool,
    /// What is owed now.
    pub(crate) open: Vec<PairView>,
    pub(crate) settled: Vec<PairView>,
    pub(crate) figures: Vec<SchemeFigures>,
    /// How the statement that the other side sent compares with ours.
    pub(crate) checked: Option<SettlementCheck>,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let (rows, next, agencies, schemes) = portal
        .ask(move |app| {
            let (rows, next) = app.vouchers(&viewer, state.as_deref(), after.as_deref())?;
            Ok((rows, next, app.agencies(&viewer)?, app.schemes()?))
        })
        .await?;
    let holders = |scheme: &duijie_app::Scheme| scheme.holders.iter().map(|holder| (holder.class.clone(), holder.name.clone())).collect();
    let page = VouchersPage {
        rows: rows.into_iter().map(voucher).collect(),
        next: next.map(|after| visit.query.without("done").without("after").with("after", &after).behind("/vouchers")),
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
            let named: Vec<String> = fields.get("partners").unwrap_or_default().split(['、', '，', ',']).map(|name| name.trim().to_string()).collect();
            let applied = portal.ask(move |app| {
                let partners = named.iter().filter(|name| !name.is_empty()).map(|name| partner(app, name)).collect::<Result<Vec<_>, _>>()?;
                app.apply_voucher(&viewer, &scheme, Application { partners, ..asked })
            });
            applied.await?;
        }
        "order" => {
            let (voucher, filing) = (id(fields, "id")?, id(fields, "agency")?);
            let (contract, sent) = (contract(fields)?, Arc::clone(&posted));
            let placed = portal.ask(move |app| {
                let document = document(app, &viewer, &sent, "document")?;
                app.place_order(&viewer, &voucher, &filing, Contract { document, ..contract })
            });
            placed.await?;
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
    orders_page(&portal, &visit, None).await
}

async fn orders_page(portal: &Portal, visit: &Visit, report: Option<RedeemReport>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (state, after) = (visit.query.filled("state").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let (rows, next) = portal.ask(move |app| app.orders(&viewer, state.as_deref(), after.as_deref())).await?;
    let page = OrdersPage {
        rows: rows.into_iter().map(order).collect(),
        next: next.map(|after| visit.query.without("done").without("after").with("after", &after).behind("/orders")),
        office: visit.may(Action::Pay),
        report,
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(portal, visit, "orders.html", page)
}

pub(crate) async fn order_act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (fields, viewer) = (&posted.fields, visit.viewer.clone());
    let reason = fields.get("reason").unwrap_or_default().to_string();
    let word = fields.get("act").unwrap_or_default();
    if word == "redeem" || word == "redeem_all" {
        let all = word == "redeem_all";
        let orders = if all { None } else { Some(vec![id(fields, "id")?]) };
        let batch = fields.filled("batch").ok_or_else(incomplete)?.to_string();
        let despite = Some(reason).filter(|reason| !reason.trim().is_empty());
        let redeemed = portal.ask(move |app| {
            let orders = orders.map_or_else(|| app.claimed_orders(&viewer), Ok)?;
            app.redeem_batch(&viewer, &batch, &orders, despite.as_deref())
        });
        let report = redeemed.await?;
        return match report.held.first() {
            Some((_, why)) if !all => Err(AppError::Conflict(why.clone()).into()),
            _ if all => orders_page(&portal, &visit, Some(report)).await,
            _ => Ok(see_other("/orders?done=1")),
        };
    }
    let order = id(fields, "id")?;
    let (what, sent) = (word.to_string(), Arc::clone(&posted));
    let evidence = if word == "deliver" { Some(evidence(fields)?) } else { None };
    let acted = portal.ask(move |app| {
        let act = match (what.as_str(), evidence) {
            ("attach", _) => {
                let upload = sent.file_in("file").ok_or(AppError::NotFound)?;
                return app.attach_order_file(&viewer, &order, &upload.name, &upload.bytes).map(|()| true);
            }
            ("deliver", Some(evidence)) => {
                // Nobody makes us keep files before we know that it is their order.
                app.order(&viewer, &order)?;
                let (invoice_document, report_document) = (document(app, &viewer, &sent, "document")?, document(app, &viewer, &sent, "report")?);
                OrderAct::Deliver { evidence: Evidence { invoice_document, report_document, ..evidence } }
            }
            ("claim", _) => OrderAct::Claim,
            ("cancel", _) => OrderAct::Cancel { reason },
            ("decline", _) => OrderAct::Decline { reason },
            _ => return Ok(false),
        };
        app.order_step(&viewer, &order, &act).map(|_| true)
    });
    if acted.await? { Ok(see_other("/orders?done=1")) } else { Err(incomplete()) }
}

/// A document of an order, for both sides and their officers.
pub(crate) async fn file(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let id = RecordId::parse(&id).ok_or_else(Fault::not_found)?;
    let viewer = visit.viewer.clone();
    let file = portal.ask(move |app| app.order_file(&viewer, &id, &digest)).await?;
    let shown = if file.kind.is_image() { "inline" } else { "attachment" };
    Ok(handed_out(file.bytes, file.kind, &named(shown, &file.name)))
}

pub(crate) async fn clearing(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    clearing_page(&portal, &visit, None).await
}

async fn clearing_page(portal: &Portal, visit: &Visit, checked: Option<SettlementCheck>) -> Result<Response, Fault> {
    let (viewer, done) = (visit.viewer.clone(), visit.query.get("done").is_some());
    let page = portal
        .ask(move |app| {
            let open = app.clearing(&viewer)?;
            let settled = app.settlements(&viewer)?;
            let figures = app.schemes()?.iter().map(|scheme| app.scheme_figures(&scheme.id)).collect::<Result<Vec<_>, _>>()?;
            let may_settle = viewer.may(Action::Administer, &duijie_app::Target::default()).is_ok();
            Ok(ClearingPage { may_settle, done, open, settled, figures: figures.into_iter().filter(|figures| figures.orders > 0).collect(), checked })
        })
        .await?;
    portal.pages.show(portal, visit, "clearing.html", page)
}

/// Settles between regions, records that the bank paid a batch, or compares the statement that the other
/// side sent with ours.
pub(crate) async fn clearing_act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (fields, viewer) = (&posted.fields, visit.viewer.clone());
    let given = |name: &str| fields.filled(name).map(str::to_string).ok_or_else(incomplete);
    match fields.get("act").unwrap_or_default() {
        "settle" => {
            let run = given("run")?;
            portal.ask(move |app| app.settle_regions(&viewer, &run)).await.map(drop)?;
        }
        "check" => {
            let (run, sent) = (fields.filled("run").map(str::to_string), Arc::clone(&posted));
            let checked = portal.ask(move |app| {
                let upload = sent.file().ok_or(AppError::NotFound)?;
                app.check_settlement(&viewer, run.as_deref(), &upload.name, &upload.bytes)
            });
            return clearing_page(&portal, &visit, Some(checked.await?)).await;
        }
        "pay" => {
            let (batch, serial) = (given("batch")?, given("serial")?);
            portal.ask(move |app| app.pay_batch(&viewer, &batch, &serial)).await.map(drop)?;
        }
        _ => return Err(incomplete()),
    }
    Ok(see_other("/clearing?done=1"))
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

/// The firm of this name that uses a voucher together with others.
fn partner(app: &App, name: &str) -> Result<RecordId, AppError> {
    let found = app.organization_named(name)?;
    let message = || text!("没有或有多个机构叫 `{name}`", "no organization, or several, are called `{name}`");
    found.ok_or_else(|| AppError::Invalid(vec![Diagnostic::error("voucher.partner", message())]))
}

/// The contract but for its document.
fn contract(fields: &Pairs) -> Result<Contract, Fault> {
    Ok(Contract {
        number: fields.filled("contract").ok_or_else(incomplete)?.to_string(),
        amount: money(fields, "amount")?,
        signed: day(fields, "signed")?,
        document: Digest::of(&[]),
    })
}

/// The evidence but for its documents.
fn evidence(fields: &Pairs) -> Result<Evidence, Fault> {
    Ok(Evidence {
        invoice: fields.filled("invoice").ok_or_else(incomplete)?.to_string(),
        invoice_amount: money(fields, "amount")?,
        invoice_document: Digest::of(&[]),
        report_document: Digest::of(&[]),
        on: day(fields, "on")?,
    })
}

/// The digest of the file that came in a field, which is kept.
fn document(app: &App, viewer: &Viewer, posted: &Posted, field: &str) -> Result<Digest, AppError> {
    let (name, bytes) = posted.file_in(field).map_or(("", &[][..]), |upload| (upload.name.as_str(), &upload.bytes[..]));
    Ok(app.keep_order_file(viewer, name, bytes)?.digest)
}

fn day(fields: &Pairs, name: &str) -> Result<Date, Fault> {
    fields.get(name).and_then(|text| Date::parse(text).ok()).filter(|date| date.day().is_some()).ok_or_else(incomplete)
}
