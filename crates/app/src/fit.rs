//! Does a measure fit? The facts it needs as a form, and its decision on what was typed. Nothing of
//! it is kept.

use crate::facts::of_regions;
use crate::policy_batch::{Explanation, explanation, period_named};
use crate::simulation::day_for;
use crate::{App, AppError};
use duijie_policy::{Condition, FactDef, FactKind, FactSource, Facts, Input, Measure, Period, Test};
use duijie_vocab::{Date, Diagnostic, Place, RegionCode, Text, text};
use serde::Serialize;

/// What a measure asks, and what it decides on the answers.
#[derive(Clone, Debug, Serialize)]
pub struct FitView {
    pub measure: String,
    pub name: Text,
    /// The period decided about, such as `2021`.
    pub period: String,
    pub on: String,
    pub region: String,
    pub region_name: String,
    pub asks: Vec<FactAsk>,
    /// The decision; nothing before anything was answered.
    pub explanation: Option<Explanation>,
    /// Answers that belong to no question, and a region that is none.
    pub faults: Vec<Diagnostic>,
}

/// One question: a fact in a period, or something that a person has to confirm.
#[derive(Clone, Debug, Serialize)]
pub struct FactAsk {
    /// The name of its field: `rd_expense@2021`, or `attest:` and the label.
    pub field: String,
    pub name: Text,
    pub question: Text,
    /// Empty for a fact without periods.
    pub period: Text,
    pub unit: String,
    /// `number`, `date`, `flag`, `select`, `checks` or `text`.
    pub widget: &'static str,
    pub options: Vec<String>,
    pub values: Vec<String>,
    pub fault: Option<Diagnostic>,
}

impl App {
    /// The questions of a measure, and its decision where `answers` (field and value) has any. A value
    /// may be a bound, such as `50..99` or `>=2000万元`; an empty one is not known.
    pub fn fit(&self, id: &str, period: Option<&str>, region: Option<&str>, answers: &[(String, String)]) -> Result<FitView, AppError> {
        let policies = self.policies();
        let measure = policies.book.measure(id).ok_or(AppError::NotFound)?;
        let asked = period_named(period)?;
        let last = asked.and_then(Period::days).map_or_else(|| last_decided(measure, self.now().china_date()), |(_, last)| last);
        let period = asked.filter(|period| period.cycle() == measure.source.period).unwrap_or_else(|| measure.source.period.containing(last));
        let on = measure.window_for(period, last).map_or(last, |(from, _)| from);
        let mut faults = Vec::new();
        let region = region.map_or(measure.source.region, |written| region_named(written, measure, &mut faults));
        let mut facts = Facts::new(region);
        let inputs = policies.book.inputs(measure, period, on);
        let mut asks: Vec<FactAsk> = inputs.iter().map(|input| fact_ask(input, answers, &mut facts)).collect();
        attestations(&measure.source.when, answers, &mut asks, &mut facts);
        let answered = answers.iter().any(|(_, value)| !value.trim().is_empty());
        let decision = if answered {
            let regions = self.store().read(|view| of_regions(view, policies.book.vocabulary()))?;
            policies.book.decide(id, &facts, &regions, on, Some(period))
        } else {
            None
        };
        Ok(FitView {
            measure: id.to_string(),
            name: measure.source.name.clone(),
            period: period.to_string(),
            on: on.to_string(),
            region: region.to_string(),
            region_name: region.path(),
            asks,
            explanation: decision.map(|decision| explanation(&policies.book, String::new(), &decision)),
            faults,
        })
    }
}

/// The last day of the latest year that a measure in force decides about.
fn last_decided(measure: &Measure, today: Date) -> Date {
    let (from, until) = measure.source.in_force;
    let year = until.map_or(today.year() - 1, |until| until.year().min(today.year() - 1));
    let year = from.map_or(year, |from| year.max(from.year()));
    match measure.source.period.containing(today) {
        Period::Instant => day_for(measure, year),
        _ => crate::decisions::last_day(year),
    }
}

fn region_named(written: &str, measure: &Measure, faults: &mut Vec<Diagnostic>) -> RegionCode {
    RegionCode::find(written).unwrap_or_else(|_| {
        let fault = Diagnostic::error("fit.region", text!("没有区划“{written}”", "there is no region “{written}”"));
        faults
            .push(fault.at(Place::field("region")).help(text!("写六位代码或全称，如 江苏省常州市", "write six digits or the full name, such as 江苏省常州市")));
        measure.source.region
    })
}

fn fact_ask(input: &Input<'_>, answers: &[(String, String)], facts: &mut Facts) -> FactAsk {
    let def = input.fact;
    let field = if input.period == Period::Instant { def.key.to_string() } else { format!("{}@{}", def.key, input.period) };
    let values: Vec<String> =
        answers.iter().filter(|(name, value)| *name == field && !value.trim().is_empty()).map(|(_, value)| value.trim().to_string()).collect();
    let mut fault = None;
    if !values.is_empty() {
        match def.read(&values.join("、")) {
            Ok(value) => drop(facts.set(&def.key, input.period, value, FactSource::declared("当场填写"))),
            Err(wrong) => fault = Some(Diagnostic::error("fit.value", wrong.message).at(Place::field(&field)).help(wrong.help)),
        }
    }
    FactAsk {
        name: def.text(),
        question: def.question.clone(),
        period: if input.period == Period::Instant { Text::default() } else { input.period.described() },
        unit: unit(def),
        widget: widget(def),
        options: def.values.clone(),
        values,
        fault,
        field,
    }
}

fn unit(def: &FactDef) -> String {
    match (&def.unit, def.kind) {
        (Some(unit), _) => unit.clone(),
        (None, FactKind::Money) => "元".to_string(),
        (None, FactKind::Ratio) => "%".to_string(),
        _ => String::new(),
    }
}

fn widget(def: &FactDef) -> &'static str {
    match def.kind {
        FactKind::Bool => "flag",
        FactKind::Date => "date",
        FactKind::Code if !def.values.is_empty() => "select",
        FactKind::Set if !def.values.is_empty() => "checks",
        FactKind::Code | FactKind::Text | FactKind::Set => "text",
        _ => "number",
    }
}

/// What people confirm, asked as yes or no.
fn attestations(conditions: &[Condition], answers: &[(String, String)], asks: &mut Vec<FactAsk>, facts: &mut Facts) {
    for condition in conditions {
        match &condition.test {
            Test::Rule(_) => {}
            Test::AnyOf(inner) | Test::AllOf(inner) | Test::NoneOf(inner) => attestations(inner, answers, asks, facts),
            Test::Attest(who) => {
                let field = format!("attest:{}", condition.label.zh);
                let values: Vec<String> = answers.iter().filter(|(name, value)| *name == field && !value.is_empty()).map(|(_, value)| value.clone()).collect();
                if let Some(answer) = values.first() {
                    facts.attest(&condition.label.zh, answer == "是");
                }
                let question = text!("由{who}确认", "to be confirmed by {who}");
                asks.push(FactAsk {
                    name: condition.label.clone(),
                    question,
                    period: Text::default(),
                    unit: String::new(),
                    widget: "flag",
                    options: Vec::new(),
                    values,
                    fault: None,
                    field,
                });
            }
        }
    }
}
