//! What bad input gets: a message, an exit code, and nothing half-written.

use crate::product::Product;

#[test]
fn files_that_are_no_tables_are_refused_in_a_sentence() {
    let product = Product::new();
    let header: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let cases: [(&str, Vec<u8>); 5] = [
        ("broken.xlsx", b"PK\x03\x04 and then nothing".to_vec()),
        ("old.xls", header.iter().copied().chain(std::iter::repeat_n(0, 600)).collect()),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        ("empty.csv", Vec::new()),
        ("letters.csv", "没有表头的文字\n又一行文字\n".as_bytes().to_vec()),
    ];
    for (name, bytes) in cases {
        let ran = product.import(&product.file(name, bytes));
        assert_eq!(ran.code, 1, "{name}");
        assert!(ran.err.contains("error: "), "{name}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{name}: {}", ran.err);
    }
    assert_eq!(product.entries(), 0);
}

#[test]
fn a_cell_of_a_million_characters_is_refused_at_its_cell() {
    let product = Product::new();
    let text = format!("需求名称,需求内容\n好的一行,内容\n长的一行,{}\n又一行,内容\n", "长".repeat(1_000_001));
    let ran = product.import(&product.file("长.csv", text));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("B3"), "{}", ran.err);
    assert_eq!(product.records("need").len(), 2);
}

#[test]
fn wrong_codes_dates_and_amounts_are_each_told() {
    let product = Product::new();
    let file = product.file(
        "机构.csv",
        "机构名称,统一社会信用代码,成立日期,注册资本（万元）\n甲,91350100M000100Y44,,\n乙,,2021-02-30,\n丙,,,-5\n丁,,,0.0000001\n戊,12345,,\n己,,,\n",
    );
    let ran = product.import(&file);
    assert_eq!(ran.code, 1);
    for told in ["`3` was expected", "does not exist", "is negative", "fraction of a Fen", "18-character"] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert_eq!(product.records("organization").len(), 1);
}

#[test]
fn a_database_of_a_newer_version_or_no_database_is_left_alone() {
    let product = Product::new();
    std::fs::create_dir_all(product.data()).expect("a folder");
    std::fs::write(product.data().join("duijie.db"), "this is a letter, not a database").expect("a file");
    let ran = product.run(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("not a database"), "{}", ran.err);
    let kept = std::fs::read_to_string(product.data().join("duijie.db")).expect("the file is still there");
    assert!(kept.starts_with("this is a letter"));
}

#[test]
fn measures_with_faults_are_refused_with_line_and_column() {
    let product = Product::new();
    let facts = product.file("facts.yaml", "facts:\n  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, period: year}\n");
    assert_eq!(product.import(&facts).code, 0);
    let good =
        "id: a\nname: 好\nregion: \"320400\"\nsubject: enterprise\nin_force: 2021-01-01..\nperiod: year\nwhen:\n  - {label: 收入, rule: 营业收入 >= 500万元}\n";
    let bad = good.replace("id: a", "id: b").replace("营业收入", "营业收人");
    let ran = product.import(&product.file("bad.yaml", bad));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("bad.yaml:8:") && ran.err.contains("营业收入"), "place and suggestion: {}", ran.err);
    assert_eq!(product.import(&product.file("good.yaml", good)).code, 0);
    let list = product.json(&["policy", "list", "--format", "json"]);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn wrong_usage_ends_with_two_and_unknown_things_with_one() {
    let product = Product::new();
    assert_eq!(product.run(&["import"]).code, 2);
    assert_eq!(product.run(&["no-such-command"]).code, 2);
    let nothing = product.run(&["search", "x"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.err.contains("there is no data"), "{}", nothing.err);
    assert_eq!(product.import(&product.file("a.csv", "机构名称,行政区划\n甲,320402\n")).code, 0);
    assert_eq!(product.run(&["match", "need-0000000000000000"]).code, 1);
    assert_eq!(product.run(&["match", "'; drop table record; --"]).code, 1);
    assert_eq!(product.run(&["export", "--kind", "unicorn"]).code, 1);
}
