//! The portal's charts and map, bundled with the packages they stand on into `crates/web/bundle`, from
//! where the build takes them into the binary.

use crate::root;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs what the lock names, where that is not done yet, and bundles.
pub(crate) fn bundle() -> Result<()> {
    install()?;
    run_bundler()
}

/// Bundles; where the packages cannot be had, says so: without a bundle the portal shows what the
/// server draws.
pub(crate) fn bundle_or_say() -> Result<()> {
    match install() {
        Ok(()) => run_bundler(),
        Err(error) => {
            println!("the charts and the map of the portal are those that the server draws: {error:#}");
            Ok(())
        }
    }
}

/// The packages that the lock in `folder` names, as they are published; none of their scripts runs.
pub(crate) fn npm_ci(folder: &Path) -> Result<()> {
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let status = install.current_dir(folder).status().context("npm does not start")?;
    ensure!(status.success(), "npm ci ended with {status}");
    Ok(())
}

fn folder() -> PathBuf {
    root().join("crates").join("web").join("scripts")
}

/// npm leaves a copy of the lock behind, which tells what is installed already.
fn install() -> Result<()> {
    let age = |name: &str| std::fs::metadata(folder().join(name)).and_then(|about| about.modified());
    let lock = age("package-lock.json").context("crates/web/scripts/package-lock.json")?;
    let is_installed = age("node_modules/.package-lock.json").is_ok_and(|installed| installed >= lock);
    if is_installed { Ok(()) } else { npm_ci(&folder()) }
}

fn run_bundler() -> Result<()> {
    let status = Command::new("node").arg("bundle.mjs").current_dir(folder()).status().context("node does not start")?;
    ensure!(status.success(), "bundle.mjs ended with {status}");
    Ok(())
}
