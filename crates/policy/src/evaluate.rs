//! The reference evaluator: one subject, one node at a time, on what is known. It is the definition
//! of the language; every faster way must agree with it.

use crate::facts::{FactValue, Facts, KnownFact, RegionFacts};
use crate::hashing::QuickMap;
use crate::period::{Cycle, Period};
use crate::plan::{At, Comparison, Constant, NodeId, Op, Plan, Tier};
use crate::range::{Bound, NoNumber, Range};
use crate::syntax::RegionWord;
use crate::value::{Fault, Undefined, Value, WordSet};
use crate::vocabulary::{FactDef, FactKind, Vocabulary};
use crate::{Fraction, Truth};
use duijie_vocab::{Date, RegionCode, RegionLevel};
use std::cell::RefCell;
use std::sync::Arc;

/// Values of all nodes that were asked for: a place by node, so that looking one up costs an index.
#[derive(Default)]
struct Memory {
    /// One more than the place of a node's value; 0 while there is none.
    places: Vec<u32>,
    values: Vec<Value>,
}

impl Memory {
    fn get(&self, id: NodeId) -> Option<&Value> {
        match self.places.get(id as usize) {
            None | Some(0) => None,
            Some(&place) => self.values.get(place as usize - 1),
        }
    }

    fn insert(&mut self, id: NodeId, value: Value, nodes: usize) {
        if self.places.is_empty() {
            self.places = vec![0; nodes];
        }
        self.values.push(value);
        self.places[id as usize] = u32::try_from(self.values.len()).expect("BUG: more values than nodes");
    }
}

/// What is supposed for a moment, and what follows from it.
#[derive(Default)]
struct Supposition {
    /// Nodes that are taken to be something else than the facts say, for reasoning by cases.
    assumed: Vec<(NodeId, Value)>,
    /// A node only reads nodes before it, so what stands before the first assumed one is as ever.
    from: NodeId,
    memory: QuickMap<NodeId, Value>,
}

/// Everything an evaluation reads.
pub(crate) struct Evaluation<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) plan: &'a Plan,
    pub(crate) facts: &'a Facts,
    pub(crate) regions: &'a RegionFacts,
    pub(crate) period: Period,
    pub(crate) on: Date,
    supposed: RefCell<Option<Supposition>>,
    memory: RefCell<Memory>,
}

