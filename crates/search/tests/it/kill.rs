//! Killed at any moment, the index holds exactly the records that its cursor speaks of.

use crate::records::organization;
use duijie_search::{Change, Index, Options};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const FOLDER: &str = "DUIJIE_SEARCH_KILL_FOLDER";
const BATCH: i64 = 40;
const ROUNDS: u64 = 12;

fn open(folder: &Path) -> Index {
    Index::open(folder, Options { writer_memory: 32 << 20, threads: 1 }).unwrap()
}

/// Writes batches of records until somebody stops it. It does its work only as a child of the test below.
#[test]
fn child_that_writes() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let index = open(Path::new(&folder));
    loop {
        let from = index.cursor();
        let batch = (from..from + BATCH).map(|n| Change::Put(Arc::new(organization(&format!("机电公司{n}"), "320402"))));
        index.apply(batch).unwrap();
        index.commit(from + BATCH).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_records_and_cursor_in_agreement() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let mut reached = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_that_writes", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for_commits(folder.path(), reached);
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let index = open(folder.path());
        assert_eq!(index.records(), index.cursor() as u64, "round {round}");
        assert!(index.cursor() > reached, "nothing committed is lost");
        reached = index.cursor();
    }
}

/// Until the child has committed something new: it is killed while it goes on from there.
fn wait_for_commits(folder: &Path, reached: i64) {
    let reader = open(folder);
    for _ in 0..6_000 {
        reader.refresh().unwrap();
        if reader.cursor() > reached {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the child never got to write");
}
