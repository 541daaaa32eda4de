//! `cargo xtask bench portal`: records, lists and search pages under a steady rate, under four times
//! what the portal can take, and after that; with wrk on loopback. Hundreds of different pages are asked
//! for in turn, each of them once before the rate is measured; how long the first time took is told too.
//! Ends with a fault if a promise does not hold.

use crate::bench::{Figures, end, memory_mib, page, wait_for_page, write_organizations};
use crate::demo::target_dir;
use crate::{cargo, run};
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Requests that each connection leaves between two of its own, so that all come to the wanted rate.
const CONNECTIONS: usize = 20;
const RATE: usize = 200;
const ADDRESS: &str = "127.0.0.1:18499";
/// Who asks first, before the rate is steady.
const FIRST_CONNECTIONS: usize = 2;
const FIRST_SECONDS: usize = 20;
/// What the portal promises at the wanted rate.
const P99_MS: f64 = 50.0;
/// How much the memory may grow while everything goes on as before.
const GROWTH: f64 = 1.05;
/// How long everything is asked for before memory is looked at, so that what is kept is full and every thread
/// has had its turn.
const WARM_SECONDS: usize = 180;
const PLACES: [&str; 9] = ["", "320000", "330000", "320400", "320402", "320404", "320411", "320412", "320213"];
const WORDS: [&str; 20] = [
    "星辰",
    "恒瑞",
    "光电",
    "精密",
    "新材",
    "智能",
    "生物",
    "数控",
    "云图",
    "海川",
    "德远",
    "博泰",
    "新能源",
    "新材料",
    "智能制造",
    "生物医药",
    "电子信息",
    "节能环保",
    "机器人",
    "半导体",
];

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    let number = |name: &str, default: usize| -> Result<usize> {
        let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
        arguments.get(at + 1).context("a number is missing")?.parse().with_context(|| format!("{name} needs a number"))
    };
    let (records, seconds, soak_minutes) = (number("--records", 1_000_000)?, number("--seconds", 30)?, number("--soak-minutes", 10)?);
    run(&mut cargo(&["build", "--release", "--locked", "--package", "duijie"]))?;
    let binary = target_dir().join("release").join("duijie");
    let folder = target_dir().join("bench-portal");
    let data = folder.join(format!("data-{records}"));
    if !data.exists() {
        std::fs::create_dir_all(&folder)?;
        let csv = folder.join("organizations.csv");
        write_organizations(&csv, records)?;
        run(Command::new(&binary).arg("--data").arg(&data).arg("import").arg(&csv))?;
    }
    let begun = Instant::now();
    let mut server = Command::new(&binary).arg("--data").arg(&data).args(["serve", "--listen", ADDRESS]).stdout(Stdio::null()).spawn()?;
    let measured = wait_for_page(ADDRESS, begun).and_then(|_| measure(&server, &folder, records, seconds, soak_minutes));
    end(&mut server)?;
    measured
}

fn measure(server: &Child, folder: &Path, records: usize, seconds: usize, soak_minutes: usize) -> Result<()> {
    let mut figures = Figures::default();
    figures.add("records", records);
    let lists = lists();
    let pages = [("home", vec!["/".to_string()]), ("record", records_of(&lists)?), ("list", lists), ("search", searches())];
    let mut broken = Vec::new();
    let mut promise = |name: &str, answered: &Answered| {
        if answered.p99_ms > P99_MS || answered.refused + answered.timeouts > 0 {
            broken.push(format!("{name}: p99 {:.1} ms, {} refused, {} timeouts", answered.p99_ms, answered.refused, answered.timeouts));
        }
    };
    for (name, paths) in &pages {
        // The first to ask for a page waits for it to be found; that is told, and not promised.
        wrk(folder, paths, FIRST_CONNECTIONS, None, FIRST_SECONDS)?.tell(&mut figures, &format!("{name}_first"));
        let steady = wrk(folder, paths, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), seconds)?;
        steady.tell(&mut figures, name);
        promise(name, &steady);
    }
    let (lists, searches) = (&pages[2].1, &pages[3].1);
    let flat = wrk(folder, lists, CONNECTIONS, None, seconds)?;
    figures.add("list_most_per_second", format!("{:.0}", flat.rate));
    let over = wrk(folder, lists, 1024, None, seconds)?;
    figures.add("overload_answered_per_second", format!("{:.0}", over.rate - over.refused as f64 / seconds as f64));
    figures.add("overload_told_to_come_back", over.refused);
    figures.add("overload_timeouts", over.timeouts);
    let recovered = wrk(folder, lists, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), seconds)?;
    recovered.tell(&mut figures, "after_overload");
    promise("after_overload", &recovered);
    if soak_minutes > 0 {
        let steady = |seconds| wrk(folder, searches, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), seconds);
        steady(WARM_SECONDS)?;
        // The server's own memory; pages of the index's files are the system's to keep or to drop.
        let before = memory_mib(server.id(), "RssAnon:");
        steady(soak_minutes * 60)?;
        let after = memory_mib(server.id(), "RssAnon:");
        figures.add("memory_mib_before_soak", before);
        figures.add("memory_mib_after_soak", after);
        figures.add("memory_mib_with_files", memory_mib(server.id(), "VmRSS:"));
        if after as f64 > before as f64 * GROWTH {
            broken.push(format!("memory grew from {before} to {after} MiB"));
        }
    }
    if broken.is_empty() { Ok(()) } else { bail!("the portal does not hold: {}", broken.join("; ")) }
}

