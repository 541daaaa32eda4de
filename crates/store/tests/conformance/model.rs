//! The store against a model of it that is small enough to be believed.

use crate::world::{SCHEMA, World, actor, assert_sound, firm, keys, refs};
use duijie_record::{Record, RecordState, Value};
use duijie_store::{Put, Store, StoreFault, TxError, View, WriteError};
use duijie_vocab::RecordId;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

crate::laws!(the_store_does_what_the_model_does);

const FIRMS: usize = 6;

/// What somebody may try.
#[derive(Clone, Debug)]
enum Step {
    /// A new version of a firm with this code, name and owner, based on the version that many behind the last.
    Put {
        firm: usize,
        code: usize,
        name: usize,
        owner: Option<usize>,
        behind: i64,
    },
    Merge {
        firm: usize,
        into: usize,
    },
    Erase {
        entry: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let put = (0..FIRMS, 0..FIRMS, 0..3usize, prop::option::of(0..FIRMS + 3), prop_oneof![9 => Just(0i64), 1 => 1..3i64]);
    prop_oneof![
        8 => put.prop_map(|(firm, code, name, owner, behind)| Step::Put { firm, code, name, owner, behind }),
        2 => (0..FIRMS, 0..FIRMS).prop_map(|(firm, into)| Step::Merge { firm, into }),
        1 => (1..30i64).prop_map(|entry| Step::Erase { entry }),
    ]
}

#[derive(Default)]
struct Model {
    firms: BTreeMap<RecordId, Record>,
    /// For each entry, the record version that it put.
    entries: Vec<Option<(RecordId, i64)>>,
    erased: BTreeSet<i64>,
}

impl Model {
    /// Takes the put in, or says no.
    fn put(&mut self, record: &Record) -> bool {
        let stored = self.firms.get(&record.id);
        let follows = record.version == stored.map_or(0, |stored| stored.version) + 1;
        let open = stored.is_none_or(|stored| stored.state == RecordState::Active);
        let sound = match &record.state {
            RecordState::Merged(into) => *into != record.id && self.firms.get(into).is_some_and(|kept| kept.state == RecordState::Active),
            _ => true,
        };
        if follows && open && sound {
            self.firms.insert(record.id.clone(), record.clone());
            self.entries.push(Some((record.id.clone(), record.version)));
        }
        follows && open && sound
    }

    fn erase(&mut self, entry: i64) -> bool {
        let Some(Some((id, version))) = self.entries.get(entry as usize - 1).cloned() else { return false };
        if !self.erased.insert(entry) {
            return false;
        }
        if let Some(record) = self.firms.get_mut(&id).filter(|record| record.version == version) {
            record.body.remove("phone");
        }
        self.entries.push(None);
        true
    }

    fn answers(&self, id: &RecordId) -> RecordId {
        match &self.firms[id].state {
            RecordState::Merged(into) => self.answers(into),
            _ => id.clone(),
        }
    }

    fn find(&self, key: &str) -> Vec<RecordId> {
        let named = self.firms.values().filter(|record| record.text("code") == key || record.text("name") == key);
        named.map(|record| self.answers(&record.id)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn link(&self, record: &Record) -> Option<(String, Option<RecordId>)> {
        let owner = record.text("owner");
        if owner.is_empty() || record.state != RecordState::Active {
            return None;
        }
        let found = self.find(owner);
        Some((owner.to_string(), (found.len() == 1).then(|| found[0].clone())))
    }
}

fn name_of(number: usize) -> String {
    format!("名称{number}")
}

fn record_of(model: &Model, step: &Step) -> Option<Record> {
    match step {
        Step::Put { firm: number, code, name, owner, behind } => {
            let mut record = firm(&format!("F{number}"));
            record.version = model.firms.get(&record.id).map_or(0, |stored| stored.version) + 1 - behind;
            record.body.insert("code".into(), Value::text(format!("F{code}")));
            record.body.insert("name".into(), Value::text(name_of(*name)));
            if let Some(owner) = owner {
                let owner = if *owner < FIRMS { format!("F{owner}") } else { name_of(owner - FIRMS) };
                record.body.insert("owner".into(), Value::text(owner));
            }
            Some(record)
        }
        Step::Merge { firm: number, into } => {
            let mut record = model.firms.get(&firm(&format!("F{number}")).id)?.clone();
            record.version += 1;
            record.state = RecordState::Merged(firm(&format!("F{into}")).id);
            Some(record)
        }
        Step::Erase { .. } => None,
    }
}

fn write(store: &Store, record: Record) -> bool {
    let answer = store.write(&actor(), move |tx| {
        let (keys, refs) = (keys(&record), refs(&record));
        tx.put_records(&[Put { record: &record, schema: &SCHEMA, keys: &keys, refs: &refs }])
    });
    match answer {
        Ok(_) => true,
        Err(WriteError::Refused(TxError::Conflict { .. } | TxError::Merged { .. } | TxError::BadMerge { .. })) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn erase(store: &Store, entry: i64) -> bool {
    match store.write(&actor(), move |tx| tx.erase_payload(entry, "")) {
        Ok(_) => true,
        Err(WriteError::Refused(TxError::NoSuchEntry(_) | TxError::NothingToErase(_))) => false,
        Err(other) => panic!("{other:?}"),
    }
}

fn compare(view: &mut View<'_>, model: &Model) -> Result<(), StoreFault> {
    assert_eq!(view.head()?.seq, model.entries.len() as i64);
    for (id, record) in &model.firms {
        assert_eq!(view.get(id)?.as_ref().map(|row| &row.record), Some(record));
        let links = view.links_from(id)?.pop().map(|link| (link.to_key, link.to));
        assert_eq!(links, model.link(record));
    }
    for key in (0..FIRMS).map(|n| format!("F{n}")).chain((0..3).map(name_of)) {
        assert_eq!(view.find_by_key("firm", &key)?, model.find(&key));
    }
    Ok(())
}

fn the_store_does_what_the_model_does(world: &World) {
    let store = world.open();
    let config = ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let ran = runner.run(&prop::collection::vec(step(), 1..30), |steps| {
        world.tamper("DELETE FROM entry; DELETE FROM record; DELETE FROM record_key; DELETE FROM record_link");
        let mut model = Model::default();
        for step in &steps {
            let (done, wanted) = match (step, record_of(&model, step)) {
                (Step::Erase { entry }, _) => (erase(&store, *entry), model.erase(*entry)),
                (_, Some(record)) => (write(&store, record.clone()), model.put(&record)),
                (_, None) => continue,
            };
            prop_assert_eq!(done, wanted, "{:?}", step);
        }
        store.read(|view| compare(view, &model)).unwrap();
        assert_sound(&store);
        store.rebuild_state().unwrap();
        assert_sound(&store);
        Ok(())
    });
    ran.unwrap_or_else(|why| panic!("{why}"));
}
