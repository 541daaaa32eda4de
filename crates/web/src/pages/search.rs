//! Results of a search over all kinds or within one: tabs, facets, order, pages and ways out.

use super::Link;
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{Action, Facet, SearchPage, SearchRequest, Sort, Target};
use duijie_record::Schema;
use duijie_vocab::{RegionCode, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct ResultsPage {
    /// The kind that the path fixes: key, name of several, what it is.
    kind: Option<(String, Text, Text)>,
    q: String,
    region_name: Option<String>,
    found: SearchPage,
    tabs: Vec<Link>,
    facets: Vec<FacetLinks>,
    /// What the results are narrowed by, each with the way to widen them again.
    chosen: Vec<Link>,
    sorts: Vec<Link>,
    /// The same results, as far as they are valid today, or all again.
    valid: Link,
    pager: Vec<Link>,
    previous: Option<String>,
    next: Option<String>,
    /// What a new search within these results keeps.
    kept: Vec<(String, String)>,
    exports: Vec<Link>,
    may_add: bool,
    widened: String,
    /// The same search as a feed.
    feed: String,
    /// The query string under which the search is saved.
    saved: String,
    /// Where the records found can be changed together.
    bulk: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct FacetLinks {
    field: String,
    name: Text,
    values: Vec<Link>,
    /// Values that are folded away at first.
    more: Vec<Link>,
}

/// The most characters of a search; what is beyond says nothing more about what is wanted.
pub(crate) const TEXT_CHARACTERS: usize = 500;
const PER_PAGE: usize = 20;
/// The deepest result that pages reach: deep pages cost much and nobody reads them.
const DEEPEST: usize = 10_000;
const FACET_VALUES: usize = 8;

pub(crate) async fn everywhere(portal: State<Arc<Portal>>, visit: Extension<Visit>) -> Result<Response, Fault> {
    results(portal, visit, None).await
}

pub(crate) async fn of_kind(portal: State<Arc<Portal>>, visit: Extension<Visit>, Path(kind): Path<String>) -> Result<Response, Fault> {
    let schema = kind::known(&kind).ok_or_else(Fault::not_found)?;
    results(portal, visit, Some(schema)).await
}

async fn results(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, schema: Option<&'static Schema>) -> Result<Response, Fault> {
    let request = read_request(&visit.query, schema)?;
    let (viewer, asked) = (visit.viewer.clone(), request.clone());
    let found = portal.ask(move |app| app.search(&viewer, &asked)).await?;
    let page = ResultsPage::of(&visit, schema, &request, found);
    portal.pages.show(&portal, &visit, "search.html", page)
}

/// The search that a query string asks for; `schema` is the kind that the path fixes.
pub(crate) fn read_request(query: &Pairs, schema: Option<&Schema>) -> Result<SearchRequest, Fault> {
    let kinds: Vec<String> = match schema {
        Some(schema) => vec![schema.kind.clone()],
        None => query.all("kind").map(str::to_string).collect(),
    };
    if kinds.iter().any(|kind| kind::known(kind).is_none()) {
        return Err(Fault::not_found());
    }
    let region = region_of(query)?;
    let sort = match query.filled("sort") {
        None | Some("relevance") => Sort::Relevance,
        Some("newest") => Sort::Newest,
        Some("title") => Sort::Title,
        Some(_) => {
            return Err(Fault::bad_parameter(
                text!("没有这种排序。", "There is no such order."),
                text!("可选 relevance、newest、title。", "Choose relevance, newest or title."),
            ));
        }
    };
    let per_page = number(query, "per_page", PER_PAGE, SearchRequest::MAX_PER_PAGE)?;
    Ok(SearchRequest {
        text: query.get("q").unwrap_or_default().chars().take(TEXT_CHARACTERS).collect(),
        kinds,
        region,
        filters: query.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("f.")?.to_string(), value.clone()))).collect(),
        valid: query.get("valid") == Some("1"),
        sort,
        page: number(query, "page", 1, DEEPEST / per_page)?,
        per_page,
    })
}

