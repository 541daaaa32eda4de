//! Who tried to log in, from where, and what came of it: for administrators.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::LoginLine;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct LoginsPage {
    pub(crate) logins: Vec<LoginLine>,
}

const SHOWN: usize = 500;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let logins = portal.ask(move |app| app.logins(&viewer, true, SHOWN)).await?;
    portal.pages.show(&portal, &visit, "logins.html", LoginsPage { logins })
}
