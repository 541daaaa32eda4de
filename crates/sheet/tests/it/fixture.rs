//! Workbooks made by hand, sound and hostile, and short ways to read them.

use duijie_sheet::{CellValue, Limits, ReadFault, Row, Workbook, read};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// A zip of `parts`.
pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const PACKAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="46"/><xf numFmtId="57"/><xf numFmtId="10"/></cellXfs></styleSheet>"#;

/// The parts of a workbook with one sheet; `workbook_attributes` stand in its `workbookPr`.
pub(crate) struct Parts {
    pub(crate) sheet: String,
    pub(crate) strings: String,
    pub(crate) workbook_attributes: String,
}

impl Parts {
    /// A sheet of these `<row>` elements; style 1 is a date, style 2 a duration, style 3 a month,
    /// style 4 percent.
    pub(crate) fn rows(rows: &str) -> Parts {
        Parts { sheet: format!("<sheetData>{rows}</sheetData>"), strings: String::new(), workbook_attributes: String::new() }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let main = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships""#;
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        let workbook = format!(
            "{head}<workbook {main}><workbookPr {}/><sheets><sheet name=\"表一\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
            self.workbook_attributes
        );
        let sheet = format!("{head}<worksheet {main}>{}</worksheet>", self.sheet);
        let mut parts: Vec<(&str, &[u8])> = vec![
            ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
            ("_rels/.rels", PACKAGE.as_bytes()),
            ("xl/workbook.xml", workbook.as_bytes()),
            ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
            ("xl/styles.xml", STYLES.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ];
        if !self.strings.is_empty() {
            parts.push(("xl/sharedStrings.xml", self.strings.as_bytes()));
        }
        zip(&parts)
    }
}

/// Limits small enough that a test can cross them.
pub(crate) fn small_limits() -> Limits {
    Limits { max_columns: 20, max_cell_chars: 100, max_row_chars: 300, max_line_bytes: 4_000, ..Limits::default() }
}

pub(crate) fn open(bytes: Vec<u8>) -> Workbook {
    read("表.bin", bytes, &Limits::default()).unwrap()
}

pub(crate) fn fault_of(bytes: Vec<u8>) -> ReadFault {
    match read("表.bin", bytes, &Limits::default()) {
        Ok(_) => panic!("the file was admitted"),
        Err(fault) => fault,
    }
}

/// The rows of the first sheet as `number: a|b|c`, and faults as `! message` in English.
pub(crate) fn shown(bytes: Vec<u8>, limits: &Limits) -> Vec<String> {
    let mut workbook = read("表.bin", bytes, limits).unwrap();
    let rows = workbook.rows(0).unwrap();
    rows.map(|row| match row {
        Ok(row) => format!("{}: {}", row.number, texts(&row).join("|")),
        Err(fault) => format!("! {}", fault.diagnostic("", None).message.en),
    })
    .collect()
}

pub(crate) fn texts(row: &Row) -> Vec<String> {
    row.cells.iter().map(CellValue::as_text).collect()
}
