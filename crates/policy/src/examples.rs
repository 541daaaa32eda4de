//! The examples in measure files as tests: each is decided and compared with what it expects.

use crate::book::{Book, Measure};
use crate::decision::{Decision, Outcome};
use crate::facts::{FactSource, FactValue, SourceKind};
use crate::measure::{Example, ExampleFact, Window};
use crate::period::{Cycle, Period};
use crate::plan::{At, Op};
use crate::syntax::{ExprKind, Function, RegionWord};
use crate::vocabulary::FactDef;
use crate::{Facts, RegionFacts, parse_rule};
use duijie_vocab::{Date, Diagnostic, Fen, Place, RegionCode, RegionLevel, Text, text};

/// What came of one example.
#[derive(Clone, Debug)]
pub struct ExampleOutcome {
    pub measure: String,
    pub version: u32,
    pub name: String,
    pub place: Place,
    pub passed: bool,
    /// What was expected and what was found, when they differ, or why the example cannot be read.
    pub message: Option<Text>,
    pub decision: Option<Decision>,
}

/// Everything an example is decided on.
#[derive(Clone, Debug)]
pub struct ExampleCase {
    pub facts: Facts,
    pub region_facts: RegionFacts,
    pub on: Date,
    pub period: Period,
}

/// Decides every example of every measure.
pub fn test_examples(book: &Book) -> Vec<ExampleOutcome> {
    book.measures().flat_map(|measure| measure.source.examples.iter().map(|example| test_example(book, measure, example))).collect()
}

/// Warnings for measures that lack an eligible, a refused or an unknown example.
pub fn missing_examples(book: &Book) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for measure in book.measures() {
        let has = |wanted: &[&str]| measure.source.examples.iter().any(|example| wanted.contains(&example.expect.as_str()));
        let lacking: Vec<(&str, &str)> =
            [(&["eligible", "needs_review"][..], ("符合", "eligible")), (&["not_eligible"], ("不符合", "refused")), (&["unknown"], ("缺信息", "unknown"))]
                .into_iter()
                .filter(|(wanted, _)| !has(wanted))
                .map(|(_, words)| words)
                .collect();
        if lacking.is_empty() {
            continue;
        }
        let zh = lacking.iter().map(|words| words.0).collect::<Vec<_>>().join("、");
        let en = lacking.iter().map(|words| words.1).collect::<Vec<_>>().join(", ");
        let id = measure.id();
        warnings.push(
            Diagnostic::warning("policy.examples.lacking", Text::new(format!("`{id}` 缺少示例：{zh}"), format!("`{id}` lacks examples: {en}")))
                .at(measure.source.origin.place(measure.source.range.start..measure.source.range.start + 1))
                .help(text!("在 `examples` 下各加一个", "add one of each under `examples`")),
        );
    }
    warnings
}

fn test_example(book: &Book, measure: &Measure, example: &Example) -> ExampleOutcome {
    let place = measure.source.origin.place(example.range.clone());
    let outcome = |passed, message, decision| ExampleOutcome {
        measure: measure.id().to_string(),
        version: measure.version,
        name: example.name.clone(),
        place: place.clone(),
        passed,
        message,
        decision,
    };
    let Some(expected) = Outcome::named(&example.expect) else {
        let (given, all) = (&example.expect, Outcome::ALL.map(Outcome::name).join(" "));
        return outcome(false, Some(text!("不认识 `expect: {given}`，可用：{all}", "`expect: {given}` is not known, use one of: {all}")), None);
    };
    let case = match example_case(book, measure, example) {
        Ok(case) => case,
        Err(message) => return outcome(false, Some(message), None),
    };
    let Some(decision) = book.decide(measure.id(), &case.facts, &case.region_facts, case.on, Some(case.period)) else {
        return outcome(false, Some(text!("措施不在册", "the measure is not in the book")), None);
    };
    if decision.outcome != expected {
        let (found, wanted) = (decision.outcome.name(), expected.name());
        let (zh, en) = (decision.reason(duijie_vocab::Lang::Zh), decision.reason(duijie_vocab::Lang::En));
        let message = Text::new(format!("应为 {wanted}，得到 {found}：{zh}"), format!("expected {wanted}, got {found}: {en}"));
        return outcome(false, Some(message), Some(decision));
    }
    let message =
        example.amount.as_ref().and_then(|wanted| wrong_amount(wanted, &decision)).or_else(|| wrong_together(book, measure, example, &case, &decision));
    outcome(message.is_none(), message, Some(decision))
}

