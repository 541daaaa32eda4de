//! Who works with whom: a record in the middle, what it is tied to around it, and what those are
//! tied to further out; as a picture and as a table that says the same.

use super::named;
use crate::chart::tenth;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{App, AppError, RecordRef, RecordView, Viewer};
use duijie_vocab::{RecordId, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct GraphPage {
    pub(crate) of: RecordRef,
    /// The part of the plane that holds everything, as a view box.
    pub(crate) view: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) lines: Vec<Line>,
    pub(crate) ties: Vec<Tie>,
    /// Whether there are more ties than are shown.
    pub(crate) more: bool,
}

/// A tie between two records, and what it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tie {
    pub(crate) from: RecordRef,
    pub(crate) what: Text,
    pub(crate) to: RecordRef,
}

#[derive(Serialize)]
pub(crate) struct Node {
    pub(crate) record: RecordRef,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) r: f64,
    /// The title, shortened to what there is room for.
    pub(crate) label: String,
    /// `start`, `middle` or `end`: the side of the node on which the label stands.
    pub(crate) anchor: &'static str,
    pub(crate) label_x: f64,
    pub(crate) label_y: f64,
}

#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) x1: f64,
    pub(crate) y1: f64,
    pub(crate) x2: f64,
    pub(crate) y2: f64,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 720.0;
/// Ties of the middle record, and of each around it.
const NEAR: usize = 18;
const FAR: usize = 4;
const LABEL: usize = 12;

pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (_, id) = named(&kind, &id)?;
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| gather(app, &viewer, &id)).await?;
    portal.pages.show(&portal, &visit, "graph.html", page)
}

fn gather(app: &App, viewer: &Viewer, id: &RecordId) -> Result<GraphPage, AppError> {
    let middle = app.record(viewer, id)?;
    let of = RecordRef { id: middle.id.clone(), kind: middle.kind.clone(), title: middle.title.clone() };
    let mut near = ties(&middle);
    let mut more = near.len() > NEAR;
    near.truncate(NEAR);
    let mut all = near.clone();
    for tie in &near {
        let other = if tie.from.id == of.id { &tie.to } else { &tie.from };
        let known = |tie: &Tie| all.iter().any(|seen| (&seen.from.id, &seen.to.id) == (&tie.from.id, &tie.to.id));
        let mut further: Vec<Tie> = ties(&app.record(viewer, &other.id)?).into_iter().filter(|tie| !known(tie)).collect();
        more |= further.len() > FAR;
        further.truncate(FAR);
        all.extend(further);
    }
    Ok(GraphPage::of(of, all, more))
}

/// What a record points to and what points to it, as its page shows them.
fn ties(record: &RecordView) -> Vec<Tie> {
    let own = RecordRef { id: record.id.clone(), kind: record.kind.clone(), title: record.title.clone() };
    let fields = record.groups.iter().flat_map(|group| &group.fields);
    let to = fields.filter_map(|field| Some(Tie { from: own.clone(), what: field.name.clone(), to: field.link.clone()? }));
    let from = record.relations.iter().flat_map(|relation| relation.records.iter().map(|other| (relation.name.clone(), other.clone())));
    to.chain(from.map(|(what, other)| Tie { from: other, what, to: own.clone() })).filter(|tie| tie.from.id != tie.to.id).collect()
}

impl GraphPage {
    pub(crate) fn of(of: RecordRef, ties: Vec<Tie>, more: bool) -> GraphPage {
        let places = places(&of.id, &ties);
        let mut nodes: Vec<Node> = Vec::new();
        let mut seen = BTreeSet::new();
        for record in std::iter::once(&of).chain(ties.iter().flat_map(|tie| [&tie.from, &tie.to])) {
            if seen.insert(record.id.clone()) {
                nodes.extend(places.get(&record.id).map(|place| Node::at(record, *place)));
            }
        }
        let line = |tie: &Tie| {
            let (from, to) = (places.get(&tie.from.id)?, places.get(&tie.to.id)?);
            Some(Line { x1: tenth(from.x), y1: tenth(from.y), x2: tenth(to.x), y2: tenth(to.y) })
        };
        GraphPage { view: view(&nodes), lines: ties.iter().filter_map(line).collect(), of, nodes, ties, more }
    }
}

