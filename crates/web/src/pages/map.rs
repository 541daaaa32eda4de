//! The cloud map: instruments, stations, facilities and what else can be shared, by region, as
//! bubbles and as a list that says the same. Where scripts run, the list is what they draw from.

use crate::chart::tenth;
use crate::fault::Fault;
use crate::kind;
use crate::places::place;
use crate::portal::Portal;
use crate::tiles::{Projection, Tile, TileLayer, mercator};
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Placed, Spread};
use duijie_vocab::{Lang, RegionCode, RegionLevel};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct MapPage {
    pub(crate) spread: Spread,
    pub(crate) name: String,
    /// The regions above, the widest first: name and address.
    pub(crate) above: Vec<(String, String)>,
    pub(crate) bubbles: Vec<Bubble>,
    /// Pictures of the land from an outside service, and whom they are from.
    pub(crate) tiles: Vec<Tile>,
    pub(crate) credit: String,
    /// The addresses of each of these layers, for scripts.
    pub(crate) live_tiles: Vec<Vec<String>>,
    /// Places that are known, as faint points that let the shape of the land be guessed.
    pub(crate) points: Vec<Point>,
    /// What scripts need to know of each part of the spread.
    pub(crate) spots: Vec<Spot>,
    /// The kinds that can be shown: key, whether it is chosen, and the address that turns it round.
    pub(crate) layers: Vec<Layer>,
    /// What links to lists keep.
    pub(crate) kinds: Vec<String>,
    /// Records with a place of their own, on the map of a city.
    pub(crate) marks: Vec<Mark>,
    /// How many there are, and how many the circles count in all.
    pub(crate) placed: usize,
    pub(crate) counted: usize,
    /// Whether this map shows places of single records.
    pub(crate) near: bool,
}

/// A record where it is.
#[derive(Serialize)]
pub(crate) struct Mark {
    pub(crate) kind: String,
    pub(crate) kind_name: String,
    pub(crate) title: String,
    pub(crate) href: String,
    /// Longitude and latitude, and the same in words.
    pub(crate) at: (f64, f64),
    pub(crate) shown: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Where a part lies, if that is known, and the map of what is in it.
#[derive(Serialize)]
pub(crate) struct Spot {
    /// Longitude and latitude.
    pub(crate) at: Option<(f64, f64)>,
    pub(crate) down: String,
}

/// A place in degrees and in the picture.
#[derive(Serialize)]
pub(crate) struct Point {
    pub(crate) at: (f64, f64),
    pub(crate) x: f64,
    pub(crate) y: f64,
}

#[derive(Serialize)]
pub(crate) struct Bubble {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) r: f64,
    pub(crate) total: usize,
    /// Where the name stands, if there is room for it.
    pub(crate) label: Option<Label>,
}

/// The middle of a name's first or last character, by `anchor`.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Label {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) anchor: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Layer {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) chosen: bool,
    pub(crate) href: String,
}

/// What the map shows at first, and what else it can.
const LAYERS: [&str; 8] = ["instrument", "station", "facility", "organization", "expert", "need", "offer", "service"];
const FIRST: usize = 3;
/// Records of their own place that one map shows.
const MARKS: usize = 200;
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 560.0;
const MARGIN: f64 = 60.0;
/// What lies farther from the seat of its region than this does not widen the map.
const FAR_DEGREES: f64 = 2.0;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let region = super::search::region_of(&visit.query)?.unwrap_or(RegionCode::NATION);
    let mut kinds: Vec<&'static str> = LAYERS.into_iter().filter(|layer| visit.query.all("kind").any(|kind| kind == *layer)).collect();
    if kinds.is_empty() {
        kinds = LAYERS[..FIRST].to_vec();
    }
    let (viewer, wanted) = (visit.viewer.clone(), kinds.clone());
    let shown = portal.ask(move |app| {
        let placed = if near(region) { app.placed(&viewer, &wanted, region, MARKS)? } else { Placed::default() };
        Ok((app.spread(&viewer, &wanted, region)?, placed))
    });
    portal.pages.show(&portal, &visit, "map.html", MapPage::of(&visit, &kinds, shown.await?, (&portal.options.tiles, &portal.options.tiles_credit)))
}

