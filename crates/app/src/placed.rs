//! Records that have a place of their own, for maps. What has none lies where its region's seat is.

use crate::follow::index_error;
use crate::record::reference;
use crate::{App, AppError, RecordRef, Viewer};
use duijie_record::{FieldType, Record, schema};
use duijie_search::{PLACED, PLACED_YES, Query, Sort};
use duijie_vocab::{Point, RegionCode, Text};
use serde::Serialize;

/// Records with a place of their own, the newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Placed {
    pub records: Vec<PlacedRecord>,
    /// How many there are, beyond those in `records` too.
    pub total: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct PlacedRecord {
    pub record: RecordRef,
    pub kind_name: Text,
    /// In degrees.
    pub longitude: f64,
    pub latitude: f64,
    /// The place as a person reads it.
    pub shown: Text,
}

impl App {
    /// At most `limit` records of `kinds` in `region` that say where they are, as far as the viewer may know of them.
    pub fn placed(&self, viewer: &Viewer, kinds: &[&str], region: RegionCode, limit: usize) -> Result<Placed, AppError> {
        let mut query = Query::text(String::new());
        query.kinds = kinds.iter().map(ToString::to_string).collect();
        query.region = Some(region).filter(|region| *region != RegionCode::NATION);
        query.filters = vec![(PLACED.to_string(), PLACED_YES.to_string())];
        query.viewer = viewer.clearance();
        query.sort = Sort::Newest;
        query.limit = limit;
        let found = self.index.search(&query).map_err(index_error)?;
        let ids: Vec<_> = found.hits.into_iter().map(|hit| hit.id).collect();
        let rows = self.store().read(|view| view.get_many(&ids))?;
        let mut records: Vec<Record> = rows.into_iter().map(|row| row.record).collect();
        // The index may be a moment behind: what it found is looked at as it is now.
        records.retain(|record| record.visibility <= viewer.clearance() && record.state == duijie_record::RecordState::Active);
        records.sort_by(|a, b| (b.updated, &b.id).cmp(&(a.updated, &a.id)));
        Ok(Placed { records: records.iter().filter_map(placed).collect(), total: found.total })
    }
}

/// The record on the map, if it says where it is.
fn placed(record: &Record) -> Option<PlacedRecord> {
    let schema = schema(&record.kind)?;
    let field = schema.fields().find(|field| field.ty == FieldType::Point)?;
    let point = Point::parse(record.text(&field.key)).ok()?;
    let shown = Text::new(point.chinese(), point.english());
    Some(PlacedRecord { record: reference(record), kind_name: schema.name.clone(), longitude: point.longitude(), latitude: point.latitude(), shown })
}
