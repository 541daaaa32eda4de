//! A table that is to be written: typed columns and rows of values.

use duijie_vocab::{Date, Decimal, Diagnostic, Fen, MoneyUnit, Timestamp};
use std::path::Path;

/// What a column holds and how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Text,
    /// Whole numbers.
    Integer,
    Decimal,
    /// Amounts, counted in this unit; the header shows the unit.
    Money(MoneyUnit),
    Date,
    /// Ratios, shown as percent: 0.25 as 25%.
    Percent,
    /// Addresses of pages.
    Link,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub header: String,
    pub kind: ColumnKind,
    /// The width in characters of the default font; fitted to the content if not given.
    pub width: Option<u16>,
}

impl Column {
    pub fn new(header: impl Into<String>, kind: ColumnKind) -> Column {
        Column { header: header.into(), kind, width: None }
    }

    /// The header with the unit of its amounts: `拟投入（万元）`.
    pub(crate) fn shown_header(&self) -> String {
        let unit = match self.kind {
            ColumnKind::Money(MoneyUnit::Fen) => "分",
            ColumnKind::Money(MoneyUnit::Yuan) => "元",
            ColumnKind::Money(MoneyUnit::Thousand) => "千元",
            ColumnKind::Money(MoneyUnit::Wan) => "万元",
            ColumnKind::Money(MoneyUnit::Million) => "百万元",
            ColumnKind::Money(MoneyUnit::Yi) => "亿元",
            _ => return self.header.clone(),
        };
        if MoneyUnit::in_header(&self.header).is_some() { self.header.clone() } else { format!("{}（{unit}）", self.header) }
    }
}

/// A value to be written. It is shown as its column's kind asks; a value of another kind is written
/// as text, never dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Empty,
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    Money(Fen),
    Date(Date),
    /// A ratio: 0.25 for 25%.
    Ratio(Decimal),
    Link {
        url: String,
        text: String,
    },
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        if text.is_empty() { Value::Empty } else { Value::Text(text.to_string()) }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        if text.is_empty() { Value::Empty } else { Value::Text(text) }
    }
}

impl Value {
    /// The value in words and digits, as a csv shows it in a column of `kind`.
    pub(crate) fn shown(&self, kind: ColumnKind) -> String {
        match self {
            Value::Empty => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(whole) => whole.to_string(),
            Value::Decimal(number) => number.to_string(),
            Value::Money(amount) => match kind {
                ColumnKind::Money(unit) => amount.in_unit(unit).to_string(),
                _ => amount.chinese(),
            },
            Value::Date(date) => date.to_string(),
            Value::Ratio(ratio) => format!("{}%", percent(*ratio)),
            Value::Link { url, text } => {
                if text.is_empty() {
                    url.clone()
                } else {
                    text.clone()
                }
            }
            Value::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_string(),
        }
    }

    /// Whether the value is words, of which a spreadsheet could make a formula.
    pub(crate) fn is_words(&self) -> bool {
        matches!(self, Value::Text(_) | Value::Link { .. })
    }
}

fn percent(ratio: Decimal) -> Decimal {
    match ratio.digits().checked_mul(100) {
        Some(digits) => Decimal::new(digits, ratio.scale()),
        None => Decimal::new(ratio.digits(), ratio.scale().saturating_sub(2)),
    }
}

/// One sheet: rows come from an iterator, so that a table need not be in memory.
pub struct Table<'a> {
    /// The name on the sheet's tab; made fit where a spreadsheet would refuse it.
    pub name: String,
    /// Texts above the header, each in a row of its own merged over the table's width.
    pub titles: Vec<String>,
    pub columns: Vec<Column>,
    pub rows: Box<dyn Iterator<Item = Vec<Value>> + 'a>,
}

impl<'a> Table<'a> {
    /// A table without titles.
    pub fn new(name: impl Into<String>, columns: Vec<Column>, rows: impl Iterator<Item = Vec<Value>> + 'a) -> Table<'a> {
        Table { name: name.into(), titles: Vec::new(), columns, rows: Box::new(rows) }
    }
}

/// What a workbook says of itself. The creation time is given, never taken from the clock, so that
/// the same tables make the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub title: String,
    pub creator: String,
    pub created: Timestamp,
}

/// Where a workbook is kept while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage<'a> {
    /// In memory: for tables of up to some ten thousand rows.
    Memory,
    /// Row by row in unnamed files in this folder: for tables of any length.
    Folder(&'a Path),
}

/// Bytes of a file, and remarks about what could not be written in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub bytes: Vec<u8>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    #[error("the table `{table}` has more than {limit} rows")]
    TooManyRows { table: String, limit: u32 },
    #[error("the table `{table}` has more than {limit} columns")]
    TooManyColumns { table: String, limit: u16 },
    #[error("a workbook needs at least one table")]
    NoTable,
    #[error("the workbook cannot be written")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    #[error("the text file cannot be written")]
    Io(#[from] std::io::Error),
}
