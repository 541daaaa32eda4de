//! Bringing in a workbook: upload, preview with every fault, import, and the workbook given back
//! with a column that explains each row. The file stays here between the steps, so that what was
//! previewed is what is imported.

use super::see_other;
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::posted::{Posted, Upload};
use crate::render::download;
use crate::stash::{Full, Kept};
use crate::visit::Visit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Action, AppError, ImportOptions, ImportReport, Target};
use duijie_vocab::{Diagnostic, Place, RegionCode, text};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

#[derive(Serialize)]
pub(crate) struct UploadPage {
    pub(crate) kind: String,
    pub(crate) region: String,
    pub(crate) limit_mb: usize,
    pub(crate) faults: Vec<Diagnostic>,
}

#[derive(Serialize)]
pub(crate) struct ReportPage {
    token: String,
    report: ImportReport,
    /// The faults on this page of them.
    faults: Vec<Diagnostic>,
    first: usize,
    last: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

const FAULTS_PER_PAGE: usize = 200;
const SPREADSHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(crate) async fn ask(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    visit.viewer.may(Action::Import, &Target::default()).map_err(AppError::from)?;
    let kind = visit.query.get("kind").unwrap_or_default().to_string();
    // Rows without a region are most often about the region of whoever brings them.
    let region = Some(visit.viewer.region).filter(|region| *region != RegionCode::NATION).map(|region| region.path()).unwrap_or_default();
    let page = UploadPage { kind, region, ..UploadPage::empty(&portal) };
    portal.pages.show(&portal, &visit, "import.html", page)
}

pub(crate) async fn preview(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    visit.viewer.may(Action::Import, &Target::default()).map_err(AppError::from)?;
    match accept(&portal, &visit, &posted).await {
        Ok(token) => Ok(see_other(&format!("/import/{token}"))),
        Err(fault) if !fault.diagnostics.is_empty() => {
            let typed = |name| posted.fields.get(name).unwrap_or_default().to_string();
            let page = UploadPage { kind: typed("kind"), region: typed("region"), faults: fault.diagnostics, ..UploadPage::empty(&portal) };
            let mut response = portal.pages.show(&portal, &visit, "import.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(token): Path<String>) -> Result<Response, Fault> {
    let kept = find(&portal, &visit, &token)?;
    let page: usize = visit.query.filled("faults").and_then(|page| page.parse().ok()).unwrap_or(1);
    let report = kept.written().unwrap_or_else(|| kept.preview.clone());
    portal.pages.show(&portal, &visit, "import_report.html", ReportPage::of(token, report, page))
}

/// Imports the file that was previewed, or throws it away if that was the button.
pub(crate) async fn write(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(token): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let kept = find(&portal, &visit, &token)?;
    if posted.fields.get("discard").is_some() {
        portal.stash.remove(&token, &portal.seal.pseudonym(&visit.holder));
        return Ok(see_other("/import"));
    }
    // A second click waits for the first and then finds the work done.
    let _turn = kept.importing.lock().await;
    if kept.written().is_none() {
        let (viewer, file) = (visit.viewer.clone(), kept.clone());
        let report = portal.ask(move |app| {
            let bytes = file.bytes().map_err(|error| AppError::Internal(error.into()))?;
            app.import(&viewer, &file.name, bytes, &ImportOptions { dry_run: false, ..file.options.clone() })
        });
        kept.set_written(report.await?);
    }
    Ok(see_other(&format!("/import/{token}")))
}

pub(crate) async fn annotated(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(token): Path<String>) -> Result<Response, Fault> {
    let kept = find(&portal, &visit, &token)?;
    let (viewer, lang) = (visit.viewer.clone(), visit.lang);
    let (name, bytes) = portal
        .ask(move |app| {
            let bytes = kept.bytes().map_err(|error| AppError::Internal(error.into()))?;
            app.annotated(&viewer, &kept.name, bytes, &kept.options, lang)
        })
        .await?;
    Ok(download(&name, SPREADSHEET, Body::from(bytes)))
}

/// Previews the file that was sent and keeps it; the token under which it is found again.
async fn accept(portal: &Portal, visit: &Visit, posted: &Posted) -> Result<String, Fault> {
    let options = read_options(posted)?;
    let Upload { name, bytes, .. } = posted.file().filter(|upload| !upload.bytes.is_empty()).ok_or_else(no_file)?;
    let (viewer, name, bytes) = (visit.viewer.clone(), name.clone(), bytes.clone());
    let holder = portal.seal.pseudonym(&visit.holder);
    let kept = portal.ask(move |app| {
        let preview = app.import(&viewer, &name, bytes.to_vec(), &ImportOptions { dry_run: true, ..options.clone() })?;
        Kept::new(&holder, name, &bytes, options, preview, Instant::now()).map_err(|error| AppError::Internal(error.into()))
    });
    let (kept, token) = (kept.await?, portal.seal.fresh());
    portal
        .stash
        .put(token.clone(), kept, Instant::now())
        .map_err(|Full| Fault::unavailable(text!("同时预览的文件太多。", "Too many files are being previewed at the moment.")))?;
    Ok(token)
}

fn read_options(posted: &Posted) -> Result<ImportOptions, AppError> {
    let kind = posted.fields.filled("kind");
    if let Some(unknown) = kind.filter(|kind| kind::known(kind).is_none()) {
        let fault = Diagnostic::error("import.kind", text!("没有 `{unknown}` 这种记录", "there is no kind of record called `{unknown}`"));
        return Err(AppError::Invalid(vec![fault.at(Place::field("kind"))]));
    }
    let region = posted.fields.filled("region").map(|given| {
        RegionCode::find(given).map_err(|_| {
            let fault = Diagnostic::error("import.region", text!("没有名为 `{given}` 的行政区划", "there is no region called `{given}`"));
            let help = text!("请写六位代码，或带上级的名称，如 江苏省常州市", "write a six-digit code, or the name with the level above, such as 江苏省常州市");
            AppError::Invalid(vec![fault.at(Place::field("region")).help(help)])
        })
    });
    Ok(ImportOptions { kind: kind.map(str::to_string), region: region.transpose()?, ..ImportOptions::default() })
}

fn no_file() -> AppError {
    let fault = Diagnostic::error("import.no_file", text!("没有选择文件，或文件是空的", "no file was chosen, or it is empty"));
    AppError::Invalid(vec![fault.at(Place::field("file")).help(text!("请选择一个 xlsx、csv 或 jsonl 文件", "choose an xlsx, csv or jsonl file"))])
}

fn find(portal: &Portal, visit: &Visit, token: &str) -> Result<Arc<Kept>, Fault> {
    visit.viewer.may(Action::Import, &Target::default()).map_err(AppError::from)?;
    portal.stash.get(token, &portal.seal.pseudonym(&visit.holder), Instant::now()).ok_or_else(|| Fault {
        message: text!("这个文件的预览已经过期。", "The preview of this file has expired."),
        advice: text!("上传的文件只保留 15 分钟，请重新上传。", "Uploaded files are kept for 15 minutes; upload it again."),
        ..Fault::not_found()
    })
}

impl UploadPage {
    fn empty(portal: &Portal) -> UploadPage {
        let limit_mb = portal.options.upload_limit_bytes / (1024 * 1024);
        UploadPage { kind: String::new(), region: String::new(), limit_mb, faults: Vec::new() }
    }
}

impl ReportPage {
    /// Page `page` (from 1) of the report's faults.
    pub(crate) fn of(token: String, mut report: ImportReport, page: usize) -> ReportPage {
        let mut diagnostics = std::mem::take(&mut report.diagnostics);
        // What was refused comes first; the sort keeps the order of the sheet within each severity.
        diagnostics.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
        let pages = diagnostics.len().div_ceil(FAULTS_PER_PAGE).max(1);
        let page = page.clamp(1, pages);
        let first = (page - 1) * FAULTS_PER_PAGE;
        let faults: Vec<Diagnostic> = diagnostics.into_iter().skip(first).take(FAULTS_PER_PAGE).collect();
        let (previous, next) = ((page > 1).then(|| page - 1), (page < pages).then(|| page + 1));
        ReportPage { token, first: first + 1, last: first + faults.len(), faults, previous, next, report }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_come_before_remarks_and_pages_hold_them_all() {
        let mut report = crate::sample::import_report();
        report.diagnostics =
            (0..450).map(|n| if n % 2 == 0 { Diagnostic::note("a", text!("{n}", "{n}")) } else { Diagnostic::error("b", text!("{n}", "{n}")) }).collect();
        let first = ReportPage::of("t".into(), report.clone(), 1);
        assert!(first.faults.iter().all(Diagnostic::is_error));
        assert_eq!((first.first, first.last, first.next), (1, 200, Some(2)));
        let last = ReportPage::of("t".into(), report, 99);
        assert_eq!((last.first, last.last, last.next, last.previous), (401, 450, None, Some(2)));
    }

    #[test]
    fn options_that_mean_nothing_are_refused_with_their_place() {
        let posted = |name: &str, value: &str| Posted { fields: crate::query::Pairs(vec![(name.into(), value.into())]), files: Vec::new() };
        assert!(matches!(read_options(&posted("kind", "x")), Err(AppError::Invalid(_))));
        assert!(matches!(read_options(&posted("region", "亚特兰蒂斯")), Err(AppError::Invalid(_))));
        assert!(read_options(&posted("region", "")).unwrap().region.is_none());
        assert_eq!(read_options(&posted("region", "常州市")).unwrap().region, RegionCode::parse("320400").ok());
    }
}
