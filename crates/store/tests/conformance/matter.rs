//! Matters: versions that follow one another, lists by state, region, party and due time.

use crate::world::{World, actor, assert_sound};
use duijie_journal::{Matter, Party};
use duijie_store::{MatterFilter, MatterOrder, MatterRow, Store, StoreFault, TxError, View, WriteError};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use serde_json::json;

crate::laws!(
    a_version_that_does_not_follow_is_refused,
    lists_follow_state_region_party_and_due_time,
    the_history_shows_every_version_and_what_it_did,
    an_erased_version_concerns_nobody,
    a_write_reads_what_it_moved,
    moves_at_the_same_time_follow_one_another,
);

/// A matter in its first version.
pub(crate) fn case(key: &str) -> Matter {
    Matter {
        kind: "case".into(),
        id: RecordId::derive("case", key),
        version: 1,
        act: "submit".into(),
        state: "submitted".into(),
        region: RegionCode::parse("320402").unwrap(),
        due: None,
        title: format!("需求 {key}"),
        parties: vec![party("owner", "org-a")],
        body: json!({ "key": key, "number": 1 }),
        did: json!({ "who": "甲" }),
    }
}

pub(crate) fn party(role: &str, who: &str) -> Party {
    Party { role: role.into(), who: who.into() }
}

pub(crate) fn put(store: &Store, matter: &Matter) -> Result<i64, WriteError<TxError>> {
    let matter = matter.clone();
    store.write(&actor(), move |tx| tx.put_matter(&matter))
}

fn at(micros: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(micros).unwrap())
}

fn a_version_that_does_not_follow_is_refused(world: &World) {
    let store = world.open();
    let first = case("1");
    put(&store, &first).unwrap();
    for version in [0, 1, 3] {
        let refused = put(&store, &Matter { version, ..first.clone() }).unwrap_err();
        assert!(matches!(refused, WriteError::Refused(TxError::Conflict { stored: 1, based_on, .. }) if based_on == version - 1), "{refused}");
    }
    assert!(put(&store, &Matter { version: 2, ..case("2") }).is_err());
    put(&store, &Matter { version: 2, state: "triage".into(), parties: vec![party("officer", "o"), party("owner", "org-a")], ..first.clone() }).unwrap();
    let row = store.read(|view| view.matter(&first.id)).unwrap().unwrap();
    assert_eq!((row.version, row.state.as_str(), row.title.as_str(), &row.body["key"]), (2, "triage", "需求 1", &json!("1")));
    assert_eq!(store.read(|view| view.matter_parties(&first.id)).unwrap(), [party("officer", "o"), party("owner", "org-a")]);
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 2);
    assert_sound(&store);
}

