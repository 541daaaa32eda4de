//! Measures into a plan: one by one, or many beside one another, each part of them in a plan of its own
//! that is then taken into the book's.

use crate::book::Compiled;
use crate::lower::{Atom, Known, Lowering, Parameter, Parameters, Type, Written};
use crate::measure::{Benefit, Condition, MeasureVersion, Rule, Test, rule_diagnostic};
use crate::period::Cycle;
use crate::plan::{NodeId, Op, ParameterLine, Plan};
use crate::vocabulary::{RuleText, Vocabulary};
use crate::{Expr, Fraction, RuleFault};
use duijie_vocab::{Diagnostic, text};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A version with its number.
pub(crate) type Versioned = (u32, Box<MeasureVersion>);
pub(crate) type WrittenByCycle = BTreeMap<Cycle, Written>;

/// The nodes of a measure.
pub(crate) struct Nodes {
    pub(crate) conditions: Vec<Compiled>,
    pub(crate) verdict: NodeId,
    pub(crate) attestations: Vec<(NodeId, String)>,
    pub(crate) amount: Option<NodeId>,
    pub(crate) rate: Option<NodeId>,
}

/// How many measures share a plan of their own, and how many such plans there are at a time.
const TOGETHER: usize = 32;
const PLANS: usize = 16;

/// Measures that refer to no other, beside one another. Plans are taken in in order, so that every node is where it
/// would be if the measures had been compiled one after the other.
pub(crate) fn compile_beside(
    vocabulary: &Vocabulary,
    plan: &mut Plan,
    known: &Known,
    versions: Vec<Versioned>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(Versioned, Option<Nodes>)> {
    let mut compiled = Vec::with_capacity(versions.len());
    for some in versions.chunks(TOGETHER * PLANS) {
        let parts: Vec<Part> = some.par_chunks(TOGETHER).map(|versions| Part::compile(vocabulary, known, versions)).collect();
        for (part, versions) in parts.into_iter().zip(some.chunks(TOGETHER)) {
            compiled.extend(part.take_into(plan, vocabulary, known, versions, faults));
        }
    }
    versions.into_iter().zip(compiled).collect()
}

/// Measures in a plan of their own.
struct Part {
    plan: Plan,
    measures: Vec<Option<Nodes>>,
    faults: Vec<Diagnostic>,
}

impl Part {
    fn compile(vocabulary: &Vocabulary, known: &Known, versions: &[Versioned]) -> Part {
        let mut part = Part { plan: Plan::part(), measures: Vec::with_capacity(versions.len()), faults: Vec::new() };
        let mut written = WrittenByCycle::default();
        for versioned in versions {
            part.measures.push(compile_one(vocabulary, &mut part.plan, known, versioned, &mut written, &mut part.faults));
        }
        part
    }

    /// The measures with their nodes in `plan`. What is too large for a plan of its own is compiled there.
    fn take_into(self, plan: &mut Plan, vocabulary: &Vocabulary, known: &Known, versions: &[Versioned], faults: &mut Vec<Diagnostic>) -> Vec<Option<Nodes>> {
        if self.plan.is_full() || !plan.has_room_for(&self.plan) {
            let mut written = WrittenByCycle::default();
            return versions.iter().map(|versioned| compile_one(vocabulary, plan, known, versioned, &mut written, faults)).collect();
        }
        faults.extend(self.faults);
        let places = plan.take_in(self.plan);
        let mut measures = self.measures;
        measures.iter_mut().flatten().for_each(|nodes| nodes.moved(&places));
        measures
    }
}

impl Nodes {
    fn moved(&mut self, places: &[NodeId]) {
        fn moved(compiled: &mut Compiled, places: &[NodeId]) {
            compiled.node = places[compiled.node as usize];
            for atom in &mut compiled.atoms {
                [&mut atom.node, &mut atom.left, &mut atom.right].into_iter().for_each(|id| *id = places[*id as usize]);
            }
            compiled.children.iter_mut().for_each(|child| moved(child, places));
        }
        self.conditions.iter_mut().for_each(|condition| moved(condition, places));
        let attested = self.attestations.iter_mut().map(|(id, _)| id);
        attested.chain([&mut self.verdict]).chain(&mut self.amount).chain(&mut self.rate).for_each(|id| *id = places[*id as usize]);
    }
}

/// One version of a measure; nothing when it has faults, which are told.
pub(crate) fn compile_one(
    vocabulary: &Vocabulary,
    plan: &mut Plan,
    known: &Known,
    (_, source): &Versioned,
    written: &mut WrittenByCycle,
    faults: &mut Vec<Diagnostic>,
) -> Option<Nodes> {
    let mut compiler = Compiler {
        vocabulary,
        plan,
        known,
        measure: source,
        parameters: Parameters::new(),
        written: written.entry(source.period).or_default(),
        faults,
        failed: false,
        attestations: Vec::new(),
    };
    compiler.parameters();
    let conditions = compiler.conditions(&source.when);
    let none = Benefit::default();
    let benefit = source.benefit.as_ref().unwrap_or(&none);
    let mut money = |rule: &Option<Rule>| rule.as_ref().and_then(|rule| compiler.rule(rule, |lowering, expr| lowering.money(expr)).map(|(id, _)| id));
    let amount = money(&benefit.amount);
    let base = money(&benefit.base);
    let cap = money(&benefit.cap);
    let floor = money(&benefit.floor);
    let rate = benefit.rate.as_ref().and_then(|rule| compiler.rule(rule, |lowering, expr| lowering.rate(expr)).map(|(id, _)| id));
    let attestations = std::mem::take(&mut compiler.attestations);
    if compiler.failed {
        return None;
    }
    let verdict = plan.node(Op::And(conditions.iter().map(|condition| condition.node).collect()));
    let uncapped = match (amount, rate, base) {
        (Some(amount), ..) => Some(amount),
        (None, Some(rate), Some(base)) => Some(plan.node(Op::Multiply(base, rate))),
        _ => None,
    };
    let amount = uncapped.map(|amount| {
        let raised = floor.map_or(amount, |floor| plan.node(Op::Max(Box::new([amount, floor]))));
        let capped = cap.map_or(raised, |cap| plan.node(Op::Min(Box::new([raised, cap]))));
        let step = plan.number(Fraction::whole(benefit.rounding.step_fen));
        plan.node(Op::Round { value: capped, step, mode: benefit.rounding.mode })
    });
    Some(Nodes { conditions, verdict, attestations, amount, rate })
}

struct Compiler<'c> {
    vocabulary: &'c Vocabulary,
    plan: &'c mut Plan,
    known: &'c Known,
    measure: &'c MeasureVersion,
    parameters: Parameters,
    written: &'c mut Written,
    faults: &'c mut Vec<Diagnostic>,
    failed: bool,
    attestations: Vec<(NodeId, String)>,
}

