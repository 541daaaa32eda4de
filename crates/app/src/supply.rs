//! New supply meets old needs: an offer, expert or instrument that has just come in is matched against
//! all open needs and the cases that still look for somebody. Whose they are, and who has the case,
//! finds a notice; letters about it go out as often as each person chose.

use crate::case_match::need_record;
use crate::casework::{CASE, case_of};
use crate::choice::Topic;
use crate::notices::put_notice;
use crate::record::reference;
use crate::{App, AppError, Viewer};
use duijie_docking::{Case, CaseState};
use duijie_journal::Actor;
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_store::{MatterFilter, MatterOrder};
use duijie_vocab::{RecordId, RegionCode, Text, text};
use std::collections::BTreeMap;

/// What came in for one need.
struct Help {
    need: String,
    region: RegionCode,
    /// Who is told: whose need it is and, of a case, who has it.
    told: Vec<String>,
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
/// The states in which a case looks for somebody, and how many such cases a round looks at, the latest first.
const LOOKING: [CaseState; 3] = [CaseState::Matching, CaseState::Introduced, CaseState::Unsolved];
const CASES: usize = 500;

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
        let fresh: Vec<&Record> = rows.iter().map(|row| &row.record).filter(|record| is_new_supply(record)).collect();
        for record in &fresh {
            self.meet(record, &mut helped)?;
        }
        self.meet_cases(&fresh, &mut helped)?;
        let told = helped.len();
        self.write(&Actor::system(), move |tx| {
            let notices = helped.iter().flat_map(|(id, help)| help.told.iter().map(move |to| (id, help, to)));
            for (nth, (id, help, to)) in notices.enumerate() {
                put_notice(tx, (id, reached, nth), (&help.need, help.region), to, (Topic::Supply, &help.said()))?;
            }
            Ok(tx.set_cursor(FOLLOWER, reached)?)
        })?;
        Ok(told)
    }

    /// Notes which of the new records could help the cases that still look for somebody.
    fn meet_cases(&self, fresh: &[&Record], helped: &mut BTreeMap<RecordId, Help>) -> Result<(), AppError> {
        if fresh.is_empty() {
            return Ok(());
        }
        let filter = MatterFilter { states: LOOKING.iter().map(|state| state.as_str().to_string()).collect(), ..MatterFilter::default() };
        for row in self.store().read(|view| view.matters(CASE, &filter, MatterOrder::Updated, None, CASES))?.rows {
            let case = case_of(row.body)?;
            let found = self.matches_of_record(&Viewer::public(), &need_record(&case.need, case.region, self.now()), NEEDS)?;
            for found in found.groups.into_iter().flat_map(|group| group.matches).filter(|found| found.score >= WORTH_TELLING) {
                let Some(record) = fresh.iter().find(|record| record.id == found.record.id) else { continue };
                let own = self.organization_of(record)?.is_some_and(|supplier| supplier.as_str() == case.seeker.organization);
                if !own {
                    helped.entry(case.id.clone()).or_insert_with(|| Help::of_case(&case)).add(reference(record).title);
                }
            }
        }
        Ok(())
    }

    /// Notes for whose needs a new record is.
    fn meet(&self, record: &Record, helped: &mut BTreeMap<RecordId, Help>) -> Result<(), AppError> {
        let found = self.matches_of_record(&Viewer::public(), record, NEEDS)?;
        let supplier = self.organization_of(record)?;
        let name = reference(record).title;
        for found in found.groups.into_iter().flat_map(|group| group.matches).filter(|found| found.score >= WORTH_TELLING) {
            let Some(need) = self.store().read(|view| view.get(&found.record.id))?.map(|row| row.record) else { continue };
            let Some(organization) = self.organization_of(&need)?.filter(|seeker| Some(seeker) != supplier.as_ref()) else { continue };
            let told = vec![organization.to_string()];
            let help = helped.entry(need.id.clone()).or_insert_with(|| Help { need: reference(&need).title, region: need.region, told, names: Vec::new() });
            help.add(name.clone());
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

impl Help {
    fn of_case(case: &Case) -> Help {
        let told = std::iter::once(case.seeker.organization.clone()).chain(case.handler.clone()).collect();
        Help { need: case.need.title.clone(), region: case.region, told, names: Vec::new() }
    }

    fn add(&mut self, name: String) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    fn said(&self) -> Text {
        let first = &self.names[..self.names.len().min(NAMED)];
        let (count, title, zh, en) = (self.names.len(), &self.need, first.join("、"), first.join(", "));
        text!("新来的 {count} 项资源可能帮助《{title}》：{zh}", "{count} new records could help with “{title}”: {en}")
    }
}

fn is_new_supply(record: &Record) -> bool {
    let resource = schema(&record.kind).is_some_and(|schema| schema.resource);
    resource && record.version == 1 && record.state == RecordState::Active && record.visibility == Visibility::Public
}
