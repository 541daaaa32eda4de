//! One's own webhooks: where they go, what they tell of, and whether they arrive.

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
use duijie_app::{App, AppError, HookEvent, HookLine, NewHook, Viewer};
use duijie_vocab::{Diagnostic, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Default, Serialize)]
pub(crate) struct WebhooksPage {
    pub(crate) hooks: Vec<ShownHook>,
    /// Every event that can be chosen: its name in messages, and in words.
    pub(crate) events: Vec<(&'static str, Text)>,
    /// The secret of a webhook that was just made, to be shown this once.
    pub(crate) secret: Option<String>,
    pub(crate) faults: Vec<Diagnostic>,
    pub(crate) url: String,
    pub(crate) region: String,
}

#[derive(Serialize)]
pub(crate) struct ShownHook {
    pub(crate) hook: HookLine,
    pub(crate) events: Vec<Text>,
    /// When it is tried again, in words, if messages do not arrive.
    pub(crate) again: Option<String>,
}

impl WebhooksPage {
    pub(crate) fn of(hooks: Vec<HookLine>) -> WebhooksPage {
        let shown = |hook: HookLine| ShownHook {
            events: hook.events.iter().map(|event| event.name()).collect(),
            again: hook.failure.as_ref().map(|failure| failure.again.china_minute()),
            hook,
        };
        let events = HookEvent::ALL.map(|event| (event.as_str(), event.name())).to_vec();
        WebhooksPage { hooks: hooks.into_iter().map(shown).collect(), events, ..WebhooksPage::default() }
    }
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let page = current(&portal, &visit).await?;
    portal.pages.show(&portal, &visit, "webhooks.html", page)
}

pub(crate) async fn change(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let (viewer, fields) = (visit.viewer.clone(), posted.fields.clone());
    let outcome = portal.ask(move |app| match fields.get("form") {
        Some("remove") => app.remove_hook(&viewer, fields.get("id").unwrap_or_default()).map(|()| None),
        Some("make") => make(app, &viewer, &fields).map(Some),
        _ => Err(AppError::NotFound),
    });
    match outcome.await {
        Ok(None) => Ok(see_other("/webhooks")),
        Ok(Some(made)) => {
            let page = WebhooksPage { secret: Some(made.secret), ..current(&portal, &visit).await? };
            portal.pages.show(&portal, &visit, "webhooks.html", page)
        }
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let typed = |name: &str| posted.fields.get(name).unwrap_or_default().to_string();
            let page = WebhooksPage { faults: fault.diagnostics, url: typed("url"), region: typed("region"), ..current(&portal, &visit).await? };
            let mut response = portal.pages.show(&portal, &visit, "webhooks.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

fn make(app: &App, viewer: &Viewer, fields: &Pairs) -> Result<NewHook, AppError> {
    let events: Vec<HookEvent> = fields.all("event").filter_map(HookEvent::parse).collect();
    app.make_hook(viewer, fields.get("url").unwrap_or_default(), &events, region_in(fields)?)
}

async fn current(portal: &Arc<Portal>, visit: &Visit) -> Result<WebhooksPage, Fault> {
    let viewer = visit.viewer.clone();
    Ok(WebhooksPage::of(portal.ask(move |app| app.hooks(&viewer)).await?))
}
