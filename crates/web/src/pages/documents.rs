//! The documents of a case: sending one, its page with hash and preview, the file itself; and the
//! case itself as a Word document.

use super::case::{CasePage, case_id, shows_page, version};
use super::see_other;
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
use duijie_app::{DocumentKind, DocumentView, case_docx};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct DocumentPage {
    pub(crate) document: DocumentView,
}

pub(crate) async fn attach(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let version = version(&posted);
    let (viewer, subject, sent) = (visit.viewer.clone(), id.clone(), Arc::clone(&posted));
    let attached = portal.ask(move |app| {
        let (name, bytes) = sent.file().map_or(("", &[][..]), |upload| (upload.name.as_str(), &upload.bytes[..]));
        app.attach_document(&viewer, &subject, version, name, bytes)
    });
    match attached.await {
        Ok(()) => Ok(see_other(&format!("/case/{id}?done=1#documents"))),
        Err(fault) if shows_page(&visit, &fault) => {
            let viewer = visit.viewer.clone();
            let case = portal.ask(move |app| app.case(&viewer, &id)).await?;
            let status = fault.status;
            let page = CasePage { refused: Some(fault.message), faults: fault.diagnostics, ..CasePage::of(case) };
            let mut response = portal.pages.show(&portal, &visit, "case.html", page)?;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

/// The page of a document, or with `?file=1` the file, which only images show in a page.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((id, digest)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (id, viewer) = (case_id(&id)?, visit.viewer.clone());
    if visit.query.get("file").is_none() {
        let document = portal.ask(move |app| app.document(&viewer, &id, &digest)).await?;
        return portal.pages.show(&portal, &visit, "document.html", DocumentPage { document });
    }
    let file = portal.ask(move |app| app.document_bytes(&viewer, &id, &digest)).await?;
    let shown = if file.kind.is_image() { "inline" } else { "attachment" };
    Ok(handed_out(file.bytes, file.kind, &named(shown, &file.name)))
}

/// The whole case as a Word document.
pub(crate) async fn docx(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (id, viewer, lang) = (case_id(&id)?, visit.viewer.clone(), visit.lang);
    let name = format!("{id}.docx");
    let bytes = portal.ask(move |app| case_docx(&app.look_at_case(&viewer, &id)?, lang)).await?;
    Ok(handed_out(bytes, DocumentKind::Docx, &named("attachment", &name)))
}

pub(crate) fn handed_out(bytes: Vec<u8>, kind: DocumentKind, disposition: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind.media_type().to_string()), (header::CONTENT_DISPOSITION, disposition.to_string())];
    (headers, Body::from(bytes)).into_response()
}

/// A disposition with the name in the form of RFC 8187.
pub(crate) fn named(how: &str, name: &str) -> String {
    let encoded = Pairs::default().with("n", name).behind("").trim_start_matches("?n=").replace('+', "%20");
    format!("{how}; filename*=UTF-8''{encoded}")
}
