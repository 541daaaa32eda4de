//! Everything that has to hold, in the order in which it is cheapest to find out.

use crate::{cargo, pg, tidy, walk};
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
    crate::fuzz::check_lock()?;
    crate::scripts::bundle_or_say()?;
    crate::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))?;
    let quick = arguments.iter().any(|argument| argument == "--quick");
    if quick {
        println!("PostgreSQL and the walk through the portal are left out: --quick");
        return run_all_with(None);
    }
    if pg::is_installed() {
        pg::with_server(|url| run_all_with(Some(url)))?;
    } else {
        println!("PostgreSQL is left out: no server is installed");
        run_all_with(None)?;
    }
    walk::walk_after_tests()
}
