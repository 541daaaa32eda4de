//! Real files, read where somebody has them: the folder is named by `DUIJIE_TEST_DATA`.

use duijie_sheet::{Limits, Workbook, find_header, is_sum_row};
use std::fs::File;
use std::path::PathBuf;

fn data_file(path: &str) -> Option<File> {
    let folder = std::env::var_os("DUIJIE_TEST_DATA").map(PathBuf::from);
    let file = folder.and_then(|folder| File::open(folder.join(path)).ok());
    if file.is_none() {
        println!("skipped: no `{path}` in DUIJIE_TEST_DATA");
    }
    file
}

#[test]
fn a_city_workbook_is_read_from_header_to_sum() {
    let Some(file) = data_file("workbooks/技术需求汇总表.xlsx") else { return };
    let mut workbook = Workbook::open("技术需求汇总表.xlsx", file, &Limits::default()).unwrap();
    let sheet = workbook.load(0).unwrap();
    let known = ["序号", "单位名称", "企业名称", "技术需求名称", "需求名称", "联系人", "联系电话", "所属领域"];
    let header = find_header(&sheet.rows[..30], |text| known.contains(&text)).unwrap();
    assert_eq!(header.last_row, 3);
    assert!(is_sum_row(sheet.rows.last().unwrap()));
}

#[test]
fn a_long_company_list_is_read_without_a_fault() {
    let Some(file) = data_file("companies/companies.csv") else { return };
    let mut workbook = Workbook::open("companies.csv", file, &Limits::default()).unwrap();
    let rows: Vec<_> = workbook.rows(0).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(rows.len() > 1_000);
    assert!(rows.iter().all(|row| row.width() <= rows[0].width()));
}
