//! Followers.

use crate::world::{World, firm, next, put_all};
use duijie_store::{EntryView, FollowError, Follower, follow};
use std::error::Error;
use std::time::Duration;

crate::laws!(a_follower_sees_every_entry_once_and_goes_on_where_it_stopped, a_subscriber_is_woken_by_a_commit);

/// Writes down the numbers of the entries it is given; fails once when told to.
#[derive(Default)]
struct Notes {
    seen: Vec<i64>,
    fails_at: Option<i64>,
}

impl Follower for Notes {
    fn name(&self) -> &str {
        "notes"
    }

    fn cursor(&self) -> Result<i64, Box<dyn Error + Send + Sync>> {
        Ok(self.seen.last().copied().unwrap_or(0))
    }

    fn apply(&mut self, entries: &[EntryView]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let numbers: Vec<i64> = entries.iter().map(|view| view.entry.seq).collect();
        if self.fails_at.take_if(|at| numbers.contains(at)).is_some() {
            return Err("no".into());
        }
        self.seen.extend(numbers);
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.seen.clear();
        Ok(())
    }
}

fn a_follower_sees_every_entry_once_and_goes_on_where_it_stopped(world: &World) {
    let store = world.open();
    put_all(&store, &(0..25).map(|n| firm(&format!("A{n}"))).collect::<Vec<_>>());
    let mut notes = Notes { fails_at: Some(15), ..Notes::default() };
    match follow(&store, &mut notes, 10) {
        Err(FollowError::Follower { cursor: 10, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(follow(&store, &mut notes, 10).unwrap(), 25);
    put_all(&store, &[next(&firm("A1"), |_| {})]);
    assert_eq!(follow(&store, &mut notes, 10).unwrap(), 26);
    assert_eq!(notes.seen, (1..=26).collect::<Vec<_>>());
    notes.rebuild().unwrap();
    assert_eq!(follow(&store, &mut notes, 1000).unwrap(), 26);
    notes.seen.push(99);
    assert!(matches!(follow(&store, &mut notes, 10), Err(FollowError::Ahead { cursor: 99, head: 26, .. })));
}

fn a_subscriber_is_woken_by_a_commit(world: &World) {
    let store = world.open();
    let subscription = store.subscribe();
    std::thread::scope(|scope| {
        // Without a wake-up this would wait longer than any test may.
        let waiting = scope.spawn(move || subscription.wait(0, Duration::from_secs(3600)).unwrap());
        put_all(&store, &[firm("A1")]);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}
