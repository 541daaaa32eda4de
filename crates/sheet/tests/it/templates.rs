//! Blank templates and what reading makes of them again.

use crate::fixture::open;
use crate::writing::about;
use duijie_sheet::{FieldKind, Template, TemplateColumn, TemplateSheet, find_header, is_guide_sheet, write_template};
use duijie_vocab::{Lang, MoneyUnit};
use std::io::Read;

fn column(header: &str, kind: FieldKind, required: bool, options: &[&str]) -> TemplateColumn {
    TemplateColumn {
        header: header.into(),
        note: format!("填写{header}"),
        example: "示例值".into(),
        kind,
        required,
        options: options.iter().map(|option| option.to_string()).collect(),
        width: None,
    }
}

fn template() -> Template {
    let many: Vec<String> = (0..80).map(|index| format!("行业分类第{index}类")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let columns = vec![
        column("企业名称", FieldKind::Text, true, &[]),
        column("统一社会信用代码", FieldKind::Code, true, &[]),
        column("需求描述", FieldKind::LongText, true, &[]),
        column("人数", FieldKind::Integer, false, &[]),
        column("面积", FieldKind::Decimal, false, &[]),
        column("拟投入", FieldKind::Money(MoneyUnit::Wan), false, &[]),
        column("占比", FieldKind::Percent, false, &[]),
        column("网址", FieldKind::Link, false, &[]),
        column("截止日期", FieldKind::Date, false, &[]),
        column("需求类型", FieldKind::Choice, true, &["技术攻关", "成果引进"]),
        column("行业", FieldKind::Choice, false, &many),
        column("合作方式", FieldKind::Choices, false, &["委托,开发", "许可"]),
    ];
    Template { sheets: vec![TemplateSheet { name: "需求".into(), title: "技术需求填报表".into(), notes: vec!["带 * 的列必填".into()], columns }] }
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_template_can_be_imported_again() {
    for lang in Lang::ALL {
        let bytes = write_template(&template(), &about(), lang).unwrap();
        let mut workbook = open(bytes);
        let data: Vec<usize> =
            (0..workbook.sheets().len()).filter(|&sheet| !workbook.sheets()[sheet].hidden && !is_guide_sheet(&workbook.sheets()[sheet].name)).collect();
        assert_eq!(data, [0]);
        let sheet = workbook.load(0).unwrap();
        let wanted: Vec<String> = template().sheets[0].columns.iter().map(|column| column.header.clone()).collect();
        let header = find_header(&sheet.rows, |text| wanted.iter().any(|name| name == text)).unwrap();
        let names: Vec<&str> = header.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((names, header.first_row), (wanted.iter().map(String::as_str).collect(), 3));
        let required: Vec<bool> = header.columns.iter().map(|column| column.required).collect();
        assert_eq!(required, template().sheets[0].columns.iter().map(|column| column.required).collect::<Vec<_>>());
        assert_eq!(header.column("拟投入").unwrap().unit.as_deref(), Some("万元"));
        assert!(sheet.rows.iter().all(|row| row.number <= header.last_row), "a template holds no rows");
    }
}

#[test]
fn choices_are_offered_and_long_lists_stand_in_a_hidden_sheet() {
    let bytes = write_template(&template(), &about(), Lang::Zh).unwrap();
    let xml = part(&bytes, "xl/worksheets/sheet1.xml");
    for expected in ["\"技术攻关,成果引进\"", "选项'!$A$1:$A$80", "选项'!$B$1:$B$2", "type=\"whole\"", "type=\"decimal\"", "type=\"date\"", "填写企业名称"]
    {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    let mut workbook = open(bytes);
    let names: Vec<(String, bool)> = workbook.sheets().iter().map(|sheet| (sheet.name.clone(), sheet.hidden)).collect();
    assert_eq!(names, [("需求".into(), false), ("填写说明".into(), false), ("选项".into(), true)]);
    assert_eq!(workbook.load(2).unwrap().rows[79].text(0), "行业分类第79类");
    let guide = workbook.load(1).unwrap();
    let line: Vec<String> = (0..7).map(|column| guide.rows[10].text(column)).collect();
    assert_eq!(line.join("|"), "需求|需求类型|必填|从下拉列表选择一项|技术攻关、成果引进|示例值|填写需求类型");
}
