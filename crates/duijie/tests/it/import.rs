//! Imports as people do them.

use crate::product::Product;

const NEEDS: &str = "企业技术需求汇总表\n填报单位：,,,单位：万元\n序号,技术需求名称,需求内容,拟投入,完成时间,备注\n1,防爆锂离子电池,锂电池防爆问题,50,2021.3.5,\n2,焦炉余热回收,回收荒煤气余热,面议,2021-02-30,\n3,漆渣处理,喷涂废水处理,120.5,2021年12月,\n合计,,,170.5,,\n";

#[test]
fn good_rows_go_in_and_bad_rows_are_told_with_cell_and_next_step() {
    let product = Product::new();
    let file = product.file("需求.csv", NEEDS);
    let ran = product.import(&file);
    assert_eq!(ran.code, 1, "a refused row is told by the exit code");
    assert!(ran.out.contains("2 added, 0 changed, 0 unchanged, 1 refused"), "{}", ran.out);
    assert!(ran.err.contains("需求.csv D5") && ran.err.contains("is not an amount"), "{}", ran.err);
    assert!(ran.err.contains("需求.csv E5") && ran.err.contains("does not exist"), "{}", ran.err);
    let mut budgets: Vec<_> = product.records("need").iter().map(|need| need["body"]["budget"].as_i64()).collect();
    budgets.sort_unstable();
    assert_eq!(budgets, [Some(50_000_000), Some(120_500_000)]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let product = Product::new();
    let file = product.file("需求.csv", NEEDS);
    let ran = product.run(&["import".as_ref(), "--dry-run".as_ref(), file.as_os_str()]);
    assert!(ran.out.contains("2 would be added"), "{}", ran.out);
    assert_eq!(product.entries(), 0);
}

#[test]
fn gb18030_and_utf8_files_say_the_same() {
    let product = Product::new();
    let utf8 = product.file("a.csv", "机构名称,行政区划\n常州某某公司,常州市天宁区\n");
    assert_eq!(product.import(&utf8).code, 0);
    // 机构名称,行政区划 / 常州某某公司,常州市天宁区 in GB18030.
    let bytes: &[u8] = &[
        0xbb, 0xfa, 0xb9, 0xb9, 0xc3, 0xfb, 0xb3, 0xc6, b',', 0xd0, 0xd0, 0xd5, 0xfe, 0xc7, 0xf8, 0xbb, 0xae, b'\n', 0xb3, 0xa3, 0xd6, 0xdd, 0xc4, 0xb3, 0xc4,
        0xb3, 0xb9, 0xab, 0xcb, 0xbe, b',', 0xb3, 0xa3, 0xd6, 0xdd, 0xca, 0xd0, 0xcc, 0xec, 0xc4, 0xfe, 0xc7, 0xf8, b'\n',
    ];
    let ran = product.import(&product.file("b.csv", bytes));
    assert!(ran.out.contains("0 added, 0 changed, 1 unchanged"), "{} {}", ran.out, ran.err);
}

#[test]
fn rows_that_say_the_same_stay_apart_and_are_found_again() {
    let product = Product::new();
    let file = product.file("需求.csv", "技术需求名称,需求内容\n新能源电池,容量\n新能源电池,容量\n新能源电池,寿命\n");
    assert!(product.import(&file).out.contains("3 added"));
    assert!(product.import(&file).out.contains("3 unchanged"));
}

#[test]
fn a_second_row_with_the_same_code_and_other_content_is_refused() {
    let product = Product::new();
    let file = product.file("机构.csv", "机构名称,统一社会信用代码\n甲公司,91350100M000100Y43\n乙公司,91350100M000100Y43\n");
    let ran = product.import(&file);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("as in row 2"), "{}", ran.err);
    assert_eq!(product.records("organization").len(), 1);
}

#[test]
fn an_owner_that_comes_later_is_linked_and_near_names_are_proposed_for_merging() {
    let product = Product::new();
    let needs = product.file("需求.csv", "需求名称,需求单位\n激光焊接,常州星辰激光科技有限公司\n");
    assert_eq!(product.import(&needs).code, 0);
    let organizations = product.file("机构.csv", "机构名称,行政区划\n常州星辰激光科技有限公司,320402\n星辰激光科技股份有限公司,320402\n");
    let ran = product.import(&organizations);
    assert!(ran.err.contains("likely duplicates"), "{}", ran.err);
    let pairs = product.json(&["duplicates", "--format", "json"]);
    assert_eq!(pairs.as_array().map(Vec::len), Some(1), "{pairs}");
}

