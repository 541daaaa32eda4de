//! How good retrieval is, on a collection with known answers.

use crate::AppError;
use crate::tls_roots::TlsRoots;
use duijie_matching::{Analyzer, Collection, Embed, EmbedFault, LocalModel, Refit, Report, Trial, Weights};
use duijie_search::{EmbeddingServer, ServerOptions};
use duijie_vocab::{Diagnostic, text};
use std::path::Path;
use std::time::Duration;

/// How a collection in the BEIR form is measured.
#[derive(Clone, Copy)]
pub struct Evaluation<'a> {
    pub corpus: &'a str,
    pub queries: &'a str,
    pub judgements: &'a str,
    /// Whether texts are cut with words learnt from the corpus, as an index learns them from its records.
    pub learn_words: bool,
    /// A clock that only goes forward.
    pub elapsed: &'a dyn Fn() -> Duration,
}

impl Evaluation<'_> {
    /// Measures every stage, the dense one if somebody makes vectors.
    pub fn report(&self, embed: Option<&dyn Embed>) -> Result<Report, AppError> {
        self.with_trial(embed, |trial, collection| trial.run(collection))
    }

    /// Tries other constants of scoring and fusion, without dense vectors.
    pub fn refit(&self) -> Result<Refit, AppError> {
        self.with_trial(None, |trial, collection| trial.refit(collection))
    }

    fn with_trial<R>(&self, embed: Option<&dyn Embed>, run: impl FnOnce(&Trial<'_>, &Collection) -> Result<R, EmbedFault>) -> Result<R, AppError> {
        let collection = Collection::parse(self.corpus, self.queries, self.judgements)
            .map_err(|fault| AppError::Invalid(vec![Diagnostic::error("eval.collection", text!("评测集有误：{fault}", "the collection is wrong: {fault}"))]))?;
        let words = if self.learn_words { collection.words() } else { Vec::new() };
        let analyzer = Analyzer::new(words.iter().map(String::as_str));
        let trial = Trial { analyzer: &analyzer, words_share: Weights::default().words, embed, elapsed: self.elapsed };
        run(&trial, &collection).map_err(|fault| AppError::Unavailable(text!("没有得到向量：{fault}", "there are no vectors: {fault}")))
    }
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
