//! The tables, brought forward one numbered step at a time. Steps are never changed once released.

use crate::sql::{Arg, Conn, Engine, ddl};
use crate::{FaultKind, OpenError, StoreFault, ledger_page};
use duijie_vocab::Timestamp;

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
    /// What fills the tables where SQL alone does not say it.
    fill: fn(&mut Conn) -> Result<(), StoreFault>,
}

const NOTHING: fn(&mut Conn) -> Result<(), StoreFault> = |_| Ok(());

const MIGRATIONS: [Migration; 6] = [
    Migration { version: 1, name: "spine", sql: include_str!("migrations/0001_spine.sql"), fill: NOTHING },
    Migration { version: 2, name: "matter", sql: include_str!("migrations/0002_matter.sql"), fill: NOTHING },
    Migration { version: 3, name: "identity", sql: include_str!("migrations/0003_identity.sql"), fill: NOTHING },
    Migration { version: 4, name: "ledger", sql: include_str!("migrations/0004_ledger.sql"), fill: NOTHING },
    Migration { version: 5, name: "previous", sql: include_str!("migrations/0005_previous.sql"), fill: NOTHING },
    Migration { version: 6, name: "page", sql: include_str!("migrations/0006_page.sql"), fill: ledger_page::fill },
];

/// The format that this program writes.
pub(crate) const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

const TABLE: &str = "CREATE TABLE migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL) {rows}";

/// `Duij` in ASCII: marks a SQLite file as ours.
const APPLICATION_ID: i32 = 0x4475_696a;

/// Brings the database to [`NEWEST`], or refuses a newer or foreign one. `place` is for messages.
pub(crate) fn migrate(conn: &mut Conn, place: &str, now: Timestamp) -> Result<(), OpenError> {
    let engine = |fault| open_error(place, fault);
    // Looked at before anything is locked, so that opening an up-to-date database needs no write.
    if exists(conn).map_err(engine)? {
        let found = version(conn).map_err(engine)?;
        if found > NEWEST {
            return Err(OpenError::Newer { place: place.to_string(), found, known: NEWEST });
        }
        if found == NEWEST {
            return Ok(());
        }
    } else if is_foreign(conn).map_err(engine)? {
        return Err(OpenError::Foreign { place: place.to_string() });
    }
    conn.begin_write().map_err(engine)?;
    let done = steps(conn, place, now);
    match &done {
        Ok(()) => conn.batch("COMMIT").map_err(engine)?,
        // The fault that led here is the one to tell; a rollback that fails ends with the connection.
        Err(_) => drop(conn.batch("ROLLBACK")),
    }
    done
}

/// The tables of [`NEWEST`] in an empty database that nobody else sees.
pub(crate) fn create(conn: &mut Conn) -> Result<(), StoreFault> {
    let engine = conn.engine();
    MIGRATIONS.iter().try_for_each(|step| conn.batch(&ddl(engine, step.sql)))
}

fn steps(conn: &mut Conn, place: &str, now: Timestamp) -> Result<(), OpenError> {
    let fault = |fault| open_error(place, fault);
    // Another process may have migrated while this one waited for the lock.
    let found = if exists(conn).map_err(fault)? {
        version(conn).map_err(fault)?
    } else {
        conn.batch(&ddl(conn.engine(), TABLE)).map_err(fault)?;
        if let Some(sqlite) = conn.as_sqlite() {
            sqlite.pragma_update(None, "application_id", APPLICATION_ID).map_err(|f| fault(f.into()))?;
        }
        0
    };
    if found > NEWEST {
        return Err(OpenError::Newer { place: place.to_string(), found, known: NEWEST });
    }
    take(conn, found, NEWEST, now).map_err(fault)
}

/// Takes the steps after version `found` up to version `to`.
fn take(conn: &mut Conn, found: i64, to: i64, now: Timestamp) -> Result<(), StoreFault> {
    for step in MIGRATIONS.iter().filter(|step| step.version > found && step.version <= to) {
        conn.batch(&ddl(conn.engine(), step.sql))?;
        (step.fill)(conn)?;
        let args = [Arg::Int(step.version), Arg::Text(step.name), Arg::Int(now.micros())];
        conn.execute("INSERT INTO migration (version, name, applied) VALUES ($1, $2, $3)", &args)?;
    }
    Ok(())
}

fn exists(conn: &mut Conn) -> Result<bool, StoreFault> {
    let sql = match conn.engine() {
        Engine::Sqlite => "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'",
        Engine::Postgres => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migration'",
    };
    Ok(!conn.query(sql, &[], |_| Ok(()))?.is_empty())
}

fn version(conn: &mut Conn) -> Result<i64, StoreFault> {
    let newest = conn.first("SELECT MAX(version) FROM migration", &[], |row| row.int_or_null(0))?;
    Ok(newest.flatten().unwrap_or(0))
}

