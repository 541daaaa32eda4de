//! Weights learnt from judged matches: pair by pair, the better one should score higher (RankNet;
//! Burges et al. 2005). Eleven numbers, held near what they were, and tried on needs that were not
//! learnt from: a gain that could be chance is no gain.

use crate::eval::ndcg_10;
use crate::{Match, PartName, Weights};
use std::collections::HashMap;

/// One need's matches with how good somebody found them, 0 for not at all.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    matches: Vec<([f32; PARTS], u32)>,
}

/// What learning came to.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Tuning {
    /// The weights learnt from all needs.
    pub weights: Weights,
    /// Needs with at least one better and one worse match.
    pub needs: usize,
    /// Mean nDCG@10 of the needs by the weights as they were.
    pub before: f64,
    /// The same by weights learnt from other needs only.
    pub after: f64,
    /// How far the gain may be off by chance (standard error of the mean).
    pub error: f64,
    /// Whether the gain is more than chance.
    pub better: bool,
}

/// The parts that have a weight of their own.
const TUNED: [PartName; PARTS] = [
    PartName::Text,
    PartName::Field,
    PartName::Industry,
    PartName::Region,
    PartName::Maturity,
    PartName::Budget,
    PartName::Availability,
    PartName::Freshness,
    PartName::Quality,
    PartName::Track,
    PartName::Load,
];
const PARTS: usize = 11;
/// Fewer needs teach nothing that can be tried on others.
const LEAST_NEEDS: usize = 10;
const FOLDS: usize = 5;
const ROUNDS: usize = 300;
const RATE: f32 = 0.3;
/// A difference of a tenth of the score is told apart with certainty, about.
const SHARPNESS: f32 = 20.0;
/// How strongly weights are held to what they were; on the scale of the loss of one pair.
const HOLD: f32 = 0.05;
/// No weight grows or shrinks by more than e to this.
const REACH: f32 = 2.0;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TuneFault {
    #[error("{found} needs have a better and a worse judged match; at least {LEAST_NEEDS} are needed")]
    TooFew { found: usize },
}

impl Judged {
    /// The ranked matches of a need; `grade` knows how good each is.
    pub fn of(matches: &[Match], grade: impl Fn(&Match) -> u32) -> Judged {
        Judged { matches: matches.iter().map(|found| (values(found), grade(found))).collect() }
    }

    fn teaches(&self) -> bool {
        let grades = || self.matches.iter().map(|(_, grade)| *grade);
        grades().min() < grades().max()
    }
}

/// Values by part; content is text, topics and meaning together, as they share one weight.
fn values(found: &Match) -> [f32; PARTS] {
    TUNED.map(|name| {
        let content = |part: PartName| matches!(part, PartName::Text | PartName::Topic | PartName::Meaning);
        let of_part = found.parts.iter().filter(|part| part.name == name || name == PartName::Text && content(part.name));
        let (weight, adds) = of_part.fold((0.0, 0.0), |(weight, adds), part| (weight + part.weight, adds + part.contribution()));
        if weight > 0.0 { adds / weight } else { 0.0 }
    })
}

