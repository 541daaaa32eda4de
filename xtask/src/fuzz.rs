//! `cargo xtask fuzz`: libFuzzer over the targets in `fuzz/`, on the stable compiler. What it grows
//! stays in `fuzz/grown`, what it breaks in `fuzz/artifacts`; the small corpus in the tree is only read.

use crate::{cargo, root, run};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

const TARGETS: [&str; 2] = ["policy", "rule"];

/// The compiler's coverage counters, as libFuzzer reads them.
const COUNTERS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Whether the lock file of `fuzz/`, which no other build reads, still fits the packages it names.
pub(crate) fn check_lock() -> Result<()> {
    let mut metadata = cargo(&["metadata", "--locked", "--format-version", "1", "--manifest-path", "fuzz/Cargo.toml"]);
    run(metadata.stdout(Stdio::null())).context("the lock file of `fuzz/` is stale: `cargo update --workspace --manifest-path fuzz/Cargo.toml` mends it")
}

pub(crate) fn run_fuzz(arguments: &[String]) -> Result<()> {
    let (target, minutes): (&String, u64) = match arguments {
        [target] => (target, 1),
        [target, flag, minutes] if flag == "--minutes" => (target, minutes.parse().context("--minutes needs a number")?),
        _ => bail!("write `cargo xtask fuzz {} [--minutes N]`", TARGETS.join("|")),
    };
    if !TARGETS.contains(&target.as_str()) {
        bail!("there is no target `{target}`; there are {}", TARGETS.join(" "));
    }
    let folder = root().join("fuzz");
    // A triple of its own keeps the counters out of build scripts and macros.
    let triple = host()?;
    let mut build = cargo(&["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--bin", target, "--target", &triple]);
    run(build.env("RUSTFLAGS", COUNTERS).env("CARGO_TARGET_DIR", folder.join("target")))?;
    let (grown, artifacts) = (folder.join("grown").join(target), folder.join("artifacts"));
    for made in [&grown, &artifacts] {
        std::fs::create_dir_all(made).with_context(|| made.display().to_string())?;
    }
    let seconds = 60 * minutes;
    let mut fuzz = Command::new(folder.join("target").join(&triple).join("release").join(target));
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.args(["-timeout=20", "-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"]);
    run(fuzz.arg(grown).arg(folder.join("corpus").join(target)))
}

/// The triple this machine compiles for.
fn host() -> Result<String> {
    let said = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output()?;
    let text = String::from_utf8(said.stdout)?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_string).context("the compiler does not say its host")
}
