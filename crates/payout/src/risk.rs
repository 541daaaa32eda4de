//! How closely a payout is looked at: a grade from signs that anybody can read, and a sample that
//! anybody can draw again from the seed.

use crate::step::Refused;
use duijie_vocab::{Digest, Fen, Text, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    Low,
    Medium,
    High,
}

/// What is known of a payout that says how likely a fault is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signs {
    pub amount: Fen,
    /// Facts of the decision that the firm declared itself, without a second source.
    pub self_declared: u32,
    /// Whether the firm was never paid before.
    pub first_time: bool,
    /// Earlier payouts that were rejected or recalled.
    pub earlier_faults: u32,
}

/// The grade, whether a person has to check, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    pub grade: Grade,
    pub check: bool,
    pub reasons: Vec<Text>,
}

/// How many of 10,000 of a grade are checked. Every payout of high risk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    pub low: u32,
    pub medium: u32,
    /// From this amount on the grade is at least medium.
    pub large_from: Fen,
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling { low: 500, medium: 2_000, large_from: Fen(50_000_000) }
    }
}

const OF: u64 = 10_000;

impl Sampling {
    /// The shares, if a draw can follow them: none above the whole, and low risk not checked more often
    /// than medium.
    pub(crate) fn check(self) -> Result<(), Refused> {
        if u64::from(self.medium) > OF || self.low > self.medium {
            return Err(Refused::Rule(
                "payout.sampling",
                text!("抽查比例为 0 到 100%，且低风险不高于中风险", "shares of a sample lie between 0 and 100%, low risk not above medium"),
            ));
        }
        if self.large_from.0 < 0 {
            return Err(Refused::Rule("payout.large_from", text!("大额的起点不能为负", "the amount that counts as large cannot be below zero")));
        }
        Ok(())
    }
}

/// The risk of the payout called `id`. The sample is drawn by the SHA-256 of seed and id, so that
/// who knows the seed can draw it again and nobody can choose who is in it.
pub fn assess(signs: &Signs, sampling: &Sampling, seed: &str, id: &str) -> Risk {
    let (grade, mut reasons) = grade(signs, sampling);
    let share = match grade {
        Grade::Low => u64::from(sampling.low),
        Grade::Medium => u64::from(sampling.medium),
        Grade::High => OF,
    };
    let drawn = draw(seed, id);
    let check = drawn < share;
    reasons.push(if check {
        text!("抽查：抽签数 {drawn} 小于 {share}（万分比）", "checked: the draw {drawn} is below {share} of 10,000")
    } else {
        text!("未抽中：抽签数 {drawn} 不小于 {share}（万分比）", "not drawn: the draw {drawn} is not below {share} of 10,000")
    });
    Risk { grade, check, reasons }
}

fn grade(signs: &Signs, sampling: &Sampling) -> (Grade, Vec<Text>) {
    let mut signs_found: Vec<(Grade, Text)> = Vec::new();
    let mut raise = |to: Grade, reason: Text| signs_found.push((to, reason));
    if signs.amount >= sampling.large_from {
        let Text { zh, en } = sampling.large_from.text();
        raise(Grade::Medium, text!("金额达到 {zh}", "the amount reaches {en}"));
    }
    if signs.self_declared > 0 {
        raise(Grade::Medium, text!("依据中有 {} 项仅由企业自报", "{} facts are declared by the firm alone", signs.self_declared));
    }
    if signs.earlier_faults > 0 {
        raise(Grade::High, text!("以往有 {} 次被驳回或追回", "{} earlier payouts were rejected or recalled", signs.earlier_faults));
    }
    let mut grade = signs_found.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::Low);
    // A first payout alone is nothing unusual; together with another sign it is.
    if signs.first_time && grade == Grade::Medium {
        grade = Grade::High;
        signs_found.push((grade, text!("首次兑付", "never paid before")));
    }
    (grade, signs_found.into_iter().map(|(_, reason)| reason).collect())
}

fn draw(seed: &str, id: &str) -> u64 {
    let digest = Digest::of(&[seed.as_bytes(), b"|", id.as_bytes()]);
    let first = digest.0.first_chunk::<8>().expect("BUG: a SHA-256 digest is shorter than 8 bytes");
    u64::from_be_bytes(*first) % OF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_can_be_drawn_again_and_has_its_share() {
        let signs = Signs { amount: Fen(100), ..Signs::default() };
        let sampling = Sampling::default();
        let checked = |seed: &str| (0..10_000).filter(|n| assess(&signs, &sampling, seed, &format!("ent-{n}")).check).count();
        assert_eq!(checked("2021"), checked("2021"));
        assert!((400..600).contains(&checked("2021")), "about 5 of 100: {}", checked("2021"));
        assert!((0..100).any(|n| {
            let id = format!("ent-{n}");
            assess(&signs, &sampling, "a", &id).check != assess(&signs, &sampling, "b", &id).check
        }));
    }

    #[test]
    fn a_region_sets_whom_it_checks_and_nothing_that_no_draw_follows() {
        let drawn = |low: u32| assess(&Signs::default(), &Sampling { low, ..Sampling::default() }, "2021", "ent-1").check;
        assert!(!drawn(0) && drawn(10_000));
        let large = Sampling { large_from: Fen(1), ..Sampling::default() };
        assert_eq!(assess(&Signs { amount: Fen(1), ..Signs::default() }, &large, "s", "ent-1").grade, Grade::Medium);
        assert!(Sampling { low: 0, medium: 10_000, large_from: Fen(0) }.check().is_ok());
        let whole = Sampling::default();
        for wrong in [Sampling { medium: 10_001, ..whole }, Sampling { low: 2_001, ..whole }, Sampling { large_from: Fen(-1), ..whole }] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn who_was_at_fault_before_is_always_checked() {
        let signs = Signs { earlier_faults: 1, ..Signs::default() };
        let risk = assess(&signs, &Sampling::default(), "s", "ent-1");
        assert_eq!((risk.grade, risk.check), (Grade::High, true));
        assert_eq!(risk.reasons.len(), 2);
    }
}
