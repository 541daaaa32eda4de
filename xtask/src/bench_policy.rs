//! `cargo xtask bench policy`: the figures of the policy engine, with peers on the same data in the same
//! run. The engine measures itself in its benchmark; peers are Python scripts in `bench/peers/`, installed
//! into a folder of their own. Without Python the engine's figures are given alone.

use crate::{cargo, root};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A peer's script, and how many measures it gets: a slow one is measured on a part.
const PEERS: [(&str, &str, usize); 3] =
    [("numpy", "numpy_chunks.py", usize::MAX), ("polars", "polars_columns.py", usize::MAX), ("duckdb", "duckdb_sql.py", 50)];

pub(crate) fn policy(arguments: &[String]) -> Result<()> {
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| arguments.get(at + 1).cloned().unwrap_or_default());
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let seed = after("--seed").unwrap_or_else(|| "1".to_string());
    let subjects = after("--scale").unwrap_or_else(|| "1000000".to_string());
    let measures = after("--measures").unwrap_or_else(|| "1000".to_string());
    let workload = ["--seed", &seed, "--subjects", &subjects, "--measures", &measures];
    if let Some(folder) = after("--write") {
        let folder = std::path::absolute(folder)?;
        engine(&[&workload[..], &["--write", &folder.to_string_lossy()]].concat())?;
        return Ok(());
    }
    let columns = folder().join("columns");
    let columns_shown = columns.to_string_lossy().into_owned();
    let wants_peers = !has("--no-peers");
    let own = if wants_peers { engine(&[&workload[..], &["--columns", &columns_shown]].concat())? } else { engine(&workload)? };
    let mut figures: Value = serde_json::from_str(own.trim()).context("the benchmark printed no figures")?;
    let (ran, why) = if wants_peers { peers(&columns) } else { (Vec::new(), Some("peers were not asked for".to_string())) };
    compare(&mut figures, &ran, &columns)?;
    if let Some(why) = why {
        eprintln!("peers: {why}");
        figures["peers_missing"] = json!(why);
    }
    if has("--json") {
        println!("{figures}");
    } else {
        figures.as_object().into_iter().flatten().for_each(|(name, value)| println!("{name:<28} {value}"));
    }
    Ok(())
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn folder() -> PathBuf {
    target().join("bench-policy")
}

/// Runs the engine's benchmark and gives what it prints.
fn engine(arguments: &[&str]) -> Result<String> {
    let mut command = cargo(&["bench", "--locked", "--package", "duijie-policy", "--bench", "policy", "--"]);
    let output = command.args(arguments).current_dir(root()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the benchmark of the policy engine ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What each peer reports, and why some did not.
fn peers(columns: &Path) -> (Vec<Value>, Option<String>) {
    let python = match installed() {
        Ok(python) => python,
        Err(error) => return (Vec::new(), Some(format!("{error:#}"))),
    };
    let mut ran = Vec::new();
    let mut failed = Vec::new();
    for (name, script, measures) in PEERS {
        match peer(&python, script, columns, measures) {
            Ok(report) => ran.push(report),
            Err(error) => failed.push(format!("{name}: {error:#}")),
        }
    }
    (ran, (!failed.is_empty()).then(|| failed.join("; ")))
}

fn peer(python: &Path, script: &str, columns: &Path, measures: usize) -> Result<Value> {
    let mut command = Command::new(python);
    command.arg(root().join("bench/peers").join(script)).arg(columns);
    if measures != usize::MAX {
        command.arg(measures.to_string());
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("`{script}` ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A Python with the peers, installed once.
fn installed() -> Result<PathBuf> {
    let environment = folder().join("venv");
    let python = environment.join("bin").join("python");
    let requirements = root().join("bench/peers/requirements.txt");
    if !python.exists() {
        let status = Command::new("python3").args(["-m", "venv"]).arg(&environment).status().context("there is no python3")?;
        if !status.success() {
            bail!("`python3 -m venv` ended with {status}");
        }
    }
    let ready = Command::new(&python).args(["-c", "import numpy, polars, duckdb"]).stderr(Stdio::null()).status()?;
    if !ready.success() {
        let status = Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements).stdout(Stdio::null()).status()?;
        if !status.success() {
            bail!("pip could not install the peers ({status})");
        }
    }
    Ok(python)
}

/// Adds each peer's speed, the ratio to the best per second of a processor on as many threads, and of wall time, and whether its counts and sums are the engine's.
fn compare(figures: &mut Value, ran: &[Value], columns: &Path) -> Result<()> {
    let own = |name: &str| figures[name].as_f64().context("no speed was measured");
    let (all, one) = (own("warm_pairs_per_cpu_s")?, own("one_thread_pairs_per_cpu_s")?);
    let per_second = all * own("warm_cpu_s")? / own("warm_wall_s")?;
    let number = |report: &Value, name: &str| report[name].as_f64().unwrap_or(0.0);
    let speed = |report: &Value| number(report, "pairs_per_cpu_s");
    let ratio = |own: f64, other: f64| json!((own / other * 10.0).round() / 10.0);
    if let Some(best) = ran.iter().max_by(|a, b| speed(a).total_cmp(&speed(b))) {
        // Two threads share caches and memory: a peer on one thread is compared with the engine on one.
        let alone = number(best, "cpu_s") < 1.2 * number(best, "wall_s");
        let more = [
            ("best_peer", best["peer"].clone()),
            ("ratio_to_best_peer", ratio(if alone { one } else { all }, speed(best))),
            ("wall_ratio_to_best_peer", ratio(per_second, speed(best) * number(best, "cpu_s") / number(best, "wall_s"))),
        ];
        more.into_iter().for_each(|(name, value)| figures[name] = value);
    }
    let mut reports = Vec::new();
    for report in ran {
        let agrees = agrees(report, columns)?;
        if !agrees {
            figures["equal_to_reference"] = json!(false);
        }
        let mut report = report.clone();
        report.as_object_mut().map(|report| report.remove("results"));
        report["agrees"] = json!(agrees);
        reports.push(report);
    }
    figures["peers"] = json!(reports);
    Ok(())
}

/// Whether a peer found the same counts of yes, no and unknown and the same least sums.
fn agrees(report: &Value, columns: &Path) -> Result<bool> {
    let own: Vec<Value> = serde_json::from_slice(&std::fs::read(columns.join("tallies.json"))?)?;
    let found = report["results"].as_array().context("a peer gave no results")?;
    let different = found.iter().zip(&own).position(|(found, own)| found != own);
    if let Some(at) = different {
        eprintln!("{}: measure {at} gives {} instead of {}", report["peer"], found[at], own[at]);
    }
    Ok(different.is_none())
}
