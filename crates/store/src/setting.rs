//! Settings: the state that `SettingPut` entries leave.

use crate::StoreFault;
use crate::sql::{Arg, Conn};
use std::collections::BTreeMap;

/// Settings that wait to be written: by the key, the last entry that put it and the value.
pub(crate) type WaitingSettings = BTreeMap<String, (i64, String)>;

pub(crate) fn put(conn: &mut Conn, settings: &WaitingSettings) -> Result<(), StoreFault> {
    let args: Vec<Arg<'_>> = settings.iter().flat_map(|(key, (entry, value))| [Arg::Text(key), Arg::Text(value), Arg::Int(*entry)]).collect();
    let on_conflict = "ON CONFLICT (key) DO UPDATE SET value = excluded.value, entry = excluded.entry";
    conn.execute_rows(&args, 3, |rows| format!("INSERT INTO setting (key, value, entry) {rows} {on_conflict}")).map(drop)
}

/// The entry that last put the setting.
pub(crate) fn entry_of(conn: &mut Conn, key: &str) -> Result<Option<i64>, StoreFault> {
    conn.first("SELECT entry FROM setting WHERE key = $1", &[Arg::Text(key)], |row| row.int(0))
}

pub(crate) fn get(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreFault> {
    conn.first("SELECT value FROM setting WHERE key = $1", &[Arg::Text(key)], |row| row.text(0))
}

/// Keys that begin with `prefix`, and their values.
pub(crate) fn list(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, String)>, StoreFault> {
    let sql = "SELECT key, value FROM setting WHERE substr(key, 1, length(CAST($1 AS TEXT))) = $1 ORDER BY key";
    conn.query(sql, &[Arg::Text(prefix)], |row| Ok((row.text(0)?, row.text(1)?)))
}
