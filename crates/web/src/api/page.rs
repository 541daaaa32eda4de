//! The API as a page for people, made from the same table as its description for programs.

use super::{ApiRoute, Parameter, table};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct ApiPage {
    pub(crate) url: String,
    pub(crate) routes: Vec<RouteDescription>,
}

#[derive(Serialize)]
pub(crate) struct RouteDescription {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    about: &'static str,
    parameters: Vec<ParameterDescription>,
    shape: &'static str,
    writes: bool,
}

#[derive(Serialize)]
struct ParameterDescription {
    name: &'static str,
    place: &'static str,
    required: bool,
    about: &'static str,
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    portal.pages.show(&portal, &visit, "api.html", ApiPage::of(&portal.options.public_url))
}

impl ApiPage {
    pub(crate) fn of(url: &str) -> ApiPage {
        ApiPage { url: url.trim_end_matches('/').to_string(), routes: table().iter().map(RouteDescription::of).collect() }
    }
}

impl RouteDescription {
    fn of(route: &ApiRoute) -> RouteDescription {
        RouteDescription {
            name: route.name,
            method: route.method,
            path: route.path,
            about: route.about,
            parameters: route.parameters.iter().map(ParameterDescription::of).collect(),
            shape: route.shape,
            writes: route.body.is_some(),
        }
    }
}

impl ParameterDescription {
    fn of(parameter: &Parameter) -> ParameterDescription {
        ParameterDescription { name: parameter.name, place: parameter.place, required: parameter.required, about: parameter.about }
    }
}
