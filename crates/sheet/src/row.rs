//! One row of a sheet.

use crate::{Address, CellValue, MergedCell};

/// A row that has something in it. Rows that a sheet leaves out are not delivered; the numbers jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The row's number as a spreadsheet shows it, from 1.
    pub number: u32,
    /// The line of a text file on which the row starts, from 1; records may span lines.
    pub line: Option<u32>,
    /// What each column holds, from the first one on; columns after the last are empty. A cell
    /// that a merged range covers is empty here.
    pub cells: Vec<CellValue>,
    /// The cells of this row that are covered by a merged range, with the value they show.
    pub merged: Vec<MergedCell>,
}

impl Row {
    /// The row that `texts` make, for callers that have no file.
    pub fn of_texts<'a>(number: u32, texts: impl IntoIterator<Item = &'a str>) -> Row {
        let cell = |text: &str| if text.is_empty() { CellValue::Empty } else { CellValue::Text(text.to_string()) };
        Row { number, cells: texts.into_iter().map(cell).collect(), ..Row::default() }
    }

    /// The value that `column` shows: its own, or the one of the merged range that covers it.
    pub fn value(&self, column: usize) -> &CellValue {
        const EMPTY: &CellValue = &CellValue::Empty;
        match self.cells.get(column) {
            Some(value) if *value != CellValue::Empty => value,
            _ => self.merged.iter().find(|cell| cell.column == column).map_or(EMPTY, |cell| &*cell.value),
        }
    }

    /// The text that `column` shows; see [`Row::value`].
    pub fn text(&self, column: usize) -> String {
        self.value(column).as_text()
    }

    /// The address of this row's cell in `column`.
    pub fn address(&self, column: usize) -> Address {
        Address::new(self.number.saturating_sub(1), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// Columns up to the last one that shows something.
    pub fn width(&self) -> usize {
        let own = self.cells.iter().rposition(|cell| *cell != CellValue::Empty).map_or(0, |at| at + 1);
        let covered = self.merged.iter().map(|cell| cell.column + 1).max().unwrap_or(0);
        own.max(covered)
    }

    /// The cells that hold something of their own, with their column.
    pub fn filled(&self) -> impl Iterator<Item = (usize, &CellValue)> {
        self.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank())
    }
}
