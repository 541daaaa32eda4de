//! A decision with its reasons, as data: the same on the page, in the interface and in the journal.

use crate::facts::{FactSource, SourceKind};
use crate::measure::{Basis, Certainty, SharedCap};
use crate::{Fraction, Period, Truth};
use duijie_vocab::{Date, Fen, Lang, Text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Eligible,
    NotEligible,
    Unknown,
    /// Everything a machine can test holds, a person has to confirm the rest.
    NeedsReview,
    NotInForce,
    WindowClosed,
    BudgetExhausted,
    Error,
}

/// What a measure pays: exact, or between bounds while facts are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub low: Fen,
    /// Absent when there is no upper bound yet.
    pub high: Option<Fen>,
    pub exact: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactUsed {
    pub key: String,
    pub name: Text,
    pub period: Period,
    /// The value in words; absent when the fact is missing.
    pub value: Option<Text>,
    pub source: Option<FactSource>,
}

/// A fact that is not known and would help to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub key: String,
    pub name: Text,
    pub period: Period,
    /// Whether it is a fact of the region and not of the subject.
    pub of_region: bool,
    pub question: Text,
    /// What it would have to be for the measure to hold, where that can be said.
    pub needed: Option<Text>,
}

/// One comparison with the values it compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub left: Text,
    pub left_value: Text,
    /// `≥`, `<`, `含任一`.
    pub operator: Text,
    pub right: Text,
    pub right_value: Text,
    pub verdict: Truth,
    /// Why a side has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Text>,
}

/// How far a failing comparison is from holding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distance {
    /// In the base of the dimension: Fen, months, days, share.
    pub by: Fraction,
    /// In words: `0.2 个百分点`, `120万元`.
    pub shown: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    Rule,
    Attestation,
    AnyOf,
    AllOf,
    NoneOf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionResult {
    pub label: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    pub kind: ConditionKind,
    pub verdict: Truth,
    /// The rule as written; who attests, for an attestation.
    pub rule: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Trace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactUsed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ConditionResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub measure: String,
    pub version: u32,
    pub name: Text,
    pub period: Period,
    pub on: Date,
    pub outcome: Outcome,
    /// Whether the conditions hold, whatever the dates and the budget say.
    pub verdict: Truth,
    pub amount: Option<Amount>,
    /// The rate of the benefit, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Text>,
    pub conditions: Vec<ConditionResult>,
    /// A smallest set of missing facts that would decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// The missing facts that the amount rests on, where the conditions hold; when all of them are known, so is the amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amount_missing: Vec<Missing>,
    /// Why there is no amount although the conditions hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_remark: Option<Text>,
    /// Labels of attestations that nobody has answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<Text>,
    pub basis: Vec<Basis>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusive: Vec<String>,
    /// The limit it shares with other measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_cap: Option<SharedCap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpretation: Option<Text>,
    /// The days between which it may be claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<(Date, Date)>,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Eligible,
        Outcome::NotEligible,
        Outcome::Unknown,
        Outcome::NeedsReview,
        Outcome::NotInForce,
        Outcome::WindowClosed,
        Outcome::BudgetExhausted,
        Outcome::Error,
    ];

    /// The name used in files and interfaces.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Eligible => "eligible",
            Outcome::NotEligible => "not_eligible",
            Outcome::Unknown => "unknown",
            Outcome::NeedsReview => "needs_review",
            Outcome::NotInForce => "not_in_force",
            Outcome::WindowClosed => "window_closed",
            Outcome::BudgetExhausted => "budget_exhausted",
            Outcome::Error => "error",
        }
    }

    pub fn named(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == word)
    }

    pub fn described(self) -> Text {
        let (zh, en) = match self {
            Outcome::Eligible => ("符合", "eligible"),
            Outcome::NotEligible => ("不符合", "not eligible"),
            Outcome::Unknown => ("尚缺信息", "not known yet"),
            Outcome::NeedsReview => ("待核验", "needs review"),
            Outcome::NotInForce => ("不在有效期", "not in force"),
            Outcome::WindowClosed => ("不在申报期", "window closed"),
            Outcome::BudgetExhausted => ("资金已用完", "budget exhausted"),
            Outcome::Error => ("无法计算", "cannot be computed"),
        };
        Text::new(zh, en)
    }
}

