//! Matters: the state that `MatterMoved` entries leave, and lists of them.

use crate::StoreFault;
use crate::list::Query;
use crate::sql::{Arg, Conn, Row};
use crate::waiting;
use duijie_journal::Party;
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use serde_json::Value;
use std::fmt;

/// A matter's row: its last version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterRow {
    pub id: RecordId,
    pub kind: String,
    pub version: i64,
    pub state: String,
    pub region: RegionCode,
    pub due: Option<Timestamp>,
    pub updated: Timestamp,
    pub title: String,
    pub body: Value,
    /// The last entry that changed the row.
    pub entry: i64,
}

/// Which matters are wanted; the default wants all of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatterFilter {
    /// Matters in any of these states; empty for all.
    pub states: Vec<String>,
    /// Matters in any of these regions or below; empty for all.
    pub regions: Vec<RegionCode>,
    /// Matters that concern all of these, each in that role or, if none is named, in any.
    pub parties: Vec<(Option<String>, String)>,
    /// Matters whose next clock fires at this moment or before.
    pub due_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatterOrder {
    /// Last moved first.
    #[default]
    Updated,
    /// Next due first; only matters with a clock.
    Due,
}

/// Where a list of matters goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterCursor {
    micros: i64,
    id: RecordId,
}

/// A part of a list of matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterPage {
    pub rows: Vec<MatterRow>,
    pub next: Option<MatterCursor>,
}

/// How many matters of a kind are in a state and a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterCount {
    pub state: String,
    pub region: RegionCode,
    pub count: i64,
}

/// The most matters in a page.
const MAX_PAGE: usize = 1000;

pub(crate) const COLUMNS: &str = "id, kind, version, state, region, due, updated, title, body, entry";

impl fmt::Display for MatterCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.micros)
    }
}

impl MatterCursor {
    /// Where a list by [`MatterOrder::Updated`] goes on behind `row`.
    pub fn behind(row: &MatterRow) -> MatterCursor {
        MatterCursor { micros: row.updated.micros(), id: row.id.clone() }
    }

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<MatterCursor> {
        let (id, micros) = text.split_once('.')?;
        Some(MatterCursor { micros: micros.parse().ok()?, id: RecordId::parse(id)? })
    }
}

/// The version of a matter and the entry that left it; `None` if it is not there.
pub(crate) fn version(conn: &mut Conn, id: &RecordId) -> Result<Option<(i64, i64)>, StoreFault> {
    if let Some(waits) = conn.waiting().matters.version(id) {
        return Ok(Some(waits));
    }
    conn.first("SELECT version, entry FROM matter WHERE id = $1", &[Arg::Text(id.as_str())], |row| Ok((row.int(0)?, row.int(1)?)))
}

pub(crate) fn get(conn: &mut Conn, id: &RecordId) -> Result<Option<MatterRow>, StoreFault> {
    if let Some(waits) = conn.waiting().matters.row(id) {
        return Ok(Some(waits));
    }
    conn.first(&format!("SELECT {COLUMNS} FROM matter WHERE id = $1"), &[Arg::Text(id.as_str())], read)
}

pub(crate) fn parties(conn: &mut Conn, id: &RecordId) -> Result<Vec<Party>, StoreFault> {
    if let Some(wait) = conn.waiting().matters.parties(id) {
        return Ok(wait);
    }
    let sql = "SELECT role, who FROM matter_party WHERE id = $1 ORDER BY role, who";
    conn.query(sql, &[Arg::Text(id.as_str())], |row| Ok(Party { role: row.text(0)?, who: row.text(1)? }))
}

/// The matters of `kind` that concern any of `whos` in a role, each with whom.
pub(crate) fn of_parties(conn: &mut Conn, (kind, role): (&str, &str), whos: &[&str]) -> Result<Vec<(String, MatterRow)>, StoreFault> {
    if conn.waiting().matters.may_concern(kind, whos) {
        waiting::settle(conn)?;
    }
    let args: Vec<Arg<'_>> = whos.iter().map(|who| Arg::Text(who)).collect();
    let columns = COLUMNS.split(", ").map(|column| format!("matter.{column}")).collect::<Vec<_>>().join(", ");
    let sql = |rows: &str| {
        format!(
            "SELECT {columns}, matter_party.who FROM matter_party JOIN matter ON matter.id = matter_party.id
             WHERE matter_party.kind = $1 AND matter_party.role = $2 AND matter_party.who IN ({rows})"
        )
    };
    conn.query_rows_after(&[Arg::Text(kind), Arg::Text(role)], &args, 1, sql, |row| Ok((row.text(10)?, read(row)?)))
}

/// At most `limit` matters of `kind` that concern `who` in a role, in any of `states` (empty for all),
/// by id from the one after `after`: however many there are, a page costs what it holds.
pub(crate) fn concerning(
    conn: &mut Conn,
    (kind, role, who): (&str, &str, &str),
    states: &[&str],
    after: &str,
    limit: usize,
) -> Result<Vec<MatterRow>, StoreFault> {
    if conn.waiting().matters.may_concern(kind, &[who]) {
        waiting::settle(conn)?;
    }
    let columns = COLUMNS.split(", ").map(|column| format!("matter.{column}")).collect::<Vec<_>>().join(", ");
    let mut query = Query::new(format!("SELECT {columns} FROM matter_party JOIN matter ON matter.id = matter_party.id WHERE matter_party.who = "));
    query.text(who);
    query.push(" AND matter_party.kind = ");
    query.text(kind);
    query.push(" AND matter_party.role = ");
    query.text(role);
    query.push(" AND matter_party.id > ");
    query.text(after);
    if !states.is_empty() {
        query.any_of("matter.state", states.iter().copied());
    }
    query.push(" ORDER BY matter_party.id LIMIT ");
    query.int(limit.clamp(1, MAX_PAGE) as i64);
    query.run(conn, read)
}

