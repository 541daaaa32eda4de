//! Entitlements 兑付: what an organization is promised, the steps that people take, and the lists
//! that everybody may read.

use crate::promise::{Promise, Stored, by, concerning, for_all, in_office, load, page, refused, take};
use crate::{Action, App, AppError, Refused, Target, Viewer};
use duijie_payout::{Act, AnyEntitlement, Grade, Terms, possible};
use duijie_policy::{KnownFact, Period};
use duijie_store::{MatterFilter, Tx};
use duijie_vocab::{Fen, RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An entitlement with the facts it was decided under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Promised {
    pub(crate) entitlement: AnyEntitlement,
    pub(crate) grounds: Grounds,
}

/// What it takes to decide again as on its day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grounds {
    /// The run that found it, which keeps the rules and the facts of regions.
    pub(crate) run: RecordId,
    pub(crate) measure_name: Text,
    pub(crate) firm_name: String,
    pub(crate) firm_region: RegionCode,
    pub(crate) facts: Vec<(String, Period, KnownFact)>,
}

impl Promise for Promised {
    const KIND: &'static str = "entitlement";

    fn id(&self) -> &RecordId {
        &self.entitlement.claim().id
    }

    fn state(&self) -> &str {
        self.entitlement.state()
    }

    fn region(&self) -> RegionCode {
        self.entitlement.claim().region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        let claim = self.entitlement.claim();
        let mut parties = vec![
            ("firm", claim.firm.to_string()),
            ("measure", measure_period(&claim.measure, &claim.period)),
            ("pool", claim.pool.to_string()),
            ("run", self.grounds.run.to_string()),
        ];
        parties.extend(self.entitlement.list().map(|(list, _)| ("list", list.to_string())));
        parties.extend(self.entitlement.file().map(|file| ("file", file.to_string())));
        parties
    }

    fn due(&self) -> Option<Timestamp> {
        self.entitlement.list().and_then(|(_, until)| until)
    }
}

/// What an entitlement is found by: its measure and its period.
pub(crate) fn measure_period(measure: &str, period: &str) -> String {
    format!("{measure}|{period}")
}

/// An entitlement as a page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct EntitlementView {
    pub id: RecordId,
    pub version: i64,
    pub firm: RecordId,
    pub firm_name: String,
    pub measure: String,
    pub measure_name: Text,
    pub period: String,
    pub region: RegionCode,
    pub amount_fen: Fen,
    pub amount: Text,
    pub state: String,
    pub state_name: Text,
    pub risk: Grade,
    /// Whether it was drawn for a check, and why.
    pub check: bool,
    pub risk_reasons: Vec<Text>,
    pub reason: Option<String>,
    pub list: Option<String>,
    pub open_until: Option<String>,
    pub file: Option<String>,
    /// Name, bank and the last digits of the account.
    pub payee: Option<String>,
    /// The acts that the viewer may take now.
    pub acts: Vec<&'static str>,
    pub updated: String,
}

/// Which entitlements are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EntitlementRequest {
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub measure: Option<String>,
    #[serde(default)]
    pub period: Option<String>,
    #[serde(default)]
    pub organization: Option<String>,
    #[serde(default)]
    pub list: Option<String>,
    #[serde(default)]
    pub file: Option<String>,
    #[serde(default)]
    pub after: Option<String>,
}

/// Where an entitlement stands, for the organization that it is promised to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its bank account has to be confirmed.
    WaitsForYou,
    UnderWay,
    Paid,
    Ended,
}

impl Standing {
    const ALL: [Standing; 4] = [Standing::WaitsForYou, Standing::UnderWay, Standing::Paid, Standing::Ended];

    fn of(state: &str) -> Standing {
        match state {
            "pushed" => Standing::WaitsForYou,
            "paid" | "archived" => Standing::Paid,
            "rejected" | "replaced" | "withdrawn" | "recalled" | "recovered" => Standing::Ended,
            _ => Standing::UnderWay,
        }
    }

    fn name(self) -> Text {
        match self {
            Standing::WaitsForYou => text!("待您确认账户", "waits for your account"),
            Standing::UnderWay => text!("办理中", "under way"),
            Standing::Paid => text!("已兑付", "paid"),
            Standing::Ended => text!("未兑付或已追回", "ended or asked back"),
        }
    }
}

