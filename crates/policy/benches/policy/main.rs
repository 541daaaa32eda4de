//! The figures of the policy engine on a workload made from a seed, as one JSON line.
//!
//! `--subjects N --measures N --seed N` change the workload, `--sample N` how many subjects are compared
//! with the reference; `--write DIR` writes it as files for `duijie policy batch`, `--columns DIR` as
//! columns for peers, with what was found.

mod figures;
mod files;
mod rules;
mod workload;

use std::path::PathBuf;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let number = |name: &str, default: usize| after(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} needs a number")));
    let (subjects, measures, seed) = (number("--subjects", 1_000_000), number("--measures", 1000), number("--seed", 1));
    let work = workload::workload(seed as u64, subjects, measures);
    if let Some(folder) = after("--write") {
        files::write(&work, &PathBuf::from(folder)).expect("the workload could not be written");
        return;
    }
    let columns = after("--columns").map(PathBuf::from);
    if let Some(folder) = &columns {
        files::write_columns(&work, folder).expect("the columns could not be written");
    }
    let (figures, tallies) = figures::measure(work, seed, number("--sample", 1000), number("--repeat", 5));
    if let Some(folder) = &columns {
        files::write_tallies(&tallies, folder).expect("the counts could not be written");
    }
    println!("{figures}");
}