/// A page of the matters of `kind`.
pub(crate) fn page(
    conn: &mut Conn,
    kind: &str,
    filter: &MatterFilter,
    order: MatterOrder,
    after: Option<&MatterCursor>,
    limit: usize,
) -> Result<MatterPage, StoreFault> {
    with_all_of(conn, kind)?;
    let limit = limit.clamp(1, MAX_PAGE);
    let (column, beyond, direction) = match order {
        MatterOrder::Updated => ("updated", "<", "DESC"),
        MatterOrder::Due => ("due", ">", "ASC"),
    };
    let mut query = Query::new(format!("SELECT {COLUMNS} FROM matter WHERE kind = "));
    query.text(kind);
    narrow(&mut query, filter);
    if order == MatterOrder::Due {
        query.push(" AND due IS NOT NULL");
    }
    if let Some(after) = after {
        query.push(&format!(" AND ({column}, id) {beyond} ("));
        query.int(after.micros);
        query.push(", ");
        query.text(after.id.as_str());
        query.push(")");
    }
    query.push(&format!(" ORDER BY {column} {direction}, id {direction} LIMIT "));
    query.int(limit as i64 + 1);
    let mut rows = query.run(conn, read)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let at = |row: &MatterRow| match order {
        MatterOrder::Updated => row.updated.micros(),
        MatterOrder::Due => row.due.map_or(0, Timestamp::micros),
    };
    let next = rows.last().filter(|_| more).map(|last| MatterCursor { micros: at(last), id: last.id.clone() });
    Ok(MatterPage { rows, next })
}

/// How many matters of `kind` the filter lets through, by state and region.
pub(crate) fn count(conn: &mut Conn, kind: &str, filter: &MatterFilter) -> Result<Vec<MatterCount>, StoreFault> {
    with_all_of(conn, kind)?;
    let mut query = Query::new("SELECT state, region, COUNT(*) FROM matter WHERE kind = ".to_string());
    query.text(kind);
    narrow(&mut query, filter);
    query.push(" GROUP BY state, region ORDER BY state, region");
    query.run(conn, |row| Ok(MatterCount { state: row.text(0)?, region: region(&row.text(1)?)?, count: row.int(2)? }))
}

/// At most `limit` matters of any kind whose clock fires at `until` or before, the longest due first.
pub(crate) fn due(conn: &mut Conn, until: Timestamp, limit: usize) -> Result<Vec<MatterRow>, StoreFault> {
    with_all(conn)?;
    let sql = format!("SELECT {COLUMNS} FROM matter WHERE due IS NOT NULL AND due <= $1 ORDER BY due, id LIMIT $2");
    conn.query(&sql, &[Arg::Int(until.micros()), Arg::Int(limit as i64)], read)
}

/// At most `limit` matters whose row was changed by an entry after `seq`, in the order of these entries.
pub(crate) fn changed(conn: &mut Conn, seq: i64, limit: usize) -> Result<Vec<MatterRow>, StoreFault> {
    with_all(conn)?;
    let sql = format!("SELECT {COLUMNS} FROM matter WHERE entry > $1 ORDER BY entry LIMIT $2");
    conn.query(&sql, &[Arg::Int(seq), Arg::Int(limit as i64)], read)
}

/// Brings every matter of `kind` that waits into the tables.
fn with_all_of(conn: &mut Conn, kind: &str) -> Result<(), StoreFault> {
    if conn.waiting().matters.has(kind) { waiting::settle(conn) } else { Ok(()) }
}

/// Brings every matter that waits into the tables.
fn with_all(conn: &mut Conn) -> Result<(), StoreFault> {
    if conn.waiting().matters.is_empty() { Ok(()) } else { waiting::settle(conn) }
}

fn narrow(query: &mut Query, filter: &MatterFilter) {
    if !filter.states.is_empty() {
        query.any_of("state", filter.states.iter().map(String::as_str));
    }
    query.regions(&filter.regions);
    for (role, who) in &filter.parties {
        query.push(" AND id IN (SELECT id FROM matter_party WHERE who = ");
        query.text(who.as_str());
        if let Some(role) = role {
            query.push(" AND role = ");
            query.text(role.as_str());
        }
        query.push(")");
    }
    if let Some(until) = filter.due_until {
        query.push(" AND due <= ");
        query.int(until.micros());
    }
}

fn read(row: &Row<'_>) -> Result<MatterRow, StoreFault> {
    let id = row.text(0)?;
    let unreadable = |why: &dyn fmt::Display| StoreFault::unreadable(format_args!("matter `{id}`"), why);
    let moment = |micros: i64| Timestamp::from_micros(micros).map_err(|why| unreadable(&why));
    Ok(MatterRow {
        kind: row.text(1)?,
        version: row.int(2)?,
        state: row.text(3)?,
        region: region(&row.text(4)?)?,
        due: row.int_or_null(5)?.map(moment).transpose()?,
        updated: moment(row.int(6)?)?,
        title: row.text(7)?,
        body: serde_json::from_str(&row.text(8)?).map_err(|why| unreadable(&why))?,
        entry: row.int(9)?,
        id: RecordId::parse(&id).ok_or_else(|| unreadable(&"it has no id"))?,
    })
}

fn region(text: &str) -> Result<RegionCode, StoreFault> {
    RegionCode::parse(text).map_err(|why| StoreFault::unreadable("a matter's region", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_address_bar() {
        let cursor = MatterCursor { micros: -5, id: RecordId::derive("case", "x") };
        assert_eq!(MatterCursor::parse(&cursor.to_string()), Some(cursor));
        assert_eq!(MatterCursor::parse("case-1.x"), None);
    }
}
