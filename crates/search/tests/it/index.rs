//! The index at its door: it finds what a naive scan finds, says nothing that a viewer may not
//! read, survives hostile texts, and never disagrees with its cursor.

use crate::records::{need, offer, organization, with};
use duijie_matching::{Analyzer, Profile};
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_search::{CandidateQuery, Change, Index, OpenError, Options, Page, Query, Sort};
use duijie_vocab::{Date, RecordId, RegionCode};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) fn options() -> Options {
    Options { writer_memory: 32 << 20, threads: 1 }
}

/// An index over `records` in a folder that lives as long as the test.
pub(crate) fn index_of(records: &[Record]) -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), options()).unwrap();
    index.apply(records.iter().map(put)).unwrap();
    index.commit(records.len() as i64).unwrap();
    (folder, index)
}

pub(crate) fn put(record: &Record) -> Change {
    Change::Put(Arc::new(record.clone()))
}

fn found(index: &Index, query: &Query) -> BTreeSet<RecordId> {
    let results = index.search(query).unwrap();
    assert_eq!(results.total, results.hits.len(), "the page is meant to hold all");
    results.hits.into_iter().map(|hit| hit.id).collect()
}

pub(crate) fn titles(index: &Index, query: &Query) -> Vec<String> {
    index.search(query).unwrap().hits.iter().map(|hit| hit.plain_title()).collect()
}

#[test]
fn records_are_found_by_their_words_in_either_width_script_and_case() {
    let (_folder, index) = index_of(&[offer("高温合金叶片热障涂层", "采用 IGBT 模块的电源", "320402"), offer("水稻育种", "杂交优势", "320402")]);
    for text in ["热障涂层", "高溫合金", "ｉｇｂｔ", "IGBT模块", "叶片 涂层", "“热障涂层”", "障"] {
        assert_eq!(titles(&index, &Query::text(text)), ["高温合金叶片热障涂层"], "{text}");
    }
    for text in ["合金涂料", "“涂层热障”", "育种 涂层"] {
        assert_eq!(titles(&index, &Query::text(text)), [""; 0], "{text}");
    }
    assert_eq!(titles(&index, &Query::text("IGTB")), ["高温合金叶片热障涂层"], "a slip of the finger");
}

#[test]
fn a_title_counts_more_than_a_description() {
    let (_folder, index) = index_of(&[offer("电源模块", "也可用于激光焊接的场合", "320402"), offer("激光焊接", "电源", "320402")]);
    assert_eq!(titles(&index, &Query::text("激光焊接")), ["激光焊接", "电源模块"]);
}

#[test]
fn exact_codes_ids_and_names_come_first() {
    let firm = with(organization("常州天目机电有限公司", "320402"), &[("credit_code", "91320402MA1ABCDE2X")]);
    let (_folder, index) = index_of(&[organization("常州天目机电有限公司金坛分公司", "320413"), firm.clone(), organization("天目", "320402")]);
    for text in ["91320402MA1ABCDE2X", "91320402ma1abcde2x", firm.id.as_str(), "常州天目机电有限公司"] {
        assert_eq!(titles(&index, &Query::text(text)).first().map(String::as_str), Some("常州天目机电有限公司"), "{text}");
    }
}

