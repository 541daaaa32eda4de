//! `cargo xtask bench ledger`: durable transfers beside one commit per transfer, and beside
//! PostgreSQL's own pgbench (simple update, 64 clients) on the same disk in the same run.

use crate::bench::{number_after, output};
use crate::{cargo, pg};
use anyhow::{Result, ensure};
use std::process::Command;

/// The clients of each run, as many as the store's own benchmark has.
const CLIENTS: &str = "64";
const SECONDS: &str = "5";

/// A hundred thousand accounts per unit, as pgbench counts them.
const SCALE: &str = "10";

/// Transfers per second.
struct Rates {
    alone: f64,
    spread: f64,
    one_pool: f64,
}

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    let json = arguments.iter().any(|argument| argument == "--json");
    let sqlite = transfers(None)?;
    let mut figures = vec![
        ("sqlite_alone_per_s", sqlite.alone),
        ("sqlite_64_clients_per_s", sqlite.spread),
        ("sqlite_one_pool_per_s", sqlite.one_pool),
        ("sqlite_ratio_to_one_commit_each", sqlite.spread / sqlite.alone),
    ];
    if pg::is_installed() {
        pg::with_server(|url| {
            let postgres = transfers(Some(url))?;
            let peer = simple_update(url)?;
            figures.extend([
                ("postgres_64_clients_per_s", postgres.spread),
                ("postgres_one_pool_per_s", postgres.one_pool),
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
        println!("{name:<34} {value:.1}");
    }
    if json {
        let members: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\": {value:.1}")).collect();
        println!("{{{}}}", members.join(", "));
    }
    Ok(())
}

/// Runs the store's own benchmark, which proves conservation at its end.
fn transfers(place: Option<&str>) -> Result<Rates> {
    let mut command = cargo(&["bench", "--locked", "--package", "duijie-store", "--bench", "transfers", "--"]);
    command.args(place);
    let said = output(&mut command)?;
    let rate = |name: &str| number_after(&said, &format!("{name}: "));
    ensure!(said.contains("conserved: "), "the benchmark did not come to its proof");
    Ok(Rates { alone: rate("alone")?, spread: rate("spread")?, one_pool: rate("one_pool")? })
}

/// Transactions per second of pgbench's simple update with prepared statements.
fn simple_update(url: &str) -> Result<f64> {
    output(Command::new("pgbench").args(["--initialize", "--quiet", "--scale", SCALE, url]))?;
    let said = output(Command::new("pgbench").args(["-N", "-n", "-M", "prepared", "-j", "2", "-c", CLIENTS, "-T", SECONDS, url]))?;
    number_after(&said, "tps = ")
}
