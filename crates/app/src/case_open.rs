//! Opening a case, changing its text, handing it in, splitting it and making cases of a visit.

use crate::case_form::judged;
use crate::casework::{CASE, case_of, put_step, rules};
use crate::once::once;
use crate::{App, AppError, CaseForm, Once, Role, Viewer};
use duijie_docking::{Act, Case, Earlier, Hold, Opening, Origin, Pairs, Seeker, Who, holds};
use duijie_journal::Actor;
use duijie_store::{MatterFilter, MatterOrder, Tx, View};
use duijie_vocab::{CreditCode, Diagnostic, Place, RecordId, RegionCode, Text, Timestamp, text};

/// The organization of a new case, as the store knows it.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: RegionCode,
}

/// Cases of one organization that are compared with a new one.
const EARLIER: usize = 200;

impl App {
    /// Opens a case from the form, and hands it in at once if `submit`. Members open for their own
    /// organization, advisers and officers for those of their region.
    pub fn open_case(&self, viewer: &Viewer, form: &CaseForm, submit: bool) -> Result<RecordId, AppError> {
        self.open_case_once(viewer, None, form, submit)
    }

    /// The same for a request that may come twice: the second one is told the case of the first.
    pub fn open_case_once(&self, viewer: &Viewer, request: Option<&Once>, form: &CaseForm, submit: bool) -> Result<RecordId, AppError> {
        let who = opener(viewer)?;
        let (need, contact, faults) = form.read();
        if !faults.is_empty() {
            return Err(AppError::Invalid(faults));
        }
        let asker = self.store().read(|view| asker(view, viewer, &form.organization))?;
        let id = self.fresh_case_id();
        let seeker = Seeker { organization: asker.id.clone(), name: asker.name, anonymous: form.anonymous };
        let opening = Opening { id: id.clone(), region: asker.region, seeker, need, contact, origin: None };
        let (viewer_in, request) = (viewer.clone(), request.cloned());
        self.write(&self.actor(viewer)?, move |tx| once(tx, &viewer_in, request.as_ref(), |tx| open(tx, opening.clone(), &who, submit).map(|case| case.id)))
    }

    /// Whether the viewer may open cases at all; a refusal says why not.
    pub fn may_open_case(&self, viewer: &Viewer) -> Result<(), AppError> {
        opener(viewer).map(drop)
    }

    /// Takes the form of a case that is there, and hands it in if `submit`.
    pub fn write_case(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>, form: &CaseForm, submit: bool) -> Result<(), AppError> {
        let (need, contact, faults) = form.read();
        if !faults.is_empty() {
            return Err(AppError::Invalid(faults));
        }
        self.move_case(viewer, id, version, move |case, who, tx| {
            let rules = rules(&mut tx.view(), case.region)?;
            let written = case.act(Act::Write { need: need.clone(), contact: contact.clone() }, who, tx.now(), &rules)?;
            if !submit {
                return Ok(written);
            }
            put_step(tx, &written)?;
            hand_in(&written.after, who, tx)
        })
        .map(drop)
    }

    /// Hands a draft or a returned case in as it is.
    pub fn submit_case(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>) -> Result<(), AppError> {
        self.move_case(viewer, id, version, hand_in).map(drop)
    }

    /// Keeps the first part of a case and opens a new one, already handed in, for each other part.
    pub fn split_case(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>) -> Result<Vec<RecordId>, AppError> {
        let ids: Vec<RecordId> = (0..MOST_PARTS).map(|_| self.fresh_case_id()).collect();
        let made = ids.clone();
        let case = self.move_case(viewer, id, version, move |case, who, tx| {
            let parts = duijie_docking::parts(&case.need.problem);
            let [first, others @ ..] = parts.as_slice() else {
                let reason = text!("内容没有分条列出多个需求，无法自动拆分", "the text does not list several needs, so it cannot be split");
                return Err(AppError::Invalid(vec![Diagnostic::error("case.one_part", reason)]));
            };
            let need = |part: &duijie_docking::Part| duijie_docking::NeedText { title: part.title.clone(), problem: part.text.clone(), ..case.need.clone() };
            let taken: Vec<RecordId> = made.iter().take(others.len()).cloned().collect();
            for (part, id) in others.iter().zip(&taken) {
                let origin = Some(Origin::Split(case.id.clone()));
                let opening =
                    Opening { id: id.clone(), region: case.region, seeker: case.seeker.clone(), need: need(part), contact: case.contact.clone(), origin };
                let step = Case::open(opening, who, tx.now())?;
                put_step(tx, &step)?;
                let handed = hand_in(&step.after, who, tx)?;
                put_step(tx, &handed)?;
            }
            Ok(case.act(Act::Split { need: need(first), into: taken }, who, tx.now(), &rules(&mut tx.view(), case.region)?)?)
        })?;
        Ok(case.split_into)
    }

    pub(crate) fn fresh_case_id(&self) -> RecordId {
        RecordId::derive(CASE, &duijie_vocab::Digest(self.random()).to_string())
    }
}

/// The most cases that one split makes.
const MOST_PARTS: usize = 9;

/// Opens and, if `submit`, hands in, in the transaction that is open.
pub(crate) fn open(tx: &mut Tx<'_>, opening: Opening, who: &Who, submit: bool) -> Result<Case, AppError> {
    let step = Case::open(opening, who, tx.now())?;
    put_step(tx, &step)?;
    if !submit {
        return Ok(step.after);
    }
    let handed = hand_in(&step.after, who, tx)?;
    put_step(tx, &handed)?;
    Ok(handed.after)
}

