//! The figures of the policy engine on a workload made from a seed. Prints one JSON line, or with
//! `--write DIR` the workload as files: `facts.yaml`, `measures/`, `facts.csv`, and columns for peers.

mod rules;
mod workload;

use duijie_policy::{Batch, Book, Population, RegionFacts, Vocabulary};
use duijie_vocab::{Date, RegionCode};
use std::time::Instant;

fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| arguments.iter().position(|a| a == name).map_or(default, |at| arguments[at + 1].parse().expect("a number"));
    let (subjects, measures, seed) = (number("--subjects", 1_000_000), number("--measures", 1000), number("--seed", 1));
    let begun = Instant::now();
    let work = workload::workload(seed as u64, subjects, measures);
    eprintln!("generated {:?}", begun.elapsed());
    let begun = Instant::now();
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", &workload::facts_yaml());
    assert!(faults.is_empty(), "{faults:?}");
    let files = work.measures.iter().map(|m| (format!("{}.yaml", m.id), m.yaml())).collect();
    let (book, faults) = Book::compile(vocabulary, files);
    eprintln!("compiled {:?} {}", begun.elapsed(), cpu_seconds());
    assert!(faults.iter().all(|f| !f.is_error()), "{:?}", &faults[..1]);
    let mut population = Population::new(vec![RegionCode::NATION; subjects]);
    for column in &work.columns {
        population.set(workload::FACTS[column.fact].key, column.period(), column.to_column()).expect("a column");
    }
    let regions = RegionFacts::new();
    let on = Date::parse("2021-12-31").expect("a date");
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let batch = Batch::prepare(&book, &population, &regions, on);
    eprintln!("prepared {:?} cpu {}", begun.elapsed(), cpu_seconds() - cpu);
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let tally = batch.tally();
    let pairs = (subjects * measures) as f64;
    let cpu = cpu_seconds() - cpu;
    eprintln!("tallied {:?} cpu {} = {:.0} M pairs/cpu s", begun.elapsed(), cpu, pairs / cpu / 1e6);
    let sum = tally.iter().fold((0, 0, 0, 0, 0), |s, t| (s.0 + t.yes, s.1 + t.no, s.2 + t.unknown, s.3 + t.error, s.4 + t.amount_low));
    eprintln!("{sum:?} eligible {:.3}%", 100.0 * sum.0 as f64 / pairs);
}
