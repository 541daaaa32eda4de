//! The entries about a subject are found by the links between them, whatever was written, erased,
//! merged, dumped and restored in between.

use crate::world::{World, actor, assert_sound, firm, next, options, put, put_all};
use duijie_journal::{Account, Event, ImportBegun};
use duijie_record::{RecordState, Value};
use duijie_store::{Store, StoreFault};
use duijie_vocab::{Digest, RegionCode};
use std::collections::BTreeSet;

crate::laws!(the_entries_about_a_subject_are_all_those_that_name_it, a_dump_is_restored_with_its_links, links_are_made_again_with_the_state,);

/// A store in which every kind of subject has several entries, some of them of one transaction.
fn filled(world: &World) -> Store {
    let store = world.open();
    let (a, b) = (firm("A1"), firm("A2"));
    let second = next(&a, |record| drop(record.body.insert("phone".into(), Value::text("0519-2"))));
    put_all(&store, &[a.clone(), b.clone(), second.clone()]);
    let account = |name: &str| Account {
        login: "officer".into(),
        name: name.into(),
        hash: "x".into(),
        roles: vec!["officer".into()],
        region: RegionCode::NATION,
        organization: None,
        disabled: false,
        email: String::new(),
        second: None,
    };
    let (first, later) = (account("甲"), account("乙"));
    store
        .write(&actor(), move |tx| {
            tx.put_setting("title", "一")?;
            tx.put_account(&first)?;
            tx.put_setting("title", "二")?;
            assert_eq!(tx.view().setting("title")?.as_deref(), Some("二"), "what waits is seen");
            tx.put_setting("about", "三")?;
            tx.put_matter(&crate::matter::case("1"))?;
            tx.post_transfers(&crate::ledger::batch())?;
            tx.put_setting("title", "四")
        })
        .unwrap();
    // The last entry about the firm and about the account loses its confidential part; both go on after it.
    for seq in [3, 5] {
        store.write(&actor(), move |tx| tx.erase_payload(seq, "")).unwrap();
    }
    let third = next(&second, |record| drop(record.body.remove("phone")));
    let merged = next(&b, |record| record.state = RecordState::Merged(a.id.clone()));
    store
        .write(&actor(), move |tx| {
            put(tx, &third)?;
            put(tx, &next(&third, |record| drop(record.body.remove("staff"))))?;
            put(tx, &merged)?;
            tx.put_account(&later)?;
            let mut moved = crate::matter::case("1");
            moved.version = 2;
            tx.put_matter(&moved)?;
            for file in ["a.xlsx", "b.xlsx"] {
                let begun = ImportBegun { digest: Digest::of(&[b"file"]), file: file.into(), rows_kind: "firm".into() };
                tx.append(Event::ImportBegun(begun), None)?;
            }
            tx.put_setting("title", "五")
        })
        .unwrap();
    store
}

/// Looks for the entries about each subject from every place, and reads the whole journal for it too.
fn look_for_all(store: &Store) {
    let all = store.read(|view| view.entries(0, 1000)).unwrap();
    let subjects: BTreeSet<String> = all.iter().map(|view| view.entry.event.subject()).collect();
    assert!(subjects.len() > 6, "{subjects:?}");
    for subject in subjects.iter().map(String::as_str).chain(["setting:none", "account:none", "firm-none", "none"]) {
        for before in (0..all.len() as i64 + 2).chain([i64::MAX]) {
            for limit in [1, 2, 100] {
                let found = store.read(|view| view.entries_about(subject, before, limit)).unwrap();
                let found: Vec<i64> = found.iter().map(|view| view.entry.seq).collect();
                let named = all.iter().rev().filter(|view| view.entry.event.subject() == subject && view.entry.seq < before);
                assert_eq!(found, named.map(|view| view.entry.seq).take(limit).collect::<Vec<_>>(), "{limit} about {subject} before {before}");
            }
        }
    }
}

fn the_entries_about_a_subject_are_all_those_that_name_it(world: &World) {
    let store = filled(world);
    look_for_all(&store);
    assert_sound(&store);
}

fn a_dump_is_restored_with_its_links(world: &World) {
    let store = filled(world);
    let dump = world.folder.path().join("dump.jsonl");
    store.dump(&dump).unwrap();
    let restored = Store::restore(&dump, world.place(1), options()).unwrap();
    look_for_all(&restored);
    restored.write(&actor(), |tx| tx.put_setting("title", "六")).unwrap();
    look_for_all(&restored);
    assert_sound(&restored);
}

fn links_are_made_again_with_the_state(world: &World) {
    let store = filled(world);
    for change in ["UPDATE entry SET previous = NULL", "UPDATE entry SET previous = seq - 1 WHERE seq > 1", "UPDATE entry SET previous = seq"] {
        world.tamper(change);
        // A wrong link may hide entries, but leads round and round nowhere.
        store.read(|view| view.entries_about("setting:title", 2, 10)).unwrap();
        assert!(!store.check().unwrap().is_sound(), "not found: {change}");
        store.rebuild_state().unwrap();
        look_for_all(&store);
        assert_sound(&store);
    }
    let head = store.read(|view| Ok::<_, StoreFault>(view.head()?.seq)).unwrap();
    assert_eq!(store.rebuild_state().unwrap(), head);
}
