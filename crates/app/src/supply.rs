//! New supply meets old needs: an offer, expert or instrument that has just come in is matched against
//! all open needs, and whose needs it could help with hears of it, at most as often as they chose.

use crate::choice::Topic;
use crate::notices::put_notice;
use crate::record::reference;
use crate::sessions::later;
use crate::{App, AppError, Viewer};
use duijie_journal::Actor;
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_vocab::{Diagnostic, RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often an organization wants to hear of new supply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowOften {
    AtOnce,
    Daily,
    #[default]
    Weekly,
    Never,
}

/// What came in for an organization since it was last told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Waiting {
    /// The region of its needs, by code.
    region: String,
    /// The need, what it is called, and the names of what could help it.
    needs: BTreeMap<RecordId, (String, Vec<String>)>,
}

/// The follower's name in the store, and where it keeps what waits and when it last told whom.
const FOLLOWER: &str = "new-supply";
const WAITING: &str = "supply-waiting";
const TOLD: &str = "supply-told";
const CHOICE: &str = "supply:";
/// So many new records are matched in one go.
const ROUND: usize = 200;
/// A need that a new record fits less well than so is not told of it.
const WORTH_TELLING: f64 = 0.5;
const NEEDS: usize = 20;
const NAMED: usize = 3;
const DAY_MICROS: i64 = 86_400_000_000;
const FOREVER_MICROS: i64 = 100 * 366 * DAY_MICROS;

impl HowOften {
    pub const ALL: [HowOften; 4] = [HowOften::AtOnce, HowOften::Daily, HowOften::Weekly, HowOften::Never];

    pub fn as_str(self) -> &'static str {
        match self {
            HowOften::AtOnce => "at_once",
            HowOften::Daily => "daily",
            HowOften::Weekly => "weekly",
            HowOften::Never => "never",
        }
    }

    pub fn name(self) -> Text {
        match self {
            HowOften::AtOnce => text!("随时", "at once"),
            HowOften::Daily => text!("每天至多一次", "at most once a day"),
            HowOften::Weekly => text!("每周至多一次", "at most once a week"),
            HowOften::Never => text!("不通知", "never"),
        }
    }

    /// The least time between two notices; nothing if there are to be none.
    fn pause(self) -> Option<i64> {
        match self {
            HowOften::AtOnce => Some(0),
            HowOften::Daily => Some(DAY_MICROS),
            HowOften::Weekly => Some(7 * DAY_MICROS),
            HowOften::Never => None,
        }
    }

    fn parse(word: &str) -> Option<HowOften> {
        HowOften::ALL.into_iter().find(|often| often.as_str() == word)
    }
}

impl App {
    /// How often the viewer's organization wants to hear of new supply; nothing for who acts for none.
    pub fn supply_choice(&self, viewer: &Viewer) -> Result<Option<HowOften>, AppError> {
        let Some(organization) = &viewer.organization else { return Ok(None) };
        self.choice_of(organization).map(Some)
    }

