//! Answers that stay good until something changes: what took a pass over a million records is made
//! once for each state of what it was read from, however many people ask.

use crate::AppError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Answers as of one state of their source, by question.
pub(crate) struct AsOf<T> {
    most: usize,
    kept: Mutex<(i64, HashMap<String, T>)>,
}

/// A longer question is not asked twice.
const LONGEST_QUESTION: usize = 1_000;

impl<T: Clone> AsOf<T> {
    /// Keeps at most `most` answers; when there are more, all are made anew.
    pub(crate) fn new(most: usize) -> AsOf<T> {
        AsOf { most, kept: Mutex::new((-1, HashMap::new())) }
    }

    /// The answer to `question` as of `state`, which only grows; made by `answer` if it is not kept.
    pub(crate) fn get(&self, state: i64, question: &str, answer: impl FnOnce() -> Result<T, AppError>) -> Result<T, AppError> {
        if let Some(known) = self.known(state, question) {
            return Ok(known);
        }
        let made = answer()?;
        if question.len() <= LONGEST_QUESTION {
            self.keep(state, question, made.clone());
        }
        Ok(made)
    }

    fn known(&self, state: i64, question: &str) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.0 == state).then(|| kept.1.get(question).cloned()).flatten()
    }

    fn keep(&self, state: i64, question: &str, made: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 < state || kept.1.len() >= self.most {
            *kept = (state, HashMap::new());
        }
        // An answer that took so long that the state is another one helps nobody.
        if kept.0 == state {
            kept.1.insert(question.to_string(), made);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_question_is_answered_once_for_each_state() {
        let (answers, made) = (AsOf::new(2), Cell::new(0));
        let ask = |state, question| {
            let answer = || {
                made.set(made.get() + 1);
                Ok((state, question))
            };
            assert_eq!(answers.get(state, question, answer).unwrap(), (state, question));
        };
        ask(1, "a");
        ask(1, "a");
        ask(1, "b");
        assert_eq!(made.get(), 2);
        ask(2, "a");
        assert_eq!(made.get(), 3, "what was known of another state is not told");
        ask(1, "a");
        ask(2, "a");
        assert_eq!(made.get(), 4, "an old state does not drive out the new one");
        ask(2, "b");
        ask(2, "c");
        ask(2, "c");
        assert_eq!(made.get(), 6);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let answers: AsOf<u8> = AsOf::new(2);
        assert!(answers.get(1, "a", || Err(AppError::NotFound)).is_err());
        assert_eq!(answers.get(1, "a", || Ok(7)).unwrap(), 7);
    }
}
