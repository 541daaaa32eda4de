//! Tables as an xlsx workbook. Every text is written as a string cell; no cell is ever a formula.

use crate::formula::looks_like_formula;
use crate::{About, Address, Column, ColumnKind, Storage, Table, Value, WriteFault, Written, style};
use duijie_vocab::{Date, Decimal, Diagnostic, MoneyUnit, Place, Timestamp, text};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Url, Workbook, Worksheet, XlsxError};

/// Excel's own bounds.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u16 = 16_384;
const MAX_CELL: usize = 32_767;
const MAX_SHEET_NAME: usize = 31;
/// What is kept of a text that does not fit, in UTF-16 units, and the mark behind it.
const KEPT: usize = 32_700;
const CUT_MARK: &str = "…【内容过长，已截断 / text cut】";
/// Links that a worksheet can hold; those after it are written as text.
const MAX_LINKS: usize = 65_530;
/// The longest link.
const MAX_URL: usize = 2_000;
/// Rows whose content a column's width is fitted to.
const FITTED_ROWS: usize = 200;
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;

/// Writes `tables` as the sheets of one workbook, each with its header frozen and a filter on it. The
/// same tables and `about` give the same bytes. A text too long for a cell is cut with a visible mark
/// and reported.
pub fn write_workbook(tables: Vec<Table<'_>>, about: &About, storage: Storage<'_>) -> Result<Written, WriteFault> {
    if tables.is_empty() {
        return Err(WriteFault::NoTable);
    }
    let mut workbook = new_workbook(about)?;
    let mut diagnostics = Vec::new();
    let mut names = SheetNames::default();
    for table in tables {
        let sheet = match storage {
            Storage::Memory => workbook.add_worksheet(),
            Storage::Folder(folder) => {
                workbook.set_tempdir(folder)?;
                workbook.add_worksheet_with_constant_memory()?
            }
        };
        sheet.set_name(names.fit(&table.name))?;
        write_table(sheet, table, &mut diagnostics)?;
    }
    Ok(Written { bytes: workbook.save_to_buffer()?, diagnostics })
}

/// A workbook with `about` in its properties.
pub(crate) fn new_workbook(about: &About) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let created = creation_time(about.created)?;
    let properties = DocProperties::new().set_title(&about.title).set_author(&about.creator).set_creation_datetime(&created);
    workbook.set_properties(&properties);
    Ok(workbook)
}

fn creation_time(at: Timestamp) -> Result<ExcelDateTime, XlsxError> {
    // A workbook's times start in 1900.
    ExcelDateTime::from_timestamp(at.micros().div_euclid(1_000_000).max(0))
}

/// Names of sheets as spreadsheets accept them: at most 31 characters, without `[]:*?/\`, no
/// apostrophe at either end, no two alike.
#[derive(Default)]
pub(crate) struct SheetNames {
    used: Vec<String>,
}

impl SheetNames {
    pub(crate) fn fit(&mut self, name: &str) -> String {
        let allowed: String = name.chars().map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') || c.is_control() { ' ' } else { c }).collect();
        let bare = allowed.trim().trim_matches('\'').trim();
        let bare = if bare.is_empty() || bare.eq_ignore_ascii_case("history") { "Sheet" } else { bare };
        let mut candidate = cut_units(bare, MAX_SHEET_NAME).trim_end_matches(['\'', ' ']).to_string();
        let mut count = 1;
        while self.used.contains(&candidate.to_lowercase()) {
            count += 1;
            let suffix = format!(" ({count})");
            candidate = format!("{}{suffix}", cut_units(bare, MAX_SHEET_NAME - suffix.len()));
        }
        self.used.push(candidate.to_lowercase());
        candidate
    }
}

fn write_table(sheet: &mut Worksheet, table: Table<'_>, diagnostics: &mut Vec<Diagnostic>) -> Result<(), WriteFault> {
    let Table { name, titles, columns, rows } = table;
    let column_count = u16::try_from(columns.len())
        .ok()
        .filter(|&count| count <= MAX_COLUMNS)
        .ok_or(WriteFault::TooManyColumns { table: name.clone(), limit: MAX_COLUMNS })?;
    let mut at = 0u32;
    for title in &titles {
        write_banner(sheet, at, column_count, title, &style::title())?;
        at += 1;
    }
    let header_row = at;
    let mut cells = CellWriter::new(&name, &columns, diagnostics);
    for (index, column) in (0u16..).zip(&columns) {
        sheet.write_string_with_format(header_row, index, column.shown_header(), &style::header())?;
    }
    for row in rows {
        at += 1;
        if at >= MAX_ROWS {
            return Err(WriteFault::TooManyRows { table: name.clone(), limit: MAX_ROWS });
        }
        for (index, value) in (0u16..column_count).zip(&row) {
            cells.write(sheet, at, index, value)?;
        }
    }
    cells.fit_widths(sheet)?;
    sheet.set_freeze_panes(header_row + 1, 0)?;
    if column_count > 0 {
        sheet.autofilter(header_row, 0, at, column_count - 1)?;
    }
    Ok(())
}

