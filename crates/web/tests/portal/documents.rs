//! Documents of a case: who puts and reads them, what is refused, and that they are part of the
//! backup and of the check. The whole case is a Word document too.

use crate::clockwork::Town;
use duijie_app::{App, AppError, AppOptions, DocumentKind, Viewer, case_docx};
use duijie_vocab::Lang;

const PDF: &[u8] = b"%PDF-1.7 a contract";

fn message(fault: AppError) -> String {
    match fault {
        AppError::Invalid(faults) => faults[0].message.zh.clone(),
        other => other.message().zh,
    }
}

#[test]
fn a_document_is_kept_by_its_digest_for_those_who_see_the_whole_case() {
    let town = Town::found();
    let id = town.introduced();
    town.app.attach_document(&town.firm, &id, None, "合同.pdf", PDF).unwrap();
    let case = town.app.case(&town.officer, &id).unwrap();
    let digest = case.documents[0].digest.clone();
    assert_eq!(digest, duijie_vocab::Digest::of(&[PDF]).to_string());
    assert!(case.timeline.iter().any(|line| line.what.zh.contains("添加文件")));
    assert_eq!(town.app.document_bytes(&town.officer, &id, &digest).unwrap().bytes, PDF);
    let stranger = Viewer { login: Some("x".into()), organization: Some("org-0000000000000000".into()), ..town.firm.clone() };
    assert!(matches!(town.app.document_bytes(&stranger, &id, &digest), Err(AppError::NotFound)));
    assert!(matches!(town.app.attach_document(&stranger, &id, None, "x.pdf", PDF), Err(AppError::NotFound)));
    assert!(matches!(town.app.attach_document(&town.firm, &id, Some(1), "x.pdf", PDF), Err(AppError::Conflict(_))));
    assert!(message(town.app.attach_document(&town.firm, &id, None, "x.exe", b"MZ").unwrap_err()).contains("不支持"));
    assert!(message(town.app.attach_document(&town.firm, &id, None, "x.pdf", b"").unwrap_err()).contains("空文件"));
    let large = [PDF, &vec![0; 20 * 1024 * 1024]].concat();
    assert!(message(town.app.attach_document(&town.firm, &id, None, "x.pdf", &large).unwrap_err()).contains("20 MB"));
}

#[test]
fn documents_are_part_of_the_backup_and_of_the_check() {
    let town = Town::found();
    let id = town.submitted();
    town.app.attach_document(&town.firm, &id, None, "合同.pdf", PDF).unwrap();
    assert!(town.app.check().unwrap().sound);
    let elsewhere = tempfile::tempdir().unwrap();
    let backup = elsewhere.path().join("backup.db");
    town.app.backup(&backup).unwrap();
    let digest = town.app.case(&town.firm, &id).unwrap().documents[0].digest.clone();
    let file = town.app.dir().join("files").join(&digest[..2]).join(&digest);
    std::fs::write(&file, b"%PDF-1.7 another contract").unwrap();
    let checked = town.app.check().unwrap();
    assert!(!checked.sound && checked.faults[0].message.zh.contains("合同.pdf"));
    assert!(message(town.app.document_bytes(&town.firm, &id, &digest).unwrap_err()).contains("摘要不符"));
    let options = || AppOptions {
        data: elsewhere.path().join("data"),
        database: None,
        clock: town.hands.clone(),
        entropy: std::sync::Arc::new(crate::clockwork::Counting::from(9_000_000)),
        group: Default::default(),
    };
    App::restore(&backup, options()).unwrap();
    let restored = App::open(options()).unwrap();
    assert_eq!(restored.document_bytes(&town.firm, &id, &digest).unwrap().bytes, PDF);
    assert!(restored.check().unwrap().sound);
}

#[test]
fn the_case_file_is_a_word_document_with_no_more_than_its_reader_sees() {
    let town = Town::found();
    let id = town.introduced();
    let bytes = case_docx(&town.app.case(&town.firm, &id).unwrap(), Lang::Zh).unwrap();
    assert_eq!(DocumentKind::of("case.docx", &bytes), Ok(DocumentKind::Docx));
    town.app.attach_document(&town.firm, &id, None, "案卷.docx", &bytes).unwrap();
    let digest = town.app.case(&town.firm, &id).unwrap().documents[0].digest.clone();
    let text = town.app.document(&town.firm, &id, &digest).unwrap().text.unwrap();
    for words in ["叶片热障涂层等离子喷涂工艺", "李工", "江南先进制造研究院", "已推介"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
