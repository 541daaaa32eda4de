//! Vouchers: applying, reviewing, ending them, and the wallet of a firm.

use crate::merged::merged;
use crate::promise::{Promise, Stored, by, concerning, list, load, refused, take};
use crate::resume::resumed;
use crate::scheme::scheme;
use crate::{Action, App, AppError, Refused, Role, Target, Viewer};
use duijie_payout::{Application, Scheme, Step, Voucher, VoucherState};
use duijie_store::{MatterCursor, MatterFilter, MatterPage};
use duijie_vocab::{Date, Fen, RecordId, RegionCode, RegionLevel, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

impl Promise for Voucher {
    const KIND: &'static str = "voucher";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        self.state.as_str()
    }

    fn region(&self) -> RegionCode {
        self.region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        let partners = self.partners.iter().map(|partner| ("partner", partner.to_string()));
        [("holder", self.holder.to_string()), ("scheme", self.scheme.clone())].into_iter().chain(partners).collect()
    }

    fn due(&self) -> Option<Timestamp> {
        let last = match self.state {
            VoucherState::Issued => self.use_by,
            VoucherState::Reserved { .. } | VoucherState::Delivered { .. } => self.redeem_by,
            _ => return None,
        };
        // The day after the last one begins in China at 16:00 UTC of the last one.
        Timestamp::from_micros(i64::from(last.last_day().days_since_epoch()) * 86_400_000_000 + 16 * 3_600_000_000).ok()
    }
}

/// A voucher as a page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct VoucherView {
    pub id: RecordId,
    pub version: i64,
    pub number: String,
    pub scheme: String,
    pub holder: RecordId,
    pub holder_name: String,
    pub region_name: String,
    pub service: Text,
    pub value: Text,
    pub value_fen: Fen,
    pub use_by: String,
    pub redeem_by: String,
    pub state: String,
    pub state_name: Text,
    pub paid: Option<Text>,
    pub acts: Vec<&'static str>,
    pub updated: String,
}

/// What is to be done with a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum VoucherAct {
    Review,
    Refuse { reason: String },
    Void { reason: String },
}

const PAGE: usize = 100;
/// How many vouchers are ended in one transaction.
const TOGETHER: usize = 100;

impl App {
    /// A firm applies for a voucher.
    pub fn apply_voucher(&self, viewer: &Viewer, scheme_id: &str, asked: Application) -> Result<VoucherView, AppError> {
        let holder = asked.holder.clone();
        let (rules, record) = self.store().read(|view| Ok::<_, AppError>((scheme(view, scheme_id)?, view.get(&holder)?)))?;
        let record = record.map(|row| row.record).filter(|record| record.kind == "organization").ok_or(AppError::NotFound)?;
        viewer.may(Action::Hold, &Target { region: Some(rules.region), organization: Some(holder.to_string()) })?;
        if !rules.region.contains(record.region) {
            let region = rules.region.path();
            let message = text!("申领企业须在 {region}", "only firms in {region} may apply");
            return Err(refused(duijie_payout::Refused::Rule("voucher.region", message)));
        }
        let (viewer_in, title) = (viewer.clone(), crate::record::title(&record));
        let id = self.write(&self.actor(viewer)?, move |tx| {
            let by = by(tx, &viewer_in);
            let held = held_in_year(&mut tx.view(), &asked.holder, by.at.china_date())?;
            let step = Voucher::apply(&rules, asked.clone(), held, &by).map_err(refused)?;
            if tx.view().matter(&step.after.id)?.is_some() {
                let number = &asked.number;
                return Err(AppError::Conflict(text!("券号 {number} 已存在", "there is a voucher {number} already")));
            }
            take(tx, &step, 0, &title)?;
            Ok(step.after.id)
        })?;
        self.voucher(viewer, &id)
    }

