//! What the examples of a measure do not notice: each condition is left out and each comparison is
//! moved by its end (`≥` to `>`), and if every example still comes out the same, it is listed.

use crate::book::{Book, Compiled, Measure};
use crate::examples::example_case;
use crate::measure::{Condition, Test};
use crate::plan::{Comparison, NodeId, Op};
use crate::value::Value;
use crate::{Truth, cases};
use duijie_vocab::{Diagnostic, text};

/// Changes that no example notices, as warnings at the condition.
pub fn unnoticed_changes(book: &Book, measure: &Measure) -> Vec<Diagnostic> {
    let check = Check { book, measure };
    let mut warnings = Vec::new();
    check.conditions(&measure.source.when, &measure.conditions, &mut warnings);
    warnings
}

struct Check<'c> {
    book: &'c Book,
    measure: &'c Measure,
}

impl Check<'_> {
    fn conditions(&self, conditions: &[Condition], compiled: &[Compiled], warnings: &mut Vec<Diagnostic>) {
        for (condition, compiled) in conditions.iter().zip(compiled) {
            match &condition.test {
                Test::Rule(rule) => {
                    let place = self.measure.source.origin.place(rule.at.in_file(0..rule.text.len()));
                    let label = &condition.label;
                    if [Truth::Yes, Truth::No].into_iter().any(|forced| !self.noticed(compiled.node, |_| Some(Value::Truth(forced)))) {
                        let message = duijie_vocab::Text::new(
                            format!("去掉或颠倒条件“{}”，没有示例会察觉", label.zh),
                            format!("no example notices when the condition `{}` is left out or always fails", label.en),
                        );
                        warnings.push(
                            Diagnostic::warning("policy.examples.unnoticed", message)
                                .at(place)
                                .help(text!("加一个只因此条而不符合的示例", "add an example that is refused for this condition alone")),
                        );
                        continue;
                    }
                    for atom in &compiled.atoms {
                        if !self.end_noticed(atom.node) {
                            let words = self.measure.source.origin.place(rule.at.in_file(atom.left_expr.span.start..atom.right_expr.span.end));
                            let message = text!("界限值本身归哪边，没有示例检验", "no example tests the threshold itself");
                            warnings.push(
                                Diagnostic::warning("policy.examples.boundary", message)
                                    .at(words)
                                    .help(text!("加一个正好等于界限的示例", "add an example that is exactly at the threshold")),
                            );
                        }
                    }
                }
                Test::Attest(_) => {}
                Test::AnyOf(inner) | Test::AllOf(inner) | Test::NoneOf(inner) => self.conditions(inner, &compiled.children, warnings),
            }
        }
    }

    /// Whether some example comes out differently when a node is changed.
    fn noticed(&self, node: NodeId, change: impl Fn(&crate::evaluate::Evaluation<'_>) -> Option<Value>) -> bool {
        self.measure.source.examples.iter().any(|example| {
            let Ok(case) = example_case(self.book, self.measure, example) else { return false };
            let evaluation = self.book.evaluation(&case.facts, &case.region_facts, case.period, case.on);
            let before = cases::decided(&evaluation, self.measure.verdict);
            let Some(value) = change(&evaluation) else { return false };
            evaluation.assuming(&[(node, value)], |evaluation| cases::decided(evaluation, self.measure.verdict)) != before
        })
    }

    /// Whether some example lies on the threshold and would come out differently on its other side.
    fn end_noticed(&self, node: NodeId) -> bool {
        let Op::Compare { comparison, left, right } = self.book.plan.op(node) else { return true };
        if *comparison == Comparison::Equal {
            return true;
        }
        self.noticed(node, |evaluation| match (evaluation.value(*left), evaluation.value(*right)) {
            (Value::Number(a), Value::Number(b)) if a.point().is_some() && a.point() == b.point() => Some(Value::Truth(evaluation.truth(node).negated())),
            _ => None,
        })
    }
}
