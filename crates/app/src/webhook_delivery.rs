//! Telling webhooks what happened: each is a follower of the journal with a cursor of its own. What
//! one run finds goes out as one message, signed in the way of Standard Webhooks; the cursor moves
//! when the receiver has said yes, so a message may come twice and is never lost. Messages name what
//! changed and hold no content: the receiver reads that with a key, under its rights of that moment.

use crate::outbound::{NamedBy, Sending};
use crate::record::readable;
use crate::sessions::{later, viewer_of};
use crate::webhook::{Hook, HookEvent};
use crate::{App, AppError, Role, Viewer};
use data_encoding::BASE64;
use duijie_journal::{Actor, Event};
use duijie_store::{EntryView, View};
use duijie_vocab::{Diagnostic, RecordId, RegionCode, Timestamp, text};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HooksReport {
    pub messages: usize,
    pub events: usize,
    pub failures: usize,
}

/// Why messages do not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookFailure {
    pub why: String,
    pub times: u32,
    /// When it is tried again.
    pub again: Timestamp,
}

/// A message as it is sent.
#[derive(Serialize)]
struct Message {
    events: Vec<News>,
}

#[derive(Clone, Debug, Serialize)]
struct News {
    event: HookEvent,
    /// The number of the entry; the same number is the same event.
    entry: i64,
    at: String,
    id: RecordId,
    kind: String,
    version: i64,
    state: String,
    region: RegionCode,
    /// Where the portal shows it.
    url: String,
}

/// Entries that one message looks at, and events that it holds at most.
const BATCH: usize = 200;
/// Messages to one receiver in one run, so that one that was away long does not keep the others.
const MESSAGES: usize = 20;
const FAILED: &str = "webhook-failed";
/// The first wait after a failure, doubled with each one more, up to six hours.
const WAIT_MICROS: i64 = 15_000_000;
const LONGEST_WAIT_MICROS: i64 = 6 * 3_600_000_000;
const KEPT_MICROS: i64 = 30 * 86_400_000_000;
/// Failures in a row that administrators are told of.
const TOLD_FROM: u32 = 5;
const NAP: Duration = Duration::from_secs(2);

/// The name under which a webhook's cursor is kept.
pub(crate) fn follower(id: &str) -> String {
    format!("webhook {id}")
}

