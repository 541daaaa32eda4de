//! Records, versions, lists, accounts, settings, sessions.

use crate::world::{SCHEMA, World, actor, assert_sound, firm, keys, next, put, put_all, refs};
use duijie_journal::{Account, Event, ImportBegun, ImportFinished};
use duijie_record::{RecordState, Value, Visibility};
use duijie_store::{Cursor, Filter, Order, Put, Session, StoreFault, TxError, WriteError};
use duijie_vocab::{Digest, RegionCode, Timestamp};
use std::ops::ControlFlow;

crate::laws!(
    a_record_is_read_as_it_was_put,
    a_change_to_an_old_version_is_refused_and_leaves_nothing,
    many_records_are_put_like_one_by_one,
    a_number_that_readers_would_round_is_refused,
    confidential_fields_are_not_in_the_public_entry,
    erasing_takes_confidential_fields_away_and_keeps_the_chain,
    lists_are_filtered_ordered_and_paged_without_gaps,
    counts_say_no_more_than_the_filter_lets_through,
    followers_see_each_changed_record_once,
    accounts_settings_and_sessions_are_kept,
    an_import_is_told_by_its_entries,
    every_record_is_shown_in_bounded_chunks,
);

fn a_record_is_read_as_it_was_put(world: &World) {
    let store = world.open();
    let first = firm("A1");
    let second = next(&first, |record| drop(record.body.insert("note".into(), Value::text("内部"))));
    put_all(&store, &[first.clone(), second.clone()]);
    let row = store.read(|view| view.get(&first.id)).unwrap().unwrap();
    assert_eq!(row.record, second);
    assert_eq!((row.title.as_str(), row.entry, row.digest), ("企业 A1", 2, second.content_digest()));
    let history = store.read(|view| view.history(&first.id, 10)).unwrap();
    assert_eq!(history.iter().map(|view| view.entry.seq).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(history[0].entry.prev, history[1].digest);
    assert_eq!(history[0].entry.actor, actor());
    let head = store.read(|view| view.head()).unwrap();
    assert_eq!((head.seq, head.digest), (2, history[0].digest));
    assert_eq!(store.read(|view| view.find_by_key("firm", "A1")).unwrap(), std::slice::from_ref(&first.id));
    assert_eq!(store.read(|view| view.get_many(&[first.id.clone(), firm("none").id])).unwrap().len(), 1);
    assert_sound(&store);
}

fn a_change_to_an_old_version_is_refused_and_leaves_nothing(world: &World) {
    let store = world.open();
    let first = firm("A1");
    put_all(&store, &[first.clone(), next(&first, |_| {})]);
    for (version, based_on) in [(2, 1), (1, 0), (4, 3)] {
        let mut late = first.clone();
        late.version = version;
        let other = firm("other");
        let refused = store.write(&actor(), move |tx| put(tx, &other).and_then(|_| put(tx, &late)));
        match refused {
            Err(WriteError::Refused(TxError::Conflict { id, stored, based_on: found })) => {
                assert_eq!((id, stored, found), (first.id.clone(), 2, based_on));
            }
            other => panic!("{other:?}"),
        }
    }
    let (head, other) = store.read(|view| Ok::<_, StoreFault>((view.head()?, view.get(&firm("other").id)?))).unwrap();
    assert_eq!((head.seq, other), (2, None));
    assert_sound(&store);
}

fn many_records_are_put_like_one_by_one(world: &World) {
    let store = world.open();
    let mut records: Vec<_> = (0..250).map(|n| firm(&format!("B{n:03}"))).collect();
    for (at, record) in records.iter_mut().enumerate() {
        // Some point to later ones, some to nobody, and all share a weak key.
        record.body.insert("owner".into(), Value::text(format!("B{:03}", (at + 100) % 300)));
        record.body.insert("name".into(), Value::text("同名"));
    }
    let again = next(&records[7], |record| drop(record.body.insert("code".into(), Value::text("B7x"))));
    records.push(again);
    let last = records.clone();
    let seq = store
        .write(&actor(), move |tx| {
            let parts: Vec<_> = last.iter().map(|record| (record, keys(record), refs(record))).collect();
            let puts: Vec<_> = parts.iter().map(|(record, keys, refs)| Put { record, schema: &SCHEMA, keys, refs }).collect();
            tx.put_records(&puts)
        })
        .unwrap();
    assert_eq!(seq, 251);
    let other = Store2::new(world);
    put_all(&other.0, &records);
    for record in &records {
        let ask = |view: &mut duijie_store::View<'_>| {
            let mut row = view.get(&record.id)?.unwrap();
            row.entry = 0;
            Ok::<_, StoreFault>((row, view.links_from(&record.id)?, view.find_by_key("firm", record.text("code"))?))
        };
        assert_eq!(store.read(ask).unwrap(), other.0.read(ask).unwrap());
    }
    let found = store.read(|view| view.find_by_keys("firm", &["B001", "none", "B002", "同名"])).unwrap();
    assert_eq!(found.iter().filter(|found| found.strong).map(|found| found.place).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(found.iter().filter(|found| !found.strong).count(), 250);
    assert_sound(&store);
    assert_sound(&other.0);
}

/// Another store of the same test.
struct Store2(duijie_store::Store);

impl Store2 {
    fn new(world: &World) -> Store2 {
        Store2(duijie_store::Store::open(world.place(1), crate::world::options()).unwrap())
    }
}

fn a_number_that_readers_would_round_is_refused(world: &World) {
    let store = world.open();
    let mut record = firm("A1");
    record.body.insert("staff".into(), Value::Int((1 << 53) + 1));
    assert!(matches!(store.write(&actor(), move |tx| put(tx, &record)), Err(WriteError::Refused(TxError::Canonical(_)))));
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 0);
}

