//! JSON lines and JSON arrays: whole records of an export of ours, or flat objects of fields.

use crate::import::{Import, ImportSource};
use crate::import_rows::{Given, GoodRow, Outcome, Seen, SeenInFile, Told, refuse_repeated};
use crate::{AppError, PolicyFiles};
use duijie_record::{Draft, DraftField, FieldType, Raw, Record, Schema, Source, Units, Value, check_draft, read_field};
use duijie_vocab::{Diagnostic, Place, RegionCode, text};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 16 << 20;
/// The largest JSON array that is read; lines have no such limit.
const MAX_ARRAY: u64 = 256 << 20;
const CHUNK: usize = 2_000;

impl Import<'_> {
    /// Reads objects one by one; a line that is no object is told and the others go on.
    pub(crate) fn json(&mut self, kind: Option<&'static Schema>, source: impl ImportSource) -> Result<(), AppError> {
        let mut reader = BufReader::new(source);
        let mut pending = Pending::default();
        let first = first_byte(&mut reader)?;
        if first == Some(b'[') {
            for (at, item) in self.array(reader)?.into_iter().enumerate() {
                self.object(kind, item, u32::try_from(at + 1).unwrap_or(u32::MAX), &mut pending)?;
            }
        } else {
            let mut line_number = 0u32;
            let mut line = Vec::new();
            loop {
                line.clear();
                line_number = line_number.saturating_add(1);
                match read_line(&mut reader, &mut line)? {
                    Line::End => break,
                    Line::TooLong => self.refuse(line_number, Diagnostic::error("json.too_long", text!("这一行太长", "the line is too long"))),
                    Line::Read if line.iter().all(u8::is_ascii_whitespace) => {}
                    Line::Read => match serde_json::from_slice(&line) {
                        Ok(item) => self.object(kind, item, line_number, &mut pending)?,
                        Err(fault) => {
                            let column = fault.column();
                            let message = text!("不是合法的 JSON（第 {column} 列）", "not valid JSON (column {column})");
                            self.refuse(line_number, Diagnostic::error("json.syntax", message).help(text!("每行一个对象", "one object a line")));
                        }
                    },
                }
            }
        }
        self.flush(&mut pending)
    }

    fn array(&mut self, mut reader: impl BufRead) -> Result<Vec<Json>, AppError> {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, MAX_ARRAY + 1), &mut bytes).map_err(|fault| AppError::Internal(fault.into()))?;
        let place = Place::file(self.file);
        if bytes.len() as u64 > MAX_ARRAY {
            let message = text!("JSON 数组太大", "the JSON array is too large");
            return Err(AppError::Invalid(vec![
                Diagnostic::error("json.too_large", message).at(place).help(text!("请改用每行一个对象的 JSONL", "use JSONL, one object a line")),
            ]));
        }
        serde_json::from_slice(&bytes).map_err(|fault| {
            let place = Place { line: u32::try_from(fault.line()).ok(), column: u32::try_from(fault.column()).ok(), ..place };
            AppError::Invalid(vec![Diagnostic::error("json.syntax", text!("不是合法的 JSON 数组", "not a valid JSON array")).at(place)])
        })
    }

    fn object(&mut self, kind: Option<&'static Schema>, item: Json, line: u32, pending: &mut Pending) -> Result<(), AppError> {
        let place = Place { line: Some(line), ..Place::file(self.file) };
        let (schema, given) = match read_object(&self.app.policies(), kind, item, &place) {
            Ok(read) => read,
            Err(faults) => {
                self.count(&told(line, String::new(), Outcome::Refused, faults));
                return Ok(());
            }
        };
        if pending.schema.is_some_and(|other| other.kind != schema.kind) {
            self.flush(pending)?;
        }
        pending.schema = Some(schema);
        let body = given.body();
        let region = self.options.region.unwrap_or(RegionCode::NATION);
        let seen = if matches!(given, Given::Whole(_)) { Seen::First(1) } else { pending.seen.look(schema, body, region, line) };
        let title = schema.title_of(body).to_string();
        match seen {
            Seen::First(occurrence) => {
                let source = Source { file: self.file.to_string(), sheet: String::new(), row: Some(line) };
                pending.rows.push(GoodRow { row: line, place, source, given, occurrence });
            }
            Seen::Same(first) => {
                let same = Diagnostic::note("import.same_row", text!("与第 {first} 行完全相同，只记一次", "the same as row {first}, kept once"));
                self.count(&told(line, title, Outcome::Unchanged, vec![same.at(place)]));
            }
            Seen::Differs(first, key) => self.count(&told(line, title, Outcome::Refused, vec![refuse_repeated(schema, &key, first, place)])),
        }
        if pending.rows.len() >= CHUNK {
            self.flush(pending)?;
        }
        Ok(())
    }

    fn flush(&mut self, pending: &mut Pending) -> Result<(), AppError> {
        let Some(schema) = pending.schema else { return Ok(()) };
        let rows = std::mem::take(&mut pending.rows);
        self.progressed(rows.len());
        for told in self.write_chunk(schema, rows)? {
            self.count(&told);
        }
        Ok(())
    }

    fn refuse(&mut self, line: u32, diagnostic: Diagnostic) {
        let place = Place { line: Some(line), ..Place::file(self.file) };
        self.count(&told(line, String::new(), Outcome::Refused, vec![diagnostic.at(place)]));
    }
}

