//! The check finds what was changed behind the store's back; the rebuild mends what is derived.

use crate::world::{Engine, World, actor, assert_sound, firm, next, put_all};
use duijie_record::{RecordState, Value};
use duijie_store::Store;
use proptest::prelude::*;

crate::laws!(every_change_behind_the_stores_back_is_found, derived_state_is_made_again_from_the_journal);

/// A store with everything that is checked in it.
fn filled(world: &World) -> Store {
    let store = world.open();
    let mut owned = firm("A3");
    owned.body.insert("owner".into(), Value::text("A1"));
    let (a, b) = (firm("A1"), firm("A2"));
    put_all(&store, &[a.clone(), b.clone(), owned, next(&b, |record| record.state = RecordState::Merged(a.id.clone()))]);
    store
        .write(&actor(), |tx| {
            tx.put_setting("title", "对接")?;
            tx.put_account(&duijie_journal::Account {
                login: "admin".into(),
                name: "管理员".into(),
                hash: "x".into(),
                roles: vec!["admin".into()],
                region: duijie_vocab::RegionCode::NATION,
                organization: None,
                disabled: false,
                email: String::new(),
                second: None,
            })?;
            tx.put_matter(&crate::matter::case("1"))?;
            tx.post_transfers(&crate::ledger::batch())?;
            tx.erase_payload(2, "")
        })
        .unwrap();
    store
}

fn every_change_behind_the_stores_back_is_found(world: &World) {
    let tampering = [
        "UPDATE entry SET seq = 100 WHERE seq = 1",
        "DELETE FROM entry WHERE seq = 3",
        "DELETE FROM entry WHERE seq = 1",
        "UPDATE entry SET subject = 'x' WHERE seq = 1",
        "UPDATE entry SET previous = 1 WHERE seq = 2",
        "UPDATE entry SET previous = NULL WHERE seq = 4",
        "UPDATE entry SET previous = 3 WHERE seq = 4",
        "UPDATE entry SET digest = (SELECT digest FROM entry WHERE seq = 2) WHERE seq = 1",
        "UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE seq = 2) WHERE seq = 1",
        "UPDATE entry SET bytes = digest WHERE seq = 4",
        "UPDATE entry SET payload = digest WHERE seq = 1",
        "UPDATE entry SET payload = NULL WHERE seq = 1",
        "UPDATE entry SET payload = NULL, salt = NULL WHERE seq = 1",
        "UPDATE entry SET payload = digest, salt = NULL WHERE seq = 5",
        "UPDATE record SET title = 'x' WHERE version = 1",
        "UPDATE record SET body = '{}' WHERE version = 1",
        "UPDATE record SET region = '320404' WHERE version = 1",
        "UPDATE record SET entry = 2 WHERE version = 1",
        "DELETE FROM record WHERE version = 2",
        "DELETE FROM record_key WHERE key = 'A1'",
        "UPDATE record_key SET strong = 0 WHERE key = 'A1'",
        "UPDATE record_key SET id = owner WHERE key = 'A2'",
        "INSERT INTO record_key (owner, kind, key, strong, id) VALUES ('firm-0', 'firm', 'A9', 1, 'firm-0')",
        "UPDATE record_link SET to_id = NULL",
        "DELETE FROM record_link",
        "UPDATE account SET disabled = 1",
        "UPDATE account SET roles = '[]'",
        "INSERT INTO setting (key, value, entry) VALUES ('x', 'y', 1)",
        "UPDATE setting SET value = 'x'",
        "UPDATE matter SET state = 'closed'",
        "UPDATE matter SET due = 1",
        "UPDATE matter SET body = '{}'",
        "DELETE FROM matter",
        "DELETE FROM matter_party",
        "UPDATE matter_party SET who = 'x'",
        "UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE side = 'credit'",
        "UPDATE ledger_account SET page = NULL WHERE side = 'credit'",
        "UPDATE ledger_account SET newest = newest + 1 WHERE side = 'credit'",
        "DELETE FROM ledger_account",
        "UPDATE ledger_page SET balance = balance + 1",
        "UPDATE ledger_page SET numbers = (SELECT page FROM ledger_account WHERE side = 'credit' LIMIT 1)",
        "UPDATE ledger_page SET last = last + 1",
        "DELETE FROM ledger_page",
        "UPDATE ledger_transfer SET amount = 1, reserved = 1 WHERE number > 0",
        "DELETE FROM ledger_transfer",
        "UPDATE ledger_link SET target = 'x'",
    ];
    let store = filled(world);
    assert_sound(&store);
    for change in tampering {
        let copy = world.place(1);
        drop(store.dump(&world.folder.path().join("before.jsonl")));
        world.tamper(change);
        let report = store.check().unwrap();
        assert!(!report.is_sound(), "not found: {change}");
        // Back to what it was, for the next change.
        drop(copy);
        world.tamper(RESET);
        drop(Store::restore(&world.folder.path().join("before.jsonl"), world.place(0), crate::world::options()).unwrap());
        std::fs::remove_file(world.folder.path().join("before.jsonl")).unwrap();
        assert_sound(&store);
    }
}