/// Hands a case in with the holds that its text and its organization's other cases call for.
pub(crate) fn hand_in(case: &Case, who: &Who, tx: &mut Tx<'_>) -> Result<duijie_docking::Step, AppError> {
    let now = tx.now();
    let found = holds_for(&mut tx.view(), case, now)?;
    let rules = rules(&mut tx.view(), case.region)?;
    let quality = judged(&case.need, &rules).score;
    Ok(case.act(Act::Submit { quality, holds: found }, who, now, &rules)?)
}

fn holds_for(view: &mut View<'_>, case: &Case, now: Timestamp) -> Result<Vec<Hold>, AppError> {
    let filter = MatterFilter { parties: vec![(Some(crate::casework::OWNER.to_string()), case.seeker.organization.clone())], ..MatterFilter::default() };
    let page = view.matters(CASE, &filter, MatterOrder::Updated, None, EARLIER)?;
    let mut earlier = Vec::new();
    for row in page.rows.into_iter().filter(|row| row.id != case.id) {
        let other = case_of(row.body)?;
        // Parts of one need are alike and come together; that is no reason to stop.
        let siblings = other.split_into.contains(&case.id) || case.origin.as_ref() == Some(&Origin::Split(other.id.clone())) || shares_origin(case, &other);
        if let Some(submitted) = other.first_submitted.filter(|_| !siblings) {
            earlier.push(Earlier { case: other.id.clone(), title: other.need.title.clone(), submitted, pairs: Pairs::of(&other.need.joined()) });
        }
    }
    Ok(holds(&case.need, &case.contact, &earlier, now, &rules(view, case.region)?.holds))
}

fn shares_origin(case: &Case, other: &Case) -> bool {
    case.origin == other.origin && !matches!(case.origin, None | Some(Origin::Direct))
}

pub(crate) fn opener(viewer: &Viewer) -> Result<Who, AppError> {
    let refused = |reason: Text| AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() });
    let Some(login) = &viewer.login else { return Err(refused(text!("请先登录", "log in first"))) };
    let actor = Actor::user(login).map_err(|fault| AppError::Internal(fault.into()))?.as_str().to_string();
    match (viewer.role, &viewer.organization) {
        (Role::Member, Some(organization)) => Ok(Who::seeker(actor, organization.clone())),
        (Role::Adviser, _) => Ok(Who::adviser(actor, viewer.region)),
        (Role::Officer | Role::Admin, _) => Ok(Who::officer(actor, viewer.region)),
        _ => Err(refused(text!("您的角色不能提交需求", "your role does not include submitting needs"))),
    }
}

/// The organization that a form names: the viewer's own, or one on record by id, credit code or name.
pub(crate) fn asker(view: &mut View<'_>, viewer: &Viewer, named: &str) -> Result<Asker, AppError> {
    let own = viewer.organization.as_deref().filter(|_| viewer.role == Role::Member);
    let named = own.unwrap_or_else(|| named.trim());
    let fault = |message: Text| AppError::Invalid(vec![Diagnostic::error("form.organization", message).at(Place::field("organization"))]);
    if named.is_empty() {
        return Err(fault(text!("请填写需求单位", "name the organization")));
    }
    let id = match RecordId::parse(named) {
        Some(id) => id,
        None => organization_like(view, named)?
            .ok_or_else(|| fault(text!("没有找到 `{named}`，或有多个同名单位", "`{named}` is not on record, or several are called so")))?,
    };
    let row = view.get(&id)?.filter(|row| row.record.kind == "organization").ok_or_else(|| fault(text!("没有找到 `{named}`", "`{named}` is not on record")))?;
    Ok(Asker { id: row.record.id.to_string(), name: crate::record::title(&row.record), region: row.record.region })
}

/// The organization with this credit code: the one on record, or the code itself while it has none.
pub(crate) fn by_credit_code(view: &mut View<'_>, code: &str, name: &str) -> Result<Asker, AppError> {
    let fault = |message: Text| AppError::Invalid(vec![Diagnostic::error("form.organization", message).at(Place::field("organization"))]);
    let parsed = CreditCode::parse(code).map_err(|_| fault(text!("`{code}` 不是统一社会信用代码", "`{code}` is no credit code")))?;
    for id in view.find_by_key("organization", &format!("credit_code={parsed}"))? {
        if let Some(row) = view.get(&id)? {
            return Ok(Asker { id: row.record.id.to_string(), name: crate::record::title(&row.record), region: row.record.region });
        }
    }
    // Characters 3 to 8 say where the organization is registered (GB 32100).
    let region = parsed.as_str().get(2..8).and_then(|code| RegionCode::parse(code).ok()).unwrap_or(RegionCode::NATION);
    Ok(Asker { id: parsed.to_string(), name: name.trim().to_string(), region })
}

fn organization_like(view: &mut View<'_>, named: &str) -> Result<Option<RecordId>, AppError> {
    let code = CreditCode::parse(named).map(|code| format!("credit_code={code}"));
    let mut found = Vec::new();
    for key in code.into_iter().chain([format!("name={}", duijie_vocab::name_key(named))]) {
        found.extend(view.find_by_key("organization", &key)?);
    }
    found.sort();
    found.dedup();
    Ok(match <[RecordId; 1]>::try_from(found) {
        Ok([one]) => Some(one),
        Err(_) => None,
    })
}
