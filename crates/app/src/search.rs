//! Searching over all kinds, as the viewer may see them.

use crate::follow::index_error;
use crate::shown::shown;
use crate::{App, AppError, Facet, FacetValue, Hit, RecordRef, SearchPage, SearchRequest, Segment, Sort, Viewer};
use duijie_record::{FieldType, Value, Visibility, schema, schemas};
use duijie_search::{Page, Query};
use duijie_vocab::{RecordId, RegionCode, RegionLevel, Text, text};

/// How many values of a facet a page offers.
const FACET_VALUES: usize = 12;
/// The deepest result that pages reach.
const DEEPEST: usize = 10_000;

impl App {
    /// A page of what `request` finds, with its facets.
    pub fn search(&self, viewer: &Viewer, request: &SearchRequest) -> Result<SearchPage, AppError> {
        // What a text means is found as far as records are embedded by now, which no entry tells.
        if self.meanings.is_set() && !request.text.trim().is_empty() {
            return self.find(viewer, request);
        }
        // Of the viewer only what it may see decides what is found.
        let day = request.valid.then(|| self.now().china_date());
        let question = format!("{:?} {day:?} {request:?}", clearance(viewer, request.region));
        self.found.get(self.index.cursor(), &question, || self.find(viewer, request))
    }

    fn find(&self, viewer: &Viewer, request: &SearchRequest) -> Result<SearchPage, AppError> {
        let per_page = request.per_page.clamp(1, SearchRequest::MAX_PER_PAGE);
        let page = request.page.max(1);
        let offset = (page - 1).saturating_mul(per_page).min(DEEPEST - per_page);
        let mut query = self.query(viewer, request);
        query.page = Page::Offset(offset);
        query.limit = per_page;
        query.facets = facets_wanted(&request.kinds);
        let by_relevance = request.sort == Sort::Relevance;
        let (meaning, without_meaning) = match self.meanings.of_question(if by_relevance { &request.text } else { "" }, self.now()) {
            Ok(meaning) => (meaning, None),
            Err(why) => (None, Some(why)),
        };
        query.meaning = meaning;
        let found = self.index.search(&query).map_err(index_error)?;
        let hits = found.hits.into_iter().map(hit).collect();
        let facets = found.facets.into_iter().filter_map(|facet| facet_view(facet, request)).collect();
        let reachable = found.total.min(DEEPEST);
        Ok(SearchPage { total: found.total, page, pages: reachable.div_ceil(per_page), hits, facets, as_of: self.index.cursor(), without_meaning })
    }

    /// At most ten records whose titles begin as typed so far; pinyin and its initials count.
    pub fn suggest(&self, viewer: &Viewer, prefix: &str) -> Result<Vec<RecordRef>, AppError> {
        let found = self.index.suggest(prefix, viewer.clearance(), 10).map_err(index_error)?;
        Ok(found.into_iter().map(|one| RecordRef { id: one.id, kind: one.kind, title: one.title }).collect())
    }

    /// The ids of everything that the request finds in one kind, in its order.
    pub(crate) fn all_hits(&self, viewer: &Viewer, request: &SearchRequest, kind: &str) -> Result<Vec<RecordId>, AppError> {
        let request = SearchRequest { kinds: vec![kind.to_string()], ..request.clone() };
        let mut query = self.query(viewer, &request);
        query.limit = 1_000;
        let mut ids = Vec::new();
        loop {
            let found = self.index.search(&query).map_err(index_error)?;
            ids.extend(found.hits.into_iter().map(|hit| hit.id));
            match found.next {
                Some(next) => query.page = Page::After(next),
                None => return Ok(ids),
            }
        }
    }

    fn query(&self, viewer: &Viewer, request: &SearchRequest) -> Query {
        let mut query = Query::text(request.text.clone());
        query.kinds = request.kinds.clone();
        query.region = request.region.filter(|region| *region != RegionCode::NATION);
        query.filters = request.filters.clone();
        query.viewer = clearance(viewer, request.region);
        query.valid_on = request.valid.then(|| self.now().china_date());
        query.sort = match request.sort {
            Sort::Relevance => duijie_search::Sort::Relevance,
            Sort::Newest => duijie_search::Sort::Newest,
            Sort::Title => duijie_search::Sort::Title,
        };
        query
    }
}

