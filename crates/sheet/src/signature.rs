//! What kind of file some bytes are, judged by the bytes and never by the file's name.

use crate::{ReadFault, cfb};
use std::io::{Read, Seek, SeekFrom};

/// A kind of file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    /// Text with separated columns: csv, tsv and their kin.
    Csv,
}

/// Bytes that are looked at to tell the kind of a file.
const WINDOW: u64 = 1024;

/// The format of `source`, which is left at its start. Known formats that are not read are refused
/// by name; anything else is taken for text and judged line by line.
pub(crate) fn format_of(source: &mut (impl Read + Seek)) -> Result<Format, ReadFault> {
    source.seek(SeekFrom::Start(0))?;
    let mut window = Vec::new();
    source.by_ref().take(WINDOW).read_to_end(&mut window)?;
    source.seek(SeekFrom::Start(0))?;
    if window.is_empty() {
        return Err(ReadFault::EmptyFile);
    }
    if window.starts_with(b"PK\x03\x04") || window.starts_with(b"PK\x05\x06") {
        return Ok(Format::Xlsx);
    }
    if window.starts_with(&cfb::MAGIC) {
        return Err(cfb::judge(source)?);
    }
    match other_format(&window) {
        Some(what) => Err(ReadFault::OtherFormat(what)),
        None => Ok(Format::Csv),
    }
}

fn other_format(window: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 7] = [
        (b"%PDF-", "PDF"),
        (b"\x1f\x8b", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"{\\rtf", "RTF"),
    ];
    let by_magic = MAGIC.iter().find(|(magic, _)| window.starts_with(magic)).map(|(_, what)| *what);
    by_magic.or_else(|| is_markup(window).then_some("HTML/XML"))
}

/// Whether the text is a web page or XML: old systems export pages named `.xls`.
fn is_markup(window: &[u8]) -> bool {
    let text = String::from_utf8_lossy(window).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    ["<!doctype html", "<html", "<table", "<?xml", "<head", "<meta"].iter().any(|start| text.starts_with(start))
}
