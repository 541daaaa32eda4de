//! How much each part of a match counts in this installation: `matching.yaml` in the data directory,
//! or what is built in.

use crate::{App, AppError};
use duijie_matching::Weights;
use duijie_vocab::{Diagnostic, Place, text};

/// The file of weights in the data directory.
pub(crate) const FILE: &str = "matching.yaml";

impl App {
    /// The weights in force. A file that cannot be used is told, not passed over.
    pub fn matching_weights(&self) -> Result<Weights, AppError> {
        let path = self.dir().join(FILE);
        let wrong = |fault: String| {
            let message = text!("匹配权重不能使用：{fault}", "the weights of matching cannot be used: {fault}");
            AppError::Invalid(vec![Diagnostic::error("matching.weights", message).at(Place::file(path.display().to_string()))])
        };
        match std::fs::read_to_string(&path) {
            Ok(yaml) => Weights::parse(&yaml).map_err(|fault| wrong(fault.to_string())),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(Weights::default()),
            Err(fault) => Err(wrong(fault.to_string())),
        }
    }
}