/// The region that a query string names, if it names one.
pub(crate) fn region_of(query: &Pairs) -> Result<Option<RegionCode>, Fault> {
    query.filled("region").map(RegionCode::find).transpose().map_err(|_| {
        let given = query.get("region").unwrap_or_default();
        Fault::bad_parameter(
            text!("没有名为“{given}”的行政区划。", "There is no region called “{given}”."),
            text!("请写六位代码，或带上级的名称，如 江苏省常州市。", "Write a six-digit code, or the name with the level above, such as 江苏省常州市."),
        )
    })
}

fn number(query: &Pairs, name: &str, usual: usize, most: usize) -> Result<usize, Fault> {
    let Some(given) = query.filled(name) else { return Ok(usual) };
    given.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
        Fault::bad_parameter(
            text!("参数 {name} 应为 1 到 {most} 的整数。", "The parameter {name} should be a whole number from 1 to {most}."),
            text!("如果结果太多，请再加一个词或筛选条件。", "If there are too many results, add a word or narrow them."),
        )
    })
}

impl ResultsPage {
    pub(crate) fn of(visit: &Visit, schema: Option<&Schema>, request: &SearchRequest, found: SearchPage) -> ResultsPage {
        let way = Way { path: &visit.path, query: visit.query.without("page") };
        let target = Target { region: request.region, organization: None };
        let may_export = schema.is_some() && visit.viewer.may(Action::Export, &target).is_ok();
        let (tabs, facets) = links(&way, schema, &found.facets);
        let page_href = |page: usize| way.query.clone().with("page", &page.to_string()).behind(way.path);
        let last = found.pages.min(DEEPEST / PER_PAGE);
        ResultsPage {
            kind: schema.map(|schema| (schema.kind.clone(), schema.plural.clone(), schema.about.clone())),
            q: request.text.clone(),
            region_name: request.region.map(|region| region.path()),
            tabs,
            facets,
            chosen: chosen(&way, request, &found.facets),
            sorts: sorts(&way, request),
            valid: Link { name: text!("仅有效期内", "Valid today"), href: way.toggled("valid", "1", request.valid), count: None, chosen: request.valid },
            pager: pager(found.page, last)
                .map(|page| Link { name: text!("{page}", "{page}"), href: page_href(page), count: None, chosen: page == found.page })
                .collect(),
            previous: (found.page > 1).then(|| page_href(found.page - 1)),
            next: (found.page < last).then(|| page_href(found.page + 1)),
            kept: way.query.without("q").0,
            exports: schema.filter(|_| may_export).map(|schema| exports(&way, schema)).unwrap_or_default(),
            may_add: schema.is_some() && visit.may(Action::Edit),
            feed: feed(&way.query, schema),
            saved: kept(&way.query, schema).encode(),
            bulk: schema.filter(|_| visit.may(Action::Merge)).map(|schema| way.query.behind(&format!("/{}/bulk", schema.kind))),
            widened: Pairs::default().with("q", &request.text).behind("/search"),
            found,
        }
    }
}

/// The feed of the search that `query` asks for.
fn feed(query: &Pairs, schema: Option<&Schema>) -> String {
    kept(query, schema).behind("/feed")
}

/// The search that `query` asks for, whatever its order and page.
fn kept(query: &Pairs, schema: Option<&Schema>) -> Pairs {
    let query = query.without("sort").without("page");
    schema.map_or(query.clone(), |schema| query.without("kind").with("kind", &schema.kind))
}

/// The path and query that every link of the page starts from.
struct Way<'a> {
    path: &'a str,
    query: Pairs,
}

impl Way<'_> {
    /// The way to the same results with `name` set to `value` alone, or without it if `chosen`.
    fn toggled(&self, name: &str, value: &str, chosen: bool) -> String {
        let rest = self.query.without(name);
        if chosen { rest } else { rest.with(name, value) }.behind(self.path)
    }
}

/// The tabs by kind and the other facets, as links.
fn links(way: &Way<'_>, schema: Option<&Schema>, facets: &[Facet]) -> (Vec<Link>, Vec<FacetLinks>) {
    let mut tabs = Vec::new();
    let mut others = Vec::new();
    for facet in facets {
        let parameter = parameter(&facet.field);
        let links = facet.values.iter().map(|value| Link {
            name: value.name.clone(),
            href: way.toggled(&parameter, &value.value, value.chosen),
            count: Some(value.count),
            chosen: value.chosen,
        });
        match (facet.field.as_str(), schema) {
            ("kind", None) => tabs = links.collect(),
            ("kind", Some(_)) => {}
            _ => {
                let mut values: Vec<Link> = links.collect();
                let more = values.split_off(values.len().min(FACET_VALUES));
                others.push(FacetLinks { field: facet.field.clone(), name: facet.name.clone(), values, more });
            }
        }
    }
    (tabs, others)
}

