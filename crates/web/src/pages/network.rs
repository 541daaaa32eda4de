//! Who works with whom over a whole region: the most connected records as circles, what is tied to
//! them as points around them, and a table that says the same. A name that is looked for stands out.

use crate::chart::tenth;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Network, RecordRef};
use duijie_vocab::{RegionCode, Text};
use serde::Serialize;
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct NetworkPage {
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) q: String,
    pub(crate) view: String,
    pub(crate) clusters: Vec<Cluster>,
    /// Lines between clusters.
    pub(crate) bridges: Vec<[f64; 4]>,
    /// How many records are drawn.
    pub(crate) drawn: usize,
    /// What the search found: the record, what it is to the hub, and the hub.
    pub(crate) found: Vec<(RecordRef, Text, RecordRef)>,
    pub(crate) as_of: i64,
}

/// A hub with what is tied to it.
#[derive(Serialize)]
pub(crate) struct Cluster {
    pub(crate) record: RecordRef,
    pub(crate) degree: usize,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) r: f64,
    /// The name, where there is room for it.
    pub(crate) label: Option<String>,
    pub(crate) label_y: f64,
    pub(crate) hit: bool,
    pub(crate) points: Vec<Point>,
}

#[derive(Serialize)]
pub(crate) struct Point {
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) hit: bool,
}

/// The angle between neighbours in a sunflower, which lays any number of seeds evenly.
const GOLDEN: f64 = PI * 0.763_932_022_500_210_3;
/// Room for one point.
const SEED: f64 = 7.0;
const HUB: f64 = 9.0;
const LABEL: usize = 10;
const LABEL_TALL: f64 = 20.0;
const LABELLED: usize = 30;
const FOUND: usize = 100;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = super::search::region_of(&visit.query)?.unwrap_or(RegionCode::NATION);
    let q: String = visit.query.get("q").unwrap_or_default().chars().take(60).collect();
    let viewer = visit.viewer.clone();
    let network = portal.ask(move |app| app.network(&viewer, region)).await?;
    portal.pages.show(&portal, &visit, "network.html", NetworkPage::of(&network, region, q))
}

impl NetworkPage {
    pub(crate) fn of(network: &Network, region: RegionCode, q: String) -> NetworkPage {
        let wanted = q.to_lowercase();
        let hit = |record: &RecordRef| !wanted.is_empty() && record.title.to_lowercase().contains(&wanted);
        let places = packed(&network.hubs.iter().map(|hub| room(hub.ties.len())).collect::<Vec<_>>());
        let mut clusters = Vec::new();
        let mut found = Vec::new();
        for (rank, (hub, (x, y))) in network.hubs.iter().zip(&places).enumerate() {
            let point = |(seed, tie): (usize, &duijie_app::HubTie)| {
                let (at, angle) = (HUB + SEED * (seed as f64 + 1.0).sqrt(), GOLDEN * seed as f64);
                Point {
                    title: tie.record.title.clone(),
                    kind: tie.record.kind.clone(),
                    x: tenth(x + at * angle.cos()),
                    y: tenth(y + at * angle.sin()),
                    hit: hit(&tie.record),
                }
            };
            let is_hit = hit(&hub.record);
            found.extend(is_hit.then(|| (hub.record.clone(), Text::default(), hub.record.clone())));
            found.extend(hub.ties.iter().filter(|tie| hit(&tie.record)).map(|tie| (tie.record.clone(), tie.what.clone(), hub.record.clone())));
            clusters.push(Cluster {
                record: hub.record.clone(),
                degree: hub.degree,
                x: tenth(*x),
                y: tenth(*y),
                r: HUB,
                label: (rank < LABELLED || is_hit).then(|| shortened(&hub.record.title)),
                label_y: tenth(y + room(hub.ties.len()) - LABEL_TALL / 2.0),
                hit: is_hit,
                points: hub.ties.iter().enumerate().map(point).collect(),
            });
        }
        found.truncate(FOUND);
        let bridge = |bridge: &duijie_app::Bridge| {
            let (from, to) = (clusters.get(bridge.hub)?.points.get(bridge.tie)?, clusters.get(bridge.other)?);
            Some([from.x, from.y, to.x, to.y])
        };
        NetworkPage {
            region: if region == RegionCode::NATION { String::new() } else { region.to_string() },
            name: region.name().to_string(),
            q,
            view: view(&clusters),
            bridges: network.bridges.iter().filter_map(bridge).collect(),
            drawn: clusters.iter().map(|cluster| cluster.points.len() + 1).sum(),
            clusters,
            found,
            as_of: network.as_of,
        }
    }
}

