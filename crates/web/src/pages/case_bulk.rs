//! One act on many cases: the preview of what would become of each, and the act.

use super::case::act_form;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{ActForm, BulkLine};
use duijie_vocab::RecordId;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct BulkCasesPage {
    pub(crate) lines: Vec<BulkLine>,
    pub(crate) verb: String,
    /// What was typed for the act, kept for the second step.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) done: bool,
}

/// The preview, or with `do=1` the act.
pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let mut form = act_form(&posted);
    form.fields.retain(|(name, _)| name != "case" && name != "do");
    let cases: Vec<(RecordId, u32)> = posted.fields.all("case").filter_map(case).collect();
    let done = posted.fields.get("do") == Some("1");
    let (viewer, ActForm { verb, fields }) = (visit.viewer.clone(), form.clone());
    let lines = portal.ask(move |app| if done { app.act_in_bulk(&viewer, &form, &cases) } else { app.preview_bulk(&viewer, &form, &cases) }).await?;
    portal.pages.show(&portal, &visit, "case_bulk.html", BulkCasesPage { lines, verb, fields, done })
}

/// `case-… 7`: id and version.
fn case(text: &str) -> Option<(RecordId, u32)> {
    let (id, version) = text.split_once(' ')?;
    Some((RecordId::parse(id)?, version.parse().ok()?))
}
