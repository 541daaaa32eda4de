//! `cargo xtask demo`: the whole product on the demo region, through its own commands.

use crate::{cargo, root, run};
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Login, role, region, organization, name. The password is the same for all and for nothing else.
const LOGINS: &[(&str, &str, &str, &str, &str)] = &[
    ("admin", "admin", "全国", "", "管理员"),
    ("officer", "officer", "常州市", "", "常州市经办人"),
    ("wujin", "officer", "武进区", "", "武进区经办人"),
    ("adviser", "adviser", "常州市", "", "科技联络员"),
    ("leader", "leader", "常州市", "", "常州市领导"),
    ("member", "member", "常州市", MEMBER_OF, "企业用户"),
];

/// The invented enterprise that the demo's member acts for.
const MEMBER_OF: &str = "新能源示例企业04";
const PASSWORD: &str = "duijie-demo";

pub(crate) fn run_all(arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    crate::scripts::bundle_or_say()?;
    println!("building (the first time takes some minutes) …");
    run(&mut cargo(&["build", "--release", "--locked", "--package", "duijie"]))?;
    let binary = root().join("target").join("release").join("duijie");
    let binary = if binary.exists() { binary } else { target_dir().join("release").join("duijie") };
    let duijie = Duijie { binary, data: options.data.clone() };
    duijie.load()?;
    println!("\nThe data is in {}. Try: {} --data {} search 锂电池", options.data.display(), duijie.binary.display(), options.data.display());
    if !options.serve {
        return Ok(());
    }
    heading("Serving the portal (end with Ctrl-C)");
    for (login, role, region, ..) in LOGINS {
        println!("  login {login:<8} password {PASSWORD}   {role}, {region}");
    }
    let listen = format!("127.0.0.1:{}", options.port);
    let mut serve = vec!["serve".to_string(), "--listen".into(), listen];
    for (login, role, ..) in LOGINS {
        serve.extend(["--show-login".to_string(), format!("{login}:{PASSWORD}:{role}")]);
    }
    duijie.run(&serve)
}

impl Duijie {
    /// Fills the data directory anew: imports, matches, decides, makes the demo's accounts, checks.
    fn load(&self) -> Result<()> {
        self.begin()?;
        heading("Matching every need");
        self.run(&["match", "--all", "--limit", "3"])?;
        self.decide()?;
        money(self)?;
        heading("Checking the journal");
        self.run(&["check"])
    }

    /// Fills the data directory anew with what the portal's pages show.
    pub(crate) fn load_pages(&self) -> Result<()> {
        self.begin()?;
        self.decide()?;
        money(self)
    }

    fn begin(&self) -> Result<()> {
        if self.data.exists() {
            std::fs::remove_dir_all(&self.data).with_context(|| format!("cannot empty {}", self.data.display()))?;
        }
        heading("Importing the demo region");
        let mut import = vec!["import".to_string()];
        import.extend(demo_files()?);
        import.push("demo/voucher/organizations.csv".to_string());
        self.run(&import)
    }

    fn decide(&self) -> Result<()> {
        heading("Deciding every measure for every enterprise, for 2021");
        self.run(&["policy", "batch", "--period", "2021"])?;
        for (login, role, region, organization, name) in LOGINS {
            self.account(login, role, region, organization, name)?;
        }
        heading("Taking needs from submission towards their outcome");
        self.run(&["case", "play", "demo/cases.acts"])
    }
}

/// The measure whose batch run the demo shows: the tax-growth reward.
const REWARD: &str = "320400.2021.tax-growth";
const SCHEME: &str = "320412-2021";
const ORDERS: &str = "demo/voucher/orders.csv";

/// Pools, the vouchers of five regions through their whole life, and a batch run of entitlements.
fn money(duijie: &Duijie) -> Result<()> {
    heading("Vouchers of the Yangtze delta: 55 agencies, 110 orders, four batches, one settlement");
    for region in ["320412", "310110", "330402", "340100", "330212"] {
        let (scheme, pool) = (format!("demo/voucher/{region}-2021.yaml"), format!("pool:{region}:{region}.voucher.2021"));
        duijie.run(&["voucher", "scheme", &scheme])?;
        duijie.run(&["ledger", "fund", &pool, "500万元", "--id", &format!("{region}-2021")])?;
    }
    duijie.run(&["voucher", "agencies", "demo/voucher/agencies.csv", "--accept"])?;
    duijie.run(&["voucher", "apply", SCHEME, ORDERS])?;
    // Two levels of review are two people.
    duijie.run(&["voucher", "--as", "wujin", "review", SCHEME])?;
    duijie.run(&["voucher", "--as", "officer", "review", SCHEME])?;
    for step in ["order", "deliver", "redeem"] {
        duijie.run(&["voucher", step, SCHEME, ORDERS])?;
    }
    for batch in ["2021-1", "2021-2", "2021-3", "2021-4"] {
        duijie.run(&["voucher", "pay", batch, &format!("示例流水{batch}")])?;
    }
    duijie.run(&["voucher", "settle", "2021"])?;
    duijie.run(&["voucher", "figures", SCHEME])?;
    heading("The tax-growth reward of 2021: who is entitled, and why others are not");
    duijie.run(&["ledger", "fund", "pool:320400:320400.innovation.2021", "5000万元", "--id", "320400-2021"])?;
    duijie.run(&["payout", "preview", REWARD, "--period", "2021"])?;
    duijie.run(&["payout", "run", REWARD, "--period", "2021"])
}

struct Options {
    serve: bool,
    data: PathBuf,
    port: u16,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Options> {
        let mut options = Options { serve: true, data: root().join("demo-data"), port: 8080 };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--no-serve" => options.serve = false,
                "--data" => options.data = PathBuf::from(rest.next().context("--data needs a folder")?),
                "--port" => options.port = rest.next().context("--port needs a number")?.parse().context("--port needs a number")?,
                other => bail!("`cargo xtask demo` does not know `{other}`"),
            }
        }
        Ok(options)
    }
}

/// The product's binary with a data directory of the demo's.
pub(crate) struct Duijie {
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
}

impl Duijie {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(&self.data);
        command
    }

    fn run(&self, arguments: &[impl AsRef<str>]) -> Result<()> {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        run(self.command().args(arguments))
    }

    fn account(&self, login: &str, role: &str, region: &str, organization: &str, name: &str) -> Result<()> {
        let mut command = self.command();
        command.args(["account", "add", login, "--role", role, "--region", region, "--name", name]);
        if !organization.is_empty() {
            command.args(["--organization", organization]);
        }
        let mut child = command.current_dir(root()).stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("the account command takes no input")?;
        writeln!(input, "{PASSWORD}")?;
        drop(input);
        if !child.wait()?.success() {
            bail!("the demo account `{login}` was not made");
        }
        Ok(())
    }
}

fn heading(text: &str) {
    println!("\n── {text}");
}

pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Every file of the demo region, relative to the top folder.
fn demo_files() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["demo", "demo/facts", "demo/policy"] {
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(root().join(folder)).with_context(|| folder.to_string())? {
            let path = entry?.path();
            if matches!(ending(&path), "csv" | "yaml" | "xlsx" | "jsonl") {
                inside.push(format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy()));
            }
        }
        inside.sort();
        found.extend(inside);
    }
    Ok(found)
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
