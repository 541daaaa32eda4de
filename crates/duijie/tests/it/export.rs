//! What goes out comes back.

use crate::product::Product;

const ORGANIZATIONS: &str = "机构名称,统一社会信用代码,机构类型,行政区划,注册资本（万元）,成立日期,技术领域,备注\n=cmd|' /C calc'!A0,91350100M000100Y43,企业,320402,123.45,2012-05-18,新材料；机器人,-1+1\n+某公司,,高校,330300,,2012,,\n";

#[test]
fn lists_go_out_and_come_back_without_loss_in_every_format() {
    for format in ["xlsx", "csv", "json", "jsonl"] {
        let product = Product::new();
        assert_eq!(product.import(&product.file("机构.csv", ORGANIZATIONS)).code, 0);
        let out = product.path(&format!("list.{format}"));
        assert_eq!(product.run(&["export".as_ref(), "--kind".as_ref(), "organization".as_ref(), "-o".as_ref(), out.as_os_str()]).code, 0);
        let other = Product::new();
        let ran = other.import(&out);
        assert_eq!(ran.code, 0, "{format}: {}", ran.err);
        let bodies = |product: &Product| {
            product.records("organization").iter().map(|record| (record["id"].clone(), record["region"].clone(), record["body"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(bodies(&other), bodies(&product), "{format}");
        assert!(product.import(&out).out.contains("0 added, 0 changed, 2 unchanged"), "{format}: an export changes nothing where it came from");
    }
}

#[test]
fn no_text_leaves_as_a_formula() {
    let product = Product::new();
    assert_eq!(product.import(&product.file("机构.csv", ORGANIZATIONS)).code, 0);
    let csv = product.run(&["export", "--kind", "organization", "--format", "csv"]).out;
    assert!(csv.contains("'=cmd"), "{csv}");
}

#[test]
fn the_whole_store_goes_out_and_back_with_its_history() {
    let product = Product::new();
    assert_eq!(product.import(&product.file("机构.csv", ORGANIZATIONS)).code, 0);
    let out = product.path("whole.jsonl");
    assert_eq!(product.run(&["export".as_ref(), "-o".as_ref(), out.as_os_str()]).code, 0);
    let other = Product::new();
    let ran = other.run(&["restore".as_ref(), out.as_os_str()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(other.records("organization"), product.records("organization"));
    let head = |product: &Product| product.json(&["check", "--format", "json"])["head"].clone();
    assert_eq!(head(&other), head(&product), "the journals are the same to the last digest");
    let onto_data = other.run(&["restore".as_ref(), out.as_os_str()]);
    assert_eq!(onto_data.code, 1);
    assert!(onto_data.err.contains("empty"), "{}", onto_data.err);
}

#[test]
fn a_backup_opens_as_what_was_backed_up() {
    let product = Product::new();
    assert_eq!(product.import(&product.file("机构.csv", ORGANIZATIONS)).code, 0);
    let copy = product.path("copy.db");
    assert_eq!(product.run(&["backup".as_ref(), copy.as_os_str()]).code, 0);
    assert_eq!(product.run(&["backup".as_ref(), copy.as_os_str()]).code, 1, "a backup is never overwritten");
    let other = Product::new();
    assert_eq!(other.run(&["restore".as_ref(), copy.as_os_str()]).code, 0);
    assert_eq!(other.records("organization"), product.records("organization"));
}

#[test]
fn templates_are_understood_when_they_come_back() {
    let product = Product::new();
    for kind in ["need", "organization", "offer", "instrument", "facts"] {
        let out = product.path(&format!("{kind}.xlsx"));
        assert_eq!(product.run(&["template".as_ref(), kind.as_ref(), "-o".as_ref(), out.as_os_str()]).code, 0);
        let ran = product.run(&["import".as_ref(), "--dry-run".as_ref(), "--format".as_ref(), "json".as_ref(), out.as_os_str()]);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_default();
        assert_eq!(report[0]["sheets"][0]["kind"], kind, "{}{}", ran.out, ran.err);
        let unknown = report[0]["diagnostics_total"].as_u64();
        assert_eq!(unknown, Some(0), "{}", report[0]["diagnostics"]);
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_nobody_reads_any_more_ends_quietly() {
    use std::os::unix::process::ExitStatusExt;
    let product = Product::new();
    assert_eq!(product.import(&product.file("机构.csv", ORGANIZATIONS)).code, 0);
    let mut command = product.command();
    command.args(["doctor"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let broken_pipe = 13;
    assert_eq!(ended.status.signal(), Some(broken_pipe), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
