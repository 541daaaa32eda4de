//! All measures over one vocabulary, checked and compiled into one plan.

use crate::dossier::Sieves;
use crate::evaluate::Evaluation;
use crate::lower::{Atom, Lowering, Parameter, Type, Written};
use crate::measure::{Benefit, Condition, MeasureVersion, Rule, Test, parse_measure, rule_diagnostic};
use crate::parser::children;
use crate::period::{Cycle, Period};
use crate::plan::{NodeId, Op, ParameterLine, Plan};
use crate::syntax::{Expr, ExprKind, Function};
use crate::vocabulary::{FactKind, RuleText, Vocabulary};
use crate::{Dimension, Facts, Fraction, RegionFacts, parse_rule};
use duijie_vocab::{Date, Diagnostic, text};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// One version of a measure, checked and compiled.
#[derive(Clone, Debug)]
pub struct Measure {
    /// What its file says.
    pub source: MeasureVersion,
    /// From 1, in the order of their dates.
    pub version: u32,
    pub(crate) conditions: Vec<Compiled>,
    /// Whether all conditions hold.
    pub(crate) verdict: NodeId,
    /// Attestations that may be open.
    pub(crate) attestations: Vec<(NodeId, String)>,
    pub(crate) amount: Option<NodeId>,
    pub(crate) rate: Option<NodeId>,
    /// Whether its conditions read some value twice, once somebody has asked.
    pub(crate) reads_twice: OnceLock<bool>,
}

/// A condition's nodes beside its source.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) node: NodeId,
    pub(crate) atoms: Vec<Atom>,
    pub(crate) children: Vec<Compiled>,
    /// The facts it reads, once somebody has asked for them.
    pub(crate) leaves: OnceLock<Vec<NodeId>>,
    /// Whether it reads some value twice, once somebody has asked.
    pub(crate) reads_twice: OnceLock<bool>,
}

impl Compiled {
    fn new(node: NodeId, atoms: Vec<Atom>, children: Vec<Compiled>) -> Compiled {
        Compiled { node, atoms, children, leaves: OnceLock::new(), reads_twice: OnceLock::new() }
    }
}

impl Measure {
    pub fn id(&self) -> &str {
        &self.source.id
    }

    /// The name of the file it stands in.
    pub fn file(&self) -> &str {
        &self.source.origin.name
    }

    /// Whether the version is in force on a day.
    pub fn in_force_on(&self, day: Date) -> bool {
        let (from, until) = self.source.in_force;
        from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
    }
}

/// The measures that can be decided.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) plan: Plan,
    measures: Vec<Measure>,
    by_id: BTreeMap<String, Vec<usize>>,
    pub(crate) sieves: Sieves,
}

impl Book {
    /// Compiles the measures of `files` (name and text). Faulty measures are left out and named in
    /// the diagnostics; the others go on.
    pub fn compile(vocabulary: Vocabulary, files: Vec<(String, String)>) -> (Book, Vec<Diagnostic>) {
        let mut faults = Vec::new();
        let mut versions: Vec<MeasureVersion> = Vec::new();
        let parsed: Vec<_> = files.par_iter().map(|(name, text)| parse_measure(name, text)).collect();
        for (source, mut found) in parsed {
            faults.append(&mut found);
            versions.extend(source.into_iter().flat_map(|source| source.versions));
        }
        let versions = check_versions(versions, &mut faults);
        let mut book = Book { vocabulary, ..Book::default() };
        book.check_derived(&mut faults);
        book.add(versions, &mut faults);
        (book, faults)
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Every version of every measure, by id and date.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.by_id.values().flatten().map(|&at| &self.measures[at])
    }

