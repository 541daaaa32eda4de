//! `cargo xtask bench payout`: entitlements at the size of a city, through the product's own commands:
//! firms and their yearly facts are imported, a thousand measures previewed beside one another, then
//! one of them alone, then its payouts are committed. Time and peak memory of each are printed.

use crate::bench::{Figures, Timed, timed};
use crate::{cargo, root, run};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The measure that is paid out, and its pool.
const PAID: &str = "320400.2021.bench-0000";
const POOL: &str = "pool:320400:bench";

struct Sizes {
    firms: usize,
    measures: usize,
    payouts: usize,
}

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| arguments.get(at + 1).cloned().unwrap_or_default());
    let number = |name: &str, default: usize| after(name).map_or(Ok(default), |text| text.parse().with_context(|| format!("{name} needs a number")));
    let sizes = Sizes { firms: number("--firms", 1_000_000)?, measures: number("--measures", 1_000)?, payouts: number("--payouts", 100_000)? };
    ensure!(sizes.payouts <= sizes.firms && sizes.measures > 0, "there are at most as many payouts as firms, and at least one measure");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = match after("--binary") {
        Some(binary) => PathBuf::from(binary),
        None => {
            run(&mut cargo(&["build", "--release", "--locked", "--package", "duijie"]))?;
            target.join("release").join("duijie")
        }
    };
    let folder = target.join("bench-payout");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(folder.join("policy"))?;
    write_firms(&folder, &sizes)?;
    write_measures(&folder.join("policy"), &sizes)?;
    measure(&binary, &folder, &sizes)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn measure(binary: &Path, folder: &Path, sizes: &Sizes) -> Result<()> {
    let data = folder.join("data");
    let path = |name: &str| folder.join(name).display().to_string();
    let mut figures = Figures::default();
    let mut step = |name: &str, arguments: &[&str]| -> Result<()> {
        let Timed { seconds, peak_mib } = timed(binary, &data, arguments)?;
        figures.add(&format!("{name}_s"), format!("{seconds:.1}"));
        figures.add(&format!("{name}_peak_mib"), peak_mib);
        Ok(())
    };
    println!("{:<42} {} × {}, {} paid", "firms × measures", sizes.firms, sizes.measures, sizes.payouts);
    step("import_firms", &["import", "--no-index", &path("organizations.csv")])?;
    step("import_facts", &["import", "--no-index", &path("facts.csv")])?;
    let mut measures: Vec<String> = vec!["import".to_string(), "--no-index".to_string()];
    for entry in std::fs::read_dir(folder.join("policy"))? {
        measures.push(entry?.path().display().to_string());
    }
    step("import_measures", &measures.iter().map(String::as_str).collect::<Vec<_>>())?;
    step("fund", &["ledger", "fund", POOL, "1000亿元", "--id", "1"])?;
    step("preview_all_measures", &["payout", "preview", "--period", "2021"])?;
    step("preview_one_measure", &["payout", "preview", PAID, "--period", "2021"])?;
    step("commit_payouts", &["payout", "run", PAID, "--period", "2021"])?;
    step("run_again", &["payout", "run", PAID, "--period", "2021"])
}

/// Firms with their facts of a year. Each has another number of staff, from 1 to as many as there are
/// firms, so that a threshold entitles exactly as many as are wanted; other facts are missing here and there.
fn write_firms(folder: &Path, sizes: &Sizes) -> Result<()> {
    const PLACES: [&str; 4] = ["320402", "320404", "320411", "320412"];
    let mut firms = BufWriter::new(File::create(folder.join("organizations.csv"))?);
    let mut facts = BufWriter::new(File::create(folder.join("facts.csv"))?);
    writeln!(firms, "机构名称,机构类型,行政区划")?;
    writeln!(facts, "企业名称,时期,营业收入（万元）,研发费用（万元）,纳税总额（万元）,资产总额（万元）,职工总数")?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for row in 0..sizes.firms {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = format!("常州示例{row:07}科技有限公司");
        writeln!(firms, "{name},企业,{}", PLACES[row % PLACES.len()])?;
        let value = |shift: u32, below: u64| {
            let drawn = state >> shift;
            if drawn.is_multiple_of(7) { String::new() } else { (drawn % below).to_string() }
        };
        let (revenue, research, tax, assets) = (value(13, 100_000), value(17, 5_000), value(23, 3_000), value(29, 200_000));
        writeln!(facts, "{name},2021,{revenue},{research},{tax},{assets},{}", row + 1)?;
    }
    firms.flush()?;
    Ok(facts.flush()?)
}

fn write_measures(folder: &Path, sizes: &Sizes) -> Result<()> {
    std::fs::copy(root().join("demo/policy/facts.yaml"), folder.join("facts.yaml"))?;
    for number in 0..sizes.measures {
        let rules = match number {
            0 => format!("  - label: 人数\n    rule: 职工总数 > {}\n", sizes.firms - sizes.payouts),
            _ => format!(
                "  - label: 收入\n    rule: 营业收入 >= {}万元\n  - label: 强度\n    rule: 研发费用 / 营业收入 >= {}%\n  - label: 税收\n    rule: 纳税总额 >= {}万元\n  - label: 资产\n    rule: 资产总额 < {}万元\n",
                number * 90,
                1 + number % 9,
                number % 1_500,
                200_000 - number * 100
            ),
        };
        let (id, pool) = (format!("320400.2021.bench-{number:04}"), if number == 0 { "bench".to_string() } else { format!("bench-{}", number % 50) });
        let amount = if number % 2 == 0 { "1万元".to_string() } else { format!("研发费用 × {}%", 1 + number % 10) };
        let text = format!(
            "id: \"{id}\"\nname: {{zh: 测算条款{number}, en: measure {number}}}\nbasis: [{{document: 测算, issuer: 常州市, year: 2021}}]\nregion: \"320400\"\nsubject: enterprise\n\
             in_force: 2021-01-01..2023-12-31\nperiod: year\nwindow: 03-01..04-30\ndelivery: automatic\nwhen:\n{rules}benefit:\n  kind: reward\n  amount: {amount}\n  rounding: {{to: 元, mode: half_up}}\n\
             budget: {{pool: {pool}, order: first_come}}\ncertainty: A\nsource: [测算]\n"
        );
        std::fs::write(folder.join(format!("{id}.yaml")), text)?;
    }
    Ok(())
}
