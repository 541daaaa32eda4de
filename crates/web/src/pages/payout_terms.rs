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
use duijie_app::{Action, Sampling, Target, TermsChange, TermsShown, TermsVersion};
use duijie_vocab::text;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct PayoutTermsPage {
    pub(crate) region: String,
    pub(crate) region_name: String,
    pub(crate) now: TermsShown,
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
        let now = TermsShown::from(app.payout_terms(region)?);
        let sets = viewer.may(Action::Administer, &Target { region: Some(region), organization: None }).is_ok();
        let (region, region_name) = (region.to_string(), region.path());
        Ok(PayoutTermsPage { region, region_name, now, history, sets, done })
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
    let sampling = Sampling { low: share(fields, "low")?, medium: share(fields, "medium")?, large_from: money(fields, "large_from")? };
    let change = TermsChange { two_above: Some(money(fields, "two_above")?), objection_days: Some(objection_days), sampling: Some(sampling) };
    let viewer = visit.viewer.clone();
    portal.ask(move |app| app.change_payout_terms(&viewer, region, change)).await?;
    Ok(see_other(&Pairs::default().with("region", &region.to_string()).with("done", "1").behind("/payouts/terms")))
}

/// A share in percent, such as `5`, `5%` or `12.5`, as so many of 10,000.
fn share(fields: &Pairs, name: &str) -> Result<u32, Fault> {
    let written = fields.filled(name).ok_or_else(incomplete)?;
    read_share(written).ok_or_else(|| {
        Fault::bad_parameter(
            text!("“{written}”不是 0 到 100% 之间的比例。", "“{written}” is no share between 0 and 100%."),
            text!("请写如 5 或 12.5%，至多两位小数。", "Write 5 or 12.5%, with two decimals at most."),
        )
    })
}

fn read_share(written: &str) -> Option<u32> {
    let number = written.trim().trim_end_matches(['%', '％']).trim_end();
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || rest.len() > 2 || !digits(whole) || !digits(rest) {
        return None;
    }
    let share = format!("{whole}{rest:0<2}").parse().ok()?;
    (share <= 10_000).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::read_share;

    #[test]
    fn a_share_is_read_exactly_or_not_at_all() {
        for (written, share) in [("5", 500), (" 12.5% ", 1_250), ("0.05", 5), ("100％", 10_000), ("0", 0), ("7.", 700)] {
            assert_eq!(read_share(written), Some(share), "{written}");
        }
        for wrong in ["", "%", ".5", "-1", "100.01", "101", "1.005", "1e1", "五", "5%%x", "9999999999"] {
            assert_eq!(read_share(wrong), None, "{wrong}");
        }
    }
}
