//! The binary with a data directory of its own.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

pub(crate) struct Product {
    folder: TempDir,
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Product {
    pub(crate) fn new() -> Product {
        Product { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file beside the data and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file beside the data");
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
        command.arg("--data").arg(self.data()).args(["--lang", "en"]).env_remove("DUIJIE_DATABASE").env_remove("DUIJIE_DATA");
        command
    }

    pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Ran {
        ran(self.command().args(arguments).output().expect("the product runs"))
    }

    /// Runs a command that has to end well, and reads what it printed as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        serde_json::from_str(&ran.out).unwrap_or_else(|fault| panic!("{arguments:?} printed no JSON ({fault}): {}", ran.out))
    }

    pub(crate) fn import(&self, path: &Path) -> Ran {
        self.run(&["import".as_ref(), path.as_os_str()])
    }

    /// All records of a kind as the product exports them.
    pub(crate) fn records(&self, kind: &str) -> Vec<Value> {
        match self.json(&["export", "--kind", kind, "--format", "json"]) {
            Value::Array(records) => records,
            other => panic!("not an array: {other}"),
        }
    }

    /// The number of the last journal entry; the journal has to be sound.
    pub(crate) fn entries(&self) -> i64 {
        let report = self.json(&["check", "--format", "json"]);
        assert_eq!(report["sound"], true, "{report}");
        report["entries"].as_i64().expect("a number of entries")
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The repository's demo region.
pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// Its files: records first in any order, then the yearly facts and the measures.
pub(crate) fn demo_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [demo(), demo().join("facts"), demo().join("policy")] {
        for entry in std::fs::read_dir(&folder).expect("the demo region") {
            let path = entry.expect("a file").path();
            if path.extension().is_some_and(|ending| ending == "csv" || ending == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
