//! What an office says about its region on the portal: a notice and whom to ask. Settings are
//! entries of the journal, so each has its history.

use crate::accounts::invalid;
use crate::{App, AppError, Refused, Role, Viewer};
use duijie_journal::Event;
use duijie_vocab::{RegionCode, text};
use serde::Serialize;

/// The settings of one region; empty where nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// What everybody should know at the moment, shown on the region's page and, for the whole
    /// installation, on the home page.
    pub notice: String,
    /// Whom to ask, and how.
    pub contact: String,
}

/// A setting as it once was.
#[derive(Clone, Debug, Serialize)]
pub struct SettingLine {
    pub seq: i64,
    pub at: String,
    pub actor: String,
    /// `notice` or `contact`.
    pub name: String,
    pub value: String,
}

const NAMES: [&str; 2] = ["notice", "contact"];
const LONGEST: usize = 500;
const HISTORY: usize = 50;

impl App {
    /// What is set for `region`; everybody may know.
    pub fn configuration(&self, region: RegionCode) -> Result<Configuration, AppError> {
        let [notice, contact] = NAMES.map(|name| self.store().read(|view| view.setting(&key(name, region)).map_err(AppError::from)));
        Ok(Configuration { notice: notice?.unwrap_or_default(), contact: contact?.unwrap_or_default() })
    }

    /// Sets what differs from before.
    pub fn configure(&self, viewer: &Viewer, region: RegionCode, next: &Configuration) -> Result<(), AppError> {
        may_configure(viewer, region)?;
        let before = self.configuration(region)?;
        let values = [(&before.notice, &next.notice), (&before.contact, &next.contact)];
        if values.iter().any(|(_, value)| value.chars().count() > LONGEST) {
            return Err(invalid("setting.long", text!("内容不能超过 {LONGEST} 字", "at most {LONGEST} characters")));
        }
        let changed: Vec<(String, String)> = NAMES
            .iter()
            .zip(values)
            .filter(|(_, (before, next))| before.trim() != next.trim())
            .map(|(name, (_, next))| (key(name, region), next.trim().to_string()))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.write(&self.actor(viewer)?, move |tx| {
            for (key, value) in &changed {
                tx.put_setting(key, value)?;
            }
            Ok(())
        })
    }

    /// What was set for `region` by whom, newest first.
    pub fn configuration_history(&self, viewer: &Viewer, region: RegionCode) -> Result<Vec<SettingLine>, AppError> {
        may_configure(viewer, region)?;
        let mut lines = Vec::new();
        for name in NAMES {
            let subject = format!("setting:{}", key(name, region));
            for entry in self.store().read(|view| view.entries_about(&subject, i64::MAX, HISTORY))? {
                if let Event::SettingPut(put) = entry.entry.event {
                    let (seq, at, actor) = (entry.entry.seq, entry.entry.at.china_minute(), entry.entry.actor.as_str().to_string());
                    lines.push(SettingLine { seq, at, actor, name: name.to_string(), value: put.value });
                }
            }
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.seq));
        Ok(lines)
    }
}

fn key(name: &str, region: RegionCode) -> String {
    format!("region.{name}:{region}")
}

/// An officer sets what concerns the own region, an administrator everything.
fn may_configure(viewer: &Viewer, region: RegionCode) -> Result<(), AppError> {
    match viewer.role {
        Role::Admin => Ok(()),
        Role::Officer if viewer.region.contains(region) => Ok(()),
        _ => {
            let reason = text!("只有本地区的经办人和管理员可以设置", "only officers of the region and administrators may set this");
            Err(Refused { reason, login_helps: viewer.login.is_none() }.into())
        }
    }
}