#[derive(Default)]
struct Pending {
    schema: Option<&'static Schema>,
    rows: Vec<GoodRow>,
    seen: SeenInFile,
}

fn told(row: u32, title: String, outcome: Outcome, diagnostics: Vec<Diagnostic>) -> Told {
    Told { row, outcome, id: None, title, diagnostics, kept_curated: 0 }
}

enum Line {
    End,
    Read,
    TooLong,
}

fn first_byte(reader: &mut impl BufRead) -> Result<Option<u8>, AppError> {
    let buffer = reader.fill_buf().map_err(|fault| AppError::Internal(fault.into()))?;
    let without_mark = buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(buffer);
    let first = without_mark.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let mark = buffer.len() - without_mark.len();
    reader.consume(mark);
    Ok(first)
}

/// The next line without more of it in memory than is allowed.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Line, AppError> {
    let failed = |fault: std::io::Error| AppError::Internal(fault.into());
    let mut too_long = false;
    loop {
        let buffer = reader.fill_buf().map_err(failed)?;
        if buffer.is_empty() {
            return Ok(match (too_long, line.is_empty()) {
                (true, _) => Line::TooLong,
                (false, true) => Line::End,
                (false, false) => Line::Read,
            });
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let take = end.map_or(buffer.len(), |at| at + 1);
        if line.len() + take > MAX_LINE {
            too_long = true;
            line.clear();
        } else if !too_long {
            line.extend_from_slice(&buffer[..take]);
        }
        reader.consume(take);
        if end.is_some() {
            return Ok(if too_long { Line::TooLong } else { Line::Read });
        }
    }
}

/// The kind and the content of one object.
fn read_object(policies: &PolicyFiles, kind: Option<&'static Schema>, item: Json, place: &Place) -> Result<(&'static Schema, Given), Vec<Diagnostic>> {
    let refuse = |code: &str, message| vec![Diagnostic::error(code, message).at(place.clone())];
    let Json::Object(members) = item else {
        return Err(refuse("json.object", text!("不是 JSON 对象", "not a JSON object")));
    };
    let named = members.get("kind").and_then(Json::as_str);
    let whole = members.get("body").is_some_and(Json::is_object) && members.contains_key("id");
    let schema = match (named, kind) {
        (Some(word), None) => policies.kind_named(word),
        (_, Some(schema)) => Some(schema),
        (None, None) => None,
    };
    let Some(schema) = schema else {
        return Err(refuse("json.kind", text!("没有说明是哪一类记录", "it does not say which kind of record it is"))
            .into_iter()
            .map(|fault| fault.help(text!("请写 \"kind\": \"need\"，或用 --kind 指定", "write \"kind\": \"need\", or give --kind")))
            .collect());
    };
    if whole {
        return whole_record(schema, Json::Object(members), place).map(|record| (schema, Given::Whole(Box::new(record))));
    }
    flat(schema, &members, place).map(|given| (schema, given))
}

