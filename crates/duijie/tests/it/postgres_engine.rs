//! The same product on PostgreSQL.

use crate::product::{Product, Ran, ran};

/// A schema of the test's own on the server that the environment names.
fn database() -> Option<String> {
    let Some(url) = std::env::var_os("DUIJIE_TEST_POSTGRES") else {
        println!("skipped: DUIJIE_TEST_POSTGRES names no server");
        return None;
    };
    let url = url.into_string().expect("an address in UTF-8");
    let schema = format!("product_{}", std::process::id());
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the server answers");
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema of its own");
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{joint}options=-csearch_path%3D{schema}"))
}

#[test]
fn what_runs_on_the_embedded_database_runs_on_a_server_too() {
    let Some(database) = database() else { return };
    let product = Product::new();
    let run = |arguments: &[&str]| -> Ran { ran(product.command().args(["--database", &database]).args(arguments).output().expect("the product runs")) };
    let demo = crate::product::demo();
    let file = |name: &str| demo.join(name).display().to_string();
    let import = |files: &[&str]| {
        let paths: Vec<String> = files.iter().map(|name| file(name)).collect();
        let arguments: Vec<&str> = std::iter::once("import").chain(paths.iter().map(String::as_str)).collect();
        run(&arguments)
    };
    let first = import(&["organizations.csv", "needs.csv", "offers.csv"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let checked = run(&["check", "--format", "json"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let again = import(&["organizations.csv", "needs.csv", "offers.csv"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(run(&["check", "--format", "json"]).out, checked.out, "the same files twice write nothing");
    let matched = run(&["match", "--all"]);
    assert_eq!(matched.code, 0, "{}", matched.err);
    assert!(matched.out.contains("matches in all"), "{}", matched.out);
    let moved = Product::new();
    let out = moved.path("whole.jsonl");
    assert_eq!(run(&["export", "-o", &out.display().to_string()]).code, 0);
    assert_eq!(moved.run(&["restore".as_ref(), out.as_os_str()]).code, 0);
    let server: serde_json::Value = serde_json::from_str(&checked.out).expect("JSON");
    assert_eq!(moved.json(&["check", "--format", "json"])["head"], server["head"], "the journal moves from the server to a file");
}
