//! Everything that has to hold, in the order in which it is cheapest to find out.

use crate::{cargo, pg, tidy};
use anyhow::Result;

fn run_all_with(postgres: Option<&str>) -> Result<()> {
    let mut tests = cargo(&["test", "--workspace", "--locked"]);
    if let Some(url) = postgres {
        tests.env("DUIJIE_TEST_POSTGRES", url);
    }
    crate::run(&mut tests)
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    crate::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    crate::scripts::bundle_or_say()?;
    crate::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))?;
    let quick = arguments.iter().any(|argument| argument == "--quick");
    if quick || !pg::is_installed() {
        println!("PostgreSQL is left out: {}", if pg::is_installed() { "--quick" } else { "no server is installed" });
        return run_all_with(None);
    }
    pg::with_server(|url| run_all_with(Some(url)))
}