#[test]
fn a_region_holds_its_counties_and_filters_combine() {
    let records = [
        with(organization("甲", "320402"), &[("org_type", "企业")]),
        with(organization("乙", "320412"), &[("org_type", "高校")]),
        with(organization("丙", "330203"), &[("org_type", "企业")]),
        need("丁", "内容", "320400"),
    ];
    let (_folder, index) = index_of(&records);
    let in_region = |code: &str| Query { region: Some(RegionCode::parse(code).unwrap()), sort: Sort::Title, ..Query::text("") };
    assert_eq!(titles(&index, &in_region("320400")), ["丁", "甲", "乙"]);
    assert_eq!(titles(&index, &in_region("320402")), ["甲"]);
    assert_eq!(index.search(&in_region("000000")).unwrap().total, 4);
    let firms = Query { filters: vec![("org_type".into(), "企业".into())], ..in_region("320000") };
    assert_eq!(titles(&index, &firms), ["甲"]);
    let either = Query { filters: vec![("org_type".into(), "企业".into()), ("org_type".into(), "高校".into())], ..in_region("320000") };
    assert_eq!(index.search(&either).unwrap().total, 2);
    let kinds = Query { kinds: vec!["need".into()], facets: vec!["kind".into(), "region".into()], ..Query::text("") };
    let results = index.search(&kinds).unwrap();
    assert_eq!(results.facets[0].counts, [("need".to_string(), 1)]);
    assert_eq!(results.facets[1].counts, [("320000".to_string(), 1), ("320400".to_string(), 1)]);
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    let records: Vec<Record> = (0..95).map(|n| organization(&format!("机电公司{n}"), "320402")).collect();
    let (_folder, index) = index_of(&records);
    for sort in [Sort::Relevance, Sort::Newest, Sort::Title] {
        for text in ["机电", ""] {
            let mut query = Query { limit: 20, sort, ..Query::text(text) };
            let mut seen: Vec<RecordId> = Vec::new();
            loop {
                let results = index.search(&query).unwrap();
                assert_eq!(results.total, 95);
                seen.extend(results.hits.iter().map(|hit| hit.id.clone()));
                let Some(next) = results.next else { break };
                query.page = Page::After(next);
            }
            assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (95, 95), "{sort:?} {text:?}");
            let third = index.search(&Query { limit: 20, sort, page: Page::Offset(40), ..Query::text(text) }).unwrap();
            assert_eq!(third.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>(), seen[40..60]);
        }
    }
}

#[test]
fn withdrawn_records_are_shown_only_when_asked_for() {
    let mut gone = organization("停业机电", "320402");
    gone.state = RecordState::Withdrawn;
    let (_folder, index) = index_of(&[gone]);
    assert_eq!(index.search(&Query::text("机电")).unwrap().total, 0);
    assert_eq!(index.search(&Query { inactive: true, ..Query::text("机电") }).unwrap().total, 1);
    assert!(index.suggest("停业", Visibility::Office, 5).unwrap().is_empty());
}

#[test]
fn whatever_is_typed_gives_a_result() {
    let (_folder, index) = index_of(&[offer("高温合金", "涂层", "320402")]);
    let long = "高温合金涂层".repeat(200_000);
    let texts = [
        "",
        " ",
        "高",
        "a",
        "😀😀",
        "\0\u{1}\u{2}\u{1b}[31m",
        "مرحبا بالعالم",
        "\u{202e}abc\u{202d}",
        "'; DROP TABLE records; --",
        "title:高温 AND (合金 OR NOT *)",
        "\"",
        "\"\"\"",
        "“高温",
        "+-*/\\^~[]{}()",
        "%00%0a",
        "..",
        "\u{feff}",
        "𠀀𠀁",
        "ＡＮＤ",
        "-高温",
        "高温~2",
        "[a TO z]",
        "\u{301}\u{302}",
        "ด้้้้้็็็็็",
        &long,
    ];
    for text in texts {
        for viewer in Visibility::ALL {
            let query = Query { viewer, facets: vec!["kind".into(), "fields".into()], ..Query::text(text) };
            let results = index.search(&query).unwrap();
            let shown = text.chars().take(20).collect::<String>();
            assert!(results.total <= 1 && results.hits.len() == results.total, "{shown:?}");
            index.suggest(text, viewer, 10).unwrap();
            index.candidates(&Profile::of_text(text), &CandidateQuery::default()).unwrap();
        }
    }
    assert!(index.search(&Query::text(long)).unwrap().shortened);
    let wrong_page = Query { page: Page::After("not a place".into()), ..Query::text("高温") };
    assert_eq!(index.search(&wrong_page).unwrap().hits.len(), 1);
}

