//! `cargo xtask bench spine`: the figures of the spine, measured through the product's own commands
//! on data made from a seed.

use crate::{cargo, root, run};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some("spine") => spine(&arguments[1..]),
        Some("ledger") => crate::bench_ledger::run_bench(&arguments[1..]),
        Some("payout") => crate::bench_payout::run_bench(&arguments[1..]),
        Some("portal") => crate::bench_portal::run_bench(&arguments[1..]),
        Some("policy") => crate::bench_policy::policy(&arguments[1..]),
        Some("docking") => docking(&arguments[1..]),
        Some("match") => crate::bench_match::bench_match(&arguments[1..]),
        _ => bail!("name a benchmark: spine, ledger, payout, policy, match, docking, portal"),
    }
}

/// The assignment of many cases and a simulated year; `--cases`, `--responders` and `--needs` set the sizes.
fn docking(arguments: &[String]) -> Result<()> {
    let sizes: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&mut cargo(&[&["bench", "--locked", "--package", "duijie-docking", "--bench", "docking", "--"], sizes.as_slice()].concat()))
}

#[derive(Default)]
pub(crate) struct Figures {
    lines: Vec<(String, String)>,
}

impl Figures {
    pub(crate) fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        println!("{name:<42} {value}");
        self.lines.push((name.to_string(), value.to_string()));
    }
}

