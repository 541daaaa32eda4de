//! Merged ranges while the rows of a sheet go by.

use crate::{Address, CellRange, CellValue};
use std::sync::Arc;

/// A cell that a merged range covers and that therefore shows the value of the range's first cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedCell {
    pub column: usize,
    /// Shared by all cells of the range.
    pub value: Arc<CellValue>,
    pub range: CellRange,
}

/// The merged ranges of a sheet, opened at their first row and closed after their last.
pub(crate) struct Merges {
    /// Sorted by first row, the next to open last.
    waiting: Vec<CellRange>,
    open: Vec<OpenMerge>,
    /// Which columns an open range covers. Overlapping ranges do not exist in a sound workbook; of
    /// two that overlap the later is ignored, so that a row costs no more than its columns.
    covered: Vec<bool>,
}

struct OpenMerge {
    range: CellRange,
    value: Arc<CellValue>,
}

impl Merges {
    pub(crate) fn new(mut ranges: Vec<CellRange>, max_columns: usize) -> Merges {
        ranges.retain(|range| range.first < range.last && (range.first.column as usize) < max_columns);
        ranges.sort_unstable_by(|a, b| b.cmp(a));
        Merges { waiting: ranges, open: Vec::new(), covered: vec![false; max_columns] }
    }

    /// The covered cells of the row that counts `row` from 0 and holds `cells`. Rows are asked for
    /// in rising order; a range whose first row was left out of the file shows nothing.
    pub(crate) fn row(&mut self, row: u32, cells: &[CellValue]) -> Vec<MergedCell> {
        self.close_before(row);
        self.open_until(row, cells);
        let mut merged = Vec::new();
        for open in self.open.iter().filter(|open| *open.value != CellValue::Empty) {
            for column in columns(&open.range, self.covered.len()) {
                let is_first_cell = Address::new(row, column as u32) == open.range.first;
                if !is_first_cell {
                    merged.push(MergedCell { column, value: open.value.clone(), range: open.range });
                }
            }
        }
        merged.sort_by_key(|cell| cell.column);
        merged
    }

    fn close_before(&mut self, row: u32) {
        let covered = &mut self.covered;
        self.open.retain(|open| {
            let stays = open.range.last.row >= row;
            if !stays {
                columns(&open.range, covered.len()).for_each(|column| covered[column] = false);
            }
            stays
        });
    }

    fn open_until(&mut self, row: u32, cells: &[CellValue]) {
        while let Some(range) = self.waiting.pop_if(|range| range.first.row <= row) {
            let free = columns(&range, self.covered.len()).all(|column| !self.covered[column]);
            if range.last.row < row || !free {
                continue;
            }
            columns(&range, self.covered.len()).for_each(|column| self.covered[column] = true);
            let value = if range.first.row == row { cells.get(range.first.column as usize).cloned().unwrap_or_default() } else { CellValue::Empty };
            self.open.push(OpenMerge { range, value: Arc::new(value) });
        }
    }
}

fn columns(range: &CellRange, max_columns: usize) -> impl Iterator<Item = usize> + use<> {
    (range.first.column as usize)..(range.last.column as usize + 1).min(max_columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: (u32, u32), last: (u32, u32)) -> CellRange {
        CellRange { first: Address::new(first.0, first.1), last: Address::new(last.0, last.1) }
    }

    fn text(text: &str) -> CellValue {
        CellValue::Text(text.into())
    }

    #[test]
    fn every_cell_of_a_merged_range_shows_its_value() {
        let mut merges = Merges::new(vec![range((0, 0), (1, 1)), range((4, 0), (4, 2))], 10);
        let first: Vec<usize> = merges.row(0, &[text("甲")]).iter().map(|cell| cell.column).collect();
        assert_eq!(first, [1]);
        let second: Vec<_> = merges.row(1, &[]).into_iter().map(|cell| (cell.column, cell.value)).collect();
        assert_eq!(second, [(0, Arc::new(text("甲"))), (1, Arc::new(text("甲")))]);
        assert!(merges.row(2, &[text("乙")]).is_empty());
        assert_eq!(merges.row(4, &[text("丙")]).len(), 2);
    }

    #[test]
    fn overlapping_and_endless_ranges_cost_one_row_at_most() {
        let mut ranges = vec![range((0, 0), (u32::MAX, u32::MAX)); 1000];
        ranges.push(range((0, 3), (2, 5)));
        let mut merges = Merges::new(ranges, 10);
        assert_eq!(merges.row(0, &[text("甲")]).len(), 9);
        assert_eq!(merges.row(1_000_000, &[]).len(), 10);
    }
}
