//! Why a file, or one row of it, was not read.

use crate::Address;
use duijie_vocab::{Diagnostic, Place, Text, text};

/// A fault of a file that was being read. [`ReadFault::ends_reading`] tells a fault of the whole
/// file from one of a single row, after which reading goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    #[error("the workbook has a password")]
    Password,
    #[error("the file is a workbook of the format used before 2007")]
    LegacyXls,
    #[error("the file is {0}, not a workbook")]
    OtherFormat(&'static str),
    #[error("the workbook is cut off or damaged: {0}")]
    Damaged(String),
    #[error("the file is empty")]
    EmptyFile,
    #[error("the workbook inflates to more than {limit} bytes in `{part}`")]
    Inflates { part: String, limit: u64 },
    #[error("the workbook's part `{part}` is packed more than {limit} times")]
    Ratio { part: String, limit: u64 },
    #[error("the workbook has more than {limit} parts")]
    TooManyParts { limit: usize },
    #[error("the workbook has more than {limit} sheets")]
    TooManySheets { limit: usize },
    #[error("the sheet has more than {limit} merged ranges")]
    TooManyMerges { limit: usize },
    #[error("the workbook has more than {limit} different texts")]
    TooManyTexts { limit: usize },
    #[error("row {row} is beyond the {limit} rows that are read")]
    TooManyRows { row: u64, limit: u32 },
    #[error("the sheet holds more than {limit} bytes of text")]
    TooMuchText { limit: usize },
    #[error("the workbook has no sheet {0}")]
    NoSuchSheet(usize),
    #[error("line {line} holds a zero byte, which no text file does")]
    Binary { line: u32 },
    #[error("the quote opened in line {line} is never closed")]
    UnclosedQuote { line: u32 },
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),

    #[error("cell {at} has more than {limit} characters")]
    CellTooLong { at: Address, limit: usize },
    #[error("row {row} has more than {limit} characters")]
    RowTooLong { row: u32, limit: usize },
    #[error("line {line} has more than {limit} bytes")]
    LineTooLong { line: u32, limit: usize },
    #[error("cell {at} is to the right of the {limit} columns that are read")]
    CellOutside { at: Address, limit: usize },
    #[error("a cell after {after} cannot be read: {detail}")]
    CellUnreadable { after: Address, detail: String },
    #[error("line {line} is text in neither UTF-8 nor GB18030")]
    LineNotText { line: u32 },
    #[error("text follows the closing quote of the quote opened in line {line}")]
    StrayQuote { line: u32, at: Address },
}

impl ReadFault {
    /// Whether nothing of the sheet can be read after this fault.
    pub fn ends_reading(&self) -> bool {
        !matches!(
            self,
            ReadFault::CellTooLong { .. }
                | ReadFault::RowTooLong { .. }
                | ReadFault::LineTooLong { .. }
                | ReadFault::CellOutside { .. }
                | ReadFault::CellUnreadable { .. }
                | ReadFault::LineNotText { .. }
                | ReadFault::StrayQuote { .. }
        )
    }

