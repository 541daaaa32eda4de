//! A question of the measures, answered by the enterprise: the answer becomes a fact of its own
//! record, journalled, with the person as its source.

use crate::declared::Declared;
use crate::edit::SaveOutcome;
use crate::{Action, App, AppError, FormField, Target, Viewer};
use duijie_policy::Period;
use duijie_record::RecordState;
use duijie_vocab::{Diagnostic, Place, RecordId, text};

/// The most records that are looked through for the one of a period.
const MAX_LINKED: usize = 2_000;

impl App {
    /// Keeps the answer to a question about an organization: `fact` and `period` as in
    /// [`crate::AskNext`]. The value is typed as in a form of the record.
    pub fn answer(&self, viewer: &Viewer, organization: &RecordId, fact: &str, period: &str, value: &str) -> Result<SaveOutcome, AppError> {
        if value.trim().is_empty() {
            let fault = Diagnostic::error("answer.empty", text!("没有填写", "nothing was typed"));
            return Err(AppError::Invalid(vec![fault.at(Place::field(fact)).help(text!("填写后再提交", "type the answer and send again"))]));
        }
        let given = |key: &str, value: &str| (key.to_string(), value.to_string());
        match home_of(&self.policies().declared, fact, period).ok_or(AppError::NotFound)? {
            Home::Organization => self.save(viewer, "organization", Some(organization), None, &[given(fact, value)]),
            Home::Facts => match self.facts_record(viewer, organization, period)? {
                (Some((id, version)), _) => self.save(viewer, "facts", Some(&id), Some(version), &[given(fact, value)]),
                (None, name) => self.save(viewer, "facts", None, None, &[given("organization", &name), given("period", period), given(fact, value)]),
            },
        }
    }

    /// The facts of an organization for a period, if it has any, and its name.
    fn facts_record(&self, viewer: &Viewer, organization: &RecordId, period: &str) -> Result<(Option<(RecordId, i64)>, String), AppError> {
        let wanted = Period::parse(period).map_err(|_| AppError::NotFound)?;
        self.store().read(|view| {
            let record = crate::record::readable(viewer, view, organization)?;
            let target = Target { region: Some(record.region), organization: Some(organization.to_string()) };
            viewer.may(Action::Edit, &target)?;
            let ids: Vec<RecordId> =
                view.links_to(organization, MAX_LINKED)?.into_iter().filter(|link| link.field == "organization").map(|link| link.from).collect();
            let found = view.get_many(&ids)?.into_iter().map(|row| row.record).find(|record| {
                record.kind == "facts" && record.state == RecordState::Active && Period::parse(record.text("period")).is_ok_and(|period| period == wanted)
            });
            Ok((found.map(|record| (record.id, record.version)), record.text("name").to_string()))
        })
    }
}

enum Home {
    Organization,
    Facts,
}

/// Where an answer is kept: yearly facts in the record of their period, others with the organization.
fn home_of(declared: &Declared, fact: &str, period: &str) -> Option<Home> {
    let has = |kind: &str| declared.schema(kind).is_some_and(|schema| schema.field(fact).is_some());
    match Period::parse(period).ok()? {
        Period::Instant => has("organization").then_some(Home::Organization),
        _ => has("facts").then_some(Home::Facts),
    }
}

/// The form field in which an answer is typed; nothing for a fact that no record holds.
pub(crate) fn answer_field(declared: &Declared, fact: &str, period: Period) -> Option<FormField> {
    let kind = match home_of(declared, fact, &period.to_string())? {
        Home::Organization => "organization",
        Home::Facts => "facts",
    };
    let schema = declared.schema(kind)?;
    crate::edit::blank_field(schema, fact)
}
