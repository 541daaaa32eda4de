//! What is legal in a measure but probably not meant: conditions that can never hold or always hold,
//! facts that no source answers, and measures that lack what a reader needs.

use crate::book::{Book, Compiled, Measure};
use crate::measure::{Condition, Test};
use crate::period::Period;
use crate::{Facts, RegionFacts, Truth, cases};
use duijie_vocab::{Date, Diagnostic, Place, Text, text};

/// Remarks about every measure of a book.
pub fn lint(book: &Book) -> Vec<Diagnostic> {
    book.measures().flat_map(|measure| lint_measure(book, measure)).collect()
}

fn lint_measure(book: &Book, measure: &Measure) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let origin = &measure.source.origin;
    let head = origin.place(measure.source.range.start..measure.source.range.start + 1);
    let id = measure.id();
    // Nothing is known of this subject, so what is decided here is decided for everyone.
    let nobody = Facts::new(measure.source.region);
    let regions = RegionFacts::new();
    let on = measure.source.in_force.1.or(measure.source.in_force.0).unwrap_or_else(|| Date::new(2024, Some(1), Some(1)).expect("BUG: this day exists"));
    let period: Period = measure.source.period.containing(on);
    let evaluation = book.evaluation(&nobody, &regions, period, on);
    if cases::decided(&evaluation, measure.verdict) == Truth::No {
        found.push(
            Diagnostic::warning("policy.lint.never", text!("`{id}` 永远不能成立", "`{id}` can never hold"))
                .at(head.clone())
                .help(text!("条件之间相互矛盾，核对界限", "its conditions contradict one another, check the thresholds")),
        );
    } else {
        each_rule(
            &measure.source.when,
            &measure.conditions,
            &mut |condition, compiled, place| {
                let (code, message, help) = match cases::decided(&evaluation, compiled.node) {
                    Truth::Yes => {
                        ("policy.lint.always", ("永远成立", "always holds"), text!("这个条件不起作用，可以去掉", "this condition does nothing and can go"))
                    }
                    Truth::No => ("policy.lint.never", ("永远不成立", "can never hold"), text!("核对界限", "check the thresholds")),
                    _ => return,
                };
                let words = Text::new(format!("条件“{}”{}", condition.label.zh, message.0), format!("the condition `{}` {}", condition.label.en, message.1));
                found.push(Diagnostic::warning(code, words).at(place).help(help));
            },
            measure,
        );
    }
    let shared = |group: &String| book.ids().filter_map(|other| book.measure(other)).any(|other| other.id() != id && other.source.exclusive.contains(group));
    for group in measure.source.exclusive.iter().filter(|group| !shared(group)) {
        found.push(
            Diagnostic::warning("policy.lint.alone", text!("互斥组 `{group}` 中只有 `{id}`", "`{id}` is the only measure of the group `{group}`"))
                .at(head.clone())
                .help(text!("核对组名的写法，或去掉 exclusive", "check the spelling of the group, or leave `exclusive` out")),
        );
    }
    for fact in book.facts_read(measure).into_iter().filter(|fact| fact.source.is_empty()) {
        let (zh, en) = (&fact.zh, &fact.en);
        let message = Text::new(format!("指标“{zh}”没有数据来源，只能询问企业"), format!("no source answers `{en}`, it can only be asked"));
        found.push(
            Diagnostic::note("policy.lint.no_source", message).at(head.clone()).help(text!("在 facts.yaml 写上 `source`", "add a `source` in facts.yaml")),
        );
    }
    if measure.source.basis.is_empty() {
        found.push(
            Diagnostic::warning("policy.lint.no_basis", text!("`{id}` 没有写明依据", "`{id}` names no document it rests on"))
                .at(head.clone())
                .help(text!("加上 `basis`", "add `basis`")),
        );
    }
    if measure.source.in_force == (None, None) {
        found.push(
            Diagnostic::note("policy.lint.no_dates", text!("`{id}` 没有写明有效期", "`{id}` does not say when it is in force"))
                .at(head)
                .help(text!("加上 `in_force: 2021-01-01..`", "add `in_force: 2021-01-01..`")),
        );
    }
    found
}

fn each_rule(conditions: &[Condition], compiled: &[Compiled], each: &mut dyn FnMut(&Condition, &Compiled, Place), measure: &Measure) {
    for (condition, compiled) in conditions.iter().zip(compiled) {
        match &condition.test {
            Test::Rule(rule) => each(condition, compiled, measure.source.origin.place(rule.at.in_file(0..rule.text.len()))),
            Test::Attest(_) => {}
            Test::AnyOf(inner) | Test::AllOf(inner) | Test::NoneOf(inner) => each_rule(inner, &compiled.children, each, measure),
        }
    }
}
