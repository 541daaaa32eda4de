//! What an author of measures does: list, show, check, format, test.

use super::source;
use crate::arguments::{Format, FromMeasures, ReportFormat, SchemaOf, Spelling};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{BoundaryLine, TestReport};
use duijie_vocab::{Date, Lang, Severity, has_errors, text};
use std::path::{Path, PathBuf};

pub(crate) fn list(world: &World, measures: &FromMeasures, format: Format) -> Outcome {
    let measures = if measures.measures.is_empty() { world.open_existing()?.measures()? } else { source::measures(world, measures)?.lines() };
    if format == Format::Json {
        show::json(&measures)?;
        return Ok(Verdict::Done);
    }
    for measure in measures {
        println!("{}  {}  {}  {}", measure.id, measure.name.get(world.lang), measure.region_name, measure.delivery.get(world.lang));
    }
    Ok(Verdict::Done)
}

pub(crate) fn show(world: &World, id: &str, measures: &FromMeasures, on: Option<&str>, style: Option<Spelling>, format: Format) -> Outcome {
    let policies = source::measures(world, measures)?;
    let day = on.map(|written| Date::parse(written).with_context(|| format!("--on {written}"))).transpose()?;
    let Ok(newest) = policies.measure(id) else {
        let near = policies.nearest_id(id).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        bail!("there is no measure `{id}`; {near}`duijie policy list` names them");
    };
    let found = match day {
        Some(day) => policies
            .measure_on(id, day)
            .with_context(|| format!("no version of `{id}` is in force on {day}; the latest is in force {}", newest.line.in_force))?,
        None => newest,
    };
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    match style {
        Some(style) => println!("{}", policies.printed(id, day, style.word(), world.lang)?),
        None => println!("{}", found.printed_text(world.lang)),
    }
    Ok(Verdict::Done)
}

pub(crate) fn check(world: &World, paths: &[PathBuf], format: Format) -> Outcome {
    let policies = source::at(world, paths)?;
    let faults = [policies.faults.clone(), policies.example_faults()].concat();
    let wanting = has_errors(&faults);
    if format == Format::Json {
        show::json(&faults)?;
    } else {
        source::tell(world, &faults);
        let count = policies.count();
        let en = if count == 1 { "1 measure can be used".to_string() } else { format!("{count} measures can be used") };
        println!("{}", duijie_vocab::Text::new(format!("{count} 条措施可用"), en).get(world.lang));
    }
    Ok(if wanting { Verdict::Wanting } else { Verdict::Done })
}

pub(crate) fn format(world: &World, paths: &[PathBuf], style: Spelling, check: bool) -> Outcome {
    let policies = source::at(world, paths)?;
    let mut verdict = Verdict::Done;
    for (name, formatted) in policies.formatted(style.word())? {
        match formatted {
            Err(faults) => {
                source::tell(world, &faults);
                verdict = Verdict::Wanting;
            }
            Ok(text) if policies.text(&name) == Some(text.as_str()) => {}
            Ok(_) if check => {
                println!("{name}");
                verdict = Verdict::Wanting;
            }
            Ok(text) => {
                write_aside(Path::new(&name), &text)?;
                println!("{name}");
            }
        }
    }
    Ok(verdict)
}

/// A file is replaced whole or not at all.
fn write_aside(path: &Path, text: &str) -> anyhow::Result<()> {
    let aside = path.with_extension("yaml.new");
    std::fs::write(&aside, text).and_then(|()| std::fs::rename(&aside, path)).with_context(|| path.display().to_string())
}

pub(crate) fn test(world: &World, paths: &[PathBuf], format: ReportFormat, output: Option<&Path>) -> Outcome {
    let report = source::at(world, paths)?.test();
    match format {
        ReportFormat::Json => show::json(&report)?,
        ReportFormat::Text => print_report(world, &report),
        ReportFormat::Xlsx => write_workbook(world, output, report.workbook(world.lang, world.now())?)?,
    }
    Ok(if report.is_sound() { Verdict::Done } else { Verdict::Wanting })
}

pub(crate) fn write_workbook(world: &World, output: Option<&Path>, bytes: Vec<u8>) -> anyhow::Result<()> {
    let path = output.context("name the workbook with -o FILE")?;
    std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    eprintln!("{}", text!("已写入 {}", "written to {}", path.display()).get(world.lang));
    Ok(())
}

fn print_report(world: &World, report: &TestReport) {
    source::tell(world, &report.findings);
    for example in report.examples.iter().filter(|example| !example.passed) {
        println!("{}  {} · {}: {}", example.place, example.measure, example.name, example.message.get(world.lang));
    }
    for lines in report.boundary.chunk_by(|a, b| (&a.measure, a.version) == (&b.measure, b.version)) {
        print_boundary(world.lang, lines);
    }
    let (all, wrong) = (report.examples.len(), report.examples.iter().filter(|example| !example.passed).count());
    println!("{}", text!("{all} 个示例，{wrong} 个不符", "{all} examples, {wrong} failed").get(world.lang));
    let of = |severity: Severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (cases, errors, warnings, notes) = (report.boundary.len(), of(Severity::Error), of(Severity::Warning), of(Severity::Note));
    println!(
        "{}",
        text!(
            "{cases} 个边界值，{errors} 处错误，{warnings} 处提醒，{notes} 条说明",
            "{cases} boundary cases, {errors} errors, {warnings} warnings, {notes} notes"
        )
        .get(world.lang)
    );
}

/// The boundary cases of one measure as a table with a line to sign.
fn print_boundary(lang: Lang, lines: &[BoundaryLine]) {
    let heads = match lang {
        Lang::Zh => ["指标", "时期", "取值", "位置", "结果", "金额"],
        Lang::En => ["fact", "period", "value", "where", "outcome", "amount"],
    };
    let mut rows = vec![heads.map(str::to_string)];
    rows.extend(
        lines
            .iter()
            .map(|line| [&line.fact_name, &line.period, &line.value, &line.side_name, &line.outcome_name, &line.amount].map(|cell| cell.get(lang).to_string())),
    );
    println!("\n{}  [{} v{}]", lines[0].measure_name.get(lang), lines[0].measure, lines[0].version);
    show::columns(&rows).iter().for_each(|line| println!("  {line}"));
    println!("  {}\n", text!("核对人 ____________  日期 ____________", "checked by ____________  date ____________").get(lang));
}

/// Writes the measures that come with the language; files that are there already are left alone.
pub(crate) fn examples(world: &World, folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut kept = 0;
    for (name, text) in duijie_app::shipped_measures() {
        let path = folder.join(name);
        if path.exists() {
            kept += 1;
            continue;
        }
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("{}", path.display());
    }
    if kept > 0 {
        eprintln!("{}", text!("{kept} 个文件已存在，未改动", "{kept} files were there already and are left alone").get(world.lang));
    }
    Ok(Verdict::Done)
}

pub(crate) fn schema(of: SchemaOf) -> Outcome {
    show::json(&duijie_app::policy_schema(of == SchemaOf::Facts))?;
    Ok(Verdict::Done)
}
