//! Import: files of records into the store. Good rows go in, bad rows are told with their place
//! and the next step, and the same file twice changes nothing.

use crate::columns::{HEADER_WITHIN, Holds, Layout, PERIOD, understand};
use crate::halves::{Halves, in_system};
use crate::import_measures::holds_measures;
use crate::import_rows::{self, Chunk, Given, GoodRow, Outcome, Seen, SeenInFile, Told};
use crate::{Action, App, AppError, ColumnView, ImportReport, SampleRow, SheetReport, Target, Viewer};
use duijie_journal::{Actor, Event, ImportBegun, ImportFinished};
use duijie_record::{Draft, DraftField, Raw, Schema, Source, Units, check_draft, schemas};
use duijie_sheet::{CellValue, Limits, Row, Workbook, is_blank_row, is_footnote_row, is_guide_sheet, is_sum_row};
use duijie_store::View;
use duijie_vocab::{Diagnostic, Digest, Place, RegionCode, Text, text};
use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The kind of the rows, where the sheet does not say.
    pub kind: Option<String>,
    /// The region of rows that name none.
    pub region: Option<RegionCode>,
    /// Tells what would happen and writes nothing.
    pub dry_run: bool,
    /// Column header → field key, beside the built-in names; `-` leaves a column out.
    pub mapping: Vec<(String, String)>,
}

/// A mapping file: `kind: organization`, `region: "320400"`, `columns: {证券代码: stock_code, 备注: "-"}`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    columns: std::collections::BTreeMap<String, String>,
}

impl ImportOptions {
    /// The options that a mapping file states.
    pub fn from_mapping(file: &str, yaml: &str) -> Result<ImportOptions, AppError> {
        let refuse = |message: Text| AppError::Invalid(vec![Diagnostic::error("import.mapping", message).at(Place::file(file))]);
        let mapping: Mapping =
            serde_saphyr::from_str(yaml).map_err(|fault| refuse(text!("列名对照文件有误：{fault}", "the mapping file is wrong: {fault}")))?;
        let region = mapping.region.as_deref().map(RegionCode::find).transpose();
        let region = region.map_err(|fault| refuse(text!("列名对照文件中的地区有误：{fault}", "the region of the mapping file is wrong: {fault}")))?;
        Ok(ImportOptions { kind: mapping.kind, region, dry_run: false, mapping: mapping.columns.into_iter().collect() })
    }
}

/// What is read: a file of any size, or an upload.
pub trait ImportSource: Read + Seek + Send + 'static {}
impl<T: Read + Seek + Send + 'static> ImportSource for T {}

/// What became of each row, for whoever marks the rows in the file.
pub(crate) struct RowTold {
    pub(crate) sheet: usize,
    /// The header's last row in that sheet.
    pub(crate) header_row: u32,
    pub(crate) row: u32,
    pub(crate) outcome: Outcome,
    pub(crate) text: Text,
}

/// How many rows share a transaction.
const CHUNK: usize = 2_000;
/// How many rows a preview shows of each sheet.
const SAMPLE: usize = 20;

impl App {
    /// Imports an upload; see [`App::import_from`].
    pub fn import(&self, viewer: &Viewer, file: &str, bytes: Vec<u8>, options: &ImportOptions) -> Result<ImportReport, AppError> {
        self.import_from(viewer, file, std::io::Cursor::new(bytes), options, &mut |_| {})
    }

    /// Imports xlsx, csv, JSON lines, a JSON array or a measure file. `progress` hears how many
    /// rows were read so far. A file that cannot be read at all is [`AppError::Invalid`].
    pub fn import_from(
        &self,
        viewer: &Viewer,
        file: &str,
        source: impl ImportSource,
        options: &ImportOptions,
        progress: &mut dyn FnMut(usize),
    ) -> Result<ImportReport, AppError> {
        self.import_telling(viewer, file, source, options, progress, &mut |_| {})
    }

