//! Posting: the only way in which a balance changes. Each transfer gets an answer of its own;
//! those of one chain stand or fall together.

use crate::stage::Stage;
use crate::{Account, AccountId, Act, Changes, Entry, MAX_AMOUNT, MAX_BATCH, Moved, PostFault, Refusal, Status, Transfer, TransferId};
use duijie_vocab::Timestamp;

/// Where accounts and entries are kept. Reads see what was written before; [`Book::write`] is
/// called once per batch and has to keep all of it or nothing.
pub trait Book {
    type Error;

    /// The account, if a transfer ever touched it.
    fn account(&mut self, id: &AccountId) -> Result<Option<Account>, Self::Error>;

    /// The accepted transfer with this id, with what became of it.
    fn entry(&mut self, id: &TransferId) -> Result<Option<Entry>, Self::Error>;

    /// Keeps what a batch changed.
    fn write(&mut self, changes: &Changes) -> Result<(), Self::Error>;
}

/// The answer to one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted now.
    Posted(Entry),
    /// Accepted before, under the same id and equal in every part; nothing moved this time. The
    /// entry says what became of it since.
    Exists(Entry),
    Refused(Refusal),
}

impl Outcome {
    /// The entry, unless the transfer was refused.
    pub fn entry(&self) -> Result<&Entry, &Refusal> {
        match self {
            Outcome::Posted(entry) | Outcome::Exists(entry) => Ok(entry),
            Outcome::Refused(refusal) => Err(refusal),
        }
    }
}

/// Posts `batch` at the instant `now` and returns one answer for each transfer, in order. Transfers
/// that are refused leave nothing behind; the others are written together.
pub fn post<B: Book>(book: &mut B, batch: &[Transfer], now: Timestamp) -> Result<Vec<Outcome>, PostFault<B::Error>> {
    check_batch(batch)?;
    let mut stage = Stage::new(book);
    let mut outcomes = Vec::with_capacity(batch.len());
    for chain in batch.split_inclusive(|transfer| !transfer.linked) {
        outcomes.extend(post_chain(&mut stage, chain, now).map_err(PostFault::Book)?);
    }
    stage.write().map_err(PostFault::Book)?;
    Ok(outcomes)
}

/// Posts `batch` if no transfer of it is refused, else nothing.
pub fn post_all<B: Book>(book: &mut B, batch: &[Transfer], now: Timestamp) -> Result<Vec<Outcome>, PostFault<B::Error>> {
    check_batch(batch)?;
    let mut stage = Stage::new(book);
    let mut outcomes = Vec::with_capacity(batch.len());
    for chain in batch.split_inclusive(|transfer| !transfer.linked) {
        outcomes.extend(post_chain(&mut stage, chain, now).map_err(PostFault::Book)?);
        if let Err(refusal) = all_posted(&outcomes) {
            return Err(PostFault::Refused(refusal.clone()));
        }
    }
    stage.write().map_err(PostFault::Book)?;
    Ok(outcomes)
}

/// The entries of all transfers, or the first refusal that is not only the echo of another one.
pub fn all_posted(outcomes: &[Outcome]) -> Result<Vec<&Entry>, &Refusal> {
    let refusals = outcomes.iter().filter_map(|outcome| outcome.entry().err());
    match refusals.min_by_key(|refusal| matches!(refusal, Refusal::Chain(_))) {
        Some(refusal) => Err(refusal),
        None => Ok(outcomes.iter().filter_map(|outcome| outcome.entry().ok()).collect()),
    }
}

fn check_batch<E>(batch: &[Transfer]) -> Result<(), PostFault<E>> {
    if batch.len() > MAX_BATCH {
        return Err(PostFault::TooMany(batch.len()));
    }
    match batch.last() {
        Some(last) if last.linked => Err(PostFault::OpenChain(last.id.clone())),
        _ => Ok(()),
    }
}

fn post_chain<B: Book>(stage: &mut Stage<'_, B>, chain: &[Transfer], now: Timestamp) -> Result<Vec<Outcome>, B::Error> {
    stage.begin();
    let mut outcomes = Vec::with_capacity(chain.len());
    for transfer in chain {
        let outcome = post_one(stage, transfer, now)?;
        let refused = matches!(outcome, Outcome::Refused(_));
        outcomes.push(outcome);
        if refused {
            stage.take_back();
            return Ok(refuse_chain(chain, outcomes));
        }
    }
    // A chain that was posted was posted whole; a part of it under the same ids is another chain.
    let before = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Exists(_)));
    let now_posted = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Posted(_)));
    if let (Some(at), true) = (before, now_posted) {
        stage.take_back();
        outcomes.truncate(at);
        outcomes.push(Outcome::Refused(Refusal::ChainDiffers(chain[at].id.clone())));
        return Ok(refuse_chain(chain, outcomes));
    }
    Ok(outcomes)
}

