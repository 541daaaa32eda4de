//! Notices as letters: a follower of the journal puts what somebody has to hear into a letter of
//! that person, which waits until the time that the person chose. Letters are matters: they survive
//! everything the journal survives, and what was sent to whom stays on record.

use crate::casework::read_case;
use crate::choice::{NoticeChoice, Topic, choice_of, choices};
use crate::notices::{CONTACT, DESK, NOTICE, TO, UNREAD, notice_topic};
use crate::robot::Robot;
use crate::{App, AppError, Role};
use duijie_journal::{Account, Actor, Matter, Party};
use duijie_store::{MatterFilter, MatterOrder, MatterRow, Tx, View};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The follower's name in the store.
const FOLLOWER: &str = "letters";
pub(crate) const LETTER: &str = "letter";
const BATCH: usize = 500;
const ACCOUNTS: usize = 200;
/// However much comes, a letter waits no longer than this for more.
const LONGEST_QUIET_MICROS: i64 = 300_000_000;

/// Where a letter is on its way; the words stand in the journal.
pub(crate) const WAITING: &str = "waiting";
pub(crate) const RETRYING: &str = "retrying";
pub(crate) const SENT: &str = "sent";
pub(crate) const FAILED: &str = "failed";
/// Everything in it was read in the portal before it went out.
pub(crate) const NEEDLESS: &str = "needless";

/// By which way a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    Email,
    Robot,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// A login, or the contact of a case.
    pub(crate) login: String,
    pub(crate) way: Way,
    topic: Topic,
    pub(crate) notices: Vec<RecordId>,
    /// When the first notice came.
    first: Timestamp,
    pub(crate) tries: u32,
    /// Why it did not go out the last time.
    pub(crate) why: String,
}

/// What one account hears of in one batch, by topic, and when the last of it came.
type Heard = BTreeMap<(String, bool), (Vec<RecordId>, Timestamp)>;

impl App {
    /// Puts the notices that came since into letters; how many notices were looked at.
    pub(crate) fn gather_letters(&self) -> Result<usize, AppError> {
        let mut seen = 0;
        loop {
            if self.store().read(|view| {
                Ok::<_, AppError>({
                    let cursor = view.cursor(FOLLOWER)?;
                    view.matters_changed(cursor, 1)?.is_empty()
                })
            })? {
                return Ok(seen);
            }
            let read = self.write(&Actor::system(), |tx| {
                let cursor = tx.view().cursor(FOLLOWER)?;
                let rows = tx.view().matters_changed(cursor, BATCH)?;
                let Some(last) = rows.last().map(|row| row.entry) else { return Ok(0) };
                let unread: Vec<MatterRow> = rows.into_iter().filter(|row| row.kind == NOTICE && row.state == UNREAD).collect();
                gather(tx, &unread)?;
                tx.set_cursor(FOLLOWER, last)?;
                Ok(unread.len())
            })?;
            seen += read;
        }
    }
}

/// Adds the notices to the letters of whom they are meant for.
fn gather(tx: &mut Tx<'_>, unread: &[MatterRow]) -> Result<(), AppError> {
    if unread.is_empty() {
        return Ok(());
    }
    let accounts = accounts(&mut tx.view())?;
    let choices = choices(&mut tx.view())?;
    let mut heard = Heard::new();
    for row in unread {
        let parties = tx.view().matter_parties(&row.id)?;
        let supply = notice_topic(&row.body) == Topic::Supply;
        let mut hears = |login: &str| {
            let (notices, came) = heard.entry((login.to_string(), supply)).or_insert_with(|| (Vec::new(), row.updated));
            notices.push(row.id.clone());
            *came = row.updated.max(*came);
        };
        for contact in parties.iter().filter(|party| party.role == TO && party.who.starts_with(CONTACT)) {
            hears(&contact.who);
        }
        for account in accounts.values().filter(|account| parties.iter().any(|party| party.role == TO && is_meant(account, &party.who, row.region))) {
            hears(&account.login);
        }
    }
    for ((login, supply), (notices, came)) in heard {
        let choice = choices.get(&login).cloned().unwrap_or_default();
        let topic = if supply { Topic::Supply } else { Topic::Work };
        let ways = accounts.get(&login).map_or_else(|| vec![Way::Email], |account| ways(account, &choice));
        for way in ways {
            add(tx, &login, &choice, (topic, way), (&notices, came))?;
        }
    }
    Ok(())
}

