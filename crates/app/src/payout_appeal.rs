//! An appeal that is right: the firm is decided once more, under the rule and the facts of now, and a
//! new entitlement takes the place of the one that was rejected.

use crate::facts::collected;
use crate::payout::{Promised, step};
use crate::payout_run::{make, promised};
use crate::promise::{Stored, load, refused};
use crate::{App, AppError, Viewer};
use duijie_payout::{Act, By, Decided, Preview, Terms, Verdict};
use duijie_policy::Period;
use duijie_vocab::{Diagnostic, Fen, RecordId, Text, text};
use std::collections::BTreeMap;

impl App {
    /// Upholds the appeal of `stored` and returns the new entitlement's id. An appeal that still has no
    /// ground in the facts on record is not upheld: they are corrected first.
    pub(crate) fn uphold_appeal(&self, viewer: &Viewer, stored: &Stored<Promised>, reason: &str, version: Option<i64>) -> Result<RecordId, AppError> {
        // What forbids the step itself is told before anything is decided or kept.
        let by = By { person: viewer.login.clone().unwrap_or_default(), at: self.now() };
        stored.value.entitlement.clone().take(Act::Uphold { reason: reason.to_string() }, &by, &Terms::default()).map(drop).map_err(refused)?;
        let claim = stored.value.entitlement.claim().clone();
        let year = Period::parse(&claim.period).ok().and_then(Period::year).ok_or(AppError::NotFound)?;
        let reading = self.begin_reading(viewer, &claim.measure, &year.to_string())?;
        let regions = collected(reading.regions.clone());
        let mut asking = reading.asking(&regions);
        asking.appealed = Some(&claim.id);
        let found = self.judge(&asking, std::slice::from_ref(&claim.firm))?.pop().ok_or(AppError::NotFound)?;
        let Decided::Eligible { amount: asked } = found.candidate.outcome else { return Err(no_ground(&found.candidate.outcome)) };
        // What was decided before a limit that measures share, which `asked` keeps already.
        let whole = found.decision.amount.map_or(asked, |amount| amount.low);
        let pays = self.share_as_before(viewer, &claim.id, claim.amount, whole)?.min(asked);
        let shares = Preview {
            rows: Vec::new(),
            pool: reading.left,
            asked,
            pays,
            order: reading.order,
            counts: BTreeMap::from([(if pays < asked { Verdict::PaysPart } else { Verdict::Pays }, 1)]),
        };
        let run = self.keep_run(viewer, &reading, &shares)?;
        let new = promised(&run, &reading, &found, pays, Some(&claim))?;
        let (viewer_in, reason, id) = (viewer.clone(), reason.to_string(), claim.next_id());
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Promised>(&mut tx.view(), &claim.id)?;
            if version.is_some_and(|version| version != stored.version) {
                return Err(AppError::Conflict(text!("已被他人处理，请刷新后再试", "somebody else moved it; look again")));
            }
            step(tx, &viewer_in, stored, Act::Uphold { reason: reason.clone() }, &Terms::default())?;
            make(tx, &viewer_in, std::slice::from_ref(&new)).map(drop)
        })?;
        Ok(id)
    }

    /// Of `asked` the share that the pool paid of the entitlement before; fractions of a Fen are dropped.
    fn share_as_before(&self, viewer: &Viewer, before: &RecordId, paid: Fen, asked: Fen) -> Result<Fen, AppError> {
        let asked_before = self.payout_replay(viewer, before)?.amount.filter(|amount| amount.0 > 0).unwrap_or(paid);
        let share = i128::from(asked.0) * i128::from(paid.0.min(asked_before.0)) / i128::from(asked_before.0.max(1));
        Ok(Fen(i64::try_from(share).unwrap_or(i64::MAX)))
    }
}

fn no_ground(outcome: &Decided) -> AppError {
    let why = match outcome {
        Decided::NotEligible { reason } | Decided::NeedsReview { reason } => reason.clone(),
        Decided::Unknown { facts } => {
            let join = |of: fn(&Text) -> &str| facts.iter().map(of).collect::<Vec<_>>().join("、");
            Text::new(format!("缺少 {}", join(|fact| &fact.zh)), format!("missing: {}", join(|fact| &fact.en)))
        }
        Decided::Excluded { by, .. } => Text::new(format!("已享受“{}”", by.zh), format!("{} pays already", by.en)),
        Decided::Already { id } => text!("本期已有兑付 {id}", "there is already {id} for this period"),
        Decided::Eligible { .. } => Text::default(),
    };
    let (zh, en) = (why.zh, why.en);
    let message = Text::new(format!("按现有数据再次判断仍不能兑付：{zh}"), format!("decided once more on what is known now, it is not paid: {en}"));
    let help = text!("先更正数据，或裁定申诉不成立", "correct the facts first, or dismiss the appeal");
    AppError::Invalid(vec![Diagnostic::error("payout.no_ground", message).help(help)])
}