impl Supposition {
    fn assumed(&self, id: NodeId) -> Option<&Value> {
        self.assumed.iter().find(|(assumed, _)| *assumed == id).map(|(_, value)| value)
    }
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(vocabulary: &'a Vocabulary, plan: &'a Plan, facts: &'a Facts, regions: &'a RegionFacts, period: Period, on: Date) -> Evaluation<'a> {
        Evaluation { vocabulary, plan, facts, regions, period, on, supposed: RefCell::default(), memory: RefCell::default() }
    }

    /// What the node is known to be.
    pub(crate) fn value(&self, id: NodeId) -> Value {
        self.seen(id, Value::clone)
    }

    pub(crate) fn truth(&self, id: NodeId) -> Truth {
        self.seen(id, Value::truth)
    }

    /// Looks at the value of a node without a copy of it.
    pub(crate) fn seen<T>(&self, id: NodeId, look: impl Fn(&Value) -> T) -> T {
        if let Some(supposed) = self.supposed.borrow().as_ref().filter(|supposed| id >= supposed.from) {
            let known = supposed.memory.get(&id).or_else(|| supposed.assumed(id));
            if let Some(value) = known {
                return look(value);
            }
        } else if let Some(value) = self.memory.borrow().get(id) {
            return look(value);
        }
        let value = self.compute(id);
        let result = look(&value);
        match self.supposed.borrow_mut().as_mut().filter(|supposed| id >= supposed.from) {
            Some(supposed) => {
                supposed.memory.insert(id, value);
            }
            None => self.memory.borrow_mut().insert(id, value, self.plan.len()),
        }
        result
    }

    fn is_assumed(&self, id: NodeId) -> bool {
        self.supposed.borrow().as_ref().is_some_and(|supposed| supposed.assumed(id).is_some())
    }

    /// Evaluates with some nodes taken to be given values.
    pub(crate) fn assuming<T>(&self, assumed: &[(NodeId, Value)], evaluate: impl FnOnce(&Self) -> T) -> T {
        let before = self.supposed.take();
        let mut all = assumed.to_vec();
        if let Some(before) = &before {
            all.extend(before.assumed.iter().filter(|(id, _)| !assumed.iter().any(|(other, _)| other == id)).cloned());
        }
        let from = all.iter().map(|(id, _)| *id).min().unwrap_or(NodeId::MAX);
        self.supposed.replace((!all.is_empty()).then(|| Supposition { assumed: all, from, memory: QuickMap::default() }));
        let result = evaluate(self);
        self.supposed.replace(before);
        result
    }

    /// The fact behind a leaf: its definition, its period, and what is recorded.
    pub(crate) fn leaf(&self, id: NodeId) -> Option<Leaf<'a>> {
        match self.plan.op(id) {
            Op::Fact { fact, at } => {
                let def = self.vocabulary.at(*fact as usize);
                let period = at.resolve(self.period, self.on)?;
                Some(Leaf { def, name: def.key.clone(), period, region: None, known: self.facts.get(&def.key, period) })
            }
            Op::RegionFact { level, name, fact, at } => {
                let def = self.vocabulary.at(*fact as usize);
                let period = at.resolve(self.period, self.on)?;
                let found = self.regions.for_subject(self.facts.region(), level_of(*level), name, period);
                Some(Leaf { def, name: name.clone(), period, region: Some((*level, found.map(|(region, _)| region))), known: found.map(|(_, known)| known) })
            }
            _ => None,
        }
    }

    fn compute(&self, id: NodeId) -> Value {
        match self.plan.op(id) {
            Op::Constant(constant) => constant_value(constant),
            Op::Fact { fact, at } => self.fact(*fact, at),
            Op::RegionFact { level, name, fact, at } => self.region_fact(*level, name, *fact, at),
            Op::FirstKnown(first, second) => match self.leaf(*first) {
                Some(Leaf { known: None, .. }) if !self.is_assumed(*first) => self.value(*second),
                _ => self.value(*first),
            },
            Op::Negate(a) => self.map_number(*a, |a| Ok(a.negated())),
            Op::Abs(a) => self.map_number(*a, |a| Ok(a.abs())),
            Op::Floor(a) => self.map_number(*a, Range::floored),
            Op::Add(a, b) => self.join_numbers(*a, *b, Range::plus),
            Op::Multiply(a, b) => self.join_numbers(*a, *b, Range::times),
            Op::Divide(a, b) => self.join_numbers(*a, *b, Range::over),
            Op::Growth { now, before } => self.join_numbers(*now, *before, Range::growth_from),
            Op::Min(all) => self.fold_numbers(all, |a, b| Ok(a.min(b))),
            Op::Max(all) => self.fold_numbers(all, |a, b| Ok(a.max(b))),
            Op::Sum(all) => self.fold_numbers(all, Range::plus),
            Op::CountYes(all) => self.count(all),
            Op::Round { value, step, mode } => self.join_numbers(*value, *step, |value, step| value.rounded_to(step, *mode)),
            Op::Compare { comparison, left, right } => self.compare(*comparison, *left, *right),
            Op::And(all) => Value::Truth(all.iter().fold(Truth::Yes, |so_far, &id| if so_far == Truth::No { so_far } else { so_far.and(self.truth(id)) })),
            Op::Or(all) => Value::Truth(all.iter().fold(Truth::No, |so_far, &id| if so_far == Truth::Yes { so_far } else { so_far.or(self.truth(id)) })),
            Op::Not(a) => Value::Truth(self.truth(*a).negated()),
            Op::If { condition, then, otherwise } => match self.value(*condition) {
                Value::Fault(fault) => Value::Fault(fault),
                condition => self.choose(condition.truth(), || self.value(*then), || self.value(*otherwise)),
            },
            Op::Tiers { subject, tiers } => self.tiers(*subject, tiers),
            Op::Progressive { subject, from, tiers } => self.progressive(*subject, *from, tiers),
            Op::Age { date, until } => self.join_numbers(*date, *until, age),
            Op::AddMonths { date, months } => self.join_numbers(*date, *months, add_months),
            Op::Today => Value::exact(day_number(self.on)),
            Op::PeriodDay { at, last } => self.period_day(at, *last),
            Op::YearOf(date) => self.map_number(*date, |days| each_end(days, |at| from_days(at).map(|day| Fraction::whole(i64::from(day.year()))))),
            Op::Known(a) => Value::Truth(match self.value(*a) {
                Value::Fault(_) => Truth::Error,
                value => Truth::of(value.is_settled() && !matches!(value, Value::Undefined(_))),
            }),
            Op::SameWord(a, b) => self.same_word(*a, *b),
            Op::Among { word, words } => self.among(*word, *words),
            Op::Begins { word, words } => self.begins(*word, *words),
            Op::ContainsAny { set, words } => self.contains(*set, *words, false),
            Op::ContainsAll { set, words } => self.contains(*set, *words, true),
            Op::Parameter(lines) => self.parameter(lines),
            Op::Attested(label) => Value::Truth(self.facts.attested(label).map_or(Truth::Unknown, Truth::of)),
        }
    }

    fn fact(&self, fact: u32, at: &At) -> Value {
        let def = self.vocabulary.at(fact as usize);
        let Some(period) = at.resolve(self.period, self.on) else { return Value::Undefined(Undefined::NoPeriod) };
        known_value(def, self.facts.get(&def.key, period), false)
    }

    fn region_fact(&self, level: RegionWord, name: &Arc<str>, fact: u32, at: &At) -> Value {
        let def = self.vocabulary.at(fact as usize);
        let Some(period) = at.resolve(self.period, self.on) else { return Value::Undefined(Undefined::NoPeriod) };
        let found = self.regions.for_subject(self.facts.region(), level_of(level), name, period);
        known_value(def, found.map(|(_, known)| known), name.starts_with("growth("))
    }

    fn number(&self, id: NodeId) -> Result<Range, Value> {
        match self.value(id) {
            Value::Number(range) => Ok(range),
            Value::Truth(_) | Value::Word(_) | Value::Words { .. } => Err(Value::Fault(Fault::WrongKind(String::new()))),
            other => Err(other),
        }
    }

    fn map_number(&self, id: NodeId, map: impl FnOnce(&Range) -> Result<Range, NoNumber>) -> Value {
        match self.number(id) {
            Ok(range) => number_or_why(map(&range)),
            Err(value) => value,
        }
    }

    fn join_numbers(&self, a: NodeId, b: NodeId, join: impl FnOnce(&Range, &Range) -> Result<Range, NoNumber>) -> Value {
        match (self.number(a), self.number(b)) {
            (Ok(a), Ok(b)) => number_or_why(join(&a, &b)),
            (Err(fault @ Value::Fault(_)), _) | (_, Err(fault @ Value::Fault(_))) => fault,
            (Err(value), _) | (_, Err(value)) => value,
        }
    }

    fn fold_numbers(&self, ids: &[NodeId], fold: impl Fn(&Range, &Range) -> Result<Range, NoNumber>) -> Value {
        let mut so_far: Option<Result<Range, Value>> = None;
        for &id in ids {
            let next = self.number(id);
            so_far = Some(match (so_far, next) {
                (None, next) => next,
                (Some(Err(fault @ Value::Fault(_))), _) | (_, Err(fault @ Value::Fault(_))) => Err(fault),
                (Some(Err(value)), _) | (_, Err(value)) => Err(value),
                (Some(Ok(a)), Ok(b)) => match number_or_why(fold(&a, &b)) {
                    Value::Number(range) => Ok(range),
                    other => Err(other),
                },
            });
        }
        match so_far {
            Some(Ok(range)) => Value::Number(range),
            Some(Err(value)) => value,
            None => Value::exact(Fraction::ZERO),
        }
    }

    fn joined(&self, a: NodeId, b: NodeId, join: impl FnOnce(&Range, &Range) -> Value) -> Value {
        match (self.number(a), self.number(b)) {
            (Ok(a), Ok(b)) => join(&a, &b),
            (Err(fault @ Value::Fault(_)), _) | (_, Err(fault @ Value::Fault(_))) => fault,
            (Err(value), _) | (_, Err(value)) => value,
        }
    }

    fn compare(&self, comparison: Comparison, left: NodeId, right: NodeId) -> Value {
        self.joined(left, right, |left, right| {
            Value::Truth(match comparison {
                Comparison::Less => left.less(right),
                Comparison::LessOrEqual => left.less_or_equal(right),
                Comparison::Equal => left.equal(right),
            })
        })
    }

    fn count(&self, ids: &[NodeId]) -> Value {
        let (mut yes, mut open) = (0, 0);
        for &id in ids {
            match self.value(id) {
                Value::Fault(fault) => return Value::Fault(fault),
                value => match value.truth() {
                    Truth::Yes => yes += 1,
                    Truth::No => {}
                    Truth::Unknown => open += 1,
                    Truth::Error => return Value::Fault(Fault::TooLarge),
                },
            }
        }
        Value::Number(Range::closed(Some(Fraction::whole(yes)), Some(Fraction::whole(yes + open))))
    }

    fn choose(&self, condition: Truth, then: impl FnOnce() -> Value, otherwise: impl FnOnce() -> Value) -> Value {
        match condition {
            Truth::Yes => then(),
            Truth::No => otherwise(),
            Truth::Unknown => then().or(otherwise()),
            Truth::Error => Value::Fault(Fault::TooLarge),
        }
    }

    fn tiers(&self, subject: NodeId, tiers: &[Tier]) -> Value {
        let subject = match self.number(subject) {
            Ok(range) => range,
            Err(value) => return value,
        };
        let mut result: Option<Value> = None;
        for (band, value) in bands(tiers) {
            if band.and(&subject).is_empty() {
                continue;
            }
            let value = value.map_or(Value::Fault(Fault::NoBand), |id| self.value(id));
            result = Some(match result {
                None => value,
                Some(so_far) => so_far.or(value),
            });
        }
        result.unwrap_or(Value::Fault(Fault::NoBand))
    }

    fn progressive(&self, subject: NodeId, from: Fraction, tiers: &[Tier]) -> Value {
        let mut rates = Vec::new();
        for tier in tiers {
            match tier.value.map(|id| self.value(id)) {
                Some(Value::Number(range)) => rates.push(range),
                Some(other) => return other,
                None => {}
            }
        }
        self.map_number(subject, |subject| {
            let exact_rates: Option<Vec<Fraction>> = rates.iter().map(Range::point).collect();
            match exact_rates {
                // Rates that are not negative keep order, so the ends of the subject give the ends of the sum.
                Some(rates) if rates.iter().all(|rate| !rate.is_negative()) => each_end(subject, |at| bracket_sum(at, from, tiers, &rates)),
                Some(rates) if subject.point().is_some() => each_end(subject, |at| bracket_sum(at, from, tiers, &rates)),
                _ => Ok(Range::ALL),
            }
        })
    }

    /// The first or last day of a period; a decision without a period is about its day.
    fn period_day(&self, at: &At, last: bool) -> Value {
        let period = match at.cycle {
            Cycle::Instant => {
                let from = at.anchor.unwrap_or(self.period);
                at.years.checked_mul(from.cycle().per_year()).and_then(|steps| from.shifted(steps.checked_add(at.steps)?))
            }
            _ => at.resolve(self.period, self.on),
        };
        match period.map(|period| period.days().unwrap_or((self.on, self.on))) {
            Some(days) => Value::exact(day_number(if last { days.1 } else { days.0 })),
            None => Value::Undefined(Undefined::NoPeriod),
        }
    }

    /// Whether a word begins with one of the words that the rule lists.
    fn begins(&self, word: NodeId, words: NodeId) -> Value {
        let Op::Constant(Constant::Words(list)) = self.plan.op(words) else { return Value::Truth(Truth::Unknown) };
        let known = match self.value(word) {
            Value::Fault(fault) => return Value::Fault(fault),
            Value::Undefined(why) => return Value::Undefined(why),
            Value::Word(Some(known)) => known,
            _ => return Value::Truth(Truth::Unknown),
        };
        let beginning = known.iter().filter(|word| list.iter().any(|start| word.starts_with(&**start))).count();
        Value::Truth(match beginning {
            0 => Truth::No,
            _ if beginning == known.len() => Truth::Yes,
            _ => Truth::Unknown,
        })
    }

    fn same_word(&self, a: NodeId, b: NodeId) -> Value {
        match (self.value(a), self.value(b)) {
            (Value::Fault(fault), _) | (_, Value::Fault(fault)) => Value::Fault(fault),
            (Value::Word(Some(a)), Value::Word(Some(b))) => Value::Truth(if a.is_disjoint(&b) {
                Truth::No
            } else if a.len() == 1 && a == b {
                Truth::Yes
            } else {
                Truth::Unknown
            }),
            (Value::Undefined(why), _) | (_, Value::Undefined(why)) => Value::Undefined(why),
            _ => Value::Truth(Truth::Unknown),
        }
    }

    fn among(&self, word: NodeId, words: NodeId) -> Value {
        if let Op::Constant(Constant::Words(list)) = self.plan.op(words) {
            return self.among_fixed(word, list);
        }
        match (self.value(word), self.value(words)) {
            (Value::Fault(fault), _) | (_, Value::Fault(fault)) => Value::Fault(fault),
            (Value::Undefined(why), _) | (_, Value::Undefined(why)) => Value::Undefined(why),
            (Value::Word(Some(word)), Value::Words { must, may }) => Value::Truth(if word.is_subset(&must) {
                Truth::Yes
            } else if may.is_some_and(|may| word.is_disjoint(&may)) {
                Truth::No
            } else {
                Truth::Unknown
            }),
            (_, Value::Words { may: Some(may), .. }) if may.is_empty() => Value::Truth(Truth::No),
            _ => Value::Truth(Truth::Unknown),
        }
    }

    /// The same for words that the rule lists, in order.
    fn among_fixed(&self, word: NodeId, list: &[Arc<str>]) -> Value {
        let known = match self.value(word) {
            Value::Fault(fault) => return Value::Fault(fault),
            Value::Undefined(why) => return Value::Undefined(why),
            Value::Word(known) => known,
            _ => None,
        };
        let listed = known.as_ref().map(|known| known.iter().filter(|word| list.binary_search(word).is_ok()).count());
        Value::Truth(match (listed, known) {
            (Some(listed), Some(known)) if listed == known.len() => Truth::Yes,
            (Some(0), _) => Truth::No,
            _ if list.is_empty() => Truth::No,
            _ => Truth::Unknown,
        })
    }

    fn contains(&self, set: NodeId, words: NodeId, all: bool) -> Value {
        let (set, words) = match (self.value(set), self.value(words)) {
            (Value::Fault(fault), _) | (_, Value::Fault(fault)) => return Value::Fault(fault),
            (Value::Undefined(why), _) | (_, Value::Undefined(why)) => return Value::Undefined(why),
            pair => pair,
        };
        let (Value::Words { must, may }, Value::Words { must: wanted, may: wanted_may }) = (set, words) else { return Value::Truth(Truth::Unknown) };
        if all {
            let within = |outer: &WordSet, inner: Option<&WordSet>| inner.is_some_and(|inner| inner.is_subset(outer));
            if within(&must, wanted_may.as_ref()) {
                return Value::Truth(Truth::Yes);
            }
            let lacking = may.is_some_and(|may| !wanted.is_subset(&may));
            return Value::Truth(if lacking { Truth::No } else { Truth::Unknown });
        }
        if !must.is_disjoint(&wanted) {
            return Value::Truth(Truth::Yes);
        }
        let apart = match (&may, &wanted_may) {
            (Some(a), Some(b)) => a.is_disjoint(b),
            (None, Some(b)) => b.is_empty(),
            (Some(a), None) => a.is_empty(),
            (None, None) => false,
        };
        Value::Truth(if apart { Truth::No } else { Truth::Unknown })
    }

    fn parameter(&self, lines: &[crate::plan::ParameterLine]) -> Value {
        let day = self.period.days().map_or(self.on, |(_, last)| last);
        let mut possible: Option<Value> = None;
        for line in lines {
            if line.from.is_some_and(|from| day < from) || line.until.is_some_and(|until| day > until) {
                continue;
            }
            let truth = line.when.map_or(Truth::Yes, |when| self.truth(when));
            if truth == Truth::No {
                continue;
            }
            if truth == Truth::Error {
                return Value::Fault(Fault::TooLarge);
            }
            let value = self.value(line.value);
            let value = match possible {
                None => value,
                Some(so_far) => so_far.or(value),
            };
            if truth == Truth::Yes {
                return value;
            }
            possible = Some(value);
        }
        // Every line may fail, so there may be no value at all.
        Value::Undefined(Undefined::NotInForce)
    }
}

