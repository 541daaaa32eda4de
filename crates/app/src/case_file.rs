//! A file of what was done to cases, one line of JSON each, for taking over cases from elsewhere and
//! for demonstrations. Every line goes through the same use cases as the pages.

use crate::{ActForm, App, AppError, CaseForm, Viewer};
use duijie_vocab::{Diagnostic, Place, RecordId, text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One line: somebody opens a case under a name of the file, introduces it, or acts on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The login of who does it; with `by_link`, of the officer who makes the link.
    by: String,
    /// Whether the first responder who is waited for does it, by a private link.
    #[serde(default)]
    by_link: bool,
    /// What the file calls the case.
    case: String,
    #[serde(default)]
    open: Option<CaseForm>,
    /// Whether the opened case is handed in at once.
    #[serde(default)]
    submit: bool,
    /// Introduces the case to this many of its best candidates.
    #[serde(default)]
    introduce: usize,
    #[serde(default)]
    act: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// What playing a file did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayedFile {
    pub opened: usize,
    pub acted: usize,
    /// Lines that were refused, with why; the others went on.
    pub faults: Vec<Diagnostic>,
}

impl App {
    /// Does what the lines of a file say, in order. A line that is refused is told with its number.
    pub fn play_cases(&self, viewer: &Viewer, name: &str, file: &str) -> Result<PlayedFile, AppError> {
        viewer.may(crate::Action::Administer, &crate::Target::default())?;
        let mut played = PlayedFile::default();
        let mut cases: BTreeMap<String, RecordId> = BTreeMap::new();
        for (number, text) in file.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let place = Place { line: u32::try_from(number + 1).ok(), ..Place::file(name) };
            match self.play(text, &mut cases) {
                Ok(true) => played.opened += 1,
                Ok(false) => played.acted += 1,
                Err(fault @ (AppError::Internal(_) | AppError::Unavailable(_))) => return Err(fault),
                Err(fault) => played.faults.push(Diagnostic::error("case.line", fault.message()).at(place)),
            }
        }
        Ok(played)
    }

    /// Whether the line opened a case.
    fn play(&self, text: &str, cases: &mut BTreeMap<String, RecordId>) -> Result<bool, AppError> {
        let fault = |message| AppError::Invalid(vec![Diagnostic::error("case.line", message)]);
        let line: Line = serde_json::from_str(text).map_err(|why| fault(text!("不是约定的 JSON：{why}", "not the expected JSON: {why}")))?;
        let login = &line.by;
        let account = self.store().read(|view| view.account(login))?.filter(|account| !account.disabled);
        let account = account.ok_or_else(|| fault(text!("没有账号 `{login}`", "there is no account `{login}`")))?;
        let person = crate::sessions::viewer_of(account);
        if let Some(form) = &line.open {
            cases.insert(line.case.clone(), self.open_case(&person, form, line.submit)?);
            return Ok(true);
        }
        let called = &line.case;
        let id = cases.get(called).ok_or_else(|| fault(text!("文件中还没有打开 `{called}`", "the file did not open `{called}` yet")))?;
        if line.introduce > 0 {
            let fitting = self.case_candidates(&person, id)?.into_iter().filter(|candidate| candidate.against.is_none());
            let best: Vec<String> = fitting.take(line.introduce).map(|candidate| candidate.responder.id).collect();
            self.introduce_case(&person, id, None, &best)?;
            return Ok(false);
        }
        if line.by_link {
            let fields = line.fields.clone().into_iter().collect();
            self.answer_first(&person, id, &ActForm { verb: line.act.clone(), fields })?;
            return Ok(false);
        }
        let mut fields: Vec<(String, String)> = line.fields.clone().into_iter().collect();
        // The file cannot know who was introduced; what it leaves open is what the page would offer.
        if !line.fields.contains_key("responder") {
            fields.extend(self.offered_responder(&person, id, &line.act)?.map(|responder| ("responder".to_string(), responder)));
        }
        self.act_on_case(&person, id, None, &ActForm { verb: line.act.clone(), fields })?;
        Ok(false)
    }

    fn offered_responder(&self, person: &Viewer, id: &RecordId, verb: &str) -> Result<Option<String>, AppError> {
        let actions = self.case(person, id)?.actions;
        let action = actions.into_iter().find(|action| action.verb.as_str() == verb);
        let field = action.and_then(|action| action.fields.into_iter().find(|field| field.key == "responder"));
        Ok(field.map(|field| field.value).filter(|value| !value.is_empty()))
    }

    /// Answers for the first responder whose introduction waits, by a private link made for it.
    fn answer_first(&self, viewer: &Viewer, id: &RecordId, form: &ActForm) -> Result<(), AppError> {
        let case = self.case(viewer, id)?;
        let waiting = case.introductions.iter().find(|introduction| matches!(introduction.state.as_str(), "sent" | "accepted")).ok_or(AppError::NotFound)?;
        let token = self.make_answer_link(viewer, id, &waiting.responder)?;
        let mut form = form.clone();
        form.fields.push(("responder".to_string(), waiting.responder.clone()));
        self.answer_by_link(&token, None, &form)
    }
}
