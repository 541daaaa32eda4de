//! `duijie policy`

use crate::arguments::{Format, Policy, PolicyCommand};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::PolicyFiles;
use duijie_vocab::{RecordId, has_errors, text};
use std::path::{Path, PathBuf};

pub(crate) fn run(world: &World, command: &Policy) -> Outcome {
    match &command.command {
        PolicyCommand::List { format } => list(world, *format),
        PolicyCommand::Show { measure, format } => show_measure(world, measure, *format),
        PolicyCommand::Check { paths } => check(world, paths),
        PolicyCommand::Test { paths, format } => test(world, paths, *format),
        PolicyCommand::Decide { organization, period, format } => decide(world, organization, period.as_deref(), *format),
        PolicyCommand::Batch { period, format } => batch(world, period.as_deref(), *format),
    }
}

fn list(world: &World, format: Format) -> Outcome {
    let measures = world.open_existing()?.measures()?;
    if format == Format::Json {
        show::json(&measures)?;
        return Ok(Verdict::Done);
    }
    for measure in measures {
        println!("{}  {}  {}  {}", measure.id, measure.name.get(world.lang), measure.region_name, measure.delivery.get(world.lang));
    }
    Ok(Verdict::Done)
}

fn show_measure(world: &World, id: &str, format: Format) -> Outcome {
    let measure = world.open_existing()?.measure(id)?;
    if format == Format::Json {
        show::json(&measure)?;
        return Ok(Verdict::Done);
    }
    println!("{}", measure.printed_text(world.lang));
    Ok(Verdict::Done)
}

/// The yaml files among `paths`, and those directly in the folders among them.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in paths {
        let mut inside = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).with_context(|| path.display().to_string())? {
                let entry = entry?.path();
                if entry.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
                    inside.push(entry);
                }
            }
            inside.sort();
        } else {
            inside.push(path.clone());
        }
        for file in inside {
            found.push((name(&file), std::fs::read_to_string(&file).with_context(|| file.display().to_string())?));
        }
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn check(world: &World, paths: &[PathBuf]) -> Outcome {
    let files = PolicyFiles::read(files(paths)?);
    for fault in &files.faults {
        eprintln!("{}", show::diagnostic(fault, world.lang));
    }
    let count = files.measures();
    println!("{}", text!("{count} 条措施可用", "{count} measures can be used").get(world.lang));
    Ok(if has_errors(&files.faults) { Verdict::Wanting } else { Verdict::Done })
}

fn test(world: &World, paths: &[PathBuf], format: Format) -> Outcome {
    let files = PolicyFiles::read(files(paths)?);
    for fault in &files.faults {
        eprintln!("{}", show::diagnostic(fault, world.lang));
    }
    let examples = files.examples();
    let failed: Vec<_> = examples.iter().filter(|example| !example.passed).collect();
    if format == Format::Json {
        show::json(&examples)?;
        return Ok(if failed.is_empty() && !has_errors(&files.faults) { Verdict::Done } else { Verdict::Wanting });
    }
    for example in &failed {
        println!("{} · {}: {}", example.measure, example.name, example.message.get(world.lang));
    }
    let (all, wrong) = (examples.len(), failed.len());
    println!("{}", text!("{all} 个示例，{wrong} 个不符", "{all} examples, {wrong} failed").get(world.lang));
    Ok(if wrong > 0 || has_errors(&files.faults) { Verdict::Wanting } else { Verdict::Done })
}

fn decide(world: &World, organization: &str, period: Option<&str>, format: Format) -> Outcome {
    let app = world.open_existing()?;
    let id = match RecordId::parse(organization) {
        Some(id) => id,
        None => app.organization_named(organization)?.with_context(|| format!("no organization, or several, are called `{organization}`; give the id"))?,
    };
    let found = app.decisions(&world.viewer(), &id, period)?;
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}", found.organization.title, found.period, show::counts(&found.counts, world.lang));
    for decision in &found.decisions {
        println!("\n{}", show::decided(decision, world.lang));
    }
    Ok(Verdict::Done)
}

fn batch(world: &World, period: Option<&str>, format: Format) -> Outcome {
    let app = world.open_existing()?;
    let bar = show::progress(text!("判断政策", "deciding").get(world.lang));
    let summary = app.decide_all(&world.viewer(), period, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    if format == Format::Json {
        show::json(&summary)?;
        return Ok(Verdict::Done);
    }
    let (organizations, measures) = (summary.organizations, summary.measures);
    println!("{}", text!("{organizations} 家企业，{measures} 条措施", "{organizations} enterprises, {measures} measures").get(world.lang));
    println!("{}", show::counts(&summary.counts, world.lang));
    for (organization, decision) in summary.examples.iter().take(3) {
        println!("\n{}  [{}]", organization.title, organization.id);
        println!("{}", show::decided(decision, world.lang));
    }
    Ok(Verdict::Done)
}