#[test]
fn nothing_hidden_is_told_in_any_way() {
    let mut records = Vec::new();
    for (level, secret) in [(Visibility::Registered, "镧系登记"), (Visibility::Parties, "铈系当事"), (Visibility::Office, "钕系办公")] {
        let mut hidden = with(organization(secret, "320402"), &[("zone", secret)]);
        hidden.visibility = level;
        records.push(hidden);
    }
    records.push(with(organization("公开公司", "320402"), &[("contact", "赵钱孙"), ("remark", "备注里的话"), ("bank_account", "6222000011112222")]));
    let (_folder, index) = index_of(&records);
    let secrets = ["镧系登记", "铈系当事", "钕系办公"];
    for (at, viewer) in Visibility::ALL.into_iter().enumerate() {
        for (level, secret) in secrets.iter().enumerate() {
            let may = at > level;
            let query = Query { viewer, facets: vec!["zone".into(), "region".into(), "kind".into()], ..Query::text(*secret) };
            let results = index.search(&query).unwrap();
            assert_eq!(results.total, usize::from(may), "{viewer:?} {secret}");
            assert_eq!(!results.facets[0].counts.is_empty(), may);
            assert_eq!(!index.suggest(secret, viewer, 5).unwrap().is_empty(), may);
            let need = Profile::of_text(secret);
            assert_eq!(!index.candidates(&need, &CandidateQuery { viewer, ..CandidateQuery::default() }).unwrap().hits.is_empty(), may);
            assert_eq!(index.hit(&records[level].id, viewer).unwrap().is_some(), may);
        }
        let all = index.search(&Query { viewer, facets: vec!["zone".into(), "kind".into(), "region".into()], ..Query::text("") }).unwrap();
        assert_eq!(all.total, 1 + at);
        assert_eq!(all.facets[0].counts.len(), at);
        assert_eq!(all.facets[1].counts, [("organization".to_string(), 1 + at)]);
        assert_eq!(all.facets[2].counts[0].1, 1 + at);
    }
    // Fields that nobody searches are nowhere, for any viewer.
    for text in ["赵钱孙", "备注里的话", "6222000011112222"] {
        assert_eq!(index.search(&Query { viewer: Visibility::Office, ..Query::text(text) }).unwrap().total, 0, "{text}");
    }
    let all = serde_json::to_string(&index.search(&Query { viewer: Visibility::Office, ..Query::text("") }).unwrap()).unwrap();
    for text in ["赵钱孙", "备注里的话", "6222000011112222"] {
        assert!(!all.contains(text), "{text}");
    }
}

#[test]
fn applying_again_changes_nothing_and_removal_removes() {
    let records = [offer("高温合金", "涂层", "320402"), offer("水稻", "育种", "320402")];
    let (_folder, index) = index_of(&records);
    for round in 0..3 {
        // Twice within one commit as well.
        index.apply(records.iter().chain(&records).map(put)).unwrap();
        index.commit(10 + round).unwrap();
        assert_eq!(index.search(&Query::text("")).unwrap().total, 2);
    }
    let mut changed = records[0].clone();
    changed.body.insert("title".into(), duijie_record::Value::text("钛合金"));
    index.apply([put(&changed), Change::Remove(records[1].id.clone())]).unwrap();
    index.commit(20).unwrap();
    assert_eq!(titles(&index, &Query::text("")), ["钛合金"]);
    assert_eq!(index.search(&Query::text("高温")).unwrap().total, 0);
    assert!(index.suggest("高温", Visibility::Public, 5).unwrap().is_empty());
    index.apply([put(&records[0]), Change::Remove(records[0].id.clone())]).unwrap();
    index.commit(21).unwrap();
    assert_eq!(index.search(&Query::text("")).unwrap().total, 0);
}

#[test]
fn records_and_cursor_are_committed_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Record> = (0..50).map(|n| organization(&format!("机电{n}"), "320402")).collect();
    let index = Index::open(folder.path(), options()).unwrap();
    assert_eq!((index.cursor(), index.records()), (0, 0));
    index.apply(records[..20].iter().map(put)).unwrap();
    index.commit(20).unwrap();
    index.apply(records[20..].iter().map(put)).unwrap();
    assert_eq!((index.cursor(), index.records()), (20, 20), "what is not committed is not seen");
    drop(index);
    let index = Index::open(folder.path(), options()).unwrap();
    assert_eq!((index.cursor(), index.records()), (20, 20));
    index.apply(records.iter().map(put)).unwrap();
    index.commit(50).unwrap();
    drop(index);
    let index = Index::open(folder.path(), options()).unwrap();
    assert_eq!((index.cursor(), index.records()), (50, 50));
}

#[test]
fn a_write_that_fails_is_told_and_forgotten() {
    let (folder, index) = index_of(&[organization("机电", "320402")]);
    let generation = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let aside = folder.path().join("aside");
    std::fs::rename(&generation, &aside).unwrap();
    let failed = index.apply([put(&organization("电机", "320402"))]).and_then(|()| index.commit(2));
    assert!(failed.is_err());
    std::fs::rename(&aside, &generation).unwrap();
    assert_eq!((index.cursor(), index.records()), (1, 1));
    index.apply([put(&organization("电机", "320402"))]).unwrap();
    index.commit(2).unwrap();
    assert_eq!((index.cursor(), index.records()), (2, 2));
}

