//! One chunk of an import: which rows are new, which change a record, which change nothing, and
//! which are refused because of what is already there.

use crate::{Action, AppError, Target, Viewer};
use duijie_journal::{Event, ImportBegun, RecordKey, RecordRef};
use duijie_record::{Body, Checked, Record, Schema, Source, Value};
use duijie_store::{Put, Tx, View};
use duijie_vocab::{Diagnostic, Digest, Place, RecordId, RegionCode, Timestamp, text};
use std::collections::HashMap;

/// A row whose fields were all accepted.
#[derive(Clone, Debug)]
pub(crate) struct GoodRow {
    pub(crate) row: u32,
    pub(crate) place: Place,
    pub(crate) source: Source,
    pub(crate) given: Given,
    /// Turn among rows of the file that say the same and have no key.
    pub(crate) occurrence: usize,
}

/// What the row gives: fields of a table, or a whole record of an export of ours.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Fields(Checked),
    Whole(Box<Record>),
}

impl Given {
    pub(crate) fn body(&self) -> &Body {
        match self {
            Given::Fields(checked) => &checked.body,
            Given::Whole(record) => &record.body,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Added,
    Changed,
    Unchanged,
    Refused,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Outcome::Added => "added",
            Outcome::Changed => "changed",
            Outcome::Unchanged => "unchanged",
            Outcome::Refused => "refused",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) row: u32,
    pub(crate) outcome: Outcome,
    pub(crate) id: Option<RecordId>,
    pub(crate) title: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) kept_curated: usize,
}

/// The rows of a chunk and everything needed to decide them.
#[derive(Clone)]
pub(crate) struct Chunk {
    pub(crate) schema: &'static Schema,
    pub(crate) rows: Vec<GoodRow>,
    pub(crate) viewer: Viewer,
    /// The region of rows that name none and whose owner has none.
    pub(crate) region: Option<RegionCode>,
    /// Announces the import with the first entry that it writes.
    pub(crate) begin: Option<ImportBegun>,
}

pub(crate) struct Written {
    pub(crate) told: Vec<Told>,
    /// The entry that announced the import, if this chunk wrote it.
    pub(crate) begun: Option<i64>,
}

struct Planned {
    told: Vec<Told>,
    puts: Vec<(Record, Vec<RecordKey>, Vec<RecordRef>)>,
}

/// What the chunk would do; writes nothing.
pub(crate) fn preview(chunk: &Chunk, view: &mut View<'_>, now: Timestamp) -> Result<Vec<Told>, AppError> {
    Ok(plan(chunk, view, now)?.told)
}

/// Writes the chunk in the caller's transaction.
pub(crate) fn write(chunk: &Chunk, tx: &mut Tx<'_>) -> Result<Written, AppError> {
    let now = tx.now();
    let planned = plan(chunk, &mut tx.view(), now)?;
    let mut begun = None;
    if !planned.puts.is_empty() {
        if let Some(begin) = &chunk.begin {
            begun = Some(tx.append(Event::ImportBegun(begin.clone()), None)?);
        }
        let puts: Vec<Put<'_>> = planned.puts.iter().map(|(record, keys, refs)| Put { record, schema: chunk.schema, keys, refs }).collect();
        tx.put_records(&puts)?;
    }
    Ok(Written { told: planned.told, begun })
}

/// The keys and references of a record, in the journal's words.
pub(crate) fn keys_and_refs(schema: &Schema, record: &Record, occurrence: usize) -> (Vec<RecordKey>, Vec<RecordRef>) {
    let keys = schema.keys_of(&record.body, record.region, occurrence);
    let keys = keys.into_iter().map(|key| RecordKey { key: key.text, kind: schema.kind.clone(), strong: key.strong }).collect();
    let refs = schema.references_of(&record.body);
    let refs = refs.into_iter().map(|to| RecordRef { field: to.field, to_key: to.to_key, to_kind: to.to_kind }).collect();
    (keys, refs)
}

