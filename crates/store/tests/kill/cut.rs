//! A cut of power: what was acknowledged is on the disk, not only in the memory that a `kill -9` leaves as it was.
//!
//! The store writes to a file system in a file. That file lies on a file system that copies it as it stands at one
//! moment (`cp --reflink`): the copy holds what had reached the disk then, and nothing of what the kernel had yet to
//! write. It is mounted, which repairs it as after a crash, and looked at. To mount takes root, so that this runs only
//! where `DUIJIE_CUT` is set: `cargo xtask cut`.

use crate::harness::{Child, Plan, acknowledge, as_child, child_place, open};
use crate::transfers::{assert_there, look_at_everything, move_until_killed};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// How many times power is cut; more with `DUIJIE_KILL_ROUNDS`.
const ROUNDS: u64 = 100;

/// The whole chain is checked after every so many rounds, and after the last.
const CHECK_EVERY: u64 = 25;

/// How many cuts a database that waits for no disk may survive by luck.
const LUCKY: u64 = 20;

#[test]
fn a_cut_of_power_loses_no_transfer_that_was_acknowledged() {
    if let Some(store) = as_child() {
        return move_until_killed(&store);
    }
    let Some(disks) = Disks::if_wanted() else { return };
    let plan = Plan::new(ROUNDS);
    let mut acknowledged = BTreeSet::new();
    let mut cut = 0;
    for round in 0..plan.rounds {
        let wait = Duration::from_micros(1_000 + plan.random(round) % 400_000);
        let (before, after) = disks.cut("cut::a_cut_of_power_loses_no_transfer_that_was_acknowledged", wait);
        cut += before.len();
        disks.look(|place| {
            let store = open(place);
            assert_there(&store, &before, plan.seed, round);
            if round % CHECK_EVERY == CHECK_EVERY - 1 || round + 1 == plan.rounds {
                assert_there(&store, &acknowledged, plan.seed, round);
                look_at_everything(&store, plan.seed, round);
            }
        });
        acknowledged.extend(after);
    }
    println!("{} cuts, {cut} transfers acknowledged before one, each there", plan.rounds);
    assert!(cut as u64 > plan.rounds, "the child hardly ever came to write");
}

#[test]
fn a_database_that_waits_for_no_disk_loses_rows_so_that_the_cut_is_one() {
    const NAME: &str = "cut::a_database_that_waits_for_no_disk_loses_rows_so_that_the_cut_is_one";
    if let Some(place) = child_place() {
        return insert_without_waiting(&place);
    }
    let Some(disks) = Disks::if_wanted() else { return };
    let lost = (0..LUCKY).any(|_| {
        let (before, _) = disks.cut(NAME, Duration::from_millis(300));
        let mut there = BTreeSet::new();
        disks.look(|place| there = stored(place).unwrap_or_default());
        before.difference(&there).next().is_some()
    });
    assert!(lost, "{LUCKY} cuts took nothing from a database that waits for no disk");
}

fn insert_without_waiting(place: &str) {
    let database = rusqlite::Connection::open(place).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS t (id TEXT)").unwrap();
    println!("open");
    let begun: i64 = database.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap();
    for number in begun.. {
        database.execute("INSERT INTO t (id) VALUES (?1)", [number.to_string()]).unwrap();
        acknowledge(&number.to_string());
    }
}

fn stored(place: &str) -> rusqlite::Result<BTreeSet<String>> {
    let database = rusqlite::Connection::open(place)?;
    let mut ids = database.prepare("SELECT id FROM t")?;
    ids.query_map([], |row| row.get(0))?.collect()
}

/// A file system in a file on another one in a file, both mounted until this is dropped.
struct Disks {
    folder: tempfile::TempDir,
}

impl Disks {
    fn if_wanted() -> Option<Disks> {
        if std::env::var_os("DUIJIE_CUT").is_none() {
            println!("skipped: DUIJIE_CUT is not set; to mount takes root");
            return None;
        }
        let disks = Disks { folder: tempfile::tempdir().unwrap() };
        for folder in ["under", "disk", "after"] {
            std::fs::create_dir(disks.at(folder)).unwrap();
        }
        make_disk(&disks.at("under.img"), "4G", &["mkfs.xfs", "-q", "-m", "reflink=1"]);
        mount(&disks.at("under.img"), &disks.at("under"));
        make_disk(&disks.at("under/disk.img"), "1G", &["mkfs.ext4", "-q", "-F"]);
        mount(&disks.at("under/disk.img"), &disks.at("disk"));
        Some(disks)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the test `name` for `wait` and takes a picture of its disk. Returns what was acknowledged before that, and
    /// all that was.
    fn cut(&self, name: &str, wait: Duration) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut child = Child::start(name, self.at("disk/duijie.db").to_str().expect("the folder is text"));
        child.wait_until_open();
        thread::sleep(wait);
        let before = child.acknowledged();
        run(Command::new("cp").arg("--reflink=always").arg(self.at("under/disk.img")).arg(self.at("under/after.img")));
        (before, child.kill())
    }

    /// Shows what the picture holds.
    fn look(&self, look: impl FnOnce(&str)) {
        mount(&self.at("under/after.img"), &self.at("after"));
        look(self.at("after/duijie.db").to_str().expect("the folder is text"));
        run(Command::new("umount").arg(self.at("after")));
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        // What is not mounted, as a test failed before, cannot be unmounted; the folder goes in any case.
        for folder in ["after", "disk", "under"] {
            drop(Command::new("umount").arg("--quiet").arg(self.at(folder)).status());
        }
    }
}

fn make_disk(file: &Path, size: &str, make: &[&str]) {
    run(Command::new("truncate").args(["--size", size]).arg(file));
    run(Command::new(make[0]).args(&make[1..]).arg(file));
}

fn mount(file: &Path, folder: &Path) {
    run(Command::new("mount").args(["-o", "loop"]).arg(file).arg(folder));
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(status.success(), "{command:?} ended with {status}");
}
