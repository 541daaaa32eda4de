//! A file as it was handed in, with one more column that tells what became of each row.
//!
//! A workbook is written anew: values, merged ranges and hidden sheets stay; fonts, colours, column
//! widths, drop-downs, pictures and charts do not, formulas become their values, errors and times of
//! day their text, a date loses its time of day, and a month is written as `2021-03`. A csv comes back
//! as csv, now in UTF-8 and with commas, because its cells may be longer than those of a workbook and
//! its rows more.

use crate::formula::{guard, looks_like_formula};
use crate::write_xlsx::{SheetNames, cut_diagnostic, cut_text, date_serial, new_workbook};
use crate::{About, Address, CellRange, CellValue, Format, Limits, ReadFault, Row, Workbook, style, write_csv};
use duijie_vocab::{Diagnostic, Lang, Text, text};
use rust_xlsxwriter::{Format as CellFormat, Worksheet, XlsxError};
use std::collections::BTreeMap;

/// The header of the added column, in Chinese and in English.
pub const RESULT_HEADERS: [&str; 2] = ["导入结果", "Import result"];

/// Whether a column of that header was added by [`annotate`]; importing the file again skips it.
pub fn is_result_header(header: &str) -> bool {
    RESULT_HEADERS.iter().any(|result| header.trim().eq_ignore_ascii_case(result))
}

/// What became of the rows of one sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetResult {
    /// The sheet, from 0.
    pub sheet: usize,
    /// The number of the header's last row; 0 if the sheet has none.
    pub header_row: u32,
    /// In any order; several of one row are put together.
    pub notes: Vec<RowNote>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowNote {
    /// The row's number, from 1.
    pub row: u32,
    pub verdict: Verdict,
    /// Why, for the person who filled in the row; may be empty.
    pub text: String,
}

/// What became of a row; of several the last in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Unchanged,
    Accepted,
    /// Accepted, but somebody should look.
    Remarked,
    Refused,
}

impl Verdict {
    fn words(self) -> Text {
        match self {
            Verdict::Unchanged => text!("未变", "unchanged"),
            Verdict::Accepted => text!("已导入", "imported"),
            Verdict::Remarked => text!("已导入，请核对", "imported, please check"),
            Verdict::Refused => text!("未导入", "not imported"),
        }
    }

    fn fill(self) -> u32 {
        match self {
            Verdict::Unchanged => 0x00F1_F3F4,
            Verdict::Accepted => 0x00E3_F1E5,
            Verdict::Remarked => 0x00FB_F0D5,
            Verdict::Refused => 0x00F8_DEDB,
        }
    }
}

