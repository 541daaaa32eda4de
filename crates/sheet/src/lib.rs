//! Workbooks: xlsx and csv bytes to tables of addressed cells, and back. Reading keeps the row and
//! column of every value so that a fault can be shown at its cell; writing never lets a text
//! become a formula. This room knows no record and no schema, and trusts no byte it is given.
//!
//! ```
//! use duijie_sheet::{Limits, read};
//!
//! let mut workbook = read("需求.csv", "名称,电话\n甲公司,0519-12345\n".into(), &Limits::default())?;
//! let firms: Vec<String> = workbook.rows(0)?.skip(1).map(|row| row.map(|row| row.text(0))).collect::<Result<_, _>>()?;
//! assert_eq!(firms, ["甲公司"]);
//! # Ok::<(), duijie_sheet::ReadFault>(())
//! ```

mod annotate;
mod cell;
mod cfb;
mod csv_lines;
mod csv_rows;
mod delimiter;
mod fault;
mod formula;
mod header;
mod limits;
mod merge;
mod number;
mod package;
mod remark;
mod row;
mod sheet;
mod shown_as;
mod signature;
mod style;
mod table;
mod template;
mod workbook;
mod write_csv;
mod write_xlsx;
mod xlsx_rows;
mod xml_tally;

pub use annotate::{AnnotateFault, Annotated, RESULT_HEADERS, RowNote, SheetResult, Verdict, annotate, is_result_header};
pub use cell::{Address, CellRange, CellValue};
pub use fault::ReadFault;
pub use header::{HeaderAt, HeaderColumn, clean_header, find_header};
pub use limits::Limits;
pub use merge::MergedCell;
pub use number::Number;
pub use remark::{is_blank_row, is_footnote_row, is_sum_row, unit_note};
pub use row::Row;
pub use sheet::{Sheet, SheetInfo};
pub use signature::Format;
pub use table::{About, Column, ColumnKind, Storage, Table, Value, WriteFault, Written};
pub use template::{FieldKind, GUIDE_SHEETS, Template, TemplateColumn, TemplateSheet, is_guide_sheet, write_template};
pub use workbook::{ReadSeek, Rows, Workbook, read};
pub use write_csv::write_csv;
pub use write_xlsx::write_workbook;