impl Amount {
    /// `12.5万元`, `10万元至20万元`, `至少10万元`.
    pub fn shown(&self, lang: Lang) -> String {
        let money = |fen: Fen| match lang {
            Lang::Zh => fen.chinese(),
            Lang::En => fen.to_string(),
        };
        match (self.exact, self.high, lang) {
            (true, ..) => money(self.low),
            (false, Some(high), Lang::Zh) => format!("{}至{}", money(self.low), money(high)),
            (false, Some(high), Lang::En) => format!("{} to {}", money(self.low), money(high)),
            (false, None, Lang::Zh) => format!("至少{}", money(self.low)),
            (false, None, Lang::En) => format!("at least {}", money(self.low)),
        }
    }
}

impl Decision {
    /// The decision against what is left of its pool: an eligible one that the pool does not cover is exhausted.
    #[must_use]
    pub fn against_pool(mut self, left: Fen) -> Decision {
        let needed = self.amount.map_or(Fen::ZERO, |amount| amount.low);
        if matches!(self.outcome, Outcome::Eligible | Outcome::NeedsReview) && (left.0 <= 0 || needed > left) {
            self.outcome = Outcome::BudgetExhausted;
        }
        self
    }

    /// One or two sentences that say what was decided and why.
    pub fn reason(&self, lang: Lang) -> String {
        let outcome = self.outcome.described();
        let name = self.name.get(lang);
        let open = |truth: Truth| self.conditions.iter().filter(move |condition| condition.verdict == truth && condition.kind != ConditionKind::Attestation);
        let list = |items: Vec<String>| items.join(if lang == Lang::Zh { "；" } else { "; " });
        let detail = match self.outcome {
            Outcome::Eligible | Outcome::BudgetExhausted => self.amount_sentence(lang),
            Outcome::NotEligible => Some(list(open(Truth::No).take(3).map(|condition| condition.sentence(lang)).collect())),
            Outcome::Unknown => Some(list(vec![self.missing_sentence(lang)])),
            Outcome::NeedsReview => {
                let labels: Vec<&str> = self.attestations.iter().map(|label| label.get(lang)).collect();
                let confirm = match lang {
                    Lang::Zh => format!("须核验：{}", labels.join("、")),
                    Lang::En => format!("to be confirmed: {}", labels.join(", ")),
                };
                let amount = self.amount_sentence(lang).filter(|_| !self.amount_missing.is_empty());
                Some(list(std::iter::once(confirm).chain(amount).collect()))
            }
            Outcome::Error => Some(list(open(Truth::Error).take(2).map(|condition| condition.sentence(lang)).collect())),
            Outcome::WindowClosed => self.window.map(|(from, until)| match lang {
                Lang::Zh => format!("申报时间为{}至{}", from.chinese(), until.chinese()),
                Lang::En => format!("claims are open from {from} to {until}"),
            }),
            Outcome::NotInForce => None,
        };
        let detail = detail.filter(|detail| !detail.is_empty());
        match (lang, detail) {
            (Lang::Zh, Some(detail)) => format!("{name}：{}。{detail}。", outcome.zh),
            (Lang::Zh, None) => format!("{name}：{}。", outcome.zh),
            (Lang::En, Some(detail)) => format!("{name}: {}. {}.", outcome.en, capital(&detail)),
            (Lang::En, None) => format!("{name}: {}.", outcome.en),
        }
    }

    /// `金额 12万元`, and what it still depends on.
    fn amount_sentence(&self, lang: Lang) -> Option<String> {
        if let Some(remark) = &self.amount_remark {
            return Some(match lang {
                Lang::Zh => format!("金额无法算出：{}", remark.zh),
                Lang::En => format!("the amount cannot be computed: {}", remark.en),
            });
        }
        // “At least nothing” tells nobody anything.
        let known = self.amount.filter(|amount| amount.exact || amount.high.is_some() || amount.low > Fen::ZERO).map(|amount| amount.shown(lang));
        let missing: Vec<String> = self.amount_missing.iter().map(|missing| missing.shown(lang)).collect();
        let facts = missing.join(if lang == Lang::Zh { "、" } else { ", " });
        match (lang, known, missing.is_empty()) {
            (_, None, true) => None,
            (Lang::Zh, Some(known), true) => Some(format!("金额{known}")),
            (Lang::En, Some(known), true) => Some(format!("amount {known}")),
            (Lang::Zh, known, false) => Some(format!("金额{}还需知道：{facts}", known.map_or_else(String::new, |known| format!("{known}，")))),
            (Lang::En, Some(known), false) => Some(format!("amount {known}; to be exact it needs {facts}")),
            (Lang::En, None, false) => Some(format!("the amount needs {facts}")),
        }
    }

