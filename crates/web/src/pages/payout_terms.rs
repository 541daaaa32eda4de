//! The limits under which a region approves and publishes, and who set them.

use super::payouts::{incomplete, money};
use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Action, Target, Terms, TermsVersion};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct PayoutTermsPage {
    pub(crate) region: String,
    pub(crate) region_name: String,
    pub(crate) two_above: String,
    pub(crate) objection_days: u32,
    pub(crate) history: Vec<TermsVersion>,
    /// Whether the viewer may set them.
    pub(crate) sets: bool,
    pub(crate) done: bool,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = region_in(&visit.query).map_err(Fault::from)?.unwrap_or(visit.viewer.region);
    let (viewer, done) = (visit.viewer.clone(), visit.query.get("done").is_some());
    let page = portal.ask(move |app| {
        let history = app.payout_terms_history(&viewer, region)?;
        let Terms { two_above, objection_days } = app.payout_terms(region)?;
        let sets = viewer.may(Action::Administer, &Target { region: Some(region), organization: None }).is_ok();
        let (region, region_name) = (region.to_string(), region.path());
        Ok(PayoutTermsPage { region, region_name, two_above: two_above.chinese(), objection_days, history, sets, done })
    });
    portal.pages.show(&portal, &visit, "payout_terms.html", page.await?)
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let region = region_in(fields).map_err(Fault::from)?.unwrap_or(visit.viewer.region);
    let objection_days = fields.filled("objection_days").and_then(|text| text.parse().ok()).ok_or_else(incomplete)?;
    let (viewer, terms) = (visit.viewer.clone(), Terms { two_above: money(fields, "two_above")?, objection_days });
    portal.ask(move |app| app.put_payout_terms(&viewer, region, terms)).await?;
    Ok(see_other(&Pairs::default().with("region", &region.to_string()).with("done", "1").behind("/payouts/terms")))
}
