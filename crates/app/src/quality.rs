//! How good retrieval is, on a collection with known answers.

use crate::AppError;
use duijie_matching::{Analyzer, Collection, Report, Weights};
use duijie_vocab::{Diagnostic, text};
use std::time::Duration;

/// Measures every stage on a collection in the BEIR form. `elapsed` is a clock that only goes forward.
pub fn evaluate(corpus: &str, queries: &str, judgements: &str, elapsed: &dyn Fn() -> Duration) -> Result<Report, AppError> {
    let collection = Collection::parse(corpus, queries, judgements)
        .map_err(|fault| AppError::Invalid(vec![Diagnostic::error("eval.collection", text!("评测集有误：{fault}", "the collection is wrong: {fault}"))]))?;
    Ok(duijie_matching::evaluate(&collection, &Analyzer::shared(), Weights::default().words, elapsed))
}