/// The annotated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotated {
    pub bytes: Vec<u8>,
    /// The same format as the file that was handed in.
    pub format: Format,
    /// Cells that could not be kept, and why.
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, thiserror::Error)]
pub enum AnnotateFault {
    #[error(transparent)]
    Read(#[from] ReadFault),
    #[error("the annotated workbook cannot be written")]
    Xlsx(#[from] XlsxError),
    #[error("the annotated text file cannot be written")]
    Csv(#[from] csv::Error),
    #[error("the annotated text file cannot be written")]
    Io(#[from] std::io::Error),
}

/// Writes the file in `bytes` again with a column of results behind its last column, or in place of
/// the results of an earlier import. Rows that could not be read hold their fault there instead. A
/// workbook is kept in memory while it is written, about 6 KiB for a row of fifteen cells.
pub fn annotate(name: &str, bytes: Vec<u8>, results: &[SheetResult], limits: &Limits, about: &About, lang: Lang) -> Result<Annotated, AnnotateFault> {
    let mut workbook = crate::read(name, bytes, limits)?;
    let mut diagnostics = Vec::new();
    let format = workbook.format();
    let bytes = match format {
        Format::Csv => annotated_csv(&mut workbook, results, lang, &mut diagnostics)?,
        Format::Xlsx => annotated_xlsx(&mut workbook, results, about, lang, &mut diagnostics)?,
    };
    Ok(Annotated { bytes, format, diagnostics })
}

/// What is told of each row, by number, and the column that tells it.
struct Results {
    header_row: u32,
    column: usize,
    by_row: BTreeMap<u32, (Verdict, String)>,
    lang: Lang,
}

impl Results {
    /// Goes through the sheet once to find where the column of results belongs.
    fn of(workbook: &mut Workbook, result: &SheetResult, lang: Lang) -> Result<Results, ReadFault> {
        let mut width = 0;
        let mut earlier = None;
        for row in workbook.rows(result.sheet)? {
            match row {
                Ok(row) if row.number >= result.header_row => {
                    width = width.max(row.width());
                    if row.number == result.header_row {
                        earlier = row.filled().find(|(_, cell)| is_result_header(&cell.as_text())).map(|(index, _)| index);
                    }
                }
                Err(fault) if fault.ends_reading() => return Err(fault),
                _ => (),
            }
        }
        let by_row = put_together(&result.notes, lang);
        Ok(Results { header_row: result.header_row, column: earlier.unwrap_or(width), by_row, lang })
    }

    fn header(&self) -> &'static str {
        RESULT_HEADERS[if self.lang == Lang::Zh { 0 } else { 1 }]
    }
}

/// One verdict and one text per row.
fn put_together(notes: &[RowNote], lang: Lang) -> BTreeMap<u32, (Verdict, String)> {
    let mut by_row: BTreeMap<u32, (Verdict, Vec<&str>)> = BTreeMap::new();
    for note in notes {
        let (verdict, texts) = by_row.entry(note.row).or_insert((note.verdict, Vec::new()));
        *verdict = note.verdict.max(*verdict);
        if !note.text.trim().is_empty() {
            texts.push(note.text.trim());
        }
    }
    by_row.into_iter().map(|(row, (verdict, texts))| (row, (verdict, result_text(verdict, &texts, lang)))).collect()
}

fn result_text(verdict: Verdict, texts: &[&str], lang: Lang) -> String {
    let words = verdict.words();
    let (colon, comma) = match lang {
        Lang::Zh => ("：", "；"),
        Lang::En => (": ", "; "),
    };
    let told = words.get(lang);
    if texts.is_empty() { told.to_string() } else { format!("{told}{colon}{}", texts.join(comma)) }
}

/// The row of a fault that refused one, as far as the fault tells.
fn refused_row(fault: &ReadFault) -> Option<u32> {
    match fault {
        ReadFault::CellTooLong { at, .. } | ReadFault::StrayQuote { at, .. } => at.row.checked_add(1),
        ReadFault::RowTooLong { row, .. } => Some(*row),
        _ => None,
    }
}

fn annotated_csv(workbook: &mut Workbook, results: &[SheetResult], lang: Lang, diagnostics: &mut Vec<Diagnostic>) -> Result<Vec<u8>, AnnotateFault> {
    let results = match results.first() {
        Some(result) => Some(Results::of(workbook, result, lang)?),
        None => None,
    };
    let mut out = b"\xef\xbb\xbf".to_vec();
    let mut csv = write_csv::writer(&mut out);
    let name = workbook.name().to_string();
    for row in workbook.rows(0)? {
        match row {
            Ok(row) => csv.write_record(csv_cells(&row, results.as_ref()))?,
            Err(fault) if fault.ends_reading() => return Err(fault.into()),
            Err(fault) => {
                let diagnostic = fault.diagnostic(&name, None);
                if let Some(results) = results.as_ref().filter(|_| diagnostic.is_error()) {
                    let told = result_text(Verdict::Refused, &[diagnostic.message.get(lang)], lang);
                    let blank = std::iter::repeat_n(String::new(), results.column);
                    csv.write_record(blank.chain([told]))?;
                }
                diagnostics.push(diagnostic);
            }
        }
    }
    csv.flush()?;
    drop(csv);
    Ok(out)
}

fn csv_cells(row: &Row, results: Option<&Results>) -> Vec<String> {
    let mut cells: Vec<String> = row.cells.iter().map(|cell| guard(&cell.as_text()).into_owned()).collect();
    if let Some(results) = results {
        let told = match results.by_row.get(&row.number) {
            Some((_, text)) => guard(text).into_owned(),
            None if row.number == results.header_row => results.header().to_string(),
            None => String::new(),
        };
        if cells.len() <= results.column && row.number >= results.header_row {
            cells.resize(results.column + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(results.column).filter(|_| row.number >= results.header_row) {
            *cell = told;
        }
    }
    cells
}

fn annotated_xlsx(
    workbook: &mut Workbook,
    results: &[SheetResult],
    about: &About,
    lang: Lang,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<u8>, AnnotateFault> {
    let mut written = new_workbook(about)?;
    let mut names = SheetNames::default();
    let formats = CopyFormats::new();
    let infos = workbook.sheets().to_vec();
    // A workbook shows at least one sheet; the first that is shown opens.
    let opens = infos.iter().position(|info| !info.hidden).unwrap_or(0);
    for (index, info) in infos.iter().enumerate() {
        let results = match results.iter().find(|result| result.sheet == index) {
            Some(result) => Some(Results::of(workbook, result, lang)?),
            None => None,
        };
        let sheet = written.add_worksheet();
        sheet.set_name(names.fit(&info.name))?;
        if index == opens {
            sheet.set_active(true);
        } else {
            sheet.set_hidden(info.hidden);
        }
        let merges = workbook.merges(index)?;
        let mut copy = SheetCopy { name: &info.name, sheet, formats: &formats, widths: BTreeMap::new(), cut: Vec::new() };
        copy.merge(&merges)?;
        let name = workbook.name().to_string();
        for row in workbook.rows(index)? {
            match row {
                Ok(row) => copy.row(&row, results.as_ref())?,
                Err(fault) if fault.ends_reading() => return Err(fault.into()),
                Err(fault) => {
                    let diagnostic = fault.diagnostic(&name, Some(&info.name));
                    if let (Some(results), Some(row)) = (&results, refused_row(&fault)) {
                        copy.result(row, results.column, Verdict::Refused, &result_text(Verdict::Refused, &[diagnostic.message.get(lang)], lang))?;
                    }
                    diagnostics.push(diagnostic);
                }
            }
        }
        copy.finish(results.as_ref())?;
        diagnostics.append(&mut copy.cut);
    }
    Ok(written.save_to_buffer()?)
}

/// A sheet that is being written as it is read.
struct SheetCopy<'a> {
    name: &'a str,
    sheet: &'a mut Worksheet,
    formats: &'a CopyFormats,
    widths: BTreeMap<u16, usize>,
    /// Texts that did not fit.
    cut: Vec<Diagnostic>,
}

/// The formats of copied cells, made once: a large sheet asks for one per cell.
struct CopyFormats {
    plain: CellFormat,
    percent: CellFormat,
    date: CellFormat,
    words: CellFormat,
    quoted: CellFormat,
    results: [CellFormat; 4],
}

impl CopyFormats {
    fn new() -> CopyFormats {
        let verdicts = [Verdict::Unchanged, Verdict::Accepted, Verdict::Remarked, Verdict::Refused];
        CopyFormats {
            plain: style::text(),
            percent: style::number("0.00%"),
            date: style::number("yyyy-mm-dd"),
            words: style::wrapped(),
            quoted: style::quoted(),
            results: verdicts.map(|verdict| style::result(verdict.fill())),
        }
    }
}

/// Cells of a merged range, each of which is written; larger ranges are left apart.
const MAX_MERGED_CELLS: usize = 100_000;
/// The same for all ranges of a sheet together.
const MAX_ALL_MERGED_CELLS: usize = 2_000_000;

impl SheetCopy<'_> {
    fn merge(&mut self, ranges: &[CellRange]) -> Result<(), XlsxError> {
        let mut room = MAX_ALL_MERGED_CELLS;
        for range in ranges {
            let cells = range.width().saturating_mul(range.height());
            let (Ok(first), Ok(last)) = (u16::try_from(range.first.column), u16::try_from(range.last.column)) else { continue };
            if cells < 2 || cells > MAX_MERGED_CELLS.min(room) {
                continue;
            }
            room -= cells;
            match self.sheet.merge_range(range.first.row, first, range.last.row, last, "", &self.formats.words) {
                // Ranges that overlap or lie outside exist in damaged files only.
                Ok(_) | Err(XlsxError::MergeRangeOverlaps(..) | XlsxError::RowColumnLimitError | XlsxError::RowColumnOrderError) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &Row, results: Option<&Results>) -> Result<(), XlsxError> {
        let results = results.filter(|results| row.number >= results.header_row);
        for (index, value) in (0u16..).zip(&row.cells) {
            if results.is_none_or(|results| results.column != usize::from(index)) {
                self.cell(row.number - 1, index, value)?;
            }
        }
        let Some(results) = results else { return Ok(()) };
        match results.by_row.get(&row.number) {
            Some((verdict, text)) => self.result(row.number, results.column, *verdict, text),
            None if row.number == results.header_row => {
                self.sheet.write_string_with_format(row.number - 1, results.column as u16, results.header(), &style::header())?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn cell(&mut self, row: u32, column: u16, value: &CellValue) -> Result<(), XlsxError> {
        let shown = value.as_text();
        let fitted = self.widths.entry(column).or_default();
        *fitted = (*fitted).max(style::shown_width(&shown).min(60));
        match value {
            CellValue::Empty => (),
            CellValue::Number(number) => match number.digits().parse::<f64>() {
                Ok(double) if double.is_finite() => {
                    let format = if number.is_percent() { &self.formats.percent } else { &self.formats.plain };
                    self.sheet.write_number_with_format(row, column, double, format)?;
                }
                _ => self.words(row, column, &shown)?,
            },
            CellValue::Bool(value) => {
                self.sheet.write_boolean(row, column, *value)?;
            }
            CellValue::Date(date) => match date_serial(*date) {
                Some(serial) => {
                    self.sheet.write_number_with_format(row, column, serial, &self.formats.date)?;
                }
                None => self.words(row, column, &shown)?,
            },
            CellValue::Text(_) | CellValue::Error(_) => self.words(row, column, &shown)?,
        }
        Ok(())
    }

    fn words(&mut self, row: u32, column: u16, words: &str) -> Result<(), XlsxError> {
        let format = if looks_like_formula(words) { &self.formats.quoted } else { &self.formats.words };
        match cut_text(words) {
            None => self.sheet.write_string_with_format(row, column, words, format)?,
            Some(cut) => {
                self.cut.push(cut_diagnostic(self.name, Address::new(row, u32::from(column)), words));
                self.sheet.write_string_with_format(row, column, cut, format)?
            }
        };
        Ok(())
    }

    fn result(&mut self, row: u32, column: usize, verdict: Verdict, text: &str) -> Result<(), XlsxError> {
        let written = cut_text(text);
        let told = written.as_deref().unwrap_or(text);
        self.sheet.write_string_with_format(row - 1, column as u16, told, &self.formats.results[verdict as usize])?;
        Ok(())
    }

    fn finish(&mut self, results: Option<&Results>) -> Result<(), XlsxError> {
        for (&column, &width) in &self.widths {
            self.sheet.set_column_width(column, (width + 2).clamp(6, 50) as f64)?;
        }
        if let Some(results) = results {
            self.sheet.set_column_width(results.column as u16, 48.0)?;
            if results.header_row > 0 {
                self.sheet.set_freeze_panes(results.header_row, 0)?;
            }
        }
        Ok(())
    }
}