    pub fn voucher(&self, viewer: &Viewer, id: &RecordId) -> Result<VoucherView, AppError> {
        let stored = self.store().read(|view| load::<Voucher>(view, id))?;
        // Partners see what they use together with the holder.
        let voucher = &stored.value;
        let sides = std::iter::once(&voucher.holder).chain(&voucher.partners);
        let mut targets = sides.map(|side| Target { region: Some(voucher.region), organization: Some(side.to_string()) });
        if !targets.any(|target| viewer.may(Action::Hold, &target).is_ok()) {
            return Err(AppError::NotFound);
        }
        Ok(shown(viewer, &stored))
    }

    /// The vouchers that the viewer may see: a firm those that it holds alone or together with others,
    /// officers those of their region.
    pub fn vouchers(&self, viewer: &Viewer, state: Option<&str>, after: Option<&str>) -> Result<(Vec<VoucherView>, Option<String>), AppError> {
        let mut filters = if viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None }).is_ok() {
            vec![MatterFilter { regions: vec![viewer.region], ..MatterFilter::default() }]
        } else {
            viewer.may(Action::Hold, &Target { region: None, organization: viewer.organization.clone() })?;
            let own = viewer.organization.as_deref().unwrap_or_default();
            vec![concerning("holder", own), concerning("partner", own)]
        };
        filters.iter_mut().for_each(|filter| filter.states.extend(state.map(str::to_string)));
        let after = resumed(after, MatterCursor::parse)?;
        self.store().read(|view| {
            let MatterPage { rows, next } = merged(view, Voucher::KIND, &filters, after.as_ref(), PAGE)?;
            let rows = rows.into_iter().map(Stored::read).collect::<Result<Vec<Stored<Voucher>>, _>>()?;
            Ok((rows.iter().map(|row| shown(viewer, row)).collect(), next.map(|next| next.to_string())))
        })
    }

    /// Reviews, refuses or voids a voucher.
    pub fn voucher_step(&self, viewer: &Viewer, id: &RecordId, act: &VoucherAct) -> Result<VoucherView, AppError> {
        let stored = self.store().read(|view| load::<Voucher>(view, id))?;
        may_work_on(viewer, &stored.value, act)?;
        let (viewer_in, voucher, act) = (viewer.clone(), id.clone(), act.clone());
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Voucher>(&mut tx.view(), &voucher)?;
            let rules = scheme(&mut tx.view(), &stored.value.scheme)?;
            let by = by(tx, &viewer_in);
            let step = match &act {
                VoucherAct::Review => stored.value.review(&rules, &by),
                VoucherAct::Refuse { reason } => stored.value.refuse(reason, &by),
                VoucherAct::Void { reason } => stored.value.void(&rules, reason),
            };
            take(tx, &step.map_err(refused)?, stored.version, &stored.title).map(drop)
        })?;
        self.voucher(viewer, id)
    }

    /// What time alone does to money: vouchers and reservations end when their day has come.
    pub(crate) fn run_money_clocks(&self) -> Result<usize, AppError> {
        let system = Viewer { login: None, ..Viewer::operator() };
        Ok(self.expire_vouchers(&system)? + self.expire_reservations(&system)?)
    }

    /// Ends vouchers whose use-by date has passed unused, and orders that nobody claimed in time.
    /// How many ended.
    pub fn expire_vouchers(&self, viewer: &Viewer) -> Result<usize, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let now = self.now();
        let filter = MatterFilter { due_until: Some(now), ..MatterFilter::default() };
        let due = self.store().read(|view| list::<Voucher>(view, &filter))?;
        let mut ended = 0;
        for chunk in due.chunks(TOGETHER) {
            let ids: Vec<RecordId> = chunk.iter().map(|stored| stored.value.id.clone()).collect();
            ended += self.write(&self.actor(viewer)?, move |tx| {
                let today = tx.now().china_date();
                let mut ended = 0;
                for id in &ids {
                    ended += usize::from(expire(tx, id, today)?);
                }
                Ok(ended)
            })?;
        }
        Ok(ended)
    }
}

