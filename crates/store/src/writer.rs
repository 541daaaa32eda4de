//! The one writer: a thread that takes waiting use cases, runs each inside a savepoint of one
//! transaction, commits once, and only then answers them all.

use crate::follower::Bell;
use crate::sql::{Conn, Engine};
use crate::store::connect;
use crate::{FaultKind, GroupCommit, Head, Location, Options, StoreFault, Tx, View, ledger, waiting};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use duijie_journal::Actor;
use duijie_ledger::Transfer;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Why a write was not accepted. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The use case itself said no.
    #[error(transparent)]
    Refused(E),
    #[error("the use case failed unexpectedly: {0}")]
    Panicked(String),
    #[error("nothing was written")]
    Storage(#[source] StoreFault),
    /// The commit itself failed so that the store cannot tell whether it took effect.
    #[error("the connection broke during the commit; look whether the change is there before you try again")]
    Unknown(#[source] StoreFault),
    /// A use case waited for another write, which could only begin after it.
    #[error("a write cannot be made inside a write")]
    Nested,
    #[error("the store is closed")]
    Closed,
}

/// How many use cases may wait; those after them wait to be queued.
const QUEUE: usize = 1024;

/// How often a transaction is tried again when another one was in the way.
const TRIES: u32 = 8;

pub(crate) struct Writer {
    queue: Option<Sender<Box<dyn Act>>>,
    /// The one that writes and the one that answers, which ends after it.
    threads: Vec<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(conn: Conn, location: Location, options: Options, bell: Arc<Bell>) -> std::io::Result<Writer> {
        let (queue, waiting) = bounded(QUEUE);
        let (done, answers) = bounded::<Vec<Box<dyn Act>>>(QUEUE);
        let desk = Desk { conn: Some(conn), location, options, bell };
        let answerer = thread("store-answerer", move || answers.into_iter().for_each(answer_all))?;
        let writer = thread("store-writer", move || desk.serve(&waiting, &done))?;
        Ok(Writer { queue: Some(queue), threads: vec![writer, answerer] })
    }

    pub(crate) fn queue<E>(&self, job: Box<dyn Act>) -> Result<(), WriteError<E>> {
        // The writer waiting for itself would never end.
        if self.threads.iter().any(is_this_thread) {
            return Err(WriteError::Nested);
        }
        self.queue.as_ref().ok_or(WriteError::Closed)?.send(job).map_err(|_| WriteError::Closed)
    }
}

fn answer_all(group: Vec<Box<dyn Act>>) {
    group.into_iter().for_each(Act::answer);
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_string()).spawn(run)
}

fn is_this_thread(handle: &JoinHandle<()>) -> bool {
    handle.thread().id() == std::thread::current().id()
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // One of them, letting go of the last handle, cannot wait for itself.
        if !self.threads.iter().any(is_this_thread) {
            // A panic was already answered to those who waited; here is nobody to tell.
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }
}

/// A use case that waits for its answer.
pub(crate) trait Act: Send {
    /// The transfers that it is going to post, as far as that was said.
    fn foreseen(&self) -> &[Transfer] {
        &[]
    }
    /// Runs the use case inside the open transaction and tells whether it went well. A fault that
    /// spoils the whole transaction is returned, any other outcome is kept for the answer.
    fn run(&mut self, conn: &mut Conn, options: &Options, head: &mut Head, guard: Guard) -> Result<bool, StoreFault>;
    /// Tells the outcome that was kept; call it after the commit.
    fn answer(self: Box<Self>);
    fn answer_fault(self: Box<Self>, fault: Fate);
}

/// Why a whole transaction came to nothing.
#[derive(Clone)]
pub(crate) enum Fate {
    RolledBack(StoreFault),
    Unknown(StoreFault),
}

pub(crate) struct Job<T, E, F> {
    actor: Actor,
    foreseen: Vec<Transfer>,
    act: F,
    outcome: Option<Result<T, WriteError<E>>>,
    reply: oneshot::Sender<Result<T, WriteError<E>>>,
}

/// Where the answer comes. Who waits for it sleeps: many clients that look again and again would take
/// the processor from the writer.
pub(crate) type Answer<T, E> = oneshot::Receiver<Result<T, WriteError<E>>>;

impl<T, E, F> Job<T, E, F>
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    pub(crate) fn waiting(actor: Actor, foreseen: Vec<Transfer>, act: F) -> (Box<dyn Act>, Answer<T, E>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Job { actor, foreseen, act, outcome: None, reply }), answer)
    }
}

