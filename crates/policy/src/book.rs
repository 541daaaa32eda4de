//! All measures over one vocabulary, checked and compiled into one plan.

use crate::compiler::{Nodes, Versioned, WrittenByCycle, compile_beside, compile_one};
use crate::dossier::Sieves;
use crate::evaluate::Evaluation;
use crate::lower::{Atom, BROKEN, Known, Lowering, Type};
use crate::measure::{Condition, MeasureVersion, Rule, Test, read_measures, rule_diagnostic};
use crate::parser::each_child;
use crate::period::{Cycle, Period};
use crate::plan::{NodeId, Plan};
use crate::syntax::{Expr, ExprKind, Function};
use crate::vocabulary::{FactKind, RuleText, Vocabulary};
use crate::{Dimension, Facts, RegionFacts, RuleFault, parse_rule};
use duijie_vocab::{Date, Diagnostic, text};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

/// One version of a measure, checked and compiled.
#[derive(Clone, Debug)]
pub struct Measure {
    /// What its file says.
    pub source: Box<MeasureVersion>,
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
    pub(crate) fn new(node: NodeId, atoms: Vec<Atom>, children: Vec<Compiled>) -> Compiled {
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
        let (mut faults, mut known) = (Vec::new(), Known::default());
        let mut versions: Vec<Box<MeasureVersion>> = Vec::new();
        let read: Vec<_> = files.par_iter().map(|(name, text)| read_measures(name, text)).collect();
        for mut read in read {
            faults.append(&mut read.faults);
            versions.append(&mut read.versions);
            known.refused.extend(read.refused);
        }
        let versions = check_versions(versions, &mut faults);
        let mut book = Book { vocabulary, ..Book::default() };
        known.broken = book.check_derived(&mut faults);
        book.add(versions, known, &mut faults);
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
        let mut found: Vec<String> = self.versions(id).into_iter().flat_map(|measure| measure.source.refers.iter().cloned()).collect();
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

    /// Checks the rules of derived facts where they stand, and returns those that cannot be used.
    fn check_derived(&mut self, faults: &mut Vec<Diagnostic>) -> HashSet<u32> {
        let Some(source) = self.vocabulary.source() else { return HashSet::new() };
        let mut known = Known::default();
        let mut plan = std::mem::take(&mut self.plan);
        let mut all = derived(&self.vocabulary, &mut plan, &known);
        // What a fact inherits from a faulty one is told there alone.
        known.broken = all.iter().filter(|derived| derived.faults.iter().any(|fault| !fault.of_fact)).map(|derived| derived.index).collect();
        if !known.broken.is_empty() {
            all = derived(&self.vocabulary, &mut plan, &known);
        }
        for Derived { index, at, faults: found, remarks, kind } in &all {
            let fact = self.vocabulary.at(*index as usize);
            faults.extend(found.iter().filter(|fault| fault.code != BROKEN).map(|fault| rule_diagnostic(fault, at, source, true)));
            faults.extend(remarks.iter().map(|fault| rule_diagnostic(fault, at, source, false)));
            if let Some(kind) = kind.as_ref().filter(|kind| !derived_kind_fits(fact.kind, &fact.dimension, kind)) {
                let what = crate::lower::described(kind);
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
        // How deep a fact is depends on who uses it.
        let unusable = |derived: &&Derived<'_>| derived.faults.iter().any(|fault| !fault.code.starts_with("policy.rule.too_"));
        let broken = all.iter().filter(unusable).map(|derived| derived.index).collect();
        self.plan = plan;
        broken
    }

    /// Compiles measures so that those referred to come before those that refer to them. Those that refer to none are
    /// compiled beside one another; places and faults do not depend on how many threads there are.
    fn add(&mut self, versions: Vec<(u32, Box<MeasureVersion>)>, mut known: Known, faults: &mut Vec<Diagnostic>) {
        let order = in_dependency_order(&versions);
        let mut slots: Vec<Option<Versioned>> = versions.into_iter().map(Some).collect();
        let ordered = order.into_iter().filter_map(|at| slots[at].take());
        let (alone, referring): (Vec<Versioned>, Vec<Versioned>) = ordered.partition(|(_, source)| source.refers.is_empty());
        for compiled in compile_beside(&self.vocabulary, &mut self.plan, &known, alone, faults) {
            self.put(compiled, &mut known);
        }
        let mut written = WrittenByCycle::default();
        for versioned in referring {
            let compiled = compile_one(&self.vocabulary, &mut self.plan, &known, &versioned, &mut written, faults);
            self.put((versioned, compiled), &mut known);
        }
        for versions in self.by_id.values_mut() {
            versions.sort_by_key(|&at| self.measures[at].version);
        }
    }

    fn put(&mut self, ((version, source), compiled): (Versioned, Option<Nodes>), known: &mut Known) {
        let id = source.id.clone();
        let Some(Nodes { conditions, verdict, attestations, amount, rate }) = compiled else {
            known.refused.insert(id);
            return;
        };
        known.measures.insert(id.clone(), (verdict, amount));
        self.by_id.entry(id).or_default().push(self.measures.len());
        self.measures.push(Measure { source, version, conditions, verdict, attestations, amount, rate, reads_twice: OnceLock::new() });
    }
}

/// The rule of a derived fact by itself.
struct Derived<'v> {
    index: u32,
    at: &'v RuleText,
    faults: Vec<RuleFault>,
    remarks: Vec<RuleFault>,
    /// What the rule gives.
    kind: Option<Type>,
}

/// Every derived fact, lowered in its own period.
fn derived<'v>(vocabulary: &'v Vocabulary, plan: &mut Plan, known: &Known) -> Vec<Derived<'v>> {
    let rules = (0u32..).zip(vocabulary.iter()).filter_map(|(index, fact)| Some((index, fact.period, fact.rule_at.as_ref()?)));
    let lowered = rules.map(|(index, period, at)| match parse_rule(&at.text) {
        Err(fault) => Derived { index, at, faults: vec![fault], remarks: Vec::new(), kind: None },
        Ok(expr) => {
            let mut lowering = Lowering::new(vocabulary, plan, period, known);
            lowering.open.push(index);
            let kind = lowering.value(&expr).map(|(_, kind)| kind);
            Derived { index, at, faults: lowering.faults, remarks: lowering.remarks, kind }
        }
    });
    lowered.collect()
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
#[expect(clippy::vec_box, reason = "versions are large and move from list to list")]
fn check_versions(versions: Vec<Box<MeasureVersion>>, faults: &mut Vec<Diagnostic>) -> Vec<(u32, Box<MeasureVersion>)> {
    let mut by_id: BTreeMap<String, Vec<Box<MeasureVersion>>> = BTreeMap::new();
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
        let mut kept: Vec<Box<MeasureVersion>> = Vec::new();
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
fn in_dependency_order(versions: &[(u32, Box<MeasureVersion>)]) -> Vec<usize> {
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (_, version)) in versions.iter().enumerate() {
        by_id.entry(&version.id).or_default().push(at);
    }
    let mut waits = vec![0usize; versions.len()];
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); versions.len()];
    for (at, (_, version)) in versions.iter().enumerate() {
        for wanted in version.refers.iter().filter_map(|id| by_id.get(id.as_str())).flatten() {
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
pub(crate) fn references(version: &MeasureVersion) -> Vec<String> {
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
    each_child(&expr.kind, |child| collect_references(child, found));
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