fn expire(tx: &mut duijie_store::Tx<'_>, id: &RecordId, today: Date) -> Result<bool, AppError> {
    let stored = load::<Voucher>(&mut tx.view(), id)?;
    let rules = scheme(&mut tx.view(), &stored.value.scheme)?;
    match stored.value.state.clone() {
        VoucherState::Issued => {
            let step: Step<Voucher> = stored.value.expire(&rules, today).map_err(refused)?;
            take(tx, &step, stored.version, &stored.title)?;
            Ok(true)
        }
        VoucherState::Reserved { order } | VoucherState::Delivered { order } => crate::order::expire(tx, stored, &order, &rules, today),
        _ => Ok(false),
    }
}

/// What the firm's vouchers of the calendar year are worth, whatever became of them but refusal.
fn held_in_year(view: &mut duijie_store::View<'_>, holder: &RecordId, today: Date) -> Result<Fen, AppError> {
    let all = list::<Voucher>(view, &concerning("holder", holder.as_str()))?;
    let counts = |stored: &&Stored<Voucher>| {
        let ended = matches!(stored.value.state, VoucherState::Refused { .. } | VoucherState::Void { .. });
        !ended && stored.value.applied.year() == today.year()
    };
    Ok(Fen(all.iter().filter(counts).fold(0, |sum: i64, stored| sum.saturating_add(stored.value.value.0))))
}

pub(crate) fn target(voucher: &Voucher) -> Target {
    Target { region: Some(voucher.region), organization: Some(voucher.holder.to_string()) }
}

/// Officers of the scheme's region work on it; the second review is for those of the region above.
fn may_work_on(viewer: &Viewer, voucher: &Voucher, act: &VoucherAct) -> Result<(), AppError> {
    viewer.may(Action::Pay, &target(voucher))?;
    let above = viewer.role == Role::Admin || viewer.region.level() < RegionLevel::County || voucher.region.level() < RegionLevel::County;
    if *act == VoucherAct::Review && voucher.state == VoucherState::CountyReviewed && !above {
        return Err(Refused { reason: text!("第二级审核由市级经办人办理", "the second review is for officers of the city"), login_helps: false }.into());
    }
    Ok(())
}

fn shown(viewer: &Viewer, stored: &Stored<Voucher>) -> VoucherView {
    let voucher = &stored.value;
    let acts = match voucher.state {
        VoucherState::Applied | VoucherState::CountyReviewed => {
            ["review", "refuse"].iter().filter(|_| may_work_on(viewer, voucher, &VoucherAct::Review).is_ok()).copied().collect()
        }
        VoucherState::Issued => {
            let order = viewer.may(Action::Hold, &target(voucher)).is_ok().then_some("order");
            let void = viewer.may(Action::Pay, &target(voucher)).is_ok().then_some("void");
            order.into_iter().chain(void).collect()
        }
        _ => Vec::new(),
    };
    VoucherView {
        id: voucher.id.clone(),
        version: stored.version,
        number: voucher.number.clone(),
        scheme: voucher.scheme.clone(),
        holder: voucher.holder.clone(),
        holder_name: stored.title.clone(),
        region_name: voucher.region.path(),
        service: voucher.service.name(),
        value: voucher.value.text(),
        value_fen: voucher.value,
        use_by: voucher.use_by.to_string(),
        redeem_by: voucher.redeem_by.to_string(),
        state: voucher.state.as_str().to_string(),
        state_name: VoucherState::name(voucher.state.as_str()).unwrap_or_default(),
        paid: match voucher.state {
            VoucherState::Redeemed { paid, .. } => Some(paid.text()),
            _ => None,
        },
        acts,
        updated: stored.updated.china_minute(),
    }
}

/// The scheme of a voucher; every voucher has one.
pub(crate) fn rules_of(view: &mut duijie_store::View<'_>, voucher: &Voucher) -> Result<Scheme, AppError> {
    scheme(view, &voucher.scheme)
}
