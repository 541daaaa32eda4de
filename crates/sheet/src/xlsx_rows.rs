//! The rows of an xlsx worksheet, built from the cells that the parser delivers one by one.

use crate::merge::Merges;
use crate::shown_as::ShownAs;
use crate::workbook::Source;
use crate::{Address, CellRange, CellValue, Limits, Number, ReadFault, Row};
use calamine::{DataRef, ExcelDateTime, Xlsx, XlsxCellReader, XlsxError};
use duijie_vocab::Date;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) struct XlsxRows<'a> {
    cells: XlsxCellReader<'a, Source>,
    /// What the format of each cell style says of a number.
    shown_as: Vec<ShownAs>,
    merges: Merges,
    limits: Limits,
    /// The first cell of the row after the one that was delivered.
    ahead: Option<(Address, CellValue)>,
    /// What is delivered before more cells are read.
    ready: VecDeque<Result<Row, ReadFault>>,
    last: Address,
    /// Bytes of text that were read so far.
    shown_bytes: usize,
    at_end: bool,
}

impl<'a> XlsxRows<'a> {
    pub(crate) fn open(xlsx: &'a mut Xlsx<Source>, sheet: &str, merges: Vec<CellRange>, limits: &Limits) -> Result<XlsxRows<'a>, ReadFault> {
        let cells = guarded(|| xlsx.worksheet_cells_reader(sheet))?.map_err(parser_fault)?;
        let shown_as = cells.styles().iter().map(ShownAs::of).collect();
        let merges = Merges::new(merges, limits.max_columns);
        Ok(XlsxRows {
            cells,
            shown_as,
            merges,
            limits: limits.clone(),
            ahead: None,
            ready: VecDeque::new(),
            last: Address::new(0, 0),
            shown_bytes: 0,
            at_end: false,
        })
    }

    pub(crate) fn next_row(&mut self) -> Option<Result<Row, ReadFault>> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        if self.at_end {
            return None;
        }
        if let Err(fault) = self.read_row() {
            self.at_end = true;
            self.ready.push_back(Err(fault));
        }
        self.ready.pop_front()
    }

    /// Reads cells up to the first one of another row and makes the finished row ready, after the
    /// faults of its cells.
    fn read_row(&mut self) -> Result<(), ReadFault> {
        let mut row = RowInWork::default();
        let ended = self.fill_row(&mut row);
        self.finish(row);
        ended
    }

    fn fill_row(&mut self, row: &mut RowInWork) -> Result<(), ReadFault> {
        loop {
            let cell = match self.ahead.take() {
                Some(cell) => Some(cell),
                None => self.next_cell()?,
            };
            let Some((at, value)) = cell else {
                self.at_end = true;
                return Ok(());
            };
            match row.index {
                Some(index) if at.row < index => return Err(ReadFault::Damaged(format!("row {} after row {}", at.row + 1, index + 1))),
                Some(index) if at.row > index => {
                    self.ahead = Some((at, value));
                    return Ok(());
                }
                _ => row.put(at, value, &self.limits),
            }
        }
    }

    /// The next cell that is not empty.
    fn next_cell(&mut self) -> Result<Option<(Address, CellValue)>, ReadFault> {
        loop {
            let cells = &mut self.cells;
            let last = self.last;
            let shown_as = &self.shown_as;
            let read = guarded(|| {
                let cell = cells.next_cell_with_style_id()?;
                Ok(cell.map(|(cell, style)| {
                    let (row, column) = cell.get_position();
                    (Address::new(row, column), value_of(cell.get_value(), shown_as.get(style).copied().unwrap_or(ShownAs::Plain)))
                }))
            })?;
            match read {
                Ok(None) => return Ok(None),
                Ok(Some((at, value))) => {
                    self.last = at;
                    if at.row >= self.limits.max_xlsx_rows {
                        return Err(ReadFault::TooManyRows { row: u64::from(at.row) + 1, limit: self.limits.max_xlsx_rows });
                    }
                    self.shown_bytes = self.shown_bytes.saturating_add(value.text_len());
                    if self.shown_bytes > self.limits.max_shown_bytes {
                        return Err(ReadFault::TooMuchText { limit: self.limits.max_shown_bytes });
                    }
                    if value != CellValue::Empty {
                        return Ok(Some((at, value)));
                    }
                }
                Err(error) if concerns_one_cell(&error) => {
                    if self.ready.len() > self.limits.max_columns {
                        return Err(parser_fault(error));
                    }
                    self.ready.push_back(Err(ReadFault::CellUnreadable { after: last, detail: error.to_string() }));
                }
                Err(error) => return Err(parser_fault(error)),
            }
        }
    }

    fn finish(&mut self, row: RowInWork) {
        let Some(index) = row.index else { return };
        self.ready.extend(row.outside.map(Err));
        if let Some(fault) = row.fault {
            self.ready.push_back(Err(fault));
        } else if !row.cells.is_empty() {
            let merged = self.merges.row(index, &row.cells);
            self.ready.push_back(Ok(Row { number: index + 1, line: None, cells: row.cells, merged }));
        }
    }
}

/// A row whose cells are still arriving.
#[derive(Default)]
struct RowInWork {
    index: Option<u32>,
    cells: Vec<CellValue>,
    chars: usize,
    /// The first cell beyond the columns that are read.
    outside: Option<ReadFault>,
    /// Why the row is refused.
    fault: Option<ReadFault>,
}