impl<T, E, F> Act for Job<T, E, F>
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    fn foreseen(&self) -> &[Transfer] {
        &self.foreseen
    }

    fn run(&mut self, conn: &mut Conn, options: &Options, head: &mut Head, guard: Guard) -> Result<bool, StoreFault> {
        if guard == Guard::Savepoint {
            conn.batch("SAVEPOINT one")?;
        }
        let mut tx = Tx::new(conn, &self.actor, options, *head);
        let act = &mut self.act;
        let ended = catch_unwind(AssertUnwindSafe(|| act(&mut tx)));
        let after = tx.head();
        if guard == Guard::Savepoint {
            // A fault is kept by the connection and judged below with the others.
            drop(waiting::settle(conn));
        }
        let fault = conn.take_fault();
        if let Some(fault) = &fault
            && (fault.spoils_the_group() || !conn.in_transaction())
        {
            return Err(fault.clone());
        }
        let outcome = match (ended, fault) {
            (Err(panic), _) => Err(WriteError::Panicked(panic_text(&*panic))),
            // A refusal may be the use case's way to pass the engine's fault on.
            (Ok(Err(refused)), _) => Err(WriteError::Refused(refused)),
            (Ok(Ok(_)), Some(fault)) => Err(WriteError::Storage(fault)),
            (Ok(Ok(answer)), None) => Ok(answer),
        };
        let good = outcome.is_ok();
        if good {
            *head = after;
        }
        if guard == Guard::Savepoint {
            if !good {
                conn.waiting().clear();
            }
            conn.batch(if good { "RELEASE SAVEPOINT one" } else { "ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one" })?;
        }
        self.outcome = Some(outcome);
        Ok(good)
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(WriteError::Closed));
        // Who no longer waits needs no answer.
        drop(self.reply.send(outcome));
    }

    fn answer_fault(self: Box<Self>, fate: Fate) {
        let error = match fate {
            Fate::RolledBack(fault) => WriteError::Storage(fault),
            Fate::Unknown(fault) => WriteError::Unknown(fault),
        };
        drop(self.reply.send(Err(error)));
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_string()).or_else(|| panic.downcast_ref::<String>().cloned());
    said.unwrap_or_else(|| "no reason was given".to_string())
}

/// The thread's own things.
struct Desk {
    /// Absent after a fault until it can be made again.
    conn: Option<Conn>,
    location: Location,
    options: Options,
    bell: Arc<Bell>,
}

impl Desk {
    fn serve(mut self, waiting: &Receiver<Box<dyn Act>>, done: &Sender<Vec<Box<dyn Act>>>) {
        let mut before = 1;
        // After a group those who had their answers come back at once.
        while let Some(first) = (before > 1).then(|| soon(waiting, Instant::now() + LULL)).flatten().or_else(|| waiting.recv().ok()) {
            let mut arrivals = Arrivals::new(waiting, self.options.group, before);
            let mut group = vec![first];
            arrivals.join(&mut group);
            // Waking many takes as long as writing some: another thread does it, so that those who come
            // back find the writer at work for them already.
            let answer = |group: Vec<_>| if group.len() > 1 { drop(done.send(group)) } else { answer_all(group) };
            before = self.write_group(group, &mut arrivals, answer);
        }
    }

    /// Writes the group and those who join it, hands them to `answer` and returns how many they were.
    fn write_group(&mut self, mut group: Vec<Box<dyn Act>>, arrivals: &mut Arrivals<'_>, answer: impl FnOnce(Vec<Box<dyn Act>>)) -> usize {
        let written = self.write(&mut group, arrivals);
        let count = group.len();
        match written {
            Ok(()) => answer(group),
            // Each alone, so that one does not take the others down.
            Err(Fate::RolledBack(_)) if count > 1 => {
                for job in group {
                    self.write_group(vec![job], &mut Arrivals::none(), answer_all);
                }
            }
            Err(fate) => group.into_iter().for_each(|job| job.answer_fault(fate.clone())),
        }
        count
    }

