//! The repository's own commands. `cargo xtask` lists them.

mod bench;
mod bench_ledger;
mod bench_match;
mod bench_payout;
mod bench_policy;
mod bench_portal;
mod demo;
mod fuzz;
mod kill;
mod pg;
mod scripts;
mod tests;
mod tidy;
mod walk;

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask demo [--no-serve] [--data DIR] [--port N]
                              build, load the demo region, match, decide, print what was found, serve the portal
cargo xtask test [--quick]    everything that has to hold: format, lints, arrows between rooms, all tests, the walk
cargo xtask scripts           the charts and the map of the portal, bundled from npm for the next build
cargo xtask tidy              the rules of the repository alone
cargo xtask pg                a PostgreSQL server in a temporary folder; prints its address, runs until Enter
cargo xtask walk              through the portal with Chromium: every page held against axe-core, whole tasks as each role
cargo xtask screenshots       the pictures that the READMEs show
cargo xtask bench spine [--xlsx-rows N] [--csv-rows N] [--json]
                              import, group commit and start-up, with ratios
cargo xtask bench portal [--records N] [--seconds N] [--soak-minutes N]
                              pages under a steady rate, under overload and after it; needs wrk and wget
cargo xtask bench ledger [--json]
                              durable transfers, beside one commit each and beside pgbench
cargo xtask bench ledger --audit REQUESTS
                              random requests by 16 clients on each engine; an auditor predicts every answer
cargo xtask kill [--rounds N] [--postgres]
                              kill -9 under load at N random moments on each engine, or on PostgreSQL alone;
                              1,000 unless told
cargo xtask cut [--rounds N]  the power of the disk is cut under load at N random moments, 100 unless told; on Linux,
                              as root, with xfsprogs
cargo xtask bench payout [--firms N] [--measures N] [--payouts N] [--binary FILE]
                              a million firms, a thousand measures, 100,000 payouts unless told: time and peak memory
cargo xtask bench policy [--json] [--seed N] [--scale SUBJECTS] [--measures N] [--no-peers] [--write DIR]
                              the policy engine beside numpy, polars and DuckDB on the same data;
                              --write DIR gives the workload as files for `duijie policy batch`
cargo xtask bench match [--records N] [--vectors N] [--json]
                              matching beside plain engines, on a corpus made from a seed; 100,000 records unless told
cargo xtask fuzz policy|rule [--minutes N]
                              what people type and upload, made up under coverage; one minute unless told
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("demo") => demo::run_all(rest),
        Some("test") => tests::run(rest),
        Some("scripts") => scripts::bundle(),
        Some("tidy") => tidy::run(),
        Some("pg") => pg::run(),
        Some("walk") => walk::walk(),
        Some("screenshots") => walk::screenshots(),
        Some("kill") => kill::run_kill(rest),
        Some("cut") => kill::run_cut(rest),
        Some("bench") => bench::run_bench(rest),
        Some("fuzz") => fuzz::run_fuzz(rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("there is no `cargo xtask {other}`\n\n{USAGE}"),
    }
}

/// The repository's top folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("BUG: xtask lies in the repository").to_path_buf()
}

/// Runs a command in the top folder with its output shown; fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.current_dir(root()).status()?;
    if !status.success() {
        bail!("`{command:?}` ended with {status}");
    }
    Ok(())
}

/// `cargo ARGUMENTS`, by the cargo that runs this.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo told this program about its package: build scripts that watch such variables would run
    // again, and all that depends on them be compiled again, after every change between `cargo xtask` and
    // plain `cargo`.
    let of_this_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_package)) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}
