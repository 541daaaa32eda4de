//! How fast a generated population is decided: `cargo run --release -p duijie-policy --example
//! throughput -- SUBJECTS MEASURES SEED`. Prints one line of JSON. The workload is 40 fact columns
//! with 1 to 60 % missing and measures of six conditions with an amount.

use duijie_policy::{Batch, Book, Column, Fraction, Period, Population, RegionFacts, Vocabulary};
use duijie_vocab::{Date, RegionCode};
use std::time::Instant;

const FACTS: usize = 40;

/// SplitMix64, so that a seed means the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is not a number")));
    let subjects = arguments.next().unwrap_or(100_000) as usize;
    let measures = arguments.next().unwrap_or(1_000);
    let seed = arguments.next().unwrap_or(1);
    let mut random = Random(seed);
    let facts: String = (0..FACTS).map(|n| format!("  f{n}: {{kind: {}, period: year, min: 0}}\n", if n % 4 == 3 { "count" } else { "money" })).collect();
    let (vocabulary, faults) = Vocabulary::parse("facts.yaml", &format!("facts:\n{facts}"));
    assert!(faults.is_empty(), "{faults:?}");
    let files = (0..measures).map(|at| (format!("m{at}.yaml"), measure(at, &mut random))).collect();
    let compiling = Instant::now();
    let (book, faults) = Book::compile(vocabulary, files);
    let compile_s = compiling.elapsed().as_secs_f64();
    assert!(faults.is_empty(), "{faults:?}");
    let population = population(subjects, &mut random);
    let regions = RegionFacts::new();
    let on = Date::new(2021, Some(12), Some(31)).expect("BUG: this day exists");
    let raw = Instant::now();
    let batch = Batch::prepare(&book, &population, &regions, on);
    let coded_s = raw.elapsed().as_secs_f64();
    let first = batch.tally();
    let raw_s = raw.elapsed().as_secs_f64();
    let warm = Instant::now();
    let tallies = batch.tally();
    let warm_s = warm.elapsed().as_secs_f64();
    assert_eq!(first, tallies);
    let one = population.facts(book.vocabulary(), 0, &[]);
    let outcomes_s = best_of(20, || assert_eq!(book.outcomes(&one, &regions, on).len(), measures as usize));
    let explained_s = best_of(5, || assert_eq!(book.decide_all(&one, &regions, on).len(), measures as usize));
    let sum = |pick: fn(&duijie_policy::Tally) -> u64| tallies.iter().map(pick).sum::<u64>();
    let pairs = subjects as f64 * measures as f64;
    println!(
        "{{\"subjects\":{subjects},\"measures\":{measures},\"seed\":{seed},\"compile_s\":{compile_s:.4},\"coding_s\":{coded_s:.3},\"raw_wall_s\":{raw_s:.3},\"warm_wall_s\":{warm_s:.3},\"warm_pairs_per_wall_s\":{:.0},\"one_subject_outcomes_s\":{outcomes_s:.6},\"one_subject_explained_s\":{explained_s:.6},\"yes\":{},\"no\":{},\"unknown\":{},\"error\":{},\"amount_fen\":{}}}",
        pairs / warm_s,
        sum(|tally| tally.yes),
        sum(|tally| tally.no),
        sum(|tally| tally.unknown),
        sum(|tally| tally.error),
        tallies.iter().map(|tally| tally.amount_low).sum::<i128>()
    );
}

/// The shortest of several runs.
fn best_of(runs: usize, run: impl Fn()) -> f64 {
    let timed = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    timed.fold(f64::INFINITY, f64::min)
}

/// Six conditions, of which two compare a quotient, and an amount.
fn measure(at: u64, random: &mut Random) -> String {
    let mut text = format!("id: m{at}\nname: m{at}\nperiod: year\nwhen:\n");
    let mut order: Vec<u64> = (0..FACTS as u64).collect();
    for place in 0..12 {
        let other = place + random.below((FACTS - place) as u64) as usize;
        order.swap(place, other);
    }
    for condition in 0..6 {
        let op = [">=", "<", ">", "<="][random.below(4) as usize];
        let fact = order[condition];
        if condition < 2 && fact % 4 != 3 {
            let other = order[6 + condition] / 4 * 4;
            text.push_str(&format!(
                "  - f{fact} / f{} {op} {}%\n",
                if other == fact { (other + 4) % FACTS as u64 } else { other },
                25 * (1 + random.below(12))
            ));
        } else if fact % 4 == 3 {
            text.push_str(&format!("  - f{fact} {op} {}\n", 50 * (1 + random.below(40))));
        } else {
            text.push_str(&format!("  - f{fact} {op} {}万元\n", 100 * (1 + random.below(60))));
        }
    }
    let paid = order[8] / 4 * 4;
    text.push_str(&format!("benefit: {{amount: f{paid} * {}%, cap: 500万元}}\n", 1 + random.below(10)));
    text
}

fn population(subjects: usize, random: &mut Random) -> Population {
    let mut population = Population::new(vec![RegionCode::NATION; subjects]);
    for n in 0..FACTS {
        let missing = 1 + n as u64 * 59 / (FACTS as u64 - 1);
        let known: Vec<bool> = (0..subjects).map(|_| random.below(100) >= missing).collect();
        let span = if n % 4 == 3 { 2_000 } else { 6_000 * 1_000_000 };
        let values = (0..subjects).map(|_| random.below(span) as i64).collect();
        population.set(&format!("f{n}"), Period::Year(2021), Column::Whole { values, known, unit: Fraction::ONE }).expect("BUG: a column of another length");
    }
    population
}
