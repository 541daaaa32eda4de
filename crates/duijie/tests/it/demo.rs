//! The demo region, from its files to matches and decisions.

use crate::product::{Product, demo_files};
use std::collections::BTreeSet;

#[test]
fn the_demo_region_is_imported_matched_and_decided_and_a_second_import_changes_nothing() {
    let product = Product::new();
    let mut import = vec!["import".into()];
    import.extend(demo_files().into_iter().map(std::path::PathBuf::into_os_string));
    let first = product.run(&import);
    assert_eq!(first.code, 0, "{}", first.err);

    let counts = |kind: &str| product.records(kind).len();
    for (kind, least) in [("organization", 300), ("offer", 70), ("need", 60), ("instrument", 40), ("expert", 30), ("policy", 100), ("facility", 100)] {
        assert!(counts(kind) >= least, "{kind}: {}", counts(kind));
    }
    let facts = product.records("facts");
    let enterprises: BTreeSet<&str> = facts.iter().filter_map(|record| record["body"]["organization"].as_str()).collect();
    assert!(enterprises.len() >= 200, "{}", enterprises.len());
    assert!(facts.iter().all(|record| record["body"]["invented"] == true), "yearly facts are marked as invented");

    let entries = product.entries();
    let again = product.run(&import);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(product.entries(), entries, "the same files twice write nothing");

    let measures = product.json(&["policy", "list", "--format", "json"]);
    assert!(measures.as_array().is_some_and(|list| list.len() >= 25), "{measures}");
    let batch = product.json(&["policy", "batch", "--period", "2021", "--format", "json"]);
    for outcome in ["eligible", "not_eligible", "unknown"] {
        let count = batch["counts"].as_array().into_iter().flatten().find(|line| line[0] == outcome).and_then(|line| line[2].as_u64());
        assert!(count > Some(0), "{outcome} occurs: {}", batch["counts"]);
    }
    let rewarded = product.json(&["policy", "decide", "新能源示例企业04", "--period", "2021", "--format", "json"]);
    let tax_growth =
        rewarded["decisions"].as_array().into_iter().flatten().find(|decision| decision["measure"] == "320400.2021.tax-growth").expect("the tax-growth reward");
    assert_eq!((tax_growth["outcome"].as_str(), tax_growth["amount"]["zh"].as_str()), (Some("eligible"), Some("136万元")), "{tax_growth}");
    let matched = product.json(&["match", "--all", "--format", "json"]);
    assert!(matched["matched"].as_u64() > Some(40), "{}", matched["matched"]);
    for example in matched["examples"].as_array().expect("examples") {
        let parts: f64 = example[1]["parts"].as_array().expect("parts").iter().filter_map(|part| part["adds"].as_f64()).sum();
        let score = example[1]["score"].as_f64().expect("a score");
        assert!((parts - score).abs() < 1e-4, "the parts add up: {parts} and {score}");
    }
    let found = product.json(&["search", "锂电池", "--format", "json"]);
    assert!(found["total"].as_u64() > Some(0), "{found}");
}

#[test]
fn the_examples_in_the_demo_measures_all_hold() {
    let product = Product::new();
    let tested = product.run(&["policy".as_ref(), "test".as_ref(), crate::product::demo().join("policy").as_os_str()]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
}