    pub(crate) fn import_telling(
        &self,
        viewer: &Viewer,
        file: &str,
        mut source: impl ImportSource,
        options: &ImportOptions,
        progress: &mut dyn FnMut(usize),
        tell: &mut dyn FnMut(RowTold),
    ) -> Result<ImportReport, AppError> {
        viewer.may(Action::Import, &Target { region: options.region, organization: None })?;
        if holds_measures(file) {
            let mut told = self.import_measures(viewer, [(file.to_string(), source)], options)?;
            return told.pop().map_or(Err(AppError::NotFound), |(_, told)| told);
        }
        let policies = self.policies();
        let kind = match &options.kind {
            Some(word) => Some(policies.kind_named(word).ok_or_else(|| unknown_kind(word))?),
            None => None,
        };
        // Rows of an officer's own file that name no region are about the officer's region.
        let own_region = (viewer.region != RegionCode::NATION).then_some(viewer.region);
        let options = &ImportOptions { region: options.region.or(own_region), ..options.clone() };
        let digest = digest_of(&mut source)?;
        let mut import = Import {
            app: self,
            viewer,
            file,
            options,
            digest,
            begun: None,
            seen: SeenInFile::default(),
            report: ImportReport {
                file: file.to_string(),
                written: !options.dry_run,
                sheets: Vec::new(),
                added: 0,
                changed: 0,
                unchanged: 0,
                refused: 0,
                diagnostics: Vec::new(),
                diagnostics_total: 0,
                duplicates: Vec::new(),
                kept_curated: 0,
                head: 0,
            },
            added: Vec::new(),
            progress,
            tell,
            read: 0,
        };
        let lower = file.to_lowercase();
        if [".jsonl", ".ndjson", ".json"].iter().any(|ending| lower.ends_with(ending)) {
            import.json(kind, source)?;
        } else {
            import.workbook(kind, source)?;
        }
        import.finish()
    }
}

fn unknown_kind(word: &str) -> AppError {
    let zh: Vec<&str> = schemas().iter().map(|schema| schema.name.zh.as_str()).collect();
    let en: Vec<&str> = schemas().iter().map(|schema| schema.kind.as_str()).collect();
    AppError::Invalid(vec![
        Diagnostic::error("kind.unknown", text!("没有“{word}”这一类记录", "there is no kind `{word}`"))
            .help(Text::new(format!("可选：{}", zh.join("、")), format!("choose one of: {}", en.join(", ")))),
    ])
}

fn digest_of(source: &mut impl ImportSource) -> Result<Digest, AppError> {
    use sha2::Digest as _;
    let failed = |fault: std::io::Error| AppError::Internal(fault.into());
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    source.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(Digest(hasher.finalize().into()))
}

/// One import under way.
pub(crate) struct Import<'a> {
    pub(crate) app: &'a App,
    pub(crate) viewer: &'a Viewer,
    pub(crate) file: &'a str,
    pub(crate) options: &'a ImportOptions,
    digest: Digest,
    /// The entry that announced the import.
    begun: Option<i64>,
    seen: SeenInFile,
    pub(crate) report: ImportReport,
    /// Records that were added, for the search for likely duplicates.
    pub(crate) added: Vec<(&'static Schema, duijie_vocab::RecordId)>,
    progress: &'a mut dyn FnMut(usize),
    tell: &'a mut dyn FnMut(RowTold),
    read: usize,
}

/// More added records than this are not compared one by one for duplicates.
const COMPARED: usize = 20_000;

