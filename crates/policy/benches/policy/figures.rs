//! What is measured, and how: wall time by the clock, processor time from the scheduler's account of
//! every thread, memory from the process's own high mark. Of repeated runs the best counts.

use super::rules::Test;
use super::workload::{COLUMNS, Dice, FACTS, Workload, YEAR, facts_yaml};
use duijie_policy::{Batch, Book, Dossier, Explanation, FactSource, Facts, Outcome, Period, Population, RegionFacts, Tally, Truth, Vocabulary, simulate};
use duijie_vocab::{Date, RegionCode};
use serde_json::{Value, json};
use std::time::Instant;

/// Seconds that something took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

fn took<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let result = work();
    (result, Took { wall: begun.elapsed().as_secs_f64(), cpu: cpu_seconds() - cpu })
}

/// The best of several runs, wall and processor time each.
fn best<T>(repeat: usize, mut work: impl FnMut() -> T) -> (T, Took) {
    let (mut result, mut least) = took(&mut work);
    for _ in 1..repeat {
        let (again, next) = took(&mut work);
        (result, least) = (again, Took { wall: least.wall.min(next.wall), cpu: least.cpu.min(next.cpu) });
    }
    (result, least)
}

/// Seconds on a processor of all threads that live.
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<f64>().ok();
    tasks.filter_map(|task| nanoseconds(task.path())).sum::<f64>() / 1e9
}

/// The most memory the process has held, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn day() -> Date {
    Date::new(YEAR, Some(12), Some(31)).expect("BUG: the last day of a year")
}

