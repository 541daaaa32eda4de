//! Comparing changed measures with those in force.

use super::author::write_workbook;
use super::source::{Ground, ground, text as read_text};
use crate::arguments::{FromFacts, ReportFormat};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{FigureView, SimulationView, StepView, TotalsView, simulation_workbook};
use duijie_vocab::{Lang, text};
use std::collections::BTreeMap;
use std::path::Path;

/// What is to be tried: a file with the change, or a measure with some of its figures changed.
pub(crate) struct Asked<'a> {
    pub(crate) change: Option<&'a Path>,
    pub(crate) measure: Option<&'a str>,
    pub(crate) figures: &'a [String],
}

pub(crate) fn simulate(world: &World, asked: &Asked<'_>, from: &FromFacts, format: ReportFormat, output: Option<&Path>) -> Outcome {
    let ground = ground(world, from)?;
    let found = match (asked.change, asked.measure) {
        (Some(change), _) => with_file(world, ground, change, from)?,
        (None, Some(measure)) if asked.figures.is_empty() => return list_figures(world, &ground, measure, format),
        (None, Some(measure)) => vec![with_figures(world, ground, measure, &figures(asked.figures)?, from)?],
        (None, None) => bail!("name a file with --change, or a measure with --measure"),
    };
    match format {
        ReportFormat::Json => show::json(&found)?,
        ReportFormat::Text => found.iter().for_each(|one| print_one(world, one)),
        ReportFormat::Xlsx => write_workbook(world, output, simulation_workbook(&found, world.lang, world.now()).context("the workbook")?)?,
    }
    Ok(Verdict::Done)
}

fn with_file(world: &World, ground: Ground, change: &Path, from: &FromFacts) -> anyhow::Result<Vec<SimulationView>> {
    let (name, changed) = (change.display().to_string(), read_text(change)?);
    let found = match ground {
        Ground::Data(app) => app.simulate_change(&world.viewer(), &name, &changed, from.period.as_deref())?,
        Ground::Files { policies, subjects, on } => policies.simulate_change(&name, &changed, *subjects, on)?,
    };
    if found.is_empty() {
        bail!("`{name}` holds no measure");
    }
    Ok(found)
}

fn with_figures(world: &World, ground: Ground, measure: &str, asked: &BTreeMap<usize, String>, from: &FromFacts) -> anyhow::Result<SimulationView> {
    let count = all_figures(&ground, measure)?.len();
    if let Some(beyond) = asked.keys().find(|&&at| at >= count) {
        bail!("`{measure}` has {count} figures, none with the number {}", beyond + 1);
    }
    Ok(match ground {
        Ground::Data(app) => app.simulate_figures(&world.viewer(), measure, asked, from.period.as_deref())?,
        Ground::Files { policies, subjects, on } => policies.simulate_figures(measure, asked, *subjects, on)?,
    })
}

fn all_figures(ground: &Ground, measure: &str) -> anyhow::Result<Vec<FigureView>> {
    let none = BTreeMap::new();
    let found = match ground {
        Ground::Data(app) => app.measure_figures(measure, &none),
        Ground::Files { policies, .. } => policies.figures(measure, &none),
    };
    found.with_context(|| format!("there is no measure `{measure}`"))
}

/// `1=4%`: the first figure of the list becomes 4 %.
fn figures(written: &[String]) -> anyhow::Result<BTreeMap<usize, String>> {
    let one = |written: &String| {
        let (number, value) = written.split_once('=').with_context(|| format!("`{written}` is not a number and a value such as 1=4%"))?;
        let number: usize = number.trim().parse().ok().filter(|&number| number > 0).with_context(|| format!("`{number}` is no number of the list"))?;
        Ok((number - 1, value.trim().to_string()))
    };
    written.iter().map(one).collect()
}

fn list_figures(world: &World, ground: &Ground, measure: &str, format: ReportFormat) -> Outcome {
    let figures = all_figures(ground, measure)?;
    if format == ReportFormat::Json {
        show::json(&figures)?;
        return Ok(Verdict::Done);
    }
    let row = |figure: &FigureView| [(figure.at + 1).to_string(), figure.written.clone(), figure.label.get(world.lang).to_string(), figure.rule.clone()];
    let rows: Vec<[String; 4]> = figures.iter().map(row).collect();
    show::columns(&rows).iter().for_each(|line| println!("{line}"));
    Ok(Verdict::Done)
}

