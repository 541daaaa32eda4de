//! A case 对接单: one need on its way from submission to outcome. It is the fold of the steps that
//! were journalled; [`Case::act`] makes the next step if the table of moves has it.

use crate::{
    Act, Agreement, CaseState, Contact, Contract, Delivery, Did, FoldFault, Hold, Introduction, Mark, Meeting, NeedText, Origin, Outcome, Refusal, Rules,
    Satisfaction, Seeker, Side, Step, Verb, Who,
};
use duijie_vocab::{Digest, RecordId, RegionCode, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: RecordId,
    /// 1 after opening, one more with each step.
    pub version: u32,
    pub state: CaseState,
    /// Since when it is in this state.
    pub since: Timestamp,
    pub opened: Timestamp,
    /// The time of the last step; steps never go back in time.
    pub updated: Timestamp,
    /// Where the organization is.
    pub region: RegionCode,
    /// The region whose desk has the case; a level above the organization's after escalation.
    pub desk: RegionCode,
    pub seeker: Seeker,
    pub need: NeedText,
    pub contact: Contact,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The officer who has it, by actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Who handed it to the level above and has it again when the answer is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_up_by: Option<String>,
    /// Who wrote it up, if an adviser did: hears what the seeker hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adviser: Option<String>,
    /// The score of 100 that the text had when it was handed in last.
    pub quality: u8,
    pub holds: Vec<Hold>,
    pub introductions: Vec<Introduction>,
    pub meetings: Vec<Meeting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    pub surveys: Vec<Survey>,
    pub documents: Vec<Document>,
    /// The case that this one was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<RecordId>,
    pub split_into: Vec<RecordId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_submitted: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_introduced: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answered: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_closed: Option<Timestamp>,
    pub submissions: u32,
    pub introduced_times: u32,
    pub abandoned: bool,
    /// The clocks that rang.
    pub rung: BTreeSet<Mark>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    pub side: Side,
    /// Who answered: the organization or the responder's id.
    pub party: String,
    pub at: Timestamp,
    pub satisfaction: Satisfaction,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub name: String,
    pub digest: Digest,
    pub at: Timestamp,
}

/// What a new case begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub id: RecordId,
    pub region: RegionCode,
    pub seeker: Seeker,
    pub need: NeedText,
    pub contact: Contact,
    pub origin: Option<Origin>,
}

impl Case {
    /// A new case in draft. Seekers open for themselves, advisers and officers for organizations of their region.
    pub fn open(opening: Opening, who: &Who, now: Timestamp) -> Result<Step, Refusal> {
        let Opening { id, region, seeker, need, contact, origin } = opening;
        crate::permit::may_open(who, region, &seeker)?;
        let act = Act::Open { id, region, seeker, need, contact, origin };
        let did = Did { version: 1, at: now, by: who.actor.clone(), hat: who.hat, party: who.party.clone(), from: None, to: CaseState::Draft, act };
        let after = Case::begun(&did).expect("BUG: an opening does not open");
        Ok(Step { notices: Vec::new(), after, did })
    }

    /// The case after `did`, which was journalled and therefore holds. Steps out of order are a fault of the journal.
    pub fn apply(mut self, did: &Did) -> Result<Case, FoldFault> {
        if did.version != self.version + 1 {
            return Err(FoldFault::Version { expected: self.version + 1, found: did.version });
        }
        if did.from != Some(self.state) {
            return Err(FoldFault::State { version: did.version });
        }
        self.version = did.version;
        self.updated = did.at;
        if self.state != did.to {
            self.state = did.to;
            self.since = did.at;
            self.entered(did);
        }
        self.introduction_moves(did);
        self.takes(did);
        Ok(self)
    }

