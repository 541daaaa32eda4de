//! Letters on their way: those that are due are handed over, those that nobody took are tried again,
//! later each time, and shown.

use crate::letters::{FAILED, LETTER, Letter, NEEDLESS, RETRYING, SENT, Way, letter_of, put, reader};
use crate::mail::Mail;
use crate::notices::{CONTACT, UNREAD, notice_text, place};
use crate::{App, AppError};
use duijie_journal::Actor;
use duijie_store::{MatterFilter, MatterOrder, MatterRow};
use duijie_vocab::{RecordId, Text, Timestamp};
use serde::Serialize;
use std::io::{Error, ErrorKind};

/// What one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LetterReport {
    pub notices: usize,
    pub letters: usize,
    pub failed: usize,
}

/// A letter that could not be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterFailure {
    pub to: String,
    pub why: String,
    pub times: u32,
    /// When it is tried again; never, if it was given up.
    pub again: Option<Timestamp>,
}

const BATCH: usize = 200;
const SHOWN: usize = 20;
/// The first wait after a failure, doubled with each one more, up to an hour.
const WAIT_MICROS: i64 = 30_000_000;
const LONGEST_WAIT_MICROS: i64 = 3_600_000_000;
/// More than three days of hours.
const MOST_TRIES: u32 = 80;
/// Who hands a letter over keeps others from it for this long.
const CLAIM: &str = "letter-claim";
const CLAIM_MICROS: i64 = 120_000_000;
/// Failures older than this are history.
const RECENT_MICROS: i64 = 7 * 86_400_000_000;