impl Import<'_> {
    fn workbook(&mut self, kind: Option<&'static Schema>, source: impl ImportSource) -> Result<(), AppError> {
        let file = self.file;
        let unreadable = |fault: duijie_sheet::ReadFault, sheet: Option<&str>| AppError::Invalid(vec![fault.diagnostic(file, sheet)]);
        let mut workbook = Workbook::open(file, source, &Limits::default()).map_err(|fault| unreadable(fault, None))?;
        let sheets = workbook.sheets().to_vec();
        let kinds = kind.map_or_else(|| self.app.policies().kinds(), |kind| vec![kind]);
        let mut understood = 0;
        for (at, info) in sheets.iter().enumerate().filter(|(_, info)| !info.hidden && !is_guide_sheet(&info.name)) {
            let name = (!info.name.is_empty()).then_some(info.name.as_str());
            let mut rows = workbook.rows(at).map_err(|fault| unreadable(fault, name))?;
            let mut top = Vec::new();
            while top.len() < HEADER_WITHIN
                && let Some(row) = rows.next()
            {
                match row {
                    // A sheet that breaks off does not keep the others out.
                    Err(fault) if fault.ends_reading() => {
                        self.remark(fault.diagnostic(file, name));
                        break;
                    }
                    row => top.push(row),
                }
            }
            let readable: Vec<Row> = top.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
            let names = [file, info.name.as_str()];
            let Some(layout) = understand(&readable, &names, &kinds, &self.options.mapping) else {
                if !readable.is_empty() {
                    self.report.sheets.push(left_out(&info.name));
                }
                continue;
            };
            understood += 1;
            let sheet = SheetImport { at, name: info.name.clone(), layout };
            self.table(sheet, top.into_iter().chain(rows))?;
        }
        if understood > 0 {
            return Ok(());
        }
        let mut faults = std::mem::take(&mut self.report.diagnostics);
        if faults.is_empty() {
            let no_header = Diagnostic::error("import.no_header", text!("没有找到能识别的表头", "no header was found that can be understood"));
            let help = text!("请使用本系统的模板，或用列名对照（--map）说明各列", "use a template of this system, or name the columns with --map");
            faults.push(no_header.at(Place::file(file)).help(help));
        }
        Err(AppError::Invalid(faults))
    }

    fn table(&mut self, sheet: SheetImport, rows: impl Iterator<Item = Result<Row, duijie_sheet::ReadFault>>) -> Result<(), AppError> {
        let name = (!sheet.name.is_empty()).then_some(sheet.name.as_str());
        for fault in sheet.remarks(self.file) {
            self.remark(fault);
        }
        let mut report = sheet.report(self.file);
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut samples: Vec<(u32, Vec<String>)> = Vec::new();
        let mut outcomes = SheetOutcomes::default();
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(fault) if fault.ends_reading() => {
                    // What was read so far stands; the rest of the file is told as missing.
                    self.remark(fault.diagnostic(self.file, name));
                    break;
                }
                Err(fault) => {
                    report.rows += 1;
                    self.report.refused += 1;
                    self.remark(fault.diagnostic(self.file, name));
                    continue;
                }
            };
            if row.number < sheet.layout.header.first_data_row() || is_blank_row(&row) || is_sum_row(&row) || is_footnote_row(&row) {
                continue;
            }
            report.rows += 1;
            self.read += 1;
            if self.read.is_multiple_of(500) {
                (self.progress)(self.read);
            }
            if samples.len() < SAMPLE {
                samples.push((row.number, sheet.cells(&row)));
            }
            for read in sheet.read(self.file, &row) {
                match read {
                    Ok(good) => self.take(sheet.layout.schema, good, &mut chunk, &sheet, &mut outcomes),
                    Err(told) => self.note(told, &sheet, &mut outcomes),
                }
            }
            if chunk.len() >= CHUNK {
                self.write(sheet.layout.schema, std::mem::take(&mut chunk), &sheet, &mut outcomes)?;
            }
        }
        self.write(sheet.layout.schema, chunk, &sheet, &mut outcomes)?;
        for (row, cells) in samples {
            let told = outcomes.samples.remove(&row);
            let (title, outcome, faults) = told.map_or((String::new(), "", Vec::new()), |told| (told.title, told.outcome.as_str(), told.diagnostics));
            report.sample.push(SampleRow { row, title, outcome: outcome.to_string(), cells, faults });
        }
        self.report.sheets.push(report);
        Ok(())
    }

    /// A row whose fields are good: into the chunk, unless an earlier row of the file was the same record.
    fn take(&mut self, schema: &'static Schema, mut good: GoodRow, chunk: &mut Vec<GoodRow>, sheet: &SheetImport, outcomes: &mut SheetOutcomes) {
        let own_region = match &good.given {
            Given::Fields(checked) => checked.region,
            Given::Whole(record) => Some(record.region),
        };
        let region = own_region.or(self.options.region).unwrap_or(RegionCode::NATION);
        let told = |outcome, diagnostic| Told {
            row: good.row,
            outcome,
            id: None,
            title: schema.title_of(good.given.body()).to_string(),
            diagnostics: vec![diagnostic],
            kept_curated: 0,
        };
        let told = match self.seen.look(schema, good.given.body(), region, good.row) {
            Seen::First(occurrence) => {
                good.occurrence = occurrence;
                chunk.push(good);
                return;
            }
            Seen::Same(first) => {
                let same = Diagnostic::note("import.same_row", text!("与第 {first} 行完全相同，只记一次", "the same as row {first}, kept once"));
                told(Outcome::Unchanged, same.at(good.place.clone()))
            }
            Seen::Differs(first, key) => told(Outcome::Refused, import_rows::refuse_repeated(schema, &key, first, good.place.clone())),
        };
        self.note(told, sheet, outcomes);
    }

    fn write(&mut self, schema: &'static Schema, rows: Vec<GoodRow>, sheet: &SheetImport, outcomes: &mut SheetOutcomes) -> Result<(), AppError> {
        for told in self.write_chunk(schema, rows)? {
            self.note(told, sheet, outcomes);
        }
        Ok(())
    }

    pub(crate) fn write_chunk(&mut self, schema: &'static Schema, rows: Vec<GoodRow>) -> Result<Vec<Told>, AppError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let begin = ImportBegun { digest: self.digest, file: self.file.to_string(), rows_kind: schema.kind.clone() };
        let begin = self.begun.is_none().then_some(begin);
        let chunk = Chunk { schema, rows, viewer: self.viewer.clone(), region: self.options.region, begin };
        if self.options.dry_run {
            let now = self.app.now();
            return self.app.store().read(|view| import_rows::preview(&chunk, view, now));
        }
        let written = self.app.write(&self.actor()?, move |tx| import_rows::write(&chunk, tx))?;
        self.begun = self.begun.or(written.begun);
        for told in written.told.iter().filter(|told| told.outcome == Outcome::Added) {
            if self.added.len() <= COMPARED
                && let Some(id) = &told.id
            {
                self.added.push((schema, id.clone()));
            }
        }
        Ok(written.told)
    }

    fn actor(&self) -> Result<Actor, AppError> {
        self.app.actor(self.viewer)
    }

    fn note(&mut self, told: Told, sheet: &SheetImport, outcomes: &mut SheetOutcomes) {
        let text = told_text(&told);
        (self.tell)(RowTold { sheet: sheet.at, header_row: sheet.layout.header.last_row, row: told.row, outcome: told.outcome, text });
        self.count(&told);
        if outcomes.samples.len() < SAMPLE * 4 {
            outcomes.samples.insert(told.row, told);
        }
    }

    pub(crate) fn count(&mut self, told: &Told) {
        match told.outcome {
            Outcome::Added => self.report.added += 1,
            Outcome::Changed => self.report.changed += 1,
            Outcome::Unchanged => self.report.unchanged += 1,
            Outcome::Refused => self.report.refused += 1,
        }
        self.report.kept_curated += told.kept_curated;
        for diagnostic in &told.diagnostics {
            self.remark(diagnostic.clone());
        }
    }

    pub(crate) fn remark(&mut self, diagnostic: Diagnostic) {
        self.report.diagnostics_total += 1;
        if self.report.diagnostics.len() < ImportReport::MAX_DIAGNOSTICS {
            self.report.diagnostics.push(diagnostic);
        }
    }

    pub(crate) fn progressed(&mut self, rows: usize) {
        self.read += rows;
        (self.progress)(self.read);
    }

    fn finish(mut self) -> Result<ImportReport, AppError> {
        (self.progress)(self.read);
        let interrupted = if self.options.dry_run || self.begun.is_some() { None } else { self.app.interrupted_import(self.digest)? };
        if let Some(import) = self.begun.or(interrupted) {
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let report = &self.report;
            let finished = ImportFinished {
                added: count(report.added),
                changed: count(report.changed),
                import,
                refused: count(report.refused),
                unchanged: count(report.unchanged),
            };
            self.app.write(&self.actor()?, move |tx| Ok::<_, AppError>(tx.append(Event::ImportFinished(finished.clone()), None)?))?;
        }
        if self.added.len() <= COMPARED && !self.added.is_empty() {
            self.report.duplicates = self.app.duplicates_of(&self.added)?;
        }
        self.report.head = self.app.store().read(|view| view.head())?.seq;
        Ok(self.report)
    }
}

