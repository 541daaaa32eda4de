//! How good retrieval is, on a collection with known answers.

use crate::AppError;
use crate::tls_roots::TlsRoots;
use duijie_matching::{Analyzer, Collection, Embed, LocalModel, Report, Trial, Weights};
use duijie_search::{EmbeddingServer, ServerOptions};
use duijie_vocab::{Diagnostic, text};
use std::path::Path;
use std::time::Duration;

/// Measures every stage on a collection in the BEIR form, the dense one if there is a model.
/// `elapsed` is a clock that only goes forward.
pub fn evaluate(corpus: &str, queries: &str, judgements: &str, embed: Option<&dyn Embed>, elapsed: &dyn Fn() -> Duration) -> Result<Report, AppError> {
    let collection = Collection::parse(corpus, queries, judgements)
        .map_err(|fault| AppError::Invalid(vec![Diagnostic::error("eval.collection", text!("评测集有误：{fault}", "the collection is wrong: {fault}"))]))?;
    let analyzer = Analyzer::shared();
    let trial = Trial { analyzer: &analyzer, words_share: Weights::default().words, embed, elapsed };
    trial.run(&collection).map_err(|fault| AppError::Unavailable(text!("没有得到向量：{fault}", "there are no vectors: {fault}")))
}

/// Who makes dense vectors: a packed model file, a server at an address that `roots` vouch for, or nobody.
pub fn embedding(model: Option<&Path>, server: Option<&str>, roots: &TlsRoots) -> Result<Option<Box<dyn Embed>>, AppError> {
    let wrong = |text| AppError::Invalid(vec![Diagnostic::error("embedding", text)]);
    if let Some(path) = model {
        let shown = path.display();
        let bytes =
            std::fs::read(path).map_err(|fault| wrong(text!("模型文件 {shown} 不能读取：{fault}", "the model file {shown} cannot be read: {fault}")))?;
        let model = LocalModel::read(&bytes).map_err(|fault| wrong(text!("{shown} 不是可用的模型：{fault}", "{shown} is no usable model: {fault}")))?;
        return Ok(Some(Box::new(model)));
    }
    let Some(address) = server else { return Ok(None) };
    let server = EmbeddingServer::with(address, ServerOptions { roots: roots.http(), ..ServerOptions::default() })
        .map_err(|fault| wrong(text!("向量服务地址 {address} 不能使用：{fault}", "the embedding server {address} cannot be used: {fault}")))?;
    Ok(Some(Box::new(server)))
}
