//! Lists of records: what is wanted, in which order, from where on.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row};
use duijie_record::{Record, RecordState, Visibility};
use duijie_vocab::{Digest, RecordId, RegionCode};
use std::fmt;

/// A record's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    pub record: Record,
    /// What the record is called.
    pub title: String,
    /// `Record::content_digest` of the record.
    pub digest: Digest,
    /// The last entry that changed the row.
    pub entry: i64,
}

/// Which records are wanted. The default wants every active record that everybody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Records in any of these regions or below; empty for all.
    pub regions: Vec<RegionCode>,
    /// The most confidential level that the reader may see.
    pub visibility: Visibility,
    /// Records in any of these states by their words; empty for all.
    pub states: Vec<String>,
    /// Only these records, at most 500; empty for all.
    pub ids: Vec<RecordId>,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { regions: Vec::new(), visibility: Visibility::Public, states: vec![RecordState::Active.as_str().to_string()], ids: Vec::new() }
    }
}

impl Filter {
    /// Every record in every state.
    pub fn everything() -> Filter {
        Filter { regions: Vec::new(), visibility: Visibility::Office, states: Vec::new(), ids: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Last changed first.
    #[default]
    Updated,
    /// By title, character by character.
    Title,
    Id,
}

/// Where a list goes on: after the record with this key and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    key: String,
    id: RecordId,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<RecordRow>,
    /// Where the list goes on, if it does.
    pub next: Option<Cursor>,
}

/// The most records in a page.
pub(crate) const MAX_PAGE: usize = 1000;

/// The most ids in a filter.
pub(crate) const MAX_IDS: usize = 500;

pub(crate) const COLUMNS: &str = "body, title, digest, entry";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.key)
    }
}

impl Cursor {
    /// Reads what `Display` wrote for a list in `order`.
    pub fn parse(order: Order, text: &str) -> Option<Cursor> {
        let (id, key) = text.split_once('.')?;
        let fits = match order {
            Order::Updated => key.parse::<i64>().is_ok(),
            Order::Title => true,
            Order::Id => key.is_empty(),
        };
        let id = RecordId::parse(id).filter(|_| fits)?;
        Some(Cursor { key: key.to_string(), id })
    }
}

/// SQL that is put together with its parameters.
pub(crate) struct Query {
    sql: String,
    args: Vec<Owned>,
}

enum Owned {
    Text(String),
    Int(i64),
}

impl Query {
    pub(crate) fn new(sql: String) -> Query {
        Query { sql, args: Vec::new() }
    }

    pub(crate) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    pub(crate) fn text(&mut self, value: impl Into<String>) {
        self.args.push(Owned::Text(value.into()));
        self.number();
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.args.push(Owned::Int(value));
        self.number();
    }

    fn number(&mut self) {
        self.sql.push('$');
        self.sql.push_str(&self.args.len().to_string());
    }

    pub(crate) fn any_of<T: Into<String>>(&mut self, column: &str, values: impl Iterator<Item = T>) {
        self.push(&format!(" AND {column} IN ("));
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.push(",");
            }
            self.text(value);
        }
        self.push(")");
    }

    /// `AND …` for every part of `filter`.
    pub(crate) fn filter(&mut self, filter: &Filter) {
        let visible = Visibility::ALL.into_iter().filter(|level| *level <= filter.visibility);
        if filter.visibility != Visibility::Office {
            self.any_of("visibility", visible.map(Visibility::as_str));
        }
        if !filter.states.is_empty() {
            self.any_of("state", filter.states.iter().map(String::as_str));
        }
        if !filter.ids.is_empty() {
            self.any_of("id", filter.ids.iter().take(MAX_IDS).map(RecordId::as_str));
        }
        self.regions(&filter.regions);
    }

    /// `AND …` for a region in any of `regions` or below; nothing if there are none.
    pub(crate) fn regions(&mut self, regions: &[RegionCode]) {
        for (at, region) in regions.iter().enumerate() {
            let (from, to) = region.code_range();
            self.push(if at == 0 { " AND (region >= " } else { " OR region >= " });
            self.text(from);
            self.push(" AND region < ");
            self.text(to);
        }
        if !regions.is_empty() {
            self.push(")");
        }
    }

    pub(crate) fn run<T>(&self, conn: &mut Conn, read: impl FnMut(&Row<'_>) -> Result<T, StoreFault>) -> Result<Vec<T>, StoreFault> {
        let args: Vec<Arg<'_>> = self
            .args
            .iter()
            .map(|arg| match arg {
                Owned::Text(text) => Arg::Text(text),
                Owned::Int(number) => Arg::Int(*number),
            })
            .collect();
        conn.query(&self.sql, &args, read)
    }
}

/// One page of the records of `kind`.
pub(crate) fn page(conn: &mut Conn, kind: &str, filter: &Filter, order: Order, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreFault> {
    let limit = limit.clamp(1, MAX_PAGE);
    // By id the primary key is the way; an expression instead of the bare column keeps the engine
    // from sorting all records of the kind.
    let column = if order == Order::Id { "kind || ''" } else { "kind" };
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM record WHERE {column} = "));
    query.text(kind);
    query.filter(filter);
    if let Some(after) = after {
        query.push(match order {
            Order::Updated => " AND (updated, id) < (",
            Order::Title => " AND (title, id) > (",
            Order::Id => " AND id > ",
        });
        match order {
            Order::Updated => query.int(after.key.parse().unwrap_or(i64::MAX)),
            Order::Title => query.text(after.key.as_str()),
            Order::Id => {}
        }
        query.push(if order == Order::Id { "" } else { "," });
        query.text(after.id.as_str());
        query.push(if order == Order::Id { "" } else { ")" });
    }
    query.push(match order {
        Order::Updated => " ORDER BY updated DESC, id DESC LIMIT ",
        Order::Title => " ORDER BY title, id LIMIT ",
        Order::Id => " ORDER BY id LIMIT ",
    });
    query.int(limit as i64 + 1);
    let mut rows = query.run(conn, read_row)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        key: match order {
            Order::Updated => last.record.updated.micros().to_string(),
            Order::Title => last.title.clone(),
            Order::Id => String::new(),
        },
        id: last.record.id.clone(),
    });
    Ok(Page { rows, next })
}

pub(crate) fn read_row(row: &Row<'_>) -> Result<RecordRow, StoreFault> {
    let body = row.text(0)?;
    let record = serde_json::from_str(&body).map_err(|why| StoreFault::unreadable("a record", why))?;
    Ok(RecordRow { record, title: row.text(1)?, digest: row.digest(2)?, entry: row.int(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_address_bar() {
        let cursor = Cursor { key: "常州.a.b".into(), id: RecordId::derive("org", "x") };
        assert_eq!(Cursor::parse(Order::Title, &cursor.to_string()), Some(cursor.clone()));
        assert_eq!(Cursor::parse(Order::Updated, &cursor.to_string()), None, "a title is no moment");
        assert_eq!(Cursor::parse(Order::Id, &cursor.to_string()), None);
        assert_eq!(Cursor::parse(Order::Title, "no"), None);
    }
}
