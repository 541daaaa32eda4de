//! New supply meets old needs: an offer, expert or instrument that has just come in is matched against
//! all open needs, and whose needs it could help with finds a notice; letters about it go out as often
//! as each person chose.

use crate::choice::Topic;
use crate::notices::put_notice;
use crate::record::reference;
use crate::{App, AppError, Viewer};
use duijie_journal::Actor;
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_vocab::{RecordId, RegionCode, text};
use std::collections::BTreeMap;

/// What came in for one need.
struct Help {
    need: String,
    region: RegionCode,
    /// Whose need it is.
    organization: RecordId,
    /// The names of what could help.
    names: Vec<String>,
}

/// The follower's name in the store.
const FOLLOWER: &str = "new-supply";
/// So many new records are matched, and told of together, in one go.
const ROUND: usize = 200;
/// A need that a new record fits less well than so is not told of it.
const WORTH_TELLING: f64 = 0.5;
const NEEDS: usize = 20;
const NAMED: usize = 3;

impl App {
    /// Matches what has come in since the last time and puts a notice for each need that it could help
    /// with; how many those were. What was there before the first time is not new.
    pub fn tell_new_supply(&self) -> Result<usize, AppError> {
        let (cursor, head) = self.store().read(|view| Ok::<_, AppError>((view.cursor(FOLLOWER)?, view.head()?.seq)))?;
        if cursor == 0 {
            self.write(&Actor::system(), move |tx| Ok(tx.set_cursor(FOLLOWER, head)?))?;
            return Ok(0);
        }
        let rows = self.store().read(|view| view.records_changed(cursor, ROUND))?;
        let reached = rows.last().map_or(cursor, |row| row.entry);
        // Needs that came in together with it have to be found, too.
        if reached == cursor || reached > self.index.cursor() {
            return Ok(0);
        }
        let mut helped = BTreeMap::new();
        for row in rows.iter().filter(|row| is_new_supply(&row.record)) {
            self.meet(&row.record, &mut helped)?;
        }
        let told = helped.len();
        self.write(&Actor::system(), move |tx| {
            for (nth, (id, help)) in helped.iter().enumerate() {
                let first = &help.names[..help.names.len().min(NAMED)];
                let (count, title, zh, en) = (help.names.len(), &help.need, first.join("、"), first.join(", "));
                let said = text!("新来的 {count} 项资源可能帮助《{title}》：{zh}", "{count} new records could help with “{title}”: {en}");
                put_notice(tx, (id, reached, nth), (title, help.region), help.organization.as_str(), (Topic::Supply, &said))?;
            }
            Ok(tx.set_cursor(FOLLOWER, reached)?)
        })?;
        Ok(told)
    }

    /// Notes for whose needs a new record is.
    fn meet(&self, record: &Record, helped: &mut BTreeMap<RecordId, Help>) -> Result<(), AppError> {
        let found = self.matches_of_record(&Viewer::public(), record, NEEDS)?;
        let supplier = self.organization_of(record)?;
        let name = reference(record).title;
        for found in found.groups.into_iter().flat_map(|group| group.matches).filter(|found| found.score >= WORTH_TELLING) {
            let Some(need) = self.store().read(|view| view.get(&found.record.id))?.map(|row| row.record) else { continue };
            let Some(organization) = self.organization_of(&need)?.filter(|seeker| Some(seeker) != supplier.as_ref()) else { continue };
            let help =
                helped.entry(need.id.clone()).or_insert_with(|| Help { need: reference(&need).title, region: need.region, organization, names: Vec::new() });
            if !help.names.contains(&name) {
                help.names.push(name.clone());
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
}

fn is_new_supply(record: &Record) -> bool {
    let resource = schema(&record.kind).is_some_and(|schema| schema.resource);
    resource && record.version == 1 && record.state == RecordState::Active && record.visibility == Visibility::Public
}
