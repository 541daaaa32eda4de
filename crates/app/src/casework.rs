//! Cases in the store: one matter per case, one entry per step. Rules and calendar are given here,
//! and who a viewer is to a case is decided here.

use crate::{App, AppError, Role, Viewer};
use duijie_docking::{Act, Calendar, Case, Did, Disclosure, Hat, IntroductionState, Reader, Refusal, RefusalKind, RuleBook, Rules, Step, Who, disclosure};
use duijie_journal::{Actor, Matter, Party};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder, Tx, View};
use duijie_vocab::{Diagnostic, RecordId, RegionCode, text};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The kind of matter that cases are.
pub(crate) const CASE: &str = "case";
/// The roles under which a case names its parties.
pub(crate) const OWNER: &str = "owner";
pub(crate) const RESPONDER: &str = "responder";
pub(crate) const HANDLER: &str = "handler";
pub(crate) const ADVISER: &str = "adviser";

static BUILT_IN: LazyLock<Arc<RuleBook>> = LazyLock::new(|| Arc::new(RuleBook::built_in()));
static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::built_in);

/// The setting that holds the rules of casework, if the installation has its own.
const RULES: &str = "casework.rules";

/// The text that was read last and what it says, so that rules are not read anew for every step.
static LAST_READ: Mutex<Option<(String, Arc<RuleBook>)>> = Mutex::new(None);

/// The rules of casework as they are set.
pub(crate) fn rule_book(view: &mut View<'_>) -> Result<Arc<RuleBook>, AppError> {
    let Some(text) = view.setting(RULES)? else { return Ok(Arc::clone(&BUILT_IN)) };
    let mut last = LAST_READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, book)) = last.as_ref().filter(|(read, _)| *read == text) {
        return Ok(Arc::clone(book));
    }
    let book = Arc::new(RuleBook::parse(&text).map_err(|fault| AppError::Internal(fault.into()))?);
    *last = Some((text, Arc::clone(&book)));
    Ok(book)
}

/// The rules of casework that hold in `region`.
pub(crate) fn rules(view: &mut View<'_>, region: RegionCode) -> Result<Rules, AppError> {
    Ok(rule_book(view)?.for_region(region).clone())
}

/// The calendar of working days.
pub(crate) fn calendar() -> &'static Calendar {
    &CALENDAR
}

/// The case with this id, whoever asks.
pub(crate) fn read_case(view: &mut View<'_>, id: &RecordId) -> Result<Case, AppError> {
    let row = view.matter(id)?.filter(|row| row.kind == CASE).ok_or(AppError::NotFound)?;
    case_of(row.body)
}

/// The case that a row or a version holds.
pub(crate) fn case_of(body: serde_json::Value) -> Result<Case, AppError> {
    // An erased payload leaves nothing that could be shown.
    if body.is_null() {
        return Err(AppError::NotFound);
    }
    serde_json::from_value(body).map_err(|fault| AppError::Internal(fault.into()))
}

/// Journals a step and the notices that follow from it.
pub(crate) fn put_step(tx: &mut Tx<'_>, step: &Step) -> Result<(), AppError> {
    let rules = rules(&mut tx.view(), step.after.region)?;
    tx.put_matter(&matter(step, &rules)?)?;
    crate::notices::put_notices(tx, step)
}

fn matter(step: &Step, rules: &Rules) -> Result<Matter, AppError> {
    let case = &step.after;
    let json = |value: Result<serde_json::Value, serde_json::Error>| value.map_err(|fault| AppError::Internal(fault.into()));
    Ok(Matter {
        kind: CASE.to_string(),
        id: case.id.clone(),
        version: i64::from(case.version),
        act: step.did.act.verb().as_str().to_string(),
        state: case.state.as_str().to_string(),
        region: case.region,
        due: case.due(rules, calendar()).map(|due| due.at),
        title: case.need.title.clone(),
        parties: parties(case),
        body: json(serde_json::to_value(case))?,
        did: json(serde_json::to_value(&step.did))?,
    })
}