    /// The fault for a person, with its place in `file` and `sheet`.
    pub fn diagnostic(&self, file: &str, sheet: Option<&str>) -> Diagnostic {
        let place = Place { sheet: sheet.map(str::to_string), ..self.place(file) };
        let (code, message) = self.told();
        let diagnostic = if matches!(self, ReadFault::CellOutside { .. }) { Diagnostic::warning(code, message) } else { Diagnostic::error(code, message) };
        let diagnostic = diagnostic.at(place);
        match self.next_step() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    fn place(&self, file: &str) -> Place {
        let place = Place::file(file);
        match self {
            ReadFault::CellTooLong { at, .. } | ReadFault::CellOutside { at, .. } | ReadFault::CellUnreadable { after: at, .. } => {
                Place { cell: Some(at.to_string()), ..place }
            }
            ReadFault::StrayQuote { line, at } => Place { line: Some(*line), cell: Some(at.to_string()), ..place },
            ReadFault::RowTooLong { row, .. } => Place { row: Some(*row), ..place },
            ReadFault::LineTooLong { line, .. } | ReadFault::LineNotText { line } | ReadFault::Binary { line } | ReadFault::UnclosedQuote { line } => {
                Place { line: Some(*line), ..place }
            }
            _ => place,
        }
    }

    fn told(&self) -> (&'static str, Text) {
        match self {
            ReadFault::Password => ("sheet.password", text!("工作簿设有打开密码", "the workbook has a password")),
            ReadFault::LegacyXls => {
                ("sheet.legacy_xls", text!("这是 2003 版及更早的工作簿（.xls）", "the file is a workbook of the format used before 2007 (.xls)"))
            }
            ReadFault::OtherFormat(what) => {
                ("sheet.not_a_workbook", Text::new(format!("文件不是工作簿，而是 {what}"), format!("the file is {what}, not a workbook")))
            }
            ReadFault::Damaged(detail) => ("sheet.damaged", text!("工作簿不完整或已损坏（{detail}）", "the workbook is cut off or damaged ({detail})")),
            ReadFault::EmptyFile => ("sheet.empty", text!("文件是空的", "the file is empty")),
            ReadFault::Inflates { part, limit } => {
                let mib = limit / (1024 * 1024);
                ("sheet.too_large", text!("工作簿解压后超过 {mib} MiB（`{part}`）", "the workbook inflates to more than {mib} MiB (`{part}`)"))
            }
            ReadFault::Ratio { part, limit } => (
                "sheet.too_large",
                text!(
                    "工作簿压缩比超过 {limit} 倍，不像正常文件（`{part}`）",
                    "a part of the workbook is packed more than {limit} times, as no real workbook is (`{part}`)"
                ),
            ),
            ReadFault::TooManyParts { limit } => ("sheet.too_large", text!("工作簿包含的部件超过 {limit} 个", "the workbook has more than {limit} parts")),
            ReadFault::TooManySheets { limit } => ("sheet.too_large", text!("工作表超过 {limit} 张", "the workbook has more than {limit} sheets")),
            ReadFault::TooManyMerges { limit } => ("sheet.too_large", text!("合并单元格超过 {limit} 处", "the sheet has more than {limit} merged ranges")),
            ReadFault::TooManyTexts { limit } => ("sheet.too_large", text!("不同的文字超过 {limit} 条", "the workbook has more than {limit} different texts")),
            ReadFault::TooManyRows { row, limit } => {
                ("sheet.too_many_rows", text!("第 {row} 行超出可读取的 {limit} 行", "row {row} is beyond the {limit} rows that are read"))
            }
            ReadFault::TooMuchText { limit } => {
                let mib = limit / (1024 * 1024);
                ("sheet.too_large", text!("工作表的文字超过 {mib} MiB", "the sheet holds more than {mib} MiB of text"))
            }
            ReadFault::NoSuchSheet(index) => ("sheet.no_such_sheet", text!("没有第 {} 张工作表", "the workbook has no sheet {}", index + 1)),
            ReadFault::Binary { line } => {
                ("sheet.binary", text!("第 {line} 行含有空字节，不是文本文件", "line {line} holds a zero byte, the file is not text"))
            }
            ReadFault::UnclosedQuote { line } => {
                ("csv.unclosed_quote", text!("第 {line} 行的引号一直没有结束", "the quote opened in line {line} is never closed"))
            }
            ReadFault::Io(error) => ("sheet.io", text!("文件无法读取（{error}）", "the file cannot be read ({error})")),
            ReadFault::CellTooLong { at, limit } => (
                "sheet.cell_too_long",
                text!("单元格 {at} 超过 {limit} 个字符，该行未读取", "cell {at} has more than {limit} characters, its row was not read"),
            ),
            ReadFault::RowTooLong { row, limit } => {
                ("sheet.row_too_long", text!("第 {row} 行超过 {limit} 个字符，未读取", "row {row} has more than {limit} characters and was not read"))
            }
            ReadFault::LineTooLong { line, limit } => {
                ("csv.line_too_long", text!("第 {line} 行超过 {limit} 字节，未读取", "line {line} has more than {limit} bytes and was not read"))
            }
            ReadFault::CellOutside { at, limit } => (
                "sheet.cell_outside",
                text!("单元格 {at} 在前 {limit} 列之外，未读取", "cell {at} is to the right of the first {limit} columns and was not read"),
            ),
            ReadFault::CellUnreadable { after, detail } => {
                ("sheet.cell_unreadable", text!("{after} 之后有一个单元格无法读取（{detail}）", "a cell after {after} cannot be read ({detail})"))
            }
            ReadFault::LineNotText { line } => (
                "csv.not_text",
                text!("第 {line} 行既不是 UTF-8 也不是 GB18030 编码，未读取", "line {line} is text in neither UTF-8 nor GB18030 and was not read"),
            ),
            ReadFault::StrayQuote { line, at } => (
                "csv.stray_quote",
                text!(
                    "单元格 {at} 的引号（始于第 {line} 行）没有正确结束，该行未读取",
                    "the quote of cell {at}, opened in line {line}, is not closed properly; its row was not read"
                ),
            ),
        }
    }

    fn next_step(&self) -> Option<Text> {
        match self {
            ReadFault::Password => Some(text!("请取消密码后另存再上传", "save it without a password and try again")),
            ReadFault::LegacyXls | ReadFault::OtherFormat(_) => {
                Some(text!("请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传", "open it in a spreadsheet program, save it as .xlsx and try again"))
            }
            ReadFault::Damaged(_) | ReadFault::EmptyFile | ReadFault::Io(_) => Some(text!("请重新保存或重新传送该文件", "save or transfer the file again")),
            ReadFault::Inflates { .. }
            | ReadFault::Ratio { .. }
            | ReadFault::TooManyParts { .. }
            | ReadFault::TooManySheets { .. }
            | ReadFault::TooManyMerges { .. }
            | ReadFault::TooManyTexts { .. }
            | ReadFault::TooManyRows { .. }
            | ReadFault::TooMuchText { .. } => {
                Some(text!("请把数据复制到新的工作簿，或分成几个文件", "copy the data into a new workbook, or split it into several files"))
            }
            ReadFault::Binary { .. } => Some(text!("请另存为 .xlsx 或 UTF-8 编码的 .csv", "save it as .xlsx or as .csv in UTF-8")),
            ReadFault::UnclosedQuote { .. } | ReadFault::StrayQuote { .. } => {
                Some(text!("请在该单元格末尾补上引号；文字中的引号写两遍", "add the closing quote; write a quote inside the text twice"))
            }
            ReadFault::CellTooLong { .. } | ReadFault::RowTooLong { .. } | ReadFault::LineTooLong { .. } => {
                Some(text!("请缩短文字，或作为附件提交", "shorten the text, or hand it in as an attachment"))
            }
            ReadFault::CellOutside { .. } => Some(text!("若为误填，请删除该单元格", "delete the cell if it is there by mistake")),
            ReadFault::CellUnreadable { .. } => Some(text!("请改为普通文字或数字", "replace it with plain text or a number")),
            ReadFault::LineNotText { .. } => Some(text!("请把整个文件另存为 UTF-8 编码", "save the whole file in UTF-8")),
            ReadFault::NoSuchSheet(_) => None,
        }
    }
}