/// By which ways the account can be reached and wants to be.
fn ways(account: &Account, choice: &NoticeChoice) -> Vec<Way> {
    let email = (choice.email && !account.email.is_empty()).then_some(Way::Email);
    email.into_iter().chain(choice.robot.as_ref().map(|_| Way::Robot)).collect()
}

fn add(tx: &mut Tx<'_>, login: &str, choice: &NoticeChoice, (topic, way): (Topic, Way), (notices, came): (&[RecordId], Timestamp)) -> Result<(), AppError> {
    let Some(next) = choice.for_topic(topic).next(came) else { return Ok(()) };
    if let Some((row, mut letter)) = waiting(&mut tx.view(), login, topic, way)? {
        letter.notices.extend(notices.iter().cloned());
        let latest = letter.first.micros().saturating_add(LONGEST_QUIET_MICROS);
        // A letter for the morning keeps its time; one for now waits a little for more, but not for ever.
        let due = Timestamp::from_micros(next.micros().min(latest.max(row.due.map_or(0, Timestamp::micros)))).unwrap_or(next);
        return put(tx, &row.id, row.version + 1, ("add", WAITING), Some(due), &letter);
    }
    let Some(first) = notices.first() else { return Ok(()) };
    let letter = Letter { login: login.to_string(), way, topic, notices: notices.to_vec(), first: came, tries: 0, why: String::new() };
    let id = RecordId::derive(LETTER, &format!("{login} {way:?} {first}"));
    // A follower that was set back meets its own letters again.
    if tx.view().matter(&id)?.is_some() {
        return Ok(());
    }
    put(tx, &id, 1, ("begin", WAITING), Some(next), &letter)
}

/// The letter of this person, way and topic that has not been tried yet.
fn waiting(view: &mut View<'_>, login: &str, topic: Topic, way: Way) -> Result<Option<(MatterRow, Letter)>, AppError> {
    let filter = MatterFilter { states: vec![WAITING.into()], parties: vec![(Some(TO.into()), person(login))], ..MatterFilter::default() };
    for row in view.matters(LETTER, &filter, MatterOrder::Updated, None, BATCH)?.rows {
        let letter = letter_of(row.body.clone())?;
        if letter.topic == topic && letter.way == way {
            return Ok(Some((row, letter)));
        }
    }
    Ok(None)
}

/// Journals the next version of a letter.
pub(crate) fn put(tx: &mut Tx<'_>, id: &RecordId, version: i64, (act, state): (&str, &str), due: Option<Timestamp>, letter: &Letter) -> Result<(), AppError> {
    let matter = Matter {
        kind: LETTER.into(),
        id: id.clone(),
        version,
        act: act.into(),
        state: state.into(),
        region: RegionCode::NATION,
        due,
        title: String::new(),
        parties: vec![Party { role: TO.into(), who: person(&letter.login) }],
        body: serde_json::to_value(letter).map_err(|fault| AppError::Internal(fault.into()))?,
        did: serde_json::Value::Null,
    };
    Ok(tx.put_matter(&matter).map(drop)?)
}

pub(crate) fn letter_of(body: serde_json::Value) -> Result<Letter, AppError> {
    serde_json::from_value(body).map_err(|fault| AppError::Internal(fault.into()))
}

/// To whom a letter goes now: an address, empty if there is none, and a robot.
pub(crate) fn reader(view: &mut View<'_>, login: &str) -> Result<(String, Option<Robot>), AppError> {
    if let Some(case) = login.strip_prefix(CONTACT) {
        let id = RecordId::parse(case).ok_or(AppError::NotFound)?;
        return Ok((read_case(view, &id)?.contact.email, None));
    }
    let Some(account) = view.account(login)?.filter(|account| !account.disabled) else { return Ok((String::new(), None)) };
    Ok((account.email, choice_of(view, login)?.robot))
}

fn person(login: &str) -> String {
    format!("user:{login}")
}

/// The accounts in use, by login.
fn accounts(view: &mut View<'_>) -> Result<BTreeMap<String, Account>, AppError> {
    let mut found = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = view.accounts(&after, ACCOUNTS)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.login);
        found.extend(page.into_iter().filter(|account| !account.disabled).map(|account| (account.login.clone(), account)));
    }
}

fn is_meant(account: &Account, who: &str, region: RegionCode) -> bool {
    let works = || account.roles.last().and_then(|role| Role::parse(role)) == Some(Role::Officer) && account.region.contains(region);
    who.strip_prefix("user:") == Some(account.login.as_str())
        || account.organization.as_ref().is_some_and(|own| own.as_str() == who)
        || (who == DESK && works())
}
