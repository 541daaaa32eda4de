//! `duijie check`, `rebuild`, `backup`, `restore`, `doctor`, `version`

use crate::arguments::{Backup, Check, Derived, Doctor, Format, Rebuild, Restore};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use duijie_app::App;
use duijie_vocab::text;

pub(crate) fn check(world: &World, command: &Check) -> Outcome {
    let app = world.open_existing()?;
    let report = app.check()?;
    if command.format == Format::Json {
        show::json(&report)?;
    } else {
        for fault in &report.faults {
            eprintln!("{}", show::diagnostic(fault, world.lang));
        }
        let (entries, records, faults) = (report.entries, report.records, report.faults.len());
        println!("{}", text!("{entries} 条日志，{records} 条记录，{faults} 处问题", "{entries} entries, {records} records, {faults} faults").get(world.lang));
    }
    Ok(if report.sound { Verdict::Done } else { Verdict::Wanting })
}

pub(crate) fn rebuild(world: &World, command: &Rebuild) -> Outcome {
    let app = world.open_existing()?;
    let wanted = |what: Derived| command.what == what || command.what == Derived::All;
    if wanted(Derived::State) {
        let entries = app.rebuild_state()?;
        eprintln!("{}", text!("已从 {entries} 条日志重建记录", "records rebuilt from {entries} entries").get(world.lang));
    }
    if wanted(Derived::Search) {
        let bar = show::progress(text!("重建索引", "building the index").get(world.lang));
        let cursor = app.rebuild_search(&mut |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        eprintln!("{}", text!("索引已到第 {cursor} 条日志", "the index stands at entry {cursor}").get(world.lang));
    }
    if command.what == Derived::Vectors {
        let bar = show::progress(text!("计算语义向量", "embedding records").get(world.lang));
        let embedded = app.rebuild_meaning(&mut |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        eprintln!("{}", text!("{embedded} 条记录已有语义向量", "{embedded} records have a vector").get(world.lang));
    }
    if wanted(Derived::Decisions) {
        let bar = show::progress(text!("判断政策", "deciding").get(world.lang));
        let followed = app.rebuild_decisions(&mut |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        let (decided, cursor) = (followed.decided, followed.cursor);
        eprintln!("{}", text!("已作 {decided} 次判断，到第 {cursor} 条日志", "{decided} decisions, as of entry {cursor}").get(world.lang));
    }
    Ok(Verdict::Done)
}

pub(crate) fn backup(world: &World, command: &Backup) -> Outcome {
    world.open_existing()?.backup(&command.to)?;
    eprintln!("{}", text!("已备份到 {}", "backup written to {}", command.to.display()).get(world.lang));
    Ok(Verdict::Done)
}

pub(crate) fn restore(world: &World, command: &Restore) -> Outcome {
    App::restore(&command.from, world.options())?;
    let app = world.open()?;
    app.follow(&mut |_| {})?;
    let report = app.check()?;
    let (entries, records) = (report.entries, report.records);
    eprintln!("{}", text!("已恢复 {entries} 条日志、{records} 条记录", "{entries} entries and {records} records restored").get(world.lang));
    Ok(if report.sound { Verdict::Done } else { Verdict::Wanting })
}

pub(crate) fn doctor(world: &World, command: &Doctor) -> Outcome {
    let app = world.open_existing()?;
    app.follow(&mut |_| {})?;
    let health = app.health(&world.viewer())?;
    if command.format == Format::Json {
        show::json(&health)?;
    } else {
        println!("duijie {}", health.version);
        println!("{}  {}", text!("数据库", "database").get(world.lang), health.database);
        println!("{}  {}", text!("日志条数", "entries").get(world.lang), health.entries);
        for (name, cursor, behind) in &health.followers {
            println!("{}", text!("{name}：到第 {cursor} 条，落后 {behind} 条", "{name}: at entry {cursor}, {behind} behind").get(world.lang));
        }
        if let Some(meaning) = &health.meaning {
            let (embedded, records, model) = (meaning.embedded, meaning.records, &meaning.model);
            let share =
                text!("{records} 条记录中 {embedded} 条已有语义向量（模型 {model}）", "{embedded} of {records} records have a vector of the model {model}");
            println!("{}", share.get(world.lang));
        }
        for problem in &health.problems {
            println!("{}", show::diagnostic(problem, world.lang));
        }
        if health.problems.is_empty() {
            println!("{}", text!("没有发现问题", "nothing is wrong").get(world.lang));
        }
    }
    Ok(if health.problems.is_empty() { Verdict::Done } else { Verdict::Wanting })
}

pub(crate) fn version() -> Outcome {
    println!("duijie {}", env!("CARGO_PKG_VERSION"));
    Ok(Verdict::Done)
}
