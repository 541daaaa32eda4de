//! Who tried to log in. Attempts are not journalled: anybody may make them.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row};
use duijie_vocab::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAttempt {
    /// What was typed as login, whether there is such an account or not.
    pub login: String,
    pub at: Timestamp,
    /// Where it came from, as far as is known.
    pub address: String,
    /// What came of it, in one word.
    pub outcome: String,
}

pub(crate) fn add(conn: &mut Conn, attempt: &LoginAttempt) -> Result<(), StoreFault> {
    let args = [Arg::Text(&attempt.login), Arg::Int(attempt.at.micros()), Arg::Text(&attempt.address), Arg::Text(&attempt.outcome)];
    conn.execute("INSERT INTO login_attempt (login, at, address, outcome) VALUES ($1, $2, $3, $4)", &args).map(drop)
}

/// At most `limit` attempts before `before`, newest first; of one login if it is given.
pub(crate) fn list(conn: &mut Conn, login: Option<&str>, before: Timestamp, limit: i64) -> Result<Vec<LoginAttempt>, StoreFault> {
    let (before, limit) = (Arg::Int(before.micros()), Arg::Int(limit));
    match login {
        Some(login) => {
            let sql = "SELECT login, at, address, outcome FROM login_attempt WHERE login = $1 AND at < $2 ORDER BY at DESC LIMIT $3";
            conn.query(sql, &[Arg::Text(login), before, limit], read)
        }
        None => conn.query("SELECT login, at, address, outcome FROM login_attempt WHERE at < $1 ORDER BY at DESC LIMIT $2", &[before, limit], read),
    }
}

pub(crate) fn remove_before(conn: &mut Conn, before: Timestamp) -> Result<u64, StoreFault> {
    conn.execute("DELETE FROM login_attempt WHERE at < $1", &[Arg::Int(before.micros())])
}

fn read(row: &Row<'_>) -> Result<LoginAttempt, StoreFault> {
    let at = Timestamp::from_micros(row.int(1)?).map_err(|why| StoreFault::unreadable("a login attempt", why))?;
    Ok(LoginAttempt { login: row.text(0)?, at, address: row.text(2)?, outcome: row.text(3)? })
}
