//! A match in one sentence.

use crate::Match;
use duijie_vocab::Lang;

impl Match {
    /// What carried the match and what speaks against it, in one sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        let told = |reasons: &[crate::Reason], limit: usize, between: &str| {
            reasons.iter().take(limit).map(|reason| reason.text.get(lang)).collect::<Vec<_>>().join(between)
        };
        let percent = (self.score * 100.0).round();
        match lang {
            Lang::Zh => {
                let mut sentence = format!("匹配度 {percent}%");
                if !self.reasons_for.is_empty() {
                    sentence += &format!("：{}", told(&self.reasons_for, 4, "；"));
                }
                if !self.reasons_against.is_empty() {
                    sentence += &format!("。不足：{}", told(&self.reasons_against, 3, "；"));
                }
                sentence + "。"
            }
            Lang::En => {
                let mut sentence = format!("{percent}% match");
                if !self.reasons_for.is_empty() {
                    sentence += &format!(": {}", told(&self.reasons_for, 4, "; "));
                }
                if !self.reasons_against.is_empty() {
                    sentence += &format!(". Against it: {}", told(&self.reasons_against, 3, "; "));
                }
                sentence + "."
            }
        }
    }
}
