//! Comparing changed measures with those in force.

use super::author::write_workbook;
use super::source::{Ground, ground, text as read_text};
use crate::arguments::{FromFacts, ReportFormat};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{SimulationView, TotalsView, simulation_workbook};
use duijie_vocab::text;
use std::path::Path;

pub(crate) fn simulate(world: &World, change: &Path, from: &FromFacts, format: ReportFormat, output: Option<&Path>) -> Outcome {
    let (name, changed) = (change.display().to_string(), read_text(change)?);
    let found = match ground(world, from)? {
        Ground::Data(app) => app.simulate_change(&world.viewer(), &name, &changed, from.period.as_deref())?,
        Ground::Files { policies, subjects, on } => policies.simulate_change(&name, &changed, *subjects, on)?,
    };
    if found.is_empty() {
        bail!("`{name}` holds no measure");
    }
    match format {
        ReportFormat::Json => show::json(&found)?,
        ReportFormat::Text => found.iter().for_each(|one| print_one(world, one)),
        ReportFormat::Xlsx => write_workbook(world, output, simulation_workbook(&found, world.lang, world.now()).context("the workbook")?)?,
    }
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
    for change in found.changes.iter().take(LISTED) {
        println!("  {} → {}  {}  {} → {}", change.before, change.after, change.name, change.paid_before.shown.get(lang), change.paid_after.shown.get(lang));
    }
    if found.changes.len() > LISTED {
        let more = found.changes.len() - LISTED;
        println!("{}", text!("另有 {more} 个；工作簿列出全部", "{more} more; a workbook lists all").get(lang));
    }
}

fn covered(standing: &str) -> duijie_vocab::Text {
    match standing {
        "covered" => text!("够用", "covers it"),
        "exceeded" => text!("不够", "does not cover it"),
        _ => text!("视未知情况而定", "depends on what is not known"),
    }
}