    /// The case that a timeline leads to.
    pub fn fold<'d>(timeline: impl IntoIterator<Item = &'d Did>) -> Result<Case, FoldFault> {
        let mut steps = timeline.into_iter();
        let first = steps.next().and_then(Case::begun).ok_or(FoldFault::Opening)?;
        steps.try_fold(first, Case::apply)
    }

    /// The introduction to the responder with this id.
    pub fn introduction(&self, responder: &str) -> Option<&Introduction> {
        self.introductions.iter().find(|introduction| introduction.responder.id == responder)
    }

    /// The holds that nobody lifted yet.
    pub fn open_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.lifted.is_none())
    }

    /// Everybody whose desk the case stands on: the organization and the responders.
    pub fn parties(&self) -> impl Iterator<Item = &str> {
        let responders = self.introductions.iter().map(|introduction| introduction.responder.id.as_str());
        std::iter::once(self.seeker.organization.as_str()).chain(responders)
    }

    /// Whether responders may act in this state.
    pub(crate) fn has_responders(&self) -> bool {
        matches!(self.state, CaseState::Introduced | CaseState::InProgress | CaseState::Agreed | CaseState::Contracted | CaseState::Delivered)
    }

    fn begun(did: &Did) -> Option<Case> {
        let Act::Open { id, region, seeker, need, contact, origin } = &did.act else { return None };
        Some(Case {
            id: id.clone(),
            version: did.version,
            state: did.to,
            since: did.at,
            opened: did.at,
            updated: did.at,
            region: *region,
            desk: *region,
            seeker: seeker.clone(),
            need: need.clone(),
            contact: contact.clone(),
            origin: origin.clone(),
            handler: None,
            handed_up_by: None,
            adviser: (did.hat == crate::Hat::Adviser).then(|| did.by.clone()),
            quality: 0,
            holds: Vec::new(),
            introductions: Vec::new(),
            meetings: Vec::new(),
            agreement: None,
            contract: None,
            delivery: None,
            outcome: None,
            surveys: Vec::new(),
            documents: Vec::new(),
            merged_into: None,
            split_into: Vec::new(),
            first_submitted: None,
            first_introduced: None,
            first_answered: None,
            first_closed: None,
            submissions: 0,
            introduced_times: 0,
            abandoned: false,
            rung: BTreeSet::new(),
        })
    }

    /// What follows from the new state alone.
    fn entered(&mut self, did: &Did) {
        match did.to {
            CaseState::Submitted => {
                self.first_submitted.get_or_insert(did.at);
                self.submissions += 1;
            }
            CaseState::Introduced => {
                self.first_introduced.get_or_insert(did.at);
                self.introduced_times += 1;
            }
            CaseState::Closed => {
                self.first_closed.get_or_insert(did.at);
            }
            _ => {}
        }
    }

    fn introduction_moves(&mut self, did: &Did) {
        if let Act::Introduce { responder, reasons, grounds } = &did.act {
            let sent = Introduction::sent(responder.clone(), reasons.clone(), did.at);
            self.introductions.push(Introduction { grounds: grounds.clone(), ..sent });
            return;
        }
        let Some(named) = did.act.responder() else { return };
        let Some(introduction) = self.introductions.iter_mut().find(|introduction| introduction.responder.id == named) else { return };
        match &did.act {
            Act::Promise { document, .. } => introduction.promise = Some(*document),
            Act::Consent { side: Side::Seeker, .. } => introduction.seeker_consents = true,
            Act::Consent { side: Side::Responder, .. } => introduction.responder_consents = true,
            _ => {}
        }
        let Some(state) = crate::permit::introduction_after(did.act.verb(), introduction.state) else { return };
        introduction.state = state;
        introduction.said = did.act.why().unwrap_or_default().to_string();
        if did.act.verb() == Verb::Resend {
            introduction.sent = did.at;
            introduction.round += 1;
            introduction.answered = None;
        } else {
            introduction.answered.get_or_insert(did.at);
            self.first_answered.get_or_insert(did.at);
        }
    }

    /// Takes over what the act says.
    fn takes(&mut self, did: &Did) {
        match &did.act {
            Act::Write { need, contact } => (self.need, self.contact) = (need.clone(), contact.clone()),
            Act::Submit { quality, holds } => (self.quality, self.holds) = (*quality, holds.clone()),
            Act::Claim => self.handler = Some(did.by.clone()),
            Act::Assign { officer } => self.handler = Some(officer.clone()),
            Act::LiftHold { hold, why } => {
                for held in self.holds.iter_mut().filter(|held| held.kind == *hold) {
                    held.lifted = Some(why.clone());
                }
            }
            Act::Merge { into, .. } => self.merged_into = Some(into.clone()),
            Act::Split { need, into } => {
                self.need = need.clone();
                self.split_into.extend(into.iter().cloned());
            }
            // The desk above has its own officers; with the answer the case is again whose it was.
            Act::Escalate { to, .. } => {
                self.handed_up_by = Some(self.handler.take().unwrap_or_else(|| did.by.clone()));
                self.desk = *to;
            }
            Act::Advise { .. } => (self.desk, self.handler) = (self.region, self.handed_up_by.take()),
            Act::Meet { meeting } => self.meetings.push(meeting.clone()),
            Act::Agree { agreement } => self.agreement = Some(agreement.clone()),
            Act::Contract { contract } => self.contract = Some(contract.clone()),
            Act::AcceptMilestone { milestone, on } => {
                if let Some(milestone) = self.contract.as_mut().and_then(|contract| contract.milestones.get_mut(*milestone)) {
                    milestone.accepted = Some(*on);
                }
            }
            Act::Pay { payment, on } => {
                if let Some(payment) = self.contract.as_mut().and_then(|contract| contract.payments.get_mut(*payment)) {
                    payment.paid = Some(*on);
                }
            }
            Act::Deliver { delivery } => self.delivery = Some(delivery.clone()),
            Act::Close { outcome, .. } => self.outcome = Some(*outcome),
            Act::GiveUp { .. } => self.outcome = Some(Outcome::NotSolved),
            Act::Reopen { .. } => self.outcome = None,
            Act::Survey { side, satisfaction } => {
                let party = did.party.clone().unwrap_or_default();
                self.surveys.push(Survey { side: *side, party, at: did.at, satisfaction: satisfaction.clone() });
            }
            Act::Attach { name, document } => self.documents.push(Document { name: name.clone(), digest: *document, at: did.at }),
            Act::Ring { mark } => {
                self.abandoned |= did.to == CaseState::Unsolved && did.from != Some(CaseState::Unsolved);
                self.rung.insert(mark.clone());
            }
            _ => {}
        }
    }

    /// One step further, or why not. `now` before the last step counts as the time of the last step.
    pub fn act(&self, act: Act, who: &Who, now: Timestamp, rules: &Rules) -> Result<Step, Refusal> {
        let row = crate::permit::permit(self, &act, who, rules)?;
        let to = row.leads_to(self.state);
        let did = Did {
            version: self.version + 1,
            at: now.max(self.updated),
            by: who.actor.clone(),
            hat: who.hat,
            party: who.party.clone(),
            from: Some(self.state),
            to,
            act,
        };
        let after = self.clone().apply(&did).expect("BUG: a permitted step does not apply");
        let notices = crate::notice::notices(row, &after, &did);
        Ok(Step { after, did, notices })
    }
}
