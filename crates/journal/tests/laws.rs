//! The laws of the journal: canonical bytes, the chain, and splitting records.

use duijie_journal::{
    Account, Actor, EntryFault, Event, Payload, RecordKey, RecordRef, Sealed, SettingPut, canonical_bytes, canonical_text, join, split, verify,
};
use duijie_record::{Body, Mark, Record, RecordState, Schema, Source, Value, Visibility};
use duijie_vocab::{Digest, RecordId, RegionCode, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn setting(value: &str) -> Event {
    Event::SettingPut(SettingPut { key: "title".into(), value: value.into() })
}

/// Three entries that follow one another, the second with a payload.
fn chain() -> Vec<Sealed> {
    let mut head = (0, Digest::ZERO);
    let payloads = [None, Some(Payload { salt: [7; 16], bytes: b"{}".to_vec() }), None];
    let entries = ["甲", "乙", "丙"].into_iter().zip(payloads).map(|(value, payload)| {
        let sealed = Sealed::seal(head, at(1_600_000_000_000_000), &Actor::system(), setting(value), payload).unwrap();
        head = (sealed.entry.seq, sealed.digest);
        sealed
    });
    entries.collect()
}

#[test]
fn an_entry_has_these_bytes_and_no_others() {
    let entry = &chain()[0];
    let expected = r#"{"actor":"system","at":"2020-09-13T12:26:40.000000Z","event":{"key":"title","kind":"setting_put","value":"甲"},"payload_digest":null,"prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":1}"#;
    assert_eq!(std::str::from_utf8(&entry.bytes).unwrap(), expected);
    assert_eq!(entry.digest, Digest::of(&[expected.as_bytes()]));
    assert_eq!(Sealed::read(entry.bytes.clone(), None).unwrap(), *entry);
}

#[test]
fn a_chain_verifies_and_no_link_can_be_left_out_or_moved() {
    let entries = chain();
    let mut head = (0, Digest::ZERO);
    for entry in &entries {
        verify(head, entry).unwrap();
        head = (entry.entry.seq, entry.digest);
    }
    assert!(matches!(verify((0, Digest::ZERO), &entries[1]), Err(EntryFault::Gap { expected: 1, found: 2 })));
    assert!(matches!(verify((1, Digest::ZERO), &entries[1]), Err(EntryFault::Chain { .. })));
}

#[test]
fn a_payload_can_go_but_not_change() {
    let mut entry = chain().remove(1);
    let prev = (1, entry.entry.prev);
    entry.payload.as_mut().unwrap().salt[0] ^= 1;
    assert!(matches!(verify(prev, &entry), Err(EntryFault::Payload)));
    entry.payload = None;
    verify(prev, &entry).unwrap();
    assert!(entry.is_erased());
    let mut bare = chain().remove(0);
    bare.payload = Some(Payload { salt: [0; 16], bytes: Vec::new() });
    assert!(matches!(verify((0, Digest::ZERO), &bare), Err(EntryFault::Payload)));
}

#[test]
fn bytes_that_are_not_canonical_do_not_verify() {
    let entry = chain().remove(0);
    let text = String::from_utf8(entry.bytes).unwrap();
    for loose in [text.replacen(":", ": ", 1), text.replace("甲", "\\u7532"), text.replace("\"payload_digest\":null,", "")] {
        assert!(!matches!(Sealed::read(loose.into_bytes(), None).map(|sealed| verify((0, Digest::ZERO), &sealed)), Ok(Ok(()))));
    }
    assert!(Sealed::read(b"{}".to_vec(), None).is_err());
    assert!(Sealed::read(text.replace("setting_put", "never_heard_of").into_bytes(), None).is_err());
}

#[test]
fn an_account_is_joined_from_its_parts_and_nobody_logs_in_without_the_payload() {
    let account = Account {
        login: "a".into(),
        name: "管理员".into(),
        hash: "$argon2id$x".into(),
        roles: vec!["admin".into()],
        region: RegionCode::NATION,
        organization: Some(RecordId::derive("org", "x")),
        disabled: false,
        email: String::new(),
        second: None,
    };
    let (public, secret) = account.split().unwrap();
    assert!(!canonical_text(&public).unwrap().contains("argon"));
    assert_eq!(Account::join(public.clone(), Some(&secret)).unwrap(), account);
    let bare = Account::join(public, None).unwrap();
    assert_eq!((bare.hash.as_str(), bare.name.as_str()), ("", ""));
}

fn schema(key: &str) -> Schema {
    let yaml = format!(
        "{{kind: thing, prefix: thing, name: {{zh: 物, en: thing}}, plural: {{zh: 物, en: things}}, about: {{zh: 物, en: a thing}}, title: name, region: name,
          keys: [[{key}]], groups: [{{name: {{zh: 全, en: all}}, fields: [
            {{key: name, name: {{zh: 名, en: name}}, type: text}},
            {{key: size, name: {{zh: 大小, en: size}}, type: integer}},
            {{key: phone, name: {{zh: 电话, en: phone}}, type: phone, personal: true}},
            {{key: note, name: {{zh: 备注, en: note}}, type: text, visibility: registered}}]}}]}}"
    );
    Schema::parse(&yaml).unwrap()
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-(1i64 << 53)..=1 << 53).prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::List),
    ]
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(vec!["name", "size", "phone", "note"]).prop_map(str::to_string), 1 => any::<String>()]
}

