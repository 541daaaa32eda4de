//! How well a collection with known answers is answered. It runs where `DUIJIE_TEST_DATA` names a
//! folder that holds one, and says so where there is none.

use duijie_matching::{Analyzer, Collection, Stage, Weights, evaluate};
use std::path::Path;
use std::time::Duration;

#[test]
fn fused_stages_answer_better_than_either_alone_was_known_to() {
    let Some(data) = std::env::var_os("DUIJIE_TEST_DATA") else {
        println!("skipped: DUIJIE_TEST_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("eval/csl_disc");
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    let (Ok(corpus), Ok(queries), Ok(judgements)) = (read("corpus.jsonl"), read("queries.jsonl"), read("qrels.tsv")) else {
        println!("skipped: {} holds no collection", folder.display());
        return;
    };
    let collection = Collection::parse(&corpus, &queries, &judgements).unwrap();
    let report = evaluate(&collection, &Analyzer::shared(), Weights::default().words, &|| Duration::ZERO);
    // BM25 over words alone was known to give 0.349 on this collection.
    for stage in [Stage::Fused, Stage::Ranked] {
        assert!(report.stages[&stage].ndcg_10 > 0.349, "{:?}", report.stages);
    }
    assert!(report.stages[&Stage::Ranked].recall_100 > report.stages[&Stage::Fused].recall_100);
}
