//! Vectors beside the index: what is near is found under the same filters as all else, the log survives
//! crashes and damage, and nothing is shown that the index would not show.

use crate::records::{need, offer};
use duijie_matching::Profile;
use duijie_record::{Record, RecordState, Visibility, schema};
use duijie_search::{CandidateQuery, Change, Embedded, Index, Meaning, MeaningOf, Options, Query, RecordPlace, Vectors};
use duijie_vocab::{RecordId, RegionCode};
use std::path::Path;
use std::sync::Arc;

/// A vector of eight fields of knowledge, a little different for each record.
fn vector(field: usize, number: usize) -> Vec<f32> {
    (0..8).map(|at| if at == field { 1.0 } else { 0.01 * ((number * 7 + at * 3) % 5) as f32 } + 0.4).collect()
}

fn embedded(record: &Record, field: usize, number: usize) -> Embedded {
    Embedded { place: RecordPlace::of(record), digest: 1, vector: Some(vector(field, number)), asked: Some(vector(field, number + 1)) }
}

/// Forty offers in eight fields.
fn offers() -> Vec<Record> {
    (0..40).map(|at| offer(&format!("成果{at}号"), "说明", if at % 2 == 0 { "320402" } else { "330203" })).collect()
}

fn open(folder: &Path) -> Vectors {
    Vectors::open(&folder.join("vectors.bin"), "model").unwrap()
}

/// An index and vectors over all offers.
fn filled() -> (tempfile::TempDir, Index, Arc<Vectors>, Vec<Record>) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(&folder.path().join("index"), Options { writer_memory: 32 << 20, threads: 1 }).unwrap();
    let offers = offers();
    index.apply(offers.iter().map(|record| Change::Put(Arc::new(record.clone())))).unwrap();
    index.commit(40).unwrap();
    let vectors = open(folder.path());
    let step = offers.iter().enumerate().map(|(at, record)| embedded(record, at % 8, at)).collect();
    vectors.keep(step, 40).unwrap();
    (folder, index, Arc::new(vectors), offers)
}

fn about(vectors: &Arc<Vectors>, field: usize) -> Option<Meaning> {
    Some(Meaning { vectors: Arc::clone(vectors), of: MeaningOf::Question(vector(field, 3).into()) })
}

fn candidates(index: &Index, query: &CandidateQuery) -> Vec<RecordId> {
    let found = index.candidates(&Profile::of_text("coating"), query).unwrap();
    assert!(found.hits.iter().all(|hit| hit.dense.is_some_and(|near| near > 0.0)));
    found.hits.into_iter().map(|hit| hit.id).collect()
}

fn ids<'r>(records: impl Iterator<Item = &'r Record>) -> Vec<RecordId> {
    let mut ids: Vec<RecordId> = records.map(|record| record.id.clone()).collect();
    ids.sort();
    ids
}

#[test]
fn what_shares_no_word_is_found_by_meaning_under_all_filters() {
    let (_folder, index, vectors, offers) = filled();
    let query = CandidateQuery { limit: 10, meaning: about(&vectors, 2), ..CandidateQuery::default() };
    let mut found = candidates(&index, &query);
    found.sort();
    assert_eq!(found, ids(offers.iter().skip(2).step_by(8)));
    let there = RegionCode::parse("330000").unwrap();
    assert_eq!(candidates(&index, &CandidateQuery { region: Some(there), ..query.clone() }), Vec::<RecordId>::new());
    assert_eq!(candidates(&index, &CandidateQuery { kinds: vec!["need".into()], ..query.clone() }), Vec::<RecordId>::new());
    assert_eq!(candidates(&index, &CandidateQuery { filters: vec![("region".into(), "330203".into())], ..query.clone() }), Vec::<RecordId>::new());
    let here = CandidateQuery { filters: vec![("region".into(), "320402".into())], ..query };
    assert_eq!(candidates(&index, &here).len(), 5);
}

#[test]
fn a_record_is_compared_by_its_own_vector() {
    let (_folder, index, vectors, offers) = filled();
    let asking = Profile::from_record(&offers[5], schema("offer").unwrap());
    let meaning = Some(Meaning { vectors, of: MeaningOf::Record(offers[5].id.clone()) });
    let found = index.candidates_by_kind(&asking, &CandidateQuery { kinds: vec!["offer".into()], meaning, ..CandidateQuery::default() }).unwrap().1;
    let best = found["offer"].iter().max_by(|a, b| a.dense.unwrap_or(-1.0).total_cmp(&b.dense.unwrap_or(-1.0))).unwrap();
    assert!(offers.iter().skip(5).step_by(8).any(|same| same.id == best.id) && best.id != offers[5].id);
}

