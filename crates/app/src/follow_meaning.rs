//! Embedding records as a follower of the journal with a queue of its own: search never waits for it, and
//! what it has not reached yet is found by its words.

use crate::meaning::{Ready, has_meaning, passage};
use crate::{App, AppError};
use duijie_matching::{EmbedFault, Profile, Role};
use duijie_record::{Record, Visibility, schema};
use duijie_search::{Embedded, RecordPlace};
use duijie_vocab::{Digest, Text, text};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many records are embedded at a time, and how long the follower sleeps when nothing wakes it.
const BATCH: usize = 32;
const NAP: Duration = Duration::from_millis(500);
/// After a failure the next try waits twice as long as the one before, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A text that any model can embed: it tells a bad text from a bad server.
const PROBE: &str = "一";

impl App {
    /// Embeds what changed since the last time, until everything is or `stop` is set. Returns the entry up to
    /// which records are embedded, or nothing where no model is set. `progress` hears how many records were
    /// looked at.
    pub fn follow_meaning(&self, stop: &AtomicBool, progress: &mut dyn FnMut(usize)) -> Result<Option<i64>, AppError> {
        let ready = match self.meanings.load() {
            None => return Ok(None),
            Some(Ok(ready)) => ready,
            Some(Err(fault)) => return Err(AppError::Unavailable(fault.clone())),
        };
        let done = self.embed_records(ready, stop, progress);
        self.meanings.set_stuck(done.as_ref().err().map(AppError::message));
        done.map(Some)
    }

    fn embed_records(&self, ready: &Ready, stop: &AtomicBool, progress: &mut dyn FnMut(usize)) -> Result<i64, AppError> {
        let head = self.store().read(|view| view.head())?.seq;
        if ready.vectors.cursor() > head {
            // Vectors of another journal.
            ready.vectors.clear().map_err(disk)?;
        }
        let mut seen = 0;
        while !stop.load(Ordering::Relaxed) {
            let rows = self.store().read(|view| view.records_changed(ready.vectors.cursor(), BATCH))?;
            let Some(last) = rows.last() else {
                ready.vectors.reach(head);
                break;
            };
            let cursor = last.entry;
            seen += rows.len();
            let step = ready.step(rows.into_iter().map(|row| row.record)).map_err(not_embedded)?;
            ready.vectors.keep(step, cursor).map_err(disk)?;
            progress(seen);
        }
        Ok(ready.vectors.cursor())
    }

    /// Embeds until `stop` is set; for a thread of its own beside a server. A model that fails is tried again,
    /// ever less often.
    pub fn follow_meaning_until(&self, stop: &AtomicBool, report: &dyn Fn(&AppError)) {
        let news = self.store().subscribe();
        let mut wait = NAP;
        while !stop.load(Ordering::Relaxed) {
            match self.follow_meaning(stop, &mut |_| {}) {
                Ok(None) => return,
                Ok(Some(cursor)) => {
                    wait = NAP;
                    if news.wait(cursor, NAP).is_err() {
                        std::thread::sleep(NAP);
                    }
                }
                Err(fault) => {
                    report(&fault);
                    sleep(wait, stop);
                    wait = LONGEST_WAIT.min(2 * wait);
                }
            }
        }
    }

    /// Forgets all vectors and embeds every record again; returns how many have one.
    pub fn rebuild_meaning(&self, progress: &mut dyn FnMut(usize)) -> Result<usize, AppError> {
        let Some(Ok(ready)) = self.meanings.load() else {
            self.follow_meaning(&AtomicBool::new(false), progress)?;
            return Err(AppError::Unavailable(text!("没有设置语义模型（embedding.yaml）", "no model is set (embedding.yaml)")));
        };
        ready.vectors.clear().map_err(disk)?;
        self.follow_meaning(&AtomicBool::new(false), progress)?;
        Ok(ready.vectors.embedded())
    }
}