impl Compiler<'_> {
    fn rule<T>(&mut self, rule: &Rule, lower: impl FnOnce(&mut Lowering<'_>, &Expr) -> Option<T>) -> Option<(T, Vec<Atom>)> {
        let mut lowering = Lowering::new(self.vocabulary, self.plan, self.measure.period, self.known);
        let shares = self.measure.parameters.is_empty();
        if shares {
            lowering.written = std::mem::take(self.written);
        } else {
            lowering.parameters = self.parameters.clone();
        }
        let lowered = lower(&mut lowering, &rule.expr);
        if shares {
            *self.written = std::mem::take(&mut lowering.written);
        }
        let (faults, remarks, atoms) = (lowering.faults, lowering.remarks, lowering.atoms);
        self.report(&faults, &rule.at, true);
        self.report(&remarks, &rule.at, false);
        self.failed |= lowered.is_none() || !faults.is_empty();
        lowered.map(|lowered| (lowered, atoms))
    }

    fn report(&mut self, faults: &[RuleFault], at: &RuleText, is_error: bool) {
        let source = &self.measure.origin;
        self.faults.extend(faults.iter().map(|fault| rule_diagnostic(fault, at, source, is_error)));
    }

    fn parameters(&mut self) {
        for parameter in &self.measure.parameters {
            let mut lines = Vec::new();
            let mut kind: Option<Type> = None;
            for row in &parameter.lines {
                let when = row.when.as_ref().and_then(|rule| self.rule(rule, |lowering, expr| lowering.condition(expr)));
                let Some(((value, found), _)) = self.rule(&row.value, |lowering, expr| lowering.value(expr)) else { continue };
                if kind.as_ref().is_some_and(|kind| !same_kind(kind, &found)) {
                    let name = &parameter.name;
                    self.faults.push(
                        Diagnostic::error("policy.measure.parameter", text!("参数 `{name}` 各行的类型不同", "the lines of `{name}` differ in kind"))
                            .at(self.measure.origin.place(row.value.at.in_file(0..row.value.text.len())))
                            .help(text!("用同一种单位", "use one kind of unit")),
                    );
                    self.failed = true;
                }
                kind = Some(found);
                lines.push(ParameterLine { from: row.from, until: row.until, when: when.map(|(id, _)| id), value });
            }
            let lowered = kind.map(|kind| Parameter { lines: lines.into_boxed_slice(), kind });
            self.parameters.insert(parameter.name.clone(), lowered);
        }
    }

    fn conditions(&mut self, conditions: &[Condition]) -> Vec<Compiled> {
        conditions.iter().filter_map(|condition| self.condition(condition)).collect()
    }

    fn condition(&mut self, condition: &Condition) -> Option<Compiled> {
        Some(match &condition.test {
            Test::Rule(rule) => {
                let (node, atoms) = self.rule(rule, |lowering, expr| lowering.condition(expr))?;
                Compiled::new(node, atoms, Vec::new())
            }
            Test::Attest(_) => {
                let label = condition.label.zh.clone();
                let node = self.plan.node(Op::Attested(label.as_str().into()));
                self.attestations.push((node, label));
                Compiled::new(node, Vec::new(), Vec::new())
            }
            Test::AllOf(inner) => {
                let children = self.conditions(inner);
                let node = self.plan.node(Op::And(nodes(&children)));
                Compiled::new(node, Vec::new(), children)
            }
            Test::AnyOf(inner) => {
                let children = self.conditions(inner);
                let node = self.plan.node(Op::Or(nodes(&children)));
                Compiled::new(node, Vec::new(), children)
            }
            Test::NoneOf(inner) => {
                let children = self.conditions(inner);
                let any = self.plan.node(Op::Or(nodes(&children)));
                let node = self.plan.node(Op::Not(any));
                Compiled::new(node, Vec::new(), children)
            }
        })
    }
}

fn nodes(children: &[Compiled]) -> Box<[NodeId]> {
    children.iter().map(|child| child.node).collect()
}

fn same_kind(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Quantity { dimension: x, .. }, Type::Quantity { dimension: y, .. }) => x.goes_with(y),
        (Type::Word(_), Type::Word(_)) | (Type::Words(_), Type::Words(_)) => true,
        (a, b) => a == b,
    }
}