/// How the best combination of several measures differs from what the example says each of them pays.
fn wrong_together(book: &Book, measure: &Measure, example: &Example, case: &ExampleCase, own: &Decision) -> Option<Text> {
    if example.together.is_empty() {
        return None;
    }
    let decide = |(id, _): &(String, String)| {
        let other = book.measure(id).filter(|_| id != measure.id())?;
        let last = case.period.days().map_or(case.on, |(_, last)| last);
        let period = other.source.period.containing(last);
        book.decide(id, &case.facts, &case.region_facts, other.window_for(period, last).map_or(last, |(from, _)| from), Some(period))
    };
    let decisions: Vec<Decision> = example.together.iter().filter_map(decide).chain([own.clone()]).collect();
    let found = crate::best_combination(&decisions, &std::collections::BTreeMap::new());
    example.together.iter().find_map(|(id, wanted)| {
        if book.measure(id).is_none() {
            return Some(text!("没有措施 `{id}`", "there is no measure `{id}`"));
        }
        let paid = found.chosen.iter().find(|chosen| chosen.measure == *id).map_or(Fen::ZERO, |chosen| chosen.amount);
        let right = Fen::parse(wanted.trim(), Some(duijie_vocab::MoneyUnit::Yuan)).is_ok_and(|wanted| wanted == paid);
        let (zh, en) = (paid.chinese(), paid);
        (!right).then(|| text!("合并后 `{id}` 应付 {wanted}，得到 {zh}", "together `{id}` should pay {wanted}, it pays {en}"))
    })
}

/// What is wrong with the examples as they are written: facts that are unknown, values that are none, words that no
/// outcome has.
pub fn example_faults(book: &Book) -> Vec<Diagnostic> {
    let all = book.measures().flat_map(|measure| measure.source.examples.iter().map(move |example| (measure, example)));
    all.flat_map(|(measure, example)| faults_of(book, measure, example)).collect()
}

fn faults_of(book: &Book, measure: &Measure, example: &Example) -> Vec<Diagnostic> {
    let origin = &measure.source.origin;
    let fault = |range: &std::ops::Range<usize>, message: Text, help: Text| {
        Diagnostic::error("policy.example.value", message).at(origin.place(range.clone())).help(help)
    };
    let start = example.range.start..example.range.start + 1;
    let mut faults = Vec::new();
    if Outcome::named(&example.expect).is_none() {
        let (given, all) = (&example.expect, Outcome::ALL.map(Outcome::name).join(" "));
        faults.push(fault(&start, text!("不认识 `expect: {given}`", "`expect: {given}` is not known"), text!("可用：{all}", "one of: {all}")));
    }
    for fact in &example.facts {
        match book.vocabulary().fact(&fact.name) {
            None => faults.push(fault(
                &fact.range,
                unknown_fact(book, &fact.name),
                text!("在 facts.yaml 中声明它，或核对写法", "declare it in facts.yaml, or check the spelling"),
            )),
            Some(def) if def.is_derived() => {
                let name = &fact.name;
                let help = text!("给出它所依据的指标", "give the facts that it is computed from");
                faults.push(fault(&fact.range, text!("`{name}` 由规则算出，不能给值", "`{name}` is computed by a rule and cannot be given"), help));
            }
            Some(def) if !fact.is_list => {
                if let Err(wrong) = def.read(fact.values.first().map_or("", String::as_str)) {
                    faults.push(fault(&fact.range, wrong.message, wrong.help));
                }
            }
            Some(_) => {}
        }
    }
    if faults.is_empty()
        && let Err(message) = example_case(book, measure, example)
    {
        faults.push(fault(&start, message, text!("核对示例的指标和取值", "check the facts of the example and their values")));
    }
    faults
}

