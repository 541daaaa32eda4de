//! Who is logged in. Sessions are not journalled: they come and go, and end with a restore.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row};
use duijie_vocab::{Digest, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The digest of the token that the browser holds; the token itself is nowhere stored.
    pub token: Digest,
    pub login: String,
    pub created: Timestamp,
    pub seen: Timestamp,
    pub expires: Timestamp,
}

/// Adds a session, or moves `seen` and `expires` of one that is there.
pub(crate) fn put(conn: &mut Conn, session: &Session) -> Result<(), StoreFault> {
    let token = session.token.to_string();
    let args =
        [Arg::Text(&token), Arg::Text(&session.login), Arg::Int(session.created.micros()), Arg::Int(session.seen.micros()), Arg::Int(session.expires.micros())];
    conn.execute(
        "INSERT INTO session (token_hash, login, created, seen, expires) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (token_hash) DO UPDATE SET seen = excluded.seen, expires = excluded.expires",
        &args,
    )
    .map(drop)
}

pub(crate) fn get(conn: &mut Conn, token: Digest) -> Result<Option<Session>, StoreFault> {
    let sql = "SELECT token_hash, login, created, seen, expires FROM session WHERE token_hash = $1";
    conn.first(sql, &[Arg::Text(&token.to_string())], read)
}

pub(crate) fn remove(conn: &mut Conn, token: Digest) -> Result<bool, StoreFault> {
    Ok(conn.execute("DELETE FROM session WHERE token_hash = $1", &[Arg::Text(&token.to_string())])? > 0)
}

pub(crate) fn remove_of(conn: &mut Conn, login: &str) -> Result<u64, StoreFault> {
    conn.execute("DELETE FROM session WHERE login = $1", &[Arg::Text(login)])
}

pub(crate) fn remove_expired(conn: &mut Conn, now: Timestamp) -> Result<u64, StoreFault> {
    conn.execute("DELETE FROM session WHERE expires <= $1", &[Arg::Int(now.micros())])
}

fn read(row: &Row<'_>) -> Result<Session, StoreFault> {
    let instant = |column| Timestamp::from_micros(row.int(column)?).map_err(|why| StoreFault::unreadable("a session", why));
    Ok(Session {
        token: Digest::parse(&row.text(0)?).map_err(|why| StoreFault::unreadable("a session", why))?,
        login: row.text(1)?,
        created: instant(2)?,
        seen: instant(3)?,
        expires: instant(4)?,
    })
}