/// Everything, with the counts of every measure.
pub(crate) fn measure(work: Workload, seed: usize, sample: usize, repeat: usize) -> (Value, Vec<Tally>) {
    let files: Vec<(String, String)> = work.measures.iter().map(|measure| (format!("{}.yaml", measure.id), measure.yaml())).collect();
    let yaml = facts_yaml();
    let (book, compile) = best(repeat, || compiled(&yaml, files.clone()));
    let distinct: std::collections::HashSet<String> = work.measures.iter().flat_map(|measure| measure.tests.iter().map(Test::rule)).collect();
    let regions = RegionFacts::new();
    let (subjects, measures) = (work.subjects(), work.measures.len());

    let (population, setting) = took(|| population(work));
    let (once, raw) = best(repeat, || Batch::once(&book, &population, &regions, day()).tally());
    let (batch, coding) = took(|| Batch::prepare(&book, &population, &regions, day()));
    let (tallies, warm) = best(repeat, || batch.tally());
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread more");
    let (_, alone) = best(repeat, || one_thread.install(|| batch.tally()));
    let peak = peak_mib();
    assert_eq!(once, tallies, "codes made for a block and kept ones disagree");
    let equal = equal_to_reference(&book, &batch, &population, &regions, sample, &tallies);
    drop(batch);

    let pairs = subjects as f64 * measures as f64;
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let mut figures = json!({
        "seed": seed,
        "subjects": subjects,
        "measures": measures,
        "fact_columns": COLUMNS,
        "distinct_conditions": distinct.len(),
        "yes": sum(|tally| tally.yes),
        "no": sum(|tally| tally.no),
        "unknown": sum(|tally| tally.unknown),
        "error": sum(|tally| tally.error),
        "amount_fen": tallies.iter().map(|tally| tally.amount_low).sum::<i128>().to_string(),
        "warm_pairs_per_cpu_s": (pairs / warm.cpu).round(),
        "one_thread_pairs_per_cpu_s": (pairs / alone.cpu).round(),
        "warm_wall_s": rounded(warm.wall),
        "warm_cpu_s": rounded(warm.cpu),
        "coding_cpu_s": rounded(coding.cpu),
        "raw_wall_s": rounded(setting.wall + raw.wall),
        "raw_cpu_s": rounded(setting.cpu + raw.cpu),
        "peak_mib": peak,
        "compile_ms": rounded(compile.wall * 1e3),
        "compile_cpu_ms": rounded(compile.cpu * 1e3),
        "equal_to_reference": equal,
        "sample": sample.min(subjects),
    });
    let small = one_by_one(&book, &population, &regions, seed as u64).into_iter().chain(changes(&book, &files, &yaml, &population, &regions, repeat));
    for (name, value) in small {
        figures[name] = json!(rounded(value));
    }
    (figures, tallies)
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn compiled(facts: &str, files: Vec<(String, String)>) -> Book {
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", facts);
    assert!(faults.is_empty(), "{faults:?}");
    let (book, faults) = Book::compile(vocabulary, files);
    assert!(faults.iter().all(|fault| !fault.is_error()), "{faults:?}");
    book
}

/// The columns, moved into a population.
fn population(work: Workload) -> Population {
    let mut population = Population::new(vec![RegionCode::NATION; work.subjects()]);
    for column in work.columns {
        let (key, period) = (FACTS[column.fact].key, column.period());
        population.set(key, period, column.into_column()).expect("BUG: a column is as long as the population");
    }
    population
}

/// Compares verdicts and amounts of some subjects, evenly spread, with the reference evaluator, and the
/// verdicts of all with the counts.
fn equal_to_reference(book: &Book, batch: &Batch<'_>, population: &Population, regions: &RegionFacts, sample: usize, tallies: &[Tally]) -> bool {
    let step = population.len().div_ceil(sample.max(1)).max(1);
    let chosen: Vec<(usize, Facts)> = (0..population.len()).step_by(step).map(|subject| (subject, population.facts(book.vocabulary(), subject, &[]))).collect();
    let ids: Vec<String> = batch.measures().map(|(measure, _)| measure.id().to_string()).collect();
    let mut equal = true;
    for (at, id) in ids.iter().enumerate() {
        let verdicts = batch.verdicts(at);
        let count = |truth: Truth| verdicts.iter().filter(|&&found| found == truth).count() as u64;
        let tally = &tallies[at];
        equal &= (count(Truth::Yes), count(Truth::No), count(Truth::Unknown), count(Truth::Error)) == (tally.yes, tally.no, tally.unknown, tally.error);
        for (subject, facts) in &chosen {
            let (truth, amount) = book.verdict(id, facts, regions, day()).expect("BUG: a measure of the book");
            let paid = batch.amount(at, *subject);
            let same_amount = truth != Truth::Yes || amount.map(|amount| (amount.low, amount.high)) == paid;
            if truth != verdicts[*subject] || !same_amount {
                eprintln!("{id} for subject {subject}: the reference says {truth:?} {amount:?}, the batch {:?} {paid:?}", verdicts[*subject]);
                equal = false;
            }
        }
    }
    equal
}

/// One subject against all measures: decided, explained, and decided again after a fact changed.
fn one_by_one(book: &Book, population: &Population, regions: &RegionFacts, seed: u64) -> Vec<(&'static str, f64)> {
    const SUBJECTS: usize = 100;
    const EXPLAINED: usize = 10;
    let mut dice = Dice::new(seed, 3);
    let someone = |dice: &mut Dice| population.facts(book.vocabulary(), dice.below(population.len() as u64) as usize, &[]);
    let subjects: Vec<Facts> = (0..SUBJECTS).map(|_| someone(&mut dice)).collect();
    let each = |count: usize, work: &mut dyn FnMut(&Facts)| {
        work(&subjects[0]);
        let ((), took) = best(10, || subjects[..count].iter().for_each(&mut *work));
        [took.wall, took.cpu].map(|seconds| seconds * 1e6 / count as f64)
    };
    let [decided, _] = each(SUBJECTS, &mut |facts| assert!(!book.outcomes(facts, regions, day()).is_empty()));
    // Every measure with every condition judged, its facts, how far it is from holding, and a smallest set of missing facts.
    let [explained, explained_cpu] = each(EXPLAINED, &mut |facts| {
        let explained = book.explain_all(facts, regions, day());
        // Only what has no value (a division by zero) is unknown with nothing missing.
        let told = |one: &Explanation<'_>| one.outcome != Outcome::Unknown || !one.missing.is_empty();
        assert!(explained.iter().all(|one| !one.conditions.is_empty()) && explained.iter().any(told));
    });
    let [in_words, _] = each(EXPLAINED, &mut |facts| assert!(!book.decide_all(facts, regions, day()).is_empty()));
    let mut dossier = Dossier::open(book, subjects[0].clone(), regions, day());
    let news: Vec<(String, Period, duijie_policy::FactValue)> = subjects[1..]
        .iter()
        .map(|facts| {
            let known: Vec<_> = facts.iter().collect();
            let (key, period, known) = dice.pick(&known);
            (key.to_string(), *period, known.value.clone())
        })
        .collect();
    dossier.set(&news[0].0, news[0].1, Some(news[0].2.clone()), FactSource::default());
    let ((), changed) = best(10, || {
        for (key, period, value) in &news {
            std::hint::black_box(dossier.set(key, *period, Some(value.clone()), FactSource::default()));
        }
    });
    vec![
        ("one_subject_us", decided),
        ("explained_us", explained),
        ("explained_cpu_us", explained_cpu),
        ("explained_in_words_us", in_words),
        ("changed_fact_us", changed.wall * 1e6 / news.len() as f64),
    ]
}

/// A measure that is new, one whose threshold is changed, and all thresholds it could have.
fn changes(book: &Book, files: &[(String, String)], facts: &str, population: &Population, regions: &RegionFacts, repeat: usize) -> Vec<(&'static str, f64)> {
    let (new, new_measure) = best(repeat, || {
        let one = compiled(facts, vec![files[0].clone()]);
        let id = one.ids().next().expect("BUG: a book of one measure").to_string();
        Batch::prepare_one(&one, &id, population, regions, day()).tally()
    });
    assert_eq!(new.len(), 1);
    // The first bound of the first measure is doubled.
    let (name, text) = &files[0];
    let line = text
        .lines()
        .find(|line| line.contains("万元") && line.contains('≥'))
        .or_else(|| text.lines().find(|line| line.contains('%') && line.contains("rule")))
        .expect("BUG: a measure tests a number");
    let digits: String = line.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let doubled = line.replacen(&digits, &(digits.parse::<u64>().expect("BUG: digits") * 2).to_string(), 1);
    let after = compiled(facts, vec![(name.clone(), text.replacen(line, &doubled, 1))]);
    let id = after.ids().next().expect("BUG: a book of one measure").to_string();
    let (totals, simulation) = best(repeat, || simulate(book, &after, &id, population, regions, day()).totals());
    assert_eq!(totals.subjects, population.len() as u64);
    // Twenty-one bounds around the present one.
    let condition =
        text.lines().filter(|line| line.trim_start().starts_with("- rule:")).position(|found| found == line).expect("BUG: the condition stands in the file");
    let (steps, histogram) = best(repeat, || population.threshold_histogram(book, &id, condition, &[], regions, day()));
    assert!(steps.is_some_and(|steps| !steps.is_empty()));
    vec![
        ("histogram_ms", histogram.wall * 1e3),
        ("new_measure_ms", new_measure.wall * 1e3),
        ("new_measure_cpu_ms", new_measure.cpu * 1e3),
        ("simulation_ms", simulation.wall * 1e3),
        ("simulation_cpu_ms", simulation.cpu * 1e3),
    ]
}