impl App {
    /// Writes to everybody who has something new to hear, when it is time. `portal` is the address of
    /// the portal. A letter that cannot be handed over keeps no other back.
    pub fn send_letters(&self, portal: &str) -> Result<LetterReport, AppError> {
        let mut report = LetterReport { notices: self.gather_letters()?, ..LetterReport::default() };
        let mut after = None;
        loop {
            let filter = MatterFilter { due_until: Some(self.now()), ..MatterFilter::default() };
            let page = self.store().read(|view| view.matters(LETTER, &filter, MatterOrder::Due, after.as_ref(), BATCH))?;
            for row in page.rows {
                match self.deliver_letter(row, portal)? {
                    Some(true) => report.letters += 1,
                    Some(false) => report.failed += 1,
                    None => {}
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(report);
            }
        }
    }

    /// Letters that wait to be tried again or were given up lately.
    pub fn letter_failures(&self) -> Result<Vec<LetterFailure>, AppError> {
        let filter = MatterFilter { states: vec![RETRYING.into(), FAILED.into()], ..MatterFilter::default() };
        let rows = self.store().read(|view| view.matters(LETTER, &filter, MatterOrder::Updated, None, SHOWN))?.rows;
        let recent = self.now().micros() - RECENT_MICROS;
        let shown = rows.into_iter().filter(|row| row.state == RETRYING || row.updated.micros() > recent);
        shown.map(|row| letter_of(row.body).map(|letter| LetterFailure { to: letter.login, why: letter.why, times: letter.tries, again: row.due })).collect()
    }

    /// Whether the letter went out; nothing if somebody else has it or nobody needs it.
    fn deliver_letter(&self, row: MatterRow, portal: &str) -> Result<Option<bool>, AppError> {
        let mut letter = letter_of(row.body)?;
        let (id, version) = (row.id, row.version);
        if !self.claim(&id)? {
            return Ok(None);
        }
        let notices = self.store().read(|view| {
            let rows = letter.notices.iter().map(|id| view.matter(id)).collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().flatten().filter(|row| row.state == UNREAD).map(|row| notice_text(row.body)).collect::<Result<Vec<_>, AppError>>()
        })?;
        if notices.is_empty() {
            self.concluded(&id, version, ("drop", NEEDLESS), None, letter)?;
            return Ok(None);
        }
        letter.tries += 1;
        match self.hand_over(&id, &letter, &notices, portal)? {
            Ok(()) => {
                letter.why.clear();
                self.concluded(&id, version, ("send", SENT), None, letter)?;
                Ok(Some(true))
            }
            Err(fault) => {
                letter.why = fault.to_string().chars().take(300).collect();
                let last = fault.kind() == ErrorKind::InvalidInput || letter.tries >= MOST_TRIES;
                let again = if last { None } else { Some(self.later(letter.tries)?) };
                self.concluded(&id, version, if last { ("give_up", FAILED) } else { ("fail", RETRYING) }, again, letter)?;
                Ok(Some(false))
            }
        }
    }

    /// Hands the letter to whoever takes it on the way that it goes.
    fn hand_over(&self, id: &RecordId, letter: &Letter, notices: &[(RecordId, Text)], portal: &str) -> Result<std::io::Result<()>, AppError> {
        let (address, robot) = self.store().read(|view| reader(view, &letter.login))?;
        Ok(match (letter.way, robot) {
            (Way::Email, _) if !address.is_empty() => {
                let by_link = letter.login.starts_with(CONTACT);
                self.post().send(id.as_str(), &mail(&address, notices, (!by_link).then_some(portal)))
            }
            (Way::Robot, Some(robot)) => robot.tell(self.outbound(), &words(notices, portal), self.now()),
            _ => Err(Error::new(ErrorKind::InvalidInput, "the account, its address or its robot is gone")),
        })
    }

    fn claim(&self, id: &RecordId) -> Result<bool, AppError> {
        let key = id.to_string();
        self.write(&Actor::system(), move |tx| {
            let now = tx.now();
            if tx.view().kept(CLAIM, &key, now)?.is_some() {
                return Ok(false);
            }
            let until = Timestamp::from_micros(now.micros() + CLAIM_MICROS).map_err(|fault| AppError::Internal(fault.into()))?;
            tx.keep(CLAIM, &key, "", until)?;
            Ok(true)
        })
    }

    fn concluded(&self, id: &RecordId, version: i64, how: (&'static str, &'static str), due: Option<Timestamp>, letter: Letter) -> Result<(), AppError> {
        let id = id.clone();
        self.write(&Actor::system(), move |tx| {
            put(tx, &id, version + 1, how, due, &letter)?;
            Ok(tx.forget(CLAIM, id.as_str()).map(drop)?)
        })
    }

    fn later(&self, tries: u32) -> Result<Timestamp, AppError> {
        let wait = WAIT_MICROS.saturating_mul(1 << tries.min(16)).min(LONGEST_WAIT_MICROS);
        Timestamp::from_micros(self.now().micros() + wait).map_err(|fault| AppError::Internal(fault.into()))
    }
}

fn subject(notices: &[(RecordId, Text)]) -> String {
    match notices {
        [(_, only)] => only.zh.chars().take(60).collect(),
        several => format!("{} 条对接通知 / {} notices", several.len(), several.len()),
    }
}

/// A letter; without a portal for somebody who has no account and came by a private link.
fn mail(to: &str, notices: &[(RecordId, Text)], portal: Option<&str>) -> Mail {
    let portal = portal.map(|portal| portal.trim_end_matches('/'));
    let link = |case: &RecordId| portal.map(|portal| format!("{portal}{}\n", place(case))).unwrap_or_default();
    let lines: Vec<String> = notices.iter().map(|(case, text)| format!("{}\n{}\n{}", text.zh, text.en, link(case))).collect();
    let end = match portal {
        Some(portal) => format!("--\n{portal}/account#notices\n"),
        None => "请用提交需求时收到的链接查看。\nUse the link that you got when you handed the need in.\n".to_string(),
    };
    Mail { to: to.to_string(), subject: subject(notices), body: format!("{}\n{end}", lines.join("\n")) }
}

/// A message for a chat: one line for each notice.
fn words(notices: &[(RecordId, Text)], portal: &str) -> String {
    let portal = portal.trim_end_matches('/');
    let lines = notices.iter().map(|(case, text)| format!("{}\n{portal}{}", text.zh, place(case)));
    std::iter::once(format!("【对接】{} 条通知", notices.len())).chain(lines).collect::<Vec<_>>().join("\n")
}
