//! How much of a file is read before it is refused. Every number that bounds the work or the
//! memory of a read stands here.

/// The bounds of one read. The defaults admit every workbook that Excel writes for a table of a
/// few hundred thousand rows and refuse what only an attacker or an accident makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Parts of an xlsx package.
    pub max_parts: usize,
    /// Bytes that all parts of an xlsx package inflate to, counted while inflating.
    pub max_inflated_bytes: u64,
    /// Bytes that the shared strings part inflates to; it is kept in memory.
    pub max_shared_text_bytes: u64,
    /// Texts in the shared strings part.
    pub max_shared_texts: usize,
    /// Bytes that the styles part inflates to.
    pub max_style_bytes: u64,
    /// Bytes that all cell styles may take in memory; each is kept with a copy of its font.
    pub max_style_memory: u64,
    /// Bytes that any other part but a worksheet inflates to: relations, pictures. Also the longest
    /// single text or tag of a worksheet, and so what the parser may have to hold at once.
    pub max_side_part_bytes: u64,
    /// How many times larger than its packed form a part may be, once it is above `ratio_free_bytes`.
    pub max_ratio: u64,
    /// Inflated bytes of a part below which its ratio does not matter.
    pub ratio_free_bytes: u64,
    /// Worksheets of a workbook.
    pub max_sheets: usize,
    /// The highest row number of a worksheet; Excel's own bound.
    pub max_xlsx_rows: u32,
    /// Rows of a text file.
    pub max_csv_rows: u32,
    /// Columns that are read; a value to the right of them is reported and left out.
    pub max_columns: usize,
    /// Characters of one cell. Excel itself stops at 32,767, text files do not.
    pub max_cell_chars: usize,
    /// Characters of all cells of one row together.
    pub max_row_chars: usize,
    /// Bytes of one physical line of a text file.
    pub max_line_bytes: usize,
    /// Merged ranges of a worksheet.
    pub max_merges: usize,
    /// Bytes of text that the cells of one worksheet show together. A text that many cells share is
    /// stored once, so a small file can show without end.
    pub max_shown_bytes: usize,
    /// Bytes of text that [`crate::Workbook::load`] keeps; reading row by row has no such bound.
    pub max_loaded_bytes: usize,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_parts: 10_000,
            max_inflated_bytes: 1024 * MIB,
            max_shared_text_bytes: 192 * MIB,
            max_shared_texts: 5_000_000,
            max_style_bytes: 16 * MIB,
            max_style_memory: 256 * MIB,
            max_side_part_bytes: 32 * MIB,
            max_ratio: 200,
            ratio_free_bytes: 8 * MIB,
            max_sheets: 200,
            max_xlsx_rows: 1_048_576,
            max_csv_rows: 5_000_000,
            max_columns: 1_000,
            max_cell_chars: 1_000_000,
            max_row_chars: 4_000_000,
            max_line_bytes: 16 * MIB as usize,
            max_merges: 100_000,
            max_shown_bytes: 2048 * MIB as usize,
            max_loaded_bytes: 512 * MIB as usize,
        }
    }
}