prop_compose! {
    fn record()(
        body in prop::collection::btree_map(field(), value(), 0..6),
        marked in prop::collection::btree_set(field(), 0..3),
        visibility in prop::sample::select(Visibility::ALL.to_vec()),
        file in "[a-z]{0,3}",
        merged in any::<bool>(),
    ) -> Record {
        let mark = Mark { by: "user:a".into(), at: at(5) };
        Record {
            id: RecordId::derive("thing", "1"),
            kind: "thing".into(),
            version: 3,
            region: RegionCode::NATION,
            visibility,
            state: if merged { RecordState::Merged(RecordId::derive("thing", "2")) } else { RecordState::Active },
            updated: at(1),
            source: Source { file, ..Source::default() },
            marks: marked.into_iter().map(|field| (field, mark.clone())).collect::<BTreeMap<_, _>>(),
            body: body.into_iter().collect::<Body>(),
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Json;
    let leaf = prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), any::<i32>().prop_map(Json::from), any::<String>().prop_map(Json::from)];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_bytes_are_those_of_the_record_room(value in json(), record in record()) {
        prop_assert_eq!(canonical_text(&value).unwrap(), duijie_record::canonical_json(&value).unwrap());
        prop_assert_eq!(canonical_text(&record).unwrap(), duijie_record::canonical_json(&record).unwrap());
        let back: Record = serde_json::from_slice(&canonical_bytes(&record).unwrap()).unwrap();
        prop_assert_eq!(back, record);
    }

    #[test]
    fn joining_undoes_splitting_and_the_public_part_keeps_every_secret(record in record(), secret_key in any::<bool>()) {
        let schema = schema(if secret_key { "phone" } else { "name" });
        let keys = [RecordKey { key: "k".into(), kind: "thing".into(), strong: true }];
        let refs = ["name", "phone"].map(|field| RecordRef { field: field.into(), to_key: "t".into(), to_kind: "thing".into() });
        let split = split(&record, &schema, &keys, &refs).unwrap();
        let Event::RecordPut(put) = split.event else { panic!("a put is a put") };
        let open = record.visibility == Visibility::Public;
        let allowed = |field: &str| open && matches!(field, "name" | "size");
        prop_assert!(put.record.body.keys().all(|field| allowed(field)));
        prop_assert!(put.record.marks.keys().all(|field| allowed(field)));
        prop_assert!(put.refs.iter().all(|to| allowed(&to.field)));
        prop_assert_eq!(put.keys.is_empty(), secret_key || !open);
        prop_assert!(open || put.record.source.is_empty());
        let joined = join(put.clone(), split.hidden.as_deref()).unwrap();
        prop_assert_eq!(&joined.record, &record);
        prop_assert_eq!((joined.keys.as_slice(), joined.title.as_str()), (keys.as_slice(), "name"));
        prop_assert_eq!(joined.refs.len(), 2);
        let bare = join(put, None).unwrap();
        prop_assert!(bare.record.body.keys().all(|field| allowed(field)));
    }
}

#[test]
fn a_value_without_a_canonical_form_is_refused() {
    assert!(canonical_bytes(&0.5).is_err());
    assert!(canonical_bytes(&((1i64 << 53) + 1)).is_err());
    assert!(canonical_bytes(&BTreeMap::from([(1, 2)])).is_err());
    assert_eq!(canonical_text(&(1i64 << 53)).unwrap(), "9007199254740992");
}
