//! One case: its page, the acts on it, its text, and its introductions.

use super::{needs_login, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::{Posted, TOKEN};
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{ActForm, ActionField, ActionView, CandidateView, CaseView, SightView};
use duijie_vocab::{Diagnostic, RecordId, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct CasePage {
    pub(crate) case: CaseView,
    /// Why what was sent was not done.
    pub(crate) refused: Option<Text>,
    pub(crate) faults: Vec<Diagnostic>,
    /// Somebody else moved the case in the meantime.
    pub(crate) conflict: bool,
    /// The verb of the form that was not accepted, which stays open.
    pub(crate) typed_verb: String,
    /// What was typed, where its form is no longer offered.
    pub(crate) typed: Vec<String>,
    /// A private link that was just made, shown once, and for whom.
    pub(crate) link: Option<(String, String)>,
    pub(crate) done: bool,
    /// Who saw the case.
    pub(crate) sights: Vec<SightView>,
}

#[derive(Serialize)]
pub(crate) struct IntroducePage {
    pub(crate) case: CaseView,
    pub(crate) candidates: Vec<CandidateView>,
    pub(crate) refused: Option<Text>,
}

/// The version of the case that a form was made from.
const VERSION: &str = "_version";

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let viewer = visit.viewer.clone();
    let case = match visit.query.filled("as_of").and_then(|seq| seq.parse::<i64>().ok()) {
        Some(seq) => portal.ask(move |app| app.case_as_of(&viewer, &id, seq)).await?,
        None => portal.ask(move |app| app.look_at_case(&viewer, &id)).await?,
    };
    let done = visit.query.get("done").is_some();
    let (viewer, id) = (visit.viewer.clone(), case_id(&case.id)?);
    let sights = portal.ask(move |app| app.case_sights(&viewer, &id)).await?;
    portal.pages.show(&portal, &visit, "case.html", CasePage { done, sights, ..CasePage::of(case) })
}

/// The whole case on one page for paper or PDF 案卷.
pub(crate) async fn print(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let viewer = visit.viewer.clone();
    let case = portal.ask(move |app| app.look_at_case(&viewer, &id)).await?;
    portal.pages.show(&portal, &visit, "case_print.html", CasePage::of(case))
}

pub(crate) async fn act(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let form = act_form(&posted);
    let version = version(&posted);
    let (viewer, subject, sent) = (visit.viewer.clone(), id.clone(), form.clone());
    match portal.ask(move |app| app.act_on_case(&viewer, &subject, version, &sent)).await {
        Ok(()) => Ok(see_other(&format!("/case/{id}?done=1"))),
        Err(fault) if shows_page(&visit, &fault) => again(&portal, &visit, id, &form, fault).await,
        Err(fault) => Err(fault),
    }
}

/// The case page again with what was typed and why it was not accepted.
async fn again(portal: &Portal, visit: &Visit, id: RecordId, form: &ActForm, fault: Fault) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let case = portal.ask(move |app| app.case(&viewer, &id)).await?;
    let status = fault.status;
    let page = CasePage {
        refused: Some(fault.message),
        faults: fault.diagnostics,
        conflict: status == StatusCode::CONFLICT,
        typed_verb: form.verb.clone(),
        typed: homeless(&case, form),
        ..CasePage::of(retyped(case, form))
    };
    let mut response = portal.pages.show(portal, visit, "case.html", page)?;
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn candidates(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let page = introduce_page(&portal, &visit, id, None).await?;
    portal.pages.show(&portal, &visit, "introduce.html", page)
}

pub(crate) async fn introduce(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let chosen: Vec<String> = posted.fields.all("responder").map(str::to_string).collect();
    let version = version(&posted);
    let (viewer, subject) = (visit.viewer.clone(), id.clone());
    match portal.ask(move |app| app.introduce_case(&viewer, &subject, version, &chosen)).await {
        Ok(_) => Ok(see_other(&format!("/case/{id}?done=1#introductions"))),
        Err(fault) if shows_page(&visit, &fault) => {
            let status = fault.status;
            let page = introduce_page(&portal, &visit, id, Some(fault.message)).await?;
            let mut response = portal.pages.show(&portal, &visit, "introduce.html", page)?;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

async fn introduce_page(portal: &Portal, visit: &Visit, id: RecordId, refused: Option<Text>) -> Result<IntroducePage, Fault> {
    let viewer = visit.viewer.clone();
    let (case, candidates) = portal.ask(move |app| Ok((app.case(&viewer, &id)?, app.case_candidates(&viewer, &id)?))).await?;
    Ok(IntroducePage { case, candidates, refused })
}

/// Makes a private link for a responder and shows it once.
pub(crate) async fn link(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let id = case_id(&id)?;
    let responder = posted.fields.filled("responder").unwrap_or_default().to_string();
    let (viewer, subject, of) = (visit.viewer.clone(), id.clone(), responder.clone());
    let (token, case) = portal.ask(move |app| Ok((app.make_answer_link(&viewer, &subject, &of)?, app.case(&viewer, &subject)?))).await?;
    let address = format!("{}/answer/{token}", portal.options.public_url.trim_end_matches('/'));
    let name = case.introductions.iter().find(|introduction| introduction.responder == responder).map(|introduction| introduction.name.clone());
    let page = CasePage { link: Some((name.unwrap_or_default(), address)), ..CasePage::of(case) };
    let mut response = portal.pages.show(&portal, &visit, "case.html", page)?;
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The case id in a path, if it is one.
pub(crate) fn case_id(text: &str) -> Result<RecordId, Fault> {
    RecordId::parse(text).filter(|id| id.prefix() == "case").ok_or_else(Fault::not_found)
}

pub(crate) fn version(posted: &Posted) -> Option<u32> {
    posted.fields.filled(VERSION).and_then(|version| version.parse().ok())
}

pub(crate) fn act_form(posted: &Posted) -> ActForm {
    let own = |name: &str| name == TOKEN || name == VERSION || name == "verb";
    ActForm {
        verb: posted.fields.filled("verb").unwrap_or_default().to_string(),
        fields: posted.fields.0.iter().filter(|(name, _)| !own(name)).cloned().collect(),
    }
}

/// Whether a refusal is told on the page itself rather than on one of its own.
pub(crate) fn shows_page(visit: &Visit, fault: &Fault) -> bool {
    let told = matches!(fault.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::FORBIDDEN);
    told && !needs_login(visit, fault)
}

/// The sentences of a form that is not offered any more, so that nobody has to think of them again.
fn homeless(case: &CaseView, form: &ActForm) -> Vec<String> {
    if case.actions.iter().any(|action| action.verb.as_str() == form.verb) {
        return Vec::new();
    }
    let typed = form.fields.iter().filter(|(name, value)| name != "responder" && !value.trim().is_empty());
    typed.map(|(_, value)| value.clone()).collect()
}

/// The forms with what was typed in the one that was sent.
fn retyped(mut case: CaseView, form: &ActForm) -> CaseView {
    for action in case.actions.iter_mut().filter(|action| action.verb.as_str() == form.verb) {
        retype(action, form);
    }
    case
}

pub(crate) fn retype(action: &mut ActionView, form: &ActForm) {
    let typed = |field: &ActionField| form.fields.iter().find(|(name, _)| name == field.key).map(|(_, value)| value.clone());
    for field in &mut action.fields {
        if let Some(value) = typed(field) {
            field.value = value;
        }
    }
}

impl CasePage {
    pub(crate) fn of(case: CaseView) -> CasePage {
        CasePage {
            case,
            refused: None,
            faults: Vec::new(),
            conflict: false,
            typed_verb: String::new(),
            typed: Vec::new(),
            link: None,
            done: false,
            sights: Vec::new(),
        }
    }
}

/// The pairs of a query for a desk, kept when one filter changes.
pub(crate) fn toggled(query: &Pairs, name: &str, value: &str) -> String {
    let without = query.without(name).without("after");
    let on = query.get(name) == Some(value);
    if on { without.behind("/cases") } else { without.with(name, value).behind("/cases") }
}
