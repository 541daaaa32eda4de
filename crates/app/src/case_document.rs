//! The documents of a case: put to it, read, previewed, and looked after with the rest of the data.

use crate::case_view::CaseView;
use crate::casework::{CASE, case_of, read_case, rules, seen_by};
use crate::document_file::{DOCUMENT_LIMIT_BYTES, DocumentKind, text_preview};
use crate::{App, AppError, Viewer};
use duijie_docking::{Act, Grade};
use duijie_store::{MatterCursor, MatterFilter, MatterOrder};
use duijie_vocab::{Diagnostic, Digest, Place, RecordId, text};
use serde::Serialize;
use std::io::ErrorKind;

/// A document as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    pub case: String,
    pub case_title: String,
    pub name: String,
    /// SHA-256 of the bytes.
    pub digest: String,
    pub bytes: usize,
    pub at: String,
    pub is_image: bool,
    /// The beginning of its text, if it has any that is read simply.
    pub text: Option<String>,
}

/// A document as it is handed out.
#[derive(Clone, Debug)]
pub struct DocumentBytes {
    pub name: String,
    pub kind: DocumentKind,
    pub bytes: Vec<u8>,
}

const PAGE: usize = 500;
const MAX_NAME_CHARS: usize = 120;

impl App {
    /// Puts a document to a case.
    pub fn attach_document(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>, name: &str, bytes: &[u8]) -> Result<(), AppError> {
        // Nobody makes us look at a file before we know that it is their case.
        let case = self.store().read(|view| read_case(view, id))?;
        seen_by(viewer, &case)?;
        let name = acceptable(name, bytes)?;
        let document = self.documents().keep(bytes).map_err(|fault| AppError::Internal(fault.into()))?;
        self.move_case(viewer, id, version, move |case, who, tx| {
            let act = Act::Attach { name: name.clone(), document };
            Ok(case.act(act, who, tx.now(), &rules(&mut tx.view(), case.region)?)?)
        })
        .map(drop)
    }

    /// A document of a case, for those who see the whole of it.
    pub fn document_bytes(&self, viewer: &Viewer, id: &RecordId, digest: &str) -> Result<DocumentBytes, AppError> {
        let digest = Digest::parse(digest).map_err(|_| AppError::NotFound)?;
        let case = self.store().read(|view| read_case(view, id))?;
        if seen_by(viewer, &case)?.grade != Grade::Whole {
            return Err(AppError::NotFound);
        }
        let document = case.documents.iter().find(|document| document.digest == digest).ok_or(AppError::NotFound)?;
        self.read_document(&document.name, &digest)
    }

    /// The document under `digest`, which is called `name`.
    pub(crate) fn read_document(&self, name: &str, digest: &Digest) -> Result<DocumentBytes, AppError> {
        let bytes = self.documents().read(digest).map_err(|fault| match fault.kind() {
            ErrorKind::NotFound => AppError::Unavailable(text!(
                "文件“{name}”不在数据目录中，请联系管理员",
                "the file `{name}` is not in the data directory; tell the administrator"
            )),
            _ => AppError::Unavailable(text!("文件“{name}”与登记的摘要不符，请联系管理员", "the file `{name}` is not what was kept; tell the administrator")),
        })?;
        let kind = DocumentKind::of(name, &bytes).unwrap_or(DocumentKind::Plain);
        Ok(DocumentBytes { name: name.to_string(), kind, bytes })
    }

    /// What a page shows of a document.
    pub fn document(&self, viewer: &Viewer, id: &RecordId, digest: &str) -> Result<DocumentView, AppError> {
        let DocumentBytes { name, kind, bytes } = self.document_bytes(viewer, id, digest)?;
        let CaseView { need, documents, .. } = self.case(viewer, id)?;
        let at = documents.into_iter().find(|document| document.digest == digest).map(|document| document.at).unwrap_or_default();
        let text = text_preview(kind, &bytes);
        Ok(DocumentView {
            case: id.to_string(),
            case_title: need.title,
            name,
            digest: digest.to_string(),
            bytes: bytes.len(),
            at,
            is_image: kind.is_image(),
            text,
        })
    }

    /// Documents that cases name and that are not in the data directory, or are others.
    pub(crate) fn document_faults(&self) -> Result<Vec<Diagnostic>, AppError> {
        let mut faults = Vec::new();
        let mut after: Option<MatterCursor> = None;
        loop {
            let page = self.store().read(|view| view.matters(CASE, &MatterFilter::default(), MatterOrder::Updated, after.as_ref(), PAGE))?;
            for row in page.rows.into_iter().filter(|row| !row.body.is_null()) {
                let case = case_of(row.body)?;
                for document in &case.documents {
                    if let Err(fault) = self.documents().read(&document.digest) {
                        let (name, id) = (&document.name, &case.id);
                        let why = text!("{id} 的文件“{name}”读不出：{fault}", "the document `{name}` of {id} cannot be read: {fault}");
                        faults.push(Diagnostic::error("check.document", why).help(text!("从备份恢复 files 目录", "restore the folder `files` from a backup")));
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(faults);
            }
        }
    }
}

/// The name under which a file is kept, if it is of a kind and a size that is taken.
pub(crate) fn acceptable(name: &str, bytes: &[u8]) -> Result<String, AppError> {
    let refused = |message| AppError::Invalid(vec![Diagnostic::error("document", message).at(Place::field("file"))]);
    let limit = DOCUMENT_LIMIT_BYTES / (1024 * 1024);
    if bytes.len() > DOCUMENT_LIMIT_BYTES {
        return Err(refused(text!("文件超过 {limit} MB", "the file has more than {limit} MB")));
    }
    if bytes.is_empty() {
        return Err(refused(text!("请选择文件；空文件不能上传", "choose a file; an empty one is not taken")));
    }
    DocumentKind::of(name, bytes).map_err(|fault| AppError::Invalid(vec![fault]))?;
    Ok(name.trim().chars().take(MAX_NAME_CHARS).collect())
}