/// The entitlements of an organization in sums.
#[derive(Clone, Debug, Serialize)]
pub struct PayoutSummary {
    pub organization: RecordId,
    pub lines: Vec<SummaryLine>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SummaryLine {
    pub standing: Standing,
    pub name: Text,
    pub payouts: usize,
    pub amount_fen: Fen,
    pub amount: Text,
}

/// What became of the same act on many entitlements.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ManySteps {
    pub done: usize,
    pub amount: Fen,
    /// Those that were not moved, and why.
    pub refused: Vec<(RecordId, Text)>,
}

const PAGE: usize = 100;
/// How many entitlements share a transaction.
const TOGETHER: usize = 100;

impl App {
    /// A page of entitlements that the viewer may see, last moved first, and where the list goes on.
    pub fn entitlements(&self, viewer: &Viewer, request: &EntitlementRequest) -> Result<(Vec<EntitlementView>, Option<String>), AppError> {
        let filter = filter(viewer, request)?;
        self.store().read(|view| {
            let (rows, next) = page::<Promised>(view, &filter, request.after.as_deref(), PAGE)?;
            Ok((rows.iter().map(|row| shown(viewer, row)).collect(), next))
        })
    }

    pub fn entitlement(&self, viewer: &Viewer, id: &RecordId) -> Result<EntitlementView, AppError> {
        let stored = self.store().read(|view| load::<Promised>(view, id))?;
        may_see(viewer, &stored.value)?;
        Ok(shown(viewer, &stored))
    }

    /// Takes one step. `version` is the version that the person saw, if they say so.
    pub fn payout_step(&self, viewer: &Viewer, id: &RecordId, act: Act, version: Option<i64>) -> Result<EntitlementView, AppError> {
        let stored = self.store().read(|view| load::<Promised>(view, id))?;
        may_take(viewer, &stored.value, &act)?;
        if let Act::Uphold { reason } = &act {
            let new = self.uphold_appeal(viewer, &stored, reason, version)?;
            return self.entitlement(viewer, &new);
        }
        let terms = self.payout_terms(stored.value.region())?;
        let (act_viewer, id) = (viewer.clone(), id.clone());
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Promised>(&mut tx.view(), &id)?;
            if version.is_some_and(|version| version != stored.version) {
                return Err(AppError::Conflict(text!("已被他人处理，请刷新后再试", "somebody else moved it; look again")));
            }
            step(tx, &act_viewer, stored, act.clone(), &terms).map(drop)
        })?;
        let id = stored.value.id().clone();
        self.store().read(|view| Ok(shown(viewer, &load::<Promised>(view, &id)?)))
    }

    /// Takes the same step on many; each on its own, so that one refusal does not stop the others.
    pub fn payout_steps(&self, viewer: &Viewer, ids: &[RecordId], act: &Act) -> Result<ManySteps, AppError> {
        self.payout_steps_with(viewer, ids, act, |_, _| Ok(()))
    }

    /// The same, where `also` writes with each transaction what it has to say about its part.
    pub(crate) fn payout_steps_with(
        &self,
        viewer: &Viewer,
        ids: &[RecordId],
        act: &Act,
        also: impl Fn(&mut Tx<'_>, &SomeSteps) -> Result<(), AppError> + Clone + Send + 'static,
    ) -> Result<ManySteps, AppError> {
        let mut all = ManySteps::default();
        for chunk in ids.chunks(TOGETHER) {
            let (act, viewer_in, ids, terms, also) = (act.clone(), viewer.clone(), chunk.to_vec(), self.terms_of(chunk)?, also.clone());
            let some = self.write(&self.actor(viewer)?, move |tx| {
                let some = some_steps(tx, &viewer_in, &ids, &act, &terms)?;
                also(tx, &some)?;
                Ok(some.told)
            })?;
            all.done += some.done;
            all.amount.0 = all.amount.0.saturating_add(some.amount.0);
            all.refused.extend(some.refused);
        }
        Ok(all)
    }

    /// Approves everything confirmed or once approved, of one measure and period or of all.
    pub fn approve_payouts(&self, viewer: &Viewer, of: Option<(&str, &str)>) -> Result<ManySteps, AppError> {
        in_office(viewer)?;
        let mut ids = Vec::new();
        for state in ["confirmed", "endorsed"] {
            let (measure, period) = of.map_or((None, None), |(measure, period)| (Some(measure.to_string()), Some(period.to_string())));
            ids.extend(self.entitlement_ids(viewer, &EntitlementRequest { state: Some(state.to_string()), measure, period, ..EntitlementRequest::default() })?);
        }
        self.payout_steps(viewer, &ids, &Act::Approve)
    }

    /// What an organization was paid, what is under way and what waits for it.
    pub fn payout_summary(&self, viewer: &Viewer, organization: &RecordId) -> Result<PayoutSummary, AppError> {
        let target = Target { region: None, organization: Some(organization.to_string()) };
        viewer.may(Action::Hold, &target)?;
        let mut sums: BTreeMap<Standing, (usize, i64)> = BTreeMap::new();
        let filter = filter(viewer, &EntitlementRequest { organization: Some(organization.to_string()), ..EntitlementRequest::default() })?;
        self.store().read(|view| {
            for_all::<Promised>(view, &filter, |stored| {
                let sum = sums.entry(Standing::of(stored.value.entitlement.state())).or_default();
                *sum = (sum.0 + 1, sum.1.saturating_add(stored.value.entitlement.claim().amount.0));
            })
        })?;
        let line = |standing: Standing| {
            let (payouts, amount) = sums.get(&standing).copied().unwrap_or_default();
            SummaryLine { standing, name: standing.name(), payouts, amount_fen: Fen(amount), amount: Fen(amount).text() }
        };
        Ok(PayoutSummary { organization: organization.clone(), lines: Standing::ALL.map(line).to_vec() })
    }

    /// The ids of all entitlements that `request` asks for.
    pub fn entitlement_ids(&self, viewer: &Viewer, request: &EntitlementRequest) -> Result<Vec<RecordId>, AppError> {
        let filter = filter(viewer, request)?;
        let mut ids = Vec::new();
        self.store().read(|view| for_all::<Promised>(view, &filter, |stored| ids.push(stored.value.id().clone())))?;
        Ok(ids)
    }

    fn terms_of(&self, ids: &[RecordId]) -> Result<BTreeMap<RegionCode, Terms>, AppError> {
        let regions = self.store().read(|view| ids.iter().map(|id| Ok(load::<Promised>(view, id)?.value.region())).collect::<Result<Vec<_>, AppError>>())?;
        regions.into_iter().map(|region| Ok((region, self.payout_terms(region)?))).collect()
    }
}

