//! `duijie match`

use crate::arguments::{Format, Match, MatchCommand, MatchTune};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_vocab::{RecordId, text};

pub(crate) fn run(world: &World, command: &Match) -> Outcome {
    let app = world.open_existing()?;
    app.follow(&mut |_| {})?;
    app.load_meaning();
    if let Some(MatchCommand::Tune(command)) = &command.command {
        return tune(world, &app, command);
    }
    let Some(id) = &command.id else { return all(world, &app, command) };
    let id = RecordId::parse(id).with_context(|| format!("`{id}` is not a record id; `duijie search` shows ids"))?;
    if command.needs {
        return needs_alike(world, &app, command, &id);
    }
    if command.experts {
        return experts(world, &app, command, &id);
    }
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

fn needs_alike(world: &World, app: &duijie_app::App, command: &Match, id: &RecordId) -> Outcome {
    let alike = app.needs_alike(&world.viewer(), id, command.limit)?;
    if command.format == Format::Json {
        show::json(&alike)?;
        return Ok(Verdict::Done);
    }
    println!("{}", alike.of.title);
    for need in &alike.needs {
        println!("\n{}\n{}", need.advice.get(world.lang), show::matched(&need.found, world.lang));
    }
    if alike.needs.is_empty() {
        eprintln!("{}", text!("没有相似的需求", "no need is like it").get(world.lang));
    }
    Ok(Verdict::Done)
}

fn experts(world: &World, app: &duijie_app::App, command: &Match, id: &RecordId) -> Outcome {
    let found = app.experts(&world.viewer(), id, command.limit)?;
    if command.format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}", found.of.title);
    for expert in &found.experts {
        println!("\n{:>3}%  {}  [{}]  {}", expert.percent, expert.record.title, expert.record.id, expert.organization);
        for piece in &expert.evidence {
            let title = piece.record.as_ref().map(|record| record.title.as_str()).unwrap_or_default();
            println!("      +{:>3}  {} {title}  {}", piece.percent, piece.kind_name.get(world.lang), piece.reason.get(world.lang));
        }
    }
    if found.experts.is_empty() {
        eprintln!("{}", text!("没有找到专家", "no expert was found").get(world.lang));
    }
    Ok(Verdict::Done)
}

/// Prints what was learnt as a file of weights, or that nothing better was.
fn tune(world: &World, app: &duijie_app::App, command: &MatchTune) -> Outcome {
    let judgements = match &command.judged {
        Some(file) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
        None => String::new(),
    };
    let tuning = app.tune_matching(&world.viewer(), &judgements)?;
    if command.write && tuning.better {
        app.put_learnt_weights(&world.viewer(), &tuning)?;
    }
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
    if command.write {
        eprintln!("{}", text!("已写入 matching.yaml", "written to matching.yaml").get(world.lang));
        return Ok(Verdict::Done);
    }
    eprintln!(
        "{}",
        text!(
            "加 --write 或写入数据目录的 matching.yaml 即可生效：",
            "to put them in force, add --write or write them to matching.yaml in the data directory:"
        )
        .get(world.lang)
    );
    show::json(&tuning.weights)?;
    Ok(Verdict::Done)
}

fn all(world: &World, app: &duijie_app::App, command: &Match) -> Outcome {
    let bar = show::progress(text!("匹配需求", "matching needs").get(world.lang));
    let summary = app.match_all(&world.viewer(), command.anew, command.limit, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    if command.format == Format::Json {
        show::json(&summary)?;
        return Ok(Verdict::Done);
    }
    let (needs, ranked, matched, matches) = (summary.needs, summary.ranked, summary.matched, summary.matches);
    println!(
        "{}",
        text!(
            "{needs} 项需求（重新排序 {ranked} 项），{matched} 项有匹配，共 {matches} 个匹配",
            "{needs} needs ({ranked} ranked again), {matched} with matches, {matches} matches in all"
        )
        .get(world.lang)
    );
    for (need, best) in &summary.examples {
        println!("\n{}: {}  [{}]", text!("需求", "need").get(world.lang), need.title, need.id);
        println!("{}", show::matched(best, world.lang));
    }
    Ok(Verdict::Done)
}
