//! The question to ask next: the missing fact that settles the most measures.

use crate::decision::{Decision, Outcome};
use crate::period::Period;
use duijie_vocab::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fact to ask for, and what its answer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub key: String,
    pub name: Text,
    pub period: Period,
    pub question: Text,
    /// Measures that this answer alone settles.
    pub settles: Vec<String>,
    /// Measures that wait for this answer and others.
    pub helps: Vec<String>,
}

/// The questions that undecided measures and open amounts wait for, the most useful first: by the measures settled at
/// once, then by the share of every waiting measure that is answered, then by key. Facts of regions
/// are not asked of a subject.
pub fn next_questions(decisions: &[Decision]) -> Vec<Question> {
    let mut questions: BTreeMap<(String, Period), (Question, u64)> = BTreeMap::new();
    for decision in decisions {
        // Where the conditions hold, the amount may still wait.
        let waits_for = match decision.outcome {
            Outcome::Unknown => &decision.missing,
            Outcome::Eligible => &decision.amount_missing,
            _ => continue,
        };
        let open = waits_for.len() as u64;
        for missing in waits_for.iter().filter(|missing| !missing.of_region) {
            let entry = questions.entry((missing.key.clone(), missing.period)).or_insert_with(|| {
                let question = Question {
                    key: missing.key.clone(),
                    name: missing.name.clone(),
                    period: missing.period,
                    question: missing.question.clone(),
                    settles: Vec::new(),
                    helps: Vec::new(),
                };
                (question, 0)
            });
            // A measure that waits for n facts counts an nth for each.
            entry.1 += 5040 / open.clamp(1, 5040);
            let list = if open == 1 { &mut entry.0.settles } else { &mut entry.0.helps };
            list.push(decision.measure.clone());
        }
    }
    let mut ranked: Vec<(Question, u64)> = questions.into_values().collect();
    ranked.sort_by(|(a, share_a), (b, share_b)| {
        b.settles.len().cmp(&a.settles.len()).then(share_b.cmp(share_a)).then_with(|| (&a.key, a.period).cmp(&(&b.key, b.period)))
    });
    ranked.into_iter().map(|(question, _)| question).collect()
}
