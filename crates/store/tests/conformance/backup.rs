//! Backup, dump and restore.

use crate::world::{Engine, World, actor, assert_sound, firm, options, put, put_all};
use duijie_store::{BackupError, Location, Store};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

crate::laws!(
    a_backup_made_while_writing_restores_to_a_sound_store,
    a_backup_overwrites_nothing_and_a_restore_needs_an_empty_place,
    a_dump_restores_to_either_engine,
    a_dump_that_was_cut_or_changed_is_refused_and_leaves_nothing,
);

fn restore(from: &Path, to: Location) -> Result<Store, BackupError> {
    Store::restore(from, to, options())
}

fn a_backup_made_while_writing_restores_to_a_sound_store(world: &World) {
    let store = world.open();
    put_all(&store, &(0..200).map(|n| firm(&format!("A{n}"))).collect::<Vec<_>>());
    let stop = AtomicBool::new(false);
    let file = world.folder.path().join("backup");
    let (before, after) = thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                store.write(&actor(), move |tx| put(tx, &firm(&format!("B{n}")))).unwrap();
            }
        });
        let before = store.read(|view| view.head()).unwrap().seq;
        store.backup(&file).unwrap();
        let after = store.read(|view| view.head()).unwrap().seq;
        stop.store(true, Ordering::Relaxed);
        (before, after)
    });
    let restored = restore(&file, world.place(1)).unwrap();
    let head = restored.read(|view| view.head()).unwrap();
    assert!((before..=after).contains(&head.seq));
    assert_eq!(store.read(|view| view.entry(head.seq)).unwrap().unwrap().digest, head.digest);
    assert_sound(&restored);
    put_all(&restored, &[firm("C1")]);
    assert_sound(&restored);
}

fn a_backup_overwrites_nothing_and_a_restore_needs_an_empty_place(world: &World) {
    let store = world.open();
    put_all(&store, &[firm("A1")]);
    let file = world.folder.path().join("backup");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(store.backup(&file), Err(BackupError::Exists(_))));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert!(matches!(store.backup(&world.folder.path().join("no/folder")), Err(BackupError::File { .. })));
    let good = world.folder.path().join("good");
    store.backup(&good).unwrap();
    assert!(matches!(restore(&good, world.place(0)), Err(BackupError::NotEmpty(_))));
    assert!(matches!(restore(&file, world.place(1)), Err(BackupError::Unknown(_))));
    assert!(matches!(restore(&world.folder.path().join("none"), world.place(1)), Err(BackupError::File { .. })));
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 1);
    assert!(!world.folder.path().join("good.part").exists());
}

fn a_dump_restores_to_either_engine(world: &World) {
    let store = world.open();
    put_all(&store, &[firm("A1"), firm("A2")]);
    store.write(&actor(), |tx| tx.erase_payload(1, "")).unwrap();
    let dump = world.folder.path().join("dump");
    store.dump(&dump).unwrap();
    let local = restore(&dump, Location::Sqlite(world.folder.path().join("local.db"))).unwrap();
    let here = restore(&dump, world.place(1)).unwrap();
    for restored in [&local, &here] {
        assert_eq!(restored.read(|view| view.head()).unwrap(), store.read(|view| view.head()).unwrap());
        let row = |store: &Store| store.read(|view| view.get(&firm("A1").id)).unwrap();
        assert_eq!(row(restored), row(&store));
        assert_sound(restored);
    }
    if world.engine == Engine::Postgres {
        let file = world.folder.path().join("file.db");
        local.backup(&file).unwrap();
        assert!(matches!(restore(&file, world.place(2)), Err(BackupError::FileToServer)));
    }
}

fn a_dump_that_was_cut_or_changed_is_refused_and_leaves_nothing(world: &World) {
    let store = world.open();
    put_all(&store, &[firm("A1"), firm("A2")]);
    let file = world.folder.path().join("dump");
    store.dump(&file).unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let bad = [
        lines[..3].join("\n"),
        lines[..1].join("\n"),
        [lines[0], lines[2], lines[3]].join("\n"),
        [lines[0], lines[1], lines[3]].join("\n"),
        whole.replace("320402", "320404"),
        whole.replace("duijie-journal-1", "duijie-journal-9"),
        format!("{}\n{{\"x\":1}}\n{}", lines[0], lines[1..].join("\n")),
    ];
    for text in bad {
        std::fs::write(&file, &text).unwrap();
        let refused = restore(&file, world.place(1)).map(drop);
        assert!(matches!(refused, Err(BackupError::CutOff { .. } | BackupError::Malformed { .. })), "{refused:?}");
        let empty = Store::open(world.place(1), options()).unwrap();
        assert_eq!(empty.read(|view| view.head()).unwrap().seq, 0);
    }
    std::fs::write(&file, &whole).unwrap();
    assert_sound(&restore(&file, world.place(1)).unwrap());
}
