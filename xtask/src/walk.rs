//! Walks through the portal with Chromium: every page held against axe-core, whole tasks as each
//! role, and the pictures of the READMEs. The scripts are in `crates/web/walk`.

use crate::demo::{Duijie, target_dir};
use crate::{cargo, root, run};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How the product is built that is walked through.
const ALONE: &[&str] = &["build", "--locked", "--package", "duijie"];
/// As [`ALONE`], from what the tests have compiled already: their dependencies have features that the
/// product alone does without, and with others half of it would be compiled again.
const WITH_TESTS: &[&str] = &["build", "--locked", "--workspace", "--bins", "--tests"];

/// Walks, or says why not; on a machine of CI everything has to be there.
pub(crate) fn walk() -> Result<()> {
    walk_through(ALONE)
}

/// As [`walk`], after the tests.
pub(crate) fn walk_after_tests() -> Result<()> {
    walk_through(WITH_TESTS)
}

fn walk_through(build: &[&str]) -> Result<()> {
    let Some(chromium) = chromium() else {
        if std::env::var_os("CI").is_some() {
            bail!("Node or Chromium is missing: install `nodejs`, `npm` and `chromium`");
        }
        println!("the walk through the portal is left out: it needs node, npm and chromium");
        return Ok(());
    };
    let folder = target_dir().join("walk");
    node("walk.mjs", build, &folder, &chromium)?;
    let duijie = walked();
    let scripts = root().join("crates").join("web").join("walk");
    run(Command::new("node").arg(scripts.join("login_with.mjs")).args([&duijie.binary, &duijie.data, &chromium]))
}

/// The product over the data that is walked through.
fn walked() -> Duijie {
    Duijie { binary: target_dir().join("debug").join("duijie"), data: target_dir().join("walk-data") }
}

/// Makes the pictures that the READMEs show.
pub(crate) fn screenshots() -> Result<()> {
    let chromium = chromium().context("pictures need node, npm and chromium")?;
    node("screenshots.mjs", ALONE, &root().join("docs").join("images"), &chromium)
}

/// Serves the demo region from a fresh data directory and runs `script` on it.
fn node(script: &str, build: &[&str], folder: &Path, chromium: &Path) -> Result<()> {
    let scripts = root().join("crates").join("web").join("walk");
    if !scripts.join("node_modules").is_dir() {
        crate::scripts::npm_ci(&scripts)?;
    }
    crate::scripts::bundle()?;
    run(&mut cargo(build))?;
    let duijie = walked();
    duijie.load_pages()?;
    let server = Server::start(&duijie)?;
    std::fs::create_dir_all(folder)?;
    let mut walk = Command::new("node");
    run(walk.arg(scripts.join(script)).arg(&server.url).arg(folder).arg(chromium).arg(&duijie.data))
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(duijie: &Duijie) -> Result<Server> {
        let mut process = duijie.command().args(["serve", "--listen", "127.0.0.1:0"]).current_dir(root()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("the server says nothing")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let url = line.find("http").map(|at| line[at..].trim().to_string());
        let mut server = Server { process, url: String::new() };
        server.url = url.with_context(|| format!("the server said `{}`", line.trim()))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}

/// Chromium, if it and Node are on the path.
fn chromium() -> Option<PathBuf> {
    on_path("node")?;
    on_path("npm")?;
    on_path("chromium").or_else(|| on_path("chromium-browser"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
