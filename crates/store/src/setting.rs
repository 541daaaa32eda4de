//! Settings: the state that `SettingPut` entries leave.

use crate::StoreFault;
use crate::sql::{Arg, Conn};

pub(crate) fn put(conn: &mut Conn, entry: i64, key: &str, value: &str) -> Result<(), StoreFault> {
    conn.execute(
        "INSERT INTO setting (key, value, entry) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET value = excluded.value, entry = excluded.entry",
        &[Arg::Text(key), Arg::Text(value), Arg::Int(entry)],
    )
    .map(drop)
}

pub(crate) fn get(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreFault> {
    conn.first("SELECT value FROM setting WHERE key = $1", &[Arg::Text(key)], |row| row.text(0))
}

/// Keys that begin with `prefix`, and their values.
pub(crate) fn list(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, String)>, StoreFault> {
    let sql = "SELECT key, value FROM setting WHERE substr(key, 1, length(CAST($1 AS TEXT))) = $1 ORDER BY key";
    conn.query(sql, &[Arg::Text(prefix)], |row| Ok((row.text(0)?, row.text(1)?)))
}
