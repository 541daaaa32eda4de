//! Opening: what is refused, and what it says.

use crate::world::{Engine, World, actor, assert_sound, firm, options, put, put_all};
use duijie_record::Value;
use duijie_store::{FaultKind, Location, OpenError, Options, Store, WriteError};
use std::thread;

crate::laws!(what_was_written_is_there_after_reopening, a_database_of_a_newer_version_is_refused, two_handles_on_one_database_share_the_journal,);

fn what_was_written_is_there_after_reopening(world: &World) {
    let store = world.open();
    put_all(&store, &[firm("A1"), firm("A2")]);
    drop(store);
    let store = world.open();
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 2);
    put_all(&store, &[firm("A3")]);
    assert_sound(&store);
}

fn a_database_of_a_newer_version_is_refused(world: &World) {
    drop(world.open());
    world.tamper("INSERT INTO migration (version, name, applied) VALUES (99, 'future', 0)");
    match Store::open(world.place(0), options()).map(drop) {
        Err(error @ OpenError::Newer { found: 99, .. }) => {
            let said = error.to_string();
            assert!(said.contains("99") && said.contains("use the newer program"), "{said}");
        }
        other => panic!("{other:?}"),
    }
}

fn two_handles_on_one_database_share_the_journal(world: &World) {
    let (one, two) = (world.open(), world.open());
    put_all(&one, &[firm("A1")]);
    assert_eq!(put_all(&two, &[firm("A2")]), 2);
    assert_eq!(put_all(&one, &[firm("A3")]), 3);
    // What another process wrote is seen when the wait is over.
    assert_eq!(two.subscribe().wait(2, std::time::Duration::from_millis(1)).unwrap(), 3);
    assert_sound(&two);
}

#[test]
fn files_that_are_no_store_are_refused_each_in_its_own_words() {
    let world = World::new(Engine::Sqlite).unwrap();
    let open = |name: &str| Store::open(Location::Sqlite(world.folder.path().join(name)), options()).map(drop);
    std::fs::write(world.folder.path().join("text.db"), "企业,代码\n".repeat(1000)).unwrap();
    assert!(matches!(open("text.db"), Err(OpenError::NotADatabase { .. })));
    rusqlite::Connection::open(world.folder.path().join("other.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(matches!(open("other.db"), Err(OpenError::Foreign { .. })));
    assert!(matches!(open("no/such/folder.db"), Err(OpenError::NotWritable { .. })));
    assert!(matches!(open("."), Err(OpenError::NotWritable { .. })));
    let nowhere = Store::open(Location::Postgres("postgres://me:secret@127.0.0.1:1/none".into()), options()).map(drop);
    match nowhere {
        Err(error @ OpenError::Unreachable { .. }) => assert!(!error.to_string().contains("secret")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_disk_refuses_writes_and_lets_them_go_on_when_there_is_space() {
    let world = World::new(Engine::Sqlite).unwrap();
    let big = |code: &str| {
        let mut record = firm(code);
        record.body.insert("name".into(), Value::text("长".repeat(1_000_000)));
        record
    };
    let limited = Options { max_bytes: Some(1_000_000), ..options() };
    let store = Store::open(world.place(0), limited).unwrap();
    put_all(&store, &[firm("A1")]);
    let before = store.read(|view| view.head()).unwrap();
    // Those that share a commit with one that does not fit are written all the same.
    let answers: Vec<_> = thread::scope(|scope| {
        let write = |n: usize| {
            let (store, record) = (store.clone(), if n.is_multiple_of(4) { big(&format!("B{n}")) } else { firm(&format!("B{n}")) });
            move || store.write(&actor(), move |tx| put(tx, &record))
        };
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(write(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (n, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(_) => assert!(!n.is_multiple_of(4)),
            Err(WriteError::Storage(fault)) => assert_eq!((n % 4, fault.kind), (0, FaultKind::Full)),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(store.read(|view| view.head()).unwrap().seq, before.seq + 12);
    assert_sound(&store);
    drop(store);
    let store = world.open();
    put_all(&store, &[big("B0")]);
    assert_sound(&store);
}