const RESET: &str = "DELETE FROM entry; DELETE FROM record; DELETE FROM record_key; DELETE FROM record_link; DELETE FROM account; DELETE FROM setting; DELETE FROM matter; DELETE FROM matter_party; DELETE FROM ledger_account; DELETE FROM ledger_page; DELETE FROM ledger_transfer; DELETE FROM ledger_link";

fn derived_state_is_made_again_from_the_journal(world: &World) {
    let store = filled(world);
    world.tamper("DELETE FROM record; UPDATE record_key SET id = owner; DELETE FROM record_link; DELETE FROM account; DELETE FROM setting; DELETE FROM matter; DELETE FROM matter_party; DELETE FROM ledger_account; DELETE FROM ledger_page; DELETE FROM ledger_transfer; DELETE FROM ledger_link");
    assert!(!store.check().unwrap().is_sound());
    assert_eq!(store.rebuild_state().unwrap(), 9);
    assert_sound(&store);
}

/// The tables and columns that the check answers for.
const COLUMNS: [(&str, &str, &str); 20] = [
    ("entry", "bytes", "seq"),
    ("entry", "digest", "seq"),
    ("entry", "payload", "seq"),
    ("entry", "salt", "seq"),
    ("entry", "subject", "seq"),
    ("record", "body", "id"),
    ("record", "title", "id"),
    ("record", "digest", "id"),
    ("record", "kind", "id"),
    ("record_key", "key", "owner"),
    ("record_key", "id", "owner"),
    ("record_link", "to_key", "from_id"),
    ("account", "hash", "login"),
    ("setting", "value", "key"),
    ("matter", "body", "id"),
    ("matter_party", "who", "id"),
    ("ledger_transfer", "body", "id"),
    ("ledger_account", "page", "id"),
    ("ledger_page", "numbers", "account"),
    ("ledger_link", "target", "transfer"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_flipped_bit_anywhere_is_found(column in 0..COLUMNS.len(), row in 0usize..20, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let world = World::new(Engine::Sqlite).unwrap();
        let store = filled(&world);
        let (table, column, key) = COLUMNS[column];
        let raw = rusqlite::Connection::open(world.path()).unwrap();
        let mut rows = raw.prepare(&format!("SELECT {key}, CAST({column} AS BLOB), typeof({column}) FROM {table} WHERE {column} IS NOT NULL ORDER BY {key}")).unwrap();
        let found: Vec<(rusqlite::types::Value, Vec<u8>, String)> = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap().map(Result::unwrap).collect();
        let (key_value, mut bytes, ty) = found[row % found.len()].clone();
        prop_assume!(!bytes.is_empty());
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let cast = if ty == "text" { "CAST(?1 AS TEXT)" } else { "?1" };
        raw.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        let changed = raw.execute(&format!("UPDATE {table} SET {column} = {cast} WHERE {key} = ?2 AND CAST({column} AS BLOB) = ?3"),
            rusqlite::params![bytes, key_value, found[row % found.len()].1]).unwrap();
        prop_assert!(changed > 0);
        let report = store.check().unwrap();
        prop_assert!(!report.is_sound(), "bit {bit} of byte {place} of {table}.{column}");
    }
}
