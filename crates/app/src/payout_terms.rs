//! The limits under which a region approves and publishes, and who set them.

use crate::promise::refused;
use crate::{Action, App, AppError, Target, Viewer};
use duijie_journal::Event;
use duijie_payout::Terms;
use duijie_vocab::RegionCode;
use serde::Serialize;

/// The limits of a region as somebody once set them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TermsVersion {
    pub seq: i64,
    pub at: String,
    pub by: String,
    pub two_above: String,
    pub objection_days: u32,
}

/// In front of the region in the setting that keeps its limits.
const SETTING: &str = "payout.terms/";
/// How many versions a page shows.
const HISTORY: usize = 50;

impl App {
    /// The limits under which a region approves and publishes.
    pub fn payout_terms(&self, region: RegionCode) -> Result<Terms, AppError> {
        let setting = self.store().read(|view| Ok::<_, AppError>(view.setting(&format!("{SETTING}{region}"))?))?;
        Ok(setting.map(|text| read(&text)).transpose()?.unwrap_or_default())
    }

    /// Sets the limits of a region.
    pub fn put_payout_terms(&self, viewer: &Viewer, region: RegionCode, terms: Terms) -> Result<(), AppError> {
        viewer.may(Action::Administer, &Target { region: Some(region), organization: None })?;
        let terms = terms.check().map_err(refused)?;
        let text = serde_json::to_string(&terms).map_err(|fault| AppError::Internal(fault.into()))?;
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(&format!("{SETTING}{region}"), &text).map(drop)?))
    }

    /// Who set which limits of a region, newest first, for its officers.
    pub fn payout_terms_history(&self, viewer: &Viewer, region: RegionCode) -> Result<Vec<TermsVersion>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let entries = self.store().read(|view| view.entries_about(&format!("setting:{SETTING}{region}"), i64::MAX, HISTORY))?;
        let mut versions = Vec::new();
        for entry in &entries {
            let Event::SettingPut(put) = &entry.entry.event else { continue };
            let Terms { two_above, objection_days } = read(&put.value)?;
            let (at, by) = (entry.entry.at.china_minute(), entry.entry.actor.as_str().to_string());
            versions.push(TermsVersion { seq: entry.entry.seq, at, by, two_above: two_above.chinese(), objection_days });
        }
        Ok(versions)
    }
}

fn read(text: &str) -> Result<Terms, AppError> {
    serde_json::from_str(text).map_err(|fault| AppError::Internal(fault.into()))
}