    fn missing_sentence(&self, lang: Lang) -> String {
        let shown: Vec<String> = self.missing.iter().map(|missing| missing.shown(lang)).collect();
        match (lang, shown.is_empty()) {
            (_, true) => {
                let undecided = self.conditions.iter().filter(|condition| condition.verdict == Truth::Unknown);
                undecided.map(|condition| condition.sentence(lang)).collect::<Vec<_>>().join(if lang == Lang::Zh { "；" } else { "; " })
            }
            (Lang::Zh, false) => format!("还需知道：{}", shown.join("、")),
            (Lang::En, false) => format!("still to be known: {}", shown.join(", ")),
        }
    }
}

impl Missing {
    /// `2021年营业收入（需≥ 3万元）`.
    pub fn shown(&self, lang: Lang) -> String {
        let period = if self.period == Period::Instant { String::new() } else { self.period.described().get(lang).to_string() };
        let name = self.name.get(lang);
        match (lang, &self.needed) {
            (Lang::Zh, Some(needed)) => format!("{period}{name}（需{}）", needed.zh),
            (Lang::Zh, None) => format!("{period}{name}"),
            (Lang::En, Some(needed)) => format!("{name} {period} (must be {})", needed.en),
            (Lang::En, None) => format!("{name} {period}").trim_end().to_string(),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl ConditionResult {
    /// The condition with its values in one sentence: 研发投入强度 2.8%，需 ≥ 3%，相差 0.2 个百分点.
    pub fn sentence(&self, lang: Lang) -> String {
        match self.kind {
            ConditionKind::Rule => {}
            ConditionKind::Attestation => {
                return match lang {
                    Lang::Zh => format!("{}（{}）", self.label.zh, self.rule),
                    Lang::En => format!("{} ({})", self.label.en, self.rule),
                };
            }
            _ => return self.group_sentence(lang),
        }
        let telling: Vec<&Trace> = self.trace.iter().filter(|trace| trace.verdict == self.verdict).collect();
        let shown: Vec<String> = telling.iter().take(3).map(|trace| trace.sentence(lang)).collect();
        if shown.is_empty() {
            return self.label.get(lang).to_string();
        }
        let mut sentence = shown.join(if lang == Lang::Zh { "；" } else { "; " });
        if let (Some(distance), 1) = (&self.distance, shown.len()) {
            let beyond = telling.first().is_some_and(|trace| matches!(trace.operator.en.as_str(), "<" | "<="));
            sentence.push_str(&match (lang, beyond) {
                (Lang::Zh, false) => format!("，相差 {}", distance.shown.zh),
                (Lang::Zh, true) => format!("，超出 {}", distance.shown.zh),
                (Lang::En, false) => format!(", {} short", distance.shown.en),
                (Lang::En, true) => format!(", {} too much", distance.shown.en),
            });
        }
        sentence
    }

    fn group_sentence(&self, lang: Lang) -> String {
        let relevant = |child: &&ConditionResult| match self.kind {
            ConditionKind::NoneOf => child.verdict == self.verdict.negated(),
            _ => child.verdict == self.verdict,
        };
        let inner: Vec<String> = self.children.iter().filter(relevant).take(4).map(|child| child.sentence(lang)).collect();
        match (inner.is_empty(), lang) {
            (true, _) => self.label.get(lang).to_string(),
            (false, Lang::Zh) => format!("{}（{}）", self.label.zh, inner.join("；")),
            (false, Lang::En) => format!("{} ({})", self.label.en, inner.join("; ")),
        }
    }
}

impl Trace {
    /// 研发投入强度 2.8%，需 ≥ 3%.
    pub fn sentence(&self, lang: Lang) -> String {
        let (left, value, right, right_value) = (self.left.get(lang), self.left_value.get(lang), self.right.get(lang), self.right_value.get(lang));
        let operator = self.operator.get(lang);
        let right = if right == right_value { right.to_string() } else { format!("{right}（{right_value}）") };
        let remark = self.remark.as_ref().map(|remark| match lang {
            Lang::Zh => format!("（{}）", remark.zh),
            Lang::En => format!(" ({})", remark.en),
        });
        let needs = if lang == Lang::Zh { "，需" } else { ", needs" };
        let left = if left == value { left.to_string() } else { format!("{left} {value}") };
        format!("{left}{needs} {operator} {right}{}", remark.unwrap_or_default())
    }
}

/// The words for how a fact came to be known.
impl SourceKind {
    pub fn described(self) -> Text {
        let (zh, en) = match self {
            SourceKind::Curated => ("已核", "reviewed"),
            SourceKind::Declared => ("自行申报", "declared"),
            SourceKind::Derived => ("推算", "derived"),
            SourceKind::Assumed => ("假设", "assumed"),
        };
        Text::new(zh, en)
    }
}
