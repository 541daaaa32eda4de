//! Matters that moved: their versions on the way into the tables, where those of one group share
//! their statements. A version that waits is found by its id; a list is read from the tables.

use crate::StoreFault;
use crate::matter::{COLUMNS, MatterRow};
use crate::sql::{Arg, Conn};
use duijie_journal::{CanonicalFault, Matter, Party, canonical_text};
use duijie_vocab::{RecordId, Timestamp};
use std::collections::BTreeMap;

/// A version of a matter as its row will hold it.
pub(crate) struct Moved {
    /// The entry that left it, and when.
    entry: i64,
    at: Timestamp,
    matter: Matter,
    /// The body as canonical JSON.
    body: String,
    /// Whether the matter has no row yet.
    fresh: bool,
}

/// The last versions that a group wrote and the tables do not hold yet.
#[derive(Default)]
pub(crate) struct WaitingMatters(BTreeMap<RecordId, Moved>);

impl Moved {
    /// A version that entry `entry` left at `at`; `fresh` if its matter has no row yet.
    pub(crate) fn new(entry: i64, at: Timestamp, mut matter: Matter, fresh: bool) -> Result<Moved, StoreFault> {
        let unwritable = |why: CanonicalFault| StoreFault::unreadable(format_args!("matter `{}`", matter.id), why);
        let body = canonical_text(&matter.body).map_err(unwritable)?;
        matter.parties.sort();
        matter.parties.dedup();
        Ok(Moved { entry, at, matter, body, fresh })
    }

    fn row(&self) -> MatterRow {
        let Matter { id, kind, version, state, region, due, title, body, .. } = self.matter.clone();
        MatterRow { id, kind, version, state, region, due, updated: self.at, title, body, entry: self.entry }
    }
}

impl WaitingMatters {
    /// Lets a version wait in the place of the one before it, if that waits too.
    pub(crate) fn keep(&mut self, mut moved: Moved) {
        if let Some(before) = self.0.get(&moved.matter.id) {
            moved.fresh = before.fresh;
        }
        self.0.insert(moved.matter.id.clone(), moved);
    }

    /// The version and the entry of a matter that waits.
    pub(crate) fn version(&self, id: &RecordId) -> Option<(i64, i64)> {
        self.0.get(id).map(|moved| (moved.matter.version, moved.entry))
    }

    pub(crate) fn row(&self, id: &RecordId) -> Option<MatterRow> {
        self.0.get(id).map(Moved::row)
    }

