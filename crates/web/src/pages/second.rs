//! Putting the second factor in force: a QR code for the authenticator, a code that shows it works,
//! and the recovery codes.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::Enrolment;
use duijie_vocab::Text;
use qrcode::QrCode;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct SecondPage {
    pub(crate) secret: String,
    pub(crate) qr: Squares,
    pub(crate) refused: Option<Text>,
    /// Shown once, after the factor came into force.
    pub(crate) recovery: Vec<String>,
}

/// A QR code as the path of its dark squares, each of size 1.
#[derive(Serialize)]
pub(crate) struct Squares {
    pub(crate) width: usize,
    pub(crate) path: String,
}

pub(crate) async fn offer(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let enrolment = portal.ask(move |app| app.offer_second_factor(&viewer)).await?;
    portal.pages.show(&portal, &visit, "second.html", SecondPage::of(&enrolment)?)
}

pub(crate) async fn confirm(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Extension(posted): Extension<Arc<Posted>>,
) -> Result<Response, Fault> {
    let secret = posted.fields.get("secret").unwrap_or_default().to_string();
    let code = posted.fields.get("code").unwrap_or_default().to_string();
    let (viewer, offered) = (visit.viewer.clone(), secret.clone());
    match portal.ask(move |app| app.confirm_second_factor(&viewer, &offered, &code)).await {
        Ok(recovery) => {
            let page = SecondPage { recovery, ..SecondPage::empty() };
            portal.pages.show(&portal, &visit, "second.html", page)
        }
        Err(fault) if fault.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let login = visit.viewer.login.clone().unwrap_or_default();
            let page = SecondPage { refused: Some(fault.message), ..SecondPage::of(&duijie_app::enrolment(&login, secret))? };
            let mut response = portal.pages.show(&portal, &visit, "second.html", page)?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(fault) => Err(fault),
    }
}

impl SecondPage {
    pub(crate) fn of(enrolment: &Enrolment) -> Result<SecondPage, Fault> {
        let qr = squares(&enrolment.uri).ok_or_else(Fault::not_found)?;
        Ok(SecondPage { secret: enrolment.secret.clone(), qr, ..SecondPage::empty() })
    }

    pub(crate) fn empty() -> SecondPage {
        SecondPage { secret: String::new(), qr: Squares { width: 0, path: String::new() }, refused: None, recovery: Vec::new() }
    }
}

/// The code of `text` with the margin of four squares that the standard asks for.
fn squares(text: &str) -> Option<Squares> {
    const MARGIN: usize = 4;
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == qrcode::Color::Dark);
    let path = dark.map(|(place, _)| format!("M{} {}h1v1h-1z", place % width + MARGIN, place / width + MARGIN)).collect();
    Some(Squares { width: width + 2 * MARGIN, path })
}
