//! Rules of the repository that a compiler does not check: which room may know which, names that
//! say nothing, and files that have to be there.

use crate::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Room → the rooms it may know. The map in ARCHITECTURE.md says why.
const ARROWS: &[(&str, &[&str])] = &[
    ("vocab", &[]),
    ("record", &["vocab"]),
    ("sheet", &["vocab"]),
    ("policy", &["vocab"]),
    ("docking", &["vocab"]),
    ("matching", &["vocab", "record"]),
    ("ledger", &["vocab"]),
    ("payout", &["vocab", "ledger"]),
    ("journal", &["vocab", "record", "ledger"]),
    ("search", &["vocab", "record", "matching"]),
    ("store", &["vocab", "record", "journal", "ledger"]),
    ("app", &["vocab", "record", "sheet", "policy", "matching", "journal", "search", "store", "docking", "ledger", "payout"]),
    ("web", &["vocab", "record", "app"]),
    ("duijie", &["vocab", "record", "app", "web"]),
];

/// File names that do not say what is in the file.
const SAYS_NOTHING: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "service", "misc"];

const HAVE_TO_BE_THERE: &[&str] =
    &["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".ci/run", "docs/glossary.md", "demo/README.md"];

pub(crate) fn run() -> Result<()> {
    let mut faults = Vec::new();
    faults.extend(arrows()?);
    let sources = source_files(&root().join("crates"))?.into_iter().chain(source_files(&root().join("xtask"))?);
    for path in sources {
        faults.extend(file(&path)?);
    }
    for name in HAVE_TO_BE_THERE {
        if !root().join(name).is_file() {
            faults.push(format!("{name} is missing"));
        }
    }
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(root().join(readme)).unwrap_or_default();
        for command in ["cargo xtask demo", "cargo xtask test"] {
            if !text.contains(command) {
                faults.push(format!("{readme} does not name `{command}`"));
            }
        }
    }
    if faults.is_empty() {
        println!("tidy: nothing to say");
        return Ok(());
    }
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    bail!("{} rules of the repository are broken", faults.len())
}

/// Dependencies between rooms that the map does not have.
fn arrows() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in fs::read_dir(root().join("crates"))? {
        let folder = folder?.path();
        let room = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("crates/{room} is not on the map of rooms"));
            continue;
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).with_context(|| format!("crates/{room}/Cargo.toml"))?;
        for known in dependencies(&manifest) {
            if !allowed.contains(&known.as_str()) {
                faults.push(format!("crates/{room} may not know `{known}`"));
            }
        }
    }
    Ok(faults)
}

/// The rooms named under `[dependencies]`; tests may know more.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap_or("");
    let names = section.lines().filter_map(|line| line.strip_prefix("duijie-"));
    names.filter_map(|line| line.split(['.', ' ', '=']).next()).map(str::to_string).collect()
}

fn file(path: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if SAYS_NOTHING.contains(&stem.as_str()) {
        faults.push(format!("{shown}: the name does not say what is in the file"));
    }
    let text = fs::read_to_string(path).with_context(|| shown.clone())?;
    let opens_with_sentence = text.starts_with("//!");
    if !opens_with_sentence {
        faults.push(format!("{shown}: the file does not open with what it is (//!)"));
    }
    Ok(faults)
}

fn source_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
            found.extend(source_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_read_from_the_manifest() {
        let manifest = "[package]\nname = \"duijie-x\"\n\n[dependencies]\nduijie-vocab.workspace = true\nserde.workspace = true\nduijie-sheet = { path = \"\" }\n\n[dev-dependencies]\nduijie-app.workspace = true\n";
        assert_eq!(dependencies(manifest).into_iter().collect::<Vec<_>>(), ["sheet", "vocab"]);
    }
}
