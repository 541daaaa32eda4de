//! How often and by which ways somebody wants to hear of what is new.

use crate::robot::{Robot, RobotKind};
use crate::sessions::{DAY, HOUR, own_login};
use crate::{App, AppError, Viewer};
use duijie_journal::{Matter, Party};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder, View};
use duijie_vocab::{RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One person's choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeChoice {
    /// For what happens to cases and to money.
    pub often: Often,
    /// For new offers, experts and instruments that fit an open need.
    pub supply: Often,
    /// Whether letters go to the account's e-mail address.
    pub email: bool,
    #[serde(default)]
    pub robot: Option<Robot>,
}

/// How often somebody is written to at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Often {
    /// As soon as things are quiet for a moment.
    AtOnce,
    Daily,
    Weekly,
    /// Only the inbox.
    Never,
}

/// What a notice is about, as far as people choose by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Topic {
    #[default]
    Work,
    Supply,
}

const CHOICE: &str = "choice";
const OF: &str = "of";
const PAGE: usize = 1_000;

/// Notices that come within this time of one another go out together.
const QUIET_MICROS: i64 = 30_000_000;
/// China is eight hours ahead all year.
const CHINA_MICROS: i64 = 8 * HOUR;
/// The hour of the day at which collected notices go out.
const MORNING_MICROS: i64 = 9 * HOUR;

impl Default for NoticeChoice {
    fn default() -> NoticeChoice {
        NoticeChoice { often: Often::AtOnce, supply: Often::Weekly, email: true, robot: None }
    }
}

impl NoticeChoice {
    pub(crate) fn for_topic(&self, topic: Topic) -> Often {
        match topic {
            Topic::Work => self.often,
            Topic::Supply => self.supply,
        }
    }
}

impl Often {
    pub const ALL: [Often; 4] = [Often::AtOnce, Often::Daily, Often::Weekly, Often::Never];

    pub fn as_str(self) -> &'static str {
        match self {
            Often::AtOnce => "at_once",
            Often::Daily => "daily",
            Often::Weekly => "weekly",
            Often::Never => "never",
        }
    }

    pub fn parse(word: &str) -> Option<Often> {
        Often::ALL.into_iter().find(|often| often.as_str() == word)
    }

    pub fn name(self) -> Text {
        match self {
            Often::AtOnce => text!("随时", "at once"),
            Often::Daily => text!("每天一次（9 时）", "once a day (9:00)"),
            Often::Weekly => text!("每周一次（周一 9 时）", "once a week (Monday 9:00)"),
            Often::Never => text!("只看站内消息", "only in the inbox"),
        }
    }

    /// When something that came at `now` goes out; nothing for never.
    pub(crate) fn next(self, now: Timestamp) -> Option<Timestamp> {
        let local = now.micros() + CHINA_MICROS;
        let days_ahead = |fits: &dyn Fn(i64) -> bool| {
            let first = (local - MORNING_MICROS).div_euclid(DAY) + 1;
            let day = (first..first + 7).find(|day| fits(*day)).unwrap_or(first);
            day * DAY + MORNING_MICROS - CHINA_MICROS
        };
        let at = match self {
            Often::AtOnce => now.micros() + QUIET_MICROS,
            Often::Daily => days_ahead(&|_| true),
            // The first day of 1970 was a Thursday.
            Often::Weekly => days_ahead(&|day| (day + 3).rem_euclid(7) == 0),
            Often::Never => return None,
        };
        Timestamp::from_micros(at).ok()
    }
}

impl App {
    /// The viewer's choice, or what holds for who made none.
    pub fn notice_choice(&self, viewer: &Viewer) -> Result<NoticeChoice, AppError> {
        let id = choice_id(&own_login(viewer)?);
        let row = self.store().read(|view| view.matter(&id))?;
        Ok(row.and_then(|row| serde_json::from_value(row.body).ok()).unwrap_or_default())
    }

    /// Sets the viewer's choice.
    pub fn set_notice_choice(&self, viewer: &Viewer, choice: &NoticeChoice) -> Result<(), AppError> {
        let login = own_login(viewer)?;
        let faults = choice.robot.as_ref().map(|robot| robot.faults(self.outbound())).unwrap_or_default();
        if !faults.is_empty() {
            return Err(AppError::Invalid(faults));
        }
        let body = serde_json::to_value(choice).map_err(|fault| AppError::Internal(fault.into()))?;
        self.write(&self.actor(viewer)?, move |tx| {
            let id = choice_id(&login);
            let version = tx.view().matter(&id)?.map_or(0, |row| row.version);
            let matter = Matter {
                kind: CHOICE.into(),
                id,
                version: version + 1,
                act: "choose".into(),
                state: "set".into(),
                region: RegionCode::NATION,
                due: None,
                title: String::new(),
                parties: vec![Party { role: OF.into(), who: login.clone() }],
                body: body.clone(),
                did: serde_json::Value::Null,
            };
            Ok(tx.put_matter(&matter).map(drop)?)
        })
    }

    /// Sends the viewer's robot a word, so that one sees at once whether it works.
    pub fn try_robot(&self, viewer: &Viewer) -> Result<(), AppError> {
        let Some(robot) = self.notice_choice(viewer)?.robot else { return Err(AppError::NotFound) };
        robot.tell(self.outbound(), "对接平台：测试消息 / a test message", self.now()).map_err(|fault| {
            let message = text!("机器人没有收下：{fault}", "the robot did not take it: {fault}");
            AppError::Unavailable(message)
        })
    }
}

/// The robot kind that a word of a form names.
pub fn robot_kind(word: &str) -> Option<RobotKind> {
    RobotKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

fn choice_id(login: &str) -> RecordId {
    RecordId::derive(CHOICE, login)
}

/// The choice of one person.
pub(crate) fn choice_of(view: &mut View<'_>, login: &str) -> Result<NoticeChoice, AppError> {
    Ok(view.matter(&choice_id(login))?.and_then(|row| serde_json::from_value(row.body).ok()).unwrap_or_default())
}

/// Everybody's choices by login; who is not in it made none.
pub(crate) fn choices(view: &mut View<'_>) -> Result<BTreeMap<String, NoticeChoice>, AppError> {
    let mut found = BTreeMap::new();
    let mut after: Option<MatterCursor> = None;
    loop {
        let page = view.matters(CHOICE, &MatterFilter::default(), MatterOrder::Updated, after.as_ref(), PAGE)?;
        for row in page.rows {
            let of = view.matter_parties(&row.id)?.into_iter().find(|party| party.role == OF);
            if let (Some(of), Ok(choice)) = (of, serde_json::from_value(row.body)) {
                found.insert(of.who, choice);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collected_notices_go_out_in_the_morning_of_china() {
        let at = |often: Often, now: &str| often.next(Timestamp::parse(now).unwrap()).map(|at| at.to_string());
        assert_eq!(at(Often::Daily, "2026-03-04T00:59:59Z").as_deref(), Some("2026-03-04T01:00:00.000000Z"));
        assert_eq!(at(Often::Daily, "2026-03-04T01:00:00Z").as_deref(), Some("2026-03-05T01:00:00.000000Z"));
        // 2 March 2026 was a Monday.
        assert_eq!(at(Often::Weekly, "2026-03-01T23:00:00Z").as_deref(), Some("2026-03-02T01:00:00.000000Z"));
        assert_eq!(at(Often::Weekly, "2026-03-02T01:00:00Z").as_deref(), Some("2026-03-09T01:00:00.000000Z"));
        assert_eq!(at(Often::Never, "2026-03-02T01:00:00Z"), None);
    }
}