#[test]
fn a_mapping_file_makes_a_strangers_csv_readable() {
    let product = Product::new();
    let mapping = product.file("map.yaml", "kind: organization\ncolumns: {名: name, 号: stock_code, 类: fields, 无用: \"-\"}\n");
    let file = product.file("x.csv", "名,号,类,无用\n某公司,600001,机械,1\n");
    let ran = product.run(&["import".as_ref(), "--mapping".as_ref(), mapping.as_os_str(), file.as_os_str()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(product.records("organization")[0]["body"]["stock_code"], "600001");
}

#[test]
fn the_annotated_file_says_what_became_of_each_row_and_imports_again() {
    let product = Product::new();
    let file = product.file("需求.csv", NEEDS);
    let out = product.path("结果.csv");
    let ran = product.run(&["import".as_ref(), "--annotate".as_ref(), out.as_os_str(), file.as_os_str()]);
    assert_eq!(ran.code, 1);
    let annotated = std::fs::read_to_string(&out).expect("the annotated file");
    assert!(annotated.contains("Import result") && annotated.contains("is not an amount"), "{annotated}");
    let corrected = product.file("again.csv", annotated.replace("面议", "80").replace("2021-02-30", "2021-02-28"));
    let ran = product.import(&corrected);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("1 added, 0 changed, 2 unchanged"), "{}", ran.out);
}

#[test]
fn the_real_workbook_of_a_bureau_is_imported_whole() {
    let Some(folder) = std::env::var_os("DUIJIE_TEST_DATA") else {
        println!("skipped: DUIJIE_TEST_DATA names no folder");
        return;
    };
    let product = Product::new();
    let file = std::path::Path::new(&folder).join("workbooks/技术需求汇总表.xlsx");
    let ran = product.import(&file);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(product.records("need").len(), 371);
}

const FEES: &str = "facts:
  guarantee_fee: {name: {zh: 担保费支出, en: guarantee fee}, kind: money, unit: 万元, period: year, min: 0}
  hightech_until: {name: {zh: 高企证书有效期至, en: certificate valid until}, kind: date}
";
const FEE: &str = "id: fee
name: 担保费补助
region: \"320400\"
period: year
when:
  - {label: 证书有效, rule: 高企证书有效期至 ≥ 2021-12-31}
benefit: {amount: 担保费支出 × 50%}
";

#[test]
fn facts_that_a_region_declares_are_imported_shown_and_decided_on() {
    let product = Product::new();
    let firms = product.file("机构.csv", "机构名称,机构类型,行政区划,高企证书有效期至\n甲公司,企业,320402,2022-06-30\n");
    let left_out = product.import(&firms);
    assert!(left_out.err.contains("facts.yaml"), "the remark says where to declare it: {}", left_out.err);
    for file in [product.file("facts.yaml", FEES), product.file("fee.yaml", FEE), firms] {
        let ran = product.import(&file);
        assert_eq!((ran.code, ran.err.contains("not known")), (0, false), "{}", ran.err);
    }
    let decided = |product: &Product| product.run(&["policy", "decide", "甲公司", "--period", "2021"]).out;
    assert!(decided(&product).contains("amount needs guarantee fee 2021"), "{}", decided(&product));
    // By Chinese name with the unit in the header, by key, and by English name in JSON.
    for (name, text, amount) in [
        ("年报.csv", "企业名称,时期,担保费支出（万元）\n甲公司,2021,12\n", "CNY 60,000.00"),
        ("facts2.csv", "organization,period,guarantee_fee\n甲公司,2021,8万元\n", "CNY 40,000.00"),
        ("f.jsonl", "{\"kind\": \"facts\", \"organization\": \"甲公司\", \"period\": \"2021\", \"guarantee fee\": \"6万元\"}\n", "CNY 30,000.00"),
    ] {
        let ran = product.import(&product.file(name, text));
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        assert!(decided(&product).contains(amount), "{name}: {}", decided(&product));
    }
    assert_eq!(product.records("facts")[0]["body"]["guarantee_fee"], 6_000_000);
    assert_eq!(product.records("organization")[0]["body"]["hightech_until"], "2022-06-30");
    let template = product.path("t.xlsx");
    assert_eq!(product.run(&["template".as_ref(), "facts".as_ref(), "-o".as_ref(), template.as_os_str()]).code, 0);
    let ran = product.import(&template);
    assert!(!ran.err.contains("not known"), "a template is understood: {}", ran.err);
    // What was exported comes in again.
    let out = product.path("facts.jsonl");
    assert_eq!(product.run(&["export".as_ref(), "--kind".as_ref(), "facts".as_ref(), "-o".as_ref(), out.as_os_str()]).code, 0);
    assert!(product.import(&out).out.contains("0 added, 0 changed, 1 unchanged"));
}

#[test]
fn a_vocabulary_that_would_be_decided_on_other_figures_is_refused() {
    let product = Product::new();
    let facts = product.file("facts.yaml", "facts:\n  loan_interest: {name: {zh: 贷款利息支出, en: loan interest}, kind: money, period: year}\n");
    let ran = product.import(&facts);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("facts.yaml:2:") && ran.err.contains("科技贷款利息"), "{}", ran.err);
    // A vocabulary that is only tried on tables is warned about.
    let ran = product.run(&["policy".as_ref(), "check".as_ref(), facts.as_os_str()]);
    assert!(ran.code == 0 && ran.err.contains("warning") && ran.err.contains("科技贷款利息"), "{}", ran.err);
}
