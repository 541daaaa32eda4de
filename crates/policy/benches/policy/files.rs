//! The workload as files: measures and a table of facts for the product, columns of numbers for peers.

use super::workload::{ColumnData, FACTS, Kind, Workload, facts_yaml, word};
use duijie_policy::Tally;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// `measures/` with its `facts.yaml`, and `facts.csv`.
pub(crate) fn write(work: &Workload, folder: &Path) -> io::Result<()> {
    let measures = folder.join("measures");
    fs::create_dir_all(&measures)?;
    fs::write(measures.join("facts.yaml"), facts_yaml())?;
    for measure in &work.measures {
        fs::write(measures.join(format!("{}.yaml", measure.id)), measure.yaml())?;
    }
    let mut table = BufWriter::new(File::create(folder.join("facts.csv"))?);
    let names: Vec<String> = work.columns.iter().map(|column| format!("{}@{}", FACTS[column.fact].zh, column.year)).collect();
    writeln!(table, "id,{}", names.join(","))?;
    for subject in 0..work.subjects() {
        write!(table, "S{subject:07}")?;
        for column in &work.columns {
            table.write_all(b",")?;
            if column.known[subject] {
                write_cell(&mut table, column, column.values[subject])?;
            }
        }
        table.write_all(b"\n")?;
    }
    table.flush()
}

fn write_cell(table: &mut impl Write, column: &ColumnData, value: i64) -> io::Result<()> {
    match FACTS[column.fact].kind {
        Kind::Money(..) => write!(table, "{}.{:02}", value / 100, value % 100),
        Kind::Count(_) => write!(table, "{value}"),
        Kind::Ratio => write!(table, "{}.{:02}%", value / 100, value % 100),
        Kind::Bool => table.write_all(if value == 1 { "是" } else { "否" }.as_bytes()),
        Kind::Code(_) => table.write_all(word(value as u32).as_bytes()),
    }
}

/// `NN.i64` and `NN.known` for each column, little-endian, and `workload.json`.
pub(crate) fn write_columns(work: &Workload, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (at, column) in work.columns.iter().enumerate() {
        let mut values = BufWriter::new(File::create(folder.join(format!("{at:02}.i64")))?);
        column.values.iter().try_for_each(|value| values.write_all(&value.to_le_bytes()))?;
        values.flush()?;
        fs::write(folder.join(format!("{at:02}.known")), column.known.iter().map(|&known| u8::from(known)).collect::<Vec<u8>>())?;
    }
    let measures: Vec<_> = work.measures.iter().map(super::rules::Measure::data).collect();
    let data = json!({"subjects": work.subjects(), "columns": work.columns.len(), "measures": measures});
    fs::write(folder.join("workload.json"), data.to_string())
}

/// Yes, no, unknown and the least sum in Fen of every measure.
pub(crate) fn write_tallies(tallies: &[Tally], folder: &Path) -> io::Result<()> {
    let rows: Vec<_> = tallies.iter().map(|tally| json!([tally.yes, tally.no, tally.unknown, tally.amount_low as i64])).collect();
    fs::write(folder.join("tallies.json"), json!(rows).to_string())
}
