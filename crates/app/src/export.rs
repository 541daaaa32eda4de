//! Lists as workbooks, csv and JSON; blank templates; an imported file with what became of each row.

use crate::import::RowTold;
use crate::import_rows::Outcome;
use crate::record::target_of;
use crate::shown::{cell, sheet_columns};
use crate::{Action, App, AppError, ImportOptions, SearchRequest, Target, Viewer};
use duijie_record::{Field, FieldType, Record, RecordState, Schema, Visibility, schema};
use duijie_sheet::{
    About, Column, ColumnKind, FieldKind, Limits, RowNote, SheetResult, Storage, Table, Template, TemplateColumn, TemplateSheet, Value as Cell, Verdict,
    WriteFault, write_csv, write_template, write_workbook,
};
use duijie_store::{Cursor, Filter, Order, View};
use duijie_vocab::{Lang, RecordId, RegionCode, Text, Timestamp, text};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Xlsx,
    Csv,
    /// One array of whole records.
    Json,
    /// One whole record a line.
    Jsonl,
}

impl ExportFormat {
    pub fn parse(word: &str) -> Option<ExportFormat> {
        match word {
            "xlsx" => Some(ExportFormat::Xlsx),
            "csv" => Some(ExportFormat::Csv),
            "json" => Some(ExportFormat::Json),
            "jsonl" | "ndjson" => Some(ExportFormat::Jsonl),
            _ => None,
        }
    }

    /// The media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Json => "application/json",
            ExportFormat::Jsonl => "application/x-ndjson",
        }
    }
}

/// How many records are read at a time.
const BATCH: usize = 1_000;

impl App {
    /// Writes the records of `kind` that `request` lets through and `viewer` may see, and returns
    /// how many there were. Without a text in the request the store is read in order of titles;
    /// with one, what the search finds, best first.
    pub fn export(
        &self,
        viewer: &Viewer,
        request: &SearchRequest,
        kind: &str,
        format: ExportFormat,
        lang: Lang,
        out: &mut dyn Write,
    ) -> Result<usize, AppError> {
        let schema = self.schema(kind).ok_or(AppError::NotFound)?;
        viewer.may(Action::Export, &Target { region: request.region, organization: None })?;
        let found = if request.text.trim().is_empty() && request.filters.is_empty() { None } else { Some(self.all_hits(viewer, request, kind)?) };
        let mut count = 0;
        self.store().read(|view| {
            let mut records =
                Records { view, viewer, schema, region: request.region, found, at: 0, after: None, done: false, batch: Vec::new().into_iter(), fault: None };
            let written = match format {
                ExportFormat::Json | ExportFormat::Jsonl => write_json(&mut records, format, out, &mut count),
                ExportFormat::Csv | ExportFormat::Xlsx => self.write_sheet(&mut records, format, lang, out, &mut count),
            };
            match records.fault.take() {
                Some(fault) => Err(fault),
                None => written,
            }
        })?;
        Ok(count)
    }

    fn write_sheet(&self, records: &mut Records<'_, '_>, format: ExportFormat, lang: Lang, out: &mut dyn Write, count: &mut usize) -> Result<(), AppError> {
        let schema = records.schema;
        let fields: Vec<&Field> = schema.fields().collect();
        let mut columns = sheet_columns(fields.iter().copied(), lang);
        let more = [text!("来源文件", "source_file"), text!("来源行", "source_line")];
        columns.extend(more.iter().map(|name| Column::new(name.get(lang), ColumnKind::Text)));
        let rows = std::iter::from_fn(|| {
            let record = records.next()?;
            *count += 1;
            let mut cells: Vec<Cell> = fields.iter().map(|field| cell(field, record.body.get(&field.key), lang)).collect();
            cells.push(Cell::from(record.source.file.as_str()));
            cells.push(record.source.row.map_or(Cell::Empty, |row| Cell::Integer(i64::from(row))));
            Some(cells)
        });
        let table = Table::new(schema.plural.get(lang), columns, rows);
        if format == ExportFormat::Csv {
            return write_csv(table, out).map_err(write_fault);
        }
        let about = self.about(&schema.plural, lang);
        let written = write_workbook(vec![table], &about, Storage::Folder(self.dir())).map_err(write_fault)?;
        out.write_all(&written.bytes).map_err(|fault| AppError::Internal(fault.into()))
    }