fn lists_follow_state_region_party_and_due_time(world: &World) {
    let store = world.open();
    for number in 0..30 {
        let mut matter = case(&number.to_string());
        matter.state = if number % 3 == 0 { "triage".into() } else { "submitted".into() };
        matter.region = RegionCode::parse(if number % 2 == 0 { "320402" } else { "330200" }).unwrap();
        matter.due = if number % 5 == 0 { at(1000 - number) } else { None };
        matter.parties.push(party("officer", &format!("o{}", number % 4)));
        put(&store, &matter).unwrap();
    }
    let ids = |kind: &str, filter: MatterFilter, order| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.read(|view| view.matters(kind, &filter, order, after.as_ref(), 4)).unwrap();
            found.extend(page.rows.iter().map(|row| row.body["key"].as_str().unwrap().parse::<i64>().unwrap()));
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    };
    let every = |wanted: fn(&i64) -> bool| (0..30).rev().filter(wanted).collect::<Vec<i64>>();
    let all = MatterFilter::default();
    assert_eq!(ids("case", all.clone(), MatterOrder::Updated), every(|_| true));
    assert!(ids("visit", all.clone(), MatterOrder::Updated).is_empty());
    assert_eq!(ids("case", MatterFilter { states: vec!["triage".into()], ..all.clone() }, MatterOrder::Updated), every(|n| n % 3 == 0));
    let city = RegionCode::parse("320400").unwrap();
    assert_eq!(ids("case", MatterFilter { regions: vec![city], ..all.clone() }, MatterOrder::Updated), every(|n| n % 2 == 0));
    let of = |role: Option<&str>, who: &str| (role.map(str::to_string), who.to_string());
    let both = MatterFilter { parties: vec![of(None, "org-a"), of(Some("officer"), "o1")], ..all.clone() };
    assert_eq!(ids("case", both, MatterOrder::Updated), every(|n| n % 4 == 1));
    assert!(ids("case", MatterFilter { parties: vec![of(Some("officer"), "org-a")], ..all.clone() }, MatterOrder::Updated).is_empty());
    let by_id = |states: &[&str]| {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let rows = store.read(|view| view.matters_concerning("case", ("officer", "o1"), states, &after, 3)).unwrap();
            let Some(last) = rows.last() else { return found };
            assert!(rows.iter().map(|row| row.id.as_str()).is_sorted() && rows[0].id.as_str() > after.as_str());
            after = last.id.to_string();
            found.extend(rows.iter().map(|row| row.body["key"].as_str().unwrap().parse::<i64>().unwrap()));
        }
    };
    let sorted = |mut numbers: Vec<i64>| {
        numbers.sort_by_key(|number| std::cmp::Reverse(*number));
        numbers
    };
    assert_eq!(sorted(by_id(&[])), every(|n| n % 4 == 1));
    assert_eq!(sorted(by_id(&["triage", "closed"])), every(|n| n % 4 == 1 && n % 3 == 0));
    assert_eq!(ids("case", all.clone(), MatterOrder::Due), [25, 20, 15, 10, 5, 0]);
    assert_eq!(ids("case", MatterFilter { due_until: at(985), ..all.clone() }, MatterOrder::Due), [25, 20, 15]);
    let due = store.read(|view| view.matters_due(Timestamp::from_micros(980).unwrap(), 10)).unwrap();
    assert_eq!(due.iter().map(|row| row.due.unwrap().micros()).collect::<Vec<_>>(), [975, 980]);
    let counts = store.read(|view| view.count_matters("case", &MatterFilter { regions: vec![city], ..all })).unwrap();
    assert_eq!(counts.iter().map(|count| (count.state.as_str(), count.count)).collect::<Vec<_>>(), [("submitted", 10), ("triage", 5)]);
    assert_eq!(store.read(|view| view.matters_changed(28, 10)).unwrap().len(), 2);
    assert_sound(&store);
}

fn the_history_shows_every_version_and_what_it_did(world: &World) {
    let store = world.open();
    let first = case("1");
    put(&store, &first).unwrap();
    put(&store, &case("2")).unwrap();
    put(&store, &Matter { version: 2, act: "return".into(), did: json!({ "why": "太短" }), ..first.clone() }).unwrap();
    let history = store.read(|view| view.matter_history(&first.id, i64::MAX, 10)).unwrap();
    assert_eq!(history.iter().map(|(entry, matter)| (entry.entry.seq, matter.act.as_str())).collect::<Vec<_>>(), [(3, "return"), (1, "submit")]);
    assert_eq!((&history[0].1.did["why"], &history[1].1.body["key"]), (&json!("太短"), &json!("1")));
}

fn an_erased_version_concerns_nobody(world: &World) {
    let store = world.open();
    let first = case("1");
    put(&store, &first).unwrap();
    store.write(&actor(), |tx| tx.erase_payload(1, "request of the person")).unwrap();
    let row = store.read(|view| view.matter(&first.id)).unwrap().unwrap();
    assert_eq!((row.title.as_str(), row.body.is_null(), row.entry), ("", true, 2));
    assert_eq!(store.read(|view| view.matter_parties(&first.id)).unwrap(), []);
    assert_sound(&store);
    // The matter goes on from there.
    put(&store, &Matter { version: 2, ..first.clone() }).unwrap();
    put(&store, &Matter { version: 3, ..first }).unwrap();
    store.write(&actor(), |tx| tx.erase_payload(3, "an older version")).unwrap();
    assert_eq!(store.read(|view| view.matter_parties(&case("1").id)).unwrap(), [party("owner", "org-a")]);
    assert_sound(&store);
}

