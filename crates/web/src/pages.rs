//! The pages: one file per noun, each with its handlers and the values that its template shows.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod answer;
pub(crate) mod books;
pub(crate) mod bulk;
pub(crate) mod case;
pub(crate) mod case_bulk;
pub(crate) mod case_write;
pub(crate) mod cases;
pub(crate) mod decisions;
pub(crate) mod direct;
pub(crate) mod documents;
pub(crate) mod duplicates;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod figures;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod import;
pub(crate) mod login;
pub(crate) mod login_with;
pub(crate) mod logins;
pub(crate) mod map;
pub(crate) mod matched;
pub(crate) mod matches;
pub(crate) mod measures;
pub(crate) mod missed;
pub(crate) mod money_file;
pub(crate) mod network;
pub(crate) mod password;
pub(crate) mod payout_terms;
pub(crate) mod payouts;
pub(crate) mod published;
pub(crate) mod record;
pub(crate) mod region;
pub(crate) mod responders;
pub(crate) mod schemes;
pub(crate) mod search;
pub(crate) mod searches;
pub(crate) mod second;
pub(crate) mod settings;
pub(crate) mod simulation;
pub(crate) mod visits;
pub(crate) mod vouchers;
pub(crate) mod webhooks;
pub(crate) mod workspace;

use crate::fault::Fault;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::response::{IntoResponse, Redirect, Response};
use duijie_app::AppError;
use duijie_record::Schema;
use duijie_vocab::{Diagnostic, RecordId, RegionCode, Text, text};
use serde::Serialize;

/// Something to click on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link {
    pub(crate) name: Text,
    pub(crate) href: String,
    pub(crate) count: Option<usize>,
    pub(crate) chosen: bool,
}

/// The kind and the id that a path names, if the id is one of that kind.
fn named(kind: &str, id: &str) -> Result<(&'static Schema, RecordId), Fault> {
    let schema = crate::kind::known(kind).ok_or_else(Fault::not_found)?;
    let id = RecordId::parse(id).filter(|id| id.prefix() == schema.prefix).ok_or_else(Fault::not_found)?;
    Ok((schema, id))
}

/// The region that a form names by code or name, if it names one.
fn region_in(fields: &Pairs) -> Result<Option<RegionCode>, AppError> {
    let given = fields.filled("region").unwrap_or_default();
    fields.filled("region").map(RegionCode::find).transpose().map_err(|_| {
        let message = text!("没有名为“{given}”的行政区划，或有多个同名", "there is no region called “{given}”, or there are several");
        let help = text!("请写六位代码，或带上级的名称，如 江苏省常州市", "write a six-digit code, or the name with the level above, such as 江苏省常州市");
        AppError::Invalid(vec![Diagnostic::error("region", message).help(help)])
    })
}

/// Sends the browser on with `GET`, so that neither reloading nor going back sends a form again.
fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A path of this portal that somebody named for going on, or the home page: nobody is led elsewhere.
fn own_path(path: Option<&str>) -> &str {
    let safe = |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && path.is_ascii() && !path.contains(char::is_control);
    path.filter(safe).unwrap_or("/")
}

/// Whether the viewer has to log in for `fault` to go away.
fn needs_login(visit: &Visit, fault: &Fault) -> bool {
    fault.login_helps && visit.viewer.login.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_the_portal() {
        assert_eq!(own_path(Some("/need?q=%E6%B6%82")), "/need?q=%E6%B6%82");
        for elsewhere in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "elsewhere", "/a\r\nb"] {
            assert_eq!(own_path(Some(elsewhere)), "/", "{elsewhere}");
        }
        assert_eq!(own_path(None), "/");
    }
}