/// What the viewer may see of everything in `region`. Only a search inside an officer's own region
/// reaches what others may not see.
fn clearance(viewer: &Viewer, region: Option<RegionCode>) -> Visibility {
    let everywhere = viewer.clearance();
    match region {
        Some(_) => everywhere.max(viewer.clearance_for(&crate::Target { region, organization: None })),
        None => everywhere,
    }
}

fn facets_wanted(kinds: &[String]) -> Vec<String> {
    let mut wanted = vec!["kind".to_string(), "region".to_string()];
    if let [kind] = kinds
        && let Some(schema) = schema(kind)
    {
        wanted.extend(schema.fields().filter(|field| field.facet && field.ty != FieldType::Region).map(|field| field.key.clone()));
    } else {
        wanted.push("fields".to_string());
    }
    wanted
}

fn hit(found: duijie_search::Hit) -> Hit {
    let schema = schema(&found.kind);
    let segments = |pieces: Vec<duijie_search::Segment>| pieces.into_iter().map(|piece| Segment { text: piece.text, hit: piece.marked }).collect();
    let listed = found.listed.into_iter().filter_map(|listed| {
        let field = schema?.field(&listed.field)?;
        if field.key == schema?.title || field.ty == FieldType::Region {
            return None;
        }
        let value = stored_value(field.ty, &listed.value);
        Some((field.name.clone(), shown(field, &value)))
    });
    Hit {
        kind_name: schema.map(|schema| schema.name.clone()).unwrap_or_default(),
        region_name: found.region.path(),
        listed: listed.collect(),
        updated_on: found.updated.china_date().to_string(),
        by_meaning: found.by_meaning,
        id: found.id,
        kind: found.kind,
        title: segments(found.title),
        snippet: segments(found.snippet),
        region: found.region,
        updated: found.updated,
    }
}

/// A listed value as the record holds it; the index keeps texts.
fn stored_value(ty: FieldType, text: &str) -> Value {
    match ty {
        FieldType::Money | FieldType::Integer => text.parse().map_or_else(|_| Value::text(text), Value::Int),
        FieldType::Bool => Value::Bool(text == "true"),
        _ => Value::text(text),
    }
}

fn facet_view(facet: duijie_search::Facet, request: &SearchRequest) -> Option<Facet> {
    let name = facet_name(&facet.field, request)?;
    let chosen = |value: &str| match facet.field.as_str() {
        "kind" => request.kinds.iter().any(|kind| kind == value),
        "region" => request.region.is_some_and(|region| region.to_string() == value),
        field => request.filters.iter().any(|(key, wanted)| key == field && wanted == value),
    };
    let mut values: Vec<FacetValue> = facet
        .counts
        .into_iter()
        .filter(|(value, _)| facet.field != "region" || offers_region(value, request.region))
        .map(|(value, count)| FacetValue { name: facet_value_name(&facet.field, &value, request), chosen: chosen(&value), value, count })
        .collect();
    values.truncate(FACET_VALUES);
    (!values.is_empty()).then_some(Facet { field: facet.field, name, values })
}

/// Regions on the way down from the one chosen; provinces and cities if none is.
fn offers_region(value: &str, chosen: Option<RegionCode>) -> bool {
    let Ok(code) = RegionCode::parse(value) else { return false };
    match chosen.filter(|region| *region != RegionCode::NATION) {
        None => matches!(code.level(), RegionLevel::Province | RegionLevel::City),
        Some(region) => code == region || code.parent() == Some(region),
    }
}

fn facet_name(field: &str, request: &SearchRequest) -> Option<Text> {
    match field {
        "kind" => Some(text!("类别", "Kind")),
        "region" => Some(text!("地区", "Region")),
        field => match request.kinds.as_slice() {
            [kind] => schema(kind)?.field(field).map(|field| field.name.clone()),
            _ => schemas().iter().find_map(|schema| schema.field(field)).map(|field| field.name.clone()),
        },
    }
}

fn facet_value_name(field: &str, value: &str, request: &SearchRequest) -> Text {
    match field {
        "kind" => schema(value).map_or_else(|| Text::new(value, value), |schema| schema.name.clone()),
        "region" => RegionCode::parse(value).map_or_else(|_| Text::new(value, value), |code| Text::new(code.name(), code.name())),
        key => {
            let field = request.kinds.first().and_then(|kind| schema(kind)).and_then(|schema| schema.field(key));
            field.map_or_else(|| Text::new(value, value), |field| shown(field, &stored_value(field.ty, value)))
        }
    }
}