fn parameter(field: &str) -> String {
    match field {
        "kind" | "region" => field.to_string(),
        _ => format!("f.{field}"),
    }
}

fn chosen(way: &Way<'_>, request: &SearchRequest, facets: &[Facet]) -> Vec<Link> {
    let region = request.region.map(|region| {
        let name = region.path();
        Link { name: text!("{name}", "{name}"), href: way.query.without("region").behind(way.path), count: None, chosen: true }
    });
    let filters = request.filters.iter().map(|(field, value)| {
        let values = facets.iter().filter(|facet| facet.field == *field).flat_map(|facet| &facet.values);
        let name = values.clone().find(|known| known.value == *value).map_or_else(|| text!("{value}", "{value}"), |known| known.name.clone());
        Link { name, href: way.query.without(&parameter(field)).behind(way.path), count: None, chosen: true }
    });
    region.into_iter().chain(filters).collect()
}

fn sorts(way: &Way<'_>, request: &SearchRequest) -> Vec<Link> {
    let orders = [
        (Sort::Relevance, "relevance", text!("相关度", "Relevance")),
        (Sort::Newest, "newest", text!("最新", "Newest")),
        (Sort::Title, "title", text!("名称", "Title")),
    ];
    orders.into_iter().map(|(sort, word, name)| Link { name, href: way.toggled("sort", word, false), count: None, chosen: sort == request.sort }).collect()
}

fn exports(way: &Way<'_>, schema: &Schema) -> Vec<Link> {
    let kind = &schema.kind;
    let formats = [("xlsx", text!("Excel 表格", "Excel")), ("csv", text!("CSV", "CSV")), ("json", text!("JSON", "JSON"))];
    formats.into_iter().map(|(ending, name)| Link { name, href: way.query.behind(&format!("/export/{kind}.{ending}")), count: None, chosen: false }).collect()
}

/// The numbers of the pages around `page`, the first and the last.
fn pager(page: usize, last: usize) -> impl Iterator<Item = usize> {
    (1..=last).filter(move |number| *number == 1 || *number == last || number.abs_diff(page) <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<SearchRequest, u16> {
        read_request(&Pairs::parse(query.as_bytes()).unwrap(), None).map_err(|fault| fault.status.as_u16())
    }

    #[test]
    fn a_query_becomes_a_search() {
        let request = read("q=+涂层+&kind=need&kind=offer&region=320400&f.maturity=通过中试&sort=newest&page=3").unwrap();
        assert_eq!((request.text.as_str(), request.kinds.len(), request.page, request.per_page), ("涂层", 2, 3, 20));
        assert_eq!(request.filters, [("maturity".to_string(), "通过中试".to_string())]);
        assert_eq!(request.sort, Sort::Newest);
    }

    #[test]
    fn what_cannot_be_meant_is_said_and_not_guessed() {
        assert_eq!(read("kind=nonsense").err(), Some(404));
        for query in ["region=亚特兰蒂斯", "sort=best", "page=0", "page=x", "page=999999", "per_page=101"] {
            assert_eq!(read(query).err(), Some(400), "{query}");
        }
    }

    #[test]
    fn the_pager_shows_both_ends_and_the_neighbours() {
        assert_eq!(pager(10, 50).collect::<Vec<_>>(), [1, 8, 9, 10, 11, 12, 50]);
        assert_eq!(pager(1, 1).collect::<Vec<_>>(), [1]);
        assert_eq!(pager(1, 0).count(), 0);
    }

    #[test]
    fn choosing_a_chosen_value_gives_it_up() {
        let way = Way { path: "/need", query: Pairs::parse(b"q=x&f.maturity=a").unwrap() };
        assert_eq!(way.toggled("f.maturity", "b", false), "/need?q=x&f.maturity=b");
        assert_eq!(way.toggled("f.maturity", "a", true), "/need?q=x");
    }
}
