//! What an organization could get: every measure's decision with its reasons.

use super::{named, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{AppError, AskNext, CombinationView, DecisionView, DecisionsView, RecordRef, SaveOutcome};
use duijie_vocab::{Diagnostic, RecordId, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct DecisionsPage {
    pub(crate) organization: RecordRef,
    pub(crate) period: String,
    pub(crate) on: String,
    pub(crate) counts: Vec<(String, Text, usize)>,
    pub(crate) groups: Vec<Group>,
    pub(crate) ask_next: Vec<AskNext>,
    pub(crate) combination: CombinationView,
    /// An answer that was not taken, and what is wrong with it.
    pub(crate) refused: Option<RefusedAnswer>,
}

/// What somebody answered, with the faults that kept it from being taken.
#[derive(Serialize)]
pub(crate) struct RefusedAnswer {
    pub(crate) fact: String,
    pub(crate) value: String,
    pub(crate) faults: Vec<Diagnostic>,
}

/// The decisions of one outcome.
#[derive(Serialize)]
pub(crate) struct Group {
    pub(crate) outcome: String,
    pub(crate) name: Text,
    pub(crate) decisions: Vec<DecisionView>,
}

/// The outcomes in the order in which people want to read them.
const ORDER: [&str; 8] = ["eligible", "needs_review", "unknown", "window_closed", "budget_exhausted", "not_eligible", "not_in_force", "error"];

pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let id = organization(&kind, &id)?;
    let page = decided(&portal, &visit, id, period(visit.query.filled("period"))?).await?;
    portal.pages.show(&portal, &visit, "decisions.html", page)
}

fn organization(kind: &str, id: &str) -> Result<RecordId, Fault> {
    let (schema, id) = named(kind, id)?;
    if schema.kind == "organization" { Ok(id) } else { Err(Fault::not_found()) }
}

async fn decided(portal: &Arc<Portal>, visit: &Visit, id: RecordId, period: Option<String>) -> Result<DecisionsPage, Fault> {
    let viewer = visit.viewer.clone();
    Ok(DecisionsPage::of(portal.ask(move |app| app.decisions(&viewer, &id, period.as_deref())).await?))
}

/// Takes the answer to a question and shows what it settled.
pub(crate) async fn answer(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = organization(&kind, &id)?;
    let given = |name: &str| posted.fields.get(name).unwrap_or_default().to_string();
    let (fact, of_period, value) = (given("fact"), given("fact_period"), posted.fields.all("value").collect::<Vec<_>>().join("；"));
    let shown = period(posted.fields.filled("period"))?;
    let (viewer, subject) = (visit.viewer.clone(), id.clone());
    let (asked, typed) = (fact.clone(), value.clone());
    let outcome = portal
        .ask(move |app| match app.answer(&viewer, &subject, &asked, &of_period, &typed) {
            Ok(SaveOutcome::Saved(_)) => Ok(Vec::new()),
            Ok(SaveOutcome::Refused(refused)) => Ok(refused.diagnostics),
            Err(AppError::Invalid(faults)) => Ok(faults),
            Err(other) => Err(other),
        })
        .await?;
    if outcome.is_empty() {
        let query = shown.map_or_else(String::new, |period| format!("?period={period}"));
        return Ok(see_other(&format!("/organization/{id}/decisions{query}")));
    }
    let page = DecisionsPage { refused: Some(RefusedAnswer { fact, value, faults: outcome }), ..decided(&portal, &visit, id, shown).await? };
    let mut response = portal.pages.show(&portal, &visit, "decisions.html", page)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// The period that was asked for, if it looks like one.
pub(crate) fn period(given: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let plausible = given.len() <= 7 && given.chars().all(|c| c.is_ascii_digit() || "-HQ".contains(c)) && given.starts_with(|c: char| c.is_ascii_digit());
    plausible.then(|| Some(given.to_string())).ok_or_else(|| {
        Fault::bad_parameter(
            text!("看不懂期间“{given}”。", "The period “{given}” cannot be read."),
            text!("请写成 2021、2021H1、2021Q3 或 2021-06。", "Write 2021, 2021H1, 2021Q3 or 2021-06."),
        )
    })
}

/// The place of an outcome in that order; unknown ones come last.
pub(crate) fn rank(outcome: &str) -> usize {
    ORDER.iter().position(|known| *known == outcome).unwrap_or(ORDER.len())
}

impl DecisionsPage {
    pub(crate) fn of(view: DecisionsView) -> DecisionsPage {
        let mut groups: Vec<Group> = Vec::new();
        for mut decision in view.decisions {
            decision.reason = reason_alone(&decision);
            match groups.iter_mut().find(|group| group.outcome == decision.outcome) {
                Some(group) => group.decisions.push(decision),
                None => groups.push(Group { outcome: decision.outcome.clone(), name: decision.outcome_name.clone(), decisions: vec![decision] }),
            }
        }
        groups.sort_by_key(|group| rank(&group.outcome));
        let mut counts = view.counts;
        counts.sort_by_key(|(outcome, _, _)| rank(outcome));
        DecisionsPage {
            organization: view.organization,
            period: view.period,
            on: view.on,
            counts,
            groups,
            ask_next: view.ask_next,
            combination: view.combination,
            refused: None,
        }
    }
}

/// The reason without the measure's name and the outcome before it: the page has just said both.
fn reason_alone(decision: &DecisionView) -> Text {
    let alone = |reason: &str, name: &str, outcome: &str| {
        let after = |text: &str, said: &str| text.strip_prefix(said).map(|rest| rest.trim_start_matches(['：', ':', '。', '.', ' ', '，', ',']).to_string());
        let rest = after(reason, name).and_then(|rest| after(&rest, outcome));
        rest.unwrap_or_else(|| reason.to_string())
    };
    Text::new(
        alone(&decision.reason.zh, &decision.name.zh, &decision.outcome_name.zh),
        alone(&decision.reason.en, &decision.name.en, &decision.outcome_name.en),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_gets_comes_before_what_one_does_not() {
        let page = DecisionsPage::of(crate::sample::decisions());
        let order: Vec<&str> = page.groups.iter().map(|group| group.outcome.as_str()).collect();
        assert_eq!(order, ["eligible", "needs_review", "unknown", "not_eligible"]);
    }

    #[test]
    fn a_reason_does_not_say_again_what_stands_above_it() {
        let mut decision = crate::sample::decisions().decisions.remove(1);
        assert_eq!(reason_alone(&decision), decision.reason, "a sentence of its own stays");
        decision.reason = Text::new(format!("{}：{}。金额20万元。", decision.name.zh, decision.outcome_name.zh), "Something else.");
        assert_eq!(reason_alone(&decision), text!("金额20万元。", "Something else."));
    }

    #[test]
    fn a_period_is_read_or_refused() {
        assert_eq!(period(Some("2021H1")).ok().flatten().as_deref(), Some("2021H1"));
        assert_eq!(period(Some("last year")).err().map(|fault| fault.status.as_u16()), Some(400));
    }
}
