//! Writing workbooks and csv: nothing becomes a formula, what is written reads back.

use crate::fixture::open;
use duijie_sheet::{About, CellValue, Column, ColumnKind, Limits, Storage, Table, Value, WriteFault, read, write_csv, write_workbook};
use duijie_vocab::{Date, Decimal, Fen, MoneyUnit, Timestamp};
use std::io::Read;

pub(crate) fn about() -> About {
    About { title: "需求".into(), creator: "对接".into(), created: Timestamp::parse("2024-05-01T00:00:00Z").unwrap() }
}

pub(crate) fn xlsx_of(table: Table<'_>) -> Vec<u8> {
    write_workbook(vec![table], &about(), Storage::Memory).unwrap().bytes
}

pub(crate) fn csv_of(table: Table<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    write_csv(table, &mut out).unwrap();
    out
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn typed() -> (Vec<Column>, Vec<Vec<Value>>) {
    let columns = [
        ("名称", ColumnKind::Text),
        ("人数", ColumnKind::Integer),
        ("拟投入", ColumnKind::Money(MoneyUnit::Wan)),
        ("截止", ColumnKind::Date),
        ("占比", ColumnKind::Percent),
        ("网页", ColumnKind::Link),
    ];
    let columns = columns.map(|(header, kind)| Column::new(header, kind)).to_vec();
    let row = vec![
        "甲公司".into(),
        Value::Integer(12),
        Value::Money(Fen(1_234_567)),
        Value::Date(Date::parse("2024-05").unwrap()),
        Value::Ratio(Decimal::parse("0.255").unwrap()),
        Value::Link { url: "https://example.org/需求?a=1".into(), text: "详情".into() },
    ];
    (columns, vec![row])
}

#[test]
fn typed_columns_are_numbers_dates_and_links() {
    let (columns, rows) = typed();
    let mut table = Table::new("需求", columns, rows.into_iter());
    table.titles = vec!["2024年需求".into()];
    let bytes = xlsx_of(table);
    let mut workbook = open(bytes.clone());
    let sheet = workbook.load(0).unwrap();
    let texts: Vec<Vec<String>> = sheet.rows.iter().map(|row| row.cells.iter().map(CellValue::as_text).collect()).collect();
    assert_eq!(texts[0][0], "2024年需求");
    assert_eq!(texts[1].join("|"), "名称|人数|拟投入（万元）|截止|占比|网页");
    assert_eq!(texts[2].join("|"), "甲公司|12|1.234567|2024-05|0.255|详情");
    let xml = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(xml.contains("<autoFilter ref=\"A2:F3\"/>") && xml.contains("state=\"frozen\"") && xml.contains("<hyperlink"), "{xml}");
    assert!(part(&bytes, "docProps/core.xml").contains("2024-05-01T00:00:00Z"));
}

#[test]
fn a_csv_for_china_has_a_mark_and_full_texts() {
    let (columns, mut rows) = typed();
    rows[0][0] = Value::Text("长".repeat(40_000));
    let bytes = csv_of(Table::new("需求", columns, rows.into_iter()));
    assert!(bytes.starts_with(b"\xef\xbb\xbf"));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with(",12,1.234567,\"2024-05\",\"25.5%\",\"详情\"\r\n"));
    assert!(text.contains(&"长".repeat(40_000)));
}

#[test]
fn no_text_becomes_a_formula() {
    let attacks = ["x;1\t2|3", "=HYPERLINK(\"http://x\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", "{=1}", "＝1"];
    let table = || Table::new("=表", vec![Column::new("=1+1", ColumnKind::Text)], attacks.iter().map(|text| vec![Value::from(*text)]));
    let bytes = xlsx_of(table());
    let xml = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(!xml.contains("<f>") && !xml.contains("<f "), "{xml}");
    assert!(part(&bytes, "xl/styles.xml").contains("quotePrefix=\"1\""));
    let csv = csv_of(table());
    for cell in String::from_utf8(csv.clone()).unwrap().trim_start_matches('\u{feff}').split("\r\n") {
        let cell = cell.trim_start_matches('"');
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']), "{cell}");
    }
    for bytes in [bytes, csv] {
        let sheet = open(bytes).load(0).unwrap();
        let read: Vec<String> = sheet.rows.iter().map(|row| row.text(0)).collect();
        assert_eq!(read[0], "=1+1");
        assert_eq!(read[1..], attacks);
    }
}