/// Imports that were announced and not concluded, newest first: they run now, or broke off.
pub(crate) fn open_imports(view: &mut View<'_>) -> Result<Vec<(i64, ImportBegun)>, AppError> {
    let mut finished = HashSet::new();
    let mut seen = HashSet::new();
    let mut open = Vec::new();
    for entry in view.entries_about("import", i64::MAX, IMPORTS_LOOKED_AT)? {
        match entry.entry.event {
            Event::ImportFinished(end) => drop(finished.insert(end.import)),
            // Of several imports of one file only the last tells how it stands.
            Event::ImportBegun(begun) if seen.insert(begun.digest) && !finished.contains(&entry.entry.seq) => open.push((entry.entry.seq, begun)),
            _ => {}
        }
    }
    Ok(open)
}

/// How many entries about imports are looked at for those that broke off.
const IMPORTS_LOOKED_AT: usize = 500;

impl App {
    /// The import of the same file that broke off, which this one concludes.
    fn interrupted_import(&self, digest: Digest) -> Result<Option<i64>, AppError> {
        let open = self.store().read(open_imports)?;
        Ok(open.into_iter().find(|(_, begun)| begun.digest == digest).map(|(seq, _)| seq))
    }
}

fn told_text(told: &Told) -> Text {
    let base = match told.outcome {
        Outcome::Added => text!("已导入", "imported"),
        Outcome::Changed => text!("已更新", "updated"),
        Outcome::Unchanged => text!("无变化", "unchanged"),
        Outcome::Refused => text!("未导入", "refused"),
    };
    let mut zh = vec![base.zh];
    let mut en = vec![base.en];
    for diagnostic in &told.diagnostics {
        zh.push(Diagnostic { place: Place::default(), ..diagnostic.clone() }.line(duijie_vocab::Lang::Zh));
        en.push(Diagnostic { place: Place::default(), ..diagnostic.clone() }.line(duijie_vocab::Lang::En));
    }
    Text::new(zh.join("；"), en.join("; "))
}

