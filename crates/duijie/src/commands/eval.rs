//! `duijie eval`

use crate::arguments::Eval;
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use std::path::Path;
use std::time::Instant;

pub(crate) fn run(world: &World, command: &Eval) -> Outcome {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let begun = Instant::now();
    let embed = duijie_app::embedding(command.model.as_deref(), command.server.as_deref(), &world.roots)?;
    let report = duijie_app::evaluate(&read(&command.corpus)?, &read(&command.queries)?, &read(&command.qrels)?, embed.as_deref(), &|| begun.elapsed())?;
    if command.json {
        show::json(&report)?;
        return Ok(Verdict::Done);
    }
    println!("{} documents, {} queries", report.documents, report.queries);
    for (stage, measures) in &report.stages {
        let stage = serde_json::to_value(stage)?;
        println!(
            "{:<10} nDCG@10 {:.3}  MRR@10 {:.3}  Recall@100 {:.3}  {:.2} ms",
            stage.as_str().unwrap_or(""),
            measures.ndcg_10,
            measures.mrr_10,
            measures.recall_100,
            measures.ms_p50
        );
    }
    Ok(Verdict::Done)
}