/// Lists of one kind: some regions, some pages deep.
fn lists() -> Vec<String> {
    let pages = PLACES.iter().flat_map(|place| (1..=20).map(move |page| format!("/organization?region={place}&page={page}")));
    pages.map(|path| path.replace("region=&", "")).collect()
}

/// Searches for one word and for two, in some regions.
fn searches() -> Vec<String> {
    let encoded = |word: &str| word.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let two =
        WORDS.iter().flat_map(|one| WORDS.iter().map(move |other| if one == other { encoded(one) } else { format!("{}+{}", encoded(one), encoded(other)) }));
    two.enumerate().map(|(at, words)| format!("/search?q={words}&region={}", PLACES[at % PLACES.len()]).trim_end_matches("&region=").to_string()).collect()
}

struct Answered {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    refused: u64,
    timeouts: u64,
}

impl Answered {
    fn tell(&self, figures: &mut Figures, name: &str) {
        figures.add(&format!("{name}_per_second"), format!("{:.0}", self.rate));
        figures.add(&format!("{name}_p50_ms"), format!("{:.1}", self.p50_ms));
        figures.add(&format!("{name}_p99_ms"), format!("{:.1}", self.p99_ms));
        figures.add(&format!("{name}_not_2xx"), self.refused);
    }
}

/// Asks for `paths` in turn on `connections` connections; with `pause_ms` each waits that long between two
/// requests, so that the rate is steady and no request waits for the ones before.
fn wrk(folder: &Path, paths: &[String], connections: usize, pause_ms: Option<usize>, seconds: usize) -> Result<Answered> {
    let script = folder.join("pause.lua");
    let pause = pause_ms.map_or(String::new(), |pause| format!("function delay() return {pause} end\n"));
    let mut lua = format!("wrk.headers[\"Accept-Encoding\"] = \"gzip\"\n{pause}local paths = {{\n");
    for path in paths {
        writeln!(lua, "\"{path}\",")?;
    }
    // Threads begin at places of their own, and step by a prime.
    lua.push_str("}\nlocal at = 0\nfunction init() math.randomseed(os.time()) at = math.random(#paths) end\n");
    lua.push_str("function request() at = (at + 7) % #paths return wrk.format(\"GET\", paths[at + 1]) end\n");
    std::fs::write(&script, lua)?;
    let mut command = Command::new("wrk");
    command.args(["-t2", "--latency", "--timeout", "10s", "-c", &connections.to_string(), "-d", &format!("{seconds}s"), "-s"]);
    let output = command.arg(&script).arg(format!("http://{ADDRESS}")).output().context("wrk does not start; install the package `wrk`")?;
    if !output.status.success() {
        bail!("wrk ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    read(&String::from_utf8_lossy(&output.stdout))
}

/// What wrk printed.
fn read(said: &str) -> Result<Answered> {
    let after = |words: &str| said.lines().find_map(|line| line.trim().strip_prefix(words)).map(str::trim);
    let milliseconds = |words: &str| -> Result<f64> {
        let given = after(words).with_context(|| format!("wrk did not print `{words}`"))?;
        let (number, unit) = given.split_at(given.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(given.len()));
        let factor = match unit {
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1000.0,
            _ => bail!("wrk printed `{given}`"),
        };
        Ok(number.parse::<f64>()? * factor)
    };
    let count = |words: &str| after(words).and_then(|rest| rest.split([' ', ',']).next()?.parse().ok()).unwrap_or(0);
    let timeouts = said.split("timeout ").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    Ok(Answered {
        rate: after("Requests/sec:").context("wrk did not print a rate")?.parse()?,
        p50_ms: milliseconds("50%")?,
        p99_ms: milliseconds("99%")?,
        refused: count("Non-2xx or 3xx responses:"),
        timeouts,
    })
}

/// The paths of the records that some of the lists show.
fn records_of(lists: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for list in lists.iter().step_by(7) {
        let page = page(ADDRESS, list)?;
        found.extend(page.split('"').filter(|piece| piece.starts_with("/organization/org-") && piece.matches('/').count() == 2).map(str::to_string));
    }
    found.sort();
    found.dedup();
    if found.is_empty() { bail!("the lists show no record") } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_different_pages_are_asked_for() {
        let (lists, searches) = (lists(), searches());
        assert_eq!((lists.len(), searches.len()), (180, 400));
        assert_eq!(lists[0], "/organization?page=1");
        for paths in [lists, searches] {
            assert!(paths.iter().all(|path| !path.ends_with('=') && !path.contains("=&") && path.is_ascii()), "{paths:?}");
            assert!(paths.iter().collect::<std::collections::BTreeSet<_>>().len() * 10 > paths.len() * 9);
        }
    }

    #[test]
    fn what_wrk_prints_is_read() {
        let said = "  Latency Distribution\n     50%    3.21ms\n     75%    4.00ms\n     90%    5.00ms\n     99%    1.20s\n  6000 requests in 30.00s\n\
                    \x20 Socket errors: connect 0, read 0, write 0, timeout 7\n  Non-2xx or 3xx responses: 12\nRequests/sec:    199.80\n";
        let answered = read(said).unwrap();
        assert_eq!((answered.p50_ms, answered.p99_ms, answered.refused, answered.timeouts), (3.21, 1200.0, 12, 7));
        assert!((answered.rate - 199.8).abs() < 1e-9);
    }
}
