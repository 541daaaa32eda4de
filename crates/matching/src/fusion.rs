//! Several scores of one document become one. A convex sum of normalised scores, never of ranks: a
//! weak partner then costs little. How much each partner is trusted is decided for every query from
//! what the query itself says.

use crate::{QueryTerms, TextScore, likeness};

/// The shares of what is known about the content of a document; together 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trust {
    /// In the words and bigrams that are shared.
    pub text: f32,
    /// In topical likeness.
    pub topical: f32,
    /// In the likeness of dense vectors.
    pub dense: f32,
}

/// Which partners there are beside the text itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partners {
    pub topical: bool,
    pub dense: bool,
}

/// Topical vectors are worth about as many words as a person says to name a field: a query of four
/// words is half told by them, a passage of sixty words hardly.
pub(crate) const WORDS_OF_A_TOPIC: f32 = 4.0;
/// What of the content dense vectors decide where the words are heard: of a long text this much, and the
/// more the less a query says, up to [`DENSE_OF_FEW`] more.
const DENSE_OF_MANY: f32 = 0.36;
const DENSE_OF_FEW: f32 = 0.4;
/// What of the content dense vectors decide for a query that is not heard, one in another language.
const DENSE_UNHEARD: f32 = 0.9;
/// Beside a dense vector topics count in full only where they are worth a third of the query's words.
const TOPIC_BESIDE_DENSE: f32 = 3.0;
/// So many of the best by text tell what else the query is about.
pub(crate) const FEEDBACK: usize = 10;

impl Trust {
    /// How far each partner can be trusted with the query that `terms` were taken from.
    pub fn of(terms: &QueryTerms, partners: Partners) -> Trust {
        Trust::with(WORDS_OF_A_TOPIC, terms, partners)
    }

    /// As [`Trust::of`], where a topic is worth `topic_words` words.
    pub(crate) fn with(topic_words: f32, terms: &QueryTerms, partners: Partners) -> Trust {
        let told = if topic_words > 0.0 { topic_words / (topic_words + terms.known as f32) } else { 0.0 };
        let dense = if partners.dense { Trust::dense_share(terms.heard, terms.known) } else { 0.0 };
        let topical = if partners.topical { (1.0 - dense) * told } else { 0.0 };
        // What a long text is about, its dense vector knows better than its topics.
        let topical = if partners.dense { topical * (TOPIC_BESIDE_DENSE * told).min(1.0) } else { topical };
        Trust { text: 1.0 - dense - topical, topical, dense }
    }

    /// What of the content dense vectors decide for a query of so many known words, of which this share is
    /// heard.
    pub fn dense_share(heard: f32, known: usize) -> f32 {
        let few = WORDS_OF_A_TOPIC / (WORDS_OF_A_TOPIC + known as f32);
        DENSE_UNHEARD - (DENSE_UNHEARD - DENSE_OF_MANY - DENSE_OF_FEW * few) * heard.clamp(0.0, 1.0)
    }

    /// The one score of a document from its normalised scores.
    pub fn sum(self, text: f32, topical: f32, dense: f32) -> f32 {
        self.text * text + self.topical * topical + self.dense * dense
    }
}

/// The weighted sum of a document's words and bigrams, each as a share of `full`.
pub(crate) fn text_share(score: TextScore, full: TextScore, words_share: f32) -> f32 {
    let share = |score: f32, full: f32| if full > 0.0 { (score / full).clamp(0.0, 1.0) } else { 0.0 };
    words_share * share(score.words, full.words) + (1.0 - words_share) * share(score.bigrams, full.bigrams)
}

/// `scores` as shares of the best of them; what is below zero is nothing.
pub(crate) fn shares_of_best(scores: &[f32]) -> Vec<f32> {
    let best = scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    scores.iter().map(|score| (score / best).max(0.0)).collect()
}

/// The topical vector of a query with what its best answers by text are about (Rocchio): a short
/// query names a field with words that its neighbours do not use. `best` are scores and vectors of
/// at most [`FEEDBACK`] documents; query and answers count the same.
pub(crate) fn with_feedback<'v>(asked: &[f32], best: impl Iterator<Item = (f32, &'v [f32])>) -> Vec<f32> {
    let mut told = vec![0.0f32; asked.len()];
    for (score, vector) in best {
        told.iter_mut().zip(vector).for_each(|(sum, value)| *sum += score * value);
    }
    let length = likeness(&told, &told).sqrt();
    let mut whole: Vec<f32> = asked.to_vec();
    if length > 0.0 {
        whole.iter_mut().zip(&told).for_each(|(value, told)| *value += told / length);
    }
    let length = likeness(&whole, &whole).sqrt();
    if length > 0.0 {
        whole.iter_mut().for_each(|value| *value /= length);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(known: usize, heard: f32) -> QueryTerms {
        QueryTerms { known, heard, ..QueryTerms::default() }
    }

    #[test]
    fn the_less_a_query_says_the_more_its_topic_counts() {
        let partners = Partners { topical: true, dense: false };
        let share = |known| Trust::of(&asked(known, 1.0), partners).topical;
        assert_eq!(share(4), 0.5);
        assert!(share(2) > share(8) && share(8) > share(60) && share(60) < 0.07);
        assert_eq!(Trust::of(&asked(4, 1.0), Partners::default()), Trust { text: 1.0, topical: 0.0, dense: 0.0 });
    }

    #[test]
    fn words_that_nobody_has_step_back() {
        let partners = Partners { topical: true, dense: true };
        let (unheard, heard) = (Trust::of(&asked(6, 0.0), partners), Trust::of(&asked(6, 1.0), partners));
        assert!((unheard.dense - 0.9).abs() < 1e-6 && unheard.text < 0.1);
        assert!((heard.dense - 0.52).abs() < 1e-6 && heard.topical > 0.1);
    }

    #[test]
    fn a_long_text_needs_its_words_more_and_its_topics_hardly() {
        let shares = [2, 6, 20, 80, 400].map(|known| Trust::of(&asked(known, 1.0), Partners { topical: true, dense: true }));
        assert!(shares.windows(2).all(|pair| pair[0].dense > pair[1].dense && pair[0].topical > pair[1].topical && pair[0].text < pair[1].text));
        assert!(shares[0].topical > 0.2 && shares[3].topical < 0.01 && shares[4].dense > 0.36, "{shares:?}");
    }

    #[test]
    fn feedback_moves_a_query_towards_its_answers() {
        let whole = with_feedback(&[1.0, 0.0], [(1.0, [0.0f32, 1.0].as_slice())].into_iter());
        assert!((whole[0] - whole[1]).abs() < 1e-6 && (likeness(&whole, &whole) - 1.0).abs() < 1e-6);
        assert_eq!(with_feedback(&[1.0, 0.0], std::iter::empty()), [1.0, 0.0]);
        assert_eq!(with_feedback(&[0.0, 0.0], std::iter::empty()), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn trust_is_always_shared_out_whole(known in 0usize..5_000, heard in -1.0f32..2.0, topical: bool, dense: bool) {
            let trust = Trust::of(&asked(known, heard), Partners { topical, dense });
            prop_assert!((trust.text + trust.topical + trust.dense - 1.0).abs() < 1e-5);
            prop_assert!([trust.text, trust.topical, trust.dense].into_iter().all(|share| (-1e-6..=1.0 + 1e-6).contains(&share)));
        }

        #[test]
        fn normalised_scores_lie_between_nothing_and_all(scores in prop::collection::vec(-5.0f32..50.0, 0..20)) {
            prop_assert!(shares_of_best(&scores).iter().all(|share| (0.0..=1.0).contains(share)));
        }
    }
}
