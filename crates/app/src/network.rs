//! Who works with whom on what, over a whole region: the records that most others are tied to, each
//! with those that are tied to it. Of a million records it takes the most connected.

use crate::record::reference;
use crate::{App, AppError, RecordRef, Viewer};
use duijie_record::schema;
use duijie_store::{Filter, View};
use duijie_vocab::{RecordId, RegionCode, Text};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// The most connected records and what is tied to them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Network {
    pub hubs: Vec<Hub>,
    /// Ties from a record beside one hub to a further hub: places in `hubs`, and in the ties of the first.
    pub bridges: Vec<Bridge>,
    /// The journal entry up to which it was looked at.
    pub as_of: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Hub {
    pub record: RecordRef,
    /// All records that are tied to it, those not listed included.
    pub degree: usize,
    pub ties: Vec<HubTie>,
}

#[derive(Clone, Debug, Serialize)]
pub struct HubTie {
    pub record: RecordRef,
    pub what: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bridge {
    pub hub: usize,
    pub tie: usize,
    pub other: usize,
}

/// Hubs that are looked for, ties that are listed of each, and records in all.
const HUBS: usize = 80;
const TIES: usize = 120;
const NODES: usize = 2_000;
/// A picture of everything is made anew after so many entries.
const ENTRIES: i64 = 256;

impl App {
    /// The network of what lies in `region`, as far as the viewer may see it.
    pub fn network(&self, viewer: &Viewer, region: RegionCode) -> Result<Network, AppError> {
        let head = self.store().read(|view| view.head())?.seq;
        self.networks.get(head / ENTRIES, &format!("{:?} {region}", viewer.clearance()), || self.draw_network(viewer, region, head))
    }

    fn draw_network(&self, viewer: &Viewer, region: RegionCode, as_of: i64) -> Result<Network, AppError> {
        let regions = Some(region).into_iter().filter(|region| *region != RegionCode::NATION).collect();
        let filter = Filter { visibility: viewer.clearance(), regions, ..Filter::default() };
        self.store().read(|view| {
            let most = view.most_linked(&filter, HUBS)?;
            let ids: Vec<RecordId> = most.iter().map(|(id, _)| id.clone()).collect();
            let mut around: HashMap<RecordId, Vec<(RecordId, String)>> = HashMap::new();
            for (hub, from, field) in view.linked_to_any(&ids, &filter, NODES * 4)? {
                around.entry(hub).or_default().push((from, field));
            }
            gather(view, &most, &around, as_of)
        })
    }
}

fn gather(view: &mut View<'_>, most: &[(RecordId, i64)], around: &HashMap<RecordId, Vec<(RecordId, String)>>, as_of: i64) -> Result<Network, AppError> {
    let hubs: HashSet<&RecordId> = most.iter().map(|(id, _)| id).collect();
    let mut network = Network { as_of, ..Network::default() };
    let mut seen: HashMap<RecordId, (usize, usize)> = HashMap::new();
    for (id, degree) in most {
        let Some(row) = view.get(id)? else { continue };
        let mut hub = Hub { record: reference(&row.record), degree: usize::try_from(*degree).unwrap_or(0), ties: Vec::new() };
        let here = network.hubs.len();
        for (from, field) in around.get(id).into_iter().flatten() {
            // A record stands once, at the hub that has the most; its other ties are bridges.
            if let Some((first, tie)) = seen.get(from) {
                network.bridges.extend((*first != here).then_some(Bridge { hub: *first, tie: *tie, other: here }));
            } else if hub.ties.len() < TIES && seen.len() < NODES && !hubs.contains(from) {
                let Some(row) = view.get(from)? else { continue };
                let what = schema(&row.record.kind).and_then(|schema| schema.field(field)).map(|field| field.name.clone()).unwrap_or_default();
                seen.insert(from.clone(), (here, hub.ties.len()));
                hub.ties.push(HubTie { record: reference(&row.record), what });
            }
        }
        network.hubs.push(hub);
    }
    Ok(network)
}
