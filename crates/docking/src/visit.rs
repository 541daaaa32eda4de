//! A visit 走访: a recorded call of an adviser on an organization, from which needs come.

use crate::{Contact, NeedText, Opening, Origin, Seeker, parts::parts};
use duijie_vocab::{Date, Diagnostic, Place, RecordId, RegionCode, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub id: RecordId,
    pub on: Date,
    /// Who went, by actor.
    pub adviser: String,
    pub region: RegionCode,
    pub organization: Seeker,
    pub contact: Contact,
    /// 问题, one or several, as they were told.
    pub problems: String,
    /// 承诺: what the adviser promised.
    pub promises: Vec<Promised>,
    /// The cases that were made of the problems.
    pub cases: Vec<RecordId>,
}

/// Something the adviser promised to do by a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    pub what: String,
    pub by: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Date>,
}

impl Visit {
    /// What keeps the record from being accepted.
    pub fn faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        if self.organization.organization.trim().is_empty() {
            faults.push(Diagnostic::error("visit.organization", text!("请选择走访的单位", "choose the organization")).at(Place::field("organization")));
        }
        if self.on.day().is_none() {
            faults.push(Diagnostic::error("visit.on", text!("请填写走访日期", "give the day of the visit")).at(Place::field("on")));
        }
        if self.problems.trim().is_empty() && self.promises.is_empty() {
            faults.push(Diagnostic::error("visit.empty", text!("请写下问题或承诺", "write down problems or promises")).at(Place::field("problems")));
        }
        faults
    }

    /// The needs that the problems propose, one per numbered item or one in all; `id` makes the id of the case with a number.
    pub fn needs(&self, id: impl Fn(usize) -> RecordId) -> Vec<Opening> {
        let found = parts(&self.problems);
        let texts: Vec<(String, String)> = if found.is_empty() {
            let first = self.problems.split(['。', '，', '\n']).find(|clause| !clause.trim().is_empty()).unwrap_or_default();
            vec![(first.trim().chars().take(40).collect(), self.problems.trim().to_string())]
        } else {
            found.into_iter().map(|part| (part.title, part.text)).collect()
        };
        let opening = |(number, (title, problem)): (usize, (String, String))| Opening {
            id: id(number),
            region: self.region,
            seeker: self.organization.clone(),
            need: NeedText { title, problem, ..NeedText::default() },
            contact: self.contact.clone(),
            origin: Some(Origin::Visit(self.id.clone())),
        };
        texts.into_iter().filter(|(_, problem)| !problem.is_empty()).enumerate().map(opening).collect()
    }
}
