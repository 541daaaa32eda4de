//! `cargo xtask bench portal`: a record, a list and a search page under a steady rate, under four
//! times what the portal can take, and after that; with wrk on loopback.

use crate::bench::{Figures, end, memory_mib, wait_for_page, write_organizations};
use crate::demo::target_dir;
use crate::{cargo, run};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Requests that each connection leaves between two of its own, so that all come to the wanted rate.
const CONNECTIONS: usize = 20;
const RATE: usize = 200;
const ADDRESS: &str = "127.0.0.1:18499";

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
    let record = first_record()?;
    let pages = [("record", record.as_str()), ("list", "/organization"), ("search", "/search?q=%E6%96%B0%E6%9D%90%E6%96%99")];
    for (name, path) in pages {
        let steady = wrk(folder, path, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), seconds)?;
        steady.tell(&mut figures, name);
    }
    let flat = wrk(folder, pages[1].1, CONNECTIONS, None, seconds)?;
    figures.add("list_most_per_second", format!("{:.0}", flat.rate));
    let over = wrk(folder, pages[1].1, 1024, None, seconds)?;
    figures.add("overload_answered_per_second", format!("{:.0}", over.rate - over.refused as f64 / seconds as f64));
    figures.add("overload_told_to_come_back", over.refused);
    figures.add("overload_timeouts", over.timeouts);
    wrk(folder, pages[1].1, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), seconds)?.tell(&mut figures, "after_overload");
    if soak_minutes > 0 {
        let before = memory_mib(server.id(), "VmRSS");
        wrk(folder, pages[2].1, CONNECTIONS, Some(CONNECTIONS * 1000 / RATE), soak_minutes * 60)?;
        let after = memory_mib(server.id(), "VmRSS");
        figures.add("memory_mib_before_soak", before);
        figures.add("memory_mib_after_soak", after);
    }
    Ok(())
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

/// Asks for `path` on `connections` connections; with `pause_ms` each waits that long between two
/// requests, so that the rate is steady and no request waits for the ones before.
fn wrk(folder: &Path, path: &str, connections: usize, pause_ms: Option<usize>, seconds: usize) -> Result<Answered> {
    let script = folder.join("pause.lua");
    let pause = pause_ms.map_or(String::new(), |pause| format!("function delay() return {pause} end\n"));
    std::fs::write(&script, format!("wrk.headers[\"Accept-Encoding\"] = \"gzip\"\n{pause}"))?;
    let mut command = Command::new("wrk");
    command.args(["-t2", "--latency", "--timeout", "10s", "-c", &connections.to_string(), "-d", &format!("{seconds}s"), "-s"]);
    let output = command.arg(&script).arg(format!("http://{ADDRESS}{path}")).output().context("wrk does not start; install the package `wrk`")?;
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

/// The path of some record.
fn first_record() -> Result<String> {
    let page = Command::new("wget").args(["-qO-", &format!("http://{ADDRESS}/organization")]).output().context("wget does not start")?;
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    let found = page.split('"').find(|piece| piece.starts_with("/organization/org-"));
    found.map(str::to_string).context("the list shows no record")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let said = "  Latency Distribution\n     50%    3.21ms\n     75%    4.00ms\n     90%    5.00ms\n     99%    1.20s\n  6000 requests in 30.00s\n\
                    \x20 Socket errors: connect 0, read 0, write 0, timeout 7\n  Non-2xx or 3xx responses: 12\nRequests/sec:    199.80\n";
        let answered = read(said).unwrap();
        assert_eq!((answered.p50_ms, answered.p99_ms, answered.refused, answered.timeouts), (3.21, 1200.0, 12, 7));
        assert!((answered.rate - 199.8).abs() < 1e-9);
    }
}
