//! `cargo xtask bench match`: matching and search beside plain tantivy, SQLite's and PostgreSQL's full
//! text, over one corpus made from a seed, in one run.

use crate::{cargo, pg, run};
use anyhow::Result;

/// Runs the benchmark of the search room; with PostgreSQL if Debian's server is there.
pub(crate) fn bench_match(arguments: &[String]) -> Result<()> {
    let bench = |postgres: Option<&str>| {
        let mut command = cargo(&["bench", "--locked", "--package", "duijie-search", "--bench", "matching", "--"]);
        command.args(arguments);
        if let Some(url) = postgres {
            command.args(["--postgres", url]);
        }
        run(&mut command)
    };
    if pg::is_installed() {
        return pg::with_server(|url| bench(Some(url)));
    }
    eprintln!("PostgreSQL is not installed, so it is left out: apt-get install postgresql");
    bench(None)
}
