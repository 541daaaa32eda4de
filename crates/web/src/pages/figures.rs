//! Live figures: how many of a kind there are by field and by region and how measures were
//! decided, as charts and as tables, as of a journal entry.

use super::Link;
use super::decisions::rank;
use crate::chart::{Bar, bars};
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use duijie_app::{Figures, SearchPage, SearchRequest, Spread};
use duijie_vocab::{Lang, RegionCode, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct FiguresPage {
    /// All kinds with their counts; the chosen one is shown closer.
    pub(crate) kinds: Vec<Link>,
    pub(crate) kind: String,
    pub(crate) kind_name: Text,
    pub(crate) charts: Vec<Chart>,
    pub(crate) decisions: Vec<(String, Text, usize)>,
    pub(crate) decision_bars: Vec<Bar>,
    pub(crate) entries: i64,
    pub(crate) as_of: String,
}

/// Counts by one thing.
#[derive(Serialize)]
pub(crate) struct Chart {
    pub(crate) id: String,
    pub(crate) name: Text,
    pub(crate) bars: Vec<Bar>,
}

const PARTS: usize = 15;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let page = current(&portal, &visit).await?;
    portal.pages.show(&portal, &visit, "figures.html", page)
}

/// One chart as a picture, such as `region.svg`.
pub(crate) async fn picture(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(file): Path<String>) -> Result<Response, Fault> {
    let id = file.strip_suffix(".svg").ok_or_else(Fault::not_found)?;
    let page = current(&portal, &visit).await?;
    let (entries, at) = (page.entries, &page.as_of);
    let note = text!("对接 · 截至第 {entries} 条日志 {at}", "Duijie · as of entry {entries}, {at}");
    let (name, bars) = if id == "decided" {
        (text!("政策匹配结果", "What measures say"), &page.decision_bars)
    } else {
        let chart = page.charts.iter().find(|chart| chart.id == id).ok_or_else(Fault::not_found)?;
        (chart.name.clone(), &chart.bars)
    };
    let title = if id == "decided" { name.get(visit.lang).to_string() } else { format!("{} · {}", page.kind_name.get(visit.lang), name.get(visit.lang)) };
    let svg = crate::chart::picture(&title, note.get(visit.lang), bars);
    let disposition = format!("attachment; filename=\"duijie-{}-{id}.svg\"", page.kind);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml".to_string()), (header::CONTENT_DISPOSITION, disposition)], svg).into_response())
}

async fn current(portal: &Arc<Portal>, visit: &Visit) -> Result<FiguresPage, Fault> {
    let schema = kind::known(visit.query.filled("kind").unwrap_or("need")).ok_or_else(Fault::not_found)?;
    let viewer = visit.viewer.clone();
    let (lang, chosen) = (visit.lang, schema.kind.clone());
    let page = portal.ask(move |app| {
        let request = SearchRequest { kinds: vec![chosen.clone()], page: 1, per_page: 1, ..SearchRequest::default() };
        let found = app.search(&viewer, &request)?;
        let spread = app.spread(&viewer, &[&chosen], RegionCode::NATION)?;
        Ok(FiguresPage::of(lang, &chosen, app.figures()?, found, spread))
    });
    page.await
}

impl FiguresPage {
    pub(crate) fn of(lang: Lang, chosen: &str, mut figures: Figures, found: SearchPage, spread: Spread) -> FiguresPage {
        let link = |figure: &duijie_app::KindFigure| Link {
            name: figure.name.clone(),
            href: format!("/figures?kind={}", figure.kind),
            count: Some(figure.count),
            chosen: figure.kind == chosen,
        };
        let regions = spread.parts.into_iter().take(PARTS).map(|part| (part.name, format!("/region/{}", part.region), part.total));
        let by_region = Chart { id: "region".into(), name: text!("按地区", "By region"), bars: bars(regions) };
        let charts = found.facets.into_iter().filter(|facet| !matches!(facet.field.as_str(), "kind" | "region")).map(|facet| {
            let href = |value: &str| Pairs::default().with(&format!("f.{}", facet.field), value).behind(&format!("/{chosen}"));
            let values = facet.values.iter().map(|value| (value.name.get(lang).to_string(), href(&value.value), value.count));
            Chart { bars: bars(values), id: facet.field.clone(), name: facet.name }
        });
        figures.decisions.sort_by_key(|(outcome, _, _)| rank(outcome));
        let decision = |(_, name, count): &(String, Text, usize)| (name.get(lang).to_string(), String::new(), *count);
        FiguresPage {
            kinds: figures.kinds.iter().map(link).collect(),
            kind: chosen.to_string(),
            kind_name: kind::known(chosen).map(|schema| schema.plural.clone()).unwrap_or_default(),
            charts: charts.chain([by_region]).filter(|chart| !chart.bars.is_empty()).collect(),
            decision_bars: bars(figures.decisions.iter().map(decision)),
            decisions: figures.decisions,
            entries: figures.entries,
            as_of: figures.as_of,
        }
    }
}
