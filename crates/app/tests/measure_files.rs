//! Measure files come in together: in any order, each with its own report, the faulty ones left out.

mod world;

use duijie_app::{App, AppError, AppOptions, ImportOptions, Viewer};
use std::sync::Arc;
use world::{Counting, Noon};

const FACTS: &str = "facts:\n  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, unit: 万元, period: year, min: 0}\n";

fn measure(id: &str, rule: &str) -> String {
    format!("id: {id}\nname: n\nperiod: year\nwhen: ['{rule}']\nbenefit: {{amount: 1万元}}\n")
}

/// What became of each file: `added`, `changed`, `unchanged`, or the codes of its errors.
fn import(app: &App, files: &[(&str, &str)], dry_run: bool) -> Vec<String> {
    let options = ImportOptions { dry_run, ..ImportOptions::default() };
    let files = files.iter().map(|(name, text)| (format!("folder/{name}"), text.as_bytes()));
    let told = app.import_measures(&Viewer::operator(), files, &options).unwrap();
    told.into_iter()
        .map(|(_, told)| match told {
            Ok(report) => ["added", "changed", "unchanged"]
                .into_iter()
                .zip([report.added, report.changed, report.unchanged])
                .find(|(_, count)| *count == 1)
                .unwrap()
                .0
                .to_string(),
            Err(AppError::Invalid(faults)) => faults.iter().filter(|fault| fault.is_error()).map(|fault| fault.code.clone()).collect::<Vec<_>>().join(" "),
            Err(other) => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_folder_of_measures_comes_in_at_once_whatever_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let options =
            AppOptions { data: folder.path().into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
        App::open(options).unwrap()
    };
    let app = open();
    let (first, second) = (measure("a", "符合(\"b\") 且 营业收入 ≥ 3万元"), measure("b", "营业收入 ≥ 1万元"));
    let (broken, on_broken) = (measure("c", "营业收人 ≥ 1万元"), measure("d", "符合(\"c\")"));
    let files = [
        ("a.yaml", first.as_str()),
        ("d.yaml", &on_broken),
        ("c.yaml", &broken),
        ("b.yaml", &second),
        ("facts.yaml", FACTS),
        ("b.yaml", FACTS),
        ("e.yaml", &second),
    ];
    let expected = ["added", "policy.rule.measure", "policy.rule.unknown_name", "added", "added", "policy.file.twice", "policy.measure.duplicate"];
    assert_eq!(import(&app, &files, true), expected);
    assert_eq!(app.policies().count(), 0, "a dry run changes nothing");
    let before = head(&app);
    assert_eq!(import(&app, &files, false), expected);
    assert_eq!(app.policies().count(), 2);
    assert_eq!(head(&app) - before, 4, "three files and the list of them");
    // Again: nothing changes. A change with a fault leaves what was there.
    assert_eq!(import(&app, &files[..1], false), ["unchanged"]);
    let worse = second.replace("1万元']", "1个月']");
    assert_eq!(import(&app, &[("b.yaml", &worse)], false), ["policy.rule.dimension"]);
    let better = second.replace("营业收入 ≥ 1", "营业收入 ≥ 2");
    assert_eq!(import(&app, &[("b.yaml", &better)], false), ["changed"]);
    drop(app);
    let app = open();
    assert_eq!((app.policies().count(), app.policies().text("b.yaml")), (2, Some(better.as_str())));
}

fn head(app: &App) -> i64 {
    app.import(&Viewer::operator(), "a.yaml", Vec::new(), &ImportOptions { dry_run: true, ..ImportOptions::default() }).map_or(0, |report| report.head)
}

#[test]
fn the_measures_of_real_laws_come_into_a_data_directory_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        AppOptions { data: folder.path().into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() };
    let app = App::open(options).unwrap();
    let told = import(&app, duijie_app::shipped_measures(), false);
    assert!(told.len() > 15 && told.iter().all(|told| told == "added"), "{told:?}");
}