#[test]
fn another_reader_sees_commits_and_another_writer_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Index::open(folder.path(), options()).unwrap();
    let reader = Index::open(folder.path(), options()).unwrap();
    writer.apply([put(&organization("机电", "320402"))]).unwrap();
    writer.commit(1).unwrap();
    assert_eq!(reader.records(), 0);
    reader.refresh().unwrap();
    assert_eq!((reader.records(), reader.cursor()), (1, 1));
    let refused = reader.apply([put(&organization("电机", "320402"))]);
    assert!(matches!(refused, Err(duijie_search::IndexError::Locked)), "{refused:?}");
    writer.rest().unwrap();
    reader.apply([put(&organization("电机", "320402"))]).unwrap();
    reader.commit(2).unwrap();
}

#[test]
fn a_rebuild_goes_on_beside_the_running_index() {
    let old = [organization("旧公司", "320402")];
    let (folder, index) = index_of(&old);
    let abandoned = index.rebuild(&[]).unwrap();
    abandoned.apply([put(&organization("废弃", "320402"))]).unwrap();
    abandoned.commit(5).unwrap();
    drop(abandoned);
    assert_eq!(titles(&index, &Query::text("")), ["旧公司"]);
    let rebuild = index.rebuild(&[]).unwrap();
    rebuild.apply([put(&organization("新公司", "320402"))]).unwrap();
    rebuild.commit(7).unwrap();
    assert_eq!((titles(&index, &Query::text("")), index.cursor(), rebuild.cursor()), (vec!["旧公司".to_string()], 1, 7));
    rebuild.finish().unwrap();
    assert_eq!((titles(&index, &Query::text("")), index.cursor()), (vec!["新公司".to_string()], 7));
    drop(index);
    let index = Index::open(folder.path(), options()).unwrap();
    assert_eq!((titles(&index, &Query::text("")), index.cursor()), (vec!["新公司".to_string()], 7));
    let folders = std::fs::read_dir(folder.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(folders, 1, "old indexes are removed");
}

#[test]
fn an_index_of_other_rules_or_a_broken_one_asks_to_be_rebuilt() {
    let (folder, index) = index_of(&[organization("机电", "320402")]);
    drop(index);
    let current = folder.path().join("CURRENT");
    let good = std::fs::read_to_string(&current).unwrap();
    std::fs::write(&current, good.replace("\"version\":\"", "\"version\":\"0-")).unwrap();
    assert!(matches!(Index::open(folder.path(), options()), Err(OpenError::NeedsRebuild { .. })));
    std::fs::write(&current, "{").unwrap();
    assert!(matches!(Index::open(folder.path(), options()), Err(OpenError::NeedsRebuild { .. })));
    std::fs::write(&current, &good).unwrap();
    let generation = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    std::fs::write(generation.join("meta.json"), "{}").unwrap();
    assert!(matches!(Index::open(folder.path(), options()), Err(OpenError::NeedsRebuild { .. })));
    let index = Index::create(folder.path(), options()).unwrap();
    assert_eq!((index.records(), index.cursor()), (0, 0));
    drop(index);
    assert_eq!(Index::open(folder.path(), options()).unwrap().cursor(), 0);
}

#[test]
fn what_is_valid_no_longer_is_left_out_within_the_query() {
    let until = |title: &str, until: &str| with(offer(title, "热障涂层", "320402"), &[("valid_until", until)]);
    let records = [until("过期涂层", "2026-11-20"), until("今日涂层", "2026-11-21"), until("本年涂层", "2026"), offer("无期涂层", "热障涂层", "320402")];
    let (_folder, index) = index_of(&records);
    let today = Date::parse("2026-11-21").unwrap();
    let query = Query { valid_on: Some(today), facets: vec!["kind".into()], ..Query::text("涂层") };
    let results = index.search(&query).unwrap();
    assert_eq!((results.total, results.facets[0].counts[0].1), (3, 3));
    assert!(results.hits.iter().all(|hit| hit.plain_title() != "过期涂层"));
    assert_eq!(index.search(&Query { valid_on: None, ..query.clone() }).unwrap().total, 4);
    assert_eq!(index.search(&Query { text: String::new(), valid_on: Some(Date::parse("2027-01-01").unwrap()), ..query }).unwrap().total, 1);
    let candidates = |valid_on: Option<Date>| {
        let asking = Profile::of_text("热障涂层");
        index.candidates(&asking, &CandidateQuery { valid_on, ..CandidateQuery::default() }).unwrap().hits.len()
    };
    assert_eq!((candidates(Some(today)), candidates(None)), (3, 4));
    assert_eq!(candidates(Some(Date::parse("2027-01-01").unwrap())), 1);
    let near = CandidateQuery { valid_on: Some(today), region: RegionCode::parse("320400").ok(), ..CandidateQuery::default() };
    assert_eq!(index.candidates(&Profile::of_text("热障涂层"), &near).unwrap().hits.len(), 3, "validity and region stand in one number");
}

#[test]
fn names_are_suggested_by_characters_pinyin_and_initials() {
    let (_folder, index) = index_of(&[organization("常州力士达科技有限公司", "320402"), organization("ABB 电机", "320402"), organization("力士", "320402")]);
    for (typed, first) in
        [("力士", "力士"), ("lishida", "常州力士达科技有限公司"), ("czl", "常州力士达科技有限公司"), ("abb", "ABB 电机"), ("ＡＢＢ电", "ABB 电机")]
    {
        let suggested = index.suggest(typed, Visibility::Public, 5).unwrap();
        assert_eq!(suggested.first().map(|s| s.title.as_str()), Some(first), "{typed}");
    }
    assert!(index.suggest("", Visibility::Public, 5).unwrap().is_empty());
    assert!(index.suggest("不存在", Visibility::Public, 5).unwrap().is_empty());
}

#[test]
fn candidates_are_found_in_both_directions() {
    let a_need = need("高温合金叶片防护涂层", "需要解决叶片在高温下的氧化问题，寻求热障涂层", "320402");
    let offers =
        [offer("热障涂层制备", "用于航空发动机叶片的高温防护", "320402"), offer("水稻育种", "高产优质", "320402"), offer("高温合金冶炼", "真空感应", "330203")];
    let mut records = vec![a_need.clone()];
    records.extend(offers.clone());
    let (_folder, index) = index_of(&records);
    let profile = |record: &Record| Profile::from_record(record, schema(&record.kind).unwrap());
    let resources = CandidateQuery { kinds: vec!["offer".into()], ..CandidateQuery::default() };
    let found = index.candidates(&profile(&a_need), &resources).unwrap();
    assert_eq!(found.hits[0].id, offers[0].id);
    assert!(found.hits.iter().all(|hit| hit.id != offers[1].id && hit.kind == "offer" && hit.text.words > 0.0));
    let kinds = CandidateQuery { kinds: vec!["offer".into(), "need".into(), "patent".into()], ..CandidateQuery::default() };
    let (terms, by_kind) = index.candidates_by_kind(&profile(&a_need), &kinds).unwrap();
    assert_eq!((&terms, &by_kind["offer"]), (&found.terms, &found.hits), "together or apart is the same");
    assert!(by_kind["need"].is_empty() && by_kind["patent"].is_empty());
    let near = CandidateQuery { region: Some(RegionCode::parse("330200").unwrap()), ..resources };
    assert_eq!(index.candidates(&profile(&a_need), &near).unwrap().hits.iter().map(|hit| &hit.id).collect::<Vec<_>>(), [&offers[2].id]);
    let back = index.candidates(&profile(&offers[0]), &CandidateQuery { kinds: vec!["need".into()], ..CandidateQuery::default() }).unwrap();
    assert_eq!(back.hits.iter().map(|hit| &hit.id).collect::<Vec<_>>(), [&a_need.id]);
    let alike = index.candidates(&profile(&a_need), &CandidateQuery::default()).unwrap();
    assert!(alike.hits.iter().all(|hit| hit.id != a_need.id), "a record is no candidate for itself");
    assert_eq!(index.doc_freq("涂层").unwrap(), 2);
}

/// What a reader with a pencil would find: a record answers if every bigram of the word stands in
/// one of the fields that the viewer may read.
fn naive(records: &[Record], word: &str, viewer: Visibility) -> BTreeSet<RecordId> {
    let analyzer = Analyzer::shared();
    let pairs = |text: &str| analyzer.tokens(text).iter().filter(|t| t.bigram).map(|t| t.term.to_string()).collect::<BTreeSet<_>>();
    let wanted = pairs(word);
    let answers = |record: &&Record| {
        let fields = schema(&record.kind).unwrap().fields().filter(|field| field.search > 0 && field.visibility <= viewer);
        let text: BTreeSet<String> =
            fields.filter_map(|field| record.body.get(&field.key)).flat_map(|value| value.items()).flat_map(|item| pairs(item)).collect();
        // Who types a whole name need not know how it is written.
        let named = record.text("title").chars().filter(|c| c.is_alphanumeric()).eq(word.chars());
        record.visibility <= viewer && record.state == RecordState::Active && (named || wanted.iter().all(|pair| text.contains(pair)))
    };
    records.iter().filter(answers).map(|record| record.id.clone()).collect()
}

#[test]
fn a_whole_name_is_found_however_it_is_written() {
    let (_folder, index) = index_of(&[offer("合金，涂层", "高温", "320402"), offer("合金，涂层与轴承", "高温", "320402")]);
    assert_eq!(titles(&index, &Query::text("“合金涂层”")), ["合金，涂层"]);
}

fn some_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["高温", "合金", "涂层", "激光", "焊接", "电机", "轴承", "igbt", "5mm", "控制器", "，", " "]);
    prop::collection::vec(word, 1..8).prop_map(|words| words.concat())
}

