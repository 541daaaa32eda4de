//! The rows of a text file, cut at separators as RFC 4180 says. The reader of the `csv` crate takes
//! a file whose quote is never closed for one sound record as long as the file; people need to be
//! told the line where that quote opened, so records are cut here.

use crate::csv_lines::{Line, Lines};
use crate::delimiter::delimiter_of;
use crate::formula::unguard;
use crate::{Address, CellValue, Limits, ReadFault, Row};
use std::collections::VecDeque;
use std::io::Read;

/// Lines that are looked at to find the separator.
const SAMPLE_LINES: usize = 20;
/// Bytes after which no more lines are looked at.
const SAMPLE_BYTES: usize = 64 * 1024;

pub(crate) struct CsvRows<'a> {
    lines: Lines<'a>,
    /// Lines that were read to find the separator and are still to be cut.
    sampled: VecDeque<(u32, String, Line)>,
    line: String,
    line_number: u32,
    at: usize,
    delimiter: u8,
    limits: Limits,
    rows: u32,
    /// The fault of the cells beyond the last column, delivered before its row.
    outside: Option<ReadFault>,
    waiting: Option<Result<Row, ReadFault>>,
}

impl<'a> CsvRows<'a> {
    pub(crate) fn open(source: impl Read + 'a, limits: &Limits) -> Result<CsvRows<'a>, ReadFault> {
        let mut lines = Lines::open(source, limits.max_line_bytes)?;
        let mut sampled = VecDeque::new();
        let mut sample = String::new();
        while sampled.len() < SAMPLE_LINES && sample.len() < SAMPLE_BYTES {
            let mut text = String::new();
            let Some(line) = lines.next_into(&mut text)? else { break };
            sample.push_str(&text);
            sampled.push_back((lines.number(), text, line));
        }
        let (delimiter, declared) = delimiter_of(&sample);
        let mut rows =
            CsvRows { lines, sampled, line: String::new(), line_number: 0, at: 0, delimiter, limits: limits.clone(), rows: 0, outside: None, waiting: None };
        if declared > 0 {
            rows.sampled.pop_front();
            rows.rows = 1;
        }
        Ok(rows)
    }

    pub(crate) fn next_row(&mut self) -> Option<Result<Row, ReadFault>> {
        if let Some(waiting) = self.waiting.take() {
            return Some(waiting);
        }
        loop {
            let row = match self.read_record() {
                Ok(None) => return None,
                Ok(Some(row)) if row.cells.iter().all(|cell| *cell == CellValue::Empty) => None,
                Ok(Some(row)) => Some(Ok(row)),
                Err(fault) => Some(Err(fault)),
            };
            match (self.outside.take(), row) {
                (Some(outside), row) => {
                    self.waiting = row;
                    return Some(Err(outside));
                }
                (None, Some(row)) => return Some(row),
                (None, None) => (),
            }
        }
    }

    /// The next record, blank or not.
    fn read_record(&mut self) -> Result<Option<Row>, ReadFault> {
        let mut record: Option<Record> = None;
        loop {
            if self.at >= self.line.len() {
                match self.next_line()? {
                    Some(line) => {
                        let started = record.get_or_insert_with(|| Record::new(self.rows, self.line_number));
                        match line {
                            Line::Text => (),
                            Line::NotText => started.refuse(ReadFault::LineNotText { line: self.line_number }),
                            Line::TooLong => {
                                started.refuse(ReadFault::LineTooLong { line: self.line_number, limit: self.limits.max_line_bytes });
                                return self.finish(record);
                            }
                        }
                    }
                    None => return self.finish(record),
                }
            }
            let started = record.get_or_insert_with(|| Record::new(self.rows, self.line_number));
            let (used, ended) = started.feed(&self.line[self.at..], self.line_number, self.delimiter, &self.limits);
            self.at += used;
            if ended {
                return self.finish(record);
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<Line>, ReadFault> {
        self.at = 0;
        if let Some((number, text, line)) = self.sampled.pop_front() {
            (self.line_number, self.line) = (number, text);
            return Ok(Some(line));
        }
        let line = self.lines.next_into(&mut self.line)?;
        if line.is_none() {
            self.line.clear();
        }
        self.line_number = self.lines.number();
        Ok(line)
    }

    fn finish(&mut self, record: Option<Record>) -> Result<Option<Row>, ReadFault> {
        let Some(mut record) = record else { return Ok(None) };
        if let State::Quoted { opened } = record.state
            && !matches!(record.fault, Some(ReadFault::LineTooLong { .. }))
        {
            return Err(ReadFault::UnclosedQuote { line: opened });
        }
        record.end_cell(&self.limits);
        self.rows = self.rows.saturating_add(1);
        if self.rows > self.limits.max_csv_rows {
            return Err(ReadFault::TooManyRows { row: u64::from(self.rows), limit: self.limits.max_csv_rows });
        }
        self.outside = record.outside;
        match record.fault {
            Some(fault) => Err(fault),
            None => Ok(Some(Row { number: self.rows, line: Some(record.line), cells: record.cells, merged: Vec::new() })),
        }
    }
}

/// A record that is being cut.
struct Record {
    /// Rows before this one.
    index: u32,
    line: u32,
    cells: Vec<CellValue>,
    cell: String,
    cell_chars: usize,
    chars: usize,
    state: State,
    fault: Option<ReadFault>,
    outside: Option<ReadFault>,
    columns: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted {
        opened: u32,
    },
    /// After a quote inside quotes: the end of the cell, or half of a doubled quote.
    Closed {
        opened: u32,
    },
}

impl Record {
    fn new(index: u32, line: u32) -> Record {
        let (cells, cell) = (Vec::new(), String::new());
        Record { index, line, cells, cell, cell_chars: 0, chars: 0, state: State::CellStart, fault: None, outside: None, columns: 0 }
    }

    /// Takes what belongs to this record from `text`; returns the bytes taken and whether the record
    /// ended with them.
    fn feed(&mut self, text: &str, line: u32, delimiter: u8, limits: &Limits) -> (usize, bool) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Quoted { opened } => {
                    let until = bytes[at..].iter().position(|&b| b == b'"').map_or(bytes.len(), |found| at + found);
                    self.append(&text[at..until], limits);
                    at = until;
                    if at < bytes.len() {
                        self.state = State::Closed { opened };
                        at += 1;
                    }
                }
                State::Closed { opened } if bytes[at] == b'"' => {
                    self.append("\"", limits);
                    self.state = State::Quoted { opened };
                    at += 1;
                }
                State::CellStart if bytes[at] == b'"' => {
                    self.state = State::Quoted { opened: line };
                    at += 1;
                }
                _ => match bytes[at] {
                    b'\n' => return (at + 1, true),
                    b'\r' => return (at + 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')), true),
                    byte if byte == delimiter => {
                        self.end_cell(limits);
                        at += 1;
                    }
                    _ => at = self.bare(text, at, delimiter, limits),
                },
            }
        }
        (at, false)
    }

    /// Takes unquoted text up to a separator or a line break.
    fn bare(&mut self, text: &str, at: usize, delimiter: u8, limits: &Limits) -> usize {
        let until = text.as_bytes()[at..].iter().position(|&b| b == delimiter || b == b'\n' || b == b'\r').map_or(text.len(), |found| at + found);
        let piece = &text[at..until];
        if let State::Closed { opened } = self.state {
            // `"a" ,` is harmless; `"a"b` means that a quote was forgotten or not doubled.
            if piece.trim().is_empty() {
                return until;
            }
            let at = Address::new(self.index, self.columns as u32);
            self.refuse(ReadFault::StrayQuote { line: opened, at });
        }
        self.append(piece, limits);
        self.state = State::Bare;
        until
    }

    fn append(&mut self, piece: &str, limits: &Limits) {
        let chars = piece.chars().count();
        self.cell_chars = self.cell_chars.saturating_add(chars);
        self.chars = self.chars.saturating_add(chars);
        let at = Address::new(self.index, self.columns as u32);
        if self.cell_chars > limits.max_cell_chars {
            self.refuse(ReadFault::CellTooLong { at, limit: limits.max_cell_chars });
        } else if self.chars > limits.max_row_chars {
            self.refuse(ReadFault::RowTooLong { row: self.index + 1, limit: limits.max_row_chars });
        } else if self.columns < limits.max_columns {
            self.cell.push_str(piece);
        }
    }

    fn end_cell(&mut self, limits: &Limits) {
        if self.columns < limits.max_columns {
            let text = unguard(&self.cell);
            self.cells.push(if text.is_empty() { CellValue::Empty } else { CellValue::Text(text.to_string()) });
        } else if self.cell_chars > 0 {
            let at = Address::new(self.index, self.columns as u32);
            self.outside.get_or_insert(ReadFault::CellOutside { at, limit: limits.max_columns });
        }
        self.columns += 1;
        self.cell.clear();
        self.cell_chars = 0;
        self.state = State::CellStart;
    }

    /// Refuses the row; its first fault is the one told.
    fn refuse(&mut self, fault: ReadFault) {
        self.fault.get_or_insert(fault);
        self.cells.clear();
        self.cell.clear();
    }
}