/// A fact that an evaluation may read.
pub(crate) struct Leaf<'a> {
    pub(crate) def: &'a FactDef,
    pub(crate) name: Arc<str>,
    pub(crate) period: Period,
    /// For a fact of a region: the level, and the region that answered.
    pub(crate) region: Option<(RegionWord, Option<RegionCode>)>,
    pub(crate) known: Option<&'a KnownFact>,
}

pub(crate) fn level_of(word: RegionWord) -> Option<RegionLevel> {
    match word {
        RegionWord::Nation => Some(RegionLevel::Nation),
        RegionWord::Province => Some(RegionLevel::Province),
        RegionWord::City => Some(RegionLevel::City),
        RegionWord::County => Some(RegionLevel::County),
        RegionWord::Own => None,
    }
}

/// The bands of a table as ranges with what each gives.
pub(crate) fn bands(tiers: &[Tier]) -> impl Iterator<Item = (Range, Option<NodeId>)> + '_ {
    let mut low: Option<Bound> = None;
    tiers.iter().map(move |tier| {
        let high = tier.high.map(|(at, closed)| Bound { at, open: !closed });
        let range = Range { low, high };
        low = high.map(|high| Bound { at: high.at, open: !high.open });
        (range, tier.value)
    })
}

fn constant_value(constant: &Constant) -> Value {
    match constant {
        Constant::Number(value) => Value::exact(*value),
        Constant::Word(word) => Value::Word(Some(WordSet::from([word.clone()]))),
        Constant::Words(words) => {
            let words: WordSet = words.iter().cloned().collect();
            Value::Words { must: words.clone(), may: Some(words) }
        }
        Constant::Truth(value) => Value::Truth(Truth::of(*value)),
    }
}

