//! How a promise of money – an entitlement, a voucher, an order, a filing – is kept: as a matter,
//! whose versions are its steps, together with the transfers that each step makes.

use crate::choice::Topic;
use crate::notices::{DESK, put_notice};
use crate::resume::resumed;
use crate::{Action, AppError, Target, Viewer};
use duijie_journal::{Matter, Party as MatterParty};
use duijie_ledger::{Outcome, Transfer};
use duijie_payout::{By, Did, Notice, Party, Refused, Step};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder, MatterRow, Tx, View};
use duijie_vocab::{Diagnostic, RecordId, RegionCode, Timestamp, text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Something that is kept as a matter.
pub(crate) trait Promise: Serialize + DeserializeOwned + Clone + Send + 'static {
    const KIND: &'static str;
    fn id(&self) -> &RecordId;
    fn state(&self) -> &str;
    /// The region whose officers work on it.
    fn region(&self) -> RegionCode;
    /// Whom and what it concerns, by role.
    fn parties(&self) -> Vec<(&'static str, String)>;
    /// When its next clock fires.
    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// A promise as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored<T> {
    pub(crate) value: T,
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) updated: Timestamp,
}

/// How many promises are in memory at a time.
const PAGE: usize = 1_000;

impl<T: Promise> Stored<T> {
    pub(crate) fn read(row: MatterRow) -> Result<Stored<T>, AppError> {
        let value = serde_json::from_value(row.body).map_err(|fault| AppError::Internal(anyhow::anyhow!("{} `{}`: {fault}", T::KIND, row.id)))?;
        Ok(Stored { value, version: row.version, title: row.title, updated: row.updated })
    }
}

/// The promise under this id.
pub(crate) fn load<T: Promise>(view: &mut View<'_>, id: &RecordId) -> Result<Stored<T>, AppError> {
    find(view, id)?.ok_or(AppError::NotFound)
}

/// The promise under this id, if there is one.
pub(crate) fn find<T: Promise>(view: &mut View<'_>, id: &RecordId) -> Result<Option<Stored<T>>, AppError> {
    view.matter(id)?.filter(|row| row.kind == T::KIND).map(Stored::read).transpose()
}

/// Every promise that `filter` lets through, last moved first.
pub(crate) fn list<T: Promise>(view: &mut View<'_>, filter: &MatterFilter) -> Result<Vec<Stored<T>>, AppError> {
    let mut found = Vec::new();
    for_each(view, filter, |stored| found.push(stored))?;
    Ok(found)
}

