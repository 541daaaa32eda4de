//! One act on many cases at once: first what would become of each, then the act itself, each case for
//! itself, so that one which somebody else moved meanwhile keeps only itself back.

use crate::case_act::{ActForm, check_named, read_act, verb_of};
use crate::casework::{read_case, rules, seen_by, who_is};
use crate::{App, AppError, Viewer};
use duijie_docking::{Hat, Verb};
use duijie_store::View;
use duijie_vocab::{Diagnostic, RecordId, Text, text};
use serde::Serialize;

/// What would become, or became, of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BulkLine {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub state_name: Text,
    /// The state after the act.
    pub then: Option<Text>,
    /// Why nothing can be done, or was.
    pub refused: Option<Text>,
}

/// Acts that make sense for many cases at once.
pub const BULK_VERBS: [Verb; 5] = [Verb::Claim, Verb::Assign, Verb::Admit, Verb::Return, Verb::Note];
/// The most cases of one go.
const MOST: usize = 200;

impl App {
    /// What the act would do to each of the cases; nothing is written.
    pub fn preview_bulk(&self, viewer: &Viewer, form: &ActForm, cases: &[(RecordId, u32)]) -> Result<Vec<BulkLine>, AppError> {
        checked(viewer, form, cases)?;
        cases.iter().map(|(id, version)| self.store().read(|view| foreseen(view, viewer, form, id, *version))).collect()
    }

    /// Does the act to each of the cases that still has the version that the person saw.
    pub fn act_in_bulk(&self, viewer: &Viewer, form: &ActForm, cases: &[(RecordId, u32)]) -> Result<Vec<BulkLine>, AppError> {
        checked(viewer, form, cases)?;
        let mut lines = Vec::new();
        for (id, version) in cases {
            let before = self.store().read(|view| foreseen(view, viewer, form, id, *version))?;
            let acted = match &before.refused {
                Some(_) => Ok(()),
                None => self.act_on_case(viewer, id, Some(*version), form),
            };
            lines.push(match acted {
                Ok(()) => before,
                Err(fault @ (AppError::Internal(_) | AppError::Unavailable(_))) => return Err(fault),
                Err(fault) => BulkLine { refused: Some(fault.message()), then: None, ..before },
            });
        }
        Ok(lines)
    }
}

fn checked(viewer: &Viewer, form: &ActForm, cases: &[(RecordId, u32)]) -> Result<(), AppError> {
    let fault = |message| Err(AppError::Invalid(vec![Diagnostic::error("bulk", message)]));
    if !matches!(viewer.role, crate::Role::Officer | crate::Role::Admin) {
        let reason = text!("只有经办人可以批量办理", "only officers work on many cases at once");
        return Err(AppError::Refused(crate::Refused { reason, login_helps: viewer.login.is_none() }));
    }
    if !BULK_VERBS.contains(&verb_of(&form.verb)?) {
        return fault(text!("这种办理不能批量进行", "this act is not done in bulk"));
    }
    if cases.is_empty() || cases.len() > MOST {
        return fault(text!("请选择 1 至 {MOST} 张对接单", "choose 1 to {MOST} cases"));
    }
    Ok(())
}

fn foreseen(view: &mut View<'_>, viewer: &Viewer, form: &ActForm, id: &RecordId, version: u32) -> Result<BulkLine, AppError> {
    let case = read_case(view, id)?;
    seen_by(viewer, &case)?;
    let line = BulkLine { id: id.to_string(), version, title: case.need.title.clone(), state_name: case.state.name(), then: None, refused: None };
    if version != case.version {
        return Ok(BulkLine { refused: Some(text!("打开页面后已有新的办理", "it moved on after the page was opened")), ..line });
    }
    let Some(who) = who_is(viewer, &case).filter(|who| who.hat == Hat::Officer) else {
        return Ok(BulkLine { refused: Some(text!("不由您办理", "it is not yours to work on")), ..line });
    };
    let tried = read_act(&case, &who, verb_of(&form.verb)?, form).map_err(AppError::Invalid).and_then(|act| {
        check_named(viewer, &case, &act, view)?;
        Ok(case.act(act, &who, case.updated, &rules(view, case.region)?)?)
    });
    match tried {
        Ok(step) => Ok(BulkLine { then: Some(step.after.state.name()), ..line }),
        Err(fault @ (AppError::Internal(_) | AppError::Unavailable(_))) => Err(fault),
        Err(fault) => Ok(BulkLine { refused: Some(fault.message()), ..line }),
    }
}