/// What the nodes and their labels take up, with a margin.
fn view(nodes: &[Node]) -> String {
    const LABEL_WIDE: f64 = 180.0;
    let bound = |of: fn(&Node) -> f64| {
        let values = nodes.iter().map(of);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((west, east), (top, bottom)) = (bound(|node| node.x), bound(|node| node.y));
    let (wide, tall) = ((east - west + 2.0 * LABEL_WIDE).max(720.0), (bottom - top + 120.0).max(240.0));
    format!("{:.0} {:.0} {wide:.0} {tall:.0}", f64::midpoint(west, east) - wide / 2.0, f64::midpoint(top, bottom) - tall / 2.0)
}

#[derive(Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
    ring: u8,
}

/// The middle, a ring of what it is tied to, and a ring of what those are tied to, each close to
/// the one that it hangs on.
fn places(middle: &RecordId, ties: &[Tie]) -> BTreeMap<RecordId, Place> {
    let neighbours = |id: &RecordId| -> Vec<RecordId> {
        let other = |tie: &Tie| if tie.from.id == *id { Some(tie.to.id.clone()) } else { (tie.to.id == *id).then(|| tie.from.id.clone()) };
        ties.iter().filter_map(other).collect()
    };
    let (across, down) = (WIDTH / 2.0, HEIGHT / 2.0);
    let mut places = BTreeMap::from([(middle.clone(), Place { x: across, y: down, ring: 0 })]);
    let mut near: Vec<RecordId> = Vec::new();
    for id in neighbours(middle) {
        if !near.contains(&id) {
            near.push(id);
        }
    }
    let on_ring = |angle: f64, share: f64, ring| Place { x: across + across * share * angle.cos(), y: down + down * share * angle.sin(), ring };
    let step = std::f64::consts::TAU / near.len().max(1) as f64;
    for (place, id) in near.iter().enumerate() {
        places.insert(id.clone(), on_ring(step * place as f64 - std::f64::consts::FRAC_PI_2, 0.46, 1));
    }
    for (place, id) in near.iter().enumerate() {
        let far: Vec<RecordId> = neighbours(id).into_iter().filter(|other| !places.contains_key(other)).collect();
        let count = far.len();
        for (rank, other) in far.into_iter().enumerate() {
            let aside = (rank as f64 + 1.0) / (count as f64 + 1.0) - 0.5;
            places.insert(other, on_ring(step * (place as f64 + aside * 0.9) - std::f64::consts::FRAC_PI_2, 0.86, 2));
        }
    }
    places
}

impl Node {
    fn at(record: &RecordRef, place: Place) -> Node {
        let r = [18.0, 12.0, 8.0][usize::from(place.ring.min(2))];
        let aside = place.x - WIDTH / 2.0;
        let anchor = if place.ring == 0 || aside.abs() < WIDTH * 0.12 {
            "middle"
        } else if aside > 0.0 {
            "start"
        } else {
            "end"
        };
        let (dx, dy) = match anchor {
            "start" => (r + 5.0, 5.0),
            "end" => (-r - 5.0, 5.0),
            _ if place.y < HEIGHT / 2.0 => (0.0, -r - 7.0),
            _ => (0.0, r + 19.0),
        };
        let mut label: String = record.title.chars().take(LABEL).collect();
        if record.title.chars().count() > LABEL {
            label.push('…');
        }
        Node { record: record.clone(), x: tenth(place.x), y: tenth(place.y), r, label, anchor, label_x: tenth(place.x + dx), label_y: tenth(place.y + dy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str) -> RecordRef {
        RecordRef { id: RecordId::derive("organization", name), kind: "organization".into(), title: name.into() }
    }

    #[test]
    fn everybody_has_a_place_of_their_own_within_the_picture() {
        let tie = |a: &str, b: &str| Tie { from: record(a), what: Text::default(), to: record(b) };
        let ties = vec![tie("a", "b"), tie("c", "a"), tie("b", "d"), tie("b", "e"), tie("c", "d"), tie("c", "f")];
        let page = GraphPage::of(record("a"), ties, false);
        assert_eq!((page.nodes.len(), page.lines.len()), (6, 6));
        for (place, node) in page.nodes.iter().enumerate() {
            assert!((0.0..=WIDTH).contains(&node.x) && (0.0..=HEIGHT).contains(&node.y));
            assert!(page.nodes[..place].iter().all(|other| (other.x - node.x).hypot(other.y - node.y) > 20.0), "{} lies on another", node.label);
        }
    }
}