/// A record as an export of ours writes it. Every value is checked as if it had been typed.
fn whole_record(schema: &'static Schema, item: Json, place: &Place) -> Result<Record, Vec<Diagnostic>> {
    let mut record: Record = serde_json::from_value(item).map_err(|fault| {
        let message = text!("不是完整的记录（{fault}）", "not a whole record ({fault})");
        vec![Diagnostic::error("json.record", message).at(place.clone())]
    })?;
    let mut faults = Vec::new();
    let refuse = |field: &str, message| Diagnostic::error("json.value", message).at(Place { field: Some(field.to_string()), ..place.clone() });
    if record.kind != schema.kind || record.id.prefix() != schema.prefix || record.version < 1 {
        faults.push(refuse("id", text!("编号、类别或版本不相符", "id, kind or version do not fit")));
    }
    for (key, value) in &record.body {
        let Some(field) = schema.field(key) else {
            faults.push(refuse(key, text!("没有 `{key}` 这个字段", "there is no field `{key}`")));
            continue;
        };
        if !fits(field, value) {
            faults.push(refuse(key, text!("`{key}` 的值不合要求", "the value of `{key}` is not allowed")));
        }
    }
    for field in schema.fields().filter(|field| field.required && !record.body.contains_key(&field.key)) {
        let (zh, en) = (&field.name.zh, &field.name.en);
        faults.push(refuse(&field.key, text!("缺少必填的“{zh}”", "the required field “{en}” is missing")));
    }
    record.marks.retain(|key, _| record.body.contains_key(key));
    if faults.is_empty() { Ok(record) } else { Err(faults) }
}

/// Whether reading the value as typed text gives the same value.
fn fits(field: &duijie_record::Field, value: &Value) -> bool {
    let again = |raw: Raw| read_field(field, &raw, &Units::default()).ok().flatten();
    match (field.ty, value) {
        (FieldType::Money, Value::Int(fen)) => field.signed || *fen >= 0,
        (FieldType::Integer, Value::Int(number)) => again(Raw::text(number.to_string())).as_ref() == Some(value),
        (FieldType::Bool, Value::Bool(_)) => true,
        (FieldType::Choices | FieldType::List, Value::List(items)) => !items.is_empty() && items.iter().all(|item| !item.is_empty()),
        (FieldType::Ratio, Value::Text(text)) => duijie_vocab::Decimal::parse(text).is_ok_and(|number| number.to_string() == *text),
        (FieldType::Money | FieldType::Integer | FieldType::Bool | FieldType::Choices | FieldType::List, _) => false,
        (_, Value::Text(text)) => again(Raw::text(text.clone())).as_ref() == Some(value),
        _ => false,
    }
}

fn flat(schema: &'static Schema, members: &serde_json::Map<String, Json>, place: &Place) -> Result<Given, Vec<Diagnostic>> {
    let mut draft = Draft { fields: Vec::new(), place: place.clone() };
    let mut faults = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| *name != "kind") {
        let same = |other: &str| duijie_vocab::name_key(other) == duijie_vocab::name_key(name);
        let field = schema.field(name).or_else(|| schema.fields().find(|f| same(&f.name.zh) || same(&f.name.en) || f.aliases.iter().any(|alias| same(alias))));
        let place = Place { field: Some(name.clone()), ..place.clone() };
        let Some(field) = field else {
            let help =
                text!("核对写法；本地指标先在 facts.yaml 中声明并导入", "check the spelling; declare a fact of your own in facts.yaml and import that first");
            faults.push(Diagnostic::error("json.field", text!("没有 `{name}` 这个字段", "there is no field `{name}`")).at(place).help(help));
            continue;
        };
        match raw(value) {
            Some(raw) => draft.fields.push(DraftField { key: field.key.clone(), raw, units: Units::default(), place }),
            None => faults.push(Diagnostic::error("json.value", text!("`{name}` 的值不能是对象", "`{name}` cannot hold an object")).at(place)),
        }
    }
    match check_draft(schema, &draft) {
        Ok(checked) if faults.is_empty() => Ok(Given::Fields(checked)),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

fn raw(value: &Json) -> Option<Raw> {
    match value {
        Json::Null => Some(Raw::text("")),
        Json::Bool(truth) => Some(Raw::Bool(*truth)),
        Json::Number(number) => Some(Raw::Number { digits: number.to_string(), lossy: false }),
        Json::String(text) => Some(Raw::text(text)),
        Json::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
            texts.map(|texts| Raw::text(texts.join("；")))
        }
        Json::Object(_) => None,
    }
}
