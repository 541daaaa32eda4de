//! Voucher schemes: the public catalogue with the terms of each, and the form with which an office
//! sets one up or changes it, after a look at what that would do.

use super::payouts::incomplete;
use super::see_other;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::{Pairs, encode};
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Action, SchemeDraft, SchemeFigures, SchemePreview, SchemeVersion, SchemeView, Target};
use duijie_vocab::Diagnostic;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct SchemesPage {
    pub(crate) schemes: Vec<SchemeView>,
    /// Whether the viewer may set one up.
    pub(crate) office: bool,
}

#[derive(Serialize)]
pub(crate) struct SchemePage {
    pub(crate) scheme: SchemeView,
    /// What was done with it, for officers.
    pub(crate) figures: Option<SchemeFigures>,
    /// Its versions, for the offices of its region.
    pub(crate) history: Option<Vec<SchemeVersion>>,
    pub(crate) done: bool,
}

#[derive(Serialize)]
pub(crate) struct SchemeWritePage {
    pub(crate) id: String,
    pub(crate) yaml: String,
    /// The version that the text was made from.
    pub(crate) base: String,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) preview: Option<SchemePreview>,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let schemes = portal.ask(|app| app.scheme_views()).await?;
    portal.pages.show(&portal, &visit, "schemes.html", SchemesPage { schemes, office: visit.may(Action::Pay) })
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (viewer, done) = (visit.viewer.clone(), visit.query.get("done").is_some());
    let page = portal.ask(move |app| {
        let scheme = app.scheme_view(&id)?;
        let pays = |region| viewer.may(Action::Pay, &Target { region: Some(region), organization: None }).is_ok();
        let figures = pays(viewer.region).then(|| app.scheme_figures(&id)).transpose()?;
        let history = pays(scheme.region).then(|| app.scheme_history(&viewer, &id)).transpose()?;
        Ok(SchemePage { scheme, figures, history, done })
    });
    portal.pages.show(&portal, &visit, "scheme.html", page.await?)
}

pub(crate) async fn draft(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (viewer, asked) = (visit.viewer.clone(), id.clone());
    let SchemeDraft { yaml, base } = portal.ask(move |app| app.scheme_draft(&viewer, &asked)).await?;
    portal.pages.show(&portal, &visit, "scheme_write.html", SchemeWritePage { id, yaml, base, faults: Vec::new(), preview: None })
}

/// Shows what the text would do, or keeps it.
pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let (yaml, base) = (fields.whole("yaml").replace("\r\n", "\n"), fields.get("base").unwrap_or_default().to_string());
    let (viewer, text, version) = (visit.viewer.clone(), yaml.clone(), base.clone());
    let asked = match fields.get("act").unwrap_or_default() {
        "preview" => portal.ask(move |app| app.preview_scheme(&viewer, FILE, &text)).await.map(Some),
        "keep" => match portal.ask(move |app| app.change_scheme(&viewer, FILE, &text, Some(&version))).await {
            Ok(kept) => return Ok(see_other(&Pairs::default().with("done", "1").behind(&format!("/schemes/{}", encode(&kept.id))))),
            Err(fault) => Err(fault),
        },
        _ => return Err(incomplete()),
    };
    let (preview, faults, status) = match asked {
        Ok(preview) => (preview, Vec::new(), StatusCode::OK),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => (None, fault.diagnostics, StatusCode::UNPROCESSABLE_ENTITY),
        Err(fault) => return Err(fault),
    };
    let mut response = portal.pages.show(&portal, &visit, "scheme_write.html", SchemeWritePage { id, yaml, base, faults, preview })?;
    *response.status_mut() = status;
    Ok(response)
}

/// What faults of a text call it.
const FILE: &str = "scheme.yaml";
