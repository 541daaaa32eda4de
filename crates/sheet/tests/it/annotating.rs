//! Files handed back with what became of each row.

use crate::fixture::{Parts, open, shown};
use crate::writing::about;
use duijie_sheet::{CellValue, Format, Limits, RowNote, SheetResult, Verdict, annotate, find_header, is_result_header};
use duijie_vocab::Lang;

fn note(row: u32, verdict: Verdict, text: &str) -> RowNote {
    RowNote { row, verdict, text: text.into() }
}

fn result(header_row: u32, notes: Vec<RowNote>) -> Vec<SheetResult> {
    vec![SheetResult { sheet: 0, header_row, notes }]
}

fn workbook() -> Vec<u8> {
    let rows = r#"<row r="1"><c r="A1" t="str"><v>汇总表</v></c></row>
        <row r="2"><c r="A2" t="str"><v>企业名称</v></c><c r="B2" t="str"><v>拟投入</v></c><c r="C2" t="str"><v>截止</v></c></row>
        <row r="3"><c r="A3" t="str"><v>=甲</v></c><c r="B3"><v>50.5</v></c><c r="C3" s="1"><v>44260</v></c></row>
        <row r="5"><c r="A5" t="str"><v>乙</v></c><c r="B5" t="str"><v>很多</v></c></row><row r="6"><c r="A6" t="str"><v>丙</v></c><c r="B6" t="b"><v>1</v></c></row>"#;
    let mut parts = Parts::rows(rows);
    parts.sheet.push_str(r#"<mergeCells><mergeCell ref="A1:C1"/></mergeCells>"#);
    parts.bytes()
}

#[test]
fn a_workbook_comes_back_with_its_values_and_what_became_of_them() {
    let notes = vec![
        note(3, Verdict::Accepted, ""),
        note(5, Verdict::Refused, "“拟投入”应为数字"),
        note(5, Verdict::Remarked, "没有截止日期"),
        note(6, Verdict::Unchanged, ""),
    ];
    let annotated = annotate("表.xlsx", workbook(), &result(2, notes), &Limits::default(), &about(), Lang::Zh).unwrap();
    assert_eq!((annotated.format, annotated.diagnostics.len()), (Format::Xlsx, 0));
    let sheet = open(annotated.bytes.clone()).load(0).unwrap();
    let lines: Vec<String> =
        sheet.rows.iter().map(|row| format!("{}: {}", row.number, (0..4).map(|column| row.text(column)).collect::<Vec<_>>().join("|"))).collect();
    assert_eq!(
        lines,
        [
            "1: 汇总表|汇总表|汇总表|",
            "2: 企业名称|拟投入|截止|导入结果",
            "3: =甲|50.5|2021-03-05|已导入",
            "5: 乙|很多||未导入：“拟投入”应为数字；没有截止日期",
            "6: 丙|TRUE||未变"
        ]
    );
    assert!(matches!(sheet.rows[2].cells[1], CellValue::Number(_)) && matches!(sheet.rows[2].cells[2], CellValue::Date(_)));
    let header = find_header(&sheet.rows, |text| ["企业名称", "拟投入", "截止"].contains(&text)).unwrap();
    assert!(is_result_header(&header.columns[3].name));

    // Handed in again, the column of results is filled anew and not added a second time.
    let again = annotate("表.xlsx", annotated.bytes, &result(2, vec![note(5, Verdict::Accepted, "")]), &Limits::default(), &about(), Lang::En).unwrap();
    let sheet = open(again.bytes).load(0).unwrap();
    assert_eq!((sheet.rows[1].text(3), sheet.rows[1].text(4)), ("Import result".into(), String::new()));
    assert_eq!((sheet.rows[2].text(3), sheet.rows[3].text(3)), (String::new(), "imported".into()));
}

#[test]
fn a_csv_comes_back_as_csv() {
    let bytes = [&b"\xc3\xfb\xb3\xc6;\xca\xfd\n"[..], b"a;-5\nbad\xff\xff;1\nb;'=1;c\n"].concat();
    let notes = vec![note(2, Verdict::Accepted, ""), note(4, Verdict::Refused, "=1 不是数字")];
    let annotated = annotate("表.csv", bytes, &result(1, notes), &Limits::default(), &about(), Lang::Zh).unwrap();
    assert_eq!((annotated.format, annotated.diagnostics.len()), (Format::Csv, 1));
    let text = String::from_utf8(annotated.bytes.clone()).unwrap();
    assert!(text.starts_with("\u{feff}\"名称\",\"数\",\"\",\"导入结果\"\r\n\"a\",-5,\"\",\"已导入\"\r\n"), "{text}");
    let lines = shown(annotated.bytes, &Limits::default());
    assert_eq!(lines[2], "3: |||未导入：第 3 行既不是 UTF-8 也不是 GB18030 编码，未读取");
    assert_eq!(lines[3], "4: b|=1|c|未导入：=1 不是数字");
}

#[test]
fn a_row_that_could_not_be_read_is_told_in_its_place() {
    let limits = Limits { max_cell_chars: 10, ..Limits::default() };
    let rows = format!(r#"<row r="1"><c r="A1" t="str"><v>名</v></c></row><row r="2"><c r="A2" t="str"><v>{}</v></c></row>"#, "长".repeat(11));
    let annotated = annotate("表.xlsx", Parts::rows(&rows).bytes(), &result(1, Vec::new()), &limits, &about(), Lang::En).unwrap();
    assert_eq!(annotated.diagnostics.len(), 1);
    let sheet = open(annotated.bytes).load(0).unwrap();
    assert_eq!(sheet.rows[1].text(1), "not imported: cell A2 has more than 10 characters, its row was not read");
}
