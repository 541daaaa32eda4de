//! Timing the engine on this machine, in this process, on the measures and subjects that were named.

use super::source::{Ground, ground};
use crate::arguments::{Format, FromFacts};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use duijie_vocab::text;
use serde::Serialize;
use std::hint::black_box;
use std::time::Instant;

#[derive(Serialize)]
struct Timing {
    measures: usize,
    subjects: usize,
    /// All files read and compiled.
    compile_ms: f64,
    /// Every measure over every subject, counts and sums; nothing from a data directory.
    batch_ms: Option<f64>,
    pairs_per_second: Option<f64>,
    /// One subject with every explanation.
    explained_ms: f64,
}

pub(crate) fn bench(world: &World, from: &FromFacts, format: Format) -> Outcome {
    let timing = match ground(world, from)? {
        Ground::Data(app) => {
            let policies = app.policies();
            let compile_ms = timed(3, || black_box(policies.compiled_again().count()));
            let ids = app.enterprises(&world.viewer(), 20)?;
            let mut at = 0;
            let explained_ms = if ids.is_empty() {
                0.0
            } else {
                timed(ids.len(), || {
                    at += 1;
                    black_box(app.decisions(&world.viewer(), &ids[(at - 1) % ids.len()], from.period.as_deref()).is_ok());
                    0
                })
            };
            Timing { measures: policies.count(), subjects: ids.len(), compile_ms, batch_ms: None, pairs_per_second: None, explained_ms }
        }
        Ground::Files { policies, subjects, on } => {
            let compile_ms = timed(3, || black_box(policies.compiled_again().count()));
            let batch_ms = timed(3, || black_box(policies.batch(&subjects, on).subjects));
            let pairs = (policies.count() * subjects.ids.len()) as f64;
            let explained_ms = if subjects.ids.is_empty() {
                0.0
            } else {
                timed(20.min(subjects.ids.len()), || black_box(policies.decide(&subjects, 0, on, None).map_or(0, |all| all.len())))
            };
            let (measures, count) = (policies.count(), subjects.ids.len());
            Timing { measures, subjects: count, compile_ms, batch_ms: Some(batch_ms), pairs_per_second: Some(pairs / (batch_ms / 1000.0)), explained_ms }
        }
    };
    if format == Format::Json {
        show::json(&timing)?;
        return Ok(Verdict::Done);
    }
    let Timing { measures, subjects, compile_ms, explained_ms, .. } = timing;
    println!("{}", text!("{measures} 条措施，{subjects} 个主体", "{measures} measures, {subjects} subjects").get(world.lang));
    println!("{}", text!("编译 {compile_ms:.2} 毫秒", "compiled in {compile_ms:.2} ms").get(world.lang));
    println!("{}", text!("一个主体连同全部说明 {explained_ms:.2} 毫秒", "one subject with all explanations in {explained_ms:.2} ms").get(world.lang));
    if let (Some(batch), Some(pairs)) = (timing.batch_ms, timing.pairs_per_second) {
        println!("{}", text!("全部主体 {batch:.1} 毫秒，每秒 {pairs:.0} 次判断", "everybody in {batch:.1} ms, {pairs:.0} decisions a second").get(world.lang));
    }
    eprintln!("{}", text!("与其他引擎的比较见 cargo xtask bench policy", "for a comparison with other engines see cargo xtask bench policy").get(world.lang));
    Ok(Verdict::Done)
}

/// Milliseconds that the quickest of `rounds` took.
fn timed(rounds: usize, mut act: impl FnMut() -> usize) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let begun = Instant::now();
        black_box(act());
        best = best.min(begun.elapsed().as_secs_f64() * 1000.0);
    }
    best
}
