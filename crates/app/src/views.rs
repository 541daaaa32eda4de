//! What use cases answer: plain values that a page, the API and a terminal can all show.

use duijie_vocab::{Diagnostic, RecordId, RegionCode, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// A record as others mention it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRef {
    pub id: RecordId,
    pub kind: String,
    pub title: String,
}

/// A piece of text and whether the search matched it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub text: String,
    pub hit: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Relevance,
    Newest,
    Title,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRequest {
    pub text: String,
    /// Kinds to look among; empty means all.
    pub kinds: Vec<String>,
    pub region: Option<RegionCode>,
    /// Facet field and value, all of which have to hold.
    pub filters: Vec<(String, String)>,
    /// Only what is valid today; records that say nothing of it are.
    #[serde(default)]
    pub valid: bool,
    pub sort: Sort,
    /// Page from 1.
    pub page: usize,
    /// Results per page, at most [`SearchRequest::MAX_PER_PAGE`].
    pub per_page: usize,
}

impl SearchRequest {
    pub const MAX_PER_PAGE: usize = 100;
}

#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    pub total: usize,
    pub page: usize,
    pub pages: usize,
    pub hits: Vec<Hit>,
    pub facets: Vec<Facet>,
    /// The journal entry up to which the index had followed.
    pub as_of: i64,
    /// Why meaning took no part, where it should have.
    pub without_meaning: Option<Text>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Hit {
    pub id: RecordId,
    pub kind: String,
    pub kind_name: Text,
    pub title: Vec<Segment>,
    pub snippet: Vec<Segment>,
    pub region: RegionCode,
    pub region_name: String,
    /// The fields that stand in lists, with what they are called.
    pub listed: Vec<(Text, Text)>,
    pub updated: Timestamp,
    pub updated_on: String,
    /// Whether it was found by what it means and not by its words.
    pub by_meaning: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Facet {
    /// `kind`, `region` or a field's key.
    pub field: String,
    pub name: Text,
    pub values: Vec<FacetValue>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FacetValue {
    pub value: String,
    pub name: Text,
    pub count: usize,
    pub chosen: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct RecordView {
    pub id: RecordId,
    pub kind: String,
    pub kind_name: Text,
    pub title: String,
    pub region: RegionCode,
    /// The names from the province down.
    pub region_path: String,
    /// `active`, `withdrawn` or `merged`.
    pub state: String,
    pub version: i64,
    pub updated: Timestamp,
    pub updated_on: String,
    /// File, sheet and row that it came from, if it did.
    pub source: String,
    pub groups: Vec<GroupView>,
    pub relations: Vec<Relation>,
    pub history: Vec<HistoryLine>,
    pub may_edit: bool,
    /// Whether there are fields that this viewer is not shown.
    pub withheld: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupView {
    pub name: Text,
    pub fields: Vec<FieldView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FieldView {
    pub key: String,
    pub name: Text,
    /// `text`, `long_text`, `list`, `money` … as in the schema.
    pub ty: String,
    /// The value as people write it.
    pub shown: Text,
    /// The items of a list or of several choices.
    pub items: Vec<Text>,
    /// The record that a reference leads to, if the viewer may see it.
    pub link: Option<RecordRef>,
    /// Who set the value by hand, if somebody did.
    pub curated_by: Option<String>,
}

/// Records that point to this one through one field of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Relation {
    pub kind: String,
    pub name: Text,
    pub records: Vec<RecordRef>,
    pub total: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct HistoryLine {
    pub seq: i64,
    pub at: String,
    pub actor: String,
    pub what: Text,
}

/// The matches of one need, or of one resource the other way round.
#[derive(Clone, Debug, Serialize)]
pub struct Matches {
    pub of: RecordRef,
    pub groups: Vec<MatchGroup>,
    pub as_of: i64,
    /// Why meaning took no part, where it should have.
    pub without_meaning: Option<Text>,
}

#[derive(Clone, Debug, Serialize)]
pub struct MatchGroup {
    pub kind: String,
    pub kind_name: Text,
    pub matches: Vec<MatchView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchView {
    pub record: RecordRef,
    /// Holder, agency or employer, if known.
    pub owner: String,
    pub region_name: String,
    /// 0 to 100, rounded for people.
    pub percent: u32,
    pub score: f64,
    pub parts: Vec<PartView>,
    /// What speaks for it, strongest first.
    pub for_reasons: Vec<Text>,
    /// What speaks against it or is not known.
    pub against_reasons: Vec<Text>,
    pub shared_terms: Vec<String>,
    /// The shared terms where they stand: in what was asked with, and in what was found.
    pub in_asked: Vec<Segment>,
    pub in_found: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartView {
    /// Its word, such as `region`.
    pub part: String,
    pub name: Text,
    /// What this part adds to the score; all parts add up to it.
    pub adds: f64,
    pub percent: u32,
    /// Whether the records say enough to know; otherwise what it adds is the neutral share.
    pub known: bool,
    pub reason: Text,
}

/// What every measure says about one organization.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionsView {
    pub organization: RecordRef,
    /// The period decided for, such as `2021`.
    pub period: String,
    pub on: String,
    pub counts: Vec<(String, Text, usize)>,
    pub decisions: Vec<DecisionView>,
    /// The facts that would settle the most open decisions, and how many each would.
    pub ask_next: Vec<AskNext>,
    /// What pays most together.
    pub combination: CombinationView,
}

/// The measures that pay most together: of each exclusive group at most one, within shared limits.
#[derive(Clone, Debug, Serialize)]
pub struct CombinationView {
    pub chosen: Vec<ChosenView>,
    pub left_out: Vec<LeftOutView>,
    pub total: Text,
    pub total_fen: i64,
    /// Whether no other combination pays more; false when there were too many to try.
    pub proven: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChosenView {
    pub measure: String,
    pub name: Text,
    pub amount: Text,
    /// The limit shared with other measures that leaves less; empty where it is paid in full.
    pub why: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct LeftOutView {
    pub measure: String,
    pub name: Text,
    pub amount: Text,
    /// Which other measure is paid in its place.
    pub why: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct AskNext {
    pub fact: String,
    pub name: Text,
    /// The period it is asked for, as [`crate::App::answer`] takes it.
    pub period: String,
    /// The period for people; empty for a fact without periods.
    pub period_name: Text,
    pub question: Text,
    /// Measures that this answer alone settles.
    pub settles: usize,
    /// Measures that wait for this answer and others.
    pub helps: usize,
    /// The field in which it is answered; nothing where no record holds the fact.
    pub field: Option<FormField>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DecisionView {
    pub measure: String,
    pub name: Text,
    /// `eligible`, `not_eligible`, `unknown`, `needs_review`, `not_in_force`, `window_closed`, `budget_exhausted`, `error`.
    pub outcome: String,
    pub outcome_name: Text,
    /// The amount or range, as people write it; empty if there is none.
    pub amount: Text,
    /// One or two sentences.
    pub reason: Text,
    pub delivery: Text,
    pub basis: Vec<Text>,
    pub conditions: Vec<ConditionView>,
    pub missing: Vec<Text>,
    /// The missing facts that the amount rests on, where the conditions hold.
    pub amount_missing: Vec<Text>,
    /// The amount in Fen, the least where it is not exact; 0 if there is none.
    pub amount_fen: i64,
    /// What is to be done for it.
    pub effort: Text,
    /// Why it is not paid, or paid less, beside the other measures of the subject; empty where it is paid in full.
    pub beside: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct ConditionView {
    pub label: Text,
    /// `yes`, `no`, `unknown`, `error` or `attest`.
    pub verdict: String,
    pub sentence: Text,
    pub expression: String,
    pub clause: String,
    /// 0 for a condition of the measure, more for the parts of one.
    pub depth: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct MeasureLine {
    pub id: String,
    pub name: Text,
    pub region_name: String,
    pub delivery: Text,
    pub in_force: String,
    pub conditions: usize,
    /// How many organizations the last run decided each way, by outcome.
    pub counts: Vec<(String, Text, usize)>,
}

/// One measure as an official would print it.
#[derive(Clone, Debug, Serialize)]
pub struct MeasureView {
    pub line: MeasureLine,
    pub basis: Vec<Text>,
    pub conditions: Vec<(Text, String)>,
    pub benefit: Text,
    pub window: String,
    pub exclusive: Vec<String>,
    pub certainty: String,
    pub interpretation: Text,
    /// The file's own text.
    pub source: String,
    /// The measure as an official would print it: title, sections, numbered lines.
    pub printed: Printed,
}

/// A printed measure in both languages: `{id, version, title, sections: [{heading, lines: [{number,
/// text, rule, clause, lines}]}]}`.
#[derive(Clone, Debug, Serialize)]
pub struct Printed {
    pub zh: serde_json::Value,
    pub en: serde_json::Value,
}

impl MeasureView {
    /// The printed measure as lines of text.
    pub fn printed_text(&self, lang: duijie_vocab::Lang) -> String {
        let document = match lang {
            duijie_vocab::Lang::Zh => &self.printed.zh,
            duijie_vocab::Lang::En => &self.printed.en,
        };
        document_text(document)
    }
}

/// A printed measure as lines of text.
pub(crate) fn document_text(document: &serde_json::Value) -> String {
    let mut out = vec![document["title"].as_str().unwrap_or("").to_string()];
    for section in document["sections"].as_array().into_iter().flatten() {
        out.push(String::new());
        out.push(section["heading"].as_str().unwrap_or("").to_string());
        print_lines(&section["lines"], 1, &mut out);
    }
    out.join("\n")
}

fn print_lines(lines: &serde_json::Value, depth: usize, out: &mut Vec<String>) {
    for line in lines.as_array().into_iter().flatten() {
        let part = |key: &str| line[key].as_str().unwrap_or("");
        out.push(format!("{}{}{}", "  ".repeat(depth), part("number"), part("text")));
        if !part("rule").is_empty() {
            out.push(format!("{}{}", "  ".repeat(depth + 2), part("rule")));
        }
        print_lines(&line["lines"], depth + 1, out);
    }
}

/// How one column of a sheet is understood.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnView {
    /// Column letters, such as `C`.
    pub column: String,
    pub header: String,
    /// The field's key and name, or nothing for a column that is not understood.
    pub field: Option<String>,
    pub field_name: Text,
    pub unit: String,
}

/// What an import would do, or did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImportReport {
    pub file: String,
    /// False for a preview or a dry run: nothing was written.
    pub written: bool,
    pub sheets: Vec<SheetReport>,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub refused: usize,
    /// Every fault and remark with its place, at most [`ImportReport::MAX_DIAGNOSTICS`].
    pub diagnostics: Vec<Diagnostic>,
    pub diagnostics_total: usize,
    /// Pairs of records that look like the same thing.
    pub duplicates: Vec<DuplicateView>,
    /// Values that were kept because somebody had set them by hand.
    pub kept_curated: usize,
    /// The journal entry after which the import stands.
    pub head: i64,
}

impl ImportReport {
    pub const MAX_DIAGNOSTICS: usize = 10_000;
}

#[derive(Clone, Debug, Serialize)]
pub struct SheetReport {
    pub sheet: String,
    /// The kind that the rows are taken for, or nothing if the sheet was left out.
    pub kind: Option<String>,
    pub kind_name: Text,
    pub header_row: u32,
    pub columns: Vec<ColumnView>,
    pub rows: usize,
    /// The first rows as they were understood: field shown by column.
    pub sample: Vec<SampleRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SampleRow {
    pub row: u32,
    pub title: String,
    /// `added`, `changed`, `unchanged` or `refused`.
    pub outcome: String,
    pub cells: Vec<String>,
    pub faults: Vec<Diagnostic>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DuplicateView {
    pub kind: String,
    pub first: RecordRef,
    pub second: RecordRef,
    pub why: Text,
    /// 0 to 100.
    pub percent: u32,
}

/// The figures of the home page.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub kinds: Vec<KindFigure>,
    /// Decisions of the last run by outcome: key, name, count.
    pub decisions: Vec<(String, Text, usize)>,
    pub entries: i64,
    pub as_of: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct KindFigure {
    pub kind: String,
    pub name: Text,
    pub count: usize,
}

/// A form field for a record: what to show and what the person had typed.
#[derive(Clone, Debug, Serialize)]
pub struct FormField {
    pub key: String,
    pub name: Text,
    pub ty: String,
    pub help: Text,
    pub example: String,
    pub required: bool,
    pub options: Vec<(String, Text)>,
    pub unit: String,
    pub value: String,
    pub fault: Option<Diagnostic>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FormGroup {
    pub name: Text,
    pub fields: Vec<FormField>,
}

/// The state of the installation.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    pub version: String,
    pub database: String,
    pub entries: i64,
    /// Follower name, its cursor, and how far behind it is.
    pub followers: Vec<(String, i64, i64)>,
    /// How many records are embedded, where a model is set.
    pub meaning: Option<crate::MeaningState>,
    pub problems: Vec<Diagnostic>,
}