fn shortened(title: &str) -> String {
    let mut label: String = title.chars().take(LABEL).collect();
    if title.chars().count() > LABEL {
        label.push('…');
    }
    label
}

/// The radius of a hub with so many points around it, and its name below.
fn room(ties: usize) -> f64 {
    HUB + SEED * ((ties as f64 + 1.0).sqrt() + 1.0) + LABEL_TALL
}

/// Middles for circles of these radii, the first in the middle, none on another, as close as a walk
/// along a spiral finds them.
fn packed(radii: &[f64]) -> Vec<(f64, f64)> {
    let mut placed: Vec<(f64, f64, f64)> = Vec::new();
    for radius in radii {
        let mut turn = 0.0_f64;
        let free = loop {
            let (x, y) = (6.0 * turn * turn.cos() * 1.35, 6.0 * turn * turn.sin());
            if placed.iter().all(|(other_x, other_y, other)| (other_x - x).hypot(other_y - y) >= other + radius) {
                break (x, y);
            }
            // Steps of about the same length, so that far turns are not skipped over.
            turn += TAU / (6.0 + turn * 2.0);
        };
        placed.push((free.0, free.1, *radius));
    }
    placed.into_iter().map(|(x, y, _)| (x, y)).collect()
}

fn view(clusters: &[Cluster]) -> String {
    let edge = |of: &dyn Fn(&Cluster, f64) -> f64, best: fn(f64, f64) -> f64, from: f64| {
        clusters.iter().map(|cluster| of(cluster, room(cluster.points.len()) + 40.0)).fold(from, best)
    };
    let (west, east) = (edge(&|c, r| c.x - r, f64::min, -300.0), edge(&|c, r| c.x + r, f64::max, 300.0));
    let (top, bottom) = (edge(&|c, r| c.y - r, f64::min, -200.0), edge(&|c, r| c.y + r, f64::max, 200.0));
    format!("{west:.0} {top:.0} {:.0} {:.0}", east - west, bottom - top)
}

#[cfg(test)]
mod tests {
    use super::*;
    use duijie_app::{Bridge, Hub, HubTie};
    use duijie_vocab::RecordId;

    fn record(name: &str) -> RecordRef {
        RecordRef { id: RecordId::derive("organization", name), kind: "organization".into(), title: name.into() }
    }

    /// Two thousand records around eighty.
    fn network() -> Network {
        let tie = |hub: usize, tie: usize| HubTie { record: record(&format!("leaf {hub} {tie}")), what: Text::default() };
        let hub = |hub: usize| Hub { record: record(&format!("hub {hub}")), degree: 24, ties: (0..24).map(|at| tie(hub, at)).collect() };
        Network { hubs: (0..80).map(hub).collect(), bridges: vec![Bridge { hub: 0, tie: 3, other: 79 }], as_of: 7 }
    }

    #[test]
    fn two_thousand_records_have_places_of_their_own() {
        let page = NetworkPage::of(&network(), RegionCode::NATION, String::new());
        assert_eq!((page.drawn, page.bridges.len(), page.found.len()), (2_000, 1, 0));
        let mut places: Vec<(f64, f64)> = page.clusters.iter().flat_map(|c| c.points.iter().map(|p| (p.x, p.y)).chain([(c.x, c.y)])).collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (at, (x, y)) in places.iter().enumerate() {
            let close = places[at + 1..].iter().take_while(|other| other.0 - x < 6.0).find(|other| (other.0 - x).hypot(other.1 - y) < 6.0);
            assert_eq!(close, None, "beside {x} {y}");
        }
    }

    #[test]
    fn what_is_looked_for_stands_out_and_in_the_table() {
        let page = NetworkPage::of(&network(), RegionCode::NATION, "LEAF 5 7".into());
        assert_eq!(page.found.iter().map(|(found, _, hub)| (found.title.as_str(), hub.title.as_str())).collect::<Vec<_>>(), [("leaf 5 7", "hub 5")]);
        assert_eq!(page.clusters.iter().flat_map(|cluster| &cluster.points).filter(|point| point.hit).count(), 1);
    }
}
