//! Finding the header below titles and remarks.

use crate::fixture::{Parts, open};
use duijie_sheet::{Row, find_header, is_footnote_row, is_sum_row};

#[test]
fn a_county_workbook_is_read_from_its_title_to_its_footer() {
    let cell = |at: &str, text: &str| format!(r#"<c r="{at}" t="str"><v>{text}</v></c>"#);
    let rows = [
        format!(r#"<row r="1">{}</row>"#, cell("A1", "2024年企业技术需求汇总表")),
        format!(r#"<row r="2">{}</row>"#, cell("A2", "填报单位：某县科技局　　单位：万元")),
        format!(r#"<row r="3">{}{}{}{}</row>"#, cell("A3", "序号"), cell("B3", "*企业&#10;名称"), cell("C3", "联系人"), cell("E3", "拟投入（万元）")),
        format!(r#"<row r="4">{}{}</row>"#, cell("C4", "姓名"), cell("D4", "电话")),
        format!(r#"<row r="5"><c r="A5"><v>1</v></c>{}{}{}<c r="E5"><v>50</v></c></row>"#, cell("B5", "甲公司"), cell("C5", "张三"), cell("D5", "139")),
        format!(r#"<row r="6"><c r="A6"><v>2</v></c>{}<c r="E6"><v>5.5</v></c></row>"#, cell("C6", "李四")),
        format!(r#"<row r="7">{}<c r="E7"><v>55.5</v></c></row>"#, cell("A7", "合  计")),
        format!(r#"<row r="8">{}{}</row>"#, cell("A8", "填表人：王五"), cell("D8", "日期：2024年5月")),
    ]
    .concat();
    let mut parts = Parts::rows(&rows);
    let merges = ["A1:E1", "A2:E2", "A3:A4", "B3:B4", "C3:D3", "E3:E4", "B5:B6"];
    parts.sheet.push_str(&format!("<mergeCells>{}</mergeCells>", merges.map(|range| format!(r#"<mergeCell ref="{range}"/>"#)).concat()));
    let sheet = open(parts.bytes()).load(0).unwrap();

    let known = ["序号", "企业名称", "拟投入", "联系人/电话"];
    let header = find_header(&sheet.rows, |text| known.contains(&text)).unwrap();
    let names: Vec<&str> = header.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["序号", "企业名称", "联系人/姓名", "联系人/电话", "拟投入"]);
    assert_eq!((header.first_row, header.first_data_row(), header.unit.as_deref()), (3, 5, Some("万元")));
    assert!(header.columns[1].required && !header.columns[0].required);

    let data: Vec<&Row> = sheet.rows.iter().filter(|row| row.number >= header.first_data_row() && !is_sum_row(row) && !is_footnote_row(row)).collect();
    let firms: Vec<String> = data.iter().map(|row| row.text(1)).collect();
    assert_eq!(firms, ["甲公司", "甲公司"]);
}
