//! A PostgreSQL server from Debian's packages in a temporary folder on a free loopback port: for
//! the conformance suite, and to try the product on. Durable as in production (`fsync` on).

use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How long the server may take to answer after its start, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(100);

const OWNER: &str = "duijie";

/// Starts a server, hands its URL to `f`, and stops it again, whatever came of `f`.
pub(crate) fn with_server(f: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let server = Server::start()?;
    let done = f(&server.url);
    let stopped = server.stop();
    done.and(stopped)
}

/// Whether Debian's PostgreSQL server is on this machine.
pub(crate) fn is_installed() -> bool {
    programs().is_ok()
}

/// Runs a server until the process is ended with its standard input or by a signal.
pub(crate) fn run() -> Result<()> {
    with_server(|url| {
        println!("{url}");
        eprintln!("the server runs until this input ends (Ctrl-D)");
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).context("standard input does not read")?;
        Ok(())
    })
}

struct Server {
    process: Option<Child>,
    folder: PathBuf,
    url: String,
}

impl Server {
    fn start() -> Result<Server> {
        let programs = programs()?;
        let folder = make_folder()?;
        // From here on the folder is removed again, whatever fails.
        let mut server = Server { process: None, folder, url: String::new() };
        let user = Owner::for_server()?;
        user.take(&server.folder)?;
        init(&programs, &user, &server.folder)?;
        let port = free_port()?;
        server.process = Some(launch(&programs, &user, &server.folder, port)?);
        server.url = format!("postgres://{OWNER}@127.0.0.1:{port}/postgres");
        server.wait_until_ready(&programs, port)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, programs: &Path, port: u16) -> Result<()> {
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            let ready = Command::new(programs.join("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status();
            if ready.context("pg_isready cannot be run")?.success() {
                return Ok(());
            }
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait().context("the server cannot be watched")?
            {
                bail!("the server ended at once with {status}:\n{}", self.log());
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!("the server did not answer within {PATIENCE:?}:\n{}", self.log())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|_| "there is no log".to_string())
    }

    fn stop(mut self) -> Result<()> {
        self.end()
    }

    /// Asks the server to stop (a fast shutdown) and waits for it; ends it hard if it does not.
    fn end(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let asked = Command::new("kill").args(["-INT", &process.id().to_string()]).status().context("kill cannot be run")?;
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            if process.try_wait().context("the server cannot be watched")?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        process.kill().context("the server cannot be ended")?;
        process.wait().context("the server cannot be watched")?;
        bail!("the server did not stop within {PATIENCE:?} (asking it: {asked})")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("`{}` could not be removed: {error}", self.folder.display());
        }
    }
}

/// The folder of the newest server that Debian installed.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is not installed: apt-get install postgresql")?;
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
    let newest = versions
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(version)
        .context("PostgreSQL's server is not installed: apt-get install postgresql")?;
    Ok(newest.join("bin"))
}

/// A new folder of our own. Not below the home folder: the server's user has to be able to enter it.
fn make_folder() -> Result<PathBuf> {
    for number in 0..1000 {
        let folder = std::env::temp_dir().join(format!("duijie-pg-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(fault) => return Err(fault).with_context(|| format!("`{}` cannot be made", folder.display())),
        }
    }
    bail!("there is no free name for a temporary folder")
}

/// Whose processes the server's are. PostgreSQL refuses to run as root, so root lends it to another user.
struct Owner {
    /// User and group, if they are not our own.
    other: Option<(u32, u32)>,
}

impl Owner {
    fn for_server() -> Result<Owner> {
        let own = fs::metadata("/proc/self").context("/proc is not there")?.uid();
        if own != 0 {
            return Ok(Owner { other: None });
        }
        let users = fs::read_to_string("/etc/passwd").context("/etc/passwd does not read")?;
        let ids = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let other = ids("postgres").or_else(|| ids("nobody")).context("there is neither a user `postgres` nor `nobody` to run the server as")?;
        Ok(Owner { other: Some(other) })
    }

    fn take(&self, folder: &Path) -> Result<()> {
        if let Some((user, group)) = self.other {
            std::os::unix::fs::chown(folder, Some(user), Some(group)).with_context(|| format!("`{}` cannot be given away", folder.display()))?;
        }
        Ok(())
    }

    fn command(&self, program: &Path) -> Command {
        match self.other {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups").arg(program);
                command
            }
        }
    }
}

fn init(programs: &Path, user: &Owner, folder: &Path) -> Result<()> {
    let data = data(folder);
    let made = user
        .command(&programs.join("initdb"))
        .arg("-D")
        .arg(&data)
        .args(["-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
        .current_dir(folder)
        .output()
        .context("initdb cannot be run")?;
    ensure!(made.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

fn launch(programs: &Path, user: &Owner, folder: &Path, port: u16) -> Result<Child> {
    let log = File::create(folder.join("log")).context("the server's log cannot be made")?;
    let errors = log.try_clone().context("the server's log cannot be shared")?;
    let mut sockets = OsString::from("unix_socket_directories=");
    sockets.push(folder);
    user.command(&programs.join("postgres"))
        .arg("-D")
        .arg(data(folder))
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "synchronous_commit=on", "-c"])
        .arg(sockets)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .context("the server cannot be started")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no loopback port is free")?;
    Ok(listener.local_addr().context("the port has no number")?.port())
}