fn some_record() -> impl Strategy<Value = Record> {
    let place = prop::sample::select(vec!["320402", "320412", "320400", "330203"]);
    (some_text(), some_text(), place, 0..4usize, prop::bool::weighted(0.8)).prop_map(|(title, description, place, level, active)| {
        let mut record = offer(&title, &description, place);
        record.visibility = Visibility::ALL[level];
        if !active {
            record.state = RecordState::Withdrawn;
        }
        record
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_finds_what_a_naive_scan_finds(
        records in prop::collection::btree_map(any::<u32>(), some_record(), 1..25),
        word in prop::sample::select(vec!["高温", "合金涂层", "激光", "电机", "轴承", "igbt", "控制器", "温合"]),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut records: Vec<Record> = records.into_iter().map(|(n, mut record)| { record.id = RecordId::derive("offer", &n.to_string()); record }).collect();
        let (_folder, index) = index_of(&records);
        for index_of_removed in removed {
            if !records.is_empty() {
                let gone = records.remove(index_of_removed.index(records.len()));
                index.apply([Change::Remove(gone.id)]).unwrap();
            }
        }
        index.commit(99).unwrap();
        for viewer in Visibility::ALL {
            let quoted = Query { viewer, limit: 100, facets: vec!["kind".into()], ..Query::text(format!("“{word}”")) };
            let expected = naive(&records, word, viewer);
            prop_assert_eq!(&found(&index, &quoted), &expected);
            let counted: usize = index.search(&quoted).unwrap().facets[0].counts.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(counted, expected.len());
        }
    }
}

#[test]
fn few_records_of_a_kind_are_found_and_scored_as_among_many() {
    let firm = |number: u32| organization(&format!("常州激光焊接设备第{number}有限公司"), "320402");
    let needs = [need("激光焊接设备", "求购激光焊接设备，焊缝宽度不超过2毫米", "320402"), need("水性涂料", "焊缝跟踪用的水性涂料", "320402")];
    let asked = offer("激光焊接", "激光焊接设备与焊缝跟踪", "320402");
    let all: Vec<Record> = (0..400).map(firm).chain(needs.iter().cloned()).collect();
    let (_folder, index) = index_of(&all);
    let profile = Profile::from_record(&asked, schema(&asked.kind).unwrap());
    let candidates = |kinds: &[&str]| {
        let query = CandidateQuery { kinds: kinds.iter().map(ToString::to_string).collect(), limit: all.len(), ..CandidateQuery::default() };
        index.candidates(&profile, &query).unwrap().hits
    };
    let among_all: Vec<_> = candidates(&["need", "organization"]).into_iter().filter(|hit| hit.kind == "need").collect();
    assert_eq!(among_all.len(), 2);
    assert_eq!(candidates(&["need"]), among_all);
    assert_eq!(candidates(&["patent"]), []);
    index.apply([Change::Remove(needs[0].id.clone())]).unwrap();
    index.commit(1000).unwrap();
    assert_eq!(candidates(&["need"]), candidates(&["need", "organization"]).into_iter().filter(|hit| hit.kind == "need").collect::<Vec<_>>());
}