/// The steps of one transaction.
pub(crate) struct SomeSteps {
    pub(crate) told: ManySteps,
    /// One that was moved, as it is now.
    pub(crate) one: Option<Promised>,
}

fn some_steps(tx: &mut Tx<'_>, viewer: &Viewer, ids: &[RecordId], act: &Act, terms: &BTreeMap<RegionCode, Terms>) -> Result<SomeSteps, AppError> {
    let mut some = SomeSteps { told: ManySteps::default(), one: None };
    for id in ids {
        let stored = load::<Promised>(&mut tx.view(), id)?;
        let amount = stored.value.entitlement.claim().amount;
        let terms = terms.get(&stored.value.region()).copied().unwrap_or_default();
        let told = may_take(viewer, &stored.value, act).and_then(|()| one_of_many(act)).and_then(|()| step(tx, viewer, stored, act.clone(), &terms));
        match told {
            Ok(after) => {
                some.told.done += 1;
                some.told.amount.0 = some.told.amount.0.saturating_add(amount.0);
                some.one = Some(after);
            }
            Err(why @ (AppError::Refused(_) | AppError::Invalid(_) | AppError::Conflict(_))) => some.told.refused.push((id.clone(), why.message())),
            Err(other) => return Err(other),
        }
    }
    Ok(some)
}

/// An appeal is upheld with a new decision about its firm, which is no act on many.
fn one_of_many(act: &Act) -> Result<(), AppError> {
    let alone = matches!(act, Act::Uphold { .. });
    if alone { Err(AppError::Conflict(text!("申诉须逐件审理", "appeals are heard one by one"))) } else { Ok(()) }
}

/// One step of one entitlement, inside a transaction.
pub(crate) fn step(tx: &mut Tx<'_>, viewer: &Viewer, stored: Stored<Promised>, act: Act, terms: &Terms) -> Result<Promised, AppError> {
    let Stored { value: Promised { entitlement, grounds }, version, title, .. } = stored;
    let step = entitlement.take(act, &by(tx, viewer), terms).map_err(refused)?;
    let step = step.map(|entitlement| Promised { entitlement, grounds });
    take(tx, &step, version, &title)?;
    Ok(step.after)
}

