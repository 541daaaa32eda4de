//! A region: what there is in it, by kind and by part, and what is new.

use crate::chart::{Bar, bars};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{Configuration, Hit, SearchRequest, Sort, Spread};
use duijie_vocab::{RegionCode, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct RegionPage {
    pub(crate) code: String,
    pub(crate) name: String,
    /// The regions above, the widest first: name and code.
    pub(crate) above: Vec<(String, String)>,
    /// Kind, its name, how many.
    pub(crate) kinds: Vec<(String, Text, usize)>,
    pub(crate) parts: Vec<Bar>,
    pub(crate) needs: Vec<Hit>,
    pub(crate) offers: Vec<Hit>,
    pub(crate) as_of: i64,
    pub(crate) configuration: Configuration,
}

const NEWEST: usize = 5;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(code): Path<String>) -> Result<Response, Fault> {
    let region = RegionCode::parse(&code).map_err(|_| Fault::not_found())?;
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let kinds: Vec<&str> = duijie_record::schemas().iter().map(|schema| schema.kind.as_str()).collect();
        let spread = app.spread(&viewer, &kinds, region)?;
        let newest = |kind: &str| {
            let request = SearchRequest {
                kinds: vec![kind.to_string()],
                region: Some(region),
                sort: Sort::Newest,
                page: 1,
                per_page: NEWEST,
                ..SearchRequest::default()
            };
            app.search(&viewer, &request).map(|page| page.hits)
        };
        let configuration = app.configuration(region)?;
        Ok(RegionPage { configuration, ..RegionPage::of(spread, newest("need")?, newest("offer")?) })
    });
    portal.pages.show(&portal, &visit, "region.html", page.await?)
}

impl RegionPage {
    pub(crate) fn of(spread: Spread, needs: Vec<Hit>, offers: Vec<Hit>) -> RegionPage {
        let mut above = Vec::new();
        let mut at = spread.region.parent();
        while let Some(region) = at {
            above.insert(0, (region.name().to_string(), region.to_string()));
            at = region.parent();
        }
        let filled = spread.kinds.into_iter().zip(&spread.totals).filter(|(_, count)| **count > 0);
        RegionPage {
            code: spread.region.to_string(),
            name: spread.region.name().to_string(),
            above,
            kinds: filled.map(|((kind, name), count)| (kind, name, *count)).collect(),
            parts: bars(
                spread
                    .parts
                    .into_iter()
                    .filter(|part| part.region != spread.region)
                    .take(30)
                    .map(|part| (part.name, format!("/region/{}", part.region), part.total)),
            ),
            needs,
            offers,
            as_of: spread.as_of,
            configuration: Configuration::default(),
        }
    }
}
