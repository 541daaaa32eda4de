//! Published lists 公示: what was approved is shown to everybody for its time. A list is kept beside
//! its entitlements, so that naming all lists does not read everybody who is on them.

use crate::payout::{EntitlementRequest, Promised, measure_period};
use crate::promise::{Promise, Stored, find, in_office, keep, page};
use crate::resume::resumed;
use crate::{App, AppError, ManySteps, Viewer};
use duijie_payout::{Act, AnyEntitlement, Did};
use duijie_store::{MatterFilter, Tx};
use duijie_vocab::{Fen, RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A list as it was published.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ListKept {
    id: RecordId,
    name: String,
    measure: String,
    measure_name: Text,
    period: String,
    region: RegionCode,
    rows: usize,
    total: Fen,
    open_until: Option<Timestamp>,
}

impl Promise for ListKept {
    const KIND: &'static str = "payout_list";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        "published"
    }

    fn region(&self) -> RegionCode {
        self.region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        vec![("measure", measure_period(&self.measure, &self.period))]
    }
}

/// A published list, as it was on the day of its publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedLine {
    pub list: String,
    pub measure: String,
    pub measure_name: Text,
    pub period: String,
    pub region_name: String,
    /// Until when objections are heard.
    pub open_until: Option<String>,
    pub rows: usize,
    pub total: Text,
    pub total_fen: Fen,
}

/// A published list with a part of who is on it now: an objection that was upheld takes a row away.
#[derive(Clone, Debug, Serialize)]
pub struct PublishedList {
    pub line: PublishedLine,
    pub rows: Vec<PublishedRow>,
    /// Where the rows go on.
    pub next: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PublishedRow {
    /// The entitlement, and the version that an objection is based on.
    pub id: RecordId,
    pub version: i64,
    pub firm_name: String,
    pub amount: Text,
    pub amount_fen: Fen,
    pub state_name: Text,
}

/// How many lists, and how many rows of one, are shown together.
const LISTS: usize = 100;
const ROWS: usize = 500;

impl App {
    /// Publishes everything approved under a measure for a period as one list, and returns its name.
    pub fn publish_payouts(&self, viewer: &Viewer, measure: &str, period: &str) -> Result<(String, ManySteps), AppError> {
        in_office(viewer)?;
        let request = EntitlementRequest {
            state: Some("approved".into()),
            measure: Some(measure.to_string()),
            period: Some(period.to_string()),
            ..EntitlementRequest::default()
        };
        let ids = self.entitlement_ids(viewer, &request)?;
        if ids.is_empty() {
            return Err(AppError::Conflict(text!("没有已审批、待公示的兑付", "nothing is approved and waits to be published")));
        }
        let name = self.fresh_list(&format!("{measure}/{period}/{}", self.now().china_date()))?;
        let list = name.clone();
        let act = Act::Publish { list: name.clone() };
        let steps = self.payout_steps_with(viewer, &ids, &act, move |tx, some| match &some.one {
            Some(one) => keep_list(tx, &list, one, (some.told.done, some.told.amount)),
            None => Ok(()),
        })?;
        Ok((name, steps))
    }

    /// A name that no list has yet: each publication is a list of its own, with figures of its own.
    fn fresh_list(&self, day: &str) -> Result<String, AppError> {
        self.store().read(|view| {
            let mut name = day.to_string();
            for number in 2.. {
                if find::<ListKept>(view, &list_id(&name))?.is_none() {
                    break;
                }
                name = format!("{day}-{number}");
            }
            Ok(name)
        })
    }

    /// The published lists, newest first; everybody may read them.
    pub fn published_lists(&self, after: Option<&str>) -> Result<(Vec<PublishedLine>, Option<String>), AppError> {
        self.store().read(|view| {
            let (lists, next) = page::<ListKept>(view, &MatterFilter::default(), after, LISTS)?;
            Ok((lists.iter().map(|stored| line(&stored.value)).collect(), next))
        })
    }

    /// A published list with its rows, the highest amounts of each part first.
    pub fn published_list(&self, name: &str, after: Option<&str>) -> Result<PublishedList, AppError> {
        const STATES: [&str; 4] = ["published", "ordered", "paid", "archived"];
        let after = resumed(after, RecordId::parse)?;
        self.store().read(|view| {
            let kept = find::<ListKept>(view, &list_id(name))?.ok_or(AppError::NotFound)?;
            let found = view.matters_concerning(Promised::KIND, ("list", name), &STATES, after.as_ref().map_or("", RecordId::as_str), ROWS)?;
            let next = found.last().filter(|_| found.len() == ROWS).map(|last| last.id.to_string());
            let rows = found.into_iter().map(|found| Ok::<_, AppError>(row(&Stored::read(found)?)));
            let mut rows = rows.collect::<Result<Vec<PublishedRow>, AppError>>()?;
            rows.sort_by(|a, b| b.amount_fen.cmp(&a.amount_fen).then_with(|| a.firm_name.cmp(&b.firm_name)));
            Ok(PublishedList { line: line(&kept.value), rows, next })
        })
    }
}

fn list_id(name: &str) -> RecordId {
    RecordId::derive("pub", name)
}

/// Keeps the list, or adds to it what is published later; `one` is on it.
fn keep_list(tx: &mut Tx<'_>, name: &str, one: &Promised, (rows, total): (usize, Fen)) -> Result<(), AppError> {
    let before = find::<ListKept>(&mut tx.view(), &list_id(name))?;
    let open = one.entitlement.list().and_then(|(_, until)| until);
    let claim = one.entitlement.claim();
    let (rows_before, total_before, version) = before.map_or((0, Fen::ZERO, 0), |stored| (stored.value.rows, stored.value.total, stored.version));
    let kept = ListKept {
        id: list_id(name),
        name: name.to_string(),
        measure: claim.measure.clone(),
        measure_name: one.grounds.measure_name.clone(),
        period: claim.period.clone(),
        region: claim.region,
        rows: rows_before + rows,
        total: Fen(total_before.0.saturating_add(total.0)),
        open_until: open,
    };
    let did = Did { act: "publish".into(), words: text!("公示 {rows} 户", "{rows} published"), details: BTreeMap::new() };
    keep(tx, &kept, version, name, &did, &[]).map(drop)
}

fn line(kept: &ListKept) -> PublishedLine {
    PublishedLine {
        list: kept.name.clone(),
        measure: kept.measure.clone(),
        measure_name: kept.measure_name.clone(),
        period: kept.period.clone(),
        region_name: kept.region.path(),
        open_until: kept.open_until.map(Timestamp::china_minute),
        rows: kept.rows,
        total: kept.total.text(),
        total_fen: kept.total,
    }
}

fn row(stored: &Stored<Promised>) -> PublishedRow {
    let (claim, state) = (stored.value.entitlement.claim(), stored.value.entitlement.state());
    PublishedRow {
        id: claim.id.clone(),
        version: stored.version,
        firm_name: stored.value.grounds.firm_name.clone(),
        amount: claim.amount.text(),
        amount_fen: claim.amount,
        state_name: AnyEntitlement::state_name(state).unwrap_or_default(),
    }
}