    /// The ids of the measures, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// The newest version of a measure.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.by_id.get(id)?.last().map(|&at| &self.measures[at])
    }

    /// The version of a measure whose dates hold a day.
    pub fn measure_on(&self, id: &str, day: Date) -> Option<&Measure> {
        let holds = |measure: &&Measure| {
            let (from, until) = measure.source.in_force;
            from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
        };
        self.versions(id).into_iter().rev().find(holds)
    }

    /// The id nearest to a mistyped one.
    pub fn nearest_id(&self, id: &str) -> Option<&str> {
        crate::suggest::closest(id, self.ids())
    }

    /// All versions of a measure, the oldest first.
    pub fn versions(&self, id: &str) -> Vec<&Measure> {
        self.by_id.get(id).map(|all| all.iter().map(|&at| &self.measures[at]).collect()).unwrap_or_default()
    }

    /// The ids of the measures that a measure's rules refer to.
    pub fn refers_to(&self, id: &str) -> Vec<String> {
        let mut found: Vec<String> = self.versions(id).into_iter().flat_map(|measure| references(&measure.source)).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The version in force for a period (its last day decides, else any day of it), or on a day for an instant.
    pub(crate) fn version_for(&self, id: &str, period: Period, on: Date) -> Option<&Measure> {
        self.place_for(id, period, on).map(|place| self.at(place))
    }

    /// The place of the version in force for a period.
    pub(crate) fn place_for(&self, id: &str, period: Period, on: Date) -> Option<usize> {
        self.place_among(self.by_id.get(id)?, period, on)
    }

    /// The same among the places of one measure's versions, the oldest first.
    pub(crate) fn place_among(&self, versions: &[usize], period: Period, on: Date) -> Option<usize> {
        let newest_first = || versions.iter().rev().copied();
        let (first, last) = period.days().unwrap_or((on, on));
        let on_day = |day: Date| newest_first().find(|&place| self.at(place).in_force_on(day));
        on_day(last).or_else(|| on_day(first)).or_else(|| {
            newest_first().find(|&place| {
                let (from, until) = self.at(place).source.in_force;
                from.is_none_or(|from| from <= last) && until.is_none_or(|until| first <= until)
            })
        })
    }

    /// The places of the versions of each measure, the oldest first, in the order of ids.
    pub(crate) fn all_versions(&self) -> impl Iterator<Item = &[usize]> {
        self.by_id.values().map(Vec::as_slice)
    }

    pub(crate) fn newest_of(&self, versions: &[usize]) -> &Measure {
        self.at(*versions.last().expect("BUG: a measure without versions"))
    }

    /// The place of the newest version of a measure.
    pub(crate) fn newest_place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id)?.last().copied()
    }

    pub(crate) fn at(&self, place: usize) -> &Measure {
        &self.measures[place]
    }

    pub(crate) fn evaluation<'a>(&'a self, facts: &'a Facts, regions: &'a RegionFacts, period: Period, on: Date) -> Evaluation<'a> {
        Evaluation::new(&self.vocabulary, &self.plan, facts, regions, period, on)
    }

    /// Checks the rules of derived facts where they stand.
    fn check_derived(&mut self, faults: &mut Vec<Diagnostic>) {
        let Some(source) = self.vocabulary.source().cloned() else { return };
        let others = HashMap::new();
        let mut plan = std::mem::take(&mut self.plan);
        for (index, fact) in self.vocabulary.iter().enumerate() {
            let Some(at) = &fact.rule_at else { continue };
            let expr = match parse_rule(&at.text) {
                Ok(expr) => expr,
                Err(fault) => {
                    faults.push(rule_diagnostic(&fault, at, &source, true));
                    continue;
                }
            };
            let mut lowering = Lowering::new(&self.vocabulary, &mut plan, fact.period, &others);
            lowering.open.push(u32::try_from(index).unwrap_or(u32::MAX));
            let kind = lowering.value(&expr).map(|(_, kind)| kind);
            faults.extend(lowering.faults.iter().map(|fault| rule_diagnostic(fault, at, &source, true)));
            faults.extend(lowering.remarks.iter().map(|fault| rule_diagnostic(fault, at, &source, false)));
            if let Some(kind) = kind.filter(|kind| !derived_kind_fits(fact.kind, &fact.dimension, kind)) {
                let what = crate::lower::described(&kind);
                let (name, declared) = (&fact.zh, format!("{:?}", fact.kind).to_lowercase());
                let message = duijie_vocab::Text::new(
                    format!("`{name}` 声明为 {declared}，规则得到{}", what.zh),
                    format!("`{name}` is declared as {declared}, its rule gives {}", what.en),
                );
                faults.push(
                    Diagnostic::error("policy.fact.kind", message)
                        .at(source.place(at.in_file(0..at.text.len())))
                        .help(text!("改正 `kind` 或规则", "correct `kind` or the rule")),
                );
            }
        }
        self.plan = plan;
    }

    /// Compiles measures so that those referred to come before those that refer to them.
    fn add(&mut self, versions: Vec<(u32, MeasureVersion)>, faults: &mut Vec<Diagnostic>) {
        let order = in_dependency_order(&versions);
        let mut others: HashMap<String, (NodeId, Option<NodeId>)> = HashMap::new();
        let mut written: BTreeMap<Cycle, Written> = BTreeMap::new();
        let mut slots: Vec<Option<(u32, MeasureVersion)>> = versions.into_iter().map(Some).collect();
        for at in order {
            let Some((version, source)) = slots[at].take() else { continue };
            let shared = written.entry(source.period).or_default();
            if let Some(measure) = self.compile_measure(version, source, &others, shared, faults) {
                others.insert(measure.source.id.clone(), (measure.verdict, measure.amount));
                self.by_id.entry(measure.source.id.clone()).or_default().push(self.measures.len());
                self.measures.push(measure);
            }
        }
        for versions in self.by_id.values_mut() {
            versions.sort_by_key(|&at| self.measures[at].version);
        }
    }

    fn compile_measure(
        &mut self,
        version: u32,
        source: MeasureVersion,
        others: &HashMap<String, (NodeId, Option<NodeId>)>,
        written: &mut Written,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Measure> {
        let mut compiler = Compiler {
            vocabulary: &self.vocabulary,
            plan: &mut self.plan,
            others,
            measure: &source,
            parameters: HashMap::new(),
            written,
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
        let verdict = self.plan.node(Op::And(conditions.iter().map(|condition| condition.node).collect()));
        let uncapped = match (amount, rate, base) {
            (Some(amount), ..) => Some(amount),
            (None, Some(rate), Some(base)) => Some(self.plan.node(Op::Multiply(base, rate))),
            _ => None,
        };
        let amount = uncapped.map(|amount| {
            let raised = floor.map_or(amount, |floor| self.plan.node(Op::Max(Box::new([amount, floor]))));
            let capped = cap.map_or(raised, |cap| self.plan.node(Op::Min(Box::new([raised, cap]))));
            let step = self.plan.number(Fraction::whole(benefit.rounding.step_fen));
            self.plan.node(Op::Round { value: capped, step, mode: benefit.rounding.mode })
        });
        Some(Measure { source, version, conditions, verdict, attestations, amount, rate, reads_twice: OnceLock::new() })
    }
}

struct Compiler<'c> {
    vocabulary: &'c Vocabulary,
    plan: &'c mut Plan,
    others: &'c HashMap<String, (NodeId, Option<NodeId>)>,
    measure: &'c MeasureVersion,
    parameters: HashMap<String, Parameter>,
    written: &'c mut Written,
    faults: &'c mut Vec<Diagnostic>,
    failed: bool,
    attestations: Vec<(NodeId, String)>,
}