/// A record to embed, and what to embed of it; nothing where the text is known or there is none.
struct Queued {
    embedded: Embedded,
    passage: Option<String>,
    name: Option<String>,
}

impl Ready {
    fn step(&self, records: impl Iterator<Item = Record>) -> Result<Vec<Embedded>, EmbedFault> {
        let mut ahead = 0;
        let mut queue: Vec<Queued> = Vec::new();
        for record in records.filter(|record| has_meaning(&record.kind)) {
            let queued = self.queued(&record, ahead);
            ahead += usize::from(queued.passage.is_some());
            queue.push(queued);
        }
        let passages: Vec<&str> = queue.iter().filter_map(|queued| queued.passage.as_deref()).collect();
        let mut vectors = self.vectors_of(&passages, Role::Passage)?.into_iter();
        let names: Vec<&str> = queue.iter().filter_map(|queued| queued.name.as_deref()).collect();
        let mut asked = self.vectors_of(&names, Role::Query)?.into_iter();
        for queued in &mut queue {
            queued.embedded.vector = queued.passage.as_ref().and_then(|_| vectors.next().flatten());
            queued.embedded.asked = queued.name.as_ref().and_then(|_| asked.next().flatten());
        }
        Ok(queue.into_iter().map(|queued| queued.embedded).collect())
    }

    fn queued(&self, record: &Record, ahead: usize) -> Queued {
        let hidden = self.outside && record.visibility != Visibility::Public;
        let passage = passage(record).filter(|_| !hidden);
        let digest = passage.as_ref().map_or(0, |text| Digest::of(&[text.as_bytes()]).0.iter().take(8).fold(0, |digest, &byte| digest << 8 | u64::from(byte)));
        let passage = passage.filter(|_| !self.vectors.knows(&record.id, digest));
        let wanted = passage.is_some() && self.vectors.wants_sample(ahead);
        let name = schema(&record.kind).map(|schema| Profile::from_record(record, schema).title).filter(|name| wanted && !name.trim().is_empty());
        Queued { embedded: Embedded { place: RecordPlace::of(record), digest, vector: None, asked: None }, passage, name }
    }

    /// The vectors of `texts`; nothing for a text that the model cannot take while it takes others.
    fn vectors_of(&self, texts: &[&str], role: Role) -> Result<Vec<Option<Vec<f32>>>, EmbedFault> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        match self.embed(texts, role) {
            Ok(vectors) => Ok(vectors.into_iter().map(Some).collect()),
            Err(EmbedFault::Refused(_) | EmbedFault::Unusable(_)) => self.one_by_one(texts, role),
            Err(fault) => Err(fault),
        }
    }

    fn one_by_one(&self, texts: &[&str], role: Role) -> Result<Vec<Option<Vec<f32>>>, EmbedFault> {
        // A server that cannot do even this is at fault, not the texts.
        self.embed(&[PROBE], role)?;
        let one = |text: &&str| match self.embed(&[text], role) {
            Ok(mut vectors) => Ok(vectors.pop()),
            Err(EmbedFault::Refused(_) | EmbedFault::Unusable(_)) => Ok(None),
            Err(fault) => Err(fault),
        };
        texts.iter().map(one).collect()
    }
}

fn sleep(time: Duration, stop: &AtomicBool) {
    let mut left = time;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let nap = left.min(NAP);
        std::thread::sleep(nap);
        left -= nap;
    }
}

fn not_embedded(fault: EmbedFault) -> AppError {
    AppError::Unavailable(text!("记录没有得到向量：{fault}", "records get no vectors: {fault}"))
}

fn disk(fault: std::io::Error) -> AppError {
    let why: Text = match fault.kind() {
        std::io::ErrorKind::WouldBlock => text!("另一个进程正在计算向量", "another process is embedding"),
        _ => text!("向量不能写入：{fault}", "the vectors cannot be written: {fault}"),
    };
    AppError::Unavailable(why)
}
