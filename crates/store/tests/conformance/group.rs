//! Writers at the same time.

use crate::world::{World, actor, assert_sound, firm, next, put, put_all};
use duijie_record::Value;
use duijie_store::{TxError, WriteError};
use std::sync::{Arc, Barrier};
use std::thread;

crate::laws!(
    writers_at_the_same_time_lose_nothing,
    one_that_fails_or_panics_undoes_only_itself,
    a_write_inside_a_write_is_refused,
    an_answer_that_nobody_waits_for_does_no_harm,
);

const WRITERS: i64 = 64;
const ROUNDS: i64 = 10;

fn writers_at_the_same_time_lose_nothing(world: &World) {
    let store = world.open();
    put_all(&store, &[firm("counter")]);
    let other = world.open();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            // Two handles with a writer thread each stand for two processes.
            let store = if writer % 8 == 0 { other.clone() } else { store.clone() };
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let added = store.write(&actor(), move |tx| -> Result<i64, TxError> {
                        let own = firm(&format!("W{writer}R{round}"));
                        let counter = tx.view().get(&firm("counter").id)?.expect("it was put").record;
                        let count = counter.body["staff"].as_int().unwrap_or(0);
                        put(tx, &next(&counter, |record| drop(record.body.insert("staff".into(), Value::Int(count + 1)))))?;
                        put(tx, &own)
                    });
                    let seq = added.unwrap();
                    assert!(store.read(|view| view.head()).unwrap().seq >= seq, "it was answered before the commit");
                }
            });
        }
    });
    let counter = store.read(|view| view.get(&firm("counter").id)).unwrap().unwrap().record;
    assert_eq!(counter.body["staff"].as_int(), Some("counter".len() as i64 + WRITERS * ROUNDS));
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 1 + 2 * WRITERS * ROUNDS);
    assert_sound(&store);
}

fn one_that_fails_or_panics_undoes_only_itself(world: &World) {
    let store = world.open();
    let together = Arc::new(Barrier::new(12));
    let answers: Vec<_> = thread::scope(|scope| {
        let write = |n: usize| {
            let (store, together) = (store.clone(), Arc::clone(&together));
            move || {
                together.wait();
                store.write(&actor(), move |tx| -> Result<i64, String> {
                    let seq = put(tx, &firm(&format!("G{n}"))).map_err(|fault| fault.to_string())?;
                    match n % 3 {
                        0 => Ok(seq),
                        1 => Err(format!("no to {n}")),
                        _ => panic!("panic of {n}"),
                    }
                })
            }
        };
        let threads: Vec<_> = (0..12).map(|n| scope.spawn(write(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (n, answer) in answers.iter().enumerate() {
        match (n % 3, answer) {
            (0, Ok(_)) => {}
            (1, Err(WriteError::Refused(why))) => assert_eq!(*why, format!("no to {n}")),
            (2, Err(WriteError::Panicked(why))) => assert_eq!(*why, format!("panic of {n}")),
            other => panic!("{other:?}"),
        }
        let there = store.read(|view| view.get(&firm(&format!("G{n}")).id)).unwrap().is_some();
        assert_eq!(there, n % 3 == 0);
    }
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 4);
    assert_sound(&store);
}

fn a_write_inside_a_write_is_refused(world: &World) {
    let store = world.open();
    let inner = store.clone();
    let answer = store.write(&actor(), move |_| inner.write(&actor(), |tx| put(tx, &firm("A1"))));
    assert!(matches!(answer, Err(WriteError::Refused(WriteError::Nested))));
}

fn an_answer_that_nobody_waits_for_does_no_harm(world: &World) {
    let store = world.open();
    let held = store.clone();
    thread::spawn(move || drop(held.write(&actor(), |tx| put(tx, &firm("A1"))))).join().unwrap();
    drop(store);
    let store = world.open();
    assert_eq!(store.read(|view| view.head()).unwrap().seq, 1);
}
