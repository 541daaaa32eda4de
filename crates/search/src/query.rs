//! What can be asked, and what comes back.

use crate::{Meaning, Segment};
use duijie_record::Visibility;
use duijie_vocab::{Date, RecordId, RegionCode, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// A search. The text is never read as query syntax; only quotation marks mean something: what
/// stands between them must occur as it is.
#[derive(Clone, Debug)]
pub struct Query {
    /// Nothing means all records that the filters let pass.
    pub text: String,
    /// Kinds to search; none means all.
    pub kinds: Vec<String>,
    /// Only records in this division or below.
    pub region: Option<RegionCode>,
    /// Facet field and value. Values of one field are alternatives, different fields must all hold.
    pub filters: Vec<(String, String)>,
    /// Who asks: nothing above this level is searched, counted or shown.
    pub viewer: Visibility,
    pub sort: Sort,
    pub page: Page,
    /// Results on a page, at most 1,000.
    pub limit: usize,
    /// Facet fields to count; `kind` and `region` are facets of every record.
    pub facets: Vec<String>,
    /// Also withdrawn and merged records.
    pub inactive: bool,
    /// Only records that are valid on this day; those that say nothing of it are.
    pub valid_on: Option<Date>,
    /// What the text means, where somebody knows: records that say it in other words are found too.
    pub meaning: Option<Meaning>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The best first; without a text the newest.
    #[default]
    Relevance,
    Newest,
    Title,
}

/// Where a page of results begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// After so many results, at most 10,000.
    Offset(usize),
    /// After the place that an earlier [`Results::next`] names; as deep as there are results.
    After(String),
}

/// A page of results.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// All records found, of which `hits` are a page.
    pub total: usize,
    pub hits: Vec<Hit>,
    pub facets: Vec<Facet>,
    /// The place after the last hit, if there are more.
    pub next: Option<String>,
    /// Whether the text was too long and only its beginning was asked.
    pub shortened: bool,
    #[serde(skip)]
    pub took: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub struct Hit {
    pub id: RecordId,
    pub kind: String,
    /// The title in pieces, those that answer the text marked.
    pub title: Vec<Segment>,
    /// A passage that answers the text, in pieces; empty where nothing but the title does.
    pub snippet: Vec<Segment>,
    /// Comparable within one result list only.
    pub score: f32,
    pub region: RegionCode,
    pub updated: Timestamp,
    pub listed: Vec<Listed>,
    /// Whether the record was found by what it means.
    pub by_meaning: bool,
}

/// A field shown in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub field: String,
    pub value: String,
}

/// How many of the records found have which value of a field, the most frequent first. Regions
/// are counted for every division that contains a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facet {
    pub field: String,
    pub counts: Vec<(String, usize)>,
}

impl Query {
    /// A search for `text` over everything that everybody may see.
    pub fn text(text: impl Into<String>) -> Query {
        Query {
            text: text.into(),
            kinds: Vec::new(),
            region: None,
            filters: Vec::new(),
            viewer: Visibility::Public,
            sort: Sort::Relevance,
            page: Page::Offset(0),
            limit: 20,
            facets: Vec::new(),
            inactive: false,
            valid_on: None,
            meaning: None,
        }
    }
}

impl Hit {
    /// The title without marks.
    pub fn plain_title(&self) -> String {
        self.title.iter().map(|segment| segment.text.as_str()).collect()
    }
}