/// Learns from `judged` how much each part should count, starting from `weights`.
pub fn tune(judged: &[Judged], weights: &Weights) -> Result<Tuning, TuneFault> {
    let judged: Vec<&Judged> = judged.iter().filter(|judged| judged.teaches()).collect();
    if judged.len() < LEAST_NEEDS {
        return Err(TuneFault::TooFew { found: judged.len() });
    }
    let start = TUNED.map(|name| weights.share(name));
    let mut gains = Vec::new();
    let mut before = 0.0;
    for fold in 0..FOLDS {
        let others: Vec<&Judged> = judged.iter().enumerate().filter(|(at, _)| at % FOLDS != fold).map(|(_, judged)| *judged).collect();
        let learnt = learn(&others, start);
        for (_, held) in judged.iter().enumerate().filter(|(at, _)| at % FOLDS == fold) {
            let was = quality(held, &start);
            before += was;
            gains.push(quality(held, &learnt) - was);
        }
    }
    let count = gains.len() as f64;
    let gain = gains.iter().sum::<f64>() / count;
    let variance = gains.iter().map(|one| (one - gain).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    let before = before / count;
    let weights = with_shares(weights, learn(&judged, start));
    Ok(Tuning { weights, needs: judged.len(), before, after: before + gain, error, better: gain > error && gain > 0.0 })
}

/// Gradient descent on the logistic loss of all pairs, over the logarithms of the weights.
fn learn(judged: &[&Judged], start: [f32; PARTS]) -> [f32; PARTS] {
    let mut moved = [0.0f32; PARTS];
    for _ in 0..ROUNDS {
        let weights = grown(start, moved);
        let mut slope = moved.map(|moved| HOLD * moved);
        for need in judged {
            add_slope(need, &weights, judged.len(), &mut slope);
        }
        for (moved, slope) in moved.iter_mut().zip(slope) {
            *moved = (*moved - RATE * slope).clamp(-REACH, REACH);
        }
    }
    grown(start, moved)
}

fn grown(start: [f32; PARTS], moved: [f32; PARTS]) -> [f32; PARTS] {
    std::array::from_fn(|part| start[part] * moved[part].exp())
}

/// What the pairs of one need add to the slope; every need counts the same.
fn add_slope(need: &Judged, weights: &[f32; PARTS], needs: usize, slope: &mut [f32; PARTS]) {
    let scores: Vec<f32> = need.matches.iter().map(|(values, _)| score(values, weights)).collect();
    let better = |a: usize, b: usize| need.matches[a].1 > need.matches[b].1;
    let all = || (0..scores.len()).flat_map(|a| (0..scores.len()).map(move |b| (a, b))).filter(|&(a, b)| better(a, b));
    let share = 1.0 / (all().count().max(1) * needs) as f32;
    for (a, b) in all() {
        let doubt = 1.0 / (1.0 + (SHARPNESS * (scores[a] - scores[b])).exp());
        for (part, slope) in slope.iter_mut().enumerate() {
            let difference = need.matches[a].0[part] - need.matches[b].0[part];
            *slope -= share * doubt * SHARPNESS * weights[part] * difference;
        }
    }
}

fn score(values: &[f32; PARTS], weights: &[f32; PARTS]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

fn quality(need: &Judged, weights: &[f32; PARTS]) -> f64 {
    // Scores of zero are not ranked at all, and none of these is meant to be left out.
    let scores: Vec<f32> = need.matches.iter().map(|(values, _)| 1.0 + score(values, weights)).collect();
    let grades: HashMap<usize, u32> = need.matches.iter().enumerate().filter(|(_, (_, grade))| *grade > 0).map(|(at, (_, grade))| (at, *grade)).collect();
    ndcg_10(&scores, &grades)
}

fn with_shares(weights: &Weights, shares: [f32; PARTS]) -> Weights {
    let sum: f32 = shares.iter().sum();
    // Three decimals are more than anything so learnt is worth.
    let [text, field, industry, region, maturity, budget, availability, freshness, quality, track, load] =
        shares.map(|share| (share / sum * 1000.0).round() / 1000.0);
    Weights { text, field, industry, region, maturity, budget, availability, freshness, quality, track, load, ..weights.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Needs whose good matches are those near by, whatever the text says, or those that chance names.
    fn judged(by_region: bool) -> Vec<Judged> {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let mut need = || {
            let one = |noise: &mut dyn FnMut() -> f32| {
                let values: [f32; PARTS] = std::array::from_fn(|_| noise());
                let chosen = if by_region { values[3] } else { noise() };
                (values, u32::from(chosen > 0.7))
            };
            Judged { matches: (0..12).map(|_| one(&mut noise)).collect() }
        };
        (0..40).map(|_| need()).collect()
    }

    #[test]
    fn what_decides_comes_to_count_more() {
        let tuning = tune(&judged(true), &Weights::default()).unwrap();
        assert!(tuning.better && tuning.after > tuning.before + 0.1, "{tuning:?}");
        assert!(tuning.weights.region > 2.0 * Weights::default().region, "{tuning:?}");
        assert_eq!(tune(&judged(true), &Weights::default()).unwrap(), tuning, "the same judgements teach the same");
    }

    #[test]
    fn chance_teaches_nothing_and_few_needs_are_refused() {
        let tuning = tune(&judged(false), &Weights::default()).unwrap();
        assert!(tuning.after < tuning.before + 0.05, "{tuning:?}");
        assert!(!tuning.better || tuning.after - tuning.before > tuning.error);
        assert_eq!(tune(&judged(true)[..5], &Weights::default()), Err(TuneFault::TooFew { found: 5 }));
        let all_equal = vec![Judged { matches: vec![([0.5; PARTS], 1); 3] }; 20];
        assert_eq!(tune(&all_equal, &Weights::default()), Err(TuneFault::TooFew { found: 0 }));
    }
}