/// Whether a SQLite file holds tables of somebody else. A PostgreSQL database may be shared.
fn is_foreign(conn: &mut Conn) -> Result<bool, StoreFault> {
    match conn.engine() {
        Engine::Sqlite => Ok(!conn.query("SELECT 1 FROM sqlite_schema LIMIT 1", &[], |_| Ok(()))?.is_empty()),
        Engine::Postgres => Ok(false),
    }
}

pub(crate) fn open_error(place: &str, fault: StoreFault) -> OpenError {
    let place = place.to_string();
    match fault.kind {
        FaultKind::Damaged => OpenError::NotADatabase { place },
        FaultKind::ReadOnly | FaultKind::Full => OpenError::NotWritable { place, fault },
        FaultKind::Lost => OpenError::Unreachable { place, fault },
        _ => OpenError::Engine { place, fault },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::View;
    use duijie_journal::canonical_text;
    use duijie_ledger::{AccountId, Act, Code, Transfer, TransferId};
    use duijie_vocab::Fen;

    /// Every table and index with its definition.
    fn schema(conn: &mut Conn) -> Vec<(String, String)> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'migration' ORDER BY name";
        conn.query(sql, &[], |row| Ok((row.text(0)?, row.text(1)?))).unwrap()
    }

    const POOL: &str = "pool:320400:vouchers";

    /// Forty transfers of a Fen each into a pool, one an instant, as an older version left them.
    fn insert_transfers(conn: &mut Conn, older: i64) {
        assert!(older < 6, "these tables are as they were before version 6");
        for number in 1..=40 {
            let id = format!("t-{number}");
            let act = Act::Posted { debit: AccountId::parse("bank:320400:a").unwrap(), credit: AccountId::parse(POOL).unwrap(), amount: Fen(1) };
            let body = canonical_text(&Transfer::new(TransferId::parse(&id).unwrap(), Code::parse("grant").unwrap(), act)).unwrap();
            let sql = "INSERT INTO ledger_transfer (id, number, debit, credit, amount, reserved, posts, happened, status, body)
                       VALUES ($1, $2, 'bank:320400:a', $3, 1, 1, 1, $2, 'final', $4)";
            conn.execute(sql, &[Arg::Text(&id), Arg::Int(number), Arg::Text(POOL), Arg::Text(&body)]).unwrap();
        }
        for (id, side, debits, credits) in [("bank:320400:a", "debit", 40, 0), (POOL, "credit", 0, 40)] {
            let sql = "INSERT INTO ledger_account (id, side, debits_posted, credits_posted, debits_pending, credits_pending, entry)
                       VALUES ($1, $2, $3, $4, 0, 0, 1)";
            conn.execute(sql, &[Arg::Text(id), Arg::Text(side), Arg::Int(debits), Arg::Int(credits)]).unwrap();
        }
    }

    #[test]
    fn a_database_of_every_older_version_is_brought_forward_with_what_is_in_it() {
        let mut newest = Conn::scratch().unwrap();
        create(&mut newest).unwrap();
        for older in 1..NEWEST {
            let now = Timestamp::from_micros(0).unwrap();
            let mut conn = Conn::scratch().unwrap();
            conn.batch(&ddl(Engine::Sqlite, TABLE)).unwrap();
            take(&mut conn, 0, older, now).unwrap();
            conn.batch("INSERT INTO setting (key, value, entry) VALUES ('title', '对接', 3)").unwrap();
            for (seq, subject) in (1..).zip(["setting:title", "import", "setting:title", "import", "setting:about", "ledger", "ledger"]) {
                let args = [Arg::Int(seq), Arg::Text(subject), Arg::Blob(b""), Arg::Blob(b"")];
                conn.execute("INSERT INTO entry (seq, subject, bytes, digest) VALUES ($1, $2, $3, $4)", &args).unwrap();
            }
            if older >= 5 {
                crate::entries::link(&mut conn).unwrap();
            }
            if older >= 4 {
                insert_transfers(&mut conn, older);
            }
            migrate(&mut conn, "test", now).unwrap();
            if older >= 4 {
                let listed = crate::ledger::transfers(&mut conn, Some(&AccountId::parse(POOL).unwrap()), 5, 100).unwrap();
                assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), (6..=40).collect::<Vec<_>>());
                let balance = |day| crate::ledger::balance_at(&mut conn, &AccountId::parse(POOL).unwrap(), Timestamp::from_micros(day).unwrap()).unwrap().0;
                assert_eq!([0, 1, 17, 40, 50].map(balance), [0, 1, 17, 40, 40]);
            }
            assert_eq!(crate::entries::mislinked(&mut conn, 10).unwrap(), [0i64; 0]);
            assert_eq!(conn.first("SELECT previous FROM entry WHERE seq = 3", &[], |row| row.int_or_null(0)).unwrap(), Some(Some(1)));
            assert_eq!(version(&mut conn).unwrap(), NEWEST);
            assert_eq!(schema(&mut conn), schema(&mut newest));
            assert_eq!(View::over(&mut conn).setting("title").unwrap().as_deref(), Some("对接"));
        }
    }
}
