//! What is kept for a while under a key and then forgotten. Each purpose has a space of its own.

use crate::StoreFault;
use crate::sql::{Arg, Conn};
use duijie_vocab::Timestamp;

pub(crate) fn put(conn: &mut Conn, (space, key): (&str, &str), value: &str, expires: Timestamp) -> Result<(), StoreFault> {
    conn.execute(
        "INSERT INTO kept (space, key, value, expires) VALUES ($1, $2, $3, $4)
         ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, expires = excluded.expires",
        &[Arg::Text(space), Arg::Text(key), Arg::Text(value), Arg::Int(expires.micros())],
    )
    .map(drop)
}

/// What is kept under the key and has not expired at `now`.
pub(crate) fn get(conn: &mut Conn, (space, key): (&str, &str), now: Timestamp) -> Result<Option<String>, StoreFault> {
    let sql = "SELECT value FROM kept WHERE space = $1 AND key = $2 AND expires > $3";
    conn.first(sql, &[Arg::Text(space), Arg::Text(key), Arg::Int(now.micros())], |row| row.text(0))
}

pub(crate) fn remove(conn: &mut Conn, (space, key): (&str, &str)) -> Result<bool, StoreFault> {
    Ok(conn.execute("DELETE FROM kept WHERE space = $1 AND key = $2", &[Arg::Text(space), Arg::Text(key)])? > 0)
}

pub(crate) fn remove_expired(conn: &mut Conn, now: Timestamp) -> Result<u64, StoreFault> {
    conn.execute("DELETE FROM kept WHERE expires <= $1", &[Arg::Int(now.micros())])
}
