//! A sheet of a workbook: what is known before its rows are read, and a whole one in memory.

use crate::{Address, CellRange, CellValue, Row};
use duijie_vocab::Diagnostic;

/// A sheet before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetInfo {
    /// The name on the sheet's tab; a text file has none.
    pub name: String,
    /// Whether the sheet is hidden from the person who opens the workbook.
    pub hidden: bool,
}

/// A sheet in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub info: SheetInfo,
    /// The rows that have something in them, in rising order.
    pub rows: Vec<Row>,
    pub merges: Vec<CellRange>,
    /// Rows and cells that were left out, and why.
    pub faults: Vec<Diagnostic>,
}

impl Sheet {
    /// The value that the cell at `address` shows, through merged ranges as well.
    pub fn value(&self, address: Address) -> &CellValue {
        let number = u64::from(address.row) + 1;
        match self.rows.binary_search_by(|row| u64::from(row.number).cmp(&number)) {
            Ok(at) => self.rows[at].value(address.column as usize),
            Err(_) => self.value_of_merge(address),
        }
    }

    /// Rows without a cell of their own are not kept, but a merged range may reach into them.
    fn value_of_merge(&self, address: Address) -> &CellValue {
        const EMPTY: &CellValue = &CellValue::Empty;
        match self.merges.iter().find(|range| range.contains(address) && range.first != address && range.first.row < address.row) {
            Some(range) => {
                let number = u64::from(range.first.row) + 1;
                let row = self.rows.binary_search_by(|row| u64::from(row.number).cmp(&number));
                row.map_or(EMPTY, |at| self.rows[at].value(range.first.column as usize))
            }
            None => EMPTY,
        }
    }
}