pub(crate) fn number_or_why(result: Result<Range, NoNumber>) -> Value {
    match result {
        Ok(range) => Value::Number(range),
        Err(NoNumber::ByZero) => Value::Undefined(Undefined::DivisionByZero),
        Err(NoNumber::FromNothing) => Value::Undefined(Undefined::GrowthFromNothing),
        Err(NoNumber::TooLarge) => Value::Fault(Fault::TooLarge),
    }
}

/// What is recorded of a fact as a value; nothing recorded leaves the bounds of the vocabulary.
pub(crate) fn known_value(def: &FactDef, known: Option<&KnownFact>, is_growth: bool) -> Value {
    let numeric = is_growth || matches!(def.kind, FactKind::Money | FactKind::Ratio | FactKind::Count | FactKind::Number | FactKind::Length | FactKind::Date);
    let bounds = if is_growth { Range::ALL } else { Range::closed(def.min, def.max) };
    let Some(known) = known else {
        return match def.kind {
            _ if numeric => Value::Number(bounds),
            FactKind::Code | FactKind::Text => Value::Word((!def.values.is_empty()).then(|| words(&def.values))),
            FactKind::Set => Value::Words { must: WordSet::new(), may: (!def.values.is_empty()).then(|| words(&def.values)) },
            _ => Value::Truth(Truth::Unknown),
        };
    };
    let wrong = || Value::Fault(Fault::WrongKind(def.zh.clone()));
    let range = match (&known.value, def.kind) {
        (FactValue::Money(fen), FactKind::Money) => Range::exact(Fraction::whole(fen.0)),
        (FactValue::Number(value), FactKind::Ratio | FactKind::Number | FactKind::Length) => Range::exact(*value),
        (FactValue::Number(value), _) if is_growth => Range::exact(*value),
        (FactValue::Count(value), FactKind::Count | FactKind::Number | FactKind::Length | FactKind::Ratio) => Range::exact(Fraction::whole(*value)),
        (FactValue::Date(date), FactKind::Date) => Range::closed(Some(day_number(date.first_day())), Some(day_number(date.last_day()))),
        (FactValue::Between { low, high }, _) if numeric => Range::closed(*low, *high),
        (FactValue::Text(word), FactKind::Code | FactKind::Text) => return Value::Word(Some(WordSet::from([Arc::from(word.as_str())]))),
        (FactValue::OneOf(all), FactKind::Code | FactKind::Text) => return Value::Word(Some(words(all))),
        (FactValue::Set(all), FactKind::Set) => {
            let all = words(all);
            return Value::Words { must: all.clone(), may: Some(all) };
        }
        (FactValue::Bool(value), FactKind::Bool) => return Value::Truth(Truth::of(*value)),
        _ => return wrong(),
    };
    let within = range.and(&bounds);
    if within.is_empty() || (range.point().is_some() && within != range) {
        return Value::Fault(Fault::OutOfBounds(def.zh.clone()));
    }
    Value::Number(within)
}