#[test]
fn a_typed_text_finds_what_it_means_and_a_quotation_what_it_says() {
    let (_folder, index, vectors, offers) = filled();
    let query = Query { meaning: about(&vectors, 6), ..Query::text("thermal barrier") };
    let results = index.search(&query).unwrap();
    let mut found: Vec<RecordId> = results.hits.iter().map(|hit| hit.id.clone()).collect();
    found.sort();
    assert_eq!(found, ids(offers.iter().skip(6).step_by(8)));
    assert!(results.hits.iter().all(|hit| hit.by_meaning) && results.total == 5);
    let filtered = Query { region: RegionCode::parse("330200").ok(), ..query.clone() };
    assert_eq!(index.search(&filtered).unwrap().total, 0);
    assert_eq!(index.search(&Query { text: "\"thermal barrier\"".into(), ..query.clone() }).unwrap().total, 0);
    // What is said stands before what is only meant.
    let said = index.search(&Query { text: "成果0号".into(), ..query }).unwrap();
    assert_eq!((said.hits[0].id.clone(), said.hits[0].by_meaning), (offers[0].id.clone(), false));
    assert!(said.total > 1);
}

#[test]
fn vectors_that_are_behind_show_nothing_that_the_index_hides() {
    let (_folder, index, vectors, mut offers) = filled();
    offers[2].visibility = Visibility::Office;
    offers[10].state = RecordState::Withdrawn;
    index.apply([&offers[2], &offers[10]].map(|record| Change::Put(Arc::new(record.clone())))).unwrap();
    index.commit(42).unwrap();
    let query = CandidateQuery { meaning: about(&vectors, 2), ..CandidateQuery::default() };
    let found = candidates(&index, &query);
    assert!(found.len() == 3 && !found.contains(&offers[2].id) && !found.contains(&offers[10].id));
    let search = index.search(&Query { meaning: about(&vectors, 2), ..Query::text("coating") }).unwrap();
    assert_eq!(search.total, 3);
    // Once they have followed they no longer look at it.
    vectors.keep(vec![Embedded { vector: None, asked: None, ..embedded(&offers[2], 2, 2) }], 42).unwrap();
    assert_eq!((vectors.embedded(), vectors.cursor()), (40, 42));
    assert_eq!(candidates(&index, &CandidateQuery { viewer: Visibility::Office, ..query }).len(), 4);
}

#[test]
fn the_log_is_read_again_and_what_is_not_whole_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.bin");
    let records = offers();
    let vectors = open(folder.path());
    vectors.keep(vec![embedded(&records[0], 0, 0)], 7).unwrap();
    let first = std::fs::read(&path).unwrap();
    vectors.keep(vec![embedded(&records[1], 1, 1), embedded(&records[0], 3, 9)], 9).unwrap();
    drop(vectors);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!((open(folder.path()).cursor(), open(folder.path()).embedded()), (9, 2));
    for end in first.len()..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        let vectors = open(folder.path());
        assert_eq!((vectors.cursor(), vectors.embedded()), (7, 1), "{end}");
    }
    // It goes on from the last whole step.
    let vectors = open(folder.path());
    vectors.keep(vec![embedded(&records[1], 1, 1)], 8).unwrap();
    drop(vectors);
    assert_eq!((open(folder.path()).cursor(), open(folder.path()).embedded()), (8, 2));
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        let cursor = open(folder.path()).cursor();
        assert!([0, 7, 9].contains(&cursor), "a flipped byte at {at} gave {cursor}");
    }
    std::fs::write(&path, "something else").unwrap();
    assert_eq!(open(folder.path()).cursor(), 0);
}

#[test]
fn another_model_begins_again_and_another_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let records = offers();
    let vectors = open(folder.path());
    vectors.keep(vec![embedded(&records[0], 0, 0)], 7).unwrap();
    let longer = Embedded { vector: Some(vec![1.0; 9]), ..embedded(&records[1], 1, 1) };
    assert!(vectors.keep(vec![longer], 8).is_err());
    assert_eq!(vectors.cursor(), 7);
    assert!(vectors.knows(&records[0].id, 1) && !vectors.knows(&records[0].id, 2));
    drop(vectors);
    let other = Vectors::open(&folder.path().join("vectors.bin"), "another").unwrap();
    assert_eq!((other.cursor(), other.embedded()), (0, 0));
}

#[test]
fn only_one_process_writes_and_a_log_that_grew_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let record = need("需求", "说明", "320402");
    let (first, second) = (open(folder.path()), open(folder.path()));
    first.keep(vec![embedded(&record, 0, 0)], 1).unwrap();
    assert_eq!(second.keep(vec![embedded(&record, 1, 0)], 1).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    let many: Vec<Embedded> = offers().iter().enumerate().map(|(at, record)| embedded(record, at % 8, at)).collect();
    for cursor in 2..300 {
        let changed = many.iter().map(|one| Embedded { digest: cursor as u64, ..one.clone() }).collect();
        second.keep(changed, cursor).unwrap();
    }
    assert_eq!((second.cursor(), second.embedded()), (299, 41));
    drop(second);
    let length = std::fs::metadata(folder.path().join("vectors.bin")).unwrap().len();
    assert!(length < 11_000 * 150, "the log of 41 records is {length} bytes long");
    let again = open(folder.path());
    assert_eq!((again.cursor(), again.embedded()), (299, 41));
}
