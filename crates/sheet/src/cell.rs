//! A cell's value and its address.

use crate::Number;
use duijie_vocab::Date;
use std::fmt;

/// What a cell holds. Text files hold text only: a csv has no types, and reading `00123` as a
/// number would lose its zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CellValue {
    #[default]
    Empty,
    Text(String),
    Number(Number),
    Bool(bool),
    /// The date of a cell with a date format, as exact as the format shows it (`2021年3月` is a month);
    /// its time of day is dropped.
    Date(Date),
    /// An error that the spreadsheet shows, such as `#N/A`.
    Error(String),
}

impl CellValue {
    /// The text of the cell as a person would type it: `12`, `2021-03-05`, `TRUE`, `#N/A`, or
    /// nothing for an empty cell. Spaces stay.
    pub fn as_text(&self) -> String {
        match self {
            CellValue::Empty => String::new(),
            CellValue::Text(text) | CellValue::Error(text) => text.clone(),
            CellValue::Number(number) => number.digits().to_string(),
            CellValue::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_string(),
            CellValue::Date(date) => date.to_string(),
        }
    }

    /// Whether the cell holds nothing but white space.
    pub fn is_blank(&self) -> bool {
        match self {
            CellValue::Empty => true,
            CellValue::Text(text) => text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')),
            _ => false,
        }
    }

    /// Bytes of text that the value keeps.
    pub(crate) fn text_len(&self) -> usize {
        match self {
            CellValue::Text(text) | CellValue::Error(text) => text.len(),
            CellValue::Number(number) => number.digits().len(),
            CellValue::Empty | CellValue::Bool(_) | CellValue::Date(_) => 0,
        }
    }
}

/// A cell's place in its sheet; row and column count from 0, and it shows as `C14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub row: u32,
    pub column: u32,
}

impl Address {
    pub fn new(row: u32, column: u32) -> Address {
        Address { row, column }
    }

    /// The letters of the column that counts `column` from 0: `A`, `Z`, `AA`, `XFD`.
    pub fn column_letters(column: u32) -> String {
        let mut letters = Vec::new();
        let mut rest = u64::from(column) + 1;
        while rest > 0 {
            rest -= 1;
            letters.push(b'A' + (rest % 26) as u8);
            rest /= 26;
        }
        letters.iter().rev().map(|&b| char::from(b)).collect()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Address::column_letters(self.column), u64::from(self.row) + 1)
    }
}

/// A rectangle of cells, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRange {
    pub first: Address,
    pub last: Address,
}

impl CellRange {
    pub fn contains(&self, at: Address) -> bool {
        (self.first.row..=self.last.row).contains(&at.row) && (self.first.column..=self.last.column).contains(&at.column)
    }

    /// Columns that the range covers.
    pub fn width(&self) -> usize {
        (self.last.column.saturating_sub(self.first.column) as usize).saturating_add(1)
    }

    /// Rows that the range covers.
    pub fn height(&self) -> usize {
        (self.last.row.saturating_sub(self.first.row) as usize).saturating_add(1)
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_show_as_a_spreadsheet_shows_them() {
        for (row, column, shown) in
            [(0, 0, "A1"), (13, 2, "C14"), (0, 25, "Z1"), (0, 26, "AA1"), (1_048_575, 16_383, "XFD1048576"), (u32::MAX, 701, "ZZ4294967296")]
        {
            assert_eq!(Address::new(row, column).to_string(), shown);
        }
    }

    #[test]
    fn values_read_as_they_would_be_typed() {
        assert_eq!(CellValue::Number(Number::from_float(12.0)).as_text(), "12");
        assert_eq!(CellValue::Bool(true).as_text(), "TRUE");
        assert_eq!(CellValue::Date(Date::parse("2021-03-05").unwrap()).as_text(), "2021-03-05");
        assert!(CellValue::Text(" \u{3000}\n".into()).is_blank());
    }
}
