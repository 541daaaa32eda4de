//! Files that belong to cases: kept in the data directory under the digest of their bytes, so that
//! the same file is there once and a changed one is found out. What comes in is looked at first.

use duijie_vocab::{Diagnostic, Digest, Place, Text, text};
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// The most that one document may hold, in bytes.
pub const DOCUMENT_LIMIT_BYTES: usize = 20 * 1024 * 1024;
/// The most that a packed document may inflate to, and the most parts it may have.
const MAX_INFLATED: u64 = 200 * 1024 * 1024;
const MAX_PARTS: usize = 5_000;
/// A text preview has this many characters.
const PREVIEW_CHARS: usize = 3_000;
const PREVIEW_READ: u64 = 4 * 1024 * 1024;

/// What a document is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    Pdf,
    Png,
    Jpeg,
    Docx,
    Xlsx,
    Pptx,
    Plain,
}

/// Files in a folder, by digest.
#[derive(Clone, Debug)]
pub(crate) struct DocumentFiles(pub(crate) PathBuf);

impl DocumentKind {
    /// What the bytes are, if they are anything that is taken; `name` decides about plain text alone.
    pub fn of(name: &str, bytes: &[u8]) -> Result<DocumentKind, Diagnostic> {
        let kind = match bytes {
            [b'%', b'P', b'D', b'F', ..] => DocumentKind::Pdf,
            [0x89, b'P', b'N', b'G', ..] => DocumentKind::Png,
            [0xFF, 0xD8, 0xFF, ..] => DocumentKind::Jpeg,
            [b'P', b'K', 3, 4, ..] => return packed(bytes),
            _ if name.to_ascii_lowercase().ends_with(".txt") && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) => DocumentKind::Plain,
            _ => {
                let why = text!("不支持这种文件", "files of this kind are not taken");
                let help = text!(
                    "可上传 PDF、Word（docx）、Excel（xlsx）、PPT（pptx）、图片（png、jpg）和 UTF-8 文本（txt）",
                    "PDF, docx, xlsx, pptx, png, jpg and UTF-8 txt are taken"
                );
                return Err(fault(why).help(help));
            }
        };
        Ok(kind)
    }

    pub fn media_type(self) -> &'static str {
        match self {
            DocumentKind::Pdf => "application/pdf",
            DocumentKind::Png => "image/png",
            DocumentKind::Jpeg => "image/jpeg",
            DocumentKind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            DocumentKind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            DocumentKind::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            DocumentKind::Plain => "text/plain; charset=utf-8",
        }
    }

    /// Whether a browser shows it by itself without running anything in it.
    pub fn is_image(self) -> bool {
        matches!(self, DocumentKind::Png | DocumentKind::Jpeg)
    }
}

fn fault(why: Text) -> Diagnostic {
    Diagnostic::error("document", why).at(Place::field("file"))
}

/// The kind of an Office document after every part was inflated into nothing and counted: what the
/// directory of a package declares is not believed.
fn packed(bytes: &[u8]) -> Result<DocumentKind, Diagnostic> {
    let damaged = || fault(text!("文件已损坏，无法打开", "the file is damaged and cannot be opened"));
    let bomb = || {
        let most = MAX_INFLATED / (1024 * 1024);
        let why = text!(
            "文件解压后超过 {most} MB 或部件过多，可能是压缩炸弹，没有收下",
            "the file inflates to more than {most} MB or has too many parts; it may be a zip bomb and was not taken"
        );
        fault(why).help(text!("另存为新文件或导出为 PDF 后再上传", "save it anew or as PDF and send that"))
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > MAX_PARTS {
        return Err(bomb());
    }
    let mut room = MAX_INFLATED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| damaged())?;
        let inflated = io::copy(&mut part.take(room + 1), &mut io::sink()).map_err(|_| damaged())?;
        room = room.checked_sub(inflated).ok_or_else(bomb)?;
    }
    let has = |name: &str| archive.file_names_raw().any(|part| part == name.as_bytes());
    if has("word/vbaProject.bin") || has("xl/vbaProject.bin") || has("ppt/vbaProject.bin") {
        return Err(fault(text!("文件含有宏，没有收下", "the file holds macros and was not taken")));
    }
    match (has("word/document.xml"), has("xl/workbook.xml"), has("ppt/presentation.xml")) {
        (true, ..) => Ok(DocumentKind::Docx),
        (_, true, _) => Ok(DocumentKind::Xlsx),
        (_, _, true) => Ok(DocumentKind::Pptx),
        _ => Err(fault(text!("压缩包不能上传，请逐个上传其中的文件", "archives are not taken; send the files in it one by one"))),
    }
}