fn spine(arguments: &[String]) -> Result<()> {
    let json = arguments.iter().any(|argument| argument == "--json");
    let rows = |name: &str, default: usize| -> Result<usize> {
        match arguments.iter().position(|argument| argument == name) {
            Some(at) => arguments.get(at + 1).context("a number is missing")?.parse().with_context(|| format!("{name} needs a number")),
            None => Ok(default),
        }
    };
    let (xlsx_rows, csv_rows) = (rows("--xlsx-rows", 100_000)?, rows("--csv-rows", 1_000_000)?);
    run(&mut cargo(&["build", "--release", "--locked", "--package", "duijie"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target.join("release").join("duijie");
    let folder = target.join("bench-spine");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut figures = Figures { lines: Vec::new() };
    figures.add("binary_mb", format!("{:.1}", std::fs::metadata(&binary)?.len() as f64 / 1e6));

    let csv = folder.join("organizations.csv");
    write_organizations(&csv, xlsx_rows)?;
    let small = folder.join("small");
    // The workbook is made by the product itself from the csv.
    timed(&binary, &small, &["import", &shown(&csv), "--no-index"])?;
    let xlsx = folder.join("organizations.xlsx");
    timed(&binary, &small, &["export", "--kind", "organization", "--format", "xlsx", "-o", &shown(&xlsx)])?;
    let from_xlsx = folder.join("from-xlsx");
    let run = timed(&binary, &from_xlsx, &["import", &shown(&xlsx)])?;
    figures.add("xlsx_rows", xlsx_rows);
    figures.add("xlsx_import_and_index_s", format!("{:.1}", run.seconds));
    figures.add("xlsx_peak_mib", run.peak_mib);

    write_organizations(&csv, csv_rows)?;
    let from_csv = folder.join("from-csv");
    let run = timed(&binary, &from_csv, &["import", &shown(&csv)])?;
    figures.add("csv_rows", csv_rows);
    figures.add("csv_import_and_index_s", format!("{:.1}", run.seconds));
    figures.add("csv_peak_mib", run.peak_mib);

    let (first_page, idle) = first_page(&binary, &from_csv)?;
    figures.add("start_to_first_page_s", format!("{first_page:.2}"));
    figures.add("idle_mib_at_csv_rows", idle);

    println!();
    let said = output(&mut cargo(&["bench", "--locked", "--package", "duijie-store", "--bench", "rates"]))?;
    for (name, words) in [
        ("entries_64_clients_per_s", "settings-together: "),
        ("entries_ratio_to_one_client", "settings: 64 clients together write "),
        ("entries_ratio_to_one_commit_each", "settings: together against a commit per write each: "),
        ("new_rows_64_clients_per_s", "new-settings-together: "),
        ("new_rows_ratio_to_one_client", "new-settings: 64 clients together write "),
        ("new_rows_ratio_to_one_commit_each", "new-settings: together against a commit per write each: "),
        ("records_64_clients_per_s", "records-together: "),
        ("records_ratio_to_one_client", "records: 64 clients together write "),
        ("records_ratio_to_one_commit_each", "records: together against a commit per write each: "),
    ] {
        figures.add(name, number_after(&said, words)?);
    }
    if json {
        let members: Vec<String> = figures.lines.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        println!("{{{}}}", members.join(", "));
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// What a command says on its standard output, which is shown as well; fails if the command does.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stderr(Stdio::inherit()).output().with_context(|| format!("{name} does not start"))?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    print!("{said}");
    anyhow::ensure!(done.status.success(), "{name} ended with {}", done.status);
    Ok(said)
}

/// The number that follows `words` in what a command said.
pub(crate) fn number_after(said: &str, words: &str) -> Result<f64> {
    let at = said.find(words).with_context(|| format!("no line says `{words}`"))? + words.len();
    let digits: String = said[at..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.parse().with_context(|| format!("`{digits}` after `{words}` is no number"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

pub(crate) struct Timed {
    pub(crate) seconds: f64,
    pub(crate) peak_mib: u64,
}

/// Runs a command of the product and watches its memory.
pub(crate) fn timed(binary: &Path, data: &Path, arguments: &[&str]) -> Result<Timed> {
    let begun = Instant::now();
    let mut child = Command::new(binary).arg("--data").arg(data).args(arguments).stdout(Stdio::null()).spawn()?;
    let mut peak_mib = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                bail!("`duijie {}` ended with {status}", arguments.join(" "));
            }
            return Ok(Timed { seconds: begun.elapsed().as_secs_f64(), peak_mib });
        }
        peak_mib = peak_mib.max(memory_mib(child.id(), "VmHWM:"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A figure of a process from its status file, in MiB; 0 if it is gone.
pub(crate) fn memory_mib(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Seconds from the start of a server to its first page, and its memory when idle.
fn first_page(binary: &Path, data: &Path) -> Result<(f64, u64)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let address = format!("127.0.0.1:{port}");
    let begun = Instant::now();
    let mut server = Command::new(binary).arg("--data").arg(data).args(["serve", "--listen", &address]).stdout(Stdio::null()).spawn()?;
    let seconds = wait_for_page(&address, begun);
    std::thread::sleep(Duration::from_secs(2));
    let idle = memory_mib(server.id(), "VmRSS:");
    end(&mut server)?;
    Ok((seconds?, idle))
}

pub(crate) fn wait_for_page(address: &str, begun: Instant) -> Result<f64> {
    while begun.elapsed() < Duration::from_secs(60) {
        if page(address, "/").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(begun.elapsed().as_secs_f64());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("the server gave no page within a minute")
}

/// What comes back for `path`, with its head.
pub(crate) fn page(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

pub(crate) fn end(server: &mut Child) -> Result<()> {
    server.kill()?;
    server.wait()?;
    Ok(())
}

/// Organizations that are all different, from a fixed seed.
pub(crate) fn write_organizations(path: &Path, rows: usize) -> Result<()> {
    const PLACES: [&str; 6] = ["320402", "320404", "320411", "320412", "320213", "330203"];
    const WORDS: [&str; 12] = ["星辰", "恒瑞", "光电", "精密", "新材", "智能", "生物", "数控", "云图", "海川", "德远", "博泰"];
    const FIELDS: [&str; 8] = ["新能源", "新材料", "智能制造", "生物医药", "电子信息", "节能环保", "机器人", "半导体"];
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "机构名称,统一社会信用代码,机构类型,行政区划,成立日期,注册资本（万元）,技术领域,主要产品与服务,地址")?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for row in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |shift: u32, of: usize| (state >> shift) as usize % of;
        let place = PLACES[pick(33, PLACES.len())];
        let name = format!("{}{}{row:07}科技有限公司", WORDS[pick(40, WORDS.len())], WORDS[pick(47, WORDS.len())]);
        let code = credit_code(place, row);
        let (field, other) = (FIELDS[pick(20, FIELDS.len())], FIELDS[pick(25, FIELDS.len())]);
        let (year, month, capital) = (1995 + pick(10, 28), 1 + pick(15, 12), 50 + pick(3, 20_000));
        writeln!(
            out,
            "{name},{code},企业,{place},{year}-{month:02}-15,{capital},{field}；{other},{field}领域的{}部件、{other}检测与技术服务,科技大道{row}号",
            WORDS[pick(51, WORDS.len())]
        )?;
    }
    out.flush()?;
    Ok(())
}

/// An invented code with a valid check digit (GB 32100).
fn credit_code(place: &str, row: usize) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let first = format!("91{place}{row:09}");
    let mut weight = 1;
    let mut sum = 0;
    for byte in first.bytes() {
        sum += ALPHABET.iter().position(|&c| c == byte).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    format!("{first}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}