    fn about(&self, title: &Text, lang: Lang) -> About {
        about(title, lang, self.now())
    }

    /// A blank workbook for one kind, with drop-downs and notes.
    pub fn template(&self, kind: &str, lang: Lang) -> Result<Vec<u8>, AppError> {
        template_of(self.schema(kind).ok_or(AppError::NotFound)?, lang)
    }

    /// The file handed back with a column that tells what an import makes of each row: its name
    /// and its bytes. Writes nothing to the store.
    pub fn annotated(&self, viewer: &Viewer, file: &str, bytes: Vec<u8>, options: &ImportOptions, lang: Lang) -> Result<(String, Vec<u8>), AppError> {
        let mut told: BTreeMap<(usize, u32), Vec<RowNote>> = BTreeMap::new();
        let dry = ImportOptions { dry_run: true, ..options.clone() };
        let mut tell = |row: RowTold| {
            let verdict = match row.outcome {
                Outcome::Added | Outcome::Changed => Verdict::Accepted,
                Outcome::Unchanged => Verdict::Unchanged,
                Outcome::Refused => Verdict::Refused,
            };
            let note = RowNote { row: row.row, verdict, text: row.text.get(lang).to_string() };
            told.entry((row.sheet, row.header_row)).or_default().push(note);
        };
        self.import_telling(viewer, file, std::io::Cursor::new(bytes.clone()), &dry, &mut |_| {}, &mut tell)?;
        let results: Vec<SheetResult> = told.into_iter().map(|((sheet, header_row), notes)| SheetResult { sheet, header_row, notes }).collect();
        let annotated = duijie_sheet::annotate(file, bytes, &results, &Limits::default(), &self.about(&text!("导入结果", "Import result"), lang), lang)
            .map_err(|fault| AppError::Internal(fault.into()))?;
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "xlsx"));
        let mark = match lang {
            Lang::Zh => "导入结果",
            Lang::En => "import-result",
        };
        Ok((format!("{stem}.{mark}.{ending}"), annotated.bytes))
    }
}

/// A blank workbook for one kind, with drop-downs and notes; the same bytes every time.
pub fn template(kind: &str, lang: Lang) -> Result<Vec<u8>, AppError> {
    template_of(schema(kind).ok_or(AppError::NotFound)?, lang)
}

fn template_of(schema: &Schema, lang: Lang) -> Result<Vec<u8>, AppError> {
    let title = text!("{}填报表", "{} form", schema.name.get(lang));
    let sheet = TemplateSheet {
        name: schema.plural.get(lang).to_string(),
        title: title.get(lang).to_string(),
        notes: vec![schema.about.get(lang).to_string()],
        columns: schema.fields().filter(|field| field.visibility < Visibility::Office).map(|field| template_column(field, lang)).collect(),
    };
    let made = Timestamp::from_micros(TEMPLATE_MADE).map_err(|fault| AppError::Internal(fault.into()))?;
    write_template(&Template { sheets: vec![sheet] }, &about(&title, lang, made), lang).map_err(write_fault)
}

/// 2026-01-01: templates say nothing of the day on which they were asked for.
const TEMPLATE_MADE: i64 = 1_767_225_600_000_000;

fn about(title: &Text, lang: Lang, created: Timestamp) -> About {
    About { title: title.get(lang).to_string(), creator: "Duijie 对接".to_string(), created }
}

fn template_column(field: &Field, lang: Lang) -> TemplateColumn {
    let help = field.help.as_ref().map_or("", |help| help.get(lang)).to_string();
    let kind = match field.ty {
        FieldType::Integer => FieldKind::Integer,
        FieldType::Decimal => FieldKind::Decimal,
        FieldType::Money => FieldKind::Money(field.unit.as_deref().and_then(duijie_vocab::MoneyUnit::parse).unwrap_or(duijie_vocab::MoneyUnit::Yuan)),
        FieldType::Ratio => FieldKind::Percent,
        FieldType::Url => FieldKind::Link,
        FieldType::LongText | FieldType::List => FieldKind::LongText,
        FieldType::CreditCode | FieldType::PatentNumber | FieldType::Phone => FieldKind::Code,
        FieldType::Choice => FieldKind::Choice,
        FieldType::Choices => FieldKind::Choices,
        FieldType::Bool => FieldKind::Choice,
        // Dates may be a month or a year, which a spreadsheet's own check would refuse.
        _ => FieldKind::Text,
    };
    let options = match field.ty {
        FieldType::Choice | FieldType::Choices => {
            field.options.iter().map(|choice| if lang == Lang::Zh { choice.zh.clone() } else { choice.en.clone() }).collect()
        }
        FieldType::Bool => [text!("是", "yes"), text!("否", "no")].iter().map(|word| word.get(lang).to_string()).collect(),
        _ => Vec::new(),
    };
    TemplateColumn {
        header: field.name.get(lang).to_string(),
        note: help,
        example: field.example.clone().unwrap_or_default(),
        kind,
        required: field.required,
        options,
        width: None,
    }
}

