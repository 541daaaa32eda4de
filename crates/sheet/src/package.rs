//! The zip package of an xlsx file, looked through before any of it is parsed. The parser keeps
//! whatever a part inflates to, so every part is inflated here first, into nothing, and counted.

use crate::xml_tally::XmlTally;
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
    let mut tally = XmlTally::of(kind.counted_element());
    let mut head = Vec::new();
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
        head.extend_from_slice(&buffer[..read.min(HEAD.saturating_sub(head.len()))]);
        tally.feed(&buffer[..read]);
    }
    if let Some(what) = strange_prolog(&head) {
        return Err(ReadFault::Damaged(format!("XML with {what}")));
    }
    kind.judge(&tally, inflated, limits)?;
    Ok(inflated)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PartKind {
    SharedStrings,
    Worksheet,
    Styles,
    Side,
}

/// Bytes that the parser keeps for a cell style, besides the names that it copies into it.
const STYLE_BYTES: usize = 512;

impl PartKind {
    fn of(name: &str) -> PartKind {
        let name = name.to_ascii_lowercase().replace('\\', "/");
        if name.ends_with("sharedstrings.xml") {
            PartKind::SharedStrings
        } else if name.contains("worksheets/") && name.ends_with(".xml") {
            PartKind::Worksheet
        } else if name.ends_with("styles.xml") {
            PartKind::Styles
        } else {
            PartKind::Side
        }
    }

    fn bound(self, limits: &Limits) -> u64 {
        match self {
            PartKind::SharedStrings => limits.max_shared_text_bytes,
            PartKind::Worksheet => limits.max_inflated_bytes,
            PartKind::Styles => limits.max_style_bytes,
            PartKind::Side => limits.max_side_part_bytes,
        }
    }

    /// The element of which the parser keeps each one.
    fn counted_element(self) -> Option<&'static str> {
        match self {
            PartKind::SharedStrings => Some("si"),
            PartKind::Worksheet => Some("mergeCell"),
            PartKind::Styles => Some("xf"),
            PartKind::Side => None,
        }
    }

    /// Refuses a part that is small enough but would be costly to parse.
    fn judge(self, tally: &XmlTally, inflated: u64, limits: &Limits) -> Result<(), ReadFault> {
        match self {
            PartKind::SharedStrings if tally.elements > limits.max_shared_texts => {
                return Err(ReadFault::TooManyTexts { limit: limits.max_shared_texts });
            }
            PartKind::SharedStrings if tally.largest_count > inflated / SMALLEST_STRING + 1 => {
                return Err(ReadFault::Damaged(format!("{} shared strings in {inflated} bytes", tally.largest_count)));
            }
            // `mergeCells` itself is counted as well.
            PartKind::Worksheet if tally.elements > limits.max_merges.saturating_add(1) => {
                return Err(ReadFault::TooManyMerges { limit: limits.max_merges });
            }
            // A style copies the name of its font and the code of its number format, each a part of one run.
            PartKind::Styles if tally.elements.saturating_mul(STYLE_BYTES + 2 * tally.longest_run) as u64 > limits.max_style_memory => {
                return Err(ReadFault::Damaged(format!("{} cell styles", tally.elements)));
            }
            _ => (),
        }
        // Parts no larger than this cannot hold a costly run.
        if inflated <= limits.max_side_part_bytes {
            return Ok(());
        }
        if tally.has_opaque {
            return Err(ReadFault::Damaged("comments in a large part".into()));
        }
        if tally.longest_run as u64 > limits.max_side_part_bytes {
            return Err(ReadFault::Damaged("a text or tag without end".into()));
        }
        Ok(())
    }
}

/// Bytes of a part in which its encoding is declared.
const HEAD: usize = 256;
/// The smallest text that a shared string can be: `<si/>`.
const SMALLEST_STRING: u64 = 5;

/// What is wrong with the start of an XML part: an encoding in which ASCII does not stay ASCII, or a
/// prolog that does not end.
fn strange_prolog(head: &[u8]) -> Option<String> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.starts_with(b"<\0") || head.starts_with(b"\0<") {
        return Some("encoding UTF-16".into());
    }
    let prolog = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if !prolog.trim_ascii_start().starts_with(b"<?") {
        return None;
    }
    if memchr::memmem::find(prolog, b"?>").is_none() {
        return Some("an endless prolog".into());
    }
    let at = memchr::memmem::find(head, b"encoding")?;
    let value = head[at + b"encoding".len()..].iter().skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\''));
    let name: String = value.take_while(|b| !matches!(b, b'"' | b'\'' | b'?' | b'>')).map(|&b| char::from(b).to_ascii_lowercase()).collect();
    let plain = ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252", "gbk", "gb2312", "gb18030"];
    (!plain.contains(&name.trim())).then(|| format!("encoding {name}"))
}

fn zip_fault(error: ZipError) -> ReadFault {
    match error {
        ZipError::UnsupportedArchive(what) if what == ZipError::PASSWORD_REQUIRED => ReadFault::Password,
        other => ReadFault::Damaged(other.to_string()),
    }
}
