//! `duijie match`

use crate::arguments::{Format, Match};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_vocab::{RecordId, text};
use std::path::Path;

pub(crate) fn run(world: &World, command: &Match) -> Outcome {
    let app = world.open_existing()?;
    app.follow(&mut |_| {})?;
    app.load_meaning();
    if let Some(file) = &command.tune {
        return tune(world, &app, command, file);
    }
    let Some(id) = &command.id else { return all(world, &app, command) };
    let id = RecordId::parse(id).with_context(|| format!("`{id}` is not a record id; `duijie search` shows ids"))?;
    let matches = app.matches(&world.viewer(), &id, command.limit)?;
    if command.format == Format::Json {
        show::json(&matches)?;
        return Ok(Verdict::Done);
    }
    if let Some(why) = &matches.without_meaning {
        eprintln!("{}", text!("仅按文字匹配：{}", "matched by words alone: {}", why.get(world.lang)).get(world.lang));
    }
    println!("{}", matches.of.title);
    for group in &matches.groups {
        println!("\n{}", group.kind_name.get(world.lang));
        for found in &group.matches {
            println!("{}", show::matched(found, world.lang));
        }
    }
    if matches.groups.is_empty() {
        eprintln!("{}", text!("没有找到匹配", "nothing matches").get(world.lang));
    }
    Ok(Verdict::Done)
}

/// Prints what was learnt as a file of weights, or that nothing better was.
fn tune(world: &World, app: &duijie_app::App, command: &Match, file: &Path) -> Outcome {
    let judgements = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let tuning = app.tune_matching(&world.viewer(), &judgements)?;
    if command.format == Format::Json {
        show::json(&tuning)?;
        return Ok(Verdict::Done);
    }
    let (needs, before, after, error) = (tuning.needs, tuning.before, tuning.after, tuning.error);
    eprintln!(
        "{}",
        text!(
            "{needs} 项需求，nDCG@10 {before:.3} → {after:.3}（±{error:.3}，在未参与学习的需求上）",
            "{needs} needs, nDCG@10 {before:.3} → {after:.3} (±{error:.3}, on needs not learnt from)"
        )
        .get(world.lang)
    );
    if !tuning.better {
        eprintln!("{}", text!("没有更好的权重，保持不变", "no better weights were found; keep those in force").get(world.lang));
        return Ok(Verdict::Done);
    }
    eprintln!(
        "{}",
        text!("写入数据目录的 matching.yaml 即可生效：", "to put them in force, write them to matching.yaml in the data directory:").get(world.lang)
    );
    show::json(&tuning.weights)?;
    Ok(Verdict::Done)
}

fn all(world: &World, app: &duijie_app::App, command: &Match) -> Outcome {
    let bar = show::progress(text!("匹配需求", "matching needs").get(world.lang));
    let summary = app.match_all(&world.viewer(), command.limit, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    if command.format == Format::Json {
        show::json(&summary)?;
        return Ok(Verdict::Done);
    }
    let (needs, matched, matches) = (summary.needs, summary.matched, summary.matches);
    println!(
        "{}",
        text!("{needs} 项需求，{matched} 项有匹配，共 {matches} 个匹配", "{needs} needs, {matched} with matches, {matches} matches in all").get(world.lang)
    );
    for (need, best) in &summary.examples {
        println!("\n{}: {}  [{}]", text!("需求", "need").get(world.lang), need.title, need.id);
        println!("{}", show::matched(best, world.lang));
    }
    Ok(Verdict::Done)
}
