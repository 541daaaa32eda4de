//! Accounts: the state that `AccountPut` entries leave.

use crate::StoreFault;
use crate::sql::{Arg, Conn, Row};
use duijie_journal::Account;
use duijie_vocab::{RecordId, RegionCode};

const COLUMNS: &str = "login, name, hash, roles, region, organization, disabled, email, second";

pub(crate) fn put(conn: &mut Conn, entry: i64, account: &Account) -> Result<(), StoreFault> {
    let roles = serde_json::to_string(&account.roles).expect("BUG: a list of texts always serializes");
    let region = account.region.to_string();
    let second = account.second.as_ref().map_or_else(String::new, |second| serde_json::to_string(second).expect("BUG: texts always serialize"));
    let args = [
        Arg::Text(&account.login),
        Arg::Text(&account.name),
        Arg::Text(&account.hash),
        Arg::Text(&roles),
        Arg::Text(&region),
        Arg::MaybeText(account.organization.as_ref().map(RecordId::as_str)),
        Arg::Int(i64::from(account.disabled)),
        Arg::Text(&account.email),
        Arg::Text(&second),
        Arg::Int(entry),
    ];
    conn.execute(
        "INSERT INTO account (login, name, hash, roles, region, organization, disabled, email, second, entry)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (login) DO UPDATE SET name = excluded.name, hash = excluded.hash, roles = excluded.roles, region = excluded.region,
         organization = excluded.organization, disabled = excluded.disabled, email = excluded.email, second = excluded.second, entry = excluded.entry",
        &args,
    )
    .map(drop)
}

/// The entry that last put the account.
pub(crate) fn entry_of(conn: &mut Conn, login: &str) -> Result<Option<i64>, StoreFault> {
    conn.first("SELECT entry FROM account WHERE login = $1", &[Arg::Text(login)], |row| row.int(0))
}

pub(crate) fn get(conn: &mut Conn, login: &str) -> Result<Option<Account>, StoreFault> {
    conn.first(&format!("SELECT {COLUMNS} FROM account WHERE login = $1"), &[Arg::Text(login)], read)
}

pub(crate) fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<Account>, StoreFault> {
    conn.query(&format!("SELECT {COLUMNS} FROM account WHERE login > $1 ORDER BY login LIMIT $2"), &[Arg::Text(after), Arg::Int(limit)], read)
}

fn read(row: &Row<'_>) -> Result<Account, StoreFault> {
    let login = row.text(0)?;
    let unreadable = |why: &dyn std::fmt::Display| StoreFault::unreadable(format_args!("account `{login}`"), why);
    let organization = match row.text_or_null(5)? {
        Some(id) => Some(RecordId::parse(&id).ok_or_else(|| unreadable(&"its organization is no record id"))?),
        None => None,
    };
    Ok(Account {
        name: row.text(1)?,
        hash: row.text(2)?,
        roles: serde_json::from_str(&row.text(3)?).map_err(|why| unreadable(&why))?,
        region: RegionCode::parse(&row.text(4)?).map_err(|why| unreadable(&why))?,
        organization,
        disabled: row.int(6)? != 0,
        email: row.text(7)?,
        second: match row.text(8)?.as_str() {
            "" => None,
            second => Some(serde_json::from_str(second).map_err(|why| unreadable(&why))?),
        },
        login,
    })
}