/// What the viewer asked for, narrowed to what they may see.
fn filter(viewer: &Viewer, request: &EntitlementRequest) -> Result<MatterFilter, AppError> {
    let mut filter = match (&request.measure, &request.period) {
        (Some(measure), Some(period)) => concerning("measure", &measure_period(measure, period)),
        _ => MatterFilter::default(),
    };
    filter.states.extend(request.state.clone());
    for (role, who) in [("firm", &request.organization), ("list", &request.list), ("file", &request.file)] {
        filter.parties.extend(who.clone().map(|who| (Some(role.to_string()), who)));
    }
    let office = Target { region: Some(viewer.region), organization: None };
    if viewer.may(Action::Pay, &office).is_ok() {
        filter.regions.push(viewer.region);
        return Ok(filter);
    }
    let own = viewer.organization.clone();
    viewer.may(Action::Hold, &Target { region: None, organization: own.clone() })?;
    filter.parties.push((Some("firm".to_string()), own.unwrap_or_default()));
    Ok(filter)
}

fn target(value: &Promised) -> Target {
    Target { region: Some(value.region()), organization: Some(value.entitlement.claim().firm.to_string()) }
}

pub(crate) fn may_see(viewer: &Viewer, value: &Promised) -> Result<(), AppError> {
    let target = target(value);
    // Whoever may not see it is not told that it is there.
    viewer.may(Action::Hold, &target).or_else(|_| viewer.may(Action::Pay, &target)).map_err(|_| AppError::NotFound)
}

/// Whether the viewer may take the step: firms what is theirs, everybody an objection, officers the rest.
fn may_take(viewer: &Viewer, value: &Promised, act: &Act) -> Result<(), AppError> {
    let target = target(value);
    match act {
        Act::Confirm { .. } | Act::Withdraw { .. } | Act::Appeal { .. } => Ok(viewer.may(Action::Hold, &target)?),
        Act::Object { .. } if viewer.login.is_some() => Ok(()),
        Act::Object { .. } => Err(Refused { reason: text!("请先登录", "log in first"), login_helps: true }.into()),
        _ => {
            viewer.may(Action::Pay, &target)?;
            if viewer.organization.is_some() && viewer.organization == target.organization {
                return Err(Refused {
                    reason: text!("不能办理本单位的兑付", "nobody works on the payout of their own organization"), login_helps: false
                }
                .into());
            }
            Ok(())
        }
    }
}

pub(crate) fn shown(viewer: &Viewer, stored: &Stored<Promised>) -> EntitlementView {
    let Promised { entitlement, grounds } = &stored.value;
    let claim = entitlement.claim();
    let target = target(&stored.value);
    let (pays, holds) = (viewer.may(Action::Pay, &target).is_ok(), viewer.may(Action::Hold, &target).is_ok());
    let own = |act: &str| matches!(act, "confirm" | "withdraw" | "appeal");
    // What a payment file or the bank's answer does is not done by hand.
    let by_file = |act: &str| matches!(act, "order" | "settle" | "bounce" | "publish");
    let acts = possible(entitlement.state()).into_iter().filter(|act| !by_file(act) && if own(act) { holds } else { pays || *act == "object" });
    EntitlementView {
        id: claim.id.clone(),
        version: stored.version,
        firm: claim.firm.clone(),
        firm_name: grounds.firm_name.clone(),
        measure: claim.measure.clone(),
        measure_name: grounds.measure_name.clone(),
        period: claim.period.clone(),
        region: claim.region,
        amount_fen: claim.amount,
        amount: claim.amount.text(),
        state: entitlement.state().to_string(),
        state_name: AnyEntitlement::state_name(entitlement.state()).unwrap_or_default(),
        risk: claim.risk.grade,
        check: claim.risk.check,
        risk_reasons: if pays { claim.risk.reasons.clone() } else { Vec::new() },
        reason: entitlement.reason().filter(|_| pays || holds).map(str::to_string),
        list: entitlement.list().map(|(list, _)| list.to_string()),
        open_until: entitlement.list().and_then(|(_, until)| until).map(Timestamp::china_minute),
        file: entitlement.file().map(str::to_string),
        payee: entitlement.payee().filter(|_| pays || holds).map(|payee| format!("{} {} …{}", payee.name, payee.bank, last_digits(&payee.account))),
        acts: acts.collect(),
        updated: stored.updated.china_minute(),
    }
}

fn last_digits(account: &str) -> String {
    let skip = account.chars().count().saturating_sub(4);
    account.chars().skip(skip).collect()
}