    /// Chooses how often the viewer's organization hears of new supply: a word of [`HowOften::as_str`].
    pub fn choose_supply(&self, viewer: &Viewer, word: &str) -> Result<(), AppError> {
        let Some(organization) = &viewer.organization else {
            let reason = text!("只有企业用户可以设置", "only members choose this");
            return Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }));
        };
        let often = HowOften::parse(word)
            .ok_or_else(|| AppError::Invalid(vec![Diagnostic::error("supply.often", text!("没有“{word}”这个选项", "there is no choice `{word}`"))]))?;
        let key = format!("{CHOICE}{organization}");
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(&key, often.as_str()).map(drop)?))
    }

    fn choice_of(&self, organization: &str) -> Result<HowOften, AppError> {
        let chosen = self.store().read(|view| view.setting(&format!("{CHOICE}{organization}")))?;
        Ok(chosen.and_then(|word| HowOften::parse(&word)).unwrap_or_default())
    }

    /// Matches what has come in since the last time and tells whoever is to be told now; how many
    /// notices that were. What was there before the first time is not new.
    pub fn tell_new_supply(&self) -> Result<usize, AppError> {
        let (cursor, head) = self.store().read(|view| Ok::<_, AppError>((view.cursor(FOLLOWER)?, view.head()?.seq)))?;
        if cursor == 0 {
            self.write(&Actor::system(), move |tx| Ok(tx.set_cursor(FOLLOWER, head)?))?;
            return Ok(0);
        }
        let mut waiting = self.waiting()?;
        let rows = self.store().read(|view| view.records_changed(cursor, ROUND))?;
        let reached = rows.last().map_or(cursor, |row| row.entry);
        // Needs that came in together with it have to be found, too.
        if reached > self.index.cursor() {
            return Ok(0);
        }
        for row in rows.iter().filter(|row| is_new_supply(&row.record)) {
            self.meet(&row.record, &mut waiting)?;
        }
        let due = self.due(&mut waiting)?;
        if reached == cursor && due.is_empty() {
            return Ok(0);
        }
        let told = due.len();
        let now = self.now();
        let left = serde_json::to_string(&waiting).map_err(|fault| AppError::Internal(fault.into()))?;
        self.write(&Actor::system(), move |tx| {
            for (organization, waiting) in &due {
                put_waiting(tx, organization, waiting, now)?;
                tx.keep(TOLD, organization, &now.to_string(), later(now, FOREVER_MICROS))?;
            }
            tx.keep(WAITING, "", &left, later(now, FOREVER_MICROS))?;
            Ok(tx.set_cursor(FOLLOWER, reached)?)
        })?;
        Ok(told)
    }

    fn waiting(&self) -> Result<BTreeMap<String, Waiting>, AppError> {
        let now = self.now();
        let kept = self.store().read(|view| view.kept(WAITING, "", now))?;
        kept.map_or_else(|| Ok(BTreeMap::new()), |text| serde_json::from_str(&text).map_err(|fault| AppError::Internal(fault.into())))
    }

    /// Notes for whose needs a new record is.
    fn meet(&self, record: &Record, waiting: &mut BTreeMap<String, Waiting>) -> Result<(), AppError> {
        let found = self.matches_of_record(&Viewer::public(), record, NEEDS)?;
        let supplier = self.organization_of(record)?;
        for found in found.groups.into_iter().flat_map(|group| group.matches).filter(|found| found.score >= WORTH_TELLING) {
            let Some(need) = self.store().read(|view| view.get(&found.record.id))?.map(|row| row.record) else { continue };
            let Some(seeker) = self.organization_of(&need)?.filter(|seeker| Some(seeker) != supplier.as_ref()) else { continue };
            let waiting = waiting.entry(seeker.to_string()).or_default();
            waiting.region = need.region.to_string();
            let (title, names) = waiting.needs.entry(need.id.clone()).or_insert_with(|| (reference(&need).title, Vec::new()));
            let name = reference(record).title;
            if !title.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(())
    }

    /// The organization that a record belongs to, if the record that names it is known.
    fn organization_of(&self, record: &Record) -> Result<Option<RecordId>, AppError> {
        let owner = schema(&record.kind).and_then(|schema| schema.owner.clone());
        let links = self.store().read(|view| view.links_from(&record.id))?;
        Ok(links.into_iter().find(|link| Some(&link.field) == owner.as_ref()).and_then(|link| link.to))
    }

    /// Takes out what is to be told now; what nobody wants to hear is dropped.
    fn due(&self, waiting: &mut BTreeMap<String, Waiting>) -> Result<Vec<(String, Waiting)>, AppError> {
        let now = self.now();
        let mut due = Vec::new();
        for organization in waiting.keys().cloned().collect::<Vec<_>>() {
            let Some(pause) = self.choice_of(&organization)?.pause() else {
                waiting.remove(&organization);
                continue;
            };
            let last = self.store().read(|view| view.kept(TOLD, &organization, now))?.and_then(|at| Timestamp::parse(&at).ok());
            if last.is_none_or(|last| now.micros() - last.micros() >= pause) {
                due.extend(waiting.remove_entry(&organization));
            }
        }
        Ok(due)
    }
}

fn is_new_supply(record: &Record) -> bool {
    let resource = schema(&record.kind).is_some_and(|schema| schema.resource);
    resource && record.version == 1 && record.state == RecordState::Active && record.visibility == Visibility::Public
}

fn put_waiting(tx: &mut duijie_store::Tx<'_>, organization: &str, waiting: &Waiting, now: Timestamp) -> Result<(), AppError> {
    let region = RegionCode::parse(&waiting.region).unwrap_or(RegionCode::NATION);
    for (nth, (need, (title, names))) in waiting.needs.iter().enumerate() {
        let (count, first) = (names.len(), names.iter().take(NAMED).cloned().collect::<Vec<_>>());
        let (zh, en) = (first.join("、"), first.join(", "));
        let said = text!("新来的 {count} 项资源可能帮助《{title}》：{zh}", "{count} new records could help with “{title}”: {en}");
        put_notice(tx, (need, now.micros(), nth), (title, region), organization, (Topic::Supply, &said))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_by_its_word() {
        assert!(HowOften::ALL.into_iter().all(|often| HowOften::parse(often.as_str()) == Some(often)));
        assert_eq!((HowOften::parse("often"), HowOften::Never.pause()), (None, None));
        assert!(HowOften::Weekly.pause() > HowOften::Daily.pause());
    }
}