fn write_fault(fault: WriteFault) -> AppError {
    match fault {
        WriteFault::TooManyRows { limit, .. } => AppError::Invalid(vec![duijie_vocab::Diagnostic::error(
            "export.rows",
            text!("超过 {limit} 行，一张工作表放不下；请导出 csv 或缩小范围", "more than {limit} rows do not fit one sheet; export csv or narrow the list"),
        )]),
        other => AppError::Internal(other.into()),
    }
}

/// The records to write, a batch at a time, with only the fields that the viewer may see.
struct Records<'a, 'v> {
    view: &'a mut View<'v>,
    viewer: &'a Viewer,
    schema: &'static Schema,
    region: Option<RegionCode>,
    /// The ids to write in their order, if a search chose them.
    found: Option<Vec<RecordId>>,
    at: usize,
    after: Option<Cursor>,
    done: bool,
    batch: std::vec::IntoIter<Record>,
    fault: Option<AppError>,
}

impl Records<'_, '_> {
    fn fill(&mut self) -> Result<bool, AppError> {
        if self.done {
            return Ok(false);
        }
        let rows = match &self.found {
            Some(ids) => {
                let part = &ids[self.at..ids.len().min(self.at + BATCH)];
                self.at += part.len();
                self.done = self.at >= ids.len();
                let mut by_id: HashMap<RecordId, Record> = self.view.get_many(part)?.into_iter().map(|row| (row.record.id.clone(), row.record)).collect();
                part.iter().filter_map(|id| by_id.remove(id)).collect()
            }
            None => {
                let filter = Filter { regions: self.region.into_iter().collect(), visibility: Visibility::Office, ..Filter::default() };
                let page = self.view.list(&self.schema.kind, &filter, Order::Id, self.after.as_ref(), BATCH)?;
                self.done = page.next.is_none();
                self.after = page.next;
                page.rows.into_iter().map(|row| row.record).collect::<Vec<_>>()
            }
        };
        let mut visible = Vec::with_capacity(rows.len());
        for mut record in rows {
            let target = match self.viewer.role {
                crate::Role::Admin => Target { region: Some(record.region), organization: None },
                _ => target_of(self.view, self.schema, &record)?,
            };
            let clearance = self.viewer.clearance_for(&target);
            if record.visibility > clearance || record.state != RecordState::Active {
                continue;
            }
            record.body = self.schema.visible_body(&record.body, clearance);
            record.marks.retain(|key, _| record.body.contains_key(key));
            visible.push(record);
        }
        self.batch = visible.into_iter();
        Ok(true)
    }
}

impl Iterator for Records<'_, '_> {
    type Item = Record;
    fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.batch.next() {
                return Some(record);
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(fault) => {
                    self.fault = Some(fault);
                    return None;
                }
            }
        }
    }
}

fn write_json(records: &mut Records<'_, '_>, format: ExportFormat, out: &mut dyn Write, count: &mut usize) -> Result<(), AppError> {
    let failed = |fault: std::io::Error| AppError::Internal(fault.into());
    let array = format == ExportFormat::Json;
    if array {
        out.write_all(b"[").map_err(failed)?;
    }
    for record in records {
        if array {
            out.write_all(if *count > 0 { b",\n" } else { b"\n" }).map_err(failed)?;
        }
        serde_json::to_writer(&mut *out, &record).map_err(|fault| AppError::Internal(fault.into()))?;
        if !array {
            out.write_all(b"\n").map_err(failed)?;
        }
        *count += 1;
    }
    if array {
        out.write_all(b"\n]\n").map_err(failed)?;
    }
    Ok(())
}