    /// Commits the group, and those who join it meanwhile, together.
    fn write(&mut self, group: &mut Vec<Box<dyn Act>>, arrivals: &mut Arrivals<'_>) -> Result<(), Fate> {
        let mut pause = Duration::from_millis(1);
        for _ in 1..TRIES {
            match self.commit(group, arrivals) {
                Err(Fate::RolledBack(fault)) if fault.kind == FaultKind::Busy => {
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                done => return done,
            }
        }
        self.commit(group, arrivals)
    }

    fn commit(&mut self, group: &mut Vec<Box<dyn Act>>, arrivals: &mut Arrivals<'_>) -> Result<(), Fate> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.location, self.options.max_bytes).map_err(Fate::RolledBack)?,
        };
        let written = write_all(&mut conn, group, &self.options, arrivals);
        let done = match written {
            Ok(head) => match conn.batch("COMMIT") {
                Ok(()) => Ok(head),
                // A server may have committed before the connection broke. SQLite undoes what it
                // reports as failed when the database is opened again.
                Err(fault) if conn.engine() == Engine::Postgres && fault.kind == FaultKind::Lost => Err(Fate::Unknown(fault)),
                Err(fault) => Err(Fate::RolledBack(fault)),
            },
            Err(fault) => Err(Fate::RolledBack(fault)),
        };
        match done {
            Ok(head) => {
                conn.forget_erased();
                self.conn = Some(conn);
                self.bell.ring(head.seq);
                Ok(())
            }
            Err(fate) => {
                // After a plain refusal the connection is still good; after anything else, and if
                // it cannot roll back, the next group makes a new one.
                let rolled_back = conn.rollback().is_ok();
                let busy = matches!(&fate, Fate::RolledBack(fault) if fault.kind == FaultKind::Busy);
                if rolled_back && busy {
                    drop(conn.take_fault());
                    self.conn = Some(conn);
                }
                Err(fate)
            }
        }
    }
}

/// What keeps a refused use case from leaving something behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The whole transaction, which is undone if any use case refuses.
    Transaction,
    /// A savepoint of its own.
    Savepoint,
}

/// Runs every use case of the group, and of those who join it, in one open transaction and returns the
/// head after the last. Most groups hold no refusal, so they are first run without savepoints, which
/// cost a copy of every page that is touched; a group with a refusal is undone and run again with them.
fn write_all(conn: &mut Conn, group: &mut Vec<Box<dyn Act>>, options: &Options, arrivals: &mut Arrivals<'_>) -> Result<Head, StoreFault> {
    drop(conn.take_fault());
    if let Some(head) = run_all(conn, group, options, Guard::Transaction, arrivals)? {
        return Ok(head);
    }
    conn.rollback()?;
    let head = run_all(conn, group, options, Guard::Savepoint, arrivals)?;
    Ok(head.expect("BUG: a group that is run with savepoints is never given up"))
}

fn run_all(conn: &mut Conn, group: &mut Vec<Box<dyn Act>>, options: &Options, guard: Guard, arrivals: &mut Arrivals<'_>) -> Result<Option<Head>, StoreFault> {
    conn.begin_write()?;
    match conn.is_as_left()? {
        true => conn.waiting().begin(),
        false => conn.waiting().clear(),
    }
    let mut head = View::over(conn).head()?;
    let mut run = 0;
    while run < group.len() {
        ledger::look_up(conn, group[run..].iter().flat_map(|job| job.foreseen()))?;
        for job in &mut group[run..] {
            if !job.run(conn, options, &mut head, guard)? && guard == Guard::Transaction {
                return Ok(None);
            }
        }
        run = group.len();
        arrivals.join(group);
    }
    waiting::settle(conn)?;
    Ok(Some(head))
}

/// How long the queue may be empty before a group that could grow is written as it is.
const LULL: Duration = Duration::from_micros(50);

/// Those who come while a transaction is open, and share it.
struct Arrivals<'a> {
    waiting: Option<&'a Receiver<Box<dyn Act>>>,
    limits: GroupCommit,
    /// How many the group before had.
    before: usize,
    deadline: Instant,
}

impl<'a> Arrivals<'a> {
    fn new(waiting: &'a Receiver<Box<dyn Act>>, limits: GroupCommit, before: usize) -> Arrivals<'a> {
        Arrivals { waiting: Some(waiting), limits, before, deadline: Instant::now() + limits.max_wait }
    }

    /// Nobody.
    fn none() -> Arrivals<'static> {
        Arrivals { waiting: None, limits: GroupCommit::default(), before: 0, deadline: Instant::now() }
    }