fn parties(case: &Case) -> Vec<Party> {
    let party = |role: &str, who: &str| Party { role: role.to_string(), who: who.to_string() };
    let mut parties = vec![party(OWNER, &case.seeker.organization)];
    parties.extend(case.handler.iter().map(|handler| party(HANDLER, handler)));
    parties.extend(case.adviser.iter().map(|adviser| party(ADVISER, adviser)));
    for introduction in &case.introductions {
        parties.push(party(RESPONDER, &introduction.responder.id));
        parties.extend(introduction.responder.organization.iter().map(|organization| party(RESPONDER, organization)));
    }
    parties.sort();
    parties.dedup();
    parties
}

/// The steps of a case, oldest first, each with the number of its entry.
pub(crate) fn timeline(view: &mut View<'_>, id: &RecordId) -> Result<Vec<(i64, Did)>, AppError> {
    let mut steps = Vec::new();
    let mut before = i64::MAX;
    loop {
        let page = view.matter_history(id, before, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        before = last.entry.seq;
        for (entry, matter) in page {
            // An erased step keeps its place in the journal and says nothing any more.
            if let Ok(did) = serde_json::from_value(matter.did) {
                steps.push((entry.entry.seq, did));
            }
        }
    }
    steps.reverse();
    Ok(steps)
}

const PAGE: usize = 200;

/// In which part `viewer` acts on `case`, if in any.
pub(crate) fn who_is(viewer: &Viewer, case: &Case) -> Option<Who> {
    let actor = format!("user:{}", viewer.login.as_ref()?);
    match viewer.role {
        Role::Officer if viewer.region.contains(case.region) => Some(Who::officer(actor, viewer.region)),
        Role::Admin => Some(Who::officer(actor, RegionCode::NATION)),
        Role::Adviser if viewer.region.contains(case.region) => Some(Who::adviser(actor, viewer.region)),
        Role::Member => {
            let own = viewer.organization.as_ref()?;
            if case.seeker.organization == *own {
                return Some(Who::seeker(actor, own.clone()));
            }
            responder_of(case, own).map(|responder| Who::responder(actor, responder))
        }
        _ => None,
    }
}

/// The responder of the case for whom somebody of `organization` answers; of several, one that has
/// not answered yet.
fn responder_of<'c>(case: &'c Case, organization: &str) -> Option<&'c str> {
    let own = |introduction: &&duijie_docking::Introduction| {
        introduction.responder.id == organization || introduction.responder.organization.as_deref() == Some(organization)
    };
    let answered = |introduction: &&duijie_docking::Introduction| introduction.state != IntroductionState::Sent;
    case.introductions.iter().filter(own).min_by_key(answered).map(|introduction| introduction.responder.id.as_str())
}

/// How much of the case the viewer sees; one who has nothing to do with it learns nothing.
pub(crate) fn seen_by(viewer: &Viewer, case: &Case) -> Result<Disclosure, AppError> {
    let in_region = viewer.region.contains(case.region);
    let reader = match (viewer.role, who_is(viewer, case).map(|who| (who.hat, who.party))) {
        (_, Some((Hat::Responder, Some(responder)))) => return disclosure(case, Reader::Responder(&responder)).ok_or(AppError::NotFound),
        (_, Some((Hat::Officer, _))) => Reader::Desk,
        (_, Some((Hat::Seeker | Hat::Adviser, _))) => Reader::Owner,
        (Role::Leader, _) if in_region => Reader::Desk,
        _ => return Err(AppError::NotFound),
    };
    disclosure(case, reader).ok_or(AppError::NotFound)
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> AppError {
        match refusal.kind {
            RefusalKind::NotYou => AppError::Refused(crate::Refused { reason: refusal.reason, login_helps: false }),
            _ if !refusal.faults.is_empty() => AppError::Invalid(refusal.faults),
            _ => {
                let fault = Diagnostic::error("case.refused", refusal.reason);
                AppError::Invalid(vec![match refusal.help {
                    Some(help) => fault.help(help),
                    None => fault,
                }])
            }
        }
    }
}

impl App {
    /// The rules of casework as YAML: the installation's own, or those that come with the product.
    pub fn case_rules(&self) -> Result<String, AppError> {
        Ok(self.store().read(|view| view.setting(RULES))?.unwrap_or_else(|| duijie_docking::BUILT_IN_RULES.to_string()))
    }