fn words(list: &[String]) -> WordSet {
    list.iter().map(|word| Arc::from(word.as_str())).collect()
}

pub(crate) fn day_number(day: Date) -> Fraction {
    Fraction::whole(i64::from(day.days_since_epoch()))
}

/// The day a number of days since 1970-01-01 means; nothing far outside the calendar that dates are kept in.
pub(crate) fn from_days(days: Fraction) -> Option<Date> {
    i32::try_from(days.floor()).ok().filter(|days| days.unsigned_abs() < 1_000_000).and_then(Date::from_days_since_epoch)
}

/// A function that keeps order, applied to both ends of a range.
fn each_end(range: &Range, map: impl Fn(Fraction) -> Option<Fraction>) -> Result<Range, NoNumber> {
    let exact = range.point().is_some();
    let end = |bound: Option<Bound>| match bound {
        None => Ok(None),
        Some(bound) => match map(bound.at) {
            Some(at) => Ok(Some(Bound { at, open: false })),
            None if exact => Err(NoNumber::TooLarge),
            None => Ok(None),
        },
    };
    Ok(Range { low: end(range.low)?, high: end(range.high)? })
}

/// Calendar months from a date to another: the least from the latest to the earliest, the greatest the other way round.
fn age(date: &Range, until: &Range) -> Result<Range, NoNumber> {
    let exact = date.point().is_some() && until.point().is_some();
    let between = |from: Option<Bound>, to: Option<Bound>| {
        let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
        match from_days(from.at).zip(from_days(to.at)).and_then(|(from, to)| months_between(from, to)) {
            Some(at) => Ok(Some(Bound { at, open: false })),
            None if exact => Err(NoNumber::TooLarge),
            None => Ok(None),
        }
    };
    Ok(Range { low: between(date.high, until.low)?, high: between(date.low, until.high)? })
}