fn wrong_amount(wanted: &str, decision: &Decision) -> Option<Text> {
    let money = |text: &str| Fen::parse(text.trim(), Some(duijie_vocab::MoneyUnit::Yuan)).ok();
    let (low, high) = match wanted.split_once("..") {
        Some((low, high)) => (money(low).unwrap_or(Fen::ZERO), if high.trim().is_empty() { None } else { money(high) }),
        None => (money(wanted).unwrap_or(Fen(i64::MIN)), money(wanted)),
    };
    let found = decision.amount;
    if found.is_some_and(|amount| amount.low == low && amount.high == high) {
        return None;
    }
    let shown = found.map_or_else(|| "—".to_string(), |amount| amount.shown(duijie_vocab::Lang::Zh));
    Some(text!("金额应为 {wanted}，得到 {shown}", "the amount should be {wanted}, it is {shown}"))
}

/// The facts, the day and the period that an example means.
pub fn example_case(book: &Book, measure: &Measure, example: &Example) -> Result<ExampleCase, Text> {
    let region = example.region.unwrap_or(measure.source.region);
    let period = example_period(measure, example);
    let on = example.on.unwrap_or_else(|| example_day(measure, period));
    let mut facts = Facts::new(region);
    let source = FactSource { name: example.name.clone(), kind: SourceKind::Assumed };
    for fact in &example.facts {
        let def = book.vocabulary().fact(&fact.name).ok_or_else(|| unknown_fact(book, &fact.name))?;
        let value = read_value(def, fact)?;
        facts.set(&def.key, period_of(def, fact, period, on), value, source.clone());
    }
    for (label, answer) in &example.attested {
        facts.attest(label, *answer);
    }
    let mut region_facts = RegionFacts::new();
    for fact in &example.region_facts {
        set_region_fact(book, &mut region_facts, fact, region, period, on, &source)?;
    }
    Ok(ExampleCase { facts, region_facts, on, period })
}

fn unknown_fact(book: &Book, name: &str) -> Text {
    match book.vocabulary().suggestion(name) {
        Some(near) => text!("未知的指标 `{name}`，是否指 `{near}`？", "unknown fact `{name}`, did you mean `{near}`?"),
        None => text!("未知的指标 `{name}`", "unknown fact `{name}`"),
    }
}

fn read_value(def: &FactDef, fact: &ExampleFact) -> Result<FactValue, Text> {
    if fact.is_list {
        return match def.kind {
            crate::FactKind::Code | crate::FactKind::Text => Ok(FactValue::OneOf(fact.values.clone())),
            _ => def.read(&fact.values.join("、")).map_err(|fault| fault.message),
        };
    }
    def.read(fact.values.first().map_or("", String::as_str)).map_err(|fault| fault.message)
}

/// The period a value is for: the one written, else the fact's own period of the period decided.
fn period_of(def: &FactDef, fact: &ExampleFact, decided: Period, on: Date) -> Period {
    if def.period == Cycle::Instant {
        return Period::Instant;
    }
    let current = At { cycle: def.period, anchor: None, years: 0, steps: 0, part: None }.resolve(decided, on).unwrap_or(decided);
    fact.period.unwrap_or(current)
}

