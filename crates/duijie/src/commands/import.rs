//! `duijie import`

use crate::arguments::{Format, Import};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{App, ImportOptions, ImportReport, holds_measures};
use duijie_vocab::{Lang, text};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How many diagnostics are printed of each file; JSON has them all.
const SHOWN: usize = 50;

pub(crate) fn run(world: &World, command: &Import) -> Outcome {
    if command.annotate.is_some() && command.files.len() != 1 {
        bail!("--annotate takes one file at a time");
    }
    let options = options(command)?;
    let app = world.open()?;
    let indexed = !command.dry_run && !command.no_index;
    let (verdict, reports) = beside(&app, indexed, || import_all(world, &app, command, &options));
    if let (Some(out), Some(path)) = (&command.annotate, command.files.first()) {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let (_, annotated) = app.annotated(&world.viewer(), &name(path), bytes, &options, world.lang)?;
        std::fs::write(out, annotated).with_context(|| out.display().to_string())?;
    }
    if indexed {
        let bar = show::progress(text!("建立索引", "indexing").get(world.lang));
        app.follow(&mut |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
    }
    if command.format == Format::Json {
        show::json(&reports)?;
    }
    Ok(verdict)
}

/// Runs `act` while another thread indexes what it writes.
fn beside<T>(app: &App, indexed: bool, act: impl FnOnce() -> T) -> T {
    if !indexed {
        return act();
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| app.follow_beside(&stop));
        let done = act();
        stop.store(true, Ordering::Relaxed);
        done
    })
}

fn import_all(world: &World, app: &App, command: &Import, options: &ImportOptions) -> (Verdict, Vec<ImportReport>) {
    let mut verdict = Verdict::Done;
    let mut reports = Vec::new();
    let (measures, others): (Vec<&PathBuf>, Vec<&PathBuf>) = in_order(&command.files).into_iter().partition(|path| holds_measures(&name(path)));
    let of_measures = import_measures(world, app, &measures, options);
    let of_others = others.into_iter().map(|path| (path, import(world, app, path, options)));
    for (path, told) in of_measures.into_iter().chain(of_others) {
        match told {
            Ok(report) => {
                if command.format == Format::Text {
                    print(&report, world.lang);
                }
                if report.refused > 0 {
                    verdict = Verdict::Wanting;
                }
                reports.push(report);
            }
            // One file that cannot be read does not keep the others out.
            Err(error) => {
                verdict = Verdict::Wanting;
                eprintln!("{}", text!("{} 没有导入：", "{} was not imported:", path.display()).get(world.lang));
                crate::report(&error, world.lang);
            }
        }
    }
    (verdict, reports)
}

/// Organizations before what belongs to them, the vocabulary before the measures, the rest as given.
fn in_order(files: &[PathBuf]) -> Vec<&PathBuf> {
    let rank = |path: &PathBuf| {
        let name = name(path);
        match () {
            () if name == "facts.yaml" => 0,
            () if name.contains("organization") || name.contains("机构") || name.contains("企业名") => 1,
            () => 2,
        }
    };
    let mut ordered: Vec<&PathBuf> = files.iter().collect();
    ordered.sort_by_key(|path| rank(path));
    ordered
}

/// All measure files together, each opened when its turn comes.
fn import_measures<'p>(world: &World, app: &App, paths: &[&'p PathBuf], options: &ImportOptions) -> Vec<(&'p PathBuf, anyhow::Result<ImportReport>)> {
    if paths.is_empty() {
        return Vec::new();
    }
    let (mut opened, mut told) = (Vec::new(), Vec::new());
    let files = paths.iter().filter_map(|&path| match open(path) {
        Ok(file) => {
            opened.push(path);
            Some((name(path), file))
        }
        Err(fault) => {
            told.push((path, Err(fault)));
            None
        }
    });
    match app.import_measures(&world.viewer(), files, options) {
        Ok(reports) => told.extend(opened.into_iter().zip(reports).map(|(path, (_, report))| (path, report.map_err(Into::into)))),
        Err(fault) => told.extend(paths.first().map(|&path| (path, Err(fault.into())))),
    }
    told
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn options(command: &Import) -> anyhow::Result<ImportOptions> {
    let mut options = match &command.mapping {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            ImportOptions::from_mapping(&path.display().to_string(), &text)?
        }
        None => ImportOptions::default(),
    };
    if command.kind.is_some() {
        options.kind.clone_from(&command.kind);
    }
    if let Some(region) = region(command.region.as_deref())? {
        options.region = Some(region);
    }
    options.dry_run = command.dry_run;
    for pair in &command.map {
        let (header, field) = pair.rsplit_once('=').with_context(|| format!("--map `{pair}` is not HEADER=FIELD"))?;
        options.mapping.push((header.to_string(), field.to_string()));
    }
    Ok(options)
}

fn import(world: &World, app: &App, path: &Path, options: &ImportOptions) -> anyhow::Result<ImportReport> {
    let file = open(path)?;
    let bar = show::progress(&name(path));
    let report = app.import_from(&world.viewer(), &name(path), file, options, &mut |rows| bar.set_position(rows as u64));
    bar.finish_and_clear();
    Ok(report?)
}

fn print(report: &ImportReport, lang: Lang) {
    for diagnostic in report.diagnostics.iter().take(SHOWN) {
        eprintln!("{}", show::diagnostic(diagnostic, lang));
    }
    if report.diagnostics_total > SHOWN {
        let more = report.diagnostics_total - SHOWN;
        eprintln!("{}", text!("……还有 {more} 条（--format json 列出全部）", "… and {more} more (--format json lists them all)").get(lang));
    }
    for pair in report.duplicates.iter().take(SHOWN) {
        let (a, b, why) = (&pair.first.title, &pair.second.title, pair.why.get(lang));
        eprintln!(
            "{}",
            text!("可能重复：{a} 与 {b}（{why}），可在“重复记录”中合并", "likely duplicates: {a} and {b} ({why}); merge them under duplicates").get(lang)
        );
    }
    let ImportReport { added, changed, unchanged, refused, file, .. } = report;
    let line = match report.written {
        true => text!(
            "{file}：新增 {added}，更新 {changed}，无变化 {unchanged}，未导入 {refused}",
            "{file}: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused"
        ),
        false => text!(
            "{file}（预览）：将新增 {added}，更新 {changed}，无变化 {unchanged}，不能导入 {refused}",
            "{file} (dry run): {added} would be added, {changed} changed, {unchanged} unchanged, {refused} refused"
        ),
    };
    println!("{}", line.get(lang));
}
