//! Notices as letters: a follower of the journal writes to everybody who has an e-mail address, once
//! things have been quiet for a moment, all that came together in one letter. Its cursor is kept with
//! the store, so a restart sends nothing twice and forgets nothing; a failure is tried again later.

use crate::mail::Mail;
use crate::notices::{DESK, NOTICE, TO, UNREAD, notice_text, place};
use crate::{App, AppError, Role};
use duijie_journal::{Account, Actor, Party};
use duijie_store::MatterRow;
use duijie_vocab::{Digest, RecordId, RegionCode, Text, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The follower's name in the store.
const FOLLOWER: &str = "letters";
const BATCH: usize = 500;
const ACCOUNTS: usize = 200;
/// Notices younger than this wait for others that may go into the same letter.
const QUIET_MICROS: i64 = 30_000_000;
/// The first wait after a failure, doubled with each one more, up to an hour.
const WAIT_MICROS: i64 = 30_000_000;
const LONGEST_WAIT_MICROS: i64 = 3_600_000_000;
const FAILURE: &str = "letters-failed";
const DAY_MICROS: i64 = 86_400_000_000;

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LetterReport {
    pub notices: usize,
    pub letters: usize,
}

/// A letter that could not be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterFailure {
    pub why: String,
    pub times: u32,
    /// When it is tried again.
    pub again: Timestamp,
}

/// Notices that one run writes about, and the entry up to which it has read.
struct Batch {
    rows: Vec<(MatterRow, Vec<Party>)>,
    reached: i64,
}

/// An account with the notices it hears of: what each is about, and its words.
type Addressed = (Account, Vec<(RecordId, Text)>);

impl App {
    /// Writes to everybody who has something new to hear. `portal` is the address of the portal.
    pub fn send_letters(&self, portal: &str) -> Result<LetterReport, AppError> {
        let mut report = LetterReport::default();
        if self.letter_failure()?.is_some_and(|failure| failure.again > self.now()) {
            return Ok(report);
        }
        loop {
            let Some(batch) = self.unsent()? else { return Ok(report) };
            report.notices += batch.rows.len();
            for (account, notices) in self.addressed(&batch)? {
                if let Err(fault) = self.post().send(&letter_id(&account, &notices), &letter(&account, &notices, portal)) {
                    self.note_failure(&fault.to_string())?;
                    return Ok(report);
                }
                report.letters += 1;
            }
            self.write(&Actor::system(), move |tx| {
                tx.set_cursor(FOLLOWER, batch.reached)?;
                Ok(tx.forget(FAILURE, FOLLOWER).map(drop)?)
            })?;
        }
    }

    /// Why letters do not go out, if they do not.
    pub fn letter_failure(&self) -> Result<Option<LetterFailure>, AppError> {
        let now = self.now();
        let kept = self.store().read(|view| view.kept(FAILURE, FOLLOWER, now))?;
        kept.map(|text| serde_json::from_str(&text).map_err(|fault| AppError::Internal(fault.into()))).transpose()
    }

    fn note_failure(&self, why: &str) -> Result<(), AppError> {
        let times = self.letter_failure()?.map_or(0, |failure| failure.times) + 1;
        let wait = WAIT_MICROS.saturating_mul(1 << times.min(16)).min(LONGEST_WAIT_MICROS);
        let later = |micros: i64| Timestamp::from_micros(self.now().micros() + micros).map_err(|fault| AppError::Internal(fault.into()));
        let failure = LetterFailure { why: why.to_string(), times, again: later(wait)? };
        let (text, expires) = (serde_json::to_string(&failure).map_err(|fault| AppError::Internal(fault.into()))?, later(30 * DAY_MICROS)?);
        self.write(&Actor::system(), move |tx| Ok(tx.keep(FAILURE, FOLLOWER, &text, expires)?))
    }

    /// The notices after the cursor that have been quiet long enough; nothing if there are no entries to pass.
    fn unsent(&self) -> Result<Option<Batch>, AppError> {
        let quiet = self.now().micros() - QUIET_MICROS;
        self.store().read(|view| {
            let cursor = view.cursor(FOLLOWER)?;
            let mut batch = Batch { rows: Vec::new(), reached: cursor };
            for row in view.matters_changed(cursor, BATCH)? {
                if row.kind == NOTICE && row.updated.micros() > quiet {
                    break;
                }
                batch.reached = row.entry;
                // What was read in the portal meanwhile needs no letter.
                if row.kind == NOTICE && row.state == UNREAD {
                    let parties = view.matter_parties(&row.id)?;
                    batch.rows.push((row, parties));
                }
            }
            Ok::<_, AppError>((batch.reached > cursor).then_some(batch))
        })
    }

    /// Who hears of which notices of the batch.
    fn addressed(&self, batch: &Batch) -> Result<Vec<Addressed>, AppError> {
        if batch.rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut letters: BTreeMap<String, Addressed> = BTreeMap::new();
        for account in self.reachable()? {
            for (row, parties) in &batch.rows {
                if parties.iter().any(|party| party.role == TO && is_meant(&account, &party.who, row.region)) {
                    let notices = letters.entry(account.login.clone()).or_insert_with(|| (account.clone(), Vec::new()));
                    notices.1.push(notice_text(row.body.clone())?);
                }
            }
        }
        Ok(letters.into_values().collect())
    }

    /// The accounts in use that have an e-mail address.
    fn reachable(&self) -> Result<Vec<Account>, AppError> {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.store().read(|view| view.accounts(&after, ACCOUNTS))?;
            let Some(last) = page.last() else { return Ok(found) };
            after.clone_from(&last.login);
            found.extend(page.into_iter().filter(|account| !account.disabled && !account.email.is_empty()));
        }
    }
}

fn is_meant(account: &Account, who: &str, region: RegionCode) -> bool {
    let works = || account.roles.last().and_then(|role| Role::parse(role)) == Some(Role::Officer) && account.region.contains(region);
    who.strip_prefix("user:") == Some(account.login.as_str())
        || account.organization.as_ref().is_some_and(|own| own.as_str() == who)
        || (who == DESK && works())
}

/// The same notices to the same person are the same letter, however often it is tried.
fn letter_id(account: &Account, notices: &[(RecordId, Text)]) -> String {
    let lines: Vec<String> = notices.iter().map(|(case, text)| format!("{case} {}", text.zh)).collect();
    Digest::of(&[account.login.as_bytes(), lines.join("\n").as_bytes()]).to_string()[..32].to_string()
}

fn letter(account: &Account, notices: &[(RecordId, Text)], portal: &str) -> Mail {
    let portal = portal.trim_end_matches('/');
    let lines: Vec<String> = notices.iter().map(|(case, text)| format!("{}\n{}\n{portal}{}\n", text.zh, text.en, place(case))).collect();
    let subject = match notices {
        [(_, only)] => only.zh.chars().take(60).collect(),
        several => format!("{} 条对接通知 / {} notices", several.len(), several.len()),
    };
    Mail { to: account.email.clone(), subject, body: lines.join("\n") }
}
