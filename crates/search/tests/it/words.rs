//! The words of a region belong to the index that was built with them.

use crate::index::{index_of, options, put, titles};
use crate::records::offer;
use duijie_search::{Index, OpenError, Query};

#[test]
fn an_index_knows_the_words_it_was_built_with_and_so_do_its_readers() {
    let records = [offer("氪合剂胶膜", "光伏组件用", "320402"), offer("水稻育种", "高产", "320402")];
    let (folder, index) = index_of(&records);
    let reader = Index::open(folder.path(), options()).unwrap();
    assert_eq!((index.doc_freq("氪合剂").unwrap(), index.analyzer().knows("氪合剂")), (0, false));
    let rebuild = index.rebuild(&["氪合剂".to_string()]).unwrap();
    rebuild.apply(records.iter().map(put)).unwrap();
    rebuild.commit(2).unwrap();
    rebuild.finish().unwrap();
    assert_eq!((index.doc_freq("氪合剂").unwrap(), index.analyzer().knows("氪合剂")), (1, true));
    reader.renew().unwrap();
    assert_eq!((reader.doc_freq("氪合剂").unwrap(), reader.analyzer().fingerprint()), (1, index.analyzer().fingerprint()));
    // Records that come in later are cut alike.
    index.apply([put(&offer("新氪合剂", "胶", "320402"))]).unwrap();
    index.commit(3).unwrap();
    assert_eq!((index.doc_freq("氪合剂").unwrap(), titles(&index, &Query::text("氪合剂")).len()), (2, 2));
    drop((index, reader));
    let index = Index::open(folder.path(), options()).unwrap();
    assert!(index.analyzer().knows("氪合剂") && index.doc_freq("氪合剂").unwrap() == 2);
    drop(index);
    let generation = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    for damage in [&b"\xff\xfe"[..], b"\xe9\x93\x9d\xe6\x9d\x90\xe6\x96\x99"] {
        std::fs::write(generation.join("words.txt"), damage).unwrap();
        assert!(matches!(Index::open(folder.path(), options()), Err(OpenError::NeedsRebuild { .. })));
    }
    std::fs::remove_file(generation.join("words.txt")).unwrap();
    assert!(matches!(Index::open(folder.path(), options()), Err(OpenError::NeedsRebuild { .. })));
}