    /// Adds those who came. A lone writer is not made to wait; when the group before had several, the
    /// next one is waited for, but not past the deadline, and not when nobody has come for a while: one
    /// client that thinks must not hold up the others.
    fn join(&mut self, group: &mut Vec<Box<dyn Act>>) {
        let Some(waiting) = self.waiting.filter(|_| Instant::now() < self.deadline) else { return };
        let had = group.len();
        group.extend(waiting.try_iter().take(self.limits.max_batch.saturating_sub(had)));
        if group.len() == had && had < self.before.min(self.limits.max_batch) {
            group.extend(soon(waiting, self.deadline.min(Instant::now() + LULL)));
        }
    }
}

/// The next one, if it comes before `until`, which is near: to sleep and be woken takes as long as many
/// of them take to come.
fn soon(waiting: &Receiver<Box<dyn Act>>, until: Instant) -> Option<Box<dyn Act>> {
    loop {
        match waiting.try_recv() {
            Ok(next) => return Some(next),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if Instant::now() >= until => return None,
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration;
    use duijie_vocab::{Clock, Entropy, Timestamp};

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0).unwrap()
        }
    }

    impl Entropy for Still {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    /// Puts a setting, after so many faults of a kind.
    struct Flaky {
        key: String,
        faults: u32,
        kind: FaultKind,
        reply: Sender<(String, bool)>,
    }

    impl Act for Flaky {
        fn run(&mut self, conn: &mut Conn, options: &Options, head: &mut Head, _: Guard) -> Result<bool, StoreFault> {
            let actor = Actor::system();
            let mut tx = Tx::new(conn, &actor, options, *head);
            tx.put_setting(&self.key, "x").expect("the setting is put");
            *head = tx.head();
            if self.faults > 0 {
                self.faults -= 1;
                return Err(StoreFault::new(self.kind, "as told"));
            }
            Ok(true)
        }

        fn answer(self: Box<Self>) {
            self.reply.send((self.key, true)).unwrap();
        }

        fn answer_fault(self: Box<Self>, _: Fate) {
            self.reply.send((self.key, false)).unwrap();
        }
    }

    /// Writes a group of flaky use cases and compares the answers, in order, and what is stored.
    fn check(acts: &[(&str, u32, FaultKind)], expected: &[(&str, bool)]) {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("store.db"));
        let mut conn = connect(&location, None).unwrap();
        migration::migrate(&mut conn, "test", Still.now()).unwrap();
        let options = Options::new(Arc::new(Still), Arc::new(Still));
        let mut desk = Desk { conn: Some(conn), location: location.clone(), options, bell: Arc::new(Bell::new(0)) };
        let (reply, answers) = crossbeam_channel::unbounded();
        let act = |(key, faults, kind): &(&str, u32, FaultKind)| -> Box<dyn Act> {
            Box::new(Flaky { key: (*key).to_string(), faults: *faults, kind: *kind, reply: reply.clone() })
        };
        desk.write_group(acts.iter().map(act).collect(), &mut Arrivals::none(), answer_all);
        let answers: Vec<(String, bool)> = answers.try_iter().collect();
        assert_eq!(answers.iter().map(|(key, done)| (key.as_str(), *done)).collect::<Vec<_>>(), expected);
        let mut conn = connect(&location, None).unwrap();
        let mut view = View::over(&mut conn);
        for (key, done) in expected {
            assert_eq!(view.setting(key).unwrap().is_some(), *done, "{key}");
        }
        assert_eq!(view.head().unwrap().seq, expected.iter().filter(|(_, done)| *done).count() as i64);
    }

    #[test]
    fn a_transaction_that_was_in_the_way_is_tried_again_and_writes_once() {
        check(&[("a", 0, FaultKind::Busy), ("b", 3, FaultKind::Busy)], &[("a", true), ("b", true)]);
    }

    #[test]
    fn one_that_never_gets_through_is_told_so_and_the_others_are_written() {
        check(&[("a", 0, FaultKind::Busy), ("b", u32::MAX, FaultKind::Busy), ("c", 0, FaultKind::Busy)], &[("a", true), ("b", false), ("c", true)]);
    }

    #[test]
    fn after_a_fault_of_the_disk_the_writer_goes_on_with_a_new_connection() {
        check(&[("a", 0, FaultKind::Io), ("b", u32::MAX, FaultKind::Io), ("c", 1, FaultKind::Full)], &[("a", true), ("b", false), ("c", false)]);
    }
}