fn plan(chunk: &Chunk, view: &mut View<'_>, now: Timestamp) -> Result<Planned, AppError> {
    let regions = regions(chunk, view)?;
    let candidates = candidates(chunk, view, &regions)?;
    let mut planned = Planned { told: Vec::with_capacity(chunk.rows.len()), puts: Vec::new() };
    for (at, row) in chunk.rows.iter().enumerate() {
        let told = plan_row(chunk, row, regions[at], &candidates[at], now, &mut planned.puts);
        planned.told.push(told);
    }
    Ok(planned)
}

/// The region of each row: its own, its owner's, or the import's.
fn regions(chunk: &Chunk, view: &mut View<'_>) -> Result<Vec<RegionCode>, AppError> {
    let fallback = chunk.region.unwrap_or(RegionCode::NATION);
    let mut found: Vec<Option<RegionCode>> = chunk
        .rows
        .iter()
        .map(|row| match &row.given {
            Given::Fields(checked) => checked.region,
            Given::Whole(record) => Some(record.region),
        })
        .collect();
    if let Some(owner_field) = &chunk.schema.owner {
        let owner_key = |row: &GoodRow| chunk.schema.references_of(row.given.body()).into_iter().find(|to| to.field == *owner_field);
        let wanted: Vec<(usize, String, String)> =
            (0..chunk.rows.len()).filter(|&at| found[at].is_none()).filter_map(|at| owner_key(&chunk.rows[at]).map(|to| (at, to.to_kind, to.to_key))).collect();
        if let Some((_, kind, _)) = wanted.first() {
            let keys: Vec<&str> = wanted.iter().map(|(_, _, key)| key.as_str()).collect();
            let mut owners: HashMap<usize, Vec<RecordId>> = HashMap::new();
            for hit in view.find_by_keys(kind, &keys)? {
                owners.entry(hit.place).or_default().push(hit.id);
            }
            let ids: Vec<RecordId> = owners.values().filter(|ids| ids.len() == 1).flatten().cloned().collect();
            let region_of: HashMap<RecordId, RegionCode> = view.get_many(&ids)?.into_iter().map(|row| (row.record.id, row.record.region)).collect();
            for (place, (at, _, _)) in wanted.iter().enumerate() {
                found[*at] = owners.get(&place).filter(|ids| ids.len() == 1).and_then(|ids| region_of.get(&ids[0])).copied();
            }
        }
    }
    Ok(found.into_iter().map(|region| region.unwrap_or(fallback)).collect())
}

/// For each row the stored records that could be the same, best key first.
fn candidates(chunk: &Chunk, view: &mut View<'_>, regions: &[RegionCode]) -> Result<Vec<Vec<Record>>, AppError> {
    let mut keys: Vec<String> = Vec::new();
    let mut of_row: Vec<usize> = Vec::new();
    let mut ids: Vec<RecordId> = Vec::new();
    for (at, row) in chunk.rows.iter().enumerate() {
        if let Given::Whole(record) = &row.given {
            ids.push(record.id.clone());
        }
        for key in chunk.schema.keys_of(row.given.body(), regions[at], row.occurrence).into_iter().filter(|key| key.strong) {
            keys.push(key.text);
            of_row.push(at);
        }
    }
    let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut hits: Vec<Vec<RecordId>> = vec![Vec::new(); chunk.rows.len()];
    for hit in view.find_by_keys(&chunk.schema.kind, &texts)?.into_iter().filter(|hit| hit.strong) {
        let of = &mut hits[of_row[hit.place]];
        if !of.contains(&hit.id) {
            of.push(hit.id);
        }
    }
    ids.extend(hits.iter().flatten().cloned());
    ids.sort();
    ids.dedup();
    let stored: HashMap<RecordId, Record> = view.get_many(&ids)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
    let of_row = |(row, hits): (&GoodRow, Vec<RecordId>)| {
        let own = match &row.given {
            Given::Whole(record) => Some(&record.id),
            Given::Fields(_) => None,
        };
        own.into_iter().chain(hits.iter().filter(|id| Some(*id) != own)).filter_map(|id| stored.get(id)).cloned().collect()
    };
    Ok(chunk.rows.iter().zip(hits).map(of_row).collect())
}