/// Shows every promise that `filter` lets through, last moved first, a page in memory at a time.
pub(crate) fn for_each<T: Promise>(view: &mut View<'_>, filter: &MatterFilter, mut each: impl FnMut(Stored<T>)) -> Result<(), AppError> {
    let mut after: Option<MatterCursor> = None;
    loop {
        let page = view.matters(T::KIND, filter, MatterOrder::Updated, after.as_ref(), PAGE)?;
        for row in page.rows {
            each(Stored::read(row)?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Shows every promise that `filter` lets through in no order to rely on, a page in memory at a time.
/// Whoever is named in it is followed by id: a hundred thousand promises of one pool cost a hundred
/// pages of a thousand, where [`for_each`] would sort all of them for each page.
pub(crate) fn for_all<T: Promise>(view: &mut View<'_>, filter: &MatterFilter, mut each: impl FnMut(Stored<T>)) -> Result<(), AppError> {
    let Some(Leading { role, who, others }) = leading(filter) else { return for_each(view, filter, each) };
    let states: Vec<&str> = filter.states.iter().map(String::as_str).collect();
    let within = |region: RegionCode| filter.regions.is_empty() || filter.regions.iter().any(|wanted| wanted.contains(region));
    let mut after = String::new();
    loop {
        let rows = view.matters_concerning(T::KIND, (role, who), &states, &after, PAGE)?;
        let full = rows.len() == PAGE;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id.to_string();
        for row in rows.into_iter().filter(|row| within(row.region)) {
            let stored = Stored::<T>::read(row)?;
            let parties = stored.value.parties();
            let concerned =
                |(role, who): &(Option<String>, String)| parties.iter().any(|(own, whom)| whom == who && role.as_deref().is_none_or(|role| role == *own));
            if others.iter().all(concerned) {
                each(stored);
            }
        }
        if !full {
            return Ok(());
        }
    }
}

/// Whom promises are found by, and whom they have to concern besides.
struct Leading<'a> {
    role: &'a str,
    who: &'a str,
    others: &'a [(Option<String>, String)],
}

/// The first whom the filter names, if it says in which role.
fn leading(filter: &MatterFilter) -> Option<Leading<'_>> {
    let ((role, who), others) = filter.parties.split_first()?;
    let role = role.as_deref().filter(|_| filter.due_until.is_none())?;
    Some(Leading { role, who, others })
}

/// Every promise that concerns one of `whos` in a role, by whom it concerns.
pub(crate) fn list_of<T: Promise>(view: &mut View<'_>, role: &str, whos: &[&str]) -> Result<HashMap<String, Vec<Stored<T>>>, AppError> {
    let mut found: HashMap<String, Vec<Stored<T>>> = HashMap::new();
    for (who, row) in view.matters_of(T::KIND, role, whos)? {
        found.entry(who).or_default().push(Stored::read(row)?);
    }
    // Last moved first, as in a list.
    found.values_mut().for_each(|some| some.sort_by(|a, b| (b.updated, b.value.id()).cmp(&(a.updated, a.value.id()))));
    Ok(found)
}

/// A page of promises and where the list goes on.
pub(crate) fn page<T: Promise>(
    view: &mut View<'_>,
    filter: &MatterFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Stored<T>>, Option<String>), AppError> {
    let after = resumed(after, MatterCursor::parse)?;
    let page = view.matters(T::KIND, filter, MatterOrder::Updated, after.as_ref(), limit)?;
    let rows = page.rows.into_iter().map(Stored::read).collect::<Result<Vec<_>, _>>()?;
    Ok((rows, page.next.map(|next| next.to_string())))
}

/// A filter for what concerns `who` in a role.
pub(crate) fn concerning(role: &str, who: &str) -> MatterFilter {
    MatterFilter { parties: vec![(Some(role.to_string()), who.to_string())], ..MatterFilter::default() }
}

/// Keeps the next version of a promise and tells whoever has to hear of it; `version` is the one
/// before, 0 for a new one.
pub(crate) fn keep<T: Promise>(tx: &mut Tx<'_>, value: &T, version: i64, title: &str, did: &Did, notices: &[Notice]) -> Result<i64, AppError> {
    let internal = |fault: serde_json::Error| AppError::Internal(fault.into());
    let parties = value.parties().into_iter().map(|(role, who)| MatterParty { role: role.to_string(), who }).collect();
    let matter = Matter {
        kind: T::KIND.to_string(),
        id: value.id().clone(),
        version: version + 1,
        act: did.act.clone(),
        state: value.state().to_string(),
        region: value.region(),
        due: value.due(),
        title: title.to_string(),
        parties,
        body: serde_json::to_value(value).map_err(internal)?,
        did: serde_json::to_value(did).map_err(internal)?,
    };
    let kept = tx.put_matter(&matter)?;
    for (nth, notice) in notices.iter().enumerate() {
        let (region, to) = match &notice.to {
            Party::Organization(id) => (value.region(), Some(id)),
            Party::Office(region) => (*region, None),
        };
        let to = to.map_or(DESK, RecordId::as_str);
        put_notice(tx, (value.id(), matter.version, nth), (title, region), to, (Topic::Work, &notice.words))?;
    }
    Ok(kept)
}

/// Posts the transfers of a step, all or none. A step is taken once: a transfer that was posted
/// before belongs to another one, and nothing is taken again.
pub(crate) fn post(tx: &mut Tx<'_>, transfers: &[Transfer]) -> Result<(), AppError> {
    if transfers.is_empty() {
        return Ok(());
    }
    let outcomes = tx.post_all_transfers(transfers)?;
    if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))) {
        return Ok(());
    }
    Err(AppError::Conflict(text!("这一步以前已经记账", "this step was posted before")))
}

/// Keeps a step of one promise with its transfers. A refusal of the ledger comes before anything
/// is written.
pub(crate) fn take<T: Promise>(tx: &mut Tx<'_>, step: &Step<T>, version: i64, title: &str) -> Result<i64, AppError> {
    post(tx, &step.transfers)?;
    keep(tx, &step.after, version, title, &step.did, &step.notices)
}

/// Refuses whoever does not work on payouts in an office of their region.
pub(crate) fn in_office(viewer: &Viewer) -> Result<(), AppError> {
    Ok(viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?)
}

/// Who acts, now.
pub(crate) fn by(tx: &Tx<'_>, viewer: &Viewer) -> By {
    By { person: viewer.login.clone().unwrap_or_else(|| "system".to_string()), at: tx.now() }
}

/// A refusal as people and programs hear of it.
pub(crate) fn refused(why: Refused) -> AppError {
    match why {
        Refused::NotFromHere { .. } => AppError::Conflict(why.reason()),
        why => AppError::Invalid(vec![Diagnostic::error(why.code(), why.reason())]),
    }
}
