//! Records that look like the same thing, and joining two of them.

use super::{Link, see_other};
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::DuplicateView;
use duijie_record::schemas;
use duijie_vocab::{RecordId, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct DuplicatesPage {
    pub(crate) kind: String,
    pub(crate) kinds: Vec<Link>,
    pub(crate) pairs: Vec<DuplicateView>,
    /// Pairs beyond the ones on the page.
    pub(crate) more: usize,
    pub(crate) merged: bool,
}

const PAIRS: usize = 100;

pub(crate) async fn list(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let kind = kind::known(visit.query.filled("kind").unwrap_or("organization")).ok_or_else(Fault::not_found)?.kind.clone();
    let (viewer, asked) = (visit.viewer.clone(), kind.clone());
    let pairs = portal.ask(move |app| app.duplicates(&viewer, &asked)).await?;
    let page = DuplicatesPage::of(&kind, pairs, visit.query.get("merged").is_some());
    portal.pages.show(&portal, &visit, "duplicates.html", page)
}

pub(crate) async fn merge(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = |name| {
        posted.fields.get(name).and_then(RecordId::parse).ok_or_else(|| {
            Fault::bad_parameter(
                text!("没有说明合并哪两条记录。", "It was not said which two records to merge."),
                text!("请回到列表重新选择。", "Go back to the list and choose again."),
            )
        })
    };
    let (keep, merged) = (id("keep")?, id("merged")?);
    let viewer = visit.viewer.clone();
    portal.ask(move |app| app.merge(&viewer, &keep, &merged)).await?;
    let kind = posted.fields.filled("kind").unwrap_or("organization");
    Ok(see_other(&Pairs::default().with("kind", kind).with("merged", "1").behind("/duplicates")))
}

impl DuplicatesPage {
    pub(crate) fn of(kind: &str, mut pairs: Vec<DuplicateView>, merged: bool) -> DuplicatesPage {
        let kinds = schemas().iter().map(|schema| Link {
            name: schema.name.clone(),
            href: Pairs::default().with("kind", &schema.kind).behind("/duplicates"),
            count: None,
            chosen: schema.kind == kind,
        });
        let more = pairs.len().saturating_sub(PAIRS);
        pairs.truncate(PAIRS);
        DuplicatesPage { kind: kind.to_string(), kinds: kinds.collect(), pairs, more, merged }
    }
}
