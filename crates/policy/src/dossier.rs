//! One subject against all measures, on the same tests as the columnar evaluator: each number is coded
//! once, each condition is a comparison of bytes, and a fact that changes re-decides only what reads it.

use crate::book::Book;
use crate::cases;
use crate::cuts::{Code, MISSING};
use crate::decide::Standing;
use crate::decision::Outcome;
use crate::evaluate::Evaluation;
use crate::facts::{FactSource, FactValue};
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::sieve::{Asked, Number, Operand, Sieve, Test};
use crate::{Facts, RegionFacts, Truth};
use duijie_vocab::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// A subject's facts with the outcome of every measure, kept up to date fact by fact.
pub struct Dossier<'b> {
    book: &'b Book,
    regions: &'b RegionFacts,
    facts: Facts,
    sieve: Arc<Sieve>,
    coded: Coded,
    outcomes: Vec<Outcome>,
}

/// The codes of a subject's numbers and the truths of its other conditions.
#[derive(Default)]
struct Coded {
    numbers: Vec<Code>,
    asked: Vec<Truth>,
}

/// What reads a fact in a period, as places in a sieve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readers {
    operands: Vec<u32>,
    asked: Vec<u32>,
    measures: Vec<u32>,
}

/// The sieves of a book by day, made when they are first wanted. They follow from the book alone, so a
/// copy of it starts without.
#[derive(Debug, Default)]
pub(crate) struct Sieves(Mutex<Vec<Arc<Sieve>>>);

impl Clone for Sieves {
    fn clone(&self) -> Sieves {
        Sieves::default()
    }
}

/// Days whose sieves are kept.
const MAX_DAYS: usize = 4;

impl Book {
    /// The outcome of every measure whose region contains the subject, without reasons: equal to those of
    /// [`Book::decide_all`], for one subject in a fraction of the time.
    pub fn outcomes(&self, facts: &Facts, regions: &RegionFacts, on: Date) -> Vec<(&str, Outcome)> {
        let sieve = self.sieve(on.first_day());
        let mut periods = Evaluations::new(self, facts, regions, &sieve);
        let coded = Coded::all(&sieve, &mut periods);
        sieve
            .measures
            .iter()
            .enumerate()
            .filter(|(_, sifted)| sifted.reach.contains(facts.region()))
            .map(|(at, sifted)| (self.at(sifted.place).id(), outcome(self, &sieve, at, &coded, &mut periods)))
            .collect()
    }

    /// The tests of all measures for a day.
    pub(crate) fn sieve(&self, on: Date) -> Arc<Sieve> {
        let mut kept = self.sieves.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(sieve) = kept.iter().find(|sieve| sieve.on == on) {
            return sieve.clone();
        }
        let sieve = Arc::new(Sieve::new(self, self.ids(), on));
        if kept.len() == MAX_DAYS {
            kept.remove(0);
        }
        kept.push(sieve.clone());
        sieve
    }
}

impl<'b> Dossier<'b> {
    /// Decides every measure for a subject on a day.
    pub fn open(book: &'b Book, facts: Facts, regions: &'b RegionFacts, on: Date) -> Dossier<'b> {
        let sieve = book.sieve(on.first_day());
        let (coded, outcomes) = {
            let mut periods = Evaluations::new(book, &facts, regions, &sieve);
            let coded = Coded::all(&sieve, &mut periods);
            let outcomes = (0..sieve.measures.len()).map(|at| outcome(book, &sieve, at, &coded, &mut periods)).collect();
            (coded, outcomes)
        };
        Dossier { book, regions, facts, sieve, coded, outcomes }
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The outcome of every measure whose region contains the subject.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'b str, Outcome)> {
        let measures = self.sieve.measures.iter().zip(&self.outcomes);
        measures.filter(|(sifted, _)| sifted.reach.contains(self.facts.region())).map(|(sifted, outcome)| (self.book.at(sifted.place).id(), *outcome))
    }

    /// Records a value in place of an earlier one (nothing takes it back) and decides again the measures
    /// that read it. Gives those whose outcome is another now.
    pub fn set(&mut self, key: &str, period: Period, value: Option<FactValue>, source: FactSource) -> Vec<(&'b str, Outcome)> {
        match value {
            Some(value) => {
                self.facts.set(key, period, value, source);
            }
            None => {
                self.facts.remove(key, period);
            }
        }
        let sieve = self.sieve.clone();
        let index = sieve.readers.get_or_init(|| readers(self.book, &sieve));
        let Some(readers) = index.get(&(Arc::from(key), period)) else { return Vec::new() };
        let mut periods = Evaluations::new(self.book, &self.facts, self.regions, &sieve);
        self.coded.again(&sieve, readers, &mut periods);
        let mut changed = Vec::new();
        for &measure in &readers.measures {
            let measure = measure as usize;
            let now = outcome(self.book, &sieve, measure, &self.coded, &mut periods);
            let sifted = &sieve.measures[measure];
            if std::mem::replace(&mut self.outcomes[measure], now) != now && sifted.reach.contains(self.facts.region()) {
                changed.push((self.book.at(sifted.place).id(), now));
            }
        }
        changed
    }
}

