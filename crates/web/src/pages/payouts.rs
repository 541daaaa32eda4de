//! Entitlements: what an organization is promised, what officers work on, batch runs, and the files
//! between treasury and bank.

use super::{Link, own_path, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use duijie_app::{
    Action, AnyEntitlement, EntitlementRequest, EntitlementView, ExportFormat, PayVerdict, Payee, PayoutAct, PayoutSummary, ReturnReport, RunPreview, act_name,
};
use duijie_vocab::{Fen, MoneyUnit, RecordId, Text, text};
use serde::Serialize;
use std::sync::Arc;

/// A row with the names of the acts that the viewer may take on it.
#[derive(Serialize)]
pub(crate) struct Acting<V> {
    #[serde(flatten)]
    view: V,
    named_acts: Vec<(&'static str, Text)>,
}

impl<V> Acting<V> {
    pub(crate) fn of(view: V, acts: &[&'static str]) -> Acting<V> {
        Acting { view, named_acts: acts.iter().map(|act| (*act, act_name(act))).collect() }
    }
}

#[derive(Serialize)]
pub(crate) struct PayoutsPage {
    pub(crate) rows: Vec<Acting<EntitlementView>>,
    pub(crate) states: Vec<Link>,
    pub(crate) next: Option<String>,
    /// What the viewer's organization was paid, what is under way and what waits for it.
    pub(crate) own: Option<PayoutSummary>,
    /// The list as a workbook.
    pub(crate) sheet: String,
    /// Whether the viewer works on other people's entitlements.
    pub(crate) office: bool,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct PayoutRunPage {
    pub(crate) measures: Vec<(String, Text)>,
    pub(crate) measure: String,
    pub(crate) period: String,
    pub(crate) preview: Option<RunPreview>,
    /// Rows of the preview beyond the ones on the page.
    pub(crate) more: usize,
    /// The preview as a workbook, with all its rows.
    pub(crate) sheet: String,
    /// What the act before did.
    pub(crate) told: Option<Text>,
    pub(crate) file: Option<String>,
    pub(crate) returned: Option<ReturnReport>,
}

const ROWS: usize = 200;

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let request = wanted(&visit.query);
    let (viewer, state) = (visit.viewer.clone(), request.state.clone());
    let own = viewer.organization.as_deref().and_then(RecordId::parse);
    let (rows, after, own) = portal
        .ask(move |app| {
            let (rows, after) = app.entitlements(&viewer, &request)?;
            Ok((rows, after, own.map(|own| app.payout_summary(&viewer, &own)).transpose()?))
        })
        .await?;
    let narrowed = visit.query.without("done").without("after");
    let page = PayoutsPage {
        rows: rows.into_iter().map(acting).collect(),
        states: state_links(state.as_deref()),
        next: after.as_deref().map(|after| narrowed.clone().with("after", after).behind("/payouts")),
        own,
        sheet: narrowed.behind("/export/payouts.xlsx"),
        office: visit.may(Action::Pay),
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(&portal, &visit, "payouts.html", page)
}

/// Which entitlements a query names.
pub(crate) fn wanted(query: &Pairs) -> EntitlementRequest {
    let asked = |name: &str| query.filled(name).map(str::to_string);
    EntitlementRequest {
        state: asked("state"),
        measure: asked("measure"),
        period: asked("period"),
        organization: asked("organization"),
        list: asked("list"),
        file: asked("file"),
        after: asked("after"),
    }
}

pub(crate) fn acting(view: EntitlementView) -> Acting<EntitlementView> {
    let acts = view.acts.clone();
    Acting::of(view, &acts)
}

pub(crate) fn state_links(chosen: Option<&str>) -> Vec<Link> {
    let all = std::iter::once(Link { name: text!("全部", "All"), href: "/payouts".to_string(), count: None, chosen: chosen.is_none() });
    let of = |state: &&str| Link {
        name: AnyEntitlement::state_name(state).unwrap_or_default(),
        href: Pairs::default().with("state", state).behind("/payouts"),
        count: None,
        chosen: chosen == Some(*state),
    };
    all.chain(AnyEntitlement::STATES.iter().map(of)).collect()
}

pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let id = fields.get("id").and_then(RecordId::parse).ok_or_else(incomplete)?;
    let version = fields.filled("version").and_then(|text| text.parse().ok());
    let act = read_act(fields)?;
    let viewer = visit.viewer.clone();
    portal.ask(move |app| app.payout_step(&viewer, &id, act, version)).await?;
    Ok(match fields.filled("next") {
        // Whoever objected goes back to the list.
        Some(list) => {
            let list = own_path(Some(list));
            see_other(&format!("{list}{}done=1", if list.contains('?') { '&' } else { '?' }))
        }
        None => see_other("/payouts?done=1"),
    })
}

pub(crate) fn incomplete() -> Fault {
    Fault::bad_parameter(text!("表单不完整。", "The form is incomplete."), text!("请返回上一页填写完整后再提交。", "Go back, fill it in and send it again."))
}

pub(crate) fn money(fields: &Pairs, name: &str) -> Result<Fen, Fault> {
    let written = fields.filled(name).ok_or_else(incomplete)?;
    Fen::parse(written, Some(MoneyUnit::Yuan)).map_err(|_| {
        Fault::bad_parameter(text!("“{written}”不是金额。", "“{written}” is no amount."), text!("请写如 12.5万元 或 125000。", "Write 12.5万元 or 125000."))
    })
}

fn read_act(fields: &Pairs) -> Result<PayoutAct, Fault> {
    let word = |name: &str| fields.get(name).unwrap_or_default().to_string();
    let reason = word("reason");
    Ok(match fields.get("act").unwrap_or_default() {
        "confirm" => PayoutAct::Confirm { payee: Payee { name: word("payee_name"), bank: word("payee_bank"), account: word("payee_account") } },
        "approve" => PayoutAct::Approve,
        "archive" => PayoutAct::Archive,
        "push" => PayoutAct::Push,
        "recall" => PayoutAct::Recall { amount: money(fields, "amount")?, reason },
        "recover" => PayoutAct::Recover { bank_serial: reason },
        other => return PayoutAct::with_reason(other, reason).ok_or_else(incomplete),
    })
}

pub(crate) async fn run(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let page = run_page(&portal, &visit, &visit.query, None).await?;
    portal.pages.show(&portal, &visit, "payout_run.html", page)
}

pub(crate) async fn run_act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let (measure, period) = (fields.get("measure").unwrap_or_default().to_string(), fields.get("period").unwrap_or_default().to_string());
    let (viewer, what) = (visit.viewer.clone(), fields.get("act").unwrap_or_default().to_string());
    let (told, file) = portal.ask(move |app| bulk(app, &viewer, &what, &measure, &period)).await?;
    let mut page = run_page(&portal, &visit, fields, Some(told)).await?;
    page.file = file;
    portal.pages.show(&portal, &visit, "payout_run.html", page)
}

/// The acts on many at once; what was done, and the payment file that was made.
fn bulk(app: &duijie_app::App, viewer: &duijie_app::Viewer, what: &str, measure: &str, period: &str) -> Result<(Text, Option<String>), duijie_app::AppError> {
    let told = |done: usize, amount: Text, refused: usize| {
        let Text { zh, en } = amount;
        text!("{done} 笔，{zh}；{refused} 笔未办理", "{done}, {en}; {refused} were not moved")
    };
    match what {
        "run" => app.payout_run(viewer, measure, period, &mut |_| {}).map(|done| (told(done.made, done.pays, 0), None)),
        "approve" => {
            let steps = app.approve_payouts(viewer, Some((measure, period)))?;
            Ok((told(steps.done, steps.amount.text(), steps.refused.len()), None))
        }
        "publish" => {
            let (_, steps) = app.publish_payouts(viewer, measure, period)?;
            Ok((told(steps.done, steps.amount.text(), steps.refused.len()), None))
        }
        "pay" => {
            let made = app.payment_file(viewer)?;
            Ok((told(made.payments, made.total, made.refused.len()), Some(made.file)))
        }
        _ => Err(duijie_app::AppError::NotFound),
    }
}

async fn run_page(portal: &Portal, visit: &Visit, fields: &Pairs, told: Option<Text>) -> Result<PayoutRunPage, Fault> {
    let (measure, period) = (fields.get("measure").unwrap_or_default().to_string(), fields.get("period").unwrap_or_default().to_string());
    let (viewer, asked) = (visit.viewer.clone(), (measure.clone(), period.clone()));
    let (measures, preview) = portal
        .ask(move |app| {
            viewer.may(Action::Pay, &duijie_app::Target { region: Some(viewer.region), organization: None })?;
            let measures = app.measures()?.into_iter().map(|line| (line.id, line.name)).collect();
            let (measure, period) = asked;
            let preview = if measure.is_empty() || period.is_empty() { None } else { Some(app.payout_preview(&viewer, &measure, &period, &mut |_| {})?) };
            Ok((measures, preview))
        })
        .await?;
    Ok(PayoutRunPage::of(measures, measure, period, preview, told))
}

impl PayoutRunPage {
    pub(crate) fn of(measures: Vec<(String, Text)>, measure: String, period: String, mut preview: Option<RunPreview>, told: Option<Text>) -> PayoutRunPage {
        let all = preview.as_ref().map_or(0, |preview| preview.rows.len() + preview.not_listed);
        if let Some(preview) = &mut preview {
            // Who has no right at all is counted; the page shows those of whom something is to be decided.
            preview.rows.retain(|row| row.verdict != PayVerdict::NotEligible);
            preview.rows.truncate(ROWS);
        }
        let more = all - preview.as_ref().map_or(0, |preview| preview.rows.len());
        let sheet = Pairs::default().with("measure", &measure).with("period", &period).behind("/export/preview.xlsx");
        PayoutRunPage { measures, measure, period, preview, more, sheet, told, file: None, returned: None }
    }
}

/// The payment file for the bank, `NAME.xlsx` or `NAME.csv`.
pub(crate) async fn file(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(name): Path<String>) -> Result<Response, Fault> {
    let (file, ending) = name.rsplit_once('.').ok_or_else(Fault::not_found)?;
    let format = ExportFormat::parse(ending).filter(|format| matches!(format, ExportFormat::Xlsx | ExportFormat::Csv)).ok_or_else(Fault::not_found)?;
    let (file, viewer) = (file.to_string(), visit.viewer.clone());
    let bytes = portal
        .ask(move |app| {
            let mut bytes = Vec::new();
            let written = app.write_payments(&viewer, &file, format, &mut bytes)?;
            if written == 0 { Err(duijie_app::AppError::NotFound) } else { Ok(bytes) }
        })
        .await?;
    let attachment = format!("attachment; filename=\"payments.{ending}\"");
    Ok(([(header::CONTENT_TYPE, format.media_type().to_string()), (header::CONTENT_DISPOSITION, attachment)], Body::from(bytes)).into_response())
}

/// The bank's answer to a payment file.
pub(crate) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let name = posted.fields.filled("payments").ok_or_else(incomplete)?.to_string();
    let (viewer, sent) = (visit.viewer.clone(), Arc::clone(&posted));
    let report = portal
        .ask(move |app| {
            let upload = sent.file().ok_or(duijie_app::AppError::NotFound)?;
            app.read_payment_return(&viewer, &name, &upload.name, &upload.bytes)
        })
        .await?;
    let mut page = run_page(&portal, &visit, &Pairs::default(), None).await?;
    page.returned = Some(report);
    portal.pages.show(&portal, &visit, "payout_run.html", page)
}
