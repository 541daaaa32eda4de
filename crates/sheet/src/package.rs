//! The zip package of an xlsx file, looked through before any of it is parsed. The parser keeps
//! whatever a part inflates to, so every part is inflated here first, into nothing, and counted.

use crate::{Limits, ReadFault};
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;
use zip::result::ZipError;

/// Admits the package in `source` and leaves `source` at its start, or says why not.
pub(crate) fn inspect(source: &mut (impl Read + Seek), limits: &Limits) -> Result<(), ReadFault> {
    source.seek(SeekFrom::Start(0))?;
    let mut archive = ZipArchive::new(&mut *source).map_err(zip_fault)?;
    if archive.len() > limits.max_parts {
        return Err(ReadFault::TooManyParts { limit: limits.max_parts });
    }
    if archive.has_duplicate_names() {
        return Err(ReadFault::Damaged("duplicate part names".into()));
    }
    refuse_other_packages(&archive)?;
    let mut total = 0;
    for index in 0..archive.len() {
        total += inspect_part(&mut archive, index, limits.max_inflated_bytes - total, limits)?;
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(())
}

fn refuse_other_packages<R: Read + Seek>(archive: &ZipArchive<R>) -> Result<(), ReadFault> {
    let has = |name: &str| archive.file_names_raw().any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
    let starts = |prefix: &[u8]| archive.file_names_raw().any(|part| part.starts_with(prefix));
    if has("xl/workbook.bin") {
        return Err(ReadFault::OtherFormat("XLSB"));
    }
    if has("content.xml") && has("mimetype") {
        return Err(ReadFault::OtherFormat("ODS"));
    }
    if starts(b"word/") {
        return Err(ReadFault::OtherFormat("DOCX"));
    }
    if starts(b"ppt/") {
        return Err(ReadFault::OtherFormat("PPTX"));
    }
    if !has("[Content_Types].xml") {
        return Err(ReadFault::OtherFormat("ZIP"));
    }
    Ok(())
}

/// The bytes that a part really inflates to, at most `room` and the bound of its kind. What the
/// directory declares is not believed.
fn inspect_part<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize, room: u64, limits: &Limits) -> Result<u64, ReadFault> {
    let mut file = archive.by_index(index).map_err(zip_fault)?;
    let name = String::from_utf8_lossy(file.name_raw()).into_owned();
    let kind = PartKind::of(&name);
    let packed = file.compressed_size().max(1);
    let bound = kind.bound(limits).min(room);
    let mut scan = PartScan::new(kind);
    let mut buffer = vec![0u8; 64 * 1024];
    let mut inflated = 0u64;
    loop {
        let read = file.read(&mut buffer).map_err(|error| ReadFault::Damaged(error.to_string()))?;
        if read == 0 {
            break;
        }
        inflated += read as u64;
        if inflated > bound {
            return Err(ReadFault::Inflates { part: name, limit: bound });
        }
        if inflated > limits.ratio_free_bytes && inflated / packed > limits.max_ratio {
            return Err(ReadFault::Ratio { part: name, limit: limits.max_ratio });
        }
        scan.feed(&buffer[..read]);
    }
    scan.finish(inflated)?;
    Ok(inflated)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PartKind {
    SharedStrings,
    Worksheet,
    Side,
}

impl PartKind {
    fn of(name: &str) -> PartKind {
        let name = name.to_ascii_lowercase().replace('\\', "/");
        if name.ends_with("sharedstrings.xml") {
            PartKind::SharedStrings
        } else if name.contains("worksheets/") && name.ends_with(".xml") {
            PartKind::Worksheet
        } else {
            PartKind::Side
        }
    }

    fn bound(self, limits: &Limits) -> u64 {
        match self {
            PartKind::SharedStrings => limits.max_shared_text_bytes,
            PartKind::Worksheet => limits.max_inflated_bytes,
            PartKind::Side => limits.max_side_part_bytes,
        }
    }
}

/// Looks at a part as it goes by for the two things that a size cannot tell: a text encoding under
/// which the rest could hide, and a declared count for which the parser would reserve memory.
struct PartScan {
    kind: PartKind,
    head: Vec<u8>,
    tail: Vec<u8>,
    largest_count: u64,
}

const HEAD: usize = 256;
const COUNT: &[u8] = b"uniqueCount";
/// Bytes kept between two pieces, so that a count that straddles them is seen whole.
const OVERLAP: usize = 64;
/// The smallest text that a shared string can be: `<si/>`.
const SMALLEST_STRING: u64 = 5;

impl PartScan {
    fn new(kind: PartKind) -> PartScan {
        PartScan { kind, head: Vec::new(), tail: Vec::new(), largest_count: 0 }
    }

    fn feed(&mut self, piece: &[u8]) {
        let missing = HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&piece[..piece.len().min(missing)]);
        if self.kind != PartKind::SharedStrings {
            return;
        }
        self.tail.extend_from_slice(piece);
        let mut at = 0;
        while let Some(found) = find(&self.tail[at..], COUNT) {
            at += found + COUNT.len();
            self.largest_count = self.largest_count.max(declared_count(&self.tail[at..]));
        }
        let keep_from = self.tail.len().saturating_sub(OVERLAP);
        self.tail.drain(..keep_from);
    }

    fn finish(&self, inflated: u64) -> Result<(), ReadFault> {
        if self.largest_count > inflated / SMALLEST_STRING + 1 {
            return Err(ReadFault::Damaged(format!("{} shared strings in {inflated} bytes", self.largest_count)));
        }
        match strange_encoding(&self.head) {
            Some(encoding) => Err(ReadFault::Damaged(format!("XML in {encoding}"))),
            None => Ok(()),
        }
    }
}

/// The number in `="123"`, or 0. Longer numbers than 19 digits count as the largest.
fn declared_count(after_name: &[u8]) -> u64 {
    let digits = after_name.iter().skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\'' | b'+'));
    digits.take_while(|b| b.is_ascii_digit()).fold(0u64, |count, b| count.saturating_mul(10).saturating_add(u64::from(b - b'0')))
}

/// The encoding that an XML part declares, if it is not one in which ASCII stays ASCII.
fn strange_encoding(head: &[u8]) -> Option<String> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.starts_with(b"<\0") || head.starts_with(b"\0<") {
        return Some("UTF-16".into());
    }
    if !head.trim_ascii_start().starts_with(b"<?xml") && !head.starts_with(b"\xef\xbb\xbf<?xml") {
        return None;
    }
    let at = find(head, b"encoding")?;
    let value = head[at + b"encoding".len()..].iter().skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\''));
    let name: String = value.take_while(|b| !matches!(b, b'"' | b'\'' | b'?' | b'>')).map(|&b| char::from(b).to_ascii_lowercase()).collect();
    let plain = ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252", "gbk", "gb2312", "gb18030"];
    (!plain.contains(&name.trim())).then_some(name)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // Splitting on the first byte keeps the scan as fast as the search for one byte.
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|&b| b == needle[0]) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn zip_fault(error: ZipError) -> ReadFault {
    match error {
        ZipError::UnsupportedArchive(what) if what == ZipError::PASSWORD_REQUIRED => ReadFault::Password,
        other => ReadFault::Damaged(other.to_string()),
    }
}