fn left_out(sheet: &str) -> SheetReport {
    SheetReport {
        sheet: sheet.to_string(),
        kind: None,
        kind_name: text!("未识别", "not understood"),
        header_row: 0,
        columns: Vec::new(),
        rows: 0,
        sample: Vec::new(),
    }
}

/// What became of the rows that the preview shows.
#[derive(Default)]
struct SheetOutcomes {
    samples: std::collections::HashMap<u32, Told>,
}

/// A sheet that is being read.
struct SheetImport {
    at: usize,
    name: String,
    layout: Layout,
}

impl SheetImport {
    fn report(&self, file: &str) -> SheetReport {
        let column = |meaning: &crate::columns::Meaning| {
            let field = meaning.holds.field();
            let other = match meaning.holds {
                Holds::SourceFile => text!("来源文件", "source file"),
                Holds::SourceLine => text!("来源行", "source line"),
                Holds::Nothing => text!("不导入", "left out"),
                _ => text!("未识别", "not understood"),
            };
            ColumnView {
                column: duijie_sheet::Address::column_letters(u32::try_from(meaning.column.index).unwrap_or(u32::MAX)),
                header: meaning.column.written.clone(),
                field: field.map(|field| field.key.clone()),
                field_name: field.map_or(other, |field| field.name.clone()),
                unit: meaning.unit_shown.clone(),
            }
        };
        SheetReport {
            sheet: if self.name.is_empty() { file.to_string() } else { self.name.clone() },
            kind: Some(self.layout.schema.kind.clone()),
            kind_name: self.layout.schema.name.clone(),
            header_row: self.layout.header.last_row,
            columns: self.layout.columns.iter().map(column).collect(),
            rows: 0,
            sample: Vec::new(),
        }
    }

    /// A remark for each column that is left out because nobody understands it.
    fn remarks<'a>(&'a self, file: &'a str) -> impl Iterator<Item = Diagnostic> + 'a {
        let unknown = self.layout.columns.iter().filter(|meaning| matches!(meaning.holds, Holds::Unknown));
        unknown.map(move |meaning| {
            let header = &meaning.column.written;
            let help = match self.layout.schema.kind.as_str() {
                "facts" | "organization" => text!(
                    "如需导入，请改用模板中的列名，或指定对应字段；本地指标先在 facts.yaml 中声明并导入",
                    "to import it, use the column name of the template or map it to a field; declare a fact of your own in facts.yaml and import that first"
                ),
                _ => text!("如需导入，请改用模板中的列名，或指定对应字段", "to import it, use the column name of the template or map it to a field"),
            };
            Diagnostic::warning("import.unknown_column", text!("列“{header}”不认识，其内容不导入", "the column “{header}” is not known and is left out"))
                .at(self.place(file, self.layout.header.last_row, Some(meaning.column.index)))
                .help(help)
        })
    }

