//! Opening a file and reading its sheets.

use crate::csv_rows::CsvRows;
use crate::xlsx_rows::XlsxRows;
use crate::{CellRange, Format, Limits, ReadFault, Row, Sheet, SheetInfo, package, signature, xlsx_rows};
use calamine::{Reader, SheetType, SheetVisible, Xlsx};
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

/// Bytes that can be read from any place: a file, or a buffer in a cursor.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

pub(crate) type Source = BufReader<Box<dyn ReadSeek>>;

/// A file that was opened and admitted; its rows are read on demand.
pub struct Workbook {
    name: String,
    limits: Limits,
    sheets: Vec<SheetInfo>,
    body: Body,
}

enum Body {
    Xlsx(Box<Xlsx<Source>>),
    Csv(Box<dyn ReadSeek>),
}

/// The rows of one sheet, in order. A fault of a row comes in the row's place and the rows after it
/// follow; after a fault that [`ReadFault::ends_reading`] nothing comes.
pub struct Rows<'a> {
    rows: RowsOf<'a>,
    ended: bool,
}

enum RowsOf<'a> {
    Xlsx(Box<XlsxRows<'a>>),
    Csv(Box<CsvRows<'a>>),
}

/// The workbook in `bytes`. `name` is the file's name, used in messages only: the kind of the file is
/// told from its content.
pub fn read(name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Workbook, ReadFault> {
    Workbook::open(name, Cursor::new(bytes), limits)
}

impl Workbook {
    /// Opens xlsx or separated text. An xlsx package is inflated once and counted before anything is
    /// parsed; of a text file only the start is looked at.
    pub fn open(name: &str, source: impl ReadSeek + 'static, limits: &Limits) -> Result<Workbook, ReadFault> {
        let mut source: Box<dyn ReadSeek> = Box::new(source);
        let (sheets, body) = match signature::format_of(&mut source)? {
            Format::Csv => (vec![SheetInfo { name: String::new(), hidden: false }], Body::Csv(source)),
            Format::Xlsx => {
                let mut source = BufReader::new(source);
                package::inspect(&mut source, limits)?;
                let xlsx = xlsx_rows::guarded(|| Xlsx::new(source))?.map_err(xlsx_rows::parser_fault)?;
                let sheets = worksheets(&xlsx);
                if sheets.len() > limits.max_sheets {
                    return Err(ReadFault::TooManySheets { limit: limits.max_sheets });
                }
                (sheets, Body::Xlsx(Box::new(xlsx)))
            }
        };
        Ok(Workbook { name: name.to_string(), limits: limits.clone(), sheets, body })
    }

    /// The file's name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn format(&self) -> Format {
        match self.body {
            Body::Xlsx(_) => Format::Xlsx,
            Body::Csv(_) => Format::Csv,
        }
    }

    /// The worksheets in the order of their tabs; one without a name for a text file. Chart sheets
    /// are left out.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// The merged ranges of the sheet that counts `sheet` from 0.
    pub fn merges(&mut self, sheet: usize) -> Result<Vec<CellRange>, ReadFault> {
        let info = self.sheets.get(sheet).ok_or(ReadFault::NoSuchSheet(sheet))?;
        match &mut self.body {
            Body::Csv(_) => Ok(Vec::new()),
            Body::Xlsx(xlsx) => xlsx_rows::merges(xlsx, &info.name, &self.limits),
        }
    }

    /// The rows of the sheet that counts `sheet` from 0, from the top. Rows are read as they are
    /// asked for; only one is in memory.
    pub fn rows(&mut self, sheet: usize) -> Result<Rows<'_>, ReadFault> {
        let merges = self.merges(sheet)?;
        let info = self.sheets.get(sheet).ok_or(ReadFault::NoSuchSheet(sheet))?;
        let rows = match &mut self.body {
            Body::Xlsx(xlsx) => RowsOf::Xlsx(Box::new(XlsxRows::open(xlsx, &info.name, merges, &self.limits)?)),
            Body::Csv(source) => {
                source.seek(SeekFrom::Start(0))?;
                RowsOf::Csv(Box::new(CsvRows::open(source, &self.limits)?))
            }
        };
        Ok(Rows { rows, ended: false })
    }

    /// The whole sheet in memory, with the faults of its rows as diagnostics. A fault of the whole
    /// sheet is returned as such.
    pub fn load(&mut self, sheet: usize) -> Result<Sheet, ReadFault> {
        let merges = self.merges(sheet)?;
        let info = self.sheets.get(sheet).cloned().ok_or(ReadFault::NoSuchSheet(sheet))?;
        let (name, limit) = (self.name.clone(), self.limits.max_loaded_bytes);
        let shown_sheet = (!info.name.is_empty()).then_some(info.name.as_str());
        let (mut rows, mut faults, mut loaded) = (Vec::new(), Vec::new(), 0usize);
        for row in self.rows(sheet)? {
            match row {
                Ok(row) => {
                    loaded += std::mem::size_of::<Row>() + row.cells.iter().map(|cell| cell.text_len() + std::mem::size_of_val(cell)).sum::<usize>();
                    rows.push(row);
                }
                Err(fault) if fault.ends_reading() => return Err(fault),
                Err(fault) => {
                    loaded += std::mem::size_of::<ReadFault>();
                    faults.push(fault.diagnostic(&name, shown_sheet));
                }
            }
            if loaded > limit {
                return Err(ReadFault::TooMuchText { limit });
            }
        }
        Ok(Sheet { info, rows, merges, faults })
    }
}

fn worksheets(xlsx: &Xlsx<Source>) -> Vec<SheetInfo> {
    let sheets = xlsx.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.map(|sheet| SheetInfo { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible }).collect()
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, ReadFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match &mut self.rows {
            RowsOf::Xlsx(rows) => rows.next_row(),
            RowsOf::Csv(rows) => rows.next_row(),
        };
        self.ended = match &next {
            None => true,
            Some(Err(fault)) => fault.ends_reading(),
            Some(Ok(_)) => false,
        };
        next
    }
}