/// Calendar months from `from` to `to`, the days of the last month as a share of it; negative when `to` comes first.
fn months_between(from: Date, to: Date) -> Option<Fraction> {
    if to < from {
        return months_between(to, from).map(Fraction::negated);
    }
    let whole = (i64::from(to.year()) - i64::from(from.year())) * 12 + i64::from(to.month()?) - i64::from(from.month()?);
    let whole = if to.day()? < plus_months(from, whole)?.day()? { whole - 1 } else { whole };
    let begin = plus_months(from, whole)?.days_since_epoch();
    let end = plus_months(from, whole + 1)?.days_since_epoch();
    Fraction::whole(whole).plus(Fraction::new(i128::from(to.days_since_epoch() - begin), i128::from(end - begin))?)
}

/// The same day of the month, or the last one of a shorter month.
pub(crate) fn plus_months(day: Date, months: i64) -> Option<Date> {
    let serial = i64::from(day.year()) * 12 + i64::from(day.month()?) - 1 + months;
    let year = i16::try_from(serial.div_euclid(12)).ok()?;
    let month = u8::try_from(serial.rem_euclid(12) + 1).ok()?;
    let last = Date::new(year, Some(month), None)?.last_day();
    Date::new(year, Some(month), Some(day.day()?.min(last.day()?)))
}

fn add_months(date: &Range, months: &Range) -> Result<Range, NoNumber> {
    let Some(months) = months.point().and_then(Fraction::to_i64) else { return Ok(Range::ALL) };
    each_end(date, |at| from_days(at).and_then(|day| plus_months(day, months)).map(day_number))
}

fn bracket_sum(at: Fraction, from: Fraction, tiers: &[Tier], rates: &[Fraction]) -> Option<Fraction> {
    let mut sum = Fraction::ZERO;
    let mut low = from;
    for (tier, rate) in tiers.iter().filter(|tier| tier.value.is_some()).zip(rates) {
        let top = tier.high.map_or(at, |(high, _)| high.min(at));
        if top > low {
            sum = sum.plus(top.minus(low)?.times(*rate)?)?;
        }
        low = tier.high.map_or(low, |(high, _)| high);
    }
    Some(sum)
}