    fn place(&self, file: &str, row: u32, column: Option<usize>) -> Place {
        let cell = column.map(|column| format!("{}{row}", duijie_sheet::Address::column_letters(u32::try_from(column).unwrap_or(u32::MAX))));
        Place { sheet: (!self.name.is_empty()).then(|| self.name.clone()), row: cell.is_none().then_some(row), cell, ..Place::file(file) }
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        self.layout.columns.iter().map(|meaning| row.text(meaning.column.index).chars().take(60).collect()).collect()
    }

    /// What a row says: one record, or one for each year that its columns name and it fills.
    fn read(&self, file: &str, row: &Row) -> Vec<Result<GoodRow, Told>> {
        let mut years: Vec<&str> = Vec::new();
        for meaning in &self.layout.columns {
            let filled = meaning.year.as_deref().filter(|_| !row.value(meaning.column.index).is_blank());
            years.extend(filled.filter(|year| !years.contains(year)));
        }
        if years.is_empty() { vec![self.read_one(file, row, None)] } else { years.into_iter().map(|year| self.read_one(file, row, Some(year))).collect() }
    }

    fn read_one(&self, file: &str, row: &Row, year: Option<&str>) -> Result<GoodRow, Told> {
        let place = self.place(file, row.number, None);
        let mut source = Source { file: file.to_string(), sheet: self.name.clone(), row: Some(row.number) };
        let mut draft = Draft { fields: Vec::with_capacity(self.layout.columns.len()), place: place.clone() };
        if let Some(year) = year {
            draft.fields.push(DraftField { key: PERIOD.to_string(), raw: Raw::Text(year.to_string()), units: Units::default(), place: place.clone() });
        }
        let mut halves = Halves::default();
        for meaning in self.layout.columns.iter().filter(|meaning| meaning.year.is_none() || meaning.year.as_deref() == year) {
            let value = row.value(meaning.column.index);
            if value.is_blank() {
                continue;
            }
            match &meaning.holds {
                Holds::Field(field) => draft.fields.push(DraftField {
                    key: field.key.clone(),
                    raw: in_system(field, raw(value), &meaning.column.written),
                    units: meaning.units,
                    place: self.place(file, row.number, Some(meaning.column.index)),
                }),
                Holds::Longitude(field) | Holds::Latitude(field) => {
                    halves.add(field, &meaning.holds, &raw(value), &meaning.column.written, self.place(file, row.number, Some(meaning.column.index)));
                }
                Holds::SourceFile => source = Source { file: value.as_text().trim().to_string(), sheet: String::new(), row: None },
                Holds::SourceLine => source.row = value.as_text().trim().parse().ok(),
                Holds::Nothing | Holds::Unknown => {}
            }
        }
        draft.fields.extend(halves.whole().filter(|whole| draft.fields.iter().all(|given| given.key != whole.key)));
        match check_draft(self.layout.schema, &draft) {
            Ok(checked) => Ok(GoodRow { row: row.number, place, source, given: Given::Fields(checked), occurrence: 1 }),
            Err(diagnostics) => {
                let title = self.title(row);
                Err(Told { row: row.number, outcome: Outcome::Refused, id: None, title, diagnostics, kept_curated: 0 })
            }
        }
    }

    fn title(&self, row: &Row) -> String {
        let of_title = self.layout.columns.iter().find(|meaning| matches!(meaning.holds, Holds::Field(field) if field.key == self.layout.schema.title));
        of_title.map_or(String::new(), |meaning| row.text(meaning.column.index).chars().take(60).collect())
    }
}

fn raw(value: &CellValue) -> Raw {
    match value {
        CellValue::Empty => Raw::Text(String::new()),
        CellValue::Text(text) => Raw::Text(text.clone()),
        CellValue::Number(number) => Raw::Number { digits: number.digits().to_string(), lossy: number.is_lossy() },
        CellValue::Bool(truth) => Raw::Bool(*truth),
        CellValue::Date(date) => Raw::Date(*date),
        CellValue::Error(fault) => Raw::Fault(fault.clone()),
    }
}