/// What a view answers about the cases that concern `who`, each asked for in another way.
fn seen_of(view: &mut View<'_>, who: &str) -> Result<Vec<Vec<String>>, StoreFault> {
    let names = |rows: Vec<MatterRow>| rows.into_iter().map(|row| format!("{} {}", row.title, row.version)).collect::<Vec<_>>();
    let filter = MatterFilter { parties: vec![(None, who.to_string())], ..MatterFilter::default() };
    let of: Vec<MatterRow> = view.matters_of("case", "owner", &[who])?.into_iter().map(|(_, row)| row).collect();
    let concerning = view.matters_concerning("case", ("owner", who), &[], "", 10)?;
    let page = view.matters("case", &filter, MatterOrder::Updated, None, 10)?.rows;
    let count: i64 = view.count_matters("case", &filter)?.iter().map(|count| count.count).sum();
    Ok(vec![names(of), names(concerning), names(page), vec![count.to_string()]])
}

fn a_write_reads_what_it_moved(world: &World) {
    let store = world.open();
    let first = case("1");
    store
        .write(&actor(), {
            let first = first.clone();
            move |tx| -> Result<(), TxError> {
                tx.put_matter(&first)?;
                assert_eq!(tx.view().matter(&first.id)?.map(|row| row.body), Some(first.body.clone()));
                let found = vec!["需求 1 1".to_string()];
                assert_eq!(seen_of(&mut tx.view(), "org-a")?, [found.clone(), found.clone(), found, vec!["1".to_string()]]);
                let second = Matter { version: 2, due: at(7), parties: vec![party("owner", "org-b")], ..first.clone() };
                tx.put_matter(&second)?;
                assert_eq!(tx.view().matter_parties(&first.id)?, [party("owner", "org-b")]);
                assert!(matches!(tx.put_matter(&second), Err(TxError::Conflict { stored: 2, .. })));
                assert_eq!(seen_of(&mut tx.view(), "org-a")?.concat(), ["0"]);
                let third = Matter { version: 3, due: at(9), ..second };
                tx.put_matter(&third)?;
                assert_eq!(tx.view().matters_due(Timestamp::from_micros(9).unwrap(), 10)?.len(), 1);
                tx.put_matter(&Matter { version: 4, ..third })?;
                assert_eq!(tx.view().matters_changed(3, 10)?.iter().map(|row| row.version).collect::<Vec<_>>(), [4]);
                assert_eq!(tx.view().matter_history(&first.id, i64::MAX, 10)?.len(), 4);
                Ok(())
            }
        })
        .unwrap();
    let refused = store.write(&actor(), move |tx| tx.put_matter(&case("2")).map(drop).and_then(|()| tx.put_matter(&case("2")).map(drop)));
    assert!(refused.is_err());
    assert_eq!(store.read(|view| view.matter(&case("2").id)).unwrap(), None);
    assert_sound(&store);
}

const MOVERS: i64 = 12;
const MOVES: i64 = 8;

fn moves_at_the_same_time_follow_one_another(world: &World) {
    let store = world.open();
    put(&store, &case("shared")).unwrap();
    std::thread::scope(|scope| {
        for mover in 0..MOVERS {
            let store = store.clone();
            scope.spawn(move || {
                for round in 0..MOVES {
                    let moved = store.write(&actor(), move |tx| -> Result<i64, TxError> {
                        let row = tx.view().matter(&case("shared").id)?.expect("it was put");
                        let number = row.body["number"].as_i64().expect("it counts") + 1;
                        let parties = vec![party("owner", &format!("org-{number}"))];
                        tx.put_matter(&Matter { version: row.version + 1, parties, body: json!({ "number": number }), ..case("shared") })?;
                        tx.put_matter(&case(&format!("{mover}.{round}")))
                    });
                    moved.unwrap();
                }
            });
        }
    });
    let row = store.read(|view| view.matter(&case("shared").id)).unwrap().unwrap();
    let moves = MOVERS * MOVES;
    assert_eq!((row.version, &row.body["number"]), (1 + moves, &json!(1 + moves)));
    assert_eq!(store.read(|view| view.matter_parties(&row.id)).unwrap(), [party("owner", &format!("org-{}", 1 + moves))]);
    let all = store.read(|view| view.count_matters("case", &MatterFilter::default())).unwrap();
    assert_eq!(all.iter().map(|count| count.count).sum::<i64>(), 1 + moves);
    assert_sound(&store);
}