/// A text over the whole width of a table.
pub(crate) fn write_banner(sheet: &mut Worksheet, row: u32, width: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
    let text = cut_units(text, KEPT);
    if width > 1 {
        sheet.merge_range(row, 0, row, width - 1, text, format)?;
    } else {
        sheet.write_string_with_format(row, 0, text, format)?;
    }
    Ok(())
}

/// Writes values cell by cell and remembers how wide they are.
struct CellWriter<'a> {
    table: &'a str,
    columns: &'a [Column],
    formats: Vec<Format>,
    quoted: Format,
    wrapped: Format,
    text: Format,
    widths: Vec<usize>,
    fitted: usize,
    links: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> CellWriter<'a> {
    fn new(table: &'a str, columns: &'a [Column], diagnostics: &'a mut Vec<Diagnostic>) -> CellWriter<'a> {
        CellWriter {
            table,
            columns,
            formats: columns.iter().map(|column| format_of(column.kind)).collect(),
            quoted: style::quoted(),
            wrapped: style::wrapped(),
            text: style::text(),
            // The arrow of the filter takes the room of two characters.
            widths: columns.iter().map(|column| style::shown_width(&column.shown_header()) + 2).collect(),
            fitted: 0,
            links: 0,
            diagnostics,
        }
    }

    fn write(&mut self, sheet: &mut Worksheet, row: u32, index: u16, value: &Value) -> Result<(), WriteFault> {
        let column = usize::from(index);
        let kind = self.columns[column].kind;
        self.fit(column, value, kind);
        match (value, kind) {
            (Value::Empty, _) => (),
            (Value::Integer(whole), ColumnKind::Integer) => self.number(sheet, row, index, Decimal::new(i128::from(*whole), 0))?,
            (Value::Integer(whole), ColumnKind::Decimal) => self.number(sheet, row, index, Decimal::new(i128::from(*whole), 0))?,
            (Value::Decimal(number), ColumnKind::Decimal | ColumnKind::Integer) => self.number(sheet, row, index, *number)?,
            (Value::Money(amount), ColumnKind::Money(unit)) => self.number(sheet, row, index, amount.in_unit(unit))?,
            (Value::Ratio(ratio), ColumnKind::Percent) => self.number(sheet, row, index, *ratio)?,
            (Value::Date(date), ColumnKind::Date) => self.date(sheet, row, index, *date)?,
            (Value::Bool(value), _) => {
                sheet.write_boolean_with_format(row, index, *value, &self.text)?;
            }
            (Value::Link { url, text }, _) => self.link(sheet, row, index, url, text)?,
            (value, kind) => self.words(sheet, row, index, &value.shown(kind))?,
        }
        Ok(())
    }

    /// Numbers go into cells as doubles; one that a double would change is written as text.
    fn number(&mut self, sheet: &mut Worksheet, row: u32, index: u16, number: Decimal) -> Result<(), WriteFault> {
        let digits = number.to_string();
        match exact_double(number) {
            Some(double) => {
                sheet.write_number_with_format(row, index, double, &self.formats[usize::from(index)])?;
                Ok(())
            }
            None => self.words(sheet, row, index, &digits),
        }
    }

    /// Dates known to the day from 1900-03-01 on, where all date systems agree, are date cells; others
    /// are text, which reads back as the same date.
    fn date(&mut self, sheet: &mut Worksheet, row: u32, index: u16, date: Date) -> Result<(), WriteFault> {
        match date_serial(date) {
            Some(serial) => {
                sheet.write_number_with_format(row, index, serial, &self.formats[usize::from(index)])?;
                Ok(())
            }
            None => self.words(sheet, row, index, &date.to_string()),
        }
    }

    /// A link if it is a plain web address, else words: a spreadsheet follows links to programs and
    /// files as well.
    fn link(&mut self, sheet: &mut Worksheet, row: u32, index: u16, url: &str, text: &str) -> Result<(), WriteFault> {
        let shown = if text.is_empty() { url } else { text };
        let is_web = (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace) && url.len() <= MAX_URL;
        if !is_web || self.links >= MAX_LINKS || utf16_len(shown) > MAX_CELL {
            return self.words(sheet, row, index, shown);
        }
        self.links += 1;
        sheet.write_url_with_options(row, index, Url::new(url).set_text(shown), shown, "", Some(&style::link()))?;
        Ok(())
    }

    fn words(&mut self, sheet: &mut Worksheet, row: u32, index: u16, words: &str) -> Result<(), WriteFault> {
        let format = if looks_like_formula(words) {
            &self.quoted
        } else if words.contains('\n') {
            &self.wrapped
        } else {
            &self.text
        };
        match cut_text(words) {
            None => sheet.write_string_with_format(row, index, words, format)?,
            Some(cut) => {
                self.diagnostics.push(cut_diagnostic(self.table, Address::new(row, u32::from(index)), words));
                sheet.write_string_with_format(row, index, cut, format)?
            }
        };
        Ok(())
    }

    fn fit(&mut self, column: usize, value: &Value, kind: ColumnKind) {
        if self.fitted < FITTED_ROWS * self.columns.len() {
            self.fitted += 1;
            self.widths[column] = self.widths[column].max(style::shown_width(&value.shown(kind)) + 1);
        }
    }

    fn fit_widths(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        for ((index, column), &fitted) in (0u16..).zip(self.columns).zip(&self.widths) {
            let width = column.width.map_or(fitted.clamp(*WIDTHS.start(), *WIDTHS.end()), usize::from);
            sheet.set_column_width(index, width.min(255) as f64)?;
        }
        Ok(())
    }
}

