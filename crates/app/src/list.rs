//! Lists of one kind in the order of their last changes, which a program walks from end to end
//! with a cursor, however many there are.

use crate::resume::resumed;
use crate::{App, AppError, Viewer};
use duijie_store::{Cursor, Filter, Order, RecordRow};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use serde::Serialize;

/// A part of a list.
#[derive(Clone, Debug, Serialize)]
pub struct ListPage {
    pub records: Vec<ListLine>,
    /// Where the list goes on, if it does.
    pub next: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ListLine {
    pub id: RecordId,
    pub kind: String,
    pub title: String,
    pub region: RegionCode,
    pub version: i64,
    pub updated: Timestamp,
}

impl App {
    /// At most `limit` records of `kind`, last changed first, from the place `after` on.
    pub fn list(&self, viewer: &Viewer, kind: &str, region: Option<RegionCode>, after: Option<&str>, limit: usize) -> Result<ListPage, AppError> {
        duijie_record::schema(kind).ok_or(AppError::NotFound)?;
        let after = resumed(after, |place| Cursor::parse(Order::Updated, place))?;
        let filter = Filter {
            visibility: viewer.clearance(),
            regions: region.into_iter().filter(|region| *region != RegionCode::NATION).collect(),
            ..Filter::default()
        };
        let page = self.store().read(|view| view.list(kind, &filter, Order::Updated, after.as_ref(), limit))?;
        Ok(ListPage { records: page.rows.into_iter().map(line).collect(), next: page.next.map(|next| next.to_string()) })
    }
}

fn line(row: RecordRow) -> ListLine {
    let record = row.record;
    ListLine { id: record.id, kind: record.kind, title: row.title, region: record.region, version: record.version, updated: record.updated }
}