    pub(crate) fn parties(&self, id: &RecordId) -> Option<Vec<Party>> {
        self.0.get(id).map(|moved| moved.matter.parties.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any matter of `kind` waits.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.0.values().any(|moved| moved.matter.kind == kind)
    }

    /// Whether a list of the matters of `kind` that concern any of `whos` may be another one when
    /// everything is written: of a matter with a row, nobody here knows whom it concerned.
    pub(crate) fn may_concern(&self, kind: &str, whos: &[&str]) -> bool {
        let named = |moved: &Moved| moved.matter.parties.iter().any(|party| whos.contains(&party.who.as_str()));
        self.0.values().any(|moved| moved.matter.kind == kind && (!moved.fresh || named(moved)))
    }

    /// What waits, by id.
    pub(crate) fn into_versions(self) -> Vec<Moved> {
        self.0.into_values().collect()
    }
}

/// Writes the rows of versions of different matters, and whom they concern.
pub(crate) fn put(conn: &mut Conn, versions: &[Moved]) -> Result<(), StoreFault> {
    // A plain insert costs SQLite no copy of each page that it touches.
    let (fresh, known): (Vec<&Moved>, Vec<&Moved>) = versions.iter().partition(|moved| moved.fresh);
    insert(conn, &fresh, "")?;
    insert(
        conn,
        &known,
        "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, version = excluded.version, state = excluded.state, region = excluded.region,
         due = excluded.due, updated = excluded.updated, title = excluded.title, body = excluded.body, entry = excluded.entry",
    )?;
    put_parties(conn, versions, &known)
}

fn insert(conn: &mut Conn, versions: &[&Moved], on_conflict: &str) -> Result<(), StoreFault> {
    let regions: Vec<String> = versions.iter().map(|moved| moved.matter.region.to_string()).collect();
    let mut args = Vec::with_capacity(versions.len() * 10);
    for (Moved { entry, at, matter, body, .. }, region) in versions.iter().zip(&regions) {
        args.extend([
            Arg::Text(matter.id.as_str()),
            Arg::Text(&matter.kind),
            Arg::Int(matter.version),
            Arg::Text(&matter.state),
            Arg::Text(region),
            Arg::MaybeInt(matter.due.map(Timestamp::micros)),
            Arg::Int(at.micros()),
            Arg::Text(&matter.title),
            Arg::Text(body),
            Arg::Int(*entry),
        ]);
    }
    conn.execute_rows(&args, 10, |rows| format!("INSERT INTO matter ({COLUMNS}) {rows} {on_conflict}")).map(drop)
}

/// Writes whom `versions` concern; those in `known` may have rows from before.
fn put_parties(conn: &mut Conn, versions: &[Moved], known: &[&Moved]) -> Result<(), StoreFault> {
    let mut wanted: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
    for Moved { matter, .. } in versions {
        wanted.extend(matter.parties.iter().map(|party| ((matter.id.as_str(), party.role.as_str(), party.who.as_str()), matter.kind.as_str())));
    }
    let ids: Vec<Arg<'_>> = known.iter().map(|moved| Arg::Text(moved.matter.id.as_str())).collect();
    let stored = conn.query_rows(
        &ids,
        1,
        |rows| format!("SELECT id, role, who FROM matter_party WHERE id IN ({rows})"),
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )?;
    for (id, role, who) in &stored {
        if wanted.remove(&(id.as_str(), role.as_str(), who.as_str())).is_none() {
            conn.execute("DELETE FROM matter_party WHERE id = $1 AND role = $2 AND who = $3", &[Arg::Text(id), Arg::Text(role), Arg::Text(who)])?;
        }
    }
    let args: Vec<Arg<'_>> = wanted.into_iter().flat_map(|((id, role, who), kind)| [id, role, who, kind]).map(Arg::Text).collect();
    conn.execute_rows(&args, 4, |rows| format!("INSERT INTO matter_party (id, role, who, kind) {rows}")).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matter;
    use duijie_vocab::RegionCode;
    use serde_json::json;

    /// Version `version` of a matter that concerns `whos`.
    fn moved(key: &str, version: i64, whos: &[&str], fresh: bool) -> Moved {
        let matter = Matter {
            kind: "case".into(),
            id: RecordId::derive("case", key),
            version,
            act: "move".into(),
            state: "open".into(),
            region: RegionCode::NATION,
            due: None,
            title: key.into(),
            parties: whos.iter().map(|who| Party { role: "owner".into(), who: (*who).to_string() }).collect(),
            body: json!({ "b": [1, "二"], "a": null }),
            did: json!(null),
        };
        Moved::new(version, Timestamp::from_micros(version).unwrap(), matter, fresh).unwrap()
    }

    #[test]
    fn what_waits_reads_as_the_tables_will_answer() {
        let mut conn = Conn::scratch().unwrap();
        crate::migration::create(&mut conn).unwrap();
        put(&mut conn, &[moved("a", 1, &["x", "y"], true)]).unwrap();
        let waiting = &mut conn.waiting().matters;
        waiting.keep(moved("a", 2, &["z", "y", "z"], false));
        waiting.keep(moved("b", 1, &["x"], true));
        waiting.keep(moved("b", 2, &["w"], false));
        let ids = ["a", "b"].map(|key| RecordId::derive("case", key));
        let seen =
            |conn: &mut Conn| ids.each_ref().map(|id| (matter::get(conn, id).unwrap(), matter::version(conn, id).unwrap(), matter::parties(conn, id).unwrap()));
        let before = seen(&mut conn);
        let versions = std::mem::take(&mut conn.waiting().matters).into_versions();
        put(&mut conn, &versions).unwrap();
        assert_eq!(seen(&mut conn), before);
        assert_eq!(before[0].2.iter().map(|party| party.who.as_str()).collect::<Vec<_>>(), ["y", "z"]);
        assert_eq!(before[1].1, Some((2, 2)));
    }

    #[test]
    fn a_list_waits_only_for_what_may_be_in_it() {
        let mut waiting = WaitingMatters::default();
        waiting.keep(moved("a", 1, &["x"], true));
        assert!(waiting.may_concern("case", &["w", "x"]) && !waiting.may_concern("case", &["w"]) && !waiting.may_concern("visit", &["x"]));
        waiting.keep(moved("b", 2, &["y"], false));
        assert!(waiting.may_concern("case", &["w"]));
    }
}