/// Whether a map of `region` has room for single records; on wider ones they would lie on one spot.
fn near(region: RegionCode) -> bool {
    matches!(region.level(), RegionLevel::City | RegionLevel::County)
}

impl MapPage {
    pub(crate) fn of(visit: &Visit, kinds: &[&str], (spread, placed): (Spread, Placed), (layers, credit): (&[TileLayer], &str)) -> MapPage {
        let address = |region: RegionCode, kinds: &[&str]| {
            let query = kinds.iter().fold(crate::query::Pairs::default(), |query, kind| query.with("kind", kind));
            if region == RegionCode::NATION { query } else { query.with("region", &region.to_string()) }.behind("/map")
        };
        let layer = |layer: &&str| {
            let chosen = kinds.contains(layer);
            let next: Vec<&str> = LAYERS.into_iter().filter(|other| if other == layer { !chosen } else { kinds.contains(other) }).collect();
            let name = kind::known(layer).map(|schema| kind::plural(schema, visit.lang)).unwrap_or_default();
            Layer { kind: (*layer).to_string(), name: name.to_string(), chosen, href: address(spread.region, &next) }
        };
        let mut above = Vec::new();
        let mut at = spread.region.parent();
        while let Some(region) = at {
            above.insert(0, (region.name().to_string(), address(region, kinds)));
            at = region.parent();
        }
        let down = |region: RegionCode| if region.level() == RegionLevel::County { format!("/region/{region}") } else { address(region, kinds) };
        let drawn = projection(&spread, &placed).map(|picture| {
            let bubbles = bubbles(&spread, &picture, down);
            let tiles = layers.iter().flat_map(|layer| layer.tiles(&picture)).collect();
            (bubbles, points(&picture), tiles, marks(&placed, &picture, visit.lang))
        });
        let (bubbles, points, tiles, marks) = drawn.unwrap_or_default();
        MapPage {
            name: spread.region.name().to_string(),
            above,
            bubbles,
            points,
            tiles,
            live_tiles: layers.iter().map(TileLayer::addresses).collect(),
            spots: spread.parts.iter().map(|part| Spot { at: place(part.region), down: down(part.region) }).collect(),
            credit: credit.to_string(),
            layers: LAYERS.iter().map(layer).collect(),
            kinds: kinds.iter().map(|kind| (*kind).to_string()).collect(),
            marks,
            placed: placed.total,
            counted: spread.totals.iter().sum(),
            near: near(spread.region),
            spread,
        }
    }
}

