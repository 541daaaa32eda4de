//! Where measures and subjects come from: files, or the data directory.

use crate::arguments::{FromFacts, FromMeasures};
use crate::show;
use crate::world::World;
use anyhow::{Context, bail};
use duijie_app::{App, DecideOn, PolicyFiles, Subjects};
use duijie_vocab::Date;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The measures that were named, or those of the data directory.
pub(crate) fn measures(world: &World, from: &FromMeasures) -> anyhow::Result<Arc<PolicyFiles>> {
    at(world, &from.measures)
}

/// The measures at `paths`, or those of the data directory when there are none.
pub(crate) fn at(world: &World, paths: &[PathBuf]) -> anyhow::Result<Arc<PolicyFiles>> {
    if paths.is_empty() { Ok(world.open_existing()?.policies()) } else { Ok(Arc::new(PolicyFiles::read(files(paths)?))) }
}

/// Where a decision is made: in the data directory, or on files alone.
pub(crate) enum Ground {
    Data(Box<App>),
    Files { policies: Arc<PolicyFiles>, subjects: Box<Subjects>, on: DecideOn },
}

/// Opens what `from` names. Faults of the files are told; the rest goes on.
pub(crate) fn ground(world: &World, from: &FromFacts) -> anyhow::Result<Ground> {
    let Some(path) = &from.facts else {
        if !from.measures.measures.is_empty() {
            bail!("--measures needs --facts FILE with the subjects; without both, measures and facts of the data directory are used");
        }
        if from.on.is_some() {
            bail!("--on is for subjects from a file; for the data directory name the year with --period");
        }
        return Ok(Ground::Data(Box::new(world.open_existing()?)));
    };
    let (policies, file) = (measures(world, &from.measures)?, open(path)?);
    tell(world, &policies.faults);
    let name = path.display().to_string();
    let (subjects, on) = policies.read_subjects(&name, file, day(from)?, world.today()).with_context(|| name.clone())?;
    tell(world, &subjects.faults);
    tell(world, policies.closed_on(on).as_slice());
    Ok(Ground::Files { policies, subjects: Box::new(subjects), on })
}

/// The day that was named, else the period, if one was.
pub(crate) fn day(from: &FromFacts) -> anyhow::Result<Option<DecideOn>> {
    if let Some(written) = &from.on {
        return Date::parse(written).with_context(|| format!("--on {written}")).map(|day| Some(DecideOn::Day(day)));
    }
    from.period.as_deref().map(|written| DecideOn::period(written).with_context(|| format!("--period {written}"))).transpose()
}

pub(crate) fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

pub(crate) fn tell(world: &World, faults: &[duijie_vocab::Diagnostic]) {
    faults.iter().for_each(|fault| eprintln!("{}", show::diagnostic(fault, world.lang)));
}

/// The yaml files among `paths` and those directly in the folders among them, with the `facts.yaml`
/// beside the first when none was named.
pub(crate) fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(yaml_in(path)?);
        } else {
            found.push(path.clone());
        }
    }
    let is_vocabulary = |path: &PathBuf| path.file_name().is_some_and(|name| name == "facts.yaml");
    if !found.iter().any(is_vocabulary) {
        let beside = found.first().and_then(|first| first.parent()).map(|folder| folder.join("facts.yaml"));
        found.extend(beside.filter(|path| path.is_file()));
    }
    found.into_iter().map(|path| Ok((path.display().to_string(), text(&path)?))).collect()
}

fn yaml_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            inside.push(path);
        }
    }
    if inside.is_empty() {
        bail!("there are no yaml files in `{}`", folder.display());
    }
    inside.sort();
    Ok(inside)
}

/// The largest file that is read whole; the language refuses files above its own, smaller limit.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path).with_context(|| path.display().to_string())?.len();
    if size > MAX_BYTES {
        bail!("`{}` has {} MiB; a measure file has at most 2", path.display(), size >> 20);
    }
    std::fs::read_to_string(path).with_context(|| format!("`{}` is not a UTF-8 text", path.display()))
}