fn plan_row(
    chunk: &Chunk,
    row: &GoodRow,
    region: RegionCode,
    candidates: &[Record],
    now: Timestamp,
    puts: &mut Vec<(Record, Vec<RecordKey>, Vec<RecordRef>)>,
) -> Told {
    let schema = chunk.schema;
    let mut told = Told {
        row: row.row,
        outcome: Outcome::Unchanged,
        id: None,
        title: schema.title_of(row.given.body()).to_string(),
        diagnostics: Vec::new(),
        kept_curated: 0,
    };
    let existing = candidates.iter().find(|other| !contradicts(schema, row.given.body(), region, other));
    let target = Target { region: Some(existing.map_or(region, |record| record.region)), organization: None };
    if let Err(refused) = chunk.viewer.may(Action::Import, &target) {
        told.outcome = Outcome::Refused;
        let help = text!("请在表中写明所属地区，或由当地经办人导入", "say in the table which region it is of, or let that region's officer import it");
        told.diagnostics.push(Diagnostic::error("import.not_allowed", refused.reason).at(row.place.clone()).help(help));
        return told;
    }
    let next = match existing {
        None => fresh(schema, row, region, candidates, now),
        Some(existing) => merged(schema, row, existing, now, &mut told),
    };
    told.id = Some(next.id.clone());
    if existing.is_some_and(|existing| existing.content_digest() == next.content_digest() && existing.marks == next.marks) {
        return told;
    }
    told.outcome = if existing.is_some() { Outcome::Changed } else { Outcome::Added };
    let (mut keys, refs) = keys_and_refs(schema, &next, row.occurrence);
    // The row's own keys stay with the record even where a curated value differs, so that the
    // next import of the same file finds it again.
    for key in schema.keys_of(row.given.body(), region, row.occurrence).into_iter().filter(|key| key.strong) {
        if !keys.iter().any(|known| known.key == key.text) {
            keys.push(RecordKey { key: key.text, kind: schema.kind.clone(), strong: true });
        }
    }
    puts.push((next, keys, refs));
    told
}

/// Whether the two differ in a better key than the one they share: two firms of one name with
/// different credit codes are two firms.
fn contradicts(schema: &Schema, body: &Body, region: RegionCode, other: &Record) -> bool {
    for key in &schema.keys {
        let single = |body: &Body, region: RegionCode| {
            let filled = key.iter().all(|field| *field == schema.region || body.contains_key(field));
            filled.then(|| {
                key.iter()
                    .map(|field| if *field == schema.region { Some(Value::text(region.to_string())) } else { body.get(field).cloned() })
                    .collect::<Vec<_>>()
            })
        };
        if let (Some(ours), Some(theirs)) = (single(body, region), single(&other.body, other.region)) {
            let same = ours.iter().zip(&theirs).all(|(a, b)| {
                a == b || matches!((a, b), (Some(Value::Text(a)), Some(Value::Text(b))) if duijie_vocab::name_key(a) == duijie_vocab::name_key(b))
            });
            return !same;
        }
    }
    false
}

fn fresh(schema: &Schema, row: &GoodRow, region: RegionCode, candidates: &[Record], now: Timestamp) -> Record {
    let mut record = match &row.given {
        // Versions count what this journal accepted, and it has accepted nothing of this one yet.
        Given::Whole(record) => return Record { version: 1, ..(**record).clone() },
        Given::Fields(checked) => schema.new_record(checked.clone(), region, row.source.clone(), now, row.occurrence),
    };
    record.region = region;
    // An id follows from a key; a record that lost the key to another one keeps the id.
    let keys = schema.keys_of(&record.body, region, row.occurrence);
    record.id = RecordId::derive(&schema.prefix, keys.first().map_or("", |key| &key.text));
    if candidates.iter().any(|other| other.id == record.id) {
        let all: String = keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>().join("|");
        record.id = RecordId::derive(&schema.prefix, &all);
    }
    record
}