/// The beginning of the text of a document, if it has text that can be read simply.
pub(crate) fn text_preview(kind: DocumentKind, bytes: &[u8]) -> Option<String> {
    match kind {
        DocumentKind::Plain => Some(String::from_utf8_lossy(bytes).chars().take(PREVIEW_CHARS).collect()),
        DocumentKind::Docx => {
            let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
            let mut xml = Vec::new();
            archive.by_name("word/document.xml").ok()?.take(PREVIEW_READ).read_to_end(&mut xml).ok()?;
            Some(words_of(&String::from_utf8_lossy(&xml)))
        }
        _ => None,
    }
}

/// The text between the tags; a paragraph's end is a line's end.
fn words_of(xml: &str) -> String {
    let mut words = String::new();
    for piece in xml.split('<').skip(1) {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        if tag == "/w:p" && !words.ends_with('\n') {
            words.push('\n');
        }
        if tag == "w:t" || tag.starts_with("w:t ") {
            words.push_str(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&"));
        }
    }
    words.trim().chars().take(PREVIEW_CHARS).collect()
}

impl DocumentFiles {
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.0.join(&name[..2]).join(name)
    }

    /// Keeps the bytes and returns their SHA-256; safe on disk when this returns.
    pub(crate) fn keep(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(&[bytes]);
        let path = self.path(&digest);
        if path.exists() {
            return Ok(digest);
        }
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        let aside = path.with_extension(format!("{}.part", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        fs::File::open(folder)?.sync_all()?;
        Ok(digest)
    }

    /// The bytes under the digest; a fault if they are not there or are others.
    pub(crate) fn read(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(digest))?;
        if Digest::of(&[&bytes]) == *digest { Ok(bytes) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "the file was changed")) }
    }

    /// Copies every file to `to`; those that are there already stay.
    pub(crate) fn copy_to(&self, to: &Path) -> io::Result<()> {
        if !self.0.exists() {
            return Ok(());
        }
        let there = DocumentFiles(to.to_path_buf());
        for folder in fs::read_dir(&self.0)? {
            for file in fs::read_dir(folder?.path())? {
                // What is half written belongs to nobody yet.
                let path = file?.path();
                if path.extension().is_none() {
                    there.keep(&fs::read(path)?)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn documents_are_known_by_their_content_and_others_are_refused() {
        let docx = package(&[("word/document.xml", b"<w:p><w:r><w:t>\xe6\xb6\x82\xe5\xb1\x82 &lt;1&gt;</w:t></w:r></w:p>")]);
        assert_eq!(DocumentKind::of("合同.docx", &docx), Ok(DocumentKind::Docx));
        assert_eq!(text_preview(DocumentKind::Docx, &docx).as_deref(), Some("涂层 <1>"));
        assert_eq!(DocumentKind::of("a.pdf", b"%PDF-1.7"), Ok(DocumentKind::Pdf));
        assert_eq!(DocumentKind::of("a.txt", "说明".as_bytes()), Ok(DocumentKind::Plain));
        let refused = |name: &str, bytes: &[u8]| DocumentKind::of(name, bytes).unwrap_err().message.zh;
        assert!(refused("a.html", b"<script>").contains("不支持"));
        assert!(refused("a.txt", b"\xff\xfe").contains("不支持") && refused("empty", b"").contains("不支持"));
        assert!(refused("a.zip", &package(&[("a.exe", b"MZ")])).contains("压缩包"));
        assert!(refused("a.docx", &docx[..docx.len() - 10]).contains("损坏"));
        assert!(refused("a.docm", &package(&[("word/document.xml", b""), ("word/vbaProject.bin", b"")])).contains("宏"));
    }

    #[test]
    fn a_zip_bomb_is_found_out_before_it_is_kept() {
        let zeros = vec![0; 60 * 1024 * 1024];
        let bomb = package(&[("word/document.xml", &zeros), ("a", &zeros), ("b", &zeros), ("c", &zeros)]);
        assert!(bomb.len() < 1024 * 1024);
        assert!(DocumentKind::of("a.docx", &bomb).unwrap_err().message.zh.contains("压缩炸弹"));
    }
}
