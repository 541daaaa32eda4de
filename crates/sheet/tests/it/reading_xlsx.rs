//! Reading xlsx: values, dates, merged ranges, and packages that are up to no good.

use crate::fixture::{Parts, open, shown, small_limits};
use duijie_sheet::{Address, CellValue, Format, Limits};

#[test]
fn cells_keep_their_kind_and_place() {
    let strings = "<sst uniqueCount=\"2\"><si><t>涂层</t></si><si><r><t>碳</t></r><r><t>纤维</t></r></si></sst>".to_string();
    let rows = r#"<row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c><c r="D3"><v>12.0</v></c><c r="E3" s="1"><v>44260.5</v></c>
        <c r="F3" t="b"><v>1</v></c><c r="G3" t="e"><v>#N/A</v></c><c r="H3" t="str"><f>A1&amp;"x"</f><v>x</v></c><c r="I3"><v>110101199001011234</v></c>
        <c r="J3" s="2"><v>1.5</v></c><c r="K3" t="inlineStr"><is><t>内</t></is></c></row>"#;
    let mut workbook = open(Parts { strings, ..Parts::rows(rows) }.bytes());
    assert_eq!((workbook.format(), workbook.sheets()[0].name.as_str()), (Format::Xlsx, "表一"));
    let sheet = workbook.load(0).unwrap();
    let row = &sheet.rows[0];
    assert_eq!(row.number, 3);
    let texts: Vec<String> = row.cells.iter().map(CellValue::as_text).collect();
    assert_eq!(texts.join("|"), "|涂层|碳纤维|12|2021-03-05|TRUE|#N/A|x|110101199001011230|36:00:00|内");
    assert!(matches!(&row.cells[8], CellValue::Number(number) if number.is_lossy()));
    assert!(matches!(&row.cells[4], CellValue::Date(_)));
    assert_eq!(row.address(4).to_string(), "E3");
    assert_eq!(sheet.value(Address::new(2, 1)).as_text(), "涂层");
}

#[test]
fn dates_follow_the_date_system_of_their_workbook() {
    let row = r#"<row r="1"><c r="A1" s="1"><v>42798</v></c></row>"#;
    let of_1904 = Parts { workbook_attributes: "date1904=\"1\"".into(), ..Parts::rows(row) };
    assert_eq!(shown(of_1904.bytes(), &Limits::default()), ["1: 2021-03-05"]);
    assert_eq!(shown(Parts::rows(row).bytes(), &Limits::default()), ["1: 2017-03-04"]);
}

#[test]
fn a_merged_value_shows_in_every_cell_of_its_range() {
    let rows = r#"<row r="1"><c r="A1" t="str"><v>汇总表</v></c></row><row r="2"><c r="A2" t="str"><v>甲</v></c><c r="B2"><v>1</v></c></row>
        <row r="3"><c r="B3"><v>2</v></c></row>"#;
    let mut parts = Parts::rows(rows);
    parts.sheet.push_str(r#"<mergeCells count="2"><mergeCell ref="A1:C1"/><mergeCell ref="A2:A4"/></mergeCells>"#);
    let sheet = open(parts.bytes()).load(0).unwrap();
    assert_eq!(sheet.rows[0].text(2), "汇总表");
    assert_eq!((sheet.rows[2].text(0), sheet.rows[2].cells[0].as_text()), ("甲".into(), String::new()));
    assert_eq!(sheet.value(Address::new(3, 0)).as_text(), "甲");
    assert_eq!(sheet.value(Address::new(4, 0)).as_text(), "");
    assert_eq!(sheet.merges[1].to_string(), "A2:A4");
}

#[test]
fn a_far_cell_is_named_and_costs_nothing() {
    let rows = r#"<row r="1"><c r="A1" t="str"><v>甲</v></c></row><row r="1048576"><c r="XFD1048576" t="str"><v>远</v></c></row>"#;
    let lines = shown(Parts::rows(rows).bytes(), &Limits::default());
    assert_eq!(lines, ["1: 甲", "! cell XFD1048576 is to the right of the first 1000 columns and was not read"]);
}

#[test]
fn a_cell_that_is_too_long_costs_its_row_only() {
    let long = "长".repeat(101);
    let rows = format!(r#"<row r="1"><c r="A1"><v>1</v></c><c r="C1" t="str"><v>{long}</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"#);
    assert_eq!(shown(Parts::rows(&rows).bytes(), &small_limits()), ["! cell C1 has more than 100 characters, its row was not read", "2: 2"]);
}

#[test]
fn an_unknown_error_value_costs_its_cell_only() {
    let rows = r##"<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><v>#SPILL!</v></c><c r="C1"><v>3</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"##;
    let lines = shown(Parts::rows(rows).bytes(), &Limits::default());
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("! a cell after A1 cannot be read"));
    assert_eq!(lines[1..], ["1: 1||3", "2: 2"]);
}

#[test]
fn rows_and_sheets_beyond_the_limits_are_refused() {
    let rows = r#"<row r="5"><c r="A5"><v>1</v></c></row><row r="11"><c r="A11"><v>2</v></c></row>"#;
    let limits = Limits { max_xlsx_rows: 10, ..Limits::default() };
    assert_eq!(shown(Parts::rows(rows).bytes(), &limits), ["5: 1", "! row 11 is beyond the 10 rows that are read"]);
    let none = duijie_sheet::read("表.xlsx", Parts::rows(rows).bytes(), &Limits { max_sheets: 0, ..Limits::default() });
    assert!(matches!(none, Err(duijie_sheet::ReadFault::TooManySheets { limit: 0 })));
}

#[test]
fn a_sheet_too_large_for_memory_can_still_be_streamed() {
    let rows: String = (1..=50).map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="str"><v>{}</v></c></row>"#, "字".repeat(90))).collect();
    let limits = Limits { max_loaded_bytes: 5_000, ..Limits::default() };
    let mut workbook = duijie_sheet::read("表.xlsx", Parts::rows(&rows).bytes(), &limits).unwrap();
    assert!(matches!(workbook.load(0), Err(duijie_sheet::ReadFault::TooMuchText { .. })));
    assert_eq!(workbook.rows(0).unwrap().filter(|row| row.is_ok()).count(), 50);
}

#[test]
fn a_month_stays_a_month_and_percent_is_told() {
    let rows = r#"<row r="1"><c r="A1" s="3"><v>44256</v></c><c r="B1" s="4"><v>0.255</v></c><c r="C1" s="1"><v>0</v></c><c r="D1" s="1"><v>0.5</v></c></row>"#;
    let sheet = open(Parts::rows(rows).bytes()).load(0).unwrap();
    let texts: Vec<String> = sheet.rows[0].cells.iter().map(CellValue::as_text).collect();
    assert_eq!(texts, ["2021-03", "0.255", "0", "12:00:00"]);
    assert!(matches!(&sheet.rows[0].cells[1], CellValue::Number(number) if number.is_percent()));
}
