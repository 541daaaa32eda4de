//! Private links: a responder without an account sees the need as far as disclosed and answers.
//! Only a digest of the token is kept; a link ends after some weeks or when a new one is made.

use crate::case_act::{ActForm, ActionView, actions, read_act};
use crate::casework::{put_step, read_case, rules};
use crate::sessions::{DAY, later};
use crate::{App, AppError, Viewer};
use duijie_docking::{Case, Disclosure, Grade, NeedSeen, Reader, Verb, Who, disclosure, seen};
use duijie_journal::Actor;
use duijie_store::View;
use duijie_vocab::{Diagnostic, Digest, RecordId, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

/// The need and the introduction as the holder of a link sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    pub version: u32,
    pub need: NeedSeen,
    pub grade: Grade,
    pub grade_reason: Text,
    pub grade_next: Option<Text>,
    pub responder: String,
    pub state: String,
    pub state_name: Text,
    pub sent: String,
    pub reasons: Vec<Text>,
    pub actions: Vec<ActionView>,
}

/// What is kept under the digest of a token.
#[derive(Serialize, Deserialize)]
struct Kept {
    case: RecordId,
    responder: String,
}

/// Where links are kept, and where the present link of an introduction is.
const LINKS: &str = "answer-link";
const PRESENT: &str = "answer-link-present";
/// As long as the last clock of an introduction runs.
const VALID_DAYS: i64 = 45;

impl App {
    /// A new private link token (64 hexadecimal digits) for the responder of an introduction; the one
    /// before ends. For those who may introduce.
    pub fn make_answer_link(&self, viewer: &Viewer, id: &RecordId, responder: &str) -> Result<String, AppError> {
        let token = Digest(self.random()).to_string();
        let (viewer, id, responder, key) = (viewer.clone(), id.clone(), responder.to_string(), digest_of(&token));
        self.write(&self.actor(&viewer)?, move |tx| {
            let now = tx.now();
            let mut view = tx.view();
            let case = read_case(&mut view, &id)?;
            crate::casework::seen_by(&viewer, &case)?;
            let officer = crate::casework::who_is(&viewer, &case).is_some_and(|who| who.hat == duijie_docking::Hat::Officer);
            if !officer {
                return Err(AppError::Refused(crate::Refused {
                    reason: text!("只有经办人可以生成链接", "only officers make links"), login_helps: false
                }));
            }
            if case.introduction(&responder).is_none() {
                return Err(AppError::NotFound);
            }
            let place = format!("{id} {responder}");
            let former = view.kept(PRESENT, &place, now)?;
            if let Some(former) = former {
                tx.forget(LINKS, &former)?;
            }
            let kept = Kept { case: id.clone(), responder: responder.clone() };
            let value = serde_json::to_string(&kept).map_err(|fault| AppError::Internal(fault.into()))?;
            let expires = later(now, VALID_DAYS * DAY);
            tx.keep(LINKS, &key, &value, expires)?;
            tx.keep(PRESENT, &place, &key, expires)?;
            Ok(())
        })?;
        Ok(token)
    }

    /// What the holder of a link sees.
    pub fn answer_page(&self, token: &str) -> Result<AnswerView, AppError> {
        let now = self.now();
        self.store().read(|view| {
            let (case, who) = opened(view, token, now)?;
            shown(&case, &who)
        })
    }

    /// Does what the holder of a link answered.
    pub fn answer_by_link(&self, token: &str, version: Option<u32>, form: &ActForm) -> Result<(), AppError> {
        let (token, form) = (token.to_string(), form.clone());
        let actor = Actor::parse("link").map_err(|fault| AppError::Internal(fault.into()))?;
        self.write(&actor, move |tx| {
            let now = tx.now();
            let (case, who) = opened(&mut tx.view(), &token, now)?;
            let verb = Verb::ALL.iter().copied().find(|verb| verb.as_str() == form.verb).unwrap_or(Verb::Note);
            // Two answers from one page are one too many; what others did to the case meanwhile is no matter.
            let own_page = version.is_none_or(|version| version <= case.version);
            if !own_page {
                return Err(AppError::NotFound);
            }
            let act = read_act(&case, &who, verb, &form).map_err(AppError::Invalid)?;
            let step = case.act(act, &who, now, &rules(&mut tx.view(), case.region)?)?;
            put_step(tx, &step)
        })
    }
}

fn digest_of(token: &str) -> String {
    Digest::of(&[b"answer-link:", token.as_bytes()]).to_string()
}

/// The case and who the holder is, if the link is one and still good.
fn opened(view: &mut View<'_>, token: &str, now: Timestamp) -> Result<(Case, Who), AppError> {
    let kept = view.kept(LINKS, &digest_of(token), now)?.ok_or_else(ended)?;
    let kept: Kept = serde_json::from_str(&kept).map_err(|fault| AppError::Internal(fault.into()))?;
    let case = read_case(view, &kept.case)?;
    Ok((case, Who::responder("link", kept.responder)))
}

pub(crate) fn ended() -> AppError {
    let reason = text!("链接已失效，或已有新的链接", "this link has ended, or there is a newer one");
    let help = text!("请向经办人索取新的链接，或登录后办理", "ask the officer for a new link, or log in");
    AppError::Invalid(vec![Diagnostic::error("link.ended", reason).help(help)])
}

fn shown(case: &Case, who: &Who) -> Result<AnswerView, AppError> {
    let responder = who.party.clone().unwrap_or_default();
    let introduction = case.introduction(&responder).ok_or_else(ended)?;
    let Disclosure { grade, reason, next } = disclosure(case, Reader::Responder(&responder)).ok_or_else(ended)?;
    Ok(AnswerView {
        version: case.version,
        need: seen(case, grade),
        grade,
        grade_reason: reason,
        grade_next: next,
        responder: introduction.responder.name.clone(),
        state: introduction.state.as_str().to_string(),
        state_name: introduction.state.name(),
        sent: introduction.sent.china_minute(),
        reasons: introduction.reasons.clone(),
        actions: actions(case, who),
    })
}