fn set_region_fact(
    book: &Book,
    region_facts: &mut RegionFacts,
    fact: &ExampleFact,
    region: RegionCode,
    period: Period,
    on: Date,
    source: &FactSource,
) -> Result<(), Text> {
    let expr = parse_rule(&fact.name).map_err(|fault| fault.message)?;
    let (level, inner) = match &expr.kind {
        ExprKind::Region { level, inner } => (Some(*level), &**inner),
        _ => (None, &expr),
    };
    let name = crate::facts::canonical_name(book.vocabulary(), inner).ok_or_else(|| unknown_fact(book, &fact.name))?;
    let base = match &inner.kind {
        ExprKind::Apply { function: Function::Growth, arguments } => arguments.first().unwrap_or(inner),
        _ => inner,
    };
    let (ExprKind::Name(base) | ExprKind::Access { name: base, .. }) = &base.kind else { return Err(unknown_fact(book, &fact.name)) };
    let def = book.vocabulary().fact(base).ok_or_else(|| unknown_fact(book, base))?;
    let written = fact.values.first().map_or("", String::as_str);
    let value = if name.starts_with("growth(") {
        crate::vocabulary::read_number(written, &crate::Dimension::None, crate::Fraction::ONE)
            .map(FactValue::Number)
            .ok_or_else(|| text!("`{written}` 不是增幅", "`{written}` is no growth"))?
    } else {
        read_value(def, fact)?
    };
    for target in regions_meant(region, level) {
        region_facts.set(target, &name, period_of(def, fact, period, on), value.clone(), source.clone());
    }
    Ok(())
}

/// The region of the level named, or the region and all above it when none is.
fn regions_meant(region: RegionCode, level: Option<RegionWord>) -> Vec<RegionCode> {
    let chain: Vec<RegionCode> = std::iter::successors(Some(region), |at| at.parent()).collect();
    let of = |wanted: RegionLevel| chain.iter().copied().find(|at| at.level() <= wanted).into_iter().collect();
    match level {
        None => chain,
        Some(RegionWord::Own) => vec![region],
        Some(RegionWord::Nation) => of(RegionLevel::Nation),
        Some(RegionWord::Province) => of(RegionLevel::Province),
        Some(RegionWord::City) => of(RegionLevel::City),
        Some(RegionWord::County) => of(RegionLevel::County),
    }
}

/// The period of an example: as written, as the day says, else the last period its facts speak of.
fn example_period(measure: &Measure, example: &Example) -> Period {
    let cycle = measure.source.period;
    if cycle == Cycle::Instant {
        return Period::Instant;
    }
    if let Some(period) = example.period {
        return period;
    }
    if let Some(on) = example.on {
        return measure.default_period(on);
    }
    let spoken = example.facts.iter().chain(&example.region_facts).filter_map(|fact| fact.period).filter_map(Period::days).map(|(_, last)| last).max();
    let in_force = measure.source.in_force;
    let day = spoken.or(in_force.1).or(in_force.0).unwrap_or_else(|| Date::new(2021, Some(1), Some(1)).expect("BUG: this day exists"));
    cycle.containing(day)
}

/// A day on which the period may be decided: the first of the window, else the last of the period.
fn example_day(measure: &Measure, period: Period) -> Date {
    let in_force = measure.source.in_force;
    let fallback = in_force.0.or(in_force.1).unwrap_or_else(|| Date::new(2021, Some(1), Some(1)).expect("BUG: this day exists"));
    let last = period.days().map_or(fallback, |(_, last)| last);
    let window = match measure.source.window {
        Some(Window::Dates { .. } | Window::Yearly { .. }) => measure.window_for(period, last),
        None => None,
    };
    window.map_or(last, |(from, _)| from)
}

impl Book {
    /// The facts that a measure reads, by key, its derived facts written out.
    pub fn facts_read(&self, measure: &Measure) -> Vec<&FactDef> {
        let roots: Vec<_> = std::iter::once(measure.verdict).chain(measure.amount).chain(measure.rate).collect();
        let mut indices: Vec<u32> = self
            .plan
            .below(&roots)
            .into_iter()
            .filter_map(|id| match self.plan.op(id) {
                Op::Fact { fact, .. } | Op::RegionFact { fact, .. } => Some(*fact),
                _ => None,
            })
            .collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().map(|index| self.vocabulary.at(index as usize)).collect()
    }
}
