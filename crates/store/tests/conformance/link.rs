//! Keys, links and merges.

use crate::world::{World, actor, assert_sound, firm, next, put, put_all};
use duijie_record::{Record, RecordState, Value};
use duijie_store::{Store, TxError, WriteError};
use duijie_vocab::RecordId;

crate::laws!(
    a_link_waits_for_the_record_it_names,
    a_name_that_several_bear_leads_nowhere_until_one_is_left,
    a_merged_record_leads_to_the_one_that_was_kept,
    a_merge_that_makes_no_sense_is_refused,
    keys_that_no_index_holds_work_like_others,
);

fn owned(code: &str, owner: &str) -> Record {
    let mut record = firm(code);
    record.body.insert("owner".into(), Value::text(owner));
    record
}

fn target(store: &Store, from: &Record) -> Option<RecordId> {
    store.read(|view| view.links_from(&from.id)).unwrap().pop().and_then(|link| link.to)
}

fn a_link_waits_for_the_record_it_names(world: &World) {
    let store = world.open();
    let (child, parent) = (owned("A1", "P1"), firm("P1"));
    put_all(&store, std::slice::from_ref(&child));
    assert_eq!(target(&store, &child), None);
    put_all(&store, std::slice::from_ref(&parent));
    assert_eq!(target(&store, &child), Some(parent.id.clone()));
    assert_eq!(store.read(|view| view.links_to(&parent.id, 10)).unwrap()[0].from, child.id);
    let renamed = next(&parent, |record| drop(record.body.insert("code".into(), Value::text("P2"))));
    put_all(&store, std::slice::from_ref(&renamed));
    assert_eq!(target(&store, &child), None);
    let moved = next(&child, |record| drop(record.body.insert("owner".into(), Value::text("P2"))));
    put_all(&store, std::slice::from_ref(&moved));
    assert_eq!(target(&store, &child), Some(parent.id.clone()));
    put_all(&store, &[next(&moved, |record| drop(record.body.remove("owner")))]);
    assert_eq!(store.read(|view| view.links_from(&child.id)).unwrap(), []);
    assert_sound(&store);
}

fn a_name_that_several_bear_leads_nowhere_until_one_is_left(world: &World) {
    let store = world.open();
    let named = |code: &str| {
        let mut record = firm(code);
        record.body.insert("name".into(), Value::text("光华厂"));
        record
    };
    let (child, one, two) = (owned("A1", "光华厂"), named("P1"), named("P2"));
    put_all(&store, &[child.clone(), one.clone()]);
    assert_eq!(target(&store, &child), Some(one.id.clone()));
    put_all(&store, std::slice::from_ref(&two));
    assert_eq!(target(&store, &child), None);
    assert_eq!(store.read(|view| view.find_by_key("firm", "光华厂")).unwrap().len(), 2);
    put_all(&store, &[next(&two, |record| record.state = RecordState::Merged(one.id.clone()))]);
    assert_eq!(target(&store, &child), Some(one.id.clone()));
    assert_sound(&store);
}

fn a_merged_record_leads_to_the_one_that_was_kept(world: &World) {
    let store = world.open();
    let (child, a, b, c) = (owned("X", "A"), owned("A", "C"), firm("B"), firm("C"));
    put_all(&store, &[child.clone(), a.clone(), b.clone(), c.clone()]);
    let into = |record: &Record, kept: &Record| next(record, |record| record.state = RecordState::Merged(kept.id.clone()));
    put_all(&store, &[into(&a, &b)]);
    assert_eq!(target(&store, &child), Some(b.id.clone()));
    assert_eq!(store.read(|view| view.find_by_key("firm", "A")).unwrap(), std::slice::from_ref(&b.id));
    assert_eq!(store.read(|view| view.links_from(&a.id)).unwrap(), [], "what the merged one pointed to no longer counts");
    put_all(&store, &[into(&b, &c)]);
    assert_eq!(target(&store, &child), Some(c.id.clone()));
    assert_eq!(store.read(|view| view.find_by_key("firm", "A")).unwrap(), std::slice::from_ref(&c.id));
    // A later version of the kept record does not take the keys of the merged ones away.
    put_all(&store, &[next(&c, |record| drop(record.body.insert("staff".into(), Value::Int(3))))]);
    assert_eq!(target(&store, &child), Some(c.id.clone()));
    let changed = next(&into(&a, &b), |record| record.state = RecordState::Active);
    match store.write(&actor(), move |tx| put(tx, &changed)) {
        Err(WriteError::Refused(TxError::Merged { into, .. })) => assert_eq!(into, c.id),
        other => panic!("{other:?}"),
    }
    assert_sound(&store);
    store.write(&actor(), |tx| tx.erase_payload(5, "")).unwrap();
    assert_eq!(target(&store, &child), Some(c.id));
    assert_sound(&store);
}

fn a_merge_that_makes_no_sense_is_refused(world: &World) {
    let store = world.open();
    let (a, b) = (firm("A"), firm("B"));
    put_all(&store, &[a.clone(), b.clone(), next(&b, |record| record.state = RecordState::Merged(a.id.clone()))]);
    for into in [a.id.clone(), b.id.clone(), firm("none").id] {
        let bad = next(&a, |record| record.state = RecordState::Merged(into));
        assert!(matches!(store.write(&actor(), move |tx| put(tx, &bad)), Err(WriteError::Refused(TxError::BadMerge { .. }))));
    }
    assert_sound(&store);
}

fn keys_that_no_index_holds_work_like_others(world: &World) {
    let store = world.open();
    let long = "长".repeat(5000);
    let (child, parent) = (owned("A1", &long), firm(&long));
    let odd = firm("a\0b");
    put_all(&store, &[child.clone(), parent.clone(), odd.clone()]);
    assert_eq!(target(&store, &child), Some(parent.id));
    assert_eq!(store.read(|view| view.find_by_key("firm", "a\0b")).unwrap(), std::slice::from_ref(&odd.id));
    assert_eq!(store.read(|view| view.get(&odd.id)).unwrap().unwrap().record, odd);
    assert_sound(&store);
}
