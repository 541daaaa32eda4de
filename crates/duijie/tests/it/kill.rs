//! An import that is killed at any moment leaves whole records, and importing again finishes it.

use crate::product::Product;
use std::fmt::Write;
use std::process::Stdio;
use std::time::Duration;

const ROWS: usize = 4_100;
const ROUNDS: u64 = 8;

#[test]
fn a_killed_import_leaves_nothing_half_and_is_finished_by_importing_again() {
    let mut csv = String::from("机构名称,行政区划,主要产品与服务\n");
    for row in 0..ROWS {
        writeln!(csv, "演示企业{row:05},320402,第{row}号产品与服务").expect("writing to a String");
    }
    for round in 0..ROUNDS {
        let product = Product::new();
        let file = product.file("机构.csv", &csv);
        let mut import = product.command().arg("import").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the import starts");
        std::thread::sleep(Duration::from_millis(20 + 200 * round));
        import.kill().expect("the import is killed or has ended");
        import.wait().expect("the import ended");
        if product.data().join("duijie.db").exists() {
            let check = product.run(&["check"]);
            assert_eq!(check.code, 0, "round {round}: {}{}", check.out, check.err);
        }
        let again = product.import(&file);
        assert_eq!(again.code, 0, "round {round}: {}", again.err);
        assert_eq!(product.records("organization").len(), ROWS, "round {round}");
        let doctor = product.run(&["doctor"]);
        assert_eq!(doctor.code, 0, "round {round}: no import is left open: {}", doctor.out);
        let entries = product.entries();
        assert_eq!(product.import(&file).code, 0);
        assert_eq!(product.entries(), entries, "round {round}");
    }
}
