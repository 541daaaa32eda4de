//! How well collections with known answers are answered, without a model, cut by the words learnt from them. It runs where
//! `DUIJIE_TEST_DATA` names a folder that holds them, and says so where there is none.

use duijie_matching::{Analyzer, Collection, Report, Stage, Trial, Weights};
use std::path::Path;
use std::time::Duration;

fn report(folder: &str, queries: &str, judgements: &str) -> Option<Report> {
    let Some(data) = std::env::var_os("DUIJIE_TEST_DATA") else {
        println!("skipped: DUIJIE_TEST_DATA is not set");
        return None;
    };
    let folder = Path::new(&data).join("eval").join(folder);
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    let (Ok(corpus), Ok(queries), Ok(judgements)) = (read("corpus.jsonl"), read(queries), read(judgements)) else {
        println!("skipped: {} holds no collection", folder.display());
        return None;
    };
    let collection = Collection::parse(&corpus, &queries, &judgements).unwrap();
    let words = collection.words();
    let analyzer = Analyzer::new(words.iter().map(String::as_str));
    let trial = Trial { analyzer: &analyzer, words_share: Weights::default().words, embed: None, elapsed: &|| Duration::ZERO };
    Some(trial.run(&collection).unwrap())
}

#[test]
fn papers_of_a_field_are_found_by_a_title() {
    let Some(report) = report("csl_disc", "queries.jsonl", "qrels.tsv") else { return };
    let ndcg = |stage| report.stages[&stage].ndcg_10;
    assert!(ndcg(Stage::Ranked) >= 0.378, "{:?}", report.stages);
    // Topics have to earn their place.
    assert!(ndcg(Stage::Ranked) > ndcg(Stage::Fused) && ndcg(Stage::Fused) > ndcg(Stage::Words), "{:?}", report.stages);
    assert!(report.stages[&Stage::Ranked].recall_100 > report.stages[&Stage::Fused].recall_100);
}

#[test]
fn a_paper_is_found_by_a_passage_of_it_and_by_its_keywords() {
    let Some(passages) = report("chinaxiv", "queries.intro.jsonl", "qrels.intro.tsv") else { return };
    assert!(passages.stages[&Stage::Ranked].ndcg_10 >= 0.735, "{:?}", passages.stages);
    let Some(keywords) = report("chinaxiv", "queries.kw.jsonl", "qrels.kw.tsv") else { return };
    let ndcg = |stage| keywords.stages[&stage].ndcg_10;
    let best_single = [Stage::Words, Stage::Bigrams, Stage::Topical].map(ndcg).into_iter().fold(0.0, f64::max);
    assert!(ndcg(Stage::Ranked) >= best_single, "{:?}", keywords.stages);
}
