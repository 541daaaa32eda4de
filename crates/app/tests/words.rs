//! The first index of a data directory and every one built anew know the words of the records.

mod world;

use duijie_app::{App, AppOptions, ImportOptions, SearchRequest, Viewer};
use std::path::Path;
use std::sync::Arc;
use world::{Counting, Noon};

const MATERIALS: [&str; 8] = ["铝箔", "钢带", "玻璃", "薄膜", "纤维", "陶瓷", "木材", "橡胶"];
const USES: [&str; 7] = ["粘接", "密封", "防腐", "隔热", "绝缘", "减振", "导电"];

fn opened(data: &Path) -> App {
    App::open(AppOptions { data: data.into(), database: None, clock: Arc::new(Noon), entropy: Arc::new(Counting::default()), group: Default::default() })
        .unwrap()
}

/// Offers of which every other one is made with something that no dictionary has.
fn offers(count: usize) -> String {
    let offer = |at: usize| {
        let (material, purpose) = (MATERIALS[at % MATERIALS.len()], USES[at % USES.len()]);
        let with = if at.is_multiple_of(2) { "氪合剂" } else { "涂料" };
        format!("{material}{purpose}方案{at},常州氪星材料有限公司,{purpose}用{with}在{material}上的试验，由氪星公司完成,{with}；氪星胶,常州市\n")
    };
    format!("成果名称,持有单位,成果简介,关键词,行政区划\n{}", (0..count).map(offer).collect::<String>())
}

fn import(app: &App, text: &str) {
    let options = ImportOptions { kind: Some("offer".to_string()), ..ImportOptions::default() };
    let report = app.import(&Viewer::operator(), "offers.csv", text.as_bytes().to_vec(), &options).unwrap();
    assert_eq!(report.refused, 0, "{:?}", report.diagnostics);
    app.follow(&mut |_| {}).unwrap();
}

/// The words of the index in use; nothing where it has none of its own.
fn words(data: &Path) -> Option<String> {
    let generations = std::fs::read_dir(data.join("index")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let generations: Vec<_> = generations.collect();
    assert_eq!(generations.len(), 1, "{generations:?}");
    std::fs::read_to_string(generations[0].join("words.txt")).ok()
}

fn found(app: &App, text: &str) -> usize {
    app.search(&Viewer::public(), &SearchRequest { text: text.into(), ..SearchRequest::default() }).unwrap().total
}

#[test]
fn an_index_begins_with_the_words_of_its_records_and_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let app = opened(folder.path());
    import(&app, &offers(600));
    let first = words(folder.path()).expect("an index of hundreds of records has words");
    assert!(first.lines().any(|word| word == "氪合剂"), "{first}");
    assert!(!first.contains("氪星"), "a firm's own name is no word for a thing: {first}");
    assert_eq!(found(&app, "氪合剂"), 300);
    // What comes in later is cut by the same words.
    import(&app, &offers(602));
    assert_eq!((words(folder.path()), found(&app, "氪合剂")), (Some(first.clone()), 301));
    // Another process builds the index anew; this one goes over to it.
    let other = opened(folder.path());
    other.rebuild_search(&mut |_| {}).unwrap();
    assert_eq!(words(folder.path()), Some(first), "the same records give the same words");
    import(&app, &offers(604));
    assert_eq!((found(&app, "氪合剂"), found(&other, "氪合剂")), (302, 301));
}

#[test]
fn few_records_teach_no_words() {
    let folder = tempfile::tempdir().unwrap();
    let app = opened(folder.path());
    import(&app, &offers(60));
    assert_eq!((words(folder.path()), found(&app, "氪合剂")), (None, 30));
}