/// The signature of a message (Standard Webhooks): HMAC-SHA256 over id, seconds and body with points
/// between, in base 64 behind the version of the scheme.
pub fn signature(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("BUG: HMAC takes a key of any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

impl App {
    /// Tells every webhook what it has not heard. `portal` is the address of the portal.
    pub fn send_hooks(&self, portal: &str) -> Result<HooksReport, AppError> {
        let mut report = HooksReport::default();
        for (id, hook) in self.hooks_in_force()? {
            if self.hook_failure(&id)?.is_none_or(|failure| failure.again <= self.now()) {
                self.send_hook(&id, &hook, portal, &mut report)?;
            }
        }
        Ok(report)
    }

    /// As [`App::send_hooks`], until `stop` is set; for a thread of its own beside a server.
    pub fn send_hooks_until(&self, stop: &AtomicBool, portal: &str, report: &dyn Fn(&AppError)) {
        let news = self.store().subscribe();
        while !stop.load(Ordering::Relaxed) {
            let head = self.store().read(|view| view.head()).map_or(-1, |head| head.seq);
            if let Err(fault) = self.send_hooks(portal) {
                report(&fault);
                std::thread::sleep(NAP);
            }
            if news.wait(head, NAP).is_err() {
                std::thread::sleep(NAP);
            }
        }
    }

    /// Why a webhook's messages do not arrive, if they do not.
    pub(crate) fn hook_failure(&self, id: &str) -> Result<Option<HookFailure>, AppError> {
        let now = self.now();
        let kept = self.store().read(|view| view.kept(FAILED, id, now))?;
        kept.map(|text| serde_json::from_str(&text).map_err(|fault| AppError::Internal(fault.into()))).transpose()
    }

    /// What administrators should know of webhooks that do not arrive.
    pub(crate) fn hook_problems(&self) -> Result<Vec<Diagnostic>, AppError> {
        let mut problems = Vec::new();
        for (id, hook) in self.hooks_in_force()? {
            if let Some(HookFailure { why, times, .. }) = self.hook_failure(&id)?.filter(|failure| failure.times >= TOLD_FROM) {
                let (url, login) = (hook.url, hook.login);
                let message = text!("{login} 的事件推送 {times} 次未送达 {url}：{why}", "the webhook of {login} failed {times} times at {url}: {why}");
                problems
                    .push(Diagnostic::warning("health.webhook", message).help(text!("联系接收方，或删除该推送", "ask the receiver, or remove the webhook")));
            }
        }
        Ok(problems)
    }

    fn send_hook(&self, id: &str, hook: &Hook, portal: &str, report: &mut HooksReport) -> Result<(), AppError> {
        for _ in 0..MESSAGES {
            let from = self.store().read(|view| view.cursor(&follower(id)))?;
            let Some((reached, events)) = self.news(hook, from, portal)? else { return Ok(()) };
            if !events.is_empty() {
                let told = events.len();
                if let Err(why) = self.deliver(id, hook, from, Message { events })? {
                    report.failures += 1;
                    return self.note_hook_failure(id, why);
                }
                report.messages += 1;
                report.events += told;
            }
            let key = id.to_string();
            self.write(&Actor::system(), move |tx| {
                tx.set_cursor(&follower(&key), reached)?;
                Ok(tx.forget(FAILED, &key).map(drop)?)
            })?;
        }
        Ok(())
    }

    /// What happened after entry `from` that the webhook's account may know, and up to which entry
    /// that was; nothing if there are no entries after it.
    fn news(&self, hook: &Hook, from: i64, portal: &str) -> Result<Option<(i64, Vec<News>)>, AppError> {
        let portal = portal.trim_end_matches('/');
        self.store().read(|view| {
            let entries = view.entries(from, BATCH)?;
            let Some(last) = entries.last() else { return Ok(None) };
            let reached = last.entry.seq;
            let account = view.account(&hook.login)?.filter(|account| !account.disabled);
            let Some(viewer) = account.map(viewer_of) else { return Ok(Some((reached, Vec::new()))) };
            let mut events = Vec::new();
            for entry in &entries {
                if let Some(event) = HookEvent::of(&entry.entry.event).filter(|event| hook.events.contains(event)) {
                    events.extend(news_of(view, &viewer, hook.region, event, entry, portal)?);
                }
            }
            Ok(Some((reached, events)))
        })
    }

    /// Sends one message; why it did not arrive, if it did not.
    fn deliver(&self, id: &str, hook: &Hook, from: i64, message: Message) -> Result<Result<(), String>, AppError> {
        let Some(key) = self.hook_key(id)? else { return Ok(Err("there is no secret; make the webhook anew".to_string())) };
        let body = serde_json::to_string(&message).map_err(|fault| AppError::Internal(fault.into()))?;
        // A message that is sent again has its name again.
        let name = format!("msg_{id}_{from}");
        let seconds = self.now().micros().div_euclid(1_000_000);
        let signed = signature(&key, &name, seconds, &body);
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", concat!("duijie/", env!("CARGO_PKG_VERSION"))),
            ("webhook-id", &name),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &signed),
        ];
        let sending = Sending { named_by: NamedBy::Person, url: &hook.url, headers: &headers, body: Some(body.as_bytes()) };
        Ok(match self.outbound().send(&sending) {
            Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
            Ok(reply) => Err(format!("it answered {}", reply.status)),
            Err(fault) => Err(fault.to_string()),
        })
    }

    fn note_hook_failure(&self, id: &str, why: String) -> Result<(), AppError> {
        let times = self.hook_failure(id)?.map_or(0, |failure| failure.times).saturating_add(1);
        let wait = WAIT_MICROS.saturating_mul(1 << (times - 1).min(16)).min(LONGEST_WAIT_MICROS);
        let failure = HookFailure { why: why.chars().take(200).collect(), times, again: later(self.now(), wait) };
        let text = serde_json::to_string(&failure).map_err(|fault| AppError::Internal(fault.into()))?;
        let (key, expires) = (id.to_string(), later(self.now(), KEPT_MICROS));
        self.write(&Actor::system(), move |tx| Ok(tx.keep(FAILED, &key, &text, expires)?))
    }
}

/// The news that an entry is for `viewer`, if it concerns `region` and the viewer may know of it.
fn news_of(view: &mut View<'_>, viewer: &Viewer, region: RegionCode, event: HookEvent, entry: &EntryView, portal: &str) -> Result<Option<News>, AppError> {
    let (entry, at) = (&entry.entry, entry.entry.at.to_string());
    match &entry.event {
        Event::RecordPut(put) => {
            let record = &put.record;
            let known = match readable(viewer, view, &record.id) {
                Ok(_) => region.contains(record.region),
                Err(AppError::NotFound) => false,
                Err(fault) => return Err(fault),
            };
            let news = || {
                let (id, kind, state) = (record.id.clone(), record.kind.clone(), record.state.as_str().to_string());
                let url = format!("{portal}/{kind}/{id}");
                News { event, entry: entry.seq, at, id, kind, version: record.version, state, region: record.region, url }
            };
            Ok(known.then(news))
        }
        Event::MatterMoved(moved) => {
            let office = matches!(viewer.role, Role::Officer | Role::Admin) && viewer.region.contains(moved.region);
            let parties = view.matter_parties(&moved.id)?;
            let own = viewer.organization.as_ref().is_some_and(|own| parties.iter().any(|party| party.who == *own));
            let news = || News {
                event,
                entry: entry.seq,
                at,
                id: moved.id.clone(),
                kind: moved.of.clone(),
                version: moved.version,
                state: moved.state.clone(),
                region: moved.region,
                url: format!("{portal}{}", crate::notices::place(&moved.id)),
            };
            Ok(((office || own) && region.contains(moved.region)).then(news))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification and its libraries.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