#[test]
fn a_link_to_a_program_is_words() {
    let urls = ["javascript:alert(1)", "file:///c:/windows", "https://a b", "internal:Sheet!A1"];
    let rows = urls.map(|url| vec![Value::Link { url: url.into(), text: String::new() }]);
    let bytes = xlsx_of(Table::new("链接", vec![Column::new("网页", ColumnKind::Link)], rows.into_iter()));
    assert!(!part(&bytes, "xl/worksheets/sheet1.xml").contains("<hyperlink"));
    assert_eq!(open(bytes).load(0).unwrap().rows[1].text(0), "javascript:alert(1)");
}

#[test]
fn a_text_too_long_for_a_cell_is_cut_and_reported() {
    let fits = "😀".repeat(16_383);
    let long = "😀".repeat(16_384);
    let rows = [vec![Value::Text(fits.clone())], vec![Value::Text(long)]];
    let written = write_workbook(vec![Table::new("表", vec![Column::new("文", ColumnKind::Text)], rows.into_iter())], &about(), Storage::Memory).unwrap();
    assert_eq!(written.diagnostics.len(), 1);
    assert_eq!(written.diagnostics[0].place.show(), "表!A3");
    let sheet = open(written.bytes).load(0).unwrap();
    assert_eq!(sheet.rows[1].text(0), fits);
    assert!(sheet.rows[2].text(0).starts_with("😀😀") && sheet.rows[2].text(0).ends_with("text cut】"));
}

#[test]
fn numbers_that_a_spreadsheet_would_change_are_texts() {
    let id = Decimal::parse("110101199001011234").unwrap();
    let rows = [vec![Value::Decimal(id)], vec![Value::Decimal(Decimal::parse("0.1").unwrap())]];
    let sheet = open(xlsx_of(Table::new("数", vec![Column::new("数", ColumnKind::Decimal)], rows.into_iter()))).load(0).unwrap();
    assert_eq!(sheet.rows[1].cells[0], CellValue::Text("110101199001011234".into()));
    assert!(matches!(&sheet.rows[2].cells[0], CellValue::Number(number) if number.digits() == "0.1"));
}

#[test]
fn sheet_names_are_made_fit_and_different() {
    let table = |name: &str| Table::new(name.to_string(), vec![Column::new("a", ColumnKind::Text)], std::iter::empty());
    let names = ["需求/2024[一]", "需求/2024[一]", "", "'History'", "很长的名字很长的名字很长的名字很长的名字很长的名字"];
    let bytes = write_workbook(names.map(table).into(), &about(), Storage::Memory).unwrap().bytes;
    let workbook = open(bytes);
    let read: Vec<&str> = workbook.sheets().iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(read, ["需求 2024 一", "需求 2024 一 (2)", "Sheet", "Sheet (2)", names[4]]);
    assert!(matches!(write_workbook(Vec::new(), &about(), Storage::Memory), Err(WriteFault::NoTable)));
}

#[test]
fn a_long_table_is_written_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..20_000i64).map(|row| vec![Value::Text(format!("第{row}行\n=x")), Value::Integer(row)]);
    let table = Table::new("长表", vec![Column::new("名", ColumnKind::Text), Column::new("数", ColumnKind::Integer)], rows);
    let bytes = write_workbook(vec![table], &about(), Storage::Folder(folder.path())).unwrap().bytes;
    let mut workbook = read("长.xlsx", bytes, &Limits::default()).unwrap();
    let last = workbook.rows(0).unwrap().last().unwrap().unwrap();
    assert_eq!((last.number, last.text(0), last.text(1)), (20_001, "第19999行\n=x".into(), "19999".into()));
    let again = |column: &str| Table::new("表", vec![Column::new(column, ColumnKind::Text)], std::iter::once(vec![Value::from("x")]));
    let bytes = || write_workbook(vec![again("名")], &about(), Storage::Folder(folder.path())).unwrap().bytes;
    assert_eq!(bytes(), bytes());
    let many = std::iter::repeat_with(|| vec![Value::Integer(1)]);
    let endless = Table::new("无尽", vec![Column::new("数", ColumnKind::Integer)], many);
    assert!(matches!(write_workbook(vec![endless], &about(), Storage::Folder(folder.path())), Err(WriteFault::TooManyRows { .. })));
}