fn confidential_fields_are_not_in_the_public_entry(world: &World) {
    let store = world.open();
    let open = firm("A1");
    let mut closed = firm("A2");
    closed.visibility = Visibility::Office;
    put_all(&store, &[open, closed]);
    let entries = store.read(|view| view.entries(0, 10)).unwrap();
    let public = |at: usize| duijie_journal::canonical_text(&entries[at].entry).unwrap();
    assert!(public(0).contains("企业 A1") && !public(0).contains("0519"));
    assert!(!public(1).contains("A2") && !public(1).contains("企业"));
    assert!(entries.iter().all(|view| view.payload.as_ref().unwrap().digest() == view.entry.payload_digest.unwrap()));
    assert_ne!(entries[0].payload.as_ref().unwrap().salt, entries[1].payload.as_ref().unwrap().salt);
}

fn erasing_takes_confidential_fields_away_and_keeps_the_chain(world: &World) {
    let store = world.open();
    let first = firm("A1");
    let second = next(&first, |record| drop(record.body.insert("phone".into(), Value::text("0519-2"))));
    put_all(&store, &[first.clone(), second.clone()]);
    let erased = store.write(&actor(), |tx| tx.erase_payload(1, "本人要求")).unwrap();
    assert_eq!(erased, 3);
    assert_eq!(store.read(|view| view.get(&first.id)).unwrap().unwrap().record, second, "the state came from a later entry");
    store.write(&actor(), |tx| tx.erase_payload(2, "本人要求")).unwrap();
    let row = store.read(|view| view.get(&first.id)).unwrap().unwrap();
    assert_eq!((row.record.text("phone"), row.record.text("code"), row.entry), ("", "A1", 4));
    assert!(store.read(|view| view.entry(2)).unwrap().unwrap().payload.is_none());
    assert!(matches!(store.write(&actor(), |tx| tx.erase_payload(2, "")), Err(WriteError::Refused(TxError::NothingToErase(2)))));
    assert!(matches!(store.write(&actor(), |tx| tx.erase_payload(99, "")), Err(WriteError::Refused(TxError::NoSuchEntry(99)))));
    assert_eq!(store.check().unwrap().erased, 2);
    assert_sound(&store);
    // The next version goes on from what is left.
    put_all(&store, &[next(&row.record, |record| drop(record.body.insert("staff".into(), Value::Int(9))))]);
    assert_sound(&store);
    assert_eq!(store.rebuild_state().unwrap(), 5);
    assert_sound(&store);
}

/// Looks into the files themselves, the engine's log among them.
#[test]
fn what_was_erased_is_in_no_file_any_more() {
    let world = World::new(crate::world::Engine::Sqlite).unwrap();
    let store = world.open();
    let secret = "0519-GEHEIM-7788";
    let record = next(&firm("A1"), |record| {
        record.version = 1;
        record.body.insert("phone".into(), Value::text(secret));
    });
    put_all(&store, &[record.clone(), firm("A2")]);
    let found = || {
        let files = std::fs::read_dir(world.folder.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.filter(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes())).count()
    };
    assert!(found() > 0, "the test looks in the right place");
    let without = next(&record, |record| drop(record.body.remove("phone")));
    put_all(&store, std::slice::from_ref(&without));
    store.write(&actor(), |tx| tx.erase_payload(1, "本人要求")).unwrap();
    assert_eq!(found(), 0);
    assert_sound(&store);
}