    /// Sets the rules of casework and reckons the clocks of every case anew, each with a step of its own.
    pub fn put_case_rules(&self, viewer: &Viewer, yaml: &str) -> Result<(), AppError> {
        viewer.may(crate::Action::Administer, &crate::Target::default())?;
        RuleBook::parse(yaml).map_err(|fault| {
            let message = text!("规则不能使用：{fault}", "these rules cannot be used: {fault}");
            AppError::Invalid(vec![Diagnostic::error("case.rules", message)])
        })?;
        let yaml = yaml.to_string();
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(RULES, &yaml).map(drop)?))?;
        self.retime_cases().map(drop)
    }

    /// Moves every clock that the rules or holidays in force put elsewhere; how many cases.
    pub fn retime_cases(&self) -> Result<usize, AppError> {
        let mut moved = 0;
        let mut after: Option<MatterCursor> = None;
        loop {
            let page = self.store().read(|view| view.matters(CASE, &MatterFilter::default(), MatterOrder::Due, after.as_ref(), PAGE))?;
            for row in page.rows {
                let id = row.id;
                moved += usize::from(self.write(&Actor::system(), move |tx| retime(tx, &id))?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(moved);
            }
        }
    }

    /// Refuses with what happened if the case has moved on from `version`.
    pub(crate) fn current_version(&self, id: &RecordId, version: Option<u32>) -> Result<(), AppError> {
        self.store().read(|view| {
            let case = read_case(view, id)?;
            if version.is_some_and(|version| version != case.version) { Err(overtaken(view, &case)?) } else { Ok(()) }
        })
    }

    /// Moves one case: reads it, lets `act` make the step, and journals it, all in one transaction.
    /// `version` is the one that the person saw; another one since is a conflict.
    pub(crate) fn move_case(
        &self,
        viewer: &Viewer,
        id: &RecordId,
        version: Option<u32>,
        act: impl Fn(&Case, &Who, &mut Tx<'_>) -> Result<Step, AppError> + Send + 'static,
    ) -> Result<Case, AppError> {
        let (viewer, id) = (viewer.clone(), id.clone());
        self.write(&self.actor(&viewer)?, move |tx| {
            let case = read_case(&mut tx.view(), &id)?;
            seen_by(&viewer, &case)?;
            if version.is_some_and(|version| version != case.version) {
                return Err(overtaken(&mut tx.view(), &case)?);
            }
            let who = who_is(&viewer, &case).ok_or_else(|| AppError::Refused(read_only()))?;
            let step = act(&case, &who, tx)?;
            put_step(tx, &step)?;
            Ok(step.after)
        })
    }
}

fn retime(tx: &mut Tx<'_>, id: &RecordId) -> Result<bool, AppError> {
    let Some(row) = tx.view().matter(id)? else { return Ok(false) };
    let case = case_of(row.body)?;
    let rules = rules(&mut tx.view(), case.region)?;
    if case.due(&rules, calendar()).map(|due| due.at) == row.due {
        return Ok(false);
    }
    let step = case.act(Act::Retime, &Who::product(), tx.now(), &rules)?;
    put_step(tx, &step)?;
    Ok(true)
}

fn read_only() -> crate::Refused {
    crate::Refused { reason: text!("您只能查看", "you may only read"), login_helps: false }
}

/// What somebody is told whose page is out of date: who did what since.
pub(crate) fn overtaken(view: &mut View<'_>, case: &Case) -> Result<AppError, AppError> {
    let last = timeline(view, &case.id)?.pop();
    let (sentence, at) = last.map_or_else(Default::default, |(_, did)| (did.sentence(), did.at.china_minute()));
    Ok(AppError::Conflict(duijie_vocab::Text::new(
        format!("您打开页面之后，这张对接单已有新的办理（{at} {}）；您的操作没有写入，请核对后再办理", sentence.zh),
        format!("the case moved on after you opened the page ({at} {}); nothing of yours was written, look at it and decide again", sentence.en),
    )))
}