impl Compiler<'_> {
    fn rule<T>(&mut self, rule: &Rule, lower: impl FnOnce(&mut Lowering<'_>, &Expr) -> Option<T>) -> Option<(T, Vec<Atom>)> {
        let mut lowering = Lowering::new(self.vocabulary, self.plan, self.measure.period, self.others);
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

    fn report(&mut self, faults: &[crate::RuleFault], at: &RuleText, is_error: bool) {
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
            if let Some(kind) = kind {
                self.parameters.insert(parameter.name.clone(), Parameter { lines: lines.into_boxed_slice(), kind });
            }
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

fn derived_kind_fits(declared: FactKind, dimension: &Dimension, kind: &Type) -> bool {
    match (declared, kind) {
        (FactKind::Ratio, Type::Quantity { dimension, .. }) => matches!(dimension, Dimension::None | Dimension::Any),
        (FactKind::Money | FactKind::Count | FactKind::Number | FactKind::Length, Type::Quantity { dimension: found, .. }) => found.goes_with(dimension),
        (FactKind::Date, Type::Date) | (FactKind::Bool, Type::Truth) | (FactKind::Code | FactKind::Text, Type::Word(_)) | (FactKind::Set, Type::Words(_)) => {
            true
        }
        _ => false,
    }
}

/// Numbers the versions of each measure by date, and leaves out those that collide with another.
fn check_versions(versions: Vec<MeasureVersion>, faults: &mut Vec<Diagnostic>) -> Vec<(u32, MeasureVersion)> {
    let mut by_id: BTreeMap<String, Vec<MeasureVersion>> = BTreeMap::new();
    for version in versions {
        let same = by_id.entry(version.id.clone()).or_default();
        if let Some(first) = same.first().filter(|first| first.origin.name != version.origin.name) {
            let (id, other) = (&version.id, first.origin.place(first.range.start..first.range.start + 1).show());
            faults.push(
                Diagnostic::error("policy.measure.duplicate", text!("编号 `{id}` 已用于 {other}", "the id `{id}` is already used at {other}"))
                    .at(id_place(&version))
                    .help(text!("换一个编号；同一措施的各版本写在同一文件的列表里", "use another id; versions of one measure stand in one file as a list")),
            );
            continue;
        }
        same.push(version);
    }
    let mut numbered = Vec::new();
    for (_, mut same) in by_id {
        same.sort_by_key(|version| version.in_force.0);
        let mut kept: Vec<MeasureVersion> = Vec::new();
        for version in same {
            match kept.last().map(|last| between(last, &version)) {
                Some(Joint::Overlap) => {
                    let id = &version.id;
                    faults.push(
                        Diagnostic::error("policy.measure.overlap", text!("`{id}` 的两个版本有效期重叠", "two versions of `{id}` are in force at once"))
                            .at(id_place(&version))
                            .help(text!("让前一版本在后一版本开始的前一天终止", "end the earlier version the day before the later one begins")),
                    );
                    continue;
                }
                // Told as a fault, but decided: to leave the version out would widen the gap.
                Some(Joint::Gap(from, until)) if !version.resumes => {
                    let id = &version.id;
                    faults.push(
                        Diagnostic::error(
                            "policy.measure.gap",
                            text!("`{id}` 在 {from} 至 {until} 之间没有版本", "no version of `{id}` is in force from {from} to {until}"),
                        )
                        .at(id_place(&version))
                        .help(text!(
                            "核对各版本的有效期；措施确曾中断的，在后一版本写 `resumes: true`",
                            "check the dates of the versions; if the measure did lapse in between, write `resumes: true` in the later one"
                        )),
                    );
                }
                Some(Joint::Gap(..) | Joint::Close) | None => {}
            }
            kept.push(version);
        }
        numbered.extend((1..).zip(kept));
    }
    numbered
}

enum Joint {
    Close,
    Gap(Date, Date),
    Overlap,
}

fn between(earlier: &MeasureVersion, later: &MeasureVersion) -> Joint {
    let (Some(until), Some(from)) = (earlier.in_force.1, later.in_force.0) else { return Joint::Overlap };
    let next = Date::from_days_since_epoch(until.days_since_epoch() + 1);
    let last = Date::from_days_since_epoch(from.days_since_epoch() - 1);
    match (next, last) {
        _ if from <= until => Joint::Overlap,
        (Some(next), Some(last)) if next < from => Joint::Gap(next, last),
        _ => Joint::Close,
    }
}

fn id_place(version: &MeasureVersion) -> duijie_vocab::Place {
    let text = &version.origin.text;
    let start = text.get(version.range.start..).and_then(|rest| rest.find(version.id.as_str())).map_or(version.range.start, |at| version.range.start + at);
    version.origin.place(start..start + version.id.len())
}

/// Indices so that a measure comes after those its rules refer to; members of a circle come last.
fn in_dependency_order(versions: &[(u32, MeasureVersion)]) -> Vec<usize> {
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (_, version)) in versions.iter().enumerate() {
        by_id.entry(&version.id).or_default().push(at);
    }
    let mut waits = vec![0usize; versions.len()];
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); versions.len()];
    for (at, (_, version)) in versions.iter().enumerate() {
        for wanted in references(version).iter().filter_map(|id| by_id.get(id.as_str())).flatten() {
            waits[at] += 1;
            dependents[*wanted].push(at);
        }
    }
    let mut order: Vec<usize> = (0..versions.len()).filter(|&at| waits[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &dependent in &dependents[at] {
            waits[dependent] -= 1;
            if waits[dependent] == 0 {
                order.push(dependent);
            }
        }
    }
    order.extend((0..versions.len()).filter(|&at| waits[at] > 0));
    order
}

/// The ids of the measures that a measure's rules refer to.
fn references(version: &MeasureVersion) -> Vec<String> {
    let mut found = Vec::new();
    for rule in rules(version) {
        collect_references(&rule.expr, &mut found);
    }
    found
}

fn collect_references(expr: &Expr, found: &mut Vec<String>) {
    if let ExprKind::Apply { function: Function::Eligible | Function::AmountOf, arguments } = &expr.kind {
        found.extend(arguments.iter().filter_map(|argument| match &argument.kind {
            ExprKind::Text(id) => Some(id.clone()),
            _ => None,
        }));
    }
    for child in children(&expr.kind) {
        collect_references(child, found);
    }
}

/// Every rule of a measure.
pub(crate) fn rules(version: &MeasureVersion) -> Vec<&Rule> {
    fn of<'m>(conditions: &'m [Condition], found: &mut Vec<&'m Rule>) {
        for condition in conditions {
            match &condition.test {
                Test::Rule(rule) => found.push(rule),
                Test::Attest(_) => {}
                Test::AnyOf(inner) | Test::AllOf(inner) | Test::NoneOf(inner) => of(inner, found),
            }
        }
    }
    let mut found = Vec::new();
    of(&version.when, &mut found);
    if let Some(benefit) = &version.benefit {
        found.extend([&benefit.amount, &benefit.rate, &benefit.base, &benefit.cap, &benefit.floor].into_iter().flatten());
    }
    for parameter in &version.parameters {
        found.extend(parameter.lines.iter().flat_map(|line| line.when.iter().chain([&line.value])));
    }
    found
}

impl Cycle {
    /// The period decided when nobody says which: the year before for a window in the year after, else the current one.
    pub(crate) fn default_period(self, on: Date, claimed_after: bool) -> Period {
        let period = self.containing(on);
        if claimed_after { period.shifted(-1).unwrap_or(period) } else { period }
    }
}
