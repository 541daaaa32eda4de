//! The limits under which a region approves and publishes, and who set them.

use crate::promise::refused;
use crate::scheme_terms::percent;
use crate::{Action, App, AppError, Target, Viewer};
use duijie_journal::Event;
use duijie_payout::{Sampling, Terms};
use duijie_store::View;
use duijie_vocab::{Fen, RegionCode, Text};
use serde::{Deserialize, Serialize};

/// The limits of a region as somebody once set them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TermsVersion {
    pub seq: i64,
    pub at: String,
    pub by: String,
    #[serde(flatten)]
    pub terms: TermsShown,
}

/// The limits of a region in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TermsShown {
    pub two_above: Text,
    pub objection_days: u32,
    /// Of payouts of low and of medium risk, the share that people check, such as `5%`.
    pub low: String,
    pub medium: String,
    /// From this amount on the risk is at least medium.
    pub large_from: Text,
}

/// What of a region's limits is to change; the rest stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsChange {
    pub two_above: Option<Fen>,
    pub objection_days: Option<u32>,
    pub sampling: Option<Sampling>,
}

impl TermsChange {
    fn of(self, terms: Terms) -> Terms {
        Terms {
            two_above: self.two_above.unwrap_or(terms.two_above),
            objection_days: self.objection_days.unwrap_or(terms.objection_days),
            sampling: self.sampling.unwrap_or(terms.sampling),
        }
    }
}

/// In front of the region in the setting that keeps its limits.
const SETTING: &str = "payout.terms/";
/// How many versions a page shows.
const HISTORY: usize = 50;

impl App {
    /// The limits under which a region approves and publishes.
    pub fn payout_terms(&self, region: RegionCode) -> Result<Terms, AppError> {
        self.store().read(|view| terms_in(view, region))
    }

    /// Changes the limits of a region and returns them all.
    pub fn change_payout_terms(&self, viewer: &Viewer, region: RegionCode, change: TermsChange) -> Result<Terms, AppError> {
        viewer.may(Action::Administer, &Target { region: Some(region), organization: None })?;
        self.write(&self.actor(viewer)?, move |tx| {
            let terms = change.of(terms_in(&mut tx.view(), region)?).check().map_err(refused)?;
            let text = serde_json::to_string(&terms).map_err(|fault| AppError::Internal(fault.into()))?;
            tx.put_setting(&format!("{SETTING}{region}"), &text)?;
            Ok(terms)
        })
    }

    /// Who set which limits of a region, newest first, for its officers.
    pub fn payout_terms_history(&self, viewer: &Viewer, region: RegionCode) -> Result<Vec<TermsVersion>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let entries = self.store().read(|view| view.entries_about(&format!("setting:{SETTING}{region}"), i64::MAX, HISTORY))?;
        let mut versions = Vec::new();
        for entry in &entries {
            let Event::SettingPut(put) = &entry.entry.event else { continue };
            let (at, by) = (entry.entry.at.china_minute(), entry.entry.actor.as_str().to_string());
            versions.push(TermsVersion { seq: entry.entry.seq, at, by, terms: TermsShown::from(read(&put.value)?) });
        }
        Ok(versions)
    }
}

impl From<Terms> for TermsShown {
    fn from(terms: Terms) -> TermsShown {
        let Terms { two_above, objection_days, sampling } = terms;
        let (low, medium, large_from) = (percent(sampling.low), percent(sampling.medium), sampling.large_from.text());
        TermsShown { two_above: two_above.text(), objection_days, low, medium, large_from }
    }
}

fn terms_in(view: &mut View<'_>, region: RegionCode) -> Result<Terms, AppError> {
    let setting = view.setting(&format!("{SETTING}{region}"))?;
    Ok(setting.map(|text| read(&text)).transpose()?.unwrap_or_default())
}

fn read(text: &str) -> Result<Terms, AppError> {
    serde_json::from_str(text).map_err(|fault| AppError::Internal(fault.into()))
}