/// How the parts and records that have a place fill the picture; nothing if none has one.
fn projection(spread: &Spread, records: &Placed) -> Option<Projection> {
    let seats = spread.parts.iter().filter_map(|part| place(part.region));
    // One record far away, such as a branch abroad, would make a speck of everything else.
    let near = |at: &(f64, f64)| place(spread.region).is_none_or(|seat| (seat.0 - at.0).hypot(seat.1 - at.1) < FAR_DEGREES);
    let own = records.records.iter().map(|record| (record.longitude, record.latitude)).filter(near);
    let placed: Vec<(f64, f64)> = seats.chain(own).map(|(x, y)| (x, mercator(y))).collect();
    let bound = |of: fn(&(f64, f64)) -> f64| {
        let values = placed.iter().map(of);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((west, east), (south, north)) = (bound(|at| at.0), bound(|at| at.1));
    if placed.is_empty() {
        return None;
    }
    let degree = ((WIDTH - 2.0 * MARGIN) / (east - west).max(0.05)).min((HEIGHT - 2.0 * MARGIN) / (north - south).max(0.05));
    Some(Projection { size: (WIDTH, HEIGHT), middle: (f64::midpoint(west, east), f64::midpoint(south, north)), degree })
}

/// The parts as bubbles whose area goes with their total, the largest below the smaller ones.
fn bubbles(spread: &Spread, picture: &Projection, down: impl Fn(RegionCode) -> String) -> Vec<Bubble> {
    let placed: Vec<_> = spread.parts.iter().filter_map(|part| Some((part, place(part.region)?))).collect();
    let most = placed.iter().map(|(part, _)| part.total).max().unwrap_or(1).max(1);
    let bubble = |(part, (longitude, latitude)): &(&duijie_app::SpreadPart, (f64, f64))| Bubble {
        name: part.name.clone(),
        href: down(part.region),
        x: tenth(picture.x(*longitude)),
        y: tenth(picture.y(*latitude)),
        r: tenth(5.0 + 32.0 * (part.total as f64 / most as f64).sqrt()),
        total: part.total,
        label: None,
    };
    let mut bubbles: Vec<Bubble> = placed.iter().map(bubble).collect();
    name(&mut bubbles);
    bubbles
}

/// The records in the picture, each where it is.
fn marks(placed: &Placed, picture: &Projection, lang: Lang) -> Vec<Mark> {
    let mark = |found: &duijie_app::PlacedRecord| Mark {
        kind: found.record.kind.clone(),
        kind_name: found.kind_name.get(lang).to_string(),
        title: found.record.title.clone(),
        href: format!("/{}/{}", found.record.kind, found.record.id),
        at: (found.longitude, found.latitude),
        shown: found.shown.get(lang).to_string(),
        x: tenth(picture.x(found.longitude)),
        y: tenth(picture.y(found.latitude)),
    };
    placed.records.iter().map(mark).collect()
}

/// The places in the picture, as faint points.
fn points(picture: &Projection) -> Vec<Point> {
    let inside = |point: &Point| (0.0..=WIDTH).contains(&point.x) && (0.0..=HEIGHT).contains(&point.y);
    let point = |at: (f64, f64)| Point { at, x: tenth(picture.x(at.0)), y: tenth(picture.y(at.1)) };
    crate::places::all().map(point).filter(inside).collect()
}

/// Gives names their places, the fullest regions first: right of the bubble, left, above or below,
/// wherever no other name or bubble's middle is; without a place there is still the list.
fn name(bubbles: &mut [Bubble]) {
    const TALL: f64 = 18.0;
    const CHARACTER: f64 = 15.0;
    let mut taken: Vec<[f64; 4]> = bubbles.iter().map(|bubble| [bubble.x - 4.0, bubble.y - 4.0, bubble.x + 4.0, bubble.y + 4.0]).collect();
    for bubble in bubbles {
        let wide = bubble.name.chars().count() as f64 * CHARACTER;
        let (x, y, r) = (bubble.x, bubble.y, bubble.r + 4.0);
        let ways = [
            (Label { x: x + r, y, anchor: "start" }, x + r),
            (Label { x: x - r, y, anchor: "end" }, x - r - wide),
            (Label { x, y: y - r - TALL / 2.0, anchor: "middle" }, x - wide / 2.0),
            (Label { x, y: y + r + TALL / 2.0, anchor: "middle" }, x - wide / 2.0),
        ];
        let free = ways.into_iter().find_map(|(label, left)| {
            let own = [left, label.y - TALL / 2.0, left + wide, label.y + TALL / 2.0];
            let fits = own[0] >= 0.0 && own[1] >= 0.0 && own[2] <= WIDTH && own[3] <= HEIGHT;
            let apart = |other: &[f64; 4]| own[2] <= other[0] || other[2] <= own[0] || own[3] <= other[1] || other[3] <= own[1];
            (fits && taken.iter().all(apart)).then_some((label, own))
        });
        if let Some((label, own)) = free {
            taken.push(own);
            bubble.label = Some(label);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_on_no_other_name_and_within_the_picture() {
        let bubble = |x, y| Bubble { name: "常州市".into(), href: String::new(), x, y, r: 20.0, total: 1, label: None };
        let mut bubbles = vec![bubble(400.0, 300.0), bubble(405.0, 300.0), bubble(790.0, 300.0)];
        name(&mut bubbles);
        let anchors: Vec<_> = bubbles.iter().map(|bubble| bubble.label.map(|label| label.anchor)).collect();
        assert_eq!(anchors, [Some("start"), Some("end"), Some("end")]);
    }
}
