//! One's own account: how to be reached, the password, the second factor, keys for programs, and
//! where one logged in from.

use super::{region_in, see_other};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{AccountLine, IdentityLine, KeyLine, LoginLine, NewKey, NoticeChoice, Often, ProviderName, Robot, RobotKind, Scope, robot_kind};
use duijie_vocab::{Diagnostic, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct AccountPage {
    pub(crate) account: AccountLine,
    pub(crate) keys: Vec<KeyLine>,
    pub(crate) logins: Vec<LoginLine>,
    /// Where one may log in from, beside the password.
    pub(crate) identities: Vec<IdentityLine>,
    pub(crate) providers: Vec<ProviderName>,
    /// How one is told of what is new, and what there is to choose from.
    pub(crate) choice: NoticeChoice,
    pub(crate) oftens: Vec<(String, Text)>,
    pub(crate) robots: Vec<(String, Text)>,
    /// A key that was just made, to be shown this once.
    pub(crate) new_key: Option<String>,
    pub(crate) faults: Vec<Diagnostic>,
    /// What was just done, as the word of the form that did it.
    pub(crate) done: String,
}

const LOGINS: usize = 10;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let done = visit.query.get("done").filter(|word| FORMS.contains(word)).unwrap_or_default().to_string();
    let page = AccountPage { done, ..current(&portal, &visit).await? };
    portal.pages.show(&portal, &visit, "account.html", page)
}

/// The forms of the page, by the word in their `form` field.
const FORMS: [&str; 9] = ["email", "password", "key", "revoke", "second", "connect", "disconnect", "notices", "robot"];

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let form = posted.fields.get("form").unwrap_or_default().to_string();
    if form == "connect" {
        let provider = posted.fields.get("provider").unwrap_or_default().to_string();
        return super::login_with::connect(&portal, &visit, provider).await;
    }
    let viewer = visit.viewer.clone();
    let fields = posted.fields.clone();
    let word = form.clone();
    let outcome = portal.ask(move |app| match word.as_str() {
        "email" => app.set_email(&viewer, fields.get("email").unwrap_or_default()).map(|()| None),
        "notices" => choose(app, &viewer, &fields).map(|()| None),
        "robot" => app.try_robot(&viewer).map(|()| None),
        "password" => app.change_password(&viewer, fields.whole("old_password"), fields.whole("new_password")).map(|()| None),
        "second" => app.drop_second_factor(&viewer, fields.whole("old_password")).map(|()| None),
        "everywhere" => app.logout_everywhere(&viewer).map(|()| None),
        "revoke" => app.revoke_key(&viewer, fields.get("id").unwrap_or_default()).map(|()| None),
        "disconnect" => app.disconnect(&viewer, fields.get("id").unwrap_or_default()).map(|()| None),
        "key" => make_key(app, &viewer, &fields).map(Some),
        _ => Err(duijie_app::AppError::NotFound),
    });
    match outcome.await {
        Ok(Some(key)) => {
            let page = AccountPage { new_key: Some(key.secret), done: form, ..current(&portal, &visit).await? };
            portal.pages.show(&portal, &visit, "account.html", page)
        }
        // A new password ends the session; logging in shows that it works.
        Ok(None) if matches!(form.as_str(), "password" | "everywhere") => Ok(see_other("/login?next=%2Faccount")),
        Ok(None) => Ok(see_other(&format!("/account?done={form}"))),
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let page = AccountPage { faults: fault.diagnostics, ..current(&portal, &visit).await? };
            let mut response = portal.pages.show(&portal, &visit, "account.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

fn make_key(app: &duijie_app::App, viewer: &duijie_app::Viewer, fields: &Pairs) -> Result<NewKey, duijie_app::AppError> {
    let scopes: Vec<Scope> = fields.all("scope").filter_map(Scope::parse).collect();
    let days = fields.get("days").and_then(|days| days.parse().ok()).unwrap_or(0);
    let login = viewer.login.clone().unwrap_or_default();
    app.make_key(viewer, &login, fields.get("name").unwrap_or_default(), &scopes, region_in(fields)?, days)
}

/// Takes the choice of how to be told; an empty secret leaves the former one of the same robot.
fn choose(app: &duijie_app::App, viewer: &duijie_app::Viewer, fields: &Pairs) -> Result<(), duijie_app::AppError> {
    let former = app.notice_choice(viewer)?;
    let often = |name: &str, former: Often| fields.get(name).and_then(Often::parse).unwrap_or(former);
    let address = fields.get("robot_address").unwrap_or_default().trim().to_string();
    let robot = fields.get("robot").and_then(robot_kind).map(|kind| {
        let kept = former.robot.as_ref().filter(|robot| robot.address == address).map(|robot| robot.secret.clone());
        let typed = fields.filled("robot_secret").map(|secret| secret.trim().to_string());
        Robot { kind, secret: typed.or(kept).unwrap_or_default(), address }
    });
    let choice = NoticeChoice { often: often("often", former.often), supply: often("supply", former.supply), email: fields.get("by_email").is_some(), robot };
    app.set_notice_choice(viewer, &choice)
}

async fn current(portal: &Arc<Portal>, visit: &Visit) -> Result<AccountPage, Fault> {
    let viewer = visit.viewer.clone();
    portal
        .ask(move |app| {
            let account = app.own_line(&viewer)?;
            let keys = app.keys(&viewer, &account.login)?;
            let logins = app.logins(&viewer, false, LOGINS)?;
            let (identities, providers) = (app.identities(&viewer)?, app.login_providers().names());
            let choice = app.notice_choice(&viewer)?;
            let oftens = Often::ALL.into_iter().map(|often| (often.as_str().to_string(), often.name())).collect();
            let robots = RobotKind::ALL.into_iter().map(|kind| (kind.as_str().to_string(), kind.name())).collect();
            let (faults, done) = (Vec::new(), String::new());
            Ok(AccountPage { account, keys, logins, identities, providers, choice, oftens, robots, new_key: None, faults, done })
        })
        .await
}