/// The stored record with what the row says laid over it; values set by hand stay.
fn merged(schema: &Schema, row: &GoodRow, existing: &Record, now: Timestamp, told: &mut Told) -> Record {
    let mut next = existing.clone();
    if let Given::Whole(record) = &row.given {
        next.region = record.region;
        next.visibility = record.visibility;
        next.state = record.state.clone();
        next.marks = record.marks.clone();
        next.body = record.body.clone();
        next.version = existing.version + 1;
        next.updated = now;
        return next;
    }
    for (key, value) in row.given.body() {
        let stored = existing.body.get(key);
        if stored == Some(value) {
            continue;
        }
        if existing.marks.contains_key(key) {
            told.kept_curated += 1;
            let name = schema.field(key).map(|field| field.name.clone()).unwrap_or_default();
            let by = existing.marks[key].by.clone();
            let message = duijie_vocab::Text::new(
                format!("“{}”保留 {by} 手工修订的值，未采用表中的值", name.zh),
                format!("“{}” keeps the value that {by} set by hand", name.en),
            );
            told.diagnostics.push(Diagnostic::note("import.curated", message).at(Place { field: Some(key.clone()), ..row.place.clone() }));
            continue;
        }
        next.body.insert(key.clone(), value.clone());
    }
    if let Some(region) = next.body.get(&schema.region).and_then(Value::as_text).and_then(|code| RegionCode::parse(code).ok()) {
        next.region = region;
    }
    next.version = existing.version + 1;
    next.updated = now;
    next
}

/// Rows of one file that say who they are, to find those that say it twice.
#[derive(Default)]
pub(crate) struct SeenInFile {
    /// Key → the row that had it first and what that row said.
    keys: HashMap<u64, (u32, u64)>,
    /// Content without a key → how often it was there.
    contents: HashMap<u64, u32>,
}

pub(crate) enum Seen {
    /// The turn among rows that say the same and have no key; 1 for all others.
    First(usize),
    /// An earlier row is the same record and says the same.
    Same(u32),
    /// An earlier row is the same record and says something else.
    Differs(u32, String),
}

impl SeenInFile {
    pub(crate) fn look(&mut self, schema: &Schema, body: &Body, region: RegionCode, row: u32) -> Seen {
        let short = |text: &str| {
            let digest = Digest::of(&[schema.kind.as_bytes(), b"|", text.as_bytes()]);
            u64::from_le_bytes(digest.0[..8].try_into().expect("BUG: a digest has 32 bytes"))
        };
        let keys = schema.keys_of(body, region, 1);
        let strong: Vec<&str> = keys.iter().filter(|key| key.strong).map(|key| key.text.as_str()).collect();
        if !schema.has_key(body, region) {
            let times = self.contents.entry(short(strong.first().copied().unwrap_or(""))).or_default();
            *times += 1;
            return Seen::First(*times as usize);
        }
        let content = short(&duijie_record::canonical_json(body).expect("BUG: a body always serializes"));
        // Only the best key says that two rows are one thing; a shared name may be chance.
        let Some(best) = strong.first() else { return Seen::First(1) };
        match self.keys.get(&short(best)) {
            Some((first, said)) if *said == content => Seen::Same(*first),
            Some((first, _)) => Seen::Differs(*first, (*best).to_string()),
            None => {
                self.keys.insert(short(best), (row, content));
                Seen::First(1)
            }
        }
    }
}

/// The refusal of a row whose key an earlier row of the file had.
pub(crate) fn refuse_repeated(schema: &Schema, key: &str, first: u32, place: Place) -> Diagnostic {
    let fields: Vec<&str> = key.split('&').filter_map(|part| part.split_once('=')).map(|(field, _)| field).collect();
    let names = |lang| fields.iter().filter_map(|field| schema.field(field)).map(|field| field.name.get(lang)).collect::<Vec<_>>();
    let (zh, en) = (names(duijie_vocab::Lang::Zh).join("、"), names(duijie_vocab::Lang::En).join(", "));
    Diagnostic::error(
        "import.repeated",
        duijie_vocab::Text::new(format!("{zh}与第 {first} 行相同，但其他内容不同"), format!("{en} as in row {first}, but the rest differs")),
    )
    .at(place)
    .help(text!("请合并这两行，或改正其中一行", "join the two rows or correct one of them"))
}
