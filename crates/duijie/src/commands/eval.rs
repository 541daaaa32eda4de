//! `duijie eval`

use crate::arguments::Eval;
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{Evaluation, Refit, Tried};
use std::path::Path;
use std::time::Instant;

pub(crate) fn run(world: &World, command: &Eval) -> Outcome {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let begun = Instant::now();
    let (corpus, queries, judgements) = (read(&command.corpus)?, read(&command.queries)?, read(&command.qrels)?);
    let evaluation =
        Evaluation { corpus: &corpus, queries: &queries, judgements: &judgements, learn_words: !command.built_in_words, elapsed: &|| begun.elapsed() };
    if command.refit {
        return refit(&evaluation.refit()?, command.json);
    }
    let embed = duijie_app::embedding(command.model.as_deref(), command.server.as_deref(), &world.roots)?;
    let report = evaluation.report(embed.as_deref())?;
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

fn refit(refit: &Refit, json: bool) -> Outcome {
    if json {
        show::json(refit)?;
        return Ok(Verdict::Done);
    }
    let Tried { constants: best, ndcg_10 } = refit.best;
    println!("{} queries, {} settings, nDCG@10", refit.queries, refit.tried.len());
    println!("in force        {:.3}", refit.in_force);
    println!("textbook        {:.3}", refit.textbook);
    println!("held out        {:.3}  (in force {:+.3} ± {:.3})", refit.held_out, refit.held_out - refit.in_force, refit.error);
    println!("with hindsight  {ndcg_10:.3}  (k1 {}, b {}, rarity {}, words {}, topic words {})", best.k1, best.b, best.rarity, best.words, best.topic_words);
    Ok(Verdict::Done)
}