impl RowInWork {
    fn put(&mut self, at: Address, value: CellValue, limits: &Limits) {
        self.index = Some(at.row);
        let column = at.column as usize;
        if column >= limits.max_columns {
            self.outside.get_or_insert(ReadFault::CellOutside { at, limit: limits.max_columns });
            return;
        }
        if self.fault.is_some() {
            return;
        }
        let chars = char_count(&value);
        self.chars = self.chars.saturating_add(chars);
        if chars > limits.max_cell_chars {
            self.fault = Some(ReadFault::CellTooLong { at, limit: limits.max_cell_chars });
        } else if self.chars > limits.max_row_chars {
            self.fault = Some(ReadFault::RowTooLong { row: at.row + 1, limit: limits.max_row_chars });
        } else {
            if self.cells.len() <= column {
                self.cells.resize(column + 1, CellValue::Empty);
            }
            self.cells[column] = value;
        }
    }
}

fn char_count(value: &CellValue) -> usize {
    match value {
        CellValue::Text(text) => text.chars().count(),
        other => other.text_len(),
    }
}

fn value_of(data: &DataRef<'_>, shown_as: ShownAs) -> CellValue {
    match data {
        DataRef::Empty => CellValue::Empty,
        DataRef::SharedString(text) => text_value(text),
        DataRef::String(text) => text_value(text),
        DataRef::Int(whole) => CellValue::Number(Number::from_float(*whole as f64)),
        DataRef::Float(number) if number.is_finite() => {
            let number = Number::from_float(*number);
            CellValue::Number(if shown_as == ShownAs::Percent { number.shown_as_percent() } else { number })
        }
        // The parser takes words such as `nan` for numbers.
        DataRef::Float(number) => CellValue::Text(number.to_string()),
        DataRef::Bool(value) => CellValue::Bool(*value),
        DataRef::DateTime(moment) => date_value(moment, shown_as),
        DataRef::DateTimeIso(text) => Date::parse(text).map_or_else(|_| text_value(text), CellValue::Date),
        DataRef::DurationIso(text) => text_value(text),
        DataRef::Error(error) => CellValue::Error(error.to_string()),
    }
}

fn text_value(text: &str) -> CellValue {
    if text.is_empty() { CellValue::Empty } else { CellValue::Text(text.to_string()) }
}

/// The date of a date cell in the workbook's own date system, as exact as its format shows it; a time of day without a day and a
/// duration stay text; a serial that is no day of our calendar stays the number it is.
fn date_value(moment: &ExcelDateTime, shown_as: ShownAs) -> CellValue {
    let serial = moment.as_f64();
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if moment.is_duration() {
        return CellValue::Text(duration(serial));
    }
    if (0.0..1.0).contains(&serial) && serial > 0.0 {
        return CellValue::Text(format!("{hour:02}:{minute:02}:{second:02}"));
    }
    // Day 0 of the 1900 system is no day: it is how an empty cell looks through a formula.
    if serial == 0.0 && year < 1904 {
        return CellValue::Number(Number::from_float(0.0));
    }
    let (month, day) = match shown_as {
        ShownAs::Year => (None, None),
        ShownAs::Month => (Some(month), None),
        ShownAs::Plain | ShownAs::Percent => (Some(month), Some(day)),
    };
    let date = i16::try_from(year).ok().and_then(|year| Date::new(year, month, day));
    match date {
        Some(date) if serial >= 0.0 => CellValue::Date(date),
        _ => CellValue::Number(Number::from_float(serial)),
    }
}

/// A duration of `days` as `hours:minutes:seconds`.
fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs().min(1e15) as u64;
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The merged ranges of `sheet`.
pub(crate) fn merges(xlsx: &mut Xlsx<Source>, sheet: &str, limits: &Limits) -> Result<Vec<CellRange>, ReadFault> {
    let ranges = guarded(|| xlsx.merge_cells_by_sheet_name(sheet))?.map_err(parser_fault)?;
    if ranges.len() > limits.max_merges {
        return Err(ReadFault::TooManyMerges { limit: limits.max_merges });
    }
    let corner = |(row, column): (u32, u32)| Address::new(row, column);
    Ok(ranges.iter().map(|range| CellRange { first: corner(range.start), last: corner(range.end) }).collect())
}

/// Runs the parser; should it panic on bytes it did not expect, the file is damaged and we go on.
pub(crate) fn guarded<T>(parse: impl FnOnce() -> T) -> Result<T, ReadFault> {
    catch_unwind(AssertUnwindSafe(parse)).map_err(|_| ReadFault::Damaged("unexpected structure".into()))
}

/// Faults of a cell's content, after which the parser still stands at a sound place.
fn concerns_one_cell(error: &XlsxError) -> bool {
    matches!(
        error,
        XlsxError::CellError(_)
            | XlsxError::CellTAttribute(_)
            | XlsxError::ParseFloat(_)
            | XlsxError::UnexpectedNode(_)
            | XlsxError::Unrecognized { .. }
            | XlsxError::Unexpected(_)
    )
}

pub(crate) fn parser_fault(error: XlsxError) -> ReadFault {
    match error {
        XlsxError::Password => ReadFault::Password,
        other => ReadFault::Damaged(other.to_string()),
    }
}