fn lists_are_filtered_ordered_and_paged_without_gaps(world: &World) {
    let store = world.open();
    let regions = ["320402", "320404", "330203"];
    let records: Vec<_> = (0..40)
        .map(|n| {
            let mut record = firm(&format!("C{n:02}"));
            record.region = RegionCode::parse(regions[n % 3]).unwrap();
            record.updated = Timestamp::from_micros(1_600_000_000_000_000 + (n as i64 / 4)).unwrap();
            record.visibility = Visibility::ALL[n % 4];
            if n % 5 == 0 {
                record.state = RecordState::Withdrawn;
            }
            record
        })
        .collect();
    put_all(&store, &records);
    let changzhou = Filter { regions: vec![RegionCode::parse("320400").unwrap()], visibility: Visibility::Parties, ..Filter::default() };
    let few = Filter { ids: records[..7].iter().map(|record| record.id.clone()).collect(), ..Filter::everything() };
    for filter in [Filter::default(), Filter::everything(), changzhou, few] {
        let lets = |record: &&duijie_record::Record| {
            (filter.regions.is_empty() || filter.regions.iter().any(|region| region.contains(record.region)))
                && record.visibility <= filter.visibility
                && (filter.states.is_empty() || filter.states.iter().any(|state| state == record.state.as_str()))
                && (filter.ids.is_empty() || filter.ids.contains(&record.id))
        };
        for order in [Order::Updated, Order::Title, Order::Id] {
            let mut wanted: Vec<_> = records.iter().filter(lets).collect();
            match order {
                Order::Updated => wanted.sort_by(|a, b| (b.updated, &b.id).cmp(&(a.updated, &a.id))),
                Order::Title => wanted.sort_by(|a, b| (a.text("name"), &a.id).cmp(&(b.text("name"), &b.id))),
                Order::Id => wanted.sort_by(|a, b| a.id.cmp(&b.id)),
            }
            let mut found = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let page = store.read(|view| view.list("firm", &filter, order, after.as_ref(), 7)).unwrap();
                found.extend(page.rows.into_iter().map(|row| row.record.id));
                let Some(next) = page.next else { break };
                after = Some(Cursor::parse(order, &next.to_string()).unwrap());
            }
            assert_eq!(found, wanted.iter().map(|record| record.id.clone()).collect::<Vec<_>>(), "{order:?}");
            assert_eq!(store.read(|view| view.count("firm", &filter)).unwrap(), wanted.len() as i64);
        }
    }
}

fn counts_say_no_more_than_the_filter_lets_through(world: &World) {
    let store = world.open();
    let mut hidden = firm("A2");
    hidden.visibility = Visibility::Office;
    let mut elsewhere = firm("A3");
    elsewhere.region = RegionCode::parse("330203").unwrap();
    put_all(&store, &[firm("A1"), hidden, elsewhere]);
    let public = Filter::default();
    assert_eq!(store.read(|view| view.count_by_kind(&public)).unwrap(), [("firm".to_string(), 2)]);
    assert_eq!(store.read(|view| view.count_by_kind(&Filter::everything())).unwrap(), [("firm".to_string(), 3)]);
    let by_region = store.read(|view| view.count_by_region("firm", &public)).unwrap();
    assert_eq!(by_region.iter().map(|(region, count)| (region.to_string(), *count)).collect::<Vec<_>>(), [("320402".into(), 1), ("330203".into(), 1)]);
}

fn followers_see_each_changed_record_once(world: &World) {
    let store = world.open();
    let records: Vec<_> = (0..5).map(|n| firm(&format!("D{n}"))).collect();
    put_all(&store, &records);
    put_all(&store, &[next(&records[1], |_| {}), next(&records[3], |_| {})]);
    let seen = store.read(|view| view.records_changed(0, 100)).unwrap();
    assert_eq!(seen.iter().map(|row| row.entry).collect::<Vec<_>>(), [1, 3, 5, 6, 7]);
    let later = store.read(|view| view.records_changed(5, 1)).unwrap();
    assert_eq!((later.len(), &later[0].record.id), (1, &records[1].id));
    let subscription = store.subscribe();
    assert_eq!(subscription.wait(3, std::time::Duration::ZERO).unwrap(), 7);
    store.write(&actor(), |tx| tx.set_cursor("figures", 7)).unwrap();
    assert_eq!(store.read(|view| Ok::<_, StoreFault>((view.cursor("figures")?, view.cursor("none")?))).unwrap(), (7, 0));
}

