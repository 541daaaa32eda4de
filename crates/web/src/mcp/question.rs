//! The questions that an assistant may ask: what each is called, what it takes, and its answer.

use crate::fault::Fault;
use crate::pages::decisions::period;
use crate::pages::search::TEXT_CHARACTERS;
use crate::portal::Portal;
use crate::visit::Visit;
use duijie_app::{App, AppError, Hit, SearchRequest, Segment, Viewer};
use duijie_vocab::{Lang, RecordId, RegionCode, Text, text};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A question; each is a tool of the protocol and reads only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Search,
    Record,
    Match,
    Policy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    query: String,
    kind: Option<String>,
    region: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRecord {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matching {
    id: String,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deciding {
    organization: String,
    period: Option<String>,
}

/// Hits without a limit, and at most.
const HITS: (usize, usize) = (10, 50);
/// Matches of each kind without a limit, and at most.
const MATCHES: (usize, usize) = (5, 20);

impl Question {
    pub(super) const ALL: [Question; 4] = [Question::Search, Question::Record, Question::Match, Question::Policy];

    pub(super) fn named(name: &str) -> Option<Question> {
        Question::ALL.into_iter().find(|question| question.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Question::Search => "search",
            Question::Record => "record",
            Question::Match => "match",
            Question::Policy => "policy",
        }
    }

    fn about(self) -> Text {
        match self {
            Question::Search => text!("全文搜索各类记录。", "Full-text search over all kinds of records."),
            Question::Record => text!("一条记录：字段、被谁引用、历史。", "One record with its fields, who points to it, and its history."),
            Question::Match => text!(
                "谁能帮助一项需求，或一项资源能帮助哪些需求，附支持与反对的理由。",
                "What could help with a need, or which needs a resource could help with, each with reasons for and against."
            ),
            Question::Policy => text!(
                "各项政策对一家机构的结论：是否符合、为什么、还缺哪些事实。",
                "What every policy measure says about an organization: eligible or not, why, and which facts are missing."
            ),
        }
    }

    /// What the question takes, as JSON schemas by name; the first is required.
    fn takes(self, lang: Lang) -> Vec<(&'static str, Value)> {
        let line = |about: Text| json!({ "type": "string", "description": about.get(lang) });
        let limit = |(usual, most): (usize, usize), about: Text| json!({ "type": "integer", "minimum": 1, "maximum": most, "default": usual, "description": about.get(lang) });
        match self {
            Question::Search => vec![
                ("query", line(text!("要找什么，中英文均可。", "What to look for, in Chinese or English."))),
                ("kind", kinds(lang)),
                ("region", line(text!("地区代码或名称，包括其下级。", "Code or name of a region; what lies in it is found."))),
                ("limit", limit(HITS, text!("最多几条。", "How many hits at most."))),
            ],
            Question::Record => vec![("id", line(text!("记录的编号。", "The record's id.")))],
            Question::Match => vec![
                ("id", line(text!("需求或资源的编号。", "The id of a need or of a resource."))),
                ("limit", limit(MATCHES, text!("每类最多几条。", "Matches of each kind at most."))),
            ],
            Question::Policy => vec![
                ("organization", line(text!("机构的编号。", "The organization's id."))),
                ("period", line(text!("所属期间，如 2021。", "The period decided for, such as 2021."))),
            ],
        }
    }

    /// The question as the protocol lists it.
    pub(super) fn tool(self, lang: Lang) -> Tool {
        let takes = self.takes(lang);
        let mut schema = JsonObject::new();
        schema.insert("type".into(), "object".into());
        schema.insert("required".into(), json!([takes[0].0]));
        schema.insert("additionalProperties".into(), false.into());
        schema.insert("properties".into(), takes.into_iter().map(|(name, shape)| (name.to_string(), shape)).collect::<JsonObject>().into());
        let hints = ToolAnnotations::new().read_only(true).idempotent(true).open_world(false);
        Tool::new(self.name(), self.about().get(lang).to_string(), schema).with_annotations(hints)
    }

    /// Its answer under the rights of `visit`.
    pub(super) async fn ask(self, portal: &Portal, visit: &Visit, given: JsonObject) -> Result<Value, Fault> {
        match self {
            Question::Search => search(portal, visit, read(given)?).await,
            Question::Record => {
                let OfRecord { id } = read(given)?;
                about(portal, visit, &id, |app, viewer, id| app.record(viewer, id)).await
            }
            Question::Match => {
                let Matching { id, limit } = read(given)?;
                let limit = bounded(limit, MATCHES);
                about(portal, visit, &id, move |app, viewer, id| app.matches(viewer, id, limit)).await
            }
            Question::Policy => {
                let Deciding { organization, period: given } = read(given)?;
                let period = period(given.as_deref())?;
                about(portal, visit, &organization, move |app, viewer, id| app.decisions(viewer, id, period.as_deref())).await
            }
        }
    }
}

fn kinds(lang: Lang) -> Value {
    let kinds: Vec<&str> = duijie_record::schemas().iter().map(|schema| schema.kind.as_str()).collect();
    json!({ "type": "string", "enum": kinds, "description": text!("只找这一类记录。", "Only this kind of record.").get(lang) })
}

fn read<T: DeserializeOwned>(given: JsonObject) -> Result<T, Fault> {
    serde_json::from_value(given.into()).map_err(|why| {
        Fault::bad_parameter(
            text!("参数有误：{why}", "The arguments cannot be used: {why}"),
            text!("请按工具的 inputSchema 填写。", "Follow the tool's inputSchema."),
        )
    })
}

fn bounded(given: Option<usize>, (usual, most): (usize, usize)) -> usize {
    given.unwrap_or(usual).clamp(1, most)
}

async fn search(portal: &Portal, visit: &Visit, wanted: Wanted) -> Result<Value, Fault> {
    if wanted.kind.as_deref().is_some_and(|kind| crate::kind::known(kind).is_none()) {
        return Err(Fault::not_found());
    }
    let request = SearchRequest {
        text: wanted.query.chars().take(TEXT_CHARACTERS).collect(),
        kinds: wanted.kind.into_iter().collect(),
        region: wanted.region.as_deref().map(RegionCode::find).transpose().map_err(|_| Fault::not_found())?,
        page: 1,
        per_page: bounded(wanted.limit, HITS),
        ..SearchRequest::default()
    };
    let viewer = visit.viewer.clone();
    let found = portal.ask(move |app| app.search(&viewer, &request)).await?;
    let line = |hit: &Hit| {
        let text = |segments: &[Segment]| segments.iter().map(|segment| segment.text.as_str()).collect::<String>();
        json!({ "id": hit.id, "kind": hit.kind, "title": text(&hit.title), "snippet": text(&hit.snippet), "region": hit.region_name, "updated": hit.updated_on })
    };
    Ok(json!({ "total": found.total, "as_of": found.as_of, "hits": found.hits.iter().map(line).collect::<Vec<_>>() }))
}

/// What `ask` says of the record with this id, as an object.
async fn about<T: Serialize + Send + 'static>(
    portal: &Portal,
    visit: &Visit,
    id: &str,
    ask: impl FnOnce(&App, &Viewer, &RecordId) -> Result<T, AppError> + Send + 'static,
) -> Result<Value, Fault> {
    let id = RecordId::parse(id).ok_or_else(Fault::not_found)?;
    let viewer = visit.viewer.clone();
    let answer = portal.ask(move |app| ask(app, &viewer, &id)).await?;
    let value = serde_json::to_value(answer).map_err(Fault::internal)?;
    Ok(if value.is_object() { value } else { json!({ "items": value }) })
}
