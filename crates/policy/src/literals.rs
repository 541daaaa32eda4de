//! The figures of a measure: thresholds, rates, caps and dates as they stand in its file, so that one
//! can be changed and tried without writing the file anew.

use crate::book::{Measure, rules};
use crate::measure::{Condition, Rule, Test};
use crate::parser::each_child;
use crate::syntax::{Expr, ExprKind};
use crate::{Fraction, parse_rule};
use duijie_vocab::{Text, text};
use std::ops::Range;

/// One figure and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The label of its condition, or what part of the benefit it belongs to.
    pub label: Text,
    /// The whole rule, as written.
    pub rule: String,
    /// The figure as written: `5%`, `500万元`, `2021-06-30`.
    pub written: String,
    /// Its bytes in the measure's file.
    pub at: Range<usize>,
    /// The condition, by its place among those at the top, of whose comparison it is the whole bound.
    pub bounds: Option<usize>,
}

/// Every figure of a measure's rules, in the order of its file.
pub fn literals(measure: &Measure) -> Vec<Literal> {
    let mut found = Vec::new();
    for rule in rules(&measure.source) {
        let label = label_of(measure, rule);
        let bound = bound_of(measure, rule);
        collect(&rule.expr, &mut |span| {
            let at = rule.at.in_file(span.clone());
            let bounds = bound.as_ref().filter(|(_, bound)| *bound == span).map(|(condition, _)| *condition);
            let written = rule.text.get(span).unwrap_or("");
            // In quotes and folded lines the file can say it in other bytes; such a figure is left alone.
            if !written.is_empty() && measure.source.origin.text.get(at.clone()) == Some(written) {
                found.push(Literal { label: label.clone(), rule: rule.text.clone(), written: written.to_string(), at, bounds });
            }
        });
    }
    found.sort_by_key(|literal| literal.at.start);
    found
}

/// The number that a figure means, in the base of its dimension: Fen, months, days, share. Nothing for what
/// is no number, such as a date.
pub fn figure_value(written: &str) -> Option<Fraction> {
    parse_rule(written).ok()?.number().map(|(value, _)| value)
}

/// The place and the bound of a condition at the top that compares with one figure.
fn bound_of(measure: &Measure, rule: &Rule) -> Option<(usize, Range<usize>)> {
    let is_rule = |condition: &Condition| matches!(&condition.test, Test::Rule(other) if other.at.scalar.start == rule.at.scalar.start);
    let place = measure.source.when.iter().position(is_rule)?;
    let ExprKind::Binary { op, left, right } = &rule.expr.kind else { return None };
    let figure = [right, left].into_iter().find(|side| matches!(side.kind, ExprKind::Number { .. }))?;
    op.is_comparison().then(|| (place, figure.span.clone()))
}

/// The text of a measure's file with some of its figures written otherwise. Of two changes to one
/// place the first counts.
pub fn with_figures(measure: &Measure, changes: &[(&Literal, &str)]) -> String {
    let text = &measure.source.origin.text;
    let mut ordered: Vec<&(&Literal, &str)> = changes.iter().collect();
    ordered.sort_by_key(|(literal, _)| literal.at.start);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (literal, new) in ordered {
        if literal.at.start < copied || text.get(literal.at.clone()).is_none() {
            continue;
        }
        out.push_str(&text[copied..literal.at.start]);
        out.push_str(new);
        copied = literal.at.end;
    }
    out.push_str(&text[copied..]);
    out
}

fn collect(expr: &Expr, each: &mut dyn FnMut(Range<usize>)) {
    if matches!(expr.kind, ExprKind::Number { .. } | ExprKind::Date(_)) {
        each(expr.span.clone());
    }
    // `上年`, `近3年` and the like count periods and are no figures of the law.
    if matches!(expr.kind, ExprKind::Access { .. }) {
        return;
    }
    each_child(&expr.kind, |child| collect(child, each));
}

fn label_of(measure: &Measure, rule: &Rule) -> Text {
    fn find(conditions: &[Condition], at: usize) -> Option<Text> {
        conditions.iter().find_map(|condition| match &condition.test {
            Test::Rule(rule) => (rule.at.scalar.start == at).then(|| condition.label.clone()),
            test => find(test.parts(), at),
        })
    }
    let at = rule.at.scalar.start;
    if let Some(label) = find(&measure.source.when, at) {
        return label;
    }
    let is = |part: &Option<Rule>| part.as_ref().is_some_and(|part| part.at.scalar.start == at);
    match &measure.source.benefit {
        Some(benefit) if is(&benefit.cap) => text!("最高金额", "at most"),
        Some(benefit) if is(&benefit.floor) => text!("最低金额", "at least"),
        Some(benefit) if is(&benefit.rate) => text!("比例", "rate"),
        Some(benefit) if is(&benefit.amount) || is(&benefit.base) => text!("金额", "amount"),
        _ => text!("参数", "parameter"),
    }
}