fn accounts_settings_and_sessions_are_kept(world: &World) {
    let store = world.open();
    let mut account = Account {
        login: "officer.cz".to_string(),
        name: "经办人".to_string(),
        hash: "$argon2id$x".to_string(),
        roles: vec!["officer".to_string(), "reviewer".to_string()],
        region: RegionCode::parse("320400").unwrap(),
        organization: None,
        disabled: false,
        email: String::new(),
        second: None,
    };
    let first = account.clone();
    store.write(&actor(), move |tx| tx.put_account(&first)).unwrap();
    account.disabled = true;
    let second = account.clone();
    store.write(&actor(), move |tx| tx.put_account(&second)).unwrap();
    assert_eq!(store.read(|view| view.account("officer.cz")).unwrap(), Some(account.clone()));
    assert_eq!(store.read(|view| view.accounts("", 10)).unwrap(), [account]);
    let entry = store.read(|view| view.entry(1)).unwrap().unwrap();
    assert!(!duijie_journal::canonical_text(&entry.entry).unwrap().contains("argon2"));
    store.write(&actor(), |tx| tx.put_setting("title", "对接").and_then(|_| tx.put_setting("title", "常州对接"))).unwrap();
    assert_eq!(store.read(|view| view.setting("title")).unwrap().as_deref(), Some("常州对接"));
    let at = |micros| Timestamp::from_micros(micros).unwrap();
    let mut session = Session { token: Digest::of(&[b"t"]), login: "officer.cz".into(), created: at(1), seen: at(1), expires: at(9_000_000_000_000_000) };
    for expires in [9_000_000_000_000_000, 1] {
        session.expires = at(expires);
        let put = session.clone();
        store.write(&actor(), move |tx| tx.put_session(&put)).unwrap();
        assert_eq!(store.read(|view| view.session(session.token)).unwrap(), Some(session.clone()));
    }
    assert_eq!(store.write(&actor(), |tx| tx.remove_expired_sessions()).unwrap(), 1);
    assert_eq!(store.read(|view| view.session(session.token)).unwrap(), None);
    assert_sound(&store);
    store.write(&actor(), |tx| tx.erase_payload(2, "")).unwrap();
    assert_eq!(store.read(|view| view.account("officer.cz")).unwrap().unwrap().hash, "");
    assert_sound(&store);
}

fn an_import_is_told_by_its_entries(world: &World) {
    let store = world.open();
    let begun = store
        .write(&actor(), |tx| {
            let begun = ImportBegun { digest: Digest::of(&[b"file"]), file: "企业.xlsx".into(), rows_kind: "firm".into() };
            tx.append(Event::ImportBegun(begun), None)
        })
        .unwrap();
    put_all(&store, &[firm("A1")]);
    let done = store
        .write(&actor(), move |tx| tx.append(Event::ImportFinished(ImportFinished { added: 1, changed: 0, import: begun, refused: 2, unchanged: 0 }), None))
        .unwrap();
    let told = store.read(|view| view.entries_about("import", i64::MAX, 10)).unwrap();
    assert_eq!(told.iter().map(|view| view.entry.seq).collect::<Vec<_>>(), [done, begun]);
    assert!(told.iter().all(|view| view.payload.is_none() && view.entry.payload_digest.is_none()));
    assert_sound(&store);
}

fn every_record_is_shown_in_bounded_chunks(world: &World) {
    let store = world.open();
    let records: Vec<_> = (0..1203).map(|n| firm(&format!("E{n}"))).collect();
    put_all(&store, &records);
    put_all(&store, &[next(&records[0], |_| {})]);
    let mut seen = Vec::new();
    let all = store.read(|view| {
        view.for_each_record::<()>("firm", |row| {
            seen.push(row.record.id);
            ControlFlow::Continue(())
        })
    });
    assert!(all.unwrap().is_continue());
    assert!(seen.iter().eq(records[1..].iter().chain(&records[..1]).map(|record| &record.id)));
    let third =
        store.read(|view| view.for_each_record("firm", |row| if row.entry == 3 { ControlFlow::Break(row.record.id) } else { ControlFlow::Continue(()) }));
    assert_eq!(third.unwrap(), ControlFlow::Break(records[2].id.clone()));
    assert!(store.read(|view| view.for_each_record("need", |_| ControlFlow::Break(()))).unwrap().is_continue());
}