/// What is written of a text that does not fit into a cell; nothing if it fits.
pub(crate) fn cut_text(words: &str) -> Option<String> {
    (utf16_len(words) > MAX_CELL).then(|| format!("{}{CUT_MARK}", cut_units(words, KEPT)))
}

pub(crate) fn cut_diagnostic(sheet: &str, at: Address, words: &str) -> Diagnostic {
    let chars = words.chars().count();
    let place = Place { sheet: Some(sheet.to_string()), cell: Some(at.to_string()), ..Place::default() };
    let message =
        text!("单元格 {at} 有 {chars} 个字符，超出 xlsx 单元格上限，已截断", "cell {at} has {chars} characters, more than an xlsx cell holds, and was cut");
    let help = text!("导出为 csv 可保留全文", "export as csv to keep the whole text");
    Diagnostic::warning("sheet.text_cut", message).at(place).help(help)
}

fn format_of(kind: ColumnKind) -> Format {
    match kind {
        ColumnKind::Text | ColumnKind::Link => style::text(),
        ColumnKind::Integer => style::number("0"),
        ColumnKind::Money(MoneyUnit::Fen) => style::number("#,##0"),
        ColumnKind::Money(MoneyUnit::Yuan) => style::number("#,##0.00"),
        // Optional places (`0.##`) would show whole amounts with a bare point.
        ColumnKind::Decimal | ColumnKind::Money(_) => style::number("General"),
        ColumnKind::Date => style::number("yyyy-mm-dd"),
        ColumnKind::Percent => style::number("0.00%"),
    }
}

/// The double that stands for exactly this number in a spreadsheet: up to 15 significant digits.
pub(crate) fn exact_double(number: Decimal) -> Option<f64> {
    let significant = number.digits().unsigned_abs();
    let exact = significant < 1_000_000_000_000_000 && number.scale() <= 20;
    exact.then(|| number.to_string().parse().ok()).flatten()
}

/// The serial number of a full date from 1900-03-01 on (ECMA-376 part 1, 18.17.4.1); the days before
/// it differ between programs, because Excel believes in 1900-02-29.
pub(crate) fn date_serial(date: Date) -> Option<f64> {
    const UNIX_EPOCH: i32 = 25_569;
    const MARCH_1900: i32 = 61;
    date.day()?;
    let serial = date.days_since_epoch() + UNIX_EPOCH;
    (serial >= MARCH_1900).then_some(f64::from(serial))
}

fn utf16_len(text: &str) -> usize {
    if text.len() <= MAX_CELL { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The start of `text`, at most `units` UTF-16 units long.
pub(crate) fn cut_units(text: &str, units: usize) -> &str {
    let mut room = units;
    for (at, c) in text.char_indices() {
        match room.checked_sub(c.len_utf16()) {
            Some(left) => room = left,
            None => return &text[..at],
        }
    }
    text
}