/// The answers for a chain of which the last answered transfer was refused.
fn refuse_chain(chain: &[Transfer], answered: Vec<Outcome>) -> Vec<Outcome> {
    let at = answered.len() - 1;
    let culprit = &chain[at].id;
    let mut own = answered.into_iter().skip(at);
    let echo = |_| Outcome::Refused(Refusal::Chain(culprit.clone()));
    (0..chain.len()).map(|place| if place == at { own.next().unwrap_or_else(|| echo(place)) } else { echo(place) }).collect()
}

fn post_one<B: Book>(stage: &mut Stage<'_, B>, transfer: &Transfer, now: Timestamp) -> Result<Outcome, B::Error> {
    if let Some(entry) = stage.entry(&transfer.id)? {
        let same = entry.transfer == *transfer;
        return Ok(if same { Outcome::Exists(entry) } else { Outcome::Refused(Refusal::Differs(transfer.id.clone())) });
    }
    let moved = match &transfer.act {
        Act::Posted { debit, credit, amount } | Act::Pending { debit, credit, amount, .. } => {
            Ok(Moved { debit: debit.clone(), credit: credit.clone(), amount: *amount, reserved: *amount })
        }
        Act::Post { pending, .. } | Act::Void { pending } | Act::Expire { pending } => {
            let entry = stage.entry(pending)?;
            resolve(&transfer.act, pending, entry, now)
        }
    };
    let moved = match moved.and_then(|moved| check_moved(moved, &transfer.act, now)) {
        Ok(moved) => moved,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let status = if matches!(transfer.act, Act::Pending { .. }) { Status::Pending } else { Status::Final };
    let entry = Entry { transfer: transfer.clone(), moved, at: now, status };
    if let Err(refusal) = stage.put(entry.clone())? {
        return Ok(Outcome::Refused(refusal));
    }
    if let Some((pending, status)) = concludes(transfer) {
        stage.conclude(pending, status);
    }
    Ok(Outcome::Posted(entry))
}

/// The accounts and amounts of an act on a pending transfer, if it may be acted on.
fn resolve(act: &Act, pending: &TransferId, entry: Option<Entry>, now: Timestamp) -> Result<Moved, Refusal> {
    let entry = entry.ok_or_else(|| Refusal::NoSuchPending(pending.clone()))?;
    if let Some(by) = entry.status.by() {
        return Err(Refusal::Concluded { pending: pending.clone(), status: entry.status.as_str(), by: by.clone() });
    }
    if entry.status != Status::Pending {
        return Err(Refusal::NotPending(pending.clone()));
    }
    let expired = entry.expires().filter(|expires| *expires <= now);
    let reserved = entry.moved.amount;
    let amount = match (act, expired) {
        (Act::Expire { .. }, None) => return Err(Refusal::NotExpired(pending.clone())),
        (Act::Post { .. }, Some(expires)) => return Err(Refusal::Expired { pending: pending.clone(), expires }),
        (Act::Post { amount: Some(wanted), .. }, None) if *wanted > reserved => {
            return Err(Refusal::MoreThanReserved { pending: pending.clone(), reserved, wanted: *wanted });
        }
        (Act::Post { amount: Some(wanted), .. }, None) => *wanted,
        _ => reserved,
    };
    Ok(Moved { amount, reserved, ..entry.moved })
}

fn check_moved(moved: Moved, act: &Act, now: Timestamp) -> Result<Moved, Refusal> {
    if moved.amount.0 <= 0 {
        return Err(Refusal::NotPositive(moved.amount));
    }
    if moved.amount > MAX_AMOUNT {
        return Err(Refusal::TooLarge(moved.amount));
    }
    if moved.debit == moved.credit {
        return Err(Refusal::SameAccount(moved.debit));
    }
    match act {
        Act::Pending { expires: Some(expires), .. } if *expires <= now => Err(Refusal::ExpiresInPast(*expires)),
        _ => Ok(moved),
    }
}

/// The pending transfer that an accepted one ends, and how.
fn concludes(transfer: &Transfer) -> Option<(&TransferId, Status)> {
    let by = transfer.id.clone();
    match &transfer.act {
        Act::Posted { .. } | Act::Pending { .. } => None,
        Act::Post { pending, .. } => Some((pending, Status::Settled { by })),
        Act::Void { pending } => Some((pending, Status::Voided { by })),
        Act::Expire { pending } => Some((pending, Status::Expired { by })),
    }
}
