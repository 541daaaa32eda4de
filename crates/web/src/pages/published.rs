//! What everybody may read about money: published lists, the catalogue of agencies and their ratings;
//! and filing with a region as an agency.

use super::payouts::{Acting, incomplete};
use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Action, AgencyView, AppError, FilingAct, PublishedLine, PublishedList, RatingView, ServiceClass};
use duijie_vocab::{RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct PublishedPage {
    pub(crate) lists: Vec<PublishedListLink>,
    /// The list that was asked for.
    pub(crate) list: Option<PublishedList>,
    /// The list as a workbook.
    pub(crate) sheet: String,
    /// Whether the viewer may object to what is on the list.
    pub(crate) objects: bool,
    pub(crate) done: bool,
    pub(crate) next: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct PublishedListLink {
    #[serde(flatten)]
    line: PublishedLine,
    href: String,
}

impl PublishedListLink {
    pub(crate) fn of(line: PublishedLine) -> PublishedListLink {
        PublishedListLink { href: Pairs::default().with("list", &line.list).behind("/published"), line }
    }
}

#[derive(Serialize)]
pub(crate) struct AgenciesPage {
    pub(crate) agencies: Vec<Acting<AgencyView>>,
    pub(crate) ratings: Vec<RatingView>,
    /// Filings that wait for the office, or those of the viewer's organization.
    pub(crate) filings: Vec<Acting<AgencyView>>,
    pub(crate) office: bool,
    /// Whether the viewer's organization may file, and for which classes.
    pub(crate) files: bool,
    pub(crate) classes: Vec<(String, Text)>,
    pub(crate) done: bool,
}

pub(crate) async fn lists(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let (name, after) = (visit.query.filled("list").map(str::to_string), visit.query.filled("after").map(str::to_string));
    let page = match name {
        Some(name) => {
            let mut list = portal.ask(move |app| app.published_list(&name, after.as_deref())).await?;
            let own = Pairs::default().with("list", &list.line.list);
            let next = list.next.take().map(|after| own.clone().with("after", &after).behind("/published"));
            let (objects, done) = (visit.viewer.login.is_some(), visit.query.get("done").is_some());
            PublishedPage { lists: Vec::new(), list: Some(list), sheet: own.behind("/export/published.xlsx"), objects, done, next }
        }
        None => {
            let (lists, next) = portal.ask(move |app| app.published_lists(after.as_deref())).await?;
            let next = next.map(|after| Pairs::default().with("after", &after).behind("/published"));
            PublishedPage { lists: lists.into_iter().map(PublishedListLink::of).collect(), list: None, sheet: String::new(), objects: false, done: false, next }
        }
    };
    portal.pages.show(&portal, &visit, "published.html", page)
}

pub(crate) async fn agencies(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let (agencies, ratings, filings) = portal.ask(move |app| Ok((app.agencies(&viewer)?, app.ratings()?, app.filings(&viewer)?))).await?;
    let page = AgenciesPage {
        agencies: agencies.into_iter().map(filing).collect(),
        ratings,
        filings: filings.into_iter().map(filing).collect(),
        office: visit.may(Action::Pay),
        files: visit.viewer.organization.is_some(),
        classes: ServiceClass::ALL.iter().map(|class| (class.as_str().to_string(), class.name())).collect(),
        done: visit.query.get("done").is_some(),
    };
    portal.pages.show(&portal, &visit, "agencies.html", page)
}

pub(crate) fn filing(view: AgencyView) -> Acting<AgencyView> {
    let acts = view.acts.clone();
    Acting::of(view, &acts)
}

/// An organization files; the office accepts, refuses, strikes off, and publishes ratings.
pub(crate) async fn file_agency(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (fields, viewer) = (&posted.fields, visit.viewer.clone());
    let reason = fields.get("reason").unwrap_or_default().to_string();
    let act = match fields.get("act").unwrap_or_default() {
        "file" => {
            let own = viewer.organization.as_deref().and_then(RecordId::parse).ok_or_else(incomplete)?;
            let region = region_in(fields)?.ok_or_else(incomplete)?;
            let classes = fields.all("class").map(|word| ServiceClass::parse(word).ok_or_else(incomplete)).collect::<Result<Vec<_>, _>>()?;
            portal.ask(move |app| app.file_agency(&viewer, &own, region, classes)).await?;
            return Ok(see_other("/agencies?done=1"));
        }
        "rate" => {
            let sent = Arc::clone(&posted);
            let rated = portal.ask(move |app| {
                let upload = sent.file().ok_or(AppError::NotFound)?;
                let text = String::from_utf8_lossy(&upload.bytes);
                app.rate_agencies(&viewer, &app.read_rating(&upload.name, &text)?)
            });
            rated.await?;
            return Ok(see_other("/agencies?done=1"));
        }
        "list" => FilingAct::List,
        "refuse" => FilingAct::Refuse { reason },
        "strike" => FilingAct::Strike { reason },
        _ => return Err(incomplete()),
    };
    let id = fields.get("id").and_then(RecordId::parse).ok_or_else(incomplete)?;
    portal.ask(move |app| app.filing_step(&viewer, &id, &act)).await?;
    Ok(see_other("/agencies?done=1"))
}
