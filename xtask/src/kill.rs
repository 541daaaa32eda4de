//! `cargo xtask kill`: the store under load is killed again and again (`kill -9` at random moments), on
//! SQLite and, where it is installed or asked for, on PostgreSQL; after each the books are looked at.

use crate::{cargo, pg, run};
use anyhow::{Result, ensure};

/// How often each engine's store is killed unless told.
const ROUNDS: &str = "1000";

pub(crate) fn run_kill(arguments: &[String]) -> Result<()> {
    let rounds = arguments.iter().position(|argument| argument == "--rounds").and_then(|at| arguments.get(at + 1)).map_or(ROUNDS, String::as_str);
    ensure!(rounds.parse::<u64>().is_ok_and(|rounds| rounds > 0), "--rounds takes a number above zero");
    let only_postgres = arguments.iter().any(|argument| argument == "--postgres");
    ensure!(!only_postgres || pg::is_installed(), "PostgreSQL is not installed here: apt-get install postgresql");
    if !only_postgres {
        kill("sqlite", rounds, None)?;
    }
    if pg::is_installed() {
        pg::with_server(|url| kill("postgres", rounds, Some(url)))?;
    }
    Ok(())
}

fn kill(engine: &str, rounds: &str, postgres: Option<&str>) -> Result<()> {
    let name = format!("transfers::a_kill_loses_no_transfer_and_makes_none_twice_on_{engine}");
    let mut tests = cargo(&["test", "--locked", "--package", "duijie-store", "--test", "kill", "--", "--exact", &name, "--nocapture"]);
    tests.env("DUIJIE_KILL_ROUNDS", rounds);
    if let Some(url) = postgres {
        tests.env("DUIJIE_TEST_POSTGRES", url);
    }
    run(&mut tests)
}