/// Subjects that are listed on a terminal; the workbook has all.
const LISTED: usize = 20;

fn print_one(world: &World, found: &SimulationView) {
    let lang = world.lang;
    println!("{}  [{}]  {}  {}", found.name.get(lang), found.measure, found.period, found.on);
    let heads = [
        text!("", ""),
        text!("主体", "subjects"),
        text!("原享受", "before"),
        text!("现享受", "after"),
        text!("新增", "gain"),
        text!("失去", "lose"),
        text!("未定", "open"),
        text!("原支出", "cost before"),
        text!("现支出", "cost after"),
        text!("差额", "difference"),
    ];
    let mut rows = vec![heads.map(|head| head.get(lang).to_string())];
    let row = |name: &str, totals: &TotalsView| {
        let counts = [totals.subjects, totals.eligible_before, totals.eligible_after, totals.gain, totals.lose, totals.open].map(|count| count.to_string());
        let [subjects, before, after, gain, lose, open] = counts;
        let money = [&totals.cost_before, &totals.cost_after, &totals.difference].map(|bounds| bounds.shown.get(lang).to_string());
        let [cost_before, cost_after, difference] = money;
        [name.to_string(), subjects, before, after, gain, lose, open, cost_before, cost_after, difference]
    };
    rows.push(row(text!("合计", "total").get(lang), &found.totals));
    for class in &found.classes {
        rows.push(std::array::from_fn(|at| if at == 0 { class.name.get(lang).to_string() } else { String::new() }));
        rows.extend(class.rows.iter().map(|line| row(&format!("  {}", line.name.get(lang)), &line.totals)));
    }
    show::columns(&rows).iter().for_each(|line| println!("{line}"));
    if let Some(pool) = &found.pool {
        let (name, amount) = (&pool.pool, pool.amount.get(lang));
        println!("{}", text!("资金池 {name} {amount}：{}", "pool {name} {amount}: {}", covered(pool.after).get(lang)).get(lang));
    }
    if let Some(together) = &found.together {
        let names: Vec<&str> = together.beside.iter().map(|name| name.get(lang)).collect();
        let (beside, [before, after, difference]) = (
            names.join(if lang == Lang::Zh { "、" } else { ", " }),
            [&together.cost_before, &together.cost_after, &together.difference].map(|bounds| &bounds.shown),
        );
        let zh = format!("以上为本措施单独计算。与同组措施（{beside}）就高不重复、合计上限之后：{} → {}，{}", before.zh, after.zh, difference.zh);
        let en = format!(
            "The sums above are of this measure alone. Paid beside {beside}, the best of each group and within shared caps: {} → {}, {}",
            before.en, after.en, difference.en
        );
        println!("{}", duijie_vocab::Text::new(zh, en).get(lang));
    }
    print_steps(lang, &found.steps);
    for change in found.changes.iter().take(LISTED) {
        println!("  {} → {}  {}  {} → {}", change.before, change.after, change.name, change.paid_before.shown.get(lang), change.paid_after.shown.get(lang));
    }
    if found.changes.len() > LISTED {
        let more = found.changes.len() - LISTED;
        println!("{}", text!("另有 {more} 个；工作簿列出全部", "{more} more; a workbook lists all").get(lang));
    }
}

/// What other values of the changed figure would do.
fn print_steps(lang: Lang, steps: &[StepView]) {
    if steps.is_empty() {
        return;
    }
    let heads = [text!("取值", "value"), text!("享受", "eligible"), text!("未定", "open"), text!("支出", "cost"), text!("", "")];
    let mark = |mark: &str| match mark {
        "now" => text!("现行", "in force"),
        "asked" => text!("拟改", "asked"),
        _ => text!("", ""),
    };
    let row = |step: &StepView| {
        let (cost, mark) = (step.cost.shown.get(lang).to_string(), mark(step.mark).get(lang).to_string());
        [step.value.clone(), step.eligible.to_string(), step.open.to_string(), cost, mark]
    };
    let rows: Vec<[String; 5]> = std::iter::once(heads.map(|head| head.get(lang).to_string())).chain(steps.iter().map(row)).collect();
    show::columns(&rows).iter().for_each(|line| println!("{line}"));
}

fn covered(standing: &str) -> duijie_vocab::Text {
    match standing {
        "covered" => text!("够用", "covers it"),
        "exceeded" => text!("不够", "does not cover it"),
        _ => text!("视未知情况而定", "depends on what is not known"),
    }
}
