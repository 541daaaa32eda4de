//! Deciding: one organization, one decision with everything it rests on, everybody in counts.

use super::source::{self, Ground, ground};
use crate::arguments::{Format, FromFacts};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{App, BatchReport, Explanation, PolicyFiles, Subjects, TallyLine, looks_like_json};
use duijie_vocab::{Diagnostic, RecordId, Severity, has_errors, text};
use std::io::BufRead;

pub(crate) fn decide(world: &World, organization: &str, from: &FromFacts, format: Format) -> Outcome {
    let app = match ground(world, from)? {
        Ground::Data(app) => app,
        Ground::Files { policies, subjects, on } => {
            let at = place(&subjects, organization)?;
            let decisions = policies.decide(&subjects, at, on, from.period.as_deref())?;
            if format == Format::Json {
                show::json(&decisions)?;
                return Ok(Verdict::Done);
            }
            println!("{organization}  {}", on.about());
            decisions.iter().for_each(|decision| println!("\n{}", show::decided(decision, world.lang)));
            return Ok(Verdict::Done);
        }
    };
    let found = app.decisions(&world.viewer(), &named(&app, organization)?, from.period.as_deref())?;
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

/// The organization that an id or an exact name means.
fn named(app: &App, organization: &str) -> anyhow::Result<RecordId> {
    match RecordId::parse(organization) {
        Some(id) => Ok(id),
        None => app.organization_named(organization)?.with_context(|| format!("no organization, or several, are called `{organization}`; give the id")),
    }
}

fn place(subjects: &Subjects, id: &str) -> anyhow::Result<usize> {
    subjects.place(id).with_context(|| format!("no row of the facts has the id `{id}`"))
}

pub(crate) fn explain(world: &World, organization: &str, measure: &str, from: &FromFacts, format: Format) -> Outcome {
    let period = from.period.as_deref();
    let explained = match ground(world, from)? {
        Ground::Data(app) => app.explain(&world.viewer(), &named(&app, organization)?, measure, period)?,
        Ground::Files { policies, subjects, on } => policies.explain(&subjects, place(&subjects, organization)?, measure, on, period)?,
    };
    if format == Format::Json {
        show::json(&explained)?;
    } else {
        print_explanation(world, &explained);
    }
    Ok(Verdict::Done)
}

fn print_explanation(world: &World, explained: &Explanation) {
    let lang = world.lang;
    println!("{}  {}  {}", explained.subject, explained.period, explained.on);
    println!("{}", show::decided(&explained.decision, lang));
    let heads = [text!("指标", "fact"), text!("时期", "period"), text!("取值", "value"), text!("来源", "source")].map(|head| head.get(lang).to_string());
    let mut rows = vec![heads];
    for fact in &explained.facts {
        let value = if fact.value.zh.is_empty() { text!("未知", "not known") } else { fact.value.clone() };
        let source = if fact.source.is_empty() { String::new() } else { format!("{} ({})", fact.source, fact.source_kind.get(lang)) };
        rows.push([fact.name.get(lang).to_string(), fact.period.clone(), value.get(lang).to_string(), source]);
    }
    println!();
    show::columns(&rows).iter().for_each(|line| println!("  {line}"));
    println!();
    for basis in &explained.decision.basis {
        println!("{}: {}", text!("依据", "basis").get(lang), basis.get(lang));
    }
    println!("{}: {}  v{}", text!("措施", "measure").get(lang), explained.decision.measure, explained.version);
    if !explained.certainty.is_empty() {
        println!("{}: {}", text!("可靠程度", "certainty").get(lang), explained.certainty);
    }
    if !explained.interpretation.zh.is_empty() {
        println!("{}: {}", text!("所采理解", "reading").get(lang), explained.interpretation.get(lang));
    }
}

pub(crate) fn batch(world: &World, from: &FromFacts, format: Format) -> Outcome {
    if let Some(counted) = batch_of_table(world, from, format)? {
        return Ok(counted);
    }
    match ground(world, from)? {
        Ground::Data(app) => batch_of_data(world, &app, from.period.as_deref(), format),
        Ground::Files { policies, subjects, on } => tell_batch(world, &policies, &policies.batch(&subjects, on), &subjects.faults, format),
    }
}

/// A csv table is read in parts; nothing when the subjects are given in another way.
fn batch_of_table(world: &World, from: &FromFacts, format: Format) -> anyhow::Result<Option<Verdict>> {
    let Some(path) = &from.facts else { return Ok(None) };
    let mut file = source::open(path)?;
    if looks_like_json(file.fill_buf().with_context(|| path.display().to_string())?) {
        return Ok(None);
    }
    let policies = source::measures(world, &from.measures)?;
    source::tell(world, &policies.faults);
    let (report, faults) = policies.batch_table(&path.display().to_string(), file, source::day(from)?, world.today());
    source::tell(world, &faults);
    tell_batch(world, &policies, &report, &faults, format).map(Some)
}

fn tell_batch(world: &World, policies: &PolicyFiles, report: &BatchReport, faults: &[Diagnostic], format: Format) -> Outcome {
    if format == Format::Json {
        show::json(report)?;
    } else {
        print_batch(world, report);
    }
    Ok(if has_errors(&policies.faults) || faults.iter().any(|fault| fault.severity == Severity::Error) { Verdict::Wanting } else { Verdict::Done })
}

fn print_batch(world: &World, report: &BatchReport) {
    let heads = [
        text!("措施", "measure"),
        text!("期间", "period"),
        text!("是", "yes"),
        text!("否", "no"),
        text!("未知", "unknown"),
        text!("无法计算", "error"),
        text!("不在申报期", "window closed"),
        text!("不在有效期", "not in force"),
        text!("金额（各自）", "amount alone"),
        text!("金额（就高不重复后）", "amount together"),
    ];
    // What nobody meets here needs no column.
    let any = |of: &dyn Fn(&TallyLine) -> bool| report.measures.iter().any(of);
    let (closed, lapsed) = (any(&|line| line.window_closed > 0), any(&|line| line.not_in_force > 0));
    let shown = [true, true, true, true, true, true, closed, lapsed, true, report.has_tied];
    let row = |cells: [String; 10]| -> [String; 10] {
        let mut kept = cells.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(cell, _)| cell);
        std::array::from_fn(|_| kept.next().unwrap_or_default())
    };
    let mut rows = vec![row(heads.map(|head| head.get(world.lang).to_string()))];
    rows.extend(report.measures.iter().map(|line| {
        let counts = [line.yes, line.no, line.unknown, line.error, line.window_closed, line.not_in_force].map(|count| count.to_string());
        let [yes, no, unknown, error, window_closed, not_in_force] = counts;
        let [alone, together] = [&line.amount, &line.together].map(|amount| amount.get(world.lang).to_string());
        row([line.measure.clone(), line.period.clone(), yes, no, unknown, error, window_closed, not_in_force, alone, together])
    }));
    let (subjects, on) = (report.subjects, &report.on);
    println!("{}", text!("{subjects} 个主体，{on}", "{subjects} subjects, {on}").get(world.lang));
    show::columns(&rows).iter().for_each(|line| println!("{line}"));
    if report.has_tied {
        let money = |fen: i128| duijie_vocab::Fen(i64::try_from(fen).unwrap_or(i64::MAX));
        let (alone, together) = (money(report.alone_fen), money(report.together_fen));
        let (zh_alone, zh_together) = (alone.chinese(), together.chinese());
        let note = text!(
            "各项相加 {zh_alone}；每个主体就高不重复、合计上限之后 {zh_together}",
            "{alone} one by one; {together} once each subject is paid its best combination, within groups and shared caps"
        );
        println!("{}", note.get(world.lang));
    }
}

fn batch_of_data(world: &World, app: &App, period: Option<&str>, format: Format) -> Outcome {
    let bar = show::progress(text!("判断政策", "deciding").get(world.lang));
    let summary = app.decide_all(&world.viewer(), period, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    app.follow_decisions(&mut |_| {})?;
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
