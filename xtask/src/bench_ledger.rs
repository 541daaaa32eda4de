//! `cargo xtask bench ledger`: durable transfers beside one commit per transfer, and beside
//! PostgreSQL's own pgbench (simple update, 64 clients) on the same disk in the same run. With
//! `--audit N`, so many random requests by 16 clients instead, each answer predicted by an auditor.

use crate::bench::{number_after, output};
use crate::{cargo, pg, run};
use anyhow::{Context, Result, ensure};
use std::process::Command;

/// The clients of each run, as many as the store's own benchmark has.
const CLIENTS: &str = "64";
const SECONDS: &str = "5";

/// A hundred thousand accounts per unit, as pgbench counts them.
const SCALE: &str = "10";

/// Transfers per second, and how many microseconds the disk takes to store a page for good, where the
/// benchmark sees the disk.
struct Rates {
    sync_us: Option<f64>,
    alone: f64,
    runs: f64,
    spread: f64,
    one_pool: f64,
}

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    if let Some(at) = arguments.iter().position(|argument| argument == "--audit") {
        return audit(arguments.get(at + 1).map_or("", String::as_str));
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let sqlite = transfers(None)?;
    let mut figures = vec![
        ("disk_sync_us", sqlite.sync_us.context("the benchmark does not say how fast the disk is")?),
        ("sqlite_alone_per_s", sqlite.alone),
        ("sqlite_64_clients_per_s", sqlite.spread),
        ("sqlite_one_pool_per_s", sqlite.one_pool),
        ("sqlite_runs_of_100_per_s", sqlite.runs),
        ("sqlite_ratio_to_one_commit_each", sqlite.spread / sqlite.alone),
        ("sqlite_runs_ratio_to_one_commit_each", sqlite.runs / sqlite.alone),
    ];
    if pg::is_installed() {
        pg::with_server(|url| {
            let postgres = transfers(Some(url))?;
            let peer = simple_update(url)?;
            figures.extend([
                ("postgres_64_clients_per_s", postgres.spread),
                ("postgres_one_pool_per_s", postgres.one_pool),
                ("postgres_runs_of_100_per_s", postgres.runs),
                ("pgbench_simple_update_per_s", peer),
                ("sqlite_ratio_to_pgbench", sqlite.spread / peer),
                ("postgres_ratio_to_pgbench", postgres.spread / peer),
            ]);
            Ok(())
        })?;
    } else {
        eprintln!("PostgreSQL is not installed here, so there is no peer: apt-get install postgresql");
    }
    for (name, value) in &figures {
        println!("{name:<38} {value:.1}");
    }
    if json {
        let members: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\": {value:.1}")).collect();
        println!("{{{}}}", members.join(", "));
    }
    Ok(())
}

/// Lets the store's own test ask `requests` on each engine.
fn audit(requests: &str) -> Result<()> {
    ensure!(requests.parse::<u64>().is_ok_and(|requests| requests > 0), "--audit takes a number of requests, such as 10000000");
    let on = |engine: &str, url: Option<&str>| {
        let name = format!("the_auditor_agrees_with_every_answer_on_{engine}");
        let mut tests = cargo(&["test", "--release", "--locked", "--package", "duijie-store", "--test", "audit", "--", "--exact", &name, "--nocapture"]);
        tests.env("DUIJIE_AUDIT_REQUESTS", requests);
        if let Some(url) = url {
            tests.env("DUIJIE_TEST_POSTGRES", url);
        }
        run(&mut tests)
    };
    on("sqlite", None)?;
    if pg::is_installed() { pg::with_server(|url| on("postgres", Some(url))) } else { Ok(()) }
}

/// Runs the store's own benchmark, which proves conservation at its end.
fn transfers(place: Option<&str>) -> Result<Rates> {
    let mut command = cargo(&["bench", "--locked", "--package", "duijie-store", "--bench", "transfers", "--"]);
    command.args(place);
    let said = output(&mut command)?;
    let rate = |name: &str| number_after(&said, &format!("{name}: "));
    ensure!(said.contains("conserved: "), "the benchmark did not come to its proof");
    Ok(Rates { sync_us: number_after(&said, "disk: ").ok(), alone: rate("alone")?, runs: rate("runs")?, spread: rate("spread")?, one_pool: rate("one_pool")? })
}

/// Transactions per second of pgbench's simple update with prepared statements.
fn simple_update(url: &str) -> Result<f64> {
    output(Command::new("pgbench").args(["--initialize", "--quiet", "--scale", SCALE, url]))?;
    let said = output(Command::new("pgbench").args(["-N", "-n", "-M", "prepared", "-j", "2", "-c", CLIENTS, "-T", SECONDS, url]))?;
    number_after(&said, "tps = ")
}
