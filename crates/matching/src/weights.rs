//! How much each part of a match counts.

use crate::PartName;
use serde::{Deserialize, Serialize};

/// The weight of each part. They are scaled to a sum of 1 when they are used, so only their
/// proportions matter. Read from YAML or JSON; parts left out keep their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Content: shared text and, as far as they can be trusted, topics and dense vectors.
    pub text: f32,
    pub field: f32,
    pub industry: f32,
    pub region: f32,
    pub maturity: f32,
    pub budget: f32,
    pub availability: f32,
    pub freshness: f32,
    pub quality: f32,
    /// How earlier cases went.
    pub track: f32,
    /// How much room there is beside the introductions that are open.
    pub load: f32,
    /// The share of words in the text part; bigrams have the rest.
    pub words: f32,
    /// What a part counts as when nothing is known about it.
    pub unknown: f32,
}

#[derive(Debug, thiserror::Error)]
pub enum WeightsFault {
    #[error("the weights cannot be read: {0}")]
    Yaml(String),
    #[error("the weight `{0}` is not a number from 0 to 1000")]
    OutOfRange(&'static str),
    #[error("`{0}` is a share and lies between 0 and 1")]
    NotAShare(&'static str),
    #[error("all weights are zero, so nothing could be ranked")]
    AllZero,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            text: 0.50,
            field: 0.12,
            industry: 0.06,
            region: 0.08,
            maturity: 0.06,
            budget: 0.04,
            availability: 0.04,
            freshness: 0.03,
            quality: 0.03,
            track: 0.03,
            load: 0.01,
            words: 0.15,
            unknown: 0.4,
        }
    }
}

impl Weights {
    /// These weights for comparing needs with needs, where nobody has a price, a stage or a record.
    #[must_use]
    pub fn between_needs(&self) -> Weights {
        Weights { maturity: 0.0, budget: 0.0, track: 0.0, load: 0.0, ..self.clone() }
    }

    /// Reads weights from YAML (JSON is YAML too).
    pub fn parse(yaml: &str) -> Result<Weights, WeightsFault> {
        let weights: Weights = serde_saphyr::from_str(yaml).map_err(|fault| WeightsFault::Yaml(fault.to_string()))?;
        weights.check()?;
        Ok(weights)
    }

    /// The weight of `part` when all add up to 1.
    pub fn share(&self, part: PartName) -> f32 {
        let sum: f32 = PartName::ALL.iter().map(|&name| self.raw(name)).sum();
        if sum > 0.0 { self.raw(part) / sum } else { 0.0 }
    }

    fn raw(&self, part: PartName) -> f32 {
        match part {
            PartName::Text => self.text,
            // The weight of the text is content's as a whole: topics and meaning have their share of it.
            PartName::Topic | PartName::Meaning => 0.0,
            PartName::Field => self.field,
            PartName::Industry => self.industry,
            PartName::Region => self.region,
            PartName::Maturity => self.maturity,
            PartName::Budget => self.budget,
            PartName::Availability => self.availability,
            PartName::Freshness => self.freshness,
            PartName::Quality => self.quality,
            PartName::Track => self.track,
            PartName::Load => self.load,
        }
    }

    fn check(&self) -> Result<(), WeightsFault> {
        for name in PartName::ALL {
            // NaN is in no range.
            if !(0.0..=1000.0).contains(&self.raw(name)) {
                return Err(WeightsFault::OutOfRange(name.as_str()));
            }
        }
        for (share, name) in [(self.words, "words"), (self.unknown, "unknown")] {
            if !(0.0..=1.0).contains(&share) {
                return Err(WeightsFault::NotAShare(name));
            }
        }
        let sum: f32 = PartName::ALL.iter().map(|&name| self.raw(name)).sum();
        if sum > 0.0 { Ok(()) } else { Err(WeightsFault::AllZero) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_from_yaml_and_json_and_checked() {
        assert_eq!(Weights::parse("text: 2\nregion: 0").unwrap(), Weights { text: 2.0, region: 0.0, ..Weights::default() });
        assert_eq!(Weights::parse("{\"words\": 1}").unwrap().words, 1.0);
        assert!(matches!(Weights::parse("text: -1"), Err(WeightsFault::OutOfRange("text"))));
        assert!(matches!(Weights::parse("text: .nan"), Err(WeightsFault::OutOfRange("text"))));
        assert!(matches!(Weights::parse("unknown: 2"), Err(WeightsFault::NotAShare("unknown"))));
        assert!(matches!(Weights::parse("txt: 1"), Err(WeightsFault::Yaml(_))));
        let sum: f32 = PartName::ALL.iter().map(|&part| Weights::default().share(part)).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}
