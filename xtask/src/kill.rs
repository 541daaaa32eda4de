//! `cargo xtask kill` and `cargo xtask cut`: the store under load is killed again and again (`kill -9` at random moments), on
//! SQLite and, where it is installed or asked for, on PostgreSQL; after each the books are looked at.
//! Or the power of the disk it writes to is cut.

use crate::{cargo, pg, run};
use anyhow::{Result, ensure};

/// How often each engine's store is killed unless told.
const ROUNDS: &str = "1000";

/// How often power is cut unless told.
const CUTS: &str = "100";

pub(crate) fn run_kill(arguments: &[String]) -> Result<()> {
    let rounds = rounds(arguments, ROUNDS)?;
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

/// Cuts the power of a disk under load; wants root, as it mounts file systems in files.
pub(crate) fn run_cut(arguments: &[String]) -> Result<()> {
    let mut tests = cargo(&["test", "--locked", "--package", "duijie-store", "--test", "kill", "--", "cut::", "--nocapture", "--test-threads=1"]);
    run(tests.env("DUIJIE_CUT", "1").env("DUIJIE_KILL_ROUNDS", rounds(arguments, CUTS)?))
}

fn rounds<'a>(arguments: &'a [String], unless_told: &'a str) -> Result<&'a str> {
    let rounds = arguments.iter().position(|argument| argument == "--rounds").and_then(|at| arguments.get(at + 1)).map_or(unless_told, String::as_str);
    ensure!(rounds.parse::<u64>().is_ok_and(|rounds| rounds > 0), "--rounds takes a number above zero");
    Ok(rounds)
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
