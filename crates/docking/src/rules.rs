//! The rules of casework as data: clocks, limits and hold rules, for everywhere and by region.

use duijie_vocab::RegionCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The rules that hold for one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub clocks: ClockRules,
    pub introductions: IntroductionRules,
    pub holds: HoldRules,
    pub quality: QualityRules,
}

/// How long each clock runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRules {
    /// From handing in until somebody should have claimed the case.
    pub triage: Span,
    /// From sending until a lone introduction without an answer counts as pending.
    pub pending: Span,
    /// From sending until the responder is reminded.
    pub reminder: Span,
    /// From sending until the responder is told that this is the last chance.
    pub last_chance: Span,
    /// From the first introduction until the case is abandoned if nobody accepted.
    pub abandon: Span,
    /// From the first closing until both sides are asked whether they are satisfied.
    pub satisfaction: Span,
    /// Before a payment is due.
    pub payment_notice: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntroductionRules {
    /// The most introductions of one case that may be open at once.
    pub most_open: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRules {
    /// A need with fewer characters is held.
    pub min_chars: usize,
    /// A need that shares this much of its text with a template is held.
    pub template_percent: u32,
    pub several_within_hours: u32,
    pub same_subject_within_days: u32,
    /// How alike two needs have to be to count as the same subject.
    pub same_subject_percent: u32,
    pub forbidden: Vec<String>,
    pub templates: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityRules {
    /// A need with this many characters is long enough.
    pub enough_chars: usize,
}

/// A length of time: `9 days`, or `2 working days` by the calendar of public holidays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    pub days: u16,
    pub working: bool,
}

/// The rules for everywhere with what single regions do differently.
#[derive(Clone, Debug)]
pub struct RuleBook {
    base: Rules,
    regions: BTreeMap<RegionCode, Rules>,
}

#[derive(Debug, thiserror::Error)]
pub enum RuleFault {
    #[error("the rules are no YAML of the expected form: {0}")]
    Form(String),
    #[error("the rules for `{0}` do not fit: {1}")]
    Region(String, String),
    #[error("clocks of `{0}` are out of order: pending < reminder < last chance < abandon")]
    Order(String),
}

/// The rules that come with the product, as YAML.
pub const BUILT_IN_RULES: &str = include_str!("../data/rules.yaml");

impl RuleBook {
    /// Reads rules from YAML like the built-in ones.
    pub fn parse(yaml: &str) -> Result<RuleBook, RuleFault> {
        let mut whole: Value = serde_saphyr::from_str(yaml).map_err(|fault| RuleFault::Form(fault.to_string()))?;
        let regions = whole.as_object_mut().and_then(|map| map.remove("regions")).unwrap_or(Value::Null);
        let base: Rules = serde_json::from_value(whole.clone()).map_err(|fault| RuleFault::Form(fault.to_string()))?;
        base.check("*")?;
        let mut own = BTreeMap::new();
        for (name, differs) in regions.as_object().into_iter().flatten() {
            let fault = |fault: String| RuleFault::Region(name.clone(), fault);
            let code = RegionCode::find(name).map_err(|found| fault(found.to_string()))?;
            let mut merged = whole.clone();
            merge(&mut merged, differs);
            let rules: Rules = serde_json::from_value(merged).map_err(|found| fault(found.to_string()))?;
            rules.check(name)?;
            own.insert(code, rules);
        }
        Ok(RuleBook { base, regions: own })
    }

    /// The rules as they come with the product.
    pub fn built_in() -> RuleBook {
        RuleBook::parse(BUILT_IN_RULES).unwrap_or_else(|fault| panic!("BUG: the built-in rules are wrong: {fault}"))
    }

    /// The rules of the nearest region that contains `region` and has its own, or those for everywhere.
    pub fn for_region(&self, region: RegionCode) -> &Rules {
        let mut at = Some(region);
        while let Some(code) = at {
            if let Some(rules) = self.regions.get(&code) {
                return rules;
            }
            at = code.parent();
        }
        &self.base
    }
}

impl Rules {
    fn check(&self, name: &str) -> Result<(), RuleFault> {
        let clocks = &self.clocks;
        let in_order =
            clocks.pending.days < clocks.reminder.days && clocks.reminder.days < clocks.last_chance.days && clocks.last_chance.days < clocks.abandon.days;
        if in_order { Ok(()) } else { Err(RuleFault::Order(name.to_string())) }
    }
}

/// Puts what `differs` says over `base`, map by map.
fn merge(base: &mut Value, differs: &Value) {
    match (base, differs) {
        (Value::Object(base), Value::Object(differs)) => {
            for (key, value) in differs {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, differs) => *base = differs.clone(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a length like `9 days` or `2 working days`")]
pub struct SpanFault(String);

impl TryFrom<String> for Span {
    type Error = SpanFault;

    fn try_from(text: String) -> Result<Span, SpanFault> {
        let fault = || SpanFault(text.clone());
        let (number, unit) = text.trim().split_once(' ').ok_or_else(fault)?;
        let days = number.parse().map_err(|_| fault())?;
        match unit.trim() {
            "day" | "days" => Ok(Span { days, working: false }),
            "working day" | "working days" => Ok(Span { days, working: true }),
            _ => Err(fault()),
        }
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.working { "working days" } else { "days" };
        write!(f, "{} {unit}", self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(regions: &str) -> Result<RuleBook, RuleFault> {
        RuleBook::parse(&format!("{}\nregions:\n{regions}", include_str!("../data/rules.yaml")))
    }

    #[test]
    fn the_nearest_region_with_rules_of_its_own_wins() {
        let book = book("  \"320000\": {clocks: {abandon: 60 days}}\n  常州: {clocks: {reminder: 5 working days}}\n").unwrap();
        let days = |code: &str| {
            let clocks = &book.for_region(RegionCode::parse(code).unwrap()).clocks;
            (clocks.reminder.to_string(), clocks.abandon.days)
        };
        assert_eq!(days("320402"), ("5 working days".to_string(), 45));
        assert_eq!(days("320200"), ("9 days".to_string(), 60));
        assert_eq!(days("330100"), ("9 days".to_string(), 45));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        for wrong in ["  常州: {clocks: {abandon: 5 days}}", "  常州: {clocks: {abandon: 5 weeks}}", "  仙境: {}", "  常州: {clock: {}}"] {
            assert!(book(wrong).is_err(), "{wrong}");
        }
    }
}