/// Evaluations of one subject's facts by period: measures of one period share what they compute.
struct Evaluations<'a> {
    book: &'a Book,
    facts: &'a Facts,
    regions: &'a RegionFacts,
    on: Date,
    by_period: BTreeMap<Period, Evaluation<'a>>,
}

impl<'a> Evaluations<'a> {
    fn new(book: &'a Book, facts: &'a Facts, regions: &'a RegionFacts, sieve: &Sieve) -> Evaluations<'a> {
        Evaluations { book, facts, regions, on: sieve.on, by_period: BTreeMap::new() }
    }

    fn of(&mut self, period: Period) -> &Evaluation<'a> {
        self.by_period.entry(period).or_insert_with(|| self.book.evaluation(self.facts, self.regions, period, self.on))
    }

    fn code(&mut self, operand: &Operand) -> Code {
        operand.code(self.of(operand.period))
    }

    fn truth(&mut self, asked: Asked) -> Truth {
        match asked {
            Asked::Node(node, period) => self.of(period).truth(node),
            Asked::Within(region) => Truth::of(region.contains(self.facts.region())),
        }
    }
}

impl Coded {
    fn all(sieve: &Sieve, periods: &mut Evaluations<'_>) -> Coded {
        Coded {
            numbers: sieve.operands.iter().map(|operand| periods.code(operand)).collect(),
            asked: sieve.asked.iter().map(|&asked| periods.truth(asked)).collect(),
        }
    }

    fn again(&mut self, sieve: &Sieve, readers: &Readers, periods: &mut Evaluations<'_>) {
        for &at in &readers.operands {
            self.numbers[at as usize] = periods.code(&sieve.operands[at as usize]);
        }
        for &at in &readers.asked {
            self.asked[at as usize] = periods.truth(sieve.asked[at as usize]);
        }
    }

    fn gate(&self, sieve: &Sieve, gate: u32) -> Truth {
        let gate = &sieve.gates[gate as usize];
        let turned = |truth: Truth, opposite: bool| if opposite { truth.negated() } else { truth };
        let tests = gate.at_least.iter().chain(&gate.below).map(|test| self.test(test));
        let asked = gate.asked.iter().map(|&(at, opposite)| turned(self.asked[at as usize], opposite));
        let gates = gate.gates.iter().map(|&(inner, opposite)| turned(self.gate(sieve, inner), opposite));
        let mut all = Truth::Yes;
        for part in tests.chain(asked).chain(gates) {
            if part == Truth::No {
                return Truth::No;
            }
            all = all.and(part);
        }
        all
    }

    fn test(&self, test: &Test) -> Truth {
        let code = self.numbers[test.operand as usize];
        let truth = match code {
            Code::ERROR => return Truth::Error,
            code if code.low < MISSING && code.low >= test.bound => Truth::Yes,
            code if code.high < test.bound => Truth::No,
            _ => Truth::Unknown,
        };
        if test.below { truth.negated() } else { truth }
    }
}

fn outcome(book: &Book, sieve: &Sieve, measure: usize, coded: &Coded, periods: &mut Evaluations<'_>) -> Outcome {
    let sifted = &sieve.measures[measure];
    let measure = book.at(sifted.place);
    let evaluation = periods.of(sifted.period);
    let verdict = match coded.gate(sieve, sifted.gate) {
        Truth::Unknown if sifted.may_split => cases::decided(evaluation, measure.verdict),
        verdict => verdict,
    };
    Standing::with(evaluation, measure, sifted.in_force, verdict).outcome
}

/// What reads each fact.
fn readers(book: &Book, sieve: &Sieve) -> HashMap<(Arc<str>, Period), Readers> {
    let mut index: HashMap<(Arc<str>, Period), Readers> = HashMap::new();
    let mut note = |nodes: &[NodeId], period: Period, list: fn(&mut Readers) -> &mut Vec<u32>, place: usize| {
        for id in book.plan.below(nodes) {
            let Op::Fact { fact, at } = book.plan.op(id) else { continue };
            let Some(read) = at.resolve(period, sieve.on) else { continue };
            let places = list(index.entry((book.vocabulary.at(*fact as usize).key.clone(), read)).or_default());
            let place = u32::try_from(place).expect("BUG: more places than nodes");
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    };
    for (at, operand) in sieve.operands.iter().enumerate() {
        let nodes = match operand.number {
            Number::Node(node) => vec![node],
            Number::Difference(left, right) => vec![left, right],
        };
        note(&nodes, operand.period, |readers| &mut readers.operands, at);
    }
    for (at, asked) in sieve.asked.iter().enumerate() {
        if let Asked::Node(node, period) = asked {
            note(&[*node], *period, |readers| &mut readers.asked, at);
        }
    }
    for (at, sifted) in sieve.measures.iter().enumerate() {
        let measure = book.at(sifted.place);
        let nodes: Vec<NodeId> = std::iter::once(measure.verdict).chain(measure.amount).collect();
        note(&nodes, sifted.period, |readers| &mut readers.measures, at);
    }
    index
}
